"""The host for a model's settings, and what is known of its end. Sends nothing."""

import datetime
from typing import NamedTuple

from bakeoff.models.settings import ApiModel
from bakeoff.tuning.hosted.fireworks import FireworksHost
from bakeoff.tuning.hosted.host import Host
from bakeoff.tuning.hosted.http import HostClient
from bakeoff.tuning.hosted.openai import OpenAiHost
from bakeoff.tuning.hosted.settings import Hosted
from bakeoff.tuning.hosted.together import TogetherHost


class Shutdown(NamedTuple):
    """What a host (its name ends so) does from a day on. `source` is where it says so. `ends_jobs`: for everybody."""

    host: str
    day: datetime.date
    what: str
    source: str
    ends_jobs: bool = False


SHUTDOWNS = (
    Shutdown(
        "api.openai.com",
        datetime.date(2026, 5, 7),
        "takes new tuning jobs only from organisations that have tuned a model before",
        "https://platform.openai.com/docs/deprecations",
    ),
    Shutdown(
        "api.openai.com",
        datetime.date(2026, 7, 2),
        "takes new tuning jobs only from organisations that have asked a tuned model in the last 60 days",
        "https://platform.openai.com/docs/deprecations",
    ),
    Shutdown(
        "api.openai.com",
        datetime.date(2027, 1, 6),
        "takes no new tuning jobs; tuned models answer until their base model is shut down",
        "https://platform.openai.com/docs/deprecations",
        ends_jobs=True,
    ),
    Shutdown(
        "together.ai",
        datetime.date(2026, 12, 31),
        "deprecates version 1 of dedicated endpoints, which tuning.host.deployment uses",
        "https://docs.together.ai/docs/dedicated-endpoints/v1/quickstart",
    ),
)
"""Dates that hosts have announced, as of 28 November 2026."""


def shutdown_lines(host: str, today: datetime.date) -> list[str]:
    """What a host has announced, in order of the days; of what has begun, how it is now."""
    return [
        f"{one.host} {'since' if one.day <= today else 'from'} {one.day.isoformat()}: it {one.what} ({one.source})"
        for one in sorted(SHUTDOWNS, key=lambda one: one.day)
        if _is_at(host, one.host)
    ]


def has_ended(host: str, today: datetime.date) -> Shutdown | None:
    """Why a host takes no new job at all any more; None if it may."""
    return next((one for one in SHUTDOWNS if _is_at(host, one.host) and one.day <= today and one.ends_jobs), None)


def _is_at(host: str, name: str) -> bool:
    bare = host.partition(":")[0]
    return bare == name or bare.endswith(f".{name}")


def host_for(model: ApiModel, hosted: Hosted, client: HostClient | None = None) -> Host:
    """The host that tunes this model."""
    client = client or HostClient(model)
    if hosted.api == "together":
        return TogetherHost(client)
    if hosted.api == "fireworks":
        return FireworksHost(client, hosted.account or "")
    return OpenAiHost(client)
