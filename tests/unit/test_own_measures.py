"""A team's own measures: found by import path, scored like the others, with clear errors."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from bakeoff.errors import BakeoffError, MeasureError
from bakeoff.measure.own import own_measures
from bakeoff.measure.score import score_answers, values_of
from bakeoff.measure.summary import summarise
from bakeoff.measures import Measure
from tests.unit.fakes import answer, question
from tests.unit.test_summary import BASE, QUESTIONS, TUNED


def has_greeting(question, answer):
    """Begins with a greeting.

    More of it here.
    """
    return answer.text.startswith("Hello")


def n_words(question, answer):
    return len(answer.text.split())


n_words.unit = "count"
n_words.better = "lower"
n_words.title = "Length"


@pytest.fixture
def team():
    """A module that a team wrote."""
    module = ModuleType("team_measures")
    module.has_greeting, module.n_words = has_greeting, n_words
    module.polite = Measure(name="polite", title="Polite", per_question=lambda q, a: None if q.id == "a" else 1.0)
    module.correct = lambda question, answer: 1.0
    module.broken = lambda question, answer: 1 / 0
    module.too_large = lambda question, answer: 7
    module.words = lambda question, answer: "many"
    module.no_function = Measure(name="no_function", title="None")
    module.odd_unit = lambda question, answer: 1.0
    module.odd_unit.unit = "miles"
    module.latest = Measure(name="latest", title="Latest", per_question=n_words, estimator="median")
    module.length = Measure(name="length", title="Length", per_question=n_words, unit="count")
    module.number = 3
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]


def scored(path, *answers):
    (measure,) = own_measures([path])
    questions = [question(one.question_id) for one in answers]
    values = values_of(score_answers(questions, answers, own=[measure]))
    return values["rag"].get(measure.name, {})


def test_a_function_is_a_measure(team):
    """Its name is the function's, title and description come from its name and docstring, and True counts as 1."""
    (measure,) = own_measures(["team_measures.has_greeting"])
    assert (measure.name, measure.title, measure.description) == (
        "has_greeting",
        "Has greeting",
        "Begins with a greeting",
    )
    assert scored("team_measures.has_greeting", answer("a", "Hello, yes"), answer("b", "yes")) == {"a": 1.0, "b": 0.0}


def test_a_function_may_say_its_unit_and_direction(team):
    """Attributes of the function are the measure's fields."""
    (measure,) = own_measures(["team_measures.n_words"])
    assert (measure.unit, measure.better, measure.title, measure.estimator) == ("count", "lower", "Length", "mean")
    assert scored("team_measures.n_words", answer("a", "one two three")) == {"a": 3.0}


def test_a_measure_in_another_unit_than_a_share_is_a_mean(team):
    """The score interval is for values from 0 to 1."""
    assert own_measures(["team_measures.length"])[0].estimator == "mean"


def test_where_a_measure_gives_none_it_does_not_apply(team):
    """Neither zero nor an error. Failed answers are not measured either."""
    found = scored("team_measures.polite", answer("a"), answer("b"), answer("c", "", error="boom"))
    assert found == {"b": 1.0}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("team_measures", "is not an import path"),
        ("no_such_module.measure", "cannot be imported.*No module named .no_such_module."),
        ("team_measures.missing", "cannot be imported.*missing"),
        ("team_measures.number", "is int"),
        ("team_measures.correct", "called 'correct', but this name is taken"),
        ("team_measures.no_function", "has no per_question"),
        ("team_measures.odd_unit", "bad 'unit'"),
        ("team_measures.latest", "has the estimator 'median'"),
    ],
)
def test_what_is_no_measure_is_refused_by_its_path(team, path, message):
    """One message names the path and the problem. The remedy says what to give."""
    with pytest.raises(BakeoffError, match=message) as refused:
        own_measures([path])
    assert refused.value.remedy


def test_two_measures_of_one_name_are_refused(team):
    """They would have the same column."""
    with pytest.raises(MeasureError, match="taken"):
        own_measures(["team_measures.n_words", "team_measures.n_words"])


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("team_measures.broken", r"'broken' failed on question q7 \(rag\): ZeroDivisionError: division by zero"),
        ("team_measures.too_large", "'too_large' returned 7 for question q7"),
        ("team_measures.words", "'words' returned 'many' for question q7"),
    ],
)
def test_a_measure_that_fails_names_itself_and_the_question(team, path, message):
    """There is no traceback, and nothing was written."""
    (measure,) = own_measures([path])
    with pytest.raises(MeasureError, match=message):
        score_answers([question("q7")], [answer("q7")], own=[measure])


def test_a_comparison_holds_a_teams_measure_with_interval_slices_and_contrasts(team):
    """It is summarised like Bakeoff's own; the comparison says what it is."""
    (measure,) = own_measures(["team_measures.n_words"])
    texts = {"base": "one", "tuned": "one two three"}
    measured = []
    for one in (BASE, TUNED):
        given = [given.model_copy(update={"text": texts[one.name]}) for given in one.answers]
        values = values_of(score_answers(QUESTIONS, given, own=[measure]))[one.name]
        measured.append(type(one)(entrant=one.entrant, values=values, answers=given))
    found = summarise(QUESTIONS, measured, own=[measure])
    estimate = found.estimate("tuned", "n_words")
    assert (estimate.value, estimate.n) == (3.0, 3) and estimate.low is not None
    assert set(estimate.slices) == {"seen", "unseen", "unanswerable", "changed", "general"}
    contrast = found.contrast("tuned", "base", "n_words")
    assert contrast is not None and contrast.difference == 2.0
    assert found.measure_of["n_words"].better == "lower"
    assert type(found).model_validate_json(found.model_dump_json()) == found.model_copy(
        update={"own_measures": (measure.model_copy(update={"per_question": None}),)}
    )


def test_the_example_of_the_docs_works(tmp_path):
    """The module of docs/measures.md is in the folder of bakeoff.yaml. Its measures are found there and computed."""
    text = (Path(__file__).parents[2] / "docs" / "measures.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    (tmp_path / "my_measures.py").write_text(code)
    greeting, words = own_measures(["my_measures.has_greeting", "my_measures.n_words"], tmp_path)
    asked, declined = answer("a", "Hello, 24 months"), answer("b", "Hello", abstained=True)
    found = values_of(score_answers([question("a"), question("b")], [asked, declined], own=[greeting, words]))["rag"]
    assert found["has_greeting"] == {"a": 1.0, "b": 1.0} and found["n_words"] == {"a": 3.0}
    assert words.better == "lower" and greeting.description == "Begins with a greeting"
