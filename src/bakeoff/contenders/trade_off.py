"""The settings of a cascade from cheap to dear, and who answers each question in them.

Takes the levels' dev answers for thresholds, and their test answers for who answers; gives ways of answering. Nothing
is fitted on test. Does not know whether an answer is right.
"""

from collections.abc import Collection, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np

from bakeoff.contenders.cascading import Cascading, Level, fit_cascade, is_sure
from bakeoff.contenders.cuts import ALWAYS, NO_FACTS
from bakeoff.measure.rates import Rates, usd
from bakeoff.measure.saving import Course, Spent, Way
from bakeoff.records import Answer

WORTHS = tuple(float(factor) for factor in np.geomspace(1000, 0.1, 33))
"""What a right answer is worth, in answers of the dearest level: beyond both ends nothing changes any more."""
SHARES = tuple(i / 10 for i in range(11))


Tested = Mapping[str, Mapping[str, Answer]]
"""Test answers by level and question id."""


class Costed(NamedTuple):
    """The levels of a cascade in order: with their dev answers, their test answers and the prices of these."""

    levels: Sequence[Level]
    tested: Tested
    rates: Mapping[str, Rates]
    labels: Collection[str] = ()
    """The keys of labels that are accepted (`cascading.is_sure`)."""


def course_of(chosen: Cascading, of: Costed, facts: Mapping[str, str] = NO_FACTS, penalty: float = 1.0) -> Course:
    """Every setting of one cascade. `penalty` is what a wrong answer costs."""
    names = tuple(level.name for level in of.levels)
    return Course(
        levels=names,
        wrong_answer_penalty=penalty,
        chosen=_way(chosen, of),
        alone={name: _way(Cascading(levels=(name,), answers_from=()), of)._replace(is_cascade=False) for name in names},
        by_price=_by_price(of, facts),
        by_share=[_way(_keeping(share, of.levels), of)._replace(share=share) for share in SHARES],
        asked=chosen.levels,
    )


def _by_price(of: Costed, facts: Mapping[str, str]) -> list[Way]:
    """What dev chooses as a right answer is worth less and less; the first does not count cost."""
    ways = [_way(fit_cascade(of.levels, facts), of)]
    dearest = max(
        (fmean(answer.usd for answer in level.answers.values()) for level in of.levels if level.answers), default=0
    )
    for worth in (factor * dearest for factor in WORTHS if dearest):
        way = _way(fit_cascade(of.levels, facts, 1 / worth), of)
        if way.by != ways[-1].by or way.spent != ways[-1].spent:
            ways.append(way._replace(right_answer_usd=worth))
    return ways


def _keeping(share: float, levels: Sequence[Level]) -> Cascading:
    """The thresholds by which each level keeps this share of its dev answers, the surest ones; none is asked for 0."""
    *first, last = levels
    kept = [(level.name, _surest(share, level)) for level in first if share]
    return Cascading(levels=(*(name for name, _ in kept), last.name), answers_from=tuple(cut for _, cut in kept))


def _surest(share: float, level: Level) -> float:
    sureness = [answer.confidence for answer in level.answers.values() if answer.confidence is not None]
    return ALWAYS if share == 1 or not sureness else float(np.quantile(sureness, 1 - share))


def _way(cascading: Cascading, of: Costed) -> Way:
    """Who answers each test question. One that the last level was not asked is left out."""
    *first, last = cascading.levels
    by, spent = {}, {}
    for key, final in of.tested[last].items():
        by[key], spent[key] = last, Spent()
        for name, least in zip(first, cascading.answers_from, strict=True):
            answer = of.tested[name].get(key)
            if answer is not None:
                spent[key] = spent[key].plus(_spent(answer, of.rates[name]))
                if is_sure(answer, least, of.labels):
                    by[key] = name
                    break
        if by[key] == last:
            spent[key] = spent[key].plus(_spent(final, of.rates[last]))
    return Way(by, spent)


def _spent(answer: Answer, rates: Rates) -> Spent:
    used = answer.usage
    return Spent(used.seconds, used.prompt_tokens + used.completion_tokens, usd(used, rates))
