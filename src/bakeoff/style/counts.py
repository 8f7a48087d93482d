"""How many sentences a text has, by where sentences end. Knows nothing about rules."""

from itertools import pairwise

from bakeoff.writing.sentence_ends import sentence_ends


def count_sentences(text: str) -> int:
    """The sentences of a text; a line of its own, such as a point of a list, is one.

    >>> count_sentences("It is 5.5 °C. See the manual, e.g. page 3."), count_sentences("- one\\n- two")
    (2, 2)
    """
    return sum(_in_line(line) for line in text.splitlines())


def _in_line(line: str) -> int:
    ends = [0, *sentence_ends(line), len(line)]
    return sum(any(c.isalnum() for c in line[a:b]) for a, b in pairwise(ends))
