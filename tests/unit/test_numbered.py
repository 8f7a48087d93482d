"""Which passages the marks in an answer mean: those that the prompt numbers, in its order."""

from types import SimpleNamespace

import pytest

from bakeoff.contenders.built import Fitted
from bakeoff.contenders.custom import Custom
from bakeoff.contenders.extract import Extract
from bakeoff.contenders.rag import Rag
from bakeoff.contenders.router import Router
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.tuned import Tuned
from bakeoff.models.prompts import GROUNDED, Prompts
from bakeoff.records import Answer
from bakeoff.retrieval.presentation import Presentation
from bakeoff.serve.serving import Serving
from tests.serving import HITS

NUMBERED = Prompts(grounded=GROUNDED.model_copy(update={"passage": "[{rank}] {passage}"}))


def spec(name: str, **settings) -> Spec:
    return Spec(**{"name": name, "recipe": name, **settings})


def test_bakeoffs_own_prompts_number_nothing():
    """So no mark of theirs is a citation."""
    assert tuple(Rag(spec("rag")).numbered(HITS)) == ()


@pytest.mark.parametrize(("order", "expected"), [("best_first", HITS), ("best_last", HITS[::-1])])
def test_numbers_follow_the_order_in_the_prompt(order, expected):
    """Citations are best first in either case."""
    rag = Rag(spec("rag", prompts=NUMBERED, presentation=Presentation(order=order)))
    assert tuple(rag.numbered(HITS)) == expected


def test_contenders_that_show_no_passages_to_a_model_have_no_numbers():
    """Whatever the run's prompt for passages is."""
    assert tuple(Extract(spec("extract", prompts=NUMBERED)).numbered(HITS)) == ()
    assert tuple(Tuned(spec("tuned", prompts=NUMBERED)).numbered(HITS)) == ()


def test_a_class_of_your_own_says_whether_its_marks_are_citations():
    """By `cites_by_number`."""
    plain, citing = (type("Own", (), {"cites_by_number": cites}) for cites in (False, True))
    assert tuple(Custom(spec("own"), plain).numbered(HITS)) == ()
    assert tuple(Custom(spec("own"), citing).numbered(HITS)) == HITS


def test_a_routers_answer_has_the_numbers_of_the_contender_that_gave_it():
    """A route that is none of its contenders means nothing."""
    routing = {"near": "tuned", "far": "rag", "familiarity_at_least": 0.5}
    specs = {name: spec(name, prompts=NUMBERED) for name in ("router", "rag", "tuned")}
    world = SimpleNamespace(
        built=lambda name: SimpleNamespace(spec=specs[name], fitted=Fitted(routing=routing)), imports_from=None
    )
    serving = Serving.__new__(Serving)
    serving._deployment = SimpleNamespace(world=world)
    serving.recipes = {"router": Router(specs["router"])}
    for route, expected in {"rag": HITS, "tuned": (), "other": (), "": ()}.items():
        answer = Answer(question_id="q", contender="router", route=route, citations=HITS)
        assert tuple(serving.numbered(answer)) == expected
