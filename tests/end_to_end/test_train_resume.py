"""The real model: a training killed with SIGKILL goes on to the adapter of an undisturbed one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff.models.prompts import CLOSED_BOOK
from bakeoff.tuning.lora import Example, TrainingSettings, train_adapter

pytestmark = pytest.mark.models

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
SETTINGS = TrainingSettings(max_epochs=4, examples_per_batch=4, checkpoint_every_s=3, learning_rate=2e-3)
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
FATAL_STEP = 5

KILLED = f"""
import os, signal, sys
from pathlib import Path
from tests.end_to_end.test_train_resume import train
train(Path(sys.argv[1]), lambda at: os.kill(os.getpid(), signal.SIGKILL) if at.step == {FATAL_STEP} else None)
"""


def train(folder: Path, on_progress=None):
    """Eight facts, four epochs of two steps."""
    from bakeoff.models.weights import resolve_model

    examples, dev = (
        [Example(prompt=CLOSED_BOOK.render(question), completion=answer) for question, answer in facts.items()]
        for facts in (FACTS, PARAPHRASES)
    )
    return train_adapter(resolve_model(MODEL), examples, dev, SETTINGS, folder, on_progress)


def test_a_killed_training_goes_on_to_the_same_adapter(tmp_path: Path) -> None:
    """The same bits of every tensor, the same best dev values; memory stays far below 8 GiB."""
    from safetensors.torch import load_file

    whole = train(tmp_path / "whole")
    command = [sys.executable, "-c", KILLED, str(tmp_path / "cut")]
    killed = subprocess.run(command, cwd=Path(__file__).parents[2], env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "cut" / "adapter_model.safetensors").exists()

    steps: list[int] = []
    resumed = train(tmp_path / "cut", lambda at: steps.append(at.step))
    assert steps == [4, 5, 6, 7, 8]
    one, other = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("whole", "cut"))
    assert one.keys() == other.keys()
    assert all(one[name].equal(other[name]) for name in one)
    assert (resumed.best_dev_loss, resumed.best_dev_exact) == (whole.best_dev_loss, whole.best_dev_exact)
    assert whole.peak_memory_bytes < 8 * 2**30
    losses = [line for line in (tmp_path / "whole" / "training.jsonl").read_text().splitlines()]
    assert len(losses) == whole.n_steps + SETTINGS.max_epochs
