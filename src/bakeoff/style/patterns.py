"""Regular expressions whose time grows as the text does, whatever the pattern.

Takes a pattern, gives whether a text holds a match. Python's `re` can take years for `(a+)+b`, so the engine is the one
of pydantic: Rust's `regex`, which follows all ways to match at once. Knows nothing about rules.
"""

from pydantic_core import SchemaError, SchemaValidator, core_schema

LONGEST = 300
"""The most characters of a pattern."""


class PatternError(ValueError):
    """A pattern that is broken, too large, or holds what is not possible here."""


class Pattern:
    """A translated pattern. Raises PatternError if it is broken, too large, or not possible here.

    >>> Pattern(r"\\[\\d+\\]").found_in("24 months [1]"), Pattern("(a+)+b").found_in("a" * 500)
    (True, False)
    """

    def __init__(self, source: str, case: bool = True) -> None:
        if len(source) > LONGEST:
            raise PatternError(f"it has {len(source)} characters: at most {LONGEST} are allowed")
        whole = source if case else f"(?i){source}"
        try:
            self._holds = SchemaValidator(core_schema.str_schema(pattern=whole, regex_engine="rust-regex"))
        except SchemaError as error:
            raise PatternError(_reason(str(error))) from error

    def found_in(self, text: str) -> bool:
        """Whether any part of the text matches."""
        return self._holds.isinstance_python(text)


def _reason(message: str) -> str:
    """What the engine says is wrong: the last line of its message.

    >>> _reason("Error building\\n  SchemaError: regex parse error:\\n    (a\\n    ^\\nerror: unclosed group")
    'unclosed group'
    """
    return message.strip().splitlines()[-1].strip().removeprefix("SchemaError: ").removeprefix("error: ").rstrip(".")
