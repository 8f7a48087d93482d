"""What preferences add to supervised tuning on the bundled example, and their speed beside TRL's, in one run.

    python benchmarks/preferences.py FOLDER [--epochs 3]      # trains what is not there yet, then prints
    python benchmarks/preferences.py FOLDER --speed 48        # only the speed: one epoch of 48 pairs, with ours and TRL

`tuned` learns the training questions for a few epochs and answers them. Each wrong answer gives a pair: the accepted
answer is preferred to it. The questions of the pairs are those of training, so nothing of the test is in them; a fifth
of them is held out. Then the variants train from `tuned`, one of them on the same accepted answers without
preferences, so that the table shows what the wrong answers add. `seen` are other phrasings of what was trained.
Differences from `tuned` are of the same questions (95 % by bootstrap over facts).
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from printed_tables import header, line

from bakeoff.contenders.direct import Direct
from bakeoff.measure.score import rightness
from bakeoff.models.load import load_generator
from bakeoff.models.prompts import PromptTemplate
from bakeoff.models.settings import LocalModel
from bakeoff.models.weights import resolve_model
from bakeoff.pilot.answer_settings import settled
from bakeoff.pilot.prepare import prepare
from bakeoff.records import GenerationSettings, Question
from bakeoff.runs.config import load_config
from bakeoff.tuning.examples import closed_book_examples
from bakeoff.tuning.lora import Example, TrainingSettings, train_adapter
from bakeoff.tuning.packing import encode
from bakeoff.tuning.preferences.held import divided, read_usable
from bakeoff.tuning.preferences.lesson import Judged, PreferenceLesson
from bakeoff.tuning.preferences.train import TOKENS_PER_BATCH, TOKENS_PER_ROW, train_preferences
from bakeoff.tuning.report import TrainingReport
from bakeoff.tuning.settings import PREFERENCE_RATES, Preferences

EXAMPLE = Path(__file__).parents[1] / "examples" / "support-desk" / "bakeoff.yaml"
SEED, N_DRAWS, MODEL, LOOSE = 7, 4000, "HuggingFaceTB/SmolLM2-135M-Instruct", 1e9
VARIANTS = {
    "dpo": Preferences(files="x"),
    "dpo, no SFT term, no stop": Preferences(files="x", sft_weight=0.0, allowed_fall=LOOSE),
    "kto": Preferences(files="x", method="kto"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=3, help="of the supervised training")
    parser.add_argument("--speed", type=int, default=0, help="only compare the speed, on so many pairs")
    parser.add_argument("--rounds", type=int, default=3, help="of the comparison of speed")
    asked = parser.parse_args()
    bench = Bench(asked.folder, asked.epochs)
    if asked.speed:
        speed(bench.lesson().train[: asked.speed], asked.rounds)
        return
    lesson = bench.lesson()
    print(f"{len(lesson.train)} pairs to train on, {len(lesson.held)} held out", flush=True)
    header("variant", "held-out pairs preferred", "gain of liked", "seen", "minus tuned", "unseen", "minus tuned", "s",
           "stopped because")  # fmt: skip
    before = bench.right("tuned")
    report = bench.report("tuned")
    line("tuned", "", "", *cells(before, before), f"{report.seconds:.0f}", report.stopped_because)
    for name in ("more supervised", *VARIANTS):
        report = bench.more(lesson) if name == "more supervised" else bench.train(name, lesson)
        curve = [json.loads(text) for text in (bench.at(name) / "training.jsonl").read_text().splitlines()]
        gains = [f"{point['dev_gain']:+.2f}" for point in curve if point.get("dev_gain") is not None]
        held = "" if name == "more supervised" else report.best_dev_exact
        line(name, held if held is not None else "start kept", ", ".join(gains), *cells(bench.right(name), before),
             f"{report.seconds:.0f}", report.stopped_because)  # fmt: skip


class Bench:
    """The example, and the folder in which its models and answers are."""

    def __init__(self, folder: Path, epochs: int) -> None:
        config = load_config(EXAMPLE)
        prepared = prepare(config)
        config = settled(config, prepared.answer_lengths)
        self.folder, self.epochs, self.model = folder, epochs, resolve_model(MODEL)
        self.template: PromptTemplate = config.prompts.closed_book
        self.generation: GenerationSettings = config.generation
        self.questions = prepared.own_questions
        self.learned = prepared.of("train")
        self.tested = [q for q in prepared.of("test") if q.slice in ("seen", "unseen")]

    def at(self, name: str) -> Path:
        return self.folder / name.replace(",", "").replace(" ", "-")

    def report(self, name: str) -> TrainingReport:
        return TrainingReport.model_validate_json((self.at(name) / "report.json").read_text())

    def supervised(self) -> Path:
        """The model after supervised training."""
        examples = closed_book_examples(self.learned, self.template, 0.1, SEED)
        settings = TrainingSettings(max_epochs=self.epochs, seed=SEED)
        train_adapter(self.model, examples, [], settings, self.at("tuned"))
        return self.at("tuned")

    def texts(self, name: str, asked: Sequence[Question], part: str) -> list[str]:
        """A model's answers, from its folder if they are there."""
        path = self.at(name) / f"{part}.json"
        if not path.exists():
            generator = load_generator(LocalModel(name=MODEL), self.at(name))
            answers = Direct(name, generator, self.template, self.generation, None).answer(asked)
            path.write_text(json.dumps([answer.text for answer in answers]))
        return list(json.loads(path.read_text()))

    def lesson(self) -> PreferenceLesson:
        """The accepted answers over the tuned model's wrong ones, by the way of a file and the leak rules."""
        self.supervised()
        asked = [question for question in self.learned if question.answerable]
        path = self.folder / "pairs.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for question, text in zip(asked, self.texts("tuned", asked, "train"), strict=True):
                if text.strip() and rightness(question, text) == 0:
                    row = {"prompt": question.text, "chosen": question.answers[0], "rejected": text}
                    file.write(json.dumps(row) + "\n")
        judgements = read_usable([str(path)], self.questions)
        print(judgements.note, flush=True)
        train, held = (
            [Judged(prompt=self.template.render(row.question), liked=row.liked, disliked=row.disliked) for row in rows]
            for rows in divided(judgements, VARIANTS["dpo"], SEED)
        )
        return PreferenceLesson(train, held)

    def train(self, name: str, lesson: PreferenceLesson) -> TrainingReport:
        settings = VARIANTS[name]
        if settings.method == "kto":
            train, held = ([Judged(prompt=one.prompt, **{side: getattr(one, side)}) for one in judged
                            for side in ("liked", "disliked")] for judged in lesson)  # fmt: skip
            lesson = PreferenceLesson(train, held)
        return train_preferences(self.model, lesson, settings, loop(settings), self.at(name), self.at("tuned"))

    def more(self, lesson: PreferenceLesson) -> TrainingReport:
        """As many steps on the liked answers alone, at the rate of the preferences."""
        settings = loop(VARIANTS["dpo"])
        examples = [one.example for one in lesson.train]
        return train_adapter(
            self.model, examples, [], settings, self.at("more supervised"), start_from=self.at("tuned")
        )

    def right(self, name: str) -> dict[str, list[tuple[str, float]]]:
        """The fact and the rightness of each test question, by slice."""
        texts = self.texts(name, self.tested, "test")
        scored = [(q.slice, q.fact, rightness(q, text)) for q, text in zip(self.tested, texts, strict=True)]
        return {part: [(fact, value) for of, fact, value in scored if of == part] for part in ("seen", "unseen")}


def loop(settings: Preferences) -> TrainingSettings:
    return TrainingSettings(
        learning_rate=settings.learning_rate or PREFERENCE_RATES["lora"],
        max_epochs=settings.epochs,
        tokens_per_batch=TOKENS_PER_BATCH,
        tokens_per_row=TOKENS_PER_ROW,
        n_dev_examples=1000,
        seed=SEED,
    )


def cells(right: dict[str, list[tuple[str, float]]], before: dict[str, list[tuple[str, float]]]) -> list[str]:
    """The share of right answers of each slice, and its difference from before with an interval."""
    written = []
    for part, values in right.items():
        written.append(f"{np.mean([value for _, value in values]):.3f}")
        gains: dict[str, list[float]] = {}
        for (fact, after), (_, earlier) in zip(values, before[part], strict=True):
            gains.setdefault(fact, []).append(after - earlier)
        written.append(_difference(list(gains.values())) if right is not before else "")
    return written


def _difference(by_fact: list[list[float]]) -> str:
    draw = np.random.default_rng(SEED)
    sums, sizes = np.array([sum(values) for values in by_fact]), np.array([len(values) for values in by_fact])
    drawn = draw.integers(0, len(sums), (N_DRAWS, len(sums)))
    low, high = np.quantile(sums[drawn].sum(1) / sizes[drawn].sum(1), (0.025, 0.975))
    return f"{sums.sum() / sizes.sum():+.3f} ({low:+.3f} to {high:+.3f})"


def speed(pairs: list[Judged], rounds: int) -> None:
    """One epoch with the reference computed before it, alternating; medians of processor time."""
    model = resolve_model(MODEL)
    n_tokens = _n_tokens(model, [one for pair in pairs for one in pair.examples])
    print(f"{len(pairs)} pairs, {n_tokens} tokens")
    taken: dict[str, list[float]] = {"Bakeoff": [], "TRL": []}
    for _ in range(rounds):
        for name, measure in (("Bakeoff", _ours), ("TRL", _theirs)):
            began, wall = time.process_time(), time.perf_counter()
            measure(model, pairs)
            taken[name].append(time.process_time() - began)
            print(f"{name:8} wall {time.perf_counter() - wall:6.1f} s   processor {taken[name][-1]:6.1f} s", flush=True)
    ours, theirs = (statistics.median(taken[name]) for name in ("Bakeoff", "TRL"))
    print(f"median processor time, loading the model included: Bakeoff is {theirs / ours:.2f} times as fast")


def _n_tokens(model: Path, examples: Sequence[Example]) -> int:
    from bakeoff.models.chat import Chat

    return sum(len(one.tokens) for one in encode(Chat(model), examples))


def _ours(model: Path, pairs: list[Judged]) -> None:
    settings = Preferences(files="x", epochs=1, sft_weight=0.0)
    with tempfile.TemporaryDirectory() as folder:
        train_preferences(model, PreferenceLesson(pairs, []), settings, loop(settings), Path(folder), None)


def _theirs(model: Path, pairs: list[Judged]) -> None:
    """TRL's defaults, except one epoch, the device, the folder, no saving or reporting."""
    import datasets
    import peft
    from trl import DPOConfig, DPOTrainer

    rows = [
        {
            "prompt": [message.model_dump() for message in pair.prompt.messages],
            "chosen": [{"role": "assistant", "content": pair.liked}],
            "rejected": [{"role": "assistant", "content": pair.disliked}],
        }
        for pair in pairs
    ]
    shape = TrainingSettings()
    lora = peft.LoraConfig(task_type="CAUSAL_LM", r=shape.rank, lora_alpha=shape.alpha,
                           target_modules=list(shape.target_modules))  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        arguments = DPOConfig(output_dir=folder, num_train_epochs=1, use_cpu=not torch.cuda.is_available(),
                              save_strategy="no", report_to="none", disable_tqdm=True)  # fmt: skip
        trainer = DPOTrainer(model=str(model), args=arguments, peft_config=lora,
                             train_dataset=datasets.Dataset.from_list(rows))  # fmt: skip
        trainer.train()


if __name__ == "__main__":
    main()
