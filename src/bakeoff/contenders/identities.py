"""The records of what a run measured: one sum for each part of a contender.

Reads no file, and imports nothing that does: a rollback reads these and must not wait.
"""

import hashlib
import json

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from bakeoff.records import Record


class Identity(Record):
    """The sums of a contender's parts; a part that it does not have is empty.

    `settings`: its spec with prompt templates and the values fitted on dev, threshold among them, and every other file
    of its folder. `model` and `adapter`: weights, tokenizer and chat template; of a model behind a server its settings,
    since its weights cannot be seen. `reranker`: as `model`.
    `documents`: the texts that it may show or cite. `index`: passages with their
    vectors. `code`: the files of your own classes, of the contender or of its models. `bakeoff`: the source of what
    answers in Bakeoff; empty in runs of older versions. `behind`: the contenders that it sends questions to, without
    that sum.
    """

    contender: str
    settings: str
    model: str = ""
    adapter: str = ""
    embedder: str = ""
    reranker: str = Field(default="", exclude_if=lambda sum_: not sum_)
    documents: str = ""
    index: str = ""
    code: str = ""
    bakeoff: str = ""
    behind: tuple["Identity", ...] = Field(default=())

    @property
    def sha256(self) -> str:
        """One sum over all parts."""
        return content_sum(self.model_dump(mode="json"))

    def differences(self, other: "Identity") -> tuple[str, ...]:
        """The names of the parts whose sums differ, here or in the same contenders behind it; `behind` for others."""
        names = {
            name for name in type(self).model_fields if name != "behind" and getattr(self, name) != getattr(other, name)
        }
        if [one.contender for one in self.behind] != [one.contender for one in other.behind]:
            names.add("behind")
        else:
            for own, others in zip(self.behind, other.behind, strict=True):
                names |= {*own.differences(others)}
        return tuple(name for name in type(self).model_fields if name in names)

    @model_serializer(mode="wrap")
    def _plain(self, given: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Without an empty `bakeoff`: the sums of older runs stay those of their reports."""
        return {name: value for name, value in given(self).items() if name != "bakeoff" or value}


class Identities(Record):
    """The identities of a run's contenders: the content of `identities.json`."""

    contenders: tuple[Identity, ...] = ()

    @property
    def sums(self) -> dict[str, str]:
        """Each contender's sum over all of its parts."""
        return {identity.contender: identity.sha256 for identity in self.contenders}

    def of(self, contender: str) -> Identity | None:
        """The identity of the contender of this name, None if it has none here."""
        return next((identity for identity in self.contenders if identity.contender == contender), None)


def content_sum(content: object) -> str:
    """The SHA-256 of plain values."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
