"""A model is tuned at its host once, whatever fails or is killed on the way: against fake hosts of three protocols."""

import json
from pathlib import Path

import pytest

from bakeoff.errors import ConfigError, ContenderError, RunFolderError
from bakeoff.models.settings import ApiModel
from bakeoff.models.tuned_folder import HOSTED_MODEL, hosted_model
from bakeoff.records import Message, Prompt
from bakeoff.tuning.hosted import journal as journals
from bakeoff.tuning.hosted.answering import wait_until_it_answers
from bakeoff.tuning.hosted.http import HostClient
from bakeoff.tuning.hosted.job import Pace
from bakeoff.tuning.hosted.journal import Journal
from bakeoff.tuning.hosted.spending import Permission
from bakeoff.tuning.hosted.tuner import HostedTuner, training_file
from bakeoff.tuning.lessons import Lesson
from bakeoff.tuning.packing import Example
from bakeoff.tuning.settings import Tuning
from tests.fake_hosts import ACCOUNT, BASE, FakeHost, Trouble

KINDS = ("openai", "together", "fireworks")
FAST = Pace(first_s=0.001, longest_s=0.002, most_s=5.0, ready_s=5.0, look_s=0.001)
EXAMPLES = [
    Example(
        prompt=Prompt(
            messages=(Message(role="system", content="Be brief."), Message(role="user", content=f"Wie groß ist {i}?"))
        ),
        completion=f"{i} m",
    )
    for i in range(12)
]
LESSON = Lesson(EXAMPLES, [], 3)


@pytest.fixture(params=KINDS)
def host(request):
    with FakeHost(request.param) as server:
        yield server


@pytest.fixture
def openai():
    with FakeHost("openai") as server:
        yield server


def training_lines() -> bytes:
    return training_file(EXAMPLES)


def model_at(host: FakeHost, **more) -> ApiModel:
    values = {"model": BASE, "timeout_s": 5, **more}
    return ApiModel(api="openai", base_url=host.base_url, **values)


def tuning_at(host: FakeHost, **more) -> Tuning:
    account = {"account": ACCOUNT} if host.kind == "fireworks" else {}
    rented = {"hardware": "1x", "minute_price": 0.1}
    deployment = {} if host.kind == "openai" else {"deployment": rented}
    values = {"api": host.kind, "training_price": 3.0, **account, **deployment}
    return Tuning.model_validate({"host": {**values, **more.pop("at", {})}, **more})


def fit(host: FakeHost, folder: Path, usd: float | None = 10.0, pace: Pace = FAST, told=None, **more):
    folder.mkdir(parents=True, exist_ok=True)
    tuner = HostedTuner("tuned-there", 7, Permission(usd), pace)
    model = model_at(host, **more.pop("model", {}))
    return tuner.fit(model, more.pop("lesson", LESSON), tuning_at(host, **more), folder, told, more.pop("start", None))


def count(host: FakeHost, operation: str) -> int:
    return host.done.count(operation)


def test_a_model_is_tuned_and_named(host, tmp_path):
    """Upload, create, wait, name: the folder says which model answers; the training file is deleted at the host."""
    report = fit(host, tmp_path)
    (job,) = host.jobs.values()
    named = hosted_model(tmp_path)
    assert named is not None and named.model == job["model"] and named.host == "127.0.0.1"
    assert named.needs_deployment == (host.kind != "openai")
    assert host.files == {} and count(host, "upload") == count(host, "create") == count(host, "delete") == 1
    record = Journal(tmp_path).read()
    assert record is not None and record.step == "ready" and not record.file_left
    assert report.n_examples == 12 and report.epochs == 3 and report.n_tokens == record.tokens
    expected_usd = {"openai": (1234, 1234 * 3 / 1e6), "together": (2345, 2.0), "fireworks": (3456, 3456 * 3 / 1e6)}
    assert (record.tokens, record.usd) == expected_usd[host.kind]


def test_the_training_file_is_a_conversation_a_line(openai, tmp_path):
    """Each example with its prompt's messages and the answer, as JSON that keeps letters outside ASCII."""
    sent = []
    openai.on_done = lambda operation: sent.extend(openai.files.values()) if operation == "upload" else None
    fit(openai, tmp_path)
    rows = [json.loads(line) for line in sent[0]["content"].splitlines()]
    assert len(rows) == 12 and rows[3]["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Wie groß ist 3?"},
        {"role": "assistant", "content": "3 m"},
    ]


def test_what_is_ordered(host, tmp_path):
    """Epochs, seed, a name of our own, and what the settings pass on, where each protocol takes it."""
    more = {} if host.kind == "openai" else {"rank": 32, "learning_rate": 2e-4}
    fit(host, tmp_path, at={"hyperparameters": {"batch_size": 4}}, **more)
    (job,) = host.jobs.values()
    body, name = job["body"], job["name"]
    assert name.startswith("bakeoff-") and len(name) == 20
    if host.kind == "openai":
        assert body["method"] == {
            "type": "supervised",
            "supervised": {"hyperparameters": {"n_epochs": 3, "batch_size": 4}},
        }
        assert (body["model"], body["suffix"], body["seed"]) == (BASE, name, 7)
    elif host.kind == "together":
        assert (body["model"], body["n_epochs"], body["learning_rate"], body["batch_size"]) == (BASE, 3, 2e-4, 4)
        assert body["training_type"] == {"type": "Lora", "lora_r": 32, "lora_alpha": 64}
    else:
        assert (body["baseModel"], body["epochs"], body["loraRank"], body["batch_size"]) == (BASE, 3, 32, 4)
        assert body["outputModel"] == f"accounts/{ACCOUNT}/models/{name}"


class Killed(BaseException):
    """As a kill: nothing that the code does with errors may catch it."""


def test_a_kill_at_any_write_never_makes_a_second_job_or_file(host, tmp_path, monkeypatch):
    """The process is killed at each write of the journal in turn, before and after it, until a session gets through."""
    write = Journal.write
    for number in range(40):
        folder = tmp_path / str(number)
        left = [number]

        def killing(self, record, left=left):
            if left[0] == 0:
                left[0] = -1
                raise Killed
            written = write(self, record)
            left[0] -= 1
            if left[0] == 0:
                left[0] = -1
                raise Killed
            return written

        monkeypatch.setattr(Journal, "write", killing)
        before = (count(host, "upload"), count(host, "create"))
        survived = True
        try:
            fit(host, folder)
        except Killed:
            survived = False
        monkeypatch.setattr(Journal, "write", write)
        fit(host, folder)
        made = (count(host, "upload") - before[0], count(host, "create") - before[1])
        assert made == (1, 1), f"killed at write {number}: {made[0]} files and {made[1]} jobs"
        assert hosted_model(folder) is not None
        if survived:
            break
    assert number >= 8 and survived


def test_a_kill_while_the_job_runs_finds_it_by_its_id(host, tmp_path):
    """The second session asks for the same job, and does not look through lists."""
    told = []

    def kill(at):
        told.append(at.detail)
        raise Killed

    with pytest.raises(Killed):
        fit(host, tmp_path, told=kill)
    assert "running" in told[0] and next(iter(host.jobs)) in told[0]
    lists = count(host, "list")
    fit(host, tmp_path)
    assert count(host, "create") == 1 and count(host, "list") == lists


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(429, message="slow down"),
        Trouble(500),
        Trouble(None),
        Trouble(500, after=True),
        Trouble(None, after=True),
        Trouble(504, after=True),
    ],
    ids=lambda trouble: f"{trouble.status}{' after' if trouble.after else ''}",
)
@pytest.mark.parametrize("operation", ["upload", "create"])
def test_what_the_host_took_is_not_sent_again(host, operation, trouble, tmp_path):
    """429, 500, a closed connection and a time-out at the gateway, whether the host did its work before or not."""
    host.troubles = {operation: [trouble]}
    fit(host, tmp_path)
    assert len(host.jobs) == 1 and count(host, operation) == 1


@pytest.mark.parametrize("retries", [0, 2])
def test_a_host_that_never_takes_the_job_stops_with_what_to_do(host, retries, tmp_path):
    """After 1 + `retries` tries the contender is given up; a later session orders again, and there is one job."""
    host.troubles = {"create": [Trouble(429, message="no capacity")] * (retries + 2)}
    with pytest.raises(ContenderError, match=r"did not start the job bakeoff-.*no capacity(?s:.*)--resume"):
        fit(host, tmp_path, model={"retries": retries})
    assert len(host.troubles["create"]) == 1
    fit(host, tmp_path)
    assert len(host.jobs) == 1 and count(host, "upload") == 1


@pytest.mark.parametrize(
    ("operation", "status", "words"),
    [
        ("upload", 403, "did not take the training file"),
        ("create", 403, "did not start the job"),
        ("create", 400, "did not start the job"),
    ],
)
def test_a_refusal_is_said_with_the_hosts_words(host, operation, status, words, tmp_path):
    """As OpenAI answers organisations that have never tuned: once, with the message, and nothing is made."""
    host.troubles = {operation: [Trouble(status, message="Fine-tuning is no longer available to your organization")]}
    with pytest.raises(ContenderError, match=f"{words}.*no longer available to your organization"):
        fit(host, tmp_path)
    assert host.jobs == {} and count(host, operation) == 0


@pytest.mark.parametrize("operation", ["upload", "create"])
def test_what_nobody_knows_is_not_sent_again_while_the_host_shows_no_list(host, operation, tmp_path):
    """The host took it and did not say so, and refuses to show what it has: it costs the contender, not the run."""
    shows = "job" if host.kind == "fireworks" and operation == "create" else "list"
    host.troubles = {operation: [Trouble(504, after=True)], shows: [Trouble(403)] * 9}
    with pytest.raises(ContenderError, match=r"does not show whether it has.*403(?s:.*)--resume"):
        fit(host, tmp_path)
    assert count(host, operation) == 1
    host.troubles = {}
    fit(host, tmp_path)
    assert len(host.jobs) == 1 and count(host, "upload") == 1


def test_a_finished_job_is_enough_to_name_its_model(host, tmp_path):
    """A round of learning that begins again keeps nothing but the job's record: it is paid for, and nothing is sent."""
    fit(host, tmp_path)
    named, done = hosted_model(tmp_path), list(host.done)
    (tmp_path / HOSTED_MODEL).unlink()
    fit(host, tmp_path)
    assert hosted_model(tmp_path) == named is not None and host.done == done


def test_a_gateway_that_knows_no_method_gets_the_first_form_of_the_protocol(openai, tmp_path):
    """A 400 about `method` is answered with `hyperparameters` beside the model, as the protocol began."""
    openai.troubles = {"create": [Trouble(400, message="Unknown parameter: 'method'.")]}
    fit(openai, tmp_path)
    (job,) = openai.jobs.values()
    assert job["body"]["hyperparameters"] == {"n_epochs": 3} and "method" not in job["body"]


def test_the_form_that_a_gateway_takes_is_remembered_while_the_order_is_sent_again(openai, tmp_path):
    """The refused form comes once, the other one 1 + `retries` times at most."""
    openai.troubles = {"create": [Trouble(400, message="Unknown parameter: 'method'."), *[Trouble(500)] * 9]}
    with pytest.raises(ContenderError, match="did not start the job"):
        fit(openai, tmp_path, model={"retries": 1})
    sent = [request.body for request in openai.requests if request.body.get("suffix")]
    assert ["method" in body for body in sent] == [True, False, False]


def test_a_job_that_failed_is_said_and_not_begun_again(host, tmp_path):
    """With the host's reason; a second session says the same and starts nothing. Its file is deleted."""
    host.fate = "failed"
    for _ in range(2):
        with pytest.raises(ContenderError, match=r"has failed(: .*(bad data|data are bad))?"):
            fit(host, tmp_path)
    assert len(host.jobs) == 1 and host.files == {}


def test_a_job_that_never_ends_stops_at_the_limit_and_is_found_again(host, tmp_path):
    """`tuning.max_seconds` is the longest wait in one session; the job is not cancelled."""
    host.fate = "never"
    with pytest.raises(ContenderError, match=r"has not ended after .*max_seconds(?s:.*)--resume"):
        fit(host, tmp_path, max_seconds=0.02)
    assert count(host, "cancel") == 0
    host.fate = "done"
    fit(host, tmp_path)
    assert count(host, "create") == 1


def test_a_wait_ends_when_somebody_stops_it(openai, tmp_path):
    """Ctrl-C while it waits leaves the job as it is."""
    openai.fate = "never"

    def stop(at):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(openai, tmp_path, told=stop)
    assert count(openai, "cancel") == 0 and Journal(tmp_path).read().step == "created"


def test_a_host_that_is_out_of_order_for_a_while_is_asked_again(host, tmp_path):
    """Looks at the job that fail are no failures of the job, as long as no more than `retries` fail in a row."""
    host.troubles = {"job": [Trouble(503), Trouble(None), Trouble(500)]}
    fit(host, tmp_path, model={"retries": 3})
    assert len(host.jobs) == 1


def test_failed_looks_are_counted_in_a_row(openai, tmp_path):
    """A look that succeeds begins the count anew. The log is not asked for after a look that failed."""
    seen = list[str]()
    look, openai.looks = openai.trouble, 9

    def every_second(operation, after):
        if not after:
            seen.append(operation)
        is_failing = operation == "job" and not after and seen.count("job") % 2
        return Trouble(503) if is_failing else look(operation, after)

    openai.trouble = every_second
    fit(openai, tmp_path, model={"retries": 1})
    assert seen.count("job") == 20 and seen.count("events") == 9


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_look_that_fails_is_tried_as_often_as_configured(host, retries, tmp_path):
    """One layer: the next look takes the place of the failed one, after the wait that the host asks for."""
    host.troubles = {"job": [Trouble(503, headers={"retry-after": "0.01"})] * (retries + 2)}
    with pytest.raises(ContenderError, match=r"cannot be followed(?s:.*)--resume"):
        fit(host, tmp_path, model={"retries": retries})
    assert len(host.troubles["job"]) == 1
    fit(host, tmp_path)
    assert count(host, "create") == 1


def test_a_job_that_is_gone_is_said(host, tmp_path):
    """404 for a job that was begun: nothing is begun in its place."""
    host.troubles = {"job": [Trouble(404, message="no such job")] * 9}
    with pytest.raises(ContenderError, match=r"cannot be followed.*no such job"):
        fit(host, tmp_path)
    assert count(host, "create") == 1


def test_a_key_that_is_revoked_in_the_middle_is_said_and_nothing_is_lost(host, tmp_path, monkeypatch):
    """The job goes on at the host; with a new key the next session finds it."""
    monkeypatch.setenv("HOST_KEY", "sk-first-0123456789")
    host.key = "sk-first-0123456789"

    def revoke(operation: str) -> None:
        host.key = "sk-second-0123456789" if operation == "create" else host.key

    host.on_done = revoke
    with pytest.raises(ContenderError, match=r"cannot be followed.*401(?s:.*)--resume"):
        fit(host, tmp_path, model={"key_env": "HOST_KEY"})
    monkeypatch.setenv("HOST_KEY", "sk-second-0123456789")
    fit(host, tmp_path, model={"key_env": "HOST_KEY"})
    assert len(host.jobs) == 1


def test_events_in_any_order_show_the_newest_line(openai, tmp_path):
    """The log is sorted by time; without one, the state is shown."""
    openai.events = [
        {"created_at": 30, "message": "Step 3/9"},
        {"created_at": 10, "message": "queued"},
        {"created_at": 20, "message": "Step 1/9"},
    ]
    told = []
    fit(openai, tmp_path, told=lambda at: told.append(at.detail))
    assert told and all(line.endswith("running: Step 3/9") for line in told)
    openai.troubles = {"events": [Trouble(500)] * 99}
    fit(openai, tmp_path / "again", model={"retries": 0}, told=lambda at: told.append(at.detail))
    assert told[-1].endswith("running")


def test_a_model_that_is_not_known_at_once_is_waited_for(openai, tmp_path):
    """Some time after its training the host answers 404 for the model."""
    openai.late = 3
    fit(openai, tmp_path)
    wait_until_it_answers(model_at(openai, model=hosted_model(tmp_path).model), FAST)
    assert openai.late <= 0


def test_a_model_that_never_answers_is_said(openai):
    openai.late = 10**6
    with pytest.raises(ContenderError, match=r"does not answer.*does not exist(?s:.*)--resume"):
        wait_until_it_answers(model_at(openai, model="ft:unknown"), FAST._replace(ready_s=0.02))


def test_a_file_that_cannot_be_deleted_is_said_and_tried_again(host, tmp_path):
    """The run goes on; the record says so until a later session succeeds."""
    host.troubles = {"delete": [Trouble(403)]}
    fit(host, tmp_path)
    assert Journal(tmp_path).read().file_left and len(host.files) == 1
    fit(host, tmp_path)
    assert not Journal(tmp_path).read().file_left and host.files == {} and len(host.jobs) == 1


def test_the_price_at_the_host_may_not_be_more_than_was_allowed(tmp_path):
    """Together says the price once it has counted the tokens: a job above what was allowed is cancelled."""
    with FakeHost("together") as host:
        with pytest.raises(ContenderError, match=r"costs 2\.00.USD, and 1\.50.USD was allowed"):
            fit(host, tmp_path, usd=1.5)
        assert count(host, "cancel") == 1


def test_a_job_above_what_was_allowed_that_cannot_be_cancelled_is_said(tmp_path):
    with FakeHost("together") as host:
        host.troubles = {"cancel": [Trouble(403, message="not yours")]}
        with pytest.raises(ContenderError, match=r"could not be cancelled, and may be paid for.*not yours"):
            fit(host, tmp_path, usd=1.5)


@pytest.mark.parametrize(("usd", "words"), [(None, "nothing was allowed"), (0.0001, "0.00010.USD was allowed")])
def test_nothing_is_sent_that_was_not_allowed(host, usd, words, tmp_path):
    """Neither a file nor an order, and the message says how to allow it."""
    with pytest.raises(ContenderError, match=f"may cost up to .*{words}(?s:.*)--yes-spend USD.*budget.usd"):
        fit(host, tmp_path, usd=usd)
    assert host.requests == []


def test_a_price_that_is_not_known_is_an_error_that_names_the_key(openai, tmp_path):
    with pytest.raises(ConfigError, match=r"not known(?s:.*)tuning\.host\.training_price"):
        fit(openai, tmp_path, at={"training_price": None})
    assert openai.requests == []


def test_what_is_free_needs_no_permission(openai, tmp_path):
    fit(openai, tmp_path, usd=None, at={"training_price": 0})
    assert len(openai.jobs) == 1


def test_a_tuned_model_is_tuned_further(host, tmp_path):
    """A second training begins with the tuned model, by the name that each protocol has for that."""
    fit(host, tmp_path / "first")
    model = hosted_model(tmp_path / "first").model
    tuner = HostedTuner("tuned-there", 7, Permission(10.0), FAST)
    (tmp_path / "second").mkdir()
    tuner.fit(model_at(host), LESSON, tuning_at(host), tmp_path / "second", None, tmp_path / "first")
    body = list(host.jobs.values())[1]["body"]
    key = {"openai": "model", "together": "from_checkpoint", "fireworks": "warmStartFrom"}[host.kind]
    assert body[key] == model


def test_a_journal_that_cannot_be_read_starts_nothing(openai, tmp_path):
    (tmp_path / "hosted_job.json").write_text("{")
    with pytest.raises(RunFolderError, match="nobody knows whether a job is running"):
        fit(openai, tmp_path)
    assert openai.requests == []


def test_the_key_goes_to_the_host_and_nowhere_else(host, tmp_path, monkeypatch):
    """Not into a file of the run, not into an error."""
    monkeypatch.setenv("HOST_KEY", "sk-secret-0123456789")
    host.key = "sk-secret-0123456789"
    host.troubles = {"create": [Trouble(400, message="bad key sk-secret-0123456789")]}
    with pytest.raises(ContenderError) as caught:
        fit(host, tmp_path, model={"key_env": "HOST_KEY"})
    assert "sk-secret" not in str(caught.value) and "[key hidden]" in str(caught.value)
    fit(host, tmp_path, model={"key_env": "HOST_KEY"})
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and "sk-secret" in path.read_text()]
    assert len(host.jobs) == 1


def test_two_jobs_have_two_names():
    assert len({journals.new_name() for _ in range(100)}) == 100


def replies(host: FakeHost, monkeypatch, operation: str, reply, times: int = 1) -> None:
    """The first requests of this kind do their work, and are answered with this in place of what the protocol says."""
    left = [times]
    plain = HostClient._json

    def damaged(self, url, response):
        if left[0] and host.done and host.done[-1] == operation:
            left[0] -= 1
            return reply
        return plain(self, url, response)

    monkeypatch.setattr(HostClient, "_json", damaged)


@pytest.mark.parametrize("operation", ["upload", "create"])
@pytest.mark.parametrize("reply", [{}, {"id": None, "name": None}, {"id": ["x"], "name": {"a": 1}}, {"object": "ok"}])
def test_what_was_made_without_a_word_of_its_name_is_looked_for(host, operation, reply, tmp_path, monkeypatch):
    """The host answered 200 without what it made: its list says so, and nothing is made twice."""
    replies(host, monkeypatch, operation, reply)
    fit(host, tmp_path)
    assert (count(host, "upload"), count(host, "create")) == (1, 1)


DAMAGED = {
    "openai": {"status": ["?"], "fine_tuned_model": 3, "trained_tokens": "many", "error": [1], "id": "x"},
    "together": {"status": None, "events": "none", "token_count": -5, "total_price": "free", "id": "x"},
    "fireworks": {"state": 4, "jobProgress": "half", "estimatedCost": [1], "status": "fine", "name": "x"},
}


def test_fields_of_another_form_are_as_if_they_were_not_there(host, tmp_path, monkeypatch):
    """A look that shows nothing usable is followed by another one."""
    replies(host, monkeypatch, "job", DAMAGED[host.kind])
    report = fit(host, tmp_path)
    assert report.n_examples == len(EXAMPLES)
    assert count(host, "create") == 1


def test_looks_that_show_no_job_are_given_up_with_what_to_do(host, tmp_path, monkeypatch):
    """Several in a row; the job goes on, and the next session finds it."""
    replies(host, monkeypatch, "job", {"ok": True}, times=100)
    with pytest.raises(ContenderError, match=r"cannot be followed: The host answered without '(id|name)'"):
        fit(host, tmp_path)
    monkeypatch.undo()
    fit(host, tmp_path)
    assert count(host, "create") == 1
