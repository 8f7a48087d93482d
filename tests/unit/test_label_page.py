"""The server behind the labelling page: who may use it, what it gives, and when a label is on the disk."""

import json

import pytest

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import ConfigError, MissingExtraError
from bakeoff.labelling.labelling import Labelling
from bakeoff.labelling.page.routes import SHARED
from bakeoff.labelling.start import PORTS, guarded_page, is_waiting, label_on_page, port_listener
from bakeoff.records import SourceSpan
from tests.unit.asgi_client import send_request
from tests.unit.fakes import question
from tests.unit.run_fixture import finished


class Page:
    """The page of one labeller, and its requests."""

    def __init__(self, folder, labeller="ada", judges=True):
        self.labelling = Labelling(folder, labeller)
        self.stopped = []
        self.app = guarded_page(self.labelling, judges, self.stopped.append)

    def get(self, path, status=200, **headers):
        response = send_request(self.app, "GET", path, [("host", "127.0.0.1:8100"), *headers.items()])
        assert response.status == status, response.body
        return response

    def json(self, path, status=200):
        return json.loads(self.get(path, status).body)

    def post(self, path, value, status=200, **headers):
        headers = {"host": "127.0.0.1:8100", "content-type": "application/json", **headers}
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        response = send_request(self.app, "POST", path, list(headers.items()), [body], stays=True)
        assert response.status == status, response.body
        return json.loads(response.body)


@pytest.fixture
def folder(tmp_path):
    span = SourceSpan(source="aldra.md", start=26, end=34)
    asked = [
        question(f"q{i}", f"What is {i}?", [f"right {i}"], split="test", slice="unseen", source_spans=(span,))
        for i in range(30)
    ]
    return finished(tmp_path / "run", asked, rag=range(20)).folder


@pytest.fixture
def page(folder):
    return Page(folder)


def test_the_page_and_all_its_files_are_served(page):
    """Every module that a page's module imports is there, and nothing else of the other page."""
    assert b"Label answers" in page.get("/").body
    for name in (*SHARED, "main.js", "label.css"):
        content = page.get(f"/web/{name}").body.decode()
        for line in content.splitlines():
            if line.startswith("import "):
                page.get(f"/web/{line.rpartition('./')[2].rstrip(';').rstrip(chr(34))}")
    assert page.get("/web/index.html").status == 200
    page.get("/web/ask_view.js", 404)


def test_modules_are_loaded_at_once(page):
    """Each imported module stands in the page's head, so that none waits for another."""
    html = page.get("/").body.decode()
    for name in SHARED:
        if name.endswith(".js"):
            assert f'href="/web/{name}"' in html


def test_a_card_hides_who_answered_and_how_it_was_graded(page, folder):
    """Question, accepted answers, answer, passage, and no more; no contender's name anywhere."""
    (id,) = page.labelling.pending(1)
    card = page.json(f"/answers/{id}")
    graded = page.labelling.by_id[id]
    assert set(card) == {"id", "question", "answers", "answer", "passages", "label", "others"}
    assert (card["answer"], card["question"]) == (graded.unit.text, graded.question.text)
    assert card["passages"][0]["document_id"] == "a"
    everything = json.dumps([card, page.json("/state")])
    assert '"rag"' not in everything and '"base"' not in everything


def test_a_label_is_on_the_disk_with_the_reply(page, folder):
    """And the state that comes back leads to the next answer."""
    ids = page.labelling.pending(2)
    state = page.post("/labels", {"id": ids[0], "verdict": "wrong", "note": "odd", "seconds": 3.4})
    assert state["pending"][0] == ids[1] and state["done"] == [ids[0]]
    assert state["progress"]["random_labelled"] == 1 and state["progress"]["n_random"] == 40
    written = json.loads(folder.labels_path.read_text())
    assert (written["verdict"], written["note"], written["seconds"], written["labeller"]) == (
        "wrong",
        "odd",
        3.4,
        "ada",
    )
    assert page.json(f"/answers/{ids[0]}")["label"] == {"verdict": "wrong", "note": "odd"}


def test_what_others_say_is_shown_in_a_second_look_only(page, folder):
    """Until then each labels alone."""
    (id,) = page.labelling.pending(1)
    page.post("/labels", {"id": id, "verdict": "wrong"})
    other = Page(folder, "bob")
    assert other.json(f"/answers/{id}")["others"] == []
    state = other.post("/labels", {"id": id, "verdict": "right", "note": "page 3"})
    assert state["disputed"] == [id] and state["progress"]["others"] == ["ada"]
    assert page.json(f"/answers/{id}?others=yes")["others"] == [
        {"labeller": "bob", "verdict": "right", "note": "page 3"}
    ]


@pytest.mark.parametrize(
    "body, status",
    [
        ({"id": "u0", "verdict": "right"}, 409),
        ({"verdict": "right"}, 400),
        ({"id": "u0", "verdict": "good"}, 400),
        ({"id": "u0", "verdict": "right", "labeller": "mallory"}, 400),
        (b"{", 400),
    ],
)
def test_bad_labels_get_one_message(page, folder, body, status):
    """Nothing is written."""
    assert page.post("/labels", body, status)["error"]["message"]
    assert not folder.labels_path.exists()


def test_only_this_page_may_write_labels(page, folder):
    """Not a page of another site, not a form, not another name for this machine."""
    label = {"id": page.labelling.pending(1)[0], "verdict": "right"}
    page.post("/labels", label, 403, origin="https://evil.example")
    page.post("/labels", label, 415, **{"content-type": "text/plain"})
    page.post("/labels", label, 421, host="evil.example")
    assert not folder.labels_path.exists()
    page.post("/labels", label, origin="http://127.0.0.1:8100")
    assert folder.labels_path.exists()


def test_the_page_may_load_nothing_from_elsewhere(page):
    """By its policy; and nothing in its files tries to."""
    assert "default-src 'none'" in page.get("/").headers["content-security-policy"]
    for name in ("main.js", "label.css", "index.html", "card_view.js"):
        assert b"//" not in page.get(f"/web/{name}").body.replace(b"// ", b"")


def test_a_broken_labels_file_is_said_in_the_page(page, folder):
    """With its line and what to do."""
    folder.labels_path.write_text("{broken\n")
    message = page.json("/state", 409)["error"]["message"]
    assert "labels.jsonl, line 1: not a label" in message and "What to do: correct or delete this line" in message


def test_the_whole_document_can_be_read(page):
    """In the panel and on a page of its own, the evidence marked."""
    panel = page.json("/documents/a?start=26&end=34&form=lines")
    marked = "".join(run[0] for line in panel["lines"] for cell in line[2] for run in cell if run[2])
    assert marked == "314 days"
    assert b'<mark id="span">314 days</mark>' in page.get("/documents/a?start=26&end=34").body
    page.get("/documents/zz", 404)


def test_finishing_judges_and_ends_the_server(page, folder):
    """The reply says what the verdict was and is."""
    page.post("/labels", {"id": page.labelling.pending(1)[0], "verdict": "right"})
    assert is_waiting(folder)
    judged = page.post("/finish", {})["judged"]
    assert judged["after"] and judged["report"] == str(folder.report_path)
    assert page.stopped[0].model_dump() == judged and not is_waiting(folder)


def test_finishing_without_labels_or_verdict_only_ends_it(folder):
    """There is nothing to judge, or nobody wants it."""
    page = Page(folder)
    ended = page.post("/finish", {})
    assert ended["judged"] is None and page.stopped
    assert ended["again"].startswith(f"bakeoff report {folder.root.name}")
    page = Page(folder, judges=False)
    page.post("/labels", {"id": page.labelling.pending(1)[0], "verdict": "right"})
    assert page.post("/finish", {})["judged"] is None and is_waiting(folder)


def test_a_run_in_use_is_judged_later(page, folder):
    """The page goes on, with the labels."""
    page.post("/labels", {"id": page.labelling.pending(1)[0], "verdict": "right"})
    with folder.lock():
        message = page.post("/finish", {}, 409)["error"]["message"]
    assert "Another process is using" in message and not page.stopped
    assert page.post("/finish", {})["judged"]


def test_documents_of_the_run_are_shown(page, folder):
    """Those it was measured with, also after they changed on the disk."""
    with SqliteStore(folder.world / "store.sqlite") as store:
        assert page.json("/documents/b?form=lines")["source"] == store.get("b").source


def test_a_used_port_is_passed_over_unless_it_was_named():
    """Two labellers of one machine need not agree on ports."""
    with port_listener(PORTS) as first, port_listener(PORTS) as second:
        taken = first.getsockname()[1]
        assert first.getsockname()[0] == "127.0.0.1" and second.getsockname()[1] != taken
        with pytest.raises(ConfigError, match=f"port {taken}"):
            port_listener((taken,))


def test_a_missing_extra_is_named(folder, monkeypatch):
    """With the command that installs it."""
    monkeypatch.setitem(__import__("sys").modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match=r"bakeoff\[serve\]"):
        label_on_page(folder, "ada", None, True, print)


def test_labels_written_before_are_done(folder):
    """The page begins after them."""
    page = Page(folder)
    (id,) = page.labelling.pending(1)
    page.post("/labels", {"id": id, "verdict": "right"})
    state = Page(folder).json("/state")
    assert state["done"] == [id] and id not in state["pending"]
