"""What each route of a server does, takes and gives: the words of the OpenAPI document.

Data only. Bodies are named by the import path of the record that reads them, so the document cannot say anything else
than the routes do. `openapi.py` writes the document for the routes that a server has.
"""

from collections.abc import Mapping

from pydantic import Field

from bakeoff.records import Record

JSON = "application/json"
EVENTS = "text/event-stream"
BYTES = "application/octet-stream"


class Parameter(Record):
    """A value in the query of a request."""

    name: str
    about: str
    type: str = "string"
    values: tuple[str, ...] = ()
    required: bool = False


class Operation(Record):
    """One method of one path.

    `bodies` maps a content type to the import path of the record that reads such a body; an empty path means bytes.
    `gives` maps the status of a reply to its content types.
    """

    about: str
    tag: str
    bodies: dict[str, str] = Field(default_factory=dict)
    query: tuple[Parameter, ...] = ()
    gives: Mapping[int, tuple[str, ...]] = Field(default_factory=lambda: {200: (JSON,)})


def _n(about: str, name: str = "n") -> Parameter:
    return Parameter(name=name, about=about, type="integer")


def _requests(name: str) -> str:
    return f"bakeoff.serve.openai.requests.{name}"


_FEEDBACK = "bakeoff.serve.feedback"
_RECEIVED = "bakeoff.serve.documents.received"
_LABELS = Parameter(name="labels", about="Labels for the documents, separated by commas.")

OPENAI: dict[tuple[str, str], Operation] = {
    ("GET", "/models"): Operation(about="The contenders that are served.", tag="OpenAI"),
    ("GET", "/models/{name}"): Operation(about="One of them.", tag="OpenAI"),
    ("POST", "/chat/completions"): Operation(
        about="A chat completion: the answer to the last question, as one object or as a stream of chunks.",
        tag="OpenAI",
        bodies={JSON: _requests("ChatRequest")},
        gives={200: (JSON, EVENTS)},
    ),
    ("POST", "/responses"): Operation(
        about="A response: the answer to the last question, as one object or as a stream of events.",
        tag="OpenAI",
        bodies={JSON: _requests("ResponsesRequest")},
        gives={200: (JSON, EVENTS)},
    ),
    ("POST", "/embeddings"): Operation(
        about="Embeddings of texts.", tag="OpenAI", bodies={JSON: _requests("EmbeddingsRequest")}
    ),
}
"""Served below /v1, and without it."""

OPERATIONS: dict[tuple[str, str], Operation] = {
    **{(method, prefix + path): operation for prefix in ("/v1", "") for (method, path), operation in OPENAI.items()},
    ("GET", "/"): Operation(about="The web page.", tag="page", gives={200: ("text/html",)}),
    ("GET", "/web/{name}"): Operation(
        about="A file of the web page.",
        tag="page",
        gives={200: ("text/css", "text/javascript", "image/svg+xml", "text/html")},
    ),
    ("GET", "/access"): Operation(about="What the key of the request may do.", tag="page"),
    ("GET", "/health"): Operation(
        about="Whether the server is up, and whether it serves what was measured.", tag="operation"
    ),
    ("GET", "/metrics"): Operation(
        about="Metrics for Prometheus. Needs a key that manages.", tag="operation", gives={200: ("text/plain",)}
    ),
    ("GET", "/monitor"): Operation(
        about="The page with what use shows. It holds no data; what it shows it asks for.",
        tag="operation",
        gives={200: ("text/html",)},
    ),
    ("GET", "/monitor/{name}"): Operation(
        about="A file of this page.", tag="operation", gives={200: ("text/css", "text/javascript")}
    ),
    ("GET", "/monitor/figures"): Operation(
        about="What use shows: figures, alarms, topics. Needs a key that manages and sees all documents.",
        tag="operation",
        gives={200: ("text/html",)},
    ),
    ("GET", "/review"): Operation(
        about="The page on which answers are reviewed. It holds no data; what it shows it asks for.",
        tag="feedback",
        gives={200: ("text/html",)},
    ),
    ("GET", "/review/web/{name}"): Operation(
        about="A file of this page.", tag="feedback", gives={200: ("text/css", "text/javascript", "image/svg+xml")}
    ),
    ("GET", "/review/state"): Operation(
        about="Which answers are to be reviewed next, and accuracy in use. Needs a key that manages and sees all "
        "documents, as what follows does.",
        tag="feedback",
    ),
    ("GET", "/review/answers/{id}"): Operation(
        about="An answer with its passages, a user's correction, warnings, and similar known questions.", tag="feedback"
    ),
    ("POST", "/review/reviews"): Operation(
        about="Stores what a reviewer says about an answer.",
        tag="feedback",
        bodies={JSON: "bakeoff.learn.review.page.routes.SentReview"},
        gives={201: (JSON,)},
    ),
    ("GET", "/openapi.json"): Operation(about="This document.", tag="operation"),
    ("GET", "/documents"): Operation(
        about="The documents that the key may see, by source.",
        tag="documents",
        query=(
            Parameter(name="after", about="The `next` of the page before."),
            _n("At most so many.", "limit"),
            Parameter(name="query", about="Words of the title or the source."),
        ),
    ),
    ("POST", "/documents"): Operation(
        about="Adds or replaces documents: files, or a batch in JSON. Needs a key that manages.",
        tag="documents",
        bodies={"multipart/form-data": "", JSON: f"{_RECEIVED}.SentBatch"},
        query=(
            _LABELS,
            Parameter(name="folder", about="The folder that the sources of the files begin with."),
            Parameter(
                name="same_name",
                about="`ask`: a file is left out and named in the reply if a document in another folder has its name.",
                values=("add", "ask"),
            ),
        ),
    ),
    ("GET", "/documents/changes"): Operation(
        about="The newest changes first.", tag="documents", query=(_n("At most so many."),)
    ),
    ("GET", "/documents/{id}"): Operation(
        about="A document as of a version, as a page with a passage marked, or as JSON.",
        tag="documents",
        query=(
            _n("The version; by default the newest.", "version"),
            _n("The first character of the passage.", "start"),
            _n("The character after its last one.", "end"),
            Parameter(name="form", about="`lines`: lines with their form, in place of the text.", values=("lines",)),
        ),
        gives={200: (JSON, "text/html")},
    ),
    ("PUT", "/documents/{id}"): Operation(
        about="Adds or replaces a document: JSON, or a file as in a pilot. Needs a key that manages.",
        tag="documents",
        bodies={JSON: f"{_RECEIVED}.SentDocument", "text/markdown": "", "application/pdf": "", BYTES: ""},
        query=(_LABELS, Parameter(name="filename", about="The name of the file, whose ending says its format.")),
        gives={200: (JSON,), 201: (JSON,)},
    ),
    ("DELETE", "/documents/{id}"): Operation(about="Deletes a document. Needs a key that manages.", tag="documents"),
    ("POST", "/answers/{id}/thumb"): Operation(
        about="A thumb up or down on an answer, with the right answer if it is known.",
        tag="feedback",
        bodies={JSON: f"{_FEEDBACK}.SentThumb"},
        gives={201: (JSON,)},
    ),
    ("POST", "/comparisons"): Operation(
        about="Which of two or three answers is the best.",
        tag="feedback",
        bodies={JSON: f"{_FEEDBACK}.SentComparison"},
        gives={201: (JSON,)},
    ),
    ("GET", "/history"): Operation(
        about="The newest answers of this key; one that manages and sees all documents sees those of all.",
        tag="feedback",
        query=(_n("At most so many."), Parameter(name="key", about="Only those that were given to this key.")),
    ),
    ("GET", "/log/export"): Operation(
        about="The log as a file. Needs a key that manages and sees all documents.",
        tag="feedback",
        query=(
            Parameter(
                name="form",
                about="What is exported.",
                values=("chat", "preferences", "trl", "csv", "questions"),
                required=True,
            ),
            Parameter(name="which", about="Which chats: approved ones, or all.", values=("approved", "all")),
        ),
        gives={200: ("application/x-ndjson", "text/csv")},
    ),
}
