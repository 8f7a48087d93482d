"""Whether a network is needed, for what, and whether the hub may be asked. Connects to nothing.

Takes a configuration, gives findings.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from bakeoff.corpus.sources.settings import SourceSettings
from bakeoff.doctor.finding import Finding, fine, note
from bakeoff.errors import BakeoffError
from bakeoff.models.embed import HashEmbedder
from bakeoff.models.load import has_no_weights
from bakeoff.models.settings import DEFAULTS, ApiModel, ModelSettings
from bakeoff.models.weights import here, wheel_weights
from bakeoff.sentences import listed

if TYPE_CHECKING:
    from bakeoff.runs.config import Config

DISTANT = ("git", "bucket", "sql", "web")
"""Kinds of sources that may be on another machine."""
OFF = ("", "0", "false", "no")


def needed(config: "Config | None", environment: Mapping[str, str]) -> list[Finding]:
    """What needs a network with these settings; by default nothing does once everything is installed."""
    models = DEFAULTS if config is None else config.models
    needs = [*_servers(models), *(_sources(config) if config else ())]
    absent = [name for name, settings in models.items() if _is_downloaded(settings)]
    offline = environment.get("HF_HUB_OFFLINE", "").lower() not in OFF
    if absent and offline:
        found = f"HF_HUB_OFFLINE is set, and these models are not on this machine: {listed(absent)}"
        return [note("network", found, "unset it for the first run, or copy the models here", offline=True)]
    if not needs and not absent:
        return [
            fine(
                "network",
                "not needed: no model has to be downloaded, and no server is asked",
                needed=False,
                offline=offline,
            )
        ]
    what = [*needs, *(f"the hub, for {name}" for name in absent)]
    return [
        note(
            "network", f"needed for {listed(what)}", "make sure that they can be reached", needed=True, offline=offline
        )
    ]


def _servers(models: Mapping[str, ModelSettings]) -> Iterator[str]:
    for name, settings in models.items():
        server = settings if isinstance(settings, ApiModel) else settings.answered_by
        if server is not None and server.location != "here":
            yield f"the model {name} at {server.host}"


def _sources(config: "Config") -> Iterator[str]:
    for source in config.documents:
        if isinstance(source, SourceSettings) and source.kind in DISTANT:
            yield f"a source of the kind {source.kind}"


def _is_downloaded(settings: ModelSettings) -> bool:
    """Whether this model would be downloaded."""
    if isinstance(settings, ApiModel) or settings.name == HashEmbedder.name or has_no_weights(settings):
        return False
    if settings == DEFAULTS.get("generator"):
        return False
    try:
        return "/" in settings.name and here(settings.name) is None and wheel_weights(settings.name) is None
    except BakeoffError:
        return False  # it is here, and damaged: `models` says so
