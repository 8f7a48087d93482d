"""Responses: one object, or the events of a stream, each with its type and its number.

Takes pieces of text and the `Ending` of an answer, gives JSON values. A response has one output item, a message with
one part of text. The events say when each of them begins and ends; clients build the message from them.
"""

import itertools
from collections.abc import Iterator
from typing import Any

from bakeoff.records import Usage
from bakeoff.serve.citations import Citation
from bakeoff.serve.openai.chat import measured
from bakeoff.serve.openai.errors import SERVER_ERROR, ApiError
from bakeoff.serve.showing import Ending

Fields = dict[str, Any]


class ResponseWriter:
    """Writes one response. `created` is in Unix seconds; `instructions` and `metadata` are the client's."""

    def __init__(
        self,
        id: str,
        created: int,
        model: str,
        instructions: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:
        self._heading = {
            "id": id,
            "object": "response",
            "created_at": created,
            "model": model,
            "instructions": instructions,
            "metadata": metadata or {},
            "parallel_tool_calls": False,
            "previous_response_id": None,
            "store": False,
            "temperature": None,
            "text": {"format": {"type": "text"}},
            "tool_choice": "none",
            "tools": [],
            "top_p": None,
            "truncation": "disabled",
        }
        self._item_id = f"msg_{id.removeprefix('resp_')}"
        self._numbers: Iterator[int] = itertools.count()
        self._sent = ""

    def begin(self) -> list[Fields]:
        """The response, its message and its part of text, all of them empty."""
        item = {**self._item("in_progress"), "content": []}
        return [
            self._event("response.created", response=self._response("in_progress", [])),
            self._event("response.in_progress", response=self._response("in_progress", [])),
            self._event("response.output_item.added", output_index=0, item=item),
            self._part_event("response.content_part.added", part=_part("", ())),
        ]

    def piece(self, text: str) -> list[Fields]:
        self._sent += text
        return [self._part_event("response.output_text.delta", delta=text, logprobs=[])] if text else []

    def end(self, ending: Ending) -> list[Fields]:
        """The rest of the text, an event for each citation, and the ends of the part, the message and the response."""
        events = self.piece(ending.rest)
        events += [
            self._part_event("response.output_text.annotation.added", annotation_index=i, annotation=annotation)
            for i, annotation in enumerate(annotations(ending.citations))
        ]
        response = self.whole(ending)
        return [
            *events,
            self._part_event("response.output_text.done", text=ending.text, logprobs=[]),
            self._part_event("response.content_part.done", part=_part(ending.text, ending.citations)),
            self._event("response.output_item.done", output_index=0, item=response["output"][0]),
            self._event(f"response.{response['status']}", response=response),
        ]

    def fail(self, error: ApiError) -> list[Fields]:
        """An answer that failed after some of its text was sent."""
        item = {**self._item("incomplete"), "content": [_part(self._sent, ())]}
        failed = {**self._response("failed", [item]), "error": {"code": SERVER_ERROR, "message": error.message}}
        return [self._event("response.failed", response=failed)]

    def whole(self, ending: Ending) -> Fields:
        """The response in one object. It is incomplete if the token limit cut the answer off."""
        status = "incomplete" if ending.truncated else "completed"
        item = {**self._item(status), "content": [_part(ending.text, ending.citations)]}
        response = {
            **self._response(status, [item]),
            "usage": usage(ending.usage),
            "bakeoff": measured(ending),
        }
        if ending.truncated:
            response["incomplete_details"] = {"reason": "max_output_tokens"}
        return response

    def _response(self, status: str, output: list[Fields]) -> Fields:
        return {
            **self._heading,
            "status": status,
            "output": output,
            "error": None,
            "incomplete_details": None,
            "usage": None,
        }

    def _item(self, status: str) -> Fields:
        return {"id": self._item_id, "type": "message", "status": status, "role": "assistant"}

    def _part_event(self, kind: str, **fields: Any) -> Fields:
        return self._event(kind, item_id=self._item_id, output_index=0, content_index=0, **fields)

    def _event(self, kind: str, **fields: Any) -> Fields:
        return {"type": kind, "sequence_number": next(self._numbers), **fields}


def annotations(citations: tuple[Citation, ...]) -> list[Fields]:
    """The citations as this API writes them: flat."""
    return [
        {
            "type": "url_citation",
            "start_index": citation.start,
            "end_index": citation.end,
            "title": citation.title,
            "url": citation.url,
        }
        for citation in citations
    ]


def usage(spent: Usage) -> Fields:
    """The tokens of an answer."""
    return {
        "input_tokens": spent.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": spent.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": spent.prompt_tokens + spent.completion_tokens,
    }


def _part(text: str, citations: tuple[Citation, ...]) -> Fields:
    return {"type": "output_text", "text": text, "annotations": annotations(citations), "logprobs": []}
