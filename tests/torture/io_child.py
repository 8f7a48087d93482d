"""Does work in which a file operation fails: `python -m tests.torture.io_child`, with `failing_io.c` loaded before.

Takes orders as lines of JSON and does each in a fork, which has imported the command line. Gives the exit code and the
number of operations. What an order says goes to the files that it names.
"""

import ctypes
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import bakeoff.cli.main
import bakeoff.pilot.run
from bakeoff.errors import BakeoffError
from bakeoff.pilot.executors import jobs, local  # noqa: F401
from bakeoff.serve.documents import live
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Entry, LoggedAnswer, Thumb
from tests.end_to_end import small  # noqa: F401
from tests.torture.document_writer import document, opened
from tests.torture.failing_io import LOG

C = ctypes.CDLL(None)
C.n_operations.restype = ctypes.c_long


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            code = _done(order)
            os.write(writing, str(C.n_operations()).encode())
            os._exit(code)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        n = os.read(reading, 32)
        os.close(reading)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), "n": int(n or 0)}), flush=True)


def _done(order: dict[str, Any]) -> int:
    """The exit code of an order that is carried out in this process."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.chdir(order["cwd"])
    C.fail_from(order["below"].encode(), ctypes.c_long(order["n"]), order["errno"], order["lasts"])
    try:
        folder, seed, work = Path(order["cwd"]), order["seed"], order["work"]
        WORKS[work](folder, seed) if isinstance(work, str) else _command(work)
    except SystemExit as ended:
        return int(ended.code or 0)
    except BaseException:  # noqa: BLE001  (as the interpreter would)
        traceback.print_exc()
        return 70
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _command(arguments: list[str]) -> None:
    sys.argv = ["bakeoff", *arguments]
    bakeoff.cli.main.main()


def _change(folder: Path, seed: int) -> None:
    """Changes live documents, and says before each change what it is and after it that it was made."""
    live.SETTLED_S = 0.0
    try:
        with opened(folder) as documents:
            for number in range(12):
                name, text = f"d{(seed + number * 7) % 5}", f"Change {number} of {seed}."
                change = {name: None if number % 4 == 3 else text}
                print(json.dumps(change), flush=True)
                given = [document(name, text) for name, text in change.items() if text is not None]
                documents.put_all(given, [name for name, text in change.items() if text is None])
                print("done", flush=True)
    except BakeoffError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


def _log(folder: Path, seed: int) -> None:
    """Writes answers, and thumbs on them, to a server's log, and says each before and after as above."""
    try:
        with Log(folder / LOG) as log:
            for number in range(12):
                answer = f"a{seed}-{number // 2}"
                if number % 2:
                    entry: Entry = Thumb(id=f"t{seed}-{number // 2}", answer=answer, up=False, right_answer="It is 7.")
                else:
                    entry = LoggedAnswer(id=answer, question=f"Question {number}?", text="It is 5.", contender="rag")
                print(entry.id, flush=True)
                log.append(entry)
                print("done", flush=True)
    except BakeoffError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


WORKS = {"documents": _change, "log": _log}


if __name__ == "__main__":
    main()
