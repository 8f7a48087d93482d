"""Who may see a text has to be said plainly: what is not understood would make the text public.

Takes the keys and the lines of front matter, and the fields of rows. Raises where one of the two names that restrict a
text is not a single, plain entry. Knows no parser's output and opens no file.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

import yaml

from bakeoff.formats.part import UnclearAccessError

NAMES = ("access", "labels")
_MENTION = re.compile(
    r"""^[^\S\n]*(?:[-?{,][^\S\n]*)?["']?(access|labels)[^\S\n]*["']?[^\S\n]*[:=：]""", re.IGNORECASE | re.MULTILINE
)
_FENCE = re.compile(r"(?:-{3,}|\+{3,}|;{3,})[ \t]*[A-Za-z]{0,8}[ \t]*\n|\{[ \t]*\n?")
_END = re.compile(r"(?:-{3,}|\+{3,}|;{3,}|\.{3}|\}),?[ \t]*")
_MOST_TO_END = 200  # lines between a beginning and its end, which may be of any kind
_MOST_LINES = 20_000
_OF_FRONT_MATTER = re.compile(r"[ \t]*$|[ \t#\-?}\]\[{,]|[^:=：\n]{1,200}[:=：]")
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
"""For `str.translate`: signs that nobody sees in a name."""
PLAINLY = "write it once, at the top level of the front matter: access: [hr, legal]; access: [] is everybody"
MERGE = "<<"
NOT_SLIPS = ("label",)
"""Names of metadata that restrict nobody, one letter from one that does."""
NEVER_WITHIN = ("access",)
"""What is never a field of another entry."""
IN_ROWS = "give each row one access, or one labels"


def name_of(key: Any) -> str:
    """The key of an entry as it is compared."""
    return str(key).translate(INVISIBLE).strip().casefold()


def check_once(keys: Iterable[Any], remedy: str = IN_ROWS) -> None:
    """Raises UnclearAccessError if a name that restricts a text is given more than once, in capitals or not, or with a
    slip of the pen.
    """
    counts = Counter(name_of(key) for key in keys)
    check_spelling(counts)
    for name in NAMES:
        if counts[name] > 1:
            raise UnclearAccessError(f"it gives {name} {counts[name]} times", remedy)


def check_spelling(keys: Iterable[Any]) -> None:
    """Raises UnclearAccessError for a key that is nearly one of the two: 'acess', 'lables'."""
    for name in map(name_of, keys):
        if slip := next((meant for meant in NAMES if _is_slip(name, meant)), ""):
            raise UnclearAccessError(
                f"it gives {name}, which is nearly {slip}",
                f"write {slip} if it says who may see this, and rename it if not",
            )


def _is_slip(name: str, meant: str) -> bool:
    """Whether one letter is missing, too many or another one, or two have changed places. 'label' is a name of its own.

    >>> [_is_slip(name, "access") for name in ("acess", "accses", "accesss", "acceas", "access", "assess", "excess")]
    [True, True, True, True, False, False, False]
    """
    if name == meant or abs(len(name) - len(meant)) > 1 or name in NOT_SLIPS:
        return False
    at = next((i for i, (a, b) in enumerate(zip(name, meant, strict=False)) if a != b), min(len(name), len(meant)))
    rest, wanted = name[at:], meant[at:]
    if rest[2:] == wanted[2:] and rest[:2] == wanted[:2][::-1]:
        return True
    return wanted[1:] == rest or rest[1:] == wanted or rest[1:] == wanted[1:]


def check_node(node: yaml.Node | None) -> None:
    """Raises UnclearAccessError if a name stands twice in this mapping, or comes into it by a merge (`<<: *other`).

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
            raise UnclearAccessError(f"its {name_of(key)} is left empty", PLAINLY)
    check_within(values.values())


def check_within(values: Iterable[Any], remedy: str = PLAINLY) -> None:
    """Raises UnclearAccessError if `access` is a field within one of these values."""
    pending = list(values)
    while pending:
        inner = pending.pop()
        if isinstance(inner, dict):
            _check_inner(inner, NEVER_WITHIN, remedy)
            pending += inner.values()
        elif isinstance(inner, list):
            pending += inner


def check_lines(block: str, read: Iterable[str] = ()) -> None:
    """Raises UnclearAccessError if lines that are no YAML and no TOML give a name, but for one that was `read`."""
    named = [(match[1].lower(), match[0][0]) for match in _MENTION.finditer(block)]
    counts, known = Counter(name for name, _ in named), {name_of(one) for one in read}
    for name, first in named:
        if name not in known or counts[name] > 1 or not (first.isalpha() or first in "\"'"):
            raise UnclearAccessError(f"its front matter gives {name} in a way that is not understood", PLAINLY)


def check_no_front_matter(text: str) -> None:
    """Raises UnclearAccessError for a text that begins as front matter does and gives a name, but is not read as such.

    It may begin with another sign, below a comment or a directive, be of JSON, be too long, or have no end.
    """
    fence = _FENCE.match(text, _beginning(text))
    if fence is not None:
        lines = text[fence.end() :].split("\n", _MOST_LINES)
        end = _end(lines[:_MOST_TO_END])
        if end is None:
            end = next((number for number, line in enumerate(lines) if not _OF_FRONT_MATTER.match(line)), len(lines))
        _check_block(lines[:end])


def check_below(text: str, at: int) -> None:
    """The same of a second block right below front matter that ends here."""
    lines = list(takewhile(str.strip, text[at:].split("\n", _MOST_TO_END)))
    _check_block(lines[: _end(lines) or 0])


def _beginning(text: str) -> int:
    """Where a text begins, below comments of HTML and directives of YAML."""
    at = 0
    while True:
        while at < len(text) and (text[at].isspace() or ord(text[at]) in INVISIBLE):
            at += 1
        end = "-->" if text.startswith("<!--", at) else "\n" if text.startswith("%", at) else ""
        found = text.find(end, at) if end else -1
        if found < 0:
            return at
        at = found + len(end)


def _end(lines: Sequence[str]) -> int | None:
    return next((number for number, line in enumerate(lines) if _END.fullmatch(line)), None)


def _check_block(lines: Sequence[str]) -> None:
    if match := _MENTION.search("\n".join(lines).translate(INVISIBLE)):
        name = match[1].lower()
        raise UnclearAccessError(
            f"it gives {name} at its beginning, in what is not read as front matter",
            "make a line --- the first one of the file and another one the last of its entries (20,000 characters)",
        )


def _check_inner(keys: Iterable[Any], names: Sequence[str], remedy: str = PLAINLY) -> None:
    for name in map(name_of, keys):
        if name in names:
            raise UnclearAccessError(f"it gives {name} within another entry", remedy)
