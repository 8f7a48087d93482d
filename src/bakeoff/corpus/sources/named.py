"""The documents that a command names: paths, or a YAML file whose `documents:` names sources of any kind.

Takes what was written on the command line, gives places and what they hold. Of a bakeoff.yaml only `documents` is read,
so a file with nothing else in it will do. Knows no command.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from bakeoff.corpus.sources import kinds
from bakeoff.corpus.sources.folders import Reading
from bakeoff.corpus.sources.opened import read_sources
from bakeoff.corpus.sources.settings import SourceSettings
from bakeoff.errors import ConfigError
from bakeoff.files.plain_types import message_of
from bakeoff.files.strict_yaml import check_provider_keys, check_secrets, read_mapping

_ENTRIES: TypeAdapter[tuple[str | SourceSettings, ...]] = TypeAdapter(kinds.Named)


class Places(NamedTuple):
    """Paths and settings of sources. `folder` is that of the file which names them, `written` its entries as in it."""

    sources: tuple[str | Path | SourceSettings, ...]
    folder: Path | None = None
    written: tuple[Any, ...] = ()


def read_named(named: Sequence[str | Path]) -> Reading:
    """What these places hold. Raises as `places_of` and `read_sources`."""
    places = places_of(named)
    return read_sources(places.sources, places.folder)


def places_of(named: Sequence[str | Path]) -> Places:
    """Folders, files and globs, or the sources that a single YAML file names. Raises ConfigError as `places_in`."""
    return places_in(Path(named[0])) if len(named) == 1 and is_config(Path(named[0])) else Places(tuple(named))


def places_in(path: Path) -> Places:
    """The sources that `documents:` in this file names. Raises ConfigError if it names none, or one that is wrong."""
    given = read_mapping(path).get("documents")
    if not given:
        raise ConfigError(f"{path} names no documents.", "write there: documents: [...]")
    check_provider_keys({"documents": given}, path)
    folder = path.resolve().parent
    try:
        sources = _ENTRIES.validate_python(kinds.absolute(given, folder))
    except ValidationError as error:
        problems = "; ".join(message_of(one) for one in error.errors())
        raise ConfigError(f"{path}: 'documents': {problems}.", "see docs/sources.md for every key") from None
    check_secrets({"documents": given}, path)
    return Places(sources, folder, tuple(given) if isinstance(given, list) else (given,))


def is_config(path: Path) -> bool:
    """Whether a file is YAML that names documents, and not a list of questions."""
    if path.suffix.lower() not in (".yaml", ".yml") or not path.is_file():
        return False
    try:
        return "documents" in read_mapping(path)
    except ConfigError:
        return False
