"""Texts that are one line, nest without end, declare bombs, or are in no encoding."""

import random
from collections.abc import Mapping

from tests.hostile.archives import Made, Maker

ENDINGS = (".txt", ".md", ".html", ".csv", ".tsv", ".jsonl", ".json", ".rst", ".xhtml")
PIECES = (
    b"a",
    b"word ",
    b"[",
    b"](",
    b"*",
    b"`",
    b"<",
    b"> ",
    b"# ",
    b"|",
    b"&amp;",
    b"\\",
    b"- ",
    b"~~",
    b"<!--",
    b"\xc3\xa9",
)
MORE_PIECES = (
    b'"',
    b",",
    b";",
    b"\t",
    b"{",
    b'{"a":',
    b"=\n",
    b"-\n",
    b"a\n",
    b"..",
    b"`x`_ ",
    b"<b>",
    b"<p ",
    b"$",
    b"{%",
    b":::",
)


def one_line(chance: random.Random, size: int) -> Made:
    """A text of one piece, repeated."""
    piece = chance.choice(PIECES + MORE_PIECES)
    return chance.choice(ENDINGS), b"x " + piece * (size // len(piece))


def mixed(chance: random.Random, size: int) -> Made:
    """A few pieces in turns."""
    piece = b"".join(chance.choice(PIECES + MORE_PIECES) for _ in range(chance.randint(2, 6)))
    return chance.choice(ENDINGS), piece * (size // len(piece))


def deep_html(chance: random.Random, size: int) -> Made:
    """Elements within elements, closed or not."""
    tag = chance.choice((b"div", b"ul><li", b"b", b"table><tr><td", b"blockquote", b"span", b"details", b"svg", b"pre"))
    n = size // (2 * len(tag) + 2)
    end = b"</%b>" % tag.split(b">")[0] * n if chance.random() < 0.5 else b""
    return ".html", b"<html><body>" + b"<%b>" % tag * n + b"words" + end


def wide_html(chance: random.Random, size: int) -> Made:
    """Very many attributes, spans, entities or options."""
    piece = chance.choice((b' a="b"', b"<td rowspan=9999 colspan=9999>x</td>", b"&#65;", b"<tr><td rowspan=9999>x"))
    begin = b"<p" if piece.startswith(b" a") else b"<table><tr>"
    return ".html", begin + piece * (size // len(piece)) + b">words"


def laughs(chance: random.Random, size: int) -> Made:
    """The billion laughs in XHTML, in the front matter of Markdown, in SVG."""
    if chance.random() < 0.5:
        lines = ["a0: &a0 [lol]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
        return ".md", ("---\n" + "\n".join(lines) + "\ntitle: *a9\n---\n\nText.\n").encode()
    names = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    return ".xhtml", f'<!DOCTYPE html [<!ENTITY a0 "lol">{names}]><html><body>&a9;</body></html>'.encode()


def front_matter(chance: random.Random, size: int) -> Made:
    """Front matter that nests, is huge, refers to itself, or names objects of Python."""
    n = min(size, 200_000)
    written = chance.choice(
        (
            "a: " + "[" * n,
            "a: " + "{a: " * (n // 4),
            "a: &a [*a]",
            "a: !!python/object/apply:os.system [true]",
            "a: " + "1" * n,
            "title: &t\n  <<: *t",
            "\n".join(f"k{i}: {i}" for i in range(n // 10)),
            "- " * n,
            "? " * (n // 10),
        )
    )
    return ".md", f"---\n{written}\n---\n\nText.\n".encode()


def deep_json(chance: random.Random, size: int) -> Made:
    """Lists within lists, numbers of a million digits, very many keys."""
    written = chance.choice(
        (
            b"[" * size,
            b'{"a":' * (size // 5),
            b"[" * (size // 2) + b"]" * (size // 2),
            b"[" + b"1" * size + b"]",
            b"[1e" + b"9" * min(size, 10_000) + b"]",
            b"{" + b",".join(b'"k%d":0' % i for i in range(size // 12)) + b"}",
            b'{"a":"' + b"\\ud800" * (size // 6) + b'"}',
            b'[{"text":"' + b"x" * size + b'"}]',
        )
    )
    return chance.choice((".json", ".jsonl")), written


def tables(chance: random.Random, size: int) -> Made:
    """Very many columns, a quote that never ends, rows of unequal length."""
    written = chance.choice(
        (
            b"," * size,
            b'a,b\n"' + b"x\n" * (size // 2),
            b'a,b\n"' + b'x","' * (size // 4),
            b"a,b\n" + b'"' * size,
            b",".join(b"c%d" % i for i in range(size // 8)) + b"\n1,2\n",
            b"text,id\n" + b"x" * size + b",1\n",
        )
    )
    return chance.choice((".csv", ".tsv")), written


def encodings(chance: random.Random, size: int) -> Made:
    """No encoding, or a rare one."""
    text = "Der Kessel kann binnen dreißig Tagen zurückgegeben werden. 茶壶可以退货。 "
    kind = chance.choice(
        ("utf-16-le", "utf-16", "utf-32", "utf-7", "cp037", "latin-1", "gb18030", "random", "torn", "cesu")
    )
    if kind == "random":
        content = bytes(1 + byte % 255 for byte in chance.randbytes(min(size, 4_000_000)))
    elif kind == "torn":
        content = "é".encode() * (size // 4) + b"\xc3\xff\xfe" * 5
    elif kind == "cesu":
        content = b"\xed\xa0\x81\xed\xb0\x80" * (size // 12)
    else:
        content = (text * (size // 200)).encode(kind, "replace")
    return chance.choice(ENDINGS), content


def zeros(chance: random.Random, size: int) -> Made:
    content = chance.choice((bytes(size), b"text\0" * 100, b"\xef\xbb\xbf\0", b"a" * 70_000 + b"\0", b"\x1b[2J" * 1000))
    return chance.choice(ENDINGS), content


def empty(chance: random.Random, size: int) -> Made:
    content = chance.choice((b"", b" ", b"\n" * size, b"\xef\xbb\xbf", b"\xff\xfe", "\u200b\u200b".encode(), b"\r\r"))
    return chance.choice((*ENDINGS, ".pdf", ".docx", ".xlsx", ".eml")), content


KINDS: Mapping[str, Maker] = {
    "one line": one_line,
    "mixed signs": mixed,
    "deep HTML": deep_html,
    "wide HTML": wide_html,
    "laughs": laughs,
    "front matter": front_matter,
    "deep JSON": deep_json,
    "tables": tables,
    "encodings": encodings,
    "zeros": zeros,
    "empty": empty,
}
