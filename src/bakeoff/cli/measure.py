"""Commands that measure and judge: run a pilot, judge it again, grade it again."""

import datetime
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff.cli.options import DEPLOYMENTS, Deployments, Json, RunName, Runs, command_for, deployment_names
from bakeoff.cli.output import console, percent, print_json, table
from bakeoff.errors import BakeoffError, ConfigError
from bakeoff.sentences import usd

if TYPE_CHECKING:
    from bakeoff.pilot.prepare import Prepared
    from bakeoff.runs.config import Config

GO_ON = "bakeoff run CONFIG --resume"
"""How messages name the command that goes on with a run, whatever its options were."""
NOT_TRIED = "Models, databases and workers were not tried: bakeoff doctor CONFIG --ask-servers tries them."


def run(
    config: Annotated[
        Path | None, typer.Argument(help="The configuration of the pilot. By default bakeoff.yaml.", show_default=False)
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DEPLOYMENT",
            help="Run the pilot of a deployment again: its documents now, its questions with the reviewed ones, its "
            "real volume and mix.",
            autocompletion=deployment_names,
            show_default=False,
        ),
    ] = None,
    runs: Runs = Path("runs"),
    deployments: Deployments = DEPLOYMENTS,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the run folder, instead of the one in the configuration.", show_default=False),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the newest run of this name.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only say what the run would ask paid models. Nothing is sent or trained."),
    ] = False,
    yes_spend: Annotated[
        float | None,
        typer.Option(
            metavar="USD",
            min=0,
            help="The most that tuning at hosts (tuning.host) may cost, in US dollars.",
            show_default=False,
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Take no answers, vectors or trainings from earlier runs.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build every contender, measure all of them on the same held-out questions, write the report."""
    from bakeoff.cli.stopping import stoppable
    from bakeoff.runs.config import load_config

    prepared = None
    more = [
        *(["--name", name] if name else []),
        *(["--runs", str(runs)] if runs != Path("runs") else []),
        *(["--yes-spend", f"{yes_spend:g}"] if yes_spend is not None else []),
        *(["--fresh"] if fresh else []),
        *(["--json"] if as_json else []),
        "--resume",
    ]
    go_on = shlex.join(["bakeoff", "run", *([str(config)] if config else []), *more])
    if origin is not None:
        if config is not None:
            raise ConfigError(
                f"--from takes the configuration of the deployment '{origin}', but {config} is given, too.",
                "leave one of them out",
            )
        settings, prepared = _from_deployment(origin, deployments, runs, name, resume)
        go_on = command_for("run --from", origin, deployments, shlex.join(more))
    else:
        settings = load_config(config or Path("bakeoff.yaml"))
        settings = settings.renamed(name) if name else settings
    if dry_run:
        _planned(settings, prepared, as_json)
    else:
        with stoppable(go_on, runs) as check, _copyable(go_on):
            prepared, yes_spend = _asked_to_spend(settings, prepared, resume, yes_spend)
            _show(_measured(settings, runs, resume, check, prepared, yes_spend, not fresh, go_on), as_json)


@contextmanager
def _copyable(go_on: str) -> Iterator[None]:
    """Errors within the block name the command that goes on with this very run."""
    try:
        yield
    except BakeoffError as error:
        error.message, error.remedy = (text.replace(GO_ON, go_on) for text in (error.message, error.remedy))
        raise


def _planned(settings: "Config", prepared: "Prepared | None", as_json: bool) -> None:
    """Prints what the run would ask paid models, and the warnings of its budget."""
    from bakeoff.pilot.answer_settings import settled
    from bakeoff.pilot.budget import budget_lines, estimate_rows, planned
    from bakeoff.pilot.prepare import prepare
    from bakeoff.pilot.run import check_names

    check_names(settings)
    prepared = prepared or prepare(settings)
    expected = planned(settled(settings, prepared.answer_lengths), prepared)
    if as_json:
        print_json(expected)
        return
    out = console()
    out.print(f"{prepared.lines()[0]} {NOT_TRIED}", soft_wrap=True)
    if not expected.lines:
        out.print("The run asks no paid model.")
        return
    heads = ("Contender", "For", "Model", "Calls", "Tokens", "Cost")
    out.print(table(heads, estimate_rows(expected), right=(3, 4, 5)))
    for line in islice(budget_lines(expected, settings.budget), 1, None):  # the first one is the table's last row
        out.print(line, soft_wrap=True)


def _asked_to_spend(
    settings: "Config", prepared: "Prepared | None", resume: bool, yes_spend: float | None
) -> "tuple[Prepared | None, float | None]":
    """The data and what may be spent: a person at a terminal is asked, if nothing was said and tuning costs money."""
    from bakeoff.pilot.hosting import allowed_usd, expected_lines, hosted_costs

    if allowed_usd(settings, yes_spend) is not None or resume or not sys.stdin.isatty():
        return prepared, yes_spend
    if not any(spec.tuning.host for spec in settings.specs):
        return prepared, yes_spend
    from bakeoff.pilot.prepare import prepare

    prepared = prepared or prepare(settings)
    costs = hosted_costs(settings, prepared)
    most = sum(cost.usd[1] for cost in costs)
    for line in expected_lines(costs, datetime.date.today()):
        console().print(line, soft_wrap=True)
    if most > 0 and typer.confirm(f"Spend up to {usd(most)} on that?"):
        return prepared, most
    return prepared, yes_spend


def _from_deployment(
    origin: str, deployments: Path, runs: Path, name: str | None, resume: bool
) -> "tuple[Config, Prepared]":
    from bakeoff.learn.new_pilot import new_pilot, unfinished_pilot
    from bakeoff.serve.find import find_deployment

    root = find_deployment(origin, deployments).resolve()
    return unfinished_pilot(root, runs, name) if resume else new_pilot(root, name)


def _measured(
    settings: "Config",
    runs: Path,
    resume: bool,
    check: Callable[[], None],
    prepared: "Prepared | None" = None,
    yes_spend: float | None = None,
    reuse: bool = True,
    go_on: str = GO_ON,
) -> Path:
    """Runs the pilot and shows its progress. Returns the run's folder. `check` is called at every event.

    `go_on` is the command that goes on with this run.
    """
    from bakeoff.cli.progress import Display
    from bakeoff.pilot.run import run as run_pilot
    from bakeoff.pilot.stage_times import Event

    with Display() as display:

        def show(event: Event) -> None:
            check()
            display.show(event.model_copy(update={"note": event.note.replace(GO_ON, go_on)}))

        finished = run_pilot(
            settings,
            runs=runs,
            resume=resume,
            listener=show,
            prepared=prepared,
            yes_spend=yes_spend,
            reuse=reuse,
        )
        return finished.folder.root


def report(
    run: RunName,
    profile: Annotated[
        Path | None,
        typer.Option("--profile", "-p", help="Judge by this profile instead of the run's own.", show_default=False),
    ] = None,
    runs: Runs = Path("runs"),
    as_json: Json = False,
) -> None:
    """Judge a finished run and write its report again. Needs no model."""
    from bakeoff.decide.situation.profile import read_profile
    from bakeoff.pilot.judging import judge_run
    from bakeoff.runs.commands import whole_errors
    from bakeoff.runs.folder import RunFolder
    from bakeoff.runs.run import find_run

    folder = RunFolder(find_run(run, runs))
    with whole_errors(folder.root):
        settings = folder.config()
        judge_run(folder, read_profile(profile) if profile else settings.profile)
        _show(folder.root, as_json)


def _show(folder: Path, as_json: bool) -> None:
    """Prints the result of a run, for a person or for a script."""
    from bakeoff.report import print_comparison
    from bakeoff.runs.commands import whole_in
    from bakeoff.runs.folder import RunFolder
    from bakeoff.runs.results import result_of

    if as_json:
        print_json(whole_in(result_of(RunFolder(folder)), folder))
    else:
        print_comparison(folder)


def regrade(
    run: RunName,
    questions: Annotated[
        list[Path],
        typer.Option("--questions", "-q", help="The question files with the new accepted answers.", show_default=False),
    ],
    updates: Annotated[
        list[Path] | None,
        typer.Option("--updates", "-u", help="The same for the questions about updates.", show_default=False),
    ] = None,
    runs: Runs = Path("runs"),
    as_json: Json = False,
) -> None:
    """Grade a finished run again with new accepted answers. Asks no model.

    Questions are matched by id, else by their text. The former answers are kept in the run folder. Verdict and report
    are written again.
    """
    from bakeoff.pilot.regrade import aside_line
    from bakeoff.pilot.regrade import regrade as regrade_run
    from bakeoff.questions.naming import named_by
    from bakeoff.runs.commands import whole, whole_errors
    from bakeoff.runs.folder import RunFolder
    from bakeoff.runs.run import find_run

    folder = RunFolder(find_run(run, runs))
    with whole_errors(folder.root):
        regraded = regrade_run(folder, questions, updates or ())
    if as_json:
        print_json(regraded)
        return
    texts = {question.id: question.text for question in regraded.questions}
    out = console()
    out.print(f"{len(regraded.questions)} test questions have new accepted answers.")
    for question in regraded.questions:
        before, after = (" | ".join(answers) or "(none)" for answers in (question.before, question.after))
        out.print(f"  {named_by(question.id, question.text)}: {before} -> {after}")
    out.print(
        table(
            ("Contender", "Accuracy", "", "Now correct", "Now wrong", "Now unsure"),
            [
                (
                    name,
                    percent(new.before),
                    f"-> {percent(new.after)}",
                    *(_few(new_ids, texts) for new_ids in (new.now_correct, new.now_wrong, new.now_unsure)),
                )
                for name, new in regraded.contenders.items()
            ],
            right=(1,),
        )
    )
    if regraded.not_used:
        out.print(
            f"{regraded.not_used} training or dev questions differ too. They were not changed, because the contenders "
            "were built with them. Run the pilot again to build with the new ones."
        )
    if regraded.set_aside:
        out.print(whole(aside_line(regraded.set_aside), folder.root))
    if regraded.copy_path:
        out.print(f"The former answers are in {regraded.copy_path}.")
    out.print(f"Report: {folder.report_path}")


def _few(ids: tuple[str, ...], texts: Mapping[str, str]) -> str:
    """How many questions, and the first few of them."""
    from bakeoff.questions.naming import first_named

    return f"{len(ids)}: {first_named(ids, texts)}" if ids else "0"
