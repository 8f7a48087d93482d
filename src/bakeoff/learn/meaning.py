"""Which known fact a question asks for, by its answer and where the documents state it, not by its wording.

Takes questions with facts, and documents. Gives for another question the fact whose answer it has, or the known answer
that it contradicts. Errs on the side of one fact: two that are one by mistake cost a test question, one that is two by
mistake lets a test be trained on. Knows nothing about splits.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bakeoff.learn.said import Place, words_around
from bakeoff.learn.telling import Weights, telling_words
from bakeoff.questions.evidence.answer_place import answer_spans
from bakeoff.questions.evidence.quotes import Locator
from bakeoff.questions.facts.labels import LONG_ANSWER, POLAR
from bakeoff.questions.facts.near_copies import numbers, words
from bakeoff.questions.facts.same_gold import same_answers, says_the_other
from bakeoff.records import Document, Question

ALIKE = 0.1
"""A fact of a document that a question does not name is meant if it has at least this share of the question's words, by
weight, in its own wordings, its evidence and the headings. Measured: docs/results/learning.md."""
CLEARLY = 1.3
"""Another place of the answer in the documents is meant if it has this many times the words of the question."""
SAME_PASSAGE = 0.66
"""A known fact is asked for if its evidence and wordings have this share of the question's words, by weight."""
HALF = 0.5
"""Questions without an answer are one fact if they have this share of their words in common."""
MOST_PLACES = 12


class Meant(NamedTuple):
    """A known question whose fact is asked for. `or_else` is one of another fact that is as likely; None: clear."""

    question: Question
    or_else: Question | None = None


class _Score(NamedTuple):
    """How well a known question fits, the more important first: named document, words in common, own words."""

    is_named: bool
    shared: float
    own: float


class Meanings:
    """The known facts. `texts` are those of all questions: a word that few of them have tells more."""

    def __init__(self, documents: Sequence[Document], texts: Iterable[str]) -> None:
        self._documents = {document.source: document for document in documents}
        self._locators = {document.source: Locator(document.text) for document in documents}
        self._weights = Weights(texts)
        self._known: list[Question] = []
        self._words: dict[str, frozenset[str]] = {}
        self._answered: dict[tuple[tuple[str, ...], tuple[str, ...]], bool] = {}

    def add(self, question: Question) -> None:
        """Makes a question known. One of general knowledge says nothing about the documents."""
        if question.slice == "general":
            return
        self._known.append(question)
        around = [
            words_around(self._documents[span.source].text, (span.start, span.end), self._documents[span.source].title)
            for span in question.source_spans
            if span.source in self._documents and span.start is not None and span.end is not None
        ]
        self._words[question.id] = telling_words(question.text).union(*around)

    def meant(self, question: Question) -> Meant | None:
        """The known question of the fact that this one asks for; None if none has its answer.

        It has the answer by the grader, or its answer quotes the other's evidence, and stands in a document that is
        named, or has words of the question around it. Of several the one with the most words in common is meant.
        """
        if not question.answers:
            return self._as_unanswerable(question)
        scores = {known.id: self._score(question, known) for known in self._known}
        near = [known for known in self._known if self._may_be_meant(question, scores[known.id])]
        places = self._places(question)
        agreeing = [known for known in near if self._agrees(question, known) or _quotes(question, known, places)]
        elsewhere = self._elsewhere(question, places, agreeing)
        best: dict[str, Question] = {}
        for known in agreeing:
            fits = scores[known.id].shared * CLEARLY >= elsewhere
            if fits and (known.fact not in best or scores[known.id] > scores[best[known.fact].id]):
                best[known.fact] = known
        order = sorted(best.values(), key=lambda known: scores[known.id], reverse=True)
        if not order:
            return None
        is_tied = len(order) > 1 and scores[order[1].id] == scores[order[0].id]
        return Meant(order[0], order[1] if is_tied else None)

    def _as_unanswerable(self, question: Question) -> Meant | None:
        """The known question without an answer that has the most words in common, and at least half."""
        asked = telling_words(question.text)
        shares = {
            known.id: len(asked & telling_words(known.text)) / (len(asked | telling_words(known.text)) or 1)
            for known in self._known
            if not known.answers
        }
        best = max((known for known in self._known if known.id in shares), key=lambda q: shares[q.id], default=None)
        return Meant(best) if best is not None and shares[best.id] >= HALF else None

    def contradicted(self, question: Question) -> Question | None:
        """A known question that asks for the same and has another answer; None if there is none, or one agrees.

        It asks for the same in the same telling words; or its evidence has nearly all words of the question while its
        document does not state the other answer anywhere.
        """
        asked = telling_words(question.text)
        if not asked:
            return None
        same = [known for known in self._known if telling_words(known.text) == asked]
        if same:
            agrees = any(same_answers(question, known) or self._agrees(question, known) for known in same)
            return None if agrees else same[0]
        if not question.answers:
            return None
        near = [
            known
            for known in self._known
            if known.answers
            and self._share(asked, known) >= SAME_PASSAGE
            and numbers(question.text) <= self._words[known.id]
        ]
        if any(self._agrees(question, known) for known in near):
            return None
        near = [known for known in near if not self._is_stated(question, known)]
        return max(near, key=lambda known: self._share(asked, known), default=None)

    def agrees(self, question: Question, others: Sequence[Question]) -> bool:
        """Whether one of these has the question's answer, or its evidence is quoted."""
        places = self._places(question)
        return any(
            same_answers(question, other) or self._agrees(question, other) or _quotes(question, other, places)
            for other in others
        )

    def _score(self, question: Question, known: Question) -> _Score:
        asked, named = telling_words(question.text), {span.source for span in question.source_spans}
        is_named = any(span.source in named for span in known.source_spans)
        own = self._weights.of(asked & telling_words(known.text)) / (self._weights.of(asked) or 1)
        return _Score(is_named, round(self._share(asked, known), 6), round(own, 6))

    def _share(self, asked: frozenset[str], known: Question) -> float:
        return self._weights.of(asked & self._words[known.id]) / (self._weights.of(asked) or 1)

    def _may_be_meant(self, question: Question, score: _Score) -> bool:
        """Whether document or words make it possible. Yes and no are the answer to much, so words must show it."""
        return score.shared >= ALIKE or (score.is_named and not all(map(_is_polar, question.answers)))

    def _agrees(self, a: Question, b: Question) -> bool:
        """Whether an answer of one states an accepted answer of the other."""
        key = a.answers, b.answers
        if key not in self._answered:
            self._answered[key] = says_the_other(a, b)
        return self._answered[key]

    def _places(self, question: Question) -> dict[str, list[Place]]:
        """Where the documents state an accepted answer, by source."""
        found: dict[str, list[Place]] = defaultdict(list)
        telling = [answer for answer in question.answers if len("".join(words(answer))) > 2 and not _is_polar(answer)]
        for source, locator in self._locators.items():
            verbatim = [place for answer in telling for place in locator.find_all(answer, MOST_PLACES + 1)]
            places = sorted(set(verbatim)) or answer_spans(question, locator)
            if 0 < len(places) <= MOST_PLACES:
                found[source] = places
        return found

    def _elsewhere(self, question: Question, places: dict[str, list[Place]], agreeing: Sequence[Question]) -> float:
        """The largest share of the question's words around a place of its answer that no agreeing known fact has."""
        asked = telling_words(question.text)
        total, most = self._weights.of(asked) or 1, 0.0
        for source, of_source in places.items():
            document = self._documents[source]
            taken = [(s.start, s.end) for known in agreeing for s in known.source_spans if s.source == source]
            if any(start is None for start, _ in taken):
                continue
            for place in of_source:
                if not any(_overlap(place, (start or 0, end or 0)) for start, end in taken):
                    around = words_around(document.text, place, document.title)
                    most = max(most, self._weights.of(asked & around) / total)
        return most

    def _is_stated(self, question: Question, known: Question) -> bool:
        """Whether a document of the known question states the answer, as far as a short answer or its figures show."""
        for source in {span.source for span in known.source_spans} & self._documents.keys():
            locator = self._locators[source]
            if any(map(locator.find, question.answers)) or answer_spans(question, locator):
                return True
            figures = [numbers(answer) for answer in question.answers]
            is_long = all(len(words(answer)) >= LONG_ANSWER for answer in question.answers)
            if is_long and any(of <= numbers(locator.text) for of in figures):
                return True
        return not known.source_spans


def _quotes(question: Question, known: Question, places: dict[str, list[Place]]) -> bool:
    """Whether a long answer of one stands where the other's evidence is."""
    if all(len(words(answer)) < LONG_ANSWER for answer in question.answers):
        return False
    return any(
        span.start is not None and span.end is not None and _overlap(place, (span.start, span.end))
        for span in known.source_spans
        for place in places.get(span.source, ())
    )


def _overlap(a: Place, b: Place) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _is_polar(answer: str) -> bool:
    return words(answer)[:1] in [[word] for word in POLAR]
