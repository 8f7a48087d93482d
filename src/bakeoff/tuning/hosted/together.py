"""Together's protocol for tuning: /files, /fine-tunes, /finetune/download, and dedicated endpoints (/endpoints).

Takes and gives the records of `host`. Sources: https://docs.together.ai/reference/post-fine-tunes;
https://docs.together.ai/docs/fine-tuning/deployment; https://github.com/togethercomputer/openapi (28 April 2026).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bakeoff.tuning.hosted.fields import named, number, rows, text, tokens
from bakeoff.tuning.hosted.host import Download, Job, JobEvent, JobStatus, Machine, MachineStatus, Order
from bakeoff.tuning.hosted.http import HostClient
from bakeoff.tuning.hosted.openai import is_named
from bakeoff.tuning.hosted.settings import Rented

STATES: dict[str, JobStatus] = {
    "pending": "waiting",
    "queued": "waiting",
    "completed": "done",
    "error": "failed",
    "user_error": "failed",
    "cancelled": "cancelled",
}
"""All others (running, compressing, uploading, cancel_requested) count as running."""
MACHINES: dict[str, MachineStatus] = {
    "STARTED": "ready",
    "FAILED": "failed",
    "ERROR": "failed",
    "STOPPED": "stopped",
    "STOPPING": "stopped",
}
MARKS = ("suffix", "model_output_name", "x_model_output_name", "output_name")
NANO = 1e9
"""Together's `total_price` counts billionths of a US dollar. Source: its clients, NANODOLLAR."""
RANK = 16
"""The rank if the settings give none, because the protocol wants one with a type of training."""
IDLE_MINUTES = 20
"""An endpoint that nobody asks for so long is stopped by the host too."""


class TogetherHost:
    """Together."""

    def __init__(self, client: HostClient) -> None:
        self._client = client
        self._base = client.settings.base_url

    def upload(self, name: str, content: bytes) -> str:
        fields = {"purpose": "fine-tune", "file_name": f"{name}.jsonl", "file_type": "jsonl"}
        return named(self._client.send_file(f"{self._base}/files/upload", f"{name}.jsonl", content, **fields))

    def find_file(self, name: str) -> str | None:
        files = rows(self._client.get(f"{self._base}/files"))
        return next((named(file) for file in files if file.get("filename") == f"{name}.jsonl"), None)

    def delete_file(self, file: str) -> None:
        self._client.delete(f"{self._base}/files/{file}")

    def create(self, order: Order) -> Job:
        rank = order.rank or RANK
        lora = {"type": "Lora", "lora_r": rank, "lora_alpha": 2 * rank}
        # Its own client sends one of the two, never both.
        start = {"from_checkpoint": order.model} if order.goes_on else {"model": order.model}
        rate = {"learning_rate": order.learning_rate} if order.learning_rate else {}
        body = {
            **start,
            **rate,
            "training_file": order.file,
            "n_epochs": order.epochs,
            "suffix": order.name,
            "random_seed": order.seed,
            "training_type": {"type": "Full"} if order.is_full else lora,
            **order.hyperparameters,
        }
        return _job(self._client.post(f"{self._base}/fine-tunes", body))

    def find_job(self, order: Order) -> Job | None:
        for state in rows(self._client.get(f"{self._base}/fine-tunes")):
            if state.get("training_file") == order.file and is_named(state, order.name, MARKS):
                return _job(state)
        return None

    def job(self, id: str) -> Job:
        return _job(self._client.look(f"{self._base}/fine-tunes/{id}"))

    def events(self, id: str) -> Sequence[JobEvent]:
        events = rows(self._client.look(f"{self._base}/fine-tunes/{id}/events"))
        return [JobEvent(at=_seconds(row.get("created_at")), message=text(row, "message")) for row in events]

    def cancel(self, id: str) -> None:
        self._client.post(f"{self._base}/fine-tunes/{id}/cancel", {})

    def deploy(self, name: str, model: str, rented: Rented) -> Machine:
        body = {
            "display_name": name,
            "model": model,
            "hardware": rented.hardware,
            "autoscaling": {"min_replicas": 1, "max_replicas": 1},
            "inactive_timeout": IDLE_MINUTES,
        }
        return _machine(self._client.post(f"{self._base}/endpoints", body))

    def find_machine(self, name: str) -> Machine | None:
        for row in rows(self._client.get(f"{self._base}/endpoints", type="dedicated", mine="true")):
            # the list may leave out the display name, so that each one is looked at
            shown = row if row.get("display_name") else self._client.get(f"{self._base}/endpoints/{named(row)}")
            if shown.get("display_name") == name:
                return _machine(row)
        return None

    def machine(self, id: str) -> Machine:
        return _machine(self._client.get(f"{self._base}/endpoints/{id}"))

    def stop(self, id: str) -> None:
        self._client.delete(f"{self._base}/endpoints/{id}")

    def adapter_files(self, job: Job) -> Sequence[Download]:
        return [Download(f"{self._base}/finetune/download?ft_id={job.id}&checkpoint=adapter", "", False)]


def _job(state: dict[str, Any]) -> Job:
    price = number(state.get("total_price"))
    status = STATES.get(str(state.get("status")), "running")
    messages = [text(event, "message") for event in rows(state, "events")]
    return Job(
        id=named(state),
        status=status,
        model=next((str(state[mark]) for mark in MARKS[1:] if state.get(mark)), ""),
        tokens=tokens(state.get("token_count")),
        usd=price / NANO if price else None,
        error=messages[-1] if messages and status == "failed" else "",
    )


def _machine(state: dict[str, Any]) -> Machine:
    status = MACHINES.get(str(state.get("state")), "starting")
    return Machine(id=named(state), status=status, model=str(state.get("name") or ""))


def _seconds(text: Any) -> float:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0
