"""Endless loops: an answer that repeats itself is stopped, and cut to one occurrence of what it repeats.

Takes text, as it is so far or at its end. Knows no engine. Small models loop most: the more often something was
written, the more probable it is that it is written again (Holtzman et al. 2020, "The Curious Case of Neural Text
Degeneration", arXiv:1904.09751). The numbers are chosen so that what people write is not cut: rows of zeros, tables, a
refrain.
"""

import re

TIMES, TIMES_IN_TABLE = 3, 8
LONGEST_PERIOD = 200  # characters: about 40 tokens
LEAST_REPEATED = 60  # characters of repetition before it counts: "100000000" and "ha ha ha" are no loops
LEAST_RULE = 2 * LONGEST_PERIOD  # of repeated dashes, zeros or other characters without a letter: a ruled line is none
LEAST_WORDS = 4  # of a sentence or line that counts as repeated
CHECK_EVERY = 8
"""Tokens between two looks at an answer that is being written."""

_SENTENCE = re.compile(r"(?:\s*\d{1,3}[.)]\s+)?[^\n]+?(?:[.!?](?=\s|$)|(?=\n)|$)")
_TABLE_LINE = re.compile(r"[ \t>]*\|")
_NUMBER = re.compile(r"^\W*(?:(?:step\s+)?\d{1,3}\s*[.):]\s*)?", re.IGNORECASE)


def before_loop(text: str) -> tuple[str, bool]:
    """The text up to the end of the first occurrence of what it repeats, and whether it repeats itself.

    It does if its end has a period (up to 200 characters, three times or more, 60 characters or more in all), or if it
    holds the same sentence or line of four words or more three times in a row. Numbers of list items do not count. Rows
    of a table may be alike: there it takes eight equal rows. A row of dashes, zeros or other characters without a
    letter, on one line, may be meant: it takes 400 of them.

    >>> before_loop("Open the menu. " + "Click on the Save button. " * 3)
    ('Open the menu. Click on the Save button.', True)
    """
    end = min(filter(None, (_end_of_period(text), _end_of_sentence(text))), default=0)
    return (text[:end].rstrip(), True) if end else (text, False)


def _end_of_period(text: str) -> int:
    """Where the first occurrence of what the text ends with periodically is over; 0 if it is not periodic."""
    written = text.rstrip()
    in_table = len(text) - len(written) < LEAST_REPEATED and _in_table(text, len(written))
    times = TIMES_IN_TABLE if in_table else TIMES
    for period in range(1, min(LONGEST_PERIOD, len(text) // times) + 1):
        if in_table and "\n" not in text[-period:]:
            continue
        n = max(times * period, LEAST_RULE if _is_rule(text[-period:]) else LEAST_REPEATED)
        if len(text) >= n and text[-n:-period] == text[-n + period :]:
            start = len(text) - n
            while start and text[start - 1] == text[start - 1 + period]:
                start -= 1
            return _at_a_word(text, start) + period
    return 0


def _is_rule(repeated: str) -> bool:
    """Whether this is drawn or counted rather than said: it has no letter, and stays on its line."""
    return "\n" not in repeated and not repeated.isspace() and not any(map(str.isalpha, repeated))


def _in_table(text: str, position: int) -> bool:
    """Whether the line that holds this position is a table's."""
    return _TABLE_LINE.match(text, text.rfind("\n", 0, position) + 1) is not None


def _at_a_word(text: str, start: int) -> int:
    """The first beginning of a word at or after `start`, which is inside a repetition; `start` if there is none."""
    if start == 0 or text[start - 1].isspace():
        return start
    space = re.compile(r"\s+").search(text, start, start + LONGEST_PERIOD)
    return space.end() if space else start


def _end_of_sentence(text: str) -> int:
    """Where the first of three equal sentences or lines in a row is over, outside tables; 0 if there are none."""
    before, starts = "", [0]
    for match in _SENTENCE.finditer(text):
        words = " ".join(re.findall(r"\w+", _NUMBER.sub("", match[0]).casefold()))
        if not words:
            continue
        if _in_table(text, match.end()):
            before = ""
            continue
        starts = [*starts, match.start()] if words == before else [match.start()]
        before = words
        if len(starts) == TIMES and len(words.split()) >= LEAST_WORDS:
            return starts[1]
    return 0
