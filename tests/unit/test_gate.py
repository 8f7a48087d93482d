"""The gate promotes what is shown to be better, or as good and cheaper, and nothing that loses anywhere."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import InputError
from bakeoff.learn.gate.gate import gate
from bakeoff.learn.gate.rotation import MOST_USES, rotation
from bakeoff.learn.gate.spending import ERROR, FIRST, REST, Spent, next_level, share
from bakeoff.learn.gate.tested import Contestant
from bakeoff.measure.graded import Graded
from bakeoff.measure.one_sided import better_p, more_to_show, not_worse_p, worse_p
from bakeoff.measure.statistics import PairedTest, t_tail
from tests.unit.gate_rounds import asked, round_of

LEVEL = 0.035


def pair(differences):
    values = {f"q{i}": float(value) for i, value in enumerate(differences)}
    return PairedTest.of("a", "b", values, {key: key for key in values}, "m", 0.02)


def test_one_sided_p_values_are_those_of_the_sign_test():
    """Nine wins and one loss: 11 of 1,024 flips are as good; ties do not count."""
    test = pair([1] * 9 + [-1] + [0] * 50)
    assert math.isclose(better_p(test), 11 / 1024)
    assert worse_p(test) == 1.0
    assert math.isclose(worse_p(pair([-1] * 9 + [1])), 11 / 1024)


def test_drawn_flips_can_reach_small_levels():
    """Sums that are not whole numbers are drawn: 30 wins of 30 have a p-value far below that of the first rounds."""
    assert better_p(pair([0.37 + 0.001 * i for i in range(30)])) <= 1e-5


def test_no_difference_shows_that_nothing_was_lost_only_with_many_facts():
    """Fifty questions without any difference are no evidence for a margin of 2 points; 400 are."""
    assert not_worse_p(pair([0] * 50)) > 0.1
    assert not_worse_p(pair([0] * 400)) < 0.01
    assert not_worse_p(pair([-1] * 8 + [0] * 392)) > 0.5


def test_the_tail_of_t():
    """Tables: 5 % beyond 1.833 with 9 degrees, 2.5 % beyond 2.262; symmetric."""
    assert t_tail(1.8331, 9) == pytest.approx(0.05, abs=1e-5)
    assert t_tail(2.2622, 9) == pytest.approx(0.025, abs=1e-5)
    assert t_tail(-1.8331, 9) == pytest.approx(0.95, abs=1e-5)


def test_more_questions_are_named_only_where_they_would_decide():
    """A loss stays a loss however often it is asked about."""
    assert more_to_show(pair([1] * 6 + [-1] * 2 + [0] * 92), 0.01) > 0
    assert more_to_show(pair([-1] * 6 + [0] * 94), 0.01) is None


def test_a_better_candidate_is_promoted():
    """Ten points on 300 facts."""
    decision = gate(round_of(won=45, lost=15), Profile(), LEVEL)
    assert decision.promote and decision.route == "better" and decision.p < 1e-3
    assert decision.difference == pytest.approx(0.2)  # a wrong answer costs as much as a right one earns
    assert decision.reason.startswith("It is better than what is served: +20.0 net right answers of 100")
    assert len(decision.facts) == 300 and decision.more_questions is None


def test_an_equal_candidate_is_kept_out_and_the_questions_that_would_decide_are_named():
    """3 points are not enough to be shown; they would be with more questions."""
    decision = gate(round_of(won=34, lost=25), Profile(), LEVEL)
    assert not decision.promote and decision.p > LEVEL
    assert decision.reason.startswith("It is not shown to be better") and decision.more_questions > 300
    equal = gate(round_of(won=20, lost=20), Profile(), LEVEL)
    assert not equal.promote and equal.more_questions is None


def test_a_gain_below_the_margin_is_not_enough():
    """However significant."""
    decision = gate(round_of(n=2000, won=12), Profile(), LEVEL)
    assert not decision.promote and decision.p < LEVEL
    assert "better by less than the margin" in decision.reason


def test_the_level_decides():
    """The same answers: promoted in an early round, kept out in a late one."""
    tested = round_of(won=36, lost=20)
    p = gate(tested, Profile(), LEVEL).p
    assert gate(tested, Profile(), p).promote and not gate(tested, Profile(), p * 0.99).promote


def test_as_good_and_cheaper_is_promoted_and_as_good_alone_is_not():
    """No difference on 600 facts: at half the cost, and at the same cost."""
    tested = round_of(n=600, costs=(2.0, 1.0))
    decision = gate(tested, Profile(), LEVEL)
    assert decision.promote and decision.route == "as good and cheaper" and "costs 50 % less" in decision.reason
    assert not gate(round_of(n=600, costs=(2.0, 1.95)), Profile(), LEVEL).promote
    assert not gate(round_of(n=600, costs=(None, 1.0)), Profile(), LEVEL).promote


def test_a_cheaper_candidate_that_loses_the_margin_is_kept_out():
    """Two points on 600 facts at half the cost."""
    decision = gate(round_of(n=600, lost=12, costs=(2.0, 1.0)), Profile(), LEVEL)
    assert not decision.promote and "cheaper, but not shown to be as good" in decision.reason


def test_a_loss_on_one_slice_stops_a_better_candidate():
    """Better by 10 points on the whole, worse by 15 on 60 unanswerable questions."""
    questions = [*asked(240), *asked(60, "unanswerable", 240)]
    decision = gate(round_of(won=60, lost=9, questions=questions), Profile(), LEVEL)
    assert not decision.promote and decision.p < LEVEL
    assert decision.reasons == (
        "It loses on the slice 'unanswerable': -30.0 net right answers of 100 on 60 facts, p 0.002.",
    )
    assert [(part.name, part.lost) for part in decision.parts] == [
        ("unseen", False), ("unanswerable", True), ("general knowledge", False)
    ]  # fmt: skip


def test_a_slice_with_few_facts_is_not_checked():
    """Nineteen facts say too little: it is named without a result."""
    questions = [*asked(281), *asked(19, "unanswerable", 281)]
    decision = gate(round_of(won=60, lost=9, questions=questions), Profile(), LEVEL)
    assert decision.promote and decision.parts[1].p is None and decision.parts[1].n_facts == 19


def test_lost_general_knowledge_stops_a_better_candidate():
    """Ten of 40."""
    decision = gate(round_of(won=60, general_lost=10), Profile(), LEVEL)
    assert decision.reasons == ("It loses on general knowledge: -25.0 points on 40 facts, p 0.00098.",)
    assert not decision.promote


def test_limits_of_the_profile_are_kept():
    """Slow answers and too many wrong ones stop a better candidate; a limit that is only not shown yet does not."""
    slow = round_of(won=60, latencies_ms=[900.0] * 60)
    decision = gate(slow, Profile(latency_limit_ms=500), LEVEL)
    assert not decision.promote and "It breaks a limit (95 % of answers in at most 500 ms)" in decision.reason
    assert gate(slow, Profile(latency_limit_ms=1000), LEVEL).promote
    wrong = gate(round_of(won=90, lost=30), Profile(max_hallucination=0.05), LEVEL)
    assert not wrong.promote and "hallucination of at most 5 %" in wrong.reason
    assert gate(round_of(won=90, lost=12), Profile(max_hallucination=0.05), LEVEL).promote


def test_declined_answers_are_not_hallucinated():
    """The same wrong answers, declined: no limit is broken, and they cost nothing."""
    tested = round_of(won=90, lost=30)
    declined = Graded({f"q{i}": 1.0 for i in range(270, 300)})
    tested = replace(tested, candidate=replace(tested.candidate, abstained=declined))
    decision = gate(tested, Profile(max_hallucination=0.05), LEVEL)
    assert decision.promote and decision.difference == pytest.approx((90 * 2 - 30) / 300)


def test_failed_answers_stop_a_candidate():
    """One in ten answers is missing: more than a verdict allows."""
    tested = round_of(won=90)
    answered = tested.candidate.correct.only({f"q{i}" for i in range(270)})
    decision = gate(replace(tested, candidate=replace(tested.candidate, correct=answered)), Profile(), LEVEL)
    assert not decision.promote and "10 % of its answers failed" in decision.reason


def test_unsure_answers_count_against_the_candidate():
    """Ten points better, but 60 of its answers may be wrong."""
    decision = gate(round_of(won=45, lost=15, unsure=60), Profile(), LEVEL)
    assert not decision.promote and decision.p == 1.0 and decision.unsure == 60
    assert "In 60 questions an answer is unsure and counts against it." in decision.reason


@pytest.mark.parametrize(
    ("tested", "profile", "words"),
    [
        (round_of(n=29, won=29), Profile(), "The round has 29 facts; the gate needs at least 30."),
        (round_of(won=60, general=Graded({})), Profile(), "Both contenders answered 0 questions of general knowledge"),
        (round_of(won=60), Profile(latency_limit_ms=500), "the candidate's was not measured"),
        (round_of(n=0), Profile(), "The round has 0 facts"),
    ],
)
def test_what_was_not_measured_is_not_promoted_and_spends_nothing(tested, profile, words):
    """The reason says what is missing."""
    decision = gate(tested, profile, LEVEL)
    assert not decision.promote and decision.p is None and words in decision.reason


def test_a_grade_for_a_question_of_no_round_is_refused():
    """Contenders that answered other questions cannot be compared."""
    tested = round_of(n=40)
    with pytest.raises(InputError, match="The candidate contender has a grade for 'q99'"):
        replace(tested, candidate=Contestant(Graded({"q99": 1.0})))


def test_the_shares_sum_to_one():
    """Over infinitely many rounds: those after round n sum to (1 - FIRST) * 2 / sqrt(n + 1/2) / REST, nearly."""
    n = 20_000
    rest = (1 - FIRST) * 2 / math.sqrt(n + 0.5) / REST
    assert sum(share(t) for t in range(1, n + 1)) + rest == pytest.approx(1.0, abs=1e-9)
    assert all(a > b for a, b in pairwise(share(t) for t in range(1, 100)))


def test_a_level_is_lost_only_by_a_test_that_showed_nothing():
    """The level of a test that rejected its hypothesis is used again, with all that it had recovered itself."""
    spent: list[Spent] = []
    for p in (0.5, 1e-6, 1e-6, 0.5):
        spent.append(Spent(p, next_level(spent)))
    fresh = [ERROR * share(t) for t in range(1, 6)]
    assert [of.level for of in spent] == pytest.approx([fresh[0], fresh[1], sum(fresh[1:3]), sum(fresh[1:4])])
    assert next_level(spent) == pytest.approx(fresh[4])


def test_the_lost_levels_never_exceed_the_error():
    """Whatever is rejected: levels that were lost, and the one that is at stake, sum to at most the error."""
    draw = np.random.default_rng(1)
    for _ in range(200):
        spent: list[Spent] = []
        for _ in range(60):
            level = next_level(spent)
            spent.append(Spent(0.0 if draw.random() < 0.5 else 1.0, level))
            assert sum(of.level for of in spent[:-1] if not of.is_shown) + level <= ERROR + 1e-12


def test_fresh_facts_come_first_then_those_used_least():
    """A reviewed fact is fresh until a round used it."""
    chosen = rotation(["r1", "r2"], ["s1", "s2", "s3"], {"r2": 1, "s1": 3, "s2": 1}, 1, n=4)
    assert chosen.fresh == ("r1",)
    assert chosen.standing[0] == "s3" and set(chosen.standing[1:]) == {"r2", "s2"}


def test_rounds_draw_other_facts_and_the_same_round_the_same():
    """Deterministic, whatever the order of the files."""
    facts = [f"f{i}" for i in range(50)]
    first = rotation([], facts, {}, 1, n=20)
    assert first == rotation([], facts[::-1], {}, 1, n=20) and first != rotation([], facts, {}, 2, n=20)


def test_a_fact_retires_after_its_last_use():
    """Over rounds, all are used equally often, none more than allowed; then the gate has none."""
    facts, uses = [f"f{i}" for i in range(45)], dict.fromkeys((f"f{i}" for i in range(45)), 0)
    for number in range(1, 100):
        for fact in rotation([], facts, uses, number, n=30).facts:
            uses[fact] += 1
        assert max(uses.values()) - min(uses.values()) <= 1
        assert max(uses.values()) <= MOST_USES
    last = rotation([], facts, uses, 100)
    assert last.facts == () and set(last.retired) == set(facts)
