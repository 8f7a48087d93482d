"""The documentation site: its navigation and reference are complete, and the commands in its pages are possible."""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main
import yaml

from bakeoff.catalogue import RECIPES
from bakeoff.cli.main import app
from bakeoff.measures import MEASURES
from bakeoff.runs.config import Config

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
PAGES = [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md")), *sorted((REPOSITORY / "examples").glob("*/README.md"))]
BLOCK = re.compile(r"```(?:sh|bash|console)\n(.*?)```", re.DOTALL)
ENDS = ("|", ">", ">>", "&", "&&", "||", ";", "2>&1")
"""Words of a shell that end a command."""
sys.path.insert(0, str(REPOSITORY / "website"))
import reference  # noqa: E402


def in_navigation(entry: Any) -> Iterator[str]:
    """The pages of an entry of `nav:`; a folder stands for its pages."""
    if isinstance(entry, dict):
        entry = list(entry.values())
    if isinstance(entry, list):
        for inner in entry:
            yield from in_navigation(inner)
    elif entry.endswith("/"):
        yield from (path.relative_to(DOCS).as_posix() for path in (DOCS / entry).glob("*.md"))
    else:
        yield entry


def test_every_page_is_in_the_navigation_once() -> None:
    """So that a new page is found by readers, and a removed one leaves no gap."""
    lines = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")
    pages = sorted(in_navigation(yaml.safe_load(lines)["nav"]))
    written = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")]
    assert pages == sorted([*written, *(f"reference/{name}.md" for name in reference.PAGES)])


def test_the_reference_names_everything() -> None:
    """Commands, keys, recipes with their options, and measures."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    page = reference.commands()
    assert all(f"## bakeoff {name}" in page for name in commands if not commands[name].hidden)
    assert "--resume" in page and "## bakeoff documents sync" in page
    keys = reference.keys()
    assert all(re.search(rf"`{name}[.`]", keys) for name in Config.model_fields if name not in ("folder",))
    assert all(f"`{name}`" in reference.contenders() for name in RECIPES)
    assert "`options.rewrite`" in reference.contenders()
    assert all(f"`{one.name}`" in reference.measures() for one in MEASURES)


def commands_of(text: str) -> Iterator[list[str]]:
    """The words after `bakeoff` of each command in the shell blocks of a page."""
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            while words and re.match(r"\w+=", words[0]):
                words = words[1:]
            if words and words[0] == "bakeoff":
                stop = next((i for i, word in enumerate(words) if word in ENDS), len(words))
                yield words[1:stop]


def impossible(words: list[str]) -> str:
    """Why these words are no command of bakeoff: an option that does not exist, say. Empty if they are one."""
    command: Any = typer.main.get_command(app)
    context = typer.Context(command, info_name="bakeoff")
    while hasattr(command, "commands") and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
        context = typer.Context(command, info_name=command.name, parent=context)
    if hasattr(command, "commands"):
        return "" if words == ["--help"] or words == ["--version"] else f"no command in {words}"
    try:
        values, rest, _ = command.make_parser(context).parse_args(list(words))
    except typer.TyperException as error:
        return f"{command.name}: {error}"
    missing = [one.name for one in command.params if one.required and not values.get(one.name)]
    return f"{command.name}: {missing} or {rest} is wrong" if missing or rest else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_command_in_a_page_is_possible(page: Path) -> None:
    """Its options exist and take values, and no argument is missing or too much."""
    found = [(words, impossible(words)) for words in commands_of(page.read_text(encoding="utf-8"))]
    assert [one for one in found if one[1]] == []


def test_an_impossible_command_is_found() -> None:
    """The check itself: an option that does not exist, a missing argument, one too many, an unknown command."""
    lines = ("run a.yaml --resum", "ask", "report a b", "bake", "run a.yaml # x")
    text = "```sh\n" + "".join(f"X=1 bakeoff {line}\n" for line in lines) + "```"
    assert [bool(impossible(words)) for words in commands_of(text)] == [True, True, True, True, False]
