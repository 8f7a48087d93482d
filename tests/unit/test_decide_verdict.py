"""The verdict: limits first, then significant differences in accuracy, then cost; no winner without support."""

import pytest

from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.verdict.decide import decide
from bakeoff.measure.comparison import AskedModel, Estimate
from bakeoff.measure.contrasts import contrasts
from bakeoff.measure.graded import graded
from bakeoff.measure.statistics import graded_share
from tests.unit.comparison_fixture import (
    COSTS,
    FACTS,
    IDS,
    STANDARD,
    answered,
    comparison,
    cost,
    entrant,
    once,
    with_estimates,
)


def verdict(given, profile=None, costs=COSTS, n_facts=200, **more):
    return decide(given, profile or Profile(), costs, n_facts, **more)


def test_the_clearly_most_accurate_wins_whatever_it_costs():
    """hybrid is 30 points ahead of rag and costs more: it wins, and the reason names the difference."""
    found = verdict(comparison(base=10, rag=100, hybrid=160))
    assert (found.winner, found.tied_with, found.as_good) == ("hybrid", (), ())
    assert "Of the 2 significantly less accurate contenders, rag is the best: 30 points behind" in found.reason


def test_cost_decides_between_those_as_accurate_within_the_margin():
    """One question of 200 is no difference: the cheaper rag wins, and the reason says that hybrid is as accurate."""
    found = verdict(comparison(base=10, rag=159, hybrid=160))
    assert (found.winner, found.tied_with, found.as_good) == ("rag", ("hybrid",), ("hybrid",))
    assert "hybrid is as accurate, within the margin. rag costs the least of them" in found.reason


def test_what_is_behind_by_more_than_the_margin_does_not_win_by_its_price():
    """hybrid is 11 points ahead of rag, not significant with 100 questions: rag is named, but does not win."""
    given = comparison(ids=IDS[:100], base=5, rag=range(19, 59), hybrid=range(51))
    assert given.contrast("hybrid", "rag").finding == "open"
    found = verdict(given, n_facts=100)
    assert (found.winner, found.tied_with, found.as_good) == ("hybrid", ("rag",), ())
    line = "Not significantly less accurate in this test (corrected for 3 comparisons): rag, 11 points behind"
    assert line in found.reason
    assert "more test questions would decide between hybrid and rag" in found.reason


def test_the_number_of_questions_that_would_decide_is_about_the_runner_up():
    """hybrid is closest to the winner; fewer questions would decide about extract, which is further behind."""
    rights = {"base": 2, "rag": range(40), "hybrid": range(2, 40), "extract": {*range(25), *range(60, 68)}}
    given = comparison(ids=IDS[:100], **rights)
    pairs = {name: given.contrast("rag", name) for name in ("hybrid", "extract")}
    assert {pair.finding for pair in pairs.values()} == {"open"}
    assert pairs["extract"].more_questions < pairs["hybrid"].more_questions
    needed = f"About {pairs['hybrid'].more_questions:,} more test questions"
    assert verdict(given).reason.endswith(f"{needed} would decide between rag and the runner-up, hybrid.")


def test_a_contender_more_does_not_make_the_base_model_a_winner():
    """base 35 %, hybrid 55 % of 40 questions, not significantly different: no winner, even with a useless third."""
    rights = {"base": range(14), "hybrid": range(8, 30)}
    for more in ({}, {"tuned": 0}):
        found = verdict(comparison(ids=IDS[:40], **rights, **more), n_facts=40)
        assert found.winner is None
        assert "no contender was significantly more accurate than base (35 %), a base model" in found.reason


def test_a_base_model_that_a_limit_excludes_still_has_to_be_beaten():
    """A stricter limit must not make a winner of what is no better than an untuned model that breaks it."""
    given = comparison(ids=IDS[:100], base=10, tuned=10, rag=30)
    for name, share in {"base": 0.6, "rag": 0.5, "tuned": 0.1}.items():
        given = with_estimates(given, name, hallucination=Estimate(value=share, low=share, high=share, n=100))
    found = verdict(given, Profile(max_hallucination=0.3), n_facts=100)
    assert set(found.excluded) == {"base", "rag"} and found.winner is None
    assert "tuned has the highest accuracy of the contenders that break no limit (10 %)" in found.reason
    assert "not significantly more accurate than base (10 %), a base model that breaks a limit" in found.reason


def test_whoever_is_measurably_worse_than_any_other_is_out():
    """base is open against hybrid, but rag is significantly better than base: cheap base cannot win."""
    given = comparison(ids=IDS[:100], base=33, rag=43, hybrid={*range(18), *range(60, 87)}, extract=5)
    assert given.contrast("rag", "base").finding == "different"
    assert given.contrast("hybrid", "base").finding != "different"
    found = verdict(given)
    assert (found.winner, found.tied_with) == ("rag", ("hybrid",))


def test_the_base_model_wins_where_it_is_measurably_the_best():
    """If tuning and retrieval make answers worse, there is no winner."""
    found = verdict(comparison(base=160, rag=100, hybrid=60))
    assert (found.winner, found.tied_with) == ("base", ())


def test_the_base_model_wins_by_cost_where_the_others_are_tied_with_it():
    """No answer differs on 200 questions: a tie within the margin is a finding, and base costs the least."""
    found = verdict(comparison(base=160, rag=160, hybrid=160))
    assert (found.winner, found.as_good) == ("base", ("rag", "hybrid"))


def test_nobody_wins_who_was_never_right():
    """Contenders without a correct answer are not shipped, however cheap."""
    found = verdict(comparison(rag=0, hybrid=0))
    assert found.winner is None and "No contender answered any of the 200" in found.reason


def test_few_facts_carry_no_verdict_however_often_they_are_asked():
    """A verdict counts facts: 40 questions about 2 facts are two observations."""
    facts = {key: str(int(key) // 20) for key in IDS[:40]}
    found = verdict(comparison(ids=IDS[:40], facts=facts, rag=4, hybrid=38), n_facts=2)
    assert found.winner is None and "The test covers 2 facts; a verdict needs at least 30" in found.reason


def test_a_winner_short_of_a_goal_is_not_good_enough():
    """A winner with 50 % misses the goal of 80 % (assumed) or 95 % (given) and is not ready to ship."""
    given = comparison(base=10, rag=40, hybrid=100)
    assert "at least 80 % (assumed)" in verdict(given).short_of[0]
    assert "at least 95 %" in verdict(given, Profile(accuracy_requirement=5)).short_of[0]
    assert (
        "It misses the goal: accuracy of at least 95 %, with 57 % at best"
        in verdict(given, Profile(accuracy_requirement=5)).reason
    )
    wrong = comparison(options={"hybrid": {"hallucination": 0.3}}, base=10, rag=40, hybrid=195)
    assert verdict(wrong).short_of == ("hallucination of at most 5 % (assumed), with 15 % at least",)
    assert verdict(comparison(options={"hybrid": {"hallucination": 0.02}}, base=10, hybrid=195)).short_of == ()


def test_retrieval_that_finds_nothing_is_a_warning():
    """Low retrieval recall gives a warning, also if it is zero."""
    none = {"retrieval_recall": once(0.0)}
    given = comparison(options={"base": none, "rag": none}, base=10, rag=100)
    assert any("only 0 %" in one for one in verdict(given).warnings)


def test_a_hard_limit_comes_before_accuracy():
    """A contender that is too slow, too often wrong or too expensive is excluded; the reason names both numbers."""
    slow = comparison(options={"hybrid": {"latency": 900.0}}, base=10, rag=100, hybrid=160)
    found = verdict(slow, Profile(latency_limit_ms=1000))
    assert found.winner == "rag"
    assert "1,800 ms" in found.excluded["hybrid"] and "1,000 ms" in found.excluded["hybrid"]
    wrong = comparison(options={"hybrid": {"hallucination": 0.3}}, base=10, rag=100, hybrid=160)
    assert verdict(wrong, Profile(max_hallucination=0.2)).winner == "rag"


def test_budgets_are_for_running_and_for_setting_up():
    """The monthly budget limits the average month without set-up, the other budget the set-up."""
    given = comparison(base=10, rag=100, hybrid=160)
    costs = {**COSTS, "hybrid": cost(1300.0, setup=1000.0)}
    assert verdict(given, Profile(budget_usd_per_month=26), costs).winner == "hybrid"
    dear = verdict(given, Profile(budget_usd_per_month=24), costs)
    assert dear.winner == "rag" and "running it costs 25 USD a month; the budget is 24 USD" in dear.excluded["hybrid"]
    assert "setting it up costs 1,000 USD" in verdict(given, Profile(budget_setup_usd=900), costs).excluded["hybrid"]


@pytest.mark.parametrize(
    ("profile", "measure", "told"),
    [
        (Profile(latency_limit_ms=50_000), "latency_ms", "latency was not measured"),
        (Profile(max_hallucination=0.9), "hallucination", "hallucination was not measured"),
    ],
)
def test_what_is_limited_and_was_not_measured_cannot_win(profile, measure, told):
    """A contender without a measured value for a limit cannot win."""
    given = with_estimates(comparison(base=10, rag=100, hybrid=160), "hybrid", **{measure: Estimate()})
    found = verdict(given, profile)
    assert found.winner == "rag" and told in found.excluded["hybrid"]


def test_an_unknown_cost_keeps_no_budget():
    """A contender whose cost is not known cannot win if the profile has a budget."""
    costs = {name: one for name, one in COSTS.items() if name != "hybrid"}
    found = verdict(comparison(base=10, rag=100, hybrid=160), Profile(budget_usd_per_month=1e9), costs)
    assert "cost is not known" in found.excluded["hybrid"]


API = AskedModel(name="large", label="large at api.example.com", location="internet", host="api.example.com")
OFFICE = API.model_copy(update={"location": "premises", "host": "llm.local"})


@pytest.mark.parametrize(
    ("limit", "model", "words"),
    [
        ("privacy_on_premises", API, "it sends questions and documents to api.example.com"),
        ("must_run_offline", API, "it asks api.example.com"),
        ("must_run_offline", OFFICE, "it asks llm.local"),
        ("privacy_on_premises", OFFICE, ""),
    ],
)
def test_a_contender_that_asks_a_model_in_a_forbidden_place_cannot_win(limit, model, words):
    """Each contender is judged by the model it asks, and a router by those behind it; others are unaffected."""
    entrants = (
        entrant("base"),
        entrant("rag"),
        entrant("rag", "rag-large", model=model),
        entrant("router", behind=("rag", "rag-large")),
    )
    given = comparison(base=10, rag=100, rag_large=160, router=150, entrants=entrants)
    found = verdict(given, Profile(**{limit: True}))
    assert found.winner == ("rag" if words else "rag-large")
    assert set(found.excluded) == ({"rag-large", "router"} if words else set())
    assert all(words in why for why in found.excluded.values())


TWO_MODELS = (entrant("base"), entrant("base", "base-large", model=API), entrant("rag"))


def test_with_two_models_as_they_come_nobody_wins_who_beats_only_one_of_them():
    """rag is far ahead of the small model and level with the large one, on other questions."""
    level = comparison(base=10, base_large=range(100), rag=range(50, 152), entrants=TWO_MODELS)
    found = verdict(level)
    assert found.winner is None and set(found.tied_with) == {"base-large", "rag"}
    assert "more accurate than base-large (50 %), a base model" in found.reason
    assert found.baselines == ("base", "base-large")


def test_a_model_as_it_comes_may_win_against_another():
    """A large base model that is significantly better than all others leaves no winner."""
    found = verdict(comparison(base=10, base_large=160, rag=100, entrants=TWO_MODELS))
    assert found.winner == "base-large" and found.approach is None


def test_models_as_they_come_of_which_none_is_better_name_nobody():
    """Two contenders that are correct on different questions are open: there is no winner."""
    found = verdict(comparison(base=range(100), base_large=range(40, 141), rag=5, entrants=TWO_MODELS))
    assert found.winner is None


def test_the_winner_is_named_with_the_approach_it_counts_as():
    """A base model is recognised by its axes, whatever its name."""
    given = comparison(base=10, mine=150, entrants=(entrant("base"), entrant("extract", "mine")))
    assert verdict(given).approach == "rag"
    assert verdict(comparison(entrants=STANDARD[:4], base=10, rag=20, tuned=30, hybrid=160)).approach == "hybrid"


def test_an_interval_that_excludes_zero_without_significance_is_explained():
    """8 against 1 of 60 differ alone, but not after correction for 10 pairs; the reason says both."""
    rights = {"hybrid": range(32), "rag": range(8, 33), "base": 20, "tuned": 25, "extract": 0}
    found = verdict(comparison(ids=IDS[:60], **rights), n_facts=60)
    contrast = comparison(ids=IDS[:60], **rights).contrast("hybrid", "rag")
    assert contrast.low > 0 and contrast.finding == "open"
    assert found.winner == "hybrid" and found.tied_with == ("rag",)
    assert f"rag, 12 points behind (unadjusted interval {100 * contrast.low:.0f} to" in found.reason
    assert "not significant after correcting for 10 comparisons" in found.reason


def test_a_limit_that_is_missed_by_less_than_a_percent_shows_both_numbers():
    """30.4 % against 30.3 % are shown with enough digits to differ."""
    close = comparison(options={"hybrid": {"hallucination": 0.3042}}, rag=100, hybrid=160)
    why = verdict(close, Profile(max_hallucination=0.3030)).excluded["hybrid"]
    assert "30.42 %" in why and "30.30 %" in why


def test_a_contender_whose_answers_failed_is_not_judged():
    """6 % errors are too many; there is no winner if all have them, or if only base is left."""
    failed = {"hybrid": {"errors": 0.06}}
    found = verdict(comparison(options=failed, rag=100, hybrid=160))
    assert found.winner == "rag" and "failed" in found.excluded["hybrid"]
    nobody = verdict(comparison(options={"rag": {"errors": 1.0}}, rag=100))
    assert nobody.winner is None and "failed" in nobody.reason
    alone = verdict(comparison(options=failed, base=10, hybrid=160))
    assert alone.winner is None and "Only the base model" in alone.reason


def test_nobody_wins_where_nothing_is_better_than_the_base_model():
    """Contenders within a few questions of each other, on different questions, give no winner."""
    found = verdict(comparison(base=range(100), rag=range(20, 121), hybrid=range(40, 142)))
    assert found.winner is None
    assert set(found.tied_with) == {"base", "rag", "hybrid"}


def test_a_slice_with_another_leader_is_a_warning():
    """hybrid leads overall, rag leads on what was seen."""
    given = comparison(rag=100, hybrid=160)
    slices = {"hybrid": (0.4, 0.3, 0.5), "rag": (0.9, 0.8, 0.95)}
    for name, (value, low, high) in slices.items():
        seen = {"slices": {"seen": Estimate(value=value, low=low, high=high, n=50)}}
        given = with_estimates(given, name, accuracy=given.estimate(name, "accuracy").model_copy(update=seen))
    assert any("slice 'seen', rag is ahead" in one for one in verdict(given).warnings)


def test_a_contender_without_a_cost_is_not_the_cheapest():
    """Of two equally accurate contenders, the one with a known cost wins."""
    found = verdict(comparison(rag=160, hybrid=160, base=10), costs={"hybrid": cost(300.0), "base": cost(1.0)})
    assert found.winner == "hybrid"


def test_answers_that_nobody_could_grade_win_nothing():
    """extract has 100 right and 60 unsure of 200, hybrid 120 right: halves would put extract ahead and win by price."""
    grades = {"base": answered(base=5)["base"], "hybrid": answered(hybrid=120)["hybrid"]}
    grades["extract"] = {key: 1.0 if int(key) < 100 else 0.5 if int(key) < 160 else 0.0 for key in IDS}
    values = {name: graded(given) for name, given in grades.items()}
    given = comparison(base=5, hybrid=120, extract=130).model_copy(
        update={"contrasts": tuple(contrasts(values, FACTS, "accuracy"))}
    )
    given = with_estimates(given, "extract", accuracy=graded_share(values["extract"], FACTS))
    assert given.contrast("extract", "hybrid").unsure == 60
    found = verdict(given)
    assert (found.winner, found.tied_with, found.as_good) == ("hybrid", ("extract",), ())
    assert "neither right nor wrong (extract 60)" in found.reason
    assert "extract, 5 points ahead" in found.reason
    assert "Between hybrid and extract, 60 questions cannot be decided" in found.reason


def test_a_verdict_without_a_winner_says_first_that_answers_could_not_be_graded():
    """All of rag's answers are unsure: it may be the best, and nobody can say so."""
    grades = {"base": answered(base=60)["base"], "rag": dict.fromkeys(IDS, 0.5)}
    values = {name: graded(given) for name, given in grades.items()}
    given = comparison(base=60, rag=100).model_copy(update={"contrasts": tuple(contrasts(values, FACTS, "accuracy"))})
    given = with_estimates(given, "rag", accuracy=graded_share(values["rag"], FACTS))
    found = verdict(given)
    assert (found.winner, found.ungraded) == (None, ("rag",))
    assert found.reason.startswith("Too many answers can be called neither right nor wrong")
    assert "rag 200 of 200" in found.reason and "bakeoff label RUN" in found.reason


def test_labels_that_could_not_tell_are_the_reason_where_they_leave_no_winner():
    """The accuracy of rag may be 20 points lower or higher: not equal contenders, and no more labels are the remedy."""
    grades = {"base": answered(base=60)["base"], "rag": {key: 0.5 if int(key) < 80 else 0.0 for key in IDS}}
    values = {name: graded(given) for name, given in grades.items()}
    given = comparison(base=60, rag=40).model_copy(update={"contrasts": tuple(contrasts(values, FACTS, "accuracy"))})
    doubtful = graded_share(values["rag"], FACTS).model_copy(update={"labels": 60, "unsure": 12})
    found = verdict(with_estimates(given, "rag", accuracy=doubtful))
    assert (found.winner, found.ungraded) == (None, ("rag",))
    assert found.reason.startswith("People could not tell about too many") and "rag 12" in found.reason
    assert "Label about 100" not in found.reason
