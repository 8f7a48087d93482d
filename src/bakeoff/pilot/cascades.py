"""The settings of a run's cascades, from the answers that the run folder holds. No model is asked.

Takes a run folder and what was collected about its contenders, gives the courses of its cascades.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bakeoff.contenders.built import Fitted
from bakeoff.contenders.cascading import Cascading, Level, level_of
from bakeoff.contenders.outcomes import outcomes
from bakeoff.contenders.trade_off import Costed, course_of
from bakeoff.measure.saving import Course
from bakeoff.measure.summary import Measured
from bakeoff.questions.facts.labels import label_keys
from bakeoff.records import Question
from bakeoff.runs.folder import RunFolder


def with_courses(
    folder: RunFolder, measured: Sequence[Measured], fitted: Mapping[str, Fitted], penalty: float
) -> list[Measured]:
    """The same; a cascade whose levels are all there has its course. `penalty` is what a wrong answer costs."""
    dev = [question for question in folder.questions() if question.split == "dev"]
    by_name = {collected.name: collected for collected in measured}
    found = []
    for collected in measured:
        cascading = Cascading.of(fitted[collected.name].routing) if collected.name in fitted else None
        levels = (cascading.considered or cascading.levels) if cascading else ()
        if cascading and dev and all(name in by_name for name in levels):
            behind = [by_name[name] for name in levels]
            found.append(replace(collected, course=_course(folder, cascading, behind, dev, penalty)))
        else:
            found.append(collected)
    return found


def _course(
    folder: RunFolder, cascading: Cascading, behind: Sequence[Measured], dev: Sequence[Question], penalty: float
) -> Course:
    """The settings of one cascade, of the levels behind it in order."""
    last, facts = behind[-1], {question.id: question.fact for question in dev}
    levels = []
    for level in behind:
        own = level.declining.below if level.declining else None
        found = outcomes(dev, folder.answers(level.name, "dev"), penalty, own if level is last else None, level.rates)
        levels.append(Level(level.name, found) if level is last else level_of(level.name, found, facts, own))
    tested = {level.name: {answer.question_id: answer for answer in level.answers} for level in behind}
    of = Costed(levels, tested, {level.name: level.rates for level in behind}, label_keys(dev))
    return course_of(cascading, of, facts, penalty)
