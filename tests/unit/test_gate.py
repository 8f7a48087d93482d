"""The gate promotes what is shown to be better, or as good and cheaper, and nothing that loses anywhere."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import InputError
from bakeoff.learn.gate.gate import gate
from bakeoff.learn.gate.rotation import LEAST_FACTS, LEAST_LEFT, MOST_USES, SHARE, retired, rotation
from bakeoff.learn.gate.saving import Paid, saving
from bakeoff.learn.gate.spending import ERROR, FIRST, REST, Spent, next_level, share
from bakeoff.learn.gate.tested import Contestant
from bakeoff.learn.gate.wording import evidence
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
    assert f"About {decision.more_questions:,} more questions would show it" in decision.reason
    assert "More questions would not show it" in equal.reason


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
    shown, lost = decision.reasons
    assert shown.startswith("It is better than what is served: +")
    assert lost == "It loses on the slice 'unanswerable': -30.0 net right answers of 100 on 60 facts, p 0.002."
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
    shown, lost = decision.reasons
    assert shown.startswith("It is better than what is served: +40.0 net right answers of 100")
    assert lost == "It loses on general knowledge: -25.0 points on 40 facts, p 0.00098."
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
    """Ten points better, but 40 of its answers may be wrong: the reason says why p is 1 beside a gain."""
    decision = gate(round_of(won=45, lost=15, unsure=40), Profile(), LEVEL)
    assert not decision.promote and decision.p == 1.0 and decision.unsure == 40
    assert decision.difference > 0 and decision.counted == pytest.approx(-20 / 300)
    assert "In 40 questions an answer is unsure and counts against it: so counted the difference is -6.7." in (
        decision.reason
    )
    assert "no evidence of a gain (p 1, level 0.035)" in decision.reason
    assert decision.reason.startswith(
        "It is not shown to be better: +6.7 net right answers of 100 with unsure answers counted halfway between "
        "right and wrong (95 % interval "
    )


def test_every_figure_says_how_unsure_answers_count_in_it():
    """A slice that is much the same with unsure answers halfway does not read as a collapse."""
    questions = [*asked(240), *asked(60, "unanswerable", 240)]
    tested = round_of(won=60, lost=9, questions=questions)
    correct = tested.candidate.correct
    unsure = {f"q{i}": "perhaps" for i in range(280, 300)}
    graded = replace(correct, values={**correct.values, **dict.fromkeys(unsure, 0.5)}, unsure=unsure)
    decision = gate(replace(tested, candidate=replace(tested.candidate, correct=graded)), Profile(), LEVEL)
    (part,) = (one for one in decision.parts if one.name == "unanswerable")
    assert part.unsure == 20 and part.difference < part.halfway < 0
    assert decision.reasons[-1] == (
        f"It loses on the slice 'unanswerable': {100 * part.difference:.1f} net right answers of 100 with the unsure "
        f"answers to 20 questions counted against it ({100 * part.halfway:.1f} with them counted halfway) on 60 facts, "
        f"p {part.p:.2g}."
    )


@pytest.mark.parametrize(
    ("route", "p", "words"),
    [
        ("better", 0.001, "evidence of a gain (p 0.001, level 0.035)"),
        ("better", 0.05, "some evidence of a gain, but too little (p 0.05, level 0.035)"),
        ("better", 1.0, "no evidence of a gain (p 1, level 0.035)"),
        ("as good and cheaper", 1e-7, "a loss of 2.0 or more is excluded (p below 0.0001, level 0.035)"),
        ("as good and cheaper", 0.2, "a loss of 2.0 or more is not excluded (p 0.2, level 0.035)"),
    ],
)
def test_p_values_are_said_in_words(route, p, words):
    """The word 'no' stands where nothing is shown."""
    assert evidence(route, p, LEVEL, 0.02) == words


@pytest.mark.parametrize(
    ("tested", "profile", "words"),
    [
        (round_of(n=29, won=29), Profile(), "The round has 29 facts that count; the gate needs at least 30."),
        (round_of(won=60, general=Graded({})), Profile(), "Both contenders answered 0 questions of general knowledge"),
        (round_of(won=60), Profile(latency_limit_ms=500), "the candidate's was not measured"),
        (round_of(n=0), Profile(), "The round has 0 facts that count"),
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


def in_rounds(n, n_rounds):
    """The rotations of so many rounds on the same n facts."""
    facts, uses, found = [f"f{i}" for i in range(n)], {}, []
    for number in range(1, n_rounds + 1):
        found.append(rotation([], facts, uses, number))
        for fact in found[-1].facts:
            uses[fact] = uses.get(fact, 0) + 1
    return found, uses


def test_a_small_test_rotates_too():
    """Of 166 facts the first round uses all, each later one 80 %: none decides in every round, all equally often."""
    found, uses = in_rounds(166, 20)
    assert [len(one.facts) for one in found] == [166] + [math.ceil(SHARE * 166)] * 19
    assert max(uses.values()) < 20 and max(uses.values()) - min(uses.values()) <= 1
    assert len({one.facts for one in found}) == 20


def test_a_small_test_never_runs_out_of_facts():
    """Nothing retires below 300 facts; those that are used too often are named."""
    found, uses = in_rounds(166, 20)
    assert retired(uses, uses) == [] and min(uses.values()) > MOST_USES
    assert found[0].overused == () and set(found[-1].overused) == set(uses)
    assert all(len(one.facts) == LEAST_FACTS for one in in_rounds(LEAST_FACTS, 3)[0])


def test_facts_retire_after_their_last_use_as_long_as_enough_stay():
    """Of 400 facts, 100 can retire; those used most often go first."""
    facts = [f"f{i}" for i in range(400)]
    uses = dict.fromkeys(facts, MOST_USES) | dict.fromkeys(facts[:60], MOST_USES + 2)
    of, gone = rotation([], facts, uses, 50), set(retired(facts, uses))
    assert len(gone) == 400 - LEAST_LEFT and set(facts[:60]) <= gone
    assert not gone & {*of.facts, *of.overused} and gone | set(of.overused) == set(facts)
    assert retired(facts, dict.fromkeys(facts[:50], MOST_USES)) == sorted(facts[:50])


def test_the_slices_count_as_in_the_profile():
    """Better where nobody asks, worse where they do: by the mix of slices the candidate loses, unweighted it wins."""
    questions = [*asked(200, "seen"), *asked(60, "unseen", 200)]
    tested = round_of(won=40, lost=3, questions=questions)
    assert gate(tested, Profile(), LEVEL).promote
    mixed = gate(tested, Profile(slice_weights={"seen": 0.02, "unseen": 0.98}), LEVEL)
    assert not mixed.promote and mixed.p == 1.0
    assert mixed.difference == pytest.approx(2 * (0.02 * 40 / 200 - 0.98 * 3 / 60))
    assert mixed.low < mixed.difference < mixed.high
    assert "-9.0 net right answers of 100" in mixed.reason


def test_facts_without_weight_do_not_count():
    """Only 20 of 260 facts are in a slice that counts."""
    questions = [*asked(240, "seen"), *asked(20, "unseen", 240)]
    decision = gate(round_of(won=60, questions=questions), Profile(slice_weights={"unseen": 1.0}), LEVEL)
    assert decision.p is None and "20 facts that count" in decision.reason and "Review more" in decision.reason


def test_phrasings_count_as_in_the_profile():
    """One fact with 100 phrasings is lost, 40 facts with one are won: by facts it is better, by questions worse."""
    many = [question.model_copy(update={"id": f"m{i}", "fact": "many"}) for i, question in enumerate(asked(100))]
    tested = round_of(won=40, lost=100, questions=[*asked(200), *many])
    assert not gate(tested, Profile(), LEVEL).promote
    by_fact = gate(tested, Profile(counts="fact"), LEVEL)
    assert by_fact.promote and by_fact.difference == pytest.approx(2 * (40 - 1) / 201)


def test_own_amounts_count_as_in_the_verdict():
    """Wrong answers to unanswerable questions cost 20 here: 3 of them outweigh 20 right answers."""
    value = {"currency": "USD", "right": 1, "wrong": 1, "by_slice": {"unanswerable": {"wrong": 20}}}
    questions = [*asked(240), *asked(60, "unanswerable", 240)]
    tested = round_of(won=30, lost=3, questions=questions)
    assert gate(tested, Profile(), LEVEL).promote
    assert gate(tested, Profile(value=value), LEVEL).difference < 0


FACTS = {f"q{i}": f"f{i}" for i in range(200)}


def paid(usd, tokens=None, *, by_time=False, model="base"):
    """What answers use: about this much each, some more and some less."""
    spread = {key: 0.5 + (i % 11) / 10 for i, key in enumerate(FACTS)}
    of = {key: usd * size for key, size in spread.items()}
    return Paid(of, {key: (tokens or 0) * size for key, size in spread.items()}, by_time, model)


def test_paid_tokens_show_a_saving_of_five_percent():
    """Paired: questions differ much more than that. Less than 5 %, or a price that is not known, shows nothing."""
    assert saving(paid(1.0), paid(0.94), FACTS) == pytest.approx(0.06)
    assert saving(paid(1.0), paid(0.96), FACTS) is None and saving(paid(1.0), paid(1.3), FACTS) is None
    assert saving(paid(0.0), paid(0.0), FACTS) is None and saving(Paid({}), Paid({}), FACTS) is None


def test_a_saving_on_some_questions_only_has_to_be_certain():
    """One of 200 answers is very expensive: 30 % less as measured, and the interval includes none."""
    live = Paid(dict.fromkeys(FACTS, 1.0) | {"q0": 100.0})
    assert saving(live, Paid(dict.fromkeys(FACTS, 1.0)), FACTS) is None


def test_a_faster_clock_is_not_cheaper():
    """The same contender built again, 30 % faster as measured; fewer tokens of the same model, or less than half."""
    live = paid(1.0, 900, by_time=True)
    assert saving(live, paid(0.7, 900, by_time=True), FACTS) is None
    assert saving(live, paid(0.7, 600, by_time=True), FACTS) == pytest.approx(0.3)
    assert saving(live, paid(1.0, 600, by_time=True), FACTS) is None
    assert saving(live, paid(0.7, 600, by_time=True, model="larger"), FACTS) is None
    assert saving(live, paid(0.4, 900, by_time=True, model="smaller"), FACTS) == pytest.approx(0.6)


def test_a_faster_clock_does_not_open_the_weaker_route():
    """As good, and 30 % faster by the clock alone: the gate tests whether it is better."""
    tested = round_of(n=600)
    ids = [question.id for question in tested.questions]
    live, candidate = (
        replace(one, paid=Paid(dict.fromkeys(ids, usd), dict.fromkeys(ids, 500.0), True, "base"))
        for one, usd in ((tested.live, 1.0), (tested.candidate, 0.7))
    )
    decision = gate(replace(tested, live=live, candidate=candidate), Profile(), LEVEL)
    assert decision.route == "better" and not decision.promote
