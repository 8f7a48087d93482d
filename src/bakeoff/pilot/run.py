"""A pilot from its configuration to its report: checks, races, then the stages.

Takes a `Config`, gives a `Run`. What can be refused is refused before anything is built or paid for; a killed run
continues where it stopped.
"""

import datetime
from collections.abc import Sequence
from contextlib import closing, nullcontext
from pathlib import Path

from bakeoff.contenders.load import make_recipes
from bakeoff.contenders.recipe import Recipe
from bakeoff.corpus.sources.by_file import telling_of_files
from bakeoff.corpus.stores import check_address
from bakeoff.imports import named_by_you, search_in
from bakeoff.models import threads
from bakeoff.models.spending.ledger import Ledger, SpendingStopped, counting
from bakeoff.pilot.answer_settings import settled
from bakeoff.pilot.asking import workers_lines, workers_of
from bakeoff.pilot.budget import budget_lines, planned
from bakeoff.pilot.executors.opening import executing
from bakeoff.pilot.hosting import (
    allowed_usd,
    check_allowed,
    expected_lines,
    hosted_costs,
)
from bakeoff.pilot.judge import check_profile
from bakeoff.pilot.prepare import Prepared, prepare
from bakeoff.pilot.probing import check_found, negotiated, probe_judge, probe_models
from bakeoff.pilot.racing import Racing
from bakeoff.pilot.reuse import Reuse
from bakeoff.pilot.spending import asking_recipes, kept, pays, prices_of
from bakeoff.pilot.stage_times import Event, Listener, StageTimes
from bakeoff.pilot.stages import Pilot, data_lines
from bakeoff.runs import folder as run_folder
from bakeoff.runs.config import Config, load_config
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.own import measures_of
from bakeoff.runs.race import racers_of
from bakeoff.runs.run import Run


def run(
    config: Config | Path | str,
    *,
    runs: Path | str = "runs",
    resume: bool = False,
    listener: Listener | None = None,
    prepared: Prepared | None = None,
    yes_spend: float | None = None,
    reuse: bool = True,
) -> Run:
    """Runs the whole pilot (or the rest of it) and writes its report. `prepared` are the data, if they are not to be
    read from the configuration's files. `yes_spend` is the most US dollars that tuning at hosts may cost, by default
    the `budget.usd` of the configuration. With `reuse`, what the other runs in `runs` have made in the very same way is
    not made again.

    Raises a BakeoffError if the configuration, the data or a model does not allow it. The folder stays resumable.
    """
    config = config if isinstance(config, Config) else load_config(Path(config))
    check_names(config)
    search_in(config.imports_from)
    threads.configure(config.threads)
    if config.store and not resume:
        check_address(config.store)
    asking = asking_recipes(config)
    check_found(config, asking)
    tell = listener or (lambda event: None)
    going_on = run_folder.continued(config.name, Path(runs)) if resume else None
    if going_on is not None:
        RunFolder(going_on).check_free()
    prepared = prepared or _read(config, tell)
    fresh = settled(config, prepared.answer_lengths)
    budget, expected = config.budget, planned(fresh, prepared, resume)
    costs = hosted_costs(config, prepared)
    if not resume:
        check_allowed(costs, allowed_usd(config, yes_spend))
    earlier = run_folder.resume(config, Path(runs), fresh) if resume else None
    with (
        executing(config.executor, lambda line: tell(Event(stage="data", note=line))) as executor,
        counting(Ledger(prices_of(config.profile), budget)) as ledger,
    ):
        judge_notes = _tested(config, asking, ledger, earlier)
        taken = negotiated(config, asking)
        waiting = None if resume else run_folder.unfinished(config.name, Path(runs))
        folder = earlier or run_folder.begin(fresh, Path(runs))
        config = folder.config()
        recipes = make_recipes(config.specs, config.imports_from)  # with the prompts and limits of this run
        racers = racers_of(folder.begun_config())
        others = Reuse(Path(runs) if reuse else None)
        times = StageTimes(folder, tell, has_workers=executor is not None)
        times.note(f"Run folder: {folder.root}")
        for line in expected_lines(costs, datetime.date.today()):
            times.note(line)
        for line in workers_lines(executor, recipes, config.models) if executor else ():
            times.note(line)
        notes = (*([_waits(waiting)] if waiting else []), *taken, *judge_notes)
        for line in (*(f"note: {note}" for note in notes), *budget_lines(expected, budget)):
            times.note(line)
        for line in data_lines(config, prepared, recipes):
            times.note(line)
        account = kept(ledger, folder, times.note)
        with folder.lock(), account if pays(config) else nullcontext(), closing(others):
            workers = workers_of(executor, config.executor, others.results, folder.root)
            if racers:
                Racing(folder.begun_config(), folder, prepared, times, others, workers).run(racers)
                config = folder.config()
                recipes = make_recipes(config.specs, config.imports_from)
            own = measures_of(config, folder, prepared.of("test"))
            pilot = Pilot(
                config, recipes, own, folder, prepared, times, yes_spend=yes_spend, reuse=others, workers=workers
            )
            pilot.run()
            if workers and (left := workers.finish()):
                times.note(f"note: {left}")
    return Run(folder)


def _read(config: Config, tell: Listener) -> Prepared:
    """The data of the configuration's files. Tells how many files of documents were read."""
    tell(Event(stage="reading"))
    with telling_of_files(lambda done, total: tell(Event(stage="reading", done=done, total=total))):
        prepared = prepare(config)
    tell(Event(stage="reading", done=1, total=1, note="done"))
    return prepared


def check_names(config: Config) -> None:
    """Raises ConfigError for a contender, class or measure that there is not, also where only the profile names it."""
    named_by_you(config, config.imports_from)
    recipes = make_recipes(config.specs, config.imports_from)
    check_profile(config.profile, [recipe.entrant(config.models) for recipe in recipes], measures_of(config))


def _tested(config: Config, recipes: Sequence[Recipe], account: Ledger, earlier: RunFolder | None) -> list[str]:
    """Tests every model once, within the budget, and gives what speaks against the judge.

    A run that goes on without room for that may have all its answers: it is stopped by its first call that has none.
    """
    if earlier is not None:
        account.count_before(earlier.root)
    try:
        probe_models(config, recipes)
        return probe_judge(config)
    except SpendingStopped as stopped:
        if earlier is None:
            raise
        return [f"The models were not tested. {stopped.error.message}"]


def _waits(folder: Path) -> str:
    """What is said of an unfinished run beside which a new one begins."""
    if RunFolder(folder).is_running:
        return f"another process is working on {folder}; this run begins beside it."
    return f"{folder} is not finished. This run begins beside it; to continue that one, stop this run and add --resume."
