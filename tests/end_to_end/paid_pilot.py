"""A pilot on paid models at a fake server, which can be killed after so many requests."""

import json
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bakeoff.models.spending.ledger import request_sum
from tests.end_to_end.small import environment, make
from tests.fake_api import FakeApi, Messages, Request


def reader(messages: Messages) -> str:
    """The first number of days in a prompt."""
    found = re.search(r"in (\d+ days)", messages[-1]["content"])
    return found.group(1) if found else "I don't know."


def paid_pilot(folder: Path, api: FakeApi, retries: int = 4, **more: Any) -> Path:
    """A pilot whose models are paid for: answers, rewordings and vectors."""
    model = {"api": "openai", "base_url": api.url, "concurrency": 4, "timeout_s": 30, "retries": retries}
    models = {
        "generator": {**model, "model": "m", "price": {"input_tokens": 1.0, "output_tokens": 4.0}},
        "embedder": {**model, "model": "e", "price": {"input_tokens": 0.1, "output_tokens": 0.0}},
    }
    rewording = {"like": "rag", "name": "multi", "options": {"rewrite": "multi-query"}}
    return make(folder, models=models, contenders=["base", "rag", rewording], **more)


def killed(folder: Path, arguments: list[str], after: int, api: FakeApi) -> None:
    """Runs until the server has had so many more requests, then kills the process."""
    wanted = api.n_requests + after
    process = subprocess.Popen(
        [sys.executable, "-m", "bakeoff", "run", *arguments],
        cwd=folder,
        env=environment(),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    while process.poll() is None and api.n_requests < wanted:
        time.sleep(0.001)
    time.sleep(random.Random(after).uniform(0, 0.03))
    process.send_signal(signal.SIGKILL)
    process.wait()


def sums(requests: list[Request], base: str) -> Counter[str]:
    """How often each request came."""
    host = base.removesuffix("/v1")
    return Counter(request_sum(host + one.path, json.dumps(one.body).encode()) for one in requests)


def asked_for_size(api: FakeApi) -> list[Request]:
    """An index asks the embedder for one vector whenever it is opened, to know its length."""
    return [request for request in api.requests if request.body.get("input") == ["dimension"]]
