"""The risks of an approach in a team's situation, and what to do about them.

Takes a `Profile` and the approaches of a plan. Gives only the risks that apply, each with its warning sign. Knows
nothing about weeks or tasks.
"""

from collections.abc import Sequence

from bakeoff.decide.advise.factors import every
from bakeoff.decide.situation.approaches import FINE_TUNING, HYBRID, RAG
from bakeoff.decide.situation.profile import Profile
from bakeoff.records import Record
from bakeoff.sentences import as_given


class Risk(Record):
    """What may happen, its warning sign, the mitigation and its owner."""

    title: str
    sign: str
    mitigation: str
    owner: str


def risks(profile: Profile, approaches: Sequence[str], short_of_examples: int = 0) -> list[Risk]:
    """The risks that apply, in this order: retrieval, training, outdated answers, the team's situation."""
    applying = []
    if {RAG, HYBRID} & set(approaches):
        applying += _of_retrieval(profile)
    if {FINE_TUNING, HYBRID} & set(approaches):
        applying += _of_training(profile, short_of_examples)
    if FINE_TUNING in approaches and profile.update_interval_days:
        applying.append(
            Risk(
                title="The tuned model gives outdated answers",
                sign=f"documents change {every(profile.update_interval_days)}",
                mitigation="measure freshness at every retraining; decline on changed facts; fall back to RAG",
                owner="machine-learning engineer",
            )
        )
    return applying + _of_the_situation(profile)


def _of_retrieval(profile: Profile) -> list[Risk]:
    applying = [
        Risk(
            title="The right passage is not retrieved, so no model can answer",
            sign="retrieval recall on the dev questions below 90 %",
            mitigation="measure recall separately from answers; combine keyword and vector search; fix headings",
            owner="application developer",
        )
    ]
    if profile.model_billion_parameters is not None and profile.model_billion_parameters < 3:
        applying.append(
            Risk(
                title="The model reads passages poorly",
                sign=f"{profile.model_billion_parameters:g} billion parameters; high recall but low accuracy",
                mitigation="compare with extract; show fewer passages; tune it on passages (hybrid); a larger model",
                owner="application developer",
            )
        )
    if profile.latency_limit_ms is not None and profile.latency_limit_ms < 1000:
        applying.append(
            Risk(
                title="Passages make the prompt too long for the latency limit",
                sign=f"limit of {profile.latency_limit_ms:,.0f} ms",
                mitigation="use fewer and shorter passages, cached prompts, or a router for frequent questions",
                owner="platform engineer",
            )
        )
    return applying


def _of_training(profile: Profile, short_of_examples: int) -> list[Risk]:
    applying = [
        Risk(
            title="The model memorises its examples and does not generalise (overfitting)",
            sign="accuracy far higher on seen facts than on unseen ones",
            mitigation="use several phrasings of each fact, early stopping on the dev questions, and a second seed",
            owner="machine-learning engineer",
        ),
        Risk(
            title="Tuning makes the model forget general knowledge, or hallucinate more",
            sign="retention below 95 %, or more hallucination than base",
            mitigation="lower the rank or learning rate, train fewer epochs, add examples that decline",
            owner="machine-learning engineer",
        ),
    ]
    if short_of_examples:
        applying.append(
            Risk(
                title="Not enough labelled examples in time",
                sign=f"{short_of_examples:,} examples are missing",
                mitigation="start with the most frequent questions; ship RAG if examples are missing after week 4",
                owner="domain expert",
            )
        )
    if profile.ml_expertise < 2:
        applying.append(
            Risk(
                title="The team cannot find out why a training run failed",
                sign=f"machine-learning expertise {profile.ml_expertise} of 5",
                mitigation="use the recipe that Bakeoff ships; bring in an engineer for weeks 5 to 10",
                owner="product owner",
            )
        )
    if profile.privacy_on_premises:
        applying.append(
            Risk(
                title="The tuned model reveals private text (Carlini et al. 2021, arXiv:2012.07805)",
                sign="documents must stay on the premises",
                mitigation="remove personal data before training; keep the weights where the documents are",
                owner="platform engineer",
            )
        )
    return applying


def _of_the_situation(profile: Profile) -> list[Risk]:
    applying = [
        Risk(
            title="The documents do not contain what users ask",
            sign="many declined questions that experts can answer",
            mitigation="list these questions weekly and add the missing documents; no approach can answer without them",
            owner="domain expert",
        )
    ]
    if profile.budget_usd_per_month is not None:
        applying.append(
            Risk(
                title="Usage exceeds the budget",
                sign=f"{as_given(profile.budget_usd_per_month)} USD a month for "
                f"{profile.queries_per_month:,.0f} queries",
                mitigation="alert at 80 % of the budget; answer repeated questions from a cache",
                owner="platform engineer",
            )
        )
    if profile.deadline_days is not None and profile.deadline_days < 84:
        applying.append(
            Risk(
                title="The deadline comes before the plan ends",
                sign=f"{profile.deadline_days:g} days; the plan takes 84",
                mitigation="release to a small group first; cut improvement work before testing",
                owner="product owner",
            )
        )
    return applying
