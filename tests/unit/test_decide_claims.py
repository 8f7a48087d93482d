"""The ledger sets every claim against the pilot, and says why where it cannot."""

import pytest

from bakeoff.decide.claims import Evidence, articles, claims, ledger

IDS = [str(i) for i in range(100)]


def evidence(**more):
    """rag is right on 80 of 100, tuned on 40, base on none; rag is slower."""
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
        "setup_s": {
            "rag": {"value": 10.0, "low": None, "high": None},
            "tuned": {"value": 200.0, "low": None, "high": None},
        },
        "cost_per_1k": {
            "rag": {"value": 1.0, "low": 0.8, "high": 1.2},
            "tuned": {"value": 0.9, "low": 0.7, "high": 1.1},
        },
    }
    base = {
        "values": {"accuracy": values},
        "estimates": estimates,
        "fact_of": {key: key for key in IDS},
        "slice_of": {key: "seen" if int(key) < 50 else "unseen" for key in IDS},
    }
    return Evidence(**{**base, **more})


@pytest.fixture(scope="module")
def found():
    return {entry.claim.id: entry for entry in ledger(evidence())}


def test_every_claim_has_an_entry_and_a_reason():
    """37 claims of five articles; none vanishes."""
    entries = ledger(evidence())
    assert len(entries) == len(claims()) == 37
    assert all(entry.why for entry in entries)
    assert {claim.article for claim in claims()} == set(articles())


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
    """0.8-1.2 against 0.7-1.1."""
    assert found["cost-ft"].finding == "undecided"


def test_one_measurement_decides_only_a_clear_factor(found):
    """10 s against 200 s is clear; 10 against 12 would not be."""
    assert found["cost-setup"].finding == "supported"
    close = evidence(
        estimates={
            "setup_s": {
                "rag": {"value": 10.0, "low": None, "high": None},
                "tuned": {"value": 12.0, "low": None, "high": None},
            }
        }
    )
    assert {e.claim.id: e for e in ledger(close)}["cost-setup"].finding == "undecided"


def test_what_was_not_measured_is_not_tested(found):
    """No router, no freshness, no GPU: each says why."""
    assert found["latency-hybrid"].finding == "not tested"
    assert "router" in found["latency-hybrid"].why
    assert found["cost-gpu-large"].finding == "not tested"


def test_one_contender_on_two_slices_shows_overfitting(found):
    """tuned: 40 of 50 seen, 0 of 50 unseen."""
    assert found["overfitting-ft"].finding == "supported"


def test_who_only_declines_more_does_not_earn_a_claim_of_hallucinating_less():
    """tuned is wrong less often than rag, but declines more and is not better: the claim stays open, and says why."""
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
