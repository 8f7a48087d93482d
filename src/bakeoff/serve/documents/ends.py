"""Where the command line sends documents: a running server, or a deployment's folder that no server uses.

Both list and change documents in the same way. Takes an address with a key, or `LiveDocuments`.
"""

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import quote

import httpx2

from bakeoff.errors import BakeoffError, InputError
from bakeoff.files.http_client import http_client
from bakeoff.models.providers.keys import check_not_in_clear
from bakeoff.models.reference import location_of
from bakeoff.records import Document, Record
from bakeoff.serve.documents.folder_sync import edits
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.documents.received import LABELS_NOT_ALLOWED
from bakeoff.serve.documents.views import Listed, Listing, Views

PAGE = 500
TIMEOUT_S = 600.0


class Counts(Record):
    """What a change did, as numbers of documents, and the version after it."""

    n_added: int = 0
    n_updated: int = 0
    n_unchanged: int = 0
    n_deleted: int = 0
    version: int = 0

    @property
    def is_change(self) -> bool:
        """Whether anything is different now."""
        return bool(self.n_added or self.n_updated or self.n_deleted)

    @property
    def changes(self) -> str:
        return f"{self.n_added} added, {self.n_updated} updated, {self.n_deleted} deleted"

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            n_added=self.n_added + other.n_added,
            n_updated=self.n_updated + other.n_updated,
            n_unchanged=self.n_unchanged + other.n_unchanged,
            n_deleted=self.n_deleted + other.n_deleted,
            version=max(self.version, other.version),
        )


class Documents(Protocol):
    """Lists and changes documents."""

    def listed(self, query: str = "") -> list[Listed]:
        """All documents whose title or source contains the query, by source."""
        ...

    def change(self, documents: Sequence[Document], deleted: Sequence[str]) -> Counts:
        """Adds or replaces documents and deletes others, as one change."""
        ...

    def erase(self, id: str) -> int:
        """Deletes a document and drops all texts that are kept of it; gives how many. BakeoffError if there is none."""
        ...


def make_changes(documents: Documents, changed: Iterable[Document], deleted: Sequence[str]) -> Counts:
    """Makes these changes, in as many edits as they need. An error also says what was stored by the edits before."""
    counts = Counts()
    for edit in edits(changed, deleted):
        try:
            counts += documents.change(*edit)
        except BakeoffError as error:
            if counts.is_change:
                error.message += f" Stored before: {counts.changes}."
                error.remedy = "; ".join(filter(None, (error.remedy, "give the command again for the rest")))
            raise
    return counts


def listed_in(views: Views, query: str = "") -> list[Listed]:
    """All documents of a folder whose title or source contains the query, by source."""
    return list(views.listing(None, limit=2**31, query=query).documents)


class FolderDocuments:
    """The documents of a deployment that no server uses."""

    def __init__(self, documents: LiveDocuments) -> None:
        self._documents = documents

    def listed(self, query: str = "") -> list[Listed]:
        return listed_in(self._documents.views, query)

    def change(self, documents: Sequence[Document], deleted: Sequence[str]) -> Counts:
        kinds = [result.kind for result in self._documents.put_all(documents, deleted)]
        return _counts(kinds.count("added"), kinds.count("updated"), len(kinds), len(deleted), self._documents.version)

    def erase(self, id: str) -> int:
        n_erased = self._documents.erase(id)
        if n_erased is None:
            raise InputError(f"There is no document '{id}'.", "see them with: bakeoff documents list")
        return n_erased


class ServerDocuments:
    """The documents of a running server. Use it as a context manager.

    Raises BakeoffError, with what the server says, if it cannot be reached or refuses; ConfigError if the key would go
    over the internet in the clear, and for a proxy that cannot be used.
    """

    def __init__(self, url: str, key: str = "") -> None:
        self._url = url.rstrip("/")
        if key:
            check_not_in_clear(url)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        trusts_env = location_of(url) != "here"  # no proxy for this machine
        self._http = http_client(trusts_env, headers=headers, timeout=TIMEOUT_S, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def listed(self, query: str = "") -> list[Listed]:
        documents: list[Listed] = []
        after: str | None = ""
        while after is not None:
            asked = {"after": after, "limit": str(PAGE), "query": query}
            page = Listing.model_validate(self._ask("GET", params=asked))
            documents.extend(page.documents)
            after = page.next
        return documents

    def change(self, documents: Sequence[Document], deleted: Sequence[str]) -> Counts:
        report = self._ask("POST", json={"documents": [_sent(one) for one in documents], "deleted": list(deleted)})
        n_added, n_updated = len(report["added"]), len(report["updated"])
        return _counts(n_added, n_updated, len(documents), len(deleted), report["version"])

    def erase(self, id: str) -> int:
        return int(self._ask("DELETE", f"/{quote(id, safe='')}", params={"erase": "true"})["n_erased"])

    def _ask(self, method: str, path: str = "", **more: Any) -> Any:
        try:
            response = self._http.request(method, f"{self._url}/documents{path}", **more)
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise BakeoffError(f"{self._url!r} is not the address of a server.", "write http://HOST:PORT") from error
        except httpx2.HTTPError as error:
            raise BakeoffError(
                f"No server answers at {self._url} ({error}).",
                "start it with: bakeoff serve RUN; or, while no server runs, name its folder with --deployment",
            ) from error
        try:
            content = response.json()
        except ValueError as error:
            raise BakeoffError(
                f"{self._url} answered with status {response.status_code} and no JSON.", "check the address"
            ) from error
        if response.is_success:
            return content
        message = content.get("error", {}).get("message", "") if isinstance(content, dict) else ""
        did = "refused" if response.status_code < 500 else "answered"
        raise BakeoffError(f"{self._url} {did} ({response.status_code}): {message}", _key_for(method, response))


def _key_for(method: str, response: httpx2.Response) -> str:
    """What to do about a key that is missing or refused."""
    if response.status_code not in (401, 403) or LABELS_NOT_ALLOWED in response.text:
        return ""
    needed = "any key of that server: it lists what the key may see" if method == "GET" else "a key that manages"
    return f"set BAKEOFF_KEY to {needed}"


def _sent(document: Document) -> dict[str, Any]:
    plain = document.model_dump(mode="json", exclude={"access"})
    return {**plain, "labels": list(document.access)}


def _counts(n_added: int, n_updated: int, n_sent: int, n_deleted: int, version: int) -> Counts:
    n_unchanged = n_sent - n_added - n_updated
    return Counts(n_added=n_added, n_updated=n_updated, n_unchanged=n_unchanged, n_deleted=n_deleted, version=version)
