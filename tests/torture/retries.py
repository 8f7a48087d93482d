"""How often a request is sent where more than one layer could try again: trainings at hosts, and batches of questions.

Each function gives the number of requests it saw, and in words each one that came more often than configured.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bakeoff.errors import BakeoffError
from bakeoff.measure.collect import ask
from bakeoff.models.embed import load_embedder
from bakeoff.models.load import load_generator
from bakeoff.models.providers.reranking import ApiReranker
from bakeoff.models.settings import ApiModel
from bakeoff.records import Answer, GenerationSettings, Message, Prompt, Question
from bakeoff.records import ask as question_of
from bakeoff.tuning.hosted.job import Pace
from bakeoff.tuning.hosted.spending import Permission
from bakeoff.tuning.hosted.tuner import HostedTuner
from bakeoff.tuning.lessons import Lesson
from bakeoff.tuning.packing import Example
from bakeoff.tuning.settings import Tuning
from tests.fake_api import FakeApi, Fault
from tests.fake_hosts import ACCOUNT, BASE, FakeHost, Trouble

HOSTS = ("openai", "together", "fireworks")
STEPS = ("upload", "create", "job")
QUICK = Pace(first_s=0.001, longest_s=0.002, most_s=5.0, ready_s=5.0, look_s=0.001)
SAID = GenerationSettings(max_new_tokens=8)
N_QUESTIONS = 6


class BrokenHost(FakeHost):
    """A host at which one step never succeeds. It counts the requests of each step."""

    def __init__(self, kind: str, broken: str, status: int | None) -> None:
        super().__init__(kind)
        self.broken, self.status = broken, status
        self.came = Counter[str]()

    def trouble(self, operation: str, after: bool) -> Trouble | None:
        if after:
            return None
        self.came[operation] += 1
        return Trouble(self.status) if operation == self.broken else None


def at_hosts(folder: Path, retries: Sequence[int], statuses: Sequence[int | None]) -> tuple[int, list[str]]:
    """Trainings at hosts where the upload, the order or each look at the job fails for good."""
    n, broken = 0, list[str]()
    for number, (kind, step, status, most) in enumerate(
        (kind, step, status, most) for kind in HOSTS for step in STEPS for status in statuses for most in retries
    ):
        with BrokenHost(kind, step, status) as host:
            error = _trained(host, folder / str(number), most)
        n += host.n_requests
        if not 1 <= host.came[step] <= most + 1 or not error:
            seen = f"{host.came[step]} requests, error {error!r}"
            broken.append(f"{step} at {kind}, {status}, retries {most}: {seen}")
    return n, broken


def _trained(host: BrokenHost, folder: Path, retries: int) -> str:
    """The error of a training."""
    folder.mkdir(parents=True)
    settings = {"api": host.kind, "training_price": 3.0}
    if host.kind == "fireworks":
        settings["account"] = ACCOUNT
    if host.kind != "openai":
        settings["deployment"] = {"hardware": "1x", "minute_price": 0.1}
    model = ApiModel(api="openai", base_url=host.base_url, model=BASE, retries=retries, timeout_s=5)
    prompt = Prompt(messages=(Message(role="user", content="How long?"),))
    lesson = Lesson([Example(prompt=prompt, completion="a day")], [], 1)
    try:
        tuner = HostedTuner("tuned-there", 7, Permission(10.0), QUICK)
        tuner.fit(model, lesson, Tuning.model_validate({"host": settings}), folder)
    except BakeoffError as error:
        return error.message
    return ""


class Asking:
    """A contender that asks one model about each batch: for vectors, scores or answers."""

    def __init__(self, name: str, settings: ApiModel) -> None:
        self.name, self._settings = name, settings

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        texts, errors = [question.text for question in questions], [None] * len(questions)
        if self.name == "vectors":
            load_embedder(self._settings).embed_queries(texts)
        elif self.name == "scores":
            ApiReranker(self._settings).scores([(text, "a passage") for text in texts])
        else:
            prompts = [Prompt(messages=(Message(role="user", content=text),)) for text in texts]
            errors = [one.error for one in load_generator(self._settings).generate(prompts, SAID)]
        pairs = zip(questions, errors, strict=True)
        return [Answer(question_id=one.id, contender=self.name, error=error) for one, error in pairs]


PARTS = (
    ("vectors", "openai"),
    ("vectors", "google"),
    ("vectors", "ollama"),
    ("scores", "openai"),
    ("answers", "openai"),
)


def in_batches(retries: Sequence[int], faults: Sequence[Fault]) -> tuple[int, list[str]]:
    """Batches of questions, asked as a pilot does, of a model that always fails: how often each text came."""
    n, broken = 0, list[str]()
    questions = [question_of(f"What about thing {i:03}?").model_copy(update={"id": str(i)}) for i in range(N_QUESTIONS)]
    for (part, api), fault, most in ((one, fault, most) for one in PARTS for fault in faults for most in retries):
        with FakeApi(fault=fault) as server:
            settings = ApiModel(api=api, base_url=server.base_url(api), model="m", retries=most, timeout_s=5)
            answers = ask(Asking(part, settings), questions)
        bodies = [json.dumps(body) for body in server.bodies]
        n += len(bodies)
        came = [sum(question.text in body for body in bodies) for question in questions]
        if 0 in came or max(came) > most + 1 or not all(answer.error for answer in answers):
            seen = f"{min(came)} to {max(came)} requests for a text"
            broken.append(f"{part} of a batch, {api}, {fault.kind} {fault.status}, retries {most}: {seen}")
    return n, broken
