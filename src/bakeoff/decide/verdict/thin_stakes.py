"""Own amounts for slices and kinds of questions that the test says too little about.

Takes the profile's own amounts and the test questions, then a `Case`. Gives what is thin, whether that keeps a choice
from being shipped, and sentences. Knows nothing about who leads.

A slice or kind without a test question counts nowhere: not in the draws, not in the bound of wrong answers. Fewer facts
than `facts_needed` show hardly more: with none of them wrong, it is still possible that more than half of such answers
are.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.stakes import replaced
from bakeoff.decide.verdict.case import Case, OwnFacts
from bakeoff.decide.wording import money
from bakeoff.records import Question

HALF = 0.5


def own_facts(questions: Sequence[Question], weights: Mapping[str, float], profile: Profile) -> tuple[OwnFacts, ...]:
    """The facts of each slice and kind with own amounts. Slices that `slice_weights` leaves out do not count."""
    value, mix = profile.value, profile.slice_weights
    if value is None:
        return ()
    asked = [question for question in questions if weights.get(question.id)]
    parts = [name for name in value.by_slice if not mix or mix.get(name)]
    return (
        *(OwnFacts("slice", name, _n_facts(of for of in asked if of.slice == name)) for name in parts),
        *(OwnFacts("kind", name, _n_facts(of for of in asked if of.kind == name)) for name in value.by_kind),
    )


def _n_facts(questions: Iterable[Question]) -> int:
    return len({question.fact for question in questions})


def facts_needed(level: float) -> int:
    """The least number of facts that, all answered well, show at this level that at most half are answered wrongly."""
    return math.ceil(math.log(1 - level) / math.log(HALF))


def thin(case: Case) -> list[OwnFacts]:
    """The slices and kinds with own amounts of which the test has too few facts."""
    return [of for of in case.own_facts if of.n < facts_needed(case.level)]


def blocking(case: Case) -> list[OwnFacts]:
    """Those of them where more is at stake than usual: nothing is shipped before they are tested."""
    return [of for of in thin(case) if _larger(case.profile, of)]


def lacking(of: OwnFacts) -> str:
    """What is not shown yet, as part of a list."""
    return f"how it answers questions of {of.title}"


def thin_reason(case: Case) -> str:
    """What keeps the choice from being shipped, with the amounts; empty if nothing of this does."""
    return " ".join(
        f"The test has {_found(of)} of {of.title}, where {_larger(case.profile, of)}." for of in blocking(case)
    )


def thin_warnings(case: Case) -> list[str]:
    """A warning for each slice and kind with own amounts that the test says too little about."""
    needed, blocks = facts_needed(case.level), blocking(case)
    return [
        f"The profile gives amounts for {of.title}, but the test has {_found(of)} of it"
        f"{': they count nowhere' if not of.n else ''}. At least {needed} facts are needed to say anything about it"
        f"{'; until then nothing is shipped, because more is at stake there than usual' if of in blocks else ''}."
        for of in thin(case)
    ]


def _found(of: OwnFacts) -> str:
    return "no question" if not of.n else f"only {of.n} {'fact' if of.n == 1 else 'facts'}"


def _larger(profile: Profile, of: OwnFacts) -> str:
    """The amounts of a slice or kind that are larger than the usual ones, in words; empty if none is."""
    value = profile.value
    if value is None:
        return ""
    usual = value.stakes(profile.wrong_answer_penalty)
    own = replaced(usual, (value.by_slice if of.what == "slice" else value.by_kind)[of.name])
    usd = profile.usd_of(value.currency)
    words = ("a right answer is worth", "a wrong answer costs", "a declined question costs")
    return " and ".join(
        f"{what} {money(usd * amount)} instead of {money(usd * before)}"
        for what, amount, before in zip(words, own, usual, strict=True)
        if amount > before
    )
