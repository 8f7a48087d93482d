"""`endpoint`: a team's own system behind an address, asked the bare question over OpenAI's protocol.

Takes questions, gives answers that cite what the replies name, as far as that is a document of the run. What the system
does with a question, which documents it has and how it is kept up to date is not known here: it is measured like any
other contender, but it cannot be served, and not updated unless `updated` says where it answers from the new documents.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationError, field_validator

from bakeoff.contenders.citing import CitedDocuments
from bakeoff.contenders.declining import answer_from
from bakeoff.contenders.elsewhere import Elsewhere
from bakeoff.contenders.recipe import Fitted, Given, Material, Recipe, World
from bakeoff.contenders.reply_citations import check_place, cited_in
from bakeoff.errors import ConfigError, ModelUnavailableError, error_line
from bakeoff.files import jsonl
from bakeoff.files.plain_types import message_of
from bakeoff.measure.comparison import AskedModel, Entrant
from bakeoff.models.engines.openai import OpenAiGenerator
from bakeoff.models.probe import ONE_ANSWER, PROMPT
from bakeoff.models.providers.concurrent import complete_all
from bakeoff.models.providers.keys import key_of
from bakeoff.models.settings import ApiModel, ModelSettings
from bakeoff.records import Answer, Approach, Completion, GenerationSettings, Message, Prompt, Question, Record

NOT_UPDATED = "it answers elsewhere and was not updated; options.updated says where it answers from new documents"
FIRST_VERSION = "documents.txt"
"""The file with the version of the document store that the contender was first prepared for."""
_SECRET = re.compile(r"(?:^|[_-])(?:key|apikey|password|passwd|secret|token|authorization|credentials?)$", re.I)


class Updated(Record):
    """Where the system answers from the updated documents: another address, another model, or both."""

    base_url: str | None = None
    model: str | None = Field(default=None, min_length=1)


class EndpointOptions(ApiModel):
    """The address and how it is asked, as for a model behind a server, and what is special about a whole system.

    `system` is a system message, by default none. `body` are further fields of each request. `citations` is the place
    of the sources in a reply where it is an unusual one. `updated` is where it answers after the update. `approach`
    says what it is for the decision matrix.
    """

    api: Literal["openai"] = "openai"
    timeout_s: float = Field(default=120.0, gt=0)
    system: str = ""
    body: dict[str, Any] = Field(default_factory=dict)
    citations: str = ""
    updated: Updated | None = None
    approach: Approach | None = None

    @field_validator("body")
    @classmethod
    def _holds_no_secret(cls, body: dict[str, Any]) -> dict[str, Any]:
        for place in _secrets(body):
            raise ValueError(
                f"'{place}' looks like a secret, and options are written to the run folder: put a key into the "
                "environment and name its variable in key_env, which is sent as the header Authorization"
            )
        return body


class Endpoint(Elsewhere):
    """A system of the team's own, by its address."""

    name = "endpoint"
    title = "Your own system"
    summary = "a system of your own behind an address, asked the question alone"
    uses = ("generation",)
    Options: ClassVar[type[Record]] = EndpointOptions
    options: EndpointOptions

    @property
    def own_part(self) -> str:
        """It prepares something only if it answers elsewhere after the update."""
        return super().own_part if self.options.updated else ""

    @property
    def own_server(self) -> ApiModel:
        """The address, whose calls may be paid for."""
        return self.options

    @property
    def not_updated(self) -> str:
        """It is not updated here."""
        return "" if self.options.updated else NOT_UPDATED

    def check(self, others: Sequence[Recipe]) -> None:
        """Raises ConfigError for a place of citations, or an address after the update, that cannot be one."""
        check_place(self.options.citations)
        updated = self.options.updated
        if updated and not (updated.base_url or updated.model):
            raise ConfigError(
                f"The contender '{self.spec.name}': options.updated names neither base_url nor model.",
                "name what is different after the update, or leave it out",
            )
        self._settings(True)

    def entrant(self, models: Mapping[str, ModelSettings]) -> Entrant:
        """As for other systems elsewhere, with the model at the address, and with its price."""
        asked = self.options
        model = AskedModel(
            name=self.spec.name, label=asked.label, location=asked.location, host=asked.host, price=asked.price
        )
        return super().entrant(models).model_copy(update={"model": model})

    def obstacle(self, world: World, material: Material) -> str | None:
        """It must answer one question. Without an answer or a key, the run goes on without it."""
        patient = self.options.model_copy(update={"retries": min(self.options.retries, 1)})
        try:
            OpenAiGenerator(patient, more=self.options.body).complete(PROMPT, ONE_ANSWER)
        except (ModelUnavailableError, ConfigError) as error:
            return f"it does not answer: {error_line(error)}"
        return None

    def prepare(self, world: World, material: Material) -> Fitted:
        """Notes the version of the documents that it was measured with first."""
        path = world.contender_folder(self.spec.name) / FIRST_VERSION
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            jsonl.write_text(path, f"{world.store.version}\n")
        return Fitted()

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> "AskedSystem":
        """The system, at its address for these documents."""
        path = world.contender_folder(self.spec.name) / FIRST_VERSION
        is_first = not path.exists() or path.read_text(encoding="utf-8").strip() == str(world.store.version)
        return AskedSystem(
            self.spec.name, self._settings(not is_first), self.spec.generation, CitedDocuments(world.store.documents())
        )

    def _settings(self, is_updated: bool) -> EndpointOptions:
        """The options, with the address after the update if they give one. Raises ConfigError if that is no address."""
        if not is_updated or self.options.updated is None:
            return self.options
        changes = self.options.updated.model_dump(exclude_none=True)
        try:
            return EndpointOptions.model_validate({**self.options.model_dump(), **changes, "updated": None})
        except ValueError as error:
            problem = message_of(error.errors()[0]) if isinstance(error, ValidationError) else str(error)
            raise ConfigError(
                f"The contender '{self.spec.name}': options.updated: {problem}.",
                "give an address such as https://host/v1, or the name of a model",
            ) from error


class AskedSystem:
    """The contender: each question is one request, with the system message if there is one."""

    def __init__(
        self, name: str, options: EndpointOptions, settings: GenerationSettings, documents: CitedDocuments
    ) -> None:
        self.name = name
        self._options = options
        self._settings = settings
        self._documents = documents
        self._generator = OpenAiGenerator(options, more=options.body)

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order. A request that fails gives an error for its question."""
        key_of(self._options)
        prompts = [self._prompt(question) for question in questions]
        replies: dict[int, dict[str, Any]] = {}

        def complete(prompt: Prompt) -> Completion:
            completion, replies[id(prompt)] = self._generator.replied(prompt, self._settings)
            return completion

        completions = complete_all(complete, prompts, self._options.concurrency)
        return [
            answer_from(question, self.name, completion, None, self._hits(replies.get(id(prompt), {})))
            for question, prompt, completion in zip(questions, prompts, completions, strict=True)
        ]

    def _hits(self, reply: Mapping[str, Any]) -> Any:
        return self._documents.hits(cited_in(reply, self._options.citations))

    def _prompt(self, question: Question) -> Prompt:
        system = [Message(role="system", content=self._options.system)] if self._options.system else []
        return Prompt(messages=(*system, Message(role="user", content=question.text)))


def _secrets(value: Any, place: str = "") -> Iterator[str]:
    """The places of texts whose key is called like a secret."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            here = f"{place}.{key}" if place else str(key)
            if isinstance(inner, str) and _SECRET.search(str(key)):
                yield here
            yield from _secrets(inner, here)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _secrets(inner, f"{place}.{number}")
