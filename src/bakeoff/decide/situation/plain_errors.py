"""What is wrong with a profile's values, in plain words: what was found, what is allowed, what to write instead.

Takes a pydantic model and one of its errors, or plain values. Gives sentences. Knows nothing about what keys mean.
"""

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from bakeoff.files.did_you_mean import keys_at, kinds_at, unknown_key
from bakeoff.files.plain_types import message_of

Place = tuple[str | int, ...]

NUMBERS = ("float_parsing", "float_type", "int_parsing", "int_type", "int_parsing_size", "float_parsing_size")
MAPPINGS = ("model_type", "dict_type", "model_attributes_type")
PLAIN = {
    "int_from_float": "must be a whole number",
    "bool_parsing": "must be yes or no",
    "bool_type": "must be yes or no",
    "string_type": "must be a text: put it in quotes",
    "missing": "is missing: give it",
}
MAGNITUDES = {
    **dict.fromkeys(("k", "thousand", "tsd", "tsd."), 1e3),
    **dict.fromkeys(("m", "million", "millions", "mio", "mio."), 1e6),
    "%": 0.01,
}
SECONDS = {
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86_400.0),
    **dict.fromkeys(("week", "weeks"), 7 * 86_400.0),
    **dict.fromkeys(("month", "months"), 365 / 12 * 86_400.0),
    **dict.fromkeys(("year", "years"), 365 * 86_400.0),
}
"""Units of time: a month is a twelfth of a year of 365 days, as elsewhere."""
CURRENCY_SIGNS = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy"}
EXAMPLES = {
    "by_slice": "{{seen: {}}}",
    "by_kind": "{{numeric: {}}}",
    "slice_weights": "{{seen: {}}}",
    "usd_per": "{{EUR: {}}}",
    "fixed": "{{rag: {}}}",
}
"""How each table of names is written."""
MOST_SHOWN = 60
AMBIGUOUS = re.compile(r"[-+]?[1-9]\d{0,2}\.\d{3}")
"""A text with a point before its last three digits, which may part thousands."""


def no_numbers(model: type[BaseModel], values: Any, place: Place = ()) -> Iterator[str]:
    """A sentence for each value that would be read as another number than was meant, however deep it stands.

    YAML reads 'yes' and 'on' as true, which would count as 1. A text such as "1.500" is 1.5 to some and 1500 to others.
    """
    if isinstance(values, bool):
        if _wants_number(model, place):
            yield f"'{_path(place)}' is {_shown(values)}: give a number"
        return
    if isinstance(values, str):
        if AMBIGUOUS.fullmatch(values.strip()) and _wants_number(model, place):
            yield (
                f"'{_path(place)}': must be a number (found {_shown(values)}): that is one and a part to some and "
                f"thousands to others; write {both_numbers(values.strip())}, without quotes"
            )
        return
    items = values.items() if isinstance(values, Mapping) else enumerate(values) if _is_list(values) else ()
    for key, value in items:
        yield from no_numbers(model, value, (*place, key))


def both_numbers(text: str) -> str:
    """Both numbers that an ambiguous text may be: '1500 or 1.5'."""
    return f"{text.replace('.', '')} or {float(text):.10g}"


def _wants_number(model: type[BaseModel], place: Place) -> bool:
    """Whether a number belongs at a place, and no yes or no. A key of one's own is a number where such are allowed."""
    kinds = kinds_at(model, place)
    if not kinds:
        above = kinds_at(model, place[:-1])
        return any(isinstance(kind, type) and _takes_own_keys(kind) for kind in above)
    return bool not in kinds and (float in kinds or int in kinds)


def _takes_own_keys(kind: type) -> bool:
    return issubclass(kind, BaseModel) and kind.model_config.get("extra") == "allow"


def explain(model: type[BaseModel], item: Any, under: Place = ()) -> str:
    """One of the model's errors as a sentence: the key, what is allowed, what was found, what to write instead.

    `under` is the path of the model itself in what the user wrote.
    """
    place, kind = item["loc"], item["type"]
    where = f"'{_path((*under, *place))}'"
    if kind == "extra_forbidden":
        return unknown_key(model, place)
    if kind == "value_error":
        message = message_of(item)
        return f"{where}: {message}" if under or place else message
    if kind == "missing":
        return f"{where} {PLAIN[kind]}"
    if kind == "invalid_key" or place[-1:] == ("[key]",):
        return _no_key(*(part for part in (*under, *place) if part != "[key]"))
    allowed, remedy = _allowed(model, item)
    return f"{where}: {allowed} (found {_shown(item['input'])}){remedy}"


def _allowed(model: type[BaseModel], item: Any) -> tuple[str, str]:
    """What may stand at the place of an error, and what to write instead (from its sign on); empty if that is clear."""
    kind, found, context = item["type"], item["input"], item.get("ctx", {})
    if kind in NUMBERS:
        return f"must be a number{_unit(model, item['loc'])}", _number_instead(found, _unit_of(model, item["loc"]))
    if kind in MAPPINGS:
        return _mapping(model, item["loc"], found)
    if kind in PLAIN:
        return PLAIN[kind], ""
    if kind == "string_pattern_mismatch" and "[A-Z]{3}" in str(context.get("pattern")):
        return "must be a currency's three capital letters, such as USD", ""
    if kind.startswith("date"):
        return "must be a date, such as 2026-06-17", ""
    remedy = ": it is a fraction, so write 5 % as 0.05" if kind == "less_than_equal" and context.get("le") == 1 else ""
    return message_of(item).replace("Input should be", "must be"), remedy


def _unit(model: type[BaseModel], place: Sequence[str | int]) -> str:
    """The unit of a key at the top, to follow 'must be a number'; empty if it has none."""
    field = model.model_fields.get(str(place[0])) if len(place) == 1 else None
    extra = field.json_schema_extra if field else None
    unit = extra.get("unit") if isinstance(extra, dict) else ""
    return f" of {unit}" if unit and unit not in ("fraction", "weight") and "to" not in str(unit).split() else ""


def _unit_of(model: type[BaseModel], place: Sequence[str | int]) -> str:
    """In which unit the number at this place is: what its field says, or its name, as in `timeout_s`."""
    said = _unit(model, place).removeprefix(" of ").partition(" per ")[0]
    name = str(place[-1]) if place else ""
    return (said or name.partition("_per_")[0].rpartition("_")[2]).lower()


def _number_instead(found: Any, unit: str) -> str:
    """How to write the number that a text holds, where it is one of this unit; empty if it cannot be known."""
    if found is None:
        return ": leave the line out if you do not know it"
    match = re.fullmatch(r"([^\d-]*)(-?\d[\d.,_' ]*)([^\d]*)", found.strip()) if isinstance(found, str) else None
    number = _read(match[2].strip(" ,")) if match else None
    if match is None or number is None:
        return ""
    word = (match[3].strip() or match[1].strip()).lower()
    word = CURRENCY_SIGNS.get(word, word)
    if word in SECONDS or "/" in word or " " in word:
        if word not in SECONDS or unit not in SECONDS:
            return ""
        number *= SECONDS[word] / SECONDS[unit]
    elif unit == "usd" and re.fullmatch("[a-z]{3}", word) and word != "usd":
        return ": it is in USD, so convert it and write only the number"
    return f": write only the number, {number * MAGNITUDES.get(word, 1.0):.10g}"


def _read(digits: str) -> float | None:
    """A number written with commas: between groups of three digits they part thousands, elsewhere decimals."""
    plain = re.sub(r"[_' ]", "", digits)
    is_grouped = re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", plain)
    plain = plain.replace(",", "") if is_grouped else plain.replace(",", ".")
    return float(plain) if re.fullmatch(r"-?\d+(\.\d*)?", plain) else None


def _mapping(model: type[BaseModel], place: Place, found: Any) -> tuple[str, str]:
    """That keys with their values belong here, with an example made of what was found, and the keys."""
    keys, is_number = keys_at(model, place), isinstance(found, int | float) and not isinstance(found, bool)
    amount = _shown(found) if is_number else "1"
    names = [kind for kind in kinds_at(model, place) if get_origin(kind) is dict]
    if names and not keys:
        inner = get_args(names[0])[-1]
        below = list(inner.model_fields) if isinstance(inner, type) and issubclass(inner, BaseModel) else []
        value = f"{{{below[0]}: {amount}}}" if below else amount
        example, listing = EXAMPLES.get(str(place[-1]), "{{NAME: {}}}").format(value), ""
    else:
        example, listing = f"{{{keys[0]}: {amount}}}" if keys else "{}", f". Its keys are {', '.join(keys)}"
    left_out = ", or leave it out" if found is None else ""
    return f"must be keys with their values, as in {example}{left_out}", listing


def _no_key(*place: str | int) -> str:
    """That a number stands where a key belongs: often the part of a number after a comma."""
    above = f"'{_path(place[:-1])}': " if len(place) > 1 else ""
    return (
        f"{above}{_shown(place[-1])} is no key. If it is part of a number, write that with a point and without commas "
        "(4.00, not 4,00); if it is a name, put it in quotes"
    )


def _path(place: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in place)


def _is_list(values: Any) -> bool:
    return isinstance(values, list | tuple)


def _shown(value: Any) -> str:
    """A value as a YAML file has it, cut if it is long."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value) if isinstance(value, datetime.date) else repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."
