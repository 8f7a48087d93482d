"""The files and batches of the fake API: each batch is answered after a few looks at it, and ends as told."""

import json
import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

Complete = Callable[[dict[str, Any]], dict[str, Any]]
Sent = tuple[int, str]


class FakeBatches:
    """What was uploaded and ordered. `created` are the batches in order, as the host shows them.

    `looks` is how often a batch is looked at before it ends. `fates` are the states of the first batches, 'completed'
    after those; one that expires has answered half of its lines. `n_failing` lines of the first batch fail.
    `on_create` is called after a batch was made and before anybody is told of it.
    """

    def __init__(self) -> None:
        self.created: list[dict[str, Any]] = []
        self.looks = 1
        self.fates: list[str] = []
        self.n_failing = 0
        self.on_create: Callable[[], None] = lambda: None
        self._files: dict[str, str] = {}
        self._looked: dict[str, int] = {}
        self._lock = threading.Lock()

    def answer(self, method: str, path: str, body: dict[str, Any], complete: Complete) -> Sent:
        """The status and the text of the answer to one request."""
        with self._lock:
            parts = urlsplit(path)
            names = parts.path.removeprefix("/v1/").split("/")
            if names == ["files"]:
                return self._upload(body["upload"])
            if names[0] == "files":
                return 200, self._files[names[1]]
            if method == "POST":
                return self._create(body, complete)
            if len(names) == 2:
                return self._look(names[1])
            return self._page(parse_qs(parts.query))

    def _upload(self, content: str) -> Sent:
        lines = [line for line in re.split(r"\r?\n", content) if line.startswith('{"custom_id"')]
        name = f"file-{len(self._files)}"
        self._files[name] = "\n".join(lines)
        return 200, json.dumps({"id": name, "object": "file", "purpose": "batch"})

    def _create(self, order: dict[str, Any], complete: Complete) -> Sent:
        number = len(self.created)
        lines = [json.loads(line) for line in self._files[order["input_file_id"]].splitlines()]
        fate = self.fates[number] if number < len(self.fates) else "completed"
        answered = {"completed": lines, "expired": lines[: len(lines) // 2]}.get(fate, [])
        failing = self.n_failing if number == 0 else 0
        output = [_line(one, complete(one["body"]), i < failing) for i, one in enumerate(answered)]
        batch = {"id": f"batch-{number}", "object": "batch", "status": "validating", "fate": fate, **order}
        if output:
            batch["output_file_id"] = f"output-{number}"
            self._files[f"output-{number}"] = "\n".join(output)
        if fate == "failed":
            batch["errors"] = {"data": [{"code": "model_not_found", "message": "this model takes no batches"}]}
        self.created.append(batch)
        self.on_create()
        return 200, json.dumps(batch)

    def _look(self, name: str) -> Sent:
        batch = next(one for one in self.created if one["id"] == name)
        self._looked[name] = self._looked.get(name, 0) + 1
        batch["status"] = batch["fate"] if self._looked[name] >= self.looks else "in_progress"
        return 200, json.dumps(batch)

    def _page(self, query: dict[str, list[str]]) -> Sent:
        """One batch a page, the newest first."""
        newest = self.created[::-1]
        after = query.get("after", [""])[0]
        names = [batch["id"] for batch in newest]
        start = names.index(after) + 1 if after else 0
        return 200, json.dumps({"data": newest[start : start + 1], "has_more": start + 1 < len(newest)})


def _line(asked: dict[str, Any], reply: dict[str, Any], fails: bool) -> str:
    response = {"status_code": 500, "body": {"error": "out of order"}} if fails else {"status_code": 200, "body": reply}
    return json.dumps({"id": "line", "custom_id": asked["custom_id"], "response": response})
