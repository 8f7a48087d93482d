"""Whether intervals corrected by labels hold the truth, and how wide they are: simulated pilots with known truth.

    python benchmarks/label_coverage.py [--pilots 300] [--only coverage,widths,tests] [--quick]

Six contenders answer 100 to 400 questions, 1 to 3 about each fact; right answers and facts are correlated. Rules decide
most short answers and are wrong in 2 % of those; long answers are unsure or graded by a judge with errors of a known
kind. People label 40 answers at random and then by priority, as in a pilot. Prints how many of 100 intervals of 95 %
hold the true share or the true difference, over all contenders and for the best and worst covered one, and the mean
widths in points. `--quick` runs 8 pilots of each kind, to see that everything works.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from printed_tables import header, line, run

from bakeoff.measure.graded import UNSURE
from bakeoff.measure.labels import Unit
from bakeoff.measure.ppi import Corrected, Kind, Predicted, Pseudo, corrected
from bakeoff.measure.ppi_intervals import contrasts, share
from bakeoff.measure.sampling import N_RANDOM, SPREADS, Sample, label_weight, labelling_order, sample_of

SPREAD_OUT = (0.82, 0.80, 0.72, 0.66, 0.60, 0.40)
NEAR_THE_ENDS = (0.97, 0.95, 0.93, 0.90, 0.50, 0.10)
EQUAL = (0.70,) * 6
NAMES = tuple("abcdef")
PAIRS = tuple(combinations(range(len(NAMES)), 2))
LENGTHS = (1.0, 0.3, 0.0, -0.3, -0.6, 0.0)
"""The mean length of each contender's answers, in standard deviations of single answers."""
OF_FACT, OF_QUESTION = 0.35, 0.30
"""The shares of the variance of being right that questions of a fact, and contenders at a question, have in common."""


@dataclass(frozen=True)
class World:
    """What is simulated. `judge` is empty if long answers do not exist, 'none' if they are unsure."""

    name: str
    judge: str = ""
    accuracies: Sequence[float] = SPREAD_OUT
    n_questions: int = 200
    n_labels: int = 100
    errors: tuple[float, ...] = (0.02,) * 6
    skipped: float = 0.0


class Pilot(NamedTuple):
    """The answers of one pilot; arrays over units, and the unit of each (contender, question)."""

    facts: np.ndarray
    unit: np.ndarray
    units: list[Unit]
    label: np.ndarray
    grade: np.ndarray
    kind: np.ndarray


def drawn(world: World, rng: np.random.Generator) -> Pilot:
    n, many = world.n_questions, len(NAMES)
    sizes = rng.integers(1, 4, n)
    facts = np.repeat(np.arange(n), sizes)[:n]
    luck = (
        math.sqrt(OF_FACT) * rng.normal(size=n)[facts]
        + math.sqrt(OF_QUESTION) * rng.normal(size=n)
        + math.sqrt(1 - OF_FACT - OF_QUESTION) * rng.normal(size=(many, n))
    )
    right = luck < np.array([[NormalDist().inv_cdf(accuracy)] for accuracy in world.accuracies])
    is_long = np.broadcast_to((rng.random(n) < 0.6) & bool(world.judge), (many, n))
    text = _texts(right, is_long, rng) + 100 * np.arange(n)
    _, first, unit = np.unique(text.ravel(), return_index=True, return_inverse=True)
    author = np.repeat(np.arange(many), n)[first]
    label, is_long = right.ravel()[first].astype(float), is_long.ravel()[first]
    alone = text.ravel()[first] % 100 >= 10
    grade, kind = _by_rules(label, alone, np.array(world.errors)[author], rng)
    if world.judge == "none":
        grade, kind = np.where(is_long, UNSURE, grade), np.where(is_long, "unsure", kind)
    elif world.judge:
        verdicts = JUDGES[world.judge](label, author, rng)
        grade, kind = np.where(is_long, verdicts, grade), np.where(is_long, "judged", kind)
    units = [Unit(f"q{place % n}", str(text.ravel()[place])) for place in first]
    return Pilot(facts, unit.reshape(many, n), units, label, grade, kind)


def _texts(right: np.ndarray, is_long: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The number of each answer's text: some short ones are given by several contenders, long ones by one."""
    draw = rng.random(right.shape)
    shared = np.where(right, np.where(draw < 0.5, 0, np.where(draw < 0.65, 1, 10)), np.where(draw < 0.25, 2, 10))
    return np.where((shared == 10) | is_long, 10 + np.arange(len(right))[:, None], shared)


def _by_rules(
    label: np.ndarray, alone: np.ndarray, errors: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Grades of the rules: unsure about 1 in 6 texts that one contender gave, 1 in 25 of the others."""
    n = len(label)
    is_unsure = rng.random(n) < np.where(label > 0, 0.12, 0.15) * np.where(alone, 1.5, 0.3)
    decided = np.where(rng.random(n) < errors, 1 - label, label)
    return np.where(is_unsure, UNSURE, decided), np.where(is_unsure, "unsure", "decided")


def _verdicts(label: np.ndarray, sensitivity: np.ndarray, specificity: np.ndarray, rng: np.random.Generator):
    draw = rng.random(len(label))
    return np.where(label > 0, draw < sensitivity, draw > specificity).astype(float)


def _random_errors(label: np.ndarray, author: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _verdicts(label, np.full(len(label), 0.9), np.full(len(label), 0.8), rng)


def _kind_to_one(label: np.ndarray, author: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """It accepts two thirds of the wrong answers of the first contender."""
    return _verdicts(label, np.where(author == 0, 0.97, 0.88), np.where(author == 0, 0.35, 0.85), rng)


def _kind_to_length(label: np.ndarray, author: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """It accepts a wrong answer one standard deviation longer than the mean in 57 of 100 cases, a shorter one in 6."""
    length = rng.normal(size=len(label)) + np.array(LENGTHS)[author]
    return _verdicts(label, 1 / (1 + np.exp(-2 - length)), 1 / (1 + np.exp(-1.2 + 1.5 * length)), rng)


Judge = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
JUDGES: Mapping[str, Judge] = {"random": _random_errors, "contender": _kind_to_one, "length": _kind_to_length}


def weights_of(pilot: Pilot) -> dict[Unit, float]:
    """As before the first label: by how many open pairs an answer counts in, and how sure its grade is."""
    close = np.zeros(len(pilot.units), int)
    is_unsure = pilot.kind == "unsure"
    n_facts = pilot.facts.max() + 1
    for a, b in PAIRS:
        first, second = pilot.unit[a], pilot.unit[b]
        differ = first != second
        gaps = pilot.grade[first] - pilot.grade[second]
        sums = np.bincount(pilot.facts, gaps - gaps.mean())
        doubt = 0.5 * ((is_unsure[first] * 1 + is_unsure[second]) * differ).mean()
        error = math.sqrt(n_facts / (n_facts - 1) * float(sums @ sums)) / len(gaps)
        if abs(gaps.mean()) < 2 * error + doubt:
            close[first[differ]] += 1
            close[second[differ]] += 1
    spreads = [SPREADS[kind] for kind in pilot.kind]
    return {unit: label_weight(int(n), spread) for unit, n, spread in zip(pilot.units, close, spreads, strict=True)}


Table = Mapping[str, Mapping[str, Predicted]]


def graded(pilot: Pilot, blind: bool = False) -> Table:
    """The grades of all answers. `blind`: as if there were none, so that only labels count."""
    kinds: list[Kind] = ["unsure" if blind else kind for kind in pilot.kind.tolist()]
    answers = [
        Predicted(UNSURE if blind else float(grade), unit, kind)
        for grade, unit, kind in zip(pilot.grade, pilot.units, kinds, strict=True)
    ]
    return {
        name: {f"q{i}": answers[unit] for i, unit in enumerate(row)}
        for name, row in zip(NAMES, pilot.unit, strict=True)
    }


def labelled(pilot: Pilot, world: World, seed: int, by_priority: bool = True) -> Sample:
    """The front of the order, without those that people left out."""
    weights = weights_of(pilot) if by_priority else dict.fromkeys(pilot.units, 1.0)
    n_random = N_RANDOM if by_priority else len(weights)
    rng = np.random.default_rng(seed)
    done: list[Unit] = []
    for unit in labelling_order(weights, seed, n_random):
        if len(done) == world.n_labels:
            break
        if rng.random() >= world.skipped:
            done.append(unit)
    return sample_of(weights, seed, set(done), n_random)


class Result(NamedTuple):
    """Of one pilot: whether each interval holds the truth, and its width; p-values of the pairs, also adjusted."""

    shares_hold: list[bool]
    share_widths: list[float]
    pairs_hold: list[bool]
    pair_widths: list[float]
    p: list[float]
    p_adjusted: list[float]


def result(world: World, of: Corrected, facts: Mapping[str, str]) -> Result:
    estimates = [share(of.pseudos[name], facts, of.n_labels) for name in NAMES]
    found = contrasts(of, facts, "accuracy")
    gaps = [world.accuracies[a] - world.accuracies[b] for a, b in PAIRS]
    return Result(
        [one.low <= true <= one.high for one, true in zip(estimates, world.accuracies, strict=True)],
        [one.high - one.low for one in estimates],
        [one.low <= true <= one.high for one, true in zip(found, gaps, strict=True)],
        [one.high - one.low for one in found],
        [one.p for one in found],
        [one.p_adjusted for one in found],
    )


def corrected_by_labels(world: World, seed: int) -> tuple[Corrected, dict[str, str]]:
    """The corrected grades of one pilot, and the fact of each question."""
    pilot = drawn(world, np.random.default_rng(seed))
    labels = dict(zip(pilot.units, pilot.label.tolist(), strict=True))
    return corrected(graded(pilot), labels, labelled(pilot, world, seed)), facts_of(pilot)


def with_labels(world: World, seed: int) -> Result:
    return result(world, *corrected_by_labels(world, seed))


def labels_only(world: World, seed: int) -> Result:
    pilot = drawn(world, np.random.default_rng(seed))
    labels = dict(zip(pilot.units, pilot.label.tolist(), strict=True))
    sample = labelled(pilot, world, seed, by_priority=False)
    return result(world, corrected(graded(pilot, blind=True), labels, sample), facts_of(pilot))


def without_labels(world: World, seed: int, worst_case: bool) -> Result:
    """Grades as they are. Unsure ones count 1/2 and, in the worst case, widen the interval to all 0 and all 1."""
    pilot = drawn(world, np.random.default_rng(seed))
    pseudos = {
        name: {
            key: Pseudo(
                answer.prediction,
                answer.prediction,
                doubt=0.5 if worst_case and answer.kind == "unsure" else 0.0,
                unit=answer.unit,
            )
            for key, answer in column.items()
        }
        for name, column in graded(pilot).items()
    }
    return result(world, Corrected(pseudos, {}, 2), facts_of(pilot))


def midpoint(world: World, seed: int) -> Result:
    return without_labels(world, seed, worst_case=False)


def worst_case(world: World, seed: int) -> Result:
    return without_labels(world, seed, worst_case=True)


def every_label(world: World, seed: int) -> Result:
    return with_labels(replace(world, n_labels=10**6, skipped=0.0), seed)


def facts_of(pilot: Pilot) -> dict[str, str]:
    return {f"q{i}": f"f{fact}" for i, fact in enumerate(pilot.facts)}


def repeated(method: Callable[[World, int], Result], world: World, n_pilots: int) -> list[Result]:
    return [method(world, seed) for seed in range(n_pilots)]


def hold(rows: Sequence[Sequence[bool]]) -> str:
    """How many of 100 hold the truth: all, and the least and most of a contender or pair."""
    each = 100 * np.mean(np.array(rows, float), axis=0)
    return f"{each.mean():.1f} ({each.min():.1f} to {each.max():.1f})"


def width(rows: Sequence[Sequence[float]]) -> str:
    return f"{100 * np.mean(np.array(rows)):.1f}"


ONE_IS_MISREAD = (0.12, 0.0, 0.0, 0.0, 0.0, 0.0)
RULES = World("rules, 2 % errors")
WORLDS = (
    RULES,
    World("rules, all errors (12 %) in one contender's answers", errors=ONE_IS_MISREAD),
    World("rules, every fifth answer left out by people", skipped=0.2),
    World("judge with random errors", judge="random"),
    World("judge that favours one contender", judge="contender"),
    World("judge that favours length", judge="length"),
)
SIZES = ((100, 60), (200, 60), (200, 100), (200, 200), (400, 100), (400, 300))


def coverage(n_pilots: int) -> None:
    """Intervals of shares and differences, in every world and size."""
    header("simulated", "questions", "labels", "shares: of 100 hold", "width", "differences: of 100 hold", "width")
    cases = [replace(world, n_questions=n, n_labels=k) for world in WORLDS for n, k in SIZES]
    cases += [
        replace(world, name=f"{world.name}; shares of 10 to 97 %", accuracies=NEAR_THE_ENDS)
        for world in (WORLDS[0], WORLDS[3], WORLDS[4], WORLDS[5])
    ]
    for world in cases:
        rows = repeated(with_labels, world, n_pilots)
        line(
            world.name, world.n_questions, world.n_labels,
            hold([row.shares_hold for row in rows]), width([row.share_widths for row in rows]),
            hold([row.pairs_hold for row in rows]), width([row.pair_widths for row in rows]),
        )  # fmt: skip


def widths(n_pilots: int) -> None:
    """The same pilots with other ways to use labels and grades."""
    header("simulated", "method", "labels", "shares: of 100 hold", "width", "differences: of 100 hold", "width")
    cases: list[tuple[World, str, Callable[[World, int], Result], object]] = [
        (RULES, "rules, unsure counts 1/2", midpoint, 0),
        (RULES, "rules, unsure as the worst case", worst_case, 0),
        *(
            (replace(RULES, n_labels=n), method, function, n)
            for n in (40, 100, 200, 300)
            for method, function in (("labels only", labels_only), ("rules corrected by labels", with_labels))
        ),
        (RULES, "every answer labelled", every_label, "all"),
    ]
    silent = World("60 % long answers, no judge", judge="none")
    cases += [
        (silent, "unsure as the worst case", worst_case, 0),
        (silent, "labels only", labels_only, 100),
        (silent, "rules corrected by labels", with_labels, 100),
        (silent, "every answer labelled", every_label, "all"),
    ]
    for judge in ("random", "contender"):
        world = World(f"60 % long answers, judge: {judge}", judge=judge)
        cases += [
            (world, "judge and rules as they are", midpoint, 0),
            (world, "judge and rules corrected by labels", with_labels, 100),
            (replace(world, n_labels=300), "judge and rules corrected by labels", with_labels, 300),
        ]
    for world, method, function, n in cases:
        rows = repeated(function, world, n_pilots)
        line(
            world.name, method, n,
            hold([row.shares_hold for row in rows]), width([row.share_widths for row in rows]),
            hold([row.pairs_hold for row in rows]), width([row.pair_widths for row in rows]),
        )  # fmt: skip


def tests(n_pilots: int) -> None:
    """Six equal contenders: how often a pair is called different, alone and in a family of 15 with Holm's method."""
    header("simulated, all equal (70 %)", "labels", "pairs with p < .05, of 100", "pilots with a false finding, of 100")
    for world in (WORLDS[0], WORLDS[1], WORLDS[3], WORLDS[4], WORLDS[5]):
        for n in (60, 100, 200):
            rows = repeated(with_labels, replace(world, accuracies=EQUAL, n_labels=n), n_pilots)
            p = np.array([row.p for row in rows])
            adjusted = np.array([row.p_adjusted for row in rows])
            line(world.name, n, f"{100 * (p < 0.05).mean():.1f}", f"{100 * (adjusted < 0.05).any(axis=1).mean():.1f}")


PARTS: Mapping[str, Callable[[int], None]] = {"coverage": coverage, "widths": widths, "tests": tests}


if __name__ == "__main__":
    run(__doc__, PARTS, 300)
