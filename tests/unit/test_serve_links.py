"""Signed links to cited passages: they open one version of one document without a key, and nothing else."""

from urllib.parse import parse_qs, urlsplit

import pytest

from bakeoff.serve.guard.bearer import holder_of
from bakeoff.serve.guard.guarded import access_of, guarded
from bakeoff.serve.keys import Holder, KeyFile
from bakeoff.serve.links import Links
from tests.unit.asgi_client import echo, send_request


@pytest.fixture
def keys(tmp_path):
    return KeyFile(tmp_path / "keys.jsonl")


def link(keys, document="hr/pay.md", version=3, name="desk"):
    """A signed link without the part that only the browser reads."""
    return Links("", keys, name).passage(document, 10, 49, version).removesuffix("#span")


def opened(keys, path, method="GET"):
    return send_request(guarded(echo, access_of("127.0.0.1", keys)), method, path)


def test_a_signed_link_opens_without_a_key(keys):
    """The holder is that of the key, who may read what its labels allow, but never manages."""
    keys.add("desk", ["hr"], manages=True)
    seen = []

    async def seeing(scope, receive, send):
        seen.append(holder_of(scope))
        await echo(scope, receive, send)

    assert send_request(guarded(seeing, access_of("127.0.0.1", keys)), "GET", link(keys)).status == 200
    assert seen == [Holder(name="desk", id=keys.keys[0].holder.id, labels=("hr",), manages=False)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hr%2Fpay.md", "hr%2Fceo.md"),
        ("version=3", "version=4"),
        ("version=3&", ""),
        ("for=desk", "for=boss"),
        ("signature=", "signature=0"),
        ("signature=", "signature=é"),
        ("/documents/hr%2Fpay.md", "/documents"),
        ("/documents/", "/v1/"),
    ],
)
def test_a_link_that_was_changed_opens_nothing(keys, old, new):
    """Another document, version, key or route: 401, and the reason."""
    keys.add("desk")
    keys.add("boss", None)
    path = link(keys)
    assert old in path and opened(keys, path).status == 200
    response = opened(keys, path.replace(old, new))
    assert (response.status, response.code) == (401, "invalid_link")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_a_link_changes_nothing(keys, method):
    keys.add("desk", None, manages=True)
    assert opened(keys, link(keys), method).status == 401


def test_a_link_ends_with_its_key(keys):
    """Also if a new key gets the old name."""
    keys.add("desk")
    path = link(keys)
    keys.remove("desk")
    keys.add("desk")
    assert opened(keys, path).status == 401


def test_the_place_of_the_span_is_not_signed(keys):
    """Whoever may read a document may read all of it."""
    keys.add("desk")
    assert opened(keys, link(keys).replace("start=10", "start=0")).status == 200


def test_a_link_does_not_show_the_key(keys):
    key = keys.add("desk")
    query = parse_qs(urlsplit(link(keys)).query)
    assert set(query) == {"version", "start", "end", "for", "signature"}
    assert key not in link(keys) and keys.keys[0].sha256 not in link(keys)


def test_without_keys_links_are_plain(keys):
    assert "signature" not in link(keys) and "signature" not in link(None)
