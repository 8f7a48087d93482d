"""Whether the port of `bakeoff serve` is free, and which process has it if not.

Takes an address, gives findings. Source: proc_pid_net(5) for the tables of sockets.
"""

import errno
from collections.abc import Iterator
from pathlib import Path

from bakeoff.doctor.finding import Finding, fine, note, problem
from bakeoff.files.listening import listening_socket

LISTENS = "0A"
TABLES = ("tcp", "tcp6")


def port(number: int = 8000, host: str = "127.0.0.1", processes: Path = Path("/proc")) -> list[Finding]:
    """Whether a server could listen there."""
    try:
        listening_socket(host, number, 1).close()
    except OSError as error:
        return [_taken(number, error, processes)]
    return [fine("port", f"{number}, the default of bakeoff serve, is free", port=number, free=True)]


def _taken(number: int, error: OSError, processes: Path) -> Finding:
    remedy = f"serve with another one: bakeoff serve RUN --port {number + 1}"
    if error.errno != errno.EADDRINUSE:
        return problem("port", f"{number} cannot be used: {error.strerror}", remedy, port=number, free=False)
    holder = holder_of(number, processes)
    by = f"process {holder[0]} ({holder[1]})" if holder else "a process that this user may not see"
    return note("port", f"{number} is used by {by}", f"stop it, or {remedy}", port=number, free=False)


def holder_of(number: int, processes: Path = Path("/proc")) -> tuple[int, str] | None:
    """The process that listens on a port, and its name; None if the system does not say."""
    sockets = {f"socket:[{inode}]" for inode in _listening(number, processes)}
    if not sockets:
        return None
    for folder in processes.iterdir():
        if folder.name.isdigit() and sockets & set(_open_in(folder)):
            return int(folder.name), _name_of(folder)
    return None


def _listening(number: int, processes: Path) -> Iterator[str]:
    """The inodes of the sockets that listen on a port."""
    for table in TABLES:
        path = processes / "net" / table
        for line in path.read_text().splitlines()[1:] if path.is_file() else ():
            fields = line.split()
            if fields[3] == LISTENS and int(fields[1].rpartition(":")[2], 16) == number:
                yield fields[9]


def _open_in(folder: Path) -> Iterator[str]:
    """What the files of a process are, as far as this user may see them."""
    try:
        for entry in (folder / "fd").iterdir():
            yield str(entry.readlink())
    except OSError:
        return


def _name_of(folder: Path) -> str:
    try:
        return (folder / "comm").read_text().strip() or "?"
    except OSError:
        return "?"
