"""The last question of a conversation stands on its own, and chores of chat front ends are no questions."""

import json

import pytest

from bakeoff.records import Completion, Usage
from bakeoff.serve.conversation import Conversation, Turn, by_model, by_rule, refers_back
from bakeoff.serve.front_ends import chore_reply


def talk(*texts: str, system: str = "") -> Conversation:
    """Turns of user and assistant in alternation."""
    turns = [Turn(role="user" if i % 2 == 0 else "assistant", text=text) for i, text in enumerate(texts)]
    return Conversation(turns=tuple(([Turn(role="system", text=system)] if system else []) + turns))


@pytest.mark.parametrize(
    "question",
    [
        "Why?",
        "And for business customers?",
        "What about kettles from the sale?",
        "How long does it usually last for them?",
        "Where can these be bought at a discount?",
        "How much does that cost in other countries?",
        "Who is responsible for this at the moment?",
    ],
)
def test_follow_ups_refer_back(question):
    """Short ones, ones that open with a connecting word, and ones with a word for something else."""
    assert refers_back(question)


@pytest.mark.parametrize(
    "question",
    [
        "How long is the warranty of the kettle?",
        "Is it possible to return a kettle?",
        "How long does it take to get a refund?",
        "Which is the plan that includes support?",
        "Is there a limit on uploads?",
    ],
)
def test_whole_questions_do_not_refer_back(question):
    """'it' and 'that' which stand for nothing said before."""
    assert not refers_back(question)


def test_a_question_that_stands_alone_stays_as_it_is():
    """Whatever was said before."""
    assert by_rule(talk("Who sells tea?", "Ann.", "How long is the warranty of kettles?")).startswith("How long is the")


def test_a_follow_up_gets_the_earlier_question_and_its_short_answer():
    """Without the marks of citations."""
    conversation = talk("Who leads the support team", "Anna Kim [1]", "How long has she been there?")
    assert by_rule(conversation) == "Who leads the support team. Anna Kim. How long has she been there?"


@pytest.mark.parametrize("reply", ["I don't know.", "word " * 21, ""])
def test_long_answers_and_refusals_are_left_out(reply):
    """They would hide the question."""
    assert by_rule(talk("Who leads it all?", reply, "How long has she?")) == "Who leads it all? How long has she?"


def test_a_follow_up_of_a_follow_up_reaches_the_first_question():
    """At most three questions back."""
    conversation = talk("What is the warranty of kettles?", "", "And of toasters?", "", "Why?")
    assert by_rule(conversation) == "What is the warranty of kettles? And of toasters? Why?"
    assert by_rule(talk("How big is a kettle of ours?", "", *["Why?", ""] * 4, "Why?")).count("?") == 4


def test_ten_thousand_messages_are_one_question():
    """Only the last few are read."""
    conversation = talk(*["Is a kettle returned within thirty days?", "Yes."] * 5000, "And toasters?")
    assert by_rule(conversation) == "Is a kettle returned within thirty days? Yes. And toasters?"


def test_system_messages_are_kept_apart():
    """They are part of no question."""
    conversation = talk("What is sold here, exactly?", system="Answer briefly.")
    assert conversation.system == "Answer briefly."
    assert by_rule(conversation) == "What is sold here, exactly?"


class Rewriter:
    """Writes a fixed text."""

    name, context_tokens = "rewriter", 1000

    def __init__(self, text: str, error: str | None = None):
        self.text, self.error, self.prompts = text, error, []

    def generate(self, prompts, settings):
        self.prompts += prompts
        return [Completion(text=self.text, usage=Usage(), error=self.error) for _ in prompts]

    def stream(self, prompt, settings):
        raise AssertionError

    def count_tokens(self, text):
        return len(text)


def test_a_model_rewrites_a_follow_up():
    """It sees the earlier turns; its quotes are taken off."""
    rewriter = Rewriter('"How long has Anna Kim led support?"')
    conversation = talk("Who leads support?", "Anna Kim [1]", "Since when?")
    assert by_model(conversation, rewriter) == "How long has Anna Kim led support?"
    assert "Assistant: Anna Kim\n" in rewriter.prompts[0].messages[1].content


def test_a_first_question_is_not_rewritten():
    """There is nothing to complete it with."""
    rewriter = Rewriter("other")
    assert by_model(talk("Why?"), rewriter) == "Why?"
    assert rewriter.prompts == []


@pytest.mark.parametrize(("text", "error"), [("", None), ("a\nb", None), ("", "the server is down")])
def test_the_rule_stands_in_for_a_model_that_fails(text, error):
    """Nothing written, more than a question, or an error."""
    conversation = talk("Who leads support?", "", "Since when?")
    assert by_model(conversation, Rewriter(text, error)) == "Who leads support? Since when?"


HISTORY = "<chat_history>\nUSER: How long may I return a *kettle* bought in May?\nASSISTANT: 30 days.\n</chat_history>"


@pytest.mark.parametrize(
    ("wanted", "reply"),
    [
        ('{ "title": "your title" }', {"title": "How long may I return a"}),
        ('{ "tags": ["tag1"] }', {"tags": ["General"]}),
        ('{ "follow_ups": ["Question 1?"] }', {"follow_ups": []}),
        ('{ "queries": ["query1"] }', {"queries": []}),
        ('{ "text": "<completion>" }', {"text": ""}),
    ],
)
def test_chores_of_open_webui_get_the_json_they_ask_for(wanted, reply):
    """Recognised by the tags around the chat and the key that is asked for, not by the wording."""
    assert json.loads(chore_reply(f"### Task:\nSome words.\n### Output:\nJSON: {wanted}\n{HISTORY}")) == reply


def test_titles_in_plain_text():
    """An older prompt of Open WebUI, and two of LibreChat."""
    title = "How long may I return a"
    said = "User: How long may I return a kettle?\nAI: 30 days."
    assert chore_reply(f"Write a title with an emoji.\n{HISTORY}") == title
    assert chore_reply(f"Give a 5-word-or-less title for the chat.\n\nConversation:\n{said}") == title
    asked = "Write a concise title (max 40 characters) for this:\n\nUser: {}\nAssistant: Yes.\n\nTitle:"
    assert chore_reply(asked.format("Open on Sundays?")) == "Open on Sundays"
    assert json.loads(chore_reply(f"A concise title in the detected language\n\n{said}"))["title"] == title


@pytest.mark.parametrize(
    "question",
    ["What is the title of the returns page?", "Which tags does <chat_history> take?", HISTORY, "user: title?"],
)
def test_questions_about_such_words_are_questions(question):
    """A single word is not enough."""
    assert chore_reply(question) is None
