"""Decides whether a text says yes or no.

Takes a text. Knows nothing about the correct answer.
"""

import re

from bakeoff.grading.abstention import plain
from bakeoff.grading.normalise import word_set
from bakeoff.grading.terms import terms
from bakeoff.grading.wording import NEGATORS

_YES = (
    r"(?:(?:yes|yep|yeah|yup|correct|certainly|absolutely|definitely|of course|sure|that is right|true|indeed)\b"
    r"(?! not\b))"
)
_NO = (
    r"(?:(?:nope|not|never|false|incorrect|by no means|neither|none|nothing|nobody|"
    r"(?:certainly|absolutely|definitely|of course) not)\b|"
    r"no\b(?=\W*$|\s*[,.;:!-]|\s+(?:i|it|you|we|they|he|she|the|this|that|only)\b))"
)
_LEAD_IN = (
    r"^(?:(?:the )?answer(?: is)?:? |(?:unfortunately|sadly|sorry|well|generally|currently),? |"
    r"i am not (?:sure|certain),? but (?:i think |probably |maybe )?)*"
)
# A sentence without any of these verbs says neither yes nor no ('two AAA cells').
_VERBS = word_set("""
    is are was were be can could may might will would do does did has have had must should need support work run use
    include come allow accept charge deliver ship offer require cost fit keep stay continue apply cover get sell take
    pay connect send store show let give last hold
""")


def polarity(text: str) -> str:
    """'yes', 'no', or '' if the text says neither or both.

    A yes or no at the start decides. Otherwise a plain statement means yes, and a negated statement means no.
    """
    text = re.sub(_LEAD_IN, "", plain(text).lower().strip(" .\"'"))
    starts_yes, starts_no = re.match(_YES, text), re.match(_NO, text)
    if starts_yes or starts_no:
        other = r"(?:no|nope)\b" if starts_yes else _YES
        contradicted = re.search(rf"[.!?]\s+{other}|^(?:yes|no),? (?:and|or|but)? ?{other}", text)
        return "" if contradicted else "yes" if starts_yes else "no"
    sentence = [term.text for term in terms(re.split(r"[.!?](?:\s|$)", text)[0])]
    if len(sentence) < 2 or not _VERBS.intersection(sentence):
        return ""
    return "no" if NEGATORS.union(("nothing", "none", "nobody")).intersection(sentence) else "yes"


def opens_with_polarity(text: str) -> bool:
    """Whether the text begins with yes or no, or a word that means the same."""
    return re.match(rf"\W*(?:{_YES}|{_NO})", plain(text), re.I) is not None
