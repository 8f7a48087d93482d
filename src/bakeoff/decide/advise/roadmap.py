"""A 90-day plan made for the recommended approach and the team's own numbers.

Takes a `Profile` and an approach (with those it is tied with, which the pilot must then settle); gives a `Roadmap`:
phases of two weeks with tasks, owners by role and effort, exit criteria in measures, risks with mitigations, and what
recurs afterwards. Knows nothing about prices, files or models. The frame of six phases is one article's (see
claims.yaml); what fills it is made in `roadmap_tasks.py`.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from bakeoff.decide.advise import roadmap_tasks
from bakeoff.decide.advise.factors import FINE_TUNING, HYBRID, Standing, every
from bakeoff.decide.advise.risks import Risk, risks
from bakeoff.decide.advise.roadmap_tasks import APP, EXAMPLES_PER_DAY, ML, PLATFORM, Plan
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.targets import targets
from bakeoff.records import Record

WEEKS, TESTED_BY, DAYS_PER_PHASE = 12, 8, 10
MIN_RETRAINING_DAYS = 30.0
"""A hybrid takes its facts from the index, so it is retrained no more often than this."""


class Task(Record):
    """Work of one role in weeks first..last (1 to 12), with its effort in person-days."""

    title: str
    first_week: int
    last_week: int
    owner: str
    effort_days: float


class Phase(Record):
    """Two weeks: tasks, and what must be true before the next two begin."""

    name: str
    first_week: int
    last_week: int
    tasks: tuple[Task, ...]
    exit_criteria: tuple[str, ...]


class Recurring(Record):
    """What is done again and again once the product is live."""

    title: str
    every_days: int
    owner: str

    @property
    def when(self) -> str:
        """Such as 'Every 7 days'."""
        return every(self.every_days).capitalize()


class Roadmap(Record):
    """The whole plan; week 1 begins on `start`."""

    approach: str
    tied_with: tuple[str, ...]
    start: date
    phases: tuple[Phase, ...]
    risks: tuple[Risk, ...]
    recurring: tuple[Recurring, ...]
    notes: tuple[str, ...]

    def effort_by_owner(self) -> dict[str, float]:
        """Person-days of every role over the whole plan."""
        return _effort(self.tasks())

    def tasks(self) -> list[Task]:
        return [task for phase in self.phases for task in phase.tasks]

    def week_start(self, week: int) -> date:
        """The first day of a week, counted from 1."""
        return self.start + timedelta(weeks=week - 1)


def roadmap(profile: Profile, approach: str, start: date, standing: Standing, tied_with: Sequence[str] = ()) -> Roadmap:
    """The plan for one approach; those it is tied with are built for the pilot as well.

    `standing` is the contender that stands for each approach.
    """
    plan = Plan(profile, approach, tuple(tied_with), targets(profile), standing)
    frame = (
        ("Requirements and tools", roadmap_tasks.requirements(plan), roadmap_tasks.requirements_done(plan)),
        ("Data", roadmap_tasks.data(plan), roadmap_tasks.data_done(plan)),
        ("Set-up", roadmap_tasks.set_up(plan), roadmap_tasks.set_up_done(plan)),
        (
            "First training and testing" if plan.trains else "First testing",
            roadmap_tasks.pilot(plan),
            roadmap_tasks.pilot_done(plan),
        ),
        ("Improvement", roadmap_tasks.improvement(plan), roadmap_tasks.improvement_done(plan)),
        ("Deployment", roadmap_tasks.deployment(plan), roadmap_tasks.deployment_done(plan)),
    )
    phases = [
        Phase(
            name=name,
            first_week=2 * i + 1,
            last_week=2 * i + 2,
            exit_criteria=tuple(done),
            tasks=tuple(_task(2 * i + 1, *task) for task in tasks),
        )
        for i, (name, tasks, done) in enumerate(frame)
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
        effort_days=max(0.5, math.ceil(2 * effort_days - 1e-9) / 2),
    )


def _recurring(plan: Plan) -> list[Recurring]:
    interval = plan.profile.update_interval_days
    found = []
    if interval and plan.approach != FINE_TUNING:
        found.append(
            Recurring(
                title="Re-index the changed documents (by a scheduled job)",
                every_days=max(1, round(interval)),
                owner=PLATFORM,
            )
        )
    if interval and plan.approach == FINE_TUNING:
        found.append(
            Recurring(
                title="Retrain on the changed documents, and measure before it goes live",
                every_days=max(1, round(interval)),
                owner=ML,
            )
        )
    if interval and plan.approach == HYBRID:
        found.append(
            Recurring(
                title="Retrain on new questions and feedback, and measure before it goes live",
                every_days=round(max(interval, MIN_RETRAINING_DAYS)),
                owner=ML,
            )
        )
    return [*found, Recurring(title="Run the pilot again on last quarter's questions", every_days=91, owner=APP)]


def _notes(plan: Plan, phases: Sequence[Phase]) -> list[str]:
    profile, found = plan.profile, [_effort_note(plan, phases)]
    if profile.deadline_days is not None and profile.deadline_days < 7 * WEEKS:
        week = max(1, math.ceil(profile.deadline_days / 7))
        found.append(
            f"The deadline of {profile.deadline_days:g} days falls into week {week} of {WEEKS}: "
            + (
                "what was tested in weeks 7 and 8 can go to a small group by then."
                if week > TESTED_BY
                else f"nothing is tested by then. Move it, or bring in more people for weeks 1 to {TESTED_BY}; "
                "testing is the last thing to cut."
            )
        )
    for phase in phases:
        for owner, days in _effort(phase.tasks).items():
            if days > DAYS_PER_PHASE:
                people = math.ceil(days / DAYS_PER_PHASE)
                found.append(
                    f"Weeks {phase.first_week} and {phase.last_week} need {people} people as {owner} "
                    f"({days:g} days of work in {DAYS_PER_PHASE})."
                )
    if plan.short_of_examples / EXAMPLES_PER_DAY > plan.days("data_days"):
        found.append(
            f"Writing {plan.short_of_examples:,} examples takes longer than the profile's "
            f"{plan.days('data_days'):g} data days: raise data_days there, or the cost is too low."
        )
    return found


def _effort_note(plan: Plan, phases: Sequence[Phase]) -> str:
    """Why the plan's effort is more than the set-up days that the cost counts."""
    in_all = sum(sum(_effort(phase.tasks).values()) for phase in phases)
    days = max(
        plan.profile.days("setup_days", entrant) + plan.profile.days("data_days", entrant) for entrant in plan.entrants
    )
    whose = (
        "" if len(plan.approaches) == 1 else ", those of the most demanding approach, as all that are tied are built"
    )
    return (
        f"About {days:g} of the {in_all:g} person-days are what the cost model counts as set-up (data and "
        f"build{whose}). The others (requirements, test questions, the pilot, improvement, watching the launch) are in "
        f"no figure of the cost: a budget for the whole project has to hold all {in_all:g}."
    )


def _effort(tasks: Iterable[Task]) -> dict[str, float]:
    total: dict[str, float] = {}
    for task in tasks:
        total[task.owner] = total.get(task.owner, 0.0) + task.effort_days
    return total


def next_monday(today: date) -> date:
    """The first Monday after a day: where a roadmap begins unless told otherwise."""
    return today + timedelta(days=7 - today.weekday())
