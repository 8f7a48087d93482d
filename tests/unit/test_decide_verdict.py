"""The verdict: what to do, by expected worth, and only on evidence."""

import re
from dataclasses import replace

import pytest

from bakeoff.decide.verdict.decide import decide
from bakeoff.decide.verdict.reasons import _too_small
from bakeoff.decide.wording import percent, percent_unlike
from bakeoff.measure.comparison import AskedModel, Estimate
from bakeoff.measure.graded import known
from bakeoff.pilot.decision import decision
from tests.unit import decision_fixture
from tests.unit.comparison_fixture import entrant, with_estimates
from tests.unit.decision_fixture import questions, verdict

MONEY = {"value": {"currency": "USD", "unanswered": 4}}
EASY = {"accuracy_requirement": 1, "max_hallucination": 0.5}
"""Goals that are easily met: 60 % right, at most 50 % wrong."""


def state(found, name, of=None):
    return next(s.state for s in found.standings[of or found.winner] if s.name == name)


def test_a_clear_leader_that_meets_every_goal_is_shipped():
    """30 points ahead, goals met with confidence: ship, and the headline says how sure."""
    found = verdict(EASY, base=10, rag=120, hybrid=180)
    assert (found.decision, found.winner, found.tied_with) == ("ship", "hybrid", ())
    assert found.headline.startswith("Ship hybrid. It has the best answers with a chance of 100 %")
    assert found.approach == "hybrid" and found.most_accurate == "hybrid"


def test_a_contender_that_is_shipped_and_often_wrong_has_a_warning_unless_there_is_a_limit():
    """And so has one that was compared with no base model. What is not shipped has neither."""
    wrong, no_base = "set max_hallucination", "No base model was tested"
    for profile, warned in ((MONEY, True), (MONEY | {"max_hallucination": 0.5}, False)):
        found = verdict(profile, base=10, rag=120, hybrid=180)
        assert found.decision == "ship"
        assert any(wrong in line for line in found.warnings) == warned
        assert not any(no_base in line for line in found.warnings)
    found = verdict(EASY, rag=60, hybrid=180)
    assert found.decision == "ship" and any(no_base in line for line in found.warnings)
    assert not any(wrong in line for line in verdict({"accuracy_requirement": 5}, base=10, rag=100).warnings)


@pytest.mark.parametrize("n", [30, 40, 100])
def test_thin_evidence_is_not_a_reason_to_ship(n):
    """70 % right against a goal of 80 %: never 'ship', and the fewer questions, the less is shown."""
    found = verdict({"accuracy_requirement": 3, "max_hallucination": 0.5}, n=n, base=0, rag=round(0.7 * n))
    assert found.decision in ("open", "improve") and found.winner == "rag"
    assert state(found, "accuracy") in ("open", "missed")


def test_what_is_not_shown_yet_says_how_many_more_questions_would_show_it():
    """85 % of 60 does not show 80 %; the reason names the number of further questions."""
    found = verdict({"accuracy_requirement": 3, "max_hallucination": 0.5}, n=60, base=0, rag=51)
    standing = next(s for s in found.standings["rag"] if s.name == "accuracy")
    assert (found.decision, standing.state) == ("open", "open") and standing.more > 60
    assert "more questions would show it" in found.reason and found.not_shown == (standing.text,)


def test_a_missed_goal_says_do_not_ship():
    """50 % right misses a goal of 95 %: improve, with the goal named."""
    found = verdict({"accuracy_requirement": 5, "max_hallucination": 0.9}, base=10, rag=100)
    assert (found.decision, found.winner) == ("improve", "rag")
    assert found.short_of == ("accuracy of at least 95 %",)
    assert "misses accuracy of at least 95 %" in found.headline


def test_without_a_value_a_base_model_must_be_beaten():
    """base 35 %, hybrid 55 % of 40 questions, not significantly different: no verdict yet."""
    found = verdict(EASY, n=40, base=range(14), hybrid=range(8, 30))
    assert (found.decision, found.winner) == ("none", None)
    assert "is not shown to be better than base" in found.headline and "more questions would decide" in found.reason


def test_a_base_model_that_a_limit_excludes_still_has_to_be_beaten():
    """A stricter limit must not make a winner of what is no better than an untuned model that breaks it."""
    given = {"accuracy_requirement": 1, "max_hallucination": 0.3}
    found = verdict(given, base={"right": 30}, rag={"right": 32, "declined": range(32, 200)})
    assert "base" in found.excluded and found.winner == "rag"
    same = verdict(
        given, base={"right": range(60, 90), "declined": range(40)}, rag={"right": 30, "declined": range(30, 200)}
    )
    assert "base" in same.excluded
    assert same.winner == "rag" or "not shown to be better than base" in same.headline


def test_of_contenders_shown_to_be_as_good_the_cheaper_is_chosen():
    """One answer of 2,000 differs: an equivalence test shows it, and rag costs less than hybrid."""
    found = verdict(EASY, n=2000, base=10, rag=1800, hybrid=1801)
    assert (found.winner, found.as_good) == ("rag", ("hybrid",))
    assert "It is as good as hybrid" in found.headline


def test_what_is_close_as_measured_is_not_called_as_good():
    """One answer of 100 differs: too few questions to show that two contenders are as good."""
    found = verdict(EASY, n=100, base=1, rag=90, hybrid=91)
    assert found.winner == "hybrid" and found.as_good == () and "rag" in found.tied_with
    assert "as measured" in found.reason and "as good as" not in found.headline


def test_wrong_answers_count_against_right_ones():
    """84 % right and 16 % wrong is worth less than 81 % right and 2 % wrong, with or without a value."""
    contenders = {
        "base": {"right": 0, "declined": range(1000)},
        "hybrid": {"right": 840},
        "rag": {"right": range(150, 960), "declined": range(170)},
    }
    contenders["rag"]["declined"] = [i for i in range(1000) if i not in range(150, 960)][:170]
    for profile in ({}, MONEY):
        found = verdict(profile, n=1000, **contenders)
        assert found.winner == "rag" and found.most_accurate == "hybrid"
        assert "By accuracy alone, hybrid leads" in found.reason


def test_a_small_lead_does_not_pay_for_any_price():
    """3.5 points more at 225 times the cost: the value of a right answer decides."""
    contenders = {"base": 0, "rag": 800, "hybrid": 835}
    usd = {"rag": 4_000.0, "hybrid": 900_000.0}
    assert verdict(MONEY, n=1000, usd=usd, **contenders).winner == "rag"
    dear = {"value": {"currency": "USD", "unanswered": 400}}
    assert verdict(dear, n=1000, usd=usd, **contenders).winner == "hybrid"
    found = verdict({}, n=1000, usd=usd, **contenders)
    assert found.winner == "hybrid" and "if a right answer is worth at least" in found.headline


def test_doing_nothing_wins_where_no_contender_is_worth_its_cost():
    """Half of the answers are wrong: nobody answering is worth more."""
    found = verdict(MONEY, base=10, rag=90)
    assert (found.decision, found.winner) == ("none", None)
    assert found.headline.startswith("Build nothing: no contender is worth more than nobody answering")


LIMITED = {
    "base": {"right": 0, "declined": range(195)},
    "extract": {"right": 1, "declined": range(1, 190)},
    "rag": {"right": 150},
}
"""Only rag is worth its cost. A quarter of its answers are wrong."""


def test_building_nothing_names_what_a_limit_excludes():
    """Rag is worth more than nobody answering and misses the limit: nobody else is told to be all contenders."""
    found = verdict(MONEY | {"max_hallucination": 0.1}, **LIMITED)
    assert found.winner is None and "rag" in found.excluded
    assert found.headline.startswith(
        "Build nothing: no contender that keeps your limits is worth more than nobody answering on average."
    )
    assert re.search(
        r"Without what excludes it \(hallucination of at most 10 %: 25 % measured; .*\), rag would be worth "
        r"[\d,]+ USD a year more than nobody answering\.$",
        found.headline,
    )
    assert "knowing everything about what can be chosen would be worth" in found.reason
    cites = {"needs_citations": True}
    lacks = verdict(MONEY | cites, options={"needs": {"rag": {"needs_citations": "it cannot cite"}}}, **LIMITED)
    assert lacks.headline.startswith("Build nothing: no contender that meets your needs is worth more")
    both = verdict(
        MONEY | cites | {"max_hallucination": 0.1},
        options={"needs": {"base": {"needs_citations": "it cannot cite"}}},
        **LIMITED,
    )
    assert "no contender that meets your needs and keeps your limits is" in both.headline
    assert verdict(MONEY, **LIMITED).winner == "rag"


def test_where_limits_exclude_nobody_that_is_worth_more_none_is_named():
    """Half of rag's answers are wrong: it misses the limit, and it is worth less than nobody answering."""
    found = verdict(MONEY | {"max_hallucination": 0.1}, **LIMITED | {"rag": {"right": 90}})
    assert "no contender that keeps your limits is" in found.headline and "Without what excludes" not in found.headline


def test_the_best_by_accuracy_is_named_also_if_it_cannot_be_chosen():
    """Hybrid is right most often and misses the limit."""
    few = {"right": 150, "declined": range(150, 200)}
    found = verdict(MONEY | {"max_hallucination": 0.1}, rag=few, hybrid=165, base=0)
    assert found.winner == "rag" and found.most_accurate == "hybrid" and "hybrid" in found.excluded
    assert "By accuracy alone, hybrid leads, which cannot be chosen." in found.reason
    assert "hybrid would be worth" not in found.reason or "USD a year more than rag." in found.reason


def test_todays_process_has_its_own_accuracy_and_cost():
    """People who answer 95 % for 1 USD beat a contender with 80 %; for 6 USD they do not."""

    def today(usd):
        return {"value": {"currency": "USD", "unanswered": 8, "today": {"accuracy": 0.95, "per_question": usd}}}

    assert verdict(today(1), n=400, base=0, rag=320).winner is None
    assert verdict(today(6), n=400, base=0, rag=320).winner == "rag"


def test_with_a_value_only_goals_that_the_team_gave_are_required():
    """60 % right misses the assumed goal of 80 %; where answers have a value, that is not asked."""
    assert verdict({}, n=400, base=0, rag=240).decision == "improve"
    right = {"right": 240, "declined": range(240, 400)}
    assert verdict(MONEY, n=400, base=0, rag=right).decision == "ship"
    assert verdict({**MONEY, "accuracy_requirement": 5}, n=400, base=0, rag=right).decision == "improve"


def test_a_missed_limit_excludes_and_an_open_one_does_not_ship():
    """30 % wrong misses a limit of 20 %; 19 % of 100 does not show it."""
    found = verdict({"max_hallucination": 0.2}, n=400, base=0, rag=380, hybrid=200)
    assert "hybrid" in found.excluded and "50 % measured" in found.excluded["hybrid"]
    near = verdict({"max_hallucination": 0.2, "accuracy_requirement": 1}, n=100, base=0, rag=81)
    assert near.decision == "open" and state(near, "hallucination") == "open"


def test_budgets_limit_running_and_setting_up():
    """rag's set-up costs 5,000 USD, hybrid's 12,000: a budget of 9,000 excludes hybrid."""
    found = verdict({**EASY, "budget_setup_usd": 9_000}, base=10, rag=140, hybrid=190)
    assert found.winner == "rag" and "12,000 USD; the budget is 9,000" in found.excluded["hybrid"]


@pytest.mark.parametrize(
    ("latency", "decision"), [([100.0] * 70, "ship"), ([100.0] * 10 + [900.0] * 10, "none"), ([100.0, 110.0], "open")]
)
def test_latency_is_a_limit_with_three_states(latency, decision):
    """Seventy fast answers show it, half of twenty too slow miss it, two answers show nothing."""
    options = {"latencies_ms": {"rag": latency, "base": [10.0] * 70}}
    assert verdict({**EASY, "latency_limit_ms": 500}, base=10, rag=190, options=options).decision == decision


def test_a_contender_whose_answers_failed_cannot_be_chosen():
    """More than 5 % failed answers exclude, whatever the rest is like."""
    of = decision_fixture.tested(EASY, base=10, rag=190)

    failing = replace(of, comparison=with_estimates(of.comparison, "rag", errors=Estimate(value=0.2, n=200)))
    found = decide(decision(failing))
    assert "20 % of its answers failed" in found.excluded["rag"] and found.winner is None


def test_nothing_can_be_chosen_if_every_answer_failed():
    """All answers of all contenders are errors: excluded, each with the share, and no crash."""
    nobody = {"right": 0, "failed": range(200)}
    of = decision_fixture.tested(MONEY, base=nobody, rag=nobody)
    given = of.comparison
    for name in ("base", "rag"):
        failed = {"accuracy": Estimate(), "hallucination": Estimate(), "errors": Estimate(value=1.0, n=200)}
        given = with_estimates(given, name, **failed)
    for inputs in (of.inputs, {}):  # a contender without a successful answer has no cost
        found = decide(decision(replace(of, comparison=given, inputs=inputs)))
        assert found.winner is None and "100 % of its answers failed" in found.excluded["rag"]
        assert found.headline == "No verdict yet: too many answers failed."
        assert found.reason.startswith("Too many answers failed to say anything about base (100 %) and rag (100 %).")
        assert "bakeoff run CONFIG --resume" in found.reason


@pytest.mark.parametrize(("right", "what"), [(190, "ship"), (10, "none")])
def test_failed_answers_are_named_first_whatever_is_decided(right, what):
    """Of one contender: it may be what the others are not, so "build nothing" is said of nobody."""
    of = decision_fixture.tested(EASY, base=10, rag=right, hybrid=100)
    failed = {"accuracy": Estimate(), "hallucination": Estimate(), "errors": Estimate(value=1.0, n=200)}
    found = decide(decision(replace(of, comparison=with_estimates(of.comparison, "hybrid", **failed))))
    assert found.decision == what
    assert found.reason.startswith("Too many answers failed to say anything about hybrid (100 %). Ask them again")
    assert (found.headline == "No verdict yet: too many answers failed.") == (what == "none")


def test_failed_answers_of_one_that_a_need_excludes_leave_nothing_open():
    """It could not be chosen if it answered, so that nobody keeps the limits stays the verdict."""
    of = decision_fixture.tested({**EASY, "needs_citations": True}, base=10, tuned=20)
    failed = {"accuracy": Estimate(), "hallucination": Estimate(), "errors": Estimate(value=1.0, n=200)}
    needs = {name: {"needs_citations": "it names no sources"} for name in ("base", "tuned")}
    given = with_estimates(of.comparison, "tuned", **failed)
    assert decide(decision(replace(of, comparison=given, needs=needs))).headline.startswith("Build nothing yet")


def test_few_facts_carry_no_verdict_however_often_they_are_asked():
    """A verdict counts facts: 40 questions about 2 facts are two observations."""
    found = verdict(EASY, asked=questions(40, phrasings=20), rag=4, hybrid=38)
    assert found.winner is None and "The test covers 2 facts; a verdict needs at least 30" in found.reason


def test_nothing_is_chosen_if_no_answer_was_right():
    """Contenders without a correct answer are not shipped, however cheap."""
    found = verdict({}, rag=0, hybrid=0)
    assert found.winner is None and "No contender answered any of the 200" in found.reason


def test_one_contender_alone_is_said_to_be_alone():
    """Nothing was compared, and the warnings say so."""
    found = verdict(EASY, n=400, rag=380)
    assert found.winner == "rag" and "only one contender" in found.warnings[0]


def test_another_way_to_count_that_turns_the_order_is_a_warning_with_numbers():
    """By question rag leads, by traffic hybrid: the warning names both with numbers."""
    asked = [q.model_copy(update={"asked": 100 if i < 20 else 1}) for i, q in enumerate(questions(200))]
    found = verdict(EASY, asked=asked, base=0, rag=range(20, 190), hybrid=160)
    lines = [line for line in found.warnings if "By traffic" in line]
    assert found.winner == "rag" and len(lines) == 1 and "hybrid leads: +" in lines[0]
    assert (
        verdict({**EASY, "counts": "traffic"}, asked=asked, base=0, rag=range(20, 190), hybrid=160).winner == "hybrid"
    )


def test_the_expected_mix_of_slices_decides():
    """Of the test, 50 questions are seen and 150 unseen; a team that expects only seen ones gets their best."""
    asked = [*questions(50, part="seen"), *(q for q in questions(200)[50:])]
    contenders = {"base": 0, "tuned": range(60), "rag": range(20, 180)}
    assert verdict(EASY, asked=asked, **contenders).winner == "rag"
    found = verdict({**EASY, "slice_weights": {"seen": 1}}, asked=asked, **contenders)
    assert found.winner == "tuned"


def test_changed_documents_decide_between_tuned_and_rag():
    """Tuned has 86 %, rag 82 %; after daily updates tuned knows nothing that changed: rag is worth more."""
    changed = [q.model_copy(update={"id": f"c{q.id}", "fact": f"c{q.fact}"}) for q in questions(40, part="changed")]

    def answers(**rights):
        right = {name: known({f"c{i}": float(i < n) for i in range(40)}) for name, n in rights.items()}
        return right, {name: known(dict.fromkeys(of.values, 0.0)) for name, of in right.items()}

    options = {"changed": changed, "before": answers(base=0, tuned=0, rag=0), "after": answers(base=0, tuned=0, rag=34)}
    contenders = {"base": 0, "tuned": 172, "rag": 164}
    assert verdict(MONEY, options=options, **contenders).winner == "tuned"
    assert verdict({**MONEY, "update_interval_days": 1}, options=options, **contenders).winner == "rag"


def test_a_model_that_may_not_be_asked_is_excluded_with_its_reason():
    """Needs come before measures."""
    found = verdict(EASY, base=10, rag=150, hybrid=190, options={"needs": {"hybrid": {"offline": "it asks a.example"}}})
    assert found.winner == "rag" and found.excluded["hybrid"] == "it asks a.example"
    assert AskedModel(name="m", label="m").location == "here" and entrant("rag").retrieves


def test_too_many_unsure_answers_are_the_first_reason():
    """A third of the answers can be called neither right nor wrong: that is what to change."""
    found = verdict(EASY, n=100, base=20, rag={"right": range(20, 50), "unsure": range(50, 100)})
    assert found.winner is None and "rag" in found.ungraded and "bakeoff label RUN" in found.reason


def test_unsure_answers_with_the_same_text_cancel():
    """Two contenders with the same unsure texts differ only where they differ."""
    spec = {"right": 100, "unsure": range(100, 150)}
    found = verdict(
        EASY, base=0, rag=spec | {"text": "x"}, hybrid={"right": range(80), "unsure": range(100, 150), "text": "x"}
    )
    assert found.winner == "rag" and found.tied_with == ()


def test_the_level_counts_every_contender_that_could_be_picked():
    """With a value, base models may be picked too: the best of two was lucky, so its bounds are stricter."""
    rights = {"base": range(120), "rag": range(60, 180)}
    without = decision_fixture.decided({}, **rights).level
    assert without == 0.95 < decision_fixture.decided(MONEY, usd={"base": 5_000.0, "rag": 5_000.0}, **rights).level


def test_no_wrong_answer_among_few_does_not_show_that_there_are_none():
    """58 of 60 right, none wrong, a penalty of 30: up to 5 % may be wrong, worse than doing nothing; 400 show it."""
    costly = {"accuracy_requirement": 1, "max_hallucination": 0.2, "wrong_answer_penalty": 30}
    few = verdict(costly, n=60, base={"right": 0, "declined": range(60)}, rag={"right": 58, "declined": [58, 59]})
    assert few.decision == "open" and "worth more than doing nothing" in few.not_shown
    assert "If as many of its answers are wrong as the test allows for" in few.reason or "has a chance of" in few.reason
    many = verdict(
        costly, n=400, base={"right": 0, "declined": range(400)}, rag={"right": 396, "declined": range(396, 400)}
    )
    assert many.decision == "ship"


def test_who_may_be_best_goes_by_money_where_money_decides():
    """Today's process is kept, and what may be better instead is named by its chance in money, not by its answers."""
    found = verdict(
        {"value": {"currency": "USD", "unanswered": 0.02}, "queries_per_month": 1_000}, base=10, rag=120, hybrid=180
    )
    assert (found.decision, found.winner) == ("none", None) and "hybrid" not in found.tied_with


STAFF = {"currency": "USD", "unanswered": 4, "wrong": 12, "today": {"accuracy": 0.6, "per_question": 1}}
"""People who answer today are right in 60 % and wrong in 40 %, which costs three right answers each: a loss."""


def test_what_is_worth_less_than_nobody_answering_is_not_shipped():
    """Better than today's process, and still a loss: nobody answering would cost less, and the verdict says so."""
    found = verdict({"value": STAFF}, base=0, rag={"right": 100, "declined": range(150, 200)})
    assert (found.decision, found.winner) == ("none", None)
    assert found.headline.startswith("Build nothing: nobody answering would cost less. The best contender, rag,")
    assert "Today's process is worth -" in found.headline and "`unanswered`" in found.reason


def test_a_lead_over_nobody_answering_must_be_shown_where_somebody_answers_today():
    """A small gain that may be a loss: ahead of today's process for sure, of nobody answering not yet."""
    found = verdict({"value": STAFF}, n=100, base=0, rag={"right": 55, "declined": range(66, 100)})
    assert found.decision == "open" and "worth more than nobody answering" in found.not_shown
    assert "That it is worth more than nobody answering has a chance of" in found.reason


def test_the_bound_of_wrong_answers_counts_what_they_cost_where_they_cost_it():
    """Ten questions of a slice are all right; wrong ones there cost 160 right ones. Ten do not show that none is."""
    dear = {"currency": "USD", "unanswered": 4, "by_slice": {"seen": {"wrong": 640}}}
    asked = [*questions(90), *(q.model_copy(update={"id": f"s{q.id}", "fact": f"s{q.fact}", "slice": "seen"})
                               for q in questions(10))]  # fmt: skip
    renumbered = [q.model_copy(update={"id": str(i)}) for i, q in enumerate(asked)]
    found = verdict(
        {"value": dear}, asked=renumbered, usd={"rag": 1}, base=0, rag={"right": [*range(60), *range(90, 100)]}
    )
    assert found.decision == "open" and "worth more than doing nothing" in found.not_shown


def test_unsure_answers_that_decide_are_named_before_anything_is_kept_or_built():
    """All answers of one contender are unsure: in money too, the first thing to do is to label them."""
    found = verdict(
        {"value": {"currency": "USD", "unanswered": 4}},
        n=100,
        base=0,
        rag=30,
        extract={"right": 0, "unsure": range(100)},
    )
    assert found.headline == "No verdict yet: too many answers are neither right nor wrong."
    assert "extract" in found.ungraded and "labels of the 100 unsure answers" in found.reason


def test_a_leader_that_is_worse_than_base_is_called_worse():
    """Nothing is 'not shown to be better' that is shown to be worse."""
    found = verdict(EASY, base=180, rag=100)
    assert found.headline == "Build nothing yet: rag is the best, but worse than base."
    assert "net right answers of 100 fewer than base" in found.reason


def test_with_staff_today_the_advice_is_to_keep_them():
    """Where somebody answers today at a profit, that is what is kept."""
    staff = {"currency": "USD", "unanswered": 4, "today": {"accuracy": 0.98, "per_question": 0.1}}
    found = verdict({"value": staff}, base=0, rag=100)
    assert found.headline.startswith(
        "Keep today's process: no contender is worth more than today's process on average."
    )


def test_a_need_for_consistency_stands_beside_a_value():
    """No value of single answers says that two wordings must get the same answer, so the profile's need is required."""
    found = verdict({**MONEY, "consistency_needed": True}, base=10, rag=120, hybrid=180)
    assert state(found, "consistency") == "open" and found.decision == "open"


def test_a_given_accuracy_is_required_of_changed_documents_too_beside_a_value():
    """The team gave the goal: answers on changed documents have to reach it. Without the goal the value decides."""
    changing = {**MONEY, "update_interval_days": 30}
    found = verdict({**changing, "accuracy_requirement": 1}, base=10, rag=120, hybrid=180)
    assert state(found, "freshness") == "open" and "freshness" in " ".join(found.not_shown)
    assert not any(s.name == "freshness" for s in verdict(changing, base=10, rag=120, hybrid=180).standings["hybrid"])


def test_every_stated_need_has_a_row_also_where_it_is_met():
    """On the premises and citations are stated; what a contender is says that it meets them."""
    found = verdict({**EASY, "privacy_on_premises": True, "needs_citations": True}, base=10, rag=120, hybrid=180)
    assert state(found, "privacy_on_premises") == state(found, "needs_citations") == "met"


def test_what_loses_is_not_shipped_where_today_is_known_by_its_cost_alone():
    """Today costs 20,000 USD a month and nobody says how right it is: less of a loss is still a loss."""
    only_costs = {"currency": "USD", "unanswered": 4, "today": {"per_month": 20_000}}
    found = verdict({"value": only_costs}, base=60, rag=100)
    assert (found.decision, found.winner) == ("none", None)
    assert found.headline.startswith("Build nothing: nobody answering would cost less. The best contender, rag,")
    assert "Today's process is worth -240,000 USD." in found.headline


def test_wrong_answers_that_the_test_may_have_missed_count_against_nobody_answering_too():
    """Today's process is a great loss. 58 of 60 right, none wrong at a cost of 30: nobody answering may be better."""
    awful = {"currency": "USD", "unanswered": 4, "wrong": 120, "today": {"accuracy": 0.1, "per_question": 2}}
    found = verdict(
        {"value": awful}, n=60, base={"right": 0, "declined": range(60)}, rag={"right": 58, "declined": [58, 59]}
    )
    assert found.decision == "open" and found.not_shown == ("worth more than nobody answering",)
    assert "as the test allows for, it is worth less than nobody answering" in found.reason


def test_another_order_is_told_in_what_the_order_is_by():
    """hybrid has more net right answers either way; after its cost rag is worth more, by traffic not: money is told."""
    asked = [q.model_copy(update={"asked": 100 if i < 20 else 1}) for i, q in enumerate(questions(200))]
    found = verdict(
        MONEY, asked=asked, usd={"hybrid": 60_000.0}, base=0, rag=range(10, 170), hybrid={"right": range(164)}
    )
    (line,) = [line for line in found.warnings if "By traffic" in line]
    more, less = (float(usd.replace(",", "")) for usd in re.findall(r"about (-?[\d,]+)\sUSD", line))
    assert found.winner == "rag" and more > 0 and less > 0 and "net right" not in line
    assert "By traffic, hybrid leads: after all costs it is worth about" in line and "more than rag" in line


def test_a_choice_that_grades_would_not_turn_still_says_that_grades_are_missing():
    """Nobody knows how right one of the answers is; people who are right in 99 % are kept, and labels are asked for."""
    people = {"currency": "USD", "unanswered": 4, "today": {"accuracy": 0.99}}
    unsure = {"right": 0, "unsure": range(100)}
    found = verdict({"value": people}, n=100, base=unsure, rag=unsure)
    assert found.headline.startswith("Keep today's process") and found.ungraded == ("base", "rag")
    assert "neither right nor wrong: base 100 of 100 and rag 100 of 100" in found.warnings[0]
    assert not any("neither right nor wrong" in line for line in verdict({"value": people}, base=10, rag=100).warnings)


def test_a_chance_is_only_100_percent_where_it_is_exact():
    """Headline and table round alike: beside an expected loss above 0 no chance is 100 %."""
    case = decision_fixture.decided(MONEY, base=10, rag=180, hybrid=150)
    nets = {name: net.model_copy(update={"best": 0.9995, "loss": 0.53}) for name, net in case.worth.nets.items()}
    found = decide(replace(case, worth=case.worth.model_copy(update={"nets": nets})))
    assert "with a chance of >99 %, and the expected loss of choosing it is 0.53 USD a year" in found.headline
    assert [percent(share) for share in (1.0, 0.9951, 0.48, 0.004, 0.0)] == ["100 %", ">99 %", "48 %", "<1 %", "0 %"]
    assert (percent_unlike(0.999, 0.9), percent_unlike(0.0498, 0.05)) == (">99 %", "4.98 %")


def test_if_todays_process_is_the_least_loss_it_is_called_that():
    """No 'best choice, doing nothing' beside 'nobody answering would cost less'; a sentence starts with a capital."""
    found = verdict({"value": STAFF}, usd={"rag": 500_000}, base=0, rag=100)
    assert found.decision == "none" and found.headline.startswith(
        "Build nothing: nobody answering would cost less. Today's process is worth -"
    )
    assert "a year, and every contender that can be chosen less." in found.headline
    assert found.reason.startswith("Today's process gains -")
    assert "doing nothing" not in found.headline + found.reason and "best choice" not in found.headline + found.reason


def test_a_lead_by_one_answer_says_so():
    """Who may be the best instead is named with the one question on which they differ; a larger lead is not."""
    found = verdict(EASY, n=60, base=0, rag=range(41), hybrid=range(42), tuned=range(5, 40))
    assert found.few_differ["hybrid"] == {"rag": 1} and "tuned" not in found.few_differ
    assert found.winner in ("rag", "hybrid") and "differs on 1 question)" in found.reason


@pytest.mark.parametrize(
    ("chance", "level", "said"),
    [
        (0.9, 0.95, "a chance of 90 %; 95 % would show it"),
        (0.948, 0.95, "a chance of 94.8 %; 95.0 % would show it"),
        (0.98178, 0.98221, "a chance of 98.18 %; 98.22 % would show it"),
    ],
)
def test_a_chance_that_is_too_small_never_reads_as_the_one_that_would_do(chance, level, said):
    assert _too_small(chance, level) == said
