"""What cascades save, in the report: sentences, rows, charts, and the section in every form of the report."""

import csv
import io
import xml.etree.ElementTree as ElementTree

import pytest

from bakeoff.measure.comparison import CascadeCurve, CascadePoint, Comparison, Entrant, Estimate
from bakeoff.report.cascade_chart import accuracy_side, cascade_chart, value_side
from bakeoff.report.cascade_page import cascade_panels
from bakeoff.report.cascades import HEADS, rows, sentences
from bakeoff.report.csv_tables import csv_tables
from bakeoff.report.gather import gather
from bakeoff.report.html import html_page
from bakeoff.report.markdown import markdown_page
from bakeoff.runs.folder import RunFolder, write_record
from tests.unit.report_fixture import build


def point(usd, accuracy, value, **by):
    more = {key: by.pop(key) for key in ("right_answer_usd", "share") if key in by}
    return CascadePoint(
        answered_by=by, accuracy=accuracy, value=value, seconds=100 * usd, tokens=10_000 * usd, usd=usd, **more
    )


CURVE = CascadeCurve(
    levels=("tuned", "rag"),
    wrong_answer_penalty=2.0,
    n=200,
    chosen=point(0.002, 0.6, 0.1, tuned=0.25, rag=0.75),
    accuracy=Estimate(value=0.6, low=0.5, high=0.7),
    value=Estimate(value=0.1, low=-0.2, high=0.4),
    gain=Estimate(value=0.05, low=-0.01, high=0.11),
    cost_ratio=Estimate(value=0.8, low=0.7, high=0.9),
    alone={"tuned": point(0.0001, 0.3, -1.1, tuned=1.0), "rag": point(0.0025, 0.55, 0.05, rag=1.0)},
    by_price=(
        point(0.002, 0.6, 0.1, tuned=0.25, rag=0.75),
        point(0.001, 0.5, -0.3, tuned=0.6, rag=0.4, right_answer_usd=0.004),
        point(0.001, 0.5, -0.3, tuned=0.6, rag=0.4, right_answer_usd=0.003),
    ),
    by_share=(point(0.0025, 0.55, 0.05, rag=1.0, share=0.0), point(0.0001, 0.3, -1.1, tuned=1.0, share=1.0)),
)


def comparison(curve=CURVE) -> Comparison:
    return Comparison(
        entrants=(Entrant(name="steps", recipe="cascade", title="Cascade"),),
        measures={"steps": {}},
        cascades={"steps": curve},
    )


def spaced(text: str) -> str:
    """The text with usual spaces before its units."""
    return text.replace("\u202f", " ")


def test_the_sentence_holds_the_cascade_against_its_last_level():
    """Value, what it gains and at which part of the cost, each with its interval."""
    assert list(map(spaced, sentences(comparison()))) == [
        "steps: 60 % accuracy (50 % to 70 %); an answer is worth 0.10 (-0.20 to 0.40), +0.05 (-0.01 to +0.11) against "
        "rag alone, at 80 % of its cost (70 % to 90 %). Answered by tuned 25 %, rag 75 %."
    ]


def test_a_cascade_that_only_its_last_level_answers_says_so():
    """There is nothing to compare it with."""
    curve = CURVE.model_copy(update={"chosen": CURVE.alone["rag"], "asked": ("rag",)})
    assert sentences(comparison(curve))[0].endswith(
        "rag answers all questions: on dev, no level before it is worth asking."
    )


@pytest.mark.parametrize("asked", [("tuned", "rag"), ()])
def test_a_level_that_is_asked_and_never_sure_on_test_is_no_level_that_dev_left_out(asked):
    """It costs something, so gain and cost are shown; also for an older run, which did not note what dev chose."""
    curve = CURVE.model_copy(update={"chosen": CURVE.alone["rag"], "asked": asked})
    (sentence,) = map(spaced, sentences(comparison(curve)))
    assert "on dev" not in sentence and sentence.endswith("Answered by rag 100 %.")
    assert "+0.05 (-0.01 to +0.11) against rag alone, at 80 % of its cost (70 % to 90 %)" in sentence


def test_the_table_has_each_level_alone_the_cascade_and_what_dev_would_choose():
    """Settings that differ in nothing that is shown are one row; money is that of 1,000 answers."""
    shown = [list(map(spaced, row)) for row in rows(CURVE)]
    assert [row[0] for row in shown] == [
        "tuned alone", "rag alone", "as it answers here", "if cost did not count",
        "if 1,000 right answers were worth 4.00 USD",
    ]  # fmt: skip
    assert shown[2] == ["as it answers here", "tuned 25 %, rag 75 %", "60 %", "0.10", "2.00 USD", "200 ms", "20"]
    assert all(len(row) == len(HEADS) for row in shown)


@pytest.mark.parametrize("side", [accuracy_side, value_side])
@pytest.mark.parametrize("width", [342, 500])
@pytest.mark.parametrize("free", [False, True])
def test_the_chart_shows_both_lines_and_every_level_inside_the_picture(side, width, free):
    """Also if nothing costs money, and with values below 0; names cannot become markup."""
    curve = CURVE
    if free:
        settings = {
            key: [one.model_copy(update={"usd": 0.0}) for one in getattr(curve, key)]
            for key in ("by_price", "by_share")
        }
        alone = {name: one.model_copy(update={"usd": 0.0}) for name, one in curve.alone.items()}
        chosen = curve.chosen.model_copy(update={"usd": 0.0})
        curve = curve.model_copy(update={**settings, "alone": alone, "chosen": chosen})
    css = {"tuned": "k0", "rag": "k1", "<b>": "k2"}
    text = cascade_chart("<b>", curve, side(curve), css, width, 330, "<label>")
    assert ("USD" in text) is not free
    drawn = ElementTree.fromstring(text)
    assert [line.get("class") for line in drawn.iter("polyline")] == ["curve rest k2", "curve k2"]
    circles = list(drawn.iter("circle"))
    assert len(circles) == len(CURVE.by_price) + 3
    for circle in circles:
        assert 0 <= float(circle.get("cx", "")) <= width and 0 <= float(circle.get("cy", "")) <= 330 - 46
    for line in drawn.iter("line"):
        assert 0 <= float(line.get("y1", "")) <= 330 - 42


def test_every_form_of_the_report_has_it(tmp_path):
    """The page a section with charts, Markdown the table, CSV every setting; a run without a cascade none of it."""
    folder = RunFolder(build(tmp_path / "run", n_questions=60))
    before = gather(folder.root)
    assert 'id="cascades"' not in html_page(before) and "What cascades save" not in markdown_page(before)
    write_record(folder.comparison_path, folder.comparison().model_copy(update={"cascades": {"router": CURVE}}))
    data = gather(folder.root)
    page = html_page(data)
    section = page[page.index('<section id="cascades"') :]
    assert section[: section.index("</section>")].count("<svg") == 4 and 'href="#cascades"' in page
    assert "| rag alone |" in markdown_page(data) and "What cascades save" in markdown_page(data)
    table = list(csv.DictReader(io.StringIO(csv_tables(data)["cascades"])))
    assert [row["setting"] for row in table] == [
        "tuned alone", "rag alone", "chosen", *["by price"] * 3, *["by share"] * 2
    ]  # fmt: skip
    assert table[4]["right_answer_usd"] == "0.004" and table[4]["usd"] == "0.001"


def test_a_panel_describes_its_charts_in_words():
    """For readers who do not see them."""
    (panel,) = cascade_panels(comparison(), {"steps": 0, "tuned": 1, "rag": 2})
    assert "steps: accuracy against cost. tuned alone 30" in panel.accuracy
    assert "-2 if it is wrong" in panel.about_value
