"""The passage that a judge is shown as evidence for a question's accepted answer.

Takes a question and a function that gives a document's text by its source. Knows no store and no model.
"""

from collections.abc import Callable

from bakeoff.grading.terms import terms
from bakeoff.grading.wording import content
from bakeoff.records import Question

TextOf = Callable[[str], str | None]
"""The text of the document at a source; None if there is none."""
AROUND, MOST = 300, 2000
"""Characters shown before and after a quote, and in all."""


def evidence_passage(question: Question, text_of: TextOf) -> str:
    """The places that hold the answer with what surrounds them, at most 2,000 characters. Empty if none is known.

    Of a document without a place, the part that shares most words with question and accepted answers.
    """
    if not question.answerable:
        return ""
    passages = []
    for span in question.source_spans:
        text = text_of(span.source)
        if text is None:
            continue
        if span.start is None or span.end is None:
            passages.append(_closest_part(text, question))
        else:
            passages.append(text[max(0, span.start - AROUND) : span.end + AROUND].strip())
    shown = "\n\n".join(dict.fromkeys(filter(None, passages)))
    return (shown or question.evidence)[:MOST]


def _closest_part(text: str, question: Question) -> str:
    """The window of a text that shares most words with the question and its accepted answers."""
    if len(text) <= MOST:
        return text.strip()
    wanted = {term.text for known in (question.text, *question.answers) for term in content(terms(known))}
    windows = [text[start : start + MOST] for start in range(0, len(text) - MOST // 2, MOST // 2)]
    return max(windows, key=lambda window: len(wanted & {term.text for term in terms(window)})).strip()
