"""What an error of PostgreSQL means and what to do about it.

Takes errors of psycopg, gives errors that a person can act on. They never hold a password.

The code of a refused connection is lost in psycopg, and its words are in the languages of the server and of this
machine. So an error without a code that is about the connection is one of a server that is away (`StoreGoneError`),
whatever it says; words that are known only choose what a person is told.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from bakeoff.corpus.store import HALF_A_CHARACTER, READ_AS_UTF8
from bakeoff.errors import BakeoffError, InputError, MissingExtraError, RunFolderError, StoreGoneError

_SHOWN = 300
PASSWORD = "check the user in store:, and give the password by the variable PGPASSWORD, by ~/.pgpass or by a service"
AGAIN = "run it again when the server is back: what was stored is kept, and the rest is done then"

WAITED = (
    "see in pg_stat_activity what holds it up (another session's lock, a full machine) and end that; then run it again:"
    " what was stored is kept"
)


class _Meaning(NamedTuple):
    """Codes of PostgreSQL (their beginnings), words of the driver, what they mean, and what to do."""

    codes: Sequence[str]
    words: Sequence[str]
    says: str
    remedy: str
    kind: type[BakeoffError] = BakeoffError


_MEANINGS = (
    _Meaning(
        ("28",),
        ("password authentication failed", "no password supplied", "no pg_hba.conf entry"),
        "refuses the user or the password",
        PASSWORD,
        StoreGoneError,
    ),
    _Meaning(("3D000",), ("does not exist",), "is no database there", "create it: createdb NAME", StoreGoneError),
    _Meaning(
        ("53300",),
        ("too many clients", "too many connections", "connection slots"),
        "has no connection left",
        "raise max_connections, or stop others",
        StoreGoneError,
    ),
    _Meaning(("53100",), ("No space left",), "has no disk space left", "free some, then run it again", StoreGoneError),
    _Meaning(("53",), (), "has too little memory or room", "see its log, then run it again", StoreGoneError),
    _Meaning(("57P03",), ("the database system is ",), "takes no connections now", AGAIN, StoreGoneError),
    _Meaning(
        ("42501", "25006"),
        (),
        "may only be read by this user, or in part",
        "grant CREATE on the database and all on the schema to the user in store:, or name another user",
    ),
    _Meaning(
        ("42P01", "42703", "42883", "3F000"),
        (),
        "lacks a table that was there",
        "restore a backup of the schema, or delete the folder's store.json and read the documents again",
        RunFolderError,
    ),
    _Meaning(
        ("XX001", "XX002", "58"),
        (),
        "is damaged, or its server is",
        "see the log of the server; restore a backup of the schema",
        RunFolderError,
    ),
    _Meaning(("57014",), (), "took too long, or was cancelled", WAITED, StoreGoneError),
    _Meaning(("55P03",), (), "is busy: another session holds a lock", WAITED, StoreGoneError),
    _Meaning(("40001", "40P01"), (), "was changed by another process at the same time", "run it again", StoreGoneError),
    _Meaning(("54",), (), "cannot hold a name or a source that is so long", "shorten it", InputError),
    _Meaning(
        ("22021", "22P05"),
        ("cannot contain NUL",),
        "cannot hold a text with the character NUL (0x00)",
        "remove that character from the document",
        InputError,
    ),
    _Meaning(
        ("57P", "08", "25P03", "25P04"),
        (
            "closed the connection",
            "terminating connection",
            "connection is closed",
            "is lost",
            "SSL SYSCALL",
        ),
        "ended the connection",
        AGAIN,
        StoreGoneError,
    ),
    _Meaning(
        (),
        (
            "onnection refused",
            "could not translate",
            "failed to resolve",
            "timeout",
            "timed out",
            "No such file",
        ),
        "cannot be reached",
        "check the address in store: and that the server runs; nothing is lost",
        StoreGoneError,
    ),
)
_AWAY = _Meaning((), (), "gives no connection, or ended one", f"see the server's log; {AGAIN}", StoreGoneError)
"""What is said in words that are not known."""


def told(where: str, error: Exception) -> BakeoffError:
    """The error in plain words: where, what the database said, what to do."""
    code, words = getattr(error, "sqlstate", None) or "", _words(error)
    meaning = next((one for one in _MEANINGS if code and code.startswith(tuple(one.codes))), None)
    if meaning is None and not code:
        meaning = next((one for one in _MEANINGS if any(part in words for part in one.words)), None)
    if meaning is None and not code and _is_about_the_connection(error):
        meaning = _AWAY
    if meaning is None:
        return BakeoffError(f"{where} cannot be used: {words}", "see the database's message and the server's log")
    return meaning.kind(f"{where} {meaning.says}: {words}", meaning.remedy)


def _is_about_the_connection(error: Exception) -> bool:
    """Whether an error without a code says that there is no connection: none was given, or it was lost.

    Of what is wrong in a statement or a value the server sends a code, or psycopg raises another type.
    """
    import psycopg

    return isinstance(error, psycopg.OperationalError) or type(error) is psycopg.DatabaseError


def _words(error: Exception) -> str:
    """The database's words on one line."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith(("LINE ", "    "))]
    words = " ".join(" ".join(lines).split()) or type(error).__name__
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}..."


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turns errors of the driver into errors that a person can act on."""
    try:
        import psycopg
    except ImportError as error:
        raise MissingExtraError("Documents in PostgreSQL", "psycopg", "postgres") from error
    try:
        yield
    except psycopg.Error as error:
        raise told(where, error) from error
    except UnicodeEncodeError as error:
        raise InputError(HALF_A_CHARACTER, READ_AS_UTF8) from error
