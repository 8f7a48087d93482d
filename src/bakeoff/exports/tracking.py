"""Where MLflow keeps runs: a folder, a SQLite file, or a server whose address the user wrote.

Takes the text of --out, gives the address for MLflow's client and where artefacts go. Does not import MLflow.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from bakeoff.errors import ConfigError
from bakeoff.files.room import FREE

SQLITE = (".db", ".sqlite", ".sqlite3")
SERVERS = ("http", "https")
_MAGIC = b"SQLite format 3\0"


class Tracking(NamedTuple):
    """`address` is MLflow's tracking URI. `artifacts` is where a new experiment keeps files; empty for a server.

    `made` are the paths that an export creates; they can be removed if it fails. Empty where the store exists already.
    """

    address: str
    artifacts: str = ""
    made: tuple[Path, ...] = ()

    @property
    def needs_sql(self) -> bool:
        return self.address.startswith("sqlite:")


def tracking_of(out: str) -> Tracking:
    """The tracking store that a path, a file: or sqlite: address, or a server's address names.

    A path ending in .db, .sqlite or .sqlite3 is a SQLite file, whose artefacts lie in a folder beside it. Raises
    ConfigError for any other address, one with a password, and a path that holds something else than MLflow's runs.
    """
    scheme, _, rest = out.partition(":")
    if scheme in SERVERS and rest.startswith("//"):
        return _server(out)
    if scheme == "sqlite" and rest.startswith("///"):
        return _sqlite(Path(rest.removeprefix("///")))
    if scheme == "file" and rest.startswith("///"):
        return _folder(Path(unquote(urlsplit(out).path)))
    if "://" in out:
        raise ConfigError(
            f"'{scheme}:' is no address that runs are exported to.",
            "name a folder, a SQLite file (mlflow.db), or the address of an MLflow server (https://...)",
        )
    path = Path(out).expanduser()
    return _sqlite(path) if path.suffix in SQLITE else _folder(path)


def _server(address: str) -> Tracking:
    if "@" in urlsplit(address).netloc:
        raise ConfigError(
            "An address must hold no user or password.",
            "give them to MLflow in MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
        )
    return Tracking(address)


def _sqlite(path: Path) -> Tracking:
    path = path.absolute()
    artifacts = path.with_name(f"{path.stem}-artifacts")
    if path.exists() and not _holds_experiments(path):
        raise ConfigError(f"{path} exists already and holds no runs of MLflow.", "name another file with --out")
    if not path.exists() and artifacts.exists():
        raise ConfigError(f"{artifacts} exists already, and files of {path.name} would go there.", "name another file")
    made = () if path.exists() else (path, artifacts)
    return Tracking(f"sqlite:///{path}", artifacts.as_uri(), made)


def _folder(path: Path) -> Tracking:
    path = path.absolute()
    is_store = path.is_dir() and next(path.glob("*/meta.yaml"), None) is not None
    if path.exists() and not is_store:
        raise ConfigError(f"{path} exists already and holds no runs of MLflow.", "name another folder with --out")
    return Tracking(path.as_uri(), "", () if is_store else (path,))


def _holds_experiments(path: Path) -> bool:
    """Whether this is a database of MLflow. Another one would get MLflow's tables."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return False
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            query = "SELECT COUNT(*) FROM sqlite_master WHERE name IN ('experiments', 'alembic_version')"
            return bool(connection.execute(query).fetchone()[0] == 2)
    except sqlite3.Error as error:
        raise ConfigError(
            f"Cannot read {path}: {error}.", f"check the file and its disk ({FREE} if it is full)"
        ) from error
