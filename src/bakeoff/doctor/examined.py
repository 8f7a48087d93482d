"""What the doctor is asked about: nothing, a configuration, a run, a deployment, or the last two of one name.

Takes what the command line says, gives the places and the configuration. Opens no model.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from bakeoff.doctor.finding import Finding, fine, problem
from bakeoff.errors import BakeoffError, ConfigError, RunFolderError
from bakeoff.files.did_you_mean import closest
from bakeoff.files.room import is_of_system
from bakeoff.files.unreadable import is_there, unreadable
from bakeoff.runs.folder import RunFolder
from bakeoff.sentences import listed
from bakeoff.serve.releases import is_deployment

if TYPE_CHECKING:
    from bakeoff.runs.config import Config

Kind = Literal["nothing", "configuration", "run", "deployment", "closed"]
"""'closed' is a folder that this user may not look into."""


class Places(NamedTuple):
    """Where runs and deployments are, and the file of keys."""

    runs: Path = Path("runs")
    deployments: Path = Path("deployments")
    keys: Path = Path("keys.jsonl")


class Examined(NamedTuple):
    """What is examined. `root` is the folder or file; `config` is None if there is none, or if it cannot be read."""

    kind: Kind
    places: Places
    root: Path | None = None
    config: "Config | None" = None
    told: tuple[Finding, ...] = ()

    @property
    def folder(self) -> Path | None:
        """The run folder or the deployment."""
        return self.root if self.kind in ("run", "deployment") else None


def examined(name: str | None, places: Places) -> tuple[Examined, ...]:
    """What a name or a path means: a file of settings, a run, a deployment, or the run and the deployment of one name.

    Raises BakeoffError if it is none of them.
    """
    if name is None:
        return (Examined("nothing", places),)
    given = _of(Path(name), places)
    if given is not None:
        return (given,)
    found = [one for folder in (places.runs, places.deployments) if (one := _of(folder / name, places)) is not None]
    if not found:
        raise _unknown(name, places)
    both = listed([f"the {'folder' if one.kind == 'closed' else one.kind} {one.root}" for one in found])
    first = fine("examined", f"'{name}' names {both}", n=len(found))
    return (found[0]._replace(told=(first, *found[0].told)), *found[1:])


def _of(place: Path, places: Places) -> Examined | None:
    """What there is at this place. None if it is nothing that is known."""
    try:
        kind: Kind | None = "configuration" if is_there(place) and place.is_file() else kind_of(place)
    except RunFolderError as error:
        told = problem("permissions", error.message, error.remedy)
    except PermissionError as error:
        told = problem("permissions", *unreadable(f"Cannot look at {place}", error, ""))
    else:
        return _read(kind, place, places) if kind is not None else None
    return Examined("closed", places, place, None, (told,))


def kind_of(place: Path) -> Literal["run", "deployment"] | None:
    """What a folder is. One that has lost its pointer or its configuration is known by what else is there.

    Raises RunFolderError if this user may not look into it.
    """
    if is_deployment(place) or (place / "releases").is_dir():
        return "deployment"
    begun = RunFolder(place)
    is_run = any(path.exists() for path in (begun.config_path, begun.environment_path, begun.comparison_path))
    return "run" if is_run else None


def _unknown(name: str, places: Places) -> ConfigError:
    known = [path.name for folder in (places.runs, places.deployments) if folder.is_dir() for path in folder.iterdir()]
    meant = closest(Path(name).name, known)
    return ConfigError(
        f"'{name}' is no file, no run (in {places.runs}) and no deployment (in {places.deployments})."
        + (f" Did you mean '{meant}'?" if meant else ""),
        "name a bakeoff.yaml, the folder or the name of a run, or that of a deployment",
    )


def _read(kind: Kind, root: Path, places: Places) -> Examined:
    """With its configuration, or with a problem that says why it cannot be read."""
    try:
        config = _config(kind, root)
    except BakeoffError as error:
        return Examined(kind, places, root, None, (problem("configuration", error.message, error.remedy),))
    except Exception as error:  # noqa: BLE001  (a hostile or broken file may raise anything in a parser)
        if isinstance(error, OSError) and is_of_system(error):
            told = problem(
                "configuration", *unreadable(f"Cannot read {error.filename or root}", error, "check the disk")
            )
        else:
            found = f"{root} cannot be read: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
            told = problem("configuration", found, "check the file and its permissions")
        return Examined(kind, places, root, None, (told,))
    return Examined(kind, places, root, config, (fine("configuration", f"{root} can be read", **_sizes(config)),))


def _config(kind: Kind, root: Path) -> "Config":
    from bakeoff.runs.config import load_config
    from bakeoff.serve.deployment import Deployment

    if kind == "configuration":
        return load_config(root)
    return Deployment(root).config if kind == "deployment" else RunFolder(root).config()


def _sizes(config: "Config") -> dict[str, int]:
    return {"contenders": len(config.contenders), "models": len(config.models), "sources": len(config.documents)}
