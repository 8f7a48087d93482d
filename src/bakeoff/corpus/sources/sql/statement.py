"""Whether a text is one SELECT statement, and which table it reads first.

Takes SQL, gives SQL. Parses no grammar: what a database would do is limited by its read-only transaction and by the
rights of its user. This check finds mistakes early and in plain words.
"""

import re

_QUOTED = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<dollar>\$(\w*)\$.*?\$\3\$)|(?P<text>'(?:[^']|'')*')|(?P<name>"[^"]*"|`[^`]*`)""",
    re.DOTALL,
)
_CHANGES = re.compile(r"\(\s*(insert|update|delete|merge|replace)\b(?!\s*\()", re.IGNORECASE)
_INTO = re.compile(r"\binto\b", re.IGNORECASE)
_LOCKS = re.compile(
    r"\bfor\s+(?:no\s+key\s+)?(?:update|share|key\s+share)\b|\block\s+in\s+share\s+mode\b", re.IGNORECASE
)
_FROM = re.compile(r"""\bfrom\s+((?:["`]?\w+["`]?\.)*)["`]?(\w+)["`]?""", re.IGNORECASE)
_ALLOWED = "one SELECT statement, which may begin with WITH"


def one_select(query: str) -> str:
    """The query without a semicolon at its end. Raises ValueError if it is anything but one SELECT."""
    if "/*!" in query:
        raise ValueError(f"the query has a comment that MySQL executes (/*! ... */); write {_ALLOWED}")
    bare = without_quoted(query).strip().rstrip(";").strip()
    first = re.match(r"[(\s]*(\w*)", bare)
    word = first[1].lower() if first else ""
    if word not in ("select", "with"):
        raise ValueError(f"the query begins with {word.upper() or 'nothing'}; write {_ALLOWED}")
    if ";" in bare:
        raise ValueError(f"the query has more than one statement; write {_ALLOWED}")
    if found := _CHANGES.search(bare):
        raise ValueError(f"the query has {found[1].upper()} in it; write {_ALLOWED}")
    if _INTO.search(bare):
        raise ValueError(f"the query has INTO in it, which writes; write {_ALLOWED}")
    if _LOCKS.search(bare):
        raise ValueError("the query locks rows (FOR UPDATE or SHARE); leave that out: nothing is written")
    if word == "with" and not re.search(r"\)\s*select\b", bare, re.IGNORECASE):
        raise ValueError(f"the query has no SELECT after WITH; write {_ALLOWED}")
    return query.strip().rstrip(";").strip()


def without_quoted(query: str) -> str:
    """The query with blanks in place of comments and texts; quoted names become `x`."""
    return _QUOTED.sub(lambda found: "x" if found["name"] else " ", query)


def first_table(query: str) -> str:
    """The name of the first table after FROM, without its schema. Empty if there is none.

    >>> first_table('WITH x AS (SELECT 1) SELECT a.id FROM "kb".articles a JOIN teams t ON t.id = a.team')
    'articles'
    """
    plain = _QUOTED.sub(lambda found: found["name"] or " ", query)
    found = _FROM.search(plain)
    return found[2] if found else ""
