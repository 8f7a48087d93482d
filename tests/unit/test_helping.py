"""Workers that help the main process embed and judge: the same as alone, also if one dies."""

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from bakeoff.contenders.world import WorldFolder
from bakeoff.files import jsonl
from bakeoff.llm_judge.asking import Asking, Form, Limits
from bakeoff.llm_judge.prompts import ReplyError
from bakeoff.llm_judge.records import Judged
from bakeoff.llm_judge.settings import Grading
from bakeoff.measure.rates import Rates
from bakeoff.models.batching import embedded
from bakeoff.models.embed import HashEmbedder
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.models.kept.embedder import KeptEmbedder
from bakeoff.models.kept.results import KeptResults
from bakeoff.models.settings import LocalModel
from bakeoff.pilot import helping
from bakeoff.pilot.asking import Workers
from bakeoff.pilot.executors.local import LocalExecutor
from bakeoff.pilot.helping import HelpedGenerator, helped_embedders, helped_judge
from bakeoff.pilot.judge_answers import judge_answers
from bakeoff.records import GenerationSettings, Message, Prompt
from tests.end_to_end.test_executors import workers_of
from tests.unit.judged_run import long_run
from tests.unit.tiny_embedder import write_tiny_embedder

TEXTS = [f"Word {i} and " + "more words " * (i % 7) for i in range(24)]
BATCHES = [TEXTS[:9], TEXTS[9:12], [], TEXTS[12:]]


def prompt(text: str) -> Prompt:
    return Prompt(messages=(Message(role="user", content=text),))


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def workers(told: list[str]) -> Iterator[Workers]:
    executor = LocalExecutor(2, 1, retries=1, tell=told.append)
    yield Workers(executor, None)
    executor.close()


def test_workers_embed_what_the_model_would(tmp_path: Path, workers: Workers, told: list[str]) -> None:
    """Real batches of a real model, one worker killed while it has one: the same vectors, to the last bit."""
    pytest.importorskip("torch")
    model = LocalModel(name=str(write_tiny_embedder(tmp_path / "model", TEXTS)), engine="transformers")
    alone = WorldFolder(tmp_path, {"embedder": model}).embedder("embedder")
    helped = WorldFolder(tmp_path, {"embedder": model}, helped=helped_embedders(workers)).embedder("embedder")

    def kill() -> None:
        while not (busy := workers_of(os.getpid())):
            time.sleep(0.01)
        os.kill(busy[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    vectors = list(embedded(helped, BATCHES))
    thread.join()
    assert len(told) == 1 and "The worker of 'embedding, " in told[0]
    for mine, theirs in zip(embedded(alone, BATCHES), vectors, strict=True):
        assert mine.shape == theirs.shape and mine.tobytes() == theirs.tobytes()


def test_one_batch_alone_starts_no_worker(tmp_path: Path, workers: Workers) -> None:
    models = {"embedder": LocalModel(name="hash")}
    helped = WorldFolder(tmp_path, models, helped=helped_embedders(workers)).embedder("embedder")
    (vectors,) = embedded(helped, [TEXTS])
    assert vectors.tobytes() == HashEmbedder().embed_passages(TEXTS).tobytes()
    assert not workers_of(os.getpid())


class Remembering(HashEmbedder):
    """Remembers the batches that it was given."""

    def __init__(self) -> None:
        super().__init__(16)
        self.asked: list[list[str]] = []

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        self.asked.append(list(texts))
        return super().embed_passages(texts)


def test_several_batches_are_asked_for_what_one_after_another_would_be(tmp_path: Path) -> None:
    """Kept vectors first, and passages of two batches with the first one, so that batches hold the same."""
    batches = [["a", "b", "b"], ["b", "c"], ["c", "a"], [], ["d"]]
    asked, vectors, counts = [], [], []
    for name, several in (("one", False), ("all", True)):
        results = KeptResults(tmp_path / name)
        KeptEmbedder(HashEmbedder(16), "model", results).embed_passages(["a"])
        results.close()
        results, model = KeptResults(tmp_path / name), Remembering()
        kept = KeptEmbedder(model, "model", results)
        vectors.append(list(kept.embed_batches(batches)) if several else [kept.embed_passages(one) for one in batches])
        asked.append(model.asked)
        counts.append(results.counts)
        results.close()
    assert asked[0] == asked[1] == [["b", "b"], ["c"], [], ["d"]]
    assert counts[0] == counts[1]
    for alone, together in zip(*vectors, strict=True):
        assert alone.tobytes() == together.tobytes() and alone.shape == together.shape


class Several(ScriptedGenerator):
    """Takes three batches at once, and remembers them."""

    n_batches = 3

    def __init__(self, script) -> None:  # type: ignore[no-untyped-def]
        super().__init__(script)
        self.asked: list[list[str]] = []

    def generate_batches(self, batches, settings):  # type: ignore[no-untyped-def]
        self.asked += [[one.messages[-1].content for one in batch] for batch in batches]
        return [self.generate(batch, settings) for batch in batches]


def as_number(reply: str) -> int:
    if not reply.isdigit():
        raise ReplyError("this is no number")
    return int(reply)


def test_a_judge_is_asked_several_batches_within_one_budget() -> None:
    """Unread replies are asked for once more in their own batches, and what batches before may cost is reserved."""
    form, rates = Form(as_number, "a number"), Rates(output_usd_per_million_tokens=1e6)

    def script(message: str) -> str:
        return "7" if "this is no number" in message else "prose" if message == "2" else message

    batches = [([prompt("1"), prompt("2")], [form] * 2), ([], []), ([prompt("3")], [form]), ([prompt("4")], [form])]
    asking = Asking(model := Several(script), Limits(), rates)
    outcomes = asking.ask_batches(batches)
    assert [[one.value for one in batch] for batch in outcomes] == [[1, 7], [], [3], [4]]
    assert model.asked[:3] == [["1", "2"], ["3"], ["4"]]
    limited = Asking(Several(script), Limits(budget_usd=2 * 10 * 3 + 5, max_new_tokens=10), rates)
    assert [len(one) for one in limited.ask_batches(batches)] == [2, 0, 1, 0]
    assert "budget" in limited.stopped


def test_workers_reply_as_the_judge_would(tmp_path: Path, workers: Workers) -> None:
    settings = LocalModel(name="tests.end_to_end.small.reader")
    alone, helped = helped_judge(None, tmp_path, None)(settings), helped_judge(workers, tmp_path, None)(settings)
    batches = [[prompt("It is 7 days\nHow long?"), prompt("x\ny")], [prompt("Its sky is red\nWhich sky?")]]
    asked = GenerationSettings(max_new_tokens=8)
    replies = helped.generate_batches(batches, asked)  # type: ignore[attr-defined]
    texts = [[one.text for one in batch] for batch in replies]
    assert texts == [[one.text for one in alone.generate(batch, asked)] for batch in batches]
    assert texts[0][0] == "7 days" and len(workers_of(os.getpid())) == 2


def test_a_judge_on_a_server_that_bakeoff_starts_is_asked_by_the_main_process(
    tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each worker would start a server of its own, for the same memory."""
    loaded = object()
    monkeypatch.setattr(helping, "load_generator", lambda settings: loaded)
    load = helped_judge(workers, tmp_path, None)
    assert load(LocalModel(name="some/judge", engine="vllm")) is loaded
    assert isinstance(load(LocalModel(name="some/judge")), HelpedGenerator)


def test_a_run_is_judged_with_workers_as_without(tmp_path: Path, workers: Workers) -> None:
    """The same key points and the same verdicts in the same order."""
    model, judged = LocalModel(name="tests.unit.judged_run.marks_judge"), []
    for name, by in (("one", None), ("two", workers)):
        folder = long_run(tmp_path / name, 20, measuring={"batch_size": 4})
        grading, profile = Grading(judge=model), folder.config().profile
        load = helped_judge(by, folder.world, None)
        calibration = judge_answers(folder, model, grading, profile, load=load)
        assert calibration.n_judged == 40 and bool(workers_of(os.getpid())) == (by is not None)
        lines = jsonl.read(folder.judge_path, Judged)
        lines.sort(key=lambda line: line.purpose)
        judged.append([line.model_dump(exclude={"at": True, "usage": {"seconds"}, "usd": True}) for line in lines])
    assert judged[0] == judged[1]
