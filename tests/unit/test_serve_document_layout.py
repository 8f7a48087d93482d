"""The form of a document's text: no character is lost or moved, whatever the text holds."""

import random

import pytest

from bakeoff.serve.documents.layout import LONGEST, LONGEST_LINE, lines_of, span_in

PARTS = (
    "# ",
    "|",
    "a",
    "\n",
    "\n\n",
    "- ",
    "1. ",
    "**",
    "`",
    "```\n",
    "~~~\n",
    "| a | b |\n| --- | --- |\n",
    "> ",
    " ",
    "---\n",
)
PARTS += ("\N{TEAPOT}", "\\|", "\t", "\r\n", "\u2028", "\x0b", "**b** ")


def runs_of(text: str, start: int | None = None, end: int | None = None) -> list[tuple[str, str, bool]]:
    """All runs of the text, in order."""
    lines = lines_of(text, span_in(text, start, end))
    return [tuple(run) for line in lines for cell in line.cells for run in cell]


def kinds(text: str) -> list[str]:
    return [line.kind for line in lines_of(text)]


def test_every_character_is_in_one_run_and_the_span_is_exact() -> None:
    """For 3,000 random texts of signs of Markdown, with a random span in each."""
    random.seed(7)
    for _ in range(3000):
        text = "".join(random.choices(PARTS, k=random.randint(0, 30)))
        start, end = random.randint(0, len(text) + 1), random.randint(0, len(text) + 3)
        span = span_in(text, start, end)
        runs = runs_of(text, start, end)
        assert "".join(run[0] for run in runs) == text
        assert "".join(run[0] for run in runs if run[2]) == (text[span.start : span.end] if span else "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# A\nb\n\n## C #", ["heading", "text", "blank", "heading"]),
        ("#tag\n####### seven", ["text", "text"]),
        ("- a\n  * b\n2) c\n-d", ["item", "item", "number", "text"]),
        ("> a\n---\n* * *", ["quote", "rule", "rule"]),
        ("| A | B |\n|---|:-:|\n| 1 | 2 |\nend", ["head", "separator", "row", "text"]),
        ("a | b\n--- | ---\n", ["head", "separator"]),
        ("a | b\nc | d", ["text", "text"]),
        ("a\n---", ["text", "rule"]),
        ("```py\n# a\n\n```\n# b", ["fence", "code", "code", "fence", "heading"]),
        ("```\nnever closed", ["text", "text"]),
        ("```\n~~~\n```", ["fence", "code", "fence"]),
    ],
)
def test_lines_have_their_kinds(text: str, expected: list[str]) -> None:
    """What is not clearly Markdown is plain text."""
    assert kinds(text) == expected


def test_signs_are_apart_from_what_is_shown() -> None:
    """The bars of a table, the signs of headings, items, bold words and code. A number of an item is shown."""
    shown = {
        "## Care": ["Care"],
        "- **Do** `it`": ["Do", " ", "it"],
        "  3. c": ["3. c"],
        "> a": ["a"],
        "| a \\| b | **c** |\n|---|---|\n": ["a \\| b", "c"],
        "2 ** 3 and **open": ["2 ** 3 and **open"],
    }
    assert {text: [run[0] for run in runs_of(text) if run[1] != "sign"] for text in shown} == shown


def test_a_very_long_text_or_line_is_plain() -> None:
    """Its form is not read: that would take long, and nobody reads it as a whole."""
    assert set(kinds("# a\n" * (LONGEST // 4 + 1))) == {"text"}
    assert [run[0] for run in runs_of("**a** " * LONGEST_LINE)] == ["**a** " * LONGEST_LINE]
