"""What the rows of a ledger add up to, by contender, role and model.

Takes rows one by one, gives sums. An intent counts at its most until its outcome is known. Writes nothing.
"""

from typing import NamedTuple

from bakeoff.models.spending.rows import Budget, Row, Spending, Spent, SpentBy

BATCH = "batch:"
"""How the sums of batches begin."""
Key = tuple[str, str, str]
SUMS = tuple(Spent.model_fields)


class HostBatch(NamedTuple):
    """A batch: its intent, its id at the host (empty if a kill came before it was written), and whether it ended."""

    intent: Row
    id: str = ""
    has_ended: bool = False


class Account:
    """The sums of all rows so far."""

    def __init__(self) -> None:
        self.under_way: dict[int, Row] = {}
        """The intents of calls that have not come back, by id. Those of a session that was killed never will."""
        self.batches: dict[int, HostBatch] = {}
        """The batches by the id of their intent, in order, but for those whose answers are stored."""
        self._back, self._out = Spent(), Spent()
        self._parts: dict[Key, Spent] = {}
        self._unpriced: dict[str, None] = {}

    @property
    def spent(self) -> Spent:
        """All calls: those that came back, and the others at their most."""
        return self._back + self._out

    def add(self, row: Row) -> None:
        """Counts a row."""
        if row.row == "intent":
            self.under_way[row.id] = row
            self._out += spent_on(row, None)
            if row.request.startswith(BATCH):
                self.batches[row.id] = HostBatch(row)
            self._parts.setdefault(_key(row), Spent())
            if row.most_usd is None:
                self._unpriced[row.model] = None
        elif row.row == "stored":
            self.batches.pop(row.id, None)
        elif row.row == "batch":
            self.batches[row.id] = self.batches[row.id]._replace(id=row.batch)
        elif row.id in self.under_way:
            intent = self.under_way.pop(row.id)
            if row.id in self.batches:
                self.batches[row.id] = self.batches[row.id]._replace(has_ended=True)
            most, spent = spent_on(intent, None), spent_on(intent, row)
            self._out = _less(self._out, most) if self.under_way else Spent()  # no error of rounding stays
            self._back += spent
            self._parts[_key(intent)] += spent

    def usd_in(self, role: str) -> float:
        """The US dollars of all calls in this role: those that came back, and the others at their most."""
        back = sum(spent.usd for key, spent in self._parts.items() if key[1] == role)
        return back + sum(row.most_usd or 0.0 for row in self.under_way.values() if row.role == role)

    def spending(self, budget: Budget | None) -> Spending:
        """The sums as a record. Parts of which every call was refused are left out."""
        sums = dict(self._parts)
        for intent in self.under_way.values():
            sums[_key(intent)] += spent_on(intent, None)
        parts = [
            SpentBy(contender=key[0], role=key[1], model=key[2], **spent.model_dump())
            for key, spent in sums.items()
            if spent.calls
        ]
        return Spending(budget=budget, total=self.spent, parts=tuple(parts), unpriced=tuple(self._unpriced))


def _key(intent: Row) -> Key:
    return intent.contender, intent.role, intent.model


def spent_on(intent: Row, outcome: Row | None) -> Spent:
    """What one call counts for: nothing if it was refused, its most if nobody knows whether it was answered."""
    if outcome is None or outcome.status == "unknown":
        most = intent.most_usd or 0.0
        return Spent(calls=intent.calls, unknown=intent.calls, usd=most, unknown_usd=most)
    if outcome.status == "refused":
        return Spent()
    return Spent(
        calls=outcome.calls or intent.calls,
        prompt_tokens=outcome.prompt_tokens,
        cached_tokens=outcome.cached_tokens,
        completion_tokens=outcome.completion_tokens,
        usd=outcome.usd or 0.0,
    )


def _less(all_of: Spent, part: Spent) -> Spent:
    return Spent(**{name: getattr(all_of, name) - getattr(part, name) for name in SUMS})
