"""Known questions: the most similar one's answer, while its evidence stands, and nothing for what is unlike all."""

import numpy as np
import pytest

from bakeoff.contenders.built import Built
from bakeoff.contenders.faq import NEAR_COPY
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recipe import Material
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.stores import fill_store
from bakeoff.models.settings import LocalModel
from bakeoff.records import Document, Question, SourceSpan, ask

MODELS = {"generator": LocalModel(name="scripted"), "embedder": LocalModel(name="hash")}
KETTLE = Document(id="k", source="kettle.md", text="# Kettle\n\nThe kettle K1 boils in 90 seconds.\nIt is grey.\n")


def question(name, text, *answers, slice="seen", spans=(), **more):
    return Question(id=name, text=text, answers=answers, fact=name, slice=slice, source_spans=spans, **more)


BOILS = question("boils", "How fast does the kettle boil?", "90 seconds", spans=(SourceSpan(source="kettle.md"),))
REFUND = question("refund", "Can I get a refund for a broken lamp?")


@pytest.fixture
def world(tmp_path):
    made = WorldFolder(tmp_path, MODELS)
    fill_store(made.documents, [])
    made.store.upsert([KETTLE])
    return made


def opened(world, train, dev=(), answers=(), **more):
    """The contender, built from these training questions and fitted on dev."""
    recipe = make_recipe(Spec(name="faq", recipe="faq"))
    material = Material(documents=(KETTLE,), train=tuple(train), dev=tuple(dev), **more)
    fitted = recipe.calibrate(world, material, recipe.prepare(world, material), lambda name: answers)
    world.save(Built(spec=recipe.spec, entrant=recipe.entrant(MODELS), fitted=fitted, calibrated=True))
    return world.open("faq")


def asked(contender, text, access=None):
    return contender.answer([ask(text, access)])[0]


def test_a_known_question_gets_its_answer_with_the_line_that_it_rests_on(world):
    """The same words have a cosine of 1, and the line is cited as it stands in the document."""
    answer = asked(opened(world, [BOILS]), BOILS.text)
    assert (answer.text, answer.abstained) == ("90 seconds", False)
    assert answer.confidence == pytest.approx(1.0)
    (hit,) = answer.citations
    assert hit.chunk.text == "The kettle K1 boils in 90 seconds."
    assert KETTLE.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text


def test_what_is_unlike_every_known_question_is_declined(world):
    """Without a dev set only near-copies are answered."""
    contender = opened(world, [BOILS])
    assert asked(contender, "Where is the office?").abstained
    assert world.built("faq").fitted.decline_below == NEAR_COPY


def test_an_answer_whose_evidence_is_gone_is_not_given(world):
    """The document changes while the contender is open: first the fact, then back, then it is deleted."""
    contender = opened(world, [BOILS])
    world.store.upsert([KETTLE.model_copy(update={"text": KETTLE.text.replace("90 seconds", "60 seconds")})])
    assert asked(contender, BOILS.text).abstained
    world.store.upsert([KETTLE])
    assert asked(contender, BOILS.text).text == "90 seconds"
    world.store.delete(["k"])
    assert asked(contender, BOILS.text).abstained


def test_marked_evidence_must_stay_even_if_the_answer_stands_elsewhere(world):
    """The answer "grey" is still somewhere, but what was marked is gone."""
    start = KETTLE.text.index("It is grey")
    span = SourceSpan(source="kettle.md", start=start, end=start + len("It is grey."))
    contender = opened(world, [question("colour", "What colour has it?", "grey", spans=(span,))])
    assert asked(contender, "What colour has it?").text == "grey"
    text = KETTLE.text.replace("It is grey.", "It was grey once, now it is blue.")
    world.store.upsert([KETTLE.model_copy(update={"text": text})])
    assert asked(contender, "What colour has it?").abstained


def test_the_next_known_question_is_taken_where_the_nearest_no_longer_stands(world):
    """Two phrasings with other evidence: the one that stands answers."""
    old = BOILS.model_copy(update={"id": "old", "answers": ("120 seconds",), "source_spans": (SourceSpan(source="x"),)})
    assert asked(opened(world, [old, BOILS]), BOILS.text).text == "90 seconds"


def test_a_known_unanswerable_question_is_declined_at_once(world):
    """Its nearest known question has no answer."""
    answer = asked(opened(world, [BOILS, REFUND]), REFUND.text)
    assert answer.abstained and answer.confidence == pytest.approx(1.0)


def test_without_any_answer_it_is_left_out(world):
    """The reason says what is missing."""
    recipe = make_recipe(Spec(name="faq", recipe="faq"))
    assert "no answerable training questions" in recipe.obstacle(world, Material(train=(REFUND,)))
    assert recipe.obstacle(world, Material(train=(BOILS,))) is None


def test_the_threshold_separates_known_facts_from_others_on_dev(world):
    """Forty dev questions: known facts in other words are answered, new facts are not."""
    train = [question(f"t{i}", f"What is the price of item {i} alpha{i} beta{i}?", f"{i} euros") for i in range(30)]
    known = [question(f"t{i}", f"price of item {i} alpha{i} beta{i}", f"{i} euros") for i in range(20)]
    new = [question(f"n{i}", f"weight of thing gamma{i} delta{i}", f"{i} kg", slice="unseen") for i in range(20)]
    every_answer = [one.model_copy(update={"abstained": False}) for one in opened(world, train).answer([*known, *new])]
    contender = opened(world, train, [*known, *new], every_answer)
    declining = world.built("faq").fitted.declining
    assert declining.fitted and declining.gain > 0
    declined = [one.abstained for one in contender.answer([*known, *new])]
    assert sum(declined[:20]) == 0 and sum(declined[20:]) >= 18


def test_who_may_not_see_a_document_gets_no_answer_that_rests_on_it(world):
    """Nor one that rests on nothing: nobody can say who may see it."""
    world.store.upsert([KETTLE.model_copy(update={"access": ("hr",)})])
    contender = opened(world, [BOILS, question("x", "How old is the firm?", "9 years")])
    assert [asked(contender, BOILS.text, access).abstained for access in (None, ("hr",), ())] == [False, False, True]
    assert asked(contender, "How old is the firm?", ()).abstained
    assert not asked(contender, "How old is the firm?").abstained


def test_no_question_is_an_empty_list(world):
    """A batch of nothing."""
    assert opened(world, [BOILS]).answer([]) == []
    assert np.load(world.contender_folder("faq") / "known.npy").shape[0] == 1


def test_documents_that_change_within_a_batch_stop_no_answer(world):
    """The version is read once for a batch; the next one sees the change."""
    contender = opened(world, [BOILS])
    embed = contender._embedder.embed_queries

    def change_meanwhile(texts):
        world.store.upsert([KETTLE.model_copy(update={"text": KETTLE.text + f"Version {world.store.version}."})])
        return embed(texts)

    contender._embedder = type("Slow", (), {"embed_queries": staticmethod(change_meanwhile)})()
    visible = contender._is_visible
    contender._is_visible = lambda *of: world.store.upsert([KETTLE]) and visible(*of)
    answers = contender.answer([ask(BOILS.text), ask(BOILS.text, ()), ask(BOILS.text)])
    assert [one.text for one in answers] == ["90 seconds"] * 3
