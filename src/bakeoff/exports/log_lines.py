"""`chat` and `preferences`: the log of a deployment as lines of JSON that trainers read.

Takes a deployment, gives one file, which only its owner may read, as the log. `serve.log_exports` makes the lines, as
for a server's `/log/export`; `trusted.py` says what of users' own words is among them.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from bakeoff.corpus.stores import open_store
from bakeoff.errors import InputError
from bakeoff.exports.target import new_path
from bakeoff.exports.trusted import LeftOut, trusted
from bakeoff.learn.review.known import KnownQuestions
from bakeoff.serve.deployment import Deployment
from bakeoff.serve.log import Log
from bakeoff.serve.log_exports import Chosen, PairFormat, Trusted, chat_lines, preference_lines

OWNER_ONLY = 0o600

Written = tuple[int, LeftOut]
"""How many lines were written, and what was left out."""


def export_chats(deployment: Deployment, out: Path, which: Chosen = "approved", unreviewed: bool = False) -> Written:
    """Writes one chat per line. With `unreviewed`, right answers of users that have no warning are among them.

    Raises InputError if the log has none to write.
    """
    remedy = "review answers (bakeoff review), ask people for thumbs"
    remedy += "" if which == "all" else ", or take all with --which all"
    return _written(
        deployment, out, lambda log, of: chat_lines(log, which, of), unreviewed, ("has no such answer", remedy)
    )


def export_preferences(
    deployment: Deployment, out: Path, layout: PairFormat = "trl", unreviewed: bool = False
) -> Written:
    """Writes one pair of answers per line. With `unreviewed`, right answers of users that have no warning give pairs.

    Raises InputError if the log has none to write.
    """
    remedy = "compare answers on the page of the server, or review wrong ones: bakeoff review"
    return _written(
        deployment, out, lambda log, of: preference_lines(log, layout, of), unreviewed, ("has no pair", remedy)
    )


Lines = Callable[[Log, Trusted], Iterator[str]]


def _written(deployment: Deployment, out: Path, lines: Lines, unreviewed: bool, nothing: tuple[str, str]) -> Written:
    if not deployment.log_path.exists():
        raise InputError(f"{deployment.root} has no log: nobody was answered yet.", "serve it first: bakeoff serve RUN")
    n, (lacks, remedy) = 0, nothing
    with Log(deployment.log_path) as log, open_store(deployment.root) as store:
        of, left_out = trusted(log, store, KnownQuestions(deployment.root)(), unreviewed)
        with new_path(out) as path:
            with path.open("w", encoding="utf-8") as file:
                for n, line in enumerate(lines(log, of), 1):  # noqa: B007
                    file.write(line)
            path.chmod(OWNER_ONLY)
            if not n:
                said = " ".join(["", *left_out.sentences(deployment.root.name)])
                raise InputError(f"The log of {deployment.root} {lacks} to export.{said}", remedy)
    return n, left_out
