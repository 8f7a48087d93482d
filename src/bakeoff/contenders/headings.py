"""Finds the lines of a passage that only say what follows, so that they are not copied as answers.

Takes the text of a passage and the headings above it, gives places in the text. Most headings are never part of a
chunk's text. Those that are: a heading with nothing under it, a bold line in place of a heading, the names of a table's
columns, a short line above other text, with or without a number, and a title that the text repeats.
"""

import re
from collections.abc import Sequence

from bakeoff.formats import markup
from bakeoff.writing.words import count_words

MOST_WORDS = 8  # of a line that stands alone and is taken for a heading
_BOLD = re.compile(r"(?:\d+(?:\.\d+)*[.)]? )?(\*\*|__)[^*_]+\1:?")
_NUMBER = re.compile(
    r"(?:(?:§|Art\.|Section|Chapter|Kapitel|Abschnitt|Chapitre|Capítulo) ?)?"
    r"(?:\d{1,2}(?:\.\d{1,2}){0,4}[.):]?|[IVX]{1,5}[.)])[ \t]+"
    r"|第[\d一二三四五六七八九十]{1,3}[章节節条條款項][ 　]*"
)
_LONGER = 2
"""A line directly above a text is a heading only if the next line is so many times longer."""
_SENTENCE_OF_KANA = re.compile("(?:です|ます|ません|した|ない|ある|いる|する|れる|ください|た|だ)$")


def heading_spans(text: str, above: str = "") -> list[tuple[int, int]]:
    """(start, end) of each line that is a heading. `above` are the passage's headings, joined by ' > '."""
    lines = text.split("\n")
    titles = {_plain(title) for title in above.split(" > ") if title}
    spans, start = [], 0
    for number, line in enumerate(lines):
        end = start + len(line)
        if line.strip() and (_plain(line) in titles or _is_heading(lines, number)):
            spans.append((start, end))
        start = end + 1
    return spans


def _is_heading(lines: Sequence[str], number: int) -> bool:
    line = lines[number].strip()
    below = lines[number + 1].strip() if number + 1 < len(lines) else ""
    if markup.heading_of(line) or _BOLD.fullmatch(line):
        return True
    if markup.is_table_row(line):
        return markup.is_table_delimiter(below)
    if not _stands_above(lines, number):
        return False
    if not below:
        following = next((other for other in lines[number + 1 :] if other.strip()), "")
        numbered = _NUMBER.match(line)
        if numbered and not markup.is_list_item(following):
            line = line[numbered.end() :]
        return _is_short_title(line)
    is_text = not markup.is_list_item(below) and below[:1].isupper() and count_words(below) > MOST_WORDS
    return is_text and len(below) >= _LONGER * len(line) and line[:1].isupper() and _is_short_title(line)


def _stands_above(lines: Sequence[str], number: int) -> bool:
    """Whether the line has a blank line (or nothing) above it, and other text below it."""
    return (number == 0 or not lines[number - 1].strip()) and any(line.strip() for line in lines[number + 1 :])


def _is_short_title(line: str) -> bool:
    """A few words without a number and without the end of a sentence: what titles look like, and few answers."""
    return (
        0 < count_words(line) <= MOST_WORDS
        and line[-1].isalpha()
        and not _SENTENCE_OF_KANA.search(line)
        and not markup.is_list_item(line)
        and not re.search(r"\d|: ", line)
    )


def _plain(line: str) -> str:
    return markup.plain(line.strip().strip("#").strip()).casefold().rstrip(":")
