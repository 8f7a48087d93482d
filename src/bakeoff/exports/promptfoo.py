"""`promptfoo`: the test questions of a run as a configuration of promptfoo, which asks the server of the run.

Takes a finished run, gives one YAML file: a test for each question, and each contender that can be served as a provider
at the address of `bakeoff serve`. With a contender, the tests hold its measured answers, and nothing is asked.
Format: https://www.promptfoo.dev/docs/configuration/reference/
"""

from pathlib import Path
from typing import Any

import yaml

from bakeoff.exports.measured import Asked, asked_of, without_errors, without_restricted
from bakeoff.exports.target import new_path
from bakeoff.runs.run import Run

ADDRESS = "http://127.0.0.1:8000/v1"
"""The address of `bakeoff serve` by default."""
REFUSED = {
    "type": "assert-set",
    "threshold": 0.5,
    "assert": [{"type": "is-refusal"}, {"type": "icontains-any", "value": ["don't know", "do not know"]}],
}
"""One of the two must hold: what promptfoo calls a refusal is one to help, not one for lack of knowledge."""


def export_promptfoo(
    run: Run, out: Path, contender: str | None = None, restricted: bool = False
) -> tuple[int, list[str]]:
    """Writes the configuration; returns the number of tests, and what was left out. What rests on documents with
    labels is, unless it is `restricted` that is asked for.

    Raises ConfigError if the path exists, InputError for an unknown contender.
    """
    asked, notes = without_errors(asked_of(run, contender or ""))
    asked, more = without_restricted(run, asked, restricted)
    notes += more
    config = {
        "description": f"The test of the run {run.folder.root.name}",
        "prompts": ["{{question}}"],
        "providers": [_recorded(contender)] if contender else _served(run),
        "tests": [_test(one) for one in asked],
    }
    with new_path(out) as path:
        path.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")
    return len(asked), notes


def _served(run: Run) -> list[dict[str, Any]]:
    served = [name for name in run.contenders if not run.comparison.outside(name)]
    address = {"apiBaseUrl": ADDRESS, "apiKeyEnvar": "BAKEOFF_KEY"}
    return [{"id": f"openai:chat:{name}", "label": name, "config": address} for name in served]


def _recorded(contender: str) -> dict[str, Any]:
    """A provider that asks nothing: it gives the prompt back, and the tests have the output already."""
    return {"id": "echo", "label": contender}


def _test(asked: Asked) -> dict[str, Any]:
    """Any of the accepted answers must be in the output; a question without one must be refused."""
    question = asked.question
    expected = {"type": "icontains-any", "value": list(question.answers)} if question.answers else REFUSED
    test = {
        "description": question.id,
        "vars": {"question": question.text},
        "assert": [expected],
        "metadata": {"fact": question.fact, "slice": question.slice or ""},
    }
    return {**test, "providerOutput": asked.text} if asked.answer else test
