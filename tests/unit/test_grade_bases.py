"""What makes another answer of the same number, word or command: what it is per, when, for whom, and what follows."""

import pytest

from bakeoff.grading.grade import grade

PERIODS = [
    ("wrong", "$150 per quarter", "$150 per month"),
    ("wrong", "$150 per year", "$150 per quarter"),
    ("wrong", "10 days per year", "10 days per quarter"),
    ("wrong", "once per quarter", "once a year"),
    ("wrong", "twice a quarter", "twice a year"),
    ("wrong", "$150 biweekly", "$150 weekly"),
    ("wrong", "$150 every two weeks", "$150 per week"),
    ("wrong", "$150 per half-year", "$150 per year"),
    ("wrong", "$150 per semester", "$150 per year"),
    ("wrong", "$25 per shift", "$25 per hour"),
    ("wrong", "10 days of paid sick leave each calendar quarter", "10 days per year"),
    ("wrong", "100 € pro Quartal", "100 € pro Monat"),
    ("wrong", "100 € jährlich", "100 € pro Monat"),
    ("wrong", "100 € al año", "100 € al mes"),
    ("wrong", "100 € par an", "100 € par mois"),
    ("unsure", "2 days per pay period", "2 days per month"),
    ("unsure", "$80 per night", "$80 per day"),
    ("unsure", "$50 per business day", "$50 per day"),
    ("unsure", "The annual fee is $150", "$150 per quarter"),
    ("unsure", "$600 per year", "$150 per quarter"),
    ("right", "The quarterly fee is $150", "$150 per quarter"),
    ("right", "$150 quarterly", "$150 per quarter"),
    ("right", "100 € monatlich", "100 € per month"),
    ("right", "$100 p.a.", "$100 per year"),
    ("right", "2 hours per fortnight", "2 hours every two weeks"),
    ("right", "$1,200 per 12 months", "$1,200 per year"),
]
BASES = [
    ("wrong", "$0.62 per km", "$0.62 per mile"),
    ("wrong", "$0.62 a kilometer", "$0.62 per mile"),
    ("wrong", "$50 per trip", "$50 per day"),
    ("wrong", "$80 per meal", "$80 per day"),
    ("wrong", "$300 per week", "$300 USD per night"),
    ("wrong", "5 GB/user", "5 GB per team"),
    ("wrong", "5 GB for each team", "5 GB per user"),
    ("unsure", "$50 per person", "$50 per night"),
    ("unsure", "$50 per person per day", "$50 per person"),
    ("unsure", "5 kg per box", "5 kg per bag"),
    ("right", "$50 per day", "$50"),
    ("right", "$50", "$50 per day"),
    ("right", "$50 each night", "$50 per night"),
    ("right", "$50 per person per day", "$50 per day"),
    ("right", "$15 per user/month", "$15 per user per month"),
    ("right", "The limit is 100 requests per minute per IP address.", "100 requests per minute"),
    ("right", "It allows 3 requests per user.", "3 requests per user"),
    ("right", "As per the policy, 25 days per year", "25 days per year"),
    ("right", "25 days per policy", "25 days per year"),
    ("right", "$5 per sq ft", "$5 per square foot"),
    ("right", "$0.67 per mile driven", "$0.67 per mile"),
]
SIDES = [
    ("wrong", "7 days before the trip", "7 days after the trip"),
    ("wrong", "two weeks before", "two weeks after"),
    ("wrong", "30 days before the start date", "30 days from the start date"),
    ("wrong", "7 days prior to the trip", "7 days following the trip"),
    ("wrong", "7 days ahead of the trip", "7 days after the trip"),
    ("wrong", "14 jours avant le voyage", "14 jours après le voyage"),
    ("wrong", "3 hours behind UTC", "3 hours ahead of UTC"),
    ("unsure", "7 days before the party", "7 days after the trip"),
    ("unsure", "Submit reports before month close", "Submit reports after month close"),
    ("right", "7 days ahead of the trip", "7 days before the trip"),
    ("right", "30 days after the invoice date", "30 days from the invoice date"),
    ("right", "7 days", "7 days before the trip"),
]
CURRENCIES = [
    ("wrong", "$50 CAD", "$50 USD"),
    ("wrong", "$300 EUR per night", "$300 USD per night"),
    ("wrong", "$50 AUD per day", "$50 USD per day"),
    ("wrong", "CA$50", "$50 USD"),
    ("wrong", "CAD $50", "$50 USD"),
    ("wrong", "$50 (CAD)", "$50 USD"),
    ("wrong", "$50 Canadian", "$50 USD"),
    ("wrong", "US$50", "$50 CAD"),
    ("wrong", "£50 EUR", "£50"),
    ("unsure", "$50", "$50 CAD"),
    ("right", "$50", "$50 USD"),
    ("right", "US$50", "$50 USD"),
    ("right", "$50 US", "$50 USD"),
    ("right", "C$50", "$50 CAD"),
    ("right", "50 Canadian dollars", "$50 CAD"),
]
LIMITS = [
    ("unsure", "Yes, unless you are a contractor", "Yes"),
    ("unsure", "Yes, but not for contractors", "Yes"),
    ("unsure", "Yes. But only with approval.", "Yes"),
    ("unsure", "Yes, if you are an employee", "Yes"),
    ("unsure", "Yes, with written approval", "Yes"),
    ("unsure", "No, except with approval by Finance", "No"),
    ("unsure", "No, unless Finance approves", "No"),
    ("unsure", "Ja, aber nur mit Genehmigung", "Ja"),
    ("unsure", "Sí, si hay aprobación", "Sí"),
    ("wrong", "Yes, but not for contractors", "No"),
    ("right", "Yes. The API is public. If you need help, call us.", "Yes"),
    ("right", "Yes, it works with and without approval", "Yes"),
    ("right", "No, only managers can.", "No"),
    ("right", "No, you cannot, even if you are a manager.", "No"),
    ("right", "No, it does not depend on the plan.", "No"),
]
ROLES = [
    ("unsure", "Senior Accountant", "Accountant"),
    ("unsure", "The Interim Controller", "Controller"),
    ("unsure", "Lead Engineer", "Engineer"),
    ("unsure", "Accountant", "Senior Accountant"),
    ("unsure", "Assistant Controller and CFO", "Controller, CFO"),
    ("right", "Contact the Controller.", "Controller"),
    ("right", "Chief Anna Berg", "Anna Berg"),
    ("right", "The lead time is long", "lead time"),
]
SPEEDS = [
    ("right", "55 miles per hour", "55 mph"),
    ("right", "60 kilometres an hour", "60 km/h"),
    ("right", "60 km/h", "60 km per hour"),
    ("right", "9.8 m/s", "9.8 metres per second"),
    ("wrong", "60 miles per hour", "60 km per hour"),
    ("wrong", "60 km per hour", "60 km per day"),
]
CELLS = [
    ("right", "| Class 9 | No response | Controller |", "Controller"),
    ("wrong", "| Class 9 | not Controller |", "Controller"),
]
COMMANDS = [
    *(("unsure", f"git push{rest}", "git push") for rest in ("; rm -rf .", "|tee", ">log", "&", " $BRANCH")),
    *(("unsure", f"git push{rest}", "git push") for rest in (" 2>&1", " <x", "\\\n--force", "\nrm -rf .")),
    *(("unsure", f"{before}git push", "git push") for before in ("echo ", "time ", "A=1 ", 'bash -c "')),
    ("unsure", "git push | tee, or echo git push", "git push"),
    ("wrong", "git push&&ls", "git push"),
    ("wrong", "ls && git push", "git push"),
    ("right", "Run git push; it uploads.", "git push"),
    ("right", "| Upload | git push | daily |", "git push"),
    ("right", "<code>git push</code>", "git push"),
    ("right", "Run this:\n\n```\ngit push\n```\nIt uploads the commits.", "git push"),
    ("right", "git add . && git push", "git add . && git push"),
]


@pytest.mark.parametrize(
    ("expected", "answer", "accepted"),
    [*PERIODS, *BASES, *SPEEDS, *SIDES, *CURRENCIES, *LIMITS, *ROLES, *CELLS, *COMMANDS],
)
def test_what_stands_beside_the_accepted_words_is_compared(expected: str, answer: str, accepted: str) -> None:
    assert grade(answer, [accepted]).verdict == expected


def test_the_last_word_of_a_role_is_no_last_name() -> None:
    assert grade("Accountant", ["Senior Accountant"], "name").verdict == "unsure"
    assert grade("Berg", ["Anna Berg"], "name").verdict == "right"


def test_a_limit_that_is_accepted_too_is_right() -> None:
    assert grade("Yes, but only with approval", ["Yes, with approval"], "yesno").verdict == "right"
