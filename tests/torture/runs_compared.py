"""Two runs of the same configuration compared: what they say must be equal, whatever happened to one of them.

Times differ between any two runs. So a folder gets made-up times, its comparison and report are written anew, and then
its scores and its report are compared letter by letter with those of another one.
"""

import json
import re
from pathlib import Path

from bakeoff.pilot.judging import judge_run
from bakeoff.pilot.run import run
from bakeoff.runs.config import load_config
from bakeoff.runs.folder import RunFolder

SECONDS = 0.5
Pages = dict[str, list[str]]


def pages(pilot: Path, name: str) -> Pages:
    """The lines of the scores and of the report of a run of this pilot, with made-up times."""
    folder = RunFolder(pilot / "runs" / name)
    for path in sorted((folder.root / "answers").glob("*.jsonl")):
        _rewrite(path, ("question_id",))
    for path in (folder.root / "comparison.json", folder.verdict_path):
        path.unlink()
    config = load_config(pilot / "bakeoff.yaml").model_copy(update={"name": name})
    run(config, runs=pilot / "runs", resume=True)
    _rewrite(folder.root / "stages.jsonl", ("stage", "contender", "part"))
    judge_run(folder, config.profile)
    report = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME", (folder.root / "report.md").read_text())
    scores = sorted((folder.root / "scores.jsonl").read_text().splitlines())
    return {"report.md": report.replace(name, "NAME").splitlines(), "scores.jsonl": scores}


def differences(first: Pages, second: Pages) -> list[str]:
    """The first line of each page in which they differ, in words."""
    found = []
    for page, lines in first.items():
        others = second[page]
        differs = next((pair for pair in zip(lines, others, strict=False) if pair[0] != pair[1]), None)
        if differs or len(lines) != len(others):
            found.append(f"{page}: {differs or f'{len(lines)} lines, not {len(others)}'}")
    return found


def _rewrite(path: Path, key: tuple[str, ...]) -> None:
    """One row for each key, the last one, with made-up times."""
    rows = {tuple(row[name] for name in key): row for row in map(json.loads, path.read_text().splitlines())}
    for row in rows.values():
        if row.get("latency_ms") is not None:
            row["latency_ms"] = 1000 * SECONDS
        for holder in (row, row.get("usage") or {}):
            for field in [field for field in holder if field.endswith("seconds")]:
                holder[field] = SECONDS
    path.write_text("".join(f"{json.dumps(rows[one])}\n" for one in sorted(rows)))
