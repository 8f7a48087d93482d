"""What of a plan is ready by the profile's deadline, by the same days of set-up as in matrix and verdict.

Takes a deadline, ranges of days and the approaches of a plan. Gives one note. The deadline is the day of the first
release: data and set-up have to be done by then, and what comes after them in the plan does not. Knows nothing about
tasks.
"""

from collections.abc import Mapping, Sequence

from bakeoff.decide.advise.estimated import span
from bakeoff.decide.advise.estimates import Range
from bakeoff.decide.requirements.standing import STATES, State, within
from bakeoff.decide.situation.approaches import NAMES, TITLES
from bakeoff.sentences import listed

SET_UP_WEEKS = (3, 6)
"""The weeks of the plan with data and set-up."""
AFTER_SET_UP = ("testing (weeks 7 and 8)", "improvement (weeks 9 and 10)", "deployment (weeks 11 and 12)")
TESTED_BY, WEEKS = 8, 12


def deadline_note(deadline: float, days: Mapping[str, Range], approaches: Sequence[str]) -> str:
    """Which approaches of the plan are set up by the deadline, and what of the plan ends after it.

    Empty if the deadline is after the plan and everything is surely set up by then.
    """
    states = {name: within(days[name].low, days[name].high, deadline) for name in approaches}
    if deadline >= 7 * WEEKS and set(states.values()) == {"met"}:
        return ""
    takes = "; ".join(f"{NAMES[name]} {span(days[name])} ({STATES[state]})" for name, state in states.items())
    return " ".join(
        [
            f"The deadline of {deadline:g} days is {_week(deadline)}.",
            f"Data and set-up take one person so many calendar days: {takes}.",
            _ready(deadline, states),
            *_after(deadline, states),
        ]
    )


def _week(deadline: float) -> str:
    week = int(-(-deadline // 7))
    return f"in week {week} of {WEEKS}" if week <= WEEKS else f"after the {WEEKS} weeks of this plan"


def _ready(deadline: float, states: Mapping[str, State]) -> str:
    """Which approaches can answer questions by then."""
    by_state = {state: [TITLES[name] for name in states if states[name] == state] for state in STATES}
    parts = []
    if by_state["met"]:
        early = f", if this work begins in week 1 instead of week {SET_UP_WEEKS[0]}" * (deadline < 7 * SET_UP_WEEKS[1])
        parts.append(f"{listed(by_state['met'])} can answer by then{early}")
    if by_state["open"]:
        parts.append(f"whether {listed(by_state['open'])} can is not shown yet")
    if by_state["missed"]:
        parts.append(f"{listed(by_state['missed'])} cannot")
    text = "; ".join(parts)
    move = "" if by_state["met"] else ". Move the deadline, or add people for data and set-up"
    return f"{text[0].upper()}{text[1:]}{move}."


def _after(deadline: float, states: Mapping[str, State]) -> list[str]:
    """What of the plan ends after the deadline, and what may be released until then."""
    later = [what for what, week in zip(AFTER_SET_UP, (TESTED_BY, 10, WEEKS), strict=True) if 7 * week > deadline]
    if not later:
        return []
    text = listed(later)
    lines = [f"{text[0].upper()}{text[1:]} {'end' if len(later) > 1 else 'ends'} after it."]
    if set(states.values()) == {"missed"}:
        return lines
    if deadline < 7 * TESTED_BY:
        return [*lines, "Until then its answers are not tested: show them to a small group only. Do not cut testing."]
    return [*lines, "What was tested in weeks 7 and 8 can be released to a small group by then."]
