"""The rules for accepted answers in words: phrases, names, lists and whole sentences.

Takes an answer and one accepted answer, gives a `Ruling`. What other words say is beyond these rules: a paraphrase is
unsure, not wrong.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from bakeoff.grading.bounds import same_signs
from bakeoff.grading.doubts import TITLES, contradiction, has_rank, phrase_doubt
from bakeoff.grading.normalise import word_set
from bakeoff.grading.number_rule import AMOUNTS
from bakeoff.grading.rulings import Ruling, right, unsure, wrong
from bakeoff.grading.terms import Term, says_as_much, terms
from bakeoff.grading.time_order import turns_time
from bakeoff.grading.units import currency_of, is_unit
from bakeoff.grading.wording import (
    FUNCTION_WORDS,
    LONG,
    Terms,
    content,
    ends_clause,
    is_last_name,
    is_place,
    items_of,
    n_negations,
    places_of_words,
    runs,
    same,
    says_all,
    says_phrase,
    stands_undenied,
    without_numbering,
)

OTHER_WORDS = "it may say the same in other words"
OTHER_ORDER = "the accepted words stand in another order"


def phrase_ruling(answer: Terms, gold: Terms, golds: Sequence[Terms], kind: str) -> Ruling:
    """Whether the answer states a word, a phrase or a name."""
    if runs(answer, gold):
        if not says_phrase(answer, gold, golds):
            return wrong("phrase").but(_half_denied(answer, gold))
        if not any(same_signs(answer[start:end], gold) for start, end in runs(answer, gold)):
            return wrong("phrase")
        doubt = phrase_doubt(answer, gold, golds) or _other_label(answer, gold, golds) or _modifier(answer, gold)
        return right("phrase").but(doubt)
    if kind == "name" and is_last_name(answer, gold):
        return right("last name").but("it may name another role" if has_rank(gold, 1, len(gold)) else "")
    if kind == "date":
        return wrong("date").but("it names a part of the date" if _shared(answer, gold) else "")
    return _words_ruling(answer, gold, golds, kind)


def _half_denied(answer: Terms, gold: Terms) -> str:
    """A doubt if the phrase stands undenied, and is only taken for one option or item of several."""
    if not stands_undenied(answer, gold):
        return ""
    return "" if len(answer) <= len(gold) + 6 else "the accepted answer is one of several"


def _words_ruling(answer: Terms, gold: Terms, golds: Sequence[Terms], kind: str) -> Ruling:
    rule = "words in any order"
    if _written_out(answer, gold) or _written_out(gold, answer):
        return unsure(rule, "it may be the same designation, written out")
    if _other_letter_or_number(answer, gold):
        return wrong(rule).but(_rounded_version(answer, gold))
    shared, wanted = _shared(answer, gold), content(gold)
    if _same_currency(answer, gold) or _same_ordinal(answer, gold):
        return right(rule)
    if _other_contact(answer, gold):
        return wrong(rule)
    if _is_only_an_amount(answer) and not _may_be_an_amount(gold):
        return wrong(rule)
    if places := places_of_words(answer, gold):
        compact = len(content(answer)) <= 2 * len(wanted) and not any(_is_mark(term) for term in gold)
        compact = compact and ((len(wanted) < 5 and not _is_name(gold)) or _in_order(answer, wanted, gold))
        apart = _apart(answer, places, gold) if len(wanted) < 5 else ""
        apart = apart or ("it tells of another side" if turns_time(answer, gold) else "")
        ranked = any(at - 1 not in places and has_rank(answer, at, at + 1) for at in places)
        apart = apart or ("it may name another role" if ranked else "")
        return right(rule).but(apart if compact else OTHER_ORDER)
    if kind == "name" or _is_name(gold):
        return _name_ruling(answer, gold, shared, rule)
    if len(wanted) >= 5:
        return long_ruling(answer, gold, golds)
    if _alike(answer, gold):
        return unsure(rule, "it is spelled like the accepted answer")
    if _may_be_paraphrase(answer, gold):
        return unsure(rule, OTHER_WORDS)
    if shared or len(wanted) >= 3:
        return unsure(rule, OTHER_WORDS)
    return wrong(rule).but(_rounded_version(answer, gold) if any(map(_is_mark, gold)) else "")


# Words that make the order of others tell something: 'staging to production'.
_DIRECTIONS = word_set("""
    to from before after then than into onto over under until till by via against without instead toward towards
""")
# Words by which others change places and still say the same: 'the battery is low', 'citizens of the EU'.
_LINKS = word_set("of is are was were be been that which who whose for in on at with has have had")


def _apart(answer: Terms, places: Sequence[int], gold: Terms) -> str:
    """A doubt if the accepted words stand with others between them, or change places in a way that may tell something.

    'Kitchen table lamp' for 'kitchen lamp'; 'production to staging' for 'staging to production'.
    """
    first, last = min(places), max(places)
    between = [answer[i] for i in range(first, last) if i not in places]
    is_name = _is_name(gold)
    if any(term.text not in FUNCTION_WORDS and not (is_name and len(term.text) < 3) for term in between):
        return "other words stand between the accepted ones"
    if is_name:  # 'Berg, Anna'
        return ""
    if any(map(ends_clause, answer[first + 1 : last + 1])):
        return "the accepted words stand in two clauses"
    if list(places) == sorted(places):
        return ""
    tells = any(term.text in _DIRECTIONS for term in (*gold, *between))
    linked = any(term.text in _LINKS for term in between) or any(
        answer[i].written.endswith(("'s", "s'", "’s")) or answer[i + 1].before.startswith(("'", "’"))
        for i in range(first, last)
    )
    return OTHER_ORDER if tells or not linked else ""


_AMOUNTS = AMOUNTS | word_set("free nothing gratis nobody nowhere always never everyone everybody anybody")
# Words of which one excludes the others.
_EXCLUSIVE = (
    word_set(
        "red green blue yellow white black brown grey gray orange purple pink violet silver gold golden beige turquoise"
    ),
    word_set("monday tuesday wednesday thursday friday saturday sunday"),
    word_set("january february march april may june july august september october november december"),
    word_set("north south east west left right top bottom front back inside outside"),
    word_set("spring summer autumn winter fall"),
    word_set("steel iron copper glass plastic wood leather cotton wool paper silk aluminium aluminum rubber"),
    word_set("small medium large high low positive negative neutral male female public private"),
)


def _may_be_paraphrase(answer: Terms, gold: Terms) -> bool:
    """Whether other words could say the same: amounts ('free': 'it costs nothing') and phrases ('dark blue': 'navy').

    A single word is seldom paraphrased: of 25 answers of models with another ordinary word, two meant the same, and
    these were other forms of it (`_alike`).
    """
    if any(term.capital or term.label or term.text[:1].isdigit() for term in content(gold)):
        return False
    words, given = {term.text for term in content(gold)}, {term.text for term in answer}
    if words & _AMOUNTS:
        return True
    if any(words & kind and given & kind for kind in _EXCLUSIVE):
        return False
    if {word.removesuffix("s") for word in words} == {word.removesuffix("s") for word in given}:
        return False  # 'new' is not 'news'
    others = [term for term in content(answer) if not term.capital and term.value is None and term.text.isalpha()]
    return len(words) > 1 and 0 < len(others) <= 6


_TIMES = word_set("""
    always never forever overnight life permanent night noon midnight season term generation while long soon short
    immediate instant until till once period duration age deadline
""")


def _is_only_an_amount(answer: Terms) -> bool:
    """Whether nothing but numbers with units stands in the answer, perhaps behind 'The answer is': '90 days'."""
    rest = [term for term in content(answer) if term.text not in ("answer", "result")]
    return bool(rest) and all(term.is_number and term.unit for term in rest)


def _may_be_an_amount(gold: Terms) -> bool:
    """Whether the accepted answer has a number, a date, or a word that can say how much or how long."""
    words = {term.text for term in gold} | {term.written.lower() for term in gold}
    return (
        any(term.value is not None or term.dates or term.unit or term.text[:1].isdigit() for term in gold)
        or bool(words & (_AMOUNTS | _TIMES))
        or any(len(word) > 2 and is_unit(word) for word in words)
    )


def _name_ruling(answer: Terms, gold: Terms, shared: set[str], rule: str) -> Ruling:
    """Wrong if another name is given. A part of the name, or a similar spelling, is unsure."""
    missing = [word for word in content(gold) if word.text not in {term.text for term in answer}]
    others = [term for term in answer if term.capital and term.text not in {word.text for word in gold}]
    others = [term for term in others if term.text not in TITLES]
    others = [term for term in others if not any(_abbreviates(term.text, word.text) for word in missing)]
    if shared and not (others and len(answer) <= 4):
        return unsure(rule, "it holds a part of the name")
    if _alike(answer, gold) or _initials(answer, gold):
        return unsure(rule, "it is spelled like the accepted answer")
    return wrong(rule)


def _is_name(gold: Terms) -> bool:
    return all(term.capital or not term.written or term.label for term in content(gold)) and gold[0].capital


def _shared(answer: Terms, gold: Terms) -> set[str]:
    return {term.text for term in content(gold)} & {term.text for term in answer}


def _alike(answer: Terms, gold: Terms) -> bool:
    """Whether a longer word of the accepted answer stands in the answer with another spelling or ending."""
    wanted = [term.text for term in content(gold) if len(term.text) >= 6 and term.text.isalpha()]
    given = [term.text for term in answer if len(term.text) >= 5 and term.text.isalpha()]
    return _other_form(answer, gold) or any(
        word != other and word[:1] == other[:1] and SequenceMatcher(None, word, other).ratio() >= 0.85
        for word in wanted
        for other in given
    )


def _other_form(answer: Terms, gold: Terms) -> bool:
    """Whether a short answer has the only word of the accepted one in another form: 'Chinese' for 'China'."""
    words, given = ([term.text for term in content(side) if term.text.isalpha()] for side in (answer, gold))
    if len(words) > 2 or len(given) != 1:
        return False
    pairs = [sorted((word, given[0]), key=len) for word in words if word != given[0]]
    return any(
        _has_stem_of(long, short) or _is_of_country(long, short) or _singular(long) == _singular(short)
        for short, long in pairs
    )


def _singular(stem: str) -> str:
    """One form for what is left of plurals that change the end of a word: 'bus', 'buse(s)'; 'knife', 'knive(s)'."""
    if stem.endswith(("ve", "fe")):
        return stem[:-2] + "f"
    return stem[:-1] if stem.endswith("se") else stem


_SUFFIXES = re.compile(r"(?:ness|ly|ity|ment|ation|ion|al|ing|ed|er|or|ism|ist|y|en|th|ian|an|ese|ish)$")
_PEOPLES = (
    *("france french", "netherlands holland dutch", "denmark danish dane danes", "spain spanish spaniard spaniards"),
    *("ireland irish", "wales welsh", "cyprus cypriot cypriots", "philippines filipino filipinos"),
    *("sweden swedish swede swedes", "finland finnish finn finns", "poland polish pole poles", "switzerland swiss"),
    *("scotland scottish scot scots scotch", "england english", "turkey turkish turk turks", "greece greek greeks"),
)


def _has_stem_of(long: str, short: str) -> bool:
    """Whether a word goes on from the other one, perhaps without its last letter: 'dryness', 'Chinese'."""
    if len(short) < 3 or long in (short, short + "s"):
        return False
    if len(short) >= 4 and len(long) > len(short) and long.startswith(short[: max(4, len(short) - 1)]):
        return True
    return long.startswith(short) and _SUFFIXES.fullmatch(long[len(short) :]) is not None


def _is_of_country(a: str, b: str) -> bool:
    """Whether the words are a country and its people or language: 'Norway', 'Norwegian'; 'French', 'France'."""
    if any({a, b} <= set(names.split()) for names in _PEOPLES):
        return True
    short, long = sorted((a.removesuffix("s"), b.removesuffix("s")), key=len)
    return len(short) >= 5 and long.startswith(short[:4]) and long.endswith(("ian", "ean", "ese", "ish"))


def _abbreviates(a: str, b: str) -> bool:
    """Whether one word may be short for the other: 'a' or 'dr' for 'anna', 'doctor'."""
    short, long = sorted((a, b), key=len)
    letters = iter(long)
    return short[:1] == long[:1] and len(short) <= 3 < len(long) and all(letter in letters for letter in short)


def _initials(answer: Terms, gold: Terms) -> bool:
    def letters(text: Terms) -> str:
        return "".join(term.text[0] for term in text if term.text[:1].isalpha())

    short_gold, short_answer = letters(content(gold)), letters(content(answer))
    acronyms = {term.text.rstrip("0123456789") for term in answer if term.written.isupper()} | {letters(gold)}
    given = {term.text.rstrip("0123456789") for term in answer}
    return any(len(short) > 1 and short in given for short in (letters(gold), short_gold)) or (
        any(len(short) > 2 and short in short_gold for short in acronyms & given)
        or (len(gold) == 1 and len(gold[0].text) > 1 and gold[0].text in short_answer + " " + letters(answer))
    )


def _written_out(answer: Terms, gold: Terms) -> bool:
    """Whether a code of capitals and a number has the number of words without another code: 'Patrol Squadron 25'."""
    if len(gold) != 2 or not (gold[0].written.isupper() and 2 <= len(gold[0].written) <= 4 and _is_mark(gold[1])):
        return False
    words = [answer[k - 1].written for k in range(1, len(answer)) if answer[k].text == gold[1].text and answer[k].label]
    return any(len(word) >= 4 and word.istitle() for word in words)


def _other_letter_or_number(answer: Terms, gold: Terms) -> bool:
    """Whether the answer has another letter, number or symbol than the accepted answer: Vitamin B for Vitamin A."""
    symbols = {re.sub(r"\W", "", term.text): term.text for term in gold if re.search(r"^[-+]\w|\w[-+#]+$", term.text)}
    for term in answer:
        if symbols.get(re.sub(r"\W", "", term.text), term.text) != term.text:
            return True
    for i in range(1, len(gold)):
        if not (_is_mark(gold[i]) and gold[i - 1].text.isalpha()):
            continue
        marks = [answer[k + 1] for k in range(len(answer) - 1) if answer[k].text == gold[i - 1].text]
        if not marks and len(answer) < len(gold) and answer[-1].text == gold[i - 1].text:
            return True
        if any(_is_mark(mark) and mark.text != gold[i].text for mark in marks):
            return True
    return False


def _rounded_version(answer: Terms, gold: Terms) -> str:
    """A doubt if the two differ in a zero at the end of a version: 4 and 4.0."""
    written = [{term.text for term in side} for side in (answer, gold)]
    short, long = ({re.sub(r"^(\d+)(?:\.0)+$", r"\1", text) for text in side} for side in written)
    return "the version may be the same" if long <= short and not written[1] <= written[0] else ""


def _in_order(answer: Terms, wanted: Terms, gold: Terms) -> bool:
    """Whether the words stand in the answer in this order, or with a comma as the last name first: 'Berg, Anna'."""
    last = gold[-1].text
    if _is_name(gold) and any(term.text == last and answer[k].before == "," for k, term in enumerate(answer[:-1], 1)):
        return True
    rest = iter([term.text for term in answer])
    return all(term.text in rest for term in wanted)


def _same_ordinal(answer: Terms, gold: Terms) -> bool:
    """Whether the whole answer is the number of the ordinal: 18 for 18th."""
    ordinal = re.fullmatch(r"(\d+)(?:st|nd|rd|th)", gold[0].text) if len(gold) == 1 else None
    return ordinal is not None and [term.text for term in answer] == [ordinal[1]]


def _same_currency(answer: Terms, gold: Terms) -> bool:
    """Whether the whole answer is another name of the currency: GBP for pounds."""
    names = [text[0].written for text in (answer, gold) if len(text) == 1 and text[0].written]
    return len(names) == 2 and currency_of(names[0]) == currency_of(names[1]) != ""


def _other_contact(answer: Terms, gold: Terms) -> bool:
    """Whether the answer gives another telephone number, e-mail or web address than the accepted one."""
    if len(gold) != 1:
        return False
    for sign in ("tel:", "@", "/"):
        if sign in gold[0].text[:-1]:
            return any(sign in term.text for term in answer)
    return False


def _is_mark(term: Term) -> bool:
    if re.fullmatch(r"[a-z]{0,3}\d[\w.]*", term.text) and term.written:
        return True
    return term.label or (len(term.text) == 1 and term.text.isalpha() and term.capital)


def _other_label(answer: Terms, gold: Terms, golds: Sequence[Terms]) -> str:
    """A doubt if a second version or number of the same thing is named beside the accepted one."""
    wanted = {term.text for other in golds for term in other}
    if not any(_is_mark(term) for term in gold):
        return ""
    start, end = runs(answer, gold)[0]
    name = next((gold[i - 1].text for i in range(1, len(gold)) if _is_mark(gold[i])), "")
    for i, term in enumerate(answer):
        if _is_mark(term) and not start <= i < end and term.text not in wanted:
            named = answer[i - 1].text
            if named == name or (named == "and" and abs(i - end) <= 2) or (i < start and start - i <= 3):
                return "it names another version or number too"
    return ""


def _modifier(answer: Terms, gold: Terms) -> str:
    """A doubt if a single ordinary word stands in an answer that states a number: 'The latest tag is 23.7'.

    Not if a clause ends with what something is: 'The unit is bytes, so 2048 is 2 KiB.'
    """
    ordinary = len(gold) == 1 and not gold[0].capital and gold[0].value is None and gold[0].text.isalpha()
    if (
        ordinary
        and any(term.text[0].isdigit() for term in answer)
        and not any(_is_predicate(answer, *place) for place in runs(answer, gold))
    ):
        return "the accepted word could describe something else"
    return ""


_IS = word_set("is are was were be ist sind war est sont es son zijn ar er jest")


def _is_predicate(answer: Terms, start: int, end: int) -> bool:
    """Whether the words say at the end of a clause what something is."""
    ends = end == len(answer) or ends_clause(answer[end])
    return ends and start > 1 and not answer[start].before.strip("\"'") and answer[start - 1].text in _IS


# --- lists ------------------------------------------------------------------------------------------------------------


def list_ruling(answer: str, gold: Terms, golds: Sequence[Terms], raw: str, kind: str) -> Ruling:
    """Whether the answer states all items of a list and no other item."""
    answer_terms, items = terms(without_numbering(answer)), items_of(raw)
    n_stated = sum(1 for item in items if stands_undenied(answer_terms, terms(item)))
    if says_all(answer_terms, items):
        ranked = any(all(has_rank(answer_terms, *at) for at in runs(answer_terms, terms(item))) for item in items)
        doubt = contradiction(answer_terms, 0) or _as_options(answer_terms, gold, items)
        return right("list").but(doubt or ("it may name another role" if ranked else ""))
    if kind == "" and len(items) == 2 and is_place(raw):
        if says_phrase(answer_terms, gold, golds):
            return right("phrase").but(phrase_doubt(answer_terms, gold, golds))
        names_another = not stands_undenied(answer_terms, terms(items[0])) and len(content(answer_terms)) > 1
        if n_stated == 0 or names_another:
            return wrong("list")
        return unsure("list", "it states a part of the place or of the list")
    if n_stated == len(items):
        return (
            wrong("list") if kind == "list" or not runs(answer_terms, gold) else _whole_list(answer_terms, gold, golds)
        )
    if n_stated == 0 and all(runs(answer_terms, terms(item)) for item in items):
        return wrong("list")
    if n_stated == 0:
        ruling = _words_ruling(answer_terms, gold, golds, "")
        return ruling.but("the words of several items are mixed" if ruling.verdict == "right" else "")
    missing = [terms(item) for item in items if not runs(answer_terms, terms(item))]
    partly = any(_shared(answer_terms, item) or _alike(answer_terms, item) for item in missing)
    return unsure("list", "an item may stand there in other words") if partly else wrong("list")


def _as_options(answer: Terms, gold: Terms, items: Sequence[str]) -> str:
    """A doubt if the items are offered as options ('red or green') or as the ends of a range ('Monday to Friday')."""
    places = [place for item in items for place in runs(answer, terms(item))[:1]]
    first, last = max(0, min(start for start, _ in places) - 1), max(end for _, end in places)
    joints = {term.text for term in answer[first:last]} - {term.text for term in gold}
    if joints & {"or", "either", "to", "until", "through", "between"}:
        return "the items may be options or the ends of a range"
    return ""


def _whole_list(answer: Terms, gold: Terms, golds: Sequence[Terms]) -> Ruling:
    """The accepted text stands word for word, but beside something that looks like a further item."""
    start, end = runs(answer, gold)[0]
    if len(answer) - (end - start) <= 3:
        return wrong("list")
    return unsure("list", "it may list a further item")


# --- whole sentences --------------------------------------------------------------------------------------------------


def long_ruling(answer: Terms, gold: Terms, golds: Sequence[Terms]) -> Ruling:
    """Whether the answer states a whole sentence. Only its own words, another number or another subject decide."""
    rule = "long"
    if runs(answer, gold):
        if not says_phrase(answer, gold, golds) and not stands_undenied(answer, gold):
            return unsure(rule, "it contains the accepted answer and may deny it")
        start, end = runs(answer, gold)[0]
        rest = [*answer[:start], *answer[end:]]
        extra = n_negations(rest) > 0 or len(rest) > max(12, len(gold))
        return right(rule).but("it contains the accepted answer and says more" if extra else "")
    if _only_negated(answer, gold) or _states_other_numbers(answer, gold):
        return wrong(rule).but("what it denies stands in brackets" if _denies_in_brackets(answer, gold) else "")
    shared = {term.text for term in content(answer)} & {term.text for term in content(gold)}
    if not shared and len(answer) >= 3 and len(content(gold)) >= LONG and not _alike(answer, gold):
        return wrong(rule)
    return unsure(rule, OTHER_WORDS)


def _only_negated(answer: Terms, gold: Terms) -> bool:
    """Whether the two are the same sentence except for a negation."""
    plain_answer, plain_gold = ([term.text for term in side if not n_negations([term])] for side in (answer, gold))
    differs = n_negations(answer) % 2 != n_negations(gold) % 2
    return differs and SequenceMatcher(None, plain_answer, plain_gold, autojunk=False).ratio() >= 0.7


def _denies_in_brackets(answer: Terms, gold: Terms) -> bool:
    """Whether the two are no longer opposites without what the answer has in brackets."""
    outside, depth = list[Term](), 0
    for term in answer:
        depth += term.before.count("(") - term.before.count(")")
        outside += [term] if depth <= 0 else []
    return (
        0 < len(outside) < len(answer) and not _only_negated(outside, gold) and not _states_other_numbers(answer, gold)
    )


def _states_other_numbers(answer: Terms, gold: Terms) -> bool:
    """Whether the answer gives numbers with the unit of the accepted one, all of them others, in similar words."""
    wanted = [term for term in gold if term.is_number and term.unit]
    given = [term for term in answer if term.is_number and term.unit in {term.unit for term in wanted}]
    overlap = SequenceMatcher(None, [t.text for t in answer], [t.text for t in gold], autojunk=False).ratio()
    return bool(wanted and given) and overlap >= 0.5 and not any(says_as_much(a, b) for a in given for b in wanted)


__all__ = ["OTHER_WORDS", "list_ruling", "long_ruling", "phrase_ruling", "same"]
