"""What a process without an end spends on paid models: sums alone, written once a minute. It stops nothing.

Takes the calls of all threads of a server, gives sums by role and model. There are no rows and no replies, since nobody
goes on with an answer that was cut off, and no cap, since people wait for the answers.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.files.locks import waited_for
from bakeoff.files.unreadable import unreadable
from bakeoff.models.spending.ledger import RESTORE, Ledger, Sent, count_everywhere
from bakeoff.models.spending.prices import PriceOf
from bakeoff.models.spending.rows import Row, Spending, Spent, SpentBy, Status
from bakeoff.models.spending.who import NOBODY, Asker, asker

EVERY_S = 60.0
ANSWERING = "answering"
"""The role of a model that is asked in none of its own."""


class Tally(Ledger):
    """The sums in a file, with those of other processes. What came in the last minute before a kill is not in it.

    Processes may write to one file at the same time: each adds to it what it has spent since it last did.
    """

    stops_runs = False

    def __init__(
        self, price_of: PriceOf, path: Path, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises RunFolderError if the file cannot be read."""
        super().__init__(price_of)
        self._path, self._every_s, self._clock = path, every_s, clock
        self._file, self._noted = _read(path), Spending()  # what the file held when last seen; what of it is our own
        self._written_at, self._writing_file = clock(), threading.Lock()
        self.problem = ""
        """Why the file could not be written the last time; empty if it was."""

    def spending(self) -> Spending:
        """The sums of all processes, as they were when this one last wrote. Calls on their way count as unknown."""
        return _more(self._file, super().spending(), self._noted)

    def record(self, sent: Sent, status: Status, *known: Any, **more: Any) -> None:
        """Counts the outcome of a call."""
        super().record(sent, status, *known, **more)
        if self._clock() - self._written_at >= self._every_s and self._writing_file.acquire(blocking=False):
            try:
                self._write_file()
            finally:
                self._writing_file.release()

    def close(self) -> None:
        """Writes the file."""
        with self._writing_file:
            self._write_file()

    def _write_file(self) -> None:
        """A full disk costs no answer: the next minute tries again."""
        self._written_at = self._clock()
        own = super().spending()
        try:
            if own != self._noted:
                with waited_for(self._path.with_name(f"{self._path.name}.lock"), needed=False):
                    self._file = _read(self._path)
                    together = _more(self._file, own, self._noted)
                    jsonl.write_text(self._path, together.model_dump_json(indent=1) + "\n")
                self._file, self._noted = together, own
            self.problem = ""
        except (OSError, RunFolderError) as error:
            self.problem = str(error)

    def _asker(self) -> Asker:
        who = asker()
        return who._replace(role=ANSWERING) if who.role == NOBODY.role else who

    def _write(self, row: Row, wait: bool = True) -> None:
        """There are no rows."""


def _read(path: Path) -> Spending:
    try:
        return Spending.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Spending()
    except (OSError, ValueError) as error:
        remedy = f"{RESTORE}, or remove it to count from zero"
        raise RunFolderError(*unreadable(f"Cannot read {path}", error, remedy)) from error


def _more(file: Spending, own: Spending, noted: Spending) -> Spending:
    """What the file held, and what is new of our own since it was `noted` there."""
    sums: dict[tuple[str, str, str], Spent] = {}
    for part in (*file.parts, *own.parts):
        key = (part.contender, part.role, part.model)
        sums[key] = sums.get(key, Spent()) + part
    for part in noted.parts:
        key = (part.contender, part.role, part.model)
        sums[key] = sums.get(key, Spent()).less(part)
    return Spending(
        total=(file.total + own.total).less(noted.total),
        parts=tuple(
            SpentBy(contender=contender, role=role, model=model, **spent.model_dump())
            for (contender, role, model), spent in sums.items()
        ),
        unpriced=tuple(dict.fromkeys((*file.unpriced, *own.unpriced))),
    )


@contextmanager
def tallied(price_of: PriceOf, path: Path) -> Iterator[Tally]:
    """Within this block, paid calls of all threads of this process are counted, but for those that another ledger has.

    At its end the file is written.
    """
    tally = Tally(price_of, path)
    with count_everywhere(tally):
        try:
            yield tally
        finally:
            tally.close()
