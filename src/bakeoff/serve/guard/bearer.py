"""Finds out who asks, by the bearer key of the request, and refuses those who may not.

`Identify` looks the key up and `Authenticate` refuses with 401; the rate limit stands between them, so that attempts
without a key are counted too. The application reads `holder_of(scope)`: its labels filter documents before top-k.
No cookie counts. Source: RFC 6750 (bearer tokens), RFC 9110, section 11.6.1 (WWW-Authenticate).
"""

from bakeoff.errors import BakeoffError
from bakeoff.serve.guard.asgi import App, Receive, Scope, Send, headers_of, refuse, state_of
from bakeoff.serve.keys import Holder, KeyFile
from bakeoff.serve.links import holder_by_link, is_signed

EVERYONE = Holder(name="", labels=None, manages=True)
"""The caller where no key is needed: on loopback, the person at this machine."""
FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")
"""Headers of proxies: who asks is not at this machine."""
CHALLENGE = (b"www-authenticate", b'Bearer realm="bakeoff"')


class OpenPaths:
    """What needs no key: exact paths, and everything below prefixes that end with '/'. Only reading (GET, HEAD)."""

    def __init__(self, *paths: str) -> None:
        self._exact = frozenset(paths)
        self._prefixes = tuple(path for path in paths if path.endswith("/") and path != "/")

    def include(self, scope: Scope) -> bool:
        path = str(scope["path"])
        is_plain = not any(part in ("..", ".") for part in path.split("/")) and "\\" not in path
        is_open = path in self._exact or path.startswith(self._prefixes)
        return scope["method"] in ("GET", "HEAD") and is_plain and is_open


class Identify:
    """Looks up the key, or the one a signed link was made for.

    `needs_key` False: until the first key is added, the caller is EVERYONE. From then on a key is needed, also if the
    last one is removed: revoking a key never lets more people in.
    """

    def __init__(self, app: App, keys: KeyFile, needs_key: bool = True) -> None:
        self._app = app
        self._keys = keys
        self._needs_key = needs_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = state_of(scope)
        state["holder"] = None
        try:
            self._needs_key = self._needs_key or bool(self._keys.keys)
            state["holder"] = _found(scope, self._keys) if self._needs_key else EVERYONE
        except BakeoffError as error:
            state["access_problem"] = str(error)  # for the server's log: the message names files
            message = "Access cannot be checked at the moment. The operator must look at the keys."
            await refuse(send, 503, message, "access_unavailable")
        else:
            if not self._needs_key and any(headers_of(scope, name) for name in FORWARDED):
                message = "This server has no keys and answers this machine only. Behind a proxy it needs keys."
                await refuse(send, 403, message, "proxy_without_keys")
            else:
                await self._app(scope, receive, send)


class Authenticate:
    """Refuses who has no valid key, except for open paths."""

    def __init__(self, app: App, open_paths: OpenPaths) -> None:
        self._app = app
        self._open_paths = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if identified(scope) is not None or self._open_paths.include(scope):
            await self._app(scope, receive, send)
        elif headers_of(scope, b"authorization"):
            await refuse(send, 401, "The API key is not valid, or was revoked.", "invalid_api_key", [CHALLENGE])
        elif is_signed(scope):
            message = "This link is not valid any more: the key it was made for was removed, or the link was changed."
            await refuse(send, 401, message, "invalid_link", [CHALLENGE])
        else:
            message = "An API key is needed: send it as 'Authorization: Bearer KEY'."
            await refuse(send, 401, message, "missing_api_key", [CHALLENGE])


def _found(scope: Scope, keys: KeyFile) -> Holder | None:
    given = headers_of(scope, b"authorization")
    if not given:
        return holder_by_link(scope, keys)
    scheme, _, key = (given[0].decode("latin-1") if len(given) == 1 else "").partition(" ")
    return keys.holder_of(key.strip()) if scheme.lower() == "bearer" and key.strip() else None


def identified(scope: Scope) -> Holder | None:
    """Who asks. None for an open path without a key."""
    holder: Holder | None = state_of(scope).get("holder")
    return holder


def holder_of(scope: Scope) -> Holder:
    """Who asks, on a path that needs a key. Raises KeyError outside the guard: nothing may be shown then."""
    holder = identified(scope)
    if holder is None:
        raise KeyError("this request was not authenticated")
    return holder
