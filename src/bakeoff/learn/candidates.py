"""Builds and measures the contenders of a round, chooses the candidate on dev, and hands both to the gate.

Takes a round, runs the stages of the pilot in it. Tuned models go on from those that are served. The candidate is
chosen on dev questions, so that the test decides about one candidate only. Decides nothing about promotion.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from bakeoff.contenders.load import make_recipes
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.decide.cost.payment import payment_of
from bakeoff.errors import RunFolderError
from bakeoff.imports import search_in
from bakeoff.learn.choice import Choice, OnDev, chosen, in_order, measured_on_dev, worth_on_dev
from bakeoff.learn.gate.saving import Paid, saving
from bakeoff.learn.gate.tested import Contestant, Tested
from bakeoff.learn.rounds import Round, known_questions
from bakeoff.measure.collect import collect
from bakeoff.measure.graded import Graded, Values, graded
from bakeoff.measure.rates import usd
from bakeoff.measure.score import values_of
from bakeoff.measures import IN_DOMAIN
from bakeoff.models import threads
from bakeoff.models.spending.ledger import settle
from bakeoff.models.spending.who import asking_in
from bakeoff.pilot.build import Earlier, batch_size
from bakeoff.pilot.stage_times import Event, Listener, StageTimes
from bakeoff.pilot.stages import Pilot, data_lines
from bakeoff.records import Answer, Question
from bakeoff.runs.own import measures_of
from bakeoff.runs.run import Run
from bakeoff.serve.deployment import Deployment

AS_SERVED = "served-dev"
"""The phase of dev answers that a contender gives as it would be served, with its threshold."""


def measure_round(deployment: Deployment, here: Round, listener: Listener) -> Run:
    """Builds every contender of the round that is not built yet, and asks all of them. A killed round goes on here."""
    config = here.folder.config()
    search_in(config.imports_from)
    threads.configure(config.threads)
    recipes = make_recipes(config.specs, config.imports_from)
    own = measures_of(config, here.folder, here.prepared.of("test"))
    release = deployment.other(here.begun.release, ())
    trained_on = {question.id for question in known_questions(release) if question.split == "train"}
    relearns = any(question.id not in trained_on for question in here.prepared.of("train"))
    earlier = Earlier(release.world, relearns=relearns)
    with here.folder.lock():
        times = StageTimes(here.folder, listener)
        for line in data_lines(config, here.prepared, recipes):
            times.note(line)
        Pilot(config, recipes, own, here.folder, here.prepared, times, earlier).run()
    if here.begun.live in here.left_out:
        raise RunFolderError(
            f"What is served could not be asked in round {here.begun.number}: {here.left_out[here.begun.live]}.",
            "fix what the reason names, then call bakeoff learn again, which goes on",
        )
    return Run(here.folder)


class Dev(NamedTuple):
    """What is served on dev, and every contender that was built, the best first."""

    live: OnDev
    order: list[OnDev]


def on_dev(here: Round, listener: Listener) -> Dev:
    """How good what is served and the contenders are on dev, as they would be served.

    Asks on dev those that the pilot had no reason to ask, and what is served.
    """
    config, begun = here.folder.config(), here.begun
    recipes = {recipe.spec.name: recipe for recipe in make_recipes(config.specs, config.imports_from)}
    dev = here.prepared.of("dev")
    world = WorldFolder(here.folder.world, config.models, config.imports_from)
    answers = {name: _dev_answers(here, world, recipes[name], dev, listener) for name in here.folder.comparison().names}
    worth = {name: worth_on_dev(dev, given, config.profile) for name, given in answers.items()}
    found = {name: measured_on_dev(name, dev, of, worth[begun.live], config.profile) for name, of in worth.items()}
    live, again = found.pop(begun.live), found.get(begun.contender)
    if again and _said(answers[begun.contender]) == _said(answers[begun.live]):
        found[begun.contender] = again.model_copy(update={"is_same": True})
    return Dev(live, in_order(found.values(), begun.contender))


def _said(answers: Sequence[Answer]) -> dict[str, tuple[str, bool]]:
    """What was answered to each question, and whether it was declined."""
    return {answer.question_id: (answer.text, answer.abstained) for answer in answers}


def choose(here: Round, dev: Dev) -> Choice:
    """The contender that the gate decides about, or why there is none."""
    test = [question for question in here.folder.questions() if question.split == "test"]
    facts = {question.id: question.fact for question in test if question.slice in IN_DOMAIN}
    live = _paid(here, here.begun.live, facts)

    def is_cheaper(name: str) -> bool:
        return saving(live, _paid(here, name, facts), facts) is not None

    return chosen(dev.order, dev.live, is_cheaper, here.folder.config().profile.margin)


def _dev_answers(
    here: Round, world: WorldFolder, recipe: Recipe, dev: Sequence[Question], listener: Listener
) -> list[Answer]:
    """A contender's answers to dev questions as it would serve them: with its threshold, if it has one."""
    config, name = here.folder.config(), recipe.spec.name
    path = here.folder.answers_path(name, AS_SERVED)

    def progress(done: int, total: int) -> None:
        settle()
        listener(Event(stage=AS_SERVED, contender=name, done=done, total=total))

    listener(Event(stage=AS_SERVED, contender=name))
    with asking_in(AS_SERVED, name):
        collect(world.open(name), dev, path, batch_size(recipe, config.models, config.measuring), progress)
    return here.folder.answers(name, AS_SERVED)


def tested(here: Round, candidate: str, facts: Collection[str], fresh: Collection[str]) -> Tested:
    """What is served and the candidate on the test questions about these facts, and on general knowledge.

    General questions are left out where the comparison says that nothing can be forgotten (retention, by definition):
    that RAG with a model as it comes declines what the documents do not hold is no loss of knowledge.
    """
    folder, live = here.folder, here.begun.live
    comparison = folder.comparison()
    if candidate not in comparison.names:
        raise RunFolderError(f"'{candidate}' was not built in {folder.root}.", "name a contender of its report")
    test = [question for question in folder.questions() if question.split == "test"]
    asked = [question for question in test if question.slice in IN_DOMAIN and question.fact in set(facts)]
    forgets = not comparison.estimate(candidate, "retention").detail.get("unchanged")
    general = [question for question in test if forgets and question.slice == "general"]
    values = values_of(folder.scores())
    both = {
        name: Contestant(
            correct=_graded(here, name, values[name].get("correct", {}), asked),
            abstained=graded(values[name].get("abstained", {})).only({question.id for question in asked}),
            general=_graded(here, name, values[name].get("knows", values[name].get("correct", {})), general),
            latencies_ms=[a.latency_ms for a in folder.answers(name, "latency") if a.latency_ms is not None],
            paid=_paid(here, name, {question.id for question in asked}),
        )
        for name in (live, candidate)
    }
    return Tested(questions=asked, live=both[live], candidate=both[candidate], general=general, fresh=frozenset(fresh))


def _paid(here: Round, name: str, asked: Collection[str]) -> Paid:
    """What a contender's test answers to these questions used. Answers that failed are left out."""
    comparison, profile = here.folder.comparison(), here.folder.config().profile
    entrant = comparison.entrant(name)
    payment = payment_of(entrant, profile, comparison.entrants)
    rates = payment.rates(profile.cached_prompt_share)
    used = {a.question_id: a.usage for a in here.folder.answers(name) if a.question_id in asked and a.error is None}
    return Paid(
        usd={key: usd(usage, rates) for key, usage in used.items()},
        tokens={key: float(usage.prompt_tokens + usage.completion_tokens) for key, usage in used.items()},
        by_time=not payment.tokens,
        model=entrant.model.name if entrant.model else "",
    )


def _graded(here: Round, name: str, values: Values, questions: Sequence[Question]) -> Graded:
    """The grades of some questions, with the texts of unsure answers."""
    return graded(values, here.folder.answers(name)).only({question.id for question in questions})
