"""Tells a webhook of alarms that began or ended, if somebody asked for it: a POST of JSON, without texts of questions.

Takes an address and news, sends them one by one. Waits at most 5 seconds for each attempt, and tries twice. What could
not be told stays news. No message shows more of the address than its host: the rest is often a secret. Knows no alarm's
meaning.
"""

import http.client
import json
import re
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from bakeoff.errors import ConfigError
from bakeoff.files.proxies import check_proxies
from bakeoff.learn.monitor.alarm_book import News

TIMEOUT_S = 5.0
ATTEMPTS = 2
_NEVER_SENT = re.compile(r"[^!-~]")
"""What no address of a request may hold: blanks, control characters, and letters that are not ASCII."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The operator chose the address; a server that answers there cannot choose another one."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def checked_webhook(url: str) -> str:
    """The address. Raises ConfigError, without the address, if it is not one of http or https that can be asked.

    And for a proxy that cannot be used.
    """
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ConfigError(
            "The address of the webhook is none that can be asked.",
            "give one that begins with https:// or http:// and a host",
        )
    found = _NEVER_SENT.search(url)
    if found is not None:
        character = {" ": "a blank"}.get(found[0], f"the character U+{ord(found[0]):04X}")
        raise ConfigError(
            f"The address of the webhook on {_host(url)} holds {character}, at place {found.start() + 1}.",
            "copy it again, without blanks and ends of lines; other characters are written as %20 is for a blank",
        )
    if "@" in parts.netloc:
        raise ConfigError(
            f"The address of the webhook on {_host(url)} holds a user or a password, which is not sent.",
            "give an address without them",
        )
    check_proxies()
    return url


def _host(url: str) -> str:
    """The host of an address, as messages show it."""
    return ascii(urlsplit(url).hostname or "")[1:-1]


def content(deployment: str, news: News) -> dict[str, Any]:
    """What is sent. Names of topics are words of questions, so the texts of alarms that name them are left out."""
    alarm = news.alarm
    return {
        "deployment": deployment,
        "alarm": news.kind,
        "event": news.what,
        "since": news.since.isoformat(),
        "numbers": alarm.numbers if alarm else {},
        "text": f"bakeoff: alarm '{news.kind}' of {deployment} {news.what}; since {news.since}.",
        "remedy": alarm.remedy if alarm else "",
    }


def tell(url: str, deployment: str, news: News, timeout_s: float = TIMEOUT_S) -> str:
    """Sends one piece of news. Gives why it failed, or an empty text."""
    body = json.dumps(content(deployment, news), ensure_ascii=False, allow_nan=False).encode()
    problem = ""
    for _ in range(ATTEMPTS):
        try:
            headers = {"Content-Type": "application/json", "User-Agent": "bakeoff"}
            request = urllib.request.Request(url, body, headers)
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout_s):
                return ""
        except Exception as error:  # noqa: BLE001  (whatever a server sends, it costs this attempt alone)
            problem = _words(error)
    return problem


def _words(error: Exception) -> str:
    """Why an attempt failed. Only the system's own words are shown: those of the library may quote the address."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"it answered with status {error.code}"
    reason = getattr(error, "reason", error)
    if isinstance(reason, http.client.HTTPException):
        return f"it answered with what is not HTTP ({type(reason).__name__})"
    if isinstance(reason, OSError) and str(reason):
        return str(reason)
    return f"it could not be asked ({type(reason if isinstance(reason, Exception) else error).__name__})"
