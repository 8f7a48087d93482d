"""Mails that nest, have parts without end, or headers that are none."""

import base64
import random
from collections.abc import Mapping

from tests.hostile import archives
from tests.hostile.archives import Made, Maker

HEAD = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: Kettles\r\n"
GOOD = HEAD + b"\r\nA kettle may be returned within thirty days.\r\n"


def nested(chance: random.Random, size: int) -> Made:
    """Messages within messages, or parts within parts."""
    n = chance.choice((10, 200, 2000))
    kind = chance.choice((b"message/rfc822", b"multipart/mixed; boundary=b", b"multipart/alternative; boundary=b"))
    inner = b"" if kind.startswith(b"message") else b"--b\r\n"
    return ".eml", HEAD + (b"Content-Type: %b\r\n\r\n%b" % (kind, inner)) * n + b"\r\nwords\r\n"


def many_parts(chance: random.Random, size: int) -> Made:
    """Very many parts, or attachments of very many kinds."""
    part = chance.choice(
        (b"--b\r\n\r\nx\r\n", b'--b\r\nContent-Disposition: attachment; filename="a.md"\r\n\r\n# x\r\n')
    )
    n = min(size // len(part), 20_000)
    return ".eml", HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * n + b"--b--\r\n"


def headers(chance: random.Random, size: int) -> Made:
    """Headers of any length and kind."""
    n = min(size, 500_000)
    header = chance.choice(
        (
            b"X: " + b"y" * n,
            b"To: " + b"<a@b>," * (n // 6),
            b"Subject: " + b"=?utf-8?q?=C3=A9?= " * (n // 20),
            b"Subject: x\r\n" + b" y\r\n" * (n // 4),
            b"Content-Type: text/plain; charset=no-such-thing",
            b"Content-Type: " + b";" * n,
            b"Date: 99999999999999 Foo -99999",
            b"From: " + b"(" * n,
            b"From: " + b'"' * n,
            b"Content-Type: text/plain; name*0*=utf-8''" + b"%ff" * 9,
            b"Subject: \xff\xfe\x00",
            b"Message-ID: <" + b"[" * n,
        )
    )
    return ".eml", header + b"\r\n" + HEAD + b"\r\nwords\r\n"


def attached(chance: random.Random, size: int) -> Made:
    """Another hostile file as an attachment, by a name that may be anything."""
    suffix, content = archives.KINDS[chance.choice(list(archives.KINDS))](chance, size)
    name = chance.choice(("a", "../../a", "a\x00b", "=?utf-8?q?=ED=A0=80?=", "a" * 5000)) + suffix
    head = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n"
    head += b'Content-Disposition: attachment; filename="%b"\r\n\r\n' % name.encode()
    return ".eml", head + base64.encodebytes(content) + b"--b--\r\n"


KINDS: Mapping[str, Maker] = {
    "nested mail": nested,
    "mail of many parts": many_parts,
    "mail headers": headers,
    "mail with hostile file": attached,
}
