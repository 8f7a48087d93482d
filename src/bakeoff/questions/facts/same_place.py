"""Groups questions whose accepted answers are the same and stand at one and the same place of a document.

Takes questions with located evidence, and the documents. Gives groups of questions. The words of the questions do not
matter: two questions that are answered by the same words of the same sentence ask for the same thing.
Measured on the bundled example without its facts, see docs/decisions/0009-facts-by-place.md.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

from bakeoff.questions.evidence.number_place import amount_of, figure_places, number_places
from bakeoff.questions.evidence.quotes import Locator
from bakeoff.questions.facts.labels import POLAR, answer_labels, is_own
from bakeoff.questions.facts.near_copies import words
from bakeoff.questions.facts.same_answer import content_words, without_other_numbers
from bakeoff.questions.facts.same_gold import answer_key
from bakeoff.records import Document, Question, SourceSpan

Place = tuple[int, int]
SENTENCE = 300
"""A quote of at most this many characters is a place. A longer one is a paragraph, and may answer several questions."""
LONGEST = 60
"""The most characters of an answer's place that may overlap with another spelling of the answer."""
SHORTEST = 3
"""The fewest letters and digits of an answer that is searched for."""
MOST_PLACES = 12
"""An answer that occurs more often in a document says nothing about the place."""
AROUND = 150
"""So many characters on each side of an answer, within its paragraph, are compared with the question."""
CLEARLY = 2
"""Of several places, one is meant if at least this many more words of the question stand around it."""


def same_place_groups(questions: Sequence[Question], documents: Sequence[Document]) -> list[list[Question]]:
    """Groups of two or more answerable questions, each in the given order.

    All questions of a group have an accepted answer in common, word by word or as an amount, and the same place: a
    short quote, or where the document holds the answer, in any spelling. Yes, no and labels never count, nor do
    questions about different numbers (Hearth 2, Hearth 3), nor questions with several documents. A question with
    several accepted answers can be in several groups.
    """
    labels = answer_labels(questions)
    locators = {document.source: Locator(document.text) for document in documents}
    places: dict[str, SourceSpan] = {}
    for question in questions:
        if question.answerable and question.id not in labels and is_own(question) and not _is_polar(question):
            place = _place(question, locators)
            if place is not None:
                places[question.id] = place
    known = _overlapping({place for place in places.values()})
    by_key: dict[Hashable, list[Question]] = defaultdict(list)
    for question in questions:
        if question.id in places:
            for meaning in _meanings(question):
                by_key[meaning, known[places[question.id]]].append(question)
    same = [questions_of for questions_of in by_key.values() if len(questions_of) > 1]
    groups = [group for questions_of in same for group in without_other_numbers(questions_of, _figures)]
    return [group for group in groups if len(group) > 1]


def _overlapping(places: Iterable[SourceSpan]) -> dict[SourceSpan, SourceSpan]:
    """For each place the first of those that it overlaps with: '12.5' and '12.5 %' are written at one place.

    A quote is a place of its own, also if an answer stands in it.
    """
    first: dict[SourceSpan, SourceSpan] = {}
    last: SourceSpan | None = None
    for place in sorted(places, key=lambda span: (span.source, span.start or 0, span.end or 0)):
        is_answer = (place.end or 0) - (place.start or 0) <= LONGEST
        overlaps = last is not None and last.source == place.source and (place.start or 0) < (last.end or 0)
        first[place] = first[last] if last is not None and overlaps and is_answer else place
        last = place if is_answer else last
    return first


def _meanings(question: Question) -> frozenset[Hashable]:
    """What each accepted answer says: an amount or date in any spelling, or else its words."""
    return frozenset(_meaning(answer) for answer in question.answers)


def _meaning(answer: str) -> Hashable:
    amount = amount_of(answer)
    return (amount.text, amount.unit) if amount else answer_key(answer)


def _is_polar(question: Question) -> bool:
    first = {word for answer in question.answers for word in words(answer)[:1]}
    return question.kind == "yesno" or not first.isdisjoint(POLAR)


def _figures(text: str) -> frozenset[str]:
    """The numbers of a question, also those within a word: 'hearth2' is 'Hearth 2'."""
    return frozenset(re.findall(r"\d+", text))


def _place(question: Question, locators: Mapping[str, Locator]) -> SourceSpan | None:
    """The place of the question's answer. None if it is not known, or could be any of several."""
    if len({span.source for span in question.source_spans}) != 1:
        return None
    span = question.source_spans[0]
    if question.evidence and len(question.source_spans) == 1 and _is_short(span):
        return span
    locator = locators.get(span.source)
    place = _meant(question, locator.text, _places(question, locator)) if locator else None
    return SourceSpan(source=span.source, start=place[0], end=place[1]) if place else None


def _is_short(span: SourceSpan) -> bool:
    return span.start is not None and span.end is not None and span.end - span.start <= SENTENCE


def _places(question: Question, locator: Locator) -> list[Place]:
    """The places of all accepted answers, in order; those that overlap as one. Empty if there are too many."""
    long = [answer for answer in question.answers if len("".join(words(answer))) >= SHORTEST]
    places = sorted({place for answer in long for place in locator.find_all(answer, MOST_PLACES + 1)})
    for find in (number_places, figure_places):
        if not places:
            places = sorted({place for answer in long for place in find(answer, locator.text)})
    joined: list[Place] = []
    for start, end in places:
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined if len(joined) <= MOST_PLACES else []


def _meant(question: Question, text: str, places: Sequence[Place]) -> Place | None:
    """The only place, or the one around which clearly more words of the question stand than around any other."""
    if len(places) < 2:
        return places[0] if places else None
    around = [content_words(_around(text, place)) for place in places]
    asked = content_words(question.text) - content_words(" ".join(question.answers)) - frozenset.intersection(*around)
    scores = [len(asked & words_there) for words_there in around]
    first, second = sorted(scores, reverse=True)[:2]
    return places[scores.index(first)] if first - second >= CLEARLY else None


def _around(text: str, place: Place) -> str:
    """The text around a place, within its paragraph, and the heading above."""
    start, end = place
    begin = max(text.rfind("\n\n", 0, start), start - AROUND, 0)
    stop = text.find("\n\n", end)
    heading = text.rfind("\n#", 0, start)
    above = text[heading + 1 : text.find("\n", heading + 1)] if heading >= 0 else ""
    return f"{text[begin : min(stop if stop >= 0 else len(text), end + AROUND)]} {above}"
