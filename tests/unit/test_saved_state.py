"""The state of a training in two files: the newest whole one is read, whatever happened to the other."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bakeoff.models import saved_state
from bakeoff.tuning.checkpoint import Position

torch = pytest.importorskip("torch")


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _zeroed(content: bytes) -> bytes:
    """The header is whole, the tensors are not: only their checksums show it."""
    return content[:-8] + bytes(8)


def _saved(path: Path, n: int) -> None:
    for step in range(1, n + 1):
        saved_state.save(path, {"now/a": torch.full((300,), step, dtype=torch.bfloat16)}, Position(step=step))


def _step(path: Path) -> int:
    """The step of the state that is read; its tensor has the step as its value."""
    loaded = saved_state.load(path, Position)
    if loaded is None:
        return 0
    tensors, position = loaded
    assert tensors["now/a"].tolist() == [position.step] * 300
    return position.step


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_the_newest_state_is_read(tmp_path: Path, n: int) -> None:
    """There are never more than two files."""
    path = tmp_path / "checkpoint" / "state.safetensors"
    _saved(path, n)
    assert _step(path) == n
    assert len(list(path.parent.iterdir())) == min(n, 2)


@pytest.mark.parametrize("damage", [_cut, _zeroed, lambda content: bytes(len(content)), lambda content: b""])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_damaged_newest_file_falls_back_to_the_one_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[bytes], bytes], n: int
) -> None:
    """Cut off, emptied or zeroed; a warning names it. Then the work goes on, and the next state is read."""
    path = tmp_path / "state.safetensors"
    _saved(path, n)
    newest = saved_state.files(path)[(n + 1) % 2]
    newest.write_bytes(damage(newest.read_bytes()))
    assert _step(path) == n - 1
    assert f"{newest} is no whole checkpoint" in caplog.text
    saved_state.save(path, {"now/a": torch.full((300,), 9.0)}, Position(step=9))
    assert _step(path) == 9


def test_a_state_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """It has neither number nor checksums; what is saved next is newer."""
    from safetensors.torch import save_file

    path = tmp_path / "state.safetensors"
    save_file({"now/a": torch.full((300,), 4.0)}, path, {"position": Position(step=4).model_dump_json()})
    assert _step(path) == 4
    saved_state.save(path, {"now/a": torch.full((300,), 5.0)}, Position(step=5))
    assert _step(path) == 5


def test_moments_come_back_by_their_parameter(tmp_path: Path) -> None:
    """As an optimizer takes them, each with its kind of number."""
    path, moments = tmp_path / "state.safetensors", {"step": torch.tensor(3.0), "exp_avg": torch.ones(2, 2)}
    saved_state.save(path, {f"optimizer/7/{name}": tensor for name, tensor in moments.items()}, Position())
    tensors, _ = saved_state.load(path, Position)  # type: ignore[misc]
    state = saved_state.optimizer_state(tensors)
    assert state.keys() == {7}
    assert all(torch.equal(state[7][name], tensor) for name, tensor in moments.items())
