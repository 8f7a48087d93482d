"""Contenders that a run goes on without: one that fails while it is built costs itself and those that depend on it.

Takes what failed, gives the reasons, by contender. A full disk, a process without memory and a stop by a person are
nobody's fault: they end the run, which can be resumed. Knows no contender by name, and no stage.
"""

import shutil
import sqlite3
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bakeoff.contenders.recipe import Recipe
from bakeoff.errors import (
    AdapterError,
    BakeoffError,
    ConfigError,
    ContenderError,
    EngineGoneError,
    InputError,
    MissingExtraError,
    ModelUnavailableError,
    RunFolderError,
    StoreGoneError,
    disk_is_full,
    error_line,
)
from bakeoff.files import jsonl
from bakeoff.measure.comparison import FAILED
from bakeoff.models.memory import release_memory
from bakeoff.models.short_memory import MemoryShortError, is_short_here

LONGEST_REASON = 300
WORKED_ONCE = (ConfigError, ContenderError, InputError, MissingExtraError, ModelUnavailableError, RunFolderError)


class LeftOut:
    """The contenders of a run that could not be built, and why.

    An error with a remedy ends the run at once, since its configuration has to change, unless it is about one adapter.
    Where all of it worked
    `once`, as in a round of learning, it costs the contender too. `tell` is called with a line for a person. The
    traceback of what failed is written into the folder.
    """

    def __init__(
        self,
        recipes: Sequence[Recipe],
        folder: Path | None = None,
        tell: Callable[[str], None] = lambda line: None,
        once: bool = False,
    ) -> None:
        self._recipes = recipes
        self._folder = folder
        self._tell = tell
        self._forgiven = WORKED_ONCE if once else (ContenderError, AdapterError)
        self.reasons: dict[str, str] = {}
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def without(self, recipes: Iterable[Recipe]) -> list[Recipe]:
        """Those of these recipes that are still in."""
        return [recipe for recipe in recipes if recipe.spec.name not in self.reasons]

    def remaining(self) -> list[Recipe]:
        """All that are still in. Raises ConfigError if there is none."""
        left = self.without(self._recipes)
        if not left:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in self.reasons.items())
            raise ConfigError(f"No contender could be built. {reasons}", "fix what the reasons name, then go on")
        return left

    def add(self, name: str, reason: str) -> None:
        """Leaves a contender out. Call `add_lost` when all that failed for the same cause are known."""
        self.reasons.setdefault(name, reason)

    def add_lost(self) -> None:
        """Leaves out those that lack what they send questions to."""
        for recipe in sorted(self.without(self._recipes), key=lambda recipe: recipe.step):
            reason = recipe.lost(self.reasons)
            if reason:
                self.add(recipe.spec.name, reason)

    @contextmanager
    def trying(self, work: str, recipes: Sequence[Recipe]) -> Iterator[None]:
        """Leaves these contenders out if the block fails. `work` begins the reason, such as "its training"."""
        before = set(self.reasons)
        try:
            yield
        except Exception as error:  # what a contender needs may raise anything
            if not self._costs_a_contender(error):
                raise
            for recipe in self.without(recipes):
                self.add(recipe.spec.name, f"{work}{FAILED}{error_line(error)[:LONGEST_REASON]}")
                self._write_down(recipe.spec.name, error)
        new = [name for name in self.reasons if name not in before]
        if new:
            release_memory()  # the error, which is gone now, held all that was in use
            self.add_lost()
            for name in self.reasons.keys() - before:
                self._tell(f"note: {name} is left out: {self.reasons[name]}")

    def _costs_a_contender(self, error: Exception) -> bool:
        """Whether the others can go on."""
        if isinstance(error, MemoryShortError):
            return error.of_gpu
        if isinstance(error, BakeoffError):
            is_outside = isinstance(error, StoreGoneError | EngineGoneError) or disk_is_full(error)
            return isinstance(error, self._forgiven) and not is_outside
        if isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError | FileNotFoundError):
            return False
        return not (is_short_here(error) or isinstance(error, sqlite3.Error) or disk_is_full(error))

    def _write_down(self, name: str, error: Exception) -> None:
        if self._folder is not None:
            jsonl.write_text(self._folder / f"{name}.txt", "".join(traceback.format_exception(error)))
