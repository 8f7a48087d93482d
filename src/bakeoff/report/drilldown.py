"""Every test question with every contender's answer, as the JSON that the page's script shows.

Takes `ReportData`, gives text. Chunks stand once however often they are cited; keys whose value is empty are left out.
Knows nothing about how the page looks.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bakeoff.evidence import holds_evidence
from bakeoff.records import Answer, Chunk, Hit, Question, SourceSpan
from bakeoff.report.findings import CAUSES, OUTCOMES, cause, outcome
from bakeoff.report.gather import ReportData

MOST_QUESTIONS = 2000
MOST_PASSAGES = 8


def drilldown_json(data: ReportData, colours: Mapping[str, int]) -> str:
    """JSON safe inside a script element: no `<`, `>`, `&` nor line separator stands in it unescaped."""
    chunks: dict[str, int] = {}
    shown: list[Chunk] = []
    questions = [_question(data, question, chunks, shown) for question in data.questions[:MOST_QUESTIONS]]
    payload = {
        "contenders": [{"name": name, "colour": colours[name]} for name in data.contenders],
        "outcomes": OUTCOMES,
        "causes": CAUSES,
        "chunks": [{"source": chunk.source, "heading": chunk.heading, "text": chunk.text,
                    "start": chunk.start, "end": chunk.end} for chunk in shown],
        "questions": questions,
    }
    return script_safe(json.dumps(payload, ensure_ascii=False, separators=(",", ":")))


def script_safe(text: str) -> str:
    """JSON with every character that HTML or old JavaScript could misread as an escape of JSON."""
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "replace").decode("utf-8")


def _question(data: ReportData, question: Question, chunks: dict[str, int], shown: list[Chunk]) -> dict[str, Any]:
    results = []
    is_asked = any(question.id in data.answers[name] for name in data.contenders)
    gold: dict[int, list[list[int]]] = {}
    for number, name in enumerate(data.contenders):
        answer = data.answers[name].get(question.id)
        if answer is not None:
            came_out = outcome(data, name, question.id)
            results.append(_result(number, answer, data, chunks, shown) | _filled(
                {"outcome": came_out, "cause": cause(question, answer, came_out)}))
        elif is_asked:
            results.append({"contender": number, "outcome": "missing"})
        later = data.updated[name].get(question.id)
        if later is not None:
            results.append(_result(number, later, data, chunks, shown) | {"after": True} | _after(data, later))
        for hit in _shown_hits(question, answer) + _shown_hits(question, later):
            if holds_evidence(question, hit.chunk):
                gold[_place(hit.chunk, chunks, shown)] = marks(question.source_spans, hit.chunk)
    return _filled({
        "id": question.id, "text": question.text, "answers": list(question.answers), "kind": question.kind,
        "slice": question.slice, "asked": question.asked, "results": results, "gold": gold,
        "evidence": [_span(span) for span in question.source_spans],
    })


def _after(data: ReportData, answer: Answer) -> dict[str, Any]:
    """How an answer after the update came out, where the run scored it."""
    if answer.error is not None:
        return {"outcome": "error"}
    correct = data.scores.get((answer.contender, answer.question_id, "correct_after_update"))
    if correct is None:
        return {"outcome": "unscored"}
    return {"outcome": "correct" if correct >= 0.5 else "declined" if answer.abstained else "wrong"}


def _result(number: int, answer: Answer, data: ReportData, chunks: dict[str, int], shown: list[Chunk]) -> dict[str, Any]:
    alone = data.alone[data.contenders[number]].get(answer.question_id)
    question = Question(id="", text="", fact="")
    del question
    return {"contender": number} | _filled({
        "text": answer.text,
        "declined": answer.abstained,
        "error": answer.error,
        "route": answer.route,
        "ms": round(alone.latency_ms) if alone and alone.latency_ms is not None else None,
        "tokens": answer.usage.prompt_tokens + answer.usage.completion_tokens,
        "confidence": None if answer.confidence is None else round(answer.confidence, 3),
        "n_passages": len(answer.citations),
        "passages": [[_place(hit.chunk, chunks, shown), hit.rank] for hit in answer.citations[:MOST_PASSAGES]],
    })


def _shown_hits(question: Question, answer: Answer | None) -> list[Hit]:
    return list(answer.citations[:MOST_PASSAGES]) if answer else []


def _place(chunk: Chunk, chunks: dict[str, int], shown: list[Chunk]) -> int:
    if chunk.id not in chunks:
        chunks[chunk.id] = len(shown)
        shown.append(chunk)
    return chunks[chunk.id]


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value not in (None, "", False, [], {}, 0)}


def _span(span: SourceSpan) -> str:
    if span.start is None or span.end is None:
        return span.source
    return f"{span.source}, characters {span.start:,} to {span.end:,}"


def marks(spans: Iterable[SourceSpan], chunk: Chunk) -> list[list[int]]:
    """Where gold spans lie in the chunk's text, as [start, end] in UTF-16 units, which is how a browser counts.

    Sorted, without overlaps. Empty where the whole document is the evidence: then there is nothing to single out.
    """
    found: list[list[int]] = []
    inside = sorted((max(0, span.start - chunk.start), min(len(chunk.text), span.end - chunk.start)) for span in spans
                    if span.source == chunk.source and span.start is not None and span.end is not None)
    for start, end in inside:
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return [[_utf16(chunk.text[:start]), _utf16(chunk.text[:end])] for start, end in found]


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
