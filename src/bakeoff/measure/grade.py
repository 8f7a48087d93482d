"""The deterministic grader: an answer against the accepted ones, by rules that can be read and argued with.

Takes texts, gives a `Grade`. Knows nothing about questions, models or how an answer was made. `docs/grading.md` says
what it accepts and how often it errs.
"""

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from bakeoff.measure.terms import ARTICLES, Term, fold, is_year, terms

Terms = Sequence[Term]


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
    wanted = _with_units([terms(gold) for gold in golds])
    if any(_same(said, gold) for gold in wanted):
        return "same", True
    verdicts = [_apply_rule(answer, said, gold, wanted, raw, kind) for raw, gold in zip(golds, wanted, strict=True)]
    return next((verdict for verdict in verdicts if verdict[1]), verdicts[0] if verdicts else ("empty", False))


def _with_units(golds: Sequence[Terms]) -> list[Terms]:
    """Where '179' is accepted beside '£179', or '5' beside '5 years', it means the same: '179 euros' is not accepted."""
    full = {gold[0].stated: gold for gold in reversed(golds) if _is_quantity(gold) and (gold[0].unit or len(gold) > 1)}
    return [full.get(gold[0].stated, gold) if len(gold) == 1 and _is_bare(gold[0]) else gold for gold in golds]


def _is_bare(term: Term) -> bool:
    return term.is_number and not term.unit


def _apply_rule(answer: str, said: Terms, gold: Terms, golds: Sequence[Terms], raw: str, kind: str) -> tuple[str, bool]:
    """The rule for what kind of thing this accepted answer is, and what it finds."""
    if polarity(raw) and (kind == "yesno" or len(gold) == 1):
        return "yes or no", polarity(answer) == polarity(raw)
    if kind not in ("list", "name", "phrase") and _is_quantity(gold):
        return "number", _says_number(said, gold, golds)
    if any(term.dates for term in gold) and len(_content(gold)) == 1:
        return "date", _says_number(said, gold, golds)
    if len(_content(gold)) >= LONG and kind != "list":
        return "long", _says_phrase(said, gold, golds) or _says_most(said, gold)
    items = _items(raw)
    if len(items) > 1 and kind in ("list", ""):
        return "list", _says_all(said, items) or (kind == "" and _says_phrase(said, gold, golds))
    if _says_phrase(said, gold, golds):
        return "phrase", True
    return "words in any order", kind not in ("name", "date") and _says_words(said, gold, golds)


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


# --- declining --------------------------------------------------------------------------------------------------------

_SOURCE = r"(?:documents?|passages?|context|texts?|information|articles?|sources?|knowledge base|manuals?|excerpts?)"
_ABOUT = r"(?=\W*$|\W*[.,;]| (?:about|on|regarding|concerning|available|provided|given|found|mentioned|in|to|for|that|of|here)\b)"
# Each line is one way to decline. What a shop may say of its goods ("batteries are not included", "we do not have a store
# there") must not be among them.
_DECLINES = re.compile("|".join((
    r"\bi (?:really |still |just )?(?:do|did) not (?:really |actually |currently )?know\b|\bno idea\b",
    r"\b(?:i|we) (?:can|could|did|do) not (?:really |actually )?(?:answer|find|determine|say|tell|see any|help|assist)\b",
    r"\b(?:i|we) (?:am|are|was|were) (?:not able|unable) to (?:answer|find|determine|say|tell|provide|help|assist)\b",
    r"\b(?:i|we) (?:do|can|could) not (?:have|provide|see|find) (?:\w+ ){0,3}(?:information|answer|access|details|data)\b",
    r"\b(?:i am|i'm|im) (?:not sure|unsure|not certain|not aware|uncertain)\b",
    rf"\b{_SOURCE} (?:do|does|did|can) not (?:\w+ ){{0,2}}?(?:mention|say|state|specify|contain|provide|include|give|hold|"
    r"answer|tell|indicate|describe|cover|have|list|explain|reveal|discuss|know)\b",
    r"\bit (?:do|does|did) not (?:\w+ ){0,2}?(?:mention|say|state|specify|tell|indicate|reveal)\b",
    r"\b(?:is|are|was|were) (?:not|nowhere) (?:\w+ly )?(?:mentioned|specified|stated|known|answerable)\b",
    rf"\b(?:is|are|was|were) (?:not|nowhere) (?:\w+ ){{0,3}}(?:in|by|from) (?:\w+ ){{0,3}}{_SOURCE}\b",
    rf"\b(?:answer|{_SOURCE}|details?|price) (?:is|are|was) not (?:\w+ly )?(?:provided|given|available|found|listed|included)\b",
    rf"\bnot (?:mentioned|specified|stated|answerable|enough (?:information|context)|(?:given|found|available|provided) in (?:\w+ )?{_SOURCE})\b",
    rf"\b(?:there is|there's|contains?|provides?|has|have|had|found?) (?:no|insufficient|not enough) (?:\w+ )?(?:information|mention|"
    rf"answer|details?|data|evidence){_ABOUT}",
    rf"^\W*(?:no|insufficient|not enough) (?:\w+ )?(?:information|answer|mention|details?|data){_ABOUT}",
    r"\bcan not be (?:answered|determined)\b|\bunanswerable\b|\bn/a\b|^(?:it is |the answer is )?unknown\b(?=\W*(?:$|[.,]))",
    r"^\W*none of the (?:passages|documents|above)\b",
)), re.I)
_YET = re.compile(r"(?:,|;|-|\.|^)?\s*\b(?:but|however|although|though|that said|still|nevertheless|my (?:best )?guess)\b", re.I)
_AFTERTHOUGHT = re.compile(
    r"\b(?:contact|check|refer|visit|call|email|e-mail|ask|consult|see|recommend|suggest|help|please|support|sorry|apologi|"
    r"let me know|provide more|rephrase|try|look)\b|\bi (?:can|will|would|could)\b",
    re.I,
)


@lru_cache(maxsize=50_000)
def is_abstention(text: str) -> bool:
    """Whether the text declines to answer, and does not go on to answer after all."""
    text = _plain(text)
    match = _DECLINES.search(text)
    if match is None:
        return False
    return not _asserts_before(text[: match.start()]) and not _asserts_after(text[match.end() :])


def _plain(text: str) -> str:
    text = re.sub(r"n't\b", " not", re.sub(r"\b(ca|wo)n't\b|\bcannot\b", "can not", fold(text), flags=re.I))
    return " ".join(text.replace("\n", " . ").split())


def _asserts_before(text: str) -> bool:
    """Whether a whole sentence, or a clause that holds a figure, stands before the refusal."""
    sentences = re.split(r"[.!?](?:\s|$)", text)
    if any(_asserts(sentence) for sentence in sentences[:-1]):
        return True
    clauses = re.split(r"[,;:]|\b(?:but|and)\b", sentences[-1])
    if re.search(rf"\b{_SOURCE}\b", sentences[-1], re.I):
        return False
    return any(term.is_number for clause in clauses[:-1] for term in terms(clause))


def _asserts_after(text: str) -> bool:
    """Whether something follows the refusal that is no referral, apology or reason."""
    first, *others = re.split(r"[.!?](?:\s|$)", text)
    contrast = _YET.search(first)
    if contrast and _asserts(first[contrast.end() :]):
        return True
    return any(_asserts(_YET.sub("", sentence)) for sentence in others)


def _asserts(sentence: str) -> bool:
    if _AFTERTHOUGHT.search(sentence) or _DECLINES.search(sentence) or re.search(r"\bas an ai\b", sentence, re.I):
        return False
    return len(terms(sentence)) >= 2 or any(term.is_number for term in terms(sentence))


# --- yes and no -------------------------------------------------------------------------------------------------------

_YES = r"(?:yes|yep|yeah|yup|correct|certainly|absolutely|definitely|of course|sure|that is right|true|indeed)\b"
_NO = r"(?:(?:nope|not|never|false|incorrect|by no means)\b|no\b(?=\W*$|\s*[,.;:!-]|\s+(?:i|it|you|we|they|he|she|the|this|that|only)\b))"
_LEAD_IN = r"^(?:(?:the )?answer(?: is)?:? |(?:unfortunately|sadly|sorry|well|generally|currently),? )*"
_CONTRADICTION = rf"[.!?]\s+{{other}}|^(?:yes|no),? (?:and|or|but)? ?{{other}}"
# A sentence with none of these says neither yes nor no ('two AAA cells').
_VERBS = frozenset(
    "is are was were be can could may might will would do does did has have had must should need support work run use "
    "include come allow accept charge deliver ship offer require cost fit keep stay continue apply cover get sell take pay "
    "connect send store show let give last hold".split())


def polarity(text: str) -> str:
    """'yes', 'no', or '' where the text is neither or both.

    The word at the start decides; without one a plain statement says yes, and one with a negation says no.
    """
    text = re.sub(_LEAD_IN, "", _plain(text).lower().strip(" .\"'"))
    starts_yes, starts_no = re.match(_YES, text), re.match(_NO, text)
    if starts_yes or starts_no:
        other = r"(?:no|nope)\b" if starts_yes else _YES
        contradicted = re.search(_CONTRADICTION.format(other=other), text)
        return "" if contradicted else "yes" if starts_yes else "no"
    sentence = [term.text for term in terms(re.split(r"[.!?](?:\s|$)", text)[0])]
    if len(sentence) < 2 or not _VERBS.intersection(sentence):
        return ""
    return "no" if any(word in _NEGATORS or word in ("nothing", "none", "nobody") for word in sentence) else "yes"


# --- numbers and dates ------------------------------------------------------------------------------------------------

FUNCTION_WORDS = ARTICLES | frozenset(
    "of in on at to for from by with within after before until till up about around approximately roughly almost nearly "
    "exactly only just and or is are was were be been it its this that these those there which who what as per every each "
    "total you we they i your our their can may will would do does did has have had if when than more less least most "
    "minimum maximum over under above below between during since then so also however actually now later earlier newer "
    "older higher lower not no but while into out must should need total either".split())
_MORE = ("at least", "minimum", "more than", "or more", "over", "no less than", "not less than", "or later", "from")
_LESS = ("at most", "maximum", "less than", "or less", "under", "up to", "no more than", "not more than", "or fewer")


def _is_quantity(gold: Terms) -> bool:
    """Whether the accepted answer is a number, or numbers, with at most a few words naming what is counted."""
    rest = _content(gold)
    n_numbers = sum(1 for term in rest if term.is_number)
    return bool(rest) and rest[0].is_number and len(rest) - n_numbers <= 3 and n_numbers <= 2


def _says_number(said: Terms, gold: Terms, golds: Sequence[Terms]) -> bool:
    """Whether the numbers the answer asserts are the gold's, and none contradicts them."""
    wanted = [term for term in gold if _countable(term)]
    bounds = _bound(gold), _bound(said)
    if all(bounds) and bounds[0] != bounds[1]:
        return False
    allowed = [term for other in golds for term in other if _countable(term)]
    return any(_asserts_numbers(said, found, wanted, allowed) for found in _candidates(said, gold, wanted[0]))


def _asserts_numbers(said: Terms, found: Sequence[int], wanted: Terms, allowed: Terms) -> bool:
    """Whether, of the numbers at these places, the first are the wanted ones and no other contradicts them.

    Of dates and years, any may be the wanted one: what happens before and after it is often told with it.
    """
    found = [i for i in found if not _negated(said, i) and not _denied_after(said, i + 1)]
    if len(found) > len(wanted):
        found = [i for i in found if not _past(said, i)] or found
    last_start = len(found) - len(wanted)
    starts = range(last_start + 1) if wanted[0].dates or is_year(wanted[0]) else range(min(0, last_start) + 1)
    for start in starts:
        right = found[start : start + len(wanted)]
        if all(_equal(said[i], term) for i, term in zip(right, wanted, strict=True)):
            others = [i for i in found if i not in right and not any(_equal(said[i], term) for term in allowed)]
            return not any(_contradicts(said, right[-1], i) if i > right[-1] else _contradicts(said, i, right[0]) for i in others)
    return False


def _countable(term: Term) -> bool:
    return term.value is not None or bool(term.dates)


def _candidates(said: Terms, gold: Terms, first: Term) -> list[list[int]]:
    """Where the answer states numbers that can be held against the gold's, the likeliest reading first."""
    things = [term.text for term in _content(gold) if not _countable(term) and not _is_rate(term)]
    if first.dates or is_year(first) and not things:
        return [[i for i, term in enumerate(said) if term.dates or is_year(term)]]
    rate = next((term.text for term in gold if _is_rate(term)), "")
    numbers = [i for i, term in enumerate(said) if term.value is not None and _rate_fits(said, i, rate)]
    bare = [i for i in numbers if _is_bare(said[i])]
    bare = [i for i in bare if not is_year(said[i])] or bare
    if first.unit:
        same_unit = [i for i in numbers if said[i].unit == first.unit]
        return [same_unit or [i for i in bare if not _thing(said, i)]]
    counted = [i for i in bare if _counts(said, i, things)]
    return [counted] if things else [counted, [i for i in numbers if said[i].unit], [i for i in numbers if said[i].label]]


def _is_rate(term: Term) -> bool:
    return term.text in ("persecond", "perminute", "perhour", "perday", "perweek", "permonth", "peryear")


def _rate_fits(said: Terms, i: int, rate: str) -> bool:
    """Whether the number at i is not stated per some other time than the gold."""
    for term in said[i + 1 : i + 5]:
        if _countable(term):
            return True
        if _is_rate(term):
            return not rate or term.text == rate
    return True


def _thing(said: Terms, i: int) -> list[str]:
    """The words that say what the number at i counts: those after it, up to the next number or the end of the clause."""
    words: list[str] = []
    for term in said[i + 1 : i + 5]:
        if _countable(term) or _ends_clause(term) or (words and term.text in FUNCTION_WORDS):
            break
        if term.text not in FUNCTION_WORDS and not _is_rate(term):
            words.append(term.text)
        elif not words:
            break
    return words


def _counts(said: Terms, i: int, things: Sequence[str]) -> bool:
    """Whether the number at i may count what the gold counts: the same thing, or nothing named."""
    words = _thing(said, i)
    if not things or not words:
        return True
    return set(things) <= set(words) if things[-1] in words else False


def _equal(said: Term, gold: Term) -> bool:
    """Whether a stated number or date says what the gold does; it may be more precise, not less."""
    if gold.dates:
        return any(_date_fits(reading, wanted) for reading in said.dates for wanted in gold.dates)
    if said.dates:
        return any(year == gold.value for year, _, _ in said.dates)
    if said.unit and gold.unit:
        return said.unit == gold.unit and said.value == gold.value
    return said.stated == gold.stated


def _date_fits(said: tuple[int | None, ...], gold: tuple[int | None, ...]) -> bool:
    return all(wanted is None or part == wanted for part, wanted in zip(said, gold, strict=True))


def _bound(said: Terms) -> str:
    text = " ".join(term.text for term in said)
    less = any(re.search(rf"\b{words}\b", text) for words in _LESS)
    more = any(re.search(rf"\b{words}\b", text) for words in _MORE)
    return "less" if less else "more" if more else ""


def _contradicts(said: Terms, one: int, other: int) -> bool:
    """Whether the later of two numbers is offered in the earlier one's place, and not said of something else."""
    if said[other].before == "(" and said[other].size != said[one].size:
        return False  # the same thing in another unit: 115.7 m (379.6 ft)
    if other == one + 1 and said[other].before in ("", "-", ",", "/", "¶"):
        return True
    between = said[one + 1 : other]
    if len(between) <= 2 and any(term.text == "or" for term in between) or [t.text for t in between] in (["to"], ["and"]):
        return True
    if between and between[-1].text in ("for", "between", "above", "below", "at"):
        return False  # a condition: 58 mm for the 15 mm valve
    words, others = _thing(said, one), _thing(said, other)
    if words and others and words[0] != others[0] and not said[other].unit:
        return False
    clause, own = _clause(said, other), _clause(said, one)
    if any(said[k].text in ("actually", "sorry", "correction", "rather", "wait") for k in clause):
        return True
    known = {said[k].text for k in own} if clause != own else {term.text for term in said[own.start : one]}
    new = between if clause == own else [said[k] for k in clause]
    return not any(term.text not in known | FUNCTION_WORDS and (term.label or not _countable(term)) for term in new)


def _clause(said: Terms, i: int) -> range:
    """The positions of the clause around i."""
    start = i
    while start > 0 and not _starts_clause(said, start):
        start -= 1
    end = i + 1
    while end < len(said) and not _starts_clause(said, end):
        end += 1
    return range(start, end)


def _starts_clause(said: Terms, i: int) -> bool:
    return _ends_clause(said[i]) or said[i].text in ("and", "or", "but", "while", "whereas", "otherwise")


def _ends_clause(term: Term) -> bool:
    """Whether the punctuation before this term ends a clause."""
    return any(mark in ".,;:!?()¶" for mark in term.before)


# --- words ------------------------------------------------------------------------------------------------------------

LONG = 9  # accepted answers of so many words or more are whole sentences: most of them must be said, not all
MOST = 0.6
_NEGATORS = frozenset(("not", "never", "no", "neither", "nor", "without", "instead", "except", "excluding", "unlike"))
_HARMLESS = frozenset(("more", "less", "later", "longer", "fewer", "exceed", "until", "after", "before", "beyond", "only",
                       "doubt", "unless", "earlier", "sooner", "just"))
_OPEN_ENDED = frozenset("more later higher above newer older less lower below so fewer earlier longer better greater over "
                        "you we it they he she your i else not".split())


def _content(said: Terms) -> list[Term]:
    return [term for term in said if term.text not in FUNCTION_WORDS] or list(said)


def _same(said: Terms, gold: Terms) -> bool:
    return len(said) == len(gold) and all(_same_term(a, b) for a, b in zip(said, gold, strict=True))


def _same_term(said: Term, gold: Term) -> bool:
    return said.text == gold.text or (bool(gold.dates) and bool(said.dates) and _equal(said, gold))


def _says_phrase(said: Terms, gold: Terms, golds: Sequence[Terms]) -> bool:
    """Whether the accepted answer stands in the answer word for word, neither denied nor as one option of several."""
    return any(_stands(said, start, end, golds) for start, end in _runs(said, gold))


def _runs(said: Terms, gold: Terms) -> list[tuple[int, int]]:
    """Where the gold stands in the answer; 'wi-fi' also matches 'wifi'."""
    wanted = "".join(term.text for term in gold)
    found = []
    for start in range(len(said)):
        joined, end = "", start
        while end < len(said) and len(joined) < len(wanted):
            joined += said[end].text
            end += 1
        if joined == wanted or _same(said[start : start + len(gold)], gold):
            found.append((start, end if joined == wanted else start + len(gold)))
    return found


def _stands(said: Terms, start: int, end: int, golds: Sequence[Terms]) -> bool:
    if _negated(said, start) or _denied_after(said, end) or _one_of_options(said, start, end, golds):
        return False
    return not _one_of_a_list(said, start, end, golds)


def _negated(said: Terms, i: int) -> bool:
    """Whether a negation shortly before i, in the same clause, takes back what stands there."""
    for k in range(i - 1, max(-1, i - 7), -1):
        if _ends_clause(said[k + 1]) or said[k].text in ("but", "because", "if", "when", "while", "and"):
            return False
        rejected = said[k].text in ("than",) and k > 0 and said[k - 1].text in ("rather", "other")
        if rejected or said[k].text in _NEGATORS and (said[k].text == "not" or i - k <= 3):
            return not any(term.text in _HARMLESS for term in said[k + 1 : i + 2])
    return False


def _past(said: Terms, i: int) -> bool:
    """Whether the value at i is told as what once was."""
    return any(term.text in ("was", "were", "previously", "formerly", "originally") for term in said[max(0, i - 3) : i])


def _denied_after(said: Terms, end: int) -> bool:
    """'... is wrong', '... does not.'; words in brackets in between do not matter."""
    if end < len(said) and said[end].before.endswith("("):
        end = next((k for k in range(end, len(said)) if ")" in said[k].before), end)
    after = [term.text for term in said[end : end + 4]]
    if after and after[0] in ("is", "was", "are") and any(word in after[1:3] for word in ("wrong", "incorrect", "false")):
        return True
    if len(after) >= 2 and after[1] == "not":
        return len(after) == 2 or _ends_clause(said[end + 2]) or after[2] in ("correct", "right", "true")
    return False


def _one_of_options(said: Terms, start: int, end: int, golds: Sequence[Terms]) -> bool:
    """Whether an 'or' beside it offers something else as well."""
    if "@" in said[start].text or said[start].text.startswith("tel:"):
        return False  # write to ... or call ...
    if start > 0 and said[start - 1].text == "or" and not any(_same(said[start - 1 - len(g) : start - 1], g) for g in golds):
        return True
    if end < len(said) and said[end].text == "or" and end + 1 < len(said):
        after = said[end + 1]
        return after.text not in _OPEN_ENDED and not any(_same(said[end + 1 : end + 1 + len(g)], g) for g in golds)
    return False


def _pieces(said: Terms, i: int) -> list[tuple[int, int]]:
    """The pieces that commas, line breaks, 'and' and 'or' cut the sentence around i into."""
    start = i
    while start > 0 and not any(mark in ".;:!?" for mark in said[start].before):
        start -= 1
    end = i + 1
    while end < len(said) and not any(mark in ".;:!?" for mark in said[end].before):
        end += 1
    pieces, begun = [], start
    for k in range(start, end + 1):
        cut = k == end or said[k].text in ("and", "or") or any(mark in ",¶" for mark in said[k].before)
        if cut and k > start:
            if k > begun:
                pieces.append((begun, k))
            begun = k + 1 if k < end and said[k].text in ("and", "or") else k
    return pieces


def _is_item(said: Terms, piece: tuple[int, int]) -> bool:
    """Whether a piece is a bare item of a list: one to three words, none of them a pronoun, verb or preposition."""
    words = said[piece[0] : piece[1]]
    return 0 < len(words) <= 3 and not any(term.text in FUNCTION_WORDS for term in words)


def _one_of_a_list(said: Terms, start: int, end: int, golds: Sequence[Terms]) -> bool:
    """Whether it is one item of a list of three or more with an 'and' or 'or', whose others are not accepted."""
    if any(term.text == "and" for term in said[start:end]):
        return False
    pieces = _pieces(said, start)
    conjoined = said[pieces[-1][0] - 1].text in ("and", "or")
    ends_a_piece = any(end == piece_end for _, piece_end in pieces)
    others = [piece for piece in pieces if not piece[0] <= start < piece[1] and _is_item(said, piece)]
    others = [piece for piece in others if not any(_runs(said[piece[0] : piece[1]], gold) for gold in golds)]
    return conjoined and ends_a_piece and len(pieces) >= 3 and len(others) >= len(pieces) - 2


def _says_words(said: Terms, gold: Terms, golds: Sequence[Terms]) -> bool:
    """Whether all content words of the gold stand close together in the answer, in any order, and none is denied."""
    wanted = _content(gold)
    if len(wanted) < 2:
        return False
    width = 2 * len(wanted) + 2
    for start in range(len(said)):
        window = said[start : start + width]
        places = [next((start + k for k, term in enumerate(window) if _same_term(term, gold_term)), None) for gold_term in wanted]
        if None not in places and start in places:
            last = max(place for place in places if place is not None)
            denied = _negated(said, start) or _denied_after(said, last + 1)
            return not denied and _negations(said[start:last]) == _negations(gold)
    return False


def _negations(said: Terms) -> int:
    return sum(1 for term in said if term.text in _NEGATORS)


def _says_most(said: Terms, gold: Terms) -> bool:
    """For accepted answers that are whole sentences: most content words, all numbers, and no more negations than there."""
    wanted = {term.text for term in _content(gold)}
    found = {term.text for term in said}
    numbers = {term.text for term in gold if _countable(term)}
    return (len(wanted & found) / len(wanted) >= MOST and numbers <= found
            and abs(_negations(said) - _negations(gold)) <= 1)


# --- lists ------------------------------------------------------------------------------------------------------------


def _items(raw: str) -> list[str]:
    """The items of an accepted answer that is a list."""
    raw = re.sub(r"(?<=\d),(?=\d{3}\b)", "", raw)
    return [item for item in re.split(r"\s*(?:[,;\n&]|\band\b)\s*", raw) if terms(item)]


def _says_all(said: Terms, items: Sequence[str]) -> bool:
    """Whether every item stands in the answer, in any order, none denied and no further one beside them."""
    golds = [terms(item) for item in items]
    places = []
    for gold in golds:
        run = next((run for run in _runs(said, gold) if not _negated(said, run[0]) and not _denied_after(said, run[1])), None)
        if run is None:
            return False
        places.append(run)
    return not _lists_more(said, places)


def _lists_more(said: Terms, places: Sequence[tuple[int, int]]) -> bool:
    pieces = _pieces(said, places[0][0])
    held = [any(start < piece[1] and piece[0] < end for start, end in places) for piece in pieces]
    beside = [held[max(0, k - 1) : k + 2] for k in range(len(pieces))]
    return any(not held[k] and any(beside[k]) and _is_item(said, piece) for k, piece in enumerate(pieces))


# --- accepted answers with brackets -----------------------------------------------------------------------------------


def _without_brackets(alias: str) -> list[str]:
    """'Internet Protocol (IP)' also accepts 'Internet Protocol' and 'IP'; other brackets stay as they are."""
    match = re.fullmatch(r"\s*(.+?)\s*\(([^()]+)\)\s*", alias)
    if match and match[2].isupper() and len(match[2]) <= 8:
        return [alias, match[1], match[2]]
    return [alias]


# --- two free answers -------------------------------------------------------------------------------------------------


def equivalent(a: str, b: str) -> bool:
    """Whether two free answers say the same: both decline, agree on yes or no, on their numbers and dates, or in words."""
    declines = (is_abstention(a), is_abstention(b))
    if any(declines):
        return all(declines)
    said, other = terms(a), terms(b)
    if not said or not other:
        return not said and not other
    if _same(said, other):
        return True
    opens = [re.match(rf"\W*(?:{_YES}|{_NO})", _plain(text), re.I) for text in (a, b)]
    if all(opens):
        return polarity(a) == polarity(b)
    if grade(a, [b]).correct or grade(b, [a]).correct:
        return True
    return _same_substance(said, other)


def _same_substance(said: Terms, other: Terms) -> bool:
    """Whether two sentences state the same numbers, or, stating none, share most of their words."""
    numbers, others = ([replace(term, before="") for term in side if _countable(term) and not term.label] for side in (said, other))
    if numbers or others:
        return bool(numbers and others) and _equal(numbers[0], others[0]) and {n.text for n in numbers} == {n.text for n in others}
    words, other_words = ({term.text for term in _content(side)} for side in (said, other))
    return len(words & other_words) / len(words | other_words) >= MOST and _negations(said) == _negations(other)
