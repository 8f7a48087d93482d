"""Requests to a host that tunes models: JSON, uploads and downloads, with the key sent to the configured host only.

Takes a model's settings, gives JSON objects. No redirect is followed, but for a download: its file may lie on a second
host if the first one's answer names it; that host never sees the key. Knows no host's protocol.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2

from bakeoff import __version__
from bakeoff.files.http_client import http_client
from bakeoff.models.cancelling import sleep
from bakeoff.models.providers.client import ApiError
from bakeoff.models.providers.hidden_keys import without_key
from bakeoff.models.providers.keys import key_of
from bakeoff.models.providers.remedies import about_the_key
from bakeoff.models.providers.retry import (
    LONGEST_ASKED_WAIT_S,
    asked_wait_s,
    backoff_s,
    spread_s,
    worth_another_try,
)
from bakeoff.models.providers.shown import beginning, host_of, shown, words_in
from bakeoff.models.settings import ApiModel

FIRST_WAIT_S = 1.0
REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 3
NO_HEADERS: Mapping[str, str] = {}
BROKEN = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError)
"""What stops a request on its way. The last two are no HTTPError: an address that a host names may be none."""


class HostError(ApiError):
    """A request that failed. `made_nothing`: it certainly did not reach the host, or was refused. `again_s`: the
    seconds until it may be sent again, 0 for a wait of our own choice, None for never.
    """

    def __init__(
        self,
        message: str,
        remedy: str,
        status: int | None = None,
        body: str = "",
        *,
        made_nothing: bool = False,
        again_s: float | None = 0.0,
    ) -> None:
        super().__init__(message, remedy, status, body)
        self.made_nothing, self.again_s = made_nothing, again_s


class HostClient:
    """A host and its connections. `first_wait_s` is the first wait before a request is sent again."""

    def __init__(self, settings: ApiModel, first_wait_s: float = FIRST_WAIT_S) -> None:
        self.settings = settings
        self._first_wait_s = first_wait_s
        self._http = http_client(
            settings.location != "here",
            follow_redirects=False,
            timeout=httpx2.Timeout(settings.timeout_s, pool=None),
            headers={"User-Agent": f"bakeoff/{__version__}"},
        )

    def get(self, url: str, **params: str) -> dict[str, Any]:
        """The JSON object at an address. Raises ApiError, after as many tries as the settings say."""
        return self._json(url, self._tried("GET", url, params=params))

    def look(self, url: str, **params: str) -> dict[str, Any]:
        """The same, asked for once, for what is looked at again and again anyway."""
        return self._json(url, self._once("GET", url, params=params))

    def post(self, url: str, body: dict[str, Any], **params: str) -> dict[str, Any]:
        """The JSON object in the answer to an order, which is sent once.

        Raises HostError, which says whether it certainly made nothing.
        """
        return self._json(url, self._once("POST", url, json=body, params=params))

    def send_file(self, url: str, name: str, content: bytes, **fields: str) -> dict[str, Any]:
        """The JSON object in the answer to an upload, which is sent once. Raises as `post`."""
        files = {"file": (name, content, "application/jsonl")}
        return self._json(url, self._once("POST", url, data=fields, files=files))

    def delete(self, url: str, **params: str) -> None:
        """Deletes what is at an address. What is gone already is no error."""
        try:
            self._tried("DELETE", url, params=params)
        except HostError as error:
            if error.status not in (404, 410):
                raise

    def download(self, url: str, path: Path, most_bytes: int, has_own_key: bool) -> str:
        """Writes the file at an address to `path`. Returns the name of the second host it came from, if there is one.

        Raises ApiError if it is larger than `most_bytes`, or cannot be fetched.
        """
        with self._hiding():
            second = host_of(url) if has_own_key and host_of(url) != host_of(self.settings.base_url) else ""
            for _ in range(MOST_REDIRECTS + 1):
                target = self._fetch(url, path, most_bytes, with_key=not has_own_key)
                if not target:
                    return second
                url = _joined(url, target)
                if host_of(url) != host_of(self.settings.base_url):
                    second, has_own_key = host_of(url), True
            raise HostError(f"{shown(url)} redirects more than {MOST_REDIRECTS} times.", "ask the host", again_s=None)

    def _fetch(self, url: str, path: Path, most_bytes: int, with_key: bool) -> str:
        """Writes the file, or returns the address that the host redirects to."""
        if not url.startswith("https://") and self.settings.base_url.startswith("https"):
            raise HostError(
                f"The host names {shown(url)} for a download, which is not https.", "ask the host", again_s=None
            )
        headers = self._headers() if with_key else {}
        n_bytes = 0
        try:
            with self._http.stream("GET", url, headers=headers) as response:
                if response.status_code in REDIRECTS and response.headers.get("location"):
                    return str(response.headers["location"])
                if not response.is_success:
                    raise self._refused(url, response.status_code, beginning(response))
                with path.open("wb") as file:
                    for part in response.iter_bytes():
                        n_bytes += len(part)
                        if n_bytes > most_bytes:
                            raise HostError(
                                f"{shown(url)} sends more than {most_bytes:,} bytes, the most for an adapter.",
                                "tune with a lower rank, or download the model by hand",
                                again_s=None,
                            )
                        file.write(part)
        except BROKEN as error:
            raise self._broken(url, error) from None
        return ""

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _headers(self) -> dict[str, str]:
        key = key_of(self.settings)
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _tried(self, method: str, url: str, **content: Any) -> httpx2.Response:
        """The answer to a request that may be sent again."""
        for attempt in range(self.settings.retries + 1):
            try:
                return self._once(method, url, **content)
            except HostError as error:
                if error.again_s is None or attempt == self.settings.retries:
                    raise
                wait_to_retry(error, attempt, self._first_wait_s)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, method: str, url: str, **content: Any) -> httpx2.Response:
        content = {name: value for name, value in content.items() if name != "params" or value}
        with self._hiding():
            try:
                response = self._http.request(method, url, headers=self._headers(), **content)
            except BROKEN as error:
                raise self._broken(url, error) from None
            if not response.is_success:
                raise self._refused(url, response.status_code, response.text, response.headers)
            return response

    @contextmanager
    def _hiding(self) -> Iterator[None]:
        """No ApiError leaves this block with the key in it."""
        try:
            yield
        except ApiError as error:
            error.hide(key_of(self.settings))
            raise

    def _json(self, url: str, response: httpx2.Response) -> dict[str, Any]:
        try:
            value = json.loads(without_key(response.text, key_of(self.settings)) or "{}")
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise HostError(f"{shown(url)} sent no JSON object.", "check base_url", response.status_code, again_s=None)
        return value

    def _refused(self, url: str, status: int, body: str, headers: Mapping[str, str] = NO_HEADERS) -> HostError:
        words = words_in(body) or "no reason given"
        asked_s = asked_wait_s(headers) or 0.0
        again = worth_another_try(status, headers) and asked_s <= LONGEST_ASKED_WAIT_S
        return HostError(
            f"{shown(url)} answered {status}: {words}",
            _remedy(self.settings, status),
            status,
            body,
            made_nothing=status < 500 and status not in (408, 409),
            again_s=asked_s if again else None,
        )

    def _broken(self, url: str, error: Exception) -> HostError:
        if isinstance(error, (httpx2.InvalidURL, httpx2.UnsupportedProtocol)):
            message = f"{shown(url)} is no address that can be asked: {error}."
            return HostError(message, "check base_url; else ask the host", made_nothing=True, again_s=None)
        if isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout)):
            message, remedy = f"{shown(url)} could not be reached: {error}.", "check base_url and the network"
            return HostError(message, remedy, made_nothing=True)
        if isinstance(error, httpx2.TimeoutException):
            seconds = self.settings.timeout_s
            return HostError(f"{shown(url)} did not answer within {seconds:g} seconds.", "raise timeout_s of the model")
        return HostError(f"{shown(url)} closed the connection: {error}.", "try again with --resume")


def _joined(url: str, target: str) -> str:
    """The address of a redirect. One that cannot be read stays as it is: to ask there says so."""
    try:
        return urljoin(url, target)
    except ValueError:
        return target


def wait_to_retry(error: HostError, attempt: int, first_wait_s: float = FIRST_WAIT_S) -> None:
    """Waits before another attempt (from 0), as long as the host asks, else longer each time."""
    sleep(spread_s(error.again_s) if error.again_s else backoff_s(attempt, first_wait_s))


def _remedy(settings: ApiModel, status: int) -> str:
    if status in (401, 403):
        return f"{about_the_key(settings.key_env)}; its account must be allowed to tune models"
    return "see the host's message" if status < 500 else "try again later with --resume"
