"""Metrics of a server: how answers ended, how long they took, in the text format of Prometheus."""

import json
import re
import threading
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bakeoff.models.cancelling import CallerGoneError
from bakeoff.serve.guard.bearer import EVERYONE
from bakeoff.serve.keys import Holder
from bakeoff.serve.metrics import Gauge, Metrics, resident_bytes
from bakeoff.serve.openai.routes import OpenAiApi, exception_handlers
from bakeoff.serve.outcome import Ended, observed
from tests.serving import Scripted

SAMPLE = re.compile(r'[a-z_]+(\{[a-z_]+="(?:[^"\\\n]|\\.)*"(,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})? [0-9.e+-]+')


def samples(text: str) -> dict[str, float]:
    """The samples by name and labels. Every other line must be a heading."""
    values = {}
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP [a-z_]+ \S.*|TYPE [a-z_]+ (counter|gauge|histogram))", line), line
        else:
            assert SAMPLE.fullmatch(line), line
            name, _, value = line.rpartition(" ")
            values[name] = float(value)
    return values


def client_of(metrics: Metrics, holder: Holder = EVERYONE) -> TestClient:
    """A client of an application with the API and its metrics, used by this holder."""
    api = OpenAiApi(Scripted(), lambda _: holder, observer=metrics)
    routes = [*api.routes(), metrics.route(lambda _: holder)]
    app = Starlette(routes=routes, exception_handlers=exception_handlers())
    return TestClient(app, raise_server_exceptions=False)


def ask(client: TestClient, words: str, **more) -> int:
    """The status of a question with these words."""
    messages = [{"role": "user", "content": f"Please tell me everything of {words} in full"}]
    return client.post("/v1/chat/completions", json={"model": "shop", "messages": messages, **more}).status_code


@pytest.mark.parametrize(
    ("words", "status", "outcome"),
    [
        ("kettles", 200, "answered"),
        ("unknown", 200, "declined"),
        ("break at once", 500, "failed"),
        ("break halfway", 500, "failed"),
        ("raise", 500, "failed"),
        ("crash", 500, "failed"),
        ("full queue", 429, "refused"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_counted_once_by_how_it_ended(words, status, outcome, stream):
    """Streamed or not; what fails after its first piece has the status 200 if it is streamed."""
    metrics = Metrics()
    if not (stream and words in ("break halfway", "raise")):
        assert ask(client_of(metrics), words, stream=stream) == status
    else:
        assert ask(client_of(metrics), words, stream=stream) == 200
    counted = {name: n for name, n in samples(metrics.text()).items() if name.startswith("bakeoff_answers_total")}
    assert counted == {f'bakeoff_answers_total{{contender="shop",outcome="{outcome}"}}': 1}


def test_a_chore_of_a_chat_front_end_is_no_answer():
    """Nobody was asked."""
    metrics = Metrics()
    chore = 'Output: { "title": "a title" }\n<chat_history>\nUSER: When are you open?\n</chat_history>'
    messages = [{"role": "user", "content": chore}]
    reply = client_of(metrics).post("/v1/chat/completions", json={"model": "shop", "messages": messages})
    assert reply.status_code == 200 and "bakeoff_answers_total{" not in metrics.text()


def test_the_route_shows_the_histograms_and_the_gauges():
    """Cumulative buckets; a gauge is read when the metrics are shown."""
    waiting = [3]
    metrics = Metrics([Gauge(name="bakeoff_waiting", help="Questions that wait.", read=lambda: waiting[0])])
    client = client_of(metrics)
    for seconds in (0.004, 0.03, 700.0):
        metrics.ended(Ended(contender="rag", outcome="answered", seconds=seconds, first_s=0.001))
    waiting[0] = 4
    reply = client.get("/metrics")
    values = samples(reply.text)
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    whole = 'bakeoff_answer_seconds_bucket{contender="rag",le="%s"}'
    assert [values[whole % bound] for bound in ("0.005", "0.025", "0.05", "120.0", "+Inf")] == [1, 1, 2, 2, 3]
    assert values['bakeoff_answer_seconds_count{contender="rag"}'] == 3
    assert values['bakeoff_answer_seconds_sum{contender="rag"}'] == pytest.approx(700.034)
    assert values['bakeoff_first_token_seconds_bucket{contender="rag",le="0.005"}'] == 3
    assert values["bakeoff_waiting"] == 4
    assert values["process_resident_memory_bytes"] == pytest.approx(resident_bytes(), rel=0.5)


def test_a_key_that_does_not_manage_may_not_read_the_metrics():
    """403, as an error object."""
    reply = client_of(Metrics(), Holder(name="desk")).get("/metrics")
    assert reply.status_code == 403 and json.loads(reply.text)["error"]["code"] == "not_allowed"


def test_names_cannot_break_out_of_their_quotes():
    """A contender's name is data; methods that nobody knows are counted together."""
    metrics = Metrics()
    metrics.ended(Ended(contender='a"\n\\b', outcome="failed", seconds=1))
    metrics.requested("GET", 200)
    for method in ("BREW", 'X"} 1\n'):
        metrics.requested(method, 405)
    values = samples(metrics.text())
    assert values[r'bakeoff_answers_total{contender="a\"\n\\b",outcome="failed"}'] == 1
    assert values['bakeoff_http_requests_total{method="other",status="405"}'] == 2


def test_no_answer_is_lost_between_threads():
    """Eight threads end 500 answers each."""
    metrics = Metrics()

    def work() -> None:
        for _ in range(500):
            metrics.ended(Ended(contender="rag", outcome="answered", seconds=0.01))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    values = samples(metrics.text())
    assert values['bakeoff_answers_total{contender="rag",outcome="answered"}'] == 4000


def test_a_stream_that_is_closed_was_cancelled():
    """With the time of its first piece; it is told once."""
    ends: list[Ended] = []
    stream = observed(iter(["a", "b", "c"]), "rag", ends.append)
    assert next(stream) == "a"
    stream.close()
    assert [(ended.contender, ended.outcome) for ended in ends] == [("rag", "cancelled")]
    assert ends[0].first_s is not None and ends[0].seconds >= ends[0].first_s


def test_work_that_was_given_up_since_its_client_left_was_cancelled():
    """It did not fail: nobody is to be alarmed."""

    def left() -> Iterator[str]:
        yield "a"
        raise CallerGoneError

    ends: list[Ended] = []
    with pytest.raises(CallerGoneError):
        list(observed(left(), "rag", ends.append))
    assert [ended.outcome for ended in ends] == ["cancelled"]
