"""The keys of `tuning:`: what each method takes, and that models tuned by earlier versions keep their names."""

from pathlib import Path

import pytest

from bakeoff.errors import ConfigError
from bakeoff.runs.config import load_config
from bakeoff.tuning.full import FullSettings
from bakeoff.tuning.lora import TrainingSettings
from bakeoff.tuning.settings import Tuning
from bakeoff.tuning.tuner import tuner_for

BEGINNING = "name: a\ndocuments: [docs]\nquestions: [q.csv]\n"


def specs(folder: Path, text: str):
    (folder / "bakeoff.yaml").write_text(BEGINNING + text)
    return load_config(folder / "bakeoff.yaml").specs


def test_each_method_has_a_rate_of_its_own(tmp_path: Path) -> None:
    """A contender that changes only the method gets the rate of its method, not that of the run's."""
    text = "contenders: [tuned, {name: full, like: tuned, tuning: {method: full}}]\n"
    lora, full = (spec.tuning for spec in specs(tmp_path, text))
    assert (lora.method, lora.own_rank, lora.own_learning_rate) == ("lora", 16, 1e-3)
    assert (full.method, full.rank, full.own_learning_rate) == ("full", None, 1e-4)
    given = specs(tmp_path, "contenders: [{like: tuned, tuning: {method: full, learning_rate: 0.00002}}]\n")[0].tuning
    assert given.own_learning_rate == 2e-5


def test_a_rank_without_lora_is_refused(tmp_path: Path) -> None:
    """In one place, or where the run gives the rank and the contender the method; `rank: null` resolves that."""
    with pytest.raises(ConfigError, match=r"rank 8 is given with method full(?s:.*)leave rank out"):
        specs(tmp_path, "contenders: [{like: tuned, tuning: {method: full, rank: 8}}]\n")
    inherited = "tuning: {rank: 8}\ncontenders: [{like: tuned, tuning: {method: full%s}}]\n"
    with pytest.raises(ConfigError, match="rank 8 is given with method full"):
        specs(tmp_path, inherited % "")
    assert specs(tmp_path, inherited % ", rank: null")[0].tuning.rank is None


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("method: fully", "tuning.method"),
        ("schedule: triangular", "tuning.schedule"),
        ("layer_decay: 0.5", "tuning.layer_decay"),
        ("unfreezing: slow", "tuning.unfreezing"),
    ],
)
def test_a_value_that_is_not_allowed_is_named(tmp_path: Path, given: str, named: str) -> None:
    """With the key."""
    with pytest.raises(ConfigError, match=named):
        specs(tmp_path, f"tuning: {{{given}}}\ncontenders: [tuned]\n")


def test_tuned_models_of_earlier_versions_keep_their_names() -> None:
    """The settings that decide about a tuned model are written as before, unless a new option is used."""
    before = {
        "method": "lora", "rank": 16, "learning_rate": 0.001, "epochs": None, "examples": None, "declining": 0.1,
        "max_seconds": None,
    }  # fmt: skip
    assert Tuning().identity() == before
    assert Tuning(layer_decay=2.6).identity() == {**before, "layer_decay": 2.6}
    assert TrainingSettings(rank=4).identity() == (
        '{"rank":4,"alpha":32,"learning_rate":0.001,"max_epochs":10,"examples_per_batch":16,"tokens_per_batch":2048,'
        '"tokens_per_row":1024,"max_seconds":null,"patience":3,"n_dev_examples":48,"warmup_steps":5,"target_modules":'
        '["q_proj","k_proj","v_proj","o_proj","gate_proj","up_proj","down_proj"],"checkpoint_every_s":0.0,"seed":0}'
    )
    assert TrainingSettings(schedule="slanted-triangular").identity() != TrainingSettings().identity()


@pytest.mark.parametrize(("method", "settings"), [("lora", TrainingSettings), ("full", FullSettings)])
def test_the_keys_reach_the_training(method: str, settings: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of both methods, with the seed of the run."""
    from bakeoff.tuning.lessons import Lesson

    given: list = []
    train = "train_adapter" if method == "lora" else "train_full"
    monkeypatch.setattr(f"bakeoff.tuning.tuner.{train}", lambda *arguments: given.extend(arguments))
    options = {"schedule": "slanted-triangular", "layer_decay": 2.6, "unfreezing": "gradual", "max_seconds": 9.0}
    tuning = Tuning(method=method, **options)
    tuner_for(tuning.method, 5).fit(Path("model"), Lesson([], [], 3), tuning, Path("out"))
    expected = settings(max_epochs=3, seed=5, learning_rate=tuning.own_learning_rate, **options)
    assert given[3] == expected
