"""Chains, query engines, pipelines and programs of the real libraries as contenders; retrievers for `own-retriever`.

Tests of a library are skipped where it is not installed. No model is loaded and nothing is asked on a network.
"""

import importlib
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from bakeoff.contenders.custom import HeldToContract
from bakeoff.contenders.frameworks.wrapped import Said, Wrapped
from bakeoff.contenders.own_retriever import OwnFinder
from bakeoff.errors import BakeoffError, ConfigError, ContenderError
from bakeoff.pilot.run import run
from bakeoff.records import Document
from bakeoff.runs.config import load_config
from tests.end_to_end.small import PLANETS, make
from tests.unit import own_systems
from tests.unit.fakes import question

TEXT = "# {0}\n\nThe planet {0} circles its star once in {1}.\n\nIts sky is {2} at noon.\n"
DOCUMENTS = [
    Document(id=f"id-{name}", source=f"{name.lower()}.md", title=name, text=TEXT.format(name, *about))
    for name, about in list(PLANETS.items())[:4]
]
SYSTEMS = {
    "langchain": ("langchain_core", "from_chain", own_systems.langchain_chain),
    "llama_index": ("llama_index.core", "from_query_engine", own_systems.llama_index_engine),
    "haystack": ("haystack", "from_pipeline", own_systems.haystack_pipeline),
    "dspy": ("dspy", "from_program", own_systems.dspy_program),
}
RETRIEVERS = {
    "langchain": ("langchain_core", own_systems.langchain_retriever),
    "llama_index": ("llama_index.core", own_systems.llama_index_retriever),
}


def adapter(library: str, function: str) -> Any:
    return getattr(importlib.import_module(f"bakeoff.contenders.frameworks.{library}"), function)


@pytest.fixture(params=SYSTEMS)
def system(request):
    """(the adapter's function, the function that builds the object from documents)"""
    package, function, build = SYSTEMS[request.param]
    pytest.importorskip(package, reason=f"{package} is not installed")
    return adapter(request.param, function), build


def wrapped(system, documents: Sequence[Document] = DOCUMENTS) -> HeldToContract:
    wrap, build = system
    contender = wrap(build(documents))
    contender.use_documents(documents)
    return HeldToContract("ours", contender)


def test_text_citations_and_tokens_of_the_real_library(system):
    """The passage is a place in the run's document; tokens are those that the model reported; time is measured."""
    (found,) = wrapped(system).answer([question("q", "Which sky colour has Borun?")])
    assert (found.text, found.abstained, found.error, found.contender) == ("grey", False, None, "ours")
    (hit,) = found.citations
    document = DOCUMENTS[1]
    assert hit.chunk.document_id == document.id == "id-Borun"
    assert document.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text
    assert "Its sky is grey" in hit.chunk.text
    used = (found.usage.prompt_tokens, found.usage.completion_tokens)
    assert used == (own_systems.PROMPT_TOKENS, own_systems.COMPLETION_TOKENS)
    assert found.usage.seconds > 0


def test_a_refusal_is_declined_and_a_failure_is_an_error_of_its_question(system):
    """The questions before and after it are answered."""
    texts = ["How long is a year on Aldra?", "Aldra: does it fail?", "Who discovered Aldra?"]
    found = wrapped(system).answer([question(str(n), text) for n, text in enumerate(texts)])
    assert [(one.text, one.abstained) for one in found] == [("314 days", False), ("", False), ("I don't know.", True)]
    assert "the model is away" in found[1].error and found[0].error is None


def test_tokens_of_one_question_are_not_counted_for_the_next(system):
    """Handlers are taken off again."""
    texts = ["How long is a year on Aldra?", "How long is a year on Cetis?"]
    found = wrapped(system).answer([question(str(n), text) for n, text in enumerate(texts)])
    assert {one.usage.prompt_tokens for one in found} == {own_systems.PROMPT_TOKENS}


def test_what_is_built_from_documents_knows_their_update(system):
    """One that was made before does not, and says so; a new one is built for the updated documents."""
    wrap, build = system
    assert "built_from" in wrap(build(DOCUMENTS)).not_updated
    new = [DOCUMENTS[0].model_copy(update={"text": TEXT.format("Aldra", "9 days", "blue")}), *DOCUMENTS[1:]]
    contender = wrap(built_from=build)
    assert contender.not_updated == ""
    contender.use_documents(new)
    assert contender.answer([question("q", "How long is a year on Aldra?")])[0].text == "9 days"


def test_an_object_of_another_kind_is_refused(system):
    """The message names what was given and what is needed."""
    wrap, build = system
    with pytest.raises(ConfigError, match=r"A int is no"):
        wrap(7)
    with pytest.raises(ConfigError, match="either an object or built_from"):
        wrap()
    with pytest.raises(ConfigError, match="either an object or built_from"):
        wrap(build(DOCUMENTS), built_from=build)


@pytest.mark.parametrize("library", RETRIEVERS)
def test_a_retriever_gives_hits_in_the_documents_of_the_run(library):
    """At most k for each query, with the texts that it found."""
    package, build = RETRIEVERS[library]
    pytest.importorskip(package, reason=f"{package} is not installed")
    retriever = adapter(library, "from_retriever")(build(DOCUMENTS))
    retriever.use_documents(DOCUMENTS)
    both, one = retriever.search(["Aldra or Borun?", "Cetis"], 2)
    assert [(hit.chunk.source, hit.rank) for hit in both] == [("aldra.md", 1), ("borun.md", 2)]
    assert one[0].chunk.document_id == "id-Cetis" and "Cetis" in one[0].chunk.text
    assert [len(hits) for hits in retriever.search(["Aldra or Borun?"], 1)] == [1]


def test_what_a_team_s_own_retriever_raises_costs_that_question_alone():
    """Whatever it is; what it returns instead of hits is an error of the contender."""

    class Moody:
        def search(self, queries, k):
            if "Borun?" in queries:
                raise KeyError("shard 3")
            return [[] for _ in queries]

    asked = [question(name, f"{name}?") for name in ("Aldra", "Borun", "Cetis")]
    assert [one.error for one in OwnFinder(Moody()).find(asked, 3)] == [None, "KeyError: 'shard 3'", None]
    for wrong in ([], [["aldra.md"], [], []]):
        with pytest.raises(ContenderError, match="was asked 3 queries, and did not return a list of Hit"):
            OwnFinder(SimpleNamespace(search=lambda queries, k, wrong=wrong: wrong)).find(asked, 3)


OWN = """
from bakeoff.contenders.frameworks.{library} import {function}, from_retriever
from tests.unit import own_systems

def ours():
    return {function}(built_from=own_systems.{build})

def retriever():
    return from_retriever(built_from=own_systems.{retriever})
"""


def test_a_chain_and_a_retriever_run_beside_the_others(tmp_path):
    """In one pilot with an update: accuracy, evidence and freshness are measured as for Bakeoff's own."""
    pytest.importorskip("langchain_core", reason="langchain-core is not installed")
    (tmp_path / "own_langchain.py").write_text(
        OWN.format(library="langchain", function="from_chain", build="langchain_chain", retriever="langchain_retriever")
    )
    (tmp_path / "update").mkdir()
    (tmp_path / "update" / "aldra.md").write_text(TEXT.format("Aldra", "9 days", "blue"))
    (tmp_path / "u.csv").write_text("id,question,answers,source\nu,How long is a year on Aldra now?,9 days,aldra.md\n")
    entries = [
        "rag",
        {"name": "chain", "like": "own_langchain.ours"},
        {"name": "by-name", "like": "own-retriever", "options": {"retriever": "own_langchain.retriever"}},
    ]
    updates = {"documents": ["update"], "questions": ["u.csv"]}
    config = load_config(make(tmp_path, dict(list(PLANETS.items())[:4]), contenders=entries, updates=updates))
    found = run(config, runs=tmp_path / "runs")
    assert found.measure("chain", "accuracy") == 1.0
    assert found.measure("chain", "freshness") == found.measure("by-name", "freshness") == 1.0
    assert found.measure("chain", "retrieval_recall") == found.measure("by-name", "retrieval_recall") == 1.0
    assert found.measure("by-name", "accuracy") >= found.measure("rag", "accuracy")
    assert [stage.part for stage in found.folder.stages() if stage.stage == "index"] == ["index:" + _index(found)]


def test_a_retriever_alone_needs_no_index_also_where_dev_is_large(tmp_path):
    """How passages are shown is chosen on Bakeoff's own retrieval, so here it stays as it is."""
    pytest.importorskip("langchain_core", reason="langchain-core is not installed")
    names = {"function": "from_chain", "build": "langchain_chain", "retriever": "langchain_retriever"}
    (tmp_path / "own_alone.py").write_text(OWN.format(library="langchain", **names))
    entry = {"name": "by-name", "like": "own-retriever", "options": {"retriever": "own_alone.retriever"}}
    config = load_config(make(tmp_path, contenders=[entry], split={"test": 0.3, "dev": 0.4}))
    found = run(config, runs=tmp_path / "runs")
    assert len([one for one in found.folder.questions() if one.split == "dev"]) >= 10
    assert found.measure("by-name", "accuracy") > 0.5
    assert not (found.folder.world / "indexes").exists()


def _index(found: Any) -> str:
    (folder,) = (found.folder.world / "indexes").iterdir()
    return folder.name


def test_a_function_that_fails_is_an_error_of_the_configuration(tmp_path):
    """Before any work, with its words; documents that it cannot use leave it out."""
    (tmp_path / "own_broken.py").write_text(
        "from bakeoff.contenders.frameworks.wrapped import Said, Wrapped\n"
        "def never():\n    raise OSError('no disk')\n"
        "def number():\n    return 7\n"
        "def late():\n    def build(documents):\n        raise OSError('no index')\n"
        "    return Wrapped(lambda own, text: Said(text), None, build)\n"
    )
    few = dict(list(PLANETS.items())[:4])
    for like, options, words in [
        ("own_broken.never", {}, "could not be created: OSError: no disk"),
        ("own-retriever", {"retriever": "own_broken.never"}, "could not be created: OSError: no disk"),
        ("own-retriever", {"retriever": "own_broken.number"}, "has no method search"),
        ("own-retriever", {"retriever": "own_broken"}, "options.retriever"),
        ("own-retriever", {}, "options.retriever"),
    ]:
        folder = tmp_path / f"{like}-{len(words)}-{len(options)}-{options.get('retriever', '')}"
        folder.mkdir()
        (folder / "own_broken.py").write_text((tmp_path / "own_broken.py").read_text())
        with pytest.raises(BakeoffError) as refused:
            load_config(make(folder, few, contenders=["extract", {"name": "x", "like": like, "options": options}]))
        assert words in str(refused.value)
    config = load_config(make(tmp_path, few, contenders=["extract", {"name": "late", "like": "own_broken.late"}]))
    found = run(config, runs=tmp_path / "runs")
    assert found.contenders == ("extract",) and "no index" in found.comparison.skipped["late"]


def test_it_is_not_asked_before_it_was_built():
    """A programming error is named as one."""
    contender = Wrapped(lambda own, text: Said(text), None, lambda documents: object())
    with pytest.raises(ContenderError, match="was not built yet"):
        contender.answer([question("q")])


# What the libraries' objects may give


def said(system: Any, text: str = "Which sky colour has Borun?") -> Any:
    """What a contender says, with the small documents."""
    system.use_documents(DOCUMENTS)
    (found,) = system.answer([question("q", text)])
    return found


def test_outputs_of_chains_are_read_in_their_usual_forms():
    """A mapping with documents, a message, the messages of an agent; another key by its name."""
    pytest.importorskip("langchain_core", reason="langchain-core is not installed")
    from langchain_core.documents import Document as Passage
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import RunnableLambda

    from_chain = adapter("langchain", "from_chain")
    passage = Passage(page_content="Its sky is grey at noon.", metadata={"source": "borun.md"})
    whole = RunnableLambda(lambda given: {"input": given["input"], "context": [passage], "answer": "grey"})
    found = said(from_chain(whole, input_key="input"))
    assert (found.text, found.citations[0].chunk.text) == ("grey", "Its sky is grey at noon.")
    agent = RunnableLambda(lambda given: {"messages": [*given["messages"], AIMessage(content="grey")]})
    assert said(from_chain(agent, input_key="messages")).text == "grey"
    parts = AIMessage(content=[{"type": "text", "text": "gr"}, {"type": "text", "text": "ey"}])
    assert said(from_chain(RunnableLambda(lambda given: parts))).text == "grey"
    own = RunnableLambda(lambda given: {"colour": "grey"})
    assert said(from_chain(own, answer_key="colour")).text == "grey"
    assert "answer_key=KEY" in said(from_chain(own)).error
    assert "which is no text and no message" in said(from_chain(RunnableLambda(lambda given: 7))).error


def test_haystack_s_answers_and_chat_messages_are_read():
    """An AnswerBuilder's answers have their own documents; a chat generator's replies their own meta."""
    pytest.importorskip("haystack", reason="haystack-ai is not installed")
    from haystack import Document as Passage
    from haystack import Pipeline, component
    from haystack.components.builders import AnswerBuilder
    from haystack.dataclasses import ChatMessage

    @component
    class Chat:
        @component.output_types(replies=list[ChatMessage])
        def run(self, messages: list[ChatMessage]) -> dict[str, Any]:
            used = {"usage": {"prompt_tokens": 7, "completion_tokens": 2}}
            return {"replies": [ChatMessage.from_assistant("grey", meta=used)]}

    @component
    class Finder:
        @component.output_types(documents=list[Passage])
        def run(self, query: str) -> dict[str, Any]:
            return {"documents": [Passage(content="Its sky is grey at noon.", meta={"file_path": "borun.md"})]}

    from_pipeline = adapter("haystack", "from_pipeline")
    pipeline = Pipeline()
    for name, part in {"chat": Chat(), "finder": Finder(), "answers": AnswerBuilder()}.items():
        pipeline.add_component(name, part)
    pipeline.connect("chat.replies", "answers.replies")
    pipeline.connect("finder.documents", "answers.documents")
    found = said(from_pipeline(pipeline))
    assert (found.text, found.usage.prompt_tokens, found.usage.completion_tokens) == ("grey", 7, 2)
    assert [hit.chunk.source for hit in found.citations] == ["borun.md"]
    asked = ["chat.messages", "finder.query", "answers.query"]
    assert said(from_pipeline(pipeline, question=asked, answer="answers.answers")).text == "grey"
    assert "answer='COMPONENT.SOCKET'" in said(from_pipeline(pipeline, answer="chat.text")).error
    lonely = Pipeline()
    lonely.add_component("answers", AnswerBuilder())
    assert said(from_pipeline(lonely)).error


def test_a_prediction_without_a_known_field_says_which_it_has():
    """And the field can be named."""
    dspy = pytest.importorskip("dspy", reason="dspy is not installed")
    from_program = adapter("dspy", "from_program")

    class Program(dspy.Module):
        def forward(self, text: str) -> Any:
            return dspy.Prediction(colour="grey")

    assert "answer_field=FIELD" in said(from_program(Program(), input_field="text")).error
    assert said(from_program(Program(), input_field="text", answer_field="colour")).text == "grey"
