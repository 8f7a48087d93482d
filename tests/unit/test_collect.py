"""The evaluation loop keeps every finished answer, repeats none, and turns failures into answers with an error."""

import json
from collections import Counter

import pytest

from bakeoff.files import jsonl
from bakeoff.measure.collect import ask, collect, collect_latency
from bakeoff.models.embed import load_embedder
from bakeoff.models.load import load_generator
from bakeoff.models.providers.reranking import ApiReranker
from bakeoff.models.settings import ApiModel
from bakeoff.models.sharing import group
from bakeoff.models.spending.who import asking_in
from bakeoff.records import Answer, GenerationSettings, Message, Prompt, Usage
from tests.fake_api import FakeApi, Fault
from tests.unit.fakes import answer, question


class Counting:
    """Answers everything but the ids in `broken`, and remembers what it was asked."""

    name = "counting"

    def __init__(self, broken=(), killed_at=None):
        self.broken = set(broken)
        self.killed_at = killed_at
        self.asked = []

    def answer(self, questions):
        self.asked += [one.id for one in questions]
        if self.killed_at in self.asked:
            raise KeyboardInterrupt
        if self.broken & {one.id for one in questions}:
            raise RuntimeError("the engine\nfailed")
        return [answer(one.id, contender=self.name) for one in questions]


def ignore(done, total):
    """A progress callback that shows nothing."""


class Router:
    """Gives answers that other contenders gave earlier in the run."""

    name = "router"

    def answer(self, questions):
        return [answer(one.id, contender=self.name, route="rag", usage=Usage(seconds=2.0)) for one in questions]


def test_reused_answers_cost_what_they_took_when_they_were_given(tmp_path):
    """Looking them up takes no time; a user of the router would wait and pay for them."""
    collect(Router(), QUESTIONS, tmp_path / "answers.jsonl", 10, ignore)
    assert {one.usage.seconds for one in jsonl.read(tmp_path / "answers.jsonl", Answer)} == {2.0}


QUESTIONS = [question(str(i)) for i in range(10)]


def test_a_killed_pass_goes_on_without_loss_or_repetition(tmp_path):
    """Answers on the disk are not asked again. Every question is answered once."""
    path = tmp_path / "answers.jsonl"
    with pytest.raises(KeyboardInterrupt):
        collect(Counting(killed_at="7"), QUESTIONS, path, 3, ignore)
    assert [one.question_id for one in jsonl.read(path, Answer)] == ["0", "1", "2", "3", "4", "5"]
    second = Counting()
    collect(second, QUESTIONS, path, 3, ignore)
    assert second.asked == ["6", "7", "8", "9"]
    assert [one.question_id for one in jsonl.read(path, Answer)] == [one.id for one in QUESTIONS]


def test_one_failing_question_costs_only_itself(tmp_path):
    """The rest of its batch is answered; the failure is kept with its message on one line."""
    path = tmp_path / "answers.jsonl"
    collect(Counting(broken=["4"]), QUESTIONS, path, 5, ignore)
    found = {one.question_id: one for one in jsonl.read(path, Answer)}
    assert len(found) == 10
    assert found["4"].error == "RuntimeError: the engine failed"
    assert all(one.error is None for key, one in found.items() if key != "4")


def test_a_question_that_failed_is_asked_again_by_the_next_session(tmp_path):
    """Questions that failed while an API was down are answered when the run is resumed. Nothing else is asked."""
    path = tmp_path / "answers.jsonl"
    collect(Counting(broken=["4"]), QUESTIONS, path, 5, ignore)
    second = Counting()
    collect(second, QUESTIONS, path, 5, ignore)
    assert second.asked == ["4"]
    assert {one.question_id: one.error for one in jsonl.read(path, Answer)}["4"] is None


def test_latency_is_measured_one_question_at_a_time_after_a_warm_up(tmp_path):
    """The first question is asked but not kept; each of the others carries its own time."""
    path = tmp_path / "latency.jsonl"
    contender = Counting()
    collect_latency(contender, QUESTIONS[:4], path, ignore)
    assert contender.asked == ["0", "1", "2", "3"]
    kept = jsonl.read(path, Answer)
    assert [one.question_id for one in kept] == ["1", "2", "3"]
    assert all(one.latency_ms is not None and one.latency_ms >= 0 for one in kept)


def test_progress_counts_what_an_earlier_session_did(tmp_path):
    """A resumed pass starts at what is done, and ends at the total."""
    path = tmp_path / "answers.jsonl"
    jsonl.append(path, [answer("0"), answer("1")])
    told = []
    collect(Counting(), QUESTIONS, path, 4, lambda done, total: told.append((done, total)))
    assert told == [(2, 10), (6, 10), (10, 10)]


def test_each_pass_reads_its_prompts_apart(tmp_path):
    """All prompts of one pass are in one group of their own, so no pass gains from what another one has read."""
    groups = []

    class Reading(Counting):
        def answer(self, questions):
            groups.append(group())
            return super().answer(questions)

    for name in ("rag", "hybrid"):
        collect_latency(Reading(), QUESTIONS[:3], tmp_path / f"{name}-latency.jsonl", ignore)
        collect(Reading(), QUESTIONS, tmp_path / f"{name}.jsonl", 4, ignore)
    assert groups == [one for one in dict.fromkeys(groups) for _ in range(3)]
    assert len(set(groups)) == 4 and group() not in groups


SAID = GenerationSettings(max_new_tokens=8)
TEXTS = [f"What about thing {i:03}?" for i in range(6)]
THINGS = [question(str(i), text=text) for i, text in enumerate(TEXTS)]


class Failing(FakeApi):
    """A server that fails at requests whose body holds one of these words, with this status."""

    def __init__(self, words, status=500):
        super().__init__()
        self.words, self.status = words, status

    def begin(self, request):
        super().begin(request)
        body = json.dumps(request.body)
        return Fault(status=self.status) if any(word in body for word in self.words) else None

    def came(self):
        """How often each text came, over all requests of each path."""
        return Counter(
            (request.path, text) for request in self.requests for text in TEXTS if text in json.dumps(request.body)
        )


class Searching:
    """Rewrites, embeds and reranks with models behind a server, then fails here at the questions in `broken`."""

    name = "searching"

    def __init__(self, api, retries=0, broken=()):
        settings = ApiModel(api="openai", base_url=api.url, model="m", retries=retries)
        self.generator, self.embedder = load_generator(settings), load_embedder(settings)
        self.reranker, self.broken = ApiReranker(settings), set(broken)

    def answer(self, questions):
        texts = [one.text for one in questions]
        prompts = [Prompt(messages=(Message(role="user", content=text),)) for text in texts]
        written = self.generator.generate(prompts, SAID)
        self.embedder.embed_queries(texts)
        self.reranker.scores([(text, "a passage") for text in texts])
        if self.broken & {one.id for one in questions}:
            raise RuntimeError("the index failed")
        return [answer(one.id, text=said.text) for one, said in zip(questions, written, strict=True)]


def test_what_a_server_was_asked_is_not_asked_again_for_a_batch_that_failed_here():
    """Replies, vectors and scores of the batch are there: only the failing question has an error."""
    with FakeApi() as api:
        answers = ask(Searching(api, broken=["3"]), THINGS)
        n = Counter(request.path for request in api.requests)
    assert [one.error is not None for one in answers] == [i == 3 for i in range(6)]
    assert answers[2].text.startswith("you said What about thing 002")
    assert n == {"/v1/chat/completions": 6, "/v1/embeddings": 1, "/v1/rerank": 6}


@pytest.mark.parametrize("retries", [0, 1])
@pytest.mark.parametrize("path", ["embeddings", "rerank", "chat/completions"])
def test_a_request_that_failed_despite_its_retries_is_not_sent_again(retries, path):
    """One layer of retries, also where a failed batch is asked question by question."""
    with Failing([{"embeddings": '"input"', "rerank": '"query"', "chat/completions": '"messages"'}[path]]) as api:
        answers = ask(Searching(api, retries), THINGS)
        came = {key: n for key, n in api.came().items() if key[0] == f"/v1/{path}"}
    assert set(came.values()) == {1 + retries} and len(came) == len(TEXTS)
    if path != "chat/completions":
        assert all("answered 500" in (one.error or "") for one in answers)


def test_a_request_about_one_question_that_failed_costs_only_that_question():
    """Its error is known, and so is what became of the others."""
    with Failing(['"query": "What about thing 004?"']) as api:
        answers = ask(Searching(api), THINGS)
        came = api.came()
    assert [one.error is not None for one in answers] == [i == 4 for i in range(6)]
    assert set(came.values()) == {1}


def test_a_batch_that_is_refused_for_what_it_holds_is_asked_question_by_question():
    """A 400 may be about one text: nothing was computed, and each text comes once more, alone."""
    with Failing(['thing 001?", "What', '["What about thing 001?"]'], status=400) as api:
        answers = ask(Searching(api), THINGS)
        came = {text: n for (path, text), n in api.came().items() if path == "/v1/embeddings"}
    assert [one.error is not None for one in answers] == [i == 1 for i in range(6)]
    assert set(came.values()) == {2}


def test_equal_questions_of_a_batch_are_asked_as_often_as_they_are():
    """Nothing is given twice from what came once: a model may draw its answers."""
    with FakeApi() as api:
        ask(Searching(api, broken=["2"]), [*THINGS[:2], THINGS[0].model_copy(update={"id": "2"})])
        n = Counter(request.path for request in api.requests)
    assert n["/v1/chat/completions"] == 3


def test_too_little_memory_sends_nothing_again():
    """The batch is asked in smaller pieces, which find what was asked of servers before."""

    class Short(Searching):
        def answer(self, questions):
            answers = super().answer(questions)
            if len(questions) > 3:
                raise MemoryError
            return answers

    with FakeApi() as api:
        answers = ask(Short(api), THINGS, 1)
        n = Counter(request.path for request in api.requests)
    assert not any(one.error for one in answers) and len(answers) == len(THINGS)
    assert n == {"/v1/chat/completions": 6, "/v1/embeddings": 1, "/v1/rerank": 6}


def test_latency_is_never_measured_on_what_came_before():
    """Where time is measured, a question that is asked again is asked of the server again."""
    with FakeApi() as api, asking_in("latency", "searching"):
        ask(Searching(api, broken=["1"]), THINGS[:2])
        assert Counter(request.path for request in api.requests)["/v1/chat/completions"] == 4


def test_a_batch_that_is_asked_later_is_asked_anew():
    """What came is kept for one batch only."""
    with FakeApi() as api:
        contender = Searching(api)
        ask(contender, THINGS[:2])
        ask(contender, THINGS[:2])
        assert Counter(request.path for request in api.requests)["/v1/chat/completions"] == 4
