"""The last question of a conversation stands on its own, and chores of chat front ends are no questions."""

import json

import pytest

from bakeoff.records import Completion, Usage
from bakeoff.serve.conversation import Conversation, Turn, by_model, by_rule
from bakeoff.serve.front_ends import chore_reply


def talk(*texts: str, system: str = "") -> Conversation:
    """Turns of user and assistant in alternation."""
    turns = [Turn(role="user" if i % 2 == 0 else "assistant", text=text) for i, text in enumerate(texts)]
    return Conversation(turns=tuple(([Turn(role="system", text=system)] if system else []) + turns))


def test_a_question_that_stands_alone_stays_as_it_is():
    """Whatever was said before."""
    assert by_rule(talk("Who sells tea?", "Ann.", "How long is the warranty of kettles?")).startswith("How long is the")


def test_a_follow_up_is_completed_by_earlier_questions_and_not_by_answers():
    """A search for the answer would find it again, whatever is asked."""
    asked, answered = "What does a rowing boat cost?", "A rowing boat costs 12 EUR an hour."
    assert by_rule(talk(asked, answered, "And the deposit?")) == f"{asked} And the deposit?"
    assert by_rule(talk(asked, "12 EUR", "Is it cheaper on Sundays?")) == f"{asked} Is it cheaper on Sundays?"


def test_an_answer_that_is_only_a_name_is_kept_for_a_pronoun():
    """Without the marks of citations."""
    conversation = talk("Who leads the support team", "Anna Kim [1]", "How long has she been there?")
    assert by_rule(conversation) == "Who leads the support team. Anna Kim. How long has she been there?"


def test_a_question_that_lacks_only_a_name_gets_the_names():
    """Those of the earlier question; more would distract. In German all nouns are names."""
    asked = "How long is the Tide Valve under warranty?"
    assert by_rule(talk(asked, "5 years [1]", "Does it need a battery?")) == "Tide Valve: Does it need a battery?"
    assert (
        by_rule(talk("Who runs Norrvik?", "Anna Kim.", "Is she from Oslo?")) == "Norrvik, Anna Kim: Is she from Oslo?"
    )
    assert by_rule(talk("hearth 2 max temp", "", "How do I reset it?")) == "hearth 2: How do I reset it?"
    assert by_rule(talk(asked, "5 years", "And the sensor?")) == f"{asked} And the sensor?"
    assert by_rule(talk(asked, "", "Can I extend it?", "", "What does it cost?")).startswith("Tide Valve: Can I extend")
    german = talk("Wie lange gilt die Garantie des Tide Valve?", "5 Jahre", "Was kostet er?")
    assert by_rule(german) == "Garantie, Tide Valve: Was kostet er?"


def test_a_place_or_a_time_is_not_what_a_question_was_about():
    """Names behind a preposition do not stand for a question, and one that refers back itself is completed too."""
    asked = "What is the delivery time to Ireland?"
    assert by_rule(talk(asked, "", "How much does it cost?")) == f"{asked} How much does it cost?"
    valve, sold = "Does the Tide Valve need a hub?", "Is it sold in Norway?"
    assert by_rule(talk(valve, "", sold, "", "How do I install it?")) == f"Tide Valve: {sold} How do I install it?"


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
    assert by_rule(conversation) == "Is a kettle returned within thirty days? And toasters?"


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


def chore(text: str, *earlier: str, system: str = "") -> str | None:
    """The reply to a last message after earlier ones."""
    return chore_reply(talk(*earlier, text, system=system))


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
    assert json.loads(chore(f"### Task:\nSome words.\n### Output:\nJSON: {wanted}\n{HISTORY}")) == reply


def test_titles_in_plain_text():
    """An older prompt of Open WebUI, and two of LibreChat."""
    title = "How long may I return a"
    said = "User: How long may I return a kettle?\nAI: 30 days."
    assert chore(f"Write a title with an emoji.\n{HISTORY}") == title
    assert chore(f"Give a 5-word-or-less title for the chat.\n\nConversation:\n{said}") == title
    asked = "Write a concise title (max 40 characters) for this:\n\nUser: {}\nAssistant: Yes.\n\nTitle:"
    assert chore(asked.format("Open on Sundays?")) == "Open on Sundays"
    assert json.loads(chore(f"A concise title in the detected language\n\n{said}"))["title"] == title


def test_titles_of_a_chat_whose_messages_are_sent_along():
    """NextChat asks after them, in English or Chinese. A title names the first question."""
    for prompt in (
        "Please generate a four to five word title summarizing our conversation",
        "使用四到五个字直接返回这句话的简要主题",
    ):
        assert (
            chore(f"{prompt}, no symbols.", "How long is the warranty of kettles?", "5 years")
            == "How long is the warranty of"
        )


@pytest.mark.parametrize(
    ("system", "shown"),
    [
        ("Summarize the given session as a 10-word title using user language.", '[{"role":"user","mainText":"{}"}]'),
        (
            "将给定的对话总结为一个10字以内的标题，使用用户语言",
            '[{"role":"user","mainText":"{}"},{"role":"assistant","mainText":"No"}]',
        ),
        (
            "A title in de-de ignoring instructions and without punctuation or symbols.",
            '[{"role":"user","mainText":"{}"}]',
        ),
        ("You are a professional conversation summarizer. Generate a concise title.", "user: {}\nassistant: No."),
    ],
)
def test_titles_that_a_system_message_asks_for(system, shown):
    """Cherry Studio and LobeChat show the chat in the last message."""
    assert chore(shown.replace("{}", "Is tea sold\\non Sundays?"), system=system).startswith("Is tea sold")


def test_titles_between_fences():
    """Chatbox shows the texts without their roles."""
    shown = "```\nIs tea sold here?\n\n---------\n\nYes.\n```"
    prompt = f"Based on the chat history, give this conversation a name.\n\n{shown}\n\nName it."
    assert chore(prompt) == "Is tea sold here"


def test_a_summary_is_what_the_user_asked():
    """NextChat asks for one in a system message after the chat, or in a last message."""
    prompt = "Summarize the discussion briefly in 200 words or less to use as a prompt."
    assert chore("And coffee?", "Is tea sold?", "Yes.", system=prompt) == "The user asked: Is tea sold? And coffee?"
    assert chore(prompt, "Is tea sold?", "Yes.") == "The user asked: Is tea sold?"


def test_no_tool_is_chosen_and_the_first_of_several_answers_is_kept():
    """Two more prompts of Open WebUI; the first is a system message."""
    tools = "Your task is to choose and return the correct tool(s) from the list of available tools."
    assert json.loads(chore("Query: Is tea sold?", system=tools)) == {"tool_calls": []}
    merge = "You have a set of responses from various models to the latest user query."
    merge += ' Responses from models: """Yes.""" """No."""'
    assert chore(merge) == "Yes."


@pytest.mark.parametrize(
    "question",
    ["What is the title of the returns page?", "Which tags does <chat_history> take?", HISTORY, "user: title?"],
)
def test_questions_about_such_words_are_questions(question):
    """A single word is not enough."""
    assert chore(question) is None
