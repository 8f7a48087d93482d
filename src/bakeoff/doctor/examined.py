"""What the doctor is asked about: nothing, a configuration, a run, or a deployment.

Takes what the command line says, gives the places and the configuration. Opens no model.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from bakeoff.doctor.finding import Finding, fine, problem
from bakeoff.errors import BakeoffError, ConfigError

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


def examined(name: str | None, places: Places) -> Examined:
    """What a name means: a file of settings, a deployment or a run. Raises BakeoffError if it is none of them."""
    if name is None:
        return Examined("nothing", places)
    from bakeoff.runs.run import find_run
    from bakeoff.serve.releases import is_deployment

    given = Path(name)
    if given.is_file():
        return _read("configuration", given, places)
    for place in (given, places.deployments / name):
        if is_deployment(place):
            return _read("deployment", place, places)
    try:
        return _read("run", find_run(name, places.runs), places)
    except BakeoffError:
        raise ConfigError(
            f"'{name}' is no file, no run (in {places.runs}) and no deployment (in {places.deployments}).",
            "name a bakeoff.yaml, the folder or the name of a run, or that of a deployment",
        ) from None


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
    from bakeoff.runs.folder import RunFolder
    from bakeoff.serve.deployment import Deployment

    if kind == "configuration":
        return load_config(root)
    return Deployment(root).config if kind == "deployment" else RunFolder(root).config()


def _sizes(config: "Config") -> dict[str, int]:
    return {"contenders": len(config.contenders), "models": len(config.models), "sources": len(config.documents)}
