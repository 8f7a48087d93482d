"""A team's own source, by the import path of its class: `{source: my_package.MySource, options: {...}}`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, field_validator

from bakeoff.corpus.sources.settings import SourceSettings, without_secrets
from bakeoff.errors import ConfigError
from bakeoff.imports import imported
from bakeoff.protocols import Source


class OwnSettings(SourceSettings):
    """`source` is a class that is called with the `options` and has `changes_since(cursor)`."""

    kind: ClassVar[str] = "source"

    source: str
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("options")
    @classmethod
    def _hold_no_secret(cls, options: dict[str, Any]) -> Mapping[str, Any]:
        return without_secrets(options)

    def open(self, folder: Path | None = None) -> Source:
        """Raises ConfigError if the class cannot be imported, refuses the options, or is no source."""
        made = imported(self.source, folder, "documents: source")
        try:
            source: Source = made(**self.options)
        except (TypeError, ValueError) as error:
            raise ConfigError(
                f"documents: source: {self.source} cannot be made with these options: {error}.",
                "give the arguments that the class takes in options:",
            ) from error
        if not callable(getattr(source, "changes_since", None)):
            raise ConfigError(
                f"documents: source: {self.source} has no method changes_since(cursor).",
                "see docs/sources.md for the contract of a source",
            )
        return source
