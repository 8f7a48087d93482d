"""Requirements have three states, and a bound says which."""

from types import SimpleNamespace

import numpy as np
import pytest

from bakeoff.decide.requirements.standing import Known, latency_bounds, least_times, standings, times_wanted
from bakeoff.decide.situation.profile import Profile
from bakeoff.measure.comparison import Estimate
from bakeoff.pilot.latency import latency_questions
from bakeoff.runs.config import Config
from tests.unit.decision_fixture import questions


def share(value, n):
    return Estimate(value=value, low=0.0, high=1.0, n=n, n_effective=float(n))


def states(profile, level=0.95, **known):
    estimates = {"accuracy": share(0.9, 400), "hallucination": share(0.01, 400), **known.pop("estimates", {})}
    return {one.name: one for one in standings(Known(estimates=estimates, **known), profile, level)}


@pytest.mark.parametrize(("value", "n", "state"), [(0.9, 400, "met"), (0.85, 60, "open"), (0.7, 400, "missed")])
def test_a_goal_is_met_missed_or_not_shown(value, n, state):
    """80 % is assumed: 90 % of 400 shows it, 85 % of 60 does not, 70 % of 400 misses it."""
    one = states(Profile(), estimates={"accuracy": share(value, n)})["accuracy"]
    assert (one.state, one.kind, one.given) == (state, "goal", False)
    assert (one.more is not None) == (state == "open")


def test_a_goal_that_the_value_itself_misses_is_not_shown_by_more_questions():
    """75 % of 40 does not miss 80 % for sure; more questions at 75 % would never show it."""
    one = states(Profile(), estimates={"accuracy": share(0.75, 40)})["accuracy"]
    assert one.state == "open" and one.more is None


def test_picking_the_best_of_several_needs_a_stricter_bound():
    """At a higher level of the bound the same share is not shown any more."""
    estimates = {"accuracy": share(0.845, 300)}
    assert states(Profile(), estimates=estimates)["accuracy"].state == "met"
    assert states(Profile(), level=0.99, estimates=estimates)["accuracy"].state == "open"


def test_unsure_answers_count_for_the_worse():
    """90 % with 20 % unsure either way: neither shown nor missed."""
    doubtful = share(0.85, 400).model_copy(update={"doubt": 0.1, "unsure": 80})
    assert states(Profile(), estimates={"accuracy": doubtful})["accuracy"].state == "open"


def test_a_limit_on_wrong_answers_takes_the_goals_place():
    """max_hallucination is a limit; without it, 5 % is a goal."""
    assert states(Profile())["hallucination"].kind == "goal"
    assert states(Profile(max_hallucination=0.1))["hallucination"].kind == "limit"


def test_a_budget_has_three_states_by_the_range_of_the_cost():
    """The whole range below, across, above the budget."""
    usd = np.linspace(800, 1200, 101)
    found = {budget: states(Profile(budget_usd_per_month=budget), running_usd=usd) for budget in (2000, 1000, 500)}
    assert [one["running_usd_per_month"].state for one in found.values()] == ["met", "open", "missed"]
    assert states(Profile(budget_setup_usd=9), setup_usd=np.zeros(0))["setup_usd"].state == "open"


@pytest.mark.parametrize(("deadline", "state"), [(30, "met"), (20, "open"), (5, "missed")])
def test_a_deadline_is_compared_with_the_range_of_days(deadline, state):
    """Setting up takes 10 to 25 days."""
    assert states(Profile(deadline_days=deadline), days=(10.0, 25.0))["deadline_days"].state == state


def test_needs_that_cannot_be_met_are_missed_with_their_reason():
    """A need has no numbers."""
    one = states(Profile(), needs={"citations": "it reads no source"})["citations"]
    assert (one.kind, one.state, one.why) == ("need", "missed", "it reads no source")


@pytest.mark.parametrize("n", [60, 80, 200])
@pytest.mark.parametrize("slow", [0.0, 0.06, 0.12])
def test_the_bounds_of_the_95th_percentile_hold(n, slow):
    """Lognormal times, some of a second, slow mode: each bound is wrong in at most 5 % of 2,000 samples, with noise."""
    rng = np.random.default_rng(n)

    def times(many):
        return np.where(rng.random(many) < slow, 8.0, 1.0) * np.exp(0.2 * rng.standard_normal(many))

    truth = float(np.quantile(times(400_000), 0.95))
    bounds = np.array([latency_bounds(times(n)) for _ in range(2000)])
    assert (bounds[:, 1] < truth).mean() <= 0.065 and (bounds[:, 0] > truth).mean() <= 0.065
    assert np.median(bounds[:, 1]) < 2.5 * truth


def test_few_times_do_not_show_that_a_limit_is_kept():
    """20 answers, all far below the limit, may hold none of the slow ones; one that is twice too slow may be missed."""
    one = states(Profile(latency_limit_ms=1000), latencies_ms=[10.0] * 20)["latency_ms"]
    assert (one.state, one.bound) == ("open", None) and "59 timed answers are needed" in one.why
    assert states(Profile(latency_limit_ms=1000), latencies_ms=[10.0] * 59)["latency_ms"].state == "met"
    assert states(Profile(latency_limit_ms=1000), latencies_ms=[2000.0] * 20)["latency_ms"].state == "missed"


def test_the_bound_of_the_picked_contender_is_stricter_for_times_and_budgets_too():
    """59 times and a budget at the 95 % quantile are met at level .95, not at .98; what is missed stays at .95."""
    profile = Profile(latency_limit_ms=1000, budget_usd_per_month=1182)
    known = {"latencies_ms": [10.0] * 59, "running_usd": np.linspace(800, 1200, 101)}
    found = {level: states(profile, level, **known) for level in (0.95, 0.98)}
    names = ("latency_ms", "running_usd_per_month")
    assert [found[0.95][name].state for name in names] == ["met", "met"]
    assert [found[0.98][name].state for name in names] == ["open", "open"]
    assert "77 timed answers are needed" in found[0.98]["latency_ms"].why
    assert states(profile, 0.98, latencies_ms=[10.0] * 77)["latency_ms"].state == "met"
    slow, dear = [10.0] * 90 + [2000.0] * 10, np.linspace(1175, 1400, 101)
    for level in (0.95, 0.999):
        found = states(profile, level, latencies_ms=slow, running_usd=dear)
        assert [found[name].state for name in names] == ["missed", "missed"]


def test_a_run_times_as_many_answers_as_the_level_of_its_best_contender_may_need():
    """1 - .95^n must reach the level: 59 for .95, 77 for .98, 90 for .99, which up to five contenders need."""
    assert [least_times(level) for level in (0.95, 0.98, 0.99)] == [59, 77, 90]
    assert [times_wanted(n) for n in (0, 1, 5, 7)] == [90, 90, 90, 97]
    assert 1 - 0.95**97 >= 1 - 0.05 / 7 > 1 - 0.95**96
    for level in (0.95, 0.99):
        n = least_times(level)
        high = [latency_bounds(np.arange(many, dtype=float), level)[1] for many in (n - 1, n)]
        assert high == [np.inf, n - 1]


@pytest.mark.parametrize(("limit", "n_facts", "timed"), [(None, 500, 20), (1000, 500, 102), (1000, 60, 59)])
def test_a_run_with_a_limit_on_latency_times_enough_answers(limit, n_facts, timed):
    """One for each fact, beside one to warm up: 20 without a limit, 102 for the nine contenders, or all there are."""
    given = {"name": "x", "documents": "d", "questions": "q.csv", "profile": {"latency_limit_ms": limit}}
    prepared = SimpleNamespace(of=lambda split: questions(n_facts))
    assert len(latency_questions(Config.model_validate(given), prepared.of("test"))) - 1 == timed


def test_a_deadline_says_that_it_is_about_the_set_up():
    """What is set up in time is not tested or launched by then."""
    standing = states(Profile(deadline_days=30), days=(10.0, 25.0))["deadline_days"]
    assert standing.text == "set up in 30 days (not yet tested or launched)"
    assert standing.why.endswith("10 to 25 calendar days; test questions, pilot and launch come on top")
