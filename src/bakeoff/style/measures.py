"""The measures of a team's style: all rules together, each rule, and what the classifier of its examples says.

Takes the rules and a classifier, gives `Measure`s, which are scored and compared as a team's own measures are. Knows
nothing about runs.
"""

from collections.abc import Callable, Sequence
from functools import partial

from bakeoff.measures import Measure
from bakeoff.records import Answer, Question
from bakeoff.sentences import listed
from bakeoff.style.classifier import Check, Classifier
from bakeoff.style.rules import Rule
from bakeoff.style.settings import Style

NO_ANSWER = "no answer that the rule is about and can judge"
ABOUT = {"answers": "", "declines": ", where it declines", "all": ", also where it declines"}

Judge = Callable[[str], bool]


def style_measures(style: Style, classifier: Classifier | None = None, judge: Judge | None = None) -> list[Measure]:
    """`style`, `style_RULE` for each rule, and `style_examples`, as far as the style is given so.

    `judge` applies the classifier to a text. Without a classifier, `style_examples` can be named, but not computed. One
    that its check refused has no values; the reason says why.
    """
    measures = [_all(style.rules), *map(_one, style.rules)] if style.rules else []
    return [*measures, _by_examples(classifier.check if classifier else None, judge)] if style.examples else measures


def _all(rules: Sequence[Rule]) -> Measure:
    return Measure(
        name="style",
        title="Style",
        description=f"answers that keep all rules of style ({listed(_spoken(rule.name) for rule in rules)})",
        score="style",
        per_question=partial(_keeps_all, tuple(rules)),
        per_slice=True,
        contrasted=True,
        reason=NO_ANSWER,
    )


def _one(rule: Rule) -> Measure:
    name = f"style_{rule.name}"
    return Measure(
        name=name,
        title=f"Style: {_spoken(rule.name)}",
        description=f"{rule.says}{ABOUT[rule.applies_to]}",
        score=name,
        per_question=partial(_keeps_all, (rule,)),
        reason=NO_ANSWER,
    )


def _keeps_all(rules: Sequence[Rule], question: Question, answer: Answer) -> float | None:
    """1 if an answer keeps all rules that are about it, 0 if it breaks one, None if none can be judged."""
    judged = [kept for rule in rules if (kept := rule.judge(answer)) is not None]
    return float(all(judged)) if judged else None


def _by_examples(check: Check | None, judge: Judge | None) -> Measure:
    used = judge if check is not None and check.is_usable else None
    says = f"; {check.says}" if check is not None else ""

    def in_style(question: Question, answer: Answer) -> float | None:
        return None if used is None or answer.abstained else float(used(answer.text))

    return Measure(
        name="style_examples",
        title="Style by examples",
        description=f"answers that a classifier takes for the style of the team's examples{says}",
        score="style_examples",
        per_question=in_style,
        contrasted=True,
        reason=check.says if check is not None and not check.is_usable else NO_ANSWER,
        short="Style ex.",
    )


def _spoken(name: str) -> str:
    return name.replace("_", " ")
