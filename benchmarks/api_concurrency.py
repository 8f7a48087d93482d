"""How much of an API's concurrency is used: questions to a local server that takes a second for each.

    python benchmarks/api_concurrency.py [--questions 400] [--concurrency 16] [--seconds 1.0]

Prints the time against the least it can take (questions / concurrency x seconds): for the client alone, with one call
for all questions and with calls of `concurrency` questions, and for the answer stage of a whole pilot. Then what the
ledger of paid calls adds to each call: the same calls with and without it, in turn. No model, no network beyond this
machine.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.api_pilot import answer_stage
from tests.fake_api import FakeApi

from bakeoff.models.load import load_generator
from bakeoff.models.settings import ApiModel, TokenPrice
from bakeoff.models.spending.ledger import Ledger, counting
from bakeoff.models.spending.rows import Budget
from bakeoff.protocols import Generator
from bakeoff.records import GenerationSettings, Message, Prompt

SETTINGS = GenerationSettings(max_new_tokens=24)


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
            api=protocol, base_url=server.url, model="m", concurrency=arguments.concurrency, timeout_s=60
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
    arguments = parser.parse_args()
    for protocol in ("openai", "ollama"):
        for together in (arguments.questions, arguments.concurrency):
            client(protocol, arguments, together)
        pilot(protocol, arguments)
    ledger(arguments)


if __name__ == "__main__":
    main()
