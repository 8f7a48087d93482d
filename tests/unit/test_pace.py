"""The pace at which a server is asked that refuses too many requests, in simulated time."""

import itertools
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from bakeoff.files import jsonl
from bakeoff.measure.collect import collect_latency
from bakeoff.models.cancelling import Caller, CallerGoneError, on_behalf_of
from bakeoff.models.load import load_generator
from bakeoff.models.providers.pace import Pace, held_back, pace_of
from bakeoff.models.settings import ApiModel
from bakeoff.records import Answer, GenerationSettings, Message, Prompt, Question
from tests.fake_api import FakeApi, Fault
from tests.limited_server import Takes, bucket, simulated, window


@pytest.mark.parametrize(
    ("takes", "limit", "threads"),
    [
        (window(10, 1.0), 10.0, 32),
        (bucket(10, 10), 10.0, 32),
        (bucket(10, 1), 10.0, 32),
        (bucket(100, 10), 100.0, 64),
        (bucket(10, 10), 10.0, 3),
    ],
)
def test_a_limit_is_used_and_hardly_ever_met(takes: Takes, limit: float, threads: int) -> None:
    """At least 85 % of it, at most 5 % refusals after a minute, and nothing is given up."""
    seen = simulated(takes, threads)
    assert seen.taken_per_s >= 0.85 * limit
    assert seen.refused <= 0.05
    assert seen.dropped == 0


def test_a_limit_of_one_request_in_two_seconds() -> None:
    seen = simulated(bucket(0.5, 1), threads=8, until_s=800)
    assert seen.taken_per_s >= 0.8 * 0.5 and seen.refused <= 0.05 and seen.dropped <= 1  # in the first seconds


@pytest.mark.parametrize("apart_s", [0.5, 5.0, 20.0, 60.0])
@pytest.mark.parametrize("asked_wait_s", [0.0, 1.0])
def test_who_shares_a_limit_gets_its_part_and_all_of_it_when_the_other_has_ended(
    apart_s: float, asked_wait_s: float
) -> None:
    """The later of two processes went down to one request in ten seconds, and needed minutes to recover."""
    seen = simulated(bucket(10, 10), 16, until_s=2000, asked_wait_s=asked_wait_s, questions=(600, 600), apart_s=apart_s)
    assert seen.end_s < 2.2 * 120 and seen.refused <= 0.06 and seen.dropped <= 1


def test_nothing_waits_before_the_first_refusal() -> None:
    waited: list[float] = []
    pace = Pace(now=lambda: 0.0, wait=waited.append)
    for _ in range(1000):
        pace.turn()
    assert not waited and pace.wait_s() == 0


def test_all_wait_as_long_as_the_server_asks() -> None:
    clock = [0.0]
    pace = Pace(now=lambda: clock[0], wait=lambda seconds: None)
    left = pace.turn()
    pace.refused(left, 30.0)
    assert pace.wait_s() == pytest.approx(30.0)


def test_a_server_that_takes_nothing_for_long_holds_nobody_up() -> None:
    """Else each of a thousand questions would wait for five minutes, one after another."""
    clock = [0.0]

    def wait(seconds: float) -> None:
        clock[0] += seconds

    pace = Pace(now=lambda: clock[0], wait=wait)
    for _ in range(1000):
        pace.refused(pace.turn(), 300.0)
        clock[0] += 0.01
    assert 900 < clock[0] < 1600
    pace.taken()
    assert pace.wait_s() > 250


def test_of_requests_that_left_before_the_pace_was_lowered_none_lowers_it_again() -> None:
    clock = [0.0]
    pace = Pace(now=lambda: clock[0], wait=lambda seconds: None)
    left = [pace.turn() for _ in range(20)]
    clock[0] = 1.0
    pace.refused(left[0], 0.0)
    wait_s = pace.wait_s()
    for one in left[1:]:
        pace.refused(one, 0.0)
    assert pace.wait_s() == wait_s


def test_a_limit_that_is_lifted_is_forgotten() -> None:
    """Ten minutes without a refusal, and the pace is a hundred times as fast."""
    clock = [0.0]
    pace = Pace(now=lambda: clock[0], wait=lambda seconds: None)
    pace.refused(pace.turn(), 0.0)
    clock[0] = 700.0
    pace.turn()
    assert pace.wait_s() < 0.02


def test_clients_of_one_model_share_its_pace() -> None:
    assert pace_of("http://a/v1", "m", "KEY") is pace_of("http://a/v1", "m", "KEY")
    assert pace_of("http://a/v1", "m", "KEY") is not pace_of("http://a/v1", "m", "OTHER")
    assert pace_of("http://a/v1", "m", "KEY") is not pace_of("http://a/v1", "n", "KEY")


def test_the_client_keeps_the_pace_and_counts_what_it_waited() -> None:
    """A server that refuses once and asks to wait a quarter of a second."""
    with FakeApi(fault=Fault(status=429, headers={"retry-after-ms": "250"}, times=1)) as api:
        generator = load_generator(ApiModel(api="openai", base_url=api.url, model="m", concurrency=4))
        prompts = [Prompt(messages=(Message(role="user", content=f"{i}"),)) for i in range(4)]
        held_back_s, begun = held_back(), time.perf_counter()
        answers = generator.generate(prompts, GenerationSettings(max_new_tokens=4))
        elapsed_s = time.perf_counter() - begun
    assert not [answer.error for answer in answers if answer.error]
    assert len(api.requests) == 5
    assert elapsed_s >= 0.25 and 0.25 <= held_back_s() <= elapsed_s


def test_what_a_server_asks_to_wait_is_no_part_of_the_latency(tmp_path: Path) -> None:
    """One question at a time: the refused request itself waits, and nobody waits for a turn."""

    class Asks:
        name = "asks"

        def answer(self, questions: Sequence[Question]) -> list[Answer]:
            said = generator.generate([_prompt(one.text) for one in questions], GenerationSettings(max_new_tokens=4))
            return [Answer(question_id=questions[0].id, contender="asks", text=said[0].text, error=said[0].error)]

    questions = [Question(id=f"q{i}", text=f"{i}?", answers=("x",), fact=f"f{i}") for i in range(2)]
    with FakeApi() as api:
        generator = load_generator(ApiModel(api="openai", base_url=api.url, model="m"))

        def second(done: int, total: int) -> None:
            api.fault = Fault(status=429, headers={"retry-after-ms": "800"}, times=1)

        collect_latency(Asks(), questions, tmp_path / "latency.jsonl", second)  # type: ignore[arg-type]
    (answer,) = jsonl.read(tmp_path / "latency.jsonl", Answer)
    assert api.n_requests == 3 and answer.error is None
    assert answer.latency_ms is not None and answer.latency_ms < 400


def test_who_has_waited_longest_goes_first() -> None:
    """Who leaves is no longer waited for."""
    pace, left, gone = Pace(), list[int](), Caller()
    pace.refused(pace.turn(), 0.6)

    def ask(number: int) -> None:
        with on_behalf_of(gone) if number == 3 else nullcontext(), suppress(CallerGoneError):
            pace.turn()
            left.append(number)

    pace._rate = 100.0
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
        time.sleep(0.01)
    gone.leave()
    for thread in threads:
        thread.join(60)
    assert left == [0, 1, 2, 4, 5, 6, 7]


def test_nobody_goes_twice() -> None:
    """Real threads at a pace of 10 a second."""
    pace = Pace()
    pace.refused(pace.turn(), 0.0)
    times: list[float] = []

    def ask() -> None:
        for _ in range(5):
            times.append(pace.turn())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    assert len(set(times)) == 20
    assert all(after - before > 0 for before, after in itertools.pairwise(times))


def _prompt(text: str) -> Prompt:
    return Prompt(messages=(Message(role="user", content=text),))
