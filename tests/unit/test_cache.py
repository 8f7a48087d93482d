"""A cached folder is complete or missing, whatever the disk does. Only the last few graphs are kept."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bakeoff.errors import BakeoffError
from bakeoff.files.cache import made_once
from tests.unit.file_limit import files_of_at_most


def plain(folder: Path) -> None:
    (folder / "f").write_bytes(b"x" * 100_000)


def by_safetensors(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    save_file({"w": torch.zeros(100_000)}, folder / "model.safetensors")


def by_openvino(folder: Path) -> None:
    openvino = pytest.importorskip("openvino")
    from openvino import opset13 as op

    values = np.arange(100_000, dtype=np.float32)
    openvino.save_model(openvino.Model([op.constant(values)], []), folder / "model.xml", compress_to_fp16=False)


@pytest.mark.parametrize("write", [plain, by_safetensors, by_openvino])
def test_a_full_disk_is_told_with_what_to_free_and_leaves_nothing(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    """Whatever error the writing library raises. When there is space again, the folder is made."""
    target = tmp_path / "kind" / "name"
    with (
        files_of_at_most(20_000),
        pytest.raises(BakeoffError, match=r"not enough room in .*(?s:.*)allow files of more than 20,000 bytes"),
    ):
        made_once(target, write)
    assert list(target.parent.iterdir()) == []
    made_once(target, write)
    assert sum(file.stat().st_size for file in target.iterdir()) >= 100_000


def test_another_error_stays_what_it_is(tmp_path: Path) -> None:
    """Another error is not changed, and nothing half written is left behind."""

    def write(folder: Path) -> None:
        (folder / "f").write_text("half")
        raise RuntimeError("out of luck")

    with pytest.raises(RuntimeError, match="out of luck"):
        made_once(tmp_path / "kind" / "name", write)
    assert list((tmp_path / "kind").iterdir()) == []


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """Its incomplete folder is never used as a complete one, and is removed when the next one is made."""
    (tmp_path / "kind" / ".abcd").mkdir(parents=True)
    made_once(tmp_path / "kind" / "name", plain)
    assert [path.name for path in (tmp_path / "kind").iterdir()] == ["name"]


def taken(folder: Path, hours_ago: float) -> None:
    then = time.time() - 3600 * hours_ago
    os.utime(folder, (then, then))


def test_only_the_folders_taken_last_are_kept(tmp_path: Path) -> None:
    """Asking for a folder counts as using it, even if it was made long ago."""
    folders = [made_once(tmp_path / "kind" / f"n{i}", plain, keep=3) for i in range(4)]
    for i, folder in enumerate(folders):
        taken(folder, hours_ago=10 - i)
    made_once(folders[0], plain, keep=3)
    made_once(tmp_path / "kind" / "new", plain, keep=3)
    assert sorted(path.name for path in (tmp_path / "kind").iterdir()) == ["n0", "n3", "new"]


def test_a_folder_that_may_be_loading_is_kept(tmp_path: Path) -> None:
    """A folder that may be loading is kept, however many others were made since."""
    folders = [made_once(tmp_path / "kind" / f"n{i}", plain, keep=1) for i in range(4)]
    assert all(folder.exists() for folder in folders)
