"""A promotion and a rollback under a running server, by the real commands: answers are byte for byte as before."""

import json
import shutil
import time

import pytest

import bakeoff
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer
from bakeoff.serve.releases import add_release, make_current
from tests.end_to_end.server_process import Server, free_port
from tests.end_to_end.small import bakeoff as command
from tests.end_to_end.small import make

ASKED = ("How long is a year on Golth?", "What colour is the noon sky of Aldra?", "Who discovered Fenra?")


def later():
    """A generator that answers otherwise than the first release's."""
    from bakeoff.models.engines.scripted import ScriptedGenerator

    return ScriptedGenerator(lambda message: f"I read {len(message.split())} words.")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with two finished runs: `planets`, and `later` with another model and smaller passages."""
    folder = tmp_path_factory.mktemp("planets")
    bakeoff.run(make(folder), runs=folder / "runs")
    models = {"generator": "tests.end_to_end.test_serve_rollback.later", "embedder": "hash"}
    config = make(folder / "more", name="later", models=models, retrieval={"chunk_tokens": 32})
    bakeoff.run(config, runs=folder / "runs")
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of it that a test may change."""
    return shutil.copytree(finished, tmp_path / "copy")


def answers(server: Server, n: int) -> list[dict]:
    """What the default contenders say to each question, without what differs between two replies to one question."""
    replies = [server.ask(question, name) for name in ("rag", "extract") for question in ASKED[:n]]
    return [
        {"message": reply["choices"][0]["message"], "bakeoff": {**reply["bakeoff"], "latency_ms": 0}}
        for reply in replies
    ]


def wait_for_release(server: Server, number: int) -> None:
    deadline = time.monotonic() + 60
    while server.get("/health")["release"] != number:
        assert time.monotonic() < deadline, server.said()
        time.sleep(0.05)


def test_after_a_rollback_answers_are_byte_for_byte_those_before_the_promotion(folder):
    """With the live documents unchanged, citations and quotes included; /health, the log and the index follow."""
    server = Server(folder, "-c", "rag", "-c", "extract").wait()
    root = folder / "deployments" / "planets"
    try:
        before = answers(server, 3)
        added = add_release(root, bakeoff.open_run(folder / "runs" / "later"), ["rag", "extract"], "better")
        make_current(root, added.number, added.reason)
        wait_for_release(server, 2)
        between, health = answers(server, 3), server.get("/health")
        done = command("rollback", "planets", "--reason", "users complain", cwd=folder)
        wait_for_release(server, 1)
        after = answers(server, 3)
    finally:
        status, said = server.stop()
    assert done.stdout == "Live is release 1: rag, as you named it. Before: release 2.\n"
    assert json.dumps(before) == json.dumps(after) != json.dumps(between)
    assert between[0]["bakeoff"]["answer"].startswith("I read ")
    assert (health["release_before"], health["release_problem"], health["run"]) == (1, "", "later")
    assert status == 0 and '"error"' not in said
    with Log(root / "log.sqlite") as log:
        assert [entry.release for entry in log.entries(LoggedAnswer)] == [1] * 6 + [2] * 6 + [1] * 6


def test_a_deployment_is_served_without_its_run_and_with_a_candidate(folder):
    """By its name; the run is gone. A restart keeps the release that was rolled back to."""
    root = folder / "deployments" / "planets"
    first = Server(folder, "-c", "rag").wait()
    first.stop()
    add_release(root, bakeoff.open_run(folder / "runs" / "later"), ["rag"], "better")
    shutil.rmtree(folder / "runs")
    server = Server(folder, "--candidate", "2", "--shadow", "1").wait()
    try:
        reply = server.ask(ASKED[0], "rag")
        deadline = time.monotonic() + 60
        while not server.get("/health")["candidate"]["shadow_answers"] and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        server.stop()
    assert reply["bakeoff"]["answer"] == "63 days"
    with Log(root / "log.sqlite") as log:
        (shadow,) = log.shadows()
    assert shadow.shadow_of == reply["id"] and shadow.release == 2 and shadow.text.startswith("I read ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["planets", "--candidate", "2"], "a share needs a candidate"),
        (["planets", "--canary", "0.1"], "a share needs a candidate"),
        (["planets", "--candidate", "9", "--canary", "0.1"], "There is no release 9"),
        (["planets", "-c", "rag", "--candidate", "1", "--shadow", "0.1"], "Release 1 is live already"),
        (["deployments/planets", "-c", "rag"], "a deployment without its run"),
        (["venus"], "There is no run 'venus'"),
    ],
)
def test_what_cannot_be_served_is_said(folder, arguments, said):
    from bakeoff.serve.deployment import deploy

    deploy(bakeoff.open_run(folder / "runs" / "planets"), folder / "deployments" / "planets", ["rag"])
    done = command("serve", *arguments, "--port", str(free_port()), cwd=folder)
    assert done.returncode != 0 and said in done.stderr
