"""Promise 23: secrets stay out.

Keys in the environment, passwords and keys in addresses, keys of callers in headers and queries. Servers fail in every
way, and quote the key in each; settings hold an address with a password in every place. Whatever a command says, the
traceback of each error, and every file that was written are read for the secrets, as they are and as JSON, HTML, an
address, base64 or hexadecimal digits would write them.
"""

import base64
import html
import json
import traceback
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

from typer.testing import CliRunner

from bakeoff.cli.main import app
from tests.end_to_end.server_process import Server
from tests.end_to_end.small import bakeoff, make
from tests.fake_api import FakeApi, Fault
from tests.torture.promise import Promise, Seen, Trial

KEY = "sk-S3nt/inel+8f3%a1c=&x"
PASSWORD = "s3nT1nel9b2e4d"
PROMPT = "unspokensentinelword"
VARIABLE = "SENTINEL_KEY"
APIS = ("openai", "anthropic", "google", "ollama")
WRITTEN = (KEY, json.dumps(KEY)[1:-1], html.escape(KEY), quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode())
QUOTED = json.dumps({"error": {"message": f"Incorrect API key provided: {' '.join(WRITTEN[:4])}"}})
DOT_NET, PHP = QUOTED.replace("+", r"\u002B").replace("&", r"\u0026"), QUOTED.replace("/", r"\/")
"""The same JSON as the usual libraries of other languages write it."""
CUT_OFF = json.dumps({"error": {"message": f"{'x' * 280} {KEY}"}})
FAULTS = (
    *(Fault("status", status=401, body=body) for body in (DOT_NET, PHP, CUT_OFF)),
    *(Fault("status", status=status, body=QUOTED, headers={"Retry-After": "0"}) for status in (401, 403, 429, 500)),
    Fault("status", status=400, body=f"<html>{html.escape(KEY)}</html>"),
    Fault("redirect", location=f"http://elsewhere.example/?key={quote(KEY, safe='')}"),
    Fault("html", status=200),
    Fault("not json", status=200, body=KEY),
    Fault("half"),
    Fault("error inside", body=QUOTED),
)
ADDRESSES = (
    f"https://user:{PASSWORD}@host.invalid:1/x",
    f"http://user:{PASSWORD}@127.0.0.1:1/v1",
    f"postgresql://user:{PASSWORD}@127.0.0.1:1/db",
    f"https://[user:{PASSWORD}@::1/v1",
    f"https://host.invalid/x?token={PASSWORD}",
    f"user:{PASSWORD}@host:/repository",
    f"openai:http://u:{PASSWORD}@host/v1#m",
)


def trial(told: Trial) -> Seen:
    """Settings, failing servers, a whole run with its exports, and a server with callers."""
    said = _Said()
    pilot = make(told.folder / "pilot").parent
    with patch.dict("os.environ", {VARIABLE: KEY, "BAKEOFF_CACHE": str(told.folder / "cache")}):
        for change in _settings(ADDRESSES[: told.times(len(ADDRESSES), 2)]):
            said.by(pilot, change)
        for change in _failing(APIS[: told.times(len(APIS), 1)], FAULTS[:: told.times(1, 3)]):
            said.by(pilot, *change)
        _whole_run(told.folder / "whole", said)
    broken = [*said.broken, *_left_in(told.folder)]
    n_files = sum(path.is_file() for path in told.folder.rglob("*"))
    return Seen(f"{said.n} commands, {said.n_failed} of which failed, and {n_files} files", tuple(broken))


def _secrets_in(content: bytes) -> list[str]:
    """Which secrets stand in what was said or written."""
    return [secret for secret in FORMS if secret.encode() in content]


def _in_base64(secret: str) -> tuple[str, ...]:
    """What base64 writes of a secret for certain, wherever it begins in a longer text, such as after a name."""
    written = (base64.b64encode(b"-" * before + secret.encode()).decode() for before in range(3))
    certain = 4 * (len(secret) // 3 - 1)
    return tuple(text[4 if before else 0 :][:certain] for before, text in enumerate(written))


FORMS = (
    *WRITTEN,
    PASSWORD,
    *(one.encode().hex() for one in (KEY, PASSWORD)),
    *(form for one in (KEY, PASSWORD) for form in _in_base64(one)),
)


class _Said:
    """What commands say, and how errors look to who calls Bakeoff from Python."""

    def __init__(self) -> None:
        self.n = self.n_failed = 0
        self.broken: list[str] = []

    def by(self, pilot: Path, change: Mapping[str, Any], command: str = "run", server: FakeApi | None = None) -> None:
        """The command with the pilot's configuration changed. The configuration is not kept: it holds the secret."""
        path = pilot / "bakeoff.yaml"
        before = path.read_text()
        try:
            path.write_text(json.dumps({**json.loads(before), **change}))
            self.read(command, str(path), *(("--runs", str(pilot / "runs")) if command == "run" else ()))
        finally:
            path.write_text(before)
            if server:
                server.close()

    def read(self, *arguments: str) -> int:
        done = CliRunner().invoke(app, list(arguments))
        text = done.output + (done.stderr if done.stderr_bytes else "")
        if done.exception and not isinstance(done.exception, SystemExit):
            text += f"{done.exception}" + "".join(traceback.format_exception(done.exception))
        self.n += 1
        self.n_failed += done.exit_code != 0
        found = _secrets_in(text.encode())
        if found:
            place = text.find(found[0])
            self.broken.append(f"{' '.join(arguments)[:80]} said: {text[max(0, place - 150) : place + 50]}")
        return done.exit_code


def _settings(addresses: Sequence[str]) -> Iterator[dict[str, Any]]:
    """An address with a password in every setting that takes a text, and in settings that do not exist."""
    for address in addresses:
        yield from ({key: address} for key in ("store", "general", "judge", "executor", "apikey", address))
        yield from ({"documents": [{kind: address}]} for kind in ("git", "web", "bucket", "sql", "mail", "files"))
        yield from ({"documents": [address]}, {"questions": [address]}, {"profile": {"answers_on": address}})
        yield {"documents": [{"bucket": "s3://b/x", "endpoint": address}]}
        yield {"executor": {"kind": "ray", "address": address, "share": address}}
        yield {"contenders": [{"name": "mine", "like": "endpoint", "options": {"base_url": address, "model": "m"}}]}
        for model in (address, {"name": "x", "adapter": address, "answered_by": address}, *_models(address)):
            yield {"models": {"generator": model, "embedder": "hash"}}
            yield {"models": {"generator": "scripted", "embedder": model}}


def _models(address: str) -> Iterator[dict[str, str]]:
    known = {"api": "openai", "base_url": "https://host.invalid/v1", "model": "m"}
    yield from ({**known, key: address} for key in ("base_url", "key_env", "price", "model", "api", "api_key"))


def _failing(apis: Sequence[str], faults: Sequence[Fault]) -> Iterator[tuple[dict[str, Any], str, FakeApi | None]]:
    """Servers of these protocols that fail in each way; one that refuses the connection, and one in the clear."""
    for api in apis:
        for fault in faults:
            server = FakeApi(fault=fault)
            yield _behind(server.base_url(api), api), "run", server
        gone = FakeApi()
        gone.close()
        yield _behind(gone.base_url(api), api), "run", None
        for address in ("http://host.invalid/v1", "http://127.0.0.1:99999/v1", "http://[::1/v1", "http:///v1"):
            yield _behind(address, api), "run", None
            yield _behind(address, api), "doctor", None


def _behind(address: str, api: str) -> dict[str, Any]:
    model = {"api": api, "base_url": address, "model": "m", "key_env": VARIABLE, "retries": 0, "timeout_s": 5}
    return {"models": {"generator": model, "embedder": "hash"}, "contenders": ["base", "rag"]}


def _whole_run(folder: Path, said: _Said) -> None:
    """A run whose model quotes its key in each answer and fails now and then; all that can be made of it; a server."""
    answers = iter(range(10**9))

    def reply(messages: Any) -> str:
        if next(answers) % 7 == 6:
            raise ConnectionError(KEY)
        return f"Your key is {KEY}."

    with ExitStack() as stack:
        api = stack.enter_context(FakeApi(reply=reply, key=KEY))
        api.escapes = "+&="
        path = make(folder, **_behind(api.url, "openai"))
        words = path.parent / "docs" / "said.md"
        words.write_text(f"Only a document says {PROMPT}.\n")
        run = str(folder / "runs" / "planets")
        if said.read("run", str(path), "--runs", str(folder / "runs")):
            said.broken.append("the whole run failed")
        said.read("report", run)
        said.read("doctor", run)
        said.read("doctor", run, "--bundle", str(folder / "bundle.zip"))
        for form in ("mlflow", "ragas", "promptfoo", "beir"):
            said.read("export", run, "--to", form, "--out", str(folder / form))
        said.read("ask", run, "How long is a year on Golth?")
        _serve(folder, said)


def _serve(folder: Path, said: _Said) -> None:
    """A server whose callers send secrets in headers and addresses, and questions that only the log may keep."""
    done = bakeoff("keys", "add", "desk", cwd=folder)
    own = done.stdout.split()[-1] if done.stdout.split() else ""
    server = Server(folder, "-c", "rag", "--log-format", "json").wait()
    try:
        for headers in ({"Authorization": f"Bearer {KEY}"}, {"X-Api-Key": KEY, "Cookie": f"key={KEY}"}, {}):
            _ask(f"{server.url}/history?key={quote(KEY)}&token={PASSWORD}", headers)
        question = {"model": "rag", "messages": [{"role": "user", "content": f"What is {PROMPT}?"}]}
        for body in (question, {**question, "model": PASSWORD}, [PASSWORD], PASSWORD):
            _ask(f"{server.url}/v1/chat/completions", {"Authorization": f"Bearer {own}"}, body)
    finally:
        server.stop()
    lines = folder / "lines.jsonl"
    lines.write_text(server.said())
    bundle = str(folder / "more.zip")
    said.read("doctor", str(folder / "deployments" / "planets"), "--bundle", bundle, "--log", str(lines))
    if PROMPT in server.said():
        said.broken.append("the server's lines hold a question")
    for path in folder.rglob("*"):
        if own and path.is_file() and own.encode() in path.read_bytes():
            said.broken.append(f"{path.name} holds a key of the server")


def _ask(address: str, headers: Mapping[str, str], body: object = None) -> None:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, content, {"Content-Type": "application/json", **headers})
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except urllib.error.HTTPError as error:
        error.close()


def _left_in(folder: Path) -> Iterator[str]:
    """Files that hold a secret; and what is in a bundle for support, which holds no question either."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        found = _secrets_in(path.read_bytes())
        if found:
            yield f"{path.relative_to(folder)} holds {found[0][:12]}"
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as bundle:
                inside = b"".join(bundle.read(name) for name in bundle.namelist())
            if _secrets_in(inside) or PROMPT.encode() in inside:
                yield f"{path.name} holds a secret"


PROMISES = (
    Promise(
        23,
        "secrets stay out",
        "sentinels in keys, URLs, prompts: none in logs, stores, reports, exports, errors",
        trial,
    ),
)
