"""What the folder of a tuned model holds: a PEFT adapter, a whole model after all its weights were trained, or the name
of a model that was tuned at a host.

Takes a folder. Loads nothing.
"""

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field

from bakeoff.errors import ModelUnavailableError
from bakeoff.files.unreadable import unreadable
from bakeoff.models.adapter_check import CONFIG
from bakeoff.models.settings import TokenPrice
from bakeoff.records import Record

R = TypeVar("R", bound=Record)


def is_whole_model(folder: Path) -> bool:
    """Whether the folder holds a whole model, which replaces its base, and not an adapter, which is added to it."""
    return (folder / "config.json").is_file() and not (folder / CONFIG).is_file()


HOSTED_MODEL, HOSTED_JOB, DEPLOYMENT = "hosted_model.json", "hosted_job.json", "deployment.json"
"""Files of a model that was tuned at a host: which one it is, how it was made, and what answers with it now."""


class HostedModel(Record):
    """A model that was tuned at a host: the name by which it is asked there, in place of the one it was tuned from.

    `needs_deployment`: it answers only while a deployment runs, by the deployment's name. `price` is that of its
    tokens, if it is not that of the other model.
    """

    model: str
    host: str
    needs_deployment: bool = False
    price: str | TokenPrice | None = Field(default=None, exclude_if=lambda price: price is None)


class Deployed(Record):
    """A deployment that answers with a tuned model. `name` is ours, `id` the host's, `model` the name to ask.

    Times are seconds since 1970. A step that ends in -ing was begun: the host has to be asked how far it is.
    """

    name: str
    api: str
    source: str
    step: Literal["starting", "ready", "stopping", "stopped"]
    id: str = ""
    model: str = ""
    began_at: float = 0.0
    stopped_at: float = 0.0
    minute_price: float = 0.0
    max_minutes: float = 0.0
    earlier_minutes: float = 0.0

    @property
    def minutes(self) -> float:
        """How long it has run until it was stopped, with earlier ones of the same model. One that runs counts as 0."""
        return self.earlier_minutes + max(0.0, self.stopped_at - self.began_at) / 60

    @property
    def usd(self) -> float:
        """What it has cost once it is stopped; before that, the most that it may cost."""
        return self.minute_price * (self.minutes if self.step == "stopped" else self.max_minutes)


def hosted_model(folder: Path) -> HostedModel | None:
    """The model at a host that this folder stands for; None if it holds weights or nothing."""
    return _read(folder / HOSTED_MODEL, HostedModel)


def deployed(folder: Path) -> Deployed | None:
    """The deployment that this folder knows of, running or stopped."""
    return _read(folder / DEPLOYMENT, Deployed)


def asked_name(folder: Path, model: HostedModel) -> str:
    """The name by which a model that was tuned at a host is asked now. Raises ModelUnavailableError if nothing runs."""
    if not model.needs_deployment:
        return model.model
    machine = deployed(folder)
    if machine is None or machine.step != "ready":
        raise ModelUnavailableError(
            f"The model {model.model} at {model.host} answers only while a deployment runs, and none does.",
            "start a deployment at the host and name it in `models:` as any other model, or use the contender that "
            "runs its adapter here (tuning.host.local)",
        )
    return machine.model


def _read(path: Path, kind: type[R]) -> R | None:
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ModelUnavailableError(
            *unreadable(f"{path} cannot be read", error, "restore the file, or start a new run")
        ) from error
