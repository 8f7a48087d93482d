"""What the gate decides on, and what it decided.

Takes graded answers of two contenders to the same questions, gives records. Knows nothing about the rule (`gate.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from bakeoff.decide.requirements.standing import Standing
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.value.joint import terms_of
from bakeoff.decide.value.outcomes import utilities
from bakeoff.decide.value.weights import question_weights
from bakeoff.errors import ConfigError, InputError
from bakeoff.learn.gate.saving import Paid, saving
from bakeoff.measure.graded import NONE, Graded, Values
from bakeoff.records import Question, Record
from bakeoff.serve.log_entries import PartCheck

LIVE, CANDIDATE = "live", "candidate"

Route = Literal["better", "as good and cheaper"]


@dataclass(frozen=True)
class Contestant:
    """One contender's graded answers, by question id. A question without a value is one whose answer failed.

    `correct` says whether each answer is right, where declining a question that the documents do not answer is;
    `abstained` whether it was declined. `general` is how right the answers to general questions are, whether declined
    or not. `latencies_ms` are times of answers one at a time. `paid` is what answers cost, None if it is not known.
    """

    correct: Graded
    abstained: Graded = NONE
    general: Graded = NONE
    latencies_ms: Sequence[float] = ()
    paid: Paid | None = None

    @property
    def hallucinated(self) -> Graded:
        """Whether each answer was given and wrong."""
        declined = {key for key, value in self.abstained.values.items() if value > 0}
        wrong = {key: 0.0 if key in declined else 1 - right for key, right in self.correct.values.items()}
        unsure = {key: text for key, text in self.correct.unsure.items() if key not in declined}
        return Graded(wrong, unsure, self.correct.reach)


@dataclass(frozen=True)
class Tested:
    """What is served and the candidate on the same questions.

    `questions` are about the documents, `general` are not. `fresh` are the facts that no earlier round used.

    Raises InputError if a contender has values for questions that are not part of the test.
    """

    questions: Sequence[Question]
    live: Contestant
    candidate: Contestant
    general: Sequence[Question] = ()
    fresh: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name, of in ((LIVE, self.live), (CANDIDATE, self.candidate)):
            for questions, values in ((self.questions, of.correct.values), (self.general, of.general.values)):
                unknown = sorted(set(values) - {question.id for question in questions})
                if unknown:
                    raise InputError(
                        f"The {name} contender has a grade for '{unknown[0]}', which is not a question of this round.",
                        "give both contenders' answers to the questions of the round, and no others",
                    )

    @cached_property
    def facts(self) -> Mapping[str, str]:
        """The fact of each question."""
        return {question.id: question.fact for question in (*self.questions, *self.general)}

    @cached_property
    def used(self) -> tuple[str, ...]:
        """The facts of the questions about the documents, each once."""
        return tuple(dict.fromkeys(question.fact for question in self.questions))

    def utilities(self, profile: Profile) -> dict[str, Graded]:
        """What each answer is worth, in units of a right one: a failed answer as much as a declined one."""
        correct = {LIVE: self.live.correct, CANDIDATE: self.candidate.correct}
        abstained = {LIVE: self.live.abstained, CANDIDATE: self.candidate.abstained}
        return utilities(self.questions, correct, abstained, profile.utility, profile.value)

    def weights(self, profile: Profile) -> Values | None:
        """How much each question counts, as in the verdict; None if all count alike."""
        of = question_weights(self.questions, profile.counts, profile.slice_weights)
        return of if len(set(of.values())) > 1 else None

    def counted(self, profile: Profile) -> set[str]:
        """The facts that count: those with a question that has a weight. None do if the profile leaves no weight."""
        try:
            of = self.weights(profile)
        except ConfigError:
            return set()
        return {question.fact for question in self.questions if of is None or of[question.id] > 0}

    @cached_property
    def saving(self) -> float | None:
        """The share of the cost that the candidate saves; None if it is not shown to be cheaper."""
        live, candidate = self.live.paid, self.candidate.paid
        return saving(live, candidate, self.facts) if live is not None and candidate is not None else None

    def span(self, profile: Profile) -> float:
        """The distance between the best and the worst answer."""
        return span_of(self.questions, profile)


def span_of(questions: Sequence[Question], profile: Profile) -> float:
    """The distance between the best and the worst answer to any of these questions, in units of a right one."""
    value = profile.value
    own = (value.own(str(question.slice), question.kind) if value else None for question in questions)
    return terms_of(profile, tuple(dict.fromkeys(own))).span


class GateDecision(Record):
    """What the gate says: promote or keep, and why.

    `route` is the hypothesis that was tested. `p` is None if nothing was tested: then no error was spent. `reasons`
    are all reasons to keep what is served, one sentence each, or the one to promote. What was shown comes first.
    `difference` is the candidate's mean utility less that of what is served, with its 95 % interval; `unsure` is in
    how many questions it is not known, and `counted` the difference with all of these against the candidate, as the
    tests count it.
    `more_questions` is how many more would show it at this level with 80 % power if it stays as measured; None if they
    would not, or if it is shown.
    """

    promote: bool
    reasons: tuple[str, ...]
    level: float
    route: Route | None = None
    p: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    unsure: int = 0
    counted: float | None = None
    parts: tuple[PartCheck, ...] = ()
    standings: tuple[Standing, ...] = ()
    more_questions: int | None = None
    facts: tuple[str, ...] = ()
    n_fresh: int = 0

    @property
    def reason(self) -> str:
        return " ".join(self.reasons)
