"""What contradicts itself in a review, before it is stored.

Takes what a reviewer said, what the user got, and the known answers of the fact that was named. Gives what was found
and what to do about it, in words. Knows neither the log nor a file.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, get_args

from bakeoff.grading.grade import grade
from bakeoff.grading.polarity import polarity
from bakeoff.serve.log_entries import DocumentIs

if TYPE_CHECKING:
    from bakeoff.learn.review.reviewing import Said

MOST_QUOTED = 60


class Contradiction(NamedTuple):
    """What was found in a review, and what to do."""

    found: str
    remedy: str


def contradiction(said: "Said", shown: str | None, known: Sequence[str] | None) -> Contradiction | None:
    """The first thing in a review that does not go together; None if all does.

    `shown` is what the user got, None if it was withheld. `known` are the known answers of the fact that the review
    names; None if no known fact has this name.
    """
    if said.fact and known is None:
        return Contradiction(
            f"'{quoted(said.fact)}' is no known fact", "copy the name of a known one, or leave it empty"
        )
    if said.action == "accept":
        return _of_accepting(said, shown)
    if said.action == "merge":
        return _of_merging(said, known or ())
    if said.action == "correct" and not said.answers:
        remedy = "write the right answer; if the documents hold none, say 'unanswerable'"
        return Contradiction("'correct' has no right answer", remedy)
    if said.action in ("unanswerable", "skip") and said.answers:
        found = f"'{said.action}' has a right answer, '{quoted(said.answers[0])}'"
        return Contradiction(found, "say 'correct' if it is right, or leave the right answers empty")
    if said.action == "document" and said.document_is not in get_args(DocumentIs):
        found = f"'document' with '{quoted(said.document_is)}'" if said.document_is else "'document' alone"
        return Contradiction(found, "say whether the document is 'wrong' or 'missing'")
    return None


def _of_accepting(said: "Said", shown: str | None) -> Contradiction | None:
    if shown is None:
        remedy = "say 'correct' with the right answer, or 'unanswerable' if the documents hold none"
        return Contradiction("'accept', but the user got no answer: it was declined", remedy)
    if said.right is False:
        return Contradiction("'accept' of an answer that is said to be wrong", "say 'correct' with the right answer")
    other = next((answer for answer in said.answers if not _says(shown, answer)), None)
    if other is None:
        return None
    found = f"'accept', and another right answer: '{quoted(shown)}' does not say '{quoted(other)}'"
    return Contradiction(found, "say 'correct' if that one is right, or leave the right answers empty")


def _says(shown: str, answer: str) -> bool:
    """Whether what was shown says this. Where the rules are unsure, only "yes" and "no" are believed."""
    verdict = grade(shown, [answer]).verdict
    return verdict == "right" or (verdict == "unsure" and bool(polarity(answer)))


def _of_merging(said: "Said", known: Sequence[str]) -> Contradiction | None:
    if not said.fact:
        return Contradiction("'merge' names no fact", "copy the name of a known fact; if none fits, say 'correct'")
    if not known:
        found = f"'merge' with '{quoted(said.fact)}', to which no answer is known"
        return Contradiction(found, "say 'unanswerable' if the documents hold none, or 'correct' with the right answer")
    other = next((answer for answer in said.answers if not _agrees(answer, known)), None)
    if other is None:
        return None
    found = f"'merge' with '{quoted(said.fact)}', whose answer is '{quoted(known[0])}' and not '{quoted(other)}'"
    return Contradiction(
        found, "leave the right answers empty, or say 'correct' if the known answer is no longer right"
    )


def _agrees(answer: str, known: Sequence[str]) -> bool:
    """Whether an answer may say what is known: in more words, or in fewer."""
    return grade(answer, known).verdict != "wrong" or any(grade(one, [answer]).verdict != "wrong" for one in known)


def quoted(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_QUOTED else f"{line[: MOST_QUOTED - 1]}…"
