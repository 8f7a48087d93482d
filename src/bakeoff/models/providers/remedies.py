"""What to do about a request that a server refused, by its status and its words.

Takes a model's settings, a status and the body of the refusal, gives a sentence. Sends nothing.
Sources: the error messages of OpenAI, vLLM, llama.cpp's server, Anthropic and Google for prompts that are too long;
https://platform.claude.com/docs/en/api/errors (402, `billing_error`); https://ai.google.dev/gemini-api/docs/troubleshooting.
"""

import re

from bakeoff.models.providers.retry import OUT_OF_QUOTA
from bakeoff.models.settings import ApiModel

REFUSED_KEY = re.compile(r"API_KEY_INVALID|API key (?:not valid|expired)|authentication_error|invalid_api_key")
"""How servers name a refused key, also where the status is 400 or the error stands in a stream."""
TOO_LONG = re.compile(
    r"context_length_exceeded|maximum context length|prompt is too long|exceeds? (?:the )?(?:available )?context"
    r"|input token count|exceed_context_size|context window|too many tokens|request_too_large",
    re.IGNORECASE,
)
"""How servers say that a prompt is too long."""


def remedy_for(settings: ApiModel, status: int | None, body: str) -> str:
    """What to do. `status` is None for an error in the middle of a stream."""
    if status in (401, 403) or REFUSED_KEY.search(body):
        return about_the_key(settings.key_env)
    if status == 402 or OUT_OF_QUOTA.search(body):
        return "add credit or raise the quota at the provider; then continue the run with --resume"
    if status == 404:
        return f"check model ({settings.model!r}) and base_url ({settings.base_url})"
    if status in (400, 413, 422) and TOO_LONG.search(body):
        return (
            f"set context_tokens (now {settings.context_tokens:,}) to what the model takes, or lower retrieval.k or "
            "retrieval.chunk_tokens"
        )
    if status == 429:
        return "lower concurrency, or ask for a higher rate limit; then continue the run with --resume"
    if status is not None and status >= 500:
        return "check the server's log; then continue the run with --resume"
    return "see the server's message"


def about_the_key(variable: str | None) -> str:
    if variable:
        return f"check the key in the variable {variable}"
    return "set key_env to the name of the environment variable that holds the key"
