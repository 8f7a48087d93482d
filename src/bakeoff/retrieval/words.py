"""The words of a passage or a question as BM25 counts them: stemmed, without stop words, by the rules of one language.

Takes texts, gives words. LanceDB's tokenizer does it for every index, so that all of them rank alike.
"""

from typing import Any

from bakeoff.retrieval.search_words import encodable, search_words

# fmt: off
STEMMERS = {
    "ar": "Arabic", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fi": "Finnish",
    "fr": "French", "hu": "Hungarian", "it": "Italian", "nb": "Norwegian", "nl": "Dutch", "nn": "Norwegian",
    "no": "Norwegian", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "ta": "Tamil",
    "tr": "Turkish",
}
# fmt: on


def word_rules(language: str) -> dict[str, Any]:
    """The settings of LanceDB's tokenizer. Languages (ISO 639-1) without a stemmer get the English one."""
    stemmer = STEMMERS.get(language, STEMMERS["en"])
    return {"language": stemmer, "stem": True, "remove_stop_words": True, "max_token_length": None}


def words_of(text: str, language: str) -> list[str]:
    """The words in order; one that is repeated counts as often as it is there.

    >>> words_of("The houses are running", "en")
    ['hous', 'run']
    """
    from lancedb import tokenize

    return [token.text for token in tokenize(search_words(encodable(text)), **word_rules(language))]
