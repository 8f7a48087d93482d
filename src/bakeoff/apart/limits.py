"""How long a file may take to read, and how much memory.

Takes the environment. Knows no process.
"""

import os
from typing import NamedTuple

from bakeoff.errors import ConfigError

SECONDS, MEGABYTES = "BAKEOFF_FILE_SECONDS", "BAKEOFF_FILE_MB"


class Limits(NamedTuple):
    """For one file."""

    seconds: int = 60
    megabytes: int = 1024


def limits() -> Limits:
    """Those of the environment, or else 60 s and 1,024 MB. Raises ConfigError for a value that is no whole number."""
    return Limits(_number(SECONDS, Limits().seconds, 1), _number(MEGABYTES, Limits().megabytes, 128))


def _number(variable: str, default: int, least: int) -> int:
    said = os.environ.get(variable, "").strip()
    if not said:
        return default
    if not (said.isascii() and said.isdigit() and least <= int(said[:12]) <= 10**9):
        raise ConfigError(
            f"{variable} is {said[:40]!r}.", f"set it to a whole number, {least} or more, or leave it out"
        )
    return int(said)
