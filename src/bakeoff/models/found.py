"""The value that an error message shows as what was found, without any secret that may stand in it.

Takes an error of pydantic's. Knows the keys of which a value may hold a secret.
"""

import re
from collections.abc import Mapping
from typing import Any

from bakeoff.models.reference import shown_address

NEVER_SHOWN = "key_env"
ADDRESS = "base_url"
WITH_QUERY = r"""(://[^?#]*)[?#][^'"]*"""


def found(item: Mapping[str, Any]) -> str:
    """' (found VALUE)' for an error of pydantic's; empty where the value is a mapping, may be a secret, or
    stands in the message.

    Of an address only what `shown_address` leaves is shown; out of any other text, what may be one loses the same.
    """
    value, key = item["input"], str(item["loc"][-1]) if item["loc"] else ""
    if key == NEVER_SHOWN or _holds_mapping(value) or repr(value) in str(item.get("msg", "")):
        return ""
    if key == ADDRESS:
        address = shown_address(value) if isinstance(value, str) else ""
        return f" (found {address!r})" if address else ""
    without_user = re.sub(r"//.*@", "//", repr(value))
    shown = re.sub(WITH_QUERY, r"\1", without_user)
    return f" (found {shown})"


def _holds_mapping(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_holds_mapping(one) for one in value)
    return isinstance(value, dict)
