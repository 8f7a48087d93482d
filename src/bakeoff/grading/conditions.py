"""Conditions within an answer: 'If the port is not set, 8000 is used.' What they deny, the answer does not deny.

Takes texts, gives what is left of them without the conditions that sound like a refusal to answer. Knows nothing about
the correct answer.
"""

import re
from functools import lru_cache

from bakeoff.grading.languages import any_of, languages
from bakeoff.grading.normalise import word_set
from bakeoff.writing.scripts import HAS_NO_BLANKS

OPENING_WORDS = word_set("if unless when whenever where wherever until once")
"""English words that open a condition."""
MISSING = word_set("""
    specified given set provided configured defined present stated supplied passed chosen selected entered indicated
    mentioned found available named declared known changed overridden assigned listed
""")
"""What is not so where a default holds: 'if no port is given', 'when not specified'."""
UNSET = MISSING | word_set("""
    specify give provide configure define state supply pass choose select enter indicate name declare change override
    assign have
""")
"""The same, with what somebody does not do: 'if you do not specify a port'."""
EMPTY = word_set("missing absent omitted unset empty blank unspecified undefined unknown unavailable nothing default")
"""Words that say so without a negation."""

_OPENS = re.compile(
    r"(?P<of>\b[\w']+)?[\s,;:(-]*\b(?:(?:even|only|except|and|or|but) )?(?:(?P<relative>(?:that|which|who)(?= (?:is|are|was|were|do|does|did|has|have|can|could)\b))|if|unless|"
    r"when(?:ever)?|where(?:ver)?|until|once|(?:as|so) (?:long|soon) as|insofar as|in (?:the )?(?:case|event)(?: that)?|"
    r"provided that|providing that|assuming(?: that)?)\b",
    re.I,
)
# Before 'where', 'when' or 'if', these words ask: 'the manual does not say when it is not needed'.
_ASKS = word_set("""
    say says said state states stated mention mentions mentioned know knows known tell tells told show shows explain
    explains describe describes specify specifies see sees check sure certain clear unclear ask asks asked wonder find
    indicate indicates discuss discusses reveal reveals about of depends regarding
""")
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
_CLAUSE_END = re.compile(r"[,;:\u2013\u2014]|\s-\s|\bthen\b", re.I)
_SOURCES = re.compile(
    r"\b(?:documents?|passages?|context|texts?|articles?|sources?|knowledge base|manuals?|excerpts?|materials?|"
    r"documentation|faq|extracts?|information|answer|details?)\b",
    re.I,
)
# A main clause that refers to somebody or refuses gives no answer: 'If it is not listed, please contact support'.
_REFERS = re.compile(
    r"(?:^|[,;:]|\b(?:please|then|and|or|kindly|recommend|suggest|advise|to|(?:you|we) (?:can|could|should|may|might|must)))\s*"
    r"(?:contact|check|refer|visit|call|e-?mail|ask|consult|see|look|search|try|rephrase|say|state|respond|reply|write)\b|"
    r"\bi\b|\bsupport\b|\blet me know\b|\bhelp\b|\bsorry\b|\bapologi",
    re.I,
)
_REFUSES = re.compile(
    r"\b(?:unknown|unclear|undetermined|uncertain|guess\w*|speculat\w+|impossible)\b|"
    r"\b(?:no|not|nothing|never|none)\b.*\b(?:answer\w*|say|said|tell|told|know|known|determined?|conclu\w+|information)\b|"
    r"\b(?:answer|information)\b.*\b(?:not|nothing|missing)\b",
    re.I,
)
_GOES_ON = re.compile(r"(?:in|by|from|is|are|was|were)\b", re.I)
_FILLS = word_set("the a an so then it is that this well sorry yes no answer and or but unfortunately ok okay")


def without_refusing_conditions(text: str, refuses: re.Pattern[str]) -> str:
    """The English text without conditions that hold a refusal, where the rest of the sentence gives an answer.

    `text` is on one line, with every negation written as 'not'. `refuses` finds refusals in it.
    """
    if refuses.search(text) is None or _OPENS.search(text) is None:
        return text
    cuts = []
    for match in refuses.finditer(text):
        start = max((end.end() for end in _SENTENCE_END.finditer(text, 0, match.start())), default=0)
        stop = _SENTENCE_END.search(text, match.end())
        sentence = text[start : stop.start() if stop else len(text)]
        cut = _condition_around(sentence, match.start() - start, match.end() - start, refuses)
        if cut:
            cuts.append((start + cut[0], start + cut[1]))
    kept, done = list[str](), 0
    for begin, end in cuts:
        if begin >= done:
            kept += [text[done:begin], " "]
            done = end
    return "".join([*kept, text[done:]]).strip(" ,;:-") if cuts else text


def _condition_around(sentence: str, start: int, end: int, refuses: re.Pattern[str]) -> tuple[int, int] | None:
    """The condition of the sentence that holds the refusal from start to end. None if there is none, or no answer
    beside it.
    """
    opening = _opening_before(sentence, start)
    if opening is None:
        return None
    begin = opening.end("of") if opening["of"] else opening.start()
    closed = _CLAUSE_END.search(sentence, end)
    if closed:
        stop = closed.end()
    else:
        later = refuses.search(sentence, end)
        is_first = not sentence[:begin].strip(" ,\"'")
        stop = end if is_first else later.start() if later else len(sentence)
    if opening["relative"]:
        stop = end
    before, after = sentence[:begin].strip(" ,;:-"), sentence[stop:].strip(" ,;:-")
    if opening["relative"] and (not _is_subject(before) or not after or _GOES_ON.match(after)):
        return None
    return (begin, stop) if _gives_answer(f"{before} {after}", sentence[begin:stop]) else None


def _opening_before(sentence: str, start: int) -> re.Match[str] | None:
    """The last word that opens a condition before the position and within the same clause."""
    found = None
    for match in _OPENS.finditer(sentence):
        if match.end() > start:
            break
        if (match["of"] or "").lower() in _ASKS:
            continue
        if _CLAUSE_END.search(sentence, match.end(), start) is None:
            found = match
    return found


def _is_subject(words: str) -> bool:
    """Whether the words before a relative clause are a short subject, and not what a refusal is about."""
    return (
        0 < len(words.split()) <= 4 and not _SOURCES.search(words) and not re.search(r"\b(?:is|are|was|were)\b", words)
    )


def _gives_answer(main: str, condition: str) -> bool:
    """Whether the main clause states something that can be an answer."""
    words = re.findall(r"\w+", main.lower())
    if not set(words) - _FILLS or _REFUSES.search(main):
        return False
    has_figure = any(word.isdigit() for word in words)
    return not _REFERS.search(main) or (has_figure and not _SOURCES.search(condition))


# --- other languages --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _opens_elsewhere() -> re.Pattern[str]:
    return re.compile(any_of(languages().opens_condition) or r"(?!)")


@lru_cache(maxsize=1)
def _closes_elsewhere() -> re.Pattern[str]:
    return re.compile(any_of(languages().closes_condition) or r"(?!)")


@lru_cache(maxsize=1)
def _denies_elsewhere() -> re.Pattern[str]:
    lists = languages()
    return re.compile(any_of(lists.denies_what_follows | lists.denies_what_precedes | lists.says_no))


_REFERS_ELSEWHERE = re.compile(
    r"support|[ck]onta[ck]?t|servi[sc]|サポート|客服|联系|지원|문의|поддержк|підтримк|الدعم|destek"
)


def rest_elsewhere(sentence: str, refuses: re.Pattern[str]) -> str:
    """What a sentence (folded, in lower case) in another language says beside a condition that holds a refusal.

    '' if no condition holds one, or if the rest gives no answer: it denies something, or refers to somebody.
    """
    if not (_opens_elsewhere().search(sentence) or _closes_elsewhere().search(sentence)):
        return ""
    rest, has_cut = list[str](), False
    for piece in re.split(r"(?<!\d)[,;:،、，；：]|[,;:،、，；：](?!\d)", sentence):
        kept = _outside_condition(piece, refuses)
        has_cut = has_cut or kept != piece
        rest.append(kept)
    said = " ".join(part.strip() for part in rest if part.strip())
    if not has_cut or refuses.search(said) or _denies_elsewhere().search(said) or _REFERS_ELSEWHERE.search(said):
        return ""
    return said if len(said.split()) > 1 or (HAS_NO_BLANKS.search(said) and len(said) > 2) or "-" in said else ""


def _outside_condition(piece: str, refuses: re.Pattern[str]) -> str:
    """The piece of a sentence without the condition that holds a refusal."""
    refusal = refuses.search(piece)
    if refusal is None:
        return piece
    openings = [match for match in _opens_elsewhere().finditer(piece) if match.start() <= refusal.start()]
    closing = _closes_elsewhere().search(piece, refusal.end()) or _closes_elsewhere().search(piece, refusal.start())
    if closing and closing.end() >= refusal.end():
        return piece[closing.end() :]
    if not openings:
        return piece
    blank = piece.find(" ", refusal.end()) if HAS_NO_BLANKS.search(piece) else -1  # Thai ends a clause with a blank
    return piece[: openings[-1].start()] + (piece[blank:] if blank >= 0 else "")
