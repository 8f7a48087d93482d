"""The kinds of sources that `documents:` may name, and how their settings are found.

Takes what stands in bakeoff.yaml, gives paths (texts) and settings records. Imports only the kinds that are named.
A package that is installed may add a kind by the entry-point group `bakeoff.sources`: the name is the kind, the value
a subclass of `SourceSettings`.
"""

import importlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, GetJsonSchemaHandler, SerializeAsAny, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from bakeoff.corpus.sources.settings import SourceSettings, resolved
from bakeoff.files.did_you_mean import closest, unknown
from bakeoff.files.plain_types import message_of

KINDS: Mapping[str, str] = {
    "files": "bakeoff.corpus.sources.files.FileSettings",
    "git": "bakeoff.corpus.sources.git.GitSettings",
    "mail": "bakeoff.corpus.sources.mail.MailSettings",
    "bucket": "bakeoff.corpus.sources.bucket.BucketSettings",
    "sql": "bakeoff.corpus.sources.sql.settings.SqlSettings",
    "web": "bakeoff.corpus.sources.web.settings.WebSettings",
    "source": "bakeoff.corpus.sources.own.OwnSettings",
}
GROUP = "bakeoff.sources"


class _Schema:
    """The JSON schema of `documents:`: entries, or one. An entry is a text, or the settings of one of our own kinds."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        entries = [{"type": "string"}, *(settings_class(kind).model_json_schema() for kind in KINDS)]
        return {"anyOf": [{"type": "array", "items": {"anyOf": entries}, "minItems": 1}, *entries]}


def kind_of(values: Mapping[str, Any]) -> str:
    """The kind that a mapping names by its first key. Raises ValueError if it is none, with what may be meant."""
    first = str(next(iter(values), ""))
    if first in KINDS or first in _installed():
        return first
    known = [*KINDS, *_installed()]
    later = [key for key in values if key in known]
    if len(later) == 1:
        return later[0]
    names = ", ".join(known)
    if not first:
        raise ValueError(f"an entry is empty; write a path, or a mapping that begins with one of {names}")
    meant = "" if closest(first, known) else f"; the first key says the kind: {names}"
    raise ValueError(f"{unknown('kind of source', first, known)}{meant}")


@cache
def settings_class(kind: str) -> type[SourceSettings]:
    """The settings record of a kind. Raises ValueError if an installed package gives none."""
    if kind in KINDS:
        module, _, name = KINDS[kind].rpartition(".")
        own: type[SourceSettings] = getattr(importlib.import_module(module), name)
        return own
    entry = _installed()[kind]
    where = f"the source '{kind}' of {entry.dist.name if entry.dist else 'an installed package'} ({entry.value})"
    try:
        found = entry.load()
    except Exception as error:  # a package of someone else may raise anything
        raise ValueError(f"{where} cannot be loaded: {type(error).__name__}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, SourceSettings) and found.kind == kind):
        raise ValueError(f"{where} is not a subclass of SourceSettings whose `kind` is '{kind}'")
    return found


def settings_of(values: Mapping[str, Any]) -> SourceSettings:
    """The settings in one mapping. Raises ValueError with every bad key."""
    kind = kind_of(values)
    settings = settings_class(kind)
    try:
        return settings.model_validate(dict(values))
    except ValidationError as error:
        raise ValueError("; ".join(_explain(settings, item) for item in error.errors())) from error


def absolute(value: Any, folder: Path) -> Any:
    """What `documents:` says, with relative paths resolved against the folder. What is wrong in it is left as it is."""
    if isinstance(value, list | tuple):
        return [absolute(item, folder) for item in value]
    if not isinstance(value, dict):
        return value if _is_address(value) else resolved(value, folder)
    try:
        return settings_class(kind_of(value)).absolute(value, folder)
    except ValueError:
        return value


def _entry(value: Any) -> Any:
    if isinstance(value, Mapping):
        return settings_of(value)
    if _is_address(value):
        raise ValueError(f"an address needs its kind, such as {{git: ADDRESS}}; the kinds are {', '.join(KINDS)}")
    if isinstance(value, str | Path | SourceSettings):
        return str(value) if isinstance(value, Path) else value
    raise ValueError("write a path, or a mapping such as {files: docs, labels: [hr]}")


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and "://" in value


def _entries(value: Any) -> Any:
    if isinstance(value, str | Path | Mapping | SourceSettings):
        return (_entry(value),)
    return tuple(map(_entry, value)) if isinstance(value, list | tuple) else value


Named = Annotated[tuple[str | SerializeAsAny[SourceSettings], ...], BeforeValidator(_entries), _Schema]
"""What `documents:` names: paths (folders, files, globs) and the settings of other sources."""


def _explain(settings: type[SourceSettings], item: Any) -> str:
    key = ".".join(map(str, item["loc"]))
    if item["type"] == "extra_forbidden":
        return (
            f"{settings.kind}: {unknown('key', key, settings.model_fields)}; known: {', '.join(settings.model_fields)}"
        )
    message = message_of(item).replace("Input should be", "it should be")
    return f"{settings.kind}: '{key}': {message}" if key else f"{settings.kind}: {message}"


@cache
def _installed() -> dict[str, EntryPoint]:
    """The kinds that installed packages add. Bakeoff's own kinds come first."""
    return {entry.name: entry for entry in entry_points(group=GROUP) if entry.name not in KINDS}
