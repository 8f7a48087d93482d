"""A YAML file to the mapping it holds, read strictly: a key given twice is an error, not a value that vanishes.

Takes a path, gives plain values. Knows nothing about keys.
"""

from pathlib import Path
from typing import Any

import yaml

from bakeoff.errors import ConfigError


class _StrictLoader(yaml.SafeLoader):
    """PyYAML lets the last of two equal keys win; YAML forbids them."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        met = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in met:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key '{key.value}' is given a second time", problem_mark=key.start_mark
                    )
                met.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def strict_yaml(text: str) -> Any:
    """The values in a YAML text. Raises yaml.YAMLError, also where a key stands twice in one mapping."""
    return yaml.load(text, _StrictLoader)


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises ConfigError where it cannot be read or holds something else."""
    try:
        loaded = strict_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"Cannot read the configuration {path}: {error}.", "write one with: bakeoff init DOCS --questions FILE"
        ) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}", "fix the line it names") from error
    if not isinstance(loaded, dict):
        raise ConfigError(
            f"{path} holds {type(loaded).__name__}, not a mapping of keys to values.",
            "start from: bakeoff init DOCS --questions FILE",
        )
    return loaded
