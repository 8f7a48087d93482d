"""The prices of answers, and the one formula that uses them.

Takes what an answer used and the prices, gives US dollars. Knows nothing about contenders, profiles or price lists.
"""

from pydantic import Field

from bakeoff.records import Record, Usage


class Rates(Record):
    """A contender's prices in US dollars: for machine time, and for tokens if they are paid for.

    `cached_prompt_share` of the prompt tokens cost `cached_input_usd_per_million_tokens`, the others the full price. If
    there is no price for cached tokens, all cost the full price. `setup_usd_per_hour` is the price of the machine that
    trains and indexes. If it is None, it is that of the answering machine.
    """

    machine_usd_per_hour: float = Field(default=0.0, ge=0)
    input_usd_per_million_tokens: float = Field(default=0.0, ge=0)
    cached_input_usd_per_million_tokens: float | None = Field(default=None, ge=0)
    output_usd_per_million_tokens: float = Field(default=0.0, ge=0)
    cached_prompt_share: float = Field(default=0.0, ge=0, le=1)
    setup_usd_per_hour: float | None = Field(default=None, ge=0)

    @property
    def usd_per_million_prompt_tokens(self) -> float:
        """The price of a million prompt tokens, some of them cached."""
        full, cached = self.input_usd_per_million_tokens, self.cached_input_usd_per_million_tokens
        return full if cached is None else full + self.cached_prompt_share * (cached - full)


def usd(usage: Usage, rates: Rates) -> float:
    """The cost of one answer (or the sum of many): compute time at the machine's price, plus paid tokens; what was
    recorded, if it was.

    >>> usd(Usage(prompt_tokens=1000, seconds=36.0), Rates(machine_usd_per_hour=1.0, input_usd_per_million_tokens=5.0))
    0.015
    """
    if usage.usd is not None:
        return usage.usd
    return (
        usage.seconds * rates.machine_usd_per_hour / 3600
        + usage.prompt_tokens * rates.usd_per_million_prompt_tokens / 1e6
        + usage.completion_tokens * rates.output_usd_per_million_tokens / 1e6
    )


def setup_usd(seconds: float, rates: Rates) -> float:
    """The cost of setting a contender up, from the time it took."""
    hourly = rates.machine_usd_per_hour if rates.setup_usd_per_hour is None else rates.setup_usd_per_hour
    return seconds * hourly / 3600
