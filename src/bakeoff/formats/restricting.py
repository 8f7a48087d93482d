"""Who may see a text has to be said plainly: what is not understood would make the text public.

Takes the keys and the lines of front matter, and the fields of rows. Raises where one of the two names that restrict a
text is not a single, plain entry. Knows no parser's output and opens no file.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from bakeoff.formats.part import UnreadableError

NAMES = ("access", "labels")
_MENTION = re.compile(
    r"""^[ \t]*(?:[-?][ \t]+)?["']?(access|labels)[ \t]*["']?[ \t]*[:=]""", re.IGNORECASE | re.MULTILINE
)
_FENCE = re.compile(r"\s*(?:-{3,}|\+{3,})[ \t]*\n")
_OF_FRONT_MATTER = re.compile(r"""[ \t]*$|[ \t#\-?}\]]|["']?[A-Za-z_][\w .-]{0,60}["']?[ \t]*[:=]|\[""")
PLAINLY = "write it once, at the top level of the front matter: access: [hr, legal]; access: [] is everybody"
MERGE = "<<"
NEVER_WITHIN = ("access",)
"""What is never a field of another entry."""
IN_ROWS = "give each row one access, or one labels"


def name_of(key: Any) -> str:
    """The key of an entry as it is compared."""
    return str(key).strip().casefold()


def check_once(keys: Iterable[Any], remedy: str = IN_ROWS) -> None:
    """Raises UnreadableError if a name that restricts a text is given more than once, in capitals or not."""
    counts = Counter(name_of(key) for key in keys)
    for name in NAMES:
        if counts[name] > 1:
            raise UnreadableError(f"it gives {name} {counts[name]} times", remedy)


def check_node(node: yaml.Node | None) -> None:
    """Raises UnreadableError if a name stands twice in this mapping, or comes into it by a merge (`<<: *other`).

    `access` within another entry is refused too; `labels` there are a field of that entry.
    """
    if not isinstance(node, yaml.MappingNode):
        return
    check_once((key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)), PLAINLY)
    pending, seen = [one for pair in node.value for one in pair], set[int]()
    merged = _merged(node)
    while pending:
        inner = pending.pop()
        if id(inner) in seen:
            continue
        seen.add(id(inner))
        if isinstance(inner, yaml.MappingNode):
            names = NAMES if id(inner) in merged else NEVER_WITHIN
            _check_inner((key.value for key, _ in inner.value if isinstance(key, yaml.ScalarNode)), names)
            pending += [one for pair in inner.value for one in pair]
        elif isinstance(inner, yaml.SequenceNode):
            pending += inner.value


def _merged(node: yaml.MappingNode) -> set[int]:
    """The mappings whose keys come into this one by merges, also by those of a mapping that is merged itself."""
    merged, pending = set[int](), [node]
    while pending:
        for key, value in pending.pop().value:
            if key.value != MERGE:
                continue
            for one in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if isinstance(one, yaml.MappingNode) and id(one) not in merged:
                    merged.add(id(one))
                    pending.append(one)
    return merged


def check_values(values: Mapping[str, Any]) -> None:
    """The same of values that were loaded already, and of an entry that is left empty."""
    check_once(values, PLAINLY)
    for key, value in values.items():
        if name_of(key) in NAMES and (value is None or (isinstance(value, str) and not value.strip())):
            raise UnreadableError(f"its {name_of(key)} is left empty", PLAINLY)
    pending = list(values.values())
    while pending:
        inner = pending.pop()
        if isinstance(inner, dict):
            _check_inner(inner, NEVER_WITHIN)
            pending += inner.values()
        elif isinstance(inner, list):
            pending += inner


def check_lines(block: str, read: Iterable[str] = ()) -> None:
    """Raises UnreadableError if lines that are no YAML and no TOML give a name, but for one that was `read`."""
    named = [(match[1].lower(), match[0][0]) for match in _MENTION.finditer(block)]
    counts, known = Counter(name for name, _ in named), {name_of(one) for one in read}
    for name, first in named:
        if name not in known or counts[name] > 1 or first in " \t-?":
            raise UnreadableError(f"its front matter gives {name} in a way that is not understood", PLAINLY)


def check_no_front_matter(text: str) -> None:
    """Raises UnreadableError for a text that begins as front matter does and gives a name, but does not end it."""
    fence = _FENCE.match(text)
    if fence is None:
        return
    lines: list[str] = []
    for line in text[fence.end() :].split("\n"):
        if not _OF_FRONT_MATTER.match(line):
            break
        lines.append(line)
    if match := _MENTION.search("\n".join(lines)):
        name = match[1].lower()
        raise UnreadableError(
            f"it gives {name} in front matter that does not begin and end with a line of three signs",
            "put a line --- above it as the first line of the file, and another one below it",
        )


def _check_inner(keys: Iterable[Any], names: Sequence[str]) -> None:
    for name in map(name_of, keys):
        if name in names:
            raise UnreadableError(f"its front matter gives {name} within another entry", PLAINLY)
