"""How long a server asks to wait before the next request.

Takes a response's headers, gives seconds. Source: RFC 9110, 10.2.3 (Retry-After); the clients of OpenAI for
`retry-after-ms`.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def asked_wait_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The seconds a server asks to wait: from `retry-after-ms`, else Retry-After (seconds or a date), else None."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    return seconds if seconds is not None else _until(value, now or datetime.now(UTC))


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
