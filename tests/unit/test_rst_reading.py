"""reStructuredText is read as its readers see it rendered."""

import pytest

from bakeoff.formats.parse import parse


def read(text: str) -> str:
    return parse("a.rst", text.encode()).parts[0].text


def test_headings_have_the_levels_in_which_their_adornments_come() -> None:
    """A line above and below is a kind of its own; the first heading is the title."""
    text = "====\nOven\n====\n\nWarranty\n--------\n\nEU\n~~\n\nReturns\n-------\n"
    assert read(text) == "# Oven\n\n## Warranty\n\n### EU\n\n## Returns"
    assert parse("a.rst", text.encode()).parts[0].title == "Oven"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".. note:: 24 months\n   in the EU.", "Note: 24 months in the EU."),
        (".. warning::\n\n   230 V inside.", "Warning:\n\n230 V inside."),
        (".. versionadded:: 3.10", "Added in version 3.10:"),
        ("A\n\n.. the old price\n   was 99\n\nB", "A\n\nB"),
        ("A\n\n.. _label:\n.. toctree::\n   :maxdepth: 2\n\n   x\n\nB", "A\n\nB"),
        ("Run ``make``::\n\n   make all\n     x\n\nB", "Run `make`:\n\n```\nmake all\n  x\n```\n\nB"),
        (".. code-block:: sh\n   :linenos:\n\n   ls\n", "```\nls\n```"),
        ("See :ref:`it <g>`, `Docs <https://x.example>`_ and Oven_.", "See it, [Docs](https://x.example) and Oven."),
        ("24 months [1]_\n\n.. [1] In the EU.", "24 months [1]\n\n[1] In the EU."),
        (".. figure:: a.png\n   :alt: The valve\n\n   Valve A", "The valve\n\nValve A"),
    ],
)  # fmt: skip
def test_marks_become_words(text: str, expected: str) -> None:
    """Admonitions, comments, code, roles, links, footnotes, pictures."""
    assert read(text) == expected


@pytest.mark.parametrize(
    "table",
    [
        "======  ======\nModel   Months\n======  ======\nK1      24\n======  ======",
        "+-------+--------+\n| Model | Months |\n+=======+========+\n| K1    | 24     |\n+-------+--------+",
        ".. list-table::\n   :header-rows: 1\n\n   * - Model\n     - Months\n   * - K1\n     - 24",
        '.. csv-table::\n   :header: x\n\n   "Model",Months\n   K1,24',
    ],
)
def test_tables_of_each_kind_are_tables(table: str) -> None:
    """Simple, grid, list and CSV."""
    assert read(f"{table}\n") == "| Model | Months |\n| --- | --- |\n| K1 | 24 |"
