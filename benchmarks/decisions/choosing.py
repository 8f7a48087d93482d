"""Which contender is chosen, and what is said about the others: equal ones, cheap ones, dear ones, stale ones."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from printed_tables import Table

from bakeoff.decide.situation.profile import Profile
from decisions.judged import (
    SEED,
    Judged,
    counted,
    judged,
    percent,
    profile_of,
    share,
    verdicts,
    worth_of,
)
from decisions.pilots import Pilot, Skill, World, answers, graded_pilot, pilot, questions_of, with_base

EASY: dict[str, Any] = {"accuracy_requirement": 1, "max_hallucination": 0.99}


def winners(found: Sequence[Judged]) -> str:
    """How often each was chosen, in percent."""
    counts = Counter(one.verdict.winner or "nobody" for one in found)
    return counted({name: n / len(found) for name, n in counts.items()})


def equal(n_pilots: int) -> Table:
    """Six equal contenders: what is named, and what is said of the others."""
    skills, rows = with_base(**{f"rag_{i}": (0.85, 0.03) for i in range(6)}), []
    dearer = {f"rag-{i}": 5.0 + 3 * i for i in range(6)}
    for n, title, profile, days in (
        (100, "no value, the first is the cheapest", Profile(), dearer),
        (400, "no value, the first is the cheapest", Profile(), dearer),
        (4000, "no value, the first is the cheapest", Profile(), dearer),
        (100, "1 USD, all cost the same", profile_of(**worth_of(1.0)), {}),
        (100, "1 USD, the first is 1,500 USD cheaper", profile_of(**worth_of(1.0)), dearer),
    ):
        found = verdicts(World(skills, n, days=days), profile, n_pilots if n < 4000 else max(10, n_pilots // 10))
        rows.append([
            f"{n}", title, winners(found), f"{100 * np.mean([_chance(one) for one in found]):.0f}",
            f"{np.mean([len(one.verdict.tied_with) for one in found]):.1f}",
            percent(share(found, false_difference)),
        ])  # fmt: skip
    header = [
        "facts",
        "worth",
        "named, %",
        "chance given to it, %",
        "others that may be best",
        "any false difference, %",
    ]
    return Table(f"Six equal contenders, 85 % right, 3 % wrong ({n_pilots} pilots each)", header, rows)


def _chance(one: Judged) -> float:
    worth, winner = one.case.worth, one.verdict.winner
    if winner is None:
        return float("nan")
    return worth.nets[winner].best if worth.nets else worth.best[winner]


def false_difference(one: Judged) -> bool:
    """Whether two contenders are called different, base models aside."""
    base = set(one.verdict.baselines)
    return any(c.finding == "different" and not base & {c.a, c.b} for c in one.verdict.contrasts)


def two_points_behind(n_pilots: int) -> Table:
    """rag 85/3 for 20,000 USD, extract 83/3 for 2,500 USD: worth the same at 73 USD for a right answer."""
    world = {"skills": with_base(rag=(0.85, 0.03), extract=(0.83, 0.03)), "days": {"rag": 40.0, "extract": 5.0}}
    return _by_value(
        "A cheap contender 2 points behind: chosen, % (break-even 73 USD)",
        world,
        (None, 10, 50, 100, 500),
        n_pilots,
    )


def dear(n_pilots: int) -> Table:
    """hybrid 88.5/3 for 22,500 USD, extract 85/3 for 100 USD: worth the same at 53 USD for a right answer."""
    world = {"skills": with_base(hybrid=(0.885, 0.03), extract=(0.85, 0.03)), "days": {"hybrid": 45.0, "extract": 0.2}}
    return _by_value(
        "3.5 points at 225 times the cost: chosen, % (break-even 53 USD)",
        world,
        (None, 5, 20, 53, 100, 300),
        n_pilots,
    )


def _by_value(title: str, world: Mapping[str, Any], values: Sequence[float | None], n_pilots: int) -> Table:
    sizes, rows = (100, 400, 1000), []
    for usd in values:
        profile = Profile() if usd is None else profile_of(**worth_of(float(usd)))
        found = [verdicts(World(**world, n_facts=n), profile, n_pilots) for n in sizes]
        rows.append([f"{usd} USD" if usd else "not given", *(winners(of) for of in found)])
    return Table(f"{title} ({n_pilots} pilots each)", ["a right answer", *(f"{n} facts" for n in sizes)], rows)


def wrong_answers(n_pilots: int) -> Table:
    """tuned 84/16 against rag 81/2, the same cost: worth the same if a wrong answer costs .21 right ones."""
    world, rows = {"skills": with_base(tuned=(0.84, 0.16), rag=(0.81, 0.02))}, []
    for penalty in (0.0, 0.1, 0.5, 1.0, 4.0):
        plain = profile_of(wrong_answer_penalty=penalty, accuracy_requirement=3)
        valued = profile_of(**worth_of(1.0, wrong=penalty))
        cells = [
            winners(verdicts(World(**world, n_facts=n), profile, n_pilots))
            for n in (100, 400)
            for profile in (plain, valued)
        ]
        rows.append([f"{penalty:g}", *cells])
    header = ["penalty", "100 facts, goals", "100 facts, value 1 USD", "400 facts, goals", "400 facts, value 1 USD"]
    return Table(
        f"84 % right and 16 % wrong (tuned) against 81 and 2 (rag): chosen, % ({n_pilots} pilots each)", header, rows
    )


def as_good(n_pilots: int, sizes: Sequence[int] = (40, 120, 300, 1000, 4000)) -> Table:
    """How often a cheaper contender is said to be as good, by the true lead of the other. The margin is 2 points."""
    rows = []
    for lead in (0.0, 0.02, 0.04, 0.08):
        world = {
            "skills": with_base(rag=(0.80 + lead, 0.05), extract=(0.80, 0.05)),
            "days": {"rag": 40.0, "extract": 5.0},
        }
        many = {n: n_pilots if n < 4000 else max(8, n_pilots // 4) for n in sizes}
        found = [verdicts(World(**world, n_facts=n), profile_of(**EASY), many[n]) for n in sizes]
        rows.append([f"{100 * lead:.0f}", *(percent(share(of, lambda one: bool(one.verdict.as_good))) for of in found)])
    return Table(f"Said to be as good within 2 points, % ({n_pilots} pilots each; a quarter of them at 4,000)",
                 ["true lead, points", *(f"{n}" for n in sizes)], rows)  # fmt: skip


# Freshness.


def with_changes(world: World, fresh: Mapping[str, Skill], i: int, n_changed: int = 60) -> tuple[Pilot, dict[str, Any]]:
    """A pilot, and what its changed questions add to `Tested`: nobody knows a change before the update."""
    rng = np.random.default_rng([SEED, 1, i])
    of = pilot(world, rng)
    changed = World({name: fresh.get(name, Skill(0.0, 1.0)) for name in world.skills}, n_changed)
    questions = questions_of(changed, rng, part="changed", prefix="changed ")
    after = graded_pilot(changed, questions, answers(changed, rng))
    before = graded_pilot(changed, questions, np.full((len(world.skills), n_changed), -1))
    return of, {
        "changed": questions,
        "before": (before.correct, before.abstained),
        "after": (after.correct, after.abstained),
    }


def freshness(n_pilots: int, n_facts: int = 300) -> Table:
    """tuned 86 % right, of changed facts none; rag 82 %, also of changed facts."""
    world = World(with_base(tuned=(0.86, 0.05), rag=(0.82, 0.05)), n_facts)
    fresh, rows = {"rag": Skill(0.82, 0.05)}, []
    for title, interval in (
        ("never", None),
        ("a year", 365.25),
        ("a month", 30.4),
        ("a day", 1.0),
        ("an hour", 1 / 24),
    ):
        for value in ({}, worth_of(1.0)):
            profile, found = profile_of(**EASY, update_interval_days=interval, **value), []
            for i in range(n_pilots):
                of, more = with_changes(world, fresh, i)
                found.append(judged(of, profile, **more, update_days=UPDATE_DAYS))
            utility = {
                name: np.mean([one.case.worth.utility[name].value for one in found]) for name in ("tuned", "rag")
            }
            rows.append(
                [
                    title,
                    "1 USD" if value else "not given",
                    winners(found),
                    *(f"{100 * utility[name]:.1f}" for name in ("tuned", "rag")),
                ]
            )
    header = ["documents change every", "a right answer", "chosen, %", "utility of tuned", "utility of rag"]
    return Table(
        f"tuned 86 % right and stale, rag 82 % and fresh, {n_facts} facts ({n_pilots} pilots each)", header, rows
    )


NEEDS: dict[str, dict[str, Any]] = {
    "none": {},
    "needs_citations": {"needs_citations": True},
    "needs_live_sources": {"needs_live_sources": True},
    "needs_independent_updates": {"needs_independent_updates": True},
    "deadline of 5 days": {"deadline_days": 5},
    "documents change every hour": {"update_interval_days": 1 / 24},
}
UPDATE_DAYS = {"tuned": 0.1, "rag": 0.001}


def needed(n_pilots: int, n_facts: int = 600) -> Table:
    """tuned 86 % right, rag 82 %. Setting up takes 8 to 20 days against 3 to 5, an update 2.4 hours against 1.4 min."""
    world, rows = World(with_base(tuned=(0.86, 0.05), rag=(0.82, 0.05)), n_facts), []
    more = {"days": {"rag": (3.0, 5.0), "tuned": (8.0, 20.0), "base": (1.0, 2.0)}, "update_days": UPDATE_DAYS}
    for title, given in NEEDS.items():
        found = verdicts(world, profile_of(**EASY, **given), n_pilots, **more)
        rows.append([title, winners(found), found[0].verdict.excluded.get("tuned", "")])
    header = ["the profile says", "chosen, %", "why tuned is out"]
    return Table(f"tuned 86 % right, rag 82 %, {n_facts} facts ({n_pilots} pilots each)", header, rows)


# Traffic.


def traffic_pilot() -> Pilot:
    """80 facts: by question extract is right in 47.5 % and hybrid in 38.8 %; by traffic in 45.8 and 50.0 %."""
    world = World(with_base(base=(0.0, 0.0), extract=(0, 0), hybrid=(0, 0)), 80)
    asked = [
        question.model_copy(update={"asked": 10 if i < 20 else 1, "slice": "seen" if i < 20 else "unseen"})
        for i, question in enumerate(questions_of(world, np.random.default_rng(0)))
    ]
    right = {"base": set(range(2)), "extract": {*range(9), *range(20, 49)}, "hybrid": {*range(9, 20), *range(49, 69)}}
    outcome = np.array([[float(i in right[name]) for i in range(80)] for name in world.skills])
    return graded_pilot(world, asked, outcome)


def traffic() -> Table:
    """The case of the example: what counts turns the order, and the verdict says so."""
    rows, of = [], traffic_pilot()
    for title, given in (
        ("each question", {}),
        ("each fact", {"counts": "fact"}),
        ("traffic", {"counts": "traffic"}),
        ("seen .7, unseen .3", {"slice_weights": {"seen": 0.7, "unseen": 0.3}}),
        ("seen .25, unseen .75", {"slice_weights": {"seen": 0.25, "unseen": 0.75}}),
    ):
        one = judged(of, profile_of(**EASY, **given))
        utility = one.case.worth.utility
        warned = [line for line in one.verdict.warnings if " leads: " in line]
        leader = one.case.leader or "nobody"
        rows.append(
            [
                title,
                leader,
                *(f"{100 * utility[name].value:.1f}" for name in ("extract", "hybrid")),
                " ".join(warned) or "none",
            ]
        )
    return Table(
        "By question extract leads, by traffic hybrid", ["what counts", "leader", "extract", "hybrid", "warning"], rows
    )
