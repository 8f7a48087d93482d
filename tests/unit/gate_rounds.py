"""Rounds of the gate with made-up answers: on so many facts, only one of both contenders is right."""

from collections.abc import Mapping, Sequence

from bakeoff.learn.gate.saving import Paid
from bakeoff.learn.gate.tested import Contestant, Tested
from bakeoff.measure.graded import Graded
from bakeoff.records import Question

N_GENERAL = 40


def asked(n: int, slice_: str = "unseen", start: int = 0) -> list[Question]:
    return [Question(id=f"q{i}", text="?", answers=("a",), fact=f"f{i}", slice=slice_) for i in range(start, start + n)]


def general() -> list[Question]:
    return [Question(id=f"g{i}", text="?", answers=("a",), fact=f"g{i}", slice="general") for i in range(N_GENERAL)]


def round_of(
    n: int = 300,
    won: int = 0,
    lost: int = 0,
    unsure: int = 0,
    questions: Sequence[Question] | None = None,
    general_lost: int = 0,
    costs: tuple[float | None, float | None] = (None, None),
    **candidate: object,
) -> Tested:
    """A round in which the candidate alone is right on the first `won` facts, and wrong alone on the last `lost`.

    After those won, it has `unsure` answers where what is served is right. Both are right on all others.
    """
    questions = asked(n) if questions is None else questions
    ids = [question.id for question in questions]
    live = dict.fromkeys(ids, 1.0) | dict.fromkeys(ids[:won], 0.0)
    values = dict.fromkeys(ids, 1.0) | dict.fromkeys(ids[len(ids) - lost :], 0.0)
    doubted = ids[won : won + unsure]
    own = Graded(values | dict.fromkeys(doubted, 0.5), dict.fromkeys(doubted, "perhaps"))
    return Tested(
        questions=questions,
        live=Contestant(Graded(live), general=_general(0), paid=_paid(ids, costs[0])),
        candidate=Contestant(own, **{"general": _general(general_lost), "paid": _paid(ids, costs[1]), **candidate}),
        general=general(),
    )


def _paid(ids: Sequence[str], usd: float | None) -> Paid | None:
    """Each answer costs this much, by the token."""
    return None if usd is None else Paid(dict.fromkeys(ids, usd))


def _general(lost: int) -> Graded:
    values: Mapping[str, float] = {f"g{i}": float(i >= lost) for i in range(N_GENERAL)}
    return Graded(values)
