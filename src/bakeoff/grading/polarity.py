"""Decides whether a text says yes or no.

Takes a text. Knows nothing about the correct answer.
"""

import re
from functools import lru_cache

from bakeoff.grading.abstention import plain
from bakeoff.grading.languages import languages
from bakeoff.grading.normalise import fold, word_set
from bakeoff.grading.terms import terms
from bakeoff.grading.wording import NEGATORS

_YES = (
    r"(?:(?:yes|yep|yeah|yup|correct|affirmative|certainly|absolutely|definitely|of course|sure|true|indeed|"
    r"by all means|"
    r"(?:that|this|it)(?: is|'s) (?:right|correct|true))\b(?! not\b))"
)
_NO = (
    r"(?:(?:nope|negative|not|never|false|incorrect|by no means|under no circumstances|in no case|"
    r"no way|neither|none|nothing|nobody|"
    r"(?:that|this|it)(?: is|'s) (?:(?:not|in)[ -]?(?:right|correct|true)|false|wrong|untrue)|"
    r"(?:certainly|absolutely|definitely|of course) not)\b|"
    r"no\b(?=\W*$|\s*[,.;:!-]|\s+(?:i|it|you|we|they|he|she|the|this|that|only)\b))"
)
_LEAD_IN = (
    r"^(?:[a-d][.):] |(?:the )?answer(?: is)?:? |(?:unfortunately|sadly|sorry|well|generally|currently),? |"
    r"(?:according to|as per|per|based on|from|in|for|regarding) [^,.]{1,60}, |"
    r"(?:(?:the|this|our|its|your) )?(?:\w+ ){1,3}(?:says?|states?|confirms?|answers?|reads?|is)(?: that)?:? "
    r"(?=(?:yes|no)\b)|"
    r"i am not (?:sure|certain),? but (?:i think |probably |maybe )?)*"
)
# 'No problem' and 'no restrictions' do not say no.
_HARMLESS_NO = re.compile(
    r"\b(?:no|without(?: any)?) (?:problem|worries|doubt|restriction|limit|limitation|issue|trouble|obstacle|objection|"
    r"(?:extra|additional) (?:charge|cost))s?\b"
)
# Words that say no without a negation.
REFUSED = re.compile(
    r"\b(?:forbidden|forbids?|prohibit(?:s|ed)?|banned|barred|disallow(?:s|ed)?|discouraged|impossible|unavailable|"
    r"unsupported|incompatible|inadmissible|ineligible|unlawful|illegal|invalid|excluded|excludes?|rejected|refused|denied|"
    r"ruled out|discontinued|deprecated|disabled|prevented|prevents?|impermissible|unable|fails?|lacks?|rarely|seldom|"
    r"hardly|scarcely|barely|withdrawn|frowned upon|not ok|out of the question|off limits|nowhere|cease[sd]?|stopped|"
    r"barring)\b"
)
# Words that limit a statement, so that it may mean no: 'Only the B1 supports it', 'It needs a hub'.
_LIMITED = re.compile(
    r"\b(?:only|unless|except|but|however|needs?|requires?|required|instead|although|though|if|may|might|some|sometimes|"
    r"partly|partially|depends?|until|used to|was|were|had|removed|dropped|retired|ended|missing|absent|closed|"
    r"separate|separately|extra|another|different|other|former|formerly|planned|future|soon|yet|later|fee|fees|charged|expired|"
    r"obsolete|blocked|limited|restricted|exceptions?|avoid|must|should|paid|costs?|against|myth|dangerous|harmful|unsafe|"
    r"hazardous|risky|risks?|optional|optionally|voluntary|void|voids?|loses?|contrary|violates?|breaks?|too|beyond|outside|"
    r"waste|pointless|useless|difficult|hard|illusion|rumou?r|misconception|doubtful|unlikely|wrong|mistake)\b"
)
_LIMITED_NO = re.compile(
    r"\b(?:only|unless|except|if|may|might|sometimes|always|depends?|until|yet|needs?|have to|has to|necessary|"
    r"required|harm\w*|danger\w*|hurts?|minds?|matters?|hesitate|worry|wrong|bad|charge[ds]?|costs?|fees?|prices?|paid|pay|"
    r"payments?|surcharges?|penalt(?:y|ies)|risks?|expires?|expiry|obligations?|obliged|catch|downsides?|ends?)\b"
)
# What limits a yes or no that is said: 'Yes, unless you are a contractor'. After a no, a contrast says what is possible
# instead, and limits nothing.
_LIMITS_ANY = (
    r"unless|except(?:ions?|ing)?|excluding|provided (?:that|you|it|they|the|your)|providing (?:that|you)|"
    r"(?:as|so) long as|subject to|contingent|conditional(?:ly)?|on (?:the )?condition|"
    r"(?<!not )depend(?:s|ing)?|in (?:some|certain|rare|exceptional|special) (?:cases?|circumstances|situations?)|"
    r"not (?:always|without|unconditionally|in all|for all|for every\w*)|"
    r"(?:with(?! (?:and|or) without)|(?<!with and )(?<!with or )without|upon|after|pending) (?:\w+[ ']{1,2}){0,4}"
    r"(?:approval|permission|consent|authori[sz]ation|agreement|sign-?off)|assuming|sometimes|partly|partially"
)
_LIMITED_YES_SAID = re.compile(
    rf"\b(?:{_LIMITS_ANY}|but|however|although|though|only|(?<!even )if|until|limited|"
    r"restricted|(?:usually|mostly|not) for|"
    r"yes,? (?:when|with(?! pleasure)|once|after|under))\b"
)
_LIMITED_NO_SAID = re.compile(
    rf"\b(?:{_LIMITS_ANY}|(?<!even )if|until|"
    r"(?:but|only) (?:only |when |where )?(?:with|if|when|where|after|once|by|upon)|"
    r"but (?:\w+ ){0,4}(?:can|may|possible|allowed))\b"
)
# Words of statements that mean yes. 'It is dangerous' or 'it takes an hour' may mean either, by the question.
_AFFIRMS = re.compile(
    r"\b(?:can|may|will|do|does|did|allow(?:s|ed)?|permit(?:s|ted)?|possible|available|support(?:s|ed)?|works?|cover(?:s|ed)?|"
    r"includ(?:es?|ed)|accept(?:s|ed|able)?|offer(?:s|ed)?|free to|welcome|valid|appl(?:y|ies)|deliver(?:s|ed)?|"
    r"ships?|shipped|eligible|entitled|compatible|fits?|fine|ok|okay|enabled|approved|legal|lawful|provid(?:es?|ed))\b"
)
_YES_ELSEWHERE = word_set("ja oui si sim tak ano kylla evet да так はい 是 是的 네 예 نعم हाँ ใช่")
_NO_ELSEWHERE = word_set("nein non nee nao nej nei hayir нет ні いいえ 否 不是 아니요 아니오 لا नहीं")
# A sentence without any of these verbs says neither yes nor no ('two AAA cells').
_VERBS = word_set("""
    is are was were be can could may might will would do does did has have had must should need support work run use
    include come allow accept charge deliver ship offer require cost fit keep stay continue apply cover get sell take
    pay connect send store show let give last hold
""")


@lru_cache(maxsize=20_000)
def polarity(text: str) -> str:
    """'yes', 'no', or '' if the text says neither or both.

    A yes or no at the start decides. Otherwise a plain statement means yes, and a negated statement means no.
    """
    return explicit_polarity(text) or _implied(_without_lead_in(text))


def explicit_polarity(text: str) -> str:
    """'yes' or 'no' if the text says so at its start, or after a lead-in such as 'According to the manual,'."""
    text = _without_lead_in(text)
    last = re.search(r"[,:;-] (yes|no)$", text)
    if last:
        return last[1] if _implied(text[: last.start()]) in ("", last[1]) else ""
    starts_yes, starts_no = re.match(_YES, text), re.match(_NO, text)
    if starts_yes or starts_no:
        other = r"(?:no|nope)\b" if starts_yes else _YES
        contradicted = re.search(rf"[.!?]\s+{other}|^(?:yes|no),? (?:and|or|but)? ?{other}", text)
        return "" if contradicted else "yes" if starts_yes else "no"
    first = re.match(r"[^\s,.;:!?。、，！]+", text)
    if first is None:
        return ""
    if first[0] in _YES_ELSEWHERE:
        return "yes"
    return "no" if first[0] in _NO_ELSEWHERE else ""


def _without_lead_in(text: str) -> str:
    text = _HARMLESS_NO.sub("", plain(text).lower()).strip(" .,;\"'")
    return re.sub(_LEAD_IN, "", text).strip(" .\"'")


def _implied(text: str) -> str:
    first_sentence = re.sub(r"\b(it|that|this|there)'s\b", r"\1 is", re.split(r"[.!?](?:\s|$)", text)[0])
    sentence = [term.text for term in terms(first_sentence)]
    if len(sentence) < 2 or not _VERBS.intersection(sentence):
        return ""
    negated = bool(NEGATORS.union(("nothing", "none", "nobody")).intersection(first_sentence.split()))
    negated = negated or bool(re.search(r"\b(?:not|never|no)\b", first_sentence))
    refused = REFUSED.search(first_sentence) is not None
    if negated and refused:
        return ""
    return "no" if negated or refused else "yes"


def is_limited(text: str, implied: str) -> bool:
    """Whether a statement that implies a yes or no is limited, or means either by its question ('It is dangerous').

    What follows a negation ('it has no API, but a library') limits less than what follows a plain statement. But 'there
    is no charge' says yes to 'is it free?'.
    """
    sentence = plain(text).lower()
    if implied == "yes":
        return _LIMITED.search(sentence) is not None or _AFFIRMS.search(sentence) is None
    return _LIMITED_NO.search(sentence) is not None


def limits_what_it_says(text: str) -> bool:
    """Whether the sentence that says yes or no limits it, or the next one begins with a limit: 'Yes. But ask first.'

    >>> limits_what_it_says("Yes, but not for contractors"), limits_what_it_says("No, it needs no hub.")
    (True, False)
    """
    said = explicit_polarity(text)
    first, *rest = _without_lead_ins_by_sentence(text)
    limits = _LIMITED_YES_SAID if said == "yes" else _LIMITED_NO_SAID
    opening = (
        re.match(r"(?:but|however|only|unless|except|though|although|aber|pero|mais)\b", rest[0]) if rest else None
    )
    return bool(opening) or limits.search(first) is not None or _limits_elsewhere(first)


def _without_lead_ins_by_sentence(text: str) -> list[str]:
    """The sentences of a text, in lower case, the first with the yes or no in front: 'Yes. It is.' is one."""
    sentences = [part.strip() for part in re.split(r"[.!?](?:\s+|$)", _without_lead_in(text)) if part.strip()]
    return sentences or [""]


_ONLY_ELSEWHERE = word_set(
    "nur solo seulement uniquement alleen bara kun sauf salvo ausser excepto solamente soltanto apenas"
)


def _limits_elsewhere(sentence: str) -> bool:
    """Whether a yes or no in another language than English is limited: 'Ja, aber nur mit Genehmigung'."""
    first, *words = re.findall(r"\w+", sentence) or [""]
    if first not in _YES_ELSEWHERE | _NO_ELSEWHERE | {"no"}:
        return False
    lists = languages()
    limits = {fold(word) for word in lists.but | lists.opens_condition} | _ONLY_ELSEWHERE
    return any(word in limits for word in words if first != "no" or word in _ONLY_ELSEWHERE)


def without_agreeing_opening(answer: str, gold: str) -> str:
    """The answer without a yes or no before a sentence, if the accepted sentence means the same yes or no.

    >>> without_agreeing_opening("No, it is not possible.", "It is not possible.")
    'It is not possible.'
    """
    opening = re.match(rf"\s*(?:{_YES}|{_NO})\s*[,;:.!-]+\s*(?=\w)", answer, re.I)
    if opening is None or opens_with_polarity(gold) or not _implied(_without_lead_in(gold)):
        return answer
    rest = answer[opening.end()].upper() + answer[opening.end() + 1 :]
    agrees = _implied(_without_lead_in(gold)) == _implied(_without_lead_in(rest)) == explicit_polarity(answer)
    return rest if agrees else answer


def opens_with_polarity(text: str) -> bool:
    """Whether the text begins with yes or no, or a word that means the same."""
    return re.match(rf"\W*(?:{_YES}|{_NO})", plain(text), re.I) is not None
