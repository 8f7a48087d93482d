"""Splits, leaks, and what the data can show."""

import math
import random
from collections import Counter, defaultdict
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.questions.facts.near_copies import similar_pairs
from bakeoff.questions.splits.leaks import leak_notes, leaks
from bakeoff.questions.splits.splits import assign_splits
from bakeoff.questions.splits.survey import detectable_difference, summarise
from bakeoff.records import Question, SourceSpan

WORDS = "amber birch cedar dune ember fjord grove heath inlet jetty knoll loch marsh notch ocean pond quay reef".split()  # noqa: SIM905


def question(
    name: str, fact: str, document: int | None = 0, answers: tuple[str, ...] = ("x",), **more: object
) -> Question:
    spans = () if document is None else (SourceSpan(source=f"d{document}.md"),)
    fields = {"id": name, "text": name, "fact": fact, "answers": answers, "source_spans": spans}
    return Question.model_validate(fields | more)


def corpus(n_documents: int = 20, facts_each: int = 6, phrasings: tuple[int, ...] = (1, 2, 3, 4, 5)) -> list[Question]:
    """Facts with these numbers of phrasings in turn, over several documents, and a fifth as many unanswerable."""
    made = []
    for fact in range(n_documents * facts_each):
        for k in range(phrasings[fact % len(phrasings)]):
            made.append(question(f"f{fact}-{k}", f"f{fact}", fact // facts_each))
    made += [question(f"u{i}", f"u{i}", None, ()) for i in range(n_documents * facts_each // 5)]
    return made


def splits_by_fact(questions: list[Question]) -> dict[str, Counter[str]]:
    counts_by_fact: dict[str, Counter[str]] = defaultdict(Counter)
    for one in questions:
        counts_by_fact[one.fact][str(one.split)] += 1
    return counts_by_fact


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 25), st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_nothing_held_out_is_trained_on(seed: int, n_documents: int, phrasings: list[int]) -> None:
    """Unseen facts and their documents are never in train, seen facts are, and the slices are correct."""
    assigned = assign_splits(corpus(n_documents, 4, tuple(phrasings)), seed)
    trained = {one.fact for one in assigned if one.split == "train"}
    trained_documents = {span.source for one in assigned if one.split == "train" for span in one.source_spans}
    for one in assigned:
        assert one.split is not None
        assert one.slice == ("unanswerable" if not one.answers else "seen" if one.fact in trained else "unseen")
        if one.slice == "unseen" and n_documents >= 8:
            assert not {span.source for span in one.source_spans} & trained_documents
    for fact, counts in splits_by_fact(assigned).items():
        if fact not in trained:
            assert len(counts) == 1  # wholly in dev or wholly in test


def test_the_split_depends_on_the_seed_only() -> None:
    """The order of the questions does not change the splits."""
    questions = corpus()
    split = {one.id: one.split for one in assign_splits(questions, 7)}
    shuffled = random.Random(1).sample(questions, len(questions))
    assert {one.id: one.split for one in assign_splits(shuffled, 7)} == split
    assert [one.id for one in assign_splits(shuffled, 7)] == [one.id for one in shuffled]
    assert {one.id: one.split for one in assign_splits(questions, 8)} != split


def test_held_out_documents_are_balanced() -> None:
    """About 40 % of facts, of paraphrased facts and of asked volume are unseen, for every seed."""
    questions = [one.model_copy(update={"asked": 1 + 200 // (1 + int(one.fact[1:]))}) for one in corpus()]
    for seed in range(5):
        known = [one for one in assign_splits(questions, seed) if one.answers]
        facts = splits_by_fact(known)
        unseen = {one.fact for one in known if one.slice == "unseen"}
        assert 0.35 <= len(unseen) / len(facts) <= 0.45
        paraphrased = {fact for fact, counts in facts.items() if counts.total() > 1}
        assert 0.3 <= len(unseen & paraphrased) / len(paraphrased) <= 0.5


def test_seen_facts_keep_phrasings_to_train_on() -> None:
    """One of two or three is held back, and up to three of more. Two stay in train unless dev needs one."""
    seen = [one for one in assign_splits(corpus(), 7) if one.slice == "seen"]
    assert seen
    for counts in splits_by_fact(seen).values():
        n = counts.total()
        assert counts["train"] >= 1
        assert n - counts["train"] <= (0 if n == 1 else 1 if n == 2 else 2 if n < 5 else 3)
        if n >= 4:
            assert counts["train"] >= 2


def test_dev_mirrors_test() -> None:
    """Dev has seen, unseen and unanswerable questions, in about the requested proportion to test."""
    counts = summarise(assign_splits(corpus(), 7)).counts
    for name in ("seen", "unseen", "unanswerable"):
        assert counts["dev"][name] / (counts["dev"][name] + counts["test"][name]) == pytest.approx(0.27, abs=0.09), name


def test_without_paraphrases_all_is_held_out_by_document() -> None:
    """A hundred questions on fifty documents: test and dev get their full shares, and nothing is seen."""
    assigned = assign_splits([question(f"q{i}", f"f{i}", i // 2) for i in range(100)], 7)
    assert {one.slice for one in assigned if one.split != "train"} == {"unseen"}
    sizes = Counter(one.split for one in assigned)
    assert 36 <= sizes["test"] <= 44
    assert 11 <= sizes["dev"] <= 19


@pytest.mark.parametrize("n", range(1, 6))
def test_tiny_sets_are_split(n: int) -> None:
    """A single question is tested. With more, there are some to train on and some to test."""
    sizes = Counter(one.split for one in assign_splits([question(f"q{i}", f"f{i}", None) for i in range(n)], 7))
    assert sizes["test"] >= 1
    assert sizes["train"] >= (1 if n > 1 else 0)
    assert assign_splits([], 7) == []


def test_changed_and_general_questions() -> None:
    """General questions are all tested. Of a changed fact one phrasing (two of four or more) is tested."""
    questions = [question(f"g{i}", f"g{i}", None, slice="general") for i in range(3)]
    questions += [question(f"c{n}-{k}", f"f{n}", slice="changed") for n in (1, 2, 4) for k in range(n)]
    questions += [question(f"f{n}-{k}", f"f{n}", n) for n in (1, 2, 4) for k in range(n)]
    assigned = assign_splits(questions, 7)
    assert {one.split for one in assigned if one.slice == "general"} == {"test"}
    changed = splits_by_fact([one for one in assigned if one.slice == "changed"])
    assert {fact: counts["test"] for fact, counts in changed.items()} == {"f1": 1, "f2": 1, "f4": 2}
    assert all(one.slice == "changed" for one in assigned if one.id.startswith("c"))


def test_unanswerable_questions_about_held_out_documents_are_not_trained_on() -> None:
    """About 30, 20 and 50 % go to train, dev and test."""
    questions = corpus(20, 6, (1, 3)) + [question(f"v{i}", f"v{i}", i % 20, ()) for i in range(60)]
    assigned = assign_splits(questions, 7)
    held = {span.source for one in assigned if one.slice == "unseen" for span in one.source_spans}
    trained = [one for one in assigned if one.slice == "unanswerable" and one.split == "train"]
    assert not {span.source for one in trained for span in one.source_spans} & held
    sizes = Counter(one.split for one in assigned if one.slice == "unanswerable")
    assert sizes["train"] / sizes.total() == pytest.approx(0.3, abs=0.03)
    assert sizes["dev"] / sizes.total() == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize(("test", "dev", "expected"), [(0.3, 0.7, (0, 42, 18)), (0.2, 0.2, (18, 21, 21))])
def test_unanswerable_questions_follow_the_split(test: float, dev: float, expected: tuple[int, int, int]) -> None:
    """A race asks dev, the verdict test: what a contender declines must count alike in both."""
    assigned = assign_splits([question(f"u{i}", f"u{i}", None, ()) for i in range(60)], 7, test, dev)
    sizes = Counter(str(one.split) for one in assigned)
    assert (sizes["train"], sizes["dev"], sizes["test"]) == expected


def test_given_splits_are_kept() -> None:
    """They are kept even if that makes a fact seen. Documents of given training questions are not held out."""
    questions = corpus()
    given_split = {one.id: ("train", "dev", "test")[i % 3] for i, one in enumerate(questions) if i % 4 == 0}
    marked = [one.model_copy(update={"split": given_split.get(one.id)}) for one in questions]
    assigned = assign_splits(marked, 7)
    assert all(one.split == given_split[one.id] for one in assigned if one.id in given_split)
    trained = {one.fact for one in assigned if one.split == "train"}
    assert all((one.slice == "seen") == (one.fact in trained) for one in assigned if one.answers)


def leak(test: Question, train: Question) -> tuple[str, bool] | None:
    pairs = leaks([test.model_copy(update={"split": "test"}), train.model_copy(update={"split": "train"})])
    return (pairs[0].train_id, pairs[0].excused) if pairs else None


def test_leaks_and_what_is_excused() -> None:
    """Near-copies are leaks. Phrasings of one fact and other answers are excused, unless almost exact."""
    base = question("a", "f", text="How long is the warranty on the Tide leak sensor?", slice="seen")
    near = question("b", "f", text="How long is the warranty for a Tide leak sensor?")
    exact = question("c", "f", text="how long is the warranty on the tide leak sensor")
    assert leak(base, near) == ("b", True)
    assert leak(base, exact) == ("c", False)
    assert leak(base, near.model_copy(update={"fact": "other"})) == ("b", False)
    assert leak(base, near.model_copy(update={"fact": "other", "answers": ("y",)})) == ("b", True)
    assert leak(base, exact.model_copy(update={"fact": "other", "answers": ("y",)})) == ("c", False)
    assert leak(base, question("d", "f", text="Which colours are there?")) is None
    two = base.model_copy(update={"text": "How long is the warranty on the Hearth 2?"})
    three = near.model_copy(update={"text": "How long is the warranty on the Hearth 3?"})
    assert leak(two, three) is None


def test_an_answer_written_differently_leaks_all_the_same() -> None:
    """'36 months' leaks the answer '3 years', '24 months' does not."""
    test = question("a", "f", text="How long is the warranty of the kettle I bought online?", answers=("3 years",))
    train = question("b", "g", text="How long is the warranty on the kettle I bought online?", answers=("36 months",))
    assert leak(test, train) == ("b", False)
    assert leak(test, train.model_copy(update={"answers": ("24 months",)})) == ("b", True)
    assert leak(test, train.model_copy(update={"answers": ()})) == ("b", True)


def test_a_leak_behind_nearer_copies_with_other_answers_is_found() -> None:
    """The nearest copy is not always the one that leaks the answer."""
    test = question("t", "t", text="How long is the warranty of the kettle?", answers=("3 years",), split="test")
    others = [
        question(
            f"x{i}", f"x{i}", text="How long is the warranty on the kettle?", answers=(f"{i} weeks",), split="train"
        )
        for i in range(5)
    ]
    last = question("l", "l", text="How long is the warranty for this kettle?", answers=("36 months",), split="train")
    assert [(one.train_id, one.excused) for one in leaks([test, *others, last])] == [("l", False)]


def test_almost_exact_copies_with_other_answers_are_told() -> None:
    """They are excused, because one word can change a question, but a note lists them. Updates are not listed."""
    text = "How long is the warranty {} the kettle if I bought it online?"
    test = question("a", "f", text=text.format("of"), answers=("3 years",), split="test")
    train = question("b", "g", text=text.format("on"), answers=("2 years",), split="train")
    (note,) = leak_notes(leaks([test, train]), [test, train])
    assert "because their answers differ: a and b. Check" in note
    changed = [test.model_copy(update={"slice": "changed"}), train]
    assert leak_notes(leaks(changed), changed) == []


def test_leaks_name_the_worst_copy_once_and_leaks_first() -> None:
    """There is one line per test question. Excused ones come last."""
    texts = {"t1": "amber birch cedar dune ember", "t2": "fjord grove heath inlet jetty"}
    questions = [question(name, f"f{name}", text=text, split="test") for name, text in texts.items()]
    questions += [question("n", "ft1", text="amber birch cedar dune embers", split="train"),
                  question("x", "fx", text=texts["t2"], split="train"),
                  question("y", "fx", text=texts["t2"] + " knoll", split="train")]  # fmt: skip
    pairs = leaks(questions)
    assert [(one.test_id, one.train_id) for one in pairs if not one.excused] == [("t2", "x"), ("t1", "n")]


def test_similar_pairs_are_all_that_brute_force_finds() -> None:
    """Jaccard similarity of padded trigrams, over random texts."""
    draw = random.Random(3)
    texts = [" ".join(draw.sample(WORDS, 4)) for _ in range(60)]

    def grams(text: str) -> set[str]:
        return {f" {word} "[i : i + 3] for word in text.split() for i in range(len(word))}

    expected = {}
    for i, a in enumerate(texts[:30]):
        for j, b in enumerate(texts[30:]):
            similarity = len(grams(a) & grams(b)) / len(grams(a) | grams(b))
            if similarity >= 0.4:
                expected[i, j] = similarity
    similar = {(i, j): similarity for i, j, similarity in similar_pairs(texts[:30], texts[30:], 0.4)}
    assert expected
    assert similar == pytest.approx(expected)


def test_detectable_difference_has_its_power() -> None:
    """Simulated paired answers with that true difference are found significant 80 times in 100."""
    n, discordant = 300, 0.3
    difference = detectable_difference(n)
    assert difference is not None
    draw = np.random.default_rng(5)
    wins = (discordant + difference) / 2
    outcomes = draw.multinomial(n, [wins, discordant - wins, 1 - discordant], size=20_000)
    z = (outcomes[:, 0] - outcomes[:, 1]) / np.sqrt(outcomes[:, 0] + outcomes[:, 1])
    power = np.mean(np.abs(z) > NormalDist().inv_cdf(0.975))
    assert power == pytest.approx(0.8, abs=0.02)


def test_detectable_difference_shrinks_with_the_root_of_n() -> None:
    """Four times as many questions show about half the difference. A handful show none."""
    few, many = detectable_difference(400), detectable_difference(1600)
    assert few is not None
    assert many is not None
    assert math.isclose(few / many, 2, rel_tol=0.05)
    assert detectable_difference(3) is None


def test_summary_counts_and_warns() -> None:
    """Warnings say what is missing. A complete set has no warnings."""
    full = summarise(assign_splits(corpus(40), 7))
    assert full.warnings == ()
    assert sum(full.asked_share.values()) == pytest.approx(1)
    assert full.n_questions == sum(sum(of_split.values()) for of_split in full.counts.values())
    assert set(full.phrasings) == {1, 2, 3, 4, 5}
    few = " ".join(summarise(assign_splits([question(f"q{i}", f"f{i}", i) for i in range(20)], 7)).warnings)
    for warning in ("too few for a verdict", "No unanswerable", "No fact is asked in two ways"):
        assert warning in few
    assert "Only" in summarise(assign_splits(corpus(10, 5), 7)).warnings[0]


def test_questions_with_the_same_words_are_one_phrasing() -> None:
    """They are never on both sides, and do not make a fact one that is asked in two ways."""
    rows = [
        question(f"f{i}-{k}", f"f{i}", i // 6, text=f"how long is it {i}{'?' * k}") for i in range(120) for k in (0, 1)
    ]
    changed = [one.model_copy(update={"id": f"{one.id}-new", "slice": "changed"}) for one in rows[:12]]
    split = assign_splits([*rows, *changed], 7)
    by_text = defaultdict(set)
    for one in split:
        by_text[one.fact, one.slice == "changed"].add(one.split)
    assert all(len(found) == 1 for found in by_text.values())
    assert not any(one.slice == "seen" and one.split == "test" for one in split)
    found = summarise(split)
    assert set(found.phrasings) == {1}
    assert any(one.startswith("No fact is asked in two ways in train and test: consist") for one in found.warnings)


def test_a_fact_in_two_ways_within_the_test_measures_consistency_alone() -> None:
    """The warning says what cannot be seen, and nothing else."""
    twice = [question(f"f{i}-{k}", f"f{i}", i // 6, split="test") for i in range(120) for k in (0, 1)]
    trained = [question(f"g{i}", f"g{i}", i // 6, split="train") for i in range(20)]
    (found,) = (one for one in summarise(assign_splits([*twice, *trained], 7)).warnings if "two ways" in one)
    assert "consistency" not in found and "a tuned model could not show what it learned" in found


def test_long_accepted_answers_are_warned_of():
    """Rules grade short answers well, but compare paragraphs by shared words only."""
    long = ("The filter is changed every six months, or whenever the red light beside the handle begins to blink.",)
    warnings = summarise(assign_splits([one.model_copy(update={"answers": long}) for one in corpus()], 7)).warnings
    assert any("have 18 words or more" in one for one in warnings)


def test_facts_whose_questions_have_different_answers_are_warned_of() -> None:
    """A topic as a fact causes a warning. The same answer in other words, or a changed answer, does not."""
    topic = [question(f"b{i}", "billing", text=f"{i}?", answers=(f"{i} euros",)) for i in range(4)]
    fact = [question(f"w{i}", "warranty", answers=(answer,)) for i, answer in enumerate(("3 years", "36 months", "9"))]
    changed = question("c", "warranty", answers=("5 years",), slice="changed")
    warnings = summarise(assign_splits([*corpus(40), *topic, *fact, changed], 7)).warnings
    assert [one for one in warnings if "different answers" in one] == list(warnings)
    assert "have different answers: billing. A fact groups phrasings" in warnings[0]
    assert "Fix the column 'fact'" in warnings[0]


def test_of_facts_that_bakeoff_has_grouped_no_column_is_blamed() -> None:
    """Where one answer says the other and more, they agree, as they did when they were grouped."""
    agreeing = [
        question("a", "fact-of-a", text="What SLA is there for first replies?", answers=("80% within 2 working days",)),
        question("b", "fact-of-a", text="How many days until a first reply?", answers=("2 working days",)),
    ]
    assert not [one for one in summarise(assign_splits([*corpus(40), *agreeing], 7)).warnings if "different" in one]
    differing = [agreeing[0], agreeing[1].model_copy(update={"answers": ("a pool of five agents",)})]
    (warning,) = [one for one in summarise(assign_splits([*corpus(40), *differing], 7)).warnings if "different" in one]
    assert "fact-of-a ('What SLA is there for first replies?' / 'How many days until a first reply?')" in warning
    assert "bakeoff init --facts facts.csv" in warning and "Fix the column" not in warning
