"""promptfoo: test cases as CSV with `__expected` columns, or as a list of tests in YAML or JSON.

Variables become columns. Assertions with a reference become accepted answers; all others (rubrics, code, costs) are not
used. Format: https://www.promptfoo.dev/docs/configuration/test-cases
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bakeoff.errors import InputError
from bakeoff.questions.rows.columns import answer_like, header
from bakeoff.questions.tools.converted import Cells, Converted, Numbered, Recorded, left_out

WHOLE = ("equals", "similar", "levenshtein", "factuality", "rouge-n", "bleu", "gleu", "meteor")
"""Assertions whose value is an answer."""
PART = ("contains", "icontains", "starts-with", "contains-all", "icontains-all")
"""Assertions whose value, or each value of a list, is part of an answer."""
ANY = ("contains-any", "icontains-any")
"""Assertions with a list of values, of which one is enough."""
_ASSERTION = re.compile(r"(not-)?([a-z][a-z-]*)(?:\([\d.]+\))?:\s*(.*)", re.S)
_CODE = ("javascript", "python", "fn", "eval", "grade", "file", "ruby")
_OTHER = (
    *("llm-rubric", "regex", "is-json", "contains-json", "is-sql", "contains-sql", "is-xml", "contains-xml", "cost"),
    *("latency", "perplexity", "perplexity-score", "answer-relevance", "context-recall", "context-relevance"),
    *(
        "context-faithfulness",
        "classifier",
        "model-graded-closedqa",
        "model-graded-factuality",
        "moderation",
        "webhook",
    ),
    *("g-eval", "is-refusal", "select-best", "human", "pi", "guardrails", "word-count", "finish-reason"),
)


class Assertion(NamedTuple):
    type: str
    value: Any


def read(recorded: Recorded) -> Converted | None:
    """One row per test with a reference. `is-refusal` marks an unanswerable question."""
    tests = [*_tests(recorded)]
    if not tests:
        return None
    rows = [(number, cells) for number, variables, found in tests if (cells := _cells(variables, found))]
    why = "none of their assertions has a reference answer (such as equals, contains or similar)"
    return Converted("promptfoo", rows, left_out(len(tests) - len(rows), "test", why))


def _tests(recorded: Recorded) -> Iterator[tuple[int, Cells, list[Assertion]]]:
    if any(name.startswith("__expected") for name in recorded.names):
        for number, cells in recorded.rows:
            variables = {name: value for name, value in cells.items() if not name.startswith("__")}
            written = [str(value) for name, value in cells.items() if name.startswith("__expected") and value]
            yield number, variables, [_written(text) for text in written]
        return
    for number, test in _listed(recorded):
        if isinstance(test.get("vars"), Mapping):
            yield number, test["vars"], [*_all_given(test.get("assert"))]


def _listed(recorded: Recorded) -> Sequence[Numbered]:
    """The tests of a list, or of a configuration."""
    tests = recorded.rows[0][1].get("tests") if len(recorded.rows) == 1 else None
    if isinstance(tests, str):
        raise InputError(
            f"{recorded.path}: its tests are in another file, {tests!r}.", "give that file as the question file"
        )
    if isinstance(tests, list):
        return [(number, test) for number, test in enumerate(tests, 1) if isinstance(test, Mapping)]
    return recorded.rows


def _written(text: str) -> Assertion:
    """An assertion written as 'type: value' or 'type(0.8): value'. Without a type it means equals."""
    match = _ASSERTION.fullmatch(text.strip())
    if match is None or match[2] not in (*WHOLE, *PART, *ANY, *_OTHER, *_CODE):
        return Assertion("is-refusal" if text.strip() == "is-refusal" else "equals", text)
    value = match[3]
    several = match[2].endswith(("-any", "-all"))
    return Assertion(f"{match[1] or ''}{match[2]}", [part.strip() for part in value.split(",")] if several else value)


def _all_given(assertions: Any) -> Iterator[Assertion]:
    """Those of a list, with those of its sets. Beside a refusal in a set, the others are other words for it."""
    for each in assertions if isinstance(assertions, list) else ():
        if not isinstance(each, Mapping):
            continue
        if each.get("type") != "assert-set":
            yield _given(each)
            continue
        inner = [*_all_given(each.get("assert"))]
        refusals = [one for one in inner if one.type == "is-refusal"]
        yield from refusals or inner


def _given(assertion: Mapping[str, Any]) -> Assertion:
    return Assertion(str(assertion.get("type", "")), assertion.get("value"))


def _cells(variables: Cells, assertions: Sequence[Assertion]) -> dict[str, Any] | None:
    """The cells of a test. None if no assertion has a reference."""
    known = [Assertion(type, _filled(value, variables)) for type, value in assertions]
    whole = [text for type, value in known if type in WHOLE for text in _texts(value)]
    parts = [text for type, value in known if type in PART for text in _texts(value)]
    some = [text for type, value in known if type in ANY for text in _texts(value)]
    refused = any(type == "is-refusal" for type, _ in known)
    answers = whole or some or (parts if len(parts) < 2 else [", ".join(parts)])
    if not answers and not refused:
        return None
    is_list = not whole and not some and len(parts) > 1
    kind = "unanswerable" if refused and not answers else "list" if is_list else ""
    return {**_renamed(variables), "answers": answers, "kind": kind}


def _renamed(variables: Cells) -> dict[str, Any]:
    """The variables without those that are called like answers. The only variable is the question."""
    answers = set(answer_like([*variables]))
    kept = {name: value for name, value in variables.items() if name not in answers and name != "kind"}
    if len(kept) == 1 and "text" not in header([*kept], {}).positions:
        return {"question": next(iter(kept.values()))}
    return kept


def _filled(value: Any, variables: Cells) -> Any:
    """The value, or that of the variable which it names: '{{expected}}'."""
    match = re.fullmatch(r"\s*\{\{\s*(\w+)\s*\}\}\s*", value) if isinstance(value, str) else None
    return variables.get(match[1], value) if match else value


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(item) for item in values if item not in (None, "")]
