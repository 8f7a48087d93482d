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
    """What these tokens and searches cost. Cached tokens may have a price of their own. `share` of it is paid.

    >>> usd_of(Tokens(1000, 400, 10), TokenPrice(input_tokens=2.0, output_tokens=8.0, cached_input_tokens=0.5))
    0.00148
    >>> usd_of(Tokens(searches=3), TokenPrice(input_tokens=0, output_tokens=0, searches=2.0))
    0.006
    """
    cached = price.input_tokens if price.cached_input_tokens is None else price.cached_input_tokens
    full = (tokens.prompt - tokens.cached) * price.input_tokens + tokens.cached * cached
    by_token = (full + tokens.completion * price.output_tokens) / 1e6
    return share * (by_token + tokens.searches * (price.searches or 0.0) / 1e3)


def is_known(tokens: Tokens, price: TokenPrice) -> bool:
    """Whether the price is for what was counted: searches alone say nothing of a price for tokens."""
    return price.searches is not None or not tokens.searches or bool(tokens.prompt or tokens.completion)
