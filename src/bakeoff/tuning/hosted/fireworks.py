"""Fireworks' protocol for tuning: datasets, supervisedFineTuningJobs, deployments, signed addresses of a model's files.

Takes and gives the records of `host`. All that is made here has a name that we choose, so that it is found by it.
Sources: https://docs.fireworks.ai/api-reference; https://github.com/fw-ai-external/python-sdk (21 July 2026).
"""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from bakeoff.models.engines.fields import mapping
from bakeoff.tuning.hosted.fields import message_in, named, number, text, tokens
from bakeoff.tuning.hosted.host import Download, Job, JobEvent, JobStatus, Machine, MachineStatus, Order
from bakeoff.tuning.hosted.http import HostClient, HostError
from bakeoff.tuning.hosted.settings import Rented

STATES: dict[str, JobStatus] = {
    "JOB_STATE_PENDING": "waiting",
    "JOB_STATE_CREATING": "waiting",
    "JOB_STATE_COMPLETED": "done",
    "JOB_STATE_EARLY_STOPPED": "done",
    "JOB_STATE_FAILED": "failed",
    "JOB_STATE_EXPIRED": "failed",
    "JOB_STATE_CANCELLED": "cancelled",
    "JOB_STATE_DELETING": "cancelled",
}
"""All others count as running."""
MACHINES: dict[str, MachineStatus] = {
    "READY": "ready",
    "UPDATING": "ready",
    "FAILED": "failed",
    "DELETING": "stopped",
    "DELETED": "stopped",
}
ASKED_AT = "/inference/v1"
"""How the address for questions ends. The one for everything else is the same without it."""
IDLE = "1200s"
"""A deployment that nobody asks for so long takes no machine any more."""
NANO = 1e9


class FireworksHost:
    """Fireworks, with the account of this name."""

    def __init__(self, client: HostClient, account: str) -> None:
        self._client = client
        self._account = f"accounts/{account}"
        root = client.settings.base_url.removesuffix("/v1").removesuffix(ASKED_AT.removesuffix("/v1"))
        self._base = f"{root}/v1/{self._account}"

    def upload(self, name: str, content: bytes) -> str:
        n_rows = str(content.count(b"\n"))
        order = {"datasetId": name, "dataset": {"userUploaded": {}, "format": "CHAT", "exampleCount": n_rows}}
        try:
            self._client.post(f"{self._base}/datasets", order)
        except HostError as error:
            if error.status != 409:  # it is there from an earlier attempt, without its file
                raise
        self._client.send_file(f"{self._base}/datasets/{name}:upload", f"{name}.jsonl", content)
        return name

    def find_file(self, name: str) -> str | None:
        """The dataset of this name, if its file has arrived."""
        state = self._found(f"datasets/{name}")
        return name if state is not None and state.get("state") == "READY" else None

    def delete_file(self, file: str) -> None:
        self._client.delete(f"{self._base}/datasets/{file}")

    def create(self, order: Order) -> Job:
        start = {"warmStartFrom": order.model} if order.goes_on else {"baseModel": order.model}
        body = {
            **start,
            "dataset": f"{self._account}/datasets/{order.file}",
            "displayName": order.name,
            "outputModel": f"{self._account}/models/{order.name}",
            "epochs": order.epochs,
            **({"loraRank": order.rank} if order.rank else {}),
            **({"learningRate": order.learning_rate} if order.learning_rate else {}),
            **order.hyperparameters,
        }
        state = self._client.post(f"{self._base}/supervisedFineTuningJobs", body, supervisedFineTuningJobId=order.name)
        return _job(state)

    def find_job(self, order: Order) -> Job | None:
        state = self._found(f"supervisedFineTuningJobs/{order.name}")
        return _job(state) if state is not None else None

    def job(self, id: str) -> Job:
        return _job(self._client.look(f"{self._base}/supervisedFineTuningJobs/{id}"))

    def events(self, id: str) -> Sequence[JobEvent]:
        """Fireworks shows no log, but how far the job is."""
        progress = mapping(self._client.look(f"{self._base}/supervisedFineTuningJobs/{id}").get("jobProgress"))
        return [JobEvent(at=0.0, message=f"{progress['percent']} % done")] if progress.get("percent") else []

    def cancel(self, id: str) -> None:
        """Deletes the job: there is no other way to end one."""
        self._client.delete(f"{self._base}/supervisedFineTuningJobs/{id}")

    def deploy(self, name: str, model: str, rented: Rented) -> Machine:
        body = {
            "baseModel": model,
            "displayName": name,
            "acceleratorType": rented.hardware,
            "minReplicaCount": 1,
            "maxReplicaCount": 1,
            "autoscalingPolicy": {"scaleToZeroWindow": IDLE},
        }
        return self._machine(self._client.post(f"{self._base}/deployments", body, deploymentId=name))

    def find_machine(self, name: str) -> Machine | None:
        state = self._found(f"deployments/{name}")
        return self._machine(state) if state is not None else None

    def machine(self, id: str) -> Machine:
        return self._machine(self._client.get(f"{self._base}/deployments/{id}"))

    def stop(self, id: str) -> None:
        self._client.delete(f"{self._base}/deployments/{id}", ignoreChecks="true")

    def adapter_files(self, job: Job) -> Sequence[Download]:
        model = PurePosixPath(job.model).name
        reply = self._client.get(f"{self._base}/models/{model}:getDownloadEndpoint")
        signed = mapping(reply.get("filenameToSignedUrls"))
        return [Download(str(url), PurePosixPath(name).name, True) for name, url in signed.items()]

    def _found(self, path: str) -> dict[str, Any] | None:
        try:
            return self._client.get(f"{self._base}/{path}")
        except HostError as error:
            if error.status == 404:
                return None
            raise

    def _machine(self, state: dict[str, Any]) -> Machine:
        name = named(state, "name")
        status = MACHINES.get(str(state.get("state")), "starting")
        words = message_in(state.get("status"))
        return Machine(id=PurePosixPath(name).name, status=status, model=name, error=words)


def _job(state: dict[str, Any]) -> Job:
    cost = mapping(state.get("estimatedCost"))
    usd = (number(cost.get("units")) or 0.0) + (number(cost.get("nanos")) or 0.0) / NANO if cost else None
    return Job(
        id=PurePosixPath(named(state, "name")).name,
        status=STATES.get(str(state.get("state")), "running"),
        model=text(state, "outputModel"),
        tokens=tokens(mapping(state.get("jobProgress")).get("inputTokens")),
        usd=usd,
        error=message_in(state.get("status")),
    )
