"""What may go wrong with an approach in a team's situation, and what to do about it.

Takes a `Profile` and the approaches of a plan, gives risks with the number that raises each. Knows nothing about weeks
or tasks. Only risks that apply are given.
"""

from collections.abc import Sequence

from bakeoff.decide.advise.factors import FINE_TUNING, HYBRID, RAG, every
from bakeoff.decide.situation.profile import Profile
from bakeoff.records import Record


class Risk(Record):
    """What may happen, what points to it, and who does what against it."""

    title: str
    sign: str
    mitigation: str
    owner: str


def risks(profile: Profile, approaches: Sequence[str], short_of_examples: int = 0) -> list[Risk]:
    """The risks of these approaches, of each approach first, of the team's situation last."""
    found = []
    if {RAG, HYBRID} & set(approaches):
        found += _of_retrieval(profile)
    if {FINE_TUNING, HYBRID} & set(approaches):
        found += _of_training(profile, short_of_examples)
    if FINE_TUNING in approaches and profile.update_interval_days:
        found.append(
            Risk(
                title="The tuned model answers with what is no longer true",
                sign=f"documents change {every(profile.update_interval_days)}",
                mitigation="measure freshness at every retraining; decline on what changed since; fall back to RAG",
                owner="machine-learning engineer",
            )
        )
    return found + _of_the_situation(profile)


def _of_retrieval(profile: Profile) -> list[Risk]:
    found = [
        Risk(
            title="The right passage is not retrieved, so no model can answer",
            sign="retrieval recall on the dev questions below 90 %",
            mitigation="measure recall apart from answers; keyword and vector search together; fix headings",
            owner="application developer",
        )
    ]
    if profile.model_billion_parameters is not None and profile.model_billion_parameters < 3:
        found.append(
            Risk(
                title="The model reads passages poorly",
                sign=f"{profile.model_billion_parameters:g} billion parameters; recall high, accuracy low",
                mitigation="compare it with extract; show fewer passages; tune it on them (hybrid), or a larger model",
                owner="application developer",
            )
        )
    if profile.latency_limit_ms is not None and profile.latency_limit_ms < 1000:
        found.append(
            Risk(
                title="Passages make the prompt too long for the latency limit",
                sign=f"limit of {profile.latency_limit_ms:,.0f} ms",
                mitigation="fewer and shorter passages, cached prompts, a router for what is frequent",
                owner="platform engineer",
            )
        )
    return found


def _of_training(profile: Profile, short_of_examples: int) -> list[Risk]:
    found = [
        Risk(
            title="The model learns its examples by heart and nothing beyond",
            sign="accuracy on seen facts far above that on unseen ones",
            mitigation="several phrasings of each fact, early stopping on the dev questions, a second seed",
            owner="machine-learning engineer",
        ),
        Risk(
            title="Tuning makes the model forget general knowledge, or invent more boldly",
            sign="retention below 95 %, or hallucination above that of base",
            mitigation="a lower rank or learning rate, fewer epochs, examples that decline",
            owner="machine-learning engineer",
        ),
    ]
    if short_of_examples:
        found.append(
            Risk(
                title="Not enough labelled examples in time",
                sign=f"{short_of_examples:,} are missing",
                mitigation="write those for the most frequent questions first; ship RAG if week 4 ends short",
                owner="domain expert",
            )
        )
    if profile.ml_expertise < 2:
        found.append(
            Risk(
                title="Nobody can tell why a training failed",
                sign=f"machine-learning expertise {profile.ml_expertise} of 5",
                mitigation="keep to the recipe that Bakeoff ships; bring in an engineer for weeks 5 to 10",
                owner="product owner",
            )
        )
    if profile.privacy_on_premises:
        found.append(
            Risk(
                title="The tuned model recites private text (Carlini et al. 2021, arXiv:2012.07805)",
                sign="documents must stay on the premises",
                mitigation="remove personal data before training; keep the weights where the documents are",
                owner="platform engineer",
            )
        )
    return found


def _of_the_situation(profile: Profile) -> list[Risk]:
    found = [
        Risk(
            title="The documents do not hold what users ask",
            sign="many declined questions that experts can answer",
            mitigation="list them weekly, and have their documents written: no approach answers what nobody wrote down",
            owner="domain expert",
        )
    ]
    if profile.budget_usd_per_month is not None:
        found.append(
            Risk(
                title="More use than was budgeted for",
                sign=f"{profile.budget_usd_per_month:,.0f} USD a month for {profile.queries_per_month:,.0f} queries",
                mitigation="alert at 80 % of the budget; answer repeated questions from a cache",
                owner="platform engineer",
            )
        )
    if profile.deadline_days is not None and profile.deadline_days < 84:
        found.append(
            Risk(
                title="The deadline comes before the plan ends",
                sign=f"{profile.deadline_days:g} days against 84",
                mitigation="release to a small group first; cut improvement before cutting testing",
                owner="product owner",
            )
        )
    return found
