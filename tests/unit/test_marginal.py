"""`rag-token` and `rag-sequence`: weights, citations, declining, streams, labels, live documents, runs."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bakeoff.contenders.built import Fitted
from bakeoff.contenders.grounded import Grounded
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.marginal import Marginal, Reading, SequenceMarginal, TokenMarginal, Weights
from bakeoff.contenders.recipe import Material
from bakeoff.contenders.spec import Defaults, Entry, Spec, resolve
from bakeoff.contenders.streaming import stream_of
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import ConfigError, ContenderError
from bakeoff.models.engines.openvino import OpenVinoGenerator
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.models.engines.transformers import TransformersGenerator
from bakeoff.models.prompts import GROUNDED
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.pilot.run import run
from bakeoff.records import Answer, GenerationSettings, Labels, ask
from bakeoff.retrieval.presentation import Presentation
from bakeoff.retrieval.settings import Retrieval
from tests.end_to_end.small import make, reader
from tests.unit.fakes import FakeRetriever, WordEmbedder, chunk
from tests.unit.labelled_world import ASKED, MODELS, PUBLIC, check_live_documents, labelled_world, save, shown
from tests.unit.stepping import LIKELY, WordGenerator
from tests.unit.tiny_model import write_tiny_model

BOTH = ("rag-token", "rag-sequence")
RED, BLUE, AGAIN = chunk("a.md", "tells red"), chunk("b.md", "tells blue"), chunk("c.md", "tells red")
WRITE = GenerationSettings(max_new_tokens=8)
EVEN = Weights(None, 1e9)
"""So high a temperature that all passages are equally probable."""


def word_of_passage(message: str) -> str:
    """Each passage answers with its last word; a prompt without one declines."""
    return message.split("\n")[0].split()[-1] if message.startswith("tells") else "I don't know."


def contender(which: str, chunks: Any, weights: Weights = EVEN, **more: Any) -> Marginal:
    """One of both over these chunks."""
    given = {"settings": WRITE, "below": None, "generator": WordGenerator(word_of_passage), **more}
    reading = Reading(given["generator"], GROUNDED, given["settings"], Presentation())
    kind = TokenMarginal if which == "rag-token" else SequenceMarginal
    return kind(which, FakeRetriever(chunks), len(chunks), reading, weights, given["below"])


def sources(answer: Answer) -> list[str]:
    return [hit.chunk.source for hit in answer.citations]


@pytest.mark.parametrize("which", BOTH)
def test_passages_decide_together_and_the_one_that_explains_the_answer_best_is_cited_first(which: str) -> None:
    """Two say red and one blue: red, with the blue one cited last although it was retrieved second."""
    (answer,) = contender(which, [RED, BLUE, AGAIN]).answer([ask("which?")])
    assert (answer.text, answer.abstained, answer.error) == ("red", False, None)
    assert sources(answer) == ["a.md", "c.md", "b.md"]
    assert [hit.rank for hit in answer.citations] == [1, 3, 2]
    other = (1 - LIKELY) / 3  # the words are red, blue, <end> and other
    tokens = (2 * LIKELY + other) / 3, (2 * LIKELY + 1 / 4) / 3
    total = math.log(math.prod(tokens) if which == "rag-token" else (2 * LIKELY**2 + other / 4) / 3)
    assert answer.confidence == pytest.approx(total / 2, abs=1e-6)
    n_prompt = contender(which, [RED])._reading.steps(ask("which?"), []).prompt_tokens[0] + 2
    scored = 0 if which == "rag-token" else 3 * 4
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (3 * n_prompt + scored, 6)
    assert answer.usage.seconds > 0


@pytest.mark.parametrize("which", BOTH)
def test_what_a_passage_weighs_can_decide(which: str) -> None:
    """The embedder finds the second passage much closer to the question than the first: it answers, cited first."""
    sharp = Weights(WordEmbedder("red blue"), 0.05)
    (answer,) = contender(which, [RED, BLUE], sharp).answer([ask("about blue?")])
    assert answer.text == "blue" and sources(answer) == ["b.md", "a.md"]


def test_weights_are_the_softmax_of_cosines_or_of_retrieval_scores() -> None:
    """Written out; the temperature divides the scores."""
    embedder, hits = WordEmbedder("red blue"), FakeRetriever([RED, BLUE]).search(["x"], 2)[0]
    asked = embedder.embed_queries(["red"])[0].astype(float)
    cosines = [float(asked @ embedder.embed_passages([one.passage])[0].astype(float)) for one in (RED, BLUE)]
    powers = np.exp(np.array(cosines) / 0.5)
    assert np.exp(Weights(embedder, 0.5).log_weights(ask("red"), hits)) == pytest.approx(powers / powers.sum())
    powers = np.exp(np.array([1, 1 / 2]) / 0.25)  # FakeRetriever's scores are 1 / rank
    assert np.exp(Weights(None, 0.25).log_weights(ask("red"), hits)) == pytest.approx(powers / powers.sum())


@pytest.mark.parametrize("which", BOTH)
def test_passages_that_decline_count_like_others(which: str) -> None:
    """Two of three do not hold the answer: together they decline. With one of two, the more probable one decides."""
    silent = [chunk(f"{name}.md", "says nothing") for name in "de"]
    (answer,) = contender(which, [*silent, RED]).answer([ask("which?")])
    assert answer.text == "I don't know." and answer.abstained and sources(answer)[-1] == "a.md"
    sharp = Weights(WordEmbedder("red nothing"), 0.05)
    (answer,) = contender(which, [silent[0], RED], sharp).answer([ask("red?")])
    assert answer.text == "red" and not answer.abstained


@pytest.mark.parametrize("which", BOTH)
def test_a_threshold_declines_by_the_probability_of_the_mixture(which: str) -> None:
    """Passages that agree are surer than passages that do not. A withheld text is not streamed."""
    agreed, split = [RED, AGAIN], [RED, BLUE]
    confidences = [contender(which, chunks).answer([ask("?")])[0].confidence for chunks in (agreed, split)]
    assert confidences[0] is not None and confidences[1] is not None and confidences[0] > confidences[1]
    below = sum(confidences) / 2
    assert not contender(which, agreed, below=below).answer([ask("?")])[0].abstained
    held = contender(which, split, below=below)
    assert held.answer([ask("?")])[0].abstained
    (alone,) = stream_of(held, ask("?"))
    assert isinstance(alone, Answer) and alone.abstained


def test_rag_token_streams_what_it_answers_and_rag_sequence_gives_one_piece() -> None:
    """Pieces as they are chosen, then the Answer with its latency; stop texts end both."""
    chunks = [chunk(f"{name}.md", "tells") for name in "ab"]
    generator = WordGenerator(lambda message: "one two three four")
    for settings, text in (
        (WRITE, "one two three four"),
        (GenerationSettings(max_new_tokens=9, stop=(" three",)), "one two"),
    ):
        made = contender("rag-token", chunks, generator=generator, settings=settings)
        *pieces, last = stream_of(made, ask("?"))
        (expected,) = made.answer([ask("?")])
        assert "".join(map(str, pieces)) == text == expected.text and len(pieces) > 1
        assert isinstance(last, Answer) and last.latency_ms and last.latency_ms > 0
        assert last.model_copy(update={"latency_ms": None, "usage": expected.usage}) == expected
        assert last.usage.completion_tokens == expected.usage.completion_tokens
        whole = list(stream_of(contender("rag-sequence", chunks, generator=generator, settings=settings), ask("?")))
        assert whole[0] == text and len(whole) == 2
    (cut,) = contender("rag-token", chunks, generator=generator, settings=GenerationSettings(max_new_tokens=2)).answer(
        [ask("?")]
    )
    assert cut.truncated and cut.text == "one two"


@pytest.mark.parametrize("which", BOTH)
def test_nothing_retrieved_and_passages_that_do_not_fit(which: str) -> None:
    """Without hits the model is asked alone, as in `rag`. A long passage is left out; a long question is an error."""
    (answer,) = contender(which, []).answer([ask("?")])
    assert answer.text == "I don't know." and answer.citations == ()
    small = WordGenerator(word_of_passage, context_tokens=120)
    (answer,) = contender(which, [chunk("long.md", "tells " * 500), RED], generator=small).answer([ask("?")])
    assert answer.text == "red" and sources(answer) == ["a.md"]
    failed, fine = contender(which, [RED], generator=small).answer([ask("why " * 200), ask("?")])
    assert failed.error and failed.error.startswith("TooLongError") and fine.text == "red"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("marginal") / "llama")


@pytest.mark.parametrize("which", BOTH)
def test_one_passage_is_rag_with_one_passage(which: str, tiny: Path) -> None:
    """Token for token, through the real engine: text, confidence, usage, citations, in a batch and streamed."""
    generator = TransformersGenerator(tiny, "tiny")
    for text in ("tells red", "The kettle boils in four minutes.", "?"):
        retriever, settings = FakeRetriever([chunk("a.md", text)]), GenerationSettings(max_new_tokens=40)
        plain = Grounded("rag", retriever, generator, GROUNDED, 1, settings)
        reading = Reading(generator, GROUNDED, settings, Presentation())
        kind = TokenMarginal if which == "rag-token" else SequenceMarginal
        made = kind("rag", retriever, 1, reading, EVEN, None)
        (expected,), (answer,) = plain.answer([ask("why?")]), made.answer([ask("why?")])
        *_, streamed = stream_of(made, ask("why?"))
        for one in (answer, streamed):
            assert isinstance(one, Answer)
            assert (one.text, one.citations, one.truncated) == (expected.text, expected.citations, expected.truncated)
            assert one.confidence == pytest.approx(expected.confidence, abs=1e-5)
            assert one.usage.prompt_tokens == expected.usage.prompt_tokens
            assert one.usage.completion_tokens == expected.usage.completion_tokens


def obstacle(settings: Any, tmp_path: Path, **more: Any) -> str | None:
    """Why `rag-token` cannot be built on this model."""
    world = WorldFolder(tmp_path, {"generator": settings, "embedder": LocalModel(name="hash")})
    return make_recipe(Spec(name="t", recipe="rag-token", **more)).obstacle(world, Material())


def test_a_model_that_shows_no_probabilities_is_refused_with_the_reason(tmp_path: Path, tiny: Path) -> None:
    """An API, a generator without steps, sampling. A local model is taken."""
    api = ApiModel(api="openai", base_url="http://127.0.0.1:1/v1", model="m")
    assert "probability of every next token" in str(obstacle(api, tmp_path))
    assert "no `steps`" in str(obstacle(LocalModel(name="scripted"), tmp_path))
    local = LocalModel(name=str(tiny), engine="transformers")
    sampled = obstacle(local, tmp_path, generation=GenerationSettings(temperature=0.7))
    assert "generation.temperature is 0.7; set it to 0" in str(sampled)
    assert obstacle(local, tmp_path) is None
    world = WorldFolder(tmp_path, {"generator": LocalModel(name="scripted"), "embedder": LocalModel(name="hash")})
    with pytest.raises(ContenderError, match="does not show"):
        make_recipe(Spec(name="t", recipe="rag-sequence")).open(world, Fitted())


def test_a_graph_that_cannot_be_stepped_is_an_obstacle(tmp_path: Path, tiny: Path, monkeypatch: Any) -> None:
    """The reason of the engine is the reason that the run reports."""

    def refuse(*_: Any) -> None:
        raise ConfigError("The engine shows no probabilities.", "take the other one")

    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path))
    monkeypatch.setattr(OpenVinoGenerator, "steps", refuse)
    assert obstacle(LocalModel(name=str(tiny), engine="openvino"), tmp_path) == "The engine shows no probabilities."


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperature": 0}, "greater than 0"),
        ({"by": "rank"}, "'cosine' or 'score'"),
        ({"beams": 4}, "unknown option .*allowed: temperature, by, decoding"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], words: str) -> None:
    """With what is allowed."""
    with pytest.raises(ConfigError, match=words):
        make_recipe(Spec(name="t", recipe="rag-sequence", options=options))


class SteppingWorld(WorldFolder):
    """A world whose model repeats the passage that it is shown, and shows probabilities."""

    def generator(self, model: str, adapter: str = "", template: Any = None) -> WordGenerator:
        return WordGenerator(lambda message: message.replace("\n", " "))


@pytest.fixture
def world(tmp_path: Path) -> SteppingWorld:
    labelled_world(tmp_path / "world")
    made = SteppingWorld(tmp_path / "world", MODELS)
    limits = GenerationSettings(max_new_tokens=60)
    for name in BOTH:
        spec = Spec(name=name, recipe=name, retrieval=Retrieval(k=2, chunk_tokens=64), generation=limits)
        save(made, make_recipe(spec), Fitted())
    return made


@pytest.mark.parametrize("which", BOTH)
@pytest.mark.parametrize("access", [(), ("sales",), ("legal",), ("hr",), None])
def test_a_contender_shows_only_what_may_be_seen(world: SteppingWorld, which: str, access: Labels) -> None:
    """In a batch and streamed, and what may be seen is shown."""
    made = world.open(which)
    for items in (made.answer([ask(ASKED, access)]), list(stream_of(made, ask(ASKED, access)))):
        text = shown(list(items))
        assert ("90,000" in text) == (access is None or "hr" in access)
        if access is not None:
            assert ("lawsuit" in text) == ("legal" in access)
        if access == ():
            assert PUBLIC.split(".")[0] in text


@pytest.mark.parametrize("which", BOTH)
@pytest.mark.parametrize(("given", "n_read"), [({}, 2), ({"passages": 1}, 1), ({"passages": 4}, 4)])
def test_as_many_passages_are_read_as_the_profile_says(
    world: SteppingWorld, which: str, given: dict[str, int], n_read: int
) -> None:
    """`presentation.passages` if it is given, else `retrieval.k`."""
    defaults = Defaults(retrieval=Retrieval(k=2, chunk_tokens=64))
    (spec,) = resolve([Entry(like=which, presentation=given)], defaults, world.models)
    (answer,) = make_recipe(spec).open(world, Fitted()).answer([ask(ASKED)])
    assert len(answer.citations) == n_read


@pytest.mark.parametrize("which", BOTH)
def test_it_is_served_with_live_documents(world: SteppingWorld, tmp_path: Path, which: str) -> None:
    """A document that is added is read by the next question, for those who may see it; one that is deleted is not."""
    check_live_documents(world, tmp_path, BOTH, which)


def stepping_reader() -> WordGenerator:
    """The reader of the small pilot, which shows probabilities."""
    return WordGenerator(reader()._reply)


def test_a_pilot_measures_both_beside_rag(tmp_path: Path) -> None:
    """They follow the headings and the prompt that were chosen, and give their dev answers themselves."""
    models = {"generator": "tests.unit.test_marginal.stepping_reader", "embedder": "hash"}
    config = make(tmp_path, models=models, contenders=["rag", *BOTH], split={"test": 0.3, "dev": 0.4})
    finished = run(config, runs=tmp_path / "runs")
    assert set(finished.comparison.names) == {"rag", *BOTH} and not finished.comparison.skipped
    for name in BOTH:
        assert finished.comparison.entrant(name).presentation.startswith("with headings")
        assert finished.comparison.estimate(name, "accuracy").value > 0.5
        spec = json.loads((finished.folder.root / "contenders" / name / "contender.json").read_text())["spec"]
        assert spec["presentation"]["order"] == "best_first" and spec["presentation"]["passages"] is None
    given = finished.folder.answers("rag-token", "dev")
    assert given and all(one.usage.completion_tokens % len(one.citations) == 0 for one in given)


def test_a_run_leaves_out_what_its_model_cannot_do(tmp_path: Path) -> None:
    """And says why; the others are measured."""
    finished = run(make(tmp_path, contenders=["rag", *BOTH]), runs=tmp_path / "runs")
    assert set(finished.comparison.names) == {"rag"}
    assert all("probability of every next token" in finished.comparison.skipped[name] for name in BOTH)


def test_scripted_models_have_no_steps() -> None:
    """What the reasons above rest on."""
    assert not hasattr(ScriptedGenerator(), "steps")
