"""The HTTP engine: any server that speaks OpenAI's chat completions protocol.

Takes prompts, gives completions at temperature 0; what a server refuses becomes that completion's error. Counts tokens
by a rule of thumb, since the model's tokenizer is not here. Knows nothing about retrieval.
Source: https://platform.openai.com/docs/api-reference/chat
"""

import http.client
import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from bakeoff.errors import ConfigError, ModelUnavailableError
from bakeoff.records import Completion, GenerationSettings, Prompt, Usage

CHARACTERS_PER_TOKEN = 4
UNPROCESSABLE = (400, 422)
AGAIN = (408, 409, 429, 500, 502, 503, 504)
LONGEST_WAIT_S = 30.0


class OpenAiGenerator:
    """A remote model. Its key comes from the environment variable named, and goes nowhere but to that server."""

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key_env: str = "OPENAI_API_KEY",
        context_tokens: int = 8192,
        timeout_s: float = 60.0,
        retries: int = 4,
        first_wait_s: float = 1.0,
        concurrency: int = 8,
    ) -> None:
        address = urlsplit(base_url)
        if address.scheme not in ("http", "https") or not address.hostname or not model:
            raise ConfigError(
                f"'openai:{base_url}#{model}' does not name a server and a model.",
                "write it as openai:https://host/v1#model-name",
            )
        self.name = model
        self.context_tokens = context_tokens
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._api_key_env = api_key_env
        self._timeout_s, self._retries, self._first_wait_s = timeout_s, retries, first_wait_s
        self._concurrency = concurrency
        self._knows_logprobs = True

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """One completion for each prompt, in order; one that failed after all retries has its error instead of a text.

        `usage.seconds` is the time of that request, its retries and waits included.
        """
        with ThreadPoolExecutor(self._concurrency) as pool:
            return list(pool.map(lambda prompt: self._complete(prompt, settings.max_new_tokens), prompts))

    def _complete(self, prompt: Prompt, max_tokens: int) -> Completion:
        begun = time.perf_counter()
        try:
            reply = self._ask(prompt, max_tokens)
            text, logprob = _read(reply)
        except _RefusedError as refusal:
            return Completion(text="", usage=Usage(seconds=time.perf_counter() - begun), error=str(refusal))
        counted = reply.get("usage") or {}
        usage = Usage(
            prompt_tokens=counted.get("prompt_tokens")
            or sum(self.count_tokens(one.content) for one in prompt.messages),
            completion_tokens=counted.get("completion_tokens") or self.count_tokens(text),
            seconds=time.perf_counter() - begun,
        )
        return Completion(text=text, usage=usage, logprob=logprob)

    def _ask(self, prompt: Prompt, max_tokens: int) -> dict[str, Any]:
        """The server's reply, with log-probabilities unless it refuses to be asked for them."""
        if self._knows_logprobs:
            try:
                return self._reply(prompt, max_tokens, logprobs=True)
            except _RefusedError as refusal:
                if refusal.status not in UNPROCESSABLE:
                    raise
        reply = self._reply(prompt, max_tokens)
        self._knows_logprobs = False
        return reply

    def _reply(self, prompt: Prompt, max_tokens: int, **more: bool) -> dict[str, Any]:
        with self._open(prompt, max_tokens, **more) as response:
            try:
                reply = json.loads(response.read())
            except (ValueError, OSError, http.client.HTTPException) as error:
                raise _RefusedError(f"{self._url} sent no whole JSON reply ({error}).") from error
        if not isinstance(reply, dict):
            raise _RefusedError(f"{self._url} sent a reply that is no JSON object.")
        return reply

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str]:
        """The pieces of one completion, as the server sends them. Raises ModelUnavailableError where it refuses."""
        try:
            with self._open(prompt, settings.max_new_tokens, stream=True) as response:
                for line in response:
                    event = line.decode("utf-8").strip().removeprefix("data:").strip()
                    if event == "[DONE]":
                        return
                    choices = json.loads(event).get("choices") if line.startswith(b"data:") else None
                    piece = choices[0]["delta"].get("content") if choices else None
                    if piece:
                        yield piece
        except (_RefusedError, ValueError, OSError, http.client.HTTPException) as error:
            raise ModelUnavailableError(f"{self.name}: {error}", "see that the server runs, then try again") from error

    def count_tokens(self, text: str) -> int:
        """An estimate: a token for every four characters, rounded up.

        Source: https://help.openai.com/en/articles/4936856-what-are-tokens-and-how-to-count-them
        """
        return -(-len(text) // CHARACTERS_PER_TOKEN)

    def _open(self, prompt: Prompt, max_tokens: int, **more: bool) -> Any:
        """The server's response; asked again, after a wait that doubles, while it is busy or broken."""
        body = {
            "model": self.name,
            "messages": [message.model_dump() for message in prompt.messages],
            "max_tokens": max_tokens,
            "temperature": 0,
            **more,
        }
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            try:
                return urlopen(self._request(body), timeout=self._timeout_s)
            except HTTPError as error:
                if last or error.code not in AGAIN:
                    message = f"{self._url} answered {error.code}: {_reason(error)}"
                    raise _RefusedError(message, error.code) from error
                wait_s = _asked_wait_s(error, self._first_wait_s * 2**attempt)
            except (URLError, OSError, http.client.HTTPException) as error:
                if last:
                    raise _RefusedError(f"{self._url} cannot be reached: {error}") from error
                wait_s = self._first_wait_s * 2**attempt
            time.sleep(min(wait_s, LONGEST_WAIT_S))
        raise AssertionError("the last attempt returns or raises")

    def _request(self, body: dict[str, Any]) -> Request:
        headers = {"Content-Type": "application/json"}
        key = os.environ.get(self._api_key_env)
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return Request(self._url, json.dumps(body).encode(), headers)


class _RefusedError(Exception):
    """What a server said, or did not say, instead of a completion."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def _reason(error: HTTPError) -> str:
    """The server's own words, the first 300 characters."""
    try:
        return error.read(2000).decode("utf-8", "replace")[:300] or error.reason
    except (OSError, http.client.HTTPException):
        return error.reason


def _asked_wait_s(error: HTTPError, otherwise: float) -> float:
    try:
        return max(0.0, float(error.headers.get("Retry-After", "")))
    except ValueError:
        return otherwise


def _read(reply: dict[str, Any]) -> tuple[str, float | None]:
    """The text of the first choice, and the mean log-probability of its tokens where the server gives them."""
    try:
        choice = reply["choices"][0]
        text = choice["message"]["content"] or ""
        tokens = (choice.get("logprobs") or {}).get("content") or []
        logprobs = [float(token["logprob"]) for token in tokens]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise _RefusedError(f"the reply holds no choice with a message ({type(error).__name__}: {error}).") from error
    return text, sum(logprobs) / len(logprobs) if logprobs else None
