"""What the indexes in a schema hold: their names, one sum over the rows of each, and how they are dropped.

Takes a place. Knows nothing about searching.
"""

import hashlib
from collections.abc import Collection

from bakeoff.corpus.postgres.database import Database
from bakeoff.corpus.postgres.place import Place
from bakeoff.retrieval.contents import COLUMNS
from bakeoff.retrieval.postgres.index import ALL, as_row
from bakeoff.retrieval.postgres.tables import Tables, read_state


def schema_sha256(place: Place, name: str) -> str:
    """The sum of the rows of an index and of the settings they were made with. Empty if there is none.

    The order in which rows were written does not count.
    """
    database = Database(place)
    try:
        with database.reading() as connection:
            there = read_state(connection, name)
            if there is None:
                return ""
            tables, state = there
            digest = hashlib.sha256(f"{state.embedder}\0{state.dimension}\0{state.max_tokens}\0{state.chunks}".encode())
            for row in connection.execute(tables.sql(f"{ALL} ORDER BY c.id, c.start_at")):
                values = as_row(row)
                for column in COLUMNS:
                    digest.update(f"\0{values[column]!r}".encode("utf-8", "surrogatepass"))
            query = "SELECT v.vector FROM vectors_{i} AS v JOIN chunks_{i} AS c USING (n) ORDER BY c.id, c.start_at"
            with connection.cursor(binary=True) as cursor:
                for (vector,) in cursor.execute(tables.sql(query)):
                    digest.update(vector)
        return digest.hexdigest()
    finally:
        database.close()


def names_in(place: Place) -> list[str]:
    """The names of the indexes."""
    database = Database(place)
    try:
        with database.reading() as connection:
            return [name for (name,) in connection.execute("SELECT name FROM indexes ORDER BY name")]
    finally:
        database.close()


def drop_indexes(place: Place, names: Collection[str]) -> None:
    """Drops the tables of these indexes."""
    database = Database(place)
    try:
        for name in names:
            with database.writing() as connection:
                query = "DELETE FROM indexes WHERE name = %s RETURNING number"
                for (number,) in connection.execute(query, [name]).fetchall():
                    Tables(number, 0).drop(connection)
    finally:
        database.close()
