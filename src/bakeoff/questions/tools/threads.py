"""What exports of help desks have in common: a customer's message, and the first reply of a person.

Takes texts, gives cells. Knows no format.
"""

from typing import Any


def asked(subject: Any, body: Any) -> str:
    """The question of a thread: the subject and the message, without what stands in both.

    >>> asked("Warranty", "How long is it?"), asked("How long is it?", "How long is it? Thanks")
    ('Warranty: How long is it?', 'How long is it? Thanks')
    """
    first, rest = " ".join(str(subject or "").split()), str(body or "").strip()
    if not first or first.casefold() in " ".join(rest.split()).casefold():
        return rest or first
    return f"{first}{'' if first.endswith(('?', '.', '!', ':')) else ':'} {rest}" if rest else first


def cells(number: Any, question: str, reply: str, day: Any) -> dict[str, Any]:
    """One row. A reply is one answer, even with a '|' in it."""
    return {"id": number, "question": question, "answers": [reply], "date": day}
