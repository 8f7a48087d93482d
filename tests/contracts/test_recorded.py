"""What each protocol's servers were recorded to be asked and to answer, against the engines.

The exchanges stand in `recorded/*.json`, one file for each protocol, with the pages of documentation that they were
written from.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fake_api import FakeApi, Fault, Recorded

from bakeoff.errors import BakeoffError, ModelUnavailableError
from bakeoff.models.load import load_generator
from bakeoff.models.probe import probe
from bakeoff.models.settings import ApiModel
from bakeoff.protocols import Generator
from bakeoff.records import Completion, GenerationSettings, Message, Prompt

FOLDER = Path(__file__).parent / "recorded"
KEY = "sk-SENTINEL-0123456789-never-shown"
ASKED = Prompt(messages=(Message(role="system", content="Be brief."), Message(role="user", content="How long?")))
SETTINGS = GenerationSettings(max_new_tokens=24, stop=("END",))
APIS = ("openai", "anthropic", "google", "ollama")


def protocol(api: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / f"{api}.json").read_text(encoding="utf-8"))
    return read


def exchanges() -> Iterator[Any]:
    for api in APIS:
        yield from (pytest.param(api, name, id=f"{api}: {name}") for name in protocol(api)["exchanges"])


def recorded(reply: dict[str, Any]) -> Recorded:
    return Recorded(
        status=reply.get("status", 200),
        body=reply.get("body"),
        lines=tuple(reply.get("lines", ())),
        headers=reply.get("headers", {}),
    )


def model(server: FakeApi, api: str, **more: Any) -> ApiModel:
    named = {"api": api, "base_url": server.base_url(api), "model": protocol(api)["model"], "key_env": "RECORDED_KEY"}
    return ApiModel(**{**named, "retries": 2, "timeout_s": 5.0, **more})


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDED_KEY", KEY)
    monkeypatch.setattr("bakeoff.models.providers.client._wait", lambda seconds: None)


def answered(generator: Generator, streamed: bool) -> Completion:
    """The completion, or one with the error that the stream raised."""
    if not streamed:
        return generator.generate([ASKED], SETTINGS)[0]
    pieces: list[str] = []
    for piece in generator.stream(ASKED, SETTINGS):
        if isinstance(piece, Completion):
            assert "".join(pieces) == piece.text
            return piece
        pieces.append(piece)
    raise AssertionError("a stream ends with its completion")


@pytest.mark.parametrize(("api", "name"), exchanges())
def test_an_exchange_as_recorded(api: str, name: str) -> None:
    """The request has this path, key header and body; the reply becomes this completion, or this error and remedy."""
    described = protocol(api)
    exchange = described["exchanges"][name]
    streamed = exchange.get("stream", False)
    with FakeApi(recorded=[recorded(reply) for reply in exchange["replies"]]) as server:
        generator = load_generator(model(server, api))
        if "error" in exchange and streamed:
            with pytest.raises(BakeoffError, match=exchange["error"]) as caught:
                answered(generator, streamed)
            said = str(caught.value)
        else:
            completion = answered(generator, streamed)
            said = completion.error or ""
            assert bool(said) == ("error" in exchange), said
            assert re.search(exchange.get("error", ""), said)
            check(completion, exchange.get("completion", {}))
        assert exchange.get("remedy", "") in said and KEY not in said
        first, last = server.requests[0], server.requests[-1]
        assert first.path == (described.get("stream_path", described["path"]) if streamed else described["path"])
        assert first.headers[described["key_header"]].removeprefix("Bearer ") == KEY
        assert KEY not in first.path and KEY not in json.dumps(first.body)
        wanted = exchange.get("request", {})
        assert first.body == wanted.get("body", first.body)
        assert wanted.get("headers", {}).items() <= first.headers.items()
        assert last.body == exchange.get("last", last.body)
        assert server.n_requests == exchange.get("requests", server.n_requests)
        assert tuple(exchange.get("refused", ())) == getattr(generator, "refused_parameters", ())


def check(completion: Completion, wanted: dict[str, Any]) -> None:
    usage, origin = completion.usage, completion.origin
    got = {**completion.model_dump(), **usage.model_dump(), "cached_tokens": usage.cached_tokens}
    got["model"] = origin.model if origin else ""
    assert {name: got[name] for name in wanted} == wanted


@pytest.mark.parametrize("api", APIS)
def test_a_key_revoked_in_the_middle_of_a_run(api: str) -> None:
    """Answers up to there stay; each later question has its error, after one request, without the key."""
    described = protocol(api)["exchanges"]
    replies = [recorded(described["plain"]["replies"][0])] * 2 + [recorded(described["401"]["replies"][0])]
    with FakeApi(recorded=replies) as server:
        completions = load_generator(model(server, api, concurrency=1)).generate([ASKED] * 4, SETTINGS)
        assert [one.text for one in completions] == ["12 days."] * 2 + [""] * 2
        for one in completions[2:]:
            assert one.error and "401" in one.error and "RECORDED_KEY" in one.error and KEY not in one.error
        assert server.n_requests == 4


@pytest.mark.parametrize("api", APIS)
def test_an_unknown_model_stops_the_probe(api: str) -> None:
    """The message has the server's words, the remedy names the model."""
    unknown = protocol(api)["exchanges"]["404, an unknown model"]
    with FakeApi(recorded=[recorded(unknown["replies"][0])]) as server:
        with pytest.raises(ModelUnavailableError, match=unknown["error"]) as caught:
            probe(model(server, api))
        assert repr(protocol(api)["model"]) in caught.value.remedy


@pytest.mark.parametrize("api", [*APIS, "cohere", "jina", "voyage", "tei"])
@pytest.mark.parametrize("role", ["generator", "embedder", "reranker"])
def test_nothing_is_sent_to_a_second_host(api: str, role: str) -> None:
    """No redirect is followed, and no address in a header or a reply: the second server gets no request at all."""
    from bakeoff.models.providers.roles import ROLES

    if role not in ROLES[api]:  # type: ignore[index]
        pytest.skip(f"{api} has no {role}s")
    with FakeApi() as second:
        address = f"{second.url}/chat/completions"
        names = {"next": address, "url": address, "location": address, "continue_url": address, "$ref": address}
        headers = {
            "Location": address,
            "Content-Location": address,
            "Link": f'<{address}>; rel="next"',
            "Refresh": address,
        }
        for one in (
            *(Recorded(status=status, body=names, headers=headers) for status in (301, 302, 307, 308, 201, 429)),
            Recorded(
                body={**names, "choices": [], "content": [], "candidates": [], "data": [], "results": []},
                headers=headers,
            ),
        ):
            with FakeApi(recorded=[one]) as first:
                settings = model(first, api if api in APIS else "openai").model_copy(
                    update={"api": api, "base_url": first.base_url(api), "retries": 1}
                )
                with pytest.raises(BakeoffError):
                    probe(settings, embeds=role == "embedder", reranks=role == "reranker")
                assert first.n_requests >= 1
        assert (second.n_requests, second.n_connections, second.looked_up) == (0, 0, [])


@pytest.mark.parametrize("api", APIS)
def test_a_redirect_names_the_other_host(api: str) -> None:
    """In the middle of a run too: the answer is an error that names the host, and the key stays here."""
    with FakeApi() as second, FakeApi(fault=Fault("redirect", location=f"{second.url}/x")) as first:
        completion = load_generator(model(first, api)).generate([ASKED], SETTINGS)[0]
        assert completion.error and "a redirect to 127.0.0.1" in completion.error and second.n_connections == 0
