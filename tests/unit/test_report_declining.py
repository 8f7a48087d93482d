"""Declining in the report: sentences, curves and their chart."""

import xml.etree.ElementTree as ElementTree

from bakeoff.measure.comparison import Comparison, Declining, Entrant, Estimate
from bakeoff.report.coverage_chart import coverage_chart
from bakeoff.report.declining import compared_at, curves, sentences

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
    drawn = ElementTree.fromstring(coverage_chart(found, {"rag": "k0", "base": "k1"}, 342, 300, "<b>"))
    assert len(list(drawn.iter("polyline"))) == 1 and len(list(drawn.iter("circle"))) == 2
    for circle in drawn.iter("circle"):
        assert 0 <= float(circle.get("cx", "")) <= 342 and 0 <= float(circle.get("cy", "")) <= 300
