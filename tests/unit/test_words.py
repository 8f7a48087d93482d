"""What users and developers read is plain, current English: docstrings, messages, templates and the documentation."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SUFFIXES = {".py", ".html", ".js", ".css", ".yaml"}

ARCHAIC = {
    r"\b(be|was|is) had\b": "was not found, is available",
    r"\btold apart\b": "significantly different, distinguished",
    r"\brightly\b": "correctly",
    r"\breckon": "calculate",
    r"\bin vain\b": "without need, for nothing",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\bcarry a verdict\b": "a verdict needs at least",
    r"\bsays nothing hallucinates\b": "declining earns no credit",
    r"\blest\b": "so that not",
    r"\bwant of\b": "lack of",
    r"\b(its|their) kin\b": "similar",
    r"\bbefell\b": "happened to",
    r"\banew\b|\bafresh\b": "again",
    r"\bheld against\b": "compared with",
    r"\bof no use\b": "useless",
    r"\bwher(ewith|ein|eby|eof|eupon)\b": "with which, in which",
    r"\bther(ewith|ein|eof|eupon)\b": "with it, in it",
    r"\b(whence|thither|hither)\b": "so, from where",
    r"\b(albeit|naught|nought|aught|unto|betwixt|forthwith|straightway|heretofore|hitherto)\b": "a current word",
}
"""What is not written, and what is written in its place."""

ALLOWED: set[tuple[str, str]] = set()
"""Pairs of a file and what may stand in it: quotations of others, and words that are data."""


def texts() -> Iterator[Path]:
    """The files that are read: all of src, and the documentation."""
    yield from (path for path in (REPOSITORY / "src").rglob("*") if path.suffix in SUFFIXES)
    yield from (REPOSITORY / "docs").glob("*.md")
    yield from (REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))


def archaic(text: str) -> Iterator[tuple[int, str]]:
    """The line of each archaic word or phrase, and the words; a phrase may go on in the next line."""
    for pattern in ARCHAIC:
        for match in re.finditer(pattern.replace(" ", r"\s+"), text, re.IGNORECASE):
            yield text.count("\n", 0, match.start()) + 1, " ".join(match.group().lower().split())


def test_nothing_archaic_is_written():
    """Each place is named with its line and words; ARCHAIC says what to write in their place."""
    places = [
        f"{path.relative_to(REPOSITORY)}:{line}: {words}"
        for path in texts()
        for line, words in archaic(path.read_text(encoding="utf-8"))
        if (str(path.relative_to(REPOSITORY)), words) not in ALLOWED
    ]
    assert not places, "\n".join(places)


@pytest.mark.parametrize("text", ["No model is to be\nhad.", "It was answered Rightly.", "Mended since.", "reckoned"])
def test_a_phrase_is_found_in_any_case_and_over_the_end_of_a_line(text):
    """However the sentence is laid out."""
    assert len(list(archaic(text))) == 1


@pytest.mark.parametrize("text", ["recommended", "the largest", "amendment", "brightly", "it has behaved"])
def test_a_word_that_contains_one_is_not_found(text):
    """Whole words only."""
    assert list(archaic(text)) == []
