"""A decision's page as one self-contained HTML page in the style of the report, with no script.

Takes a `Page`, gives text. The template escapes all of it.
"""

from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bakeoff.learn.accounts.page import Page
from bakeoff.learn.accounts.text import shorter


def html_text(page: Page, links: dict[str, str]) -> str:
    """The whole page. `links` are further pages: their titles with their addresses, relative to this one."""
    templates = Environment(
        loader=PackageLoader("bakeoff.learn.accounts", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = resources.files("bakeoff").joinpath("report", "style.css").read_text(encoding="utf-8")
    return templates.get_template("page.html").render(page=page, links=links, shorter=shorter, style=Markup(style))
