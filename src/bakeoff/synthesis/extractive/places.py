"""The sentences of a passage, and where it stands: what a question must name so that it is clear on its own.

Takes chunks, gives sentences and drafts. Knows no rule by which questions are made.
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from bakeoff.questions.facts.same_answer import content_words
from bakeoff.records import Chunk, Document
from bakeoff.synthesis.drafts import Draft, plain
from bakeoff.writing.sentence_ends import sentence_ends

_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+|^\s*>\s*|^\s*#+\s+")
WRAPPED = 40
"""A shorter line was not wrapped: what follows it is another paragraph."""
_RUN_IN = re.compile(r"^(\*\*|__)[^*_]{1,60}[.:]\1:?\s+")
"""A heading at the beginning of a paragraph: '**Boost.** ...'."""
NAME = re.compile(r"\b[A-Z][\w-]*(?: (?:[A-Z][\w-]*|\d+(?:\.\d+)?))*")
"""A name: words with capital letters and figures behind them, such as 'Hearth 3' or 'Care Plus'."""

_NAMED = re.compile(r"(?<![\w'])(?:[A-Z][\w-]+|[A-Za-z][\w-]*\d[\w.-]*|\w+[-_./]\w[\w./-]*)")
_TOP = re.compile(r"^# +(.+?) *#*$", re.M)
_OF_NAME = re.compile(r"What (?:is|are) (?:[A-Z][\w-]*|\w+[-_.]\w[\w.-]*)(?: [A-Z\d][\w.-]*)*\?")
"""'What is Widevine?': the name is all that is asked about."""
# fmt: off
_SAYS_NOTHING = frozenset({
    "a", "about", "all", "an", "and", "answers", "appendix", "asked", "changelog", "contents", "data", "doc", "docs",
    "document", "documentation", "documents", "faq", "faqs", "file", "files", "for", "frequently", "general", "guide",
    "guides", "help", "home", "index", "info", "information", "introduction", "main", "manual", "manuals", "me",
    "misc", "new", "news", "note", "notes", "of", "or", "other", "our", "overview", "page", "pages", "questions",
    "read", "readme", "reference", "section", "support", "table", "text", "the", "title", "to", "untitled", "user",
    "users", "welcome", "your",
})
# fmt: on
"""Words that do not say what a document is about, if it has no others."""


class Asked(NamedTuple):
    """A question with the answer that stands in the text, by the name of the rule that made it."""

    question: str
    answer: str
    method: str
    kind: str = ""


class Place(NamedTuple):
    """The document and the section of a passage. `title` and `file`, the file's name, are empty if they say nothing."""

    source: str
    title: str
    heading: str
    file: str = ""

    def draft(self, asked: Asked, quote: str) -> Draft | None:
        """The draft of a question, with the document's title where the question does not say what it is about.

        None if there is no title to say it.
        """
        question = self.clear(asked.question)
        if not question:
            return None
        return Draft(
            question=question,
            answers=(asked.answer,),
            quote=quote,
            source=self.source,
            method=f"rule:{asked.method}",
            kind=asked.kind,
        )

    def clear(self, question: str) -> str:
        """The question as it is if it names what the title names, else with the title in front.

        The file's name stands for a title that says nothing ('FAQ') if the question names nothing itself. Empty if that
        says nothing either: nobody could tell what the question is about.
        """
        if not self.title:
            own = re.sub(r'"[^"]*"', "", question.split(" ", 1)[-1])
            if _NAMED.search(own) or (self.file and content_words(self.file) <= content_words(question)):
                return question
            return _according(self.file, question) if self.file else ""
        if f'"{self.title}"' in question or _names(question) & _names(self.title):
            return question
        if content_words(self.title) <= content_words(question) or _OF_NAME.fullmatch(question):
            return question
        return _according(self.title, question)


def _according(title: str, question: str) -> str:
    return f'According to "{title}", {question[0].lower()}{question[1:]}'


def place_of(passage: Chunk, title: str) -> Place:
    """The place of a passage: its document's title and file, and the last heading above it that is not the title."""
    parts = [part.strip() for part in passage.heading.split(" > ") if part.strip()]
    file = PurePosixPath(passage.source).stem.replace("_", " ")
    heading = next((part for part in reversed(parts) if part != title and len(part) <= 80), "")
    named, file = (name if says_something(name) else "" for name in (plain(title), file))
    return Place(passage.source, named, plain(heading), file)


def says_something(title: str) -> bool:
    """Whether a title says what its document is about.

    >>> [says_something(title) for title in ("FAQ", "Read me", "User guide", "Kite 3 user guide", "zstd")]
    [False, False, False, True, True]
    """
    words = re.findall(r"[^\W_]+", title.lower())
    return len("".join(words)) >= 3 and not set(words) <= _SAYS_NOTHING and not title.isdigit()


def own_title(document: Document) -> str:
    """The title of a document, empty if it is only the heading of the first of its many sections.

    A file whose first section is called 'Command-line flags' and the next ones 'Search' and 'Debugging' has no title;
    a heading right above another one is a title.
    """
    tops = {plain(match[1]): match.end() for match in _TOP.finditer(document.text)}
    at = tops.get(plain(document.title))
    is_section = at is not None and len(tops) > 2 and not document.text[at:].lstrip().startswith("#")
    return "" if is_section else document.title


def _names(text: str) -> set[str]:
    """The names in a text that a title and a question can share: with a figure, or of two words."""
    return {name.lower() for name in NAME.findall(text) if re.search(r"\d| ", name)}


def sentences(text: str) -> Iterator[str]:
    """The sentences of a passage without the marks of lists and emphasis. Tables and code are left out."""
    for paragraph in _paragraphs(text):
        words = plain(_RUN_IN.sub("", _ITEM.sub("", paragraph)))
        starts = [0, *sentence_ends(words), len(words)]
        yield from filter(None, (words[a:b].strip() for a, b in itertools.pairwise(starts)))


def _paragraphs(text: str) -> Iterator[str]:
    """The lines of a text outside tables, headings and code. Lines that were only wrapped are one line again.

    >>> list(_paragraphs("The limit of all accounts of one household is\\n5 days.\\n- One\\n- Two"))
    ['The limit of all accounts of one household is 5 days.', '- One', '- Two']
    """
    is_code, wrapped, before = False, "", ""
    for line in [*text.splitlines(), ""]:
        is_fence = line.lstrip().startswith("```")
        is_code ^= is_fence
        is_text = not is_fence and not is_code and line.strip() and not line.lstrip().startswith(("|", "#"))
        if is_text and wrapped and len(before) >= WRAPPED and not _ITEM.match(line):
            wrapped, before = f"{wrapped} {line.strip()}", line
            continue
        if wrapped:
            yield wrapped
        is_indented = line.startswith(("    ", "\t")) and not before.strip() and not _ITEM.match(line)
        wrapped, before = (line if is_text and not is_indented else ""), line
    if wrapped:
        yield wrapped
