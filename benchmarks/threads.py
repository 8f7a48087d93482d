"""Tokens per second of a training beside busy neighbours: torch's own number of threads against the free cores.

    env -u OMP_NUM_THREADS python benchmarks/threads.py --rounds 3

A neighbour is a process that does nothing but count, one for each core by default. The two ways take turns while the
neighbours run, each training in a fresh process; every round is printed, then the ratio of the medians.
`--neighbours 0` shows what the rule costs on a quiet machine. With `--embed` the default embedder is
timed as well (texts per second), on OpenVINO, which asks the same rule.
"""

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WAYS = ("default", "free cores")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--examples", type=int, default=12)
    arguments.add_argument("--neighbours", type=int, default=len(os.sched_getaffinity(0)))
    arguments.add_argument("--embed", action="store_true")
    arguments.add_argument("--one", nargs=2, metavar=("WHAT", "WAY"), help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.one:
        what, way = asked.one
        n_threads, speed = {"train": train, "embed": embed}[what](way, asked.examples)
        print(n_threads, speed)
        return
    if "OMP_NUM_THREADS" in os.environ:
        raise SystemExit("OMP_NUM_THREADS is set and decides for both ways: unset it")
    neighbours = [multiprocessing.Process(target=count, daemon=True) for _ in range(asked.neighbours)]
    for neighbour in neighbours:
        neighbour.start()
    time.sleep(1)
    print(f"{asked.neighbours} busy neighbours on {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
    for what, unit in (("train", "tokens/s"), *([("embed", "texts/s")] if asked.embed else [])):
        compare(what, unit, asked.rounds, asked.examples)
    for neighbour in neighbours:
        neighbour.kill()


def compare(what: str, unit: str, n_rounds: int, n_examples: int) -> None:
    """Both ways in turn, each in a process of its own."""
    speeds: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(n_rounds):
        for way in WAYS:
            command = [sys.executable, __file__, "--one", what, way, "--examples", str(n_examples)]
            n_threads, speed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[
                -2:
            ]
            speeds[way].append(float(speed))
            print(f"{what:6} {way:11} {n_threads} threads {float(speed):7.1f} {unit}", flush=True)
    medians = {way: statistics.median(values) for way, values in speeds.items()}
    print(
        f"{what}: the free cores give {medians['free cores'] / medians['default']:.2f} times the speed of the default"
    )


def train(way: str, n_examples: int) -> tuple[int, float]:
    """Threads used and tokens per second of one epoch over examples of some 300 tokens."""
    import torch

    from bakeoff.models import threads
    from bakeoff.models.prompts import GROUNDED
    from bakeoff.models.weights import resolve_model
    from bakeoff.tuning.lora import Example, TrainingSettings, train_adapter

    if way == "default":
        threads.configure(torch.get_num_threads())
    passage = "The warranty of the Velmar lasts {0} months from the day of purchase, batteries apart. " * 5
    examples = [
        Example(
            prompt=GROUNDED.render(f"How long is the warranty of lot {i}?", [passage.format(i + j) for j in range(3)]),
            completion=f"{i} months",
        )
        for i in range(n_examples)
    ]
    settings = TrainingSettings(max_epochs=1, examples_per_batch=4)
    with tempfile.TemporaryDirectory() as folder:
        model = resolve_model("HuggingFaceTB/SmolLM2-135M-Instruct")
        report = train_adapter(model, examples, [], settings, Path(folder))
    return torch.get_num_threads(), report.tokens_per_s


def embed(way: str, n_examples: int) -> tuple[int, float]:
    """Threads used and texts per second, loading left out."""
    from bakeoff.models import threads
    from bakeoff.models.embed import load_embedder

    if way == "default":
        threads.configure(len(os.sched_getaffinity(0)))
    n_threads = threads.free_threads()
    threads.configure(n_threads)
    embedder = load_embedder()
    texts = [f"Lot {i}. " + "The warranty lasts some months from the day of purchase. " * 10 for i in range(200)]
    embedder.embed(texts[:20])
    began = time.perf_counter()
    embedder.embed(texts)
    return n_threads, len(texts) / (time.perf_counter() - began)


def count() -> None:
    """Keep a core busy."""
    while True:
        pass


if __name__ == "__main__":
    main()
