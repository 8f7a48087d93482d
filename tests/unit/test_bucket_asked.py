"""Whether there is something new in a bucket is asked by one thread for all; nobody goes on with an old answer."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bakeoff.corpus.stores import keep_in, open_store
from bakeoff.errors import StoreGoneError
from bakeoff.retrieval.buckets import asked
from bakeoff.retrieval.buckets.asked import Asked
from bakeoff.retrieval.buckets.follower import Follower
from tests.unit.buckets import another, document, opened

pytest.importorskip("obstore")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(asked.time, "monotonic", lambda: now[0])
    return now


class Question:
    """Waits in each question until it may go on."""

    def __init__(self, answer: Callable[[], bool]) -> None:
        self.answer = answer
        self.n_asked = 0
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self) -> bool:
        self.n_asked += 1
        self.begun.set()
        assert self.may_end.wait(20)
        return self.answer()


def said(one: Asked, found: list[str]) -> None:
    try:
        found.append(str(one.answer()))
    except StoreGoneError as error:
        found.append(error.message)


def both(one: Asked, question: Question, n: int = 2) -> list[str]:
    """What so many threads find that ask at once."""
    found: list[str] = []
    threads = [threading.Thread(target=said, args=(one, found)) for _ in range(n)]
    for thread in threads:
        thread.start()
    assert question.begun.wait(20)
    question.may_end.set()
    for thread in threads:
        thread.join(20)
    return found


def gone() -> bool:
    raise StoreGoneError("the bucket is away")


def test_one_thread_asks_and_the_others_wait_for_its_answer(clock: list[float]) -> None:
    question = Question(lambda: True)
    assert both(Asked(question), question, 4) == ["True"] * 4 and question.n_asked == 1


def test_while_one_thread_waits_for_a_bucket_that_is_away_nobody_uses_what_was_true(clock: list[float]) -> None:
    """All are told by one failure, not each after a wait of its own."""
    question = Question(lambda: False)
    question.may_end.set()
    one = Asked(question)
    assert one.answer() is False
    question.answer = gone
    question.begun.clear()
    question.may_end.clear()
    clock[0] += asked.STALE_S
    assert both(one, question, 4) == ["the bucket is away"] * 4 and question.n_asked == 2
    question.answer = lambda: True
    clock[0] += 0.1
    assert one.answer() is True


def test_an_answer_counts_for_a_moment_and_meanwhile_nobody_waits(clock: list[float]) -> None:
    question = Question(lambda: False)
    question.may_end.set()
    one = Asked(question)
    one.answer()
    clock[0] += asked.ASK_EVERY_S - 0.1
    assert one.answer() is False and question.n_asked == 1
    clock[0] += 0.2
    question.begun.clear()
    question.may_end.clear()
    found: list[str] = []
    first = threading.Thread(target=said, args=(one, found))
    first.start()
    assert question.begun.wait(20)
    assert one.answer() is False and question.n_asked == 2  # without waiting for the first one
    question.may_end.set()
    first.join(20)


def test_a_new_server_answers_no_search_before_it_has_read_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that comes while another search is reading."""
    keep_in(folder := tmp_path / "one", f"file://{tmp_path}/bucket")
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras."), document("b", "Zebras and yaks.")])
    index.sync(store)
    reader = opened(another(folder))
    take, reading, may_end = Follower.take, threading.Event(), threading.Event()

    def slow(self: Follower, *given: Any) -> None:
        reading.set()
        assert may_end.wait(20)
        take(self, *given)

    monkeypatch.setattr(Follower, "take", slow)
    found: list[int] = []
    searches = [
        threading.Thread(target=lambda: found.append(len(reader.search_bm25(["zebras"], 9)[0]))) for _ in range(3)
    ]
    searches[0].start()
    assert reading.wait(20)
    for search in searches[1:]:
        search.start()
    threading.Timer(0.2, may_end.set).start()
    for search in searches:
        search.join(20)
    assert found == [2, 2, 2]
