"""New topics: groups of questions that found no good evidence, named by their words.

Takes questions without good evidence and, to know which words are usual, the pilot's questions. Gives groups, the
largest first, always the same for the same questions. With vectors of an embedder similar questions are found in other
words, too; without them the words decide. Knows no log and no model.

Each question has neighbours: those whose cosine is at least a threshold. The question with most neighbours and they are
the first topic; the rest is grouped in the same way (Daura et al. 1999, doi:10.1002/(SICI)1521-3773(19990115)38:1/2
<236::AID-ANIE236>3.0.CO;2-M). Names are the words with the largest sum of TF-IDF (Sparck Jones 1972).
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from bakeoff.learn.monitor.sample import Asked
from bakeoff.learn.telling import is_filler
from bakeoff.records import Record
from bakeoff.retrieval.search_words import search_words
from bakeoff.sentences import listed

LEAST = 3
"""Questions of a topic."""
MOST_QUESTIONS = 500
"""Questions that are grouped: the matrix of their cosines is small then."""
N_TERMS, N_EXAMPLES, N_TOPICS = 3, 3, 8
BY_WORDS, BY_VECTORS = 0.25, 0.6
"""Cosines from which on two questions are neighbours."""

Embed = Callable[[Sequence[str]], np.ndarray]


class Topic(Record):
    """A group of questions without good evidence. `n` counts each wording once, `asked` each time it was asked."""

    name: str
    n: int
    asked: int
    declined: int
    examples: tuple[str, ...]


def without_evidence(asked: Sequence[Asked], poor_score: float | None) -> list[Asked]:
    """The questions with text that were declined, or whose best passage is worse than those of nearly all of the
    pilot.
    """
    return [
        one
        for one in asked
        if one.text and (one.declined or (one.score is not None and poor_score is not None and one.score < poor_score))
    ]


def topics(asked: Sequence[Asked], usual: Sequence[str] = (), embed: Embed | None = None) -> list[Topic]:
    """The topics of these questions. `usual` are questions whose words say nothing new."""
    chosen = [one for one in asked if one.text][:MOST_QUESTIONS]
    if len(chosen) < LEAST:
        return []
    texts = [one.text or "" for one in chosen]
    terms = [_terms(text) for text in texts]
    weight = _weights(terms, [_terms(text) for text in usual])
    vectors = _unit(embed(texts)) if embed else _vectors(terms, weight)
    groups = _groups(vectors @ vectors.T >= (BY_VECTORS if embed else BY_WORDS))
    return [_topic([chosen[i] for i in group], [terms[i] for i in group], weight) for group in groups[:N_TOPICS]]


def _groups(near: np.ndarray) -> list[list[int]]:
    """The rows of each group, the largest group first; of equal ones the one with the first row."""
    left, groups = np.ones(len(near), bool), []
    while left.any():
        counts = np.where(left, (near & left).sum(axis=1), 0)
        centre = int(counts.argmax())
        if counts[centre] < LEAST:
            break
        members = near[centre] & left
        groups.append([int(i) for i in np.flatnonzero(members)])
        left &= ~members
    return groups


def _topic(group: Sequence[Asked], terms: Sequence[Sequence[str]], weight: dict[str, float]) -> Topic:
    total: Counter[str] = Counter()
    for words in terms:
        for word in set(words):
            total[word] += weight[word]  # type: ignore[assignment]
    telling = [word for word in total if not is_filler(word)]
    best = sorted(telling or total, key=lambda word: (-total[word], word))[:N_TERMS]
    return Topic(
        name=listed(best) if best else "questions without words in common",
        n=len(group),
        asked=sum(one.n for one in group),
        declined=sum(one.declined for one in group),
        examples=tuple(one.text or "" for one in group[:N_EXAMPLES]),
    )


def _terms(text: str) -> list[str]:
    """The words of a question in small letters, without signs; pairs of letters where a script has no blanks."""
    words = "".join(letter if letter.isalnum() else " " for letter in search_words(text).casefold()).split()
    return [word for word in words if len(word) > 1]


def _weights(terms: Sequence[Sequence[str]], usual: Sequence[Sequence[str]]) -> dict[str, float]:
    """The weight of each word: the rarer among all questions, the larger. Words of more than one in 20 of the usual
    questions have none.
    """
    frequent = Counter(word for words in usual for word in set(words))
    everywhere = Counter(word for words in [*terms, *usual] for word in set(words))
    n = len(terms) + len(usual)
    return {
        word: 0.0 if frequent[word] > max(1, len(usual) / 20) else math.log((1 + n) / (1 + everywhere[word])) + 1
        for word in {word for words in terms for word in words}
    }


def _vectors(terms: Sequence[Sequence[str]], weight: dict[str, float]) -> np.ndarray:
    place = {word: i for i, word in enumerate(sorted(weight))}
    vectors = np.zeros((len(terms), max(1, len(place))))
    for row, words in enumerate(terms):
        for word, n in Counter(words).items():
            vectors[row, place[word]] = n * weight[word]
    return _unit(vectors)


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))
