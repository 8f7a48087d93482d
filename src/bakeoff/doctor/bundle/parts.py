"""The files of a bundle, each with what it is about.

Takes the doctor's findings, a folder and a server's lines, gives texts. What cannot be read is said to be so, by kind.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff import errors
from bakeoff.doctor.bundle.plain import number
from bakeoff.doctor.examined import kind_of
from bakeoff.doctor.finding import Finding

_KINDS = frozenset(kind for kind in vars(errors).values() if isinstance(kind, type))
"""The kinds of errors that Bakeoff has."""


class Part(NamedTuple):
    """One file of the bundle."""

    name: str
    about: str
    text: str


def parts_of(findings: Sequence[Finding], folders: Sequence[Path] = (), log: Path | None = None) -> list[Part]:
    """The files for these findings, for a run, a deployment or both (`folders`), and for a file of a server's lines.

    If there are both, the names of the deployment's files begin with `deployment-`.

    Raises OSError if the file of lines cannot be read.
    """
    parts = [_part("versions.json", "versions of Bakeoff, Python and packages", _versions)]
    parts.append(
        _part("doctor.json", "the doctor's states and figures, without its sentences", lambda: _told(findings))
    )
    for folder in folders:
        before = "deployment-" if len(folders) > 1 and kind_of(folder) == "deployment" else ""
        for name, about, values in _of(folder):
            is_named = name.startswith("deployment") or not before
            parts.append(_part(name if is_named else f"{before}{name}", about, values))
    if log is not None:
        with log.open(encoding="utf-8", errors="replace") as lines:
            from bakeoff.doctor.bundle.lines import shapes

            counted = shapes(lines)
        parts.append(_part("log-lines.json", "how many lines of which kind a server wrote", lambda: counted))
    return parts


def _versions() -> Any:
    from bakeoff.doctor.bundle.versions import versions

    return versions()


def _told(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {"check": finding.check, "state": finding.state, **{key: number(n) for key, n in finding.figures.items()}}
        for finding in findings
    ]


def _of(folder: Path) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """The parts about a run or a deployment."""
    from bakeoff.doctor.bundle import deployment_numbers, run_numbers, settings
    from bakeoff.runs.folder import RunFolder
    from bakeoff.serve.deployment import Deployment

    config_about = "settings: numbers and choices, without names, texts and addresses"
    if kind_of(folder) == "deployment":
        yield "configuration.json", config_about, lambda: settings.settings(Deployment(folder).config)
        yield "deployment.json", "releases, and what the log counts", lambda: deployment_numbers.deployment(folder)
    else:
        run = RunFolder(folder)
        yield "configuration.json", config_about, lambda: settings.settings(run.config())
        yield "stages.json", "seconds and tokens of each stage", lambda: run_numbers.stages(run)
        yield "numbers.json", "what was measured, and how large the data were", lambda: run_numbers.numbers(run)
        yield "failures.json", "how many answers failed, by kind", lambda: run_numbers.failures(run)
    yield "files.json", "sizes of the files that Bakeoff names", lambda: run_numbers.files(folder)


def _part(name: str, about: str, values: Callable[[], Any]) -> Part:
    """A part; if its values cannot be read, with the kind of the error alone."""
    try:
        return Part(name, about, _json(values()))
    except Exception as error:  # noqa: BLE001  (whatever is broken in a folder, the other parts are of use)
        kind = type(error)
        return Part(name, about, _json({"not_read": kind.__name__ if kind in _KINDS else "error"}))


def _json(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
