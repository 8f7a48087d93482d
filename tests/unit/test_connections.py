"""Connections to a model's server: the last one is used again, so many at once, and every one comes back."""

import contextlib
import threading
import time

import httpx2
import pytest

from bakeoff.models.cancelling import Caller, CallerGoneError, on_behalf_of
from bakeoff.models.providers import connections
from bakeoff.models.providers.connections import Connections, connections_to
from bakeoff.models.settings import ApiModel
from tests.fake_api import FakeApi, Fault

BODY = {"model": "m", "max_tokens": 8, "messages": [{"role": "user", "content": "Hello there"}]}


def to(server: FakeApi, concurrency: int = 2) -> Connections:
    return connections_to(ApiModel(api="openai", base_url=server.url, model="m", concurrency=concurrency))


def ask(made: Connections, server: FakeApi) -> int:
    response = made.send("POST", f"{server.url}/chat/completions", json=BODY)
    response.read()
    return response.status_code


def test_one_after_another_uses_one_connection() -> None:
    with FakeApi() as server:
        made = to(server)
        assert [ask(made, server) for _ in range(5)] == [200] * 5
        assert server.n_connections == 1
        made.close()


def test_no_more_than_so_many_at_once_and_the_next_waits() -> None:
    """A response that is not closed keeps its connection; closing it lets the next request go."""
    with FakeApi() as server:
        made = to(server, concurrency=2)
        open_ones = [made.send("POST", f"{server.url}/chat/completions", json=BODY) for _ in range(2)]
        third = threading.Thread(target=ask, args=(made, server))
        third.start()
        time.sleep(0.2)
        assert third.is_alive() and server.n_requests == 2
        open_ones[0].close()
        third.join(20)
        assert not third.is_alive() and server.n_requests == 3
        open_ones[1].close()
        open_ones[1].close()  # a second time gives nothing back
        assert ask(made, server) == 200


@pytest.mark.parametrize("fault", [Fault("half"), Fault(status=500), Fault("html")])
def test_a_connection_comes_back_however_its_request_ends(fault: Fault) -> None:
    with FakeApi(fault=fault) as server:
        made = to(server, concurrency=1)
        for _ in range(3):
            with contextlib.suppress(httpx2.HTTPError):
                ask(made, server)
        assert server.n_requests == 3


def test_a_connection_that_cannot_be_made_keeps_no_place() -> None:
    with FakeApi() as server:
        made = to(server, concurrency=1)
    for _ in range(3):
        with pytest.raises(httpx2.ConnectError):
            made.send("POST", f"{server.url}/chat/completions", json=BODY)


def test_what_is_idle_for_long_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also below others that are used again and again."""
    with FakeApi() as server:
        made = to(server)
        for response in [made.send("POST", f"{server.url}/chat/completions", json=BODY) for _ in range(2)]:
            response.read()
        monkeypatch.setattr(connections, "IDLE_S", 0.05)
        (_, first), _ = made._free
        time.sleep(0.1)
        assert ask(made, server) == 200
        assert first.is_closed and len(made._free) == 1


def test_who_leaves_does_not_wait_for_a_place() -> None:
    with FakeApi() as server:
        made, caller, told = to(server, concurrency=1), Caller(), list[str]()
        kept = made.send("POST", f"{server.url}/chat/completions", json=BODY)

        def wait() -> None:
            with on_behalf_of(caller):
                try:
                    ask(made, server)
                except CallerGoneError:
                    told.append("gone")

        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.2)
        assert waiting.is_alive()
        caller.leave()
        waiting.join(20)
        assert told == ["gone"] and server.n_requests == 1
        kept.close()
        assert ask(made, server) == 200


def test_what_is_in_use_at_the_end_is_closed_later() -> None:
    with FakeApi() as server:
        made = to(server)
        response = made.send("POST", f"{server.url}/chat/completions", json=BODY)
        made.close()
        response.read()
        assert list(made._free) == []
