"""HyDE and rewordings: what is searched for, fused orders, usage, labels, errors, streams, runs, serving."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bakeoff.contenders.built import Fitted
from bakeoff.contenders.grounded import Grounded
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.rewriting import Hyde, MultiQuery, Writer, hyde_vectors, rewordings
from bakeoff.contenders.spec import Entry, Spec, resolve
from bakeoff.contenders.streaming import stream_of
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.stores import fill_store
from bakeoff.errors import ConfigError, ContenderError
from bakeoff.models.prompts import GROUNDED, HYDE, MULTI_QUERY, Prompts, PromptTemplate
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.pilot.run import run
from bakeoff.records import Answer, Completion, Document, GenerationSettings, Hit, Labels, Prompt, Usage, ask
from bakeoff.retrieval.fuse import fused_hits
from bakeoff.retrieval.settings import Retrieval
from tests.end_to_end.small import make, reader
from tests.fake_api import FakeApi
from tests.unit.fakes import FakeRetriever, WordEmbedder, chunk
from tests.unit.labelled_world import ASKED, MODELS, check_live_documents, labelled_world, save, shown

A, B, C, D = (chunk(f"{name}.md", f"text {name}") for name in "abcd")
WRITE = GenerationSettings(max_new_tokens=8)


class Searched:
    """An index that notes what it is searched for; `orders` are the chunks it finds for each query."""

    def __init__(self, orders: dict[str, list[Any]] | None = None) -> None:
        self.orders = orders or {}
        self.texts: list[str] = []
        self.vectors: list[np.ndarray] = []
        self.access: list[Labels] = []
        self.depths: list[int] = []

    def search(self, queries: Sequence[str], k: int, access: Labels = None) -> list[list[Hit]]:
        self.texts += queries
        self.access += [access] * len(queries)
        self.depths.append(k)
        return [
            [
                Hit(chunk=one, score=1 / rank, rank=rank)
                for rank, one in enumerate(self.orders.get(query, [A, B])[:k], 1)
            ]
            for query in queries
        ]

    def search_visible(self, queries: Sequence[str], k: int, access: tuple[str, ...]) -> list[list[Hit]]:
        return self.search(queries, k, access)

    def search_vectors(
        self, queries: Sequence[str], vectors: np.ndarray, k: int, access: Labels = None
    ) -> list[list[Hit]]:
        self.vectors += list(vectors)
        return self.search(queries, k, access)


class Model:
    """Rewrites by a mapping from questions, answers the rest with "yes"; notes prompts and settings."""

    name, context_tokens = "model", 1000

    def __init__(self, written: dict[str, str], error: str | None = None) -> None:
        self.written, self.error = written, error
        self.rewritten: list[str] = []
        self.systems: list[str] = []
        self.settings: list[GenerationSettings] = []

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        return [self._complete(prompt, settings) for prompt in prompts]

    def _complete(self, prompt: Prompt, settings: GenerationSettings) -> Completion:
        system, user = (message.content for message in prompt.messages)
        if system.startswith("Answer"):
            return Completion(text="yes", usage=Usage(prompt_tokens=100, completion_tokens=1, seconds=2.0), logprob=-1)
        self.rewritten.append(user)
        self.systems.append(system)
        self.settings.append(settings)
        usage = Usage(prompt_tokens=10, completion_tokens=5, seconds=0.5)
        if self.error and user.startswith("broken"):
            return Completion(text="", usage=usage, error=self.error)
        return Completion(text=self.written.get(user, "I don't know."), usage=usage)

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Any:
        completion = self._complete(prompt, settings)
        yield completion.text
        yield completion

    def count_tokens(self, text: str) -> int:
        return len(text.split())


def sources(hits: Sequence[Hit]) -> list[str]:
    return [hit.chunk.source for hit in hits]


def test_fused_hits_are_ordered_by_the_sum_of_reciprocal_ranks() -> None:
    """Written out: k = 60. Of equal sums, what an earlier search found first comes first."""
    first, second, third = (
        [Hit(chunk=one, score=9 - rank, rank=rank) for rank, one in enumerate(order, 1)]
        for order in ([A, B, C], [C, A], [D, C])
    )
    hits = fused_hits([first, second, third], 4)
    sums = {"c.md": 1 / 63 + 1 / 61 + 1 / 62, "a.md": 1 / 61 + 1 / 62, "d.md": 1 / 61, "b.md": 1 / 62}
    assert sources(hits) == list(sums) and [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert [hit.score for hit in hits] == pytest.approx(list(sums.values()))
    assert sources(fused_hits([[*first[:1]], [*third[:1]]], 2)) == ["a.md", "d.md"]
    assert sources(fused_hits([[*third[:1]], [*first[:1]]], 1)) == ["d.md"]
    assert fused_hits([[], []], 3) == []


def test_the_vector_of_hyde_is_the_mean_of_question_and_passage() -> None:
    """Written out, at unit length. Without a passage it is that of the question."""
    embedder = WordEmbedder("boiler valve zebra")
    questions = [ask("the boiler?"), ask("a zebra?")]
    vectors = hyde_vectors(embedder, questions, ["Turn the valve.", ""])
    mean = (embedder.embed_queries(["the boiler?"])[0] + embedder.embed_passages(["Turn the valve."])[0]) / 2
    assert vectors[0] == pytest.approx(mean / np.linalg.norm(mean))
    assert vectors[1] == pytest.approx(embedder.embed_queries(["a zebra?"])[0])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1]) and vectors.dtype == np.float32


def test_hyde_searches_the_words_of_the_question_and_the_vector_of_both() -> None:
    """No made-up word is searched for. A model that does not know leaves the question's vector."""
    index, model = Searched(), Model({"the boiler?": "Turn the valve."})
    embedder = WordEmbedder("boiler valve")
    questions = [ask("the boiler?"), ask("what?")]
    found = Hyde(Writer(model, HYDE, 40), index, embedder).find(questions, 2)
    assert index.texts == ["the boiler?", "what?"] and index.depths == [2]
    expected = hyde_vectors(embedder, questions, ["Turn the valve.", ""])
    assert np.array(index.vectors) == pytest.approx(expected)
    assert [sources(one.hits) for one in found] == [["a.md", "b.md"]] * 2


def test_rewordings_are_lines_that_say_something_else() -> None:
    """Marks, quotes, the question itself, repetitions, empty lines and declining are left out."""
    text = "1. How long?\n\n- how LONG?\n2) \"Until when is it?\"\nWhat's up?\nI don't know.\n***\n• 12 V or 24 V?"
    assert rewordings(text, "what's up? ", 9) == ["How long?", "Until when is it?", "12 V or 24 V?"]
    assert rewordings(text, "", 1) == ["How long?"]
    announced = "Here are 2 other ways to ask:\n\n1. **How long?**\n2. Until when?\n质问如下：\n* For how long?"
    assert rewordings(announced, "", 3) == ["How long?", "Until when?", "For how long?"]
    assert rewordings("2024 was it?\n3.5 mm or 4 mm?", "", 5) == ["2024 was it?", "3.5 mm or 4 mm?"]


def test_rewordings_are_searched_with_the_question_and_fused() -> None:
    """Each question has its own: the passage that two of three wordings find comes first."""
    orders = {"why?": [A, B], "how so?": [C, D], "for what reason?": [D, C], "who?": [B]}
    index, model = Searched(orders), Model({"why?": "how so?\nfor what reason?\nunused?"})
    found = MultiQuery(Writer(model, MULTI_QUERY, 40), index, 2).find([ask("why?"), ask("who?")], 3)
    assert index.texts == ["why?", "how so?", "for what reason?", "who?"]
    assert sources(found[0].hits) == ["c.md", "d.md", "a.md"] and sources(found[1].hits) == ["b.md"]
    assert index.depths == [20]


@pytest.mark.parametrize("way", ["hyde", "multi-query"])
def test_the_usage_of_rewriting_is_that_of_the_answer(way: str) -> None:
    """Tokens and seconds are added, in a batch and streamed; a stream's latency holds them too."""
    index, model = Searched(), Model({"why?": "how so?"})
    made = Grounded("rag", finder(way, model, index), model, GROUNDED, 2, WRITE)
    (answer,) = made.answer([ask("why?")])
    *pieces, last = stream_of(made, ask("why?"))
    assert pieces == ["yes"] and isinstance(last, Answer)
    for one in (answer, last):
        assert (one.usage.prompt_tokens, one.usage.completion_tokens) == (110, 6)
        assert 2.5 < one.usage.seconds < 3.5 and sources(one.citations) == ["a.md", "b.md"]
    assert last.latency_ms and last.latency_ms > 500


def finder(way: str, model: Model, index: Any) -> Hyde | MultiQuery:
    if way == "hyde":
        return Hyde(Writer(model, HYDE, 40), index, WordEmbedder("why how"))
    return MultiQuery(Writer(model, MULTI_QUERY, 40), index, 2)


@pytest.mark.parametrize("way", ["hyde", "multi-query"])
def test_the_model_rewrites_greedily_and_sees_only_the_question(way: str) -> None:
    """Instructions of a caller are for the answer. The limit of tokens is that of rewriting. Nothing is remembered."""
    model = Model({"why?": "how so?"})
    made = Grounded("rag", finder(way, model, Searched()), model, GROUNDED, 2, WRITE)
    told = ask("why?").model_copy(update={"instructions": "Answer in rhyme."})
    made.answer([told])
    made.answer([told])
    assert model.rewritten == ["why?", "why?"] and not any("rhyme" in system for system in model.systems)
    assert model.settings[0] == GenerationSettings(max_new_tokens=40, temperature=0.0)


@pytest.mark.parametrize("way", ["hyde", "multi-query"])
def test_a_question_that_cannot_be_rewritten_fails_alone(way: str) -> None:
    """The answer has the model's error, in a batch and streamed; the other question is answered."""
    model = Model({"why?": "how so?"}, error="The server refused.")
    made = Grounded("rag", finder(way, model, Searched()), model, GROUNDED, 2, WRITE)
    broken, fine = made.answer([ask("broken?"), ask("why?")])
    assert (broken.error, broken.text, broken.citations) == ("The server refused.", "", ())
    assert broken.usage.prompt_tokens == 10 and (fine.text, fine.error) == ("yes", None)
    (alone,) = stream_of(made, ask("broken?"))
    assert isinstance(alone, Answer) and alone.error == "The server refused."


@pytest.mark.parametrize("way", ["hyde", "multi-query"])
def test_every_search_is_made_with_the_labels_of_who_asks(way: str) -> None:
    """Rewordings as well as questions."""
    index, model = Searched(), Model({"why?": "how so?\nfor what?"})
    questions = [ask("why?", ("hr",)), ask("why?"), ask("why?", ())]
    finder(way, model, index).find(questions, 2)
    assert set(index.access) == {("hr",), None, ()}
    n = 1 if way == "hyde" else 3
    assert sorted(map(str, index.access)) == sorted(map(str, [("hr",)] * n + [None] * n + [()] * n))


def test_each_question_is_searched_by_its_own_vector_among_others_with_other_labels() -> None:
    """Questions with equal labels are searched together, and every vector stays with its question."""
    index, embedder = Searched(), WordEmbedder("boiler valve zebra")
    questions = [ask("boiler?", ("hr",)), ask("valve?"), ask("zebra?", ("hr",))]
    Hyde(Writer(Model({}), HYDE, 40), index, embedder).find(questions, 2)
    assert index.texts == ["boiler?", "zebra?", "valve?"]
    assert np.array(index.vectors) == pytest.approx(embedder.embed_queries(index.texts))


def test_hyde_needs_an_index_that_can_be_searched_by_vectors() -> None:
    """A retriever that cannot is named, with what to do."""
    with pytest.raises(ContenderError, match="FakeRetriever cannot be searched by vectors"):
        Hyde(Writer(Model({}), HYDE, 40), FakeRetriever([A]), WordEmbedder("a"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rewrite": "hide"}, "'none', 'hyde' or 'multi-query'"),
        ({"rewrite": "hyde", "rewordings": 2}, "counts the rewordings of rewrite: multi-query, but rewrite is 'hyde'"),
        ({"rewordings": 2}, "but rewrite is 'none'"),
        ({"rewrite": "multi-query", "rewordings": 11}, "less than or equal to 10"),
        ({"rewrite_tokens": 50}, "limits what the model writes"),
        ({"rewrite": "hyde", "iterations": 2}, "2 rounds cannot be combined with rewrite: hyde"),
        ({"iterations": 0}, "greater than or equal to 1"),
        ({"golden": 0.5}, "unknown option 'golden' .*allowed: rewrite, rewordings, rewrite_tokens, iterations"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], words: str) -> None:
    """With what is allowed."""
    with pytest.raises(ConfigError, match=words) as refused:
        make_recipe(Spec(name="r", recipe="rag", options=options))
    assert "Value error" not in refused.value.message


def test_the_prompt_of_rewriting_can_be_set_for_a_run_or_a_contender() -> None:
    """It must have a place for the question; {n} is the number of rewordings."""
    entry = Entry(like="rag", options={"rewrite": "multi-query"}, prompts={"rewrite": {"system": "s", "user": "u"}})
    (spec,) = resolve([entry], Spec(name="d", recipe="d"), MODELS)
    with pytest.raises(ConfigError, match=r"prompts.rewrite.user lacks \{question\}"):
        make_recipe(spec).check([])
    counting = Prompts(rewrite=PromptTemplate(system="Write {n}.", user="{n} for {question}"))
    with pytest.raises(ConfigError, match="makes up one passage"):
        make_recipe(Spec(name="r", recipe="rag", prompts=counting, options={"rewrite": "hyde"})).check([])
    recipe = make_recipe(Spec(name="r", recipe="rag", prompts=counting, options={"rewrite": "multi-query"}))
    recipe.check([])
    assert recipe.writing() == (PromptTemplate(system="Write 3.", user="3 for {question}"), 96)  # type: ignore[attr-defined]
    assert "rewrite" not in Prompts().model_dump()


def rewriting_spec(name: str, recipe: str = "rag", **options: Any) -> Spec:
    limits = GenerationSettings(max_new_tokens=60)
    return Spec(name=name, recipe=recipe, retrieval=Retrieval(k=2, chunk_tokens=64), generation=limits, options=options)


WAYS: dict[str, dict[str, Any]] = {
    "hyde": {"rewrite": "hyde"},
    "multi-query": {"rewrite": "multi-query", "rewordings": 2},
    "rounds": {"iterations": 2},
}


@pytest.fixture
def world(tmp_path: Path) -> WorldFolder:
    made = labelled_world(tmp_path / "world")
    for name, options in WAYS.items():
        save(made, make_recipe(rewriting_spec(name, **options)), Fitted())
    return made


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("access", [(), ("sales",), ("legal",), ("hr",), None])
def test_a_contender_shows_only_what_may_be_seen(world: WorldFolder, way: str, access: Labels) -> None:
    """In a batch and streamed, whatever is searched for."""
    made = world.open(way)
    for items in (made.answer([ask(ASKED, access)]), list(stream_of(made, ask(ASKED, access)))):
        assert isinstance(items[-1], Answer) and items[-1].error is None
        assert ("90,000" in shown(items)) == (access is None or "hr" in access)
        if access is not None:
            assert ("lawsuit" in shown(items)) == ("legal" in access)


@pytest.mark.parametrize("way", WAYS)
def test_it_is_served_with_live_documents(world: WorldFolder, tmp_path: Path, way: str) -> None:
    """A document that is added is found by the next question; one that is deleted is not."""
    check_live_documents(world, tmp_path, list(WAYS), way)


def rewriting_reader() -> Any:
    """The reader of the small pilot, which rewrites a question by repeating it."""
    made = reader()
    plain = made._reply
    made._reply = lambda message: plain(message) if "\n" in message else f"In other words: {message}"
    return made


def test_a_pilot_measures_ways_to_search_beside_each_other(tmp_path: Path) -> None:
    """Each gives its own dev answers, has a label of its own and pays for what it writes."""
    contenders = ["rag", *({"name": name, "like": "rag", "options": options} for name, options in WAYS.items())]
    models = {"generator": "tests.unit.test_rewriting.rewriting_reader", "embedder": "hash"}
    config = make(tmp_path, models=models, contenders=contenders, split={"test": 0.3, "dev": 0.4})
    finished = run(config, runs=tmp_path / "runs")
    assert set(finished.comparison.names) == {"rag", *WAYS} and not finished.comparison.skipped
    tokens = {}
    for name in ("rag", *WAYS):
        assert finished.comparison.estimate(name, "accuracy").value > 0.5
        given = finished.folder.answers(name, "dev")
        tokens[name] = {one.question_id: one.usage.prompt_tokens for one in given}
    plain = tokens["rag"]
    for name in ("hyde", "multi-query"):
        assert plain and all(tokens[name][id] > n for id, n in plain.items() if id in tokens[name])
    knowledge = [finished.comparison.entrant(name).shown for name in ("rag", *WAYS)]
    assert [text.partition(", ")[2].partition(", ")[2] for text in knowledge] == [
        "",
        "HyDE",
        "2 rewordings",
        "2 rounds",
    ]


class Recording(WorldFolder):
    """A world that notes which models are opened."""

    def generator(self, model: str, adapter: str = "", template: Any = None) -> Any:
        self.opened: list[tuple[str, str]] = [*getattr(self, "opened", []), (model, adapter)]
        return Model({})


def test_a_hybrid_rewrites_with_the_model_as_it_comes(tmp_path: Path) -> None:
    """And answers with the tuned one. Its parts name both."""
    made = Recording(tmp_path, {"generator": LocalModel(name="scripted"), "embedder": LocalModel(name="hash")})
    recipe = make_recipe(rewriting_spec("h", "hybrid", rewrite="hyde"))
    recipe.open(made, Fitted())
    assert made.opened == [("generator", recipe.adapter), ("generator", "")]
    assert (
        "model:generator" in recipe.parts()
        and "model:generator" not in make_recipe(rewriting_spec("h", "hybrid")).parts()
    )


@pytest.mark.parametrize("way", ["hyde", "multi-query"])
def test_a_model_behind_an_api_rewrites_too(tmp_path: Path, way: str) -> None:
    """Two requests for a question, the first at temperature 0 with its own limit; the tokens of both are counted."""
    with FakeApi() as api:
        settings = ApiModel(api="openai", base_url=api.url, model="m", timeout_s=5.0, retries=1)
        made = WorldFolder(tmp_path, {"generator": settings, "embedder": LocalModel(name="hash")})
        fill_store(made.documents, [])
        made.store.upsert([Document(id="a", text="The kettle boils.", source="a.md")])
        made.index(Retrieval(chunk_tokens=64)).sync(made.store)
        contender = make_recipe(rewriting_spec("r", **WAYS[way])).open(made, Fitted())
        (answer,) = contender.answer([ask("why does the kettle boil?")])
        first, second = api.bodies
        index, generator = made.index(Retrieval(chunk_tokens=64)), made.generator("generator")
        (plain,) = Grounded("r", index, generator, GROUNDED, 2, WRITE).answer([ask("why does the kettle boil?")])
    assert first["messages"][-1]["content"] == "why does the kettle boil?"
    assert (first["temperature"], first["max_tokens"]) == (0.0, 96 if way == "hyde" else 64)
    assert "The kettle boils." in second["messages"][-1]["content"] and second["max_tokens"] == 60
    assert answer.error is None and [hit.chunk.source for hit in answer.citations] == ["a.md"]
    assert plain.error is None and answer.usage.prompt_tokens > plain.usage.prompt_tokens > 0
