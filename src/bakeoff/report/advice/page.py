"""An `Advice` as one HTML page that needs nothing else: light and dark, from phone to print, no script.

Takes an `Advice`, gives text. The style is the report's with a little added. Knows nothing about files but its own.
"""

from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bakeoff.decide.advise.advise import Advice
from bakeoff.decide.advise.factors import NAMES, TITLES
from bakeoff.decide.verdict.claims import articles

COLOUR = {"rag": "k1", "ft": "k2", "hybrid": "k3"}
"""The report's colours of the contenders rag, tuned and hybrid."""


def advice_html(advice: Advice) -> str:
    """The whole page."""
    templates = Environment(
        loader=PackageLoader("bakeoff.report.advice", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rows = advice.matrix.rows
    return templates.get_template("advice.html").render(
        advice=advice,
        told=advice.recommendation,
        matrix=advice.matrix,
        known=[row for row in rows if row.scores],
        unknown=[row.title for row in rows if row.basis == "unknown"],
        cost=advice.cost,
        roadmap=advice.roadmap,
        effort=advice.roadmap.effort_by_owner() if advice.roadmap else {},
        names=NAMES,
        titles=TITLES,
        colour=COLOUR,
        article_titles=articles(),
        style=Markup(_style()),
    )


def _style() -> str:
    package = resources.files("bakeoff")
    return "".join(
        package.joinpath(*name.split("/")).read_text(encoding="utf-8")
        for name in ("report/style.css", "report/advice/advice.css")
    )
