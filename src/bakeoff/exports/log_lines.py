"""`chat` and `preferences`: the log of a deployment as lines of JSON that trainers read.

Takes a deployment, gives one file, which only its owner may read, as the log. `serve.log_exports` makes the lines; a
server gives the same at `/log/export`.
"""

from collections.abc import Iterator
from pathlib import Path

from bakeoff.errors import InputError
from bakeoff.exports.target import new_path
from bakeoff.serve.deployment import Deployment
from bakeoff.serve.log import Log
from bakeoff.serve.log_exports import Chosen, PairFormat, chat_lines, preference_lines

OWNER_ONLY = 0o600


def export_chats(deployment: Deployment, out: Path, which: Chosen = "approved") -> int:
    """Writes one chat per line and returns how many. Raises InputError if the log has none to write."""
    remedy = "ask people for thumbs and right answers" + ("" if which == "all" else ", or take all with --which all")
    with _log(deployment) as log:
        return _written(out, chat_lines(log, which), f"The log of {deployment.root} has no such answer", remedy)


def export_preferences(deployment: Deployment, out: Path, layout: PairFormat = "trl") -> int:
    """Writes one pair of answers per line and returns how many. Raises InputError if the log has none to write."""
    remedy = "compare answers on the page of the server, or give right answers there"
    with _log(deployment) as log:
        return _written(out, preference_lines(log, layout), f"The log of {deployment.root} has no pair", remedy)


def _log(deployment: Deployment) -> Log:
    if not deployment.log_path.exists():
        raise InputError(f"{deployment.root} has no log: nobody was answered yet.", "serve it first: bakeoff serve RUN")
    return Log(deployment.log_path)


def _written(out: Path, lines: Iterator[str], nothing: str, remedy: str) -> int:
    n = 0
    with new_path(out) as path:
        with path.open("w", encoding="utf-8") as file:
            for n, line in enumerate(lines, 1):  # noqa: B007
                file.write(line)
        path.chmod(OWNER_ONLY)
        if not n:
            raise InputError(f"{nothing} to export.", remedy)
    return n
