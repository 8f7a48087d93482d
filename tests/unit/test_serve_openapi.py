"""The OpenAPI document says what the server's routes are, and what the records take."""

import json
from pathlib import Path

import jsonschema
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from bakeoff.learn.monitor.server import MonitorOfServer
from bakeoff.learn.review.page.routes import ReviewPage
from bakeoff.serve.documents.routes import DocumentsApi
from bakeoff.serve.feedback import FeedbackApi
from bakeoff.serve.guard.bearer import EVERYONE
from bakeoff.serve.health import Health
from bakeoff.serve.metrics import Metrics
from bakeoff.serve.openai.routes import OpenAiApi, exception_handlers
from bakeoff.serve.openapi import OpenApi, served
from bakeoff.serve.operations import OPERATIONS
from bakeoff.serve.web.routes import web_routes
from tests.serving import Scripted


def more_routes(holder_of) -> list:
    """The routes that `bakeoff serve` adds to those of `serve/`."""
    root = Path("deployment")
    return [*MonitorOfServer().routes(root, None, holder_of), *ReviewPage().routes(root, None, holder_of)]


def routes() -> list:
    """Every route of a server, without the deployment and the log that only answers need."""
    everyone = lambda request: EVERYONE  # noqa: E731
    found = [
        *web_routes(),
        *OpenAiApi(Scripted(), everyone).routes(),
        *DocumentsApi(None, everyone).routes(),
        *FeedbackApi(None, None).routes(),
        Health(None, None).route(),
        Metrics().route(everyone),
        *more_routes(everyone),
    ]
    return [*found, OpenApi(found, Scripted()).route()]


@pytest.fixture(scope="module")
def document() -> dict:
    """The document as a client reads it."""
    every = routes()
    app = Starlette(routes=every, exception_handlers=exception_handlers())
    return TestClient(app).get("/openapi.json").json()


def test_its_paths_and_methods_are_those_of_the_routes(document):
    """In both directions."""
    written = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert written == set(served(routes()))


def test_nothing_is_described_that_is_not_served():
    """A route that is gone takes its description with it."""
    assert set(OPERATIONS) == set(served(routes()))


def test_a_route_that_nobody_described_is_an_error():
    """So that it cannot be forgotten."""
    added = Route("/added", lambda request: PlainTextResponse(""), methods=["POST"])
    with pytest.raises(KeyError, match="/added"):
        OpenApi([added], Scripted()).document  # noqa: B018


def test_every_reference_leads_somewhere_and_every_schema_is_one(document):
    """And ids of operations are unique."""
    text = json.dumps(document)
    for reference in set(part.split('"')[0] for part in text.split('"$ref": "')[1:]):
        place = document
        for key in reference.removeprefix("#/").split("/"):
            place = place[key]
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("path", "body", "is_valid"),
    [
        ("/v1/chat/completions", {"model": "shop", "messages": [{"role": "user", "content": "Open?"}]}, True),
        ("/v1/chat/completions", {"model": "shop", "messages": []}, False),
        ("/v1/chat/completions", {"model": "shop", "messages": [{"role": "king", "content": "Open?"}]}, False),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Open?"}]}, False),
        ("/v1/chat/completions", {"model": "axes", "messages": [{"role": "user", "content": "Open?"}]}, False),
        ("/v1/responses", {"model": "shop", "input": "Open?"}, True),
        ("/v1/responses", {"model": "shop", "input": "Open?", "stream": "yes"}, False),
        ("/v1/responses", {"model": "shop", "input": " "}, False),
        ("/v1/responses", {"model": "shop", "input": [{"role": "user", "content": "Open?"}]}, True),
        ("/v1/responses", {"model": "shop", "input": [{"role": "user", "content": 3}]}, False),
        ("/v1/chat/completions", {"model": "shop", "messages": [{"role": "user", "content": {}}]}, False),
        ("/v1/embeddings", {"model": "axes", "input": "Open?"}, True),
        ("/v1/embeddings", {"model": "axes", "input": []}, False),
        ("/v1/embeddings", {"model": "axes", "input": "Open?", "encoding_format": "int8"}, False),
    ],
)
def test_what_the_document_allows_the_server_takes(document, path, body, is_valid):
    """The schema of a body and the route agree about it."""
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    validator = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
    app = Starlette(routes=routes(), exception_handlers=exception_handlers())
    assert validator.is_valid(body) == is_valid
    assert TestClient(app).post(path, json=body).status_code in ((200,) if is_valid else (400, 404))


def test_a_stream_of_events_has_no_schema(document):
    """A text would be wrong for those who check each event, as Schemathesis does: an event is an object."""
    kinds = [
        (kind, said)
        for path in document["paths"].values()
        for operation in path.values()
        for response in operation.get("responses", {}).values()
        for kind, said in response.get("content", {}).items()
    ]
    assert ("text/event-stream", {}) in kinds
    assert all(said["schema"] for kind, said in kinds if kind != "text/event-stream")
