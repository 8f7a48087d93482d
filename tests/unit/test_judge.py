"""What a run hands to the ledger: where the router sent its questions, and what the cost model makes of it."""

import pytest

from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.verdict.claims import Entry
from bakeoff.files import jsonl
from bakeoff.pilot.judge import judge
from bakeoff.runs.folder import RunFolder
from tests.unit.report_fixture import build

OWN_DAYS = {
    "setup_days": {"rag": 2.0, "tuned": 9.0},
    "data_days": {"rag": 2.0, "tuned": 6.0},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(build(tmp_path_factory.mktemp("run") / "run", profile=None))


def claim(run: RunFolder, name: str, profile: Profile | None = None) -> Entry:
    return next(one for one in judge(run, profile or Profile()).claims if one.claim.id == name)


def test_the_ledger_is_told_where_the_router_sent_its_questions(run: RunFolder) -> None:
    """The made-up router sends to 'tuned' and to 'rag': 'rag' is what routing is held against."""
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
    """By default the days are Bakeoff's assumption; a team's own are taken."""
    assert claim(run, "cost-setup").finding == "not tested"
    found = claim(run, "cost-setup", Profile.model_validate(OWN_DAYS))
    assert found.finding == "supported"
    assert "3,200 USD against 12,000 USD, a ratio of 0.27; the article says 0.25" in found.why


def test_compute_is_set_up_answers_and_updates_over_the_horizon(run: RunFolder) -> None:
    """rag is set up sooner than tuned but answers more slowly: volume decides, not set-up alone."""
    assert claim(run, "cost-compute-rag").finding == "contradicted"
    few = Profile(queries_per_month=1, horizon_months=1)
    assert claim(run, "cost-compute-rag", few).finding == "supported"


def test_freshness_is_held_against_before_the_update(run: RunFolder) -> None:
    """The same questions about what changed, before and after."""
    changed = sum(one.slice == "changed" for one in run.questions() if one.split == "test")
    assert f"{changed} questions" in claim(run, "freshness-rag").why
