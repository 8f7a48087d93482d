"""Which of what users said without a review may be exported to train on, and what is left out, with reasons.

Takes a log, the documents and the questions whose answers are known. A right answer that a user wrote may be poison:
nobody's is taken without a review unless the caller asks for it, and then only those without a warning of
`learn/review/flags.py`. One user's near-copies are capped as in the review queue. Knows no file.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bakeoff.deployment_commands import command_on
from bakeoff.learn.review.caps import COPIES, PER_KEY, Brought, Capped, capped
from bakeoff.learn.review.flags import Kind, flags_of
from bakeoff.learn.review.vocabulary import Vocabulary
from bakeoff.learn.review.weekly import week_of
from bakeoff.protocols import DocumentStore
from bakeoff.questions.facts.near_copies import words
from bakeoff.records import Question
from bakeoff.sentences import counted, first_few
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Preference, Thumb
from bakeoff.serve.log_exports import Trusted, newest_reviews, newest_thumbs

EXAMINED = 5000
"""So many different questions of one user and week are compared with each other."""
NO_CAP = 10**9
SHOWN = 60
NAMES: Mapping[Kind, str] = {
    "instruction": "try to instruct the model",
    "address": "name an address that no document holds",
    "repeated": "stand under many different questions",
    "contradiction": "contradict another answer",
    "not in the documents": "are said by no document",
}


class LeftOut(NamedTuple):
    """What is not exported. `flagged` corrections have a warning, by kind; each correction counts in all its kinds.

    `unreviewed` have none and wait for a review; `capped_corrections`, `capped_thumbs` and `capped_comparisons` are
    more than one user may bring. `texts` are the first flagged ones. `restricted` lines would rest on documents with
    labels, `erased` ones on erased documents.
    """

    unreviewed: int = 0
    flagged: int = 0
    kinds: tuple[tuple[Kind, int], ...] = ()
    texts: tuple[str, ...] = ()
    capped_corrections: int = 0
    capped_thumbs: int = 0
    capped_comparisons: int = 0
    restricted: int = 0
    erased: int = 0

    def sentences(self, root: Path) -> list[str]:
        """What was left out and what to do, in words. `root` is the deployment's folder."""
        said = []
        if self.restricted:
            said.append(f"{counted(self.restricted, 'line')} left out that would rest on documents with labels, which "
                        "not everybody may see: add what may be trained on with --restricted.")  # fmt: skip
        if self.erased:
            said.append(f"{counted(self.erased, 'line')} left out that would rest on erased documents.")
        if self.flagged:
            kinds = ", ".join(f"{n} {NAMES[kind]}" for kind, n in self.kinds)
            said.append(f"{self.flagged} users' corrections with a warning are left out: {kinds}. "
                        f"They are: {first_few(self.texts, '; ')}")  # fmt: skip
        if self.unreviewed:
            said.append(f"{self.unreviewed} users' corrections without a warning are left out, since nobody reviewed "
                        f"them: {command_on(root, 'review')}, or add them with --unreviewed.")  # fmt: skip
        capped = {"corrections": self.capped_corrections, "thumbs up": self.capped_thumbs,
                  "comparisons": self.capped_comparisons}  # fmt: skip
        many = ", ".join(f"{n} {what}" for what, n in capped.items() if n)
        return [*said, f"More of one user's than is taken: {many}."] if many else said


def trusted(
    log: Log, store: DocumentStore, known: Sequence[Question] = (), unreviewed: bool = False
) -> tuple[Trusted, LeftOut]:
    """What may be exported beside reviews, and what is left out. With `unreviewed`, corrections without a warning."""
    reviews = newest_reviews(log)
    waiting = {key: thumb for key, thumb in newest_thumbs(log).items() if key not in reviews}
    ups = {key: thumb for key, thumb in waiting.items() if thumb.up and not _text(thumb)}
    corrections = {key: thumb for key, thumb in waiting.items() if _text(thumb)}
    answers = log.answers_of([*ups, *corrections])
    of_corrections = _capped(corrections, answers, PER_KEY)
    of_ups = _capped(ups, answers, NO_CAP)
    compared = {entry.id: entry for entry in log.entries(Preference) if entry.preferred is not None}
    first = log.answers_of(list({entry.answers[0] for entry in compared.values()}))
    asked = {key: first[entry.answers[0]] for key, entry in compared.items() if entry.answers[0] in first}
    of_comparisons = _capped(compared, asked, NO_CAP)
    fair = {key: _text(corrections[key]) for key in corrections if key in of_corrections.shown}
    kinds = _flagged(fair, corrections, answers, known, Vocabulary(store))
    clean = {key: text for key, text in fair.items() if not kinds[key]}
    flagged = [key for key in fair if kinds[key]]
    counts = Counter(kind for key in flagged for kind in kinds[key])
    left = LeftOut(
        unreviewed=0 if unreviewed else len(clean),
        flagged=len(flagged),
        kinds=tuple((kind, counts[kind]) for kind in NAMES if counts[kind]),
        texts=tuple(dict.fromkeys(f"“{_short(fair[key])}” ({key})" for key in flagged)),
        capped_corrections=of_corrections.over + of_corrections.copies,
        capped_thumbs=of_ups.over + of_ups.copies,
        capped_comparisons=of_comparisons.over + of_comparisons.copies,
    )
    kept = of_ups.shown | of_comparisons.shown
    aside = frozenset(key for key in (*ups, *compared) if key not in kept)
    return Trusted(clean if unreviewed else {}, aside), left


def _capped(
    entries: Mapping[str, Thumb] | Mapping[str, Preference], asked: Mapping[str, LoggedAnswer], per_key: int
) -> Capped:
    """The caps of the review queue, with as many other questions of one user as `per_key` says."""
    there = {key: entry for key, entry in entries.items() if key in asked and asked[key].question}
    brought = [Brought(key, entry.key_id, week_of(entry.at), (entry.at, key)) for key, entry in there.items()]
    return capped(brought, {key: _words(asked[key]) for key in there}, per_key, COPIES, EXAMINED)


def _flagged(
    fair: Mapping[str, str],
    every: Mapping[str, Thumb],
    answers: Mapping[str, LoggedAnswer],
    known: Sequence[Question],
    documents: Vocabulary,
) -> dict[str, list[Kind]]:
    """The kinds of warnings of each correction that is not capped. Repeats count over `every` correction."""
    under: dict[str, set[str]] = {}
    for key, thumb in every.items():
        if key in answers:
            under.setdefault(_bare(_text(thumb)), set()).add(_words(answers[key]))
    found: dict[str, list[Kind]] = {}
    for key, text in fair.items():
        others = [(answers[other].question or "", said) for other, said in fair.items() if other != key]
        n_questions = len(under[_bare(text)])
        flags = flags_of(answers[key].question or "", text, n_questions, others, known, documents)
        found[key] = list(dict.fromkeys(flag.kind for flag in flags))
    return found


def _text(thumb: Thumb) -> str:
    return (thumb.right_answer or "").strip()


def _words(answer: LoggedAnswer) -> str:
    return _bare(answer.question or "")


def _bare(text: str) -> str:
    return " ".join(words(text)) or text


def _short(text: str) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
