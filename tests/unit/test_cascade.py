"""Contenders in turn: who answers, what it costs, and thresholds that earn the most on dev."""

import pytest

from bakeoff.contenders.built import Fitted
from bakeoff.contenders.cascading import ALWAYS, Cascaded, Level, fit_cascade, level_of
from bakeoff.contenders.load import make_recipe, make_recipes
from bakeoff.contenders.outcomes import Outcome
from bakeoff.contenders.recipe import Material
from bakeoff.contenders.spec import Spec
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.measure.rates import Rates
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


def test_a_cascade_of_which_only_the_last_level_is_left_is_that_level():
    """In a batch and as a stream: no level before it was worth asking."""
    left = cascade(Says("rag", "c"), answers_from=())
    assert [one.route for one in left.answer([ask("?")])] == ["rag"]
    assert [getattr(item, "route", item) for item in left.stream(ask("?"))] == ["c", "rag"]


@pytest.mark.parametrize(("n_facts", "least"), [(7, 0.95), (19, 0.95), (20, ALWAYS)])
def test_with_few_facts_in_dev_a_level_answers_only_what_it_answers_alone(n_facts, least):
    """Seven right answers below its own threshold do not show that it may answer there."""
    ids = [f"q{i}" for i in range(n_facts)]
    level = level_of("faq", {key: Outcome(1.0, 0.1, confidence=0.7) for key in ids}, {}, own=0.95)
    last = Level("rag", {key: Outcome(-1.0, 1.0, confidence=0.0) for key in ids})
    assert level.least == least
    fitted = fit_cascade([level, last])
    assert fitted.levels == (("rag",) if least == 0.95 else ("faq", "rag"))


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


def level(name, outcomes, seconds=1.0, usd=0.0):
    """A level whose answers are (value, confidence), by number."""
    return Level(name, {f"q{i}": Outcome(value, seconds, usd, conf) for i, (value, conf) in enumerate(outcomes)})


def last(*values, usd=0.0):
    """The last level: its answers' values, in order."""
    return level("rag", [(value, None) for value in values], seconds=5.0, usd=usd)


def test_a_level_keeps_what_it_is_right_about():
    """Right at high confidence, wrong at low, against a last level that declines everything: the cut lies between."""
    faq = level("faq", [(1.0, 0.9 - i / 1000) for i in range(50)] + [(-1.0, 0.4 - i / 1000) for i in range(50)])
    fitted = fit_cascade([faq, last(*[0.0] * 100)])
    assert fitted.levels == ("faq", "rag")
    assert 0.4 < fitted.answers_from[0] < 0.86


def test_a_level_that_is_always_worth_it_always_answers():
    """Against a last level that is always wrong."""
    half = level("tuned", [((-1.0) ** i, -i / 100) for i in range(40)])
    assert fit_cascade([half, last(*[-1.0] * 40)]).answers_from == (ALWAYS,)


def test_a_level_that_is_never_worth_it_is_not_asked():
    """Against a last level that is always right, asking it first would only take time."""
    fitted = fit_cascade([level("faq", [(-1.0, i) for i in range(40)]), last(*[1.0] * 40)])
    assert (fitted.levels, fitted.answers_from, fitted.considered) == (("rag",), (), ("faq", "rag"))


def test_an_earlier_level_is_fitted_against_what_the_later_ones_make_of_the_question():
    """The tuned model is right where the FAQ is wrong, so the FAQ keeps only what nobody else knows."""
    outcomes_faq = [(1.0, 0.9)] * 20 + [(1.0, 0.5)] * 20 + [(-1.0, 0.2)] * 20
    outcomes_tuned = [(-1.0, -3.0)] * 20 + [(1.0, -0.1)] * 40
    fitted = fit_cascade([level("faq", outcomes_faq), level("tuned", outcomes_tuned), last(*[0.0] * 60)])
    assert fitted.levels == ("faq", "tuned", "rag")
    # Of equally good answers, the faster: the FAQ answers what both know, because then nothing more is asked.
    assert 0.2 < fitted.answers_from[0] <= 0.5
    assert -3.0 < fitted.answers_from[1] <= -0.1


@pytest.mark.parametrize(("per_usd", "share"), [(0.0, 0.5), (15.0, 1.0)])
def test_a_cheap_level_answers_more_if_cost_counts(per_usd, share):
    """It is right on the surer half. The last level is always right, at 0.1 USD an answer.

    At 15 right answers for a US dollar such an answer is worth less than none: 1 - 1.5 is below even a declined one.
    """
    small = level("small", [(1.0, 0.9 - i / 1000) for i in range(50)] + [(0.0, 0.4 - i / 1000) for i in range(50)])
    fitted = fit_cascade([small, last(*[1.0] * 100, usd=0.1)], per_usd=per_usd)
    (least,) = fitted.answers_from
    assert sum((one.confidence or 0) >= least for one in small.answers.values()) / 100 == pytest.approx(share, abs=0.1)


def test_a_level_that_answers_too_little_for_what_asking_it_costs_is_left_out():
    """Two of 100 questions are answered for the last level's 0.1 USD each, and all 100 cost 0.01 USD to ask.

    Without counting cost it stays: it saves time.
    """
    rare = level("rare", [(1.0, 0.9)] * 2 + [(0.0, None)] * 98, seconds=0.01, usd=0.01)
    assert fit_cascade([rare, last(*[1.0] * 100, usd=0.1)]).levels == ("rare", "rag")
    assert fit_cascade([rare, last(*[1.0] * 100, usd=0.1)], per_usd=1.0).levels == ("rag",)


class _World:
    """A world of contenders without thresholds for declining."""

    def built(self, name):
        return self

    fitted = Fitted()


DEV = tuple(Question(id=f"q{i}", text="?", answers=("yes",), fact=f"q{i}", split="dev") for i in range(60))


def _levels(name):
    """`small` is right on the surer half, `large` on all but slower; an answer takes 10 tokens."""
    right = [name == "large" or i < 30 for i in range(len(DEV))]
    return [
        Answer(
            question_id=one.id, contender=name, text="yes" if right[i] else "no", confidence=-i / 100,
            usage=Usage(completion_tokens=10, seconds=2.0 if name == "large" else 0.5),
        )
        for i, one in enumerate(DEV)
    ]  # fmt: skip


def _share_of_small(options, **worth):
    """The share of dev that the small model answers, if an answer of the large one costs 0.5 USD."""
    recipe = make_recipe(Spec(name="c", recipe="cascade", parts={"levels": ("small", "large")}, options=options))
    recipe.firsts, recipe.lasts = ("small",), ("large",)
    rates = {"large": Rates(output_usd_per_million_tokens=50_000), "small": Rates()}
    material = Material(dev=DEV, wrong_answer_penalty=0.0, rates=rates, **worth)
    routing = recipe.calibrate(_World(), material, Fitted(), _levels).routing
    least = dict(zip(routing["levels"], routing["answers_from"], strict=False)).get("small", 1.0)
    return sum(answer.confidence >= least for answer in _levels("small")) / len(DEV)


def test_a_larger_model_is_asked_less_the_more_it_costs():
    """Two models at different prices: it is asked for what the small one does not know, unless that costs too much."""
    assert _share_of_small({}) == pytest.approx(0.5, abs=0.1)
    assert _share_of_small({}, right_answer_usd=4.0) == pytest.approx(0.5, abs=0.1)
    assert _share_of_small({}, right_answer_usd=0.4) == 1.0
    assert _share_of_small({"count_cost": False}, right_answer_usd=0.4) == pytest.approx(0.5, abs=0.1)


def test_cost_cannot_be_counted_where_nobody_says_what_an_answer_is_worth():
    """The contender is left out with what to add; a word is no truth value."""
    recipe = make_recipe(Spec(name="c", recipe="cascade", options={"count_cost": True}))
    assert "value: {currency: USD" in str(recipe.obstacle(None, Material()))
    assert recipe.obstacle(None, Material(right_answer_usd=4.0)) is None
    assert make_recipe(Spec(name="c", recipe="cascade")).obstacle(None, Material()) is None
    with pytest.raises(ConfigError, match="count_cost"):
        make_recipe(Spec(name="c", recipe="cascade", options={"count_cost": "perhaps"}))


@pytest.mark.parametrize("recipe", ["cascade", "router"])
def test_what_was_not_calibrated_cannot_be_opened(recipe):
    """The error says how to finish the run."""
    with pytest.raises(RunFolderError, match="'c' has not been calibrated") as error:
        make_recipe(Spec(name="c", recipe=recipe)).open(_World(), Fitted())
    assert "--resume" in error.value.remedy


def test_its_levels_are_found_by_what_contenders_are():
    """Known answers, then a tuned model without passages, then those that retrieve."""
    specs = [Spec(name=name, recipe=name) for name in ("rag", "faq", "tuned", "hybrid", "cascade")]
    recipe = make_recipes(specs, None)[-1]
    assert recipe.behind() == ("faq", "tuned", "rag", "hybrid")
    assert recipe.lost({"faq": "x"}) is None and recipe.behind() == ("tuned", "rag", "hybrid")
    assert "could not be built: y" in str(recipe.lost({"tuned": "y"}))


def test_a_cascade_of_one_level_is_refused():
    """The error says what the run has, and what to add."""
    with pytest.raises(ConfigError, match="at least two levels, and the run has rag that"):
        make_recipes([Spec(name=name, recipe=name) for name in ("base", "rag", "cascade")], None)


@pytest.mark.parametrize(
    ("outer", "inner", "parts"),
    [
        ("cascade", "router", {"levels": ("router", "rag")}),
        ("router", "cascade", {"near": ("tuned",), "far": ("cascade",)}),
        ("router", "router", {"near": ("router",)}),
    ],
)
def test_who_sends_questions_to_others_is_sent_none_by_another(outer, inner, parts):
    """Both would be fitted at the same time, and each needs the other's fitted answers."""
    specs = [Spec(name=name, recipe=name) for name in ("faq", "rag", "tuned", inner)]
    with pytest.raises(ConfigError, match=f"'both' sends questions to '{inner}', which itself sends"):
        make_recipes([*specs, Spec(name="both", recipe=outer, parts=parts)], None)


def test_named_levels_keep_their_order():
    """The last one is final."""
    named = Spec(name="c", recipe="cascade", parts={"levels": ("hybrid", "rag")})
    specs = [*(Spec(name=name, recipe=name) for name in ("rag", "hybrid")), named]
    recipe = make_recipes(specs, None)[-1]
    assert (recipe.firsts, recipe.lasts) == (("hybrid",), ("rag",))
    assert make_recipe(named).parts() == ()


def test_retrieval_only_where_a_model_without_passages_is_unsure():
    """`levels: [tuned, rag]`: sure answers that are right on dev are kept; nothing is searched for them."""
    dev = [Question(id=str(i), text=f"q{i}", answers=("a",), fact=str(i)) for i in range(40)]
    sure = {one.id: Outcome(1.0 if int(one.id) < 20 else -1.0, 0.1, confidence=-int(one.id) / 10) for one in dev}
    read = {one.id: Outcome(1.0 if int(one.id) >= 4 else 0.0, 1.0, confidence=0.0) for one in dev}
    fitted = fit_cascade([Level("tuned", sure), Level("rag", read)], {one.id: one.fact for one in dev})
    assert fitted.levels == ("tuned", "rag") and -2.0 < fitted.answers_from[0] < -0.3
    for confidence, route, n_searched in ((-0.1, "tuned", 0), (-3.9, "rag", 1)):
        rag = Says("rag", "from passages")
        made = Cascaded("when-unsure", [Says("tuned", "by heart", confidence), rag], fitted.answers_from)
        (answer,) = made.answer([ask("?")])
        assert (answer.route, len(rag.asked)) == (route, n_searched)
        assert answer.usage.seconds == 1.0 + n_searched
