"""The table of contenders by measures, and its forms for a terminal and in Markdown."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from bakeoff.measure.comparison import Estimate
from bakeoff.measures import EIGHT, Measure
from bakeoff.report.gather import ReportData, gather
from bakeoff.report.markdown import markdown_page
from bakeoff.report.markdown_text import plain
from bakeoff.report.table import beside, table, updates
from bakeoff.report.terminal import comparison as comparison_of
from bakeoff.report.terminal import print_comparison
from tests.unit.report_fixture import HOSTILE, build


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("run") / "run", n_questions=60, profile=None)


@pytest.fixture(scope="module")
def data(folder: Path) -> ReportData:
    return gather(folder)


def printed(folder: Path, width: int) -> str:
    file = StringIO()
    print_comparison(folder, Console(width=width, file=file))
    return file.getvalue()


def test_what_was_not_measured_refers_to_its_reason(data: ReportData) -> None:
    """Each note appears once, however often it applies."""
    shown = table(data, EIGHT)
    retention = [measure.name for measure in shown.measures].index("retention")
    cell = dict(shown.rows)["extract"][retention]
    assert cell.text == "–" and dict(shown.notes)[cell.note] == "it has no language model"


def test_an_unchanged_model_is_said_and_wins_nothing(data: ReportData) -> None:
    """Its 100 % are no measurement."""
    measures = {name: dict(of) for name, of in data.comparison.measures.items()}
    measures["rag"]["retention"] = Estimate(value=1.0, low=1.0, high=1.0, detail={"unchanged": True})
    comparison = data.comparison.model_copy(update={"measures": measures})
    shown = table(replace(data, comparison=comparison), EIGHT)
    retention = [measure.name for measure in shown.measures].index("retention")
    cell = dict(shown.rows)["rag"][retention]
    assert (cell.value, cell.mark) == (1.0, "") and dict(shown.notes)[cell.note].startswith("model unchanged")


def test_the_best_and_those_not_significantly_different_are_marked(data: ReportData) -> None:
    """One best accuracy; ties by the paired contrasts, which reach 8 points here."""
    cells = {name: row[0] for name, row in table(data, EIGHT).rows}
    best = max(cells, key=lambda name: cells[name].value or 0)
    assert cells[best].mark == "best"
    for name, cell in cells.items():
        if name != best:
            assert (cell.mark == "tied") == ((cells[best].value or 0) - (cell.value or 0) <= 0.08)


def test_evidence_known_by_document_only_is_said(data: ReportData) -> None:
    """A note says if evidence is known by document only."""
    shown = table(data, beside(data))
    column = [measure.name for measure in shown.measures].index("retrieval_recall")
    cell = dict(shown.rows)["rag"][column]
    assert cell.text != "–" and "if that document was retrieved" in dict(shown.notes)[cell.note]
    assert not dict(shown.rows)["rag"][0].note


def test_the_constant_answer_has_a_line_of_its_own(data: ReportData) -> None:
    """The row of the constant answer has only an accuracy; a table without accuracy has no such row."""
    shown = table(data, EIGHT)
    assert shown.constant is not None
    title, cells = shown.constant
    assert title.startswith("always answering “") and cells[0].value is not None
    assert {cell.text for cell in cells[1:]} == {""}
    assert table(data, EIGHT[1:]).constant is None


def test_measures_of_the_team_stand_in_the_tables(folder: Path, data: ReportData) -> None:
    """First of those beside the eight, in the terminal below them, with their intervals."""
    length = Measure(name="length", title="Length", description="words", unit="count", better="lower", score="length")
    measures = {
        name: {**data.comparison.measures[name], "length": Estimate(value=float(n), low=n - 0.5, high=n + 0.5, n=60)}
        for n, name in enumerate(data.contenders, 3)
    }
    missing = {**measures["base"], "length": Estimate(reason="no answer has a length")}
    comparison = data.comparison.model_copy(
        update={"own_measures": (length,), "measures": {**measures, "base": missing}}
    )
    own = replace(data, comparison=comparison)
    assert beside(own)[0] == length
    cell = dict(table(own, beside(own)).rows)["rag"][0]
    assert (cell.text, cell.interval) == ("4", "3.5–4.5")
    file = StringIO()
    Console(width=100, file=file).print(comparison_of(own))
    below = file.getvalue().split("Measures of your own")[1]
    assert "Length" in below and "a  no answer has a length" in below, "the letter is explained below its own table"
    assert "| Contender | Length |" in markdown_page(own)


def test_latency_and_freshness_say_more_than_their_value(data: ReportData) -> None:
    """Cells show the 95th percentile of latency and the accuracy before the update."""
    cells = dict(table(data, EIGHT).rows)["rag"]
    assert cells[2].extra.startswith("p95 ") and cells[5].extra.startswith("before ")


def test_the_update_table_says_what_it_took(data: ReportData) -> None:
    """Seconds and tokens, for retrieval and for retraining."""
    rows = {one.contender: one for one in updates(data)}
    assert rows["rag"].tokens == "1,820" and rows["tuned"].tokens == "96,400" and rows["base"].seconds.startswith("0")


@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_shows_every_measure_at_any_width(folder: Path, width: int) -> None:
    """At 80 columns no contender, heading or value is cut off, and no text is interpreted as markup."""
    text = printed(folder, width)
    assert max(map(len, text.splitlines())) <= width
    for word in ("rag-tuned", "Accuracy", "Halluc.", "Set-up", "3m58s", "940 ms", "long-context was skipped"):
        assert word in text
    assert "…" not in text
    assert "<b>at most</b>" in text


def test_the_terminal_prints_brackets_as_they_are(tmp_path: Path) -> None:
    """Square brackets in a warning are text, not rich's markup."""
    folder = build(tmp_path / "run", n_questions=10, profile=None)
    (folder / "data.json").write_text('{"warnings": ["[bold]not bold[/bold] [/]"]}')
    assert "[bold]not bold[/bold] [/]" in printed(folder, 100)


def test_markdown_holds_the_tables_and_no_markup_of_the_texts(data: ReportData) -> None:
    """Rendered, it has the tables and no element from a run's texts."""
    page = markdown_page(data)
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(page)
    assert html.count("<table>") >= 6
    assert "<script>alert" not in html and "<b>at most" not in html
    assert "long-context: the corpus has 61,204 tokens" in html


@pytest.mark.parametrize(
    "text",
    [
        *HOSTILE,
        "# head",
        "- item",
        "1. item",
        "+ item",
        "=== x",
        "12) item",
        "| a | b |",
        "http://x.y",
        "![x](y)",
        "&lt;b&gt;",
        "a\n\nb",
    ],
)
def test_any_text_survives_markdown_as_text(text: str) -> None:
    """Rendered as Markdown with raw HTML allowed, in a list or a table, it comes out unchanged, on one line."""
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    for page in (f"- {plain(text)}", f"| {plain(text)} |\n| --- |"):
        (inline,) = (token for token in markdown.parse(page) if token.type == "inline")
        assert "".join(child.content for child in inline.children or ()) == " ".join(text.split())
        assert not {"heading_open", "code_block"} & {token.type for token in markdown.parse(page)}
