"""Races of simulated candidates: how often the best drops out, and how many answers are saved.

    python benchmarks/race_simulations.py [--races 1000] [--candidates 12] [--facts 400] [--batch 20]

Beside Bakeoff's rule (an e-process on paired differences): successive halving (Karnin et al. 2013: at each of log2 n
looks the worse half drops out), and intervals of each candidate alone at every look (it drops out when its 95 % Wald
interval lies below the leader's). Answers are right or wrong; those of two candidates to one question are correlated.
"""

import argparse
import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import norm  # type: ignore[import-untyped]

from bakeoff.measure.race import Race

CORRELATION = 0.6
SETTINGS = {
    "all tied": lambda n: np.full(n, 0.6),
    "mixed": lambda n: np.concatenate([np.full(n // 3, 0.65), np.linspace(0.35, 0.6, n - n // 3)]),
    "one ahead": lambda n: np.concatenate([[0.75], np.full(n - 1, 0.55)]),
    "one ahead by .05": lambda n: np.concatenate([[0.65], np.full(n - 1, 0.6)]),
}
Outcome = tuple[set[int], int]
"""The candidates that were not dropped as worse, and the answers that were asked."""


def answers(chances: np.ndarray, n_facts: int, draw: np.random.Generator) -> np.ndarray:
    """0 or 1, (facts, candidates): right with these chances, correlated within a fact."""
    shared = draw.normal(size=(n_facts, 1))
    own = draw.normal(size=(n_facts, len(chances)))
    latent = math.sqrt(CORRELATION) * shared + math.sqrt(1 - CORRELATION) * own
    return (latent < norm.ppf(chances)).astype(float)


def paired_bets(values: np.ndarray, batch: int) -> Outcome:
    """Bakeoff's rule."""
    n_facts, n = values.shape
    race = Race(n)
    for i in range(n):
        race.join(str(i))
    asked = 0
    for start in range(0, n_facts, batch):
        running = race.running
        facts = [{name: float(row[int(name)]) for name in running} for row in values[start : start + batch]]
        asked += len(facts) * len(running)
        race.add(facts)
        race.judge()
        if race.is_over:
            break
    return {int(one.name) for one in race.standings() if one.fate != "behind"}, asked


def halving(values: np.ndarray, batch: int) -> Outcome:
    """Successive halving: equal shares of the answers to each round."""
    n_facts, n = values.shape
    rounds = math.ceil(math.log2(n))
    left, asked, begun = list(range(n)), 0, 0
    for one in range(rounds):
        ends = n_facts if one == rounds - 1 else max(begun + 1, round(n_facts * 2**one / 2 ** (rounds - 1) / 2))
        ends = min(ends, n_facts)
        asked += (ends - begun) * len(left)
        left = sorted(left, key=lambda i: -values[:ends, i].mean())[: math.ceil(len(left) / 2)]
        begun = ends
    return set(left), asked


def intervals(values: np.ndarray, batch: int) -> Outcome:
    """The interval of each candidate alone, at every look."""
    n_facts, n = values.shape
    left, asked = list(range(n)), 0
    for start in range(0, n_facts, batch):
        seen = values[: start + batch]
        asked += (min(start + batch, n_facts) - start) * len(left)
        means = seen[:, left].mean(axis=0)
        half = 1.96 * np.sqrt(means * (1 - means) / len(seen))
        best = (means - half)[means.argmax()]
        left = [i for i, mean, width in zip(left, means, half, strict=True) if mean + width >= best]
        if len(left) == 1:
            break
    return set(left), asked


RULES: dict[str, Callable[[np.ndarray, int], Outcome]] = {
    "paired bets": paired_bets,
    "successive halving": halving,
    "unpaired intervals": intervals,
}


def simulated(chances: np.ndarray, rule: Callable[[np.ndarray, int], Outcome], args: argparse.Namespace) -> list[float]:
    """Shares of the races in which the best dropped out and in which more than one was left; share of answers asked."""
    draw = np.random.default_rng(args.seed)
    lost, open_, asked = 0, 0, 0
    for _ in range(args.races):
        order = draw.permutation(len(chances))
        left, n_asked = rule(answers(chances[order], args.facts, draw), args.batch)
        best = int(np.flatnonzero(order == 0)[0])
        lost += best not in left
        open_ += len(left) > 1
        asked += n_asked
    return [lost / args.races, open_ / args.races, asked / args.races / args.facts / len(chances)]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, value in (("races", 1000), ("candidates", 12), ("facts", 400), ("batch", 20), ("seed", 7)):
        parser.add_argument(f"--{name}", type=int, default=value)
    args = parser.parse_args(arguments)
    print("| candidates | rule | the best dropped out | more than one left | answers asked |")
    print("|---|---|---|---|---|")
    for setting, chances in SETTINGS.items():
        for name, rule in RULES.items():
            lost, open_, asked = simulated(chances(args.candidates), rule, args)
            shares = f"{100 * lost:.1f} % | {100 * open_:.1f} % | {100 * asked:.0f} %"
            print(f"| {setting} | {name} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
