"""How far the threshold for declining depends on the questions that happen to be in dev.

Simulated contenders: the confidences of correct answers are normal with a mean above that of wrong ones, those of
answers to unanswerable questions a little below. Pairs of dev sets are drawn; each gets a threshold; printed is how
often the two differ by at most 10 points of hallucination over all questions, and what the threshold loses against the
best one (in points of accuracy minus penalty x hallucination), averaged over 8 kinds of contenders.

Run: python benchmarks/declining.py [--penalty 1] [--pairs 100]
"""

import argparse
from itertools import product
from statistics import NormalDist

import numpy as np

from bakeoff.measure.threshold import DevAnswers, best_cut, repeated

KINDS = tuple(product((0.2, 0.4, 0.6, 0.8), (0.3, 1.0)))
"""(share of answerable questions answered correctly, distance of the means in standard deviations)."""
BELOW = -0.3
CLOSE = 0.10
above = np.vectorize(lambda x: 1 - NormalDist().cdf(x))


def drawn(rng: np.random.Generator, n_answerable: int, n_unanswerable: int, kind, penalty: float) -> DevAnswers:
    """One dev set, one question for each fact."""
    accuracy, distance = kind
    right = rng.random(n_answerable) < accuracy
    means = np.concatenate([np.where(right, distance, 0.0), np.full(n_unanswerable, BELOW)])
    gains = np.concatenate([np.where(right, 1.0, -penalty), np.full(n_unanswerable, -penalty - 1)])
    confidences = means + rng.normal(size=len(means))
    order = np.argsort(confidences)
    return DevAnswers(confidences[order], gains[order], order, len(order))


def outcomes(below, kind, share: float, penalty: float) -> tuple[np.ndarray, np.ndarray]:
    """Hallucination and value over all questions, of which `share` are unanswerable, for thresholds."""
    accuracy, distance = kind
    answered = above(np.asarray(below) - BELOW)
    wrong = (1 - share) * (1 - accuracy) * above(below) + share * answered
    right = (1 - share) * accuracy * above(np.asarray(below) - distance) + share * (1 - answered)
    return wrong, right - penalty * wrong


def former(of: DevAnswers) -> float:
    """The rule before: the one threshold with the highest sum on dev."""
    totals = np.concatenate([[0.0], np.cumsum(-of.gains)])
    n = int(totals.argmax())
    return float(of.confidences[n - 1]) + 1e-9 if n else -np.inf


def averaged(of: DevAnswers) -> float:
    return best_cut(of, np.ones(of.n_facts), 100, np.random.default_rng(0)).below


def row(rule, n_answerable: int, n_unanswerable: int, penalty: float, pairs: int) -> tuple[float, float, float]:
    """Close pairs of all kinds, of the worst kind, and the mean loss."""
    close, losses = [], []
    share = n_unanswerable / (n_answerable + n_unanswerable)
    for number, kind in enumerate(KINDS):
        rng = np.random.default_rng([number, n_answerable, n_unanswerable])
        cuts = [rule(drawn(rng, n_answerable, n_unanswerable, kind, penalty)) for _ in range(2 * pairs)]
        wrong, value = outcomes(cuts, kind, share, penalty)
        close.append(float(np.mean(np.abs(wrong[::2] - wrong[1::2]) <= CLOSE)))
        losses.append(float(outcomes(np.linspace(-6, 8, 300), kind, share, penalty)[1].max() - value.mean()))
    return float(np.mean(close)), min(close), float(np.mean(losses))


def spread(n_answerable: int, n_unanswerable: int, penalty: float, n: int) -> tuple[float, float]:
    """The standard deviation of hallucination over dev sets, and as `repeated` sees it from one of them (medians)."""
    share = n_unanswerable / (n_answerable + n_unanswerable)
    true, seen = [], []
    for number, kind in enumerate(KINDS):
        rng = np.random.default_rng([number, 7])
        sets = [drawn(rng, n_answerable, n_unanswerable, kind, penalty) for _ in range(n)]
        true.append(outcomes([averaged(of) for of in sets], kind, share, penalty)[0].std())
        seen.append(np.mean([outcomes(repeated(of), kind, share, penalty)[0].std() for of in sets[: n // 4]]))
    return float(np.median(true)), float(np.median(seen))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--penalty", type=float, default=1.0)
    parser.add_argument("--pairs", type=int, default=100)
    given = parser.parse_args()
    print("answerable unanswerable | within 10 points: all, worst kind; loss in points | the rule before")
    for n_answerable, n_unanswerable in product((20, 40, 60, 100), (5, 10, 20, 30)):
        parts = []
        for rule in (averaged, former):
            close, worst, loss = row(rule, n_answerable, n_unanswerable, given.penalty, given.pairs)
            parts.append(f"{100 * close:3.0f} % {100 * worst:3.0f} % {100 * loss:4.1f}")
        print(f"{n_answerable:10} {n_unanswerable:12} | {parts[0]} | {parts[1]}", flush=True)
    true, seen = spread(60, 20, given.penalty, 40)
    print(f"60 and 20: standard deviation {100 * true:.1f} points, as estimated from one dev set {100 * seen:.1f}")


if __name__ == "__main__":
    main()
