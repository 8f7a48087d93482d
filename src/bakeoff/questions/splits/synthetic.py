"""Decides which synthetic questions a run trains on: only those that give away nothing that is tested.

Takes the questions that people asked or accepted, with their splits, and synthetic ones that nobody reviewed. Gives the
synthetic ones that may be trained on, each with the fact it belongs to, and why the others are left out. No unreviewed
question is ever in dev or test. Knows nothing about how the questions were made (docs/synthesize.md).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from bakeoff.errors import InputError
from bakeoff.questions.facts.facts import SAME_FACT
from bakeoff.questions.facts.near_copies import NEAR_COPY, similar_pairs
from bakeoff.questions.facts.same_answer import same_answer_groups
from bakeoff.questions.facts.same_gold import same_answers
from bakeoff.questions.facts.same_place import same_place_groups
from bakeoff.questions.naming import first_named, text_sum
from bakeoff.records import Document, Question, SourceSpan, Synthetic
from bakeoff.sentences import counted, listed

TESTED_SOURCE = "are other wordings of dev, test or update questions"
UNKNOWN_SOURCE = "are other wordings of questions that are not among the questions"
CHANGED_SOURCE = "are other wordings of questions whose text is another now"
COPIES = "nearly copy a dev or test question"
TESTED_FACT = "ask for a fact that only dev or test asks for"
TESTED_DOCUMENT = "are about documents that only dev and test ask about"
TESTED_PLACE = "quote a place that answers a dev or test question of an untrained fact"
TESTED_UPDATE = "have an answer that only an update question has"
REASONS = (
    *(TESTED_SOURCE, UNKNOWN_SOURCE, CHANGED_SOURCE),
    *(COPIES, TESTED_FACT, TESTED_DOCUMENT, TESTED_PLACE, TESTED_UPDATE),
)


class Admitted(NamedTuple):
    """The synthetic questions to train on, in order, and how many were left out for which reason."""

    questions: list[Question]
    left_out: Mapping[str, int]

    @property
    def notes(self) -> list[str]:
        """What became of the synthetic questions, for the readers of a run. Empty if there were none."""
        n_left_out = sum(self.left_out.values())
        if not self.questions and not n_left_out:
            return []
        lines = [
            f"{counted(len(self.questions), 'synthetic question')} that no person has accepted: only trained on, "
            "never in dev or test."
        ]
        if n_left_out:
            reasons = [f"{self.left_out[reason]} {reason}" for reason in REASONS if self.left_out.get(reason)]
            lines.append(f"{n_left_out} more synthetic questions are left out: {listed(reasons)}.")
        return lines


def synthetic_cautions(questions: Sequence[Question]) -> list[str]:
    """What readers of a run must know of its synthetic questions: how many are trained on, and how many are tested."""
    trained = sum(question.is_unreviewed and question.split == "train" for question in questions)
    tested = sum(question.synthetic is not None and question.split == "test" for question in questions)
    cautions = []
    if trained:
        cautions.append(
            f"Contenders that learn from questions also learned from {counted(trained, 'synthetic question')} that "
            "nobody reviewed. None of them is in dev or test."
        )
    if tested:
        cautions.append(
            f"{counted(tested, 'question')} of the test nobody asked: a rule or a model made them, and a person "
            "accepted them. The report shows how accuracy differs on them."
        )
    return cautions


def apart(questions: Sequence[Question]) -> tuple[list[Question], list[Question]]:
    """(the questions that people asked or accepted, the synthetic ones that nobody reviewed), each in order."""
    return (
        [question for question in questions if not question.is_unreviewed],
        [question for question in questions if question.is_unreviewed],
    )


def check_reviewed(questions: Sequence[Question], where: str) -> None:
    """Raises InputError if one of these, which are all tested, is synthetic and no person accepted it."""
    _, made = apart(questions)
    if made:
        named = first_named([question.id for question in made], {question.id: question.text for question in made})
        raise InputError(
            f"{where} holds {counted(len(made), 'synthetic question')} that no person has accepted: {named}. Questions "
            "there are tested, and only questions that somebody asked or accepted may be.",
            "move them into a file under questions:, where they are only trained on, or accept them in the review "
            "(bakeoff synthesize --read)",
        )


def with_source_facts(questions: Sequence[Question], sources: Sequence[Question] = ()) -> list[Question]:
    """The questions, in order, each other wording with the fact of the question it words otherwise.

    The source is looked for in `questions` and `sources`. A synthetic question without a fact gets one of its own.
    """
    by_id = {question.id: question for question in (*sources, *questions)}
    return [_with_source_fact(question, by_id) for question in questions]


def _with_source_fact(question: Question, by_id: Mapping[str, Question]) -> Question:
    if question.synthetic is None:
        return question
    source = by_id.get(question.synthetic.paraphrase_of)
    source = source if source and _is_as_worded(question.synthetic, source) else None
    fact = source.fact if source else question.fact or f"synthetic-{question.id}"
    return question if fact == question.fact else question.model_copy(update={"fact": fact})


def _is_as_worded(mark: Synthetic, source: Question) -> bool:
    """Whether the question with the source's id still has the text that was worded. Without a sum nobody can tell."""
    return mark.paraphrase_sum in ("", text_sum(source.text))


def admit(made: Sequence[Question], asked: Sequence[Question], documents: Sequence[Document] = ()) -> Admitted:
    """The unreviewed questions `made` that may be trained on beside `asked`, which have their splits and slices.

    An other wording goes where its source is: into train with its fact and answers, or nowhere. Any question that
    nearly copies one of dev or test is left out, of the same fact too. A question made from a document is left out if
    it asks for a fact, quotes a place or is about a document that only dev or test ask about, or if it has the answer
    of a question about the update that no trained question has.
    """
    test = _Tested(asked)
    copied = {i for i, _, _ in similar_pairs([q.text for q in made], [q.text for q in test.held], NEAR_COPY)}
    reasons: dict[str, str] = {}
    for i, question in enumerate(made):
        reason = test.reason(question) or (COPIES if i in copied else "")
        if reason:
            reasons[question.id] = reason
    kept = [test.joined(question) for question in made if question.id not in reasons]
    groups = _groups(kept, asked, documents)
    joins = _asked_before(kept, groups, test)
    updated = {question.id for group in groups if _only_updated(group) for question in group}
    for question in kept:
        if joins.get(question.id) in test.withheld:
            reasons[question.id] = TESTED_FACT
        elif question.id in updated:
            reasons[question.id] = TESTED_UPDATE
    admitted = [_trained(question, joins) for question in kept if question.id not in reasons]
    return Admitted(admitted, Counter(reasons.values()))


def _trained(question: Question, joins: Mapping[str, str]) -> Question:
    fact = joins.get(question.id, question.fact)
    where = "seen" if question.answerable else "unanswerable"
    return question.model_copy(update={"split": "train", "slice": where, "fact": fact})


class _Tested:
    """What dev and test ask. `withheld` are the facts that are asked for there and never trained on."""

    def __init__(self, asked: Sequence[Question]) -> None:
        self.by_id = {question.id: question for question in asked}
        self.held = [question for question in asked if question.split in ("dev", "test")]
        trained = [question for question in asked if question.split == "train" and question.slice != "changed"]
        facts = {question.fact for question in trained}
        self.withheld = {question.fact for question in self.held} - facts
        self.untrained = [question for question in self.held if question.fact in self.withheld]
        spans = [span for question in self.untrained if question.answerable for span in question.source_spans]
        known = {span.source for question in trained if question.answerable for span in question.source_spans}
        self._documents = {span.source for span in spans} - known
        self._places: dict[str, list[SourceSpan]] = defaultdict(list)
        for span in spans:
            self._places[span.source].append(span)

    def reason(self, question: Question) -> str:
        """Why a question is left out, by its source, fact, document or place; empty if none of them forbids it."""
        mark = question.synthetic
        if mark and mark.paraphrase_of:
            source = self.by_id.get(mark.paraphrase_of)
            if source is None:
                return UNKNOWN_SOURCE
            if not _is_as_worded(mark, source):
                return CHANGED_SOURCE
            return "" if source.split == "train" and source.slice != "changed" else TESTED_SOURCE
        if question.fact in self.withheld:
            return TESTED_FACT
        if any(span.source in self._documents for span in question.source_spans):
            return TESTED_DOCUMENT
        return TESTED_PLACE if any(map(self._is_tested, question.source_spans)) else ""

    def joined(self, question: Question) -> Question:
        """An other wording with the fact, the answers and the evidence of its source; any other question as it is."""
        source = self.by_id.get(question.synthetic.paraphrase_of) if question.synthetic else None
        if source is None:
            return question
        fields = ("fact", "answers", "kind", "source_spans", "evidence", "key_points")
        return question.model_copy(update={name: getattr(source, name) for name in fields})

    def _is_tested(self, span: SourceSpan) -> bool:
        return any(overlap(span, other) for other in self._places.get(span.source, ()))


def overlap(a: SourceSpan, b: SourceSpan) -> bool:
    """Whether two spans share characters of one document. A whole document is no place."""
    if a.source != b.source:
        return False
    if a.start is None or a.end is None or b.start is None or b.end is None:
        return False
    return a.start < b.end and b.start < a.end


def _groups(made: Sequence[Question], asked: Sequence[Question], documents: Sequence[Document]) -> list[list[Question]]:
    """Groups of questions with the same answer that ask for the same, other wordings left out.

    By the same rules that find facts and leaks: the same answer at the same place, the same rare or long answer, or
    similar words with the same answer.
    """
    fresh = [question for question in made if not _is_wording(question)]
    known = [question for question in asked if question.slice != "general"]
    groups = [*same_answer_groups([*known, *fresh]), *same_place_groups([*known, *fresh], documents)]
    return [*groups, *_alike(fresh, known)]


def _is_wording(question: Question) -> bool:
    return bool(question.synthetic and question.synthetic.paraphrase_of)


def _only_updated(group: Sequence[Question]) -> bool:
    """Whether one of the group is about the update, and none is trained on before it."""
    is_changed = [question.slice == "changed" for question in group]
    return any(is_changed) and not any(
        question.split == "train" and not changed for question, changed in zip(group, is_changed, strict=True)
    )


def _asked_before(made: Sequence[Question], groups: Sequence[Sequence[Question]], test: _Tested) -> dict[str, str]:
    """The fact that a made question asks for, by its id, if an asked one does too: tested ones first."""
    fresh_ids = {question.id for question in made}
    joins: dict[str, str] = {}
    for group in groups:
        facts = [question.fact for question in group if question.id not in fresh_ids]
        for question in group:
            if question.id in fresh_ids and facts:
                joins[question.id] = _first(facts, joins.get(question.id), test.withheld)
    return joins


def _first(facts: Sequence[str], before: str | None, withheld: Collection[str]) -> str:
    of_all = [*([before] if before else []), *facts]
    return next((fact for fact in of_all if fact in withheld), of_all[0])


def _alike(fresh: Sequence[Question], known: Sequence[Question]) -> Iterator[list[Question]]:
    """Pairs of a made and an asked question with similar words and the same answer."""
    pairs = similar_pairs([question.text for question in fresh], [question.text for question in known], SAME_FACT)
    for i, j, _ in pairs:
        if same_answers(fresh[i], known[j]):
            yield [fresh[i], known[j]]
