"""How lists and numbers are written for a reader.

Takes names and numbers, gives text. Knows nothing about what is listed or measured. The spaces before a unit are narrow
no-break ones.
"""

from collections.abc import Iterable, Sequence

SHOWN = 5
NARROW = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
NOT_MEASURED = DASH


def listed(names: Iterable[str]) -> str:
    """All of them: 'a, b and c'.

    >>> listed(["rag", "tuned", "base"])
    'rag, tuned and base'
    """
    *before, last = [*names] or [""]
    return f"{', '.join(before)} and {last}" if before else last


def first_few(names: Sequence[str], separator: str = ", ") -> str:
    """The first few, and how many more there are: 'a, b, c, d, e and 7 more'.

    >>> first_few(["q1", "q2", "q3", "q4", "q5", "q6", "q7"])
    'q1, q2, q3, q4, q5 and 2 more'
    """
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return separator.join(names[:SHOWN]) + more


def percent(fraction: float) -> str:
    """A fraction as whole percent, never rounded to a 0 or a 100 that it is not.

    >>> percent(0.476), percent(0.001), percent(1.0)
    ('48\\u202f%', '<1\\u202f%', '100\\u202f%')
    """
    if 0 < fraction < 0.005:
        return f"<1{NARROW}%"
    if 0.995 < fraction < 1:
        return f">99{NARROW}%"
    return f"{100 * fraction:.0f}{NARROW}%"


def points(difference: float) -> str:
    """A difference of fractions in signed percentage points, without the word.

    >>> points(0.123), points(0.001)
    ('+12', '0')
    """
    rounded = round(100 * difference)
    return f"+{rounded}" if rounded > 0 else f"{MINUS}{-rounded}" if rounded < 0 else "0"


def milliseconds(ms: float) -> str:
    """Milliseconds below a second, seconds above.

    >>> milliseconds(87.2), milliseconds(2340)
    ('87\\u202fms', '2.3\\u202fs')
    """
    if ms < 999.5:
        return f"{ms:.2g}{NARROW}ms" if ms < 10 else f"{ms:.0f}{NARROW}ms"
    return f"{ms / 1000:.1f}{NARROW}s" if ms < 99_950 else f"{ms / 1000:.0f}{NARROW}s"


def usd(amount: float) -> str:
    """Dollars: whole from ten on, else with two decimals, or more where two would show fewer than two digits.

    >>> usd(1234.5), usd(3.5), usd(0.0042)
    ('1,234\\u202fUSD', '3.50\\u202fUSD', '0.0042\\u202fUSD')
    """
    if amount == 0:
        return f"0{NARROW}USD"
    if 0 < amount < 0.0001:
        return f"<0.0001{NARROW}USD"
    if abs(amount) >= 10:
        return f"{amount:,.0f}{NARROW}USD"
    return f"{amount:.{_leading_zeros(abs(amount)) + 2}f}{NARROW}USD"


def _leading_zeros(amount: float) -> int:
    zeros = 0
    while amount < 0.1 and zeros < 8:
        amount, zeros = amount * 10, zeros + 1
    return zeros


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever reads best.

    >>> duration(42.4), duration(200), duration(7500)
    ('42\\u202fs', '3\\u202fmin 20\\u202fs', '2\\u202fh 5\\u202fmin')
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
    """A number with its thousands apart: whole, but below ten with one decimal where it has decimals.

    >>> count(12345), count(2.5), count(3)
    ('12,345', '2.5', '3')
    """
    return f"{number:.1f}" if abs(number) < 9.95 and number != round(number) else f"{number:,.0f}"


def unit_of(text: str) -> str:
    """The unit at the end of a written number, with the space before it; empty where two units are mixed.

    >>> unit_of(milliseconds(87.2)), unit_of(duration(200))
    ('\\u202fms', '')
    """
    return NARROW + text.rsplit(NARROW, 1)[1] if text.count(NARROW) == 1 else ""
