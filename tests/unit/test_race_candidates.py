"""The candidates of a race, from `race:` in bakeoff.yaml."""

from pathlib import Path
from typing import Any

import pytest

from bakeoff.contenders.race.candidates import candidates_of
from bakeoff.contenders.race.proposals import proposed
from bakeoff.contenders.race.settings import RaceSettings
from bakeoff.contenders.spec import Entry
from bakeoff.errors import ConfigError
from bakeoff.pilot.race_rungs import at_rung, rungs_of
from bakeoff.runs.config import load_config, validate
from bakeoff.runs.race import RaceResult, racers_of, with_winners
from tests.end_to_end.small import make

WITH = {"contenders": ["rag", "tuned", "extract", "router"], "documents": ["d"], "questions": ["q"], "name": "n"}


def config(over: dict[str, Any], **more: Any) -> Any:
    return validate({**WITH, "race": {"over": over, **more}})


def labels(over: dict[str, Any], contender: str = "rag", **more: Any) -> list[str]:
    return [racer.candidate.label for racer in racers_of(config(over, **more))[contender]]


def test_all_combinations_race_beside_the_contender_as_written() -> None:
    assert labels({"rag": {"retrieval.k": [1, 5], "model": ["generator"]}}) == [
        "as written",
        "k 1, model generator",
        "k 5, model generator",
    ]


def test_what_equals_an_earlier_candidate_is_left_out() -> None:
    assert labels({"rag": {"retrieval.k": [3, 5, 5]}}) == ["as written", "k 5"]


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        ({"from": 2, "to": 4}, [2, 3, 4]),
        ({"from": 64, "to": 256, "step": 96}, [64, 160, 256]),
        ({"from": 1e-5, "to": 1e-3, "times": 10}, [1e-5, 1e-4, 1e-3]),
        ({"from": 0.1, "to": 0.3, "step": 0.1}, [0.1, 0.2, 0.3]),
    ],
)
def test_ranges_are_numbers(values: dict[str, float], numbers: list[float]) -> None:
    race = RaceSettings.model_validate({"over": {"rag": {"x.y": values}}})
    assert list(race.over["rag"]["x.y"]) == pytest.approx(numbers)
    assert [type(number) for number in race.over["rag"]["x.y"]] == [type(number) for number in numbers]


def test_a_grid_that_is_too_large_is_sampled() -> None:
    over = {"rag": {f"options.x{i}": list(range(1000)) for i in range(9)}}
    race = RaceSettings.model_validate({"over": over, "candidates": 10})
    drawn = candidates_of([Entry(like="rag")], race, 7)["rag"]
    assert len(drawn) == 10
    assert drawn == candidates_of([Entry(like="rag")], race, 7)["rag"]
    assert drawn != candidates_of([Entry(like="rag")], race, 8)["rag"]


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({}, "name at least one contender"),
        ({"rag": {}}, "'rag' has no settings to try"),
        ({"rga": {"retrieval.k": [1]}}, "did you mean 'rag'"),
        ({"rag": {"k": [1, 2]}}, "names the setting 'k'"),
        ({"rag": {"retrieval.q": [1, 2]}}, "unknown key 'retrieval.q'"),
        ({"rag": {"retrieval.k": [0, 2]}}, "greater than or equal to 1"),
        ({"rag": {"retrieval.k": [3]}}, "one candidate only"),
        ({"rag": {"retrieval.k": 3}}, "give a list of values"),
        ({"rag": {"retrieval.k": []}}, "at least 1 item|at least one"),
        ({"rag": {"retrieval.k": {"from": 1, "step": 2}}}, "has no end: add `to`"),
        ({"rag": {"retrieval.k": {"from": 1, "to": float("inf")}}}, "finite"),
        ({"rag": {"retrieval.k": {"from": 1, "to": 1e9}}}, "at most 1,000"),
        ({"rag": {"retrieval.k": {"from": 5, "to": 1}}}, "before it begins"),
        ({"rag": {"retrieval.k": {"from": 1, "to": 5, "step": 0}}}, "greater than 0"),
        ({"rag": {"retrieval.k": {"from": 0, "to": 5, "times": 2}}}, "above 0"),
        ({"rag": {"tuning.rank": [4, 8]}}, "does not use 'tuning.rank'"),
        ({"rag": {"model": ["nobody"]}}, "names the model 'nobody'"),
        ({"router": {"options.x": [1, 2]}}, "cannot race|x"),
    ],
)
def test_what_cannot_race_is_refused_before_anything_runs(over: dict[str, Any], told: str, tmp_path: Path) -> None:
    path = make(tmp_path, contenders=["rag", "router", "tuned", "extract"], race={"over": over})
    with pytest.raises(ConfigError, match=told):
        load_config(path)


def test_what_is_wrong_is_named_as_the_configuration_has_it() -> None:
    """A candidate's own name and number stand nowhere in it."""
    with pytest.raises(ConfigError) as told:
        racers_of(config({"rag": {"retrieval.k": [2, 0], "retrieval.chunk_tokens": [64]}}))
    assert told.value.message.startswith(
        "race.over.rag with {retrieval.k: 0, retrieval.chunk_tokens: 64}: 'retrieval.k': "
    )
    assert "rag-race" not in str(told.value) and "entry" not in str(told.value)
    assert "docs/racing.md" in told.value.remedy


def test_the_winner_takes_the_place_of_the_contender() -> None:
    begun = config({"rag": {"retrieval.k": [1, 5]}})
    winner = racers_of(begun)["rag"][2].candidate
    result = RaceResult(
        contender="rag", winner=winner, raced=(), n_facts=1, n_answers=1, n_all=1, margin=0.03, alpha=0.05
    )
    raced = with_winners(begun, [result])
    assert raced.race is None
    assert {spec.name: spec.retrieval.k for spec in raced.specs} == {"rag": 5, "tuned": 3, "extract": 3, "router": 3}


def test_trainings_race_with_one_epoch_then_two_then_four() -> None:
    racers = racers_of(config({"tuned": {"tuning.rank": [4, 8], "tuning.epochs": [1, 5]}}))["tuned"]
    assert rungs_of(racers) == [1, 2, 4, None]
    first = at_rung(racers, 1)
    assert [len(one.stands_for) for one in first] == [1, 2, 2]  # with one epoch, those of one rank are the same
    assert {one.racer.recipe.spec.tuning.epochs for one in first} == {1}
    assert [one.racer for one in at_rung(racers, None)] == racers
    names = {one.racer.recipe.spec.name for epochs in (1, 2, 4, None) for one in at_rung(racers, epochs)}
    # As written (8 epochs): three short ones and its own. One epoch: always its own. Five: three short ones, its own;
    # with one epoch it is the same as the candidate that has one.
    assert len(names) == 4 + 2 * 1 + 2 * (2 + 1)


def test_what_is_not_trained_has_one_rung() -> None:
    assert rungs_of(racers_of(config({"rag": {"retrieval.k": [1, 5]}}))["rag"]) == [None]


def test_optuna_proposes_the_second_half_of_a_grid_that_is_too_large() -> None:
    over = {"rag": {"retrieval.k": {"from": 1, "to": 30}, "retrieval.chunk_tokens": {"from": 16, "to": 500, "step": 4}}}
    assert len(racers_of(config(over, candidates=10, propose="optuna"))["rag"]) == 5
    assert len(racers_of(config(over, candidates=10))["rag"]) == 10
    few = {"rag": {"retrieval.k": [1, 5]}}
    assert len(racers_of(config(few, candidates=10, propose="optuna"))["rag"]) == 3


def test_proposals_are_new_and_the_same_each_time_and_go_where_values_are_high() -> None:
    space = {"retrieval.k": tuple(range(1, 31)), "model": ("a", "b")}
    told = [
        ({"retrieval.k": k, "model": m}, -abs(k - 25) - 5 * (m == "b")) for k in range(1, 31, 3) for m in ("a", "b")
    ]
    found = proposed(space, told, 5, 7)
    assert found == proposed(space, told, 5, 7)
    assert len(found) == 5 and not any(settings in [one for one, _ in told] for settings in found)
    assert sum(settings["retrieval.k"] > 15 for settings in found) >= 4
    every = [({"x": 1}, 0.0), ({"x": 2}, 1.0)]
    assert proposed({"x": (1, 2)}, every, 5, 7) == [], "there is nothing new to propose"


def test_who_is_trained_is_not_proposed() -> None:
    with pytest.raises(ConfigError, match="start together"):
        racers_of(config({"tuned": {"tuning.rank": [4, 8]}}, propose="optuna"))


def test_what_is_like_a_contender_that_raced_keeps_what_was_written() -> None:
    contenders = [
        {"like": "rag", "retrieval": {"k": 2}, "presentation": {"headings": True}},
        {"like": "rag", "name": "short", "generation": {"max_new_tokens": 9}, "presentation": "fixed"},
        {"like": "short", "name": "shorter", "generation": {"max_new_tokens": 5}},
    ]
    over = {"rag": {"retrieval.k": [5]}, "short": {"retrieval.chunk_tokens": [64]}}
    begun = validate({**WITH, "contenders": contenders, "race": {"over": over}})
    results = [
        RaceResult(
            contender=name, winner=racers[1].candidate, raced=(), n_facts=1, n_answers=1, n_all=1,
            margin=0.03, alpha=0.05,
        )
        for name, racers in racers_of(begun).items()
    ]  # fmt: skip
    before, after = ({spec.name: spec for spec in one.specs} for one in (begun, with_winners(begun, results)))
    assert after["rag"].retrieval.k == 5
    assert after["short"] == before["short"].model_copy(
        update={"retrieval": before["short"].retrieval.model_copy(update={"chunk_tokens": 64})}
    )
    assert after["shorter"] == before["shorter"]


def test_every_candidate_must_be_able_to_race() -> None:
    hosted = {"model": {"api": "openai", "base_url": "https://api.example.com/v1", "model": "m"}}
    over = {"tuned": {"tuning.host": [{"api": "openai"}]}}
    with pytest.raises(ConfigError, match="tuned at a host"):
        racers_of(validate({**WITH, "models": {"generator": hosted["model"]}, "race": {"over": over}}))
