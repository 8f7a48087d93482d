"""Decides whether a text declines to answer.

Takes a text. Knows nothing about the correct answer. A refusal declines as a whole: "The owner is a company called I
don't know" makes a statement of which the refusal is only a part, and "Oslo, I don't know" names something first.
"""

import re
from functools import lru_cache

from bakeoff.grading.conditions import rest_elsewhere, without_refusing_conditions
from bakeoff.grading.languages import ENGLISH_TOO, Phrases, any_of, languages
from bakeoff.grading.languages import plain as plain_lower
from bakeoff.grading.normalise import fold
from bakeoff.grading.terms import terms

_SOURCE = (
    r"(?:documents?|passages?|context|texts?|information|articles?|sources?|knowledge base|manuals?|excerpts?|"
    r"materials?|guides?|handbooks?|documentation|faq|reports?|files?|pages?|extracts?|records?|data)"
)
_ABOUT = (
    r"(?=\W*$|\W*[.,;]| (?:about|on|regarding|concerning|available|provided|given|found|mentioned|in|to|for|that|of|"
    r"here)\b)"
)
_I = r"\b(?:i|we)"
_DATA = r"(?:information|answer|access|details?|data|mention|evidence)"
# Each line is one way to decline. Statements about products ("batteries are not included", "we do not have a store
# there") must not match.
_DECLINES = (
    rf"{_I} (?:really |still |just )?(?:do|did) not (?:really |actually |currently )?know\b",
    r"^\W*(?:do|did) not know\b",
    r"\bno (?:idea|clue)\b|^\W*dunno\b|\bbeats me\b",
    r"^\W*(?:it is |that is |this is )?(?:unclear|not clear)\b(?=\W*(?:$|[.,]))",
    rf"{_I} (?:can|could|did|do) not (?:really |actually )?(?:answer|find|determine|say|tell|see any|help|assist)\b",
    rf"{_I} (?:am|are|was|were) (?:not able|unable) to (?:answer|find|determine|say|tell|provide|help|assist)\b",
    rf"{_I} (?:do|can|could) not (?:have|provide|see|find) (?:\w+ ){{0,3}}{_DATA}\b",
    r"\b(?:i am|i'm|im) (?:not sure|unsure|not certain|not aware|uncertain)\b",
    rf"\b{_SOURCE} (?:do|does|did|can) not (?:\w+ ){{0,2}}?(?:mention|say|state|specify|contain|provide|include|give|"
    r"hold|answer|tell|indicate|describe|cover|have|list|explain|reveal|discuss|know)\b",
    r"\bit (?:do|does|did) not (?:\w+ ){0,2}?(?:mention|say|state|specify|tell|indicate|reveal)\b",
    r"\b(?:is|are|was|were) (?:not|nowhere) (?:\w+ly )?(?:mentioned|specified|stated|known|answerable)\b",
    rf"\b(?:is|are|was|were) (?:not|nowhere) (?:\w+ ){{0,3}}(?:in|by|from) (?:\w+ ){{0,3}}{_SOURCE}\b",
    rf"\b(?:answer|{_SOURCE}|details?|price) (?:(?:is|are|was|could) )?not (?:be )? (?:\w+ly )?"
    r"(?:provided|given|available|found|listed|included)\b",
    r"\bnot (?:mentioned|specified|stated|answerable|enough (?:information|context))\b",
    rf"\bnot (?:given|found|available|provided) in (?:\w+ )?{_SOURCE}\b",
    r"\b(?:there is|there's|contains?|provides?|has|have|had|found?) (?:no|insufficient|not enough) "
    rf"(?:\w+ )?{_DATA}{_ABOUT}",
    rf"^\W*(?:no|insufficient|not enough) (?:\w+ )?{_DATA}{_ABOUT}",
    r"^\W*not found\W*$",
    r"\bcan not be (?:answered|determined)\b",
    r"\b(?:im|not )possible to (?:say|tell|know|answer|determine|establish|give an answer)\b",
    r"\bneed (?:some |a bit )?(?:more|further|additional) (?:information|context|details?)\b",
    rf"\b{_SOURCE} (?:says?|mentions?|contains?|gives?|states?|tells?|holds?|reveals?) (?:us |me )?nothing\b",
    r"\bno way (?:of knowing|to (?:know|tell))\b",
    r"\b(?:is|are) (?:not|nowhere) covered (?:by|in) (?:\w+ ){0,3}" + _SOURCE + r"\b",
    r"\bunanswerable\b|\bn/a\b",
    r"^(?:it is |the answer is )?unknown\b(?=\W*(?:$|[.,]))",
    r"^\W*none of the (?:passages|documents|above)\b",
)
_DECLINE = re.compile("|".join(_DECLINES), re.I)
_YET = re.compile(
    r"(?:,|;|-|\.|^)?\s*\b(?:but|however|although|though|that said|still|nevertheless|maybe|perhaps|probably|"
    r"my (?:best )?guess)\b",
    re.I,
)
_FIRST_PERSON = re.compile(r"\W*(?:(?:i|we|im)\b|i'm|no idea)", re.I)
# Where a clause ends, and what may come before "I don't know" within its own clause or the clauses before it.
_CLAUSE_END = re.compile(
    r"[,;:\u2013\u2014]|\s-\s|\b(?:but|and|so|because|since|though|although|however|while|if)\b", re.I
)
# fmt: off
_FILLER = frozenset({
    "well", "oh", "hmm", "sorry", "apologies", "unfortunately", "regrettably", "honestly", "frankly", "actually",
    "currently", "afraid", "i", "am", "im", "m", "we", "are", "re", "that", "my", "our", "the", "a", "an", "answer",
    "response", "reply", "is", "would", "be", "to", "it", "this", "your", "question", "think", "believe", "must",
    "have", "say", "at", "moment", "present", "right", "now", "still", "just", "simply", "very", "really", "for", "me",
})
# fmt: on
_OPENING = re.compile(
    r"\W*(?:i|we|you|your|sorry|unfortunately|regrettably|thanks?|hello|hi|hey|dear|as|based|according|for|from|with|"
    r"given|in|on|by|after|about|regarding|concerning|without|to|at|since|because|although|though|while|when|if|"
    r"however|yes|no)\b",
    re.I,
)
_PREPOSITION = re.compile(
    r"\W*(?:as|based|according|for|from|with|given|in|on|by|after|about|regarding|without)\b", re.I
)
_LACKS_COMPLEMENT = re.compile(
    r"(?:\b(?:is|are|was|were|be|been|being|became|called|named|titled|known|means?|as|of|to|in|at|by|for|the|a|an)"
    r"\W*|\w-)$",
    re.I,
)
_AFTERTHOUGHT = re.compile(
    r"\b(?:contact|check|refer|visit|call|email|e-mail|ask|consult|see|recommend|suggest|help|please|support|sorry|apologi|"
    r"let me know|provide more|rephrase|try|look)\b|\bi (?:can|will|would|could)\b",
    re.I,
)


@lru_cache(maxsize=50_000)
def is_abstention(text: str) -> bool:
    """Whether the text declines to answer and gives no answer before or after that. An empty text is no answer.

    >>> is_abstention("I don't know."), is_abstention(" "), is_abstention("I don't know, maybe 5")
    (True, True, False)
    """
    if not text.strip():
        return True
    original, text = text, plain(text)
    unconditional = without_refusing_conditions(text, _DECLINE)
    match = _DECLINE.search(unconditional)
    if match is None:
        return unconditional == text and declines_elsewhere(original)
    text = unconditional
    before, after = text[: match.start()], text[match.end() :]
    if _FIRST_PERSON.match(match.group()) and _is_part_of_statement(before):
        return False
    return not _asserts_before(before) and not _asserts_after(after)


def mentions_declining(text: str) -> bool:
    """Whether a refusal is any part of the text, also if the text gives an answer besides."""
    text = without_refusing_conditions(plain(text), _DECLINE)
    return _DECLINE.search(text) is not None or any(map(_refuses, _sentences(text)))


def denies_elsewhere(text: str) -> bool:
    """Whether the text has a negation of another language than English."""
    return _denials().stand_in(plain_lower(text))


@lru_cache(maxsize=1)
def _denials() -> Phrases:
    lists = languages()
    return Phrases((lists.denies_what_follows | lists.denies_next_word | lists.denies_what_precedes) - ENGLISH_TOO)


def declines_elsewhere(text: str) -> bool:
    """Whether every sentence of a text in another language than English declines, or is as short as a greeting.

    The wordings are those of the language files. A contrast after the refusal ('aber', 'mais') makes it an answer.
    """
    sentences = _sentences(text)
    refusing = [_refuses(sentence) for sentence in sentences]
    if not any(refusing) or any(re.search(r"\d", sentence) for sentence in sentences):
        return False
    if any(_answers_after_contrast(sentence) for sentence in sentences):
        return False
    return all(refuses or len(sentence.split()) <= 3 for sentence, refuses in zip(sentences, refusing, strict=True))


def _sentences(text: str) -> list[str]:
    return [part for part in re.split(r"[.!?。！？\n]+", plain_lower(text)) if part.strip()]


def _refuses(sentence: str) -> bool:
    """Whether a sentence has the wording of a refusal, and not only in a condition of an answer."""
    return _refusals().stand_in(sentence) and not rest_elsewhere(sentence, _refusal_wordings())


def _answers_after_contrast(sentence: str) -> bool:
    """Whether something other than a refusal follows a word such as 'aber' or 'mais'."""
    if not _contrasts().stand_in(sentence):
        return False
    *before, last = re.split(any_of(languages().but), _refusal_wordings().sub("\0", sentence))
    return bool(before) and "\0" not in last


@lru_cache(maxsize=1)
def _refusal_wordings() -> re.Pattern[str]:
    return re.compile(any_of(languages().refusals))


@lru_cache(maxsize=1)
def _refusals() -> Phrases:
    return Phrases(languages().refusals)


@lru_cache(maxsize=1)
def _contrasts() -> Phrases:
    return Phrases(languages().but)


def plain(text: str) -> str:
    """The text on one line, without accents, with every negation written as 'not'."""
    text = re.sub(r"\b(ca|wo)n't\b|\bcannot\b", "can not", fold(text), flags=re.I)
    text = re.sub(r"n't\b", " not", text, flags=re.I)
    return " ".join(text.replace("\n", " . ").split())


def _is_part_of_statement(before: str) -> bool:
    """Whether "I don't know" completes a statement ("it is called ...") or ends a list of answers ("Oslo, ...").

    `before` is the text in front of it. Only its last sentence is looked at.
    """
    sentence = re.split(r"[.!?](?:\s|$)", before)[-1]
    ends = list(_CLAUSE_END.finditer(sentence))
    own = sentence[ends[-1].end() :] if ends else sentence
    if not _is_filler(own) and not (_PREPOSITION.match(own) and not _LACKS_COMPLEMENT.search(own)):
        return True
    is_list = bool(ends) and all(end.group() == "," for end in ends)
    if not is_list or _OPENING.match(sentence) or re.search(rf"\b{_SOURCE}\b", sentence, re.I):
        return False
    return any(terms(clause) and not _is_filler(clause) for clause in sentence.split(",")[:-1])


def _is_filler(clause: str) -> bool:
    """Whether a clause has no words but those that introduce a refusal, such as 'sorry' or 'the answer is'."""
    return set(re.findall(r"\w+", clause.lower())) <= _FILLER


def _asserts_before(text: str) -> bool:
    """Whether a statement comes before the refusal: a whole sentence, or a clause with a number."""
    sentences = re.split(r"[.!?](?:\s|$)", text)
    if any(_asserts(sentence) for sentence in sentences[:-1]):
        return True
    clauses = re.split(r"[,;:]|\b(?:but|and)\b", sentences[-1])
    if re.search(rf"\b{_SOURCE}\b", sentences[-1], re.I):
        return False
    return any(term.is_number for clause in clauses[:-1] for term in terms(clause))


def _asserts_after(text: str) -> bool:
    """Whether something other than a referral, an apology or a reason comes after the refusal."""
    first, *others = re.split(r"[.!?](?:\s|$)", text)
    contrast = _YET.search(first)
    if contrast and _asserts(first[contrast.end() :]):
        return True
    return any(_asserts(_YET.sub("", sentence)) for sentence in others)


def _asserts(sentence: str) -> bool:
    if _AFTERTHOUGHT.search(sentence) or _DECLINE.search(sentence) or re.search(r"\bas an ai\b", sentence, re.I):
        return False
    return len(terms(sentence)) >= 2 or any(term.is_number for term in terms(sentence))
