"""A 90-day plan for the recommended approach, with the team's own numbers.

Takes a `Profile`, an approach and the approaches it is tied with (the pilot decides between them). Gives a `Roadmap`:
two-week phases with tasks, owners by role, effort and exit criteria; risks with mitigations; and recurring work. Knows
nothing about prices, files or models. The six phases come from one of the articles (see claims.yaml);
`plan/tasks.py` and `plan/criteria.py` fill them.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from bakeoff.decide.advise.deadline import deadline_note
from bakeoff.decide.advise.estimates import estimates
from bakeoff.decide.advise.factors import every
from bakeoff.decide.advise.risks import Risk, risks
from bakeoff.decide.plan import criteria, tasks
from bakeoff.decide.plan.tasks import APP, EXAMPLES_PER_DAY, ML, PLATFORM, TEST_QUESTIONS, Plan
from bakeoff.decide.requirements.standing import GOALS
from bakeoff.decide.situation.approaches import FINE_TUNING, HYBRID, Standing
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.targets import Target, required
from bakeoff.measure.bounds import LEVEL
from bakeoff.records import Record

DAYS_PER_PHASE = 10
MIN_RETRAINING_DAYS = 30.0
"""A hybrid takes its facts from the index, so it is not retrained more often than this."""


class Task(Record):
    """Work of one role from first_week to last_week (1 to 12), with its effort in person-days."""

    title: str
    first_week: int
    last_week: int
    owner: str
    effort_days: float


class Phase(Record):
    """Two weeks: their tasks, and what must be true before the next phase begins."""

    name: str
    first_week: int
    last_week: int
    tasks: tuple[Task, ...]
    exit_criteria: tuple[str, ...]


class Recurring(Record):
    """Recurring work once the product is live. An interval below a day is that of a scheduled job."""

    title: str
    every_days: float
    owner: str

    @property
    def when(self) -> str:
        """Such as 'Every 7 days'."""
        return every(self.every_days).capitalize()


class Roadmap(Record):
    """The whole plan. Week 1 begins on `start`."""

    approach: str
    tied_with: tuple[str, ...]
    start: date
    phases: tuple[Phase, ...]
    risks: tuple[Risk, ...]
    recurring: tuple[Recurring, ...]
    notes: tuple[str, ...]

    def effort_by_owner(self) -> dict[str, float]:
        """Person-days of each role over the whole plan, in the order the roles first appear."""
        return _effort(self.tasks())

    def tasks(self) -> list[Task]:
        return [task for phase in self.phases for task in phase.tasks]

    def week_start(self, week: int) -> date:
        """The first day of a week, counted from 1."""
        return self.start + timedelta(weeks=week - 1)


def roadmap(profile: Profile, approach: str, start: date, standing: Standing, tied_with: Sequence[str] = ()) -> Roadmap:
    """The plan for one approach. The approaches it is tied with are built for the pilot as well.

    `standing` is the contender that represents each approach. Week 1 begins on `start`.
    """
    plan = Plan(profile, approach, tuple(tied_with), required(profile), standing)
    frame = (
        ("Requirements and tools", criteria.requirements_done),
        ("Data", criteria.data_done),
        ("Set-up", criteria.set_up_done),
        ("First training and testing" if plan.trains else "First testing", criteria.pilot_done),
        ("Improvement", criteria.improvement_done),
        ("Deployment", criteria.deployment_done),
    )
    phases = [
        Phase(
            name=name,
            first_week=2 * i + 1,
            last_week=2 * i + 2,
            exit_criteria=tuple(done(plan)),
            tasks=tuple(_task(2 * i + 1, *draft) for draft in drafts),
        )
        for i, ((name, done), drafts) in enumerate(zip(frame, tasks.drafts(plan), strict=True))
    ]
    return Roadmap(
        approach=approach,
        tied_with=plan.tied_with,
        start=start,
        phases=tuple(phases),
        risks=tuple(risks(profile, plan.approaches, plan.short_of_examples)),
        recurring=tuple(_recurring(plan)),
        notes=tuple(_notes(plan, phases)),
    )


def _task(week: int, title: str, owner: str, effort_days: float) -> Task:
    return Task(
        title=title,
        first_week=week,
        last_week=week + 1,
        owner=owner,
        effort_days=effort_days,
    )


def _recurring(plan: Plan) -> list[Recurring]:
    interval = plan.profile.update_interval_days
    recurring = []
    if interval and plan.approach != FINE_TUNING:
        recurring.append(
            Recurring(
                title="Re-index the changed documents (scheduled job)",
                every_days=_whole(interval),
                owner=PLATFORM,
            )
        )
    if interval and plan.approach == FINE_TUNING:
        recurring.append(
            Recurring(
                title="Retrain on the changed documents, and measure before going live",
                every_days=_whole(interval),
                owner=ML,
            )
        )
    if interval and plan.approach == HYBRID:
        recurring.append(
            Recurring(
                title="Retrain on new questions and feedback, and measure before going live",
                every_days=round(max(interval, MIN_RETRAINING_DAYS)),
                owner=ML,
            )
        )
    return [*recurring, Recurring(title="Run the pilot again on last quarter's questions", every_days=91, owner=APP)]


def _whole(days: float) -> float:
    """An interval in whole days; one below a day as it is."""
    return days if days < 1 else round(days)


def _notes(plan: Plan, phases: Sequence[Phase]) -> list[str]:
    profile, notes = plan.profile, [_effort_note(plan, phases)]
    if profile.deadline_days is not None:
        note = deadline_note(profile.deadline_days, estimates(profile, plan.standing).days, plan.approaches)
        notes += [note] if note else []
    notes += [_too_few_questions(goal) for goal in plan.wanted if fewest_questions(goal) > TEST_QUESTIONS]
    for phase in phases:
        for owner, days in _effort(phase.tasks).items():
            if days > DAYS_PER_PHASE:
                people = math.ceil(days / DAYS_PER_PHASE)
                notes.append(
                    f"Weeks {phase.first_week} and {phase.last_week} need {people} people in the role {owner} "
                    f"({days:g} days of work in {DAYS_PER_PHASE} working days)."
                )
    if plan.short_of_examples / EXAMPLES_PER_DAY > plan.days("data_days"):
        notes.append(
            f"Writing {plan.short_of_examples:,} examples takes longer than the {plan.days('data_days'):g} data days "
            "in the profile. Raise data_days there; otherwise the calculated cost is too low."
        )
    return notes


def fewest_questions(goal: Target) -> int:
    """How many test questions can show this share at all: if every one of them is as wanted. 0 if none can, or any."""
    side, worst = GOALS.get(goal.measure), goal.value
    if side is None or not 0 < worst < 1:
        return 0
    return math.ceil(math.log(1 - LEVEL) / math.log(worst if side == "low" else 1 - worst) - 1e-9)


def _too_few_questions(goal: Target) -> str:
    return (
        f"{TEST_QUESTIONS} test questions cannot show {goal.text}: even without an error that takes "
        f"{fewest_questions(goal):,}. Collect more, or the verdict says 'not shown yet'."
    )


def _effort_note(plan: Plan, phases: Sequence[Phase]) -> str:
    """How the plan's effort agrees with the days in the cost."""
    total_days = sum(sum(_effort(phase.tasks).values()) for phase in phases)
    if plan.tied_with:
        return (
            f"About {total_days:g} person-days, because all tied approaches are built for the pilot. The cost counts "
            "each approach alone."
        )
    stated = plan.profile.project_days is not None
    counts = f"the profile's {plan.profile.project_days:g} days beside set-up and data" if stated else "all of them"
    return f"About {total_days:g} person-days. The cost counts {counts}."


def _effort(tasks: Iterable[Task]) -> dict[str, float]:
    total: dict[str, float] = {}
    for task in tasks:
        total[task.owner] = total.get(task.owner, 0.0) + task.effort_days
    return total


def next_monday(today: date) -> date:
    """The first Monday after a day: the default start of a roadmap."""
    return today + timedelta(days=7 - today.weekday())
