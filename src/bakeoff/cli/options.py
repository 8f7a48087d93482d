"""Options and arguments that several commands share, with shell completion."""

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bakeoff.deployment_commands import USUAL, where
from bakeoff.errors import BakeoffError

DEPLOYMENTS = USUAL


def run_names(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """The names of the run folders that begin with this text."""
    runs = Path(ctx.params.get("runs") or "runs")
    if runs.is_dir():
        yield from sorted(
            path.parent.name for path in runs.glob("*/config.yaml") if path.parent.name.startswith(incomplete)
        )


def deployment_names(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """The names of the deployments that begin with this text."""
    names = sorted(path.parent.name for path in Path(ctx.params.get("deployments") or DEPLOYMENTS).glob("*/current"))
    yield from (name for name in names if name.startswith(incomplete))


def served_names(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """The names of runs and of deployments that begin with this text."""
    yield from sorted({*run_names(ctx, incomplete), *deployment_names(ctx, incomplete)})


def contender_names(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """The contenders, of the run named earlier on the line, that begin with this text."""
    from bakeoff.runs.run import open_run

    run = ctx.params.get("run") or next(iter(ctx.args), "")
    try:
        names = open_run(run, ctx.params.get("runs") or "runs").contenders if run else ()
    except (BakeoffError, OSError):
        names = ()
    yield from (name for name in names if name.startswith(incomplete))


def command_for(command: str, deployment: str, deployments: Path = DEPLOYMENTS, rest: str = "") -> str:
    """A command about a deployment that can be copied into a shell as it is.

    >>> command_for("approve", "support-desk", Path("elsewhere"), "3 --by NAME")
    'bakeoff approve support-desk 3 --by NAME --deployments elsewhere'
    """
    return " ".join(part for part in ("bakeoff", command, shlex.quote(deployment), rest) if part) + where(deployments)


def copyable(text: str, deployment: str, deployments: Path = DEPLOYMENTS, called: str = "DEPLOYMENT") -> str:
    """A text in which the commands about a deployment can be copied. `called` is how it names the deployment.

    >>> copyable("see: bakeoff decisions DEPLOYMENT", "support-desk", Path("elsewhere"))
    'see: bakeoff decisions support-desk --deployments elsewhere'
    >>> copyable("bakeoff run --from DEPLOYMENT", "support-desk", Path("elsewhere"))
    'bakeoff run --from support-desk --deployments elsewhere'
    >>> copyable("serve a newer run: bakeoff serve RUN", "support-desk", Path("elsewhere"))
    'serve a newer run: bakeoff serve RUN --deployments elsewhere'
    """
    whole = re.compile(rf"(bakeoff [a-z]+(?: --from)?) {re.escape(called)}(?![\w-])")
    text = re.sub(r"bakeoff serve RUN(?![\w-])", lambda match: match[0] + where(deployments), text)
    return whole.sub(lambda match: command_for(match[1].removeprefix("bakeoff "), deployment, deployments), text)


@contextmanager
def copyable_errors(deployment: str, deployments: Path) -> Iterator[None]:
    """Remedies of errors within the block name this deployment, so that their commands can be copied."""
    try:
        yield
    except BakeoffError as error:
        error.remedy = copyable(error.remedy, deployment, deployments)
        raise


Runs = Annotated[
    Path,
    typer.Option("--runs", help="The folder that holds the run folders.", is_eager=True),
]
RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="A run: its folder, or its name below --runs.", autocompletion=run_names, show_default=False
    ),
]
Deployments = Annotated[Path, typer.Option(help="The folder that holds the deployments.", is_eager=True)]
DeploymentName = Annotated[
    str,
    typer.Argument(
        metavar="DEPLOYMENT",
        help="A deployment: its folder, or its name below --deployments.",
        autocompletion=deployment_names,
        show_default=False,
    ),
]
ContenderName = Annotated[
    str | None,
    typer.Option(
        "--contender",
        "-c",
        help="The contender to ask. By default the winner, else the most accurate that keeps the limits.",
        autocompletion=contender_names,
        show_default=False,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON to stdout; everything else goes to stderr.")
]
