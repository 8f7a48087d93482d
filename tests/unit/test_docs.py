"""What the documents name exists: files they link to, paths in the source, commands, keys, tables and questions."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name

import pytest
import typer.main
import yaml

from bakeoff.catalogue import RECIPES, STANDARD
from bakeoff.cli.main import app
from bakeoff.decide.advise.factors import read_factors
from bakeoff.report.csv_tables import TABLES
from bakeoff.report.csv_verdict import JUDGED
from bakeoff.runs.config import validate

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "src" / "bakeoff"
GENERATED = REPOSITORY / "docs" / "reference"
PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    *sorted((REPOSITORY / "examples").glob("*/README.md")),
]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
SOURCE_PATH = re.compile(r"(?<![\w/.<-])(?:[\w-]+/)+[\w-]+\.(?:py|js)\b")
SOURCE_NAME = re.compile(r"`([\w-]+\.(?:py|js))`")
DOTTED = re.compile(r"(?<![\w/.-])bakeoff(?:\.[A-Za-z_]\w*)+")
FILES = ("bakeoff.yaml", "bakeoff.schema.json", "bakeoff.json", "bakeoff.sources")  # the last is an entry-point group
IMPORT = re.compile(r"^from (bakeoff[\w.]*) import ([\w, ]+)$", re.MULTILINE)
COMMAND = re.compile(r"^(?:\$ )?bakeoff +(?!-)(\S+)")
ASKED = re.compile(r'(?:^bakeoff ask \S+ |\brun\.(?:ask|stream)\()"([^"]+)"', re.MULTILINE)
EXAMPLE = REPOSITORY / "examples" / "support-desk"
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))


def links(text: str) -> Iterator[str]:
    """The targets of all links and pictures that point into the repository."""
    for target in LINK.findall(CODE.sub("", text)):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, made as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+)$", CODE.sub(lambda code: code.group().strip("`"), text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    """The links of a page whose file or heading does not exist."""
    wrong = []
    for target in links(page.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        aim = (page.parent / name).resolve() if name else page
        if aim.parent == GENERATED:  # written when the site is built, and checked there
            continue
        if not aim.exists() or (anchor and anchor not in anchors(aim.read_text(encoding="utf-8"))):
            wrong.append(target)
    return wrong


def missing_sources(text: str) -> list[str]:
    """The source files that a page names and that do not exist.

    A path is taken from the root or from src/bakeoff; a name alone may be anywhere in the sources, tests or benchmarks.
    """
    paths = {path for code in CODE.findall(text) for path in SOURCE_PATH.findall(code)}
    missing = {path for path in paths if not (REPOSITORY / path).exists() and not (SOURCE / path).exists()}
    return sorted(missing | {name for name in SOURCE_NAME.findall(text) if not _is_anywhere(name)})


def _is_anywhere(name: str) -> bool:
    return any(next((REPOSITORY / folder).rglob(name), None) for folder in ("src", "tests", "benchmarks"))


def unknown_names(text: str) -> list[str]:
    """Dotted names of bakeoff in code of a page that are neither a module nor something in one."""
    code = "\n".join(CODE.findall(text))
    imported = {f"{module}.{name.strip()}" for module, names in IMPORT.findall(code) for name in names.split(",")}
    return sorted(name for name in imported | set(DOTTED.findall(code)) - set(FILES) if not _resolves(name))


def _resolves(dotted: str) -> bool:
    try:
        resolve_name(dotted)
    except (ImportError, AttributeError):
        return False
    return True


def unknown_commands(text: str) -> list[str]:
    """What stands after `bakeoff` in code of a page and is no command."""
    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    lines = [line.strip("` ") for code in CODE.findall(text) for line in code.splitlines()]
    return [match[1] for line in lines if (match := COMMAND.match(line)) and match[1] not in known]


@each_page
def test_every_relative_link_leads_to_a_file_and_heading(page):
    """A file that was moved, or a heading that was renamed, is found here."""
    assert broken_links(page) == []


@each_page
def test_every_source_file_that_is_named_exists(page):
    """`decide/cost/model.py` is such a name, from src/bakeoff; `tests/unit/test_docs.py` one from the root."""
    assert missing_sources(page.read_text(encoding="utf-8")) == []


@each_page
def test_every_python_name_that_is_used_exists(page):
    """`bakeoff.open_run` and `from bakeoff.runs.diff import diff_runs`, for instance."""
    assert unknown_names(page.read_text(encoding="utf-8")) == []


@each_page
def test_every_command_that_is_named_exists(page):
    """In code blocks and in code within a sentence."""
    assert unknown_commands(page.read_text(encoding="utf-8")) == []


def test_what_does_not_exist_is_found(tmp_path):
    """The checks themselves fail where they should."""
    page = tmp_path / "page.md"
    page.write_text("# One\n[a](#one) [b](#two) [c](page.md) [d](gone.md) [e](https://x.example/y)\n", encoding="utf-8")
    assert broken_links(page) == ["#two", "gone.md"]
    text = "`decide/cost/model.py`, `src/bakeoff/records.py`, `lessons.py`, `answers/<contender>.jsonl`"
    assert missing_sources(text) == []
    text = "`decide/factors.py`, `compare.py`"
    assert missing_sources(text) == ["compare.py", "decide/factors.py"]
    assert unknown_commands("`bakeoff run`, bakeoff is fine, `bakeoff --help`\n```sh\nbakeoff bake x\n```") == ["bake"]


def test_contenders_in_yaml_are_a_configuration():
    """Every YAML block that lists `contenders:` is accepted, once a name, documents and questions are there."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    shown = [block for block in blocks if isinstance(block, dict) and "contenders" in block]
    for values in shown:
        config = validate({"name": "page", "documents": ["d"], "questions": ["q.csv"], **values})
        assert len(config.specs) == len(values["contenders"]), values
    assert shown


def test_every_table_of_the_report_is_described():
    """docs/reading-the-report.md has a row for each CSV file, and for no other."""
    text = (REPOSITORY / "docs" / "reading-the-report.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text, re.MULTILINE)
    described = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert described == {*TABLES, *JUDGED}


def test_the_factors_that_a_pilot_measures_are_listed():
    """docs/matrix.md names each of them by its title, with its measure."""
    text = (REPOSITORY / "docs" / "matrix.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([^|`]+) \| `(\w+)`", text, re.MULTILINE))
    assert rows == {factor.title: factor.measure for factor in read_factors() if factor.measure}


def example_questions() -> dict[str, dict[str, str]]:
    """The rows of the example's question file by their text."""
    with (EXAMPLE / "questions.csv").open(encoding="utf-8", newline="") as file:
        return {row["question"]: row for row in csv.DictReader(file)}


def test_every_question_that_is_shown_is_one_of_the_example():
    """So that what a reader types first is answered by the example's documents: its answer and its source are known."""
    rows, pages = example_questions(), [*PAGES, SOURCE / "__init__.py"]
    shown = {page: ASKED.findall(page.read_text(encoding="utf-8")) for page in pages}
    assert all(shown[page] for page in (PAGES[0], SOURCE / "__init__.py", REPOSITORY / "docs" / "cli.md"))
    assert {question for questions in shown.values() for question in questions} - set(rows) == set()
    for question in {question for questions in shown.values() for question in questions}:
        assert rows[question]["answers"] and (EXAMPLE / "documents" / rows[question]["source"]).is_file(), question


def test_every_recipe_is_documented():
    """By its short name: the standard ones in the README, all in docs/configuration.md."""
    readme = PAGES[0].read_text(encoding="utf-8")
    assert [name for name in STANDARD if f"`{name}`" not in readme] == []
    configuration = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert [name for name in RECIPES if f"`{name}`" not in configuration] == []
