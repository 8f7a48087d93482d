"""A server of its own that speaks S3, on 127.0.0.1, where the program `moto_server` is installed.

moto needs an older python-dateutil than the other tests, so it lives in an environment of its own:
`pipx install 'moto[s3,server]'`.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from tests.unit.sql_servers import free_port

KEY, SECRET = "AKIAHANDBOOK", "hunter2-secret"
START_S = 60.0


class Bucket:
    """A bucket on a running server: `store` writes to it, with credentials that always count."""

    def __init__(self, address: str, name: str, store: Any) -> None:
        self.address, self.name, self.store = address, name, store

    @property
    def environment(self) -> dict[str, str]:
        """The variables in which obstore finds the server and the credentials."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.address,
        }

    def accept(self, n_requests: int) -> None:
        """Accepts this many further requests; then the credentials are no longer known."""
        httpx2.post(f"{self.address}/moto-api/reset-auth", content=str(n_requests).encode()).raise_for_status()


@contextmanager
def s3_server() -> Iterator[Bucket]:
    """A running server with an empty bucket, or a skip with the reason."""
    stores = pytest.importorskip("obstore.store")
    program = shutil.which("moto_server")
    if not program:
        pytest.skip("moto_server is not installed (pipx install 'moto[s3,server]')")
    address = f"http://127.0.0.1:{(port := free_port())}"
    process = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(address)
        httpx2.put(f"{address}/handbook").raise_for_status()
        options = {"endpoint": address, "client_options": {"allow_http": True}, "region": "us-east-1"}
        yield Bucket(
            address,
            "handbook",
            stores.S3Store("handbook", access_key_id=KEY, secret_access_key=SECRET, **options),
        )
    finally:
        process.terminate()
        process.wait(20)


def _wait(address: str) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            httpx2.get(f"{address}/moto-api/data.json").raise_for_status()
            return
        except httpx2.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
