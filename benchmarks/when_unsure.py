"""Retrieval only where a model without passages is unsure: a cascade of `tuned` (or `base`) and `rag`, beside `rag`.

    python benchmarks/when_unsure.py runs/support-desk runs/squad

Takes finished runs with dev and test answers of these contenders. No model is asked: the thresholds are fitted on the
dev answers as in a run, and the test answers are those that the cascade would give. Beside that, the cascade if the
surest tenth, quarter or half of the dev answers were kept. The rules grade. A wrong answer costs as much as a right one
earns.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bakeoff.contenders.built import Built
from bakeoff.contenders.cascading import Cascaded, Cascading, Level, fit_cascade
from bakeoff.contenders.outcomes import outcomes
from bakeoff.contenders.remembering import Remembering
from bakeoff.measure.score import score_answers
from bakeoff.measure.statistics import mean_estimate
from bakeoff.measure.value import value_of
from bakeoff.records import Answer, Question
from bakeoff.runs.folder import RunFolder

PENALTY = 1.0
LAST = "rag"
SHARES = (0.1, 0.25, 0.5)


class Stored:
    """A contender of a run that has given its answers."""

    def __init__(self, name: str) -> None:
        self.name = name

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        return [Answer(question_id=one.id, contender=self.name, error="not asked in the run") for one in questions]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    print("| run | contender | without retrieval | right | minus rag | value | minus rag | time, to rag |")
    print("|---|---|---|---|---|---|---|---|")
    for path in parser.parse_args().runs:
        run = RunFolder(path)
        questions = [one for one in run.questions() if one.slice != "general"]
        dev = [one for one in questions if one.split == "dev"]
        test = [one for one in questions if one.split == "test"]
        rag = {one.question_id: one for one in run.answers(LAST) if one.error is None}
        test = [one for one in test if one.id in rag]
        given = {LAST: [rag[one.id] for one in test]}
        for first in ("tuned", "base"):
            if run.answers_path(first, "dev").exists():
                given[f"{first}, then {LAST}"] = cascaded(run, fitted(run, first, dev), test)
                for share in SHARES if first == "tuned" else ():
                    least = Cascading(levels=(first, LAST), answers_from=(surest(run, first, dev, share),))
                    given[f"{first} for the surest {share:.0%} of dev, then {LAST}"] = cascaded(run, least, test)
        if run.answers_path("tuned").exists():
            given["tuned"] = Remembering(Stored("tuned"), run.answers("tuned")).answer(test)
        print_rows(path.name, test, given)


def fitted(run: RunFolder, first: str, dev: Sequence[Question]) -> Cascading:
    """The cascade of a contender and `rag` with the threshold that is worth most on dev."""
    built = Built.model_validate_json((run.root / "contenders" / LAST / "contender.json").read_text(encoding="utf-8"))
    levels = [
        Level(first, outcomes(dev, run.answers(first, "dev"), PENALTY)),
        Level(LAST, outcomes(dev, run.answers(LAST, "dev"), PENALTY, built.fitted.decline_below)),
    ]
    return fit_cascade(levels, {one.id: one.fact for one in dev})


def surest(run: RunFolder, first: str, dev: Sequence[Question], share: float) -> float:
    """The confidence that this share of the dev answers reaches, of those that do not say "I don't know."."""
    given = outcomes(dev, run.answers(first, "dev"), PENALTY)
    return float(np.quantile([one.confidence for one in given.values() if one.confidence is not None], 1 - share))


def cascaded(run: RunFolder, cascading: Cascading, test: Sequence[Question]) -> list[Answer]:
    """The test answers of the cascade."""
    stored = [Remembering(Stored(name), run.answers(name)) for name in cascading.levels]
    return Cascaded("cascade", stored, cascading.answers_from).answer(test)


def print_rows(run: str, questions: Sequence[Question], given: Mapping[str, Sequence[Answer]]) -> None:
    """A row for each contender, with paired differences from `rag` and their 95 % intervals."""
    facts = {one.id: one.fact for one in questions}
    right, value = {}, {}
    for title, answers in given.items():
        scores = score_answers(questions, answers)
        right[title] = {s.question_id: s.value for s in scores if s.measure == "correct" and s.value is not None}
        value[title] = {q.id: value_of(q, a, PENALTY) for q, a in zip(questions, answers, strict=True)}
    for title, answers in given.items():
        without = float(np.mean([not answer.citations for answer in answers]))
        cells = [f"{without:.0%}", *compared(right, title, facts), *compared(value, title, facts)]
        seconds = [sum(answer.usage.seconds for answer in given[name]) for name in (title, LAST)]
        print(f"| {run} | {title} | {' | '.join(cells)} | {seconds[0] / seconds[1]:.2f} |")


def compared(values: Mapping[str, Mapping[str, float]], title: str, facts: Mapping[str, str]) -> tuple[str, str]:
    """The mean, and the difference from `rag` over the same questions."""
    mean = f"{np.mean(list(values[title].values())):.3f}"
    if title == LAST:
        return mean, "-"
    estimate = mean_estimate({key: value - values[LAST][key] for key, value in values[title].items()}, facts)
    return mean, f"{estimate.value:+.3f} ({estimate.low:+.3f} to {estimate.high:+.3f})"


if __name__ == "__main__":
    main()
