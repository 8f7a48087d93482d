"""Decides whether an answer in a script without blanks (Chinese, Japanese, Thai), or in Korean, states certain words.

Takes texts. Looks for the letters and for where words begin by the change of script. Knows no dictionary, so it is
unsure where a word could go on.
"""

import re
from functools import lru_cache

from bakeoff.grading.languages import any_of, languages
from bakeoff.grading.normalise import fold
from bakeoff.grading.rulings import Verdict
from bakeoff.writing.scripts import HAS_NO_BLANKS, script_of

# What may stand directly before a word in the same script, and after it.
_BEFORE = frozenset("はがをにでともへのやか在是为為于於叫名约約有从從到至和与與或的")
_AFTER = frozenset(
    "市県區区省町村州郡都府島国國人年月日時时さ氏様店社内間间号號階个個件元円天分式色的是在为為和与與及或で"
)
_KANA = re.compile("[\u3040-\u30ff]")
_CLAUSE = re.compile(r"[。．.!?！？，,、;；\n]")


def needs_this(gold: str) -> bool:
    """Whether the accepted answer has letters of a script without blanks."""
    return HAS_NO_BLANKS.search(gold) is not None


def unspaced_verdict(answer: str, gold: str) -> tuple[Verdict, str]:
    """('right', 'wrong' or 'unsure', the reason if unsure)."""
    text, wanted = _plain(answer), _plain(gold)
    places = [match.start() for match in re.finditer(re.escape(wanted), text)]
    if not places:
        return _without(text, wanted)
    verdicts = [_verdict_at(text, place, place + len(wanted)) for place in places]
    return next((verdict for verdict in verdicts if verdict[0] == "right"), verdicts[0])


@lru_cache(maxsize=1)
def _denial_before() -> re.Pattern[str]:
    return re.compile(any_of(word for word in languages().denies_what_follows if HAS_NO_BLANKS.search(word)))


@lru_cache(maxsize=1)
def _denial_after() -> re.Pattern[str]:
    words = [word for word in languages().denies_what_precedes if HAS_NO_BLANKS.search(word)]
    return re.compile(rf".{{0,4}}?(?:{any_of(words)})")


def _plain(text: str) -> str:
    """Folded, in lower case, without blanks beside letters of these scripts, quotes and final punctuation."""
    text = re.sub(r"[\"'「」『』()（）]", "", fold(text).lower())
    return " ".join(text.split()).strip(" .。!！")


def _without(text: str, wanted: str) -> tuple[Verdict, str]:
    pairs = {wanted[i : i + 2] for i in range(len(wanted) - 1)}
    if any(pair in text for pair in pairs):
        return "unsure", "it shares letters with the accepted answer"
    if not HAS_NO_BLANKS.search(text) and re.search(r"[a-z]", text):
        return "unsure", "it is in another script"
    return "wrong", ""


def _verdict_at(text: str, start: int, end: int) -> tuple[Verdict, str]:
    clause_start = max((match.end() for match in _CLAUSE.finditer(text, 0, start)), default=0)
    after_clause = _CLAUSE.search(text, end)
    clause_end = after_clause.start() if after_clause else len(text)
    before, after = text[clause_start:start], text[end:clause_end]
    denied = _denial_before().search(before)
    if (denied and (len(denied[0]) > 1 or len(before) - denied.end() <= 2)) or _denial_after().match(after):
        return "wrong", ""
    if denied:  # 不 and 無 are parts of words too
        return "unsure", "it may deny the accepted answer"
    if text[end : end + 1] in ("?", "？"):
        return "unsure", "it repeats the accepted answer as a question"
    if re.match(r"(?:또는|或者?|または|หรือ|か(?=\w))", after.strip()) or re.search(
        r"(?:또는|或者?|または|หรือ)$", before.strip()
    ):
        return "wrong", ""
    if re.match(r"[和与與及跟、と]|そして|및|과 |와 ", after):
        return "unsure", "the accepted answer is one of several"
    first, last = script_of(text[start]), script_of(text[end - 1])
    if not _KANA.search(text) and end - start >= 2 and first == last == "han":
        return "right", ""  # Chinese: nearly every word stands between others of the same script
    if first and before and script_of(before[-1]) == first and before[-1] not in _BEFORE and first != "other":
        return "unsure", "the accepted answer could be part of another word"
    if text[start].isdigit() and re.search(r"\d[.,]?$", before):
        return "wrong", ""
    goes_on = after[:1] and script_of(after[0]) == last and last in ("han", "katakana") and after[0] not in _AFTER
    return ("unsure", "the accepted answer could be part of another word") if goes_on else ("right", "")
