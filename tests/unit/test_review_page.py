"""The server behind the review page: who may use it, what it gives, and when a review is on the disk."""

import json

import pytest
from starlette.applications import Starlette

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import InputError, MissingExtraError
from bakeoff.learn.review.accuracy import seen_weeks
from bakeoff.learn.review.known import KnownQuestions
from bakeoff.learn.review.page.routes import OF_LABELLING, OF_SERVER, ReviewPage
from bakeoff.learn.review.reviewing import Reviewing, reviewed
from bakeoff.learn.review.start import guarded_page, review_on_page
from bakeoff.learn.review.weekly import WeeklySamples
from bakeoff.serve.guard.guarded import access_of, guarded
from bakeoff.serve.keys import KeyFile
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer, Review, now
from bakeoff.serve.openai.routes import exception_handlers
from tests.unit.asgi_client import send_request
from tests.unit.review_fixture import DOCUMENT, answered, reviewable


class Page:
    """An application and its requests."""

    def __init__(self, app, host="127.0.0.1:8100"):
        self.app = app
        self.host = host

    def get(self, path, status=200, **headers):
        response = send_request(self.app, "GET", path, [("host", self.host), *headers.items()])
        assert response.status == status, response.body
        return response

    def json(self, path, status=200, **headers):
        return json.loads(self.get(path, status, **headers).body)

    def post(self, value, status=201, **headers):
        headers = {"host": self.host, "content-type": "application/json", **headers}
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        response = send_request(self.app, "POST", "/review/reviews", list(headers.items()), [body], stays=True)
        assert response.status == status, response.body
        return json.loads(response.body)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """One deployment, which each test copies."""
    folder = tmp_path_factory.mktemp("review")
    return reviewable(folder / "desk", folder / "run")


@pytest.fixture
def root(template, tmp_path):
    import shutil

    return shutil.copytree(template, tmp_path / "desk")


@pytest.fixture
def log(root):
    with Log(root / "log.sqlite") as opened:
        yield opened


@pytest.fixture
def page(root, log):
    """The page as `bakeoff review` serves it."""
    with SqliteStore(root / "store.sqlite") as store:
        yield Page(guarded_page(Reviewing(log, store, "ada", KnownQuestions(root)), "desk"))


def test_the_page_and_all_its_files_are_served(page):
    """Every module that a module imports is there, and nothing else of the other pages."""
    html = page.get("/review").body.decode()
    for name in (*OF_SERVER, *OF_LABELLING, "main.js", "decision.js", "keys.js", "review_view.js", "review.css"):
        content = page.get(f"/review/web/{name}").body.decode()
        assert name.endswith((".css", ".svg")) or name == "main.js" or f'href="/review/web/{name}"' in html
        for line in content.splitlines():
            if line.startswith("import "):
                page.get(f"/review/web/{line.rpartition('./')[2].rstrip(';').rstrip(chr(34))}")
    for name in ("ask_view.js", "index.html", "routes.py", "verdict.js"):
        page.get(f"/review/web/{name}", 404)


def test_the_page_may_load_nothing_from_elsewhere(page):
    """By its policy; and nothing in its files tries to."""
    assert "default-src 'none'" in page.get("/review").headers["content-security-policy"]
    for name in ("main.js", "review.css", "decision.js", "keys.js", "review_view.js"):
        assert b"//" not in page.get(f"/review/web/{name}").body.replace(b"// ", b"")


def test_a_card_holds_all_that_a_reviewer_must_know(page):
    """Question as asked and as completed, answer, marked passage, candidate's answer, known questions."""
    card = page.json("/review/answers/weight")
    assert (card["question"], card["asked"]) == ("What does the pump Aldra weigh?", "and its weight?")
    assert (card["answer"], card["by"]) == ("314 kilograms", "rag, release 1")
    assert "a candidate answers differently" in card["why"] and card["why"][0] == "random sample"
    assert card["others"] == [{"text": "It weighs 3 tons", "by": "a candidate, tuned"}]
    lines = card["passages"][0]["lines"]
    assert "".join(run[0] for line in lines for cell in line[2] for run in cell if run[2]) == "314 kilograms"
    oil = page.json("/review/answers/oil")
    assert oil["similar"][0] == {
        "text": "How much oil is in the pump Aldra?",
        "fact": "oil",
        "answers": ["11 litres", "11 l"],
    }
    assert page.json("/review/answers/price")["answer"] is None
    assert {other["text"] for other in page.json("/review/answers/colour")["others"]} == {"red"}


def test_a_long_answer_is_accepted_with_a_short_one(page, log):
    """The one that is certain is shown; otherwise the page asks for it."""
    log.append(answered("cost", "What does a year cost?", "A year of the service costs 90 euros."))
    log.append(answered("who", "Who does it?", "The service in the spring is done by Jan Bo."))
    sure, asks = page.json("/review/answers/cost"), page.json("/review/answers/who")
    assert [(card["short"], card["needs_short"]) for card in (sure, asks)] == [("90 euros", False), ("", True)]
    page.post({"id": "who", "action": "accept", "answers": ["Ann Bo"]}, 409)
    page.post({"id": "who", "action": "accept", "answers": ["Jan Bo"]})
    assert page.json("/review/answers/who")["review"]["answers"] == [asks["answer"], "Jan Bo"]


def test_only_a_correction_without_warnings_is_filled_in(page):
    """A poisoned one is shown with its warnings, and the field stays empty."""
    good, bad = page.json("/review/answers/filter"), page.json("/review/answers/oil")
    assert (good["prefill"], good["flags"]) == ("every 6 months", [])
    assert bad["prefill"] == "" and bad["correction"].startswith("Always answer")
    assert any("instruct the model" in flag for flag in bad["flags"])
    assert any("address that no document holds" in flag for flag in bad["flags"])


def test_a_passage_is_shown_as_it_was_when_the_answer_was_given(page, root):
    """The document has changed since."""
    with SqliteStore(root / "store.sqlite") as store:
        store.upsert([DOCUMENT.model_copy(update={"text": "# Pump Aldra\n\nIt weighs nothing."})])
    (passage,) = page.json("/review/answers/weight")["passages"]
    assert any("314 kilograms" in run[0] for line in passage["lines"] for cell in line[2] for run in cell)
    version = page.json("/documents/aldra?form=lines&version=1")
    assert version["state"] == "replaced" and b"weighs nothing" in page.get("/documents/aldra").body
    page.get("/documents/none", 404)


def test_a_review_is_on_the_disk_with_the_reply(page, log):
    """And the state that comes back leads to the next answer."""
    before = page.json("/review/state")
    (first, second), n = before["pending"][:2], before["n_open"]
    state = page.post({"id": first, "action": "unanswerable", "note": "odd"})
    (review,) = log.entries(Review)
    assert (review.answer, review.action, review.by, review.note) == (first, "unanswerable", "ada", "odd")
    assert state["pending"][0] == second and state["done"] == [first] and state["n_open"] == n - 1
    assert state["sample"] == {"drawn": 6, "reviewed": 1}
    assert "1 of 6 drawn answers reviewed" in state["in_use"][0] and "Fewer than 80" in state["in_use"][1]
    assert page.json(f"/review/answers/{first}")["review"]["action"] == "unanswerable"


def test_what_the_form_says_is_stored(page, log):
    """A correction, a wrong document, and a question that asks for a known fact."""
    question = "How often is the filter of Aldra changed?"
    given = {"answers": [" every 6 months ", ""], "question": question, "right": False}
    page.post({"id": "filter", "action": "correct", **given})
    page.post({"id": "weight", "action": "document", "document_is": "wrong", "documents": ["aldra.md"], "right": True})
    page.post({"id": "oil", "action": "merge", "fact": "oil", "answers": ["11 litres", "11 l"]})
    found = {review.answer: review for review in log.entries(Review)}
    assert (found["filter"].answers, found["filter"].outcome) == (("every 6 months",), "wrong")
    assert (found["weight"].document_is, found["weight"].outcome) == ("wrong", "right")
    assert (found["oil"].fact, found["oil"].outcome) == ("oil", "wrong")
    questions = {one.id: one for one in reviewed(log)}
    assert set(questions) == {"filter", "oil"} and questions["oil"].fact == "oil"
    assert questions["filter"].question == question


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"id": "nothing", "action": "skip"}, 409),
        ({"id": "s", "action": "skip"}, 409),
        ({"id": "price", "action": "accept"}, 409),
        ({"id": "oil", "action": "correct"}, 409),
        ({"id": "oil", "action": "correct", "answers": ["  "]}, 409),
        ({"id": "oil", "action": "document"}, 409),
        ({"id": "oil", "action": "praise"}, 400),
        ({"id": "oil", "action": "skip", "by": "mallory"}, 400),
        ({"id": "oil", "action": "correct", "answers": ["a"] * 21}, 400),
        ({"action": "skip"}, 400),
        (b"{", 400),
    ],
)
def test_bad_reviews_get_one_message(page, log, body, status):
    """Nothing is written."""
    assert page.post(body, status)["error"]["message"]
    assert list(log.entries(Review)) == []


def test_only_this_page_may_write_reviews(page, log):
    """Not a page of another site, not a form, not another name for this machine."""
    review = {"id": "oil", "action": "skip"}
    page.post(review, 403, origin="https://evil.example")
    page.post(review, 415, **{"content-type": "text/plain"})
    page.post(review, 421, host="evil.example")
    assert list(log.entries(Review)) == []
    page.post(review, origin="http://127.0.0.1:8100")


def test_a_server_shows_it_to_keys_that_oversee_and_to_nobody_else(root, log, tmp_path):
    """The page itself needs no key: it holds no data. The reviewer is the key's name."""
    keys = KeyFile(tmp_path / "keys.jsonl")
    boss = keys.add("boss", labels=None, manages=True)
    part, desk = keys.add("part", labels=["hr"], manages=True), keys.add("desk", labels=None)
    routes = ReviewPage().routes(root, log, _holder)
    app = Page(
        guarded(Starlette(routes=list(routes), exception_handlers=exception_handlers()), access_of("127.0.0.1", keys))
    )
    app.get("/review")
    app.get("/review/web/main.js")
    app.get("/review/state", 401)
    for key in (part, desk):
        app.get("/review/state", 403, authorization=f"Bearer {key}")
        app.get("/review/answers/oil", 403, authorization=f"Bearer {key}")
        app.post({"id": "oil", "action": "skip"}, 403, authorization=f"Bearer {key}")
    assert app.json("/review/state", authorization=f"Bearer {boss}")["reviewer"] == "boss"
    app.post({"id": "oil", "action": "skip"}, authorization=f"Bearer {boss}")
    assert [review.by for review in log.entries(Review)] == ["boss"]
    assert app.json("/review/answers/oil", authorization=f"Bearer {boss}")["similar"][0]["fact"] == "oil"


def _holder(request):
    from bakeoff.serve.guard.bearer import holder_of

    return holder_of(request.scope)


def test_without_texts_there_is_nothing_to_review(root, tmp_path):
    """The page says so, and so does the command before it opens a port."""
    with Log(tmp_path / "none.sqlite", keep_texts=False) as log, SqliteStore(root / "store.sqlite") as store:
        log.append(answered("a", "How much?", "11 litres"))
        reviewing = Reviewing(log, store, "ada")
        error = Page(guarded_page(reviewing, "desk")).json("/review/state", 409)["error"]["message"]
        assert "keeps no questions and answers" in error and "--log-texts" in error
        with pytest.raises(InputError, match="keeps no questions"):
            review_on_page(reviewing, "desk", None, print)


def test_a_log_whose_texts_were_turned_off_says_so_where_it_is_opened_with_texts(root, tmp_path):
    """The local command does not know what the server was told; the entries show it."""
    with Log(tmp_path / "none.sqlite", keep_texts=False) as log:
        log.append(answered("a", "How much?", "11 litres"))
    with Log(tmp_path / "none.sqlite") as log, SqliteStore(root / "store.sqlite") as store:  # noqa: SIM117
        with pytest.raises(InputError, match="keeps no questions"):
            Reviewing(log, store, "ada").check_texts()


def test_a_missing_extra_is_named(page, root, log, monkeypatch):
    """With the command that installs it."""
    monkeypatch.setitem(__import__("sys").modules, "uvicorn", None)
    with SqliteStore(root / "store.sqlite") as store, pytest.raises(MissingExtraError, match=r"bakeoff\[serve\]"):
        review_on_page(Reviewing(log, store, "ada"), "desk", None, print)


def test_the_monitor_reads_the_reviewed_sample(page, log):
    """What the page stores is what accuracy in use is calculated from."""
    samples = WeeklySamples(log)
    for answer in log.entries(LoggedAnswer):
        samples.add(answer)

    def outcomes():
        reviews = {review.answer: review for review in log.entries(Review)}
        (week,) = seen_weeks(samples.drawn(reviews.values(), now()), reviews, "rag", [1])
        of = {answer.id: answer.outcome for answer in week.reviewed}
        return [of[id] for id in ("weight", "price", "oil", "colour")], sum(one.unanswerable for one in week.reviewed)

    page.post({"id": "weight", "action": "accept"})
    page.post({"id": "price", "action": "unanswerable"})
    page.post({"id": "oil", "action": "correct", "answers": ["11 litres"]})
    page.post({"id": "colour", "action": "skip"})
    assert outcomes() == (["right", "right", "wrong", None], 1)
    page.post({"id": "price", "action": "correct", "answers": ["400 euros"]})
    assert outcomes() == (["right", "declined", "wrong", None], 0)
