"""Raised characters as Unicode superscripts, so that 10⁶ is not read as 106, nor "24 months¹" as "24 months1".

Takes and gives strings. Knows no format.
"""

_PLAIN = "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ"
_TO_RAISED = str.maketrans(dict(zip(_PLAIN, _RAISED, strict=True)))
_ENDINGS = {"st", "nd", "rd", "th", "er", "ère", "re", "ème", "tm", "sm"}


def raised(text: str) -> str:
    """The text in superscript, or plain where that changes no meaning: the ends of ordinals, and signs.

    >>> raised("6"), raised("-3"), raised("th"), raised("")
    ('⁶', '⁻³', 'th', '')
    >>> raised("1,2"), raised("*"), raised("†")
    ('¹,²', '*', '†')
    """
    return text if text.strip().lower() in _ENDINGS else text.translate(_TO_RAISED)
