"""How long a file may take to read, and how much memory.

Takes the environment. Knows no process.
"""

import os
from typing import NamedTuple

from bakeoff.errors import ConfigError

SECONDS, MEGABYTES = "BAKEOFF_FILE_SECONDS", "BAKEOFF_FILE_MB"
ALL_SECONDS = "BAKEOFF_FILE_ALL_SECONDS"


class Limits(NamedTuple):
    """For one file. Steps that say that they take longer, such as OCR, may take it to `all_seconds` and no further."""

    seconds: int = 60
    megabytes: int = 1024
    all_seconds: int = 600


def limits() -> Limits:
    """Those of the environment, or else 60 s, 1,024 MB and 600 s with OCR, or as long as a file without it.

    Raises ConfigError for a value that is no whole number.
    """
    seconds, default = _number(SECONDS, Limits().seconds, 1), Limits()
    megabytes = _number(MEGABYTES, default.megabytes, 128)
    return Limits(seconds, megabytes, max(seconds, _number(ALL_SECONDS, default.all_seconds, 1)))


def _number(variable: str, default: int, least: int) -> int:
    said = os.environ.get(variable, "").strip()
    if not said:
        return default
    if not (said.isascii() and said.isdigit() and least <= int(said[:12]) <= 10**9):
        raise ConfigError(
            f"{variable} is {said[:40]!r}.", f"set it to a whole number, {least} or more, or leave it out"
        )
    return int(said)
