"""How long the rules take to grade 10,000 short answers, no two of them equal, on one core.

    python benchmarks/grading_speed.py [--answers N]

Prints a Markdown table by kind of answer in processor time, and beside it how long SQuAD's exact match and token F1
alone take for the same answers, measured in the same run. The answers are made up:
numbers with units, amounts of money, dates, names, phrases, lists, yes or no, refusals.
"""

import argparse
import random
import time
from collections.abc import Callable

from bakeoff.grading.grade import grade, squad_scores

SEED = 7
NAMES = ("Anna", "Per", "Mia", "Jon", "Eva", "Lars", "Ines", "Kofi", "Yuki", "Omar")
SURNAMES = ("Berg", "Lie", "Lund", "Dahl", "Holm", "Adams", "Silva", "Sato", "Okoro", "Haddad")
THINGS = ("kettle", "filter", "valve", "lamp", "hinge", "battery", "seal", "gasket", "pump", "cable")
MONTHS = ("January", "March", "May", "July", "September", "November")
Case = tuple[str, str, str]  # the answer, the accepted answer, the kind of the question


def durations(chance: random.Random, n: int) -> Case:
    return f"The warranty of part {n} lasts {chance.randint(1, 60)} months.", f"{chance.randint(1, 5)} years", "numeric"


def prices(chance: random.Random, n: int) -> Case:
    return f"It costs €{n}.{chance.randint(10, 99)} per month", f"{n},{chance.randint(10, 99)} euros", ""


def dates(chance: random.Random, n: int) -> Case:
    day, month = chance.randint(1, 28), chance.choice(MONTHS)
    return f"Order {n} was sent on {day} {month} 2024", f"2024-0{chance.randint(1, 9)}-{day:02d}", "date"


def names(chance: random.Random, n: int) -> Case:
    return (
        f"Report {n} was written by {chance.choice(NAMES)} {chance.choice(SURNAMES)}.",
        f"{chance.choice(NAMES)} {chance.choice(SURNAMES)}",
        "name",
    )


def phrases(chance: random.Random, n: int) -> Case:
    thing, other = chance.choice(THINGS), chance.choice(THINGS)
    return f"You should clean the {thing} before step {n}, not the {other}.", f"the {other}", ""


def lists(chance: random.Random, n: int) -> Case:
    given = chance.sample(THINGS, 3)
    return f"Box {n} holds a {given[0]}, a {given[1]} and a {given[2]}.", ", ".join(chance.sample(THINGS, 3)), "list"


def polar(chance: random.Random, n: int) -> Case:
    verb = chance.choice(("can", "cannot", "may", "may not"))
    return f"According to section {n}, you {verb} return the {chance.choice(THINGS)}.", "no", "yesno"


def refusals(chance: random.Random, n: int) -> Case:
    return (
        f"I could not find anything about the {chance.choice(THINGS)} number {n} in the documents.",
        "",
        "unanswerable",
    )


KINDS: tuple[Callable[[random.Random, int], Case], ...] = (
    durations,
    prices,
    dates,
    names,
    phrases,
    lists,
    polar,
    refusals,
)


def main() -> None:
    """Measures each kind and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=10_000, help="how many answers are graded in all")
    n_each = max(1, parser.parse_args().answers // len(KINDS))
    chance = random.Random(SEED)
    grade("warm", ["up"])
    print("| kind | answers | rules, s | SQuAD's measures, s | unsure |\n|---|---|---|---|---|")
    totals = [0.0, 0.0]
    for kind in KINDS:
        cases = [kind(chance, n) for n in range(1, n_each + 1)]
        start = time.process_time()
        verdicts = [grade(answer, [gold] if gold else [], name).verdict for answer, gold, name in cases]
        middle = time.process_time()
        for answer, gold, _ in cases:
            squad_scores(answer, [gold])
        end = time.process_time()
        totals = [totals[0] + middle - start, totals[1] + end - middle]
        cells = (kind.__name__, n_each, f"{middle - start:.2f}", f"{end - middle:.2f}", verdicts.count("unsure"))
        print("| " + " | ".join(map(str, cells)) + " |")
    print(f"| all | {n_each * len(KINDS)} | {totals[0]:.2f} | {totals[1]:.2f} | |")


if __name__ == "__main__":
    main()
