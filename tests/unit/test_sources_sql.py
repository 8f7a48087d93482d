"""Rows as documents: what is read, what changed, what is refused; the same on SQLite, PostgreSQL and MariaDB."""

import gc
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

pytest.importorskip("sqlalchemy")

from bakeoff.corpus.sources.kinds import settings_of
from bakeoff.corpus.sources.opened import open_sources
from bakeoff.corpus.sources.sql.rows import as_json, fact_lines, from_json, key_of, moment_of, plain
from bakeoff.corpus.sources.sql.settings import SqlSettings
from bakeoff.corpus.sources.sql.source import MOST_BY_KEY
from bakeoff.corpus.sources.sql.statement import first_table, one_select
from bakeoff.errors import ConfigError, InputError, MissingExtraError
from bakeoff.protocols import Changes
from tests.unit.sql_servers import PASSWORD, Server, mariadb_server, postgres_server, sqlite_server

QUERY = "SELECT id, title, body, updated_at, team FROM articles"
TABLE = (
    "CREATE TABLE articles (id INTEGER PRIMARY KEY, title VARCHAR(99), body TEXT, updated_at TIMESTAMP NULL, "
    "team VARCHAR(99), price NUMERIC(8, 2))"
)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def mariadb() -> Iterator[Server]:
    with mariadb_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A database with three articles."""
    monkeypatch.setenv("DB_PASSWORD", PASSWORD)
    one: Server = sqlite_server(tmp_path) if request.param == "sqlite" else request.getfixturevalue(request.param)
    one.run("DROP TABLE IF EXISTS articles", TABLE)
    one.run(*(insert(i, f"The body of {name}.") for i, name in enumerate(("Aldra", "Borun", "Cetis"), 1)))
    return one


@pytest.fixture
def sqlite(tmp_path: Path) -> Server:
    one = sqlite_server(tmp_path)
    one.run(TABLE, insert(1, "The body of Aldra."))
    return one


def insert(id: int, body: str, changed: str = "2026-01-01 10:00:00", team: str = "") -> str:
    values = f"{id}, 'Article {id}', '{body}', '{changed}', {repr(team) if team else 'NULL'}, {id}.50"
    return f"INSERT INTO articles (id, title, body, updated_at, team, price) VALUES ({values})"


def settings(server: Server, **more: Any) -> SqlSettings:
    password = {} if server.kind == "sqlite" else {"password_env": "DB_PASSWORD"}
    given = {"query": QUERY, "key": "id", "title": "title", "text": "body", "changed": "updated_at"}
    return SqlSettings(sql=server.address, **{**given, **password, **more})


def changes(one: SqlSettings, cursor: str = "") -> Changes:
    return open_sources([one])[0].changes_since(cursor)


def sources(found: Changes) -> list[str]:
    return [document.source for document in found.documents]


@pytest.mark.parametrize("changed", ["updated_at", ""])
def test_only_what_changed_is_given(server: Server, changed: str) -> None:
    """By times of changes, equal ones included, and by hashes alike."""
    one = settings(server, changed=changed)
    first = changes(one)
    assert sources(first) == ["articles/1", "articles/2", "articles/3"] and not first.deleted
    assert first.documents[0].text == "The body of Aldra." and first.documents[0].title == "Article 1"
    if changed:
        assert first.documents[0].updated_at == datetime(2026, 1, 1, 10, tzinfo=UTC)
    same = changes(one, first.cursor)
    assert (same.documents, same.deleted) == ((), ()) and same.cursor == first.cursor
    server.run(
        "UPDATE articles SET body = 'Changed in the same second.' WHERE id = 1",
        "DELETE FROM articles WHERE id = 2",
        insert(4, "New, with the time of an old one.", "2020-01-01 00:00:00"),
        insert(5, "New, without a time.").replace("'2026-01-01 10:00:00'", "NULL"),
    )
    second = changes(one, first.cursor)
    assert sources(second) == ["articles/1", "articles/4", "articles/5"] and second.deleted == ("articles/2",)
    assert changes(one, first.cursor) == second, "the same cursor gives the same again"
    server.run("UPDATE articles SET id = 9 WHERE id = 5")
    third = changes(one, second.cursor)
    assert sources(third) == ["articles/9"] and third.deleted == ("articles/5",), "a new key is a rename"
    server.run("UPDATE articles SET updated_at = '2026-02-01 00:00:00'")
    if changed:
        assert not changes(one, third.cursor).documents, "a new time alone embeds nothing"


def test_a_change_from_a_transaction_that_ends_late_is_found(server: Server) -> None:
    """Its time is before the greatest that was seen."""
    if server.kind == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    one = settings(server)
    server.run(insert(4, "Quick.", "2026-01-01 10:04:00"))
    cursor = changes(one).cursor
    server.run("UPDATE articles SET body = 'Late.', updated_at = '2026-01-01 10:01:00' WHERE id = 1")
    assert sources(changes(one, cursor)) == ["articles/1"]


def test_an_older_version_that_comes_back_is_found(server: Server) -> None:
    """Its time of change goes back."""
    one = settings(server)
    server.run("UPDATE articles SET updated_at = '2025-01-01 00:00:00' WHERE id = 1")
    cursor = changes(one).cursor
    server.run("UPDATE articles SET body = 'From a backup.', updated_at = '2024-01-01 00:00:00' WHERE id = 1")
    assert sources(changes(one, cursor)) == ["articles/1"]


def test_a_time_in_the_far_future_hides_no_change(server: Server) -> None:
    """One row with a wrong year is not the latest change."""
    one = settings(server)
    server.run(insert(4, "From the year 2037.", "2037-01-01 00:00:00"))
    cursor = changes(one).cursor
    server.run("UPDATE articles SET body = 'New.', updated_at = '2026-01-02 00:00:00' WHERE id = 1")
    assert sources(changes(one, cursor)) == ["articles/1"]


def test_rows_become_texts_facts_labels_and_details(server: Server) -> None:
    """Columns keep their parts; HTML becomes Markdown; NULL says nothing."""
    server.run(
        insert(4, "<h2>Rules</h2><p>Be <b>kind</b>.</p>", team="hr, it"), "UPDATE articles SET body = NULL WHERE id = 1"
    )
    query = f"{QUERY.replace('team', 'team, price')};"
    found = changes(settings(server, query=query, labels_column="team", facts="price", text=["title", "body"]))
    texts = {one.source: (one.text, one.access) for one in found.documents}
    assert texts["articles/1"] == (
        "price: 1.50\n\nArticle 1" if server.kind != "sqlite" else "price: 1.5\n\nArticle 1",
        (),
    )
    text, labels = texts["articles/4"]
    assert text.endswith("Article 4\n\n## Rules\n\nBe kind.") and labels == ("hr", "it")
    described = changes(settings(server, query=query, text=(), name="kb/shop", labels=["all"]))
    assert described.documents[0].source == "kb/shop/1" and described.documents[0].access == ("all",)
    assert described.documents[1].text.splitlines()[0] == "body: The body of Borun."
    meta = changes(settings(server, query=query)).documents[0].meta
    assert float(meta["price"]) == 2.5


def test_signs_that_a_driver_may_misread_reach_the_database(server: Server) -> None:
    """Colons, percent signs, question marks and comments at the end."""
    query = "SELECT id, 'at 10:30 :x 5 % \"?\" -- no' AS body FROM articles WHERE title LIKE '%1' -- the first"
    found = changes(settings(server, query=query, title="", changed=""))
    assert [one.text for one in found.documents] == ['at 10:30 :x 5 % "?" -- no']


def test_an_empty_text_is_no_document_and_ends_one(server: Server) -> None:
    """A row whose text is taken away no longer says anything."""
    one = settings(server)
    cursor = changes(one).cursor
    server.run("UPDATE articles SET body = ' ' WHERE id < 3")
    found = changes(one, cursor)
    assert found.deleted == ("articles/1", "articles/2") and not found.documents
    (problem,) = found.problems
    assert "no text in body (1 more row like it)" in problem.reason and problem.is_read


def test_many_new_rows_of_old_times_are_read_at_once(server: Server) -> None:
    """Rather than by their keys."""
    one = settings(server)
    cursor = changes(one).cursor
    with server.open() as connection:
        rows = ", ".join(f"({i}, 'old {i}', '2020-01-01 00:00:00')" for i in range(10, 12 + MOST_BY_KEY))
        connection.exec_driver_sql(f"INSERT INTO articles (id, body, updated_at) VALUES {rows}")
        connection.commit()
    found = changes(one, cursor)
    assert len(found.documents) == MOST_BY_KEY + 2 and not found.deleted
    assert not changes(one, found.cursor).documents


def test_keys_of_several_columns(server: Server) -> None:
    """They stand in the source, and new rows are found by them."""
    one = settings(server, key=["team", "id"])
    server.run("UPDATE articles SET team = 'a#b'")
    first = changes(one)
    assert sources(first) == ["articles/a%23b/1", "articles/a%23b/2", "articles/a%23b/3"]
    server.run(insert(4, "Old.", "2020-01-01 00:00:00", team="c"))
    assert sources(changes(one, first.cursor)) == ["articles/c/4"]


@pytest.mark.parametrize("changed", ["updated_at", ""])
@pytest.mark.parametrize(
    ("key", "message"),
    [("team", "has a row without a key: team is None"), ("title", "two rows with the key 'Article 1' (title)")],
)
def test_a_query_without_a_usable_key_is_refused(server: Server, key: str, message: str, changed: str) -> None:
    """At first and later; what to do is said."""
    one = settings(server, key=key, changed=changed, title="")
    server.run("UPDATE articles SET team = id")
    cursor = changes(one).cursor
    server.run("UPDATE articles SET team = NULL WHERE id = 3", "UPDATE articles SET title = 'Article 1'")
    for since in ("", cursor):
        with pytest.raises(InputError) as caught:
            changes(one, since)
        assert message in str(caught.value) and "name columns in key:" in str(caught.value)


def test_nothing_can_be_written(server: Server) -> None:
    """Whatever functions a query calls: the transaction only reads, though the user may write."""
    address = str(server.engine.url)
    calls = {"postgres": "nextval('counter')", "mariadb": "NEXT VALUE FOR counter"}
    if server.kind == "sqlite":
        pytest.skip("SQLite has no function that writes; the file is opened for reading, see below")
    server.run("DROP SEQUENCE IF EXISTS counter", "CREATE SEQUENCE counter")
    query = f"SELECT {calls[server.kind]} AS id, 'x' AS body"
    owner = SqlSettings(sql=address.split("?")[0], query=query, key="id", text="body")
    with pytest.raises(InputError, match="was asked to write"):
        changes(owner)


def test_a_sqlite_file_is_opened_for_reading(sqlite: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever gets past the check of the statement."""
    from bakeoff.corpus.sources.sql.database import reading

    with reading(settings(sqlite)) as reader, pytest.raises(Exception, match="readonly database"):
        reader._connection.exec_driver_sql("DELETE FROM articles")


def test_a_slow_query_ends_at_its_limit(server: Server) -> None:
    """With what to do; the next read works."""
    slow = {
        "sqlite": "SELECT id, body FROM articles WHERE (WITH RECURSIVE n(i) AS "
        "(SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n) > 0",
        "postgres": "SELECT id, body FROM articles, pg_sleep(20)",
        "mariadb": "SELECT id, body FROM articles WHERE SLEEP(20) = 0 OR id > 0",
    }[server.kind]
    with pytest.raises(InputError, match=r"took longer for the query than timeout_s allows \(0\.2 seconds\)"):
        changes(settings(server, query=slow, title="", changed="", timeout_s=0.2))
    assert len(changes(settings(server)).documents) == 3


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"query": "SELECT id, boddy FROM articles"}, "does not know a column"),
        ({"query": "SELECT id, body FROM artikles"}, "does not know a table"),
        ({"query": "SELECT id, body FROM articles WHERE"}, "does not understand the query"),
        ({"text": "boddy"}, "text: unknown column 'boddy' (did you mean 'body'?)"),
        ({"key": "ident"}, "key: unknown column 'ident'"),
        ({"changed": "updated"}, "changed: unknown column 'updated'"),
        ({"query": "SELECT a.id, b.id FROM articles a JOIN articles b ON a.id = b.id"}, "two columns 'id'"),
    ],
)
def test_a_wrong_query_is_explained(server: Server, more: dict[str, Any], message: str) -> None:
    """With the name that was probably meant."""
    if server.kind == "mariadb" and message == "two columns 'id'":
        message = "Duplicate column name 'id'"
    with pytest.raises(InputError) as caught:
        changes(settings(server, **{"title": "", "changed": "", **more}))
    assert message in str(caught.value) and PASSWORD not in str(caught.value)


def test_wrong_credentials_are_said_without_the_password(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a variable that is not set."""
    if server.kind == "sqlite":
        pytest.skip("SQLite has no users")
    monkeypatch.setenv("DB_PASSWORD", "wrong-one")
    with pytest.raises(InputError, match="refuses the user or the password") as caught:
        changes(settings(server))
    assert "wrong-one" not in str(caught.value) and "password_env" in str(caught.value)
    monkeypatch.delenv("DB_PASSWORD")
    with pytest.raises(ConfigError, match=r"The variable DB_PASSWORD, which holds the password .* is not set"):
        changes(settings(server))


def test_rights_that_are_revoked_lose_nothing(server: Server) -> None:
    """The sync fails as a whole: no document is reported as deleted."""
    if server.kind == "sqlite":
        pytest.skip("SQLite has no users")
    one = settings(server)
    cursor = changes(one).cursor
    who = "reader" if server.kind == "postgres" else "reader@127.0.0.1"
    what = "articles" if server.kind == "postgres" else "kb.*"
    server.run(f"REVOKE SELECT ON {what} FROM {who}")
    with pytest.raises(InputError, match=r"does not let this user read|refuses the user"):
        changes(one, cursor)
    server.run(f"GRANT SELECT ON {what} TO {who}")
    assert not changes(one, cursor).documents


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_connection_that_is_cut_while_rows_come_loses_nothing(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """The server ends the session in the middle of the rows. Nothing but the error is said, then or later."""
    from bakeoff.corpus.sources.sql.database import reading

    if server.kind == "sqlite":
        pytest.skip("SQLite has no connection to cut")
    with server.open() as connection:
        rows = ", ".join(f"({i}, REPEAT('long ', 4000))" for i in range(10, 4000))
        connection.exec_driver_sql(f"INSERT INTO articles (id, body) VALUES {rows}")
        connection.commit()
    with pytest.raises(InputError, match="ended the connection"), reading(settings(server)) as reader:
        for n, _ in enumerate(reader.rows()):
            if n == 10:
                end_sessions_of_reader(server)
    gc.collect()
    assert not caplog.records


def end_sessions_of_reader(server: Server) -> None:
    if server.kind == "postgres":
        server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'")
        return
    with server.open() as connection:
        find = "SELECT id FROM information_schema.processlist WHERE user = 'reader'"
        for (number,) in connection.exec_driver_sql(find).fetchall():
            connection.exec_driver_sql(f"KILL {number}")


def test_labels_that_are_not_understood_keep_a_row_unread(sqlite: Server) -> None:
    """A text does not become public; what was read of it before goes, too, and the row is read again later."""
    one = settings(sqlite, labels_column="team")
    cursor = changes(one).cursor
    sqlite.run("UPDATE articles SET team = 7.5, body = 'secret', updated_at = '2026-03-01 00:00:00'")
    sqlite.run("UPDATE articles SET team = '[oops'")
    sqlite.run(insert(2, "Later.", "2026-04-01 00:00:00"))
    found = changes(one, cursor)
    assert sources(found) == ["articles/2"] and found.deleted == ("articles/1",)
    assert [(one.source, one.is_read, one.withdraws) for one in found.problems] == [("articles/1", False, True)]
    again = changes(one, found.cursor)
    assert [one.source for one in again.problems] == ["articles/1"] and not again.deleted
    sqlite.run("""UPDATE articles SET team = '["hr"]' WHERE id = 1""")
    (document,) = changes(one, found.cursor).documents
    assert document.text == "secret" and document.access == ("hr",)


def test_bytes_are_text_or_a_problem(sqlite: Server) -> None:
    """And keys may be texts with signs."""
    sqlite.run(
        "CREATE TABLE files (path TEXT, body BLOB)",
        "INSERT INTO files VALUES ('a/ü.txt', CAST('Grüße' AS BLOB)), ('b', X'00FF00'), ('c', X'47fc'), ('d', X'0001')",
    )
    found = changes(settings(sqlite, query="SELECT path, body FROM files", key="path", title="", changed=""))
    assert {one.source: one.text for one in found.documents} == {"files/a/ü.txt": "Grüße", "files/c": "Gü"}
    [problem] = found.problems
    assert (problem.source, problem.also) == ("files/b", ("files/d",)) and "holds binary" in problem.reason


def test_settings_that_are_written_are_read_again(sqlite: Server) -> None:
    """The kind stays the first key, and defaults are left out."""
    one = settings(sqlite)
    written = one.model_dump(mode="json")
    assert next(iter(written)) == "sql" and "timeout_s" not in written
    assert settings_of(written) == one


@pytest.mark.parametrize("value", ["9e999", "-9e999", "X'0001'", "4611686018427387904", "1e308"])
def test_one_row_that_has_no_order_is_not_read_and_named(
    sqlite: Server, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Infinity, bytes, and a number among times. It is read again later, and what was read of it before stays."""
    sqlite.run(insert(2, "Two."), insert(3, "Three."))
    cursor = changes(settings(sqlite)).cursor
    sqlite.run(f"UPDATE articles SET updated_at = {value}, body = 'New.' WHERE id = 2")
    for found in (changes(settings(sqlite)), changes(settings(sqlite), cursor)):
        assert [(one.source, one.is_read) for one in found.problems] == [("articles/2", False)]
        assert "articles/2" not in sources(found) and not found.deleted
        assert "changed:" in found.problems[0].reason
    sqlite.run("UPDATE articles SET updated_at = '2026-02-01 10:00:00' WHERE id = 2")
    assert sources(changes(settings(sqlite), found.cursor)) == ["articles/2"]
    assert not caplog.records


@pytest.mark.parametrize("value", ["9e999", "1e308", "-1e300", "253402300800000"])
def test_a_number_that_is_no_time_is_none(sqlite: Server, value: str) -> None:
    """The row is read; its document has no time of change. Infinity says which row it is."""
    sqlite.run(
        insert(2, "Two.").replace("'2026-01-01 10:00:00'", value),
        insert(3, "Three.").replace("'2026-01-01 10:00:00'", "7"),
    )
    found = changes(settings(sqlite, query="SELECT * FROM articles WHERE id > 1"))
    read = {one.source: one.updated_at for one in found.documents}
    assert read == {"articles/3": None} | ({} if value == "9e999" else {"articles/2": None})


def test_a_failed_read_leaves_no_traceback_behind(
    server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The rest of the rows is still on its way when a row is refused."""
    one = settings(server, query="SELECT 1 AS id, title, body, updated_at FROM articles")
    with pytest.raises(InputError, match="two rows with the key"):
        changes(one)
    gc.collect()
    assert not caplog.records and "Traceback" not in capfd.readouterr().err


def test_a_column_that_orders_nothing_is_refused(sqlite: Server) -> None:
    """Bytes, and values of several kinds."""
    sqlite.run("UPDATE articles SET updated_at = X'01'")
    with pytest.raises(InputError, match="has a value of the kind bytes, by which rows are not compared"):
        changes(settings(sqlite))
    sqlite.run("UPDATE articles SET updated_at = 'x'", insert(2, "x").replace("'2026-01-01 10:00:00'", "5"))
    with pytest.raises(InputError, match="values of several kinds"):
        changes(
            settings(
                sqlite,
                query="SELECT id, body, CASE id WHEN 1 THEN 1 ELSE 'x' END u FROM articles",
                title="",
                changed="u",
            )
        )


def test_other_settings_read_all_rows_again(sqlite: Server) -> None:
    """With the same cursor: a new column of text is a change though no time is."""
    cursor = changes(settings(sqlite)).cursor
    found = changes(settings(sqlite, facts="team", text="title"), cursor)
    assert [one.text for one in found.documents] == ["Article 1"]


def test_a_cursor_of_another_kind_is_refused(sqlite: Server) -> None:
    """What was found is named."""
    for cursor in (
        "yesterday",
        '{"at": "", "files": {}}',
        '{"sql": "a", "mark": ["int", "x"], "rows": {}, "stamps": {}}',
    ):
        with pytest.raises(InputError, match="is not a cursor of a database"):
            changes(settings(sqlite), cursor)


def test_a_file_that_is_missing_or_no_database(tmp_path: Path) -> None:
    """Both are said, and no file is made."""
    wanted = {"query": "SELECT 1 AS id", "key": "id"}
    with pytest.raises(InputError, match="There is no SQLite file at"):
        changes(SqlSettings(sql=f"sqlite:///{tmp_path}/no.db", **wanted))
    assert not (tmp_path / "no.db").exists()
    (tmp_path / "x.db").write_bytes(b"This is a text. " * 100)
    with pytest.raises(InputError, match="is no SQLite file"):
        changes(SqlSettings(sql=f"sqlite:///{tmp_path}/x.db", **wanted))


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a driver that is not installed."""
    pytest.importorskip("psycopg")
    one = SqlSettings(sql="postgresql://reader@127.0.0.1:1/db", query="SELECT 1 AS id", key="id", timeout_s=2)
    with pytest.raises(InputError, match="cannot be reached"):
        changes(one)
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match=r"bakeoff\[sql\]"):
        changes(one)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        " select 1 ; ",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "(SELECT 1) UNION (SELECT 2)",
        "SELECT 'a; DELETE FROM b; INTO', \"update\" FROM t -- ; x\n",
        "SELECT $$;$$, $a$ ; $a$",
        "SELECT replace(title, 'a', 'b'), updated_at FROM t WHERE id IN (SELECT 1)",
        "SELECT 'it''s; ' FROM t /* ; */",
    ],
)
def test_select_statements_are_allowed(query: str) -> None:
    """Whatever stands in their texts and comments."""
    assert one_select(query) == query.strip().rstrip(";").strip()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "begins with nothing"),
        ("-- nothing", "begins with nothing"),
        ("DELETE FROM t", "begins with DELETE"),
        ("EXPLAIN SELECT 1", "begins with EXPLAIN"),
        ("SELECT 1; DROP TABLE t", "more than one statement"),
        ("SELECT 1;;SELECT 2", "more than one statement"),
        ("SELECT * INTO b FROM a", "INTO"),
        ("SELECT 1 INTO OUTFILE '/x'", "INTO"),
        ("WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a", "has DELETE in it"),
        ("WITH a AS ( /* x */ update t SET a = 1 RETURNING *) SELECT 1", "has UPDATE in it"),
        ("WITH a AS (SELECT 1) INSERT INTO t TABLE a", "INTO"),
        ("WITH a AS (SELECT 1) DELETE FROM t", "no SELECT after WITH"),
        ("SELECT * FROM t FOR UPDATE", "locks rows"),
        ("SELECT * FROM t FOR NO KEY UPDATE", "locks rows"),
        ("SELECT /*!50000 SLEEP(9) */ 1", "a comment that MySQL executes"),
    ],
)
def test_other_statements_are_refused(query: str, message: str) -> None:
    """When the configuration is read."""
    with pytest.raises(ValueError, match=message):
        one_select(query)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sql": "oracle://x/y"}, "should begin with postgresql"),
        ({"sql": "help.db"}, "should begin with postgresql"),
        ({"sql": "sqlite://"}, "after three slashes"),
        ({"sql": "sqlite:///:memory:"}, "after three slashes"),
        ({"sql": "postgresql://a:hunter2@h/db"}, "h holds a password"),
        ({"sql": "postgresql://a@h/db?password=hunter2"}, "'password' looks like a secret"),
        ({"query": "DROP TABLE t"}, "begins with DROP"),
        ({"name": "../x"}, "is no plain name"),
        ({"key": []}, "key"),
        ({"text": "a", "facts": "a"}, "stands in text and in another place"),
        ({"tittle": "a"}, "unknown key 'tittle' (did you mean 'title'?)"),
    ],
)
def test_settings_are_checked(values: dict[str, Any], message: str) -> None:
    """Without showing a password."""
    given = {"sql": "postgresql://reader@h/db", "query": "SELECT 1 AS id", "key": "id", **values}
    with pytest.raises(ValueError) as caught:
        settings_of(given)
    assert message in str(caught.value) and "hunter2" not in str(caught.value)


def test_the_name_is_that_of_the_first_table(tmp_path: Path) -> None:
    """And paths of SQLite files begin at the configuration's folder."""
    assert first_table("SELECT * FROM `kb`.`articles` AS a") == "articles"
    assert first_table("SELECT 'FROM x' AS a -- FROM y") == ""
    values = SqlSettings.absolute({"sql": "sqlite:///help.db"}, tmp_path)
    assert values["sql"] == f"sqlite:///{tmp_path}/help.db"
    assert SqlSettings.absolute({"sql": "sqlite:////x/y.db"}, tmp_path)["sql"] == "sqlite:////x/y.db"


def test_values_of_all_kinds() -> None:
    """As people write them, and as JSON."""
    assert fact_lines("price", Decimal("12.50")) == ["price: 12.50"]
    assert fact_lines("on", True) == ["on: yes"] and fact_lines("raw", b"\0") == [] == fact_lines("none", None)
    assert fact_lines("when", date(2026, 1, 2)) == ["when: 2026-01-02"]
    assert fact_lines("tags", ["a", "b"]) == ["tags: a, b"]
    assert plain(UUID(int=1)) == "00000000-0000-0000-0000-000000000001" and plain(timedelta(hours=1)) == "1:00:00"
    assert plain(Decimal("NaN")) is None and plain({"a": (1, Decimal("2"))}) == {"a": [1, "2"]}
    assert moment_of(1_700_000_000) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC) and moment_of(17) is None
    assert moment_of("2026-01-02 03:04") == datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert key_of((None,)) == "" == key_of((" ",)) == key_of(("..",)) and key_of(("a", 5)) == "a/5"
    for value in (datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1), 5, 2.5, "x", Decimal("1.50")):
        assert from_json(json.loads(json.dumps(as_json(value)))) == value
