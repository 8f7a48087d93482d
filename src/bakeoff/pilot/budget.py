"""What a run may cost, before it begins: the estimate, a refusal, a warning, and the lines that say so.

Takes a configuration and its data, gives an estimate and lines. Asks nothing.
"""

from collections.abc import Callable, Iterator

from bakeoff.contenders.load import make_recipes
from bakeoff.errors import ConfigError
from bakeoff.models.spending.rows import Budget
from bakeoff.pilot.estimate import Estimate, Line, Range, estimate
from bakeoff.pilot.prepare import Prepared
from bakeoff.pilot.spending import check_prices, paid_models, prices_of
from bakeoff.runs.config import Config
from bakeoff.sentences import listed
from bakeoff.sentences import usd as dollars

ASK_LESS = "raise it, or ask less: fewer contenders, a smaller split.test, presentation: fixed, no judge"
SHARED = "several"


def planned(config: Config, prepared: Prepared, resume: bool = False) -> Estimate:
    """What a run with this settled configuration asks paid models. Nothing is sent.

    Raises ConfigError if its budget cannot be enough, or needs a price that is not known. A run that is resumed is not
    refused: it stops at its budget.
    """
    recipes, price_of = make_recipes(config.specs, config.imports_from), prices_of(config.profile)
    check_prices(config.budget, paid_models(config), price_of)
    expected = estimate(config, prepared, recipes, price_of)
    if not resume:
        check_estimate(expected, config.budget)
    return expected


def check_estimate(estimate: Estimate, budget: Budget | None) -> None:
    """Raises ConfigError if even the low end of the estimate is above the budget."""
    for name, cap, needed, shown in _caps(estimate, budget):
        if needed.low > cap:
            raise ConfigError(f"The run needs at least {shown(needed.low)}, but {name} is {shown(cap)}.", ASK_LESS)


def budget_lines(estimate: Estimate, budget: Budget | None) -> Iterator[str]:
    """The estimate in all, and a warning if the budget may not be enough. Nothing if no model is paid for."""
    if not estimate.lines:
        return
    yield f"Paid models: {_total(estimate)}. Each part: bakeoff run --dry-run."
    for name, cap, needed, shown in _caps(estimate, budget):
        if needed.low <= cap < needed.high:
            yield (
                f"warning: the run may need up to {shown(needed.high)}, and {name} is {shown(cap)}: it stops there, "
                "and can be continued with a higher one."
            )


def estimate_rows(estimate: Estimate) -> list[tuple[str, ...]]:
    """The parts of the estimate as rows of text: contender, role, model, calls, tokens, US dollars; last the sum."""
    rows = [
        (
            line.contender or SHARED,
            line.role,
            line.model,
            _range(line.calls),
            _range(line.prompt_tokens + line.completion_tokens),
            _usd(line),
        )
        for line in estimate.lines
    ]
    all_usd = f"{dollars(estimate.usd.low)} to {dollars(estimate.usd.high)}"
    return [*rows, ("all", "", "", _range(estimate.calls), _range(estimate.tokens), all_usd)]


def _total(estimate: Estimate) -> str:
    unpriced = f", without {listed(estimate.unpriced)}, whose price is not known" if estimate.unpriced else ""
    return (
        f"{_range(estimate.calls)} calls, {_range(estimate.tokens)} tokens, {dollars(estimate.usd.low)} to "
        f"{dollars(estimate.usd.high)}{unpriced}"
    )


def _caps(estimate: Estimate, budget: Budget | None) -> Iterator[tuple[str, float, Range, Callable[[float], str]]]:
    if budget is not None and budget.usd is not None:
        yield "budget.usd", budget.usd, estimate.usd, dollars
    if budget is not None and budget.calls is not None:
        yield "budget.calls", budget.calls, estimate.calls, lambda n: f"{n:,.0f} calls"


def _range(amounts: Range) -> str:
    """
    >>> _range(Range(1200, 1200)), _range(Range(20, 100))
    ('1,200', '20 to 100')
    """
    low, high = f"{amounts.low:,.0f}", f"{amounts.high:,.0f}"
    return low if low == high else f"{low} to {high}"


def _usd(line: Line) -> str:
    return "not known" if line.usd is None else f"{dollars(line.usd.low)} to {dollars(line.usd.high)}"
