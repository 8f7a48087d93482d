"""What comes into the queue of reviews, in which order, and how little one user can do to it."""

from datetime import UTC, datetime, timedelta

import pytest

from bakeoff.learn.review import caps
from bakeoff.learn.review.causes import Causes, Reason
from bakeoff.learn.review.queue import Limits, Queue
from bakeoff.learn.review.weekly import week_of
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Preference, Review, Thumb

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
NO_SAMPLE = Limits(drawn=0)


@pytest.fixture
def log(tmp_path):
    with Log(tmp_path / "log.sqlite") as opened:
        yield opened


def answered(log, id, question="", text="11 litres", user="u", at=NOW, **more):
    """An answer in the log, to a question of its own."""
    log.append(
        LoggedAnswer(
            id=id, question=question or f"How does {id}{id}{id} work?", text=text, contender="rag", key_id=user,
            at=at, **more,
        )
    )  # fmt: skip


def reasons(queue):
    """The reasons of each item, in order."""
    return [(item.answer, *(reason.name for reason in item.reasons)) for item in queue.open()]


def review_of(answer, **more):
    return Review(
        **{"answer": answer, "action": "skip", "by": "ada", "question": "q", "asked": "q", "shown": "t",
           "asked_at": NOW, "contender": "rag", **more}
    )  # fmt: skip


def test_the_sample_comes_first_then_the_reasons_in_order(log):
    """Each answer is there once, with all its reasons."""
    for id in ("low", "no", "cand", "none", "other", "down", "fix", "fine"):
        answered(log, id, declined=id == "no")
    log.append(LoggedAnswer(id="s", question="q", text="12 pounds", contender="tuned", shadow_of="cand", at=NOW))
    log.append(Preference(answers=("none", "other"), preferred=None, none_right=True, at=NOW))
    log.append(Thumb(answer="down", up=False, at=NOW))
    log.append(Thumb(answer="fix", up=False, right_answer="12 l", at=NOW))
    assert reasons(Queue(log, NO_SAMPLE, NOW)) == [
        ("fix", "CORRECTION", "DOWN"),
        ("down", "DOWN"),
        ("none", "NONE_RIGHT"),
        ("cand", "CANDIDATE"),
        ("no", "DECLINED"),
    ]
    found = reasons(Queue(log, Limits(drawn=100), NOW))
    assert len(found) == 8 and all(item[1] == "SAMPLE" for item in found)
    assert ("fix", "SAMPLE", "CORRECTION", "DOWN") in found


def test_a_candidate_that_says_the_same_in_other_words_is_no_reason(log):
    """'11 l' is '11 litres'."""
    answered(log, "a")
    log.append(LoggedAnswer(id="s", question="q", text="11 l", contender="tuned", shadow_of="a", at=NOW))
    assert reasons(Queue(log, NO_SAMPLE, NOW)) == []


def test_the_newest_thumb_counts(log):
    """Somebody changed their mind."""
    answered(log, "a")
    log.append(Thumb(answer="a", up=False, right_answer="12 l", at=NOW))
    log.append(Thumb(answer="a", up=True, at=NOW))
    queue = Queue(log, NO_SAMPLE, NOW)
    assert queue.open() == [] and queue.correction("a") == ""


def test_low_confidence_is_low_among_those_of_the_same_contender_and_week(log):
    """The lowest 5 % of 40, and none of 19."""
    for i in range(40):
        answered(log, f"a{i}", confidence=-float(i))
    assert [item[0] for item in reasons(Queue(log, NO_SAMPLE, NOW))] == ["a38", "a39"]


def test_few_confidences_are_not_ranked(log):
    """The lowest of a handful says nothing."""
    for i in range(19):
        answered(log, f"a{i}", confidence=float(i))
    assert Queue(log, NO_SAMPLE, NOW).open() == []


def test_each_week_has_its_own_sample_the_newest_first(log):
    """By ISO week in UTC; failed answers are not drawn, and old weeks are over."""
    for week in (0, 1, 20):
        for i in range(5):
            answered(log, f"w{week}n{i}", at=NOW - timedelta(weeks=week))
    answered(log, "failed", error="TimeoutError: no answer")
    drawn = Queue(log, Limits(drawn=3), NOW).drawn()
    assert [(of.week, of.n, of.n_answers) for of in drawn] == [("2026-W10", 3, 5), ("2026-W09", 3, 5)]
    items = Queue(log, Limits(drawn=3), NOW).open()
    assert [item.week for item in items] == ["2026-W10"] * 3 + ["2026-W09"] * 3


def test_every_answer_is_as_likely_to_be_drawn(log, monkeypatch):
    """Over many logs each of ten answers is drawn about equally often: 4 of 10 in 100 logs is 40 times."""
    counts = dict.fromkeys(range(10), 0)
    for i in range(10):
        answered(log, f"a{i}")
    for n in range(100):
        monkeypatch.setattr(log, "_salt", bytes([n]) * 32)  # the random number of another log
        (drawn,) = Queue(log, Limits(drawn=4), NOW).drawn()
        for answer in drawn.answers:
            counts[int(answer[1:])] += 1
    assert sum(counts.values()) == 400 and all(18 <= count <= 62 for count in counts.values())


def test_a_reviewed_sample_stays_when_the_log_deletes_its_answers(tmp_path):
    """What was drawn and reviewed counts; how many were drawn and of how many is in the reviews."""
    with Log(tmp_path / "log.sqlite", retention_days=5) as log:
        for i in range(6):
            answered(log, f"a{i}")
        before = Queue(log, Limits(drawn=4), NOW).drawn()[0]
        for answer in before.answers[:3]:
            log.append(review_of(answer, sampled=True, drawn=4, drawn_of=6))
        log.delete_old(NOW + timedelta(days=30))
        (after,) = Queue(log, Limits(drawn=4), NOW + timedelta(days=30)).drawn()
    assert set(after.answers) == set(before.answers[:3]) and (after.n, after.n_answers) == (4, 6)


def test_reviewed_items_do_not_come_again_and_free_no_place(log):
    """A cap that counted only open items would show the next ones of the same user."""
    for i in range(30):
        answered(log, f"a{i:02}", user="u")
        log.append(Thumb(answer=f"a{i:02}", up=False, key_id="u", at=NOW + timedelta(seconds=i)))
    queue = Queue(log, NO_SAMPLE, NOW)
    assert [item.answer for item in queue.open()] == [f"a{i:02}" for i in range(20)]
    log.append(review_of("a00"))
    assert [item.answer for item in queue.open()] == [f"a{i:02}" for i in range(1, 20)]
    assert queue.set_aside.over == 10


def test_near_copies_of_one_user_are_shown_three_times(log):
    """Other users' questions and other questions come in addition; the rest is counted."""
    for i in range(10):
        answered(log, f"a{i}", question=f"How much oil goes into the pump{'!' * i}", user="u")
        log.append(Thumb(answer=f"a{i}", up=False, key_id="u", at=NOW + timedelta(seconds=i)))
    answered(log, "b", question="How much oil goes into the pump?", user="v")
    log.append(Thumb(answer="b", up=False, key_id="v", at=NOW))
    queue = Queue(log, NO_SAMPLE, NOW)
    assert sorted(item.answer for item in queue.open()) == ["a0", "a1", "a2", "b"]
    assert queue.set_aside.copies == 7


def test_the_caps_hold_for_each_week_and_each_user(log):
    """20 in this week, 20 in the last."""
    for i in range(60):
        at = NOW - timedelta(weeks=i % 2)
        answered(log, f"a{i}", user="u", at=at)
        log.append(Thumb(answer=f"a{i}", up=False, key_id="u", at=at))
    weeks = [item.week for item in Queue(log, NO_SAMPLE, NOW).open()]
    assert {week: weeks.count(week) for week in weeks} == {"2026-W10": 20, "2026-W09": 20}


def test_ten_thousand_thumbs_of_one_user_are_bounded_work(tmp_path, monkeypatch):
    """They are read once; only so many questions are compared; 20 are shown and the rest is counted."""
    path = tmp_path / "log.sqlite"
    with Log(path) as log:
        for i in range(10_000):
            log.post(LoggedAnswer(id=f"a{i}", question=f"Why is {i * 7919 % 99991} odd?", text="t", contender="rag",
                                  key_id="u", at=NOW))  # fmt: skip
            if i % 1000 == 999:
                log.append(Thumb(answer=f"a{i}", up=False, key_id="u", at=NOW))  # waits for what was posted
        answered(log, "mine", user="other")
        log.append(Thumb(answer="mine", up=False, key_id="other", at=NOW))
    with Log(path) as log:
        for i in range(10_000):
            if i % 1000 == 998:
                log.append(Thumb(answer=f"a{i}", up=False, key_id="u", at=NOW))
            elif i % 1000 != 999:
                log.post(Thumb(answer=f"a{i}", up=False, key_id="u", at=NOW))
    compared = []
    original = caps.similar_pairs
    monkeypatch.setattr(
        caps, "similar_pairs", lambda texts, *more: compared.append(len(texts)) or original(texts, *more)
    )
    with Log(path) as log:
        queue = Queue(log, NO_SAMPLE, NOW)
        assert len(queue.open()) == 21 and queue.set_aside.over == 9_980
        assert max(compared) == caps.EXAMINED
        n_compared, read = len(compared), []
        monkeypatch.setattr(log, "_any_entry", lambda *row: read.append(row))
        assert any(item.answer == "mine" for item in queue.open()) and len(queue.items()) == 21
        assert read == [] and len(compared) == n_compared


def test_weeks_are_those_of_the_calendar_in_utc():
    """The last days of December can belong to the first week of the next year."""
    assert week_of(datetime(2025, 12, 31, tzinfo=UTC)) == "2026-W01"


def test_causes_know_who_gave_them(log):
    """A cap counts the user who complained, not the one who asked."""
    answered(log, "a", user="asker")
    log.append(Thumb(answer="a", up=False, key_id="overseer", at=NOW))
    causes = Causes(log, at=NOW)
    causes.update()
    assert [(cause.reason, cause.key_id) for cause in causes.of()["a"]] == [(Reason.DOWN, "overseer")]


def test_a_queue_that_lives_for_months_forgets_what_is_old(log, monkeypatch):
    """A server does not grow with every week; reviews stay known."""
    from bakeoff.learn.review import causes as module

    clock = [NOW]
    monkeypatch.setattr(module, "now", lambda: clock[0])
    answered(log, "old")
    answered(log, "reviewed")
    log.append(Thumb(answer="old", up=False, right_answer="12 l", at=NOW))
    log.append(review_of("reviewed", sampled=True, drawn=2, drawn_of=2))
    queue = Queue(log, Limits(drawn=5))
    assert [item.answer for item in queue.open()] == ["old"]
    clock[0] = NOW + timedelta(weeks=15)
    assert queue.open() == [] and queue.corrections() == {} and queue.thumbs() == {}
    assert [(of.answers, of.n, of.n_answers) for of in queue.drawn()] == [(("reviewed",), 2, 2)]
