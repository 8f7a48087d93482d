"""The kinds of values in pydantic's messages in plain words: a list and not "a valid tuple", a text and not "a string".

Takes one of pydantic's errors, gives its message. Knows nothing about the place of the value.
"""

from collections.abc import Mapping
from typing import Any

LIST, KEYS, TEXT = "a list", "keys with their values", "a text"
WHOLE, NUMBER, TRUTH = "a whole number", "a number", "true or false"
NAMED = 'a list of names, as in ["hr"]'
NAMES = ("labels", "access")
"""Keys that hold names."""
KINDS = {
    **dict.fromkeys(("tuple_type", "list_type", "set_type", "frozen_set_type", "iterable_type"), LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"), KEYS),
    **dict.fromkeys(("string_type", "string_sub_type", "bytes_type"), TEXT),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), TRUTH),
}


def message_of(item: Mapping[str, Any]) -> str:
    """The message of an error. Of a wrong kind of value it says in plain words which kind belongs there.

    >>> message_of({"type": "tuple_type", "loc": ("labels",), "msg": "Input should be a valid tuple"})
    'Input should be a list of names, as in ["hr"]'
    >>> message_of({"type": "value_error", "loc": (), "msg": "Value error, no such day"})
    'no such day'
    """
    kind = KINDS.get(item["type"])
    if kind is None:
        return str(item["msg"]).removeprefix("Value error, ")
    is_names = kind == LIST and item["loc"] and item["loc"][-1] in NAMES
    return f"Input should be {NAMED if is_names else kind}"
