"""Which languages an embedder was made for, and what to say where the documents have others.

Takes embedders and shares of languages. Knows nothing about indexes.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from bakeoff.protocols import Embedder
from bakeoff.records import Record
from bakeoff.sentences import listed, percent
from bakeoff.writing.language import (
    LEAST_SHARE,
    UNLATIN,
    covers,
    documents_by_language,
    language_of_script,
    name_of,
    questions_by_language,
    shares_of_languages,
)

SEVERAL = 2
"""Languages with so many documents or questions are named, however small their share is."""


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


class Languages(Record):
    """What the documents and questions are written in, by language (ISO 639-1): the shares of the documents' letters
    (small ones left out), the number of documents and, where the letters tell it, of questions.
    """

    shares: Mapping[str, float] = {}
    documents: Mapping[str, int] = {}
    questions: Mapping[str, int] = {}

    @classmethod
    def of(cls, documents: Sequence[str], questions: Iterable[str]) -> "Languages":
        """Those of these texts."""
        return cls(
            shares=shares_of_languages(documents),
            documents=documents_by_language(documents),
            questions=questions_by_language(questions),
        )

    @property
    def codes(self) -> list[str]:
        """The languages with a share, and those with two documents or two questions."""
        counts = (*self.documents.items(), *self.questions.items())
        return list(dict.fromkeys([*self.shares, *(code for code, n in counts if n >= SEVERAL)]))

    def in_words(self, codes: Sequence[str]) -> str:
        """These languages with their shares, or else the numbers of documents and questions; the only one without.

        >>> Languages(documents={"ja": 2}, questions={"ja": 5, "th": 2}).in_words(["ja", "th"])
        'Japanese (2 documents, 5 questions) and Thai (2 questions)'
        """
        if len(codes) == 1 and self.shares.get(codes[0], 0) > 1 - LEAST_SHARE:
            return name_of(codes[0])
        return listed(f"{name_of(code)} ({self._amount(code)})" for code in codes)

    def _amount(self, code: str) -> str:
        if code in self.shares:
            return percent(self.shares[code])
        counts = ((self.documents.get(code, 0), "document"), (self.questions.get(code, 0), "question"))
        return ", ".join(f"{n} {what}{'s' if n > 1 else ''}" for n, what in counts if n)


def coverage_warning(embedder: str, languages: Collection[str] | None, written: Languages) -> str | None:
    """What to know if documents or questions are in a language that the embedder was not made for."""
    if languages is None:
        return None
    others = [code for code in written.codes if not covers(languages, code)]
    if not others:
        return None
    made_for = listed([name_of(code) for code in sorted(languages)][:3])
    return (
        f"{_which(written, others)} in {written.in_words(others)}, but the embedder {embedder} was made for "
        f"{made_for}. It counts for less there, and the words of a question (BM25) decide what is retrieved: passages "
        "that say the same in other words are missed. Name an embedder for these languages under models: in "
        "bakeoff.yaml."
    )


def _which(written: Languages, codes: Sequence[str]) -> str:
    if all(code in written.shares for code in codes):
        return "The documents are"
    return "There are texts"
