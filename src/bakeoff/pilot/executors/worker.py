"""A worker of `local.py`: a process that does one job after another. `python -m bakeoff.pilot.executors.worker FD`.

Takes jobs from the socket with this number, gives outcomes there. It ends with the process that started it, also if
that one is killed: then its standard input ends.
"""

import os
import signal
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection

from bakeoff.pilot.executors.jobs import outcome_in_worker


def main() -> None:
    """Does jobs until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process, which then stops this one
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a training saves what it has
    threading.Thread(target=_end_with_parent, daemon=True).start()
    connection = Connection(int(sys.argv[1]))
    with suppress(KeyboardInterrupt, EOFError, ConnectionError):
        while True:
            connection.send(outcome_in_worker(connection.recv()))


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
