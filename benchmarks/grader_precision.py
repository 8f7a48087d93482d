"""How often the rules are right about real answers to questions of the public sets, and how far two judges agree.

    BAKEOFF_DATA=... python -m benchmarks.grader_precision            # where both judges agree
    BAKEOFF_DATA=... python -m benchmarks.grader_precision --pass 1   # by one judge alone

Reads the rows of tests/reference/graded_answers.csv that name a set. Prints two tables: what the rules said when they
first saw each answer, and what they say now. "73 of 77" means: of 77 answers called right, 73 are. Intervals are 95 %
(Wilson), as if answers were independent; several answers to one question are a little less than that.
"""

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.graded_public import Case, cases, value_of

from bakeoff.grading.grade import grade
from bakeoff.measure.statistics import wilson

LONG_ACCEPTED = 8
LONG_ANSWER = 15
"""Words: every accepted answer has at least so many; the answer has at least so many."""
Truth = Callable[[Case], bool | None]
Said = Callable[[Case], str]


def groups(of: Sequence[Case]) -> list[tuple[str, list[Case]]]:
    """All cases, by batch and set, and by length."""
    kinds: dict[str, Callable[[Case], bool]] = {"all": lambda case: True}
    for batch, name in dict.fromkeys((case.batch, case.set) for case in of):
        kinds[f"{batch}, {name}"] = lambda case, key=(batch, name): (case.batch, case.set) == key  # type: ignore[misc]
    kinds["no accepted answer"] = lambda case: not case.accepted
    kinds["accepted answer short"] = lambda case: bool(case.accepted) and not accepted_is_long(case)
    kinds["accepted answer long"] = accepted_is_long
    kinds["answer short"] = lambda case: len(case.answer.split()) < LONG_ANSWER
    kinds["answer long"] = lambda case: len(case.answer.split()) >= LONG_ANSWER
    return [(name, [case for case in of if holds(case)]) for name, holds in kinds.items()]


def accepted_is_long(case: Case) -> bool:
    return bool(case.accepted) and min(len(text.split()) for text in case.accepted) >= LONG_ACCEPTED


def kappa(pairs: Sequence[tuple[object, object]]) -> tuple[float, float]:
    """Raw agreement and Cohen's kappa (Cohen 1960, doi:10.1177/001316446002000104). NaN without any variation."""
    n = len(pairs)
    agreement = sum(a == b for a, b in pairs) / n
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(first[value] * second[value] for value in first) / n**2
    return agreement, (agreement - chance) / (1 - chance) if chance < 1 else float("nan")


def share(k: int, n: int) -> str:
    """'73 of 77 (94.8 %, 87.4 to 98.0)'."""
    if not n:
        return "none"
    low, high = wilson(k / n, n, 1.96)
    return f"{k} of {n} ({k / n:.1%}, {100 * low:.1f} to {100 * high:.1f})"


def row(name: str, of: Iterable[Case], truth: Truth, said: Said) -> str:
    """A line of the table. Cases without a truth count for the share of unsure only."""
    of = list(of)
    counts = Counter((said(case), truth(case)) for case in of)
    right = share(counts["right", True], counts["right", True] + counts["right", False])
    wrong = share(counts["wrong", False], counts["wrong", True] + counts["wrong", False])
    unsure = sum(n for (verdict, _), n in counts.items() if verdict == "unsure")
    known = sum(n for (_, value), n in counts.items() if value is not None)
    return f"| {name} | {len(of)} | {known} | {right} | {wrong} | {unsure} ({unsure / max(1, len(of)):.0%}) |"


def print_table(title: str, of: Sequence[Case], truth: Truth, said: Said) -> None:
    print(f"\n{title}\n\n| answers | n | judged | called right | called wrong | unsure |\n|---|---|---|---|---|---|")
    for name, some in groups(of):
        print(row(name, some, truth, said))


def print_agreement(of: Sequence[Case]) -> None:
    """Of both passes: verdicts in four words, and correct or not where both can tell."""
    twice = [case for case in of if case.pass_1 and case.pass_2]
    if not twice:
        print("There is no second pass yet.")
        return
    for name, some in groups(twice):
        verdicts = [(case.pass_1, case.pass_2) for case in some]
        values = [tuple(value_of(word, bool(case.accepted)) for word in (case.pass_1, case.pass_2)) for case in some]
        both = [(a, b) for a, b in values if a is not None and b is not None]
        if both:
            words, correct = _in_words(verdicts), _in_words(both)
            print(f"{name}: four verdicts, n = {len(some)}: {words}; correct or not, n = {len(both)}: {correct}")


def _in_words(pairs: Sequence[tuple[object, object]]) -> str:
    agreement, beyond_chance = kappa(pairs)
    return f"{agreement:.1%}, kappa {beyond_chance:.2f}"


def print_disagreements(of: Sequence[Case], truth: Truth, said: Said) -> None:
    """The answers about which the rules are wrong."""
    for case in of:
        value = truth(case)
        if value is not None and said(case) != "unsure" and (said(case) == "right") != value:
            judged = "right" if value else "wrong"
            print(f"judged {judged}, graded {said(case)}: {case.question} {list(case.accepted)}: {case.answer!r}")


def main() -> None:
    """Prints agreement, both tables, and with --show what the rules get wrong now."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pass", dest="only", type=int, choices=(1, 2), help="the judge whose verdicts are the truth")
    parser.add_argument("--show", action="store_true", help="print the answers about which the rules are wrong")
    arguments = parser.parse_args()
    of = cases(Path(os.environ["BAKEOFF_DATA"]))

    def truth(case: Case) -> bool | None:
        if not arguments.only:
            return case.correct
        return value_of((case.pass_1, case.pass_2)[arguments.only - 1], bool(case.accepted))

    def now(case: Case) -> str:
        return grade(case.answer, case.accepted, case.kind).verdict

    print_agreement(of)
    print_table("When the rules first saw them", of, truth, lambda case: case.first_met)
    print_table("Now", of, truth, now)
    if arguments.show:
        print_disagreements(of, truth, now)


if __name__ == "__main__":
    main()
