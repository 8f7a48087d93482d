"""Whether an answer gives another name in code than the accepted one: `--verbose` for `--dry-run`.

Takes texts. Names that may stand for the same are no others: `-n` and `--dry-run`, `max_token` and `max_tokens`,
`path.join` and `os.path.join`.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from bakeoff.grading.normalise import word_set

_SORTS = {
    "option": re.compile(r"--?[A-Za-z][\w-]*"),
    "constant": re.compile(r"[A-Z][A-Z\d]*(?:_[A-Z\d]+)+"),
    "underscore": re.compile(r"(?=\w*[A-Za-z])[^\W_]+(?:_[^\W_]+)+(?:\(\))?"),
    "camel": re.compile(r"[a-z]{2,}(?:[A-Z][a-z]+)+(?:\(\))?"),
    "scope": re.compile(r"\w+(?:::\w+)+"),
    "dotted": re.compile(r"(?:[a-z_-]{3,}\.)+[a-z_-]{3,}(?:\(\))?|[A-Za-z][\w-]+(?:\.[\w-]+)*\.[a-z][a-z\d]{1,4}"),
    "numbered": re.compile(r"(?=[a-z-]*\d)[a-z][a-z\d]*(?:-[a-z\d]+)+"),
}
_HYPHENATED = re.compile(r"[a-z]+(?:-[a-z]+)+")
_TOKEN = re.compile(r"(?<![\w.$/\\@-])[\w-][\w.:-]*(?:\(\))?(?:=\S*)?")
_IN_CODE = re.compile(r"`([^`\s]+)`")
_SAYS_THAT_IT_IS = re.compile(r"^\W*(?:\w+ ){1,5}(?:is|are|was|were)[ :]+(?=\S+$)")
_UNREADABLE = re.compile(r"[<>{}*$%@\\]|//")
"""Signs of variables, wildcards, addresses and foreign paths: such names can be anything."""
_CONDITIONS = word_set("if unless when until always never")
"""Words that make a value of a setting out of words with hyphens: if-newer, unless-stopped."""
_ALIKE = 0.8
_MOST, _LONGEST = 20, 200
"""Names of an answer, and letters of one, that are compared."""


def sort_of(text: str) -> str:
    """The sort of name in code that the text is, '' if it is none, or ordinary words with hyphens.

    >>> [sort_of(text) for text in ("--dry-run", "RESTIC_REPOSITORY", "us-east-1", "config.yaml", "read-only")]
    ['option', 'constant', 'numbered', 'dotted', '']
    """
    return next((sort for sort, pattern in _SORTS.items() if pattern.fullmatch(text)), "")


def stands_as_name(answer: str, name: str) -> bool:
    """Whether the text is a name in code, and the answer has exactly this name and no longer one that begins so."""
    name = name.strip()
    return bool(sort_of(name)) and {token for token in _tokens(answer) if token.startswith(name)} == {name}


def with_longer_names_joined(answer: str, name: str) -> str:
    """The answer with names that go on from the accepted one as one word, which does not hold it.

    >>> with_longer_names_joined("not --follow but --follow-tags", "--follow")
    'not --follow but followtags'
    """
    name = name.strip()

    def joined(match: re.Match[str]) -> str:
        token = _bare(match[0])
        goes_on = token.startswith(name) and len(token) > len(name)
        return re.sub(r"[\W_]", "", token) + match[0][len(token) :] if goes_on else match[0]

    return _TOKEN.sub(joined, answer) if sort_of(name) else answer


def names_other(answer: str, gold: str) -> bool:
    """Whether the answer gives another name than the accepted one, and nothing that may be the same.

    >>> names_other("Use `--verbose`.", "--dry-run"), names_other("-n", "--dry-run")
    (True, False)
    """
    name = gold.strip().strip("`\"'")
    if not (sort_of(name) or _HYPHENATED.fullmatch(name)):
        return False
    answer = answer.replace("**", "")
    if _UNREADABLE.search(answer):
        return False
    given = _given(answer, name)
    if len(given) > _MOST or max(map(len, given), default=0) > _LONGEST:
        return False
    rest = answer
    for other in given:
        rest = rest.replace(other, " ")
    said_besides = _joined(_parts(name)) in re.sub(r"[\W_]", "", rest.lower())
    return bool(given) and not said_besides and all(_differs(other, name) for other in given)


def is_short_for(answer: str, gold: str) -> bool:
    """Whether a short option is given for a long one: `-n` may be short for `--dry-run`."""
    options = [token for token in _tokens(answer) if sort_of(token) == "option"]
    is_long = sort_of(gold.strip()) == "option" and not _is_short(gold.strip())
    return is_long and len(options) == 1 and _is_short(options[0])


def _is_short(option: str) -> bool:
    return re.fullmatch(r"-[A-Za-z\d]", option) is not None


def _tokens(answer: str) -> list[str]:
    return [_bare(token) for token in _TOKEN.findall(answer.replace("**", ""))]


def _bare(token: str) -> str:
    return re.sub(r"=.*", "", token).rstrip(".:-")


def _given(answer: str, name: str) -> list[str]:
    """The names of the answer that stand in the place of the accepted one."""
    alone, quoted = _SAYS_THAT_IT_IS.sub("", answer).strip(" .\n`\"'"), _IN_CODE.findall(answer)
    single = [alone] if re.fullmatch(r"\S+", alone) else quoted if len(quoted) == 1 else []
    single = [re.sub(r"=.*", "", word) for word in single]
    sort = sort_of(name)
    if sort and not single:
        return [token for token in _tokens(answer) if sort_of(token) == sort]
    if sort == "numbered":
        return [word for word in single if sort_of(word) == sort]
    if sort or _CONDITIONS.intersection(_parts(name)):
        return [word for word in single if re.search(r"[A-Za-z]", word)]
    parts = _parts(name)
    return [
        word
        for word in single
        if (_HYPHENATED.fullmatch(word) or sort_of(word))
        and not any(_share_stem(a, b) for a in _parts(word) for b in parts)
    ]


def _differs(a: str, b: str) -> bool:
    """Whether two names cannot be spellings, parts or short forms of one."""
    parts, others = _parts(a), _parts(b)
    short, long = sorted((_joined(parts), _joined(others)), key=len)
    if short == long or len(short) < 2 or (len(short) <= 4 and _shortens(short, long)):
        return False
    if len(parts) == 1 and not sort_of(a) and parts[0] in others:
        return False
    if sort_of(a) != sort_of(b) and (set(parts) <= set(others) or set(others) <= set(parts)):
        return False
    inner, outer = sorted((a.lower(), b.lower()), key=len)
    if any(outer.endswith(sign + inner) or outer.startswith(inner + sign) for sign in (".", "::", "/")):
        return False
    return len(parts) != len(others) or not all(map(_are_alike, parts, others))


def _parts(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [part.lower() for part in re.split(r"[\W_]+", spaced) if part]


def _joined(parts: Sequence[str]) -> str:
    return "".join(parts)


def _are_alike(a: str, b: str) -> bool:
    if a == b:
        return True
    if not (a.isalpha() and b.isalpha()):
        return False
    short, long = sorted((a, b), key=len)
    return SequenceMatcher(None, a, b).ratio() >= _ALIKE or (len(short) > 1 and _shortens(short, long))


def _share_stem(a: str, b: str) -> bool:
    """Whether two words may be forms of one: 'smoke', 'smoking'."""
    return a != b and len(min(a, b, key=len)) >= 4 and a[:4] == b[:4]


def _shortens(short: str, long: str) -> bool:
    """Whether a word has the first letter of the longer one and further letters in its order: tmp, temporary."""
    letters = iter(long)
    return len(short) < len(long) and short[:1] == long[:1] and all(letter in letters for letter in short)
