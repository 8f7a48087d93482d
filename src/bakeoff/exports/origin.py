"""Where an export comes from: a finished run or a deployment, by its folder or its name.

Takes names, gives runs, logs, and worlds with their contenders. Loads no model.
"""

from pathlib import Path
from typing import NamedTuple

from bakeoff.contenders.identities import Identities
from bakeoff.contenders.identity import identity_of
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.files.did_you_mean import unknown
from bakeoff.runs.run import find_run, open_run
from bakeoff.sentences import listed, one_of
from bakeoff.serve.deployment import open_deployment
from bakeoff.serve.find import find_deployment
from bakeoff.serve.releases import is_deployment

WEIGHTS = ("model", "adapter")
"""The parts of an identity that an export of a model contains."""


class Origin(NamedTuple):
    """Contenders that can be exported. `default` is exported if none is named."""

    name: str
    world: WorldFolder
    contenders: tuple[str, ...]
    default: str
    measured: Identities

    def chosen(self, contender: str | None) -> str:
        """The named contender, else the default one. Raises ConfigError for a name that is not here."""
        if contender is None:
            return self.default
        if contender not in self.contenders:
            remedy = f"name {one_of(self.contenders)}"
            raise ConfigError(f"{unknown('contender', contender, self.contenders)} in {self.name}.", remedy)
        return contender

    def check_unchanged(self, contender: str) -> None:
        """Raises RunFolderError if the contender's model or adapter is not the one that was measured."""
        before = self.measured.of(contender)
        now = identity_of(self.world, contender) if before else None
        changed = [part for part in before.differences(now) if part in WEIGHTS] if before and now else []
        if changed:
            raise RunFolderError(
                f"'{contender}' of {self.name} is no longer what was measured. Changed since: {listed(changed)}.",
                "restore its weights, or run the pilot again: bakeoff run CONFIG",
            )


def origin_of(name: str, runs: Path, deployments: Path) -> Origin:
    """The run or the deployment with this folder or name. If both have the name, the run.

    Raises RunFolderError if neither exists.
    """
    if is_deployment(Path(name)) or (not (runs / name).is_dir() and is_deployment(deployments / name)):
        deployment = open_deployment(find_deployment(name, deployments))
        release = deployment.release
        return Origin(name, deployment.world, release.contenders, release.contender, release.measured)
    run = open_run(name, runs)
    folder, config = run.folder, run.folder.config()
    measured = Identities()
    if folder.identities_path.exists():
        measured = folder.record(folder.identities_path, Identities)
    world = WorldFolder(folder.world, config.models, config.imports_from)
    return Origin(folder.root.name, world, run.contenders, run.best.contender, measured)


def run_root(name: str, runs: Path, deployments: Path) -> Path:
    """The folder of the run with this folder or name. A RunFolderError for a deployment names its run."""
    if is_deployment(Path(name)):
        run = open_deployment(find_deployment(name, deployments)).release.run
        raise RunFolderError(f"{name} is a deployment, and this form exports a run.", f"name its run: {run}")
    return find_run(name, runs)
