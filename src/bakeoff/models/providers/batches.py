"""OpenAI's batch API: many requests in a file, answered within a day at a lower price.

Takes request bodies by name, gives replies by name. Sends a batch once: the ledger has its intent before it leaves and
its id as soon as the host gives one; where a kill came between the two, the host's list of batches has it. It is gone
on with until its answers are stored: the same requests, asked again after that, are a new batch.
Sources: https://platform.openai.com/docs/guides/batch; https://platform.openai.com/docs/api-reference/batch.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from bakeoff.errors import LimitReachedError
from bakeoff.files.plain_json import plain_json
from bakeoff.models.cancelling import sleep
from bakeoff.models.engines.fields import mapping
from bakeoff.models.providers.client import ApiClient, ApiError
from bakeoff.models.providers.shown import SHOWN_CHARACTERS
from bakeoff.models.settings import ApiModel
from bakeoff.models.spending.account import BATCH, HostBatch
from bakeoff.models.spending.calls import TIMED_OUT
from bakeoff.models.spending.ledger import Ledger, Sent, SpendingStopped
from bakeoff.models.spending.tokens import Tokens, counted_tokens, most_tokens

ENDPOINT = "/v1/chat/completions"
MOST_BATCHED = 50_000
"""The most requests in a batch. Source: the guide above."""
LONGEST_POLL_S = 60.0
COMPLETED, ENDED_EARLY = "completed", ("failed", "expired", "cancelled")
PAGE = 100
NAME = "bakeoff"
"""The key of a batch's metadata that has the sum of its intent."""
AGAIN = "continue with --resume: finished lines are kept, and the others are sent in a new batch"


class _Ended(NamedTuple):
    """A batch that has ended: its state at the host, and the replies of the lines that succeeded."""

    state: dict[str, Any]
    replies: dict[str, dict[str, Any]]


class Batches:
    """The batch API of one model. `first_poll_s` is the first wait between two looks at a batch; each is longer."""

    def __init__(self, client: ApiClient, settings: ApiModel, first_poll_s: float) -> None:
        self._client, self._settings, self._first_poll_s = client, settings, first_poll_s
        self._base = settings.base_url
        self._share = 1.0 - settings.batch_discount

    def replies(self, bodies: Mapping[str, dict[str, Any]], ledger: Ledger) -> dict[str, dict[str, Any]]:
        """The replies to these requests by their names. Lines that failed have none.

        Raises SpendingStopped if the batch ended before all were answered, or the host cannot be asked: the next
        session goes on with it.
        """
        known = ledger.batches(_sum_of(bodies))
        if not known:
            return self._sent_now(bodies, ledger)
        batch = known[-1]
        ended = self._followed(batch, bodies, ledger)
        if ended is None:
            return self._sent_now(bodies, ledger)
        left = {name: body for name, body in bodies.items() if name not in ended.replies}
        others: dict[str, dict[str, Any]] = {}
        if ended.state["status"] != COMPLETED and left:
            if not batch.has_ended:
                raise self._ended_early(ended, len(bodies), ledger)
            others = self.replies(left, ledger) if ended.replies else self._sent_now(left, ledger)
        ledger.hand_over(batch.intent.id)
        return ended.replies | others

    def _sent_now(self, bodies: Mapping[str, dict[str, Any]], ledger: Ledger) -> dict[str, dict[str, Any]]:
        content = b"".join(_line(name, body) for name, body in bodies.items())
        parts = [
            most_tokens(json.dumps(body).encode(), body, self._settings.context_tokens) for body in bodies.values()
        ]
        most = _summed(parts)
        name = f"{_sum_of(bodies)}:{secrets.token_hex(8)}"
        sent = ledger.send(self._settings, name, most, calls=len(bodies), share=self._share)
        try:
            state = self._created(content, name)
        except ApiError as error:
            refused = error.status is not None and error.status < 500 and error.status not in TIMED_OUT
            if refused:  # there is no batch
                ledger.record(sent, "refused", http=error.status)
            raise _stopped(ledger, f"The batch could not be sent: {error.message}", error.remedy) from None
        ledger.name_batch(sent, state["id"])
        ended = self._waited_for(state, bodies, sent, ledger)
        if ended.state["status"] != COMPLETED and len(ended.replies) < len(bodies):
            raise self._ended_early(ended, len(bodies), ledger)
        ledger.hand_over(sent.intent.id)
        return ended.replies

    def _created(self, content: bytes, name: str) -> dict[str, Any]:
        """A new batch. Its creation is tried once, because a second one might be a second batch."""
        files = {"file": ("bakeoff.jsonl", content, "application/jsonl")}
        uploaded = self._json("POST", "/files", data={"purpose": "batch"}, files=files)
        if not uploaded.get("id"):
            raise self._without(f"{self._base}/files", "id", 200)
        order = {
            "input_file_id": uploaded["id"],
            "endpoint": ENDPOINT,
            "completion_window": "24h",
            "metadata": {NAME: name},
        }
        state = _object(self._client.fetched("POST", f"{self._base}/batches", tries=1, json=order))
        if not _is_state(state):  # there may be a batch all the same
            found = self._found(name)
            if found is None:
                raise self._without(f"{self._base}/batches", "id and status")
            return found
        return state

    def _state(self, batch: str) -> dict[str, Any]:
        """A batch as the host shows it now."""
        state = self._json("GET", f"/batches/{batch}")
        if not _is_state(state):
            raise self._without(f"{self._base}/batches/{batch}", "id and status")
        return state

    def _without(self, url: str, fields: str, status: int | None = None) -> ApiError:
        return ApiError(f"{url} answered without {fields}.", "check base_url, or set batch: false", status)

    def _followed(self, batch: HostBatch, bodies: Mapping[str, dict[str, Any]], ledger: Ledger) -> _Ended | None:
        """A batch that an earlier session has sent, once it has ended. None if it never reached the host."""
        sent = ledger.sent_before(batch, self._settings, self._share)
        try:
            state = self._state(batch.id) if batch.id else self._found(batch.intent.request)
        except ApiError as error:
            raise _stopped(
                ledger,
                f"A batch was sent before, but the host does not say what became of it: {error.message}",
                f"{error.remedy}; then continue with --resume. Nothing is sent a second time meanwhile",
            ) from None
        if state is None:
            if not batch.has_ended:
                ledger.record(sent, "refused")
            return None
        if not batch.id:
            ledger.name_batch(sent, state["id"])
        return self._waited_for(state, bodies, None if batch.has_ended else sent, ledger)

    def _found(self, name: str) -> dict[str, Any] | None:
        """The batch with this name in the host's list, if it has one."""
        after: dict[str, str] = {}
        while True:
            page = self._json("GET", "/batches", params={"limit": str(PAGE), **after})
            states = [state for state in page.get("data") or [] if _is_state(state)]
            for state in states:
                if mapping(state.get("metadata")).get(NAME) == name:
                    return state
            if not states or not page.get("has_more"):
                return None
            after = {"after": states[-1]["id"]}

    def _waited_for(
        self, state: dict[str, Any], bodies: Mapping[str, dict[str, Any]], sent: Sent | None, ledger: Ledger
    ) -> _Ended:
        """The batch when it has ended, with its replies. Its outcome is recorded if it is `sent` and not known yet."""
        wait_s = self._first_poll_s
        try:
            while state["status"] != COMPLETED and state["status"] not in ENDED_EARLY:
                sleep(wait_s)
                wait_s = min(LONGEST_POLL_S, 1.5 * wait_s)
                state = self._state(state["id"])
            replies = self._output(state, bodies)
        except ApiError as error:
            remedy = f"{error.remedy}; then continue with --resume: the batch is found again"
            raise _stopped(ledger, f"The batch {state['id']} could not be followed: {error.message}", remedy) from None
        if sent is not None:
            ledger.record(sent, "done" if replies else "refused", tokens=_counted(replies.values()), calls=len(replies))
        return _Ended(state, replies)

    def _output(self, state: dict[str, Any], bodies: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        file = state.get("output_file_id")
        if not file:
            return {}
        replies = {}
        for line in self._client.fetched("GET", f"{self._base}/files/{file}/content").splitlines():
            answered = _object(line)
            response, name = mapping(answered.get("response")), str(answered.get("custom_id"))
            if name in bodies and response.get("status_code") == 200 and isinstance(response.get("body"), dict):
                replies[name] = response["body"]
        return replies

    def _ended_early(self, ended: _Ended, n: int, ledger: Ledger) -> SpendingStopped:
        state = ended.state
        errors = mapping(state.get("errors")).get("data")
        first = mapping(errors[0]).get("message") if isinstance(errors, list) and errors else ""
        why = f" ({str(first)[:SHOWN_CHARACTERS]})" if first else ""
        words = f"The batch {state['id']} is {state['status']}{why}: {len(ended.replies)} of {n} lines were answered."
        return _stopped(ledger, words, AGAIN)

    def _json(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        reply = _object(self._client.fetched(method, f"{self._base}{path}", **content))
        if not reply:
            raise ApiError(f"{self._base}{path} sent no JSON object.", "check base_url, or set batch: false")
        return reply


def _counted(replies: Iterable[dict[str, Any]]) -> Tokens | None:
    """The tokens of all replies. None if there is none, or one reports no tokens: the batch then counts at its most."""
    counted = [counted_tokens(reply) for reply in replies]
    known = [tokens for tokens in counted if tokens is not None]
    return _summed(known) if known and len(known) == len(counted) else None


def _summed(parts: Sequence[Tokens]) -> Tokens:
    return Tokens(*map(sum, zip(*parts, strict=True)))


def named(bodies: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A name for each request: a sum of its body, with a number for those that are equal."""
    found: dict[str, dict[str, Any]] = {}
    counts: dict[str, int] = {}
    for body in bodies:
        digest = hashlib.sha256(json.dumps(body).encode()).hexdigest()[:32]
        counts[digest] = counts.get(digest, 0) + 1
        found[f"{digest}-{counts[digest]}"] = body
    return found


def _sum_of(bodies: Mapping[str, Any]) -> str:
    """What the sum of a batch of these requests begins with."""
    return BATCH + hashlib.sha256("\n".join(sorted(bodies)).encode()).hexdigest()[:32]


def _line(name: str, body: dict[str, Any]) -> bytes:
    return json.dumps({"custom_id": name, "method": "POST", "url": ENDPOINT, "body": body}).encode() + b"\n"


def _is_state(value: Any) -> bool:
    """Whether this is a batch as hosts show it: with its id and its status."""
    return isinstance(value, dict) and all(
        value.get(name) and isinstance(value[name], str) for name in ("id", "status")
    )


def _stopped(ledger: Ledger, words: str, remedy: str) -> SpendingStopped:
    return ledger.stop(LimitReachedError(f"The run stopped. {words}", remedy))


def _object(text: str) -> dict[str, Any]:
    try:
        value = plain_json(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
