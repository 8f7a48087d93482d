"""Writes the equations of a Word document in a line: x=(-b±√(b^2-4ac))/(2a).

Takes an `m:oMath` element, gives text. Knows no paragraph.
"""

from typing import Any

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_PROPERTIES = "Pr"


def formula(element: Any) -> str:
    """The equation on one line, with ^ for raised, _ for lowered, / for fractions, and √ for roots."""
    name = element.tag.removeprefix(_M) if isinstance(element.tag, str) else ""
    if name == "t":
        return element.text or ""
    if name.endswith(_PROPERTIES) or not name:
        return ""
    if name == "f":
        return f"{_grouped(_part(element, 'num'))}/{_grouped(_part(element, 'den'))}"
    if name in ("sSup", "sSub", "sSubSup"):
        return _part(element, "e") + _scripts(element)
    if name == "rad":
        degree, radicand = _part(element, "deg"), _grouped(_part(element, "e"))
        return f"{radicand}^(1/{degree})" if degree else f"√{radicand}"
    if name == "nary":
        return _character(element, "naryPr", "chr", "∫") + _scripts(element) + " " + _part(element, "e")
    if name == "d":
        inner = ", ".join(_inside(part) for part in element.findall(f"{_M}e"))
        return _character(element, "dPr", "begChr", "(") + inner + _character(element, "dPr", "endChr", ")")
    if name == "m":
        rows = (", ".join(_inside(cell) for cell in row.findall(f"{_M}e")) for row in element.findall(f"{_M}mr"))
        return "; ".join(rows)
    if name == "func":
        return f"{_part(element, 'fName')} {_part(element, 'e')}"
    return _inside(element)


def _inside(element: Any) -> str:
    return "".join(map(formula, element))


def _part(element: Any, name: str) -> str:
    part = element.find(_M + name)
    return _inside(part).strip() if part is not None else ""


def _scripts(element: Any) -> str:
    below, above = _part(element, "sub"), _part(element, "sup")
    return (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")


def _character(element: Any, properties: str, name: str, default: str) -> str:
    """A sign that the equation names in its properties. It may be named and empty."""
    found = element.find(f"{_M}{properties}/{_M}{name}")
    return default if found is None else str(found.get(f"{_M}val") or "")


def _grouped(part: str) -> str:
    """The operand, in brackets if it is more than one number or name."""
    return part if part.replace(".", "").isalnum() or (part[:1] == "(" and part[-1:] == ")") else f"({part})"
