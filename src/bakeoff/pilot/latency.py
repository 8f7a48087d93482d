"""Which test questions are asked one at a time to measure latency.

Takes the test questions and the configuration, gives questions. Asks nothing.
"""

from collections.abc import Sequence

from bakeoff.decide.requirements.standing import times_wanted
from bakeoff.measures import IN_DOMAIN
from bakeoff.records import Question
from bakeoff.runs.config import Config


def latency_questions(config: Config, test: Sequence[Question]) -> Sequence[Question]:
    """Test questions of the domain, one for each fact, spread evenly; the first is the warm-up.

    They are asked before the batch pass, so that no server's cache answers them. They are part of the test, so that
    a router routes them like the other questions. A limit on latency needs the more, the more contenders there are.
    """
    asked = [question for question in test if question.slice in IN_DOMAIN]
    by_fact = {question.fact: question for question in asked or test}
    ordered = [by_fact[fact] for fact in sorted(by_fact)]
    is_limited = config.profile.latency_limit_ms is not None
    needed = times_wanted(len(config.contenders)) if is_limited else 0
    wanted = max(config.measuring.latency_questions, needed) + 1
    return ordered[:: max(1, len(ordered) // wanted)][:wanted]
