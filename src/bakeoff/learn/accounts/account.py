"""What a round compared: both contenders in figures, and the questions on which they differ.

Takes what the gate was given and what it said, gives an `Account`, kept in the deployment beside the log:
`decisions/round-N.json`. So a decision can be explained after its round's folder was removed. The outcome stands in the
log alone. Knows nothing about how an account is shown.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import ValidationError

from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.value.weights import question_weights
from bakeoff.errors import RunFolderError
from bakeoff.files.unreadable import unreadable
from bakeoff.grading.grade import grade
from bakeoff.learn.decisions import LOG
from bakeoff.learn.gate.tested import CANDIDATE, LIVE, Contestant, GateDecision, Tested
from bakeoff.measure.contrasts import difference
from bakeoff.measure.score import RIGHTNESS
from bakeoff.measure.statistics import quantile_estimate
from bakeoff.records import Answer, Question, Record
from bakeoff.runs.folder import write_record
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Decision, PartCheck

FOLDER = "decisions"
SHOWN = 10
"""So many gains and so many losses are kept with their texts."""
MOST_CHARACTERS = 2000
OWNER_ONLY = 0o600

Came = Literal["right", "wrong", "declined", "unsure", "failed"]
CAME: tuple[Came, ...] = ("right", "wrong", "declined", "unsure", "failed")


class Side(Record):
    """A contender of a round. `came` counts what became of its answers; times are of answers one at a time.

    `release` is None for a candidate, which is none yet. `cost_per_1k` is in US dollars for 1,000 answers.
    """

    contender: str
    release: int | None = None
    came: Mapping[str, int] = {}
    cost_per_1k: float | None = None
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None


class Given(Record):
    """An answer and its grade. `why` is the rule that graded it, or who else did; for a failed one, its error.

    `text` is None where no texts are kept.
    """

    text: str | None
    came: Came
    why: str = ""


class Deciding(Record):
    """A question on which both contenders' answers are worth something else.

    `gain` is what the candidate's answer is worth more, in right answers, as the test counts it: an unsure answer is to
    the candidate's disadvantage. `weight` is how much the question counts; the mean over the round is 1.
    `question` and `answers` are None where no texts are kept.
    """

    question_id: str
    fact: str
    slice: str
    question: str | None
    answers: tuple[str, ...] | None
    gain: float
    weight: float
    live: Given
    candidate: Given


class Account(Record):
    """What round `number` compared.

    `gains` and `losses` are the questions with the largest stakes, of `n_gains` and `n_losses`. `guards` are the limits
    that the candidate breaks. The other fields are those of the gate's decision.
    """

    number: int
    live: Side
    candidate: Side
    n_questions: int
    n_facts: int
    n_fresh: int
    margin: float
    level: float
    p: float | None = None
    route: str = ""
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    unsure: int = 0
    counted: float | None = None
    more_questions: int | None = None
    parts: tuple[PartCheck, ...] = ()
    guards: tuple[str, ...] = ()
    n_gains: int = 0
    n_losses: int = 0
    gains: tuple[Deciding, ...] = ()
    losses: tuple[Deciding, ...] = ()


class Who(NamedTuple):
    """A contender as the round knows it: its name, its release, the US dollars for 1,000 answers, its answers."""

    name: str
    release: int | None
    cost_per_1k: float | None
    answers: Sequence[Answer]


def account_of(
    number: int, tested: Tested, decided: GateDecision, profile: Profile, live: Who, candidate: Who
) -> Account:
    """The account of a round that asked the gate."""
    deciding = _deciding(tested, profile, {LIVE: live, CANDIDATE: candidate})
    gains, losses = ([one for one in deciding if (one.gain > 0) is is_gain] for is_gain in (True, False))
    return Account(
        number=number,
        live=_side(live, tested.live, tested.questions),
        candidate=_side(candidate, tested.candidate, tested.questions),
        n_questions=len(tested.questions),
        n_facts=len(decided.facts),
        n_fresh=decided.n_fresh,
        margin=profile.margin,
        level=decided.level,
        p=decided.p,
        route=decided.route or "",
        difference=decided.difference,
        low=decided.low,
        high=decided.high,
        unsure=decided.unsure,
        counted=decided.counted,
        more_questions=decided.more_questions,
        parts=decided.parts,
        guards=tuple(f"{of.text}: {of.why}" for of in decided.standings if of.state == "missed"),
        n_gains=len(gains),
        n_losses=len(losses),
        gains=tuple(gains[:SHOWN]),
        losses=tuple(losses[:SHOWN]),
    )


def _side(who: Who, of: Contestant, questions: Sequence[Question]) -> Side:
    came = [_came(question, of) for question in questions]
    p50, p95 = (quantile_estimate(of.latencies_ms, share).value for share in (0.5, 0.95))
    return Side(
        contender=who.name,
        release=who.release,
        came={name: came.count(name) for name in CAME},
        cost_per_1k=who.cost_per_1k,
        latency_p50_ms=p50,
        latency_p95_ms=p95,
    )


def _deciding(tested: Tested, profile: Profile, who: Mapping[str, Who]) -> list[Deciding]:
    """The questions on which the two differ, the largest stakes first."""
    worth = tested.utilities(profile)
    gains = difference(worth[CANDIDATE], worth[LIVE]).low
    weights = question_weights(tested.questions, profile.counts, profile.slice_weights) if gains else {}
    texts = {name: {answer.question_id: answer for answer in of.answers} for name, of in who.items()}
    found = [
        Deciding(
            question_id=question.id,
            fact=question.fact,
            slice=str(question.slice or ""),
            question=question.text,
            answers=question.answers,
            gain=gains[question.id],
            weight=weights[question.id],
            live=_given(question, tested.live, texts[LIVE].get(question.id)),
            candidate=_given(question, tested.candidate, texts[CANDIDATE].get(question.id)),
        )
        for question in tested.questions
        if abs(gains.get(question.id, 0.0)) > 1e-9 and weights[question.id] > 0
    ]
    return sorted(found, key=lambda one: (-round(abs(one.gain) * one.weight, 9), one.question_id))


def _came(question: Question, of: Contestant) -> Came:
    """What became of an answer. Declining is right where the documents hold no answer."""
    right = of.correct.values.get(question.id)
    if right is None:
        return "failed"
    if question.id in of.correct.unsure:
        return "unsure"
    if right > 0.5:
        return "right"
    return "declined" if of.abstained.values.get(question.id, 0.0) > 0 else "wrong"


def _given(question: Question, of: Contestant, answer: Answer | None) -> Given:
    came, text = _came(question, of), answer.text.strip() if answer else ""
    if came == "failed":
        return Given(text=text[:MOST_CHARACTERS], came=came, why=(answer and answer.error) or "no answer")
    return Given(text=text[:MOST_CHARACTERS], came=came, why="" if came == "declined" else _why(question, of, text))


def _why(question: Question, of: Contestant, text: str) -> str:
    """The rule that gave this grade, with its reason; that somebody else gave it if the rules say something else."""
    by_rule, value = grade(text, question.answers, question.kind), of.correct.values[question.id]
    if RIGHTNESS[by_rule.verdict] != value:
        return "not by the rules: by a judge model or by people"
    return f"rule '{by_rule.rule}'" + (f": {by_rule.reason}" if by_rule.reason else "")


def account_path(root: Path, number: int) -> Path:
    """The file of a round's account in a deployment."""
    return root / FOLDER / f"round-{number}.json"


def write_account(root: Path, account: Account) -> None:
    """Keeps an account in a deployment, readable for its owner only. One of an interrupted round is replaced.

    Where the log of the server keeps no texts, neither does the account.
    """
    path = account_path(root, account.number)
    write_record(path, account if keeps_texts(root) else _without_texts(account))
    path.chmod(OWNER_ONLY)


def keeps_texts(root: Path) -> bool:
    """Whether the server writes questions and answers into its log; so it is if it never wrote an answer."""
    with Log(root / LOG) as log:
        newest = next(log.newest_first(1), [])
    return all(answer.question is not None for answer in newest)


def _without_texts(account: Account) -> Account:
    def bare(of: Deciding) -> Deciding:
        live, candidate = (one.model_copy(update={"text": None}) for one in (of.live, of.candidate))
        return of.model_copy(update={"question": None, "answers": None, "live": live, "candidate": candidate})

    sides = {"gains": tuple(map(bare, account.gains)), "losses": tuple(map(bare, account.losses))}
    return account.model_copy(update=sides)


def account_for(root: Path, decision: Decision) -> Account | None:
    """The account of a decision; None if none was kept, as by earlier versions.

    Raises RunFolderError for a file that cannot be read.
    """
    path = account_path(root, decision.round)
    try:
        account = Account.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        remedy = "restore the file, or delete it: the decision itself stands in the log"
        raise RunFolderError(*unreadable(f"Cannot read {path}", error, remedy)) from error
    is_its_own = (account.p, account.n_facts) == (decision.p, len(decision.facts))
    return account if is_its_own else None  # else of a round that was interrupted before its decision
