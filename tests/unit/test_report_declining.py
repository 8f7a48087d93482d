"""Declining in the report: sentences, curves and their chart."""

import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest

from bakeoff.measure.comparison import Comparison, Declining, Entrant, Estimate
from bakeoff.measure.risk_coverage import area, ranked
from bakeoff.report.charts import Box, text_width, title_box
from bakeoff.report.coverage_chart import TITLE, coverage_chart
from bakeoff.report.declining import Curve, compared_at, curves, sentences
from tests.unit.fakes import answer, question

FEW = Declining(reason="dev holds 62 answerable and 7 unanswerable facts, and a threshold needs at least 20 of each")
FITTED = Declining(below=-0.5, fitted=True, n_answerable=60, n_unanswerable=24, wrong_answer_penalty=2.0, gain=0.4)
CURVE = {"coverage": [0.25, 0.5, 1.0], "risk": [0.0, 0.1, 0.4], "answered": 0.6}


def comparison(declining, **measures) -> Comparison:
    names = ("rag", "base", "router")
    entrants = [Entrant(name=name, recipe=name, title=name, behind=("rag",) * (name == "router")) for name in names]
    usual = {"abstention": Estimate(value=0.4), "hallucination": Estimate(value=0.1)}
    given = {name: {**usual, **measures.get(name, {})} for name in names}
    return Comparison(entrants=tuple(entrants), measures=given, declining=declining)


def test_contenders_without_a_threshold_share_one_sentence_with_the_reason():
    """And the router follows those behind it."""
    assert sentences(comparison({"rag": FEW, "base": FEW})) == [
        f"rag and base decline only in their own words: {FEW.reason}.",
        "router declines as the contenders behind it do.",
    ]


def test_a_threshold_is_said_with_what_it_was_fitted_on():
    """The penalty and the sizes once, then each contender's threshold."""
    lines = sentences(comparison({"rag": FITTED, "base": FEW}))
    assert "60 answerable and 24 unanswerable facts" in lines[0] and "costs 2" in lines[0]
    assert lines[1].startswith("rag also declines if its confidence is below -0.5") and "0.40" in lines[1]
    assert lines[2].startswith("base declines only in its own words")


def test_a_threshold_of_its_own_is_not_called_fitted():
    """The reason is given, no sizes of dev and no gain; a fitted one beside it is still said."""
    own = Declining(below=0.0, reason="dev is small; so its own rule decides")
    sentence = (
        "base also declines if its confidence is below 0; that threshold is its own and was not fitted: "
        "dev is small; so its own rule decides."
    )
    assert sentences(comparison({"base": own}))[:-1] == [sentence]
    both = sentences(comparison({"base": own, "rag": FITTED}))
    assert "60 answerable" in both[0] and both[1].startswith("rag also") and both[2] == sentence


def test_a_run_without_anything_about_declining_says_nothing():
    """Such as one of classes of your own."""
    assert sentences(comparison({})) == [] and compared_at(comparison({})) == "–"


def test_the_chart_has_a_line_for_each_curve_and_a_dot_for_each_contender_that_answers():
    """One that declines everything has no place; names cannot become markup."""
    found = curves(
        comparison({}, rag={"aurc": Estimate(value=0.2, detail=CURVE)}, router={"abstention": Estimate(value=1.0)})
    )
    assert [(one.name, len(one.coverage)) for one in found] == [("rag", 3), ("base", 0)]
    assert found[0].answered == 0.6 and round(found[0].wrong, 3) == 0.167
    assert found[0].rest == ()
    drawn = ElementTree.fromstring(coverage_chart(found, {"rag": "k0", "base": "k1"}, 342, 300, "<b>"))
    assert len(list(drawn.iter("polyline"))) == 1 and len(list(drawn.iter("circle"))) == 2
    for circle in drawn.iter("circle"):
        assert 0 <= float(circle.get("cx", "")) <= 342 and 0 <= float(circle.get("cy", "")) <= 300


def test_a_line_goes_on_dashed_where_what_is_declined_counts_as_wrong():
    """Half of the questions answered, a tenth of them wrong: at all questions, 55 % are wrong; dashed."""
    ends = {"coverage": [0.25, 0.5], "risk": [0.0, 0.1], "answered": 0.5}
    (curve, _, _) = curves(comparison({}, rag={"aurc": Estimate(value=0.2, detail=ends)}))
    assert curve.rest[0] == (0.5, pytest.approx(0.1)) and curve.rest[-1] == (1.0, pytest.approx(0.55))
    chart = coverage_chart([curve], {"rag": "k0"}, 342, 300, "x")
    lines = [line.get("class") for line in ElementTree.fromstring(chart).iter("polyline")]
    assert lines == ["curve k0", "curve rest k0"]


def test_the_area_is_that_under_the_whole_line():
    """AURC of 200 answers, of which half are declined, against the area under the solid and the dashed part."""
    sure = [(float(200 - i), i % 3 != 0) for i in range(100)]
    asked = [question(str(i), answers=["yes"]) for i in range(200)]
    given = [answer(str(i), "text", confidence=at) for i, (at, _) in enumerate(sure)]
    given += [answer(str(i), "I don't know.", confidence=0.0, abstained=True) for i in range(100, 200)]
    estimate = area(ranked(asked, given, {str(i): float(right) for i, (_, right) in enumerate(sure)}))
    (curve, _, _) = curves(comparison({}, rag={"aurc": estimate}))
    places = [*zip(curve.coverage, curve.risk, strict=True), *curve.rest[1:]]
    under = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(places)) + places[0][0] * places[0][1]
    assert under == pytest.approx(estimate.value, abs=0.01)


@pytest.mark.parametrize("width", [342, 500])
def test_no_label_covers_the_title_of_the_axis(width):
    """Contenders that decline nearly everything stand in the corner of the title."""
    found = [Curve("base", (), (), 0.03, 1.0), Curve("tuned", (), (), 0.17, 1.0), Curve("rag", (), (), 0.3, 1.0)]
    drawn = ElementTree.fromstring(coverage_chart(found, {one.name: "k0" for one in found}, width, 300, "x"))
    texts = {text.text: text for text in drawn.iter("text")}
    title = title_box(TITLE)
    for one in found:
        x, y = (float(texts[one.name].get(key, "")) for key in ("x", "y"))
        assert Box(x, y - 13, text_width(one.name), 17).overlap(title) == 0, one.name
