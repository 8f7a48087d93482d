"""Whether the fast engine changes the results: a run's contenders, asked again on both engines.

    python benchmarks/engine_accuracy.py runs/support-desk

Opens each contender of a finished run (the same adapter, index, prompt and threshold) once with transformers in fp32
and once with OpenVINO in int8. Asks both the same test questions, those about the update among them, in batches of 8.
Prints their scores with the paired difference, its 95 % interval, and how much faster OpenVINO was.
"""

import argparse
import random
import sys
import time
from pathlib import Path

from bakeoff.contenders.world import WorldFolder
from bakeoff.measure.collect import ask
from bakeoff.measure.score import score_answers
from bakeoff.measure.statistics import paired, share_estimate
from bakeoff.models.settings import EMBEDDER, LocalModel
from bakeoff.records import Question
from bakeoff.runs.folder import RunFolder

MEASURES = {"correct": "accuracy", "knows": "correct before declining", "hallucinated": "hallucination"}
BATCH = 8


def answered(
    folder: RunFolder, engine: str, contender: str, questions: list[Question]
) -> tuple[dict, list[str], float]:
    """Values by measure and question, the texts, and the seconds, of this contender on this engine."""
    config = folder.config()
    models = {
        name: model.model_copy(update={"engine": engine})
        if isinstance(model, LocalModel) and name != EMBEDDER
        else model
        for name, model in config.models.items()
    }
    opened = WorldFolder(folder.world, models, config.imports_from).open(contender)
    answers, begun = [], time.perf_counter()
    for start in range(0, len(questions), BATCH):
        answers += ask(opened, questions[start : start + BATCH])
        print(f"{engine}: {len(answers)} of {len(questions)}", end="\r", file=sys.stderr, flush=True)
    seconds = time.perf_counter() - begun
    values: dict[str, dict[str, float]] = {name: {} for name in MEASURES}
    for score in score_answers(questions, answers):
        if score.measure in values and score.value is not None:
            values[score.measure][score.question_id] = score.value
    return values, [answer.text for answer in answers], seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a finished run folder")
    parser.add_argument("--contenders", nargs="+", default=["base", "rag", "tuned", "hybrid"])
    parser.add_argument("--questions", type=int, default=300)
    chosen = parser.parse_args()
    folder = RunFolder(chosen.run)
    tested = [row for row in folder.questions() if row.split == "test"]
    questions = random.Random(0).sample(tested, min(len(tested), chosen.questions))
    print(
        "| contender | measure | transformers fp32 | OpenVINO int8 | difference (95 % interval) | same texts | faster |"
    )
    print("|---|---|---|---|---|---|---|")
    for contender in chosen.contenders:
        compare(folder, contender, questions)


def compare(folder: RunFolder, contender: str, questions: list[Question]) -> None:
    """A line of the table for each measure."""
    facts = {question.id: question.fact for question in questions}
    slow, slow_texts, slow_s = answered(folder, "transformers", contender, questions)
    fast, fast_texts, fast_s = answered(folder, "openvino", contender, questions)
    same = sum(a == b for a, b in zip(slow_texts, fast_texts, strict=True))
    for name, title in MEASURES.items():
        shares = [100 * (share_estimate(values[name], facts).value or 0) for values in (slow, fast)]
        differences = {key: fast[name][key] - slow[name][key] for key in fast[name] if key in slow[name]}
        contrast = paired("fast", "slow", differences, facts, name)
        change = "-"
        if contrast is not None:
            change = f"{100 * contrast.difference:+.1f} ({100 * contrast.low:+.1f} to {100 * contrast.high:+.1f})"
        print(
            f"| {contender} | {title} | {shares[0]:.1f} % | {shares[1]:.1f} % | {change} points | "
            f"{same} of {len(questions)} | {slow_s / fast_s:.1f} x |",
            flush=True,
        )


if __name__ == "__main__":
    main()
