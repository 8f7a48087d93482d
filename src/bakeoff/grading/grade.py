"""The deterministic grader: compares an answer with the accepted answers by fixed rules.

Takes texts, gives a `Grade`. Knows nothing about questions, models or how an answer was made. `docs/grading.md` says
what it accepts and how often it is wrong.
"""

import re
import string
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bakeoff.grading.abstention import denies_elsewhere, is_abstention, mentions_declining
from bakeoff.grading.bounds import bound_at, same_signs
from bakeoff.grading.codes import with_joined_code
from bakeoff.grading.commands import doubt_of_command, is_command
from bakeoff.grading.compounds import is_first_part
from bakeoff.grading.dates import YearMonthDay, beside_dates, is_date_beside, with_date_joined
from bakeoff.grading.doubts import LONGER_NAME, denies_twice
from bakeoff.grading.frequencies import says_as_often
from bakeoff.grading.identifiers import holds, is_identifier, names_other_path, without_channel_signs
from bakeoff.grading.item_numbers import rests_on_item_number, without_item_numbers
from bakeoff.grading.label import is_among, is_label
from bakeoff.grading.letters import is_letter, letter_verdict
from bakeoff.grading.line_breaks import as_paragraph, with_single_blanks, without_sure_wraps
from bakeoff.grading.normalise import (
    bracketed_value,
    visible,
    with_number_signs,
    without_brackets_of_figures,
    without_citations,
    without_markup,
)
from bakeoff.grading.number_rule import direction, number_ruling
from bakeoff.grading.other_names import is_short_for, names_other, stands_as_name, with_longer_names_joined
from bakeoff.grading.phrase_rules import OTHER_WORDS, list_ruling, long_ruling, phrase_ruling
from bakeoff.grading.polarity import (
    explicit_polarity,
    is_limited,
    limits_what_it_says,
    opens_with_polarity,
    polarity,
    without_agreeing_opening,
)
from bakeoff.grading.quantities import is_quantity, with_common_bound, with_unit_beside, with_units
from bakeoff.grading.rows import is_row
from bakeoff.grading.rulings import Ruling, Verdict, best, right, unsure, wrong
from bakeoff.grading.shares import as_clock, as_percentages, is_odds, odds_as_shares
from bakeoff.grading.signs import says_signs
from bakeoff.grading.surface import has_other_words, is_joined, surface_conflict, telling_signs
from bakeoff.grading.telephones import is_in_groups, with_telephone
from bakeoff.grading.terms import terms
from bakeoff.grading.units import with_bytes
from bakeoff.grading.unspaced import needs_this, unspaced_verdict
from bakeoff.grading.wording import (
    LONG,
    MOST,
    Terms,
    content,
    countable,
    goes_on,
    is_list,
    lists_items,
    n_negations,
    runs,
    same,
    stands_undenied,
)

__all__ = ["Grade", "equivalent", "grade", "is_abstention"]


@dataclass(frozen=True)
class Grade:
    """The `verdict` on one answer, the name of the `rule` that decided, and the `reason` where it is 'unsure'.

    `exact_match` and `f1` (0 to 1) are SQuAD's measures, for comparison.
    """

    verdict: Verdict
    exact_match: bool
    f1: float
    rule: str
    reason: str = ""

    @property
    def correct(self) -> bool:
        """Whether the verdict is 'right'. An unsure answer does not count as correct."""
        return self.verdict == "right"


def grade(answer: str, accepted: Sequence[str], kind: str = "", labels: Collection[str] = ()) -> Grade:
    """Whether the answer states one of the accepted answers. If there are none, whether it declines to answer.

    `kind` is the kind of the question: 'numeric', 'date', 'name', 'phrase', 'yesno', 'list', 'label' or ''.
    `labels` are the keys of all labels that can be answered: to give one of them ('unknown') is not to decline.

    >>> grade("The warranty lasts two years.", ["24 months"])
    Grade(verdict='right', exact_match=False, f1=0.0, rule='number', reason='')
    """
    answer = with_number_signs(with_single_blanks(visible(answer)))
    aliases = [with_number_signs(with_single_blanks(visible(alias))) for alias in accepted]
    golds = [gold for alias in aliases if alias.strip() for gold in _ways(alias, kind)]
    exact, f1 = squad_scores(answer, golds or [""])
    ruling = _judge(answer, golds, kind, labels)
    return Grade(verdict=ruling.verdict, exact_match=exact, f1=f1, rule=ruling.rule, reason=ruling.reason)


def _judge(answer: str, golds: Sequence[str], kind: str, labels: Collection[str]) -> Ruling:
    """The ruling on the text with its line breaks, which may stand between items, and as a paragraph that they wrap.

    Where the two readings differ, it is right if the paragraph is: 'December 14,\\n2018'. What only the lines say is
    unsure: '5\\nMB' for '5 GB'. Lines of a command are commands of their own.
    """
    if not golds or any(map(is_command, golds)):
        return _judge_lines(answer, golds, kind, labels)
    answer, golds = without_sure_wraps(answer), list(map(without_sure_wraps, golds))
    ruling = _judge_lines(answer, golds, kind, labels)
    paragraph, wanted = as_paragraph(answer), list(map(as_paragraph, golds))
    if (paragraph, wanted) == (answer, golds):
        return ruling
    other = _judge_lines(paragraph, wanted, kind, labels)
    if other.verdict == "right" or ruling.verdict == "wrong":
        return other
    return ruling.but("a line break may stand between two items")


def _judge_lines(answer: str, golds: Sequence[str], kind: str, labels: Collection[str]) -> Ruling:
    if not any("<" in gold or "\\" in gold for gold in golds):
        answer = without_markup(answer)
    if any("[" in gold for gold in golds):
        return _judge_text(answer, golds, kind, labels)
    answer = bracketed_value(answer)
    bare = without_citations(answer)
    ruling = _judge_text(bare, golds, kind, labels)
    if bare == answer or ruling.verdict != "wrong" or kind == "label" or any(term.is_number for term in terms(bare)):
        return ruling
    # '[1]' may be the answer itself if there is no other number: 'Press [1] for sales'.
    whole = _judge_text(without_brackets_of_figures(answer), golds, kind, labels)
    return ruling if whole.verdict == "wrong" else unsure(whole.rule, "a number in brackets may cite a passage")


def _judge_text(answer: str, golds: Sequence[str], kind: str, labels: Collection[str]) -> Ruling:
    if not answer.strip():
        return wrong("empty") if golds else right("declined")
    declined = is_abstention(answer)
    if not golds and is_among(answer, labels):
        return wrong("answered an unanswerable question")
    if not golds:
        return right("declined") if declined else _unanswerable(answer)
    if kind == "label":
        return right("label") if any(is_label(answer, gold) for gold in golds) else wrong("label")
    if any(not terms(gold) and says_signs(answer, gold) for gold in golds):
        return right("signs")
    golds = [with_date_joined(with_common_bound(gold)) for gold in golds if terms(gold)]
    answer, golds = without_channel_signs(answer, golds)
    answer_terms = terms(answer)
    if not answer_terms and any(map(is_letter, golds)):
        return best([Ruling(*_letter(answer, gold)) for gold in golds])
    if not answer_terms or not golds:
        return wrong("signs" if not golds else "empty")
    if declined and not any(is_abstention(gold) for gold in golds):
        return wrong("declined")
    wanted = with_units([terms(with_joined_code(answer, gold)[1]) for gold in golds])
    rulings = []
    for raw, gold in zip(golds, wanted, strict=True):
        if is_date_beside(raw) and not _days(gold):
            raw = beside_dates(raw, _days(answer_terms))
            gold = terms(raw)
        plain = without_item_numbers(with_telephone(answer, raw), gold)
        given = beside_dates(_with_may(plain, gold), _days(gold))
        given = with_longer_names_joined(with_unit_beside(given, gold), raw)
        given = without_agreeing_opening(with_joined_code(given, raw)[0], raw)
        ruling = _checked(_apply_rule(given, gold, wanted, raw, kind), given, gold, raw, kind)
        if ruling.verdict == "right" and rests_on_item_number(answer, raw, gold):
            ruling = unsure(ruling.rule, "the number may be that of an item of a list")
        rulings.append(_of_name(ruling, answer, raw))
    ruling = best(_restated(rulings, wanted))
    if ruling.reason == OTHER_WORDS and is_row(answer) and not _share_words(answer, golds):
        return wrong(ruling.rule)
    if ruling.reason == OTHER_WORDS and all(names_other_path(answer, gold) for gold in golds):
        return wrong(ruling.rule)
    if ruling.verdict == "right" and _only_asks(answer) and not any(raw.rstrip().endswith("?") for raw in golds):
        return unsure(ruling.rule, "it is a question")
    if ruling.verdict == "right" and ruling.rule != "same" and mentions_declining(answer):
        return unsure(ruling.rule, "it also declines") if not any(map(is_abstention, golds)) else ruling
    return ruling


def _of_name(ruling: Ruling, answer: str, raw: str) -> Ruling:
    """The ruling, where the accepted answer is a name in code: every letter counts, and another name is wrong."""
    if ruling.verdict != "wrong" and names_other(answer, raw):
        return wrong(ruling.rule)
    if ruling.verdict == "wrong" and is_in_groups(answer, raw):
        return unsure(ruling.rule, "the figures stand in groups, as those of a telephone number")
    if ruling.verdict == "wrong" and is_short_for(answer, raw) and ruling.rule != "declined":
        return unsure(ruling.rule, "a short option may stand for the long one")
    if ruling.reason == LONGER_NAME and stands_as_name(answer, raw):
        return right(ruling.rule)
    if ruling.verdict == "right" and is_identifier(raw) and not holds(answer, raw):
        return unsure(ruling.rule, "a name in code is written in another way")
    return ruling.but(doubt_of_command(answer, raw)) if ruling.verdict == "right" else ruling


def _restated(rulings: Sequence[Ruling], golds: Sequence[Terms]) -> list[Ruling]:
    """The rulings by accepted answer. A sentence around an accepted amount or date is wrong where that one is.

    Else no wrong amount would be wrong beside an accepted answer in house style ('The leaflet says: 7 days. | 7 days').
    """
    pairs = list(zip(rulings, golds, strict=True))
    refuted = [gold for ruling, gold in pairs if ruling.verdict == "wrong" and (is_quantity(gold) or _is_date(gold))]
    return [
        wrong(ruling.rule) if ruling.reason == OTHER_WORDS and any(runs(gold, one) for one in refuted) else ruling
        for ruling, gold in pairs
    ]


def _is_date(gold: Terms) -> bool:
    return len(content(gold)) == 1 and any(term.dates for term in gold)


def _days(text: Terms) -> list[YearMonthDay]:
    return [reading for term in text for reading in term.dates]


def _with_may(answer: str, gold: Terms) -> str:
    """The answer with the month as in English ('5 may', '5. Mai') if a date in May is accepted: it is no verb then."""
    if not any(month == 5 for term in gold for _, month, _ in term.dates):
        return answer
    answer = re.sub(r"(?<=\d)\.? (?:may|mai|mei|maj)\b", " May", answer, flags=re.IGNORECASE)
    return re.sub(r"\bmay(?= \d)", "May", answer)


def _share_words(answer: str, golds: Sequence[str]) -> bool:
    """Whether the answer has a content word or an amount of one of the accepted answers."""
    given = {term.text for term in content(terms(answer))}
    return any(given & {term.text for term in content(terms(gold))} for gold in golds)


def _only_asks(answer: str) -> bool:
    """Whether the answer is one question and nothing else: 'Is it Oslo?'. A tag ('isn't it?') does not ask."""
    text = answer.strip()
    return text.endswith("?") and not re.search(r"[.!?:]\s|n't (?:it|he|she|they)\?$", text)


def _letter(answer: str, gold: str) -> tuple[Verdict, str, str]:
    verdict, reason = letter_verdict(answer, gold)
    return verdict, "letter", reason


def _unanswerable(answer: str) -> Ruling:
    """An answer to a question that has none is wrong, but 'There is no such lamp' and half a refusal are unsure."""
    rule = "answered an unanswerable question"
    if mentions_declining(answer):
        return unsure(rule, "a part of it declines")
    if re.search(
        r"\b(?:there (?:is|are|was|were) no|no such|do(?:es)?(?: not|n't) (?:exist|have)|no longer)\b", answer, re.I
    ):
        return unsure(rule, "it may say that the thing does not exist")
    if is_row(answer):
        return wrong(rule)
    if len(answer.split()) <= 4 and re.search(r"\b(?:no|not|none|nothing|null|nil|empty|tbd|cannot)\b", answer, re.I):
        return unsure(rule, "it may say that there is no answer")
    if len(answer.split()) <= 12 and re.search(
        r"\b(?:nothing|nowhere|not|cannot|unable|without|missing|lacks?|silent|absent|no)\b|n't\b", answer, re.I
    ):
        return unsure(rule, "it may decline in words that the rules do not know")
    if denies_elsewhere(answer):
        return unsure(rule, "it may decline in another language")
    return wrong(rule)


def _checked(ruling: Ruling, answer: str, gold: Terms, raw: str, kind: str) -> Ruling:
    """The ruling, unless the answer has the accepted word with another case or ending ('us' for 'US')."""
    answer_terms = terms(answer)
    if ruling.rule not in ("same", "letter", "yes or no") and _denies_twice(answer_terms, gold):
        return ruling if ruling.verdict == "unsure" else unsure(ruling.rule, "it denies something twice")
    if ruling.verdict != "right" or ruling.rule in ("yes or no", "number", "date", "letter", "unspaced"):
        return ruling
    given, wanted = telling_signs(answer_terms), telling_signs(gold)
    if (given != wanted and ruling.rule == "same") or any(given.count(sign) < wanted.count(sign) for sign in wanted):
        return unsure(ruling.rule, "a sign is missing or another one")
    any_case = ruling.rule in ("list", "same") and is_list(raw, kind) and lists_items(answer, raw)
    any_case = any_case or (ruling.rule == "same" and has_other_words(gold))
    conflict = surface_conflict(answer_terms, gold, is_alone=len(answer.split()) == 1, any_case=any_case)
    small = (answer.islower() and len(answer.split()) <= 3) or (ruling.rule == "phrase" and _in_capitals(gold))
    if conflict == "case" and small:
        return unsure(ruling.rule, "it is written without capitals")
    if conflict == "case" or (conflict == "ending" and kind == "name"):
        return wrong(ruling.rule)
    reasons = {"ending": "a word has another ending", "code": "capitals stand in other places"}
    if ruling.rule == "phrase" and is_joined(answer, gold):
        return unsure(ruling.rule, "it is a part of a word with a hyphen")
    if ruling.rule == "phrase" and kind != "name" and is_first_part(answer, gold):
        return unsure(ruling.rule, "the accepted word could be the first part of a longer one")
    return ruling.but(reasons.get(conflict, ""))


def _in_capitals(gold: Terms) -> bool:
    """Whether each word of a phrase begins with a capital, and not all of them are names: 'Van Pool'."""
    return has_other_words(gold) and all(term.capital for term in content(gold))


def _denies_twice(answer: Terms, gold: Terms) -> bool:
    """Whether the accepted words stand in an answer with a double negation that is not theirs."""
    return denies_twice(answer) and not denies_twice(gold) and bool(runs(answer, gold))


def _apply_rule(answer: str, gold: Terms, golds: Sequence[Terms], raw: str, kind: str) -> Ruling:
    """What the first rule that fits this accepted answer decides.

    `gold` is the accepted answer as terms and `raw` as text. `golds` are all accepted answers.
    """
    if (both := with_bytes(answer, raw)) != (answer, raw):
        answer, raw = both
        gold = terms(raw)
    if says_as_often(answer, raw):
        return right("frequency")
    if is_odds(raw) and (is_odds(answer) or _states_share(answer)):
        answer, gold, raw = odds_as_shares(answer), terms(odds_as_shares(raw)), odds_as_shares(raw)
    elif any(term.unit == "percent" for term in gold):
        answer = odds_as_shares(answer) if is_odds(answer) else as_percentages(answer)
    if "%" in answer and not any(term.is_number for term in gold) and is_quantity(terms(as_percentages(raw))):
        gold = terms(as_percentages(raw))
    if any(term.unit == "time of day" for term in gold):
        answer = as_clock(answer)
    answer_terms = terms(answer)
    if any(term.unit == "time of day" for term in answer_terms) and as_clock(raw) != raw:
        gold = terms(as_clock(raw))
    if same(answer_terms, gold) and same_signs(answer_terms, gold):
        return right("same")
    if is_letter(raw):
        return Ruling(*_letter(answer, raw))
    if polarity(raw) and (kind == "yesno" or (len(gold) == 1 and not gold[0].dates)):  # '5 May' is a date
        return _polar_ruling(answer, raw)
    if needs_this(raw) and not (is_quantity(gold) or any(term.dates for term in gold)):
        verdict, reason = unspaced_verdict(answer, raw)
        return Ruling(verdict, "unspaced", reason)
    if sum(term.is_number for term in content(gold)) > 1:
        if stands_undenied(answer_terms, gold):
            return wrong("several numbers") if goes_on(answer_terms, gold) else right("several numbers")
        if re.fullmatch(r"\d+(?:,\d+)+", answer.strip()):
            answer_terms = terms(answer.replace(",", ", "))
    if re.match(r"\s*\+\d", raw) and direction(answer_terms) < 0:
        return wrong("number").but("one rises and the other falls")
    if is_quantity(gold) and kind != "list" and (kind not in ("name", "phrase") or content(gold)[0].unit):
        return number_ruling(answer_terms, gold, golds, "number", kind)
    if _is_date(gold):
        return number_ruling(answer_terms, gold, golds, "date", kind)
    if len(content(gold)) >= LONG and kind != "list":
        return long_ruling(answer_terms, gold, golds)
    if kind in ("list", "") and is_list(raw, kind):
        return list_ruling(answer, gold, golds, raw, kind)
    return phrase_ruling(answer_terms, gold, golds, kind)


def _states_share(answer: str) -> bool:
    """Whether the answer has a percentage or a number below one."""
    return any(
        term.unit == "percent" or (term.is_number and 0 < (term.value or 0) < 1)
        for term in terms(odds_as_shares(answer))
    )


def _polar_ruling(answer: str, gold: str) -> Ruling:
    rule, wanted = "yes or no", polarity(gold)
    explicit, implied = explicit_polarity(answer), polarity(answer)
    if explicit:
        limited = limits_what_it_says(answer) and not limits_what_it_says(gold)
        return right(rule).but("the yes or no is limited" if limited else "") if explicit == wanted else wrong(rule)
    if not implied:
        return unsure(rule, "it says neither yes nor no, or both")
    if is_limited(answer, implied) or denies_twice(terms(answer)):
        return unsure(rule, "a yes or no is only implied, with a limitation")
    return right(rule) if implied == wanted else wrong(rule)


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


def _ways(alias: str, kind: str) -> list[str]:
    """'Internet Protocol (IP)' also accepts 'Internet Protocol' and 'IP'. Other brackets do not change anything.

    A label is accepted as a whole only: 'Bug' can be another label than 'Bug (UI)'.
    """
    if kind == "label":
        return [alias]
    name, _, rest = alias.strip().rpartition("(")
    name, short = name.strip(), rest.removesuffix(")")
    is_short = rest.endswith(")") and ")" not in short and short.isupper() and len(short) <= 8
    if name and "\n" not in name and is_short and not re.search(r"\d", name):  # not 41 dB(A)
        return [alias, name, short]
    return [alias]


# --- two free answers -------------------------------------------------------------------------------------------------


def equivalent(a: str, b: str) -> bool:
    """Whether two free answers say the same: both decline, or they agree on yes or no, in numbers or in words.

    >>> equivalent("It takes two years.", "24 months"), equivalent("24 months", "36 months")
    (True, False)
    """
    if a.strip() == b.strip():
        return True
    declines = (is_abstention(a), is_abstention(b))
    if any(declines):
        return all(declines)
    terms_a, terms_b = terms(a), terms(b)
    if not terms_a or not terms_b:
        return not terms_a and not terms_b and (says_signs(a, b) or not (a.strip() or b.strip()))
    if same(terms_a, terms_b) and same_signs(terms_a, terms_b):
        return not surface_conflict(terms_a, terms_b) and not surface_conflict(terms_b, terms_a)
    if opens_with_polarity(a) and opens_with_polarity(b):
        return polarity(a) == polarity(b)
    verdicts = {grade(a, [b]).verdict, grade(b, [a]).verdict}
    if "right" in verdicts or verdicts == {"wrong"}:
        return "right" in verdicts
    return _same_substance(terms_a, terms_b)


def _same_substance(a: Terms, b: Terms) -> bool:
    """Whether two sentences state the same numbers or, if neither has numbers, share most of their words."""
    numbers_a, numbers_b = ([term.text for term in side if countable(term) and not term.label] for side in (a, b))
    if numbers_a or numbers_b:
        bounds_a, bounds_b = ({bound_at(side, i) for i in range(len(side)) if countable(side[i])} for side in (a, b))
        same_bounds = {bound[:1] for bound in bounds_a if "=" not in bound} == {
            bound[:1] for bound in bounds_b if "=" not in bound
        }
        return numbers_a[:1] == numbers_b[:1] and set(numbers_a) == set(numbers_b) and same_bounds
    words_a, words_b = ({term.text for term in content(side)} for side in (a, b))
    return len(words_a & words_b) / len(words_a | words_b) >= MOST and n_negations(a) == n_negations(b)
