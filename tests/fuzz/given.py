"""Strategies: a good value that is changed in a few places, and texts of what parsers and graders look for."""

import copy
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

PIECES = (
    *(
        "\0",
        "\ud800",
        "\u202e",
        "\ufeff",
        "\r\n",
        "\n\n",
        "\t",
        " ",
        "|",
        ",",
        ";",
        '"',
        "'",
        "`",
        "```",
        "<",
        ">",
        "&lt;",
    ),
    *(
        "<b>",
        "</",
        "<!--",
        "[",
        "]",
        "](",
        "{",
        "}",
        "(",
        ")",
        "#",
        "- ",
        "1. ",
        "> ",
        "---\n",
        "---",
        "...",
        ": ",
        "&a",
        "*a",
    ),
    *(
        "!!set",
        "!!binary x",
        "!!timestamp",
        "<<: ",
        "? ",
        "%",
        "$",
        "€",
        "£",
        "12",
        "3.5",
        "1,000",
        "1e999",
        "-0",
        "½",
        "²",
    ),
    *(
        "2026-01-02",
        "2001-99-99",
        "12:61",
        "0x",
        "0b",
        "1_0",
        "01 March",
        "yes",
        "No",
        "NaN",
        ".inf",
        "null",
        "~",
        "true",
    ),
    *(
        "not",
        "I don't know",
        "per cent",
        "between",
        "or",
        "km/h",
        "３",
        "十",
        "٣",
        "Ⅳ",
        "é",
        "e\u0301",
        "ß",
        "İ",
        "𝟙",
        "👨‍👩‍👧",
    ),
    *(
        "9" * 400,
        ",000" * 1500,
        "^100",
        "10^",
        "/0",
        "1/2",
        " x 10^",
        "万",
        "億",
        "五",
        "千年",
        "half past ",
        "k",
        "m²",
        "²" * 5000,
    ),
    *("=?utf-8?q?", "--b", "Content-Type: ", "../", "\\x", "\\u", "\\", "0" * 5000, "(" * 300, "[" * 3000, "a" * 2000),
)


def texts(good: str = "") -> st.SearchStrategy[str]:
    """Words and signs in any order, or a good text that is changed."""
    free = st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=12).map("".join)
    if not good:
        return free
    return changed(good.encode()).map(lambda content: content.decode("utf-8", "surrogateescape"))


def changed(good: bytes) -> st.SearchStrategy[bytes]:
    """The bytes with up to six changes: a piece put in, left out, repeated or replaced."""
    piece = st.sampled_from([one.encode("utf-8", "surrogatepass") for one in PIECES]) | st.binary(max_size=6)
    at = st.integers(0, max(1, len(good)))
    change = st.tuples(at, st.integers(0, 40), piece, st.integers(0, 3))

    def made(changes: Sequence[tuple[int, int, bytes, int]]) -> bytes:
        content = good
        for place, length, put, times in changes:
            kept = content[place : place + length] if times == 3 else b""
            content = content[:place] + put * max(1, times) + kept + content[place + (length if times else 0) :]
        return content

    return st.lists(change, max_size=6).map(made)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | texts()
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(), inner, max_size=3), max_leaves=8
)


def json_values(good: dict[str, Any], keys: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """A good mapping in which some values, at any depth, are others."""
    places = list(_places(good))

    def made(changes: Sequence[tuple[tuple[Any, ...], Any]]) -> dict[str, Any]:
        values = copy.deepcopy(good)
        for place, value in changes:
            inner = values
            for step in place[:-1]:
                inner = inner[step] if isinstance(inner, (dict, list)) and _has(inner, step) else None
            if isinstance(inner, dict) or (isinstance(inner, list) and _has(inner, place[-1])):
                inner[place[-1]] = copy.deepcopy(value)
        return values

    place = st.sampled_from(places) | st.sampled_from([(key,) for key in keys])
    return st.lists(st.tuples(place, ANY | st.sampled_from(list(good.values()))), max_size=4).map(made)


def _has(inner: Any, step: Any) -> bool:
    return step in inner if isinstance(inner, dict) else isinstance(step, int) and step < len(inner)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Any:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from _places(inner, (*path, step))


def yaml_values(good: dict[str, Any]) -> st.SearchStrategy[str]:
    """A good mapping as YAML in which one line is another, and perhaps some name one another."""
    lines = [f"{key}: {json.dumps(value)}" for key, value in good.items()]
    changed_line = st.tuples(st.integers(0, len(lines) - 1), st.sampled_from(list(good)), texts()).map(
        lambda change: "\n".join([*lines[: change[0]], f"{change[1]}: {change[2]}", *lines[change[0] + 1 :]])
    )
    return st.tuples(aliases(), changed_line).map("\n".join) | changed_line


NAMES = "abcdefgh"
FORMS = ("[%]", "{<<: [%]}", "{k: [%], ? [%] : 1}", "[[%], x]")


def aliases() -> st.SearchStrategy[str]:
    """Lines of YAML of which each names another, once or often, in lists, mappings and merged keys."""

    def chained(form: str, times: int) -> list[str]:
        return [_naming(form, name, times) for name in NAMES[:-1]]

    forms, times = st.sampled_from(FORMS), st.integers(1, 12)
    line = st.builds(_naming, forms, st.sampled_from(NAMES), times)
    values = st.builds(chained, forms, times) | st.lists(line, min_size=1, max_size=len(NAMES) - 1)
    first = st.sampled_from(["x", "[x]", "{k: v}", "{}", "&z [x]"])

    def made(begin: str, others: Sequence[str]) -> str:
        return "\n".join(f"{name}: &{name} {value}" for name, value in zip(NAMES, [begin, *others], strict=False))

    return st.builds(made, first, values)


def _naming(form: str, name: str, times: int) -> str:
    return form.replace("%", ", ".join([f"*{name}"] * times))
