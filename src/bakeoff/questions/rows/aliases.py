"""Splits a cell into accepted answers at '|', except where the sign is part of an answer.

Takes the text of one cell. A '|' is part of the answer if it is doubled or escaped, between backticks or brackets, in a
quoted part of a command (jq '.a | .b'), in a table or between bars (|x|), and in a pipeline of shell commands.
"""

import json
import re
from collections.abc import Sequence

from bakeoff.grading.normalise import word_set

_PROTECTED = re.compile(
    r"(`+).*?\1|(?<=[\s=])(?P<quote>['\"])[^'\"\n]*(?P=quote)(?=\s|$)|\{\{.*?\}\}|\{%.*?%\}|\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}",
    re.S,
)
_SEPARATOR = re.compile(r"(?<![|\\<])\|(?![|&=]|>(?!=?\s*[\d.−-]*\d))")
"""Not the operators '||', '|&', '|=' and '|>' of programs; but '>= 230' and '>5' after it are answers with a bound."""
_LEFT = re.compile(r"(?<=[^|\\])\|(?=[^|])")
_BARS = re.compile(r"\s*\|(?!\|).*(?<!\|)\|\s*", re.S)
# Commands that read what a pipe gives them. The second list are also ordinary words.
_FILTERS = word_set("""
    awk base64 clip column comm egrep fgrep findstr fmt gawk grep gunzip gzip head hexdump jq less md5sum more nl od
    parallel paste pbcopy rev rg sed sha256sum sort tail tar tee tr uniq wc xargs xclip xxd yq zcat zgrep
""")
_SOURCES = word_set("""
    apt aws az bash cat curl df dmesg docker du echo env find gcloud git helm history ip journalctl kubectl ls lsof
    mysql netstat npm openssl ping pip printf ps psql python python3 sh ss ssh sudo systemctl tree wget who yes zsh
""")
_WORDS_TOO = word_set("column head less more paste sort tail clip find yes who history tree ip")
_CMDLET = re.compile(r"[A-Z][A-Za-z]+-[A-Z]\w+")
_CODE = re.compile(
    r"(?:^|\s)--?[A-Za-z]|[$\\;{}=]|\w\(|::|->|&&|>>|\s[<>]\s|[\w.]+/[\w.]+|\*\.\w|\w\.(?:py|sh|js|txt|log|csv)\b"
)
_AMOUNT = re.compile(r"(?<![\w$])(?:[A-Z]{1,3})?\$ ?\d[\d.,]*(?:/\w+)?|\d[\d.,]* ?\$(?!\w)|\d+/\w+|<=?|>=?")
"""Amounts and bounds in which the signs of code stand: 'over $25', '$5/day', 'A$5'."""
_TYPES = word_set("""
    any array bool boolean bytes char date dict double float int integer list long none null number object set str
    string tuple undefined void
""")


def split_aliases(text: str) -> list[str]:
    r"""The accepted answers in a cell, in order, with spaces as written.

    >>> split_aliases("24 months | two years")
    ['24 months ', ' two years']
    >>> split_aliases("cat file | wc -l"), split_aliases(r"a \| b"), split_aliases("`a | b`|c")
    (['cat file | wc -l'], ['a | b'], ['`a | b`', 'c'])
    """
    if "|" not in text:
        return [text]
    parts = _parts(text)
    return [part.replace("\\|", "|") for part in ([text] if _is_one(text, parts) else parts)]


def as_cell(answers: Sequence[str]) -> str:
    """The answers as one cell that is read as exactly these.

    >>> as_cell(["24 months", "two years"]), as_cell(["a | b"])
    ('24 months | two years', '["a | b"]')
    """
    plain = all("|" not in answer and not answer.lstrip().startswith("[") for answer in answers)
    return " | ".join(answers) if plain else json.dumps([*answers], ensure_ascii=False)


def keeps_pipe(text: str) -> bool:
    """Whether a '|' with something on both sides is part of an answer here, so that a reader should be told."""
    parts = _parts(text)
    if _is_one(text, parts):
        return len(parts) > 1
    inside = [match.span() for match in _PROTECTED.finditer(text)]
    left = [match.start() for match in _LEFT.finditer(text)]
    n_left = sum(not any(start <= at < end for start, end in inside) for at in left)
    return n_left > len(parts) - 1


def splits_code(text: str) -> bool:
    """Whether the cell is split although it looks like code, in which '|' could be part of the answer."""
    parts = [part.strip() for part in split_aliases(text)]
    if len(parts) < 2:
        return False
    return _CODE.search(_AMOUNT.sub(" ", text)) is not None or all(part.lower() in _TYPES for part in parts)


def _parts(text: str) -> list[str]:
    inside = [match.span() for match in _PROTECTED.finditer(text)]
    cuts = [
        match.start()
        for match in _SEPARATOR.finditer(text)
        if not any(start <= match.start() < end for start, end in inside)
    ]
    return [text[start + 1 : end] for start, end in zip([-1, *cuts], [*cuts, len(text)], strict=True)]


def _is_one(text: str, parts: Sequence[str]) -> bool:
    return _BARS.fullmatch(text) is not None or _is_pipeline(text, [part.strip() for part in parts])


def _is_pipeline(text: str, parts: Sequence[str]) -> bool:
    """Whether the parts are commands of which each reads what the one before it writes.

    Two ways to write one command (`ls -a | ls --all`) are not: all begin with the same word.
    """
    commands = [part.split()[0].lower() if part else "" for part in parts]
    if len(parts) < 2 or len(set(commands)) == 1:
        return False
    if sum(_CMDLET.match(part) is not None for part in parts) > 1:
        return True
    if not any(command in _FILTERS for command in commands[1:]):
        return False
    if all(command in _FILTERS | _SOURCES for command in commands):
        return not all(command in _WORDS_TOO for command in commands)
    return _CODE.search(text) is not None
