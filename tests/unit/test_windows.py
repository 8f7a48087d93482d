"""What can be tested of Windows elsewhere: everything can be imported there, and names are allowed there."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff.apart.peak_memory import peak_memory_bytes
from bakeoff.errors import BakeoffError, ConfigError, WorkerError
from bakeoff.files.flush import to_disk
from bakeoff.files.names import is_taken_by_windows
from bakeoff.importing.gathered import Texts
from bakeoff.models.threads import busy_cores
from bakeoff.pilot.executors.local import Process
from bakeoff.runs.config import validate
from tests.end_to_end.small import REPOSITORY, environment

MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "posix")
FUNCTIONS = (
    *("fork", "forkpty", "sysconf", "getloadavg", "getuid", "geteuid", "getgid", "getegid", "getpgid", "killpg"),
    *("setsid", "setpgid", "sched_getaffinity", "fchown", "chown", "mkfifo", "statvfs", "uname", "nice", "wait4"),
    *("O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "posix_fadvise", "sendfile", "pread", "pwrite"),
)
SIGNALS = ("SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCHLD", "SIGQUIT", "setitimer", "alarm", "pause")

IMPORTS = """
import builtins, importlib, os, pkgutil, signal, sys

def load():
    import bakeoff
    names = [one.name for one in pkgutil.walk_packages(bakeoff.__path__, "bakeoff.")]
    for name in names:
        if not name.endswith("__main__"):
            importlib.import_module(name)
    return len(names)

load()  # the packages that Bakeoff uses are here now, each for this system
for name in [name for name in sys.modules if name.split(".")[0] == "bakeoff"]:
    del sys.modules[name]
modules, functions, signals = (part.split() for part in sys.argv[1:])
found = builtins.__import__

def without(name, globals=None, *more):
    importer = (globals or {}).get("__name__", "")
    if name.split(".")[0] in modules and importer.startswith("bakeoff"):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return found(name, globals, *more)

builtins.__import__ = without
for module, names in ((os, functions), (signal, signals)):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
print(load(), "modules")
"""

GUARDED = {
    ("src/bakeoff/models/threads.py", "sysconf"),
    ("src/bakeoff/models/threads.py", "getloadavg"),
    ("src/bakeoff/models/threads.py", "sched_getaffinity"),
    ("src/bakeoff/tuning/held_signals.py", "SIGHUP"),
    ("src/bakeoff/cli/stopping.py", "SIGHUP"),
    ("src/bakeoff/serve/metrics.py", "sysconf"),  # only where /proc is
    ("src/bakeoff/files/room.py", "resource"),
    ("src/bakeoff/apart/child.py", "resource"),
    *(("src/bakeoff/apart/process.py", name) for name in ("SIGKILL", "killpg")),
    ("src/bakeoff/apart/peak_memory.py", "resource"),
    *(("src/bakeoff/models/engines/watched.py", name) for name in ("SIGHUP", "SIGKILL", "killpg")),  # beside vLLM only
}
"""Where what Windows lacks is used behind a question whether it is there."""


@pytest.mark.slow
def test_every_module_can_be_imported_without_what_windows_lacks():
    """Modules, functions and signals of Unix are taken away from Bakeoff; its packages keep theirs."""
    arguments = [" ".join(names) for names in (MODULES, FUNCTIONS, SIGNALS)]
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, *arguments], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.split()[0]) > 500


def test_what_windows_lacks_is_used_in_few_places():
    """Each of them asks first; a new one must, too."""
    used = set()
    for file in (REPOSITORY / "src").rglob("*.py"):
        name = file.relative_to(REPOSITORY).as_posix()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if (node.value.id == "os" and node.attr in FUNCTIONS) or (
                    node.value.id == "signal" and node.attr in SIGNALS
                ):
                    used.add((name, node.attr))
            elif isinstance(node, ast.Import):
                used |= {(name, alias.name) for alias in node.names if alias.name in MODULES}
            elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
                used.add((name, node.module))
    assert used - GUARDED == set()


@pytest.mark.parametrize("name", ["NUL", "con", "Aux.v2", "com1", "LPT9.x", "run."])
def test_names_that_windows_takes_are_refused(name):
    """For runs and contenders: their folders are copied between systems."""
    values = {"name": "run", "task": "t", "documents": ["d"], "questions": "q"}
    with pytest.raises(ConfigError, match="on Windows"):
        validate({**values, "name": name})
    with pytest.raises(ConfigError, match="on Windows"):
        validate({**values, "contenders": [{"name": name, "like": "rag"}]})


def test_an_imported_document_gets_another_name_than_a_device():
    """Whatever its title, and names that differ only in case do not meet."""
    texts = Texts(known=False)
    names = [texts.add("one", "Nul"), texts.add("two", "Report"), texts.add("three", "REPORT")]
    stems = [name.removesuffix(".txt") for name in names]
    assert not any(map(is_taken_by_windows, stems)) and len({stem.casefold() for stem in stems}) == 3


def test_functions_that_are_missing_have_a_stand_in(monkeypatch):
    """No free core is known to be busy, and no peak of memory is known."""
    monkeypatch.delattr("os.getloadavg")
    monkeypatch.setattr("bakeoff.models.threads._busy_seconds", lambda: None)
    monkeypatch.setattr("bakeoff.apart.peak_memory.STATUS", Path("no-such-file"))
    monkeypatch.setitem(sys.modules, "resource", None)
    assert busy_cores() == 0.0 and peak_memory_bytes() == 0


def test_processes_on_windows_are_refused_by_name(monkeypatch):
    """With what to set instead."""
    monkeypatch.setattr("bakeoff.pilot.executors.local.os.name", "nt")
    with pytest.raises(WorkerError, match="Windows") as caught:
        Process(0, 1, {})
    monkeypatch.undo()
    assert "executor" in caught.value.remedy and isinstance(caught.value, BakeoffError)


def test_a_folder_is_not_flushed_on_windows(monkeypatch, tmp_path):
    """A file is, opened for writing."""
    (tmp_path / "file").write_text("x")
    opened = []
    real = os.open
    monkeypatch.setattr("bakeoff.files.flush.os.open", lambda path, how: opened.append(path) or real(path, how))
    monkeypatch.setattr("bakeoff.files.flush.os.name", "nt")
    to_disk(tmp_path)
    to_disk(tmp_path / "file")
    monkeypatch.undo()
    assert opened == [tmp_path / "file"]
