"""A candidate on trial: a share of users gets its answers, a share of questions is answered by it unseen."""

import json
import threading
from datetime import timedelta

import pytest
from starlette.applications import Starlette

from bakeoff.errors import RunFolderError
from bakeoff.models.cancelling import caller
from bakeoff.records import Answer
from bakeoff.serve import serving as serving_module
from bakeoff.serve.answering import Asked
from bakeoff.serve.feedback import EXPORTS, FeedbackApi
from bakeoff.serve.guard.bearer import EVERYONE
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Thumb, now
from bakeoff.serve.log_exports import NOTHING
from bakeoff.serve.openai.routes import exception_handlers
from bakeoff.serve.releases import add_release, make_current
from bakeoff.serve.trial import Trial
from tests.unit.asgi_client import send_request
from tests.unit.released import SAYS_ONE, SAYS_TWO
from tests.unit.test_serve_swapping import Server, root, runs, stack, wait_for  # noqa: F401

N_USERS = 2000


def asked(id: str, **more: object) -> Asked:
    return Asked(id=id, model="base", question="What is it?", typed="What is it?", **more)


@pytest.fixture
def trial(root, runs, stack):  # noqa: F811
    """Gives a server on trial: release 1 is live, release 2 is the candidate."""
    add_release(root, runs[1], ["base"], "a candidate")
    return lambda **shares: Server(root, stack, Trial(candidate=2, **shares))


def test_the_canary_is_a_share_of_users_and_the_same_ones_every_time():
    """By the key, else by the address. Another candidate gets others."""
    trial = Trial(candidate=2, canary=0.1)
    users = [asked("q", key_id=f"key{i}", address="10.0.0.1") for i in range(N_USERS)]
    chosen = [trial.is_canary(user) for user in users]
    assert chosen == [trial.is_canary(user.model_copy(update={"id": "other", "address": "x"})) for user in users]
    assert 0.07 < sum(chosen) / N_USERS < 0.13  # 4.5 standard errors
    assert chosen != [Trial(candidate=3, canary=0.1).is_canary(user) for user in users]
    guests = [asked("q", address=f"10.0.{i // 250}.{i % 250}") for i in range(N_USERS)]
    assert 0.07 < sum(map(trial.is_canary, guests)) / N_USERS < 0.13
    assert all(Trial(candidate=2, canary=1.0).is_canary(user) for user in users[:50])
    assert not any(Trial(candidate=2).is_canary(user) for user in users[:50])


def test_users_of_the_canary_are_answered_by_the_candidate_and_logged_with_its_release(trial):
    server = trial(canary=0.5)
    texts = {i: server.say(f"q{i}", key_id=f"key{i}") for i in range(20)}
    assert texts == {i: server.say(f"again{i}", key_id=f"key{i}") for i in range(20)}
    assert {*texts.values()} == {SAYS_ONE, SAYS_TWO}
    entries = server.logged(40)
    assert {(entry.release, entry.text) for entry in entries.values()} == {(1, SAYS_ONE), (2, SAYS_TWO)}
    assert all(entry.shadow_of is None for entry in entries.values())


def test_a_contender_that_is_named_and_not_the_default_one_is_the_live_releases(trial):
    server = trial(canary=1.0)
    assert server.say("named", "rag") == SAYS_ONE and server.say("default") == SAYS_TWO


def test_a_shadow_is_in_the_log_and_nowhere_else(trial):
    """Not in the answers, the history, an export, feedback or counts; it names the answer that the user got."""
    server = trial(shadow=1.0)
    assert server.say("seen", key="desk", key_id="1") == SAYS_ONE
    assert wait_for(lambda: list(server.log.shadows()))
    (shadow,) = server.log.shadows()
    assert (shadow.text, shadow.release, shadow.shadow_of, shadow.key_id) == (SAYS_TWO, 2, "seen", "1")
    assert shadow.latency_ms > 0 and shadow.confidence == -0.1
    assert [entry.id for entry in server.log.entries(LoggedAnswer)] == ["seen"]
    assert [entry.id for batch in server.log.newest_first(9) for entry in batch] == ["seen"]
    assert server.log.answer(shadow.id) is None and server.log.thumbs_on(["seen"]) == {}
    for lines, _, _ in EXPORTS.values():
        assert SAYS_TWO not in "".join(lines(server.log, "all", NOTHING))
    api = FeedbackApi(server.log, server.documents, lambda _: EVERYONE)
    everyone = Starlette(routes=api.routes(), exception_handlers=exception_handlers())
    history = json.loads(send_request(everyone, path="/history").body)["answers"]
    assert [(one["id"], "shadow_of" in one) for one in history] == [("seen", False)]
    headers = [("host", "localhost"), ("content-type", "application/json")]
    thumbs = {
        id: send_request(everyone, "POST", f"/answers/{id}/thumb", headers, [b'{"up": true}'], stays=True).status
        for id in ("seen", shadow.id)
    }
    assert thumbs == {"seen": 201, shadow.id: 404}
    assert (
        server.releases.n_running_and_waiting() == (0, 0) and server.releases.live.serving.queue.counts().finished == 1
    )
    assert server.releases.state()["candidate"]["shadow_answers"] == 1


def test_a_question_whose_stream_is_closed_with_its_answer_is_asked_unseen_too(trial):
    """As the API does; one that is closed before its answer is not."""
    server = trial(shadow=1.0)
    left = server.releases.answer(asked("left"), None)
    next(left)
    left.close()
    stream = server.releases.answer(asked("seen"), None)
    while not isinstance(next(stream), Answer):
        pass
    stream.close()
    assert wait_for(lambda: list(server.log.shadows()))
    assert [entry.shadow_of for entry in server.log.shadows()] == ["seen"]


def test_shadows_are_deleted_with_the_answers_that_they_belong_to(tmp_path):
    """By age, and with their answer; a thumb stays possible beside them."""
    day = timedelta(days=1)
    with Log(tmp_path / "log.sqlite", retention_days=2, keep_texts=True) as log:
        for id, of, age in (("old", None, 1.5), ("unseen", "old", 0), ("new", None, 0), ("kept", "new", 0)):
            text = LoggedAnswer(
                id=id, question="What?", text="secret", contender="base", shadow_of=of, at=now() - age * day
            )
            log.append(text)
        log.append(Thumb(answer="new", up=True))
        assert list(log.thumbs_on(["new"])) == ["new"]
        log.delete_old(now() + day)
        assert [entry.id for entry in log.shadows()] == ["kept"]


def test_shadows_hold_no_texts_where_the_log_keeps_none(tmp_path):
    with Log(tmp_path / "log.sqlite", keep_texts=False) as log:
        log.append(LoggedAnswer(id="a", question="What?", text="secret", contender="base"))
        log.append(LoggedAnswer(id="b", question="What?", text="secret", contender="base", shadow_of="a"))
        (shadow,) = log.shadows()
    assert (shadow.question, shadow.text) == (None, None) and shadow.question_hash


def test_a_shadow_gives_way_to_a_user_and_is_dropped(trial, monkeypatch):
    """While the candidate writes, a user asks: the candidate stops at once, and nothing of it is logged."""
    server, writing = trial(shadow=1.0), threading.Event()
    stream_of = serving_module.stream_of

    def slowly(contender, question):
        if threading.current_thread().name.startswith("bakeoff-shadow"):
            writing.set()
            while True:
                caller().raise_if_gone()
                yield "a word "
        yield from stream_of(contender, question)

    monkeypatch.setattr(serving_module, "stream_of", slowly)
    assert server.say("first") == SAYS_ONE and writing.wait(20)
    monkeypatch.undo()
    assert server.say("second") == SAYS_ONE
    assert wait_for(lambda: server.releases.state()["candidate"]["shadow_dropped"] >= 1)
    server.logged(2)
    assert "first" not in [entry.shadow_of for entry in server.log.shadows()]


def test_no_shadow_begins_while_a_question_is_in_the_queue(trial):
    server = trial(shadow=1.0)
    with server.releases.live.serving.queue.turn():
        assert server.say("busy") == SAYS_ONE
        assert wait_for(lambda: server.releases.state()["candidate"]["shadow_dropped"] == 1)
    assert list(server.log.shadows()) == []


def test_only_the_share_that_is_drawn_is_answered_unseen(trial):
    server = trial(shadow=0.5)
    draws = iter([0.49, 0.5, 0.0, 0.99])
    server.releases._shadow._draw = lambda: next(draws)
    for i in range(4):
        server.say(f"q{i}")
        if i % 2 == 0:
            assert wait_for(lambda i=i: len(list(server.log.shadows())) == i // 2 + 1)
    assert [entry.shadow_of for entry in server.log.shadows()] == ["q0", "q2"]


def test_a_candidate_that_fails_is_logged_and_its_user_is_not_told(trial, monkeypatch):
    server = trial(shadow=1.0)
    candidate = server.releases._candidate.serving.open("base")
    stream_of = serving_module.stream_of

    def broken(contender, question):
        if contender is candidate:
            raise RuntimeError("out of memory")
        return stream_of(contender, question)

    monkeypatch.setattr(serving_module, "stream_of", broken)
    assert server.say("fine") == SAYS_ONE
    assert wait_for(lambda: list(server.log.shadows()))
    assert [entry.error for entry in server.log.shadows()] == ["RuntimeError: out of memory"]


def test_a_candidate_that_was_promoted_is_the_live_one_and_on_trial_no_more(trial, root):  # noqa: F811
    server = trial(shadow=1.0, canary=1.0)
    opened = server.releases._candidate
    make_current(root, 2)
    assert server.is_live(2) and server.releases.live is opened
    assert server.say("live") == SAYS_TWO and server.logged(1)["live"].release == 2
    assert server.releases.state()["candidate"]["shadow_answers"] == 0


def test_a_candidate_that_cannot_be_opened_is_refused_at_the_start(root, stack):  # noqa: F811
    with pytest.raises(RunFolderError, match="no release 9"):
        Server(root, stack, Trial(candidate=9, shadow=0.1))
