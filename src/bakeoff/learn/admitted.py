"""Which reviewed questions are taken: at most a few copies from one user, and none that contradicts a known answer.

Takes reviewed questions and the known ones. Gives those that are taken, and notes on what was set aside and why. A
question that is set aside stays in the log, so a review can decide about it. Knows nothing about splits.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from bakeoff.learn.reviewed import Reviewed
from bakeoff.questions.facts.near_copies import NEAR_COPY, similar_pairs
from bakeoff.questions.facts.same_answer import content_words
from bakeoff.questions.facts.same_gold import same_answers
from bakeoff.records import Question
from bakeoff.sentences import first_few

MOST_COPIES = 3
"""The most near-copies of one question that one user can add: more would only weigh their wording more."""


def admitted(reviewed: Sequence[Reviewed], known: Sequence[Question]) -> tuple[list[Reviewed], list[str]]:
    """The reviewed questions to learn from, oldest first, and notes.

    Equal questions with equal answers are taken once, with how often they were asked. Nearly equal questions whose
    answers contradict a known question, or each other, are set aside.
    """
    new = _once(sorted(reviewed, key=lambda one: (one.at, one.id)), {question.id for question in known})
    capped = _capped(new)
    against = contradicting([one.as_question() for one in capped], known)
    texts = {one.id: against[key] for one in capped if (key := one.as_question().id) in against}
    taken = [one for one in capped if one.id not in texts]
    notes = []
    if len(new) > len(capped):
        notes.append(
            f"{len(new) - len(capped)} reviewed questions are further near-copies from the same user and are left out: "
            f"{MOST_COPIES} of each count."
        )
    if texts:
        pairs = [f"“{one.question}” against “{texts[one.id]}”" for one in capped if one.id in texts]
        notes.append(
            f"{len(pairs)} reviewed questions have another answer than a nearly equal question and are set aside: "
            f"{first_few(pairs, '; ')}. Correct one of the two in the review."
        )
    return taken, notes


def _once(reviewed: Sequence[Reviewed], known: set[str]) -> list[Reviewed]:
    """Each question with the same words and answers once, without those that are known from an earlier round."""
    groups: dict[tuple[str, tuple[str, ...]], list[Reviewed]] = defaultdict(list)
    for one in reviewed:
        groups[" ".join(one.question.casefold().split()), one.answers].append(one)
    return [
        group[0].model_copy(
            update={"asked": sum(one.asked for one in group), "sampled": any(one.sampled for one in group)}
        )
        for group in groups.values()
        if not any(one.as_question().id in known for one in group)
    ]


def _capped(reviewed: Sequence[Reviewed]) -> list[Reviewed]:
    """At most MOST_COPIES near-copies from one user. All that were drawn at random count: they show what is asked."""
    texts = [one.question for one in reviewed]
    earlier: Counter[int] = Counter()
    for i, j, _ in similar_pairs(texts, texts, NEAR_COPY):
        is_copy = j < i and _ask_the_same(reviewed[i].as_question(), reviewed[j].as_question())
        if is_copy and reviewed[i].key_id == reviewed[j].key_id and not reviewed[j].sampled:
            earlier[i] += 1
    return [one for i, one in enumerate(reviewed) if one.sampled or earlier[i] < MOST_COPIES]


def contradicting(new: Sequence[Question], known: Sequence[Question], each_other: bool = True) -> dict[str, str]:
    """The text of the nearly equal question that each of these contradicts, by id. Of two new ones that contradict
    `each_other`, both are named.
    """
    others = [*known, *(new if each_other else ())]
    found: dict[str, str] = {}
    pairs = similar_pairs([question.text for question in new], [question.text for question in others], NEAR_COPY)
    for i, j, _ in pairs:
        if new[i].id != others[j].id and _ask_the_same(new[i], others[j]) and not same_answers(new[i], others[j]):
            found.setdefault(new[i].id, others[j].text)
    return found


def _ask_the_same(a: Question, b: Question) -> bool:
    """Whether two similar questions have the same content words: 'of Aldra' is not 'of Borun'."""
    return content_words(a.text) == content_words(b.text)
