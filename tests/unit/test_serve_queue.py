"""The queue of questions: turns, order, refusals, callers who leave, and stopping."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from bakeoff.models.cancelling import Caller, CallerGoneError, on_behalf_of
from bakeoff.serve.answering import RefusedError
from bakeoff.serve.queue import UNKNOWN_S, AnswerQueue


class Visitor(threading.Thread):
    """Takes a turn and keeps it until `leave` is set; `error` is what it got instead."""

    def __init__(self, queue: AnswerQueue, order: list["Visitor"] | None = None) -> None:
        super().__init__(daemon=True)
        self.queue, self.order = queue, order
        self.caller = Caller()
        self.has_turn, self.leave = threading.Event(), threading.Event()
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            with on_behalf_of(self.caller), self.queue.turn():
                if self.order is not None:
                    self.order.append(self)
                self.has_turn.set()
                self.leave.wait(30)
        except (RefusedError, CallerGoneError) as error:
            self.error = error


def until(condition: Callable[[], bool]) -> None:
    """Waits until it is true."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 30 seconds"
        time.sleep(0.002)


@pytest.fixture
def visitors() -> Iterator[list[Visitor]]:
    """Whoever is added leaves at the end of the test."""
    added: list[Visitor] = []
    yield added
    for visitor in added:
        visitor.leave.set()
    for visitor in added:
        visitor.join(30)


def test_turns_are_given_in_the_order_of_arrival(visitors: list[Visitor]) -> None:
    """Never more than n_running at once, and who came first is served first."""
    queue, order = AnswerQueue(2, 10), []
    for i in range(8):
        visitors.append(Visitor(queue, order))
        until(lambda i=i: sum(queue.counts().model_dump(include={"running", "waiting"}).values()) == i + 1)
    assert (queue.counts().running, queue.counts().waiting) == (2, 6)
    for i in range(8):
        until(lambda i=i: len(order) == min(i + 2, 8))
        order[i].leave.set()
        order[i].join(30)
    assert order[2:] == visitors[2:]
    until(lambda: queue.counts().finished == 8)
    assert (queue.counts().running, queue.counts().waiting) == (0, 0)


def test_a_full_queue_refuses_at_once(visitors: list[Visitor]) -> None:
    """With the status, and with when to ask again: longer, the longer the turns were."""
    queue = AnswerQueue(1, 2)
    visitors += [Visitor(queue) for _ in range(3)]
    until(lambda: queue.counts().waiting == 2)
    with pytest.raises(RefusedError) as refused, queue.turn():
        pass
    assert (refused.value.status, refused.value.code) == (429, "queue_full")
    assert refused.value.retry_after_s == 3 * UNKNOWN_S
    assert queue.counts().refused == 1
    queue._recent.append(20.0)
    with pytest.raises(RefusedError) as refused, queue.turn():
        pass
    assert refused.value.retry_after_s == 60


def test_nobody_needs_to_wait_in_a_queue_without_waiting(visitors: list[Visitor]) -> None:
    """n_waiting of 0: a free turn is given, else the question is refused."""
    queue = AnswerQueue(1, 0)
    visitors.append(Visitor(queue))
    assert visitors[0].has_turn.wait(30)
    with pytest.raises(RefusedError), queue.turn():
        pass
    visitors[0].leave.set()
    visitors[0].join(30)
    with queue.turn():
        assert queue.counts().running == 1


def test_who_leaves_while_waiting_frees_the_place_at_once(visitors: list[Visitor]) -> None:
    """Without a turn, and those behind it move up."""
    queue = AnswerQueue(1, 2)
    for i in range(3):
        visitors.append(Visitor(queue))
        until(lambda i=i: queue.counts().running + queue.counts().waiting == i + 1)
    visitors[1].caller.leave()
    visitors[1].join(30)
    assert isinstance(visitors[1].error, CallerGoneError)
    assert (queue.counts().waiting, queue.counts().given_up, queue.counts().running) == (1, 1, 1)
    visitors[0].leave.set()
    assert visitors[2].has_turn.wait(30)
    assert not visitors[1].has_turn.is_set()


def test_an_error_ends_a_turn() -> None:
    """It reaches the caller, and the next one gets the turn."""
    queue = AnswerQueue(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), queue.turn():
            raise ZeroDivisionError
    counts = queue.counts()
    assert (counts.running, counts.finished) == (0, 3)
    assert 0 <= counts.seconds < 60


def test_a_stopping_queue_lets_the_running_ones_finish(visitors: list[Visitor]) -> None:
    """New questions and waiting ones are refused with 503; closing waits for those that run, up to its limit."""
    queue = AnswerQueue(1, 2)
    visitors.append(Visitor(queue))
    assert visitors[0].has_turn.wait(30)
    visitors.append(Visitor(queue))
    until(lambda: queue.counts().waiting == 1)
    assert queue.close(0.01) == 1
    visitors[1].join(30)
    with pytest.raises(RefusedError) as late, queue.turn():
        pass
    for refused in (visitors[1].error, late.value):
        assert isinstance(refused, RefusedError)
        assert (refused.status, refused.code) == (503, "stopping")
    assert queue.counts().refused == 2
    threading.Timer(0.05, visitors[0].leave.set).start()
    assert queue.close(30) == 0
    assert visitors[0].error is None


def test_many_come_and_go() -> None:
    """Some leave while they wait, some are refused: at the end nobody is in the queue, and all are counted."""
    queue = AnswerQueue(3, 5)
    most: list[int] = []
    outcomes: list[str] = []

    def visit(i: int) -> None:
        somebody = Caller()
        if i % 3 == 0:
            threading.Timer(0.001 * (i % 5), somebody.leave).start()
        try:
            with on_behalf_of(somebody), queue.turn():
                most.append(queue.counts().running)
                time.sleep(0.001 * (i % 4))
                outcomes.append("finished")
        except RefusedError:
            outcomes.append("refused")
        except CallerGoneError:
            outcomes.append("gone")

    threads = [threading.Thread(target=visit, args=(i,)) for i in range(200)]
    for thread in threads:
        thread.start()
        time.sleep(0.0005)
    for thread in threads:
        thread.join(30)
    counts = queue.counts()
    assert (counts.running, counts.waiting) == (0, 0)
    assert max(most) <= 3
    assert counts.refused == outcomes.count("refused")
    assert len(outcomes) == 200 and outcomes.count("finished") > 0


def test_a_queue_that_lets_nobody_through_is_refused() -> None:
    """Zero at once, or fewer than none waiting."""
    for n_running, n_waiting in ((0, 1), (1, -1)):
        with pytest.raises(ValueError, match="nobody"):
            AnswerQueue(n_running, n_waiting)
