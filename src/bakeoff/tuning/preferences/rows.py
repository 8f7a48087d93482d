"""Files of preferences to judgements: pairs of answers, thumbs, accepted chats.

Takes JSONL in the layouts of `bakeoff export --to preferences` (TRL's and OpenAI's), TRL's rows with a label, chats,
and the table of a server's log (CSV). Gives `Judgement`s in order: a file is parsed in a process of its own, with
limits. Knows nothing about models.
Sources: OpenAI, "Direct preference optimization" guide; TRL, "Dataset formats".
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bakeoff.apart.process import ApartError, call
from bakeoff.errors import InputError
from bakeoff.files.plain_json import plain_json
from bakeoff.files.small import small_file
from bakeoff.files.spreadsheet_csv import is_risky
from bakeoff.files.unreadable import unreadable
from bakeoff.formats.part import UnreadableError
from bakeoff.formats.tables.csv_rows import csv_rows
from bakeoff.records import Record

LAYOUTS: tuple[tuple[str, ...], ...] = (
    ("prompt", "chosen", "rejected"),
    ("input", "preferred_output", "non_preferred_output"),
    ("prompt", "completion", "label"),
    ("messages",),
)
COLUMNS = ("question", "answer", "thumb")
MOST_BYTES = 100_000_000
REMEDY = (
    "each line is one of these: {prompt, chosen, rejected}, {input, preferred_output, non_preferred_output}, "
    "{prompt, completion, label: true or false}, {messages}; see docs/preferences.md"
)
NAME = (
    "name a file that `bakeoff export --to preferences` wrote, or JSONL of your own; files: takes several, each of up "
    f"to {MOST_BYTES:,} bytes"
)


class Judgement(Record):
    """What a person said about answers to a question: a liked one, a disliked one, or both (then it is a pair)."""

    question: str
    liked: str = ""
    disliked: str = ""

    @property
    def is_pair(self) -> bool:
        return bool(self.liked and self.disliked)


def read_judgements(path: Path) -> list[Judgement]:
    """The judgements of a file, in order.

    Raises InputError, with the number of the line, for a row that is none, and for a pair of equal answers; also for a
    file of more than `MOST_BYTES`, or one that takes too much time or memory.
    """
    try:
        content = small_file(path, MOST_BYTES)
    except OSError as error:
        raise InputError(*unreadable(f"The preferences {path} cannot be read", error, NAME)) from error
    try:
        rows = call(f"{__name__}:texts_of", str(path), content)
    except ApartError as error:
        raise InputError(f"{path}: {error.message}.", error.remedy) from error
    if not rows:
        raise InputError(f"{path} holds no preferences.", REMEDY)
    return [Judgement(question=question, liked=liked, disliked=disliked) for question, liked, disliked in rows]


def texts_of(name: str, content: bytes) -> list[tuple[str, str, str]]:
    """What the other process does: (question, liked, disliked) of each judgement."""
    path = Path(name)
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise InputError(*unreadable(f"The preferences {path} cannot be read", error, NAME)) from error
    read = _of_table if path.suffix.lower() == ".csv" else _of_lines
    return [(one.question, one.liked, one.disliked) for one in read(text, path)]


def _of_lines(text: str, path: Path) -> Iterator[Judgement]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            values = plain_json(line)
        except ValueError as error:
            raise InputError(f"{place} is not JSON: {error}.", REMEDY) from error
        if not isinstance(values, dict):
            raise InputError(f"{place} is not a JSON object.", REMEDY)
        yield _checked(_judgement(values, place), place)


def _judgement(values: Mapping[str, Any], place: str) -> Judgement:
    layout = max(LAYOUTS, key=lambda keys: sum(key in values for key in keys))
    missing = [key for key in layout if key not in values]
    if missing:
        found = ", ".join(values) or "none"
        raise InputError(f"{place}: the key '{missing[0]}' is missing; found: {found}.", REMEDY)
    if layout == ("messages",):
        return Judgement(question=_of_role(values, "messages", "user", place),
                         liked=_of_role(values, "messages", "assistant", place))  # fmt: skip
    asked, *others = layout
    question = _of_role(values, asked, "user", place)
    if "label" in layout:
        if not isinstance(values["label"], bool):
            raise InputError(f"{place}: label is {values['label']!r}; it must be true or false.", REMEDY)
        side = "liked" if values["label"] else "disliked"
        return Judgement.model_validate({"question": question, side: _of_role(values, others[0], "assistant", place)})
    liked, disliked = (_of_role(values, key, "assistant", place) for key in others)
    return Judgement(question=question, liked=liked, disliked=disliked)


def _of_role(values: Mapping[str, Any], key: str, role: str, place: str) -> str:
    """The text of a key, or of its only turn of that role. A contender has system messages of its own."""
    value = values[key]
    turns = value.get("messages") if isinstance(value, dict) else value
    if isinstance(turns, str):
        texts = [turns]
    elif isinstance(turns, list) and all(isinstance(turn, dict) for turn in turns):
        texts = [turn.get("content") for turn in turns if turn.get("role") == role]
    else:
        raise InputError(f"{place}: '{key}' is neither a text nor a list of messages.", REMEDY)
    if len(texts) != 1:
        raise InputError(
            f"{place}: '{key}' has {len(texts)} turns of the {role}; it must have one.",
            "leave conversations of several turns out, or write their question as one",
        )
    if not isinstance(texts[0], str) or not texts[0].strip():
        raise InputError(f"{place}: '{key}' has no text.", REMEDY)
    if any("\ud800" <= c <= "\udfff" for c in texts[0]):
        raise InputError(
            f"{place}: '{key}' has half a character (a lone surrogate), which no model reads.",
            "remove it, or cut the text before or after the whole character",
        )
    return texts[0].strip()


def _checked(judgement: Judgement, place: str) -> Judgement:
    if judgement.is_pair and judgement.liked == judgement.disliked:
        raise InputError(
            f"{place}: both answers of the pair are the same: {judgement.liked[:60]!r}.",
            "remove the line, or correct one of its answers",
        )
    return judgement


def _of_table(text: str, path: Path) -> Iterator[Judgement]:
    """The rows with a thumb. A thumb up beside another right answer says nothing about the answer."""
    try:
        lines = list(csv_rows(text, strict=True))
    except UnreadableError as error:
        raise InputError(f"{path}: {error.message}.", error.remedy) from error
    names = lines[0][1] if lines else []
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise InputError(
            f"{path}: the column '{missing[0]}' is missing; found: {', '.join(names) or 'none'}.",
            f"a table of thumbs has the columns {', '.join(COLUMNS)}, as the export of a server's log",
        )
    for number, cells in lines[1:]:
        row = {name: _plain(cell.strip()) for name, cell in zip(names, cells, strict=False)}
        question, answer, thumb = (row.get(column, "") for column in COLUMNS)
        if thumb not in ("", "up", "down"):
            raise InputError(f"{path}, line {number}: thumb is {thumb!r}.", "write up, down, or nothing")
        if question and answer and (thumb == "down" or (thumb == "up" and not row.get("right_answer"))):
            yield Judgement.model_validate({"question": question, "liked" if thumb == "up" else "disliked": answer})


def _plain(text: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from running it as a formula."""
    return text[1:].strip() if text[:1] == "'" and is_risky(text[1:]) else text


def thumbs_of(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Each answer alone: a pair is a liked and a disliked one."""
    alone = []
    for one in judgements:
        alone += [Judgement(question=one.question, liked=one.liked)] if one.liked else []
        alone += [Judgement(question=one.question, disliked=one.disliked)] if one.disliked else []
    return alone
