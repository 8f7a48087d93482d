"""Every test question with every contender's answer, as JSON for the page's script.

Takes `ReportData`, gives text. Each chunk is included once, however often it is cited. Keys with empty values are left
out. Knows nothing about how the page looks.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from bakeoff.grading.grade import grade
from bakeoff.questions.evidence.evidence import holds_evidence
from bakeoff.records import Answer, Chunk, Hit, Question, SourceSpan
from bakeoff.report.findings import (
    CAUSES,
    OUTCOMES,
    RIGHT,
    Cause,
    Outcome,
    cause,
    outcome,
    outcome_after_update,
    shown_to,
)
from bakeoff.report.gather import ReportData

MOST_QUESTIONS = 2000
MOST_BYTES = 2_300_000
"""The questions, with their answers and passages, and the draws of the verdict take at most so much of the page."""
MOST_PASSAGES = 8  # per answer; passages with the evidence are always shown


class Drilldown(NamedTuple):
    """The payload as JSON that is safe inside a script element, and how many questions are in it: the first ones."""

    json: str
    n_questions: int


def drilldown(data: ReportData, colours: Mapping[str, int], n_bytes_taken: int = 0) -> Drilldown:
    """The questions that fit into the page, with their answers and passages. `n_bytes_taken` are those of the draws."""
    chunks = Chunks()
    questions = _fitting(data, chunks, MOST_BYTES - n_bytes_taken)
    payload = {
        "contenders": [{"name": name, "colour": colours[name]} for name in data.contenders],
        "outcomes": OUTCOMES,
        "right": RIGHT,
        "causes": CAUSES,
        "questions": questions,
        "chunks": chunks.entries,
    }
    return Drilldown(script_safe(_compact(payload)), len(questions))


def _fitting(data: ReportData, chunks: "Chunks", room: int) -> list[dict[str, Any]]:
    """The first questions, as many as fit, at least one; their passages are added to `chunks`."""
    fitting: list[dict[str, Any]] = []
    size = 0
    for question in data.questions[:MOST_QUESTIONS]:
        n_chunks = len(chunks.entries)
        written = _question(data, question, chunks)
        size += len(_compact([written, *chunks.entries[n_chunks:]]).encode())
        if fitting and size > room:
            del chunks.entries[n_chunks:]
            break
        fitting.append(written)
    return fitting


def _compact(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def script_safe(json_text: str) -> str:
    """The JSON with every character escaped that HTML or an old script engine could misread."""
    for character in "<>&\u2028\u2029":
        json_text = json_text.replace(character, f"\\u{ord(character):04x}")
    return json_text


class Chunks:
    """The chunks collected so far, each once, by their position in the payload."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self._places: dict[tuple[str, str], int] = {}

    def place(self, chunk: Chunk) -> int:
        """The chunk's position. A chunk whose text the update changed counts as a new one."""
        key = (chunk.id, chunk.text)
        if key not in self._places:
            self._places[key] = len(self.entries)
            self.entries.append(
                {
                    "source": chunk.source,
                    "heading": chunk.heading,
                    "text": chunk.text,
                    "start": chunk.start,
                    "end": chunk.end,
                }
            )
        return self._places[key]


def _question(data: ReportData, question: Question, chunks: Chunks) -> dict[str, Any]:
    is_asked = any(question.id in data.answers[name] for name in data.contenders)
    results, gold = [], {}
    for number, name in enumerate(data.contenders):
        before, after = data.answers[name].get(question.id), data.updated[name].get(question.id)
        if before is not None:
            is_stale = question.slice == "changed"
            how = outcome(data, name, question)
            why = None if is_stale else _cause(data, question, before, how)
            note = "as people labelled it" if (name, question.id) in data.labelled else _doubt(question, before, how)
            came_out = {"outcome": how, **_filled({"cause": why, "stale": is_stale, "note": note})}
            results.append({"contender": number, **came_out, **_answer(question, before, chunks)})
        elif is_asked:
            results.append({"contender": number, "outcome": "missing"})
        if after is not None:
            how = outcome_after_update(data, name, question)
            note, why = _doubt(question, after, how), _cause(data, question, after, how)
            came_out = {"outcome": how, **_filled({"cause": why, "note": note})}
            results.append({"contender": number, "after": True, **came_out, **_answer(question, after, chunks)})
        # The evidence of a changed fact is in the new documents: only passages shown after the update can contain it.
        current = after if question.slice == "changed" else before
        for hit in _shown(question, current) if current else ():
            if holds_evidence(question, hit.chunk):
                gold[chunks.place(hit.chunk)] = marks(question.source_spans, hit.chunk)
    return {"results": results} | _filled(
        {
            "id": question.id,
            "text": question.text,
            "answers": question.answers,
            "kind": question.kind,
            "slice": question.slice,
            "asked": question.asked,
            "gold": gold,
            "evidence": [_span(span) for span in question.source_spans],
        }
    )


def _cause(data: ReportData, question: Question, answer: Answer, came_out: Outcome) -> Cause | None:
    return cause(question, answer, came_out, shown_to(data.comparison, answer))


def _doubt(question: Question, answer: Answer, came_out: Outcome) -> str:
    """Why the rules can call an answer neither right nor wrong; empty if they can."""
    return grade(answer.text, question.answers, question.kind).reason if came_out == "unsure" else ""


def _answer(question: Question, answer: Answer, chunks: Chunks) -> dict[str, Any]:
    return _filled(
        {
            "text": answer.text,
            "declined": answer.abstained,
            "error": answer.error,
            "route": answer.route,
            "seconds": round(answer.usage.seconds, 3),
            "tokens": answer.usage.prompt_tokens + answer.usage.completion_tokens,
            "confidence": None if answer.confidence is None else round(answer.confidence, 2),
            "retrieved": len(answer.citations),
            "passages": [[chunks.place(hit.chunk), hit.rank] for hit in _shown(question, answer)],
        }
    )


def _shown(question: Question, answer: Answer) -> list[Hit]:
    return [
        hit
        for number, hit in enumerate(answer.citations)
        if number < MOST_PASSAGES or holds_evidence(question, hit.chunk)
    ]


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}


def _span(span: SourceSpan) -> str:
    if span.start is None or span.end is None:
        return span.source
    return f"{span.source}, characters {span.start:,} to {span.end:,}"


def marks(spans: Iterable[SourceSpan], chunk: Chunk) -> list[list[int]]:
    """The gold spans in the chunk's text, as [start, end] in UTF-16 units, which is how a browser counts.

    Sorted, without overlaps. Empty if the whole document is the evidence.
    """
    merged: list[list[int]] = []
    inside = sorted(
        (max(0, span.start - chunk.start), min(len(chunk.text), span.end - chunk.start))
        for span in spans
        if span.source == chunk.source and span.start is not None and span.end is not None
    )
    for start, end in inside:
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return [[_utf16(chunk.text[:start]), _utf16(chunk.text[:end])] for start, end in merged]


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
