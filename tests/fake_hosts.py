"""Hosts that tune models, on this machine: OpenAI's, Together's and Fireworks' addresses over one store, with faults.

`with FakeHost("together") as host:` serves `host.url` until the block ends. `host.jobs`, `host.files` and
`host.machines` are what was made there. It answers questions as `FakeApi` does, for models that it knows.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fake_api import FakeApi, Request, _Handler

BASE = "base-model"
ACCOUNT = "acme"


@dataclass(frozen=True)
class Trouble:
    """What one request gets: a status (None: the connection is closed), before or after the host has done its work."""

    status: int | None = 500
    after: bool = False
    message: str = "out of order"
    headers: dict[str, str] = field(default_factory=dict)


class FakeHost(FakeApi):
    """A host. `troubles` are lists by operation: upload, create, job, events, list, delete, deploy, machine, stop,
    download; each request takes the first one that is left.

    A job is `running` for `looks` looks, then `fate`. A tuned model is unknown for the first `late` questions. A
    machine is ready after `machine_looks` looks.
    """

    def __init__(self, kind: str = "openai", **more: Any) -> None:
        super().__init__(**more)
        self.kind = kind
        self.files: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.machines: dict[str, dict[str, Any]] = {}
        self.troubles: dict[str, list[Trouble]] = {}
        self.looks, self.fate, self.late, self.machine_looks = 2, "done", 0, 2
        self.machine_fate = "ready"
        self.events: list[dict[str, Any]] = []
        self.adapter: dict[str, bytes] = {}
        self.archive = b""
        self.download_at = ""
        """Where downloads are redirected to, or what signed addresses begin with."""
        self.reported: dict[str, Any] = {}
        """What the host says of each job besides."""
        self.done: list[str] = []
        """The operations that were carried out, in order."""
        self.on_done: Callable[[str], None] = lambda operation: None
        self._http.RequestHandlerClass = _handler(self)
        root = self.url.removesuffix("/v1")
        self.base_url = f"{root}/inference/v1" if kind == "fireworks" else self.url

    @property
    def tuned(self) -> set[str]:
        """The names of the tuned models that answer now."""
        if self.kind == "openai":
            return {job["model"] for job in self.jobs.values() if job["status"] == "done"}
        return {machine["model"] for machine in self.machines.values() if machine["state"] == "ready"}

    def trouble(self, operation: str, after: bool) -> Trouble | None:
        waiting = self.troubles.get(operation) or []
        return waiting.pop(0) if waiting and waiting[0].after == after else None

    def look(self, job: dict[str, Any]) -> dict[str, Any]:
        job["looked"] += 1
        if job["looked"] > self.looks and job["status"] == "running" and self.fate != "never":
            job["status"] = self.fate
        return job

    def look_at(self, machine: dict[str, Any]) -> dict[str, Any]:
        machine["looked"] += 1
        if machine["looked"] > self.machine_looks and machine["state"] == "starting":
            machine["state"] = self.machine_fate
        return machine

    def make_file(self, name: str, content: str) -> dict[str, Any]:
        id = name if self.kind == "fireworks" else f"file-{len(self.files)}"
        self.files[id] = {"id": id, "filename": f"{name}.jsonl", "content": content}
        return self.files[id]

    def make_job(self, name: str, body: dict[str, Any], file: str) -> dict[str, Any]:
        id = name if self.kind == "fireworks" else f"ftjob-{len(self.jobs)}"
        model = (
            f"accounts/{ACCOUNT}/models/{name}" if self.kind == "fireworks" else f"ft:{BASE}:{name}:{len(self.jobs)}"
        )
        self.jobs[id] = {
            "id": id,
            "name": name,
            "file": file,
            "body": body,
            "looked": 0,
            "status": "running",
            "model": model,
        }
        return self.jobs[id]

    def make_machine(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        id = name if self.kind == "fireworks" else f"endpoint-{len(self.machines)}"
        model = f"accounts/{ACCOUNT}/deployments/{name}" if self.kind == "fireworks" else f"{ACCOUNT}/{name}"
        self.machines[id] = {"id": id, "name": name, "body": body, "looked": 0, "state": "starting", "model": model}
        return self.machines[id]


Answer = tuple[int, Any]


def _handler(host: FakeHost) -> type[BaseHTTPRequestHandler]:
    class Handler(_HostHandler):
        fake = host

    return Handler


class _HostHandler(_Handler):
    """One connection. What no host answers goes to the fake API."""

    fake: FakeHost

    def do_GET(self) -> None:  # noqa: N802
        self._host("GET", {})

    def do_DELETE(self) -> None:  # noqa: N802
        self._host("DELETE", {})

    def do_POST(self) -> None:  # noqa: N802
        content = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if (self.headers["Content-Type"] or "").startswith("multipart/"):
            self._host("POST", _form(content.decode()))
        else:
            self._host("POST", json.loads(content or b"{}"))

    def _host(self, method: str, body: dict[str, Any]) -> None:
        path = urlsplit(self.path).path
        if path.endswith("/chat/completions"):
            return self._chat(body)
        self.fake.begin(Request(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.fake.end()
        if path.startswith("/signed/"):
            return self._send_bytes(
                self.fake.adapter[path.rpartition("/")[2]] if self.fake.adapter else self.fake.archive
            )
        if self.fake.key is not None and self.headers.get("Authorization") != f"Bearer {self.fake.key}":
            return self._send(401, {"error": {"message": f"Incorrect API key: {self.headers.get('Authorization')}"}})
        operation, work = _ROUTES[self.fake.kind](self.fake, method, path, parse_qs(urlsplit(self.path).query), body)
        trouble = self.fake.trouble(operation, after=False)
        if trouble is not None:
            return self._troubled(trouble)
        status, reply = work()
        self.fake.done.append(operation)
        self.fake.on_done(operation)
        trouble = self.fake.trouble(operation, after=True)
        if trouble is not None:
            return self._troubled(trouble)
        if status == 302:
            return self._send_text(302, "", {"Location": reply})
        if isinstance(reply, bytes):
            return self._send_bytes(reply)
        return self._send(status, reply)

    def _chat(self, body: dict[str, Any]) -> None:
        model = body["model"]
        self.path = "/v1/chat/completions"
        if model != BASE and (model not in self.fake.tuned or self.fake.late > 0):
            self.fake.late -= 1
            return self._send(404, {"error": {"message": f"The model {model} does not exist"}})
        return self._serve(body)

    def _troubled(self, trouble: Trouble) -> None:
        if trouble.status is None:
            self.close_connection = True
            return None
        return self._send_text(trouble.status, json.dumps({"error": {"message": trouble.message}}), trouble.headers)

    def _send_bytes(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _form(text: str) -> dict[str, Any]:
    fields = dict(re.findall(r'name="(\w+)"\r\n\r\n(.*?)\r\n', text))
    found = re.search(r'filename="([^"]+)\.jsonl".*?\r\n\r\n(.*?)\r\n--', text, re.S)
    assert found is not None
    return {**fields, "name": found[1], "content": found[2]}


def _missing() -> Answer:
    return 404, {"error": {"message": "not found"}}


def _removed(store: dict[str, Any], id: str) -> Answer:
    return (200, {"id": id, "deleted": True}) if store.pop(id, None) else _missing()


def _shown(job: dict[str, Any], states: dict[str, str], suffix: str, model: str) -> dict[str, Any]:
    """What OpenAI and Together both say of a job; `suffix` and `model` are the keys that each has for its names."""
    made = job["model"] if job["status"] == "done" else None
    return {
        "id": job["id"],
        "status": states[job["status"]],
        "training_file": job["file"],
        suffix: job["name"],
        model: made,
    }


def _openai(
    host: FakeHost, method: str, path: str, query: Any, body: dict[str, Any]
) -> tuple[str, Callable[[], Answer]]:
    states = {"done": "succeeded", "running": "running", "failed": "failed", "never": "running"}

    def shown(job: dict[str, Any]) -> dict[str, Any]:
        is_done = job["status"] == "done"
        return {
            **_shown(job, states, suffix="user_provided_suffix", model="fine_tuned_model"),
            "trained_tokens": 1234 if is_done else None,
            "error": {"message": "bad data in line 3"} if job["status"] == "failed" else None,
            **host.reported,
        }

    parts = path.removeprefix("/v1/").split("/")
    if parts[0] == "files":
        if method == "POST":
            return "upload", lambda: (200, host.make_file(body["name"], body["content"]))
        if len(parts) == 1:
            return "list", lambda: (200, _page(list(host.files.values()), query))
        if parts[-1] == "content":
            return "download", lambda: (200, host.adapter[parts[1].removeprefix("result-")])
        if method == "DELETE":
            return "delete", lambda: _removed(host.files, parts[1])
        return "file", lambda: (200, {"id": parts[1], "filename": f"some/folder/{parts[1].removeprefix('result-')}"})
    if len(parts) == 2:
        if method == "POST":
            return "create", lambda: (200, shown(host.make_job(body["suffix"], body, body["training_file"])))
        return "list", lambda: (200, _page([shown(job) for job in host.jobs.values()], query))
    if parts[-1] == "events":
        return "events", lambda: (200, {"data": host.events})
    if parts[-1] == "checkpoints":
        results = [f"result-{name}" for name in host.adapter]
        made = [{"step_number": 8, "result_files": results}, {"step_number": 4, "result_files": ["result-early"]}]
        return "checkpoints", lambda: (200, {"data": made if results else []})
    if parts[-1] == "cancel":
        return "cancel", lambda: (200, shown(host.jobs[parts[2]]))
    return "job", lambda: (200, shown(host.look(host.jobs[parts[2]])))


def _page(rows: list[dict[str, Any]], query: Any) -> dict[str, Any]:
    """One row a page, the newest first."""
    newest = rows[::-1]
    ids = [row["id"] for row in newest]
    after = query.get("after", [""])[0]
    start = ids.index(after) + 1 if after else 0
    return {"data": newest[start : start + 1], "has_more": start + 1 < len(newest)}


def _together(
    host: FakeHost, method: str, path: str, query: Any, body: dict[str, Any]
) -> tuple[str, Callable[[], Answer]]:
    states = {"done": "completed", "running": "running", "failed": "error"}
    machines = {"ready": "STARTED", "starting": "STARTING", "failed": "ERROR", "stopped": "STOPPED"}

    def shown(job: dict[str, Any]) -> dict[str, Any]:
        named = _shown(job, states, suffix="suffix", model="x_model_output_name")
        return {**named, "token_count": 2345, "total_price": 2_000_000_000, **host.reported}

    def machine(one: dict[str, Any], listed: bool = False) -> dict[str, Any]:
        name = {} if listed else {"display_name": one["name"]}
        return {"id": one["id"], "name": one["model"], "state": machines[one["state"]], **name}

    parts = path.removeprefix("/v1/").split("/")
    if parts[0] == "files":
        if method == "POST":
            return "upload", lambda: (200, host.make_file(body["name"], body["content"]))
        if method == "DELETE":
            return "delete", lambda: _removed(host.files, parts[1])
        return "list", lambda: (200, {"data": list(host.files.values())})
    if parts[0] == "finetune":
        if host.download_at:
            return "download", lambda: (302, f"{host.download_at}/signed/archive?signature=abc")
        return "download", lambda: (200, host.archive)
    if parts[0] == "endpoints":
        if len(parts) == 1 and method == "POST":
            return "deploy", lambda: (200, machine(host.make_machine(body["display_name"], body)))
        if len(parts) == 1:
            return "list", lambda: (200, {"data": [machine(one, listed=True) for one in host.machines.values()]})
        if method == "DELETE":
            return "stop", lambda: _removed(host.machines, parts[1])
        if parts[1] not in host.machines:
            return "machine", _missing
        return "machine", lambda: (200, machine(host.look_at(host.machines[parts[1]])))
    if len(parts) == 1:
        if method == "POST":
            return "create", lambda: (200, shown(host.make_job(body["suffix"], body, body["training_file"])))
        return "list", lambda: (200, {"data": [shown(job) for job in host.jobs.values()]})
    if parts[-1] == "events":
        return "events", lambda: (200, {"data": host.events})
    if parts[-1] == "cancel":
        return "cancel", lambda: (200, shown(host.jobs[parts[1]]))
    return "job", lambda: (200, shown(host.look(host.jobs[parts[1]])))


def _fireworks(
    host: FakeHost, method: str, path: str, query: Any, body: dict[str, Any]
) -> tuple[str, Callable[[], Answer]]:
    states = {"done": "JOB_STATE_COMPLETED", "running": "JOB_STATE_RUNNING", "failed": "JOB_STATE_FAILED"}
    root = f"accounts/{ACCOUNT}"

    def shown(job: dict[str, Any]) -> dict[str, Any]:
        return {
            "name": f"{root}/supervisedFineTuningJobs/{job['id']}",
            "state": states[job["status"]],
            "outputModel": job["model"],
            "jobProgress": {"percent": 40, "inputTokens": 3456},
            "status": {"code": "OK", "message": "the data are bad" if job["status"] == "failed" else ""},
            **host.reported,
        }

    def machine(one: dict[str, Any]) -> dict[str, Any]:
        return {
            "name": f"{root}/deployments/{one['id']}",
            "state": {"starting": "CREATING"}.get(one["state"], one["state"].upper()),
        }

    def create() -> Answer:
        name = query["supervisedFineTuningJobId"][0]
        if name in host.jobs:
            return 409, {"error": {"message": "already exists"}}
        return 200, shown(host.make_job(name, body, body["dataset"].rpartition("/")[2]))

    parts = path.removeprefix(f"/v1/{root}/").split("/")
    kind, _, verb = parts[-1].partition(":")
    if parts[0] == "datasets":
        if verb == "upload":
            return "upload", lambda: (200, host.make_file(kind, body["content"]))
        if method == "POST":
            return "dataset", lambda: (200, {})
        if method == "DELETE":
            return "delete", lambda: _removed(host.files, kind)
        return "list", lambda: (200, {"name": kind, "state": "READY"}) if kind in host.files else _missing()
    if parts[0] == "models":
        signed = {
            f"{name}": f"{host.download_at or host.url.removesuffix('/v1')}/signed/{name}?signature=abc"
            for name in host.adapter
        }
        return "signed", lambda: (200, {"filenameToSignedUrls": signed})
    if parts[0] == "deployments":
        if method == "POST":
            return "deploy", lambda: (200, machine(host.make_machine(query["deploymentId"][0], body)))
        if method == "DELETE":
            return "stop", lambda: _removed(host.machines, kind)
        return (
            "machine",
            lambda: (200, machine(host.look_at(host.machines[kind]))) if kind in host.machines else _missing(),
        )
    if method == "POST":
        return "create", create
    if method == "DELETE":
        return "cancel", lambda: _removed(host.jobs, kind)
    return "job", lambda: (200, shown(host.look(host.jobs[kind]))) if kind in host.jobs else _missing()


_ROUTES = {"openai": _openai, "together": _together, "fireworks": _fireworks}
