"""OpenAI's protocol for tuning: /files, /fine_tuning/jobs, events, checkpoints. Nebius, Azure (/openai/v1) and gateways
speak it too.

Takes and gives the records of `host`. Sources: https://platform.openai.com/docs/api-reference/fine-tuning;
https://docs.tokenfactory.nebius.com/post-training (an adapter's files are those of the last checkpoint).
"""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from bakeoff.errors import ConfigError
from bakeoff.tuning.hosted.fields import message_in, named, number, rows, text, tokens
from bakeoff.tuning.hosted.host import Download, Job, JobEvent, JobStatus, Machine, Order
from bakeoff.tuning.hosted.http import HostClient, HostError
from bakeoff.tuning.hosted.settings import Rented

STATES: dict[str, JobStatus] = {
    "validating_files": "waiting",
    "queued": "waiting",
    "pending": "waiting",
    "running": "running",
    "succeeded": "done",
    "failed": "failed",
    "cancelled": "cancelled",
}
"""A state that is not among these counts as running: it ends in one of these, or at the time limit."""
MARKS = ("user_provided_suffix", "suffix", "fine_tuned_model")
"""Where hosts show the suffix of a job."""
PAGE = "100"


class OpenAiHost:
    """A host of OpenAI's protocol."""

    def __init__(self, client: HostClient) -> None:
        self._client = client
        self._base = client.settings.base_url
        self._knows_methods = True

    def upload(self, name: str, content: bytes) -> str:
        return named(self._client.send_file(f"{self._base}/files", f"{name}.jsonl", content, purpose="fine-tune"))

    def find_file(self, name: str) -> str | None:
        files = self._all("/files", purpose="fine-tune")
        return next((named(file) for file in files if file.get("filename") == f"{name}.jsonl"), None)

    def delete_file(self, file: str) -> None:
        self._client.delete(f"{self._base}/files/{file}")

    def create(self, order: Order) -> Job:
        url = f"{self._base}/fine_tuning/jobs"
        if self._knows_methods:
            try:
                return _job(self._client.post(url, _body(order, has_method=True)))
            except HostError as error:
                if error.status not in (400, 422) or "method" not in error.message:
                    raise
                self._knows_methods = False  # also where this order is sent again
        return _job(self._client.post(url, _body(order, has_method=False)))

    def find_job(self, order: Order) -> Job | None:
        for state in self._all("/fine_tuning/jobs"):
            if state.get("training_file") == order.file and is_named(state, order.name, MARKS):
                return _job(state)
        return None

    def job(self, id: str) -> Job:
        return _job(self._client.look(f"{self._base}/fine_tuning/jobs/{id}"))

    def events(self, id: str) -> Sequence[JobEvent]:
        page = self._client.look(f"{self._base}/fine_tuning/jobs/{id}/events", limit=PAGE)
        return [JobEvent(at=number(one.get("created_at")) or 0.0, message=text(one, "message")) for one in rows(page)]

    def cancel(self, id: str) -> None:
        self._client.post(f"{self._base}/fine_tuning/jobs/{id}/cancel", {})

    def deploy(self, name: str, model: str, rented: Rented) -> Machine:
        raise ConfigError("api: openai has no call that starts a deployment.", "leave tuning.host.deployment out")

    def find_machine(self, name: str) -> Machine | None:
        return None

    def machine(self, id: str) -> Machine:
        return Machine(id=id, status="stopped")

    def stop(self, id: str) -> None:
        """There is nothing to stop."""

    def adapter_files(self, job: Job) -> Sequence[Download]:
        """The files of the last checkpoint, for hosts that list them there; OpenAI lists none."""
        page = self._client.get(f"{self._base}/fine_tuning/jobs/{job.id}/checkpoints", limit=PAGE)
        made = sorted(rows(page), key=lambda one: number(one.get("step_number")) or 0.0)
        files = made[-1].get("result_files") if made else None
        found = []
        for file in files if isinstance(files, list) else []:
            path = PurePosixPath(text(self._client.get(f"{self._base}/files/{file}"), "filename"))
            found.append(Download(f"{self._base}/files/{file}/content", path.name, False))
        return found

    def _all(self, path: str, **params: str) -> Iterator[dict[str, Any]]:
        """All rows of a list, page by page."""
        after: dict[str, str] = {}
        while True:
            page = self._client.get(f"{self._base}{path}", limit=PAGE, **params, **after)
            found = rows(page)
            yield from found
            last = str(found[-1].get("id") or "") if found else ""
            if not last or not page.get("has_more") or after.get("after") == last:
                return
            after = {"after": last}


def is_named(state: dict[str, Any], name: str, marks: Sequence[str]) -> bool:
    """Whether a job that was trained on our file is ours: it shows our name, or no name at all."""
    shown = [str(state[mark]) for mark in marks if state.get(mark)]
    return not shown or any(name in text for text in shown)


def _body(order: Order, has_method: bool) -> dict[str, Any]:
    """An order, with its method or in the form in which the protocol began."""
    numbers = {"n_epochs": order.epochs, **order.hyperparameters}
    method = {"method": {"type": "supervised", "supervised": {"hyperparameters": numbers}}}
    return {
        "model": order.model,
        "training_file": order.file,
        "suffix": order.name,
        "seed": order.seed,
        **(method if has_method else {"hyperparameters": numbers}),
    }


def _job(state: dict[str, Any]) -> Job:
    return Job(
        id=named(state),
        status=STATES.get(str(state.get("status")), "running"),
        model=text(state, "fine_tuned_model"),
        tokens=tokens(state.get("trained_tokens")),
        error=message_in(state.get("error")),
    )
