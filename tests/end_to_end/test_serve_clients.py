"""The API with the clients that people use: openai-python, LangChain and llm, against a real server."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
import yaml
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

from tests.serving import Scripted, served

QUESTION = "How long may a kettle be returned?"
TEXT = "Kettles may be returned within 30 days. [1]"
MESSAGES = [{"role": "user", "content": QUESTION}]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A running server."""
    with served(Scripted()) as url:
        yield f"{url}/v1"


@pytest.fixture
def client(address: str) -> openai.OpenAI:
    """The official client; it does not try again."""
    return openai.OpenAI(base_url=address, api_key="none", max_retries=0)


def test_openai_create(client):
    """The annotation has the type that the client knows."""
    message = client.chat.completions.create(model="shop", messages=MESSAGES).choices[0].message
    (annotation,) = message.annotations
    assert message.content == TEXT
    assert annotation.url_citation.url.endswith("/documents/returns?version=4&start=10&end=49#span")
    assert annotation.url_citation.title == "Returns"


def test_openai_stream(client):
    """With the usage, whose chunk has no choices."""
    options = {"include_usage": True}
    chunks = list(client.chat.completions.create(model="shop", messages=MESSAGES, stream=True, stream_options=options))
    assert "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices) == TEXT
    assert chunks[-1].usage.total_tokens == 27


@pytest.mark.parametrize("question", [QUESTION, "Please tell me everything that is marked"])
def test_openai_stream_helper(client, question):
    """It adds up the chunks to one completion, the annotations too."""
    messages = [{"role": "user", "content": question}]
    plain = client.chat.completions.create(model="shop", messages=messages).choices[0].message
    options = {"include_usage": True}
    with client.chat.completions.stream(model="shop", messages=messages, stream_options=options) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content == plain.content
    assert final.choices[0].message.annotations == plain.annotations
    assert final.choices[0].finish_reason == "stop"


def test_openai_responses(client):
    """Text and citations."""
    response = client.responses.create(model="shop", input=QUESTION, instructions="Be brief.", metadata={"a": "b"})
    (annotation,) = response.output[0].content[0].annotations
    assert response.output_text == TEXT
    assert TEXT[annotation.start_index : annotation.end_index] == "[1]"
    assert (response.usage.total_tokens, response.metadata) == (27, {"a": "b"})


def test_openai_responses_stream(client):
    """The helper builds the same response from the events."""
    with client.responses.stream(model="shop", input=QUESTION) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == TEXT
    assert len(final.output[0].content[0].annotations) == 1
    assert kinds.count("response.output_text.annotation.added") == 1


def test_openai_models_and_embeddings(client):
    """Embeddings come as base64, which the client asks for itself."""
    assert [model.id for model in client.models.list()] == ["shop", "shop-large"]
    assert client.models.retrieve("shop").owned_by == "bakeoff"
    assert client.embeddings.create(model="axes", input=["a", "b"]).data[1].embedding == [0, 1, 0]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("words", "model", "error"),
    [
        (QUESTION, "shup", openai.NotFoundError),
        ("  ", "shop", openai.BadRequestError),
        ("Please tell me about the full queue of this shop", "shop", openai.RateLimitError),
        ("Please tell me why all things break at once", "shop", openai.InternalServerError),
    ],
)
def test_openai_raises_its_own_errors(client, stream, words, model, error):
    """By the status, streaming or not."""
    with pytest.raises(error):
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": words}], stream=stream)


def test_openai_raises_an_error_in_the_middle_of_a_stream(client):
    """It is no text of the answer."""
    messages = [{"role": "user", "content": "Please tell me why all things break halfway"}]
    with pytest.raises(openai.APIError, match="could not be answered"):
        list(client.chat.completions.create(model="shop", messages=messages, stream=True))


@pytest.mark.parametrize("responses", [False, True])
def test_langchain_chat(address, responses):
    """Chat completions and responses, whole and streamed."""
    chat = ChatOpenAI(model="shop", base_url=address, api_key="none", use_responses_api=responses, max_retries=0)
    assert chat.invoke(QUESTION).text == TEXT
    assert "".join(chunk.text for chunk in chat.stream(QUESTION)) == TEXT
    assert chat.invoke(QUESTION).usage_metadata["total_tokens"] == 27


def test_langchain_keeps_citations(address):
    """With responses, streaming too."""
    chat = ChatOpenAI(model="shop", base_url=address, api_key="none", use_responses_api=True, max_retries=0)
    streamed = None
    for chunk in chat.stream(QUESTION):
        streamed = chunk if streamed is None else streamed + chunk
    for message in (chat.invoke(QUESTION), streamed):
        urls = [
            annotation["url"]
            for block in message.content_blocks
            for annotation in block.get("annotations", [])
            if annotation["type"] == "citation"
        ]
        assert len(urls) == 1
        assert urls[0].endswith("/documents/returns?version=4&start=10&end=49#span")


def test_langchain_embeddings(address):
    """With its own tokenizer off, as the error says."""
    settings = {"model": "axes", "base_url": address, "api_key": "none"}
    embedder = OpenAIEmbeddings(**settings, check_embedding_ctx_length=False)
    assert embedder.embed_documents(["a", "b"]) == [[0, 1, 0]] * 2


@pytest.mark.parametrize("options", [[], ["--no-stream"]])
def test_llm(address, tmp_path: Path, options):
    """The command, with a model of its settings file; it reads the usage of a stream."""
    model = {"model_id": "bakeoff", "model_name": "shop", "api_base": address}
    (tmp_path / "extra-openai-models.yaml").write_text(yaml.safe_dump([model]))
    command = [sys.executable, "-m", "llm", "prompt", "-m", "bakeoff", "--usage", "--no-log", *options, QUESTION]
    environment = {
        "LLM_USER_PATH": str(tmp_path),
        "PATH": "/usr/bin:/bin",
        "OPENAI_API_KEY": "none",
        "LLM_LOAD_PLUGINS": "",
    }
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.strip() == TEXT, done.stderr
    assert "20 input, 7 output" in done.stderr


@pytest.fixture(scope="module")
def litellm():
    """LiteLLM, which asks nobody for its table of prices."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        return pytest.importorskip("litellm")


def test_litellm_chat(litellm, address):
    """Whole and streamed: the same text and the same citations."""
    asked = {"model": "openai/shop", "api_base": address, "api_key": "none", "messages": MESSAGES}
    message = litellm.completion(**asked).choices[0].message
    chunks = list(litellm.completion(**asked, stream=True))
    (streamed,) = [
        delta.annotations for chunk in chunks for delta in [chunk.choices[0].delta] if getattr(delta, "annotations", 0)
    ]
    assert message.content == TEXT == "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert [dict(one) for one in streamed] == [dict(one) for one in message.annotations]
    assert streamed[0]["url_citation"]["title"] == "Returns"


def test_litellm_responses(litellm, address):
    reply = litellm.responses(model="openai/shop", api_base=address, api_key="none", input=QUESTION)
    assert reply.output[0].content[0].text == TEXT
    assert [one.title for one in reply.output[0].content[0].annotations] == ["Returns"]
    events = litellm.responses(model="openai/shop", api_base=address, api_key="none", input=QUESTION, stream=True)
    assert [event.type for event in events][-1] == "response.completed"


def test_litellm_errors(litellm, address):
    """They have the client's own types."""
    with pytest.raises(litellm.NotFoundError, match="does not exist"):
        litellm.completion(model="openai/shopp", api_base=address, api_key="none", messages=MESSAGES)
