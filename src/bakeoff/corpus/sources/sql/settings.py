"""Rows of a database: `{sql: postgresql://reader@host/db, query: "SELECT id, body FROM articles", key: id}`.

Takes plain values, gives a frozen record. Connects to nothing, and knows no driver.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, field_validator, model_validator

from bakeoff.corpus.sources.settings import SourceSettings, Texts, without_password, without_secrets
from bakeoff.corpus.sources.sql.statement import first_table, one_select
from bakeoff.protocols import Source

DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb+pymysql": "mariadb+pymysql",
    "sqlite": "sqlite",
}
"""The driver for each beginning of an address."""


class SqlSettings(SourceSettings):
    """`sql` is the address of the database without a password; each row of `query` is a document.

    `key` names the columns that tell rows from one another. The columns of `text` are free text, those of `facts` lines
    `Column: value` above it; without `text`, all columns without another role are facts. `changed` is a column that
    grows whenever a row changes. `name` begins the sources of the documents; by default it is the first table.
    """

    kind: ClassVar[str] = "sql"

    sql: str
    query: str
    key: Texts = Field(min_length=1)
    password_env: str = ""
    name: str = ""
    title: str = ""
    text: Texts = ()
    facts: Texts = ()
    labels_column: str = ""
    changed: str = ""
    timeout_s: float = Field(default=30.0, gt=0, le=3600)

    @classmethod
    def absolute(cls, values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        """The values; a relative path of a SQLite file begins at the folder of bakeoff.yaml."""
        address = str(values.get("sql", ""))
        if not address.startswith("sqlite:///"):
            return dict(values)
        path = address.removeprefix("sqlite:///")
        whole = Path(path).expanduser() if path.startswith("~/") else folder / path
        return {**values, "sql": f"sqlite:///{whole}"}

    @field_validator("sql")
    @classmethod
    def _is_known(cls, address: str) -> str:
        without_password(address)
        driver, found, rest = address.partition("://")
        if driver not in DRIVERS or not found:
            raise ValueError(
                f"it should begin with postgresql+psycopg://, mysql+pymysql:// or sqlite:///, not with "
                f"{(driver if found else address)[:40]!r}"
            )
        if driver == "sqlite" and (not rest.startswith("/") or rest in ("/", "/:memory:")):
            raise ValueError("write the path of the SQLite file after three slashes, such as sqlite:///help.db")
        without_secrets(dict(parse_qsl(urlsplit(address).query)))
        return address

    @field_validator("query")
    @classmethod
    def _only_selects(cls, query: str) -> str:
        return one_select(query)

    @field_validator("name")
    @classmethod
    def _is_plain(cls, name: str) -> str:
        if (name and not re.fullmatch(r"[\w.-]+(?:/[\w.-]+)*", name)) or ".." in name:
            raise ValueError(f"{name!r} is no plain name: write it like articles or help/articles")
        return name

    @model_validator(mode="after")
    def _roles_are_apart(self) -> "SqlSettings":
        for column in self.text:
            if column in (*self.facts, self.labels_column):
                raise ValueError(f"the column '{column}' stands in text and in another place; leave one out")
        return self

    @property
    def driver(self) -> str:
        """The address's beginning as SQLAlchemy knows it."""
        return DRIVERS[self.sql.partition("://")[0]]

    @property
    def rows_name(self) -> str:
        """What the sources of documents begin with, such as `articles` of `articles/123`."""
        return self.name or first_table(self.query) or "rows"

    @property
    def where(self) -> str:
        parts = urlsplit(self.sql)
        return f"sql {parts.scheme}://{parts.netloc}{parts.path} ({self.rows_name})"

    def open(self, folder: Path | None = None) -> Source:
        from bakeoff.corpus.sources.sql.source import SqlSource

        return SqlSource(self)
