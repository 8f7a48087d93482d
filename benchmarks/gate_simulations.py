"""Whether the gate can be trusted: simulated series of rounds with known truth, decided by the product's own gate.

    python benchmarks/gate_simulations.py [--pilots 1000] [--only errors,power,small,dev,cheaper,slices] [--quick]

Prints tables in Markdown: how often a series of 20 rounds promotes anything although no candidate is better, with
standing questions used again and again; how often a candidate that is better is promoted, by round, and how often dev
lets it be tested; the same for candidates that are as good and cheaper; and how often a loss on one slice stops a
candidate that is better elsewhere. Seeded. All tables take about half an hour on one core; `--quick` runs a few series
of each.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from printed_tables import Table, asked

from bakeoff.decide.situation.profile import Profile
from bakeoff.learn.choice import Worth, chosen, measured_on_dev
from bakeoff.learn.gate.gate import gate
from bakeoff.learn.gate.rotation import SHARE, rotation
from bakeoff.learn.gate.saving import Paid
from bakeoff.learn.gate.spending import ERROR, Spent, next_level, share
from bakeoff.learn.gate.tested import Contestant, GateDecision, Tested
from bakeoff.measure.graded import Graded
from bakeoff.records import Question

SEED = 13
N_ROUNDS = 20
N_TESTED = 300
"""Facts that a round tests at most."""
N_GENERAL = 60
SLICES = (("seen", 0.33), ("unanswerable", 0.2), ("unseen", 0.47))
ACCURACY = 0.6
CORRELATIONS = (0.15, 0.25, 0.40)
"""Shares of questions that only one of both contenders answers correctly."""
ROUNDS = (1, 5, 10, 20)
DEV_SIZES = (40, 100, 200)
SMALL = (166, 300)
PROFILE = Profile()
GENERAL_DISCORDANT = 0.1


@dataclass(frozen=True)
class World:
    """How candidates differ from what is served.

    `gain` is the true difference in the share of right answers, `discordant` the share of questions that only one of
    both answers correctly. `kept` is the share of those answers that a candidate has in common with the one before.
    `on_slice` is the gain on the unanswerable questions, if it is another. `phrasings` of a fact succeed together.
    `unsure` is the share of answers that cannot be graded. `climbs`: each candidate is the one that did best so far in
    the tests, with some answers drawn again. The test has `standing` facts and `fresh` new ones each round; `dev` facts
    are asked before (0: every candidate is tested). `mix` are the profile's weights of the slices.
    """

    gain: float = 0.0
    discordant: float = 0.25
    kept: float = 0.0
    on_slice: float | None = None
    phrasings: int = 1
    unsure: float = 0.0
    costs: tuple[float, float] = (1.0, 1.0)
    climbs: bool = False
    margin: float = 0.02
    standing: int = 600
    fresh: int = 30
    dev: int = 0
    mix: tuple[float, ...] = ()

    @property
    def profile(self) -> Profile:
        mix = {name: weight for (name, _), weight in zip(SLICES, self.mix, strict=False)}
        return Profile(margin=self.margin, slice_weights=mix)


class Pool(NamedTuple):
    """All facts of a series: their questions, which are unanswerable, whether what is served is right."""

    questions: list[list[Question]]
    is_on_slice: np.ndarray
    right: np.ndarray

    def drawn(self, world: World, draw: np.random.Generator) -> np.ndarray:
        """Whether a new candidate is right, for each fact."""
        gain = np.full(len(self.right), world.gain)
        if world.on_slice is not None:
            on = self.is_on_slice
            gain[on], gain[~on] = world.on_slice, (world.gain - world.on_slice * on.mean()) / (1 - on.mean())
        lost, won = (world.discordant - gain) / 2 / ACCURACY, (world.discordant + gain) / 2 / (1 - ACCURACY)
        return self.right ^ (draw.random(len(gain)) < np.where(self.right, lost, won))


@cache
def _question(i: int, phrasing: int, slice_: str) -> Question:
    return Question(id=f"q{i}-{phrasing}", text="?", answers=("a",), fact=f"f{i}", slice=slice_)


def pool(n: int, world: World, draw: np.random.Generator) -> Pool:
    names, shares = zip(*SLICES, strict=True)
    parts = draw.choice(len(names), n, p=shares)
    questions = [[_question(i, k, names[part]) for k in range(world.phrasings)] for i, part in enumerate(parts)]
    return Pool(questions, parts == 1, draw.random(n) < ACCURACY)


GENERAL = [Question(id=f"g{i}", text="?", answers=("a",), fact=f"g{i}", slice="general") for i in range(N_GENERAL)]


def tested(of: Pool, right: np.ndarray, facts: Sequence[int], world: World, draw: np.random.Generator) -> Tested:
    """The round on these facts."""
    questions = [question for i in facts for question in of.questions[i]]
    live, candidate = (
        {question.id: float(values[i]) for i in facts for question in of.questions[i]} for values in (of.right, right)
    )
    doubted = [question.id for question in questions if draw.random() < world.unsure]
    graded = Graded(candidate | dict.fromkeys(doubted, 0.5), dict.fromkeys(doubted, "perhaps"))
    general = [_general(values) for values in _pair(draw)]
    paid = [Paid(dict.fromkeys(live, usd)) for usd in world.costs]
    return Tested(
        questions,
        Contestant(Graded(live), general=general[0], paid=paid[0]),
        Contestant(graded, general=general[1], paid=paid[1]),
        GENERAL,
    )


def _pair(draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """General knowledge of both contenders: equal, with some answers that differ."""
    live = draw.random(N_GENERAL) < ACCURACY
    lost, won = GENERAL_DISCORDANT / 2 / ACCURACY, GENERAL_DISCORDANT / 2 / (1 - ACCURACY)
    return live, live ^ (draw.random(N_GENERAL) < np.where(live, lost, won))


def _general(values: np.ndarray) -> Graded:
    return Graded({f"g{i}": float(right) for i, right in enumerate(values)})


def promotes_anything(world: World, seed: int, n_rounds: int = N_ROUNDS) -> bool:
    """Whether a series of rounds promotes one of its candidates. Standing questions are used again."""
    draw = np.random.default_rng((SEED, seed))
    n_test = world.standing + n_rounds * world.fresh
    of = pool(n_test + world.dev, world, draw)
    names = {f"f{i}": i for i in range(len(of.right))}
    uses: dict[str, int] = {}
    spent: list[Spent] = []
    right, best, most = of.drawn(world, draw), None, -1.0
    for number in range(1, n_rounds + 1):
        if number > 1:
            before = best if world.climbs and best is not None else right
            right = np.where(draw.random(len(right)) < world.kept, before, of.drawn(world, draw))
        if world.dev and not looks_better(of, right, n_test):
            continue
        known = [f"f{i}" for i in range(world.standing + number * world.fresh)]
        facts = rotation(known[world.standing :], known[: world.standing], uses, number, N_TESTED).facts
        uses |= {fact: uses.get(fact, 0) + 1 for fact in facts}
        decision = gate(
            tested(of, right, [names[fact] for fact in facts], world, draw), world.profile, next_level(spent)
        )
        if decision.promote:
            return True
        assert decision.p is not None and decision.difference is not None
        spent.append(Spent(decision.p, decision.level))
        if decision.difference > most:
            best, most = right, decision.difference
    return False


def looks_better(of: Pool, right: np.ndarray, first: int = 0) -> bool:
    """Whether dev lets the candidate be tested: the facts from this one on, with one phrasing of each."""
    questions = [phrasings[0] for phrasings in of.questions[first:]]
    live, own = (
        Worth(Graded({q.id: 2.0 * value - 1 for q, value in zip(questions, values[first:], strict=True)}))
        for values in (of.right, right)
    )
    served, candidate = (measured_on_dev("", questions, worth, live, PROFILE) for worth in (live, own))
    return chosen([candidate], served, lambda name: False, PROFILE.margin).contender is not None


def one_round(world: World, number: int, seed: int, n: int = N_TESTED) -> GateDecision:
    """The round with this number, after rounds that all kept what was served, on n facts."""
    draw = np.random.default_rng((SEED, n, number, seed))
    of = pool(n, world, draw)
    return gate(tested(of, of.drawn(world, draw), range(n), world, draw), world.profile, ERROR * share(number))


def share_of(found: Iterable[bool]) -> float:
    return float(np.mean(list(found)))


def percent(found: Iterable[bool]) -> str:
    return f"{100 * share_of(found):.1f}"


NO_BETTER = {
    "as good, 25 % of answers differ": World(),
    "as good, 15 % differ": World(discordant=0.15),
    "as good, 40 % differ": World(discordant=0.4),
    "as good, each has 90 % of the last one's answers": World(kept=0.9),
    "as good, each has 70 % of the answers of the best one so far": World(kept=0.7, climbs=True),
    "as good, each has 95 % of the answers of the best one so far": World(kept=0.95, climbs=True),
    "as good, 166 facts and no new ones": World(standing=166, fresh=0),
    "as good, 166 facts and no new ones, 70 % of the answers of the best one so far": World(
        kept=0.7, climbs=True, standing=166, fresh=0
    ),
    "as good, 166 facts and no new ones, 95 % of the answers of the best one so far": World(
        kept=0.95, climbs=True, standing=166, fresh=0
    ),
    "as good, tested if better on 40 dev facts": World(dev=40),
    "as good, tested if better on 40 dev facts, 70 % of the answers of the best one so far": World(
        dev=40, kept=0.7, climbs=True
    ),
    "as good, 10 / 10 / 80 % of the weight on the slices": World(mix=(0.1, 0.1, 0.8)),
    "as good, 3 phrasings a fact": World(phrasings=3),
    "as good, 2 % unsure": World(unsure=0.02),
    "1 point worse": World(gain=-0.01),
    "3 points worse": World(gain=-0.03),
    "1 point worse (the margin), at half the cost": World(gain=-0.01, discordant=0.02, costs=(2.0, 1.0)),
    "5 points worse (the margin is set to 10 net right), at half the cost": World(
        gain=-0.05, costs=(2.0, 1.0), margin=0.10
    ),
}


def errors(n: int) -> Iterable[Table]:
    rows = [(name, percent(promotes_anything(world, seed) for seed in range(n))) for name, world in NO_BETTER.items()]
    yield Table(f"A series of {N_ROUNDS} rounds promotes anything, % of {n} series", ("candidates", "%"), rows)


def power(n: int) -> Iterable[Table]:
    worlds = [(gain, q) for gain in (0.10, 0.05) for q in CORRELATIONS]
    rows = [
        (
            f"{100 * gain:.0f} points better, {100 * q:.0f} % of answers differ",
            *(percent(one_round(World(gain, q), number, seed).promote for seed in range(n)) for number in ROUNDS),
        )
        for gain, q in worlds
    ]
    yield Table(
        f"A better candidate is promoted on {N_TESTED} facts, % of {n}, after rounds that all kept what was served",
        ("candidate", *(f"round {number}" for number in ROUNDS)),
        rows,
    )


def small(n: int) -> Iterable[Table]:
    """Power where the test is small and nothing new comes: rounds after the first draw a share of the facts."""
    rows = []
    for size in SMALL:
        later = math.ceil(SHARE * size)
        for q in CORRELATIONS:
            found = [[one_round(World(0.10, q), number, seed, size if number == 1 else later).promote
                      for seed in range(n)] for number in ROUNDS]  # fmt: skip
            rows.append((f"{size} facts, {100 * q:.0f} % of answers differ", *map(percent, found)))
    yield Table(
        f"10 points better, promoted on a small test, % of {n}, after rounds that all kept what was served",
        ("test", *(f"round {number}" for number in ROUNDS)),
        rows,
    )


def dev(n: int) -> Iterable[Table]:
    """How often dev lets a candidate be tested, and how often it is promoted then, in the first round."""
    worlds = {
        **{f"10 points better, {100 * q:.0f} % of answers differ": World(0.10, q) for q in CORRELATIONS},
        "as good, 25 % differ": World(),
        "5 points worse, 25 % differ": World(-0.05),
        "10 points worse, 25 % differ": World(-0.10),
    }
    rows = []
    for name, world in worlds.items():
        promoted = [one_round(world, 1, seed).promote for seed in range(n)]
        row = [name, percent(promoted)]
        for size in DEV_SIZES:
            tested = [is_tested(world, size, seed) for seed in range(n)]
            row.append(f"{percent(tested)} / {percent(np.logical_and(tested, promoted))}")
        rows.append(tuple(row))
    yield Table(
        f"Tested after dev / tested and promoted in round 1, % of {n}",
        ("candidate", "promoted if always tested", *(f"{size} dev facts" for size in DEV_SIZES)),
        rows,
    )


def is_tested(world: World, size: int, seed: int) -> bool:
    """Whether dev of so many facts lets the candidate be tested."""
    draw = np.random.default_rng((SEED, size, seed, 1))
    of = pool(size, world, draw)
    return looks_better(of, of.drawn(world, draw))


def cheaper(n: int) -> Iterable[Table]:
    sizes = (300, 600, 1000, 2000)
    worlds = {
        "the same answers": World(discordant=0.0, costs=(2.0, 1.0)),
        "2 % of answers differ": World(discordant=0.02, costs=(2.0, 1.0)),
        "10 % differ": World(discordant=0.10, costs=(2.0, 1.0)),
        "10 % differ, margin 10 net right of 100": World(discordant=0.10, costs=(2.0, 1.0), margin=0.10),
        "25 % differ, margin 10 net right of 100": World(discordant=0.25, costs=(2.0, 1.0), margin=0.10),
        "5 points better, 25 % differ": World(gain=0.05, costs=(2.0, 1.0)),
    }
    rows = [
        (name, *(percent(one_round(world, 1, seed, size).promote for seed in range(n)) for size in sizes))
        for name, world in worlds.items()
    ]
    yield Table(
        f"As good at half the cost: promoted in round 1, % of {n}", ("candidate", *(f"{s} facts" for s in sizes)), rows
    )


def slices(n: int) -> Iterable[Table]:
    rows = []
    for name, on_slice in (("10 better there, too", 0.10), ("as good there", 0.0), ("10 worse there", -0.10),
                           ("20 worse there", -0.20)):  # fmt: skip
        found = [one_round(World(0.10, 0.25, on_slice=on_slice), 1, seed) for seed in range(n)]
        lost = [any(part.lost for part in decision.parts if part.name == "unanswerable") for decision in found]
        rows.append((name, percent(lost), percent(decision.promote for decision in found)))
    yield Table(
        f"10 points better on 300 facts, 60 of them on one slice; round 1, % of {n}",
        ("on the slice", "a loss on it is found", "promoted"),
        rows,
    )


TABLES: dict[str, Callable[[int], Iterable[Table]]] = {
    "errors": errors,
    "power": power,
    "small": small,
    "dev": dev,
    "cheaper": cheaper,
    "slices": slices,
}


def main() -> None:
    chosen = asked(__doc__, TABLES, 1000)
    for name in chosen.parts:
        begun = time.perf_counter()
        for table in TABLES[name](chosen.n_pilots):
            print(table.markdown(), flush=True)
        print(f"({name}: {time.perf_counter() - begun:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main()
