"""OpenVINO's models are used and released by many threads; the process must survive a signal afterwards."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.tiny_model import write_tiny_model

pytest.importorskip("openvino_genai")

INTERRUPTED = """
import gc, os, signal, sys, threading
from pathlib import Path
from bakeoff.models.embed import load_embedder
from bakeoff.models.engines.openvino import OpenVinoGenerator
from bakeoff.records import GenerationSettings, Message, Prompt

signal.signal(signal.SIGINT, signal.default_int_handler)
embedder = load_embedder()
embedder.embed_passages(["A passage."])
generator = OpenVinoGenerator(Path(sys.argv[1]), "tiny")
generator.generate([Prompt(messages=(Message(role="user", content="one"),))], GenerationSettings(max_new_tokens=2))
models = [embedder, generator]
del embedder, generator

def release():
    models.clear()
    gc.collect()

thread = threading.Thread(target=release)
thread.start()
thread.join()
try:
    os.kill(os.getpid(), signal.SIGINT)
    signal.pause()
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_interrupts_a_process_whose_models_another_thread_has_released(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(write_tiny_model(tmp_path / "tiny"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.stdout, done.returncode) == ("interrupted\n", 0), (signal.strsignal(-done.returncode), done.stderr)
