"""What a run passes to the ledger: where the router sent its questions, and the results of the cost model."""

from datetime import date

import pytest

from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.verdict.claims import Entry
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.errors import ConfigError
from bakeoff.files import jsonl
from bakeoff.pilot.judge import graded_answers, judge, per_question_values
from bakeoff.runs.folder import RunFolder
from tests.unit.report_fixture import build

OWN_DAYS = {
    "setup_days": {"rag": 2.0, "tuned": 9.0},
    "data_days": {"rag": 2.0, "tuned": 6.0},
    "project_days": 0.0,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(build(tmp_path_factory.mktemp("run") / "run", profile=None))


def claim(run: RunFolder, name: str, profile: Profile | None = None) -> Entry:
    return next(one for one in judge(run, profile or Profile()).claims if one.claim.id == name)


def _freshness(run, questions):
    of = graded_answers(run, questions, ["rag"])
    return per_question_values(run, questions, ["rag"], of)["freshness"]["rag"].values


def test_the_ledger_is_told_where_the_router_sent_its_questions(run: RunFolder) -> None:
    """The router sends questions to 'tuned' and 'rag'; routing is compared with 'rag'."""
    assert claim(run, "latency-hybrid").why.startswith("router against rag, latency")
    answers = run.answers("router")
    jsonl.write(run.answers_path("router"), [one.model_copy(update={"route": "rag"}) for one in answers])
    try:
        found = claim(run, "hybrid-faq")
    finally:
        jsonl.write(run.answers_path("router"), answers)
    n = sum(one.slice in ("seen", "unseen", "unanswerable") for one in run.questions() if one.split == "test")
    assert found.finding == "not tested"
    assert f"router sent {n} of {n} test questions to rag" in found.why


def test_claims_about_money_wait_for_days_of_work_that_somebody_gave(run: RunFolder) -> None:
    """By default the days are Bakeoff's assumption. If a team gives its own, they are used."""
    assert claim(run, "cost-setup").finding == "not tested"
    found = claim(run, "cost-setup", Profile.model_validate(OWN_DAYS))
    assert found.finding == "supported"
    assert "3,200 USD against 12,000 USD, a ratio of 0.27; the article says 0.25" in found.why


def test_compute_is_set_up_answers_and_updates_over_the_horizon(run: RunFolder) -> None:
    """rag is set up faster than tuned but answers more slowly, so volume decides, not set-up alone."""
    assert claim(run, "cost-compute-rag").finding == "contradicted"
    few = Profile(queries_per_month=1, horizon_months=1)
    assert claim(run, "cost-compute-rag", few).finding == "supported"


def test_freshness_is_held_against_before_the_update(run: RunFolder) -> None:
    """The same questions about what changed, before and after."""
    changed = sum(one.slice == "changed" for one in run.questions() if one.split == "test")
    assert f"{changed} questions" in claim(run, "freshness-rag").why


def test_the_verdict_s_file_is_the_record_that_was_written(run: RunFolder) -> None:
    """A verdict written as JSON is read back unchanged."""
    judgement = judge(run, Profile(), date(2026, 1, 14))
    assert Judgement.model_validate_json(judgement.model_dump_json()) == judgement


def test_updated_answers_are_read_from_the_scores_not_graded_again(run: RunFolder) -> None:
    """Changing the scores of the update changes freshness; changing the answers does not."""
    questions = [question for question in run.questions() if question.split == "test"]
    before = per_question_values(run, questions, ["rag"], graded_answers(run, questions, ["rag"]))["freshness"][
        "rag"
    ].values
    assert before
    answers, scores = run.answers("rag", "updated"), list(run.scores())
    turned = [
        one.model_copy(update={"value": 1.0 - one.value})
        if (one.contender, one.phase, one.measure) == ("rag", "updated", "correct") and one.value is not None
        else one
        for one in scores
    ]
    try:
        jsonl.write(run.answers_path("rag", "updated"), [one.model_copy(update={"text": "x"}) for one in answers])
        assert (
            per_question_values(run, questions, ["rag"], graded_answers(run, questions, ["rag"]))["freshness"][
                "rag"
            ].values
            == before
        )
        jsonl.write(run.scores_path, turned)
        after = per_question_values(run, questions, ["rag"], graded_answers(run, questions, ["rag"]))["freshness"][
            "rag"
        ].values
    finally:
        jsonl.write(run.answers_path("rag", "updated"), answers)
        jsonl.write(run.scores_path, scores)
    assert after == {key: 1.0 - value for key, value in before.items()}


def test_the_grid_and_the_effects_of_a_verdict_are_the_same_records(run: RunFolder) -> None:
    """The grid's steps are the effects, so a step is bold exactly if its effect is significant."""
    judgement = judge(run, Profile())
    (grid,) = judgement.grids
    assert len(grid.steps) >= 4
    assert all(step in judgement.effects for step in grid.steps)


def test_days_for_a_contender_that_the_run_does_not_have_are_refused(run: RunFolder) -> None:
    """The error for an unknown name suggests the nearest one."""
    with pytest.raises(ConfigError, match=r"'tunde' is not a contender or recipe(.|\n)*did you mean 'tuned'"):
        judge(run, Profile(setup_days={"tunde": 3.0}))


def test_the_plan_takes_the_days_of_the_contender_that_won(run: RunFolder) -> None:
    """A winner in the grid represents its approach."""
    first = judge(run, Profile(), date(2026, 1, 14))
    assert first.winner and first.roadmap
    longer = judge(run, Profile(setup_days={first.winner: 100.0}), date(2026, 1, 14))
    assert longer.winner == first.winner and longer.roadmap
    assert sum(longer.roadmap.effort_by_owner().values()) > 60 + sum(first.roadmap.effort_by_owner().values())


def test_a_fixed_cost_does_not_make_work_and_updates_take_no_time(run: RunFolder) -> None:
    """What a contractor is paid says nothing about how long it takes: deadline and updates stay as they are."""
    fixed = {"fixed": {"tuned": {"setup_usd": 500.0, "usd_per_month": 50.0}}}
    profile = {"deadline_days": 5, "update_interval_days": 0.05, "accuracy_requirement": 1}
    plain, known = (judge(run, Profile.model_validate({**profile, **more})) for more in ({}, fixed))
    standing = {one.name: one.state for one in known.standings["tuned"]}
    assert (standing["deadline_days"], standing["update_interval_days"]) == ("missed", "missed")
    assert known.draws.update_days == plain.draws.update_days
    assert known.cost.inputs["tuned"].fixed_setup_usd == 500


def test_a_budget_below_the_fixed_set_up_of_a_part_is_missed_by_what_needs_the_part(run: RunFolder) -> None:
    """rag's set-up costs 30,000 USD: with a budget of 29,000 neither rag nor hybrid can keep it."""
    fixed = {"rag": {"setup_usd": 30_000}, "tuned": {"usd_per_month": 900}}
    profile = Profile.model_validate({"fixed": fixed, "budget_setup_usd": 29_000, "budget_usd_per_month": 890})
    standings = judge(run, profile).standings
    states = {name: {one.name: one.state for one in standings[name]} for name in ("rag", "tuned", "hybrid")}
    assert states["rag"]["setup_usd"] == states["hybrid"]["setup_usd"] == "missed"
    assert states["tuned"]["running_usd_per_month"] == states["hybrid"]["running_usd_per_month"] == "missed"
