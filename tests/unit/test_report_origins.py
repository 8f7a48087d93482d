"""Accuracy on questions that people asked and on accepted synthetic ones, with the interval of the difference."""

import itertools
import math
from statistics import NormalDist

import pytest

from bakeoff.measure.comparison import Estimate
from bakeoff.records import Synthetic
from bakeoff.report.csv_tables import csv_tables
from bakeoff.report.gather import gather
from bakeoff.report.html import html_page
from bakeoff.report.markdown import markdown_page
from bakeoff.report.origins import difference, origin_rows, origin_sentences
from tests.unit.run_fixture import finished, questions


def wilson(right: int, n: int) -> Estimate:
    """A share with Wilson's interval."""
    z, p = NormalDist().inv_cdf(0.975), right / n
    centre, half = (2 * n * p + z * z) / (2 * (n + z * z)), z * ((z * z + 4 * n * p * (1 - p)) ** 0.5)
    half /= 2 * (n + z * z)
    return Estimate(value=p, low=centre - half, high=centre + half, n=n)


def probability(right: int, n: int, p: float) -> float:
    return math.comb(n, right) * p**right * (1 - p) ** (n - right)


def gathered(run):
    """What a report shows of a run that was measured and not judged."""
    run.folder.verdict_path.unlink()
    return gather(run.folder.root)


def judged(tmp_path, rag):
    """A finished run of 40 test questions; those from 20 on are synthetic and accepted."""
    mark = Synthetic(method="rule:row", accepted=True)
    asked = [
        one.model_copy(update={"synthetic": mark}) if one.split == "test" and int(one.id[1:]) >= 20 else one
        for one in questions()
    ]
    return gathered(finished(tmp_path / "pilot", asked, rag=rag))


def test_the_report_says_how_figures_differ_on_synthetic_questions(tmp_path):
    """In the page, the Markdown and the table of slices; with the interval of the difference."""
    data = judged(tmp_path, rag=range(20, 40))
    rows = origin_rows(data)[1]
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name["rag"][0].startswith("0 % of 20".replace(" %", "\N{NARROW NO-BREAK SPACE}%"))
    assert by_name["rag"][1].startswith("100\N{NARROW NO-BREAK SPACE}% of 20") and "+100 (" in by_name["rag"][2]
    (sentence,) = origin_sentences(data)
    assert sentence.startswith("20 questions of the test nobody asked")
    assert "They are easier than asked ones for rag." in sentence
    assert 'id="origins"' in html_page(data) and "### On asked and on synthetic questions" in markdown_page(data)
    assert "synthetic questions" in csv_tables(data)["slices"]


def test_without_synthetic_questions_nothing_is_said(tmp_path):
    """Neither the table nor the sentence; nor is the record any different from before."""
    data = gathered(finished(tmp_path / "pilot"))
    assert origin_rows(data)[1] == [] and origin_sentences(data) == []
    assert 'id="origins"' not in html_page(data)
    assert "by_origin" not in data.estimate("rag", "accuracy").model_dump()


def test_no_clear_difference_is_no_equality(tmp_path):
    """The sentence says that it does not show equal difficulty."""
    (sentence,) = origin_sentences(judged(tmp_path, rag=[*range(10), *range(20, 30)]))
    assert "does not show that both are equally hard" in sentence


def test_the_difference_has_the_interval_of_newcombe():
    """Method 10 of Newcombe 1998, with his example 56/70 against 48/80: .0524 to .3339."""
    found = difference(wilson(48, 80), wilson(56, 70))
    assert found is not None
    assert found == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert difference(Estimate(value=0.5), wilson(1, 2)) is None


def test_the_interval_covers_the_true_difference():
    """Exactly, over all outcomes of two groups of 60: in 94 to 96 of 100."""
    every, exact = [wilson(right, 60) for right in range(61)], 0.0
    for i, j in itertools.product(range(61), repeat=2):
        found = difference(every[i], every[j])
        assert found is not None
        if found[1] <= 0.3 <= found[2]:
            exact += probability(i, 60, 0.4) * probability(j, 60, 0.7)
    assert 0.94 < exact < 0.96
