"""The releases of a deployment, and the pointer that says which one is live.

Takes a deployment's folder and finished runs, gives releases. There is one way to write a release (`add_release`) and
one to make it live (`make_current`). Knows no contender that is open and no server; loads no engine, and for a
rollback nothing but what reads releases, so that it takes no second.

A release is written beside its place and renamed, so it is complete or absent. The pointer `current` is a file that is
replaced; nothing else says what is live. `history.jsonl` has a line for each change of the pointer, written before it:
after a kill it may name a change that never happened, which is why it is read from the pointer's number backwards.
"""

import contextlib
import logging
import shlex
import shutil
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import bakeoff
from bakeoff.contenders.identities import Identities
from bakeoff.deployment_commands import command_on, where
from bakeoff.errors import BakeoffError, RunFolderError, disk_is_full
from bakeoff.files import jsonl
from bakeoff.files.flush import to_disk
from bakeoff.files.format_number import refuse_other_format
from bakeoff.files.locks import held
from bakeoff.files.plain_json import plain_json
from bakeoff.files.room import room_remedy
from bakeoff.files.unreadable import is_there, unreadable
from bakeoff.records import Record
from bakeoff.sentences import listed
from bakeoff.serve.documents.order import only_writer
from bakeoff.serve.standing import Standing, standing_of

if TYPE_CHECKING:
    from bakeoff.runs.run import Run

EVIDENCE = ("comparison.json", "verdict.json", "environment.json", "data.json", "splits.jsonl")
FORMAT = 1
"""Of a release's folder. Raise it when older versions can no longer read what this one writes."""
LAST_NUMBER = "last-number"
KEPT = 5
"""The newest releases that `prune` keeps, besides the live one and the one before it."""
OWNER_ONLY = 0o700
By = Literal["serve", "promotion", "rollback"]

_log = logging.getLogger(__name__)
_mine = threading.local()
"""The deployments whose lock this thread holds."""


class Release(Record):
    """What is served: contenders of a run, the default one first, and the reason for this choice.

    `format` is that of its folder. `standing` is how all contenders of the run did in its test.

    `measured` are the identities that the run wrote into its report; empty for a run of an older version.
    `documents_version` is the version of the documents that were measured; -1 if it was not written.
    """

    format: int = FORMAT
    number: int
    run: str
    contenders: tuple[str, ...]
    reason: str
    created: datetime
    bakeoff: str
    measured: Identities = Identities()
    standing: Standing = Standing()
    documents_version: int = -1

    @property
    def contender(self) -> str:
        return self.contenders[0]

    def is_of(self, run: "Run", contenders: Sequence[str]) -> bool:
        """Whether this release serves these contenders as the run left them. A run that was moved or copied is the
        same one: what was measured, and every figure of the test, are equal.
        """
        from bakeoff.serve.release_files import measured_of

        if tuple(contenders) != self.contenders or self.measured != measured_of(run.folder):
            return False
        if self.run == str(run.folder.root.resolve()):
            return True
        tested = standing_of(run.folder.root).tested
        return bool(tested) and tested == self.standing.tested


class PointerChange(Record):
    """A line of `history.jsonl`: release `number` became live in place of `before`. `by` says through what.

    `serve` is a choice of contenders at a server's start.
    """

    at: datetime
    number: int
    before: int | None
    by: By = "promotion"
    reason: str = ""


# What there is.


def release_folder(root: Path, number: int) -> Path:
    return root / "releases" / str(number)


def is_deployment(root: Path) -> bool:
    """Whether a release was ever live here, even if it is lost which one. Raises RunFolderError if this user may not
    look into the folder.
    """
    try:
        return any(is_there(path) and path.is_file() for path in (root / "current", root / "history.jsonl"))
    except PermissionError as error:
        raise RunFolderError(*unreadable(f"Cannot look into {root}", error, "")) from error


def current(root: Path) -> int:
    """The number of the live release: the one that `current` names. If that file is lost, the only one that ever was.

    Raises RunFolderError if this is not a deployment, if it is lost which of several is live, or if this user may not
    read it.
    """
    number = pointer(root)
    if number is not None:
        return number
    path, ever = root / "current", history(root)
    if not ever:
        raise RunFolderError(
            f"{root} is not a deployment: {path} does not name a release.",
            f"make one from a run: bakeoff serve RUN{where(root.parent)}",
        )
    if len({change.number for change in ever}) > 1:
        raise RunFolderError(
            f"It is lost which release of {root} is live: {path} is missing or damaged. The last one made live is "
            f"{ever[-1].number}.",
            f"name the one to serve: bakeoff rollback {shlex.quote(str(root))} --to {ever[-1].number}",
        )
    return ever[-1].number


def pointer(root: Path) -> int | None:
    """The number in `current`. None if that file is missing or holds something else.

    Raises RunFolderError if the system does not let it be read: what it names is not lost.
    """
    return _number_in(root / "current")


def _number_in(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return None
    except OSError as error:
        raise RunFolderError(*unreadable(f"Cannot read {path}", error, "check the disk")) from error


def numbers(root: Path) -> list[int]:
    """The numbers of all releases, the oldest first. Raises RunFolderError if this user may not list them."""
    folder = root / "releases"
    try:
        return sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise RunFolderError(*unreadable(f"Cannot look into {folder}", error, "check the disk")) from error


def read_release(root: Path, number: int) -> Release:
    """The release of this number. Raises RunFolderError if it is missing or broken."""
    path = release_folder(root, number) / "release.json"
    if number not in numbers(root):
        there = listed([str(one) for one in numbers(root)]) or "none"
        remedy = f"{back_to_another(root, number)}name one of them"
        raise RunFolderError(f"There is no release {number} in {root}; there are: {there}.", remedy)
    try:
        content = path.read_text(encoding="utf-8")
        remedy = f"{back_to_another(root, number)}serve it with the version that wrote it, or a later one"
        refuse_other_format(path, content, "format", 1, FORMAT, remedy)
        return Release.model_validate_json(content)
    except (OSError, ValueError) as error:
        remedy = f"{back_to_another(root, number)}make the deployment again from its run"
        raise RunFolderError(*unreadable(f"Cannot read {path}", error, remedy)) from error


def back_to_another(root: Path, but: int) -> str:
    """The beginning of a remedy: the command that makes another release live. Empty if there is no other one."""
    others = [number for number in numbers(root) if number != but]
    if not others:
        return ""
    here = shlex.quote(str(root))
    return f"make another release live: bakeoff rollback {here} --to {others[-1]}; or "


def releases(root: Path) -> Iterator[Release]:
    """The releases, the oldest first; those that cannot be read are left out."""
    for number in numbers(root):
        with contextlib.suppress(RunFolderError):
            yield read_release(root, number)


def history(root: Path) -> list[PointerChange]:
    """The changes of the pointer, the oldest first; the last one may not have happened."""
    return jsonl.read(root / "history.jsonl", PointerChange, "restore the file, or delete it: it only names the past")


def last_change(root: Path) -> PointerChange | None:
    """How the live release became live. None in a deployment of an older version."""
    live = current(root)
    return next((change for change in reversed(history(root)) if change.number == live), None)


def previous(root: Path) -> int | None:
    """The release that was live before the live one. None if there is none, or it was removed."""
    change = last_change(root)
    if change is None or change.before is None or not release_folder(root, change.before).is_dir():
        return None
    return change.before


# What changes it.


@contextmanager
def promoting(root: Path) -> Iterator[None]:
    """Nobody else changes the releases within this block. The same thread may enter it again.

    Raises RunFolderError if somebody else does. The lock ends with the process, however it ends.
    """
    mine: set[Path] = _mine.__dict__.setdefault("roots", set())
    place = root.resolve()
    if place in mine:
        yield
        return
    refusal = RunFolderError(f"Another promotion is in progress in {root}.", "wait until it has ended, then retry")
    with ExitStack() as lock:
        with explained(root):
            lock.enter_context(held(root / "promotion.lock", refusal))
        mine.add(place)
        lock.callback(mine.discard, place)
        yield


def add_release(root: Path, run: "Run", contenders: Sequence[str], reason: str) -> Release:
    """Writes a release of this run's contenders, the default one first, as a whole. It is not live yet.

    Raises RunFolderError if a part of the run is not what was measured, or if the release could not be written: then
    nothing of it is left.
    """
    from bakeoff.serve.release_files import check_unchanged, measured_of, write_release

    if not contenders:
        raise RunFolderError("A release without contenders answers nothing.", "name at least one contender of the run")
    chosen = tuple(dict.fromkeys(run.check_contender(name) for name in contenders))
    measured = measured_of(run.folder)
    version = check_unchanged(run.folder, chosen, measured)
    with explained(root):
        root.mkdir(OWNER_ONLY, parents=True, exist_ok=True)
    with promoting(root):
        release = Release(
            number=1 + _last_number(root),
            run=str(run.folder.root.resolve()),
            contenders=chosen,
            reason=reason,
            created=datetime.now(UTC),
            bakeoff=bakeoff.__version__,
            measured=measured,
            standing=standing_of(run.folder.root),
            documents_version=version,
        )
        with explained(root):
            _sweep_pointers(root)
            write_release(run.folder, root, release)
    return release


def _last_number(root: Path) -> int:
    """The highest number that a release was ever given: none is given twice."""
    removed = _number_in(root / LAST_NUMBER)
    return max(removed or 0, *numbers(root), *(change.number for change in history(root)), 0)


def make_current(root: Path, number: int, reason: str = "", by: By = "promotion") -> None:
    """Makes a release the live one, in one step. A running server follows within a second.

    Raises RunFolderError if there is no such release, or the disk is full: then the live one stays, unless the error
    says that the new one is live.
    """
    with promoting(root):
        read_release(root, number)
        before = pointer(root)
        if before == number:
            return
        with explained(root):
            _append(root, PointerChange(at=datetime.now(UTC), number=number, before=before, by=by, reason=reason))
            jsonl.write_text(root / "current", f"{number}\n")
        try:
            to_disk(root)
        except OSError as error:
            raise RunFolderError(
                f"Release {number} is live now, but {root} could not be flushed to the disk: {_reason(error)}. "
                "A power failure could make the release before live again.",
                f"check the disk, then look at what is live: {command_on(root, 'releases')}",
            ) from error


def note_live(root: Path) -> None:
    """Writes into the history what is live, if it does not say so: one who reads it sees later whether it was lost."""
    with promoting(root), explained(root):
        if last_change(root) is None:
            _append(root, PointerChange(at=datetime.now(UTC), number=current(root), before=None, by="serve"))


def _append(root: Path, change: PointerChange) -> None:
    jsonl.append(root / "history.jsonl", [change])


def rollback(root: Path, to: int | None = None, reason: str = "") -> Release:
    """Makes the release before the live one live again, or the one of the number `to`.

    A second rollback takes the first one back. Raises RunFolderError if there is none, or a promotion is in progress.
    """
    with promoting(root):
        number = previous(root) if to is None else to
        if number is None:
            live = current(root)
            others = [str(one) for one in numbers(root) if one != live]
            raise RunFolderError(
                f"No release is known that was live in {root} before release {live}.",
                f"name one with --to: {listed(others)}" if others else "there is no other release to go back to",
            )
        release = read_release(root, number)
        make_current(root, number, reason, by="rollback")
    return release


def remove_release(root: Path, number: int) -> bool:
    """Removes a release that will not be served, unless it is live or was live before; says whether it did.

    Its number is not given again. Raises RunFolderError if it cannot be removed, or a promotion is in progress.
    """
    with promoting(root):
        if number not in numbers(root) or number in (current(root), previous(root)):
            return False
        with explained(root):
            jsonl.write_text(root / LAST_NUMBER, f"{_last_number(root)}\n")
            _remove(release_folder(root, number))
    return True


def prune(root: Path, keep: int = KEPT, but: Collection[int] = ()) -> list[int]:
    """Removes all releases but the newest `keep`, those of the numbers `but`, the live one and the one before it.

    Gives the numbers of those gone. What a kill left of a release is removed too.
    Indexes that no release uses any more are removed too, unless a server runs: then it does so when it has swapped.
    """
    with promoting(root):
        there = numbers(root)
        kept = {*there[max(0, len(there) - keep) :], *but, current(root), previous(root)}
        gone = [number for number in there if number not in kept]
        with explained(root):
            for number in gone:
                _remove(release_folder(root, number))
            sweep(root / "releases")
            with contextlib.suppress(BakeoffError), only_writer(root):
                remove_unused_indexes(root)
    return gone


def remove_unused_indexes(root: Path, but: Collection[str] = ()) -> list[str]:
    """Removes the indexes that no release uses, but for those of these names; gives the names of those gone.

    The caller holds the lock of the documents.
    Nothing is removed if a contender of a release cannot be read.
    """
    from bakeoff.retrieval.opening import INDEXES, index_names, remove_indexes
    from bakeoff.retrieval.settings import index_folder_name

    try:
        used = {
            _index_of(path)
            for number in numbers(root)  # not half a release that a kill left
            for path in release_folder(root, number).glob("contenders/*/contender.json")
        }
    except (OSError, ValueError, KeyError) as error:
        _log.warning("No index of %s is removed, since a contender cannot be read: %s", root, error)
        return []
    sweep(root / INDEXES)
    unused = [name for name in index_names(root) if name not in {*used, *map(index_folder_name, but)}]
    remove_indexes(root, unused)
    return unused


def _index_of(contender: Path) -> str:
    """The folder's name of the index that a contender uses if it uses one, which only its recipe knows."""
    from bakeoff.retrieval.settings import Retrieval, index_folder_name

    spec = plain_json(contender.read_text(encoding="utf-8"))["spec"]
    return index_folder_name(Retrieval.model_validate(spec.get("retrieval", {})).index)


def _remove(folder: Path) -> None:
    """Takes a folder away in one step, then deletes its files."""
    gone = folder.with_name(f".{folder.name}.gone")
    shutil.rmtree(gone, ignore_errors=True)
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Deletes what was left by a kill: half a release or an index, or one that was being removed."""
    for path in folder.glob(".*"):
        shutil.rmtree(path, ignore_errors=True)


def _sweep_pointers(root: Path) -> None:
    """Deletes pointers that never got to their place. The caller holds the lock of promotions, so nobody writes one."""
    for path in root.glob(".current.*"):
        path.unlink(missing_ok=True)


@contextmanager
def explained(root: Path) -> Iterator[None]:
    """Turns what the system says about files into a RunFolderError with a remedy."""
    try:
        yield
    except OSError as error:
        remedy = f"{room_remedy(error)}, then retry" if disk_is_full(error) else "check the path and its permissions"
        raise RunFolderError(f"Cannot write the deployment in {root}: {_reason(error)}.", remedy) from error


def _reason(error: OSError) -> str:
    """What the system said. A tree that could not be copied has a list of (from, to, reason)."""
    if isinstance(error, shutil.Error):
        return str(error.args[0][0][2])
    return error.strerror or str(error)
