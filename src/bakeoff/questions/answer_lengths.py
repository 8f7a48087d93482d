"""How long the known answers are, and so how long answers are to be.

Takes questions with accepted answers, gives the wording of the prompts ('short', 'mixed' or 'long') and the most tokens
of an answer. Only train and dev are looked at: nothing follows from the test. Knows no tokenizer and no prompt.
"""

import math
from collections.abc import Iterable
from statistics import median
from typing import Literal

from bakeoff.records import Length, Question, Record
from bakeoff.sentences import counted, percent
from bakeoff.writing.words import count_words

NEARLY_ALL = 0.9
SHORT_WORDS, LONG_WORDS = 8, 12
"""Nearly all answers of at most 8 words: short. Nearly all longer than 12: long. Otherwise mixed."""
BYTES_PER_TOKEN = 3
"""English has four to five bytes a token; codes, numbers and other alphabets have fewer."""
COVERED, SLACK = 0.95, 1.5
"""The limit is this many times what 95 % of the known answers need, since models write more words than people."""
LEAST_TOKENS, MOST_TOKENS, STEP = 40, 256, 8
PHRASE_WORDS = 6
"""Answers with more words than this are called long: sentences, where shorter ones are names, numbers and phrases."""
AnswerLength = Literal["short", "long"]
LENGTHS: dict[AnswerLength, str] = {
    "short": f"answers of at most {PHRASE_WORDS} words",
    "long": f"answers of more than {PHRASE_WORDS} words",
}
MANY_LONG = 0.2
"""From this share on, long answers are many."""


class AnswerLengths(Record):
    """The words and the estimated tokens of each known answer. Of several accepted ones, the shortest counts."""

    words: tuple[int, ...] = ()
    tokens: tuple[int, ...] = ()

    @classmethod
    def of(cls, questions: Iterable[Question]) -> "AnswerLengths":
        """The lengths of the answers of these questions. Questions without an answer are left out."""
        shortest = [_shortest(question) for question in questions if question.answerable]
        return cls(
            words=tuple(sorted(count_words(answer) for answer in shortest)),
            tokens=tuple(sorted(map(estimated_tokens, shortest))),
        )

    @property
    def length(self) -> Length:
        """The wording that these answers call for. Short if there are none.

        >>> AnswerLengths(words=(1, 2, 2, 30)).length
        'mixed'
        """
        if _quantile(self.words, NEARLY_ALL) <= SHORT_WORDS:
            return "short"
        return "long" if _quantile(self.words, 1 - NEARLY_ALL) > LONG_WORDS else "mixed"

    @property
    def max_new_tokens(self) -> int:
        """The most tokens of an answer, so that hardly any known answer would be cut off.

        >>> AnswerLengths(tokens=(2, 3, 60)).max_new_tokens
        96
        """
        needed = SLACK * _quantile(self.tokens, COVERED)
        return max(LEAST_TOKENS, min(MOST_TOKENS, STEP * math.ceil(needed / STEP)))

    @property
    def median_words(self) -> float:
        return median(self.words) if self.words else 0.0

    @property
    def line(self) -> str:
        """The lengths in words: what nearly all answers have."""
        if not self.words:
            return "no known answers in train and dev"
        least, half, most = (_quantile(self.words, share) for share in (1 - NEARLY_ALL, 0.5, NEARLY_ALL))
        nearly_all = percent(NEARLY_ALL)
        if self.length == "mixed":
            return f"half of the known answers have at most {counted(half, 'word')}, {nearly_all} at most {most}"
        bound = f"at most {counted(most, 'word')}" if self.length == "short" else f"at least {counted(least, 'word')}"
        return f"{nearly_all} of the known answers have {bound}"

    def share_over(self, max_new_tokens: int) -> float:
        """The share of the known answers that need more tokens than that."""
        return sum(n > max_new_tokens for n in self.tokens) / max(1, len(self.tokens))


def answer_length(question: Question) -> AnswerLength | None:
    """Whether a question's accepted answer is short or long; None if it has none. Of several, the shortest counts."""
    if not question.answerable:
        return None
    return "short" if count_words(_shortest(question)) <= PHRASE_WORDS else "long"


def _shortest(question: Question) -> str:
    return min(question.answers, key=estimated_tokens)


def estimated_tokens(text: str) -> int:
    """Number of tokens of a text in most models, estimated from its bytes; rather too many than too few.

    >>> estimated_tokens("24 months"), estimated_tokens("二十四个月")
    (3, 5)
    """
    return math.ceil(len(text.encode()) / BYTES_PER_TOKEN)


def _quantile(values: tuple[int, ...], share: float) -> int:
    """The smallest value that at least this share of the sorted values does not exceed; 0 if there are none."""
    return values[max(0, math.ceil(share * len(values) - 1e-9) - 1)] if values else 0
