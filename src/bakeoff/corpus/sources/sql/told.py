"""What a database's error means and what to do about it, without the password.

Takes errors of SQLAlchemy and of drivers, gives InputErrors.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from bakeoff.corpus.sources.sql.settings import SqlSettings
from bakeoff.errors import InputError

_SHOWN = 300


class _Meaning(NamedTuple):
    """A kind of error: codes of PostgreSQL (beginnings) and MySQL, words of SQLite and of drivers, and a remedy."""

    codes: Sequence[str]
    words: str
    says: str
    remedy: str


_MEANINGS = (
    _Meaning(
        ("28", "1044", "1045", "1698"),
        r"password authentication failed|no password supplied|access denied|authentication",
        "refuses the user or the password",
        "check the user in sql: and the password in the variable that password_env names",
    ),
    _Meaning(
        ("57014", "1969", "3024"),
        r"interrupted|statement timeout|max_statement_time|maximum statement execution time",
        "took longer for the query than timeout_s allows ({timeout_s:g} seconds)",
        "raise timeout_s, or add an index or a WHERE to the query; what was read earlier is kept",
    ),
    _Meaning(
        ("42501", "1142", "1143"),
        r"permission denied|command denied|not authorized",
        "does not let this user read what the query names",
        "grant SELECT on it to the user in sql:; the documents of the last time are kept",
    ),
    _Meaning(
        ("42703", "1054"),
        r"no such column|unknown column|column .* does not exist",
        "does not know a column that the query or the settings name",
        "check the columns in query, key, changed and the other settings",
    ),
    _Meaning(
        ("42P01", "1146"),
        r"no such table",
        "does not know a table of the query",
        "check query: and the database's name",
    ),
    _Meaning(
        ("25006", "1792"),
        r"readonly database|read-only transaction",
        "was asked to write",
        "write a query that only reads: the transaction does not allow anything else",
    ),
    _Meaning(
        ("57P", "08", "2006", "2013", "1927"),
        r"server closed the connection|lost connection|terminating connection|connection.* lost|connection is closed",
        "ended the connection",
        "read again later; the documents of the last time are kept",
    ),
    _Meaning(
        ("3D000", "1049", "2003", "2002", "2005"),
        r"connection failed|could not connect|can't connect|could not translate|unable to open|timeout expired",
        "cannot be reached",
        "check the address in sql: and that the server runs",
    ),
    _Meaning((), r"database is locked", "is locked by a program that writes", "read again later, or raise timeout_s"),
    _Meaning((), r"not a database", "is no SQLite file", "check the path in sql:"),
    _Meaning(
        ("42", "1064"), r"syntax error", "does not understand the query", "try the query in the database's own shell"
    ),
)


def told(settings: SqlSettings, error: Exception, password: str) -> InputError:
    """The error in plain words: where, what the database said, what to do."""
    said = getattr(error, "orig", None) or error
    numbered = bool(said.args) and isinstance(said.args[0], int)  # as MySQL's are
    code = str(said.args[0] if numbered else getattr(said, "sqlstate", None) or "")
    words = _words(said, password)
    meaning = next((one for one in _MEANINGS if code and code.startswith(tuple(one.codes))), None) or next(
        (one for one in _MEANINGS if re.search(one.words, words, re.IGNORECASE)), None
    )
    if meaning is None:
        return InputError(f"{settings.where} cannot be read: {words}", "see the database's message")
    says = meaning.says.format(timeout_s=settings.timeout_s)
    return InputError(f"{settings.where} {says}: {words}", meaning.remedy)


def _words(error: BaseException, password: str) -> str:
    """The database's words on one line, without the statement that an error may repeat."""
    said = error.args[1] if len(error.args) > 1 and isinstance(error.args[0], int) else str(error)
    lines = [line for line in str(said).splitlines() if line.strip() and not line.startswith(("LINE ", "    "))]
    words = " ".join(" ".join(lines).split())
    if password:
        words = words.replace(password, "***")
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}..."
