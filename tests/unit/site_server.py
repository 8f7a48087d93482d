"""A site on 127.0.0.1 for tests: pages in a dictionary, conditional requests, redirects, a log of what was asked."""

import hashlib
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any, NamedTuple


class Reply(NamedTuple):
    """What the site answers for a path."""

    body: bytes | str = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = {}
    stream: Callable[[], Iterator[bytes]] | None = None


class Site:
    """The pages by path with query. A text is an HTML page; a function makes the reply to each request."""

    def __init__(self) -> None:
        self.pages: dict[str, str | Reply | Callable[[str], str | Reply]] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.n_sent = 0
        self.etags = True
        self.address = ""

    def reply(self, path: str) -> Reply:
        found = self.pages.get(path, self.pages.get("*", Reply("not here", status=404)))
        found = found(path) if callable(found) else found
        return found if isinstance(found, Reply) else Reply(found)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # a reply in one packet: two would wait 40 ms for each other
    site: Site

    def do_GET(self) -> None:
        self.site.asked.append(self.path)
        self.site.headers.append(dict(self.headers))
        reply = self.site.reply(self.path)
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        etag = f'"{hashlib.md5(body).hexdigest()}"' if self.site.etags and reply.status == 200 else ""
        if etag and self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if etag and not reply.stream:
            self.send_header("ETag", etag)
        if reply.stream:
            self.send_header("Connection", "close")
            self.end_headers()
            self._stream(reply.stream)
            return
        if "Content-Length" not in reply.headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.site.n_sent += len(body)

    def _stream(self, parts: Callable[[], Iterator[bytes]]) -> None:
        self.close_connection = True
        try:
            for part in parts():
                self.wfile.write(part)
                self.wfile.flush()
                self.site.n_sent += len(part)
        except OSError:
            self.wfile = BytesIO()  # the client has read enough

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def site_server(tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """A running site without pages."""
    site = Site()
    handler = type("Handler", (_Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    site.address = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def page(title: str, text: str, *links: str, head: str = "") -> str:
    """An HTML page with navigation that is no part of its text."""
    anchors = "".join(f'<li><a href="{link}">to {link}</a></li>' for link in links)
    return (
        f"<html><head><title>{title}</title>{head}</head><body><nav><ul>{anchors}</ul></nav>"
        f"<main><h1>{title}</h1><p>{text}</p></main></body></html>"
    )
