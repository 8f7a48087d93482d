"""How well a judge agrees with people is estimated correctly, and decides whether it counts."""

from datetime import UTC, datetime

import numpy as np
import pytest

from bakeoff.llm_judge.calibration import (
    Counts,
    Pair,
    cautions,
    decision,
    errors_by_contender,
    estimates,
    is_correct,
    kappa,
    labels_needed,
    length_slope,
)
from bakeoff.measure.comparison import Estimate
from bakeoff.measure.labels import Label, Unit, settled
from tests.unit.fakes import question


def table(both, only_people, only_judge, neither, **more):
    """Pairs of a two by two table, each about a fact of its own."""
    cells = [(True, True)] * both + [(True, False)] * only_people + [(False, True)] * only_judge
    cells += [(False, False)] * neither
    return [Pair(f"f{i}", people, judge, 100 + i, **more) for i, (people, judge) in enumerate(cells)]


def drawn(n, sensitivity, specificity, seed, bias=lambda i: False, base_rate=0.5):
    """n pairs of a judge with these error rates; it calls what `bias(i)` says right in any case."""
    rng = np.random.default_rng(seed)
    pairs = []
    for i in range(n):
        people = bool(rng.random() < base_rate)
        judge = bias(i) or bool(rng.random() < (sensitivity if people else 1 - specificity))
        name = "rag" if i % 2 else "base"
        pairs.append(Pair(f"f{i // 2}", people, judge, int(20 * 2 ** (5 * rng.random())), 1.0, (name,)))
    return pairs


def test_kappa_is_that_of_the_textbook():
    """Cohen 1960: 20 and 15 agreements of 50, 5 and 10 disagreements: kappa .4."""
    found = kappa(table(20, 5, 10, 15))
    assert found.value == pytest.approx(0.4) and found.n == 50
    assert found.low < 0.4 < found.high


def test_a_frequent_verdict_alone_gives_no_kappa():
    """A judge that calls everything right agrees with 90 % of the labels and has a kappa of 0."""
    found = estimates(table(45, 0, 5, 0))
    assert found["agreement"].value == pytest.approx(0.9)
    assert found["base_rate"].value == pytest.approx(0.9) and found["judged_rate"].value == 1
    assert found["kappa"].value == 0
    assert decision(Counts(50, 50, 50), found["kappa"], 30, 0.6)[0] is False


def test_sensitivity_and_specificity_have_intervals():
    """Of 25 answers correct by people the judge calls 20 correct; of 25 others 15 not correct."""
    found = estimates(table(20, 5, 10, 15))
    assert found["sensitivity"].value == pytest.approx(20 / 25)
    assert found["specificity"].value == pytest.approx(15 / 25)
    for name in ("sensitivity", "specificity", "agreement"):
        assert found[name].low < found[name].value < found[name].high and found[name].n in (25, 50)


def test_labels_count_by_the_inverse_of_their_chance():
    """A label that was drawn with a quarter of the chance counts four times, in every figure."""
    rare, common = table(10, 0, 10, 0, weight=4.0), table(0, 10, 0, 10)
    repeated = [*rare, *rare, *rare, *rare, *common]
    plain = [Pair(pair.fact, pair.people, pair.judge, pair.length) for pair in repeated]
    weighted, expected = estimates([*rare, *common]), estimates(plain)
    for name in ("agreement", "kappa", "sensitivity", "specificity", "base_rate", "length_slope"):
        assert weighted[name].value == pytest.approx(expected[name].value), name


@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.95, 0.7), (0.7, 0.95)])
def test_intervals_hold_the_truth_as_often_as_they_say(sensitivity, specificity):
    """Of 200 draws of 60 labels, at least 90 % of the 95 % intervals hold a scripted judge's known errors."""
    agreement = (sensitivity + specificity) / 2
    rate = (sensitivity + 1 - specificity) / 2
    by_chance = 0.5 * rate + 0.5 * (1 - rate)
    truth = {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "agreement": agreement,
        "kappa": (agreement - by_chance) / (1 - by_chance),
    }
    held = dict.fromkeys(truth, 0)
    for seed in range(200):
        found = estimates(drawn(60, sensitivity, specificity, seed))
        for name, value in truth.items():
            held[name] += found[name].low <= value <= found[name].high
    assert min(held.values()) >= 180, held


def test_a_judge_that_likes_length_is_found():
    """The slope is positive, its interval leaves out 0, and a caution says so. An unbiased judge has none."""
    fair = drawn(150, 0.9, 0.9, 1)
    biased = [
        Pair(pair.fact, pair.people, pair.judge or pair.length > 150, pair.length, 1.0, pair.contenders)
        for pair in fair
    ]
    slope = length_slope(biased)
    assert slope.low > 0
    assert any("kinder to longer answers" in note for note in cautions(estimates(biased)))
    assert length_slope(fair).low < 0 < length_slope(fair).high


def test_a_judge_that_favours_a_contender_is_found():
    """In every draw its error for this contender is above 0 with its interval; for the other in few."""
    n_falsely = 0
    for seed in range(20):
        pairs = drawn(160, 0.9, 0.9, seed, bias=lambda i: i % 2 == 1)
        errors = errors_by_contender(pairs)
        assert errors["rag"].low > 0.2 and abs(errors["base"].value) < 0.15
        notes = cautions(estimates(pairs))
        assert any("too kind to rag" in note for note in notes)
        n_falsely += any("base" in note for note in notes)
    assert n_falsely <= 3


def test_intervals_of_few_facts_are_wider():
    """Labels of one fact are not independent: ten facts with six equal labels each tell less than 60 facts."""
    alone = table(25, 5, 5, 25)
    grouped = [Pair(f"f{i // 6}", pair.people, pair.judge, pair.length) for i, pair in enumerate(alone)]
    for name in ("agreement", "kappa"):
        wide, narrow = estimates(grouped)[name], estimates(alone)[name]
        assert wide.high - wide.low > 1.3 * (narrow.high - narrow.low)


def test_a_judge_that_never_erred_may_yet_do_so():
    """Full agreement on 20 labels says less than on 200: the interval has a width, and narrows."""
    few, many = kappa(table(10, 0, 0, 10)), kappa(table(100, 0, 0, 100))
    assert few.value == many.value == few.high == many.high == 1
    assert 0.4 < few.low < 0.8 < many.low < 1


def test_a_judge_is_accepted_by_the_value_of_kappa():
    """The sentence has the value, the interval and the number of labels. Its interval does not decide."""
    good, poor = Estimate(value=0.62, low=0.4, high=0.8), Estimate(value=0.58, low=0.4, high=0.8)
    assert decision(Counts(40, 40, 40), good, 30, 0.6) == (
        True,
        "It agrees with people: kappa 0.62 (95 % interval 0.40 to 0.80, 40 labels); at least 0.6 is needed.",
    )
    accepted, reason = decision(Counts(40, 40, 40), poor, 30, 0.6)
    assert not accepted and reason.startswith("It agrees too little with people: kappa 0.58")


def test_a_judge_with_too_few_labels_is_refused():
    """However well it agrees, and the reason says how to get more."""
    accepted, reason = decision(Counts(50, 40, 18), Estimate(value=1.0, low=1.0, high=1.0), 30, 0.6)
    assert not accepted and reason.startswith("12 more labels of answers that it judged are needed")
    assert "18 of 30 are there (bakeoff label RUN)" in reason
    assert labels_needed(Counts(50, 40, 29), 30).startswith("1 more label of answers")
    assert labels_needed(Counts(50, 40, 30), 30) == ""


def test_labels_that_a_run_cannot_give_are_not_asked_for():
    """The reason says why the number cannot be reached, and what to do: a lower number, judge more, ask more."""
    few = labels_needed(Counts(16, 16, 5), 30)
    assert "30 labels of judged answers (grading.least_labels) cannot be reached in this run" in few
    assert "16 answers for it to judge. Label all of them" in few and "grading.least_labels to 10 to 16" in few
    assert "ask more questions" in few and "more labels" not in few
    fewest = labels_needed(Counts(7, 7, 7), 30)
    assert "ask more questions" in fewest and "Label all" not in fewest
    judged = labels_needed(Counts(50, 20, 5), 30)
    assert judged.startswith("It has judged 20 answers") and "bakeoff judge RUN" in judged


def test_labels_with_one_verdict_only_allow_no_kappa():
    """Then the judge is refused with this reason."""
    accepted, reason = decision(Counts(40, 40, 40), kappa(table(40, 0, 0, 0)), 30, 0.6)
    assert not accepted and "the same verdict" in reason
    assert kappa([]).value is None and length_slope([]).value is None


def label(unit, verdict, labeller, minute=0):
    at = datetime(2026, 5, 1, 12, minute, tzinfo=UTC)
    return Label(question_id=unit.question_id, text=unit.text, verdict=verdict, labeller=labeller, at=at)


def test_several_labellers_are_counted():
    """The verdict of most counts; without one nobody knows. A labeller's last label counts, 'cannot tell' does not."""
    a, b, c, d = (Unit(name, "text") for name in "abcd")
    labels = [
        label(a, "wrong", "ann"), label(a, "right", "ann", 1), label(a, "right", "bob"), label(a, "wrong", "eve"),
        label(b, "right", "ann"), label(b, "wrong", "bob"),
        label(c, "unsure", "ann"), label(c, "wrong", "bob"),
        label(d, "unsure", "ann"),
    ]  # fmt: skip
    assert settled(labels) == {a: "right", b: "unsure", c: "wrong", d: "unsure"}


def test_declining_is_correct_only_where_there_is_no_answer():
    """As for the scores; 'cannot tell' is neither."""
    assert is_correct(question("a"), "declined") is False
    assert is_correct(question("a", answers=[]), "declined") is True
    assert is_correct(question("a"), "unsure") is None
