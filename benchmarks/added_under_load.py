"""What serving adds to a model's own time when many ask at once: promise 17 of `tests.torture`, in a minute.

    python benchmarks/added_under_load.py [FOLDER] [--chunks 100000] [--clients 50] [--seconds 20]

Indexes made-up documents, serves them with a model that takes a second for each answer, and lets the clients ask the
model itself and then the server, each with a pause of half a second on average. Prints what the server adds at p50,
p90 and p99, and its processor time for an answer. Server, model and clients share the machine. The run is made in
FOLDER, which takes minutes for 100,000 chunks, and is used again if it is there. Run it from the repository: it takes
the run from `tests/`.
"""

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.end_to_end.server_process import free_port
from tests.torture.clients import quantile, together
from tests.torture.load import ANSWER_S, PAUSE_S, made_documents
from tests.torture.served import MODEL, QUESTIONS, UNLIMITED, finished_run, served

WARM_UP_S = 5.0
PORT = "model.port"
"""The file of the folder that says at which port the run asks its model."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="by default one that is removed afterwards")
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = (options.folder or Path(name) / "run").resolve()
        if not (folder / PORT).exists():
            made(folder, options.chunks)
        for line in measured(folder, options.clients, options.seconds):
            print(line)


def made(folder: Path, n_chunks: int) -> None:
    """The run over so many made-up chunks. The port is written last: without it, the folder is not whole."""
    port = free_port()
    folder.mkdir(parents=True)
    made_documents(folder / "more", n_chunks, seed=1)
    finished_run(folder, port, documents=["docs", "more"])
    (folder / PORT).write_text(str(port), encoding="utf-8")


def measured(folder: Path, n_clients: int, seconds: float) -> list[str]:
    """The same clients with the model alone and with the server, and what the server adds."""
    port = int((folder / PORT).read_text(encoding="utf-8"))
    unknown = [(question, "") for question, _ in QUESTIONS]
    with served(folder, ANSWER_S, *UNLIMITED, port=port) as running:
        own = asyncio.run(together(port, "m", unknown, n_clients, max(WARM_UP_S, seconds / 4), PAUSE_S))
        asyncio.run(together(running.server.port, MODEL, QUESTIONS, n_clients, WARM_UP_S, PAUSE_S))
        before, begun = processor_s(running.server.process.pid), time.perf_counter()
        replies = asyncio.run(together(running.server.port, MODEL, QUESTIONS, n_clients, seconds, PAUSE_S))
        used, lasted = processor_s(running.server.process.pid) - before, time.perf_counter() - begun
    errors = [reply.problem for reply in [*own, *replies] if reply.problem]
    added = [
        quantile([reply.seconds for reply in replies], share) - quantile([reply.seconds for reply in own], share)
        for share in (0.5, 0.9, 0.99)
    ]
    return [
        f"answers            {len(replies)} in {lasted:.0f} s, {len(errors)} errors {errors[:1] or ''}".rstrip(),
        "added              p50 {:.0f}, p90 {:.0f}, p99 {:.0f} ms".format(*added),
        f"processor time     {1000 * used / len(replies):.1f} ms an answer, {used / lasted:.0%} of a core",
        f"load               {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
    ]


def processor_s(pid: int) -> float:
    """Seconds of processor time that a process has used (Linux)."""
    user, system = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
