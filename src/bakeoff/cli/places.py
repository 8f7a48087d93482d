"""Which folders a command writes to, for what is said when the system refuses something and names no file.

Takes the values of a command's options. Does not know what the command does.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from typer.core import TyperCommand

from bakeoff.files.cache import cache_folder
from bakeoff.files.room import is_of_system, refused

HERE = "the current folder"
AGAIN = "run this command again"
BELOW: Mapping[str, tuple[str, ...]] = {"runs": ("run",), "deployments": ("deployment", "run")}
"""Options that name a folder of folders, and the arguments that name one of these."""
WRITTEN = ("output", "out", "to", "keys", "facts", "bundle", "deployment")
"""Options that name a file or a folder to write."""


class Command(TyperCommand):
    """A command whose errors of the system name the folders that it writes to."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the program that reads the output has ended: nothing is wrong here
            raise
        except OSError as error:
            if not is_of_system(error):
                raise
            raise refused(error, AGAIN, (*places_of(ctx.params), cache_folder())) from error


def places_of(options: Mapping[str, Any]) -> list[str]:
    """The folders that these options name, in order.

    >>> places_of({"run": "faq", "runs": Path("/mnt/runs"), "out": Path("labels.csv")})
    ['/mnt/runs', 'the current folder']
    """
    found = [str(place) for place in (*_named(options), *_written(options))]
    return list(dict.fromkeys(HERE if place == "." else place for place in found)) or [HERE]


def _named(options: Mapping[str, Any]) -> Iterator[Path]:
    for option, arguments in BELOW.items():
        if isinstance(above := options.get(option), Path):
            names = [name for key in arguments if isinstance(name := options.get(key), str)]
            if not names:  # what is read only, as by an export
                continue
            there = (place for name in names for place in (Path(name), above / name) if place.is_dir())
            yield next(there, above)


def _written(options: Mapping[str, Any]) -> Iterator[Path]:
    for option in WRITTEN:
        value = options.get(option)
        if isinstance(value, Path) or (option == "out" and isinstance(value, str) and "://" not in value):
            yield Path(value) if Path(value).is_dir() else Path(value).parent
