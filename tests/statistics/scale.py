"""A large pilot's numbers, made up; compared and judged in this process, with what that took printed as JSON."""

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bakeoff.decide.situation.profile import Profile
from bakeoff.files import jsonl
from bakeoff.measure.comparison import Axes, Entrant
from bakeoff.pilot.judge import judge
from bakeoff.pilot.score import compare_run
from bakeoff.records import Answer, Question, Score, Usage
from bakeoff.runs.data import DataSummary, DocumentSummary
from bakeoff.runs.folder import RunFolder, write_record

AXES = {
    "base": Axes(model="m"),
    "rag": Axes(model="m", knowledge="k 3"),
    "tuned": Axes(model="m", tuning="rank 16"),
    "hybrid": Axes(model="m", tuning="rank 16", knowledge="k 3"),
}
CONTENDERS = (*AXES, "extract", *(f"our.Own{i}" for i in range(5)))
ENTRANTS = tuple(
    Entrant(name=name, recipe=name, title=name, axes=AXES.get(name), is_baseline=name == "base") for name in CONTENDERS
)
MEASURES = ("correct", "hallucinated", "abstained", "exact_match", "f1", "evidence_hit", "consistent", "error")

UNSURE = 0.03
"""The share of answers that can be called neither right nor wrong."""


def make(folder: RunFolder, n_questions: int, n_contenders: int = len(CONTENDERS)) -> None:
    """Questions in two phrasings a fact, and for each of the first contenders an answer and eight scores a question."""
    names = CONTENDERS[:n_contenders]
    draw = random.Random(0)
    slices = ("seen", "unseen", "unanswerable")
    questions = [
        Question(
            id=f"q{i}",
            text=f"Question {i}?",
            answers=(f"{i} days",),
            fact=f"f{i // 2}",
            split="test",
            slice=slices[i % 3],
        )
        for i in range(n_questions)
    ]
    jsonl.write(folder.splits_path, questions)
    documents = DocumentSummary(n=500, n_words=400_000, n_chunks=5000)
    write_record(folder.data_path, DataSummary(documents=documents))
    jsonl.write(folder.scores_path, (score for name in names for score in _scores(name, questions, draw)))
    usage = Usage(prompt_tokens=300, completion_tokens=12, seconds=0.1)
    for name in names:
        given = [Answer(question_id=one.id, contender=name, text="12 days", usage=usage) for one in questions]
        jsonl.write(folder.answers_path(name), given)
        alone = [one.model_copy(update={"latency_ms": 100.0 + i}) for i, one in enumerate(given[:20])]
        jsonl.write(folder.answers_path(name, "latency"), alone)


def _scores(name: str, questions: list[Question], draw: random.Random) -> Iterator[Score]:
    skill = 0.3 + 0.05 * CONTENDERS.index(name)
    for one in questions:
        right = float(draw.random() < skill)
        values = dict.fromkeys(MEASURES, right) | {"hallucinated": 1 - right, "error": 0.0}
        if draw.random() < UNSURE:
            values |= {"correct": 0.5, "hallucinated": 0.5}
        for measure, value in values.items():
            yield Score(question_id=one.id, contender=name, measure=measure, value=value)


class Measured(NamedTuple):
    """Processor seconds (so that other work does not count), the peak memory of the process, and who won."""

    seconds: float
    peak_bytes: int
    winner: str


def measured(folder: Path, n_questions: int) -> Measured:
    """Compare and judge a pilot of so many questions, made in the folder, in a process of its own."""
    repository = Path(__file__).parents[2]
    path = os.pathsep.join(filter(None, (str(repository), os.environ.get("PYTHONPATH"))))
    finished = subprocess.run(
        [sys.executable, "-m", "tests.statistics.scale", str(folder), str(n_questions)],
        cwd=repository, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return Measured(**json.loads(finished.stdout))


def main() -> None:
    """Compare and judge; print what it took."""
    folder = RunFolder(Path(sys.argv[1]))
    make(folder, int(sys.argv[2]))
    begun = time.process_time()
    compare_run(folder, ENTRANTS, {}, Profile())
    verdict = judge(folder, Profile())
    seconds = time.process_time() - begun
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024  # since the exec
    sys.stdout.write(json.dumps(Measured(seconds, peak, verdict.winner)._asdict()))


if __name__ == "__main__":
    main()
