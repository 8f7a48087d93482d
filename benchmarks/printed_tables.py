"""Tables in Markdown, and the options of the simulations that print several of them.

Takes titles and cells, gives lines; takes the names of a benchmark's parts, gives those to run and the number of
pilots. Knows nothing about what is simulated.
"""

import argparse
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

QUICK = 8
"""The pilots for each line with --quick: enough to see that everything works."""


def row(cells: Iterable[object]) -> str:
    """One line of a table; fractions have three digits."""
    return "| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"


def line(*cells: object) -> None:
    print(row(cells), flush=True)


def header(*columns: str) -> None:
    print()
    line(*columns)
    line(*("---" for _ in columns))


class Table(NamedTuple):
    """A whole table, with what it shows."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        lines = [self.header, ["---"] * len(self.header), *self.rows]
        return "\n".join([f"**{self.title}**", "", *map(row, lines), ""])


class Asked(NamedTuple):
    """What the command line asks for."""

    parts: Sequence[str]
    n_pilots: int


def asked(
    description: str | None, parts: Collection[str], n_pilots: int, arguments: Sequence[str] | None = None
) -> Asked:
    """The parts to run, all by default, and the pilots for each line. Ends the program if a part does not exist."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pilots", type=int, default=n_pilots, help="simulated pilots for each line")
    parser.add_argument("--only", default=",".join(parts), help="parts, separated by commas")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} pilots for each line")
    given = parser.parse_args(arguments)
    chosen = given.only.split(",")
    unknown = [part for part in chosen if part not in parts]
    if unknown:
        parser.error(f"--only: there is no part {unknown[0]!r}; name some of {', '.join(parts)}")
    if given.pilots < 1:
        parser.error(f"--pilots: {given.pilots} are too few; give 1 or more")
    return Asked(chosen, QUICK if given.quick else given.pilots)


def run(description: str | None, parts: Mapping[str, Callable[[int], None]], n_pilots: int) -> None:
    """Print the tables of the parts that the command line asks for."""
    chosen = asked(description, parts, n_pilots)
    for part in chosen.parts:
        parts[part](chosen.n_pilots)
