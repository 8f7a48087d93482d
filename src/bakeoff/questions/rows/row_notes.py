"""Notes on single rows of a question file: cells with a '|' that is not a separator, and words that are no kind.

Takes the rows of one file, gives notes, or raises an error.
"""

from collections.abc import Iterator, Sequence

from bakeoff.errors import InputError
from bakeoff.questions.naming import shortened
from bakeoff.questions.rows.aliases import keeps_pipe, splits_code
from bakeoff.questions.rows.cells import cell
from bakeoff.questions.rows.columns import PUBLIC
from bakeoff.questions.rows.kinds import all_kinds, kind_of
from bakeoff.questions.rows.rows import Row, RowsRead
from bakeoff.sentences import first_few


def row_notes(file: RowsRead) -> list[str]:
    """All notes on the rows of one file. Raises InputError for an unknown word in a column `kind`."""
    name = file.rows[0].path.name
    return [*_kind_notes(file, name), *_pipe_notes(file.rows, name)]


def _kind_notes(file: RowsRead, name: str) -> Iterator[str]:
    """A note on unknown words in a column that is read as the kind, but may mean something else (`type`)."""
    unknown = [row for row in file.rows if kind_of(cell(row, "kind")) is None]
    if not unknown:
        return
    (column,) = [file.header.names[i] for i in file.header.positions["kind"]][:1]
    words = list(dict.fromkeys(cell(row, "kind") for row in unknown))
    if column.strip().lower() == PUBLIC.get("kind", "kind") or "kind" in file.header.mapped:
        raise InputError(
            f"{unknown[0].place}: {column} is {words[0]!r}"
            + (f" (and {len(unknown) - 1} more rows have an unknown kind)." if len(unknown) > 1 else "."),
            f"write one of {all_kinds()}, or leave it empty",
        )
    yield (
        f"{name}: {first_few([*map(shortened, words)])} in the column {column!r} "
        f"{'are not kinds' if len(words) > 1 else 'is not a kind'} of answers, and not used. Kinds are {all_kinds()}."
    )


def _pipe_notes(rows: Sequence[Row], name: str) -> Iterator[str]:
    kept, split = [], []
    for row in rows:
        for text in (value for value in row.cells.get("answers", ()) if isinstance(value, str) and "|" in value):
            if keeps_pipe(text):
                kept.append(f"{row.unit} {row.line}: {shortened(text)}")
            elif splits_code(text):
                split.append(f"{row.unit} {row.line}: {shortened(text)}")
    if kept:
        yield (
            f"{name}: the sign '|' was read as part of one answer, because it looks like code "
            f"({first_few(kept, '; ')}). "
            'For several answers, use several columns (answer 1, answer 2) or a list: ["...", "..."].'
        )
    if split:
        yield (
            f"{name}: the sign '|' was read as a separator of answers, although they look like code "
            f"({first_few(split, '; ')}). If it is part of the answer, write it as \\|."
        )
