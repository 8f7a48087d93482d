"""The list of tests that `make test` leaves out names tests that are there, and leaves each promise tried."""

from pathlib import Path

from tests.long_tests import (
    ALWAYS,
    LONG_FILES,
    LONG_S,
    LONG_WHOLE_S,
    LONGEST_S,
    chosen,
    function_of,
    is_long,
    long_tests,
)

ROOT = Path(__file__).parents[2]


def test_every_test_in_the_list_is_there() -> None:
    """A test that was renamed would run in `make test` again."""
    for name in sorted(map(function_of, long_tests())):
        file, *_, function = name.split("::")
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), f"{name} is gone: remove it"


def test_the_short_form_of_each_promise_stays() -> None:
    assert long_tests() and not [name for name in long_tests() if name.startswith(ALWAYS)]


def test_files_whose_fixtures_take_minutes_are_left_out_whole() -> None:
    for file in LONG_FILES:
        assert (ROOT / file).exists() and is_long(f"{file}::test_a[b]", frozenset())
    assert not is_long("tests/end_to_end/test_learn.py::test_a", frozenset())


def test_what_takes_long_is_left_out_but_for_the_quickest_case() -> None:
    """Where no case is quick. One that takes very long is left out all the same."""
    some, more, very = LONG_S + 1, LONG_S + 2, LONGEST_S + 1
    seconds = {
        "tests/unit/a.py::t[1]": more,
        "tests/unit/a.py::t[2]": some,
        "tests/unit/a.py::t[3]": 1,
        "tests/unit/b.py::u[1]": more,
        "tests/unit/b.py::u[2]": some,
    }
    assert chosen(seconds) == ["tests/unit/a.py::t[1]", "tests/unit/a.py::t[2]", "tests/unit/b.py::u[1]"]
    assert chosen(
        {
            "tests/unit/c.py::v": some,
            "tests/unit/d.py::w[x[1]]": very,
            "tests/unit/d.py::w[2]": very,
            "tests/unit/e.py::x": LONG_S,
        }
    ) == [
        "tests/unit/c.py::v",
        "tests/unit/d.py::w[2]",
        "tests/unit/d.py::w[x[1]]",
    ]
    whole = {"tests/end_to_end/a.py::t": LONG_WHOLE_S, "tests/end_to_end/a.py::u": LONG_WHOLE_S + 1}
    assert chosen(whole) == ["tests/end_to_end/a.py::u"]
    assert chosen({f"{ALWAYS[0]}test_short.py::test_promise[1]": 99.0}) == []
