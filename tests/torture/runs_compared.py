"""Two runs of the same configuration compared: what they say must be equal, whatever happened to one of them.

Takes the folders of runs whose clock stood still (`steady.py`), as the runs left them. What differs between any two of
them is masked: the name, the date, the time of reading (before the clock is still), that of an index, which a kill
makes longer, and that of comparing, which only a report that is written again can name.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

MASKED = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "TIME"),
    (re.compile(r"[\d.e-]+ s / 3,600"), "TIME / 3,600"),
    (re.compile(r"^(\| (?:Store documents|Index) \|).*", re.MULTILINE), r"\1 TIME"),
    (re.compile(r"^\| Compare \|.*\n", re.MULTILINE), ""),
)
Lines = Mapping[str, Sequence[str]]
"""The lines of files, by the files' names."""


def pages(folder: Path) -> Lines:
    """The lines of the scores and of the report that the run wrote."""
    report = (folder / "report.md").read_text().replace(folder.name, "NAME")
    for pattern, instead in MASKED:
        report = pattern.sub(instead, report)
    return {"report.md": report.splitlines(), "scores.jsonl": (folder / "scores.jsonl").read_text().splitlines()}


def answers(folder: Path) -> Lines:
    """The answers that are on the disk as a whole."""
    return {path.name: path.read_text().split("\n")[:-1] for path in (folder / "answers").glob("*.jsonl")}


def lost(before: Lines, after: Lines) -> list[str]:
    """For each file the answers that are not there letter for letter any more: lost, changed, or asked again."""
    gone = {name: [line for line in lines if line not in after.get(name, ())] for name, lines in before.items()}
    return [f"{len(lines)} answers of {name}: {lines[0][:80]}" for name, lines in gone.items() if lines]


def differences(first: Lines, second: Lines) -> list[str]:
    """The first line of each page in which they differ, in words."""
    found = []
    for page, lines in first.items():
        others = second.get(page, ())
        differs = next((pair for pair in zip(lines, others, strict=False) if pair[0] != pair[1]), None)
        if differs or len(lines) != len(others):
            found.append(f"{page}: {differs or f'{len(lines)} lines, not {len(others)}'}")
    return found


def asked(answers: Lines) -> Lines:
    """The ids of the questions in the order of their answers: each must be there once."""
    return {name: [json.loads(line)["question_id"] for line in lines] for name, lines in answers.items()}
