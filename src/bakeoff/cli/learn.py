"""The command that learns from use: builds candidates from reviewed questions and lets the gate decide."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff.cli.options import DEPLOYMENTS, DeploymentName, Deployments, Json, command_for, copyable_errors
from bakeoff.cli.output import console, note, print_json, table

if TYPE_CHECKING:
    from bakeoff.learn.bounds import Limits
    from bakeoff.learn.learning import Learned
    from bakeoff.learn.reviewed import Reviewed


def learn(
    deployment: DeploymentName,
    contender: Annotated[
        list[str] | None,
        typer.Option("--contender", "-c", help="Build this contender. Repeat it for several. By default all."),
    ] = None,
    candidate: Annotated[
        str | None,
        typer.Option(
            help="The contender to test. By default the best on dev, if it is better there than what is served."
        ),
    ] = None,
    training_minutes: Annotated[
        float | None, typer.Option(min=0.1, help="The most minutes of each training. By default as in the run.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="Stop after so many minutes. The next call goes on.")
    ] = None,
    usd: Annotated[
        float | None,
        typer.Option(min=0.0001, help="Stop when the round has cost so many US dollars: paid tokens and machine time."),
    ] = None,
    require_approval: Annotated[
        bool | None,
        typer.Option(
            "--require-approval/--no-approval",
            help="What passes the gate waits for: bakeoff approve. By default if a person had the last word last time.",
        ),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Drop a round that was interrupted, and begin with what is known now.")
    ] = False,
    deployments: Deployments = DEPLOYMENTS,
    as_json: Json = False,
) -> None:
    """Build candidates from reviewed questions, compare the best with what is served, and serve it if it is better.

    A round that was interrupted goes on where it stopped.
    """
    from bakeoff.cli.stopping import stoppable
    from bakeoff.learn.bounds import Limits
    from bakeoff.learn.review.reviewing import reviewed
    from bakeoff.serve.find import find_deployment
    from bakeoff.serve.log import Log

    root = find_deployment(deployment, deployments)
    limits = Limits(
        contenders=tuple(contender or ()),
        training_seconds=_seconds(training_minutes),
        seconds=_seconds(minutes),
        usd=usd,
    )
    with Log(root / "log.sqlite") as log:
        questions = reviewed(log)
    go_on = command_for("learn", deployment, deployments)
    with stoppable(go_on, root) as check, copyable_errors(deployment, deployments):
        learned = _learned(root, questions, limits, candidate, require_approval, restart, check)
    if as_json:
        print_json(
            {
                "decision": learned.decision,
                "candidate": learned.candidate,
                "live_on_dev": learned.dev.live if learned.dev else None,
                "on_dev": learned.dev.order if learned.dev else [],
                "left_out": learned.left_out,
                "report": str(learned.report),
                "page": str(learned.page),
            }
        )
    else:
        _show(learned, root, deployment, deployments)


def _seconds(minutes: float | None) -> float | None:
    return None if minutes is None else 60 * minutes


def _learned(
    root: Path,
    questions: "list[Reviewed]",
    limits: "Limits",
    candidate: str | None,
    require_approval: bool | None,
    restart: bool,
    check: Callable[[], None],
) -> "Learned":
    """Runs the round and shows its progress. `check` is called at every event."""
    from bakeoff.cli.progress import Display
    from bakeoff.learn.learning import learn as learn_round
    from bakeoff.pilot.stage_times import Event

    with Display() as display:
        said: set[str] = set()

        def show(event: Event) -> None:
            check()
            text = _once(event.note, said) if event.stage == "data" else event.note
            if text or not event.note:
                display.show(event.model_copy(update={"note": text}))

        return learn_round(root, questions, limits, candidate, require_approval, restart, show)


def _once(text: str, said: set[str]) -> str:
    """The text without notes that were said before: round and pilot tell them both."""
    lines = [line for line in text.split("\n") if not (line.startswith("note: ") and line in said)]
    said.update(lines)
    return "\n".join(lines)


def _show(learned: "Learned", root: Path, deployment: str, deployments: Path) -> None:
    from bakeoff.cli.decision_lines import closing
    from bakeoff.decide.wording import signed

    if learned.dev is not None:
        rows = [
            (one.contender, signed(one.utility), str(one.n_questions), str(one.n_failed))
            for one in (learned.dev.live, *learned.dev.order)
        ]
        console().print(table(("contender", "net right of 100 on dev", "questions", "failed"), rows, right=(1, 2, 3)))
    for name, reason in learned.left_out.items():
        note(f"{name} was left out: {reason}")
    for line in closing(learned.decision, learned.page, root, deployment, deployments):
        typer.echo(line)
