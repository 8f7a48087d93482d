"""Classification of banking77 (Casanueva et al. 2020, arXiv:2003.04807) with few and all examples of each label.

    BAKEOFF_DATA=... python benchmarks/classification.py [--examples 5 20] [--tested 4] [--dev 2] [--outside 7]
        [--contenders nearest-label label-head ...]

Runs a pilot for each number of examples (0: all), with the same test and dev questions, and prints the measures with
their intervals. `--outside` labels are left out of training: their questions are out of scope in dev and test, which is
the hard case, since they come from the same bank. Runs are kept in `runs/` of the folder that --out names; a run that
was stopped is resumed.
"""

import argparse
import csv
import json
import os
from pathlib import Path

import numpy as np

from bakeoff.catalogue import CLASSIFYING
from bakeoff.pilot.run import run
from bakeoff.pilot.stage_times import Event
from bakeoff.runs.folder import RunFolder

MEASURES = ("accuracy", "knowledge", "macro_f1", "scope_auroc", "scope_declined", "in_scope_declined",
            "calibration_error", "latency_ms", "setup_s")  # fmt: skip
SEED = 7


def main() -> None:
    """Runs each pilot and prints its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, nargs="+", default=[5, 20], help="of each label; 0 for all")
    parser.add_argument("--tested", type=int, default=4, help="test questions of each label; 0 for all")
    parser.add_argument("--dev", type=int, default=2, help="dev questions of each label")
    parser.add_argument("--outside", type=int, default=7, help="labels that are out of scope")
    parser.add_argument("--contenders", nargs="+", default=list(CLASSIFYING))
    parser.add_argument("--out", type=Path, default=Path("classification"))
    given = parser.parse_args()
    for n in given.examples:
        folder = given.out / f"banking77-{n or 'all'}-{given.tested or 'all'}-{given.dev}-{given.outside}"
        measured(folder, n, given)


def measured(folder: Path, n: int, given: argparse.Namespace) -> None:
    """Makes the questions, runs the pilot (or the rest of it) and prints its measures."""
    folder.mkdir(parents=True, exist_ok=True)
    write_questions(folder / "questions.csv", n, given.tested, given.dev, given.outside)
    values = {
        "name": "banking77",
        "task": "classify",
        "questions": ["questions.csv"],
        "contenders": [entry(text) for text in given.contenders],
    }
    (folder / "bakeoff.yaml").write_text(json.dumps(values))
    done = run(folder / "bakeoff.yaml", runs=folder / "runs", resume=(folder / "runs").exists(), listener=said)
    print(f"\n{n or 'all'} examples a label")
    print(table(done.folder))


def entry(text: str) -> dict:
    """A contender, or a recipe with options as 'name=recipe:{...}'."""
    name, _, rest = text.partition("=")
    recipe, _, options = rest.partition(":")
    return {"name": name, "like": recipe, "options": json.loads(options or "{}")} if rest else {"like": text}


def said(event: Event) -> None:
    """Prints each stage as it ends."""
    if event.note == "done":
        print(f"{event.contender}: {event.stage}", flush=True)


def write_questions(path: Path, n: int, n_test: int, n_dev: int, n_outside: int) -> None:
    """n training questions of each label and n_dev others of the training file; test questions of the test file."""
    known, tested = (by_label(name) for name in ("train.csv", "test.csv"))
    rng = np.random.default_rng(SEED)
    outside = set(rng.permutation(sorted(known))[:n_outside].tolist())
    rows = []
    for label in sorted(known):
        order = rng.permutation(len(known[label]))
        answer, kind = ("", "unanswerable") if label in outside else (label, "")
        parts = {"dev": [known[label][i] for i in order[:n_dev]]}
        if label not in outside:
            rest = order[n_dev:]
            parts["train"] = [known[label][i] for i in (rest[:n] if n else rest)]
        parts["test"] = [tested[label][i] for i in rng.permutation(len(tested[label]))[: n_test or None]]
        for split, texts in parts.items():
            rows += [[f"{split}-{label}-{i}", text, answer, kind, split] for i, text in enumerate(texts)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "question", "answer", "kind", "split"], *rows])


def by_label(name: str) -> dict[str, list[str]]:
    """The distinct texts of each label, in the order of the file."""
    path = Path(os.environ["BAKEOFF_DATA"]) / "banking77" / name
    texts: dict[str, dict[str, None]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            texts.setdefault(row["category"], {})[row["text"].strip()] = None
    return {label: list(of_label) for label, of_label in texts.items()}


def table(folder: RunFolder) -> str:
    """The measures of a run as Markdown."""
    comparison = folder.comparison()
    known = [comparison.measure_of[name] for name in MEASURES]
    lines = ["| contender | " + " | ".join(measure.title for measure in known) + " |", "|---" * (len(known) + 1) + "|"]
    for name in comparison.names:
        cells = []
        for measure in known:
            estimate = comparison.estimate(name, measure.name)
            if estimate.value is None:
                cells.append("–")
            elif measure.unit == "share":
                low, high = estimate.low or 0.0, estimate.high or 0.0
                cells.append(f".{round(1000 * estimate.value):03d} ({low:.3f} to {high:.3f})".replace("(0", "("))
            else:
                cells.append(measure.write(estimate.value))
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    lines += [f"\n{name} was left out: {reason}" for name, reason in comparison.skipped.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
