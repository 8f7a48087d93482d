"""How well the client uses an API's concurrency, with a local server that takes a second for each question.

    python benchmarks/api_concurrency.py [--questions 400] [--concurrency 16] [--seconds 1.0]

Prints the time compared with the minimum (questions / concurrency x seconds), for one call with all questions and for
calls of 16 at a time. Uses no model, and no network beyond this machine.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.fake_api import FakeApi

from bakeoff.models.load import load_generator
from bakeoff.models.settings import ApiModel
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=1.0)
    arguments = parser.parse_args()
    least = arguments.questions / arguments.concurrency * arguments.seconds
    for protocol in ("openai", "ollama"):
        for together in (arguments.questions, arguments.concurrency):
            with FakeApi(delay_s=arguments.seconds) as server:
                settings = ApiModel(
                    api=protocol, base_url=server.url, model="m", concurrency=arguments.concurrency, timeout_s=60
                )
                took = seconds(load_generator(settings), prompts(arguments.questions), together)
                print(
                    f"{protocol}: {arguments.questions} questions, {together} a call: {took:.1f} s, "
                    f"{took / least:.3f} x the least ({least:.1f} s); {server.n_connections} connections, "
                    f"at most {server.most_at_once} at once"
                )


if __name__ == "__main__":
    main()
