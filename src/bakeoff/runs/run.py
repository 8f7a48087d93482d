"""A run on the disk as an object: what it measured, and its contenders, ready to answer more questions.

Takes a run folder, gives measures, answers and contenders. Loads no model until a question is asked. Does not know how
a pilot is run or a report is written.
"""

import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bakeoff.errors import ConfigError, MissingExtraError, RunFolderError
from bakeoff.files.did_you_mean import closest, unknown
from bakeoff.measure.comparison import Comparison
from bakeoff.measure.graded import UNSURE
from bakeoff.models.spending.rows import Spending
from bakeoff.records import Answer, Question, Record, ask
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.results import read_outcome
from bakeoff.sentences import one_of

if TYPE_CHECKING:
    import pandas as pd

LIST_RUNS = "list the existing runs with: bakeoff runs"


class Choice(Record):
    """The contender that answers if none is named, and the reason for this choice."""

    contender: str
    reason: str


class Run:
    """A finished (or half-finished) run: its folder, its comparison, its contenders."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._opened: dict[str, Any] = {}

    @property
    def comparison(self) -> Comparison:
        """Everything that was measured. Raises RunFolderError if nothing was compared yet."""
        return self.folder.comparison()

    @property
    def report(self) -> Path:
        return self.folder.report_path

    @property
    def contenders(self) -> tuple[str, ...]:
        """The names of the measured contenders."""
        return self.comparison.names

    @property
    def spending(self) -> Spending | None:
        """What the run has spent on paid models, by contender and role; None if it paid for none."""
        return self.folder.spending()

    @property
    def best(self) -> Choice:
        """The verdict's winner. If there is none, the most accurate contender within the profile's limits.

        Raises RunFolderError if there is none; then you must name one.
        """
        verdict = read_outcome(self.folder)
        if verdict.winner:
            return Choice(contender=verdict.winner, reason="the winner of the verdict")
        accuracies = self.comparison.values("accuracy")
        allowed = {name: value for name, value in accuracies.items() if name not in verdict.excluded}
        if not allowed:
            raise RunFolderError(
                f"No measured contender of {self.folder.root} is within the profile's limits, so none can be chosen.",
                f"name one: {', '.join(self.contenders)}",
            )
        name = max(allowed, key=lambda contender: allowed[contender])
        best = max(accuracies, key=lambda contender: accuracies[contender])
        what = f"the most accurate ({allowed[name]:.0%})"
        if accuracies[best] > allowed[name]:
            what = (
                f"the most accurate that keeps the profile's needs and limits ({allowed[name]:.0%}; {best} has "
                f"{accuracies[best]:.0%} and does not keep them)"
            )
        return Choice(contender=name, reason=f"{what}; the verdict has no winner")

    def measure(self, contender: str, measure: str) -> float | None:
        """One contender's value of one measure; None if not measured. Raises RunFolderError for an unknown name."""
        comparison = self.comparison
        known = sorted({name for measures in comparison.measures.values() for name in measures})
        if measure not in known:
            raise RunFolderError(unknown("measure", measure, known) + ".", f"name {one_of(known)}")
        return comparison.estimate(self.check_contender(contender), measure).value

    def answers(self, contender: str) -> list[Answer]:
        """The contender's answers to the test questions."""
        return self.folder.answers(contender)

    def open(self, contender: str) -> Any:
        """The contender as it was measured, ready to answer more questions.

        Raises RunFolderError if the weights of a model that it uses are not those that it was measured with, or if its
        documents or its index are gone.
        """
        from bakeoff.contenders.world import WorldFolder
        from bakeoff.runs.documents import check_run_store

        config, sums = self.folder.config(), self.folder.model_sums()
        world = WorldFolder(self.folder.world, config.models, config.imports_from, sums=sums)
        check_run_store(self.folder)
        opened = world.open(contender)
        world.check_indexes()
        return opened

    def ask(self, question: str, contender: str | None = None) -> Answer:
        """One answer, from the named contender or the `best` one. `Answer.contender` says which.

        `latency_ms` is the wall time. If an engine fails, the answer holds its `error`. Raises ConfigError for an empty
        question, RunFolderError for a contender that is not in the run.
        """
        from bakeoff.measure.collect import ask as ask_contender

        asked, opened = _question(question), self._ready(contender)
        begun = time.perf_counter()
        answer = ask_contender(opened, [asked])[0]
        return answer.model_copy(update={"latency_ms": 1000 * (time.perf_counter() - begun)})

    def stream(self, question: str, contender: str | None = None) -> Iterator[str | Answer]:
        """The pieces of the text as they are written, then the whole Answer as the last item. Otherwise as `ask`.

        A contender that cannot stream gives its text in one piece. If it declines, no text is given.
        """
        from bakeoff.contenders.streaming import stream_of
        from bakeoff.measure.collect import ANSWERING_ERRORS

        asked, opened = _question(question), self._ready(contender)
        begun = time.perf_counter()
        try:
            for item in stream_of(opened, asked):
                if isinstance(item, Answer):
                    yield item.model_copy(update={"latency_ms": 1000 * (time.perf_counter() - begun)})
                else:
                    yield item
        except ANSWERING_ERRORS as error:
            message = f"{type(error).__name__}: {' '.join(str(error).split())}"
            yield Answer(question_id=asked.id, contender=opened.name, error=message)

    def to_pandas(self) -> "pd.DataFrame":
        """One row for each contender and test question: text, outcome, scores, time and tokens.

        `outcome` is 'correct', 'wrong', 'unsure', 'declined' or 'error'. Every score has its own column. Raises
        MissingExtraError without pandas.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingExtraError("A table of answers", "pandas", "pandas") from error
        return pd.DataFrame(list(self._rows()))

    def _rows(self) -> Iterator[dict[str, Any]]:
        scores: dict[tuple[str, str], dict[str, float | None]] = {}
        for score in self.folder.scores():
            if score.phase == "test":
                scores.setdefault((score.contender, score.question_id), {})[score.measure] = score.value
        questions = {question.id: question for question in self.folder.questions() if question.split == "test"}
        for contender in self.contenders:
            for answer in self.answers(contender):
                yield _row(questions[answer.question_id], answer, scores.get((contender, answer.question_id), {}))

    def check_contender(self, contender: str) -> str:
        """The name, if the run measured a contender of this name. Raises RunFolderError otherwise."""
        if contender not in self.contenders:
            meant = closest(contender, self.contenders)
            raise RunFolderError(
                f"There is no contender '{contender}' in {self.folder.root}."
                + (f" Did you mean '{meant}'?" if meant else ""),
                f"name {one_of(self.contenders)}",
            )
        return contender

    def _ready(self, contender: str | None) -> Any:
        """The contender, opened once."""
        name = self.check_contender(contender) if contender else self.best.contender
        if name not in self._opened:
            self._opened[name] = self.open(name)
        return self._opened[name]


def open_run(path: Path | str, runs: Path | str = "runs") -> Run:
    """A finished run, by the path of its folder or by its name in `runs`.

    Raises RunFolderError if it does not exist, is not finished, or was written by another version in another format.
    """
    folder = RunFolder(find_run(path, runs))
    folder.config()
    folder.require(folder.environment_path, folder.splits_path, folder.comparison_path)
    return Run(folder)


def find_run(path: Path | str, runs: Path | str = "runs") -> Path:
    """The folder for a path or a name. Raises RunFolderError if neither exists."""
    given, below = Path(path), Path(runs) / path
    if given.is_dir() and ((given / "config.yaml").exists() or not below.is_dir()):
        return given
    if below.is_dir():
        return below
    known = [folder.name for folder in Path(runs).iterdir()] if Path(runs).is_dir() else []
    meant = closest(given.name, known)
    is_path = given.is_absolute() or given.parts[: len(Path(runs).parts)] == Path(runs).parts
    looked = f"{given} does not exist" if is_path else f"neither {given} nor {below} exists"
    raise RunFolderError(
        f"There is no run '{path}': {looked}." + (f" Did you mean '{meant}'?" if meant else ""),
        LIST_RUNS if Path(runs) == Path("runs") else f"{LIST_RUNS} --runs {shlex.quote(str(runs))}",
    )


def _question(text: str) -> Question:
    if not text.strip():
        raise ConfigError("The question is empty.", "give it as text, such as: bakeoff ask RUN 'How long ...?'")
    return ask(text.strip())


def _row(question: Question, answer: Answer, scores: dict[str, float | None]) -> dict[str, Any]:
    return {
        "contender": answer.contender,
        "question_id": question.id,
        "question": question.text,
        "accepted": list(question.answers),
        "kind": question.kind,
        "slice": question.slice,
        "fact": question.fact,
        "asked": question.asked,
        "text": answer.text,
        "outcome": _outcome(answer, scores.get("correct")),
        "route": answer.route,
        "confidence": answer.confidence,
        "error_message": answer.error,
        "seconds": answer.usage.seconds,
        "prompt_tokens": answer.usage.prompt_tokens,
        "completion_tokens": answer.usage.completion_tokens,
        **scores,
    }


def _outcome(answer: Answer, correct: float | None) -> str:
    if answer.error is not None:
        return "error"
    if correct is None:
        return "unscored"
    if correct == UNSURE:
        return "unsure"
    return "correct" if correct else "declined" if answer.abstained else "wrong"
