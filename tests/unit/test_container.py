"""The files for containers and systemd: they are parsed, and what they say of the command, paths and ports is true."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main
import yaml

from bakeoff.cli.main import app

REPOSITORY = Path(__file__).parents[2]
SECRET = re.compile(r"(?i)\b(?:password|secret|token|api_?key)\b\s*[=:]|\bsk-\w")


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile with their arguments, continued lines joined."""
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(line.split(None, 1)) for line in lines]  # type: ignore[misc]


def arguments(name: str) -> list[str]:
    return [argument for word, argument in instructions() if word == name]


def service() -> dict:
    """The only service of compose.yaml."""
    content = yaml.safe_load((REPOSITORY / "compose.yaml").read_text(encoding="utf-8"))
    (only,) = content["services"].values()
    assert {volume.split(":")[0] for volume in only["volumes"] if not volume.startswith("./")} == set(
        content["volumes"]
    )
    return only


def unit() -> dict[str, list[str]]:
    """The settings of the systemd unit in docs/operation.md."""
    text = (REPOSITORY / "docs" / "operation.md").read_text(encoding="utf-8")
    lines = re.search(r"```ini\n(.*?)```", text, re.DOTALL)[1].splitlines()
    settings: dict[str, list[str]] = {}
    for name, _, value in (line.partition("=") for line in lines if "=" in line):
        settings.setdefault(name, []).append(value)
    return settings


def parsed(command: list[str]) -> dict:
    """The options of a `serve` command. Raises click's UsageError for an option or a value that does not exist."""
    assert command[0] == "serve"
    serve = typer.main.get_command(app).commands["serve"]  # type: ignore[attr-defined]
    return serve.make_context("serve", command[1:]).params


COMMANDS = {
    "Dockerfile": lambda: yaml.safe_load(arguments("CMD")[0]),
    "compose.yaml": lambda: [re.sub(r"\$\{.*\}", "pilot", word) for word in service()["command"]],
    "systemd": lambda: shlex.split(unit()["ExecStart"][0])[1:],
}


@pytest.mark.parametrize("where", COMMANDS)
def test_the_command_is_one_that_serve_takes(where):
    """With its options and their values, and on the port that everything else names."""
    assert parsed(COMMANDS[where]())["port"] == 8000


@pytest.mark.parametrize("where", ["Dockerfile", "compose.yaml"])
def test_in_a_container_it_is_reachable_and_keeps_its_data_in_volumes(where):
    """It binds to all addresses, so it does not start without a key."""
    options = parsed(COMMANDS[where]())
    volumes = [*yaml.safe_load(arguments("VOLUME")[0]), *(volume.split(":")[1] for volume in service()["volumes"])]
    assert options["host"] == "0.0.0.0"
    assert str(options["deployments"]) in volumes and str(options["runs"]) in volumes
    environment = dict(pair.split("=", 1) for line in arguments("ENV") for pair in line.split())
    assert str(Path(environment["BAKEOFF_KEYS"]).parent) in volumes


def test_the_image_is_run_by_a_user_who_is_not_root():
    """Who is made in it, and whose are the folders that it writes."""
    (user,) = arguments("USER")
    assert user.split(":")[0] == "10001"
    assert any("useradd --uid 10001" in run and "chown -R bakeoff" in run for run in arguments("RUN"))


def test_what_is_copied_exists_and_reaches_the_builder():
    """.dockerignore lets exactly the copied paths through."""
    copied = [path for line in arguments("COPY") if "--from" not in line for path in line.split()[:-1]]
    assert copied and all((REPOSITORY / path).exists() for path in copied)
    let_through = re.findall(r"^!(.+)$", (REPOSITORY / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(let_through) == set(copied)


def test_the_health_check_asks_the_servers_own_address():
    """On the port that is exposed."""
    (check,) = arguments("HEALTHCHECK")
    (port,) = arguments("EXPOSE")
    assert f"http://127.0.0.1:{port}/health" in check
    assert [published.split(":")[-1] for published in service()["ports"]] == [port]
    assert all(published.startswith("127.0.0.1:") for published in service()["ports"])


def test_the_container_may_do_little_and_has_time_to_stop():
    """No capabilities, no writable root, and more time than the grace of a stop."""
    only = service()
    assert (
        only["cap_drop"] == ["ALL"] and only["read_only"] is True and "no-new-privileges:true" in only["security_opt"]
    )
    assert int(only["stop_grace_period"].rstrip("s")) > parsed(COMMANDS["compose.yaml"]())["grace"]
    assert "privileged" not in only and only["restart"] == "unless-stopped"


def test_the_unit_is_sandboxed_and_keeps_its_data_in_its_state_directory():
    """As the page says."""
    settings = unit()
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "DynamicUser"):
        assert settings[name] == ["yes"], name
    assert settings["ProtectSystem"] == ["strict"]
    options = parsed(COMMANDS["systemd"]())
    state = Path("/var/lib") / settings["StateDirectory"][0]
    assert options["deployments"].is_relative_to(state) and options["keys"].is_relative_to(state)
    assert int(settings["TimeoutStopSec"][0]) > options["grace"]


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", ".dockerignore", "docs/operation.md"])
def test_no_file_holds_a_secret(name):
    assert not SECRET.search((REPOSITORY / name).read_text(encoding="utf-8"))
