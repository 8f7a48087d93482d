"""Unsure answers widen what is known, both ways, and never more than they can."""

import pytest

from bakeoff.measure.contrasts import contrasts
from bakeoff.measure.graded import Graded, combined, graded, known
from bakeoff.measure.statistics import graded_ratio, graded_share, paired, share_estimate
from bakeoff.records import Answer

IDS = [str(i) for i in range(100)]
FACTS = {key: key for key in IDS}


def shares(right: int, unsure: int = 0) -> dict[str, float]:
    """`right` ones, then `unsure` halves, then zeros, over 100 questions."""
    return {key: 1.0 if int(key) < right else 0.5 if int(key) < right + unsure else 0.0 for key in IDS}


def given(values: dict[str, float], text: str) -> Graded:
    """The values of answers that all have this text."""
    return graded(values, [Answer(question_id=key, contender="x", text=text) for key in values])


def test_an_interval_reaches_from_all_wrong_to_all_right() -> None:
    """60 right and 10 unsure of 100: from the lower end of 60 to the upper end of 70, with 65 as the value."""
    estimate = graded_share(graded(shares(60, 10)), FACTS)
    least, most = share_estimate(shares(60), FACTS), share_estimate(shares(70), FACTS)
    assert (estimate.value, estimate.low, estimate.high) == (0.65, least.low, most.high)
    assert (estimate.n, estimate.unsure) == (100, 10)


def test_without_unsure_answers_nothing_changes() -> None:
    """The same estimate and the same contrast as without the machinery."""
    a, b = shares(60), shares(40)
    assert graded_share(graded(a), FACTS) == share_estimate(a, FACTS)
    of_values = paired("a", "b", {key: a[key] - b[key] for key in IDS}, FACTS, "accuracy")
    assert paired("a", "b", combined([(1.0, graded(a)), (-1.0, graded(b))]), FACTS, "accuracy") == of_values


def test_a_half_that_is_known_is_no_unsure_answer() -> None:
    """A team's own measure may give 0.5."""
    assert graded_share(known(shares(60, 10)), FACTS).unsure == 0


def test_a_difference_is_a_finding_only_if_it_holds_both_ways() -> None:
    """20 points ahead are significant. With 20 of the leader's answers unsure, they may be nothing."""
    found = {}
    for unsure in (0, 4, 20):
        of = {"a": given(shares(60 - unsure, unsure), "perhaps"), "b": known(shares(40))}
        (found[unsure],) = contrasts(of, FACTS, "accuracy")
    assert [found[n].finding for n in (0, 4, 20)] == ["different", "different", "open"]
    assert found[20].p_adjusted == 1.0 and found[20].unsure == 20
    assert found[20].low < 0 < found[20].high
    assert found[20].more_questions == 0, "more questions would not settle it: more grades would"


def test_the_same_text_is_right_or_wrong_for_both() -> None:
    """Two contenders with the same unsure answers do not differ; with other texts they may."""
    unsure = shares(50, 30)
    same, other = (
        combined([(1.0, given(unsure, "perhaps")), (-1.0, given(unsure, text))]) for text in ("perhaps ", "maybe")
    )
    assert (same.n_unsure, other.n_unsure) == (0, 30)
    tie, contrast = (paired("a", "b", sides, FACTS, "accuracy", margin=0.1) for sides in (same, other))
    assert tie is not None and tie.finding == "tied"
    assert contrast is not None and contrast.finding == "open" and contrast.low < -0.3 < 0.3 < contrast.high


def test_sums_of_several_contenders_know_their_common_texts() -> None:
    """(a - b) - (c - d) with a and c the same unsure text: they cancel. With a and b: they do too."""
    half = {"1": 0.5}
    a, b, c, d = given(half, "x"), known({"1": 1.0}), given(half, "x"), known({"1": 0.0})
    interaction = combined([(1.0, a), (-1.0, b), (-1.0, c), (1.0, d)])
    assert interaction.low == interaction.high == {"1": -1.0}
    apart = combined([(1.0, a), (-1.0, b), (-1.0, given(half, "y")), (1.0, d)])
    assert (apart.low, apart.high) == ({"1": -2.0}, {"1": 0.0})


def test_unknown_texts_are_not_taken_for_the_same() -> None:
    """Without the answers' texts, each unsure answer is an unknown of its own."""
    assert combined([(1.0, graded({"1": 0.5})), (-1.0, graded({"1": 0.5}))]).high == {"1": 1.0}


def test_a_tie_holds_only_if_it_holds_both_ways() -> None:
    """400 equal answers are a tie within 2 points; 5 % of unsure ones are more than the margin."""
    ids = [str(i) for i in range(2000)]
    facts = {key: key for key in ids}
    equal = {key: float(int(key) % 2) for key in ids}
    unsure = {key: 0.5 if int(key) < 100 else value for key, value in equal.items()}
    assert contrasts({"a": known(equal), "b": known(equal)}, facts, "accuracy")[0].finding == "tied"
    assert contrasts({"a": given(unsure, "x"), "b": known(equal)}, facts, "accuracy")[0].finding == "open"


def test_a_ratio_covers_the_unsure_ones_of_both() -> None:
    """50 + 10 unsure after tuning over 50 + 10 unsure before: from 50/60 to 60/50."""
    ratio = graded_ratio(graded(shares(50, 10)), graded(shares(50, 10)), FACTS)
    assert ratio.value == pytest.approx(1.0)
    assert (ratio.low or 0) < 50 / 60 and (ratio.high or 0) > 60 / 50
