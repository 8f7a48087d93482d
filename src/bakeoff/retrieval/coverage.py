"""Which languages an embedder was made for, and what to say where the documents have others.

Takes embedders and shares of languages. Knows nothing about indexes.
"""

from collections.abc import Collection, Iterable, Mapping

from bakeoff.protocols import Embedder
from bakeoff.sentences import listed, percent
from bakeoff.writing.language import LEAST_SHARE, UNLATIN, covers, language_of_script, name_of, shares_of_languages


def languages_of(embedder: Embedder) -> Collection[str] | None:
    """The languages that the embedder says it was made for (ISO 639-1). None if it says nothing, or all."""
    return getattr(embedder, "languages", None)


def covers_text(languages: Collection[str] | None, question: str, passages: Iterable[str]) -> bool:
    """Whether these languages hold that of a question. The passages tell where its letters are Latin."""
    if languages is None:
        return True
    code = language_of_script(question)
    if code is None:
        found = [code for code in shares_of_languages(["\n".join(passages)]) if code not in UNLATIN]
        code = found[0] if found else "en"
    return covers(languages, code)


def in_words(shares: Mapping[str, float]) -> str:
    """The languages with their shares; the only one without.

    >>> in_words({"ja": 1.0})
    'Japanese'
    """
    if max(shares.values(), default=0.0) > 1 - LEAST_SHARE:
        return name_of(next(iter(shares)))
    return listed(f"{name_of(code)} ({percent(share)})" for code, share in shares.items())


def coverage_warning(embedder: str, languages: Collection[str] | None, shares: Mapping[str, float]) -> str | None:
    """What to know if a part of the documents is in a language that the embedder was not made for."""
    if languages is None:
        return None
    others = {code: share for code, share in shares.items() if not covers(languages, code)}
    if not others:
        return None
    made_for = listed([name_of(code) for code in sorted(languages)][:3])
    return (
        f"The documents are in {in_words(others)}, but the embedder {embedder} was made for {made_for}. It counts for "
        "less there, and the words of a question (BM25) decide what is retrieved: passages that say the same in other "
        "words are missed. Name an embedder for these languages under models: in bakeoff.yaml."
    )
