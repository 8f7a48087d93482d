"""The reference pages of the site, written from the code: commands, keys of bakeoff.yaml, contenders, measures, Python.

Each function gives one page as Markdown. They read what the program itself reads, so a page cannot say something else.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import typer
import typer.main

from bakeoff.catalogue import CLASSIFYING, RECIPES, STANDARD
from bakeoff.cli.main import app
from bakeoff.imports import imported
from bakeoff.measures import MEASURES
from bakeoff.runs.schema import config_schema

Schema = dict[str, Any]
DEEPEST = 6
"""How far keys inside keys are listed."""


def commands() -> str:
    """Every command with its arguments and options."""
    root = typer.main.get_command(app)
    parts = ["# Every command", "Written from the code. `bakeoff COMMAND --help` shows the same."]
    parts += _group(root, "bakeoff")
    return "\n\n".join(parts) + "\n"


def _group(command: Any, path: str) -> Iterator[str]:
    for name in sorted(command.commands):
        one, full = command.commands[name], f"{path} {name}"
        if one.hidden:
            continue
        if hasattr(one, "commands"):
            yield from _group(one, full)
        else:
            yield from _command(one, full)


def _command(command: Any, path: str) -> Iterator[str]:
    context = typer.Context(command, info_name=path)
    yield f"## {path}"
    yield f"```text\n{' '.join([path, *command.collect_usage_pieces(context)])}\n```"
    yield (command.help or "").strip()
    rows = [row for row in (_parameter(one, context) for one in command.params) if row]
    if rows:
        yield _table(("argument or option", "meaning"), rows)


def _parameter(parameter: Any, context: typer.Context) -> tuple[str, str] | None:
    if getattr(parameter, "hidden", False) or parameter.name == "help":
        return None
    named, text = parameter.get_help_record(context) or (parameter.make_metavar(context), parameter.help or "")
    return f"`{named}`", text


def keys() -> str:
    """Every key of bakeoff.yaml with its type, default and limits."""
    schema = config_schema()
    parts = [
        "# Every key of bakeoff.yaml",
        "Written from the code. [Configuration](../configuration.md) explains them; the keys of `profile` are on "
        "[their own page](../profile.md).",
    ]
    kinds: Schema = schema["$defs"]
    rows = list(_rows(schema["properties"], kinds, "", set(schema.get("required", ())), 0))
    parts.append(_table(("key", "type", "default"), rows))
    for name in ("LocalModel", "ApiModel", "Entry"):
        title = {"LocalModel": "A local model", "ApiModel": "A model behind a server", "Entry": "A contender"}[name]
        parts += [f"## {title}", kinds[name].get("description", "")]
        kind = kinds[name]
        parts.append(
            _table(
                ("key", "type", "default"), list(_rows(kind["properties"], kinds, "", set(kind.get("required", ())), 0))
            )
        )
    return "\n\n".join(parts) + "\n"


def _rows(
    properties: Schema, kinds: Schema, above: str, required: set[str], depth: int
) -> Iterator[tuple[str, str, str]]:
    for key, value in properties.items():
        path = f"{above}{key}"
        inner = _record_of(value, kinds)
        if path == "profile":
            yield f"`{path}`", "see [profile](../profile.md)", ""
        elif path == "contenders":
            yield (
                f"`{path}`",
                "names of [recipes](contenders.md), import paths, or [mappings](#a-contender)",
                "the standard ones",
            )
        elif path == "models":
            yield (
                f"`{path}`",
                "names with [local models](#a-local-model) or [models behind a server](#a-model-behind-a-server)",
                "",
            )
        elif inner and depth < DEEPEST:
            yield from _rows(inner["properties"], kinds, f"{path}.", set(inner.get("required", ())), depth + 1)
        else:
            default = "required" if key in required else _default(value)
            yield f"`{path}`", _type(value, kinds), default


def _record_of(value: Schema, kinds: Schema) -> Schema | None:
    """The record that a key holds, if it holds one."""
    for one in (value, *value.get("anyOf", ()), *value.get("allOf", ())):
        kind = kinds.get(one.get("$ref", "").removeprefix("#/$defs/"))
        if kind and "properties" in kind:
            return kind
    return None


def _default(value: Schema) -> str:
    given = value.get("default")
    return "" if given in (None, {}, []) else f"`{given}`"


def _type(value: Schema, kinds: Schema) -> str:
    if "$ref" in value:
        name = value["$ref"].removeprefix("#/$defs/")
        kind = kinds.get(name, {})
        return _type(kind, kinds) if "properties" not in kind else name
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    for key in ("anyOf", "oneOf", "allOf"):
        if key in value:
            shown = dict.fromkeys(_type(one, kinds) for one in value[key] if one.get("type") != "null")
            return " or ".join(shown)
    if value.get("type") == "array":
        return f"list of {_type(value.get('items', {}), kinds) or 'values'}"
    return f"{value.get('type', 'any')}{_limits(value)}"


def _limits(value: Schema) -> str:
    words = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    limits = [f"{words[key]} {value[key]}" for key in words if key in value]
    return f", {', '.join(limits)}" if limits else ""


def contenders() -> str:
    """Every recipe with what it is, what it needs, and its options."""
    parts = [
        "# Every contender",
        "Written from the code. A run that names no contenders compares those marked *standard*, or with "
        "`task: classify` those marked *labels*. `like: NAME` in `contenders:` takes a recipe with your own settings.",
    ]
    rows, options = [], []
    for name in RECIPES:
        recipe = imported(RECIPES[name], None, name)
        mark = "standard" if name in STANDARD else "labels" if name in CLASSIFYING else ""
        rows.append((f"`{name}`", recipe.approach or "none", mark, recipe.summary))
        schema = recipe.Options.model_json_schema()
        if schema.get("properties"):
            lines = list(_rows(schema["properties"], schema.get("$defs", {}), "options.", set(), 0))
            options += [
                f"## Options of {name}",
                schema.get("description", ""),
                _table(("key", "type", "default"), lines),
            ]
    parts += [_table(("name", "counts as", "", "what answers"), rows), *options]
    return "\n\n".join(parts) + "\n"


def measures() -> str:
    """Every measure with its unit, what is better, and its source."""
    rows = [
        (f"`{one.name}`", one.title, one.unit, one.better or "", f"{one.description} {one.source}".strip())
        for one in MEASURES
    ]
    parts = ["# Every measure", "Written from the code. [How they are measured](../measures.md)."]
    parts.append(_table(("name", "title", "unit", "better", "what it is"), rows))
    return "\n\n".join(parts) + "\n"


def python() -> str:
    """The public names of the package, and the protocols that parts implement."""
    parts = ["# Every Python name", "Written from the code. [In Python](../python.md) shows how they are used."]
    names = (
        "bakeoff.runs.run.Run",
        "bakeoff.pilot.run.run",
        "bakeoff.runs.run.open_run",
        "bakeoff.runs.config.load_config",
    )
    parts += [f"::: {name}" for name in (*names, "bakeoff.records", "bakeoff.protocols", "bakeoff.errors")]
    return "\n\n".join(parts) + "\n"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


PAGES: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "keys": keys,
    "contenders": contenders,
    "measures": measures,
    "python": python,
}
"""The name of each page in reference/, and what writes it."""
