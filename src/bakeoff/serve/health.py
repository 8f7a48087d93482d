"""Whether the server is up, and whether what it serves is what the run measured.

Takes the release that is live, gives a JSON object and a route. The sums are those of `contenders/identity.py`; a
report shows the same ones under Environment.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import bakeoff
from bakeoff.errors import BakeoffError
from bakeoff.serve.guard.bearer import identified
from bakeoff.serve.log import Log
from bakeoff.serve.opened import OpenRelease
from bakeoff.serve.sums import Sums, compared, note_followed, sums_of

VERDICT = ("reason", "verdict", "tested")
"""What holds figures of the run: accuracies, and money."""
WAIT_S = 1.0
"""A request waits this long for new sums."""


_log = logging.getLogger(__name__)


class Health:
    """What `GET /health` says. The sum over documents and index is made again after they changed.

    That takes seconds for a large index. Until it is done, the sums are those of an earlier version of the documents,
    which `sums_of_version` names.

    `live` gives the release that answers now, `swapping` what is said of the others. `opened` are the contenders that
    are in memory: the first question to another one waits until it is. What the run found (VERDICT) is for callers with
    a key, where keys are needed. `log` is 'failing' while entries cannot be
    written; answers are given all the same. Why is in the server's own log.
    """

    def __init__(
        self, live: Callable[[], OpenRelease], log: Log, swapping: Callable[[], Mapping[str, Any]] = dict
    ) -> None:
        self._live = live
        self._log = log
        self._swapping = swapping
        self._lock = threading.Lock()
        self._summing: threading.Thread | None = None

    def route(self) -> Route:
        return Route("/health", self.show, methods=["GET"])

    async def show(self, request: Request) -> Response:
        state = await to_thread.run_sync(self.state)
        hidden = VERDICT if identified(request.scope) is None else ()
        return JSONResponse({name: value for name, value in state.items() if name not in hidden})

    def state(self) -> dict[str, Any]:
        """The state as plain values: of the default contender, and the sum of each of the others."""
        live = self._live()
        release = live.deployment.release
        version = live.deployment.world.store.version
        sums = self._sums_near(live, version)
        served = compared(release, sums, release.contender)
        return {
            "status": "ok",
            "bakeoff": bakeoff.__version__,
            "contender": release.contender,
            "reason": release.reason,
            "run": Path(release.run).name,
            "verdict": release.standing.verdict,
            "tested": {
                name: shares.model_dump()
                for name, shares in release.standing.tested.items()
                if name in release.contenders
            },
            "release": release.number,
            **self._swapping(),
            "served_sha256": served.served.sha256,
            "measured_sha256": served.measured.sha256 if served.measured else None,
            "same": served.same,
            "changed": list(served.changed),
            "remarks": served.remarks,
            "documents_changed": "documents" in served.changed,
            "documents_version": version,
            "sums_of_version": sums.version,
            "log": "failing" if self._log.problem else "ok",
            "opened": list(live.serving.opened),
            "contenders": {name: identity.sha256 for name, identity in sums.identities.items()},
        }

    def _sums_near(self, live: OpenRelease, version: int) -> Sums:
        """The sums of this version of the documents, or older ones if they are not ready within WAIT_S."""
        with self._lock:
            if live.sums.version != version and (self._summing is None or not self._summing.is_alive()):
                self._summing = threading.Thread(target=self._sum, args=[live], name="health-sums", daemon=True)
                self._summing.start()
            summing = self._summing
        if summing is not None:
            summing.join(WAIT_S)
        return live.sums

    def _sum(self, live: OpenRelease) -> None:
        try:
            live.sums = sums_of(live.deployment)
            note_followed(live.deployment.root, live.sums)
        except BakeoffError as error:  # a part was damaged under the server: the last sums stay, and their version
            _log.warning("The sums of what is served could not be made: %s", error)
