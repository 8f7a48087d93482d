"""Whether canaries with another verdict show that the judge has changed, or only the chance in its replies.

Takes the session's count of changed canaries, and how often the judge contradicts itself or people. Gives the caution.
Asks no model. The test is Fisher's exact one, one-sided (1934, Statistical Methods for Research Workers).
"""

from math import comb

from bakeoff.llm_judge.records import Session
from bakeoff.measure.comparison import Estimate
from bakeoff.sentences import percent

SIGNIFICANT = 0.05


def drift_cautions(session: Session, self_agreement: Estimate, agreement: Estimate) -> list[str]:
    """A caution if significantly more canaries changed than the judge's own chance explains; else none.

    A judge with the same reply to the same prompt has no such chance: then each change counts. Otherwise the share of
    answers judged twice with two verdicts is what to expect. If none was judged twice, it follows from the error in
    the calibration: two verdicts that are each wrong by chance with probability e differ with 2 e (1 - e). If that is
    not known either, the caution says so.
    """
    drift = session.drift
    n_changed = drift.n - drift.n_same
    if not n_changed or drift.since is None:
        return []
    changed = (
        f"{n_changed} of {drift.n} canaries ({percent(n_changed / drift.n)}) get another verdict than when they were "
        f"first judged (since {drift.since.date().isoformat()})"
    )
    if session.deterministic:
        return [f"{changed}: the judge may have changed."]
    if self_agreement.value is not None:
        share, n, source = 1 - self_agreement.value, self_agreement.n, "answers judged twice got two verdicts"
    elif agreement.value is not None:
        error, n = 1 - agreement.value, agreement.n
        share, source = 2 * error * (1 - error), "would by the judge's errors on labelled answers"
    else:
        return [f"{changed}. Whether this is chance is not known: no answer was judged twice (grading.repeats)."]
    n_expected = round(share * n)
    if probability_of_so_many(n_changed, drift.n, n_expected, n) >= SIGNIFICANT:
        return []
    return [
        f"{changed}, but only {n_expected} of {n} ({percent(n_expected / n)}) {source}: the judge may have changed."
    ]


def probability_of_so_many(n_first: int, of_first: int, n_second: int, of_second: int) -> float:
    """The probability of at least `n_first` of `of_first`, given the sum of both, if both shares are equal.

    >>> round(probability_of_so_many(3, 3, 0, 3), 3)
    0.05
    """
    n_both = n_first + n_second
    ways = sum(comb(of_first, k) * comb(of_second, n_both - k) for k in range(n_first, min(of_first, n_both) + 1))
    return ways / comb(of_first + of_second, n_both)
