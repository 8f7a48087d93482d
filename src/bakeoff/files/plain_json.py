"""Reads JSON that others wrote: files, replies of servers, answers of models.

Takes text, gives plain values. Python's own reader raises RecursionError for lists within lists within lists, which is
no ValueError and passes every `except ValueError`.
"""

import json
from typing import Any


def plain_json(text: str | bytes, strict: bool = True) -> Any:
    """The value. Raises ValueError for what is not JSON, is nested too deeply, or has a number of too many digits.

    >>> plain_json("[1]"), plain_json('{"a": null}')
    ([1], {'a': None})
    """
    try:
        return json.loads(text, strict=strict)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
