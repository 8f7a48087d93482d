"""A server answers each key from the documents it may see, and refuses contenders that cannot do that."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette

from bakeoff.contenders.access import record_learned
from bakeoff.contenders.identity import identity_of
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.streaming import stream_of
from bakeoff.errors import TooLongError
from bakeoff.records import Answer, Document, Labels
from bakeoff.retrieval.settings import Retrieval
from bakeoff.serve import serving as serving_module
from bakeoff.serve.answering import Asked, RefusedError
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.failures import failure_of
from bakeoff.serve.feedback import FeedbackApi
from bakeoff.serve.keys import Holder
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer
from bakeoff.serve.openai.models import model_list
from bakeoff.serve.serving import Serving
from tests.unit.asgi_client import send_request
from tests.unit.labelled_world import ASKED, RECIPES, World, labelled_world, spec


@pytest.fixture
def world(tmp_path: Path) -> World:
    return labelled_world(tmp_path / "world")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with Log(tmp_path / "log.sqlite") as opened:
        yield opened


@pytest.fixture
def documents(world: World) -> Iterator[LiveDocuments]:
    with LiveDocuments(world.store, [world.index(Retrieval(chunk_tokens=64))]) as opened:
        yield opened


@pytest.fixture
def serving(world: World, documents: LiveDocuments, log: Log) -> Serving:
    release = SimpleNamespace(
        number=1, contenders=RECIPES, created=datetime.now(UTC), measured=SimpleNamespace(sums={})
    )
    deployment = SimpleNamespace(world=world, release=release)
    return Serving(deployment, documents, log)


def said(serving: Serving, model: str, labels: Labels) -> str:
    """All that whoever holds these labels is sent."""
    asked = Asked(id="one", model=model, question=ASKED, typed=ASKED)
    items = list(serving.answer(asked, labels))
    assert isinstance(items[-1], Answer) and items[-1].error is None
    return "".join(item if isinstance(item, str) else item.model_dump_json() for item in items)


@pytest.mark.parametrize("model", ["rag", "extract", "long-context", "hybrid", "router"])
def test_a_key_is_answered_from_the_documents_it_may_see(serving: Serving, model: str) -> None:
    """One after another on the same server: nobody's labels stay for the next one."""
    for labels, hr, legal in (
        (None, True, None),
        ((), False, False),
        (("hr",), True, False),
        (("legal",), False, True),
    ):
        text = said(serving, model, labels)
        assert ("90,000" in text) == hr
        if legal is not None:
            assert ("lawsuit" in text) == legal


@pytest.mark.parametrize("model", ["tuned", "hybrid", "router"])
def test_a_contender_that_a_key_must_not_ask_is_refused_before_it_is_asked(
    world: World, serving: Serving, model: str
) -> None:
    """With the reason and status 403, and without a single piece."""
    for recipe in (make_recipe(spec("tuned")), make_recipe(spec("hybrid"))):
        record_learned(world.adapter_folder(recipe.adapter), world.store.documents())
    with pytest.raises(RefusedError, match="tuned when there were documents") as refusal:
        next(iter(serving.answer(Asked(id="one", model=model, question=ASKED, typed=ASKED), ("hr",))))
    assert refusal.value.status == 403
    assert said(serving, model, None)
    listed = {labels: [one["id"] for one in model_list(serving, labels)["data"]] for labels in (("hr",), None)}
    assert model in listed[None] and model not in listed[("hr",)] and "rag" in listed[("hr",)]


def test_refused_questions_are_in_the_log_with_the_reason(world: World, serving: Serving, log: Log) -> None:
    """A contender that may not answer this key, a full queue, and a question that the model cannot read."""
    for recipe in (make_recipe(spec("tuned")), make_recipe(spec("hybrid"))):
        record_learned(world.adapter_folder(recipe.adapter), world.store.documents())
    refused(serving, "hidden", model="tuned")
    serving.queue.close(0)
    refused(serving, "late")
    written = logged(log, 2)
    assert [(entry.id, entry.key_id, entry.question, entry.text) for entry in written] == [
        (id, "1", ASKED, "") for id in ("hidden", "late")
    ]
    assert written[0].error.startswith("documents_hidden: ") and written[1].error.startswith("stopping: ")


def test_a_question_that_a_model_cannot_read_is_in_the_log(serving: Serving, log: Log, monkeypatch) -> None:
    """Its reply has the status 400."""

    def unreadable(contender: object, question: object) -> Iterator[object]:
        raise TooLongError("The question has 9 tokens; 8 are possible.", "lower retrieval.k")
        yield

    monkeypatch.setattr(serving_module, "stream_of", unreadable)
    refusal = refused(serving, "long")
    assert (refusal.status, refusal.code, refusal.remedy) == (400, "context_length_exceeded", "shorten the question")
    (entry,) = logged(log, 1)
    assert entry.error.startswith("context_length_exceeded: The question is too long")


def test_a_flood_of_refused_questions_does_not_fill_the_log(serving: Serving, log: Log) -> None:
    """Of each key so many in a minute are logged, cut to a size; another key's are logged all the same."""
    serving.queue.close(0)
    for i in range(500):
        refused(serving, f"q{i}", question="x" * 100_000)
    refused(serving, "other", key_id="2")
    written = logged(log, serving_module.REFUSALS.burst + 1, last="other")
    assert len(written) <= serving_module.REFUSALS.burst + 50 and written[-1].id == "other"
    assert max(len(entry.model_dump_json()) for entry in written) < 10_000


@pytest.mark.parametrize("model", ["rag", "extract", "long-context", "hybrid", "router"])
def test_history_hides_what_was_made_from_a_document_that_is_hidden_now(
    serving: Serving, documents: LiveDocuments, log: Log, model: str
) -> None:
    """Whichever contender gave the answer, and whether it names its passages or, as `long-context`, does not."""
    asked = Asked(id="one", model=model, question=ASKED, typed=ASKED, key="desk", key_id="1")
    list(serving.answer(asked, ("hr",)))
    assert len(logged(log, 1)) == 1
    holder = Holder(name="desk", id="1", labels=("hr",))
    app = Starlette(routes=FeedbackApi(log, documents, lambda request: holder).routes())
    history = lambda: send_request(app, "GET", "/history").body.decode()  # noqa: E731
    assert "90,000" in history()
    secrets = [document for document in documents.store.documents() if "90,000" in document.text]
    documents.put_all([document.model_copy(update={"access": ("board",)}) for document in secrets])
    assert "90,000" not in history()


def changed_while_written(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Makes a change between the last piece of an answer and its end."""

    def changing(contender: object, question: object) -> Iterator[object]:
        for item in stream_of(contender, question):
            if isinstance(item, Answer):
                change()
            yield item

    monkeypatch.setattr(serving_module, "stream_of", changing)


@pytest.mark.parametrize("model", ["rag", "extract", "long-context", "hybrid"])
def test_an_answer_is_withdrawn_whose_document_is_hidden_while_it_is_written(
    serving: Serving, documents: LiveDocuments, log: Log, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    """Nothing of it is sent or logged after that. Asked again, the question is answered from the others."""
    secrets = [document for document in documents.store.documents() if "90,000" in document.text]
    hide = lambda: documents.put_all([one.model_copy(update={"access": ("board",)}) for one in secrets])  # noqa: E731
    changed_while_written(monkeypatch, hide)
    asked = Asked(id="one", model=model, question=ASKED, typed=ASKED, key="desk", key_id="1")
    *_, last = serving.answer(asked, ("hr",))
    assert isinstance(last, Answer) and not last.text and not last.citations
    assert (failure_of(last.error).status, failure_of(last.error).code) == (409, "documents_changed")
    (entry,) = logged(log, 1)
    assert "90,000" not in entry.model_dump_json() and entry.error == last.error
    assert "90,000" not in said(serving, model, ("hr",))


def test_an_answer_is_withdrawn_whose_document_is_erased_while_it_is_written(
    serving: Serving, documents: LiveDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for a key that may see every document. A document that is deleted and keeps its text withdraws nothing."""
    question = "What does the parking permit of Zoe cost?"
    permit = Document(id="permit", text="The parking permit of Zoe costs 77 francs.", source="permit.md")
    asked = Asked(id="one", model="extract", question=question, typed=question)
    for change in (documents.delete, documents.erase):
        documents.put(permit)
        changed_while_written(monkeypatch, lambda change=change: change("permit"))
        *_, last = serving.answer(asked, None)
        assert isinstance(last, Answer)
        assert ("77 francs" in last.text) == (last.error is None) == (change == documents.delete)


def test_an_answer_that_may_rest_on_any_document_is_withdrawn_if_one_is_erased_while_it_is_written(
    serving: Serving, documents: LiveDocuments, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`long-context` cites nothing. One that was deleted before the answer began, or that its reader may not see,
    withdraws nothing.
    """
    permit = Document(id="permit", text="The parking permit of Zoe costs 77 francs.", source="permit.md")
    for labels in (None, ("hr",)):
        asked = Asked(id="one", model="long-context", question=ASKED, typed=ASKED, key="desk", key_id="1")
        for access, gone_before, change, is_given in (
            ((), False, documents.delete, True),
            ((), False, documents.erase, False),
            ((), True, documents.erase, True),
            (("board",), False, documents.erase, labels is not None),
        ):
            documents.put(permit.model_copy(update={"access": access}))
            if gone_before:
                documents.delete("permit")
            changed_while_written(monkeypatch, lambda change=change: change("permit"))
            *_, last = serving.answer(asked, labels)
            assert isinstance(last, Answer) and bool(last.text) == (last.error is None) == is_given
            assert is_given or failure_of(last.error).code == "documents_changed"


def test_changes_of_other_documents_withdraw_nothing(
    serving: Serving, documents: LiveDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is added that the reader may not see, and one is deleted that the answer does not cite."""
    other = Document(id="other", text="A note of the board about ducks.", source="other.md", access=("board",))
    changed_while_written(monkeypatch, lambda: (documents.put(other), documents.delete("other")))
    for model in ("rag", "extract", "long-context"):
        assert "90,000" in said(serving, model, ("hr",))


def test_history_hides_what_cites_a_document_that_was_erased(
    serving: Serving, documents: LiveDocuments, log: Log
) -> None:
    """From the key that asked; a key that oversees the log still sees it. One that is only deleted hides nothing."""
    question = "What does the parking permit of Zoe cost?"
    documents.put(Document(id="permit", text="The parking permit of Zoe costs 77 francs.", source="permit.md"))
    asked = Asked(id="one", model="extract", question=question, typed=question, key="desk", key_id="1")
    list(serving.answer(asked, ()))
    assert len(logged(log, 1)) == 1
    holders = Holder(name="desk", id="1", labels=()), Holder(name="boss", id="2", labels=None, manages=True)
    apps = [Starlette(routes=FeedbackApi(log, documents, lambda request, one=one: one).routes()) for one in holders]
    shown = lambda: ["77 francs" in send_request(app, "GET", "/history").body.decode() for app in apps]  # noqa: E731
    documents.delete("permit")
    assert shown() == [True, True]
    documents.erase("permit")
    assert shown() == [False, True]


def test_history_hides_what_may_rest_on_a_document_that_was_erased(
    serving: Serving, documents: LiveDocuments, log: Log
) -> None:
    """Answers of `long-context` from before; not those that were given after it, or that could not have read it."""
    documents.put(Document(id="permit", text="The permit of Zoe costs 77 francs.", source="permit.md", access=("hr",)))
    holders = [
        Holder(name=f"key {i}", id=str(i), labels=labels) for i, labels in enumerate((("hr",), ("legal",), None))
    ]

    def ask_all(when: str) -> None:
        for one in holders:
            asked = Asked(id="one", model="long-context", question=ASKED, typed=ASKED, key=one.name, key_id=one.id)
            list(serving.answer(asked.model_copy(update={"id": f"{when}-{one.id}"}), one.labels))

    def shown(holder: Holder) -> set[str]:
        app = Starlette(routes=FeedbackApi(log, documents, lambda request: holder).routes())
        return {one["id"] for one in json.loads(send_request(app, "GET", "/history").body)["answers"]}

    ask_all("before")
    documents.delete("permit")
    ask_all("between")
    assert len(logged(log, 6)) == 6
    assert [shown(one) for one in holders] == [{f"before-{i}", f"between-{i}"} for i in range(3)]
    documents.erase("permit")
    assert [shown(one) for one in holders] == [{"between-0"}, {"before-1", "between-1"}, {"between-2"}]


@pytest.mark.parametrize("model", ["extract", "long-context"])
def test_the_exported_log_teaches_no_trainer_what_has_labels(
    serving: Serving, documents: LiveDocuments, log: Log, model: str
) -> None:
    """A header says how many answers are left out; the table of the log, which only an operator reads, has them."""
    asked = Asked(id="one", model=model, question=ASKED, typed=ASKED, key="desk", key_id="1")
    list(serving.answer(asked, ("hr",)))
    assert len(logged(log, 1)) == 1
    holder = Holder(name="boss", id="2", labels=None, manages=True)
    app = Starlette(routes=FeedbackApi(log, documents, lambda request: holder).routes())
    exported = send_request(app, "GET", "/log/export?form=chat&which=all", stays=True)
    assert exported.status == 200 and exported.body == b""
    assert exported.headers["x-left-out"] == "restricted=1, erased=0"
    assert "90,000" in send_request(app, "GET", "/log/export?form=csv", stays=True).body.decode()


def refused(
    serving: Serving, id: str, model: str = "extract", key_id: str = "1", question: str = ASKED
) -> RefusedError:
    """The refusal of a question."""
    asked = Asked(id=id, model=model, question=question, typed=question, key="desk", key_id=key_id)
    with pytest.raises(RefusedError) as refusal:
        list(serving.answer(asked, ("hr",)))
    return refusal.value


def logged(log: Log, n: int, last: str | None = None) -> list[LoggedAnswer]:
    """The answers in the log, once there are so many and the last one is this one: they are written within moments."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        entries = list(log.entries(LoggedAnswer))
        if len(entries) >= n and last in (None, entries[-1].id):
            break
        time.sleep(0.02)
    return entries


def test_the_identity_of_a_router_covers_the_contenders_it_sends_questions_to(world: World) -> None:
    """Those that its routing was calibrated to, as they are opened from the folder."""
    assert [one.contender for one in identity_of(world, "router").behind] == ["tuned", "rag"]
