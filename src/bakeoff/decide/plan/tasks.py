"""The tasks of each phase of a roadmap.

Takes a `Plan` (profile, approaches, targets), gives drafts of tasks (title, owner, days); `criteria.py` has the exit
criteria. Knows nothing about weeks or money. The profile's engineering days are spread over the tasks that they pay
for; the cost model counts the days of all tasks.
"""

import math
from dataclasses import dataclass

from bakeoff.decide.situation.approaches import FINE_TUNING, HYBRID, RAG, TITLES, Standing
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.targets import Target, required
from bakeoff.decide.wording import NOBODY_ANSWERING
from bakeoff.measure.comparison import Entrant

PRODUCT, DOMAIN, APP, ML, PLATFORM = (
    "product owner",
    "domain expert",
    "application developer",
    "machine-learning engineer",
    "platform engineer",
)
TEST_QUESTIONS, TRAINING_EXAMPLES = 200, 500
"""200 questions can show a difference of 10 points (docs/roadmap.md). With 500 examples, tuning can learn the task."""
QUESTIONS_PER_DAY, EXAMPLES_PER_DAY = 60, 100
"""Test questions (with evidence) or training examples that one person writes and checks per day: an assumption."""
UNANSWERABLE_SHARE, WITHOUT_EVIDENCE, MIN_RECALL = 0.10, 0.15, 0.90
TUNED_WITHOUT_GPU = 0.5
"""Billion parameters below which LoRA on a few thousand examples takes minutes to an hour on a CPU."""
PEAK = 5.0
"""Questions in the busiest hour divided by those in an average hour: an assumption."""

SET_UP = {"index": 0.30, "training": 0.25, "service": 0.25, "first training": 0.25, "release": 0.20}
"""How the set-up days are divided among these tasks, in proportion, if a plan has them: an assumption."""

Draft = tuple[str, str, float]
"""A task's title, owner and effort in person-days."""


@dataclass(frozen=True)
class Plan:
    """Everything the tasks depend on. `goals` are the required targets of the profile, by measure."""

    profile: Profile
    approach: str
    tied_with: tuple[str, ...]
    goals: dict[str, Target]
    standing: Standing

    @property
    def entrants(self) -> list[Entrant]:
        """The contenders that represent the plan's approaches."""
        return [self.standing[name] for name in self.approaches]

    @property
    def approaches(self) -> tuple[str, ...]:
        return (self.approach, *self.tied_with)

    @property
    def trains(self) -> bool:
        return bool({FINE_TUNING, HYBRID} & set(self.approaches))

    @property
    def retrieves(self) -> bool:
        return bool({RAG, HYBRID} & set(self.approaches))

    @property
    def short_of_examples(self) -> int:
        return max(0, TRAINING_EXAMPLES - (self.profile.labelled_examples or 0)) if self.trains else 0

    @property
    def examples_at_hand(self) -> str:
        n_examples = self.profile.labelled_examples
        return "an unknown number" if n_examples is None else f"{n_examples:,}"

    def days(self, table: str) -> float:
        """The profile's engineering days for the most demanding approach of the plan."""
        return max(self.profile.days(table, entrant) for entrant in self.entrants)

    def set_up_days(self, task: str) -> float:
        """A task's part of the set-up days. The parts of all tasks that apply add up to the set-up days."""
        left_out = ([] if self.retrieves else ["index"]) + ([] if self.trains else ["training", "first training"])
        return self.days("setup_days") * SET_UP[task] / sum(SET_UP[name] for name in SET_UP if name not in left_out)

    @property
    def wanted(self) -> list[Target]:
        """The targets that apply to this plan."""
        return [goal for goal in self.goals.values() if self.trains or goal.measure != "retention"]

    @property
    def worth(self) -> list[str]:
        """What the worth of answers asks of this plan; [] if the profile does not say what they are worth."""
        return [] if self.profile.value is None else [worth_more(self.profile)]


def worth_more(profile: Profile) -> str:
    """What must be true, by the verdict, of a plan whose profile says what answers are worth."""
    than = f"today's process and than {NOBODY_ANSWERING}" if profile.has_today else NOBODY_ANSWERING
    return f"worth more than {than}, costs included"


def drafts(plan: Plan) -> list[list[Draft]]:
    """The tasks of the six phases, with rounded days: what the roadmap lists and the cost model pays for."""
    phases = (requirements, data, set_up, pilot, improvement, deployment)
    return [[(title, owner, rounded(days)) for title, owner, days in phase(plan)] for phase in phases]


def rounded(days: float) -> float:
    """Days of a task, rounded up to halves; at least half a day."""
    return max(0.5, math.ceil(2 * days - 1e-9) / 2)


def project_days(profile: Profile, entrant: Entrant) -> float:
    """The days of the plan for one contender beside its set-up and data.

    They are requirements, test questions, the pilot, improvement and the launch.
    """
    approach = entrant.approach or ""
    plan = Plan(profile, approach, (), required(profile), {approach: entrant})
    total = sum(days for phase in drafts(plan) for _, _, days in phase)
    return max(0.0, total - plan.days("setup_days") - plan.days("data_days"))


def _given(*tasks: Draft | None) -> list[Draft]:
    return [task for task in tasks if task]


# --- weeks 1 and 2: requirements and tools


def requirements(plan: Plan) -> list[Draft]:
    profile = plan.profile
    closed = profile.must_run_offline or profile.privacy_on_premises
    assumed = [goal.measure.removesuffix("_ms") for goal in plan.wanted if not goal.given]
    return _given(
        ("Write down what counts as a correct answer, and who decides in unclear cases", PRODUCT, 1.0),
        (f"Agree on the targets of the exit criteria; assumed so far: {', '.join(assumed) or 'none'}", PRODUCT, 1.0),
        (
            f"Collect {TEST_QUESTIONS} real questions from logs and support, with how often each is asked",
            DOMAIN,
            TEST_QUESTIONS / QUESTIONS_PER_DAY / 2,
        ),
        (f"Choose base model, engine and machine ({_where(profile)})", APP, 2.0),
        ("Check licences, data flows, and which data must stay on the premises", PLATFORM, 1.0) if closed else None,
        ("Find a machine-learning engineer, or a partner, for weeks 5 to 10", PRODUCT, 1.0)
        if plan.trains and profile.ml_expertise < 2
        else None,
        (f"Reserve a GPU for weeks 7 to 10{_on_premises(profile)}{_gpu_note(profile)}", PLATFORM, 0.5)
        if plan.trains and not profile.has_training_gpu and _needs_gpu(profile)
        else None,
    )


def _needs_gpu(profile: Profile) -> bool:
    """Whether tuning needs a GPU: not under 0.5 billion parameters, nor if an API trains; yes if size is unknown."""
    size = profile.model_billion_parameters
    return profile.training_on != "api" and (size is None or size >= TUNED_WITHOUT_GPU)


def _on_premises(profile: Profile) -> str:
    """A note that the GPU must be on the premises if the documents must stay there."""
    return ", on the premises" if profile.privacy_on_premises else ""


def _gpu_note(profile: Profile) -> str:
    """When it is not needed after all, and that the cost counts no GPU where the profile does not train on one."""
    size = profile.model_billion_parameters
    unless = f", unless the model is below {TUNED_WITHOUT_GPU:g} billion parameters" if size is None else ""
    return unless + (" (not in the cost: set training_on: gpu)" if profile.training_on == "machine" else "")


def _where(profile: Profile) -> str:
    if profile.must_run_offline:
        return "it must run offline"
    return "on the premises" if profile.privacy_on_premises else f"answers on: {profile.answers_on}"


# --- weeks 3 and 4: data


def data(plan: Plan) -> list[Draft]:
    days, short = plan.days("data_days"), plan.short_of_examples
    tokens = plan.profile.corpus_tokens
    size = f" (about {float(f'{tokens:.2g}'):,.0f} tokens)" if tokens else ""
    documents = max(1.0, 0.5 * days if plan.trains else days)
    return _given(
        (
            f"Collect the documents{size}, name an owner for each source, remove duplicates and outdated documents",
            APP,
            documents,
        ),
        (
            f"Write short answers and evidence for the {TEST_QUESTIONS} questions; make "
            f"{math.ceil(TEST_QUESTIONS * UNANSWERABLE_SHARE)} of them unanswerable",
            DOMAIN,
            TEST_QUESTIONS / QUESTIONS_PER_DAY / 2,
        ),
        (
            f"Write and check {short:,} more training examples ({plan.examples_at_hand} available, "
            f"{TRAINING_EXAMPLES} needed): several phrasings of each frequent fact",
            DOMAIN,
            max(short / EXAMPLES_PER_DAY, days - documents),
        )
        if short
        else None,
        (
            f"Check the {plan.profile.labelled_examples:,} labelled examples for contradictions, duplicates, old facts",
            DOMAIN,
            max(1.0, days - documents),
        )
        if plan.trains and not short
        else None,
        (
            "Add retrieved passages to the training examples, also irrelevant ones; leave the right passage out of "
            f"{percent(WITHOUT_EVIDENCE)}",
            ML,
            1.0,
        )
        if HYBRID in plan.approaches
        else None,
        ("Split by fact and document, and check for leaks: bakeoff init DOCS --questions FILE", APP, 0.5),
    )


# --- weeks 5 and 6: set-up


def set_up(plan: Plan) -> list[Draft]:
    profile = plan.profile
    return _given(
        (
            "Build the index: chunking, keyword and vector search, incremental updates",
            APP,
            plan.set_up_days("index"),
        )
        if plan.retrieves
        else None,
        ("Connect the live sources, with a time-out and a clear message when they fail", APP, 2.0)
        if plan.retrieves and profile.needs_live_sources
        else None,
        (
            "Set up training: environment, seeds, checkpoints, early stopping on the dev questions",
            ML,
            plan.set_up_days("training"),
        )
        if plan.trains
        else None,
        (
            "Build the service: API, web page, logging of questions without personal data",
            PLATFORM,
            plan.set_up_days("service"),
        ),
        ("Show the cited passage with every answer", APP, 1.0) if plan.retrieves and profile.needs_citations else None,
        (f"Plan one adapter for each of the {profile.n_model_versions} versions of the model", ML, 1.0)
        if plan.trains and profile.n_model_versions > 1
        else None,
    )


# --- weeks 7 and 8: first training and testing


def pilot(plan: Plan) -> list[Draft]:
    trained = [plan.standing[name].name for name in plan.approaches if name != RAG]
    return _given(
        (f"Train {' and '.join(trained)} for the first time", ML, plan.set_up_days("first training"))
        if plan.trains
        else None,
        ("Run the pilot with every contender on the test questions: bakeoff run bakeoff.yaml", APP, 1.0),
        (
            "Read 50 wrong answers and sort them by cause: not retrieved, misread, not known, wrongly declined",
            DOMAIN,
            2.0,
        ),
        (
            f"Decide between {' and '.join(TITLES[name] for name in plan.approaches)} by the verdict; stop the others",
            PRODUCT,
            0.5,
        )
        if plan.tied_with
        else ("Compare the verdict with this plan: keep the plan or change the approach", PRODUCT, 0.5),
    )


# --- weeks 9 and 10: improvement


def improvement(plan: Plan) -> list[Draft]:
    interval = plan.profile.update_interval_days
    return _given(
        ("Fix retrieval where it missed the evidence: chunk size, headings, synonyms, number of passages", APP, 3.0)
        if plan.retrieves
        else None,
        ("Train again with examples of what went wrong; keep the model that is better on the dev questions", ML, 3.0)
        if plan.trains
        else None,
        ("Correct documents that contradict each other or lack the answer", DOMAIN, 2.0),
        ("Calibrate on the dev questions when to decline", ML if plan.trains else APP, 1.0),
        (
            f"Rehearse an update: change {percent(plan.profile.changed_share_per_update)} of the documents, "
            f"{_update_way(plan)}, measure freshness and the time it takes",
            PLATFORM,
            1.0,
        )
        if interval
        else None,
        (f"Test under load: {peak_rate(plan.profile)}", PLATFORM, 1.0),
    )


def _update_way(plan: Plan) -> str:
    return "re-index" if plan.retrieves else "retrain"


def percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def peak_rate(profile: Profile) -> str:
    """The rate of questions in the busiest hour, per second if there is more than one per second."""
    hourly = PEAK * profile.queries_per_month / (365 / 12 * 24)
    return f"{hourly / 3600:,.2g} questions a second" if hourly > 3600 else f"{math.ceil(hourly):,} questions an hour"


# --- weeks 11 and 12: deployment


def deployment(plan: Plan) -> list[Draft]:
    return _given(
        (
            f"Release to 5 %, then 25 %, then all users{_old_process(plan.profile)}",
            PLATFORM,
            plan.set_up_days("release"),
        ),
        (
            "Monitor accuracy (weekly sample of 50 answers), latency, declined questions, cost; alert on targets",
            PLATFORM,
            2.0,
        ),
        ("Collect users' ratings and corrections as new questions", APP, 1.0),
        ("Write the runbook: update, roll back, shut down", PLATFORM, 1.0),
        ("Train the people who handle the questions that the product declines", PRODUCT, 1.0),
    )


def _old_process(profile: Profile) -> str:
    """Not where the profile says what answers are worth, but names no process of today: then nobody answers."""
    return "; keep today's process available" if profile.value is None or profile.has_today else ""
