"""Does the answer say these words, and mean them?

Takes terms; says whether an accepted answer stands in them, neither denied nor as one option of several. Knows nothing
about units and dates.
"""

import re
from collections.abc import Sequence

from bakeoff.grading.normalise import word_set
from bakeoff.grading.terms import ARTICLES, Term, says_as_much, terms

Terms = Sequence[Term]

FUNCTION_WORDS = ARTICLES | word_set("""
    of in on at to for from by with within after before until till up about around approximately roughly almost nearly
    exactly only just and or is are was were be been it its this that these those there which who what as per every each
    total you we they i your our their can may will would do does did has have had if when than more less least most
    minimum maximum over under above below between during since then so also however actually now later earlier newer
    older higher lower not no but while into out must should need total either
""")
LONG = 9  # accepted answers of so many words or more are whole sentences: most of them must be said, not all
MOST = 0.6
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


def content(said: Terms) -> list[Term]:
    """The terms that carry meaning; all of them where none does."""
    return [term for term in said if term.text not in FUNCTION_WORDS] or list(said)


def same(said: Terms, gold: Terms) -> bool:
    """Whether the two say the same from beginning to end."""
    return len(said) == len(gold) and all(_same_term(a, b) for a, b in zip(said, gold, strict=True))


def _same_term(said: Term, gold: Term) -> bool:
    return said.text == gold.text or (bool(gold.dates) and bool(said.dates) and says_as_much(said, gold))


def says_phrase(said: Terms, gold: Terms, golds: Sequence[Terms]) -> bool:
    """Whether the accepted answer stands in the answer word for word, neither denied nor as one option of several."""
    return any(_stands(said, start, end, golds) for start, end in runs(said, gold))


def stands_undenied(said: Terms, gold: Terms) -> bool:
    """The same for an accepted answer that holds options itself, as '24 months or 500 cycles' does."""
    return any(not negated(said, start) and not denied_after(said, end) for start, end in runs(said, gold))


def runs(said: Terms, gold: Terms) -> list[tuple[int, int]]:
    """Where the gold stands in the answer; 'wi-fi' also matches 'wifi'."""
    wanted = "".join(term.text for term in gold)
    found = []
    for start in range(len(said)):
        joined, end = "", start
        while end < len(said) and len(joined) < len(wanted):
            joined += said[end].text
            end += 1
        if joined == wanted or same(said[start : start + len(gold)], gold):
            found.append((start, end if joined == wanted else start + len(gold)))
    return found


def _stands(said: Terms, start: int, end: int, golds: Sequence[Terms]) -> bool:
    if negated(said, start) or denied_after(said, end) or _one_of_options(said, start, end, golds):
        return False
    return not _one_of_a_list(said, start, end, golds)


def negated(said: Terms, i: int) -> bool:
    """Whether a negation shortly before i, in the same clause, takes back what stands there."""
    for k in range(i - 1, max(-1, i - 7), -1):
        if ends_clause(said[k + 1]) or said[k].text in ("but", "because", "if", "when", "while", "and"):
            return False
        rejected = said[k].text == "than" and k > 0 and said[k - 1].text in ("rather", "other")
        if rejected or (said[k].text in NEGATORS and (said[k].text == "not" or i - k <= 3)):
            return not any(term.text in _HARMLESS for term in said[k + 1 : i + 2])
    return False


def denied_after(said: Terms, end: int) -> bool:
    """'... is wrong', '... does not.'; words in brackets in between do not matter."""
    if end < len(said) and said[end].before.endswith("("):
        end = next((k for k in range(end, len(said)) if ")" in said[k].before), end)
    after = [term.text for term in said[end : end + 4]]
    if (
        after
        and after[0] in ("is", "was", "are")
        and any(word in after[1:3] for word in ("wrong", "incorrect", "false"))
    ):
        return True
    if len(after) >= 2 and after[1] == "not":
        return len(after) == 2 or ends_clause(said[end + 2]) or after[2] in ("correct", "right", "true")
    return False


def _one_of_options(said: Terms, start: int, end: int, golds: Sequence[Terms]) -> bool:
    """Whether an 'or' beside it offers something else as well."""
    if "@" in said[start].text or said[start].text.startswith("tel:"):
        return False  # write to ... or call ...
    if start > 0 and said[start - 1].text == "or":
        return not any(same(said[max(0, start - 1 - len(gold)) : start - 1], gold) for gold in golds)
    if end < len(said) and said[end].text == "or" and end + 1 < len(said):
        after = said[end + 1]
        return after.text not in _OPEN_ENDED and not any(
            same(said[end + 1 : end + 1 + len(gold)], gold) for gold in golds
        )
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
    """Whether it is one item of a list with an 'and' or 'or' whose others are not accepted.

    A list has three items or more, or two and nothing else ('Oxygen and carbon dioxide').
    """
    if any(term.text == "and" for term in said[start:end]):
        return False
    pieces = _pieces(said, start)
    conjoined = said[pieces[-1][0] - 1].text in ("and", "or")
    ends_a_piece = any(end == piece_end for _, piece_end in pieces)
    others = [piece for piece in pieces if not piece[0] <= start < piece[1] and _is_item(said, piece)]
    others = [piece for piece in others if not any(runs(said[piece[0] : piece[1]], gold) for gold in golds)]
    if len(pieces) == 2:
        return conjoined and len(others) == 1 and (start, end) in pieces and _is_item(said, (start, end))
    return conjoined and ends_a_piece and len(pieces) >= 3 and len(others) >= len(pieces) - 2


def is_last_name(said: Terms, gold: Terms) -> bool:
    """Whether the whole answer is the last word of a name of two or three ('Solberg', 'the B2'), a title apart."""
    rest = [term for term in said if term.text not in ("mr", "mrs", "ms", "dr")]
    plain_name = 2 <= len(gold) <= 3 and not any("," in term.before for term in gold)
    return plain_name and len(rest) == 1 and _same_term(rest[0], gold[-1])


def says_words(said: Terms, gold: Terms) -> bool:
    """Whether all content words of the gold stand close together in the answer, in any order, and none is denied."""
    wanted = content(gold)
    if len(wanted) < 2:
        return False
    width = 2 * len(wanted) + 2
    for start in range(len(said)):
        window = said[start : start + width]
        places = [start + k for one in wanted for k in _first_place(window, one)]
        if len(places) == len(wanted) and start in places:
            denied = negated(said, start) or denied_after(said, max(places) + 1)
            return not denied and n_negations(said[start : max(places)]) == n_negations(gold)
    return False


def _first_place(said: Terms, wanted: Term) -> list[int]:
    """Where the term stands first, if it does."""
    return [k for k, term in enumerate(said) if _same_term(term, wanted)][:1]


def n_negations(said: Terms) -> int:
    """How many words of negation there are."""
    return sum(1 for term in said if term.text in NEGATORS)


def says_most(said: Terms, gold: Terms) -> bool:
    """For accepted answers that are whole sentences: most content words, all numbers, about as many negations."""
    wanted = {term.text for term in content(gold)}
    found = {term.text for term in said}
    numbers = {term.text for term in gold if countable(term)}
    return (
        len(wanted & found) / len(wanted) >= MOST
        and numbers <= found
        and abs(n_negations(said) - n_negations(gold)) <= 1
    )


def countable(term: Term) -> bool:
    """Whether the term states a number or a date."""
    return term.value is not None or bool(term.dates)


def clause_of(said: Terms, i: int) -> range:
    """The positions of the clause around i."""
    start = i
    while start > 0 and not _starts_clause(said, start):
        start -= 1
    end = i + 1
    while end < len(said) and not _starts_clause(said, end):
        end += 1
    return range(start, end)


def _starts_clause(said: Terms, i: int) -> bool:
    return ends_clause(said[i]) or said[i].text in ("and", "or", "but", "while", "whereas", "otherwise")


def ends_clause(term: Term) -> bool:
    """Whether the punctuation before this term ends a clause."""
    return any(mark in ".,;:!?¶" for mark in term.before)


# --- lists ------------------------------------------------------------------------------------------------------------


def items_of(raw: str) -> list[str]:
    """The items of an accepted answer that is a list."""
    raw = re.sub(r"(?<=\d),(?=\d{3}\b)", "", raw)
    return [item for item in re.split(r"\s*(?:[,;\n&]|\band\b)\s*", raw) if terms(item)]


def says_all(said: Terms, items: Sequence[str]) -> bool:
    """Whether every item stands in the answer, in any order, none denied and no further one beside them."""
    golds = [terms(item) for item in items]
    places = []
    for gold in golds:
        found = [run for run in runs(said, gold) if not negated(said, run[0]) and not denied_after(said, run[1])]
        if not found:
            return False
        places.append(found[0])
    return not _lists_more(said, places)


def _lists_more(said: Terms, places: Sequence[tuple[int, int]]) -> bool:
    """Whether a bare item that is none of the wanted stands beside one of them."""
    pieces = _pieces(said, places[0][0])
    held = [any(start < piece[1] and piece[0] < end for start, end in places) for piece in pieces]
    beside = [held[max(0, k - 1) : k + 2] for k in range(len(pieces))]
    return any(not held[k] and any(beside[k]) and _is_item(said, piece) for k, piece in enumerate(pieces))
