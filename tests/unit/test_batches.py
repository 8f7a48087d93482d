"""The batch API: each batch is sent once, whatever happens; lines that failed are asked alone; never for latency."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bakeoff.errors import LimitReachedError
from bakeoff.measure.collect import ask as ask_all
from bakeoff.measures import seconds
from bakeoff.models.load import load_generator
from bakeoff.models.settings import ApiModel, TokenPrice
from bakeoff.models.spending.ledger import Ledger, counting, settle
from bakeoff.models.spending.rows import Budget, Spending
from bakeoff.models.spending.who import asking_in
from bakeoff.records import Answer, Completion, GenerationSettings, Message, Prompt, Question, ask
from tests.fake_api import FakeApi, Fault

PRICE = TokenPrice(input_tokens=1.0, output_tokens=4.0)
SETTINGS = GenerationSettings(max_new_tokens=24)
WORDS = ["one", "two", "three", "four"]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as server:
        yield server


def batching(api: FakeApi, **more: Any) -> ApiModel:
    return ApiModel(api="openai", base_url=api.url, model="m", price=PRICE, batch=True, retries=0, **more)


def answered(
    api: FakeApi,
    folder: Path,
    stage: str = "answer",
    words: list[str] = WORDS,
    budget: Budget | None = None,
    settled: bool = False,
) -> tuple[list[Completion], Spending]:
    """One session: what a contender is answered in a stage, and what the run has spent by then."""
    prompts = [Prompt(messages=(Message(role="user", content=word),)) for word in words]
    generator = load_generator(batching(api))
    generator._batches._first_poll_s = 0.001  # type: ignore[union-attr]
    with counting(Ledger(lambda model: PRICE, budget)) as ledger:
        ledger.keep_in(folder)
        with asking_in(stage, "rag"):
            given = generator.generate(prompts, SETTINGS)
            if settled:
                settle()
        return given, ledger.spending()


def texts(completions: list[Completion]) -> list[str]:
    return [completion.text for completion in completions]


ECHOED = [f"you said {word}" for word in WORDS]


def test_a_batch_costs_half(api: FakeApi, tmp_path: Path) -> None:
    """One batch, no single request, the answers in order, and the usage of all of them at half the price."""
    given, spending = answered(api, tmp_path)
    assert texts(given) == ECHOED
    assert [request.path for request in api.requests if "chat" in request.path] == []
    assert len(api.batches.created) == 1
    n_prompt, n_new = len(WORDS), 3 * len(WORDS)
    assert spending.total.usd == pytest.approx(0.5 * (n_prompt * 1.0 + n_new * 4.0) / 1e6)
    assert spending.total.calls == len(WORDS)


def test_a_batchs_time_is_no_time_of_an_answer(api: FakeApi, tmp_path: Path) -> None:
    """Its answers have no seconds for the measure of speed."""
    given, _ = answered(api, tmp_path)
    answer = Answer(question_id="q", contender="rag", usage=given[0].usage)
    assert seconds(ask("one"), answer) is None


def test_a_batch_of_questions_that_failed_is_not_sent_again_line_by_line(api: FakeApi, tmp_path: Path) -> None:
    """The replies of its batch are there when each question is asked alone."""

    class Broken:
        name = "rag"

        def __init__(self) -> None:
            self.generator = load_generator(batching(api))
            self.generator._batches._first_poll_s = 0.001  # type: ignore[union-attr]

        def answer(self, questions: list[Question]) -> list[Answer]:
            prompts = [Prompt(messages=(Message(role="user", content=one.text),)) for one in questions]
            given = self.generator.generate(prompts, SETTINGS)
            if len(questions) > 1:
                raise RuntimeError("the index failed")
            return [Answer(question_id=questions[0].id, contender="rag", text=given[0].text)]

    with counting(Ledger(lambda model: PRICE)) as ledger:
        ledger.keep_in(tmp_path)
        with asking_in("answer", "rag"):
            answers = ask_all(Broken(), [ask(word) for word in WORDS])
    assert [answer.text for answer in answers] == ECHOED and len(api.batches.created) == 1
    assert [request.path for request in api.requests if "chat" in request.path] == []
    assert ledger.spending().total.calls == len(WORDS)


@pytest.mark.parametrize("stage", ["latency", "load"])
def test_latency_is_never_measured_on_a_batch(api: FakeApi, tmp_path: Path, stage: str) -> None:
    """In other stages than those that ask many questions in no hurry, every prompt is a request of its own."""
    given, _ = answered(api, tmp_path, stage)
    assert texts(given) == ECHOED
    assert not api.batches.created
    assert not any(completion.usage.batched for completion in given)


def test_a_session_that_ends_while_it_waits_finds_its_batch_again(api: FakeApi, tmp_path: Path) -> None:
    """The host fails when it is asked how the batch is: the run stops; the next one waits for the same batch."""
    api.batches.on_create = lambda: setattr(api, "fault", Fault(status=500))
    with pytest.raises(LimitReachedError, match="The batch batch-0 could not be followed"):
        answered(api, tmp_path)
    api.fault = None
    given, spending = answered(api, tmp_path)
    assert texts(given) == ECHOED
    assert len(api.batches.created) == 1
    assert spending.total.unknown == 0


@pytest.mark.parametrize("left", ["settled", "killed before the answers were stored", "killed after that"])
def test_the_same_requests_are_a_new_batch_once_their_answers_are_stored(
    api: FakeApi, tmp_path: Path, left: str
) -> None:
    """Who asks again wants other answers. Until then they come from the first batch, or until the stage has ended."""
    answered(api, tmp_path, settled=left == "settled")
    if left == "killed after that":
        with counting(Ledger(lambda model: PRICE)) as ledger, asking_in("answer", "rag"):
            ledger.keep_in(tmp_path)
            settle(is_finished=True)
    given, spending = answered(api, tmp_path)
    n_batches = 1 if "before" in left else 2
    assert texts(given) == ECHOED and len(api.batches.created) == n_batches
    assert spending.total.calls == n_batches * len(WORDS)


def test_a_batch_whose_id_was_never_told_is_found_in_the_hosts_list(api: FakeApi, tmp_path: Path) -> None:
    """The connection breaks between the creation of the batch and its answer; another batch was made since."""

    def lost() -> None:
        api.fault = Fault(status=500)
        raise OSError("cut off")

    api.batches.on_create = lost
    with pytest.raises(LimitReachedError, match="The batch could not be sent"):
        answered(api, tmp_path)
    with pytest.raises(LimitReachedError, match="the host does not say what became of it"):
        answered(api, tmp_path)
    api.fault, api.batches.on_create = None, lambda: None
    answered(api, tmp_path / "another run", words=["five", "six"])
    given, _ = answered(api, tmp_path)
    assert texts(given) == ECHOED
    assert len(api.batches.created) == 2


def test_an_expired_batch_keeps_what_it_has(api: FakeApi, tmp_path: Path) -> None:
    """The run says so and stops; the next session sends the other lines only."""
    api.batches.fates = ["expired"]
    with pytest.raises(LimitReachedError, match="The batch batch-0 is expired: 2 of 4 lines were answered"):
        answered(api, tmp_path)
    given, spending = answered(api, tmp_path)
    assert texts(given) == ECHOED
    assert len(api.batches.created) == 2
    assert spending.total.calls == len(WORDS)
    answered(api, tmp_path)
    assert len(api.batches.created) == 2


def test_a_refused_batch_costs_nothing_and_is_sent_again_when_asked(api: FakeApi, tmp_path: Path) -> None:
    """The host's reason is in the message; each session tries once."""
    api.batches.fates = ["failed", "failed"]
    for n in (1, 2):
        with pytest.raises(LimitReachedError, match=r"is failed.*takes no batches.*0 of 4"):
            answered(api, tmp_path)
        assert len(api.batches.created) == n
    given, spending = answered(api, tmp_path)
    assert (texts(given), spending.total.calls) == (ECHOED, len(WORDS))


@pytest.mark.parametrize("reported", [{}, {"usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}}])
def test_a_batch_whose_replies_report_no_tokens_counts_at_its_most(
    api: FakeApi, tmp_path: Path, reported: dict[str, Any]
) -> None:
    """Not as free, and not either where they report 0."""
    create = api.batches._create
    api.batches._create = lambda order, complete: create(  # type: ignore[method-assign]
        order, lambda body: {name: value for name, value in complete(body).items() if name != "usage"} | reported
    )
    given, spending = answered(api, tmp_path)
    assert (texts(given), spending.total.calls) == (ECHOED, len(WORDS))
    assert spending.total.usd > 0.5 * len(WORDS) * SETTINGS.max_new_tokens * 4.0 / 1e6


def test_a_time_out_at_the_host_says_nothing_of_the_batch(api: FakeApi, tmp_path: Path) -> None:
    """408 came after the batch was made: it counts at its most, and the next session finds it and counts it."""
    create = api.batches._create

    def timed_out(order: dict[str, Any], complete: Any) -> tuple[int, str]:
        create(order, complete)
        return 408, '{"error": {"message": "timed out"}}'

    api.batches._create = timed_out  # type: ignore[method-assign]
    with pytest.raises(LimitReachedError, match="The batch could not be sent"):
        answered(api, tmp_path)
    api.batches._create = create  # type: ignore[method-assign]
    given, spending = answered(api, tmp_path)
    assert (texts(given), len(api.batches.created)) == (ECHOED, 1)
    assert spending.total.calls == len(WORDS) and spending.total.usd > 0


@pytest.mark.parametrize("reply", ["{}", '{"object": "batch"}', '{"id": 7, "status": "validating"}', '{"id": "b"}'])
def test_a_batch_made_without_a_word_of_its_id_is_found_at_once(api: FakeApi, tmp_path: Path, reply: str) -> None:
    """The host answered 200 without what a batch has: its list says whether there is one, and no second one is sent."""
    create = api.batches._create

    def silent(order: dict[str, Any], complete: Any) -> tuple[int, str]:
        create(order, complete)
        return 200, reply

    api.batches._create = silent  # type: ignore[method-assign]
    given, spending = answered(api, tmp_path)
    assert (texts(given), len(api.batches.created), spending.total.calls) == (ECHOED, 1, len(WORDS))


def test_a_batch_that_nobody_shows_stops_the_run_and_is_sent_again(api: FakeApi, tmp_path: Path) -> None:
    """A 200 that made nothing: it counts at its most until the next session does not find it in the list either."""
    create = api.batches._create
    api.batches._create = lambda order, complete: (200, '{"ok": true}')  # type: ignore[method-assign]
    with pytest.raises(LimitReachedError, match="/batches answered without id and status"):
        answered(api, tmp_path)
    api.batches._create = create  # type: ignore[method-assign]
    given, spending = answered(api, tmp_path)
    assert (texts(given), len(api.batches.created), spending.total.calls) == (ECHOED, 1, len(WORDS))


def test_a_file_without_an_id_is_no_batch(api: FakeApi, tmp_path: Path) -> None:
    """Nothing was ordered, so nothing is paid for."""
    api.batches._upload = lambda content: (200, '{"object": "file"}')  # type: ignore[method-assign]
    with pytest.raises(LimitReachedError, match="/files answered without id"):
        answered(api, tmp_path)
    with counting(Ledger(lambda model: PRICE)) as ledger:
        assert ledger.keep_in(tmp_path).total.calls == 0


def test_a_look_that_shows_no_batch_stops_the_run_until_the_host_is_well(api: FakeApi, tmp_path: Path) -> None:
    """Its state is unknown, so the next session asks again."""
    look = api.batches._look
    api.batches._look = lambda name: (200, '{"object": "error"}')  # type: ignore[method-assign]
    with pytest.raises(LimitReachedError, match=r"could not be followed.*answered without id and status"):
        answered(api, tmp_path)
    api.batches._look = look  # type: ignore[method-assign]
    given, _ = answered(api, tmp_path)
    assert (texts(given), len(api.batches.created)) == (ECHOED, 1)


def test_lines_of_another_form_are_asked_alone(api: FakeApi, tmp_path: Path) -> None:
    """A line without a reply, one that is no object, and one of nobody's."""
    create = api.batches._create

    def damaged(order: dict[str, Any], complete: Any) -> tuple[int, str]:
        sent = create(order, complete)
        lines = api.batches._files["output-0"].splitlines()
        name = json.loads(lines[0])["custom_id"]
        lines[0] = json.dumps({"custom_id": name, "response": {"status_code": 200}})
        lines[1] = json.dumps({"custom_id": ["?"], "response": "none"})
        api.batches._files["output-0"] = "\n".join([*lines, "[]", "cut {"])
        return sent

    api.batches._create = damaged  # type: ignore[method-assign]
    given, _ = answered(api, tmp_path)
    assert texts(given) == ECHOED
    assert [completion.usage.batched for completion in given] == [False, False, True, True]


def test_errors_of_another_form_stop_the_run_with_its_state(api: FakeApi, tmp_path: Path) -> None:
    """What the host says of its errors may be anything."""
    api.batches.fates = ["failed"]
    create = api.batches._create

    def worded(order: dict[str, Any], complete: Any) -> tuple[int, str]:
        sent = create(order, complete)
        api.batches.created[0]["errors"] = {"data": ["no such model"]}
        return sent

    api.batches._create = worded  # type: ignore[method-assign]
    with pytest.raises(LimitReachedError, match="The batch batch-0 is failed: 0 of 4 lines were answered"):
        answered(api, tmp_path)


def test_lines_that_failed_are_asked_alone(api: FakeApi, tmp_path: Path) -> None:
    """At the full price, and only those."""
    api.batches.n_failing = 1
    given, spending = answered(api, tmp_path)
    assert texts(given) == ECHOED
    assert [request.body["messages"][0]["content"] for request in api.requests if "chat" in request.path] == ["one"]
    assert [completion.usage.batched for completion in given] == [False, True, True, True]
    assert spending.total.calls == len(WORDS)


def test_equal_prompts_are_lines_of_their_own(api: FakeApi, tmp_path: Path) -> None:
    """So that a model that draws its answers draws each."""
    given, spending = answered(api, tmp_path, words=["one", "one", "two"])
    assert texts(given) == ["you said one", "you said one", "you said two"]
    assert spending.total.calls == 3


def test_a_batch_beyond_the_budget_is_not_sent(api: FakeApi, tmp_path: Path) -> None:
    """All its lines are reserved at once."""
    with pytest.raises(LimitReachedError, match=r"budget\.calls is 3, and 0 calls were made; a batch needs 4 more"):
        answered(api, tmp_path, budget=Budget(calls=3))
    assert api.n_requests == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"api": "ollama", "price": PRICE}, "api: openai"), ({"api": "openai"}, "a price")],
)
def test_batches_need_their_api_and_a_price(settings: dict[str, Any], words: str) -> None:
    """Else they could not save anything."""
    with pytest.raises(ValidationError, match=words):
        ApiModel(base_url="http://127.0.0.1:1/v1", model="m", batch=True, **settings)
