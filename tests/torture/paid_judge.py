"""A paid judge at a provider that answers some requests after its client has given up; `bakeoff judge` is killed.

Part of promises 2 and 7: what the provider computed, by its own count, against the cap and the ledger.
"""

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from bakeoff.files import jsonl
from bakeoff.models.spending.rows import Row
from tests.end_to_end.small import environment
from tests.fake_api import FakeApi, Messages
from tests.unit.judged_run import ScriptedJudge, long_run

USD_PER_TOKEN = 1e-5
PATIENCE_S = 1.0
ENOUGH_USD = 50.0


class Provider:
    """Judges, and writes a bill: also for replies that come too late for whoever waits a second.

    So do the first `n_late` replies to a `share` of the requests.
    """

    def __init__(self, n_late: int, share: float, chance: random.Random) -> None:
        self._judge, self._lock, self._n_late, self.usd = ScriptedJudge(), threading.Lock(), n_late, 0.0
        self._share, self._chance = share, chance
        self._left: dict[str, int] = {}

    def reply(self, messages: Messages) -> str:
        text = self._judge.reply(messages[-1]["content"])
        n_tokens = sum(len(message["content"].split()) for message in messages) + len(text.split())
        with self._lock:
            self.usd += n_tokens * USD_PER_TOKEN
            asked = messages[-1]["content"]
            left = self._left.setdefault(asked, self._n_late if self._chance.random() < self._share else 0)
            self._left[asked] -= left > 0
        is_late = left > 0
        time.sleep(PATIENCE_S * 1.3 if is_late else 0.02)
        return text


def judged(folder: Path, chance: random.Random, cap_usd: float = ENOUGH_USD, n_kills: int = 0) -> tuple[list[str], int]:
    """A run of which a paid judge judges 40 answers: what was paid twice or beyond the cap, and how many requests left.

    Raises RuntimeError if nothing was late.
    """
    run = long_run(folder / "runs" / "r", 20)
    is_capped = cap_usd < ENOUGH_USD
    provider = Provider(2 if is_capped else 1, 1.0 if is_capped else 0.3, random.Random(chance.random()))
    with FakeApi(reply=provider.reply) as api:
        price = {"input_tokens": USD_PER_TOKEN * 1e6, "output_tokens": USD_PER_TOKEN * 1e6}
        model = {"api": "openai", "base_url": api.url, "model": "j", "price": price, "timeout_s": PATIENCE_S}
        settings = folder / "judge.yaml"
        grading = {"judge": "strong", "budget_usd": cap_usd, "max_new_tokens": 64, "canaries": 0}
        settings.write_text(json.dumps({"grading": grading, "models": {"strong": {**model, "concurrency": 8}}}))
        for kill in range(n_kills + 1):
            _command(run.root, settings, api, chance.randint(10, 30) if kill < n_kills else None)
    rows = jsonl.read(run.root / "spending.jsonl", Row)
    intents = {row.id: row for row in rows if row.row == "intent"}
    outcomes = {row.id: row for row in rows if row.row == "outcome"}
    if not any(row.status == "unknown" for row in outcomes.values()):
        raise RuntimeError("no reply was too late")
    sent, done, unknown = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for row in intents.values():
        outcome, key = outcomes.get(row.id), (row.stage, row.request)
        sent[key] += 1
        done[key] += outcome is not None and outcome.status == "done"
        unknown[key] += outcome is None or outcome.status == "unknown"
    broken = [f"judge: done {n} times ({key[0]})" for key, n in done.items() if n > 1]
    broken += [f"judge: sent {n} times ({key[0]})" for key, n in sent.items() if n > 1 + unknown[key]]
    if api.n_requests > len(intents):
        broken.append(f"judge: {api.n_requests} requests came, {len(intents)} are counted")
    if provider.usd > cap_usd:
        broken.append(f"judge: the provider's bill is {provider.usd}, the cap {cap_usd}")
    return broken, api.n_requests


def _command(run: Path, settings: Path, api: FakeApi, kill_after: int | None) -> None:
    """`bakeoff judge`, killed after so many requests, or to its end."""
    wanted = api.n_requests + (kill_after or 0)
    process = subprocess.Popen(
        [sys.executable, "-m", "bakeoff", "judge", str(run), "--config", str(settings)],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while kill_after is not None and process.poll() is None and api.n_requests < wanted:
        time.sleep(0.001)
    if kill_after is not None:
        process.kill()
    process.wait()
