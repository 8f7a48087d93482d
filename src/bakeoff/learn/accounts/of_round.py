"""The account of a round from its run folder: what the gate was given, with texts, costs and releases.

Takes a round whose contenders were measured. Decides nothing and writes nothing.
"""

from bakeoff.learn.accounts.account import Account, Who, account_of
from bakeoff.learn.gate.tested import GateDecision, Tested
from bakeoff.learn.rounds import Round


def account_of_round(here: Round, candidate: str, both: Tested, decided: GateDecision) -> Account:
    """What this round compared. What is served is called as in its release."""
    begun, folder = here.begun, here.folder
    costs = folder.comparison().values("cost_per_1k")
    live = Who(begun.contender, begun.release, costs.get(begun.live), folder.answers(begun.live))
    of_candidate = Who(candidate, None, costs.get(candidate), folder.answers(candidate))
    return account_of(begun.number, both, decided, folder.config().profile, live, of_candidate)
