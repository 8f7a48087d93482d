"""Writes raised and lowered characters in plain text so that they are not read as part of the number beside them.

Takes the words of a superscript or subscript and what stands around them. Knows no format.
"""

_RAISED = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_ORDINALS = frozenset(["st", "nd", "rd", "th", "er", "re", "e", "ère", "ème", "o", "a", "os", "as", "º", "ª"])
_MARKS = frozenset(["tm", "sm", "r", "c", "®", "™", "©"])


def raised(words: str, before: str = "") -> str:
    """The words of a superscript that follows the text `before`.

    >>> "10" + raised("6", "10"), "1" + raised("st", "1"), "24 months" + raised("a", "24 months")
    ('10⁶', '1st', '24 months^a')
    """
    words = words.strip()
    if not words or not before[-1:].strip():
        return words
    if words.translate(_RAISED) != words and not any(letter.isascii() for letter in words.translate(_RAISED)):
        return words.translate(_RAISED)
    is_ordinal = before[-1].isdigit() and words.lower() in _ORDINALS
    if is_ordinal or words.lower() in _MARKS or not any(map(str.isalnum, words)) or words[0] in "[(":
        return words
    return f"^{words}" if words.isalnum() else f"^({words})"


def lowered(words: str, after: str = "") -> str:
    """The words of a subscript before the text `after`. Only figures before other figures are changed.

    >>> "H" + lowered("2", "O") + "O", "log" + lowered("2", "8") + "8"
    ('H2O', 'log₂8')
    """
    words = words.strip()
    return words.translate(_LOWERED) if after[:1].isdigit() and words[-1:].isdigit() else words
