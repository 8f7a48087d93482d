"""The questions of a learning round: what is taken from use, which fact it asks for, where it goes."""

from datetime import UTC, datetime, timedelta

import pytest

from bakeoff.errors import RunFolderError
from bakeoff.learn.admitted import MOST_COPIES, admitted
from bakeoff.learn.combined import combined
from bakeoff.learn.known_facts import find_facts
from bakeoff.learn.remembered import Remembered, remember, remembered
from bakeoff.learn.reviewed import Reviewed
from bakeoff.questions.splits.leaks import leaks
from bakeoff.records import Document, Question, SourceSpan, Synthetic

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


@pytest.mark.parametrize(
    ("text", "answer", "sources"),
    [
        ("My new one is dry, what do I need?", "11 litres", ("aldra.md",)),
        (
            "Aldra is dry. What quantity?",
            "It takes 11 litres in all, or so the manual says.",
            ("aldra.md", "borun.md"),
        ),
        ("Aldra, which quantity please", "The pump Aldra is filled with 11 litres of oil.", ("borun.md", "cetis.md")),
    ],
)
def test_a_known_fact_is_found_by_answer_and_place_whatever_the_words(text, answer, sources):
    """With a short answer, with a sentence, and with the wrong documents named."""
    new = asked(1, text, (answer,), sources=sources).as_question()
    found = find_facts([known(0, "train"), known(1, "test")], [new], DOCUMENTS)
    assert [question.fact for question in found.questions[2:]] == ["Aldra-oil"]


def test_a_question_between_two_facts_of_different_splits_is_set_aside_and_names_both():
    """Wherever it went, it could be trained on while it is tested."""
    twins = [
        known(0, split, part=part).model_copy(update={"text": f"How many litres does the {part} Aldra take?"})
        for split, part in (("train", "left"), ("test", "right"))
    ]
    found = combined(twins, [asked(1, "Aldra: quantity?", ("11 litres",), sources=("aldra.md",))], DOCUMENTS, seed=7)
    assert not found.new and "could ask for either of two known facts" in found.notes[0]
    assert "left Aldra" in found.notes[0] and "right Aldra" in found.notes[0]


def noted(found):
    """What a round notes of its questions from use."""
    return {q.id: Remembered(id=q.id, fact=q.fact, split=q.split) for q in found.questions if q.id.startswith("use-")}


@pytest.mark.parametrize("first_is_sampled", [True, False])
def test_fact_and_split_of_a_question_stay_as_they_are_whatever_is_asked_later(first_is_sampled):
    """Other phrasings, with lower ids, asked earlier, drawn or not: they join it. Ten facts, so that chance is out."""
    first = [
        asked(f"z{i}", f"Which colour has the hull of {name}?", (f"colour-{i}",), sampled=first_is_sampled, at=100 + i)
        for i, name in enumerate(NAMES)
    ]
    more = [
        asked(
            f"a{i}", f"Tell me the colour of the hull of {name}", (f"colour-{i}",), sampled=not first_is_sampled, at=i
        )
        for i, name in enumerate(NAMES)
    ]
    before = noted(combined([known(0, "test")], first, DOCUMENTS, seed=7))
    found = combined([known(0, "test")], [*first, *more], DOCUMENTS, seed=7, earlier=before)
    after = noted(found)
    assert len(before) == 10 and {key: after[key] for key in before} == before
    assert {(after[f"use-aa{i}"].fact, after[f"use-aa{i}"].split) for i in range(10)} == {
        (one.fact, one.split) for one in before.values()
    }


def test_what_was_trained_on_once_is_never_tested_again(tmp_path):
    """It is noted in the folder of the deployment; a release of before still calls it a test question."""
    standing = [known(0, "test"), known(1, "test")]
    found = combined(standing, [], DOCUMENTS, seed=7, retired={"Aldra-oil"})
    remember(tmp_path, found.questions, standing)
    again = combined(standing, [], DOCUMENTS, seed=7, earlier=remembered(tmp_path))
    assert {q.fact: q.split for q in again.questions} == {"Aldra-oil": "train", "Borun-oil": "test"}


def test_a_damaged_note_of_earlier_rounds_is_an_error(tmp_path):
    """Without it nobody knows what was trained on."""
    (tmp_path / "learned.jsonl").write_text("{half\n")
    with pytest.raises(RunFolderError, match=r"learned\.jsonl, line 1"):
        remembered(tmp_path)


def test_near_copies_of_a_retired_fact_go_into_training_with_it():
    """Another fact by name asks the same in nearly the same words; its other wordings go, too, and a note says so."""
    copy = known(0, "test", "How much oil goes in the pump").model_copy(update={"fact": "copy"})
    other = known(0, "test", "Litres of oil for").model_copy(update={"fact": "copy"})
    found = combined([known(0, "test"), copy, other, known(1, "test")], [], DOCUMENTS, seed=7, retired={"Aldra-oil"})
    assert {q.fact: q.split for q in found.questions} == {"Aldra-oil": "train", "copy": "train", "Borun-oil": "test"}
    assert [q.split for q in found.questions].count("train") == 3 and "nearly the same as facts" in found.notes[0]


def test_another_answer_to_a_known_fact_in_other_words_is_set_aside_and_names_both():
    """The evidence of the known fact has the words of the question, and no document says 99 litres."""
    text = DOCUMENTS[0].text
    span = SourceSpan(source="aldra.md", start=(at := text.index("11 litres")), end=at + len("11 litres"))
    one = known(0, "test", "What quantity do I need for").model_copy(update={"source_spans": (span,)})
    wrong = asked(1, "With how many litres of oil is Aldra filled?", ("99 litres",), sources=("aldra.md",))
    found = combined([one], [wrong], DOCUMENTS, seed=7)
    assert not found.new
    assert "(99 litres)" in found.notes[0] and "“What quantity do I need for Aldra?” (11 litres)" in found.notes[0]
    hull = asked(1, "Which colour has the hull of the pump Aldra?", ("colour-0",), sources=("aldra.md",))
    assert len(combined([one], [hull], DOCUMENTS, seed=7).new) == 1


def test_two_reviews_that_differ_by_a_filler_word_and_in_the_answer_are_both_set_aside():
    """Greetings and articles ask for nothing."""
    both = [
        asked(1, "At what height above the floor do I mount my Glonk 7?", ("1.9 m",)),
        asked(2, "Hello, at what height above floor do you mount my Glonk 7, please?", ("1.2 m",), at=1),
    ]
    found = combined([known(0, "test")], both, DOCUMENTS, seed=7)
    assert not found.new and "(1.9 m) against" in found.notes[0] and "(1.2 m) against" in found.notes[0]


def test_a_fact_that_is_named_with_another_answer_is_a_contradiction():
    """A reviewer merged it with the wrong fact, or the answer is wrong."""
    new = asked(1, "Fluid of the first one?", ("99 litres",), fact="Aldra-oil")
    found = combined([known(0, "train")], [new], DOCUMENTS, seed=7)
    assert not found.new and "have another answer than a known question" in found.notes[0]


def test_reviewed_labels_are_spelled_as_the_known_ones_and_are_no_known_facts():
    """Two messages with one label ask for two things; a new label is kept."""
    texts = {"refund": "give me my money back for order", "log in": "the password is not accepted on device"}
    standing = [
        Question(id=f"{label}-{i}", text=f"{text} {i * 37}", answers=(label,), kind="label", fact=f"{label}-{i}",
                 split="train" if i % 2 else "test")
        for label, text in texts.items() for i in range(12)
    ]  # fmt: skip
    reviews = [asked(1, "where did my forty euros go", ("Refund.",)), asked(2, "it arrived broken", ("damage",))]
    made = {question.id: question for question in combined(standing, reviews, [], 7).questions}
    first, second = (made[one.as_question().id] for one in reviews)
    assert (first.answers, first.kind, second.answers, second.kind) == (("refund",), "label", ("damage",), "label")
    assert first.fact not in {question.fact for question in standing}


def made(i, answer=None, of="", fact="", text="How much oil goes into the pump"):
    """A synthetic question about one pump that nobody reviewed and the release trained on."""
    return Question(
        id=f"syn-{i}", text=f"{text} {NAMES[i]}?", answers=(answer or f"{11 + 7 * i} litres",), split="train",
        slice="seen", fact=fact or f"synthetic-syn-{i}", source_spans=(SourceSpan(source=f"{NAMES[i].lower()}.md"),),
        synthetic=Synthetic(method="rule:amount", paraphrase_of=of),
    )  # fmt: skip


OTHERS = [known(i, "train") for i in range(2)]


@pytest.mark.parametrize("text", ["How much oil goes into the pump Cetis", "Cetis: how much oil goes into its pump?"])
def test_a_person_beats_a_synthetic_question_that_nobody_reviewed(text):
    """In the same or in other words: the person's question is taken, the other one is dropped and named."""
    found = combined([*OTHERS, made(2, "99 litres")], [asked(1, text, ("25 litres",))], DOCUMENTS, seed=7)
    assert {one.id for one in found.questions} == {one.id for one in OTHERS} | {"use-a1"}
    assert any("since a reviewed question has another answer" in note and "Cetis" in note for note in found.notes)


@pytest.mark.parametrize("i", range(2, 10))
def test_a_fact_that_only_synthetic_questions_ask_for_is_new_and_leaves_training_if_it_is_tested(i):
    """A random sample of it is for test or dev, a complaint for training, where the synthetic one joins it."""
    review = asked(i, f"With which amount of oil is {NAMES[i]} filled?", (f"{11 + 7 * i} litres",), sampled=True)
    found = combined([*OTHERS, made(i)], [review], DOCUMENTS, seed=7)
    by_id = {one.id: one for one in found.questions}
    assert by_id[f"use-a{i}"].split in ("test", "dev") and f"syn-{i}" not in by_id
    assert any("not trained on any more" in note for note in found.notes)
    complaint = review.model_copy(update={"sampled": False})
    by_id = {one.id: one for one in combined([*OTHERS, made(i)], [complaint], DOCUMENTS, 7).questions}
    new = by_id[f"use-a{i}"]
    if new.split == "train":
        assert by_id[f"syn-{i}"].fact == new.fact != f"synthetic-syn-{i}"
    else:
        assert f"syn-{i}" not in by_id


def test_a_review_that_names_the_fact_of_a_synthetic_question_takes_it_out_of_training():
    """Also if nothing else shows that the two ask for the same."""
    review = asked(1, "Is the hull of it painted?", ("it is",), sampled=True, fact="synthetic-syn-2")
    found = combined([*OTHERS, made(2, text="What goes into")], [review], DOCUMENTS, seed=7)
    assert {one.id for one in found.questions} == {one.id for one in OTHERS} | {"use-a1"}


def test_synthetic_questions_of_other_facts_stay_in_training():
    """As the release had them: of a trained source with its fact, and of a fact of their own."""
    wording = made(0, of=OTHERS[0].id, fact="Aldra-oil", text="Please say how many litres of oil are needed by")
    review = asked(1, "Which colour has the hull of Borun?", ("colour-1",), sampled=True)
    found = combined([*OTHERS, wording, made(5)], [review], DOCUMENTS, seed=7)
    assert {one.id: (one.split, one.fact) for one in found.questions if one.synthetic} == {
        "syn-0": ("train", "Aldra-oil"), "syn-5": ("train", "synthetic-syn-5"),
    }  # fmt: skip
    assert not any("synthetic" in note.lower() for note in found.notes)
