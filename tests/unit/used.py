"""A deployment that was used: logged answers, thumbs and documents of known times; no model takes part."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bakeoff.files import jsonl
from bakeoff.pilot.judging import judge_run
from bakeoff.runs.folder import RunFolder
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, LoggedHit, Thumb
from bakeoff.serve.releases import EVIDENCE, Release, release_folder
from tests.unit.report_fixture import PROFILE, build

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
"""A Thursday; the last full week began on Monday, 16 November."""


def hit(score: float, document: str = "a", rank: int = 1) -> LoggedHit:
    return LoggedHit(
        chunk_id=f"{document}:0", document_id=document, source=f"{document}.md", start=0, end=9, score=score, rank=rank
    )


def answered(at: datetime, question: str, score: float | None = 0.9, **more) -> LoggedAnswer:
    """An answer of `rag` of release 1 in 100 ms, from one passage with this score."""
    values = {
        "question": question, "text": "It is so.", "contender": "rag", "release": 1, "latency_ms": 100.0,
        "prompt_tokens": 400, "completion_tokens": 20, "hits": () if score is None else (hit(score),), "cited": (),
    }  # fmt: skip
    return LoggedAnswer(at=at, **values | more)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def logged(log: Log, entries: Sequence[LoggedAnswer | Thumb]) -> None:
    """Writes the entries, in their order, and waits until they are on the disk."""
    for future in [log.submit(entry) for entry in entries]:
        future.result()


def deployed(root: Path, run: Path, profile=PROFILE) -> Path:
    """The folder of a deployment whose release 1 serves `rag` of a judged run."""
    folder = RunFolder(build(run, n_questions=60, profile=profile))
    judge_run(folder, profile)
    release = release_folder(root, 1)
    (release / "evidence").mkdir(parents=True)
    for name in EVIDENCE:
        if (folder.root / name).exists():
            (release / "evidence" / name).write_bytes((folder.root / name).read_bytes())
    (release / "config.yaml").write_bytes(folder.config_path.read_bytes())
    record = Release(number=1, run=str(run), contenders=("rag", "base"), reason="a test", created=ago(60), bakeoff="0")
    jsonl.write_text(release / "release.json", record.model_dump_json())
    (root / "current").write_text("1\n")
    return root
