"""What an amount is per: a period, a measure, a person, an occasion. '$50 per trip' is not '$50 per day'.

Takes the terms of a text and the place of a number. Does not know the question: without 'per', an amount may be per
anything.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from bakeoff.grading.normalise import word_set
from bakeoff.grading.terms import Term
from bakeoff.grading.units import CURRENCIES, is_unit, unit_of
from bakeoff.grading.wording import FUNCTION_WORDS, Terms, countable, ends_clause

_DAY, _MONTH = 86_400, 2_629_746
_SECONDS: dict[str, tuple[int, ...]] = {
    "second": (1,),
    "minute": (60,),
    "hour": (3600,),
    "day": (_DAY,),
    "week": (7 * _DAY,),
    "fortnight": (14 * _DAY,),
    "month": (_MONTH,),
    "quarter": (3 * _MONTH,),
    "halfyear": (6 * _MONTH,),
    "year": (12 * _MONTH,),
    "decade": (120 * _MONTH,),
    "century": (1200 * _MONTH,),
    "night": (_DAY,),
    "shift": (_DAY,),
    "semester": (4 * _MONTH, 6 * _MONTH),
    "term": (3 * _MONTH, 4 * _MONTH, 6 * _MONTH),
    "season": (3 * _MONTH, 6 * _MONTH, 12 * _MONTH),
    "biweek": (302_400, 14 * _DAY),
    "bimonth": (_MONTH // 2, 2 * _MONTH),
    "biyear": (6 * _MONTH, 24 * _MONTH),
    "payperiod": (7 * _DAY, 14 * _DAY, _MONTH // 2, _MONTH),
}
"""About how long each period is, in seconds; several readings of what is not fixed."""
_VAGUE = word_set("night shift semester term season biweek bimonth biyear payperiod")
_LONGER_THAN_WEEKS = 28 * _DAY

_KINDS = {
    "person": word_set("""
        person people head individual capita employee worker user member participant attendee seat guest traveler
        traveller passenger adult child student patient contractor dependent licensee pax
    """),
    "group": word_set("""
        team department company organization organisation household family group workspace project country site office
        tenant business firm division unit cluster
    """),
    "occasion": word_set("""
        trip meal visit stay flight transaction call request purchase claim incident breakfast lunch dinner journey ride
        order
    """),
}
_SAME_NOUNS = {noun: "person" for noun in ("people", "head", "individual", "capita", "pax")}
_SAME_NOUNS |= {"traveller": "traveler", "organisation": "organization", "diem": "day", "annum": "year"}
_SAME_NOUNS |= {"wk": "week", "mo": "month", "yr": "year", "hr": "hour", "qtr": "quarter", "pound": "lb"}
_SAME_NOUNS |= {"halfyearly": "halfyear", "half": "halfyear"}
_PAIRS = {
    "half year": "halfyear",
    "pay period": "payperiod",
    "pay cycle": "payperiod",
    "payroll period": "payperiod",
    "billing cycle": "payperiod",
    "billing period": "payperiod",
    "other week": "fortnight",
    "second week": "fortnight",
}
_ADVERBS = {
    "nightly": "night",
    "quarterly": "quarter",
    "fortnightly": "fortnight",
    "biweekly": "biweek",
    "bimonthly": "bimonth",
    "biannually": "biyear",
    "semiannually": "halfyear",
    "biennially": "biyear",
    "triennially": "",
}
_OF_OTHER_LENGTH = {("bi", "week"): "biweek", ("bi", "month"): "bimonth", ("bi", "year"): "biyear"}
_OF_OTHER_LENGTH |= {("semi", "year"): "halfyear", ("half", "year"): "halfyear", ("semi", "month"): "bimonth"}
# German, French, Spanish, without accents.
_ELSEWHERE = {
    noun: name
    for name, nouns in {
        "hour": "stunde heure hora",
        "day": "tag jour dia",
        "night": "nacht ubernachtung nuit noche",
        "week": "woche semaine semana",
        "month": "monat mois mes",
        "quarter": "quartal vierteljahr trimestre",
        "halfyear": "halbjahr semestre",
        "year": "jahr an annee ano",
        "person": "person kopf personne tete persona",
        "user": "nutzer benutzer utilisateur usuario",
        "employee": "mitarbeiter mitarbeiterin employe salarie empleado empleada",
        "team": "team equipe equipo",
        "trip": "reise fahrt voyage trajet viaje",
        "meal": "mahlzeit repas comida",
    }.items()
    for noun in nouns.split()
}
_ADVERBS_ELSEWHERE = (
    ("quarter", r"vierteljahrlich\w*|trimestriel\w*|trimestral\w*"),
    ("halfyear", r"halbjahrlich\w*|semestriel\w*|semestral\w*"),
    ("hour", r"stundlich\w*"),
    ("day", r"taglich\w*|quotidien\w*|diari[oa]\w*|diariamente"),
    ("week", r"wochentlich\w*|hebdomadaire\w*|semanal\w*"),
    ("month", r"monatlich\w*|mensuel\w*|mensual\w*"),
    ("year", r"jahrlich\w*|annuel\w*|anual\w*"),
)
_PERS_ELSEWHERE = word_set("pro je par por al im am la der cada jede jeden jedes chaque")
# 'Per policy' and 'per Section 5' say where something stands.
_SOURCES = word_set("""
    policy handbook contract agreement law manual guideline guidance section article document documentation page
    instruction rule regulation se default usual standard clause paragraph schedule table faq guide memo email
""")
_UNTELLING = word_set("full whole single individual calendar rolling consecutive given complete room")
_NO_BASIS = word_set("that and so if because when where to by before after")
"""Before 'each' and 'every': '10 days so that every employee can rest'."""
_FAR, _NEAR = 10, 3


@dataclass(frozen=True)
class Basis:
    """What an amount is per: its `kind` ('period', 'measure', 'person', 'group', 'occasion', 'other'), its `name`, how
    many of it, and the words that tell it apart ('business' day).
    """

    kind: str
    name: str
    count: Fraction = Fraction(1)
    marks: frozenset[str] = frozenset()

    @property
    def seconds(self) -> tuple[float, ...]:
        """About how long a period is; several readings where it is not fixed, none for what is no period."""
        return tuple(float(self.count) * length for length in _SECONDS.get(self.name, ()))

    def same(self, other: "Basis") -> bool:
        if self.kind == other.kind == "period" and not {self.name, other.name} & _VAGUE:
            fixed = (self.seconds[0] < _LONGER_THAN_WEEKS) == (other.seconds[0] < _LONGER_THAN_WEEKS)
            return fixed and self.seconds == other.seconds and self.marks == other.marks
        return self == other

    def excludes(self, other: "Basis") -> bool:
        """Whether an amount per the one is surely none per the other. A day and a night, or a person and a day, may be
        said of the same amount.
        """
        kinds = {self.kind, other.kind}
        if kinds == {"period"}:
            exact = not {self.name, other.name} & _VAGUE and not self.marks | other.marks
            apart = 1.05 if exact else 1.6
            return all(max(a, b) > apart * min(a, b) for a, b in product(self.seconds, other.seconds))
        if self.marks | other.marks:  # 'per GB-month' is per GB, too
            return False
        if kinds == {"measure"}:
            return True
        return kinds in (
            {"period", "occasion"},
            {"period", "measure"},
            {"measure", "occasion"},
            {"person", "group"},
        )


def bases(text: Terms, i: int) -> list[Basis]:
    """What the number at position i is per, as the words behind it say.

    >>> from bakeoff.grading.terms import terms
    >>> [basis.name for basis in bases(terms("$50 per person per night"), 0)]
    ['person', 'night']
    """
    found: list[Basis] = []
    k = i + 1
    while k < min(len(text), i + 1 + _FAR):
        opens = _opens(text, k, i)
        if (ends_clause(text[k]) and not (text[k].before == "," and opens)) or (countable(text[k]) and not opens):
            break
        basis, k = _basis_at(text, k, i)
        if basis is not None:
            found.append(basis)
    return found


def bases_before(text: Terms, i: int) -> list[Basis]:
    """The periods that the clause names in front of the number: 'The weekly allowance is $50.'"""
    found: list[Basis] = []
    for k in range(i - 1, max(-1, i - _FAR), -1):
        name = "year" if text[k].text == "annual" else _period_adverb(text, k)
        if name:
            found.append(Basis("period", name))
        if ends_clause(text[k + 1]) or countable(text[k]):
            break
    return found


def other_basis(answer: Terms, places: Sequence[int], gold: Terms, place: int) -> str:
    """'wrong' if the number at each of the places is per something else than the accepted one, 'unsure' if it may be.

    '' where one of the two does not say what it is per.
    """
    wanted = bases(gold, place)
    found = [_compared(answer, i, wanted) for i in places] if wanted else []
    if not found or "" in found:
        return ""
    return "unsure" if "unsure" in found else "wrong"


def _compared(answer: Terms, i: int, wanted: Sequence[Basis]) -> str:
    given = bases(answer, i)
    if not given:
        before = bases_before(answer, i)
        periods = [basis for basis in wanted if basis.kind == "period"]
        return "unsure" if before and periods and not any(a.same(b) for a in before for b in periods) else ""
    missing = [basis for basis in wanted if not any(basis.same(other) for other in given)]
    others = [basis for basis in given if not any(basis.same(other) for other in wanted)]
    if not others:
        return ""
    if not missing:
        return "unsure" if any(basis.kind in ("period", "measure", "occasion") for basis in others) else ""
    return "wrong" if any(a.excludes(b) for a in missing for b in others) else "unsure"


def _opens(text: Terms, k: int, i: int) -> bool:
    """Whether the word at position k says that what follows is what the number at i is per."""
    term = text[k]
    if term.text == "per":
        return text[k - 1].text != "as"
    if term.text in ("each", "every"):
        return text[k - 1].text not in _NO_BASIS
    if term.before.endswith("/") and term.before != "//":
        return k == i + 1 or text[k - 1].text in ("person", "user")
    elsewhere = term.text in _PERS_ELSEWHERE and k + 1 < len(text)
    return bool(elsewhere and k <= i + _NEAR and text[k + 1].text in _ELSEWHERE)


def _basis_at(text: Terms, k: int, i: int) -> tuple[Basis | None, int]:
    """The basis that begins at position k, None if there is none, and the position to go on from."""
    name = _period_adverb(text, k)
    if name:
        return Basis("period", name), k + 1
    if not _opens(text, k, i):
        return None, k + 1
    if text[k].text in _PERS_ELSEWHERE and text[k + 1].text in _ELSEWHERE:
        return _named(_ELSEWHERE[text[k + 1].text], Fraction(1), frozenset()), k + 2
    begins = k if text[k].before.endswith("/") and text[k].text not in ("per", "each", "every") else k + 1
    return _noun(text, begins)


def _period_adverb(text: Terms, k: int) -> str:
    """The period that one word names: 'perday' for 'a day', 'daily' and the like, 'quarterly', 'monatlich'."""
    word = text[k].text
    if word.startswith("per") and word[3:] in _SECONDS:
        prefix = text[k - 1].text if k > 0 and text[k].before in ("", "-") else ""
        return _OF_OTHER_LENGTH.get((prefix, word[3:]), word[3:])
    if word in _ADVERBS:
        return _ADVERBS[word]
    return next((name for name, form in _ADVERBS_ELSEWHERE if re.fullmatch(form, word)), "")


def _noun(text: Terms, k: int) -> tuple[Basis | None, int]:
    """The basis that the words from position k on name, and the position behind them."""
    count, marks = Fraction(1), list[str]()
    if k < len(text) and countable(text[k]):
        term = text[k]
        if term.value is None:
            return None, k + 1
        if term.unit in ("second", "month"):
            return Basis("period", term.unit, term.value), k + 1
        if term.unit:
            return Basis("measure", term.unit, term.value), k + 1
        count, k = term.value, k + 1
    if k < len(text) and text[k].text == "1":
        k += 1
    while k < len(text) and len(marks) <= 3 and not _ends_noun(text, k, bool(marks)):
        marks.append(text[k].text)
        k += 1
    if not marks:
        return None, k + 1
    if marks[-1] in _SOURCES or (len(marks) > 1 and marks[0] in _SOURCES):
        return None, k
    last = " ".join(marks[-2:])
    pair = _PAIRS.get(last) or (last if len(marks) > 1 and is_unit(last) else None)
    head, more = (pair, marks[:-2]) if pair else (marks[-1], marks[:-1])
    return _named(head, count, frozenset(more) - _UNTELLING), k


def _ends_noun(text: Terms, k: int, has_begun: bool) -> bool:
    term = text[k]
    if has_begun and (term.before.strip("-'\"") or (_is_noun(text[k - 1]) and not _is_noun(term))):
        return True
    return countable(term) or term.text in FUNCTION_WORDS or bool(_period_adverb(text, k))


def _is_noun(term: Term) -> bool:
    """Whether the word is a known one for what amounts are per. Others may go on with it: 'night shift'."""
    name = _SAME_NOUNS.get(term.text, term.text)
    return (name in _HEADS or is_unit(name)) and term.text != "half"


_HEADS = frozenset(_SECONDS).union(*_KINDS.values())


def _named(word: str, count: Fraction, marks: frozenset[str]) -> Basis:
    name = _SAME_NOUNS.get(word, word)
    if name in _SECONDS:
        return Basis("period", name, count, marks)
    kind = next((kind for kind, nouns in _KINDS.items() if name in nouns), "")
    if kind:
        return Basis(kind, name, count, marks)
    try:
        dimension, size = unit_of(name)
    except KeyError:
        dimension = ""
    if not dimension or dimension in CURRENCIES:
        return Basis("other", name, count, marks)
    if dimension in ("second", "month"):
        return Basis("period", dimension, count * size, marks)
    if dimension == "working day":
        return Basis("period", "day", count, marks | {"business"})
    return Basis("measure", dimension, count * size, marks)
