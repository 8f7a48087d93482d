"""The adapter that a host hands out: only its two files, of a limited size, and the key goes to no second host."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
import zstandard

from bakeoff.errors import ContenderError
from bakeoff.models.adapter_check import FILES
from bakeoff.models.checksums import file_sha256
from bakeoff.tuning.hosted.download import fetch_adapter
from bakeoff.tuning.hosted.host import Job
from bakeoff.tuning.hosted.hosts import host_for
from bakeoff.tuning.hosted.http import HostClient, HostError
from bakeoff.tuning.hosted.settings import Hosted
from tests.fake_hosts import ACCOUNT, FakeHost, Trouble
from tests.unit.test_hosted_jobs import model_at

CONFIG = json.dumps({"peft_type": "LORA"}).encode()
WEIGHTS = b"some weights"
ADAPTER = {"adapter_config.json": CONFIG, "adapter_model.safetensors": WEIGHTS}
KEY = "sk-secret-0123456789"


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("HOST_KEY", KEY)


@pytest.fixture(params=("openai", "together", "fireworks"))
def host(request):
    with FakeHost(request.param, key=KEY) as server:
        server.adapter = dict(ADAPTER)
        server.archive = packed(ADAPTER)
        yield server


def packed(files: dict[str, bytes], how: str = "zst", links: dict[str, str] | None = None) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    if how == "zst":
        return zstandard.ZstdCompressor().compress(held.getvalue())
    return gzip.compress(held.getvalue()) if how == "gz" else held.getvalue()


def fetch(host: FakeHost, folder: Path, most_bytes: int = 50_000) -> str:
    model = model_at(host, key_env="HOST_KEY", retries=0)
    account = {"account": ACCOUNT} if host.kind == "fireworks" else {}
    client = HostClient(model, first_wait_s=0.001)
    job = Job(id="job-1", status="done", model=f"accounts/{ACCOUNT}/models/tuned")
    return fetch_adapter(host_for(model, Hosted(api=host.kind, **account), client), client, job, folder, most_bytes)


def test_the_two_files_are_fetched_with_their_sums(host, tmp_path):
    """Singly or in an archive; a second call fetches nothing."""
    host.jobs["job-1"] = host.make_job("job-1", {}, "file")
    assert fetch(host, tmp_path / "a") == ""
    assert {name: (tmp_path / "a" / name).read_bytes() for name in FILES} == ADAPTER
    noted = json.loads((tmp_path / "a" / "download.json").read_text())
    assert noted["job"] == "job-1" and noted["sha256"] == {name: file_sha256(tmp_path / "a" / name) for name in FILES}
    n = len(host.requests)
    fetch(host, tmp_path / "a")
    assert len(host.requests) == n


@pytest.mark.parametrize("kind", ["together", "fireworks"])
def test_a_second_host_that_the_first_one_names_gets_no_key(kind, tmp_path):
    """A redirect of a download, or a signed address: the file is taken from there, and the host is named."""
    with FakeHost(kind, key=KEY) as first, FakeHost("openai") as second:
        first.adapter = second.adapter = dict(ADAPTER) if kind == "fireworks" else {}
        second.archive = packed(ADAPTER)
        first.download_at = second.url.removesuffix("/v1")
        named = fetch(first, tmp_path / "a")
        assert named == first.download_at.removeprefix("http://")
        assert second.requests and not any(KEY in str(request) for request in second.requests)
        assert not any("authorization" in request.headers for request in second.requests)
        assert all(request.headers.get("authorization") == f"Bearer {KEY}" for request in first.requests)
    assert (tmp_path / "a" / "adapter_model.safetensors").read_bytes() == WEIGHTS


def test_a_host_without_adapters_says_so(tmp_path):
    """OpenAI lists no files of a checkpoint."""
    with FakeHost("openai") as host:
        host.jobs["job-1"] = host.make_job("job-1", {}, "file")
        with pytest.raises(ContenderError, match=r"handed out no adapter_config.json and no adapter_model.safetensors"):
            fetch(host, tmp_path / "a")
    assert list(tmp_path.iterdir()) == [tmp_path / "a.part"]


@pytest.mark.parametrize("how", ["zst", "gz", "tar"])
def test_only_the_adapter_is_unpacked(how, tmp_path):
    """Wherever it is in the archive; pickles, other files, links and paths that lead out are left."""
    with FakeHost("together") as host:
        inside = {f"some/folder/{name}": content for name, content in ADAPTER.items()}
        other = {"../evil.txt": b"x", "adapter_model.bin": b"pickle", "/etc/passwd": b"x"}
        host.archive = packed({**other, **inside}, how, {"folder/adapter_config.json": "/etc/passwd"})
        fetch(host, tmp_path / "in" / "a")
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {f"in/a/{name}" for name in (*FILES, "download.json")}
    assert (tmp_path / "in" / "a" / "adapter_config.json").read_bytes() == CONFIG


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {"adapter_config.json": CONFIG, "adapter_model.safetensors": b"x" * 20_000},
            "20,000 bytes; 9,000 are the most",
        ),
        ({"adapter_config.json": CONFIG, "adapter_model.bin": b"pickle"}, "no adapter_model.safetensors"),
        ({"adapter_config.json": b"[1]", "adapter_model.safetensors": WEIGHTS}, "no JSON object"),
        ({"adapter_config.json": b"{", "adapter_model.safetensors": WEIGHTS}, "cannot be read"),
    ],
)
def test_what_is_no_adapter_is_refused(files, words, tmp_path):
    """Too large once unpacked, a pickle, or settings that cannot be read; nothing is left under its name."""
    with FakeHost("together") as host:
        host.archive = packed(files)
        with pytest.raises(ContenderError, match=words):
            fetch(host, tmp_path / "a", most_bytes=9_000)
    assert not (tmp_path / "a").exists()


def test_an_archive_that_unpacks_to_far_more_is_refused(tmp_path):
    """Some kilobytes that unpack to megabytes, in a file that would be left out."""
    with FakeHost("together") as host:
        host.archive = packed({"other.bin": b"0" * 5_000_000, **ADAPTER})
        assert len(host.archive) < 9_000
        with pytest.raises(ContenderError, match="unpacks to more than 18,000 bytes"):
            fetch(host, tmp_path / "a", most_bytes=9_000)


@pytest.mark.parametrize(
    "content",
    [b"<html>sign in</html>", b"", packed(ADAPTER)[:60], packed(ADAPTER, "gz")[:60]],
    ids=["a page", "nothing", "half of one", "half of one by gzip"],  # an archive has the time in it
)
def test_what_is_no_archive_is_refused(content, tmp_path):
    with FakeHost("together") as host:
        host.archive = content
        with pytest.raises(ContenderError, match=r"cannot be unpacked|damaged|handed out no"):
            fetch(host, tmp_path / "a")


def test_a_download_that_is_too_large_is_cut(tmp_path):
    with FakeHost("together") as host:
        host.archive = b"x" * 100_000
        with pytest.raises(ContenderError, match="more than 9,000 bytes"):
            fetch(host, tmp_path / "a", most_bytes=9_000)


def test_a_download_that_fails_is_said_without_the_signature(tmp_path):
    with FakeHost("together") as host:
        host.troubles = {"download": [Trouble(403, message="expired")]}
        with pytest.raises(ContenderError, match=r"was not fetched.*expired") as caught:
            fetch(host, tmp_path / "a")
        assert "ft_id" not in str(caught.value)


def test_an_unprotected_address_is_refused_where_the_host_is_protected(tmp_path):
    """A host with https that names an address with http for a download."""
    model = model_at(FakeHost("openai")).model_copy(update={"base_url": "https://host.example/v1"})
    client = HostClient(model)
    with pytest.raises(HostError, match="not https"):
        client.download("http://files.example/a?signature=b", tmp_path / "a", 10, True)


def test_a_redirect_to_nowhere_is_an_error(tmp_path):
    """Not a download that has ended without a file."""
    with FakeHost("together", key=KEY) as host:
        host.troubles = {"download": [Trouble(302, message="moved")]}
        with pytest.raises(ContenderError, match=r"answered 302.*moved"):
            fetch(host, tmp_path / "adapter")


@pytest.mark.parametrize("address", ["http://[::1", "ftp://files.example/a", "http://a\x00b/"])
def test_an_address_that_is_none_is_an_error(address, tmp_path):
    """The host may name anything as the place of a file."""
    with FakeHost("together", key=KEY) as host:
        host.troubles = {"download": [Trouble(302, headers={"Location": address.replace("\x00", "%00")})]}
        with pytest.raises(ContenderError, match="was not fetched"):
            fetch(host, tmp_path / "adapter")
        client = HostClient(model_at(host))
        with pytest.raises(HostError, match="no address that can be asked"):
            client.download(address, tmp_path / "a", 10, True)
