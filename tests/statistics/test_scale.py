"""Ten contenders by ten thousand questions are compared and judged in seconds."""

import json
import subprocess
import sys

import pytest

from tests.end_to_end.small import REPOSITORY, environment


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_ten_contenders_by_ten_thousand_questions(tmp_path):
    """At most 10 s and 1 GiB, the answers and scores in memory included; the best of them wins."""
    finished = subprocess.run(
        [sys.executable, "-m", "tests.statistics.scale", str(tmp_path), "10000"],
        cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    took = json.loads(finished.stdout)
    assert took["winner"] == "our.Own4"
    assert took["peak_bytes"] < 2**30
    assert took["seconds"] < 10
