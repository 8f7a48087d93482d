"""Canaries: answers that are judged in every run of a pilot, to see whether the judge has changed.

Takes the file of the pilot's canaries and a session with the model. The prompts are kept as they were sent first, so
that only the judge can be the reason for another verdict.
"""

import hashlib
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bakeoff.files import jsonl
from bakeoff.llm_judge.cases import Case
from bakeoff.llm_judge.judging import Bench, latest, verdict_form
from bakeoff.llm_judge.records import CanaryAnswer, Drift, Judged
from bakeoff.models.spending.ledger import settle
from bakeoff.records import Question


def canaries_of(path: Path, model: str) -> list[CanaryAnswer]:
    """The pilot's canaries for the judge of this name, in order."""
    return [canary for canary in jsonl.read(path, CanaryAnswer) if canary.model == model]


def judge_canaries(bench: Bench, path: Path, model: str, since: int | None) -> Drift:
    """Judges the pilot's canaries and compares with their first verdicts.

    Each is judged once in a run, and not in the run that it was drawn from; or, with `since`, once more but for the
    verdicts that stand in judge.jsonl from this line on.
    """
    lines_before = jsonl.read(bench.judged_path, Judged)
    from_here = set() if since is not None else {line.at for line in lines_before if line.purpose == "grade"}
    known = [canary for canary in canaries_of(path, model) if canary.at not in from_here]
    done = latest(lines_before[since or 0 :], "canary")
    waiting = [canary for canary in known if _key(bench, canary) not in done]
    for start in range(0, len(waiting), bench.asking.batch_size):
        batch = waiting[start : start + bench.asking.batch_size]
        forms = [verdict_form(canary.n_points) for canary in batch]
        outcomes = bench.asking.ask([canary.prompt for canary in batch], forms)
        lines = [
            Judged(
                question_id=canary.question_id,
                text="",
                purpose="canary",
                judge=bench.judge,
                key=_key(bench, canary),
                verdict=asked.value.verdict(answerable=canary.answerable) if asked.value else None,
                findings=asked.value,
                usage=asked.usage,
                usd=asked.usd,
                error=asked.error,
                reply=asked.reply[:300] if asked.error else "",
                at=datetime.now(UTC),
            )
            for canary, asked in zip(batch, outcomes, strict=False)
        ]
        bench.append(lines)
        settle()
        done |= latest(lines, "canary")
    return _drift(bench, known, done)


def _drift(bench: Bench, known: Sequence[CanaryAnswer], done: dict[str, Judged]) -> Drift:
    pairs = [(canary, line) for canary in known if (line := done.get(_key(bench, canary)))]
    changed = [canary.question_id for canary, line in pairs if line.verdict != canary.verdict]
    return Drift(
        n=len(pairs),
        n_same=len(pairs) - len(changed),
        changed=tuple(changed),
        since=min((canary.at for canary, _ in pairs), default=None),
    )


def add_canaries(bench: Bench, path: Path, model: str, cases: Sequence[Case], n: int, seed: int) -> None:
    """Fills the pilot's canaries up to n, with judged answers of this run drawn at random."""
    known = canaries_of(path, model)
    graded = latest(jsonl.read(bench.judged_path, Judged), "grade")
    prompts = {canary.prompt for canary in known}
    drawn = [case for case in cases if case.question.id in bench.points]
    random.Random(seed).shuffle(drawn)
    new: list[CanaryAnswer] = []
    for case in drawn:
        line = graded.get(bench.key(case.question, case.text))
        if len(known) + len(new) >= n:
            break
        if line and (canary := _canary(bench, model, case.question, line)).prompt not in prompts:
            new.append(canary)
    if new:
        jsonl.append(path, new)


def _canary(bench: Bench, model: str, question: Question, line: Judged) -> CanaryAnswer:
    if line.verdict is None:
        raise ValueError(f"{line.question_id} has no verdict")
    return CanaryAnswer(
        model=model,
        question_id=question.id,
        prompt=bench.prompt(question, line.text),
        n_points=len(bench.points[question.id].points),
        answerable=question.answerable,
        verdict=line.verdict,
        at=line.at,
    )


def _key(bench: Bench, canary: CanaryAnswer) -> str:
    return hashlib.sha256(f"{bench.judge} {canary.prompt.model_dump_json()}".encode()).hexdigest()[:24]
