"""Races replayed on grids that were measured in full: same winner, and how many answers?

    python benchmarks/race_replays.py RUN [RUN ...] [--replays 1000]

RUN is a run folder whose races dropped nobody (`race: {alpha: 1.0e-12, margin: 1.0e-6}`), so every candidate has an
answer to every fact; one that drops out even so takes part in the last column only, a race in the order in which facts
were asked. Each replay draws the order of the facts anew. A winner is tied with the best of all facts if the
paired difference between them is at most the margin, or not significant at .05 on all facts.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from bakeoff.files import jsonl
from bakeoff.measure.race import Race
from bakeoff.measure.value import value_of
from bakeoff.records import Answer
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.race import RaceResult

FLIPS = 10_000


def values_of(folder: RunFolder, result: RaceResult) -> dict[str, dict[str, float]]:
    """The value of each candidate's answers to each fact that it was asked, in the order in which it was asked."""
    penalty = folder.config().profile.penalty
    questions = {question.id: question for question in folder.questions()}
    found: dict[str, dict[str, float]] = {}
    for one in result.raced:
        (path,) = (folder.root / "race" / "answers").glob(f"{one.candidate.name}.*jsonl")
        given: dict[str, list[float]] = {}
        for answer in jsonl.read(path, Answer):
            if answer.error is None:
                question = questions[answer.question_id]
                given.setdefault(question.fact, []).append(value_of(question, answer, penalty))
        found[one.candidate.name] = {fact: fmean(values) for fact, values in given.items()}
    return found


def complete(values: Mapping[str, Mapping[str, float]]) -> np.ndarray:
    """The values of the candidates that were asked every fact, (facts, candidates)."""
    most = max(map(len, values.values()))
    whole = [of for of in values.values() if len(of) == most]
    return np.array([[of[fact] for of in whole] for fact in sorted(whole[0])])


def once(values: Mapping[str, Mapping[str, float]], rules: argparse.Namespace, low: float) -> float:
    """The share of the answers that one race of all candidates takes, in the order in which facts were asked."""
    order = list(max(values.values(), key=len))
    race = Race(len(values), low, 1.0, rules.margin, rules.alpha)
    for name in values:
        race.join(name)
    asked = 0
    for start in range(0, len(order), rules.facts):
        if race.is_over:
            break
        batch, running = order[start : start + rules.facts], race.running
        asked += len(batch) * len(running)
        race.add([{name: values[name][fact] for name in running if fact in values[name]} for fact in batch])
        race.judge()
    return asked / len(order) / len(values)


def tied_with_best(values: np.ndarray, margin: float, draw: np.random.Generator) -> np.ndarray:
    """For each candidate whether it is the best of all facts, or tied with it."""
    best = int(values.mean(axis=0).argmax())
    signs = draw.choice([-1.0, 1.0], size=(FLIPS, len(values)))
    found = []
    for i in range(values.shape[1]):
        differences = values[:, best] - values[:, i]
        p = (1 + (np.abs(signs @ differences) >= abs(differences.sum()) - 1e-9).sum()) / (FLIPS + 1)
        found.append(i == best or differences.mean() <= margin or p > 0.05)
    return np.array(found)


def replayed(values: np.ndarray, rules: argparse.Namespace, low: float, draw: np.random.Generator) -> tuple[int, int]:
    """The winner of a race over the facts in a random order, and the answers that were asked."""
    order = draw.permutation(len(values))
    race = Race(values.shape[1], low, 1.0, rules.margin, rules.alpha)
    for i in range(values.shape[1]):
        race.join(str(i))
    asked = 0
    for start in range(0, len(order), rules.facts):
        if race.is_over:
            break
        rows, running = values[order[start : start + rules.facts]], race.running
        asked += len(rows) * len(running)
        race.add([{name: float(row[int(name)]) for name in running} for row in rows])
        race.judge()
    return int(race.leader), asked


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--replays", type=int, default=1000)
    parser.add_argument("--facts", type=int, default=10)
    parser.add_argument("--margin", type=float, default=0.03)
    parser.add_argument("--alpha", type=float, default=0.05)
    rules = parser.parse_args(arguments)
    print("| race | candidates | facts | spread of values | same winner | same or tied | asked | all, once |")
    print("|---|---|---|---|---|---|---|---|")
    for root in rules.runs:
        folder = RunFolder(root)
        for result in folder.races():
            draw = np.random.default_rng(7)
            every = values_of(folder, result)
            values = complete(every)
            tied, means = tied_with_best(values, rules.margin, draw), values.mean(axis=0)
            low = -folder.config().profile.penalty
            races = [replayed(values, rules, low, draw) for _ in range(rules.replays)]
            same = fmean(winner == means.argmax() for winner, _ in races)
            share = fmean(asked for _, asked in races) / values.size
            alike = fmean(bool(tied[winner]) for winner, _ in races)
            print(
                f"| {root.name}, {result.contender} | {values.shape[1]} | {len(values)} | {means.min():.3f} to "
                f"{means.max():.3f} | {100 * same:.0f} % | {100 * alike:.1f} % | {100 * share:.0f} % "
                f"| {100 * once(every, rules, low):.0f} % of {len(every)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
