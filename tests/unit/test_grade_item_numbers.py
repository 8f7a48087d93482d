"""The number of a list item in front of an answer is no figure of it."""

import pytest

from bakeoff.grading.grade import grade


@pytest.mark.parametrize(
    ("answer", "accepted", "verdict"),
    [
        ("1. Tell your manager a minimum of 5 business days before your leave.", "1 month", "wrong"),
        ("1. Tell your manager a month before.", "1 month prior", "unsure"),
        ("1) Give 1 month of notice, please.", "1 month", "right"),
        ("2. Pay 5 euros at the desk.", "2 euros", "wrong"),
        ("2. Pay 5 euros at the desk.", "5 euros", "right"),
        ("(3) Submit within 10 weeks of it.", "3 days", "wrong"),
        ("Do this:\n1. Ask your manager first.\n2. Wait for 5 days then.", "2 days", "wrong"),
        ("3. Submit the form today.", "3", "unsure"),
        ("3. There are 3 of them.", "3", "right"),
        ("3", "3", "right"),
        ("1. Mai 2020 in der Halle", "1. Mai 2020", "right"),
        ("1. 5 days of waiting", "1 day", "wrong"),
        ("1. 5 days of waiting", "5 days", "right"),
        ("2. 10 Tage Urlaub", "2 Tage", "wrong"),
        ("1. 5. 2020 war es", "1 Mai 2020", "right"),
        ("5. Months of parental leave", "5 months", "right"),
        ("5. Minute im Spiel", "5 minutes", "right"),
        ("1. FC Köln hat gewonnen", "1. FC Köln", "right"),
        ("3. Etage im Haus A", "3. Etage", "right"),
        ("1. Wait 5 days", "1. Wait 5 days", "right"),
        ("5. It costs more in spring.", "7. It costs more in spring.", "wrong"),
    ],
)
def test_an_item_number_decides_nothing(answer, accepted, verdict):
    """Beside an amount it is not read; where it alone is the accepted number, nobody knows."""
    assert grade(answer, [accepted]).verdict == verdict
