"""Trains a contender's span reader further, once: what is finished is not repeated, what was killed goes on.

Takes the contender's folder, a digest of each input and the lesson, writes the weights beside the folder `training`,
which holds the request, the last checkpoint and the report. Knows no recipe. Imports torch when a training starts.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff.files import jsonl
from bakeoff.models import saved_state
from bakeoff.records import Question
from bakeoff.tuning.checkpoint import claim

if TYPE_CHECKING:
    from bakeoff.models.spans.training import Trained

READER = "reader.safetensors"
TRAINING = "training"
QUESTIONS = "questions"


def digest(texts: Sequence[str]) -> str:
    """A hash of these texts in their order."""
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def digest_of(questions: Sequence[Question]) -> str:
    """A hash of questions with their answers and evidence."""
    return digest([question.model_dump_json() for question in questions])


def is_done(folder: Path, request: Mapping[str, str]) -> bool:
    """Whether the contender's folder holds the reader of this request.

    A training on other questions is removed: these follow a change of the documents. Raises RunFolderError if the
    folder holds a training on the same questions with something else that is different.
    """
    training = folder / TRAINING
    asked = training / "request.json"
    if asked.exists() and json.loads(asked.read_text(encoding="utf-8")).get(QUESTIONS) != request[QUESTIONS]:
        shutil.rmtree(training)
    claim(training, request)
    return (training / "report.json").exists() and (folder / READER).exists()


def finish(folder: Path, train: "Callable[[Path, Path], Trained]") -> "Trained":
    """Trains and writes the report. `train` takes the file for the weights and that of its checkpoint."""
    training = folder / TRAINING
    checkpoint = training / "checkpoint.safetensors"
    trained = train(folder / READER, checkpoint)
    jsonl.write_text(training / "report.json", trained.model_dump_json(indent=1) + "\n")
    saved_state.remove(checkpoint)
    return trained
