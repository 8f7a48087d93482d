"""What the judge model leaves behind: key points, one line per judged answer, canaries and the calibration.

Frozen records of a run folder's `judge.jsonl` and `judge.json`. They know no model.
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from bakeoff.measure.comparison import NOTHING, Estimate
from bakeoff.measure.labels import LabelVerdict, Unit
from bakeoff.records import Prompt, Record, Usage

PointVerdict = Literal["stated", "not stated", "contradicted"]
Purpose = Literal["grade", "repeat", "canary", "key points"]


class Findings(Record):
    """What one reply of the judge says: a verdict on each key point, in order, and whether the answer declines."""

    points: tuple[PointVerdict, ...] = ()
    declines: bool

    def verdict(self, answerable: bool) -> LabelVerdict:
        """Right if every key point is stated. A partial answer is wrong, and so is one with a contradiction."""
        if not answerable:
            return "declined" if self.declines else "wrong"
        if self.points and all(point == "stated" for point in self.points):
            return "right"
        return "declined" if self.declines and "contradicted" not in self.points else "wrong"


class Judged(Record):
    """One line of judge.jsonl: one request to the judge model, with what it cost.

    `purpose` says what for: to grade an answer, to judge it a second time, as a canary, or to take the key points of a
    question's accepted answers (then `text` is empty). `judge` is the fingerprint of the model and its settings, `key`
    that of what was judged: the judge, the question, its key points and the text. With an `error` there is no verdict;
    `reply` then is what the model wrote, if it wrote anything.
    """

    question_id: str
    text: str
    purpose: Purpose
    judge: str
    key: str
    verdict: LabelVerdict | None = None
    findings: Findings | None = None
    usage: Usage = Usage()
    usd: float = 0.0
    error: str | None = None
    reply: str = ""
    at: datetime

    @property
    def unit(self) -> Unit:
        return Unit(self.question_id, self.text)


class CanaryAnswer(Record):
    """An answer that is judged in every run of a pilot: the prompt, and the verdict when it was first judged."""

    model: str
    question_id: str
    prompt: Prompt
    n_points: int
    answerable: bool
    verdict: LabelVerdict
    at: datetime


class Drift(Record):
    """How many canaries get the verdict of their first time. `since` is the day of the oldest; None: all are new."""

    n: int = 0
    n_same: int = 0
    changed: tuple[str, ...] = ()
    since: datetime | None = None


class Session(Record):
    """What a session with the judge model settles for the calibration.

    `judge` is the model's label, `fingerprint` that of its settings and weights. `deterministic`: a local model that
    always writes the most probable token. `long_from`, `least_kappa` and `least_labels` are as in `Grading`. `notes`
    are for the report: a judge of a contender's family, and why the judge stopped. `n_lines` is how many lines
    judge.jsonl had at the end of the session: later ones are of a session that was interrupted. None: it is not known.
    """

    judge: str
    fingerprint: str
    deterministic: bool = False
    long_from: int
    least_kappa: float
    least_labels: int
    drift: Drift = Drift()
    notes: tuple[str, ...] = ()
    n_lines: int | None = None


class Calibration(Session):
    """`judge.json`: what the judge did in a run, how well it agrees with people, and whether its verdicts count.

    `reason` says why it is accepted or refused. `n_units` are the answers that are long or of which the rules are
    unsure; of these `n_judged` have a verdict, `n_errors` have none because the reply failed or could not be read, and
    the rest were not asked. `n_labels` are the judged answers with a label that was drawn at random; labels that
    cannot tell are counted in `n_cannot_tell` and not used. `usage` and `usd` are those of all requests.

    Shares are those of 'correct' (to decline is correct where the documents hold no answer). `base_rate` is the share
    that people call correct, `judged_rate` the judge's on the same answers. `sensitivity` is the share of the answers
    correct by people that the judge calls correct, `specificity` the share of the others that it calls not correct.
    `kappa` is Cohen's. `length_slope` is the change of the judge's error (judge minus people) when an answer is twice
    as long, `errors` its mean for each contender. All have 95 % intervals. `self_agreement` is the share of answers
    judged twice with the same verdict; without a value its `reason` says why. `cautions` are what these figures say
    against the judge, for the report.
    """

    accepted: bool = False
    reason: str = ""
    n_units: int = 0
    n_judged: int = 0
    n_errors: int = 0
    n_labels: int = 0
    n_cannot_tell: int = 0
    usage: Usage = Usage()
    usd: float = 0.0
    agreement: Estimate = NOTHING
    kappa: Estimate = NOTHING
    base_rate: Estimate = NOTHING
    judged_rate: Estimate = NOTHING
    sensitivity: Estimate = NOTHING
    specificity: Estimate = NOTHING
    length_slope: Estimate = NOTHING
    errors: dict[str, Estimate] = Field(default_factory=dict)
    self_agreement: Estimate = NOTHING
    cautions: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """What was judged, whether it counts, and why, in three sentences."""
        counts = "Its verdicts count." if self.accepted else "Its verdicts do not count."
        return (
            f"The judge {self.judge} has a verdict on {self.n_judged} of {self.n_units} long or unsure answers. "
            f"{counts} {self.reason}"
        )
