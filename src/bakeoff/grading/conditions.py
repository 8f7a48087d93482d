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
    specified given set provided configured defined stated supplied passed chosen selected entered indicated mentioned
    named declared changed overridden assigned
""")
"""What is not so where a default holds: 'if no port is given', 'when not specified'."""
UNSET = MISSING | word_set("""
    specify give provide configure define state supply pass choose select enter indicate name declare change override
    assign
""")
"""The same, with what somebody does not do: 'if you do not specify a port'."""
EMPTY = word_set("missing omitted unset blank unspecified undefined")
"""Words that say so without a negation."""

_OPENS = re.compile(
    r"(?P<of>\b\w{1,30})?[\s,;:(-]{0,3}\b(?:(?:even|only|except|and|or|but) )?"
    r"(?:(?P<relative>(?:that|which|who)(?= (?:is|are|was|were|do|does|did|has|have|can|could)\b))|"
    r"(?P<asks>if|when|where)|unless|whenever|wherever|until|once|(?:as|so) (?:long|soon) as|insofar as|"
    r"in (?:the )?(?:case|event)(?: that)?|provided that|providing that|assuming(?: that)?)\b",
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
    r"(?:^|[,;:]|\b(?:please|then|and|or|kindly|recommend|suggest|advise|to|(?:you|we) (?:can|could|should|may|must)))"
    r"\s*(?:contact|check|refer|visit|call|e-?mail|ask|consult|see|look|search|try|rephrase|say|state|respond|reply|write)\b|"
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
_LONGEST = 1000
"""Letters of a sentence in which conditions are looked for: it takes the square of them."""
_FILLS = word_set("the a an so then it is that this well sorry yes no answer and or but unfortunately ok okay")


def without_refusing_conditions(text: str, refuses: re.Pattern[str]) -> str:
    """The English text without conditions that hold a refusal, where the rest of the sentence gives an answer.

    `text` is on one line, with every negation written as 'not'. `refuses` finds refusals in it.
    """
    if refuses.search(text) is None or _OPENS.search(text) is None:
        return text
    ends = [end.start() for end in _SENTENCE_END.finditer(text)]
    sentences = [text[begin:end] for begin, end in zip([0, *ends], [*ends, len(text)], strict=True)]
    kept = [_without_conditions(sentence, refuses) for sentence in sentences]
    return "".join(kept).strip(" ,;:-") if kept != sentences else text


def _without_conditions(sentence: str, refuses: re.Pattern[str]) -> str:
    """A sentence that may begin with the end of the one before, without its conditions that hold a refusal."""
    if len(sentence) > _LONGEST:
        return sentence
    start = 1 if sentence[:1] in (".", "!", "?") else 0
    mark, sentence = sentence[:start], sentence[start:]
    kept, done = [mark], 0
    for match in refuses.finditer(sentence):
        cut = _condition_around(sentence, match.start(), match.end(), refuses)
        if cut and cut[0] >= done:
            kept += [sentence[done : cut[0]], " "]
            done = cut[1]
    return "".join([*kept, sentence[done:]]) if done else mark + sentence


def _condition_around(sentence: str, start: int, end: int, refuses: re.Pattern[str]) -> tuple[int, int] | None:
    """The condition of the sentence that holds the refusal from start to end. None if there is none, or no answer
    beside it.
    """
    opening = _opening_before(sentence, start)
    if opening is None or (opening["asks"] and _is_indirect_question(sentence, opening, start)):
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
    if opening["relative"] and (not _is_subject(before) or not after):
        return None
    if not closed and _GOES_ON.match(after):
        return None
    return (begin, stop) if _gives_answer(f"{before} {after}", sentence[begin:stop]) else None


_VERB = re.compile(r"\b(?:is|are|was|were|does|did|has|have|had|will|can)\b", re.I)


def _is_indirect_question(sentence: str, opening: re.Match[str], start: int) -> bool:
    """Whether the word asks what a refusal is about, or adds to what was said: 'when it was built is not mentioned',
    'three ways, where the order is not specified'.
    """
    if _VERB.search(sentence, opening.end(), start) and _VERB.match(sentence, start):
        return True
    adds = opening["asks"].lower() == "where" and "," in opening.group()
    return adds and opening["of"] is not None


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
    if len(sentence) > _LONGEST or not (_opens_elsewhere().search(sentence) or _closes_elsewhere().search(sentence)):
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
