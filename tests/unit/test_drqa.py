"""`drqa`: exact spans of visible passages, with citations; thresholds; training on the team's own questions."""

import functools
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bakeoff.contenders import drqa
from bakeoff.contenders.built import Built, Fitted
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recipe import Made, Material, Recipe
from bakeoff.contenders.span_answers import SpanAnswers
from bakeoff.contenders.span_lessons import places_of, span_questions
from bakeoff.contenders.span_training import READER, TRAINING
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.streaming import stream_of
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.stores import fill_store
from bakeoff.errors import ConfigError, ContenderError, ModelUnavailableError, RunFolderError
from bakeoff.measure.comparison import Declining
from bakeoff.models.settings import LocalModel
from bakeoff.models.spans import shipped
from bakeoff.models.spans.best import Span
from bakeoff.models.spans.windows import Passage
from bakeoff.pilot.build import Builder
from bakeoff.records import Answer, Document, SourceSpan, ask
from bakeoff.retrieval.settings import Retrieval
from bakeoff.tuning.settings import Tuning
from tests.unit.fakes import FakeRetriever, chunk, question
from tests.unit.tiny_span_model import write_tiny_bert

MODELS = {"generator": LocalModel(name="scripted"), "embedder": LocalModel(name="hash")}
KETTLE = "The warranty of the kettle lasts 24 months. It costs 12."
SECRET = "The warranty of the secret kettle lasts 99 months."


class Marking:
    """A reader that marks the first of some words that a passage says; the first passage with one is chosen."""

    def __init__(self, *words: str, score: float = 1.0) -> None:
        self.words, self.score = words, score
        self.seen: list[Sequence[Passage]] = []

    def read(self, asked: Sequence[tuple[str, Sequence[Passage]]]) -> list[Span | None]:
        self.seen += [passages for _, passages in asked]
        return [self._span(passages) for _, passages in asked]

    def _span(self, passages: Sequence[Passage]) -> Span | None:
        for number, passage in enumerate(passages):
            for word in self.words:
                if word in passage.text:
                    start = passage.text.index(word)
                    return Span(number, start, start + len(word), self.score)
        return None


# --- answers


def test_the_answer_is_a_span_of_the_passage_cited_first() -> None:
    """Letter for letter, with its place in what the passage shows; the other passages follow."""
    shown = [chunk("x", "Our office is in Leith."), chunk("y", "Dauer: zwölf 😀 Monate.")]
    answer = SpanAnswers("drqa", FakeRetriever(shown), Marking("zwölf 😀 Monate"), 2).answer([question("a")])[0]
    assert answer.text == "zwölf 😀 Monate"
    assert [hit.chunk.source for hit in answer.citations] == ["y", "x"]
    assert answer.span is not None
    assert answer.citations[0].chunk.shown[slice(*answer.span)] == answer.text
    assert (answer.confidence, answer.abstained) == (1.0, False)
    assert Answer.model_validate_json(answer.model_dump_json()) == answer


def test_what_is_shown_is_marked_not_what_the_markdown_says() -> None:
    """The reader gets the readable text with the headings, and the span is a place in it."""
    found = chunk("x", "Press [Save](https://a.b/c).", heading="Filter").model_copy(update={"readable": "Press Save."})
    reader = Marking("Save")
    answer = SpanAnswers("drqa", FakeRetriever([found]), reader, 1).answer([question("a")])[0]
    assert reader.seen == [[Passage("Press Save.", "Filter")]]
    assert (answer.text, answer.span) == ("Save", (6, 10))


def test_it_declines_below_its_threshold_and_where_nothing_was_found() -> None:
    """A withheld span stays in the record, and is not streamed."""
    shown = FakeRetriever([chunk("x", "It lasts 24 months.")])
    unsure = SpanAnswers("drqa", shown, Marking("24 months", score=-1.0), 1, decline_below=0.0)
    withheld = unsure.answer([question("a")])[0]
    assert (withheld.text, withheld.abstained) == ("24 months", True)
    assert [type(item) for item in stream_of(unsure, question("a"))] == [Answer]
    sure = SpanAnswers("drqa", shown, Marking("24 months", score=1.0), 1, decline_below=0.0)
    assert next(iter(stream_of(sure, question("a")))) == "24 months"
    nothing = SpanAnswers("drqa", FakeRetriever([]), Marking("x"), 1).answer([question("a")])[0]
    assert (nothing.abstained, nothing.text, nothing.error) == (True, "", None)


def test_questions_of_a_batch_keep_their_order() -> None:
    """One answer for each, with its own id."""
    contender = SpanAnswers("drqa", FakeRetriever([chunk("x", "a kettle")]), Marking("kettle"), 1)
    assert [one.question_id for one in contender.answer([question("a"), question("b")])] == ["a", "b"]


# --- lessons


def test_answers_are_found_as_whole_words() -> None:
    """Whatever their case, every time, without a final point; not inside of other words."""
    text = "24 Months. Not 124 months, but 24 months"
    assert [text[a:b] for a, b in places_of("24 months.", text)] == ["24 Months", "24 months"]
    assert places_of("?", text) == [] and places_of("", text) == []


def test_lessons_have_the_places_of_answers_in_the_evidence() -> None:
    """Only passages with the known evidence count; unanswerable ones are at most the share asked for."""
    shown = FakeRetriever([chunk("x", "It lasts 24 months."), chunk("y", "Rent: 24 months.")])
    known = question("a", answers=("24 months",), source_spans=(SourceSpan(source="y"),))
    free = question("b", answers=("24 months", "months"))
    absent = question("c", answers=("two years",))
    none = [question(f"n{i}", answers=()) for i in range(9)]
    made = span_questions([known, free, absent, *none], shown, 2, 0.5, 1)
    assert made[0].places == ((1, 6, 15),)
    assert made[1].places == ((0, 9, 18), (0, 12, 18), (1, 6, 15), (1, 9, 15))
    assert [one.places for one in made[2:]] == [(), ()]
    assert span_questions([absent, *none], shown, 2, 0.5, 1) == []


# --- the recipe


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A package whose sentence model and span reader are tiny and random."""
    pytest.importorskip("transformers")
    from bakeoff.models.checksums import file_sha256
    from bakeoff.models.spans.network import untrained
    from bakeoff.models.spans.weights import save_difference

    base = write_tiny_bert(tmp_path / "bert")
    file = tmp_path / "span_reader.safetensors"
    save_difference(untrained(base, 3), base, file)
    for module in (shipped, drqa):
        monkeypatch.setattr(module, "base_folder", lambda: base)
    monkeypatch.setattr(shipped, "WEIGHTS", file)
    monkeypatch.setattr(shipped, "PINNED", file_sha256(file))
    return file


@pytest.fixture
def world(tmp_path: Path, package: Path) -> WorldFolder:
    folder = WorldFolder(tmp_path / "world", MODELS)
    fill_store(folder.documents, [])
    folder.store.upsert(
        [
            Document(id="k", source="kettle.md", text=KETTLE),
            *(Document(id=f"s{i}", source=f"s{i}.md", text=SECRET, access=("hr",)) for i in range(20)),
        ]
    )
    folder.index(Retrieval(chunk_tokens=64)).sync(folder.store)
    return folder


def spec(**options: float) -> Spec:
    return Spec(name="drqa", recipe="drqa", retrieval=Retrieval(k=3, chunk_tokens=64), options=options)


def train_questions() -> tuple:
    asked = [("How long is the warranty of the kettle?", "24 months"), ("What does the kettle cost?", "12")]
    spans = (SourceSpan(source="kettle.md"),)
    return tuple(
        question(f"q{i}", text, (said,), source_spans=spans, access=()) for i, (text, said) in enumerate(asked)
    )


def opened(world: WorldFolder, material: Material, **options: float):
    recipe = make_recipe(spec(**options))
    assert recipe.obstacle(world, material) is None
    fitted = recipe.calibrate(world, material, recipe.prepare(world, material), lambda name: ())
    world.save(Built(spec=recipe.spec, entrant=recipe.entrant(MODELS), fitted=fitted, calibrated=True))
    return world.open("drqa")


def test_only_visible_documents_are_read_and_cited(world: WorldFolder) -> None:
    """20 hidden documents match better than the visible one, which is found nevertheless."""
    contender = opened(world, Material())
    seen = {}
    for access in ((), ("hr",), None):
        (answer,) = contender.answer([ask("How long is the warranty of the secret kettle?", access)])
        assert answer.error is None and answer.span is not None
        seen[access] = answer.text + "".join(hit.chunk.passage for hit in answer.citations)
    assert "99 months" not in seen[()] and "24 months" in seen[()]
    assert "99 months" in seen[("hr",)] and "99 months" in seen[None]


def test_lessons_show_what_the_question_may_see(world: WorldFolder) -> None:
    """As in use: the hidden documents, which match better, neither stand in a lesson nor take a visible one's place."""
    retriever = world.index(Retrieval(k=3, chunk_tokens=64))
    lesson = span_questions(train_questions(), retriever, 3, 0.3, 1)
    assert [[passage.text for passage in one.passages] for one in lesson] == [[KETTLE], [KETTLE]]


def test_live_documents_are_read(world: WorldFolder) -> None:
    """A document that is added while the contender is open is found."""
    contender = opened(world, Material())
    world.store.upsert([Document(id="n", source="n.md", text="The zebra timetable says noon.")])
    world.index(Retrieval(chunk_tokens=64)).sync(world.store)
    (answer,) = contender.answer([ask("When does the zebra timetable say?")])
    assert "n.md" in {hit.chunk.source for hit in answer.citations}


def test_without_a_fitted_threshold_its_own_head_decides(world: WorldFolder) -> None:
    """A fitted one is kept, also if it says never to decline."""
    recipe = make_recipe(spec())
    small = Fitted(declining=Declining(reason="dev is small"))
    own = recipe.calibrate(world, Material(), small, lambda name: ())
    assert own.decline_below == 0.0 and own.declining is not None and "dev is small" in own.declining.reason
    for below in (None, -3.0):
        fitted = Fitted(declining=Declining(below=below, fitted=True))
        assert recipe.calibrate(world, Material(), fitted, lambda name: ()) == fitted


def test_it_is_trained_further_on_own_questions(world: WorldFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """It learns them by heart from random weights; the same seed gives the same bytes; the package keeps its own."""
    from bakeoff.models.spans import training

    many_steps = functools.partial(training.SpanTraining, tokens_per_step=128, dropout=False)
    monkeypatch.setattr(training, "SpanTraining", many_steps)
    material = Material(train=train_questions() * 8, seed=3)
    before = shipped.WEIGHTS.read_bytes()
    contender = opened(world, material, epochs=20, learning_rate=1e-3)
    folder = world.contender_folder("drqa")
    first = (folder / READER).read_bytes()
    asked = [ask(one.text, ()) for one in train_questions()]
    untrained = {answer.text for answer in SpanAnswers("x", *_parts(world), 3).answer(asked)}
    assert untrained != {"24 months", "12"}
    assert [answer.text for answer in contender.answer(asked)] == ["24 months", "12"]
    shutil.rmtree(folder)
    opened(world, material, epochs=20, learning_rate=1e-3)
    assert (folder / READER).read_bytes() == first and shipped.WEIGHTS.read_bytes() == before


def test_a_training_that_is_finished_is_not_repeated(world: WorldFolder) -> None:
    """As after --resume and in an update; other questions or a lost reader are trained for anew."""
    material = Material(train=train_questions(), seed=3)
    recipe, folder = make_recipe(spec(epochs=2)), world.contender_folder("drqa")
    assert made(recipe, world, material).took.detail == "2 questions, 2 steps"
    written = (folder / READER).stat().st_mtime_ns
    assert made(recipe, world, material).took is None
    assert (folder / READER).stat().st_mtime_ns == written
    more = material.model_copy(update={"train": train_questions() * 2})
    assert made(recipe, world, more).took.detail == "4 questions, 2 steps"
    (folder / READER).unlink()
    assert made(recipe, world, more).took is not None and (folder / READER).exists()


def test_another_training_on_the_same_questions_is_refused(world: WorldFolder) -> None:
    """The reader that gave the recorded answers stays as it is."""
    material = Material(train=train_questions(), seed=3)
    made(make_recipe(spec(epochs=2)), world, material)
    before = (world.contender_folder("drqa") / READER).read_bytes()
    with pytest.raises(RunFolderError, match="another settings"):
        make_recipe(spec(epochs=3)).prepare(world, material)
    assert (world.contender_folder("drqa") / READER).read_bytes() == before


def test_the_limits_of_tuning_hold(world: WorldFolder) -> None:
    """`examples` draws some of the training questions, `max_seconds` ends the training after the present step."""
    tuning = Tuning(examples=1, max_seconds=1e-6)
    recipe = make_recipe(spec(epochs=20).model_copy(update={"tuning": tuning}))
    took = made(recipe, world, Material(train=train_questions(), seed=3)).took
    assert took.detail == "1 questions, 1 steps, the limit of 1e-06 s" and took.tokens > 0


def test_a_killed_training_goes_on(world: WorldFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same weights at the end, dropout included; the checkpoint is gone then."""
    from bakeoff.models.spans import training

    monkeypatch.setattr(training, "CHECKPOINT_EVERY_S", 0.0)
    recipe, material = make_recipe(spec(epochs=5)), Material(train=train_questions(), seed=3)
    folder = world.contender_folder("drqa")
    recipe.prepare(world, material)
    straight = (folder / READER).read_bytes()
    shutil.rmtree(folder)

    def kill(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recipe.make(world, material, kill)
    assert not (folder / READER).exists()
    told: list[tuple[int, int]] = []
    recipe.make(world, material, lambda done, total: told.append((done, total)))
    assert told == [(3, 5), (4, 5), (5, 5)]
    assert (folder / READER).read_bytes() == straight
    assert sorted(path.name for path in (folder / TRAINING).iterdir()) == ["report.json", "request.json"]


def test_a_run_sees_its_training_as_events_and_its_cost(world: WorldFolder) -> None:
    """Steps of the stage `prepare`, and how long they took."""
    events: list[tuple[Any, ...]] = []
    stages: list[dict[str, Any]] = []

    @contextmanager
    def timed(*stage: str) -> Iterator[dict[str, Any]]:
        stages.append({})
        yield stages[-1]

    recipe, material = make_recipe(spec(epochs=2)), Material(train=train_questions(), seed=3)
    builder = Builder([recipe], material, timed, lambda *stage: lambda *amount: events.append((*stage, *amount)))
    builder._prepared("prepare", world, recipe, material)
    assert events == [("prepare", "drqa", 1, 2), ("prepare", "drqa", 2, 2)]
    assert stages[0]["seconds"] > 0 and stages[0]["tokens"] > 0


def made(recipe: Recipe, world: WorldFolder, material: Material) -> Made:
    return recipe.make(world, material, lambda done, total: None)


def _parts(world: WorldFolder):
    return world.index(Retrieval(k=3, chunk_tokens=64)), shipped.shipped_reader()


def test_without_own_spans_it_is_left_out_with_the_reason(world: WorldFolder) -> None:
    """Only if it is to be trained on them; as it comes it needs none."""
    absent = Material(train=(question("a", "How long is the warranty?", ("two years",)),))
    recipe = make_recipe(spec(epochs=2))
    assert "word for word" in str(recipe.obstacle(world, absent))
    with pytest.raises(ContenderError, match="cannot be trained"):
        recipe.prepare(world, absent)
    assert make_recipe(spec()).obstacle(world, absent) is None


def test_a_damaged_reader_is_an_obstacle(world: WorldFolder, package: Path) -> None:
    """With the sum that was found."""
    package.write_bytes(package.read_bytes()[:-1] + b"x")
    assert "SHA-256" in str(make_recipe(spec()).obstacle(world, Material()))
    package.unlink()
    assert "missing" in str(make_recipe(spec()).obstacle(world, Material()))


def test_a_release_without_a_reader_trains_one_on_own_questions(
    world: WorldFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the sentence model alone; without epochs it is left out, and the reason says what to do."""
    monkeypatch.setattr(shipped, "PINNED", "")
    material = Material(train=train_questions(), seed=3)
    assert "options.epochs" in str(make_recipe(spec()).obstacle(world, material))
    (answer,) = opened(world, material, epochs=1).answer([ask("What does the kettle cost?", ())])
    assert answer.text and answer.error is None


def test_weights_that_are_gone_are_named(world: WorldFolder) -> None:
    """The contender's own file."""
    opened(world, Material(train=train_questions()), epochs=1)
    (world.contender_folder("drqa") / READER).unlink()
    with pytest.raises(ModelUnavailableError, match="missing"):
        world.open("drqa")


@pytest.mark.parametrize("options", [{"epochs": -1}, {"epochs": 99}, {"learning_rate": 0}, {"rank": 3}])
def test_options_are_checked(options: dict[str, float]) -> None:
    """The error names the option and those that exist."""
    with pytest.raises(ConfigError, match=next(iter(options))):
        make_recipe(spec(**options))


def test_it_asks_no_model_and_retrieves() -> None:
    """So it costs the machine's time only, and shares the index."""
    entrant = make_recipe(spec()).entrant(MODELS)
    assert (entrant.model, entrant.retrieves, entrant.is_tuned, entrant.approach) == (None, True, False, "rag")
    assert drqa.DrQa.respects_labels and drqa.DrQa.name == "drqa"


@pytest.mark.models
def test_the_reader_of_the_package_reads() -> None:
    """Its weights are those that were measured, and it marks the right one of two passages."""
    passages = [
        Passage("The Hearth 3 weighs 2 kg and is black.", ""),
        Passage("The Tide Valve is under warranty for 24 months.", ""),
    ]
    (span,) = shipped.shipped_reader().read([("How long is the Tide Valve under warranty?", passages)])
    assert span is not None and span.passage == 1
    assert passages[1].text[span.start : span.end] == "24 months"
