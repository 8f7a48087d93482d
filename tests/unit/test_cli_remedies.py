"""Commands that messages suggest can be copied: they name the deployment, and the folder that was given."""

import errno
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from bakeoff.cli import main, measure, prepare
from bakeoff.cli.options import command_for, copyable, copyable_errors
from bakeoff.cli.places import Command
from bakeoff.cli.stopping import explained, stoppable
from bakeoff.doctor.bundle.write import write
from bakeoff.errors import BakeoffError, InputError, RunFolderError
from bakeoff.exports.trusted import LeftOut
from bakeoff.learn.monitor.accuracy import Accuracy
from bakeoff.learn.monitor.alarms import Measured, alarms
from bakeoff.learn.monitor.revisit import Revisited
from bakeoff.pilot.stage_times import Event, Listener
from bakeoff.serve.find import find_deployment

GIVEN = {
    "config": None, "origin": None, "runs": Path("runs"), "deployments": Path("deployments"), "name": None,
    "resume": False, "dry_run": False, "yes_spend": None, "fresh": False, "as_json": False,
}  # fmt: skip
"""The options of `bakeoff run` as they are by default."""


def test_a_command_names_the_folder_only_where_it_was_given():
    """In quotes where the shell needs them."""
    assert command_for("learn", "shop") == "bakeoff learn shop"
    assert command_for("approve", "my shop", Path("else where"), "3 --by NAME") == (
        "bakeoff approve 'my shop' 3 --by NAME --deployments 'else where'"
    )


def test_commands_in_a_text_name_the_deployment():
    """Every one of them; another name that begins alike is left alone."""
    text = "bakeoff review shop, then: bakeoff learn shop; bakeoff learn shop-2"
    assert copyable(text, "shop", Path("d"), called="shop") == (
        "bakeoff review shop --deployments d, then: bakeoff learn shop --deployments d; bakeoff learn shop-2"
    )


def test_what_a_deployment_says_of_itself_names_the_folder_where_it_is():
    """Alarms are told by a server, too, and what an export leaves out by the library: nobody adds a folder later."""
    root = Path("moved/my shop")
    dropped = Accuracy(since=date(2026, 1, 5), since_accuracy=0.5, since_n=90, pilot=0.8, pilot_low=0.7)
    turned = Revisited(turned=True, sentence="Use differs.")
    found = alarms(Measured(today=date(2026, 2, 2), root=root, accuracy=dropped, revisited=turned, earlier=1))
    said = " ".join([*(alarm.remedy for alarm in found), *LeftOut(unreviewed=2).sentences(root)])
    for command in ("review", "learn", "rollback", "run --from"):
        assert f"bakeoff {command} 'my shop' --deployments moved" in said
    assert said.count("bakeoff ") == said.count("--deployments moved") >= 5


def test_errors_within_a_command_name_its_deployment():
    with pytest.raises(InputError) as error, copyable_errors("shop", Path("d")):
        raise InputError("There is nothing new.", "review questions first: bakeoff review DEPLOYMENT")
    assert error.value.remedy == "review questions first: bakeoff review shop --deployments d"


def test_a_deployment_that_is_missing_is_made_where_it_was_looked_for(tmp_path):
    with pytest.raises(RunFolderError) as error:
        find_deployment("shop", tmp_path)
    assert error.value.remedy == f"make one from a run: bakeoff serve RUN --deployments {tmp_path}"


def denied(*_: object, **__: object) -> None:
    raise PermissionError(errno.EACCES, "Permission denied", "there/bakeoff.yaml")


def test_what_the_system_refuses_is_followed_by_what_helps_for_this_command(monkeypatch, capsys):
    """Not by `bakeoff run --resume`, whatever the command was."""
    monkeypatch.setattr(main, "app", denied)
    with pytest.raises(SystemExit) as ended:
        main.main()
    said = capsys.readouterr().err
    assert ended.value.code == 1 and "Cannot read or write there/bakeoff.yaml: Permission denied." in said
    assert "allow this user to read and write there, or use another folder; then run this command again" in said
    assert "resume" not in said and "space" not in said


def test_a_run_that_the_system_refuses_names_the_command_that_goes_on():
    with pytest.raises(BakeoffError) as error, stoppable("bakeoff run a.yaml --resume"):
        raise OSError(errno.ENOSPC, "No space left on device", "x")
    assert error.value.remedy.startswith("free some space") and error.value.remedy.endswith(
        "continue with: bakeoff run a.yaml --resume"
    )
    with pytest.raises(BrokenPipeError), stoppable("bakeoff run a.yaml --resume"):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


@pytest.mark.parametrize(
    ("options", "command"),
    [
        ({}, "bakeoff run --resume"),
        ({"config": Path("pilot.yaml")}, "bakeoff run pilot.yaml --resume"),
        (
            {"config": Path("my pilots/a.yaml"), "runs": Path("else where"), "name": "second try"},
            "bakeoff run 'my pilots/a.yaml' --name 'second try' --runs 'else where' --resume",
        ),
        (
            {"config": Path("a.yaml"), "yes_spend": 2.5, "fresh": True, "as_json": True, "resume": True},
            "bakeoff run a.yaml --yes-spend 2.5 --fresh --json --resume",
        ),
    ],
)
def test_a_stopped_run_names_the_command_that_goes_on_with_all_its_options(monkeypatch, capsys, options, command):
    """After Ctrl-C, a full disk, and where an error or a note on the way names it."""
    config = SimpleNamespace(renamed=lambda name: config)
    monkeypatch.setattr("bakeoff.runs.config.load_config", lambda path: config)
    monkeypatch.setattr(measure, "_asked_to_spend", lambda settings, prepared, resume, usd: (prepared, usd))

    def remedy_after(error: BaseException) -> str:
        def stopped(*_: object, listener: Listener, **__: object) -> None:
            listener(Event(stage="data", note="bakeoff run CONFIG --resume asks them again."))
            raise error

        monkeypatch.setattr("bakeoff.pilot.run.run", stopped)
        with pytest.raises(BakeoffError) as caught:
            measure.run(**{**GIVEN, **options})
        return caught.value.remedy

    assert remedy_after(KeyboardInterrupt()) == f"continue with: {command}"
    assert remedy_after(OSError(errno.ENOSPC, "No space left", "x")).endswith(f"continue with: {command}")
    assert remedy_after(InputError("It broke.", "mend it; bakeoff run CONFIG --resume")) == f"mend it; {command}"
    said = capsys.readouterr()
    assert f"{command} asks them again." in " ".join((said.out + said.err).split())


def test_init_that_cannot_write_says_how_to_write_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setattr("bakeoff.pilot.first_config.first_config", denied)
    (tmp_path / "q.csv").write_text("question,answer\na,b\n")
    with pytest.raises(BakeoffError) as error:
        prepare.init([str(tmp_path)], [tmp_path / "q.csv"])
    assert error.value.remedy.endswith("run bakeoff init again, or have it write elsewhere: --output FILE")


def test_a_bundle_that_cannot_be_written_says_to_name_another_file(monkeypatch, tmp_path):
    monkeypatch.setattr("bakeoff.doctor.bundle.write.tempfile.mkstemp", denied)
    with pytest.raises(BakeoffError, match=r"Cannot write .*support\.zip: Permission denied") as error:
        write(tmp_path / "support.zip", [])
    assert "--bundle FOLDER/FILE.zip" in error.value.remedy


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_that_names_no_file_names_the_folders_that_it_may_be(tmp_path, monkeypatch, capsys):
    """It said "the disk", of which there may be several."""
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(main, "app", full)
    with pytest.raises(SystemExit):
        main.main()
    said = capsys.readouterr().err
    assert f"Cannot read or write in the current folder or in {tmp_path / 'cache'}: No space left on device." in said
    for body in (stoppable("bakeoff run a.yaml --resume", tmp_path / "runs"), explained("", tmp_path / "runs")):
        with pytest.raises(BakeoffError) as error, body:
            full()
        assert (
            f"Cannot read or write in {tmp_path / 'runs'} or in {tmp_path / 'cache'}: No space" in error.value.message
        )


def test_run_and_init_name_their_folders_where_the_disk_is_full(tmp_path, monkeypatch):
    """The commands themselves, whatever fails within them."""
    from bakeoff.cli import measure
    from bakeoff.pilot import first_config

    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("A text.")
    (tmp_path / "q.csv").write_text("question,answer\nWho?,Nobody\n")
    monkeypatch.setattr(first_config, "first_config", full)
    monkeypatch.setattr(measure, "_asked_to_spend", full)
    (tmp_path / "bakeoff.yaml").write_text("name: a\ndocuments: docs\nquestions: q.csv\n")
    for arguments, place in (
        (["init", "docs", "--questions", "q.csv", "--output", "other/b.yaml"], tmp_path / "other"),
        (["run", "--runs", "elsewhere"], "elsewhere"),
    ):
        error = CliRunner().invoke(main.app, arguments).exception
        assert isinstance(error, BakeoffError), error
        assert f"Cannot read or write in {place} or in " in error.message


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["report", "mini", "--runs", "tiny"], "in tiny/mini or in "),
        (["label", "mini", "--runs", "tiny", "--out", "there/l.csv"], "in tiny/mini or in there or in "),
        (["regrade", "tiny/mini", "-q", "q.csv"], "in tiny/mini or in "),
        (["judge", "mini", "--runs", "tiny"], "in tiny/mini or in "),
        (["review", "dp", "--deployments", "tiny", "--out", "r.csv"], "in tiny/dp or in the current folder or in "),
        (["rollback", "dp", "--deployments", "tiny"], "in tiny/dp or in "),
        (["documents", "add", "a.md", "--deployment", "tiny/dp"], "in tiny/dp or in "),
        (["keys", "add", "ann", "--keys", "tiny/keys.jsonl"], "in tiny or in "),
        (["export", "mini", "--runs", "tiny", "--to", "beir", "--out", "there/x"], "in there or in "),
        (["serve", "mini", "--runs", "tiny"], "in tiny/mini or in deployments or in "),
    ],
)
def test_every_command_names_the_folders_that_it_writes_to(tmp_path, monkeypatch, arguments, place):
    """Whatever fails in it, and names no file. It named the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("mini", "dp"):
        (tmp_path / "tiny" / name).mkdir(parents=True)
    monkeypatch.setattr("typer.core.TyperCommand.invoke", full)
    error = CliRunner().invoke(main.app, arguments).exception
    assert isinstance(error, BakeoffError), error
    assert f"Cannot read or write {place}" in error.message and "No space left" in error.message
    assert error.remedy == "free some space; then run this command again"


def test_every_command_is_one_that_names_its_folders():
    """Also one that is added later."""
    for app in (main.app, main.documents.app, main.keys.app):
        assert app.registered_commands and all(command.cls is Command for command in app.registered_commands)
