"""Who asks decides what is shown: no contender shows, cites or repeats a document that a key may not see."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bakeoff.contenders.access import LEARNED_WITH, learned_with, record_learned, why_refused
from bakeoff.contenders.built import Fitted
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.rag import Rag
from bakeoff.contenders.remembering import Remembering
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.streaming import stream_of
from bakeoff.errors import ContenderError
from bakeoff.records import Answer, Document, Labels, Question, ask
from bakeoff.retrieval.settings import Retrieval
from bakeoff.retrieval.visible import hits_for
from tests.unit.fakes import FakeRetriever, answer, chunk, question
from tests.unit.labelled_world import ASKED, PUBLIC, RECIPES, SECRET, World, labelled_world, save, spec


class Leaking:
    """A team's own contender that looks at no labels."""

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        return [Answer(question_id=one.id, contender="x", text=SECRET) for one in questions]


class Careful(Leaking):
    """One that does, and says so."""

    respects_labels = True

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        return [Answer(question_id=one.id, contender="x", text=str(one.access)) for one in questions]


class HeirOfCareful(Careful):
    """One that says nothing itself."""


class HeirOfRag(Rag):
    """A recipe of a third party that says nothing itself."""


class OfRag(Rag):
    """A recipe of a third party that says so."""

    respects_labels = True


@pytest.fixture
def world(tmp_path: Path) -> World:
    return labelled_world(tmp_path)


def shown(answered: Answer) -> str:
    """All that an answer says or cites."""
    return "\n".join([answered.text, *(hit.chunk.passage for hit in answered.citations)])


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("access", [(), ("sales",), ("legal",), ('o\'hara "x"',), ("hr",), ("hr", "legal"), None])
def test_a_contender_shows_only_what_may_be_seen(world: World, name: str, access: Labels) -> None:
    """In a batch and streamed: of each kind of document, only where the labels let see it."""
    contender = world.open(name)
    asked = ask(ASKED, access)
    pieces = list(stream_of(contender, asked))
    for answered in (*contender.answer([asked]), pieces[-1]):
        assert isinstance(answered, Answer) and answered.error is None
        text = shown(answered) + "".join(piece for piece in pieces if isinstance(piece, str))
        if access is not None and "hr" not in access:
            assert "90,000" not in text
        if access is not None and not {"legal", 'o\'hara "x"'} & set(access):
            assert "lawsuit" not in text


@pytest.mark.parametrize("name", ["rag", "rag-tuned", "extract", "hybrid", "router", "long-context", "faq"])
def test_hidden_documents_do_not_take_the_place_of_visible_ones(world: World, name: str) -> None:
    """150 hidden documents match better than the only visible one, which is found nevertheless."""
    (answered,) = world.open(name).answer([ask(ASKED, ())])
    assert "opens at nine" in shown(answered)
    assert "lawsuit" in shown(world.open(name).answer([ask(ASKED, ("legal",))])[0])


@pytest.mark.parametrize("name", ["rag", "rag-tuned", "extract", "hybrid", "router", "long-context", "faq"])
def test_each_question_of_a_batch_is_answered_by_its_own_labels(world: World, name: str) -> None:
    """The same question, with the same id, of different keys at once: as if each had been asked alone."""
    every: list[Labels] = [None, (), ("hr",), ("legal",), (), None, ("legal", "hr")]
    contender = world.open(name)
    together = contender.answer([ask(ASKED, access) for access in every])
    alone = [contender.answer([ask(ASKED, access)])[0] for access in every]
    assert [shown(one) for one in together] == [shown(one) for one in alone]
    assert len({shown(one) for one in together}) >= 3


def test_a_router_gives_labels_to_both_contenders_behind_it(world: World) -> None:
    """The familiar question goes to the tuned model, the other one to retrieval with its labels."""
    router = world.open("router")
    near, far = router.answer([ask("something else entirely", ()), ask(ASKED, ())])
    assert (near.route, far.route) == ("tuned", "rag")
    assert "opens at nine" in shown(far) and "90,000" not in shown(near) + shown(far)


@pytest.mark.parametrize("name", ["tuned", "hybrid", "router"])
def test_what_weights_have_learned_is_refused_to_those_who_may_not_see_it(world: World, name: str) -> None:
    """Tuned with a labelled document: only keys that may see every such document are answered, in any way."""
    for recipe in (make_recipe(spec("tuned")), make_recipe(spec("hybrid"))):
        record_learned(world.adapter_folder(recipe.adapter), world.store.documents())
    may: list[Labels] = [None, ("hr", "legal"), ("hr", 'o\'hara "x"')]
    assert [why_refused(world, name, access) for access in may] == [None] * 3
    for access in ((), ("hr",), ("legal",)):
        assert "tuned when there were documents" in str(why_refused(world, name, access))
    contender = world.open(name)
    familiar = [ask("something else entirely", access) for access in ((), None, ("hr",))]
    assert [one.error is None for one in contender.answer(familiar)] == [False, True, False]
    for item in stream_of(contender, familiar[0]):
        assert isinstance(item, Answer) and item.error and not item.text and not item.citations


def test_a_tuned_model_of_which_nothing_is_recorded_is_refused(world: World) -> None:
    """Runs of before, and damaged files: whatever is not known is refused, and the remedy is named."""
    path = world.adapter_folder(make_recipe(spec("tuned")).adapter) / LEARNED_WITH
    for content in (None, "", "{", "3"):
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_text(content)
        assert "--resume" in str(why_refused(world, "tuned", ()))
        assert why_refused(world, "tuned", None) is None
        assert world.open("tuned").answer([ask(ASKED, ())])[0].error


def test_what_a_model_was_tuned_with_before_stays_recorded(tmp_path: Path) -> None:
    """Tuned further after an update, it still knows documents that are gone by then."""
    before, after, unknown = (tmp_path / name for name in ("before", "after", "unknown"))
    record_learned(before, [Document(id="a", text="", source="a", access=("hr", "board"))])
    record_learned(after, [Document(id="b", text="", source="b", access=("it",))], start_from=before)
    assert learned_with(after) == {("board", "hr"), ("it",)}
    record_learned(tmp_path / "further", [], start_from=unknown)
    assert learned_with(tmp_path / "further") is None


@pytest.mark.parametrize(
    ("kind", "refused"),
    [("Leaking", True), ("HeirOfCareful", True), ("HeirOfRag", True), ("Careful", False), ("OfRag", False)],
)
def test_classes_of_others_answer_restricted_questions_only_if_they_declare_it(
    world: World, kind: str, refused: bool
) -> None:
    """By their own `respects_labels = True`, not by what they inherit. Other questions reach them as before."""
    recipe = make_recipe(Spec(name="own", recipe=f"{__name__}.{kind}", retrieval=Retrieval(k=2, chunk_tokens=64)))
    save(world, recipe, Fitted())
    contender = world.open("own")
    restricted, free = contender.answer([ask(ASKED, ("hr",)), ask(ASKED)])
    assert (restricted.error is not None, free.error is None) == (refused, True)
    assert bool(why_refused(world, "own", ("hr",))) == refused
    assert why_refused(world, "own", None) is None
    if refused:
        assert SECRET not in shown(restricted)
        assert "does not declare" in str(restricted.error)
    elif kind == "Careful":
        assert restricted.text == "('hr',)"


def test_a_refused_contender_behind_a_router_gives_nothing_away(world: World) -> None:
    """A router over a class that declares nothing: refused as a whole, and by itself where it is asked anyway."""
    save(world, make_recipe(Spec(name="own", recipe=f"{__name__}.Leaking")), Fitted())
    routing = {"near": "tuned", "far": "own", "familiarity_at_least": 0.99}
    save(world, make_recipe(spec("router")), Fitted(routing=routing))
    assert "does not declare" in str(why_refused(world, "router", ()))
    assert SECRET in world.open("router").answer([ask(ASKED)])[0].text
    (answered,) = world.open("router").answer([ask(ASKED, ())])
    assert answered.error and SECRET not in shown(answered)


def test_a_retriever_that_knows_no_labels_is_not_searched_for_restricted_questions() -> None:
    """It fails with the remedy; without restriction it is searched as before."""
    retriever = FakeRetriever([chunk("x", SECRET)])
    assert hits_for(retriever, [question("a")], 1)[0][0].chunk.text == SECRET
    with pytest.raises(ContenderError, match="search_visible"):
        hits_for(retriever, [question("a"), question("b", access=())], 1)


def test_earlier_answers_are_not_reused_for_restricted_questions(world: World) -> None:
    """They were made from all documents."""
    contender = Remembering(world.open("rag"), [answer("asked", SECRET)])
    free, restricted = contender.answer([ask(ASKED), ask(ASKED, ())])
    assert free.text == SECRET and "90,000" not in shown(restricted)


def test_a_change_of_labels_or_texts_counts_at_once(world: World) -> None:
    """For the contender that shows every document, too: the store is read again when it has changed."""
    contenders = [world.open(name) for name in ("rag", "extract", "long-context")]
    assert all("opens at nine" in shown(one.answer([ask(ASKED, ())])[0]) for one in contenders)
    world.store.upsert([Document(id="public", text=PUBLIC, source="public.md", access=("board",))])
    world.index(Retrieval(chunk_tokens=64)).sync(world.store)
    assert not any("opens at nine" in shown(one.answer([ask(ASKED, ())])[0]) for one in contenders)
    assert all("opens at nine" in shown(one.answer([ask(ASKED, ("board",))])[0]) for one in contenders)


def test_files_of_questions_do_not_change_for_questions_without_labels() -> None:
    """Old runs are read as before and new ones write the same lines. A restriction that there is survives a file."""
    line = question("a").model_dump_json()
    assert "access" not in json.loads(line)
    assert Question.model_validate_json(line).access is None
    restricted = ask("x", ("hr",))
    assert Question.model_validate_json(restricted.model_dump_json()).access == ("hr",)
    nobody = ask("x", ())
    assert Question.model_validate_json(nobody.model_dump_json()).access == ()
