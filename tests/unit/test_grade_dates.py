"""Dates in the forms that spreadsheets display ('1-May', '31-Dec-26', 'May-26'), with months in several languages."""

import pytest

from bakeoff.grading.dates import beside_dates
from bakeoff.grading.grade import equivalent, grade

CASES = (
    ("1-May", "April 30", "wrong"),
    ("30-Apr", "April 30", "right"),
    ("30-Apr", "30 April", "right"),
    ("30-Apr", "the 30th of April", "right"),
    ("1-May", "May 1", "right"),
    ("1-May", "May 1st", "right"),
    ("1-May", "1 May", "right"),
    ("1-May", "01 May", "right"),
    ("1-May", "1. Mai", "right"),
    ("1-May", "2 May", "wrong"),
    ("1-May", "1 June", "wrong"),
    ("1-May", "By May 1 of each year.", "right"),
    ("1-May", "1", "wrong"),
    ("1-May", "May", "wrong"),
    ("01-May", "May 1", "right"),
    ("31-Dec-26", "December 31, 2026", "right"),
    ("31-Dec-26", "31 December 2026", "right"),
    ("31-Dec-26", "31/12/2026", "right"),
    ("31-Dec-26", "2026-12-31", "right"),
    ("31-Dec-26", "December 31, 2025", "wrong"),
    ("31-Dec-26", "December 31", "wrong"),
    ("31-Dec-22", "31 Dec 22", "right"),
    ("31.Dec.26", "December 31, 2026", "right"),
    ("31/Dec/26", "December 31, 2026", "right"),
    ("31/Dec/2026", "December 31, 2026", "right"),
    ("31.12.26", "31 December 2026", "right"),
    ("31-12-2026", "31 December 2026", "right"),
    ("31-12-26", "31 December 2026", "right"),
    ("12-31-2026", "31 December 2026", "right"),
    ("Dec-31-2026", "31 December 2026", "right"),
    ("May-26", "May 2026", "unsure"),
    ("May-26", "May 26", "unsure"),
    ("May-26", "26 May", "unsure"),
    ("May-26", "June 2026", "wrong"),
    ("May-26", "27 May", "wrong"),
    ("May-26", "May 2025", "wrong"),
    ("May-26", "May-26", "right"),
    ("Mar-26", "March 2026", "unsure"),
    ("Mar-45", "March 2045", "right"),
    ("Mar-45", "March 45", "right"),
    ("Mar-98", "March 1998", "right"),
    ("Mar-98", "April 1998", "wrong"),
    ("May 2026", "May-26", "unsure"),
    ("May 26", "May-26", "unsure"),
    ("May 1", "1-May", "right"),
    ("December 31, 2026", "31-Dec-26", "right"),
    ("December 31, 2026", "31-Dec-27", "wrong"),
    ("31-Dez-26", "31. Dezember 2026", "right"),
    ("31-Dez-26", "December 31, 2026", "right"),
    ("31. Dez. 26", "31. Dezember 2026", "right"),
    ("1-Mai", "1. Mai", "right"),
    ("1-Mai", "May 1", "right"),
    ("30-avr", "30 avril", "right"),
    ("30-avr.", "30 avril", "right"),
    ("30-abr", "30 de abril", "right"),
    ("30-abr-26", "30 de abril de 2026", "right"),
    ("1-mrt", "1 maart", "right"),
    ("Okt-45", "Oktober 2045", "right"),
    ("Okt 26", "Oktober 2026", "unsure"),
    ("Mrz 26", "März 2026", "unsure"),
    ("mai-26", "mai 2026", "unsure"),
    ("mars-26", "mars 2026", "unsure"),
    ("ene-26", "enero de 2026", "unsure"),
    ("1-maj", "1 maj", "right"),
    ("Jan '26", "January 2026", "right"),
    ("31 Dec '26", "December 31, 2026", "right"),
    ("30-Apr", "30 April 2026", "right"),
    ("10-sep", "September 10", "right"),
    ("10-Sept.", "September 10", "right"),
    ("10-Sep-2026", "September 10, 2026", "right"),
    ("1-Nov-26 to 31-Dec-26", "November 1 2026 to December 31 2026", "right"),
    ("15-Jan and 15-Jul", "January 15 and July 15", "right"),
    ("15-Jan and 15-Jul", "15-Jan and 16-Jul", "wrong"),
    ("30-Apr", "30 apricots", "wrong"),
    ("1-Jan", "January 1st, New Year's Day", "right"),
    ("1-May", "On May 1, the leave year ends.", "right"),
    ("1-May", "by the first of May", "right"),
    ("March 15", "3/15", "unsure"),
    ("15-Mar", "3/15", "unsure"),
    ("15-Mar", "15/3", "unsure"),
    ("15-Mar", "15.3.", "unsure"),
    ("3-Apr", "3/4", "unsure"),
    ("3-Apr", "4/3", "unsure"),
    ("4-Apr", "4/4", "unsure"),
    ("15-Mar", "3/16", "unsure"),
    ("31-Dec-26", "12/31/26", "right"),
    ("31-Dec-26", "12-31-26", "right"),
    ("1 May", "You may take 1 day", "wrong"),
    ("May-26", "26 weeks", "wrong"),
    ("3-Mar", "3-mark", "wrong"),
    ("1-Dec", "1-decade", "wrong"),
    ("Mai 26", "26. Mai", "unsure"),
)


@pytest.mark.parametrize(("accepted", "answer", "verdict"), CASES)
def test_a_date_is_read_as_a_spreadsheet_displays_it(accepted: str, answer: str, verdict: str) -> None:
    assert grade(answer, [accepted]).verdict == verdict


def test_what_only_looks_like_a_month_is_none() -> None:
    """Of other languages: 'set' is September in Italian, 'pro' December in Czech."""
    assert grade("5 sets", ["5-set"]).verdict == "right"
    assert grade("On 3 May 24 people came.", ["24 people"]).verdict == "right"
    assert grade("24.04.13", ["24.04.12"]).verdict != "right"
    assert grade("1 settembre", ["1-set"]).verdict == "right"
    assert beside_dates("1-set", []) == "1-set"


def test_a_year_of_two_figures_may_be_of_another_century() -> None:
    """Excel takes 45 for 1945, and others for 2045."""
    assert grade("March 1945", ["Mar-45"]).verdict == "unsure"
    assert grade("31 December 1926", ["31-Dec-26"]).verdict == "unsure"


def test_a_day_or_a_month_stays_as_it_is_written() -> None:
    assert grade("It ends May-26.", ["May-26"]).verdict == "right"
    assert grade("26 May 2026", ["May-26"]).verdict == "right"
    assert not equivalent("May 2026", "May-26") and equivalent("1-May", "May 1")
