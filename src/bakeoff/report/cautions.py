"""Warnings about a comparison, one sentence each.

Takes a comparison, answers and questions, gives sentences. The warnings of the verdict and the data are elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence

from bakeoff.decide.verdict.case_warnings import untested
from bakeoff.measure.comparison import Comparison, ConstantAnswer
from bakeoff.records import Answer, Question
from bakeoff.sentences import counted, first_few, listed, percent

FEW = 0.05
"""Up to this share of answers, errors and cut-off answers give no warning."""
MANY = 0.2
"""If a larger share of the constant answer's grades is unsure, nothing is said about it."""


def cautions(
    comparison: Comparison, answers: Mapping[str, Mapping[str, Answer]], questions: Sequence[Question]
) -> tuple[list[str], list[str]]:
    """(warnings about answers that are undecided or missing, which can change the verdict; all others).

    `answers` are the test answers by contender, then question id.
    """
    doubts = [*untested(comparison), *_unsure(comparison), *_failed(answers), *_constant(comparison)]
    return doubts, [*_cut_off(answers), *_looped(answers), *_unplaced(answers, questions)]


def reading_line(notes: Sequence[str]) -> list[str]:
    """One line that says where to see the notes on how the files were read; empty without notes.

    >>> reading_line(["q.csv: 2 columns are read as accepted answers of the same question."])[0][:52]
    'How the files were read: see the note that bakeoff i'
    """
    if not notes:
        return []
    which = "the note" if len(notes) == 1 else f"the {len(notes)} notes"
    return [
        f"How the files were read: see {which} that bakeoff init prints for these files "
        "(also in data.json, under notes)."
    ]


def _failed(answers: Mapping[str, Mapping[str, Answer]]) -> list[str]:
    counts = {name: sum(answer.error is not None for answer in given.values()) for name, given in answers.items()}
    return [
        f"{n} of the {len(answers[name])} answers of {name} are errors. Its measures cover only the other answers. "
        "bakeoff run CONFIG --resume asks the failed ones again."
        for name, n in counts.items()
        if n > FEW * len(answers[name])
    ]


def _cut_off(answers: Mapping[str, Mapping[str, Answer]]) -> list[str]:
    """A warning if more than 5 % of a contender's answers stopped at the token limit."""
    cut_off = _often(answers, lambda answer: answer.truncated)
    if not cut_off:
        return []
    return [
        f"Answers were cut off at the token limit: {listed(cut_off)}. The missing text is not measured. Raise "
        "max_new_tokens in the configuration."
    ]


def _looped(answers: Mapping[str, Mapping[str, Answer]]) -> list[str]:
    """A warning if more than 5 % of a contender's answers repeated themselves."""
    looped = _often(answers, lambda answer: answer.looped)
    if not looped:
        return []
    return [f"Answers repeated themselves and were stopped: {listed(looped)}. What they repeat is kept once."]


def _unsure(comparison: Comparison) -> list[str]:
    """A warning if a contender's accuracy may lie in a range of more than 5 points, depending on unknown grades."""
    estimates = {name: comparison.estimate(name, "accuracy") for name in comparison.names}
    often = {name: estimate for name, estimate in estimates.items() if 2 * estimate.doubt > FEW}
    if not often:
        return []
    if any(estimate.labels for estimate in often.values()):
        counts = listed(f"{name} ({estimate.unsure})" for name, estimate in often.items())
        return [
            f"Some labelled answers stay undecided, because people could not tell or disagree: {counts}. Each stands "
            "for answers without a label too: intervals reach from all of them wrong to all of them right."
        ]
    counts = listed(f"{name} ({estimate.unsure} of {estimate.n})" for name, estimate in often.items())
    return [
        f"Some answers can be called neither right nor wrong: {counts}. Each counts half, and every interval reaches "
        "from all of them wrong to all of them right. To narrow it, say yourself which are right: bakeoff label RUN."
    ]


def _often(answers: Mapping[str, Mapping[str, Answer]], counts: Callable[[Answer], bool]) -> list[str]:
    """The contenders with more than 5 % of such answers, and the share."""
    shares = {name: sum(map(counts, given.values())) / len(given) for name, given in answers.items() if given}
    return [f"{name} ({percent(share)} of its answers)" for name, share in shares.items() if share > FEW]


def _constant(comparison: Comparison) -> list[str]:
    constant = comparison.constant
    if constant is None or not constant.not_beaten_by or constant.accuracy.value is None:
        return []
    if constant.accuracy.value < 0.005:  # never right: that nobody is better is about them, not about this answer
        return []
    if constant.accuracy.unsure > MANY * constant.accuracy.n:  # nobody knows how often it would be correct
        return []
    names = constant.not_beaten_by
    which = "No contender is" if len(names) == len(comparison.names) else f"{listed(names)} {_are(names)} not"
    return [
        f"Always answering “{shortened(constant.answer)}” would be correct on {percent(constant.accuracy.value)} of "
        f"the test questions{_perhaps(constant)}. {which} significantly more accurate than that."
    ]


def _perhaps(constant: ConstantAnswer) -> str:
    """On how many more questions the constant answer may be correct; empty if every grade is sure."""
    unsure = constant.accuracy.unsure
    return f" (and perhaps on {counted(unsure, 'more question')} that the grader is unsure about)" if unsure else ""


def shortened(answer: str, most: int = 40) -> str:
    """An answer on one line, shortened to `most` characters."""
    line = " ".join(answer.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _are(names: Sequence[str]) -> str:
    return "are" if len(names) > 1 else "is"


def _unplaced(answers: Mapping[str, Mapping[str, Answer]], questions: Sequence[Question]) -> list[str]:
    """A warning if answers belong to questions that are not in splits.jsonl."""
    unknown = sorted({key for given in answers.values() for key in given} - {question.id for question in questions})
    if not unknown:
        return []
    n = counted(len(unknown), "question")
    return [f"splits.jsonl does not hold {n}, whose answers are left out: {first_few(unknown)}."]
