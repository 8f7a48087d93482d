"""What a rule decides: a verdict, the name of the rule, and the reason where it is unsure."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["right", "wrong", "unsure"]


@dataclass(frozen=True)
class Ruling:
    """A rule's `verdict` on an answer. `reason` completes the sentence 'The rules are unsure: ...'."""

    verdict: Verdict
    rule: str
    reason: str = ""

    def but(self, doubt: str) -> "Ruling":
        """The same ruling, or unsure if there is a doubt."""
        return unsure(self.rule, doubt) if doubt else self


def right(rule: str) -> Ruling:
    return Ruling("right", rule)


def wrong(rule: str) -> Ruling:
    return Ruling("wrong", rule)


def unsure(rule: str, reason: str) -> Ruling:
    return Ruling("unsure", rule, reason)


def best(rulings: list[Ruling]) -> Ruling:
    """The ruling for several accepted answers: right if one of them is, wrong only if all are."""
    for verdict in ("right", "unsure"):
        for ruling in rulings:
            if ruling.verdict == verdict:
                return ruling
    return rulings[0]
