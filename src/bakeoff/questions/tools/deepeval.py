"""DeepEval: goldens with `input`, `expected_output`, `context` and `source_file`, as CSV or JSON.

`actual_output` and `retrieval_context` are what a model said and found, and are not used. In CSV, DeepEval joins the
texts of `context` with '|'. Format: https://deepeval.com/docs/evaluation-datasets
"""

from typing import Any

from bakeoff.questions.tools.converted import Cells, Converted, Recorded


def read(recorded: Recorded) -> Converted | None:
    """One row per golden."""
    if not {"input", "expected_output"} <= recorded.names:
        return None
    return Converted("DeepEval", [(number, _renamed(cells, recorded.is_table)) for number, cells in recorded.rows])


def _renamed(cells: Cells, is_table: bool) -> dict[str, Any]:
    context = cells.get("context") or []
    quotes = context.split("|") if is_table and isinstance(context, str) and not context.startswith("[") else context
    expected = cells.get("expected_output")
    kept = {name: cells[name] for name in ("id", "fact", "asked", "date", "kind", "split") if name in cells}
    return {
        **kept,
        "question": cells.get("input"),
        "answers": [expected] if expected else [],
        "evidence": quotes,
        "source": cells.get("source_file"),
    }
