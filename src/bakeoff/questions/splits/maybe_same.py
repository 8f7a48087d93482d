"""Finds test questions that may ask for the fact of a training question in other words, which only a person can say.

Takes questions with their splits and facts, gives a note. Without a source, or where the answer stands in many places,
the same short answer is not enough to make two questions one fact; trained on, it may be what is tested.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence

from bakeoff.questions.facts.facts import is_inferred, is_polar
from bakeoff.questions.facts.labels import answer_labels
from bakeoff.questions.facts.same_answer import RARE, content_words
from bakeoff.questions.facts.same_gold import gold_key
from bakeoff.questions.naming import named
from bakeoff.records import Question
from bakeoff.sentences import first_few

TELLING = 0.05
"""A word tells what a question is about if at most this share of the questions has it (or two of them)."""
NAME = 3
"""An answer without figures that at most so many questions have is a name, for which no word has to be shared."""


def maybe_same_notes(questions: Sequence[Question]) -> list[str]:
    """A note on test questions with the same rare answer as a training question of another fact, if the two share a
    word that few questions have, or the answer is a name.
    """
    pairs = {test.id: f"{named(test)} and {named(train)}" for test, train in _pairs(questions)}
    if not pairs:
        return []
    n = len(pairs)
    return [
        f"{n} test question{' has' if n == 1 else 's have'} the same answer as a training question of another fact, "
        f"and may ask for the same in other words: {first_few(list(pairs.values()))}. What was trained on the answer "
        "then looks better than it is. If they do, give both one fact: bakeoff init --facts FILE, or a column 'fact'."
    ]


def _pairs(questions: Sequence[Question]) -> Iterator[tuple[Question, Question]]:
    """(test question, training question). Facts that the files name are taken as they are."""
    labels = answer_labels(questions)
    asked = [one for one in questions if one.answerable and one.id not in labels and not is_polar(one)]
    about = {one.id: content_words(one.text) for one in asked}
    n_with = Counter(word for of in about.values() for word in of)
    by_answer = defaultdict[Hashable, list[Question]](list)
    for one in asked:
        for key in gold_key(one):
            by_answer[key].append(one)
    for group in by_answer.values():
        if len(group) > RARE:
            continue
        is_name = len(group) <= NAME and not any(letter.isdigit() for letter in group[0].answers[0])
        for test in (one for one in group if one.split == "test"):
            for train in (one for one in group if one.split == "train" and one.fact != test.fact):
                if not (is_inferred(test.fact) or is_inferred(train.fact)):
                    continue
                shared = about[test.id] & about[train.id]
                if is_name or any(n_with[word] <= max(2, TELLING * len(asked)) for word in shared):
                    yield test, train
