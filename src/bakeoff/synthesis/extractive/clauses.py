"""Questions from one sentence: definitions, amounts, dates, materials and names.

Takes an English sentence, gives questions with answers that are words of it. A sentence is used only if it begins with
its subject (or with the verb of an instruction) and has a verb that is known here: turning others into a question needs
a parser, and goes wrong too often without one.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from bakeoff.synthesis.extractive.amounts import AMOUNT, is_amount, wanted
from bakeoff.synthesis.extractive.places import Asked

LONGEST_SENTENCE, LONGEST_SUBJECT, LONGEST_ANSWER = 40, 9, 14  # words
AUXILIARIES = ("can", "may", "must", "should", "will", "is", "are", "was", "were")
# fmt: off
VERBS = {
    "lasts": "last", "costs": "cost", "takes": "take", "weighs": "weigh", "holds": "hold", "uses": "use",
    "needs": "need", "runs": "run", "keeps": "keep", "contains": "contain", "supports": "support", "allows": "allow",
    "covers": "cover", "starts": "start", "ends": "end", "opens": "open", "closes": "close", "stays": "stay",
    "remains": "remain", "handles": "handle", "reaches": "reach", "sends": "send", "measures": "measure",
    "goes": "go", "has": "have", "includes": "include", "expires": "expire", "waits": "wait", "stops": "stop",
    "begins": "begin", "reports": "report", "stores": "store", "draws": "draw", "offers": "offer", "adds": "add",
    "counts": "count", "requires": "require", "fits": "fit", "lists": "list", "works": "work", "arrives": "arrive",
    "dims": "dim", "returns": "return", "pays": "pay", "delivers": "deliver", "receives": "receive",
}
BASE = {*VERBS.values(), "get", "give", "answer", "reply"}
IMPERATIVES = (
    "hold", "press", "wait", "keep", "let", "leave", "charge", "allow", "answer", "refuse", "mount", "place", "put",
    "send", "return", "pay", "cut", "drill", "use", "set", "run", "store", "turn", "air", "report", "expect",
)
HOW_TO = frozenset({
    *IMPERATIVES, "add", "adjust", "append", "apply", "attach", "avoid", "build", "call", "change", "check", "choose",
    "clear", "click", "compile", "configure", "connect", "contact", "convert", "copy", "create", "define", "delete",
    "direct", "disable", "download", "edit", "enable", "enter", "exclude", "export", "find", "fix", "get",
    "go", "grant", "import", "include", "install", "lift", "limit", "list", "load", "log", "look", "make", "modify",
    "move", "open", "override", "pass", "pick", "plug", "prevent", "print", "provide", "pull", "push", "read",
    "rebuild", "register", "remove", "rename", "replace", "request", "reset", "restart", "restore", "restrict",
    "save", "scan", "screw", "see", "select", "show", "specify", "start", "stop", "switch", "take", "tap", "test",
    "type", "unlock", "unplug", "update", "upgrade", "upload", "verify", "view", "visit", "write",
})
"""Verbs of instructions: what is done, and what it is done for."""
_NOT_A_SUBJECT = {
    "it", "they", "this", "that", "these", "those", "there", "he", "she", "which", "what", "who", "if", "when",
    "after", "before", "for", "in", "on", "at", "to", "with", "as", "by", "during", "once", "until", "while",
    "because", "from", "up", "where", "how", "not", "no", "only", "but", "and", "or", "so", "then", "since",
    "without", "within", "under", "over", "unless", "although", "though", "both", "neither", "one", "here", "i",
    "nothing", "their", "its", "his", "her", "such", "other", "another",
}
_POINTS = {"that", "which", "who", "if", "when", "it", "not", "this", "these", "those", "there"}
# fmt: on
ARTICLES = {"the", "a", "an", "each", "every", "your", "our", "all", "most", "some", "any"}
_NAMED = re.compile(
    r"^(called|named|made of|powered by|located in|based in|stored in|sold in|written in|made in)\s+(.+)$"
)
OPEN = re.compile(r"\b(?:you|we|us|they|them|these|those|i)\b", re.I)
_HIDES = re.compile(
    r",|\b(?:when|if|that|which|who|until|and|or|since)\b|±$|\bx$"
    r"|\b(?:than|between|from|not|of|a|an|the|its|their|past|less|least|most)$"
    r"|\b(?:the|its|our|your) (?:last|next|first|same)$",
    re.I,
)
"""Words before an amount that say that it belongs to something else, or that hide what it belongs to."""
_BEHIND = re.compile(r"(?:after|before|above|below|ahead of)\b")
_GOES_ON = re.compile(
    r"(?:after|before|above|below|for|in|on|at|if|when|while|until|from|with|during|within|without|under|over|as|"
    r"unless|once|through|since|via|because)\b(?! steps)"
)
"""What may follow an amount. Anything else goes on with it ('7 °C to 28 °C') or is described by it ('12 V adapter')."""
_CLAUSE = re.compile(r"[;()]|:(?:\s|$)|\s[–—-]\s")
CODE = re.compile(r"[a-z][\w+]*(?:[-_./][\w-]+|\d\w*)+")
"""A name in small letters that can begin a sentence: 'gpg-agent', 'ssh_config'."""


class _Clause(NamedTuple):
    """A sentence cut at its verb. `does` is the auxiliary of a question, `verb` the verb behind the subject there."""

    subject: str
    does: str
    verb: str
    rest: str


def asked_of_sentence(sentence: str) -> Iterator[Asked]:
    """The questions of a sentence, none if no rule fits it."""
    words = sentence.split()
    if not 3 <= len(words) <= LONGEST_SENTENCE or sentence[-1:] in "?:" or _CLAUSE.search(sentence):
        return
    clause = _clause(words) or _instruction(words)
    if clause is None:
        return
    yield from _amounts(clause)
    if clause.does in ("is", "are", "was", "were") and clause.verb == "":
        yield from _copula(clause)


def _clause(words: list[str]) -> _Clause | None:
    """The sentence with the verb that follows its subject."""
    for at, word in enumerate(words[1 : LONGEST_SUBJECT + 1], 1):
        subject, rest = words[:at], " ".join(words[at + 1 :])
        if word in AUXILIARIES:
            does, verb = word, ""
        elif word in VERBS and word not in ("reports", "starts", "stops", "counts", "lists", "returns", "adds"):
            does, verb = "does", VERBS[word]
        elif word in BASE and (words[0].lower() in ("you", "we") or is_plural(subject)):
            does, verb = "do", word
        else:
            continue
        return _Clause(subject_of(subject), _agreeing(does, subject), verb, rest) if is_subject(subject) else None
    return None


def _instruction(words: list[str]) -> _Clause | None:
    """An instruction as what the reader does: 'Hold the button for 10 seconds' -> 'I hold the button ...'."""
    if words[0].lower() not in IMPERATIVES or len(words) < 4:
        return None
    return _Clause("I", "do", words[0].lower(), " ".join(words[1:]))


def _agreeing(does: str, subject: list[str]) -> str:
    """The auxiliary for the one who asks: 'you are' is asked as 'am I', 'we were' as 'were you'."""
    return "am" if does == "are" and [word.lower() for word in subject] == ["you"] else does


def is_plural(subject: list[str]) -> bool:
    return subject[-1].endswith("s") and subject[0].lower() not in ("a", "an", "each", "every")


def is_subject(words: list[str]) -> bool:
    """Whether these words can only be a noun phrase: they begin as one, and hold no comma and no other clause."""
    first = words[0].lower()
    if first in _NOT_A_SUBJECT or not (words[0][0].isupper() or CODE.fullmatch(words[0])):
        return False
    inner = {word.lower().strip(",.") for word in words[1:]}
    if any(word.endswith((",", ".")) for word in words) or inner & _POINTS:
        return False
    if first in ("you", "we"):
        return len(words) == 1
    return first in ARTICLES or len(words) <= 6


def asker(text: str) -> str:
    """Words of the document as the one who asks says them: 'your' is 'my', 'our' is 'your', 'we' is 'you'.

    >>> asker("Your first order"), asker("We"), asker("You")
    ('my first order', 'you', 'I')
    """
    swapped = {"your": "my", "our": "your", "we": "you", "you": "I"}
    words = [swapped.get(word.lower(), word) for word in text.split()]
    return " ".join(words)


def subject_of(words: list[str]) -> str:
    """The subject within a sentence: with a small letter, unless it is a name.

    >>> subject_of(["Late", "payment"]), subject_of(["Care", "Plus"]), subject_of(["The", "dial"])
    ('late payment', 'Care Plus', 'the dial')
    """
    is_name = any(re.search(r"[A-Z0-9]", word) for word in words[1:]) or re.search(r"\d|[A-Z]{2}", words[0])
    is_common = len(words) > 1 or words[0].endswith("s")
    if words[0].lower() in ARTICLES or (is_common and not is_name and words[0].lower() not in ("you", "we")):
        words = [words[0][0].lower() + words[0][1:], *words[1:]]
    return asker(" ".join(words))


def _amounts(clause: _Clause) -> Iterator[Asked]:
    """A question for the first amount or date behind the verb, if nothing before it hides what it belongs to."""
    match = next((match for match in AMOUNT.finditer(clause.rest) if is_amount(match)), None)
    if match is None:
        return
    before, after = clause.rest[: match.start()], clause.rest[match.end() :].strip()
    begin = wanted(before, match)
    if begin is None or _HIDES.search(begin.before.strip()) or (clause.verb == "have" and match["time"]):
        return
    follows = _cut(after)
    if follows is None or OPEN.search(f"{begin.before} {follows}"):
        return
    if clause.subject == "I" and not begin.before.strip() and not follows:
        return  # 'Wait for one hour' alone asks about nothing
    words = [clause.does, clause.subject, clause.verb, asker(begin.before)]
    is_distance = begin.is_bare and _BEHIND.match(follows)
    words = [begin.begins, asker(follows), *words] if is_distance else [begin.begins, *words, asker(follows)]
    yield Asked(" ".join(filter(None, words)) + "?", begin.answer, "amount", begin.kind)


def _cut(after: str) -> str | None:
    """What follows an amount up to the next comma; None if the amount goes on there ('7 °C to 28 °C', '2 or 3')."""
    after = re.split(r",\s", after.rstrip(".!"))[0].strip()
    if after and not _GOES_ON.match(after):
        return None
    return after if len(after.split()) <= 12 else None


def _copula(clause: _Clause) -> Iterator[Asked]:
    """What something is, is called, or is made of."""
    rest = clause.rest.rstrip(".!")
    if OPEN.search(rest) or clause.subject in ("I", "you"):
        return
    if named := _NAMED.match(rest):
        how, answer = named[1], re.split(r",\s|\s(?:and|but|which|that|so|because)\s", named[2])[0]
        asks = "Where" if how in ("located in", "based in", "sold in", "made in", "stored in") else "What"
        verb = how.split()[0] if asks == "Where" else how
        if len(answer.split()) <= LONGEST_ANSWER:
            yield Asked(f"{asks} {clause.does} {clause.subject} {verb}?", answer, "name")
        return
    answer = re.split(r",\s|\s(?:but|so|because|unless)\s", rest)[0]
    if re.match(r",\s(?!which|so|and|but|where|who|released|because)", rest[len(answer) :]):
        return  # a list, or an address: what stands before the comma is only a part of it
    n_words = len(answer.split())
    if re.match(r"(?:the|an?) (?:one|same|kind|sort|following|latter|former)\b", answer):
        return  # that says nothing without what follows, or what stands before
    is_value = (
        re.match(r"[A-Z\"“/~$]|--?\w|\d[\w.-]*$|\w+[_/.=][\w./-]*$", answer)
        and n_words <= 6
        and clause.subject.split()[0] == "the"
    )
    is_definition = re.match(r"(?:an?|the) [a-z]", answer) and 3 <= n_words <= LONGEST_ANSWER
    if (is_value or is_definition) and not re.search(r"\b(?:not|never|only)\b", answer):
        yield Asked(f"What {clause.does} {clause.subject}?", answer, "definition")
