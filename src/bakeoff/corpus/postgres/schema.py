"""The tables of the documents in a schema: made, brought forward to this version, copied and dropped.

Takes a database. Knows nothing about the tables of indexes but that a copy has them, too.
"""

from collections.abc import Sequence
from typing import Any

from bakeoff.corpus.postgres.database import Database, transaction
from bakeoff.corpus.postgres.place import Place
from bakeoff.corpus.postgres.told import explained
from bakeoff.corpus.store import CREATE, NoDocumentsError
from bakeoff.errors import ConfigError, RunFolderError

_FUNCTIONS = """
CREATE FUNCTION may_see(access TEXT, labels TEXT) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT labels IS NULL OR access = '[]' OR EXISTS (
    SELECT 1 FROM json_array_elements_text(access::json) AS theirs (label)
    JOIN json_array_elements_text(labels::json) AS mine (label) USING (label)
  ) $$;
CREATE FUNCTION casefolded(title TEXT, source TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT replace(lower((title || chr(10) || source) {collation}), 'ß', 'ss') $$;
CREATE FUNCTION values_of(list TEXT, OUT key BIGINT, OUT value TEXT) RETURNS SETOF RECORD LANGUAGE sql IMMUTABLE AS $$
  SELECT one.ordinality - 1, one.value FROM json_array_elements_text(list::json) WITH ORDINALITY AS one $$;
"""
RESTORE = "restore the schema from a copy of the database"
_INDEXES = """
CREATE TABLE indexes (name TEXT COLLATE "C" PRIMARY KEY, number INTEGER NOT NULL UNIQUE, state JSONB NOT NULL);
"""
STEPS: tuple[Sequence[str], ...] = (
    (
        CREATE.replace(" TEXT", ' TEXT COLLATE "C"'),
        "INSERT INTO store VALUES (replace(gen_random_uuid()::text, '-', ''), 0)",
        _FUNCTIONS,
        _INDEXES,
    ),
)
"""The statements that make each version of the schema from the one before it."""


def prepare(database: Database, make: bool = True) -> None:
    """With `make`, makes the schema if there is none; and brings one of an earlier version forward.

    Raises NoDocumentsError if there is none and none is to be made, RunFolderError for a schema of a later version, or
    of another program, and ConfigError if the database has no
    pgvector.
    """
    with database.reading() as connection:
        version = _version(connection, database.place)
    if version == len(STEPS):
        return
    if version == 0 and not make:
        raise NoDocumentsError(f"There are no documents in {database.where}: its tables are gone.", RESTORE)
    with database.alone("schema") as connection, transaction(connection):
        version = _version(connection, database.place)
        if version == 0:
            _check_vectors(connection, database.where)
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {database.place.schema_name}")
            connection.execute("CREATE TABLE schema_version (version INTEGER NOT NULL)")
            connection.execute("INSERT INTO schema_version VALUES (0)")
        for statements in STEPS[version:]:
            for statement in statements:
                connection.execute(statement.replace("{collation}", _collation(connection)))
        connection.execute("UPDATE schema_version SET version = %s", [len(STEPS)])
    database.close()  # connections that were opened before may not see the schema of pgvector


def _version(connection: Any, place: Place) -> int:
    """The version of the schema; 0 if there is none. Raises RunFolderError if it is none of ours or a later one."""
    query = "SELECT count(*), count(*) FILTER (WHERE tablename = 'schema_version') FROM pg_tables WHERE schemaname = %s"
    n_tables, n_ours = connection.execute(query, [place.schema_name]).fetchone()
    if not n_ours and n_tables:
        raise RunFolderError(
            f"{place.where} holds the tables of another program.", "name another schema in store.json, or drop this one"
        )
    if not n_ours:
        return 0
    (version,) = connection.execute(f"SELECT version FROM {place.schema_name}.schema_version").fetchone()
    if version > len(STEPS):
        raise RunFolderError(
            f"{place.where} has version {version}; this version of Bakeoff reads {len(STEPS)}.",
            "use the version of Bakeoff that wrote it, or a later one",
        )
    return int(version)


def check_database(address: str) -> str:
    """The version of pgvector that the server can add to this database. Raises as making a store there."""
    database = Database(Place(address=address, schema_name="public"))
    try:
        with database.reading() as connection:
            version = _check_server(connection, address)
            _check_rights(connection, address)
            return version
    finally:
        database.close()


def _check_rights(connection: Any, where: str) -> None:
    """Raises ConfigError if this user may make no schema here."""
    query = "SELECT has_database_privilege(current_database(), 'CREATE'), current_user, current_database()"
    may_create, user, name = connection.execute(query).fetchone()
    if not may_create:
        raise ConfigError(
            f"The user {user} may not make a schema in {where}, where each run keeps its documents in one.",
            f'let an administrator of the database do it once: GRANT CREATE ON DATABASE "{name}" TO "{user}"',
        )


def _check_server(connection: Any, where: str) -> str:
    """The version of pgvector that a server can add to its databases. Raises ConfigError if it has none."""
    found = connection.execute("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'").fetchone()
    if found is None:
        raise ConfigError(
            f"The server of {where} does not have pgvector, which searches vectors.",
            "install it on the server (Debian: postgresql-NN-pgvector), or leave store: out",
        )
    return str(found[0])


def _check_vectors(connection: Any, where: str) -> None:
    """Makes sure that the database has pgvector. Raises ConfigError if it has not and this user cannot change that."""
    import psycopg

    if connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'").fetchone():
        return
    _check_server(connection, where)
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public")
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigError(
            f"{where} has no pgvector yet, and this user may not add it.",
            "let an administrator of the database do it once: CREATE EXTENSION vector",
        ) from error


def _collation(connection: Any) -> str:
    """One that knows the small letters of all scripts, where the server has it."""
    found = connection.execute("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'").fetchone()
    return 'COLLATE "und-x-icu"' if found else ""


def copy_schema(source: Place, target: Place, but: Sequence[str] = ()) -> None:
    """Copies all tables of a schema into a new one of the same database, as they were at one moment.

    Tables whose names begin with one of `but` are left out. A schema of the target's name is dropped first.
    """
    database = Database(source)
    try:
        with explained(source.where), database.alone(f"copy to {target.schema_name}") as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            connection.execute(f"DROP SCHEMA IF EXISTS {target.schema_name} CASCADE")
            connection.execute(f"CREATE SCHEMA {target.schema_name}")
            query = "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename"
            tables = [name for (name,) in connection.execute(query, [source.schema_name])]
            for table in (name for name in tables if not name.startswith(tuple(but))):
                _copy_table(connection, source.schema_name, target.schema_name, table)
            if "indexes" in tables and but:
                connection.execute(f"DELETE FROM {target.schema_name}.indexes")
            connection.execute(f"SET LOCAL search_path TO {target.schema_name}")
            connection.execute(_FUNCTIONS.replace("{collation}", _collation(connection)))
            connection.execute("COMMIT")
    finally:
        database.close()


def _copy_table(connection: Any, source: str, target: str, table: str) -> None:
    """The rows first, then the indexes: they are made faster from all rows at once."""
    connection.execute(f"CREATE TABLE {target}.{table} (LIKE {source}.{table} INCLUDING ALL EXCLUDING INDEXES)")
    connection.execute(f"INSERT INTO {target}.{table} SELECT * FROM {source}.{table}")
    query = """
        SELECT pg_get_indexdef(i.indexrelid), c.conname, pg_get_constraintdef(c.oid)
        FROM pg_index AS i LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
        WHERE i.indrelid = %s::regclass AND i.indisvalid
    """
    for definition, name, constraint in connection.execute(query, [f"{source}.{table}"]).fetchall():
        if name:
            connection.execute(f"ALTER TABLE {target}.{table} ADD CONSTRAINT {name} {constraint}")
        else:
            connection.execute(definition.replace(f" ON {source}.{table} ", f" ON {target}.{table} ", 1))


def drop_schema(place: Place) -> None:
    """Deletes all tables of a world, for good."""
    database = Database(place)
    try:
        with database.writing() as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {place.schema_name} CASCADE")
    finally:
        database.close()
