"""How much of an API's concurrency is used, and what a call costs here: questions to a server on this machine.

    python benchmarks/api_concurrency.py [--questions 400] [--concurrency 16] [--seconds 1.0] [--skip overhead]

Prints, for each protocol, the time against the least it can take (questions / concurrency x seconds): for the client
alone, with one call for all questions and with calls of `concurrency` questions, and for the answer stage of a whole
pilot. Then the overhead of a call at concurrency 32: what it takes longer than the server in a process of its own took,
and the processor time of this process; beside it the same for the bare HTTP client with the same request. Then what the
ledger of paid calls adds to each call: the same calls with and without it, in turn. No model, no network beyond this
machine.
"""

import argparse
import json
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx2
from tests.api_pilot import answer_stage
from tests.fake_api import FakeApi

from bakeoff.models.embed import load_embedder
from bakeoff.models.load import load_generator
from bakeoff.models.providers.threads import in_parallel
from bakeoff.models.rerank import reranker_for
from bakeoff.models.settings import ApiModel, TokenPrice
from bakeoff.models.spending.ledger import Ledger, counting
from bakeoff.models.spending.rows import Budget
from bakeoff.protocols import Generator
from bakeoff.records import GenerationSettings, Message, Prompt

SETTINGS = GenerationSettings(max_new_tokens=24)
GENERATORS = ("openai", "ollama", "anthropic", "google")
AT_ONCE = 32
SETTLES_S = 0.3
"""The server notes how long a request took after its answer has left."""


def prompts(n: int) -> list[Prompt]:
    """n questions of a few words."""
    return [Prompt(messages=(Message(role="user", content=f"What is number {i} about?"),)) for i in range(n)]


def seconds(generator: Generator, asked: list[Prompt], together: int) -> float:
    """The wall time for all questions, `together` of them in each call. Every question must be answered."""
    begun = time.perf_counter()
    for i in range(0, len(asked), together):
        completions = generator.generate(asked[i : i + together], SETTINGS)
        assert not [answer.error for answer in completions if answer.error]
    return time.perf_counter() - begun


def client(protocol: str, arguments: argparse.Namespace, together: int) -> None:
    """The client alone, `together` questions in each call."""
    least = arguments.questions / arguments.concurrency * arguments.seconds
    with FakeApi(delay_s=arguments.seconds) as server:
        settings = ApiModel(
            api=protocol,
            base_url=server.base_url(protocol),
            model="m",
            concurrency=arguments.concurrency,
            timeout_s=60,
        )
        took = seconds(load_generator(settings), prompts(arguments.questions), together)
        print(
            f"{protocol}, client: {arguments.questions} questions, {together} a call: {took:.1f} s, "
            f"{took / least:.3f} x the least ({least:.1f} s); {server.n_connections} connections, "
            f"at most {server.most_at_once} at once"
        )


def pilot(protocol: str, arguments: argparse.Namespace) -> None:
    """The answer stage of a pilot: what is asked together follows from the configuration."""
    with tempfile.TemporaryDirectory() as folder:
        took = answer_stage(Path(folder), arguments.questions, arguments.concurrency, arguments.seconds, protocol)
    print(
        f"{protocol}, pilot: {took.n_questions} questions: {took.seconds:.1f} s, {took.ratio:.3f} x the least "
        f"({took.least_s:.1f} s, by the server's own time); at most {took.most_at_once} at once"
    )


# --- overhead of a call


class Overhead(NamedTuple):
    """Milliseconds of a call beyond the server's own time, and of processor time in this process."""

    wall_ms: float
    processor_ms: float


class Uneven(FakeApi):
    """A server that takes between half and one and a half of its time, so that calls do not come in step."""

    @property
    def delay_s(self) -> float:
        return self._mean_s * random.uniform(0.5, 1.5)

    @delay_s.setter
    def delay_s(self, mean_s: float) -> None:
        self._mean_s = mean_s


def _bare(address: str, body: dict[str, Any]) -> Callable[[int], Any]:
    """The same request by the HTTP client alone: its connections, and JSON or lines read to their end."""
    limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE, keepalive_expiry=30.0)
    http = httpx2.Client(trust_env=False, timeout=httpx2.Timeout(60, pool=None), limits=limits)

    def call(i: int) -> Any:
        request = http.build_request("POST", address, content=json.dumps(body).encode())
        request.headers["Content-Type"] = "application/json"
        response = http.send(request, stream=True)
        if body.get("stream"):
            lines = list(response.iter_lines())
            response.close()
            return lines
        return json.loads(response.read())

    return call


def _bare_calls(addresses: dict[str, str]) -> dict[str, Callable[[int], Any]]:
    """What the bare client is measured with: the floor of the calls of the same size."""
    asked = {"model": "m", "messages": [{"role": "user", "content": "What is number 3 about?"}], "max_tokens": 24}
    asked["logprobs"] = True
    scored = {"model": "m", "query": "what is it", "documents": [f"passage {i} " * 20 for i in range(20)]}
    base = addresses["openai"]
    return {
        "bare client, whole": _bare(f"{base}/chat/completions", asked),
        "bare client, streamed": _bare(f"{base}/chat/completions", {**asked, "stream": True}),
        "bare client, one embedding": _bare(f"{base}/embeddings", {"model": "m", "input": ["text 3"]}),
        "bare client, 20 scores": _bare(f"{addresses['cohere']}/rerank", scored),
    }


def _serve(connection: Connection, delay_s: float) -> None:
    with Uneven(delay_s=delay_s) as server:
        connection.send({api: server.base_url(api) for api in (*GENERATORS, "cohere")})
        while connection.recv() == "served":
            connection.send(server.served_s.copy())
            server.served_s.clear()


def _measured(call: Callable[[int], Any], n: int, server: Connection) -> Overhead:
    """The calls, 32 at once, each timed."""

    def timed(i: int) -> float:
        begun = time.perf_counter()
        call(i)
        return time.perf_counter() - begun

    in_parallel(call, range(AT_ONCE), AT_ONCE)  # opens the connections, negotiates
    server.send("served")
    server.recv()
    used = time.process_time()
    walls = in_parallel(timed, range(n), AT_ONCE)
    processor = time.process_time() - used
    time.sleep(SETTLES_S)
    server.send("served")
    served = server.recv()
    assert len(served) == n, f"{len(served)} requests for {n} calls"
    return Overhead(1000 * (sum(walls) - sum(served)) / n, 1000 * processor / n)


def _calls(addresses: dict[str, str]) -> dict[str, Callable[[int], Any]]:
    """What is measured: a function of one call for each protocol and role."""

    def model(api: str, role: str = "m") -> ApiModel:
        return ApiModel(api=api, base_url=addresses[api], model=role, concurrency=AT_ONCE, timeout_s=60)

    asked = prompts(AT_ONCE)
    calls: dict[str, Callable[[int], Any]] = {}
    for api in GENERATORS:
        generator: Any = load_generator(model(api))
        calls[f"{api}, whole"] = lambda i, one=generator: one.complete(asked[i % AT_ONCE], SETTINGS)
        calls[f"{api}, streamed"] = lambda i, one=generator: list(one.stream(asked[i % AT_ONCE], SETTINGS))
    embedder, reranker = load_embedder(model("openai")), reranker_for(model("cohere"))
    calls["openai, one embedding"] = lambda i: embedder.embed_queries([f"text {i}"])
    pairs = [("what is it", f"passage {i} " * 20) for i in range(20)]
    calls["cohere, 20 scores"] = lambda i: reranker.scores(pairs)
    return calls


def overhead(n: int, delay_s: float, repeats: int) -> None:
    """The overhead of a call at concurrency 32: the middle of several rounds."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, delay_s), daemon=True)
    process.start()
    addresses = here.recv()
    calls = {**_bare_calls(addresses), **_calls(addresses)}
    rounds = [{name: _measured(call, n, here) for name, call in calls.items()} for _ in range(repeats)]
    here.send("end")
    process.join()
    print(f"\n| call, {AT_ONCE} at once, server {1000 * delay_s:.0f} ms | overhead, ms | processor time here, ms |")
    print("|---|---|---|")
    for name in calls:
        walls, processors = zip(*(one[name] for one in rounds), strict=True)
        print(f"| {name} | {_middle(walls)} | {_middle(processors)} |")


def _middle(values: tuple[float, ...]) -> str:
    low, *_, high = ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:.2f} ({low:.2f} to {high:.2f})"


# --- what the ledger adds


def ledger(arguments: argparse.Namespace, rounds: int = 5) -> None:
    """What counting adds to a call: the median of rounds with a ledger less the median of those without."""
    took: dict[bool, list[float]] = {True: [], False: []}
    price = TokenPrice(input_tokens=1.0, output_tokens=4.0)
    with FakeApi(delay_s=arguments.seconds) as server, tempfile.TemporaryDirectory(dir=".") as folder:
        for i in range(2 * rounds):
            is_counted = bool(i % 2)
            settings = ApiModel(
                api="openai",
                base_url=server.url,
                model="m",
                concurrency=arguments.concurrency,
                timeout_s=60,
                price=price,
            )
            with counting(Ledger(lambda model: price, Budget(usd=1e6))) as account:
                if is_counted:
                    account.keep_in(Path(folder) / str(i))
                    took[True].append(
                        seconds(load_generator(settings), prompts(arguments.questions), arguments.questions)
                    )
            if not is_counted:
                took[False].append(seconds(load_generator(settings), prompts(arguments.questions), arguments.questions))
    with_, without = (statistics.median(took[key]) for key in (True, False))
    a_call_ms = 1000 * (with_ - without) / arguments.questions
    print(
        f"ledger: {arguments.questions} calls, {arguments.concurrency} at once: {with_:.2f} s with it, {without:.2f} s "
        f"without: {a_call_ms:.2f} ms of wall time for each call, {a_call_ms * arguments.concurrency:.1f} ms in each "
        "thread"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--server-ms", type=float, default=400.0, help="how long the server takes, for the overhead")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--skip", choices=("overhead", "concurrency", "ledger"), action="append", default=[])
    arguments = parser.parse_args()
    for protocol in GENERATORS if "concurrency" not in arguments.skip else ():
        for together in (arguments.questions, arguments.concurrency):
            client(protocol, arguments, together)
        pilot(protocol, arguments)
    if "overhead" not in arguments.skip:
        overhead(10 * AT_ONCE, arguments.server_ms / 1000, max(2, arguments.repeats))
    if "ledger" not in arguments.skip:
        ledger(arguments)


if __name__ == "__main__":
    main()
