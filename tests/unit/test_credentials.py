"""Passwords and keys in addresses: left out of what is said, refused in configurations, not sent in the clear."""

import json
import traceback
from pathlib import Path

import pytest

from bakeoff.credentials import what_is_secret, without_credentials
from bakeoff.errors import BakeoffError, ConfigError, error_line
from bakeoff.models.providers.keys import key_of
from bakeoff.models.settings import ApiModel
from bakeoff.runs.config import load_config
from tests.end_to_end.small import make

SECRET = "s3nT1nel"
HOLDING = (
    f"https://user:{SECRET}@host.example/v1",
    f"postgresql://user:{SECRET}@127.0.0.1:5432/db",
    f"https://[user:{SECRET}@::1/v1",
    f"https://user:{SECRET}/x@host.example/v1",
    f"user:{SECRET}@host:/repository",
    f"https://host.example/x?n=1&api_key={SECRET}",
    f"https://host.example/x?access-token={SECRET}#top",
)
PLAIN = (
    "https://host.example:8080/@scope/name",
    "http://[::1]:8000/a@b",
    "ssh://git@host.example/r.git",
    "mailto:ann@host.example",
    "Write to ann@host.example: now",
    "https://host.example/?page=2#token",
    "ratio 3:2 @ 5",
)


@pytest.mark.parametrize("address", HOLDING)
def test_a_secret_in_an_address_is_never_said(address: str) -> None:
    """In an error of ours, and in the words of any other error."""
    for said in (str(BakeoffError(f"Cannot read '{address}'.", f"not {address}")), error_line(OSError(address))):
        assert SECRET not in said and "[hidden]" in said
    assert what_is_secret(address)


@pytest.mark.parametrize("text", PLAIN)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert without_credentials(text) == text and not what_is_secret(text)


def test_a_long_user_is_a_token() -> None:
    assert what_is_secret("https://ghp_0123456789abcdef0123@host.example/r.git") == "a key"
    assert not what_is_secret("https://ann@host.example/r.git")
    assert without_credentials("https://ann@host.example/r") == "https://[hidden]@host.example/r"


@pytest.mark.parametrize("address", HOLDING)
@pytest.mark.parametrize("key", ["general", "questions", "documents", "models"])
def test_a_configuration_may_hold_none_in_any_place(tmp_path: Path, key: str, address: str) -> None:
    """Also where it would be taken for a path or a name; the traceback holds nothing of it either."""
    path = make(tmp_path / "pilot")
    value = {"general": address, "models": {"embedder": address}}.get(key, [address])
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert SECRET not in "".join(traceback.format_exception(caught.value)) and caught.value.remedy


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("http://llm.example/v1", "refused"),
        ("HTTP://93.184.216.34/v1", "refused"),
        ("http://gpu-box.local/v1", "warned"),
        ("http://10.0.0.7:8000/v1", "warned"),
        ("http://127.0.0.1:8000/v1", "sent"),
        ("https://llm.example/v1", "sent"),
    ],
)
def test_no_key_goes_over_the_internet_in_the_clear(
    address: str, way: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """In a private network it is a warning, on this machine nothing; without a key every address will do."""
    monkeypatch.setenv("SENTINEL_KEY", SECRET)
    settings = ApiModel(api="openai", base_url=address.replace("HTTP:", "http:"), model="m", key_env="SENTINEL_KEY")
    if way == "refused":
        with pytest.raises(ConfigError, match="http://") as caught:
            key_of(settings)
        assert SECRET not in str(caught.value) and "https://" in caught.value.remedy
    else:
        assert key_of(settings) == SECRET
    assert ("is sent over http://" in caplog.text) == (way == "warned")
    assert key_of(settings.model_copy(update={"key_env": None})) == ""
