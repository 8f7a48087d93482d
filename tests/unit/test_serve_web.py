"""The files of the web page and how they are served: whole, safe to cache, without anything from elsewhere."""

import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bakeoff.serve.guard.bearer import EVERYONE
from bakeoff.serve.guard.guarded import access_of, guarded
from bakeoff.serve.guard.rate import Rate
from bakeoff.serve.keys import Holder, KeyFile
from bakeoff.serve.web.routes import FOLDER, MEDIA_TYPES, web_routes
from tests.unit.asgi_client import Response, send_request

HOST = ("host", "localhost")
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES)
MODULES = [path for path in FILES if path.suffix == ".js"]
PAGE = (FOLDER / "index.html").read_text(encoding="utf-8")


def get(path: str, *headers: tuple[str, str]) -> Response:
    """The reply of the page's routes, with no guard before them."""
    routes = web_routes(lambda request: Holder(name="desk", labels=("hr",), manages=False))
    return send_request(Starlette(routes=routes), "GET", path, headers=[HOST, *headers])


def test_the_page_and_all_its_files_are_served():
    """Each with its type; text is UTF-8."""
    assert get("/").body == (FOLDER / "index.html").read_bytes()
    for path in FILES:
        reply = get(f"/web/{path.name}")
        assert (reply.status, reply.body) == (200, path.read_bytes())
        assert reply.headers["content-type"] == MEDIA_TYPES[path.suffix]


def test_an_unchanged_file_is_not_sent_again():
    """Its ETag is a hash of it; browsers ask each time, so that a new version is seen at once."""
    first = get("/web/main.js")
    again = get("/web/main.js", ("if-none-match", f'W/{first.headers["etag"]}, "other"'))
    assert (again.status, again.body) == (304, b"")
    assert get("/web/main.js", ("if-none-match", '"other"')).status == 200
    assert first.headers["cache-control"] == "no-cache"
    assert get("/web/api.js").headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("path", ["/web/", "/web/routes.py", "/web/__init__.py", "/web/../keys.jsonl", "/web/x.js"])
def test_nothing_else_is_served(path):
    """Only the page's own files, by their names."""
    assert get(path).status == 404


def test_access_says_what_the_key_may_do():
    """The page shows only what works with this key."""
    rights = {"name": "desk", "labels": ["hr"], "manages": False, "oversees": False}
    assert json.loads(get("/access").body) == {**rights, "keeps_texts": True, "pages": []}


def test_other_pages_are_named_to_those_who_oversee():
    """The page links to them for those, and for nobody else."""
    for holder, pages in ((EVERYONE, ["/review"]), (Holder(name="desk", manages=True), [])):
        routes = web_routes(lambda request, holder=holder: holder, pages=["/review"])
        assert json.loads(send_request(Starlette(routes=routes), "GET", "/access").body)["pages"] == pages


def test_access_says_that_the_log_keeps_no_texts():
    """Then the page asks for no right answer."""
    reply = send_request(Starlette(routes=web_routes(lambda request: EVERYONE, keeps_texts=False)), "GET", "/access")
    rights = json.loads(reply.body)
    assert (rights["oversees"], rights["keeps_texts"]) == (True, False)


def test_the_page_needs_no_key_but_access_does(tmp_path: Path):
    """It holds no data. It can be loaded again and again: its files are not counted as requests."""
    keys = KeyFile(tmp_path / "keys.jsonl")
    keys.add("desk")
    access = access_of("127.0.0.1", keys, rate=Rate(per_minute=1, burst=1))
    app = guarded(Starlette(routes=web_routes()), access)
    for path in ("/", "/web/main.js", "/web/style.css"):
        assert send_request(app, "GET", path, headers=[HOST]).status == 200
    assert [send_request(app, "GET", "/access", headers=[HOST]).status for _ in range(2)] == [401, 429]


def test_every_file_that_is_named_exists_and_none_is_left_over():
    """From the page over its modules, every file is reached."""
    reached, waiting = set(), ["index.html"]
    while waiting:
        name = waiting.pop()
        reached.add(name)
        text = (FOLDER / name).read_text(encoding="utf-8")
        named = re.findall(r'(?:href|src)="/web/([\w.]+)"', text) + re.findall(r'from "\./([\w.]+)"', text)
        waiting += [file for file in named if file not in reached]
    assert reached == {path.name for path in FILES}


def test_every_module_is_asked_for_at_once():
    """The page names all of them, so that a slow connection waits once and not for each level of imports."""
    named = re.findall(r'rel="modulepreload" href="/web/([\w.]+)"', PAGE)
    assert named == [path.name for path in MODULES if path.name != "main.js"]


def test_the_page_obeys_a_strict_policy_by_its_form():
    """No inline script, style or listener, and nothing from elsewhere."""
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", PAGE)
    addresses = re.findall(r'(?:href|src|action)="([^"]*)"', PAGE)
    assert all(re.match(r"/web/|#|/review$|/monitor$", address) for address in addresses)
    styles = "".join(path.read_text(encoding="utf-8") for path in FILES if path.suffix == ".css")
    assert not re.search(r"@import|url\(", styles)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_says_what_it_is_for_and_builds_no_markup_from_text(module: Path):
    """Its first line is a comment. Nothing in it turns a string into markup or code, or keeps data in the browser."""
    text = module.read_text(encoding="utf-8")
    assert text.startswith("// ")
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|DOMParser|localStorage|\.cookie"
    )
    code = re.sub(r"(?m)^\s*//.*$", "", text)
    assert not re.search(forbidden, code)
    assert len(text.splitlines()) < 200
