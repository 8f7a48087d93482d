"""Which requests are sent again, and after how long.

Takes a response's status, headers and body, gives seconds. Sends nothing.
Sources: the clients of OpenAI for `x-should-retry`; M. Brooker 2015, Exponential Backoff And Jitter (AWS Architecture
Blog); google/rpc/error_details.proto (RetryInfo, in the body of Google's errors).
"""

import json
import math
import random
import re
from collections.abc import Mapping

from bakeoff.files.plain_json import plain_json
from bakeoff.files.retry_after import asked_wait_s

__all__ = ["asked_wait_s", "backoff_s", "spread_s", "worth_another_try"]

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
LONGEST_ASKED_WAIT_S = 300.0
"""If a server asks for a longer wait, the request fails instead."""
AGAIN = (408, 409, 425, 429)
NEVER_AGAIN = (401, 403)
OUT_OF_QUOTA = re.compile(
    r"insufficient_quota|billing_hard_limit_reached|billing_not_active|billing_error|credit balance is too low"
    r"|quotaId[^,}]*PerDay",
    re.IGNORECASE,
)
"""What providers say where no wait of this client helps: the account has no credit left, or the quota of a day is used
up, rather than too many requests a minute.

Sources: https://platform.openai.com/docs/guides/error-codes; https://platform.claude.com/docs/en/api/errors;
https://ai.google.dev/gemini-api/docs/troubleshooting.
"""


def worth_another_try(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the same request may succeed later: as `x-should-retry` says, else if the server is busy or broken.

    Never for a refused key.
    """
    if status in NEVER_AGAIN:
        return False
    asked = headers.get("x-should-retry", "").strip().lower()
    if asked in ("true", "false"):
        return asked == "true"
    return status in AGAIN or status >= 500


def is_out_of_quota(status: int, body: str) -> bool:
    """Whether a refusal says that nothing more is answered until somebody pays.

    >>> is_out_of_quota(429, '{"error": {"code": "insufficient_quota"}}'), is_out_of_quota(429, "slow down")
    (True, False)
    """
    return status == 402 or (400 <= status < 500 and bool(OUT_OF_QUOTA.search(body)))


def is_quota_error(text: str) -> bool:
    """Whether a reply or an event of a stream that came with status 200 is an error that says the same.

    Source: https://openrouter.ai/docs/api/reference/errors-and-debugging.

    >>> is_quota_error('data: {"error": {"code": 402, "message": "Insufficient credits"}}')
    True
    >>> is_quota_error('{"choices": [{"delta": {"content": "insufficient_quota is an \\"error\\" of yours"}}]}')
    False
    """
    if '"error"' not in text:
        return False
    try:
        reply = plain_json(text.removeprefix("data:"))
    except ValueError:
        return False
    error = reply.get("error") if isinstance(reply, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return bool(error) and (code in (402, "402") or bool(OUT_OF_QUOTA.search(json.dumps(error))))


def backoff_s(attempt: int, first_wait_s: float = FIRST_WAIT_S) -> float:
    """Seconds before the next attempt: between half and all of a wait that doubles with each attempt (from 0)."""
    longest = min(first_wait_s * 2.0**attempt, LONGEST_WAIT_S)
    return random.uniform(longest / 2, longest)


def spread_s(wait_s: float) -> float:
    """The wait a server asked for plus up to a tenth, so that many threads do not all send again at once."""
    return wait_s * random.uniform(1.0, 1.1)


def asked_wait_in(body: str) -> float | None:
    """The seconds that Google's errors ask to wait: RetryInfo among their details. None if there is none.

    >>> asked_wait_in('{"error": {"details": [{"@type": "google.rpc.RetryInfo", "retryDelay": "7s"}]}}')
    7.0
    """
    try:
        details = plain_json(body)["error"]["details"]
        delays = [one["retryDelay"] for one in details if str(one.get("@type")).endswith("google.rpc.RetryInfo")]
        seconds = float(str(delays[0]).removesuffix("s"))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
