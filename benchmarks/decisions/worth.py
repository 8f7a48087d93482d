"""Whether what is said of worth holds: intervals, chances, expected losses, and what more questions are worth."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from printed_tables import Table

from bakeoff.decide.value.worth import NOTHING
from decisions.judged import SEED, Judged, judged, percent, pilots, profile_of, worth_of
from decisions.pilots import Skill, World, answers, graded_pilot, pilot, questions_of, with_base

SIZES = (40, 100, 300, 1000)
KINDS = {
    "85/3": {"skills": with_base(rag=(0.85, 0.03))},
    "50/30": {"skills": with_base(rag=(0.50, 0.30))},
    "90/2": {"skills": with_base(rag=(0.90, 0.02))},
    "98/2, none declined": {"skills": with_base(rag=(0.98, 0.02))},
    "85/3, 2 phrasings a fact": {"skills": with_base(rag=(0.85, 0.03)), "phrasings": 2},
    "85/3, 4 phrasings a fact": {"skills": with_base(rag=(0.85, 0.03)), "phrasings": 4},
    "85/3, by traffic, sigma 1": {"skills": with_base(rag=(0.85, 0.03)), "sigma": 1.0},
    "85/3, by traffic, sigma 2": {"skills": with_base(rag=(0.85, 0.03)), "sigma": 2.0},
}


def coverage(n_pilots: int, sizes: Sequence[int] = SIZES) -> Table:
    """How many of 100 intervals of 95 % hold the true utility and the true net value (costs as drawn)."""
    rows, usd = [], 1.0
    for title, kind in KINDS.items():
        cells = []
        for n in sizes:
            world = World(**kind, n_facts=n, days={"rag": 5.0})
            profile = profile_of(**worth_of(usd), counts="traffic" if world.sigma else "question")
            utility, net, truth = [], [], world.skills["rag"].utility()
            for i, of in enumerate(pilots(world, n_pilots)):
                decided = judged(of, profile).case
                found, draws = decided.worth.utility["rag"], decided.draws
                cost = np.random.default_rng([SEED, 2, i]).choice(draws.total_usd["rag"])
                utility.append(found.low <= truth <= found.high)
                value, worth = usd * draws.queries * truth - cost, decided.worth.nets["rag"].net
                net.append(worth.low <= value <= worth.high)
            cells.append(f"{percent(np.mean(utility))} / {percent(np.mean(net))}")
        rows.append([title, *cells])
    return Table(f"Intervals of 95 % that hold the truth: utility / net value ({n_pilots} pilots each, %)",
                 ["truth (right/wrong)", *(f"{n}" for n in sizes)], rows)  # fmt: skip


# Chances and losses.


def drawn_worlds(n_pilots: int, n_facts: int, spread: float, n_contenders: int = 4) -> Iterator[World]:
    """Worlds whose truths are drawn: accuracy around 80 % with this spread, a tenth to six tenths of the rest wrong."""
    for i in range(n_pilots):
        rng = np.random.default_rng([SEED, 3, n_facts, i])
        skills = {"base": Skill(0.2, 0.2)}
        for j in range(n_contenders):
            right = float(np.clip(0.8 + spread * rng.standard_normal(), 0.5, 0.98))
            skills[f"rag-{j}"] = Skill(right, (1 - right) * float(rng.uniform(0.1, 0.6)))
        yield World(skills, n_facts, days={f"rag-{j}": float(rng.uniform(1, 5)) for j in range(n_contenders)})


class Outcome(NamedTuple):
    """What a verdict said of its leader, and what was true. Losses are in US dollars a year.

    `each` holds, for every contender, the chance said that it is the best, and whether it was.
    """

    loss_said: float
    loss_had: float
    chance_said: float
    was_best: bool
    each: list[tuple[float, bool]]


def drawn_outcomes(n_pilots: int, n_facts: int, spread: float) -> list[Outcome]:
    """Verdicts at 2 USD for a right answer on contenders whose truths are drawn."""
    usd, found = 2.0, []
    profile = profile_of(**worth_of(usd))
    for i, world in enumerate(drawn_worlds(n_pilots, n_facts, spread)):
        one = judged(pilot(world, np.random.default_rng([SEED, 4, i])), profile)
        truth, nets = true_nets(world, one, usd, i), one.case.worth.nets
        leader, best = one.case.leader or NOTHING, max(truth, key=lambda name: truth[name])
        each = [(net.best, name == best) for name, net in nets.items() if name not in ("base", NOTHING)]
        found.append(Outcome(nets[leader].loss, truth[best] - truth[leader], nets[leader].best, leader == best, each))
    return found


def losses(n_pilots: int, n_facts: int, spread: float) -> tuple[list[float], list[float]]:
    """Expected losses as said, and losses had."""
    found = drawn_outcomes(n_pilots, n_facts, spread)
    return [one.loss_said for one in found], [one.loss_had for one in found]


def chances(n_pilots: int, sizes: Sequence[int] = (60, 200, 600)) -> list[Table]:
    """Expected loss against the loss had, and a reliability table of the chance to be the best choice."""
    rows, each = [], []
    for n in sizes:
        for spread in (0.03, 0.10):
            found = drawn_outcomes(n_pilots, n, spread)
            said, had, chance, best = (np.array(column, dtype=float) for column in list(zip(*found, strict=True))[:4])
            error = had.std() / len(had) ** 0.5
            rows.append([f"{n}", f"{spread:g}", f"{said.mean():,.0f}", f"{had.mean():,.0f} ± {error:,.0f}",
                         percent(chance.mean()), percent(best.mean())])  # fmt: skip
            each += [pair for one in found for pair in one.each]
    header = ["facts", "spread of true accuracies", "expected loss said, USD a year", "loss had", "chance said, %",
              "was the best, %"]  # fmt: skip
    return [
        Table(f"Four contenders with drawn truths, 2 USD a right answer ({n_pilots} pilots each)", header, rows),
        reliability([said for said, _ in each], [was for _, was in each]),
    ]


def true_nets(world: World, one: Judged, usd: float, i: int) -> dict[str, float]:
    """The true net values a year of the candidates; costs are one of the draws."""
    draws = one.case.draws
    k = int(np.random.default_rng([SEED, 5, i]).integers(len(draws.utility["base"])))
    nets = {
        name: usd * draws.queries * skill.utility() - float(draws.total_usd[name][k])
        for name, skill in world.skills.items()
    }
    return {**nets, NOTHING: -float(draws.total_usd[NOTHING][k])}


def reliability(said: Sequence[float], happened: Sequence[bool]) -> Table:
    edges, rows = (0.0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1.0001), []
    chance, was = np.array(said), np.array(happened, dtype=float)
    for low, high in pairwise(edges):
        inside = (chance >= low) & (chance < high)
        if inside.any():
            rows.append(
                [
                    f"{100 * low:.0f} to {100 * min(1, high):.0f}",
                    f"{inside.sum()}",
                    percent(chance[inside].mean()),
                    percent(was[inside].mean()),
                ]
            )
    return Table(
        "The chance to be the best choice, said and true, %",
        ["chance said", "times", "mean said", "was the best"],
        rows,
    )


# More questions.


RACE = World(
    with_base(rag=(0.82, 0.04), tuned=(0.83, 0.06), hybrid=(0.84, 0.05)), 100,
    days={"rag": 2.0, "tuned": 3.0, "hybrid": 4.0},
)  # fmt: skip
RACE_USD = 2.0


def raced(w: int) -> tuple[np.ndarray, Judged]:
    """A pilot of 100 facts with a close race, and its verdict."""
    rng = np.random.default_rng([SEED, 6, w])
    questions, outcome = questions_of(RACE, rng), answers(RACE, rng)
    return outcome, judged(graded_pilot(RACE, questions, outcome), profile_of(**worth_of(RACE_USD)))


def close_race(n_repeats: int, w: int = 1) -> list[tuple[int, float, list[float]]]:
    """For 100 and 400 more questions: the worth offered, and the gains of drawing them and deciding again."""
    outcome, one = raced(w)
    offers = {offer.n: offer.gain for offer in one.case.information.offers if offer.what == "unseen"}
    return [(n, offers[n], _again(RACE, outcome, one, RACE_USD, n, n_repeats, w)) for n in (100, 400)]


def more_questions(n_worlds: int, n_repeats: int) -> Table:
    """What 100 and 400 more questions are worth: the product's offer against drawing them and deciding again."""
    rows = []
    for w in range(n_worlds):
        _, one = raced(w)
        perfect = f"{one.case.information.perfect:,.0f}"
        for n, offered, gains in close_race(n_repeats, w):
            error = np.std(gains) / len(gains) ** 0.5
            drawn = f"{np.mean(gains):,.0f} ± {error:,.0f}"
            rows.append([f"{w + 1}", one.case.leader or "", f"{n}", f"{offered:,.0f}", drawn, perfect])
    header = ["pilot of 100 facts", "leader", "more questions", "offered", "drawn and decided again", "perfect"]
    return Table(f"Worth of more questions over the horizon, USD ({n_repeats} repetitions)", header, rows)


def _again(world: World, outcome: np.ndarray, one: Judged, usd: float, n: int, repeats: int, w: int) -> list[float]:
    """Gains of deciding again with n more facts, each time with a truth that fits the pilot (Bayesian bootstrap)."""
    larger, profile = World(**{**vars(world), "n_facts": world.n_facts + n}), one.case.profile
    questions, now = questions_of(larger, np.random.default_rng(0)), one.case.leader or NOTHING
    draws, gains = one.case.draws, []
    for r in range(repeats):
        rng = np.random.default_rng([SEED, 7, w, n, r])
        weights = rng.standard_exponential(world.n_facts)
        weights /= weights.sum()
        more = outcome[:, rng.choice(world.n_facts, n, p=weights)]
        again = judged(
            graded_pilot(larger, questions, np.concatenate([outcome, more], axis=1), estimates=False), profile
        )
        utility = dict(zip(world.skills, outcome @ weights, strict=True))
        net = {
            name: usd * draws.queries * value - float(draws.total_usd[name].mean()) for name, value in utility.items()
        }
        net[NOTHING] = -float(draws.total_usd[NOTHING].mean())
        gains.append(net[again.case.leader or NOTHING] - net[now])
    return gains
