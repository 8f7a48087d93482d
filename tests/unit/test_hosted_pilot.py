"""A pilot whose contenders are tuned at hosts: allowed before, begun once, measured like any other, in the report."""

import json
from functools import partial
from pathlib import Path

import pytest

from bakeoff.contenders.load import make_recipes
from bakeoff.contenders.world import WorldFolder
from bakeoff.decide.cost.inputs import inputs_from_run
from bakeoff.errors import ConfigError, ContenderError, LimitReachedError, ModelUnavailableError
from bakeoff.models.adapter_check import FILES
from bakeoff.models.load import load_generator
from bakeoff.models.settings import ApiModel, TokenPrice
from bakeoff.models.spending.ledger import Ledger, SpendingStopped, counting
from bakeoff.models.spending.rows import Budget
from bakeoff.models.spending.tokens import Tokens
from bakeoff.models.tuned_folder import deployed, hosted_model
from bakeoff.pilot import hosting
from bakeoff.pilot.answer_settings import settled
from bakeoff.pilot.budget import planned
from bakeoff.pilot.prepare import prepare
from bakeoff.pilot.run import run
from bakeoff.pilot.stage_times import Event, StageTimes
from bakeoff.pilot.stages import Pilot
from bakeoff.records import ask
from bakeoff.runs.config import load_config
from bakeoff.runs.folder import begin
from bakeoff.runs.run import Run
from tests.end_to_end.small import make
from tests.fake_hosts import ACCOUNT, BASE, FakeHost, Trouble
from tests.unit.test_generate_load import write_adapter
from tests.unit.test_hosted_download import packed
from tests.unit.test_hosted_jobs import FAST, Killed
from tests.unit.tiny_model import write_tiny_model

pytest.importorskip("peft")


@pytest.fixture(autouse=True)
def _hosts_are_asked_often(monkeypatch):
    monkeypatch.setattr("bakeoff.pilot.stages.hosting_in", partial(hosting.hosting_in, pace=FAST))


@pytest.fixture
def openai():
    with FakeHost("openai", reply=lambda messages: "8 days") as server:
        yield server


@pytest.fixture(params=("together", "fireworks"))
def renting(request):
    with FakeHost(request.param, reply=lambda messages: "8 days") as server:
        yield server


def pilot(folder: Path, host: FakeHost, contenders: list, **more) -> Path:
    models = {
        "generator": {"api": "openai", "base_url": host.base_url, "model": BASE, "timeout_s": 5},
        "embedder": "hash",
    }
    models |= more.pop("models", {})
    return make(folder, models=models, contenders=contenders, generation={"max_new_tokens": 8}, **more)


def there(host: FakeHost, **more) -> dict:
    """The entry of a contender that is tuned at the host."""
    account = {"account": ACCOUNT} if host.kind == "fireworks" else {}
    rented = {"deployment": {"hardware": "1x", "minute_price": 0.1}} if host.kind != "openai" else {}
    at = {"api": host.kind, "training_price": 3.0, **account, **rented, **more.pop("at", {})}
    return {
        "name": "tuned-there",
        "like": "tuned",
        **more,
        "tuning": {"epochs": 2, "host": at, **more.get("tuning", {})},
    }


def models_asked(host: FakeHost, since: int = 0) -> set[str]:
    return {request.body["model"] for request in host.requests[since:] if request.path.endswith("/chat/completions")}


@pytest.mark.parametrize("like", ["tuned", "hybrid"])
def test_a_contender_tuned_at_its_host_is_measured_and_served(like, openai, tmp_path):
    """Its answers come from the tuned model; the report names host, job, tokens and cost."""
    entry = {**there(openai), "like": like}
    finished = run(pilot(tmp_path, openai, ["base", entry]), runs=tmp_path / "runs", yes_spend=5.0)
    assert set(finished.comparison.names) == {"base", "tuned-there"}
    (job,) = openai.jobs.values()
    assert models_asked(openai) == {BASE, job["model"]}
    report = (finished.folder.root / "report.md").read_text()
    assert f"tuned-there was tuned at 127.0.0.1: job {job['id']}" in report and "1,234 tokens, 0.0037" in report
    (stage,) = [one for one in finished.folder.stages() if one.stage == "train"]
    assert stage.tokens == 1234 and f"job {job['id']}" in stage.detail
    entrant = finished.comparison.entrant("tuned-there")
    assert entrant.axes.tuning.startswith("fine-tuned (at openai") and entrant.is_tuned
    config = finished.folder.config()
    world = WorldFolder(finished.folder.world, config.models)
    assert world.open("tuned-there").answer([ask("How long is a year on Elian?")])[0].text == "8 days"


def test_a_run_that_goes_on_begins_no_second_job(openai, tmp_path):
    """Killed while the job runs, then resumed without the flag: what was allowed once is begun once."""
    config = pilot(tmp_path, openai, ["base", there(openai)])

    def kill(event: Event) -> None:
        if event.stage == "train" and event.detail:
            raise Killed

    with pytest.raises(Killed):
        run(config, runs=tmp_path / "runs", yes_spend=5.0, listener=kill)
    finished = run(config, runs=tmp_path / "runs", resume=True)
    assert set(finished.comparison.names) == {"base", "tuned-there"}
    assert openai.done.count("create") == openai.done.count("upload") == 1
    n_asked = len(openai.requests)
    openai.late = 10**6  # the host has shut the tuned model down
    again = run(config, runs=tmp_path / "runs", resume=True)
    assert again.comparison.names == finished.comparison.names and openai.done.count("create") == 1
    assert models_asked(openai, n_asked) == {BASE}


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        (None, r"'tuned-there' at 127.0.0.1 costs money .*nothing was allowed(?s:.*)--yes-spend USD"),
        (0.0001, "at least"),
    ],
)
def test_nothing_is_sent_before_it_is_allowed(usd, words, openai, tmp_path):
    """No file, no order, and no question: the run ends before it begins."""
    with pytest.raises(ConfigError, match=words):
        run(pilot(tmp_path, openai, ["base", there(openai)]), runs=tmp_path / "runs", yes_spend=usd)
    assert openai.requests == [] and not (tmp_path / "runs").exists()


def test_a_price_that_is_not_known_ends_the_run_before_it_begins(openai, tmp_path):
    config = pilot(tmp_path, openai, ["base", there(openai, at={"training_price": None})])
    with pytest.raises(ConfigError, match=r"tuned-there(?s:.*)tuning\.host\.training_price"):
        run(config, runs=tmp_path / "runs", yes_spend=5.0)
    assert openai.requests == []


def test_a_refused_job_costs_its_contender_only(openai, tmp_path):
    """As OpenAI answers an organisation that has never tuned a model: the others are measured."""
    openai.troubles = {"create": [Trouble(403, message="not available to your organization")]}
    finished = run(pilot(tmp_path, openai, ["base", there(openai)]), runs=tmp_path / "runs", yes_spend=5.0)
    assert finished.comparison.names == ("base",)
    assert "not available to your organization" in finished.comparison.skipped["tuned-there"]


def test_a_tuned_model_that_answers_late_is_waited_for(openai, tmp_path):
    """Its first questions get 404; none of its answers has an error."""
    openai.late = 4
    finished = run(pilot(tmp_path, openai, [there(openai)]), runs=tmp_path / "runs", yes_spend=5.0)
    assert openai.late <= 0 and not [answer.error for answer in finished.answers("tuned-there") if answer.error]


def test_what_hosts_have_announced_is_said_before_the_start(openai, tmp_path, monkeypatch):
    """The dates of the host, with the estimate."""
    lines: list[str] = []
    monkeypatch.setattr(hosting, "shutdown_lines", lambda host, today: [f"{host} from 2027-01-06: it ends"])
    config = pilot(tmp_path, openai, ["base", there(openai)])
    run(config, runs=tmp_path / "runs", yes_spend=5.0, listener=lambda event: lines.append(event.note))
    assert any(line.startswith("'tuned-there' is tuned at 127.0.0.1:") and "USD" in line for line in lines)
    assert "note: 127.0.0.1 from 2027-01-06: it ends" in lines


def test_a_deployment_runs_for_the_answers_and_is_stopped(renting, tmp_path):
    """It answers under its own name, its minutes are in the report, and a second session starts none."""
    config = pilot(tmp_path, renting, ["base", there(renting)])
    finished = run(config, runs=tmp_path / "runs", yes_spend=50.0)
    assert set(finished.comparison.names) == {"base", "tuned-there"}
    assert not [answer.error for answer in finished.answers("tuned-there") if answer.error]
    assert renting.machines == {} and renting.done.count("deploy") == renting.done.count("stop") == 1
    assert "answered from a deployment: 0 minutes" in (finished.folder.root / "report.md").read_text()
    again = run(config, runs=tmp_path / "runs", resume=True)
    assert again.comparison.names == finished.comparison.names and renting.done.count("deploy") == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, ConfigError])
def test_an_error_leaves_no_deployment_running(error, renting, tmp_path):
    def fail(event: Event) -> None:
        if event.stage == "answer" and event.contender == "tuned-there":
            raise error("stop")

    with pytest.raises(error):
        run(pilot(tmp_path, renting, [there(renting)]), runs=tmp_path / "runs", yes_spend=50.0, listener=fail)
    assert renting.done.count("deploy") == 1 and renting.machines == {}


def test_a_deployment_that_a_kill_has_left_is_stopped_by_the_next_session(renting, tmp_path, monkeypatch):
    """A kill runs no clean-up. The next session stops it before anything else, and starts its own."""
    config = pilot(tmp_path, renting, [there(renting)])

    def kill(event: Event) -> None:
        if event.stage == "answer":
            raise Killed

    with monkeypatch.context() as without_clean_up:
        without_clean_up.setattr(hosting.Machines, "stop", lambda self: None)
        with pytest.raises(Killed):
            run(config, runs=tmp_path / "runs", yes_spend=50.0, listener=kill)
    assert len(renting.machines) == 1
    left = next(iter(renting.machines))
    run(config, runs=tmp_path / "runs", resume=True, yes_spend=50.0)
    assert renting.machines == {} and renting.done.count("create") == 1
    assert any(request.path.split("?")[0].endswith(f"/{left}") for request in renting.requests)


def test_a_deployment_that_cannot_be_stopped_is_said_aloud(renting, tmp_path):
    lines: list[str] = []
    renting.troubles = {"stop": [Trouble(403, message="not yours")] * 9}
    config = pilot(tmp_path, renting, [there(renting)])
    finished = run(config, runs=tmp_path / "runs", yes_spend=50.0, listener=lambda event: lines.append(event.note))
    assert any(line.startswith("warning: The deployment") and "could not be stopped" in line for line in lines)
    assert "It could not be stopped: stop it at the host." in (finished.folder.root / "report.md").read_text()


def test_a_host_that_answers_from_deployments_needs_one(renting, tmp_path):
    entry = there(renting, at={"deployment": None})
    finished = run(pilot(tmp_path, renting, ["base", entry]), runs=tmp_path / "runs", yes_spend=5.0)
    assert "none is used here (tuning.host.deployment)" in finished.comparison.skipped["tuned-there"]
    assert renting.jobs == {}


def test_after_an_update_the_tuned_model_is_tuned_further(openai, tmp_path):
    """`tuned` holds facts: a second job begins with the first one's model, and its answers are those of the second."""
    update = {
        "question": "How long is a year on Elian?",
        "answers": ["9 days"],
        "source": "elian.md",
        "quote": "9 days",
    }
    folder = tmp_path / "changed"
    folder.mkdir()
    (folder / "elian.md").write_text("# Elian\n\nThe planet Elian circles its star once in 9 days.\n")
    rows = [{**update, "id": f"changed{i}", "split": split} for i, split in enumerate(("train", "test"))]
    (tmp_path / "changed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    updates = {"documents": ["changed"], "questions": ["changed.jsonl"]}
    config = pilot(tmp_path, openai, ["base", there(openai)], updates=updates)
    finished = run(config, runs=tmp_path / "runs", yes_spend=5.0)
    first, second = openai.jobs.values()
    assert second["body"]["model"] == first["model"] and first["body"]["model"] == BASE
    assert models_asked(openai) == {BASE, first["model"], second["model"]}
    assert (finished.folder.root / "report.md").read_text().count("tuned-there was tuned at") == 2


def test_spent_is_what_jobs_and_deployments_took(renting, tmp_path):
    finished = run(pilot(tmp_path, renting, [there(renting)]), runs=tmp_path / "runs", yes_spend=50.0)
    (folder,) = {path.parent for path in finished.folder.root.rglob("deployment.json")}
    job = json.loads((folder / "hosted_job.json").read_text())
    assert hosting.spent_in(finished.folder.root) == pytest.approx(job["usd"] + deployed(folder).usd)
    assert hosted_model(folder).needs_deployment


@pytest.fixture
def small(tmp_path) -> Path:
    """A tiny model on this machine, of which the host is said to have the weights too."""
    return write_tiny_model(tmp_path / "model", max_position_embeddings=1024)


def handing_out(host: FakeHost, adapter: Path) -> None:
    host.adapter = {name: (adapter / name).read_bytes() for name in FILES}
    host.archive = packed(host.adapter)


@pytest.mark.parametrize("kind", ["openai", "together", "fireworks"])
def test_the_adapter_of_a_host_is_measured_here_too(kind, small, tmp_path):
    """As a contender of its own beside the hosted one, from one job; where a host rents nothing, alone."""
    with FakeHost(kind, reply=lambda messages: "8 days") as host:
        handing_out(host, write_adapter(small, tmp_path / "adapter"))
        at = {"local": "small", **({} if kind == "openai" else {"deployment": None})}
        config = pilot(
            tmp_path,
            host,
            ["base", there(host, at=at)],
            models={"small": {"name": str(small), "engine": "transformers"}},
        )
        finished = run(config, runs=tmp_path / "runs", yes_spend=5.0)
        assert len(host.jobs) == 1
        assert set(finished.comparison.names) == {
            "base",
            "tuned-there-local",
            *(["tuned-there"] if kind == "openai" else []),
        }
        if kind != "openai":
            assert "its adapter is measured as 'tuned-there-local'" in finished.comparison.skipped["tuned-there"]
        world = WorldFolder(finished.folder.world, finished.folder.config().models)
        built = world.built("tuned-there-local")
        folder = next(
            path for path in (finished.folder.root / "adapters").iterdir() if (path / "download.json").exists()
        )
        assert built.spec.model == "small" and built.spec.trained_as == "generator"
        assert {name: (folder / name).read_bytes() for name in FILES} == host.adapter
        entrant = finished.comparison.entrant("tuned-there-local")
        assert entrant.model.training_price == 3.0 and entrant.model.location == "here"
        assert f"job {next(iter(host.jobs))}" in (finished.folder.root / "report.md").read_text()
        stages = {stage.part: stage for stage in finished.folder.stages() if stage.stage == "train"}
        assert len(stages) == 2 and "fetched from 127.0.0.1" in stages[f"adapter:{folder.name}"].detail
        assert run(config, runs=tmp_path / "runs", resume=True).comparison.names == finished.comparison.names


def test_an_adapter_that_does_not_fit_costs_the_local_contender_only(openai, small, tmp_path):
    """Another model's adapter is refused before it answers."""
    other = write_tiny_model(tmp_path / "other", hidden_size=48, intermediate_size=96)
    handing_out(openai, write_adapter(other, tmp_path / "adapter"))
    models = {"small": {"name": str(small), "engine": "transformers"}}
    config = pilot(tmp_path, openai, ["base", there(openai, at={"local": "small"})], models=models)
    finished = run(config, runs=tmp_path / "runs", yes_spend=5.0)
    assert set(finished.comparison.names) == {"base", "tuned-there"}
    reason = finished.comparison.skipped["tuned-there-local"]
    assert "does not fit the model in" in reason


def test_local_weights_that_are_not_here_cost_the_local_contender_only(openai, tmp_path):
    models = {"small": {"name": str(tmp_path / "nowhere"), "engine": "transformers"}}
    config = pilot(tmp_path, openai, ["base", there(openai, at={"local": "small"})], models=models)
    with pytest.raises(ModelUnavailableError, match="nowhere"):  # as of any contender's model
        run(config, runs=tmp_path / "runs", yes_spend=5.0)
    assert openai.jobs == {}


def test_a_round_of_learning_starts_no_job_without_a_budget(openai, tmp_path):
    """A pilot without a permission, as `bakeoff learn` makes one: the contender is left out, nothing is sent."""
    config = load_config(pilot(tmp_path, openai, ["base", there(openai)]))
    recipes, prepared = make_recipes(config.specs), prepare(config)
    folder = begin(settled(config, prepared.answer_lengths), tmp_path / "runs")
    times = StageTimes(folder, lambda event: None)
    Pilot(folder.config(), recipes, (), folder, prepared, times).run()
    assert "nothing was allowed" in Run(folder).comparison.skipped["tuned-there"]
    assert openai.jobs == {} and openai.files == {}


def test_a_budget_allows_tuning_and_holds_for_it_and_for_calls_together(openai, tmp_path):
    """No flag is needed. Calls stop where tuning has left no room, and the run goes on with a higher budget."""
    openai.reported = {"trained_tokens": 1_000_000}
    models = {
        "generator": {
            "api": "openai",
            "base_url": openai.base_url,
            "model": BASE,
            "price": {"input_tokens": 5, "output_tokens": 5},
        }
    }
    usual = pilot(tmp_path / "a", openai, ["base", there(openai)], models=models, budget={"usd": 3.01})
    with pytest.raises(LimitReachedError, match=r"budget\.usd is 3\.01.*and 3\.00.USD on tuning at hosts"):
        run(usual, runs=tmp_path / "runs")
    assert len(openai.jobs) == 1
    more = pilot(tmp_path / "b", openai, ["base", there(openai)], models=models, budget={"usd": 30})
    assert set(run(more, runs=tmp_path / "more").comparison.names) == {"base", "tuned-there"}


def test_what_is_allowed_for_tuning_is_kept_from_calls_at_once(tmp_path):
    """Not only when the job has ended: calls that are made meanwhile would take the same money."""
    model = ApiModel(api="openai", base_url="https://llm.example/v1", model="m")
    with counting(Ledger(lambda model: TokenPrice(input_tokens=1, output_tokens=1), Budget(usd=2.0))) as account:
        account.keep_in(tmp_path)
        hosting.hosting_in(tmp_path, None).permission.limit(1.5, "it")
        account.record(account.send(model, "r", Tokens(500_000, 0, 0)), "done", Tokens(500_000, 0, 0))
        with pytest.raises(SpendingStopped, match=r"1\.50.USD on tuning at hosts"):
            account.send(model, "s", Tokens(1, 0, 0))


def test_a_budget_that_calls_have_used_up_leaves_no_room_for_tuning(openai, tmp_path):
    """The job's estimate has to fit beside what calls have cost, whatever the flag says."""
    with counting(Ledger(lambda model: TokenPrice(input_tokens=1, output_tokens=1), Budget(usd=2.0))) as account:
        account.keep_in(tmp_path)
        sent = account.send(ApiModel(api="openai", base_url=openai.url, model="m"), "r", Tokens(1_500_000, 0, 0))
        account.record(sent, "done", Tokens(1_500_000, 0, 0))
        assert hosting.hosting_in(tmp_path, 9.0).permission.limit(0.4, "it") == pytest.approx(0.5)
        with pytest.raises(ContenderError, match=r"2\.00.USD was allowed and 0\.50"):
            hosting.hosting_in(tmp_path, None).permission.limit(0.6, "it")
        assert hosting.hosting_in(tmp_path, 0.3).permission.limit(0.3, "it") == pytest.approx(0.3)


def test_tuning_is_in_the_estimate_of_a_run(openai, tmp_path):
    """As a part of its own, without calls; a budget below its low end is refused."""
    config = load_config(pilot(tmp_path, openai, ["base", there(openai)]))
    data = prepare(config)
    (line,) = planned(settled(config, data.answer_lengths), data).lines
    assert (line.contender, line.role, line.calls.high) == ("tuned-there", "tuning", 0) and line.usd.low > 0
    small = config.model_copy(update={"budget": Budget(usd=line.usd.low / 2)})
    with pytest.raises(ConfigError, match=r"needs at least .* but budget\.usd is"):
        planned(settled(small, data.answer_lengths), data)


def test_the_tuned_models_tokens_have_their_price_in_the_ledger(openai, renting, tmp_path):
    """The host's settings say it; from a deployment they are free."""
    price = {"input_tokens": 8, "output_tokens": 9}
    for host, at, expected in ((openai, {"price": price}, 8), (renting, {}, 0)):
        finished = run(
            pilot(tmp_path / host.kind, host, [there(host, at=at)]), runs=tmp_path / "runs" / host.kind, yes_spend=50
        )
        (named,) = finished.folder.root.rglob("hosted_model.json")
        asked = (
            load_generator(ApiModel(api="openai", base_url=host.base_url, model=BASE), named.parent)
            if host is openai
            else None
        )
        assert hosted_model(named.parent).price.input_tokens == expected
        assert asked is None or asked._settings.price.input_tokens == 8


def test_what_tuning_and_renting_cost_is_in_the_cost_model(renting, tmp_path):
    """Training by the token at the host's price, answers by the hour of the deployment."""
    finished = run(pilot(tmp_path, renting, [there(renting)]), runs=tmp_path / "runs", yes_spend=50.0)
    comparison, stages = finished.comparison, finished.folder.stages()
    costs = inputs_from_run(comparison, finished.folder.config().profile, stages)["tuned-there"]
    assert costs.training_usd_per_million_tokens == 3.0 and costs.training_usd_per_hour == 0.0
    assert costs.training_tokens == {"together": 2345, "fireworks": 3456}[renting.kind]
    assert costs.serving_usd_per_hour == pytest.approx(6.0) and costs.input_usd_per_million_tokens == 0.0
