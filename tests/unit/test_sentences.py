"""How numbers are written."""

import pytest

from bakeoff.sentences import NARROW, count, counted, duration, milliseconds, one_of, percent, points, usd


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
        (count, 3.0, "3"),
        (count, 2.34, "2.3"),
        (count, 43.4, "43"),
        (count, 12_345.0, "12,345"),
    ],
)
def test_values_are_written_for_a_reader(write, value: float, text: str) -> None:
    """Few digits, a fitting unit, and 0 or 100 percent only if the value is exact."""
    assert write(value).replace(NARROW, " ") == text


def test_one_thing_is_not_called_many_and_of_one_name_none_is_to_be_chosen():
    """In messages that count, and in remedies that name what there is."""
    assert [counted(n, "answer") for n in (0, 1, 2000)] == ["0 answers", "1 answer", "2,000 answers"]
    assert counted(2, "near-copy", "near-copies") == "2 near-copies"
    assert (one_of(["rag"]), one_of(["rag", "tuned", "base"])) == ("rag", "one of rag, tuned and base")
