"""Recognises the format of a question file by the names of its columns, and converts it.

Takes a table, gives a table under Bakeoff's own names. A file of no known format stays as it is.
"""

from collections.abc import Callable

from bakeoff.errors import InputError
from bakeoff.questions.rows.columns import Mapped, pairs_of
from bakeoff.questions.rows.table import RawRow, Table
from bakeoff.questions.tools import (
    beir,
    chats,
    deepeval,
    intercom,
    openai_evals,
    promptfoo,
    ragas,
    server_log,
    squad,
    zendesk,
)
from bakeoff.questions.tools.converted import Converted, Recorded

READERS: tuple[Callable[[Recorded], Converted | None], ...] = (
    server_log.read,
    promptfoo.read,
    squad.read,
    openai_evals.read,
    deepeval.read,
    ragas.read,
    zendesk.read,
    intercom.read,
    beir.read,
    chats.read,
)


def converted(table: Table, columns: Mapped) -> Table:
    """The table in Bakeoff's own names, with notes. `columns` maps fields to column names, as a user does.

    A file stays as it is if its format is not known, or if a mapped column exists only in its own names. Raises
    InputError if no record of a known format can be used.
    """
    recorded = Recorded(
        table.path, [(one.line, dict(zip(one.names, one.values, strict=False))) for one in table.records]
    )
    result = next((result for reader in READERS if (result := reader(recorded))), None)
    if result is None:
        return table
    name = table.path.name
    if not result.rows:
        raise InputError(f"{name} is a file of {result.tool}, but has no question to use. {' '.join(result.notes)}")
    names = tuple(dict.fromkeys(column for _, cells in result.rows for column in cells))
    if any(column in table.names and column not in names for _, column in pairs_of(columns)):
        return table
    records = [RawRow(line, names, [cells.get(column) for column in names]) for line, cells in result.rows]
    notes = (f"{name} was read as a file of {result.tool}.", *(f"{name}: {note}" for note in result.notes))
    return table._replace(records=records, notes=(*table.notes, *notes))
