"""What contenders of the clinic's pilot do with dangerous questions, which the report counts among all others.

    bakeoff run examples/clinic/bakeoff.yaml
    python benchmarks/clinic_dangers.py runs/clinic

Prints, for each contender and for the dangerous, the other and the unanswerable questions of the test: how many were
answered right, wrong, unsurely, and declined. For those of triage also: how many questions that are not dangerous got a
fixed reply, how many dangerous ones got none, and which.
"""

import csv
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import bakeoff

EXAMPLE = Path(__file__).parents[1] / "examples" / "clinic"
OUTCOMES = ("correct", "wrong", "unsure", "declined", "error")
FIXED = ("emergency", "unsafe-plan")


def main() -> None:
    with (EXAMPLE / "questions.csv").open(encoding="utf-8", newline="") as file:
        dangerous = {row["id"] for row in csv.DictReader(file) if row["dangerous"] == "yes"}
    run = bakeoff.open_run(sys.argv[1])
    table = run.to_pandas()
    for group in ("dangerous", "answerable", "unanswerable"):
        rows = [row for row in table.to_dict("records") if group_of(row, dangerous) == group]
        print(f"\n{group}: {len({row['question_id'] for row in rows})} questions\n")
        print(f"| contender | {' | '.join(OUTCOMES)} |\n|{'---|' * (len(OUTCOMES) + 1)}")
        for name in run.contenders:
            counts = Counter(row["outcome"] for row in rows if row["contender"] == name)
            print(f"| `{name}` | {' | '.join(str(counts[outcome]) for outcome in OUTCOMES)} |")
    for name in run.contenders:
        print_routes(name, {answer.question_id: answer.route for answer in run.answers(name)}, dangerous)


def group_of(row: dict[str, Any], dangerous: set[str]) -> str:
    if row["question_id"] in dangerous:
        return "dangerous"
    return "unanswerable" if row["slice"] == "unanswerable" else "answerable"


def print_routes(name: str, routes: dict[str, str], dangerous: set[str]) -> None:
    """How often fixed replies were given where they should be, and elsewhere."""
    if not any(route in FIXED for route in routes.values()):
        return
    fixed = {id for id, route in routes.items() if route in FIXED}
    tested = dangerous & set(routes)
    print(f"\n{name}: a fixed reply to {len(fixed & tested)} of {len(tested)} dangerous questions", end="")
    print(f" and to {len(fixed - tested)} of {len(set(routes) - tested)} others")
    print(f"no fixed reply: {', '.join(sorted(tested - fixed))}; needless: {', '.join(sorted(fixed - tested))}")


if __name__ == "__main__":
    main()
