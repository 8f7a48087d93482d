"""Needs that a contender cannot meet by what it is: one function for the decision matrix and the verdict."""

from pathlib import Path

import pytest

from bakeoff.decide.situation.needs import unmet_needs
from bakeoff.decide.situation.profile import Profile
from bakeoff.measure.comparison import AskedModel, Entrant
from bakeoff.pilot.judge import judge
from tests.unit.comparison_fixture import STANDARD, entrant
from tests.unit.run_fixture import finished

INTERNET = AskedModel(name="api", label="an API", location="internet", host="api.example.com")
NETWORK = AskedModel(name="box", label="a server", location="premises", host="10.0.0.7")
OWN = Entrant(name="own", recipe="team:Own", title="Your own")


def failing(profile: Profile, entrants: tuple[Entrant, ...] = STANDARD, days: float | None = None) -> dict[str, set]:
    """The names of the contenders that fail each need."""
    found: dict[str, set] = {}
    for one in entrants:
        for need in unmet_needs(profile, one, entrants, days):
            found.setdefault(need, set()).add(one.name)
    return found


@pytest.mark.parametrize(
    ("need", "names"),
    [
        ("needs_citations", {"base", "tuned", "router"}),
        ("needs_live_sources", {"base", "tuned", "router", "long-context"}),
        ("needs_independent_updates", {"base", "tuned", "router"}),
    ],
)
def test_needs_follow_from_what_a_contender_reads(need: str, names: set[str]) -> None:
    """A router fails because it sends some questions to a tuned model; a prompt with every document cites but is not
    live."""
    assert failing(Profile.model_validate({need: True})) == {need: names}
    assert failing(Profile.model_validate({need: False})) == {}


def test_a_router_between_contenders_that_retrieve_meets_what_they_meet() -> None:
    """One that sends questions on is judged by all of those that answer for it, at any depth."""
    reading = entrant("router", "reading", behind=("rag", "hybrid"))
    outer = entrant("router", "outer", behind=("reading", "extract"))
    wrong = entrant("router", "wrong", behind=("reading", "tuned"))
    profile = Profile(needs_citations=True, needs_live_sources=True, needs_independent_updates=True)
    entrants = (*STANDARD, reading, outer, wrong)
    assert unmet_needs(profile, reading, entrants) == unmet_needs(profile, outer, entrants) == {}
    assert set(unmet_needs(profile, wrong, entrants)) == {
        "needs_citations", "needs_live_sources", "needs_independent_updates",
    }  # fmt: skip


def test_contenders_that_send_questions_to_one_another_end() -> None:
    """A circle is followed once."""
    one, two = entrant("router", "one", behind=("two",)), entrant("router", "two", behind=("one",))
    assert unmet_needs(Profile(needs_citations=True), one, (one, two)) == {}


def test_where_the_model_answers_decides_offline_and_privacy() -> None:
    """A server in the same network may see the documents, but is not offline; a router is where its contenders are."""
    far, near = entrant("rag", "far", model=INTERNET), entrant("rag", "near", model=NETWORK)
    route = entrant("router", "route", behind=("far", "near"))
    entrants = (*STANDARD, far, near, route)
    assert failing(Profile(privacy_on_premises=True), entrants) == {"privacy_on_premises": {"far", "route"}}
    assert failing(Profile(must_run_offline=True), entrants) == {"must_run_offline": {"far", "near", "route"}}
    assert "api.example.com" in unmet_needs(Profile(must_run_offline=True), far, entrants)["must_run_offline"]


def test_an_update_must_fit_between_two_changes_of_the_documents() -> None:
    """Hourly changes leave no time for an update of a day; an update of just an hour does fit."""
    hourly, tuned = Profile(update_interval_days=1 / 24), entrant("tuned")
    assert unmet_needs(hourly, tuned, STANDARD, 1.0) == {
        "update_interval_days": "an update takes 1 day, but the documents change every hour"
    }
    for profile, days in ((hourly, 1 / 24), (hourly, None), (Profile(update_interval_days=None), 400.0)):
        assert unmet_needs(profile, tuned, STANDARD, days) == {}


def test_a_team_s_own_class_passes_because_nothing_is_known_about_it() -> None:
    """Neither what it reads nor which model it asks."""
    needs = dict.fromkeys(
        ("needs_citations", "needs_live_sources", "needs_independent_updates", "must_run_offline"), True
    )
    assert unmet_needs(Profile.model_validate(needs), OWN, (OWN,)) == {}


def test_a_run_s_verdict_excludes_who_cannot_meet_a_need(tmp_path: Path) -> None:
    """The reason in the verdict is the one of this function."""
    folder = finished(tmp_path / "run").folder
    plain, asking = judge(folder, Profile()), judge(folder, Profile(needs_citations=True))
    base = folder.comparison().entrant("base")
    why = unmet_needs(Profile(needs_citations=True), base, folder.comparison().entrants)["needs_citations"]
    assert "base" not in plain.excluded
    assert asking.excluded == {"base": why}
