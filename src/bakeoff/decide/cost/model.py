"""What a contender costs: set-up, per query, upkeep and the total over the horizon. Every line has its formula.

Takes `CostInputs` (measured usage, prices in US dollars, volumes). Gives set-up, monthly and total costs
and their breakdowns. Knows nothing about runs, profiles or where a number came from. `report/cost_model.js` does the
same arithmetic on the page; a test compares the two.
"""

import numpy as np
from pydantic import ConfigDict, Field

from bakeoff.records import Record

HOUR = 3600.0
MILLION = 1e6
LEAST = "at least as a part"
"""The line for what is missing to the amount of a part that the contender needs."""


class CostInputs(Record):
    """Everything the cost of one contender depends on. A number that does not apply is 0.

    `sources` says where each number came from. `intervals` holds the 95 % interval (low, high) of each measured number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str

    # One query. Prompt tokens include the cached ones.
    compute_seconds_per_query: float = Field(default=0.0, ge=0)
    retrieval_seconds_per_query: float = Field(default=0.0, ge=0)
    prompt_tokens_per_query: float = Field(default=0.0, ge=0)
    cached_prompt_share: float = Field(default=0.0, ge=0, le=1)
    completion_tokens_per_query: float = Field(default=0.0, ge=0)

    # Set-up. Indexing includes loading the models.
    data_days: float = Field(default=0.0, ge=0)
    setup_days: float = Field(default=0.0, ge=0)
    project_days: float = Field(default=0.0, ge=0)
    training_seconds: float = Field(default=0.0, ge=0)
    training_tokens: float = Field(default=0.0, ge=0)
    indexing_seconds: float = Field(default=0.0, ge=0)

    # Upkeep. Hours online are those of all machines that are kept running.
    updates_per_month: float = Field(default=0.0, ge=0)
    retraining_seconds_per_update: float = Field(default=0.0, ge=0)
    retraining_tokens_per_update: float = Field(default=0.0, ge=0)
    reindexing_seconds_per_update: float = Field(default=0.0, ge=0)
    approval_days_per_update: float = Field(default=0.0, ge=0)
    upkeep_days_per_month: float = Field(default=0.0, ge=0)
    on_call_usd_per_month: float = Field(default=0.0, ge=0)
    online_hours_per_month: float = Field(default=0.0, ge=0)

    # Prices.
    serving_usd_per_hour: float = Field(default=0.0, ge=0)
    training_usd_per_hour: float = Field(default=0.0, ge=0)
    engineering_usd_per_day: float = Field(default=0.0, ge=0)
    index_usd_per_month: float = Field(default=0.0, ge=0)
    input_usd_per_million_tokens: float = Field(default=0.0, ge=0)
    cached_input_usd_per_million_tokens: float = Field(default=0.0, ge=0)
    output_usd_per_million_tokens: float = Field(default=0.0, ge=0)
    training_usd_per_million_tokens: float = Field(default=0.0, ge=0)
    batch_saving: float = Field(default=0.0, ge=0, le=1)

    # Amounts that the team gives itself; what they stand for is then 0 above.
    fixed_setup_usd: float = Field(default=0.0, ge=0)
    fixed_usd_per_month: float = Field(default=0.0, ge=0)
    fixed_usd_per_query: float = Field(default=0.0, ge=0)

    # Amounts that the contender costs at least, because a part that it needs costs them. 0: no such part.
    least_setup_usd: float = Field(default=0.0, ge=0)
    least_usd_per_month: float = Field(default=0.0, ge=0)
    least_usd_per_query: float = Field(default=0.0, ge=0)

    # Horizon.
    queries_per_month: float = Field(gt=0)
    growth_per_month: float = Field(default=0.0, gt=-1)
    horizon_months: int = Field(default=12, ge=1)
    discount_per_year: float = Field(default=0.0, ge=0)

    sources: dict[str, str] = Field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = Field(default_factory=dict)

    @property
    def trains_where_it_serves(self) -> bool:
        """Whether an hour of training costs the same as an hour of serving. One price is then used for both."""
        return self.training_usd_per_hour == self.serving_usd_per_hour


class Item(Record):
    """One line of a breakdown in US dollars, with its formula in words and numbers."""

    name: str
    usd: float
    explanation: str


class Month(Record):
    """One month of the horizon, counted from 1. `discounted_usd` is its cost in today's money."""

    month: int
    queries: float
    usd: float
    discounted_usd: float
    cumulative_usd: float


class CostBreakdown(Record):
    """What one contender costs. `per_query_usd` is the cost of a query in the first month, including its share of idle
    hosting. `marginal_usd_per_query` is the cost of one more query on a machine that is not idle. `total_usd` is
    discounted."""

    name: str
    setup: tuple[Item, ...]
    per_query: tuple[Item, ...]
    upkeep_per_month: tuple[Item, ...]
    months: tuple[Month, ...]
    setup_usd: float
    per_query_usd: float
    marginal_usd_per_query: float
    upkeep_usd_per_month: float
    total_usd: float


# The closed formulas. cost_model.js has the same functions under the same names.


def setup_usd(c: CostInputs) -> float:
    """US dollars paid once, before the first query: days of work, training, indexing, or a fixed amount; at least what
    a part costs."""
    days = (c.data_days + c.setup_days + c.project_days) * c.engineering_usd_per_day
    training = _training_usd(c, c.training_seconds, c.training_tokens)
    calculated = days + training + c.indexing_seconds / HOUR * c.serving_usd_per_hour + c.fixed_setup_usd
    return _at_least(c.least_setup_usd, calculated)


def marginal_usd_per_query(c: CostInputs) -> float:
    """US dollars for one query alone: its seconds on the serving machine and its tokens; at least what a part costs."""
    seconds = c.compute_seconds_per_query + c.retrieval_seconds_per_query
    fresh = c.prompt_tokens_per_query * (1 - c.cached_prompt_share) * c.input_usd_per_million_tokens
    cached = c.prompt_tokens_per_query * c.cached_prompt_share * c.cached_input_usd_per_million_tokens
    completion = c.completion_tokens_per_query * c.output_usd_per_million_tokens
    tokens = (fresh + cached + completion) / MILLION * (1 - c.batch_saving)
    return _at_least(c.least_usd_per_query, seconds / HOUR * c.serving_usd_per_hour + tokens + c.fixed_usd_per_query)


def upkeep_usd_per_month(c: CostInputs) -> float:
    """US dollars for a month without queries and without idle hosting: updates, work, a hosted index; at least what a
    part costs."""
    retraining = _training_usd(c, c.retraining_seconds_per_update, c.retraining_tokens_per_update)
    reindexing = c.reindexing_seconds_per_update / HOUR * c.serving_usd_per_hour
    days = (c.upkeep_days_per_month + c.updates_per_month * c.approval_days_per_update) * c.engineering_usd_per_day
    monthly = c.on_call_usd_per_month + c.index_usd_per_month + c.fixed_usd_per_month
    return _at_least(c.least_usd_per_month, c.updates_per_month * (retraining + reindexing) + days + monthly)


def idle_usd(c: CostInputs, queries: float) -> float:
    """US dollars for the hours of a month in which the serving machine is online but answers nothing.

    The amounts of a part include its machine, so what they add pays for these hours first. The month then costs the
    larger of what is calculated, and queries x one query + upkeep, each at least what a part costs.
    """
    busy_hours = queries * (c.compute_seconds_per_query + c.retrieval_seconds_per_query) / HOUR
    hours = _at_least(0.0, c.online_hours_per_month - busy_hours) * c.serving_usd_per_hour
    if not c.least_usd_per_month and not c.least_usd_per_query:
        return hours
    return _at_least(0.0, hours - added_usd_per_month(c, queries))


def added_usd_per_month(c: CostInputs, queries: float) -> float:
    """What the least amounts add to upkeep and to these queries of a month."""
    own = without_least(c)
    upkeep = upkeep_usd_per_month(c) - upkeep_usd_per_month(own)
    return upkeep + queries * (marginal_usd_per_query(c) - marginal_usd_per_query(own))


def without_least(c: CostInputs) -> CostInputs:
    """The inputs without the least amounts: what is calculated for the contender itself."""
    return c.model_copy(update={"least_setup_usd": 0.0, "least_usd_per_month": 0.0, "least_usd_per_query": 0.0})


def _at_least(least: float, number: float) -> float:
    """The number, or each number of an array, but not less than this."""
    is_drawn = isinstance(number, np.ndarray)
    return np.maximum(least, number) if is_drawn else max(least, number)  # type: ignore[return-value]


def cumulative_usd(c: CostInputs) -> list[float]:
    """US dollars paid so far, in today's money: before the first month and after each month (horizon + 1 numbers).

    Month m (from 1) has queries_per_month (1 + growth)^(m - 1) queries. It is paid at its end, so it is discounted by
    (1 + discount_per_year)^(-m / 12). Source: ordinary present value of a payment in arrears.
    """
    paid = [setup_usd(c)]
    marginal, upkeep = marginal_usd_per_query(c), upkeep_usd_per_month(c)
    for month in _months_of(c):
        queries = _queries(c, month)
        paid.append(paid[-1] + (queries * marginal + upkeep + idle_usd(c, queries)) * _discount(c, month))
    return paid


def total_usd(c: CostInputs) -> float:
    """US dollars for set-up and every month of the horizon, in today's money."""
    return cumulative_usd(c)[-1]


def discounted_months(c: CostInputs) -> float:
    """The months of the horizon in today's money: a dollar a month is worth so many dollars now."""
    return sum(_discount(c, month) for month in _months_of(c))


def discounted_queries(c: CostInputs) -> float:
    """The queries of the horizon, each weighted by what money in its month is worth today."""
    return sum(_queries(c, month) * _discount(c, month) for month in _months_of(c))


def nominal_running_usd_per_month(c: CostInputs) -> float:
    """US dollars for an average month after set-up, not discounted: what a monthly budget has to pay.

    A profile's `budget_usd_per_month` limits this; its `budget_setup_usd` limits `setup_usd`.
    """
    return running_usd_per_month(c.model_copy(update={"discount_per_year": 0.0}))


def _months_of(c: CostInputs) -> range:
    return range(1, c.horizon_months + 1)


def _discount(c: CostInputs, month: int) -> float:
    """What money paid at the end of a month is worth today."""
    return float((1 + c.discount_per_year) ** (-month / 12))


def _queries(c: CostInputs, month: int) -> float:
    return float(c.queries_per_month * (1 + c.growth_per_month) ** (month - 1))


def running_usd_per_month(c: CostInputs) -> float:
    """US dollars for an average month of the horizon after set-up, in today's money."""
    return (total_usd(c) - setup_usd(c)) / c.horizon_months


def _training_usd(c: CostInputs, seconds: float, tokens: float) -> float:
    return seconds / HOUR * c.training_usd_per_hour + tokens / MILLION * c.training_usd_per_million_tokens


# The same numbers, line by line.


def cost_breakdown(c: CostInputs) -> CostBreakdown:
    """Every line of one contender's cost with its formula."""
    per_query = (*_query_items(c), _hosting(c))
    return CostBreakdown(
        name=c.name,
        setup=_setup_items(c),
        per_query=per_query,
        upkeep_per_month=_upkeep_items(c),
        months=_months(c),
        setup_usd=setup_usd(c),
        per_query_usd=sum(item.usd for item in per_query),
        marginal_usd_per_query=marginal_usd_per_query(c),
        upkeep_usd_per_month=upkeep_usd_per_month(c),
        total_usd=total_usd(c),
    )


def _hosting(c: CostInputs) -> Item:
    """A query's share of idle hosting in the first month."""
    added = added_usd_per_month(c, c.queries_per_month)
    minus = f", minus {added:,.6g} USD that the lines '{LEAST}' pay for it" if added else ""
    return Item(
        name="hosting share",
        usd=idle_usd(c, c.queries_per_month) / c.queries_per_month,
        explanation=f"idle hours of a machine that is online {c.online_hours_per_month:,.6g} h a month, at "
        f"{c.serving_usd_per_hour:,.6g} USD/h{minus}, divided by the first month's {c.queries_per_month:,.6g} queries",
    )


def _with_least(c: CostInputs, field: str, items: tuple[Item, ...]) -> tuple[Item, ...]:
    """These lines, and one for what is missing to the least amount; it names the part."""
    least, calculated = getattr(c, field), sum(item.usd for item in items)
    source = c.sources.get(field, "what a part costs")
    formula = f"max(0, {least:,.6g} USD - {calculated:,.6g} USD of the other lines); {source}"
    explanation = formula if least else "no part that it needs has a fixed amount"
    return (*items, Item(name=LEAST, usd=max(0.0, least - calculated), explanation=explanation))


def _setup_items(c: CostInputs) -> tuple[Item, ...]:
    items = (
        _days("data", c.data_days, c.engineering_usd_per_day),
        _days("engineering", c.setup_days, c.engineering_usd_per_day),
        _days("project", c.project_days, c.engineering_usd_per_day),
        _training("training", c, c.training_seconds, c.training_tokens, 1.0),
        _seconds("indexing", c.indexing_seconds, c.serving_usd_per_hour),
        Item(name="fixed", usd=c.fixed_setup_usd, explanation="the profile's fixed amount for the set-up"),
    )
    return _with_least(c, "least_setup_usd", items)


def _token_items(c: CostInputs) -> tuple[Item, ...]:
    fresh, cached = 1 - c.cached_prompt_share, c.cached_prompt_share
    return (
        _tokens("prompt", c.prompt_tokens_per_query * fresh, c.input_usd_per_million_tokens),
        _tokens("cached prompt", c.prompt_tokens_per_query * cached, c.cached_input_usd_per_million_tokens),
        _tokens("completion", c.completion_tokens_per_query, c.output_usd_per_million_tokens),
    )


def _query_items(c: CostInputs) -> tuple[Item, ...]:
    items = (
        _seconds("compute", c.compute_seconds_per_query, c.serving_usd_per_hour),
        _seconds("retrieval", c.retrieval_seconds_per_query, c.serving_usd_per_hour),
        *_token_items(c),
        _batch(c),
        Item(name="fixed", usd=c.fixed_usd_per_query, explanation="the profile's fixed price of a query"),
    )
    return _with_least(c, "least_usd_per_query", items)


def _batch(c: CostInputs) -> Item:
    """What answering some queries in batches saves; a negative amount."""
    tokens = sum(item.usd for item in _token_items(c))
    return Item(
        name="batch discount", usd=-tokens * c.batch_saving, explanation=f"{c.batch_saving:.6g} of the tokens' price"
    )


def _upkeep_items(c: CostInputs) -> tuple[Item, ...]:
    often = c.updates_per_month
    reindexing = _seconds("re-indexing", c.reindexing_seconds_per_update * often, c.serving_usd_per_hour)
    items = (
        _training("retraining", c, c.retraining_seconds_per_update, c.retraining_tokens_per_update, often),
        reindexing.model_copy(update={"explanation": f"{reindexing.explanation} ({often:,.6g} updates a month)"}),
        _days("engineering and monitoring", c.upkeep_days_per_month, c.engineering_usd_per_day),
        _days("approval of updates", often * c.approval_days_per_update, c.engineering_usd_per_day),
        Item(name="on call", usd=c.on_call_usd_per_month, explanation="the profile's price of being on call"),
        Item(name="hosted index", usd=c.index_usd_per_month, explanation="price of a hosted index for a month"),
        Item(name="fixed", usd=c.fixed_usd_per_month, explanation="the profile's fixed amount for a month"),
    )
    return _with_least(c, "least_usd_per_month", items)


def _days(name: str, days: float, usd: float) -> Item:
    return Item(name=name, usd=days * usd, explanation=f"{days:,.6g} days x {usd:,.6g} USD/day")


def _seconds(name: str, seconds: float, usd: float) -> Item:
    return Item(name=name, usd=seconds / HOUR * usd, explanation=f"{seconds:,.6g} s / 3,600 x {usd:,.6g} USD/h")


def _tokens(name: str, tokens: float, usd: float) -> Item:
    explanation = f"{tokens:,.6g} tokens / 1,000,000 x {usd:,.6g} USD per million"
    return Item(name=name, usd=tokens / MILLION * usd, explanation=explanation)


def _training(name: str, c: CostInputs, seconds: float, tokens: float, times: float) -> Item:
    by_time = _seconds(name, seconds, c.training_usd_per_hour).explanation
    by_token = _tokens(name, tokens, c.training_usd_per_million_tokens).explanation
    often = "" if name == "training" else f"{times:,.6g} updates a month x "
    return Item(
        name=name, usd=times * _training_usd(c, seconds, tokens), explanation=f"{often}({by_time} + {by_token})"
    )


def _months(c: CostInputs) -> tuple[Month, ...]:
    marginal, upkeep, paid = marginal_usd_per_query(c), upkeep_usd_per_month(c), cumulative_usd(c)
    months = []
    for month in range(1, c.horizon_months + 1):
        queries = c.queries_per_month * (1 + c.growth_per_month) ** (month - 1)
        months.append(
            Month(
                month=month,
                queries=queries,
                usd=queries * marginal + upkeep + idle_usd(c, queries),
                discounted_usd=paid[month] - paid[month - 1],
                cumulative_usd=paid[month],
            )
        )
    return tuple(months)


def at_bound(c: CostInputs, bound: int) -> CostInputs:
    """The same inputs with every measured number at the low (0) or high (1) end of its interval."""
    return c.model_copy(update={field: ends[bound] for field, ends in c.intervals.items()})


def compute_only(c: CostInputs) -> CostInputs:
    """The inputs without days of work, idle hosting and a hosted index: only machines and tokens while in use."""
    return c.model_copy(
        update={
            "engineering_usd_per_day": 0.0,
            "online_hours_per_month": 0.0,
            "index_usd_per_month": 0.0,
            "on_call_usd_per_month": 0.0,
        }
    )
