"""Rows of questions with the passages that answer them: data sets of Hugging Face, test sets and results of Ragas.

Takes rows by split, gives what they hold. The questions are read by the rules for question files
(`questions/tools/`); passages become documents, and what a system answered becomes recorded answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bakeoff.errors import InputError
from bakeoff.importing.gathered import Gathered, Texts
from bakeoff.questions.rows.columns import Mapped, header
from bakeoff.questions.rows.table import RawRow, Table
from bakeoff.questions.tools.recognise import converted

GOLD = ("reference_contexts", "context", "contexts", "passage", "passages", "document", "documents", "supporting_docs")
"""The columns with the passages that hold the answer, the likeliest first."""
RETRIEVED = ("retrieved_contexts", "retrieval_context", "contexts")
ANSWERED = ("response", "actual_output", "answer")
"""The columns with what a system answered; `answer` only beside `ground_truth`, as Ragas wrote it before 0.2."""
TIMES = ("latency_ms", "latency_s", "latency", "cost_usd", "cost", "prompt_tokens", "completion_tokens")
SPLITS: Mapping[str, str] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "dev"),
    "test": "test",
}

Rows = Sequence[tuple[str, Mapping[str, Any]]]
"""Each row with the name of its split, empty if it has none."""


def gather(rows: Rows, path: Path, texts: Texts, columns: Mapped) -> Gathered:
    """What these rows hold. `path` names them in messages. Raises InputError if they hold no question."""
    names = tuple(dict.fromkeys(name for _, row in rows for name in row))
    if not rows:
        raise InputError(f"{path} has no rows.", "export it again")
    table = Table(
        path, "", [RawRow(n, names, [row.get(name) for name in names]) for n, (_, row) in enumerate(rows)], "row"
    )
    read = converted(table, columns)
    tool = next((note.rpartition(" of ")[2].rstrip(".") for note in read.notes[:1]), "")
    gathered = Gathered(f"{tool} ({path.name})" if tool else path.name, texts)
    gathered.notes += read.notes[1:]
    is_result = _is_result(names)
    splits = {SPLITS.get(split, "") for split, _ in rows} - {""}
    for record in read.records:
        split, row = rows[record.line if len(rows) > 1 else 0]  # one row may hold all tests, which are counted then
        cells = dict(zip(record.names, record.values, strict=True))
        sources = list(dict.fromkeys(filter(None, _documents(row, names, is_result, texts))))
        asked = _asked(cells, columns, is_result and not tool)
        if texts.known and not cells.get("evidence"):
            asked |= {"evidence": [text for name in GOLD if row.get(name) for text in _texts(row[name])]}
        asked |= {"source": sources} if sources and not cells.get("source") else {}
        asked |= {"split": _split(split, splits)} if len(splits) > 1 and split in SPLITS else {}
        gathered.add_question(asked)
        if is_result:
            _add_answer(gathered, path.stem, row, str(asked.get("question") or ""), texts)
    return gathered


def _split(name: str, splits: set[str]) -> str:
    """Bakeoff's split for one of a data set. Without a test, what validates is the test."""
    split = SPLITS[name]
    return "test" if split == "dev" and "test" not in splits else split


def _is_result(names: Sequence[str]) -> bool:
    """Whether the rows hold what a system answered."""
    return "response" in names or "actual_output" in names or {"answer", "ground_truth"} <= set(names)


def _documents(row: Mapping[str, Any], names: Sequence[str], is_result: bool, texts: Texts) -> Iterator[str]:
    """The files of the passages that hold the answer. Those that a system found become documents, too."""
    retrieved = next((name for name in RETRIEVED if name in names), "") if is_result else ""
    gold = next((name for name in GOLD if name in names and name != retrieved), "")
    paragraphs = row.get("paragraphs")
    if isinstance(paragraphs, list):  # an article of SQuAD
        whole = "\n\n".join(
            str(one["context"]) for one in paragraphs if isinstance(one, Mapping) and one.get("context")
        )
        yield texts.add(whole, title=_title(row))
    for title, text, holds_answer in _titled(row.get(gold), row):
        file = texts.add(text, title=title)
        if holds_answer:
            yield file
    for text in _texts(row.get(retrieved)):
        texts.add(text)


def _titled(value: Any, row: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """The title and the text of each passage, and whether it is one that holds the answer."""
    if isinstance(value, Mapping) and isinstance(value.get("sentences"), list):  # as HotpotQA has them
        facts = row.get("supporting_facts")
        supporting = facts.get("title", ()) if isinstance(facts, Mapping) else ()
        for title, sentences in zip(value.get("title") or (), value["sentences"], strict=False):
            yield str(title), "".join(map(str, sentences)), title in supporting
        return
    for text in _texts(value):
        yield _title(row), text, True


def _texts(value: Any) -> list[str]:
    """The texts of a passage, a list of them, or objects with texts, also as Python or JSON writes a list."""
    from bakeoff.contenders.recorded_answers import parsed
    from bakeoff.contenders.reply_citations import sources_in

    value = parsed(value)
    if isinstance(value, Mapping) and isinstance(value.get("contexts"), list):  # as PubMedQA has them
        value = value["contexts"]
    return [source.text for source in sources_in(value)]


def _title(row: Mapping[str, Any]) -> str:
    title = row.get("title")
    return title if isinstance(title, str) else ""


def _asked(cells: Mapping[str, Any], columns: Mapped, without_answer: bool) -> dict[str, Any]:
    """The cells of a question file, under the names of its fields where these are known."""
    unused = {*GOLD, *RETRIEVED, *TIMES, "response", "actual_output"} - {"evidence"}
    unused |= {"answer"} if without_answer else set()
    kept = {name: value for name, value in cells.items() if name not in unused and name != "title"}
    of_fields = header([*kept], columns).positions
    names = [*kept]
    for field, name in (("text", "question"), ("id", "id")):
        place = of_fields.get(field)
        if place is not None and name not in kept:
            kept[name] = kept.pop(names[place if isinstance(place, int) else place[0]])
    return kept


def _add_answer(gathered: Gathered, system: str, row: Mapping[str, Any], question: str, texts: Texts) -> None:
    answer = next((row[name] for name in ANSWERED if row.get(name)), None)
    if not question or not isinstance(answer, str):
        gathered.leave_out("answer", "it has no text")
        return
    retrieved = next((row[name] for name in RETRIEVED if row.get(name)), None)
    times = {name: row[name] for name in TIMES if row.get(name) is not None}
    gathered.add_answer(system, {"question": question, "answer": answer, "contexts": _texts(retrieved), **times})
