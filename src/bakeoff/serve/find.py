"""Finds a deployment by its path or its name. Imports little: every command on a deployment begins with it."""

from pathlib import Path

from bakeoff.deployment_commands import where
from bakeoff.errors import RunFolderError
from bakeoff.sentences import one_of
from bakeoff.serve.releases import is_deployment


def find_deployment(name: str, deployments: Path) -> Path:
    """The folder of a deployment, by its path or by its name in `deployments`. Raises RunFolderError if neither is."""
    places = (Path(name), deployments / name)
    found = next((place for place in places if is_deployment(place)), None)
    if found is None:
        from bakeoff.files.did_you_mean import closest

        known = sorted(path.parent.name for path in deployments.glob("*/current"))
        meant = closest(Path(name).name, known)
        raise RunFolderError(
            f"There is no deployment '{name}': neither {places[0]} nor {places[1]} is one."
            + (f" Did you mean '{meant}'?" if meant else ""),
            f"name {one_of(known)}" if known else f"make one from a run: bakeoff serve RUN{where(deployments)}",
        )
    return found
