"""Which languages texts are written in.

Takes texts, gives codes of ISO 639-1 with shares. Knows nothing about documents. A text's language is found by
py3langid; that of a few words only by their script, since short texts in Latin letters are guessed wrongly too often.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

MOST_TEXTS = 400
"""Texts that are looked at, spread over all of them."""
PIECE, MOST_PIECES = 1000, 3
"""Letters of a text that are looked at together, and the pieces of a text."""
LEAST_SHARE = 0.05
"""Languages with a smaller share are left out: a few tables and lists of names are always taken for some language."""
LEAST_COUNTED, MOSTLY = 60, 0.8
"""Letters that a text must have to be counted, and the share of them in one language."""
LEAST_LETTERS = 40
"""A shorter piece does not count."""

_SCRIPTS = (
    ("ja", "\u3041-\u30ff"),
    ("ko", "\u1100-\u11ff\uac00-\ud7a3"),
    ("th", "\u0e01-\u0e4e"),
    ("lo", "\u0e80-\u0ecd"),
    ("my", "\u1000-\u109f"),
    ("km", "\u1780-\u17d3"),
    ("ar", "\u0620-\u064a\u0671-\u06d3"),
    ("he", "\u05d0-\u05ea"),
    ("hi", "\u0904-\u0939\u0958-\u0961"),
    ("bn", "\u0985-\u09b9"),
    ("ta", "\u0b85-\u0bb9"),
    ("te", "\u0c05-\u0c39"),
    ("el", "\u0391-\u03c9"),
    ("ru", "\u0410-\u044f\u0451"),
    ("ka", "\u10d0-\u10f0"),
    ("hy", "\u0531-\u0586"),
    ("zh", "\u3400-\u9fff"),
)
_OF_SCRIPT = [(code, re.compile(f"[{letters}]")) for code, letters in _SCRIPTS]
_SAME_SCRIPT = (
    frozenset({"ar", "fa", "ur", "ps", "ug"}),
    frozenset({"ru", "uk", "bg", "sr", "be", "mk", "kk", "mn"}),
    frozenset({"hi", "mr", "ne"}),
    frozenset({"he", "yi"}),
)
UNLATIN = frozenset(code for code, _ in _SCRIPTS).union(*_SAME_SCRIPT)
"""Languages that are not written in Latin letters."""
_LETTER = re.compile(r"[^\W\d_]")
_SURE = ("ja", "ko", "th", "lo", "my", "km", "el", "he", "ka", "hy")  # one language has the script
_ENGLISH = re.compile(r"\b(?:the|of|and|is|are|with|this|that|you|your|for|be)\b", re.I)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_MARKUP = re.compile(r"https?://\S+|`[^`]*`|[|*_#<>-]+")
# fmt: off
_NAMES = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "as": "Assamese", "az": "Azerbaijani", "be": "Belarusian",
    "bg": "Bulgarian", "bn": "Bengali", "br": "Breton", "bs": "Bosnian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh",
    "da": "Danish", "de": "German", "el": "Greek", "en": "English", "eo": "Esperanto", "es": "Spanish",
    "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fo": "Faroese", "fr": "French",
    "fy": "Frisian", "ga": "Irish", "gd": "Gaelic", "gl": "Galician", "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew",
    "hi": "Hindi", "hr": "Croatian", "ht": "Haitian", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian",
    "ig": "Igbo", "is": "Icelandic", "it": "Italian", "ja": "Japanese", "jv": "Javanese", "ka": "Georgian",
    "kk": "Kazakh", "km": "Khmer", "kn": "Kannada", "ko": "Korean", "ku": "Kurdish", "ky": "Kyrgyz", "la": "Latin",
    "lb": "Luxembourgish", "lg": "Ganda", "ln": "Lingala", "lo": "Lao", "lt": "Lithuanian", "lv": "Latvian",
    "mg": "Malagasy", "mk": "Macedonian", "ml": "Malayalam", "mn": "Mongolian", "mr": "Marathi", "ms": "Malay",
    "mt": "Maltese", "my": "Burmese", "nb": "Norwegian", "ne": "Nepali", "nl": "Dutch", "nn": "Norwegian",
    "no": "Norwegian", "oc": "Occitan", "om": "Oromo", "or": "Odia", "pa": "Punjabi", "pl": "Polish", "ps": "Pashto",
    "pt": "Portuguese", "qu": "Quechua", "ro": "Romanian", "ru": "Russian", "rw": "Kinyarwanda", "sa": "Sanskrit",
    "si": "Sinhala", "sk": "Slovak", "sl": "Slovenian", "sn": "Shona", "so": "Somali", "sq": "Albanian",
    "sr": "Serbian", "st": "Sotho", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "tg": "Tajik",
    "th": "Thai", "tk": "Turkmen", "tl": "Tagalog", "tr": "Turkish", "tt": "Tatar", "ug": "Uyghur", "uk": "Ukrainian",
    "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese", "xh": "Xhosa", "yi": "Yiddish", "yo": "Yoruba", "yue": "Cantonese",
    "zh": "Chinese", "zu": "Zulu",
}
# fmt: on


def name_of(code: str) -> str:
    """The English name of a language; the code itself if it is not known.

    >>> name_of("ja"), name_of("xx")
    ('Japanese', 'xx')
    """
    return _NAMES.get(code, code)


def is_known(code: str) -> bool:
    """Whether this is the code of a language that has a name here.

    >>> is_known("ja"), is_known("xx")
    (True, False)
    """
    return code in _NAMES


def language_of_script(text: str) -> str | None:
    """The language that the letters of a few words point to; None for Latin letters and for no letters.

    One letter of another script than Latin is enough, since product names in Latin letters stand in every language.

    >>> language_of_script("K1の保証"), language_of_script("warranty")
    ('ja', None)
    """
    return next((code for code, letters in _OF_SCRIPT if letters.search(text)), None)


def covers(languages: Iterable[str], code: str) -> bool:
    """Whether one of these languages is this one, or is written in the same letters if the code was found by them."""
    known = set(languages)
    return code in known or any(code in script and known & script for script in _SAME_SCRIPT)


def shares_of_languages(texts: Iterable[str]) -> Mapping[str, float]:
    """The share of the letters in each language, largest first. Empty if there is too little text to say.

    At most about 400 texts are looked at, and 3,000 letters of each.
    """
    letters: dict[str, int] = {}
    for piece in chain.from_iterable(_spread(map(_pieces, texts))):
        n_letters = len(_LETTER.findall(piece))
        if n_letters >= LEAST_LETTERS:
            code = _language_of(piece, n_letters)
            letters[code] = letters.get(code, 0) + n_letters
    total = sum(letters.values())
    found = {code: n / total for code, n in letters.items() if n >= LEAST_SHARE * total}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def documents_by_language(texts: Sequence[str]) -> Mapping[str, int]:
    """The number of texts that are mostly in each language, those with short texts left out, most first.

    Of more than 400 texts only those in other letters than Latin are counted: the others take too long.
    """
    counted = texts if len(texts) <= MOST_TEXTS else [text for text in texts if language_of_script(text[:PIECE])]
    shares = (shares_of_languages([text]) for text in counted if len(_LETTER.findall(text[:PIECE])) >= LEAST_COUNTED)
    return _most_first(code for of_text in shares for code, share in of_text.items() if share >= MOSTLY)


def questions_by_language(texts: Iterable[str]) -> Mapping[str, int]:
    """The number of short texts in each language that their letters tell, most first. Latin letters tell none.

    >>> questions_by_language(["保証期間は？", "受付時間を教えて", "Is μ the friction?"])
    {'ja': 2}
    """
    codes = []
    for text in texts:
        code = language_of_script(text)
        letters = _LETTER.findall(text)
        if code and 3 * sum(letter > "\u024f" for letter in letters) > len(letters):
            codes.append(code)
    return _most_first(codes)


def _most_first(codes: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(codes).items(), key=lambda item: (-item[1], item[0])))


def _spread(every: Iterable[list[str]]) -> list[list[str]]:
    """At most 400 of them, at equal distances."""
    kept: list[list[str]] = []
    step = 1
    for number, one in enumerate(every):
        if number % step == 0:
            kept.append(one)
        if len(kept) > MOST_TEXTS:
            kept, step = kept[::2], 2 * step
    return kept


def _pieces(text: str) -> list[str]:
    step = max(PIECE, len(text) // MOST_PIECES)
    return [_MARKUP.sub(" ", text[start : start + PIECE]) for start in range(0, len(text), step)][:MOST_PIECES]


def _language_of(piece: str, n_letters: int) -> str:
    code = language_of_script(piece)
    if code in _SURE and len(dict(_OF_SCRIPT)[code].findall(piece)) * 5 > n_letters:
        return code
    if len(_ENGLISH.findall(piece)) * 10 > len(piece.split()) and len(_NOT_ASCII.findall(piece)) * 50 < n_letters:
        return "en"
    from py3langid import classify

    return str(classify(piece)[0])
