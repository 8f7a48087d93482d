"""The laws in miniature: the rule that decides, the world that is asked about, and that page and ledger agree."""

import re
from pathlib import Path

import pytest
from benchmarks.law_trials.known import invented, real
from benchmarks.law_trials.literature import LAWS
from benchmarks.law_trials.rule import Comparison, Outcome, finding, overall, seen
from benchmarks.law_trials.world import ATTRIBUTES, N_WORDINGS, people

from bakeoff.decide.verdict.claims import claims
from bakeoff.decide.verdict.laws import PAGE, laws, quoted

REPOSITORY = Path(__file__).parents[2]
BETTER = Comparison("new against old", {"new": 1.0, "old": -1.0})


def outcomes(arm, values, text=""):
    return [Outcome(arm=arm, unit=f"u{i}", question=f"q{i}", value=value, text=text) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("low", "high", "n_units", "expected"),
    [
        (0.01, 0.3, 10, "reproduced"),
        (-0.3, -0.01, 10, "not reproduced"),
        (-0.01, 0.3, 10, "undecided"),
        (0.0, 0.3, 10, "undecided"),
        (-0.3, 0.0, 10, "undecided"),
        (0.01, 0.3, 9, "undecided"),
    ],
)
def test_a_law_is_reproduced_only_if_the_whole_interval_is_on_its_side(low, high, n_units, expected):
    """Zero at an end decides nothing, and neither do fewer than ten units."""
    assert finding(low, high, n_units) == expected


def test_one_part_that_fails_refutes_a_law_and_one_that_is_open_leaves_it_open():
    assert overall(["reproduced", "undecided", "not reproduced"]) == "not reproduced"
    assert overall(["reproduced", "undecided"]) == "undecided"
    assert overall(["reproduced", "reproduced"]) == "reproduced"
    assert overall([]) == "not run"


def test_arms_that_were_asked_the_same_are_paired():
    """A constant difference has no spread, however much the questions differ among themselves."""
    old = [0.0, 0.2, 0.4, 0.1, 0.7, 0.3, 0.6, 0.8, 0.0, 0.2]
    found = seen(BETTER, [*outcomes("old", old), *outcomes("new", [value + 0.125 for value in old])])
    assert (found.value, found.low, found.high) == pytest.approx((0.125, 0.125, 0.125))
    assert (found.finding, found.n_units) == ("reproduced", 10)


def test_arms_of_other_units_keep_the_spread_of_both():
    """Different people, half of them right: the difference of the means is 0, and its interval is wide."""
    other = [one.model_copy(update={"unit": f"other {one.unit}"}) for one in outcomes("old", [0.0, 1.0] * 10)]
    found = seen(BETTER, [*other, *outcomes("new", [0.0, 1.0] * 10)])
    assert found.value == 0 and found.low < -0.2 and found.high > 0.2


def test_unsure_answers_widen_the_interval_unless_both_sides_gave_the_same_text():
    """Nobody knows whether an unsure answer is right; two equal ones are right or wrong together."""
    old, new = [0.0] * 20, [0.5] * 20
    found = seen(BETTER, [*outcomes("old", old, "a"), *outcomes("new", new, "b")])
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.0, 1.0))
    assert found.finding == "undecided"
    same = seen(BETTER, [*outcomes("old", new, "b"), *outcomes("new", new, "b")])
    assert (same.low, same.high) == (0, 0)


def test_an_arm_without_answers_is_named():
    with pytest.raises(ValueError, match="no answers of old"):
        seen(BETTER, outcomes("new", [1.0] * 10))


def test_the_world_is_the_same_for_the_same_seed_and_nobody_is_in_it_twice():
    assert people(60, 1) == people(60, 1)
    assert people(60, 1) != people(60, 2)
    assert len({person.name.split()[1] for person in people(60, 1)}) == 60


def test_no_wording_of_the_test_is_in_training():
    """The questions about a person in the held-out wording differ from all that are trained, and ask for the same."""
    for person in people(60, 1):
        trained = [question for wording in range(N_WORDINGS) for question in person.questions(wording)]
        tested = person.questions(None)
        assert not {question.text for question in trained} & {question.text for question in tested}
        assert [question.answers for question in person.questions(0)] == [question.answers for question in tested]
        assert len({question.text for question in trained}) == N_WORDINGS * len(ATTRIBUTES)


def test_a_passage_states_every_answer_and_holds_the_evidence():
    for person in people(10, 3):
        for question in person.questions(None):
            assert re.search(rf"\b{question.answers[0]}\b", person.passage.text)
            assert question.source_spans[0].source == person.passage.source


def test_new_facts_are_asked_in_the_words_of_known_ones():
    """Only the subject and the answer differ, so that trainings on both differ in nothing else."""
    known = real()
    new = invented(known, seed=5)
    assert len({question.text for question in known}) == len(known) >= 100
    assert len({question.text for question in new}) == len(new)
    assert not {question.text for question in known} & {question.text for question in new}
    assert [one.fact.split("/")[0] for one in known] == [one.fact.split("/")[0] for one in new]
    assert {one.answers for one in new} <= {one.answers for one in known}


def test_a_declined_question_is_no_known_fact():
    """Declining is not wrong, so it does not count against a model, but it shows no knowledge either."""
    pytest.importorskip("torch")
    from benchmarks.law_trials.trained import answered, wrong

    question = real()[0]
    texts = (question.answers[0], "I don't know.", "That is not known.", "Timbuktu")
    given = [Outcome(arm="untaught", unit="u", question="q", value=wrong(question, text), text=text) for text in texts]
    assert [one.value for one in given] == [0, 0, 0, 1]
    assert answered([question] * 4, given) == [question]


def test_page_benchmark_and_ledger_say_the_same_of_each_law():
    """The ledger quotes what the page shows, and the page shows the laws that the benchmark runs."""
    page = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\d) \| (.* \| .* \| .*) \|$", page, re.MULTILINE)[: len(LAWS)])
    assert rows == {str(law.law): f"{law.says} | {law.source} | {law.here}" for law in laws()}
    assert {law.law: (law.says, law.source) for law in laws()} == {n: (law.says, law.source) for n, law in LAWS.items()}


def test_every_law_names_claims_that_exist_and_those_quote_it():
    ids = {claim.id for claim in claims()}
    for law in laws():
        assert law.claims and set(law.claims) <= ids
        for claim in law.claims:
            assert (f'"{law.says}"' in quoted(claim)) == (law.here != "not run")
