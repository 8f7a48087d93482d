"""Deployments of tuned models run while they are needed, cost what they run, and are stopped whatever happens."""

import time
from pathlib import Path

import pytest

from bakeoff.errors import ContenderError, ModelUnavailableError
from bakeoff.files import jsonl
from bakeoff.models.load import load_generator
from bakeoff.models.tuned_folder import HOSTED_MODEL, HostedModel, deployed
from bakeoff.records import GenerationSettings, Message, Prompt
from bakeoff.tuning.hosted.machines import HostedMachine, seconds_passed
from bakeoff.tuning.hosted.settings import Hosted
from bakeoff.tuning.hosted.spending import Permission
from tests.fake_hosts import ACCOUNT, FakeHost, Trouble
from tests.unit.test_hosted_jobs import FAST, Killed, model_at

PROMPT = Prompt(messages=(Message(role="user", content="hello"),))


@pytest.fixture(params=("together", "fireworks"))
def host(request):
    with FakeHost(request.param) as server:
        yield server


def machine_for(
    host: FakeHost, folder: Path, clock=time.time, max_minutes: float = 60.0, elapsed=seconds_passed
) -> HostedMachine:
    rented = {"hardware": "1x_h100", "minute_price": 0.1, "max_minutes": max_minutes}
    account = {"account": ACCOUNT} if host.kind == "fireworks" else {}
    tuned = HostedModel(model="acme/tuned", host="127.0.0.1", needs_deployment=True)
    folder.mkdir(parents=True, exist_ok=True)
    jsonl.write_text(folder / HOSTED_MODEL, tuned.model_dump_json())
    hosted = Hosted.model_validate({"api": host.kind, "deployment": rented, **account})
    return HostedMachine(model_at(host), hosted, folder, FAST, clock=clock, elapsed=elapsed)


def test_a_deployment_answers_until_it_is_stopped(host, tmp_path):
    """The generator of the tuned model's folder asks the deployment by its name; afterwards it says that none runs."""
    machine = machine_for(host, tmp_path)
    machine.start(Permission(10.0))
    asked = load_generator(model_at(host), tmp_path)
    assert asked.generate([PROMPT], GenerationSettings())[0].text == "you said hello"
    (one,) = host.machines.values()
    assert host.requests[-1].body["model"] == one["model"]
    body = one["body"]
    assert {"1x_h100"} <= set(map(str, body.values())) and "acme/tuned" in body.values()
    machine.stop()
    assert host.machines == {} and deployed(tmp_path).step == "stopped"
    with pytest.raises(ModelUnavailableError, match=r"only while a deployment runs(?s:.*)tuning\.host\.local"):
        load_generator(model_at(host), tmp_path)


def test_what_runs_is_counted_by_the_minute(host, tmp_path):
    """Until it is stopped it counts at its most; a second deployment of the same model adds to the first."""
    now = [1000.0]
    for minutes in (5, 12):
        machine = machine_for(host, tmp_path, lambda: now[0], elapsed=lambda: now[0])
        machine.start(Permission(10.0))
        assert deployed(tmp_path).usd == pytest.approx(6.0)
        now[0] += 60 * 5 if minutes == 5 else 60 * 7
        machine.stop()
        assert deployed(tmp_path).usd == pytest.approx(0.1 * minutes)


DAY = 86_400


@pytest.mark.parametrize("set_by", [-365 * DAY, -3600, 5 * 3600, 365 * DAY])
def test_minutes_are_those_that_passed_however_the_clock_is_set(host, tmp_path, set_by):
    now, passed = [400.0 * DAY], [0.0]
    machine = machine_for(host, tmp_path, lambda: now[0], elapsed=lambda: passed[0])
    machine.start(Permission(10.0))
    now[0] += 600 + set_by
    passed[0] += 600
    machine.stop()
    assert deployed(tmp_path).minutes == pytest.approx(10.0)


def test_the_seconds_that_pass_are_those_of_any_clock():
    began, here = time.time(), seconds_passed()
    time.sleep(0.2)
    assert seconds_passed() - here == pytest.approx(time.time() - began, abs=0.1)


def test_a_clock_that_is_set_back_makes_no_minute_free(host, tmp_path):
    """Within a session its minutes count as they passed, and it is stopped at its most; of one that an earlier session
    left, nothing is known but that, so it counts at its most.
    """
    now, passed = [10.0 * DAY], [0.0]
    machine = machine_for(host, tmp_path / "here", lambda: now[0], elapsed=lambda: passed[0])
    machine.start(Permission(10.0))
    now[0] -= DAY
    passed[0] += 60 * 20
    machine.stop()
    assert deployed(tmp_path / "here").minutes == pytest.approx(20.0)

    def set_back_while_it_starts(operation):
        now[0] -= DAY if operation == "deploy" else 0

    host.on_done = set_back_while_it_starts
    again = machine_for(host, tmp_path / "here", lambda: now[0], elapsed=lambda: passed[0])
    again.start(Permission(10.0))
    assert again._timer.interval == pytest.approx(60 * 40)
    again.stop()

    machine_for(host, tmp_path / "left", lambda: now[0]).start(Permission(10.0))
    now[0] -= DAY
    machine_for(host, tmp_path / "left", lambda: now[0]).stop()
    assert host.machines == {} and deployed(tmp_path / "left").minutes == pytest.approx(60.0)


def test_one_that_may_have_been_started_costs_the_contender_while_the_host_shows_nothing(host, tmp_path):
    """The record stays as it is, so that the next session looks for it again and stops it."""
    host.troubles = {"deploy": [Trouble(504, after=True)], "list": [Trouble(403)] * 9, "machine": [Trouble(403)] * 9}
    with pytest.raises((ContenderError, ModelUnavailableError)):
        machine_for(host, tmp_path).start(Permission(10.0))
    assert deployed(tmp_path).step == "starting" and len(host.machines) == 1
    host.troubles = {}
    machine_for(host, tmp_path).stop()
    assert host.machines == {} and deployed(tmp_path).step == "stopped"


def test_a_deployment_that_was_not_allowed_is_not_started(host, tmp_path):
    with pytest.raises(ContenderError, match=r"may cost up to 6\.00.USD, and 5\.00"):
        machine_for(host, tmp_path).start(Permission(5.0))
    assert host.requests == []


@pytest.mark.parametrize("fate", ["failed", "starting"])
def test_one_that_never_answers_is_stopped(host, fate, tmp_path):
    """Failed at once or not ready in time: nothing is left running."""
    host.machine_fate = fate
    machine = machine_for(host, tmp_path)
    machine._pace = FAST._replace(ready_s=0.05)
    with pytest.raises(ContenderError, match=f"is {fate}(?s:.*)hardware"):
        machine.start(Permission(10.0))
    assert host.machines == {} and deployed(tmp_path).step == "stopped"


@pytest.mark.parametrize("trouble", [Trouble(500, after=True), Trouble(None, after=True)])
def test_one_that_was_started_without_an_answer_is_found_by_its_name(host, trouble, tmp_path):
    host.troubles = {"deploy": [trouble]}
    machine_for(host, tmp_path).start(Permission(10.0))
    assert len(host.machines) == 1 and deployed(tmp_path).step == "ready"


def test_a_refused_one_is_said_and_leaves_nothing(host, tmp_path):
    host.troubles = {"deploy": [Trouble(400, message="no such hardware")]}
    with pytest.raises(ContenderError, match=r"did not start a deployment.*no such hardware"):
        machine_for(host, tmp_path).start(Permission(10.0))
    assert host.machines == {} and deployed(tmp_path).step == "stopped"


def test_what_a_kill_leaves_running_is_stopped_by_the_next_session(host, tmp_path, monkeypatch):
    """Killed at each write in turn, without any clean-up: the next session finds it, by id or by name, and stops it."""
    write = HostedMachine._write
    for number in range(9):
        folder, left = tmp_path / str(number), [number]

        def killing(self, record, left=left):
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return write(self, record)

        monkeypatch.setattr(HostedMachine, "_write", killing)
        monkeypatch.setattr(HostedMachine, "stop", lambda self: None)
        survived = True
        try:
            machine_for(host, folder).start(Permission(10.0))
        except Killed:
            survived = False
        monkeypatch.undo()
        machine_for(host, folder).stop()
        assert host.machines == {}, f"killed at write {number}"
        if survived:
            break
    assert survived and number == 3


def test_one_that_cannot_be_stopped_is_said_and_tried_again(host, tmp_path):
    """The error says that it is still paid for; the record stays, so that the next session stops it."""
    machine_for(host, tmp_path).start(Permission(10.0))
    host.troubles = {"stop": [Trouble(403, message="not yours")]}
    with pytest.raises(ModelUnavailableError, match=r"could not be stopped.*not yours.*paid for"):
        machine_for(host, tmp_path).stop()
    assert deployed(tmp_path).step == "stopping" and machine_for(host, tmp_path).is_running
    machine_for(host, tmp_path).stop()
    assert host.machines == {} and not machine_for(host, tmp_path).is_running


def test_it_is_stopped_when_its_time_is_up(host, tmp_path):
    """After `max_minutes`, although nobody stops it; another one of the same model is refused."""
    machine = machine_for(host, tmp_path, max_minutes=0.005)
    machine.start(Permission(10.0))
    for _ in range(200):
        if deployed(tmp_path).step == "stopped":
            break
        time.sleep(0.02)
    assert host.machines == {} and deployed(tmp_path).step == "stopped"
    with pytest.raises(ContenderError, match=r"has run 0\.005 minutes"):
        machine_for(host, tmp_path, max_minutes=0.005).start(Permission(10.0))


def test_one_that_is_gone_already_is_no_error(host, tmp_path):
    machine_for(host, tmp_path).start(Permission(10.0))
    host.machines.clear()
    machine_for(host, tmp_path).stop()
    assert deployed(tmp_path).step == "stopped"


@pytest.mark.parametrize("step", ["starting", "ready", "stopping"])
def test_one_that_an_earlier_session_has_left_is_stopped_before_another_starts(host, step, tmp_path):
    """Its record would be lost under the new one's, and it would run on. If it cannot be stopped, none is started."""
    machine_for(host, tmp_path).start(Permission(10.0))
    left = deployed(tmp_path).name
    later = machine_for(host, tmp_path)
    later._change(deployed(tmp_path), step=step)
    host.troubles = {"stop": [Trouble(403, message="not yours")]}
    with pytest.raises(ContenderError, match=r"could not be stopped.*not yours"):
        later.start(Permission(10.0))
    assert deployed(tmp_path).name == left and host.done.count("deploy") == 1
    later.start(Permission(10.0))
    assert deployed(tmp_path).name != left and len(host.machines) == host.done.count("stop") == 1
    later.start(Permission(10.0))  # its own one runs already
    assert host.done.count("deploy") == 2


def test_a_host_that_does_not_say_how_it_is_costs_the_contender_only(host, tmp_path):
    host.troubles = {"machine": [Trouble(403, message="not yours")]}
    with pytest.raises(ContenderError, match=r"does not say whether the deployment .* is ready.*not yours"):
        machine_for(host, tmp_path).start(Permission(10.0))
    assert host.machines == {} and deployed(tmp_path).step == "stopped"
