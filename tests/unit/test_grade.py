"""The grader: rule by rule, and against answers judged by hand."""

import csv
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.grading.grade import Grade, equivalent, grade, is_abstention, squad_scores

GRADED = Path(__file__).parents[1] / "reference" / "graded_answers.csv"


def correct(answer: str, *accepted: str, kind: str = "") -> bool:
    return grade(answer, accepted, kind).correct


def judged_by_hand() -> list[dict[str, str]]:
    """The cases of the hand-judged file that hold their question. tests/reference/ has the questions of public sets."""
    with GRADED.open(newline="", encoding="utf-8") as file:
        return [case for case in csv.DictReader(file) if case["question"]]


def graded_by_hand() -> list[tuple[dict[str, str], Grade]]:
    """Each of these cases with its grade."""
    return [(case, grade(case["answer"], aliases(case), case["kind"])) for case in judged_by_hand()]


def aliases(case: dict[str, str]) -> list[str]:
    return [alias for alias in case["accepted"].split(" | ") if alias]


def test_what_the_rules_decide_agrees_with_hand_judgement() -> None:
    """At least 98 % of the right and of the wrong verdicts agree, and few are unsure. The others are printed."""
    counts: Counter[tuple[str, str]] = Counter()
    for case, graded in graded_by_hand():
        judged = "right" if case["correct"] == "1" else "wrong"
        counts[judged, graded.verdict] += 1
        if graded.verdict != judged:
            shown = f"{case['question']} {aliases(case)}: {case['answer']!r}"
            print(f"judged {judged}, '{graded.rule}': {graded.verdict} {graded.reason}: {shown}")  # noqa: T201
    print("(judged, graded):", dict(counts))  # noqa: T201
    n_unsure = counts["right", "unsure"] + counts["wrong", "unsure"]
    assert counts["right", "right"] >= 0.98 * (counts["right", "right"] + counts["wrong", "right"])
    assert counts["wrong", "wrong"] >= 0.98 * (counts["wrong", "wrong"] + counts["right", "wrong"])
    assert n_unsure <= 0.18 * counts.total()


def test_unsure_has_a_reason_and_nothing_else_has() -> None:
    """A reason stands with every unsure grade, and an unsure grade does not count as correct."""
    for case, graded in graded_by_hand():
        assert bool(graded.reason) == (graded.verdict == "unsure"), case
        assert graded.correct == (graded.verdict == "right")


def test_every_accepted_answer_is_right() -> None:
    """Every alias in the hand-judged file is correct as an answer to its own question."""
    for case in judged_by_hand():
        for alias in aliases(case):
            assert correct(alias, *aliases(case), kind=case["kind"]), (alias, aliases(case))


def test_squad_scores_follow_the_official_script() -> None:
    """Exact match ignores case, articles and punctuation. F1 counts shared tokens. The best alias counts."""
    assert squad_scores("The Norse.", ["norse"]) == (True, 1.0)
    exact, f1 = squad_scores("in the north of France", ["France", "northern France"])
    assert not exact
    assert f1 == pytest.approx(2 * 1 / (4 + 1))
    assert squad_scores("", [""]) == (True, 1.0)
    assert squad_scores("Paris", [""]) == (False, 0.0)


@pytest.mark.parametrize(
    "answer",
    [
        "24",
        "twenty-four months",
        "2 years",
        "24.0 months",
        "a 24-month warranty",
        "two years",
        "2 years in all",
        "Not 12 but 24 months.",
        "24 months, not 36 months",
        "It lasts 24 months from purchase; claims take 5 days.",
    ],
)
def test_numbers_match_in_words_units_and_sentences(answer: str) -> None:
    """24 months is recognised however it is written, also with other quantities beside it."""
    assert correct(answer, "24 months", kind="numeric")


@pytest.mark.parametrize(
    "answer",
    [
        "240 months",
        "2 months",
        "24 days",
        "24 devices",
        "between 12 and 24 months",
        "24 or 36 months",
        "24 to 36 months",
        "12, 24 or 36 months",
        "not 24 months",
        "24 months is wrong",
        "24 months. Actually 36 months.",
        "month",
        "-24 months",
    ],
)
def test_other_numbers_units_and_hedges_do_not_match(answer: str) -> None:
    """A number inside another, another unit, a range, alternatives and a denial are wrong."""
    assert not correct(answer, "24 months", kind="numeric")


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("1500", "1,500"),
        ("£4.50", "4.50 GBP"),
        ("GBP 4.5", "£4.50"),
        ("450p", "£4.50"),
        ("fifteen per cent", "15%"),
        ("120 cm", "1.2 m"),
        ("90 minutes", "1.5 h"),
        ("0.5 h", "half an hour"),
        ("1 hour 30 min", "90 minutes"),
        ("41 °F", "5 °C"),
        ("0.868 GHz", "868 MHz"),
        ("1.5 million", "1,500,000"),
        ("1,2 m", "1.2 metres"),
        ("£4.50 a month", "4.50 GBP per month"),
        ("60/min", "60 per minute"),
        ("8 pm", "20:00"),
        ("3 x AA", "three AA"),
    ],
)
def test_same_quantity_in_another_form(answer: str, accepted: str) -> None:
    """Thousands, currencies, percentages, rates, times of day and exact unit conversions, in both directions."""
    assert correct(answer, accepted)
    assert correct(accepted, answer)


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("£4.50 a year", "£4.50 a month"),
        ("€4.50", "£4.50"),
        ("1 month", "30 days"),
        ("5 days", "5 working days"),
        ("5 kg", "5 g"),
        ("-5 °C", "5 °C"),
        ("8 am", "20:00"),
        ("15", "0.15"),
        ("179 euros", "£179"),
    ],
)
def test_other_quantity_in_a_like_form(answer: str, accepted: str) -> None:
    """Another rate, currency, sign or half of the day, or a unit that does not convert exactly, is wrong."""
    assert not correct(answer, accepted)


def test_a_bare_alias_takes_the_unit_of_its_sibling() -> None:
    """'179' accepted beside '£179' does not accept 179 euros."""
    assert correct("179.00", "£179", "179")
    assert not correct("179 euros", "£179", "179")


def test_product_names_are_no_counts() -> None:
    """The 3 of 'Hearth 3' is a label, so it is neither the answer nor a contradiction of it."""
    assert correct("The Hearth 3 supports 32 sensors.", "32")
    assert not correct("The Hearth 3 supports many sensors.", "3 sensors")


@pytest.mark.parametrize(
    "answer", ["2024-03-03", "March 3rd, 2024", "3 Mar 2024", "03/03/2024", "Sunday, 3 March 2024"]
)
def test_dates_in_many_forms(answer: str) -> None:
    """A date is recognised however it is written."""
    assert correct(f"It came out on {answer}.", "3 March 2024", kind="date")


@pytest.mark.parametrize("identifier", ["max_tokens", "userId", "--follow-tags", "./run.sh", "config.settings"])
def test_names_in_code_are_right_as_they_are_written(identifier: str) -> None:
    """Alone, in a sentence, in quotes; other capitals are not wrong."""
    assert correct(f"You can set {identifier}.", identifier) and correct(f"Use `{identifier}`.", identifier)
    assert grade(identifier.upper(), [identifier]).verdict != "wrong"


@pytest.mark.parametrize("answer", ["5 may", "may 5", "5. Mai", "on 5 mai", "It closes on 5 may."])
def test_a_date_in_may_may_be_written_small(answer: str) -> None:
    """Where a date in May is accepted, it is no verb."""
    assert correct(answer, "5 May")
    assert not correct(answer, "6 May")


@pytest.mark.parametrize("accepted", ["5 May", "May 5", "5 March"])
def test_a_date_in_may_is_no_word_of_permission(accepted: str) -> None:
    """'5 May' is graded as '5 March' is, and not by whether an answer says yes."""
    assert correct(f"On Tuesday, {accepted}.", accepted) and correct(f"It closes on {accepted}.", accepted)
    assert grade("Yes, it may.", [accepted]).verdict == "wrong"


def test_dates_may_be_more_precise_but_not_less() -> None:
    """An added day is accepted, a missing year is not. An ambiguous order is read both ways."""
    assert correct("3 March 2024", "March 2024")
    assert correct("04/05/2025", "4 May 2025")
    assert correct("05/04/2025", "4 May 2025")
    assert not correct("March 2024", "3 March 2024")
    assert not correct("05/05/2025", "4 May 2025")
    assert correct("from 20 November to 30 November", "20-30 November")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("No.", True),
        ("No, it needs a hub", True),
        ("It does not.", True),
        ("Unfortunately not", True),
        ("Yes.", False),
        ("Yes and no", False),
        ("Absolutely not", True),
        ("It works.", False),
        ("two AAA cells", False),
        ("", False),
    ],
)
def test_yes_and_no(answer: str, verdict: bool) -> None:
    """The first word decides. Otherwise it depends on whether the statement is negated."""
    assert correct(answer, "no", kind="yesno") is verdict


def test_lists_need_every_item_and_no_more() -> None:
    """Any order is correct. A missing, denied or additional item is wrong."""
    accepted = "Drift, Tide and Beacon"
    assert correct("Beacon, Drift & Tide", accepted, kind="list")
    assert correct("- Tide\n- Drift\n- Beacon", accepted, kind="list")
    assert not correct("Drift and Tide", accepted, kind="list")
    assert not correct("Drift and Tide, but not Beacon", accepted, kind="list")
    assert not correct("Drift, Tide, Beacon and Hearth", accepted, kind="list")


def test_phrases_stand_in_sentences_but_not_denied_or_as_an_option() -> None:
    """Case, accents, plurals and hyphens do not matter. Denials and alternatives do."""
    assert correct("It was founded in TROMSO.", "Tromsø")
    assert correct("WiFi 6", "Wi-Fi 6")
    assert correct("the battery is low", "low battery", kind="phrase")
    assert not correct("It is not Care Pro", "Care Pro")
    assert not correct("Care Plus or Care Pro", "Care Pro")
    assert not correct("Care Basic, Care Plus and Care Pro", "Care Pro", kind="name")
    assert not correct("Oxygen and carbon dioxide", "carbon dioxide", kind="name")
    assert correct("Press and hold the reset button for 5 seconds.", "hold the reset button for 5 seconds")
    assert not correct("Care Professional", "Care Pro")
    assert correct("help@norrvik.example or by phone", "help@norrvik.example", kind="name")


def test_telephone_numbers_ignore_blanks_and_country_code() -> None:
    """Only the digits are compared."""
    assert correct("Call +44 131 555 0142", "0131 555 0142")
    assert not correct("0131 555 0124", "0131 555 0142")


DECLINING = [
    "", " \n",
    "I don't know.", "I do not know the answer to that.", "The documents don't mention it.", "Not specified", "N/A",
    "It is not stated in the passage.", "There is no information about this.", "I couldn’t find that.",
    "I don't know. Please contact support.", "Based on the passage, it is not mentioned how long it takes.",
    "The answer is: I don't know.", "The answer to this question is I don't know.", "\"I don't know.\"",
    "Sorry, but I don't know.", "I'm afraid I don't know.", "I am afraid that I do not know.", "We don't know.",
    "Unfortunately, I do not know that.", "At the moment I don't know.", "Well, I don't know.",
    "From these passages I can't tell.", "For that product I do not know the price.", "As for the price, I don't know.",
    "You asked about the lamp, I don't know.", "As an AI language model, I cannot answer that.",
    "The passage mentions the Hearth 3 and the Drift, but I don't know what the lamp costs.",
    "Thank you for your question, I don't know.", "Based on the documents, I can not say.", "No idea.",
]  # fmt: skip
ANSWERING = [
    "I don't know the exact date, but it was in 2014.", "I'm not sure, but 24 months", "I don't know, maybe 5",
    "Batteries are not included.", "We do not have stores in Norway.", "There is no data limit.",
    "It does not include a hub.", "No data is shared.", "If you are unable to find your code, tap Resend.", "No",
    "I don't know. It is 24 months.",
    "The company that owns restic is a company called I don't know.", "It costs I don't know.",
    'The Italian title of the book is "I don\'t know.', "The nearest stop is the Hamburg-I don't know.",
    "Ogedei's wife was a powerful woman named I don't know.", "Chelsea, Granitia, I don't know.",
    'Machines were studied using the concept of "I don\'t know.', "In 2014 its name was I don't know.",
    'A single token, such as "I don\'t know.".', "Oslo, I don't know.",
]  # fmt: skip


@pytest.mark.parametrize("text", DECLINING)
def test_declining_is_recognised(text: str) -> None:
    """A refusal is correct for an unanswerable question and wrong for an answerable one."""
    assert is_abstention(text)
    assert grade(text, []).correct
    assert not correct(text, "24 months")


@pytest.mark.parametrize("text", ANSWERING)
def test_answers_are_not_taken_for_declining(text: str) -> None:
    """Nor a guess after a refusal, a statement about a product, or one of which "I don't know" is only a part."""
    assert not is_abstention(text)
    assert not grade(text, []).correct


def test_an_accepted_answer_may_look_like_a_refusal() -> None:
    """An answer like 'unknown' is correct if the documents say so."""
    assert correct("It is not mentioned.", "not mentioned")


def test_a_whole_sentence_is_right_only_word_for_word() -> None:
    """A paraphrase is unsure. The opposite, another number with a unit and a text about something else are wrong."""
    reference = "To add a test case, click the button 'Add Test Case', wait 3 seconds and repeat the whole process."
    assert correct(f"According to the manual: {reference}", reference)
    paraphrase = "Click 'Add Test Case', give it three seconds, and do the same for each further test case."
    assert grade(paraphrase, [reference]).verdict == "unsure"
    assert grade(reference.replace("3 seconds", "5 seconds"), [reference]).verdict == "wrong"
    assert grade(reference.replace("click", "do not click"), [reference]).verdict == "wrong"
    assert grade("The warranty covers faults.", [reference]).verdict == "wrong"
    scrambled = "Process the whole repeat and seconds 3 wait, 'Add Test Case' button the click, case test a add to."
    assert grade(scrambled, [reference]).verdict == "unsure"


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ("24 months", "It lasts two years.", True),
        ("24 months", "36 months", False),
        ("I don't know", "Not specified.", True),
        ("I don't know", "24 months", False),
        ("Yes.", "Yes, from firmware 3.1", True),
        ("Yes.", "No.", False),
        ("", "", True),
        ("", "24", False),
        ("The reset button on the back", "on the back, the reset button", True),
    ],
)
def test_equivalence_of_free_answers(a: str, b: str, verdict: bool) -> None:
    """Two answers agree in numbers, polarity, declining or words, in either order."""
    assert equivalent(a, b) is verdict
    assert equivalent(b, a) is verdict


@given(st.text(max_size=80), st.lists(st.text(max_size=30), max_size=3))
def test_any_text_can_be_graded(answer: str, accepted: list[str]) -> None:
    """No text makes the grader fail, and grading again gives the same result. Every text is equivalent to itself."""
    assert grade(answer, accepted) == grade(answer, accepted)
    assert equivalent(answer, answer)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_numbers_match_only_themselves(a: int, b: int) -> None:
    """A number matches itself only, with any thousands separator."""
    assert correct(f"{a:,}", str(b)) == (a == b)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Batteries are under warranty for 24 months or 500 charge cycles, whichever comes first.", True),
        ("It is 24 months or 500 charge cycles.", True),
        ("It is not 24 months or 500 charge cycles.", False),
        ("It is 24 months or 600 charge cycles.", False),
    ],
)
def test_an_accepted_answer_of_several_numbers_may_stand_word_for_word(answer: str, right: bool) -> None:
    """Several options in the accepted answer are not a sign of doubt."""
    assert grade(answer, ["24 months or 500 charge cycles"]).correct is right


@pytest.mark.parametrize(
    ("answer", "accepted", "verdict"),
    [
        ("During probation the notice period is two weeks", "14 days", "unsure"),
        ("It is long. If you are a trainee, it is 14 days.", "14 days", "unsure"),
        ("Unless you order more, it costs 5 euros.", "5 euros", "unsure"),
        ("If you are a trainee, it is 14 days.", "14 days if you are a trainee", "right"),
        ("According to the contract the notice period is two weeks.", "14 days", "right"),
        ("During the war in 1894, it was absorbed.", "1894", "right"),
        ("During probation it is three days.", "14 days", "wrong"),
    ],
)
def test_a_number_under_a_condition_in_front_is_unsure(answer: str, accepted: str, verdict: str) -> None:
    """It may be that of another case, unless the accepted answer has the condition. A year is not under a condition."""
    assert grade(answer, [accepted]).verdict == verdict


@pytest.mark.parametrize(
    ("answer", "accepted", "verdict"),
    [
        ("No, it is not possible.", "It is not possible.", "right"),
        ("No. It cannot be returned.", "It cannot be returned.", "right"),
        ("Yes, it is possible in May.", "It is possible in May.", "right"),
        ("No, it is possible in May.", "It is possible in May.", "wrong"),
    ],
)
def test_a_yes_or_no_before_the_accepted_sentence_changes_nothing(answer: str, accepted: str, verdict: str) -> None:
    """If it means the same as the sentence. If it contradicts the sentence, the answer is not right."""
    assert grade(answer, [accepted]).verdict == verdict


@pytest.mark.parametrize(
    ("answer", "accepted", "verdict"),
    [
        ("room A101", "A 101", "right"),
        ("It is in A 101.", "A101", "right"),
        ("room A102", "A 101", "wrong"),
        ("room B101", "A 101", "wrong"),
        ("101 rooms", "A 101", "wrong"),
        ("IP 54", "IP54", "right"),
        ("500 euros", "EUR 500", "right"),
    ],
)
def test_a_code_is_one_word_with_a_blank_and_without(answer: str, accepted: str, verdict: str) -> None:
    """Capitals with figures. Amounts of money are no codes."""
    assert grade(answer, [accepted]).verdict == verdict


def test_brackets_of_a_unit_are_no_alias() -> None:
    """dB(A) is a unit, so another number of it is wrong. A short form in brackets stays an alias."""
    assert [grade(f"{n} dB", ["41 dB(A)"]).verdict for n in (41, 42)] == ["right", "wrong"]
    assert grade("IP", ["Internet Protocol (IP)"]).correct


@pytest.mark.parametrize(
    ("answer", "accepted", "verdict"),
    [
        ("Team: Billing; Extension: 4711", ["at the latest ten days before"], "wrong"),
        ("Team: Billing; Extension: 4711", ["The grid operator can read them. They are deleted later on."], "wrong"),
        ("| Basis | 8.90 | none |", [], "wrong"),
        ("Team: Billing; Extension: none", [], "wrong"),
        ("Team: Operator; Extension: 4711", ["The grid operator can read them. They are deleted later on."], "unsure"),
        ("by the front door", ["near the main entrance hall"], "unsure"),
    ],
)
def test_a_row_that_shares_nothing_is_wrong(answer: str, accepted: list[str], verdict: str) -> None:
    """A row of a table says nothing in other words; a sentence may."""
    assert grade(answer, accepted).verdict == verdict


@pytest.mark.parametrize(
    ("answer", "accepted", "verdict"),
    [
        ("24 months [1]", "24 months", "right"),
        ("It is 24 months [1][3].", "24 months", "right"),
        ("[2] The blue valve", "the blue valve", "right"),
        ("36 months [1]", "1", "wrong"),
        ("36 months [24]", "24 months", "wrong"),
        ("[1]", "1", "right"),
        ("Use row[1]", "row[1]", "right"),
        ("I don't know [1].", "24 months", "wrong"),
    ],
)
def test_a_mark_that_cites_a_passage_is_no_part_of_the_answer(answer, accepted, verdict):
    """A style may demand [1]: it is not the number 1. Where an accepted answer has brackets, marks stay."""
    assert grade(answer, [accepted]).verdict == verdict


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("/etc/ssh/ssh_config", "wrong"),
        ("It is /var/log/auth.log.", "wrong"),
        ("/etc/ssh/", "unsure"),
        ("sshd_config", "unsure"),
        ("$HOME/.ssh/config", "unsure"),
        ("not /etc/ssh/ssh_config but the sshd_config beside it", "unsure"),
        ("/etc/ssh/sshd_config", "right"),
    ],
)
def test_another_path_is_no_other_wording(answer, verdict):
    """Two paths of which neither lies in the other are two places; a part of the accepted one may mean it."""
    assert grade(answer, ["/etc/ssh/sshd_config"]).verdict == verdict


def test_a_wrong_amount_is_wrong_beside_an_accepted_sentence_that_states_the_amount():
    """House style is the first accepted answer, the bare one stands behind it. What is right stays right."""
    accepted = ("The leaflet says: 7 days. Ask a pharmacist.", "7 days")
    given = {"10 days": "wrong", "The leaflet says: 10 days.": "wrong", "7 days": "right", "For 7 days.": "right"}
    assert {answer: grade(answer, accepted, "numeric").verdict for answer in given} == given
    assert grade("6 October", ("The clinic says: 5 October.", "5 October"), "date").verdict == "wrong"


def test_an_accepted_sentence_without_the_amount_leaves_a_doubt():
    """It may say the same in other words."""
    assert grade("10 days", ("The leaflet says: a week and a half or so.", "7 days"), "numeric").verdict == "unsure"


@pytest.mark.parametrize(
    ("unit", "accepted"),
    [
        *(("<b>", "Paris"), ("<b></b>", "Paris"), ("</b><b>", "Paris"), (" ", "Paris"), ("a@", "Paris")),
        *(("a-b ", "a/b"), ("if it is not specified ", "Paris"), ("if not 5 ", "5"), ("if'", "Paris")),
        *(("if it is not specified, ", "Paris"), ("--verbose ", "--dry-run"), ("a_", "max_tokens")),
        *(("mytool list -a ", "mytool list"), ("git push -f ", "git push")),
    ],
)
def test_the_time_of_a_grading_grows_with_the_answer_and_not_with_its_square(unit: str, accepted: str) -> None:
    """An answer of the same few letters again and again, eight times as long: the square would take 64 times as long.

    A busy machine makes one of the two a few times slower.

    The answers are so long that their squares would take minutes.
    """
    grade(unit * 100, [accepted])
    times = []
    for length in (8_000, 64_000):
        begun = time.process_time()
        grade(unit * (length // len(unit)), [accepted])
        times.append(time.process_time() - begun)
    assert times[1] < 24 * max(times[0], 0.1)


@pytest.mark.parametrize("mark", ["*", "**", "_", "* "])
def test_a_mark_that_is_never_closed_takes_no_longer(mark: str) -> None:
    """Looking for the end of '*a000...' took the square of its length: six seconds for 16,000 letters."""
    begun = time.process_time()
    assert grade(f"{mark}a" + "0" * 64_000, ["Paris"], "label").verdict == "wrong"
    assert time.process_time() - begun < 5


def test_an_accepted_answer_of_many_spaces_takes_no_longer() -> None:
    """Looking for a bracket at its end took the third power of their number: three seconds for 2,000."""
    begun = time.process_time()
    assert grade("Paris", [" " * 64_000, "London" + " " * 64_000 + "town"]).verdict == "wrong"
    assert time.process_time() - begun < 5
    given = ("IP", "internet protocol", "Internet Protocol (IP)")
    assert {grade(answer, [" Internet Protocol (IP) "]).verdict for answer in given} == {"right"}


@pytest.mark.parametrize(
    ("accepted", "answer"),
    [
        ("Flexitour, Gliding, Variable Day, Maxiflex", "Flexitour, gliding, variable day, and maxiflex"),
        ("Red, Green, Blue", "red, green and blue"),
        ("Red, Green, Blue", "The colours are red, green, and blue."),
        ("Bus, Rail, Van Pool", "bus, rail and van pool"),
        ("Summer; Winter", "summer and winter"),
        ("Red and Green", "- green\n- red"),
        ("Variable Day", "variable day"),
    ],
)
def test_capitals_do_not_matter_in_lists_and_whole_phrases(accepted: str, answer: str) -> None:
    """'Green' and 'Day' may be surnames, but not beside 'Red' or 'Variable' in a list of the same words."""
    assert grade(answer, [accepted]).verdict == "right"


def test_capitals_still_tell_names_from_words() -> None:
    """Of a name in a sentence, of abbreviations, and of words of a list that stand there as other words."""
    assert grade("It is the green one.", ["Green"]).verdict == "wrong"
    assert grade("It is a variable day.", ["Variable Day"]).verdict == "unsure"
    assert grade("Ask us and it.", ["US, IT"]).verdict != "right"
    assert grade("You mark the bill.", ["Mark, Bill"]).verdict != "right"


@pytest.mark.parametrize(
    ("accepted", "answer", "verdict"),
    [
        ("240 hours", "You keep a maximum of 240 annual leave hours, from one leave year to the next.", "right"),
        ("5 days", "5 paid sick days", "right"),
        ("5 days", "6 paid sick days", "wrong"),
        ("240 hours", "240 annual leave days", "wrong"),
    ],
)
def test_words_may_stand_between_a_number_and_its_time(accepted: str, answer: str, verdict: str) -> None:
    assert grade(answer, [accepted]).verdict == verdict


@pytest.mark.parametrize("answer", ["5 half days", "5 business days", "5 people work days", "5 agents take days off"])
def test_words_that_make_another_time_are_not_left_out(answer: str) -> None:
    assert grade(answer, ["5 days"]).verdict != "right"
