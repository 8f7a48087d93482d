"""Object storage as a source: `{bucket: s3://name/prefix, endpoint: ..., key_env: ..., secret_env: ...}`.

Takes the settings, gives the objects below the prefix as documents. Lists page by page, and reads only objects whose
ETag changed. Needs the package obstore (extra `cloud`); S3 and what speaks its protocol, Google Cloud Storage, Azure,
and `file:///` for a mounted disk.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from pydantic import Field, field_validator, model_validator

from bakeoff.corpus.sources.by_file import MAX_BYTES, Content, File, changes_by_file, known_files
from bakeoff.corpus.sources.endings import clean_names, readable
from bakeoff.corpus.sources.folders import link_out
from bakeoff.corpus.sources.settings import SourceSettings, Texts, without_password
from bakeoff.errors import BakeoffError, ConfigError, MissingExtraError
from bakeoff.formats.part import UnreadableError
from bakeoff.protocols import Changes
from bakeoff.records import Problem
from bakeoff.sentences import counted

if TYPE_CHECKING:
    from obstore.store import ObjectStore

PAGE = 1000
AT_ONCE = 16
IN_A_ROW = 10
"""After this many objects in a row that cannot be read, the bucket cannot be read."""
CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "s3": {"key_env": "access_key_id", "secret_env": "secret_access_key", "token_env": "session_token"},
    "az": {"account_env": "account_name", "secret_env": "account_key", "token_env": "sas_key"},
    "gs": {"secret_env": "service_account_key"},
    "file": {},
}
"""Of each scheme, what the variables that the settings name hold."""
ASKED_LAST = (
    "/latest/api/token", "/latest/meta-data/", "/computeMetadata/", "/metadata/identity/", "//169.254.",
    "Account must be specified",
)  # fmt: skip
"""What an error names if there were no credentials anywhere before: the metadata service of a machine in a cloud."""
LOOKED_FOR: Mapping[str, str] = {
    "S3": "in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_* "
    "and the machine's metadata service; ~/.aws is not read: aws configure export-credentials --format env prints them",
    "GCS": "in GOOGLE_SERVICE_ACCOUNT, GOOGLE_SERVICE_ACCOUNT_KEY, GOOGLE_APPLICATION_CREDENTIALS, the file of gcloud "
    "auth application-default login and the machine's metadata service",
    "MicrosoftAzure": "in AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN or "
    "AZURE_CLIENT_ID, and the machine's metadata service",
}
"""Where obstore looks for the credentials of each kind of store, by the name in its errors."""


def checked_address(bucket: str) -> str:
    """The address of a bucket. Raises ValueError if it is none, or has a user or a query."""
    scheme, slashes, rest = bucket.partition("://")
    if scheme not in CREDENTIALS or not slashes or not rest.strip("/"):
        raise ValueError(
            f"{bucket.partition('?')[0]!r} is not the address of a bucket: write "
            f"{', '.join(f'{scheme}://NAME/PREFIX' for scheme in CREDENTIALS)}"
        )
    if "?" in bucket or "@" in rest.partition("/")[0]:
        raise ValueError("the address of a bucket has no user and no query; credentials are in the environment")
    if "#" in bucket:
        raise ValueError("the address of a bucket has no '#', where an address ends: write %23 for it")
    return bucket


class BucketSettings(SourceSettings):
    """`bucket` is an address: s3://name/prefix, gs://name/prefix, az://container/prefix.

    `endpoint` and `region` are those of an S3-compatible server. `key_env`, `secret_env`, `token_env` and
    `account_env` name the environment variables that hold the credentials; without them those of the environment count
    (AWS_ACCESS_KEY_ID and the like). With `anonymous`, requests are not signed.
    """

    kind: ClassVar[str] = "bucket"

    bucket: str
    paths: Texts = ()
    endpoint: str | None = None
    region: str | None = None
    key_env: str | None = None
    secret_env: str | None = None
    token_env: str | None = None
    account_env: str | None = None
    anonymous: bool = False
    timeout_s: float = Field(default=60, gt=0)

    @field_validator("bucket")
    @classmethod
    def _is_an_address(cls, bucket: str) -> str:
        return checked_address(bucket)

    @field_validator("endpoint")
    @classmethod
    def _is_a_server(cls, endpoint: str | None) -> str | None:
        if endpoint and not re.match(r"https?://[^/]", endpoint):
            raise ValueError(f"{endpoint!r} is not an address that begins with https:// or http://")
        return without_password(endpoint) if endpoint else None

    @model_validator(mode="after")
    def _fit_the_scheme(self) -> Self:
        allowed = CREDENTIALS[self.scheme]
        for key in ("key_env", "secret_env", "token_env", "account_env"):
            if getattr(self, key) and key not in allowed:
                known = ", ".join(allowed) or "none"
                raise ValueError(f"'{key}' has no meaning for {self.scheme}:// (those that have: {known})")
        return self

    @property
    def scheme(self) -> str:
        return self.bucket.partition("://")[0]

    def open(self, folder: Path | None = None) -> "BucketSource":
        """Raises as `store`."""
        return BucketSource(self.store(), self.bucket, self.paths, self._disk())

    def _disk(self) -> Path | None:
        """The folder of a bucket that is a mounted disk."""
        return Path(url2pathname(urlsplit(self.bucket).path)) if self.scheme == "file" else None

    def store(self, create: bool = False) -> "ObjectStore":
        """The store at this address; of a folder that does not exist, with `create`, a new one.

        Raises MissingExtraError without obstore, ConfigError for credentials that are not set or not possible.
        """
        try:
            from obstore.exceptions import BaseError
            from obstore.store import from_url
        except ImportError as error:
            raise MissingExtraError("A bucket", "obstore", "cloud") from error
        given = {"mkdir": create} if self.scheme == "file" else self._options() | self._given()
        try:
            return from_url(self.bucket, **given)
        except (BaseError, ValueError, OSError) as error:
            raise ConfigError(
                f"The bucket {self.bucket} cannot be opened: {said(error)}.",
                "check the address and what the variables of its *_env keys hold; see docs/sources.md",
            ) from error

    def _options(self) -> dict[str, Any]:
        wait = timedelta(seconds=self.timeout_s)
        endpoint = self.endpoint or (os.environ.get("AWS_ENDPOINT_URL", "") if self.scheme == "s3" else "")
        by_http = {"allow_http": True} if endpoint.startswith("http://") else {}
        return {
            "client_options": {"timeout": wait, "connect_timeout": timedelta(seconds=10), **by_http},
            "retry_config": {"max_retries": 3, "retry_timeout": 2 * wait},
        }

    def _given(self) -> dict[str, Any]:
        names = CREDENTIALS[self.scheme]
        given: dict[str, Any] = {name: self._variable(key) for key, name in names.items() if getattr(self, key)}
        if self.endpoint:
            given["endpoint"] = self.endpoint
        if self.region:
            given["region"] = self.region
        if self.anonymous:
            given["skip_signature"] = True
        return given

    def _variable(self, key: str) -> str:
        variable = str(getattr(self, key))
        value = os.environ.get(variable, "").strip()
        if not value:
            raise ConfigError(
                f"The source bucket {self.bucket} needs a credential, but the environment variable {variable} ({key}) "
                "is not set.",
                f"set it (export {variable}=...)",
            )
        return value


class BucketSource:
    """The objects of a store as documents. The cursor holds the ETag of every object that has a readable ending."""

    def __init__(self, store: "ObjectStore", shown: str, paths: Sequence[str] = (), disk: Path | None = None) -> None:
        self._store = store
        self._disk = disk
        self._shown = shown
        self._paths = tuple(paths)

    def changes_since(self, cursor: str) -> Changes:
        """Raises BakeoffError if the bucket cannot be listed, or if many objects in a row cannot be read: then the
        credentials were revoked, or the server is gone, and nothing is changed.
        """
        before = known_files(cursor)
        links: list[Problem] = []
        objects, problems = clean_names(self._within(links), key=lambda one: str(one["path"]))
        names, more = readable(objects, self._paths)
        empty = [name for name in names if not objects[name]["size"] and name not in before]
        known_empty = set(empty)
        files = [File(name, _stamp(objects[name])) for name in names if name not in known_empty]

        def read(wanted: Sequence[File]) -> Iterable[Content]:
            return self._read([(file.name, objects[file.name]) for file in wanted])

        return changes_by_file(cursor, files, read, [*problems, *more, *links, *_empty(empty)])

    def _within(self, links: list[Problem]) -> Iterator[Mapping[str, Any]]:
        """The objects. Of a disk without those behind a link that leads out of it, which are added to `links`."""
        root = None if self._disk is None else self._disk.resolve()
        for one in self._listed():
            name = str(one["path"])
            if root is not None and not all(_stays(root / path, root) for path in {name, unquote(name)}):
                links.append(link_out(name))
            else:
                yield one

    def _listed(self) -> Iterator[Mapping[str, Any]]:
        from obstore.exceptions import BaseError

        try:
            for page in self._store.list(chunk_size=PAGE):
                yield from page
        except (BaseError, OSError, ValueError) as error:
            raise BakeoffError(
                f"The bucket {self._shown} cannot be listed: {said(error)}. Nothing was changed.",
                "check the address, and that the credentials are valid and may list and read it; see docs/sources.md",
            ) from error

    def _read(self, wanted: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Content]:
        """The contents, several at a time, in order."""
        n_failed, n_read = 0, 0
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(0, len(wanted), AT_ONCE):
                for content in pool.map(self._content, *zip(*wanted[start : start + AT_ONCE], strict=True)):
                    error = content.content if isinstance(content.content, UnreadableError) else None
                    n_failed = n_failed + 1 if error and error.remedy == TRY_AGAIN else 0
                    n_read += 1
                    if error and n_failed == min(IN_A_ROW, len(wanted)):
                        raise BakeoffError(
                            f"The bucket {self._shown} can no longer be read: after {n_read} of {len(wanted)} objects, "
                            f"{n_failed} in a row failed, {content.name} last: {error.message}. Nothing was changed.",
                            "check that the credentials are still valid and may read objects, and sync again",
                        )
                    yield content

    def _content(self, name: str, listed: Mapping[str, Any]) -> Content:
        from obstore.exceptions import BaseError

        if listed["size"] > MAX_BYTES:
            return Content(name, UnreadableError(f"it is larger than {MAX_BYTES:,} bytes", "split it"))
        try:
            got = self._store.get(str(listed["path"]))
            return Content(name, bytes(got.bytes()), got.meta["last_modified"], _stamp(got.meta))
        except FileNotFoundError:
            return Content(name, UnreadableError("it was deleted while the bucket was read", "sync again"))
        except (BaseError, OSError, ValueError) as error:
            return Content(name, UnreadableError(f"it cannot be read: {said(error)}", TRY_AGAIN))


def _stays(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError, ValueError):  # a loop, or no name on this disk
        return False


TRY_AGAIN = "check that the credentials may read it"


def _stamp(meta: Mapping[str, Any]) -> str:
    return str(meta["e_tag"] or f"{meta['last_modified'].isoformat()} {meta['size']}")


def _empty(names: Sequence[str]) -> list[Problem]:
    if not names:
        return []
    first = f", such as {names[0]}" if names else ""
    return [
        Problem(
            source="empty objects",
            reason=counted(len(names), "object is", "objects are") + f" empty{first}",
            remedy="remove them, or fill them",
        )
    ]


def said(error: Exception) -> str:
    """What the library says on one line, without its dump, and of addresses without what may be a key. Of an answer in
    XML its code and its message. Without credentials, where they were looked for.
    """
    if any(place in str(error) for place in ASKED_LAST):
        places = next((where for kind, where in LOOKED_FOR.items() if f" {kind} " in str(error)), LOOKED_FOR["S3"])
        return f"no credentials were found (looked for {places})"
    lines = [line.strip() for line in str(error).partition("<?xml")[0].splitlines() if line.strip()]
    words = re.sub(r"\?[^\s\"'>]*", "", lines[0]).rstrip(".: ")[:300] if lines else type(error).__name__
    answer = [
        found[1].strip(" .") for tag in ("Code", "Message") if (found := re.search(f"<{tag}>([^<]+)", str(error)))
    ]
    return ": ".join([words, *answer])[:500]
