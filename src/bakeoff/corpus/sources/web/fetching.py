"""Fetches pages of one host, politely: addresses are pinned, redirects not followed, sizes and times limited.

Takes addresses, gives answers. Knows no link and no document.
"""

import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from http.cookiejar import DefaultCookiePolicy
from typing import Literal, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import httpx2

from bakeoff import __version__
from bakeoff.corpus.sources.web.addresses import normal
from bakeoff.corpus.sources.web.guard import addresses_of, refusal
from bakeoff.corpus.sources.web.settings import WebSettings
from bakeoff.files.http_client import http_client
from bakeoff.files.retry_after import asked_wait_s

NAME = "bakeoff"
FIRST_WAIT_S = 0.5
LONGEST_ASKED_WAIT_S = 120.0
ATTEMPTS = 3
IN_A_ROW = 10
"""After this many pages in a row that could not be fetched, the site is not asked for more."""
_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_GONE = (404, 410)
_HOPS = 5
"""The most redirects that are followed to a file such as robots.txt."""


class Answer(NamedTuple):
    """What a server said to one request: a page, nothing new, that it is gone, where it moved, or why it failed."""

    kind: Literal["page", "same", "gone", "moved", "failed"]
    content: bytes = b""
    content_type: str = ""
    etag: str = ""
    modified: str = ""
    to: str = ""
    reason: str = ""
    remedy: str = ""
    status: int = 0
    has_links: bool = True
    """Whether the page may have links, for all that is known of it."""


class _Refused(Exception):  # noqa: N818 -- it ends the reading of one answer
    """Why an answer is not read."""

    def __init__(self, reason: str, remedy: str, has_links: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.remedy, self.has_links = reason, remedy, has_links


class Fetcher:
    """One host and its connections. Safe to use from several threads."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        parts = urlsplit(settings.web)
        self._host, self._port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        self._addresses = addresses_of(self._host, self._port, settings.allow_private)
        self._lock = threading.Lock()
        self._next = 0.0
        self._until = time.monotonic() + settings.max_minutes * 60
        self.delay_s = settings.delay_s
        self.n_failed = 0
        self._client = http_client(
            False,
            follow_redirects=False,
            timeout=httpx2.Timeout(settings.timeout_s, pool=None),
            limits=httpx2.Limits(max_connections=settings.concurrency, max_keepalive_connections=settings.concurrency),
            headers={"User-Agent": f"{NAME}/{__version__}", "Accept-Encoding": "gzip", "Accept": "text/html,*/*;q=0.8"},
        )
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def __enter__(self) -> "Fetcher":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def stopped(self) -> str:
        """Why no more pages are asked for. Empty if they are."""
        if time.monotonic() > self._until:
            return f"max_minutes ({self._settings.max_minutes:g}) is over"
        return f"{IN_A_ROW} pages in a row could not be fetched" if self.n_failed >= IN_A_ROW else ""

    def get(self, url: str, etag: str = "", modified: str = "", types: Sequence[str] = ()) -> Answer:
        """The answer for a page of this host, after some attempts. `types` are the content types that are read."""
        conditions = {"If-None-Match": etag} if etag else {"If-Modified-Since": modified} if modified else {}
        answer = Answer("failed", reason=self.stopped)
        for attempt in range(ATTEMPTS):
            if self.stopped:
                return answer
            answer, wait_s = self._attempt(url, conditions, types)
            if wait_s is None or attempt == ATTEMPTS - 1:
                break
            self._pause(wait_s or FIRST_WAIT_S * 2**attempt)
        with self._lock:
            self.n_failed = self.n_failed + 1 if answer.kind == "failed" and answer.status in (0, *_AGAIN) else 0
        return answer

    def followed(self, url: str) -> Answer:
        """The answer for a file of this host, where its redirects lead. After too many it is still `moved`."""
        answer = self.get(url)
        for _ in range(_HOPS):
            if answer.kind != "moved":
                break
            answer = self.get(answer.to)
        return answer

    def _attempt(self, url: str, headers: dict[str, str], types: Sequence[str]) -> tuple[Answer, float | None]:
        """An answer, and the seconds until another attempt: 0 for our own wait, None for no further attempt."""
        self._take_turn()
        until = time.monotonic() + self._settings.timeout_s
        try:
            with self._sent(url, headers) as response:
                return self._read(url, response, types, until)
        except _Refused as refused:
            why, remedy, has_links = refused.reason, refused.remedy, refused.has_links
            return Answer("failed", reason=why, remedy=remedy, status=-1, has_links=has_links), None
        except httpx2.TimeoutException:
            return _failed(f"no answer within {self._settings.timeout_s:g} seconds", "raise timeout_s"), 0.0
        except httpx2.HTTPError as error:
            return _failed(f"{error or type(error).__name__}", "check that the site is there"), 0.0

    def _sent(self, url: str, headers: dict[str, str]) -> "_Response":
        """The response of the first of the host's addresses that answers. The name is not resolved again."""
        parts = urlsplit(url)
        for number, address in enumerate(self._addresses):
            pinned = f"[{address}]" if ":" in address else address
            netloc = pinned if parts.port is None else f"{pinned}:{parts.port}"
            request = self._client.build_request(
                "GET",
                urlunsplit((parts.scheme, netloc, parts.path, parts.query, "")),
                headers={**headers, "Host": parts.netloc},
                extensions={"sni_hostname": self._host},
            )
            try:
                return _Response(self._client.send(request, stream=True))
            except httpx2.ConnectError:
                if number == len(self._addresses) - 1:
                    raise
        raise AssertionError("a host has at least one address")

    def _read(
        self, url: str, response: httpx2.Response, types: Sequence[str], until: float
    ) -> tuple[Answer, float | None]:
        status, headers = response.status_code, response.headers
        if status == 304:
            return Answer("same", status=status), None
        if status in _GONE:
            return Answer("gone", status=status), None
        if 300 <= status < 400:
            return self._moved(url, status, headers.get("location", "")), None
        if status != 200:
            wait_s = asked_wait_s(headers)
            again = status in _AGAIN and (wait_s or 0) <= LONGEST_ASKED_WAIT_S
            asked = f" and asks to wait {wait_s:,.0f} seconds" if wait_s else ""
            answer = Answer(
                "failed", reason=f"the server answered {status}{asked}", remedy=_remedy(status), status=status
            )
            return answer, (wait_s or 0.0) if again else None
        content_type = headers.get("content-type", "")
        kind = content_type.partition(";")[0].strip().lower()
        if types and kind and kind not in types:
            reason, remedy = f"its content type is {kind}, which is not read", "nothing, or leave it out with exclude:"
            raise _Refused(reason, remedy, has_links=False)
        content = b"".join(self._parts(response, until))
        etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
        return Answer("page", content, content_type, etag, modified, status=status), None

    def _parts(self, response: httpx2.Response, until: float) -> Iterator[bytes]:
        """The body, unpacked, never more than max_mb of it."""
        most = int(self._settings.max_mb * 1_000_000)
        large = _Refused(f"it is larger than max_mb ({self._settings.max_mb:g})", "raise max_mb, or exclude it")
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise _Refused(f"it is packed as {encoding}, which was not asked for", "tell the site's owner")
        length = response.headers.get("content-length", "")
        if length.isdigit() and int(length) > most:
            raise large
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in encoding else None
        n = 0
        for packed in response.iter_raw():
            try:
                part = unpack.decompress(packed, most - n + 1) if unpack else packed
            except zlib.error as error:
                raise _Refused(f"it is packed wrongly ({error})", "tell the site's owner") from error
            n += len(part)
            if n > most:
                raise large
            if time.monotonic() > until:
                raise httpx2.ReadTimeout("the page comes too slowly")
            yield part
        if unpack and not unpack.eof:
            raise httpx2.ReadError("the page ends in the middle")

    def _moved(self, url: str, status: int, location: str) -> Answer:
        """A redirect, which is not followed here. One to an address that is never contacted is a failure."""
        to = normal(location, url) if location else ""
        host = urlsplit(to).hostname or ""
        remedy = "if you trust the new address, set web: to it"
        if not to:
            return Answer("failed", reason=f"it redirects to {location[:80]!r}, no page", remedy=remedy, status=status)
        try:
            why = refusal(host, self._settings.allow_private)
        except ValueError:
            why = ""
        if why:
            reason = f"it redirects to {host}, {why}, which is not contacted"
            return Answer("failed", reason=reason, remedy="tell the site's owner", status=status)
        if not self._settings.site.own(to):
            reason = f"it redirects to {to}, which is not on this site"
            return Answer("failed", reason=reason, remedy=remedy, status=status)
        return Answer("moved", to=self._settings.site.own(to), status=status)

    def _take_turn(self) -> None:
        """Waits until the next request may begin."""
        with self._lock:
            start = max(time.monotonic(), self._next)
            self._next = start + self.delay_s
        wait_s = start - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)

    def _pause(self, wait_s: float) -> None:
        """No request begins for so long."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + wait_s)


class _Response:
    """A response that is closed at the end of a block."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response

    def __enter__(self) -> httpx2.Response:
        return self._response

    def __exit__(self, *_: object) -> None:
        self._response.close()


def _failed(reason: str, remedy: str) -> Answer:
    return Answer("failed", reason=reason, remedy=remedy)


def _remedy(status: int) -> str:
    if status in (401, 403):
        return "pages behind a login are not read; export them, or exclude them"
    return "raise delay_s" if status == 429 else "read again later; the document of the last time is kept"
