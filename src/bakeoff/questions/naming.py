"""The ids of questions that have none in their file, and how questions are named to a person.

Takes texts and ids, gives ids and phrases. An id that was made here is in no file, so nobody can look it up: wherever
it is shown, the beginning of the text stands beside it.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping

from bakeoff.records import Question
from bakeoff.sentences import first_few

MADE = re.compile(r"q-[0-9a-f]{10}(@\w+)?")
MOST = 60
"""The most characters of a text that are shown."""


def made_id(text: str) -> str:
    """The id of a question without one: the same for the same text, whatever the order of the file."""
    return "q-" + hashlib.sha256(text.encode()).hexdigest()[:10]


def text_sum(text: str) -> str:
    """A short sum of a text, the same whatever its spaces, so that a change of it is noticed."""
    return made_id(" ".join(text.split()))


def named(question: Question) -> str:
    """A question's id; with the beginning of its text if the id was made here.

    >>> named(Question(id=made_id("How long is it?"), text="How long is it?", fact="f"))
    "q-553ad771f8 ('How long is it?')"
    """
    return named_by(question.id, question.text)


def named_by(key: str, text: str | None) -> str:
    """As `named`, from an id and the text, if it is known."""
    return f"{key} ({shortened(text)})" if text and MADE.fullmatch(key) else key


def first_named(keys: Iterable[str], texts: Mapping[str, str], separator: str = ", ") -> str:
    """The first few questions of these ids, and how many more there are. `texts` are by id."""
    return first_few([named_by(key, texts.get(key)) for key in keys], separator)


def shortened(text: str) -> str:
    """The beginning of a text, in quotation marks."""
    return repr(text if len(text) <= MOST else text[: MOST - 1] + "…")
