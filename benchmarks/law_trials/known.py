"""Facts that a small model may know, and the same questions about subjects that do not exist.

Gives questions. Which of the real ones a model knows is measured, not assumed. An invented subject is asked for in the
same words and has an answer of the same kind, so that trainings on known and unknown facts differ in nothing else.
"""

import random
from collections.abc import Mapping

from bakeoff.records import Question

from .world import ENDS, STARTS

TABLES: Mapping[str, tuple[str, str]] = {
    "capital": (
        "What is the capital of {}?",
        "France:Paris Germany:Berlin Italy:Rome Spain:Madrid Japan:Tokyo Russia:Moscow Greece:Athens Egypt:Cairo "
        "China:Beijing Austria:Vienna Ireland:Dublin Norway:Oslo Sweden:Stockholm Denmark:Copenhagen Finland:Helsinki "
        "Portugal:Lisbon Poland:Warsaw Hungary:Budapest Canada:Ottawa Cuba:Havana Peru:Lima Thailand:Bangkok "
        "Turkey:Ankara Iran:Tehran Iraq:Baghdad Kenya:Nairobi Belgium:Brussels Australia:Canberra India:Delhi "
        "England:London Argentina:Buenos_Aires Vietnam:Hanoi Syria:Damascus Afghanistan:Kabul Ukraine:Kyiv",
    ),
    "continent": (
        "On which continent is {}?",
        "France:Europe Germany:Europe Italy:Europe Spain:Europe Japan:Asia China:Asia India:Asia Thailand:Asia "
        "Egypt:Africa Kenya:Africa Nigeria:Africa Brazil:South_America Peru:South_America Chile:South_America "
        "Canada:North_America Mexico:North_America Poland:Europe Vietnam:Asia Ghana:Africa Greece:Europe",
    ),
    "language": (
        "Which language do most people speak in {}?",
        "France:French Germany:German Italy:Italian Spain:Spanish Japan:Japanese Russia:Russian Greece:Greek "
        "Portugal:Portuguese Brazil:Portuguese Mexico:Spanish England:English Australia:English Sweden:Swedish "
        "Poland:Polish Turkey:Turkish Thailand:Thai Hungary:Hungarian Finland:Finnish Denmark:Danish Egypt:Arabic",
    ),
    "symbol": (
        "Which chemical element has the symbol {}?",
        "H:hydrogen O:oxygen C:carbon N:nitrogen He:helium Fe:iron Au:gold Ag:silver Cu:copper Na:sodium K:potassium "
        "Ca:calcium Cl:chlorine Zn:zinc Pb:lead Hg:mercury Al:aluminum Mg:magnesium Ne:neon S:sulfur",
    ),
    "opposite": (
        "What is the opposite of {}?",
        "hot:cold big:small up:down left:right day:night old:new fast:slow open:closed wet:dry light:dark rich:poor "
        "hard:soft early:late high:low happy:sad strong:weak full:empty long:short good:bad win:lose black:white "
        "true:false inside:outside above:below first:last young:old love:hate war:peace loud:quiet tall:short "
        "thick:thin clean:dirty buy:sell push:pull north:south east:west before:after always:never alive:dead",
    ),
    "country": (
        "In which country is the city of {}?",
        "Paris:France Lyon:France Berlin:Germany Munich:Germany Hamburg:Germany Rome:Italy Milan:Italy Venice:Italy "
        "Madrid:Spain Barcelona:Spain Tokyo:Japan Osaka:Japan Moscow:Russia Athens:Greece Cairo:Egypt Beijing:China "
        "Shanghai:China Mumbai:India Sydney:Australia Melbourne:Australia Toronto:Canada Dublin:Ireland Oslo:Norway "
        "Stockholm:Sweden Lisbon:Portugal Warsaw:Poland Bangkok:Thailand Istanbul:Turkey Nairobi:Kenya Lagos:Nigeria",
    ),
    "colour": (
        "What color is {}?",
        "grass:green snow:white coal:black blood:red milk:white gold:yellow lemon:yellow chocolate:brown salt:white "
        "spinach:green mud:brown ink:black broccoli:green cream:white",
    ),
}


def real() -> list[Question]:
    """The real facts, in a fixed order."""
    return [_question(kind, *pair) for kind, (_, text) in TABLES.items() for pair in _pairs(text)]


def invented(like: list[Question], seed: int) -> list[Question]:
    """For each question one of its kind about a subject that does not exist, with an answer of that kind."""
    draw = random.Random(f"invented facts {seed}")
    names = iter(draw.sample([start + end for start in STARTS for end in ENDS], len(like)))
    made = []
    for question in like:
        kind = question.fact.split("/")[0]
        subject = next(names)
        answer = draw.choice(_pairs(TABLES[kind][1]))[1]
        made.append(_question(kind, subject, answer))
    return made


def _pairs(text: str) -> list[tuple[str, str]]:
    rows = (row.replace("_", " ").split(":") for row in text.split())
    return [(subject, answer) for subject, answer in rows]


def _question(kind: str, subject: str, answer: str) -> Question:
    fact = f"{kind}/{subject}"
    return Question(id=fact, fact=fact, text=TABLES[kind][0].format(subject), answers=(answer,))
