"""Shared by all tests: no network beyond this machine, one cache for converted models."""

import os
import socket
from pathlib import Path

import pytest

from bakeoff.models.engines.openai_dialect import forget_negotiations

LOCAL = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches beyond this machine fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in LOCAL:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _nothing_negotiated() -> None:
    """Servers of several tests may have the same address: none is known from the test before."""
    forget_negotiations()


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of public data sets that BAKEOFF_DATA names."""
    if not os.environ.get("BAKEOFF_DATA"):
        pytest.skip("BAKEOFF_DATA is not set: the public data sets are not here")
    return Path(os.environ["BAKEOFF_DATA"])


@pytest.fixture(scope="session")
def example() -> Path:
    """The bundled example."""
    return Path(__file__).parent.parent / "examples" / "support-desk"
