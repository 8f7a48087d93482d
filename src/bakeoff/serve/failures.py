"""What a client, and what the server's own lines may know of an answer that failed.

Takes the error of an answer, which begins with its kind (`errors.error_line`). The rest is for the log of answers
alone: it names addresses and files of the operator, and quotes what models and teams' own classes say.
"""

import re

from bakeoff.errors import BakeoffError, RunFolderError, StoreGoneError, TooLongError
from bakeoff.models.providers.client import ApiBusyError, ApiError, ApiKeyError, ApiQuotaError, ApiTimeoutError
from bakeoff.records import Record

CANCELLED = "cancelled"
"""The kind of an answer that nobody waited for."""
WITHDRAWN = "documents_changed"
"""The kind of an answer that rests on a document that was hidden or erased while it was written."""
REFUSALS = (CANCELLED, "queue_full", "stopping", "documents_hidden", "context_length_exceeded")
"""The kinds of entries in the log of answers whose words are for clients."""


class Failure(Record):
    """How a failed answer is told to a client. `status` is the HTTP status, `code` a short name of the reason.

    `retry_after_s` says when to ask again, if that helps.
    """

    status: int
    code: str
    message: str
    remedy: str = ""
    retry_after_s: int | None = None


_UNAVAILABLE = Failure(
    status=502,
    code="model_unavailable",
    message="The model behind this server could not be reached, or gave no answer; the server's log says why.",
    remedy="ask again later",
)
UPSTREAM = {
    ApiError: _UNAVAILABLE,
    ApiKeyError: _UNAVAILABLE,
    ApiQuotaError: _UNAVAILABLE,
    ApiBusyError: Failure(
        status=503,
        code="model_busy",
        message="The model behind this server is busy.",
        remedy="ask again in a while",
        retry_after_s=5,
    ),
    ApiTimeoutError: Failure(
        status=504,
        code="model_timeout",
        message="The model behind this server did not answer in time.",
        remedy="ask again later",
    ),
}
TOO_LONG = Failure(
    status=400,
    code="context_length_exceeded",
    message="The question is too long: with what is read for it, it does not fit into the model's context.",
    remedy="shorten the question",
)
UNAVAILABLE = Failure(
    status=503,
    code="unavailable",
    message="The server's data cannot be read or written at the moment; its log says why.",
    remedy="try again, or ask the operator",
    retry_after_s=5,
)
"""A file, a database or a bucket that is gone, full or damaged."""
_WITHDRAWN = Failure(
    status=409,
    code=WITHDRAWN,
    message="A document that this answer was made from was hidden or erased while it was written.",
    remedy="ask again",
    retry_after_s=1,
)
OTHER = Failure(
    status=500, code="answering_failed", message="The question could not be answered; the server's log says why."
)
_FAILURES = {
    TooLongError.__name__: TOO_LONG,
    WITHDRAWN: _WITHDRAWN,
    **{kind.__name__: UNAVAILABLE for kind in (BakeoffError, RunFolderError, StoreGoneError)},
    **{kind.__name__: failure for kind, failure in UPSTREAM.items()},
}
_UPSTREAM = {kind.__name__ for kind in UPSTREAM}


def failure_of(error: str) -> Failure:
    """What a client is told."""
    return _FAILURES.get(_kind(error), OTHER)


def shown_to_client(error: str) -> str:
    """What a client may read of an error later: all of a refusal, of others what was replied.

    >>> shown_to_client("queue_full: 8 questions are being answered.")
    'queue_full: 8 questions are being answered.'
    """
    return error if _kind(error) in REFUSALS else failure_of(error).message


def shown_in_log(error: str | None) -> str:
    """The kind of an error. For a model behind a server also what happened where, without the server's words.

    >>> shown_in_log("RuntimeError: cannot answer 'How long is ...'"), shown_in_log("the engine is down")
    ('RuntimeError', 'error')
    >>> shown_in_log("ApiError: http://10.0.0.7/v1/chat answered 400: cannot answer 'How long is ...'")
    'ApiError: http://10.0.0.7/v1/chat answered 400'
    """
    if error is None:
        return ""
    kind = _kind(error)
    return ": ".join(error.split(": ")[:2]) if kind in _UPSTREAM else kind


def _kind(error: str) -> str:
    match = re.match(r"([A-Za-z_.]{1,80}):", error)
    return match[1] if match else "error"
