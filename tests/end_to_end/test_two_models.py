"""Several models, chunk sizes and settings in one run: each part is built once, and everything says who is who."""

import json
import re

import pytest

from bakeoff.errors import BakeoffError
from bakeoff.pilot.run import run
from tests.end_to_end.small import PLANETS, make
from tests.fake_api import FakeApi, Fault

KEY = "sk-sentinel-8f3a1c"


def reads(messages) -> str:
    """Answers from the passages of the prompt; says that it does not know without them."""
    *passages, question = messages[-1]["content"].split("\n")
    colours = "|".join(colour for _, colour in PLANETS.values())
    wanted = rf"\b({colours})\b" if "sky" in question else r"\d+ days"
    match = re.search(wanted, "\n".join(passages))
    return match.group() if match and "discovered" not in question else "I don't know."


def two_models(folder, url, **more):
    """A pilot with the reading generator and a server, eight contenders."""
    models = {
        "generator": "tests.end_to_end.small.reader",
        "embedder": "hash",
        "large": {"api": "openai", "base_url": url, "model": "big", "key_env": "LARGE_KEY", "context_tokens": 100_000},
    }
    contenders = [
        "base",
        "rag",
        "extract",
        "long-context",
        {"name": "base-large", "like": "base", "model": "large"},
        {"name": "rag-large", "like": "rag", "model": "large"},
        {"name": "rag-large-8", "like": "rag-large", "retrieval": {"k": 8}},
        {"name": "long-large", "like": "long-context", "model": "large"},
    ]
    return make(folder, models=models, contenders=contenders, **more)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One finished run of eight contenders on two models."""
    folder = tmp_path_factory.mktemp("planets")
    with pytest.MonkeyPatch.context() as patch, FakeApi(reply=reads, key=KEY) as api:
        patch.setenv("LARGE_KEY", KEY)
        yield run(two_models(folder, api.url), runs=folder / "runs")


def test_every_contender_is_measured(finished):
    """None is skipped, none fails."""
    assert len(finished.comparison.names) == 8 and not finished.comparison.skipped
    assert all(finished.measure(name, "errors") == 0 for name in finished.comparison.names)
    assert finished.measure("rag-large", "accuracy") > finished.measure("base-large", "accuracy")


def test_contenders_on_one_index_share_it(finished):
    """Three contenders retrieve from one index, which is built once."""
    assert [path.name for path in (finished.folder.root / "indexes").iterdir()] == ["embedder-128"]
    assert [stage.part for stage in finished.folder.stages() if stage.stage == "index"] == ["index:embedder-128"]


def test_the_effect_of_retrieval_is_given_for_each_model(finished):
    """The grid stands once for each model; the model has an effect of its own."""
    verdict = json.loads(finished.folder.verdict_path.read_text())
    simple = [effect for effect in verdict["effects"] if effect["kind"] == "simple"]
    pairs = {(effect["effect"], effect["contrast"]["a"], effect["contrast"]["b"]) for effect in simple}
    assert ("knowledge", "rag", "base") in pairs and ("knowledge", "rag-large", "base-large") in pairs
    assert any(kind == "model" for kind, _, _ in pairs)


def test_the_report_names_models_and_settings(finished):
    """A reader sees which model stands behind which contender."""
    text = (finished.folder.root / "report.md").read_text()
    assert "big at 127.0.0.1" in text and "rag-large-8" in text


def test_the_model_that_answered_is_kept_with_each_answer(finished):
    """As its server names it, with the day."""
    assert {answer.origin.model for answer in finished.answers("rag-large")} == {"fake-model-2026"}
    assert all(answer.origin.on for answer in finished.answers("rag-large"))


def test_no_key_stands_in_anything_that_was_written(finished):
    """Answers, logs, configuration, report: the name of the variable, never its value."""
    for path in finished.folder.root.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
    assert "LARGE_KEY" in (finished.folder.root / "config.yaml").read_text()


def test_two_chunk_sizes_have_two_indexes(tmp_path):
    """And each contender cites passages of its own size."""
    contenders = [
        {"name": "coarse", "like": "rag", "retrieval": {"chunk_tokens": 64}},
        {"name": "fine", "like": "rag", "retrieval": {"chunk_tokens": 16}},
    ]
    finished = run(make(tmp_path, contenders=contenders), runs=tmp_path / "runs")
    names = sorted(path.name for path in (finished.folder.root / "indexes").iterdir())
    assert names == ["embedder-16", "embedder-64"]
    longest = {
        name: max(len(hit.chunk.text) for answer in finished.answers(name) for hit in answer.citations)
        for name in ("coarse", "fine")
    }
    assert longest["fine"] < longest["coarse"]
    assert "retrieval (16 tokens, k 3)" in (finished.folder.root / "report.md").read_text()


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (Fault("html", status=200), "HTML"),
        (Fault("status", status=401), "401"),
        (Fault("status", status=429, headers={"Retry-After": "0"}), "429"),
        (Fault("redirect", location="http://elsewhere.example/v1"), "elsewhere.example"),
    ],
)
def test_a_server_that_is_no_use_is_found_before_the_run(tmp_path, monkeypatch, fault, named):
    """One clear message, no key in it, and nothing was begun that would have to be done again."""
    monkeypatch.setenv("LARGE_KEY", KEY)
    with FakeApi(reply=reads, fault=fault) as api, pytest.raises(BakeoffError) as caught:
        run(two_models(tmp_path, api.url), runs=tmp_path / "runs")
    assert named in str(caught.value) and KEY not in str(caught.value)
    assert caught.value.remedy


def test_a_key_variable_that_is_not_set(tmp_path, monkeypatch):
    """The variable is named before anything is asked."""
    monkeypatch.delenv("LARGE_KEY", raising=False)
    with FakeApi(reply=reads) as api, pytest.raises(BakeoffError, match="LARGE_KEY"):
        run(two_models(tmp_path, api.url), runs=tmp_path / "runs")
    assert api.n_requests == 0


def test_a_server_that_breaks_in_the_middle_costs_its_answers_only(tmp_path, monkeypatch):
    """Its failed answers are counted as errors; when it works again, --resume asks just those."""
    monkeypatch.setenv("LARGE_KEY", KEY)
    with FakeApi(reply=reads) as api:
        broken = Fault("half")
        original = api.begin
        api.begin = lambda request: broken if len(api.requests) > 60 else original(request)
        finished = run(two_models(tmp_path, api.url), runs=tmp_path / "runs")
        failed = sum(answer.error is not None for answer in finished.answers("long-large"))
        assert failed > 0
        api.begin = original
        resumed = run(two_models_again(tmp_path), runs=tmp_path / "runs", resume=True)
    assert not [answer for answer in resumed.answers("long-large") if answer.error]


def two_models_again(folder):
    return folder / "bakeoff.yaml"
