"""People with keys who ask a server, and whether all that each of them is sent is theirs to see."""

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from bakeoff.records import Labels
from tests.torture.canaries import WORD, Vault

OF = "said by "
"""What somebody said has this label, with their name, which they alone hold."""


class Reply(NamedTuple):
    """Status and text of a reply; that of a stream with its pieces put together too."""

    status: int
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


class Caller:
    """Somebody with a key, or without one if it is empty. `held` are the labels of all that they may see."""

    def __init__(self, name: str, key: str, labels: Labels, manages: bool = False) -> None:
        self.name = name
        self.key = key
        self.labels = labels
        self.manages = manages

    @property
    def held(self) -> Labels:
        return None if self.labels is None and self.manages else (*(self.labels or ()), OF + self.name)


class Watched:
    """A server, every reply of which is read for words that the caller may not see.

    A word that the caller sent in the same request may come back. `n_replies` and `n_shown` count what was read.
    """

    def __init__(self, url: str, vault: Vault) -> None:
        self.url = url
        self.vault = vault
        self.broken: list[str] = []
        self.statuses = Counter[int]()
        self.n_shown = Counter[str]()
        self._lock = threading.Lock()

    @property
    def n_replies(self) -> int:
        return self.statuses.total()

    def send(
        self,
        caller: Caller,
        path: str,
        body: object = None,
        method: str = "",
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        """Sends a request: JSON if there is a body, or bytes."""
        sent = raw if raw is not None else None if body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **(headers or {})}
        if caller.key:
            given["Authorization"] = f"Bearer {caller.key}"
        request = urllib.request.Request(self.url + path, sent, given, method=method or None)
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                status, content, heads = reply.status, reply.read(), str(reply.headers)
        except urllib.error.HTTPError as error:
            status, content, heads = error.code, error.read(), str(error.headers)
        text = content.decode("utf-8", "replace")
        self._read(caller, f"{method or 'any'} {path}", status, f"{heads}{text}{_joined(text)}", (path, sent or b""))
        return Reply(status, text)

    def _read(self, caller: Caller, what: str, status: int, text: str, sent: tuple[str, bytes]) -> None:
        said = set(WORD.findall(sent[0] + sent[1].decode("utf-8", "replace")))
        hidden = self.vault.hidden(text, caller.held) - said
        with self._lock:
            self.statuses[status] += 1
            self.n_shown[caller.name] += self.vault.shown(text)
            if hidden:
                self.broken.append(f"{caller.name} saw {sorted(hidden)[:3]} in the reply to {what[:80]} ({status})")
            if status >= 500:
                self.broken.append(f"{what[:80]} was answered with {status}: {text[-200:]}")


def _joined(text: str) -> str:
    """The pieces of a stream as one text: a word may come in two of them."""
    pieces = []
    for line in text.splitlines():
        if line.startswith("data: {"):
            event = json.loads(line.removeprefix("data: "))
            choices = event.get("choices") or [{}]
            pieces.append(choices[0].get("delta", {}).get("content") or "" if "choices" in event else "")
            pieces.append(event["delta"] if isinstance(event.get("delta"), str) else "")
    return "".join(pieces)
