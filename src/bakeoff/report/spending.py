"""What a run has spent on paid models, in the report: sentences and rows of a table.

Takes the run's `Spending`, gives texts. Knows nothing about HTML or Markdown.
"""

from collections.abc import Iterator

from bakeoff.models.spending.rows import Spending, SpentBy
from bakeoff.sentences import counted, listed, percent, usd

HEADS = ("Contender", "For", "Model", "Calls", "Prompt tokens", "From a cache", "Written tokens", "Cost")
ABOUT = (
    "Every call to a paid model, by the ledger in the run's folder. Latency is measured without the ledger, and never "
    "on a batch or on a reply of a session that was stopped."
)
SHARED = "several"


def spending_rows(spending: Spending) -> list[list[str]]:
    """A row for each contender, role and model, and the sum if there are several."""
    rows = [_row(part, spending.unpriced) for part in spending.parts]
    total = SpentBy(contender="all", **spending.total.model_dump())
    return [*rows, [*_row(total, ())[:1], "", "", *_row(total, ())[3:]]] if len(rows) > 1 else rows


def spending_sentences(spending: Spending) -> Iterator[str]:
    """What the budget was, what is not known, and what caches gave."""
    total, budget = spending.total, spending.budget
    caps = [usd(budget.usd)] if budget and budget.usd is not None else []
    caps += [counted(budget.calls, "call")] if budget and budget.calls is not None else []
    of = f" of a budget of {' and '.join(caps)}" if caps else ""
    yield f"{usd(total.usd)}{of} on {counted(total.calls, 'call')}."
    if total.unknown:
        yield (
            f"Of {counted(total.unknown, 'call')} the outcome is unknown: the run was stopped, or the connection "
            f"broke, before the reply was there. They count at the most that they can cost, {usd(total.unknown_usd)} "
            "in all; the provider's own statement says what they did."
        )
    if spending.unpriced:
        yield f"The price of {listed(spending.unpriced)} is not known: its calls count as 0."
    if total.cached_tokens:
        share = percent(total.cached_tokens / total.prompt_tokens)
        yield f"{share} of the prompt tokens came from the provider's cache, at its price for those."


def _row(part: SpentBy, unpriced: tuple[str, ...]) -> list[str]:
    unknown = f" ({part.unknown:,} unknown)" if part.unknown else ""
    return [
        part.contender or SHARED,
        part.role,
        part.model,
        f"{part.calls:,}{unknown}",
        f"{part.prompt_tokens:,}",
        f"{part.cached_tokens:,}",
        f"{part.completion_tokens:,}",
        "not known" if part.model in unpriced else usd(part.usd),
    ]
