"""A system behind an address is asked the bare question; it is neither updated nor served."""

import json

import pytest

from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.spec import Entry, Spec
from bakeoff.errors import ConfigError
from bakeoff.exports.promptfoo import _served
from bakeoff.models.engines.openai_dialect import forget_negotiations
from bakeoff.pilot.run import run
from bakeoff.runs.config import load_config
from bakeoff.serve.deployment import deploy
from tests.end_to_end.small import PLANETS, make
from tests.fake_api import FakeApi, Fault

FEW = dict(list(PLANETS.items())[:4])


@pytest.fixture(autouse=True)
def _fresh():
    forget_negotiations()


def options(api, **more):
    return {"base_url": api.url, "model": "their-rag", "retries": 0, **more}


def right(messages):
    """The right answer to a question about a planet."""
    text = messages[-1]["content"]
    for name, (year, colour) in FEW.items():
        if name in text and "discovered" not in text:
            return colour if "noon" in text.lower() or "sky" in text.lower() else year
    return "I don't know."


def cited(messages):
    """The document of the planet that a question is about, with the sentence that holds the answer."""
    name = next((name for name in FEW if name in messages[-1]["content"]), "Aldra")
    year, _ = FEW[name]
    text = f"The planet {name} circles its star once in {year}."
    return {"message": {"context": {"citations": [{"filepath": f"{name.lower()}.md", "content": text}]}}}


def pilot(folder, contenders, **more):
    return load_config(make(folder, FEW, contenders=contenders, **more))


def finished(folder, api, more_contenders=(), more=None, **of_run):
    ours = {"name": "ours", "like": "endpoint", "options": options(api, **(more or {}))}
    return run(pilot(folder, [*more_contenders, ours], **of_run), runs=folder / "runs")


def test_it_is_measured_like_any_other(tmp_path, monkeypatch):
    """Accuracy, declining, latency, tokens, the cost at its price, evidence; no key in the run folder."""
    monkeypatch.setenv("OUR_KEY", "sk-very-secret-1")
    with FakeApi(reply=right, key="sk-very-secret-1") as api:
        api.more_fields = cited
        price = {"input_tokens": 1.0, "output_tokens": 2.0}
        more = {"key_env": "OUR_KEY", "price": price, "system": "Answer briefly.", "body": {"top_k": 3}}
        found = finished(tmp_path, api, ["extract"], more)
        bodies = [body for body in api.bodies if "planet" not in str(body) and len(body["messages"]) == 2]
    assert found.measure("ours", "accuracy") == 1.0
    assert found.measure("ours", "abstention") > 0
    assert found.measure("ours", "latency_ms") > 0
    assert found.measure("ours", "tokens_per_question") > 0
    assert 0 < found.measure("ours", "cost_per_1k") < 1
    assert 0 < found.measure("ours", "retrieval_recall") < 1
    assert found.comparison.estimate("ours", "setup_s").reason == "it was set up elsewhere"
    contents = bodies[0]["messages"]
    assert [message["role"] for message in contents] == ["system", "user"]
    assert contents[0]["content"] == "Answer briefly." and bodies[0]["top_k"] == 3
    assert contents[1]["content"] in {question.text for question in found.folder.questions()}
    assert not any(
        "sk-very-secret-1" in path.read_text(errors="replace") for path in tmp_path.rglob("*.*") if path.is_file()
    )
    assert "Your own system" in found.report.read_text(encoding="utf-8")


def test_freshness_is_not_measured_unless_an_address_says_so(tmp_path):
    """It is not asked again: its answers would say nothing about an update that it never got."""
    update = tmp_path / "update"
    update.mkdir()
    (update / "aldra.md").write_text("# Aldra\n\nThe planet Aldra circles its star once in 9 days.\n")
    row = {"id": "u", "question": "How long is a year on Aldra now?", "answers": ["9 days"], "source": "aldra.md"}
    (tmp_path / "u.jsonl").write_text(json.dumps(row) + "\n")
    updates = {"documents": [str(update)], "questions": [str(tmp_path / "u.jsonl")]}
    new = lambda messages: "9 days" if "now" in messages[-1]["content"] else right(messages)  # noqa: E731
    with FakeApi(reply=right) as before, FakeApi(reply=new) as after:
        stale = finished(tmp_path / "a", before, updates=updates)
        fresh = finished(tmp_path / "b", before, more={"updated": {"base_url": after.url}}, updates=updates)
        assert any("now" in body["messages"][-1]["content"] for body in after.bodies)
    estimate = stale.comparison.estimate("ours", "freshness")
    assert estimate.value is None and "options.updated" in estimate.reason
    assert not stale.folder.answers("ours", "updated")
    assert fresh.measure("ours", "freshness") == 1.0


def test_one_that_does_not_answer_is_left_out_and_the_others_go_on(tmp_path, monkeypatch):
    """So is one whose key is not set; the reason says what to do."""
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with FakeApi(fault=Fault(status=500)) as broken, FakeApi() as api:
        entries = [
            "extract",
            {"name": "broken", "like": "endpoint", "options": options(broken)},
            {"name": "keyless", "like": "endpoint", "options": options(api, key_env="NO_SUCH_KEY")},
        ]
        found = run(pilot(tmp_path, entries), runs=tmp_path / "runs")
    assert found.contenders == ("extract",)
    assert "answered 500" in found.comparison.skipped["broken"]
    assert "NO_SUCH_KEY is not set" in found.comparison.skipped["keyless"]


def test_failed_requests_are_errors_of_their_questions(tmp_path):
    """They count neither as right nor as wrong."""
    with FakeApi(reply=right) as api:
        config = pilot(tmp_path, [{"name": "ours", "like": "endpoint", "options": options(api)}])
        world = run(config, runs=tmp_path / "runs")
        contender = world.open("ours")
        api.fault = Fault(status=503, times=1)
        questions = [one for one in world.folder.questions() if one.split == "test"][:3]
        answers = contender.answer(questions)
    assert [answer.question_id for answer in answers] == [question.id for question in questions]
    assert sum(answer.error is not None for answer in answers) == 1


def test_it_cannot_be_served(tmp_path, monkeypatch):
    """Named or best, the message says which contenders can be; without names, the others are served."""
    with FakeApi(reply=right) as api:
        found = finished(tmp_path, api, ["extract"])
        weak = finished(tmp_path / "weak", FakeApi(reply=lambda messages: "nothing right"), ["extract"])
    with pytest.raises(ConfigError, match=r"'ours' answers outside of Bakeoff") as refused:
        deploy(found, tmp_path / "served", ["ours"])
    assert refused.value.remedy.endswith("--contender: extract")
    with pytest.raises(ConfigError, match="the best of the run, answers outside"):
        deploy(found, tmp_path / "served")
    assert deploy(weak, tmp_path / "served").release.contenders == ("extract",)
    entrants = [one.model_copy(update={"behind": ("ours",)}) for one in found.comparison.entrants]
    behind = found.comparison.model_copy(update={"entrants": tuple(entrants)})
    assert (found.comparison.outside("extract"), behind.outside("extract")) == ("", "ours")
    assert [one["label"] for one in _served(found)] == ["extract"]
    with monkeypatch.context() as asking:
        asking.setattr(type(found), "comparison", behind)
        assert _served(found) == [], "a contender that sends questions to it is not served either"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"base_url": "https://me:pw@host/v1"}, "must hold no user or password"),
        ({"base_url": None}, "base_url"),
        ({"body": {"data_sources": [{"parameters": {"api_key": "abc"}}]}}, "data_sources.0.parameters.api_key"),
        ({"citations": "a..b"}, "not a path of keys"),
        ({"updated": {}}, "names neither base_url nor model"),
        ({"updated": {"base_url": "nowhere"}}, "is not the address of a server"),
        ({"key_env": "sk-1234567890abcdefghij"}, "name of an environment variable"),
        ({"modell": "x"}, "modell"),
    ],
)
def test_bad_options_say_what_is_allowed(wrong, words):
    """Before any work is done."""
    given = {"base_url": "https://rag.example/v1", "model": "m", **wrong}
    with pytest.raises(ConfigError) as refused:
        recipe = make_recipe(
            Spec(name="ours", recipe="endpoint", options={k: v for k, v in given.items() if v is not None})
        )
        recipe.check([recipe])
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("like", "setting"),
    [
        ("endpoint", {"retrieval": {"k": 5}}),
        ("endpoint", {"model": "generator"}),
        ("recorded", {"generation": {"max_new_tokens": 9}}),
        ("own-retriever", {"retrieval": {"chunk_tokens": 64}}),
    ],
)
def test_a_setting_that_changes_nothing_is_refused(tmp_path, like, setting):
    """What happens elsewhere cannot be set here."""
    (tmp_path / "a.jsonl").write_text('{"question": "Why?", "answer": "So"}\n')
    given = {
        "endpoint": {"base_url": "https://rag.example/v1", "model": "m"},
        "recorded": {"answers": "a.jsonl"},
        "own-retriever": {"retriever": "tests.unit.test_endpoint.Nothing"},
    }
    with pytest.raises(ConfigError, match=next(iter(setting))):
        pilot(tmp_path, ["extract", {"name": "ours", "like": like, "options": given[like], **setting}])


class Nothing:
    """A retriever that finds nothing."""

    def search(self, queries, k):
        return [[] for _ in queries]


def test_where_questions_are_sent_is_known(tmp_path):
    """A profile that keeps data on the premises excludes an address on the internet."""
    given = {"base_url": "https://rag.example/v1", "model": "m"}
    recipe = make_recipe(Spec(name="ours", recipe="endpoint", options=given))
    entrant = recipe.entrant({})
    assert (entrant.outside, entrant.model.location, entrant.model.host) == (True, "internet", "rag.example")
    assert Entry(like="endpoint", name="ours", options=given).called == "ours"
