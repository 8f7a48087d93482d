"""The pages of a site as a source: conditional requests, redirects, canonical addresses and duplicates.

Takes the settings, gives changes. The cursor holds what is known of each page, and the hash of each document given.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bakeoff.corpus.sources.unread import grouped
from bakeoff.corpus.sources.web.addresses import normal, source_of
from bakeoff.corpus.sources.web.fetching import Fetcher
from bakeoff.corpus.sources.web.settings import WebSettings
from bakeoff.errors import CursorError, InputError, MissingExtraError
from bakeoff.files.plain_json import plain_json
from bakeoff.files.small import small_text
from bakeoff.files.unreadable import unreadable
from bakeoff.protocols import Changes
from bakeoff.records import Problem

try:
    from bakeoff.corpus.sources.web.sitemap import listed
    from bakeoff.corpus.sources.web.visits import Page, Visits
except ModuleNotFoundError as missing:
    raise MissingExtraError("Reading a site", missing.name or "protego", "web") from missing


MOST_TO_ONE = 3
"""So many pages may move to one page before a login is suspected."""


class WebSource:
    """The pages of one site as a `protocols.Source`."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings

    def changes_since(self, cursor: str) -> Changes:
        """New and changed pages as documents, and the sources of those that are gone.

        A page that cannot be fetched keeps its documents. Raises InputError if robots.txt or no page at all can be
        read, if the first page is gone or forbidden, if a sitemap that was there cannot be read, and for a cursor of
        another kind.
        """
        known, given = _opened(cursor)
        with Fetcher(self._settings) as fetcher:
            visits = Visits(self._settings, fetcher, known)
            visits.obey_robots()
            complete = self._visit(visits, fetcher)
            _check_answered(visits)
            if not (complete and visits.complete):
                visits.pages = {**visits.pages, **{url: page for url, page in known.items() if url not in visits.pages}}
            _check_login(known, visits.pages)
            visits.problems += _keep_led_nowhere(visits, known)
            emitted = _emitted(visits.pages)
            for url in _without_text(visits, emitted, given):
                visits.again(url)
            emitted = {
                source: hash_
                for source, hash_ in _emitted(visits.pages).items()
                if hash_ == given.get(source) or source in visits.read
            }
        pages = visits.pages.values()
        problems = [*visits.problems, *(one for page in pages for one in (*page.failed, *page.problems))]
        return Changes(
            documents=tuple(visits.read[one] for one in sorted(emitted) if emitted[one] != given.get(one)),
            deleted=tuple(one for one in sorted(given) if one not in emitted),
            problems=tuple(grouped(problems, "page")),
            cursor=_cursor(visits.pages, emitted),
        )

    def _visit(self, visits: Visits, fetcher: Fetcher) -> bool:
        """Visits all pages. Whether their list was complete."""
        settings = self._settings
        if settings.crawl:
            self._crawl(visits)
            return True
        if settings.urls:
            visits.visit(self._named(visits.problems))
            return True
        found = listed(normal(settings.sitemap, settings.web), settings.site, fetcher.followed)
        if not found.pages and not found.complete:
            raise InputError(
                f"No page was found in the sitemap {settings.sitemap}: {found.problems[0].reason}.",
                "check sitemap:, or use crawl: true",
            )
        visits.problems += found.problems
        visits.visit(found.pages)
        return found.complete

    def _crawl(self, visits: Visits) -> None:
        start = self._settings.web
        if not visits.allowed(start):
            raise InputError(
                f"robots.txt of {self._settings.site.netloc} forbids {start}.",
                "ask the site's owner for permission or for an export of the pages",
            )
        visits.visit([start])
        visits.visit_lost()
        if visits.complete and start not in visits.pages:
            raise InputError(f"{start}, where the site begins, is not there (404).", "check the address in web:")

    def _named(self, problems: list[Problem]) -> Iterator[str]:
        """The addresses in `urls` and in the files that it names. Others than pages of the site become problems."""
        for one in self._settings.urls:
            for line in [one] if one.startswith(("http://", "https://")) else _lines(one):
                if page := self._settings.site.page(line):
                    yield page
                else:
                    reason = f"it is no page below {self._settings.web}, or is excluded"
                    problems.append(Problem(source=line[:200], reason=reason, remedy="give it an entry of its own"))


def _emitted(pages: Mapping[str, Page]) -> dict[str, str]:
    """The documents to give, as hashes by source: one for each text, and none of a page that is a copy of another."""
    emitted: dict[str, str] = {}
    texts: set[str] = set()
    for page in pages.values():
        if page.canonical in pages and pages[page.canonical].documents:
            continue
        for source, hash_ in page.documents.items():
            if hash_ not in texts and source not in emitted:
                emitted[source] = hash_
                texts.add(hash_)
    return emitted


def _without_text(visits: Visits, emitted: Mapping[str, str], given: Mapping[str, str]) -> list[str]:
    """The pages whose documents are to be given, though their content did not change and is not at hand."""
    return [
        url
        for url, page in visits.pages.items()
        if any(
            emitted.get(source) == hash_ != given.get(source) and source not in visits.read
            for source, hash_ in page.documents.items()
        )
    ]


def _check_answered(visits: Visits) -> None:
    """Raises InputError if there was no answer but failures: nothing of the site could be read."""
    failed = [one for page in visits.pages.values() for one in page.failed]
    if failed and not visits.is_answered:
        first = failed[0]
        raise InputError(f"No page could be read; {first.source}: {first.reason}.", first.remedy)


def _check_login(known: Mapping[str, Page], pages: Mapping[str, Page]) -> None:
    """Raises InputError if most pages that had a text redirect to one page now, as they do behind a login."""
    had = [url for url, page in known.items() if page.documents]
    targets = Counter(pages[url].moved for url in had if url in pages and pages[url].moved)
    for target, n in targets.most_common(1):
        if n >= MOST_TO_ONE and 2 * n > len(had):
            raise InputError(
                f"{n:,} of {len(had):,} pages redirect to {target} now; their documents are kept.",
                "check whether the site asks for a login; pages behind one are not read",
            )


def _keep_led_nowhere(visits: Visits, known: Mapping[str, Page]) -> Iterator[Problem]:
    """Pages whose redirects never end, or end at a page that was not read, keep their documents. A problem for each."""
    for url, page in list(visits.pages.items()):
        if page.moved and (reason := _leads_nowhere(page, visits)):
            visits.pages[url] = page._replace(documents=known.get(url, Page()).documents)
            yield Problem(source=source_of(url), reason=reason, remedy="tell the site's owner")


def _leads_nowhere(page: Page, visits: Visits) -> str:
    """Why the redirects of a page lead to none. Empty if they lead to one that was read, or that is gone."""
    way: list[str] = []
    while page.moved in visits.pages and page.moved not in way:
        way.append(page.moved)
        page = visits.pages[page.moved]
    if page.moved in way:
        return "it redirects in a circle"
    if page.moved and visits.complete:
        return ""
    if page.moved or (page.failed and not page.documents):
        return f"it redirects to {source_of(page.moved or way[-1])}, which was not read"
    return ""


def _lines(path: str) -> list[str]:
    try:
        lines = small_text(Path(path)).splitlines()
    except (OSError, ValueError) as error:
        raise InputError(*unreadable(f"The list of addresses {path} cannot be read", error, "check urls:")) from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _cursor(pages: Mapping[str, Page], given: Mapping[str, str]) -> str:
    written = {
        url: {**page._asdict(), "problems": [one.model_dump(exclude_defaults=True) for one in page.problems]}
        for url, page in pages.items()
    }
    plain = {
        url: {key: value for key, value in page.items() if value and key != "failed"} for url, page in written.items()
    }
    return json.dumps({"pages": plain, "given": given}, ensure_ascii=False, separators=(",", ":"))


def _opened(cursor: str) -> tuple[dict[str, Page], dict[str, str]]:
    """(what is known of each page, the hashes of the documents given). Raises CursorError for a foreign cursor."""
    if not cursor:
        return {}, {}
    try:
        opened = plain_json(cursor)
        return {url: _page(values) for url, values in opened["pages"].items()}, dict(opened["given"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CursorError(
            f"{cursor[:40]!r} is not a cursor of a site.", "pass the cursor of an earlier result, or an empty text"
        ) from error


def _page(values: Mapping[str, Any]) -> Page:
    problems = tuple(Problem.model_validate(one) for one in values.get("problems", ()))
    return Page(**{**values, "links": tuple(values.get("links", ())), "problems": problems})
