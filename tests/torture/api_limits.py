"""Promises 3, 4 and 5: how often a request is sent, a limit of requests a second, and failed answers."""

import hashlib
import itertools
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from unittest import mock

from bakeoff.corpus.sources.web import fetching
from bakeoff.corpus.sources.web.settings import WebSettings
from bakeoff.errors import BakeoffError
from bakeoff.files import jsonl
from bakeoff.models.embed import load_embedder
from bakeoff.models.load import load_generator
from bakeoff.models.providers.client import ApiError
from bakeoff.models.settings import ApiModel
from bakeoff.pilot.run import run
from bakeoff.records import GenerationSettings, Message, Prompt, Score
from bakeoff.runs.config import load_config
from bakeoff.runs.folder import RunFolder
from bakeoff.tuning.hosted.http import HostClient
from tests.end_to_end.small import make
from tests.fake_api import FakeApi, Fault, Messages, Request
from tests.torture.promise import Promise, Seen, Trial
from tests.torture.retries import HOSTS, at_hosts, in_batches

LIMIT = 10.0
SAID = GenerationSettings(max_new_tokens=8)
APIS = ("openai", "anthropic", "google", "ollama")
FAULTS = (
    Fault(status=500),
    Fault(status=503),
    Fault(status=429),
    Fault(status=529),
    Fault("half"),
    Fault(status=404),
    Fault("not json"),
)
NONE_SUCH = {("anthropic", "embeddings")}
COLOURS = ("blue", "grey", "red", "green", "white", "amber", "black", "pink")
MOST_FAILED = 0.05
"""The share of failed answers above which no contender wins."""


class LimitedApi(FakeApi):
    """A server that takes so many requests a second, and refuses the others with 429."""

    def __init__(self, limit: float) -> None:
        super().__init__(delay_s=0.1)
        self.limit = self.left = limit
        self.last = time.monotonic()
        self.seen: list[tuple[float, bool]] = []

    def begin(self, request: Request) -> Fault | None:
        fault = super().begin(request)
        with self._lock:
            now = time.monotonic()
            self.left, self.last = min(self.limit, self.left + (now - self.last) * self.limit), now
            is_taken = self.left >= 1
            self.left -= is_taken
            self.seen.append((now, is_taken))
        return fault if is_taken else Fault(status=429)


def attempts(told: Trial) -> Seen:
    """Every protocol, every fault, several settings of `retries`, for answers, streams and embeddings, looks at a
    file of a host, and pages of a web site: the requests that arrive are counted. So are those of whole trainings at
    hosts, and those for each text of batches that are asked as a pilot asks them.
    """
    broken, n = list[str](), 0
    asked = [(api, kind, call) for api in APIS for kind, call in CALLS.items() if (api, kind) not in NONE_SUCH]
    for (api, kind, call), fault in itertools.product([*asked, ("openai", "jobs", _looked_at)], FAULTS):
        for retries in (0, 1, 2, 4)[: told.times(4, 2)]:
            with FakeApi(fault=fault) as server:
                settings = ApiModel(api=api, base_url=server.base_url(api), model="m", retries=retries, timeout_s=5)
                error = call(settings)
            n += server.n_requests
            if not 1 <= server.n_requests <= retries + 1 or not error:
                seen = f"{server.n_requests} requests, error {error!r}"
                broken.append(f"{kind} of {api}, {fault.kind} {fault.status}, retries {retries}: {seen}")
    for fault in FAULTS:
        with FakeApi(fault=fault) as server, mock.patch.object(fetching, "FIRST_WAIT_S", 0.01):
            answer = _crawled(server.url)
        n += server.n_requests
        if not 1 <= server.n_requests <= fetching.ATTEMPTS or answer.kind == "page":
            broken.append(f"a page, {fault.kind} {fault.status}: {server.n_requests} requests, {answer.kind}")
    retries = (0, 1, 2, 4)[: told.times(4, 2)]
    n_at_hosts, more = at_hosts(told.folder, retries, (500, 503, 429, None)[: told.times(4, 1)])
    broken += more
    n_in_batches, more = in_batches(retries, FAULTS[:: told.times(1, 3)])
    broken += more
    n += n_at_hosts + n_in_batches
    seen = (
        f"{n} requests for {', '.join(CALLS)} of {len(APIS)} protocols, files of hosts and pages, and {len(FAULTS)} "
        f"faults, {n_at_hosts} of them of trainings at {len(HOSTS)} hosts, {n_in_batches} of batches of questions"
    )
    return Seen(f"{seen}, never above 1 + retries", tuple(broken))


def _answered(settings: ApiModel) -> str:
    """The error of one answer."""
    return load_generator(settings).generate([_prompt(0)], SAID)[0].error or ""


def _streamed(settings: ApiModel) -> str:
    """The error of one stream."""
    try:
        for _ in load_generator(settings).stream(_prompt(0), SAID):
            pass
    except BakeoffError as error:
        return error.message
    return ""


def _embedded(settings: ApiModel) -> str:
    """The error of one text's vector."""
    try:
        load_embedder(settings).embed_passages(["a text"])
    except BakeoffError as error:
        return error.message
    return ""


def _looked_at(settings: ApiModel) -> str:
    """The error of a look at a file of a host that trains. Whole trainings are in `retries.py`."""
    try:
        file = HostClient(settings, first_wait_s=0.01).get(f"{settings.base_url}/files/file-1")
    except ApiError as error:
        return error.message
    return "" if "id" in file else "the reply is about no file"


def _crawled(url: str) -> fetching.Answer:
    """What comes for a page that is no page of text."""
    page = f"{url}/files/page"
    with fetching.Fetcher(WebSettings(web=page, crawl=True, allow_private=True, delay_s=0.0)) as fetcher:
        return fetcher.get(page, types=("text/html",))


CALLS: dict[str, Callable[[ApiModel], str]] = {"answers": _answered, "streams": _streamed, "embeddings": _embedded}


def limited(told: Trial) -> Seen:
    """32 requests at a time at a server that takes ten a second: one for each protocol, all at once."""
    with ThreadPoolExecutor(len(APIS)) as threads:
        tried = dict(zip(APIS, threads.map(lambda api: _limited(api, told), APIS), strict=True))
    broken = [f"{api}: {of.used:.0%} of the limit was used" for api, of in tried.items() if of.used < 0.85]
    broken += [f"{api}: {of.refused:.1%} were refused" for api, of in tried.items() if of.refused > 0.05]
    broken += [f"{api}: {of.n_dropped} were given up" for api, of in tried.items() if of.n_dropped]
    figures = (f"{api}: {of.used:.0%} of the limit, {of.refused:.1%} refused" for api, of in tried.items())
    return Seen(f"{'; '.join(figures)}; {sum(of.n_dropped for of in tried.values())} given up", tuple(broken))


class Limited(NamedTuple):
    """The shares of the limit that was used and of the requests that were refused, and how many were given up."""

    used: float
    refused: float
    n_dropped: int


def _limited(api: str, told: Trial) -> Limited:
    length_s, calm_after_s = told.times(180, 24), told.times(60, 9)
    with LimitedApi(LIMIT) as server:
        generator = load_generator(ApiModel(api=api, base_url=server.base_url(api), model="m", concurrency=32))
        begun = time.monotonic()
        answers = generator.generate([_prompt(i) for i in range(int(LIMIT * length_s))], SAID)
        end = time.monotonic()
    late = [is_taken for at, is_taken in server.seen if begun + calm_after_s <= at <= end - 2]
    used = sum(late) / (end - 2 - begun - calm_after_s) / LIMIT
    return Limited(used, 1 - sum(late) / len(late), sum(answer.error is not None for answer in answers))


def read_named(messages: Messages) -> str:
    """What the passages say about the planet that the question names. So it wins, unless its answers fail."""
    *passages, question = messages[-1]["content"].split("\n")
    planet = re.search(r"Planet\d+", question)
    own = "\n".join(passages).partition(f"planet {planet[0]} circles" if planet else "?")[2]
    found = re.search(r"sky is (\w+)" if "sky" in question else r"in (\d+ days)", own)
    return found[1] if found and "discovered" not in question else "I don't know."


class FailingApi(FakeApi):
    """A server that fails for good at a tenth of the prompts, and reads the others. Without a digit none fails. Nor
    does the first one, by which a run looks whether the model answers before it begins.
    """

    def __init__(self, digit: int | None) -> None:
        super().__init__(reply=read_named)
        self.digit = digit
        self._has_answered = False

    def begin(self, request: Request) -> Fault | None:
        super().begin(request)
        if not self._has_answered:
            self._has_answered = True
            return None
        content = json.dumps(request.body["messages"]).encode()
        return Fault(status=500) if hashlib.sha256(content).digest()[0] % 10 == self.digit else None


def failing(told: Trial) -> Seen:
    """A tenth of the prompts fail: their answers count as failed, never as 0, and who failed too often does not win.

    Raises RuntimeError if nobody wins without failures: then that nobody wins with them would show nothing.
    """
    unharmed = _failing_run(told, None)
    if _winner(unharmed) != "rag" or _failed(unharmed, "rag"):
        raise RuntimeError(f"without failures {_winner(unharmed) or 'nobody'} won")
    broken, n_failed, winners = list[str](), 0, list[str]()
    for digit in range(told.times(10, 1)):
        folder = _failing_run(told, digit)
        failed = {(one, name) for name in ("base", "rag") for one in _failed(folder, name)}
        n_failed += len(failed)
        values = [score for score in jsonl.read(folder.root / "scores.jsonl", Score) if score.phase == "test"]
        broken += [
            f"{score.contender} has {score.value} of {score.measure} for a failed answer"
            for score in values
            if (score.question_id, score.contender) in failed
            and score.value != (1.0 if score.measure == "error" else None)
        ]
        if not failed or "failed" not in (folder.root / "report.md").read_text():
            broken.append(f"digit {digit}: {len(failed)} failed answers, and the report does not say so")
        winner = _winner(folder)
        winners.append(winner or "nobody")
        if winner and len(_failed(folder, winner)) > MOST_FAILED * len(folder.answers(winner)):
            broken.append(f"{winner} won, with {len(_failed(folder, winner))} failed answers")
    said = f"{n_failed} failed answers, none counted as 0; winners: {', '.join(sorted(set(winners)))}"
    return Seen(f"{said} (without failures: rag)", tuple(broken))


def _failing_run(told: Trial, digit: int | None) -> RunFolder:
    """A run whose model fails at a tenth of the prompts, chosen by the digit."""
    planets = {f"Planet{i}": (f"{i + 20} days", COLOURS[i % len(COLOURS)]) for i in range(24)}
    with FailingApi(digit) as server:
        model = {"api": "openai", "base_url": server.url, "model": "m", "retries": 0}
        models = {"generator": model, "embedder": "hash"}
        path = make(told.folder / str(digit), planets, contenders=["base", "rag"], models=models)
        return run(load_config(path), runs=path.parent / "runs", reuse=False).folder


def _winner(folder: RunFolder) -> str:
    return json.loads(folder.verdict_path.read_text())["winner"] or ""


def _failed(folder: RunFolder, contender: str) -> list[str]:
    return [answer.question_id for answer in folder.answers(contender) if answer.error]


def _prompt(i: int) -> Prompt:
    return Prompt(messages=(Message(role="user", content=f"Question {i}?"),))


PROMISES = (
    Promise(3, "one retry layer", "attempts on the wire at most as configured", attempts),
    Promise(4, "no storm of 429s", "at least 85 % of a limit of 10/s used, at most 5 % refused, none dropped", limited),
    Promise(5, "failures are counted", "10 % injected: shown, never 0, no winner above 5 %", failing),
)
