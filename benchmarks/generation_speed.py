"""Answers per second of the local engines, compared with transformers one by one, and whether they agree.

    python benchmarks/generation_speed.py PROMPTS.json [--part speed|agreement]

PROMPTS.json is a SQuAD file. Each prompt has the same system message, other passages and another question, about 420
tokens, and 16 new tokens. Both engines run in one process, one after the other, on the first prompts of one list.
Prompts share what they begin with, their system message, and nothing with an earlier pass, so asking one again
is not faster. Prints a Markdown table, and the agreement with
transformers in fp32.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

from bakeoff.models.load import load_generator
from bakeoff.models.prompts import GROUNDED
from bakeoff.models.settings import LocalModel
from bakeoff.models.sharing import read_apart
from bakeoff.protocols import Generator
from bakeoff.records import Completion, GenerationSettings, Prompt

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
N_PROMPT, N_NEW = 430, 16
SETTINGS = GenerationSettings(max_new_tokens=N_NEW)
N_ALONE = 8
N_AGREE = 50


def read_prompts(path: Path, n: int, count: Callable[[str], int]) -> list[Prompt]:
    """n prompts of about N_PROMPT tokens: each question's own paragraph, filled up with other paragraphs of the
    file.
    """
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    paragraphs = [entry for article in articles for entry in article["paragraphs"] if entry["qas"]]
    random.Random(0).shuffle(paragraphs)
    return [_prompt(paragraphs, i, count) for i in range(n)]


def _prompt(paragraphs: Sequence[dict], first: int, count: Callable[[str], int]) -> Prompt:
    question = paragraphs[first]["qas"][0]["question"]
    room = N_PROMPT - count(GROUNDED.system) - count(question) - 25
    words: list[str] = []
    while count(" ".join(words)) < room:
        words += paragraphs[(first + 37 * len(words)) % len(paragraphs)]["context"].split()
    while count(" ".join(words)) > room:
        words = words[:-4]
    return GROUNDED.render(question, [" ".join(words)])


def timed(generator: Generator, prompts: Sequence[Prompt], at_a_time: int) -> tuple[float, list[Completion]]:
    """Answers per second when at_a_time prompts are asked together, and the answers."""
    begun = time.perf_counter()
    completions: list[Completion] = []
    with read_apart():
        for i in range(0, len(prompts), at_a_time):
            completions += generator.generate(prompts[i : i + at_a_time], SETTINGS)
    return len(prompts) / (time.perf_counter() - begun), completions


def loaded(engine: str) -> Generator:
    begun = time.perf_counter()
    generator = load_generator(LocalModel(name=MODEL, engine=engine))
    print(f"{engine}: loaded in {time.perf_counter() - begun:.1f} s")
    return generator


def print_rates(slow: Generator, fast: Generator, prompts: Sequence[Prompt]) -> None:
    for generator in (slow, fast):
        generator.generate(prompts[-2:], SETTINGS)
    plans = [(slow, 1, N_ALONE), (slow, 16, 16), (fast, 1, N_ALONE), (fast, 16, 32), (fast, 64, 64)]
    names = {id(slow): "transformers fp32", id(fast): "OpenVINO int8"}
    once = None
    print("\n| engine | prompts together | answers/s | against one by one |\n|---|---|---|---|")
    for generator, at_a_time, n in plans:
        rate, completions = timed(generator, prompts[:n], at_a_time)
        once = once or rate
        assert not any(answer.error for answer in completions)
        print(f"| {names[id(generator)]} | {at_a_time} | {rate:.2f} | {rate / once:.1f} x |", flush=True)


def print_agreement(slow: Generator, fast: Generator, prompts: Sequence[Prompt]) -> None:
    ours, theirs = (
        fast.generate(prompts, SETTINGS),
        slow.generate(prompts, SETTINGS),
    )
    pairs = list(zip(ours, theirs, strict=True))
    same = [(a, b) for a, b in pairs if a.text == b.text]
    first = sum(a.text.split()[:3] == b.text.split()[:3] for a, b in pairs)
    print(f"\nOf {len(pairs)} prompts: the same {N_NEW} tokens {len(same)}, the same first three words {first}.")
    print(f"Mean log-probability, all: {mean(a.logprob or 0 for a in ours):.3f} OpenVINO int8, ", end="")
    print(f"{mean(b.logprob or 0 for b in theirs):.3f} transformers fp32.")
    if same:
        gap = mean(abs((a.logprob or 0) - (b.logprob or 0)) for a, b in same)
        print(f"Mean absolute difference of the log-probability where the texts are the same: {gap:.3f}.")
    tokens = [answer.usage.prompt_tokens for answer in ours]
    print(f"Prompt tokens: {min(tokens)} to {max(tokens)}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prompts", type=Path, help="a SQuAD file")
    parser.add_argument("--part", choices=["speed", "agreement", "both"], default="both")
    asked = parser.parse_args()
    slow, fast = loaded("transformers"), loaded("openvino")
    prompts = read_prompts(asked.prompts, 70, fast.count_tokens)
    if asked.part != "agreement":
        print_rates(slow, fast, prompts)
    if asked.part != "speed":
        print_agreement(slow, fast, prompts[:N_AGREE])


if __name__ == "__main__":
    main()
