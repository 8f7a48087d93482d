"""Whether words that the grader compares without case and plural endings are really the same word.

Takes the terms of an answer and of the accepted answer. 'US' is not 'us', 'Adams' is not 'Adam'. Knows no grammar.
"""

import re

from bakeoff.grading.normalise import word_set
from bakeoff.grading.wording import Terms

# Names and codes that are ordinary words when written small.
HOMOGRAPHS = word_set("""
    us it who no in at or on is be do go so to as am an he me my we by all may will mark bill rose grace hope faith art
    frank rob jack pat sue dawn june april august march mercury turkey china polish reading nice mobile bath cork date
    drew grant chase ray rich summer autumn joy iris ruby amber violet heather ivy jasmine olive penny crystal chip
    gene jean dean earl duke king prince major miller baker cook hunter mason page price stone wood brown black white
    green young long short day knight bishop bush field ford hill lake marsh park pool wells winter frost snow
    apple amazon target gap shell oracle windows word excel access teams edge chrome safari slack zoom square stripe
    aid aids pin sim ram let ally
""")


_WEEKDAYS = word_set("monday tuesday wednesday thursday friday saturday sunday")


def surface_conflict(answer: Terms, gold: Terms) -> str:
    """'case' or 'ending' if a word of the accepted answer stands in the answer as another word only, '' otherwise."""
    for wanted in gold:
        if not wanted.written or wanted.value is not None or not wanted.written[0].isalpha():
            continue
        same = [term.written for term in answer if term.text == wanted.text and term.written]
        if not same:
            continue
        if len(answer) > 1 and not any(_same_case(written, wanted.written) for written in same):
            return "case"
        if (
            wanted.capital
            and wanted.text not in _WEEKDAYS
            and not any(_base(written) == _base(wanted.written) for written in same)
        ):
            return "ending"
    return ""


def _same_case(written: str, wanted: str) -> bool:
    is_name = wanted[0].isupper() and wanted.lower() in HOMOGRAPHS
    is_other = wanted.isupper() and written.istitle() and len(wanted) > 1
    return not is_name or (written[0].isupper() and not is_other)


def _base(written: str) -> str:
    return re.sub(r"'s?$", "", written.lower())
