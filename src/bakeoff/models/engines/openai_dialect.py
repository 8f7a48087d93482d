"""Which optional parameters a server of OpenAI's protocol accepts: tried once, then remembered.

Takes generation settings and refusals, gives the parameters of a request. Sends nothing.

How it works, usually with one extra request for each model: the first request sends all parameters. If the server
answers 400 or 422, the second request leaves out the parameters that the message names, and those that models of the
same kind are known to refuse:

- If `max_tokens` or `temperature` is refused, the model is a reasoning model. It takes `max_completion_tokens`, and
  refuses temperature, seed and log-probabilities: all of them are left out.
- For any other refusal, also one that names nothing, log-probabilities and seed are left out (and `stop` if it is
  named). Temperature 0 is kept: without it answers would be sampled at random.

What the server took is remembered for the process (`negotiation_with`), whatever object asks. Where the second request
is refused too, the prompt itself was at fault, unless the refusal names a further parameter: a server that names them
one at a time is asked once more for each. Token counts of a stream (`stream_options`) are given up by themselves.
Source: https://platform.openai.com/docs/guides/reasoning and the error messages of OpenAI, vLLM and Mistral.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

from bakeoff.models.settings import ApiModel
from bakeoff.records import GenerationSettings, Record

Reply = TypeVar("Reply")
STREAM_USAGE = "stream_options"
"""Asks for token counts at the end of a stream."""
OPTIONAL = ("max_tokens", "temperature", "seed", "logprobs", "stop", STREAM_USAGE)
MOST_STOPS = 4  # as many as OpenAI takes; a completion is cut at the others here


class Dialect(Record):
    """The optional parameters to leave out. If `max_tokens` is refused, `max_completion_tokens` is sent instead."""

    refused: frozenset[str] = frozenset()

    def parameters(self, settings: GenerationSettings, more: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of one request, including those in `more`."""
        limit = "max_completion_tokens" if "max_tokens" in self.refused else "max_tokens"
        wanted: dict[str, Any] = {limit: settings.max_new_tokens, "temperature": settings.temperature, **more}
        if settings.seed is not None:
            wanted["seed"] = settings.seed
        if settings.stop:
            wanted["stop"] = list(settings.stop[:MOST_STOPS])
        return {name: value for name, value in wanted.items() if name not in self.refused}

    def without(self, named: frozenset[str]) -> Self:
        """The dialect to try next, after a refusal that names these parameters."""
        if {"max_tokens", "temperature"} & named:
            named |= {"temperature", "seed", "logprobs"}
        if named == {STREAM_USAGE}:
            return type(self)(refused=self.refused | named)
        return type(self)(refused=self.refused | named | {"logprobs", "seed"})


class Negotiation:
    """What one model's server was found to take: `dialect`, the parameters it has `accepted` so far, and the tokens of
    its `context` where it names them.

    `first` is held by the very first request, `asked` says that it was made.
    """

    def __init__(self) -> None:
        self.dialect = Dialect()
        self.accepted: frozenset[str] = frozenset()
        self.context: int | None = None
        self.first = threading.Lock()
        self.asked = False

    def alone_at_first(self, send: Callable[[], Reply]) -> Reply:
        """What `send` gives. The very first request goes alone, so that all others know what it negotiated."""
        with self.first:
            if not self.asked:
                try:
                    return send()
                finally:
                    self.asked = True
        return send()

    def refuse(self, named: frozenset[str]) -> None:
        """Sends these parameters no more."""
        self.dialect = Dialect(refused=self.dialect.refused | named)


_negotiations: dict[tuple[str, str, str], Negotiation] = {}


def negotiation_with(model: ApiModel) -> Negotiation:
    """The negotiation with this model's server: one object for (api, base_url, model) in this process."""
    return _negotiations.setdefault((model.api, model.base_url, model.model), Negotiation())


def forget_negotiations() -> None:
    """Forget what was negotiated with every server. Tests do this, since their servers share addresses."""
    _negotiations.clear()


def named_parameters(body: str) -> frozenset[str]:
    """The optional parameters that a refusal names: in `param`, in pydantic's list of locations, or in its message."""
    text = " ".join(_claims(body))
    named = {name for name in OPTIONAL if name != "stop" and re.search(rf"\b(top_)?{name}\b", text)}
    return frozenset(named | ({"stop"} if re.search(r"""["'`]stop["'`]""", text) else set()))


def _claims(body: str) -> list[str]:
    """The texts of an error body that describe the error, without those that repeat the request."""
    try:
        reply = json.loads(body)
    except ValueError:
        return [body]
    pending, claims = [reply], []
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            claims.append(value)
        elif isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            pending += [value[key] for key in ("error", "message", "msg", "detail", "errors") if key in value]
            pending += [f"'{place}'" for place in _places(value)]
    return claims


def _places(value: dict[str, Any]) -> list[str]:
    loc = value.get("loc") or []
    return [str(place) for place in [value.get("param"), *(loc if isinstance(loc, list) else [])] if place]
