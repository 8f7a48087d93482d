"""The questions of a learning round: what is taken from use, which fact it asks for, where it goes."""

from datetime import UTC, datetime, timedelta

import pytest

from bakeoff.learn.admitted import MOST_COPIES, admitted
from bakeoff.learn.combined import combined
from bakeoff.learn.known_facts import find_facts
from bakeoff.learn.reviewed import Reviewed
from bakeoff.questions.splits.leaks import leaks
from bakeoff.records import Document, Question, SourceSpan

NOW = datetime(2026, 3, 2, tzinfo=UTC)
NAMES = ("Aldra", "Borun", "Cetis", "Dorva", "Elian", "Fenra", "Golth", "Hespa", "Ildor", "Jorun")
DOCUMENTS = [
    Document(
        id=f"d{i}",
        source=f"{name.lower()}.md",
        text=f"# {name}\n\nThe pump {name} is filled with {11 + 7 * i} litres of oil.\n\nIts hull is colour-{i}.\n",
    )
    for i, name in enumerate(NAMES)
]


def known(i, split, phrasing="How much oil goes into the pump", part="oil"):
    """A known question about one pump."""
    answer = f"{11 + 7 * i} litres"
    return Question(
        id=f"q-{part}-{i}-{split}-{len(phrasing)}", text=f"{phrasing} {NAMES[i]}?", answers=(answer,), split=split,
        fact=f"{NAMES[i]}-{part}", source_spans=(SourceSpan(source=f"{NAMES[i].lower()}.md"),),
    )  # fmt: skip


def asked(i, text, answers=(), sampled=False, user="", at=0, **more):
    """A reviewed question from use."""
    return Reviewed(
        id=f"a{i}", question=text, answers=answers, sampled=sampled, key_id=user, at=NOW + timedelta(minutes=at), **more
    )


def test_equal_questions_are_taken_once_and_counted():
    """Two users ask the same: one question, asked twice."""
    taken, notes = admitted([asked(1, "How heavy is Aldra?", ("3 t",)), asked(2, "how heavy  is aldra?", ("3 t",))], [])
    assert [(one.id, one.asked) for one in taken] == [("a1", 2)] and not notes


def test_near_copies_of_one_user_are_capped_and_those_of_others_are_not():
    """Ten rewordings by one user count three times; a note says how many were left out."""
    copies = [
        asked(i, f"How heavy is the big pump Aldra of the works then{'!' * i}?", (f"{i} t",) * 0, user="anna", at=i)
        for i in range(10)
    ]
    other = asked(99, "How heavy is the big pump Aldra of the works then?!", user="ben", at=99)
    taken, notes = admitted([*copies, other], [])
    assert len(taken) == MOST_COPIES + 1 and other in taken
    assert f"{10 - MOST_COPIES} reviewed questions are further near-copies" in notes[0]


def test_a_random_sample_is_never_capped():
    """What was drawn at random all counts: it shows what is asked."""
    copies = [
        asked(i, f"How heavy is the big pump Aldra of the works then{'!' * i}?", sampled=True, user="anna", at=i)
        for i in range(6)
    ]
    assert len(admitted(copies, [])[0]) == 6


def test_an_answer_that_contradicts_a_known_one_is_set_aside_and_named():
    """A poisoned or mistaken correction never becomes training data on its own."""
    taken, notes = admitted([asked(1, "How much oil goes into the pump Aldra?", ("99 litres",))], [known(0, "test")])
    assert taken == [] and "have another answer than a nearly equal question" in notes[0]
    assert "“How much oil goes into the pump Aldra?”" in notes[0]


def test_the_same_question_about_something_else_is_no_contradiction():
    """Two pumps hold different amounts of oil, in nearly the same words."""
    taken, notes = admitted([asked(1, "How much oil goes into the pump Borun?", ("18 litres",))], [known(0, "test")])
    assert len(taken) == 1 and not notes


def test_two_corrections_that_contradict_each_other_are_both_set_aside():
    """Nobody knows which of the two is right."""
    both = [
        asked(1, "How long is the cable of Aldra?", ("3 m",), user="a"),
        asked(2, "How long is the cable of Aldra??", ("5 m",), user="b"),
    ]
    assert admitted(both, [])[0] == []


def test_what_an_earlier_round_took_is_not_taken_again():
    """A reviewed question is new once."""
    one = asked(1, "How heavy is Aldra?", ("3 t",))
    assert admitted([one], [one.as_question().model_copy(update={"fact": "f", "split": "train"})])[0] == []


@pytest.mark.parametrize(
    "text",
    [
        "How much oil goes into the pump Aldra please?",
        "With which amount of oil is Aldra filled?",
        "Aldra, litres of oil?",
    ],
)
def test_another_wording_of_a_known_fact_gets_that_fact(text):
    """By words, or by the place of the answer in the documents."""
    new = asked(1, text, ("11 litres",)).as_question()
    found = find_facts([known(0, "train"), known(1, "test")], [new], DOCUMENTS)
    assert found.questions[-1].fact == "Aldra-oil"


def test_a_question_about_something_else_gets_a_fact_of_its_own():
    """The same answer about another pump is another fact."""
    new = asked(1, "Which colour has the hull of Aldra?", ("colour-0",)).as_question()
    found = find_facts([known(0, "train")], [new], DOCUMENTS)
    assert found.questions[-1].fact not in ("", "Aldra-oil")


def test_a_named_fact_counts():
    """A reviewer may say which fact a question asks for."""
    new = asked(1, "Fluid of the first one?", ("11 l of oil",), fact="Aldra-oil").as_question()
    assert find_facts([known(0, "train")], [new], DOCUMENTS).questions[-1].fact == "Aldra-oil"


def test_new_wordings_go_where_their_fact_is():
    """A trained fact is trained on in other words, a tested one is tested: never one in both."""
    standing = [known(0, "train"), known(1, "test"), known(2, "dev")]
    reviewed = [
        asked(i, f"With which amount of oil is {NAMES[i]} filled?", (f"{11 + 7 * i} litres",), sampled=i % 2 == 0, at=i)
        for i in range(3)
    ]
    found = combined(standing, reviewed, DOCUMENTS, seed=7)
    splits = {
        question.fact: {q.split for q in found.questions if q.fact == question.fact} for question in found.questions
    }
    assert splits == {"Aldra-oil": {"train"}, "Borun-oil": {"test"}, "Cetis-oil": {"dev"}}


def test_new_facts_of_the_random_sample_are_tested_and_complaints_are_trained_on():
    """Only a random sample says how good answers are in use; what users complained about is for training."""
    reviewed = [
        asked(i, f"Which colour has the hull of {name}?", (f"colour-{i}",), sampled=i < 5, at=i)
        for i, name in enumerate(NAMES)
    ]
    found = combined([known(0, "test")], reviewed, DOCUMENTS, seed=7)
    sampled = {f"use-a{i}" for i in range(5)}
    where = {question.id: question.split for question in found.questions if question.id in found.new}
    assert {where[key] for key in sampled} <= {"test", "dev"} and "test" in {where[key] for key in sampled}
    assert {split for key, split in where.items() if key not in sampled} <= {"train", "dev"}
    assert combined([known(0, "test")], list(reversed(reviewed)), DOCUMENTS, seed=7) == found


def test_no_new_question_leaks_between_training_and_test():
    """A near-copy of a test question is not trained on; a test question like a trained one joins it in training."""
    standing = [known(i, "test", "How many litres of oil does one fill into the pump") for i in range(5)]
    reviewed = [
        asked(i, f"How many litres of oil does one fill in the pump {NAMES[i]}?", (f"{11 + 7 * i} litres",), at=i)
        for i in range(5)
    ]
    found = combined(standing, reviewed, DOCUMENTS, seed=7)
    assert not [leak for leak in leaks(found.questions, documents=DOCUMENTS) if not leak.excused]
    assert {question.split for question in found.questions} == {"test"}


def test_retired_facts_become_training_data_with_all_their_wordings():
    """The gate used a fact often enough: it is trained on from now on, and never tested again."""
    standing = [known(0, "test"), known(0, "test", "What amount of oil needs"), known(1, "test")]
    found = combined(standing, [], DOCUMENTS, seed=7, retired={"Aldra-oil"})
    assert {question.fact: question.split for question in found.questions} == {
        "Aldra-oil": "train",
        "Borun-oil": "test",
    }
