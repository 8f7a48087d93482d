"""The ledger of a run: an intent on the disk before each paid call leaves, its outcome after, and a stop at the cap.

Takes calls with who asks, gives room to send them, and replies that an earlier, killed session has paid for. Its file
is only appended to. Knows nothing about protocols and price lists. docs/budget.md says why it is made so.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from bakeoff.errors import LimitReachedError
from bakeoff.files import jsonl
from bakeoff.models.settings import ApiModel
from bakeoff.models.spending.account import Account, HostBatch
from bakeoff.models.spending.journal import Journal
from bakeoff.models.spending.prices import PriceOf, is_known, usd_of
from bakeoff.models.spending.rows import Budget, Reply, Row, Spending, Spent, Status
from bakeoff.models.spending.tokens import Tokens
from bakeoff.models.spending.who import CHECK, LATENCY, Asker, asker
from bakeoff.sentences import usd as dollars

LEDGER, REPLIES = "spending.jsonl", "spending.replies.jsonl"
GO_ON = "raise the budget and continue with --resume: everything that was paid for is kept"
RESTORE = "restore the file: without it, nobody knows what was paid"


class SpendingStopped(BaseException):
    """No further call may leave. `error` says why. Not an Exception, because no question and no contender failed."""

    def __init__(self, error: LimitReachedError) -> None:
        super().__init__(error.message)
        self.error = error


class Sent(NamedTuple):
    """A call on its way: its intent, whose price it is, and when it left."""

    intent: Row
    model: ApiModel
    share: float
    begun: float


class Ledger:
    """What a run pays for, and may pay for. Safe to use from several threads.

    Before `keep_in` it writes nothing: models are tested before there is a folder, within the budget.
    """

    stops_runs = True
    """Whether a quota that is used up ends the work."""

    def __init__(
        self, price_of: PriceOf, budget: Budget | None = None, option: str = "budget.", go_on: str = GO_ON
    ) -> None:
        """`option` stands before the names of the budget's limits in messages; `go_on` says how to go on there."""
        self.budget = budget
        self._option, self._go_on = option, go_on
        self.own_seconds = 0.0
        """The time that calls waited for this ledger: it is no part of any model's latency."""
        self._price_of = price_of
        self._early: list[Row] = []  # rows from before there was a folder
        self._account, self._before = Account(), Spent()
        self._waiting: dict[tuple[Asker, str], list[Reply]] = {}
        self._room = threading.Condition()
        self._stopped: LimitReachedError | None = None
        self._n_ids = self._n_under_way = self._n_being_written = 0
        self._aside_usd = 0.0
        self._role_usd: dict[str, float] = {}  # the most that calls in a role may cost, if that is limited
        self._handed_over: list[int] = []  # the batches whose replies are being made into answers
        self._is_unsettled = False
        self._journal: Journal | None = None
        self._replies: Journal | None = None

    @property
    def is_kept(self) -> bool:
        """Whether it writes into a folder."""
        return self._journal is not None

    def count_before(self, folder: Path) -> None:
        """Says where earlier sessions have written, so that the budget holds for them before `keep_in`, too."""
        account = Account()
        for row in jsonl.read(folder / LEDGER, Row, RESTORE):
            account.add(row)
        self._before = account.spent

    def keep_in(self, folder: Path) -> Spending:
        """Writes all rows into this folder from now on, after those of earlier sessions, which count too.

        Gives what the earlier sessions have spent.
        """
        replies = jsonl.read(folder / REPLIES, Reply, RESTORE)
        self._journal, self._replies = Journal(folder / LEDGER), Journal(folder / REPLIES)
        earlier = jsonl.read(folder / LEDGER, Row, RESTORE)
        recorded = {row.id for row in earlier if row.row == "outcome"}
        lost = [reply.outcome for reply in replies if reply.outcome.id not in recorded]  # killed between two files
        last = max((row.id for row in earlier), default=0)
        early = [row.model_copy(update={"id": row.id + last}) for row in self._early]
        for row in (*lost, *early):
            self._journal.add(row.model_dump_json().encode(), wait=False)
        self._journal.flush()
        self._account, self._early, self._before = Account(), [], Spent()
        for row in (*earlier, *lost):
            self._account.add(row)
        before = self._account.spending(self.budget)
        for row in early:
            self._account.add(row)
        self._n_ids = max((row.id for row in (*earlier, *early)), default=0)
        for reply in replies:
            key = (Asker(reply.contender, reply.stage, reply.role), reply.request)
            self._waiting.setdefault(key, []).append(reply)
        return before

    def close(self) -> None:
        """Writes what waits and closes the files."""
        for journal in (self._journal, self._replies):
            if journal is not None:
                journal.close()
                if not journal.path.stat().st_size:
                    journal.path.unlink()

    def spending(self) -> Spending:
        """What has been spent so far, in all sessions. Calls that are on their way count as unknown."""
        with self._room:
            return self._account.spending(self.budget)

    def limit_role(self, role: str, usd: float | None) -> None:
        """From now on calls in this role may cost so much, in US dollars and with those of earlier sessions.

        None: no limit besides the budget.
        """
        with self._room:
            self._role_usd.pop(role, None)
            if usd is not None:
                self._role_usd[role] = usd

    def spent_in(self, role: str) -> float:
        """The US dollars of all calls in this role, those whose outcome is unknown at their most."""
        with self._room:
            return self._account.usd_in(role)

    def send(self, model: ApiModel, request: str, most: Tokens, calls: int = 1, share: float = 1.0) -> Sent:
        """Reserves the most that this call can cost, and writes its intent. Waits for room while others are under way.

        Raises SpendingStopped if the budget has no room for it, LimitReachedError if only the limit of its role has
        none. `share` of the full price is paid.
        """
        begun = time.perf_counter()
        price, who = self._price_of(model), self._asker()
        usd = None if price is None else usd_of(most, price, share)
        with self._room:
            self._reserve(calls, usd or 0.0, who.role)
            self._n_ids += 1
            intent = Row(
                row="intent",
                id=self._n_ids,
                at=datetime.now(UTC),
                contender=who.contender,
                stage=who.stage,
                role=who.role,
                model=model.label,
                request=request,
                calls=calls,
                most_tokens=most.prompt + most.completion,
                most_usd=usd,
            )
            self._account.add(intent)
            self._n_under_way += 1
        try:
            self._write(intent)
        except BaseException:  # it does not leave, so nobody waits for it
            with self._room:
                self._n_under_way -= 1
                self._room.notify_all()
            raise
        now = time.perf_counter()
        self._took(now - begun)
        return Sent(intent, model, share, now)

    def batches(self, request: str) -> list[HostBatch]:
        """The batches whose sum begins so and that this asker has sent, in order. Not those whose answers are stored:
        who asks the same again wants other answers.
        """
        who = asker()
        with self._room:
            return [
                batch
                for batch in self._account.batches.values()
                if batch.intent.request.startswith(request)
                and (batch.intent.contender, batch.intent.stage, batch.intent.role) == who
            ]

    def sent_before(self, batch: HostBatch, model: ApiModel, share: float) -> Sent:
        """A batch that an earlier session has sent, to be recorded by this one."""
        with self._room:
            self._n_under_way += batch.intent.id in self._account.under_way
        return Sent(batch.intent, model, share, time.perf_counter())

    def hand_over(self, batch: int) -> None:
        """Says that the replies of this batch, by the id of its intent, are given to who makes answers of them.

        `settle` says later that these are stored, and writes it down. A kill before that costs nothing: the next
        session gets the same replies from the host. A kill between the answers and the row costs nothing either, since
        nobody asks for what is stored, and the end of the stage writes the row. The other order would pay twice.
        """
        with self._room:
            self._handed_over.append(batch)

    def name_batch(self, sent: Sent, batch: str) -> None:
        """Writes the id that the host gave a batch, so that a killed run finds it again."""
        row = Row(row="batch", id=sent.intent.id, at=datetime.now(UTC), batch=batch)
        with self._room:
            self._account.add(row)
        self._write(row)

    def record(
        self,
        sent: Sent,
        status: Status,
        tokens: Tokens | None = None,
        http: int | None = None,
        text: str = "",
        calls: int = 0,
    ) -> None:
        """Writes the outcome of a call; with `text`, its reply first, which the next session takes if this is killed.

        A call that is done but whose tokens are not known counts at its most. `calls` is how many requests of a batch
        are done, if not all.
        """
        begun = time.perf_counter()
        with self._coming_back() as came:
            outcome = self._outcome(sent, status, tokens, http, begun - sent.begun)
            outcome = outcome.model_copy(update={"calls": calls})
            if text and self._replies is not None:
                named = {name: getattr(sent.intent, name) for name in ("contender", "stage", "role", "request")}
                self._replies.add(Reply(outcome=outcome, text=text, **named).model_dump_json().encode())
                self._is_unsettled = True
            self._write(outcome, wait=not text)
            came.append(outcome)
        self._took(time.perf_counter() - begun)

    @contextmanager
    def _coming_back(self) -> Iterator[list[Row]]:
        """While an outcome and its reply are written, no reply is removed; then what the block adds to the list counts.

        Whatever fails in the block, nobody waits for this call any longer.
        """
        with self._room:
            self._n_being_written += 1
        came = list[Row]()
        try:
            yield came
        finally:
            with self._room:
                self._n_being_written -= 1
                for outcome in came:
                    self._account.add(outcome)
                self._n_under_way -= 1
                self._room.notify_all()

    def _outcome(self, sent: Sent, status: Status, tokens: Tokens | None, http: int | None, seconds: float) -> Row:
        price = self._price_of(sent.model)
        if tokens is not None and price is not None and not is_known(tokens, price):
            tokens = None
        counted = tokens or Tokens()
        usd = 0.0 if status == "refused" else None
        if status == "done":
            usd = sent.intent.most_usd if tokens is None or price is None else usd_of(counted, price, sent.share)
        return Row(
            row="outcome",
            id=sent.intent.id,
            at=datetime.now(UTC),
            status=status,
            http=http,
            prompt_tokens=counted.prompt,
            cached_tokens=counted.cached,
            completion_tokens=counted.completion,
            usd=usd,
            seconds=round(seconds, 3),
            is_estimate=status == "done" and tokens is None,
        )

    def earlier_reply(self, request: str) -> tuple[str, float] | None:
        """A reply to this request that was paid for in a session that was killed before its answer was on the disk.

        With the seconds that it took. Each is given once. None in the stage that measures latency.
        """
        who = asker()
        if who.stage == LATENCY or who.role == CHECK or not self._waiting:
            return None
        with self._room:
            replies = self._waiting.get((who, request))
            if not replies:
                return None
            reply = replies.pop()
            self._is_unsettled = True
        return reply.text, reply.outcome.seconds or 0.0

    def settle(self, finished: Asker | None = None) -> None:
        """Says that all answers made from replies so far are on the disk: these replies are not kept any longer.

        Those of an earlier session that were not asked for yet stay, but not those of a stage that is `finished`.
        Nor is a batch gone on with any longer whose replies these answers are made from.
        """
        with self._room:
            while self._n_being_written:  # a reply whose outcome is not in the ledger yet would be lost
                self._room.wait()
            over = [key for key in self._waiting if finished is not None and key[0][:2] == finished[:2]]
            for key in over:
                del self._waiting[key]
            stored = self._handed_over + self._ended_batches_of(finished)
            self._handed_over = []
            for batch in dict.fromkeys(stored):
                row = Row(row="stored", id=batch, at=datetime.now(UTC))
                self._account.add(row)
                self._write(row, wait=False)
            if (self._is_unsettled or over or stored) and self._journal is not None and self._replies is not None:
                self._journal.flush()
                left = [reply.model_dump_json() for replies in self._waiting.values() for reply in replies]
                self._replies.replace("".join(f"{line}\n" for line in left))
                self._is_unsettled = False

    def _ended_batches_of(self, stage: Asker | None) -> list[int]:
        ended = [batch.intent for batch in self._account.batches.values() if batch.has_ended]
        return [row.id for row in ended if stage is not None and (row.contender, row.stage) == stage[:2]]

    def stop(self, error: LimitReachedError) -> SpendingStopped:
        """Lets no further call leave; gives what to raise."""
        with self._room:
            self._stopped = self._stopped or error
            self._room.notify_all()
        return SpendingStopped(self._stopped)

    def set_aside(self, usd: float) -> None:
        """Keeps so much of the budget for what is no call: what tuning at hosts has cost, or was promised."""
        with self._room:
            self._aside_usd = usd

    def _reserve(self, calls: int, usd: float, role: str) -> None:
        """Takes room for a call. Called with the lock; waits while calls under way may leave some of theirs."""
        while self._stopped is None:
            fits, limit = self._fits(calls, usd), self._role_usd.get(role)
            role_fits = limit is None or self._account.usd_in(role) + usd <= limit
            if fits and role_fits:
                return
            if self._n_under_way:
                self._room.wait()
            elif fits and limit is not None:
                spent = self._account.usd_in(role)
                raise LimitReachedError(
                    f"All that the {role} does may cost {dollars(limit)}; {dollars(spent)} are spent, and the next "
                    f"call may cost up to {dollars(usd)}.",
                    "allow more",
                )
            else:
                self._stopped = self._over(calls, usd)
                self._room.notify_all()
        raise SpendingStopped(self._stopped)

    def _fits(self, calls: int, usd: float) -> bool:
        taken, budget = self._before + self._account.spent, self.budget
        if budget is None:
            return True
        has_calls = budget.calls is None or taken.calls + calls <= budget.calls
        return has_calls and (budget.usd is None or taken.usd + self._aside_usd + usd <= budget.usd)

    def _over(self, calls: int, usd: float) -> LimitReachedError:
        spent, budget = self._before + self._account.spent, self.budget
        assert budget is not None  # the call did not fit
        aside = f" and {dollars(self._aside_usd)} on tuning at hosts" if self._aside_usd else ""
        unknown = f" ({spent.unknown} of them with an unknown outcome)" if spent.unknown else ""
        if budget.calls is not None and spent.calls + calls > budget.calls:
            more = f"; a batch needs {calls:,} more" if calls > 1 else ""
            words = f"{self._option}calls is {budget.calls:,}, and {spent.calls:,} calls were made{unknown}{more}."
        else:
            words = (
                f"{self._option}usd is {dollars(budget.usd or 0.0)}; {dollars(spent.usd)} are spent on {spent.calls:,} "
                f"calls{unknown}{aside}, and the next one may cost up to {dollars(usd)}."
            )
        return LimitReachedError(f"The run stopped at its budget: {words}", self._go_on)

    def _asker(self) -> Asker:
        return asker()

    def _write(self, row: Row, wait: bool = True) -> None:
        if self._journal is None:
            self._early.append(row)
        else:
            self._journal.add(row.model_dump_json().encode(), wait)

    def _took(self, seconds: float) -> None:
        with self._room:
            self.own_seconds += seconds


def request_sum(url: str, content: bytes) -> str:
    """A sum of what a request asks where."""
    return hashlib.sha256(url.encode() + b"\n" + content).hexdigest()[:32]


_LEDGER: ContextVar[Ledger | None] = ContextVar("ledger", default=None)


_everywhere: list[Ledger] = []


def ledger() -> Ledger | None:
    """The ledger of the run in this thread, else the one of the whole process; None where there is neither."""
    return _LEDGER.get() or (_everywhere[-1] if _everywhere else None)


@contextmanager
def count_everywhere(new: Ledger) -> Iterator[None]:
    """Within this block, paid calls of every thread without a ledger of its own are counted in this one."""
    _everywhere.append(new)
    try:
        yield
    finally:
        _everywhere.remove(new)


def settle(is_finished: bool = False) -> None:
    """Says to the ledger, if there is one, that all answers so far are on the disk; or that this stage is finished."""
    current = ledger()
    if current is not None:
        current.settle(asker() if is_finished else None)


@contextmanager
def counting(new: Ledger) -> Iterator[Ledger]:
    """Within this block, paid calls are counted in this ledger. At its end the ledger is closed.

    Raises LimitReachedError in place of SpendingStopped.
    """
    before = _LEDGER.set(new)
    try:
        yield new
    except SpendingStopped as stopped:
        raise stopped.error from None
    finally:
        _LEDGER.reset(before)
        new.close()


def own_seconds() -> Callable[[], float]:
    """A function that says how long calls have waited for the ledger since this call."""
    current = ledger()
    begun = current.own_seconds if current else 0.0
    return lambda: current.own_seconds - begun if current else 0.0
