"""Runs every benchmark of speed, one after another, and writes one table: Bakeoff, the library's default, the limit.

    python benchmarks/bench.py [--quick] [--only NAME ...] [--into FILE]

`make bench` does this. Each part runs in a process of its own, so that its memory is its own. Bakeoff and the library
take turns on the same texts with the same model, both warm; the limit is measured in the same process: products of
matrices for training, embedding and reading a prompt, reading of memory for writing, a bare scan for search. The
library's part is left out where the library is not installed (`pip install 'bakeoff[bench]'`). On a machine that does
other work too, the ratios say more than the times; the load before each part is in the table.

`--quick` takes about ten minutes on two free cores, the whole an hour. Without `--into` the table is printed.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import machine  # noqa: E402
import speed_models  # noqa: E402
import speed_work  # noqa: E402
from speed_row import MARK, Row  # noqa: E402

PARTS = {**speed_models.PARTS, **speed_work.PARTS}
HEAD = ("what", "Bakeoff", "library's default", "machine's limit", "ratio to the library", "goal", "met", "memory, MiB",
        "load before")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer rounds")
    parser.add_argument("--only", nargs="+", choices=sorted(PARTS), metavar="NAME", help=", ".join(PARTS))
    parser.add_argument("--into", type=Path, metavar="FILE", help="write the table to this file")
    parser.add_argument("--part", choices=sorted(PARTS), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        measure(asked.part, asked.quick)
        return
    page = table(asked.only or list(PARTS), asked.quick)
    if asked.into:
        asked.into.write_text(page, encoding="utf-8")
    else:
        print(page)


def measure(part: str, is_quick: bool) -> None:
    """Runs one part in this process and prints its rows for the process that began this one."""
    for row in PARTS[part](is_quick):
        print(f"{MARK}{json.dumps(row.__dict__ | {'peak': row.memory or machine.peak_mib()})}", flush=True)


def table(parts: list[str], is_quick: bool) -> str:
    """The whole page, in Markdown."""
    lines = [
        "# Speed: Bakeoff, the library's default, the machine's limit\n",
        f"`make bench`{' with `--quick`' if is_quick else ''}, {datetime.now(UTC):%Y-%m-%d}. {machine.named()}. "
        f"{machine.versions()}. Load at the start {machine.load():.1f}: what else ran on these cores.\n",
        f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}",
    ]
    notes = []
    for part in parts:
        load = f"{machine.load():.1f}"
        print(f"{part} ...", file=sys.stderr, flush=True)
        rows, failure = in_its_own_process(part, is_quick)
        lines += [f"| {' | '.join([*row.cells(), f'{peak:,.0f}', load])} |" for row, peak in rows]
        notes += [f"- **{row.what}**: {row.note}" for row, _ in rows if row.note]
        if failure:
            notes.append(f"- **{part}** stopped: {failure}")
    return "\n".join([*lines, "", *notes, ""])


def in_its_own_process(part: str, is_quick: bool) -> tuple[list[tuple[Row, float]], str]:
    """The rows with the peak memory of each, and the last line of the error if the part failed."""
    command = [sys.executable, str(HERE / "bench.py"), "--part", part, *(["--quick"] if is_quick else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = []
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            told: dict[str, Any] = json.loads(line[len(MARK) :])
            peak = told.pop("peak")
            rows.append((Row(**told), peak))
    return rows, "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no message"])[-1]


if __name__ == "__main__":
    main()
