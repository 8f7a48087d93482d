"""Writes the archive of this version: python -m tests.released.make"""

import json
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import bakeoff
from bakeoff.measure.labels import Label
from bakeoff.runs.labels import append_labels, set_weights, test_units
from bakeoff.runs.run import open_run
from bakeoff.serve.deployment import deploy
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Thumb
from tests.end_to_end.small import PLANETS, make
from tests.end_to_end.small import bakeoff as command

FOLDER = Path(__file__).parent
PLACE = "/pilot"
"""Stands for the folder in which the archive was made."""
AT = datetime(2026, 1, 2, tzinfo=UTC)
MADE_AGAIN = ("report.html", "report.md", "tables/")
"""What `bakeoff report` writes again."""


def written(folder: Path) -> Path:
    """Makes a run, a deployment and what people said about both. Gives the folder of all."""
    pilot = make(folder / "pilot", dict(list(PLANETS.items())[:6]), contenders=["extract", "faq"]).parent
    done = command("run", cwd=pilot)
    if done.returncode:
        raise SystemExit(done.stderr)
    run = open_run(pilot / "runs" / "planets")
    answer = next(one for one in run.answers("extract") if one.text)
    label = Label(question_id=answer.question_id, text=answer.text, verdict="right", labeller="ann", at=AT)
    set_weights(run.folder, dict.fromkeys(test_units(run.folder), 1.0))
    append_labels(run.folder.labels_path, [label])
    deployment = deploy(run, pilot / "deployment", ["extract", "faq"])
    with Log(deployment.log_path) as log:
        log.append(
            LoggedAnswer(id="a1", at=AT, question="What is the year of Aldra?", text="314 days", contender="faq")
        )
        log.append(Thumb(id="t1", at=AT, answer="a1", up=True))
    return pilot


def _files(pilot: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(path for path in pilot.rglob("*") if path.is_file()):
        name = path.relative_to(pilot).as_posix()
        if name.removeprefix("runs/planets/").startswith(MADE_AGAIN) or path.suffix == ".lock":
            continue
        content = path.read_bytes()
        is_text = path.suffix in (".json", ".jsonl", ".yaml", ".csv", ".md", "")
        yield name, content.replace(json.dumps(str(pilot))[1:-1].encode(), PLACE.encode()) if is_text else content


def main() -> None:
    archive = FOLDER / f"{bakeoff.__version__}.zip"
    if archive.exists():
        sys.exit(f"{archive} is there; what a release wrote is not made again.")
    with TemporaryDirectory() as name:
        pilot = written(Path(name).resolve())
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
            for place, content in _files(pilot):
                file.writestr(zipfile.ZipInfo(place, (2026, 1, 2, 0, 0, 0)), content, zipfile.ZIP_DEFLATED, 9)
    sys.stdout.write(f"{archive}: {archive.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
