"""Which requests are sent again, and after how long.

Takes a response's status and headers, gives seconds. Sends nothing.
Sources: the clients of OpenAI for `x-should-retry`; M. Brooker 2015, Exponential Backoff And Jitter (AWS Architecture
Blog).
"""

import random
from collections.abc import Mapping

from bakeoff.files.retry_after import asked_wait_s

__all__ = ["asked_wait_s", "backoff_s", "spread_s", "worth_another_try"]

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
LONGEST_ASKED_WAIT_S = 300.0
"""If a server asks for a longer wait, the request fails instead."""
AGAIN = (408, 409, 425, 429)
NEVER_AGAIN = (401, 403)
OUT_OF_QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "credit balance is too low")
"""What providers say where the account has no credit left, rather than too many requests a minute.

Sources: https://platform.openai.com/docs/guides/error-codes; https://docs.anthropic.com/en/api/errors.
"""


def worth_another_try(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the same request may succeed later: as `x-should-retry` says, else if the server is busy or broken."""
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
    return status == 402 or (400 <= status < 500 and any(words in body for words in OUT_OF_QUOTA))


def backoff_s(attempt: int, first_wait_s: float = FIRST_WAIT_S) -> float:
    """Seconds before the next attempt: between half and all of a wait that doubles with each attempt (from 0)."""
    longest = min(first_wait_s * 2.0**attempt, LONGEST_WAIT_S)
    return random.uniform(longest / 2, longest)


def spread_s(wait_s: float) -> float:
    """The wait a server asked for plus up to a tenth, so that many threads do not all send again at once."""
    return wait_s * random.uniform(1.0, 1.1)
