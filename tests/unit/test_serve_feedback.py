"""The feedback API: who may judge and see which answers, what is refused, and the exports."""

import asyncio
import csv
import io
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from bakeoff.errors import BakeoffError
from bakeoff.serve import log_writer
from bakeoff.serve.documents.views import Cited
from bakeoff.serve.feedback import FeedbackApi
from bakeoff.serve.keys import Holder
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, LoggedHit, Preference, Thumb
from bakeoff.serve.log_exports import preference_lines
from bakeoff.serve.openai.routes import exception_handlers

HOLDERS = {
    "desk": Holder(name="desk", id="1"),
    "other": Holder(name="other", id="2"),
    "boss": Holder(name="boss", id="3", labels=None, manages=True),
    "part": Holder(name="part", id="4", labels=("hr",), manages=True),
    "desk again": Holder(name="desk", id="5"),
}
HIT = LoggedHit(chunk_id="c1", document_id="a/b", source="a/b.md", start=3, end=9, score=0.5, rank=1)


def answered(name: str, key: str = "desk", question: str = "How long?", **more: Any) -> LoggedAnswer:
    """An answer in the log."""
    return LoggedAnswer(
        **{"id": name, "question": question, "text": f"text of {name}", "contender": "rag", **more},
        key=key,
        key_id=HOLDERS[key].id,
    )


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """A log with answers of two keys, two of them to one question."""
    with Log(tmp_path / "log.sqlite") as opened:
        opened.append(answered("a1", hits=(HIT,), documents_version=7))
        opened.append(answered("a2", contender="tuned"))
        opened.append(answered("a3", question="How wide?"))
        opened.append(answered("b1", key="other"))
        opened.append(answered("d1", text="a withheld guess", declined=True))
        yield opened


def ask(
    log: Log,
    method: str,
    path: str,
    key: str = "desk",
    hidden: Sequence[Cited] = (),
    narrowed: int = 0,
    **options: Any,
) -> httpx2.Response:
    """The reply to one request of a key, which may not see the `hidden` documents, the last one since `narrowed`."""
    seen = SimpleNamespace(
        hidden=lambda cited, labels: set(hidden),
        narrowed=lambda labels: narrowed,
        erased=lambda cited: set(),
        erased_when=lambda: range(0),
        first_restricted=lambda: None,
        ids_of=lambda sources: {},
    )
    api = FeedbackApi(log, seen, lambda request: HOLDERS[request.headers["x-key"]])
    app = Starlette(routes=api.routes(), exception_handlers=exception_handlers())

    async def reply() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers={"x-key": key}, **options)

    return asyncio.run(reply())


def error_of(reply: httpx2.Response, status: int) -> str:
    """The message of an error object with this status."""
    assert reply.status_code == status, reply.text
    error = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return str(error["message"])


def test_a_thumb_with_the_right_answer_is_on_the_disk_when_it_is_acknowledged(log):
    """Blanks around the right answer are removed; a blank one is none. The key's name is stored."""
    reply = ask(log, "POST", "/answers/a1/thumb", json={"up": False, "right_answer": " two years \n"})
    assert reply.status_code == 201
    assert reply.json()["answer"] == "a1" and reply.json()["right_answer"] == "two years"
    assert ask(log, "POST", "/answers/a2/thumb", json={"up": True, "right_answer": "  "}).status_code == 201
    first, second = Log(log.path).entries(Thumb)
    assert (first.answer, first.up, first.right_answer, first.key) == ("a1", False, "two years", "desk")
    assert (second.up, second.right_answer) == (True, None)


@pytest.mark.parametrize("id", ["b1", "nothing", "x" * 500, "%2e%2e", "a1%20or%201"])
def test_another_keys_answer_is_as_unknown_as_one_that_does_not_exist(log, id):
    """The same status and words for both, and nothing is stored."""
    message = error_of(ask(log, "POST", f"/answers/{id}/thumb", json={"up": True}), 404)
    assert message.startswith("There is no answer with the id") and "To fix this" in message
    body = {"answers": ["a1", id], "preferred": None}
    error_of(ask(log, "POST", "/comparisons", json=body), 404)
    assert not [*log.entries(Thumb), *log.entries(Preference)]


def test_a_key_that_oversees_judges_every_answer(log):
    """Its own name stands at the thumb, not that of the key that asked."""
    assert ask(log, "POST", "/answers/b1/thumb", "boss", json={"up": True}).status_code == 201
    assert [thumb.key for thumb in log.entries(Thumb)] == ["boss"]


def test_feedback_may_arrive_before_the_answer_is_in_the_log(log):
    """The server writes an answer shortly after it was sent; the thumb waits for it."""
    timer = threading.Timer(0.2, lambda: log.append(answered("late")))
    timer.start()
    assert ask(log, "POST", "/answers/late/thumb", json={"up": True}).status_code == 201
    timer.join()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "up"),
        ({"up": 1}, "up"),
        ({"up": "yes"}, "up"),
        ({"up": True, "right_answer": 5}, "right_answer"),
        ({"up": True, "right_answer": "x" * 32_001}, "right_answer"),
        ({"up": True, "rigth_answer": "typing error"}, "rigth_answer"),
    ],
)
def test_a_wrong_thumb_names_what_is_wrong(log, body, param):
    """Status 400, the key at fault in the message and in `param`."""
    reply = ask(log, "POST", "/answers/a1/thumb", json=body)
    assert f"'{param}'" in error_of(reply, 400)
    assert reply.json()["error"]["param"] == param


def test_a_body_that_is_not_json_is_refused(log):
    """A form of another page cannot send a thumb: the content type must be JSON."""
    assert "application/json" in error_of(ask(log, "POST", "/answers/a1/thumb", data={"up": "true"}), 415)
    assert not list(log.entries(Thumb))


def test_a_comparison_is_stored(log):
    """Which one is better, or null for all equal; blind is false unless given."""
    first = ask(log, "POST", "/comparisons", json={"answers": ["a1", "a2"], "preferred": "a2", "blind": True})
    second = ask(log, "POST", "/comparisons", json={"answers": ["a1", "a2", "d1"], "preferred": None})
    assert (first.status_code, second.status_code) == (201, 201)
    stored = list(log.entries(Preference))
    assert [(entry.answers, entry.preferred, entry.blind) for entry in stored] == [
        (("a1", "a2"), "a2", True),
        (("a1", "a2", "d1"), None, False),
    ]
    assert {entry.key for entry in stored} == {"desk"}


def test_of_a_comparison_none_may_be_right(log):
    """It is stored as such, and makes no pair to train on."""
    reply = ask(log, "POST", "/comparisons", json={"answers": ["a1", "a2"], "preferred": None, "none_right": True})
    assert (reply.status_code, reply.json()["none_right"]) == (201, True)
    assert [(entry.preferred, entry.none_right) for entry in log.entries(Preference)] == [(None, True)]
    assert list(preference_lines(log)) == list(preference_lines(log, "trl")) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"answers": ["a1", "a2"], "preferred": "a1", "none_right": True}, "must be null if none is right"),
        ({"answers": ["a1"], "preferred": None}, "answers"),
        ({"answers": ["a1", "a2", "a3", "d1"], "preferred": None}, "answers"),
        ({"answers": ["a1", "a2"]}, "'preferred' is missing"),
        ({"answers": ["a1", "a1"], "preferred": None}, "twice"),
        ({"answers": ["a1", "a2"], "preferred": "a3"}, "not one of 'answers'"),
        ({"answers": ["a1", "a3"], "preferred": None}, "not answers to the same question"),
        ({"answers": "a1", "preferred": None}, "answers"),
    ],
)
def test_a_comparison_that_contradicts_itself_is_refused(log, body, words):
    """Status 400, and nothing is stored."""
    assert words in error_of(ask(log, "POST", "/comparisons", json=body), 400)
    assert not list(log.entries(Preference))


def test_history_shows_a_key_its_own_answers_newest_first(log):
    """With the newest thumb, and links to the passages as of the version that was cited."""
    for up in (True, False):
        ask(log, "POST", "/answers/a1/thumb", json={"up": up, "right_answer": None if up else "two"})
    answers = ask(log, "GET", "/history").json()["answers"]
    assert [answer["id"] for answer in answers] == ["d1", "a3", "a2", "a1"]
    assert answers[3]["citations"] == [
        {
            "document_id": "a/b",
            "source": "a/b.md",
            "start": 3,
            "end": 9,
            "url": "/documents/a%2Fb?version=7&start=3&end=9#span",
        }
    ]
    assert (answers[3]["thumb"]["up"], answers[3]["thumb"]["right_answer"]) == (False, "two")
    assert answers[2]["thumb"] is None
    assert [answer["id"] for answer in ask(log, "GET", "/history?n=1").json()["answers"]] == ["d1"]


def test_history_does_not_show_a_text_that_was_withheld(log):
    """The user saw "I don't know."."""
    reply = ask(log, "GET", "/history")
    assert "withheld guess" not in reply.text
    assert reply.json()["answers"][0]["declined"] is True and reply.json()["answers"][0]["text"] is None


def test_history_shows_an_error_only_to_a_key_that_oversees(log):
    """It may name the address of a model; others read what they read when they asked."""
    log.append(answered("f1", text="", error="ApiError: http://10.0.0.7/v1 could not be reached"))
    log.append(answered("f2", text="", error="cancelled: the client went away"))
    own = {answer["id"]: answer["error"] for answer in ask(log, "GET", "/history").json()["answers"]}
    assert "10.0.0.7" not in own["f1"] and "could not be reached" in own["f1"]
    assert own["f2"] == "cancelled: the client went away" and own["a1"] is None
    log.append(answered("f3", text="", error="queue_full: 8 questions are being answered"))
    assert "8 questions" in ask(log, "GET", "/history").text
    assert "10.0.0.7" in ask(log, "GET", "/history", "boss").text


def test_a_later_key_of_the_same_name_has_a_history_of_its_own(log):
    """And can judge nothing that was answered to the former one."""
    log.append(answered("n1", key="desk again"))
    assert [answer["id"] for answer in ask(log, "GET", "/history", "desk again").json()["answers"]] == ["n1"]
    error_of(ask(log, "POST", "/answers/a1/thumb", "desk again", json={"up": True}), 404)
    assert "n1" not in ask(log, "GET", "/history").text


def test_an_entry_without_the_id_of_a_key_is_seen_by_those_who_oversee(log):
    """Older versions wrote none. No key has an empty id."""
    log.append(LoggedAnswer(id="old", question="How?", text="so", contender="rag", key="desk"))
    assert "old" not in [answer["id"] for answer in ask(log, "GET", "/history").json()["answers"]]
    assert ask(log, "GET", "/history", "boss").json()["answers"][0]["id"] == "old"


def test_an_answer_from_a_document_that_is_hidden_now_is_not_shown(log):
    """Neither its text nor its source; judging and comparing it are refused as if it were unknown. Other answers are
    shown in its place, as many as were asked for. Who oversees sees it.
    """
    hidden = [("a/b", 7)]
    reply = ask(log, "GET", "/history?n=4", hidden=hidden)
    assert [answer["id"] for answer in reply.json()["answers"]] == ["d1", "a3", "a2"]
    assert "text of a1" not in reply.text and "a/b" not in reply.text
    for i in range(5):
        log.append(answered(f"h{i}", hits=(HIT,), documents_version=7))
    reply = ask(log, "GET", "/history?n=2", hidden=hidden)
    assert [answer["id"] for answer in reply.json()["answers"]] == ["d1", "a3"]
    error_of(ask(log, "POST", "/answers/a1/thumb", hidden=hidden, json={"up": True}), 404)
    error_of(ask(log, "POST", "/comparisons", hidden=hidden, json={"answers": ["a1", "a2"], "preferred": None}), 404)
    assert "text of a1" in ask(log, "GET", "/history", "boss", hidden=hidden).text
    assert len(ask(log, "GET", "/history", hidden=[("a/b", 6)]).json()["answers"]) == 9


def test_an_answer_that_names_no_passages_is_not_shown_once_a_document_was_hidden(log):
    """It may have been made from any document, as those of `long-context` are. A withheld text is not shown anyway."""
    log.append(answered("of-all", documents_version=8))
    log.append(answered("later", documents_version=9))
    shown = [answer["id"] for answer in ask(log, "GET", "/history", narrowed=9).json()["answers"]]
    assert shown == ["later", "d1", "a1"]
    assert "of-all" in ask(log, "GET", "/history", narrowed=8).text
    assert "of-all" in ask(log, "GET", "/history", "boss", narrowed=9).text


def test_a_right_answer_is_shown_to_who_gave_it_and_to_those_who_oversee(log):
    """Whoever corrects an answer may know documents that the key of the answer may not see."""
    ask(log, "POST", "/answers/a1/thumb", json={"up": True, "right_answer": "mine"})
    ask(log, "POST", "/answers/a1/thumb", "boss", json={"up": False, "right_answer": "a secret"})
    shown = {key: ask(log, "GET", "/history", key).json()["answers"] for key in ("desk", "boss")}
    thumbs = {key: next(a["thumb"] for a in answers if a["id"] == "a1") for key, answers in shown.items()}
    assert (thumbs["desk"]["up"], thumbs["desk"]["right_answer"]) == (True, "mine")
    assert (thumbs["boss"]["up"], thumbs["boss"]["right_answer"]) == (False, "a secret")


def test_a_key_that_manages_some_documents_sees_its_own_answers_only(log):
    """The log was written from all documents: history of others, their answers and exports need a key for all."""
    log.append(answered("p1", key="part"))
    assert [answer["id"] for answer in ask(log, "GET", "/history", "part").json()["answers"]] == ["p1"]
    assert "own answers" in error_of(ask(log, "GET", "/history?key=desk", "part"), 403)
    error_of(ask(log, "POST", "/answers/a1/thumb", "part", json={"up": True}), 404)
    for form in ("chat", "preferences", "trl", "csv", "questions"):
        assert "sees all documents" in error_of(ask(log, "GET", f"/log/export?form={form}", "part"), 403)


def test_a_thumb_is_answered_with_what_is_stored(tmp_path):
    """Without texts, the right answer is not: the reply does not say that it is."""
    with Log(tmp_path / "none.sqlite", keep_texts=False) as log:
        log.append(answered("a1"))
        reply = ask(log, "POST", "/answers/a1/thumb", json={"up": False, "right_answer": "two years"})
        assert (reply.status_code, reply.json()["up"], reply.json()["right_answer"]) == (201, False, None)
        assert [thumb.right_answer for thumb in log.entries(Thumb)] == [None]


def test_history_of_other_keys_is_for_a_key_that_oversees(log):
    """It sees all, or those of the key it names; others get 403."""
    assert len(ask(log, "GET", "/history", "boss").json()["answers"]) == 5
    assert [a["id"] for a in ask(log, "GET", "/history?key=other", "boss").json()["answers"]] == ["b1"]
    assert len(ask(log, "GET", "/history?key=desk").json()["answers"]) == 4
    assert "own answers" in error_of(ask(log, "GET", "/history?key=other"), 403)


@pytest.mark.parametrize("n", ["0", "-1", "1001", "x", "", "٣", "9" * 5000])
def test_history_takes_a_number_of_answers(log, n):
    """From 1 to 1,000."""
    assert "from 1 to 1,000" in error_of(ask(log, "GET", "/history", params={"n": n}), 400)


def test_the_log_is_exported_to_a_key_that_oversees(log):
    """Chats, preference pairs in two layouts, and a table, each as a file to save."""
    ask(log, "POST", "/answers/a1/thumb", json={"up": True})
    ask(log, "POST", "/comparisons", json={"answers": ["a1", "a2"], "preferred": "a2"})
    replies = {
        form: ask(log, "GET", f"/log/export?form={form}", "boss")
        for form in ("chat", "preferences", "trl", "csv", "questions")
    }
    assert all(reply.status_code == 200 for reply in replies.values())
    assert json.loads(replies["chat"].text)["messages"][1]["content"] == "text of a1"
    assert json.loads(replies["preferences"].text)["preferred_output"][0]["content"] == "text of a2"
    assert json.loads(replies["trl"].text)["rejected"][0]["content"] == "text of a1"
    assert len(list(csv.DictReader(io.StringIO(replies["csv"].text)))) == 5
    assert replies["csv"].headers["content-disposition"] == 'attachment; filename="bakeoff-answers.csv"'
    every = ask(log, "GET", "/log/export?form=chat&which=all", "boss").text.splitlines()
    assert len(every) == 5


def test_a_long_export_arrives_whole(log):
    """It is sent in blocks; every row is there once."""
    for i in range(300):
        log.post(answered(f"n{i}", text="long " * 200))
    log.append(answered("last"))
    rows = list(csv.DictReader(io.StringIO(ask(log, "GET", "/log/export?form=csv", "boss").text)))
    assert len({row["id"] for row in rows}) == len(rows) == 306


def test_an_export_is_refused_to_other_keys_and_without_a_form(log):
    """403 and 400."""
    assert "may not export" in error_of(ask(log, "GET", "/log/export?form=csv"), 403)
    assert "chat, preferences, trl, csv or questions" in error_of(ask(log, "GET", "/log/export", "boss"), 400)
    error_of(ask(log, "GET", "/log/export?form=xml", "boss"), 400)
    error_of(ask(log, "GET", "/log/export?form=chat&which=some", "boss"), 400)


def test_a_log_that_cannot_be_written_is_a_503_that_names_no_path(log, monkeypatch):
    """A full disk, for example."""
    failed: Future[None] = Future()
    failed.set_exception(BakeoffError(f"Cannot write {log.path}: no space left", "free some space"))
    monkeypatch.setattr(log, "submit", lambda entry: failed)
    message = error_of(ask(log, "POST", "/answers/a1/thumb", json={"up": True}), 503)
    assert "could not be written" in message and str(log.path) not in message


@pytest.fixture
def held(log, monkeypatch) -> Iterator[Log]:
    """The log on a disk that is full: the answers `w1` and `w2` to one key wait."""
    with monkeypatch.context() as full:
        full.setattr(log_writer, "RETRY_SECONDS", 0.05)
        full.setattr(log._writer, "_transact", _no_room)
        log.post(answered("w1", text="kept in memory"))
        log.post(answered("w2"))
        log.post(answered("s1", shadow_of="a1"))
        yield log
    log.append(answered("after"))


def _no_room(*_: Any) -> None:
    raise BakeoffError("The disk could not be used.", "make room")


def test_feedback_on_an_answer_that_waits_to_be_written_is_a_503(held):
    """It was sent to this key, so it is not said that there is none; when there is room again, it can be judged."""
    reply = ask(held, "POST", "/answers/w1/thumb", json={"up": True})
    assert "still waits to be written" in error_of(reply, 503)
    assert reply.json()["error"]["code"] == "log_unavailable" and int(reply.headers["Retry-After"]) > 0
    body = {"answers": ["a1", "w1"], "preferred": None}
    assert "Retry-After" in ask(held, "POST", "/comparisons", json=body).headers
    error_of(ask(held, "POST", "/answers/w1/thumb", "boss", json={"up": True}), 503)
    refused = ask(held, "POST", "/answers/a1/thumb", json={"up": True})
    assert "could not be written" in error_of(refused, 503) and "Retry-After" in refused.headers


def test_another_key_does_not_learn_that_an_answer_waits(held):
    """Neither a key with another id, nor one that may not see its documents, nor anybody from a shadow."""
    unknown = error_of(ask(held, "POST", "/answers/none/thumb", "other", json={"up": True}), 404)
    for key in ("other", "desk again", "part"):
        message = error_of(ask(held, "POST", "/answers/w1/thumb", key, json={"up": True}), 404)
        assert message == unknown.replace("none", "w1")
    held.post(answered("w3", hits=(HIT,), documents_version=7))
    error_of(ask(held, "POST", "/answers/w3/thumb", hidden=[("a/b", 7)], json={"up": True}), 404)
    error_of(ask(held, "POST", "/answers/s1/thumb", json={"up": True}), 404)


def test_the_history_shows_answers_that_wait_to_be_written(held):
    """Newest first, to the keys that may see them."""

    def shown(key: str, n: int = 50, more: str = "") -> list[str]:
        answers = ask(held, "GET", f"/history?n={n}{more}", key).json()["answers"]
        return [answer["id"] for answer in answers]

    assert shown("desk") == ["w2", "w1", "d1", "a3", "a2", "a1"]
    assert shown("desk", 3) == ["w2", "w1", "d1"] and shown("desk", 1) == ["w2"]
    assert shown("other") == ["b1"] and shown("desk again") == []
    assert shown("boss", 3) == ["w2", "w1", "d1"] and shown("boss", more="&key=other") == ["b1"]


def test_an_answer_that_was_written_meanwhile_is_shown_once(log, monkeypatch):
    """It may still be among those that wait."""
    monkeypatch.setattr(log, "waiting", lambda: [answered("d1"), answered("new")])
    answers = ask(log, "GET", "/history").json()["answers"]
    assert [answer["id"] for answer in answers] == ["new", "d1", "a3", "a2", "a1"]
    assert ask(log, "POST", "/answers/d1/thumb", json={"up": True}).status_code == 201
