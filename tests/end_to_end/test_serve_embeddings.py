"""Embeddings on a running server: one request at a time, a bounded queue, and nothing is computed for who has left."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence

import httpx
import numpy as np
import pytest

from bakeoff.serve import queue
from tests.serving import Scripted, UnitEmbedder, served


class Slow(UnitEmbedder):
    """Waits in every block of texts until it may go on."""

    def __init__(self) -> None:
        self.n_embedded = 0
        self.go_on = threading.Event()

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        self.n_embedded += len(texts)
        assert self.go_on.wait(30)
        return super().embed_passages(texts)


@pytest.fixture
def slow() -> Iterator[Slow]:
    embedder = Slow()
    yield embedder
    embedder.go_on.set()


def sent(n_texts: int) -> dict[str, object]:
    return {"model": "axes", "input": ["text"] * n_texts}


def wait_until(is_so) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def served_with(embedder: Slow):
    answering = Scripted()
    answering.embedder = embedder
    return served(answering)


def test_a_client_that_left_is_not_embedded_for(slow):
    """The block that has begun is the last one; the next client gets its turn."""
    with served_with(slow) as url:
        host, port = url.removeprefix("http://").split(":")
        body = json.dumps(sent(1000)).encode()
        head = f"POST /v1/embeddings HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        with socket.create_connection((host, int(port))) as client:
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            wait_until(lambda: slow.n_embedded)
        time.sleep(0.2)
        slow.go_on.set()
        assert len(httpx.post(f"{url}/v1/embeddings", json=sent(3), timeout=20).json()["data"]) == 3
    assert slow.n_embedded < 200


def test_too_many_embeddings_are_refused(slow):
    """429, when to ask again, and those that wait are served."""
    statuses: list[int] = []
    with served_with(slow) as url:

        def embed() -> None:
            statuses.append(httpx.post(f"{url}/v1/embeddings", json=sent(1), timeout=30).status_code)

        threads = [threading.Thread(target=embed) for _ in range(queue.N_WAITING + 11)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(statuses) == 10)
        slow.go_on.set()
        for thread in threads:
            thread.join()
    assert statuses[:10] == [429] * 10 and statuses[10:] == [200] * (queue.N_WAITING + 1)
