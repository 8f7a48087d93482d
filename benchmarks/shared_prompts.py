"""What it saves to read once what prompts begin with, on the OpenVINO engine, and whether any answer changes.

    python benchmarks/shared_prompts.py PROMPTS.json [--rounds 3] [--part times|equality|both] [--model NAME]
    python benchmarks/shared_prompts.py --run runs/support-desk [--contenders rag hybrid base] [--questions 100]

PROMPTS.json is a SQuAD file. Each kind of prompts is asked in batches of 16, once with nothing shared and once with
shared beginnings; the two take turns, and each pass begins with nothing read. Prints the ratio of the seconds,
that of the processor's seconds, which depends less on what else the machine does, and how many answers are equal to the
last bit. `equality` asks prompts of every length in blocks of 32 tokens again and again, in batches of several sizes
and as streams at once, on engines with room for many and for few of them.

With --run, contenders of a finished run are asked test questions of it, in the order of the test, in the same two ways.
"""

import argparse
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

from bakeoff.apart.peak_memory import peak_memory_bytes
from bakeoff.contenders.world import WorldFolder
from bakeoff.measure.collect import ask
from bakeoff.measures import IN_DOMAIN
from bakeoff.models.engines import openvino
from bakeoff.models.engines.openvino import OpenVinoGenerator
from bakeoff.models.engines.openvino_marks import Marks
from bakeoff.models.engines.openvino_stepper import n_blocks
from bakeoff.models.prompts import GROUNDED
from bakeoff.models.settings import DEFAULT_GENERATOR
from bakeoff.models.sharing import read_apart
from bakeoff.models.weights import resolve_model
from bakeoff.protocols import Contender
from bakeoff.records import Answer, Completion, GenerationSettings, Message, Prompt, Question
from bakeoff.runs.folder import RunFolder

SETTINGS = GenerationSettings(max_new_tokens=16)
TOGETHER = 16
ROOMS = (16_384, 4_096, 1_500)
Told = tuple[str, float | None]


class Apart(Marks):
    """Marks that put every prompt in a group of its own: nothing is shared."""

    def __init__(self) -> None:
        super().__init__()
        self._group = 1_000_000

    def on(self, ids: Sequence[int], group: int) -> list[int]:
        self._group += 1
        return super().on(ids, self._group)


def read_paragraphs(path: Path) -> list[dict[str, Any]]:
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    paragraphs = [entry for article in articles for entry in article["paragraphs"] if len(entry["qas"]) >= 4]
    random.Random(1).shuffle(paragraphs)
    return paragraphs


def kinds(some: Sequence[dict[str, Any]]) -> dict[str, list[Prompt]]:
    """Prompts of several kinds. No kind has a paragraph of another."""

    def asked(i: int, k: int, question: int = 0) -> Prompt:
        return GROUNDED.render(some[i]["qas"][question]["question"], [one["context"] for one in some[i : i + k]])

    def instructed(text: str, user: str) -> Prompt:
        return Prompt(messages=(Message(role="system", content=text), Message(role="user", content=user)))

    examples = "\n\n".join(f"{one['context'][:300]}\n\nQuestion: {one['qas'][0]['question']}" for one in some[150:155])
    words = " ".join(one["context"] for one in some[300:304]).split()
    labels = "\n".join(sorted({word.strip(".,").lower() for word in words if len(word) > 4})[:77])
    return {
        "one passage; the system message is shared": [asked(i, 1) for i in range(16)],
        "three passages; the system message is shared": [asked(i, 3) for i in range(20, 68, 3)],
        "one passage, four questions about each": [asked(i, 1, j) for i in range(70, 78) for j in range(4)],
        "three passages, four questions about each": [asked(i, 3, j) for i in range(80, 92, 3) for j in range(4)],
        "three passages, then the same and two more": [asked(i, k) for k in (3, 5) for i in range(95, 143, 3)],
        "five examples in front, one passage": [instructed(examples, some[i]["context"]) for i in range(160, 176)],
        "77 labels in front, one question": [
            instructed(labels, some[i]["qas"][0]["question"]) for i in range(180, 212)
        ],
        "18 passages, eight questions about all of them": [
            GROUNDED.render(some[220 + j]["qas"][0]["question"], [one["context"] for one in some[220:238]])
            for j in range(8)
        ],
    }


def told(completions: Sequence[Completion]) -> list[Told]:
    return [(one.text, one.logprob) for one in completions]


def passed(generator: OpenVinoGenerator, prompts: Sequence[Prompt], marks: Marks) -> tuple[float, float, list[Told]]:
    """Seconds, the processor's seconds, and what was said in one pass."""
    generator._marks = marks
    begun, worked, said = time.perf_counter(), time.process_time(), list[Told]()
    with read_apart():
        for i in range(0, len(prompts), TOGETHER):
            said += told(generator.generate(prompts[i : i + TOGETHER], SETTINGS))
    return time.perf_counter() - begun, time.process_time() - worked, said


def print_times(generator: OpenVinoGenerator, some: Sequence[dict[str, Any]], rounds: int) -> None:
    shared, apart = Marks(), Apart()
    print("\n| prompts | tokens | answers/s apart | shared | ratio | of processor time | same to the last bit |")
    print("|---|---|---|---|---|---|---|")
    for name, prompts in kinds(some).items():
        turns = [(passed(generator, prompts, apart), passed(generator, prompts, shared)) for _ in range(rounds)]
        wall, cpu = ([median(turn[i][part] for turn in turns) for i in (0, 1)] for part in (0, 1))
        same = min(sum(a == b for a, b in zip(one[2], other[2], strict=True)) for one, other in turns)
        tokens = mean(generator.count_tokens("\n".join(one.content for one in prompt.messages)) for prompt in prompts)
        rates = [len(prompts) / seconds for seconds in wall]
        print(f"| {name} | {tokens:,.0f} | {rates[0]:.2f} | {rates[1]:.2f} | {wall[0] / wall[1]:.2f} x "
              f"| {cpu[0] / cpu[1]:.2f} x | {same} of {len(prompts)} |", flush=True)  # fmt: skip
    generator._marks = shared
    print(f"\nMemory of the process, at most: {peak_memory_bytes() / 2**20:,.0f} MiB.")


def opened(model: str, room: int) -> OpenVinoGenerator:
    """An engine with room for the keys and values of so many tokens."""
    usual = openvino.scheduler

    def small(context_tokens: int, shares: bool = False) -> Any:
        settings = usual(context_tokens, shares)
        settings.num_kv_blocks = n_blocks(room)
        return settings

    openvino.scheduler = small
    generator = OpenVinoGenerator(resolve_model(model), model)
    openvino.scheduler = usual
    generator._stepper._n_blocks = n_blocks(room)
    return generator


def print_equality(model: str, some: Sequence[dict[str, Any]], rounds: int) -> None:
    stretched = [f"{some[3]['context'][:300]}{' a' * n} ?" for n in range(33)]
    prompts = [Prompt(messages=(Message(role="user", content=text),)) for text in stretched]
    prompts += [
        GROUNDED.render(some[i]["qas"][j]["question"], [one["context"] for one in some[i : i + 1 + i % 4]])
        for i in range(0, 90, 7)
        for j in range(3)
    ]
    print("\n| room, tokens | answers | same text | same text and log-probability |\n|---|---|---|---|")
    for room in ROOMS:
        generator, chance, pairs = opened(model, room), random.Random(5), list[tuple[Told, Told]]()
        generator._marks = Apart()
        alone = [told(generator.generate([prompt], SETTINGS))[0] for prompt in prompts]
        generator._marks = Marks()
        for _ in range(rounds):
            numbers = chance.choices(range(len(prompts)), k=48)
            while numbers:
                size = chance.choice((1, 2, 5, 16))
                part, numbers = numbers[:size], numbers[size:]
                said = chance.choice((in_a_batch, in_a_batch, as_streams))(generator, [prompts[i] for i in part])
                pairs += [(alone[i], one) for i, one in zip(part, said, strict=True)]
        texts, exact = sum(a[0] == b[0] for a, b in pairs), sum(a == b for a, b in pairs)
        print(f"| {room:,} | {len(pairs)} | {texts} | {exact} |", flush=True)


def in_a_batch(generator: OpenVinoGenerator, prompts: Sequence[Prompt]) -> list[Told]:
    return told(generator.generate(prompts, SETTINGS))


def as_streams(generator: OpenVinoGenerator, prompts: Sequence[Prompt]) -> list[Told]:
    """As streams at once, begun one after another."""
    said: dict[int, Told] = {}

    def stream(i: int) -> None:
        time.sleep(0.02 * i)
        *_, last = generator.stream(prompts[i], SETTINGS)
        assert isinstance(last, Completion)
        said[i] = told([last])[0]

    works: list[Callable[[], None]] = [lambda i=i: stream(i) for i in range(len(prompts))]
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [said[i] for i in range(len(prompts))]


def print_run(root: Path, names: Sequence[str], n_questions: int, rounds: int) -> None:
    """What contenders of a run gain from the prompts of a test."""
    folder = RunFolder(root)
    questions = [one for one in folder.questions() if one.split == "test" and one.slice in IN_DOMAIN][:n_questions]
    print("\n| contender | questions/s apart | shared | ratio | of processor time | same to the last bit |")
    print("|---|---|---|---|---|---|")
    for name in names:
        ways = [opened_contender(folder, name, marks) for marks in (Apart, Marks)]
        turns = [[asked_all(contender, questions) for contender in ways] for _ in range(rounds)]
        wall, cpu = ([median(turn[i][part] for turn in turns) for i in (0, 1)] for part in (0, 1))
        same = min(sum(a == b for a, b in zip(one[2], other[2], strict=True)) for one, other in turns)
        print(f"| {name} | {len(questions) / wall[0]:.2f} | {len(questions) / wall[1]:.2f} | {wall[0] / wall[1]:.2f} x "
              f"| {cpu[0] / cpu[1]:.2f} x | {same} of {len(questions)} |", flush=True)  # fmt: skip


def opened_contender(folder: RunFolder, name: str, marks: type[Marks]) -> Contender:
    """A contender whose engine puts these marks on prompts."""
    config = folder.config()
    usual, openvino.Marks = openvino.Marks, marks
    contender = WorldFolder(folder.world, config.models, config.imports_from).open(name)
    openvino.Marks = usual
    return contender


def asked_all(
    contender: Contender, questions: Sequence[Question]
) -> tuple[float, float, list[tuple[str, float | None]]]:
    """Seconds, the processor's seconds, and texts with confidences."""
    ask(contender, questions[:1])
    begun, worked, answers = time.perf_counter(), time.process_time(), list[Answer]()
    with read_apart():
        for i in range(0, len(questions), TOGETHER):
            answers += ask(contender, questions[i : i + TOGETHER])
    seconds = time.perf_counter() - begun, time.process_time() - worked
    return *seconds, [(answer.text, answer.confidence) for answer in answers]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prompts", type=Path, nargs="?", help="a SQuAD file")
    parser.add_argument("--run", type=Path, help="a finished run folder instead")
    parser.add_argument("--contenders", nargs="+", default=["rag", "hybrid", "base"])
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--part", choices=["times", "equality", "both"], default="both")
    parser.add_argument("--model", default=DEFAULT_GENERATOR)
    asked = parser.parse_args()
    if asked.run:
        print_run(asked.run, asked.contenders, asked.questions, asked.rounds)
        return
    if not asked.prompts:
        parser.error("name a SQuAD file, or a run with --run")
    some = read_paragraphs(asked.prompts)
    if asked.part != "equality":
        generator = OpenVinoGenerator(resolve_model(asked.model), asked.model)
        generator.generate([GROUNDED.render("Who?", ["Nobody."])], SETTINGS)
        print_times(generator, some, asked.rounds)
    if asked.part != "times":
        print_equality(asked.model, some, asked.rounds)


if __name__ == "__main__":
    main()
