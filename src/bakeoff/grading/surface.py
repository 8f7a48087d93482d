"""Whether words that the grader compares without case and plural endings are really the same word.

Takes the terms of an answer and of the accepted answer. 'US' is not 'us', 'Adams' is not 'Adam'. Knows no grammar.
"""

import re
from collections.abc import Sequence

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


_MONTHS = word_set("march april may june august")
# Short words that a code in capitals is not, even if they are the whole answer: 'it' for IT.
_SMALL_WORDS = word_set("us it who no in at or on is be do go so to as am an he me my we by all may will")


def surface_conflict(answer: Terms, gold: Terms, is_alone: bool = False, any_case: bool = False) -> str:
    """How a word of the accepted answer stands in the answer, if only as another word, '' otherwise.

    'case' ('us' for US), 'code' ('userid' for userId) or 'ending' ('Adam' for Adams). `is_alone` means that the answer
    has one word: people often write a name small then. `any_case` is for the items of a list,
    one after the other, and for whole answers of several words: then only an abbreviation is another word ('red, green'
    is 'Red, Green').
    """
    for wanted in gold:
        if not wanted.written or wanted.value is not None or wanted.label:
            continue
        places = [i for i, term in enumerate(answer) if term.text == wanted.text and term.written]
        same = [answer[i].written for i in places]
        if not same or wanted.written in same:
            continue
        if re.fullmatch(r"-\w", wanted.written):
            return "case"
        if not wanted.written[0].isalpha():
            continue
        small = wanted.written.isupper() and wanted.text in _SMALL_WORDS and same[0].islower()
        fits = any(_same_case(answer[i].written, wanted.written) or _is_month(answer, i) for i in places)
        fits = fits or (any_case and not (wanted.written.isupper() and len(wanted.written) > 1))
        if not fits and (small or not is_alone):
            return "case"
        if _is_code(wanted.written, same) or (not is_alone and _is_abbreviation(wanted.written, same)):
            return "code"
        if (
            wanted.capital
            and wanted.text not in _WEEKDAYS
            and not any(_base(written) == _base(wanted.written) for written in same)
        ):
            return "ending"
    return ""


def has_other_words(gold: Terms) -> bool:
    """Whether an accepted answer of several words has one that is no name when it is written with a capital."""
    return len(gold) > 1 and any(term.written and term.written.lower() not in HOMOGRAPHS for term in gold)


def _same_case(written: str, wanted: str) -> bool:
    is_name = wanted[0].isupper() and wanted.lower() in HOMOGRAPHS
    is_other = wanted.isupper() and written.istitle() and len(wanted) > 1
    return not is_name or (written[0].isupper() and not is_other)


def _is_month(answer: Terms, i: int) -> bool:
    """Whether the word is a month that is written small: 'in march'."""
    before = answer[i - 1].text if i else ""
    return answer[i].text in _MONTHS and before in (
        "in",
        "of",
        "since",
        "until",
        "from",
        "by",
        "last",
        "next",
        "early",
        "late",
    )


def _is_code(wanted: str, others: Sequence[str]) -> bool:
    """Whether case makes an identifier (userId) or a symbol (Co) that the others are not. 'iphone' is an iPhone."""
    if re.fullmatch(r"[a-z]{2,}[A-Z]\w*", wanted):
        return True
    return len(wanted) == 2 and wanted.istitle() and all(other.isupper() for other in others)


def _is_abbreviation(wanted: str, others: Sequence[str]) -> bool:
    """Whether capitals make an abbreviation (ICE) of what the answer writes small."""
    return 2 <= len(wanted) <= 5 and wanted.isupper() and all(map(str.islower, others))


_TELLING = re.compile(r"[+^=~#\\]")


def telling_signs(text: Terms) -> list[str]:
    """The signs of a text that change what it says (u+w), sorted. Hyphens do not: 'wi-fi' is 'wifi'."""
    words = [term.before + ("" if term.value is not None or ":" in term.text else term.text) for term in text]
    return sorted(_TELLING.findall("".join(words)))


def is_joined(answer: str, gold: Terms) -> bool:
    """Whether the accepted word stands in the answer only as a part of a word with a hyphen: 'blue-green'."""
    first, last = gold[0].written, gold[-1].written
    if not first.isalpha() or not last.isalpha():
        return False
    places = len(re.findall(rf"(?<!\w){last}(?!\w)", answer, re.I))
    joined = len(re.findall(rf"(?<!\w){last}-[a-z]|[a-z]-{first}(?!\w)", answer, re.I))
    return 0 < places <= joined


def _base(written: str) -> str:
    return re.sub(r"'s?$", "", written.lower())
