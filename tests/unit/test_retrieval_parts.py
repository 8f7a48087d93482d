"""The parts of retrieval are tuned in turn: one with too few questions stays as it is, the others go on."""

from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.spec import Spec
from bakeoff.errors import ContenderError, TooFewPairsError
from bakeoff.pilot.left_out import LeftOut
from bakeoff.pilot.retrieval_parts import tune_in_turn

RECIPE = make_recipe(Spec(name="mine", recipe="rag-tuned"))


def tuned(failing: dict[str, Exception]) -> tuple[dict[str, str], list[str], LeftOut]:
    """The notes, the parts that were tried, and what was left out."""
    tried, left_out = [], LeftOut([RECIPE])

    def tune(part: str) -> str:
        tried.append(part)
        if part in failing:
            raise failing[part]
        return f"{part} is no better"

    return tune_in_turn(RECIPE, left_out, tune), tried, left_out


def test_a_part_with_too_few_pairs_costs_that_part() -> None:
    """Whichever it is, the other one is tuned, and both have a note."""
    for part, other in (("reranker", "embedder"), ("embedder", "reranker")):
        notes, tried, left_out = tuned({part: TooFewPairsError("3 pairs.")})
        assert tried == ["embedder", "reranker"] and not left_out.reasons
        assert notes == {part: f"mine has no tuned {part}. 3 pairs.", other: f"{other} is no better"}


def test_a_contender_without_any_part_to_tune_is_left_out() -> None:
    """It would be measured as `rag` under another name."""
    few = TooFewPairsError("3 pairs.", "add questions")
    notes, _, left_out = tuned({"embedder": few, "reranker": few})
    assert not notes and "3 pairs. -> add questions" in left_out.reasons["mine"]


def test_another_error_of_a_part_costs_the_contender() -> None:
    """What failed for no known reason is not passed over, and the next part is not tried."""
    notes, tried, left_out = tuned({"embedder": ContenderError("The loss is nan.")})
    assert not notes and tried == ["embedder"] and "nan" in left_out.reasons["mine"]


def test_the_recipe_is_one_with_both_parts() -> None:
    assert isinstance(RECIPE, Recipe) and RECIPE.tuned_parts == ("embedder", "reranker")
