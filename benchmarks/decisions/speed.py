"""Seconds and peak memory of the decision on 10 contenders and 10,000 questions: from values in memory, from a folder.

Each is measured in a process of its own, so that its peak memory is its own.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
from printed_tables import Table

from bakeoff.apart.peak_memory import peak_memory_bytes
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.files import jsonl
from bakeoff.pilot.judge import judge
from bakeoff.pilot.prepare import Prepared
from bakeoff.pilot.score import compare_run, score_run
from bakeoff.questions.splits.survey import summarise
from bakeoff.records import Answer, Document, Question, Usage
from bakeoff.runs.config import Config
from bakeoff.runs.folder import RUN_FORMAT, RunFolder, _write_config, write_json, write_record
from decisions.judged import judged, profile_of, worth_of
from decisions.pilots import Skill, World, answers, entrant, pilot

SKILLS = {"base": Skill(0.3, 0.5), **{f"rag-{i}": Skill(0.70 + 0.015 * i, 0.1) for i in range(9)}}
PROFILES = {"no value": profile_of(), "value": profile_of(**worth_of(1.0)), "by traffic": profile_of(counts="traffic")}


def speed(n_questions: int) -> Table:
    rows = []
    for title in PROFILES:
        for phrasings in (1, 2):
            seconds, peak = _alone(_in_memory, title, n_questions, phrasings)
            rows.append([f"values in memory, {title}, {phrasings} a fact", f"{seconds:.1f}", f"{peak:,.0f}"])
    seconds, peak = _alone(_folder, "value", n_questions, 2)
    rows.append(["a run folder through `judge`, value, 2 a fact", f"{seconds:.1f}", f"{peak:,.0f}"])
    return Table(
        f"10 contenders, {n_questions:,} questions", ["what", "seconds", "peak memory of the process, MiB"], rows
    )


def _alone(task: Callable[[str, int, int], float], *given: object) -> tuple[float, float]:
    """The task's seconds and its peak memory in MiB, in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measured, (task, *given))


def _measured(task: Callable[[str, int, int], float], *given: object) -> tuple[float, float]:
    seconds = task(*given)  # type: ignore[arg-type]
    return seconds, peak_memory_bytes() / 2**20


def _world(n_questions: int, phrasings: int, sigma: float = 0.0) -> World:
    return World(SKILLS, n_questions // phrasings, phrasings, sigma, days={f"rag-{i}": 3.0 + i for i in range(9)})


def _in_memory(title: str, n_questions: int, phrasings: int) -> float:
    sigma = 1.0 if title == "by traffic" else 0.0
    of = pilot(_world(n_questions, phrasings, sigma), np.random.default_rng(1))
    begun = time.perf_counter()
    judged(of, PROFILES[title])
    return time.perf_counter() - begun


def _folder(title: str, n_questions: int, phrasings: int) -> float:
    with tempfile.TemporaryDirectory() as root:
        folder = written_run(RunFolder(Path(root) / "run"), _world(n_questions, phrasings))
        begun = time.perf_counter()
        judge(folder, PROFILES[title], date(2026, 1, 1))
        return time.perf_counter() - begun


def written_run(folder: RunFolder, world: World) -> RunFolder:
    """A finished run of these contenders, as a run folder holds it, up to its comparison."""
    outcome, names = answers(world, np.random.default_rng(1)), list(world.skills)
    asked = [
        Question(id=f"q{i}", text=f"What is {i}?", answers=(f"right {i}",), fact=f"f{i // world.phrasings}",
                 split="test", slice="unseen")
        for i in range(outcome.shape[1])
    ]  # fmt: skip
    training = Question(id="t", text="What is it?", answers=("that",), fact="t", split="train", slice="seen")
    config = {"name": "run", "documents": ["docs"], "questions": ["q.csv"], "contenders": ["base", "rag"]}
    _write_config(Config.model_validate(config), folder)
    write_json(folder.environment_path, {"run_format": RUN_FORMAT, "bakeoff": "0.1.0", "data_sha256": "0"})
    documents = (Document(id="a", text="A document.", source="a.md"),)
    with SqliteStore(folder.world / "store.sqlite") as store:
        store.replace_all(documents)
    jsonl.write(folder.splits_path, [*asked, training])
    for name, row in zip(names, outcome, strict=True):
        jsonl.write(folder.answers_path(name), [_answer(name, i, int(did)) for i, did in enumerate(row)])
    score_run(folder, names)
    compare_run(folder, tuple(entrant(name) for name in names), {}, PROFILES["no value"])
    prepared = Prepared(
        documents=documents, problems=(), questions=(*asked, training), notes=(), leaks=(), data=summarise(asked)
    )
    write_record(folder.data_path, prepared.summary())
    return folder


def _answer(name: str, i: int, did: int) -> Answer:
    text = {1: f"right {i}", 0: "I don't know.", -1: "wrong"}[did]
    usage = Usage(prompt_tokens=10, completion_tokens=2, seconds=0.5)
    return Answer(question_id=f"q{i}", contender=name, text=text, usage=usage)
