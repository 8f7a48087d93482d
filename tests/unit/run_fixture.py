"""A finished run of two contenders on made-up answers, as a run folder holds it; no model took part."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.decide.situation.profile import Profile
from bakeoff.files import jsonl
from bakeoff.measure.comparison import Axes, Entrant
from bakeoff.pilot.prepare import Prepared
from bakeoff.pilot.score import compare_run, score_run
from bakeoff.questions.splits.survey import summarise
from bakeoff.records import Answer, Document, Hit, Question, Usage
from bakeoff.runs.config import Config
from bakeoff.runs.folder import RUN_FORMAT, RunFolder, _write_config, write_json, write_record
from bakeoff.runs.run import Run
from tests.unit.fakes import chunk, question

N = 40
BASE = Entrant(name="base", recipe="base", title="Base", axes=Axes(model="generator"), is_baseline=True)
RAG = Entrant(
    name="rag", recipe="rag", title="RAG", axes=Axes(model="generator", knowledge="retrieval"), retrieves=True
)
DOCUMENTS = (
    Document(id="a", text="Aldra circles its star in 314 days.", source="aldra.md"),
    Document(id="b", text="Borun circles its star in 29 days.", source="borun.md"),
)


def questions(n: int = N) -> list[Question]:
    """n test questions, each about a fact of its own with the answer 'right <i>', and one that was trained on."""
    tested = [question(f"q{i}", f"What is {i}?", [f"right {i}"], split="test", slice="unseen") for i in range(n)]
    return [*tested, question("t1", "What is one?", ["right 1"], split="train", slice="seen")]


def finished(
    root: Path,
    asked: Sequence[Question] | None = None,
    base: Collection[int] = range(4),
    rag: Collection[int] = range(30),
    winner: str | None = "rag",
    documents: Sequence[Document] = DOCUMENTS,
    **settings,
) -> Run:
    """Write a run in which base and rag are right on the questions of these numbers, and open it."""
    asked = questions() if asked is None else list(asked)
    folder = RunFolder(root)
    config = {
        "name": root.name,
        "documents": ["docs"],
        "questions": ["q.csv"],
        "contenders": ["base", "rag"],
        **settings,
    }
    _write_config(Config.model_validate(config), folder)
    write_json(folder.environment_path, {"run_format": RUN_FORMAT, "bakeoff": "0.1.0", "data_sha256": str(asked)[:99]})
    with SqliteStore(folder.world / "store.sqlite") as store:
        store.replace_all(documents)
    jsonl.write(folder.splits_path, asked)
    for name, right in (("base", base), ("rag", rag)):
        jsonl.write(folder.answers_path(name), _answers(name, asked, right))
    score_run(folder, ["base", "rag"])
    compare_run(folder, (BASE, RAG), {}, Profile())
    write_record(folder.data_path, _prepared(asked, documents).summary())
    profile = folder.config().profile.model_dump(mode="json")
    verdict = {"winner": winner, "reason": "it was right most often", "excluded": {}, "profile": profile}
    write_json(folder.verdict_path, verdict)
    folder.report_path.write_text("<html></html>")
    return Run(folder)


def _answers(name: str, asked: Sequence[Question], right: Collection[int]) -> list[Answer]:
    tested = [one for one in asked if one.split == "test"]
    return [
        Answer(
            question_id=one.id,
            contender=name,
            text=f"right {one.id[1:]}" if int(one.id[1:]) in right else "wrong",
            usage=Usage(prompt_tokens=10, completion_tokens=2, seconds=0.5),
            citations=(Hit(chunk=chunk("aldra.md", heading="Aldra"), score=1.0, rank=1),) if name == "rag" else (),
        )
        for one in tested
    ]


def _prepared(asked: Sequence[Question], documents: Sequence[Document]) -> Prepared:
    return Prepared(
        documents=tuple(documents), problems=(), questions=tuple(asked), notes=(), leaks=(), data=summarise(asked)
    )


def write_questions(path: Path, asked: Sequence[Question], **changed: Sequence[str]) -> Path:
    """A question file of these questions; `changed` gives other accepted answers by id."""
    rows = [
        {"id": one.id, "question": one.text, "answers": list(changed.get(one.id, one.answers)), "kind": one.kind}
        for one in asked
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
