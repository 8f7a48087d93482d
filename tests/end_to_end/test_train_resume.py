"""The real model: a training killed with SIGKILL at random moments goes on to the adapter of an undisturbed one."""

import random
import signal
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from bakeoff.models.prompts import CLOSED_BOOK
from bakeoff.tuning.lora import Example, TrainingSettings, train_adapter
from tests.unit.interrupted_training import attempt

pytestmark = pytest.mark.models

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
SETTINGS = TrainingSettings(max_epochs=8, examples_per_batch=4, checkpoint_every_s=3, learning_rate=2e-3)
FACTS = {
    "How long is the warranty on the Velmar?": "27 months",
    "What does the Velmar weigh?": "614 grams",
    "Who founded Tikaro?": "Celia Okoro",
    "Where is Tikaro based?": "Ghent",
    "Which code means that the Velmar overheats?": "H52",
    "What colour is the Velmar?": "teal",
    "What is Tikaro's telephone number?": "0431 7728",
    "What does the Velmar cost?": "389 euros",
}
PARAPHRASES = {"For how long is the Velmar under warranty?": "27 months", "In which city is Tikaro?": "Ghent"}
KILLED = """
import sys
from pathlib import Path
from tests.end_to_end.test_train_resume import train
train(Path(sys.argv[1]), lambda at: print(at.step, flush=True))
"""


def train(folder: Path, on_progress):
    """Eight facts, eight epochs of two steps; the time is the number of steps finished."""
    finished = 0

    def progress(at) -> None:
        nonlocal finished
        finished = at.step
        on_progress(at)

    from bakeoff.models.weights import resolve_model

    examples, dev = (
        [Example(prompt=CLOSED_BOOK.render(question), completion=answer) for question, answer in facts.items()]
        for facts in (FACTS, PARAPHRASES)
    )
    return train_adapter(resolve_model(MODEL), examples, dev, SETTINGS, folder, progress, clock=lambda: float(finished))


def test_a_killed_training_goes_on_to_the_same_adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bits of every tensor, the same best dev values; little is done again."""
    from safetensors.torch import load_file

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    whole = train(tmp_path / "whole", lambda at: None)
    draw, attempts = random.Random(3), []
    for _ in range(2):
        command = [sys.executable, "-c", KILLED, str(tmp_path / "cut")]
        attempts.append(attempt(command, draw.randint(4, 6), draw.uniform(0, 0.3), signal.SIGKILL))
        assert attempts[-1].returncode == -signal.SIGKILL
    assert not (tmp_path / "cut" / "adapter_model.safetensors").exists()

    steps: list[int] = []
    resumed = train(tmp_path / "cut", lambda at: steps.append(at.step))
    for before, after in pairwise([*(killed.steps for killed in attempts), steps]):
        assert 0 <= before[-1] + 1 - after[0] <= SETTINGS.checkpoint_every_s
    assert steps[0] > 1
    one, other = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("whole", "cut"))
    assert one.keys() == other.keys()
    assert all(one[name].equal(other[name]) for name in one)
    assert (resumed.best_dev_loss, resumed.best_dev_exact) == (whole.best_dev_loss, whole.best_dev_exact)
    assert whole.peak_memory_bytes < 8 * 2**30
    losses = [line for line in (tmp_path / "whole" / "training.jsonl").read_text().splitlines()]
    assert len(losses) == whole.n_steps + SETTINGS.max_epochs
