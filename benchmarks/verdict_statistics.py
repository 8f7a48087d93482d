"""How often what a verdict says is false, and how often it finds what is true: simulated pilots with known truth.

    python benchmarks/verdict_statistics.py [--pilots 400] [--only bounds,goals,...] [--quick]

Contenders answer questions in 1 to 3 phrasings of a fact. How hard a fact is varies, so that phrasings and contenders
are correlated. Prints tables for docs/results/verdict.md, with the methods that were used before beside those of now.
`--quick` simulates 8 pilots for each line, to see that everything works.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from decisions import labels, nothing
from printed_tables import header, line, run

from bakeoff.measure.anytime import log_fortune
from bakeoff.measure.base_then_leader import BaseThenLeader, base_then_leader
from bakeoff.measure.bounds import meets
from bakeoff.measure.contrasts import contrasts
from bakeoff.measure.sign_flips import sign_flip_p
from bakeoff.measure.statistics import holm, paired, share_estimate
from bakeoff.records import Contrast

NAMES = ("base", "a", "b", "c", "d", "e")


class Pilot(NamedTuple):
    """Of each contender 1 or 0 for each question; the fact and the weight of each question."""

    values: dict[str, dict[str, float]]
    facts: dict[str, str]
    weights: dict[str, float]


class World(NamedTuple):
    """What is simulated. `spread` is the standard deviation of how hard facts are, in logits.

    `sigma` is that of the logarithm of a fact's traffic. `n_phrasings` are the least and the most of a fact. With each
    standard deviation of traffic, facts are easier by `ease` logits; then `shares` are those by traffic.
    """

    shares: Sequence[float]
    n_facts: int
    spread: float = 1.0
    sigma: float = 0.0
    n_phrasings: tuple[int, int] = (1, 1)
    ease: float = 0.0

    @property
    def skills(self) -> np.ndarray:
        """Each contender's logit. By traffic, the standard score of a fact's traffic has the mean sigma."""
        spread, ease = math.hypot(self.spread, self.ease), self.ease * self.sigma
        return np.array([skill(share, spread) - ease for share in self.shares])


def pilots(world: World, n: int, seed: int = 0) -> Iterator[Pilot]:
    """Independent pilots. A question's id is its number."""
    skills = world.skills
    for i in range(n):
        rng = np.random.default_rng([seed, i])
        low, high = world.n_phrasings
        rows = np.repeat(np.arange(world.n_facts), rng.integers(low, high + 1, world.n_facts))
        hardness = rng.normal(0, world.spread, world.n_facts)[rows]
        luck, often = rng.random((len(skills), len(rows))), rng.standard_normal(world.n_facts)[rows]
        right = luck < 1 / (1 + np.exp(hardness - world.ease * often - skills[:, None]))
        traffic = np.exp(world.sigma * often)
        keys = [str(key) for key in range(len(rows))]
        yield Pilot(
            {
                name: dict(zip(keys, row.astype(float).tolist(), strict=True))
                for name, row in zip(NAMES, right, strict=False)
            },
            dict(zip(keys, map(str, rows), strict=True)),
            dict(zip(keys, traffic.tolist(), strict=True)),
        )


@cache
def skill(share: float, spread: float) -> float:
    """The logit at which so large a share is right, by bisection."""
    hardness = np.random.default_rng(99).normal(0, spread, 100_000)
    low, high = -20.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if np.mean(1 / (1 + np.exp(hardness - middle))) < share else (low, middle)
    return low


def side_of(goal: float) -> str:
    """Goals below a half are limits."""
    return "high" if goal < 0.5 else "low"


def meets_goal(pilot: Pilot, goal: float, by_traffic: bool = False) -> bool:
    estimate = share_estimate(pilot.values["base"], pilot.facts, pilot.weights if by_traffic else None)
    return meets(estimate.value or 0.0, estimate.n_effective, goal, side=side_of(goal))


def misses_goal_by_interval(pilot: Pilot, goal: float) -> bool:
    """The rule before: a goal is missed if the whole interval misses it."""
    estimate = share_estimate(pilot.values["base"], pilot.facts)
    return estimate.low > goal if side_of(goal) == "high" else estimate.high < goal


GOALS = (0.05, 0.72, 0.8, 0.95)
SIZES = (30, 100, 300, 1000)


def met_at_the_goal(n_questions: int, goal: float, spread: float, sigma: float, n_pilots: int) -> float:
    """How often a goal is called met if the true share is exactly the goal."""
    world = World((goal,), n_questions // 2, spread, sigma, (1, 3))
    return float(np.mean([meets_goal(pilot, goal, sigma > 0) for pilot in pilots(world, n_pilots)]))


def bounds(n_pilots: int) -> None:
    """A goal is called met although the true share only equals it."""
    header("true share is the goal", *(f"at most {g:.0%}" if g < 0.5 else f"at least {g:.0%}" for g in GOALS))
    for name, spread, sigma in (
        ("phrasings differ", 0.8, 0.0),
        ("phrasings alike", 3.0, 0.0),
        ("by traffic, sigma 1", 0.8, 1.0),
        ("by traffic, sigma 2", 0.8, 2.0),
    ):
        for n in SIZES:
            line(f"{name}, about {n} questions", *(met_at_the_goal(n, g, spread, sigma, 3 * n_pilots) for g in GOALS))


def goals(n_pilots: int) -> None:
    """A goal of 80 % that is truly missed by 8 points, and one that is met by 8."""
    header("questions", "true share", "before: not called missed", "now: called met")
    for share in (0.72, 0.88):
        for n in SIZES:
            found = [
                (not misses_goal_by_interval(pilot, 0.8), meets_goal(pilot, 0.8))
                for pilot in pilots(World((share,), n), n_pilots)
            ]
            line(n, f"{share:.0%}", *(float(column) for column in np.mean(found, axis=0)))


class Findings(NamedTuple):
    """Of one pilot: whether the most accurate contender beats base, and whether any equal pair is called different.

    Before: Holm over all pairs, and over the pairs with base.
    """

    holm_all: bool
    holm_base: bool
    now: bool
    false_holm_all: bool
    false_now: bool


def leader_of(pilot: Pilot) -> Callable[[Sequence[str]], str]:
    return lambda names: max(names, key=lambda name: sum(pilot.values[name].values()))


def two_steps(pilot: Pilot) -> BaseThenLeader:
    return base_then_leader(pilot.values, pilot.facts, ["base"], leader_of(pilot), "accuracy")


def is_false(pair: Contrast, p: float, world: World) -> bool:
    equal = world.shares[NAMES.index(pair.a)] == world.shares[NAMES.index(pair.b)]
    return equal and p < 0.05


def findings(pilot: Pilot, world: World) -> Findings:
    pairs = contrasts(pilot.values, pilot.facts, "accuracy")
    with_base = [pair for pair in pairs if pair.a == "base"]
    leader = leader_of(pilot)(NAMES[1 : len(world.shares)])
    over_all, over_base = (
        dict(zip([pair.b for pair in given], holm([pair.p for pair in given]), strict=True))
        for given in ([*[p for p in pairs if p.a != "base"], *with_base], with_base)
    )
    steps = two_steps(pilot)
    return Findings(
        over_all[leader] < 0.05,
        over_base[leader] < 0.05,
        leader in steps.passed,
        any(is_false(pair, p, world) for pair, p in zip(pairs, holm([pair.p for pair in pairs]), strict=True)),
        any(is_false(pair, pair.p_adjusted, world) for pair in (*steps.against_base, *steps.against_leader)),
    )


FAMILIES: Mapping[str, tuple[float, ...]] = {
    "base 50 %, five at 65 %": (0.5, *(0.65,) * 5),
    "all at 50 %": (0.5,) * 6,
    "base 50 %, five at 80 %": (0.5, *(0.8,) * 5),
    "three at 50 %, three at 80 %": (0.5, 0.5, 0.5, 0.8, 0.8, 0.8),
}


def family_of(name: str, spread: float, n_pilots: int, n_phrasings: tuple[int, int] = (1, 1)) -> np.ndarray:
    """The shares of pilots with each of the `Findings`."""
    world = World(FAMILIES[name], 120, spread, n_phrasings=n_phrasings)
    return np.mean([findings(pilot, world) for pilot in pilots(world, n_pilots)], axis=0)


def family(n_pilots: int) -> None:
    """120 facts, six contenders."""
    header(
        "simulated", "correlation", "the best beats base: Holm, all pairs", "Holm, pairs with base", "now",
        "any false difference: Holm, all pairs", "now",
    )  # fmt: skip
    for name in FAMILIES:
        for spread in (0.8, 1.2, 2.0):
            line(name, f"{correlation(spread):.2f}", *map(float, family_of(name, spread, n_pilots)))
    many = "three at 50 %, three at 80 %"
    line(f"{many}, 1 to 3 phrasings", f"{correlation(1.2):.2f}", *map(float, family_of(many, 1.2, n_pilots, (1, 3))))


def correlation(spread: float) -> float:
    """Between two contenders that are both right on half of the facts."""
    chance = 1 / (1 + np.exp(np.random.default_rng(5).normal(0, spread, 100_000)))
    return float(chance.var() / 0.25)


def power(n_pilots: int) -> None:
    """The further questions that open pairs are said to need: how often they are enough if what was seen is true."""
    header("facts", "true shares", "further questions, median", "then different, of those")
    for shares in ((0.5, 0.62, 0.62, 0.62), (0.5, 0.6, 0.6, 0.6, 0.6, 0.6)):
        line(60, shares, *advertised(shares, n_pilots))


def advertised(shares: Sequence[float], n_pilots: int) -> tuple[float, float]:
    """The median `more_questions` of pilots in which a differs from base by just the truth; power with that many."""
    gap, more = shares[1] - shares[0], []
    for pilot in pilots(World(shares, 60), 20 * n_pilots):
        seen = sum(pilot.values["a"].values()) - sum(pilot.values["base"].values())
        if abs(seen / 60 - gap) < 0.02 and len(more) < n_pilots:
            (first, *_) = contrasts(pilot.values, pilot.facts, "accuracy", [("a", "base"), *others(shares)])
            more += [first.more_questions] if first.finding == "open" else []
    n_facts = 60 + int(np.median(more or [0]))
    found = [
        contrasts(pilot.values, pilot.facts, "accuracy", [("a", "base"), *others(shares)])[0].finding == "different"
        for pilot in pilots(World(shares, n_facts), n_pilots, seed=1)
    ]
    return float(n_facts - 60), float(np.mean(found))


def others(shares: Sequence[float]) -> list[tuple[str, str]]:
    return [(name, "base") for name in NAMES[2 : len(shares)]]


class Traffic(NamedTuple):
    """Whether intervals by traffic hold the truth, before and now, and whether equal contenders differ."""

    share_before: bool
    share: bool
    difference_before: bool
    difference: bool
    false: bool


def by_traffic(pilot: Pilot, shares: Sequence[float]) -> Traffic:
    given = {name: pilot.values[name] for name in NAMES[:2]}
    estimate = share_estimate(given["base"], pilot.facts, pilot.weights)
    differences = {key: value - given["base"][key] for key, value in given["a"].items()}
    found = paired("a", "base", differences, pilot.facts, "accuracy", weights=pilot.weights)
    truth = shares[1] - shares[0]
    return Traffic(
        linearised(given["base"], pilot, shares[0]),
        estimate.low <= shares[0] <= estimate.high,
        linearised(differences, pilot, truth),
        found.low <= truth <= found.high,
        found.p < 0.05,
    )


def linearised(values: Mapping[str, float], pilot: Pilot, truth: float) -> bool:
    """Whether the usual clustered interval of a weighted mean holds the truth (before: with a score interval)."""
    rows = np.array([int(fact) for fact in pilot.facts.values()])
    weight, value = np.array(list(pilot.weights.values())), np.array(list(values.values()))
    sizes = np.bincount(rows, weights=weight)
    mean = float(weight @ value) / float(weight.sum())
    residuals = np.bincount(rows, weights=weight * value) - mean * sizes
    n = len(sizes)
    error = math.sqrt(n / (n - 1) * float(residuals @ residuals)) / float(sizes.sum())
    return abs(mean - truth) <= 2.0 * error


def traffic_of(n_facts: int, shares: Sequence[float], sigma: float, n_pilots: int, ease: float = 0.0) -> np.ndarray:
    """The shares of pilots with each of `Traffic`."""
    world = World(shares, n_facts, 1.0, sigma, (1, 3), ease)
    return np.mean([by_traffic(pilot, shares) for pilot in pilots(world, n_pilots)], axis=0)


EASES = ((1.0, "not easier", 0.0), (2.0, "not easier", 0.0), (2.0, "easier", 0.5), (2.0, "harder", -0.5))
"""The sigmas, and whether facts that are asked more are easier: by how many logits for each standard deviation."""


def traffic(n_pilots: int) -> None:
    """Weights with heavy tails."""
    header(
        "sigma", "facts asked more are", "facts", "true shares", "share holds: clustered error", "now",
        "difference holds: clustered error", "now", "different by the test",
    )  # fmt: skip
    for sigma, title, ease in EASES:
        for n in (40, 120, 300):
            for shares in ((0.6, 0.6), (0.5, 0.8), (0.9, 0.95)):
                line(sigma, title, n, shares, *map(float, traffic_of(n, shares, sigma, 2 * n_pilots, ease)))


def looks(n_pilots: int) -> None:
    """Ten looks at growing data, 30 to 300 facts."""
    header("true shares", "any look differs: usual test", "anytime", "last look differs: usual test", "anytime")
    for shares in ((0.6, 0.6), (0.55, 0.65), (0.5, 0.7)):
        line(shares, *map(float, looks_of(shares, 2 * n_pilots)))


def looks_of(shares: Sequence[float], n_pilots: int, times: Sequence[int] = range(30, 301, 30)) -> np.ndarray:
    """How often any look, or the last one, calls the two different: usual, anytime, usual, anytime."""
    found = []
    for pilot in pilots(World(shares, max(times), n_phrasings=(1, 3)), n_pilots):
        rows = np.array([int(fact) for fact in pilot.facts.values()])
        base, a = (np.array(list(pilot.values[name].values())) for name in NAMES[:2])
        sums, sizes = np.bincount(rows, weights=a - base), np.bincount(rows).astype(float)
        usual = [sign_flip_p(sums[:n]) < 0.05 for n in times]
        always = [log_fortune(sums[:n], sizes[:n], 0.0) > math.log(20) for n in times]
        found.append((any(usual), any(always), usual[-1], always[-1]))
    return np.mean(found, axis=0)


PARTS: Mapping[str, Callable[[int], None]] = {
    "bounds": bounds,
    "goals": goals,
    "family": family,
    "power": power,
    "traffic": traffic,
    "looks": looks,
    "labels": labels.labels,
    "nothing": nothing.nothing,
}


if __name__ == "__main__":
    run(__doc__, PARTS, 400)
