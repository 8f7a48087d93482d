"""`bakeoff releases` and `bakeoff rollback`: what is live, and how to go back."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.errors import RunFolderError
from bakeoff.serve.deployment import deploy
from bakeoff.serve.releases import add_release, current, history, make_current
from tests.unit.released import released_run
from tests.unit.test_layout import ENGINES


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run."""
    return released_run(tmp_path_factory.mktemp("runs") / "planets")


@pytest.fixture
def root(run, tmp_path, monkeypatch):
    """The deployment `planets` with two releases; the second one is live."""
    monkeypatch.chdir(tmp_path)
    root = deploy(run, tmp_path / "deployments" / "planets", ["rag"]).root
    make_current(root, add_release(root, run, ["base", "rag"], "10 points better").number)
    return root


def call(*arguments):
    """Runs a command in this process. Fails with its traceback if the command does."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def test_releases_are_listed_with_the_live_one(root):
    """By the deployment's name or its folder; as a table or as JSON; the newest first."""
    listing = call("releases", "planets").stdout
    assert "10 points better" in listing and "base, rag" in listing and "live" in listing
    shown = json.loads(call("releases", root, "--json").stdout)
    assert [(one["number"], one["live"], one["before"]) for one in shown] == [(2, True, False), (1, False, True)]
    assert shown[0]["contenders"] == ["base", "rag"] and shown[0]["reason"] == "10 points better"


def test_a_release_that_cannot_be_read_is_named(root):
    (root / "releases" / "1" / "release.json").write_text("{")
    assert "Cannot be read, and cannot be made live: 1." in call("releases", "planets").stderr


def test_a_rollback_says_what_is_live_now(root):
    assert "Live is release 1: rag" in call("rollback", "planets", "--reason", "users complain").stdout
    assert current(root) == 1 and history(root)[-1].reason == "users complain"
    said = call("releases", "planets").stderr
    assert "Release 1 is live by a rollback since " in said and said.rstrip().endswith("UTC: users complain")
    made_live = {one["number"]: one["made_live"] for one in json.loads(call("releases", root, "--json").stdout)}
    assert made_live[2] is None and (made_live[1]["by"], made_live[1]["reason"]) == ("rollback", "users complain")
    told = call("decisions", "planets")
    assert "rolled back to release 1: users complain" in told.stderr
    assert "rolled back to" in told.stdout
    assert "Release 1 is live already" in call("rollback", "planets", "--to", 1).stderr
    shown = json.loads(call("rollback", "planets", "--to", 2, "--json").stdout)
    assert (shown["number"], shown["live"]) == (2, True) and current(root) == 2


@pytest.mark.parametrize("command", ["releases", "rollback"])
def test_an_unknown_deployment_is_refused_with_the_one_that_was_meant(root, command):
    with pytest.raises(RunFolderError, match="Did you mean 'planets'") as error:
        call(command, "planet")
    assert "name planets" in error.value.remedy


def test_a_rollback_loads_no_engine_and_no_server(root):
    """It has one second, most of which is the start of Python."""
    code = (
        "import sys; from bakeoff.cli.main import app; "
        "app(['rollback', 'planets'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root.parents[1])
    assert current(root) == 1
    assert not {*done.stdout.split()} & {*ENGINES, "starlette", "uvicorn", "pandas", "scipy"}


MOST_CPU_S = 1.0
"""What a rollback is promised to take at most; it needs about a third of it."""
NOT_NEEDED = (
    *ENGINES,
    "numpy",
    "pandas",
    "rich",
    "yaml",
    "jinja2",
    "bakeoff.runs",
    "bakeoff.measure",
    "bakeoff.grading",
)


def loaded_and_cpu_s(*arguments: object) -> tuple[list[str], float]:
    """What of `NOT_NEEDED` a command imports, and the processor time of its whole process."""
    code = (
        "import resource, sys\n"
        "from bakeoff.cli.main import main\n"
        "try:\n    main()\n"
        "finally:\n"
        "    used = resource.getrusage(resource.RUSAGE_SELF)\n"
        f"    print(*(name for name in {NOT_NEEDED!r} if name in sys.modules), used.ru_utime + used.ru_stime)\n"
    )
    command = [sys.executable, "-c", code, *map(str, arguments)]
    *_, said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().split("\n")
    *loaded, seconds = said.split()
    return loaded, float(seconds)


@pytest.mark.parametrize("command", [("--version",), ("rollback", "planets")])
def test_a_rollback_imports_little_and_takes_less_than_a_second(root, command):
    """Nothing that reads runs, measures or draws tables. Its time is the processor's: a busy machine does not count."""
    loaded, seconds = loaded_and_cpu_s(*command)
    assert loaded == [] and seconds < MOST_CPU_S
    assert current(root) == (1 if command[0] == "rollback" else 2)
