"""Advice that made no sense, or contradicted itself: each case once, with what is said now."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.decide.advise.advise import Advice, advise
from bakeoff.decide.advise.estimates import estimates
from bakeoff.decide.situation.needs import unmet_needs
from bakeoff.decide.situation.profile import check_names, validate_profile
from bakeoff.errors import ConfigError
from bakeoff.report.advice.markdown import advice_markdown, plain
from bakeoff.report.advice.page import advice_html
from tests.unit.comparison_fixture import STANDARD, STANDING

START = date(2026, 11, 23)


def advice(**values: Any) -> Advice:
    return advise(validate_profile(values), START, STANDARD)


def row(of: Advice, factor: str) -> Any:
    return next(one for one in of.matrix.rows if one.factor == factor)


def test_without_examples_time_or_a_small_model_nobody_is_told_to_tune() -> None:
    """0 examples, a deadline of 7 days, 70 billion parameters, 2,000,000 queries a month."""
    of = advice(labelled_examples=0, deadline_days=7, model_billion_parameters=70, queries_per_month=2_000_000)
    assert of.recommendation.approach == "rag"
    assert of.recommendation.tied_with == ()
    assert "nothing to train on" in of.matrix.ruled_out["fine-tuning"]


def test_volume_says_the_same_as_the_cost_model() -> None:
    """The approach that costs least at the profile's volume scores best for it, at every volume."""
    for volume in (20, 10_000, 2_000_000, 100_000_000):
        of = advice(queries_per_month=volume)
        scores, cheapest = row(of, "volume").scores, of.cost.rows[0].approach
        assert scores[cheapest] == max(scores.values()) == 5
        dearest = of.cost.rows[-1].approach
        assert scores[dearest] == min(scores.values())


def test_a_hybrid_is_never_the_quickest_because_nobody_gave_its_days() -> None:
    """With 50 days for RAG and 200 for tuning, a hybrid takes at least 200 and costs no less than they do."""
    of = advice(setup_days={"rag": 50, "tuned": 200}, ml_expertise=3, labelled_examples=700)
    setup = {one.approach: one.setup_usd for one in of.cost.rows}
    assert setup["hybrid"] >= max(setup["rag"], setup["fine-tuning"])
    assert "fewest days" not in of.recommendation.headline


def test_a_cost_of_many_dollars_a_question_is_said() -> None:
    """At 20 queries a month a question costs dozens of dollars; with a value below that, doing nothing is cheaper."""
    of = advice(queries_per_month=20)
    assert any("USD a question" in line and "Is an answer worth that?" in line for line in of.warnings)
    told = advice(queries_per_month=20, value={"currency": "USD", "unanswered": 4}).warnings
    assert any("Doing nothing is cheaper" in line for line in told)
    worth_it = advice(queries_per_month=20_000, value={"currency": "USD", "unanswered": 4}).warnings
    assert not any("Doing nothing" in line or "a question" in line for line in worth_it)


def test_a_large_model_changes_the_cost_or_is_said_not_to() -> None:
    """From 0.135 to 400 billion parameters the assumed costs may not stay the same in silence."""
    small, large = (advice(model_billion_parameters=size) for size in (0.135, 400))
    is_said = any("costs are those of a model of 0.135 billion" in line for line in large.warnings)
    assert is_said == (small.cost.rows == large.cost.rows)


def test_hourly_updates_leave_no_room_for_training() -> None:
    """Fine-tuning is ruled out, not tied, and a warning says that it would never be up to date."""
    of = advice(update_interval_days=1 / 24, labelled_examples=9_000, needs_style=True, ml_expertise=5)
    assert "every hour" in of.matrix.ruled_out["fine-tuning"]
    assert "fine-tuning" not in (of.recommendation.approach, *of.recommendation.tied_with)
    assert any("faster than an update of fine-tuning takes" in line for line in of.warnings)


@pytest.mark.parametrize("need", ["needs_citations", "needs_live_sources", "needs_independent_updates"])
def test_matrix_and_verdict_rule_out_the_same(need: str) -> None:
    """Both ask the same function about the contender that represents each approach."""
    profile = validate_profile({need: True, "ml_expertise": 5, "labelled_examples": 9_000})
    out = advise(profile, START, STANDARD).matrix.ruled_out
    for approach, entrant in STANDING.items():
        unmet = unmet_needs(profile, entrant, STANDARD)
        assert out.get(approach) == unmet.get(need)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"must_run_offline": True, "needs_live_sources": True}, "not with the web"),
        ({"update_interval_days": None, "needs_live_sources": True}, "never change, but answers need live sources"),
        ({"update_interval_days": None, "needs_independent_updates": True}, "never change, but knowledge must"),
        ({"labelled_examples": 0, "needs_style": True}, "a specific style, which tuning teaches"),
        ({"labelled_examples": 30, "consistency_needed": True}, "consistent answers, which tuning teaches"),
        ({"deadline_days": 2}, "shorter than the fastest set-up"),
        ({"update_interval_days": 0.125}, "every 3 hours, faster than an update"),
        ({"max_hallucination": 0}, "no test, however long, can show that"),
        ({"model_billion_parameters": 70}, "answers too slowly on a machine without a GPU"),
        ({"model_billion_parameters": 7, "has_training_gpu": False}, "cannot be tuned without a GPU"),
        ({"api_model": "openai:gpt-4o-mini"}, "its price is not used"),
        (
            {"corpus_tokens": 1_000, "context_window_tokens": 32_000, "needs_live_sources": True},
            "fit into the context window, but answers need live sources",
        ),
    ],
)
def test_a_contradiction_is_named(values: dict[str, Any], words: str) -> None:
    """In Markdown, on the page and for programs; a profile without it is silent about it."""
    of = advice(**values)
    line = next(line for line in of.warnings if words in line)
    assert "## Check first" in advice_markdown(of)
    assert line.split(":")[0].split("'")[0] in advice_html(of)
    assert not any(words in other for other in advice(ml_expertise=3).warnings)


def test_a_sound_profile_gets_no_warning() -> None:
    """Neither on the page nor in the list."""
    of = advice(update_interval_days=7, labelled_examples=700, queries_per_month=20_000, ml_expertise=3)
    assert of.warnings == ()
    assert "Check first" not in advice_markdown(of) and "Check first" not in advice_html(of)


@pytest.mark.parametrize("limit", ["must_run_offline", "privacy_on_premises"])
@pytest.mark.parametrize("where", ["answers_on", "training_on"])
def test_what_cannot_be_is_refused(limit: str, where: str) -> None:
    """Documents that must stay here, or a service without a network, and an API."""
    with pytest.raises(ConfigError, match=f"{limit}: true' and '{where}: api' contradict each other"):
        validate_profile({limit: True, where: "api", "prices": {"input_tokens": 1, "output_tokens": 1}})


def test_offline_training_data_may_not_name_an_api_model_either() -> None:
    """An API's model cannot answer where no network may be used."""
    with pytest.raises(ConfigError, match="'must_run_offline: true' and 'api_model"):
        validate_profile({"must_run_offline": True, "api_model": "openai:gpt-4o-mini"})


def test_what_is_ruled_out_is_never_recommended_nor_tied() -> None:
    """Over limits of every kind."""
    days = estimates(validate_profile({}), STANDING).days
    for values in (
        {"deadline_days": 0.9 * days["fine-tuning"].low, "needs_style": True, "ml_expertise": 5},
        {"labelled_examples": 0, "needs_style": True, "ml_expertise": 5},
        {"budget_setup_usd": 100, "needs_style": True, "ml_expertise": 5},
        {"needs_citations": True, "must_run_offline": True, "ml_expertise": 5},
    ):
        of = advice(**values)
        named = {of.recommendation.approach, *of.recommendation.tied_with}
        assert of.matrix.ruled_out and not named & set(of.matrix.ruled_out)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"budget_setup_usd": 1, "needs_style": True}, "the budget is 1 USD. RAG comes closest: setting it up costs"),
        (
            {"budget_usd_per_month": 1, "needs_citations": True},
            "the budget is 1 USD a month. RAG comes closest: running it costs",
        ),
        (
            {"budget_usd_per_month": 1.5, "needs_citations": True},
            "the budget is 1.50 USD a month. RAG comes closest: running it costs",
        ),
        ({"deadline_days": 2}, "the deadline is in 2 days. RAG comes closest: setting it up takes"),
    ],
)
def test_a_limit_that_no_approach_keeps_is_the_headline(values: dict[str, Any], words: str, tmp_path: Path) -> None:
    """In terminal, Markdown, HTML and JSON alike, with the approach that comes closest; it is not just 'start with'."""
    of = advice(**values)
    headline = of.recommendation.headline
    assert headline.startswith(f"No approach keeps the limit: {words}")
    assert headline.endswith("If you can move the limit, start with RAG.") and "Start with" not in headline
    assert of.recommendation.approach == "rag"
    assert f"**{plain(headline)}**" in advice_markdown(of) and f"<h1>{headline}</h1>" in advice_html(of)
    path = tmp_path / "profile.yaml"
    path.write_text(yaml.safe_dump(values))
    arguments = ["advise", "--profile", str(path), "--force", "--output", str(tmp_path / "out")]
    assert CliRunner().invoke(app, arguments).stdout.startswith(headline)
    assert json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)["headline"] == headline


def test_approaches_that_come_equally_close_to_a_limit_are_all_named() -> None:
    """And no other: the headline must not name one and the plan be for another."""
    cost = {"setup_usd": 500, "usd_per_month": 50, "usd_per_query": 0}
    fixed = {"rag": cost, "tuned": cost, "hybrid": {**cost, "setup_usd": 900}}
    of = advice(budget_setup_usd=1, fixed=fixed, labelled_examples=9_000)
    assert "RAG and fine-tuning come closest" in of.recommendation.headline
    assert of.matrix.open_to == ["rag", "fine-tuning"] and of.recommendation.approach in of.matrix.open_to


def test_unknown_names_are_said_to_be_what_they_are() -> None:
    """A fixed amount is not a day of work."""
    with pytest.raises(ConfigError, match="The profile, fixed amounts: 'nosuch' is not a contender or recipe"):
        check_names(validate_profile({"fixed": {"nosuch": {"setup_usd": 5}}}), STANDARD)
