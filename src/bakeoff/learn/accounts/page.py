"""A decision for a reader: a title, what was decided, the figures as rows, and the questions that decided.

Takes a decision of the log, what became of it later, and its account if one was kept. Gives a `Page` of plain texts
that `text.py` and `html.py` write. Knows nothing about forms.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bakeoff.decide.wording import net_right, signed
from bakeoff.learn.accounts.account import CAME, Account, Came, Deciding, Given, Side
from bakeoff.learn.gate.gate import GENERAL
from bakeoff.learn.gate.wording import evidence, halfway, of_more, of_part, of_unsure, p_words
from bakeoff.sentences import listed, milliseconds, usd
from bakeoff.serve.log_entries import Decision, PartCheck

TITLES: Mapping[str, str] = {
    "keep": "what is served stays",
    "promote": "the candidate is promoted",
    "waits": "the candidate passed and waits for a person",
}
GRADES: Mapping[Came, str] = {
    "right": "right",
    "wrong": "wrong",
    "declined": "declined",
    "unsure": "neither right nor wrong",
    "failed": "failed",
}
NO_ACCOUNT = "Figures of both contenders and the questions that decided were not kept for this round."

NOTHING_TESTED = "No question was tested, so none decided."


class Shown(NamedTuple):
    """A question that decided: lines with a label each. `title` is the question, `gain` what it moved."""

    title: str
    gain: str
    lines: tuple[tuple[str, str], ...]


class Group(NamedTuple):
    """Questions that speak for one side. `about` says how many there are and how many are shown."""

    title: str
    about: str
    shown: tuple[Shown, ...]


class Page(NamedTuple):
    """What is shown of a decision. `evidence` is the file with all grades; empty if there is none."""

    title: str
    sentences: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    groups: tuple[Group, ...]
    evidence: str


def page_of(
    deployment: str, decision: Decision, later: Sequence[Decision] = (), account: Account | None = None
) -> Page:
    """The page of a round's decision. `later` are the decisions of persons about the same round."""
    title = f"Round {decision.round} of {deployment}: {TITLES.get(decision.outcome, decision.outcome)}"
    sentences = [decision.reason, *(f"{one.at:%Y-%m-%d}: {one.outcome}. {one.reason}" for one in later)]
    if account is None:
        missing = NO_ACCOUNT if decision.facts else NOTHING_TESTED
        return Page(title, (*sentences, missing), tuple(_from_log(decision)), (), decision.evidence)
    groups = (
        Group("Gained", _about(account.n_gains, len(account.gains)), tuple(map(_shown, account.gains))),
        Group("Lost", _about(account.n_losses, len(account.losses)), tuple(map(_shown, account.losses))),
    )
    return Page(title, tuple(sentences), tuple(_rows(decision, account)), groups, decision.evidence)


def who_words(side: Side) -> str:
    """'rag (release 2)'."""
    return side.contender + (f" (release {side.release})" if side.release is not None else "")


def _from_log(of: Decision) -> Iterable[tuple[str, str]]:
    """What the log itself says."""
    yield "Decided", f"{of.at:%Y-%m-%d %H:%M} UTC"
    yield "Candidate" if of.p is not None else "Best on dev", of.contender or of.candidate
    yield "Served", f"release {of.live}"
    yield "Facts", f"{len(of.facts)}, {of.n_fresh} of them fresh"
    yield from _measured(of, 0, None)
    yield from _parts(of.parts)
    if of.p is not None and of.p > (of.level or 0.0) and of.more_questions is not None:
        yield "More questions", of_more(of.more_questions)


def _rows(decision: Decision, of: Account) -> Iterable[tuple[str, str]]:
    candidate = of.candidate.model_copy(update={"release": _released(decision)})
    yield "Decided", f"{decision.at:%Y-%m-%d %H:%M} UTC"
    yield "Candidate", who_words(candidate)
    yield "Served" if decision.outcome == "keep" else "Served then", who_words(of.live)
    yield (
        "Facts",
        f"{of.n_facts} in {of.n_questions} questions: {of.n_fresh} fresh, {of.n_facts - of.n_fresh} standing",
    )
    yield from _measured(decision, of.unsure, of.counted, of.margin)
    yield from _parts(of.parts, of.unsure)
    yield "Answers", f"candidate {_came(of.candidate)}; served {_came(of.live)}"
    yield "Cost", f"candidate {_cost(of.candidate)}; served {_cost(of.live)}, for 1,000 answers"
    yield "Latency", f"candidate {_latency(of.candidate)}; served {_latency(of.live)}"
    yield "Guards", _guards(of)
    if of.p is not None and of.p > of.level:
        yield "More questions", of_more(of.more_questions)


def _released(of: Decision) -> int | None:
    return int(of.candidate) if of.outcome in ("promote", "waits") and of.candidate.isdecimal() else None


def _measured(of: Decision, unsure: int, counted: float | None, margin: float = 0.02) -> Iterable[tuple[str, str]]:
    if of.difference is None or of.low is None or of.high is None or of.p is None or of.level is None:
        yield "Tested", "nothing, so no error was spent"
        return
    yield (
        "Difference",
        f"{net_right(of.difference)}{halfway(unsure)}, 95 % interval {signed(of.low)} to {signed(of.high)}",
    )
    if unsure and counted is not None:
        yield "Unsure", of_unsure(unsure, counted)
    yield "Test", evidence(of.route, of.p, of.level, margin)


def _parts(parts: Sequence[PartCheck], unsure: int = 0) -> Iterable[tuple[str, str]]:
    """A row a part. Unsure answers count against the candidate."""
    for part in parts:
        name = "General" if part.name == GENERAL else f"Slice {part.name}"
        if part.difference is None or part.p is None:
            yield name, f"{part.n_facts} facts: too few to check for a loss"
        else:
            said = "it loses here" if part.lost else "no loss shown"
            p = f" (p {p_words(part.p)})" if part.difference < 0 else ""
            not_said = unsure and part.halfway is None and part.name != GENERAL  # an entry of an earlier version
            counted = ", unsure answers against it" if not_said else of_part(part)
            yield name, f"{signed(part.difference)} on {part.n_facts} facts{counted}: {said}{p}"


def _came(side: Side) -> str:
    return listed([f"{side.came[name]} {GRADES[name]}" for name in CAME if side.came.get(name)]) or "none"


def _cost(side: Side) -> str:
    return "not known" if side.cost_per_1k is None else usd(side.cost_per_1k)


def _latency(side: Side) -> str:
    if side.latency_p50_ms is None or side.latency_p95_ms is None:
        return "not measured"
    return f"{milliseconds(side.latency_p50_ms)} median, 95 % within {milliseconds(side.latency_p95_ms)}"


def _guards(of: Account) -> str:
    lost = [f"a loss on {part.name}" for part in of.parts if part.lost]
    spoke = [*lost, *(f"a limit ({guard})" for guard in of.guards)]
    return "; ".join(spoke) if spoke else "none spoke against it" if of.p is not None else "not asked"


def _about(n: int, n_shown: int) -> str:
    questions = "1 question" if n == 1 else f"{n} questions"
    return questions if n == n_shown else f"{questions}, the {n_shown} with the largest stakes"


def _shown(of: Deciding) -> Shown:
    accepted = of.answers and " | ".join(of.answers)
    lines = [("served", _given(of.live)), ("candidate", _given(of.candidate))]
    if of.answers is not None:
        lines.insert(0, ("accepted", accepted or "none: the documents do not answer it"))
    weight = "" if abs(of.weight - 1) < 0.005 else f", counts {of.weight:.2g} times"
    return Shown(of.question or f"Question {of.question_id}", f"{of.gain:+.2g}{weight}", tuple(lines))


def _given(of: Given) -> str:
    grade = GRADES[of.came] + (f", {of.why}" if of.why else "")
    text = "(text not kept)" if of.text is None else of.text or "(empty)"
    return f"{text} [{grade}]"
