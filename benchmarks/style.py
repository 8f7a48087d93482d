"""A house style by prompt and by tuning: how many answers keep it, and how many are right.

    python benchmarks/style.py --folder /tmp/style

Rewrites the answers of the example's questions by rule to a house style: "Answer:", the answer, and a line that points
to support. Runs one pilot: retrieval as it is, retrieval with a prompt that asks for the style and shows an
example of it, and the model tuned with its passages on the styled answers. Every question keeps its other accepted
answers, so that an answer in the style and one without it are both graded by what they say. Then grades the same
answers by the accepted answers without the styled ones. If killed, it goes on with --resume.
"""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import bakeoff
from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.models.prompts import DECLINE
from bakeoff.pilot.regrade import regrade
from bakeoff.runs.config import validate

EXAMPLE = Path(__file__).parents[1] / "examples" / "support-desk"
OPENING, ENDING = "Answer:", "Norrvik support is happy to help."
ASKED = (
    f'Answer the question in a few words from the passages. Begin with "{OPENING}" and end with the sentence '
    f'"{ENDING}" Write at most two sentences and no exclamation mark. '
    f"If the passages do not hold the answer, say: {DECLINE} Example of an answer: {OPENING} 24 months. {ENDING}"
)
RULES = [
    {"name": "opening", "kind": "starts_with", "texts": [OPENING], "case": True},
    {"name": "support_line", "kind": "ends_with", "texts": [ENDING], "case": True},
    {"name": "short", "kind": "sentences", "most": 2},
    {"name": "calm", "kind": "no_exclamation"},
]
MEASURES = ("style", "style_opening", "style_support_line", "accuracy", "hallucination", "abstention", "unsure")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="folder for questions and runs")
    parser.add_argument("--resume", action="store_true", help="go on with the run in the folder")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    questions = styled_questions(EXAMPLE / "questions.csv", chosen.folder / "questions.csv")
    run = bakeoff.run(validate(configuration(questions)), runs=chosen.folder / "runs", resume=chosen.resume)
    print_tables(run.comparison)
    regraded = regrade(run.folder, [EXAMPLE / "questions.csv"])
    print("\nAccuracy with and without the styled answers among the accepted ones:")
    for name, grades in regraded.contenders.items():
        print(f"{name}: {grades.before:.3f}, {grades.after:.3f}; now unsure: {len(grades.now_unsure)}")


def configuration(questions: Path) -> dict[str, object]:
    """The pilot: three contenders, and the rules of the style."""
    return {
        "name": "style",
        "documents": [str(EXAMPLE / "documents")],
        "questions": [str(questions)],
        "general": None,
        "split": {"test": 0.25, "dev": 0.08},
        "answers": "short",
        "presentation": "fixed",
        "generation": {"max_new_tokens": 48},
        "contenders": [
            "rag",
            {"name": "rag-asked", "like": "rag", "prompts": {"grounded": {"system": ASKED}}},
            {"like": "hybrid", "tuning": {"epochs": 1}},
        ],
        "measuring": {"latency_questions": 4},
        "style": {"rules": RULES},
    }


def styled_questions(source: Path, target: Path) -> Path:
    """Writes the questions with a styled answer in front of the accepted ones. Returns the target."""
    with source.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        names, rows = list(reader.fieldnames or ()), list(reader)
    for row in rows:
        answers = [answer.strip() for answer in row["answers"].split("|") if answer.strip()]
        if answers:
            row["answers"] = " | ".join([styled(answers[0]), *answers])
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return target


def styled(answer: str) -> str:
    """The answer in the house style.

    >>> styled("24 months")
    'Answer: 24 months. Norrvik support is happy to help.'
    """
    return f"{OPENING} {answer.rstrip('.')}. {ENDING}"


def print_tables(comparison: Comparison) -> None:
    """Prints each measure of each contender, then the paired differences in style and accuracy."""
    print("| contender |", " | ".join(MEASURES), "|")
    print("|---" * (len(MEASURES) + 1) + "|")
    for name in comparison.names:
        print(f"| {name} |", " | ".join(_written(comparison.estimate(name, measure)) for measure in MEASURES), "|")
    print("\n| difference | measure | points | p, adjusted | finding |\n|---|---|---|---|---|")
    for contrast in _interesting(comparison.names, comparison):
        print(contrast)


def _interesting(names: Sequence[str], comparison: Comparison) -> list[str]:
    lines = []
    for measure in ("style", "accuracy"):
        for contrast in comparison.contrasts:
            if contrast.measure == measure and {contrast.a, contrast.b} <= set(names):
                span = f"{100 * contrast.difference:+.0f} ({100 * contrast.low:+.0f} to {100 * contrast.high:+.0f})"
                pair = f"{contrast.a} − {contrast.b}"
                lines.append(f"| {pair} | {measure} | {span} | {contrast.p_adjusted:.3f} | {contrast.finding} |")
    return lines


def _written(estimate: Estimate) -> str:
    if estimate.value is None:
        return "–"
    return f"{100 * estimate.value:.0f} % ({100 * (estimate.low or 0):.0f}–{100 * (estimate.high or 0):.0f})"


if __name__ == "__main__":
    main()
