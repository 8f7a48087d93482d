"""What a reviewer must see before a user's correction is believed.

Takes a correction with its question, other corrections, known questions and the documents. Gives flags in words. A flag
decides nothing: it is shown, and a flagged correction is never filled in. Knows no log.
"""

# ruff: noqa: E501 (a pattern stays on one line)

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from bakeoff.learn.review.vocabulary import Vocabulary
from bakeoff.questions.facts.near_copies import NEAR_COPY, similar_pairs
from bakeoff.questions.facts.same_answer import content_words
from bakeoff.questions.facts.same_gold import same_answers
from bakeoff.records import Question

Kind = Literal["instruction", "address", "repeated", "contradiction", "not in the documents"]
MANY = 4
"""The same correction under so many different questions is odd."""
MOST_SHOWN = 160

_GAP = r"[\s\W]+(?:[^\W]+[\s\W]+){0,3}"
_INSTRUCTIONS = re.compile(
    "|".join(
        pattern.replace(" ", r"[\s\W]+").replace("_", _GAP)
        for pattern in (
            # English
            r"\b(?:ignore|disregard|forget|override)_(?:instructions?|prompts?|rules|guidelines|context|above|documents)\b",
            r"\b(?:ignore|disregard|forget) (?:all|everything|the|what)_(?:above|before|previous|prior)\b",
            r"\b(?:always|never|only|from now on|henceforth)_(?:answer|reply|respond|say|tell|mention|recommend|include|link)\b",
            r"\b(?:system|developer) (?:prompt|message|instructions?)\b",
            r"\byou (?:are|must) now\b",
            r"\byou (?:must|should|have to|will)_(?:answer|reply|respond|say|tell|mention|recommend)\b",
            r"\b(?:act|pretend|behave) (?:as|like|to be)\b",
            r"\b(?:answer|reply|respond)_(?:every|all|any) questions?\b",
            # German
            r"\b(?:ignorier|vergiss|missachte|vergesse)\w*_(?:anweisung|anweisungen|vorgaben|regeln|prompts?|dokumente|alles)\b",
            r"\b(?:antworte|antworten sie|sage|sagen sie|empfiehl|empfehlen sie|nenne|nennen sie)_(?:immer|stets|nur|nie|niemals)\b",
            r"\b(?:immer|stets|ab jetzt|von nun an)_(?:antworten|antworte|sagen|empfehlen|nennen)\b",
            r"\bsystem ?(?:prompt|anweisung|nachricht)\w*\b",
            r"\bdu (?:bist|musst) (?:jetzt|nun|ab jetzt)\b",
            # French
            r"\b(?:ignore[rz]?|oublie[rz]?|neglige[rz]?|n[ée]glige[rz]?)_(?:instructions?|consignes?|r[èe]gles|prompts?|documents)\b",
            r"\b(?:r[ée]pond[sre]*|r[ée]pondez|dis|dites|recommande[rz]?|mentionne[rz]?)_(?:toujours|jamais|uniquement|seulement)\b",
            r"\b(?:toujours|d[ée]sormais|dor[ée]navant|[àa] partir de maintenant)_(?:r[ée]pondre|r[ée]ponds|r[ée]pondez|dire|recommander)\b",
            r"\b(?:invite|prompt|message|instructions?) (?:du )?syst[èe]me\b",
            r"\btu (?:es|dois) (?:maintenant|d[ée]sormais)\b",
            # Spanish
            r"\b(?:ignor[ae]|ignorar|ignoren?|olvid[ae]|olvidar|descarta)_(?:instrucci[óo]n|instrucciones|indicaciones|reglas|prompts?|documentos)\b",
            r"\b(?:responde[r]?|responda|contesta[r]?|di|diga|recomienda|menciona)_(?:siempre|nunca|solo|s[óo]lo|[úu]nicamente)\b",
            r"\b(?:siempre|nunca|desde ahora|a partir de ahora)_(?:responde[r]?|responda|contesta[r]?|di|diga|recomienda)\b",
            r"\b(?:mensaje|prompt|instrucciones) (?:de |del )?sistema\b",
            r"\b(?:ahora eres|eres ahora|debes ahora)\b",
            # control tokens and roles of chat templates
            r"<\|\w+\|?>?",
            r"\[/?inst\]",
            r"(?:^|\n)\s*(?:system|assistant|user) ?:",
        )
    ),
    re.IGNORECASE,
)
_WEB = re.compile(
    r"(?:\bhttps?://|\bwww\.)[^\s<>\"')\]]+|\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|de|fr|es|shop|info|ru|cn)\b(?:/\S*)?",
    re.I,
)
_MAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
_PHONE = re.compile(r"(?<![\w.,/-])(?:\+\d{1,3}[\s./-]?)?(?:\(\d{1,5}\)[\s./-]?)?\d{2,5}(?:[\s/-]\d{2,5}){1,4}(?![\w])")
MOST_DIGITS, FEWEST_DIGITS = 15, 7
"""Of a telephone number. Source: ITU-T E.164."""


class Flag(NamedTuple):
    """A warning in a sentence."""

    kind: Kind
    sentence: str


def instructions(text: str) -> list[str]:
    """The phrases with which a text tries to instruct a model, in English, German, French or Spanish."""
    return [" ".join(match.group().split()) for match in _INSTRUCTIONS.finditer(text)]


def addresses(text: str) -> list[str]:
    """Web addresses, e-mail addresses and telephone numbers in a text."""
    mails = [match.group() for match in _MAIL.finditer(text)]
    rest = _MAIL.sub(" ", text)
    webs = [match.group().rstrip(".,;:!?") for match in _WEB.finditer(rest)]
    phones = [match.group().strip() for match in _PHONE.finditer(_WEB.sub(" ", rest))]
    return [*webs, *mails, *(phone for phone in phones if _is_phone(phone))]


def _is_phone(text: str) -> bool:
    """Whether digits in groups are a telephone number and not a date: 2024-05-31 is one."""
    n_digits = sum(c.isdigit() for c in text)
    return FEWEST_DIGITS <= n_digits <= MOST_DIGITS and not re.fullmatch(
        r"\d{4}-\d{2}-\d{2}|\d{1,2}[-/]\d{1,2}[-/]\d{4}", text
    )


def flags_of(
    question: str,
    correction: str,
    n_questions: int,
    others: Mapping[str, str],
    known: Sequence[Question],
    documents: Vocabulary,
) -> list[Flag]:
    """The flags of a correction.

    `n_questions` is under how many different questions it was given, `others` are corrections of other answers with their
    questions, (question, correction) by id; `known` are questions whose answers are known from the documents.
    """
    return [
        *_of_text(correction, n_questions, documents),
        *_contradictions(question, correction, others, known),
        *_unfounded(correction, documents),
    ]


def _of_text(correction: str, n_questions: int, documents: Vocabulary) -> list[Flag]:
    found = []
    phrases = instructions(correction)
    if phrases:
        found.append(Flag("instruction", f"It tries to instruct the model: “{_short(phrases[0])}”."))
    unknown = [address for address in addresses(correction) if not documents.holds(address)]
    if unknown:
        found.append(Flag("address", f"It names an address that no document holds: {_short(unknown[0])}."))
    if n_questions >= MANY:
        found.append(Flag("repeated", f"The same text was given under {n_questions} different questions."))
    return found


def _contradictions(question: str, correction: str, others: Mapping[str, str], known: Sequence[Question]) -> list[Flag]:
    """What other users, or the documents, say to the same question."""
    mine = Question(id="", text=question, fact="", answers=(correction,))
    found = []
    for other in _same_question(mine, known):
        if not same_answers(mine, other):
            answer = other.answers[0] if other.answers else "no answer"
            found.append(Flag("contradiction", f"The known answer to “{_short(other.text)}” is: {_short(answer)}."))
            break
    given = [Question(id=text, text=asked, fact="", answers=(text,)) for text, asked in others.items()]
    different = [other.answers[0] for other in _same_question(mine, given) if not same_answers(mine, other)]
    if different:
        found.append(Flag("contradiction", f"Another correction of the same question says: {_short(different[0])}."))
    return found


def _same_question(mine: Question, others: Sequence[Question]) -> list[Question]:
    """Those that ask the same in nearly the same words: 'of Aldra' is not 'of Borun'."""
    wanted = content_words(mine.text)
    pairs = similar_pairs([mine.text], [other.text for other in others], NEAR_COPY)
    return [others[j] for _, j, _ in pairs if content_words(others[j].text) == wanted]


def _unfounded(correction: str, documents: Vocabulary) -> list[Flag]:
    if documents.says(correction):
        return []
    return [Flag("not in the documents", "No document says this.")]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"
