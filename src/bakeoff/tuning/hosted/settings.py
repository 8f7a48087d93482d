"""The settings for tuning at a host in bakeoff.yaml (`tuning.host`). Knows nothing about models and sends nothing."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bakeoff.models.settings import TokenPrice
from bakeoff.records import Record

HostApi = Literal["openai", "together", "fireworks"]
NEEDS_DEPLOYMENT: tuple[HostApi, ...] = ("together", "fireworks")
"""Hosts that answer with a tuned model from a deployment only, which is paid by the minute.

Sources: https://docs.together.ai/docs/fine-tuning/deployment; https://docs.fireworks.ai/fine-tuning/deploying-loras.
"""
MINUTES = 120.0


class Rented(Record):
    """The machine that a host answers on. `hardware` is its name at the host, `minute_price` the US dollars for a
    minute. It is stopped when the run needs it no longer, after `max_minutes` in any case.
    """

    hardware: str = Field(min_length=1)
    minute_price: float = Field(ge=0, allow_inf_nan=False)
    max_minutes: float = Field(default=MINUTES, gt=0, allow_inf_nan=False)

    @property
    def most_usd(self) -> float:
        """What it costs if it runs as long as it may."""
        return self.minute_price * self.max_minutes


class Hosted(Record):
    """Where a model behind a server is tuned, and what that costs.

    `api` is the host's protocol. `training_price` is the US dollars for a million training tokens. `price` is that of
    the tuned model's tokens, where it is not that of the model it was tuned from. `deployment` is the machine that
    answers with the tuned model, where the host needs one. `local` names a model in `models:` with the weights of the
    same base model: the adapter that the host hands out is measured on it too. `account` is the name of the account at
    Fireworks. `hyperparameters` are passed on to the host as they are.
    """

    api: HostApi
    training_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    account: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$")
    deployment: Rented | None = None
    local: str | None = Field(default=None, min_length=1)
    price: str | TokenPrice | None = None
    hyperparameters: dict[str, bool | int | float | str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_the_api(self) -> Self:
        if self.api == "fireworks" and self.account is None:
            raise ValueError("api: fireworks needs account, the name of your account in its addresses (accounts/NAME)")
        if self.api != "fireworks" and self.account is not None:
            raise ValueError(f"api: {self.api} has no account; leave it out")
        if self.api not in NEEDS_DEPLOYMENT and self.deployment is not None:
            raise ValueError(
                "api: openai has no call that starts a deployment; leave deployment out. Where a tuned model has to be "
                "deployed first (Azure), deploy it there and name it in `models:` as any other model"
            )
        return self

    def identity(self) -> dict[str, Any]:
        """What decides about the tuned weights: not what they cost, nor where they answer."""
        return self.model_dump(mode="json", include={"api", "account", "hyperparameters"})


def _as_mapping(value: Any) -> Any:
    return {"api": value} if isinstance(value, str) else value


HostedTuning = Annotated[Hosted | None, BeforeValidator(_as_mapping)]
"""`tuning.host`: the name of a protocol, or a mapping with more."""
