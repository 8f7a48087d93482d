"""What `bakeoff learn` shows of a round's progress."""

from bakeoff.cli.learn import _once


def test_a_note_that_round_and_pilot_both_tell_is_shown_once():
    """Other lines stay, also if they repeat."""
    said: set[str] = set()
    assert _once("note: 2 questions are set aside", said) == "note: 2 questions are set aside"
    assert _once("10 questions\nnote: 2 questions are set aside\nnote: new", said) == "10 questions\nnote: new"
    assert _once("note: new", said) == "" and _once("10 questions", said) == "10 questions"
