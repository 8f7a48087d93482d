"""What is fuzzed: each target has a strategy of what is given to it, and a function that takes it."""

import contextlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pyarrow
import pyarrow.parquet
from hypothesis import strategies as st

from bakeoff.apart import frames
from bakeoff.corpus.sources.mail import MailSource
from bakeoff.corpus.sources.web.markup import hrefs_in, places_in
from bakeoff.errors import BakeoffError
from bakeoff.files.strict_yaml import check_secrets, read_mapping
from bakeoff.formats.parse import SUFFIXES, parse
from bakeoff.formats.tables.filled_in import rows_of
from bakeoff.grading.abstention import is_abstention
from bakeoff.grading.grade import equivalent, grade
from bakeoff.importing.arrow_rows import arrow_rows
from bakeoff.questions.read import read_questions
from bakeoff.questions.rows import table
from bakeoff.questions.rows.kinds import KINDS
from bakeoff.runs.config import Config, validate
from bakeoff.serve.documents.received import (
    SentBatch,
    SentDocument,
    SentFile,
    document_of,
    file_name,
    folder_in,
    labels_in,
    parsed_as,
    path_of,
)
from bakeoff.serve.openai.body import parsed
from bakeoff.serve.openai.requests import (
    ChatRequest,
    EmbeddingsRequest,
    ResponsesRequest,
    chat_conversation,
    responses_conversation,
    texts_to_embed,
)
from bakeoff.serve.openai.requests import parse as parse_request
from tests.fuzz import rich
from tests.fuzz.given import changed, json_values, texts, yaml_values
from tests.fuzz.inside import archives_changed, mails_changed, packed, pdfs_changed
from tests.hostile import archives, damaged


class Target(NamedTuple):
    """`given` is what it may get; `take` raises nothing but Bakeoff's own errors."""

    given: st.SearchStrategy[Any]
    take: Callable[[Any], object]


QUESTIONS = {
    ".csv": b"id,question,answers,kind,split\n1,What is it?,Yes|No,yesno,test\n",
    ".tsv": b"question\tanswer\nHow long?\t30 days\n",
    ".jsonl": b'{"question": "How long?", "answers": ["30 days"], "evidence": ["a"], "asked_on": "2026-01-02"}\n',
    ".json": b'{"data": [{"paragraphs": [{"context": "c", "qas": [{"question": "q", "answers": [{"text": "a"}]}]}]}]}',
    ".yaml": b"- vars: {question: How long?}\n  assert:\n    - {type: contains, value: 30 days}\n- question: q\n",
    ".xlsx": archives.good(".xlsx"),
}


def _questions(given: tuple[str, bytes]) -> object:
    """In this process, so that nothing hides a foreign error."""

    def here(function: str, name: str, content: bytes) -> Any:
        return json.loads(frames.as_json(table.records_in(name, content)))

    suffix, content = given
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(table, "call", here):
        path = Path(folder) / f"q{suffix}"
        path.write_bytes(content)
        return read_questions([path])


def _configuration(given: str) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bakeoff.yaml"
        path.write_bytes(given.encode("utf-8", "surrogatepass"))
        values = read_mapping(path)
        check_secrets(values, path)
        return validate(values, str(path))


def _values(given: dict[str, Any]) -> object:
    return validate(given)


def _document(given: tuple[str, bytes]) -> object:
    suffix, content = given
    return parse(f"a{suffix}", content).model_dump_json()


def _grade(given: tuple[str, list[str], str, list[str]]) -> object:
    answer, accepted, kind, labels = given
    is_abstention(answer)
    for one in accepted:
        equivalent(answer, one)
    return grade(answer, accepted, kind, labels)


def _mbox(given: bytes) -> object:
    """Where its messages begin, and their names."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.mbox"
        path.write_bytes(given)
        return MailSource([path]).changes_since("")


def _tables() -> dict[str, bytes]:
    """A file of Parquet, a stream and a file of Arrow."""
    made = pyarrow.table({"question": ["What?", "Why?"], "answers": [["a"], ["b", "c"]], "n": [1, None]})
    whole, stream, packed = pyarrow.BufferOutputStream(), pyarrow.BufferOutputStream(), pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_file(whole, made.schema) as file, pyarrow.ipc.new_stream(stream, made.schema) as sent:
        file.write_table(made)
        sent.write_table(made)
    pyarrow.parquet.write_table(made, packed)
    named = {"a.parquet": packed, "b.arrow": whole, "c.arrow": stream}
    return {name: one.getvalue().to_pybytes() for name, one in named.items()}


def _request(given: bytes) -> object:
    value = parsed(given)
    _own(lambda: chat_conversation(parse_request(ChatRequest, value)))
    _own(lambda: responses_conversation(parse_request(ResponsesRequest, value)))
    _own(lambda: texts_to_embed(parse_request(EmbeddingsRequest, value)))
    for record in (SentDocument, SentBatch):
        _own(lambda record=record: parsed_as(record, value))
    sent = parsed_as(SentDocument, value)
    return document_of(sent, "a", None)


def _own(call: Callable[[], object]) -> None:
    with contextlib.suppress(BakeoffError):
        call()


def _names(given: str) -> object:
    for call in (
        folder_in,
        labels_in,
        lambda name: file_name(name, None, name),
        lambda name: path_of(SentFile(name=name, content=b""), ""),
    ):
        _own(lambda call=call: call(given))
    return None


def _suffixed(good: dict[str, bytes]) -> st.SearchStrategy[tuple[str, bytes]]:
    return st.sampled_from(sorted(good)).flatmap(
        lambda suffix: st.tuples(st.just(suffix), INSIDE[suffix] if suffix in rich.MAIN else changed(good[suffix]))
    )


GOOD = {**damaged.good(), **rich.good()}
INSIDE = {suffix: archives_changed(GOOD[suffix], main) for suffix, main in rich.MAIN.items()} | {".pdf": pdfs_changed()}
INSIDE[".eml"] = mails_changed({**{suffix: changed(GOOD[suffix]) for suffix in (".md", ".html", ".csv")}, **INSIDE})
"""Of kinds with layers: what is changed within them."""
REQUESTS = (
    b'{"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}], "stream": true}',
    b'{"model": "m", "input": [{"type": "message", "role": "user", "content": "hi"}], "text": {"format": null}}',
    b'{"model": "m", "input": ["a", "b"], "encoding_format": "base64", "dimensions": 3}',
    b'{"text": "t", "title": "x", "source": "a/b.md", "labels": ["l"], "updated_at": "2026-01-02T00:00:00Z"}',
    b'{"documents": [{"id": "a", "text": "t"}], "deleted": ["b"]}',
)
CONFIG = {
    "name": "run",
    "task": "answer",
    "documents": [
        "docs",
        {"mail": "a.mbox", "labels": ["hr"], "prefix": "m"},
        {"git": "https://x.example/a.git", "paths": ["docs/*.md"]},
        {"bucket": "s3://b/p", "region": "eu"},
        {"web": "https://x.example/", "crawl": True},
        {"sql": "sqlite:///a.db", "query": "SELECT id, text FROM t", "key": "id", "text": "text"},
    ],
    "questions": ["q.csv"],
    "columns": {"text": "question"},
    "contenders": [
        "rag",
        {"name": "r2", "like": "rag", "retrieval": {"k": 3, "reranker": "other", "candidates": 10}},
        {"name": "c", "like": "cascade", "options": {"over": ["rag", "r2"]}},
    ],
    "models": {
        "generator": "m",
        "api": {
            "api": "openai",
            "base_url": "https://x.example/v1",
            "model": "m",
            "price": {"input_tokens": 1, "output_tokens": 2},
        },
        "other": {"name": "folder", "engine": "transformers"},
    },
    "retrieval": {"k": 5, "chunk_tokens": 128},
    "tuning": {"rank": 8, "epochs": 1, "method": "lora"},
    "split": {"test": 0.3, "dev": 0.2},
    "style": {"rules": [{"name": "short", "kind": "words", "most": 30}]},
    "measuring": {"latency_questions": 3},
    "budget": {"usd": 3},
    "race": {"over": {"rag": {"retrieval.k": [1, 2]}}},
    "executor": {"kind": "local", "workers": 2},
    "profile": {"queries_per_month": 100, "prices": {"machine_hour": 1}},
    "measures": ["correct"],
    "generation": {"temperature": 0.5, "stop": ["x"]},
    "grading": {"judge": "api", "long_from": 20},
    "presentation": {"order": "best_first"},
}
"""Not all of it is possible together: what is changed may make it so, or another error."""


def _of_kind(suffix: str) -> Target:
    given = changed(GOOD[suffix])
    return Target(
        (INSIDE[suffix] | INSIDE[suffix] | given if suffix in INSIDE else given).map(lambda content: (suffix, content)),
        _document,
    )


ANY_FILE = st.tuples(st.sampled_from(SUFFIXES), st.sampled_from(sorted(GOOD.values())).flatmap(changed))
ANSWERS = st.lists(texts(), max_size=3)
FIELDS = list(Config.model_fields)
POSSIBLE = {
    **{key: CONFIG[key] for key in ("name", "task", "questions", "retrieval", "tuning", "split", "budget")},
    "documents": ["docs", {"mail": "a.mbox", "labels": ["hr"]}],
    "contenders": ["rag", {"name": "r2", "like": "rag", "retrieval": {"k": 3}}],
    "style": CONFIG["style"],
    "race": CONFIG["race"],
}
PAGE = b'<html><head><base href="/a/"><link rel="canonical" href="b"></head><body><a href="c">c</a></body></html>'
SITEMAP = b'<?xml version="1.0"?><urlset xmlns="http://x.example/"><url><loc>https://x.example/a</loc></url></urlset>'
MBOX = (
    b"From a@x.example Thu Jan  1 00:00:00 2026\nFrom: A <a@x.example>\nMessage-ID: <1@x.example>\nSubject: Hi\n\n"
    b"One.\n>From here on.\n\nFrom b@x.example Thu Jan  1 00:00:01 2026\nSubject: =?utf-8?q?A?=\n\nTwo.\n\n"
)
SHEET = b'id,question,answer,verdict,note\n1,"What, now?",Yes,right,\n2,Why?,No,wrong,"a ""b"""\n'
TARGETS: dict[str, Target] = {
    "questions": Target(_suffixed(QUESTIONS), _questions),
    "configuration": Target(texts(json.dumps(POSSIBLE)) | yaml_values(POSSIBLE) | yaml_values(CONFIG), _configuration),
    "settings": Target(json_values(POSSIBLE, FIELDS) | json_values(CONFIG, FIELDS), _values),
    **{f"parser{suffix}": _of_kind(suffix) for suffix in sorted(GOOD)},
    "parser others": Target(ANY_FILE, _document),
    "graders": Target(st.tuples(texts(), ANSWERS, st.sampled_from([*KINDS, "", "x"]), ANSWERS), _grade),
    "requests": Target(st.sampled_from(REQUESTS).flatmap(changed), _request),
    "names": Target(texts(), _names),
    "web links": Target(changed(PAGE), lambda content: hrefs_in("", content)),
    "sitemaps": Target(changed(SITEMAP) | packed(changed(SITEMAP)), lambda content: places_in("a.xml", content)),
    "label sheets": Target(changed(SHEET), lambda content: rows_of("a.csv", content)),
    "mbox": Target(changed(MBOX), _mbox),
    "arrow": Target(_suffixed(_tables()), lambda given: arrow_rows(*given)),
}
