"""Leaves out the words of a PDF page that are struck out: a line is drawn through them, and no further.

Takes words and drawn lines of one page. Knows no tables: a border that runs through words runs on beside them.
"""

from collections.abc import Sequence

from bakeoff.formats.pdf.rules import Rule, Rules
from bakeoff.formats.pdf.words import Word

_LOW, _HIGH = 0.16, 0.42  # of the font size, above the baseline: where the lines of struck words are
_BEYOND = 0.35  # of the font size: how far such a line reaches beyond its words
_MOST = 0.3  # of a page's words: more are not struck out, but set on a pattern


def without_struck(words: list[Word], rules: Rules) -> list[Word]:
    """The words that no line is drawn through."""
    if not rules.across:
        return words
    struck = {id(word) for rule in rules.across for word in _struck_by(rule, words)}
    return [word for word in words if id(word) not in struck] if len(struck) < _MOST * len(words) else words


def _struck_by(rule: Rule, words: Sequence[Word]) -> list[Word]:
    """The words that the line runs through from the beginning of the first to the end of the last."""
    crossed = [
        word
        for word in words
        if _LOW * word.size < rule.place - word.y < _HIGH * word.size
        and min(word.right, rule.end) - max(word.x, rule.start) > 0.8 * (word.right - word.x)
        and not word.turned
    ]
    if not crossed:
        return []
    near = _BEYOND * max(word.size for word in crossed)
    fits = min(word.x for word in crossed) - rule.start < near and rule.end - max(word.right for word in crossed) < near
    return crossed if fits else []
