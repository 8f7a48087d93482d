"""Speed next to busy processes: one thread for every core (the libraries' default), or one for every free core.

    env -u OMP_NUM_THREADS python benchmarks/threads.py --rounds 3 --parts train generate embed

A neighbour is a process that only counts, one for each core by default. The two ways alternate while the neighbours
run, each in a fresh process, without loading time. Every round is printed, then the ratio of the medians. `--neighbours
0` shows what the rule costs on an idle machine. The parts: training tokens per second (torch), answers per second in a
batch and one by one (OpenVINO, 380-token prompts, 16 new tokens), texts embedded per second (OpenVINO). Bakeoff embeds
with all cores, because these threads do not wait for each other; this benchmark shows it.
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

from bakeoff.models.prompts import GROUNDED
from bakeoff.records import GenerationSettings, Prompt

WAYS = ("all cores", "free cores")
MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
PARTS = {"train": "tokens/s", "generate": "answers/s", "ask": "answers/s", "embed": "texts/s"}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--examples", type=int, default=12)
    arguments.add_argument("--neighbours", type=int, default=len(os.sched_getaffinity(0)))
    arguments.add_argument("--parts", nargs="+", choices=PARTS, default=["train"])
    arguments.add_argument("--one", nargs=2, metavar=("WHAT", "WAY"), help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.one:
        what, way = asked.one
        print(*globals()[what](way, asked.examples))
        return
    if "OMP_NUM_THREADS" in os.environ:
        raise SystemExit("OMP_NUM_THREADS is set and would decide for both ways; unset it")
    neighbours = [multiprocessing.Process(target=count, daemon=True) for _ in range(asked.neighbours)]
    for neighbour in neighbours:
        neighbour.start()
    time.sleep(1)
    print(f"{asked.neighbours} busy neighbours on {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
    for part in asked.parts:
        compare(part, PARTS[part], asked.rounds, asked.examples)
    for neighbour in neighbours:
        neighbour.kill()


def compare(what: str, unit: str, n_rounds: int, n_examples: int) -> None:
    """Both ways in turn, each in its own process."""
    speeds: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(n_rounds):
        for way in WAYS:
            command = [sys.executable, __file__, "--one", what, way, "--examples", str(n_examples)]
            process = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            n_threads, speed = process.stdout.split()[-2:]
            speeds[way].append(float(speed))
            print(f"{what:8} {way:11} {n_threads} threads {float(speed):7.1f} {unit}", flush=True)
    medians = {way: statistics.median(values) for way, values in speeds.items()}
    ratio = medians["free cores"] / medians["all cores"]
    print(f"{what}: the free cores give {ratio:.2f} times the speed of all cores", flush=True)


def train(way: str, n_examples: int) -> tuple[int, float]:
    """Threads used and tokens per second, for one epoch over examples of some 300 tokens."""
    import torch

    from bakeoff.models import threads
    from bakeoff.models.weights import resolve_model
    from bakeoff.tuning.lora import Example, TrainingSettings, train_adapter

    if way == "all cores":
        threads.configure(torch.get_num_threads())
    examples = [Example(prompt=prompt, completion=f"{i} months") for i, prompt in enumerate(prompts(n_examples))]
    settings = TrainingSettings(max_epochs=1, examples_per_batch=4)
    with tempfile.TemporaryDirectory() as folder:
        model = resolve_model(MODEL)
        report = train_adapter(model, examples, [], settings, Path(folder))
    return torch.get_num_threads(), report.tokens_per_s


def prompts(n: int) -> list[Prompt]:
    """n questions with three passages each."""
    passage = "The warranty of the Velmar lasts {0} months from the day of purchase, except for the batteries. " * 5
    return [
        GROUNDED.render(f"How long is the warranty of lot {i}?", [passage.format(i + j) for j in range(3)])
        for i in range(n)
    ]


def generate(way: str, n_prompts: int, at_a_time: int = 64) -> tuple[int, float]:
    """Threads used and answers per second."""
    from bakeoff.models.load import load_generator

    n_threads = choose(way)
    generator = load_generator(MODEL, "openvino")
    settings = GenerationSettings(max_new_tokens=16)
    asked = prompts(n_prompts + 1)
    generator.generate(asked[:1], settings)
    began = time.perf_counter()
    for i in range(1, len(asked), at_a_time):
        generator.generate(asked[i : i + at_a_time], settings)
    return n_threads, n_prompts / (time.perf_counter() - began)


def ask(way: str, n_prompts: int) -> tuple[int, float]:
    """The same, one prompt at a time."""
    return generate(way, n_prompts, at_a_time=1)


def choose(way: str) -> int:
    """Sets the number of threads for this process."""
    from bakeoff.models import threads

    threads.configure(len(os.sched_getaffinity(0)) if way == "all cores" else threads.free_threads())
    return threads.free_threads()


def embed(way: str, n_examples: int) -> tuple[int, float]:
    """Threads used and texts per second."""
    from bakeoff.models.embed import load_embedder

    n_threads = choose(way)
    embedder = load_embedder()
    texts = [f"Lot {i}. " + "The warranty lasts some months from the day of purchase. " * 10 for i in range(200)]
    embedder.embed_passages(texts[:20])
    began = time.perf_counter()
    embedder.embed_passages(texts)
    return n_threads, len(texts) / (time.perf_counter() - began)


def count() -> None:
    """Keeps a core busy."""
    while True:
        pass


if __name__ == "__main__":
    main()
