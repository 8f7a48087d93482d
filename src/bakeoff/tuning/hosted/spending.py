"""What tuning at a host may cost, before anything is sent, and whether that is allowed.

Takes examples and settings, gives tokens and US dollars. `estimate` is also what an estimate of a whole run can call.
"""

from collections.abc import Callable, Sequence

from bakeoff.errors import ConfigError, ContenderError
from bakeoff.models.providers.asking import estimated_prompt_tokens, estimated_tokens
from bakeoff.records import Record
from bakeoff.sentences import usd as dollars
from bakeoff.tuning.hosted.settings import Hosted
from bakeoff.tuning.packing import Example

TOKENISER = (0.7, 1.4)
"""Tokens of a real tokenizer for each estimated one (four characters): a judgement, not a measurement."""
MESSAGE_TOKENS = 4
"""What hosts count for each message besides its text.

Source: https://cookbook.openai.com/examples/chat_finetuning_data_prep (3 for a message, 1 for its name).
"""
MILLION = 1e6
ALLOW = "allow it with --yes-spend USD, or with budget.usd in the configuration"


class TuningCost(Record):
    """The low and the high end of the tokens that a host trains on, and of their price."""

    tokens: tuple[int, int]
    usd: tuple[float, float]


def estimate(examples: Sequence[Example], epochs: int, hosted: Hosted, name: str) -> TuningCost:
    """What training on these examples costs the contender of that name.

    Raises ConfigError if the price is not known.
    """
    return cost_of(sum(map(_tokens, examples)) * epochs, hosted, name)


def cost_of(tokens: float, hosted: Hosted, name: str) -> TuningCost:
    """The same for so many estimated tokens in all epochs."""
    price = training_price(hosted, name)
    low, high = (round(tokens * factor) for factor in TOKENISER)
    return TuningCost(tokens=(low, high), usd=(low * price / MILLION, high * price / MILLION))


def training_price(hosted: Hosted, name: str) -> float:
    """The US dollars for a million training tokens. Raises ConfigError if they are not given."""
    if hosted.training_price is None:
        raise ConfigError(
            f"The contender '{name}' is tuned at a host, but what that costs is not known.",
            "set tuning.host.training_price to the US dollars for a million training tokens (0 if it is free): "
            f"tuning: {{host: {{api: {hosted.api}, training_price: ...}}}}",
        )
    return hosted.training_price


class Permission:
    """The money that tuning at hosts may cost in a run. `usd` is None if nothing was allowed.

    `spent` gives what has been spent and promised up to now. `promise` is called with what is allowed in addition,
    before anything is sent for it.
    """

    def __init__(
        self,
        usd: float | None = None,
        spent: Callable[[], float] = lambda: 0.0,
        promise: Callable[[float], None] = lambda usd: None,
    ) -> None:
        self.usd = usd
        self._spent, self._promise = spent, promise

    def limit(self, most_usd: float, what: str) -> float:
        """What may be spent on it: all that is left. Raises ContenderError if `most_usd` is more than that.

        What is free needs no permission.
        """
        left = (self.usd or 0.0) - self._spent()
        if most_usd > max(left, 0.0):
            allowed = "nothing was allowed" if self.usd is None else f"{dollars(max(left, 0.0))} of it is left"
            if self.usd is not None:
                allowed = f"{dollars(self.usd)} was allowed and {allowed}"
            raise ContenderError(f"{what} may cost up to {dollars(most_usd)}, and {allowed}.", ALLOW)
        self._promise(most_usd)
        return left


def _tokens(example: Example) -> int:
    messages = len(example.prompt.messages) + 1
    return estimated_prompt_tokens(example.prompt) + estimated_tokens(example.completion) + MESSAGE_TOKENS * messages
