"""Each kind of rule with texts that keep it and texts that break it; bad rules have a message that helps."""

import pytest

from bakeoff.errors import ConfigError
from bakeoff.models.prompts import DECLINE
from bakeoff.runs.config import validate
from bakeoff.style.counts import count_sentences
from bakeoff.style.reading_level import grade_level
from bakeoff.style.rules import KINDS
from bakeoff.style.settings import Style
from tests.unit.fakes import answer

HARD = (
    "Notwithstanding aforementioned considerations, organisational responsibilities necessitate comprehensive "
    "documentation of administrative irregularities immediately."
)
EASY = "The cat sat on the mat. It was a warm day in May and we ate."
GERMAN = "Die Garantie gilt für zwei Jahre ab dem Tag, an dem Sie das Gerät gekauft haben."
ENGLISH = "The warranty is valid for two years from the day on which you bought the device."

CASES = [
    ({"kind": "words", "most": 3}, ["one two three", ""], ["one two three four"]),
    ({"kind": "words", "least": 2, "most": 3}, ["one two"], ["one", "a b c d"]),
    ({"kind": "sentences", "most": 2}, ["It is 5.5 °C. See e.g. page 3."], ["One. Two. Three."]),
    ({"kind": "sentences", "least": 2}, ["One. Two."], ["One and two."]),
    ({"kind": "contains", "texts": ["please", "thank you"]}, ["Please wait"], ["Wait"]),
    ({"kind": "contains", "texts": "Please", "case": True}, ["Please wait"], ["please wait"]),
    ({"kind": "contains", "pattern": r"\d+ (?:days|months)"}, ["24 Months"], ["24 years"]),
    ({"kind": "lacks", "texts": "sorry"}, ["It is."], ["I am SORRY."]),
    ({"kind": "lacks", "pattern": "^(?:so|well),"}, ["So it is"], ["Well, it is"]),
    ({"kind": "starts_with", "texts": ["Answer:", "No:"]}, ["answer: 7", "No: 7"], ["The Answer: 7"]),
    ({"kind": "starts_with", "texts": "Answer:", "case": True}, ["Answer: 7"], ["answer: 7"]),
    ({"kind": "ends_with", "texts": "Ask us."}, ["7 °C. Ask us.", "7 °C. Ask us. "], ["Ask us. 7 °C."]),
    ({"kind": "cites"}, ["7 °C [1]"], ["7 °C (1)", "7 °C [0]"]),
    ({"kind": "cites", "least": 2}, ["7 °C [1][2]"], ["7 °C [1] [1]"]),
    (
        {"kind": "plain_text"},
        ["Set 2 * 3 to 7 °C.", "snake_case_name"],
        ["**7 °C**", "# Title", "- one", "[a](b)", "`a`"],
    ),
    ({"kind": "list"}, ["- a\n- b", "Do this:\n1. a\n2. b", "• a"], ["a", "- a\nb", "Do this:"]),
    ({"kind": "json"}, ["[1]", '{"a": 1}'], ["a", '"a"', '{"a": 1} and more', "[" * 100_000]),
    ({"kind": "json", "keys": ["answer", "source"]}, ['{"answer": 1, "source": 2, "x": 3}'], ['{"answer": 1}', "[]"]),
    ({"kind": "no_words", "words": ["you", "your", "i'm"]}, ["Young people"], ["YOUR device", "I'm here", "you"]),
    ({"kind": "no_exclamation"}, ["Yes."], ["Yes!", "はい！", "¡Sí"]),
    ({"kind": "reading_level", "most": 6}, [EASY], [HARD]),
    ({"kind": "language", "code": "en"}, [ENGLISH], [GERMAN]),
    ({"kind": "language", "code": "de"}, [GERMAN], [ENGLISH]),
]


def rule_of(**keys):
    (rule,) = Style(rules=[{"name": "rule", **keys}]).rules
    return rule


@pytest.mark.parametrize(("keys", "kept", "broken"), CASES, ids=lambda value: str(value)[:50])
def test_a_rule_is_kept_and_broken(keys, kept, broken):
    """Each text that keeps it is judged True, each other one False; the rule can be written in a few words."""
    rule = rule_of(**keys)
    assert [text for text in kept if rule.judge(answer("a", text)) is not True] == []
    assert [text for text in broken if rule.judge(answer("a", text)) is not False] == []
    assert rule.says


def test_every_kind_of_rule_has_a_case():
    """A new kind is tested."""
    assert {keys["kind"] for keys, _, _ in CASES} == set(KINDS)


@pytest.mark.parametrize("keys", [{"kind": "reading_level", "most": 6}, {"kind": "language", "code": "en"}])
def test_a_few_words_are_not_judged_where_they_say_nothing(keys):
    """A reading level and a language need some words."""
    assert rule_of(**keys).judge(answer("a", "24 months")) is None


def test_a_mark_counts_only_if_a_passage_has_its_number():
    """With three passages shown, [4] cites nothing."""
    rule = rule_of(kind="cites")
    assert (
        rule.keeps("7 °C [4]", 3) is False and rule.keeps("7 °C [3]", 3) is True and rule.keeps("7 °C [4]", 0) is True
    )


def test_declined_answers_are_judged_by_the_rules_for_them():
    """By their own words if they decline, else by the sentence that is shown in place of a withheld answer."""
    answers = rule_of(kind="lacks", texts="sorry")
    declines = rule_of(kind="contains", texts="know", applies_to="declines")
    both = rule_of(kind="words", most=4, applies_to="all")
    withheld = answer("a", "It is 24 months, sorry to say", abstained=True)
    own = answer("a", "Sorry, I can't find that in the documents.", abstained=True)
    assert answers.judge(withheld) is None and answers.judge(own) is None
    assert declines.judge(withheld) is True and declines.judge(own) is False
    assert declines.judge(answer("a", "You know")) is None
    assert both.judge(withheld) is True and both.judge(own) is False and both.judge(answer("a", "24 months")) is True
    assert DECLINE == "I don't know."


def test_the_reading_level_is_the_formula_of_kincaid():
    """Written out: 13 words with 13 syllables in 2 sentences; 3 sentences of 12 words with 16 syllables."""
    text = "The cat sat on the mat. It was a warm day in May."
    assert grade_level(text) == pytest.approx(0.39 * 13 / 2 + 11.8 * 13 / 13 - 15.59)
    text = "Open the window. Wait a minute. Then close the window again today."
    words, syllables = 12, 2 + 1 + 2 + 1 + 1 + 2 + 1 + 1 + 1 + 2 + 2 + 2
    assert grade_level(text) == pytest.approx(0.39 * words / 3 + 11.8 * syllables / words - 15.59)


def test_points_of_a_list_are_sentences():
    """Also without a full stop. A number with a point ends none."""
    assert count_sentences("Do this:\n- open it\n- close it") == 3 and count_sentences("It is 5.5 °C.") == 1
    assert count_sentences("") == 0


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            [{"name": "a", "kind": "wrds", "most": 3}],
            r"rule 1 \('a'\) has the unknown kind 'wrds' \(did you mean 'w",
        ),
        ([{"name": "a", "most": 3}], r"rule 1 \('a'\) has no kind; allowed: words, sentences"),
        ([{"kind": "words", "most": 3}], "rule 1 has no name"),
        (
            [{"name": "a", "kind": "cites"}, {"name": "a", "kind": "cites"}],
            r"rule 2 \('a'\): this name is taken",
        ),
        ([{"name": "examples", "kind": "cites"}], "this name is taken"),
        (
            [{"name": "a", "kind": "words", "max": 3}],
            r"unknown key 'max' of a rule of kind words \(did you mean 'most'\?\); allowed: name, applies_to",
        ),
        ([{"name": "a", "kind": "words"}], r"'style\.rules': rule 1 \('a'\): give 'least', 'most' or both"),
        (
            [{"name": "a", "kind": "cites"}, {"name": "b", "kind": "no_words", "words": ["x", ""]}],
            r"rule 2 \('b'\), 'words\.1': ",
        ),
        ([{"name": "a", "kind": "words", "least": 5, "most": 3}], "'least' is 5, more than 'most', 3"),
        (
            [{"name": "a", "kind": "words", "most": "few"}],
            r"style\.rules': rule 1 \('a'\), 'most': .*whole number.*'few'",
        ),
        ([{"name": "a", "kind": "contains"}], "give either 'texts' or 'pattern'"),
        ([{"name": "a", "kind": "contains", "texts": "b", "pattern": "c"}], "give either 'texts' or 'pattern'"),
        ([{"name": "a", "kind": "contains", "pattern": "(a"}], r"the pattern '\(a' cannot be used: unclosed group"),
        ([{"name": "a", "kind": "lacks", "pattern": r"(a)\1"}], "backreferences are not supported"),
        ([{"name": "a", "kind": "language", "code": "english"}], "'english' is no language"),
        ([{"name": "a", "kind": "cites", "applies_to": "refusals"}], "'answers', 'declines' or 'all'"),
        ([{"name": "A b", "kind": "cites"}], "pattern"),
        (["short"], "rule 1 is 'short': give its keys"),
        ("short", "give a list of rules"),
    ],
)
def test_a_bad_rule_is_refused_with_its_place(rules, message):
    """The message of the configuration names the rule and what is allowed."""
    with pytest.raises(ConfigError, match=message):
        validate({"name": "a", "documents": "d", "questions": "q.csv", "style": {"rules": rules}})


def test_a_style_says_something():
    """Rules, examples, or both; and the embedder of the examples is a model of the configuration."""
    values = {"name": "a", "documents": "d", "questions": "q.csv"}
    with pytest.raises(ConfigError, match="give 'rules', 'examples' or both"):
        validate({**values, "style": {}})
    with pytest.raises(ConfigError, match=r"style\.embedder: unknown model 'embeder' \(did you mean 'embedder'"):
        validate({**values, "style": {"examples": "e.csv", "embedder": "embeder"}})
    assert validate({**values, "style": {"examples": "e.csv"}}).style.examples == "e.csv"
    assert validate(values).style is None
