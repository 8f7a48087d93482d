"""Many callers of one OpenVINO engine: texts as alone, closing, callers who leave, errors, and room."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.models.cancelling import Caller, CallerGoneError, on_behalf_of
from bakeoff.models.engines import openvino, openvino_stepper
from bakeoff.models.engines.openvino import OpenVinoGenerator
from bakeoff.models.engines.openvino_marks import BLOCK_TOKENS, is_exact_here
from bakeoff.models.engines.openvino_request import WritingRequest
from bakeoff.models.engines.openvino_stepper import Stepper, n_blocks
from bakeoff.records import Completion, GenerationSettings, Message, Prompt
from tests.unit.tiny_model import write_tiny_model

PROMPTS = [Prompt(messages=(Message(role="user", content=f"question {i} {'and ' * (i * 3)}?"),)) for i in range(16)]
WRITE = GenerationSettings(max_new_tokens=24)
LONG = GenerationSettings(max_new_tokens=600)
to_the_last_bit = pytest.mark.skipif(
    not is_exact_here(), reason="this processor rounds a few tokens differently from many"
)


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenVinoGenerator]:
    """On a random model that is not known to end its texts early."""
    folder = tmp_path_factory.mktemp("model")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BAKEOFF_CACHE", str(folder / "cache"))
        yield OpenVinoGenerator(write_tiny_model(folder / "llama"), "tiny")


def in_threads(calls: list[Callable[[], Any]]) -> list[Any]:
    """What the calls return; all are called at once."""
    values: dict[int, Any] = {}
    threads = [
        threading.Thread(target=lambda i=i, call=call: values.update({i: call()})) for i, call in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return [values[i] for i in range(len(calls))]


def told(completion: Completion) -> tuple[str, float | None, int]:
    """All of a completion that must not depend on what else is written."""
    return completion.text, completion.logprob, completion.usage.completion_tokens


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 30 seconds"
        time.sleep(0.002)


def is_idle(generator: OpenVinoGenerator) -> bool:
    """No thread steps, and the engine holds no keys and values."""
    return generator._stepper._thread is None and not generator._stepper._pipeline.has_non_finished_requests()


@to_the_last_bit
def test_a_text_does_not_depend_on_what_is_written_beside_it(generator: OpenVinoGenerator) -> None:
    """Alone, in a batch, in a stream, among streams and beside a batch: the same text and the same log-probability."""
    alone = [told(generator.generate([prompt], WRITE)[0]) for prompt in PROMPTS]
    assert [told(one) for one in generator.generate(PROMPTS, WRITE)] == alone

    def streamed(i: int) -> tuple[str, float | None, int]:
        time.sleep(0.003 * i)
        *pieces, last = generator.stream(PROMPTS[i], WRITE)
        assert isinstance(last, Completion) and "".join(map(str, pieces)) == last.text
        return told(last)

    def batch() -> list[tuple[str, float | None, int]]:
        return [told(one) for one in generator.generate(PROMPTS, WRITE)]

    *streams, beside = in_threads([*(lambda i=i: streamed(i) for i in range(len(PROMPTS))), batch])
    assert streams == alone and beside == alone
    until(lambda: is_idle(generator))


def slow_request(generator: OpenVinoGenerator) -> WritingRequest:
    """A stream of 600 tokens that takes seconds, of which the first is written."""
    configured = generator._configured(LONG)
    configured.ignore_eos = True
    request = WritingRequest(
        generator._chat.ids(PROMPTS[3]), configured, lambda ids: bool(time.sleep(0.005)), streamed=True
    )
    generator._stepper.write([request])
    assert next(iter(request.tokens))
    return request


def test_streams_are_written_at_once(generator: OpenVinoGenerator) -> None:
    """A stream that began later does not wait for one that began earlier."""
    first = slow_request(generator)
    *_, second = generator.stream(PROMPTS[1], GenerationSettings(max_new_tokens=2))
    assert isinstance(second, Completion)
    assert not first.ended.is_set()
    first.close()
    until(lambda: is_idle(generator))


def test_a_closed_stream_stops_within_a_token(generator: OpenVinoGenerator) -> None:
    """Its keys and values are given back, and a batch beside it is unharmed."""
    expected = [told(one) for one in generator.generate(PROMPTS, WRITE)]
    request = slow_request(generator)
    request.close()
    n_written = len(request.ids)
    after = [told(one) for one in generator.generate(PROMPTS, WRITE)]
    assert after == expected if is_exact_here() else len(after) == len(expected)
    assert request.ended.is_set() and len(request.ids) <= n_written + 1
    until(lambda: is_idle(generator))


def test_who_leaves_ends_a_batch_too(generator: OpenVinoGenerator) -> None:
    """A caller who waits for whole texts cannot close anything, but may leave."""
    somebody = Caller()
    settings = GenerationSettings(max_new_tokens=600)
    threading.Timer(0.05, somebody.leave).start()
    with on_behalf_of(somebody), pytest.raises(CallerGoneError):
        for _ in range(10_000):
            generator.generate(PROMPTS[:4], settings)
    until(lambda: is_idle(generator))


class Broken:
    """An engine that takes requests and fails at its third step."""

    def __init__(self) -> None:
        self.n_steps = 0

    def add_request(self, number: int, ids: Any, settings: Any) -> "Broken":
        return self

    def can_read(self) -> bool:
        return False

    def get_status(self) -> Any:
        import openvino_genai as genai

        return genai.GenerationStatus.RUNNING

    def has_non_finished_requests(self) -> bool:
        return True

    def step(self) -> None:
        self.n_steps += 1
        if self.n_steps == 3:
            raise RuntimeError("the engine broke")


def test_an_error_reaches_all_who_wait_and_the_next_call_works(
    generator: OpenVinoGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches and streams, those in the engine and those that wait for room. The next call gets a new engine."""
    expected = [told(one) for one in generator.generate(PROMPTS[:3], WRITE)]
    monkeypatch.setattr(generator._stepper, "_pipeline", Broken())
    monkeypatch.setattr(openvino_stepper, "MAX_SEQUENCES", 4)

    def error_of(call: Callable[[], Any]) -> str:
        with pytest.raises(RuntimeError) as failed:
            call()
        return str(failed.value)

    lock = generator._stepper._lock
    lock.acquire()  # so that all of them are there when the engine begins
    calls = [lambda i=i: error_of(lambda: list(generator.stream(PROMPTS[i], WRITE))) for i in range(6)]
    threading.Timer(0.3, lock.release).start()
    assert (
        in_threads([*calls, lambda: error_of(lambda: generator.generate(PROMPTS, WRITE))]) == ["the engine broke"] * 7
    )
    assert [told(one) for one in generator.generate(PROMPTS[:3], WRITE)] == expected


def test_an_engine_that_cannot_be_opened_again_says_so_to_each_caller() -> None:
    """Also to the second one: no caller waits for ever."""
    stepper = Stepper(Broken, 1024)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="broke"):
            list(written(stepper).tokens)

    def fail() -> Any:
        raise RuntimeError("no memory")

    stepper._opened = fail
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no memory"):
            list(written(stepper).tokens)


def written(stepper: Stepper, n_prompt: int = 5, n_new: int = 10) -> WritingRequest:
    """A request, handed to the stepper."""
    import openvino_genai as genai

    settings = genai.GenerationConfig()
    settings.max_new_tokens = n_new
    request = WritingRequest([1] * n_prompt, settings, lambda ids: False)
    stepper.write([request])
    return request


class Recording(Broken):
    """An engine that never fails, and writes what it was given when."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[int] = []

    def add_request(self, number: int, ids: Any, settings: Any) -> "Broken":
        self.begun.append(ids.get_shape()[1])
        return self

    def step(self) -> None:
        time.sleep(0.001)

    def stop(self) -> None:
        """Stops at the next step."""

    def has_non_finished_requests(self) -> bool:
        return False


def test_a_request_that_does_not_fit_waits() -> None:
    """For room for the longest answer that those before it may get. One that is closed while it waits is forgotten."""
    engine = Recording()
    stepper = Stepper(lambda: engine, 1024)
    half = openvino_stepper.CACHED_TOKENS // 2
    requests = [written(stepper, n, half - n) for n in (100, 200, 300, 400)]
    until(lambda: engine.begun == [100, 200])
    time.sleep(0.05)
    assert engine.begun == [100, 200]
    requests[2].close()
    with pytest.raises(CallerGoneError):
        list(requests[2].tokens)
    assert engine.begun == [100, 200]
    requests[0].close()
    until(lambda: engine.begun == [100, 200, 400])
    for request in requests:
        request.close()
    until(lambda: stepper._thread is None)


def test_prompts_of_a_step_stay_in_the_processors_cache() -> None:
    """A step reads several prompts up to a number of tokens, or one that is longer."""
    steps: list[list[int]] = [[]]

    class Steps(Recording):
        def step(self) -> None:
            super().step()
            steps.append([])

        def add_request(self, number: int, ids: Any, settings: Any) -> "Broken":
            steps[-1].append(ids.get_shape()[1])
            return self

    stepper = Stepper(Steps, 1024)
    import openvino_genai as genai

    settings = genai.GenerationConfig()
    settings.max_new_tokens = 5
    requests = [WritingRequest([1] * n, settings, lambda ids: False) for n in (100, 150, 50, 900, 250, 6, 1)]
    stepper.write(requests)
    until(lambda: sum(map(len, steps)) == len(requests))
    assert [step for step in steps if step] == [[100, 150], [50], [900], [250, 6], [1]]
    for request in requests:
        request.close()


@to_the_last_bit
def test_a_long_prompt_is_read_in_steps_as_it_is_read_whole(
    generator: OpenVinoGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same tokens: alone, in a batch and among streams, in several steps or in one."""
    whole = [told(generator.generate([prompt], WRITE)[0]) for prompt in PROMPTS]
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(openvino, "PROMPT_TOKENS", 64)
    monkeypatch.setattr(openvino_stepper, "PROMPT_TOKENS", 64)
    monkeypatch.setattr(openvino_stepper, "MAX_SEQUENCES", 32)
    in_steps = OpenVinoGenerator(write_tiny_model(tmp_path / "llama"), "tiny")
    lengths = [len(in_steps._chat.ids(prompt)) for prompt in PROMPTS]
    assert min(lengths) < 64 and max(lengths) > 64 + 2 * 32  # some are read whole, some in four steps
    alone = [told(in_steps.generate([prompt], WRITE)[0]) for prompt in PROMPTS]

    def streamed(i: int) -> tuple[str, float | None, int]:
        time.sleep(0.003 * i)
        *_, last = in_steps.stream(PROMPTS[i], WRITE)
        assert isinstance(last, Completion)
        return told(last)

    def batch() -> list[tuple[str, float | None, int]]:
        return [told(one) for one in in_steps.generate(PROMPTS, WRITE)]

    *streams, beside = in_threads([*(lambda i=i: streamed(i) for i in range(len(PROMPTS))), batch])
    for given, expected in zip([*alone, *streams, *beside], whole * 3, strict=True):
        assert (given[0], given[2]) == (expected[0], expected[2]) and given[1] == pytest.approx(expected[1], abs=1e-3)


def test_a_step_reads_a_multiple_of_the_blocks() -> None:
    """Of a long prompt, which is alone: a cut within a block would change what is written."""
    for shares, most in ((False, openvino_stepper.WHOLE_TOKENS), (True, openvino_stepper.PROMPT_TOKENS)):
        taken = openvino_stepper.scheduler(8192, shares).max_num_batched_tokens
        assert taken % BLOCK_TOKENS == 0
        assert taken >= most + openvino_stepper.MAX_SEQUENCES


def test_a_long_prompt_is_read_alone_and_given_up_between_steps() -> None:
    """It waits for those that are being written, and others wait until its first token, or until its caller leaves."""
    engine = Recording()
    stepper = Stepper(lambda: engine, 8192)
    long = openvino_stepper.WHOLE_TOKENS + 1
    first, reading, later = (written(stepper, n) for n in (100, long, 200))
    until(lambda: engine.begun == [100])
    time.sleep(0.05)
    assert engine.begun == [100]
    first.close()
    until(lambda: engine.begun == [100, long])
    time.sleep(0.05)
    assert engine.begun == [100, long]
    reading.close()
    until(lambda: engine.begun == [100, long, 200])
    beside = written(stepper, long)
    later.close()
    until(lambda: len(engine.begun) == 4)
    beside.ids.append(5)  # its prompt has been read
    last = written(stepper, 300)
    until(lambda: engine.begun[4:] == [300])
    for request in (beside, last):
        request.close()
    until(lambda: stepper._thread is None)


class InPieces(Recording):
    """An engine that shows what it was handed in each step, and waits until the next one is allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[list[int]] = [[]]
        self.allowed = threading.Semaphore(0)

    def add_request(self, number: int, ids: Any, settings: Any) -> "Broken":
        self.steps[-1].append(ids.get_shape()[1])
        return self

    def step(self) -> None:
        self.allowed.acquire()
        self.steps.append([])


def in_pieces(stepper: Stepper, *lengths: int) -> WritingRequest:
    """A request of a prompt in pieces of these lengths, handed to the stepper."""
    import openvino_genai as genai

    settings = genai.GenerationConfig()
    settings.max_new_tokens, settings.eos_token_id, settings.stop_token_ids = 5, 1, {1}
    pieces = [[1] * n for n in lengths]
    request = WritingRequest(pieces[-1], settings, lambda ids: False, pieces=pieces)
    stepper.write([request])
    return request


def test_a_step_reads_one_piece_and_prompts_that_fit_beside_the_last_one() -> None:
    """In the order of their arrival. A long prompt does not wait for those that are being written."""
    engine = InPieces()
    stepper = Stepper(lambda: engine, 8192)
    requests = [written(stepper, 100)]
    until(lambda: engine.steps[0] == [100])
    requests += [in_pieces(stepper, 227, 451, 500), written(stepper, 180), in_pieces(stepper, 227, 300)]
    for _ in range(6):
        engine.allowed.release()
    until(lambda: len(engine.steps) > 6)
    assert engine.steps == [[100], [227], [451], [500, 180], [227], [300], []]
    for request in requests:
        request.close()
    engine.allowed.release(10)
    until(lambda: stepper._thread is None)


def test_who_leaves_while_pieces_are_read_is_read_no_further() -> None:
    """The next one gets its turn in the next step."""
    engine = InPieces()
    stepper = Stepper(lambda: engine, 8192)
    leaving = in_pieces(stepper, 227, 451, 675, 700)
    until(lambda: engine.steps[0] == [227])
    other = written(stepper, 100)
    leaving.close()
    engine.allowed.release()
    with pytest.raises(CallerGoneError):
        list(leaving.tokens)
    until(lambda: engine.steps == [[227], [100]])
    other.close()
    engine.allowed.release(10)
    until(lambda: stepper._thread is None)


def test_blocks_are_rounded_up() -> None:
    """A block that is begun is taken."""
    assert [n_blocks(n) for n in (1, 32, 33, 64, 65)] == [1, 1, 2, 2, 3]


def test_a_request_that_the_engine_refuses_costs_no_other(generator: OpenVinoGenerator) -> None:
    """Its caller has the engine's words."""
    refused = generator._request([5, 6, 7], WRITE)
    refused._configured.stop_token_ids = set()  # without its own end token
    fine = generator._request(generator._chat.ids(PROMPTS[0]), WRITE)
    generator._stepper.write([refused, fine])
    with pytest.raises(RuntimeError):
        list(refused.tokens)
    assert len([token for step in fine.tokens for token in step]) == len(fine.ids) > 0
