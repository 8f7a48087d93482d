"""Decides which column of a question file fills which field: by Bakeoff's own names, or by a user's mapping.

Takes the column names of one file and the mapping `columns:` of bakeoff.yaml. Does not know the cells.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from bakeoff.errors import InputError
from bakeoff.files.did_you_mean import similar
from bakeoff.sentences import first_few

LONGEST, MOST_SHOWN = 60, 50
SEPARATE = "save the file with a comma, a semicolon or a tab between the columns"
_MARK = re.compile(r"[^\w\s,;.'\"()\[\]/-]")
"""What could stand between the names of columns, and does not belong to a name such as answers[0] or q/a."""

# Field -> the column names that are read as this field. The first name that a file has wins. Case, spaces, hyphens and
# underscores are ignored. A help desk's 'group' or 'intent' is not read as a fact: these hold topics, with many facts
# each. Of the names for answers, those that can only mean the correct answer come first: beside one of them, a column
# 'answer' holds what a model said.
COLUMNS: dict[str, tuple[str, ...]] = {
    "text": (
        "question",
        "query",
        "prompt",
        "text",
        "question_text",
        "utterance",
        "user_question",
        "user_input",
        "input",
    ),
    "answers": (
        *("accepted_answers", "accepted_answer", "right_answer", "correct_answer", "correct_answers", "ground_truth"),
        *("ground_truths", "gold_answer", "gold_answers", "golden_answer", "golden_answers", "golden", "gold"),
        *("ideal", "ideal_answer", "expected_answer", "expected_answers", "expected_output", "expected_response"),
        *("expected", "reference_answer", "reference_answers", "reference_output", "target_answer"),
        *("answers", "answer", "reference", "references", "target"),
    ),
    "id": ("id", "question_id", "qid", "query_id"),
    "fact": ("fact", "fact_id", "topic_id"),
    "source": (
        *("source", "sources", "document", "doc", "url", "file", "path", "doc_id", "document_id", "source_file"),
        *("filename", "file_name", "source_document"),
    ),
    "evidence": ("evidence", "quote", "context", "passage", "quotes", "reference_contexts", "reference_context"),
    "key_points": ("key_points", "key_point", "key_claims", "rubric_points"),
    "asked": ("asked", "count", "frequency", "volume", "n_asked"),
    "asked_on": ("date", "asked_on", "asked_at", "timestamp", "created_at", "created", "created_on", "date_created"),
    "kind": ("kind", "type", "answer_type", "question_type"),
    "slice": ("slice",),
    "split": ("split", "set", "fold"),
    "answerable": ("answerable", "is_answerable"),
    "unanswerable": ("is_impossible", "unanswerable", "is_unanswerable", "impossible"),
    "synthetic": ("synthetic", "is_synthetic"),
    "synthetic_method": ("synthetic_method",),
    "synthetic_review": ("synthetic_review",),
    "paraphrase_of": ("paraphrase_of",),
    "paraphrase_sum": ("paraphrase_sum",),
}
# The name of a field in `columns:` and in messages, if it is not the field's own name.
PUBLIC = {"text": "question", "asked_on": "date"}
# The names that messages propose for the two fields that every file needs.
USUAL = {"text": ("question", "query", "prompt"), "answers": ("answers", "answer", "expected")}
# Columns with more accepted answers, beside the one that holds the answers.
MORE_ANSWERS = (
    *("aliases", "answer_aliases", "alternatives", "alternative_answer", "alternative_answers", "other_answers"),
    *("answer_alternatives", "alt_answer", "alt_answers", "also_accepted", "possible_answers"),
)
Mapped = Mapping[str, str | tuple[str, ...]]
"""What a user maps: the name of a field -> the name of a column; of `answers` also several."""
NAMES = tuple(PUBLIC.get(field, field) for field in COLUMNS)
_FIELDS = dict(zip(NAMES, COLUMNS, strict=True))


class Header(NamedTuple):
    """The columns of one file: their names, the positions each field is read from, and the fields that a user mapped.

    Positions count from 0. Only `answers` can have several.
    """

    names: tuple[str, ...]
    positions: Mapping[str, list[int]]
    mapped: frozenset[str]

    @property
    def unused(self) -> list[int]:
        """The positions of the columns that have a name and are read as no field."""
        used = {i for at in self.positions.values() for i in at}
        return [i for i, name in enumerate(self.names) if i not in used and name.strip()]

    def line(self, file: str) -> str:
        """How columns are read: "q.csv: question <- 'Message' (columns:), answers <- 'answer'; not used: 'agent'"."""
        read = [
            f"{PUBLIC.get(field, field)} <- {' and '.join(repr(self.names[i]) for i in at)}"
            + (" (columns:)" if field in self.mapped else "")
            for field, at in sorted(self.positions.items(), key=lambda item: list(COLUMNS).index(item[0]))
        ]
        unused = [self.names[i] for i in self.unused]
        return f"{file}: {', '.join(read)}" + (f"; not used: {shown(unused, repr)}" if unused else "")


def shown(names: Sequence[str], written: Callable[[str], str] = str) -> str:
    """Names of columns for a message: at most fifty, each with at most 60 characters."""
    return first_few(
        [written(name if len(name) <= LONGEST else f"{name[:LONGEST]}...") for name in names], most=MOST_SHOWN
    )


def how_to_map(field: str, unused: Sequence[str]) -> str:
    """How to say which column holds a field, by the first of the file's unused columns; empty if it has none.

    >>> how_to_map("answers", [])
    ''
    """
    if not unused:
        return ""
    column = json.dumps(unused[0], ensure_ascii=False)
    return (
        f"say which column it is, such as columns: {{{field}: {column}}} in bakeoff.yaml, or "
        f"--columns {field}={column} (bakeoff init, bakeoff advise)"
    )


def pairs_of(columns: Mapped) -> list[tuple[str, str]]:
    """Each field with each of its columns.

    >>> pairs_of({"question": "Message", "answers": ("Reply", "Other reply")})
    [('question', 'Message'), ('answers', 'Reply'), ('answers', 'Other reply')]
    """
    return [
        (field, column)
        for field, given in columns.items()
        for column in ((given,) if isinstance(given, str) else given)
    ]


def check_fields(columns: Mapped) -> None:
    """Raises InputError if a mapping has an unknown field, no or an empty column name, one column for two fields or
    twice, or several columns for a field other than answers.
    """
    for field, given in columns.items():
        if not isinstance(given, str) and (not given or (len(given) > 1 and field != "answers")):
            shown = f": {', '.join(map(repr, given))}" if given else ""
            raise InputError(
                f"columns: {field} is given {len(given)} columns{shown}.",
                "give it one column; only answers can have several",
            )
    for name, column in pairs_of(columns):
        if name not in _FIELDS:
            close = similar(name.strip(), NAMES)
            raise InputError(
                f"columns: there is no field {name!r}{f' (did you mean {close[0]!r}?)' if close else ''}.",
                f"the fields are {', '.join(NAMES)}; write field: column",
            )
        if not column.strip():
            raise InputError(f"columns: {name} has no column name.", "write the column's name as it is in the file")
    fields_of: dict[str, str] = {}
    for name, column in pairs_of(columns):
        if other := fields_of.get(_folded(column)):
            which = f"for both {other} and {name}" if other != name else f"twice for {name}"
            raise InputError(f"columns: {column!r} is given {which}.", "give each field its own column, once")
        fields_of[_folded(column)] = name


def check_columns(columns: Mapped, names: Sequence[str]) -> None:
    """Raises InputError if a mapped column is not among `names`, the column names of all files."""
    known = [_folded(name) for name in names]
    for field, column in pairs_of(columns):
        if not _positions(_FIELDS[field], column, known):
            present = list(dict.fromkeys(name for name in names if name.strip()))
            if found := other_separator(names, columns):
                raise InputError(f"columns: {field} should be read from {column!r}, but {found}.", SEPARATE)
            close = similar(column, present)
            raise InputError(
                f"columns: {field} should be read from {column!r}, but no file has that column"
                f"{f' (did you mean {close[0]!r}?)' if close else ''}.",
                f"the files have the columns {shown(present, repr)}",
            )


def other_separator(names: Sequence[str], columns: Mapped) -> str:
    """What stands between the names of columns that were read as one name, in place of a separator; else empty.

    >>> other_separator(["question|answer"], {})
    "'|' stands between the names 'question|answer', and is no separator of columns"
    """
    for name in names:
        for mark in dict.fromkeys(_MARK.findall(name)):
            parts = name.split(mark)
            asks = (len(names) == 1 and mark == "|") or "text" in header(parts, columns).positions
            if asks and all(part.strip() for part in parts):
                return f"{mark!r} stands between the names {shown([name], repr)}, and is no separator of columns"
    return ""


def header(names: Sequence[str], columns: Mapped, no_answers: Collection[str] = ()) -> Header:
    """The columns that each field is read from. A mapped column takes precedence and is not read as another field.

    Columns named in `no_answers` are read as answers only if they are mapped.
    """
    known = [_folded(name) for name in names]
    mapped: dict[str, list[int]] = {}
    for name, column in pairs_of(columns):
        if at := _positions(_FIELDS[name], column, known):
            mapped[_FIELDS[name]] = list(dict.fromkeys([*mapped.get(_FIELDS[name], []), *at]))
    taken = {i for at in mapped.values() for i in at}
    free = ["" if i in taken else name for i, name in enumerate(known)]
    positions = {
        field: [free.index(_folded(spelling))]
        for field, spellings in COLUMNS.items()
        for spelling in reversed(spellings)
        if field != "answers" and _folded(spelling) in free
    }
    could = ["" if names[i] in no_answers else name for i, name in enumerate(free)]
    if answers := _answer_columns(could, COLUMNS["answers"]):
        more = [i for i, name in enumerate(could) if name in map(_folded, MORE_ANSWERS) and i not in answers]
        positions["answers"] = [*answers, *more]
    return Header(tuple(names), {**positions, **mapped}, frozenset(mapped))


def answer_like(names: Sequence[str]) -> list[str]:
    """The columns whose names could mean answers, in order."""
    known = [_folded(name) for name in names]
    wanted = {i for spelling in (*COLUMNS["answers"], *MORE_ANSWERS) for i in _answer_columns(known, (spelling,))}
    return [names[i] for i in sorted(wanted)]


def _positions(field: str, column: str, known: Sequence[str]) -> list[int]:
    """The positions of a mapped column. For answers, all columns of that name and those with a number after it."""
    at = _answer_columns(known, (_folded(column),))
    return at if field == "answers" else [i for i in at if known[i] == _folded(column)][:1]


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.strip().lower())


_NUMBERED = r"[.(#/\[]?\d+[)\]]?"
"""How columns are numbered: answer 2, answer_2, answer.2, answer (2), answer/2, answer[2]."""


def _answer_columns(known: Sequence[str], spellings: Sequence[str]) -> list[int]:
    """The positions of all columns with the first of these names that exists, with or without a number after it.

    A name with a number alone (answer 1, answer 2) is looked for if no plain name exists.
    """
    for alone in (r"", _NUMBERED):
        for spelling in map(_folded, spellings):
            name = re.escape(spelling)
            if any(re.fullmatch(name + alone, column) for column in known):
                return [i for i, column in enumerate(known) if re.fullmatch(f"{name}({_NUMBERED})?", column)]
    return []
