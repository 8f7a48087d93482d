"""The documents that a command names: paths, or a bakeoff.yaml that names its sources.

Takes what was written on the command line, gives a `Reading`. Knows no command.
"""

from collections.abc import Sequence
from pathlib import Path

from bakeoff.corpus.sources.folders import Reading
from bakeoff.corpus.sources.opened import read_sources
from bakeoff.errors import ConfigError
from bakeoff.files.strict_yaml import read_mapping
from bakeoff.runs.config import load_config


def read_named(named: Sequence[str | Path]) -> Reading:
    """What these folders, files and globs hold, or the sources of a single configuration. Raises as `read_sources`."""
    if len(named) == 1 and is_config(Path(named[0])):
        config = load_config(Path(named[0]))
        return read_sources(config.documents, config.imports_from)
    return read_sources(named)


def is_config(path: Path) -> bool:
    """Whether a file is a configuration: YAML that names documents, and not a list of questions."""
    if path.suffix.lower() not in (".yaml", ".yml") or not path.is_file():
        return False
    try:
        return "documents" in read_mapping(path)
    except ConfigError:
        return False
