"""A run's budget before it begins: prices that are not known, an estimate, a refusal, a warning; and its report."""

import math
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import BakeoffError, ConfigError, LimitReachedError
from bakeoff.learn.bounds import Limits, counted_round
from bakeoff.models.settings import ApiModel, TokenPrice
from bakeoff.models.spending.ledger import SpendingStopped, ledger
from bakeoff.models.spending.rows import Budget, Spending, Spent, SpentBy
from bakeoff.models.spending.tokens import Tokens
from bakeoff.pilot.answer_settings import settled
from bakeoff.pilot.budget import budget_lines, estimate_rows, planned
from bakeoff.pilot.estimate import Estimate
from bakeoff.pilot.prepare import prepare
from bakeoff.pilot.run import run
from bakeoff.report.spending import spending_rows, spending_sentences
from bakeoff.runs.config import Config, load_config, validate
from bakeoff.runs.folder import RunFolder, begin
from bakeoff.runs.listing import list_runs
from bakeoff.runs.run import Run
from tests.end_to_end.small import make
from tests.fake_api import FakeApi, Fault

PRICE = {"input_tokens": 1.0, "output_tokens": 4.0}
INTERNET = {"api": "openai", "base_url": "https://api.example.com/v1", "model": "m"}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi(reply=lambda messages: "12 days") as server:
        yield server


def configured(folder: Path, generator: Any, **more: Any) -> Config:
    models = {"generator": generator, "embedder": "hash", **more.pop("models", {})}
    return load_config(make(folder, models=models, **{"contenders": ["base", "rag"], **more}))


def local(api: FakeApi, **more: Any) -> dict[str, Any]:
    return {"api": "openai", "base_url": api.url, "model": "m", "retries": 0, **more}


def expected(config: Config) -> Estimate:
    prepared = prepare(config)
    return planned(settled(config, prepared.answer_lengths), prepared)


# --- settings


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ({"usd": 0}, "greater than 0"),
        ({"usd": -5}, "greater than 0"),
        ({"calls": 0}, "greater than 0"),
        ({"calls": 2.5}, "whole number"),
        ({"usd": float("inf")}, "finite"),
        ({}, "give usd, calls or both"),
        ({"usd": None}, "give usd, calls or both"),
        ({"eur": 5}, "eur"),
    ],
)
def test_a_cap_that_is_none(tmp_path: Path, budget: dict[str, Any], words: str) -> None:
    """A negative, zero, endless or empty budget is an error that names the key."""
    with pytest.raises(ConfigError, match=words):
        validate({"name": "a", "documents": ["d"], "questions": ["q.csv"], "budget": budget})


def test_an_unknown_price_with_a_budget_in_dollars(tmp_path: Path) -> None:
    """The error comes before anything is sent, names the model and says how to give its price."""
    config = configured(tmp_path, INTERNET, budget={"usd": 5})
    with pytest.raises(
        ConfigError, match=r"nothing says what the tokens of 'generator' \(m at api\.example\.com\)"
    ) as caught:
        run(config, runs=tmp_path / "runs")
    assert "price: {input_tokens" in caught.value.remedy
    assert not (tmp_path / "runs").exists()


def test_a_budget_of_calls_needs_no_price(tmp_path: Path) -> None:
    """The estimate says what it does not know."""
    told = expected(configured(tmp_path, INTERNET, budget={"calls": 5000}))
    assert told.unpriced == ("m at api.example.com",)
    assert told.calls.low > 50
    assert all(row[-1] == "not known" for row in estimate_rows(told)[:-1])
    assert "whose price is not known" in next(budget_lines(told, Budget(calls=5000)))


def test_the_profiles_prices_count_where_the_model_has_none(tmp_path: Path) -> None:
    """As in the cost of answers."""
    prices = {"prices": {"input_tokens": 1.0, "output_tokens": 4.0}}
    told = expected(configured(tmp_path, INTERNET, budget={"usd": 50}, profile=prices))
    assert told.unpriced == ()
    assert told.usd.low > 0


def test_free_servers_need_no_price_and_no_budget(tmp_path: Path, api: FakeApi) -> None:
    """A model on this machine without a price: nothing is estimated, counted or written."""
    config = configured(tmp_path, local(api), budget={"usd": 0.000001}, contenders=["base"])
    assert expected(config).lines == ()
    finished = run(config, runs=tmp_path / "runs")
    assert finished.spending is None
    assert not [path for path in finished.folder.root.iterdir() if path.name.startswith("spending")]


def test_an_embedder_may_have_a_price(tmp_path: Path, api: FakeApi) -> None:
    """Its tokens are counted, of documents and of questions."""
    embedder = local(api, model="e", price={"input_tokens": 0.1, "output_tokens": 0})
    config = configured(tmp_path, local(api), models={"embedder": embedder}, contenders=["extract"])
    finished = run(config, runs=tmp_path / "runs")
    assert finished.spending is not None
    roles = {(part.contender, part.role) for part in finished.spending.parts}
    assert {("", "embedding"), ("extract", "embedding")} <= roles
    (listed,) = list_runs(tmp_path / "runs")
    assert listed.usd == finished.spending.total.usd > 0


# --- the estimate


def test_the_run_is_refused_if_even_the_low_end_is_too_much(tmp_path: Path, api: FakeApi) -> None:
    """Nothing is sent, and no folder is made."""
    config = configured(tmp_path, local(api, price=PRICE), budget={"usd": 0.0001})
    with pytest.raises(ConfigError, match=r"The run needs at least 0\.\d+.USD, but budget\.usd is 0\.0001"):
        run(config, runs=tmp_path / "runs")
    with pytest.raises(ConfigError, match=r"at least \d+ calls, but budget\.calls is 10 calls"):
        run(config.model_copy(update={"budget": Budget(calls=10)}), runs=tmp_path / "runs")
    assert api.n_requests == 0
    assert not (tmp_path / "runs").exists()


def test_a_warning_if_the_high_end_is_too_much(tmp_path: Path, api: FakeApi) -> None:
    """And none if it is not."""
    config = configured(tmp_path, local(api, price=PRICE))
    told = expected(config)
    middle = (told.usd.low + told.usd.high) / 2
    assert any("warning: the run may need up to" in line for line in budget_lines(told, Budget(usd=middle)))
    assert not any("warning" in line for line in budget_lines(told, Budget(usd=told.usd.high + 1)))


@pytest.mark.parametrize(
    ("more", "roles"),
    [
        ({"contenders": ["base"]}, {("base", "test"), ("base", "latency"), ("base", "dev"), ("", "check")}),
        (
            {"contenders": [{"like": "rag", "options": {"rewrite": "hyde"}}]},
            {("rag", "test"), ("rag", "rewriting")},
        ),
        ({"contenders": ["rag"], "grading": {"judge": "generator"}}, {("rag", "test"), ("", "judge")}),
    ],
)
def test_each_role_has_a_line(tmp_path: Path, more: dict[str, Any], roles: set[tuple[str, str]]) -> None:
    """By contender and role."""
    told = expected(configured(tmp_path, {**INTERNET, "price": PRICE}, **more))
    assert roles <= {(line.contender, line.role) for line in told.lines}
    for line in told.lines:
        assert line.usd is not None
        assert 0 <= line.usd.low <= line.usd.high
        assert line.calls.low <= line.calls.high


def test_a_batch_halves_the_low_end(tmp_path: Path) -> None:
    """Of test questions, not of latency; at the high end every line fails and is asked again."""
    batched, plain = (
        expected(configured(tmp_path / str(batch), {**INTERNET, "price": PRICE, "batch": batch}, contenders=["base"]))
        for batch in (True, False)
    )
    for one, other in zip(batched.lines, plain.lines, strict=True):
        assert one.usd and other.usd
        share = 0.5 if one.role in ("test", "dev") else 1.0
        assert one.usd.low == pytest.approx(share * other.usd.low)
        assert one.usd.high == pytest.approx(other.usd.high)


# --- runs


def test_a_raised_budget_goes_on_in_the_same_folder(tmp_path: Path, api: FakeApi) -> None:
    """The budget is no part of what a run is; spending.json has the new one, and the report says what was spent."""
    config = configured(tmp_path, local(api, price=PRICE), contenders=["base"])
    enough = config.model_copy(update={"budget": Budget(calls=math.ceil(expected(config).calls.low))})
    said, asked = api.reply, count(1)  # five answers are cut off, which are paid and asked for again

    def reply(messages: Any) -> str:
        if next(asked) == 40:
            api.fault = Fault("half", times=5)
        return said(messages)

    api.reply = reply
    with pytest.raises(LimitReachedError, match=r"budget\.calls"):
        run(enough, runs=tmp_path / "runs", reuse=False)
    raised = config.model_copy(update={"budget": Budget(calls=500)})
    finished = run(raised, runs=tmp_path / "runs", resume=True, reuse=False)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["planets"]
    assert finished.spending is not None
    assert finished.spending.budget == Budget(calls=500)
    assert finished.spending.total.calls <= api.n_requests
    for page in ("report.html", "report.md"):
        assert "Spent on models" in (finished.folder.root / page).read_text()
    assert (finished.folder.root / "tables" / "spending.csv").exists()


def test_a_run_with_all_its_answers_ends_without_room_for_a_call(tmp_path: Path, api: FakeApi) -> None:
    """Its models are not tested again, since it asks none of them: only its report is missing."""
    config = configured(tmp_path, local(api, price=PRICE), contenders=["base"])
    finished = run(config, runs=tmp_path / "runs")
    assert finished.spending is not None
    finished.folder.verdict_path.unlink()
    n, calls = api.n_requests, finished.spending.total.calls
    told: list[str] = []
    tight = config.model_copy(update={"budget": Budget(calls=calls)})
    again = run(tight, runs=tmp_path / "runs", resume=True, listener=lambda event: told.append(event.note))
    assert again.folder.verdict_path.exists()
    assert api.n_requests == n
    assert any(f"The models were not tested. The run stopped at its budget: budget.calls is {calls}" in x for x in told)


def test_a_quota_that_ends_in_the_middle_leaves_the_run_resumable(tmp_path: Path, api: FakeApi) -> None:
    """One message, no failed answers on the disk, and the run goes on when there is credit."""
    n = 0

    def reply(messages: Any) -> str:
        nonlocal n
        n += 1
        if n == 40:
            api.fault = Fault(status=429, body='{"error": {"code": "insufficient_quota"}}')
        return "12 days"

    api.reply = reply
    config = configured(tmp_path, local(api, price=PRICE), contenders=["base"])
    with pytest.raises(LimitReachedError, match=r"quota of m at .* is used up"):
        run(config, runs=tmp_path / "runs")
    folder = RunFolder(tmp_path / "runs" / "planets")
    assert not [answer for answer in folder.answers("base") if answer.error]
    api.fault = None
    finished = run(config, runs=tmp_path / "runs", resume=True)
    assert len(finished.answers("base")) == 41
    assert not [answer for answer in finished.answers("base") if answer.error]


def test_a_key_that_is_revoked_in_the_middle_stops_the_run(
    tmp_path: Path, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message that names the variable; no failed answers on the disk; with a new key nothing is asked again."""
    monkeypatch.setenv("LLM_KEY", "sk-first-key")
    api.key = "sk-first-key"

    def reply(messages: Any) -> str:
        api.key = "sk-second-key" if api.n_requests == 40 else api.key
        return "12 days"

    api.reply = reply
    config = configured(tmp_path, local(api, price=PRICE, key_env="LLM_KEY", concurrency=1), contenders=["base"])
    with pytest.raises(LimitReachedError, match=r"the key of m at .* is refused.* answered 401") as caught:
        run(config, runs=tmp_path / "runs")
    assert "LLM_KEY" in caught.value.remedy and "--resume" in caught.value.remedy
    assert "first-key" not in str(caught.value)
    assert api.n_requests == 41
    monkeypatch.setenv("LLM_KEY", "sk-second-key")
    finished = run(config, runs=tmp_path / "runs", resume=True)
    assert not [answer for answer in finished.answers("base") if answer.error]
    assert finished.spending is not None and finished.spending.total.calls == api.n_requests - 1


def test_a_batched_run_measures_latency_alone(tmp_path: Path, api: FakeApi) -> None:
    """Its answers come from batches; latency does not, and the time in a batch has no value."""
    config = configured(tmp_path, local(api, price=PRICE, batch=True), contenders=["base"])
    finished = run(config, runs=tmp_path / "runs")
    comparison = Run(finished.folder).comparison
    assert comparison.estimate("base", "seconds_per_question").value is None
    assert comparison.estimate("base", "latency_ms").value
    assert all(answer.usage.batched for answer in finished.answers("base"))
    assert not any(answer.usage.batched for answer in finished.folder.answers("base", "latency"))
    assert len(api.batches.created) == 2  # dev and test


def test_a_system_elsewhere_that_is_paid_for_is_counted_and_capped(tmp_path: Path, api: FakeApi) -> None:
    """It stands in no `models:`, but its calls are paid for: estimated, in the ledger, stopped, gone on with."""
    asked = {"name": "ours", "like": "endpoint", "options": local(api, price=PRICE, concurrency=1)}
    generator = "tests.end_to_end.small.reader"
    config = configured(tmp_path, generator, contenders=["base", asked])
    parts = expected(config)
    assert {(line.contender, line.role) for line in parts.lines} == {
        ("", "check"),
        ("ours", "latency"),
        ("ours", "test"),
    }

    def reply(messages: Any) -> str:
        api.fault = Fault(status=402) if api.n_requests == 10 else None
        return "12 days"

    api.reply = reply
    with pytest.raises(LimitReachedError, match=r"quota of m at .* is used up"):
        run(config, runs=tmp_path / "runs")
    api.fault, before = None, api.n_requests - 1  # the refused one is not counted
    with pytest.raises(LimitReachedError, match=rf"budget\.calls is {before + 5}, and {before + 5} calls were made"):
        run(config.model_copy(update={"budget": Budget(calls=before + 5)}), runs=tmp_path / "runs", resume=True)
    assert api.n_requests == before + 1 + 5
    finished = run(config, runs=tmp_path / "runs", resume=True)
    assert finished.spending is not None
    assert finished.spending.total.calls == api.n_requests - 1
    assert {part.contender for part in finished.spending.parts} >= {"ours"}
    unpriced = {**asked, "options": {**INTERNET}}
    no_price = configured(tmp_path / "b", generator, contenders=["base", unpriced], budget={"usd": 5})
    with pytest.raises(ConfigError, match=r"'options of ours' \(m at api\.example\.com\)"):
        run(no_price, runs=tmp_path / "runs")


# --- rounds of learning


def test_a_round_of_learning_has_the_same_ledger(tmp_path: Path, api: FakeApi) -> None:
    """Its limit is --usd."""
    config = configured(tmp_path, local(api, price=PRICE), contenders=["base"])
    folder = run(config, runs=tmp_path / "runs").folder
    before = folder.spending()
    assert before is not None
    model = ApiModel(api="openai", base_url=api.url, model="m", price=TokenPrice(input_tokens=1.0, output_tokens=4.0))
    with (
        pytest.raises(LimitReachedError, match=r"--usd is .* calls, and the next one may cost") as caught,
        counted_round(folder, Limits(usd=before.total.usd + 1e-6)),
    ):
        current = ledger()
        assert current is not None
        current.send(model, "a", Tokens(2, 0, 0))
    assert "bakeoff learn" in caught.value.remedy
    assert folder.spending() == before.model_copy(update={"budget": Budget(usd=before.total.usd + 1e-6)})


def test_a_round_with_a_limit_needs_the_prices_of_its_models(tmp_path: Path) -> None:
    """Else the limit would never stop a call."""
    config = configured(tmp_path, "tests.end_to_end.small.reader", models={"embedder": INTERNET})
    folder = begin(config, tmp_path / "runs")
    with (
        pytest.raises(ConfigError, match=r"--usd is .*, but nothing says what the tokens of 'embedder'"),
        counted_round(folder, Limits(usd=1)),
    ):
        pass
    with counted_round(folder, Limits()):
        pass


def test_the_stop_is_no_error_of_a_question() -> None:
    """What catches errors of contenders and engines does not catch it."""
    assert not issubclass(SpendingStopped, Exception)
    assert not issubclass(SpendingStopped, BakeoffError)


# --- the report


def test_what_the_report_says() -> None:
    """The budget, unknown outcomes, unknown prices and the share of the cache."""
    part = {"calls": 10, "unknown": 2, "prompt_tokens": 100, "cached_tokens": 25, "completion_tokens": 7, "usd": 0.5}
    spending = Spending(
        budget=Budget(usd=20, calls=5000),
        total=Spent(**part, unknown_usd=0.1),
        parts=(
            SpentBy(contender="rag", role="test", model="m", **part, unknown_usd=0.1),
            SpentBy(role="judge", model="j", calls=3),
        ),
        unpriced=("j",),
    )
    told = "\n".join(spending_sentences(spending)).replace("\u202f", " ")
    assert "0.50 USD of a budget of 20 USD and 5,000 calls on 10 calls." in told
    assert "Of 2 calls the outcome is unknown" in told
    assert "the most that they can cost, 0.10 USD in all" in told
    assert "The price of j is not known" in told
    assert "25 % of the prompt tokens came from the provider's cache" in told
    rows = spending_rows(spending)
    assert rows[0][:4] == ["rag", "test", "m", "10 (2 unknown)"]
    assert (rows[1][0], rows[1][-1]) == ("several", "not known")
    assert rows[-1][0] == "all"
