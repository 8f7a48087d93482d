"""The API on the wire, as curl sees it: chunks, events, errors and their statuses."""

import asyncio
import base64
import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bakeoff.serve.guard.body import BodyLimits
from bakeoff.serve.keys import Holder
from bakeoff.serve.openai.requests import MOST_QUESTION_CHARACTERS
from bakeoff.serve.openai.routes import OpenAiApi, exception_handlers
from bakeoff.serve.openai.sse import event
from bakeoff.serve.start import Listening
from tests.serving import Scripted, served

TEXT = "Kettles may be returned within 30 days. [1]"
ASK = {"model": "shop", "messages": [{"role": "user", "content": "How long may a kettle be returned?"}]}


@pytest.fixture(scope="module")
def scripted() -> Scripted:
    """One contender for all tests of this file."""
    return Scripted()


@pytest.fixture(scope="module")
def address(scripted: Scripted) -> Iterator[str]:
    """A running server."""
    with served(scripted) as url:
        yield url


@pytest.fixture
def client(address: str) -> Iterator[httpx2.Client]:
    """A plain client of the server."""
    with httpx2.Client(base_url=address, timeout=20) as client:
        yield client


def about(words: str, **more: Any) -> dict[str, Any]:
    """A chat request whose question has these words."""
    content = f"Please tell me everything of {words} in full"
    return {"model": "shop", "messages": [{"role": "user", "content": content}], **more}


def events(text: str) -> list[dict[str, Any]]:
    """The JSON values of a stream."""
    data = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in data if line != "[DONE]"]


def error_of(reply: httpx2.Response) -> dict[str, Any]:
    """The error object of a reply: its keys are OpenAI's."""
    error = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


def test_a_completion_has_the_text_its_citation_and_its_tokens(client):
    """The annotation's span is the mark in the text, its link the passage in this version of the document."""
    reply = client.post("/v1/chat/completions", json=ASK).json()
    message = reply["choices"][0]["message"]
    (annotation,) = message["annotations"]
    citation = annotation["url_citation"]
    assert message["content"] == TEXT
    assert TEXT[citation["start_index"] : citation["end_index"]] == "[1]"
    assert citation["url"] == f"{str(client.base_url).rstrip('/')}/documents/returns?version=4&start=10&end=49#span"
    assert reply["usage"] == {"prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27}
    assert reply["bakeoff"]["answer"] == "Kettles may be returned within 30 days."


def test_the_chunks_of_a_stream(client):
    """Role, texts, one chunk of annotations, the reason for the end; no usage that was not asked for; [DONE]."""
    reply = client.post("/v1/chat/completions", json={**ASK, "stream": True})
    chunks = events(reply.text)
    choices = [chunk["choices"][0] for chunk in chunks]
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.text.endswith("data: [DONE]\n\n")
    assert choices[0]["delta"]["role"] == "assistant"
    assert "".join(choice["delta"].get("content", "") for choice in choices) == TEXT
    assert [i for i, choice in enumerate(choices) if "annotations" in choice["delta"]] == [len(choices) - 2]
    assert [choice["finish_reason"] for choice in choices] == [None] * (len(choices) - 1) + ["stop"]
    assert all(choice["index"] == 0 for choice in choices)
    assert all("usage" not in chunk for chunk in chunks)
    assert len({chunk["id"] for chunk in chunks}) == 1


def test_the_usage_chunk_comes_last_and_has_no_choices(client):
    """Only if it was asked for."""
    sent = {**ASK, "stream": True, "stream_options": {"include_usage": True}}
    chunks = events(client.post("/v1/chat/completions", json=sent).text)
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 27
    assert all("usage" not in chunk for chunk in chunks[:-1])


def test_marks_of_the_model_are_streamed_as_it_writes_them(client):
    """And annotated in the order of their numbers."""
    chunks = events(client.post("/v1/chat/completions", json=about("marked", stream=True)).text)
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    (annotations,) = [
        c["choices"][0]["delta"]["annotations"] for c in chunks if "annotations" in c["choices"][0]["delta"]
    ]
    spans = [(a["url_citation"]["start_index"], a["url_citation"]["end_index"]) for a in annotations]
    assert text == "Open from nine [3]. Clean it [1] monthly [3]."
    assert [text[start:end] for start, end in spans] == ["[1]", "", "[3]"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_reply_quotes_what_its_citations_say(client, stream):
    """In the object `bakeoff`, by their numbers: verbatim, with the place in the document and the words shared."""
    reply = client.post("/v1/chat/completions", json={**ASK, "stream": stream})
    found = (
        next(value["bakeoff"] for value in events(reply.text) if "bakeoff" in value)
        if stream
        else reply.json()["bakeoff"]
    )
    (quote,) = found["quotes"]
    assert (quote["number"], quote["title"], quote["quote"]) == (
        1,
        "Returns",
        "Kettles may be returned within 30 days.",
    )
    assert (quote["start"], quote["end"]) == (10, 49)
    assert [quote["quote"][start:end] for start, end in quote["words"]] == [
        "Kettles",
        "returned",
        "within",
        "30",
        "days",
    ]
    assert "closest" not in found and "chance" not in found


def test_a_response_that_was_declined_shows_the_closest_passages(client):
    """Best first, with the address of each passage."""
    reply = client.post("/v1/responses", json={"model": "shop", "input": "Is it unknown when you open?"}).json()
    assert reply["bakeoff"]["quotes"] == []
    closest = reply["bakeoff"]["closest"]
    assert [one["title"] for one in closest] == ["Kettles", "Returns", "hours.md"]
    assert (
        closest[2]["quote"] == "We are open from nine to five." and "/documents/hours?version=4&" in closest[2]["url"]
    )


@pytest.mark.parametrize("stream", [False, True])
def test_a_withheld_answer_is_never_sent(client, stream):
    """The client reads "I don't know." and no citation."""
    reply = client.post("/v1/chat/completions", json=about("unknown", stream=stream))
    assert reply.status_code == 200
    assert "guess" not in reply.text
    assert "url_citation" not in reply.text
    assert "I don't know." in reply.text


def test_an_answer_that_was_cut_off_says_so(client):
    """'length' in a completion, 'incomplete' in a response."""
    assert client.post("/v1/chat/completions", json=about("cut")).json()["choices"][0]["finish_reason"] == "length"
    sent = {"model": "shop", "input": "Tell me about what was cut here", "stream": True}
    last = events(client.post("/v1/responses", json=sent).text)[-1]
    assert (last["type"], last["response"]["incomplete_details"]) == (
        "response.incomplete",
        {"reason": "max_output_tokens"},
    )


def test_the_events_of_a_response(client):
    """Everything is opened before its text and closed after it, and numbered without a gap."""
    reply = client.post("/v1/responses", json={"model": "shop", "input": "How long for kettles here?", "stream": True})
    sent = events(reply.text)
    kinds = [value["type"].removeprefix("response.") for value in sent]
    assert [kind for i, kind in enumerate(kinds) if kinds[i - 1 : i] != [kind]] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.annotation.added",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [value["sequence_number"] for value in sent] == list(range(len(sent)))
    assert "".join(value["delta"] for value in sent if value["type"].endswith("delta")) == TEXT
    assert sent[-1]["response"]["output"][0]["content"][0]["text"] == TEXT
    assert f"event: {sent[0]['type']}\n" in reply.text


def test_earlier_turns_and_system_messages_reach_the_contender(client, scripted):
    """The question is completed; what was typed and the system messages are kept beside it."""
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "How long may a kettle be returned?"}]},
        {"role": "assistant", "content": TEXT},
        {"role": "user", "content": "And a toaster?"},
    ]
    reply = client.post("/v1/chat/completions", json={"model": "shop-large", "messages": messages}).json()
    asked = scripted.asked[-1]
    assert asked.question == ("How long may a kettle be returned? And a toaster?")
    assert (asked.typed, asked.system, asked.model, asked.n_turns) == ("And a toaster?", "Be brief.", "shop-large", 4)
    assert asked.id == reply["id"]


def test_a_reply_says_which_question_was_answered_if_it_was_completed(client, scripted):
    """In both APIs and in a stream. A question that stands on its own has nothing to say of."""
    turns = [
        *ASK["messages"],
        {"role": "assistant", "content": "30 days."},
        {"role": "user", "content": "And what does it cost?"},
    ]
    sent = {"model": "shop", "messages": turns}
    whole = client.post("/v1/chat/completions", json=sent).json()["bakeoff"]
    assert whole["question"] == scripted.asked[-1].question
    assert whole["question"].startswith("How long may a kettle be returned?")
    chunks = events(client.post("/v1/chat/completions", json={**sent, "stream": True}).text)
    response = client.post("/v1/responses", json={"model": "shop", "input": turns}).json()
    assert chunks[-1]["bakeoff"]["question"] == response["bakeoff"]["question"] == whole["question"]
    assert "question" not in client.post("/v1/chat/completions", json=ASK).json()["bakeoff"]


def test_instructions_and_items_of_a_response_are_a_conversation(client, scripted):
    """Items that are no messages, such as calls of tools, are left out."""
    items = [
        {"role": "developer", "content": "Be kind."},
        {"type": "function_call", "name": "search", "arguments": "{}", "call_id": "1"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "When is the shop open?"}]},
    ]
    sent = {"model": "shop", "input": items, "instructions": "Be brief."}
    assert client.post("/v1/responses", json=sent).status_code == 200
    assert (scripted.asked[-1].typed, scripted.asked[-1].system) == ("When is the shop open?", "Be brief.\n\nBe kind.")


@pytest.mark.parametrize("stream", [False, True])
def test_chores_of_front_ends_ask_nobody(client, scripted, stream):
    """A title is written without the contender, so nothing is retrieved or logged for it."""
    n_asked = len(scripted.asked)
    chore = 'Output: { "title": "a title" }\n<chat_history>\nUSER: When are you open?\n</chat_history>'
    sent = {"model": "shop", "messages": [{"role": "user", "content": chore}], "stream": stream}
    reply = client.post("/v1/chat/completions", json={**sent, "response_format": {"type": "json_object"}})
    assert "When are you open" in reply.text
    assert reply.status_code == 200
    assert len(scripted.asked) == n_asked


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_thanks_are_answered_without_the_contender(client, scripted, path):
    """No contender is named, since none was asked."""
    n_asked = len(scripted.asked)
    turns = [{"role": "user", "content": "When is it open?"}, {"role": "assistant", "content": "At nine [1]"}]
    turns.append({"role": "user", "content": "Thanks!"})
    reply = client.post(path, json={"model": "shop", "messages": turns, "input": turns})
    assert "You're welcome." in reply.text
    assert reply.json()["bakeoff"]["contender"] == ""
    assert len(scripted.asked) == n_asked


@pytest.mark.parametrize("prefix", ["/v1", ""])
def test_models_are_listed_with_and_without_v1(client, prefix):
    """The default contender first; one by one too. The embedder can be named, and is not offered for asking."""
    assert [model["id"] for model in client.get(f"{prefix}/models").json()["data"]] == ["shop", "shop-large"]
    assert client.get(f"{prefix}/models/axes").json()["id"] == "axes"
    assert client.get(f"{prefix}/models/shop").json()["created"] == 1_700_000_000
    assert error_of(client.get(f"{prefix}/models/shup"))["code"] == "model_not_found"


def test_a_model_for_something_else_says_what_it_is_for(client):
    """An embedder that is asked, a contender that shall embed: neither "does not exist"."""
    for path, sent in (("chat/completions", ASK), ("responses", {"input": "How long?"})):
        reply = client.post(f"/v1/{path}", json={**sent, "model": "axes"})
        message = error_of(reply)["message"]
        assert (reply.status_code, error_of(reply)["param"]) == (404, "model")
        assert "is an embedder" in message and "shop and shop-large" in message and "/v1/embeddings" in message
    reply = client.post("/v1/embeddings", json={"model": "shop", "input": "a"})
    assert reply.status_code == 404 and "is a contender" in reply.text and "'axes'" in reply.text


def test_embeddings_as_numbers_and_as_base64(client):
    """Passages unless queries are asked for."""
    sent = {"model": "axes", "input": ["one two", "three"]}
    reply = client.post("/v1/embeddings", json=sent).json()
    assert [row["embedding"] for row in reply["data"]] == [[0, 1, 0]] * 2
    assert reply["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    queries = client.post("/v1/embeddings", json={**sent, "encoding_format": "base64", "input_type": "query"}).json()
    assert np.frombuffer(base64.b64decode(queries["data"][1]["embedding"]), "<f4").tolist() == [1, 0, 0]


def test_a_question_and_the_system_messages_are_limited_together(client):
    """Both are read before anything is written; a remedy for the asker is said."""
    half = "a" * (MOST_QUESTION_CHARACTERS // 2 + 1)
    messages = [{"role": "system", "content": half}, {"role": "user", "content": half}]
    reply = client.post("/v1/chat/completions", json={"model": "shop", "messages": messages})
    assert (reply.status_code, error_of(reply)["code"]) == (400, "string_above_max_length")
    assert "shorten the question" in reply.text
    sent = {"model": "shop", "input": half, "instructions": half}
    assert client.post("/v1/responses", json=sent).status_code == 400
    assert client.post("/v1/responses", json={**sent, "instructions": "Be kind."}).status_code == 200


def test_the_limit_is_the_operators_to_choose():
    """The default of the command is that of the API."""
    assert Listening().most_characters == BodyLimits().question_characters == MOST_QUESTION_CHARACTERS
    api = OpenAiApi(Scripted(), lambda request: Holder(name="test", labels=None), most_characters=20)
    app = Starlette(routes=api.routes(), exception_handlers=exception_handlers())
    with TestClient(app) as small:
        statuses = [small.post("/v1/responses", json={"model": "shop", "input": "a" * n}).status_code for n in (20, 21)]
    assert statuses == [200, 400]


def test_earlier_questions_that_would_make_a_question_too_long_are_left_out(client, scripted):
    """The question itself is answered."""
    earlier = {"role": "user", "content": f"How long may the {'big ' * (MOST_QUESTION_CHARACTERS // 5)}kettle be used?"}
    last = {"role": "user", "content": "And that one? " * 200}
    messages = [earlier, {"role": "assistant", "content": "Two years."}, last]
    assert client.post("/v1/chat/completions", json={"model": "shop", "messages": messages}).status_code == 200
    assert scripted.asked[-1].question == scripted.asked[-1].typed


def test_a_chore_may_be_longer_than_a_question(client, scripted):
    """It holds a chat, and nobody reads it."""
    n_asked = len(scripted.asked)
    chat = "\n".join(f"user: What is {i}?\nassistant: {'words ' * 20}" for i in range(80))
    chore = f'Give a title.\nJSON: {{ "title": "..." }}\n<chat_history>\n{chat}\n</chat_history>'
    assert len(chore) > MOST_QUESTION_CHARACTERS
    reply = client.post(
        "/v1/chat/completions", json={"model": "shop", "messages": [{"role": "user", "content": chore}]}
    )
    assert json.loads(reply.json()["choices"][0]["message"]["content"]) == {"title": "What is 0"}
    assert len(scripted.asked) == n_asked


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": []}, "input"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"input": [[1, 2]]}, "input"),
        ({"input": ["a", True]}, "input[1]"),
        ({"input": {"text": "a"}}, "input"),
        ({"input": ["a"] * 2049}, "input"),
        ({"dimensions": 7}, "dimensions"),
        ({"encoding_format": "int8"}, "encoding_format"),
    ],
)
def test_wrong_embeddings_requests(client, change, param):
    """400 with the place."""
    reply = client.post("/v1/embeddings", json={"model": "axes", "input": "a", **change})
    assert (reply.status_code, error_of(reply)["param"]) == (400, param)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "empty"),
        (b"{", 400, "not JSON"),
        (b"[1]", 400, "a list, not a JSON object"),
        (b'{"model": NaN}', 400, "not JSON"),
        (b'{"model": "\xff"}', 400, "byte 11 is 0xff"),
        (b'{"model": "\\ud800"}', 400, "not JSON"),
        (b"[" * 100_000, 400, "not JSON"),
        (b'{"messages": []}', 400, "'model' is missing"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/embeddings"])
def test_bodies_that_are_no_request(client, path, body, status, words):
    """Each is named for what it is."""
    reply = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert (reply.status_code, error_of(reply)["type"]) == (status, "invalid_request_error")
    assert words in error_of(reply)["message"]


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"model": "shup"}, 404, "model"),
        ({"model": 3}, 400, "model"),
        ({"messages": []}, 400, "messages"),
        ({"messages": "hello"}, 400, "messages"),
        ({"messages": [{"role": "user"}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": "  "}]}, 400, "messages"),
        ({"messages": [{"role": "system", "content": "hello"}]}, 400, "messages"),
        ({"messages": [{"role": "owner", "content": "hello"}]}, 400, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 7}]}, 400, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": "a" * (MOST_QUESTION_CHARACTERS + 1)}]}, 400, "messages"),
        ({"stream": "yes"}, 400, "stream"),
        ({"n": 2}, 400, "n"),
        ({"response_format": {"type": "json_object"}}, 400, "response_format"),
        ({"tool_choice": "required"}, 400, "tool_choice"),
    ],
)
def test_wrong_chat_requests(client, change, status, param):
    """The right status, and the place of what is wrong."""
    reply = client.post("/v1/chat/completions", json={**ASK, **change})
    assert (reply.status_code, error_of(reply)["param"]) == (status, param)
    assert param in error_of(reply)["message"] or status == 404 or "characters" in error_of(reply)["message"]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": []}, "input"),
        ({"input": 7}, "input"),
        ({"input": ["hello"]}, "input[0]"),
        ({"input": [{"content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "boss", "content": "x"}]}, "input[0].role"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"background": True}, "background"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format"),
    ],
)
def test_wrong_requests_for_a_response(client, change, param):
    """What the server does not do is refused, not ignored, if the client depends on it."""
    reply = client.post("/v1/responses", json={"model": "shop", "input": "How long?", **change})
    assert (reply.status_code, error_of(reply)["param"]) == (400, param)


def test_settings_of_a_model_are_ignored(client):
    """A contender answers as it was measured."""
    settings = {"temperature": 1.5, "max_tokens": 1, "stop": ["Kettles"], "tools": [], "new_key": {"a": 1}}
    assert (
        client.post("/v1/chat/completions", json={**ASK, **settings}).json()["choices"][0]["message"]["content"] == TEXT
    )


def test_ten_thousand_messages_are_answered(client, scripted):
    """The last one is the question."""
    messages = [{"role": ("user", "assistant")[i % 2], "content": f"message {i} of the talk"} for i in range(9_999)]
    messages.append({"role": "user", "content": "How long may a kettle be returned?"})
    assert client.post("/v1/chat/completions", json={"model": "shop", "messages": messages}).status_code == 200
    assert (scripted.asked[-1].question, scripted.asked[-1].n_turns) == ("How long may a kettle be returned?", 10_000)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("words", "status", "code"), [("full queue", 429, "queue_full"), ("break at once", 500, "answering_failed")]
)
def test_an_answer_that_fails_before_its_first_piece_has_an_error_status(client, stream, words, status, code):
    """Streaming or not; a full queue says when to ask again."""
    reply = client.post("/v1/chat/completions", json=about(words, stream=stream))
    assert (reply.status_code, error_of(reply)["code"]) == (status, code)
    assert reply.headers.get("Retry-After") == ("3" if status == 429 else None)


@pytest.mark.parametrize("words", ["break halfway", "raise"])
def test_an_answer_that_fails_later_ends_with_an_error(client, words):
    """An error object in the stream, never text; without streaming it has its status."""
    chunks = events(client.post("/v1/chat/completions", json=about(words, stream=True)).text)
    assert chunks[-1]["error"]["code"] == "answering_failed"
    assert all("finish_reason" not in chunk or chunk["finish_reason"] is None for chunk in chunks)
    assert client.post("/v1/chat/completions", json=about(words)).status_code == 500
    sent = {"model": "shop", "input": f"Please tell me everything of {words} in full", "stream": True}
    failed = events(client.post("/v1/responses", json=sent).text)[-1]
    assert (failed["type"], failed["response"]["error"]["code"]) == ("response.failed", "server_error")


def test_a_crash_says_nothing_about_the_server(client):
    """What happened stands in its log."""
    reply = client.post("/v1/chat/completions", json=about("crash"))
    assert (reply.status_code, error_of(reply)["type"]) == (500, "server_error")
    assert "ZeroDivision" not in reply.text


def test_unknown_addresses_wrong_methods_and_content_types(client):
    """Error objects too. A form that another site's page could send is refused."""
    assert (client.get("/v1/nothing").status_code, error_of(client.get("/v1/nothing"))["code"]) == (404, None)
    assert error_of(client.get("/v1/chat/completions"))["message"] == "/v1/chat/completions does not take GET."
    reply = client.post("/v1/chat/completions", content=json.dumps(ASK), headers={"Content-Type": "text/plain"})
    assert reply.status_code == 415
    assert "Content-Type: application/json" in error_of(reply)["message"]


def test_a_line_separator_in_a_text_ends_no_event():
    """Some clients split lines at U+2028 and U+0085 too."""
    written = event({"type": "x", "text": "a\u2028b\u0085c\nd"}, named=True).decode()
    assert written.splitlines()[0] == "event: x"
    assert len(written.splitlines()) == 3


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_away_stops_the_model(stream):
    """The contender's stream is closed, and the server goes on."""
    scripted = Scripted()
    with served(scripted) as url, httpx2.Client(base_url=url, timeout=0.3) as client:
        with pytest.raises(httpx2.TimeoutException):
            if stream:
                with client.stream("POST", "/v1/chat/completions", json=about("forever", stream=True)) as reply:
                    for n, _ in enumerate(reply.iter_lines()):
                        if n == 5:
                            raise httpx2.ReadTimeout("enough")
            client.post("/v1/chat/completions", json=about("forever"))
        assert scripted.closed.wait(60)
        n_pieces = scripted.n_pieces
        time.sleep(0.1)
        assert scripted.n_pieces == n_pieces
        assert client.get("/v1/models").status_code == 200


def test_many_streams_at_once_each_get_their_own_text(client, address):
    """32 clients at the same time."""

    async def ask(client: httpx2.AsyncClient) -> str:
        reply = await client.post("/v1/chat/completions", json={**ASK, "stream": True})
        return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in events(reply.text))

    async def ask_all() -> list[str]:
        async with httpx2.AsyncClient(base_url=address, timeout=30) as client:
            return await asyncio.gather(*(ask(client) for _ in range(32)))

    assert asyncio.run(ask_all()) == [TEXT] * 32


@pytest.mark.parametrize(("headers", "labels"), [({"X-Labels": "staff"}, ("staff",)), ({}, None)])
def test_labels_of_the_caller_reach_the_contender(client, scripted, headers, labels):
    """As the application says for each request."""
    assert client.post("/v1/chat/completions", json=ASK, headers=headers).status_code == 200
    assert scripted.labels[-1] == labels


def test_curl_reads_a_stream(address):
    """The command of the documentation."""
    command = ["curl", "-sN", f"{address}/v1/chat/completions", "-H", "Content-Type: application/json"]
    done = subprocess.run(
        [*command, "-d", json.dumps({**ASK, "stream": True})], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("data: [DONE]\n\n")
    assert len([chunk for chunk in events(done.stdout) if "annotations" in chunk["choices"][0]["delta"]]) == 1
