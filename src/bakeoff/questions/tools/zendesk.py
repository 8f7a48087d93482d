"""Zendesk: tickets with their comments, as the JSON export (one ticket per line) or the API gives them.

The answer is the first public comment of somebody else than the requester. CSV and view exports have no comments.
Formats: https://support.zendesk.com/hc/en-us/articles/4408886165402 and
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/
"""

from collections.abc import Mapping
from typing import Any

from bakeoff.errors import InputError
from bakeoff.questions.rows.columns import answer_like
from bakeoff.questions.tools import threads
from bakeoff.questions.tools.converted import Cells, Converted, Recorded, left_out


def read(recorded: Recorded) -> Converted | None:
    """One row per ticket that somebody answered. Raises InputError for an export without comments."""
    names = {name.strip().lower().replace("_", " ") for name in recorded.names}
    if "subject" not in names or not names & {"requester", "requester id"}:
        return None
    if not any(isinstance(cells.get("comments"), list) for _, cells in recorded.rows):
        if answer_like([*recorded.names]):
            return None
        raise InputError(
            f"{recorded.path}: an export of Zendesk without comments, so there are no answers in it.",
            "export tickets as JSON (Admin Center, Account, Reports, Export), which has the comments",
        )
    rows = [(number, row) for number, ticket in recorded.rows if (row := _ticket(ticket))]
    why = "they have no public comment of an agent"
    return Converted("Zendesk", rows, left_out(len(recorded.rows) - len(rows), "ticket", why))


def _ticket(ticket: Cells) -> dict[str, Any] | None:
    requester = ticket.get("requester_id") or _id(ticket.get("requester"))
    comments = [comment for comment in ticket.get("comments") or () if isinstance(comment, Mapping)]
    public = [comment for comment in comments if comment.get("public", True) not in (False, None, "", "false")]
    own = [comment for comment in public if _author(comment) == requester]
    replies = [text for comment in public if _author(comment) != requester and (text := _text(comment))]
    message = ticket.get("description") or (_text(own[0]) if own else "")
    question = threads.asked(ticket.get("subject"), message)
    if not replies or not question or ticket.get("status") == "deleted":
        return None
    return threads.cells(ticket.get("id"), question, replies[0], ticket.get("created_at"))


def _author(comment: Mapping[str, Any]) -> Any:
    return comment.get("author_id") or _id(comment.get("author"))


def _id(person: Any) -> Any:
    return person.get("id") if isinstance(person, Mapping) else person


def _text(comment: Mapping[str, Any]) -> str:
    texts = (comment.get(name) for name in ("plain_body", "body", "html_body"))
    return next((text.strip() for text in texts if isinstance(text, str) and text.strip()), "")
