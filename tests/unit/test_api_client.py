"""The HTTP client: retries and their waits, redirects, connections, keys; against a server in this process."""

import logging
import signal
import subprocess
import sys
import threading
import time
import traceback
from datetime import UTC, datetime
from typing import Any

import pytest

from bakeoff.errors import BakeoffError, ConfigError
from bakeoff.models.load import load_generator
from bakeoff.models.probe import probe
from bakeoff.models.providers import bodies, pace
from bakeoff.models.providers import client as client_module
from bakeoff.models.providers.client import ApiClient, ApiError
from bakeoff.models.providers.concurrent import complete_all
from bakeoff.models.providers.embeddings import ApiEmbedder
from bakeoff.models.providers.hidden_keys import HIDDEN, without_key
from bakeoff.models.providers.retry import asked_wait_s, backoff_s, worth_another_try
from bakeoff.models.providers.threads import in_parallel
from bakeoff.models.settings import ApiModel
from bakeoff.records import Completion, GenerationSettings, Message, Prompt, Usage
from tests.fake_api import FakeApi, Fault, Recorded

SENTINEL = "sk-SENTINEL-0123456789-never-shown"
PROMPT = Prompt(messages=(Message(role="user", content="hello there"),))
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 5}


def model(server: FakeApi, **more: Any) -> ApiModel:
    return ApiModel(**{"api": "openai", "base_url": server.url, "model": "m", "timeout_s": 5.0, "retries": 2, **more})


def client(api: FakeApi, **more: Any) -> ApiClient:
    return ApiClient(model(api, **more), first_wait_s=0.001)


def post(api: FakeApi, **more: Any) -> dict[str, Any]:
    return client(api, **more).post(f"{api.url}/chat/completions", CHAT)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Records the waits of the client instead of waiting."""
    taken: list[float] = []
    monkeypatch.setattr(client_module, "_wait", taken.append)
    return taken


# --- retries


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_busy_server_is_asked_again(status: int) -> None:
    """Two failures and then an answer: the answer is returned."""
    with FakeApi(fault=Fault(status=status, times=2)) as api:
        assert post(api)["choices"]
        assert api.n_requests == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_asking_again_cannot_change_is_asked_once(status: int) -> None:
    """A refusal is raised at once with its status and the server's message, also 401 with a request to retry."""
    with FakeApi(fault=Fault(status=status, body='{"error": "go away"}', headers={"x-should-retry": "maybe"})) as api:
        with pytest.raises(ApiError, match=f"answered {status}: go away") as caught:
            post(api)
        assert (caught.value.status, api.n_requests) == (status, 1)


def test_429_forever_ends_in_one_clear_error() -> None:
    """After all retries the error names the status, the server's message, and what to do."""
    with FakeApi(fault=Fault(status=429, body='{"error": {"message": "slow down"}}')) as api:
        with pytest.raises(ApiError, match=r"429: slow down") as caught:
            post(api, retries=3)
        assert api.n_requests == 4
        assert "concurrency" in caught.value.remedy


def test_a_server_that_stays_dead_does_not_cost_every_request_its_retries() -> None:
    """After more failures in a row than `concurrency`, each request is tried once, until one succeeds."""
    with FakeApi(fault=Fault(status=500)) as api:
        asking = client(api, concurrency=1, retries=2)

        def n_tries() -> int:
            before = api.n_requests
            with pytest.raises(ApiError):
                asking.post(f"{api.url}/chat/completions", CHAT)
            return api.n_requests - before

        assert [n_tries() for _ in range(4)] == [3, 3, 1, 1]
        api.fault = None
        asking.post(f"{api.url}/chat/completions", CHAT)
        api.fault = Fault(status=500)
        assert n_tries() == 3


@pytest.mark.parametrize(
    ("headers", "least"),
    [({"retry-after-ms": "1500", "Retry-After": "9"}, 1.5), ({"Retry-After": "2"}, 2.0)],
)
def test_the_wait_that_a_server_asks_for_is_kept(headers: dict[str, str], least: float, waits: list[float]) -> None:
    """`retry-after-ms` before Retry-After. Up to a tenth is added, so that not all requests return at once."""
    with FakeApi(fault=Fault(status=429, headers=headers, times=1)) as api:
        post(api)
    assert len(waits) == 1 and least <= waits[0] <= 1.1 * least


def test_a_wait_that_is_too_long_is_not_waited_for(waits: list[float]) -> None:
    """If a server asks for an hour, the error says so."""
    with FakeApi(fault=Fault(status=429, headers={"Retry-After": "3600"})) as api:
        with pytest.raises(ApiError, match="asks to wait 3,600 seconds"):
            post(api)
        assert (api.n_requests, waits) == (1, [])


@pytest.mark.parametrize(
    ("status", "headers", "again"),
    [
        (429, {}, True),
        (500, {}, True),
        (529, {}, True),
        (429, {"x-should-retry": "false"}, False),
        (400, {"x-should-retry": "true"}, True),
        (400, {}, False),
        (401, {"x-should-retry": "true"}, False),
        (403, {}, False),
    ],
)
def test_which_statuses_are_worth_another_try(status: int, headers: dict[str, str], again: bool) -> None:
    """Busy and broken servers, unless the server says otherwise. Never after a refused key."""
    assert worth_another_try(status, headers) is again


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    """Both forms of RFC 9110. Anything else, a past date and a negative number mean no request or no wait."""
    now = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
    assert asked_wait_s({"retry-after": "1.5"}) == 1.5
    assert asked_wait_s({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, now) == 30
    assert asked_wait_s({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, now) == 0
    assert asked_wait_s({"retry-after": "-3"}) == 0
    assert [asked_wait_s({"retry-after": value}) for value in ("", "soon", "nan", "inf")] == [None] * 4


def test_own_waits_double_and_are_spread() -> None:
    """Each is between half and all of a wait that doubles, up to a maximum."""
    for attempt, longest in enumerate([1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]):
        drawn = [backoff_s(attempt, 1.0) for _ in range(50)]
        assert longest / 2 <= min(drawn) < max(drawn) <= longest


# --- destinations of requests


def test_a_redirect_is_not_followed() -> None:
    """The host it points to gets no request, and so no key. The error names that host."""
    with FakeApi() as other, FakeApi() as api:
        api.fault = Fault("redirect", location=f"{other.url}/chat/completions")
        with pytest.raises(ApiError, match=r"redirect to 127\.0\.0\.1:") as caught:
            post(api)
        assert (other.n_requests, api.n_requests) == (0, 1)
        assert other.url.split("/")[2] in caught.value.message


def test_nobody_listening_is_a_clear_error() -> None:
    """After the retries, the error names the address and what to check."""
    with FakeApi() as api:
        asking = client(api, retries=1)
    with pytest.raises(ApiError, match="could not be reached") as caught:
        asking.post(f"{api.url}/chat/completions", CHAT)
    assert api.url in caught.value.message and "base_url" in caught.value.remedy


def test_a_server_that_does_not_answer_in_time_is_a_clear_error() -> None:
    """The error names timeout_s and its value."""
    with FakeApi(delay_s=0.5) as api, pytest.raises(ApiError, match=r"within 0\.05 seconds") as caught:
        post(api, timeout_s=0.05, retries=0)
    assert "timeout_s" in caught.value.remedy


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("html"), "HTML page"),
        (Fault("not json", body="hello"), "not JSON: 'hello'"),
        (Fault("not json", body="[1]"), "not an object"),
        (Fault("half"), "closed the connection"),
    ],
)
def test_what_is_no_answer_is_named(fault: Fault, words: str) -> None:
    """HTML, text, a list and an incomplete body each have an error that says what was received."""
    with FakeApi(fault=fault) as api, pytest.raises(ApiError, match=words):
        post(api, retries=0)


def test_connections_are_shared_and_bounded() -> None:
    """Forty requests from twenty threads: at most `concurrency` at a time, on as many connections."""
    with FakeApi(delay_s=0.01) as api:
        asking = client(api, concurrency=3)
        in_parallel(lambda _: asking.post(f"{api.url}/chat/completions", CHAT), range(40), 20)
        assert (api.n_requests, api.most_at_once, api.n_connections) == (40, 3, 3)


# --- keys


def test_a_missing_key_is_one_error_before_any_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is not set, empty, or not valid in a header is a ConfigError that names it."""
    with FakeApi() as api:
        settings = model(api, key_env="FAKE_KEY")
        for value in (None, "", "  ", "two\nlines-of-a-key", "schlüssel-key"):
            monkeypatch.delenv("FAKE_KEY", raising=False)
            if value is not None:
                monkeypatch.setenv("FAKE_KEY", value)
            for ask in (
                lambda: load_generator(settings).generate([PROMPT], GenerationSettings()),
                lambda: load_generator(settings).stream(PROMPT, GenerationSettings()),
                lambda: ApiEmbedder(settings).embed_queries(["text"]),
                lambda: probe(settings),
            ):
                with pytest.raises(ConfigError, match="FAKE_KEY") as caught:
                    ask()
                assert "of-a-key" not in str(caught.value) and "schl" not in str(caught.value)
        assert api.n_requests == 0


def test_the_key_is_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that changes while a model is loaded is used from then on. Blanks around it are removed."""
    with FakeApi() as api:
        asking = client(api, key_env="FAKE_KEY")
        for key in ("first-key", "second-key\n"):
            monkeypatch.setenv("FAKE_KEY", key)
            asking.post(f"{api.url}/chat/completions", CHAT)
        assert [one.headers["authorization"] for one in api.requests] == ["Bearer first-key", "Bearer second-key"]


def test_without_key_env_no_key_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in a well-known variable is not sent to a server whose settings do not name it."""
    monkeypatch.setenv("OPENAI_API_KEY", SENTINEL)
    with FakeApi() as api:
        post(api)
        assert "authorization" not in api.requests[0].headers


FAULTS = [
    Fault(status=401, body=f'{{"error": {{"message": "bad key Bearer {SENTINEL}"}}}}'),
    Fault(status=500, body=f"Authorization: Bearer {SENTINEL} " * 400),
    Fault(status=429, body=SENTINEL, headers={"x-echo": SENTINEL}),
    Fault("redirect", location=f"http://user:{SENTINEL}@127.0.0.1:9/v1?key={SENTINEL}"),
    Fault("redirect", location=f"http://{SENTINEL}.example/v1"),
    Fault("not json", body=f"you sent {SENTINEL}"),
    Fault("not json", body=f'{{"error": {{"message": "{SENTINEL}"}}}}'),
    Fault("not json", body=f'["{SENTINEL}"]'),
    Fault("not json", body=f'{{"choices": [{{"message": {{"content": "{SENTINEL}"}}}}], "model": "{SENTINEL}"}}'),
    Fault("half"),
    Fault("error inside"),
    Fault("cut off"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind} {fault.status}")
@pytest.mark.parametrize("api_name", ["openai", "ollama"])
def test_no_key_is_shown(
    fault: Fault, api_name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A server repeats the key in errors, headers or answers: the key is in nothing returned, raised or logged."""
    monkeypatch.setenv("FAKE_KEY", SENTINEL)
    shown: list[str] = []
    with FakeApi(fault=fault, reply=lambda _: f"{SENTINEL} it is") as api, caplog.at_level(logging.DEBUG):
        settings = model(api, api=api_name, key_env="FAKE_KEY", retries=1)
        monkeypatch.setattr(client_module, "backoff_s", lambda *_: 0.0)
        monkeypatch.setattr(pace, "FIRST", 1000.0)
        monkeypatch.setattr(pace, "SLOWEST", 1000.0)
        generator, embedder = load_generator(settings), ApiEmbedder(settings)
        shown += [repr(generator), repr(vars(generator)), repr(embedder), repr(vars(embedder)), repr(settings)]
        shown += [one.model_dump_json() for one in generator.generate([PROMPT], GenerationSettings())]
        for ask in (
            lambda: list(generator.stream(PROMPT, GenerationSettings())),
            lambda: embedder.embed_queries(["text"]),
            lambda: probe(settings),
        ):
            try:
                shown.append(repr(ask()))
            except BakeoffError as error:
                shown += [str(error), repr(error), "".join(traceback.format_exception(error))]
        assert any(SENTINEL in repr(request.headers) for request in api.requests)
    shown += [record.getMessage() for record in caplog.records if record.name.startswith(("bakeoff", "httpx2"))]
    assert len(shown) > 8
    assert not [text for text in shown if SENTINEL in text or SENTINEL[3:20] in text]


@pytest.mark.parametrize("limit", ["MOST_BYTES", "MOST_LINE_BYTES"])
def test_a_reply_without_end_is_read_no_further(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a whole one nor a streamed one, and it is not asked for again. A line counts where it has no end yet."""
    monkeypatch.setattr(bodies, limit, 1000)
    with FakeApi(reply=lambda _: "word " * 20_000) as api:
        generator = load_generator(model(api, retries=3))
        settings = GenerationSettings(max_new_tokens=50_000)
        if limit == "MOST_BYTES":
            assert "It was not read to its end" in (generator.generate([PROMPT], settings)[0].error or "")
            with pytest.raises(ApiError, match="a reply of more than"):
                list(generator.stream(PROMPT, settings))
            assert api.n_requests == 2
        api.recorded = [Recorded(lines=("data: " + "x" * 5_000_000,))]
        n = api.n_requests
        with pytest.raises(ApiError, match="or a line of more than"):
            list(generator.stream(PROMPT, settings))
        assert api.n_requests == n + 1


def test_a_key_is_found_however_it_is_written() -> None:
    """As it is, in JSON, in HTML and in a URL. A placeholder for servers without keys stays."""
    key = 'k&y"/with?marks'
    for written in (key, r"k&y\"/with?marks", "k&amp;y&quot;/with?marks", "k%26y%22%2Fwith%3Fmarks"):
        assert without_key(f"<{written}>", key) == f"<{HIDDEN}>"
    assert without_key("EMPTY shelves", "EMPTY") == "EMPTY shelves"


SHORT = "abc12"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=401, body=f'{{"error": {{"message": "bad key: {SHORT}."}}}}'),
        Fault(status=500, body=f"Authorization: Bearer {SHORT} " * 400),
        Fault(status=400, body=f'{{"error": "x{SHORT}y"}}'),
        Fault("redirect", location=f"http://{SHORT}.example/v1"),
        Fault("not json", body=f"you sent {SHORT}"),
        Fault("not json", body=f'{{"error": {{"message": "{SHORT}"}}}}'),
        Fault("not json", body=f'{{"note": "{SHORT}"}}'),
        Fault("not json", body=f'["{SHORT}"]'),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
@pytest.mark.parametrize("api_name", ["openai", "ollama"])
def test_a_short_key_is_in_no_error(fault: Fault, api_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the error of a completion, a stream, an embedding and a probe, nothing holds it, its traceback included."""
    monkeypatch.setenv("FAKE_KEY", SHORT)
    monkeypatch.setattr(client_module, "backoff_s", lambda *_: 0.0)
    with FakeApi(fault=fault) as api:
        settings = model(api, api=api_name, key_env="FAKE_KEY", retries=0)
        generator = load_generator(settings)
        shown = [str(generator.generate([PROMPT], GenerationSettings())[0].error)]
        for ask in (
            lambda: list(generator.stream(PROMPT, GenerationSettings())),
            lambda: ApiEmbedder(settings).embed_queries(["text"]),
            lambda: probe(settings),
        ):
            with pytest.raises(BakeoffError) as caught:
                ask()
            error = caught.value
            shown += [str(error), repr(error), repr(vars(error)), "".join(traceback.format_exception(error))]
    assert not [text for text in shown if SHORT in text]


def test_a_short_key_may_be_a_word_of_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A placeholder such as 'ollama' is a word that a model may say; behind Bearer it is hidden all the same."""
    monkeypatch.setenv("FAKE_KEY", "ollama")
    with FakeApi(reply=lambda _: "ollama, not Bearer ollama") as api:
        settings = model(api, key_env="FAKE_KEY")
        (one,) = load_generator(settings).generate([PROMPT], GenerationSettings())
        assert one.text == f"ollama, not Bearer {HIDDEN}"


@pytest.mark.parametrize("key", ["x", "abc"])
def test_a_key_too_short_to_be_hidden_is_refused(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before any request, with the name of the variable and what to set in its place."""
    monkeypatch.setenv("FAKE_VARIABLE", key)
    with FakeApi() as api:
        with pytest.raises(ConfigError, match="FAKE_VARIABLE holds a key of fewer than 4") as caught:
            post(api, key_env="FAKE_VARIABLE")
        assert "EMPTY" in caught.value.remedy and f"'{key}'" not in str(caught.value)
        assert api.n_requests == 0


# --- threads


def test_calls_keep_their_order_and_the_first_error_is_raised() -> None:
    """Results are in the order of the items, whichever finishes first. An error stops the others."""
    gate = threading.Barrier(4)

    def slow_then_square(i: int) -> int:
        if i < 4:
            gate.wait(5)
        return i * i

    assert in_parallel(slow_then_square, range(50), 4) == [i * i for i in range(50)]
    assert in_parallel(slow_then_square, [], 4) == []
    with pytest.raises(ZeroDivisionError):
        in_parallel(lambda i: 1 // i, [1, 0, 2], 2)


def test_completions_asked_for_at_once_share_the_time_of_the_call() -> None:
    """A machine is paid by the hour, not by the request. A failed request takes its share too."""
    gate = threading.Barrier(4)

    def complete(prompt: Prompt) -> Completion:
        begun = time.perf_counter()
        gate.wait(5)
        time.sleep(0.05)
        if prompt == prompts[3]:
            raise ApiError("refused", "ask another")
        return Completion(text="a", usage=Usage(seconds=time.perf_counter() - begun))

    prompts = [Prompt(messages=(Message(role="user", content=str(i)),)) for i in range(4)]
    begun = time.perf_counter()
    completions = complete_all(complete, prompts, 4)
    wall = time.perf_counter() - begun
    seconds = [one.usage.seconds for one in completions]
    assert [bool(one.error) for one in completions] == [False, False, False, True]
    assert 0.05 <= sum(seconds) <= wall


INTERRUPTED = """
import sys
from bakeoff.models.load import load_generator
from bakeoff.models.settings import ApiModel
from bakeoff.records import Completion, GenerationSettings, Message, Prompt, Usage

generator = load_generator(ApiModel(api="openai", base_url=sys.argv[1], model="m", concurrency=2, timeout_s=300))
prompt = Prompt(messages=(Message(role="user", content="hello"),))
try:
    generator.generate([prompt] * 50, GenerationSettings())
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_does_not_wait_for_the_requests_under_way() -> None:
    """The interrupt is raised while the server is still working, no more requests are sent, and the process ends."""
    with FakeApi(delay_s=120.0) as api:
        process = subprocess.Popen([sys.executable, "-c", INTERRUPTED, api.url], stdout=subprocess.PIPE, text=True)
        while not api.n_requests:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        assert (out, process.returncode) == ("interrupted\n", 0)
        assert api.n_requests <= 2


def test_this_machine_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is used for other hosts only."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with FakeApi() as api:
        assert post(api)["choices"]
