"""Promises 17 and 18: fifty clients for half an hour, and ten times as many, who are told to come back later."""

import asyncio
import itertools
import random
import statistics
import time
from pathlib import Path

from tests.end_to_end.server_process import free_port
from tests.torture.clients import Reply, memory, quantile, together
from tests.torture.promise import Promise, Seen, Trial
from tests.torture.served import MODEL, QUESTIONS, UNLIMITED, finished_run, served

ANSWER_S = 1.0
"""The time of the model for an answer."""
PAUSE_S = 0.5
"""What a client waits between two questions."""
WARM_UP = 0.1
"""The share of the time after which the memory is read first, and for which the model is asked without a server."""
N_LOOKS = 30
"""At the memory, in a tenth of the time."""
MOST_ADDED_MS = 250.0
MOST_GROWTH = 0.05
N_WORDS, WORDS_IN_CHUNK, CHUNKS_IN_FILE = 30_000, 80, 1000
"""Of made-up documents: a chunk takes no second paragraph of so many words."""
SHED = (429, 503)
NORMAL_WITHIN_S = 30.0


def latency(told: Trial) -> Seen:
    """The same clients ask the model itself, then the server: what it adds, errors, and what memory grows."""
    seconds, n_clients, port = told.times(1800, 6), told.times(50, 10), free_port()
    made_documents(told.folder / "more", told.times(100_000, 1_000), told.seed)
    finished_run(told.folder, port, documents=["docs", "more"])
    return under_load(told.folder, port, seconds, n_clients, told.is_short)


def under_load(folder: Path, port: int, seconds: float, n_clients: int, is_short: bool = False) -> Seen:
    """The same for the run in this folder, whose model is at this port. In short, only errors break the promise."""
    unknown = [(question, "") for question, _ in QUESTIONS]
    with served(folder, ANSWER_S, *UNLIMITED, port=port) as running:
        alone = asyncio.run(together(port, "m", unknown, n_clients, max(5.0, WARM_UP * seconds), PAUSE_S))
        replies, before, after = asyncio.run(_measured(running.server.port, n_clients, seconds))
    errors = [reply for reply in [*alone, *replies] if reply.problem]
    (own50, own99), (p50, p99) = (
        [quantile([r.seconds for r in of], q) for q in (0.5, 0.99)] for of in (alone, replies)
    )
    growth = after / before - 1
    broken = [f"{len(errors)} errors, the first: {errors[0].problem}"] if errors else []
    if not is_short:
        broken += [f"p99 is {p99 - own99:.0f} ms more than the model's"] if p99 - own99 > MOST_ADDED_MS else []
        broken += [f"memory grew by {growth:.1%}"] if growth > MOST_GROWTH else []
    return Seen(
        f"{len(replies)} answers, {len(errors)} errors; added p50 {p50 - own50:.0f} ms, p99 {p99 - own99:.0f} ms; "
        f"memory {before / 2**20:.0f} MiB, {growth:+.1%}",
        tuple(broken),
    )


async def _measured(port: int, n_clients: int, seconds: float) -> tuple[list[Reply], float, float]:
    """The replies, and the memory of the server in the tenth after the warm-up and in the last one.

    Both are medians: free memory goes back to the system once a minute, so one look may be at any point of that.
    """
    asking = asyncio.ensure_future(together(port, MODEL, QUESTIONS, n_clients, seconds, PAUSE_S))
    await asyncio.sleep(WARM_UP * seconds)
    first = await _looks(port, WARM_UP * seconds)
    await asyncio.sleep((1 - 3 * WARM_UP) * seconds)
    last = await _looks(port, WARM_UP * seconds)
    return await asking, statistics.median(first), statistics.median(last)


async def _looks(port: int, seconds: float) -> list[float]:
    """The memory of the server, looked at so many times in these seconds."""
    seen = []
    for _ in range(N_LOOKS):
        seen.append(await memory(port))
        await asyncio.sleep(seconds / N_LOOKS)
    return seen


def made_documents(folder: Path, n_chunks: int, seed: int) -> None:
    """Files of made-up words, some frequent and most rare, whose paragraphs become so many chunks."""
    chance = random.Random(seed)
    letters = ["".join(chance.choices("bdfgklmnprstvz") + chance.choices("aeiou")) for _ in range(70)]
    words = ["".join(chance.choices(letters, k=3)) for _ in range(N_WORDS)]
    frequencies = list(itertools.accumulate(1 / (i + 1) for i in range(N_WORDS)))
    folder.mkdir()
    for i in range(0, n_chunks, CHUNKS_IN_FILE):
        n = min(CHUNKS_IN_FILE, n_chunks - i)
        drawn = chance.choices(words, cum_weights=frequencies, k=n * WORDS_IN_CHUNK)
        paragraphs = (" ".join(drawn[j : j + WORDS_IN_CHUNK]) for j in range(0, len(drawn), WORDS_IN_CHUNK))
        (folder / f"{i:06}.md").write_text("\n\n".join(paragraphs), encoding="utf-8")


def overload(told: Trial) -> Seen:
    """Ten times as many clients: some are answered, all others are told when to come back; then all is as before."""
    port, n_clients, seconds = free_port(), told.times(500, 300), told.times(120, 5)
    finished_run(told.folder, port)
    with served(told.folder, ANSWER_S, *UNLIMITED, port=port) as running:
        before = asyncio.run(together(running.server.port, MODEL, QUESTIONS, 5, told.times(20, 4), PAUSE_S))
        replies = asyncio.run(together(running.server.port, MODEL, QUESTIONS, n_clients, seconds, PAUSE_S))
        wanted, end = 1.25 * quantile([reply.seconds for reply in before], 0.95), time.monotonic()
        while (late := _asked(running.server.port)) > wanted and time.monotonic() < end + NORMAL_WITHIN_S:
            pass
        normal_s = time.monotonic() - end
    shed = [reply for reply in replies if reply.status in SHED]
    wrong = [reply for reply in [*before, *replies] if reply.problem and reply.status not in SHED]
    broken = [f"{len(wrong)} other replies, the first: {wrong[0].status} {wrong[0].problem}"] if wrong else []
    untold = [reply for reply in shed if not reply.retry_after.isdigit()]
    broken += [f"{len(untold)} of {len(shed)} were not told when to come back"] if untold else []
    broken += ["nobody was refused"] if not shed else []
    broken += ["nobody was answered"] if len(shed) + len(wrong) == len(replies) else []
    broken += [f"an answer still took {late:.0f} ms, {wanted:.0f} at most before"] if late > wanted else []
    return Seen(
        f"{len(replies)} questions of {n_clients} clients, {len(replies) - len(shed)} answered, {len(shed)} refused, "
        f"{len(shed) - len(untold)} of them told when to come back; normal after {normal_s:.1f} s",
        tuple(broken),
    )


def _asked(port: int) -> float:
    """The milliseconds that a client waits for an answer who asks alone; infinite if there is none."""
    (reply,) = asyncio.run(together(port, MODEL, QUESTIONS[:1], 1, 0.01, 0.0))
    return float("inf") if reply.problem else 1000 * reply.seconds


PROMISES = (
    Promise(
        17,
        "latency under load",
        "100k chunks, a model of 1 s, 50 clients, 30 minutes: no error, added p99 at most 250 ms, memory +5 %",
        latency,
    ),
    Promise(18, "overload is shed", "500 clients: 429 or 503 with Retry-After; normal within 30 s after", overload),
)
