"""The classifier of style is used only if its check on held-out examples allows it, and says what else would do."""

import numpy as np
import pytest
from scipy.optimize import minimize

from bakeoff.errors import InputError
from bakeoff.models.embed import HashEmbedder
from bakeoff.style.classifier import LEAST_ACCURACY, N_FOLDS, Classifier, _folds, trained
from bakeoff.style.examples import StyleExample, read_examples, without_test_answers
from bakeoff.style.logistic import fit

PLACES = ["valve", "pump", "filter", "sensor", "panel", "battery", "hinge", "cable", "switch", "remote", "lid", "drain"]
VERBS = ["opens", "closes", "turns", "stops", "starts", "holds"]


def facts(n: int) -> list[str]:
    draw = np.random.default_rng(3)
    return [
        f"the {draw.choice(PLACES)} {draw.choice(VERBS)} after {draw.integers(2, 90)} minutes near the "
        f"{draw.choice(PLACES)}"
        for _ in range(n)
    ]


def examples(pairs) -> list[StyleExample]:
    """Pairs of a text in the style and one that is not, each pair about one thing."""
    return [
        StyleExample(text=text, in_style=kind, group=f"g{i}")
        for i, pair in enumerate(pairs)
        for kind, text in zip((True, False), pair, strict=True)
    ]


def polite(fact: str) -> str:
    return f"Please note: {fact}; thank you."


def blunt(fact: str) -> str:
    return f"So {fact}, got it? Bye!"


def of(pairs) -> Classifier:
    return trained(examples(pairs), HashEmbedder)


def test_a_style_that_differs_is_found_and_judged():
    """Polite and blunt sentences about the same facts, of about equal length: usable, without a warning."""
    classifier = of([(polite(fact), blunt(fact)) for fact in facts(40)])
    check = classifier.check
    assert check.is_usable and check.accuracy.value == 1.0 and check.warnings == ()
    assert LEAST_ACCURACY <= check.accuracy.low < 1.0 and (check.n_in, check.n_out, check.n_groups) == (40, 40, 40)
    new = "the lamp blinks after 5 minutes"
    assert classifier.judge(polite(new), HashEmbedder()) and not classifier.judge(blunt(new), HashEmbedder())
    assert "right on 100" in check.says.replace("\u202f", " ") and "(40 groups)" in check.says
    assert Classifier.model_validate_json(classifier.model_dump_json()) == classifier


def test_labels_by_chance_are_refused():
    """The interval covers a coin; no weights are kept, and the reason has both numbers."""
    draw = np.random.default_rng(1)
    texts = facts(160)
    given = [
        StyleExample(text=f"{text} {i}", in_style=bool(draw.integers(2)), group=str(i)) for i, text in enumerate(texts)
    ]
    classifier = trained(given, HashEmbedder)
    assert not classifier.check.is_usable and classifier.weights == ()
    assert classifier.check.accuracy.low < 0.5 < classifier.check.accuracy.high
    assert "cannot be used" in classifier.check.says and "chance" in classifier.check.says


def test_length_alone_is_said():
    """Two sentences against one: the classifier finds them, and so does the number of words. That is no style."""
    pairs = [(f"{a}.", f"{b} and {c} and {d}.") for a, b, c, d in zip(*[iter(facts(160))] * 4, strict=True)]
    check = of(pairs).check
    assert check.by_length.value > 0.9
    assert any(
        "length of the examples alone" in warning and "words on average" in warning for warning in check.warnings
    )
    assert "length of the examples alone" in check.says


def test_the_subject_alone_is_said():
    """Texts about pumps in the style, about birds not, written alike: the words they are about tell them."""
    birds = ["robin", "finch", "heron", "eagle", "crane", "swift"]
    draw = np.random.default_rng(5)
    texts = [
        (f"The {draw.choice(kind)} and the {draw.choice(kind)} come at {i % 24}.", kind is PLACES)
        for i, kind in enumerate([PLACES, birds] * 40)
    ]
    given = [StyleExample(text=text, in_style=kind, group=str(i)) for i, (text, kind) in enumerate(texts)]
    check = trained(given, HashEmbedder).check
    assert check.is_usable and any("subjects of the examples alone" in warning for warning in check.warnings)
    assert not any("length" in warning for warning in check.warnings)


def test_subjects_that_their_words_tell_less_well_are_said_too():
    """The embedder knows more of a subject than its words: being right more often does not make it a style."""
    draw = np.random.default_rng(6)
    letters = "abcdefghijklmnopqrstuvwxyz"
    given = []
    for i in range(120):
        stem = "robin" if i % 2 else "valve"
        word = stem if draw.random() < 0.75 else stem + "".join(draw.choice(list(letters), 3))
        given.append(StyleExample(text=f"See {word} at {i % 24}, {i}.", in_style=stem == "valve", group=str(i)))
    check = trained(given, HashEmbedder).check
    assert check.by_subject.low >= LEAST_ACCURACY and check.by_subject.detail["accuracy_lost"] > 0
    assert any("subjects of the examples alone" in warning for warning in check.warnings)


def test_pairs_about_the_same_things_have_no_warning_about_subjects():
    """Even if the style has words of its own."""
    pairs = [(f"Kindly note that {fact}.", f"Listen buddy, {fact}.") for fact in facts(40)]
    check = of(pairs).check
    assert check.is_usable and not any("subjects" in warning for warning in check.warnings)


def test_too_few_examples_load_no_model():
    """Twenty groups of each kind are the least."""

    def refuse():
        raise AssertionError("loaded")

    given = [StyleExample(text=str(i), in_style=i % 2 == 0, group=str(i)) for i in range(38)]
    check = trained(given, refuse, notes=["One note."]).check
    assert check.problem.endswith("of 19 groups; at least 20 are needed") and check.warnings == ("One note.",)


def test_groups_stay_in_one_fold():
    """Each fold has about the same number of groups; a group is in one fold only."""
    groups = [f"g{i // 2}" for i in range(60)]
    is_in = np.array([i % 2 == 0 for i in range(60)])
    folds = _folds(is_in, groups, 0)
    assert all(len({folds[row] for row in range(60) if groups[row] == name}) == 1 for name in set(groups))
    assert np.bincount(folds).tolist() == [12] * N_FOLDS


def test_texts_of_one_group_do_not_help_each_other():
    """The same text twice with small changes, labels by chance: ungrouped it looks learnable, grouped it does not."""
    draw = np.random.default_rng(2)
    texts = facts(60)
    kinds = [bool(draw.integers(2)) for _ in texts]
    twice = [(f"{text} no {i}{sign}", kinds[i], i) for i, text in enumerate(texts) for sign in (".", ";", ",", ":")]
    alone = [StyleExample(text=t, in_style=k, group=str(n)) for n, (t, k, _) in enumerate(twice)]
    grouped = [StyleExample(text=t, in_style=k, group=str(i)) for t, k, i in twice]
    assert trained(alone, HashEmbedder).check.is_usable and not trained(grouped, HashEmbedder).check.is_usable


def test_the_weights_minimise_the_loss_written_out():
    """Against scipy's minimiser on the loss as it is written, with more of one kind."""
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(80, 6))
    is_yes = rows @ draw.normal(size=6) + draw.normal(size=80) > 0.8
    weight = np.where(is_yes, 0.5 * 80 / is_yes.sum(), 0.5 * 80 / (~is_yes).sum())

    def loss(weights):
        scores = rows @ weights[:-1] + weights[-1]
        return float(weight @ np.logaddexp(0, np.where(is_yes, -scores, scores)) + 0.5 * weights[:-1] @ weights[:-1])

    best = minimize(loss, np.zeros(7), tol=1e-12).x
    fitted = fit(rows, is_yes)
    assert np.allclose([*fitted.weights, fitted.constant], best, atol=1e-4)


def test_data_that_a_line_separates_have_finite_weights():
    """The penalty bounds them."""
    rows = np.array([[-1.0], [-0.9], [0.9], [1.0]])
    fitted = fit(rows, np.array([False, False, True, True]))
    assert 0 < fitted.weights[0] < 10 and abs(fitted.constant) < 1e-6


def test_examples_are_read_once_each(tmp_path):
    """Without a group a text is a group of its own; a text that stands twice counts once."""
    path = tmp_path / "style.csv"
    path.write_text("text,in_style,group\nHello,yes,a\nhello ,YES,b\nGo,0,\n", encoding="utf-8-sig")
    assert read_examples(path) == [
        StyleExample(text="Hello", in_style=True, group="a"),
        StyleExample(text="Go", in_style=False, group="line 4"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,style\na,yes\n", r"has no column in_style \(found: text, style\)"),
        ("", "has no column text and no column in_style"),
        ("text,in_style\na,maybe\n", r"neither yes nor no in line 2 \('maybe'\)"),
        ("text,in_style\na\n", "neither yes nor no in line 2"),
        ("text,in_style\n ,yes\n", "no text in line 2"),
        ("text,in_style\na,yes\nA,no\n", "the same text is in the style and not: lines 2 and 3"),
    ],
)
def test_a_broken_file_of_examples_names_its_lines(tmp_path, content, message):
    """The remedy says which columns it has."""
    path = tmp_path / "style.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as refused:
        read_examples(path)
    assert refused.value.remedy


def test_a_missing_file_of_examples_is_named(tmp_path):
    with pytest.raises(InputError, match=r"Cannot read the examples of style in .*gone\.csv"):
        read_examples(tmp_path / "gone.csv")


def test_answers_of_the_test_are_not_trained_on():
    """Capitals and blanks do not count. The note says how many."""
    given = [StyleExample(text=text, in_style=True, group=text) for text in ("24  Months", "Hello")]
    kept, notes = without_test_answers(given, ["24 months"])
    assert [example.text for example in kept] == ["Hello"] and notes[0].startswith("1 example of style is an answer")
    assert without_test_answers(given, []) == (given, [])
