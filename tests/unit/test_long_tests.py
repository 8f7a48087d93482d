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
    write_from,
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


def left_out(**seconds: float) -> list[str]:
    """Of unit tests with such names, `a1` to `a3` being cases of one."""
    names = {name: f"tests/unit/x.py::{name[0]}[{name[1:]}]" for name in seconds}
    out = set(chosen({names[name]: value for name, value in seconds.items()}))
    return [name for name in seconds if names[name] in out]


def test_what_takes_long_is_left_out_but_for_the_quickest_case() -> None:
    """Where no case is quick. One that takes very long is left out all the same."""
    some, more, very = LONG_S + 1, LONG_S + 2, LONGEST_S + 1
    assert left_out(a1=more, a2=some, a3=1, b1=more, b2=some) == ["a1", "a2", "b1"]
    assert left_out(a1=some, b1=very, b2=very, c1=LONG_S) == ["a1", "b1", "b2"]
    whole = {"tests/end_to_end/a.py::t": LONG_WHOLE_S, "tests/end_to_end/a.py::u[x[1]]": LONG_WHOLE_S + 1}
    assert chosen(whole) == ["tests/end_to_end/a.py::u[x[1]]"]
    assert chosen({f"{ALWAYS[0]}test_short.py::test_promise[1]": 99.0}) == []


def test_what_was_not_measured_stays_in_the_list(tmp_path, monkeypatch) -> None:
    """What is quick now does not; a test of a class has the name that pytest gives it."""
    listed, measured = tmp_path / "list.txt", tmp_path / "measured.xml"
    listed.write_text("# head\ntests/unit/test_a.py::test_old\ntests/unit/test_a.py::test_quick\n")
    cases = (("tests.unit.test_a", "test_quick", 1), ("tests.unit.test_b.TestB", "test_slow", 60), ("src.x", "doc", 60))
    rows = "".join(f'<testcase classname="{module}" name="{name}" time="{s}"/>' for module, name, s in cases)
    measured.write_text(f"<testsuite>{rows}</testsuite>")
    monkeypatch.setattr("tests.long_tests.LIST", listed)
    write_from([measured])
    assert listed.read_text().splitlines()[1:] == [
        "tests/unit/test_a.py::test_old",
        "tests/unit/test_b.py::TestB::test_slow",
    ]
