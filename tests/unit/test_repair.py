"""A run in which a model server was down for a while, and that was resumed, ends as one in which nothing failed."""

import json
import re
from pathlib import Path

import pytest

from bakeoff.contenders.world import WorldFolder
from bakeoff.files import jsonl
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.pilot import build
from bakeoff.pilot.run import run
from bakeoff.records import Answer
from bakeoff.runs.config import load_config
from bakeoff.runs.folder import RunFolder
from tests.end_to_end.small import make

DOWN: list[str] = []
"""Patterns: the server is down for prompts in which one of them is found."""
CONTENDERS = ["base", "rag", {"name": "turns", "like": "cascade", "parts": {"levels": ["base", "rag"]}}]
N = 150


class Unsteady(ScriptedGenerator):
    """Reads the number of days off a passage; surer where it is right, but never quite sure."""

    def asked(self, question):
        """Replaced where questions are counted."""

    def _complete(self, prompt, settings):
        passages, _, asked = prompt.messages[-1].content.rpartition("\n")
        self.asked(asked)
        if any(re.search(pattern, asked) for pattern in DOWN):
            raise ConnectionError("Connection refused")
        name = re.search(r"Planet\d+", asked)[0]
        read = re.search(rf"{name} circles its star once in (\d+ days)", passages)
        is_right = "year" in asked and (int(name[6:]) % 3 > 0 if read else int(name[6:]) % 3 < 2)
        text = (read[1] if read else f"{int(name[6:]) + 100} days") if is_right else "3 days"
        sureness = -0.1 if is_right else -1.0
        completion = super()._complete(prompt, settings)
        return completion.model_copy(update={"text": text, "logprob": sureness - int(name[6:]) / 150})


def unsteady():
    return Unsteady()


def pilot(folder: Path) -> Path:
    """150 facts with an answer and 150 without one, enough to fit thresholds."""
    planets = {f"Planet{i}": (f"{i + 100} days", "blue") for i in range(N)}
    models = {"generator": "tests.unit.test_repair.unsteady", "embedder": "hash"}
    config = make(folder, planets, contenders=CONTENDERS, models=models)
    rows = [
        {"id": f"y{i}", "question": f"How long is a year on Planet{i}?", "answers": [f"{i + 100} days"]}
        for i in range(N)
    ] + [{"id": f"d{i}", "question": f"Who discovered Planet{i}?", "kind": "unanswerable"} for i in range(N)]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return config


@pytest.fixture(autouse=True)
def _up():
    DOWN.clear()
    yield
    DOWN.clear()


def result(folder: Path, **more) -> tuple[dict, dict]:
    """What each contender was fitted with, and its test answers: text, declined, who gave it, error."""
    done = run(load_config(folder / "bakeoff.yaml"), runs=folder / "runs", reuse=False, **more)
    world = WorldFolder(done.folder.world, {})
    answers = {
        name: {one.question_id: (one.text, one.abstained, one.route, one.error) for one in done.answers(name)}
        for name in done.contenders
    }
    return {name: world.built(name).fitted for name in done.contenders}, answers


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """What a run finds whose server is always there."""
    DOWN.clear()
    folder = tmp_path_factory.mktemp("unbroken")
    pilot(folder)
    return result(folder)


def test_the_fixture_fits_thresholds_that_matter(unbroken):
    """Else the tests below would not show that they are fitted again."""
    fitted, answers = unbroken
    assert fitted["base"].declining.fitted and fitted["rag"].declining.fitted
    assert {route for _, _, route, _ in answers["turns"].values()} == {"base", "rag"}


@pytest.mark.parametrize("down", [[""], [r"discovered Planet\d*[0-7]\?"], [r"year on Planet\d*[1-8]\?"]])
def test_resuming_a_run_with_failed_answers_ends_as_if_nothing_had_failed(tmp_path, unbroken, down):
    """Thresholds, who declines, and whom the cascade asks: test answers were there already, given with other ones."""
    pilot(tmp_path)
    DOWN[:] = down
    before = result(tmp_path)
    assert before[0] != unbroken[0]
    DOWN.clear()
    assert result(tmp_path, resume=True) == unbroken


def test_a_kill_while_it_is_repaired_loses_nothing(tmp_path, unbroken, monkeypatch):
    """Killed after the dev answers are there and before the cascade was fitted again, it is found again."""
    pilot(tmp_path)
    DOWN[:] = [r"discovered Planet\d*[0-7]\?"]
    result(tmp_path)
    DOWN.clear()
    with monkeypatch.context() as killed:
        killed.setattr(build, "agree", _stop)
        with pytest.raises(KeyboardInterrupt):
            result(tmp_path, resume=True)
    assert result(tmp_path, resume=True) == unbroken


def _stop(*_):
    raise KeyboardInterrupt


def test_what_did_not_fail_is_not_asked_again(tmp_path, unbroken, monkeypatch):
    """Of a finished run nothing is asked; of one with failed dev answers only these, and no answer of the test."""
    pilot(tmp_path)
    result(tmp_path)
    dev = RunFolder(tmp_path / "runs" / "planets").answers_path("rag", "dev")
    first, *others = jsonl.read(dev, Answer)
    jsonl.write(dev, [first.model_copy(update={"text": "", "error": "Connection refused"}), *others])
    asked = []
    monkeypatch.setattr(Unsteady, "asked", lambda _, question: asked.append(question))
    assert result(tmp_path, resume=True) == unbroken
    check, latency = (
        1,
        2 * (1 + 3),
    )  # whether log-probabilities are given; the cascade's times, both levels, one warm-up
    assert len(asked) <= check + 1 + latency
