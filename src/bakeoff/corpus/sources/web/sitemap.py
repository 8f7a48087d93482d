"""The pages that sitemaps list, in XML or plain text, packed or not, through indexes of sitemaps.

Takes a function that fetches, gives addresses. Source: https://www.sitemaps.org/protocol.html
"""

import zlib
from collections.abc import Callable
from typing import NamedTuple

from bakeoff.apart.process import call
from bakeoff.corpus.sources.web import markup
from bakeoff.corpus.sources.web.addresses import Site, normal
from bakeoff.corpus.sources.web.fetching import Answer
from bakeoff.errors import InputError
from bakeoff.records import Problem

MOST_FILES = 500
MOST_BYTES = 52_428_800
"""The protocol allows so much in one sitemap."""


class Listed(NamedTuple):
    """The pages in sitemaps, in order, and the problems. `complete` if every sitemap was read."""

    pages: tuple[str, ...]
    problems: tuple[Problem, ...]
    complete: bool


def listed(first: str, site: Site, fetch: Callable[[str], Answer]) -> Listed:
    """The pages of the site that a sitemap lists, and those that an index names. A sitemap is read once."""
    pages: dict[str, None] = {}
    problems: list[Problem] = []
    waiting, seen, n_other = [first], {first}, 0
    n_files = 0
    while waiting and n_files < MOST_FILES:
        url, n_files = waiting.pop(0), n_files + 1
        try:
            maps, addresses = _entries(url, fetch(url))
        except ValueError as error:
            problems.append(_unread(url, f"the sitemap is not read: {error}", "check sitemap:"))
            continue
        for one in addresses:
            page = site.page(one, url)
            pages |= {page: None} if page else {}
            n_other += not page
        for one in maps:
            other = site.own(normal(one, url))
            if not other:
                problems.append(_unread(one[:200], "the sitemap is on another host", "name it"))
            elif other not in seen:
                seen.add(other)
                waiting.append(other)
    if n_other:
        reason = f"{n_other:,} of its addresses are not pages below web:, or are excluded"
        problems.append(Problem(source=first, reason=reason, is_read=True))
    if waiting:
        reason = f"the index names more than {MOST_FILES} sitemaps; the rest is not read"
        problems.append(_unread(first, reason, "name one of them in sitemap:"))
    return Listed(tuple(pages), tuple(problems), not any(not one.is_read for one in problems))


def _unread(url: str, reason: str, remedy: str) -> Problem:
    """A problem with all pages: any that is not listed now may be in this sitemap."""
    return Problem(source=url, reason=reason, remedy=remedy, also=("",))


def _entries(url: str, answer: Answer) -> tuple[list[str], list[str]]:
    """(sitemaps, pages) in one file. Raises ValueError if it is none."""
    if answer.kind != "page":
        raise ValueError(answer.reason or {"moved": "it redirects again and again"}.get(answer.kind, "it is not there"))
    content = answer.content
    if content.startswith(b"\x1f\x8b"):
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            content = unpack.decompress(content, MOST_BYTES)
        except zlib.error as error:
            raise ValueError(f"it is packed wrongly ({error})") from error
        if unpack.unconsumed_tail:
            raise ValueError(f"it is larger than {MOST_BYTES:,} bytes")
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
        return [], [line for line in lines if line.startswith(("http://", "https://"))]
    try:
        is_index, places = call(f"{markup.__name__}:places_in", url, content)
    except InputError as error:
        raise ValueError(error.message) from error
    return (places, []) if is_index else ([], places)
