"""The settings of a model in bakeoff.yaml: a local model, or one behind an API.

Takes plain values, gives frozen records. Sends no request and loads nothing. A secret is given by the name of an
environment variable, never by its value.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from bakeoff.models.defaults import DEFAULT_EMBEDDER, MOST_CONCURRENCY
from bakeoff.models.reader import READER
from bakeoff.models.reference import Location, host_of, location_of, shown_address
from bakeoff.models.vllm_options import VllmOptions
from bakeoff.records import Record

GENERATOR, EMBEDDER = "generator", "embedder"
"""The names in `models:` of the generator and the embedder that a contender uses by default."""
DEFAULT_GENERATOR = READER


VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
"""What key_env may be: the name of an environment variable."""
Api = Literal["openai", "anthropic", "google", "ollama", "cohere", "jina", "voyage", "tei"]
"""The protocols of servers."""
KEY_PREFIXES = ("sk_", "gsk_", "hf_", "r8_", "AIza")
SHORTEST_LIKELY_KEY = 20


class TokenPrice(Record):
    """The price of an API for a million tokens, in US dollars; `searches`: for 1,000 searches of a reranker."""

    input_tokens: float = Field(ge=0)
    output_tokens: float = Field(ge=0)
    cached_input_tokens: float | None = Field(default=None, ge=0)
    searches: float | None = Field(default=None, ge=0, exclude_if=lambda usd: usd is None)


class ApiModel(Record):
    """A model behind a server. `api` is the protocol that the server speaks (`providers.roles` says what each can be).

    `key_env` names the environment variable that holds the key. `price` is a name that `genai-prices` knows, or the
    prices of a million tokens. Without a price, answers cost the time of your own machine. With `batch`, questions
    whose latency is not measured are asked by the batch API, at the price less `batch_discount`.
    """

    api: Api
    base_url: str
    model: str = Field(min_length=1)
    key_env: str | None = None
    context_tokens: int = Field(default=8192, ge=64)
    concurrency: int = Field(default=8, ge=1, le=MOST_CONCURRENCY)
    timeout_s: float = Field(default=60.0, gt=0)
    retries: int = Field(default=4, ge=0, le=20)
    temperature: float = Field(default=0.0, ge=0)
    seed: int | None = None
    price: str | TokenPrice | None = None
    batch: bool = False
    batch_discount: float = Field(default=0.5, ge=0, lt=1)

    @model_validator(mode="after")
    def _batches_save_money(self) -> Self:
        if self.batch and (self.api != "openai" or self.price is None):
            missing = "a price" if self.api == "openai" else "api: openai"
            raise ValueError(f"batch: true needs {missing}: it uses OpenAI's batch API, to pay less")
        return self

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if "@" in url.partition("//")[2].partition("/")[0]:
            raise ValueError("an address must hold no user or password: name the variable with the key in key_env")
        if not url.startswith(("http://", "https://")) or not _has_host(url):
            raise ValueError(f"{shown_address(url)!r} is not the address of a server: write it as https://host/v1")
        if "?" in url or "#" in url:
            raise ValueError("an address must hold no query ('?') or fragment ('#'): give what stands before it")
        return url.rstrip("/")

    @field_validator("key_env")
    @classmethod
    def _is_the_name_of_a_variable(cls, name: str | None) -> str | None:
        if name is not None and (not re.fullmatch(VARIABLE, name) or _looks_like_a_key(name)):
            raise ValueError(
                "this is not the name of an environment variable: give the name of the variable that holds the key "
                "(letters, digits and '_', no digit first), never the key itself"
            )
        return name

    @property
    def label(self) -> str:
        """How reports name the model."""
        return f"{self.model} at {self.host}"

    @property
    def location(self) -> Location:
        return location_of(self.base_url)

    @property
    def host(self) -> str:
        return host_of(self.base_url)


class LocalModel(Record):
    """A model that runs on this machine: in this process, or with engine `vllm` in a server that Bakeoff starts.

    `name` is a hub name, a folder, a .gguf file, the import path of a callable that returns a generator, or 'scripted'.
    `adapter` is a folder with a PEFT adapter that is merged into the weights. `answered_by` is a vLLM server with the
    same weights: it writes the answers, and loads the adapters that are tuned here, by way of the folder `adapters_at`
    that both machines see under the same path. `vllm` are the options of engine `vllm`.
    """

    name: str = Field(min_length=1)
    engine: Literal["auto", "openvino", "transformers", "vllm"] = "auto"
    adapter: str | None = None
    answered_by: ApiModel | None = Field(default=None, exclude_if=lambda server: server is None)
    adapters_at: str | None = Field(default=None, exclude_if=lambda folder: folder is None)
    vllm: VllmOptions | None = Field(default=None, exclude_if=lambda options: options is None)

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        if self.vllm is not None and self.engine != "vllm":
            raise ValueError(f"vllm has options of engine vllm, but engine is {self.engine}: set engine: vllm")
        return self

    @model_validator(mode="after")
    def _server_fits(self) -> Self:
        server = self.answered_by
        if server is None and self.adapters_at is not None:
            raise ValueError("adapters_at is for a model with answered_by, the server that reads adapters there")
        if server is not None and server.api != "openai":
            raise ValueError(f"answered_by is a vLLM server: write its api as openai, not {server.api}")
        if server is not None and server.batch:
            raise ValueError("answered_by is a vLLM server, which has no batch API: leave batch out")
        if server is not None and self.engine != "auto":
            raise ValueError(
                f"engine {self.engine} runs the model here, but answered_by has a server write its answers"
            )
        return self

    @property
    def label(self) -> str:
        """How reports name the model."""
        return self.name

    @property
    def location(self) -> Location:
        return self.answered_by.location if self.answered_by else "here"

    @property
    def host(self) -> str:
        return self.answered_by.host if self.answered_by else ""

    @property
    def price(self) -> str | TokenPrice | None:
        """The price of the server that writes its answers."""
        return self.answered_by.price if self.answered_by else None

    @property
    def concurrency(self) -> int:
        """How many requests it answers at the same time."""
        if self.engine == "vllm":
            return self.vllm_options.concurrency
        return self.answered_by.concurrency if self.answered_by else 1

    @property
    def vllm_options(self) -> VllmOptions:
        """The options of engine vllm, the given ones or the defaults."""
        return self.vllm or VllmOptions()


ModelSettings = LocalModel | ApiModel


def _has_host(url: str) -> bool:
    """Whether a server can be at this address: it has a host, and a port that is one where it has any."""
    try:
        return bool(host_of(url)) and urlsplit(url).port != 0
    except ValueError:
        return False


def _looks_like_a_key(name: str) -> bool:
    """Whether what could be a variable's name is rather a key: by its prefix, or as letters and digits in one piece."""
    in_one_piece = "_" not in name and any(character.isdigit() for character in name)
    return len(name) >= SHORTEST_LIKELY_KEY and (name.startswith(KEY_PREFIXES) or in_one_piece)


def _as_mapping(value: Any) -> Any:
    """A plain string is the name of a local model."""
    if not isinstance(value, str):
        return value
    if value.startswith("openai:"):
        raise ValueError(
            f"'openai:{shown_address(value.removeprefix('openai:'))}': write a model behind a server as "
            "{api: openai, base_url: https://host/v1, model: NAME, key_env: VARIABLE}"
        )
    return {"name": value}


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "api" if {"api", "base_url"} & value.keys() else "local"
    return "api" if isinstance(value, ApiModel) else "local"


DEFAULTS: Mapping[str, ModelSettings] = {
    GENERATOR: LocalModel(name=DEFAULT_GENERATOR),
    EMBEDDER: LocalModel(name=DEFAULT_EMBEDDER),
}


MOVED = {
    "engine": "models: {generator: {name: NAME, engine: openvino}}",
    "max_new_tokens": "generation: {max_new_tokens: 24}",
}
"""Keys that stood in `models:` once, with where they stand now."""


def _named(models: Any) -> Any:
    """Refuse the name of a key that has moved: it would be read as the name of a model."""
    for name in MOVED.keys() & set(models) if isinstance(models, dict) else ():
        raise ValueError(f"'{name}' is not the name of a model here; write it as  {MOVED[name]}")
    return models


def _with_defaults(models: dict[str, ModelSettings]) -> dict[str, ModelSettings]:
    """The models with the defaults. Two names for the same settings are refused, unless one is such a default.

    A run's folder holds the defaults too: they are told by their settings, not by who wrote them.
    """
    names: dict[ModelSettings, str] = {}
    for name, settings in models.items():
        if settings == DEFAULTS.get(name):
            continue
        first = names.setdefault(settings, name)
        if first != name:
            raise ValueError(
                f"'{first}' and '{name}' are the same model with the same settings: give it one name, and use that "
                "name wherever it is meant"
            )
    return {**DEFAULTS, **models}


Model = Annotated[
    Annotated[LocalModel, Tag("local")] | Annotated[ApiModel, Tag("api")],
    Discriminator(_kind),
    BeforeValidator(_as_mapping),
]
Models = Annotated[dict[str, Model], BeforeValidator(_named), AfterValidator(_with_defaults)]
"""`models:` of bakeoff.yaml: names for models. It always contains `generator` and `embedder`."""
