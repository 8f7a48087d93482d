"""Writes judged answers into tests/reference/graded_answers.csv: two passes by judges, and what the rules say.

    BAKEOFF_DATA=... python -m benchmarks.join_passes DIR/drawn.csv PASS_1.csv [PASS_2.csv] --batch 10

DIR/drawn.csv is from draw_answers.py. A pass is a CSV with the columns number and verdict (right, wrong, declined or
unsure). `correct` is filled where both passes agree. Run again with the second pass, the rows of the batch are
replaced, and what the rules said at first is kept.
"""

import argparse
import csv
import os
import sys
from pathlib import Path

from benchmarks.graded_public import COLUMNS, GRADED, questions, rows, value_of

from bakeoff.grading.grade import grade

VERDICTS = ("right", "wrong", "declined", "unsure")


def verdicts(path: Path | None) -> dict[str, str]:
    """The verdict of each number. Stops at any other word."""
    if path is None:
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        read = {row["number"]: row["verdict"].strip() for row in csv.DictReader(file)}
    other = {number: verdict for number, verdict in read.items() if verdict not in VERDICTS}
    if other:
        sys.exit(f"{path}: a verdict is one of {', '.join(VERDICTS)}; found {other}")
    return read


def joined(drawn: dict[str, str], first: str, second: str, batch: str, met: str, source: Path) -> dict[str, str]:
    """One row of the file. `met` is what the rules said at first, empty if they have not seen the answer."""
    accepted = questions(drawn["set"], source)[drawn["question_id"]].get("answers", [])
    values = {value_of(verdict, bool(accepted)) for verdict in (first, second)}
    agreed = values.pop() if len(values) == 1 else None
    return {
        "question": "",
        "accepted": "",
        "answer": drawn["answer"],
        "correct": "" if agreed is None else str(int(agreed)),
        "note": f"batch {batch}; real {drawn['contenders']}",
        "kind": drawn["kind"],
        "set": drawn["set"],
        "question_id": drawn["question_id"],
        "pass_1": first,
        "pass_2": second,
        "first_met": met or grade(drawn["answer"], accepted, drawn["kind"]).verdict,
    }


def main() -> None:
    """Replaces the rows of the batch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drawn", type=Path)
    parser.add_argument("pass_1", type=Path)
    parser.add_argument("pass_2", type=Path, nargs="?")
    parser.add_argument("--batch", required=True)
    arguments = parser.parse_args()
    source = Path(os.environ["BAKEOFF_DATA"])
    first, second = verdicts(arguments.pass_1), verdicts(arguments.pass_2)
    with arguments.drawn.open(newline="", encoding="utf-8") as file:
        drawn = list(csv.DictReader(file))
    missing = [row["number"] for row in drawn if row["number"] not in first or (second and row["number"] not in second)]
    if missing:
        sys.exit(f"no verdict on {', '.join(missing[:10])} ({len(missing)} in all)")
    before = rows()
    is_old = [row["note"].startswith(f"batch {arguments.batch};") and bool(row.get("set")) for row in before]
    met = {
        (row["set"], row["question_id"], row["answer"]): row["first_met"]
        for row, old in zip(before, is_old, strict=True)
        if old
    }
    kept = [row for row, old in zip(before, is_old, strict=True) if not old]
    new = [
        joined(
            row,
            first[row["number"]],
            second.get(row["number"], ""),
            arguments.batch,
            met.get((row["set"], row["question_id"], row["answer"]), ""),
            source,
        )
        for row in drawn
    ]
    with GRADED.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows([*kept, *new])
    print(f"{len(kept)} rows kept, {len(new)} of batch {arguments.batch} written")


if __name__ == "__main__":
    main()
