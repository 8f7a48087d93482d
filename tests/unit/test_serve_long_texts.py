"""What is done with a text before it is asked takes time in proportion to its length, whatever it is made of.

Otherwise one small request could keep a server busy for minutes.
"""

import time
from collections.abc import Callable

import pytest

from bakeoff.serve.citations import cite, without_marks
from bakeoff.serve.conversation import Conversation, Turn, by_rule
from bakeoff.serve.follow_ups import courtesy_reply
from bakeoff.serve.front_ends import chore_reply
from bakeoff.serve.links import Links
from tests.serving import HITS

N = 60_000
A_WHILE_S = 1.0
REPEATED = [
    " ",
    "\t",
    "\n",
    "\n ",
    "-",
    "`",
    "~",
    "[",
    "[1",
    '"',
    "|",
    "<",
    "it ",
    "and ",
    "user: a\n",
    "x\n-",
    "\\",
    ".",
]
BEFORE = ["", "x", "user: a", "--------a", "```a", "<chat_history>", 'Responses from models: """', '{"mainText": "']
NAMED = "four to five word title summarizing our conversation\n"


def talk(*texts: str) -> Conversation:
    roles = ("user", "assistant")
    return Conversation(turns=tuple(Turn(role=roles[i % 2], text=text) for i, text in enumerate(texts)))


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "chore": lambda text: chore_reply(talk(text)),
    "named chore": lambda text: chore_reply(talk(NAMED + text)),
    "follow-up": lambda text: by_rule(talk("How long is the warranty?", text, "And it?")),
    "question": lambda text: by_rule(talk("How long is the warranty?", "2 years.", text)),
    "earlier question": lambda text: by_rule(talk(text, "2 years.", "And it?")),
    "courtesy": courtesy_reply,
    "marks": without_marks,
    "citations": lambda text: cite(text, HITS, {}, Links()),
}


def seconds(call: Callable[[str], object], text: str) -> float:
    begun = time.perf_counter()
    call(text)
    return time.perf_counter() - begun


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_text_takes_much_longer_than_words_of_the_same_length(name: str) -> None:
    """At most a hundred times as long and a second, where a quadratic search takes thousands of times."""
    call = FUNCTIONS[name]
    words = max(seconds(call, "Some plain words of a text. " * (N // 28)) for _ in range(3)) + 0.001
    slow = {
        (before, repeated): taken
        for before in BEFORE
        for repeated in REPEATED
        if (taken := seconds(call, before + repeated * (N // len(repeated)) + "b")) > max(A_WHILE_S, 100 * words)
    }
    assert not slow
