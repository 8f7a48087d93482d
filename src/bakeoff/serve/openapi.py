"""The OpenAPI document of a server, made from its routes and from the records that read its requests.

Takes the routes of an application and `operations.py`, gives a JSON value and a route. A route without an operation is
an error: nothing is served that the document does not say. Source: OpenAPI Specification 3.1.1.
"""

from collections.abc import Iterable, Iterator, Sequence
from pkgutil import resolve_name
from typing import Any

from anyio import to_thread
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

import bakeoff
from bakeoff.serve.answering import Answering
from bakeoff.serve.openai.models import contender_names, embedder_names
from bakeoff.serve.openai.requests import ChatRequest, EmbeddingsRequest, ResponsesRequest
from bakeoff.serve.openai.routes import PREFIXES
from bakeoff.serve.operations import EVENTS, JSON, OPERATIONS, Operation, Parameter

PATH = "/openapi.json"
_REFERENCE = "#/components/schemas/{model}"
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_MEDIA: dict[str, dict[str, Any]] = {JSON: {"schema": {"type": "object"}}, EVENTS: {}}
"""What is said of a body besides text. OpenAPI 3.1 has no schema for events: some clients check each event by one."""
_FILES = {
    "type": "object",
    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}},
    "required": ["files"],
}


class OpenApi:
    """The document for these routes, and its own. It names the models that `answering` has."""

    def __init__(self, routes: Sequence[BaseRoute], answering: Answering) -> None:
        self._routes = [*routes, self.route()]
        self._answering = answering
        self._made: tuple[Sequence[str], dict[str, Any]] | None = None

    def route(self) -> Route:
        return Route(PATH, self.show, methods=["GET"])

    async def show(self, request: Request) -> Response:
        return JSONResponse(await to_thread.run_sync(lambda: self.document))

    @property
    def document(self) -> dict[str, Any]:
        """The document, made again when other contenders are served.

        Raises KeyError for a route that no operation describes.
        """
        models = self._answering.models
        if self._made is None or self._made[0] != models:
            self._made = (models, self._document())
        return self._made[1]

    def _document(self) -> dict[str, Any]:
        operations = {place: OPERATIONS[place] for place in served(self._routes)}
        records = _records(operations.values())
        definitions = models_json_schema(
            [(record, "validation") for record in records.values()], ref_template=_REFERENCE
        )[1]
        schemas = {**definitions.get("$defs", {}), "Error": _ERROR}
        paths: dict[str, dict[str, Any]] = {}
        for (method, path), operation in operations.items():
            paths.setdefault(path, {})[method.lower()] = _written(method, path, operation, records)
        self._name_models(schemas, paths)
        return {
            "openapi": "3.1.1",
            "info": {
                "title": "Bakeoff",
                "version": bakeoff.__version__,
                "description": "The contenders of a run behind the API of OpenAI, with documents and feedback.",
            },
            "paths": paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            },
            "security": [{}, {"key": []}],
        }

    def _name_models(self, schemas: dict[str, Any], paths: dict[str, Any]) -> None:
        """Writes which models there are where one is named: contenders to ask, the embedder to embed."""
        contenders, embedders = contender_names(self._answering), embedder_names(self._answering)
        for record, allowed in (
            (ChatRequest, contenders),
            (ResponsesRequest, contenders),
            (EmbeddingsRequest, embedders),
        ):
            if record.__name__ in schemas and allowed:
                schemas[record.__name__]["properties"]["model"]["enum"] = allowed
        for path in (f"{prefix}/models/{{name}}" for prefix in PREFIXES):
            if path in paths:
                paths[path]["get"]["parameters"][0]["schema"]["enum"] = [*contenders, *embedders]


def served(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    """The method and path of each route, paths as OpenAPI writes them. HEAD, which goes with GET, is left out."""
    for route in routes:
        assert isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            yield method, route.path_format


def _records(operations: Iterable[Operation]) -> dict[str, type[BaseModel]]:
    """The records of all bodies, by their import paths."""
    names = [name for operation in operations for name in operation.bodies.values() if name]
    return {name: resolve_name(name) for name in dict.fromkeys(names)}


def _written(method: str, path: str, operation: Operation, records: dict[str, type[BaseModel]]) -> dict[str, Any]:
    """One operation as the specification writes it."""
    words = [word.strip("{}") for word in path.replace(".", "/").split("/") if word]
    in_path = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    written: dict[str, Any] = {
        "operationId": "_".join([method.lower(), *words]),
        "summary": operation.about,
        "tags": [operation.tag],
        "responses": {
            **{str(status): _reply(operation.about, types) for status, types in operation.gives.items()},
            **{f"{kind}XX": _failure(kind) for kind in (4, 5)},
        },
    }
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path]
    parameters += [_parameter(parameter) for parameter in operation.query]
    if parameters:
        written["parameters"] = parameters
    if operation.bodies:
        contents = {kind: {"schema": _body(kind, name, records)} for kind, name in operation.bodies.items()}
        written["requestBody"] = {"required": True, "content": contents}
    return written


def _body(kind: str, name: str, records: dict[str, type[BaseModel]]) -> dict[str, Any]:
    if name:
        return {"$ref": _REFERENCE.format(model=records[name].__name__)}
    return _FILES if kind.startswith("multipart/") else {"type": "string", "format": "binary"}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": parameter.type}
    if parameter.values:
        schema["enum"] = list(parameter.values)
    if parameter.type == "integer":
        schema["minimum"] = 0
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.about,
        "schema": schema,
    }


def _reply(about: str, types: Sequence[str]) -> dict[str, Any]:
    return {
        "description": about,
        "content": {kind: _MEDIA.get(kind, {"schema": {"type": "string"}}) for kind in types},
    }


def _failure(kind: int) -> dict[str, Any]:
    about = "The request is refused." if kind == 4 else "The server failed, is stopping, or cannot answer now."
    return {"description": about, "content": {JSON: {"schema": {"$ref": _REFERENCE.format(model="Error")}}}}
