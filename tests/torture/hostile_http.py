"""Promise 20: hostile HTTP. Hundreds of slow connections, endless bodies and nonsense, while good clients ask."""

import asyncio
import json
import subprocess
import sys

from tests.end_to_end.server_process import Server, free_port
from tests.end_to_end.small import REPOSITORY, environment
from tests.torture.attackers import KINDS, SLOW
from tests.torture.clients import Reply, memory, quantile, together
from tests.torture.promise import Promise, Seen, Trial
from tests.torture.served import MODEL, QUESTIONS, finished_run, served

N_GOOD, PAUSE_S, ANSWER_S = 10, 0.2, 1.0
MOST_SLOWER, MOST_SLOWER_IN_SHORT = 2.0, 10.0
"""How many times as long good clients may wait. A short trial has few answers, so that its p99 is its slowest one."""
IN_SHORT = ("slow bodies", "1 GiB in chunks of a byte", "what is not valid")
MOST_GROWTH = 512 * 2**20
"""Bytes of memory beyond those before: less than the one body."""


def trial(told: Trial) -> Seen:
    """Good clients alone, then beside each kind of hostile ones: their p99, and whether any was refused."""
    port, seconds = free_port(), told.times(120, 2)
    finished_run(told.folder, port)
    with served(told.folder, ANSWER_S, port=port) as running:
        server = running.server
        asyncio.run(_good(server, 2))
        own, before = quantile([reply.seconds for reply in asyncio.run(_good(server, seconds))], 0.99), _memory(server)
        figures, broken = [f"p99 of good clients alone {own:.0f} ms"], list[str]()
        for kind in IN_SHORT if told.is_short else KINDS:
            n = told.times(500, 100) if kind in SLOW else 8
            replies, opened, sent = _beside(server, kind, n, seconds)
            p99 = quantile([reply.seconds for reply in replies], 0.99)
            wrong = [reply for reply in replies if reply.problem]
            figures.append(f"{kind} ({opened}, {sent / 2**20:.0f} MiB sent) {p99 / own:.2f} times")
            most = MOST_SLOWER_IN_SHORT if told.is_short else MOST_SLOWER
            broken += [f"{kind}: p99 {p99:.0f} ms, alone {own:.0f}"] if p99 > most * own else []
            broken += [f"{kind}: {len(wrong)} good clients refused, the first: {wrong[0].problem}"] if wrong else []
            grown = _memory(server) - before
            broken += [f"{kind}: {grown / 2**20:.0f} MiB more memory"] if grown > MOST_GROWTH else []
        figures.append(f"memory {(_memory(server) - before) / 2**20:+.0f} MiB")
    failed = [line for line in server.lines() if line.get("status", 0) >= 500 or line["level"] == "error"]
    broken += [f"the server's log has: {json.dumps(line)}" for line in failed[:5]]
    return Seen("; ".join(figures), tuple(broken))


def _beside(server: Server, kind: str, n: int, seconds: float) -> tuple[list[Reply], int, int]:
    """The replies that good clients got meanwhile, and the connections and bytes of the hostile ones."""
    command = [sys.executable, "-m", "tests.torture.attackers", str(server.port), kind, str(n), str(seconds + 1)]
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment(), stdout=subprocess.PIPE, text=True) as attackers:
        assert attackers.stdout is not None
        attackers.stdout.readline()
        replies = asyncio.run(_good(server, seconds))
        counts = json.loads(attackers.stdout.readline())
    return replies, counts["opened"], counts["sent"]


async def _good(server: Server, seconds: float) -> list[Reply]:
    return await together(server.port, MODEL, QUESTIONS, N_GOOD, seconds, PAUSE_S)


def _memory(server: Server) -> float:
    return asyncio.run(memory(server.port))


PROMISES = (
    Promise(
        20,
        "hostile HTTP",
        "500 slow connections, 1 GiB bodies, bad ranges and hosts: good clients' p99 at most doubled, none refused",
        trial,
    ),
)
