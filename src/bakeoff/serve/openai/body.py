"""The JSON body of a request.

Takes a request, gives its JSON value. Raises ApiError for anything else: another content type, invalid UTF-8, text that
is not JSON, NaN, text that is nested too deeply, half a surrogate pair.
"""

from typing import Any

from pydantic_core import from_json
from starlette.requests import Request

from bakeoff.serve.openai.errors import ApiError

JSON = "application/json"


async def json_body(request: Request) -> Any:
    """The value. The content type must be JSON: a page on another site cannot send that without permission."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != JSON:
        raise ApiError(
            f"The content type is '{content_type[:80]}', not '{JSON}'.",
            f"send the header 'Content-Type: {JSON}'",
            status=415,
            code="unsupported_media_type",
        )
    return parsed(await request.body())


def parsed(body: bytes) -> Any:
    """The JSON value of these bytes."""
    if not body.strip():
        raise ApiError("The body is empty.", "send a JSON object", code="invalid_json")
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ApiError(
            f"The body is not UTF-8: byte {error.start:,} is 0x{body[error.start]:02x}.", code="invalid_utf8"
        ) from None
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise ApiError(f"The body is not JSON: {error}.", code="invalid_json") from None
