"""Whether a sheet whose rows are texts shows who may see them: labels that nobody sees would make the texts public.

Takes a sheet and the headers that were found in it. Knows no file format.
"""

from collections.abc import Sequence

from bakeoff.formats.part import UnclearAccessError
from bakeoff.formats.restricting import NAMES, name_of
from bakeoff.formats.sheets.sheet import Sheet
from bakeoff.formats.tables.find import TEXT_FIELDS

_SAVE = "open it in a spreadsheet program, show all rows and columns, and save it"


def check_labels(sheet: Sheet, headers: Sequence[str], has_formulas: bool) -> None:
    """Raises UnclearAccessError if a column of labels is hidden, not named in the header, or has cells that are crossed
    out. `has_formulas`: the file has formulas without values; then a column of labels may have some.
    """
    read = {name for name in map(name_of, headers) if name in NAMES}
    for name, row, column in _named(sheet):
        if name not in read:
            raise UnclearAccessError(f"its column {name} is hidden, or not in the row of the other headers", _SAVE)
        if any(below > row and there == column for below, there in sheet.struck):
            raise UnclearAccessError(f"its column {name} has cells that are crossed out", "delete what does not count")
    if read and has_formulas:
        raise UnclearAccessError(f"its column {min(read)} may have formulas that were never calculated", _SAVE)


def _named(sheet: Sheet) -> list[tuple[str, int, int]]:
    """(name, row, column) of the cells that name a column of labels: in the row that names the column of texts, and in
    one below that says nothing of the text.
    """
    names = {number: [name_of(cell) for cell in cells] for number, cells in sheet.cells.items()}
    header = next((number for number in sorted(names) if set(TEXT_FIELDS) & set(names[number])), None)
    if header is None:
        return []
    text = next(place for place, name in enumerate(names[header]) if name in TEXT_FIELDS)
    below = names.get(header + 1, [])
    rows = [header, *([header + 1] if not "".join(below[text : text + 1]) else [])]
    return [(name, row, place) for row in rows for place, name in enumerate(names.get(row, ())) if name in NAMES]
