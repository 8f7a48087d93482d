"""What workers save on one machine: the bundled example in one process, and by as many workers as there are cores.

    env -u OMP_NUM_THREADS python benchmarks/workers.py --rounds 1

Three ways in turn, each in a fresh process that takes nothing from earlier runs: one process with one thread, one
process with a thread for each core, and a worker with one thread for each core. Contenders: base, rag, two small
trainings. For each way: the wall time of the whole run, of asking (presentation, dev and test), and of both trainings.
Then how many files of answers are the same, bit for bit, as those of one process with one thread.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bakeoff.files import jsonl
from bakeoff.pilot.run import run
from bakeoff.pilot.stage_times import Event
from bakeoff.records import Answer
from bakeoff.runs.config import load_config, validate

EXAMPLE = Path(__file__).parents[1] / "examples" / "support-desk" / "bakeoff.yaml"
CORES = len(os.sched_getaffinity(0))
WAYS: dict[str, dict[str, Any]] = {
    "one process, 1 thread": {"threads": 1},
    f"one process, {CORES} threads": {"threads": CORES},
    f"{CORES} workers, 1 thread each": {"threads": 1, "executor": {"workers": CORES}},
}
SMALL = {"epochs": 1, "examples": 60}
CONTENDERS = [
    "base",
    "rag",
    {"like": "tuned", "tuning": SMALL},
    {"like": "tuned", "name": "tuned-4", "tuning": {**SMALL, "rank": 4}},
]
ASKING = ("present", "calibrate", "answer")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=1)
    arguments.add_argument("--one", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.one:
        print(json.dumps(measured(asked.one[0], Path(asked.one[1]))))
        return
    print("| way | run | asking | both trainings | answers as with one thread |\n|---|---|---|---|---|")
    for _ in range(asked.rounds):
        with tempfile.TemporaryDirectory() as folder:
            first: Path | None = None
            for number, way in enumerate(WAYS):
                runs = Path(folder) / str(number)
                command = [sys.executable, __file__, "--one", way, str(runs)]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                took = json.loads(done.stdout.splitlines()[-1])
                first = first or runs
                times = " | ".join(f"{took[part]:.0f} s" for part in ("run", "asking", "training"))
                print(f"| {way} | {times} | {equal(first, runs)} |", flush=True)


def measured(way: str, runs: Path) -> dict[str, float]:
    """The seconds of a run in this way. Trainings take from the last stage before them to the last word of them."""
    usual = load_config(EXAMPLE)
    values = {**usual.model_dump(mode="json", exclude={"contenders", "updates", "profile"}), **WAYS[way]}
    config = validate({**values, "contenders": CONTENDERS, "updates": None})
    before, last = 0.0, 0.0

    def listen(event: Event) -> None:
        nonlocal before, last
        if event.stage == "train":
            last = time.perf_counter()
        elif not last and event.stage != "data":
            before = time.perf_counter()

    begun = time.perf_counter()
    done = run(config, runs=runs, reuse=False, listener=listen)
    seconds = time.perf_counter() - begun
    asking = sum(stage.seconds for stage in done.folder.stages() if stage.stage in ASKING)
    return {"run": seconds, "asking": asking, "training": last - before}


def equal(one: Path, other: Path) -> str:
    files = sorted(path.relative_to(one) for path in one.glob("*/answers/*.jsonl") if "latency" not in path.name)
    same = sum(texts(one / file) == texts(other / file) for file in files)
    return f"{same} of {len(files)} files"


def texts(path: Path) -> list[tuple[str, str, float | None]]:
    return [(answer.question_id, answer.text, answer.confidence) for answer in jsonl.read(path, Answer)]


if __name__ == "__main__":
    main()
