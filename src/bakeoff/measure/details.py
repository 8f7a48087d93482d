"""What stands beside a measure's value: accuracy before an update, the stages of set-up, prompt and completion tokens.

Takes a `View` of the test, a contender and its estimate. Gives plain values for the estimate's `detail`.
"""

from collections.abc import Callable, Mapping

from bakeoff.measure.comparison import Estimate
from bakeoff.measure.rates import setup_usd
from bakeoff.measure.view import Measured, View
from bakeoff.measures import IN_DOMAIN
from bakeoff.questions.evidence.evidence import is_document_level


def _of_freshness(view: View, collected: Measured, estimate: Estimate) -> dict[str, float | None]:
    before = view.values(collected.values, "correct", ("changed",))
    detail: dict[str, float | None] = {"before": sum(before.values()) / len(before) if before else None}
    if collected.update is not None:
        detail["update_seconds"] = sum(stage.seconds for stage in collected.update)
        detail["update_tokens"] = sum(stage.tokens for stage in collected.update)
    return detail


def _of_retention(view: View, collected: Measured, estimate: Estimate) -> dict[str, float]:
    own = view.values(collected.values, "knows", ("general",))
    return {"accuracy": sum(own.values()) / len(own)} if own else {}


def _of_setup(view: View, collected: Measured, estimate: Estimate) -> dict[str, object]:
    parts: dict[str, float] = {}
    for stage in collected.setup:
        parts[stage.stage] = round(parts.get(stage.stage, 0.0) + stage.seconds, 3)
    return {"stages": parts, "cost_usd": setup_usd(estimate.value or 0.0, collected.rates)}


def _of_tokens(view: View, collected: Measured, estimate: Estimate) -> dict[str, float]:
    """The means of prompt tokens and completion tokens."""
    used = [answer.usage.prompt_tokens for answer in collected.answers if answer.error is None]
    prompt = sum(used) / len(used)
    return {"prompt": prompt, "completion": (estimate.value or 0.0) - prompt}


def _of_retrieval(view: View, collected: Measured, estimate: Estimate) -> dict[str, int]:
    """The number of questions for which only the document with the answer is known, not the place in it."""
    counted = view.values(collected.values, "evidence_hit", IN_DOMAIN)
    return {
        "by_document": sum(collected.id in counted and is_document_level(collected) for collected in view.questions)
    }


DETAILS: Mapping[str, Callable[[View, Measured, Estimate], Mapping[str, object]]] = {
    "freshness": _of_freshness,
    "retention": _of_retention,
    "setup_s": _of_setup,
    "tokens_per_question": _of_tokens,
    "retrieval_recall": _of_retrieval,
}
"""Functions for the parts of a measure's value, by the measure's name."""
