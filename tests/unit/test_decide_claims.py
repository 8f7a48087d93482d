"""The ledger compares every claim with the pilot, or says why it cannot."""

import pytest

from bakeoff.decide.verdict.claims import Evidence, articles, claims, ledger
from bakeoff.decide.verdict.laws import quoted
from bakeoff.measure.comparison import AskedModel
from bakeoff.measure.graded import Graded, known
from tests.unit.comparison_fixture import entrant

IDS = [str(i) for i in range(100)]
ENTRANTS = tuple(entrant(recipe) for recipe in ("base", "rag", "tuned", "hybrid", "extract", "router"))


def once(value):
    return {"value": value, "low": None, "high": None}


def between(low, high):
    return {"value": (low + high) / 2, "low": low, "high": high}


def right_on(n):
    return {key: float(int(key) < n) for key in IDS}


def entries(**more):
    return {entry.claim.id: entry for entry in ledger(evidence(**more))}


def evidence(**more):
    """rag is correct on 80 of 100, tuned on 40, base on none; rag is slower."""
    values = {
        "rag": {key: float(int(key) < 80) for key in IDS},
        "tuned": {key: float(int(key) < 40) for key in IDS},
        "base": dict.fromkeys(IDS, 0.0),
    }
    estimates = {
        "latency_ms": {
            "rag": {"value": 300.0, "low": 280.0, "high": 320.0},
            "tuned": {"value": 100.0, "low": 90.0, "high": 110.0},
        },
        "update_seconds": {"rag": once(10.0), "tuned": once(200.0)},
        "cost_per_1k": {
            "rag": {"value": 1.0, "low": 0.8, "high": 1.2},
            "tuned": {"value": 0.9, "low": 0.7, "high": 1.1},
        },
    }
    base = {
        "entrants": ENTRANTS,
        "values": {"accuracy": values},
        "estimates": estimates,
        "fact_of": {key: key for key in IDS},
        "slice_of": {key: "seen" if int(key) < 50 else "unseen" for key in IDS},
    }
    fields = {**base, **more}
    graded = {
        measure: {name: given if isinstance(given, Graded) else known(given) for name, given in by_name.items()}
        for measure, by_name in fields["values"].items()
    }
    return Evidence(**{**fields, "values": graded})


@pytest.fixture(scope="module")
def found():
    return {entry.claim.id: entry for entry in ledger(evidence())}


def test_every_claim_has_an_entry_and_a_reason():
    """The ledger has an entry for each of the 37 claims of five articles."""
    entries = ledger(evidence())
    assert len(entries) == len(claims()) == 37
    assert all(entry.why for entry in entries)
    assert {claim.article for claim in claims()} == set(articles())


def test_an_entry_quotes_the_laws_behind_its_claim(found):
    """After its own figures, whether it was tested or not; a claim that no law is about quotes none."""
    assert found["accuracy-rag"].why.endswith(f". {quoted('accuracy-rag')}")
    assert found["hybrid-retriever"].why.endswith(quoted("hybrid-retriever"))
    assert "In miniature" not in found["latency-ft"].why


def test_stages_with_tuned_models_are_tested_where_the_run_has_them(found):
    """`rag-tuned` stands for them; without it the entry names what is missing, and not that it is impossible."""
    entry = found["hybrid-retriever"]
    assert entry.finding == "not tested" and "not measured for rag-tuned in this run" in entry.why
    accuracy = {"rag": right_on(40), "rag-tuned": right_on(80)}
    here = entries(entrants=(*ENTRANTS, entrant("rag-tuned")), values={"accuracy": accuracy})["hybrid-retriever"]
    assert here.finding == "supported" and "rag-tuned against rag" in here.why


def test_opposite_claims_get_opposite_findings(found):
    """RAG answers better here: one article is supported, the other contradicted."""
    assert found["accuracy-rag"].finding == "supported"
    assert found["latency-ft"].finding == "supported"
    assert found["latency-rag"].finding == "contradicted"


def test_a_claim_on_a_slice_looks_at_that_slice_alone(found):
    """On seen facts rag has 50 of 50, tuned 40: the claim for tuning is contradicted there."""
    assert found["accuracy-domain"].finding == "contradicted"
    assert "50 questions" in found["accuracy-domain"].why


def test_overlapping_intervals_decide_nothing(found):
    """Overlapping intervals, 0.8-1.2 against 0.7-1.1, leave a claim undecided."""
    assert found["cost-ft"].finding == "undecided"


def test_what_was_not_measured_is_not_tested(found):
    """Claims without a router, freshness or a GPU are not tested, and say why."""
    assert found["latency-hybrid"].finding == "not tested"
    assert "router" in found["latency-hybrid"].why
    assert found["cost-gpu-large"].finding == "not tested"


def test_one_contender_on_two_slices_shows_overfitting(found):
    """A tuned model with 40 of 50 seen and 0 of 50 unseen facts supports the claim of overfitting."""
    assert found["overfitting-ft"].finding == "supported"


def test_who_only_declines_more_does_not_earn_a_claim_of_hallucinating_less():
    """tuned is wrong less often than rag, but declines more and is not more accurate: the claim is undecided."""
    values = {
        "accuracy": evidence().values["accuracy"],
        "hallucination": {"rag": {key: float(int(key) >= 60) for key in IDS}, "tuned": dict.fromkeys(IDS, 0.0)},
        "declined": {"rag": dict.fromkeys(IDS, 0.0), "tuned": {key: float(int(key) >= 40) for key in IDS}},
    }
    entry = {one.claim.id: one for one in ledger(evidence(values=values))}
    assert entry["hallucination-ft"].finding == "undecided"
    assert "declined 60 points more often" in entry["hallucination-ft"].why
    assert entry["hallucination-rag"].finding == "undecided"
    better = {**values["accuracy"], "tuned": dict.fromkeys(IDS, 1.0)}
    entry = {one.claim.id: one for one in ledger(evidence(values={**values, "accuracy": better}))}
    assert entry["hallucination-ft"].finding == "supported"
    assert entry["hallucination-rag"].finding == "contradicted"


def test_no_question_of_a_slice_is_not_tested_rather_than_undecided():
    """A claim on seen facts is not tested if no test question is on them."""
    found = entries(slice_of=dict.fromkeys(IDS, "unseen"))
    for name in ("accuracy-domain", "generalisation-ft", "overfitting-ft"):
        assert found[name].finding == "not tested"
        assert found[name].why.split(". ")[0] == "there is no test question on facts seen in training"


def test_facts_that_the_base_model_does_not_hold_are_all_that_the_documents_answer():
    """Answerable questions include seen and unseen facts, because base and rag were trained on neither."""
    assert "100 questions" in entries()["accuracy-specific"].why


ROUTED = {"router": {"hybrid": 60, "tuned": 40}}
HYBRID = {"accuracy": {**evidence().values["accuracy"], "hybrid": right_on(90), "router": right_on(90)}}


def routing(took_ms, **more):
    """A router as accurate as the hybrid it sends 60 of 100 questions to, with this latency; rag is far slower."""
    latencies = {"rag": between(500, 550), "hybrid": between(240, 260), "router": between(*took_ms)}
    costs = {"hybrid": between(5.0, 5.2), "router": between(3.0, 3.2), "tuned": between(1.0, 1.2)}
    routes = {"accuracy": ROUTED, "latency_ms": ROUTED, **more}
    estimates = {"latency_ms": latencies, "cost_per_1k": costs}
    return entries(values=HYBRID, estimates=estimates, routes=routes, margin=0.05)


@pytest.mark.parametrize("claim", ["latency-hybrid", "hybrid-faq"])
def test_a_router_that_sends_nearly_all_one_way_is_no_test_of_routing(claim):
    """A router that sends everything one way does not test the claims on routing."""
    entry = routing((120, 140), accuracy={"router": {"hybrid": 214, "tuned": 3}})[claim]
    assert entry.finding == "not tested"
    assert "214 of 217 test questions to hybrid" in entry.why


def test_the_questions_that_were_timed_must_be_routed_as_well():
    """If all 12 timed questions went one way, the latency of routing is not tested."""
    entry = routing((60, 80), latency_ms={"router": {"tuned": 12}})["latency-hybrid"]
    assert entry.finding == "not tested"
    assert "12 of 12 timed questions to tuned" in entry.why


def test_routing_is_held_against_always_retrieving():
    """A router is compared with its own retrieving part, not with rag."""
    assert routing((235, 255))["latency-hybrid"].finding == "undecided"
    entry = routing((120, 140))["latency-hybrid"]
    assert entry.finding == "supported"
    assert entry.why.startswith("router against hybrid, latency: 130 ms")
    by_rag = routing((120, 140), accuracy={"router": {"rag": 60, "tuned": 40}})["latency-hybrid"]
    assert by_rag.why.startswith("router against rag")


def test_balancing_cost_and_quality_takes_both():
    """Cheaper than always retrieving, no less accurate than that, and more accurate than the tuned model."""
    assert routing((120, 140))["hybrid-faq"].finding == "supported"
    worse = {"accuracy": {**HYBRID["accuracy"], "router": right_on(60)}}
    costs = {"cost_per_1k": {"hybrid": between(5.0, 5.2), "router": between(3.0, 3.2)}}
    assert entries(values=worse, estimates=costs, routes={"accuracy": ROUTED})["hybrid-faq"].finding == "contradicted"


def test_a_hybrid_must_beat_both_of_what_it_joins():
    """A hybrid that beats rag but not the tuned model contradicts the claim that both together are better."""
    both = {"rag": right_on(40), "tuned": right_on(80), "hybrid": right_on(80)}
    assert entries(values={"accuracy": both}, margin=0.05)["hybrid-tuned-rag"].finding == "contradicted"
    assert entries(values={"accuracy": {**both, "hybrid": right_on(98)}})["hybrid-tuned-rag"].finding == "supported"


def test_saving_compute_counts_the_answers_as_well():
    """The cost of computing is compared over the horizon: a cheap set-up does not outweigh expensive answers."""
    dear = {"compute_usd": {"rag": between(0.76, 0.78), "tuned": between(0.12, 0.13)}}
    entry = entries(estimates={**evidence().estimates, "setup_s": {"rag": once(10), "tuned": once(99)}, **dear})
    assert entry["cost-compute-rag"].finding == "contradicted"
    assert "a ratio of 6.2; the article says 0.7 to 0.8" in entry["cost-compute-rag"].why
    cheap = {"compute_usd": {"rag": between(0.10, 0.11), "tuned": between(0.12, 0.13)}}
    assert entries(estimates=cheap)["cost-compute-rag"].finding == "supported"


def updated(after, before):
    """rag's answers on changed facts; rag updates 10 times faster than tuned."""
    values = {**evidence().values, "freshness": {"rag": right_on(after)}, "before_update": {"rag": right_on(before)}}
    return entries(values=values)


def test_keeping_current_takes_accuracy_after_the_update():
    """A fast update that leaves rag wrong on changed facts does not support the claim."""
    assert updated(after=9, before=8)["freshness-rag-2"].finding == "undecided"
    entry = updated(after=60, before=4)
    assert entry["freshness-rag-2"].finding == entry["freshness-rag"].finding == "supported"
    assert "+56.0 points" in entry["freshness-rag-2"].why and "time to update" in entry["freshness-rag-2"].why


def upkeep(rag, tuned, firm=1.0):
    """A year's upkeep, of which the share `firm` is not assumed; rag's update is faster by a bit more than CLEAR."""
    years = {name: {"value": usd, "firm": firm * usd} for name, usd in (("rag", rag), ("tuned", tuned))}
    seconds = {"rag": once(100.0), "tuned": once(160.0)}
    return entries(estimates={"upkeep_usd": years, "update_seconds": seconds})


def test_up_to_40_percent_is_no_claim_of_at_least_40_percent():
    """Only the direction of a claim is tested; the measured ratio is shown."""
    entry = upkeep(rag=6000.0, tuned=9600.0)["cost-maintain-rag"]
    assert entry.finding == "supported"
    assert "6,000 USD against 9,600 USD, a ratio of 0.62; the article says 0.6 at best" in entry.why
    assert upkeep(rag=9600.0, tuned=6000.0)["cost-maintain-rag"].finding == "contradicted"


def test_what_has_no_interval_decides_only_by_a_clear_factor():
    """Numbers without an interval, 10 against 12, decide nothing."""
    assert upkeep(rag=1000.0, tuned=1200.0)["cost-yearly"].finding == "undecided"
    assert upkeep(rag=1000.0, tuned=3000.0)["cost-yearly"].finding == "supported"


def test_money_that_rests_on_assumed_days_of_work_decides_nothing():
    """A set-up cost that is 90 % assumed days of work decides nothing."""
    assert upkeep(rag=1000.0, tuned=3000.0, firm=0.05)["cost-yearly"].finding == "not tested"
    setup = {"rag": {"value": 4800.0, "firm": 0.004}, "tuned": {"value": 10400.0, "firm": 0.03}}
    seconds = {"rag": once(10.0), "tuned": once(200.0)}
    found = entries(estimates={"setup_usd": setup, "setup_s": seconds, "update_seconds": seconds})
    assert found["cost-setup"].finding == "not tested"
    assert "4,800 USD against 10,400 USD, a ratio of 0.46; the article says 0.25" in found["cost-setup"].why
    assert "assumed days of work (without them 0.004 against 0.03 USD)" in found["cost-setup"].why
    own = {name: {"value": one["value"], "firm": one["value"]} for name, one in setup.items()}
    assert entries(estimates={"setup_usd": own})["cost-setup"].finding == "supported"


@pytest.mark.parametrize("claim", ["complexity-rag", "complexity-ft", "retention-ft"])
def test_what_no_measure_stands_for_is_not_tested(claim):
    """Claims about expertise and about three months are not tested by set-up seconds and retention."""
    found = entries(
        estimates={"setup_s": {"rag": once(10.0), "tuned": once(200.0)}}, slice_of=dict.fromkeys(IDS, "general")
    )
    assert found[claim].finding == "not tested"


def test_a_size_in_points_is_told_beside_the_measured_one():
    """The entry shows the article's size next to the measured one."""
    assert entries(slice_of=dict.fromkeys(IDS, "general"))["accuracy-ft"].why.endswith("the article says +7 points")


LARGE = AskedModel(name="large", label="large at api.example.com")


def paired(entrants, **rights):
    """The entry of 'accuracy-rag' (rag is more accurate than tuned) among these contenders."""
    values = {"accuracy": {name.replace("_", "-"): right_on(n) for name, n in rights.items()}}
    return entries(entrants=tuple(entrants), values=values, estimates={})["accuracy-rag"]


def test_contenders_stand_for_the_recipes_they_follow_on_one_model_where_that_can_be():
    """rag on the small model comes first, but only the large one has a tuned contender to be compared with."""
    run = (entrant("rag"), entrant("rag", "rag-large", model=LARGE), entrant("tuned", "mine", model=LARGE))
    entry = paired(run, rag=90, rag_large=10, mine=60)
    assert entry.finding == "contradicted"
    assert entry.why.startswith("rag-large against mine, accuracy: -50.0 points")
    assert entry.contenders == {"rag": "rag-large", "tuned": "mine"}


def test_of_several_contenders_on_one_model_the_first_of_the_configuration_stands():
    """If no model is shared, the first contender of each recipe is compared."""
    run = (entrant("rag", "coarse"), entrant("rag", "fine"), entrant("tuned"))
    assert paired(run, coarse=80, fine=20, tuned=40).contenders == {"rag": "coarse"}
    apart = (entrant("rag", "coarse"), entrant("tuned", "other", model=LARGE))
    assert paired(apart, coarse=80, other=40).contenders == {"rag": "coarse", "tuned": "other"}


def test_a_recipe_that_no_contender_follows_is_not_tested():
    """A contender under another name represents its recipe."""
    entry = paired([entrant("rag")], rag=80)
    assert (entry.finding, entry.contenders) == ("not tested", {})
    assert "accuracy was not measured for tuned in this run" in entry.why


def test_an_interval_that_excludes_zero_without_significance_is_explained():
    """The article's claim stays undecided, and the entry names the correction for many comparisons."""
    values = {"accuracy": {"rag": right_on(7), "tuned": right_on(0), "base": right_on(0), "hybrid": right_on(0)}}
    found = entries(values=values, estimates={})["accuracy-rag"]
    assert found.finding == "undecided"
    assert "(unadjusted 95 % interval +" in found.why and "not significant after correcting for" in found.why
