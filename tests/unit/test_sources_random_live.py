"""The thousand random steps of `test_sources_random` for rows of databases and for pages of a site."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("protego")

from bakeoff.corpus.sources.sql.settings import SqlSettings
from bakeoff.corpus.sources.web.settings import WebSettings
from bakeoff.protocols import Source
from tests.unit import test_sources_random as harness
from tests.unit.site_server import Reply, Site, site_server
from tests.unit.sql_servers import PASSWORD, Server, postgres_server, sqlite_server


class RowPlace:
    """Rows with the name as key; with a column of changes, or without."""

    def __init__(self, server: Server, changed: str) -> None:
        self.server, self.changed = server, changed
        self.n = 0
        server.run("DROP TABLE IF EXISTS notes")
        server.run("CREATE TABLE notes (name VARCHAR(99) PRIMARY KEY, body TEXT, version INTEGER)")

    def write(self, name: str, text: str) -> None:
        self.n += 1
        row = f"'{name}', '{text}', {self.n // 3}"  # some changes have equal versions
        self.server.run(f"DELETE FROM notes WHERE name = '{name}'", f"INSERT INTO notes VALUES ({row})")

    def delete(self, name: str) -> None:
        self.server.run(f"DELETE FROM notes WHERE name = '{name}'")

    def rename(self, old: str, new: str) -> None:
        self.n += 1
        self.server.run(f"UPDATE notes SET name = '{new}', version = {self.n // 3} WHERE name = '{old}'")

    def done(self) -> None:
        pass

    def source(self) -> Source:
        password = {} if self.server.kind == "sqlite" else {"password_env": "DB_PASSWORD"}
        query = "SELECT name, body, version FROM notes" if self.changed else "SELECT name, body FROM notes"
        given = {"query": query, "key": "name", "text": "body", "changed": self.changed, **password}
        return SqlSettings(sql=self.server.address, **given).open()

    def source_of(self, name: str) -> str:
        return f"notes/{name}"


class PagePlace:
    """Pages that a sitemap lists. A page that gets another name redirects to it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.names: set[str] = set()

    def write(self, name: str, text: str) -> None:
        self.site.pages[f"/docs/{name}"] = Reply(text, "text/markdown")
        self.names.add(name)

    def delete(self, name: str) -> None:
        del self.site.pages[f"/docs/{name}"]
        self.names.discard(name)

    def rename(self, old: str, new: str) -> None:
        self.site.pages[f"/docs/{new}"] = self.site.pages[f"/docs/{old}"]
        self.site.pages[f"/docs/{old}"] = Reply(status=301, headers={"Location": f"/docs/{new}"})
        self.names = {*self.names, new} - {old}

    def done(self) -> None:
        listed = "\n".join(f"{self.site.address}/docs/{name}" for name in sorted(self.names))
        self.site.pages["/list.txt"] = Reply(listed, "text/plain")

    def source(self) -> Source:
        given = {"sitemap": "/list.txt", "allow_private": True, "delay_s": 0, "concurrency": 2}
        return WebSettings(web=f"{self.site.address}/docs/", **given).open()

    def source_of(self, name: str) -> str:
        return f"{self.site.address.removeprefix('http://')}/docs/{name}"


@pytest.fixture(params=["sqlite by version", "sqlite by hash", "postgres by version", "site"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DB_PASSWORD", PASSWORD)
    kind, _, by = request.param.partition(" by ")
    with ExitStack() as running:
        if kind == "site":
            yield PagePlace(running.enter_context(site_server()))
        else:
            server = sqlite_server(tmp_path) if kind == "sqlite" else running.enter_context(postgres_server())
            yield RowPlace(server, "version" if by == "version" else "")


@pytest.mark.slow
def test_store_and_index_equal_the_source_whatever_happens(
    place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No ghost, no loss, after a thousand steps with crashes; an unchanged sync embeds nothing and changes nothing."""
    harness.test_store_and_index_equal_the_source_whatever_happens(lambda folder: place, tmp_path, monkeypatch)
