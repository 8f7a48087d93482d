"""How much one user can bring into the queue: so many answers a week, and so many near-copies of one question.

Takes what brought answers into the queue and the words of their questions. Gives those that are shown, and how many
were set aside by which rule. Knows no log. The work for one user in a week is bounded, however much they send.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bakeoff.questions.facts.near_copies import NEAR_COPY, similar_pairs

PER_KEY = 20
COPIES = 3
EXAMINED = 200
"""So many different questions of one key in a week are compared with each other."""


class Caps(NamedTuple):
    """What one key may bring in a week, how many near-copies of a question, and how many questions are compared."""

    per_key: int
    copies: int
    examined: int


class Brought(NamedTuple):
    """An answer and who brought it into the queue. `order` says which comes first within a week."""

    answer: str
    key_id: str
    week: str
    order: tuple[object, ...]


@dataclass
class Capped:
    """The answers that are shown. `over` exceed what one key may bring in a week, `copies` are further near-copies."""

    shown: set[str] = field(default_factory=set)
    over: int = 0
    copies: int = 0


def capped(
    brought: Sequence[Brought],
    words_of: Mapping[str, str],
    per_key: int = PER_KEY,
    copies: int = COPIES,
    examined: int = EXAMINED,
) -> Capped:
    """Applies both caps to each key. Earlier weeks come first, so what was shown stays when more comes."""
    of_key: dict[str, list[Brought]] = defaultdict(list)
    for one in brought:
        of_key[one.key_id].append(one)
    result = Capped()
    for mine in of_key.values():
        mine.sort(key=lambda one: (one.week, one.order))
        _cap(mine, words_of, Caps(per_key, copies, examined), result)
    return result


def _cap(mine: Sequence[Brought], words_of: Mapping[str, str], caps: Caps, result: Capped) -> None:
    alike = _alike(mine, words_of, caps.examined)
    taken: Counter[str] = Counter()
    in_week: Counter[str] = Counter()
    for one in mine:
        words = words_of[one.answer]
        if words not in alike:
            result.over += 1
        elif sum(taken[other] for other in alike[words]) >= caps.copies:
            result.copies += 1
        elif in_week[one.week] >= caps.per_key:
            result.over += 1
        else:
            taken[words] += 1
            in_week[one.week] += 1
            result.shown.add(one.answer)


def _alike(mine: Sequence[Brought], words_of: Mapping[str, str], examined: int) -> dict[str, set[str]]:
    """The near-copies of each question that is examined, itself among them."""
    by_week: dict[str, dict[str, None]] = defaultdict(dict)
    for one in mine:
        if len(by_week[one.week]) < examined:
            by_week[one.week][words_of[one.answer]] = None
    texts = [*dict.fromkeys(text for week in by_week.values() for text in week)]
    found = {text: {text} for text in texts}
    for i, j, _ in similar_pairs(texts, texts, NEAR_COPY):
        found[texts[i]].add(texts[j])
    return found
