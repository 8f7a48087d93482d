"""The short form of an accepted sentence: where it is certain it is accepted, too, and otherwise a person is asked."""

from datetime import UTC, datetime

import pytest

from bakeoff.grading.grade import grade
from bakeoff.learn.review.reviewing import Said, View, review_of
from bakeoff.learn.review.short_form import short_form, with_short_form
from bakeoff.serve.log_entries import LoggedAnswer

COST, COSTS = "What does an hour of the workshop cost?", "An hour of the workshop costs 78 EUR."


def answered(question, text, **more):
    return LoggedAnswer(id="a", question=question, text=text, contender="extract", at=datetime.now(UTC), **more)


@pytest.mark.parametrize(
    ("question", "answer", "short"),
    [
        (COST, COSTS, "78 EUR"),
        ("What does a rowing boat cost?", "A rowing boat costs 12 EUR an hour.", "12 EUR an hour"),
        ("How many guests does hut 7 hold?", "Hut 7 holds up to 12 guests in summer.", ""),
        ("How many guests does hut 7 hold?", "Hut 7 holds up to 12 guests with beds.", "up to 12 guests"),
        ("How many periods are there?", "Each day can hold 6 heating periods.", "6 heating periods"),
        ("I am away a lot, how long is it valid?", "The card is valid for two years.", "two years"),
        ("When does the kiosk close?", "The kiosk at the lake closes at 6 pm.", "6 pm"),
        ("When was the lake closed?", "The lake was closed on 3 March 2025.", "3 March 2025"),
        ("Which room is it in?", "The workshop takes place in A101.", "A101"),
        ("What is the code of the display?", 'The display shows the code "HOT-1" in red.', "HOT-1"),
        ("Which option allows that?", "You can use the option --force for that.", "--force"),
        ("Wie viel kostet der Eintritt?", "Der Eintritt in das Bad kostet 12,50 Euro.", "12,50 Euro"),
        ("Combien coûte un billet ?", "Un billet pour adulte coûte 12 euros.", "12 euros"),
        ("¿Cuánto cuesta una entrada?", "Una entrada para adultos cuesta 12 euros.", "12 euros"),
    ],
)
def test_the_one_amount_moment_or_name_that_is_asked_for_is_the_short_form(question, answer, short):
    """With its bound, its rate, and what a bare number counts."""
    assert short_form(question, answer) == short


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When is the kiosk open?", "It is open from 9:00 to 18:00."),  # two
        ("How much is the deposit?", 'The deposit is 50 EUR at the desk "North".'),  # an amount and a name
        ("Who leads the workshop?", "Jan leads it, who has 12 years of experience."),  # no amount is asked for
        ("Can I pay in cash?", "Yes, you may pay 50 EUR in cash."),  # yes or no is asked for
        ("What happens when it is late?", "You have to return the key at 18:00."),
        ("What do I do, when it is late?", "You have to return the key at 18:00."),
        ("When does it close?", "The kiosk closes at 6 pm on Sundays."),  # a day would be left out
        ("How much is the deposit?", "The deposit is 50 EUR if you pay in cash."),  # a condition would be left out
        ("How much is the deposit?", "The deposit is not 50 EUR at all."),
        ("How long does the 6 hour tour take?", "The tour takes 6 hours in all."),  # the question says it
        ("How many steps are there?", "You find that in step 3 of the list."),  # a label
        ("How loud may it be?", "Noise is forbidden in all rooms."),
        ("How much is it?", "78 EUR an hour"),  # short itself
    ],
)
def test_nothing_is_made_up_where_it_is_not_certain(question, answer):
    """Then the reviewer is asked."""
    assert short_form(question, answer) == ""


def test_an_accepted_sentence_does_not_favour_the_contender_that_copied_it():
    """Another contender says only the price."""
    review = review_of(answered(COST, COSTS), Said("accept"), "Ada")
    assert review.answers == (COSTS, "78 EUR") and review.right is True
    assert grade("78 EUR", review.answers).verdict == "right"
    assert grade("87 EUR", review.answers).verdict == "wrong"
    assert grade("87 EUR an hour", review.answers).verdict == "wrong"


def test_a_short_answer_of_the_reviewer_stands_in_its_place():
    """Beside the sentence; and a sentence as a correction gets a short form, too."""
    of = answered("Who leads it?", "The workshop on Friday is led by Jan Bo.")
    assert review_of(of, Said("accept", ("Jan Bo",)), "Ada").answers == (of.text, "Jan Bo")
    corrected = review_of(answered(COST, "It costs nothing."), Said("correct", (COSTS,)), "Ada")
    assert corrected.answers == (COSTS, "78 EUR") and corrected.right is False
    assert with_short_form(COST, (COSTS, "EUR 78")) == (COSTS, "EUR 78")


@pytest.mark.parametrize(
    ("text", "short", "needs"),
    [(COSTS, "78 EUR", False), ("It costs a bit more than before.", "", True), ("78 EUR", "", False)],
)
def test_a_reviewer_is_asked_only_where_it_is_needed(text, short, needs):
    """Not where the short form is certain, and not where the answer is short."""
    view = View(None, answered(COST, text), "", ())
    assert (view.short, view.needs_short) == (short, needs)
    assert not View(None, answered(COST, text, declined=True), "", ()).needs_short
