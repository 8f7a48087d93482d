"""What the reader is trained on holds none of what it is measured on, and its documents can be read."""

import csv
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "recipes" / "reader"
FILES = sorted([*(RECIPE / "documents").glob("*.jsonl"), *(RECIPE / "harder_documents").glob("*.jsonl")])
KEPT_BACK = ("held_out_documents.txt", "choosing_documents.txt")
COMMON = set("a an the of is are was were in on to do does did what which who when how many i my you your it".split())  # noqa: SIM905


EXAMPLE = ROOT / "examples" / "support-desk"
TEXTS = (".md", ".html", ".txt", ".csv")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def runs_of_words(text: str) -> set[tuple[str, ...]]:
    """Every eight words in a row."""
    found = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(found[i : i + 8]) for i in range(len(found) - 7)}


def words(text: str) -> frozenset[str]:
    """The words of a question that say what it is about."""
    return frozenset(re.findall(r"[a-z0-9]+", text.lower())) - COMMON


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two questions share most of their words."""
    return len(one & other) >= 0.6 * len(one | other)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def trained_on() -> list[Path]:
    """The files that the recipe itself names."""
    import sys

    sys.path.insert(0, str(RECIPE))
    try:
        import files
    finally:
        sys.path.remove(str(RECIPE))
    return files.files(harder=True)


def test_nothing_is_trained_on_documents_that_are_kept_back(trained_on: list[Path]) -> None:
    """The two lists name files that exist, none twice, and the recipe leaves them out."""
    kept = [name for listed in KEPT_BACK for name in (RECIPE / listed).read_text(encoding="utf-8").split()]
    assert len(kept) == len(set(kept)) and set(kept) <= {file.name for file in FILES}
    assert {file.name for file in trained_on} == {file.name for file in FILES} - set(kept)


def test_no_general_question_of_the_product_is_trained_on() -> None:
    """Neither in the same words nor in nearly the same ones with the same answer."""
    trained = [(words(row["question"]), row["answer"].lower()) for row in table(RECIPE / "general.csv")]
    for row in table(ROOT / "src" / "bakeoff" / "general.csv"):
        about, answers = words(row["question"]), row["answers"].lower().split("|")
        close = [asked for asked, answer in trained if alike(asked, about) and answer in answers]
        assert not close, row["question"]


def test_no_question_of_the_example_is_trained_on() -> None:
    """Neither in the same words, nor in half of the same words with the same answer."""
    example = [
        (words(row["question"]), {words(answer) for answer in row["answers"].split("|")})
        for row in (*table(EXAMPLE / "questions.csv"), *table(EXAMPLE / "updates" / "questions.csv"))
    ]
    trained = [
        (text, words(text), words(str(row.get("a", ""))))
        for file in FILES
        for row in lines(file)[1:]
        for text in row["q"]  # type: ignore[attr-defined]
    ]
    for about, answers in example:
        for text, asked, answer in trained:
            assert not (len(asked) > 2 and asked == about), text
            assert not (answer and answer in answers and 2 * len(asked & about) >= len(asked | about)), text


def test_no_passage_of_the_example_is_trained_on() -> None:
    """No eight words in a row are those of its documents."""
    example = {
        run
        for path in EXAMPLE.rglob("documents/**/*.*")
        if path.suffix in TEXTS
        for run in runs_of_words(text_of(path))
    }
    assert len(example) > 10_000
    for file in FILES:
        passages = " ".join(text for _, text in lines(file)[0]["passages"])  # type: ignore[attr-defined]
        assert not runs_of_words(passages) & example, file.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_document_has_passages_and_questions_that_name_them(file: Path) -> None:
    """A question with an answer names one of the document's passages; one without an answer is marked so."""
    document, *rows = lines(file)
    passages = document["passages"]
    assert rows and passages
    for row in rows:
        assert row["q"] and set(row) <= {"q", "a", "full", "p", "none"}
        assert bool(row.get("none")) != bool(row.get("a") or row.get("full")), row
        assert row.get("none") or 0 <= row["p"] < len(passages), row  # type: ignore[operator, arg-type]
