"""Line breaks and blanks of an answer: those that only wrap a paragraph, as in a copied PDF, and those between items.

Takes texts, gives texts.
"""

import re

_BLANKS = re.compile(r"[^\S\n]+")
_BESIDE_BREAK = re.compile(r" *\n *")
_ITEM = r"(?:[*+•–|#>]|-\s|\d{1,3}[.)]\s)"
_WRAP = re.compile(rf"(?<=[^\n|])\n(?=\S)(?!{_ITEM})")
_SURE_WRAP = re.compile(r"(?<=[^\n.!?:;|])\n(?=[a-zß-öø-ÿ])")
_FEWEST_ITEMS, _MOST_WORDS = 3, 5
"""So many lines, none longer, are a list without signs."""


def with_single_blanks(text: str) -> str:
    """The text with one blank for each gap, whatever signs make it, and none beside a line break.

    >>> with_single_blanks("December\\u00a0 14, \\n 2018 ")
    'December 14,\\n2018'
    """
    return _BESIDE_BREAK.sub("\n", _BLANKS.sub(" ", text)).strip(" ")


def without_sure_wraps(text: str) -> str:
    """The text with a blank for each break after which a sentence goes on: the next line begins small.

    >>> without_sure_wraps("It is not\\nallowed.\\nAsk Ann."), without_sure_wraps("apples\\npears\\nplums")
    ('It is not allowed.\\nAsk Ann.', 'apples\\npears\\nplums')
    """
    return text if _is_list(text) else _SURE_WRAP.sub(" ", text)


def as_paragraph(text: str) -> str:
    """The text with a blank for each break that may wrap a line; a list keeps its breaks.

    >>> as_paragraph("14 December\\n2018"), as_paragraph("Lyon\\nParis\\nRome"), as_paragraph("Both:\\n- a\\n- b")
    ('14 December 2018', 'Lyon\\nParis\\nRome', 'Both:\\n- a\\n- b')
    """
    return text if _is_list(text) else _WRAP.sub(" ", text)


def _is_list(text: str) -> bool:
    """Whether all lines are short, and none ends as a sentence does."""
    lines = [line for line in text.split("\n") if line]
    is_item = [len(line.split()) <= _MOST_WORDS and not line.endswith((".", ",", ";")) for line in lines]
    return len(lines) >= _FEWEST_ITEMS and all(is_item)
