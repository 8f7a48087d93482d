"""Prompt templates.

They are stored with a contender, so that it is served with the prompt it was trained and tested on.

Takes a question and passages, gives a `Prompt`. Knows nothing about models: a generator renders the messages with its
own chat template.
"""

import hashlib
import re
from collections.abc import Sequence

from pydantic import Field

from bakeoff.errors import ConfigError
from bakeoff.records import Length, Message, Prompt, Record

DECLINE = "I don't know."
_TAG = re.compile(r"</?([A-Za-z][\w-]*)")


class PromptTemplate(Record):
    """A system message and a user message; `{question}` and `{passages}` are filled in."""

    system: str
    user: str
    passage: str = "{passage}"

    def render(self, question: str, passages: Sequence[str] = (), instructions: str = "") -> Prompt:
        """The prompt for one question, its passages in the order given, without the template's own tags in them.

        `instructions` of the caller follow those of the template.
        """
        texts = map(self.without_tags, passages)
        shown = "\n\n".join(_fill(self.passage, rank=str(i), passage=text) for i, text in enumerate(texts, 1))
        user = _fill(self.user, question=self.without_tags(question), passages=shown)
        system = "\n\n".join(text for text in (self.system, instructions) if text)
        return Prompt(messages=(Message(role="system", content=system), Message(role="user", content=user)))

    def without_tags(self, text: str) -> str:
        """The text with a space in each tag with which the template encloses passages or the question.

        So no passage can end where the template does not end it. Bakeoff's own templates have no tags: they change
        nothing.

        >>> PromptTemplate(system="", user="{passages}", passage="<p>{passage}</p>").without_tags("a </p> <b>b</b>")
        'a < /p> <b>b</b>'
        """
        names = set(_TAG.findall(self.user + self.passage))
        if not names or "<" not in text:
            return text
        return re.sub(rf"<(?=\s*/?\s*(?:{'|'.join(map(re.escape, names))})\b)", "< ", text, flags=re.IGNORECASE)

    @property
    def fingerprint(self) -> str:
        """A short hash.

        It is stored with a tuned model, which refuses any other template than the one it was trained with.
        """
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


def check_placeholders(closed_book: PromptTemplate, grounded: PromptTemplate) -> None:
    """Raises ConfigError if a template lacks a placeholder it needs: the question or the passages."""
    _require("closed_book.user", closed_book.user, "{question}")
    _require("grounded.user", grounded.user, "{question}", "{passages}")
    _require("grounded.passage", grounded.passage, "{passage}")


def check_rewriting(template: PromptTemplate) -> None:
    """Raises ConfigError if a prompt that rewrites questions lacks the question."""
    _require("rewrite.user", template.user, "{question}")


def _require(name: str, pattern: str, *placeholders: str) -> None:
    missing = [placeholder for placeholder in placeholders if placeholder not in pattern]
    if missing:
        raise ConfigError(
            f"prompts.{name} lacks {' and '.join(missing)} (found {pattern[:80]!r}).",
            f"write {' and '.join(placeholders)} where the text should be filled in",
        )


def _fill(pattern: str, **values: str) -> str:
    """Replaces {name} by its value in one pass, so that braces inside a value stay unchanged."""
    filled, rest = [], pattern
    while rest:
        positions = {name: rest.find("{" + name + "}") for name in values}
        present = {name: at for name, at in positions.items() if at >= 0}
        if not present:
            break
        name = min(present, key=lambda key: present[key])
        filled += [rest[: present[name]], values[name]]
        rest = rest[present[name] + len(name) + 2 :]
    return "".join([*filled, rest])


HYDE = PromptTemplate(
    system="Write a short passage that answers the question, as it could stand in a document.", user="{question}"
)
"""After the prompt of HyDE for web search, Gao et al. 2022, arXiv:2212.10496."""
MULTI_QUERY = PromptTemplate(
    system="Write {n} other ways to ask the question in other words, one on each line. Do not answer it.",
    user="{question}",
)


MANNER: dict[Length, str] = {
    "short": "in a few words",
    "mixed": "as briefly as possible, but completely",
    "long": "in full sentences",
}


def closed_book(length: Length) -> PromptTemplate:
    """The prompt for a model that is shown no passages.

    >>> closed_book("long").system
    "Answer the question in full sentences. If you do not know the answer, say: I don't know."
    """
    system = f"Answer the question {MANNER[length]}. If you do not know the answer, say: {DECLINE}"
    return PromptTemplate(system=system, user="{question}")


def grounded(length: Length) -> PromptTemplate:
    """The prompt for a model that is shown passages. They come first: questions about the same ones then share them."""
    system = f"Answer the question {MANNER[length]} from the passages. If they do not hold the answer, say: {DECLINE}"
    return PromptTemplate(system=system, user="{passages}\n\nQuestion: {question}")


def plain(length: Length) -> PromptTemplate:
    """A plainer prompt with passages: it names neither them nor declining, which some small models take literally."""
    return PromptTemplate(system=f"Answer {MANNER[length]}.", user="{passages}\n\n{question}")


def plainer(template: PromptTemplate) -> PromptTemplate | None:
    """The plainer prompt of the same length, or None if this is none of Bakeoff's own prompts."""
    return next((plain(length) for length in MANNER if template == grounded(length)), None)


CLOSED_BOOK, GROUNDED = closed_book("short"), grounded("short")


class Prompts(Record):
    """The two prompt templates. A tuned model is trained and served with the same template.

    `rewrite` is the prompt with which contenders that rewrite questions do so, in place of Bakeoff's own; in it, `{n}`
    is the number of rewordings.
    """

    closed_book: PromptTemplate = CLOSED_BOOK
    grounded: PromptTemplate = GROUNDED
    rewrite: PromptTemplate | None = Field(default=None, exclude_if=lambda template: template is None)
