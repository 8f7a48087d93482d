"""The lists of words per language: Bakeoff's own files, and those of a team."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bakeoff.errors import ConfigError
from bakeoff.files.strict_yaml import read_mapping
from bakeoff.grading import abstention, conditions, languages, terms
from bakeoff.grading.abstention import is_abstention
from bakeoff.grading.languages import FOLDER, LISTS, VARIABLE

CACHED = (
    languages.languages,
    abstention.is_abstention,
    abstention._refusals,
    abstention._refusal_wordings,
    abstention._contrasts,
    abstention._denials,
    conditions._opens_elsewhere,
    conditions._closes_elsewhere,
    conditions._denies_elsewhere,
    terms.terms,
    terms._scanner,
    terms._denials,
)


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of a team's files. What was read before and after it is forgotten."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    for cached in CACHED:
        cached.cache_clear()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_packaged_files_are_complete(path: Path) -> None:
    """Each has every list, twelve months or none, and no key twice."""
    mapping = languages._checked(path, read_mapping(path))
    assert set(mapping) == {*LISTS, "months"}
    assert mapping["refusals"]
    assert mapping["says_yes"]


def test_a_team_adds_refusals_and_a_language(own_folder: Path) -> None:
    """A file in the folder adds to a language or is a new one. It need not have every list."""
    (own_folder / "eo.yaml").write_text('refusals: ["mi ne scias"]\n', encoding="utf-8")
    assert is_abstention("Mi ne scias.")
    assert is_abstention("Ich weiß es nicht.")


def test_a_team_adds_words_that_open_a_condition(own_folder: Path) -> None:
    """What is said where nothing is known is an answer then."""
    words = 'refusals: ["ne estas indikita"]\nopens_condition: ["se jam"]\n'
    (own_folder / "eo.yaml").write_text(words, encoding="utf-8")
    assert is_abstention("La regiono ne estas indikita.")
    assert not is_abstention("Se jam la regiono ne estas indikita, la plej proksima validas.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("refusal: [a]\n", "unknown key 'refusal'"),
        ("refusals: mi ne scias\n", "not a list of words"),
        ("months: [[januaro]]\n", "12 lists"),
        ("refusals: [a]\nrefusals: [b]\n", "a second time"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_allowed(own_folder: Path, text: str, message: str) -> None:
    """One clear message."""
    (own_folder / "eo.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        is_abstention("Mi ne scias.")


def test_without_the_file_the_words_are_unknown() -> None:
    """Nothing of a team's folder stays behind."""
    assert not is_abstention("Mi ne scias.")
