"""What LoRA and full fine-tuning learn and forget on the bundled example: accuracy by slice, with intervals.

    python benchmarks/forgetting.py RUNS                # trains and tests what is not there yet, then prints
    python benchmarks/forgetting.py RUNS lora full      # only these, for example on several machines
    python benchmarks/forgetting.py RUNS --print        # prints what is there

Each variant is a pilot of its own in the folder RUNS, of `base` and one tuned contender, with the same questions and
splits; a killed one goes on. `seen` are other phrasings of what was trained, `unseen` facts that were not, `general`
outside knowledge. Differences from LoRA are of the same questions (95 % by bootstrap over facts).
"""

import argparse
import json
from pathlib import Path

import numpy as np
from printed_tables import header, line

from bakeoff.pilot.run import run
from bakeoff.runs.config import load_config

EXAMPLE = Path(__file__).parents[1] / "examples" / "support-desk" / "bakeoff.yaml"
EPOCHS, SEED, N_DRAWS = 4, 7, 4000
ULMFIT = {"method": "full", "schedule": "slanted-triangular", "layer_decay": 2.6, "unfreezing": "gradual"}
VARIANTS = {
    "lora": {},
    "full": {"method": "full"},
    "ulmfit": ULMFIT,
    "ulmfit-1e-3": {**ULMFIT, "learning_rate": 1e-3},
}
SLICES = ("seen", "unseen", "general")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("variants", nargs="*", default=list(VARIANTS), help=", ".join(VARIANTS))
    parser.add_argument("--print", action="store_true", dest="only_print")
    asked = parser.parse_args()
    for name in [] if asked.only_print else asked.variants:
        pilot(asked.runs, name)
    print_tables(asked.runs, [name for name in VARIANTS if (asked.runs / name / "scores.jsonl").exists()])


def pilot(runs: Path, name: str) -> None:
    """Trains and tests one variant."""
    settings = load_config(EXAMPLE).model_dump(mode="json", exclude={"updates", "folder"})
    tuned = {"name": "tuned", "like": "tuned", "tuning": {"epochs": EPOCHS, **VARIANTS[name]}}
    path = runs / f"{name}.yaml"
    runs.mkdir(parents=True, exist_ok=True)
    kept = ("documents", "questions", "general", "split", "measuring", "seed")
    path.write_text(json.dumps({"name": name, "contenders": ["base", tuned], **{key: settings[key] for key in kept}}))
    run(path, runs=runs, resume=(runs / name).exists())


def print_tables(runs: Path, names: list[str]) -> None:
    header("variant", "dev completions exact", "dev loss", *SLICES, "hallucination", "retention", "tokens/s", "epochs")
    for name in names:
        comparison = json.loads((runs / name / "comparison.json").read_text())
        (path,) = (runs / name / "adapters").glob("tuned-*/report.json")
        report, measures = json.loads(path.read_text()), comparison["measures"]["tuned"]
        shares = [_share(right(runs, name, "tuned", part)) for part in SLICES]
        measured = [_with_interval(measures[measure]) for measure in ("hallucination", "retention")]
        exact, loss = report["best_dev_exact"], report["best_dev_loss"]
        line(name, exact, loss, *shares, *measured, round(report["tokens_per_s"]), report["epochs"])
    if names:
        line("base", "", "", *(_share(right(runs, names[0], "base", part)) for part in SLICES), "", "", "", "")
    if "lora" in names:
        header("minus LoRA", *SLICES)
        for name in names:
            if name != "lora":
                pairs = [(right(runs, name, "tuned", part), right(runs, "lora", "tuned", part)) for part in SLICES]
                line(name, *(_difference(*pair) for pair in pairs))


def right(runs: Path, name: str, contender: str, part: str) -> dict[str, tuple[str, float]]:
    """The fact of each question of a slice, and whether its answer was right, declined or not: 1, 0, or a half if that
    is unsure.
    """
    facts = {}
    for text in (runs / name / "splits.jsonl").read_text().splitlines():
        question = json.loads(text)
        if question["slice"] == part:
            facts[question["id"]] = question.get("fact") or question["id"]
    found = {}
    for text in (runs / name / "scores.jsonl").read_text().splitlines():
        score = json.loads(text)
        kind = (score["contender"], score["measure"], score["phase"])
        if kind == (contender, "knows", "test") and score["question_id"] in facts:
            found[score["question_id"]] = (facts[score["question_id"]], float(score["value"]))
    return found


def _share(rights: dict[str, tuple[str, float]]) -> str:
    return _bootstrapped(rights)


def _difference(one: dict[str, tuple[str, float]], other: dict[str, tuple[str, float]]) -> str:
    return _bootstrapped({key: (one[key][0], one[key][1] - other[key][1]) for key in one.keys() & other.keys()})


def _bootstrapped(values: dict[str, tuple[str, float]]) -> str:
    """The mean with its interval, by drawing facts."""
    groups: dict[str, list[float]] = {}
    for fact, value in (values[key] for key in sorted(values)):
        groups.setdefault(fact, []).append(value)
    sums = np.array([(sum(group), len(group)) for group in groups.values()])
    drawn = np.random.default_rng(SEED).integers(len(sums), size=(N_DRAWS, len(sums)))
    means = sums[drawn].sum(1)
    low, high = np.quantile(means[:, 0] / means[:, 1], (0.025, 0.975))
    return f"{sums[:, 0].sum() / sums[:, 1].sum():.3f} ({low:.3f} to {high:.3f})"


def _with_interval(estimate: dict) -> str:
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


if __name__ == "__main__":
    main()
