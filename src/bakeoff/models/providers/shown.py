"""What messages show of a server's address and of the words in its refusals.

Takes addresses, responses and bodies, gives short texts. Knows no key: who shows a text takes the key out of it.
"""

import json
from urllib.parse import urlsplit

import httpx2

from bakeoff.files.plain_json import plain_json

SHOWN_CHARACTERS = 300
ERROR_BYTES = 65_536
UNREADABLE = "an address that cannot be read"


def beginning(response: httpx2.Response) -> str:
    """The first part of a body, as text, up to where it can be read."""
    content = b""
    try:
        for part in response.iter_bytes():
            content += part
            if len(content) > ERROR_BYTES:
                break
    except httpx2.HTTPError:
        return content.decode("utf-8", "replace")
    return content.decode("utf-8", "replace")


def words_in(body: str) -> str:
    """The server's error message if the body holds one, else the beginning of the body, shortened."""
    return " ".join(error_message(body).split())[:SHOWN_CHARACTERS]


def error_message(body: str) -> str:
    """The message in an error body. Servers write it as {"error": {"message"}}, {"error"}, {"message"} or {"detail"}.

    The whole body if it has none of these forms.
    """
    try:
        value = plain_json(body)
    except ValueError:
        return body
    for _ in range(3):
        if not isinstance(value, dict):
            break
        value = next((value[name] for name in ("error", "message", "detail") if value.get(name)), body)
    return value if isinstance(value, str) else json.dumps(value)


def host_of(address: str) -> str:
    """Host and port of an address, without user and password. Empty if the address has none."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        return UNREADABLE


def shown(url: str) -> str:
    """The address as messages show it, without its query, which may be signed."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return UNREADABLE
    return f"{parts.scheme}://{host_of(url)}{parts.path}"
