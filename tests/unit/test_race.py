"""The rule of a race: who is significantly behind drops out, ties are tied, the best one stays."""

import numpy as np
import pytest
from benchmarks.race_simulations import SETTINGS, halving, paired_bets, simulated

from bakeoff.measure.race import Race

RACES, CANDIDATES, FACTS, BATCH = 150, 12, 400, 20


class Arguments:
    races, candidates, facts, batch, seed = RACES, CANDIDATES, FACTS, BATCH, 3


def raced(values: np.ndarray, batch: int = 10, **more: float) -> Race:
    """A race over the rows of `values`, with candidates named by their column."""
    race = Race(max(2, values.shape[1]), **more)
    for i in range(values.shape[1]):
        race.join(str(i))
    for start in range(0, len(values), batch):
        if race.is_over:
            break
        race.add([{name: float(row[int(name)]) for name in race.running} for row in values[start : start + batch]])
        race.judge()
    return race


def fates(race: Race) -> dict[str, str]:
    return {one.name: one.fate for one in race.standings()}


def test_who_is_clearly_worse_drops_out_after_few_facts() -> None:
    values = np.tile([1.0, 0.0], (100, 1))
    race = raced(values, batch=1)
    assert fates(race) == {"0": "leads", "1": "behind"}
    (worse,) = [one for one in race.standings() if one.fate == "behind"]
    assert worse.n_facts == 7  # what four stakes make of 1 together reaches 1 / 0.05 then
    assert worse.against == "0" and worse.ahead == -1.0


def test_equal_answers_are_tied_and_not_dropped() -> None:
    values = np.repeat(np.random.default_rng(1).integers(0, 2, (400, 1)).astype(float), 3, axis=1)
    race = raced(values, margin=0.05)
    assert sorted(fates(race).values()) == ["leads", "tied", "tied"]
    assert max(one.n_facts for one in race.standings() if one.fate == "tied") < 150


def test_concordant_facts_count_for_nothing_in_a_difference() -> None:
    differing = np.tile([1.0, 0.0], (8, 1))
    equal = np.ones((500, 2))
    for values in (np.vstack([equal, differing]), np.vstack([differing, equal])):
        race = raced(values, batch=1, margin=1e-9)
        assert fates(race)["1"] == "behind"


def test_values_may_be_negative() -> None:
    """A wrong answer may cost as much as a right one is worth: the range is 2."""
    race = raced(np.tile([1.0, -1.0], (100, 1)), batch=1, low=-1.0)
    assert fates(race)["1"] == "behind"
    assert [one.value for one in race.standings()] == [1.0, -1.0]
    assert race.standings()[1].ahead == -2.0


def test_a_candidate_that_joins_later_is_compared_on_later_facts_only() -> None:
    race = Race(3)
    race.join("a")
    race.join("b")
    race.add([{"a": 1.0, "b": 1.0}] * 50)
    race.join("late")
    race.add([{"a": 1.0, "b": 1.0, "late": 0.0}] * 5)
    race.judge()
    assert race.running == ("a", "b", "late")
    race.add([{"a": 1.0, "b": 1.0, "late": 0.0}] * 5)
    race.judge()
    late = next(one for one in race.standings() if one.name == "late")
    assert (late.fate, late.n_facts) == ("behind", 10)


def test_a_fact_that_one_could_not_answer_is_left_out_for_it() -> None:
    race = Race(2)
    race.join("a")
    race.join("b")
    race.add([{"a": 1.0}] * 50)
    race.judge()
    assert {one.name: one.n_facts for one in race.standings()} == {"a": 50, "b": 0}
    assert race.running == ("a", "b")


def test_who_has_answered_nothing_does_not_lead() -> None:
    race = Race(2)
    race.join("a")
    race.join("b")
    race.add([{"b": 0.0}] * 5)
    race.judge()
    assert race.leader == "b" == race.standings()[0].name


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_best_drops_out_in_at_most_five_of_a_hundred_races(setting: str) -> None:
    lost, _, _ = simulated(SETTINGS[setting](CANDIDATES), paired_bets, Arguments)  # type: ignore[arg-type]
    assert lost <= 0.05


def test_a_clear_leader_saves_answers_and_ties_stay() -> None:
    _, open_, asked = simulated(SETTINGS["one ahead"](CANDIDATES), paired_bets, Arguments)  # type: ignore[arg-type]
    assert asked <= 0.6
    assert open_ <= 0.05
    _, open_, _ = simulated(SETTINGS["all tied"](CANDIDATES), paired_bets, Arguments)  # type: ignore[arg-type]
    assert open_ >= 0.95, "nobody of equals drops out"


def test_successive_halving_loses_the_best_of_equals() -> None:
    tied = SETTINGS["all tied"](CANDIDATES)
    assert simulated(tied, halving, Arguments)[0] > 0.5  # type: ignore[arg-type]


def test_more_candidates_need_more_evidence() -> None:
    few, many = Race(2), Race(200)
    for race in (few, many):
        race.join("a")
        race.join("b")
        race.add([{"a": 1.0, "b": 0.0}] * 8)
        race.judge()
    assert few.running == ("a",)
    assert many.running == ("a", "b")


@pytest.mark.parametrize(("n", "margin"), [(1, 0.03), (3, 0.0), (3, 1.0)])
def test_what_is_no_race_is_refused(n: int, margin: float) -> None:
    with pytest.raises(ValueError, match=r"two candidates|margin"):
        Race(n, margin=margin)
