"""Reads a YAML file strictly: a key that is given twice is an error. (PyYAML silently drops the first value.)

Takes a path, gives plain values that are no larger than their text lets one expect. Knows nothing about keys.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bakeoff.credentials import holds_provider_key, what_is_secret
from bakeoff.errors import ConfigError
from bakeoff.files.small import small_text
from bakeoff.files.unreadable import unreadable
from bakeoff.sentences import kind_of_value

_FAILURES = (ValueError, TypeError, AttributeError, LookupError)
"""What PyYAML raises for a scalar that looks like a date or a number and is none, such as 2026-02-30."""


_FLOAT, _INT, _MERGE = (f"tag:yaml.org,2002:{kind}" for kind in ("float", "int", "merge"))
_PLAIN_INT = re.compile(r"[-+]?(?:0+|[1-9]\d*|[1-9]\d{0,2}(?:_\d{3})+)")
_IN_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}\.000")
_HALF = re.compile("[\ud800-\udfff]")
DEEPEST = 100
MOST_REPEATED = 100_000
"""How many values aliases may stand for in all; each begun hundred characters of a text count as one."""


class Bounded:
    """For a loader: lists within lists, and aliases that stand for far more than was written, end it early.

    PyYAML's time for the first grows with the square of their number. An alias is one object to PyYAML; whoever walks,
    copies or writes the values meets it as often as it is named, and lists of aliases of lists of aliases multiply.
    """

    def fetch_flow_collection_start(self, token: Any) -> None:
        if self.flow_level >= DEEPEST:  # type: ignore[attr-defined]
            raise yaml.YAMLError("it is nested too deeply")
        super().fetch_flow_collection_start(token)  # type: ignore[misc]

    def get_single_node(self) -> yaml.Node | None:
        """The document. Raises yaml.YAMLError if it is nested too deeply, or too large with its aliases."""
        node: yaml.Node | None = super().get_single_node()  # type: ignore[misc]
        if node is not None:
            _check_aliases(node)
        return node


class _Size(NamedTuple):
    """Of a node with all that is below it: how many levels, and how many values."""

    levels: int
    values: int


def _check_aliases(root: yaml.Node) -> None:
    """Raises yaml.YAMLError for values with too many levels, for more copies than allowed, and for one in itself."""
    known: dict[yaml.Node, _Size | None] = {}
    if _size(root, 1, known).values > MOST_REPEATED + sum(map(_own_size, known)):
        raise yaml.YAMLError(f"its aliases stand for more than {MOST_REPEATED:,} values; write fewer of them")


def _size(node: yaml.Node, level: int, known: dict[yaml.Node, _Size | None]) -> _Size:
    """Visits each node once, however often it is named. `known` holds None for a node that is being visited."""
    if node in known:
        size = known[node]
        if size is None:
            raise yaml.YAMLError("an alias stands within what it names; write the values")
        return size
    known[node] = None
    inner = [_size(one, level + 1, known) for one in _within(node)] if level <= DEEPEST else []
    levels = 1 + max((size.levels for size in inner), default=0)
    if level > DEEPEST or levels > DEEPEST:
        raise yaml.YAMLError("it is nested too deeply")
    size = _Size(levels, _own_size(node) + sum(one.values for one in inner))
    known[node] = size
    return size


def _within(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        yield from (one for pair in node.value for one in pair)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _own_size(node: yaml.Node) -> int:
    return 1 + len(node.value) // 100 if isinstance(node, yaml.ScalarNode) else 1


class _PlainLoader(Bounded, yaml.SafeLoader):
    """PyYAML's loader of plain values. It names the place of a value that cannot be read."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)  # type: ignore[no-untyped-call]
        except _FAILURES as error:
            kind = node.tag.rpartition(":")[2]
            shown = f"'{node.value[:40]}'" if isinstance(node, yaml.ScalarNode) else "a value"
            raise yaml.MarkedYAMLError(
                problem=f"{shown} looks like a value of the kind '{kind}' and is none; put quotes around a text",
                problem_mark=node.start_mark,
            ) from error


def _refused(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    """Of a value that no text of people needs and that none of what reads it expects."""
    kind = node.tag.rpartition(":")[2]
    raise yaml.MarkedYAMLError(
        problem=f"a value is of the kind '!!{kind}'; write a text, a number, a list or a mapping",
        problem_mark=node.start_mark,
    )


for _kind in ("binary", "set", "omap", "pairs"):
    _PlainLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _refused)


class _TextLoader(_PlainLoader):
    """Every scalar is the text that was written: 012, 12:30, 3.10 and NO stay what they are."""

    yaml_implicit_resolvers = {"<": _PlainLoader.yaml_implicit_resolvers["<"]}  # noqa: RUF012 - PyYAML's own name


class _StrictLoader(_PlainLoader):
    """PyYAML keeps the last of two equal keys. YAML forbids equal keys, so this loader refuses them. It also refuses
    half a character, as "\\ud800" is, which could not be written into the folder of a run, 10.000, which is ten to
    some and ten thousand to others, and numbers that only YAML 1.1 reads as it does (010 is 8, 33:20 is 2000).
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._keys: set[yaml.Node] = set()

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if isinstance(node, yaml.ScalarNode) and node not in self._keys and (problem := _other_number(node, self)):
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        if isinstance(node, yaml.ScalarNode) and node.tag == _FLOAT and _IN_THOUSANDS.fullmatch(node.value):
            whole = node.value.partition(".")[0]
            raise yaml.MarkedYAMLError(
                problem=f"{node.value} can be read in two ways; write {whole}, or {whole}000",
                problem_mark=node.start_mark,
            )
        return super().construct_object(node, deep)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        if _HALF.search(str(node.value)):
            raise yaml.MarkedYAMLError(
                problem="a text holds half a character (a lone surrogate); write the whole character",
                problem_mark=node.start_mark,
            )
        return super().construct_scalar(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        self._keys.update(
            key for key, _ in node.value
        )  # of 4,050 in a mapping, 050 is no key: whoever reads it says so
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key '{key.value}' is given a second time", problem_mark=key.start_mark
                    )
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def _other_number(node: yaml.ScalarNode, loader: _PlainLoader) -> str:
    """What is wrong with a number that people read as another one than YAML 1.1 does, and what to write; else empty."""
    written = node.value
    if node.tag not in (_INT, _FLOAT) or _PLAIN_INT.fullmatch(written) or (node.tag == _FLOAT and ":" not in written):
        return ""
    try:
        value = yaml.SafeLoader.construct_object(loader, node)
    except _FAILURES:
        return ""  # `_PlainLoader` says that it is none
    kind, plain = "a number with other underscores than those of thousands", ""
    if ":" in written:
        kind = "a number with the base 60"
    elif re.match(r"[-+]?0[xb]", written):
        kind = "a number with the base 16" if "x" in written else "a number with the base 2"
    elif re.match(r"[-+]?0", written):
        kind, plain = "an octal number, for its leading zero", re.sub(r"^([-+]?)[0_]+(?=\d)", r"\1", written)
    wanted = f"{plain} or {value}" if plain not in ("", str(value)) else str(value)
    return f"YAML reads {written[:40]} as {value} ({kind}); write {wanted[:80]}, or put quotes around a text"


def text_yaml(text: str) -> Any:
    """The same as `plain_yaml`, with every scalar as the text that was written, also yes, 012, 12:30 and dates.

    >>> text_yaml("[012, 12:30, 3.10, NO, 1_000, 2026-02-30, ~, '7', ]")
    ['012', '12:30', '3.10', 'NO', '1_000', '2026-02-30', '~', '7']
    """
    return _loaded(text, _TextLoader)


def strict_yaml(text: str) -> Any:
    """The values in a YAML text.

    Raises yaml.YAMLError if it is not YAML, if a mapping has the same key twice, for half a character, for 10.000,
    for 010 and 33:20, and for what `plain_yaml` refuses.
    """
    return _loaded(text, _StrictLoader)


def plain_yaml(text: str) -> Any:
    """The same, with the last of equal keys.

    Raises yaml.YAMLError if it is not YAML, is nested too deeply, or has a value that is not of its kind.
    """
    return _loaded(text, _PlainLoader)


def _loaded(text: str, loader: type[_PlainLoader]) -> Any:
    try:
        return yaml.load(text, loader)
    except RecursionError as error:
        raise yaml.YAMLError("it is nested too deeply") from error
    except _FAILURES as error:
        raise yaml.YAMLError(f"a value in it cannot be read ({error})") from error


START = "write one with: bakeoff init DOCS --questions FILE"


def read_mapping(path: Path, remedy: str = "") -> dict[str, Any]:
    """The mapping in a YAML file. Raises ConfigError if the file cannot be read or does not hold a mapping.

    `remedy` is what helps if the file is no configuration that a person writes.
    """
    try:
        loaded = strict_yaml(small_text(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(*unreadable(f"Cannot read the configuration {path}", error, remedy or START)) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {reason_of(error)}.", remedy or "fix the line it names") from error
    if loaded is None:
        raise ConfigError(f"{path} is empty.", remedy or START)
    if not isinstance(loaded, dict):
        raise ConfigError(f"{path} holds {kind_of_value(loaded)}, not keys with values.", remedy or START)
    return loaded


def check_secrets(values: Mapping[str, Any], path: Path, kind_of: Callable[[str], str] = what_is_secret) -> None:
    """Raises ConfigError with the place of a password or a key: run folders hold copies. The value is not shown."""
    for place, kind in _secret_places(values, kind_of):
        raise ConfigError(
            f"{path}: {place} holds {kind}, and configurations are copied into run folders.",
            "leave it out, and name the environment variable that holds it (see docs/configuration.md)",
        )


def check_provider_keys(values: Mapping[str, Any], path: Path) -> None:
    """The same for keys of well-known providers alone: before other errors, which show values or parts of them."""
    check_secrets(values, path, lambda text: "a key" if holds_provider_key(text) else "")


def _secret_places(value: Any, kind_of: Callable[[str], str], place: str = "") -> Iterator[tuple[str, str]]:
    """Where a value or a key holds a password or a key of somebody, and which of both."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            here = f"{place}.{key}".lstrip(".") if not kind_of(str(key)) else place or "a key"
            yield from _secret_places(str(key), kind_of, here)
            yield from _secret_places(inner, kind_of, here)
    elif isinstance(value, list):
        for inner in value:
            yield from _secret_places(inner, kind_of, place)
    elif isinstance(value, str) and (kind := kind_of(value)):
        yield f"'{place}'", kind


def reason_of(error: yaml.YAMLError) -> str:
    """What is wrong and in which line and column; the line itself is not shown, as it may hold a password or a key."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return " ".join(str(error).split())
    mark = error.problem_mark or error.context_mark
    place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return " ".join(f"{error.context or ''} {error.problem or ''}".split()) + place
