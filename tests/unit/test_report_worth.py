"""What contenders are worth in the report, with and without a value: rows, charts, requirements, more data."""

import base64
import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bakeoff.decide.requirements.standing import Standing
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.value.information import Information, Offer
from bakeoff.decide.value.outcomes import UNIT
from bakeoff.decide.value.worth import NOTHING, BestFrom, Range
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.report.csv_tables import csv_tables
from bakeoff.report.gather import ReportData, gather
from bakeoff.report.html import html_page
from bakeoff.report.markdown import markdown_page
from bakeoff.report.requirements import cell_text, cells, requirements, requirements_context, shown_first, summary
from bakeoff.report.terminal import comparison
from bakeoff.report.value_charts import Best, Over, Spot, bent_ticks, chance_chart, dot_radius, front_chart, net_chart
from bakeoff.report.value_page import axis, row_axis, row_marks, value_context, value_sliders
from bakeoff.report.value_payload import value_payload
from bakeoff.report.verdict_charts import Line
from bakeoff.report.worth_text import dominated, example_usd, more_data, range_sentences, shares, valued, worth_sentence
from tests.unit.report_fixture import PROFILE, build

VALUE = {"currency": "USD", "unanswered": 4.0}
COLOURS = {name: i for i, name in enumerate(("base", "rag", "tuned", "hybrid", "extract", "router", "rag-tuned"))}


def judged(root: Path, **changes: object) -> ReportData:
    profile = Profile.model_validate({**PROFILE.model_dump(exclude_unset=True), **changes})
    return gather(build(root / "run", n_questions=60, profile=profile))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    return judged(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    return judged(tmp_path_factory.mktemp("rich"), value=VALUE)


def of(data: ReportData) -> Judgement:
    assert data.judgement is not None
    return data.judgement


def test_with_a_value_money_is_the_verdicts(rich: ReportData) -> None:
    """The report's worth is that of verdict.json; the picture at the top is net value with doing nothing in it."""
    judgement = of(rich)
    found = valued(judgement)
    assert found is not None and found.is_given and found.right_usd == 4.0
    assert found.nets == judgement.worth.nets and found.ranges == judgement.worth.ranges
    page = html_page(rich)
    top = page[: page.index("<nav")]
    assert 'data-rows="net"' in top and 'data-rows="utility"' not in page and "doing nothing" in top


def test_every_page_names_the_same_total(rich: ReportData, plain: ReportData) -> None:
    """The cost table's total, its interval and the cost a year of the net value are one number each."""
    for shown in (rich, plain):
        judgement = of(shown)
        found = valued(judgement)
        assert found is not None and any(row.total_high_usd > row.total_low_usd for row in judgement.cost.table)
        for row in judgement.cost.table:
            cost, yearly = found.nets[row.contender].cost, 12 / row.horizon_months
            assert cost.value == pytest.approx(yearly * row.total_usd)
            assert (cost.low, cost.high) == pytest.approx((yearly * row.total_low_usd, yearly * row.total_high_usd))
            assert row.total_usd == pytest.approx(judgement.cost.breakdown[row.contender].total_usd, rel=5e-3)


def test_amounts_in_another_currency_are_said_to_be_converted(tmp_path: Path, rich: ReportData) -> None:
    """On the page and in Markdown with the costs and with the worth, in the terminal once; in US dollars never."""
    note = "converted at its own rate: 1.25 USD per CHF."
    swiss = judged(tmp_path, value={"currency": "CHF", "unanswered": 4}, usd_per={"CHF": 1.25})
    assert html_page(swiss).count(note) == markdown_page(swiss).count(note) == 2
    shown = io.StringIO()
    Console(width=400, file=shown).print(comparison(swiss))
    assert shown.getvalue().count(note) == 1
    assert "converted at" not in html_page(rich) + markdown_page(rich)


def test_without_a_value_it_is_an_example_and_said_to_be_one(plain: ReportData) -> None:
    """The picture at the top is in right answers; money is a what-if with its slider, and the ranges are shown."""
    judgement = of(plain)
    found = valued(judgement)
    assert found is not None and not found.is_given and not judgement.worth.nets
    assert found.ranges == judgement.worth.ranges
    page = html_page(plain)
    top = page[: page.index("<nav")]
    assert 'data-rows="utility"' in top and 'data-rows="net"' not in top and 'data-rows="net"' in page
    assert "What if a right answer is worth" in page and "Your profile does not say" in page
    assert "An example: if a right answer is worth" in markdown_page(plain)


def test_an_example_value_is_a_round_one_above_the_last_change() -> None:
    """Where the best contender never changes, it is 1 USD."""
    ranges = [BestFrom(contender="a", low=0.0, high=0.81), BestFrom(contender="b", low=0.81, high=None)]
    assert example_usd(ranges) == 2.0
    assert example_usd(ranges[:1]) == 1.0


def test_ranges_say_who_is_best_from_which_value_on() -> None:
    """One sentence for each range; a single one holds for every value."""
    ranges = [
        BestFrom(contender=NOTHING, low=0.0, high=0.8355),
        BestFrom(contender="extract", low=0.8355, high=6.4),
        BestFrom(contender="hybrid", low=6.4, high=None),
    ]
    assert range_sentences(ranges) == [
        "Below 0.836 USD for a right answer: doing nothing.",
        "From 0.836 USD to 6.4 USD: extract.",
        "From 6.4 USD for a right answer: hybrid.",
    ]
    assert range_sentences(ranges[:1]) == [
        "Of those that can be chosen, doing nothing is worth the most on average, whatever a right answer is worth."
    ]


def test_the_sentence_says_how_much_how_sure_and_what_is_at_stake(rich: ReportData) -> None:
    """The leader's net value with its interval, its chance and its expected loss."""
    found = valued(of(rich))
    assert found is not None
    sentence = worth_sentence(found)
    assert sentence.startswith(
        f"If a right answer is worth 4 USD, of those that can be chosen, {found.leader} is worth the most on average: "
    )
    assert "the best choice with a chance of" in sentence and "expected loss of choosing it is" in sentence


def test_an_axis_holds_zero_and_every_interval() -> None:
    """Its ends are ticks."""
    low, high, ticks = row_axis([Range(value=5.0, low=-317.0, high=12.0), Range(value=3.0, low=1.0, high=90.0)])
    assert low <= -317 and high >= 90 and ticks[0] == low and ticks[-1] == high and 0.0 in ticks
    assert row_axis([Range(value=0.0, low=0.0, high=0.0)])[0] == 0.0


def test_rows_stand_where_their_numbers_are(rich: ReportData) -> None:
    """Positions are in percent of one axis, intervals hold their dot, the highest comes first."""
    context = value_context(of(rich), COLOURS)
    rows = context["money"]["rows"]["rows"]
    assert {row["name"] for row in rows} == {*of(rich).worth.nets}
    assert [row["dot"] for row in rows] == sorted((row["dot"] for row in rows), reverse=True)
    for row in rows:
        assert -1e-9 <= row["left"] <= row["dot"] + 1e-9 and row["left"] + row["width"] <= 100 + 1e-9
    excluded = {row["name"] for row in rows if row["mark"] == "×"}
    assert excluded == set(of(rich).excluded) and all(row["is_out"] == (row["mark"] == "×") for row in rows)


def test_doing_nothing_is_marked_as_the_choice_or_as_one_that_may_be_best(rich: ReportData) -> None:
    """A star where the verdict keeps today's process; else ≈ if its chance to be the best is 5 % or more."""
    judgement = of(rich)

    def marked(best: float, usd: float, winner: str | None) -> str:
        nothing = judgement.worth.nets[NOTHING]
        nothing = nothing.model_copy(update={"best": best, "net": Range(value=usd, low=usd, high=usd)})
        nets = {**judgement.worth.nets, NOTHING: nothing}
        changed = {"worth": judgement.worth.model_copy(update={"nets": nets}), "winner": winner, "tied_with": ()}
        return row_marks(judgement.model_copy(update=changed)).get(NOTHING, "")

    assert marked(best=0.7, usd=1e9, winner=None) == "winner"
    assert marked(best=0.2, usd=-1e9, winner="rag") == "tied"
    assert marked(best=0.01, usd=-1e9, winner="rag") == ""


def test_the_shares_of_a_contender_add_up(rich: ReportData) -> None:
    """Right, wrong and declined; the mean utility follows from them."""
    judgement = of(rich)
    for name, (right, wrong, declined) in shares(judgement).items():
        assert right + wrong + declined == pytest.approx(1.0)
        assert min(right, wrong, declined) >= 0 and name in judgement.worth.utility


def test_a_dominated_contender_is_named_with_the_better_ones(rich: ReportData) -> None:
    """No one is dominated by itself or by an equal one; dearer and otherwise worse is."""
    judgement = of(rich)
    names = list(shares(judgement))
    cost = dict.fromkeys(names, 10.0)
    best = max(names, key=lambda name: shares(judgement)[name][0])
    assert best not in dominated(judgement, {**cost, best: 1.0})
    for name, above in dominated(judgement, cost).items():
        assert name not in above.split(" and ")


def test_sliders_of_value_begin_at_the_profile(rich: ReportData, plain: ReportData) -> None:
    """The value of a right answer, and what wrong and declined ones cost, as multiples of it."""
    for data in (rich, plain):
        judgement = of(data)
        found = valued(judgement)
        assert found is not None
        by_field = {slider["field"]: slider for slider in value_sliders(judgement, found)}
        assert list(by_field) == ["right_usd", "wrong_times", "declined_times"]
        assert by_field["right_usd"]["default"] == found.right_usd
        assert by_field["wrong_times"]["default"] == judgement.profile.penalty
        over = axis(found)
        assert over.low <= found.right_usd / 100 and over.high >= 100 * found.right_usd
        assert all(over.low < usd < over.high for usd in over.changes)


OVER = Over(0.01, 1000.0, (0.8, 6.4), 4.0, "4 USD (yours)", 90)
XS = tuple(float(x) for x in np.geomspace(0.01, 1000.0, 41))


def test_the_charts_over_the_value_name_everything_they_draw() -> None:
    """The strip of the best, a line for each contender, a mark at each change, the page's value."""
    lines = [Line("rag", XS, tuple(x / 2000 for x in XS), "k1", True), Line("doing nothing", XS, (0.2,) * 41, "kn")]
    best = [Best("doing nothing", 0.01, 0.8, "kn"), Best("rag", 0.8, 1000.0, "k1")]
    for width in (342, 520):
        svg = chance_chart(best, lines, OVER, width, 340, "label")
        texts = [node.text or "" for node in ElementTree.fromstring(svg).iter("text")]
        assert {"rag", "doing nothing", "0.8", "4 USD (yours)", "100", "0.01"} <= set(texts)
        assert ("6.4" in texts) == (width == 520)  # on a phone it has no room beside the first one
        assert svg.count("<polyline") == 2 and svg.count('class="change"') == 2 and svg.count('class="now"') == 1
        net = net_chart(lines, OVER, 1.0, width, 340, "label")
        assert net.count("<polyline") == 2 and "NaN" not in net.replace("nan", "NaN")
        ends = [float(node.get("x", "0")) for node in ElementTree.fromstring(net).iter("text")]
        assert all(0 <= end <= width for end in ends)


def test_ticks_of_net_value_are_powers_of_ten_on_both_sides() -> None:
    """At most four on a side, none beyond the ends."""
    assert sorted(bent_ticks(-2e4, 3e3, 1e3)) == [-1e4, -1e3, 0.0, 1e3]
    ticks = bent_ticks(-1e9, 1e6, 1.0)
    assert 0.0 in ticks and len(ticks) <= 9 and min(ticks) >= -1e9 and max(ticks) <= 1e6


def test_the_front_shows_right_against_wrong_and_cost_by_area() -> None:
    """The chosen one is strong, dominated ones are faint; names and costs are written."""
    spots = [
        Spot("rag", "★ rag", 0.5, 0.1, 1e4, "10,000 USD", "k1", is_first=True),
        Spot("tuned", "tuned", 0.4, 0.3, 4e4, "40,000 USD", "k2", is_faint=True),
    ]
    svg = front_chart(spots, 640, 360, "label")
    groups = [node for node in ElementTree.fromstring(svg).iter("g")]
    assert [node.get("class") for node in groups] == ["spot first", "spot faint"]
    assert "10,000 USD" in svg and "40,000 USD" in svg
    area = [dot_radius(usd, 4e4) ** 2 for usd in (0.0, 2e4, 4e4)]
    assert area[1] - area[0] == pytest.approx(area[2] - area[1])


def test_whether_more_data_pay_is_one_sentence() -> None:
    """In money: yes with the best offer, or no. Without: what more questions do for the chance to choose right."""
    offer = Offer(what="all", n=200, gain=5000.0, cost_usd=2000.0)
    info = Information(in_money=True, p_right=0.6, perfect=9000.0, offers=(offer,), best=offer)
    assert more_data(info) == (
        "Yes: 200 more test questions would be worth about 5,000 USD and cost about 2,000 USD; knowing everything "
        "would be worth 9,000 USD over 12 months."
    )
    assert more_data(info.model_copy(update={"best": None})).startswith("No: knowing everything would be worth 9,000")
    chance = info.model_copy(update={"in_money": False, "best": None})
    offers = (
        Offer(what="seen", n=100, gain=0.12, cost_usd=900.0),
        Offer(what="labels", n=56, gain=0.001, cost_usd=9.0),
    )
    asked = more_data(chance.model_copy(update={"offers": offers}))
    assert "100 more test questions of the slice 'seen' would raise it to 72 %" in asked.replace("\u202f", " ")
    assert more_data(chance.model_copy(update={"offers": ()})).startswith("No: ")


def standing(name: str, state: str, kind: str = "goal", **more: object) -> Standing:
    return Standing(name=name, kind=kind, text=f"{name} is good", state=state, why=f"{name} measured", **more)


def test_every_requirement_has_a_state_for_every_contender(plain: ReportData) -> None:
    """Needs first; one that is not listed for a contender is met; open ones say how many more questions show them."""
    judgement = of(plain).model_copy(
        update={
            "winner": "rag",
            "standings": {
                "rag": (standing("accuracy", "open", more=1234), standing("latency", "met", "limit")),
                "tuned": (standing("cites", "missed", "need"), standing("accuracy", "missed")),
            },
        }
    )
    assert [name for name, _, _ in requirements(judgement)] == ["cites", "latency", "accuracy"]
    assert {name: cell.state for name, cell in cells(judgement, "rag").items()} == {
        "cites": "met", "latency": "met", "accuracy": "open",
    }  # fmt: skip
    assert cell_text(cells(judgement, "rag")["accuracy"]) == (
        "not shown yet: accuracy measured; about 1,200 more questions would show it"
    )
    assert summary(judgement, "rag") == "rag meets 2 of 3 requirements and is not yet shown to meet 1."
    assert shown_first(judgement) == "rag"
    assert shown_first(judgement.model_copy(update={"winner": None})) == "rag"


def test_a_profile_without_requirements_says_so(plain: ReportData) -> None:
    """The page and the Markdown say that worth alone decides."""
    bare = of(plain).model_copy(update={"standings": {"rag": ()}})
    assert requirements_context(bare)["asked"] == []
    assert "sets no need, limit or goal" in html_page(replace(plain, judgement=bare))
    assert "sets no need, limit or goal" in markdown_page(replace(plain, judgement=bare))


def test_the_payload_holds_the_draws_in_few_bytes(rich: ReportData) -> None:
    """Four characters for a share; decoded, the numbers are those of verdict.json. Ten contenders stay below 1 MB."""
    judgement = of(rich)
    payload = value_payload(judgement, ("rag", NOTHING))
    text = payload["outcomes"]["right"]["rag"][0]
    raw = np.frombuffer(base64.b64decode(text), dtype=np.uint8).reshape(-1, 3).astype(int)
    whole = raw @ np.array([65536, 256, 1])
    whole[whole >= 2**23] -= 2**24
    assert whole.tolist() == list(judgement.draws.outcomes.right["rag"][0]) and payload["unit"] == UNIT
    assert len(json.dumps(payload)) < 1_000_000 * len(payload["names"]) / 10


def test_the_tables_of_worth_hold_every_number(rich: ReportData, plain: ReportData) -> None:
    """One row for each contender and doing nothing; without a value the columns of money are empty."""
    for data in (rich, plain):
        found = list(csv.DictReader(io.StringIO(csv_tables(data)["worth"].removeprefix("\ufeff"))))
        assert [row["contender"] for row in found] == list(of(data).worth.utility)
        row = next(row for row in found if row["contender"] == NOTHING)
        assert float(row["utility"]) == of(data).worth.utility[NOTHING].value
        assert (row["net_usd_per_year"] == "") == (data is plain)
    assert len(csv_tables(rich)["value_ranges"].splitlines()) == 1 + len(of(rich).worth.ranges)
    n_standings = sum(len(found) for found in of(rich).standings.values())
    assert len(csv_tables(rich)["requirements"].splitlines()) == 1 + n_standings


def test_a_contender_that_cannot_be_chosen_shows_neither_chance_nor_loss(rich: ReportData) -> None:
    """It is not among those compared, so its loss may be negative: page, Markdown, terminal and CSV leave it out."""
    judgement = of(rich)
    best = max(judgement.worth.nets, key=lambda name: judgement.worth.nets[name].net.value)
    candidates = tuple(name for name in judgement.worth.candidates if name != best)
    worth = judgement.worth.model_copy(update={"candidates": candidates})
    out = judgement.model_copy(update={"excluded": {**judgement.excluded, best: "too slow"}, "worth": worth})
    assert judgement.worth.nets[best].best > 0
    row = next(row for row in value_context(out, COLOURS)["table"] if row["name"] == best)
    assert row["best"] == row["loss"] == "–"
    data = replace(rich, judgement=out)
    line = next(line for line in markdown_page(data).splitlines() if line.startswith(f"| {best} |") and "USD" in line)
    assert [cell.strip() for cell in line.split("|")][-3:-1] == ["–", "–"]
    table = list(csv.DictReader(io.StringIO(csv_tables(data)["worth"].removeprefix("\ufeff"))))
    cells_of = {row["contender"]: (row["best_choice"], row["expected_loss_usd_per_year"]) for row in table}
    assert cells_of[best] == ("", "") and "" not in cells_of[candidates[0]]
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(comparison(data))
    lines = [line for line in console.export_text().splitlines() if "USD" in line]
    printed = next(line for line in lines if line.split()[0] == best)
    assert printed.split()[-2:] == ["–", "–"]


def test_the_report_says_that_declined_questions_go_to_todays_people(
    rich: ReportData, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On the page and in Markdown, and the slider is the cost of the hand-over; without it, nothing is said."""
    value = {**VALUE, "declined_to": "today", "today": {"accuracy": 0.9}}
    handed = judged(tmp_path_factory.mktemp("handed"), value=value)
    for data, is_said in ((handed, True), (rich, False)):
        for text in (html_page(data), markdown_page(data)):
            assert ("a contender declines go to today" in text) == is_said
        assert ("Handing a question over costs" in html_page(data)) == is_said


def test_the_share_of_changed_questions_is_said_where_documents_change(tmp_path: Path) -> None:
    """The shares of the test do not give the net where changed documents count in it; the page and Markdown say so."""
    sentence = "Over the horizon 32 % of the questions are about facts that have changed since the set-up."
    changing = judged(tmp_path / "changing", update_interval_days=21)
    assert sentence in markdown_page(changing) and sentence in " ".join(html_page(changing).split())
    fixed = judged(tmp_path / "fixed", update_interval_days=None)
    assert "of the questions are about facts that have changed" not in markdown_page(fixed)


def test_the_report_speaks_of_todays_process_only_where_the_profile_describes_it(
    rich: ReportData, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without `today` nobody answers: no sentence of the page, the Markdown or the plan in it says otherwise."""
    staff = judged(tmp_path_factory.mktemp("staff"), value={**VALUE, "today": {"accuracy": 0.1}})
    assert "Doing nothing is today’s process." in html_page(staff)
    page = html_page(rich)
    assert "Doing nothing is nobody answering." in page and of(rich).roadmap is not None
    for text in (page, markdown_page(rich)):
        assert not any(words in text for words in ("today's process", "today&#39;s process", "today’s process"))


def test_who_is_worth_the_most_by_a_few_answers_is_said_to_differ_on_them(rich: ReportData) -> None:
    """With the number of questions; nothing is said of others, nor of those that cannot be chosen."""
    found = valued(of(rich))
    assert found is not None and found.few_differ == {} and "it differs" not in worth_sentence(found)
    other = next(name for name in found.payable if name not in (found.leader, NOTHING))
    near = replace(found, all_few_differ={found.leader: {other: 1, "excluded": 0}})
    assert worth_sentence(near).endswith(f" In accuracy it differs from {other} on 1 question.")
