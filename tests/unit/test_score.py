"""Scores: declining, failing and being correct are three different things."""

from bakeoff.measure.score import score_answers, values_by_phase, values_of
from bakeoff.records import Hit, SourceSpan
from tests.unit.fakes import answer, chunk, question


def values(questions, answers):
    return {(one.question_id, one.measure): one.value for one in score_answers(questions, answers)}


def test_declining_is_correct_only_where_there_is_no_answer():
    """An honest 'I don't know' is never a hallucination."""
    asked = [question("a", answers=["24 months"]), question("u", answers=[], slice="unanswerable")]
    found = values(asked, [answer("a", "I don't know.", abstained=True), answer("u", "I don't know.", abstained=True)])
    assert (found["a", "correct"], found["a", "hallucinated"]) == (0.0, 0.0)
    assert (found["u", "correct"], found["u", "hallucinated"]) == (1.0, 0.0)


def test_answering_where_there_is_no_answer_is_a_hallucination():
    """Made-up facts count against accuracy and as hallucinations."""
    found = values([question("u", answers=[])], [answer("u", "blue")])
    assert (found["u", "correct"], found["u", "hallucinated"]) == (0.0, 1.0)


def test_a_low_confidence_right_answer_is_known_but_not_given():
    """`knows` looks at the text, `correct` at what the user gets."""
    asked = [question("a", answers=["24 months"])]
    found = values(asked, [answer("a", "24 months", abstained=True)])
    assert (found["a", "knows"], found["a", "correct"], found["a", "exact_match"]) == (1.0, 0.0, 0.0)


def test_an_error_is_neither_zero_nor_gone():
    """It has no value for correctness and counts as an error."""
    found = values([question("a")], [answer("a", "", error="boom")])
    assert found["a", "correct"] is None
    assert found["a", "error"] == 1.0


def test_evidence_is_found_by_overlap_with_the_gold_span():
    """A chunk of the right document that does not overlap the span is a miss."""
    asked = [question("a", source_spans=(SourceSpan(source="x", start=10, end=20),))]
    beside = Hit(chunk=chunk("x", "0123456789", start=20), score=1, rank=1)
    across = Hit(chunk=chunk("x", "0123456789", start=15), score=1, rank=1)
    assert values(asked, [answer("a", citations=(beside,))])["a", "evidence_hit"] == 0.0
    assert values(asked, [answer("a", citations=(beside, across))])["a", "evidence_hit"] == 1.0


def test_consistency_compares_phrasings_of_one_fact():
    """Two of three phrasings agree: each question gets the share of the others that match it."""
    asked = [question(key, answers=["24 months"], fact="warranty") for key in "abc"]
    found = values(asked, [answer("a", "24 months"), answer("b", "two years"), answer("c", "7 days")])
    assert [found[key, "consistent"] for key in "abc"] == [0.5, 0.5, 0.0]


def test_the_same_words_are_no_other_phrasing():
    """Asked again after an update, a question says nothing about consistency; one in other words does."""
    again = [question("a", "How long?", fact="f"), question("a@update", "how long", fact="f", slice="changed")]
    assert not [key for key in values(again, [answer("a"), answer("a@update")]) if key[1] == "consistent"]
    other = question("b", "For what time?", fact="f")
    found = values([*again, other], [answer("a", "no"), answer("a@update"), answer("b", "no")])
    assert {key[0]: value for key, value in found.items() if key[1] == "consistent"} == {"a": 1.0, "b": 1.0}


def test_a_fact_asked_once_has_no_consistency():
    """There is nothing to agree with."""
    assert ("a", "consistent") not in values([question("a")], [answer("a")])


def test_an_answer_that_was_cut_off_is_counted():
    """Whether the token limit cut the text off is recorded in addition to whether it is correct."""
    found = values([question("a"), question("b")], [answer("a", truncated=True), answer("b")])
    assert (found["a", "truncated"], found["b", "truncated"]) == (1.0, 0.0)


def test_scores_say_of_which_phase_they_are():
    """The same question is asked before and after the update. The phase distinguishes the values."""
    asked = [question("a", answers=["24 months"])]
    scores = [
        *score_answers(asked, [answer("a", "7 days")]),
        *score_answers(asked, [answer("a", "24 months")], "updated"),
    ]
    assert values_of(scores)["rag"]["correct"] == {"a": 0.0}
    assert values_of(scores, "updated")["rag"]["correct"] == {"a": 1.0}
    assert set(values_by_phase(scores)) == {"test", "updated"}


def test_an_answer_that_rules_cannot_grade_is_counted():
    """It counts half, and the share of such answers is a measure of its own; a declined one is none of them."""
    gold = "The customer may return any unopened product within thirty days of delivery for a full refund."
    scrambled = "Delivery of any product refund for customer within thirty days unopened return full."
    asked = [question("a", answers=[gold]), question("b", answers=[gold]), question("c", answers=[gold])]
    given = [answer("a", scrambled), answer("b", gold), answer("c", scrambled, abstained=True)]
    found = values(asked, given)
    assert [found[key, "unsure"] for key in "abc"] == [1.0, 0.0, 0.0]
    assert [found[key, "correct"] for key in "abc"] == [0.5, 1.0, 0.0]
    assert [found[key, "hallucinated"] for key in "abc"] == [0.5, 0.0, 0.0]


def test_half_a_refusal_of_an_unanswerable_question_is_unsure():
    """It neither declines clearly nor invents something. A clear refusal is right although nobody marked it as one."""
    asked = [question(key, answers=[], slice="unanswerable") for key in "abc"]
    given = [answer("a", "There is no such lamp."), answer("b", "It is 24 months."), answer("c", "I don't know.")]
    found = values(asked, given)
    assert [found[key, "correct"] for key in "abc"] == [0.5, 0.0, 1.0]
    assert [found[key, "hallucinated"] for key in "abc"] == [0.5, 1.0, 0.0]
