"""What a round of learning may take: contenders, training time, time in all and money.

Takes the limits and the folder of a round, gives a listener that stops the round at the first event after a limit is
reached. Everything that was done is on the disk, so the next call goes on. Knows nothing about candidates or the gate.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from bakeoff.contenders.load import make_recipes
from bakeoff.decide.cost.payment import rates_for
from bakeoff.errors import LimitReachedError
from bakeoff.files import jsonl
from bakeoff.measure.rates import Rates, setup_usd, usd
from bakeoff.models.spending.ledger import Ledger, counting
from bakeoff.models.spending.rows import Budget
from bakeoff.pilot.spending import check_prices, kept, paid_models, pays, prices_of
from bakeoff.pilot.stage_times import Event, Listener
from bakeoff.records import Answer, Record, Usage
from bakeoff.runs.folder import RunFolder
from bakeoff.sentences import duration
from bakeoff.sentences import usd as dollars

SETS_UP = ("index", "train", "prepare")
"""The stages whose time costs the setting-up machine's price. The time of answers is part of their usage."""
GO_ON = "call bakeoff learn again to go on with the same round, or give it more"


class Limits(Record):
    """What a round may take. None: no limit.

    `contenders`: only these are built (none named: all of the release). `training_seconds` bound each training,
    `seconds` one call of `learn`, `usd` the whole round: paid tokens, and machine time at the profile's price.
    """

    contenders: tuple[str, ...] = ()
    training_seconds: float | None = Field(default=None, gt=0)
    seconds: float | None = Field(default=None, gt=0)
    usd: float | None = Field(default=None, gt=0)


NO_LIMITS = Limits()


class Spent(NamedTuple):
    """What a contender's answers in one file used; `size` is that of the file when it was read."""

    size: int
    usage: dict[str, Usage]


class Spending:
    """What a round has cost so far, in US dollars. Files that did not grow are read once."""

    def __init__(self, folder: RunFolder) -> None:
        config = folder.config()
        entrants = [recipe.entrant(config.models) for recipe in make_recipes(config.specs, config.imports_from)]
        self._folder = folder
        self._rates = {one.name: rates_for(one, config.profile, entrants) for one in entrants}
        self._passes_on = {one.name for one in entrants if one.behind}
        self._files: dict[Path, Spent] = {}

    def usd(self) -> float:
        """All answers, those on dev and for the choice of a presentation among them, and the time of setting up."""
        used: dict[str, Usage] = defaultdict(Usage)
        for place in ("answers", "presentation"):
            for path in (self._folder.root / place).rglob("*.jsonl"):
                for name, usage in self._used(path).items():
                    used[name] += usage
        answers = sum(usd(usage, self._rates.get(name, Rates())) for name, usage in used.items())
        return answers + self._setup_usd()

    def _used(self, path: Path) -> dict[str, Usage]:
        """The usage by contender. Test answers of one that passes questions on were paid by those it asks."""
        size = path.stat().st_size
        if path not in self._files or self._files[path].size != size:
            usage: dict[str, Usage] = defaultdict(Usage)
            for answer in jsonl.read(path, Answer):
                if path != self._folder.answers_path(answer.contender) or answer.contender not in self._passes_on:
                    usage[answer.contender] += answer.usage
            self._files[path] = Spent(size, dict(usage))
        return self._files[path].usage

    def _setup_usd(self) -> float:
        machine = next(iter(self._rates.values()), Rates())
        return sum(setup_usd(stage.seconds, machine) for stage in self._folder.stages() if stage.stage in SETS_UP)


@contextmanager
def counted_round(folder: RunFolder, limits: Limits) -> Iterator[None]:
    """Counts the paid calls of a round in the ledger of its folder: none leaves for which `usd` has no room.

    Machine time is not in the ledger: `bounded` stops the round at the sum of both. Raises ConfigError where there is
    such a limit and the price of a paid model is not known.
    """
    config = folder.config()
    budget = None if limits.usd is None else Budget(usd=limits.usd)
    check_prices(budget, paid_models(config), prices_of(config.profile), "--usd")
    ledger = Ledger(prices_of(config.profile), budget, option="--", go_on=GO_ON)
    with counting(ledger), kept(ledger, folder) if pays(config) else nullcontext():
        yield


def bounded(
    tell: Listener, folder: RunFolder, limits: Limits, begun: float, clock: Callable[[], float] = time.monotonic
) -> Listener:
    """A listener that passes events on and raises LimitReachedError at the first one after a limit is reached.

    `begun` is when this call of `learn` began, by the clock. A batch of answers is never cut short, so a round may
    cost one batch more than its limit.
    """
    spending = Spending(folder) if limits.usd is not None else None

    def listen(event: Event) -> None:
        tell(event)
        elapsed = clock() - begun
        if limits.seconds is not None and elapsed >= limits.seconds:
            raise LimitReachedError(f"The round stopped after {duration(elapsed)}: its time is over.", GO_ON)
        if limits.usd is not None and spending is not None and (spent := spending.usd()) >= limits.usd:
            raise LimitReachedError(
                f"The round stopped: it has cost {dollars(spent)} of at most {dollars(limits.usd)}.", GO_ON
            )

    return listen
