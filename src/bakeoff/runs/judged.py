"""The verdicts of a judge model that count in a run: judge_verdicts.jsonl.

Takes and gives verdicts by unit. They are written before each comparison, so that comparison, verdict and report read
the same ones, whatever happened to the judge or to people's labels in the meantime. Does not know how a judge is
asked or accepted.
"""

from collections.abc import Mapping

from bakeoff.files import jsonl
from bakeoff.measure.labels import LabelVerdict, Unit
from bakeoff.records import Record
from bakeoff.runs.folder import RunFolder

DELETE = "delete the file and type: bakeoff report RUN (it is written again)"
WITHOUT_JUDGE = (
    "restore the file; or, to go on without the judge, move judge.json, judge.jsonl and judge_verdicts.jsonl out of "
    "the run folder and type: bakeoff report RUN"
)


class UnitVerdict(Record):
    """One verdict that counts: on the text that one or more contenders gave for a question."""

    question_id: str
    text: str
    verdict: LabelVerdict


def write_judged(folder: RunFolder, verdicts: Mapping[Unit, LabelVerdict]) -> None:
    """Replaces the file. Without verdicts there is none."""
    if verdicts:
        lines = (UnitVerdict(**unit._asdict(), verdict=verdict) for unit, verdict in verdicts.items())
        jsonl.write(folder.judge_verdicts_path, lines)
    else:
        folder.judge_verdicts_path.unlink(missing_ok=True)


def read_judged(folder: RunFolder) -> dict[Unit, LabelVerdict]:
    """The verdicts that count, by unit. Empty if there is no file. Raises RunFolderError if it is broken."""
    lines = jsonl.read(folder.judge_verdicts_path, UnitVerdict, DELETE)
    return {Unit(line.question_id, line.text): line.verdict for line in lines}
