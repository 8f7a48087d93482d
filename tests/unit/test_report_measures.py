"""How measures are named and written."""

import pytest

from bakeoff.report.measures import BY_NAME, EIGHT, NARROW, duration, milliseconds, percent, points, usd


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


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (percent, 0.0, "0 %"),
        (percent, 0.001, "<1 %"),
        (percent, 0.784, "78 %"),
        (percent, 0.999, ">99 %"),
        (percent, 1.0, "100 %"),
        (percent, 1.25, "125 %"),
        (milliseconds, 3.14159, "3.1 ms"),
        (milliseconds, 210, "210 ms"),
        (milliseconds, 999.7, "1.0 s"),
        (milliseconds, 12_340, "12.3 s"),
        (milliseconds, 120_000, "120 s"),
        (usd, 0.0, "0 USD"),
        (usd, 0.000083, "<0.0001 USD"),
        (usd, 0.00587, "0.0059 USD"),
        (usd, 0.042, "0.042 USD"),
        (usd, 0.4, "0.40 USD"),
        (usd, 1.5, "1.50 USD"),
        (usd, 1234.5, "1,234 USD"),
        (duration, 0, "0 s"),
        (duration, 0.001, "<0.1 s"),
        (duration, 0.42, "0.4 s"),
        (duration, 9.96, "10 s"),
        (duration, 59.7, "1 min"),
        (duration, 238, "3 min 58 s"),
        (duration, 7290, "2 h 2 min"),
        (duration, 3600, "1 h"),
        (points, 0.413, "+41"),
        (points, -0.02, "−2"),
        (points, 0.001, "0"),
    ],
)
def test_values_are_written_for_a_reader(write, value: float, text: str) -> None:
    """Few digits, the unit that fits, and no 0 or 100 percent that is not one."""
    assert plain(write(value)) == text


def test_an_interval_names_a_shared_unit_once() -> None:
    """Ends in different units keep their own."""
    assert plain(BY_NAME["accuracy"].interval(0.72, 0.84)) == "72–84 %"
    assert plain(BY_NAME["latency_ms"].interval(902, 1100)) == "902 ms–1.1 s"
    assert plain(BY_NAME["setup_s"].interval(70, 130)) == "1 min 10 s–2 min 10 s"
    assert BY_NAME["accuracy"].interval(None, 0.5) == "" and BY_NAME["accuracy"].interval(1.0, 1.0) == ""


def test_the_best_follows_the_direction_of_the_measure() -> None:
    """Equal ones are all best."""
    values = {"a": 1.0, "b": 2.0, "c": 2.0}
    assert BY_NAME["accuracy"].best(values) == ["b", "c"]
    assert BY_NAME["latency_ms"].best(values) == ["a"]
    assert BY_NAME["accuracy"].best({}) == []
