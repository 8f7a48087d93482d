"""The command that examines an installation, and the bundle for support."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff.cli.keys import DEFAULT as KEYS
from bakeoff.cli.keys import KeyPath
from bakeoff.cli.options import DEPLOYMENTS, Deployments, Json, Runs, served_names
from bakeoff.cli.output import console, note, print_json, table
from bakeoff.sentences import counted

if TYPE_CHECKING:
    from bakeoff.doctor.finding import Finding


def doctor(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[WHAT]",
            help="A bakeoff.yaml, a run or a deployment by its path; or a name, for the run of this name below --runs "
            "and the deployment of this name below --deployments.",
            autocompletion=served_names,
            show_default=False,
        ),
    ] = None,
    ask_servers: Annotated[
        bool,
        typer.Option(
            "--ask-servers", help="Ask each model behind a server for a few tokens, for which it may bill you."
        ),
    ] = False,
    bundle: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.zip",
            help="Write what support needs into a new file: numbers and names from the code, no texts, no secrets.",
            show_default=False,
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --bundle: lines of a server (bakeoff serve --log-format json), to count their kinds.",
            show_default=False,
        ),
    ] = None,
    runs: Runs = Path("runs"),
    deployments: Deployments = DEPLOYMENTS,
    keys: KeyPath = KEYS,
    as_json: Json = False,
) -> None:
    """Examine this installation, and say what to do. With WHAT, also whether all its files are there and whole, its
    models, variables, stores and permissions.

    Changes nothing, downloads nothing, and sends nothing unless asked to. The exit code is 1 if there is a problem.
    """
    from bakeoff.doctor.examine import examine
    from bakeoff.doctor.examined import Places, examined

    asked = examined(what, Places(runs, deployments, keys))
    findings = examine(asked, ask_servers)
    if as_json:
        print_json(findings)
    else:
        _print(findings)
    if bundle is not None:
        _write(bundle, findings, [one.folder for one in asked if one.folder is not None], log)
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


def _print(findings: "list[Finding]") -> None:
    rows = [(finding.state, finding.check, _said(finding)) for finding in findings]
    console().print(table(("state", "check", "what was found"), rows))
    n = {state: sum(finding.state == state for finding in findings) for state in ("problem", "note")}
    note(f"{counted(n['problem'], 'problem')}, {counted(n['note'], 'note')}")


def _said(finding: "Finding") -> str:
    return f"{finding.found}\n  -> {finding.remedy}" if finding.remedy else finding.found


def _write(path: Path, findings: "list[Finding]", folders: "list[Path]", log: Path | None) -> None:
    from bakeoff.doctor.bundle.parts import parts_of
    from bakeoff.doctor.bundle.write import write

    parts = parts_of(findings, folders, log)
    note(f"{path} will hold, in numbers and in names from Bakeoff's code:")
    for part in parts:
        note(f"  {part.name}: {part.about} ({len(part.text.encode()):,} bytes)")
    write(path, parts)
    note(f"Wrote {path}. Read it before you send it: every file in it is short JSON.")
