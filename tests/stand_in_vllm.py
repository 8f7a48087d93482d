"""A stand-in for the command `vllm`: a process with a worker of its own that answers as the fake server does.

`stand_in(folder, monkeypatch)` puts it on the PATH. What it does is read from STAND_IN_VLLM when it starts, as JSON:
`delay_s` before it is healthy, `never` healthy, `says` (lines that it writes before it ends with status 1, at most
`times` times), `dies_at` (the number of a completion that kills it). Each start is a line of STAND_IN_STARTS.
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fake_api import Fault, Request
from tests.fake_vllm import FakeVllm

HERE = Path(__file__).parents[1]
TOLD = ("VLLM_ALLOW_RUNTIME_LORA_UPDATING", "VLLM_NO_USAGE_STATS", "DO_NOT_TRACK", "HF_HUB_OFFLINE", "VLLM_API_KEY")


class StandIn:
    """The starts that were made, and what the next one does."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.command, self._starts, self._patch = folder / "vllm", folder / "starts.jsonl", monkeypatch
        self.command.write_text(
            f"#!{sys.executable}\nimport sys\nprint('INFO loading weights', flush=True)\n"
            f"sys.path.insert(0, {str(HERE)!r})\nfrom tests.stand_in_vllm import main\nmain()\n"
        )
        self.command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("STAND_IN_STARTS", str(self._starts))
        monkeypatch.setenv("BAKEOFF_CACHE", str(folder / "cache"))
        self.does()

    def does(self, **what: Any) -> None:
        """What later starts do."""
        self._patch.setenv("STAND_IN_VLLM", json.dumps(what))

    @property
    def starts(self) -> list[dict[str, Any]]:
        """The arguments, variables and process numbers of each start, in order."""
        if not self._starts.exists():
            return []
        return [json.loads(line) for line in self._starts.read_text().splitlines()]

    @property
    def running(self) -> list[int]:
        """The processes of all starts that still run, workers among them."""
        return [pid for start in self.starts for pid in start["pids"] if is_running(pid)]

    def ended(self, within_s: float = 15.0) -> bool:
        """Whether all of them end within this time."""
        end = time.monotonic() + within_s
        while self.running and time.monotonic() < end:
            time.sleep(0.05)
        return not self.running


def is_running(pid: int) -> bool:
    """Whether the process is there and is more than an entry that nobody has read."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class _Dying(FakeVllm):
    """A server that ends in the middle of an answer."""

    dies_at = 0
    n_completed = 0

    def begin(self, request: Request) -> Fault | None:
        if request.path == "/v1/completions":
            self.n_completed += 1
            if self.n_completed == self.dies_at:
                _say("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.")
                _say("EngineDeadError: EngineCore encountered an issue. See stack trace above.")
                os._exit(1)
        return super().begin(request)


def main() -> None:
    """`vllm serve FOLDER --port N ...`"""
    what = json.loads(os.environ["STAND_IN_VLLM"])
    given = dict(zip(sys.argv, sys.argv[1:], strict=False))
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    start = {"argv": sys.argv[1:], "env": {name: os.environ.get(name) for name in TOLD}}
    starts = Path(os.environ["STAND_IN_STARTS"])
    n_before = len(starts.read_text().splitlines()) if starts.exists() else 0
    with starts.open("a") as file:
        file.write(json.dumps({**start, "pids": [os.getpid(), worker.pid]}) + "\n")
    if "says" in what and n_before < what.get("times", 10**9):
        _say(what["says"])
        sys.exit(1)
    time.sleep(what.get("delay_s", 0.0))
    if what.get("never"):
        time.sleep(600)
    server = _Dying(
        port=int(given["--port"]),
        base=given["--served-model-name"],
        key=os.environ["VLLM_API_KEY"],
        allows="updating" if "--enable-lora" in sys.argv else "no lora",
        max_lora_rank=int(given.get("--max-lora-rank", 0)),
        known={
            "/health": {},
            "/version": {"version": "0.0.stand-in"},
            "/v1/models": {"data": [{"id": given["--served-model-name"]}]},
        },
    )
    server.dies_at = what.get("dies_at", 0)
    threading.Event().wait()
