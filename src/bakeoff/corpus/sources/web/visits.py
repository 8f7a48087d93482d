"""Visits the pages of a site: finds them breadth first, asks only for what changed, and keeps what cannot be fetched.

Takes what is known of each page from the last time, gives what is known now. Knows no cursor.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import NamedTuple

from protego import Protego

from bakeoff.apart.process import ApartError
from bakeoff.corpus.sources.by_file import hash_of
from bakeoff.corpus.sources.unread import kept_of_file
from bakeoff.corpus.sources.web.addresses import shape_of, source_of
from bakeoff.corpus.sources.web.fetching import NAME, Answer, Fetcher
from bakeoff.corpus.sources.web.page import TYPES, Links, documents_of, links_of
from bakeoff.corpus.sources.web.settings import WebSettings
from bakeoff.errors import InputError
from bakeoff.records import Document, Problem

_HOPS = 5
_LONGEST_DELAY_S = 60.0


class Page(NamedTuple):
    """What is known of a page. `documents` are hashes by source; `links` and `moved` are addresses of this site.

    `failed` says why it was not read this time; it is not kept.
    """

    etag: str = ""
    modified: str = ""
    stamp: str = ""
    documents: Mapping[str, str] = {}
    links: tuple[str, ...] = ()
    canonical: str = ""
    moved: str = ""
    problems: tuple[Problem, ...] = ()
    failed: tuple[Problem, ...] = ()

    @property
    def leads_to(self) -> Sequence[str]:
        return [*filter(None, (self.moved, self.canonical)), *self.links]


class Visits:
    """One reading of a site. `pages` are in the order in which they were found; `read` are documents of new content.

    `is_answered` if the site had an answer for any of them.
    """

    def __init__(self, settings: WebSettings, fetcher: Fetcher, known: Mapping[str, Page]) -> None:
        self._settings, self._fetcher, self._known = settings, fetcher, known
        self._robots: Protego | None = None
        self.pages: dict[str, Page] = {}
        self.read: dict[str, Document] = {}
        self.problems: list[Problem] = []
        self.complete = True
        self.is_answered = False

    def obey_robots(self) -> None:
        """Reads robots.txt. Raises InputError if it cannot be read: then nothing may be (RFC 9309, 2.3.1.4)."""
        site = self._settings.site
        url = f"{site.scheme}://{site.netloc}/robots.txt"
        answer = self._fetcher.followed(url)
        if (answer.kind == "failed" and not 400 <= answer.status < 500) or answer.status == 429:
            raise InputError(
                f"{url} cannot be read: {answer.reason}. Without it no page may be.",
                answer.remedy or "check the address in web:, and that the site is there",
            )
        if answer.kind == "page":
            self._robots = Protego.parse(answer.content.decode("utf-8", "replace"))
            asked = self._robots.crawl_delay(NAME) or 0.0
            self._fetcher.delay_s = max(self._fetcher.delay_s, min(asked, _LONGEST_DELAY_S))

    def allowed(self, url: str) -> bool:
        return self._robots is None or self._robots.can_fetch(url, NAME)

    def visit(self, first: Iterable[str]) -> None:
        """Visits these pages, where they redirect, and with `crawl` what they link to, to a depth, up to the limit."""
        settings = self._settings
        wave = list(dict.fromkeys(first))
        seen, too_deep = {*wave, *self.pages}, ""
        with ThreadPoolExecutor(settings.concurrency) as pool:
            for depth in range(settings.depth + _HOPS + 1):
                room = settings.limit - len(self.pages)
                if not wave or room <= 0 or not self.complete:
                    break
                now, over = wave[:room], wave[room:]
                found: dict[str, None] = {}
                for url, page in zip(now, pool.map(self._page, now), strict=True):
                    if page is None:
                        continue
                    self.pages[url] = page
                    for one in page.leads_to if settings.crawl else filter(None, (page.moved, page.canonical)):
                        if one in seen:
                            continue
                        if depth >= settings.depth and one != page.moved and settings.crawl:
                            too_deep = too_deep or one
                            continue
                        seen.add(one)
                        found[one] = None
                wave = [*over, *found]
                if over:
                    break
        self._say_what_is_left(wave, too_deep)

    def visit_lost(self) -> None:
        """Asks for the known pages that no link led to, if there are pages whose links could not be read."""
        if any("" in one.also for page in self.pages.values() for one in (*page.failed, *page.problems)):
            self.visit(url for url in self._known if url not in self.pages)

    def _page(self, url: str) -> Page | None:
        """What is known of a page after it was asked for. None if it is not there."""
        known = self._known.get(url, Page())
        if why := self._fetcher.stopped:
            self._stop(why)
            return known if url in self._known else None
        if not self.allowed(url):
            reason, remedy = "robots.txt of the site forbids it", "ask the site's owner, or leave it out with exclude:"
            return self._kept(url, known, Answer("failed", reason=reason, remedy=remedy, has_links=False))
        answer = self._fetcher.get(url, known.etag, known.modified, tuple(TYPES))
        self.is_answered |= answer.kind in ("page", "same", "gone")
        if answer.kind == "gone":
            return None
        if answer.kind == "same" and known.stamp:
            return known
        if answer.kind == "moved":
            if self._settings.site.page(answer.to):
                return Page(moved=self._settings.site.page(answer.to))
            reason = f"it redirects to {answer.to}, which is not below {self._settings.web} or is excluded"
            answer = Answer("failed", reason=reason, remedy="set web: to an address above both")
        if answer.kind != "page":
            return self._kept(url, known, answer)
        return self.taken(url, answer, known)

    def taken(self, url: str, answer: Answer, known: Page) -> Page:
        """What is known of a page with this content. Its documents are remembered if the content is new."""
        stamp = sha256(answer.content).hexdigest()[:24]
        if stamp == known.stamp:
            return known._replace(etag=answer.etag, modified=answer.modified)
        reading = documents_of(url, answer.content, answer.content_type, answer.modified)
        self.read |= {one.source: one for one in reading.documents}
        problems = reading.problems
        try:
            links = links_of(url, answer.content, answer.content_type, self._settings.site)
        except ApartError as error:  # the page is asked for again the next time
            links, answer, stamp = Links(known.links, known.canonical), answer._replace(etag="", modified=""), ""
            reason, behind = f"its links are not read: {error.message}", () if known.links else self._behind()
            problems += (Problem(source=source_of(url), reason=reason, remedy=error.remedy, also=behind, is_read=True),)
        hashes = {one.source: hash_of(one) for one in reading.documents}
        unread = not hashes and bool(reading.problems)
        if unread and not links.pages and not known.stamp:
            problems = tuple(one.model_copy(update={"also": (*one.also, *self._behind())}) for one in problems)
        return Page(
            etag=answer.etag,
            modified=answer.modified,
            stamp=stamp,
            documents={**kept_of_file(source_of(url), known.documents, reading.problems, not hashes), **hashes},
            links=links.pages or (known.links if unread else ()),
            canonical=links.canonical,
            problems=problems,
        )

    def again(self, url: str) -> None:
        """Reads a page once more, whatever is known of it, for its documents."""
        answer = self._fetcher.get(url, types=tuple(TYPES))
        if answer.kind == "page":
            self.pages[url] = self.taken(url, answer, Page())

    def _kept(self, url: str, known: Page, answer: Answer) -> Page:
        also = () if known.stamp or known.moved or not answer.has_links else self._behind()
        reason = answer.reason or "it is not there"
        problem = Problem(source=source_of(url), reason=reason, remedy=answer.remedy, also=also)
        return known._replace(etag="", modified="", failed=(problem,))

    def _behind(self) -> tuple[str, ...]:
        """What is not found while a page cannot be read whose links were never known: in a crawl, any page."""
        return ("",) if self._settings.crawl else ()

    def _stop(self, why: str) -> None:
        if self.complete:
            self.complete = False
            reason = f"{why}; the pages that were not asked for stay as they were"
            where = self._settings.site.netloc
            self.problems.append(Problem(source=where, reason=reason, remedy="read again later", also=("",)))

    def _say_what_is_left(self, wave: Sequence[str], too_deep: str) -> None:
        """One problem for pages beyond the limit, and one for those beyond the depth."""
        settings = self._settings
        if wave and self.complete and len(self.pages) >= settings.limit:
            shapes = [shape_of(url) for url in self.pages]
            common = max(set(shapes), key=shapes.count)
            most = f"; {shapes.count(common):,} of them look like {common}" if shapes.count(common) > 1 else ""
            reason = f"the site has more than {settings.limit:,} pages (limit); the rest is not read{most}"
            remedy = "raise limit:, or leave some out with exclude:"
            self.problems.append(Problem(source=settings.site.netloc, reason=reason, remedy=remedy, is_read=True))
        if too_deep:
            reason = f"pages more than {settings.depth} links from the start are not read, such as {too_deep}"
            remedy = "raise depth:, or leave an endless calendar out with exclude:"
            self.problems.append(Problem(source=settings.site.netloc, reason=reason, remedy=remedy, is_read=True))
