"""`chat` and `preferences`: the log of a deployment as lines of JSON that trainers read.

Takes a deployment, gives one file, which only its owner may read, as the log. `serve.log_exports` makes the lines, as
for a server's `/log/export`; `trusted.py` says what of users' own words is among them.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bakeoff.corpus.stores import existing_store
from bakeoff.deployment_commands import command_on
from bakeoff.errors import InputError
from bakeoff.exports.target import new_path
from bakeoff.exports.trusted import LeftOut, trusted
from bakeoff.learn.review.known import KnownQuestions
from bakeoff.serve.deployment import RESTORE, Deployment
from bakeoff.serve.documents.views import Views
from bakeoff.serve.log import Log
from bakeoff.serve.log_exports import Chosen, PairFormat, Trusted, chat_lines, preference_lines
from bakeoff.serve.resting import Resting, resting

OWNER_ONLY = 0o600

Written = tuple[int, LeftOut]
"""How many lines were written, and what was left out."""


class Wanted(NamedTuple):
    """What is exported only if it is asked for: users' right answers without a review, and what rests on documents with
    labels.
    """

    unreviewed: bool = False
    restricted: bool = False


REVIEWED = Wanted()


def export_chats(deployment: Deployment, out: Path, which: Chosen = "approved", wanted: Wanted = REVIEWED) -> Written:
    """Writes one chat per line. Nothing rests on erased documents.

    Raises InputError if the log has none to write.
    """
    remedy = "review answers (bakeoff review), ask people for thumbs"
    remedy += "" if which == "all" else ", or take all with --which all"
    return _written(deployment, out, lambda log, of: chat_lines(log, which, of), wanted, ("has no such answer", remedy))


def export_preferences(
    deployment: Deployment, out: Path, layout: PairFormat = "trl", wanted: Wanted = REVIEWED
) -> Written:
    """Writes one pair of answers per line. Nothing rests on erased documents.

    Raises InputError if the log has none to write.
    """
    remedy = "compare answers on the page of the server, or review wrong ones: bakeoff review"
    return _written(deployment, out, lambda log, of: preference_lines(log, layout, of), wanted, ("has no pair", remedy))


Lines = Callable[[Log, Trusted], Iterator[str]]


def _written(deployment: Deployment, out: Path, lines: Lines, wanted: Wanted, nothing: tuple[str, str]) -> Written:
    if not deployment.log_path.exists():
        raise InputError(
            f"{deployment.root} has no log: nobody was answered yet.",
            f"serve it first: {command_on(deployment.root, 'serve')}",
        )
    n, (lacks, remedy) = 0, nothing
    with Log(deployment.log_path) as log, existing_store(deployment.root, RESTORE) as store:
        of, left_out = trusted(log, store, KnownQuestions(deployment.root)(), wanted.unreviewed)
        rests = resting(log, Views(store))
        restricted = frozenset() if wanted.restricted else rests.restricted
        n_all, n_open = (
            sum(1 for _ in lines(log, of._replace(hidden=hidden))) if rests != Resting() else 0
            for hidden in (frozenset[str](), restricted)
        )
        of = of._replace(hidden=restricted | rests.erased)
        with new_path(out) as path:
            with path.open("w", encoding="utf-8") as file:
                for n, line in enumerate(lines(log, of), 1):  # noqa: B007
                    file.write(line)
            n_hidden = max(0, n_all - n_open)
            left_out = left_out._replace(restricted=n_hidden, erased=max(0, n_all - n_hidden - n))
            path.chmod(OWNER_ONLY)
            if not n:
                said = " ".join(["", *left_out.sentences(deployment.root)])
                raise InputError(f"The log of {deployment.root} {lacks} to export.{said}", remedy)
    return n, left_out
