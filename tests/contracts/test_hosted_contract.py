"""The fake host and Bakeoff's requests against OpenAI's own client: both speak the protocol that it speaks."""

from typing import Any

import pytest
from pydantic import ConfigDict, TypeAdapter, with_config
from tests.fake_hosts import FakeHost
from tests.unit.test_hosted_jobs import model_at, training_lines

from bakeoff.tuning.hosted.host import Order
from bakeoff.tuning.hosted.hosts import host_for
from bakeoff.tuning.hosted.settings import Hosted

openai = pytest.importorskip("openai")


@pytest.fixture
def host():
    with FakeHost("openai") as server:
        yield server


def test_the_order_is_one_that_openais_client_takes(host):
    """Every key of it is one of the client's parameters, with a value of the type that it has there."""
    from openai.types.fine_tuning.job_create_params import JobCreateParams

    strict = TypeAdapter(with_config(ConfigDict(extra="forbid"))(JobCreateParams))
    made = host_for(model_at(host), Hosted(api="openai"))
    file = made.upload("bakeoff-0123", training_lines())
    made.create(Order("bakeoff-0123", "base-model", file, epochs=3, seed=7, hyperparameters={"batch_size": 4}))
    (job,) = host.jobs.values()
    assert strict.validate_python(job["body"])["training_file"] == file


def test_the_fake_host_answers_openais_client(host):
    """Files, jobs, lists of several pages, events and checkpoints, read by the client's own types."""
    client = openai.OpenAI(api_key="none", base_url=host.url)
    file = client.files.create(file=("bakeoff-0123.jsonl", training_lines()), purpose="fine-tune")
    jobs = [client.fine_tuning.jobs.create(model="base-model", training_file=file.id, suffix=f"s{i}") for i in range(3)]
    assert [job.id for job in client.fine_tuning.jobs.list()] == [job.id for job in reversed(jobs)]
    host.events = [
        {"created_at": 1, "message": "queued", "id": "e", "level": "info", "object": "fine_tuning.job.event"}
    ]
    assert client.fine_tuning.jobs.list_events(jobs[0].id).data[0].message == "queued"
    for _ in range(host.looks + 1):
        job: Any = client.fine_tuning.jobs.retrieve(jobs[0].id)
    assert job.status == "succeeded" and job.fine_tuned_model == host.jobs[job.id]["model"] and job.trained_tokens
    assert client.files.delete(file.id).deleted


def test_what_bakeoff_reads_is_what_the_client_reads(host):
    """The same job in both: id, model, tokens."""
    client = openai.OpenAI(api_key="none", base_url=host.url)
    file = client.files.create(file=("f.jsonl", training_lines()), purpose="fine-tune")
    host.looks = 0
    made = client.fine_tuning.jobs.create(model="base-model", training_file=file.id, suffix="bakeoff-0123")
    read, own = client.fine_tuning.jobs.retrieve(made.id), host_for(model_at(host), Hosted(api="openai"))
    job = own.job(made.id)
    assert (job.id, job.model, job.tokens, job.status) == (read.id, read.fine_tuned_model, read.trained_tokens, "done")
    assert own.find_file("f") == file.id
    order = Order("bakeoff-0123", "base-model", file.id, epochs=1, seed=1)
    found, other = own.find_job(order), own.find_job(order._replace(name="bakeoff-4567"))
    assert found is not None and found.id == made.id and other is None
