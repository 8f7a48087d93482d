"""Tries every promise and writes one table.

    python -m tests.torture [--short] [--seed N] [--only N ...] [--into FILE]

Each promise is tried in a process of its own, one after another. Ends with 1 if one was not kept, or not
tried. In full it takes hours; `--short` takes minutes.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.torture.promise import Seen, Trial
from tests.torture.promises import PROMISES

HEAD = "| # | promise | figure | seen | kept | minutes |\n|---|---|---|---|---|---|"
MARK = "SEEN "


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="the short form, as CI runs it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, nargs="+", choices=sorted(PROMISES), metavar="N", help="their numbers")
    parser.add_argument("--into", type=Path, metavar="FILE", help="write the table to this file")
    parser.add_argument("--here", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        print(MARK + json.dumps(_tried(asked.here, asked.seed, asked.short)._asdict()), flush=True)
        return
    rows, broken = [HEAD], list[str]()
    print(HEAD, flush=True)
    for number in asked.only or sorted(PROMISES):
        begun = time.perf_counter()
        seen = _apart(number, asked.seed, asked.short)
        minutes = (time.perf_counter() - begun) / 60
        promise = PROMISES[number]
        told = f"{promise.promised} | {promise.figure} | {seen.figures} | {seen.kept} | {minutes:.1f}"
        rows.append(f"| {number} | {told} |")
        broken += [f"- {number}: {line}" for line in (*seen.broken, *filter(None, [seen.untried]))]
        print(rows[-1], flush=True)
    form = "the short form" if asked.short else "in full"
    page = "\n".join([f"{datetime.now(UTC):%d %B %Y}, {form}, seed {asked.seed}:", "", *rows, "", *broken]) + "\n"
    print("\n".join(broken))
    if asked.into:
        asked.into.write_text(page, encoding="utf-8")
    sys.exit(bool(broken))


def _tried(number: int, seed: int, is_short: bool) -> Seen:
    with TemporaryDirectory(prefix="torture-", ignore_cleanup_errors=True) as name:
        return PROMISES[number].trial(Trial(Path(name), seed, is_short))


def _apart(number: int, seed: int, is_short: bool) -> Seen:
    """The trial in a process of its own. One that could not be carried out is not kept."""
    command = [sys.executable, "-m", "tests.torture", "--here", str(number), "--seed", str(seed)]
    trusting = {"BAKEOFF_TRUST": "1", **os.environ}  # the trials' folders name code of the tests
    done = subprocess.run([*command, *(["--short"] if is_short else [])], capture_output=True, text=True, env=trusting)
    told = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    if not told:
        return Seen("could not be tried", (f"exit code {done.returncode}: {done.stderr[-1500:]}",))
    seen = json.loads(told[-1].removeprefix(MARK))
    return Seen(seen["figures"], tuple(seen["broken"]), seen["untried"])


if __name__ == "__main__":
    main()
