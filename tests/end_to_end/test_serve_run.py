"""A finished run of the small pilot, served by the real command: what answers over HTTP is what was measured."""

import json
import shutil
import socket
import time
import urllib.error
import urllib.request

import pytest

import bakeoff
from bakeoff.contenders.identity import Identities, identity_of
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import RunFolderError
from bakeoff.serve.deployment import deploy, open_deployment
from tests.end_to_end.server_process import Server, free_port
from tests.end_to_end.small import bakeoff as command
from tests.end_to_end.small import make


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of one finished run."""
    folder = tmp_path_factory.mktemp("planets")
    bakeoff.run(make(folder), runs=folder / "runs")
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of it that a test may change."""
    return shutil.copytree(finished, tmp_path / "copy", ignore=shutil.ignore_patterns("deployments"))


@pytest.fixture(scope="module")
def server(finished):
    serving = Server(finished).wait()
    yield serving
    serving.stop()


@pytest.mark.parametrize("contender", ["base", "rag", "extract", "long-context"])
def test_the_api_gives_byte_for_byte_what_was_measured(finished, server, contender):
    """Every question of the test, asked again one by one through the API: the same text, the same declining."""
    run = bakeoff.open_run(finished / "runs" / "planets")
    questions = {question.id: question.text for question in run.folder.questions()}
    measured = run.answers(contender)
    assert len(measured) >= 20
    for answer in measured:
        served = server.ask(questions[answer.question_id], contender)["bakeoff"]
        assert served["answer"] == ("" if answer.abstained else answer.text)
        assert served["abstained"] == answer.abstained


def test_the_sum_of_what_is_served_stands_in_the_report(finished, server):
    """The page of the run, its environment and /health show one and the same SHA-256."""
    health = server.get("/health")
    environment = json.loads((finished / "runs" / "planets" / "environment.json").read_text())
    report = (finished / "runs" / "planets" / "report.html").read_text()
    assert health["same"] is True and health["changed"] == []
    assert health["served_sha256"] == health["measured_sha256"]
    assert environment["contender_sha256"] == health["contenders"]
    assert health["served_sha256"] in report


def test_an_unknown_contender_is_refused_with_the_names_there_are(server):
    with pytest.raises(urllib.error.HTTPError) as error:
        server.ask("How long is a year on Golth?", "gpt-5")
    body = json.load(error.value)
    assert error.value.code == 404 and "rag" in body["error"]["message"]


def test_answers_are_in_the_log(finished, server):
    """With the version that was served, the passages and the time."""
    from bakeoff.serve.log import Log
    from bakeoff.serve.log_entries import LoggedAnswer

    reply = server.ask("How long is a year on Golth?", "rag")
    log = Log(finished / "deployments" / "planets" / "log.sqlite")
    deadline = time.monotonic() + 10
    while (entry := log.answer(reply["id"])) is None and time.monotonic() < deadline:
        time.sleep(0.02)
    log.close()
    assert isinstance(entry, LoggedAnswer)
    assert (entry.text, entry.contender, entry.documents_version) == ("63 days", "rag", 1)
    assert entry.hits[0].source == "golth.md" and entry.latency_ms > 0
    assert entry.version == server.get("/health")["contenders"]["rag"]


def test_a_port_in_use_is_said_before_anything_is_written(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = command("serve", "planets", "--port", port, cwd=folder)
    assert result.returncode != 0 and "is used by another program" in result.stderr and "--port" in result.stderr
    assert not (folder / "deployments").exists()


def test_off_loopback_a_key_is_needed(folder):
    result = command("serve", "planets", "--host", "0.0.0.0", "--port", str(free_port()), cwd=folder)
    assert result.returncode != 0 and "bakeoff keys add" in result.stderr


def test_a_changed_index_is_refused(folder):
    """One vector of the run's index is not what it was: the part is named."""
    import lancedb

    index = next((folder / "runs" / "planets" / "indexes").iterdir())
    table = lancedb.connect(index).open_table("chunks")
    chunk = table.to_arrow().to_pylist()[0]
    table.update(where=f"id = '{chunk['id']}'", values={"passage": "The planet Aldra has no sky."})
    result = command("serve", "planets", "-c", "rag", "--port", str(free_port()), cwd=folder)
    assert result.returncode != 0 and "'rag' is no longer what the run" in result.stderr
    assert "Changed since: index" in result.stderr


def test_changed_settings_are_refused(folder):
    """A threshold that somebody edited is found by its sum."""
    path = folder / "runs" / "planets" / "contenders" / "rag" / "contender.json"
    content = json.loads(path.read_text())
    content["fitted"]["answer_words"] = 3
    path.write_text(json.dumps(content))
    with pytest.raises(RunFolderError, match="Changed since: settings"):
        deploy(bakeoff.open_run(folder / "runs" / "planets"), folder / "deployments" / "planets", ["rag"])


def test_a_missing_contender_is_refused(folder):
    shutil.rmtree(folder / "runs" / "planets" / "contenders" / "rag")
    with pytest.raises(RunFolderError, match="no contender 'rag'"):
        deploy(bakeoff.open_run(folder / "runs" / "planets"), folder / "deployments" / "planets", ["rag"])


def test_a_deployment_is_made_once_and_released_again_for_other_contenders(folder):
    """The same call opens it; naming other contenders makes a second release; the first stays as it was."""
    run, root = bakeoff.open_run(folder / "runs" / "planets"), folder / "deployments" / "planets"
    first = deploy(run, root, ["rag"])
    assert (first.release.number, first.release.contenders) == (1, ("rag",))
    assert deploy(run, root, ["rag"]).release.number == 1
    second = deploy(run, root, ["extract", "rag"])
    assert (second.release.number, second.release.contender) == (2, "extract")
    assert open_deployment(root).release == second.release
    assert json.loads((root / "releases" / "1" / "release.json").read_text())["contenders"] == ["rag"]
    assert (root / "releases" / "2" / "evidence" / "verdict.json").exists()


def test_a_release_that_was_interrupted_leaves_the_old_one_served(folder, monkeypatch):
    """A full disk while the files of a release are copied: one message, and `current` still names the first one."""
    run, root = bakeoff.open_run(folder / "runs" / "planets"), folder / "deployments" / "planets"
    deploy(run, root, ["rag"])

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copy2", full)
    with pytest.raises(RunFolderError, match="No space left"):
        deploy(run, root, ["extract"])
    monkeypatch.undo()
    assert open_deployment(root).release.contenders == ("rag",)
    assert deploy(run, root, ["extract"]).release.contenders == ("extract",)


def test_a_folder_that_is_no_deployment_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match="not a deployment"):
        open_deployment(tmp_path)


def test_the_identity_does_not_depend_on_the_order_in_which_an_index_was_written(folder):
    """An index built again from the same store has the same sum, and another document another one."""
    run = bakeoff.open_run(folder / "runs" / "planets")
    config = run.folder.config()

    def world():
        return WorldFolder(run.folder.world, config.models, config.imports_from)

    before = identity_of(world(), "rag")
    shutil.rmtree(run.folder.world / "indexes")
    again = world()
    again.index(again.built("rag").spec.retrieval).sync(again.store)
    assert identity_of(world(), "rag") == before
    document = next(again.store.documents())
    again.store.upsert([document.model_copy(update={"text": document.text + "\nIt has two moons.\n"})])
    assert before.differences(identity_of(world(), "rag")) == ("documents",)
    again.index(again.built("rag").spec.retrieval).sync(again.store)
    assert before.differences(identity_of(world(), "rag")) == ("documents", "index")


def test_a_run_of_an_older_version_can_be_served_but_claims_nothing(folder):
    """Without identities in the run there is nothing to compare with, and /health says so."""
    from bakeoff.serve.health import Health
    from bakeoff.serve.log import Log

    (folder / "runs" / "planets" / "identities.json").unlink()
    deployment = deploy(bakeoff.open_run(folder / "runs" / "planets"), folder / "deployments" / "planets")
    with Log(deployment.log_path) as log:
        state = Health(deployment, log).state()
    assert deployment.release.measured == Identities()
    assert (state["measured_sha256"], state["same"]) == (None, False)
