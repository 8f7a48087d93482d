"""What `documents:` in bakeoff.yaml says about one source, common to all kinds.

Takes plain values, gives a frozen record that opens its source. Knows no kind. Every kind has a subclass in a file of
its own, named in `kinds.KINDS` or by the entry-point group `bakeoff.sources`.
"""

import re
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ConfigDict, SerializerFunctionWrapHandler, field_validator, model_serializer

from bakeoff.protocols import Source
from bakeoff.records import Record

SECRET_WORDS = ("password", "passwd", "secret", "token", "api_key", "apikey", "access_key", "credential")


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
"""One text, or a list of texts."""


class SourceSettings(Record):
    """The settings of one source. A subclass sets `kind`, and has a field of that name: where the documents are.

    `labels` are given to the documents that have none of their own; `prefix` is put before the source of each document,
    so that two sources may have files of the same name. A record holds no secret: it is written into run folders.
    Secrets are named by the environment variable that holds them, in fields that end in `_env`.
    """

    model_config = ConfigDict(validate_default=True)  # a subclass's default is of its field's type, as given values are

    kind: ClassVar[str] = ""

    labels: Texts = ()
    prefix: str = ""

    @classmethod
    def absolute(cls, values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        """The values with relative paths resolved against the folder of bakeoff.yaml. By default there are none."""
        return dict(values)

    @abstractmethod
    def open(self, folder: Path | None = None) -> Source:
        """The source. `folder` is that of bakeoff.yaml, where a team's own classes may be."""

    @property
    def where(self) -> str:
        """The source in messages, such as `git ../handbook`."""
        return f"{self.kind} {getattr(self, self.kind)}"

    @field_validator("prefix")
    @classmethod
    def _is_relative(cls, prefix: str) -> str:
        if prefix.startswith("/") or ".." in prefix.split("/"):
            raise ValueError(f"{prefix!r} is not a relative path: write it like handbook/")
        return prefix

    @model_serializer(mode="wrap")
    def _kind_first(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The kind first, as it is written in bakeoff.yaml, and without what was left at its default."""
        values = handler(self)
        given = {key: value for key, value in values.items() if getattr(self, key) != self._default(key)}
        return {self.kind: values[self.kind], **given}

    @classmethod
    def _default(cls, key: str) -> Any:
        return cls.model_fields[key].get_default(call_default_factory=True)


def resolved(value: Any, folder: Path) -> Any:
    """A path, or each of a list of paths, resolved against a folder; anything else as it is."""
    if isinstance(value, str):
        return str(folder / (Path(value).expanduser() if value.startswith("~/") else value))
    return [resolved(item, folder) for item in value] if isinstance(value, list | tuple) else value


def without_password(address: str) -> str:
    """The address, if there is no password in it. Raises ValueError, which does not show it, otherwise."""
    if "://" in address and re.search(r"//[^/@]*:[^/@]*@", address):
        host = urlsplit(address).hostname or "the host"
        raise ValueError(
            f"the address of {host} holds a password, and configurations are copied into run folders; leave it "
            "out, and name the environment variable that holds it with a key that ends in _env"
        )
    return address


def without_secrets(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options, if no key of them is one that holds a secret. Raises ValueError with the key otherwise."""
    for key, value in options.items():
        named = key.lower()
        if value and any(word in named for word in SECRET_WORDS) and not named.endswith(("_env", "_file")):
            raise ValueError(
                f"'{key}' looks like a secret, and configurations are copied into run folders; name an environment "
                f"variable instead, such as {key}_env: {key.upper()}"
            )
        if isinstance(value, Mapping):
            without_secrets(value)
    return options
