"""The measures as values: their names, their directions, how their values are written."""

import re
from pathlib import Path

from bakeoff.measures import BESIDE, BY_NAME, CLASSIFICATION, EIGHT, LOWER_IS_BETTER, MEASURES, SCORES
from bakeoff.sentences import NARROW


def plain(text: str) -> str:
    return text.replace(NARROW, " ")


def test_the_eight_measures_carry_the_names_of_the_contract() -> None:
    """Their names and order are fixed by the design."""
    assert [measure.name for measure in EIGHT] == [
        "accuracy",
        "hallucination",
        "latency_ms",
        "cost_per_1k",
        "retention",
        "freshness",
        "consistency",
        "setup_s",
    ]


def test_every_measure_can_be_read_and_has_a_name_of_its_own() -> None:
    """Each has a title and a description. Names are unique, and each score they use exists."""
    assert len(BY_NAME) == len(MEASURES) + len(CLASSIFICATION)
    assert all(measure.title and measure.description and measure.reason for measure in BY_NAME.values())
    assert {measure.score for measure in MEASURES if measure.score} <= set(SCORES)


def test_what_is_better_lower_stands_once() -> None:
    """The set is derived from the measures. Declining more or writing more is neither better nor worse."""
    assert {"hallucination", "latency_ms", "cost_per_1k", "setup_s", "errors"} <= LOWER_IS_BETTER
    assert not {"accuracy", "retention", "abstention"} & LOWER_IS_BETTER
    assert [measure.name for measure in BESIDE if not measure.better] == ["answer_words", "abstention"]


def test_an_interval_names_a_shared_unit_once() -> None:
    """Ends in different units keep their own."""
    assert plain(BY_NAME["accuracy"].interval(0.72, 0.84)) == "72–84 %"
    assert plain(BY_NAME["latency_ms"].interval(902, 1100)) == "902 ms–1.1 s"
    assert plain(BY_NAME["setup_s"].interval(70, 130)) == "1 min 10 s–2 min 10 s"
    assert BY_NAME["accuracy"].interval(None, 0.5) == "" and BY_NAME["accuracy"].interval(1.0, 1.0) == ""


def test_the_best_follows_the_direction_of_the_measure() -> None:
    """If several values are equally good, all of them are best."""
    values = {"a": 1.0, "b": 2.0, "c": 2.0}
    assert BY_NAME["accuracy"].best(values) == ["b", "c"]
    assert BY_NAME["latency_ms"].best(values) == ["a"]
    assert BY_NAME["accuracy"].best({}) == []


def test_a_measure_is_written_without_its_function() -> None:
    """comparison.json stores a team's measure without the function that computes it."""
    written = BY_NAME["tokens_per_question"].model_dump(mode="json")
    assert written["name"] == "tokens_per_question" and "per_question" not in written


def test_every_measure_is_described_in_the_docs() -> None:
    """docs/measures.md lists every measure with its unit, and no others."""
    text = (Path(__file__).parents[2] / "docs" / "measures.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == set(BY_NAME)
    for row in rows:
        for name in re.findall(r"`(\w+)`", row.split("|")[1]):
            assert row.split("|")[2].strip().lower() == BY_NAME[name].unit
            assert row.split("|")[3].strip() == BY_NAME[name].better
