"""Training questions become prompts as in use, and a fixed share of them is to be declined."""

import pytest

from bakeoff.models.prompts import CLOSED_BOOK, DECLINE, GROUNDED
from bakeoff.records import Chunk, Hit, Question, SourceSpan
from bakeoff.tuning.examples import AS_USUAL, Mixing, closed_book_examples, grounded_examples


def chunk(i):
    return Chunk(id=f"c{i}", document_id=f"d{i}", source=f"{i}.md", text=f"passage {i}.", start=0, end=10, heading="")


def question(i, answerable=True, evidence=True):
    spans = (SourceSpan(source=f"{i}.md", start=0, end=10),) if answerable and evidence else ()
    answers = (f"answer {i}",) if answerable else ()
    return Question(id=f"q{i}", text=f"Question {i}?", answers=answers, fact=f"f{i}", source_spans=spans)


class Shelf:
    """Finds the passage with a question's own number among others, except for the questions in `missed`."""

    def __init__(self, missed=()):
        self.missed = missed

    def search(self, queries, k):
        found = []
        for query in queries:
            i = int(query.split()[1].rstrip("?"))
            own = [] if i in self.missed else [i]
            others = [j for j in range(1000, 1000 + k)]
            found.append([Hit(chunk=chunk(j), score=1.0, rank=rank) for rank, j in enumerate([*own, *others][:k])])
        return found


def all_fit(question, passages):
    return len(passages)


def declined(examples):
    return [one for one in examples if one.completion == DECLINE]


def shown(example):
    return example.prompt.messages[-1].content


def test_every_supported_question_is_shown_its_passage_among_distractors():
    """k passages including the right one, and the first accepted answer as the completion."""
    examples = grounded_examples([question(i) for i in range(20)], Shelf(), GROUNDED, 3, 0.0, 0, all_fit)
    assert len(examples) == 20 and not declined(examples)
    for i, one in enumerate(examples):
        assert one.completion == f"answer {i}"
        assert f"passage {i}." in shown(one) and shown(one).count("passage") == 3


def test_right_passages_are_taken_away_until_the_share_is_reached():
    """Of 40 answerable questions 4 lose their passage. The replacement does not answer them."""
    examples = grounded_examples([question(i) for i in range(40)], Shelf(), GROUNDED, 3, 0.1, 0, all_fit)
    assert len(examples) == 40 and len(declined(examples)) == 4
    for one in declined(examples):
        i = shown(one).split("Question ")[-1].rstrip("?")
        assert f"passage {i}." not in shown(one) and shown(one).count("passage") == 3


class Pairs(Shelf):
    """Finds the passage of a question and the one of its neighbour: 0 and 1, 2 and 3, and so on."""

    def search(self, queries, k):
        numbers = [int(query.split()[1].rstrip("?")) for query in queries]
        return [
            [Hit(chunk=chunk(j), score=1.0, rank=rank) for rank, j in enumerate((i, i ^ 1, 1000 + i))] for i in numbers
        ]


def test_questions_whose_answers_are_in_the_same_passages_are_shown_the_same_ones():
    """The trainer computes those once. Each question is still answered by what it is shown."""
    examples = grounded_examples([question(i) for i in range(20)], Pairs(), GROUNDED, 3, 0.0, 0, all_fit)
    assert len({shown(one).split("Question: ")[0] for one in examples}) == 10
    for one in examples:
        i = shown(one).split("Question ")[-1].rstrip("?")
        assert one.completion == f"answer {i}" and f"passage {i}." in shown(one)


def test_a_question_keeps_its_passages_where_those_of_another_have_no_room_for_its_own():
    """Only the first passage fits, and each question has another one."""
    examples = grounded_examples([question(i) for i in range(20)], Pairs(), GROUNDED, 3, 0.0, 0, lambda *_: 1)
    assert len({shown(one).split("Question: ")[0] for one in examples}) == 20


def test_a_question_that_knows_only_its_document_keeps_its_own_passages():
    """Another passage of the document need not answer it."""
    asked = [
        question(i).model_copy(update={"source_spans": (SourceSpan(source=f"{i}.md", start=None, end=None),)})
        for i in range(4)
    ]
    examples = grounded_examples(asked, Pairs(), GROUNDED, 3, 0.0, 0, all_fit)
    assert len({shown(one).split("Question: ")[0] for one in examples}) == 4


def test_passages_that_do_not_fit_are_left_out_as_when_serving():
    """The right passage is the first: it stays if one fits. If none fits, the question is to be declined."""
    asked = [question(i) for i in range(20)]
    first = grounded_examples(asked, Shelf(), GROUNDED, 3, 0.0, 0, lambda question, passages: 1)
    assert all(shown(one).count("passage") == 1 for one in first) and len(first) == 20
    assert grounded_examples(asked, Shelf(), GROUNDED, 3, 0.0, 0, lambda question, passages: 0) == []


def test_what_cannot_be_answered_is_drawn_down_to_the_share():
    """30 unanswerable questions and 6 that retrieval missed: only enough for a tenth are kept."""
    asked = [question(i) for i in range(51)] + [question(100 + i, answerable=False) for i in range(30)]
    examples = grounded_examples(asked, Shelf(missed=range(6)), GROUNDED, 3, 0.1, 0, all_fit)
    assert len(examples) == 50 and len(declined(examples)) == 5


class Told(Shelf):
    """Finds the passage with a question's evidence, and then the given texts."""

    def __init__(self, *texts):
        self.texts = texts

    def search(self, queries, k):
        others = [chunk(100 + n).model_copy(update={"text": text}) for n, text in enumerate(self.texts)]
        numbers = [int(query.split()[1].rstrip("?")) for query in queries]
        return [
            [Hit(chunk=one, score=1.0, rank=rank) for rank, one in enumerate([chunk(i), *others][:k])] for i in numbers
        ]


def asked_about(answer, text="the delivery of lamps", kind="", n=20):
    return [
        question(i).model_copy(update={"answers": (answer,), "text": f"Question {i}? {text}", "kind": kind})
        for i in range(n)
    ]


@pytest.mark.parametrize(
    ("answer", "held", "other"),
    [
        ("NOK 1,200", "A visit costs 1,200 kr.", "A visit costs NOK 900."),
        ("Two AA batteries", "It runs on 2 AA **batteries**.", "It runs on two AAA cells."),
        ("16", "Up to sixteen lamps.", "Up to 15 lamps."),
        ("24 months", "The warranty lasts two years.", "The warranty lasts 3 years."),
        ("3 March 2024", "Sold since 2024-03-03.", "Sold since 4 March 2024."),
        ("Press the round button", "You press, on its back, the button that is round.", "Press the square button."),
        ("yes", "We have delivery of lamps.", "We have lamps."),
        ("No, never", "The delivery of lamps is ours.", "No, never."),
    ],
)
def test_a_passage_with_an_accepted_answer_is_not_shown_where_declining_is_taught(answer, held, other):
    """However it is written. Of a yes-or-no question it is a passage with most of its words. Others are shown."""
    kind = "yesno" if answer.lower().startswith(("yes", "no,")) else ""
    examples = grounded_examples(asked_about(answer, kind=kind), Told(held, other), GROUNDED, 3, 0.1, 0, all_fit)
    assert len(examples) == 20 and len(declined(examples)) == 2
    assert all(held not in shown(one) and other in shown(one) for one in declined(examples))
    assert all(held in shown(one) for one in examples if one.completion != DECLINE)


def test_without_another_passage_declining_is_not_taught():
    """The question keeps its evidence and its answer, and another one is drawn in its place."""
    asked = asked_about("NOK 1,200")
    assert not declined(grounded_examples(asked, Told("It is 1200."), GROUNDED, 3, 0.1, 0, all_fit))
    mixed = [*asked, question(30)]
    examples = grounded_examples(mixed, Told("It is 1200."), GROUNDED, 3, 0.1, 0, all_fit)
    assert len(examples) == 21 and ["Question 30" in shown(one) for one in declined(examples)] == [True]


def test_a_missed_passage_teaches_declining_only_if_no_other_answers():
    """Retrieval missed the evidence of ten questions. Five of them have one passage only, and it holds their answer."""

    class Elsewhere(Shelf):
        def search(self, queries, k):
            hits = super().search(queries, k)
            return [
                [Hit(chunk=chunk(7).model_copy(update={"text": "It is answer 7."}), score=1.0, rank=0)]
                if n < 5
                else found
                for n, found in enumerate(hits)
            ]

    asked = [question(i).model_copy(update={"answers": ("answer 7",)} if i < 5 else {}) for i in range(100)]
    asked = [*(one.model_copy(update={"source_spans": question(99).source_spans}) for one in asked[:10]), *asked[10:]]
    examples = grounded_examples(asked, Elsewhere(missed=range(10)), GROUNDED, 3, 0.2, 0, all_fit)
    assert not any("answer 7" in shown(one) for one in declined(examples))


def test_a_question_without_known_evidence_never_loses_it():
    """The passage with the answer is not known, so none can be removed. The answer stays the completion."""
    examples = grounded_examples(
        [question(i, evidence=False) for i in range(20)], Shelf(), GROUNDED, 3, 0.5, 0, all_fit
    )
    assert not declined(examples)


@pytest.mark.parametrize(("n_unanswerable", "kept"), [(2, 2), (60, 10)])
def test_closed_book_declining_is_capped_at_the_share(n_unanswerable, kept):
    """Every answerable question is used. The others make up at most a tenth of all."""
    asked = [question(i) for i in range(90)] + [question(100 + i, answerable=False) for i in range(n_unanswerable)]
    examples = closed_book_examples(asked, CLOSED_BOOK, 0.1, 0)
    assert len(declined(examples)) == kept
    assert [one.completion for one in examples[:90]] == [f"answer {i}" for i in range(90)]


def test_the_same_seed_draws_the_same_examples():
    """Resuming trains on the same examples."""
    asked = [question(i) for i in range(40)]
    first = grounded_examples(asked, Shelf(), GROUNDED, 3, 0.2, 5, all_fit)
    assert first == grounded_examples(asked, Shelf(), GROUNDED, 3, 0.2, 5, all_fit)
    assert first != grounded_examples(asked, Shelf(), GROUNDED, 3, 0.2, 6, all_fit)


def right_shown(example, i):
    return f"passage {i}." in shown(example)


def by_kind(examples):
    """(answered with the right passage, answered without it, declined): counts."""
    answered = [one for one in examples if one.completion != DECLINE]
    with_it = [one for one in answered if right_shown(one, one.completion.split()[1])]
    return len(with_it), len(answered) - len(with_it), len(declined(examples))


@pytest.mark.parametrize(
    ("golden", "n_missed", "counts"),
    [
        (1.0, 0, (36, 0, 4)),  # as before RAFT's options: right passages are taken away to be declined
        (0.8, 0, (32, 8, 0)),
        (0.8, 5, (32, 8, 0)),  # the five that were missed are among the eight
        (0.8, 20, (20, 5, 0)),  # too many were missed: a sample of five
        (0.6, 3, (24, 16, 0)),
    ],
)
def test_the_share_of_answers_without_the_right_passage_is_rafts(golden, n_missed, counts):
    """Of 40 answerable questions; without unanswerable ones nothing is to be declined."""
    asked = [question(i) for i in range(40)]
    shelf = Shelf(missed=range(n_missed))
    for share in (True, False):
        mixing = Mixing(golden=golden, share=share)
        assert by_kind(grounded_examples(asked, shelf, GROUNDED, 3, 0.1, 0, all_fit, mixing=mixing)) == counts


def test_with_rafts_share_only_unanswerable_questions_are_declined():
    """The share that is to be declined is of all examples; nothing with a known answer is declined."""
    asked = [*(question(i) for i in range(36)), *(question(i, answerable=False) for i in range(50, 60))]
    mixing = Mixing(golden=0.75)
    examples = grounded_examples(asked, Shelf(missed=(1, 2)), GROUNDED, 3, 0.1, 0, all_fit, mixing=mixing)
    assert by_kind(examples) == (27, 9, 4)
    assert all(int(shown(one).rsplit("Question ", 1)[1].rstrip("?")) >= 50 for one in declined(examples))
    none = grounded_examples(asked, Shelf(), GROUNDED, 3, 0.0, 0, all_fit, mixing=mixing)
    assert by_kind(none) == (27, 9, 0)


class Deep(Shelf):
    """Finds the right passage in the fourth place."""

    def search(self, queries, k):
        return [
            [Hit(chunk=hit.chunk, score=1.0, rank=rank) for rank, hit in enumerate([*hits[1:4], hits[0], *hits[4:]], 1)]
            for hits in super().search(queries, k)
        ]


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_each_example_has_the_given_number_of_distractors(n):
    """The right passage is shown wherever it was found, in its order; without it there is one distractor more."""
    asked, shelf = [question(i) for i in range(20)], Shelf() if n < 2 else Deep()
    mixing = Mixing(golden=0.75, distractors=n)
    examples = grounded_examples(asked, shelf, GROUNDED, 3, 0.0, 0, all_fit, mixing=mixing)
    assert by_kind(examples) == (15, 5, 0)
    assert {shown(one).count("passage") for one in examples} == {n + 1}
    for one in examples:
        i = one.completion.split()[1]
        if right_shown(one, i) and n >= 2:
            at = [line for line in shown(one).split("\n\n") if line.startswith("passage")].index(f"passage {i}.")
            assert at == min(n, 3)


def test_rafts_defaults_change_nothing():
    """The same examples in the same order."""
    asked = [*(question(i) for i in range(40)), *(question(i, answerable=False) for i in range(50, 55))]
    for more in ({}, {"mixing": Mixing(golden=1.0, distractors=None)}, {"mixing": AS_USUAL}):
        found = grounded_examples(asked, Shelf(missed=(3, 4)), GROUNDED, 3, 0.2, 0, all_fit, **more)
        assert by_kind(found) == (36, 0, 9) and found[0].completion == "answer 0"
