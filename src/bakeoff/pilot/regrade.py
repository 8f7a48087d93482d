"""New accepted answers for a finished run. Its answers are graded again, without a model.

Takes a run folder and question files. Replaces the accepted answers of the test questions, keeps a copy of the former
ones, scores, compares, judges and writes the report. Split and fact of a question do not change. Training and dev
questions do not change either, because the models were trained and calibrated with them.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from bakeoff.errors import InputError
from bakeoff.files import jsonl
from bakeoff.measure.graded import UNSURE
from bakeoff.measure.score import values_of
from bakeoff.pilot.judging import judge_run
from bakeoff.questions import read_questions
from bakeoff.questions.naming import named_by, shortened
from bakeoff.records import Question, Record
from bakeoff.runs.folder import RunFolder, write_record
from bakeoff.runs.labels import set_labels_aside
from bakeoff.runs.own import measures_of
from bakeoff.sentences import first_few

GRADED_AGAIN = "Graded again"
ELSEWHERE = ("changed", "general")
"""Slices whose questions are in files of their own: those about updates, and those of general knowledge."""


class NewAnswers(Record):
    """One question's accepted answers and kind before and after."""

    id: str
    text: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    kind_before: str = ""
    kind_after: str = ""


class NewGrades(Record):
    """One contender's accuracy before and after, and the questions whose grade changed."""

    before: float | None
    after: float | None
    now_correct: tuple[str, ...] = ()
    now_wrong: tuple[str, ...] = ()
    now_unsure: tuple[str, ...] = ()


class Regraded(Record):
    """What changed: the questions with new accepted answers, and each contender's accuracy and grades.

    `not_used` counts training and dev questions whose answers differ too. `set_aside` counts the answers whose labels
    were set aside, because they were given by the former accepted answers. `copy_path` is the file with the former
    questions, empty if none changed.
    """

    questions: tuple[NewAnswers, ...]
    contenders: dict[str, NewGrades]
    not_used: int = 0
    set_aside: int = 0
    copy_path: str = ""


Grades = Mapping[str, Mapping[str, float]]


def regrade(folder: RunFolder, paths: Sequence[Path], updates: Sequence[Path] = ()) -> Regraded:
    """Replaces the accepted answers of a finished run by those in these files, and judges the run again.

    Questions are matched by id, else by their exact text. Questions about updates (`changed`) are matched only with the
    files of `updates`; without such files they keep their answers. Questions of general knowledge always keep theirs.
    Raises InputError if a test question is missing in the files or has another text there, and RunFolderError if the
    run is not finished or another process is using it. In these cases nothing is changed.
    """
    config = folder.config()
    folder.require(folder.comparison_path, folder.scores_path, folder.splits_path, folder.data_path)
    own = measures_of(config, folder)
    given = read_questions(paths, config.columns)
    given_updates = read_questions(updates, config.columns) if updates else []
    with folder.lock():
        former, before = folder.questions(), folder.comparison()
        questions, not_used = replaced(former, given, given_updates)
        grades = _grades(folder)
        changed = _changed(former, questions)
        copy = _keep(folder, former) if changed else None
        jsonl.write(folder.splits_path, questions)
        set_aside = set_labels_aside(folder, {question.id for question in changed})
        if changed:
            _note(folder, changed, copy, set_aside)
        judge_run(folder, config.profile, before.entrants, before.skipped, own)
        accuracies = [comparison.values("accuracy") for comparison in (before, folder.comparison())]
        return Regraded(
            questions=tuple(changed),
            contenders=_new_grades(grades, _grades(folder), *accuracies),
            not_used=not_used,
            set_aside=set_aside,
            copy_path=str(copy or ""),
        )


def replaced(
    former: Sequence[Question], given: Sequence[Question], given_updates: Sequence[Question] = ()
) -> tuple[list[Question], int]:
    """The former questions, in order, with new answers for test questions; and the number of others that differ.

    Raises InputError if a test question is missing among the given ones, or has another text there.
    """
    matched = _matched(former, given, given_updates)
    tested = [question for question in former if question.split == "test"]
    missing = [question for question in tested if matched[question.id] is None and question.slice not in ELSEWHERE]
    if missing:
        raise InputError(
            f"{len(missing)} test questions are not in these files: "
            f"{first_few([f'{question.id} ({shortened(question.text)})' for question in missing])}.",
            "give every question file of the run, with the ids and texts it was run with",
        )
    reworded = [
        (question, other)
        for question in tested
        if (other := matched[question.id]) is not None and other.text != question.text
    ]
    if reworded:
        texts = [
            f"{question.id} ({shortened(question.text)} -> {shortened(other.text)})" for question, other in reworded
        ]
        raise InputError(
            f"{len(reworded)} test questions have another text in these files: {first_few(texts)}.",
            "restore their texts, or run the pilot again: the existing answers are to the former questions",
        )
    trained = {question.fact for question in former if question.split == "train" and question.slice != "changed"}
    new = [
        _with_answers(question, matched[question.id], trained) if question.split == "test" else question
        for question in former
    ]
    others = [question for question in former if question.split != "test"]
    return new, sum(_differs(question, matched[question.id]) for question in others)


def _matched(
    former: Sequence[Question], given: Sequence[Question], given_updates: Sequence[Question]
) -> dict[str, Question | None]:
    """For each former question, by id, the given one. Questions of general knowledge have none."""
    main, changed = (
        ({question.id: question for question in questions}, {question.text: question for question in questions})
        for questions in (given, given_updates)
    )
    matched: dict[str, Question | None] = {}
    for question in former:
        by_id, by_text = changed if question.slice == "changed" else main
        match = by_id.get(question.id) or by_text.get(question.text)
        matched[question.id] = None if question.slice == "general" else match
    return matched


def _with_answers(question: Question, given: Question | None, trained: set[str]) -> Question:
    """The question with the given answers and kind. If it becomes (un)answerable, its slice changes too."""
    if given is None or not _differs(question, given):
        return question
    new = question.model_copy(update={"answers": given.answers, "kind": given.kind})
    if question.answerable == new.answerable or question.slice in ELSEWHERE:
        return new
    unanswerable = not new.answerable
    name = "unanswerable" if unanswerable else "seen" if question.fact in trained else "unseen"
    return new.model_copy(update={"slice": name})


def _differs(question: Question, given: Question | None) -> bool:
    return given is not None and (given.answers, given.kind) != (question.answers, question.kind)


def _changed(former: Sequence[Question], questions: Sequence[Question]) -> list[NewAnswers]:
    return [
        NewAnswers(id=a.id, text=a.text, before=a.answers, after=b.answers, kind_before=a.kind, kind_after=b.kind)
        for a, b in zip(former, questions, strict=True)
        if a != b
    ]


def _keep(folder: RunFolder, former: Sequence[Question]) -> Path:
    """Writes the former questions next to the new ones, under the first free number."""
    number = 1
    while (path := folder.splits_path.with_name(f"splits.{number}.jsonl")).exists():
        number += 1
    jsonl.write(path, former)
    return path


def _note(folder: RunFolder, changed: Sequence[NewAnswers], copy: Path | None, set_aside: int) -> None:
    """Adds a warning to the data, so that every report says that the run was graded again."""
    data = folder.data()
    shown = first_few([named_by(question.id, question.text) for question in changed])
    line = (
        f"{GRADED_AGAIN} on {date.today().isoformat()} with other accepted answers for {len(changed)} test questions: "
        f"{shown}. The former ones are in {copy.name if copy else ''}."
    )
    if set_aside:
        line += f" {aside_line(set_aside)}"
    write_record(folder.data_path, data.model_copy(update={"warnings": (*data.warnings, line)}))


def aside_line(n_answers: int) -> str:
    """That labels do not count any more, and what to do."""
    answers = "1 answer" if n_answers == 1 else f"{n_answers} answers"
    return f"The labels of {answers} to them were set aside: label them again (bakeoff label RUN)."


def regraded_notes(folder: RunFolder) -> list[str]:
    """The warnings that grading again added to the data of a run."""
    return [line for line in folder.data().warnings if line.startswith(GRADED_AGAIN)]


def _grades(folder: RunFolder) -> Grades:
    return {name: dict(values.get("correct", {})) for name, values in values_of(folder.scores()).items()}


def _new_grades(
    before: Grades, after: Grades, accuracy_before: Mapping[str, float], accuracy_after: Mapping[str, float]
) -> dict[str, NewGrades]:
    changed = {
        name: {key: value for key, value in grades.items() if value != before.get(name, {}).get(key, value)}
        for name, grades in after.items()
    }
    return {
        name: NewGrades(
            before=accuracy_before.get(name),
            after=accuracy_after.get(name),
            now_correct=_with_value(changed[name], 1.0),
            now_wrong=_with_value(changed[name], 0.0),
            now_unsure=_with_value(changed[name], UNSURE),
        )
        for name in after
    }


def _with_value(grades: Mapping[str, float], wanted: float) -> tuple[str, ...]:
    return tuple(key for key, value in grades.items() if value == wanted)
