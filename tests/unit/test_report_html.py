"""The page as a file: complete, safe and small. Its behaviour in a browser is tested end to end."""

import itertools
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bakeoff.measure.comparison import Estimate
from bakeoff.report import write_report
from bakeoff.report.gather import gather
from bakeoff.report.html import html_page
from tests.unit.report_fixture import bare_run, build


class Elements(HTMLParser):
    """The elements and attributes of a page, and its text outside scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return html_page(gather(build(tmp_path_factory.mktemp("run") / "run", n_questions=60)))


def test_the_page_asks_for_nothing(page: str) -> None:
    """No element refers to another file, and the content security policy forbids it."""
    for tag, attributes in Elements(page).found:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:,")), (tag, name, value)
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style and "@import" not in style and "http" not in style
    assert "default-src 'none'" in page


def test_hostile_texts_bring_no_element_with_them(page: str) -> None:
    """One script and its data, the page's own; no picture, no bold, no handler."""
    found = Elements(page).found
    types = [attributes.get("type") for tag, attributes in found if tag == "script"]
    assert types == ["application/json", "application/json", "application/json", None]
    assert not [tag for tag, _ in found if tag in ("img", "b", "iframe", "object", "embed")]
    assert not [name for _, attributes in found for name in attributes if name.startswith("on")]
    assert page.count("</script>") == 4


def test_the_tables_and_charts_stand_in_the_page_itself(page: str) -> None:
    """Without scripts, every contender, measure, reason and chart is readable."""
    elements = Elements(page)
    for word in (
        "hybrid",
        "rag-tuned",
        "Hallucination",
        "answered, and wrong",
        "it has no language model",
        "long-context",
        "61,204 tokens",
        "Retrieval miss",
        "always answering “",
        "their-model-2026-10",
        "Run time by stage",
        "encrypted",
    ):
        assert word in elements.text
    charts = [attributes for tag, attributes in elements.found if tag == "svg"]
    once, at_both_widths = 5 + 3, 5 + 3 + 3  # slices and effects; the verdict adds costs, sensitivity, and worth
    assert len(charts) == once + 2 * at_both_widths
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in charts)


def test_a_contender_has_one_colour_everywhere(page: str) -> None:
    """The colour follows from the order in the configuration."""
    colours = set(re.findall(r'class="who (k\d)"><bdi>hybrid<', page))
    assert colours == {"k3"}


def test_files_that_were_read_with_a_guess_are_listed_apart(page: str) -> None:
    """They were read, so they are not among those that could not be."""
    assert "<h3>2 documents could not be read</h3>" in page
    assert page.index("<h3>Read, but check how</h3>") < page.index("prices.txt")


def test_secrets_in_the_configuration_are_left_out(page: str) -> None:
    """API keys are left out of the report."""
    assert "sk-very-secret" not in page and "(left out)" in page


def test_headings_go_down_one_level_at_a_time(page: str) -> None:
    """Headings do not skip levels, so screen readers can navigate by them."""
    levels = [int(tag[1]) for tag, _ in Elements(page).found if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_ids_are_unique_and_links_lead_somewhere(page: str) -> None:
    """Every link points to an element of the page."""
    found = Elements(page).found
    ids = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(attributes["href"] or "")[1:] for tag, attributes in found if tag == "a"}
    assert targets <= set(ids)


def test_a_full_report_is_small_and_needs_no_torch(tmp_path: Path) -> None:
    """300 questions by 8 contenders by 3 passages: under 3 MB (`benchmarks/start_up.py RUN` times a report)."""
    folder = build(tmp_path / "run", n_questions=300)
    code = (
        "import sys; from pathlib import Path; from bakeoff.report import write_report; "
        "write_report(Path(sys.argv[1])); assert not {'torch', 'transformers', 'lancedb'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
    assert (folder / "report.html").stat().st_size < 3_000_000


def test_a_run_that_was_not_judged_has_the_page_without_a_verdict(tmp_path: Path) -> None:
    """Its headline, its script alone, none of the verdict's sections and none of its style."""
    page = html_page(gather(build(tmp_path / "run", n_questions=30, profile=None)))
    found = Elements(page).found
    assert [attributes.get("type") for tag, attributes in found if tag == "script"] == ["application/json", None]
    ids = {attributes.get("id") for _, attributes in found}
    assert not ids & {"effects", "total-cost", "matrix", "sensitivity", "claims", "roadmap"}
    assert "bakeoffCost" not in page and "bakeoffWorth" not in page and ".cost-line" not in page


def test_the_verdict_comes_first_then_why_then_the_evidence(page: str) -> None:
    """The order is verdict, reason, excluded contenders, warnings, measures; the navigation lists every section."""
    text = Elements(page).text
    order = (
        "yet: ", "Net right answers per 100", "answered", "Excluded", "Before you rely", "each contender is worth",
        "Who is best, by", "Right, wrong, cost", "Requirements A limit", "Collect more data?", "eight measures",
    )  # fmt: skip
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    links = {attributes.get("href") for tag, attributes in Elements(page).found if tag == "a"}
    assert {"#worth", "#ranges", "#front", "#requirements", "#more-data"} <= links
    assert {"#effects", "#total-cost", "#matrix", "#sensitivity", "#claims"} <= links


def test_writing_gives_the_page_and_the_markdown(tmp_path: Path) -> None:
    """The returned path is the page's; writing again replaces both files."""
    folder = build(tmp_path / "run", n_questions=10)
    path = write_report(folder)
    first = path.read_text()
    assert path == folder / "report.html" and (folder / "report.md").read_text().startswith("# Bakeoff: support")
    assert write_report(folder).read_text() == first


@pytest.mark.parametrize(
    "accuracy", [Estimate(), Estimate(value=0.5, n=3), Estimate(value=0.0, low=0.0, high=0.7, n=1)]
)
def test_a_bare_run_is_drawn_too(tmp_path: Path, accuracy: Estimate) -> None:
    """One contender, one measure or none, no answers, no data: still gives a page."""
    bare_run(tmp_path, accuracy)
    assert "All contenders by eight measures" in write_report(tmp_path).read_text()
