"""Questions made from texts alone: a sentence without a name, number or phrase that the passage says elsewhere.

Takes texts, gives `SpanQuestion`s whose right places are all places of what was left out. Needs no labels.
Source: recurring span selection, Ram et al. 2021, "Few-Shot Question Answering by Pretraining Span Selection",
arXiv:2101.00438 (Splinter); cloze questions turned into questions, Lewis et al. 2019, arXiv:1906.04980.
"""

import random
import re
from collections.abc import Iterator, Sequence

from bakeoff.models.spans.windows import Passage, SpanQuestion
from bakeoff.writing.sentence_ends import sentence_ends

WORDS_SHOWN = 170
MOST_WORDS = 6
WORDS_ASKED = 28
ASKED_AS_CLOZE = 0.35
OF_ONE_PASSAGE = 5
ELSEWHERE, WITH_ANOTHER = 0.2, 0.25
"""How often the passage shown does not hold what was left out, and how often another is shown beside it."""
_WORD = re.compile(r"\w+(?:[-'’.]\w+)*")
_COMMON = """a an and are as at be been but by can did do does for from had has have he her his i if in into is it its
may more most no not of on or our she so some such than that the their them then there these they this to up was we were
what when where which who will with you your also after before about all any each other one only over under out first
new during between both while would could should"""
_STOP = frozenset(_COMMON.split())
_MONTH = re.compile(r"(January|February|March|April|May|June|July|August|September|October|November|December)\b")


def clozes(pages: Sequence[tuple[str, str]], draw: random.Random) -> Iterator[SpanQuestion]:
    """Questions about the passages of each page (heading, text)."""
    for heading, text in pages:
        shown = list(_passages(text))
        for number, sentences in enumerate(shown):
            others = shown[:number] + shown[number + 1 :]
            yield from _of_passage(heading, sentences, others, draw)


def _passages(text: str) -> Iterator[list[str]]:
    """The sentences of a text, in passages of at least so many words."""
    passage: list[str] = []
    n_words = 0
    start = 0
    for end in [*sentence_ends(text), len(text)]:
        sentence, start = text[start:end].strip(), end
        passage += [sentence] if sentence else []
        n_words += len(sentence.split())
        if n_words >= WORDS_SHOWN:
            yield passage
            passage, n_words = [], 0
    if n_words > WORDS_SHOWN // 3:
        yield passage


def _of_passage(
    heading: str, sentences: list[str], others: list[list[str]], draw: random.Random
) -> Iterator[SpanQuestion]:
    places: dict[str, set[int]] = {}
    for number, sentence in enumerate(sentences):
        for span in spans(sentence):
            places.setdefault(span, set()).add(number)
    recurring = [span for span, where in places.items() if len(where) > 1]
    longest = [span for span in recurring if not any(span in other and span != other for other in recurring)]
    for span in draw.sample(longest, min(OF_ONE_PASSAGE, len(longest))):
        number = draw.choice(sorted(places[span]))
        rest = [sentence for i, sentence in enumerate(sentences) if i != number]
        shown = Passage(" ".join(rest), heading if draw.random() < 0.5 else "")
        question = asked(sentences[number], span, draw)
        right = tuple((0, *found.span()) for found in _whole(span).finditer(shown.text))
        without = [other for other in others if not _whole(span).search(" ".join(other))]
        another = Passage(" ".join(draw.choice(without)), shown.heading) if without else None
        if another and draw.random() < ELSEWHERE:
            yield SpanQuestion(question, (another,))
        elif right:
            beside = (another,) if another and draw.random() < WITH_ANOTHER else ()
            yield SpanQuestion(question, (shown, *beside), right)


def spans(sentence: str) -> Iterator[str]:
    """Runs of words that neither begin nor end with a common word, nor cross a mark."""
    words = list(_WORD.finditer(sentence))
    for i, first in enumerate(words):
        if first[0].lower() in _STOP:
            continue
        for last in words[i : i + MOST_WORDS]:
            if re.search(r"[,;:()\"“”]|\. ", sentence[first.start() : last.start()]):
                break
            text = sentence[first.start() : last.end()]
            if last[0].lower() not in _STOP and (len(text) > 3 or text.isdigit()) and _is_answer(text):
                yield text


def _is_answer(text: str) -> bool:
    """Names, numbers and phrases of several words; single common words only if they are long."""
    return any(letter.isupper() or letter.isdigit() for letter in text) or " " in text or len(text) > 7


def asked(sentence: str, span: str, draw: random.Random) -> str:
    """The sentence around the span, which is left out or replaced by a word that asks for it."""
    place = _whole(span).search(sentence)
    assert place, (sentence, span)
    before, after = sentence[: place.start()].split(), sentence[place.end() :].split()
    n = draw.randint(8, WORDS_ASKED)
    kept_before = before[-max(n // 2, n - len(after)) :] if before else []
    kept_after = after[: max(n // 2, n - len(kept_before))]
    if draw.random() < ASKED_AS_CLOZE:
        return " ".join([*kept_before, "[MASK]", *kept_after])
    word = draw.choice(_asking(span))
    if draw.random() < 0.6:
        return " ".join([word, *kept_after, *kept_before]).rstrip(".,;: ") + "?"
    return " ".join([*kept_before, word, *kept_after]).rstrip(".,;: ") + "?"


def _asking(span: str) -> tuple[str, ...]:
    if re.fullmatch(r"(1[0-9]|20)\d\d", span) or _MONTH.match(span):
        return ("when", "in what year", "when did", "what year")
    if span[:1].isdigit():
        return ("how many", "how much", "what", "how many")
    if span[:1].isupper():
        return ("who", "what", "which", "where", "who", "what")
    return ("what", "which", "what kind of", "how")


def _whole(span: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(span)}(?!\w)")
