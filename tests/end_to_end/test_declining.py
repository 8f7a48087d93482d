"""Two runs that differ only in their seed decline alike: dev decides, and no single question of it."""

import pytest

from bakeoff.files import jsonl
from bakeoff.measure.score import rightness
from bakeoff.pilot.judging import judge_run
from bakeoff.pilot.run import run
from bakeoff.records import Answer
from tests.end_to_end.unsure import make


def hallucination(finished) -> dict[str, float]:
    return dict(finished.comparison.values("hallucination"))


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Two runs whose dev sets are as small as in the run that varied: 7 unanswerable facts, some 6 right answers."""
    folder = tmp_path_factory.mktemp("few")
    split = {"test": 0.7, "dev": 0.1}
    configs = [make(folder / str(seed), seed, 200, 35, split=split) for seed in (1, 2)]
    return [run(config, runs=config.parent / "runs") for config in configs]


@pytest.fixture(scope="module")
def enough(tmp_path_factory):
    """Two runs with enough dev questions for a threshold."""
    folder = tmp_path_factory.mktemp("enough")
    split = {"test": 0.6, "dev": 0.25}
    configs = [make(folder / str(seed), seed, 240, 120, split=split) for seed in (1, 2)]
    return [run(config, runs=config.parent / "runs") for config in configs]


def test_without_enough_dev_questions_nobody_gets_a_threshold_and_the_report_says_so(few):
    """The reason has both numbers, and the terminal, the page and the Markdown show it."""
    for finished in few:
        dev = [question for question in finished.folder.questions() if question.split == "dev"]
        right = {question.id: question for question in dev if question.answerable}
        given = finished.folder.answers("rag", "dev")
        assert sum(not question.answerable for question in dev) == 7
        n_right = sum(a.question_id in right and rightness(right[a.question_id], a.text) == 1.0 for a in given)
        assert n_right in range(3, 10)
        assert {found.below for found in finished.comparison.declining.values()} == {None}
        for page in ("report.md", "report.html"):
            text = (finished.folder.root / page).read_text()
            assert "and 7 unanswerable facts, and a threshold needs at least 20 of each; for that the question" in text


@pytest.mark.parametrize("runs", ["few", "enough"])
def test_two_seeds_hallucinate_alike(runs, request):
    """Within 10 points, every contender, the router too; it was 83 against 13."""
    first, second = map(hallucination, request.getfixturevalue(runs))
    assert {"base", "rag", "rag-careful", "extract", "router"} == first.keys() == second.keys()
    assert {name: abs(first[name] - second[name]) <= 0.10 for name in first} == dict.fromkeys(first, True)


def test_the_router_takes_the_contender_that_is_wrong_less_often(few):
    """Both that retrieve are right equally often, so that accuracy on dev is chance; what wrong answers cost is not."""
    for finished in few:
        assert {answer.route for answer in finished.folder.answers("router")} == {"rag-careful"}
        values = finished.comparison.values("hallucination")
        assert values["router"] == values["rag-careful"] < values["rag"]


def test_with_enough_dev_questions_a_threshold_lowers_hallucination(enough):
    """The model is wrong more often than right, so it declines most; dev decides the same way in both runs."""
    for finished in enough:
        found = finished.comparison.declining["rag"]
        assert found.below is not None and found.gain > 0
        assert finished.comparison.values("hallucination")["rag"] < 0.3
        report = (finished.folder.root / "report.md").read_text()
        dev = [question for question in finished.folder.questions() if question.split == "dev"]
        n_none = len({question.fact or question.id for question in dev if not question.answerable})
        assert n_none >= 24 and f"Thresholds were fitted on 60 answerable and {n_none} unanswerable facts" in report
        assert "rag also declines if its confidence is below" in report


def test_how_far_dev_decides_is_part_of_the_intervals(enough):
    """Judged again without dev answers, which leaves it out, intervals are narrower, and the values are the same."""
    finished = enough[0]
    before = finished.folder.comparison()
    paths = [finished.folder.answers_path(name, "dev") for name in before.names if name != "router"]
    kept = [jsonl.read(path, Answer) for path in paths]
    for path in paths:
        path.unlink()
    judge_run(finished.folder, finished.folder.config().profile)
    after = finished.folder.comparison()
    for path, answers in zip(paths, kept, strict=True):
        jsonl.write(path, answers)
    for measure in ("accuracy", "hallucination", "abstention"):
        wide, narrow = before.estimate("rag", measure), after.estimate("rag", measure)
        assert wide.value == narrow.value
        assert wide.high - wide.low > narrow.high - narrow.low
    contrast = [comparison.contrast("rag", "extract", "hallucination") for comparison in (before, after)]
    assert contrast[0].high - contrast[0].low > contrast[1].high - contrast[1].low


def test_a_contender_that_declines_more_is_not_better_at_equal_coverage(enough):
    """Curve and area do not depend on the threshold, only on the answers."""
    comparison = enough[0].comparison
    for name in comparison.names:
        estimate = comparison.estimate(name, "aurc")
        assert estimate.low <= estimate.value <= estimate.high
        assert len(estimate.detail["coverage"]) == len(estimate.detail["risk"]) > 10
    assert "answered" in comparison.estimate("rag", "aurc").detail
