"""How long rows of databases and pages of a site take: everything, nothing changed, 1 % changed.

`python benchmarks/source_sync_live.py [N]` makes N rows (100,000 by default) in SQLite, and where they are installed in
PostgreSQL and MariaDB, and a site of 1,000 pages on this machine, and prints seconds of `changes_since`. For the site
it also prints how fast the server answers a client that does nothing but ask, in turn with the source. `pages` in
place of N leaves the databases out.
"""

import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bakeoff.corpus.sources.sql.settings import SqlSettings
from bakeoff.corpus.sources.web.settings import WebSettings
from bakeoff.protocols import Source

sys.path.append(str(Path(__file__).parents[1]))
from source_sync import TEXT, columns, timed
from tests.unit.site_server import page, site_server
from tests.unit.sql_servers import PASSWORD, Server, mariadb_server, postgres_server, sqlite_server

N_PAGES = 1000
ROUNDS = 9


def filled(server: Server, n: int) -> None:
    server.run(
        "CREATE TABLE articles (id INTEGER PRIMARY KEY, title VARCHAR(99), body TEXT, updated_at TIMESTAMP NULL)"
    )
    with server.open() as connection:
        for start in range(0, n, 1000):
            some = range(start, start + 1000)
            rows = (f"({i}, 'Article {i}', '{TEXT}', '2026-01-01 10:{i % 60:02}:00')" for i in some)
            connection.exec_driver_sql(f"INSERT INTO articles VALUES {', '.join(rows)}")
        connection.commit()


def changed(server: Server) -> None:
    server.run("UPDATE articles SET body = 'New.', updated_at = '2026-02-01 10:00:00' WHERE id % 100 = 7")


def source_of(server: Server, changed: str) -> Source:
    password = {} if server.kind == "sqlite" else {"password_env": "BENCH_PASSWORD"}
    query = "SELECT id, title, body, updated_at FROM articles"
    given = {"query": query, "key": "id", "title": "title", "text": "body", "changed": changed, **password}
    return SqlSettings(sql=server.address, **given).open()


def rows(n: int) -> None:
    os.environ["BENCH_PASSWORD"] = PASSWORD
    for start in (sqlite_server, postgres_server, mariadb_server):
        with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
            try:
                server = start(Path(folder)) if start is sqlite_server else running.enter_context(start())
            except pytest.skip.Exception as reason:
                print(f"| {start.__name__} | {reason} |")
                continue
            filled(server, n)
            timed(f"{server.kind}, changed:", n, source_of(server, "updated_at"), lambda server=server: changed(server))
            if server.kind == "sqlite":
                server.run("UPDATE articles SET body = 'Old.' WHERE id % 100 = 7")
                timed(f"{server.kind}, hashes", n, source_of(server, ""), lambda server=server: changed(server))


def serve(address: Any) -> None:
    """A process with the site; asking for /change changes 1 % of its pages."""
    with site_server() as site:
        links = [f"/docs/{i}" for i in range(N_PAGES - 1)]
        site.pages["/docs/"] = page("Docs", "All pages.", *links)
        for i, link in enumerate(links):
            site.pages[link] = page(f"Page {i}", f"{i}. {TEXT}")

        def change(_: str) -> str:
            for i in range(N_PAGES // 100):
                site.pages[f"/docs/{i}"] = page(f"Page {i}", f"{i} is new. {TEXT}")
            return "done"

        site.pages["/change"] = change
        address.put(site.address)
        time.sleep(3600)


def pages() -> None:
    found: Any = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(found,), daemon=True)
    server.start()
    try:
        address = found.get(timeout=30)
        given = {"crawl": True, "allow_private": True, "delay_s": 0}
        source = WebSettings(web=f"{address}/docs/", **given).open()
        timed("site", N_PAGES, source, lambda: httpx2.get(f"{address}/change"))
        beside_a_client(source, address)
    finally:
        server.terminate()


def beside_a_client(source: Source, address: str) -> None:
    """New pages a second in turn with a client that only asks, so that both meet the same load of the machine."""
    new, bare = list[float](), list[float]()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        n = len(source.changes_since("").documents)
        new.append(n / (time.perf_counter() - began))
        bare.append(asked(address))
    print(f"\nIn turn, {ROUNDS} times, pages a second (lowest, median, highest):")
    for name, rates in (("new pages read", new), ("a client that only asks", bare)):
        print(f"- {name}: {min(rates):,.0f}, {statistics.median(rates):,.0f}, {max(rates):,.0f}")


def asked(address: str) -> float:
    links = [f"{address}/docs/{i}" for i in range(N_PAGES - 1)]
    with httpx2.Client() as client, ThreadPoolExecutor(4) as pool:
        began = time.perf_counter()
        for answer in pool.map(client.get, links):
            answer.raise_for_status()
        return len(links) / (time.perf_counter() - began)


if __name__ == "__main__":
    columns()
    if sys.argv[1:] != ["pages"]:
        rows(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    pages()
