"""Errors as OpenAI's clients read them: a status and an error object, never content.

Takes errors, gives JSON values. Knows no web framework.
"""

from typing import Any

from bakeoff.errors import BakeoffError
from bakeoff.serve.answering import RefusedError
from bakeoff.serve.failures import Failure, failure_of

SERVER_ERROR = "server_error"


class ApiError(BakeoffError):
    """A request that cannot be answered. `param` names what is wrong in the request, as in `messages[0].role`.

    `retry_after_s` says when to send it again, if that helps.
    """

    def __init__(
        self,
        message: str,
        remedy: str = "",
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message, remedy)
        self.status = status
        self.code = code
        self.param = param
        self.retry_after_s = retry_after_s


def told_as(failure: Failure) -> ApiError:
    """The error of a failure of this kind."""
    return ApiError(failure.message, failure.remedy, failure.status, failure.code, retry_after_s=failure.retry_after_s)


class AnsweringFailedError(ApiError):
    """The contender gave this error instead of an answer. What a client is told of it depends on its kind."""

    def __init__(self, error: str) -> None:
        told = failure_of(error)
        super().__init__(told.message, told.remedy, told.status, told.code, retry_after_s=told.retry_after_s)


def status_of(error: ApiError | RefusedError) -> int:
    """The HTTP status."""
    return error.status


def headers_of(error: ApiError | RefusedError) -> dict[str, str]:
    """When to ask again, if the error says so."""
    return {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}


def error_object(error: ApiError | RefusedError) -> dict[str, Any]:
    """The body of a reply with this error.

    >>> error_object(ApiError("Not JSON.", "send JSON", code="invalid_json"))["error"]["message"]
    'Not JSON. To fix this: send JSON.'
    """
    remedy = f" To fix this: {error.remedy.rstrip('.')}." if error.remedy else ""
    param = error.param if isinstance(error, ApiError) else None
    return plain_error(error.message + remedy, error.status, error.code or None, param)


def plain_error(message: str, status: int, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """The body of a reply with an error that has only a text."""
    return {"error": {"message": message, "type": _type(status), "param": param, "code": code}}


def _type(status: int) -> str:
    """The name that OpenAI gives to errors with this status."""
    names = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    return names.get(status, "invalid_request_error" if status < 500 else SERVER_ERROR)
