"""Which models are paid for, and what tokens of a call cost.

Takes a model's settings and token counts, gives US dollars. Knows no price lists: who opens a ledger says the prices.
"""

from collections.abc import Callable

from bakeoff.models.settings import ApiModel, TokenPrice
from bakeoff.models.spending.tokens import Tokens

PriceOf = Callable[[ApiModel], TokenPrice | None]
"""The price of a model's tokens; None if nobody knows it."""


def is_paid(model: ApiModel) -> bool:
    """Whether calls are paid for: a model with a price, or on the internet. Your own server without a price is free."""
    return model.price is not None or model.location == "internet"


def usd_of(tokens: Tokens, price: TokenPrice, share: float = 1.0) -> float:
    """What these tokens cost. Cached ones have a price of their own if there is one. `share` is that of the full price.

    >>> usd_of(Tokens(1000, 400, 10), TokenPrice(input_tokens=2.0, output_tokens=8.0, cached_input_tokens=0.5))
    0.00148
    """
    cached = price.input_tokens if price.cached_input_tokens is None else price.cached_input_tokens
    full = (tokens.prompt - tokens.cached) * price.input_tokens + tokens.cached * cached
    return share * (full + tokens.completion * price.output_tokens) / 1e6
