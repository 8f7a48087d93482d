"""Run folders are created new, resumed only with the same configuration, and never shared by two processes."""

import errno
from pathlib import Path

import pytest

from bakeoff.errors import BakeoffError, ConfigError, RunFolderError
from bakeoff.runs.config import validate
from bakeoff.runs.folder import RunFolder, begin, resume, write_json


def config(**more):
    return validate({"name": "pilot", "documents": ["docs"], "questions": ["q.csv"], **more})


def test_a_second_run_takes_a_new_folder(tmp_path):
    """Nothing is overwritten."""
    assert begin(config(), tmp_path).root.name == "pilot"
    assert begin(config(), tmp_path).root.name == "pilot-2"
    assert begin(config(), tmp_path).root.name == "pilot-3"


def test_resuming_takes_the_newest_folder_and_its_own_configuration(tmp_path):
    """The configuration comes back as it was written."""
    begin(config(), tmp_path)
    begin(config(seed=8), tmp_path)
    assert resume(config(seed=8), tmp_path).root.name == "pilot-2"
    assert RunFolder(tmp_path / "pilot-2").config() == config(seed=8)


def test_a_name_that_begins_like_another_is_not_mistaken_for_it(tmp_path):
    """pilot-2 of 'pilot' and a run named 'pilot-x' are not confused."""
    begin(config(name="pilot-x"), tmp_path)
    with pytest.raises(RunFolderError, match="no run named 'pilot'"):
        resume(config(), tmp_path)


def test_a_run_named_like_a_second_run_is_none(tmp_path):
    """A run named 'pilot-2' is not used to resume 'pilot'."""
    begin(config(), tmp_path)
    begin(config(name="pilot-2"), tmp_path)
    assert resume(config(), tmp_path).root.name == "pilot"
    assert begin(config(), tmp_path).root.name == "pilot-3"


def test_resuming_with_another_configuration_names_the_keys(tmp_path):
    """A changed key is named. The remedy says how to continue."""
    begin(config(), tmp_path)
    with pytest.raises(RunFolderError, match="Keys that differ: retrieval, seed"):
        resume(config(seed=9, retrieval={"k": 5}), tmp_path)


def test_two_processes_do_not_share_a_folder(tmp_path):
    """The second one gets an error that another process is using the folder."""
    folder = begin(config(), tmp_path)
    with folder.lock(), pytest.raises(RunFolderError, match="Another process"), folder.lock():
        pass
    with folder.lock():
        assert folder.config_path.exists()


def test_a_folder_that_is_no_run_is_named(tmp_path):
    """Reporting on some other folder is an error with a remedy."""
    with pytest.raises(RunFolderError, match="is not a run folder"):
        RunFolder(tmp_path).config()


def test_a_run_of_another_version_is_refused(tmp_path):
    """The message names both formats and both versions, and what to do."""
    folder = begin(config(), tmp_path)
    write_json(folder.environment_path, {"bakeoff": "9.0.0", "run_format": 7})
    with pytest.raises(RunFolderError, match=r"run format 7, written by Bakeoff 9\.0\.0.*reads format 3"):
        folder.config()


@pytest.mark.parametrize("text", ["name: [", "- a", "name: pilot\nname: pilot\n"])
def test_a_configuration_broken_since_is_told(tmp_path, text):
    """Resuming, starting another run and reporting all read the folder's own configuration."""
    folder = begin(config(), tmp_path)
    begin(config(), tmp_path)
    (tmp_path / "pilot-2" / "config.yaml").write_text(text)
    folder.config_path.write_text(text)
    with pytest.raises(ConfigError, match=r"pilot/config\.yaml"):
        folder.config()
    with pytest.raises(ConfigError, match=r"pilot-2/config\.yaml"):
        resume(config(), tmp_path)
    assert begin(config(), tmp_path).root.name == "pilot-3"


def test_a_finished_run_must_say_which_version_wrote_it(tmp_path):
    """Without environment.json, or with a list in it, the format of the folder is unknown."""
    folder = begin(config(), tmp_path)
    assert folder.config() == config()
    write_json(folder.comparison_path, {})
    with pytest.raises(RunFolderError, match=r"environment\.json"):
        folder.config()
    write_json(folder.environment_path, [])
    with pytest.raises(RunFolderError, match=r"environment\.json holds a list"):
        folder.config()


def test_a_missing_result_says_how_to_finish(tmp_path):
    """A half-written run points to --resume."""
    folder = begin(config(), tmp_path)
    with pytest.raises(RunFolderError, match="--resume"):
        folder.read_json(folder.comparison_path)


def test_a_run_that_cannot_begin_is_not_to_be_resumed(tmp_path, monkeypatch):
    """There is nothing yet that --resume could go on with; the newest run of this name may be an older one."""

    def refuse(self, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(BakeoffError, match="start the run again") as caught:
        begin(config(), tmp_path)
    assert "resume" not in str(caught.value) and "allow this user" in str(caught.value)
