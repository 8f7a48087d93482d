"""Every snippet of docs/compare-your-own.md runs: its files in pilots on small documents, its commands in a shell."""

import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bakeoff.pilot.run import run
from bakeoff.runs.config import load_config
from tests.end_to_end.small import PLANETS, REPOSITORY, bakeoff, make
from tests.fake_api import FakeApi
from tests.unit.own_systems import answer_to

PAGE = (REPOSITORY / "docs" / "compare-your-own.md").read_text(encoding="utf-8")
FEW = dict(list(PLANETS.items())[:4])
NEEDS = {
    "langchain_rag": "langchain_core",
    "fresh_rag": "langchain_core",
    "own_search": "langchain_core",
    "llama_index_rag": "llama_index",
    "haystack_rag": "haystack",
    "dspy_rag": "dspy",
}
MY_APP = """
from types import SimpleNamespace
from tests.unit import own_systems
from tests.unit.test_compare_your_own import TEXTS

DOCUMENTS = [SimpleNamespace(source=source, text=text) for source, text in TEXTS.items()]
MADE = {
    "chain": own_systems.langchain_chain, "retriever": own_systems.langchain_retriever,
    "query_engine": own_systems.llama_index_engine, "pipeline": own_systems.haystack_pipeline,
    "program": own_systems.dspy_program,
}
build_chain = own_systems.langchain_chain

def __getattr__(name):
    if name not in MADE:
        raise AttributeError(name)
    return MADE[name](DOCUMENTS)
"""
TEXTS = {
    f"{name.lower()}.md": f"# {name}\n\nThe planet {name} circles its star once in {year}.\n\n"
    f"Its sky is {colour} at noon.\n"
    for name, (year, colour) in FEW.items()
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def files() -> dict[str, str]:
    """The python blocks by the names that their first lines give."""
    return {block.partition("\n")[0].removeprefix("# ").removesuffix(".py"): block for block in blocks("python")}


def entries() -> Iterator[Any]:
    """Each contender of the YAML blocks, and one for each python file that no block names."""
    listed = [one for block in blocks("yaml") for one in yaml.safe_load(block)["contenders"] if isinstance(one, dict)]
    yield from listed
    for name in files():
        if name not in json.dumps(listed):
            yield {"name": "ours", "like": f"{name}.ours"}


def needed(entry: Any) -> str:
    """The package that a contender needs; empty if none."""
    return next((package for name, package in NEEDS.items() if name in json.dumps(entry)), "")


@pytest.mark.parametrize("entry", [*entries()], ids=lambda entry: json.dumps(entry)[:60])
def test_each_contender_of_the_page_is_measured(entry, tmp_path, monkeypatch):
    """It answers all that the documents say, and evidence is measured."""
    package = needed(entry)
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    (tmp_path / "my_app.py").write_text(MY_APP)
    for name, text in files().items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setenv("OUR_KEY", "a-key-of-ours")
    monkeypatch.syspath_prepend(str(tmp_path))
    for module in ("my_app", *files()):
        monkeypatch.delitem(__import__("sys").modules, module, raising=False)
    with FakeApi(reply=lambda messages: in_texts(messages[-1]["content"]), key="a-key-of-ours") as api:
        api.more_fields = lambda messages: {"citations": [named(messages[-1]["content"])]}
        config = make(tmp_path, FEW, contenders=["extract", with_address(entry, api.url)])
        record(tmp_path)
        found = run(load_config(config), runs=tmp_path / "runs")
    name = entry["name"]
    assert found.measure(name, "accuracy") == 1.0
    assert found.measure(name, "retrieval_recall") == 1.0
    assert found.measure(name, "abstention") > 0


def with_address(entry: Any, url: str) -> Any:
    """The entry with the address of the test's own server in place of the page's example."""
    return json.loads(json.dumps(entry).replace("https://rag.example/v1", url))


def named(question: str) -> str:
    return next((source for source in TEXTS if source.removesuffix(".md") in question.lower()), "aldra.md")


def in_texts(question: str) -> str:
    return answer_to(f"{TEXTS[named(question)]}\nQuestion: {question}")


def record(folder: Path) -> None:
    """The file of recorded answers that the page names; its first line has the fields of the page's example."""
    asked = [json.loads(line)["question"] for line in (folder / "questions.jsonl").read_text().splitlines()]
    rows = [{"question": text, "answer": in_texts(text), "contexts": [named(text)]} for text in asked]
    (folder / "last-year.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_the_recorded_line_of_the_page_is_read(tmp_path):
    """With every field that it shows."""
    from bakeoff.contenders.recorded_answers import read_recorded

    (block,) = blocks("json")
    (tmp_path / "a.jsonl").write_text(block)
    (one,) = read_recorded(tmp_path / "a.jsonl")
    assert (one.question, one.answer, one.latency_ms, one.cost_usd) == (
        "How long is a year on Aldra?",
        "314 days",
        820,
        0.002,
    )
    assert one.sources[0].names == ("aldra.md",)


def test_each_command_of_the_page_runs(tmp_path):
    """On results of Ragas of the name that it gives."""
    rows = [
        {
            "user_input": f"How long is a year on {name}?",
            "reference": year,
            "reference_contexts": [TEXTS[f"{name.lower()}.md"]],
            "response": year,
            "retrieved_contexts": [],
        }
        for name, (year, _) in FEW.items()
    ]
    (tmp_path / "ragas-results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert commands
    for command in commands:
        done = bakeoff(*shlex.split(command)[1:], cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "from-ragas" / "bakeoff.yaml").exists()
