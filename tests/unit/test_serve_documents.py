"""The REST of documents: formats, names, limits, pages of old versions, and what a key with labels may see."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from bakeoff.corpus.buckets.store import BucketStore
from bakeoff.corpus.old_versions import LEAST_TEXTS
from bakeoff.corpus.sources.folders import document_id, read_documents
from bakeoff.corpus.stores import open_store
from bakeoff.errors import BakeoffError, InputError
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document
from bakeoff.retrieval.opening import open_index
from bakeoff.retrieval.searching import Filter
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.documents.names import clean_source
from bakeoff.serve.documents.routes import DocumentsApi
from bakeoff.serve.keys import Holder
from bakeoff.serve.openai.errors import ApiError
from bakeoff.serve.openai.routes import exception_handlers
from tests.unit.asgi_client import Response, send_request

STAFF, READER = {"X-Labels": "staff"}, {"X-Labels": "", "X-Reads": "1"}
PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
EXAMPLE = Path(__file__).parents[2] / "examples" / "support-desk" / "documents"


def holder_of(request: Request) -> Holder:
    """Without headers everyone at this machine; else the labels in X-Labels, and changing unless X-Reads is there."""
    labels = request.headers.get("X-Labels")
    given = None if labels is None else tuple(labels.split())
    return Holder(name="test", labels=given, manages="X-Reads" not in request.headers)


@pytest.fixture
def documents(keeping: Callable[[str], Path]) -> Iterator[LiveDocuments]:
    with opened(keeping("live")) as made:
        yield made


def opened(folder: Path) -> LiveDocuments:
    return LiveDocuments(open_store(folder), [open_index(folder, "index", HashEmbedder(dimension=32), 32)])


@pytest.fixture
def client(documents: LiveDocuments) -> TestClient:
    routes = DocumentsApi(documents, holder_of).routes()
    return TestClient(Starlette(routes=routes, exception_handlers=exception_handlers()), raise_server_exceptions=False)


def put(client: TestClient, id: str, text: str, **more: object) -> dict[str, object]:
    response = client.put(f"/documents/{quote(id, safe='')}", json={"text": text, **more})
    assert response.status_code in (200, 201), response.text
    return response.json()


def code(response: object) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_a_document_is_added_replaced_shown_and_deleted(client: TestClient, documents: LiveDocuments) -> None:
    """Each step answers with id, version and kind; searches see it at once."""
    added = client.put("/documents/walrus", json={"text": "# Walrus\n\nIt swims.", "labels": ["staff"]})
    assert (added.status_code, added.json()) == (201, {"id": "walrus", "version": 1, "kind": "added"})
    assert put(client, "walrus", "# Walrus\n\nIt sleeps.") == {"id": "walrus", "version": 2, "kind": "updated"}
    assert put(client, "walrus", "# Walrus\n\nIt sleeps.")["kind"] == "unchanged"
    assert [hit.chunk.text for hit in documents._indexes[0].search(["sleeps"], 1)[0]] == ["It sleeps."]
    shown = client.get("/documents/walrus").json()
    assert (shown["text"], shown["title"], shown["labels"]) == ("# Walrus\n\nIt sleeps.", "Walrus", ["staff"])
    assert client.delete("/documents/walrus").json() == {"id": "walrus", "version": 3}
    assert code(client.get("/documents/walrus")) == code(client.delete("/documents/walrus")) == (
        404, "document_not_found",
    )  # fmt: skip


def direct(client: TestClient, method: str, id: str, body: object = None) -> Response:
    """A request for this id, past the test client, which rewrites some paths. A server decodes the path once."""
    content = b"" if body is None else json.dumps(body).encode()
    headers = [("host", "localhost"), ("content-type", "application/json")]
    return send_request(client.app, method, f"/documents/{quote(id, safe='')}", headers, [content])


@pytest.mark.parametrize(
    "id",
    ["a/b/c", "/a", "ä ö", "日本語", "100%", "a%2Fb", "?x=1#y", "..", "../../etc/passwd", "a//b/", "'; DROP", "😀"],
)
def test_ids_may_be_any_text(client: TestClient, id: str) -> None:
    """Slashes, quotes, dots, emoji: each id is a document of its own, and none leads to a path outside."""
    put(client, "other", "Other.")
    assert json.loads(direct(client, "PUT", id, {"text": f"Text of {id}"}).body)["id"] == id
    shown = json.loads(direct(client, "GET", id).body)
    assert (shown["id"], shown["text"]) == (id, f"Text of {id}")
    assert ".." not in shown["source"].split("/") and not shown["source"].startswith("/")
    assert direct(client, "DELETE", id).status == 200
    assert [one["id"] for one in client.get("/documents").json()["documents"]] == ["other"]


@pytest.mark.parametrize("id", ["changes", "a\tb", "x" * 513, "\x00"])
def test_ids_that_cannot_be_are_refused(client: TestClient, id: str) -> None:
    """With one clear error; nothing is stored."""
    response = direct(client, "PUT", id, {"text": "T"})
    assert (response.status, response.code) == (400, "invalid_id")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"text": "   \n"}, "empty_document"), ({"text": 3}, "invalid_document"), ({}, "invalid_document"),
        ({"text": "a", "colour": 1}, "invalid_document"), ({"text": "a", "labels": [""]}, "invalid_document"),
        ({"text": "a", "labels": "staff"}, "invalid_document"), ([], "invalid_document"),
        ({"text": "a", "source": "../x"}, "invalid_source"), ({"text": "a", "source": "a\x00b"}, "invalid_source"),
        ({"text": "a", "meta": [1]}, "invalid_document"),
        ({"text": "a", "labels": ["x"] * 65}, "invalid_document"),
    ],
)  # fmt: skip
def test_bad_json_is_refused_by_name(client: TestClient, documents: LiveDocuments, body: object, expected: str) -> None:
    """Status 400, the code says what is wrong; nothing is stored."""
    assert code(client.put("/documents/a", json=body)) == (400, expected)
    assert documents.version == 0


def test_other_bodies_are_refused(client: TestClient) -> None:
    """No JSON, an unknown content type, a form without files, a broken form."""
    json_type = {"Content-Type": "application/json"}
    assert code(client.put("/documents/a", content=b"{", headers=json_type)) == (400, "invalid_json")
    assert code(client.put("/documents/a", content=b"x")) == (415, "unsupported_media_type")
    assert code(client.post("/documents", content=b"x")) == (415, "unsupported_media_type")
    assert code(client.post("/documents", data={"a": "b"}, files={})) == (415, "unsupported_media_type")
    broken = {"Content-Type": "multipart/form-data"}
    assert code(client.post("/documents", content=b"x", headers=broken)) == (400, "invalid_form")


def test_files_become_what_a_pilot_makes_of_them(client: TestClient, documents: LiveDocuments) -> None:
    """The documents of the bundled example, in every format, sent as files, equal those that a pilot reads."""
    paths = sorted(path for path in EXAMPLE.rglob("*") if path.is_file())
    files = [("files", (path.relative_to(EXAMPLE).as_posix(), path.read_bytes())) for path in paths]
    report = client.post("/documents", files=files).json()
    expected = {one.id: one.model_copy(update={"updated_at": None}) for one in read_documents([EXAMPLE]).documents}
    stored = {one.id: one.model_copy(update={"updated_at": None}) for one in documents.store.documents()}
    assert stored == expected
    assert len(report["added"]) == len(expected) and report["version"] == 1
    again = client.post("/documents", files=files).json()
    assert len(again["unchanged"]) == len(expected) and again["version"] == 1


def test_problems_are_reported_for_each_file_and_the_rest_is_added(client: TestClient) -> None:
    """Hidden files, archives, wrong contents, empty files and paths that leave the folder are named with the reason."""
    files = [
        ("files", (name, content))
        for name, content in [
            ("good.md", b"# Good\n\nText."), (".env", b"SECRET=1"), ("a/.git/config.txt", b"x"), ("~$lock.docx", b"x"),
            ("all.zip", b"PK\x03\x04"), ("fake.pdf", b"no pdf"), ("empty.txt", b" "), ("../up.md", b"up"),
            ("C:\\docs\\win.md", b"Windows."), ("program.exe", b"MZ"),
        ]
    ]  # fmt: skip
    report = client.post("/documents", files=files).json()
    assert [one["source"] for one in report["added"]] == ["good.md", "win.md"]
    reasons = {problem["source"]: problem["reason"] for problem in report["problems"]}
    assert set(reasons) == {
        ".env", "a/.git/config.txt", "~$lock.docx", "all.zip", "fake.pdf", "empty.txt", "../up.md", "program.exe",
    }  # fmt: skip
    assert reasons[".env"] == reasons["a/.git/config.txt"] == "hidden" and "empty" in reasons["empty.txt"]


def test_one_file_can_be_the_body_of_a_put(client: TestClient) -> None:
    """By its content type or by ?filename=; a file with several documents or with none is refused."""
    html = b"<html><body><h1>Walrus</h1><p>It swims.</p></body></html>"
    sent = client.put("/documents/w", content=html, headers={"Content-Type": "text/html; charset=utf-8"})
    assert sent.status_code == 201
    shown = client.get("/documents/w").json()
    assert (shown["title"], shown["source"], "It swims." in shown["text"]) == ("Walrus", "w.html", True)
    named = client.put("/documents/w?filename=x.md&labels=a,b", content=b"# Seal\n\nIt barks.")
    assert named.json()["kind"] == "updated"
    assert client.get("/documents/w").json()["labels"] == ["a", "b"]
    rows = b"id,text\n1,One text that is long enough.\n2,Another text that is long enough.\n"
    assert code(client.put("/documents/r?filename=r.csv", content=rows)) == (400, "several_documents")
    assert code(client.put("/documents/r?filename=r.md", content=b"")) == (400, "empty_document")
    assert code(client.put("/documents/r?filename=../r.md", content=b"x")) == (400, "invalid_source")
    assert code(client.put("/documents/r?filename=r.pdf", content=b"x")) == (400, "unreadable_document")


def test_a_file_replaces_the_document_with_its_source(client: TestClient) -> None:
    """Whatever id that document has; a document with another id cannot take a source that is in use."""
    put(client, "mine", "Old.", source="docs/a.md")
    report = client.post("/documents", files=[("files", ("docs/a.md", b"New text."))]).json()
    assert [one["id"] for one in report["updated"]] == ["mine"]
    assert code(client.put("/documents/else", json={"text": "x", "source": "docs/a.md"})) == (409, "conflict")
    assert document_id("docs/a.md") not in {one["id"] for one in client.get("/documents").json()["documents"]}


def sent(
    client: TestClient, name: str, text: str, query: str = "", **headers: str
) -> dict[str, list[dict[str, object]]]:
    """The report on one file that is sent."""
    response = client.post(f"/documents{query}", files=[("files", (name, text.encode()))], headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_file_is_placed_in_a_folder(client: TestClient) -> None:
    """Its source begins with the folder, so it replaces the document there; one that leads elsewhere is refused."""
    put(client, "mine", "Old.", source="hr/pay/expenses.txt")
    report = sent(client, "expenses.txt", "New text.", "?folder=/hr//pay/")
    assert [(one["id"], one["source"]) for one in report["updated"]] == [("mine", "hr/pay/expenses.txt")]
    added = sent(client, "a/b.txt", "Text.", "?folder=hr")["added"]
    assert [(one["id"], one["source"]) for one in added] == [(document_id("hr/a/b.txt"), "hr/a/b.txt")]
    assert [one["source"] for one in sent(client, "c.txt", "Text C.", "?folder=")["added"]] == ["c.txt"]
    files = [("files", ("d.txt", b"Text."))]
    assert code(client.post("/documents?folder=../up", files=files)) == (400, "invalid_source")


def test_a_file_whose_name_another_folder_has_can_be_asked_about(client: TestClient) -> None:
    """With same_name=ask it is left out and named with those files; rows of a table count as their file. What has the
    very path is replaced without a question. Without it, the file is added beside.
    """
    for id, source in {
        "1": "hr/expenses.txt",
        "2": "it/expenses.txt",
        "3": "it/prices.csv#7",
        "4": "my expenses.txt",
    }.items():
        put(client, id, f"Text {id}.", source=source)
    report = sent(client, "expenses.txt", "New text.", "?same_name=ask")
    assert report["same_name"] == [{"source": "expenses.txt", "there": ["hr/expenses.txt", "it/expenses.txt"]}]
    assert not report["added"] and report["version"] == 4
    report = sent(client, "prices.csv", "id,text\n1,One text that is long enough.", "?same_name=ask&folder=hr")
    assert report["same_name"] == [{"source": "hr/prices.csv", "there": ["it/prices.csv"]}]
    assert sent(client, ".\\expenses.txt", "x", "?same_name=ask")["same_name"][0]["source"] == "expenses.txt"
    report = sent(client, "expenses.txt", "New text.", "?same_name=ask&folder=it")
    assert [one["id"] for one in report["updated"]] == ["2"] and report["same_name"] == []
    report = sent(client, "expenses.txt", "Newer text.")
    assert [one["source"] for one in report["added"]] == ["expenses.txt"] and report["same_name"] == []
    files = [("files", ("d.txt", b"Text."))]
    assert code(client.post("/documents?same_name=maybe", files=files)) == (400, "invalid_parameter")


def test_a_document_that_is_there_under_another_name_is_named(client: TestClient) -> None:
    """Once it was added: the report names the other one with the same text."""
    put(client, "1", "# Fees\n\nNone.", source="hr/fees.md")
    put(client, "2", "# Fees\n\nNone.", source="old/fees.md")
    report = sent(client, "costs.md", "# Fees\n\nNone.")
    assert [(one["source"], one["same_as"]) for one in report["added"]] == [("costs.md", "hr/fees.md")]
    assert "same_as" not in sent(client, "other.md", "# Fees\n\nNone at all.")["added"][0]
    assert "same_as" not in sent(client, "costs.md", "# Fees\n\nNone.")["unchanged"][0]


def test_what_a_key_may_not_see_is_not_named(client: TestClient) -> None:
    """Neither as a file of the same name nor as one with the same text."""
    put(client, "1", "Secret pay.", source="board/pay.txt", labels=["board"])
    report = sent(client, "pay.txt", "Secret pay.", "?same_name=ask", **STAFF)
    assert report["same_name"] == [] and [list(one) for one in report["added"]] == [["id", "source", "title"]]
    report = sent(client, "x/pay.txt", "Secret pay.", "?same_name=ask")
    assert report["same_name"] == [{"source": "x/pay.txt", "there": ["board/pay.txt", "pay.txt"]}]


def test_what_was_copied_from_the_run_is_counted(client: TestClient, documents: LiveDocuments) -> None:
    """The first version, as far as a key may see it: a page need not list it document by document."""
    first = [
        Document(id=id, text=f"Text {id}.", source=f"{id}.md", access=access)
        for id, access in {"a": (), "b": ("staff",), "c": ("board",)}.items()
    ]
    documents.put_all(first)
    put(client, "d", "Later.")
    client.delete("/documents/a")
    assert client.get("/documents/changes?n=1").json()["n_copied"] == 3
    assert client.get("/documents/changes", headers=STAFF).json()["n_copied"] == 2


def test_the_page_marks_the_cited_span_of_the_cited_version(client: TestClient) -> None:
    """Everything is escaped. Replaced and deleted documents stay readable, and a line says what they are."""
    text = "Before <script>alert(1)</script> & the span, then the rest."
    put(client, "a", text, title="<b>Title</b>", source="a.md")
    start = text.index("the span")
    address = f"/documents/a?version=1&start={start}&end={start + 8}"
    for change, notice in [(None, ""), ("put", "has changed since"), ("delete", "was deleted")]:
        if change == "put":
            put(client, "a", "Something else.")
        elif change == "delete":
            client.delete("/documents/a")
        response = client.get(address, headers=PAGE)
        assert response.headers["content-type"].startswith("text/html")
        soup = BeautifulSoup(response.text, "html.parser")
        assert soup.select_one("body.document div.document-text").get_text() == text
        assert soup.select_one("mark#span").get_text() == "the span" and not soup.find("script")
        assert soup.h1.get_text() == "<b>Title</b>" and soup.find("link", rel="stylesheet")["href"] == "/web/style.css"
        assert notice in soup.get_text() and (notice or not soup.select(".notice"))
        assert client.get(address).json()["text"] == text
    assert client.get(address).json()["state"] == "deleted"
    assert code(client.get("/documents/a", headers=PAGE)) == (404, "document_not_found")


def test_the_page_shows_form_and_no_signs_of_markdown(client: TestClient) -> None:
    """Headings, items, tables and code are elements. A passage over several of them is marked exactly."""
    text = "# Care\n\n- **Descale** it\n\n| Water | Weeks |\n| --- | --- |\n| soft | 8 |\n\n```\nif a < b\n```\nEnd"
    put(client, "a", text, title="Care", source="a.md")
    start, end = text.index("scale**"), text.index("8 |")
    soup = BeautifulSoup(client.get(f"/documents/a?start={start}&end={end}", headers=PAGE).text, "html.parser")
    shown = soup.select_one(".document-text")
    assert shown.get_text() == text
    assert "".join(mark.get_text() for mark in shown.select("mark")) == text[start:end]
    assert [mark.get_text() for mark in shown.select("mark#span")] == ["scale** it\n"]
    for sign in shown.select(".sign"):
        sign.clear()
    assert shown.h2.get_text(strip=True) == "Care" and shown.select_one(".item").get_text() == "Descale it\n"
    rows = [[cell.get_text() for cell in row.select("th, td")] for row in shown.select("tr:not(.sign)")]
    assert rows == [["Water", "Weeks"], ["soft", "8"]]
    assert shown.pre.get_text() == "if a < b\n"
    assert not set("#*|`") & set(shown.get_text())


def test_a_program_gets_the_lines_with_their_form_if_it_wants_them(client: TestClient) -> None:
    """In place of the text, which they hold; the passage is marked in them."""
    put(client, "a", "# Care\n\nDescale it.", title="Care", source="a.md")
    found = client.get("/documents/a?start=8&end=15&form=lines").json()
    assert "text" not in found and (found["start"], found["end"]) == (8, 15)
    assert found["lines"] == [
        ["heading", 1, [[["# ", "sign", False], ["Care\n", "", False]]]],
        ["blank", 0, [[["\n", "", False]]]],
        ["text", 0, [[["Descale", "", True], [" it.", "", False]]]],
    ]
    assert code(client.get("/documents/a?form=html")) == (400, "invalid_parameter")


@pytest.mark.parametrize(
    ("query", "marked"), [("start=5&end=3", None), ("start=999999", None), ("start=3&end=99999", "rus."), ("", None)]
)
def test_a_span_outside_the_text_is_cut_or_left_out(client: TestClient, query: str, marked: str | None) -> None:
    """Never an error: a link may be old."""
    put(client, "a", "Walrus.")
    soup = BeautifulSoup(client.get(f"/documents/a?{query}", headers=PAGE).text, "html.parser")
    mark = soup.select_one("mark")
    assert (mark.get_text() if mark else None) == marked


@pytest.mark.parametrize("query", ["version=x", "version=-1", "start=1.5", "end=٣", "version=99999999999999999999"])
def test_numbers_that_are_none_are_refused(client: TestClient, query: str) -> None:
    """With the name of the parameter."""
    put(client, "a", "Walrus.")
    assert code(client.get(f"/documents/a?{query}")) == (400, "invalid_parameter")


def test_lists_go_page_by_page_and_can_be_searched(client: TestClient) -> None:
    """In the order of sources; `next` leads through all of them, also while documents are added."""
    for number in range(5):
        put(client, f"d{number}", f"Text {number}", title=f"Größe {number}", source=f"s{number}.md")
    first = client.get("/documents?limit=2").json()
    assert [one["id"] for one in first["documents"]] == ["d0", "d1"] and first["version"] == 5
    put(client, "x", "More.", source="s0a.md")
    rest = client.get("/documents", params={"limit": 3, "after": first["next"]}).json()
    assert ([one["id"] for one in rest["documents"]], rest["next"]) == (["d2", "d3", "d4"], None)
    assert [one["id"] for one in client.get("/documents?query=gRÖSSE 3").json()["documents"]] == ["d3"]
    assert client.get("/documents?query=%25").json()["documents"] == []
    assert set(first["documents"][0]) >= {"id", "title", "source", "updated_at", "version", "labels", "n_characters"}
    assert code(client.get("/documents?limit=0")) == (400, "invalid_parameter")


def test_changes_are_listed_newest_first(client: TestClient) -> None:
    """A deletion shows what was deleted."""
    put(client, "a", "One.", title="First")
    put(client, "a", "Two.", title="Second")
    client.delete("/documents/a")
    changes = client.get("/documents/changes?n=2").json()["changes"]
    assert [(one["version"], one["kind"], one["title"]) for one in changes] == [
        (3, "deleted", "Second"), (2, "updated", "Second"),
    ]  # fmt: skip


def visible(client: TestClient, headers: dict[str, str], id: str) -> dict[str, object]:
    """Every way to see a document with a key: (in the list, in the changes, now, as of version 1, as of version 2)."""
    return {
        "list": id in {one["id"] for one in client.get("/documents", headers=headers).json()["documents"]},
        "changes": [
            one["version"]
            for one in client.get("/documents/changes", headers=headers).json()["changes"]
            if one["id"] == id
        ],
        "now": client.get(f"/documents/{id}", headers=headers).status_code == 200,
        1: client.get(f"/documents/{id}?version=1", headers={**headers, **PAGE}).status_code == 200,
        2: client.get(f"/documents/{id}?version=2", headers=headers).status_code == 200,
    }


NOTHING = {"list": False, "changes": [], "now": False, 1: False, 2: False}


def test_a_key_sees_only_what_its_labels_allow(client: TestClient, documents: LiveDocuments) -> None:
    """In lists, pages, old versions and changes; what it may not see looks as if it did not exist."""
    put(client, "a", "Secret plan.", labels=["board"])
    assert visible(client, STAFF, "a") == NOTHING
    seen = {"list": True, "changes": [1], "now": True, 1: True, 2: True}
    assert visible(client, {"X-Labels": "staff board"}, "a") == seen
    assert documents._indexes[0].search(["secret plan"], 5, Filter(access=("staff",))) == [[]]
    unknown, hidden = client.get("/documents/b", headers=STAFF), client.get("/documents/a", headers=STAFF)
    assert unknown.json()["error"]["message"].replace("'b'", "'a'") == hidden.json()["error"]["message"]


@pytest.mark.parametrize("labels", [["board"], ["staff", "board"], ["board", "legal"]])
def test_a_key_gives_only_labels_that_it_holds(client: TestClient, documents: LiveDocuments, labels: list[str]) -> None:
    """In every way of writing: what it could not see, it could not take back. Nothing of the request is changed."""
    put(client, "known", "Open.", labels=["staff"])
    version, query = documents.store.version, ",".join(labels)
    front = f"---\nlabels: {query}\n---\nPay.".encode()
    two = [("file", ("a.md", b"Open.")), ("file", ("b.md", front))]
    batch = {"documents": [{"id": "a", "text": "One."}, {"id": "b", "text": "Two.", "labels": labels}]}
    markdown = {**STAFF, "Content-Type": "text/markdown"}
    refused = [
        client.put("/documents/new", json={"text": "Pay.", "labels": labels}, headers=STAFF),
        client.put("/documents/known", json={"text": "Pay.", "labels": labels}, headers=STAFF),
        client.put(f"/documents/new?labels={query}", content=b"Pay.", headers=markdown),
        client.put("/documents/new", content=front, headers=markdown),
        client.post("/documents", json=batch, headers=STAFF),
        client.post(f"/documents?labels={query}", files=[("file", ("a.md", b"Pay."))], headers=STAFF),
        client.post("/documents?folder=hr", files=two, headers=STAFF),
        client.put("/documents/new", json={"text": "Pay.", "labels": ["staff"]}, headers={"X-Labels": ""}),
    ]
    assert [code(one) for one in refused] == len(refused) * [(403, "labels_not_allowed")]
    message = refused[0].json()["error"]["message"]
    assert "Nothing was changed" in message and "The labels of the key: staff." in message
    assert documents.store.version == version


def test_a_key_keeps_labels_of_others_that_a_document_has(client: TestClient) -> None:
    """It changes the text, leaves labels out or takes them away; a key that sees all gives any."""
    put(client, "a", "Then.", labels=["staff", "board"])
    for sent in ({}, {"labels": ["board", "staff"]}, {"labels": ["staff"]}, {"labels": ["staff"]}, {"labels": []}):
        response = client.put("/documents/a", json={"text": "Now.", **sent}, headers=STAFF)
        assert response.status_code == 200, response.text
        assert client.get("/documents/a", headers=STAFF).status_code == 200
    assert client.put("/documents/a", json={"text": "Now.", "labels": ["board"]}, headers=STAFF).status_code == 403
    put(client, "a", "Now.", labels=["board"])
    put(client, "b", "Both.", labels=["staff", "board"])
    alone = client.put("/documents/b", json={"text": "Now.", "labels": ["board"]}, headers=STAFF)
    assert code(alone) == (403, "labels_not_allowed")


def test_an_old_version_needs_its_own_labels_and_those_of_today(client: TestClient) -> None:
    """A document that becomes secret hides its past; one that becomes public does not publish its secret past."""
    put(client, "a", "Open once.")
    put(client, "a", "Secret now.", labels=["board"])
    assert visible(client, STAFF, "a") == NOTHING
    client.delete("/documents/a")
    assert visible(client, STAFF, "a") == NOTHING
    put(client, "b", "Secret once.", labels=["board"])
    put(client, "b", "Open now.", labels=[])
    board = {"X-Labels": "board"}
    assert client.get("/documents/b?version=4", headers=STAFF).status_code == 404
    assert client.get("/documents/b?version=4", headers=board).json()["text"] == "Secret once."
    assert client.get("/documents/b?version=5", headers=STAFF).json()["text"] == "Open now."
    assert [one["version"] for one in client.get("/documents/changes", headers=STAFF).json()["changes"]] == [5]


def test_a_version_whose_text_is_gone_is_not_found_and_stays_as_hidden_as_it_was(
    client: TestClient, documents: LiveDocuments
) -> None:
    """What changed and who might see it is known; the text is not."""
    put(client, "a", "Secret once.", labels=["board"])
    put(client, "a", "Open now.", labels=[])
    for number in range(2 * LEAST_TEXTS):
        put(client, "b", f"Text {number}.")
    assert client.get("/documents/a?version=2", headers=STAFF).json()["text"] == "Open now."
    board = {"X-Labels": "board"}
    assert client.get("/documents/a?version=1", headers=board).status_code == 404
    assert client.get("/documents/b?version=3", headers=board).status_code == 404
    assert documents.hidden([("a", 1), ("a", 2), ("b", 3)], ("staff",)) == {("a", 1)}
    changes = client.get("/documents/changes?n=1000", headers=board).json()["changes"]
    assert [one["version"] for one in changes] == [*range(2 * LEAST_TEXTS + 2, 0, -1)]


def test_an_erased_document_is_shown_to_nobody_in_any_version(client: TestClient, documents: LiveDocuments) -> None:
    """One that is live, and one that was deleted before. What a key may not see, it cannot erase."""
    put(client, "a", "The code is QUOKKA.", labels=["board"])
    if isinstance(documents.store, BucketStore):
        assert "no text can be erased" in client.delete("/documents/a?erase=true").json()["error"]["message"]
        assert client.get("/documents/a").status_code == 200
        return
    put(client, "b", "The code is WOMBAT.")
    client.delete("/documents/b")
    assert client.get("/documents/b?version=2").status_code == 200
    assert client.delete("/documents/a?erase=true", headers=STAFF).status_code == 404
    assert client.get("/documents/a").status_code == 200
    for id in ("a", "b"):
        reply = client.delete(f"/documents/{id}?erase=true").json()
        assert (reply["n_erased"], reply["version"]) == (1, documents.version)
        assert [client.get(f"/documents/{id}?version={version}").status_code for version in (1, 2, 3, 4)] == 4 * [404]
    said = client.get("/documents/changes?n=100").text + client.get("/documents?query=").text
    assert "QUOKKA" not in said and "WOMBAT" not in said
    assert code(client.delete("/documents/never?erase=true")) == (404, "document_not_found")
    assert code(client.delete("/documents/a?erase=maybe")) == (400, "invalid_parameter")


def test_what_was_cited_is_hidden_by_todays_labels_and_those_of_its_version(
    client: TestClient, documents: LiveDocuments
) -> None:
    """As for old versions. A deleted document is judged by its last labels; one that never was there is hidden."""
    put(client, "a", "Open then.")
    put(client, "b", "Closed then.", labels=["board"])
    put(client, "c", "Gone.", labels=["staff"])
    put(client, "d", "Gone, too.", labels=["board"])
    put(client, "a", "Closed now.", labels=["board"])
    put(client, "b", "Open now.", labels=[])
    for id in ("c", "d"):
        client.delete(f"/documents/{id}")
    cited = [("a", 1), ("a", None), ("b", 2), ("b", 6), ("c", 3), ("d", 4), ("c", 1), ("never", 1), ("never", None)]
    hidden = {("a", 1), ("a", None), ("b", 2), ("d", 4), ("never", 1), ("never", None)}
    assert documents.hidden(cited, ("staff",)) == hidden
    assert documents.hidden(cited, ("staff", "board")) == {("never", 1), ("never", None)}
    assert documents.hidden(cited, None) == documents.hidden([], ()) == set()


def test_hiding_a_document_from_somebody_has_a_version(client: TestClient, documents: LiveDocuments) -> None:
    """The newest one at which a document was hidden, also if it was deleted in between or shown again later."""
    put(client, "a", "One.", labels=["staff"])
    put(client, "b", "Two.")
    assert documents.narrowed(("staff",)) == 0
    put(client, "a", "One.", labels=["board"])
    assert (documents.narrowed(("staff",)), documents.narrowed(("board",)), documents.narrowed(())) == (3, 0, 0)
    client.delete("/documents/b")
    put(client, "b", "Two.", labels=["board"])
    put(client, "a", "One.", labels=["staff"])
    assert (documents.narrowed(("staff",)), documents.narrowed(("board",)), documents.narrowed(())) == (5, 6, 5)
    assert documents.narrowed(None) == 0


def test_labels_that_are_not_given_stay(client: TestClient) -> None:
    """Replacing a text, or its file, never shows it to more people; labels can be removed only by saying so."""
    put(client, "a", "One.", labels=["board"], source="a.md")
    put(client, "a", "Two.")
    client.post("/documents", files=[("files", ("a.md", b"Three."))])
    assert client.get("/documents/a").json()["labels"] == ["board"]
    client.post("/documents?labels=", files=[("files", ("a.md", b"Three."))])
    assert client.get("/documents/a").json()["labels"] == []


def test_a_key_cannot_change_what_it_may_not_see(client: TestClient, documents: LiveDocuments) -> None:
    """Its id and its source are taken, also for a file or in a batch. Deleting it is deleting what does not exist."""
    put(client, "a", "Secret plan.", labels=["board"], source="a.md")
    assert code(client.put("/documents/a", json={"text": "Mine."}, headers=STAFF)) == (409, "conflict")
    assert code(client.delete("/documents/a", headers=STAFF)) == (404, "document_not_found")
    report = client.post("/documents", files=[("files", ("a.md", b"Mine."))], headers=STAFF).json()
    assert [problem["source"] for problem in report["problems"]] == ["a.md"] and not report["updated"]
    assert code(client.put("/documents/x", json={"text": "Mine.", "source": "a.md"}, headers=STAFF)) == (
        409,
        "conflict",
    )
    batch = {"documents": [{"id": "a", "text": "Mine."}]}
    assert code(client.post("/documents", json=batch, headers=STAFF)) == (409, "conflict")
    replies = [client.post("/documents", json={"deleted": [id]}, headers=STAFF) for id in ("a", "nothing")]
    assert (replies[0].status_code, replies[0].json()) == (200, replies[1].json())
    assert documents.version == 1 and client.get("/documents/a").json()["text"] == "Secret plan."


def test_changing_needs_a_key_that_manages(client: TestClient, documents: LiveDocuments) -> None:
    """Reading does not."""
    put(client, "a", "Open.")
    attempts = [
        client.put("/documents/a", json={"text": "x"}, headers=READER),
        client.delete("/documents/a", headers=READER),
        client.post("/documents", files=[("files", ("a.md", b"x"))], headers=READER),
        client.post("/documents", json={"deleted": ["a"]}, headers=READER),
    ]
    assert [code(attempt) for attempt in attempts] == [(403, "not_allowed")] * 4
    assert visible(client, READER, "a")["now"] and documents.version == 1


def test_a_batch_is_one_change(client: TestClient) -> None:
    """All of it or, if one document is wrong, nothing."""
    put(client, "old", "Old.", source="a.md")
    new = [{"id": "n1", "text": "One.", "source": "a.md"}, {"id": "n2", "text": "Two."}]
    batch = {"documents": new, "deleted": ["old"]}
    report = client.post("/documents", json=batch).json()
    assert ([one["id"] for one in report["added"]], report["version"]) == (["n1", "n2"], 2)
    wrong = {"documents": [{"id": "n3", "text": "Three."}, {"id": "n4", "text": " "}]}
    assert code(client.post("/documents", json=wrong)) == (400, "empty_document")
    assert {one["id"] for one in client.get("/documents").json()["documents"]} == {"n1", "n2"}


def test_a_change_that_cannot_be_made_is_no_success(
    client: TestClient, documents: LiveDocuments, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk: 503, no path of the server in the text but in its log, and what was there stays."""
    put(client, "a", "One.")

    def full(*_: object, **__: object) -> None:
        raise BakeoffError("The disk is full: /var/lib/secret.", "free some space")

    with monkeypatch.context() as patch:
        patch.setattr(documents.store, "change", full)
        response = client.put("/documents/a", json={"text": "Two."})
    assert code(response) == (503, "documents_unavailable") and "/var" not in response.text
    assert response.headers["Retry-After"] == "5"
    assert "The disk is full: /var/lib/secret. -> free some space" in caplog.messages
    assert client.get("/documents/a").json()["text"] == "One."
    assert put(client, "a", "Two.")["kind"] == "updated"


def test_a_change_that_searches_do_not_see_yet_is_said_to_be_stored(
    client: TestClient, documents: LiveDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that cannot be written: 503 with a code of its own, and the version that holds it."""

    def refused(*_: object, **__: object) -> None:
        raise InputError("/var/lib/secret cannot be written.", "make it writable")

    with monkeypatch.context() as patch:
        patch.setattr(documents._indexes[0], "sync", refused)
        replies = [client.put("/documents/a", json={"text": "Two."}), client.delete("/documents/a")]
    for version, reply in enumerate(replies, 1):
        assert code(reply) == (503, "not_searchable_yet") and "/var" not in reply.text
        assert f"is stored as version {version}, but searches do not find it yet" in reply.text
        assert "nothing needs to be sent again" in reply.text


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("PUT", "/documents/a", "application/json"),
        ("PUT", "/documents/a", "text/markdown"),
        ("POST", "/documents", "application/json"),
        ("POST", "/documents", "multipart/form-data; boundary=x"),
    ],
)
def test_a_client_that_goes_away_in_its_body_changes_nothing(
    client: TestClient, documents: LiveDocuments, method: str, path: str, kind: str
) -> None:
    """And is no error of the server's own."""
    half = [b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\nHalf', 0.0]
    headers = [("host", "testserver"), ("content-type", kind)]
    assert send_request(client.app, method, path, headers, half).status == 499
    assert documents.version == 0


def test_json_is_what_programs_get_and_pages_what_browsers_get(client: TestClient) -> None:
    """By the Accept header."""
    put(client, "a", "Walrus.")
    kinds = {
        accept: client.get("/documents/a", headers={"Accept": accept}).headers["content-type"].partition(";")[0]
        for accept in ("*/*", "application/json", "text/html", PAGE["Accept"], "text/html;q=0.1, application/json")
    }
    assert list(kinds.values()) == ["application/json"] * 2 + ["text/html"] * 2 + ["application/json"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/../b", "a\\..\\b", "x" * 600, "a\nb", "/", "C:"])
def test_names_that_are_no_relative_path_are_refused(name: str) -> None:
    """Nothing leads out of the folder, on any system."""
    with pytest.raises(ApiError) as caught:
        clean_source(name)
    assert caught.value.code == "invalid_source" and json.dumps(caught.value.message)
