"""Results of promptfoo (`promptfoo eval -o results.json`, or an export): tests with what each provider answered.

Takes the file, gives the tests as questions and the answers of each provider with each prompt as those of one system.
The latency of an answer from promptfoo's cache is not one, and is left out.
Format: https://www.promptfoo.dev/docs/usage/command-line and its file `results.json` (versions 2 and 3).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bakeoff.apart.process import ApartError, call
from bakeoff.corpus.sources.folders import content_of
from bakeoff.errors import InputError
from bakeoff.files.plain_json import plain_json
from bakeoff.formats.part import UnreadableError
from bakeoff.importing.gathered import Gathered, Texts
from bakeoff.questions.rows.table import MOST_BYTES
from bakeoff.questions.tools import promptfoo
from bakeoff.questions.tools.converted import Recorded

CONTEXTS = ("context", "contexts", "documents")
"""Variables that hold passages."""


def read(path: Path) -> list[Mapping[str, Any]]:
    """The results in a file of promptfoo, which is parsed in a process of its own; empty if it is none.

    Raises InputError if it takes too much time or memory.
    """
    if path.suffix.lower() != ".json" or not path.is_file():
        return []
    try:
        content, _ = content_of(path, MOST_BYTES)
        results: list[Mapping[str, Any]] = call(f"{__name__}:parsed_results", str(path), content)
    except UnreadableError:  # who reads its rows says why
        return []
    except ApartError as error:
        raise InputError(f"{path}: {error.message}.", error.remedy) from error
    return results


def parsed_results(name: str, content: bytes) -> list[Mapping[str, Any]]:
    """What the other process does."""
    try:
        return results_in(plain_json(content))
    except ValueError:
        return []


def results_in(content: Any) -> list[Mapping[str, Any]]:
    """The results in a file of promptfoo; empty if it is none."""
    inner = content.get("results") if isinstance(content, Mapping) else None
    listed = inner.get("results") if isinstance(inner, Mapping) else None
    found = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    return found if any("vars" in one or "testCase" in one for one in found) else []


def gather(results: Sequence[Mapping[str, Any]], path: Path, texts: Texts) -> Gathered:
    """What the results hold. Raises InputError if no test has a reference."""
    gathered = Gathered("promptfoo", texts)
    tests = [_test(result) for result in results]
    read = promptfoo.read(Recorded(path, [*enumerate(tests)]))
    rows = dict(read.rows) if read else {}
    if not rows:
        raise InputError(
            f"{path}: no test has a reference answer (such as equals, contains or similar).",
            "add one to the assertions of the tests: Bakeoff grades answers by accepted ones",
        )
    several = len({_prompt(result) for result in results}) > 1
    asked: set[str] = set()
    for number, result in enumerate(results):
        cells = rows.get(number)
        passages = [text for text in map(_passage, _contexts(tests[number])) if text]
        sources = list(dict.fromkeys(filter(None, map(texts.add, passages))))
        question = str((cells or {}).get("question") or "")
        if cells is None or not question:
            gathered.leave_out("result", "its test has no reference answer, or no question")
            continue
        if question not in asked:
            kept = {name: value for name, value in cells.items() if name not in CONTEXTS}
            gathered.add_question({**kept, **({"source": sources} if sources else {})})
            asked.add(question)
        system = f"{_provider(result)}-{_prompt(result)[:40]}" if several else _provider(result)
        _add_answer(gathered, system, result, question, passages)
    return gathered


def _test(result: Mapping[str, Any]) -> dict[str, Any]:
    test = result.get("testCase")
    test = test if isinstance(test, Mapping) else {}
    variables = test.get("vars") or result.get("vars") or {}
    return {"vars": variables, "assert": test.get("assert") or []}


def _contexts(test: Mapping[str, Any]) -> list[Any]:
    variables = test["vars"] if isinstance(test["vars"], Mapping) else {}
    value: Any = next((variables[name] for name in CONTEXTS if variables.get(name)), [])
    return value if isinstance(value, list) else [value]


def _passage(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _provider(result: Mapping[str, Any]) -> str:
    provider = result.get("provider")
    if isinstance(provider, Mapping):
        provider = provider.get("label") or provider.get("id")
    return str(provider or "promptfoo")


def _prompt(result: Mapping[str, Any]) -> str:
    prompt = result.get("prompt")
    return str(prompt.get("label") or prompt.get("raw") or "") if isinstance(prompt, Mapping) else str(prompt or "")


def _add_answer(gathered: Gathered, system: str, result: Mapping[str, Any], question: str, passages: list[str]) -> None:
    response = result.get("response")
    response = response if isinstance(response, Mapping) else {}
    output = response.get("output")
    error = response.get("error") or (result.get("error") if output is None else None)
    if output is None and not error:
        gathered.leave_out("answer", "it has no output")
        return
    test = result.get("testCase")
    is_cached = bool(response.get("cached"))
    if isinstance(test, Mapping) and test.get("providerOutput") is not None:
        is_cached = True
        gathered.leave_out("latency", "the test has the output already")
    elif is_cached:
        gathered.leave_out("latency", "promptfoo answered from its cache")
    used = response.get("tokenUsage")
    used = used if isinstance(used, Mapping) and not is_cached else {}
    cost = response.get("cost") if response.get("cost") is not None else result.get("cost")
    given = {
        "question": question,
        "answer": output
        if isinstance(output, str)
        else json.dumps(output, ensure_ascii=False)
        if output is not None
        else "",
        "contexts": passages,
        "latency_ms": None if is_cached else result.get("latencyMs"),
        "cost_usd": None if is_cached else cost,
        "prompt_tokens": used.get("prompt"),
        "completion_tokens": used.get("completion"),
        "error": str(error) if error else None,
    }
    gathered.add_answer(system, given)
