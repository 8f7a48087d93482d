"""Effects follow from the contenders' places in the grid, are paired per question, and have one sentence each."""

import pytest

from bakeoff.decide.verdict.effects import effects
from bakeoff.decide.verdict.grid import grids
from bakeoff.measure.comparison import AskedModel
from bakeoff.measure.graded import known
from tests.unit.comparison_fixture import comparison, entrant

FACTS = {str(i): str(i) for i in range(60)}
SLICES = {key: "seen" if int(key) < 30 else "unseen" for key in FACTS}
SQUARE = tuple(entrant(recipe) for recipe in ("base", "rag", "tuned", "hybrid"))
LARGE = AskedModel(name="large", label="large at api.example.com")


def right(**rules):
    """Per-question values from a rule on the question's number."""
    return {
        name.replace("_", "-"): known({key: float(rule(int(key))) for key in FACTS}) for name, rule in rules.items()
    }


def found(values, entrants=SQUARE):
    """Effects over the square's four contenders, by what changes, on which slice."""
    return {
        (one.effect, one.setting, one.slice): one
        for one in effects(entrants, values, FACTS, SLICES)
        if one.kind != "simple"
    }


def simple(values, entrants=SQUARE, part="all"):
    """The simple effects by the two contenders."""
    return {
        (one.contrast.a, one.contrast.b): one
        for one in effects(entrants, values, FACTS, SLICES)
        if one.kind == "simple" and one.slice == part
    }


def told(values, entrants=SQUARE, part="all"):
    return [one for one in effects(entrants, values, FACTS, SLICES) if one.is_told and one.slice == part]


def test_retrieval_alone_is_told_as_retrieval():
    """Both retrieving cells are always correct, the others never: 100 points, no tuning effect, no interaction."""
    values = right(base=lambda i: 0, rag=lambda i: 1, tuned=lambda i: 0, hybrid=lambda i: 1)
    one = found(values)
    assert one["knowledge", "", "all"].contrast.difference == 1.0
    assert one["knowledge", "", "all"].sentence.startswith("Retrieval raises accuracy by 100.0 points")
    assert one["tuning", "", "all"].contrast.difference == 0.0
    assert one["interaction", "", "all"].contrast.difference == 0.0
    assert [one.kind for one in told(values)] == ["average", "average", "interaction"]


def test_tuning_that_helps_only_what_was_seen_shows_by_slice():
    """Tuned cells know the seen facts; the effect is on that slice and not on the other."""
    one = found(right(base=lambda i: 0, rag=lambda i: 0, tuned=lambda i: i < 30, hybrid=lambda i: i < 30))
    assert one["tuning", "", "seen"].contrast.difference == 1.0
    assert one["tuning", "", "seen"].contrast.finding == "different"
    assert one["tuning", "", "unseen"].contrast.difference == 0.0


def test_an_interaction_is_what_only_both_together_do():
    """Only the hybrid is correct: neither alone adds a point, so all 100 points are interaction."""
    one = found(right(base=lambda i: 0, rag=lambda i: 0, tuned=lambda i: 0, hybrid=lambda i: 1))
    for name in ("knowledge", "tuning"):
        assert one[name, "", "all"].contrast.difference == pytest.approx(0.5)
    assert one["interaction", "", "all"].contrast.difference == pytest.approx(1.0)
    assert (
        "together add 100.0 points of accuracy more than the sum of what each does alone"
        in one["interaction", "", "all"].sentence
    )


def test_where_the_interaction_is_clear_the_simple_effects_are_told_not_the_average():
    """Tuning helps by 50 points with retrieval and not at all without: no sentence says 25 points."""
    values = right(base=lambda i: i < 6, rag=lambda i: i < 20, tuned=lambda i: i < 6, hybrid=lambda i: i < 50)
    sentences = " ".join(one.sentence for one in told(values) if one.effect == "tuning")
    assert "Tuning raises accuracy by 50.0 points with retrieval over all test questions" in sentences
    assert "+0.0 points without retrieval" in sentences and "25.0 points" not in sentences
    assert {one.kind for one in told(values)} == {"simple", "interaction"}
    assert {one.kind for one in told(values, part="unseen")} == {"simple", "interaction"}


def test_two_contenders_that_differ_in_one_axis_have_an_effect_without_a_square():
    """base and rag alone show what retrieval does to the model as it comes."""
    one = told(right(base=lambda i: 0, rag=lambda i: i < 40))[0]
    assert one.sentence.startswith("Retrieval raises accuracy by 66.7 points on the model as it comes over all test")


def test_contenders_that_differ_in_two_axes_or_stand_beside_the_grid_have_none():
    """rag against tuned is not an effect; extract and the router are not in the grid."""
    entrants = (entrant("rag"), entrant("tuned"), entrant("extract"), entrant("router"))
    values = right(rag=lambda i: 1, tuned=lambda i: 0, extract=lambda i: 1, router=lambda i: 1)
    assert effects(entrants, values, FACTS, SLICES) == []


def test_names_do_not_matter():
    """The same square under other names has the same effects."""
    renamed = tuple(one.model_copy(update={"name": f"x{i}"}) for i, one in enumerate(SQUARE))
    rules = [lambda i: i < 6, lambda i: i < 40, lambda i: i < 12, lambda i: i < 52]
    plain = effects(SQUARE, right(**dict(zip(("base", "rag", "tuned", "hybrid"), rules, strict=True))), FACTS, SLICES)
    other = effects(renamed, right(**{f"x{i}": rule for i, rule in enumerate(rules)}), FACTS, SLICES)
    assert [one.sentence for one in plain] == [one.sentence for one in other]


TWO = (*SQUARE, *(entrant(one, f"{one}-large", model=LARGE) for one in ("base", "rag", "tuned", "hybrid")))
TWO_VALUES = right(
    base=lambda i: 0, rag=lambda i: i < 40, tuned=lambda i: 0, hybrid=lambda i: i < 40,
    base_large=lambda i: i < 30, rag_large=lambda i: i < 50,
    tuned_large=lambda i: i < 30, hybrid_large=lambda i: i < 50,
)  # fmt: skip


def test_each_model_has_its_own_square_and_the_models_are_compared_at_equal_settings():
    """Retrieval gives the small model 67 points and the large one 33; the large one is ahead by 50."""
    retrieval = {one.model: one for one in told(TWO_VALUES, TWO) if one.effect == "knowledge"}
    assert retrieval["generator"].contrast.difference == pytest.approx(40 / 60)
    assert retrieval["large"].contrast.difference == pytest.approx(20 / 60)
    assert retrieval["large"].sentence.startswith("On large: Retrieval raises accuracy by 33.3 points")
    models = [one for one in told(TWO_VALUES, TWO) if one.effect == "model"]
    assert {(one.contrast.a, one.contrast.b) for one in models} == {
        (f"{name}-large", name) for name in ("base", "rag", "tuned", "hybrid")
    }
    assert models[0].sentence.startswith(
        "Model large instead of generator raises accuracy by 50.0 points on the model as it comes without retrieval"
    )


def test_an_interaction_on_one_model_says_nothing_about_the_other():
    """The large model's square is additive, the small one's is not: the sentences differ accordingly."""
    values = TWO_VALUES | right(rag=lambda i: 0, tuned=lambda i: 0, hybrid=lambda i: i < 50)
    kinds = {one.model: one.kind for one in told(values, TWO) if one.effect == "tuning"}
    assert kinds == {"generator": "simple", "large": "average"}


def test_retrieval_settings_are_compared_with_the_first_of_them():
    """Three settings: each against nothing shown, the second and third against the first; no more pairs than that."""
    labels = ["retrieval (128 tokens, k 3)", "retrieval (512 tokens, k 3)", "retrieval (512 tokens, k 8)"]
    entrants = (entrant("base"), *(entrant("rag", f"rag-{i}", shown=label) for i, label in enumerate(labels)))
    values = right(base=lambda i: 0, rag_0=lambda i: i < 20, rag_1=lambda i: i < 50, rag_2=lambda i: i < 50)
    pairs = simple(values, entrants)
    assert set(pairs) == {
        ("rag-0", "base"),
        ("rag-1", "base"),
        ("rag-2", "base"),
        ("rag-1", "rag-0"),
        ("rag-2", "rag-0"),
    }
    assert pairs["rag-1", "rag-0"].sentence.startswith(
        "Retrieval (512 tokens, k 3) instead of retrieval (128 tokens, k 3) raises accuracy by 50.0 points"
    )


def test_an_open_effect_says_that_it_is_not_significant():
    """A difference of two questions of sixty is not significant."""
    one = found(right(base=lambda i: 0, rag=lambda i: i < 2, tuned=lambda i: 0, hybrid=lambda i: i < 2))
    assert "not significantly different from zero" in one["knowledge", "", "all"].sentence


def test_an_interval_that_excludes_zero_without_significance_says_why():
    """Seven of sixty are significant alone (p .016), not among 21 comparisons."""
    one = found(right(base=lambda i: 0, rag=lambda i: i < 7, tuned=lambda i: 0, hybrid=lambda i: i < 7))
    effect = one["knowledge", "", "all"]
    assert effect.contrast.low > 0 and effect.contrast.finding == "open"
    assert "(unadjusted 95 % interval +" in effect.sentence
    assert "60 questions); not significant after correcting for 21 comparisons." in effect.sentence


def test_the_grid_s_steps_are_the_effects_of_the_panel():
    """base to rag is a step, and it is significant exactly where the effect of that name is."""
    values = right(base=lambda i: 0, rag=lambda i: i < 40, tuned=lambda i: i < 3, hybrid=lambda i: i < 44)
    given = comparison(ids=list(FACTS), base=0, rag=40, tuned=3, hybrid=44)
    all_effects = effects(given.entrants, values, FACTS, SLICES)
    (grid,) = grids(given, all_effects)
    assert (grid.tunings, grid.shown) == (("", "tuned"), ("", "retrieval (128 tokens, k 3)"))
    step = grid.step(grid.cell("", ""), grid.cell("", grid.shown[1]))
    assert step in all_effects and (step.contrast.a, step.contrast.b) == ("rag", "base")
    assert step.contrast.finding == "different"
    small = grid.step(grid.cell("", ""), grid.cell("tuned", ""))
    assert small.contrast.finding == "open"


def test_a_contender_whose_place_another_has_is_named_beside_the_grid():
    """Two that differ in their prompts alone stand in one cell: the second is not dropped in silence."""
    given = comparison(ids=list(FACTS), base=0, rag=40, tuned=3, hybrid=44, extract=1)
    twin = entrant("rag").model_copy(update={"name": "extract"})
    entrants = tuple(twin if one.name == "extract" else one for one in given.entrants)
    (grid,) = grids(given.model_copy(update={"entrants": entrants}))
    assert grid.others == ("extract",)
    assert "extract" not in {cell.contender for cell in grid.cells}


def test_there_is_a_grid_for_each_model_with_at_least_two_cells():
    """A model with one contender has nothing to compare."""
    entrants = (*SQUARE[:2], entrant("base", "base-large", model=LARGE))
    given = comparison(base=10, rag=50, base_large=90, entrants=entrants)
    assert [one.model for one in grids(given)] == ["generator"]
    assert grids(given)[0].steps == ()
