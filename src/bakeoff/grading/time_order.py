"""Whether a span of time is counted before or after something: '7 days before the trip', '7 days after the trip'.

Takes the terms of a text and the place of a number. Knows nothing about what happens then.
"""

from collections.abc import Sequence

from bakeoff.grading.normalise import word_set
from bakeoff.grading.wording import FUNCTION_WORDS, Terms, countable, ends_clause

# English, German, French, Spanish and Italian, as stems without accents.
_BEFORE = word_set("before prior preceding ahead earlier ago beforehand vor vorher zuvor avant ante prima")
_AFTER = word_set(
    "after following behind past from later since afterwards afterward nach nachdem danach apre despue dopo"
)
_SPANS = ("second", "month", "working day")
_NEAR, _LONG = 3, 8


def other_side(answer: Terms, places: Sequence[int], gold: Terms, place: int) -> str:
    """'wrong' if the span at each of the places is counted before what the accepted one is counted after, or the other
    way round. 'unsure' if the two name something different: it may be the same time.
    """
    wanted, since = _side(gold, place)
    if not wanted or gold[place].unit not in _SPANS:
        return ""
    found = [_side(answer, i) for i in places]
    if not found or any(side != -wanted for side, _ in found):
        return ""
    return "wrong" if all(words & since or not (words or since) for _, words in found) else "unsure"


def turns_time(answer: Terms, gold: Terms) -> bool:
    """Whether one of the two has only words of 'before' and the other one only words of 'after'."""
    sides = [
        {1 if term.text in _AFTER else -1 for term in text if term.text in _AFTER | _BEFORE} for text in (answer, gold)
    ]
    return sides in ([{1}, {-1}], [{-1}, {1}])


def _side(text: Terms, i: int) -> tuple[int, set[str]]:
    """-1 if the number at i is counted before something, 1 if after, 0 if neither; and the words for that something."""
    for k in range(i + 1, min(len(text), i + 1 + _NEAR)):
        word = text[k].text
        if ends_clause(text[k]) or countable(text[k]):
            break
        if word == "in" and k + 1 < len(text) and text[k + 1].text == "advance":
            return -1, _named(text, k + 2)
        if word in _BEFORE or word in _AFTER:
            return (-1 if word in _BEFORE else 1), _named(text, k + 1)
        if word in FUNCTION_WORDS:
            break
    return 0, set()


def _named(text: Terms, start: int) -> set[str]:
    """The content words from the position on, to the end of the clause."""
    words = set[str]()
    for k in range(start, min(len(text), start + _LONG)):
        if ends_clause(text[k]):
            break
        words |= {text[k].text} - FUNCTION_WORDS
    return words
