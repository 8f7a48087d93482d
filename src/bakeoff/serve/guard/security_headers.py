"""Adds headers that tell browsers to trust nothing but this server. Every response gets them, errors too.

A page of the application runs scripts and styles only from files of this server, loads no remote image, and cannot be
framed. Source: OWASP, "HTTP Security Response Headers Cheat Sheet"; W3C, Content Security Policy Level 3.
"""

from bakeoff.serve.guard.asgi import App, Receive, Scope, Send, with_headers

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cache-control", b"no-store"),
)
"""The application may set any of them itself, for example the caching of a script."""


class SecurityHeaders:
    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, with_headers(send, HEADERS))
