"""The kind of a failure, out of a fixed list, by what its message says. The message itself goes nowhere.

Takes the text of an error or a traceback, gives names that stand here or in Python, and numbers of lines of Bakeoff.
"""

import builtins
import re
from functools import cache
from pathlib import Path

import bakeoff
from bakeoff import errors
from bakeoff.doctor.bundle.plain import OTHER

KINDS = (
    ("no memory", re.compile(r"out of memory|MemoryError|cannot allocate", re.IGNORECASE)),
    ("disk full", re.compile(r"no space left|disk is full|StorageFull", re.IGNORECASE)),
    ("time-out", re.compile(r"timed? ?-?out", re.IGNORECASE)),
    ("not reachable", re.compile(r"not reachable|refused the connection|connection|connect|network", re.IGNORECASE)),
    ("too long", re.compile(r"context|too long|too many tokens|max_tokens", re.IGNORECASE)),
    ("no permission", re.compile(r"permission|not authori[sz]ed|forbidden", re.IGNORECASE)),
    ("cannot be read", re.compile(r"cannot be read|damaged|malformed|invalid|no JSON", re.IGNORECASE)),
)
STATUS = re.compile(r"\b(?:HTTP|status|error|answered|code)\D{0,12}([45]\d\d)\b", re.IGNORECASE)
FRAME = re.compile(r'File "[^"\n]*[/\\]bakeoff[/\\]([\w/\\]+\.py)", line (\d+)')
NAMED = re.compile(r"^(?:[\w.]+\.)?(\w+)(?::|$)", re.MULTILINE)
OWN = frozenset(name for module in (builtins, errors) for name, item in vars(module).items() if isinstance(item, type))
"""The names of the kinds of errors that Python and Bakeoff have."""


def kind_of(message: str) -> str:
    """What went wrong, as one of a few kinds: an HTTP status, or a name of KINDS."""
    status = STATUS.search(message)
    if status:
        return f"HTTP {status[1]}"
    return next((name for name, words in KINDS if words.search(message)), OTHER)


def shape_of(traceback: str) -> str:
    """Where in Bakeoff an error passed, and its kinds, if Python or Bakeoff has them: 'serve/app.py:12 KeyError'."""
    places = [(file, int(line)) for file, line in FRAME.findall(traceback) if file in _files() and len(line) < 5]
    frames = [f"{file}:{line}" for file, line in places]
    kinds = [name for name in NAMED.findall(traceback) if name in OWN and name.endswith(("Error", "Exception", "Exit"))]
    return " ".join([*frames[-6:], *dict.fromkeys(kinds)]) or OTHER


@cache
def _files() -> frozenset[str]:
    """The files of Bakeoff's source."""
    root = Path(bakeoff.__file__).parent
    return frozenset(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
