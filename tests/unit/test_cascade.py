"""Contenders in turn: who answers, what it costs, and thresholds that earn the most on dev."""

import pytest

from bakeoff.contenders.cascading import ALWAYS, NEVER, Cascaded, Level, LevelAnswer, fit_cascade
from bakeoff.contenders.load import make_recipe, make_recipes
from bakeoff.contenders.spec import Spec
from bakeoff.errors import ConfigError
from bakeoff.records import Answer, Question, Usage, ask


class Says:
    """A contender that answers every question alike and counts how many it was asked."""

    def __init__(self, name, text, confidence=0.0, error=None):
        self.name, self.asked = name, []
        self._given = {"text": text, "confidence": confidence, "error": error}

    def answer(self, questions):
        self.asked += [question.id for question in questions]
        return [
            Answer(question_id=q.id, contender=self.name, usage=Usage(seconds=1.0), **self._given) for q in questions
        ]


def cascade(*levels, answers_from):
    return Cascaded("cascade", levels, answers_from)


def test_the_first_level_that_is_sure_answers_and_no_later_one_is_asked():
    """The answer says who gave it, and its usage is that of all levels that were asked."""
    first, second, last = Says("faq", "a", 0.2), Says("tuned", "b", -0.1), Says("rag", "c")
    (answer,) = cascade(first, second, last, answers_from=(0.9, -0.5)).answer([ask("?")])
    assert (answer.contender, answer.route, answer.text) == ("cascade", "tuned", "b")
    assert answer.usage.seconds == 2.0 and last.asked == []


@pytest.mark.parametrize(
    "unsure", [Says("faq", "I don't know.", 1.0), Says("faq", "", 1.0, error="Broken"), Says("faq", "a", None)]
)
def test_what_cannot_be_used_goes_on(unsure):
    """A level that says it does not know, that failed, or that gives no confidence."""
    (answer,) = cascade(unsure, Says("rag", "c"), answers_from=(0.5,)).answer([ask("?")])
    assert (answer.route, answer.text, answer.error) == ("rag", "c", None)


def test_a_level_that_would_decline_alone_is_used_where_the_cascade_is_content():
    """Its own threshold withheld the answer; here a lower one was fitted."""

    class Withholds(Says):
        def answer(self, questions):
            return [one.model_copy(update={"abstained": True}) for one in super().answer(questions)]

    (answer,) = cascade(Withholds("tuned", "b", 0.4), Says("rag", "c"), answers_from=(0.3,)).answer([ask("?")])
    assert (answer.route, answer.abstained) == ("tuned", False)


def test_a_stream_shows_only_the_level_that_answers():
    """The sure level in one piece; else the last level's own pieces."""
    sure = list(cascade(Says("faq", "a", 1.0), Says("rag", "c"), answers_from=(0.5,)).stream(ask("?")))
    assert sure[0] == "a" and sure[1].route == "faq"
    last = list(cascade(Says("faq", "a", 0.1), Says("rag", "c"), answers_from=(0.5,)).stream(ask("?")))
    assert last[0] == "c" and last[1].route == "rag" and last[1].usage.seconds == 2.0


def test_order_and_batches_are_kept():
    """Each question of a batch goes its own way."""

    class Knows(Says):
        def answer(self, questions):
            return [
                one.model_copy(update={"confidence": 1.0 if one.question_id == "known" else 0.0})
                for one in super().answer(questions)
            ]

    questions = [Question(id=name, text=name, fact=name) for name in ("new", "known", "newer")]
    last = Says("rag", "c")
    answers = cascade(Knows("faq", "a"), last, answers_from=(0.5,)).answer(questions)
    assert [one.route for one in answers] == ["rag", "faq", "rag"] and last.asked == ["new", "newer"]
    assert cascade(Knows("faq", "a"), last, answers_from=(0.5,)).answer([]) == []


def level(name, outcomes):
    """A level whose answers are (value, confidence), by number."""
    return Level(name, {f"q{i}": LevelAnswer(value, 1.0, conf) for i, (value, conf) in enumerate(outcomes)})


def test_a_level_keeps_what_it_is_right_about():
    """Right at high confidence, wrong at low, against a last level that declines everything: the cut lies between."""
    faq = level("faq", [(1.0, 0.9 - i / 1000) for i in range(50)] + [(-1.0, 0.4 - i / 1000) for i in range(50)])
    fitted = fit_cascade([faq], "rag", {f"q{i}": (0.0, 5.0) for i in range(100)})
    assert fitted.levels == ("faq", "rag")
    assert 0.4 < fitted.answers_from[0] < 0.86


def test_a_level_that_is_never_worth_it_never_answers_and_one_that_always_is_always_does():
    """Against a last level that is always right, and one that is always wrong."""
    right, wrong = {f"q{i}": (1.0, 5.0) for i in range(40)}, {f"q{i}": (-1.0, 5.0) for i in range(40)}
    half = level("tuned", [((-1.0) ** i, -i / 100) for i in range(40)])
    assert fit_cascade([level("faq", [(-1.0, i) for i in range(40)])], "rag", right).answers_from == (NEVER,)
    assert fit_cascade([half], "rag", wrong).answers_from == (ALWAYS,)


def test_an_earlier_level_is_fitted_against_what_the_later_ones_make_of_the_question():
    """The tuned model is right where the FAQ is wrong, so the FAQ keeps only what nobody else knows."""
    outcomes_faq = [(1.0, 0.9)] * 20 + [(1.0, 0.5)] * 20 + [(-1.0, 0.2)] * 20
    outcomes_tuned = [(-1.0, -3.0)] * 20 + [(1.0, -0.1)] * 40
    last = {f"q{i}": (0.0, 5.0) for i in range(60)}
    faq, tuned = level("faq", outcomes_faq), level("tuned", outcomes_tuned)
    fitted = fit_cascade([faq, tuned], "rag", last)
    assert fitted.levels == ("faq", "tuned", "rag")
    # Of equally good answers, the faster: the FAQ answers what both know, because then nothing more is asked.
    assert 0.2 < fitted.answers_from[0] <= 0.5
    assert -3.0 < fitted.answers_from[1] <= -0.1


def test_its_levels_are_found_by_what_contenders_are():
    """Known answers, then a tuned model without passages, then those that retrieve."""
    specs = [Spec(name=name, recipe=name) for name in ("rag", "faq", "tuned", "hybrid", "cascade")]
    recipe = make_recipes(specs, None)[-1]
    assert recipe.behind() == ("faq", "tuned", "rag", "hybrid")
    assert recipe.lost({"faq": "x"}) is None and recipe.behind() == ("tuned", "rag", "hybrid")
    assert "could not be built: y" in str(recipe.lost({"tuned": "y"}))


def test_a_cascade_of_one_level_or_of_cascades_is_refused():
    """The error says what the run has, and what to add."""
    with pytest.raises(ConfigError, match="at least two levels, and the run has rag that"):
        make_recipes([Spec(name=name, recipe=name) for name in ("base", "rag", "cascade")], None)
    specs = [Spec(name=name, recipe=name) for name in ("rag", "tuned", "router")]
    nested = Spec(name="both", recipe="cascade", parts={"levels": ("router", "rag")})
    with pytest.raises(ConfigError, match="level 'router', which itself sends questions"):
        make_recipes([*specs, nested], None)


def test_named_levels_keep_their_order():
    """The last one is final."""
    named = Spec(name="c", recipe="cascade", parts={"levels": ("hybrid", "rag")})
    specs = [*(Spec(name=name, recipe=name) for name in ("rag", "hybrid")), named]
    recipe = make_recipes(specs, None)[-1]
    assert (recipe.firsts, recipe.lasts) == (("hybrid",), ("rag",))
    assert make_recipe(named).parts() == ()
