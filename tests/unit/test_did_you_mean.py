"""For an unknown key, a key that works is suggested, or nothing if no key is similar."""

from typing import Annotated

import pytest
from pydantic import BaseModel, BeforeValidator

from bakeoff.decide.situation.profile import Profile
from bakeoff.files.did_you_mean import closest, key_paths, keys_at, similar, unknown_key
from bakeoff.runs.config import Config


class Local(BaseModel):
    name: str = ""
    engine: str = ""


class Remote(BaseModel):
    base_url: str = ""
    key_env: str = ""


class House(BaseModel):
    models: dict[str, Annotated[Local | Remote, BeforeValidator(lambda value: value)]] = {}
    rooms: tuple[Local, ...] = ()
    seed: int | None = None


@pytest.mark.parametrize(
    ("place", "meant"),
    [
        (("max_latency",), "'latency_limit_ms'"),
        (("latency_ms",), "'latency_limit_ms', or 'measure_weights.latency_ms'"),
        (("querys_per_month",), "'queries_per_month'"),
        (("monthly_questions",), "'queries_per_month'"),
        (("budget",), "'budget_usd_per_month'"),
        (("gpu",), "'has_training_gpu'"),
        (("measure_weights", "acuracy"), "'measure_weights.accuracy'"),
        (("measure_weights", "margin"), "'margin'"),
    ],
)
def test_a_profile_key_is_proposed_where_it_works(place, meant):
    """It is found by shared words and by spelling, and shown with its path if it belongs elsewhere."""
    text = unknown_key(Profile, place)
    assert text == f"unknown key '{'.'.join(place)}' (did you mean {meant}?)"


@pytest.mark.parametrize("model", [Config, Profile])
def test_every_proposal_is_a_key_that_works(model):
    """Whichever key is written at the wrong level, the suggested path exists. Nearly every name is proposed."""
    paths = set(key_paths(model))
    proposed: set[str] = set()
    for path in sorted(paths):
        key = path.rsplit(".", 1)[-1]
        for wrong in (key, f"{key}x", key[1:]):
            for parent in ((), ("profile",), ("measure_weights",)):
                text = unknown_key(model, (*parent, wrong))
                proposals = text.split("did you mean ")[1].rstrip("?)").split(", or ") if "(" in text else []
                proposed |= {proposal.strip("'") for proposal in proposals}
    names, of_proposed = ({path.rsplit(".", 1)[-1] for path in some} for some in (paths, proposed))
    assert proposed <= paths and len(of_proposed) > 0.9 * len(names)


def test_nothing_is_proposed_for_a_key_like_no_other():
    """There is no suggestion if no key is clearly closer than the others."""
    assert unknown_key(Profile, ("xyzzy",)) == "unknown key 'xyzzy'"
    assert closest("xyzzy", ["margin", "prices"]) is None


def test_places_inside_mappings_lists_and_unions_are_known():
    """Under a name that the user chooses, the keys of every possible kind are allowed."""
    assert keys_at(House, ("models", "large")) == ["name", "engine", "base_url", "key_env"]
    assert keys_at(House, ("models", "large", "Remote")) == ["base_url", "key_env"]
    assert keys_at(House, ("rooms", 0)) == ["name", "engine"]
    assert unknown_key(House, ("models", "large", "url")) == (
        "unknown key 'models.large.url' (did you mean 'models.large.base_url'?)"
    )
    assert unknown_key(House, ("key_env",)) == "unknown key 'key_env' (did you mean 'models.NAME.key_env'?)"


def test_a_name_of_any_length_is_compared_with_none():
    """Comparing a megabyte would take seconds, in the loop that answers everybody."""
    assert closest("plan" * 50, ["plan" * 49]) == "plan" * 49
    assert closest("plan" * 51, ["plan" * 50]) is None


def test_a_name_that_differs_only_in_case_is_proposed() -> None:
    """Of two that do, both are."""
    assert similar("A.MD", ["b.md", "a.md"]) == ["a.md"]
    assert similar("A.MD", ["a.md", "A.md", "other.md"], n=2) == ["a.md", "A.md"]
    assert similar("CARE/OVEN.MD", ["care/oven.md", "care/pan.md"]) == ["care/oven.md"]
