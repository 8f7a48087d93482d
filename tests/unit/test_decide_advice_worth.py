"""Advice with a value of answers: from how many right answers an approach pays for itself, and in which currency."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.decide.advise.advise import Advice, advise
from bakeoff.decide.advise.estimates import estimates
from bakeoff.decide.advise.paying import Paying, counted, net_of_100, paying
from bakeoff.decide.situation.currency import currency_note
from bakeoff.decide.situation.profile import validate_profile
from bakeoff.decide.value.worth import Shares, handed_usd, today_total_usd, today_utility, utility_of
from bakeoff.report.advice.markdown import advice_markdown, plain
from bakeoff.report.advice.page import advice_html
from tests.unit.comparison_fixture import STANDARD, STANDING

START = date(2026, 11, 23)
KNOWN = {name: {"setup_usd": 600, "usd_per_month": 50, "usd_per_query": 0} for name in ("rag", "tuned")}
DEAR = {"hybrid": {"setup_usd": 4800, "usd_per_month": 100, "usd_per_query": 0}}
HAND: dict[str, Any] = {"queries_per_month": 100, "horizon_months": 12, "fixed": {**KNOWN, **DEAR}}
"""1,200 questions. RAG and tuning cost 600 + 12 x 50 = 1,200 USD, a hybrid 4,800 + 12 x 100 = 6,000 USD."""
FOUR = {"currency": "USD", "unanswered": 4}


def advice(value: dict[str, Any] | None, **more: Any) -> Advice:
    return advise(validate_profile({**HAND, **({"value": value} if value else {}), **more}), START, STANDARD)


def ways(value: dict[str, Any], **more: Any) -> dict[str, Paying]:
    profile = validate_profile({**HAND, "value": value, **more})
    return paying(profile, estimates(profile, STANDING))


def test_an_approach_pays_for_itself_from_its_cost_by_the_worth_of_the_questions() -> None:
    """1,200 USD for 1,200 questions at 4 USD: 25 of 100. A hybrid for 6,000 USD needs 125: no answers can pay."""
    found = ways(FOUR)
    assert found["rag"].today.likely == found["rag"].nobody.likely == pytest.approx(25)
    assert found["hybrid"].today.likely == pytest.approx(125)
    assert found["rag"].can_pay and not found["hybrid"].can_pay
    lines = advice(FOUR).cost.pays
    assert lines[0] == "RAG pays for itself from 25 net right answers of 100."
    assert lines[2] == "Hybrid cannot pay for itself: it would need 125 net right answers of 100."
    assert lines[3].startswith(
        "Net right answers are right ones, less 1 for each wrong one and 0 for each declined one"
    )


def test_what_is_ruled_out_is_marked_also_where_it_would_pay() -> None:
    """Fine-tuning costs no more than RAG here, but cannot cite."""
    lines = advice(FOUR, needs_citations=True).cost.pays
    assert lines[1] == "Fine-tuning (ruled out) pays for itself from 25 net right answers of 100."
    assert lines[0].startswith("RAG pays")


def test_today_s_process_is_what_an_approach_has_to_beat() -> None:
    """Today 50 right and 20 wrong of 100: 30 net. It costs 0.25 a question and 25 a month, 600 USD in all.

    So 30 + (1,200 - 600) / 48 = 42.5: from 43. At three times the cost of a wrong answer, today is worth -10: from 3.
    """
    today = {"accuracy": 0.5, "declined": 0.3, "per_question": 0.25, "per_month": 25}
    found = ways({**FOUR, "today": today})
    assert found["rag"].today.likely == pytest.approx(42.5) and found["rag"].nobody.likely == pytest.approx(25)
    assert ways({**FOUR, "wrong": 12, "today": today})["rag"].today.likely == pytest.approx(2.5)
    lines = advice({**FOUR, "today": today}).cost.pays
    assert lines[0] == (
        "RAG pays for itself against today's process from 43 net right answers of 100; against nobody answering "
        "from 25."
    )
    assert "Today's process gives 30 net right answers of 100 and costs 600 USD over 12 months." in lines[3]


def test_a_dear_process_is_beaten_by_any_answers() -> None:
    """Today costs 2 USD a question, 2,400 USD, and answers nobody rightly: RAG pays from (1,200 - 2,400) / 48 = -25."""
    line = advice({**FOUR, "today": {"per_question": 2}}).cost.pays[0]
    assert "from -25 net right answers of 100, because today's process loses more than RAG costs" in line


def test_a_discount_counts_for_today_as_for_the_approaches() -> None:
    """If an approach costs what today costs, month by month, it must give what today gives, at every discount."""
    same = {"setup_usd": 0, "usd_per_month": 75, "usd_per_query": 0.5}
    value = {**FOUR, "today": {"accuracy": 0.4, "declined": 0.6, "per_question": 0.5, "per_month": 75}}
    found = ways(value, fixed=dict.fromkeys(("rag", "tuned", "hybrid"), same), discount_per_year=0.2)
    assert all(way.today.likely == pytest.approx(40) for way in found.values())


def test_without_a_value_or_a_price_nothing_is_said() -> None:
    """The advice is as before."""
    assert advice(None).cost.pays == () and advice(None).matrix.unpaid == ()
    unpriced = advice(FOUR, needs_citations=True, answers_on="api", fixed={})
    assert unpriced.cost.problem and unpriced.cost.pays == () and unpriced.matrix.unpaid == ()
    assert any("worth more than nobody answering, costs included" in one.text for one in unpriced.conditions)


def test_if_no_approach_can_pay_the_headline_says_to_build_nothing(tmp_path: Path) -> None:
    """And why, in Markdown, page, terminal and JSON; there is no plan, but what would change it."""
    values = {"queries_per_month": 20, "value": FOUR, "needs_style": True}
    none = advise(validate_profile(values), START, STANDARD)
    headline = none.recommendation.headline
    assert headline == (
        "Build nothing: at assumed costs no approach can pay for itself: even RAG would need "
        f"{net_of_100(none.cost.paying[0].today.likely)} net right answers of 100. Doing nothing is cheaper."
    )
    assert none.recommendation.approach is None and none.roadmap is None and none.conditions == ()
    assert len(none.recommendation.reasons) == 3 and any(
        "queries a month instead of 20" in line for line in none.changes
    )
    page = advice_html(none)
    assert f"<h1>{headline}</h1>" in page and none.changes[0] in page and 'id="conditions"' not in page
    assert f"**{plain(headline)}**" in advice_markdown(none) and "Start with" not in advice_markdown(none)
    path = tmp_path / "profile.yaml"
    path.write_text(yaml.safe_dump(values))
    arguments = ["advise", "--profile", str(path), "--force", "--output", str(tmp_path / "out")]
    assert CliRunner().invoke(app, arguments).stdout.startswith(headline)
    assert json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)["headline"] == headline


def test_nothing_is_built_either_if_what_could_pay_is_ruled_out() -> None:
    """The headline names it, with the reason; with today's process it says to keep that."""
    dear = {"setup_usd": 6000, "usd_per_month": 0, "usd_per_query": 0}
    fixed = {"tuned": KNOWN["tuned"], "rag": dear, "hybrid": dear}
    of = advice(FOUR, fixed=fixed, needs_citations=True).recommendation.headline
    assert of.startswith("Build nothing: at assumed costs no approach that is left can pay for itself: even RAG would")
    assert "Fine-tuning could pay, but is ruled out: " in of
    kept = advice({**FOUR, "today": {"accuracy": 1.0}}).recommendation.headline
    assert "can pay for itself against today's process: even RAG would need 125" in kept
    assert kept.endswith("Keep today's process, which is worth more.")


def test_the_recommendation_goes_to_an_approach_that_can_pay() -> None:
    """A hybrid would lead, but needs 125 net right answers of 100: RAG is recommended, and the hybrid is out."""
    style = {"needs_style": True, "labelled_examples": 9_000, "ml_expertise": 5, "needs_citations": True}
    style["factor_weights"] = {"volume": 0}
    assert advice(None, **style).recommendation.approach == "hybrid"
    of = advice(FOUR, **style)
    assert of.recommendation.approach == "rag" and of.matrix.unpaid == ("hybrid",)
    reason = "at assumed costs it would need 125 net right answers of 100 to pay for itself"
    assert f"Hybrid is ruled out: {reason}." in of.recommendation.uncertainty
    assert not any("(ruled out) cannot pay" in line for line in of.cost.pays)


DEAR_TODAY: dict[str, Any] = {**FOUR, "today": {"accuracy": 0.5, "per_question": 100}}
"""People who cost 100 USD a question that is worth 4: everything beats them, and nobody answering beats most."""


def test_what_beats_a_dear_process_but_not_nobody_answering_cannot_pay() -> None:
    """14,400 USD are at stake: the verdict says that nobody answering would cost less, and so does the advice."""
    of = advise(validate_profile({"queries_per_month": 300, "value": DEAR_TODAY, "needs_style": True}), START, STANDARD)
    assert of.recommendation.approach is None and of.roadmap is None and len(of.matrix.unpaid) == 3
    headline, least = of.recommendation.headline, min(way.nobody.likely for way in of.cost.paying)
    assert headline.startswith(
        "Build nothing: at assumed costs no approach can pay for itself against nobody answering: even RAG would need "
        f"{net_of_100(least)} net right answers of 100. Today's process costs more than its answers are worth, too."
    )
    assert least > 100 and all(way.today.likely < 0 and not way.can_pay for way in of.cost.paying)
    assert of.cost.pays[0].startswith("RAG cannot pay for itself against nobody answering: it would need")


def test_an_approach_must_beat_both_today_and_nobody() -> None:
    """Where both can be beaten it pays; the threshold of a pilot is the higher of the two."""
    cheap = advice(DEAR_TODAY, needs_citations=True)
    worth = next(one for one in cheap.conditions if "costs included" in one.text)
    assert worth.text.startswith(
        "rag is worth more than today's process and than nobody answering, costs included: at "
    )
    assert worth.threshold == pytest.approx(0.25)
    assert worth.otherwise == "build nothing: nobody answering would cost less"
    good = advice({**FOUR, "today": {"accuracy": 0.8, "per_question": 1}}, needs_citations=True)
    assert next(one for one in good.conditions if "costs included" in one.text).otherwise == "keep today's process"


def test_without_today_nothing_speaks_of_todays_process(tmp_path: Path) -> None:
    """Nobody answers today: in conditions, plan, Markdown, page and calendar."""
    values = {**HAND, "value": FOUR, "needs_citations": True}
    of = advise(validate_profile(values), START, STANDARD)
    worth = next(one for one in of.conditions if "costs included" in one.text)
    assert worth.otherwise == "build nothing" and "worth more than nobody answering" in worth.text
    path = tmp_path / "profile.yaml"
    path.write_text(yaml.safe_dump(values))
    CliRunner().invoke(app, ["advise", "--profile", str(path), "--force", "--output", str(tmp_path / "out")])
    written = [path.read_text(encoding="utf-8") for path in sorted((tmp_path / "out").iterdir())]
    assert len(written) == 3 and all("nobody answering" in text.replace("\r\n ", "") for text in written)
    for text in (*written, of.model_dump_json()):
        assert not any(words in text for words in ("today's process", "today&#39;s process", "today’s process"))


HANDED: dict[str, Any] = {**FOUR, "declined_to": "today", "today": {"accuracy": 0.9, "per_question": 1}}


@pytest.mark.parametrize("per_month", [0.0, 700.0])
@pytest.mark.parametrize("declined_usd", [0.0, 0.5])
@pytest.mark.parametrize(("wrong", "declined"), [(0.0, 0.0), (0.02, 0.3), (0.0, 0.7)])
def test_break_even_with_hand_overs_is_that_of_the_verdict(
    wrong: float, declined: float, per_month: float, declined_usd: float
) -> None:
    """At it the net value against today is 0 by the verdict's own sums, however many are wrong or handed over."""
    value = {**HANDED, "declined": declined_usd, "today": {**HANDED["today"], "per_month": per_month}}
    profile = validate_profile({"value": value, "queries_per_month": 8000})
    known = estimates(profile, STANDING)
    way, counts = paying(profile, known)["rag"], counted(profile)
    months, stakes, given = 12.0, profile.stakes_usd, profile.value
    assert stakes is not None and given is not None
    for needed, against_today in ((way.today.likely, True), (way.nobody.likely, False)):
        right = needed / 100 + counts.wrong * wrong + counts.declined * declined
        mix = Shares(np.array([[right]]), np.array([[declined]]), np.array([[right + wrong + declined]]))
        to = given.hand_over()
        assert to is not None
        answers = utility_of(mix, stakes, [None], to.unpaid)
        handed = handed_usd(given, 1.0, np.array([declined]), known.queries, months)
        net = answers * known.queries - known.total["rag"].likely - handed
        today = today_utility(given, stakes, np.ones((1, 1)), [None]) * known.queries
        today = today - today_total_usd(given, 1.0, known.queries, months)
        assert net - today * against_today == pytest.approx(0, abs=0.01)


def test_the_sentence_says_what_a_handed_over_question_counts() -> None:
    """0.9 x 4 - 0.1 x 4 - 1 = 2.2 USD are 0.55 right answers; a dear person costs more than the answer is worth."""
    about = advice(HANDED).cost.pays[-1]
    assert "less 1 for each wrong one, plus 0.55 for each declined one" in about
    assert "A declined one goes to today's people: it counts what their answer is worth, less their pay" in about
    assert "a month" not in about
    dear = {**HANDED, "wrong": 8, "today": {"accuracy": 0.9, "per_question": 5, "per_month": 700}}
    assert "less 2 for each wrong one, less 0.55 for each declined one" in advice(dear).cost.pays[-1]
    assert "The 700 USD a month that they cost besides count for every approach." in advice(dear).cost.pays[-1]


def test_the_condition_of_a_pilot_is_the_break_even_with_hand_overs() -> None:
    """As threshold and in words."""
    of = advice({**HANDED, "today": {**HANDED["today"], "per_month": 70}})
    name = of.recommendation.approach
    way = next(way for way in of.cost.paying if way.approach == name)
    worth = next(one for one in of.conditions if "costs included: at least" in one.text)
    assert worth.threshold == pytest.approx(way.today.likely / 100)
    assert way.today.likely == pytest.approx(80 + 100 * (1_200 - 1_200) / 4_800)
    assert f"at least {net_of_100(way.today.likely)} net right answers" in worth.text


def test_what_no_approach_can_beat_is_said_first() -> None:
    """Today gives 100 of 100 at no cost: keeping it is cheaper than RAG, although RAG would pay against nobody."""
    warnings = advice({**FOUR, "today": {"accuracy": 1.0}}).warnings
    assert any("no approach is worth more than today's process: RAG would need 125" in line for line in warnings)
    assert not any("no approach" in line for line in advice({**FOUR, "today": {"accuracy": 0.5}}).warnings)


def test_with_a_value_the_conditions_are_those_of_the_verdict() -> None:
    """The dearer approach must earn its extra cost (75 - 25 of 100); no goal that Bakeoff assumed is a condition."""
    fixed = {**KNOWN, "hybrid": {"setup_usd": 2400, "usd_per_month": 100, "usd_per_query": 0}}
    of = advice(FOUR, needs_citations=True, update_interval_days=7, fixed=fixed)
    assert of.recommendation.approach == "rag"
    texts = [one.text for one in of.conditions]
    dearer = "hybrid does not give 50 or more net right answers of 100 more than rag, which would pay for its higher"
    assert texts[0] == f"{dearer} cost"
    assert texts[1].endswith("costs included: at least 25 net right answers of 100, at assumed costs")
    assert not any("assumed)" in text or "points of accuracy" in text for text in texts)
    own = advice(FOUR, needs_citations=True, accuracy_requirement=4)
    assert any("accuracy of at least 90 %" in one.text for one in own.conditions)
    assert any("points of accuracy" in one.text for one in advice(None).conditions)


def test_markdown_page_terminal_and_json_say_from_when_it_pays(tmp_path: Path) -> None:
    """And in which currency, if the profile uses another one."""
    value = {"currency": "CHF", "unanswered": 4}
    of = advice(value, usd_per={"CHF": 1.25})
    line, note = "RAG pays for itself from 20 net right answers of 100.", "converted at its own rate: 1.25 USD per CHF."
    for text in (advice_markdown(of), advice_html(of)):
        assert line in text and note in text
    path = tmp_path / "profile.yaml"
    path.write_text(yaml.safe_dump({**HAND, "value": value, "usd_per": {"CHF": 1.25}}))
    arguments = ["advise", "--profile", str(path), "--force", "--output", str(tmp_path / "out")]
    shown = CliRunner().invoke(app, arguments).stdout
    assert line in shown and note in shown
    parsed = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    by_name = {way["approach"]: way for way in parsed["pays_for_itself"]}
    assert by_name["rag"]["today"][1] == pytest.approx(20) and by_name["rag"]["can_pay"]
    assert note in parsed["currency"]


def test_a_currency_note_names_rate_date_and_source() -> None:
    """Of the currencies in use only; a profile in US dollars has none, also where it states a rate."""
    day = {"amount": 1100, "currency": "CHF", "date": "2026-09-01", "source": "our salaries"}
    note = currency_note(validate_profile({"prices": {"engineering_day": day}, "usd_per": {"CHF": 1.1, "EUR": 1.2}}))
    assert note == (
        "All amounts are in US dollars. The profile's amounts in CHF were converted at its own rate: 1.1 USD per CHF. "
        "Prices converted: engineering_day 1100 CHF (2026-09-01, our salaries)."
    )
    assert currency_note(validate_profile({"value": FOUR, "usd_per": {"CHF": 1.1}})) == ""
    unpriced = advice({"currency": "CHF", "unanswered": 4}, usd_per={"CHF": 1.1}, answers_on="api", fixed={})
    assert "1.1 USD per CHF" in advice_markdown(unpriced)


@pytest.mark.parametrize("closed", ["privacy_on_premises", "must_run_offline"])
def test_a_closed_place_is_not_told_to_rent(closed: str) -> None:
    """A GPU on the premises or a smaller model: an API and a rented GPU would contradict the profile."""
    values = {"model_billion_parameters": 8, "has_training_gpu": False}
    line = next(line for line in advice(None, **values, **{closed: True}).warnings if "cannot be tuned" in line)
    assert "on the premises" in line and "rent" not in line and "API" not in line
    assert any("rent one" in line for line in advice(None, **values).warnings)


def test_values_are_said_as_a_person_says_them() -> None:
    """Every hour, not every 0.0416667 days; never, not none; no examples; and no band that holds the value itself."""
    hourly = advice_markdown(
        advice(None, update_interval_days=1 / 24, labelled_examples=5_000, needs_live_sources=True)
    )
    assert "every hour" in hourly and "0.041" not in hourly
    assert "500 to below 5,000 examples" in hourly
    fixed = {"update_interval_days": None, "labelled_examples": 3_000, "needs_style": True, "ml_expertise": 4}
    never = "\n".join(advice(None, **fixed, must_run_offline=True).changes)
    assert "instead of none" not in never and "below 1 examples" not in never
    assert "instead of never" in never and "were no examples" in never


def test_more_questions_than_a_service_can_have_are_asked_about() -> None:
    """A trillion a month is a slip, and would be priced without a word; ten million are not."""
    (line,) = [line for line in advice(None, queries_per_month=1e12).warnings if "in each second" in line]
    assert line.startswith("1,000,000,000,000 queries a month are 380,518 in each second: check queries_per_month.")
    assert not [line for line in advice(None, queries_per_month=1e7).warnings if "in each second" in line]
