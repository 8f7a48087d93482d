"""What another wording of a question must keep: names, numbers, negation, and what is compared.

Takes two texts, says what one of them has and the other does not. Knows no rule that makes wordings.
"""

import re

from bakeoff.grading.normalise import word_set
from bakeoff.questions.facts.near_copies import words
from bakeoff.questions.facts.same_answer import content_words

NEGATIONS = word_set("no not never none without nor neither cannot nothing nobody except unless")
BOUNDS = (
    word_set("most maximum max longest highest largest biggest latest up upper limit"),
    word_set("least minimum min shortest lowest smallest earliest lower"),
    word_set("before until"),
    word_set("after since"),
    word_set("more over above"),
    word_set("less fewer under below"),
)
"""Words of one row can stand for one another; a word of another row asks for something else."""
LEAST_SHARED = 0.3
"""The share of the content words of a question that another wording must have."""
_SPELLED = {
    word: str(n)
    for n, word in enumerate("two three four five six seven eight nine ten eleven twelve".split(), 2)  # noqa: SIM905
}
_SENTENCE = re.compile(r"(?:^|[.!?]\s+|[\"“:]\s*)\W*(\w)")
_STARTS = frozenset(
    [
        "what",
        "which",
        "who",
        "whose",
        "when",
        "where",
        "why",
        "how",
        "is",
        "are",
        "was",
        "were",
        "do",
        "does",
        "did",
        "can",
        "could",
        "may",
        "might",
        "will",
        "would",
        "shall",
        "should",
        "has",
        "have",
        "had",
        "if",
        "in",
        "on",
        "at",
        "for",
        "from",
        "to",
        "with",
        "please",
        "tell",
        "i",
        "we",
        "my",
        "our",
        "the",
        "a",
        "an",
        "there",
        "after",
        "before",
        "within",
    ]
)


def lost(question: str, wording: str) -> str:
    """What the wording does not keep: 'a number', 'a name', 'a negation', 'a bound' or 'the subject'; empty if nothing.

    A name that the wording adds is lost in the other direction: it asks for something else.
    """
    if _numbers(question) != _numbers(wording):
        return "a number"
    if _missing_names(question, wording) or _missing_names(wording, question):
        return "a name"
    if _is_negated(question) != _is_negated(wording):
        return "a negation"
    if _bounds(question) != _bounds(wording):
        return "a bound"
    asked, kept = content_words(question), content_words(wording)
    return "the subject" if len(asked & kept) < LEAST_SHARED * len(asked) else ""


def _numbers(text: str) -> list[str]:
    """Every number of a text, spelled ones as figures, in order of size; figures within words too ('hearth2')."""
    figures = re.findall(r"\d+(?:[.,:]\d+)*", text)
    return sorted([*figures, *(_SPELLED[word] for word in words(text) if word in _SPELLED)])


def names(text: str) -> set[str]:
    """Words with a capital letter within a sentence, or with capitals inside, in lower case."""
    starts = {match.start(1) for match in _SENTENCE.finditer(text)}
    found = set()
    for match in re.finditer(r"[^\W_][\w'-]*", text):
        word = match.group()
        is_first = match.start() in starts and word.lower() in _STARTS
        has_capital = word[0].isupper() or re.search(r"\w[A-Z]", word)
        if has_capital and not is_first and word not in ("I", "I'm", "I've", "I'd", "I'll"):
            found.add(re.sub(r"'s?$", "", word.lower()))
    return found


def _missing_names(text: str, other: str) -> set[str]:
    """Names of a text that the other does not have in any case."""
    return {name for name in names(text) if not set(words(name)) <= set(words(other))}


def _is_negated(text: str) -> bool:
    spelled = text.lower().replace("’", "'")
    return bool(NEGATIONS & set(re.findall(r"[a-z]+", spelled))) or "n't" in spelled


def _bounds(text: str) -> set[int]:
    found = set(words(text))
    return {row for row, of in enumerate(BOUNDS) if found & of}
