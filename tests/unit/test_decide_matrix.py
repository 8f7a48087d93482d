"""The decision matrix: factors, scores, weights, uncertainty, flips, and measurements in place of assumptions."""

import math
from typing import Any

import numpy as np
import pytest
import yaml

from bakeoff.decide.advise import flips as changing
from bakeoff.decide.advise.estimated import span
from bakeoff.decide.advise.estimates import approach_inputs, estimates
from bakeoff.decide.advise.factors import Band, Factor, read_factors
from bakeoff.decide.advise.flips import Flip
from bakeoff.decide.advise.matrix import Matrix, Row, judged
from bakeoff.decide.advise.matrix import decision_matrix as matrix_of
from bakeoff.decide.situation.approaches import APPROACHES
from bakeoff.decide.situation.profile import Profile, validate_profile
from bakeoff.decide.verdict import measured_matrix as measuring
from bakeoff.decide.verdict.measured_matrix import MeasuredMatrix, graded, two_piece
from bakeoff.errors import BakeoffError, ConfigError, RunFolderError
from bakeoff.measure.comparison import Comparison, Entrant, Estimate
from bakeoff.measures import BY_NAME, Measure
from bakeoff.records import Contrast
from bakeoff.sentences import NARROW
from tests.unit.comparison_fixture import STANDING, entrant

FOR_RAG = Profile(
    update_interval_days=2,
    needs_live_sources=True,
    labelled_examples=20,
    ml_expertise=0,
    app_expertise=4,
    needs_independent_updates=True,
    deadline_days=10,
)
FOR_FT = Profile(
    update_interval_days=None,
    must_run_offline=True,
    labelled_examples=20_000,
    latency_limit_ms=150,
    queries_per_month=5_000_000,
    consistency_needed=True,
    needs_style=True,
    ml_expertise=4,
    has_training_gpu=True,
    n_model_versions=10,
)
FOR_HYBRID = Profile(
    update_interval_days=40,
    needs_citations=True,
    needs_style=True,
    labelled_examples=8_000,
    use_case_complexity=5,
    domain_specificity=5,
    accuracy_requirement=5,
    ml_expertise=5,
    app_expertise=5,
    max_hallucination=0.02,
    model_billion_parameters=1,
    budget_setup_usd=90_000,
)


def decision_matrix(profile: Profile, factors: list[Factor] | None = None, seed: int = 0) -> Matrix:
    return matrix_of(profile, STANDING, factors, seed)


def flips(matrix: Matrix, profile: Profile) -> list[Flip]:
    return changing.flips(matrix, profile, STANDING)


def measured_matrix(profile: Profile, given: Comparison, total_usd: dict[str, float] | None = None) -> MeasuredMatrix:
    return measuring.measured_matrix(profile, given, STANDING, total_usd)


def row(matrix: Matrix, factor: str) -> Row:
    return next(one for one in matrix.rows if one.factor == factor)


@pytest.mark.parametrize(("profile", "leader"), [(FOR_RAG, "rag"), (FOR_FT, "fine-tuning"), (FOR_HYBRID, "hybrid")])
def test_each_approach_leads_where_every_article_would_choose_it(profile: Profile, leader: str) -> None:
    """A profile written for one approach is won by it in nearly every draw, with no tie."""
    matrix = decision_matrix(profile)
    assert matrix.leader == leader
    assert matrix.wins[leader] > 0.9
    assert matrix.tied_with == ()


def test_a_cell_says_why_with_the_profiles_number_and_the_threshold() -> None:
    """The sentence contains the team's value and the bound it is below."""
    why = row(decision_matrix(Profile(update_interval_days=7)), "update_interval").why
    assert "every 7 days" in why
    assert "below 30 days" in why


def test_bounds_belong_to_the_band_above_them() -> None:
    """An interval of exactly 30 days is not below 30 days."""
    below, at = (row(decision_matrix(Profile(update_interval_days=days)), "update_interval") for days in (29.99, 30))
    assert below.scores != at.scores
    assert "between 30 and 90" in at.why


def test_what_the_profile_does_not_name_scores_nobody() -> None:
    """Defaults do not count: only fields that the profile names get scores and count in the total."""
    matrix = decision_matrix(Profile(update_interval_days=7))
    assert row(matrix, "volume").scores == {}
    assert set(matrix.unknown) == {one.factor for one in matrix.rows} - {"update_interval"}
    assert matrix.totals == row(matrix, "update_interval").scores


def test_none_said_is_an_answer_and_none_unsaid_is_not() -> None:
    """'Never' and 'no limit' are known values; a corpus size that is not given is unknown."""
    matrix = decision_matrix(Profile(update_interval_days=None, latency_limit_ms=None, corpus_tokens=None))
    assert row(matrix, "update_interval").why == "documents never change: what was learned stays true"
    assert row(matrix, "latency").why == "no limit on latency"
    assert "corpus_size" in matrix.unknown


def test_a_ratio_needs_both_of_its_fields() -> None:
    """The corpus is compared with the context window only if the profile names both."""
    assert "corpus_size" in decision_matrix(Profile(corpus_tokens=80_000)).unknown
    matrix = decision_matrix(Profile(corpus_tokens=80_000, context_window_tokens=8_000))
    assert row(matrix, "corpus_size").value == "10 context windows"


def test_nothing_known_names_no_leader() -> None:
    """An empty profile gives no totals and no leader."""
    matrix = decision_matrix(Profile())
    assert (matrix.leader, matrix.totals, matrix.wins) == (None, {}, {})


def test_unknown_factors_widen_the_uncertainty() -> None:
    """The leader wins fewer draws if the other factors are unknown than if they have weight 0."""
    some = {"update_interval_days": 7, "labelled_examples": 700, "ml_expertise": 3}
    weights = {
        f.name: 0.0 for f in read_factors() if f.name not in ("update_interval", "labelled_examples", "ml_expertise")
    }
    open_to_all = decision_matrix(Profile(**some))
    alone = decision_matrix(Profile(**some, factor_weights=weights))
    assert open_to_all.totals == alone.totals
    assert max(open_to_all.wins.values()) < max(alone.wins.values()) - 0.05


def test_totals_are_weighted_means_and_only_proportions_count() -> None:
    """Totals agree with the arithmetic done by hand; doubling every weight changes neither totals nor draws."""
    profile = Profile(needs_style=True, ml_expertise=0, factor_weights={"style": 3})
    matrix = decision_matrix(profile)
    swing = {factor.name: factor.swing for factor in read_factors()}
    style, expertise = 3 * swing["style"], swing["ml_expertise"]
    scores = {"rag": (2, 4), "fine-tuning": (5, 1), "hybrid": (5, 1)}
    assert matrix.totals == pytest.approx(
        {name: (style * a + expertise * b) / (style + expertise) for name, (a, b) in scores.items()}
    )
    doubled = {factor.name: 2.0 for factor in read_factors()} | {"style": 6.0}
    again = decision_matrix(profile.model_copy(update={"factor_weights": doubled}))
    assert again.totals == pytest.approx(matrix.totals)
    assert again.wins == pytest.approx(matrix.wins)


def test_shares_of_draws_sum_to_one_and_equals_share_them() -> None:
    """Approaches with equal scores win equal shares of the draws and are tied."""
    rows = [
        Row(factor=str(i), title="", articles={}, weight=1, basis="assumed", scores=dict.fromkeys(APPROACHES, 3.0))
        for i in range(4)
    ]
    matrix = judged(rows, APPROACHES)
    assert matrix.wins == pytest.approx(dict.fromkeys(APPROACHES, 1 / 3))
    assert len(matrix.tied_with) == 2


def test_draws_vary_an_average_weight_by_about_half() -> None:
    """With one row for rag and one for ft, the share that rag wins follows the Dirichlet's symmetry and spread."""

    def one(name: str, weight: float, best: str) -> Row:
        scores = {key: 5.0 if key == best else 1.0 for key in APPROACHES}
        return Row(factor=name, title="", articles={}, weight=weight, basis="assumed", scores=scores)

    even = judged([one("a", 1, "rag"), one("b", 1, "fine-tuning")], APPROACHES)
    assert even.wins["rag"] == pytest.approx(0.5, abs=0.03)
    # Weights 1.5 and 0.5 of mean 1: the share of the first is Beta(6, 2), above a half with probability 15/16.
    uneven = judged([one("a", 3, "rag"), one("b", 1, "fine-tuning")], APPROACHES)
    assert uneven.wins["rag"] == pytest.approx(1 - 8 / 128, abs=0.02)


def test_the_same_seed_gives_the_same_matrix() -> None:
    """Draws are seeded: two runs agree to the last digit, another seed differs."""
    profile = Profile(update_interval_days=45, needs_style=True)
    assert decision_matrix(profile) == decision_matrix(profile)
    assert decision_matrix(profile).wins != decision_matrix(profile, seed=1).wins


def test_a_need_that_cannot_be_met_rules_out_unless_it_weighs_nothing() -> None:
    """Fine-tuning is ruled out if answers must cite sources, unless that factor has weight 0."""
    needs = {**{name: getattr(FOR_FT, name) for name in FOR_FT.model_fields_set}, "needs_citations": True}
    matrix = decision_matrix(Profile(**needs))
    assert "cite" in matrix.ruled_out["fine-tuning"]
    assert matrix.leader != "fine-tuning"
    assert matrix.wins["fine-tuning"] == 0
    assert decision_matrix(Profile(**needs, factor_weights={"citations": 0})).leader == "fine-tuning"


def test_every_flip_of_a_value_does_flip() -> None:
    """Making the change that a flip names gives the leader that it names, and every other change leaves the leader."""
    profile = Profile(
        update_interval_days=60, labelled_examples=700, ml_expertise=4, needs_style=False, budget_setup_usd=50_000
    )
    matrix = decision_matrix(profile)
    named = {(flip.factor, flip.leader): flip.sentence for flip in flips(matrix, profile) if flip.kind != "weight"}
    tried = 0
    for factor in read_factors():
        for band in factor.bands if not factor.per else ():
            changed = profile.model_copy(update={factor.field: changing.inside(factor, band)})
            changed = Profile(**{**profile.model_dump(include=profile.model_fields_set),
                                 factor.field: getattr(changed, factor.field)})  # fmt: skip
            leader = decision_matrix(changed).leader
            if leader != matrix.leader:
                assert (factor.name, leader) in named
                tried += factor.label(band) in named[factor.name, leader]
    assert tried >= 5


def test_a_flip_of_a_budget_is_an_amount_that_changes_who_keeps_it() -> None:
    """All favour tuning, but the budget pays for RAG only: with a larger one, fine-tuning leads."""
    profile = Profile(
        needs_style=True, consistency_needed=True, latency_limit_ms=200, ml_expertise=5, has_training_gpu=True,
        labelled_examples=9_000, budget_setup_usd=100,
    )  # fmt: skip
    matrix = decision_matrix(profile)
    assert matrix.leader == "rag"
    found = next(flip for flip in flips(matrix, profile) if flip.factor == "setup_budget")
    amount = float(found.sentence.split("were ")[1].split(" USD")[0].replace(",", ""))
    assert found.leader == "fine-tuning" and "instead of 100 USD" in found.sentence
    assert decision_matrix(Profile(**{**profile.model_dump(include=profile.model_fields_set),
                                      "budget_setup_usd": amount})).leader == "fine-tuning"  # fmt: skip


def test_the_nearest_change_of_a_value_is_named() -> None:
    """If several bands give the same leader, the flip names the one nearest to the current value."""
    profile = Profile(labelled_examples=9_000, update_interval_days=7, ml_expertise=4)
    matrix = decision_matrix(profile)
    assert matrix.leader == "hybrid"
    found = [flip for flip in flips(matrix, profile) if flip.factor == "labelled_examples"]
    assert [flip.leader for flip in found] == ["rag"]
    assert "were 100 to below 500 examples instead of 9,000 examples" in found[0].sentence


def test_who_wins_most_draws_leads_even_with_a_lower_mean_score() -> None:
    """One factor makes RAG far worse and six make it a little better: it wins most draws, a hybrid has the mean."""

    def one(name: str, weight: float, rag: float, hybrid: float) -> Row:
        scores = {"rag": rag, "fine-tuning": 1.0, "hybrid": hybrid}
        return Row(factor=name, title="", articles={}, weight=weight, basis="assumed", scores=scores)

    rows = [one("far", 0.32, 1, 5), *(one(f"little{i}", 1, 3.2, 3) for i in range(6))]
    matrix = judged(rows, APPROACHES)
    assert matrix.totals["hybrid"] > matrix.totals["rag"] and matrix.wins["rag"] > 0.5
    assert matrix.leader == "rag" and matrix.margin < 0
    assert matrix.tied_with == ("hybrid",)
    same = judged([one("a", 1, 4, 4), one("b", 1, 3, 3)], APPROACHES)
    assert same.wins["rag"] == same.wins["hybrid"] and same.leader == "rag"


def test_the_smallest_change_of_weight_makes_two_equal() -> None:
    """Short of the weight that the flip names the leader leads, and beyond it the rival does."""
    profile = Profile(needs_style=True, ml_expertise=0, labelled_examples=20)
    before = decision_matrix(profile)
    flip = next(one for one in flips(before, profile) if one.kind == "weight")
    times = float(flip.sentence.rsplit("above ", 1)[-1].rsplit("below ", 1)[-1].split()[0])
    past = times * 1.1 if "above" in flip.sentence else times * 0.9
    assert before.leader == "rag"
    assert decision_matrix(profile.model_copy(update={"factor_weights": {flip.factor: past}})).leader == flip.leader
    short = times * 0.9 if "above" in flip.sentence else times * 1.1
    assert decision_matrix(profile.model_copy(update={"factor_weights": {flip.factor: short}})).leader == "rag"


def test_unknown_answers_that_matter_are_named() -> None:
    """The flips include unknown factors whose answer would change the leader."""
    profile = Profile(ml_expertise=1)
    matrix = decision_matrix(profile)
    answers = [flip for flip in flips(matrix, profile) if flip.kind == "answer"]
    assert answers
    assert all(flip.factor in matrix.unknown and flip.leader != matrix.leader for flip in answers)


@pytest.mark.parametrize(
    ("weights", "message"),
    [({"latncy": 2.0}, "did you mean 'latency'"), ({f.name: 0.0 for f in read_factors()}, "sum to zero")],
)
def test_weights_that_cannot_be_used_are_refused(weights: dict[str, float], message: str) -> None:
    """A weight for an unknown factor and weights that sum to zero are errors with a remedy."""
    with pytest.raises(ConfigError, match=message):
        decision_matrix(Profile(factor_weights=weights))


def test_a_negative_weight_is_refused() -> None:
    """A negative weight is an error."""
    with pytest.raises((BakeoffError, ValueError), match="-1"):
        decision_matrix(Profile(factor_weights={"latency": -1.0}))


# --- the table


def test_the_table_favours_no_approach_as_such() -> None:
    """Averaged over all bands of all factors, the approaches' scores lie within half a point."""
    means = np.mean(
        [np.mean([band.scores for band in factor.bands], axis=0) for factor in read_factors() if factor.bands], 0
    )
    assert means.max() - means.min() < 0.5


def test_a_table_whose_scores_contradict_its_direction_is_refused() -> None:
    """A factor that claims to favour RAG where its value is higher must not score it lower there."""
    bands = ({"below": 3, "scores": (5, 1, 1), "why": "low"}, {"scores": (1, 5, 5), "why": "high"})
    factor = {"name": "own", "title": "Own", "field": "ml_expertise", "unit": "of 5", "articles": {}, "bands": bands}
    assert Factor.model_validate({**factor, "less": "rag"}).less == "rag"
    with pytest.raises(ValueError, match="`more: rag` contradicts its bands, from below 3 of 5 to from 3"):
        Factor.model_validate({**factor, "more": "rag"})


def test_every_article_has_its_say() -> None:
    """The factors cover all five articles, and every field they read is in the profile."""
    heard = {article for factor in read_factors() for article in factor.articles}
    assert heard == {"payloop", "sixfactor", "imversion", "sreeni", "strategic"}


def test_budgets_are_scored_by_what_each_approach_would_cost() -> None:
    """Nobody is worse off within the budget; above it, two scores are lost for each doubling beyond the closest."""
    known = estimates(Profile(), STANDING)
    ends = {name: of.high for name, of in known.setup.items()}
    enough = row(decision_matrix(Profile(budget_setup_usd=2 * max(ends.values()))), "setup_budget")
    assert set(enough.scores.values()) == {5.0}
    assert set(enough.states.values()) == {"met"}
    firm = {
        "project_days": 0, "setup_days": {"rag": 5, "tuned": 8, "hybrid": 12},
        "data_days": {"rag": 1, "tuned": 5, "hybrid": 6},
    }  # fmt: skip
    known = estimates(Profile(**firm), STANDING)
    ends = {name: of.high for name, of in known.setup.items()}
    tight = row(decision_matrix(Profile(budget_setup_usd=ends["rag"], **firm)), "setup_budget")
    for name, end in ends.items():
        assert tight.scores[name] == pytest.approx(max(1.0, 5 - 2 * math.log2(end / ends["rag"])))
    assert f"RAG {span(known.setup['rag'])} (met)" in tight.why
    assert "Hybrid" in tight.why and "(missed)" in tight.why


def test_what_no_approach_keeps_leaves_the_one_that_comes_closest() -> None:
    """A budget of 1 USD rules out all but the cheapest, and a note says that it is not kept either."""
    matrix = decision_matrix(Profile(budget_setup_usd=1, needs_style=True))
    assert matrix.open_to == ["rag"]
    assert matrix.wins == {"rag": 1, "fine-tuning": 0, "hybrid": 0}
    assert matrix.notes[0].startswith("No approach keeps the limit: the budget is 1 USD. RAG comes closest")
    assert (
        decision_matrix(Profile(budget_setup_usd=1, needs_style=True, factor_weights={"setup_budget": 0})).notes == ()
    )


def test_a_deadline_has_the_three_states_of_the_verdict() -> None:
    """Surely ready, surely not, or not shown yet, by the range of days of work."""
    days = estimates(Profile(), STANDING).days["rag"]
    states = [
        row(decision_matrix(Profile(deadline_days=limit)), "deadline").states["rag"]
        for limit in (days.high, days.likely, 0.9 * days.low)
    ]
    assert states == ["met", "open", "missed"]
    exact = Profile(deadline_days=8.4, setup_days={"rag": 5}, data_days={"rag": 1})
    assert row(decision_matrix(exact), "deadline").states["rag"] == "met"
    assert "fine-tuning" in decision_matrix(Profile(deadline_days=0.9 * days.low)).ruled_out


def test_a_hybrid_takes_at_least_the_days_of_its_parts() -> None:
    """With 50 and 200 days for the parts, a hybrid does not take 18, unless the profile says so."""
    assert estimates(Profile(setup_days={"rag": 50, "tuned": 200}), STANDING).days["hybrid"].likely >= 200
    own = estimates(Profile(setup_days={"tuned": 200, "hybrid": 2}), STANDING).days["hybrid"]
    assert own.low <= own.likely < 14


def test_the_low_end_of_a_hybrids_days_is_not_below_the_days_given_for_a_part() -> None:
    """200 days for tuning are exact, so neither days nor costs of a hybrid start at half of them, as in the verdict."""
    profile = Profile(setup_days={"rag": 50, "tuned": 200})
    days = estimates(profile, STANDING).days
    assert days["hybrid"].low >= days["fine-tuning"].low > 200
    assert approach_inputs(profile, STANDING)["hybrid"].intervals["setup_days"] == (200, 400)


def test_days_are_not_charged_on_top_of_a_fixed_amount() -> None:
    """A hybrid whose set-up is known costs that, and no days besides."""
    known = validate_profile({"fixed": {"hybrid": {"setup_usd": 30_000, "usd_per_month": 500}}})
    of = estimates(known, STANDING)
    assert of.setup["hybrid"] == (30_000, 30_000, 30_000)
    assert of.running["hybrid"].likely == pytest.approx(500, abs=10)


def test_a_range_of_days_is_compared_with_the_deadline() -> None:
    """5 to 12 days of set-up and 1 of data are 8.4 to 18.2 calendar days."""
    days = estimates(validate_profile({"setup_days": {"rag": [5, 12]}, "data_days": {"rag": 1}}), STANDING).days["rag"]
    assert days == pytest.approx((8.4, 13.3, 18.2))


def test_cost_is_scored_by_the_cost_model_at_the_profile_s_volume() -> None:
    """The cheapest scores 5, and one that costs twice as much a score less; the sentence shows the amounts."""
    prices = {"input_tokens": 5.0, "output_tokens": 5.0}
    for volume in (1_000, 30_000_000):
        profile = Profile(queries_per_month=volume, answers_on="api", prices=prices)
        total = estimates(profile, STANDING).total
        cell = row(decision_matrix(profile), "volume")
        least = min(of.likely for of in total.values())
        for name, of in total.items():
            assert cell.scores[name] == pytest.approx(max(1.0, 5 - math.log2(of.likely / least)))
        assert f"{volume:,} queries a month" in cell.why
    assert cell.scores["fine-tuning"] == 5  # at this volume the passages in every prompt cost most


def test_cost_matters_less_the_more_an_answer_is_worth() -> None:
    """Its swing is the cost difference as a part of what ten points of accuracy are worth."""
    weights = [
        row(decision_matrix(Profile.model_validate({"queries_per_month": 10_000, **more})), "volume").weight
        for more in ({}, {"value": {"currency": "USD", "unanswered": 0.01}},
                     {"value": {"currency": "USD", "unanswered": 100}})
    ]  # fmt: skip
    assert weights[0] == weights[1] > 5 * weights[2] > 0


def test_a_budget_without_a_price_is_unknown_and_no_limit_favours_nobody() -> None:
    """A missing API price leaves the budget factors unknown; 'no limit' scores all approaches equally."""
    open_to_all = row(decision_matrix(Profile(budget_setup_usd=9_000, answers_on="api")), "setup_budget")
    assert (open_to_all.basis, open_to_all.why) == ("unknown", "there is no cost to compare it with")
    assert len(set(row(decision_matrix(Profile(budget_setup_usd=None)), "setup_budget").scores.values())) == 1


@pytest.mark.parametrize(
    ("profile", "factor", "false"),
    [
        (Profile(privacy_on_premises=True, must_run_offline=False), "offline", "anywhere"),
        (Profile(must_run_offline=True, privacy_on_premises=False), "privacy", "hosted"),
        (Profile(has_training_gpu=False, training_on="api"), "training_compute", "here"),
        (Profile(update_interval_days=1, needs_live_sources=False), "live_sources", "first question"),
        (Profile(update_interval_days=365), "update_interval", "above"),
    ],
)
def test_a_reason_claims_nothing_that_its_profile_denies(profile: Profile, factor: str, false: str) -> None:
    """Each sentence is true for every profile of its band."""
    assert false not in row(decision_matrix(profile), factor).why


@pytest.mark.parametrize(
    "bands",
    [
        [{"below": 10, "scores": [1, 2, 3], "why": "x"}],
        [
            {"below": 10, "scores": [1, 2, 3], "why": "x"},
            {"below": 5, "scores": [1, 2, 3], "why": "x"},
            {"scores": [1, 1, 1], "why": "x"},
        ],
        [{"scores": [1, 2, 6], "why": "x"}],
    ],
)
def test_bands_that_leave_gaps_or_scores_out_of_range_are_refused(tmp_path: Any, bands: list[Any]) -> None:
    """A user's table is validated: no gaps, rising bounds, scores of 1 to 5."""
    factor = {"name": "own", "title": "Own", "field": "ml_expertise", "articles": {}, "bands": bands}
    path = tmp_path / "factors.yaml"
    path.write_text(yaml.safe_dump({"factors": [factor]}))
    with pytest.raises(ConfigError, match="not a valid table of factors"):
        read_factors(path)


def test_a_table_of_ones_own_takes_the_place_of_bakeoffs() -> None:
    """A user's table with other bands gives other scores."""
    own = Factor(
        name="own",
        title="Own",
        field="ml_expertise",
        unit="of 5",
        articles={},
        bands=(Band(below=3, scores=(1, 1, 5), why="{value:g} below 3"), Band(scores=(5, 1, 1), why="{value:g}")),
    )
    assert decision_matrix(Profile(ml_expertise=2), [own]).leader == "hybrid"
    assert decision_matrix(Profile(ml_expertise=3), [own]).leader == "rag"


# --- with a pilot


def entry(value: float, half: float = 0.0, **more: Any) -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half, n=100, **more)


GRID = tuple(entrant(recipe) for recipe in ("rag", "tuned", "hybrid"))


def comparison(
    accuracy: tuple[float, ...] = (0.8, 0.6, 0.81), half: float = 0.04, entrants: tuple[Entrant, ...] = GRID
) -> Comparison:
    """A comparison of rag, tuned and hybrid in which only accuracy, latency and freshness were measured."""
    fresh = {one.name: 0.9 if one.retrieves else 0.1 for one in entrants}
    return Comparison(
        entrants=entrants,
        measures={
            one.name: {
                "accuracy": entry(value, half),
                "latency_ms": entry(100, 5, detail={"p95": 200}),
                "freshness": entry(fresh[one.name], 0.05),
            }
            for one, value in zip(entrants, accuracy, strict=True)
        },
    )


def changed(given: Comparison, **estimates: dict[str, Estimate]) -> Comparison:
    """The comparison with other estimates, by contender."""
    return given.model_copy(
        update={"measures": {name: {**own, **estimates.get(name, {})} for name, own in given.measures.items()}}
    )


def test_measured_scores_replace_assumed_ones_and_both_are_kept() -> None:
    """The assumed matrix is unchanged; the measured one scores the values relative to the best."""
    profile = Profile(update_interval_days=None, needs_style=True)
    found = measured_matrix(profile, comparison())
    assert found.measured is not None
    assert found.assumed == decision_matrix(profile)
    freshness = row(found.measured, "update_interval")
    assert freshness.basis == "measured"
    assert freshness.scores == {"rag": 5, "fine-tuning": 1, "hybrid": 5}
    assert row(found.assumed, "update_interval").scores["fine-tuning"] == 5
    assert "rag 90.0 %" in freshness.why
    assert row(found.measured, "style") == row(found.assumed, "style")


def test_what_was_not_measured_stays_assumed_and_is_said() -> None:
    """If one approach lacks a measure, the row stays as assumed, with a note."""
    incomplete = changed(comparison(), tuned={"accuracy": Estimate()})
    found = measured_matrix(Profile(accuracy_requirement=4), incomplete)
    assert found.measured is not None
    assert row(found.measured, "accuracy").basis == "assumed"
    assert any("Accuracy required" in note for note in found.notes)


def test_an_approach_that_was_not_run_is_left_out_not_guessed() -> None:
    """Without a tuned contender the measured matrix compares rag and hybrid only."""
    found = measured_matrix(Profile(needs_style=True), comparison((0.8, 0.81), entrants=(GRID[0], GRID[2])))
    assert found.measured is not None
    assert found.measured.approaches == ("rag", "hybrid")
    assert set(found.measured.wins) == {"rag", "hybrid"}
    assert any("no contender of the run counts as fine-tuning" in note for note in found.notes)


def test_one_contender_gives_no_measured_matrix() -> None:
    """With a single approach there is no measured matrix, and a note says why."""
    found = measured_matrix(Profile(), comparison((0.8,), entrants=GRID[:1]))
    assert found.measured is None
    assert any("nothing to compare" in note for note in found.notes)


def test_a_comparison_without_contenders_is_refused() -> None:
    """A comparison without contenders is an error with a remedy."""
    with pytest.raises(RunFolderError, match="no contenders"):
        measured_matrix(Profile(), Comparison(entrants=(), measures={}))


def test_wide_intervals_make_the_measured_matrix_less_sure() -> None:
    """The same values with wider intervals leave the leader fewer draws."""
    only = {f.name: 0.0 for f in read_factors() if f.name != "accuracy"}
    sure, unsure = (
        measured_matrix(Profile(factor_weights=only), comparison((0.9, 0.6, 0.82), half)).measured
        for half in (0.01, 0.15)
    )
    assert sure is not None
    assert unsure is not None
    assert sure.leader == unsure.leader == "rag"
    assert sure.wins["rag"] > 0.99 > 0.9 > unsure.wins["rag"]


def test_a_monthly_budget_is_not_held_against_cents_of_compute() -> None:
    """Upkeep work breaks a budget of 30 USD a month, even if answers cost a hundredth of a cent."""
    cheap = changed(comparison(), **{name: {"cost_per_1k": entry(0.005)} for name in ("rag", "tuned", "hybrid")})
    found = measured_matrix(Profile(budget_usd_per_month=30, queries_per_month=800), cheap).measured
    assert found is not None
    assert "missed" in row(found, "running_budget").states.values()
    assert "met" not in row(found, "running_budget").states.values()
    assert row(found, "volume").basis == "assumed"


def silent(declined: float, contrasts: list[Contrast]) -> Comparison:
    """A comparison in which tuned declines so much, hallucinates never and is always consistent."""
    values = {"rag": (0.3, 0.5, 0.2), "tuned": (0.0, 1.0, declined), "hybrid": (0.1, 0.8, 0.2)}
    more = {
        name: dict(
            zip(("hallucination", "consistency", "abstention"), (entry(one, 0.02) for one in three), strict=True)
        )
        for name, three in values.items()
    }
    return changed(comparison((0.40, 0.41, 0.60)), **more).model_copy(update={"contrasts": tuple(contrasts)})


def test_who_declines_everything_earns_nothing_by_silence() -> None:
    """A contender that declines more without being more accurate earns nothing from it, and the cell says why."""
    found = measured_matrix(Profile(), silent(0.99, [])).measured
    assert found is not None
    for factor in ("hallucination", "consistency"):
        scored = row(found, factor)
        assert scored.scores["fine-tuning"] == scored.scores["rag"] < scored.scores["hybrid"]
        assert "tuned counts no better than rag or hybrid, because it declined significantly more" in scored.why
        assert "tuned 0.0 %" in scored.why or "tuned 100.0 %" in scored.why


def test_silence_is_no_fault_of_the_more_accurate_or_the_no_more_silent() -> None:
    """The scores stay as measured if it is significantly more accurate, or declines as often as the others."""
    better = [
        Contrast(a="tuned", b=name, measure="accuracy", difference=0.1, low=0.05, high=0.15, p=0.001, p_adjusted=0.002,
                 n=100, finding="different")
        for name in ("rag", "hybrid")
    ]  # fmt: skip
    for given in (silent(0.99, better), silent(0.21, [])):
        found = measured_matrix(Profile(), given).measured
        assert found is not None
        assert row(found, "hallucination").scores["fine-tuning"] == 5
        assert "declined" not in row(found, "hallucination").why


def test_a_limit_the_team_gave_is_what_latency_is_held_against() -> None:
    """A latency limit is compared with the 95th percentile: 200 ms against 150 allowed fails for all."""
    found = measured_matrix(Profile(latency_limit_ms=150), comparison())
    assert found.measured is not None
    latency = row(found.measured, "latency")
    assert f"200{NARROW}ms" in latency.why
    assert set(latency.scores.values()) == {2.0}


@pytest.mark.parametrize(
    ("values", "measure", "target", "scores"),
    [
        ([0.90, 0.88, 0.60], "accuracy", None, [5, 5, 1]),
        ([0.90, 0.86, 0.81], "accuracy", None, [5, 4, 3]),
        ([0.02, 0.06, 0.30], "hallucination", None, [5, 4, 1]),
        ([0.95, 0.89, 0.50], "accuracy", 0.90, [5, 4, 1]),
        ([0.02, 0.04, 0.30], "hallucination", 0.03, [5, 4, 1]),
        ([100, 190, 1100], "latency_ms", None, [5, 4, 1]),
        ([40, 90, 110], "latency_ms", 100, [5, 4, 2]),
        ([1.1, 1.0, 0.9], "retention", None, [5, 5, 3]),
        ([0.0, 0.0, 1.0], "setup_s", None, [5, 5, 1]),
    ],
)
def test_measures_are_graded_against_the_target_or_the_best(
    values: list[float], measure: str, target: float | None, scores: list[int]
) -> None:
    """Worked by hand from the bounds that docs/matrix.md gives."""
    assert graded(np.array(values), BY_NAME[measure], target).tolist() == scores


def test_the_most_accurate_contender_represents_its_approach_and_cost_breaks_ties() -> None:
    """extract is more accurate than rag and represents RAG; of two equal hybrids the cheaper one does; notes say so."""
    entrants = (*GRID, entrant("extract"), entrant("hybrid", "hybrid-r64"))
    given = comparison((0.6, 0.5, 0.7, 0.8, 0.7), entrants=entrants)
    found = measured_matrix(Profile(), given, {"hybrid": 900.0, "hybrid-r64": 500.0})
    assert found.standing == {"rag": "extract", "fine-tuning": "tuned", "hybrid": "hybrid-r64"}
    assert found.measured is not None
    assert "extract 80.0 %" in row(found.measured, "accuracy").why
    assert "RAG is represented by extract, the most accurate of rag and extract" in found.notes
    assert measured_matrix(Profile(), given, {"hybrid": 400.0}).standing["hybrid"] == "hybrid"


POLITE = Measure(name="polite", title="Politeness", score="polite")
WORDS = Measure(name="words", title="Words", unit="count", better="lower", estimator="mean", score="words")


def test_a_measure_of_the_teams_own_is_a_row_of_its_own() -> None:
    """A measure of the team's own that the profile gives a weight is graded by its unit; without one it has no row."""
    own = {
        "rag": {"polite": entry(0.9), "words": entry(10.0)},
        "tuned": {"polite": entry(0.6), "words": entry(50.0)},
        "hybrid": {"polite": entry(0.89), "words": entry(19.0)},
    }
    given = changed(comparison(), **own).model_copy(update={"own_measures": (POLITE, WORDS)})
    found = measured_matrix(Profile.model_validate({"measure_weights": {"polite": 4, "words": 1}}), given)
    assert found.measured is not None
    polite, words = row(found.measured, "own:polite"), row(found.measured, "own:words")
    assert (polite.weight, polite.scores) == (4, {"rag": 5, "fine-tuning": 1, "hybrid": 5})
    assert (words.weight, words.scores) == (1, {"rag": 5, "fine-tuning": 2, "hybrid": 4})
    assert "own:polite" not in {one.factor for one in found.assumed.rows}
    unweighted = measured_matrix(Profile(), given).measured
    assert unweighted is not None
    assert not [one.factor for one in unweighted.rows if one.factor.startswith("own:")]


def test_a_share_from_one_answer_gives_no_scores() -> None:
    """An interval over nearly the whole scale leaves the row as assumed, and a measure of one's own without a row."""
    one_answer = Estimate(value=1.0, low=0.006, high=1.0, n=1)
    own = {"rag": {"polite": entry(0.1)}, "tuned": {"polite": one_answer}, "hybrid": {"polite": entry(0.2)}}
    given = changed(comparison(), **own).model_copy(update={"own_measures": (POLITE,)})
    given = changed(given, tuned={"freshness": one_answer})
    found = measured_matrix(Profile.model_validate({"measure_weights": {"polite": 4}}), given)
    assert found.measured is not None
    assert row(found.measured, "update_interval").basis != "measured"
    assert "own:polite" not in {one.factor for one in found.measured.rows}
    said = "polite says next to nothing (tuned: 95 % interval 1 to 100 % from 1 answer), so it has no row"
    assert f"Politeness: {said}" in found.notes


def test_draws_reach_as_far_as_the_interval_on_either_side() -> None:
    """At 100 % with an interval from 50 % the draws lie below, not half of them at 100 %."""
    below, above = np.array([0.25, 0.1]), np.array([0.0, 0.1])
    drawn = two_piece(below, above, np.random.default_rng(1))
    assert drawn[:, 0].max() <= 0
    assert np.quantile(drawn[:, 0], 0.05) == pytest.approx(-0.49, abs=0.03)
    assert drawn[:, 1].mean() == pytest.approx(0, abs=0.01)
    assert drawn[:, 1].std() == pytest.approx(0.1, abs=0.01)
