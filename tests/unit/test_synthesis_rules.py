"""Questions by rules: what a sentence, a table, a row or a list says is asked for, or nothing is."""

import pytest

from bakeoff.records import Document
from bakeoff.synthesis.drafts import holds, plain
from bakeoff.synthesis.extractive import NO_PROSE, NO_RULE, UNCLEAR, extracted, why_none
from bakeoff.synthesis.extractive.clauses import asked_of_sentence
from bakeoff.synthesis.extractive.places import own_title, sentences
from bakeoff.synthesis.extractive.prose import asked_of_prose
from bakeoff.synthesis.wordings import lost, reworded
from tests.unit.fakes import chunk


def asked(sentence: str) -> list[tuple[str, str]]:
    return [(one.question, one.answer) for one in asked_of_sentence(sentence)]


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("Holiday mode can run for up to 99 days.", "For how many days at most can holiday mode run?", "99 days"),
        ("An application can have 10 endpoints.", "How many endpoints can an application have?", "10 endpoints"),
        ("The old secret stays valid for 24 hours after rotation.",
         "For how many hours does the old secret stay valid after rotation?", "24 hours"),
        ("The screen dims 45 seconds after the last touch.",
         "How many seconds after the last touch does the screen dim?", "45 seconds"),
        ("You can return an item within 30 days.", "Within how many days can I return an item?", "30 days"),
        ("We keep spare parts for 7 years.", "For how many years do you keep spare parts?", "7 years"),
        ("Hold the side button for 10 seconds until a snowflake appears.",
         "For how many seconds do I hold the side button until a snowflake appears?", "10 seconds"),
        ("The sounder reaches 85 dB at one metre.", "How many decibels does the sounder reach at one metre?", "85 dB"),
        ("Ambleside was founded in 1650.", "In what year was Ambleside founded?", "1650"),
        ("Security updates will be provided until 30 June 2027.",
         "Until what date will security updates be provided?", "30 June 2027"),
        ("The excess is £25.", "How much money is the excess?", "£25"),
        ("The Tide Valve is a motorised ball valve in the water main.", "What is the Tide Valve?",
         "a motorised ball valve in the water main"),
        ("The body of the valve is made of lead-free brass.", "What is the body of the valve made of?",
         "lead-free brass"),
        ("The first PIN is 2580.", "What is the first PIN?", "2580"),
    ],
)  # fmt: skip
def test_what_a_sentence_says_is_asked_for(sentence, question, answer):
    """One question, whose answer stands in the sentence word by word."""
    assert asked(sentence) == [(question, answer)]
    assert answer in sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "It lasts 45 minutes.",  # what does?
        "The range goes from 7 °C to 28 °C.",  # only a part of the answer would be asked for
        "The valve is fed by a 12 V adapter.",  # the amount describes something else
        "The supply is protected by a 5 A fuse.",
        "If the room falls to 7 °C the heating comes on.",
        "The receiver measures 86 x 86 x 32 mm.",
        "The sensor is accurate to ±0.5 °C.",
        "The app sends a message when a sensor falls below 15 % charge.",
        "The address for parcels is Norrvik Returns, Unit 4, Deans Road.",
        "Everything keeps working within the five countries.",
        "The lamp is not a toy.",
        "Tap the tick to save.",
        "We acknowledge a complaint within 3 working days and send a reply within 8 weeks.",
        "Is the warranty 24 months?",
    ],
)
def test_a_sentence_that_no_rule_fits_gives_nothing(sentence):
    """A wrong question would be worse than none."""
    assert asked(sentence) == []


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("By default, sys-timesyncd uses the public time servers, if no others are set.",
         "By default, what does sys-timesyncd use?", "the public time servers"),
        ("As of OpenSSH 9.1, the server no longer supports the old protocol.",
         "As of OpenSSH 9.1, what does the server no longer support?", "the old protocol"),
        ("The compiler (any recent one) requires a C99 library.", "What does the compiler require?", "a C99 library"),
        ("Use --servers= to direct sys-timesyncd to other time servers.",
         "How do I direct sys-timesyncd to other time servers?", "Use --servers="),
        ("To install the manual pages, run make install.", "How do I install the manual pages?", "run make install"),
        ("If you want to disable the cache, you must remove the folder cache.d.",
         "How do I disable the cache?", "remove the folder cache.d"),
        ("Group adm is used for system monitoring tasks.", "What is group adm used for?", "system monitoring tasks"),
        ("By default, cache files will be owned by user man.", "By default, what will cache files be owned by?",
         "user man"),
        ("The range of users can be configured using /etc/login.defs.",
         "How can the range of users be configured?", "using /etc/login.defs"),
        ("If no cable can be laid, use the USB-C stand.", "What do I do if no cable can be laid?",
         "use the USB-C stand"),
        ("If no path is given, the folder of the user will be used.", "What happens if no path is given?",
         "the folder of the user will be used"),
        ("The build type defaults to Release.", "What does the build type default to?", "Release"),
        ("Note that the shell of user sync is /bin/sync.", "What is the shell of user sync?", "/bin/sync"),
    ],
)  # fmt: skip
def test_running_text_is_asked_about(sentence, question, answer):
    """What something uses or is for, where it is kept, how a thing is done; the answer stands in the sentence."""
    assert (question, answer) in [(one.question, one.answer) for one in asked_of_prose(sentence)]
    assert answer in sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "This disables password logins for root.",  # what does?
        "You can use a folder in a block.",
        "The result of this training is stored in a file.",
        "Use this option to leave the files alone.",
        "The API reads and controls the homes of people.",
        "To avoid breaking local setups, this is still true.",
        "The rights of consumers there are described in another file.",
        "Being in group dip allows you to use tools such as pppd.",
        "The manual includes the following.",
        "If the boiler goes on by itself, the fault lies in the wiring.",
        "If you want a copy, the office can send one.",
        "If it is lost, call the office.",
    ],
)
def test_running_text_that_points_elsewhere_gives_nothing(sentence):
    """'This' and 'there' mean nothing in a question on its own."""
    assert list(asked_of_prose(sentence)) == []


def test_wrapped_lines_are_one_sentence():
    """Lists, short lines and indented code are not joined to what stands before."""
    wrapped = "The lamp of the large garden house can now\nburn for up to 99 days.\n- One\n- Two"
    assert list(sentences(wrapped)) == [
        "The lamp of the large garden house can now burn for up to 99 days.", "One", "Two",
    ]  # fmt: skip
    assert list(sentences("A short line\nAnother line\n\n    make install")) == ["A short line", "Another line"]
    assert list(questions_of(wrapped, "Kite")) == [
        'According to "Kite", for how many days at most can the lamp of the large garden house now burn?'
    ]


def test_a_title_that_says_nothing_is_not_named():
    """The file's name stands for it; if that says nothing either, the question must name something itself."""
    text = "The lamp can burn for 9 days."
    assert list(questions_of(text, "FAQ", source="kite.md")) == [
        'According to "kite", for how many days can the lamp burn?'
    ]
    assert questions_of(text, "FAQ", source="faq.md") == {}
    assert list(questions_of("The lamp of Kite 3 can burn for 9 days.", "FAQ", source="faq.md")) == [
        "For how many days can the lamp of Kite 3 burn?"
    ]
    assert list(questions_of("Widevine is a library for films.", "Player")) == ["What is Widevine?"]


def test_the_heading_of_the_first_section_is_no_title():
    """Unless another heading follows at once."""
    text = "# Flags\nThere are many.\n\n# Search\nOne can.\n\n# Debugging\nAlso."
    document = Document(id="a", source="a.md", title="Flags", text=text)
    assert own_title(document) == ""
    assert own_title(document.model_copy(update={"text": f"# Flags\n\n## One\n{text[8:]}"})) == "Flags"
    assert own_title(document.model_copy(update={"title": "The player"})) == "The player"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("--with-cache\n--with-colour", NO_PROSE),
        ("It is late and they know it.", NO_RULE),
        ("The lamp can burn for 9 days.", UNCLEAR),
        ("The lamp of Kite 3 can burn for 9 days.", ""),
    ],
)
def test_a_passage_without_drafts_says_why(text, reason):
    """By what it holds."""
    assert why_none(chunk("faq.md", text), "FAQ") == reason


def questions_of(text: str, title: str = "", heading: str = "", source: str = "a.md") -> dict[str, str]:
    return {draft.question: draft.answers[0] for draft in extracted(chunk(source, text, heading=heading), title)}


def test_the_cells_of_a_table_are_asked_for_by_row_and_column():
    """Columns that are names of things are what has the property; other headings are the property."""
    text = "| Code | Meaning | What to do |\n|---|---|---|\n| E7 | Door open | Close it |"
    assert questions_of(text, "") == {
        "What is the meaning of E7?": "Door open",
        'What is given for E7 under "What to do"?': "Close it",
    }
    text = "| Feature | Kite 2 | Kite 3 |\n|---|---|---|\n| Weight | 80 g | 95 g |\n| Colours | - | red |"
    assert questions_of(text, "") == {
        "What is the weight of Kite 2?": "80 g",
        "What is the weight of Kite 3?": "95 g",
        "What are the colours of Kite 3?": "red",
    }


def test_a_row_of_a_file_is_asked_for_by_its_name():
    """Prices with their currency."""
    found = questions_of("sku: TD1; item: Leak sensor; price_gbp: 35.00", "")
    assert found == {"What is the sku of Leak sensor?": "TD1", "What is the price of Leak sensor in GBP?": "35.00"}


def test_the_first_of_several_steps_is_asked_for_under_its_heading():
    """One item alone is no list of steps."""
    assert questions_of("1. Open the lid.\n2. Press the button.", "Lamp", "Lamp > Setup") == {
        'According to "Lamp", what is the first step of "Setup"?': "Open the lid"
    }
    assert questions_of("1. Open the lid.", "Lamp", "Lamp > Setup") == {}


def test_a_list_of_things_is_no_list_of_steps():
    """Unless its heading says that steps follow."""
    text = "1. 0 → The root user.\n2. 65534 → The nobody user."
    assert questions_of(text, "Lamp", "Lamp > Special users") == {}
    assert len(questions_of(text, "Lamp", "Lamp > How to choose a user")) == 1


def test_a_question_that_does_not_say_what_it_is_about_names_its_document():
    """Unless it names what the title names."""
    text = "The trial lasts for 14 days."
    assert list(questions_of(text, "Kite 3 manual")) == [
        'According to "Kite 3 manual", for how many days does the trial last?'
    ]
    text = "The lamp of Kite 3 lasts for 14 days."
    assert list(questions_of(text, "Kite 3 manual")) == ["For how many days does the lamp of Kite 3 last?"]


def test_every_answer_stands_in_its_passage_and_its_quote():
    """Without the marks of emphasis; code is not read."""
    code = "```\nThe limit is 5 days.\n```"
    text = f"- **Boost.** A Boost can last 45 minutes.\n\n{code}\n\n*The window* closes after 3 hours."
    passage = chunk("a.md", text)
    drafts = extracted(passage, "Kite lamp")
    assert [draft.answers for draft in drafts] == [("45 minutes",), ("3 hours",)]
    assert all(holds(passage, draft.answers[0]) and draft.answers[0] in draft.quote for draft in drafts)


def test_an_answer_is_held_only_word_by_word():
    """With the same case and signs, and not within a word."""
    passage = chunk("a.md", "It costs **£25** and lasts\n45 minutes.")
    assert holds(passage, "£25") and holds(passage, "lasts 45 minutes")
    assert not any(holds(passage, text) for text in ("25 £", "5 minutes", "45 Minutes", ""))
    assert plain("a `b_c` *d*") == "a b_c d"


def test_other_wordings_keep_what_is_asked_for():
    """From each kind of rule in turn; none equals another or the question; the same seed gives the same ones."""
    text = "How many API calls can a token make on the Kite 3?"
    found = reworded(text, 4, 7)
    assert found[:3] == [
        "What number of API calls can a token make on the Kite 3?",
        "On the Kite 3, how many API calls can a token make?",
        "how many api calls token make on kite 3",
    ]
    assert len({one.lower() for one in [text, *found]}) == 5 and reworded(text, 4, 7) == found
    assert all(lost(text, one) == "" for one in found)


def test_a_condition_moves_to_the_other_end():
    """In both directions."""
    front, back = "If the lamp is red, what must I do?", "What must I do if the lamp is red?"
    assert back in reworded(front, 6, 1) and front in reworded(back, 6, 1)


@pytest.mark.parametrize(
    ("question", "wording", "what"),
    [
        ("How long is the warranty of Kite 2?", "How long is the warranty of Kite 3?", "a number"),
        ("How many of the two lamps blink?", "How many of the three lamps blink?", "a number"),
        ("Does Care Plus cover batteries?", "Does the plan cover batteries?", "a name"),
        ("Does the plan cover batteries?", "Does Care Plus cover batteries?", "a name"),
        ("Which lamps are not covered?", "Which lamps are covered?", "a negation"),
        ("Why doesn't it start?", "Why does it start?", "a negation"),
        ("What is the maximum load?", "What is the minimum load?", "a bound"),
        ("Can I cancel before Monday?", "Can I cancel after Monday?", "a bound"),
        ("How do I clean the filter tray?", "How do I order?", "the subject"),
    ],
)
def test_a_wording_that_asks_for_something_else_is_noticed(question, wording, what):
    """By what it lost or added."""
    assert lost(question, wording) == what


@pytest.mark.parametrize(
    ("question", "wording"),
    [
        ("What is the maximum load of a Kite?", "what's the upper limit of the load of a kite?"),
        ("Please, how long does Kite 2 last?", "How long does the Kite 2 last?"),
        ("How many of the 2 lamps blink?", "How many of the two lamps blink?"),
    ],
)
def test_a_wording_that_asks_for_the_same_loses_nothing(question, wording):
    """Other case, other words for a bound, numbers in words."""
    assert lost(question, wording) == ""
