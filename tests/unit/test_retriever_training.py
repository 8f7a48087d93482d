"""The training loop of retrieval tuning: what it keeps, what it says, and what a kill costs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from bakeoff.errors import ContenderError, RunFolderError  # noqa: E402
from bakeoff.tuning.checkpoint import claim  # noqa: E402
from bakeoff.tuning.retriever.training import Quality, Report, Settings, report_of, train  # noqa: E402


class StoppedError(Exception):
    """Stands for a kill."""


class Line:
    """A number that is trained towards each pair's own number; its quality on dev is given in advance."""

    def __init__(self, found: Sequence[float], stop_after: int | None = None) -> None:
        self.parameters = {"w": torch.zeros(3, requires_grad=True)}
        self.n_pairs, self.n_dev = 10, 4
        self._found, self._stop_after = found, stop_after
        self.n_steps = 0

    def loss(self, batch: Sequence[int]) -> tuple[Any, int]:
        if self.n_steps == self._stop_after:
            raise StoppedError
        self.n_steps += 1
        target = torch.tensor(batch, dtype=torch.float32).mean()
        return ((self.parameters["w"] - target) ** 2).sum(), len(batch)

    def quality(self) -> Quality:
        w = float(self.parameters["w"].detach()[0])
        number = min(round(w * 1000), len(self._found) * 1000)  # the same weights give the same quality
        return Quality(found=self._found[self.n_measured()], mean_reciprocal_rank=number / 1e6)

    def n_measured(self) -> int:
        steps = round(float(self.n_steps))
        return min(steps // 3, len(self._found) - 1)

    def untuned(self) -> Quality:
        return Quality(found=self._found[0], mean_reciprocal_rank=0.5)


SETTINGS = Settings(epochs=4, learning_rate=0.1, pairs_per_batch=3, checkpoint_every_s=0.0)


class Saved:
    """Remembers the weights that were saved."""

    def __init__(self) -> None:
        self.weights: list[float] | None = None

    def __call__(self, best: Mapping[str, Any]) -> str:
        self.weights = best["w"].tolist()
        return "part"


def test_the_best_epoch_on_dev_is_kept(tmp_path: Path) -> None:
    """Not the last one; its weights are those of that moment."""
    whole, short = Saved(), Saved()
    report = train(Line([0.5, 0.6, 0.9, 0.7, 0.8]), SETTINGS, tmp_path / "a", whole)
    assert (report.best, report.improved, report.name) == (2, True, "part")
    assert [one.found for one in report.measured] == [0.5, 0.6, 0.9, 0.7, 0.8]
    plan = SETTINGS.model_copy(update={"patience": 1})
    train(Line([0.5, 0.6, 0.9, 0.7, 0.8]), plan, tmp_path / "b", short)
    assert whole.weights == short.weights


@pytest.mark.parametrize(("keep", "name"), [("better", ""), ("always", "part")])
def test_a_training_that_does_not_beat_the_untuned_part_is_kept_only_if_asked_for(
    tmp_path: Path, keep: Any, name: str
) -> None:
    """The report says so; without `keep: always` nothing is saved."""
    saved = Saved()
    report = train(Line([0.9, 0.6, 0.7, 0.6, 0.6]), SETTINGS.model_copy(update={"keep": keep}), tmp_path, saved)
    assert (report.name, report.improved, report.best) == (name, False, 2)
    assert (saved.weights is not None) == bool(name)
    assert report_of(tmp_path) == report
    assert report.stopped_because == "no improvement on dev for 2 epochs"


def test_as_many_found_earlier_is_better() -> None:
    """The mean reciprocal rank decides where the share of questions is equal."""
    before, after = (Quality(found=0.5, mean_reciprocal_rank=rank) for rank in (0.4, 0.5))
    assert after.is_better_than(before) and not before.is_better_than(after) and not before.is_better_than(before)


def test_a_kill_after_any_step_leaves_the_same_weights(tmp_path: Path) -> None:
    """The same report too, but for its seconds. Every batch has more than one pair."""
    whole = Saved()
    qualities = [0.5, 0.6, 0.9, 0.7, 0.8]
    expected = train(Line(qualities), SETTINGS, tmp_path / "whole", whole)
    assert expected.n_steps == 12
    for stop_after in range(12):
        saved, folder = Saved(), tmp_path / str(stop_after)
        task = Line(qualities, stop_after)
        with pytest.raises(StoppedError):
            train(task, SETTINGS, folder, saved)
        again = Line(qualities)
        again.n_steps = stop_after
        report = train(again, SETTINGS, folder, saved)
        assert again.n_steps == 12, "no step is repeated, since each was saved"
        assert saved.weights == whole.weights
        assert report.model_copy(update={"seconds": 0.0}) == expected.model_copy(update={"seconds": 0.0})
        assert not (folder / "checkpoint").exists()


def test_a_time_limit_measures_what_was_trained_until_then(tmp_path: Path) -> None:
    """The epoch that was begun counts, and the report names the limit."""
    ticks = iter(range(1000))
    settings = SETTINGS.model_copy(update={"max_seconds": 12.0})
    report = train(Line([0.5, 0.6, 0.9]), settings, tmp_path, Saved(), clock=lambda: next(ticks))
    assert report.stopped_because == "the limit of 12 s"
    assert 1 <= report.n_steps < 12 and len(report.measured) >= 2


def test_a_loss_that_is_no_number_is_said(tmp_path: Path) -> None:
    """With the option that helps."""
    task = Line([0.5, 0.6])
    task.parameters["w"].data.fill_(float("nan"))
    with pytest.raises(ContenderError, match=r"options\.learning_rate"):
        train(task, SETTINGS, tmp_path, Saved())


def test_a_folder_with_another_training_is_refused(tmp_path: Path) -> None:
    """The error names what differs."""
    claim(tmp_path, {"pairs": "a", "model": "b"})
    claim(tmp_path, {"pairs": "a", "model": "b"})
    with pytest.raises(RunFolderError, match="another pairs"):
        claim(tmp_path, {"pairs": "c", "model": "b"})


def test_without_a_whole_checkpoint_it_begins_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A warning names the damaged file."""
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "state.safetensors").write_bytes(b"broken")
    assert train(Line([0.5, 0.6]), SETTINGS, tmp_path, Saved()).improved
    assert "state.safetensors is no whole checkpoint" in caplog.text


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    """A folder without one has none."""
    assert report_of(tmp_path) is None
    assert isinstance(train(Line([0.5, 0.6]), SETTINGS, tmp_path, Saved()), Report)
