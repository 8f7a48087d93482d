"""An `Advice` as one self-contained HTML page: light and dark, for phones, laptops and print, no script.

Takes an `Advice`, gives text. The style is the report's with a few additions. Reads only its own template and styles.
"""

from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bakeoff.decide.advise.advise import Advice
from bakeoff.decide.situation.approaches import APPROACHES, NAMES, TITLES
from bakeoff.decide.verdict.claims import articles
from bakeoff.decide.wording import percent
from bakeoff.report.advice.markdown import in_a_pilot

COLOUR = dict(zip(APPROACHES, ("k1", "k2", "k3"), strict=True))
"""The report's colours of RAG, fine-tuning and a hybrid."""


def advice_html(advice: Advice) -> str:
    """The whole page as HTML."""
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
        recommendation=advice.recommendation,
        matrix=advice.matrix,
        known=[row for row in rows if row.scores],
        unknown=[row.title for row in rows if row.basis == "unknown"],
        cost=advice.cost,
        roadmap=advice.roadmap,
        effort=advice.roadmap.effort_by_owner() if advice.roadmap else {},
        names=NAMES,
        titles=TITLES,
        percent=percent,
        colour=COLOUR,
        article_titles=articles(),
        in_a_pilot=in_a_pilot(advice),
        style=Markup(_style()),
    )


def _style() -> str:
    package = resources.files("bakeoff")
    return "".join(
        package.joinpath(*name.split("/")).read_text(encoding="utf-8")
        for name in ("report/style.css", "report/advice/advice.css")
    )
