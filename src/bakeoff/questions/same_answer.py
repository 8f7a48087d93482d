"""Questions that ask for the same thing by their answers and sources, however different their words are.

Takes questions, gives groups of them. Identical words prove this only where they are unlikely to be the answer to
something else: long answers, and short ones that hardly another question of the set has.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence

from bakeoff.grading.normalise import word_set
from bakeoff.questions.labels import answer_labels, is_long, is_own, label_of, proves_little
from bakeoff.questions.near_copies import numbers, words
from bakeoff.records import Question

RARE = 5
"""The most questions of a set that have the same short answer where it says what is asked."""
SHARED_WORDS = 0.6
"""The share of the shorter question's words that two questions with the same rare short answer have in common. Read by
hand on 12 articles of SQuAD 2.0: of 22 groups at 0.5, 5 ask for different things; of 17 at 0.6, 2 do."""
_FUNCTION_WORDS = word_set("""
    a an the of on in at for to is are was were be been it its this that these those there what which who whose when
    where how do does did can could may might will would shall should have has had i you we they my your our their me us
    one please and if s
""")


def same_answer_groups(questions: Sequence[Question]) -> list[list[Question]]:
    """Groups of two or more answerable questions with the same answers and sources, each in the order given.

    The answers are alike in words, whatever their case and punctuation, and either long (`LONG_ANSWER`) or rare, and
    then the questions share words and quoted evidence. Never for yes, no, numbers and labels, nor for questions without
    a source or about different numbers (Hearth 2, Hearth 3).
    """
    labels = answer_labels(questions)
    own = [one for one in questions if one.answerable and is_own(one) and one.source_spans and one.id not in labels]
    n_with = Counter(label_of(one) for one in questions if one.answerable and is_own(one))
    by_key: dict[Hashable, list[Question]] = defaultdict(list)
    for question in own:
        answer = label_of(question)
        if is_long(answer):
            by_key[_key(question)].append(question)
        elif not proves_little(answer) and n_with[answer] <= RARE:
            by_key[_key(question), question.evidence].append(question)
    same = [group for found in by_key.values() for group in _without_other_numbers(found)]
    alike = [part for group in same for part in ([group] if is_long(label_of(group[0])) else _sharing_words(group))]
    return [group for group in alike if len(group) > 1]


def _key(question: Question) -> Hashable:
    answers = frozenset(" ".join(words(answer)) for answer in question.answers)
    return answers, frozenset(span.source for span in question.source_spans)


def _without_other_numbers(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """The questions by the numbers in them; those without any join the others where these have the same numbers."""
    by_numbers = defaultdict(list)
    for question in questions:
        by_numbers[numbers(question.text)].append(question)
    if len([found for found in by_numbers if found]) == 1:
        yield list(questions)
    else:
        yield from by_numbers.values()


def _sharing_words(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """The questions in groups of which each member shares enough words with the first."""
    left = list(questions)
    while left:
        first = content_words(left[0].text)
        shared = [_share(first, content_words(one.text)) >= SHARED_WORDS for one in left[1:]]
        yield [left[0], *(one for one, shares in zip(left[1:], shared, strict=True) if shares)]
        left = [one for one, shares in zip(left[1:], shared, strict=True) if not shares]


def _share(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / (min(len(a), len(b)) or 1)


def content_words(text: str) -> frozenset[str]:
    """The words that carry meaning, without their English endings."""
    found = [word for word in words(text) if word not in _FUNCTION_WORDS]
    return frozenset(re.sub(r"(ies|es|s|ed|ing|y|e)$", "", word) if len(word) > 4 else word for word in found)
