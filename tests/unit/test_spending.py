"""The ledger of paid calls: rows before and after each call, the stop at the cap, replies of killed sessions."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import LimitReachedError
from bakeoff.files import jsonl
from bakeoff.measure.collect import ask as ask_all
from bakeoff.measure.collect import collect_latency
from bakeoff.models.embed import load_embedder
from bakeoff.models.load import load_generator
from bakeoff.models.providers.client import ApiClient, ApiError
from bakeoff.models.settings import ApiModel, TokenPrice
from bakeoff.models.spending.journal import Journal
from bakeoff.models.spending.ledger import Ledger, SpendingStopped, counting, settle
from bakeoff.models.spending.prices import is_paid, usd_of
from bakeoff.models.spending.rows import Budget, Row
from bakeoff.models.spending.tokens import Tokens, counted_in_stream, counted_tokens, most_tokens
from bakeoff.models.spending.who import asking_in, in_role
from bakeoff.records import Answer, GenerationSettings, Message, Prompt, Question, ask
from tests.fake_api import FakeApi, Fault, Recorded

PRICE = TokenPrice(input_tokens=1.0, output_tokens=4.0, cached_input_tokens=0.1)
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hello there"}], "max_tokens": 5}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as server:
        yield server


def paid(api: FakeApi, **more: Any) -> ApiModel:
    return ApiModel(api="openai", base_url=api.url, model="m", price=PRICE, retries=0, **more)


def open_ledger(folder: Path | None, budget: Budget | None = None) -> Ledger:
    ledger = Ledger(lambda model: PRICE, budget)
    if folder:
        ledger.keep_in(folder)
    return ledger


def post(api: FakeApi, word: str = "hello there", **more: Any) -> dict[str, Any]:
    body = {**CHAT, "messages": [{"role": "user", "content": word}]}
    return ApiClient(paid(api, **more), first_wait_s=0.001).post(f"{api.url}/chat/completions", body)


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "spending.jsonl").read_text().splitlines()]


# --- rows


def test_an_intent_is_on_the_disk_before_the_call_arrives(api: FakeApi, tmp_path: Path) -> None:
    """The server finds the intent in the file while it answers; the outcome follows."""
    found: list[dict[str, Any]] = []
    api.reply = lambda messages: found.extend(rows(tmp_path)) or "yes"  # type: ignore[func-returns-value]
    with counting(open_ledger(tmp_path)), asking_in("answer", "rag"):
        post(api)
    (intent,) = found
    assert (intent["row"], intent["contender"], intent["stage"], intent["role"]) == ("intent", "rag", "answer", "test")
    assert [row["row"] for row in rows(tmp_path)] == ["intent", "outcome"]
    outcome = rows(tmp_path)[1]
    assert (outcome["status"], outcome["prompt_tokens"], outcome["completion_tokens"]) == ("done", 2, 1)
    assert outcome["usd"] == pytest.approx(6e-6)
    assert intent["most_usd"] > outcome["usd"]


def test_a_refused_call_is_free_and_an_unanswered_one_costs_its_most(api: FakeApi, tmp_path: Path) -> None:
    """A 400 was not computed; of a broken connection nobody knows."""
    with counting(open_ledger(tmp_path)) as ledger:
        api.fault = Fault(status=400)
        with pytest.raises(ApiError):
            post(api)
        assert ledger.spending().total.calls == 0
        api.fault = Fault(kind="cut off")
        with pytest.raises(ApiError):
            post(api)
        total = ledger.spending().total
    assert (total.calls, total.unknown) == (1, 1)
    assert total.usd == total.unknown_usd == rows(tmp_path)[2]["most_usd"] > 0


def test_every_attempt_has_its_own_rows(api: FakeApi, tmp_path: Path) -> None:
    """A retry after a 503 is a second call; the first one is free."""
    api.fault = Fault(status=503, times=1)
    with counting(open_ledger(tmp_path)) as ledger:
        ApiClient(paid(api).model_copy(update={"retries": 1}), 0.001).post(f"{api.url}/chat/completions", CHAT)
        assert ledger.spending().total.calls == 1
    assert [row.get("status") for row in rows(tmp_path)] == [None, "refused", None, "done"]


def test_cached_tokens_have_their_own_price_and_are_shown(api: FakeApi, tmp_path: Path) -> None:
    """As the server reports them."""
    api.n_cached = 1
    with counting(open_ledger(tmp_path)) as ledger:
        post(api)
        total = ledger.spending().total
    assert total.cached_tokens == 1
    assert total.usd == pytest.approx((1 * 1.0 + 1 * 0.1 + 4 * 4.0) / 1e6)


def test_free_models_and_calls_outside_of_runs_are_not_counted(api: FakeApi, tmp_path: Path) -> None:
    """A server on this machine without a price writes no row."""
    free = ApiModel(api="openai", base_url=api.url, model="m")
    with counting(open_ledger(tmp_path)):
        ApiClient(free).post(f"{api.url}/chat/completions", CHAT)
    post(api)
    assert api.n_requests == 2
    assert not (tmp_path / "spending.jsonl").exists()


@pytest.mark.parametrize(
    ("url", "price", "expected"),
    [
        ("http://127.0.0.1:8000/v1", None, False),
        ("http://gpu-box:8000/v1", None, False),
        ("http://127.0.0.1:8000/v1", PRICE, True),
        ("https://api.example.com/v1", None, True),
    ],
)
def test_what_is_paid_for(url: str, price: TokenPrice | None, expected: bool) -> None:
    """A model with a price, or on the internet."""
    assert is_paid(ApiModel(api="openai", base_url=url, model="m", price=price)) is expected


def test_threads_ask_for_the_one_that_started_them(api: FakeApi, tmp_path: Path) -> None:
    """Contender and role come along into the threads of a batch of prompts."""
    prompts = [Prompt(messages=(Message(role="user", content=str(i)),)) for i in range(6)]
    with counting(open_ledger(tmp_path)) as ledger, asking_in("answer", "rag"), in_role("rewriting"):
        load_generator(paid(api, concurrency=3)).generate(prompts, GenerationSettings())
        (part,) = ledger.spending().parts
    assert (part.contender, part.role, part.calls) == ("rag", "rewriting", 6)


def test_a_key_is_in_no_row(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where the server says it back."""
    monkeypatch.setenv("SOME_KEY", "sk-secret-0123456789")
    api.reply = lambda messages: "your key is sk-secret-0123456789"
    with counting(open_ledger(tmp_path)):
        post(api, key_env="SOME_KEY")
        written = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "your key is [key hidden]"[:11] in written
    assert "sk-secret" not in written


# --- the cap


def test_the_cap_holds_with_many_threads(api: FakeApi, tmp_path: Path) -> None:
    """32 threads ask at once; as many calls leave as the budget has, and the money stays below it."""
    api.delay_s = 0.01
    prompts = [Prompt(messages=(Message(role="user", content=str(i)),)) for i in range(200)]
    generator = load_generator(paid(api, concurrency=32))
    stops = pytest.raises(LimitReachedError, match=r"budget\.calls is 70, and 70 calls were made\.")
    with stops, counting(open_ledger(tmp_path, Budget(calls=70))):
        generator.generate(prompts, GenerationSettings())
    assert api.n_requests == 70
    most = 5 * rows(tmp_path)[0]["most_usd"]
    second = tmp_path / "usd"
    ledger = open_ledger(second, Budget(usd=most))
    with pytest.raises(LimitReachedError, match=r"budget\.usd"), counting(ledger):
        generator.generate(prompts, GenerationSettings())
    total = ledger.spending().total
    assert most - rows(tmp_path)[0]["most_usd"] * 1.1 <= total.usd <= most
    assert total.calls > 5  # calls that came back cheaper than their most made room for others


def test_a_call_waits_for_room_rather_than_stopping(tmp_path: Path) -> None:
    """While another one is under way, its reservation may become free."""
    model = ApiModel(api="openai", base_url="http://127.0.0.1:1/v1", model="m", price=PRICE)
    ledger = open_ledger(tmp_path, Budget(usd=1.5e-6 * 100))
    first = ledger.send(model, "a", Tokens(100))
    left: list[float] = []
    waiting = threading.Thread(target=lambda: left.append(ledger.send(model, "b", Tokens(100)).begun))
    waiting.start()
    time.sleep(0.05)
    assert not left
    ledger.record(first, "done", Tokens(10))
    waiting.join(60)
    assert left
    ledger.close()


def test_earlier_sessions_count(api: FakeApi, tmp_path: Path) -> None:
    """What was spent before, and calls that were under way when it was killed, at their most."""
    ledger = open_ledger(tmp_path)
    model = paid(api)
    ledger.record(ledger.send(model, "a", Tokens(100, 0, 10)), "done", Tokens(50, 0, 5))
    ledger.send(model, "b", Tokens(100, 0, 10))
    ledger.close()  # as a kill would leave it
    again = open_ledger(tmp_path, Budget(calls=2))
    total = again.spending().total
    assert (total.calls, total.unknown) == (2, 1)
    assert total.usd == pytest.approx(usd_of(Tokens(50, 0, 5), PRICE) + usd_of(Tokens(100, 0, 10), PRICE))
    with pytest.raises(SpendingStopped, match=r"2 calls were made \(1 of them with an unknown outcome\)"):
        again.send(model, "c", Tokens(1))
    again.close()


def test_probes_before_there_is_a_folder_are_written_later(api: FakeApi, tmp_path: Path) -> None:
    """They count, after the rows of earlier sessions."""
    with counting(open_ledger(tmp_path)):
        post(api)
    with counting(open_ledger(None)) as ledger:
        post(api)
        ledger.keep_in(tmp_path)
        assert ledger.spending().total.calls == 2
    assert [row["id"] for row in rows(tmp_path)] == [1, 1, 2, 2]


def test_the_budget_holds_before_there_is_a_folder(api: FakeApi, tmp_path: Path) -> None:
    """Models are tested within it, with what earlier sessions have spent."""
    with counting(open_ledger(tmp_path, Budget(calls=2))):
        post(api)
    ledger = open_ledger(None, Budget(calls=2))
    ledger.count_before(tmp_path)
    with pytest.raises(LimitReachedError, match=r"budget\.calls is 2, and 2 calls were made"), counting(ledger):
        post(api)
        post(api)
    assert api.n_requests == 2


# --- replies


def test_a_reply_is_taken_again_until_its_answer_is_stored(api: FakeApi, tmp_path: Path) -> None:
    """A session that was killed has paid for it; once the answers are stored, the same request is a new one."""
    with counting(open_ledger(tmp_path)), asking_in("answer", "rag"):
        first = post(api)
    with counting(open_ledger(tmp_path)), asking_in("answer", "rag"):
        assert post(api) == first
        assert api.n_requests == 1
        post(api)  # each reply is given once
        assert api.n_requests == 2
        settle()
    assert not (tmp_path / "spending.replies.jsonl").exists()
    with counting(open_ledger(tmp_path)), asking_in("answer", "rag"):
        post(api)
    assert api.n_requests == 3


@pytest.mark.parametrize(("stage", "contender"), [("answer", "base"), ("calibrate", "rag")])
def test_a_reply_belongs_to_its_contender_and_stage(api: FakeApi, tmp_path: Path, stage: str, contender: str) -> None:
    """The same request of another one is paid for."""
    with counting(open_ledger(tmp_path)), asking_in("answer", "rag"):
        post(api)
    with counting(open_ledger(tmp_path)), asking_in(stage, contender):
        post(api)
    assert api.n_requests == 2


def test_latency_is_never_taken_from_the_ledger(api: FakeApi, tmp_path: Path) -> None:
    """A killed session's reply is not used where time is measured, and waiting for the ledger is no latency."""

    class Asks:
        name = "rag"

        def answer(self, questions: list[Question]) -> list[Answer]:
            post(api)
            return [Answer(question_id=question.id, contender="rag") for question in questions]

    questions = [ask("one").model_copy(update={"id": str(i)}) for i in range(2)]
    for session in (1, 2):
        with counting(open_ledger(tmp_path / "run")) as ledger, asking_in("latency", "rag"):
            ledger.own_seconds = 0.0
            path = tmp_path / f"{session}.jsonl"
            collect_latency(Asks(), questions, path, lambda done, total: None)
        assert api.n_requests == 2 * session
    api.delay_s = 0.0
    slow = open_ledger(tmp_path / "slow")
    plain = slow._journal.add  # type: ignore[union-attr]

    def add(line: bytes, wait: bool = True) -> None:
        time.sleep(0.2)
        plain(line, wait)

    slow._journal.add = add  # type: ignore[union-attr,method-assign]
    with counting(slow), asking_in("latency", "rag"):
        collect_latency(Asks(), questions, tmp_path / "slow.jsonl", lambda done, total: None)
    (measured,) = jsonl.read(tmp_path / "slow.jsonl", Answer)
    assert measured.latency_ms is not None
    assert 0 < measured.latency_ms < 400  # each call waits twice for 200 ms, which is not in it


def test_an_earlier_reply_keeps_the_time_it_took(api: FakeApi, tmp_path: Path) -> None:
    """Else an answer of a resumed run would seem to take no time at all."""
    api.delay_s = 0.3
    prompts = [Prompt(messages=(Message(role="user", content="hello"),))]
    for _ in range(2):
        with counting(open_ledger(tmp_path)), asking_in("answer", "rag"):
            (given,) = load_generator(paid(api, concurrency=1)).generate(prompts, GenerationSettings())
        assert given.usage.seconds >= 0.3
    assert api.n_requests == 1


def test_what_a_failed_batch_has_paid_for_is_not_paid_again(api: FakeApi, tmp_path: Path) -> None:
    """Neither what this session has paid for, nor what it was given of a killed one; with the time that it took."""
    questions = [ask("one"), ask("two")]

    class Broken:
        name = "rag"

        def answer(self, asked: list[Question]) -> list[Answer]:
            prompts = [Prompt(messages=(Message(role="user", content=one.text),)) for one in asked]
            given = load_generator(paid(api, concurrency=1)).generate(prompts, GenerationSettings())
            if len(asked) > 1:
                raise RuntimeError("the index failed")
            return [Answer(question_id=asked[0].id, contender="rag", usage=given[0].usage)]

    api.delay_s = 0.2
    for _ in range(2):  # the second session is given the replies of the first one, whose answers were not stored
        with counting(open_ledger(tmp_path)) as ledger, asking_in("answer", "rag"):
            answers = ask_all(Broken(), questions)
        assert all(answer.error is None and answer.usage.seconds >= 0.2 for answer in answers)
        assert (api.n_requests, ledger.spending().total.calls) == (2, 2)


def test_the_time_of_an_earlier_embedding_is_none_of_an_answer(api: FakeApi, tmp_path: Path) -> None:
    """Both are asked in the same thread where there is one of each."""
    prompts = [Prompt(messages=(Message(role="user", content="hello"),))]
    for _ in range(2):
        with counting(open_ledger(tmp_path)), asking_in("answer", "rag"):
            api.delay_s = 0.5
            load_embedder(paid(api)).embed_queries(["hello"])
            api.delay_s = 0.0
            (given,) = load_generator(paid(api)).generate(prompts, GenerationSettings())
            assert given.usage.seconds < 0.5
    assert api.n_requests == 2


def test_an_outcome_that_a_kill_left_in_the_replies_is_counted(api: FakeApi, tmp_path: Path) -> None:
    """The reply is on the disk before the outcome: a kill between the two loses neither."""
    with counting(open_ledger(tmp_path)), asking_in("answer", "rag"):
        post(api)
    path = tmp_path / "spending.jsonl"
    path.write_text(path.read_text().splitlines(keepends=True)[0] + '{"row": "outc')
    with counting(open_ledger(tmp_path)) as ledger, asking_in("answer", "rag"):
        post(api)
        total = ledger.spending().total
    assert (api.n_requests, total.calls, total.unknown) == (1, 1, 0)


def test_a_finished_stage_leaves_no_replies(api: FakeApi, tmp_path: Path) -> None:
    """Others stay until their stage has its turn."""
    with counting(open_ledger(tmp_path)):
        for stage in ("calibrate", "answer"):
            with asking_in(stage, "rag"):
                post(api)
    with counting(open_ledger(tmp_path)):
        with asking_in("calibrate", "rag"):
            settle(is_finished=True)
        with asking_in("answer", "rag"):
            post(api)
    assert api.n_requests == 2
    written = (tmp_path / "spending.replies.jsonl").read_text()
    assert ('"stage":"calibrate"' in written, '"stage":"answer"' in written) == (False, True)


# --- quota


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, '{"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}}'),
        (402, '{"error": {"message": "Payment required"}}'),
        (400, '{"error": {"message": "Your credit balance is too low to access the API."}}'),
    ],
)
def test_a_quota_that_is_used_up_stops_the_run(api: FakeApi, tmp_path: Path, status: int, body: str) -> None:
    """Once, without retries, rather than failing every question; elsewhere it is an error of the request."""
    api.fault = Fault(status=status, body=body)
    prompts = [Prompt(messages=(Message(role="user", content=str(i)),)) for i in range(9)]
    generator = load_generator(paid(api, concurrency=1).model_copy(update={"retries": 3}))
    with (
        pytest.raises(LimitReachedError, match=r"the quota of m at 127\.0\.0\.1 is used up"),
        counting(open_ledger(tmp_path)),
    ):
        generator.generate(prompts, GenerationSettings())
    assert api.n_requests == 1
    assert all(completion.error for completion in generator.generate(prompts, GenerationSettings()))


QUOTA = {"error": {"code": 402, "message": "Insufficient credits"}}


@pytest.mark.parametrize("protocol", ["openai", "anthropic", "google", "ollama"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_quota_that_is_used_up_inside_a_200_stops_the_run(tmp_path: Path, protocol: str, streamed: bool) -> None:
    """Gateways answer 200 and put the error inside, in a stream also after the first words."""
    lines = (json.dumps(QUOTA),) if protocol == "ollama" else (": ping", f"data: {json.dumps(QUOTA)}")
    answer = Recorded(lines=lines) if streamed else Recorded(body=QUOTA)
    prompt = Prompt(messages=(Message(role="user", content="hello"),))
    with FakeApi(recorded=[answer]) as server:
        model = ApiModel(api=protocol, base_url=server.base_url(protocol), model="m", price=PRICE, retries=3)  # type: ignore[arg-type]
        generator = load_generator(model)

        def ask_for() -> list[Any]:
            if streamed:
                return list(generator.stream(prompt, GenerationSettings()))  # type: ignore[attr-defined]
            return generator.generate([prompt] * 3, GenerationSettings())

        with (
            pytest.raises(LimitReachedError, match=r"the quota of m at .* is used up.*Insufficient credits"),
            counting(open_ledger(tmp_path)),
        ):
            ask_for()
        assert server.n_requests == 1 or not streamed
        if streamed:
            with pytest.raises(ApiError, match="Insufficient credits"):
                ask_for()
        else:
            assert all("Insufficient credits" in completion.error for completion in ask_for())


# --- tokens


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ({"usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}}, Tokens(9, 0, 2)),
        (
            {"usage": {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}},
            Tokens(9, 4, 2),
        ),
        ({"usage": {"prompt_tokens": 9, "prompt_cache_hit_tokens": 5, "completion_tokens": 1}}, Tokens(9, 5, 1)),
        (
            {"usage": {"input_tokens": 9, "output_tokens": 2, "cache_read_input_tokens": 100}},
            Tokens(109, 100, 2),
        ),
        (
            {"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 2, "thoughtsTokenCount": 30}},
            Tokens(9, 0, 32),
        ),
        ({"done": True, "prompt_eval_count": 9, "eval_count": 2}, Tokens(9, 0, 2)),
        ({"usage": {"total_tokens": 12}, "data": []}, Tokens(12, 0, 0)),
        ({"meta": {"billed_units": {"input_tokens": 7, "output_tokens": 3}}}, Tokens(7, 0, 3)),
        ({"choices": []}, None),
        ({"meta": {"billed_units": {"input_tokens": 0, "search_units": 1}}}, Tokens(searches=1)),
        ({"usageMetadata": {"promptTokenCount": 9}, "promptFeedback": {"blockReason": "SAFETY"}}, Tokens(9)),
    ],
)
def test_token_counts_of_every_protocol(reply: dict[str, Any], expected: Tokens | None) -> None:
    """OpenAI, DeepSeek, Anthropic, Google, Ollama, embeddings, Cohere; none where none are reported."""
    assert counted_tokens(reply) == expected


def worded(protocol: str, words: str, n_prompt: int, n_new: int) -> dict[str, Any]:
    """A reply of a protocol, with these counts."""
    if protocol == "anthropic":
        usage = {"input_tokens": n_prompt, "output_tokens": n_new, "cache_read_input_tokens": 0}
        blocks = [{"type": "text", "text": words}]
        return {"type": "message", "content": blocks, "stop_reason": "end_turn", "usage": usage}
    if protocol == "google":
        counts = {"promptTokenCount": n_prompt, "candidatesTokenCount": n_new, "totalTokenCount": n_prompt + n_new}
        candidate = {"content": {"parts": [{"text": words}]}, "finishReason": "STOP"}
        return {"candidates": [candidate], "usageMetadata": counts}
    if protocol == "ollama":
        counts = {"prompt_eval_count": n_prompt, "eval_count": n_new}
        return {"message": {"content": words}, "done": True, "done_reason": "stop", **counts}
    usage = {"prompt_tokens": n_prompt, "completion_tokens": n_new, "total_tokens": n_prompt + n_new}
    return {"choices": [{"message": {"content": words}, "finish_reason": "stop"}], "usage": usage}


def streamed(protocol: str, words: str, n_prompt: int, n_new: int) -> Recorded:
    """The same as a stream."""
    whole = worded(protocol, words, n_prompt, n_new)
    events = [whole]
    if protocol == "anthropic":
        usage = whole["usage"]
        events = [
            {"type": "message_start", "message": {"model": "m", "content": [], "usage": usage}},
            {"type": "content_block_delta", "delta": {"type": "text_delta", "text": words}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": n_new}},
        ]
    if protocol == "openai":
        choice = {"delta": {"content": words}, "finish_reason": "stop"}
        events = [{"choices": [choice]}, {"choices": [], "usage": whole["usage"]}]
    head = "" if protocol == "ollama" else "data: "
    return Recorded(lines=tuple(head + json.dumps(event) for event in events))


@pytest.mark.parametrize("protocol", ["openai", "anthropic", "google", "ollama"])
@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("counts", [(0, 0), (9, 0), (0, 2), (10**400, 2), (9, 10**400), (10**12 + 1, 2)])
def test_counts_that_cannot_be_are_none(
    tmp_path: Path, protocol: str, is_stream: bool, counts: tuple[int, int]
) -> None:
    """None for a prompt or for words, or more than anybody counts: the call counts at its most, its answer estimated.

    Nobody waits for it: the next one may be sent.
    """
    words = "yes, it is"
    answer = streamed(protocol, words, *counts) if is_stream else Recorded(body=worded(protocol, words, *counts))
    prompt = Prompt(messages=(Message(role="user", content="hello there"),))
    with FakeApi(recorded=[answer]) as server, counting(open_ledger(tmp_path)) as ledger:
        model = ApiModel(api=protocol, base_url=server.base_url(protocol), model="m", price=PRICE, retries=0)  # type: ignore[arg-type]
        generator = load_generator(model)
        if is_stream:
            *_, completion = generator.stream(prompt, GenerationSettings())  # type: ignore[attr-defined]
        else:
            (completion,) = generator.generate([prompt], GenerationSettings())
        total = ledger.spending().total
        assert not ledger._n_under_way
    most = rows(tmp_path)[0]["most_usd"]
    assert completion.text == words
    believed = tuple(n if 0 < n <= 10**12 else 3 for n in counts)
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == believed
    assert total.usd == pytest.approx(most) and most > 0 and total.calls == 1


def test_an_empty_answer_may_have_no_tokens() -> None:
    """Its prompt has some all the same. Of a server that is free, no number of tokens costs anything."""
    for protocol in ("openai", "anthropic", "google", "ollama"):
        assert counted_tokens(worded(protocol, "", 9, 0)) == Tokens(9)
        assert counted_tokens(worded(protocol, "", 0, 0)) is None
    assert usd_of(Tokens(1000, 0, 1000), TokenPrice(input_tokens=0, output_tokens=0)) == 0


@pytest.mark.parametrize(
    ("path", "body", "reply"),
    [
        ("embeddings", {"model": "e", "input": ["hello"]}, {"data": [], "usage": {"prompt_tokens": 0}}),
        ("embed", {"model": "e", "texts": ["hello"]}, {"meta": {"billed_units": {"input_tokens": 0}}}),
        ("rerank", {"model": "r", "query": "a", "documents": ["b"]}, {"results": [], "usage": {"total_tokens": 0}}),
    ],
)
def test_vectors_and_scores_of_no_tokens_count_at_their_most(
    tmp_path: Path, path: str, body: dict[str, Any], reply: dict[str, Any]
) -> None:
    with FakeApi(recorded=[Recorded(body=reply)]) as server, counting(open_ledger(tmp_path)) as ledger:
        ApiClient(paid(server)).post(f"{server.url}/{path}", body)
        assert ledger.spending().total.usd == rows(tmp_path)[0]["most_usd"] > 0


def test_the_cap_holds_if_a_server_reports_no_tokens(tmp_path: Path) -> None:
    """122 calls were counted as 0 US dollars."""
    with FakeApi(recorded=[Recorded(body=worded("openai", "yes", 0, 0))] * 50) as server:
        ledger = open_ledger(tmp_path, Budget(usd=0.001))
        with pytest.raises(LimitReachedError, match="stopped at its budget"), counting(ledger):
            for i in range(50):
                post(server, f"hello {i}")
        assert 0 < server.n_requests < 50


RERANKING = {"model": "r", "query": "what is it", "documents": ["short", "x" * 2000]}


@pytest.mark.parametrize(
    ("price", "usd", "is_estimate"),
    [
        ({"input_tokens": 0, "output_tokens": 0, "searches": 2.0}, 0.002, False),
        ({"input_tokens": 1.0, "output_tokens": 0}, len(json.dumps(RERANKING)) / 1e6, True),
    ],
)
def test_searches_have_a_price_of_their_own(
    tmp_path: Path, price: dict[str, float], usd: float, is_estimate: bool
) -> None:
    """As Cohere counts them. A price for tokens says nothing of searches: such a call counts at its most."""
    reply = {"results": [], "meta": {"billed_units": {"search_units": 1}}}
    with FakeApi(recorded=[Recorded(body=reply)]) as server:
        settings = TokenPrice.model_validate(price)
        model = ApiModel(api="cohere", base_url=server.url, model="r", price=settings, retries=0)
        account = Ledger(lambda model: settings)
        account.keep_in(tmp_path)
        with counting(account):
            ApiClient(model).post(f"{server.url}/rerank", RERANKING)
    intent, outcome = rows(tmp_path)
    assert (outcome["usd"], outcome.get("is_estimate", False)) == (pytest.approx(usd), is_estimate)
    assert intent["most_usd"] >= outcome["usd"] > 0


def test_the_most_searches_of_a_request() -> None:
    """100 passages of up to 500 tokens with the question each; no token is shorter than a byte."""
    body = {"query": "q" * 100, "documents": ["x" * 400] * 100}
    assert most_tokens(b"", body, 8192).searches == 1
    assert most_tokens(b"", {**body, "documents": ["x" * 401] * 51}, 8192).searches == 2
    assert most_tokens(b"", {"query": "q", "texts": ["x"]}, 8192).searches == 0


def test_token_counts_of_streams() -> None:
    """OpenAI's last event has them all; Anthropic's first one has the prompt's, later ones what was written so far."""
    openai = ['data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}', "data: [DONE]"]
    anthropic = [
        'data: {"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}}}',
        'data: {"type": "message_delta", "usage": {"output_tokens": 7}}',
    ]
    assert counted_in_stream(openai) == Tokens(9, 0, 2)
    assert counted_in_stream(anthropic) == Tokens(9, 0, 7)
    assert counted_in_stream(["data: {}"]) is None


@pytest.mark.parametrize(
    ("body", "completion"),
    [
        ({"messages": [], "max_tokens": 5}, 5),
        ({"messages": [], "max_completion_tokens": 6}, 6),
        ({"messages": [], "options": {"num_predict": 7}}, 7),
        ({"contents": [], "generationConfig": {"maxOutputTokens": 8}}, 8),
        ({"messages": []}, 1000),
        ({"input": ["text"]}, 0),
    ],
)
def test_the_most_tokens_of_a_request(body: dict[str, Any], completion: int) -> None:
    """A token for each byte, and what the request lets the model write; the context where it says nothing."""
    assert most_tokens(b"x" * 40, body, 1000) == Tokens(40, 0, completion)


# --- the journal


def test_a_journal_keeps_the_lines_of_many_threads_with_few_flushes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line is there when `add` returns, and lines that wait together are flushed together."""
    flushed: list[int] = []

    def fsync(descriptor: int) -> None:
        flushed.append(descriptor)
        time.sleep(0.005)

    monkeypatch.setattr("bakeoff.models.spending.journal.os.fsync", fsync)
    path = tmp_path / "lines"
    journal = Journal(path)

    def write(thread: int) -> None:
        for i in range(20):
            journal.add(f"{thread}-{i}".encode())
            assert f"{thread}-{i}\n" in path.read_text()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    assert len(set(path.read_text().splitlines())) == 320
    assert len(flushed) < 160


def test_a_full_disk_is_an_error_and_costs_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that could not be written comes with the next one."""
    path = tmp_path / "lines"
    journal = Journal(path)
    full = True

    def fsync(descriptor: int) -> None:
        if full:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("bakeoff.models.spending.journal.os.fsync", fsync)
    with pytest.raises(OSError, match="No space"):
        journal.add(b"one")
    assert path.read_text() == ""
    full = False
    journal.add(b"two")
    journal.close()
    assert path.read_text() == "one\ntwo\n"


def test_a_half_row_of_a_kill_is_cut_off(tmp_path: Path) -> None:
    """The rows before it count."""
    ledger = open_ledger(tmp_path)
    model = ApiModel(api="openai", base_url="http://127.0.0.1:1/v1", model="m", price=PRICE)
    ledger.record(ledger.send(model, "a", Tokens(5)), "done", Tokens(5))
    ledger.close()
    with (tmp_path / "spending.jsonl").open("ab") as file:
        file.write(b'{"row":"int')
    again = open_ledger(tmp_path)
    assert again.spending().total.calls == 1
    again.close()
    assert [row.row for row in jsonl.read(tmp_path / "spending.jsonl", Row)] == ["intent", "outcome"]


def test_a_journal_is_replaced_while_others_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is written into a closed file, and whatever is added afterwards is there."""
    journal, plain = Journal(tmp_path / "lines"), Journal._write

    def slow(self: Journal, content: bytes) -> None:
        time.sleep(0.0005)
        plain(self, content)

    monkeypatch.setattr(Journal, "_write", slow)
    errors: list[BaseException] = []

    def add(name: int) -> None:
        try:
            for i in range(60):
                journal.add(f"{name} {i}".encode())
        except BaseException as error:  # noqa: BLE001  (shown below)
            errors.append(error)

    threads = [threading.Thread(target=add, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        journal.replace("kept\n")
    for thread in threads:
        thread.join()
    journal.add(b"last")
    journal.close()
    assert not errors
    lines = (tmp_path / "lines").read_text().splitlines()
    assert (lines[0], lines[-1]) == ("kept", "last")


def test_a_reply_whose_outcome_is_not_written_yet_is_not_settled(tmp_path: Path) -> None:
    """A thread that settles waits for one that is between the two: a kill there would pay for the call again."""
    ledger, between, go_on = open_ledger(tmp_path), threading.Event(), threading.Event()
    model = ApiModel(api="openai", base_url="https://llm.example/v1", model="m", price=PRICE)
    sent, plain = ledger.send(model, "a", Tokens(1)), ledger._write

    def held(row: Row, wait: bool = True) -> None:
        between.set()
        go_on.wait(30)
        plain(row, wait)

    ledger._write = held  # type: ignore[method-assign]
    writing = threading.Thread(target=ledger.record, args=(sent, "done", Tokens(1)), kwargs={"text": "yes"})
    writing.start()
    between.wait(30)
    settling = threading.Thread(target=ledger.settle)
    settling.start()
    settling.join(0.05)
    assert '"text":"yes"' in (tmp_path / "spending.replies.jsonl").read_text()
    go_on.set()
    writing.join(30)
    settling.join(30)
    assert [row["row"] for row in rows(tmp_path)] == ["intent", "outcome"]
    assert (tmp_path / "spending.replies.jsonl").read_text() == ""
    ledger.close()


def test_an_outcome_that_cannot_be_made_leaves_nobody_waiting_for_room(tmp_path: Path) -> None:
    """Whatever fails when a call comes back, it is under way no more."""
    model = ApiModel(api="openai", base_url="https://llm.example/v1", model="m", price=PRICE)
    ledger = open_ledger(tmp_path, Budget(calls=1))
    with pytest.raises(OverflowError):
        ledger.record(ledger.send(model, "a", Tokens(1)), "done", Tokens(10**400))
    with pytest.raises(SpendingStopped, match=r"budget\.calls is 1"):
        ledger.send(model, "b", Tokens(1))


@pytest.mark.parametrize("failing", ["intent", "outcome"])
def test_a_full_disk_leaves_nobody_waiting_for_room(tmp_path: Path, failing: str) -> None:
    """The call that could not be written down is under way no more, so that others stop at the budget."""
    model = ApiModel(api="openai", base_url="https://llm.example/v1", model="m", price=PRICE)
    ledger = open_ledger(tmp_path, Budget(calls=1))
    plain = ledger._write

    def full(row: Row, wait: bool = True) -> None:
        if row.row == failing:
            raise OSError(28, "No space left on device")
        plain(row, wait)

    ledger._write = full  # type: ignore[method-assign]
    with pytest.raises(OSError, match="No space"):
        ledger.record(ledger.send(model, "a", Tokens(1)), "done", Tokens(1))
    with pytest.raises(SpendingStopped, match=r"budget\.calls is 1"):
        ledger.send(model, "b", Tokens(1))
