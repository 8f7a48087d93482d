"""Lists the run folders in a folder, each with a short summary.

Takes a folder, gives records. Reads no answers and no model. A folder that cannot be read is listed with its problem
and does not stop the others.
"""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from bakeoff.errors import BakeoffError
from bakeoff.files import jsonl
from bakeoff.files.unreadable import reason_of
from bakeoff.measures import IN_DOMAIN
from bakeoff.models.spending.account import Account
from bakeoff.models.spending.ledger import LEDGER, REPLIES
from bakeoff.models.spending.rows import Reply, Row
from bakeoff.records import Question, Record
from bakeoff.runs.environment import BEGUN
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.results import read_outcome

State = Literal["running", "finished", "half-written", "other format", "unreadable"]


class Listed(Record):
    """One run. Unknown values are empty. `problem` says why the run could not be read.

    `usd` is what paid models have cost so far, None if there are none.
    `untested` are the contenders that errors kept out of the test: the winner is the best of the others alone.
    `n_test` is the number of test questions that count for the verdict: not those about updates or general knowledge.
    """

    name: str
    folder: str
    begun: datetime | None = None
    state: State
    contenders: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()
    winner: str | None = None
    n_test: int | None = None
    usd: float | None = None
    problem: str = ""


def list_runs(runs: Path) -> list[Listed]:
    """Every run folder (one with a config.yaml) in `runs`, the newest first. Empty if `runs` does not exist."""
    if not runs.is_dir():
        return []
    folders = [folder for folder in runs.iterdir() if _is_file(folder / "config.yaml")]
    listed = [_listed(RunFolder(folder)) for folder in folders]
    return sorted(listed, key=lambda run: (-(run.begun.timestamp() if run.begun else 0.0), run.name))


def _listed(folder: RunFolder) -> Listed:
    name, root, begun = folder.root.name, str(folder.root), _begun(folder)
    problem = ""
    try:
        contenders, untested = _names(folder)
        state = _state(folder)
        winner = read_outcome(folder).winner if state == "finished" else None
        return Listed(
            name=name,
            folder=root,
            begun=begun,
            state=state,
            contenders=contenders,
            untested=untested,
            winner=winner,
            n_test=_n_test(folder),
            usd=_usd(folder),
        )
    except BakeoffError as error:
        problem = error.message
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        problem = f"{type(error).__name__}: {reason_of(error)}"
    return Listed(
        name=name,
        folder=root,
        begun=begun,
        state="other format" if "run format" in problem else "unreadable",
        problem=problem,
    )


def _names(folder: RunFolder) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The measured contenders and those that errors kept out, or the configured ones if nothing was compared yet."""
    config = folder.config()
    if folder.comparison_path.exists() and not folder.is_running:
        comparison = folder.comparison()
        return comparison.names, comparison.untested
    return tuple(spec.name for spec in config.specs), ()


def _state(folder: RunFolder) -> State:
    if folder.is_running:
        return "running"
    done = (folder.environment_path, folder.splits_path, folder.comparison_path, folder.report_path)
    return "finished" if all(path.exists() for path in done) else "half-written"


def spent_in(root: Path) -> float | None:
    """What the ledger of a run says that it has spent, in US dollars; None without one."""
    path = root / LEDGER
    if not path.exists():
        return None
    rows, account = jsonl.read(path, Row), Account()
    known = {row.id for row in rows if row.row == "outcome"}
    lost = [reply.outcome for reply in jsonl.read(root / REPLIES, Reply) if reply.outcome.id not in known]
    for row in (*rows, *lost):
        account.add(row)
    return account.spent.usd


def _usd(folder: RunFolder) -> float | None:
    spent = spent_in(folder.root)  # spending.json is written when a session ends, which a kill prevents
    spending = folder.spending() if spent is None else None
    return spending.total.usd if spending else spent


def _n_test(folder: RunFolder) -> int | None:
    if not folder.splits_path.exists():
        return None
    asked = jsonl.iterate(folder.splits_path, Question)
    return sum(question.split == "test" and question.slice in IN_DOMAIN for question in asked)


def _begun(folder: RunFolder) -> datetime | None:
    """When the run was started, as it says itself.

    Of one that has not said it yet, or of an older version: when its configuration was written, which is written first
    and then never changes, except that a copy may have the time of copying.
    """
    with suppress(BakeoffError, OSError, ValueError, TypeError, AttributeError):
        said = datetime.fromisoformat(folder.read_json(folder.environment_path).get(BEGUN))
        return said.astimezone(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(folder.config_path.stat().st_mtime, UTC).replace(microsecond=0)
    except OSError:
        return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
