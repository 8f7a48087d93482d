"""The parts of retrieval are tuned in turn: one with too few questions stays as it is, the others go on."""

from pathlib import Path

import pytest

from bakeoff.contenders import retrieval_tuning
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.spec import Spec
from bakeoff.errors import ContenderError, TooFewPairsError
from bakeoff.pilot.left_out import LeftOut
from bakeoff.pilot.retrieval_parts import tune_in_turn
from bakeoff.pilot.run import run
from tests.end_to_end.small import make
from tests.unit.tiny_embedder import write_tiny_embedder

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


def test_a_part_with_too_few_questions_is_left_out_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without wrong passages no reranker can be tuned: the embedder is, and the report says what is missing."""
    pytest.importorskip("torch")
    from tests.unit.test_rag_tuned import entry, vocabulary, world_of

    tiny = write_tiny_embedder(tmp_path / "tiny", vocabulary())
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    mined = retrieval_tuning.mined
    monkeypatch.setattr(
        retrieval_tuning, "mined", lambda *given: [pair._replace(negatives=()) for pair in mined(*given)]
    )
    models = {"generator": "tests.end_to_end.small.reader", "embedder": {"name": str(tiny), "engine": "transformers"}}
    contenders = ["rag", entry("both", keep="always"), entry("reranker-only", embedder=False)]
    config = make(tmp_path, models=models, contenders=contenders, retrieval={"chunk_tokens": 32, "k": 2})
    finished = run(config, runs=tmp_path / "runs")
    spec, skipped = world_of(finished).built("both").spec, finished.comparison.skipped
    assert spec.retrieval.embedder.startswith("embedder-tuned-") and not spec.reranker
    assert not [one.error for one in finished.answers("both") if one.error]
    assert any("both has no tuned reranker. Of " in warning for warning in finished.folder.data().warnings)
    assert list(skipped) == ["reranker-only"] and "least 20" in skipped["reranker-only"]
