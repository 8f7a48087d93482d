"""Recorded answers stand in the table as they were recorded; what was not recorded is not measured."""

import json

import pytest

from bakeoff.contenders.citing import CitedDocuments
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recorded import RecordedContender
from bakeoff.contenders.recorded_answers import RecordedAnswer, read_recorded
from bakeoff.contenders.spec import Spec
from bakeoff.errors import ConfigError, InputError
from bakeoff.pilot.run import run
from bakeoff.records import Usage
from bakeoff.runs.config import load_config
from bakeoff.serve.deployment import deploy
from tests.end_to_end.small import PLANETS, make
from tests.unit.fakes import question

FEW = dict(list(PLANETS.items())[:4])


def rows(path):
    """One recorded row for each question of the small pilot, right and with its document."""
    questions = [json.loads(line) for line in path.read_text().splitlines()]
    return [
        {
            "question": f"  {one['question'].upper()} ",
            "answer": one.get("answers", ["I don't know."])[0],
            "contexts": [one["source"]] if "source" in one else [],
        }
        for one in questions
    ]


def finished(folder, recorded, **more):
    entries = ["extract", {"name": "ours", "like": "recorded", "options": {"answers": "ours.jsonl"}}]
    path = make(folder, FEW, contenders=entries, **more)
    lines = [{**row, **recorded(n)} for n, row in enumerate(rows(folder / "questions.jsonl"))]
    (folder / "ours.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return run(load_config(path), runs=folder / "runs")


def test_answers_are_graded_and_nothing_else_is_invented(tmp_path):
    """Without times and costs there are none, with the reason, in the measures and in the report."""
    found = finished(tmp_path, lambda n: {})
    assert found.measure("ours", "accuracy") == 1.0
    assert found.measure("ours", "abstention") > 0
    assert found.measure("ours", "retrieval_recall") == 1.0
    for measure in ("latency_ms", "cost_per_1k", "tokens_per_question", "seconds_per_question", "setup_s"):
        estimate = found.comparison.estimate("ours", measure)
        assert estimate.value is None and estimate.reason, measure
    assert "the file has no latency" in found.comparison.estimate("ours", "latency_ms").reason
    report = found.report.read_text(encoding="utf-8")
    assert "Recorded answers" in report and "ours.jsonl" in report


def test_times_and_costs_are_as_recorded(tmp_path):
    """The median of the recorded latencies, the mean of the recorded costs, also in the costs over the horizon."""
    recorded = lambda n: {"latency_s": 2.0 + n % 2, "cost_usd": 0.004, "prompt_tokens": 90, "completion_tokens": 10}  # noqa: E731
    found = finished(tmp_path, recorded)
    assert 2000 <= found.measure("ours", "latency_ms") <= 3000
    assert found.measure("ours", "cost_per_1k") == pytest.approx(4.0)
    assert found.measure("ours", "tokens_per_question") == 100
    costs = json.loads((found.folder.root / "verdict.json").read_text())
    assert "the mean of what was recorded with its answers" in json.dumps(costs)


def test_a_run_needs_the_file_no_more_once_it_is_finished(tmp_path):
    """The answers are in the run folder."""
    found = finished(tmp_path, lambda n: {})
    (tmp_path / "ours.jsonl").unlink()
    asked = next(one for one in found.folder.questions() if one.split == "test" and one.answerable)
    assert found.open("ours").answer([asked])[0].text == asked.answers[0]


def test_a_question_without_an_answer_is_an_error_and_a_refusal_is_declined():
    """Never a wrong answer, which nobody gave."""
    recorded = [
        RecordedAnswer(question="How long?", answer="I don't know."),
        RecordedAnswer(id="b", answer="3 days"),
        RecordedAnswer(question="Why?", error="timeout"),
    ]
    contender = RecordedContender("ours", recorded, CitedDocuments(()))
    asked = [question("a", "how  LONG?"), question("b", "x"), question("c", "Why?"), question("d", "Who?")]
    answers = contender.answer(asked)
    assert [answer.question_id for answer in answers] == ["a", "b", "c", "d"]
    assert (answers[0].abstained, answers[1].text, answers[1].latency_ms) == (True, "3 days", None)
    assert answers[2].error == "recorded: timeout"
    assert answers[3].error == "no answer is recorded for this question; the file has 3 answers"


def test_names_of_other_tools_and_lists_in_cells_are_read(tmp_path):
    """Ragas' `user_input`, `response`, `retrieved_contexts`; a list in CSV as Python writes it."""
    path = tmp_path / "a.csv"
    path.write_text("user_input,response,retrieved_contexts,latency\nWhy?,So,\"['One.', 'Two.']\",1.5\n")
    (one,) = read_recorded(path)
    assert (one.question, one.answer, one.latency_ms) == ("Why?", "So", 1500.0)
    assert [source.text for source in one.sources] == ["One.", "Two."]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"question": "Why?"}\n', "need a column with the answer"),
        ('{"answer": "So"}\n', "need a column with the answer and one with the question"),
        ('{"question": "Why?", "answer": "So", "cost": "cheap"}\n', "line 1: 'cost' is 'cheap'"),
        ('{"question": "Why?", "answer": "So", "latency_ms": -1}\n', "'latency_ms' is -1"),
        ('{"question": "", "answer": "So"}\n', "no question and no id"),
        ('{"question": "Why?", "answer": "So"}\n{"question": "why? ", "answer": "No"}\n', "two different answers"),
        (
            '{"id": 1, "question": "Why?", "answer": "So"}\n{"id": 2, "question": "why?", "answer": "No"}\n',
            "two different answers to one question: 'why",
        ),
        (
            '{"id": 1, "question": "Why?", "answer": "So"}\n{"id": 1, "question": "Who?", "answer": "No"}\n',
            "two different answers to one question: 'Who",
        ),
        ("", "no questions in it"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(tmp_path, text, words):
    """A number that is none must not become 0."""
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        read_recorded(path)
    assert words in str(refused.value)


def test_a_missing_file_is_found_before_any_work(tmp_path):
    """When the configuration is read."""
    recipe = make_recipe(Spec(name="ours", recipe="recorded", options={"answers": str(tmp_path / "gone.jsonl")}))
    with pytest.raises(InputError, match=r"Cannot read .*gone\.jsonl: No such file"):
        recipe.check([recipe])
    with pytest.raises(ConfigError, match=r"options\.answers"):
        make_recipe(Spec(name="ours", recipe="recorded"))


def test_it_cannot_be_served(tmp_path):
    """It has no answers to other questions."""
    with pytest.raises(ConfigError, match="'ours' answers outside of Bakeoff"):
        deploy(finished(tmp_path, lambda n: {}), tmp_path / "served", ["ours"])


def test_recorded_costs_add_up():
    """Of an answer of several parts; without any, there is none to add."""
    assert (Usage(usd=0.5) + Usage(seconds=1.0)).usd == 0.5
    assert (Usage() + Usage()).usd is None
    assert "usd" not in Usage().model_dump()  # older run folders stay as they are
