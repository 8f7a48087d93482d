"""How far two labellers agree, beyond what they would by chance."""

from datetime import UTC, datetime

import pytest

from bakeoff.labelling.agreement import agreement, agreements
from bakeoff.measure.labels import Label


def labels(labeller, verdicts):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Label(question_id=f"q{i}", text="yes", verdict=verdict, labeller=labeller, at=at)
        for i, verdict in enumerate(verdicts)
    ]


def test_kappa_is_cohens():
    """The worked example of many textbooks: 20 + 15 of 50 the same, kappa .40."""
    a = ["right"] * 25 + ["wrong"] * 25
    b = ["right"] * 20 + ["wrong"] * 5 + ["right"] * 10 + ["wrong"] * 15
    found = agreement("ada", "bob", a, b)
    assert found.agreed == pytest.approx(0.7) and found.kappa == pytest.approx(0.4)
    assert found.low < 0.4 < found.high and found.low == pytest.approx(0.15, abs=0.06)
    assert found.base_rates["ada"]["right"] == pytest.approx(0.5)
    assert found.base_rates["bob"]["right"] == pytest.approx(0.6)


def test_one_sided_verdicts_agree_often_and_mean_little():
    """High raw agreement, kappa about zero: the base rates say why."""
    a, b = ["right"] * 48 + ["wrong", "right"], ["right"] * 48 + ["right", "wrong"]
    found = agreement("ada", "bob", a, b)
    assert found.agreed == pytest.approx(0.96) and abs(found.kappa) < 0.05


def test_people_who_never_disagreed_may_yet_do_so():
    """Full agreement on 20 answers says less than on 200: the interval has a width, and narrows."""
    few, many = (agreement("ada", "bob", *[["right", "wrong"] * n] * 2) for n in (10, 100))
    assert few.kappa == many.kappa == few.high == many.high == 1
    assert 0.4 < few.low < 0.8 < many.low < 1


def test_kappa_is_not_defined_for_one_verdict():
    """Chance alone would give full agreement."""
    found = agreement("ada", "bob", ["right"] * 5, ["right"] * 5)
    assert found.agreed == 1 and found.kappa is None and found.low is None


def test_only_answers_that_both_labelled_count():
    """Three labellers make up to three pairs; two without a common answer are no pair."""
    found = agreements([*labels("ada", ["right", "wrong", "right"]), *labels("bob", ["right", "right"])])
    assert [(pair.a, pair.b, pair.n, pair.agreed) for pair in found] == [("ada", "bob", 2, 0.5)]
    alone = [one.model_copy(update={"text": "no"}) for one in labels("cleo", ["right"])]
    assert agreements([*labels("ada", ["right"]), *alone]) == []


def test_the_last_label_counts():
    """After a second look."""
    changed = [*labels("ada", ["right"]), *labels("bob", ["wrong"]), *labels("bob", ["right"])]
    assert agreements(changed)[0].agreed == 1
