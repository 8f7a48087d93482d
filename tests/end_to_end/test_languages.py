"""Nine languages from the files to graded answers: tests/languages/ holds a manual and eight questions in each.

No model reads or writes: passages are found by the index, and `extract` copies a sentence.
"""

import csv
from pathlib import Path

import pytest

from bakeoff.contenders.extractor import Extractor
from bakeoff.corpus.sources.folders import read_documents
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.grading.grade import grade
from bakeoff.models.embed import HashEmbedder
from bakeoff.protocols import Embedder
from bakeoff.records import Question
from bakeoff.retrieval.hybrid import HybridIndex

FOLDER = Path(__file__).parents[1] / "languages"
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.csv"))
ENDS = ".!。।"
LEAST_RIGHT = {"ar": 3, "de": 7, "es": 6, "fr": 6, "hi": 4, "ja": 5, "ko": 7, "th": 5, "zh": 6}
"""Answers of `extract` with the default embedder that are graded right, of eight."""


def asked(language: str) -> list[tuple[Question, str]]:
    """The questions with the section that answers each."""
    rows = csv.DictReader((FOLDER / f"{language}.csv").open(encoding="utf-8"))
    return [
        (
            Question(id=f"{language}{n}", text=row["question"], answers=(row["answer"],), fact=f"{language}{n}"),
            row["section"],
        )
        for n, row in enumerate(rows)
    ]


def indexed(folder: Path, pattern: str, embedder: Embedder) -> HybridIndex:
    folder.mkdir()
    store = SqliteStore(folder / "store.sqlite")
    store.replace_all(read_documents((str(FOLDER / pattern),)).documents)
    index = HybridIndex.open(folder / "index", embedder)
    index.sync(store)
    return index


def n_found(index: HybridIndex, questions: list[tuple[Question, str]], k: int) -> int:
    """How many questions have the right section of the document in their language among the first k."""
    hits = index.search([question.text for question, _ in questions], k)
    wanted = [(question.id[:2], section) for question, section in questions]
    return sum(
        any(hit.chunk.source.endswith(f"{code}.md") and section in hit.chunk.heading for hit in found)
        for found, (code, section) in zip(hits, wanted, strict=True)
    )


def test_the_right_section_is_found_among_documents_in_nine_languages(tmp_path: Path) -> None:
    """All documents in one index, without a model."""
    questions = [pair for language in LANGUAGES for pair in asked(language)]
    index = indexed(tmp_path / "mixed", "*.md", HashEmbedder())
    assert len(questions) == 72
    assert n_found(index, questions, 1) >= 68
    assert n_found(index, questions, 3) >= 71


@pytest.mark.models
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_manual_is_found_copied_and_graded(tmp_path: Path, language: str) -> None:
    """With the default embedder, made for English. Copied sentences are whole; no right one is called wrong."""
    from bakeoff.models.embed import load_embedder

    embedder = load_embedder()
    index = indexed(tmp_path / language, f"{language}.md", embedder)
    questions = asked(language)
    assert n_found(index, questions, 3) >= 7
    assert n_found(index, questions, 1) >= 7
    text = (FOLDER / f"{language}.md").read_text(encoding="utf-8")
    verdicts = []
    for answer, (question, _) in zip(
        Extractor("extract", index, embedder, 3).answer([question for question, _ in questions]), questions, strict=True
    ):
        assert answer.text in text
        assert language == "th" or answer.text[-1] in ENDS
        graded = grade(answer.text, question.answers, question.kind)
        assert not (question.answers[0] in answer.text and graded.verdict == "wrong"), answer.text
        verdicts.append(graded.verdict)
    assert verdicts.count("right") >= LEAST_RIGHT[language]
