"""What the doctor is asked about: nothing, a configuration, a run, a deployment, or the last two of one name.

Takes what the command line says, gives the places and the configuration. Opens no model.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from bakeoff.doctor.finding import Finding, fine, problem
from bakeoff.errors import BakeoffError, ConfigError
from bakeoff.files.did_you_mean import closest
from bakeoff.runs.folder import RunFolder
from bakeoff.sentences import listed
from bakeoff.serve.releases import is_deployment

if TYPE_CHECKING:
    from bakeoff.runs.config import Config

Kind = Literal["nothing", "configuration", "run", "deployment"]


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
    given = Path(name)
    if given.is_file():
        return (_read("configuration", given, places),)
    kind = kind_of(given)
    if kind is not None:
        return (_read(kind, given, places),)
    below = ((places.runs / name, places.runs), (places.deployments / name, places.deployments))
    found = [(kind, place) for place, _ in below if (kind := kind_of(place)) is not None]
    if not found:
        raise _unknown(name, places)
    both = listed([f"the {kind} {place}" for kind, place in found])
    said = (fine("examined", f"'{name}' names {both}", n=len(found)),)
    return tuple(
        one._replace(told=(*said, *one.told) if one.root == found[0][1] else one.told)
        for one in (_read(kind, place, places) for kind, place in found)
    )


def kind_of(place: Path) -> Literal["run", "deployment"] | None:
    """What a folder is. One that has lost its pointer or its configuration is known by what else is there."""
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
