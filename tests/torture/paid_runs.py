"""Promises 2 and 7: nothing is paid twice, and a budget is a cap. Pilots on paid models are killed and stopped."""

import itertools
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any
from unittest import mock

from bakeoff.errors import LimitReachedError
from bakeoff.files import jsonl
from bakeoff.models.spending.rows import Budget, Row
from bakeoff.pilot.run import run
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.runs.config import load_config
from tests.end_to_end.paid_pilot import asked_for_size, killed, paid_pilot, reader, sums
from tests.fake_api import FakeApi, Fault, Request
from tests.torture.paid_judge import judged
from tests.torture.promise import Promise, Seen, Trial

KILLS_OF_A_RUN = 5
NOT_COUNTED = ("", "load", "latency")
"""Stages whose calls are made in each session: models are tested, and times are measured."""


def killed_and_paid(told: Trial) -> Seen:
    """Each request of a stage is answered once; a further one is sent only where a kill left its outcome unknown."""
    chance, broken, n_kills, n_calls, n_unknown = told.chance(), list[str](), 0, 0, 0
    while n_kills < told.times(100, KILLS_OF_A_RUN):
        with FakeApi(reply=reader, delay_s=0.02) as api:
            paid_pilot(told.folder / str(n_kills), api)
            for kill in range(KILLS_OF_A_RUN):
                killed(told.folder / str(n_kills), ["--resume"] if kill else [], chance.randint(10, 60), api)
            found, rows = _paid_twice(told.folder / str(n_kills), api)
        broken += [f"pilot {n_kills}: {line}" for line in found]
        n_kills += KILLS_OF_A_RUN
        n_calls += sum(row.row == "intent" for row in rows)
        n_unknown += sum(row.row == "intent" for row in rows) - sum(row.row == "outcome" for row in rows)
    n_stumbled = told.times(10, 1)
    for number in range(n_stumbled):
        broken += [line for place in Stumbling.PLACES for line in _stumbled(told.folder, number, place, chance)]
    n_judged, n_asked = told.times(10, 1), 0
    for number in range(n_judged):
        found, n_requests = judged(told.folder / f"judged-{number}", chance, n_kills=told.times(3, 1))
        broken, n_asked = [*broken, *found], n_asked + n_requests
    kills = f"{n_kills} kills, {n_calls:,} calls, {n_unknown} of them with an unknown outcome"
    return Seen(
        f"{kills}; {2 * n_stumbled} pilots whose searches failed after rewordings; "
        f"{n_judged} judges that are killed and answered late, {n_asked} requests",
        tuple(broken),
    )


class Stumbling(FakeApi):
    """A server that answers every `nth` request for vectors of questions with 500, or none of them (0)."""

    PLACES = ("at the server", "here")

    def __init__(self, nth: int) -> None:
        super().__init__(reply=reader)
        self.nth, self.n_searches = nth, 0

    def begin(self, request: Request) -> Fault | None:
        super().begin(request)
        if "input" not in request.body or not all(text.endswith("?") for text in request.body["input"]):
            return None
        with self._lock:
            self.n_searches += 1
            return Fault(status=500) if self.nth and self.n_searches % self.nth == 0 else None


def _stumbled(folder: Path, number: int, place: str, chance: random.Random) -> list[str]:
    """A pilot in one session whose searches fail now and then, after the paid rewording: what was paid for twice.

    Raises RuntimeError if hardly any failed.
    """
    nth, searches, whole = chance.randint(3, 5), itertools.count(1), HybridIndex.search
    at_server = nth if place == "at the server" else 0

    def search(*given: Any, **more: Any) -> Any:
        if not at_server and next(searches) % nth == 0:
            raise RuntimeError("the index failed")
        return whole(*given, **more)

    with Stumbling(at_server) as api, mock.patch.object(HybridIndex, "search", search):
        path = paid_pilot(folder / f"stumbling-{number}-{place.split()[-1]}", api, retries=0)
        finished = run(load_config(path), runs=path.parent / "runs", reuse=False)
    if (api.n_searches if at_server else next(searches)) < 4 * nth:
        raise RuntimeError(f"too few searches failed {place}")
    rows = jsonl.read(finished.folder.root / "spending.jsonl", Row)
    again = sums(asked_for_size(api), api.url)
    outcomes = {row.id: row for row in rows if row.row == "outcome"}
    done = Counter(
        (row.contender, row.stage, row.role, row.request)
        for row in rows
        if row.row == "intent" and row.stage not in NOT_COUNTED and row.request not in again
        if outcomes[row.id].status == "done"
    )
    return [f"searches failed {place}: {key[:3]} done {n} times" for key, n in done.items() if n > 1]


def _paid_twice(pilot: Path, api: FakeApi) -> tuple[list[str], list[Row]]:
    """Finishes the run; what was sent without an intent, twice, or not counted, in words; and the ledger."""
    finished = run(load_config(pilot / "bakeoff.yaml"), runs=pilot / "runs", resume=True)
    rows = jsonl.read(finished.folder.root / "spending.jsonl", Row)
    intents = {row.id: row for row in rows if row.row == "intent"}
    outcomes = {row.id: row for row in rows if row.row == "outcome"}
    meant = Counter(row.request for row in intents.values())
    came = sums(api.requests, api.url)
    broken = [f"{n} requests left, {meant[one]} were meant" for one, n in came.items() if n > meant[one]]
    again = sums(asked_for_size(api), api.url)  # asked for in every session, and free of meaning for answers

    def counted(row: Row) -> bool:
        return row.stage not in NOT_COUNTED and row.request not in again

    sent = Counter((row.contender, row.stage, row.request) for row in intents.values() if counted(row))
    done, unknown = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for row in filter(counted, intents.values()):
        outcome, key = outcomes.get(row.id), (row.contender, row.stage, row.request)
        done[key] += outcome is not None and outcome.status == "done"
        unknown[key] += outcome is None
    broken += [f"{key[:2]}: done {done[key]} times" for key in sent if done[key] != 1]
    broken += [f"{key[:2]}: sent {n} times, {unknown[key]} unknown" for key, n in sent.items() if n > 1 + unknown[key]]
    total = json.loads((finished.folder.root / "spending.json").read_text())["total"]
    if (total["calls"], total["unknown"]) != (len(intents), len(intents) - len(outcomes)):
        broken.append(f"the report counts {total}, the ledger has {len(intents)} calls and {len(outcomes)} outcomes")
    return broken, rows


def capped(told: Trial) -> Seen:
    """Runs with caps of dollars and of calls that chance draws, half of them killed once: nobody spends more."""
    chance, broken, shares = told.chance(), list[str](), list[float]()
    with FakeApi(reply=reader) as api:
        path = paid_pilot(told.folder / "whole", api)
        whole = run(load_config(path), runs=path.parent / "runs", reuse=False).spending
        assert whole is not None
    for number in range(told.times(30, 3)):
        with FakeApi(reply=reader, delay_s=0.005) as api:
            shares.append(_capped(told.folder / str(number), api, chance, whole.total.calls, whole.total.usd, broken))
    n_judged = told.times(10, 1)
    for number in range(n_judged):
        broken += judged(told.folder / f"judged-{number}", chance, cap_usd=chance.uniform(0.1, 0.3))[0]
    stops = f"{len(shares)} runs, stopped at {min(shares):.1%} to {max(shares):.1%} of their caps"
    return Seen(f"{stops}; {n_judged} judges with caps that are answered late", tuple(broken))


def _capped(
    pilot: Path, api: FakeApi, chance: random.Random, calls: int, usd: float | None, broken: list[str]
) -> float:
    """Runs until the cap; the share of it that was spent."""
    share, of_calls = chance.uniform(0.93, 0.99), chance.random() < 0.5
    budget = Budget(calls=round(share * calls)) if of_calls else Budget(usd=share * (usd or 0.0))
    path = paid_pilot(pilot, api, budget=budget.model_dump(exclude_none=True))
    if chance.random() < 0.5:
        killed(pilot, [], chance.randint(20, round(0.5 * calls)), api)
    try:
        run(load_config(path), runs=pilot / "runs", resume=(pilot / "runs").exists(), reuse=False)
    except LimitReachedError:
        pass
    else:
        broken.append(f"a run with {share:.0%} of what it needs has ended")
    total = json.loads((pilot / "runs" / "planets" / "spending.json").read_text())["total"]
    spent = (total["calls"], budget.calls) if budget.calls else (total["usd"], budget.usd)
    if api.n_requests > total["calls"]:
        broken.append(f"{api.n_requests} requests came, {total['calls']} are counted")
    if spent[0] > spent[1]:
        broken.append(f"{spent[0]} were spent of {spent[1]}")
    return float(spent[0] / spent[1])


PROMISES = (
    Promise(2, "nothing is paid twice", "sent again at most what was in flight, counted", killed_and_paid),
    Promise(7, "budget cap", "spend at most cap plus in flight", capped),
)
