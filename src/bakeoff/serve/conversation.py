"""A conversation, and its last question made to stand on its own before anything is retrieved for it.

Takes messages, gives one question. Without a model a rule does it (`by_rule`); with one it rewrites the question
(`by_model`). Knows no wire format.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

from bakeoff.grading.abstention import is_abstention
from bakeoff.records import Completion, GenerationSettings, Message, Prompt, Record
from bakeoff.serve.citations import without_marks
from bakeoff.serve.follow_ups import lacks_only_a_name, names_in, refers_back, speaks_of_its_names

Role = Literal["system", "user", "assistant", "tool"]

MOST_EARLIER_QUESTIONS = 3
"""A follow-up of a follow-up is completed with at most this many earlier questions."""
SHOWN_TURNS, SHOWN_CHARACTERS = 6, 500
"""A model that rewrites sees this many earlier turns, and this many characters of each."""

_REWRITE = (
    "Rewrite the last question so that it can be understood without the conversation. Replace words such as 'it' by "
    "what they stand for. Keep its language. Do not answer it. Write only the question."
)
_REWRITING = GenerationSettings(max_new_tokens=96, temperature=0)


class Turn(Record):
    """One message of a conversation, as text."""

    role: Role
    text: str


class Conversation(Record):
    """The turns of a conversation, in order."""

    turns: tuple[Turn, ...]

    @property
    def system(self) -> str:
        """The system messages, separated by blank lines."""
        return "\n\n".join(turn.text.strip() for turn in self.turns if turn.role == "system" and turn.text.strip())

    @property
    def question(self) -> str:
        """What the user wrote last. Empty if the user wrote nothing."""
        last = self._last()
        return "" if last is None else self.turns[last].text.strip()

    @property
    def earlier(self) -> tuple[Turn, ...]:
        """What the user and the assistant wrote before the last question, without empty messages."""
        before = self.turns[: self._last() or 0]
        return tuple(turn for turn in before if turn.role in ("user", "assistant") and turn.text.strip())

    def _last(self) -> int | None:
        places = range(len(self.turns) - 1, -1, -1)
        return next((i for i in places if self.turns[i].role == "user" and self.turns[i].text.strip()), None)


def by_rule(conversation: Conversation) -> str:
    """The last question, after what it refers back to.

    A question that does not refer back (`refers_back`) stays as it is. One that is whole but for a pronoun gets the
    names in the earlier question before it, if that question is about its names: more of its words would distract the
    search and a small model. Any other gets the earlier question. An earlier question that refers back itself is
    completed in the same way, MOST_EARLIER_QUESTIONS deep.

    The earlier answer is left out, since a search would find it again. Only an answer that is no more than a name is
    kept, where a pronoun may stand for it: "Who leads it? Anna Kim. How long has she?"
    """
    parts = [conversation.question]
    questions = [(i, turn.text) for i, turn in enumerate(conversation.earlier) if turn.role == "user"]
    for i, text in reversed(questions[-MOST_EARLIER_QUESTIONS:]):
        if not refers_back(parts[0]):
            break
        lacks_a_name = lacks_only_a_name(parts[0])
        answer = _named_answer(conversation.earlier[i + 1 :]) if lacks_a_name else []
        names = names_in(text) if lacks_a_name and speaks_of_its_names(text) else []
        if names:
            parts.insert(0, f"{', '.join(dict.fromkeys([*names, *answer]))}:")
            break
        parts[:0] = [_sentence(text), *map(_sentence, answer)]
    return " ".join(parts)


class Rewriter(Protocol):
    """A model that rewrites questions; every generator is one."""

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]: ...


def by_model(conversation: Conversation, rewriter: Rewriter) -> str:
    """The last question as a model rewrites it. A first question stays as it is.

    If the model fails, writes nothing, or writes much more than a question, the rule's text is taken.
    """
    if not conversation.earlier:
        return conversation.question
    completion = rewriter.generate([_rewriting_prompt(conversation)], _REWRITING)[0]
    lines = [line.strip().strip('"') for line in completion.text.splitlines() if line.strip()]
    usable = completion.error is None and not completion.truncated and len(lines) == 1 and lines[0] != ""
    return lines[0] if usable else by_rule(conversation)


def _rewriting_prompt(conversation: Conversation) -> Prompt:
    """Each turn on one line, so that no turn can write another one, or the last question."""
    names = {"user": "User", "assistant": "Assistant"}
    said = [
        f"{names[turn.role]}: {' '.join(without_marks(turn.text).split())[:SHOWN_CHARACTERS]}"
        for turn in conversation.earlier[-SHOWN_TURNS:]
    ]
    shown = "\n".join([*said, "", f"Last question: {conversation.question}"])
    return Prompt(messages=(Message(role="system", content=_REWRITE), Message(role="user", content=shown)))


def _named_answer(after: Sequence[Turn]) -> list[str]:
    """The answer that follows an earlier question, if it is no more than a name."""
    if not after or after[0].role != "assistant":
        return []
    text = without_marks(after[0].text).strip()
    name = " ".join(text.rstrip(".!").split())
    return [name] if names_in(text) == [name] and not is_abstention(text) else []


def _sentence(text: str) -> str:
    """The text on one line, ending with a mark of punctuation."""
    line = " ".join(text.split())
    return line if line[-1:] in ".?!。？！" else f"{line}."
