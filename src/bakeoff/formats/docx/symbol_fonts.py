"""Characters of the fonts Symbol and Wingdings, whose codes stand for signs, as the Unicode characters they show.

Takes a font's name and a code, gives text. Source: the tables "Adobe Symbol" and "Wingdings" of the Unicode Consortium.
"""

_SYMBOL = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_ αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
    + " " * 33
    + "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…|―↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑"
)
_WINGDINGS = {
    0x28: "☎", 0x2A: "✉", 0x41: "✌", 0x43: "👍", 0x44: "👎", 0x46: "☞", 0x4A: "☺", 0x4C: "☹", 0x54: "❄",
    0x6C: "●", 0x6D: "❍", 0x6E: "■", 0x6F: "□", 0x70: "□", 0x71: "❑", 0x72: "❒", 0x73: "⬧", 0x74: "⧫", 0x75: "◆",
    0x76: "❖", 0x77: "⬥", 0x78: "☒", 0x80: "⓪", **{0x81 + i: chr(0x2460 + i) for i in range(10)}, 0x8B: "⓿",
    **{0x8C + i: chr(0x2776 + i) for i in range(10)}, 0x9E: "·", 0x9F: "•", 0xA0: "▪", 0xA1: "○", 0xA7: "▪", 0xA8: "◻",
    0xAB: "★", 0xD5: "⌫", 0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xEF: "⇦", 0xF0: "⇨",
    0xF3: "⬄", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_WINGDINGS_2 = {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "☐"}
_PRIVATE = range(0xF020, 0xF100)  # where Word writes these codes as characters


def character(font: str, code: int) -> str:
    """The character that a code shows in a font. Empty if the font is known and the code is not.

    >>> character("Symbol", 0xF061), character("Wingdings", 0xFC), character("Arial", 0x41)
    ('α', '✓', 'A')
    """
    low = code - 0xF000 if code in _PRIVATE else code
    name = font.strip().lower()
    if name == "symbol":
        return _SYMBOL[low - 0x20] if 0x20 <= low < 0x20 + len(_SYMBOL) else ""
    if name.startswith("wingdings"):
        return (_WINGDINGS if name == "wingdings" else _WINGDINGS_2 if name == "wingdings 2" else {}).get(low, "")
    return chr(code) if code not in _PRIVATE and 0x20 <= code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def readable(text: str, font: str) -> str:
    """The text of a run in a font, with private characters as the signs they show."""
    if text.isascii() or not any(ord(letter) in _PRIVATE for letter in text):
        return text
    return "".join(character(font or "Symbol", ord(c)) if ord(c) in _PRIVATE else c for c in text)
