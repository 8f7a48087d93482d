"""Labels of a closed set: when answers count as labels, and how their questions are split."""

import csv
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from bakeoff.questions.facts.facts import with_facts
from bakeoff.questions.facts.label_kind import with_label_kind
from bakeoff.questions.facts.labels import answer_labels
from bakeoff.questions.splits.leaks import leaks
from bakeoff.questions.splits.splits import assign_splits
from bakeoff.questions.splits.survey import label_note, summarise
from bakeoff.records import Question, SourceSpan

SYLLABLES = "ka lo mi ru ten sar vel dop gin hul fas bor wex quo pli zan".split()  # noqa: SIM905


def asked(n: int, seed: int = 1) -> list[str]:
    """Questions made of invented words, so that no two are similar."""
    draw = random.Random(seed)
    return [" ".join("".join(draw.choices(SYLLABLES, k=3)) for _ in range(7)) + "?" for _ in range(n)]


def questions(answers: list[str], source: str = "", **more: object) -> list[Question]:
    """A question for each answer, without facts. `source` may contain the answer."""
    return [
        Question.model_validate(
            {
                "id": f"q{i}",
                "text": text,
                "answers": (answer,),
                "fact": "",
                "source_spans": (SourceSpan(source=source.format(answer)),) if source else (),
                **more,
            }
        )
        for i, (text, answer) in enumerate(zip(asked(len(answers)), answers, strict=True))
    ]


def labelled(n_labels: int = 20, each: int = 20, source: str = "{}.md") -> list[Question]:
    return questions([f"label {chr(97 + i)}" for i in range(n_labels) for _ in range(each)], source)


def split(given: list[Question], seed: int = 7) -> list[Question]:
    return assign_splits(with_facts(given)[0], seed)


@pytest.mark.parametrize(
    "answers",
    [
        ["positive"] * 30 + ["negative"] * 20,
        [f"topic {chr(97 + i % 12)}" for i in range(120)],
        [f"topic {chr(97 + i % 12)}" for i in range(130)] + [f"single {i}" for i in range(2)],
        ["refund"] * 60 + ["delivery"] * 55 + ["yes"] * 20 + ["no"] * 15,
    ],
)
def test_few_short_answers_for_many_questions_are_labels(answers: list[str]) -> None:
    """Two labels or many, also with a few single answers, and with yes and no among them."""
    assert len(answer_labels(questions(answers))) == len(answers)


@pytest.mark.parametrize(
    "answers",
    [
        [f"answer {i}" for i in range(200)],
        ["yes"] * 60 + ["no"] * 50 + [f"answer {i}" for i in range(40)],
        ["yes"] * 80 + ["no"] * 60,
        ["Yes, it does"] * 30 + ["No, never"] * 30 + ["sometimes"] * 20,
        [f"{i % 5 + 1} stars" for i in range(100)],
        [f"{i % 4 * 12} months" for i in range(60)] + [f"name {i % 3}" for i in range(40)],
        ["the same"] * 100,
        [f"phrase {i // 5}" for i in range(200)],
        [f"name {i % 2}" for i in range(16)],
        [f"Open the settings page number {i % 6}, pick the language and save it there." for i in range(90)],
    ],
)
def test_ordinary_answers_are_no_labels(answers: list[str]) -> None:
    """All different, mostly yes, no or numbers, only one, five wordings each, too few questions, long answers."""
    assert answer_labels(questions(answers)) == {}


def test_labels_are_graded_as_labels() -> None:
    """They get the kind 'label'. A kind from the file is kept, and so are yes, no and answers that do not repeat."""
    given = questions(["refund"] * 60 + ["delivery"] * 55 + ["yes"] * 15 + ["something else"])
    given[0] = given[0].model_copy(update={"kind": "phrase"})
    kinds = [question.kind for question in with_label_kind(given)]
    assert kinds[0] == "phrase"
    assert set(kinds[1:115]) == {"label"}
    assert set(kinds[115:130]) == {""}
    assert {question.kind for question in with_label_kind(questions(["a walk", "a lake", "a hill"]))} == {""}


def test_phrasings_of_named_facts_are_no_labels() -> None:
    """Thirty facts in twelve wordings each have few answers for many questions, but are ordinary questions."""
    given = questions([f"name {i % 30}" for i in range(360)])
    assert answer_labels(given)
    named = [one.model_copy(update={"fact": one.answers[0]}) for one in given]
    assert answer_labels(named) == {}


def test_updates_and_general_questions_do_not_count() -> None:
    """They may be asked in addition to labelled questions."""
    general = [
        one.model_copy(update={"id": f"g{one.id}", "slice": "general"})
        for one in questions([f"fact {i}" for i in range(80)])
    ]
    given = labelled()
    assert answer_labels([*given, *general]).keys() == {one.id for one in given}


@pytest.mark.parametrize("source", ["{}.md", "all.md", ""])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_label_is_trained_and_tested_whatever_the_source(source: str, seed: int) -> None:
    """If the source of a question is its label's page, holding out pages would hold out labels."""
    assigned = split(labelled(source=source), seed)
    of_label: dict[str, Counter[str]] = defaultdict(Counter)
    for one in assigned:
        of_label[one.answers[0]][str(one.split)] += 1
        assert one.slice == "seen"
    assert all(counts["train"] and counts["dev"] and counts["test"] for counts in of_label.values())
    assert all(7 <= counts["test"] <= 9 for counts in of_label.values())
    assert summarise(assigned).n_labels == 20
    assert not any("Labels without" in one or "No unseen" in one for one in summarise(assigned).warnings)


def test_rare_labels_are_trained_on_first_and_shares_hold_over_all() -> None:
    """A label with one question is in train. Other labels make up for rounding."""
    answers = [f"label {chr(97 + i)}" for i in range(10) for _ in range(40)] + [f"rare {i}" for i in range(12)]
    assigned = split(questions(answers))
    assert answer_labels(assigned)
    assert {one.split for one in assigned if one.answers[0].startswith("rare")} == {"train"}
    sizes = Counter(one.split for one in assigned)
    assert sizes["test"] == pytest.approx(0.4 * len(assigned), abs=2)
    assert sizes["dev"] == pytest.approx(0.15 * len(assigned), abs=2)


def test_the_split_of_labels_depends_on_the_seed_only() -> None:
    """The order of the questions does not change the split."""
    given = labelled()
    expected = {one.id: one.split for one in split(given)}
    assert {one.id: one.split for one in split(random.Random(3).sample(given, len(given)))} == expected
    assert {one.id: one.split for one in split(given, 8)} != expected


def test_labels_that_only_the_test_has_are_warned_of() -> None:
    """If the file gives the splits, labels may be only in test; their questions are unseen."""
    given = [one.model_copy(update={"split": "test" if one.answers[0] == "label c" else None}) for one in labelled()]
    assigned = split(given)
    assert {one.slice for one in assigned if one.answers[0] == "label c"} == {"unseen"}
    warnings = [one for one in summarise(assigned).warnings if one.startswith("Labels without a training example")]
    assert len(warnings) == 1
    assert "label c (20)" in warnings[0]


def test_near_copies_with_one_label_stay_together() -> None:
    """Near-copies are one fact, so no test request copies a training request. Sharing a label is not enough."""
    given = labelled()
    copies = [
        one.model_copy(update={"id": f"copy{one.id}", "text": one.text.replace("?", " please")}) for one in given[:100]
    ]
    assigned = split([*given, *copies])
    part = {one.id: one.split for one in assigned}
    assert all(part[one.id] == part[f"copy{one.id}"] for one in given[:100])
    assert len({one.fact for one in assigned}) == len(given)
    assert leaks(assigned) == []


def test_the_note_gives_both_numbers() -> None:
    """The note has the number of distinct answers and of questions. There is none for ordinary questions."""
    (note,) = label_note(questions([f"label {chr(97 + i % 20)}" for i in range(1200)]))
    assert note.startswith("The answers look like labels: 20 distinct answers for 1,200 questions. ")
    assert label_note(questions([f"answer {i}" for i in range(200)])) == []


def test_kinds_of_documents_without_training_questions_are_warned_of() -> None:
    """A folder or an extension that only the test asks about is reported; a single document is not a kind."""

    def about(source: str, i: int, part: str) -> Question:
        spans = (SourceSpan(source=source),)
        return Question.model_validate(
            {"id": f"{source}{i}", "text": f"{source} {i}?", "answers": (f"a{i}",), "fact": f"{source}{i}",
             "split": part, "source_spans": spans}
        )  # fmt: skip

    given = [about(f"guide/{n}.md", i, "train" if n else "test") for n in range(4) for i in range(3)]
    given += [about(f"legal/{n}.pdf", i, "test") for n in range(2) for i in range(3)]
    given += [about("faq/one.md", i, "test") for i in range(3)]
    (warning,) = [
        one for one in summarise(assign_splits(given, 7)).warnings if one.startswith("Documents that are asked")
    ]
    assert "not in training: .pdf files (6 test questions), legal/ (6 test questions)." in warning


def test_banking77_is_read_as_labels(public_data: Path) -> None:
    """Twenty of its labels with 1,200 requests, whose sources are their labels' pages, and half of that."""
    with (public_data / "banking77" / "train.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["category"] for row in rows})[:20]
    rows = random.Random(1).sample([row for row in rows if row["category"] in names], 1200)
    for n in (600, 1200):
        assigned = split(
            [
                Question(id=f"q{i}", text=row["text"], answers=(row["category"].replace("_", " "),), fact="",
                         source_spans=(SourceSpan(source=f"{row['category']}.md"),))
                for i, row in enumerate(rows[:n])
            ]
        )  # fmt: skip
        assert summarise(assigned).n_labels == 20
        trained = Counter(one.answers[0] for one in assigned if one.split == "train")
        of_label = Counter(one.answers[0] for one in assigned)
        assert len(trained) == 20
        assert all(trained[label] >= 0.25 * of_label[label] for label in of_label)
        assert sum(not leak.excused for leak in leaks(assigned)) <= 0.02 * n
