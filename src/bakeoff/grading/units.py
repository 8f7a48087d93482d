"""Units of measure: their spellings, dimensions and sizes.

Takes spellings, gives dimensions and exact sizes. Knows nothing about answers.
"""

import re
from fractions import Fraction

# Unit spelling -> (dimension, size in the dimension's own unit). Only exact conversions: a month is not a fixed number
# of days, and working days are not days. The spellings in SHORT_UNITS are case-sensitive.
UNITS: dict[str, tuple[str, Fraction]] = {}
SHORT_UNITS = {
    "A",
    "V",
    "W",
    "C",
    "F",
    "K",
    "m",
    "s",
    "h",
    "d",
    "g",
    "t",
    "l",
    "L",
    "B",
    "b",
    "mA",
    "mW",
    "MW",
    "TRY",
    "TL",
    "Fr",
    "Rp",
}
CURRENCIES: set[str] = set()
_LOOSE = ("$", "dollar", "dollars", "kr", "krone", "kroner", "kronor", "¥", "peso", "pesos", "franc", "francs")
"""Spellings that several currencies share. Their dimension is the most frequent one."""


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
# The same in German, French, Spanish, Italian, Portuguese, Dutch, Polish, Russian, Hindi and Arabic, in the forms that
# stand after numbers. Chinese, Japanese, Korean and Thai: `east_asian.py`.
_add(
    "second",
    _1="Sekunden|seconde|secondes|segundos|secondi|seconden|секунд|секунды|सेकंड|ثوان|ثانية",
    _60="Minute|Minuten|minuto|minutos|minuti|minuten|minut|minuty|минут|минуты|मिनट|मिनटों|دقيقة|دقائق",
    _3600="Stunde|Stunden|heure|heures|hora|horas|ora|uur|godzin|godziny|час|часа|часов|घंटे|घंटा|घंटों|ساعة|ساعات",
    _86400="Tage|Tagen|jour|jours|día|días|dia|dias|giorno|giorni|dagen|dni|день|дня|дней|दिन|दिनों|يوم|يوما|أيام|ايام",
    _604800="Woche|Wochen|semaine|semaines|semana|semanas|settimana|settimane|weken|tygodnie|tygodni|недель|недели|"
    "सप्ताह|हफ़्ते|हफ्ते|أسبوع|أسابيع",
)
_add(
    "month",
    _1="Monat|Monate|Monaten|mois|mes|meses|mese|mesi|mês|maand|maanden|miesiąc|miesiące|miesięcy|месяц|месяца|месяцев|"
    "महीने|महीना|महीनों|माह|شهر|شهرا|أشهر|شهور",
    _12="Jahr|Jahre|Jahren|ans|année|années|año|años|anni|anno|ano|anos|jaar|rok|lata|lat|год|года|лет|साल|वर्ष|वर्षों|"
    "سنة|سنوات|عام|أعوام",
)
_add(
    "working day",
    _1="Werktage|Werktagen|Arbeitstage|Arbeitstagen|jours ouvrés|jours ouvrables|días hábiles|días laborables|"
    "giorni lavorativi|dias úteis|werkdagen|dni robocze|dni roboczych|рабочих дней|कार्यदिवस|कार्यदिवसों|أيام عمل",
)
_add(
    "metre",
    _1_1000="mm|millimetre|millimetres|millimeter|millimeters",
    _1_100="cm|centimetre|centimetres|centimeter|centimeters",
    _1="m|metre|metres|meter|meters",
    _1000="km|kilometre|kilometres|kilometer|kilometers",
    _1000000="Mm|megametre|megametres",
    _201168_125="mi|mile|miles",
    _1143_1250="yd|yds|yard|yards",
    _127_5000='inch|inches|"',
    _381_1250="ft|foot|feet",
)
_add("nautical mile", _1="nmi|nautical mile|nautical miles")
_add("acre", _1="acre|acres")
_add("hectare", _1="ha|hectare|hectares")
_add("square foot", _1="sq ft|ft2|ft^2|square foot|square feet")
_add("square kilometre", _1="km2|km^2|sq km|square kilometre|square kilometres|square kilometer|square kilometers")
_add("square metre", _1="m2|m^2|sqm|sq m|square metre|square metres|square meter|square meters")
_add(
    "gram",
    _1_1000="mg|milligram|milligrams",
    _1="g|gram|grams|gramme|grammes",
    _1000="kg|kilo|kilos|kilogram|kilograms|kilogramme|kilogrammes",
    _1000000="t|tonne|tonnes|metric ton|metric tons",
)
_add("ounce", _1="oz|ounce|ounces", _16="lb|lbs", _224="stone")
_add(
    "litre", _1_1000="ml|millilitre|millilitres|milliliter|milliliters", _1_100="cl", _1="l|L|litre|litres|liter|liters"
)
_add(
    "byte",
    _1="byte|bytes",
    _1000="KB|kB|kb|kilobyte|kilobytes",
    _1000000="MB|mb|megabyte|megabytes",
    _1000000000="GB|gb|gigabyte|gigabytes",
    _1000000000000="TB|tb|terabyte|terabytes",
    _1024="KiB|kibibyte|kibibytes",
    _1048576="MiB|mebibyte|mebibytes",
    _1073741824="GiB|gibibyte|gibibytes",
    _1_8="bit|bits",
    _125="Kb|kbit|kilobit|kilobits",
    _125000="Mb|Mbit|megabit|megabits",
    _125000000="Gb|Gbit|gigabit|gigabits",
    _125000000000="Tb|Tbit|terabit|terabits",
)
_add(
    "bit per second",
    _1="bit/s|bits per second",
    _1000="kbps|kbit/s|kb/s|kilobits per second",
    _1000000="Mbps|Mbit/s|Mb/s|mbps|megabit per second|megabits per second",
    _1000000000="Gbps|Gbit/s|Gb/s|gbps|gigabit per second|gigabits per second",
    _8000="KBps|kBps|KB/s|kB/s|kilobytes per second",
    _8000000="MBps|MB/s|megabyte per second|megabytes per second",
    _8000000000="GBps|GB/s|gigabyte per second|gigabytes per second",
)
_add("celsius", _1="C|°C|° C|degrees C|degree C|degrees Celsius|degree Celsius|Celsius|deg C")
_add("fahrenheit", _1="F|°F|° F|degrees F|degrees Fahrenheit|Fahrenheit")
_add("watt", _1_1000="mW|milliwatt|milliwatts", _1="W|watt|watts", _1000="kW|kilowatt|kilowatts", _1000000="MW")
_add("watt hour", _1="Wh", _1000="kWh|kilowatt hour|kilowatt hours")
_add("volt", _1_1000="mV|millivolt|millivolts", _1="V|volt|volts", _1000="kV|kilovolt|kilovolts")
_add("ampere", _1_1000="mA|milliamp|milliamps", _1="A|amp|amps|ampere|amperes")
_add("ampere hour", _1_1000="mAh", _1="Ah")
_add("cubic metre", _1="m3|m^3|cubic metre|cubic metres|cubic meter|cubic meters")
_add(
    "hertz", _1_1000="mHz", _1="Hz|hertz", _1000="kHz|kilohertz", _1000000="MHz|megahertz", _1000000000="GHz|gigahertz"
)
_add("bar", _1_1000="mbar", _1="bar|bars")
_add(
    "pascal",
    _1_1000="mPa|millipascal",
    _1="Pa|pascal|pascals",
    _100="hPa",
    _1000="kPa",
    _1000000="MPa|megapascal|megapascals",
)
_add("psi", _1="psi")
_add("decibel", _1="dB|decibel|decibels")
_add("km/h", _1="km/h|kph|kmh|kilometres per hour|kilometers per hour")
_add("mph", _1="mph|miles per hour")
_add("m/s", _1="m/s|metres per second|meters per second")
_add("knot", _1="kn|kt|knot|knots")
_add("gallon", _1="gal|gallon|gallons")
_add("pint", _1="pint|pints")
_add("calorie", _1="kcal|kilocalorie|kilocalories")
_add("joule", _1="kJ|kilojoule|kilojoules", _1000="MJ|megajoule|megajoules")
_add("horsepower", _1="hp|bhp|horsepower|PS")
_add(
    "micrometre",
    _1_1000="nm|nanometre|nanometres|nanometer|nanometers",
    _1="µm|μm|um|micrometre|micrometres|micron|microns",
)
_add("litre per minute", _1="l/min|L/min")
_add("percent", _1_100="%|percent|per cent|pct|prozent|por ciento", _1_1000="‰|per mille|permille|promille")
_add(
    "percentage point",
    _1="percentage point|percentage points|percent points|pp|ppt",
    _1_100="bps|basis point|basis points",
)
_add("gbp", _1="£|GBP|pound|pounds|pound sterling|pounds sterling|quid", _1_100="p|pence|penny")
_add("eur", _1="€|EUR|euro|euros", _1_100="cent|cents")
_add("usd", _1="$|US$|USD|dollar|dollars|US dollar|US dollars")
# Currencies by code: their signs and names in English. Source: ISO 4217 and Unicode CLDR.
for _code, _spellings in {
    "nok": "NOK|kr|krone|kroner|Norwegian krone|Norwegian kroner",
    "aud": "A$|AU$|AUD|Australian dollar|Australian dollars",
    "brl": "R$|BRL|Brazilian real|Brazilian reals|reais",
    "cad": "C$|CA$|CAD|Canadian dollar|Canadian dollars",
    "chf": "CHF|SFr|Fr|franc|francs|Swiss franc|Swiss francs|Franken",
    "cny": "CN¥|CNY|RMB|yuan|renminbi|Chinese yuan",
    "czk": "Kč|Kc|CZK|koruna|korun|Czech koruna|Czech korunas",
    "dkk": "DKK|Danish krone|Danish kroner",
    "hkd": "HK$|HKD|Hong Kong dollar|Hong Kong dollars",
    "huf": "HUF|forint|forints|Hungarian forint|Hungarian forints",
    "idr": "IDR|Rp|rupiah|Indonesian rupiah",
    "ils": "₪|ILS|NIS|shekel|shekels",
    "inr": "₹|INR|Rs|Rs.|rupee|rupees|Indian rupee|Indian rupees",
    "jpy": "¥|JPY|yen|Japanese yen",
    "krw": "₩|KRW|won|South Korean won",
    "mxn": "MX$|MXN|peso|pesos|Mexican peso|Mexican pesos",
    "ngn": "₦|NGN|naira",
    "nzd": "NZ$|NZD|New Zealand dollar|New Zealand dollars",
    "php": "₱|PHP|Philippine peso|Philippine pesos",
    "pln": "zł|zl|PLN|zloty|zlotys|Polish zloty|Polish zlotys",
    "rub": "₽|RUB|rouble|roubles|ruble|rubles|Russian rubles",
    "sek": "SEK|kronor|Swedish krona|Swedish kronor",
    "sgd": "S$|SG$|SGD|Singapore dollar|Singapore dollars",
    "thb": "฿|THB|baht|Thai baht",
    "try": "₺|TRY|TL|lira|Turkish lira",
    "twd": "NT$|TWD|New Taiwan dollar|New Taiwan dollars",
    "uah": "₴|UAH|hryvnia|hryvnias",
    "vnd": "₫|VND|dong",
    "zar": "ZAR|rand|South African rand",
}.items():
    _add(_code, _1=_spellings)
    CURRENCIES.add(_code)
CURRENCIES |= {"gbp", "eur", "usd"}
_WRITTEN_BEFORE = [
    spelling
    for spelling, (dimension, size) in UNITS.items()
    if dimension in CURRENCIES and size == 1 and not spelling.islower()
] + ["zl", "kr"]


def currency_of(spelling: str) -> str:
    """The currency (by dimension) that is spelled like this, '' if there is none."""
    try:
        dimension, size = unit_of(spelling)
    except KeyError:
        return ""
    return dimension if dimension in CURRENCIES and size == 1 else ""


_SHARED_SIGNS = (
    {"usd", "aud", "cad", "nzd", "hkd", "sgd", "twd", "mxn"},
    {"nok", "sek", "dkk"},
    {"jpy", "cny"},
    {"mxn", "php"},
)


def share_a_sign(a: str, b: str) -> bool:
    """Whether two currencies (by dimension) can be written with the same sign."""
    return any({a, b} <= signs for signs in _SHARED_SIGNS)


def have_cents(a: str, b: str) -> bool:
    """Whether the cents of two currencies (by dimension) have no other name: '99 cents' for $0.99."""
    return {a, b} <= {"eur", "usd", "aud", "cad", "nzd", "hkd", "sgd", "zar"}


# How large the units of one quantity are, about, where no exact factor holds. 30.4 days are about one month.
_ABOUT = (
    {"second": 1.0, "month": 2_629_746.0, "working day": 86_400 * 1.4},
    {"gram": 1.0, "ounce": 28.35},
    {"metre": 1.0, "nautical mile": 1852.0, "micrometre": 1e-6},
    {"square metre": 1.0, "acre": 4046.86, "hectare": 1e4, "square foot": 0.0929, "square kilometre": 1e6},
    {"litre": 1.0, "gallon": 3.785, "pint": 0.5, "cubic metre": 1000.0},
    {"km/h": 1.0, "mph": 1.609, "m/s": 3.6, "knot": 1.852},
    {"bar": 1.0, "psi": 0.06895, "pascal": 1e-5},
    {"watt hour": 1.0, "calorie": 1.163, "joule": 0.2778},
    {"watt": 1.0, "horsepower": 740.0},
)


def about_equal(value: Fraction, dimension: str, other: Fraction, other_dimension: str) -> bool:
    """Whether two amounts are equal within 4 %, perhaps in units that are not converted exactly (miles, months).

    UK and US gallons and pints differ by 20 %, which counts as equal here.
    """
    for sizes in ({dimension: 1.0} if dimension == other_dimension else {}, *_ABOUT):
        if dimension in sizes and other_dimension in sizes:
            a, b = float(value) * sizes[dimension], float(other) * sizes[other_dimension]
            tolerance = 0.22 if {"gallon", "pint"} & {dimension, other_dimension} else 0.04
            return abs(a - b) <= tolerance * max(abs(a), abs(b))
    return False


def is_loose(spelling: str) -> bool:
    """Whether several currencies are written like this."""
    return spelling.lower() in _LOOSE


def is_unit(spelling: str) -> bool:
    """Whether the word names a unit, in capitals or not."""
    return spelling.lower() in _UNITS_LOWER


def unit_of(spelling: str) -> tuple[str, Fraction]:
    """(dimension, size in the dimension's own unit) of a unit's spelling. Raises KeyError for an unknown spelling."""
    spelling = re.sub(r"[ -]+", " ", spelling)
    return UNITS.get(spelling) or _UNITS_LOWER[spelling.lower()]


def with_bytes(one: str, other: str) -> tuple[str, str]:
    """Both texts; '64B' is 64 bytes in each where the other one speaks of bytes. Elsewhere it is 64 billion.

    >>> with_bytes("It is 64B.", "64 bytes"), with_bytes("7B", "7 billion")
    (('It is 64 bytes.', '64 bytes'), ('7B', '7 billion'))
    """
    return (
        _B.sub(" bytes", one) if _SPEAKS_OF_BYTES.search(other) else one,
        _B.sub(" bytes", other) if _SPEAKS_OF_BYTES.search(one) else other,
    )


_B = re.compile(r"(?<=\d)[ -]?B\b")
_SPEAKS_OF_BYTES = re.compile(r"\b(?:kilo|mega|giga|kibi|mebi|gibi)?bytes?\b|\d ?[kKMG]i?B\b", re.IGNORECASE)
_UNITS_LOWER = {spelling.lower(): unit for spelling, unit in UNITS.items()}


def _pattern() -> str:
    """The pattern of an optional unit, currency sign or degree sign after a number."""
    words = sorted((u for u in UNITS if u not in SHORT_UNITS and u[0] not in "£€$¥"), key=len, reverse=True)
    short = "|".join(sorted((re.escape(u) for u in SHORT_UNITS if u in UNITS), key=len, reverse=True))
    long = "|".join(re.escape(u).replace(r"\ ", r"[ -]") for u in words)
    return (
        rf"(?:[ -]?(?:(?:full|whole|consecutive)[ -])?(?:(?P<unit>{long})|(?-i:(?P<short>{short})))(?![^\W_])|"
        rf" ?(?P<bare_degrees>°|degrees?\b)| ?(?P<sterling>[£€$¥₹₩₽₺₪₱₫฿₴₦]))?"
    )


UNIT_PATTERN = _pattern()
CURRENCY_PATTERN = "|".join(
    re.escape(spelling) + ("(?![A-Za-z])" if spelling[-1].isalpha() else "")
    for spelling in sorted(_WRITTEN_BEFORE, key=len, reverse=True)
)
"""The signs and codes of currencies that are written before the figure; their case matters."""
