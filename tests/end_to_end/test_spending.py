"""A run on paid models is killed at random moments, or stopped by its budget: nothing is paid for twice."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bakeoff.errors import LimitReachedError
from bakeoff.files import jsonl
from bakeoff.models.spending.rows import Budget, Row
from bakeoff.pilot.run import run
from bakeoff.records import Answer
from bakeoff.runs.config import load_config
from tests.end_to_end.paid_pilot import paid_pilot, reader
from tests.end_to_end.small import environment, make
from tests.fake_api import FakeApi


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi(reply=reader, delay_s=0.02) as server:
        yield server


def test_a_run_killed_when_its_batch_was_made_does_not_send_a_second(tmp_path: Path, api: FakeApi) -> None:
    """The host has the batch, but the process dies before it hears of that: the next session finds it in the list."""
    settings = {"api": "openai", "base_url": api.url, "model": "m", "price": {"input_tokens": 1, "output_tokens": 4}}
    make(tmp_path, models={"generator": {**settings, "batch": True}, "embedder": "hash"}, contenders=["base"])
    process: list[subprocess.Popen[bytes]] = []

    def kill() -> None:
        while not process:
            time.sleep(0.001)
        process[0].send_signal(signal.SIGKILL)
        process[0].wait()

    api.batches.on_create = kill
    command = [sys.executable, "-m", "bakeoff", "run"]
    process.append(
        subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    )
    assert process[0].wait() == -signal.SIGKILL
    rows = jsonl.read(tmp_path / "runs" / "planets" / "spending.jsonl", Row)
    assert not [row for row in rows if row.row == "batch"]
    api.batches.on_create = lambda: None
    finished = run(load_config(tmp_path / "bakeoff.yaml"), runs=tmp_path / "runs", resume=True)
    assert len(api.batches.created) == 2  # dev and test
    assert finished.spending is not None
    assert finished.spending.total.unknown == 0


def test_a_run_stopped_by_its_budget_goes_on_where_it_stopped(tmp_path: Path, api: FakeApi) -> None:
    """Calls that were under way when the budget ended are answered from the ledger; the answers are the same."""
    undisturbed = run(load_config(paid_pilot(tmp_path / "whole", api)), runs=tmp_path / "whole" / "runs", reuse=False)
    n_whole, spent = api.n_requests, json.loads((undisturbed.folder.root / "spending.json").read_text())["total"]
    path = paid_pilot(tmp_path / "stopped", api)
    config = load_config(path)
    runs = tmp_path / "stopped" / "runs"
    caps = [spent["usd"] * share for share in (0.7, 0.8, 0.9)]
    for cap in caps:
        budget = config.model_copy(update={"budget": Budget(usd=cap)})
        with pytest.raises(LimitReachedError, match=r"stopped at its budget: budget\.usd is"):
            run(budget, runs=runs, resume=cap != caps[0], reuse=False)
        total = json.loads((runs / "planets" / "spending.json").read_text())["total"]
        assert total["usd"] <= cap
    finished = run(config, runs=runs, resume=True, reuse=False)
    latency_and_checks = 3 * 3 * len(caps) + 4 * len(caps)  # warm-ups, probes and looks at log-probabilities again
    assert api.n_requests - n_whole <= n_whole + latency_and_checks
    for contender in ("base", "rag", "multi"):
        assert _texts(finished.answers(contender)) == _texts(undisturbed.answers(contender))


def _texts(answers: list[Answer]) -> dict[str, str]:
    return {answer.question_id: answer.text for answer in answers}


def test_calls_are_capped_too(tmp_path: Path, api: FakeApi) -> None:
    """budget.calls holds at 4 requests at once; a raised one lets the run go on."""
    config = load_config(paid_pilot(tmp_path, api))
    needed = 300
    with pytest.raises(LimitReachedError, match=r"budget\.calls is 230, and 230 calls were made"):
        run(config.model_copy(update={"budget": Budget(calls=230)}), runs=tmp_path / "runs", reuse=False)
    assert api.n_requests == 230
    run(config.model_copy(update={"budget": Budget(calls=needed)}), runs=tmp_path / "runs", resume=True, reuse=False)
    assert api.n_requests <= needed


def test_a_dry_run_sends_nothing_and_writes_no_folder(tmp_path: Path, api: FakeApi) -> None:
    """It prints each part, and an interval that holds what the run then takes."""
    paid_pilot(tmp_path, api)
    told = subprocess.run(
        [sys.executable, "-m", "bakeoff", "run", "--dry-run", "--json"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert api.n_requests == 0
    assert not (tmp_path / "runs").exists()
    expected = json.loads(told.stdout)
    finished = run(load_config(tmp_path / "bakeoff.yaml"), runs=tmp_path / "runs", reuse=False)
    spent = json.loads((finished.folder.root / "spending.json").read_text())["total"]
    for name, amount in (("calls", spent["calls"]), ("usd", spent["usd"])):
        low, high = expected[name]
        assert low <= amount <= high
    roles = {line["role"] for line in expected["lines"]}
    assert {"check", "dev", "test", "latency", "embedding", "rewriting"} <= roles
