"""What a deployment's log and releases come to, as numbers.

Takes a deployment's folder, gives plain values. Of the log's texts only those of errors are read, for their kind.
"""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from bakeoff.doctor.bundle.failures import kind_of
from bakeoff.doctor.bundle.plain import known
from bakeoff.files.sqlite_file import explained
from bakeoff.serve.releases import current, numbers

KINDS = ("answer", "thumb", "preference", "review", "decision")
SHARES = (0.5, 0.9, 0.99)


def deployment(root: Path) -> dict[str, Any]:
    """How many releases there are, which one is live, and what the log counts."""
    log = root / "log.sqlite"
    return {"releases": len(numbers(root)), "live": current(root), "log": _log(log) if log.is_file() else {}}


def _log(path: Path) -> dict[str, Any]:
    with explained(path), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        kinds = connection.execute("SELECT kind, COUNT(*) FROM entries GROUP BY kind").fetchall()
        bodies = connection.execute("SELECT body FROM entries WHERE kind = 'answer'")
        answers = [json.loads(body) for (body,) in bodies]
    failed = Counter(kind_of(str(answer["error"])) for answer in answers if answer.get("error"))
    waits = sorted(ms for answer in answers if isinstance(ms := answer.get("latency_ms"), int | float))
    return {
        "entries": {known(kind, KINDS): n for kind, n in kinds},
        "declined": sum(answer.get("declined") is True for answer in answers),
        "failed": dict(failed),
        "latency_ms": {str(share): waits[int(share * (len(waits) - 1))] for share in SHARES} if waits else {},
    }
