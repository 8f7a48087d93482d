"""The 90-day roadmap and its calendar file follow from the approach and the profile."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bakeoff.decide.advise.deadline import WEEKS
from bakeoff.decide.advise.matrix import decision_matrix
from bakeoff.decide.advise.roadmap import Roadmap
from bakeoff.decide.advise.roadmap import roadmap as plan_for
from bakeoff.decide.cost.inputs import assumed_inputs
from bakeoff.decide.plan.tasks import EXAMPLES_PER_DAY
from bakeoff.decide.requirements.standing import GOALS, STATES, Known, standings
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.targets import required
from bakeoff.measure.bounds import share_bound
from bakeoff.measure.comparison import Estimate
from bakeoff.report.advice.calendar import escaped, folded, ics_text
from tests.unit.comparison_fixture import STANDING

START = date(2026, 11, 23)
STAMP = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def roadmap(profile: Profile, approach: str, start: date, tied_with: tuple[str, ...] = ()) -> Roadmap:
    return plan_for(profile, approach, start, STANDING, tied_with)


def text_of(plan: Roadmap) -> str:
    return " ".join(task.title for task in plan.tasks()).lower()


@pytest.mark.parametrize("approach", ["rag", "fine-tuning", "hybrid"])
def test_the_plan_fills_twelve_weeks_in_six_phases(approach: str) -> None:
    """Every phase lasts two weeks, follows the one before, has tasks with owners and effort, and exit criteria."""
    plan = roadmap(Profile(), approach, START)
    assert [(phase.first_week, phase.last_week) for phase in plan.phases] == [(w, w + 1) for w in range(1, WEEKS, 2)]
    for phase in plan.phases:
        assert phase.tasks
        assert phase.exit_criteria
        assert all(task.owner and task.effort_days >= 0.5 for task in phase.tasks)


def test_pure_rag_has_no_training() -> None:
    """A plan for RAG has no training, no machine-learning engineer and no examples."""
    plan = roadmap(Profile(labelled_examples=0, ml_expertise=0), "rag", START)
    assert "train " not in text_of(plan).replace("train the people", "")
    assert "machine-learning engineer" not in plan.effort_by_owner()
    assert "example" not in text_of(plan)
    assert not any("tun" in risk.title.lower() or "training" in risk.title.lower() for risk in plan.risks)


def test_pure_fine_tuning_builds_no_index() -> None:
    """A plan for fine-tuning alone neither indexes nor measures retrieval."""
    plan = roadmap(Profile(update_interval_days=60), "fine-tuning", START)
    assert "index" not in text_of(plan)
    assert not any("Retrieval" in line for phase in plan.phases for line in phase.exit_criteria)


def test_missing_examples_are_counted_and_paid_for() -> None:
    """The plan names 380 missing examples of 500 and counts the days to write them at 100 a day."""
    plan = roadmap(Profile(labelled_examples=120), "hybrid", START)
    task = next(task for task in plan.tasks() if "380 more training examples" in task.title)
    assert task.effort_days >= 380 / EXAMPLES_PER_DAY
    assert any("380 examples are missing" in risk.sign for risk in plan.risks)
    enough = roadmap(Profile(labelled_examples=900), "hybrid", START)
    assert "more training examples" not in text_of(enough)
    assert "900 labelled examples" in text_of(enough)


def test_a_tie_builds_both_for_the_pilot_and_decides_there() -> None:
    """A plan for RAG that is tied with a hybrid trains in weeks 7 and 8, and says how to decide between the two."""
    plan = roadmap(Profile(), "rag", START, ("hybrid",))
    pilot = plan.phases[3]
    assert any(task.title.startswith("Train hybrid") for task in pilot.tasks)
    assert any("by the verdict" in task.title for task in pilot.tasks)
    assert any("at least 2 points" in line for line in pilot.exit_criteria)


def test_what_recurs_follows_the_real_update_rate() -> None:
    """RAG is re-indexed and a tuned model retrained at every update; a hybrid retrained once in 30 days at most."""
    weekly = Profile(update_interval_days=7)
    every = {
        name: {one.title.split()[0]: one.every_days for one in roadmap(weekly, name, START).recurring}
        for name in ("rag", "fine-tuning", "hybrid")
    }
    assert every["rag"] == {"Re-index": 7, "Run": 91}
    assert every["fine-tuning"] == {"Retrain": 7, "Run": 91}
    assert every["hybrid"] == {"Re-index": 7, "Retrain": 30, "Run": 91}
    never = roadmap(Profile(update_interval_days=None), "fine-tuning", START)
    assert [one.title.split()[0] for one in never.recurring] == ["Run"]


def test_exit_criteria_carry_the_profiles_numbers() -> None:
    """Criteria from the team's own limits are not marked as assumed; the others are."""
    plan = roadmap(Profile(accuracy_requirement=4, latency_limit_ms=750, max_hallucination=0.03), "rag", START)
    improvement = " ".join(plan.phases[4].exit_criteria)
    assert "accuracy of at least 90 %." in improvement
    assert "at most 750 ms." in improvement
    assert "hallucination of at most 3 %." in improvement
    assert "(assumed)" in " ".join(roadmap(Profile(), "rag", START).phases[4].exit_criteria)


def test_cost_is_a_target_where_there_is_a_budget() -> None:
    """The monthly budget is a target for the running cost, work included."""
    plan = roadmap(Profile(budget_usd_per_month=500, queries_per_month=10_000), "rag", START)
    assert "running cost, work included, of at most 500 USD a month." in " ".join(plan.phases[4].exit_criteria)
    assert "cost per 1,000" not in " ".join(line for phase in plan.phases for line in phase.exit_criteria)


def test_effort_is_the_profiles_own() -> None:
    """Twice the engineering days in the profile make the set-up tasks twice as long, up to rounding to half days."""

    def days(setup: float) -> float:
        plan = roadmap(Profile(setup_days={"rag": setup}), "rag", START)
        return sum(task.effort_days for task in plan.phases[2].tasks)

    assert days(400) == pytest.approx(2 * days(200), abs=1)


@pytest.mark.parametrize("approach", ["rag", "fine-tuning", "hybrid"])
def test_plan_and_cost_count_the_same_days(approach: str) -> None:
    """All days of the plan are in the cost of its contender, also where the profile states days of set-up or data."""
    recipe = {"rag": "rag", "fine-tuning": "tuned", "hybrid": "hybrid"}[approach]
    for days in ({}, {"setup_days": {recipe: 100}}, {"data_days": {recipe: 100}}, {"labelled_examples": 600}):
        profile = Profile(**days)
        plan = roadmap(profile, approach, START)
        c = assumed_inputs(profile, [STANDING[approach]])[STANDING[approach].name]
        in_all = sum(plan.effort_by_owner().values())
        assert c.data_days + c.setup_days + c.project_days == pytest.approx(in_all)
        assert plan.notes[0] == f"About {in_all:g} person-days. The cost counts all of them."
    own = roadmap(Profile(project_days=3), approach, START)
    assert "The cost counts the profile's 3 days" in own.notes[0]


def test_targets_that_do_not_matter_are_not_to_be_signed() -> None:
    """Without training and changing documents, neither retention nor freshness is a target."""
    first = " ".join(roadmap(Profile(update_interval_days=None), "rag", START).phases[0].exit_criteria)
    assert "accuracy" in first
    assert not any(word in first for word in ("retention", "freshness", "consistency"))


def test_the_plan_and_the_conditions_ask_the_same_of_a_tuned_model() -> None:
    """The tuned model must beat RAG by the profile's margin."""
    done = " ".join(roadmap(Profile(margin=0.05), "fine-tuning", START).phases[3].exit_criteria)
    assert "beats RAG by at least 5 points" in done
    assert "behind" not in done


def test_what_is_asked_in_the_busiest_hour_is_told_in_a_unit_one_can_read() -> None:
    """The peak rate is per hour for few queries and per second for millions."""
    assert "6 questions an hour" in " ".join(
        t.title for t in roadmap(Profile(queries_per_month=800), "rag", START).tasks()
    )
    many = roadmap(Profile(queries_per_month=5_000_000), "rag", START).tasks()
    assert any("9.5 questions a second" in task.title for task in many)


def test_more_work_than_one_person_has_is_said() -> None:
    """If a role has more than ten days of work in two weeks, a note says how many people are needed."""
    plan = roadmap(Profile(setup_days={"rag": 50}), "rag", START)
    assert any("need 2 people in the role application developer" in note for note in plan.notes)


def deadline_note(days: float, approach: str = "rag", tied: tuple[str, ...] = (), **more: Any) -> str:
    notes = roadmap(Profile(deadline_days=days, **more), approach, START, tied).notes
    return next((note for note in notes if note.startswith("The deadline")), "")


@pytest.mark.parametrize("approach", ["rag", "fine-tuning", "hybrid"])
@pytest.mark.parametrize("days", [2, 20, 30, 40, 60, 84, 200])
def test_the_plan_says_of_a_deadline_what_matrix_and_verdict_say(approach: str, days: float) -> None:
    """Met, missed or not shown yet: the same state as in the row of the matrix. Silent only after the plan, if met."""
    profile = Profile(deadline_days=days)
    rows = decision_matrix(profile, STANDING).rows
    state = next(row for row in rows if row.factor == "deadline").states[approach]
    note = deadline_note(days, approach)
    assert f"({STATES[state]})" in note if state != "met" or days < 84 else not note
    assert ("can answer by then" in note) == (state == "met" and days < 84)
    assert ("cannot" in note) == (state == "missed")


def test_the_plan_says_what_comes_after_a_deadline_that_set_up_meets() -> None:
    """By one person, RAG takes 4 to 17 days: with 20 days it answers, untested; with 60 it is also tested."""
    early, late = deadline_note(20), deadline_note(60)
    assert "in week 3 of 12" in early and "RAG 4 to 17 (met)" in early
    assert "RAG can answer by then, if this work begins in week 1 instead of week 3." in early
    assert "Testing (weeks 7 and 8), improvement (weeks 9 and 10) and deployment (weeks 11 and 12) end after" in early
    assert "not tested: show them to a small group only" in early
    assert "RAG can answer by then. Improvement (weeks 9 and 10) and deployment (weeks 11 and 12) end after" in late
    assert "What was tested in weeks 7 and 8 can be released" in late


def test_a_tie_says_of_each_approach_whether_it_is_ready() -> None:
    """RAG can answer within 20 days, a hybrid may; with own days of work after the plan's end it cannot."""
    tied = deadline_note(20, "rag", ("hybrid",))
    assert "RAG can answer by then" in tied and "whether a hybrid can is not shown yet" in tied
    slow = deadline_note(100, setup_days={"rag": 200}, data_days={"rag": 1})
    assert "after the 12 weeks" in slow and "RAG cannot. Move the deadline" in slow


def test_a_limit_that_the_test_questions_cannot_show_is_told() -> None:
    """With 0 wrong of 200 answers, at most 1.5 % are wrong with 95 % confidence; 1 % takes 299 answers."""
    assert share_bound(0, 299, side="high") <= 0.01 < share_bound(0, 298, side="high")
    notes = roadmap(Profile(max_hallucination=0.01), "rag", START).notes
    assert any("cannot show hallucination of at most 1 %: even without an error that takes 299." in n for n in notes)
    assert not any("cannot show" in note for note in roadmap(Profile(max_hallucination=0.02), "rag", START).notes)


VALUED = {"value": {"currency": "USD", "unanswered": 4}, "update_interval_days": 7, "consistency_needed": True}


@pytest.mark.parametrize("approach", ["rag", "fine-tuning", "hybrid"])
def test_with_a_value_no_assumed_goal_is_demanded(approach: str) -> None:
    """What answers are worth says whether they are good enough, in every phase, as in the verdict."""
    plan = roadmap(Profile.model_validate(VALUED), approach, START)
    for phase in plan.phases:
        text = " ".join(phase.exit_criteria)
        text = text.replace("at least 90 % (assumed)", "")  # consistency, which the profile asks for
        assert "(assumed)" not in text and "points below target" not in text and "points of accuracy" not in text
    worth = [i for i, phase in enumerate(plan.phases) if any("than nobody answering" in x for x in phase.exit_criteria)]
    assert worth == [0, 3, 4, 5]
    assert any("assumed so far: consistency" in task.title for task in plan.tasks())
    better = "is worth more than RAG, costs included; otherwise use RAG." in " ".join(plan.phases[3].exit_criteria)
    assert better == (approach != "rag")
    without = roadmap(Profile(), approach, START)
    assert not any("nobody answering" in line for phase in without.phases for line in phase.exit_criteria)


def test_a_plan_keeps_todays_process_only_where_there_may_be_one() -> None:
    """With a value and no `today`, nobody answers: there is nothing to keep, and nothing to beat but that."""
    today = {"value": {**VALUED["value"], "today": {"accuracy": 0.8}}}
    described, none, unknown = (
        roadmap(Profile.model_validate(values), "rag", START).model_dump_json() for values in (today, VALUED, {})
    )
    assert "all users; keep today's process available" in described and "all users; keep today's" in unknown
    assert "worth more than today's process and than nobody answering" in described and "today's" not in none


def test_with_a_value_the_goals_of_the_profile_stay() -> None:
    """A goal or limit that the profile gives itself is an exit criterion besides."""
    own = {"accuracy_requirement": 4, "latency_limit_ms": 750, "max_hallucination": 0.03, "budget_usd_per_month": 900}
    plan = roadmap(Profile.model_validate({**VALUED, **own}), "rag", START)
    text = " ".join(plan.phases[4].exit_criteria)
    for words in ("accuracy of at least 90 %", "at most 750 ms", "hallucination of at most 3 %", "at most 900 USD"):
        assert words in text
    assert "freshness (accuracy on changed documents) of at least 90 %" in text
    unsaid = roadmap(Profile.model_validate(VALUED), "rag", START)
    assert "freshness" not in " ".join(unsaid.phases[4].exit_criteria)
    assert "Accuracy of at least 80 % on the test questions" in " ".join(plan.phases[3].exit_criteria)


@pytest.mark.parametrize("more", [{}, {"accuracy_requirement": 4}, {"max_hallucination": 0.03}])
@pytest.mark.parametrize("valued", [False, True])
def test_plan_and_verdict_require_the_same_goals(more: dict[str, Any], valued: bool) -> None:
    """The shares that the verdict asks of a contender are those that the plan's exit criteria name."""
    given = {**VALUED, **more} if valued else {**VALUED, "value": None, **more}
    profile = Profile.model_validate(given)
    asked = {one.text for one in standings(Known(estimates={"accuracy": Estimate(value=0.9, n=9)}), profile)}
    shares = {goal.text for goal in required(profile).values() if goal.measure in GOALS}
    assert asked == shares
    text = " ".join(roadmap(profile, "rag", START).phases[4].exit_criteria)
    assert all(goal in text for goal in asked)


def test_a_gpu_that_the_cost_does_not_count_is_said_to_be_missing_there() -> None:
    """The plan reserves a GPU, and the cost of a profile that trains on a machine without one has none."""

    def reserved(**values: Any) -> str:
        titles = [task.title for task in roadmap(Profile(**values), "fine-tuning", START).tasks()]
        return next((title for title in titles if title.startswith("Reserve a GPU")), "")

    unknown = reserved()
    assert "unless the model is below 0.5 billion" in unknown and "(not in the cost: set training_on: gpu)" in unknown
    assert reserved(model_billion_parameters=3, training_on="gpu") == "Reserve a GPU for weeks 7 to 10"
    assert reserved(model_billion_parameters=0.3) == ""


def test_hourly_updates_recur_every_hour() -> None:
    """The index is updated as often as the documents change; the calendar, which has days only, says so every day."""
    plan = roadmap(Profile(update_interval_days=1 / 24), "rag", START)
    assert plan.recurring[0].when == "Every hour"
    text = ics_text(plan, STAMP)
    assert "FREQ=DAILY;INTERVAL=1;" in text and "Every hour. Owner" in text


def test_risks_are_those_of_the_situation() -> None:
    """Private documents, a small model and little expertise each add a risk to the approaches they affect."""

    def titles(profile: Profile, approach: str) -> str:
        return " ".join(risk.title for risk in roadmap(profile, approach, START).risks)

    assert "reveals private text" in titles(Profile(privacy_on_premises=True), "fine-tuning")
    assert "reveals private text" not in titles(Profile(privacy_on_premises=True), "rag")
    assert "reads passages poorly" in titles(Profile(model_billion_parameters=0.135), "rag")
    assert "outdated answers" in titles(Profile(update_interval_days=7), "fine-tuning")
    assert "outdated answers" not in titles(Profile(), "fine-tuning")


# --- the calendar, read by a parser that shares nothing with the writer


def parsed(text: str) -> list[dict[str, str]]:
    """The events of an iCalendar text: property name (without parameters) to unescaped value."""
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    lines = re.sub("\r\n[ \t]", "", text).split("\r\n")[:-1]
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    events: list[dict[str, str]] = []
    inside = False
    for line in lines[1:-1]:
        name, value = line.split(":", 1)
        if line == "BEGIN:VEVENT":
            assert not inside
            inside, event = True, {}
        elif line == "END:VEVENT":
            inside = False
            events.append(event)
        elif inside:
            key = name.split(";")[0]
            assert key not in event
            event[key] = re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)
    assert not inside
    return events


def test_the_calendar_holds_every_task_review_and_repetition() -> None:
    """One event for each task, phase and recurring task, with the dates of its weeks."""
    plan = roadmap(Profile(update_interval_days=7), "hybrid", START)
    events = parsed(ics_text(plan, STAMP))
    assert len(events) == len(plan.tasks()) + len(plan.phases) + len(plan.recurring)
    by_summary = {event["SUMMARY"]: event for event in events}
    for task in plan.tasks():
        event = by_summary[task.title]
        assert event["DTSTART"] == f"{START + timedelta(weeks=task.first_week - 1):%Y%m%d}"
        assert event["DTEND"] == f"{START + timedelta(weeks=task.last_week - 1, days=5):%Y%m%d}"
        assert task.owner in event["DESCRIPTION"]
    assert by_summary["Review: Data"]["DTSTART"] == "20261218"
    assert "\n- " in by_summary["Review: Data"]["DESCRIPTION"]
    repeated = by_summary["Re-index the changed documents (scheduled job)"]
    assert repeated["RRULE"] == "FREQ=DAILY;INTERVAL=7;UNTIL=20280215"
    assert repeated["DTSTART"] == "20270215"


def test_events_have_what_the_standard_requires() -> None:
    """Event ids are unique and stable, the stamp is in UTC, and every event ends after it starts."""
    plan = roadmap(Profile(), "fine-tuning", START)
    events, again = parsed(ics_text(plan, STAMP)), parsed(ics_text(plan, STAMP))
    ids = [event["UID"] for event in events]
    assert len(set(ids)) == len(ids) > 0
    assert ids == [event["UID"] for event in again]
    assert all(event["DTSTAMP"] == "20261121T093000Z" and event["DTEND"] > event["DTSTART"] for event in events)


def test_no_line_is_longer_than_75_octets_and_no_character_is_cut() -> None:
    """Folding counts octets, not characters, and never splits one; unfolding gives the line back."""
    line = "SUMMARY:" + "Prüfung – ünïcode 漢字 😀, " * 12
    text = folded(line)
    pieces = text.encode().split(b"\r\n")
    assert all(len(piece) <= 75 for piece in pieces)
    assert [piece.decode(errors="replace") for piece in pieces] == text.split("\r\n")
    assert re.sub("\r\n ", "", text) == line + "\r\n"


def test_text_is_escaped() -> None:
    """Backslash, semicolon, comma and line ends are escaped; nothing else is."""
    assert escaped("a\\b; c, d\r\ne\nf: g") == "a\\\\b\\; c\\, d\\ne\\nf: g"
