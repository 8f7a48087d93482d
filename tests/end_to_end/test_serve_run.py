"""A finished run of the small pilot, served by the real command: what answers over HTTP is what was measured."""

import json
import os
import shutil
import socket
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

import bakeoff
from bakeoff.contenders.identities import Identities
from bakeoff.contenders.identity import NOT_ANSWERING, identity_of
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import RunFolderError
from bakeoff.serve.deployment import deploy, open_deployment
from tests.end_to_end.server_process import Server, free_port
from tests.end_to_end.small import REPOSITORY, make
from tests.end_to_end.small import bakeoff as command
from tests.unit.test_layout import ORDER


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
    """Every question of the test, asked again one by one through the API: the same text, the same declining.

    `test_serve_parity.py` does so with fifty answers that have a text, with adapters, and streamed.
    """
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
    shares = health["tested"][health["contender"]]
    assert shares["right"] + shares["wrong"] + shares["declined"] == pytest.approx(1) and shares["n_questions"] > 0
    assert health["verdict"].split(":")[0] in report


def test_an_unknown_contender_is_refused_with_the_names_there_are(server):
    with pytest.raises(urllib.error.HTTPError) as error:
        server.ask("How long is a year on Golth?", "gpt-5")
    body = json.load(error.value)
    assert error.value.code == 404 and "rag" in body["error"]["message"]


def test_health_names_the_contenders_that_are_in_memory(finished, server):
    """One is there after its first question: until then whoever asks it waits longer."""
    server.ask("How long is a year on Golth?", "rag")
    opened = server.get("/health")["opened"]
    assert "rag" in opened and set(opened) <= set(server.get("/health")["contenders"])


def test_answers_are_in_the_log(finished, server):
    """With the version that was served, the passages and the time."""
    from bakeoff.serve.log import Log
    from bakeoff.serve.log_entries import LoggedAnswer

    reply = server.ask("How long is a year on Golth?", "rag")
    log = Log(finished / "deployments" / "planets" / "log.sqlite")
    deadline = time.monotonic() + 60
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


def table_of(deployment):
    """The index of a deployment as LanceDB has it."""
    import lancedb

    index = next((deployment / "indexes").iterdir())
    return lancedb.connect(index).open_table(json.loads((index / "index.json").read_text())["table"])


def edited_text(table):
    """One passage says another number, everywhere it stands."""
    row = next(row for row in table.to_arrow().to_pylist() if "63 days" in row["text"])
    texts = {name: row[name].replace("63 days", "630 days") for name in ("text", "passage")}
    table.update(where=f"id = '{row['id']}'", values=texts)


def deleted_row(table):
    row = next(row for row in table.to_arrow().to_pylist() if "63 days" in row["text"])
    table.delete(f"id = '{row['id']}'")


def edited_labels(table):
    table.update(where="source = 'golth.md'", values={"access": ["nobody"]})


def edited_vectors(table):
    table.update(where="source = 'golth.md'", values={"vector": [1.0] + [0.0] * 511})


@pytest.mark.parametrize("edit", [edited_text, deleted_row, edited_labels, edited_vectors])
def test_an_index_that_somebody_changed_in_a_deployment_is_made_again(folder, edit):
    """From the documents, which did not change. A line says so, and what is served is what was measured."""
    deployment = folder / "deployments" / "planets"
    deploy(bakeoff.open_run(folder / "runs" / "planets"), deployment)
    edit(table_of(deployment))
    serving = Server(folder).wait()
    try:
        health, reply = serving.get("/health"), serving.ask("How long is a year on Golth?", "rag")
    finally:
        serving.stop()
    assert reply["bakeoff"]["answer"] == "63 days"
    assert (health["same"], health["changed"], health["documents_changed"]) == (True, [], False)
    assert any(" again" in line.get("message", "") for line in serving.lines())


def test_after_live_changes_only_what_differs_from_the_documents_is_indexed_again(folder):
    """The changed document stays changed, the edited row is as its document says, and /health says what changed."""
    from bakeoff.serve.documents.opening import documents_of

    root = folder / "deployments" / "planets"
    with documents_of(deploy(bakeoff.open_run(folder / "runs" / "planets"), root)) as documents:
        aldra = documents.store.get_by_source("aldra.md")
        documents.put(aldra.model_copy(update={"text": aldra.text.replace("314 days", "999 days")}))
    edited_text(table_of(root))
    serving = Server(folder).wait()
    try:
        answers = [
            serving.ask(f"How long is a year on {name}?", "rag")["bakeoff"]["answer"] for name in ("Golth", "Aldra")
        ]
        health = serving.get("/health")
    finally:
        serving.stop()
    assert answers == ["63 days", "999 days"]
    start, warning = ([line for line in serving.lines() if line["event"] == event] for event in ("start", "message"))
    assert len(warning) == 1 and "1 documents are indexed again" in warning[0]["message"]
    assert health["documents_changed"] and "documents changed since the run: version 2" in health["remarks"]
    assert start[0]["served_sha256"] == health["served_sha256"] != start[0]["measured_sha256"]
    assert start[0]["same"] is False and "version 2" in start[0]["remarks"]


def test_the_start_shows_both_sums(folder):
    """In the line for programs and in the text for people, with whether they are the same."""
    shown = []
    for form in ("json", "text"):
        serving = Server(folder, "--log-format", form).wait()
        health = serving.get("/health")
        serving.stop()
        shown.append(serving.said())
    start = json.loads(shown[0].splitlines()[0])
    assert start["served_sha256"] == start["measured_sha256"] == health["served_sha256"] and start["same"] is True
    short = health["served_sha256"][:12]
    assert f"SHA-256 measured {short}, served {short}: the same." in shown[1]
    assert "Warning" not in "".join(shown)


def test_another_bakeoff_serves_and_says_that_it_is_another(folder):
    """A copy of the source with one more line in the extractor is not refused, and not called the same."""
    source = shutil.copytree(REPOSITORY / "src", folder / "src")
    extractor = source / "bakeoff" / "contenders" / "extractor.py"
    extractor.write_text(extractor.read_text() + "\n# changed\n")
    serving = Server(folder, PYTHONPATH=os.pathsep.join((str(source), str(REPOSITORY)))).wait()
    health = serving.get("/health")
    serving.stop()
    assert (health["same"], health["changed"], health["documents_changed"]) == (False, ["bakeoff"], False)
    assert any("bakeoff run CONFIG" in remark for remark in health["remarks"])
    assert "Bakeoff changed since the run" in serving.lines()[0]["remarks"]


def test_a_change_of_what_only_shows_answers_is_no_other_bakeoff():
    """The sum covers every package that a contender may import, and no other."""
    order = [name for packages in ORDER for name in packages]
    above = order[order.index("contenders") + 1 :]
    assert sorted(NOT_ANSWERING) == sorted(above)


def test_a_generator_of_ones_own_is_a_part_of_what_is_measured(folder, tmp_path, monkeypatch):
    """A changed line in the file of its class changes the sum, and the run is refused with the name of the part."""
    module = tmp_path / "own_reader_of_sums.py"
    module.write_text("from tests.end_to_end.small import reader\n\n\ndef mine():\n    return reader()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    config = make(tmp_path / "own", models={"generator": "own_reader_of_sums.mine", "embedder": "hash"})
    run = bakeoff.run(config, runs=tmp_path / "own" / "runs")
    deploy(run, tmp_path / "before", ["rag"])
    module.write_text(module.read_text() + "\n# changed\n")
    with pytest.raises(RunFolderError, match="Changed since: code"):
        deploy(run, tmp_path / "after", ["rag"])
    deploy(run, tmp_path / "after", ["extract"])  # it asks no model


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
    assert deploy(run, root, ["rag"]).release == first.release  # used again, not made again
    assert open_deployment(root).release == first.release
    assert sorted(path.name for path in (root / "releases").iterdir()) == ["1", "2"]


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


def test_an_open_contender_answers_while_another_one_is_being_opened(folder, monkeypatch):
    """Opening loads a model, which takes seconds."""
    from bakeoff.serve.documents.opening import documents_of
    from bakeoff.serve.log import Log
    from bakeoff.serve.serving import Serving

    deployment = deploy(bakeoff.open_run(folder / "runs" / "planets"), folder / "deployments" / "planets")
    with documents_of(deployment) as documents, Log(deployment.log_path) as log:
        serving = Serving(deployment, documents, log)
        rag, begun, may_end = serving.open("rag"), threading.Event(), threading.Event()

        def slowly(name):
            begun.set()
            may_end.wait(20)
            return rag

        monkeypatch.setattr(deployment.world, "open", slowly)
        with ThreadPoolExecutor(2) as threads:
            extract = threads.submit(serving.open, "extract")
            assert begun.wait(20)
            try:
                assert threads.submit(serving.open, "rag").result(timeout=10) is rag
                assert not extract.done()
            finally:
                may_end.set()


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
    from bakeoff.serve.documents.opening import documents_of
    from bakeoff.serve.health import Health
    from bakeoff.serve.log import Log
    from bakeoff.serve.opened import OpenRelease
    from bakeoff.serve.sums import sums_of

    (folder / "runs" / "planets" / "identities.json").unlink()
    deployment = deploy(bakeoff.open_run(folder / "runs" / "planets"), folder / "deployments" / "planets")
    with documents_of(deployment) as documents, Log(deployment.log_path) as log:
        live = OpenRelease(deployment, documents, log, sums_of(deployment))
        state = Health(lambda: live, log).state()
    assert deployment.release.measured == Identities()
    assert (state["measured_sha256"], state["same"]) == (None, False)
