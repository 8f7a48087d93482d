"""Writes the formulas of a page as text: the TeX they were made from if it is there, otherwise their signs in a line.

Takes a `math` element. Knows no page.
"""

from bs4 import Tag

from bakeoff.formats import markup

_TEX = ("application/x-tex", "text/x-tex", "latex", "tex")
_DROPPED = ("annotation", "annotation-xml", "mphantom")


def formula(math: Tag) -> str:
    """The formula on one line.

    >>> from bs4 import BeautifulSoup
    >>> html = "<math><mfrac><mn>1</mn><mi>x</mi></mfrac><mo>=</mo><msup><mn>10</mn><mn>6</mn></msup></math>"
    >>> formula(BeautifulSoup(html, "lxml").math)
    '1/x=10^6'
    """
    for note in math.find_all("annotation"):
        if str(note.get("encoding") or "").lower() in _TEX:
            return _without_style(markup.one_line(note.get_text()))
    text = markup.one_line(str(math.get("alttext") or ""))
    return _without_style(text) if text else markup.one_line(_line(math))


def _without_style(tex: str) -> str:
    """The TeX without the wish for a large display, which every formula of Wikipedia has."""
    prefix = r"{\displaystyle "
    return tex[len(prefix) : -1].strip() if tex.startswith(prefix) and tex.endswith("}") else tex


def _line(tag: Tag) -> str:
    parts = [
        _line(child) if isinstance(child, Tag) else str(child)
        for child in tag.children
        if not (isinstance(child, Tag) and child.name in _DROPPED)
    ]
    operands = [part.strip() for part in parts if part.strip()]
    if tag.name == "mfrac" and len(operands) == 2:
        return "/".join(map(_grouped, operands))
    if tag.name in ("msup", "mover") and len(operands) == 2:
        return f"{operands[0]}^{_grouped(operands[1])}"
    if tag.name in ("msub", "munder") and len(operands) == 2:
        return f"{operands[0]}_{_grouped(operands[1])}"
    if tag.name in ("msubsup", "munderover") and len(operands) == 3:
        return f"{operands[0]}_{_grouped(operands[1])}^{_grouped(operands[2])}"
    if tag.name == "msqrt":
        return f"√{_grouped(''.join(operands))}"
    if tag.name == "mroot" and len(operands) == 2:
        return f"{_grouped(operands[0])}^(1/{operands[1]})"
    if tag.name == "mtr":
        return ", ".join(operands) + "; "
    return "".join(parts if tag.name == "mtext" else (part.strip() for part in parts))


def _grouped(part: str) -> str:
    """The operand, in brackets if it is more than one number or name."""
    return part if part.replace(".", "").isalnum() else f"({part})"
