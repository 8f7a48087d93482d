"""How often the verdict says "Ship" where a goal, a limit or a lead is truly missing, and where all is truly met."""

from collections.abc import Mapping, Sequence

import numpy as np
from printed_tables import Table

from bakeoff.decide.cost.draws import cost_draws, drawn_inputs
from bakeoff.decide.cost.model import setup_usd
from bakeoff.decide.situation.profile import Profile
from decisions.judged import Judged, judged, percent, pilots, profile_of, share, ships, verdicts, worth_of
from decisions.pilots import Skill, World, several, with_base

SIZES = (30, 40, 60, 100, 200, 400, 1000)
MISSED = {"70/10": (0.70, 0.10), "72/8": (0.72, 0.08), "79/5": (0.79, 0.05), "79.9/1": (0.799, 0.01),
          "90/5.1": (0.90, 0.051)}  # fmt: skip
MET = {"85/3": (0.85, 0.03), "90/2": (0.90, 0.02), "95/1": (0.95, 0.01)}
GOALS = profile_of(accuracy_requirement=3)
"""80 % right; at most 5 % wrong is assumed."""


def ship_worlds() -> dict[str, World]:
    """Worlds in which a goal is truly missed, then those in which all are met; n_facts is replaced."""
    one = {f"{name}, one contender": World(with_base(rag=skill)) for name, skill in MISSED.items()}
    return {
        **one,
        "79.5/3, six contenders": World(several(6, 0.795, 0.03)),
        "90/5.2, six contenders": World(several(6, 0.90, 0.052)),
        "79.5/3, six, less alike": World(several(6, 0.795, 0.03), alike=(0.1, 0.1)),
        "79.9/1, 2 phrasings a fact": World(with_base(rag=(0.799, 0.01)), phrasings=2),
        "90/5.1, 2 phrasings a fact": World(with_base(rag=(0.90, 0.051)), phrasings=2),
        "79.9/1, by traffic, sigma 1": World(with_base(rag=(0.799, 0.01)), sigma=1.0),
        "90/5.1, by traffic, sigma 1": World(with_base(rag=(0.90, 0.051)), sigma=1.0),
        "79.9/1, by traffic, sigma 2": World(with_base(rag=(0.799, 0.01)), sigma=2.0),
        "90/5.1, by traffic, sigma 2": World(with_base(rag=(0.90, 0.051)), sigma=2.0),
    }


def met_worlds() -> dict[str, World]:
    return {
        **{f"{name}, one contender": World(with_base(rag=skill)) for name, skill in MET.items()},
        "90/2, six contenders": World(several(6, 0.90, 0.02)),
        "90/2, 2 phrasings a fact": World(with_base(rag=(0.90, 0.02)), phrasings=2),
        "90/2, by traffic, sigma 1": World(with_base(rag=(0.90, 0.02)), sigma=1.0),
    }


def goals_of(world: World) -> Profile:
    return profile_of(accuracy_requirement=3, counts="traffic") if world.sigma else GOALS


def sized(world: World, n_facts: int) -> World:
    return World(**{**vars(world), "n_facts": n_facts})


def shipping(worlds: Mapping[str, World], title: str, n_pilots: int, sizes: Sequence[int] = SIZES) -> Table:
    """P("Ship") by the number of facts, in percent."""
    rows = [
        [name, *(percent(share(verdicts(sized(world, n), goals_of(world), n_pilots), ships)) for n in sizes)]
        for name, world in worlds.items()
    ]
    return Table(f"{title} ({n_pilots} pilots each, %)", ["truth (right/wrong)", *(f"{n}" for n in sizes)], rows)


def worth_nothing(n_facts: int) -> World:
    """rag costs what its answers are truly worth over a year, at 1 USD for a right one."""
    skill = Skill(0.9, 0.02)
    usd = 12_000 * skill.utility()
    return World(with_base((0.2, 0.2), rag=skill), n_facts, usd={"rag": usd})


def unsupported(n_pilots: int, sizes: Sequence[int] = SIZES) -> Table:
    """P("Ship") where all goals are met, but the contender is no better than the base model, or not worth its cost."""
    same = World({"base": Skill(0.9, 0.02), "rag": Skill(0.9, 0.02)})
    in_money = profile_of(**worth_of(1.0))
    rows = [
        ["as good as the base model (90/2)",
         *(percent(share(verdicts(sized(same, n), GOALS, n_pilots), ships)) for n in sizes)],
        ["worth as much as doing nothing (90/2)",
         *(percent(share(verdicts(worth_nothing(n), in_money, n_pilots), ships)) for n in sizes)],
    ]  # fmt: skip
    return Table(
        f'P("Ship") without a true lead ({n_pilots} pilots each, %)', ["truth", *(f"{n}" for n in sizes)], rows
    )


# Limits.


def hallucination_limit(n_pilots: int, sizes: Sequence[int] = SIZES) -> Table:
    """How often a limit of 5 % wrong answers is 'met' and 'missed', if the truth is 20 % above or below."""
    profile, rows = profile_of(max_hallucination=0.05, accuracy_requirement=1), []
    for title, wrong, phrasings in (
        ("6 % (over)", 0.06, 1),
        ("6 % (over), 2 phrasings", 0.06, 2),
        ("4 % (under)", 0.04, 1),
        ("2 % (under)", 0.02, 1),
    ):
        cells = []
        for n in sizes:
            found = verdicts(World(with_base(rag=(0.85, wrong)), n, phrasings), profile, n_pilots)
            cells.append(_met_missed(found, "hallucination"))
        rows.append([title, *cells])
    return Table(
        f"A limit of 5 % wrong answers: met / missed ({n_pilots} pilots each, %)",
        ["truth", *(f"{n}" for n in sizes)],
        rows,
    )


def _met_missed(found: Sequence[Judged], requirement: str) -> str:
    states = [one.standing("rag", requirement) for one in found]
    return f"{percent(np.mean([s == 'met' for s in states]))} / {percent(np.mean([s == 'missed' for s in states]))}"


TIMES = {
    "lognormal": lambda rng, n: 800 * rng.lognormal(0.0, 0.5, n),
    "bimodal (12 % slow)": lambda rng, n: np.where(rng.random(n) < 0.12, 4000, 500) * rng.lognormal(0.0, 0.2, n),
    "bimodal (6 % slow)": lambda rng, n: np.where(rng.random(n) < 0.06, 4000, 500) * rng.lognormal(0.0, 0.2, n),
}


def timed(kind: str, over: float, n_timed: int, n_pilots: int) -> list[Judged]:
    """Verdicts on pilots with so many timed questions; the true 95th percentile is `over` times the limit."""
    times, world = TIMES[kind], World(with_base(rag=(0.85, 0.03)), 40)
    p95 = float(np.quantile(times(np.random.default_rng(1), 1_000_000), 0.95))
    profile = profile_of(latency_limit_ms=p95 / over)
    return [
        judged(of, profile, latencies_ms={"rag": list(times(np.random.default_rng([5, n_timed, i]), n_timed))})
        for i, of in enumerate(pilots(world, n_pilots))
    ]


def latency_limit(n_pilots: int, sizes: Sequence[int] = (20, 40, 60, 100, 200)) -> Table:
    """How often a limit on the 95th percentile is 'met' and 'missed', if the truth is 20 % above or below it."""
    rows = [
        [f"{kind}: {title}", *(_met_missed(timed(kind, over, n, n_pilots), "latency_ms") for n in sizes)]
        for kind in TIMES
        for title, over in (("20 % over", 1.2), ("20 % under", 0.8), ("half", 0.5))
    ]
    title = f"A limit on the 95th percentile: met / missed, by timed questions ({n_pilots} pilots each, %)"
    return Table(title, ["truth", *(f"{n}" for n in sizes)], rows)


def budget(n_pilots: int) -> Table:
    """How often a budget for the set-up is 'met' and 'missed', by the true cost.

    The true cost is a draw of the product's own ranges, so the table says whether bounds and draws agree.
    """
    of, rows = next(pilots(World(with_base(rag=(0.85, 0.03)), 40, days={"rag": 5.0}), 1)), []
    inputs = {"rag": of.inputs["rag"]}
    true_usd = np.asarray(setup_usd(drawn_inputs(inputs, cost_draws(inputs, seed=1))["rag"]))
    for title, factor in (
        ("twice the budget", 0.5),
        ("20 % over", 1 / 1.2),
        ("20 % under", 1.25),
        ("half the budget", 2.0),
    ):
        states = [
            judged(of, profile_of(budget_setup_usd=float(usd * factor))).standing("rag", "setup_usd")
            for usd in np.random.default_rng(8).choice(true_usd, n_pilots)
        ]
        rows.append([title, *(percent(np.mean([s == state for s in states])) for state in ("met", "open", "missed"))])
    return Table(f"A budget, work included ({n_pilots} true costs each, %)",
                 ["true cost", "met", "not shown yet", "missed"], rows)  # fmt: skip


# The base gate.


def gate_pilots(right: Mapping[str, float], alike: tuple[float, float], n_pilots: int) -> list[Judged]:
    """Verdicts on pilots of 120 facts, whose answers are right or wrong, never declined."""
    world = World({name: Skill(share, 1 - share) for name, share in right.items()}, 120, alike=alike)
    return verdicts(world, profile_of(accuracy_requirement=1, max_hallucination=0.99), n_pilots)


def base_gate(n_pilots: int) -> Table:
    """120 facts, base 50 %, six contenders: how often the leader is shown to be better, and any false difference."""
    rows = []
    for alike in ((0.35, 0.30), (0.1, 0.2)):
        for title, right in GATES.items():
            found = gate_pilots(right, alike, n_pilots)
            shares = (
                share(found, best_beats_base),
                share(found, lambda one: one.verdict.winner is not None),
                share(found, lambda one, right=right: is_false(one, right)),  # type: ignore[misc]
            )
            rows.append([title, f"{sum(alike):.2f}", *map(percent, shares)])
    header = ["contenders, % right", "variance in common", "the first is better than base", "a winner", "any false"]
    return Table(f"120 facts, base model 50 % right, none declined ({n_pilots} pilots each, %)", header, rows)


GATES = {
    "65, five others 50": {"base": 0.5, "rag": 0.65, **{f"rag-{i}": 0.5 for i in range(1, 5)}},
    "65, 60, 55, 50, 45": {"base": 0.5, "rag": 0.65, "rag-1": 0.6, "rag-2": 0.55, "rag-3": 0.5, "rag-4": 0.45},
    "65 five times": {"base": 0.5, "rag": 0.65, **{f"rag-{i}": 0.65 for i in range(1, 5)}},
    "50 five times": {"base": 0.5, "rag": 0.5, **{f"rag-{i}": 0.5 for i in range(1, 5)}},
}


def best_beats_base(one: Judged) -> bool:
    return any(
        (c.a, c.b, c.finding) == ("rag", "base", "different") and c.difference > 0 for c in one.verdict.contrasts
    )


def is_false(one: Judged, right: Mapping[str, float]) -> bool:
    """Whether two contenders are called different that are not, or in the wrong direction."""
    return any(
        c.finding == "different" and (right[c.a] - right[c.b]) * c.difference <= 0 for c in one.verdict.contrasts
    )
