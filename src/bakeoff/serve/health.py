"""Whether the server is up, and whether what it serves is what the run measured.

Takes a deployment, gives a JSON object and a route. The sums are those of `contenders/identity.py`; a report shows the
same ones under Environment.
"""

import threading
from pathlib import Path
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import bakeoff
from bakeoff.contenders.identity import Identity
from bakeoff.serve.deployment import LIVE, Deployment
from bakeoff.serve.log import Log


class Health:
    """What `GET /health` says. The sum over documents and index is made again only after they changed.

    `log` is 'failing' while entries cannot be written; answers are given all the same. Why is in the server's own log.
    """

    def __init__(self, deployment: Deployment, log: Log) -> None:
        self._deployment = deployment
        self._log = log
        self._lock = threading.Lock()
        self._identities: dict[str, tuple[int, Identity]] = {}

    def route(self) -> Route:
        return Route("/health", self.show, methods=["GET"])

    async def show(self, request: Request) -> Response:
        return JSONResponse(await to_thread.run_sync(self.state))

    def state(self) -> dict[str, Any]:
        """The state as plain values: of the default contender, and the sum of each of the others."""
        release = self._deployment.release
        version = self._deployment.world.store.version
        served = {name: self._identity(name, version) for name in release.contenders}
        measured = release.measured.of(release.contender)
        now = served[release.contender]
        changed = measured.differences(now) if measured else ()
        return {
            "status": "ok",
            "bakeoff": bakeoff.__version__,
            "contender": release.contender,
            "reason": release.reason,
            "run": Path(release.run).name,
            "release": release.number,
            "served_sha256": now.sha256,
            "measured_sha256": measured.sha256 if measured else None,
            "same": measured is not None and not changed,
            "changed": list(changed),
            "documents_changed": bool(set(changed) & set(LIVE)),
            "documents_version": version,
            "log": "failing" if self._log.problem else "ok",
            "contenders": {name: identity.sha256 for name, identity in served.items()},
        }

    def _identity(self, name: str, version: int) -> Identity:
        with self._lock:
            before = self._identities.get(name)
            if before is None or before[0] != version:
                before = (version, self._deployment.identity(name))
                self._identities[name] = before
            return before[1]
