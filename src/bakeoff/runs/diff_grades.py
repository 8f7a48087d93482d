"""The graded test answers of a run, for a comparison with another run: scores, labels, and who graded.

Takes run folders, gives values per question and sentences. The same answer (text, and declined or not) of two runs is
right or wrong in both, whatever grades and labels say, so it is no difference. Asks no model.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bakeoff.measure.graded import UNSURE, Graded, Ranged, Values, combined
from bakeoff.measure.labelled import NO_LABELS, Labelled, Labels, labelled
from bakeoff.measure.ppi import Pseudo
from bakeoff.measure.ppi_intervals import Facts, Table, Term, differences, table_of
from bakeoff.measure.score import values_of
from bakeoff.records import Answer, Question
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.labels import labels_of

SAME_ANSWER = Term(0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class GradedRun:
    """The test answers of a run with the rules' scores (contender -> score -> question id -> value).

    `labels` are those of people, with the verdicts of a judge model that count.
    """

    questions: Sequence[Question]
    answers: Mapping[str, Mapping[str, Answer]]
    scores: Mapping[str, Mapping[str, Values]]
    labels: Labels = NO_LABELS

    @cached_property
    def labelled(self) -> Labelled:
        """The values that measures rest on: corrected by labels if there are enough."""
        return self._labelled(self.labels)

    @cached_property
    def decided(self) -> Labelled:
        """The value of each single answer: its label, or else the judge's verdict, or else the rules' grade."""
        return self._labelled(replace(self.labels, sample=NO_LABELS.sample))

    def _labelled(self, labels: Labels) -> Labelled:
        answers = {name: tuple(given.values()) for name, given in self.answers.items()}
        return labelled(self.questions, answers, self.scores, labels)

    def decided_values(self, name: str) -> Values:
        """1, 0 or UNSURE for each question whose answer did not fail: whether the answer is correct."""
        return self.decided.values.get(name, {}).get("correct", {})

    def pseudos(self, name: str, score: str, keys: Collection[str]) -> dict[str, Pseudo]:
        """The corrected values of these questions; the others as they are."""
        corrected = self.labelled.corrected.get(score)
        if corrected is not None:
            return {key: pseudo for key, pseudo in corrected.pseudos.get(name, {}).items() if key in keys}
        of = self.labelled.graded(name, score, keys)
        return {key: Pseudo(value, value, doubt=of.half(key)) for key, value in of.values.items()}


def graded_run(folder: RunFolder, names: Iterable[str]) -> GradedRun:
    """The test answers of these contenders. Raises RunFolderError if a file is broken, and as `labels_of` does."""
    questions = [question for question in folder.questions() if question.split == "test"]
    names, tested = list(names), values_of(folder.scores())
    return GradedRun(
        questions,
        {name: {answer.question_id: answer for answer in folder.answers(name)} for name in names},
        {name: tested.get(name, {}) for name in names},
        labels_of(folder),
    )


def same_answers(before: GradedRun, after: GradedRun, name: str, shared: Iterable[str]) -> set[str]:
    """The ids of the shared questions to which the contender gave the same answer in both runs."""
    a, b = before.answers.get(name, {}), after.answers.get(name, {})
    return {key for key in shared if key in a and key in b and _content(a[key]) == _content(b[key])}


def never_differs(before: GradedRun, after: GradedRun, name: str, shared: Iterable[str]) -> bool:
    """Whether the contender gave the same answer in both runs to every shared question that either run answered."""
    answered = {key for key in shared if any(key in run.answers.get(name, {}) for run in (before, after))}
    return bool(answered) and same_answers(before, after, name, answered) == answered


def _content(answer: Answer) -> tuple[str, bool, bool]:
    return answer.text.strip(), answer.abstained, answer.error is None


def changed_grades(before: GradedRun, after: GradedRun, name: str, shared: Sequence[str]) -> dict[str, float]:
    """1 for each shared question that another answer made right, -1 for each that it made wrong.

    Answers that are unsure in one of the runs are left out: it is not known whether anything changed.
    """
    a, b = before.decided_values(name), after.decided_values(name)
    same = same_answers(before, after, name, shared)
    known = [key for key in shared if key not in same and key in a and key in b and UNSURE not in (a[key], b[key])]
    return {key: b[key] - a[key] for key in known if a[key] != b[key]}


def is_corrected(*runs: GradedRun) -> bool:
    """Whether one of the runs has enough labels to correct its grades."""
    return any(run.labels.is_enough for run in runs)


def graded_differences(before: GradedRun, after: GradedRun, name: str, score: str, shared: Collection[str]) -> Ranged:
    """After minus before for each shared question, if labels correct neither."""
    same = same_answers(before, after, name, shared)
    a, b = (_without(run.labelled.graded(name, score, shared), same) for run in (before, after))
    return combined([(1.0, b), (-1.0, a)])


def _without(of: Graded, same: Collection[str]) -> Graded:
    """With 0 for the answers that are the same in both runs: their difference is known."""
    values = {key: 0.0 if key in same else value for key, value in of.values.items()}
    return Graded(values, {key: text for key, text in of.unsure.items() if key not in same}, of.reach)


def corrected_differences(before: GradedRun, after: GradedRun, name: str, score: str, fact_of: Facts) -> Table | None:
    """After minus before for each question of `fact_of`, with what labels leave open. None if there is no question.

    The labels of the two runs were drawn independently of each other, so their variances are added.
    """
    a, b = (run.pseudos(name, score, fact_of.keys()) for run in (before, after))
    same = same_answers(before, after, name, fact_of)
    terms = {key: SAME_ANSWER if key in same else term for key, term in differences(b, a).items()}
    n_labels = min(run.labels.n_weighted for run in (before, after) if run.labels.is_enough)
    return table_of(terms, fact_of, n_labels) if terms else None


def grading_note(before: GradedRun, after: GradedRun, names: Iterable[str], shared: Sequence[str]) -> str:
    """What differs between how the two runs were graded; empty if nothing does."""
    notes = []
    if before.labels.verdicts != after.labels.verdicts:
        n = [len(run.labels.verdicts) for run in (before, after)]
        notes.append(f"answers labelled by people: {n[0]} before, {n[1]} after")
    if before.labels.judged != after.labels.judged:
        n = [len(run.labels.judged) for run in (before, after)]
        notes.append(f"answers graded by a judge model: {n[0]} before, {n[1]} after")
    n_regraded = sum(
        before.scores[name]["correct"].get(key) != after.scores[name]["correct"].get(key)
        for name in names
        if "correct" in before.scores[name] and "correct" in after.scores[name]
        for key in same_answers(before, after, name, shared)
    )
    if n_regraded:
        notes.append(f"equal answers that the rules graded differently: {n_regraded}")
    return f"The two runs were not graded alike: {'; '.join(notes)}." if notes else ""
