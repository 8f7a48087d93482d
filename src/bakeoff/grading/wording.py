"""Decides whether an answer states certain words, without denying them or offering them as one of several options.

Takes the terms of an answer and of the accepted answers, gives yes or no. Knows nothing about units and dates.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from bakeoff.grading.conditions import MISSING, OPENING_WORDS
from bakeoff.grading.languages import ENGLISH_TOO, languages
from bakeoff.grading.normalise import word_set
from bakeoff.grading.terms import ARTICLES, Term, says_surely, terms

Terms = Sequence[Term]

FUNCTION_WORDS = ARTICLES | word_set("""
    of in on at to for from by with within after before until till up about around approximately roughly almost nearly
    exactly only just and or is are was were be been it its this that these those there which who what as per every each
    total you we they i your our their can may will would do does did has have had if when than more less least most
    minimum maximum over under above below between during since then so also however actually now later earlier newer
    older higher lower not no but while into out must should need total either fewer younger heavier longer shorter
""")
LONG = 9  # an accepted answer of this many content words or more counts as a sentence: most words are enough
MOST = 0.6  # the share of words that counts as most
NEGATORS = frozenset(("not", "never", "no", "neither", "nor", "without", "instead", "except", "excluding", "unlike"))
_HARMLESS = frozenset(
    (
        "more",
        "less",
        "later",
        "longer",
        "fewer",
        "exceed",
        "until",
        "after",
        "before",
        "beyond",
        "only",
        "doubt",
        "unless",
        "earlier",
        "sooner",
        "just",
    )
)
_OPEN_ENDED = word_set("""
    more later higher above newer older less lower below so fewer earlier longer better greater over
    you we it they he she your i else not
""")


def content(answer: Terms) -> list[Term]:
    """The terms that are not function words. All terms if there are only function words."""
    return [
        term for i, term in enumerate(answer) if term.text not in FUNCTION_WORDS or (i > 0 and _is_in_a_name(term))
    ] or list(answer)


def _is_in_a_name(term: Term) -> bool:
    """Whether a word such as 'younger' is written with a capital within a text: Hans Holbein the Younger."""
    return term.capital and term.written.istitle() and len(term.text) > 3


def same(answer: Terms, gold: Terms) -> bool:
    """Whether the two have the same terms from beginning to end."""
    return len(answer) == len(gold) and all(_same_term(a, b) for a, b in zip(answer, gold, strict=True))


def _same_term(answer: Term, gold: Term) -> bool:
    if answer.text == gold.text:
        return True
    if answer.text.startswith("tel:") and gold.text.startswith("tel:"):
        return _same_telephone(answer.text, gold.text)
    return bool(gold.dates) and bool(answer.dates) and says_surely(answer, gold)


def _same_telephone(a: str, b: str) -> bool:
    """Whether two telephone numbers are the same, one of them perhaps without the country code (1 to 3 digits)."""
    abroad, home = (a, b) if a.startswith("tel:+") else (b, a)
    digits = home.removeprefix("tel:")
    return (
        abroad.startswith("tel:+")
        and not digits.startswith("+")
        and abroad.endswith(digits)
        and (1 <= len(abroad) - len("tel:+") - len(digits) <= 3)
    )


def says_phrase(answer: Terms, gold: Terms, golds: Sequence[Terms]) -> bool:
    """Whether the answer states the accepted answer word for word, not denied and not as one option of several."""
    return any(_stands(answer, start, end, golds) for start, end in runs(answer, gold))


def stands_undenied(answer: Terms, gold: Terms) -> bool:
    """The same for an accepted answer that has options itself, such as '24 months or 500 cycles'."""
    return any(_undenied(answer, start, end) for start, end in runs(answer, gold))


def _undenied(answer: Terms, start: int, end: int) -> bool:
    return not negated(answer, start) and not denied_after(answer, end) and not _asked_and_denied(answer, end)


def _asked_and_denied(answer: Terms, end: int) -> bool:
    """Whether the words end a question that the answer itself answers with no: 'Paris? No, Lyon.'"""
    for term in answer[end : end + 6]:
        if "?" in term.before:
            return term.text in ("no", "nope", "not", "wrong", "incorrect", "never")
        if ends_clause(term):
            return False
    return False


def goes_on(answer: Terms, gold: Terms) -> bool:
    """Whether each place of the accepted numbers is a part of a longer list of numbers: '2, 3, 5, 7'."""
    return all(_continues(answer, end) or _continues(answer, start, -1) for start, end in runs(answer, gold))


def _continues(answer: Terms, i: int, step: int = 1) -> bool:
    """Whether a list of numbers goes on at position i, or (step -1) before it."""
    nxt, mark = (i, i) if step > 0 else (i - 1, i)
    if 0 <= nxt < len(answer) and answer[nxt].text in ("and", "or"):
        return 0 <= nxt + step < len(answer) and answer[nxt + step].is_number
    return 0 <= nxt < len(answer) and answer[nxt].is_number and answer[mark].before in (",", "/", "-", ";")


def runs(answer: Terms, gold: Terms) -> list[tuple[int, int]]:
    """The (start, end) positions of the accepted answer in the answer. 'wi-fi' also matches 'wifi'."""
    wanted = "".join(_in_one_word(gold))
    pieces = _in_one_word(answer)
    spans = []
    for start in range(len(answer)):
        joined, end = "", start
        while end < len(answer) and len(joined) < len(wanted):
            joined += pieces[end] if joined else answer[end].text
            end += 1
        if joined == wanted or same(answer[start : start + len(gold)], gold):
            spans.append((start, end if joined == wanted else start + len(gold)))
    return spans


def _in_one_word(text: Terms) -> list[str]:
    """What each term adds to a word of them all. A comma before figures parts them: '3, 12' is not '312'."""
    return [
        term.text if i == 0 or "," not in term.before or not term.text[0].isdigit() else f",{term.text}"
        for i, term in enumerate(text)
    ]


def _stands(answer: Terms, start: int, end: int, golds: Sequence[Terms]) -> bool:
    if not _undenied(answer, start, end) or _one_of_options(answer, start, end, golds):
        return False
    return not _one_of_a_list(answer, start, end, golds)


def negated(answer: Terms, i: int) -> bool:
    """Whether a negation shortly before position i, in the same clause, denies the term there.

    What a condition denies ('if you do not reply within 30 days'), the answer does not deny.
    """
    place = _negation_before(answer, i)
    return place is not None and _opening_before(answer, place) is None


def in_denied_condition(answer: Terms, i: int) -> bool:
    """Whether the term at position i stands in a condition that is denied: 'if it is not Paris'.

    Not if it only limits what is denied there ('if nobody replies within 30 days'), or if the condition ends in front
    of it ('if the port is not specified port 8000 is used').
    """
    place = _negation_before(answer, i)
    opening = None if place is None else _opening_before(answer, place)
    if place is None or opening is None:
        return False
    between = {term.text for term in answer[place + 1 : i]}
    if between & MISSING and answer[place - 1].text not in ("do", "does", "did", "can", "will"):
        return False
    if answer[opening].text in OPENING_WORDS:
        return not between & _LIMITS
    return answer[opening].text in _RELATIVES or i - place <= 2


_LIMITS = word_set("within after for before by until till in under over least most than during every per since from")
"""Words that make an amount a limit of what is denied."""
_RELATIVES = frozenset(("that", "which", "who"))
_AUXILIARIES = word_set("do does did is are was were has have can could")
_LONGEST_CONDITION = 30
"""So many terms may stand between the word that opens a condition and its negation."""


def _opening_before(answer: Terms, place: int) -> int | None:
    """The position of a word that opens a condition, or 'requests that do not ...', before a negation in its clause."""
    for k in range(place, max(-1, place - _LONGEST_CONDITION), -1):
        relative = answer[k].text in _RELATIVES and 0 < k == place - 2 and answer[k + 1].text in _AUXILIARIES
        if relative and not answer[k].before:
            return k
        if answer[k].text in OPENING_WORDS or answer[k].written.lower() in languages().opens_condition:
            return k
        if ends_clause(answer[k]):
            return None
    return None


def _negation_before(answer: Terms, i: int) -> int | None:
    """The position of the negation shortly before position i, in the same clause, that reaches it."""
    for k in range(i - 1, max(-1, i - 7), -1):
        if ends_clause(answer[k + 1]) or answer[k].text in ("but", "because", "if", "when", "while", "and"):
            return None
        rejected = answer[k].text == "than" and k > 0 and answer[k - 1].text in ("rather", "other")
        if rejected or (answer[k].text in NEGATORS and (answer[k].text == "not" or i - k <= 3)):
            return None if any(term.text in _HARMLESS for term in answer[k + 1 : i + 2]) else k
        if i - k <= 2 and answer[k].written.lower() in languages().denies_next_word:
            return k
        if answer[k].written.lower() in languages().denies_what_follows and answer[k].text not in ENGLISH_TOO:
            return k
    return None


def denied_after(answer: Terms, end: int) -> bool:
    """Whether the words after `end` deny it: '... is wrong', '... does not.'. Brackets in between are skipped."""
    if end < len(answer) and answer[end].before.endswith("("):
        end = next((k for k in range(end, len(answer)) if ")" in answer[k].before), end)
    after = [term.text for term in answer[end : end + 4]]
    if (
        after[:1] == ["free"]
        and answer[end - 1].value is None
        and after[1:2] not in (["of"], ["from"], ["to"], ["for"], ["with"])
    ):
        return True
    if _denied_at_end(answer, end):
        return True
    if (
        after
        and after[0] in ("is", "was", "are")
        and any(word in after[1:3] for word in ("wrong", "incorrect", "false"))
    ):
        return True
    if len(after) >= 2 and after[1] == "not":
        if len(after) == 2 or ends_clause(answer[end + 2]) or after[2] in ("correct", "right", "true"):
            return True
        ends = (len(after) == 3 or ends_clause(answer[end + 3])) and _opening_before(answer, end) is None
        return ends and after[0] in ("is", "are", "was", "were") and after[2].endswith(("ed", "en"))  # 'is not used'
    return False


_NEAR = 5
"""So many terms behind the answer, a clause may still end with its negation."""


def _denied_at_end(answer: Terms, end: int) -> bool:
    """Whether the clause ends with a negation of a language that puts it there ('Rot ist sie nicht')."""
    near = range(end, min(len(answer), end + _NEAR + 1))
    stop = next((k for k in near if ends_clause(answer[k])), len(answer))
    last = answer[stop - 1].written.lower() if end < stop <= end + _NEAR else ""
    lists = languages()
    return last in lists.denies_what_precedes or (last in lists.denies_what_follows and last not in ENGLISH_TOO)


def _one_of_options(answer: Terms, start: int, end: int, golds: Sequence[Terms]) -> bool:
    """Whether an 'or' before or after it offers another option that is not accepted."""
    if "@" in answer[start].text or answer[start].text.startswith("tel:"):
        return False  # e.g. 'write to ... or call ...'
    if start > 0 and answer[start - 1].text == "or":
        return not any(same(answer[max(0, start - 1 - len(gold)) : start - 1], gold) for gold in golds)
    if end < len(answer) and answer[end].text == "or" and end + 1 < len(answer):
        after = answer[end + 1]
        return after.text not in _OPEN_ENDED and not any(
            same(answer[end + 1 : end + 1 + len(gold)], gold) for gold in golds
        )
    return False


def _pieces(answer: Terms, i: int) -> list[tuple[int, int]]:
    """The (start, end) pieces of the sentence around i, split at commas, line breaks, 'and' and 'or'."""
    start = i
    while start > 0 and not any(mark in ".;:!?" for mark in answer[start].before):
        start -= 1
    end = i + 1
    while end < len(answer) and not any(mark in ".;:!?" for mark in answer[end].before):
        end += 1
    pieces, begun = [], start
    for k in range(start, end + 1):
        cut = k == end or _joins(answer[k]) or any(mark in ",¶" for mark in answer[k].before)
        if cut and k > start:
            if k > begun:
                pieces.append((begun, k))
            begun = k + 1 if k < end and _joins(answer[k]) else k
    return pieces


def _joins(term: Term) -> bool:
    """Whether the word joins items of a list. 'Plus' with a capital is a part of a name."""
    return term.text in ("and", "or") or term.written == "plus"


def _is_item(answer: Terms, piece: tuple[int, int]) -> bool:
    """Whether a piece is an item of a list: one to three words, without pronouns, verbs and prepositions."""
    words = answer[piece[0] : piece[1]]
    while words and words[0].text in ("also", "too", "even", "then", "plus", "additionally"):
        words = words[1:]
    return 0 < len(words) <= 3 and not any(term.text in FUNCTION_WORDS for term in words)


def _one_of_a_list(answer: Terms, start: int, end: int, golds: Sequence[Terms]) -> bool:
    """Whether it is one item of a list with 'and' or 'or' whose other items are not accepted answers.

    A list has three or more items, or exactly two and no other words ('Oxygen and carbon dioxide').
    """
    if any(term.text == "and" for term in answer[start:end]):
        return False
    pieces = _pieces(answer, start)
    conjoined = answer[pieces[-1][0] - 1].text in ("and", "or")
    ends_a_piece = any(end == piece_end for _, piece_end in pieces)
    others = [piece for piece in pieces if not piece[0] <= start < piece[1] and _is_item(answer, piece)]
    others = [piece for piece in others if not any(runs(answer[piece[0] : piece[1]], gold) for gold in golds)]
    if len(pieces) == 2:
        return conjoined and len(others) == 1 and (start, end) in pieces and _is_item(answer, (start, end))
    return conjoined and ends_a_piece and len(pieces) >= 3 and len(others) >= len(pieces) - 2


def is_last_name(answer: Terms, gold: Terms) -> bool:
    """Whether the whole answer is the last word of a name of two or three words. Titles (Mr, Dr) are ignored."""
    rest = [term for term in answer if term.text not in ("mr", "mrs", "ms", "dr")]
    plain_name = 2 <= len(gold) <= 3 and not any("," in term.before for term in gold)
    first = next((i for i in range(len(gold) - 1, 0, -1) if gold[i].before != "-"), len(gold))
    return plain_name and same(rest, gold[first:])


def places_of_words(answer: Terms, gold: Terms) -> list[int]:
    """Where the content words of the accepted answer stand, in any order, close together and undenied; else nothing."""
    wanted = content(gold)
    if len(wanted) < 2:
        return []
    width = 2 * len(wanted) + 2
    for start in range(len(answer)):
        window = answer[start : start + width]
        places = [start + k for term in wanted for k in _first_place(window, term)]
        if len(places) == len(wanted) and start in places:
            denied = negated(answer, start) or in_denied_condition(answer, start)
            denied = denied or denied_after(answer, max(places) + 1)
            stands = not denied and n_negations(answer[start : max(places)]) == n_negations(gold)
            return places if stands else []
    return []


def _first_place(answer: Terms, wanted: Term) -> list[int]:
    """The first position of the term, as a list of at most one."""
    return [k for k, term in enumerate(answer) if _same_term(term, wanted)][:1]


def n_negations(answer: Terms) -> int:
    """The number of negating words."""
    return sum(1 for term in answer if term.text in NEGATORS)


def says_most(answer: Terms, gold: Terms) -> bool:
    """Whether the answer has most content words of a long accepted answer, all its numbers, and as many negations.

    The number of negations may differ by one.
    """
    wanted = {term.text for term in content(gold)}
    words = {term.text for term in answer}
    numbers = {term.text for term in gold if countable(term)}
    return (
        len(wanted & words) / len(wanted) >= MOST
        and numbers <= words
        and abs(n_negations(answer) - n_negations(gold)) <= 1
    )


def countable(term: Term) -> bool:
    """Whether the term is a number or a date."""
    return term.value is not None or bool(term.dates)


def clause_of(answer: Terms, i: int) -> range:
    """The positions of the clause that contains position i."""
    start = i
    while start > 0 and not _starts_clause(answer, start):
        start -= 1
    end = i + 1
    while end < len(answer) and not _starts_clause(answer, end):
        end += 1
    return range(start, end)


def _starts_clause(answer: Terms, i: int) -> bool:
    return ends_clause(answer[i]) or answer[i].text in ("and", "or", "but", "while", "whereas", "otherwise")


def ends_clause(term: Term) -> bool:
    """Whether the punctuation before this term ends a clause, or a cell of a table."""
    return any(mark in ".,;:!?¶|" for mark in term.before)


# --- lists ------------------------------------------------------------------------------------------------------------


def items_of(raw: str) -> list[str]:
    """The items of an accepted answer, split at commas, semicolons, line breaks, '&' and 'and'."""
    raw = re.sub(r"(?<=\d),(?=\d{3}\b)", "", raw)
    return [item.strip() for item in re.split(r"[,;\n]|(?<![A-Z])&|&(?![A-Z])|\band\b", raw) if terms(item)]


def is_list(raw: str, kind: str) -> bool:
    """Whether an accepted answer has several items. Without the kind 'list', none may be as long as a clause."""
    items = items_of(raw)
    return len(items) > 1 and (kind == "list" or all(len(terms(item)) <= 5 for item in items))


def is_place(raw: str) -> bool:
    """Whether an accepted answer is one place with the larger one after a comma ('Beirut, Lebanon'), not a list."""
    return (
        re.fullmatch(
            r"[A-Z][^\s,;&\d]*(?: [A-Z][^\s,;&\d]*){0,2}, [A-Z][^\s,;&\d]*(?: [A-Z][^\s,;&\d]*){0,2}", raw.strip()
        )
        is not None
    )


_NUMBERING = re.compile(r"^\s*(?:\(?\d{1,2}[.)]|[a-z][.)])\s+", re.M)


def without_numbering(answer: str) -> str:
    """The answer without the numbers of a numbered list of two or more lines."""
    return _NUMBERING.sub("", answer) if len(_NUMBERING.findall(answer)) > 1 else answer


def says_all(answer: Terms, items: Sequence[str]) -> bool:
    """Whether the answer states every item, in any order, none denied and without other items beside them."""
    places = []
    for gold in map(terms, items):
        spans = [span for span in runs(answer, gold) if _undenied(answer, *span)]
        if not spans:
            return False
        places.append(spans[0])
    return not _lists_more(answer, places)


def lists_items(answer: str, raw: str) -> bool:
    """Whether the items of an accepted answer stand in the answer as a list, one after the other and nothing between.

    >>> lists_items("They are red, green and blue.", "Green, Red"), lists_items("mark the bill", "Mark, Bill")
    (True, False)
    """
    given = terms(without_numbering(answer))
    places = sorted(next(iter(runs(given, terms(item))), (-1, -1)) for item in items_of(raw))
    if not places or places[0][0] < 0:
        return False
    for (_, end), (start, _) in pairwise(places):
        joined = [term.text for term in given[end:start]]
        if joined not in ([], ["and"], ["or"]) or not (joined or given[start].before):
            return False
    return True


def _lists_more(answer: Terms, places: Sequence[tuple[int, int]]) -> bool:
    """Whether a list item that is not wanted is next to a wanted one."""
    pieces = _pieces(answer, places[0][0])
    held = [any(start < piece[1] and piece[0] < end for start, end in places) for piece in pieces]
    beside = [held[max(0, k - 1) : k + 2] for k in range(len(pieces))]
    return any(not held[k] and any(beside[k]) and _is_item(answer, piece) for k, piece in enumerate(pieces))
