"""Tuning at hosts in a run: what it may cost before anything is sent, the deployments that answer, what was paid.

Takes recipes and worlds. Knows no contender by name and no host's protocol.
"""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from bakeoff.contenders.load import make_recipes
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.where_tuned import why_not_hosted
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import ConfigError, ModelUnavailableError
from bakeoff.models.providers.asking import estimated_prompt_tokens, estimated_tokens
from bakeoff.models.settings import ApiModel, ModelSettings
from bakeoff.models.spending.ledger import ledger
from bakeoff.models.tuned_folder import DEPLOYMENT, deployed, hosted_model
from bakeoff.pilot.prepare import Prepared
from bakeoff.pilot.tuners import Hosting, hosted_settings
from bakeoff.records import Question, Record
from bakeoff.runs.config import Config
from bakeoff.sentences import usd as dollars
from bakeoff.tuning.hosted.answering import wait_until_it_answers
from bakeoff.tuning.hosted.hosts import shutdown_lines
from bakeoff.tuning.hosted.job import USUAL, Pace
from bakeoff.tuning.hosted.journal import JobRecord, Journal, jobs_in
from bakeoff.tuning.hosted.machines import HostedMachine
from bakeoff.tuning.hosted.spending import ALLOW, Permission, TuningCost, cost_of
from bakeoff.tuning.lessons import sample

REPLAY = 1.5
"""Questions trained on after an update for each changed one (`tuning.lessons.replayed`)."""


class Expected(Record):
    """What tuning one model at a host may cost: the training, with those after updates, and its deployments at most."""

    contender: str
    host: str
    training: TuningCost
    deployments_usd: float = 0.0

    @property
    def usd(self) -> tuple[float, float]:
        """The low and the high end. A deployment may be stopped at once."""
        return self.training.usd[0], self.training.usd[1] + self.deployments_usd


def expected(
    recipes: Sequence[Recipe],
    models: Mapping[str, ModelSettings],
    train: Sequence[Question],
    changed: Sequence[Question],
    seed: int,
) -> list[Expected]:
    """What each distinct model that is tuned at a host may cost. Passages count as `chunk_tokens` each.

    Contenders that will be left out cost nothing. Raises ConfigError if a price is not known.
    """
    found: dict[str, Expected] = {}
    for recipe in recipes:
        there = recipe.at_its_host or recipe
        if there.is_hosted and why_not_hosted(recipe, models, len(train)) is None:
            found.setdefault(there.adapter, _expected(there, models, train, changed, seed))
            if recipe.is_hosted:
                found[there.adapter] = _with_deployments(found[there.adapter], recipe, bool(changed))
    return list(found.values())


def _expected(
    recipe: Recipe,
    models: Mapping[str, ModelSettings],
    train: Sequence[Question],
    changed: Sequence[Question],
    seed: int,
) -> Expected:
    hosted, tuning, settings = recipe.spec.tuning.host, recipe.spec.tuning, models[recipe.spec.model]
    assert hosted is not None and isinstance(settings, ApiModel)
    epochs = tuning.epochs or recipe.epochs
    tokens = epochs * _tokens(recipe, sample(train, tuning.examples, seed))
    if recipe.learns_facts:
        tokens += -(-epochs // 2) * REPLAY * _tokens(recipe, changed)
    cost = cost_of(tokens, hosted, recipe.spec.name)
    return Expected(contender=recipe.spec.name, host=settings.host, training=cost)


def _with_deployments(expected: Expected, recipe: Recipe, has_updates: bool) -> Expected:
    rented = recipe.spec.tuning.host and recipe.spec.tuning.host.deployment
    usd = rented.most_usd * (2 if has_updates else 1) if rented else 0.0
    return expected.model_copy(update={"deployments_usd": usd})


def _tokens(recipe: Recipe, questions: Sequence[Question]) -> float:
    """The estimated tokens of one example for each question."""
    template, shown = recipe.template, recipe.spec.n_passages * recipe.spec.retrieval.chunk_tokens
    assert template is not None  # it asks a model
    return sum(
        estimated_prompt_tokens(template.render(question.text))
        + estimated_tokens(next(iter(question.answers), ""))
        + (shown if recipe.retrieves else 0)
        for question in questions
    )


def expected_lines(costs: Sequence[Expected], today: datetime.date) -> Iterator[str]:
    """What is said before the start: what tuning at hosts may cost, and what the hosts have announced."""
    for one in costs:
        low, high = one.training.tokens
        rented = f", a deployment up to {dollars(one.deployments_usd)}" if one.deployments_usd else ""
        yield (
            f"'{one.contender}' is tuned at {one.host}: {low:,} to {high:,} tokens, {dollars(one.training.usd[0])} to "
            f"{dollars(one.training.usd[1])}{rented}."
        )
    for host in dict.fromkeys(one.host for one in costs):
        yield from (f"note: {line}" for line in shutdown_lines(host, today))


def allowed_usd(config: Config, yes_spend: float | None = None) -> float | None:
    """What tuning at hosts may cost: as given, and no more than the budget; None if neither says."""
    known = [usd for usd in (yes_spend, config.budget.usd if config.budget else None) if usd is not None]
    return min(known, default=None)


def hosted_costs(config: Config, prepared: Prepared) -> list[Expected]:
    """What tuning at hosts may cost in a run. Raises ConfigError if a price is not known."""
    recipes = make_recipes(config.specs, config.imports_from)
    train, changed = prepared.of("train"), prepared.changed_training()
    return expected(recipes, config.models, train, changed, config.seed)


def check_allowed(costs: Sequence[Expected], allowed_usd: float | None) -> None:
    """Raises ConfigError if tuning at hosts surely costs more than was allowed, or nothing was."""
    least, most = (sum(one.usd[i] for one in costs) for i in (0, 1))
    if most > 0 and allowed_usd is None:
        names = ", ".join(f"'{one.contender}' at {one.host}" for one in costs)
        raise ConfigError(
            f"Tuning {names} costs money ({dollars(least)} to {dollars(most)}), and nothing was allowed.", ALLOW
        )
    if least > (allowed_usd or 0.0):
        raise ConfigError(
            f"Tuning at hosts costs at least {dollars(least)}, and {dollars(allowed_usd or 0.0)} was allowed.",
            f"{ALLOW}; or set tuning.examples or tuning.epochs lower",
        )


def hosting_in(root: Path, yes_spend: float | None, pace: Pace = USUAL) -> Hosting:
    """What tuning at hosts may still cost in the run in this folder: what was allowed for it, and what the budget of
    the ledger has left beside paid calls, whichever is less.
    """
    current = ledger()
    cap = current.budget.usd if current is not None and current.budget is not None else None
    most = [usd for usd in (yes_spend, cap) if usd is not None]
    if not most:
        return Hosting(Permission(None), pace)

    def spent() -> float:
        tuning = spent_in(root)
        left = [] if yes_spend is None else [yes_spend - tuning]
        if cap is not None and current is not None:
            left.append(cap - tuning - current.spending().total.usd)
        return min(most) - min(left)

    return Hosting(Permission(min(most), spent, lambda usd: set_aside(root, usd)), pace)


def set_aside(root: Path, more_usd: float = 0.0) -> None:
    """Tells the ledger of the run, if it has one, what tuning at hosts has cost or was promised, and what is now."""
    current = ledger()
    if current is not None:
        current.set_aside(spent_in(root) + more_usd)


def spent_in(root: Path) -> float:
    """What tuning at hosts has cost in this folder: finished jobs, others at their most, deployments."""
    jobs = sum(job.usd if job.tokens else job.most_usd for job in jobs_in(root))
    machines = (deployed(path.parent) for path in root.rglob(DEPLOYMENT))
    return jobs + sum(machine.usd for machine in machines if machine is not None)


class Machines:
    """The tuned models at hosts that a run asks, and their deployments. `stop` stops all of these."""

    def __init__(self, recipes: Sequence[Recipe], hosting: Hosting, told: Callable[[str], None]) -> None:
        self._recipes = {recipe.spec.name: recipe for recipe in recipes}
        self._hosting, self._told = hosting, told
        self._known: dict[Path, HostedMachine] = {}
        self._answering: set[Path] = set()

    def need(self, world: WorldFolder, recipe: Recipe, told: Callable[[str], None]) -> None:
        """Starts what this contender, and those it sends questions to, need to answer, and waits until they do.

        Raises ContenderError if that is not allowed or takes too long.
        """
        for one in self._chain(recipe):
            machine, folder = self._of(world, one), world.adapter_folder(one.adapter)
            if machine is not None:
                machine.start(self._hosting.permission, told)
            elif one.is_hosted and folder not in self._answering:
                self._wait_for(world, one)
                self._answering.add(folder)

    def are_needed(self, recipe: Recipe) -> bool:
        """Whether this contender, or one that it sends questions to, answers from a host where it was tuned."""
        return any(one.is_hosted for one in self._chain(recipe))

    def _chain(self, recipe: Recipe) -> Iterator[Recipe]:
        """The contender and those it sends questions to, directly or through others."""
        yield recipe
        for name in recipe.behind():
            if name in self._recipes:
                yield from self._chain(self._recipes[name])

    def _wait_for(self, world: WorldFolder, recipe: Recipe) -> None:
        tuned = hosted_model(world.adapter_folder(recipe.adapter))
        if tuned is not None:
            asked = hosted_settings(world, recipe).model_copy(update={"model": tuned.model})
            wait_until_it_answers(asked, self._hosting.pace)

    def stop_left(self, *worlds: WorldFolder) -> None:
        """Stops what a session that was killed has left running."""
        for world in worlds:
            for recipe in self._recipes.values():
                self._of(world, recipe)
        self.stop()

    def stop(self) -> None:
        """Stops all. What cannot be stopped is said, with what to do; the others are stopped all the same."""
        for machine in self._known.values():
            try:
                machine.stop()
            except ModelUnavailableError as error:
                self._told(f"warning: {error.message} {error.remedy}")

    def _of(self, world: WorldFolder, recipe: Recipe) -> HostedMachine | None:
        hosted = recipe.spec.tuning.host
        if not recipe.is_hosted or hosted is None or hosted.deployment is None:
            return None
        folder = world.adapter_folder(recipe.adapter)
        if folder not in self._known and isinstance(world.models[recipe.spec.model], ApiModel):
            model = hosted_settings(world, recipe)
            self._known[folder] = HostedMachine(model, hosted, folder, self._hosting.pace)
        return self._known.get(folder)


def hosted_notes(worlds: Sequence[WorldFolder], recipes: Sequence[Recipe]) -> Iterator[str]:
    """What was tuned at hosts, one sentence or two for each model: host, job, tokens, cost."""
    told: set[str] = set()
    for world in worlds:
        for recipe in recipes:
            there = recipe.at_its_host or recipe
            folder = world.adapter_folder(there.adapter)
            job = Journal(folder).read() if there.is_hosted else None
            if job is not None and job.model and job.name not in told:
                told.add(job.name)
                yield _note(recipe.spec.name, job)
            machine = deployed(folder) if there.is_hosted else None
            if machine is not None and machine.name not in told:
                told.add(machine.name)
                state = "" if machine.step == "stopped" else " It could not be stopped: stop it at the host."
                paid = f"{machine.minutes:.0f} minutes, {dollars(machine.usd)}"
                yield f"{recipe.spec.name} answered from a deployment: {paid}.{state}"


def _note(name: str, job: JobRecord) -> str:
    about = " (estimated)" if job.is_estimate else ""
    left = f" Its training file {job.file} could not be deleted there." if job.file_left else ""
    return (
        f"{name} was tuned at {job.host}: job {job.job}, {job.n_examples} examples, {job.epochs} epochs, "
        f"{job.tokens:,} tokens{about}, {dollars(job.usd)}; its model is {job.model}.{left}"
    )
