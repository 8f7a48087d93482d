"""How lists and numbers are written for a reader.

Takes names and numbers, gives text. Knows nothing about what is listed or measured. The space before a unit is a narrow
no-break space.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

SHOWN = 5
NARROW = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
NOT_MEASURED = DASH


def listed(names: Iterable[str]) -> str:
    """All names in one phrase. Empty for no names.

    >>> listed(["rag", "tuned", "hybrid"])
    'rag, tuned and hybrid'
    """
    *before, last = [*names] or [""]
    return f"{', '.join(before)} and {last}" if before else last


def one_of(names: Iterable[str]) -> str:
    """What to name, of these names; of a single one, just that.

    >>> one_of(["rag", "tuned"]), one_of(["rag"])
    ('one of rag and tuned', 'rag')
    """
    known = [*names]
    return listed(known) if len(known) == 1 else f"one of {listed(known)}"


def kind_of_value(value: object) -> str:
    """What a value of a file is, in words that need no Python.

    >>> [kind_of_value(value) for value in (None, [], "a", 1.5, {}, True)]
    ['nothing', 'a list', 'a text', 'a number', 'a mapping', 'yes or no']
    """
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (type(None), "nothing"),
        (bool, "yes or no"),
        ((int, float), "a number"),
        (str, "a text"),
        ((list, tuple), "a list"),
        (Mapping, "a mapping"),
        (date, "a date"),
    )
    other = f"a value of the kind {type(value).__name__}"
    return next((words for kind, words in kinds if isinstance(value, kind)), other)


def first_few(names: Sequence[str], separator: str = ", ", most: int = SHOWN) -> str:
    """The first names, five if nothing else is said, and how many more there are.

    >>> first_few(["a", "b", "c", "d", "e", "f", "g"])
    'a, b, c, d, e and 2 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return separator.join(names[:most]) + more


def percent(fraction: float) -> str:
    """A fraction (0 to 1) as whole percent. 0 % and 100 % are only written if they are exact.

    >>> [percent(fraction).replace(NARROW, " ") for fraction in (0.484, 0.999, 1.0)]
    ['48 %', '>99 %', '100 %']
    """
    if 0 < fraction < 0.005:
        return f"<1{NARROW}%"
    if 0.995 < fraction < 1:
        return f">99{NARROW}%"
    return f"{100 * fraction:.0f}{NARROW}%"


def points(difference: float) -> str:
    """A difference of fractions in whole percentage points with its sign, without the word 'points'."""
    rounded = round(100 * difference)
    return f"+{rounded}" if rounded > 0 else f"{MINUS}{-rounded}" if rounded < 0 else "0"


def milliseconds(ms: float) -> str:
    """A time in milliseconds: as ms below one second, as s from there on."""
    if ms < 999.5:
        return f"{ms:.2g}{NARROW}ms" if ms < 10 else f"{ms:.0f}{NARROW}ms"
    return f"{ms / 1000:.1f}{NARROW}s" if ms < 99_950 else f"{ms / 1000:.0f}{NARROW}s"


def usd(amount: float) -> str:
    """US dollars: whole from 10 on, with two decimals below 10, and with two significant digits below 0.10."""
    if amount == 0:
        return f"0{NARROW}USD"
    if 0 < amount < 0.0001:
        return f"<0.0001{NARROW}USD"
    if abs(amount) >= 10:
        return f"{amount:,.0f}{NARROW}USD"
    return f"{amount:.{_leading_zeros(abs(amount)) + 2}f}{NARROW}USD"


def as_given(amount: float) -> str:
    """An amount as somebody gave it: whole, or with its cents; below 1 with all its digits.

    >>> as_given(1.5), as_given(12_345), as_given(0.125), as_given(1_234.5)
    ('1.50', '12,345', '0.125', '1,234.50')
    """
    if amount == round(amount):
        return f"{amount:,.0f}"
    if abs(amount) >= 1:
        return f"{amount:,.2f}"
    whole, decimals = f"{amount:.10f}".rstrip("0").split(".")
    return f"{whole}.{decimals:0<2}"


def _leading_zeros(amount: float) -> int:
    zeros = 0
    while amount < 0.1 and zeros < 8:
        amount, zeros = amount * 10, zeros + 1
    return zeros


def duration(seconds: float) -> str:
    """A time in seconds, written as seconds, minutes or hours.

    >>> duration(3725).replace(NARROW, " ")
    '1 h 2 min'
    """
    if seconds == 0:
        return f"0{NARROW}s"
    if seconds < 0.05:
        return f"<0.1{NARROW}s"
    if seconds < 9.95:
        return f"{seconds:.1f}{NARROW}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{NARROW}s"
    if whole < 3600:
        return f"{whole // 60}{NARROW}min" + (f" {whole % 60}{NARROW}s" if whole % 60 else "")
    minutes = round(seconds / 60)
    return f"{minutes // 60}{NARROW}h" + (f" {minutes % 60}{NARROW}min" if minutes % 60 else "")


def count(number: float) -> str:
    """A whole number with commas between thousands. Below 10, a number that is not whole gets one decimal."""
    return f"{number:.1f}" if abs(number) < 9.95 and number != round(number) else f"{number:,.0f}"


def counted(n: int, one: str, many: str = "") -> str:
    """A number with its noun, `many` by default with an s.

    >>> counted(1, "review"), counted(0, "reply", "replies"), counted(1200, "fact")
    ('1 review', '0 replies', '1,200 facts')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def unit_of(text: str) -> str:
    """The unit at the end of a written number, with the space before it. Empty if the text has two units."""
    return NARROW + text.rsplit(NARROW, 1)[1] if text.count(NARROW) == 1 else ""
