"""Units of measure: their spellings, dimensions and sizes.

Takes spellings, gives dimensions and exact sizes. Knows nothing about texts.
"""

import re
from fractions import Fraction

# Unit spelling -> (dimension, size in the dimension's own unit). Only exact conversions: a month is not a fixed number
# of days, and working days are not days. The spellings in SHORT_UNITS are case-sensitive.
UNITS: dict[str, tuple[str, Fraction]] = {}
SHORT_UNITS = {"A", "V", "W", "C", "F", "K", "m", "s", "h", "d", "g", "l", "L", "B", "b", "mA", "mW", "MW"}


def _add(dimension: str, **sizes: str) -> None:
    """Adds the units of a dimension. The size 1/1000 is written as the keyword _1_1000."""
    for size, spellings in sizes.items():
        number = Fraction(size.lstrip("_").replace("_", "/").replace("p", "."))
        for spelling in spellings.split("|"):
            UNITS[spelling] = (dimension, number)


_add(
    "second",
    _1_1000="ms|millisecond|milliseconds",
    _1="s|sec|secs|second|seconds",
    _60="min|mins|minute|minutes",
    _3600="h|hr|hrs|hour|hours",
    _86400="d|day|days|calendar day|calendar days",
    _604800="week|weeks|wk|wks",
    _1209600="fortnight|fortnights",
)
_add("month", _1="month|months|mo|mos", _12="year|years|yr|yrs|annum", _120="decade|decades")
_add("working day", _1="working day|working days|business day|business days|workday|workdays|weekday|weekdays")
_add(
    "metre",
    _1_1000="mm|millimetre|millimetres|millimeter|millimeters",
    _1_100="cm|centimetre|centimetres|centimeter|centimeters",
    _1="m|metre|metres|meter|meters",
    _1000="km|kilometre|kilometres|kilometer|kilometers",
    _201168_125="mi|mile|miles",
    _127_5000='inch|inches|"',
    _381_1250="ft|foot|feet",
)
_add("square metre", _1="m2|sqm|square metre|square metres|square meter|square meters")
_add(
    "gram",
    _1_1000="mg|milligram|milligrams",
    _1="g|gram|grams|gramme|grammes",
    _1000="kg|kilo|kilos|kilogram|kilograms|kilogramme|kilogrammes",
    _1000000="tonne|tonnes",
)
_add("ounce", _1="oz|ounce|ounces", _16="lb|lbs")
_add(
    "litre", _1_1000="ml|millilitre|millilitres|milliliter|milliliters", _1_100="cl", _1="l|L|litre|litres|liter|liters"
)
_add(
    "byte",
    _1="byte|bytes",
    _1000="KB|kB|kilobyte|kilobytes",
    _1000000="MB|megabyte|megabytes",
    _1000000000="GB|gigabyte|gigabytes",
    _1000000000000="TB|terabyte|terabytes",
)
_add(
    "bit per second",
    _1000="kbps|kbit/s|kilobits per second",
    _1000000="Mbps|Mbit/s|megabit per second|megabits per second",
    _1000000000="Gbps|Gbit/s|gigabits per second",
)
_add("celsius", _1="C|°C|° C|degrees C|degree C|degrees Celsius|degree Celsius|Celsius|deg C")
_add("fahrenheit", _1="F|°F|° F|degrees F|degrees Fahrenheit|Fahrenheit")
_add("watt", _1_1000="mW|milliwatt|milliwatts", _1="W|watt|watts", _1000="kW|kilowatt|kilowatts", _1000000="MW")
_add("watt hour", _1="Wh", _1000="kWh|kilowatt hour|kilowatt hours")
_add("volt", _1_1000="mV|millivolt|millivolts", _1="V|volt|volts", _1000="kV|kilovolt|kilovolts")
_add("ampere", _1_1000="mA|milliamp|milliamps", _1="A|amp|amps|ampere|amperes")
_add("ampere hour", _1_1000="mAh", _1="Ah")
_add("hertz", _1="Hz|hertz", _1000="kHz|kilohertz", _1000000="MHz|megahertz", _1000000000="GHz|gigahertz")
_add("bar", _1_1000="mbar", _1="bar|bars")
_add("pascal", _1="Pa", _100="hPa", _1000="kPa")
_add("psi", _1="psi")
_add("decibel", _1="dB|decibel|decibels")
_add("km/h", _1="km/h|kph")
_add("litre per minute", _1="l/min|L/min")
_add("percent", _1="%|percent|per cent|pct|percentage points")
_add("gbp", _1="£|GBP|pound|pounds|pound sterling|pounds sterling|quid", _1_100="p|pence|penny")
_add("eur", _1="€|EUR|euro|euros", _1_100="cent|cents")
_add("usd", _1="$|US$|USD|dollar|dollars")
_add("nok", _1="NOK|kr|krone|kroner")


def unit_of(spelling: str) -> tuple[str, Fraction]:
    """(dimension, size in the dimension's own unit) of a unit's spelling. Raises KeyError for an unknown spelling."""
    spelling = re.sub(r"[ -]+", " ", spelling)
    return UNITS.get(spelling) or _UNITS_LOWER[spelling.lower()]


_UNITS_LOWER = {spelling.lower(): unit for spelling, unit in UNITS.items()}


def _pattern() -> str:
    """The pattern of an optional unit, currency sign or degree sign after a number."""
    words = sorted(
        (u for u in UNITS if u not in SHORT_UNITS and u not in ("£", "€", "$", "US$")), key=len, reverse=True
    )
    short = "|".join(sorted((re.escape(u) for u in SHORT_UNITS if u in UNITS), key=len, reverse=True))
    long = "|".join(re.escape(u).replace(r"\ ", r"[ -]") for u in words)
    return (
        rf"(?:[ -]?(?:(?:full|whole|consecutive)[ -])?(?:(?P<unit>{long})|(?-i:(?P<short>{short})))(?![^\W_])|"
        rf" ?(?P<bare_degrees>°|degrees?\b)| ?(?P<sterling>[£€$]))?"
    )


UNIT_PATTERN = _pattern()
