"""`bakeoff serve` with a paid model, in a process of its own: what it spends is in its deployment and its metrics."""

import urllib.request
from pathlib import Path

from bakeoff.models.spending.rows import Spending
from bakeoff.pilot.run import run
from bakeoff.runs.config import load_config
from tests.end_to_end.server_process import Server
from tests.end_to_end.small import make
from tests.fake_api import FakeApi


def test_a_server_counts_its_paid_calls_over_restarts(tmp_path: Path) -> None:
    """Those of answers, in whatever thread; the second process goes on with the sums of the first one."""
    with FakeApi(reply=lambda messages: "12 days") as api:
        price = {"input_tokens": 1.0, "output_tokens": 4.0}
        model = {"api": "openai", "base_url": api.url, "model": "m", "price": price}
        config = load_config(make(tmp_path, contenders=["base"], models={"generator": model, "embedder": "hash"}))
        run(config, runs=tmp_path / "runs")
        before = api.n_requests
        for session in (1, 2):
            server = Server(tmp_path).wait()
            for i in range(3):
                server.ask(f"How long does planet {i} take?", "base")
            with urllib.request.urlopen(server.url + "/metrics", timeout=30) as reply:
                metrics = dict(line.split(" ") for line in reply.read().decode().splitlines() if line[0] != "#")
            code, _ = server.stop()
            (path,) = (tmp_path / "deployments").glob("*/spending.json")
            spending = Spending.model_validate_json(path.read_text())
            assert code == 0
            assert (
                spending.total.calls == float(metrics["bakeoff_paid_calls"]) == api.n_requests - before == 3 * session
            )
            assert [part.role for part in spending.parts] == ["answering"]
            assert 0 < spending.total.usd == float(metrics["bakeoff_paid_usd"])
