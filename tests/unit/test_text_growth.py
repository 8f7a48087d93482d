"""Reading and cutting a text takes time in proportion to its length, whatever it repeats."""

import pytest

from bakeoff.corpus.chunk import chunk_document
from bakeoff.formats.parse import parse
from bakeoff.records import Document
from bakeoff.style.counts import count_sentences
from tests.growth import growth

FASTER_THAN_SQUARE = 10
"""Of four times the length; sixteen would be the square of it."""
SENTENCES = (
    *(
        "A. ",
        "A.* ",
        "a.b. ",
        "1. ",
        "5 kg. ",
        "am 3. ",
        "e.g. ",
        "No. 5 ",
        "...x",
        "....",
        '." ',
        '"',
        "।x",
        "。",
        "(a) ",
    ),
    *("[1] ", "😀", "中文", "สวัสดี ", "one", "e\u0301", "Abc def. "),
)
LINES = (
    *(
        "| a |\n",
        "|a|\n|-|\n",
        "- a\n",
        "  - a\n",
        "- ",
        "> ",
        "a: b\nc d\n",
        "\n\n",
        "\n",
        " ",
        "\t",
        "# a\n\nb\n",
        "```\n",
    ),
    *(
        "[a]: /b\n\n",
        "[a][b] ",
        "[a](b) ",
        "![",
        "<!-- ",
        "<!-- a -->`b` ",
        "~~a ",
        "<s>a ",
        "{/*",
        "<a ",
        "`a",
        "&lt;",
        "*",
    ),
)


def _cut(text: str) -> object:
    return chunk_document(Document(id="a", source="a.md", text=text), 64, lambda part: len(part) // 4 + 1)


def _read(text: str) -> object:
    return parse("a.md", b"Words.\n\n" + text.encode())


@pytest.mark.parametrize("piece", SENTENCES)
def test_sentences(piece: str) -> None:
    assert growth(lambda n: count_sentences(piece * (n // len(piece))), 12_000, repeats=1) <= FASTER_THAN_SQUARE


@pytest.mark.parametrize("begin", ["", "Words first ", "    "])
@pytest.mark.parametrize("piece", SENTENCES + LINES)
def test_cutting(piece: str, begin: str) -> None:
    assert growth(lambda n: _cut(begin + piece * (n // len(piece))), 6_000, repeats=1) <= FASTER_THAN_SQUARE


@pytest.mark.parametrize("piece", SENTENCES + LINES)
def test_reading(piece: str) -> None:
    assert growth(lambda n: _read(piece * (n // len(piece))), 8_000, repeats=1) <= FASTER_THAN_SQUARE
