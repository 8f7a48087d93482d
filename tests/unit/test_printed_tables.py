"""What the simulations of `benchmarks/` share: tables in Markdown and the options of the command."""

import pytest
from benchmarks.printed_tables import QUICK, Asked, Table, asked, header, line, run

PARTS = ("bounds", "goals")


def test_fractions_have_three_digits_and_a_header_starts_a_table(capsys):
    """Words and whole numbers stay as they are."""
    header("facts", "share")
    line(30, 0.5)
    line("many", 1.0)
    assert capsys.readouterr().out == "\n| facts | share |\n| --- | --- |\n| 30 | 0.500 |\n| many | 1.000 |\n"


def test_a_whole_table_has_its_title_above():
    table = Table("Shares", ["facts", "%"], [["30", "5.0"]])
    assert table.markdown() == "**Shares**\n\n| facts | % |\n| --- | --- |\n| 30 | 5.0 |\n"


def test_all_parts_run_unless_some_are_named():
    assert asked("", PARTS, 400, []) == Asked(["bounds", "goals"], 400)
    assert asked("", PARTS, 400, ["--only", "goals", "--pilots", "7"]) == Asked(["goals"], 7)
    assert asked("", PARTS, 400, ["--quick"]).n_pilots == QUICK


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "goal"], "--only: there is no part 'goal'; name some of bounds, goals"),
        (["--pilots", "0"], "--pilots: 0 are too few; give 1 or more"),
    ],
)
def test_a_part_that_does_not_exist_or_no_pilot_ends_the_program(arguments, said, capsys):
    """The message says what is allowed."""
    with pytest.raises(SystemExit):
        asked("", PARTS, 400, arguments)
    assert said in capsys.readouterr().err


def test_only_the_parts_that_are_asked_for_run(monkeypatch):
    """Each with the number of pilots."""
    monkeypatch.setattr("sys.argv", ["benchmark", "--only", "goals", "--pilots", "3"])
    ran = []
    run("", {name: lambda n, name=name: ran.append((name, n)) for name in PARTS}, 400)
    assert ran == [("goals", 3)]
