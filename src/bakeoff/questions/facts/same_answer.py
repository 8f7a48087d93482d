"""Groups questions that ask for the same thing, judged by their answers and sources, not by their wording.

Takes questions, gives groups of them. Equal answers show this only if they are unlikely to answer another question:
long answers, and short answers that few questions of the set have.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence

from bakeoff.grading.normalise import word_set
from bakeoff.questions.facts.labels import answer_labels, is_long, is_own, label_of, proves_little
from bakeoff.questions.facts.near_copies import numbers, words
from bakeoff.questions.facts.same_gold import gold_key
from bakeoff.records import Question

RARE = 5
"""A short answer counts as rare if at most this many questions of the set have it."""
SHARED_WORDS = 0.6
"""Two questions with the same rare short answer must share at least this fraction of the shorter one's words. Source:
read by hand on 12 articles of SQuAD 2.0. At 0.5, 5 of 22 groups asked for different things; at 0.6, 2 of 17 did."""
_FUNCTION_WORDS = word_set("""
    a an the of on in at for to is are was were be been it its this that these those there what which who whose when
    where how do does did can could may might will would shall should have has had i you we they my your our their me us
    one please and if s
""")


def same_answer_groups(questions: Sequence[Question]) -> list[list[Question]]:
    """Groups of two or more answerable questions with the same answers and sources, each in the given order.

    Answers are compared word by word, without case and punctuation (but see `same_gold`). They must be long
    (`LONG_ANSWER`), or rare; with rare answers the questions must also share words and quoted evidence. Yes, no,
    numbers and labels never count, nor do questions without a source or about different numbers (Hearth 2, Hearth 3).
    """
    labels = answer_labels(questions)
    own = [
        question
        for question in questions
        if question.answerable and is_own(question) and question.source_spans and question.id not in labels
    ]
    n_with = Counter(label_of(question) for question in questions if question.answerable and is_own(question))
    by_key: dict[Hashable, list[Question]] = defaultdict(list)
    for question in own:
        answer = label_of(question)
        if is_long(answer):
            by_key[_key(question)].append(question)
        elif not proves_little(answer) and n_with[answer] <= RARE:
            by_key[_key(question), question.evidence].append(question)
    same = [group for questions_of in by_key.values() for group in without_other_numbers(questions_of)]
    alike = [part for group in same for part in ([group] if is_long(label_of(group[0])) else _sharing_words(group))]
    return [group for group in alike if len(group) > 1]


def _key(question: Question) -> Hashable:
    return gold_key(question), frozenset(span.source for span in question.source_spans)


def without_other_numbers(
    questions: Sequence[Question], numbers_of: Callable[[str], frozenset[str]] = numbers
) -> Iterator[list[Question]]:
    """The questions grouped by the numbers in them. If there is only one such group, all questions are one group."""
    by_numbers = defaultdict(list)
    for question in questions:
        by_numbers[numbers_of(question.text)].append(question)
    if len([numbers_in for numbers_in in by_numbers if numbers_in]) == 1:
        yield list(questions)
    else:
        yield from by_numbers.values()


def _sharing_words(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """The questions in groups. Each member of a group shares enough words with its first question."""
    left = list(questions)
    while left:
        first = content_words(left[0].text)
        shared = [_share(first, content_words(question.text)) >= SHARED_WORDS for question in left[1:]]
        yield [left[0], *(question for question, shares in zip(left[1:], shared, strict=True) if shares)]
        left = [question for question, shares in zip(left[1:], shared, strict=True) if not shares]


def _share(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / (min(len(a), len(b)) or 1)


def content_words(text: str) -> frozenset[str]:
    """The words of the text without function words and without English endings."""
    kept = [word for word in words(text) if word not in _FUNCTION_WORDS]
    return frozenset(re.sub(r"(ies|es|s|ed|ing|y|e)$", "", word) if len(word) > 4 else word for word in kept)
