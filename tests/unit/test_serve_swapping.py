"""A running server follows the pointer of its deployment: no request is dropped, and the former release is at hand."""

import gc
import json
import threading
import time
import urllib.request
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bakeoff.records import Answer, Document
from bakeoff.serve import opened as opened_module
from bakeoff.serve import swapping
from bakeoff.serve.answering import Asked
from bakeoff.serve.app import application
from bakeoff.serve.deployment import Deployment, deploy
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.documents.opening import documents_of
from bakeoff.serve.guard.guarded import access_of
from bakeoff.serve.keys import KeyFile
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer
from bakeoff.serve.opened import OpenRelease
from bakeoff.serve.releases import add_release, make_current, prune, rollback
from bakeoff.serve.server_log import ServerLog
from bakeoff.serve.sums import sums_of
from bakeoff.serve.swapping import LiveReleases
from bakeoff.serve.trial import Trial
from tests.serving import running
from tests.unit.released import SAYS_ONE, SAYS_TWO, released_run

PATIENCE_S = 30


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two finished runs whose models say different things; the second one cuts smaller passages."""
    folder = tmp_path_factory.mktemp("runs")
    first = released_run(folder / "first", generator="tests.unit.released.one")
    return first, released_run(folder / "second", generator="tests.unit.released.two", chunk_tokens=32)


class Server:
    """A deployment of the first run whose release 1 answers, with everything around it."""

    def __init__(self, root: Path, stack: ExitStack, trial: Trial | None = None) -> None:
        self.root, self.lines = root, []
        deployment = Deployment(root)
        self.documents: LiveDocuments = stack.enter_context(documents_of(deployment))
        self.log = stack.enter_context(Log(deployment.log_path))
        live = OpenRelease(deployment, self.documents, self.log, sums_of(deployment))
        live.get_ready()
        server_log = ServerLog("json", lambda line: self.lines.append(json.loads(line)))
        self.releases = LiveReleases(live, self.documents, self.log, trial, server_log.line)
        stack.enter_context(self.releases)
        access = access_of("127.0.0.1", KeyFile(root / "keys.json"))
        self.app = application(self.releases, self.documents, self.log, access, server_log)

    def say(self, id: str, model: str = "base", **more: object) -> str:
        """The text of an answer, or its error."""
        asked = Asked(id=id, model=model, question=f"What is {id}?", typed=f"What is {id}?", **more)
        *_, answer = self.releases.answer(asked, None)
        assert isinstance(answer, Answer)
        return answer.error or answer.text

    def logged(self, n: int) -> dict[str, LoggedAnswer]:
        """The answers of the log, once there are n."""
        wait_for(lambda: len(list(self.log.entries(LoggedAnswer))) >= n)
        return {entry.id: entry for entry in self.log.entries(LoggedAnswer)}

    def told(self) -> list[dict]:
        """What the server's own log says of releases."""
        return [line for line in self.lines if line["event"] == "release"]

    def promote(self, run, contenders=("base", "rag")) -> int:
        number = add_release(self.root, run, contenders, "better").number
        make_current(self.root, number)
        return number

    def is_live(self, number: int) -> bool:
        return wait_for(lambda: self.releases.live.number == number)


def wait_for(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(condition())


@pytest.fixture
def root(runs, tmp_path) -> Path:
    return deploy(runs[0], tmp_path / "planets", ["base", "rag"]).root


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def server(root, stack, monkeypatch) -> Server:
    monkeypatch.setattr(swapping, "LOOK_EVERY_S", 0.02)
    return Server(root, stack)


def post(url: str, question: str) -> tuple[int, str]:
    body = json.dumps({"model": "base", "messages": [{"role": "user", "content": question}]}).encode()
    request = urllib.request.Request(f"{url}/v1/chat/completions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
        return reply.status, json.load(reply)["choices"][0]["message"]["content"]


def test_five_swaps_under_eight_clients_drop_no_request(server, runs):
    """Each reply has status 200 and is the whole text of one release: the one that the log names."""
    replies, errors, stop = [], [], threading.Event()

    def client(url: str, i: int) -> None:
        n = 0
        while not stop.wait(0.1):  # together below the limit of an address, however long the swaps take
            n += 1
            try:
                replies.append(post(url, f"What is {i}-{n}?"))
            except OSError as error:
                errors.append(error)

    with running(server.app) as url:
        clients = [threading.Thread(target=client, args=(url, i)) for i in range(8)]
        for one in clients:
            one.start()
        assert wait_for(lambda: len(replies) >= 16)
        for swap in range(5):
            number = server.promote(runs[(swap + 1) % 2])
            assert server.is_live(number)
            n = len(replies)
            assert wait_for(lambda n=n: len(replies) >= n + 16)
        stop.set()
        for one in clients:
            one.join()
    assert errors == [] and {status for status, _ in replies} == {200}
    assert {text for _, text in replies} == {SAYS_ONE, SAYS_TWO}
    entries = server.logged(len(replies)).values()
    assert len(entries) == len(replies) and {entry.release for entry in entries} == {1, 2, 3, 4, 5, 6}
    assert all(entry.text == (SAYS_ONE, SAYS_TWO)[(entry.release + 1) % 2] for entry in entries)


def test_an_answer_in_progress_ends_on_the_release_that_began_it(server, runs):
    """Also what is asked about it afterwards: which passages it numbered."""
    asked = Asked(id="slow", model="base", question="What is slow?", typed="What is slow?")
    stream = server.releases.answer(asked, None)
    pieces = [next(stream)]
    assert server.is_live(server.promote(runs[1]))
    assert server.say("quick") == SAYS_TWO
    *more, answer = stream
    assert "".join([*pieces, *more]) == SAYS_ONE == answer.text
    assert {id: entry.release for id, entry in server.logged(2).items()} == {"slow": 1, "quick": 2}


def test_a_rollback_takes_effect_without_opening_anything_and_answers_as_before(server, runs, monkeypatch):
    """The former release stays in memory, so that nothing of it is read again."""
    before = {model: server.say(f"{model}-before", model) for model in ("base", "rag")}
    assert server.is_live(server.promote(runs[1])) and server.say("between") == SAYS_TWO

    def opened_again(*_):
        raise AssertionError("the former release is open")

    monkeypatch.setattr(swapping, "open_release", opened_again)
    rollback(server.root)
    assert server.is_live(1) and server.releases.problem == ""
    assert {model: server.say(f"{model}-after", model) for model in ("base", "rag")} == before


def test_after_a_restart_the_release_before_is_opened_too(root, runs, monkeypatch):
    """So the first rollback opens nothing either, and its indexes have the documents of meanwhile."""
    number = add_release(root, runs[1], ["base"], "better").number
    make_current(root, number)
    with ExitStack() as stack:
        server = Server(root, stack)
        assert wait_for(lambda: server.releases.state()["release_before"] == 1)
        server.documents.put(Document(id="c", text="Cetis circles its star in 77 days.", source="cetis.md"))

        def opened_again(*_):
            raise AssertionError("the release before is open")

        monkeypatch.setattr(swapping, "open_release", opened_again)
        rollback(root)
        assert server.is_live(1) and server.say("back") == SAYS_ONE and not server.releases.problem
        asked = Asked(id="live", model="rag", question="How long does Cetis take?", typed="How long does Cetis take?")
        *_, answer = server.releases.answer(asked, None)
        assert "cetis.md" in [hit.chunk.source for hit in answer.citations]


def test_a_release_before_that_cannot_be_opened_is_named_and_holds_nothing_up(root, runs):
    number = add_release(root, runs[1], ["base"], "better").number
    make_current(root, number)
    (root / "releases" / "1" / "contenders" / "base" / "contender.json").write_text("{")
    with ExitStack() as stack:
        server = Server(root, stack)
        assert wait_for(server.told)
        (line,) = server.told()
        assert line["level"] == "warning" and "do not roll back to it: RunFolderError" in line["message"]
        assert server.say("still") == SAYS_TWO and server.releases.state()["release_before"] is None
        assert server.is_live(server.promote(runs[0]))


def test_documents_changed_meanwhile_stay_changed_after_a_rollback(server, runs):
    """The indexes of the former release follow the documents while another one is live."""
    server.say("first", "rag")
    assert server.is_live(server.promote(runs[1]))
    assert sorted(server.releases.live.indexes) == ["embedder-32"]
    server.documents.put(Document(id="c", text="Cetis circles its star in 77 days.", source="cetis.md"))
    rollback(server.root)
    assert server.is_live(1)
    asked = Asked(id="live", model="rag", question="How long does Cetis take?", typed="How long does Cetis take?")
    *_, answer = server.releases.answer(asked, None)
    assert "cetis.md" in [hit.chunk.source for hit in answer.citations]


def test_only_the_live_release_and_the_one_before_stay_in_memory(server, runs):
    """Older ones are freed, and their indexes are no longer brought up to date; pruned ones lose them on the disk."""
    first = weakref.ref(server.releases.live)
    contender = weakref.ref(server.releases.live.serving.open("base"))
    for _ in range(2):
        assert server.is_live(server.promote(runs[1]))
    assert wait_for(lambda: gc.collect() >= 0 and first() is None and contender() is None)
    assert prune(server.root, keep=1) == [1]
    assert (server.root / "indexes" / "embedder-64").exists()  # the server holds the lock: it removes it
    assert server.is_live(server.promote(runs[1]))
    assert wait_for(lambda: not (server.root / "indexes" / "embedder-64").exists())
    assert server.documents.put(Document(id="d", text="Dorva.", source="dorva.md")).kind == "added"


def test_what_shows_the_release_follows_it(server, runs):
    """/health, /v1/models, /metrics and /openapi.json."""
    with running(server.app) as url:

        def shown() -> tuple:
            texts = {}
            for path in ("/health", "/v1/models", "/metrics", "/openapi.json"):
                with urllib.request.urlopen(url + path, timeout=PATIENCE_S) as reply:
                    texts[path] = reply.read().decode()
            health = json.loads(texts["/health"])
            models = [one["id"] for one in json.loads(texts["/v1/models"])["data"]]
            named = json.loads(texts["/openapi.json"])["components"]["schemas"]["ChatRequest"]["properties"]["model"]
            metric = next(line for line in texts["/metrics"].splitlines() if line.startswith("bakeoff_release "))
            return health["release"], health["release_before"], health["run"], models, named["enum"], metric

        assert shown() == (1, None, "first", ["base", "rag"], ["base", "rag"], "bakeoff_release 1")
        assert server.is_live(server.promote(runs[1], ["rag"]))
        assert shown() == (2, 1, "second", ["rag"], ["rag"], "bakeoff_release 2")
    assert wait_for(lambda: server.told())
    assert [(line["release"], line["level"]) for line in server.told()] == [(2, "info")]


def test_a_client_that_asked_for_a_contender_which_goes_at_that_moment_is_answered(server, runs):
    """Its name was checked before the swap."""
    assert server.is_live(server.promote(runs[1], ["rag"]))
    assert server.say("late", "base") == SAYS_ONE


def test_a_release_that_cannot_be_opened_leaves_the_former_one_answering(server, runs):
    """A damaged part: /health says why, and so does a line of the server's log. A rollback clears it."""
    number = add_release(server.root, runs[1], ["base"], "better").number
    path = server.root / "releases" / str(number) / "contenders" / "base" / "contender.json"
    path.write_text("{")
    make_current(server.root, number)
    assert wait_for(lambda: server.releases.problem or server.releases.live.number == number)
    assert server.say("still") == SAYS_ONE and server.releases.live.number == 1
    problem = server.releases.state()["release_problem"]
    assert problem.startswith(f"release {number} cannot be opened, so release 1 answers: RunFolderError: Cannot read")
    assert wait_for(lambda: server.told())
    (line,) = server.told()
    assert (line["level"], line["release"]) == ("error", number) and "cannot be opened" in line["message"]
    rollback(server.root)
    assert wait_for(lambda: not server.releases.problem) and server.releases.live.number == 1


def test_a_release_whose_own_index_is_damaged_is_swapped_in_with_a_new_one(server, runs):
    """As at the start of a server. The index of the live release is in use and not touched."""
    for run in (runs[1], runs[0], runs[0]):  # release 2 is on the disk, and no longer open
        assert server.is_live(server.promote(run))
    used, own = (list((server.root / "indexes" / name).rglob("*.lance")) for name in ("embedder-64", "embedder-32"))
    assert used and own
    for file in own:
        if file.is_file():
            file.write_bytes(bytes(file.stat().st_size))
    make_current(server.root, 2)
    assert server.is_live(2), server.told()[-1]["message"]
    assert all(file.exists() for file in used)
    server.documents.put(Document(id="new", text="A new planet.", source="new.md"))
    (index,) = server.releases.live.indexes.values()
    assert "new" in {hit.chunk.document_id for hit in index.search(["new planet"], 5)[0]}


def test_a_release_that_is_not_what_was_measured_is_not_swapped_in(server, runs):
    """A file that somebody put beside its settings changes its sum."""
    number = add_release(server.root, runs[1], ["base"], "better").number
    (server.root / "releases" / str(number) / "contenders" / "base" / "more.json").write_text("{}")
    make_current(server.root, number)
    assert wait_for(lambda: server.releases.problem)
    assert "not what was measured. Changed since (base: settings)" in server.releases.problem
    assert server.say("still") == SAYS_ONE


def test_an_error_of_a_models_library_does_not_end_the_watching(server, runs, monkeypatch):
    """Libraries raise what they like: the next release is followed all the same."""

    def broken(*_):
        raise TypeError("a header is damaged")

    monkeypatch.setattr(opened_module, "sums_of", broken)
    server.promote(runs[1])
    assert wait_for(lambda: "TypeError: a header is damaged" in server.releases.problem)
    monkeypatch.undo()
    assert server.is_live(server.promote(runs[1])) and server.releases.problem == ""


def test_a_stop_does_not_wait_for_a_model_that_is_being_loaded(server, runs, monkeypatch):
    loading, loaded = threading.Event(), threading.Event()

    def slowly(*_):
        loading.set()
        loaded.wait(PATIENCE_S)
        raise RuntimeError("too late")

    monkeypatch.setattr(swapping, "open_release", slowly)
    monkeypatch.setattr(swapping, "STOPPING_S", 0.05)
    server.promote(runs[1])
    assert loading.wait(PATIENCE_S)
    server.releases.__exit__(None, None, None)
    assert not loaded.is_set() and server.releases.live.number == 1
    loaded.set()


def test_a_server_that_stops_while_a_release_is_opened_takes_no_question_with_it(server, runs):
    server.releases.refuse()
    assert server.is_live(server.promote(runs[1]))
    with pytest.raises(Exception, match="stopping"):
        server.say("late")
