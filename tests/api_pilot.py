"""A pilot on the fake API, for a test and a benchmark of how much of an API's concurrency a pilot uses."""

import json
from pathlib import Path
from typing import NamedTuple

from bakeoff.models.settings import ApiModel
from bakeoff.pilot.run import run
from bakeoff.runs.config import validate
from bakeoff.runs.run import Run
from tests.fake_api import FakeApi


class AnswerStage(NamedTuple):
    """What asking all test questions took, and the least it can take at the server's own mean time."""

    n_questions: int
    seconds: float
    least_s: float
    most_at_once: int

    @property
    def ratio(self) -> float:
        """Its time over the least possible."""
        return self.seconds / self.least_s


def answer_stage(folder: Path, n_questions: int, concurrency: int, delay_s: float, api: str = "openai") -> AnswerStage:
    """Run a pilot of one contender whose model is behind the fake API; the test asks `n_questions`."""
    with FakeApi(reply=lambda messages: "12 days", delay_s=delay_s) as server:
        model = ApiModel(api=api, base_url=server.base_url(api), model="m", concurrency=concurrency, timeout_s=60)
        finished = api_pilot(folder, n_questions, model)
        (stage,) = [one for one in finished.folder.stages() if one.stage == "answer"]
        n_asked = len(finished.folder.answers("base"))
        mean_s = sum(server.served_s) / len(server.served_s)
    return AnswerStage(n_asked, stage.seconds, n_asked / concurrency * mean_s, server.most_at_once)


def api_pilot(folder: Path, n_questions: int, model: ApiModel) -> Run:
    """A finished pilot of one contender that asks this model."""
    values = {
        "name": "concurrency",
        "documents": [str(folder / "docs")],
        "questions": [str(_questions(folder, n_questions))],
        "general": None,
        "contenders": ["base"],
        "models": {"generator": model.model_dump()},
        "measuring": {"latency_questions": 1},
    }
    return run(validate(values), runs=folder / "runs")


def _questions(folder: Path, n: int) -> Path:
    """n test questions and as few others as a pilot needs."""
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "planets.md").write_text("".join(f"Planet {i} takes {i} days.\n\n" for i in range(n)))
    rows = [
        {"id": f"q{i}", "question": f"How long does planet {i} take?", "answers": [f"{i} days"], "split": split}
        for i, split in enumerate(["dev"] * 16 + ["test"] * n)
    ]
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
