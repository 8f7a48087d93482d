"""What differs between two runs: documents, questions, settings, environment, results.

Takes two run folders, the older first; gives one frozen record. Needs no model. Results are compared in
`diff_results.py`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from bakeoff.corpus.store import content_hash
from bakeoff.corpus.stores import has_store
from bakeoff.questions.naming import MADE
from bakeoff.records import Question, Record
from bakeoff.runs.diff_results import ResultsDiff, results_diff
from bakeoff.runs.documents import run_store
from bakeoff.runs.environment import BEGUN
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.run import Run

NOT_SETTINGS = ("name",)
NOT_ENVIRONMENT = (BEGUN, "data_sha256", "peak_memory_bytes")
"""Shown elsewhere (the data), or different in each run."""


class Change(Record):
    """One value before and after. None if it did not exist."""

    before: Any = None
    after: Any = None


class SetDiff(Record):
    """What is in only one of two sets, and what is in both but differs. Counts are of the whole sets."""

    n_before: int
    n_after: int
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        return bool(self.added or self.removed or self.changed)


class QuestionsDiff(Record):
    """What differs between the questions of two runs, by id. `counts` are numbers of questions by split.

    `same_test`: both have the same test questions, with the same texts and accepted answers.
    """

    questions: SetDiff
    new_texts: tuple[str, ...] = ()
    new_answers: tuple[str, ...] = ()
    new_splits: tuple[str, ...] = ()
    counts: dict[str, Change]
    same_test: bool


class RunDiff(Record):
    """Everything that differs between run `before` and run `after`. `documents` are by source, the rest by dotted key.

    `documents` is None if one of the runs no longer has its document store. `same_data`: both read the same files, and
    neither has been regraded with other accepted answers. `texts` are those of questions without an id in their file.
    """

    before: str
    after: str
    same_data: bool
    documents: SetDiff | None
    questions: QuestionsDiff
    settings: dict[str, Change]
    environment: dict[str, Change]
    results: ResultsDiff
    texts: dict[str, str] = Field(default_factory=dict)


def diff_runs(before: Run, after: Run) -> RunDiff:
    """What differs between two finished runs. Raises RunFolderError if a file of either is missing or broken."""
    a, b = before.folder, after.folder
    hashes = [folder.read_json(folder.environment_path).get("data_sha256") for folder in (a, b)]
    asked = [*b.questions(), *a.questions()]
    questions, results = questions_diff(a.questions(), b.questions()), results_diff(a, b)
    mentioned = _mentioned(questions, results)
    return RunDiff(
        before=str(a.root),
        after=str(b.root),
        same_data=hashes[0] == hashes[1] and hashes[0] is not None and not questions.questions.any,
        documents=_documents(a, b),
        questions=questions,
        settings=_changes(_settings(a), _settings(b), NOT_SETTINGS),
        environment=_changes(a.read_json(a.environment_path), b.read_json(b.environment_path), NOT_ENVIRONMENT),
        results=results,
        texts={key: text for key, text in _texts(asked).items() if key in mentioned},
    )


def _texts(questions: Sequence[Question]) -> dict[str, str]:
    """The texts of the questions whose id was made, by id."""
    return {question.id: question.text for question in questions if MADE.fullmatch(question.id)}


def _mentioned(questions: QuestionsDiff, results: ResultsDiff) -> set[str]:
    """The ids of all questions that a difference names."""
    sets = questions.questions
    graded = [key for contender in results.contenders.values() for key in (*contender.better, *contender.worse)]
    renewed = (*questions.new_texts, *questions.new_answers, *questions.new_splits)
    return {*sets.added, *sets.removed, *sets.changed, *renewed, *graded}


def _settings(folder: RunFolder) -> dict[str, Any]:
    """The run's settings, with what won its races, the races themselves, and the profile of its last verdict."""
    settings = folder.config().model_dump(mode="json")
    settings["race"] = folder.begun_config().model_dump(mode="json")["race"]
    if folder.verdict_path.exists():
        settings["profile"] = folder.read_json(folder.verdict_path)["profile"]
    return settings


def questions_diff(before: list[Question], after: list[Question]) -> QuestionsDiff:
    """What differs between two lists of questions, matched by id."""
    a, b = ({question.id: question for question in questions} for questions in (before, after))
    both = [key for key in a if key in b]
    splits = sorted({str(question.split) for question in (*before, *after)})
    counted = [Counter(str(question.split) for question in questions) for questions in (before, after)]
    tested = [
        {key: _asked(question) for key, question in by_id.items() if question.split == "test"} for by_id in (a, b)
    ]
    return QuestionsDiff(
        questions=_set_diff(*({key: _content(question) for key, question in by_id.items()} for by_id in (a, b))),
        new_texts=tuple(key for key in both if a[key].text != b[key].text),
        new_answers=tuple(key for key in both if _answers(a[key]) != _answers(b[key])),
        new_splits=tuple(key for key in both if (a[key].split, a[key].slice) != (b[key].split, b[key].slice)),
        counts={split: Change(before=counted[0][split], after=counted[1][split]) for split in splits},
        same_test=tested[0] == tested[1],
    )


def _answers(question: Question) -> tuple[frozenset[str], str]:
    return frozenset(question.answers), question.kind


def _asked(question: Question) -> tuple[Any, ...]:
    return question.text, *_answers(question)


def _content(question: Question) -> tuple[Any, ...]:
    return *_asked(question), question.split, question.slice


def _documents(a: RunFolder, b: RunFolder) -> SetDiff | None:
    folders = (a, b)
    if not all(has_store(folder.world) for folder in folders):
        return None
    hashes = []
    for folder in folders:
        with run_store(folder) as store:
            hashes.append({document.source: content_hash(document) for document in store.documents()})
    return _set_diff(*hashes)


def _set_diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> SetDiff:
    return SetDiff(
        n_before=len(before),
        n_after=len(after),
        added=tuple(key for key in after if key not in before),
        removed=tuple(key for key in before if key not in after),
        changed=tuple(key for key in before if key in after and before[key] != after[key]),
    )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any], left_out: tuple[str, ...]) -> dict[str, Change]:
    """The dotted keys whose values differ, in the order of the keys. None stands for a missing key."""
    a, b = ({key: value for key, value in values.items() if key not in left_out} for values in (before, after))
    flat_a, flat_b = dict(_flat(a)), dict(_flat(b))
    return {
        key: Change(before=flat_a.get(key), after=flat_b.get(key))
        for key in dict.fromkeys([*flat_a, *flat_b])
        if flat_a.get(key) != flat_b.get(key)
    }


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
