"""Pages of a site as documents: what is read, what changed, what is refused; against a server on this machine."""

import functools
import gzip
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from lxml import etree

pytest.importorskip("protego")

from bakeoff.apart import process as called
from bakeoff.apart.process import ApartError
from bakeoff.corpus.sources.kinds import settings_of
from bakeoff.corpus.sources.opened import open_sources, read_sources
from bakeoff.corpus.sources.web import fetching
from bakeoff.corpus.sources.web.addresses import normal, shape_of, site_of, source_of
from bakeoff.corpus.sources.web.guard import addresses_of, refusal
from bakeoff.corpus.sources.web.settings import WebSettings
from bakeoff.errors import InputError, MissingExtraError
from bakeoff.protocols import Changes
from tests.unit.site_server import Reply, Site, page, site_server

WEEK = timedelta(days=7)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site of three pages below /docs/, and one elsewhere."""
    monkeypatch.setattr(fetching, "FIRST_WAIT_S", 0.01)
    with site_server() as one:
        one.pages["/docs/"] = page("Docs", "The beginning.", "pay", "/docs/leave?utm_source=x#top", "/private", "a.png")
        one.pages["/docs/pay"] = page("Pay", "Pay is monthly.", "/docs/", "leave")
        one.pages["/docs/leave"] = page("Leave", "Thirty days.")
        one.pages["/private"] = page("Private", "Nothing for you.")
        yield one


def settings(site: Site, **more: Any) -> WebSettings:
    ways = {} if {"crawl", "sitemap", "urls"} & more.keys() else {"crawl": True}
    given = {"web": f"{site.address}/docs/", "allow_private": True, "delay_s": 0, "timeout_s": 5, **ways, **more}
    return WebSettings(**given)


def changes(one: WebSettings, cursor: str = "") -> Changes:
    return open_sources([one])[0].changes_since(cursor)


def paths(found: Changes) -> list[str]:
    return [document.source.partition("/")[2] for document in found.documents]


def deleted(found: Changes) -> list[str]:
    return [source.partition("/")[2] for source in found.deleted]


def reasons(found: Changes) -> str:
    return " | ".join(f"{one.source.partition('/')[2]}: {one.reason}" for one in found.problems)


def test_a_crawl_reads_what_is_below_the_address(site: Site) -> None:
    """Main text only; fragments and tracking are dropped; pictures and other folders are not asked for."""
    found = changes(settings(site))
    assert paths(found) == ["docs/", "docs/leave", "docs/pay"] and not found.problems
    assert found.documents[2].text == "# Pay\n\nPay is monthly." and found.documents[2].title == "Pay"
    assert found.documents[0].source == site.address.removeprefix("http://") + "/docs/"
    assert sorted(site.asked) == ["/docs/", "/docs/leave", "/docs/pay", "/robots.txt"]
    assert {one["User-Agent"].partition("/")[0] for one in site.headers} == {"bakeoff"}


def test_an_unchanged_page_is_not_sent_again(site: Site) -> None:
    """By ETag; what changed, is new or is gone (404, 410) is found."""
    first = changes(settings(site))
    site.n_sent = 0
    same = changes(settings(site), first.cursor)
    assert (same.documents, same.deleted, same.cursor) == ((), (), first.cursor)
    assert site.n_sent == len("not here"), "only robots.txt, which is not there"
    site.pages["/docs/pay"] = page("Pay", "Pay is weekly.", "new")
    site.pages["/docs/new"] = page("New", "Here now.")
    site.pages["/docs/leave"] = Reply(status=410)
    second = changes(settings(site), first.cursor)
    assert paths(second) == ["docs/new", "docs/pay"] and deleted(second) == ["docs/leave"]
    assert changes(settings(site), first.cursor) == second


def test_without_etags_last_modified_counts_and_else_the_content(site: Site) -> None:
    """A page that is sent again is not a change."""
    site.etags = False
    site.pages["/docs/pay"] = Reply(page("Pay", "Monthly."), headers={"Last-Modified": "Fri, 02 Jan 2026 10:00:00 GMT"})
    first = changes(settings(site))
    assert str(first.documents[2].updated_at) == "2026-01-02 10:00:00+00:00"
    site.headers.clear()
    second = changes(settings(site), first.cursor)
    assert not second.documents
    assert [one["If-Modified-Since"] for one in site.headers if "If-Modified-Since" in one] == [
        "Fri, 02 Jan 2026 10:00:00 GMT"
    ]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500),
        Reply(status=403),
        Reply(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"}),
        Reply(status=302, headers={"Location": "https://elsewhere.example/"}),
        Reply(status=302, headers={"Location": "/private"}),
        Reply(b"\x00\x01", "image/png"),
        Reply(b"%PDF-1.7 broken", "application/pdf"),
        Reply(b"x", headers={"Content-Encoding": "gzip"}),
        Reply(b"x", headers={"Content-Encoding": "br"}),
    ],
)
def test_a_page_that_cannot_be_read_stays(site: Site, reply: Reply) -> None:
    """With a problem, and so do the pages that only it links to."""
    site.pages["/docs/pay"] = page("Pay", "Monthly.", "deep")
    site.pages["/docs/deep"] = page("Deep", "Only from pay.")
    first = changes(settings(site))
    site.pages["/docs/pay"] = reply
    second = changes(settings(site), first.cursor)
    assert not second.documents and not second.deleted
    assert [one.source.partition("/")[2] for one in second.problems] == ["docs/pay"]
    site.pages["/docs/pay"] = page("Pay", "Monthly.", "deep")
    third = changes(settings(site), second.cursor)
    assert not third.documents and not third.problems and not third.deleted


def test_redirects_are_checked_one_by_one(site: Site) -> None:
    """Those within the site are new addresses of a page; to a metadata address, none is followed; circles end."""
    site.pages["/docs/"] = page("Docs", "The beginning.", "old", "meta", "round", "pay", "up")
    site.pages["/docs/old"] = Reply(status=301, headers={"Location": "/docs/leave#now"})
    site.pages["/docs/meta"] = Reply(status=302, headers={"Location": "http://[::ffff:169.254.169.254]/"})
    site.pages["/docs/round"] = Reply(status=302, headers={"Location": "/docs/round2"})
    site.pages["/docs/round2"] = Reply(status=302, headers={"Location": "round"})
    site.pages["/docs/up"] = Reply(status=302, headers={"Location": "file:///etc/passwd"})
    found = changes(settings(site))
    assert paths(found) == ["docs/", "docs/leave", "docs/pay"]
    said = reasons(found)
    assert "docs/meta: it redirects to ::ffff:169.254.169.254, an address of cloud metadata" in said
    assert "docs/round: it redirects in a circle (1 more page like it)" in said
    assert "docs/up: it redirects to 'file:///etc/passwd', no page" in said and len(found.problems) == 3


def test_a_page_that_moves_is_renamed(site: Site) -> None:
    """Its old source is deleted."""
    first = changes(settings(site))
    site.pages["/docs/pay"] = Reply(status=301, headers={"Location": "/docs/wages"})
    site.pages["/docs/wages"] = page("Pay", "Pay is monthly.", "leave")
    second = changes(settings(site), first.cursor)
    assert paths(second) == ["docs/wages"] and deleted(second) == ["docs/pay"]


@pytest.mark.parametrize(("target", "reply"), [("wages", Reply(status=500)), ("pay", None)])
def test_a_page_that_redirects_to_what_cannot_be_read_stays(site: Site, target: str, reply: Reply | None) -> None:
    """A page that cannot be fetched yet, or a circle; it goes when the page at the new address was read."""
    first = changes(settings(site))
    site.pages["/docs/pay"] = Reply(status=301, headers={"Location": f"/docs/{target}"})
    if reply:
        site.pages[f"/docs/{target}"] = reply
    second = changes(settings(site), first.cursor)
    assert not second.deleted and "docs/pay" in {one.source.partition("/")[2] for one in second.problems}
    assert not changes(settings(site), second.cursor).deleted
    site.pages["/docs/pay"] = Reply(status=301, headers={"Location": "/docs/wages"})
    site.pages["/docs/wages"] = page("Pay", "Pay is monthly.", "leave")
    third = changes(settings(site), second.cursor)
    assert paths(third) == ["docs/wages"] and deleted(third) == ["docs/pay"] and not third.problems


def test_a_redirect_that_was_not_followed_for_want_of_time_keeps_the_page(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of pages is not complete then."""
    first = changes(settings(site))
    site.pages["/docs/pay"] = Reply(status=301, headers={"Location": "/docs/wages"})
    site.pages["/docs/wages"] = page("Pay", "Pay is monthly.", "leave")
    with monkeypatch.context() as busy:
        stopped = property(lambda self: "the time is over" if "/docs/pay" in site.asked[4:] else "")
        busy.setattr(fetching.Fetcher, "stopped", stopped)
        second = changes(settings(site, concurrency=1), first.cursor)
    assert not second.deleted and any("which was not read" in one.reason for one in second.problems)
    assert deleted(changes(settings(site), second.cursor)) == ["docs/pay"]


def test_one_problem_for_many_pages_is_about_each(site: Site) -> None:
    """So that none of them is deleted when all is read again without a cursor."""
    site.pages["/docs/pay"] = site.pages["/docs/leave"] = Reply(status=500)
    found = open_sources([settings(site, prefix="kb/")])[0].changes_since("")
    [problem] = found.problems
    where = "kb/" + site.address.removeprefix("http://")
    assert {problem.source, *problem.also} == {f"{where}/docs/pay", f"{where}/docs/leave", ""}
    assert "(1 more page like it)" in problem.reason


@pytest.mark.parametrize(
    ("reply", "may_lead_on"),
    [
        (Reply(status=500), True),
        (Reply(status=403), True),
        (Reply(status=302, headers={"Location": "https://elsewhere.example/login"}), True),
        (Reply("", status=200), True),
        (Reply(b"\x00\x01", "image/png"), False),
    ],
)
def test_what_may_stand_behind_a_page_that_cannot_be_read_is_not_gone(
    site: Site, reply: Reply, may_lead_on: bool
) -> None:
    """Without a cursor nothing is known of its links, so that any page may be behind it."""
    site.pages["/docs/pay"] = reply
    [problem] = changes(settings(site)).problems
    assert ("" in problem.also) == may_lead_on and problem.source.endswith("/docs/pay")
    listed = [f"{site.address}/docs/{name}" for name in ("pay", "leave")]
    [problem] = changes(settings(site, urls=listed)).problems
    assert problem.also == (), "nothing is found by links"


def test_a_page_moved_behind_one_that_cannot_be_read_is_asked_for(site: Site) -> None:
    """It stays while it is there, and goes if it is not."""
    first = changes(settings(site))
    site.pages["/docs/"] = page("Docs", "The beginning.", "hub")
    site.pages["/docs/hub"] = Reply(status=500)
    del site.pages["/docs/pay"]
    second = changes(settings(site), first.cursor)
    assert deleted(second) == ["docs/pay"]
    site.pages["/docs/hub"] = page("Hub", "All of it.")
    assert deleted(changes(settings(site), second.cursor)) == ["docs/leave"]


@pytest.mark.parametrize("status", [500, 403])
def test_a_site_without_an_answer_but_failures_is_an_error(site: Site, status: int) -> None:
    """Whether or not something is known of it: its source could not be read."""
    cursor = changes(settings(site)).cursor
    for path in list(site.pages):
        site.pages[path] = Reply(status=status)
    site.pages["/robots.txt"] = "User-agent: *"
    for known in ("", cursor):
        with pytest.raises(InputError, match=f"No page could be read; .*/docs/: the server answered {status}"):
            changes(settings(site), known)


def test_a_row_of_a_table_that_cannot_be_understood_stays(site: Site) -> None:
    """As in a file."""
    line = '{{"id": "{}", "text": "The kettle may be returned within sixty days. {}"}}\n'
    site.pages["/docs/"] = page("Docs", "Begin.", "rows.jsonl")
    site.pages["/docs/rows.jsonl"] = Reply(line.format(1, "Yes") + line.format(2, "No"), "application/x-ndjson")
    first = changes(settings(site))
    assert paths(first) == ["docs/", "docs/rows.jsonl#1", "docs/rows.jsonl#2"]
    site.pages["/docs/rows.jsonl"] = Reply(line.format(1, "Yes") + '{"id": "2", "te', "application/x-ndjson")
    second = changes(settings(site), first.cursor)
    assert (paths(second), deleted(second)) == ([], []) and "line 2: it is not JSON" in reasons(second)
    site.pages["/docs/rows.jsonl"] = Reply(line.format(1, "Yes"), "application/x-ndjson")
    assert deleted(changes(settings(site), second.cursor)) == ["docs/rows.jsonl#2"]


def test_a_login_in_front_of_all_pages_loses_nothing(site: Site) -> None:
    """Most pages redirect to one."""
    first = changes(settings(site))
    for path in ("/docs/", "/docs/pay", "/docs/leave"):
        site.pages[path] = Reply(status=302, headers={"Location": "/docs/login"})
    site.pages["/docs/login"] = page("Login", "Your name, please.", "pay", "leave")
    with pytest.raises(InputError, match=r"3 of 3 pages redirect to .*/docs/login now; their documents are kept"):
        changes(settings(site), first.cursor)


def test_copies_are_one_document(site: Site) -> None:
    """By canonical address and by text; when the first copy goes, the other takes its place."""
    head = '<link rel="canonical" href="/docs/pay">'
    site.pages["/docs/"] = page("Docs", "The beginning.", "a", "pay?print=1", "pay", "b")
    site.pages["/docs/pay?print=1"] = page("Pay to print", "Pay is monthly.", head=head)
    site.pages["/docs/a"] = site.pages["/docs/b"] = page("Same", "The same text.")
    first = changes(settings(site))
    assert paths(first) == ["docs/", "docs/a", "docs/leave", "docs/pay"]
    del site.pages["/docs/a"]
    second = changes(settings(site), first.cursor)
    assert paths(second) == ["docs/b"] and deleted(second) == ["docs/a"]
    assert second.documents[0].text == "# Same\n\nThe same text."
    assert not changes(settings(site), second.cursor).documents


def test_robots_txt_is_obeyed(site: Site) -> None:
    """For pages, with wildcards; what was read before it forbade them stays; for a whole site it is an error."""
    first = changes(settings(site))
    site.pages["/robots.txt"] = Reply("User-agent: *\nDisallow: /docs/*ay\nDisallow: /docs/le\n", "text/plain")
    site.asked.clear()
    second = changes(settings(site), first.cursor)
    assert not second.deleted and "/docs/pay" not in site.asked
    assert reasons(second) == "docs/leave: robots.txt of the site forbids it (1 more page like it)" or (
        reasons(second) == "docs/pay: robots.txt of the site forbids it (1 more page like it)"
    )
    site.pages["/robots.txt"] = Reply("User-agent: bakeoff\nDisallow: /\n\nUser-agent: *\nAllow: /\n", "text/plain")
    with pytest.raises(InputError, match=r"robots\.txt of 127\.0\.0\.1:\d+ forbids"):
        changes(settings(site))


def test_without_a_readable_robots_txt_nothing_is_read(site: Site) -> None:
    """A server in trouble says nothing about what is allowed; 404 and 403 mean that there are no rules."""
    site.pages["/robots.txt"] = Reply(status=503)
    with pytest.raises(InputError, match=r"robots\.txt cannot be read: the server answered 503"):
        changes(settings(site))
    assert set(site.asked) == {"/robots.txt"}
    site.pages["/robots.txt"] = Reply(status=403)
    assert len(changes(settings(site)).documents) == 3


def test_the_pace_is_that_of_robots_txt_and_of_the_settings(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """And Retry-After lets all requests wait."""
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", lambda s: waits.append(s))
    site.pages["/robots.txt"] = Reply("User-agent: *\nCrawl-delay: 7\n", "text/plain")
    changes(settings(site, concurrency=1))
    assert max(waits) > 6
    del site.pages["/robots.txt"]
    waits.clear()
    replies = [Reply(status=429, headers={"Retry-After": "3"}), page("Pay", "Monthly.")]
    site.pages["/docs/pay"] = lambda path: replies.pop(0)
    found = changes(settings(site, concurrency=1))
    assert "docs/pay" in paths(found) and 2.5 < max(waits) <= 3


@pytest.mark.parametrize("way", ["length", "stream", "bomb"])
def test_a_page_of_a_gigabyte_is_not_read(site: Site, way: str) -> None:
    """Whether the server says so, sends it, or packs it."""

    def endless() -> Iterator[bytes]:
        for _ in range(1024):
            yield b"x" * 1_048_576

    bomb = gzip.compress(b"x" * 50_000_000)
    site.pages["/docs/pay"] = {
        "length": Reply(b"x", headers={"Content-Length": str(2**30)}),
        "stream": Reply(stream=endless),
        "bomb": Reply(bomb, headers={"Content-Encoding": "gzip"}),
    }[way]
    found = changes(settings(site, max_mb=1))
    assert reasons(found) == "docs/pay: it is larger than max_mb (1)" and len(found.documents) == 2
    assert site.n_sent < 100_000_000


def test_a_page_that_never_ends_is_given_up(site: Site) -> None:
    """Though a byte comes now and then."""

    sent = []

    def slowly() -> Iterator[bytes]:
        for number in range(200):
            time.sleep(0.05)
            sent.append(number)
            yield b"x"

    site.pages["/docs/pay"] = Reply(stream=slowly)
    found = changes(settings(site, timeout_s=0.4))
    assert "no answer within 0.4 seconds" in reasons(found) and len(found.documents) == 2
    assert len(sent) < 300  # three times up to the limit, and not three times the whole page


def test_an_endless_calendar_ends(site: Site) -> None:
    """By depth, and by the limit: one problem each, with what the pages look like."""

    def month(path: str) -> str:
        number = int(path.rpartition("=")[2])
        return page(f"Month {number}", f"Nothing in {number}.", *(f"/docs/cal?m={number * 3 + i}" for i in range(1, 4)))

    site.pages["/docs/"] = page("Docs", "The beginning.", "cal?m=1", "pay")
    site.pages["*"] = lambda path: month(path) if path.startswith("/docs/cal") else Reply(status=404)
    deep = changes(settings(site, depth=2))
    assert "pages more than 2 links from the start are not read, such as" in reasons(deep) and len(deep.problems) == 1
    many = changes(settings(site, limit=20))
    (problem,) = many.problems
    assert "more than 20 pages (limit)" in problem.reason and "look like /docs/cal?m=*" in problem.reason
    assert len(many.documents) == 20 and "docs/leave" in paths(many), "breadth first"
    assert len(changes(settings(site, exclude="/docs/cal*")).documents) == 3


def test_sitemaps_are_followed_once(site: Site) -> None:
    """An index with loops, packed and plain sitemaps, pages of elsewhere."""

    def xml(kind: str, *places: str) -> str:
        entries = "".join(f"<x><loc>{site.address}{place}</loc></x>" for place in places)
        return f'<?xml version="1.0"?><{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{kind}>'

    site.pages["/sitemap.xml"] = Reply(
        xml("sitemapindex", "/sitemap.xml", "/one.xml", "/two.gz", "/three.txt"), "text/xml"
    )
    site.pages["/one.xml"] = Reply(xml("sitemapindex", "/sitemap.xml", "/one.xml"), "text/xml")
    site.pages["/two.gz"] = Reply(gzip.compress(xml("urlset", "/docs/pay", "/private").encode()), "application/gzip")
    site.pages["/three.txt"] = Reply(f"{site.address}/docs/leave\n", "text/plain")
    one = settings(site, sitemap="/sitemap.xml")
    first = changes(one)
    assert paths(first) == ["docs/leave", "docs/pay"]
    assert "1 of its addresses are not pages below web:" in reasons(first) and len(first.problems) == 1
    site.pages["/two.gz"] = Reply(status=500)
    second = changes(one, first.cursor)
    assert not second.deleted and "the sitemap is not read: the server answered 500" in reasons(second)
    site.pages["/two.gz"] = Reply(xml("urlset"), "text/xml")
    assert deleted(changes(one, first.cursor)) == ["docs/pay"]
    site.pages["/sitemap.xml"] = Reply('<!DOCTYPE a [<!ENTITY b "c">]><urlset><url><loc>&b;</loc></url>', "text/xml")
    with pytest.raises(InputError, match="No page was found in the sitemap"):
        changes(one, first.cursor)


def test_no_page_and_no_sitemap_is_parsed_in_this_process(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that a page of strangers makes fail, hang or run something must not be this process."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it is parsed here")

    site.pages["/sitemap.xml"] = Reply(
        f"<urlset><url><loc>{site.address}/docs/pay</loc></url></urlset>", "application/xml"
    )
    for name in ("fromstring", "HTML", "XML", "parse"):
        monkeypatch.setattr(etree, name, refuse)
    monkeypatch.setattr(etree, "HTMLParser", refuse)
    monkeypatch.setattr(etree, "XMLParser", refuse)
    assert paths(changes(settings(site))) == ["docs/", "docs/leave", "docs/pay"]
    assert paths(changes(settings(site, sitemap="/sitemap.xml"))) == ["docs/pay"]


def test_a_page_whose_links_cannot_be_read_deletes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read and named, what was behind it stays, and it is asked for again."""
    first = changes(settings(site))
    site.pages["/docs/"] = page("Docs", "Another beginning.", "pay", "/docs/leave")
    real = called.call

    def failing(function: str, name: str, content: bytes) -> Any:
        if function.endswith(":hrefs_in"):
            raise ApartError("reading it takes longer than 60 seconds", "split it")
        return real(function, name, content)

    monkeypatch.setattr("bakeoff.corpus.sources.web.page.call", failing)
    second = changes(settings(site), first.cursor)
    assert not second.deleted and paths(second) == ["docs/"]
    assert "its links are not read: reading it takes longer than 60 seconds" in reasons(second)
    fresh = changes(settings(site))
    assert paths(fresh) == ["docs/"] and fresh.problems
    monkeypatch.undo()
    assert paths(changes(settings(site), fresh.cursor)) == ["docs/leave", "docs/pay"]


def test_a_list_of_addresses(site: Site, tmp_path: Path) -> None:
    """In the settings or in a file; no link is followed; what is taken off the list is deleted."""
    (tmp_path / "list.txt").write_text(f"# pages\n{site.address}/docs/\n\n{site.address}/private\n")
    both = [str(tmp_path / "list.txt"), f"{site.address}/docs/pay"]
    first = changes(settings(site, urls=both))
    assert paths(first) == ["docs/", "docs/pay"] and "private: it is no page below" in reasons(first)
    assert "/docs/leave" not in site.asked
    assert deleted(changes(settings(site, urls=both[1:]), first.cursor)) == ["docs/"]
    with pytest.raises(InputError, match="cannot be read"):
        changes(settings(site, urls=str(tmp_path / "no.txt")))


def test_files_of_other_kinds_are_read_by_their_content_type(site: Site) -> None:
    """With the character set of the header."""
    site.pages["/docs/"] = Reply(page("Docs", "Begin.", "a", "rows.csv", "notes.md", "old"), "text/html")
    site.pages["/docs/a"] = Reply("Grüße aus Köln.".encode("latin-1"), "text/plain; charset=iso-8859-1")
    rows = (
        "id,text\n7,A long text about pay that stands in a row of a table.\n8,Another long text about leave in a row.\n"
    )
    site.pages["/docs/rows.csv"] = Reply(rows, "text/csv")
    site.pages["/docs/notes.md"] = Reply("# Notes\n\nSome notes.\n", "text/plain")
    html = page("Öffnung", "Größe").encode("cp1251", "replace").replace(b"?", b"\xd0")
    site.pages["/docs/old"] = Reply(html, "text/html; charset=windows-1251")
    found = {one.source.partition("/")[2]: one for one in changes(settings(site)).documents}
    assert found["docs/a"].text == "Grüße aus Köln." and found["docs/notes.md"].title == "Notes"
    assert "docs/rows.csv#7" in found and "Р" in found["docs/old"].title


def test_a_dead_server_costs_no_hour(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some failures in a row, the rest is left as it was; time is limited, too."""
    site.pages["/docs/"] = page("Docs", "Begin.", *(f"p{i}" for i in range(40)))
    for i in range(40):
        site.pages[f"/docs/p{i}"] = page(f"P{i}", f"Text {i}.")
    first = changes(settings(site))
    for i in range(40):
        site.pages[f"/docs/p{i}"] = Reply(status=503)
    second = changes(settings(site, concurrency=1), first.cursor)
    assert "10 pages in a row could not be fetched; the pages that were not asked for stay" in reasons(second)
    assert not second.deleted and len(second.problems) == 2
    third = changes(settings(site, max_minutes=0.005, delay_s=0.05), first.cursor)
    assert "max_minutes (0.005) is over" in reasons(third) and not third.deleted


def test_a_site_that_is_not_there_is_said(site: Site) -> None:
    """At first and later; its first page may be gone, too."""
    cursor = changes(settings(site)).cursor
    del site.pages["/docs/"]
    with pytest.raises(InputError, match=r"where the site begins, is not there \(404\)"):
        changes(settings(site), cursor)
    gone = settings(site, web="http://127.0.0.1:1/docs/")
    with pytest.raises(InputError, match=r"http://127\.0\.0\.1:1/robots\.txt cannot be read"):
        changes(gone, cursor)
    with pytest.raises(InputError, match=r"nowhere\.invalid was not found"):
        changes(settings(site, web="http://nowhere.invalid/"))
    with pytest.raises(InputError, match="'yesterday' is not a cursor of a site"):
        changes(settings(site), "yesterday")


def test_a_private_site_needs_permission(site: Site) -> None:
    """And the message says how to give it."""
    with pytest.raises(InputError, match=r"127\.0\.0\.1 is at 127\.0\.0\.1, an address of this machine") as caught:
        read_sources([settings(site, allow_private=False)])
    assert "allow_private: true" in str(caught.value) and not site.asked


def test_a_name_is_resolved_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the address that was checked, with the name as Host."""
    port = int(site.address.rpartition(":")[2])
    asked: list[str] = []

    def resolve(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    real = socket.getaddrinfo

    def rebinding(host: Any, *more: Any, **named: Any) -> Any:
        return resolve(host) if host == "docs.example" else real(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    found = changes(settings(site, web=f"http://docs.example:{port}/docs/"))
    assert len(found.documents) == 3 and asked == ["docs.example"]
    assert {one["Host"] for one in site.headers} == {f"docs.example:{port}"}


def certificate(folder: Path, name: str) -> Path:
    """A file with a key, and a certificate for this name that signs itself."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), now, now + WEEK)
    signed = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False).sign(key, hashes.SHA256())
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    written = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none) + signed.public_bytes(pem)
    (folder / "certificate.pem").write_bytes(written)
    return folder / "certificate.pem"


@pytest.mark.parametrize("name", ["docs.example", "other.example"])
def test_a_certificate_must_be_of_the_name_not_of_the_address(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the connection goes to an address; the server is told the name."""
    monkeypatch.setattr(fetching, "FIRST_WAIT_S", 0.01)
    path, told = certificate(tmp_path, name), list[str]()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    server.sni_callback = lambda _, asked, __: told.append(asked)
    trusting = ssl.create_default_context(cafile=str(path))
    monkeypatch.setattr(httpx2, "Client", functools.partial(httpx2.Client, verify=trusting))
    monkeypatch.setattr("bakeoff.corpus.sources.web.fetching.addresses_of", lambda *_: ["127.0.0.1"])
    with site_server(server) as site:
        site.pages["/"] = page("Docs", "The beginning.")
        one = settings(site, web=f"https://docs.example:{site.address.rpartition(':')[2]}/")
        if name == "docs.example":
            assert len(changes(one).documents) == 1
        else:
            with pytest.raises(InputError, match=r"(?i)certificate verify failed"):
                changes(one)
    assert set(told) == {"docs.example"}


def test_no_cookie_is_sent_back(site: Site) -> None:
    """A session would make pages of one visitor."""
    site.pages["/docs/"] = Reply(page("Docs", "Begin.", "pay"), headers={"Set-Cookie": "a=b; Path=/"})
    assert len(changes(settings(site)).documents) == 3
    assert site.headers and not any(name.lower() == "cookie" for one in site.headers for name in one)


def test_without_protego_the_extra_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the source is opened."""
    for module in ("visits", "source"):
        monkeypatch.delitem(sys.modules, f"bakeoff.corpus.sources.web.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "protego", None)
    with pytest.raises(MissingExtraError, match=r"bakeoff\[web\]"):
        settings(site).open()


def test_settings_that_are_written_are_read_again(site: Site) -> None:
    """The kind stays the first key, and defaults are left out."""
    one = settings(site, exclude="/docs/old/*")
    written = yaml.safe_dump(one.model_dump(mode="json"), sort_keys=False)
    assert written.startswith("web: http://") and "depth" not in written
    assert settings_of(yaml.safe_load(written)) == one


@pytest.mark.parametrize(
    ("address", "why", "may_be_allowed"),
    [
        ("93.184.215.14", "", True),
        ("2606:4700::1111", "", True),
        ("127.0.0.1", "this machine", True),
        ("::1", "this machine", True),
        ("10.1.2.3", "private", True),
        ("172.16.0.1", "private", True),
        ("192.168.1.1", "private", True),
        ("100.64.0.1", "private", True),
        ("fd12::1", "private", True),
        ("::ffff:10.0.0.1", "private", True),
        ("2002:0a00:0001::", "private", True),
        ("64:ff9b::10.0.0.1", "private", True),
        ("::ffff:127.0.0.1", "this machine", True),
        ("169.254.169.254", "cloud metadata", False),
        ("::ffff:169.254.169.254", "cloud metadata", False),
        ("64:ff9b::169.254.169.254", "cloud metadata", False),
        ("2002:a9fe:a9fe::", "cloud metadata", False),
        ("fd00:ec2::254", "cloud metadata", False),
        ("169.254.1.1", "link-local", False),
        ("fe80::1", "link-local", False),
        ("224.0.0.1", "multicast", False),
        ("ff02::1", "multicast", False),
        ("0.0.0.0", "unspecified", False),
        ("0.1.2.3", "unspecified", False),
        ("::", "unspecified", False),
        ("240.0.0.1", "reserved", False),
        ("fec0::1", "private", True),
        ("5f00::1", "private", True),
        ("::ffff:0:10.0.0.1", "private", True),
        ("::ffff:0:169.254.169.254", "metadata", False),
        ("64:ff9b:1::a9fe:a9fe", "metadata", False),
        ("168.63.129.16", "metadata", False),
        ("fd20:ce::254", "metadata", False),
        ("255.255.255.255", "reserved", False),
    ],
)
def test_which_addresses_are_contacted(address: str, why: str, may_be_allowed: bool) -> None:
    """In all their spellings; some are refused whatever the settings say."""
    assert why in refusal(address) and bool(why) == bool(refusal(address))
    assert (refusal(address, allow_private=True) == "") == may_be_allowed


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f.0.0.1", "localhost"])
def test_odd_spellings_of_hosts_are_resolved_before_they_are_checked(host: str) -> None:
    """As the system would."""
    with pytest.raises(InputError, match="which is not contacted"):
        addresses_of(host, 80)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("HTTP://Example.COM:80/a/../b/./c/", "http://example.com/b/c/"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com/a?fbclid=1&b=2&utm_medium=x#y", "https://example.com/a?b=2"),
        ("https://example.com/a;jsessionid=AB12?x", "https://example.com/a?x"),
        ("https://example.com/%7euser/%C3%BC/ü", "https://example.com/~user/%C3%BC/%C3%BC"),
        ("https://example.com./a", "https://example.com/a"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("mailto:a@b.c", ""),
        ("javascript:void(0)", ""),
        ("ftp://example.com/", ""),
        ("https://me:pw@example.com/", ""),
        ("https://exa mple:port/", ""),
        ("http://[::1/", ""),
        ("https://example.com/" + "a" * 3000, ""),
    ],
)
def test_addresses_have_one_spelling(address: str, expected: str) -> None:
    """Or are none."""
    assert normal(address) == expected


def test_what_belongs_to_a_site() -> None:
    """Below its folder, on its host, by http or https; not what goes round and round."""
    site = site_of("https://docs.example.com/guide/index.html", ["/guide/old/*"])
    assert site.page("http://docs.example.com/guide/a") == "https://docs.example.com/guide/a"
    assert site.page("../guide/b?x=1", "https://docs.example.com/guide/a") == "https://docs.example.com/guide/b?x=1"
    for other in (
        "/guidebook",
        "/guide/../x",
        "/guide/old/a",
        "/guide/a.zip",
        "/guide/a/a/a/a/",
        "https://x.example/guide/",
    ):
        assert site.page(other, "https://docs.example.com/guide/") == ""
    assert site_of("https://a.example/docs").page("https://a.example/docs") == "https://a.example/docs"
    assert not site_of("https://a.example/docs").page("https://a.example/docs2")
    assert not site_of("https://a.example:444/").page("http://a.example:444/")
    assert shape_of("https://a.example/2026/11?day=3&x=") == "/*/*?day=*&x=*"
    assert source_of("https://a.example/b?c=1") == "a.example/b?c=1"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "none is given"),
        ({"crawl": True, "urls": "x"}, "crawl and urls are given"),
        ({"web": "docs.example.com", "crawl": True}, "is no address of a site"),
        ({"web": "https://me:hunter2@docs.example.com/", "crawl": True}, "holds a password"),
        ({"sitemap": "https://cdn.example/sitemap.xml"}, "the sitemap should be on docs.example.com"),
        ({"crawl": True, "limit": 0}, "limit"),
        ({"crawl": True, "ignore_robots": True}, "unknown key 'ignore_robots'"),
    ],
)
def test_settings_are_checked(values: dict[str, Any], message: str) -> None:
    """Without showing a password."""
    with pytest.raises(ValueError) as caught:
        settings_of({"web": "https://docs.example.com/", **values})
    assert message in str(caught.value) and "hunter2" not in str(caught.value)


def test_lists_are_found_beside_the_configuration(tmp_path: Path) -> None:
    """Addresses stay as they are."""
    given = {"web": "https://a.example/", "urls": ["list.txt", "https://a.example/x"]}
    assert WebSettings.absolute(given, tmp_path)["urls"] == [str(tmp_path / "list.txt"), "https://a.example/x"]
