"""The bodies of responses, read no further than any answer goes. A server may send without end.

Takes responses, gives them whole or by lines. Knows nothing about what is in them.
"""

from collections.abc import Iterator

import httpx2

MOST_BYTES, MOST_LINE_BYTES = 512 * 2**20, 16 * 2**20
"""Of a reply, and of a line of a streamed one: more than any file of a batch, and than any event."""


class TooMuchError(Exception):
    """A server sends more than is read of a reply."""


def whole(response: httpx2.Response) -> httpx2.Response:
    """The response, read to its end. Raises TooMuchError, with its connection closed, if there is none in sight."""
    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if len(content) > MOST_BYTES:
            response.close()
            raise TooMuchError
    kind = {name: value for name, value in response.headers.items() if name == "content-type"}
    return httpx2.Response(response.status_code, headers=kind, content=bytes(content))


def lines_of(response: httpx2.Response) -> Iterator[str]:
    """The lines of a response. They end with a line feed only: JSON may hold other characters that end lines in Python.

    Raises TooMuchError for a line, or a sum of lines, that is longer than any answer.
    """
    rest, n_bytes = b"", 0
    for part in response.iter_bytes():
        n_bytes += len(part)
        *whole, rest = (rest + part).split(b"\n")
        if len(rest) > MOST_LINE_BYTES or n_bytes > MOST_BYTES:
            raise TooMuchError
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip("\r")
    yield rest.decode("utf-8", "replace")
