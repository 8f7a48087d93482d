"""A model of the hub can be named with its commit: what is loaded is then that commit, not the newest one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.models import weights
from bakeoff.models.weights import check_found, here, resolve_model

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


def test_the_hub_is_asked_for_a_model_and_gives_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a run: gigabytes are downloaded only after the documents were read."""
    hub = pytest.importorskip("huggingface_hub")
    asked: list[str] = []

    def model_info(self: object, repo_id: str, revision: str | None, timeout: float) -> None:
        asked.append(f"{repo_id}@{revision}")
        if repo_id != "org/another":
            raise OSError("404 Not Found")

    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(weights, "_reachable", lambda endpoint: True)
    monkeypatch.setattr(hub.HfApi, "model_info", model_info)
    monkeypatch.setattr(hub, "snapshot_download", _only_the_cache(hub.snapshot_download))
    check_found("org/model")
    check_found("org/another@v2")
    with pytest.raises(ModelUnavailableError, match="hub: 404 Not Found"):
        check_found("org/unknown")
    assert asked == ["org/another@v2", "org/unknown@None"]


def _only_the_cache(download: Callable[..., str]) -> Callable[..., str]:
    def checked(**options: Any) -> str:
        assert options.get("local_files_only")
        return download(**options)

    return checked
