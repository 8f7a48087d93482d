"""Chat completions: one object, or the chunks of a stream.

Takes pieces of text and the `Ending` of an answer, gives JSON values. A stream is: a chunk with the role, chunks with
text, one chunk with all annotations (if there are any), one with the reason for the end, and one with the usage and no
choices if the client asked for it. Every choice has its index, and there is never a second annotations chunk: the
streaming helper of OpenAI's client adds the lists of two chunks and fails.
"""

from typing import Any

from bakeoff.records import Record, Usage
from bakeoff.serve.citations import Citation
from bakeoff.serve.openai.errors import ApiError, error_object
from bakeoff.serve.quotes import Quoted
from bakeoff.serve.showing import Ending


class ChatWriter(Record):
    """Writes one chat completion. `created` is in Unix seconds."""

    id: str
    created: int
    model: str
    include_usage: bool = False

    def begin(self) -> list[dict[str, Any]]:
        return [self._chunk({"role": "assistant", "content": "", "refusal": None})]

    def piece(self, text: str) -> list[dict[str, Any]]:
        return [self._chunk({"content": text})] if text else []

    def end(self, ending: Ending) -> list[dict[str, Any]]:
        """The rest of the text, the annotations, the reason for the end, and the usage if it was asked for."""
        chunks = self.piece(ending.rest)
        if ending.citations:
            chunks.append(self._chunk({"annotations": annotations(ending.citations)}))
        chunks.append({**self._chunk({}, _reason(ending)), "bakeoff": measured(ending)})
        if self.include_usage:
            chunks.append({**self._heading("chat.completion.chunk"), "choices": [], "usage": usage(ending.usage)})
        return chunks

    def fail(self, error: ApiError) -> list[dict[str, Any]]:
        """An answer that failed after some of its text was sent. Clients raise an error when they read this."""
        return [error_object(error)]

    def whole(self, ending: Ending) -> dict[str, Any]:
        """The completion in one object."""
        message = {
            "role": "assistant",
            "content": ending.text,
            "refusal": None,
            "annotations": annotations(ending.citations),
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(ending)}
        return {
            **self._heading("chat.completion"),
            "choices": [choice],
            "usage": usage(ending.usage),
            "bakeoff": measured(ending),
        }

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return {**self._heading("chat.completion.chunk"), "choices": [choice]}

    def _heading(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def annotations(citations: tuple[Citation, ...]) -> list[dict[str, Any]]:
    """The citations as this API writes them: the fields stand in an object of their own."""
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": citation.start,
                "end_index": citation.end,
                "title": citation.title,
                "url": citation.url,
            },
        }
        for citation in citations
    ]


def usage(spent: Usage) -> dict[str, int]:
    """The tokens of an answer."""
    return {
        "prompt_tokens": spent.prompt_tokens,
        "completion_tokens": spent.completion_tokens,
        "total_tokens": spent.prompt_tokens + spent.completion_tokens,
    }


def measured(ending: Ending) -> dict[str, Any]:
    """What Bakeoff adds to a reply: the answer without added marks, to compare it with a measured one, and what the
    cited passages say.

    `question` is there only if the question was completed with what was said before, `closest` only if the contender
    declined, `chance` (0 to 1, that the label is right) only for a label.
    """
    return {
        "contender": ending.contender,
        "answer": ending.measured,
        "abstained": ending.abstained,
        "quotes": [_quoted(one) for one in ending.quotes],
        **({"closest": [_quoted(one) for one in ending.closest]} if ending.abstained else {}),
        **({"chance": round(ending.chance, 4)} if ending.chance is not None else {}),
        **({"question": ending.question} if ending.question else {}),
    }


def _quoted(quoted: Quoted) -> dict[str, Any]:
    """A quote, flat: `start` and `end` are characters of the document, `words` spans in `quote`.

    `span` is there if the answer was copied: the characters of the document that it is.
    """
    fields = quoted.quote.model_dump(mode="json", exclude={"text"})
    copied = {"span": {"start": quoted.span[0], "end": quoted.span[1]}} if quoted.span else {}
    return {**quoted.model_dump(include={"number", "title", "url"}), "quote": quoted.quote.text, **fields, **copied}


def _reason(ending: Ending) -> str:
    return "length" if ending.truncated else "stop"
