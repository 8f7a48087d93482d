"""The deterministic grader: an answer against the accepted ones, by rules that can be read and argued with.

Takes texts, gives a `Grade`. Knows nothing about questions, models or how an answer was made. `docs/grading.md` says
what it accepts and how often it errs.
"""

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff.grading.abstention import is_abstention
from bakeoff.grading.polarity import opens_with_polarity, polarity
from bakeoff.grading.quantities import is_quantity, says_number, with_units
from bakeoff.grading.terms import terms
from bakeoff.grading.wording import (
    LONG,
    MOST,
    Terms,
    content,
    countable,
    is_last_name,
    items_of,
    n_negations,
    runs,
    same,
    says_all,
    says_most,
    says_phrase,
    says_words,
    stands_undenied,
)

__all__ = ["Grade", "equivalent", "grade", "is_abstention"]


@dataclass(frozen=True)
class Grade:
    """`correct` is the verdict and `rule` what decided it; `exact_match` and `f1` are SQuAD's, for comparison."""

    correct: bool
    exact_match: bool
    f1: float
    rule: str


def grade(answer: str, accepted: Sequence[str], kind: str = "") -> Grade:
    """Whether the answer says one of the accepted ones; with none accepted, whether it declines.

    `kind` is the question's: 'numeric', 'date', 'name', 'phrase', 'yesno', 'list' or ''.
    """
    golds = [gold for alias in accepted if alias.strip() for gold in _without_brackets(alias)]
    exact, f1 = squad_scores(answer, golds or [""])
    rule, correct = _judge(answer, golds, kind)
    return Grade(correct=correct, exact_match=exact, f1=f1, rule=rule)


def _judge(answer: str, golds: Sequence[str], kind: str) -> tuple[str, bool]:
    said = terms(answer)
    if not said:
        return "empty", False
    declined = is_abstention(answer)
    if not golds:
        return "declined" if declined else "answered an unanswerable question", declined
    if declined and not any(is_abstention(gold) for gold in golds):
        return "declined", False
    golds = [gold for gold in golds if terms(gold)]
    if any(same(said, terms(gold)) for gold in golds):
        return "same", True
    wanted = with_units([terms(gold) for gold in golds])
    verdicts = [_apply_rule(answer, said, gold, wanted, raw, kind) for raw, gold in zip(golds, wanted, strict=True)]
    return next((verdict for verdict in verdicts if verdict[1]), verdicts[0] if verdicts else ("empty", False))


def _apply_rule(answer: str, said: Terms, gold: Terms, golds: Sequence[Terms], raw: str, kind: str) -> tuple[str, bool]:
    """The rule for what kind of thing this accepted answer is, and what it finds."""
    if polarity(raw) and (kind == "yesno" or len(gold) == 1):
        return "yes or no", polarity(answer) == polarity(raw)
    if sum(term.is_number for term in content(gold)) > 1 and stands_undenied(said, gold):
        return "several numbers", True
    if is_quantity(gold) and kind != "list" and (kind not in ("name", "phrase") or content(gold)[0].unit):
        return "number", says_number(said, gold, golds)
    if any(term.dates for term in gold) and len(content(gold)) == 1:
        return "date", says_number(said, gold, golds)
    if len(content(gold)) >= LONG and kind != "list":
        return "long", says_phrase(said, gold, golds) or says_most(said, gold)
    items = items_of(raw)
    if len(items) > 1 and kind in ("list", ""):
        return "list", says_all(said, items) or (kind == "" and says_phrase(said, gold, golds))
    if runs(said, gold):
        return "phrase", says_phrase(said, gold, golds)
    if kind == "name":
        return "last name", is_last_name(said, gold)
    return "words in any order", kind != "date" and says_words(said, gold)


# --- SQuAD's own measures ---------------------------------------------------------------------------------------------


def squad_normalise(text: str) -> str:
    """Lower case, without punctuation, articles and extra blanks.

    Source: Rajpurkar et al. 2016, SQuAD: 100,000+ Questions for Machine Comprehension of Text, evaluate-v1.1.py.
    """
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def squad_scores(answer: str, golds: Sequence[str]) -> tuple[bool, float]:
    """Exact match and token F1 against the best of the accepted answers; both 1 where both are empty.

    Source: Rajpurkar et al. 2016; for the empty answer Rajpurkar, Jia and Liang 2018, evaluate-v2.0.py.
    """
    said = squad_normalise(answer)
    normalised = [squad_normalise(gold) for gold in golds]
    return said in normalised, max(_token_f1(said.split(), gold.split()) for gold in normalised)


def _token_f1(said: Sequence[str], gold: Sequence[str]) -> float:
    if not said or not gold:
        return float(said == gold)
    n_shared = sum((Counter(said) & Counter(gold)).values())
    return 2 * n_shared / (len(said) + len(gold))


# --- accepted answers with brackets -----------------------------------------------------------------------------------


def _without_brackets(alias: str) -> list[str]:
    """'Internet Protocol (IP)' also accepts 'Internet Protocol' and 'IP'; other brackets stay as they are."""
    match = re.fullmatch(r"\s*(.+?)\s*\(([^()]+)\)\s*", alias)
    if match and match[2].isupper() and len(match[2]) <= 8:
        return [alias, match[1], match[2]]
    return [alias]


# --- two free answers -------------------------------------------------------------------------------------------------


def equivalent(a: str, b: str) -> bool:
    """Whether two free answers say the same: both decline, agree on yes or no, on their numbers, or in words."""
    declines = (is_abstention(a), is_abstention(b))
    if any(declines):
        return all(declines)
    said, other = terms(a), terms(b)
    if not said or not other:
        return not said and not other
    if same(said, other):
        return True
    if opens_with_polarity(a) and opens_with_polarity(b):
        return polarity(a) == polarity(b)
    if grade(a, [b]).correct or grade(b, [a]).correct:
        return True
    return _same_substance(said, other)


def _same_substance(said: Terms, other: Terms) -> bool:
    """Whether two sentences state the same numbers, or, stating none, share most of their words."""
    numbers, others = ([term for term in side if countable(term) and not term.label] for side in (said, other))
    if numbers or others:
        texts, other_texts = ([term.text for term in side] for side in (numbers, others))
        return texts[:1] == other_texts[:1] and set(texts) == set(other_texts)
    words, other_words = ({term.text for term in content(side)} for side in (said, other))
    return len(words & other_words) / len(words | other_words) >= MOST and n_negations(said) == n_negations(other)
