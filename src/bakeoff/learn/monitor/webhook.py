"""Tells a webhook of alarms that began or ended, if somebody asked for it: a POST of JSON, without texts of questions.

Takes an address and news, sends them one by one. Waits at most 5 seconds for each attempt, and tries twice. What could
not be told stays news. Knows no alarm's meaning.
"""

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from bakeoff.errors import ConfigError
from bakeoff.learn.monitor.alarm_book import News

TIMEOUT_S = 5.0
ATTEMPTS = 2


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The operator chose the address; a server that answers there cannot choose another one."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def checked_webhook(url: str) -> str:
    """The address. Raises ConfigError if it is not one of http or https with a host."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ConfigError(
            f"'{url}' is not the address of a webhook.", "give one that begins with https:// or http:// and a host"
        )
    return url


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
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", "User-Agent": "bakeoff"})
    opener = urllib.request.build_opener(_NoRedirect)
    problem = ""
    for _ in range(ATTEMPTS):
        try:
            with opener.open(request, timeout=timeout_s):
                return ""
        except urllib.error.HTTPError as error:
            problem = f"it answered with status {error.code}"
        except (OSError, ValueError) as error:
            problem = str(getattr(error, "reason", error)) or type(error).__name__
    return problem
