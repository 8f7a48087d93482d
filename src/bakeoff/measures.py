"""The measures of a comparison as values: the name, meaning and estimator of each.

The report, the decision matrix, the sensitivity analysis and the claims read these `Measure`s. A measure only names
its estimator; the code of the estimators is in `measure/`. Knows nothing about runs, models or pages.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from bakeoff.records import Answer, Phase, Question, Record, Slice
from bakeoff.sentences import DASH, NARROW, count, duration, milliseconds, percent, unit_of, usd
from bakeoff.writing.words import count_words

IN_DOMAIN: tuple[Slice, ...] = ("seen", "unseen", "unanswerable")
"""The slices of questions about the documents before any update. Accuracy and most other measures cover these."""
EVERY_SLICE: tuple[Slice, ...] = (*IN_DOMAIN, "changed", "general")

Unit = Literal["share", "ratio", "ms", "usd", "s", "count"]
Better = Literal["higher", "lower", ""]
Estimator = Literal[
    "share", "mean", "median", "ratio", "cost", "time", "area", "coverage", "macro_f1", "auroc", "calibration"
]
PerQuestion = Callable[[Question, Answer], float | None]

WRITERS: Mapping[Unit, Callable[[float], str]] = {
    "share": percent,
    "ratio": percent,
    "ms": milliseconds,
    "usd": usd,
    "s": duration,
    "count": count,
}


class Measure(Record):
    """One measure.

    For one question, its value is the score named `score` in `scores.jsonl`, or the result of `per_question` (None if
    the measure does not apply). A measure with both is computed once and stored in `scores.jsonl`.
    Over questions, `estimator` combines the values of all questions in `slices` whose answer in this `phase` did not
    fail:

    | estimator | value |
    |---|---|
    | share | mean of values in 0..1, score interval clustered by fact |
    | mean | mean, interval by the clustered standard error |
    | ratio | mean divided by the mean of the same model before tuning, on the same questions |
    | median | median over the questions that were answered one at a time |
    | cost | mean price of an answer in US dollars, times 1,000 |
    | time | sum of the stages that set the contender up |
    | area | area under the risk-coverage curve, interval over redrawn facts |
    | coverage | hallucination where all contenders answer the same share of the questions |
    | macro_f1 | mean F1 over labels, interval over redrawn facts |
    | auroc | how well confidence separates questions in scope from those out of scope, interval over redrawn facts |
    | calibration | mean distance of confidence from accuracy in bins of equal size, interval over redrawn facts |

    `by_traffic` weighs each question by how often users ask it. `per_slice` adds the value on each slice.
    `contrasted` compares every pair of contenders on this measure. `reason` explains a missing value.
    `short` is the title for narrow columns. `source` says who defined the measure.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    description: str = ""
    unit: Unit = "share"
    better: Better = "higher"
    estimator: Estimator = "share"
    score: str = ""
    per_question: Annotated[SkipJsonSchema[PerQuestion | None], Field(exclude=True, repr=False)] = None
    phase: Phase = "test"
    slices: tuple[Slice, ...] = IN_DOMAIN
    per_slice: bool = False
    contrasted: bool = False
    by_traffic: bool = False
    reason: str = "every answer failed"
    short: str = ""
    source: str = ""

    def write(self, value: float) -> str:
        """The value with its unit."""
        return WRITERS[self.unit](value)

    def interval(self, low: float | None, high: float | None) -> str:
        """Both ends, with the unit once if they share it. Empty if an end is missing or both are written the same."""
        if low is None or high is None or self.write(low) == self.write(high):
            return ""
        a, b = self.write(low), self.write(high)
        unit = unit_of(b)
        return (a.removesuffix(unit) if unit and unit_of(a) == unit else a) + DASH + b

    def best(self, values: Mapping[str, float]) -> list[str]:
        """The keys with the best value. Several keys if they are equal."""
        if not values:
            return []
        best = (min if self.better == "lower" else max)(values.values())
        return [key for key, value in values.items() if value == best]


def tokens(question: Question, answer: Answer) -> float:
    """Prompt and completion tokens of one answer."""
    return float(answer.usage.prompt_tokens + answer.usage.completion_tokens)


def seconds(question: Question, answer: Answer) -> float | None:
    """One answer's share of its batch's wall time; None for an answer of a batch API, which is in no hurry."""
    return None if answer.usage.batched else answer.usage.seconds


def words(question: Question, answer: Answer) -> float | None:
    """The words of an answer; None if it was declined."""
    return None if answer.abstained else float(count_words(answer.text))


ACCURACY = Measure(
    name="accuracy",
    title="Accuracy",
    description="questions answered correctly; declining is correct only where the documents hold no answer",
    score="correct",
    per_slice=True,
    contrasted=True,
)
HALLUCINATION = Measure(
    name="hallucination",
    title="Hallucination",
    description="answered, and wrong; “I don't know” does not count (see Declined)",
    better="lower",
    score="hallucinated",
    per_slice=True,
    contrasted=True,
    short="Halluc.",
)
EIGHT = (
    ACCURACY,
    HALLUCINATION,
    Measure(
        name="latency_ms",
        title="Latency",
        description="time to a complete answer, one question at a time; half of the answers take less",
        unit="ms",
        better="lower",
        estimator="median",
        reason="no question was timed: the first one warms up, and those that fail do not count",
    ),
    Measure(
        name="cost_per_1k",
        title="Cost of 1,000 answers",
        description="cost of answering 1,000 questions at the prices in the configuration",
        unit="usd",
        better="lower",
        estimator="cost",
        slices=EVERY_SLICE,
        short="USD/1k",
    ),
    Measure(
        name="retention",
        title="Retention",
        description="general knowledge that the model kept: 100" + NARROW + "% is as much as before tuning",
        unit="ratio",
        estimator="ratio",
        score="knows",
        slices=("general",),
        short="Retent.",
    ),
    Measure(
        name="freshness",
        title="Freshness",
        description="accuracy on changed facts after the documents were updated",
        score="correct",
        phase="updated",
        slices=("changed",),
        short="Fresh",
    ),
    Measure(
        name="consistency",
        title="Consistency",
        description="the same answer when a question is asked in other words (declining both times counts as the same "
        "answer; see Declined)",
        score="consistent",
        reason="no fact was asked in two ways in the test",
        short="Consist.",
    ),
    Measure(
        name="setup_s",
        title="Set-up",
        description="time until it is ready to answer, including training and indexing",
        unit="s",
        better="lower",
        estimator="time",
        reason="its set-up was not timed",
    ),
)
"""The eight measures of the contract, in the order of every table."""

BESIDE = (
    Measure(
        name="accuracy_by_traffic",
        title="Accuracy by traffic",
        description="accuracy with each question weighted by how often users ask it",
        score="correct",
        by_traffic=True,
        reason="the column 'asked' is 0 for every test question",
    ),
    Measure(
        name="answer_words",
        title="Words in an answer",
        description="mean length of its answers, without those it declined; a whole sentence is right more easily than "
        "a few words",
        unit="count",
        better="",
        estimator="mean",
        per_question=words,
        reason="it declined every question",
        short="Words",
    ),
    Measure(
        name="abstention",
        title="Declined",
        description="questions it declined to answer, answerable or not",
        better="",
        score="abstained",
        per_slice=True,
    ),
    Measure(
        name="hallucination_at_equal_coverage",
        title="Hallucination at equal coverage",
        description="hallucination if each contender answered only its surest answers, as many as the one that answers "
        "least (of those that answer a fifth or more)",
        better="lower",
        estimator="coverage",
        reason="its answers have no confidence",
        short="Halluc. eq.",
    ),
    Measure(
        name="aurc",
        title="Risk over coverage (AURC)",
        description="mean share of wrong answers among the surest 1, 2, 3, … answers; what it declines comes last, "
        "as wrong",
        better="lower",
        estimator="area",
        reason="its answers have no confidence",
        short="AURC",
        source="Geifman and El-Yaniv 2017, arXiv:1705.08500",
    ),
    Measure(
        name="retrieval_recall",
        title="Evidence retrieved",
        description="questions for which a retrieved passage holds the answer",
        score="evidence_hit",
        reason="it retrieves no passages, or the questions name no sources",
        source="Success@k of TREC",
    ),
    Measure(
        name="knowledge",
        title="Knowledge",
        description="answerable questions it would answer correctly if it never declined",
        score="knows",
        per_slice=True,
    ),
    Measure(
        name="exact_match",
        title="Exact match",
        description="answers that match an accepted answer word for word",
        score="exact_match",
        reason="no answerable question",
        source="Rajpurkar et al. 2016, SQuAD, arXiv:1606.05250",
    ),
    Measure(
        name="f1",
        title="Token F1",
        description="overlap of the words of an answer with the words of an accepted answer",
        estimator="mean",
        score="f1",
        reason="no answerable question",
        source="Rajpurkar et al. 2016, SQuAD, arXiv:1606.05250",
    ),
    Measure(
        name="unsure",
        title="Not sure",
        description="answers that can be called neither right nor wrong; unless labels correct the shares, each counts "
        "half, and intervals reach from all of them wrong to all of them right",
        better="lower",
        score="unsure",
    ),
    Measure(
        name="truncated",
        title="Cut off",
        description="answers that were cut off at the token limit",
        better="lower",
        score="truncated",
        slices=EVERY_SLICE,
    ),
    Measure(
        name="tokens_per_question",
        title="Tokens",
        description="tokens read and written per question",
        unit="count",
        better="lower",
        estimator="mean",
        per_question=tokens,
        slices=EVERY_SLICE,
    ),
    Measure(
        name="seconds_per_question",
        title="Time in a batch",
        description="a question's share of the time of its batch",
        unit="s",
        better="lower",
        estimator="mean",
        per_question=seconds,
        slices=EVERY_SLICE,
    ),
    Measure(
        name="errors",
        title="Errors",
        description="questions for which the contender returned an error; they count neither as correct nor as wrong",
        better="lower",
        score="error",
        slices=EVERY_SLICE,
        reason="no answer",
    ),
)
"""Shown beside the eight. They are never part of a verdict by themselves."""

NO_SCOPE = "the test holds no question that is out of scope"
CLASSIFICATION = (
    Measure(
        name="macro_f1",
        title="Macro F1",
        description="mean over the labels of the test of F1, which counts both missed and falsely given labels; a "
        "declined question has no label",
        estimator="macro_f1",
        reason="no test question has a label",
        source="Sokolova and Lapalme 2009, doi:10.1016/j.ipm.2009.03.002",
    ),
    Measure(
        name="scope_auroc",
        title="Scope (AUROC)",
        description="chance that a question with a label gets a higher confidence than one that is out of scope; 50"
        + NARROW + "% is as good as guessing",
        estimator="auroc",
        reason=NO_SCOPE,
        source="Hendrycks and Gimpel 2017, arXiv:1610.02136",
    ),
    Measure(
        name="scope_declined",
        title="Out of scope, declined",
        description="questions that are out of scope and that it declined",
        score="abstained",
        slices=("unanswerable",),
        reason=NO_SCOPE,
    ),
    Measure(
        name="in_scope_declined",
        title="In scope, declined",
        description="questions with a label that it declined",
        better="lower",
        score="abstained",
        slices=("seen", "unseen"),
        reason="no test question has a label",
    ),
    Measure(
        name="calibration_error",
        title="Calibration error (ECE)",
        description="mean distance of its confidence from the share of right labels (out of scope none is right), in "
        "10 bins of equal size; noise in the bins makes it larger in small tests, which the interval takes off",
        better="lower",
        estimator="calibration",
        reason="its confidences are no probabilities",
        short="ECE",
        source="Naeini et al. 2015, doi:10.1609/aaai.v29i1.9602; bins of equal size, Nguyen and O'Connor 2015, "
        "arXiv:1508.05154",
    ),
)  # fmt: skip
"""Also measured if the accepted answers are labels of a closed set. Never part of a verdict by themselves."""

MEASURES = (*EIGHT, *BESIDE)
BY_NAME: Mapping[str, Measure] = {measure.name: measure for measure in (*MEASURES, *CLASSIFICATION)}
LOWER_IS_BETTER = frozenset(measure.name for measure in MEASURES if measure.better == "lower")
SCORES = ("correct", "knows", "hallucinated", "abstained", "exact_match", "f1", "evidence_hit", "consistent",
          "unsure", "truncated", "error")  # fmt: skip
"""The names of the per-question scores in `scores.jsonl`; `measure/score.py` computes them."""
GRADED = ("correct", "knows", "hallucinated")
"""The scores that depend on whether an answer is right: 0.5 says that it could not be decided."""


def by_name(measures: Sequence[Measure] = ()) -> dict[str, Measure]:
    """Bakeoff's measures and a team's own measures, by name. A team's own measure wins if names are equal."""
    return {**BY_NAME, **{measure.name: measure for measure in measures}}
