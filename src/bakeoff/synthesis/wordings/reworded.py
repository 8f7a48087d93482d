"""Other wordings of an English question by rules: patterns of question words, the order of its parts, tone, keywords.

Takes a question, gives other texts that ask for the same, those that differ most first within each kind of rule. Each
rule replaces function words or moves a part; none replaces a word that carries what is asked for. Knows no answers.
"""

import random
import re
from collections.abc import Iterator

from bakeoff.grading.normalise import word_set
from bakeoff.questions.facts.near_copies import words
from bakeoff.synthesis.wordings.kept import lost, names

LONGEST = 40  # words of a question that is reworded
PATTERNS: tuple[tuple[str, str], ...] = (
    (r"^how long (does|do|is|are|can|may|will|must|should)\b", r"for how much time \1"),
    (r"^how long (does|do) (.+?) (?:take|last)\?", r"what is the duration of \2?"),
    (r"^for how long\b", "for what length of time"),
    (r"^for how many (\w+)\b", r"for what number of \1"),
    (r"^how many (\w+)\b", r"what number of \1"),
    (r"^how much (?:does|do) (.+?) cost\b", r"what is the price of \1"),
    (r"^what (?:does|do) (.+?) cost\b", r"how much is \1"),
    (r"^what is the price of (.+?)\?", r"how much does \1 cost?"),
    (r"^how much (?:is|are) (.+?)\?", r"what is the price of \1?"),
    (r"^what(?:'s| is) the (maximum|max|highest|largest)\b", "what is the upper limit of the"),
    (r"^can (i|we)\b", r"is it possible for me to"),
    (r"^can (a|an|the) (\w+)\b", r"is it possible for \1 \2 to"),
    (r"^(?:am i|are we) allowed to\b", "may I"),
    (r"^how (?:do|can) (?:i|we)\b", "what do I have to do to"),
    (r"^how (?:do|can) (?:i|we)\b", "what is the way to"),
    (r"^do (?:i|we) (?:need|have) to\b", "is it necessary to"),
    (r"^where (?:can|do) (?:i|we) find\b", "in which place is"),
    (r"^when (does|do|is|are|was|were|will)\b", r"at what time \1"),
    (r"^which\b", "what"),
    (r"^what kind of\b", "which type of"),
    (r"^what type of\b", "what kind of"),
    (r"^what happens (if|when)\b", r"what is the result \1"),
    (r"^what(?:'s| is) the\b", "which is the"),
    (r"^who (?:is|was) the\b", "what is the name of the"),
    (r"^in (?:what|which) year\b", "in which year"),
    (r"^in which year\b", "in what year"),
    (r"^why (does|do|is|are|did|was|were)\b", r"for what reason \1"),
)
"""What a question begins with, and other words for it. Case is ignored; only the beginning is replaced."""
INNER: tuple[tuple[str, str], ...] = (
    (r"\bmy\b", "our"),
    (r"\bour\b", "my"),
    (r"\bat most\b", "at the most"),
    (r"\bswitch(es)? off\b", r"turn\1 off"),
    (r"\bturn(s)? off\b", r"switch off"),
    (r"\bper (day|week|month|year)\b", r"a \1"),
    (r"\be-mail\b", "email"),
    (r"\bmax\b", "maximum"),
    (r"\bpls\b", "please"),
    (r"\bwhats\b", "what is"),
    (r"\bbuy\b", "purchase"),
    (r"\bhow many secs\b", "how many seconds"),
    (r"\bphone\b", "telephone"),
    (r"\b(?:doesn't|does not) work\b", "is not working"),
    (r"\ballowed\b", "permitted"),
    (r"\bstart(s)?\b", r"begin\1"),
)
TONES = (
    "Please tell me: {}",
    "Could you tell me: {}",
    "I would like to know: {}",
    "Quick question: {}",
    "Hello, {}",
    "{} Thanks in advance.",
    "Can somebody help? {}",
    "A question about this: {}",
)
_WH = r"(?:what|which|who|when|where|why|how|is|are|was|were|do|does|did|can|could|may|must|will|should)\b"
_FRONT = re.compile(rf"^((?:if|when|after|before|once|while|for|on|with|in) [^,?]{{4,60}}), ({_WH}[^?]*)\?$", re.I)
_BACK = re.compile(
    rf"^({_WH}[^?,]*?) ((?:if|once|while) [^?,]{{4,60}}|(?:on|for|with) (?:a|an|the|my|our)(?: [^\s?,]+){{1,3}})\?$",
    re.I,
)
_DROPPED = word_set("""
    a an the is are was were be do does did i we you my our your me us it its please can could would will should of that
    this there have has am tell know hello hi hey just like
""")


def reworded(question: str, n: int, seed: int) -> list[str]:
    """At most n other wordings, each different from the question and from one another in more than case and signs.

    They come in turn from each kind of rule, so that few of them still differ. Empty for a question that is too long,
    or that no rule fits. Each keeps what `lost` looks for. The same seed gives the same wordings.
    """
    text = " ".join(question.split())
    if not 2 <= len(text.split()) <= LONGEST:
        return []
    draw = random.Random(f"{seed} {text}")
    kinds = [list(kind(text)) for kind in (_by_pattern, _moved, _as_keywords, _inner)]
    tones = [
        _in_tone(tone, wording)
        for wording, tone in zip([text, *kinds[0]], draw.sample(TONES, len(TONES)), strict=False)
    ]
    found: dict[tuple[str, ...], str] = {tuple(words(text)): text}
    for wording in _in_turn([*kinds, tones]):
        key = tuple(words(wording))
        if key and key not in found and not lost(text, wording):
            found[key] = wording
    return list(found.values())[1 : n + 1]


def _in_turn(kinds: list[list[str]]) -> Iterator[str]:
    for place in range(max(map(len, kinds), default=0)):
        yield from (kind[place] for kind in kinds if place < len(kind))


def _by_pattern(text: str) -> Iterator[str]:
    """The question with other words at its beginning. A sentence before the question stays as it is."""
    before, last = _last_sentence(text)
    for pattern, form in PATTERNS:
        changed, n = re.subn(pattern, form, last, count=1, flags=re.I)
        if n and changed.lower() != last.lower():
            yield before + _capital(changed)


def _inner(text: str) -> Iterator[str]:
    """The question with one word or phrase replaced, then with all of them."""
    every = text
    for pattern, form in INNER:
        changed = re.sub(pattern, form, text, flags=re.I)
        if changed != text:
            yield _capital(changed)
            every = re.sub(pattern, form, every, flags=re.I) if not re.search(r"\b(?:my|our)\b", pattern) else every
    if every != text:
        yield _capital(every)


def _moved(text: str) -> Iterator[str]:
    """The question with a condition or a place moved from its beginning to its end, or the other way round."""
    before, last = _last_sentence(text)
    if found := _FRONT.match(last):
        yield before + _capital(f"{found[2]} {_small(found[1])}?")
    elif found := _BACK.match(last):
        yield before + _capital(f"{_small(found[2])}, {_small(found[1])}?")


def _as_keywords(text: str) -> Iterator[str]:
    """The question as people type it into a search box."""
    if '"' in text or not re.search(r"\b(?:what|which|who|when|where|why|how)", text, re.I):
        return
    kept = [word for word in re.findall(r"[^\s?!,;]+", text) if word.lower().strip(".:") not in _DROPPED]
    if 3 <= len(kept) < len(text.split()):
        yield " ".join(kept).lower().rstrip(".")


def _in_tone(tone: str, text: str) -> str:
    is_open = tone.index("{}") > 0
    return tone.format(_small(text) if is_open and tone.rstrip(" {}")[-1] not in "?!." else text)


def _last_sentence(text: str) -> tuple[str, str]:
    """(what stands before the last sentence, the last sentence)."""
    at = max((match.end() for match in re.finditer(r"[.!?]\s+(?=\S)", text)), default=0)
    return text[:at], text[at:]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _small(text: str) -> str:
    """The text with a small first letter, unless its first word is a name or 'I'."""
    first = re.match(r"[\w']+", text)
    if first is None or first.group() in ("I", "I'm", "I've") or first.group().lower() in names(text):
        return text
    return text[:1].lower() + text[1:]
