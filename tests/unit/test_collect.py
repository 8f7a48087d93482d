"""The evaluation loop keeps every finished answer, repeats none, and turns failures into answers with an error."""

import pytest

from bakeoff.files import jsonl
from bakeoff.measure.collect import collect, collect_latency
from bakeoff.models.sharing import group
from bakeoff.records import Answer, Usage
from tests.unit.fakes import answer, question


class Counting:
    """Answers everything but the ids in `broken`, and remembers what it was asked."""

    name = "counting"

    def __init__(self, broken=(), killed_at=None):
        self.broken = set(broken)
        self.killed_at = killed_at
        self.asked = []

    def answer(self, questions):
        self.asked += [one.id for one in questions]
        if self.killed_at in self.asked:
            raise KeyboardInterrupt
        if self.broken & {one.id for one in questions}:
            raise RuntimeError("the engine\nfailed")
        return [answer(one.id, contender=self.name) for one in questions]


def ignore(done, total):
    """A progress callback that shows nothing."""


class Router:
    """Gives answers that other contenders gave earlier in the run."""

    name = "router"

    def answer(self, questions):
        return [answer(one.id, contender=self.name, route="rag", usage=Usage(seconds=2.0)) for one in questions]


def test_reused_answers_cost_what_they_took_when_they_were_given(tmp_path):
    """Looking them up takes no time; a user of the router would wait and pay for them."""
    collect(Router(), QUESTIONS, tmp_path / "answers.jsonl", 10, ignore)
    assert {one.usage.seconds for one in jsonl.read(tmp_path / "answers.jsonl", Answer)} == {2.0}


QUESTIONS = [question(str(i)) for i in range(10)]


def test_a_killed_pass_goes_on_without_loss_or_repetition(tmp_path):
    """Answers on the disk are not asked again. Every question is answered once."""
    path = tmp_path / "answers.jsonl"
    with pytest.raises(KeyboardInterrupt):
        collect(Counting(killed_at="7"), QUESTIONS, path, 3, ignore)
    assert [one.question_id for one in jsonl.read(path, Answer)] == ["0", "1", "2", "3", "4", "5"]
    second = Counting()
    collect(second, QUESTIONS, path, 3, ignore)
    assert second.asked == ["6", "7", "8", "9"]
    assert [one.question_id for one in jsonl.read(path, Answer)] == [one.id for one in QUESTIONS]


def test_one_failing_question_costs_only_itself(tmp_path):
    """The rest of its batch is answered; the failure is kept with its message on one line."""
    path = tmp_path / "answers.jsonl"
    collect(Counting(broken=["4"]), QUESTIONS, path, 5, ignore)
    found = {one.question_id: one for one in jsonl.read(path, Answer)}
    assert len(found) == 10
    assert found["4"].error == "RuntimeError: the engine failed"
    assert all(one.error is None for key, one in found.items() if key != "4")


def test_a_question_that_failed_is_asked_again_by_the_next_session(tmp_path):
    """Questions that failed while an API was down are answered when the run is resumed. Nothing else is asked."""
    path = tmp_path / "answers.jsonl"
    collect(Counting(broken=["4"]), QUESTIONS, path, 5, ignore)
    second = Counting()
    collect(second, QUESTIONS, path, 5, ignore)
    assert second.asked == ["4"]
    assert {one.question_id: one.error for one in jsonl.read(path, Answer)}["4"] is None


def test_latency_is_measured_one_question_at_a_time_after_a_warm_up(tmp_path):
    """The first question is asked but not kept; each of the others carries its own time."""
    path = tmp_path / "latency.jsonl"
    contender = Counting()
    collect_latency(contender, QUESTIONS[:4], path, ignore)
    assert contender.asked == ["0", "1", "2", "3"]
    kept = jsonl.read(path, Answer)
    assert [one.question_id for one in kept] == ["1", "2", "3"]
    assert all(one.latency_ms is not None and one.latency_ms >= 0 for one in kept)


def test_progress_counts_what_an_earlier_session_did(tmp_path):
    """A resumed pass starts at what is done, and ends at the total."""
    path = tmp_path / "answers.jsonl"
    jsonl.append(path, [answer("0"), answer("1")])
    told = []
    collect(Counting(), QUESTIONS, path, 4, lambda done, total: told.append((done, total)))
    assert told == [(2, 10), (6, 10), (10, 10)]


def test_each_pass_reads_its_prompts_apart(tmp_path):
    """All prompts of one pass are in one group of their own, so no pass gains from what another one has read."""
    groups = []

    class Reading(Counting):
        def answer(self, questions):
            groups.append(group())
            return super().answer(questions)

    for name in ("rag", "hybrid"):
        collect_latency(Reading(), QUESTIONS[:3], tmp_path / f"{name}-latency.jsonl", ignore)
        collect(Reading(), QUESTIONS, tmp_path / f"{name}.jsonl", 4, ignore)
    assert groups == [one for one in dict.fromkeys(groups) for _ in range(3)]
    assert len(set(groups)) == 4 and group() not in groups
