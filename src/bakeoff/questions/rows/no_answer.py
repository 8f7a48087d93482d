"""Recognises texts that stand where an answer should be but are none: placeholders such as N/A or #REF!, and refusals.

Takes the text of one accepted answer. Knows no row.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from bakeoff.grading.abstention import is_abstention

_PLACEHOLDERS = frozenset({
    *("n/a", "#n/a", "n.a.", "n.a", "n/a.", "<na>", "(n/a)", "[n/a]", "nan", "#nan", "null", "<null>", "(null)"),
    *("<none>", "(none)", "(blank)", "(empty)", "k.a.", "k. a.", "keine angabe", "tbd", "t.b.d.", "todo"),
    *("n.d.", "idk", "dunno", "dont know", "don't know", "i dont know", "do not know", "not known from the documents"),
})  # fmt: skip
_IN_WORDS = frozenset({
    *("nil", "undefined", "not applicable", "not available", "no answer", "no answer found", "no response", "blank"),
    *("unanswerable", "not answerable", "impossible to answer", "missing", "no data", "to be determined", "to be done"),
    *("not found", "not present", "no information", "not in scope", "out of scope"),
})  # fmt: skip
_SIGNS = re.compile(r"[-\N{EN DASH}\N{EM DASH}]+|\?+|\.{3,}|\N{HORIZONTAL ELLIPSIS}|~")
# What a spreadsheet shows where a formula fails, in the languages that Excel writes it in. LibreOffice: Err:502.
_ERRORS = (
    "ref value name null num spill calc field unknown blocked connect busy python data external getting_data circ",
    "bezug wert zahl überlauf kalk nv valeur nom nombre nul epars valor nulo desbordamiento rif valore nome nullo núm",
    "despejar verw waarde naam getal leeg n/b adr arg nazwa liczba zero n/d referens värdefel namn ogiltigt skärning",
    "saknas reference værdi navn verdi i/t viittaus arvo nimi luku tyhjä puuttuu odkaz hodnota název číslo",
    "není_k_dispozici dělení_nulou ссылка знач имя число пусто н/д başv değer ad sayı boş yok",
    "div/0 deel/0 dziel/0 division/0 jako/0 дел/0 sayı/0",
)
_WITHOUT_SIGN = "nv n/b n/d i/t н/д yok getting_data není_k_dispozici"
_ERROR = re.compile(
    rf"#[¡¿]?(?:(?:{'|'.join(' '.join(_ERRORS).split())})[!?]|(?:{'|'.join(_WITHOUT_SIGN.split())}))|err:5\d\d"
)
_ABSENT = re.compile(
    r"(?:(?:the |this )?(?:answer|information|info)(?: to (?:(?:the|this|given) )*question)?(?: is| was)? )?"
    r"(?:not|nowhere)(?: to be)?(?: \w+)? (?:in|by|from)(?: (?:the|our|any|these|given|provided|available))*"
    r" (?:documents?|docs|documentation|context|passages?|texts?|manuals?|sources?|articles?|files?|corpus|material"
    r"|knowledge base)"
)
_DOUBTFUL = frozenset({"none", "na", "unknown", "nothing", "not known", "undisclosed"})


def is_placeholder(text: str) -> bool:
    """Whether the text only says that a cell has no value.

    >>> [is_placeholder(text) for text in ("N/A", "NaN", "—", "#REF!", "None", "Na")]
    [True, True, True, True, False, False]
    """
    return _is_short_for_none(text) or _folded(text) in _IN_WORDS


def without_no_answers(texts: Sequence[str]) -> list[str]:
    """The texts without placeholders and refusals ("I don't know").

    Beside another answer, words such as 'not available' are a way to write it, and stay.

    >>> without_no_answers(["N/A", "two years"]), without_no_answers(["not sold", "not available"])
    (['two years'], ['not sold', 'not available'])
    """
    kept = [text for text in texts if not _is_no_answer(text)]
    return kept if any(_folded(text) not in _IN_WORDS for text in kept) else []


@lru_cache(maxsize=100_000)
def _is_no_answer(text: str) -> bool:
    return _is_short_for_none(text) or _ABSENT.fullmatch(_folded(text)) is not None or is_abstention(text)


def _is_short_for_none(text: str) -> bool:
    is_error = _ERROR.fullmatch(text.strip().casefold()) is not None
    return is_error or _folded(text) in _PLACEHOLDERS or _SIGNS.fullmatch(_folded(text)) is not None


def is_doubtful(text: str) -> bool:
    """Whether the text can be an answer ("Which fees apply? None") or stand for a missing one."""
    return _folded(text) in _DOUBTFUL or _folded(text).rstrip(".") in _DOUBTFUL


def _folded(text: str) -> str:
    folded = re.sub(r" ?/ ?", "/", " ".join(text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split()))
    return folded if _SIGNS.fullmatch(folded) else folded.rstrip("!.") if len(folded) > 5 else folded
