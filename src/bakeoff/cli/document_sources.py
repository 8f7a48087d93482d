"""`bakeoff documents sync --sources`: which configuration names the sources, and where their cursors are kept."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff.errors import InputError

if TYPE_CHECKING:
    from bakeoff.corpus.sources.named import Places
    from bakeoff.serve.documents.ends import Documents
    from bakeoff.serve.documents.source_sync import Synced

CURSORS = "sources"
"""The folder of the cursors in a deployment."""


def sync_named(
    documents: "Documents", sources: Path | None, deployment: Path | None, url: str, yes: bool, keep: bool
) -> "Synced":
    """Makes the documents equal those of the sources that a configuration names. Raises as `sync_sources`."""
    from bakeoff.corpus.sources.opened import open_sources
    from bakeoff.serve.documents.source_states import SourceStates
    from bakeoff.serve.documents.source_sync import sync_sources

    places = _places(sources, deployment)
    opened = open_sources(places.sources, places.folder)
    return sync_sources(documents, opened, SourceStates(_cursors(deployment, url)), yes, keep)


def _places(sources: Path | None, deployment: Path | None) -> "Places":
    from bakeoff.corpus.sources.named import Places, places_in

    if sources is not None:
        return places_in(sources)
    if deployment is None:
        raise InputError(
            "There is nothing to compare with.", "name a folder, or a configuration with --sources bakeoff.yaml"
        )
    from bakeoff.serve.deployment import open_deployment

    config = open_deployment(deployment).config
    if not config.documents:
        raise InputError("The configuration of the deployment names no documents.", "name sources with --sources FILE")
    return Places(config.documents, config.imports_from)


def _cursors(deployment: Path | None, url: str) -> Path:
    """In the deployment; for a server, which may be elsewhere, in the cache of this machine."""
    if deployment is not None:
        return deployment / CURSORS
    from bakeoff.files.cache import cache_folder

    return cache_folder() / CURSORS / hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16]
