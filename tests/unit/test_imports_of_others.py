"""Code that only a run folder or a deployment names is not imported."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bakeoff import catalogue, imports
from bakeoff.contenders.built import Built
from bakeoff.contenders.load import standard_entrants
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import ConfigError
from bakeoff.imports import imported, named_by_folder, named_by_you, search_in
from bakeoff.records import Record

FOREIGN = "their_package.their_module.Answerer"


class Settings(Record):
    """Stands for a configuration: the code may be anywhere in it."""

    models: tuple[dict[str, str], ...] = ({"name": FOREIGN},)
    like: tuple[str, ...] = ("rag", "their_measures.politeness")


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nobody has named anything yet, and there is code that notes when it is imported."""
    monkeypatch.setattr(imports, "_yours", set())
    monkeypatch.setattr(imports, "_of_folders", {})
    monkeypatch.setattr(imports, "_trusts_all", False)
    monkeypatch.delenv(imports.TRUST, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    code = tmp_path / "theirs"
    (code / "their_package").mkdir(parents=True)
    (code / "their_package" / "their_module.py").write_text("class Answerer: pass\n")
    (code / "their_measures.py").write_text("def politeness(question, answer): return 1.0\n")
    yield
    for name in ("their_package", "their_package.their_module", "their_measures"):
        sys.modules.pop(name, None)


def refused(tmp_path: Path, path: str = FOREIGN) -> str:
    with pytest.raises(ConfigError) as caught:
        imported(path, tmp_path / "theirs", "The generator")
    assert path.partition(".")[0] not in sys.modules
    return str(caught.value)


def test_what_only_a_folder_names_is_refused_with_what_to_do(tmp_path: Path) -> None:
    named_by_folder(tmp_path / "runs" / "theirs", Settings(), tmp_path / "theirs")
    message = refused(tmp_path)
    assert FOREIGN in message and str(tmp_path / "runs" / "theirs") in message
    assert "BAKEOFF_TRUST=1" in message and "bakeoff.yaml" in message
    assert "their_measures.politeness" in refused(tmp_path, "their_measures.politeness")
    assert str(tmp_path / "theirs") not in sys.path


def test_what_nobody_but_the_caller_names_is_imported(tmp_path: Path) -> None:
    assert imported(FOREIGN, tmp_path / "theirs", "The generator").__name__ == "Answerer"


@pytest.mark.parametrize("first", [True, False])
def test_what_the_user_names_too_is_imported(tmp_path: Path, first: bool) -> None:
    """Before or after the folder was read."""
    if first:
        named_by_you(Settings(), tmp_path / "theirs")
    named_by_folder(tmp_path, Settings(), tmp_path / "theirs")
    if not first:
        named_by_you(Settings(), tmp_path / "theirs")
    assert imported(FOREIGN, tmp_path / "theirs", "The generator").__name__ == "Answerer"


def test_recipes_of_bakeoff_may_be_named_by_any_folder(tmp_path: Path) -> None:
    """The round of a deployment names the live contender. Other code of Bakeoff's is refused as anybody's."""
    for path in (catalogue.LIVE, catalogue.RECIPES["rag"]):
        named_by_folder(tmp_path, path)
        assert imported(path, None, "The contender").__name__ in ("Live", "Rag")
    named_by_folder(tmp_path, "bakeoff.files.jsonl.write_text")
    with pytest.raises(ConfigError, match="and you do not"):
        imported("bakeoff.files.jsonl.write_text", None, "The contender")


def test_the_configuration_of_the_current_folder_counts_as_the_users(tmp_path: Path) -> None:
    named_by_folder(tmp_path, Settings(), tmp_path)
    (tmp_path / "bakeoff.yaml").write_text(f"models: {{generator: my.{FOREIGN}s}}\n")
    refused(tmp_path)  # another name that holds this one
    (tmp_path / "bakeoff.yaml").write_text(f"models: {{generator: {FOREIGN}}}\n")
    assert imported(FOREIGN, tmp_path / "theirs", "The generator").__name__ == "Answerer"
    refused(tmp_path, "their_measures.politeness")


@pytest.mark.parametrize("value, is_trusted", [("1", True), ("0", False), ("", False)])
def test_the_environment_trusts_all_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, is_trusted: bool
) -> None:
    named_by_folder(tmp_path, Settings(), tmp_path)
    monkeypatch.setenv("BAKEOFF_TRUST", value)
    if is_trusted:
        assert imported(FOREIGN, tmp_path / "theirs", "The generator").__name__ == "Answerer"
    else:
        refused(tmp_path)


def test_a_folder_that_others_name_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module there could take the place of an optional package that is not installed. The current one is."""
    theirs = tmp_path / "theirs"
    named_by_folder(tmp_path, Settings(), theirs)
    search_in(theirs)
    assert str(theirs) not in sys.path
    monkeypatch.chdir(theirs)
    search_in(theirs)
    assert str(theirs) in sys.path


def test_a_contender_of_somebody_elses_world_imports_nothing(tmp_path: Path) -> None:
    """Its file names a class, and a configuration that could be read first names none."""
    folder = tmp_path / "world" / "contenders" / "evil"
    folder.mkdir(parents=True)
    built = Built(spec=Spec(name="evil", recipe=FOREIGN), entrant=standard_entrants()[0])
    (folder / "contender.json").write_text(built.model_dump_json())
    with pytest.raises(ConfigError, match="names the code"):
        WorldFolder(tmp_path / "world", {}, tmp_path / "theirs").open("evil")
    assert "their_package" not in sys.modules
