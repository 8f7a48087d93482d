"""Proxies of the environment that cannot be used are one clear error, wherever a server is asked."""

import ast
from pathlib import Path

import pytest

from bakeoff.doctor import environment, examine
from bakeoff.errors import ConfigError
from bakeoff.files.http_client import http_client
from bakeoff.files.proxies import check_proxies
from bakeoff.learn.monitor.webhook import checked_webhook
from bakeoff.models import weights
from bakeoff.models.load import load_generator
from bakeoff.models.settings import ApiModel
from bakeoff.serve.documents.ends import ServerDocuments
from bakeoff.tuning.hosted.http import HostClient

SOURCE = Path(__file__).parents[2] / "src" / "bakeoff"
MODEL = ApiModel(api="openai", base_url="https://llm.example/v1", model="m")
HERE = ApiModel(api="openai", base_url="http://127.0.0.1:9/v1", model="m")
ODD = [
    *("socks5://ann:s3cret@proxy.example:1080", "socks://proxy.example", "ftp://ann:s3cret@proxy.example"),
    *("http://proxy.example:s3cret", "http://ann:s3cret@", "http://[s3cret", "http://a b", "http://proxy.example\x01"),
]


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch):
    for kind in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{kind}_proxy", raising=False)
        monkeypatch.delenv(f"{kind}_proxy".upper(), raising=False)


@pytest.mark.parametrize("address", ODD)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"])
def test_what_was_found_and_what_is_allowed_are_said_without_a_password(monkeypatch, variable, address):
    monkeypatch.setenv(variable, address)
    with pytest.raises(ConfigError, match=variable) as refused:
        check_proxies()
    words = str(refused.value)
    assert "http://HOST:PORT or https://HOST:PORT" in words and f"unset {variable}" in words
    assert "s3cret" not in words and "ann" not in words


def test_the_scheme_and_the_host_are_shown(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://ann:s3cret@proxy.example:1080")
    with pytest.raises(ConfigError, match=r"HTTPS_PROXY is socks5://proxy\.example:1080, which is no HTTP proxy"):
        check_proxies()


@pytest.mark.parametrize(
    "address", ["http://proxy:3128", "https://ann:pw@proxy.example", "proxy.example:3128", "HTTP://[::1]:80", ""]
)
def test_proxies_of_http_are_used(monkeypatch, address):
    monkeypatch.setenv("HTTPS_PROXY", address)
    with http_client(True) as client:
        assert len(client._mounts) == bool(address)


def test_no_proxy_for_anything_needs_none(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", ODD[0])
    monkeypatch.setenv("NO_PROXY", "*")
    http_client(True).close()


@pytest.mark.parametrize("address", ODD[:3])
@pytest.mark.parametrize(
    "begin",
    [
        lambda: load_generator(MODEL),
        lambda: HostClient(MODEL),
        lambda: ServerDocuments("https://server.example"),
        lambda: weights._from_hub("some/model"),
        lambda: checked_webhook("https://hooks.example/x"),
        lambda: http_client(True),
        environment.proxies,
    ],
)
def test_wherever_a_server_is_asked_it_is_the_same_error(monkeypatch, address, begin):
    monkeypatch.setattr(weights, "_reachable", lambda endpoint: False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.is_offline_mode", lambda: False)
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(ConfigError, match=r"HTTPS_PROXY is .* no HTTP proxy"):
        begin()


def test_this_machine_is_asked_without_a_proxy(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", ODD[0])
    load_generator(HERE)
    HostClient(HERE).close()
    with ServerDocuments("http://127.0.0.1:8000"):
        pass


def test_the_doctor_says_it(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", ODD[0])
    (found,) = examine.guarded("environment", environment.proxies)
    assert found.state == "problem" and "s3cret" not in found.found


def test_there_is_one_place_that_makes_clients():
    """Requests without the environment's proxies may be made elsewhere."""
    found = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            of = node.func.value
            named = {word.arg: word.value for word in node.keywords}
            trusted = named.get("trust_env")
            is_apart = isinstance(trusted, ast.Constant) and trusted.value is False
            makes = ("Client", "AsyncClient", "get", "post", "request", "stream", "put", "delete", "head")
            if isinstance(of, ast.Name) and of.id == "httpx2" and node.func.attr in makes and not is_apart:
                found.append(path.relative_to(SOURCE).as_posix())
    assert found == ["files/http_client.py"]
