"""`tuning.host`: what it takes, which contenders it makes, what it costs, and when hosts end."""

import datetime
import sys

import pytest

from bakeoff.contenders.load import make_recipe, make_recipes
from bakeoff.contenders.where_tuned import why_not_hosted
from bakeoff.errors import ConfigError, ContenderError
from bakeoff.models.settings import ApiModel, LocalModel, TokenPrice
from bakeoff.pilot.hosting import check_allowed, expected
from bakeoff.records import Message, Prompt, Question
from bakeoff.runs.config import load_config
from bakeoff.tuning.hosted.hosts import SHUTDOWNS, has_ended, shutdown_lines
from bakeoff.tuning.hosted.settings import Hosted
from bakeoff.tuning.hosted.spending import Permission, estimate
from bakeoff.tuning.packing import Example
from bakeoff.tuning.settings import Tuning

BEGINNING = """
name: a
documents: [docs]
questions: [q.csv]
models:
  gpt: {api: openai, base_url: "https://llm.example/v1", model: gpt-x, key_env: K}
  small: scripted
contenders:
"""
TODAY = datetime.date(2026, 11, 28)


def specs(folder, *entries: str):
    (folder / "bakeoff.yaml").write_text(BEGINNING + "".join(f"  - {entry}\n" for entry in entries))
    return load_config(folder / "bakeoff.yaml").specs


def test_the_name_of_a_protocol_is_enough(tmp_path):
    (spec,) = specs(tmp_path, "{like: tuned, model: gpt, tuning: {host: openai, epochs: 3}}")
    assert spec.tuning.host == Hosted(api="openai") and make_recipe(spec).is_hosted
    assert spec.tuning.label == "fine-tuned (at openai)"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("tuning: {host: azure}", "tuning.host.api"),
        ("tuning: {host: {api: fireworks}}", "needs account"),
        ("tuning: {host: {api: openai, account: acme}}", "has no account"),
        (
            "tuning: {host: {api: openai, deployment: {hardware: h, minute_price: 1}}}",
            "no call that starts a deployment",
        ),
        ("tuning: {host: {api: together, deployment: {hardware: h}}}", "minute_price"),
        ("tuning: {host: {api: openai, training_price: -1}}", "training_price"),
        ("tuning: {host: {api: openai, key: abc}}", "tuning.host"),
        ("tuning: {host: openai, rank: 8}", "rank is given with host(?s:.*)hyperparameters"),
        ("tuning: {host: openai, method: full}", "method is given with host"),
        ("tuning: {host: {api: fireworks, account: a}, method: full}", "method is given with host"),
        ("tuning: {host: together, schedule: slanted-triangular}", "schedule is given with host"),
        ("tuning: {host: together, preferences: {files: p.jsonl}}", "preferences is given with host"),
    ],
)
def test_what_a_host_cannot_take_is_an_error_that_says_so(given, words, tmp_path):
    with pytest.raises(ConfigError, match=words):
        specs(tmp_path, f"{{like: tuned, model: gpt, {given}}}")


def test_hosts_take_what_their_protocol_has():
    """Together trains all weights too; both of the others choose the rest themselves."""
    assert Tuning(host="together", method="full", learning_rate=1e-5).host.api == "together"
    assert Tuning(host=Hosted(api="fireworks", account="a"), rank=8).rank == 8


def test_only_recipes_that_a_host_can_train_take_one(tmp_path):
    with pytest.raises(ConfigError, match="'rag-token' cannot be tuned at a host"):
        specs(tmp_path, "{like: rag-token, model: gpt, tuning: {host: openai}}")


def test_a_host_is_given_to_each_contender_by_itself(tmp_path):
    """As a default of the run it would tune, and bill, every tuned contender."""
    (tmp_path / "bakeoff.yaml").write_text(BEGINNING + "  - tuned\ntuning: {host: openai}\n")
    with pytest.raises(ConfigError, match="give it to each contender"):
        load_config(tmp_path / "bakeoff.yaml")


def test_prices_and_machines_do_not_change_the_tuned_model(tmp_path):
    """Nor does the longest wait: a run that goes on with another one keeps its job. What is trained does."""
    one, same, other, later = (
        make_recipe(spec).adapter
        for spec in specs(
            tmp_path,
            "{name: a, like: tuned, model: gpt, tuning: {host: openai}}",
            "{name: b, like: tuned, model: gpt, tuning: {host: {api: openai, training_price: 9, local: small}, "
            "max_seconds: 9}}",
            "{name: c, like: tuned, model: gpt, tuning: {host: {api: openai, hyperparameters: {batch_size: 2}}}}",
            "{name: d, like: tuned, model: gpt, tuning: {host: openai, epochs: 2}}",
        )
        if not spec.trained_as
    )
    assert one == same and len({one, other, later}) == 3


def test_a_local_model_makes_a_contender_of_its_own(tmp_path):
    """It runs here what the host has trained, and needs the same job."""
    hosted, local = specs(tmp_path, "{name: a, like: hybrid, model: gpt, tuning: {host: {api: openai, local: small}}}")
    assert (local.name, local.model, local.trained_as, local.recipe) == ("a-local", "small", "gpt", "hybrid")
    there, here = make_recipes([hosted, local])
    assert here.at_its_host.adapter == there.adapter != here.adapter and not here.is_hosted
    assert f"adapter:{there.adapter}" in here.parts()
    with pytest.raises(ConfigError, match=r"'tuning.host.local' names the model 'none'"):
        specs(tmp_path, "{like: tuned, model: gpt, tuning: {host: {api: openai, local: none}}}")
    with pytest.raises(ConfigError, match="two contenders with this name"):
        entry = "{name: a, like: tuned, model: gpt, tuning: {host: {api: openai, local: small}}}"
        specs(tmp_path, "{name: a-local, like: base}", entry)


def models(**more) -> dict:
    gpt = ApiModel(api="openai", base_url="https://llm.example/v1", model="m", **more)
    return {"gpt": gpt, "small": LocalModel(name="scripted")}


def reason(tmp_path, entry: str, known=None, n_train: int = 9, today=TODAY) -> str:
    return why_not_hosted(make_recipe(specs(tmp_path, entry)[-1]), known or models(), n_train, today) or ""


def test_why_a_contender_is_not_tuned_at_its_host(tmp_path):
    """What is known before anything is sent."""
    at = "tuning: {host: openai}"
    assert reason(tmp_path, f"{{like: tuned, model: gpt, {at}}}") == ""
    assert "for a model behind a server" in reason(tmp_path, f"{{like: tuned, model: small, {at}}}")
    assert "no training questions" in reason(tmp_path, f"{{like: tuned, model: gpt, {at}}}", n_train=0)
    ollama = {"gpt": ApiModel(api="ollama", base_url="http://127.0.0.1:1", model="m")}
    assert "has api: ollama" in reason(tmp_path, f"{{like: tuned, model: gpt, {at}}}", ollama)
    assert "none is used here (tuning.host.deployment)" in reason(
        tmp_path, "{like: tuned, model: gpt, tuning: {host: together}}"
    )
    local = "{like: tuned, model: gpt, tuning: {host: {api: together, local: small}}}"
    assert "has no weights on this machine" in reason(tmp_path, local)


def test_a_host_that_has_ended_tuning_is_not_asked(tmp_path):
    """From 2027-01-06 on, OpenAI's own address takes no job; other hosts of the protocol go on."""
    known = {"gpt": ApiModel(api="openai", base_url="https://api.openai.com/v1", model="m")}
    entry = "{like: tuned, model: gpt, tuning: {host: openai}}"
    assert reason(tmp_path, entry, known) == ""
    ended = reason(tmp_path, entry, known, today=datetime.date(2027, 1, 6))
    assert "takes no new tuning jobs" in ended and "2027-01-06" in ended and "https://" in ended
    assert reason(tmp_path, entry, today=datetime.date(2027, 1, 6)) == ""


def test_shutdown_dates_are_said_in_order_with_their_sources():
    lines = shutdown_lines("api.openai.com", TODAY)
    assert [line.split(":")[0] for line in lines] == [
        "api.openai.com since 2026-05-07",
        "api.openai.com since 2026-07-02",
        "api.openai.com from 2027-01-06",
    ]
    assert all(one.source.startswith("https://") and one.source in " ".join(lines) for one in SHUTDOWNS[:3])
    assert shutdown_lines("llm.example", TODAY) == [] and shutdown_lines("notapi.openai.com", TODAY) == []
    assert len(shutdown_lines("api.together.ai:443", TODAY)) == 1
    assert (
        has_ended("api.openai.com", TODAY) is None and has_ended("api.together.ai", datetime.date(2030, 1, 1)) is None
    )


EXAMPLE = Example(prompt=Prompt(messages=(Message(role="user", content="x" * 400),)), completion="y" * 40)


def test_an_estimate_is_tokens_times_epochs_times_the_price():
    """100 tokens of the question, 10 of the answer, 4 for each message: 118, with the doubt of a tokenizer."""
    cost = estimate([EXAMPLE] * 10, 3, Hosted(api="openai", training_price=25.0), "a")
    assert cost.tokens == (round(0.7 * 3540), round(1.4 * 3540))
    assert cost.usd == pytest.approx((0.7 * 3540 * 25e-6, 1.4 * 3540 * 25e-6))
    with pytest.raises(ConfigError, match=r"tuning\.host\.training_price"):
        estimate([EXAMPLE], 1, Hosted(api="openai"), "a")


def test_a_permission_shrinks_by_what_was_spent():
    spent = [0.0]
    permission = Permission(2.0, lambda: spent[0])
    assert permission.limit(1.5, "it") == 2.0
    spent[0] = 1.0
    with pytest.raises(ContenderError, match=r"it may cost up to 1\.50.USD, and 2\.00.USD was allowed and 1\.00"):
        permission.limit(1.5, "it")
    spent[0] = 3.0
    assert Permission(None).limit(0.0, "it") == 0.0
    with pytest.raises(ContenderError):
        permission.limit(0.01, "it")


def questions(n: int) -> list[Question]:
    return [
        Question(
            id=f"q{i}",
            text="How long is a year?",
            answers=("8 days",),
            kind="answerable",
            slice="seen",
            split="train",
            fact=f"f{i}",
        )
        for i in range(n)
    ]


def test_what_a_run_may_cost_before_it_begins(tmp_path):
    """Each tuned model once, with the training after an update and a deployment for each half of the run."""
    rented = "deployment: {hardware: h, minute_price: 0.1, max_minutes: 30}"
    at = f"{{api: together, training_price: 10, {rented}}}"
    recipes = make_recipes(
        specs(
            tmp_path,
            f"{{name: a, like: tuned, model: gpt, tuning: {{host: {at}, epochs: 2}}}}",
            f"{{name: b, like: tuned, model: gpt, tuning: {{host: {at}, epochs: 2}}}}",
            "base",
        )
    )
    (cost,) = expected(recipes, models(), questions(10), [], 7)
    assert cost.contender == "a" and cost.deployments_usd == pytest.approx(3.0)
    (more,) = expected(recipes, models(), questions(10), questions(4), 7)
    assert more.deployments_usd == pytest.approx(6.0)
    assert more.training.tokens[1] == pytest.approx(cost.training.tokens[1] * (20 + 6) / 20, rel=0.01)
    check_allowed([cost], 5.0)
    check_allowed([], None)
    with pytest.raises(ConfigError, match=r"'a' at llm\.example costs money"):
        check_allowed([cost], None)
    with pytest.raises(ConfigError, match="costs at least"):
        check_allowed([cost], 0.0)


def test_a_hybrid_is_expected_to_read_its_passages(tmp_path):
    at = "{api: openai, training_price: 10}"
    entries = (
        f"{{name: a, like: tuned, model: gpt, tuning: {{host: {at}, epochs: 1}}}}",
        f"{{name: b, like: hybrid, model: gpt, tuning: {{host: {at}, epochs: 1}}, "
        "retrieval: {k: 5, chunk_tokens: 100}}",
    )
    one, other = expected(make_recipes(specs(tmp_path, *entries)), models(), questions(10), [], 7)
    assert other.training.tokens[1] - one.training.tokens[1] >= 1.4 * 10 * 500


def test_the_price_of_the_tuned_models_tokens(tmp_path):
    """That of the host's settings if it is given, else that of the model it was tuned from."""
    own = (
        "{like: tuned, name: a, model: gpt, tuning: {host: {api: openai, price: {input_tokens: 3, output_tokens: 4}}}}"
    )
    priced = models(price=TokenPrice(input_tokens=1, output_tokens=2))
    one, other = make_recipes(specs(tmp_path, own, "{like: tuned, name: b, model: gpt, tuning: {host: openai}}"))
    assert one.entrant(priced).model.price.input_tokens == 3
    assert other.entrant(priced).model.price.input_tokens == 1


@pytest.mark.parametrize("answer", [True, False])
def test_a_person_at_a_terminal_is_asked(answer, tmp_path, monkeypatch):
    """With the most that it may cost; without a terminal nobody is asked."""
    from bakeoff.cli import measure
    from tests.end_to_end.small import make

    entry = {"like": "tuned", "model": "gpt", "tuning": {"epochs": 1, "host": {"api": "openai", "training_price": 50}}}
    gpt = {"api": "openai", "base_url": "https://llm.example/v1", "model": "m"}
    config = load_config(
        make(tmp_path, contenders=["base", entry], models={"generator": "scripted", "embedder": "hash", "gpt": gpt})
    )
    asked = []
    monkeypatch.setattr(measure.typer, "confirm", lambda text: asked.append(text) or answer)
    assert measure._asked_to_spend(config, None, False, None) == (None, None) and not asked
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    prepared, usd = measure._asked_to_spend(config, None, False, None)
    assert len(asked) == 1 and "Spend up to" in asked[0] and prepared is not None
    assert (usd is not None and usd > 0) if answer else usd is None
    assert measure._asked_to_spend(config, None, False, 3.0) == (None, 3.0) and len(asked) == 1
