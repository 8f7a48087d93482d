"""Recognises an answer that is a row of a table: 'Team: Billing; Extension: 4711'.

Takes the text of an answer. A row states its cells and nothing else, so it says nothing in other words.
"""

import re

_CELL = re.compile(r"\s*[^\s:;|][^:;|]{0,40}:\s+\S[^;]*")


def is_row(answer: str) -> bool:
    """Whether the answer consists of names with values, or of cells between bars.

    >>> is_row("Team: Billing; Extension: 4711"), is_row("| Basis | 8.90 |"), is_row("Note: it closes; come early.")
    (True, True, False)
    """
    cells = [cell for cell in answer.split(";") if cell.strip()]
    if len(cells) > 1 and all(map(_CELL.fullmatch, cells)):
        return True
    return answer.count("|") > 1 and "||" not in answer
