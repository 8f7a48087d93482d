"""The files of a run folder as JSON schemas, for reading a run with other tools.

`python -m bakeoff.cli.schemas [FOLDER]` writes them (to docs/schemas by default). They are made from the types that
write the files, so they always match the files.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from bakeoff.contenders.built import Built
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.files import jsonl
from bakeoff.llm_judge.records import Calibration, Judged
from bakeoff.measure.comparison import Comparison
from bakeoff.measure.labels import Label
from bakeoff.models.spending.rows import Row, Spending
from bakeoff.records import Answer, Question, Record, Score
from bakeoff.runs.data import DataSummary
from bakeoff.runs.judged import UnitVerdict
from bakeoff.runs.labels import UnitWeight
from bakeoff.style.classifier import Classifier

FOLDER = Path("docs/schemas")
WRITTEN: Mapping[str, tuple[type[Record], str]] = {
    "comparison": (Comparison, "comparison.json"),
    "data": (DataSummary, "data.json"),
    "verdict": (Judgement, "verdict.json"),
    "spending": (Spending, "spending.json"),
    "spending_rows": (Row, "one line of spending.jsonl"),
    "scores": (Score, "one line of scores.jsonl"),
    "splits": (Question, "one line of splits.jsonl"),
    "answers": (Answer, "one line of answers/<contender>.jsonl"),
    "labels": (Label, "one line of labels.jsonl"),
    "label_weights": (UnitWeight, "one line of label_weights.jsonl"),
    "judge": (Calibration, "judge.json"),
    "judged": (Judged, "one line of judge.jsonl"),
    "judge_verdicts": (UnitVerdict, "one line of judge_verdicts.jsonl"),
    "style": (Classifier, "style.json"),
    "contender": (Built, "contenders/<contender>/contender.json"),
}
"""For each schema's name: the type that writes a file, and which file it is."""


def schema_texts() -> dict[str, str]:
    """The schemas as text, by file name."""
    return {f"{name}.json": _text(kind, file) for name, (kind, file) in WRITTEN.items()}


def _text(kind: type[Record], file: str) -> str:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"{file} of a run folder",
        **kind.model_json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> list[Path]:
    """Writes every schema into the folder and returns their paths."""
    texts = schema_texts()
    for name, text in texts.items():
        jsonl.write_text(folder / name, text)
    return [folder / name for name in texts]


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
