"""Two programs never share a port; a new file has the mode of the system."""

import os
import socket
import stat
import subprocess
import sys

import pytest

from bakeoff.doctor.ports import port
from bakeoff.files.listening import listening_socket
from bakeoff.labelling.start import port_listener
from bakeoff.serve.start import Listening, _bound

WAYS = [
    lambda number: listening_socket("127.0.0.1", number, 1),
    lambda number: _bound(Listening(port=number)),
    lambda number: port_listener([number]),
    port,
]


@pytest.mark.parametrize("way", WAYS, ids=["itself", "serve", "label", "doctor"])
def test_on_windows_every_listener_asks_for_a_port_of_its_own(monkeypatch, way):
    """There, SO_REUSEADDR would let a second program take the port of the first."""
    asked = []

    class Socket(socket.socket):
        def setsockopt(self, level, option, value):
            asked.append((level, option, value))

    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", -5, raising=False)
    monkeypatch.setattr(socket, "socket", Socket)
    made = way(0)
    if isinstance(made, socket.socket):
        made.close()
    assert asked == [(socket.SOL_SOCKET, -5, 1)]


@pytest.mark.skipif(os.name == "nt", reason="modes are those of POSIX")
@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o027, 0o640)])
def test_a_new_file_has_the_mode_of_the_system(tmp_path, mask, mode):
    code = (
        f"import os; os.umask({mask}); from pathlib import Path; from bakeoff.files.jsonl import write_text; "
        f"[write_text(Path({str(tmp_path / 'a')!r}), 'x') for _ in range(2)]; print(os.umask(0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode and int(done.stdout) == mask
