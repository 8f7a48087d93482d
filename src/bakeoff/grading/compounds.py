"""Whether the accepted word is only the first part of a compound noun: 'battery charger' for 'battery'.

Takes the text of an answer and the terms of the accepted answer. Knows no grammar: endings and lists of words separate
nouns from verbs, adjectives and adverbs. In doubt a word is taken for a noun, which makes the answer unsure.
"""

import re
from collections.abc import Sequence

from bakeoff.grading.normalise import fold, word_set
from bakeoff.grading.terms import stem
from bakeoff.grading.wording import FUNCTION_WORDS, Terms

# Heads that say what kind of thing the accepted one is and so change nothing: 'oak wood', 'the premium plan'.
_GENERIC = word_set("""
    company firm corporation group brand maker manufacturer organisation organization agency team department model
    plan product item type kind sort fuel tariff style class category series line range variety flavour flavor material
    fabric metal wood stone gas liquid fluid colour color version edition release variant mode setting option
    choice button key switch tab page menu screen section field folder file format size level tier subscription
    membership package system method technique approach process procedure strategy algorithm function framework
    library language protocol standard command app application software program programme platform service tool city
    town village county province state region area district country island river family tree plant animal species
    fruit dish meal drink message letter document source supply power energy content name word term
    label status condition role position job person people member user customer alone itself themselves himself
    herself device machinery form degree instance example situation event
""")
# What may follow a noun and is not the head of a compound: verbs, adverbs and adjectives, as stems.
_NO_HEADS = word_set("""
    come came go went gone get got give gave take took make made keep kept hold held need want allow let help
    include contain provide require mean meant become became remain stay seem appear happen occur exist begin began
    fall fell rise rose grow grew cost apply lie lay sit sat stand stood live die bring brought carry cause trigger
    move flow melt enter leave left reach fit serve detect measure protect ran consist belong depend lead led last
    send sent show say said tell told know knew see saw find found put hit hurt shut broke burst burnt lose lost win
    won pay paid buy bought sell sold meet met feel felt build built choose chose drove offer follow produce create
    connect ensure prevent increase decrease reduce affect improve always usually often sometimes seldom never soon
    today yesterday tomorrow tonight there here once twice again already yet still too together apart else instead
    everywhere somewhere anywhere upstairs downstairs outside inside indoors outdoors away back forward abroad home
    online offline overnight afterwards beforehand perhaps maybe quite very even ever first second next right well
    fast hard straight please thanks thank because although though unless whether where why how whose whom i he she
    him her his them us me my mine yours ours each both all any some such same other another many much several few
    little enough half double across along among against around behind beside besides beyond despite down like near
    onto off opposite past round through throughout toward towards under underneath unlike upon via without
    according per plus minus versus available possible necessary free full empty ready due able present absent safe
    new old good better best worse bad open closed warm cold hot dry wet clean dirty black white green red blue high
    low could might shall ought yes no not nor neither either
""")
# Nouns that are verbs with an s: 'the battery cover', but 'the battery covers it'.
_VERBS_WITH_S = word_set(
    "cover run use work set cut break drive support stop start charge heat cool cost end show power"
)
# Adjectives without an ending that shows it. An adjective before a noun is no compound: 'a green button'.
_ADJECTIVES = word_set("""
    red green blue yellow white black brown grey gray orange purple pink violet silver beige turquoise cyan magenta
    small medium large big tiny huge high low tall short long wide narrow deep shallow thick thin light heavy dark
    bright fast slow quick hard soft strong weak hot cold warm cool dry wet clean dirty new old young good bad great
    open closed full empty free safe rich poor cheap rough smooth flat round square sharp blunt loose tight quiet
    loud left right upper lower front rear inner outer top bottom north south east west male female human main major
    minor single double triple dual twin half whole first second third fourth fifth last next extra early late
    modern basic premium standard advanced pro plain simple complex solid rigid liquid hybrid manual remote local
    global direct indirect internal external raw pure fresh sweet sour bitter salty alive dead real fake true false
    wrong public private secret common rare strict mild severe stable static binary linear secure smart best worst
    better worse more less most least sole vintage mobile fragile hostile fertile negative positive prime super
    anonymous
""")
_ADJECTIVE = re.compile(r".{2,}(?:al|ic|ive|ous|ful|less|able|ible|ed|ary|ory|ish|ent|ant|en|ern|ese|ian|ing|ly|ular)$")
_NOUNS = word_set("""
    metal crystal hospital animal signal terminal journal capital medal pedal festival material manual mineral
    arrival fabric music traffic clinic topic plastic ceramic public garlic cable table vegetable bed seed feed weed
    speed library battery dairy diary salary factory memory history story category document cement talent patient
    student agent event parent current tent cent rent plant elephant restaurant tenant garden kitchen oxygen
    hydrogen nitrogen pen chicken children lantern pattern wing ring king spring string building wedding evening
    morning ceiling painting heating cooling bearing housing parking drive olive archive valve fish dish polish
    rubbish finish family jelly fly cheese supply assembly hive detergent component equipment payment apartment garment
    ointment pigment cabinet accident incident moment comment treatment ornament pavement basement coolant lubricant
    disinfectant sealant antifreeze kerosen linen queen screen oven token women men citizen pollen
""")
_AFTER_NOUN = FUNCTION_WORDS - word_set("""
    a an the it its this that these those you we they i your our their each every as more less most least up down out
    so also just only exactly nearly almost about however actually now later earlier
""")
_ADDRESS = re.compile(r"(?<!\S)\S+@\S+|(?:https?://|www\.)\S+")
"""An address behind a name is no head: 'Anna Berg anna@example.org'."""
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W_]+)*|\S")


def is_first_part(answer: str, gold: Terms) -> bool:
    """Whether the accepted noun stands everywhere in the answer as the first part of a compound with another head."""
    if len(gold) > 3 or not _can_modify(gold):
        return False
    words = _WORD.findall(fold(_ADDRESS.sub(",", answer)))
    first, last = gold[0].text, gold[-1].text
    ends = [k + 1 for k, word in enumerate(words) if word[0].isalpha() and stem(word) == last]
    starts = [max(0, end - len(gold)) for end in ends]
    is_name = gold[-1].capital
    return bool(ends) and all(
        (len(gold) > 1 or words[end - 1][:1].islower() or not is_name or len(words) <= 3)
        and (len(gold) == 1 or stem(words[start]) == first)
        and _has_head(words, start, end)
        for start, end in zip(starts, ends, strict=True)
    )


def _can_modify(gold: Terms) -> bool:
    """Whether the last word could be a noun before another: in the singular, neither a number nor an adjective."""
    word, written = gold[-1].text, gold[-1].written
    if not written.isalpha() or not written.isascii() or gold[-1].label or len(written) < 3 or written[1:].isupper():
        return False
    if written.lower() != word or word in FUNCTION_WORDS or word in _ADJECTIVES or word.startswith("per"):
        return False
    return word in _NOUNS or _ADJECTIVE.fullmatch(word) is None


def _has_head(words: Sequence[str], start: int, end: int) -> bool:
    """Whether the word at `end` is a noun that makes a compound with the one before it."""
    tail = []
    for word in words[end : end + 3]:
        if not word[0].isalpha() or word.lower() in FUNCTION_WORDS:
            break
        tail.append(word)
    if not tail or not _is_head(tail[0]):
        return False
    after = words[end + len(tail)] if end + len(tail) < len(words) else "."
    if after[0].isalpha() and after.lower() not in _AFTER_NOUN:
        return False
    opens = start == 0 or not words[start - 1][0].isalpha() or (start == 1 and words[0].lower() in ("a", "an", "the"))
    if len(tail) > 1:
        return opens and end + len(tail) >= len(words) - 1
    is_verb = tail[0].endswith("s") and not tail[0].endswith("ss") and opens
    return not is_verb or end + 1 >= len(words) or (end + 2 == len(words) and not after[0].isalpha())


def _is_head(word: str) -> bool:
    """Whether a word can be the head of a compound that names something else than its first part."""
    if not word.islower() or not word.isalpha() or len(word) < 3:
        return False
    base = stem(word)
    if word != base and base in _VERBS_WITH_S:
        return False
    if {word, base} & (_NO_HEADS | _GENERIC | _ADJECTIVES):
        return False
    return word in _NOUNS or re.search(r"(?:ly|[^e]ed|able|ible|ful|less|ous|ive)$", word) is None
