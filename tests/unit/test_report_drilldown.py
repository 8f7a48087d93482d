"""The questions and answers as JSON inside the page."""

import json
from pathlib import Path

import pytest

from bakeoff.records import Chunk, SourceSpan
from bakeoff.report.drilldown import drilldown, marks, script_safe
from bakeoff.report.gather import ReportData, gather
from tests.unit.report_fixture import build


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    return gather(build(tmp_path_factory.mktemp("run") / "run", n_questions=60, profile=None))


@pytest.fixture(scope="module")
def payload(data: ReportData) -> dict:
    return json.loads(drilldown(data, dict.fromkeys(data.contenders, 0)).json)


def cut(text: str, mark: list[int]) -> str:
    """What a browser, which counts UTF-16 units, takes for the marked part."""
    return text.encode("utf-16-le")[2 * mark[0] : 2 * mark[1]].decode("utf-16-le")


def test_nothing_in_it_can_end_the_script_it_stands_in() -> None:
    """Angle brackets, ampersands and line separators are escaped, and the JSON stays the same."""
    text = json.dumps("</script><!-- & \u2028 \u2029 -->", ensure_ascii=False)
    safe = script_safe(text)
    assert not set("<>&\u2028\u2029") & set(safe) and json.loads(safe) == json.loads(text)


def test_every_test_question_and_every_answer_is_in_it(data: ReportData, payload: dict) -> None:
    """Errors and refusals too; the answer after an update stands beside the one before."""
    assert [one["id"] for one in payload["questions"]] == [question.id for question in data.questions]
    for one in payload["questions"]:
        before = [result for result in one["results"] if not result.get("after")]
        assert [result["contender"] for result in before] == list(range(len(data.contenders)))
        assert (len(one["results"]) > len(before)) == (one["slice"] == "changed")
    outcomes = {result["outcome"] for one in payload["questions"] for result in one["results"]}
    assert {"correct", "wrong", "declined", "abstained", "error"} <= outcomes


def test_a_chunk_stands_once_however_often_it_is_cited(data: ReportData, payload: dict) -> None:
    """Each chunk is in the payload once, which keeps the page small."""
    cited = {hit.chunk.id for given in data.answers.values() for answer in given.values() for hit in answer.citations}
    assert len(payload["chunks"]) == len(cited)
    places = [
        place for one in payload["questions"] for result in one["results"] for place, _ in result.get("passages", [])
    ]
    assert len(places) > len(cited) and max(places) < len(cited)


def test_gold_marks_cover_the_evidence_as_a_browser_counts(data: ReportData, payload: dict) -> None:
    """Every mark is the text of the gold span."""
    n_marks = 0
    for question, one in zip(data.questions, payload["questions"], strict=True):
        for place, found in one.get("gold", {}).items():
            chunk = payload["chunks"][int(place)]
            for mark in found:
                n_marks += 1
                assert len(cut(chunk["text"], mark)) <= max(
                    span.end - span.start for span in question.source_spans if span.end is not None
                )
    assert n_marks > 5


def test_marks_count_characters_beyond_the_basic_plane_twice() -> None:
    """An emoji before the evidence does not shift the mark."""
    chunk = Chunk(id="c", document_id="d", source="a", text="\U0001f525\U0001f525 gold!", start=10, end=18)
    (mark,) = marks([SourceSpan(source="a", start=13, end=17)], chunk)
    assert cut(chunk.text, mark) == "gold"


def test_marks_are_clipped_merged_and_kept_to_their_document() -> None:
    """Spans that reach beyond the chunk are cut, overlapping ones are one mark, other documents' are not marked."""
    chunk = Chunk(id="c", document_id="d", source="a", text="0123456789", start=100, end=110)
    spans = [
        SourceSpan(source="a", start=90, end=103),
        SourceSpan(source="a", start=102, end=105),
        SourceSpan(source="a", start=108, end=200),
        SourceSpan(source="b", start=100, end=110),
        SourceSpan(source="a", start=300, end=310),
        SourceSpan(source="a"),
    ]
    assert marks(spans, chunk) == [[0, 5], [8, 10]]


def test_a_stale_answer_has_no_cause(payload: dict) -> None:
    """Before the update, a question about what changed could not be answered correctly."""
    stale = [result for one in payload["questions"] for result in one["results"] if result.get("stale")]
    assert stale and not any("cause" in result for result in stale)


def test_a_missing_answer_is_shown_as_missing(tmp_path: Path) -> None:
    """A contender that was killed before it answered is shown as missing."""
    folder = build(tmp_path / "run", n_questions=10, profile=None)
    path = folder / "answers" / "rag.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    data = gather(folder)
    first = json.loads(drilldown(data, dict.fromkeys(data.contenders, 0)).json)["questions"][0]
    assert {"contender": 1, "outcome": "missing"} in first["results"]


def test_a_page_holds_as_many_questions_as_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first questions fill the room for them; their passages are there, those of the others are not."""
    data = gather(build(tmp_path / "run", n_questions=30, profile=None))
    everything = drilldown(data, dict.fromkeys(data.contenders, 0))
    assert everything.n_questions == len(data.questions)
    room = len(everything.json.encode()) // 2
    monkeypatch.setattr("bakeoff.report.drilldown.MOST_BYTES", room)
    some = drilldown(data, dict.fromkeys(data.contenders, 0))
    payload = json.loads(some.json)
    assert 0 < some.n_questions == len(payload["questions"]) < everything.n_questions
    assert len(some.json.encode()) < room + 5000
    placed = {place for q in payload["questions"] for one in q["results"] for place, _ in one.get("passages", [])}
    assert max(placed) < len(payload["chunks"])
    taken = drilldown(data, dict.fromkeys(data.contenders, 0), n_bytes_taken=room // 2)
    assert 0 < taken.n_questions < some.n_questions
