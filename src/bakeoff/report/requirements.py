"""Where each contender stands on every need, limit and goal, as text cells for the page, the Markdown and the terminal.

Takes a `Judgement`, gives rows. The states and reasons are those of decide/requirements/standing.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bakeoff.decide.requirements.standing import STATES, Standing, State
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.sentences import listed

SIGNS: Mapping[State, str] = {"met": "✓", "missed": "✗", "open": "?"}
NOT_LISTED = "met"


@dataclass(frozen=True)
class Cell:
    """One contender's standing on one requirement in words. `more` says how many more questions would show it."""

    state: str
    sign: str
    words: str
    why: str = ""
    more: str = ""


def requirements(judgement: Judgement) -> list[tuple[str, str, str]]:
    """Every requirement that any contender has a standing on: its name, its kind and its text, needs first."""
    found: dict[str, tuple[str, str, str]] = {}
    for kind in ("need", "limit", "goal"):
        for standings in judgement.standings.values():
            for standing in standings:
                if standing.kind == kind:
                    found.setdefault(standing.name, (standing.name, kind, standing.text))
    return list(found.values())


def cells(judgement: Judgement, contender: str) -> dict[str, Cell]:
    """A contender's cell for each requirement. One that is not listed for it is met: it is listed only if it is not."""
    own = {standing.name: standing for standing in judgement.standings.get(contender, ())}
    return {
        name: _cell(own[name]) if name in own else Cell(NOT_LISTED, SIGNS["met"], STATES["met"])
        for name, _, _ in requirements(judgement)
    }


def _cell(standing: Standing) -> Cell:
    more = f"about {rounded(standing.more)} more questions would show it" if standing.more else ""
    return Cell(standing.state, SIGNS[standing.state], STATES[standing.state], standing.why, more)


def cell_text(cell: Cell) -> str:
    """The whole cell on one line: 'missed: 45 % measured; ...'."""
    return ": ".join(filter(None, (cell.words, "; ".join(filter(None, (cell.why, cell.more))))))


def rounded(n: int) -> str:
    """A number of questions with two digits: '900', '1,300'."""
    return f"{float(f'{n:.2g}'):,.0f}"


def shown_first(judgement: Judgement) -> str | None:
    """The contender whose requirements are shown as a list: the choice, else the one with the highest utility."""
    if judgement.winner is not None:
        return judgement.winner
    utility = {name: judgement.worth.utility[name].value for name in judgement.standings}
    among = {name: value for name, value in utility.items() if name not in judgement.excluded} or utility
    builds = {name: value for name, value in among.items() if name not in judgement.baselines} or among
    return max(builds, key=lambda name: builds[name], default=None)


def summary(judgement: Judgement, contender: str) -> str:
    """'rag meets 1 of 3 requirements, misses 1; 1 is not shown yet.'"""
    of = [cell.state for cell in cells(judgement, contender).values()]
    counts = [f"meets {of.count('met')} of {len(of)} {'requirement' if len(of) == 1 else 'requirements'}"]
    counts += [f"misses {of.count('missed')}"] if "missed" in of else []
    counts += [f"is not yet shown to meet {of.count('open')}"] if "open" in of else []
    return f"{contender} {listed(counts)}."


NO_REQUIREMENTS = (
    "The profile sets no need, limit or goal, so what the contenders are worth decides alone. Set them with "
    "accuracy_requirement, max_hallucination, latency_limit_ms, budgets, a deadline or needs."
)


def requirements_context(judgement: Judgement) -> dict[str, Any]:
    """The list of the chosen contender, and the table of all."""
    asked, first = requirements(judgement), shown_first(judgement)
    return {
        "asked": asked,
        "none": NO_REQUIREMENTS,
        "first": first,
        "summary": summary(judgement, first) if first and asked else "",
        "list": [(kind, text, cells(judgement, first)[name]) for name, kind, text in asked] if first else [],
        "rows": [(name, list(cells(judgement, name).values())) for name in judgement.standings],
    }
