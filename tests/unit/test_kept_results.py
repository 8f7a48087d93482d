"""Completions and vectors are taken from earlier runs only where nothing that they depend on has changed."""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bakeoff import contenders
from bakeoff.contenders import kept_models
from bakeoff.contenders.extractor import Extractor
from bakeoff.contenders.kept_models import DAYS, kept_embedder, kept_generator
from bakeoff.corpus.stores import open_store
from bakeoff.models.embed import HashEmbedder
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.models.kept import results as kept_results
from bakeoff.models.kept.clock import taken_s
from bakeoff.models.kept.embedder import KeptEmbedder
from bakeoff.models.kept.generator import KeptGenerator, keeping
from bakeoff.models.kept.results import Kept, KeptResults
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.models.spending.who import asking_in
from bakeoff.protocols import SteppingGenerator
from bakeoff.records import Chunk, Completion, Document, GenerationSettings, Hit, Message, Prompt, Question, Usage
from bakeoff.retrieval.hybrid import HybridIndex

SETTINGS = GenerationSettings()


def prompt(text: str) -> Prompt:
    return Prompt(messages=(Message(role="user", content=text),))


class Counting(ScriptedGenerator):
    """Answers with the message in capitals, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(str.upper)
        self.asked: list[str] = []

    def generate(self, prompts, settings):  # type: ignore[no-untyped-def]
        self.asked += [one.messages[-1].content for one in prompts]
        return [one.model_copy(update={"usage": Usage(seconds=2.0)}) for one in super().generate(prompts, settings)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs" / ".kept" / "results.sqlite"


def test_a_second_run_asks_only_what_is_new(path: Path) -> None:
    first = Counting()
    kept = KeptResults(path)
    answers = keeping(first, "model", kept).generate([prompt("a"), prompt("b")], SETTINGS)
    assert kept.counts == {"answers": (0, 2)}
    kept.close()
    second, again, before = Counting(), KeptResults(path), taken_s()
    both = keeping(second, "model", again).generate([prompt("b"), prompt("c"), prompt("a")], SETTINGS)
    assert second.asked == ["c"]
    assert [one.text for one in both] == ["B", "C", "A"]
    assert both[0] == answers[1]
    assert again.counts == {"answers": (2, 3)}
    assert taken_s() - before == pytest.approx(4.0), "what was taken counts with its time"


def test_another_model_or_setting_is_another_answer(path: Path) -> None:
    kept, model = KeptResults(path), Counting()
    keeping(model, "model", kept).generate([prompt("a")], SETTINGS)
    keeping(model, "other", kept).generate([prompt("a")], SETTINGS)
    keeping(model, "model", kept).generate([prompt("a")], SETTINGS.model_copy(update={"max_new_tokens": 3}))
    assert model.asked == ["a", "a", "a"]


def test_latency_is_never_taken(path: Path) -> None:
    kept, model = KeptResults(path), Counting()
    generator = keeping(model, "model", kept)
    generator.generate([prompt("a")], SETTINGS)
    with asking_in("latency", "rag"):
        generator.generate([prompt("a")], SETTINGS)
    assert model.asked == ["a", "a"]


def test_a_failure_is_not_kept(path: Path) -> None:
    class Failing(Counting):
        def generate(self, prompts, settings):  # type: ignore[no-untyped-def]
            self.asked += [one.messages[-1].content for one in prompts]
            return [Completion(text="", usage=Usage(), error="no") for _ in prompts]

    kept, model = KeptResults(path), Failing()
    for _ in range(2):
        assert keeping(model, "model", kept).generate([prompt("a")], SETTINGS)[0].error == "no"
    assert model.asked == ["a", "a"]


def test_the_generator_keeps_what_else_it_has(path: Path) -> None:
    kept = KeptResults(path)
    plain = keeping(ScriptedGenerator(), "model", kept)
    assert plain.n_parallel == 64
    assert not isinstance(plain, SteppingGenerator)

    class Stepping(ScriptedGenerator):
        def steps(self, prompts, settings):  # type: ignore[no-untyped-def]
            return "steps"

    assert isinstance(keeping(Stepping(), "model", kept), SteppingGenerator)
    assert [*plain.stream(prompt("x"), SETTINGS)][-1] == plain.generate([prompt("x")], SETTINGS)[0]


def test_vectors_are_those_of_the_embedder(path: Path) -> None:
    class CountingEmbedder(HashEmbedder):
        n = 0

        def embed_passages(self, texts):  # type: ignore[no-untyped-def]
            CountingEmbedder.n += len(texts)
            return super().embed_passages(texts)

    kept, embedder = KeptResults(path), CountingEmbedder()
    first = KeptEmbedder(embedder, "model", kept).embed_passages(["one", "two"])
    again = KeptEmbedder(embedder, "model", kept).embed_passages(["two", "three", "one"])
    assert CountingEmbedder.n == 3
    assert again.dtype == np.float32
    np.testing.assert_array_equal(again[[2, 0]], first)
    np.testing.assert_array_equal(again[1], embedder.embed_queries(["three"])[0])
    assert kept.counts["vectors"] == (0, 3), "what this run has made itself is not from an earlier one"


class SlowEmbedder(HashEmbedder):
    """Takes a while for passages, as an embedder with weights does."""

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        time.sleep(0.05)
        return super().embed_passages(texts)

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        return super().embed_passages(texts)


class Same:
    """A retriever that finds one passage for every question."""

    def search(self, queries: Sequence[str], k: int) -> list[list[Hit]]:
        text = "The quota is ten pages. Ask the desk for more."
        chunk = Chunk(id="c", document_id="d", source="d.md", text=text, start=0, end=len(text))
        return [[Hit(chunk=chunk, score=1.0, rank=1)] for _ in queries]


def test_an_answer_takes_as_long_as_if_nothing_had_been_taken(path: Path) -> None:
    """Sentences that an earlier run has embedded cost what they cost then."""
    question = Question(id="q", text="What is the quota?", answers=("ten pages",), fact="quota")
    seconds = []
    for _ in range(2):
        results = KeptResults(path)
        embedder: Any = KeptEmbedder(SlowEmbedder(), "model", results)
        (answer,) = Extractor("extract", Same(), embedder, 1).answer([question])
        results.close()
        seconds.append(answer.usage.seconds)
    assert results.counts["vectors"][0] > 0, "the second run has taken them"
    assert min(seconds) >= 0.05


def test_no_contender_measures_with_a_clock_of_its_own() -> None:
    """What is taken from earlier runs is on the clock of models/kept/clock.py alone."""
    folder = Path(contenders.__file__).parent
    named = [path.name for path in folder.rglob("*.py") if "perf_counter" in path.read_text(encoding="utf-8")]
    assert named == []


def test_an_index_takes_as_long_as_if_nothing_had_been_taken(path: Path, tmp_path: Path) -> None:
    """A killed sync keeps these seconds, too: they are those of the index, not of the stage."""
    store = open_store(tmp_path)
    store.replace_all([Document(id="d", source="d.md", text="The quota is ten pages.")])
    for name in ("first", "second"):
        results = KeptResults(path)
        embedder: Any = KeptEmbedder(SlowEmbedder(), "model", results)
        assert HybridIndex.open(tmp_path / name, embedder).sync(store).seconds >= 0.05
        results.close()
    store.close()


def test_results_of_servers_grow_old(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Counting()
    settings = ApiModel(api="openai", base_url="http://127.0.0.1:1/v1", model="m")
    now = kept_results.today()
    for day, asked in ((now, 1), (now + DAYS, 1), (now + DAYS + 1, 2)):
        monkeypatch.setattr(kept_results, "today", lambda day=day: day)
        kept_generator(model, settings, None, KeptResults(path)).generate([prompt("a")], SETTINGS)
        assert len(model.asked) == asked


def test_own_classes_are_always_asked(path: Path) -> None:
    kept = KeptResults(path)
    for name in ("scripted", "my_package.MyModel"):
        assert not isinstance(kept_generator(Counting(), LocalModel(name=name), None, kept), KeptGenerator)
    assert not isinstance(kept_embedder(HashEmbedder(), LocalModel(name="hash"), kept), KeptEmbedder)


def test_how_a_server_is_asked_does_not_count(path: Path) -> None:
    kept, model = KeptResults(path), Counting()
    settings = ApiModel(api="openai", base_url="http://127.0.0.1:1/v1", model="m")
    for changed, n in (({}, 1), ({"concurrency": 9, "key_env": "KEY"}, 1), ({"model": "other"}, 2)):
        one = settings.model_copy(update=changed)
        kept_generator(model, one, None, kept).generate([prompt("a")], SETTINGS)
        assert len(model.asked) == n


def test_a_damaged_file_is_replaced(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database" * 100)
    kept = KeptResults(path)
    kept.put("answers", {b"k": Kept(b"v", 1.0)})
    assert kept.get("answers", [b"k"])[b"k"].value == b"v"
    assert kept.problem == ""


def test_a_file_that_cannot_be_used_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    kept, model = KeptResults(tmp_path / "file" / "results.sqlite"), Counting()
    generator = keeping(model, "model", kept)
    assert generator.generate([prompt("a")], SETTINGS)[0].text == "A"
    assert "not used" in kept.problem


def test_an_error_in_the_middle_stops_nothing(path: Path) -> None:
    kept, model = KeptResults(path), Counting()
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE kept")
    assert keeping(model, "model", kept).generate([prompt("a")], SETTINGS)[0].text == "A"
    assert "not used" in kept.problem


def test_old_days_make_room(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in (1, 2, 3):
        monkeypatch.setattr(kept_results, "today", lambda day=day: day)
        KeptResults(path).put("vectors", {bytes([day, i]): Kept(b"x" * 1000, 1.0) for i in range(100)})
    kept = KeptResults(path, most_bytes=350_000)
    found = kept.get("vectors", [bytes([day, 0]) for day in (1, 2, 3)])
    assert [*found] == [bytes([3, 0])]


def test_a_damaged_file_that_cannot_be_removed_stops_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database" * 100)

    def refused(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refused)
    assert "Permission denied" in KeptResults(path).problem


def test_a_gpu_answers_otherwise(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def versions(is_there: bool) -> list[str]:
        monkeypatch.setattr(kept_models, "has_gpu", lambda: is_there)
        kept_models.engine_versions.cache_clear()
        return kept_models.engine_versions()

    assert versions(True) != versions(False)
    kept_models.engine_versions.cache_clear()
