"""The settings of `executor:` in bakeoff.yaml: who does the work of a run. Starts nothing."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from bakeoff.corpus.sources.bucket import checked_address
from bakeoff.records import Record


class ExecutorSettings(Record):
    """Workers of a run: processes on this machine (`local`), or those of a Ray cluster at `address` (`ray`).

    `workers` is how many jobs are done at once: by default one for each core here, and as many as fit into a cluster.
    A job takes `cpus` cores and `gpus` graphics cards, and is done again up to `retries` times if its worker dies.
    `share` is an address in object storage (s3://, gs://, az://, file:///): what workers open goes there, for machines
    that do not see the folder of runs.
    """

    kind: Literal["local", "ray"] = "local"
    workers: int | None = Field(default=None, ge=1)
    address: str = Field(default="auto", min_length=1)
    cpus: int = Field(default=1, ge=1)
    gpus: int = Field(default=0, ge=0)
    retries: int = Field(default=2, ge=0)
    share: str | None = None

    @field_validator("share")
    @classmethod
    def _is_an_address(cls, share: str | None) -> str | None:
        return checked_address(share) if share is not None else None

    @model_validator(mode="after")
    def _address_is_of_a_cluster(self) -> Self:
        if self.kind == "local" and self.address != "auto":
            raise ValueError("address is that of a Ray cluster, but kind is local: set kind: ray, or leave address out")
        return self
