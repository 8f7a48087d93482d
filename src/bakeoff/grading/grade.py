"""The deterministic grader: compares an answer with the accepted answers by fixed rules.

Takes texts, gives a `Grade`. Knows nothing about questions, models or how an answer was made. `docs/grading.md` says
what it accepts and how often it is wrong.
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
    """The verdict on one answer: `correct`, and the name of the `rule` that decided.

    `exact_match` and `f1` (0 to 1) are SQuAD's measures, for comparison.
    """

    correct: bool
    exact_match: bool
    f1: float
    rule: str


def grade(answer: str, accepted: Sequence[str], kind: str = "") -> Grade:
    """Whether the answer states one of the accepted answers. If there are none, whether it declines to answer.

    `kind` is the kind of the question: 'numeric', 'date', 'name', 'phrase', 'yesno', 'list' or ''.

    >>> grade("The warranty lasts two years.", ["24 months"])
    Grade(correct=True, exact_match=False, f1=0.0, rule='number')
    """
    golds = [gold for alias in accepted if alias.strip() for gold in _without_brackets(alias)]
    exact, f1 = squad_scores(answer, golds or [""])
    rule, correct = _judge(answer, golds, kind)
    return Grade(correct=correct, exact_match=exact, f1=f1, rule=rule)


def _judge(answer: str, golds: Sequence[str], kind: str) -> tuple[str, bool]:
    """(the rule that decided, whether the answer is correct)."""
    answer_terms = terms(answer)
    if not answer_terms:
        return "empty", False
    declined = is_abstention(answer)
    if not golds:
        return "declined" if declined else "answered an unanswerable question", declined
    if declined and not any(is_abstention(gold) for gold in golds):
        return "declined", False
    golds = [gold for gold in golds if terms(gold)]
    if any(same(answer_terms, terms(gold)) for gold in golds):
        return "same", True
    wanted = with_units([terms(gold) for gold in golds])
    verdicts = [
        _apply_rule(answer, answer_terms, gold, wanted, raw, kind) for raw, gold in zip(golds, wanted, strict=True)
    ]
    return next((verdict for verdict in verdicts if verdict[1]), verdicts[0] if verdicts else ("empty", False))


def _apply_rule(
    answer: str, answer_terms: Terms, gold: Terms, golds: Sequence[Terms], raw: str, kind: str
) -> tuple[str, bool]:
    """(the first rule that fits this accepted answer, whether the answer is correct by that rule).

    `gold` is the accepted answer as terms and `raw` as text. `golds` are all accepted answers.
    """
    if polarity(raw) and (kind == "yesno" or len(gold) == 1):
        return "yes or no", polarity(answer) == polarity(raw)
    if sum(term.is_number for term in content(gold)) > 1 and stands_undenied(answer_terms, gold):
        return "several numbers", True
    if is_quantity(gold) and kind != "list" and (kind not in ("name", "phrase") or content(gold)[0].unit):
        return "number", says_number(answer_terms, gold, golds)
    if any(term.dates for term in gold) and len(content(gold)) == 1:
        return "date", says_number(answer_terms, gold, golds)
    if len(content(gold)) >= LONG and kind != "list":
        return "long", says_phrase(answer_terms, gold, golds) or says_most(answer_terms, gold)
    items = items_of(raw)
    if len(items) > 1 and kind in ("list", ""):
        return "list", says_all(answer_terms, items) or (kind == "" and says_phrase(answer_terms, gold, golds))
    if runs(answer_terms, gold):
        return "phrase", says_phrase(answer_terms, gold, golds)
    if kind == "name":
        return "last name", is_last_name(answer_terms, gold)
    return "words in any order", kind != "date" and says_words(answer_terms, gold)


# --- SQuAD's own measures ---------------------------------------------------------------------------------------------


def squad_normalise(text: str) -> str:
    """The text in lower case, without punctuation, articles and extra spaces.

    Source: Rajpurkar et al. 2016, SQuAD: 100,000+ Questions for Machine Comprehension of Text, evaluate-v1.1.py.
    """
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def squad_scores(answer: str, golds: Sequence[str]) -> tuple[bool, float]:
    """(exact match, token F1 from 0 to 1) with the best accepted answer. An empty answer matches an empty one.

    Source: Rajpurkar et al. 2016; for the empty answer Rajpurkar, Jia and Liang 2018, evaluate-v2.0.py.
    """
    plain_answer = squad_normalise(answer)
    plain_golds = [squad_normalise(gold) for gold in golds]
    return plain_answer in plain_golds, max(_token_f1(plain_answer.split(), gold.split()) for gold in plain_golds)


def _token_f1(words: Sequence[str], gold: Sequence[str]) -> float:
    if not words or not gold:
        return float(words == gold)
    n_shared = sum((Counter(words) & Counter(gold)).values())
    return 2 * n_shared / (len(words) + len(gold))


# --- accepted answers with brackets -----------------------------------------------------------------------------------


def _without_brackets(alias: str) -> list[str]:
    """'Internet Protocol (IP)' also accepts 'Internet Protocol' and 'IP'. Other brackets do not change anything."""
    match = re.fullmatch(r"\s*(.+?)\s*\(([^()]+)\)\s*", alias)
    if match and match[2].isupper() and len(match[2]) <= 8:
        return [alias, match[1], match[2]]
    return [alias]


# --- two free answers -------------------------------------------------------------------------------------------------


def equivalent(a: str, b: str) -> bool:
    """Whether two free answers say the same: both decline, or they agree on yes or no, in numbers or in words.

    >>> equivalent("It takes two years.", "24 months"), equivalent("24 months", "36 months")
    (True, False)
    """
    declines = (is_abstention(a), is_abstention(b))
    if any(declines):
        return all(declines)
    terms_a, terms_b = terms(a), terms(b)
    if not terms_a or not terms_b:
        return not terms_a and not terms_b
    if same(terms_a, terms_b):
        return True
    if opens_with_polarity(a) and opens_with_polarity(b):
        return polarity(a) == polarity(b)
    if grade(a, [b]).correct or grade(b, [a]).correct:
        return True
    return _same_substance(terms_a, terms_b)


def _same_substance(a: Terms, b: Terms) -> bool:
    """Whether two sentences state the same numbers or, if neither has numbers, share most of their words."""
    numbers_a, numbers_b = ([term.text for term in side if countable(term) and not term.label] for side in (a, b))
    if numbers_a or numbers_b:
        return numbers_a[:1] == numbers_b[:1] and set(numbers_a) == set(numbers_b)
    words_a, words_b = ({term.text for term in content(side)} for side in (a, b))
    return len(words_a & words_b) / len(words_a | words_b) >= MOST and n_negations(a) == n_negations(b)
