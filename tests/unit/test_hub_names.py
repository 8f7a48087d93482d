"""A model of the hub can be named with its commit: what is loaded is then that commit, not the newest one."""

from pathlib import Path

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.weights import here, resolve_model

OLDER, NEWER, NEITHER = "a" * 40, "b" * 40, "c" * 40


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's cache with two commits of a model, whose main branch is the newer one. There is no network."""
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    model = tmp_path / "models--org--model"
    for commit in (OLDER, NEWER):
        (model / "snapshots" / commit).mkdir(parents=True)
        (model / "snapshots" / commit / "config.json").write_text("{}")
        (model / "snapshots" / commit / "model.safetensors").write_bytes(bytes(8) + b"{}")
    for ref, commit in (("main", NEWER), ("v1", OLDER)):
        (model / "refs").mkdir(exist_ok=True)
        (model / "refs" / ref).write_text(commit)
    return model / "snapshots"


@pytest.mark.parametrize(
    ("name", "commit"), [("org/model", NEWER), (f"org/model@{OLDER}", OLDER), ("org/model@v1", OLDER)]
)
def test_the_commit_that_is_named_is_loaded(cache: Path, name: str, commit: str) -> None:
    assert resolve_model(name) == here(name) == cache / commit


def test_a_commit_that_is_not_there_is_not_replaced_by_another(cache: Path) -> None:
    assert here(f"org/model@{NEITHER}") is None
    with pytest.raises(ModelUnavailableError, match=f"hf download org/model --revision {NEITHER}"):
        resolve_model(f"org/model@{NEITHER}")
