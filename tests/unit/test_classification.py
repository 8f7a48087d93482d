"""Measures of labels against scikit-learn and sums written out; intervals that cover; the declared label set."""

import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from bakeoff.errors import InputError
from bakeoff.grading.grade import grade
from bakeoff.grading.label import is_label
from bakeoff.measure.classification import _errors_by_luck, auroc, calibration_error, classified, have_labels, macro_f1
from bakeoff.questions.facts.label_set import as_labels
from bakeoff.questions.facts.labels import answer_labels
from bakeoff.questions.splits.splits import assign_splits
from bakeoff.questions.splits.survey import summarise
from bakeoff.records import Answer, Question

LABELS = ("refund", "delivery", "log in", "other")


def asked(number, *labels, **more):
    kind, name = ("label", "seen") if labels else ("", "unanswerable")
    given = {"kind": kind, "slice": name, "split": "test", **more}
    return Question(id=f"q{number}", text=f"text {number}", answers=labels, fact=f"f{number}", **given)


def said(number, text, confidence=0.5, abstained=False, **more):
    return Answer(
        question_id=f"q{number}", contender="c", text=text, confidence=confidence, abstained=abstained, **more
    )


def drawn(n=200, seed=3):
    """Questions of four labels (a fifth of them out of scope), with answers that are right about half the time."""
    rng = np.random.default_rng(seed)
    questions, answers = [], []
    for i in range(n):
        label = LABELS[rng.integers(4)] if rng.random() < 0.8 else None
        questions.append(asked(i, *([label] if label else [])))
        given = label if label and rng.random() < 0.5 else LABELS[rng.integers(4)]
        answers.append(said(i, given, confidence=round(float(rng.random()), 2), abstained=bool(rng.random() < 0.2)))
    return questions, answers


def of(questions, answers):
    knows = {
        question.id: float(answer.text in question.answers)
        for question, answer in zip(questions, answers, strict=True)
        if question.answerable
    }
    return classified(questions, answers, knows)


def test_macro_f1_is_that_of_scikit_learn():
    """A declined question and one out of scope have no label: they count against recall and precision."""
    questions, answers = drawn()
    truth = [question.answers[0] if question.answers else "-" for question in questions]
    given = ["-" if answer.abstained else answer.text for answer in answers]
    expected = f1_score(truth, given, labels=sorted(LABELS), average="macro")
    estimate = macro_f1(of(questions, answers))
    assert estimate.value == pytest.approx(expected)
    assert estimate.low < estimate.value < estimate.high and estimate.n == 200
    each = f1_score(truth, given, labels=sorted(LABELS), average=None)
    assert [row["f1"] for row in estimate.detail["labels"].values()] == pytest.approx(list(each))


def test_macro_f1_written_out():
    """Two of three refunds are found and one other question is called a refund: 2/3 precise, 2/3 found."""
    questions = [asked(i, label) for i, label in enumerate(["refund"] * 3 + ["delivery"])]
    answers = [said(i, text) for i, text in enumerate(["Refund.", "label: refund", "delivery", "refund"])]
    estimate = macro_f1(of(questions, answers))
    assert estimate.value == pytest.approx((2 / 3 + 0.0) / 2)
    confused = [{"right": "delivery", "given": "refund", "n": 1}, {"right": "refund", "given": "delivery", "n": 1}]
    assert sorted(estimate.detail["confused"], key=str) == confused


def test_the_area_is_that_of_scikit_learn_with_ties():
    """Confidences have two digits, so many are equal."""
    questions, answers = drawn()
    expected = roc_auc_score([question.answerable for question in questions], [one.confidence for one in answers])
    estimate = auroc(of(questions, answers))
    assert estimate.value == pytest.approx(expected)
    assert estimate.low < expected < estimate.high


def test_without_questions_out_of_scope_there_is_no_area():
    """And none of questions in scope alone."""
    assert auroc(of([asked(1, "refund")], [said(1, "refund")])).value is None
    assert auroc(of([asked(1)], [said(1, "refund")])).value is None


def test_the_calibration_error_is_the_sum_over_bins_written_out():
    """Ten bins of equal size; out of scope no label is right, and declined answers count by their text."""
    questions, answers = drawn(n=250)
    inside = [(a.confidence, a.text in q.answers) for q, a in zip(questions, answers, strict=True)]
    inside.sort(key=lambda pair: pair[0])
    n, expected = len(inside), 0.0
    for b in range(10):
        members = [pair for i, pair in enumerate(inside) if i * 10 // n == b]
        expected += abs(sum(sure - right for sure, right in members)) / n
    estimate = calibration_error(of(questions, answers))
    assert estimate.value == pytest.approx(expected)
    assert sum(row["n"] for row in estimate.detail["bins"]) == n


def test_confidences_that_are_no_probabilities_have_no_calibration_error():
    """Such as the mean log-probability of a generator."""
    questions = [asked(1, "refund"), asked(2, "delivery")]
    assert calibration_error(of(questions, [said(1, "refund", -0.3), said(2, "refund", -0.1)])).value is None


@pytest.mark.parametrize("shift", [0.0, 0.15])
def test_the_interval_of_the_calibration_error_covers_what_is_true(shift):
    """Of 60 simulated tests nearly all intervals hold the true error, although the value alone is too high at 0."""
    n_held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        sure = rng.uniform(0.2, 0.8, 300)
        right = rng.random(300) < sure + shift
        questions = [asked(i, "refund") for i in range(300)]
        answers = [said(i, "refund" if right[i] else "delivery", float(sure[i])) for i in range(300)]
        estimate = calibration_error(of(questions, answers))
        n_held += estimate.low <= shift + 1e-9 and shift - 1e-9 <= estimate.high
    assert n_held >= 52


def test_a_failed_answer_counts_nowhere():
    """It is not a wrong label."""
    questions = [asked(1, "refund"), asked(2, "delivery")]
    assert macro_f1(of(questions, [said(1, "refund"), said(2, "", None, error="no")])).value == 1.0


def test_only_runs_whose_answers_are_labels_are_measured():
    """General knowledge does not count; a number among the answers does."""
    assert have_labels([asked(1, "refund"), asked(2), asked(3, "9", kind="numeric", slice="general")])
    assert not have_labels([asked(1, "refund"), asked(3, "9", kind="numeric")])
    assert not have_labels([asked(2)])


# --- the label set


def plain(number, *answers, **more):
    return Question(id=f"q{number}", text=f"text {number}", answers=answers, fact=f"f{number}", **more)


def test_labels_that_differ_only_in_case_are_one():
    """Spelled as most questions spell it; a note says which."""
    questions, notes = as_labels(
        [plain(1, "Refund"), plain(2, "refund"), plain(3, "refund"), plain(4, "log_in"), plain(5)]
    )
    assert [question.answers for question in questions] == [("refund",)] * 3 + [("log_in",), ()]
    assert [question.kind for question in questions] == ["label"] * 4 + [""]
    assert notes == ["Labels that differ only in case or separators are one label: 'Refund' and 'refund' as 'refund'."]


def test_one_class_only_is_refused():
    """There is nothing to choose between."""
    with pytest.raises(InputError, match="at least two labels, and all questions with a label have 'refund'"):
        as_labels([plain(1, "refund"), plain(2, "Refund"), plain(3)])
    with pytest.raises(InputError, match="no question has one"):
        as_labels([plain(1)])


def test_a_label_without_a_letter_is_refused():
    """It could not be told from an empty answer."""
    with pytest.raises(InputError, match="must hold a letter, a digit or a sign"):
        as_labels([plain(1, "(!)"), plain(2, "refund")])


def test_labels_that_the_grader_takes_for_one_another_are_refused():
    """'product issue' is also a way to say 'issue'."""
    with pytest.raises(InputError, match="'product issue' and 'issue' cannot be held apart"):
        as_labels([plain(1, "product issue"), plain(2, "issue"), plain(3, "order")])


def test_declared_labels_are_split_within_each_label_even_if_they_are_rare():
    """Three examples of each of two labels, and one of a third: it is trained on."""
    rows = [plain(i, label) for i, label in enumerate(["refund"] * 3 + ["4"] * 3 + ["log in"])]
    assert answer_labels(rows) == {}
    questions, _ = as_labels(rows)
    assert set(answer_labels(questions).values()) == {"refund", "4", "log in"}
    split = assign_splits(questions, seed=1)
    assert {question.answers[0] for question in split if question.split == "train"} == {"refund", "4", "log in"}


def test_labels_that_are_tested_but_not_trained_are_named_and_counted():
    """The run goes on: they count as wrong."""
    questions, _ = as_labels(
        [
            *(plain(i, "refund", split="train") for i in range(3)),
            *(plain(10 + i, "order", split="train") for i in range(3)),
            *(plain(20 + i, "log in", split="test") for i in range(2)),
        ]
    )
    warnings = summarise(assign_splits(questions, seed=1)).warnings
    assert any("Labels without a training example" in line and "log in (2)" in line for line in warnings)


def test_a_lead_in_ends_where_its_word_ends():
    """'product issue' is no way to say 'sue'; 'the product is issue' is one to say 'issue'."""
    assert not is_label("product issue", "sue")
    assert is_label("the product is issue", "issue")
    assert is_label("It's about delivery", "delivery") and not is_label("it is another", "other")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("PayPal", "paypal"), ("product_issue", "product issue"), ("ProductIssue", "productissue"),
        ("product-issue", "Product Issue"), ("card – arrival", "card arrival"), ("1-2", "1 2"), ("level 1", "Level1"),
        ("- refund", "refund"), ("**refund**", "refund"), ("**Label:** refund", "refund"), ("`refund`", "refund"),
        ("Label: -1", "-1"), ("(-1)", "-1"), ("\N{MINUS SIGN}1", "-1"), ("[refund]", "refund"),
    ],
)  # fmt: skip
def test_spellings_of_one_label(one, other):
    """Case, separators and markup do not count."""
    assert is_label(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("-1", "1"), ("+1", "1"), ("A-", "A"), ("A*", "A"), ("*", "***"), ("C++", "C"), ("1-2", "12"), ("1.5", "15"),
        (".5", "5"), ("score -1", "score 1"), ("Label-1", "-1"),
    ],
)  # fmt: skip
def test_labels_that_differ_in_a_sign_are_two(one, other):
    """Both ways round, and as a label set."""
    assert not is_label(one, other) and not is_label(other, one)
    questions, notes = as_labels([plain(1, one), plain(2, other)])
    assert [question.answers for question in questions] == [(one,), (other,)] and not notes


def test_a_label_that_a_model_may_write_with_a_space_is_no_way_to_say_another():
    """'ProductIssue' is also answered as 'product issue', which would be right for 'issue'."""
    for spelling in ("ProductIssue", "product_issue", "product-issue"):
        with pytest.raises(InputError, match="cannot be held apart"):
            as_labels([plain(1, spelling), plain(2, "issue")])


def test_a_part_of_a_label_before_brackets_is_another_label():
    """An abbreviation in brackets is an alias elsewhere."""
    assert grade("Bug", ["Bug (UI)"], "label").verdict == "wrong" and grade("Bug", ["Bug (UI)"]).correct
    assert grade("bug ui", ["Bug (UI)"], "label").correct


def test_luck_is_drawn_in_portions():
    """The same errors as in one piece, written out, with a tenth of the memory."""
    rng = np.random.default_rng(5)
    sure, member = rng.random(4000), np.eye(10)[rng.integers(10, size=4000)]
    luck = np.random.default_rng(1).random((1000, 4000)) < sure
    expected = np.abs((sure - luck) @ member).sum(axis=1) / 4000
    tracemalloc.start()
    found = _errors_by_luck(sure, member)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == pytest.approx(expected) and peak < 0.3 * luck.size * 8
