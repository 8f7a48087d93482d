"""Passwords and keys in addresses: left out of what is said, refused in configurations, not sent in the clear."""

import json
import traceback
from pathlib import Path

import pytest

from bakeoff.credentials import holds_provider_key, what_is_secret, without_credentials
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
RANDOM = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"
"""Forty letters and digits, as drawn at random; put together here, so that no file holds what looks like a key."""
KEYS = {
    "OpenAI": f"sk-proj-{RANDOM}_{RANDOM}-{RANDOM[:20]}",
    "OpenAI, old": f"sk-{RANDOM}",
    "Anthropic": f"sk-ant-api03-{RANDOM}-{RANDOM[:30]}",
    "OpenRouter": f"sk-or-v1-{RANDOM.lower()}",
    "DeepSeek": "sk-" + "0123456789abcdef" * 2,
    "letters first": "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789",
    "AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub": f"ghp_{RANDOM[:36]}",
    "GitHub, of an application": f"gho_{RANDOM[:36]}",
    "GitHub, new": f"github_pat_{RANDOM[:22]}_{RANDOM}",
    "Hugging Face": f"hf_{RANDOM[:34]}",
    "Google": f"AIza{RANDOM[:35]}",
    "Slack": "xoxb-" + "123456789012-123456789012-" + RANDOM[:24],
    "GitLab": f"glpat-{RANDOM[:20]}",
    "a private key": f"-----BEGIN RSA PRIVATE KEY-----\n{RANDOM}\n-----END RSA PRIVATE KEY-----",
}
NO_KEYS = (
    "sk-learn-classifier-for-questions-of-2026",
    "sk-slovenskadokumentacia2024/manual.md",
    "sk-proj-internationalisation2024",
    "sk-proj-Annual-Report-2024-final",
    "sk-1a2b3c4d-5e6f-7081-92a3-b4c5d6e7f809",
    "sk-donaudampfschifffahrtsgesellschaftskapitaen",
    "task-a1B2c3D4e5F6g7H8i9J0",
    "disk-0123456789abcdef0123456789abcdef",
    "claude-sonnet-4-20250514",
    "ft:gpt-4o-mini-2024-07-18:my-org:custom:a1B2c3D4",
    "org/model@0123456789abcdef0123456789abcdef01234567",
    "sha256:" + "0123456789abcdef" * 4,
    "hf_models/bge-small-en-v1.5",
    "hf_transformers_documentation_of_version_4",
    "github_pat_handbook_for_new_people",
    "ghp_meeting_notes_2026_and_before",
    "AKIAKI is a word of a game",
    "AIza",
    "xoxb- is how such keys begin",
    "glpat- and sk- and hf_ begin keys",
    "the file begins with -----BEGIN CERTIFICATE-----",
    "https://host.example/sk-SK/documentation/installation/linux",
    "OPENAI_API_KEY",
)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_of_a_provider_is_refused_anywhere_and_never_shown(tmp_path: Path, key: str) -> None:
    """As a value, within a text, in the path of an address, as a name; also where something else is wrong."""
    path = make(tmp_path / "pilot")
    server = {"api": "openai", "model": "m", "base_url": "https://llm.example/v1"}
    for changed in (
        {"models": {"large": {**server, "options": {"body": {"note": key}}}}},
        {"models": {"large": {**server, "base_url": f"https://llm.example/{key}/v1"}}},
        {"models": {"large": {**server, "headers": {"X-Key": f"Bearer {key}"}}}},
        {"prompts": {"grounded": {"system": f"Use {key} for this.", "user": "{passages} {question}"}}},
        {"models": {key: server}},
        {"unknown": key},
        {"profile": {"volume": key}},
    ):
        path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
        with pytest.raises(ConfigError, match="holds a key") as caught:
            load_config(path)
        said = "".join(traceback.format_exception(caught.value))
        assert key[-12:] not in said and key[10:30] not in said and "environment variable" in said
    assert RANDOM[:12] not in str(BakeoffError(f"Cannot use {key}.", f"not {key}"))


@pytest.mark.parametrize("text", NO_KEYS)
def test_ordinary_texts_are_no_keys(text: str) -> None:
    """Names of models and folders, ids, sums, and words about keys."""
    assert without_credentials(text) == text and not what_is_secret(text)
    assert without_credentials(f"see {text}, too") == f"see {text}, too" and not what_is_secret(f"see {text}, too")


def test_what_bakeoff_comes_with_holds_no_key() -> None:
    """No line of its documentation, recipes and examples looks like a key."""
    root = Path(__file__).parents[2]
    found = [
        f"{path}: {line}"
        for folder in ("docs", "recipes", "examples", "src", "benchmarks")
        for path in (root / folder).rglob("*")
        if path.suffix in (".md", ".yaml", ".py", ".toml") and path.is_file()
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if holds_provider_key(line)
    ]
    assert found == []


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
