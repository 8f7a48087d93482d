"""The HTTP client for models behind a server: pooled connections, one retry layer, no redirects, no key in any message.

Takes a model's settings and JSON, gives JSON objects or the lines of a stream. Knows no server's protocol.
"""

import json
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
from typing import Any

import httpx2

from bakeoff.errors import ModelUnavailableError
from bakeoff.files.plain_json import plain_json
from bakeoff.models.cancelling import sleep
from bakeoff.models.providers.bodies import MOST_BYTES, MOST_LINE_BYTES, TooMuchError, lines_of, whole
from bakeoff.models.providers.connections import connections_to
from bakeoff.models.providers.hidden_keys import stream_without_key, without_key
from bakeoff.models.providers.keys import headers_with, key_of
from bakeoff.models.providers.outcomes import Outcome, of_this_batch
from bakeoff.models.providers.pace import holding_back, pace_of
from bakeoff.models.providers.remedies import REFUSED_KEY, remedy_for
from bakeoff.models.providers.retry import (
    FIRST_WAIT_S,
    LONGEST_ASKED_WAIT_S,
    asked_wait_in,
    asked_wait_s,
    backoff_s,
    is_out_of_quota,
    is_quota_error,
    spread_s,
    worth_another_try,
)
from bakeoff.models.providers.shown import beginning, host_of, shown, words_in
from bakeoff.models.settings import ApiModel
from bakeoff.models.spending.calls import (
    CostLines,
    earlier_reply,
    key_refused,
    quota_used_up,
    sending,
    took_earlier,
)
from bakeoff.models.spending.ledger import request_sum
from bakeoff.records import Completion


class ApiError(ModelUnavailableError):
    """A request that failed. `status` is the HTTP status, or None if the server did not answer.

    `body` is the text that the server sent, with the key removed. In the message, a server's words stand behind a
    colon: they may quote what was asked.
    """

    def __init__(self, message: str, remedy: str, status: int | None = None, body: str = "") -> None:
        super().__init__(message, remedy)
        self.status = status
        self.body = body

    @property
    def is_about_content(self) -> bool:
        """Whether what was asked was refused, so that a part of it might be taken. Then nothing was computed."""
        return self.status in ABOUT_CONTENT and not isinstance(self, (ApiKeyError, ApiQuotaError))

    def hide(self, key: str) -> None:
        """Takes the key out of all that the error holds of a server's words."""
        self.message, self.body = (without_key(text, key, in_error=True) for text in (self.message, self.body))
        self.args = (self.message,)


class ApiTimeoutError(ApiError):
    """The server did not answer in time."""


class ApiBusyError(ApiError):
    """The server has no room for this request now, after all retries."""


class ApiQuotaError(ApiError):
    """The account has no credit left: no further request can succeed."""


class ApiKeyError(ApiError):
    """The server takes the key no more: no further request can succeed."""


class ApiClient:
    """A server and its connections, at most `settings.concurrency` at a time. Safe to use from several threads.

    A request that fails for a temporary reason is sent again, up to `settings.retries` times. After several requests in
    a row have failed despite their retries, each further request is sent only once, until one succeeds. So a dead
    server does not delay a run by the waits of every question. A server that gets too many requests is asked at the
    pace that it takes (`pace.py`).
    """

    def __init__(self, settings: ApiModel, first_wait_s: float = FIRST_WAIT_S) -> None:
        self.settings = settings
        self._first_wait_s = first_wait_s
        self._n_given_up = 0
        self._lock = threading.Lock()
        self._pace = pace_of(settings.base_url, settings.model, settings.key_env)
        self._http = connections_to(settings)

    def post(self, url: str, body: dict[str, Any], listed: str = "") -> dict[str, Any]:
        """The JSON object in the server's answer. Raises ApiError; ConfigError if the key is missing.

        `listed`: the server may answer with a list, which is given under this name. In a run, a reply that a killed
        session has paid for is not asked for again (`models/spending/`), nor is anything whose outcome is known in a
        batch of questions that is asked again (`outcomes.py`).
        """
        key = key_of(self.settings)
        with self.key_hidden():
            return self._json_object(url, self._known_or_sent(url, body, key), key, listed)

    def known(self, url: str, body: dict[str, Any], reply: dict[str, Any]) -> None:
        """Notes the reply to a request that has come in another way, so that `post` does not send it in this batch."""
        kept = of_this_batch()
        if kept is not None:
            kept.keep(request_sum(url, _content(body)), Outcome(httpx2.Response(200, json=reply)))

    def _known_or_sent(self, url: str, body: dict[str, Any], key: str) -> httpx2.Response:
        """The response to a request, as this batch of questions has it already, or else sent."""
        kept, content = of_this_batch(), _content(body)
        request = request_sum(url, content)
        before = kept.earlier(request) if kept is not None else None
        outcome = before or self._outcome(url, body, content, key)
        if before is None and kept is not None and not getattr(outcome.error, "is_about_content", False):
            kept.keep(request, outcome)
        if before is not None and before.error is None:
            took_earlier(before.seconds)
        response: httpx2.Response = outcome.get()
        return response

    def _outcome(self, url: str, body: dict[str, Any], content: bytes, key: str) -> Outcome:
        """What a request comes to: a reply that a killed session has paid for, a response, or an error."""
        earlier = earlier_reply(self.settings, url, content)
        if earlier is not None:
            took_earlier(earlier[1])
            return Outcome(httpx2.Response(200, text=earlier[0]), earlier[1])
        begun = time.perf_counter()
        try:
            response = self._response(url, body, key, streamed=False)
        except ApiError as error:
            return Outcome(error=error)
        return Outcome(response, time.perf_counter() - begun)

    def tell(self, url: str, body: dict[str, Any]) -> str:
        """The text of the server's answer to an order, which computes nothing and costs nothing. Raises ApiError."""
        return self.fetched("POST", url, json=body)

    def look_up(self, url: str) -> dict[str, Any]:
        """The JSON object at an address of the server, asked for once; it costs nothing. Raises ApiError."""
        key = key_of(self.settings)
        with self.key_hidden():
            outcome, _ = self._free_attempt("GET", url, key)
            if not isinstance(outcome, httpx2.Response):
                raise outcome from None
            return self._json_object(url, outcome, key)

    def fetched(self, method: str, url: str, tries: int | None = None, **content: Any) -> str:
        """The text that the server answers to a request that costs nothing: a file, the state of a batch.

        `content` is what httpx takes: `json`, `data`, `files`, `params`. It is tried at most so many times, by default
        as the settings say. Raises as `post`.
        """
        key = key_of(self.settings)
        with self.key_hidden():
            return without_key(self._tried(lambda: self._free_attempt(method, url, key, **content), tries).text, key)

    def _free_attempt(
        self, method: str, url: str, key: str, **content: Any
    ) -> tuple[httpx2.Response | ApiError, float | None]:
        """As `_attempt`, for a request that no ledger counts."""
        try:
            headers = headers_with(key, self.settings.api)
            response = self._http.send(method, url, headers=headers, **content)
            if not response.is_success:
                return self._refused(url, response, key)
            return whole(response), None
        except TooMuchError:
            return self._too_much(url), None
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            return self._broken(url, error, key), None
        except httpx2.HTTPError as error:
            return self._broken(url, error, key), 0.0

    def lines(self, url: str, body: dict[str, Any]) -> Generator[str]:
        """The non-empty lines of a streamed answer as they arrive. Closing the iterator ends the request.

        So does a caller who leaves, before its first line too.
        Raises ApiError if the server refuses, or later if the connection breaks. A request is sent again only if it
        fails before its first line.
        """
        key = key_of(self.settings)
        with self.key_hidden():
            return self._read_lines(url, self._response(url, body, key, streamed=True), key)

    def shown(self, answer: Generator[str | Completion]) -> Iterator[str | Completion]:
        """A streamed answer without the key, which may be split over several lines."""
        with closing(answer):
            yield from stream_without_key(answer, key_of(self.settings))

    @contextmanager
    def key_hidden(self) -> Iterator[None]:
        """No ApiError leaves this block with the key in it, a short one included, which answers may hold as a word."""
        key = key_of(self.settings)
        try:
            yield
        except ApiError as error:
            error.hide(key)
            raise

    def _read_lines(self, url: str, response: httpx2.Response, key: str) -> Generator[str]:
        costs = CostLines()
        is_html = "text/html" in response.headers.get("content-type", "")
        try:
            for line in (without_key(line, key) for line in lines_of(response)):
                costs.add(line)
                if is_quota_error(line):
                    error = self._quota_error(url, line.removeprefix("data:"), key)
                    quota_used_up(self.settings, error.message)
                    raise error
                if is_html or line.startswith("<"):
                    raise self._html(url, response.status_code)
                if line.strip():
                    yield line
        except TooMuchError:
            raise self._too_much(url) from None
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise self._broken(url, error, key) from None
        finally:
            response.close()
            response.extensions[PAID_CALL].streamed(costs.lines)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _response(self, url: str, body: dict[str, Any], key: str, streamed: bool) -> httpx2.Response:
        """A successful response, read to its end unless it is streamed."""
        return self._tried(lambda: self._paced(lambda: self._attempt(url, body, key, streamed)))

    def _paced(
        self, attempt: Callable[[], tuple[httpx2.Response | ApiError, float | None]]
    ) -> tuple[httpx2.Response | ApiError, float | None]:
        """As the attempt, when it is its turn."""
        left = self._pace.turn()
        outcome, wait_s = attempt()
        if isinstance(outcome, ApiError) and outcome.status == TOO_MANY and wait_s is not None:
            self._pace.refused(left, wait_s)
        elif isinstance(outcome, httpx2.Response):
            self._pace.taken()
        return outcome, wait_s

    def _tried(
        self, request: Callable[[], tuple[httpx2.Response | ApiError, float | None]], tries: int | None = None
    ) -> httpx2.Response:
        """The response of the first attempt that succeeds. Raises the error of the last one."""
        n_retries = 0 if self._n_given_up > self.settings.concurrency else self.settings.retries
        n_retries = n_retries if tries is None else tries - 1
        for attempt in range(n_retries + 1):
            outcome, wait_s = request()
            if isinstance(outcome, httpx2.Response):
                self._n_given_up = 0
                return outcome
            if isinstance(outcome, ApiQuotaError):
                quota_used_up(self.settings, outcome.message)
            if isinstance(outcome, ApiKeyError):
                key_refused(self.settings, outcome.message, outcome.remedy)
            if wait_s is None:
                raise outcome from None
            if attempt == n_retries:
                with self._lock:
                    self._n_given_up += 1
                raise outcome from None
            with holding_back if outcome.status == TOO_MANY else nullcontext():
                _wait(spread_s(wait_s) if wait_s > 0 else backoff_s(attempt, self._first_wait_s))
        raise AssertionError("the last attempt returns or raises")

    def _attempt(
        self, url: str, body: dict[str, Any], key: str, streamed: bool
    ) -> tuple[httpx2.Response | ApiError, float | None]:
        """A response; or an error and the seconds to wait: 0 to use our own backoff, None for no further attempt."""
        headers = {"Content-Type": "application/json"} | headers_with(key, self.settings.api)
        content = _content(body)
        with sending(self.settings, url, body, content) as call:
            try:
                response = self._http.send("POST", url, content=content, headers=headers)
                if not response.is_success:
                    with closing(response):  # also if the ledger cannot be written
                        call.refused(response.status_code)
                        return self._refused(url, response, key)
                if streamed:
                    response.extensions[PAID_CALL] = call.goes_on()
                else:
                    response = whole(response)
                    call.done(without_key(response.text, key))
                    if is_quota_error(response.text):
                        return self._quota_error(url, response.text, key), None
                return response, None
            except TooMuchError:
                return self._too_much(url), None
            except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
                call.refused()
                return self._broken(url, error, key), None
            except httpx2.HTTPError as error:
                if isinstance(error, NEVER_ARRIVED):
                    call.refused()
                return self._broken(url, error, key), 0.0

    def _refused(self, url: str, response: httpx2.Response, key: str) -> tuple[ApiError, float | None]:
        """The error for a status that means failure, and the seconds to wait before the next attempt, if any."""
        status = response.status_code
        try:
            body = without_key(beginning(response), key, in_error=True)
        finally:
            response.close()
        if 300 <= status < 400:
            return self._redirected(url, response, key), None
        words = words_in(body) or without_key(response.reason_phrase, key)
        kind, remedy = _KINDS.get(status, ApiError), remedy_for(self.settings, status, body)
        if is_out_of_quota(status, body):
            return ApiQuotaError(f"{shown(url)} answered {status}: {words}", remedy, status, body), None
        kind = ApiKeyError if status == 401 or (status < 500 and REFUSED_KEY.search(body)) else kind
        error = kind(f"{shown(url)} answered {status}: {words}", remedy, status, body)
        if not worth_another_try(status, response.headers):
            return error, None
        wait_s = asked_wait_s(response.headers)
        wait_s = asked_wait_in(body) if wait_s is None else wait_s
        if wait_s is not None and wait_s > LONGEST_ASKED_WAIT_S:
            message = f"{shown(url)} answered {status} and asks to wait {wait_s:,.0f} seconds: {words}"
            return kind(message, remedy, status, body), None
        return error, wait_s or 0.0

    def _quota_error(self, url: str, body: str, key: str) -> "ApiQuotaError":
        """The error for a reply or an event with status 200 that says so."""
        body = without_key(body, key, in_error=True)
        message = f"{shown(url)} answered with an error: {words_in(body)}"
        return ApiQuotaError(message, remedy_for(self.settings, 402, body), 200, body)

    def _redirected(self, url: str, response: httpx2.Response, key: str) -> ApiError:
        host = without_key(host_of(response.headers.get("location", "")), key) or "another path of the same host"
        return ApiError(
            f"{shown(url)} answered {response.status_code}, a redirect to {host}. Redirects are not followed, "
            "because the key must go to the configured server only.",
            "if you trust the new address, set base_url to it",
            response.status_code,
        )

    def _broken(self, url: str, error: Exception, key: str) -> ApiError:
        words = without_key(str(error), key) or type(error).__name__
        if isinstance(error, httpx2.TimeoutException):
            return ApiTimeoutError(
                f"{shown(url)} did not answer within {self.settings.timeout_s:g} seconds ({type(error).__name__}).",
                "raise timeout_s or lower concurrency; check that the server is not overloaded",
            )
        if isinstance(error, (httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.DecodingError)):
            return ApiError(
                f"{shown(url)} closed the connection before the end of its answer: {words}.", "check the server's log"
            )
        return ApiError(
            f"{shown(url)} could not be reached: {words}.",
            "check that the server is running and that base_url is correct",
        )

    def _too_much(self, url: str) -> ApiError:
        return ApiError(
            f"{shown(url)} sent a reply of more than {MOST_BYTES // 2**20} MiB, or a line of more than "
            f"{MOST_LINE_BYTES // 2**20} MiB. It was not read to its end.",
            "check base_url and the server's log",
        )

    def _html(self, url: str, status: int) -> ApiError:
        return ApiError(
            f"{shown(url)} sent an HTML page instead of JSON.",
            "check base_url: it must be the address of the API (most end in /v1), not of a website or a login page",
            status,
        )

    def _json_object(self, url: str, response: httpx2.Response, key: str, listed: str = "") -> dict[str, Any]:
        text = without_key(response.text, key)
        if "text/html" in response.headers.get("content-type", "") or text.lstrip()[:1] == "<":
            raise self._html(url, response.status_code)
        try:
            reply = plain_json(text)
        except ValueError:
            raise ApiError(
                f"{shown(url)} sent something that is not JSON: {words_in(text)!r}.",
                "check base_url",
                response.status_code,
                text,
            ) from None
        if listed and isinstance(reply, list):
            return {listed: reply}
        if not isinstance(reply, dict):
            raise ApiError(
                f"{shown(url)} sent JSON that is not an object: {words_in(text)!r}.",
                "check base_url",
                response.status_code,
                text,
            )
        return reply


_KINDS = {408: ApiTimeoutError, 429: ApiBusyError, 503: ApiBusyError, 504: ApiTimeoutError, 529: ApiBusyError}
"""The errors for statuses that say more than that the request failed.

Sources: RFC 9110, section 15; https://platform.claude.com/docs/en/api/errors (529: the API is overloaded).
"""
TOO_MANY = 429
ABOUT_CONTENT = (400, 413, 422)
"""Statuses that refuse what was asked. Source: RFC 9110, section 15.5."""
PAID_CALL = "bakeoff.paid_call"
"""Where a streamed response has the call that is counted when the stream ends."""
NEVER_ARRIVED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


def _content(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _wait(seconds: float) -> None:
    sleep(seconds)
