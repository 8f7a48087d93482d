"""Promise 25: old data open. What every release wrote is opened, shown, asked, reported; later formats are refused."""

import re
import subprocess
import sys

from tests.end_to_end.small import REPOSITORY, environment
from tests.released.make import FOLDER
from tests.torture.promise import Promise, Seen, Trial

TESTS = "tests/end_to_end/test_released.py"


def opened(told: Trial) -> Seen:
    """Runs the tests of it, which read the archives of `tests/released/`."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--basetemp",
        str(told.folder / "t"),
        TESTS,
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, env=environment())
    passed = re.search(r"(\d+) passed", done.stdout)
    versions = ", ".join(sorted(path.stem for path in FOLDER.glob("*.zip")))
    broken = re.findall(r"^(?:FAILED|ERROR) .*", done.stdout, re.MULTILINE)
    if done.returncode and not broken:
        broken = [f"exit code {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}"]
    if not passed:
        broken.append("nothing was checked")
    return Seen(f"archives of {versions}: {passed[1] if passed else 0} checks", tuple(broken))


PROMISES = (
    Promise(
        25,
        "old data open",
        "a run, a store and a deployment of every release open and answer; later formats are refused clearly",
        opened,
    ),
)
