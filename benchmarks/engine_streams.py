"""Many questions at once on the OpenVINO engine: whether each text is the one it has alone, and what streams cost.

    python benchmarks/engine_streams.py PROMPTS.json [--prompts-asked 30] [--rounds 5] [--model NAME]

PROMPTS.json is a SQuAD file. Each prompt asks one of its questions over one to four of its passages. The prompts are
written one by one, in batches of 16, in batches of 8, as streams one by one, and as 8 streams at once that begin one
after another. Prints how many texts and log-probabilities are equal to the last bit, and what it takes: a first piece
on an idle engine, a batch of 8, 8 streams at once. Each figure is the median over the rounds, in which the ways
alternate, and nothing that was read before a way is used. The seconds of processor time depend less on what else the
machine does.
"""

import argparse
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import copy_context
from pathlib import Path
from statistics import median

from bakeoff.models.load import load_generator
from bakeoff.models.prompts import GROUNDED
from bakeoff.models.settings import DEFAULT_GENERATOR, LocalModel
from bakeoff.models.sharing import read_apart
from bakeoff.protocols import Generator
from bakeoff.records import Completion, GenerationSettings, Prompt

SETTINGS = GenerationSettings(max_new_tokens=48)
TOGETHER = 8
Told = tuple[str, float | None]


def read_prompts(path: Path, n: int) -> list[Prompt]:
    """n questions, each over its own paragraph and up to three others."""
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    paragraphs = [entry for article in articles for entry in article["paragraphs"] if entry["qas"]]
    chance = random.Random(0)
    chance.shuffle(paragraphs)
    return [
        GROUNDED.render(
            paragraphs[i]["qas"][0]["question"],
            [paragraphs[(i + 37 * j) % len(paragraphs)]["context"] for j in range(chance.randint(1, 4))],
        )
        for i in range(n)
    ]


def told(completion: Completion) -> Told:
    return completion.text, completion.logprob


def in_batches(generator: Generator, prompts: Sequence[Prompt], size: int) -> list[Told]:
    completions: list[Completion] = []
    for i in range(0, len(prompts), size):
        completions += generator.generate(prompts[i : i + size], SETTINGS)
    return [told(one) for one in completions]


def streamed(generator: Generator, prompt: Prompt) -> tuple[Told, float]:
    """What a stream says, and the seconds to its first piece."""
    begun, first = time.perf_counter(), 0.0
    for item in generator.stream(prompt, SETTINGS):
        first = first or time.perf_counter() - begun
        if isinstance(item, Completion):
            return told(item), first
    raise AssertionError("a stream ends with its completion")


def at_once(generator: Generator, prompts: Sequence[Prompt], apart_s: float = 0.0) -> list[tuple[Told, float]]:
    """The same for streams in threads of their own, at most 8 at once; a further one begins when one ends."""
    outcomes: dict[int, tuple[Told, float]] = {}
    numbers = iter(range(len(prompts)))
    lock = threading.Lock()

    def work(number: int) -> None:
        time.sleep(apart_s * number)
        while True:
            with lock:
                i = next(numbers, None)
            if i is None:
                return
            outcomes[i] = streamed(generator, prompts[i])

    threads = [threading.Thread(target=copy_context().run, args=(work, number)) for number in range(TOGETHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [outcomes[i] for i in range(len(prompts))]


def print_equality(generator: Generator, prompts: Sequence[Prompt]) -> None:
    alone = in_batches(generator, prompts, 1)
    ways: dict[str, Callable[[], list[Told]]] = {
        "batches of 16": lambda: in_batches(generator, prompts, 16),
        f"batches of {TOGETHER}": lambda: in_batches(generator, prompts, TOGETHER),
        "streams, one by one": lambda: [streamed(generator, prompt)[0] for prompt in prompts],
        f"{TOGETHER} streams at once": lambda: [one for one, _ in at_once(generator, prompts)],
        f"{TOGETHER} streams, begun 0.1 s apart": lambda: [one for one, _ in at_once(generator, prompts, 0.1)],
    }
    print("\n| compared with one by one | same text | same text and log-probability |\n|---|---|---|")
    for name, way in ways.items():
        said = way()
        texts = sum(a[0] == b[0] for a, b in zip(alone, said, strict=True))
        exact = sum(a == b for a, b in zip(alone, said, strict=True))
        print(f"| {name} | {texts} of {len(prompts)} | {exact} of {len(prompts)} |", flush=True)


def measured(way: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and seconds of processor time, that this takes."""
    begun, worked = time.perf_counter(), time.process_time()
    with read_apart():
        way()
    return time.perf_counter() - begun, time.process_time() - worked


def print_times(generator: Generator, prompts: Sequence[Prompt], rounds: int) -> None:
    several, firsts = prompts[:TOGETHER], list[float]()
    ways: dict[str, Callable[[], object]] = {
        "one by one, as streams": lambda: firsts.extend(streamed(generator, prompt)[1] for prompt in several),
        f"a batch of {TOGETHER}": lambda: generator.generate(several, SETTINGS),
        f"{TOGETHER} streams at once": lambda: at_once(generator, several),
    }
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            took[name].append(measured(way))
    print(f"\n| {TOGETHER} answers | seconds | seconds of processor time |\n|---|---|---|")
    for name, pairs in took.items():
        wall, cpu = (median(values) for values in zip(*pairs, strict=True))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} |")
    print(f"\nFirst piece of a stream on an idle engine: {1000 * median(firsts):.0f} ms.", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prompts", type=Path, help="a SQuAD file")
    parser.add_argument("--prompts-asked", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", choices=["times", "equality", "both"], default="both")
    parser.add_argument("--model", default=DEFAULT_GENERATOR)
    asked = parser.parse_args()
    generator = load_generator(LocalModel(name=asked.model, engine="openvino"))
    prompts = read_prompts(asked.prompts, asked.prompts_asked)
    generator.generate(prompts[:2], SETTINGS)
    if asked.part != "equality":
        print_times(generator, prompts, asked.rounds)
    if asked.part != "times":
        print_equality(generator, prompts)


if __name__ == "__main__":
    main()
