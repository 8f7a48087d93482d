"""Mail as a source: `{mail: archive.mbox}`, an .eml file, or folders of them (Maildir too).

Takes paths, gives a document for each message and for each attachment in a readable format. A message is known by its
Message-ID, so it stays the same document when it is moved to another file. Opens no connection.
"""

import email
import email.policy
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.message import Message
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple
from urllib.parse import quote

from pydantic import Field

from bakeoff.corpus.sources.by_file import MAX_BYTES, Content, File, changes_by_file, known_files
from bakeoff.corpus.sources.folders import leads_out, link_out
from bakeoff.corpus.sources.settings import SourceSettings, Texts, resolved
from bakeoff.errors import InputError
from bakeoff.files.small import check_regular
from bakeoff.formats.part import UnreadableError
from bakeoff.protocols import Changes
from bakeoff.records import Problem

MBOX = (".mbox", ".mbx")
MAILDIR = ("cur", "new")
FROM = re.compile(rb"From \S.*\d\d:\d\d")
QUOTED = re.compile(rb"(?m)^>(>*From )")
LONGEST = 180
LONGEST_LINE, MOST_OF_HEADERS = 1_000_000, 1_000_000
"""A longer line is read in pieces; headers beyond this are not looked at."""

Cut = Literal["no", "perhaps", "yes"]


class MailSettings(SourceSettings):
    """`mail` are mbox files, .eml files, and folders of them."""

    kind: ClassVar[str] = "mail"

    mail: Texts = Field(min_length=1)

    @classmethod
    def absolute(cls, values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        return {**values, "mail": resolved(values.get("mail"), folder)}

    def open(self, folder: Path | None = None) -> "MailSource":
        return MailSource(self.mail)

    @property
    def where(self) -> str:
        return f"mail {', '.join(self.mail)}"


class _Found(NamedTuple):
    """A message in a file: where its bytes are, and whether its mbox ends in the middle of it, or perhaps does.

    Of a message that is too large only the beginning is looked at.
    """

    path: Path
    start: int
    end: int
    is_mbox: bool
    cut: Cut = "no"


class MailSource:
    """The messages in mbox files, .eml files and folders."""

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self._paths = [Path(path).expanduser() for path in paths]

    def changes_since(self, cursor: str) -> Changes:
        """Raises InputError if a path does not exist, for a file that holds no mail, and for a foreign cursor.

        While a file cannot be opened, or is written only in part, nothing is deleted: any of the messages that are not
        there may be in it. A message that is there only in part stays as it was.
        """
        problems: list[Problem] = []
        messages: dict[str, tuple[_Found, str]] = {}
        for path, is_mbox in _files(self._paths, problems):
            try:
                for found, content in _messages(path, is_mbox):
                    name = _name(content)
                    if found.cut != "no":
                        problems.append(_ends_in(path, name))
                        if found.cut == "yes" or name in known_files(cursor):
                            continue
                    messages.setdefault(name, (found, _stamp(content)))
            except OSError as error:
                problems.append(_not_opened(path, error))
        files = [File(name, stamp) for name, (_, stamp) in messages.items()]

        def read(wanted: Sequence[File]) -> Iterable[Content]:
            for file in wanted:
                yield _content(file, messages[file.name][0])

        return changes_by_file(cursor, files, read, problems)


def _files(paths: Sequence[Path], problems: list[Problem]) -> Iterator[tuple[Path, bool]]:
    """Every file with mail, and whether it is an mbox. Raises InputError if a path does not exist or holds no mail."""
    for path in paths:
        if path.is_dir():
            yield from _below(path, problems)
        elif not path.exists():
            raise InputError(f"There is no mail at {path}.", f"check the path (relative paths start at {Path.cwd()})")
        elif path.suffix.lower() == ".eml":
            yield path, False
        else:
            try:
                is_mbox = _begins_as_mbox(path)
            except OSError as error:
                problems.append(_not_opened(path, error))
                continue
            if not is_mbox:
                raise InputError(
                    f"{path} is neither an mbox (which begins with 'From ') nor an .eml file.",
                    "export the mail again as mbox or .eml; Outlook's .pst and .msg have to be converted",
                )
            yield path, True


def _below(folder: Path, problems: list[Problem]) -> Iterator[tuple[Path, bool]]:
    """The files with mail below a folder, in order. Other files are passed over, and links that lead out are named."""
    entered: set[tuple[int, int]] = set()
    pending = [folder]
    while pending:
        path = pending.pop()
        try:
            status = path.stat()
            if path != folder and leads_out(path, folder):
                problems.append(link_out(path.name))
            elif path.is_dir():
                if (status.st_dev, status.st_ino) not in entered:
                    entered.add((status.st_dev, status.st_ino))
                    pending.extend(sorted(path.iterdir(), reverse=True))
            elif path.suffix.lower() == ".eml" or path.parent.name in MAILDIR:
                check_regular(path)
                yield path, False
            elif path.suffix.lower() in (*MBOX, "") and _begins_as_mbox(path):
                yield path, True
        except OSError as error:
            problems.append(_not_opened(path, error))


def _begins_as_mbox(path: Path) -> bool:
    """Whether the file is an mbox; an empty one is, if its ending says so."""
    check_regular(path)
    with path.open("rb") as file:
        start = file.read(5)
    return start == b"From " or (not start and path.suffix.lower() in MBOX)


def _messages(path: Path, is_mbox: bool) -> Iterator[tuple[_Found, bytes]]:
    """Each message of a file with its bytes. In an mbox, a line 'From NAME TIME' after an empty line begins one."""
    check_regular(path)
    if not is_mbox:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
            yield _Found(path, 0, file.seek(0, os.SEEK_END), False), content
        return
    with path.open("rb") as file:
        kept, n_kept, start, at, is_after_empty, begins = list[bytes](), 0, 0, 0, True, True
        while line := file.readline(LONGEST_LINE):
            if begins and is_after_empty and FROM.match(line):
                if kept:
                    yield _Found(path, start, at, True), _unquoted(kept)
                kept, n_kept, start = [], 0, at + len(line)
            elif n_kept <= MAX_BYTES:
                kept.append(line)
                n_kept += len(line)
            at += len(line)
            is_after_empty = begins and not line.strip()
            begins = line.endswith(b"\n")
        if at:
            content = b"".join(kept)
            is_cut = n_kept <= MAX_BYTES and _is_cut(content)
            cut: Cut = "yes" if is_cut else "no" if is_after_empty else "perhaps"
            yield _Found(path, start, at, True, cut), QUOTED.sub(rb"\1", content)


def _is_cut(content: bytes) -> bool:
    """Whether the last message of an mbox ends in a line, in its headers, or before the last of its parts."""
    head, _, body = re.sub(rb"\r\n", b"\n", content).partition(b"\n\n")
    boundary = _headers(head[:MOST_OF_HEADERS]).get_boundary()
    end = b"" if boundary is None else f"--{boundary}--".encode(errors="replace")
    return not content.endswith(b"\n") or not body or end not in body


def _headers(head: bytes) -> Message:
    return email.message_from_bytes(head, policy=email.policy.compat32)


def _unquoted(lines: Sequence[bytes]) -> bytes:
    return QUOTED.sub(rb"\1", b"".join(lines))


def _content(file: File, found: _Found) -> Content:
    """What is read of a message now. It is not used if its file was changed since it was listed."""
    if found.end - found.start > MAX_BYTES:
        return Content(file.name, UnreadableError(f"it is larger than {MAX_BYTES:,} bytes", "split it"))
    try:
        check_regular(found.path)
        with found.path.open("rb") as opened:
            opened.seek(found.start)
            content = opened.read(found.end - found.start)
    except OSError as error:
        return Content(file.name, UnreadableError(f"it cannot be opened ({error.strerror})", "check its permissions"))
    content = QUOTED.sub(rb"\1", content) if found.is_mbox else content
    if _stamp(content) != file.stamp:
        return Content(file.name, UnreadableError(f"{found.path.name} was changed while it was read", "read it again"))
    return Content(file.name, content)


def _stamp(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _name(content: bytes) -> str:
    """The name of a message: its Message-ID, or a hash of it if it has none, as a file name that ends in .eml."""
    headers = _headers(re.split(rb"\r?\n\r?\n", content[:MOST_OF_HEADERS], maxsplit=1)[0])
    id = re.sub(r"\s", "", str(headers.get("Message-ID") or "")).strip("<>")
    if not id or len(id) > LONGEST:
        return f"{hashlib.sha256(id.encode(errors='replace') or content).hexdigest()[:32]}.eml"
    return f"{quote(id.encode(errors='replace'), safe='@=+-_.$!~').lstrip('.')}.eml"


def _ends_in(path: Path, name: str) -> Problem:
    """A problem with all mail: others may follow in the rest of the file."""
    reason = "it ends in the middle of a mail, or without an empty line, so no mail is deleted"
    return Problem(
        source=path.name,
        reason=reason,
        remedy="wait until it is written; a last mail ends with an empty line",
        also=("", name),
    )


def _not_opened(path: Path, error: OSError) -> Problem:
    """A problem with all mail: the name of a message does not say in which file it is."""
    reason = f"it cannot be opened ({error.strerror}), so no mail is deleted"
    return Problem(source=path.name, reason=reason, remedy="check its permissions", also=("",))
