"""Reasons to doubt an answer that contains the accepted words: what stands beside them may say something else.

Takes the terms of an answer and the place of the accepted words. Gives a reason, or '' if there is none.
"""

import re
from collections.abc import Sequence
from itertools import islice

from bakeoff.grading.normalise import word_set
from bakeoff.grading.wording import FUNCTION_WORDS, Terms, clause_of, ends_clause, in_denied_condition, runs

_FORMER = frozenset(("formerly", "previously", "originally", "once", "former", "initially", "ex", "earlier", "until"))
_BESIDE = frozenset(
    (
        "than",
        "unlike",
        "versus",
        "vs",
        "like",
        "compared",
        "except",
        "excluding",
        "besides",
        "instead",
        "after",
        "succeeded",
        "succeeding",
        "replaced",
        "replacing",
        "preceded",
        "outside",
        "near",
        "towards",
        "beyond",
        "behind",
        "opposite",
        "before",
        "under",
    )
)
_REFUTES = word_set("""
    wrong incorrect false untrue mistaken inaccurate myth excluded rejected dismissed impossible denied refuted
    overturned cancelled canceled invalid erroneous mistake stopped ceased quit avoided avoid avoids refused refuses
    forbidden banned prohibited prevented prevents discontinued disputed doubted unlikely
""")
# Words that make something else of the one after them ('imitation leather'), and people who are somebody's.
_MODIFIES = word_set("""
    imitation fake artificial faux mock pseudo quasi anti ex false supposed alleged called counterfeit synthetic
    semi sub post pre near vice deputy assistant acting half bi tri twice non un quasi
""")
# Before a role they name somebody else: 'Senior Accountant' is not the accountant.
_RANKS = word_set("""
    senior junior sr jr associate interim principal chief lead head trainee regional divisional district area
    provisional designated provincial joint adjunct visiting honorary executive managing
""")
_ROLE = re.compile(
    r"\w{2,}(?:er|or|ant|ist|ian|yst|ent|eur|woman|man)|chief|head|lead|counsel|clerk|coach|nurse|chef|partner|fellow|judge|"
    r"pilot|architect|steward|marshal|dean|provost|representative|rep|executive|detective|delegate|advocate|attorney"
)
_RELATIVES = word_set("""
    brother sister father mother son daughter wife husband widow uncle aunt nephew niece cousin grandson granddaughter
    grandfather grandmother successor predecessor author friend assistant deputy secretary student pupil teacher
    colleague rival opponent critic boss partner owner neighbour neighbor follower fan biographer agent lawyer
    opposite reverse absence lack north south east west suburb outskirts critics instead
""")
EDITIONS = word_set("""
    pro max plus ultra mini lite air se xl xt ti premium home enterprise education professional business standard alpha
    beta rc preview ii iii
""")
_OF_PLACES = word_set("""
    new old north south east west northern southern eastern western upper lower great greater little papua san santa
    saint
    los las el la port fort mount lake
""")
# After a negation these say yes, perhaps weakly: 'not unusual', 'not without reason', 'not far from'.
_DENIED_TWICE = word_set("""
    unusual uncommon unlikely unknown unheard unreasonable unexpected unfamiliar unimportant unwelcome unwilling unable
    unrelated unaware untrue unfair unwise unjustified unfounded unthinkable
    infrequent infrequently insignificant inconsiderable incorrect inaccurate inappropriate incapable inconceivable
    impossible improbable implausible irrelevant abnormal atypical dissimilar rare rarely without far false wrong
""")
_CORRECTS = frozenset(("actually", "correction", "wait", "rather", "sorry", "mistake", "instead"))
TITLES = word_set("""
    madame monsieur madam signor senor herr frau mister father mother brother sister baron count duke earl
    mr mrs ms miss dr prof professor sir lady lord president king queen prince princess pope saint st captain general
    chief director minister ceo cto cfo mayor judge senator the dame colonel major doctor
""")

# States, provinces and countries whose places are often named after older ones, as they are written in addresses.
_REGIONS = frozenset(
    """
    Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|
    Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|
    Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|
    Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|
    West Virginia|Wisconsin|Wyoming|Ontario|Quebec|Manitoba|Saskatchewan|Alberta|British Columbia|Nova Scotia|
    New Brunswick|Newfoundland|Prince Edward|Victoria|Queensland|Tasmania|New South|Western Australia|South Australia|
    United States|USA|US|U.S|Canada|Australia|New Zealand|South Africa|Jamaica|
    AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|
    RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|ON|QC|MB|SK|AB|BC|NS|NB|NL|PE|NSW|QLD|TAS
    """.replace("\n", "")
    .replace("    ", "")
    .split("|")
)


LONGER_NAME = "the name could be part of a longer name"
MOST_PLACES = 50
"""At which it is looked at whether accepted words are in doubt."""


def phrase_doubt(answer: Terms, gold: Terms, golds: Sequence[Terms]) -> str:
    """The reason to doubt each place where the accepted words stand, '' if one place is beyond doubt. Of an answer that
    says them again and again, the first places are looked at.
    """
    reasons = [_doubt_at(answer, start, end, golds) for start, end in islice(runs(answer, gold), MOST_PLACES)]
    if "" in reasons:
        return contradiction(answer, max(end for _, end in runs(answer, gold)))
    return reasons[0] if reasons else ""


def _doubt_at(answer: Terms, start: int, end: int, golds: Sequence[Terms]) -> str:
    clause = [answer[k].text for k in clause_of(answer, start)]
    if any("?" in term.before for term in answer[end : end + 1]):
        return "it repeats the accepted answer in a question"
    if _FORMER.intersection(clause) or _follows(clause, "used", "to") or _follows(clause, "no", "longer"):
        return "it may say what was true before"
    if start > 0 and answer[start - 1].text in _BESIDE:
        return "it may compare with the accepted answer"
    if start > 1 and [term.text for term in answer[start - 2 : start]] == ["over", "from"]:
        return "it may name somebody before"
    if start > 0 and answer[start - 1].text == "from" and any(term.text == "to" for term in answer[end : end + 3]):
        return "the accepted answer is one end of a way or range"
    if "then" in [term.text for term in (*answer[max(0, start - 1) : start], *answer[end : end + 1])]:
        return "the accepted answer is one step of several"
    if _or_another(answer, end):
        return "it may be one of several options"
    if in_denied_condition(answer, start):
        return "it stands in a condition that is denied"
    if _denied_nearby(answer, start, end):
        return "it may deny the accepted answer"
    return _of_another(answer, start, end, golds) or _longer_name(answer, start, end, golds)


def _or_another(answer: Terms, end: int) -> bool:
    """Whether an option of the same noun follows: 'potential energy or thermal energy'."""
    after = answer[end : end + 5]
    return len(after) > 3 and after[1].text == "or" and after[0].text in (after[2].text, after[3].text)


def _denied_nearby(answer: Terms, start: int, end: int) -> bool:
    """Whether a negation follows in the same clause, or a word such as 'wrong' stands in it."""
    clause, accepted = clause_of(answer, start), range(start, end)
    for k in range(end, min(end + 4, clause.stop)):
        if answer[k].text in ("that", "which", "who", "when", "if", "because", "unless", "where", "whenever"):
            break
        if answer[k].text in ("not", "never"):
            return True
    words = [answer[k].text for k in clause if k not in accepted]
    return bool(_REFUTES.intersection(words)) or _follows(words, "ruled", "out")


def _of_another(answer: Terms, start: int, end: int, golds: Sequence[Terms]) -> str:
    """A doubt if the words belong to something else: 'Anna's brother', 'imitation leather'."""
    if answer[start].text.startswith("-") and end < len(answer) and answer[end].before == "-":
        return "it may be a part of a longer option"
    if start > 0 and answer[start - 1].text in _MODIFIES:
        return "the word before it may change what it says"
    if has_rank(answer, start, end):
        return "the word before it may name another role"
    if start > 0 and answer[start].before == "-" and answer[start].text.startswith("per"):
        return "it is a part of a word with a hyphen"
    if _in_another_region(answer, start, end, golds):
        return "it may be the place of that name in another region"
    if start > 1 and answer[start - 1].text in ("of", "to") and answer[start - 2].text in _RELATIVES:
        return "it may name somebody or something else"
    owner = answer[end - 1].written
    owns = owner.endswith(("'s", "s'")) and end < len(answer) and not answer[end].before
    if owns and not any(gold[-1].written == owner for gold in golds):
        return "it may name something that belongs to the accepted answer"
    accepted = {term.text for gold in golds for term in gold}
    beside = [(end, end), (start, start - 1)]
    for mark, other in beside:
        if 0 < mark < len(answer) and answer[mark].before == "/" and answer[other].text not in accepted:
            return "it names another one too"
    return ""


def has_rank(answer: Terms, start: int, end: int) -> bool:
    """Whether a role stands there with a word in front that makes another role of it: 'Senior Accountant'."""
    if start == 0 or answer[start].before.strip("-") or answer[start - 1].text not in _RANKS | _MODIFIES:
        return False
    return any(_ROLE.fullmatch(term.text) for term in answer[start:end])


def _in_another_region(answer: Terms, start: int, end: int, golds: Sequence[Terms]) -> bool:
    """Whether a region follows in which places repeat the names of others: 'Paris, Texas', 'Cambridge, MA'."""
    if end >= len(answer) or not answer[start].capital or answer[end].before not in (",", "(") or end - start > 3:
        return False
    if any(term.text == answer[end].text for gold in golds for term in gold):
        return False
    written = [term.written for term in answer[end : end + 2]]
    joined = len(written) == 2 and not answer[end + 1].before
    return written[0] in _REGIONS or (joined and " ".join(written) in _REGIONS)


def _longer_name(answer: Terms, start: int, end: int, golds: Sequence[Terms]) -> str:
    """A doubt if another name is joined to the name, or the name goes on: 'Anna Berg and Per Lie', 'New Rochelle'."""
    is_name = answer[start].capital or re.match(r"[a-z]+[A-Z]", answer[start].written)
    if not is_name or _is_in_title_case(answer):
        return ""
    joined = start > 0 and not answer[start].before.strip("¶\"'")
    opens = start == 1 and not (len(answer) <= 3 and answer[0].text in _OF_PLACES)
    before = answer[start - 1] if joined and not opens else None
    after = answer[end] if end < len(answer) and not answer[end].before else None
    numbered = answer[end - 1].label or answer[end - 1].text[:1].isdigit()
    named = after is not None and after.capital and after.text not in FUNCTION_WORDS
    goes_on = named and (answer[end - 1].capital or (numbered and answer[end].text in EDITIONS))
    if goes_on or (
        before and before.capital and not ends_clause(before) and before.text not in FUNCTION_WORDS | TITLES
    ):
        return LONGER_NAME
    accepted = {term.text for gold in golds for term in gold}
    for joint, other in ((end, end + 1), (start - 1, start - 2)):
        joined = joint >= 0 and 0 <= other < len(answer) and answer[joint].text == "and" and answer[other].capital
        if joined and answer[other].text not in accepted:
            return "it names another one too"
    return ""


def _is_in_title_case(answer: Terms) -> bool:
    """Whether every longer word of a longer answer begins with a capital, so that capitals show no names."""
    return len(answer) > 8 and all(
        term.capital for term in answer if len(term.written) > 3 and term.written[0].isalpha()
    )


def denies_twice(answer: Terms) -> bool:
    """Whether a negation is denied itself: 'it is not unusual that', 'not without', 'never very far from'."""
    words = [term.text for term in answer]
    return any(
        word in ("not", "never", "neither", "nor") and _DENIED_TWICE.intersection(words[k + 1 : k + 3])
        for k, word in enumerate(words)
    )


def contradiction(answer: Terms, end: int) -> str:
    """A doubt if the words after position `end` take something back."""
    for k, term in enumerate(answer[end:], end):
        follows = answer[k + 1].text if k + 1 < len(answer) else ""
        if term.text in _CORRECTS and follows not in ("than", "of"):
            return "it may correct itself"
    for k in range(end, len(answer)):
        after = answer[k + 1].before if k + 1 < len(answer) else ","
        if answer[k].text in ("no", "nope") and ends_clause(answer[k]) and after.strip("\"'"):
            return "it may correct itself"
    return ""


def _follows(words: Sequence[str], first: str, second: str) -> bool:
    return re.search(rf"\b{first} {second}\b", " ".join(words)) is not None
