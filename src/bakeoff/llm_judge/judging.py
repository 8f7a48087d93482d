"""Judges answers with a model: key points first, then one prompt for each answer, each result at once on the disk.

Takes cases and a session with a model (`Asking`), appends to judge.jsonl, writes key_points.csv. What is judged already
is not asked again, so a stopped run continues. Knows no run folder and no configuration.
"""

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bakeoff.files import jsonl
from bakeoff.llm_judge.asking import Asked, Asking, Form
from bakeoff.llm_judge.cases import Case
from bakeoff.llm_judge.key_points import (
    By,
    KeyPoints,
    key_of,
    known_points,
    read_key_points,
    whole_answer,
    write_key_points,
)
from bakeoff.llm_judge.prompts import findings_of, key_points_prompt, points_of, verdict_lines, verdict_prompt
from bakeoff.llm_judge.records import Findings, Judged, Purpose
from bakeoff.measure.labels import Unit
from bakeoff.models.batching import at_once
from bakeoff.models.spending.ledger import settle
from bakeoff.records import Prompt, Question

POINT_LINES = "- a claim"
NO_POINTS: By = "accepted answer, because the model gave none"
Progress = Callable[[int, int], None]


@dataclass
class Bench:
    """What judging needs: a session, the judge's fingerprint, the files, the questions, and their evidence.

    `points` are the key points by question id, as far as they are known.
    """

    asking: Asking
    judge: str
    judged_path: Path
    points_path: Path
    questions: Sequence[Question]
    evidence: Callable[[Question], str]
    long_from: int
    points: dict[str, KeyPoints] = field(default_factory=dict)

    def read_points(self) -> None:
        """Reads key_points.csv again. Raises InputError for broken rows."""
        self.points = read_key_points(self.points_path, self.questions)

    def key(self, question: Question, text: str) -> str:
        """The fingerprint of one answer to judge, once its key points are known."""
        return key_of(self.judge, question, self.points[question.id].points, text)

    def prompt(self, question: Question, text: str) -> Prompt:
        points = self.points[question.id].points
        return verdict_prompt(question, points, self.evidence(question), text)

    def append(self, lines: Sequence[Judged]) -> None:
        if lines:
            jsonl.append(self.judged_path, lines)


def judge_cases(
    bench: Bench, cases: Sequence[Case], first: Collection[Unit], seed: int, most: int | None, progress: Progress
) -> None:
    """Judges the cases that have no verdict yet: questions of `first` first, then the others in an order by the seed.

    All answers to a question are judged together, so that a budget that ends early is fair to every contender. `most`
    is how many answers may be judged in the run, with those judged before (None: all).
    """
    done = latest(jsonl.read(bench.judged_path, Judged), "grade")
    room = len(cases) if most is None else most - sum(line.judge == bench.judge for line in done.values())
    n_done = 0
    for batches in at_once(_batches(in_order(cases, first, seed), bench.asking.batch_size), bench.asking.n_batches):
        progress(n_done, len(cases))
        take_points(bench, [list({case.question.id: case.question for case in batch}.values()) for batch in batches])
        judged = []
        for batch in batches:
            ready = [case for case in batch if case.question.id in bench.points]
            waiting = [case for case in ready if bench.key(case.question, case.text) not in done]
            judged.append([(case.question, case.text) for case in waiting[: max(0, room)]])
            n_done, room = n_done + len(batch), room - len(waiting)
        judge_texts(bench, judged, "grade")
        if room < 0 and not bench.asking.stopped:
            bench.asking.stopped = f"The judge stopped after {most} answers: grading.budget_answers allows no more."
        if bench.asking.stopped:
            break
    progress(len(cases), len(cases))


def in_order(cases: Sequence[Case], first: Collection[Unit], seed: int) -> list[Case]:
    """The cases question by question: those with a unit in `first`, then the others, both in an order by the seed."""
    by_question: dict[str, list[Case]] = {}
    for case in cases:
        by_question.setdefault(case.question.id, []).append(case)
    ids = list(by_question)
    random.Random(seed).shuffle(ids)
    wanted = {unit.question_id for unit in first}
    return [case for name in sorted(ids, key=lambda name: name not in wanted) for case in by_question[name]]


def _batches(cases: Sequence[Case], size: int) -> Iterator[list[Case]]:
    """Batches of about this size; the answers to one question are not separated."""
    batch: list[Case] = []
    for case in cases:
        if len(batch) >= size and batch[-1].question.id != case.question.id:
            yield batch
            batch = []
        batch.append(case)
    if batch:
        yield batch


def take_points(bench: Bench, batches: Sequence[Sequence[Question]]) -> None:
    """Finds the key points of these batches of questions, of long accepted answers by the model, and writes the file.

    Where the model's list cannot be read, the whole accepted answer is the key point. Where the model fails, there are
    none yet.
    """
    waiting = [question for batch in batches for question in batch if question.id not in bench.points]
    if not waiting:
        return
    for question in waiting:
        if points := known_points(question, bench.long_from):
            bench.points[question.id] = points
    by_model = [[question for question in batch if question.id not in bench.points] for batch in batches]
    form = Form(points_of, POINT_LINES)
    all_outcomes = bench.asking.ask_batches(
        [([key_points_prompt(question) for question in batch], [form] * len(batch)) for batch in by_model]
    )
    for batch, outcomes in zip(by_model, all_outcomes, strict=True):
        for question, outcome in zip(batch, outcomes, strict=False):
            if outcome.value:
                bench.points[question.id] = KeyPoints(points=outcome.value, by="model")
            elif outcome.reply:
                bench.points[question.id] = whole_answer(question, NO_POINTS)
        bench.append([_points_line(bench, question, asked) for question, asked in zip(batch, outcomes, strict=False)])
    write_key_points(bench.points_path, bench.questions, bench.points)
    settle()


def _points_line(bench: Bench, question: Question, asked: Asked[tuple[str, ...]]) -> Judged:
    return _line(bench, question, "", "key points", key_of(bench.judge, question, (), ""), asked)


def judge_texts(bench: Bench, batches: Sequence[Sequence[tuple[Question, str]]], purpose: Purpose) -> None:
    """Judges these batches of answers, whose key points are known, and appends one line for each that was asked."""
    prompts = [[bench.prompt(question, text) for question, text in texts] for texts in batches]
    forms = [[verdict_form(len(bench.points[question.id].points)) for question, _ in texts] for texts in batches]
    outcomes = bench.asking.ask_batches(list(zip(prompts, forms, strict=True)))
    bench.append(
        [
            _verdict_line(bench, question, text, purpose, asked)
            for texts, one in zip(batches, outcomes, strict=True)
            for (question, text), asked in zip(texts, one, strict=False)
        ]
    )
    settle()


def verdict_form(n_points: int) -> Form[Findings]:
    """How a verdict on so many key points is read."""
    return Form(lambda reply: findings_of(reply, n_points), verdict_lines(n_points))


def _verdict_line(bench: Bench, question: Question, text: str, purpose: Purpose, asked: Asked[Findings]) -> Judged:
    line = _line(bench, question, text, purpose, bench.key(question, text), asked)
    if asked.value is None:
        return line
    return line.model_copy(
        update={"findings": asked.value, "verdict": asked.value.verdict(answerable=question.answerable)}
    )


def _line(bench: Bench, question: Question, text: str, purpose: Purpose, key: str, asked: Asked) -> Judged:
    return Judged(
        question_id=question.id,
        text=text,
        purpose=purpose,
        judge=bench.judge,
        key=key,
        usage=asked.usage,
        usd=asked.usd,
        error=asked.error,
        reply=asked.reply[:300] if asked.error else "",
        at=datetime.now(UTC),
    )


def judge_again(bench: Bench, cases: Sequence[Case], n: int, seed: int) -> None:
    """Judges judged answers a second time, drawn at random, until n of the run are."""
    lines = jsonl.read(bench.judged_path, Judged)
    graded, repeated = latest(lines, "grade"), latest(lines, "repeat")
    known = [case for case in cases if case.question.id in bench.points]
    keys = {bench.key(case.question, case.text): case for case in known}
    eligible = sorted(key for key in keys if key in graded)
    random.Random(seed).shuffle(eligible)
    n_missing = max(0, n - sum(key in repeated for key in eligible))
    waiting = [keys[key] for key in eligible if key not in repeated][:n_missing]
    batches = at_once([(case.question, case.text) for case in waiting], bench.asking.batch_size)
    for some in at_once(batches, bench.asking.n_batches):
        judge_texts(bench, some, "repeat")


def latest(lines: Iterable[Judged], purpose: Purpose) -> dict[str, Judged]:
    """The last line with a verdict for each key, of those with this purpose."""
    return {line.key: line for line in lines if line.purpose == purpose and line.verdict is not None}
