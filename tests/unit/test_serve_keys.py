"""Keys of a server: shown once, stored as hashes, revoked at once, each with the labels that it may see."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.errors import BakeoffError, ConfigError, InputError, RunFolderError
from bakeoff.serve import keys as keys_module
from bakeoff.serve.keys import Holder, KeyFile


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "deep" / "keys.jsonl")


def test_a_key_gives_its_holder_with_labels(keys):
    """Without labels, with some, with all documents."""
    plain, hr, boss = keys.add("plain"), keys.add("hr", ["hr", "legal", "hr"]), keys.add("boss", None, manages=True)
    holders = [keys.holder_of(key) for key in (plain, hr, boss)]
    assert [holder.model_copy(update={"id": ""}) for holder in holders] == [
        Holder(name="plain", labels=()),
        Holder(name="hr", labels=("hr", "legal")),
        Holder(name="boss", labels=None, manages=True),
    ]
    assert [holder.oversees for holder in holders] == [False, False, True]


def test_a_later_key_of_the_same_name_has_another_id(keys):
    """The id tells nothing about the key or its hash, and stays the same as long as the key exists."""
    first = keys.holder_of(keys.add("desk"))
    assert first.id == KeyFile(keys.path).keys[0].holder.id and len(first.id) == 16
    assert first.id not in keys.path.read_text()
    keys.remove("desk")
    assert keys.holder_of(keys.add("desk")).id != first.id


def test_a_key_that_manages_some_documents_does_not_oversee(keys):
    """The log was written from all documents."""
    assert not keys.holder_of(keys.add("hr", ["hr"], manages=True)).oversees
    assert not keys.holder_of(keys.add("reader", None)).oversees


@pytest.mark.parametrize("wrong", ["", "bk-", "x" * 10_000_000, "bk-Größe", "\ud800", "None"])
def test_what_is_no_key_belongs_to_nobody(keys, wrong):
    """Neither empty, nor long, nor in another script, nor nearly right."""
    right = keys.add("a")
    assert keys.holder_of(wrong) is None
    assert keys.holder_of(right[:-1]) is None and keys.holder_of(right + " ") is None
    assert keys.holder_of(keys.keys[0].sha256) is None


def test_keys_are_long_differ_and_are_not_in_the_file(keys):
    """256 bits each; the file holds hashes and is readable for its owner only."""
    made = [keys.add(f"k{i}") for i in range(20)]
    assert len(set(made)) == 20 and all(len(key) == len("bk-") + 43 for key in made)
    text = keys.path.read_text()
    assert not any(key in text or key[3:] in text for key in made)
    assert keys.path.stat().st_mode & 0o777 == 0o600


def test_every_stored_hash_is_compared_in_constant_time(keys, monkeypatch):
    """The number of comparisons does not depend on which key is right."""
    made, compared = [keys.add(f"k{i}") for i in range(5)], []
    right = keys_module.hmac.compare_digest
    monkeypatch.setattr(keys_module.hmac, "compare_digest", lambda a, b: compared.append(a) or right(a, b))
    for key in (made[0], made[4], "wrong"):
        compared.clear()
        keys.holder_of(key)
        assert len(compared) == 5


def test_a_running_server_sees_new_and_revoked_keys_at_once(keys):
    """Another process adds and removes them."""
    server = KeyFile(keys.path)
    assert server.keys == ()
    key = keys.add("a")
    assert server.holder_of(key).name == "a"
    keys.remove("a")
    assert server.holder_of(key) is None
    assert server.holder_of(keys.add("a")) and server.holder_of(key) is None
    keys.path.unlink()
    assert server.keys == ()


def test_an_unchanged_file_is_not_read_again(keys, monkeypatch):
    """A request costs one look at the file's status."""
    key = keys.add("a")
    assert keys.holder_of(key)
    monkeypatch.setattr(KeyFile, "_read", lambda self: pytest.fail("the file was read again"))
    assert keys.holder_of(key)


@pytest.mark.parametrize("content", [b"{}\n", b'{"name": "a"\n', b"\xff\xfe\x00", b"[]"])
def test_a_broken_file_lets_nobody_in(keys, content):
    """It is an error, not an empty list, and it stays one until the file is fixed."""
    key = keys.add("a")
    good = keys.path.read_bytes()
    keys.path.write_bytes(good + content)
    for _ in range(2):
        with pytest.raises(RunFolderError, match="Cannot read the keys"):
            keys.holder_of(key)
    keys.path.write_bytes(good)
    assert keys.holder_of(key)


@pytest.mark.parametrize("name", ["", " a", "a b", "-a", "a/b", "ä", "x" * 65, "a\n"])
def test_a_bad_name_is_refused(keys, name):
    """It says which names are allowed."""
    with pytest.raises(ConfigError, match="cannot be the name of a key"):
        keys.add(name)


@pytest.mark.parametrize("label", ["", " ", " hr", "h\nr"])
def test_a_bad_label_is_refused(keys, label):
    """A label that no document can have would hide documents without a word."""
    with pytest.raises(ConfigError, match="cannot be a label"):
        keys.add("a", ["legal", label])


def test_a_name_is_taken_once_and_an_unknown_one_is_not_removed(keys):
    """With the names that exist."""
    key = keys.add("front-desk")
    with pytest.raises(InputError, match="already has a key named 'front-desk'"):
        keys.add("front-desk")
    with pytest.raises(InputError, match="did you mean 'front-desk'"):
        keys.remove("front-dsk")
    assert keys.holder_of(key)


def test_a_path_that_cannot_be_written_is_one_message(tmp_path):
    """For example below a file."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(BakeoffError, match="Cannot"):
        KeyFile(tmp_path / "file" / "keys.jsonl").add("a")


def test_keys_added_at_the_same_time_are_all_kept(keys):
    """Several processes add ten keys each."""
    code = (
        "import sys; from pathlib import Path; from bakeoff.serve.keys import KeyFile; "
        "[KeyFile(Path(sys.argv[1])).add(f'{sys.argv[2]}-{i}') for i in range(10)]"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, str(keys.path), f"p{n}"]) for n in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert len(keys.keys) == 40


def call(*arguments: object):
    return CliRunner().invoke(app, ["keys", *map(str, arguments)], catch_exceptions=False)


def test_the_commands_make_list_and_revoke(tmp_path, monkeypatch):
    """The key alone on stdout, so that a script can read it; the list never shows it."""
    monkeypatch.chdir(tmp_path)
    made = call("add", "desk", "--labels", "hr, legal")
    key = made.stdout.strip()
    assert key.startswith("bk-") and "\n" not in key and "cannot be shown again" in made.stderr
    boss = json.loads(call("add", "boss", "--all-documents", "--manages", "--json").stdout)
    assert (boss["name"], boss["labels"], boss["manages"]) == ("boss", None, True)
    listing = call("list")
    assert "documents without labels or labelled hr, legal" in listing.stdout and "all documents" in listing.stdout
    shown = json.loads(call("list", "--json").stdout)
    assert [(entry["name"], entry["labels"]) for entry in shown] == [("desk", ["hr", "legal"]), ("boss", None)]
    assert key not in listing.stdout and "sha256" not in shown[0]
    assert KeyFile(tmp_path / "keys.jsonl").holder_of(key).labels == ("hr", "legal")
    assert call("remove", "desk").exit_code == 0
    assert KeyFile(tmp_path / "keys.jsonl").holder_of(key) is None


def test_the_commands_refuse_what_contradicts_itself(tmp_path, monkeypatch):
    """And an empty list says how to make a key."""
    monkeypatch.setenv("BAKEOFF_KEYS", str(tmp_path / "elsewhere.jsonl"))
    with pytest.raises(ConfigError, match="contradict"):
        call("add", "a", "--labels", "hr", "--all-documents")
    with pytest.raises(ConfigError, match="cannot be a label"):
        call("add", "a", "--labels", "hr,,legal")
    assert "bakeoff keys add NAME" in call("list").stderr
    assert call("add", "a").exit_code == 0 and (tmp_path / "elsewhere.jsonl").exists()


def test_every_option_is_explained():
    """Of the three commands."""
    from typer.main import get_command

    for name, command in get_command(app).commands["keys"].commands.items():
        assert command.help, name
        assert all(parameter.help or parameter.name == "help" for parameter in command.params), name


def test_the_command_line_starts_without_the_server():
    """Neither starlette nor the key file's code is loaded to show a help text."""
    code = (
        "import sys, bakeoff.cli.main; "
        "print([name for name in sys.modules if name.startswith(('starlette', 'uvicorn', 'bakeoff.serve'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
