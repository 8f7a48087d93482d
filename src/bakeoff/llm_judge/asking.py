"""Asks the judge model within its budget, and says once why it stopped.

Takes prompts and a function that reads a reply, gives one outcome for each prompt that was asked. A reply that cannot
be read is asked for once more, with what is wrong with it. Knows no questions and no files.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bakeoff.errors import BakeoffError, LimitReachedError, WorkerError, error_line
from bakeoff.llm_judge.prompts import ReplyError, asked_again
from bakeoff.measure.rates import Rates, usd
from bakeoff.models.batching import n_batches
from bakeoff.models.providers.outcomes import Outcomes, one_batch
from bakeoff.protocols import Generator
from bakeoff.records import Completion, GenerationSettings, Prompt, Usage
from bakeoff.sentences import duration
from bakeoff.sentences import usd as dollars

MODEL_ERRORS = (BakeoffError, RuntimeError, ValueError, KeyError, ConnectionError, TimeoutError)
"""What a model's engine may raise. A full disk is not among them."""
GIVE_UP_AFTER = 8
"""So many failures in a row, counted after each batch, and the judge is not asked further."""
UNREADABLE = "The reply could not be read"
SHOWN_REPLY = 300
REQUEST_BYTES = 300
"""What a request to a server holds besides its messages, at most."""

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """What all requests together may cost: US dollars and seconds (None: no limit). `max_new_tokens` is for each."""

    budget_usd: float | None = None
    timeout_s: float | None = None
    max_new_tokens: int = 512


@dataclass(frozen=True)
class Asked(Generic[T]):
    """The outcome of one prompt: the value that was read, or an error; what it cost, with a second try."""

    value: T | None
    usage: Usage
    usd: float
    error: str | None = None
    reply: str = ""


@dataclass(frozen=True)
class Form(Generic[T]):
    """How a reply is read (`read` raises ReplyError), and the lines that are asked for."""

    read: Callable[[str], T]
    lines: str


class Asking:
    """One session with a judge model. Once `stopped` is not empty, nothing is asked any more.

    `counted` gives what the run's ledger has counted for the judge, which is the one account of a paid model: requests
    that nobody knows the outcome of count at their most, and the ledger lets none leave that its limit has no room for.
    Without it, what the outcomes cost is added to `spent_usd`, which the run has spent before. A request without an
    answer costs the machine's time only where the model `is_local`: a server that was not reached has computed nothing.
    Tokens that it counted are paid for.
    """

    def __init__(
        self,
        generator: Generator,
        limits: Limits,
        rates: Rates,
        spent_usd: float = 0.0,
        batch_size: int = 16,
        is_local: bool = False,
        clock: Callable[[], float] = time.monotonic,
        batch_share: float = 1.0,
        counted: Callable[[], float] | None = None,
    ) -> None:
        """`batch_share` of the price is paid for replies that came in a batch. `timeout_s` does not count its time."""
        self.stopped = ""
        self.batch_size = max(batch_size, getattr(generator, "n_parallel", 1))
        self.n_batches = n_batches(generator)
        self._generator, self._limits, self._rates, self._clock = generator, limits, rates, clock
        self._settings = GenerationSettings(max_new_tokens=limits.max_new_tokens)
        self._added_usd, self._begun, self._is_local = spent_usd, clock(), is_local
        self._counted = counted
        self._n_failed, self._n_priced, self._asked_usd = 0, 0, 0.0
        self._batch_share, self._in_batches_s, self._reserved = batch_share, 0.0, 0.0

    @property
    def _spent(self) -> float:
        return self._added_usd if self._counted is None else self._counted()

    def ask(self, prompts: Sequence[Prompt], forms: Sequence[Form[T]]) -> list[Asked[T]]:
        """The outcomes of the first prompts, in order: of all of them, or of those that the limits allow."""
        return self.ask_batches([(prompts, forms)])[0]

    def ask_batches(self, batches: Sequence[tuple[Sequence[Prompt], Sequence[Form[T]]]]) -> list[list[Asked[T]]]:
        """The same for each of several batches of prompts with their forms, which may be asked at the same time."""
        self._reserved = 0.0
        allowed = [prompts[: self._allowed(prompts)] for prompts, _ in batches]
        outcomes = [
            [self._read(completion, form) for completion, form in zip(first, forms, strict=False)]
            for first, (_, forms) in zip(self._generated(allowed), batches, strict=True)
        ]
        unread = [
            [i for i, outcome in enumerate(one) if outcome.error and outcome.error.startswith(UNREADABLE)]
            for one in outcomes
        ]
        again = [
            [
                asked_again(prompts[i], one[i].reply, (one[i].error or "").partition(": ")[2], forms[i].lines)
                for i in places
            ]
            for (prompts, forms), one, places in zip(batches, outcomes, unread, strict=True)
        ]
        for (_, forms), one, places, second in zip(batches, outcomes, unread, self._generated(again), strict=True):
            for i, completion in zip(places, second, strict=True):
                one[i] = _together(one[i], self._read(completion, forms[i]))
            self._count(one)
        return outcomes

    def _allowed(self, prompts: Sequence[Prompt]) -> int:
        """How many of these prompts may be asked, with a second try for each, besides those of the batches before.
        Sets `stopped` if not all.
        """
        if self.stopped:
            return 0
        limits, elapsed = self._limits, self._clock() - self._begun - self._in_batches_s
        if limits.timeout_s is not None and elapsed >= limits.timeout_s:
            self.stopped = f"The judge stopped after {duration(elapsed)}: its time (grading.timeout_s) is over."
            return 0
        if limits.budget_usd is None:
            return len(prompts)
        room = limits.budget_usd - self._spent - self._reserved
        if room <= 0 and prompts:
            self.stopped = self._over_budget(limits.budget_usd)
            return 0
        for n, prompt in enumerate(prompts):
            most = self._most(prompt)
            room -= most
            if room < 0:
                self.stopped = self._over_budget(limits.budget_usd)
                return n
            self._reserved += most
        return len(prompts)

    def _over_budget(self, budget_usd: float) -> str:
        return (
            f"The judge stopped after {dollars(self._spent)}: its budget (grading.budget_usd, {dollars(budget_usd)}) "
            "allows no further answer."
        )

    def _most(self, prompt: Prompt) -> float:
        """The most that a prompt can cost in tokens: two replies, the first of them read again; and no less than what a
        ledger reserves for one, a token for each byte.

        If it costs machine time instead, what prompts that cost anything have cost so far on average.
        """
        if not self._rates.input_usd_per_million_tokens and not self._rates.output_usd_per_million_tokens:
            return self._asked_usd / self._n_priced if self._n_priced else 0.0
        n_prompt = sum(self._generator.count_tokens(message.content) for message in prompt.messages)
        n_new = self._limits.max_new_tokens
        twice = usd(Usage(prompt_tokens=2 * n_prompt + n_new, completion_tokens=2 * n_new), self._rates)
        if self._counted is None:
            return twice
        n_bytes = len(json.dumps([message.content for message in prompt.messages])) + REQUEST_BYTES
        return max(twice, usd(Usage(prompt_tokens=n_bytes, completion_tokens=n_new), self._rates))

    def _generated(self, batches: Sequence[Sequence[Prompt]]) -> list[list[Completion]]:
        """The completions of each batch. If the batches fail together, each is asked alone."""
        asked = [batch for batch in batches if batch]
        if self.n_batches == 1 or len(asked) < 2:
            return [self._generate(batch) for batch in batches]
        try:
            done = iter(self._generator.generate_batches(asked, self._settings))  # type: ignore[attr-defined]
        except WorkerError:
            raise
        except MODEL_ERRORS:
            return [self._generate(batch) for batch in batches]
        return [next(done) if batch else [] for batch in batches]

    def _generate(self, prompts: Sequence[Prompt]) -> list[Completion]:
        """The completions. If a call fails, each prompt is asked alone, so that only the failing ones have errors.

        What a server was asked by then is not asked again.
        """
        if not prompts:
            return []
        with one_batch() as outcomes:
            return self._in_one_batch(prompts, outcomes)

    def _in_one_batch(self, prompts: Sequence[Prompt], outcomes: Outcomes) -> list[Completion]:
        begun = self._clock()
        try:
            completions = self._generator.generate(prompts, self._settings)
            if any(completion.usage.batched for completion in completions):
                self._in_batches_s += self._clock() - begun
            return completions
        except MODEL_ERRORS as error:
            if isinstance(error, LimitReachedError) and not self.stopped:
                self.stopped = self._over_budget(self._limits.budget_usd or 0.0)
            if len(prompts) == 1:
                return [Completion(text="", usage=Usage(), error=error_line(error))]
        outcomes.again(Counter())
        return [completion for prompt in prompts for completion in self._in_one_batch([prompt], outcomes)]

    def _read(self, completion: Completion, form: Form[T]) -> Asked[T]:
        usage = completion.usage
        paid = usage if self._is_local or not completion.error else usage.model_copy(update={"seconds": 0.0})
        cost = usd(paid, self._rates) * (self._batch_share if usage.batched else 1.0)
        if completion.error:
            return Asked(None, usage, cost, " ".join(completion.error.split())[:SHOWN_REPLY])
        try:
            return Asked(form.read(completion.text), usage, cost, reply=completion.text)
        except ReplyError as problem:
            cut = " (it stopped at the limit of tokens)" if completion.truncated else ""
            return Asked(None, usage, cost, f"{UNREADABLE}{cut}: {problem}", completion.text)

    def _count(self, outcomes: Sequence[Asked[T]]) -> None:
        """Adds up what was spent, and stops after many failures in a row."""
        for outcome in outcomes:
            self._added_usd += outcome.usd
            self._asked_usd += outcome.usd
            self._n_priced += outcome.usd > 0
            self._n_failed = self._n_failed + 1 if outcome.error else 0
        if self._n_failed >= GIVE_UP_AFTER and not self.stopped:
            last = (outcomes[-1].error or "").partition(" -> ")[0].rstrip(".")
            self.stopped = f"The judge stopped after {self._n_failed} failures in a row. The last one: {last}."


def _together(first: Asked[T], second: Asked[T]) -> Asked[T]:
    """The outcome of the second try, with the cost of both."""
    return Asked(
        second.value, first.usage + second.usage, first.usd + second.usd, second.error, second.reply or first.reply
    )
