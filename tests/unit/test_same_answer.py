"""Rewordings are one fact if their answers and sources are the same, even if all words differ."""

import pytest

from bakeoff.questions.facts.facts import with_facts, with_same_places
from bakeoff.questions.facts.same_answer import same_answer_groups
from bakeoff.questions.splits.leaks import leaks
from bakeoff.questions.splits.splits import assign_splits
from bakeoff.records import Question, SourceSpan

HOW_TO = "Open Settings, turn on the encryption switch, and enter a password that you will remember."
WORDINGS = ("How do I encrypt my budget?", "Where can end-to-end protection be enabled?", "Securing files: what to do?")


def question(name: str, text: str, answer: str, source: str | None = "a.md", **more: object) -> Question:
    spans = (SourceSpan(source=source),) if source else ()
    fields = {"id": name, "text": text, "answers": (answer,), "fact": "", "source_spans": spans}
    return Question.model_validate(fields | more)


def wordings(answer: str, texts: tuple[str, ...] = WORDINGS, source: str | None = "a.md") -> list[Question]:
    return [question(f"w{i}", text, answer, source) for i, text in enumerate(texts)]


def n_facts(questions: list[Question]) -> int:
    return len({one.fact for one in with_facts(questions)[0]})


def test_rewordings_with_one_long_answer_and_source_are_one_fact() -> None:
    """They are one fact although they share no words. The note counts them."""
    complete, (note,) = with_same_places(with_facts(wordings(HOW_TO))[0], [])
    assert len({one.fact for one in complete}) == 1
    assert "3 answerable questions have no fact" in note
    assert "(grouped with another question that asks for the same: 2)" in note


@pytest.mark.parametrize(
    ("changes", "n"),
    [
        ([{"source_spans": (SourceSpan(source="b.md"),)}], 2),
        ([{"source_spans": ()}] * 3, 3),
        ([{"answers": (HOW_TO + " Then wait.",)}], 2),
        ([{"answers": (HOW_TO.lower().replace(",", ""),)}], 1),
    ],
)
def test_a_long_answer_proves_it_with_the_same_source_only(changes: list[dict[str, object]], n: int) -> None:
    """Another source, no source, or another answer is another fact. Case and punctuation do not matter."""
    given = wordings(HOW_TO)
    given[: len(changes)] = [one.model_copy(update=change) for one, change in zip(given, changes, strict=False)]
    assert n_facts(given) == n


@pytest.mark.parametrize("answer", ["Yes", "No, never", "24 months", "12"])
def test_yes_no_and_numbers_prove_nothing(answer: str) -> None:
    """Yes, no and numbers never count, even if they are rare: many facts of one document have them."""
    assert n_facts(wordings(answer)) == 3
    texts = ("How long is the warranty on lamps?", "What is the warranty period that lamps come with?")
    assert same_answer_groups(wordings(answer, texts)) == []


def test_a_rare_short_answer_proves_it_where_words_are_shared() -> None:
    """Questions that share words are one fact; questions that share only the answer are not."""
    texts = ("Which architect designed Larkhill Station?", "Larkhill Station: name the architect behind the building")
    assert n_facts(wordings("Mara Velden", texts)) == 1
    assert n_facts(wordings("Mara Velden", (*texts, "Who won the rowing prize in spring?"))) == 2


def test_a_short_answer_that_many_questions_have_proves_nothing() -> None:
    """The same answer to six other questions shows that it is common."""
    texts = ("Which team handles refunds of vouchers?", "Name the team behind handling voucher refunds, please")
    others = [question(f"o{i}", f"{name}?", "Back office", f"{i}.md") for i, name in enumerate("abcdef")]
    assert len(same_answer_groups(wordings("Back office", texts))) == 1
    assert same_answer_groups([*wordings("Back office", texts), *others]) == []


def test_labels_prove_nothing() -> None:
    """Requests with the same label and the label's page as source are separate facts, also with long labels."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    label = "card payment not shown after it was made abroad"
    given = [question(f"q{i}", f"{c * 5} {c * 7}", label, "l.md") for i, c in enumerate(letters)]
    more = [
        question(f"r{i}{n}", f"{c * 4} {c * 9}", f"label {n}", f"{n}.md")
        for n in ("one", "two")
        for i, c in enumerate(letters)
    ]
    assert n_facts([*given, *more]) == 3 * 26


def test_questions_about_other_numbers_are_other_facts() -> None:
    """A question without a number joins the others only if they all have the same numbers."""
    texts = ("How is the Hearth 2 descaled?", "What removes lime from a Hearth 3?", "Getting rid of lime: how?")
    assert n_facts(wordings(HOW_TO, texts)) == 3
    assert n_facts(wordings(HOW_TO, texts[1:])) == 1


def test_a_fact_that_the_file_names_takes_the_others_in() -> None:
    """Two facts that the file names stay separate."""
    first, second, third = wordings(HOW_TO)
    named = first.model_copy(update={"fact": "encrypt"})
    assert {one.fact for one in with_facts([named, second, third])[0]} == {"encrypt"}
    other = second.model_copy(update={"fact": "protect"})
    assert {"encrypt", "protect"} <= {one.fact for one in with_facts([named, other, third])[0]}


def test_rewordings_are_kept_together_or_seen() -> None:
    """No question that counts as unseen has a fact that is trained on."""
    given = [
        question(f"{page}-{i}", f"{text} ({chr(97 + page) * 6})", f"{HOW_TO} {chr(97 + page) * 3}", f"{page}.md")
        for page in range(20)
        for i, text in enumerate(WORDINGS)
    ]
    assigned = assign_splits(with_facts(given)[0], 7)
    trained = {one.answers for one in assigned if one.split == "train"}
    assert {one.slice for one in assigned if one.answers in trained} == {"seen"}
    assert {one.slice for one in assigned if one.answers not in trained} == {"unseen"}


def test_rewordings_under_two_named_facts_leak() -> None:
    """The pair is reported with the reason. Pairs of one fact or with a common answer are not."""
    test, train, other = (
        one.model_copy(update={"fact": f"f{i}", "split": "train" if i else "test"})
        for i, one in enumerate(wordings(HOW_TO))
    )
    (leak,) = leaks([test, train])
    assert (leak.test_id, leak.train_id, leak.same_answer, leak.excused) == ("w0", "w1", True, False)
    assert leak.line == "test question w0 has the same answer and source as training question w1, under another fact"
    assert leaks([test, train.model_copy(update={"fact": "f0"}), other]) == []
    short = [one.model_copy(update={"answers": ("Yes",)}) for one in (test, train)]
    assert leaks(short) == []


def test_a_copy_for_retraining_is_no_leak_of_a_question_before_the_update() -> None:
    """It is trained on after the update, and then only the changed questions are asked."""
    text = "How long is the warranty of the kettle?"
    test = question("a", text, "3 years", fact="f", split="test")
    train = question("b", text + "!", "3 years", fact="f", split="train", slice="changed")
    assert leaks([test, train]) == []
    assert len(leaks([test.model_copy(update={"slice": "changed"}), train])) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [("3.1", "3.10"), ("C++", "C"), ("< 5 kg", "> 5 kg"), ("less than 24 months", "24 months"), ("!=", "==")],
)
def test_answers_that_differ_in_a_symbol_a_version_or_a_bound_are_two_facts(first: str, second: str) -> None:
    """Questions that are worded alike keep two facts if their answers are not the same."""
    asked = [
        question("a", "Which value is the oldest one that is supported?", first),
        question("b", "Which value is the newest one that is supported?", second),
    ]
    assert n_facts(asked) == 2
