"""Which requests are sent again, and after how long.

Takes a response's status, headers and body, gives seconds. Sends nothing.
Sources: RFC 9110, 10.2.3 (Retry-After); the clients of OpenAI for `retry-after-ms` and `x-should-retry`; M. Brooker
2015, Exponential Backoff And Jitter (AWS Architecture Blog); google/rpc/error_details.proto (RetryInfo, in the body of
Google's errors); https://platform.openai.com/docs/guides/error-codes (`insufficient_quota`).
"""

import json
import math
import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
LONGEST_ASKED_WAIT_S = 300.0
"""If a server asks for a longer wait, the request fails instead."""
AGAIN = (408, 409, 425, 429)
NEVER_AGAIN = (401, 403)
QUOTA_USED_UP = re.compile(r"insufficient_quota|billing_hard_limit_reached|quotaId[^,}]*PerDay")
"""What a 429 says when a quota is used up: no wait of this client brings it back."""


def worth_another_try(status: int, headers: Mapping[str, str], body: str = "") -> bool:
    """Whether the same request may succeed soon: as `x-should-retry` says, else if the server is busy or broken.

    Never for a refused key or a quota that is used up.
    """
    if status in NEVER_AGAIN or (status == 429 and QUOTA_USED_UP.search(body)):
        return False
    asked = headers.get("x-should-retry", "").strip().lower()
    if asked in ("true", "false"):
        return asked == "true"
    return status in AGAIN or status >= 500


def backoff_s(attempt: int, first_wait_s: float = FIRST_WAIT_S) -> float:
    """Seconds before the next attempt: between half and all of a wait that doubles with each attempt (from 0)."""
    longest = min(first_wait_s * 2.0**attempt, LONGEST_WAIT_S)
    return random.uniform(longest / 2, longest)


def spread_s(wait_s: float) -> float:
    """The wait a server asked for plus up to a tenth, so that many threads do not all send again at once."""
    return wait_s * random.uniform(1.0, 1.1)


def asked_wait_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The seconds a server asks to wait: from `retry-after-ms`, else Retry-After (seconds or a date), else None."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    return seconds if seconds is not None else _until(value, now or datetime.now(UTC))


def asked_wait_in(body: str) -> float | None:
    """The seconds that Google's errors ask to wait: RetryInfo among their details. None if there is none.

    >>> asked_wait_in('{"error": {"details": [{"@type": "google.rpc.RetryInfo", "retryDelay": "7s"}]}}')
    7.0
    """
    try:
        details = json.loads(body)["error"]["details"]
        delays = [one["retryDelay"] for one in details if str(one.get("@type")).endswith("google.rpc.RetryInfo")]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return _number(str(delays[0]).removesuffix("s")) if delays else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds())
