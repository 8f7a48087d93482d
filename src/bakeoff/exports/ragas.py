"""`ragas`: the test questions of a run with a contender's answers, as an evaluation dataset of Ragas.

Takes a finished run, gives one line of JSON for each sample, as `EvaluationDataset.from_jsonl` reads it.
Format: https://docs.ragas.io/en/stable/concepts/components/eval_dataset/
"""

import json
from pathlib import Path
from typing import Any

from bakeoff.exports.measured import Asked, asked_of, without_errors, without_restricted
from bakeoff.exports.target import new_path
from bakeoff.runs.run import Run


def export_ragas(
    run: Run, out: Path, contender: str | None = None, restricted: bool = False
) -> tuple[str, int, list[str]]:
    """Writes the samples; returns the contender, their number, and what was left out. What rests on documents with
    labels is, unless it is `restricted` that is asked for.

    A declined answer is what a user reads. A question that the documents do not answer has no reference. Raises
    ConfigError if the path exists, InputError for an unknown contender.
    """
    chosen = contender or run.best.contender
    asked, notes = without_errors(asked_of(run, chosen))
    asked, more = without_restricted(run, asked, restricted)
    notes += more
    with new_path(out) as path:
        path.write_text("".join(json.dumps(_sample(one), ensure_ascii=False) + "\n" for one in asked), encoding="utf-8")
    return chosen, len(asked), notes


def _sample(asked: Asked) -> dict[str, Any]:
    hits = asked.answer.citations if asked.answer else ()
    return {
        "user_input": asked.question.text,
        "retrieved_contexts": [hit.chunk.shown for hit in hits if hit.chunk.shown],
        "reference_contexts": list(asked.passages),
        "response": asked.text,
        "reference": next(iter(asked.question.answers), None),
    }
