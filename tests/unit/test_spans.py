"""The span reader: windows with places in the text, the best span on one scale, a network like plain BERT's."""

import itertools
import math
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.errors import ContenderError, ModelUnavailableError
from bakeoff.models.spans.best import Scored, best_in, best_span
from bakeoff.models.spans.places import blocks, whole_words
from bakeoff.models.spans.reader import TOKENS_AT_ONCE, SpanReader, batches
from bakeoff.models.spans.windows import MOST_HEADING, MOST_QUESTION, Passage, SpanQuestion, SpanTokenizer, Window
from tests.unit.tiny_span_model import write_tiny_bert

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> SpanTokenizer:
    return SpanTokenizer(folder)


@pytest.fixture(scope="module")
def reader(folder: Path, tokenizer: SpanTokenizer) -> SpanReader:
    from bakeoff.models.spans.network import untrained

    network = untrained(folder, 3)
    with torch.no_grad():
        network.spans.weight.normal_()
        network.nothing.weight.normal_()
    return SpanReader(network.eval(), tokenizer)


# --- windows


def test_a_window_is_question_headings_and_text(tokenizer: SpanTokenizer) -> None:
    """The text's tokens come last, each with its place; the question and the headings have none."""
    text = "It lasts 24 months."
    (window,) = tokenizer.windows("How long?", [Passage(text, "Kettle")])
    assert window.ids[0] == 2 and window.ids[window.n_question - 1] == 3 == window.ids[-1]
    assert window.first + len(window.offsets) == len(window.ids) - 1
    assert [text[a:b] for a, b in window.offsets] == ["It", "lasts", "2", "4", "months", "."]
    assert window.first == window.n_question + 1


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.sampled_from("abz AÉßﬁ İ\u0301中ไทย😀\n\t.,-|'K"), max_size=60))
def test_places_are_places_of_the_text_as_it_was_given(tokenizer: SpanTokenizer, text: str) -> None:
    """Whatever is made lower case, stripped of accents or unknown: in order, in bounds, and not empty."""
    for window in tokenizer.windows("what is it", [Passage(text)]):
        assert all(0 <= a < b <= len(text) for a, b in window.offsets)
        assert all(one[1] <= other[0] or one == other for one, other in itertools.pairwise(window.offsets))
        assert not any(text[a:b].isspace() for a, b in window.offsets)


def test_a_passage_without_text_has_no_window(tokenizer: SpanTokenizer) -> None:
    """Neither has one of blanks; the others keep their numbers."""
    windows = tokenizer.windows("what", [Passage(""), Passage(" \n "), Passage("a kettle")])
    assert [window.passage for window in windows] == [2]


def test_a_long_passage_is_read_in_windows_that_share_tokens(folder: Path) -> None:
    """Every token is in a window, neighbours share 20, and an answer at a cut is whole in one of them."""
    short = SpanTokenizer(folder, most=140, shared=20)
    words = [f"w{i}" for i in range(300)]
    text = " ".join(words)
    windows = short.windows("what is it", [Passage(text, "a price")])
    assert len(windows) > 2 and all(len(window.ids) <= 140 for window in windows)
    starts = [window.offsets[0][0] for window in windows]
    assert starts == sorted(set(starts)) and windows[0].offsets[0][0] == 0 and windows[-1].offsets[-1][1] == len(text)
    for one, other in itertools.pairwise(windows):
        assert one.offsets[-20:] == other.offsets[:20]
    for start, end in ((text.index(word), text.index(word) + len(word)) for word in words):
        assert any(window.tokens_of(start, end) for window in windows)


def test_long_questions_and_headings_leave_room_for_the_text(tokenizer: SpanTokenizer) -> None:
    """Only the first tokens of a question and the last ones of the headings are read."""
    (window,) = tokenizer.windows("what " * 500, [Passage("a kettle", "price " * 500)])
    assert window.n_question == MOST_QUESTION + 2 and window.first == window.n_question + MOST_HEADING


def test_the_tokens_of_a_place(tokenizer: SpanTokenizer) -> None:
    """First and last token, also where the place cuts a word; none outside the window."""
    text = "The kettle costs 12."
    (window,) = tokenizer.windows("what", [Passage(text)])
    first, last = window.tokens_of(4, 16) or (0, 0)
    assert text[window.offsets[first - window.first][0] : window.offsets[last - window.first][1]] == "kettle costs"
    assert window.tokens_of(6, 8) == (first, first)
    assert window.tokens_of(40, 45) is None


def test_a_window_must_have_room(folder: Path) -> None:
    """Question, headings and shared tokens alone would fill it."""
    with pytest.raises(ValueError, match="at least"):
        SpanTokenizer(folder, most=100)


# --- the best span


@settings(max_examples=200, deadline=None)
@given(
    scores=st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=12),
    most=st.integers(1, 15),
)
def test_the_best_span_is_that_of_all_pairs(scores: list[tuple[int, int]], most: int) -> None:
    """Against every pair written out: the end not before the start, and not too many tokens."""
    starts, ends = (np.array(side, np.float32) for side in zip(*scores, strict=True))
    pairs = [(i, j) for i in range(len(starts)) for j in range(i, len(starts)) if j - i < most]
    best = max(float(starts[i] + ends[j]) for i, j in pairs)
    score, first, last = best_in(starts, ends, most)
    assert score == best == float(starts[first] + ends[last])
    assert (first, last) in pairs


def scored(passage: int, text: str, starts: list[float], ends: list[float], nothing: float) -> Scored:
    places, place = [], 0
    for word in text.split():
        places.append((text.index(word, place), text.index(word, place) + len(word)))
        place = places[-1][1]
    window = Window((0,) * (len(places) + 3), 2, 2, tuple(places), passage)
    return Scored(window, np.array(starts), np.array(ends), nothing)


def test_spans_of_several_passages_are_compared_on_one_scale() -> None:
    """The highest sum wins wherever it is; "nothing" of all windows is added up, for start and end."""
    texts = ["one two", "three four"]
    windows = [scored(0, texts[0], [1, 0], [0, 1], 0.5), scored(1, texts[1], [0, 2], [0, 3], -1.0)]
    span = best_span(windows, texts)
    assert span is not None and texts[span.passage][span.start : span.end] == "four"
    assert span.score == pytest.approx(5 - 2 * math.log(math.exp(0.5) + math.exp(-1.0)))
    assert best_span([], []) is None


@pytest.mark.parametrize(
    ("text", "cut", "whole"),
    [
        ("the K1-204 kettle", "1", "K1-204"),
        ("pinentry-gnome3, pinentry-curses", "gnome3,", "pinentry-gnome3"),
        ("pass --no-sandbox to it", "sandbox", "--no-sandbox"),
        ("edit /etc/ssh/sshd_config now", "ssh/sshd", "/etc/ssh/sshd_config"),
        ("lived 1876-1950 there", "1876", "1876"),
        ("a dash - sandbox", "sandbox", "sandbox"),
        ("it costs $5.50.", "5", "$5.50"),
        ('set "overflow now', '"overflow', "overflow"),
        ('it says "no (or yes)"', '"no (or yes)"', '"no (or yes)"'),
        ("(see above) it", "(see", "see"),
        ("first, then", "first,", "first"),
        ("Newton's third law", "Newton", "Newton"),
        ("(", "(", "("),
        ("in 1990s Paris", "199", "1990s"),
        ("naïve café.", "caf", "café"),
        ("中国人口", "国", "国"),
        ("ไทย", "ท", "ท"),
        ("x" * 100, "x", "x"),
        ("हिन्दी में", "हिन", "हिन्दी"),
    ],
)
def test_a_span_ends_where_words_end(text: str, cut: str, whole: str) -> None:
    """Word pieces are completed, but not in scripts without blanks, and not without end."""
    start = text.index(cut)
    first, last = whole_words(text, start, start + len(cut))
    assert text[first:last] == whole


def test_a_span_lies_in_one_block_without_its_number() -> None:
    """The best tokens lie in two items and on a number: the best span of one item is taken."""
    text = "ranges:\n\n1. low\n2. high"
    places = [(0, 6), (6, 7), (9, 10), (10, 11), (12, 15), (16, 17), (17, 18), (19, 23)]
    assert [text[start:end].strip() for start, end in blocks(text)] == ["ranges:", "low", "high"]
    starts, ends = [0, 0, 9, 0, 5, 0, 0, 1], [0, 0, 0, 0, 1, 0, 0, 9]
    window = Window(ids=tuple(range(8)), n_question=0, first=0, offsets=tuple(places), passage=0)
    span = best_span([Scored(window, np.array(starts, float), np.array(ends, float), 0.0)], [text])
    assert span is not None and text[span.start : span.end] == "high"
    assert span.score == pytest.approx(10)


@pytest.mark.parametrize(
    "text",
    ["| a | b |\n|---|---|\n| 1 | 2 |", "- a\n- b", "### Title\n\ntext\nin lines", "", "\n\n", "1. ", "a\n\n\n\nb"],
)
def test_blocks_lie_in_the_text_in_order(text: str) -> None:
    """They never overlap, and hold all letters that are no list numbers."""
    found = blocks(text)
    flat = [place for block in found for place in block]
    assert flat == sorted(flat)
    assert all(text[start:end].strip() for start, end in found)


# --- reading


def test_an_answer_is_a_piece_of_its_passage(reader: SpanReader) -> None:
    """Random weights, odd letters: always a place in the text, and the same whether asked alone or together."""
    draw = random.Random(1)
    letters = "abc déßİ ไทย中 😀.-\n"
    asked = [
        (f"what is {i}", [Passage("".join(draw.choices(letters, k=draw.randint(0, 500)))) for _ in range(3)])
        for i in range(12)
    ]
    together = reader.read(asked)
    for one, (question, passages) in zip(together, asked, strict=True):
        (alone,) = reader.read([(question, passages)])
        if one is None or alone is None:
            assert one is alone and not any(passage.text.strip() for passage in passages)
            continue
        assert (one.passage, one.start, one.end) == (alone.passage, alone.start, alone.end)
        assert one.score == pytest.approx(alone.score, abs=1e-3)
        assert 0 <= one.start < one.end <= len(passages[one.passage].text)


def test_no_passages_give_no_span(reader: SpanReader) -> None:
    """Nor do empty ones; other questions are answered."""
    first, second, third = reader.read([("what", []), ("what", [Passage("")]), ("what", [Passage("a kettle")])])
    assert first is None and second is None and third is not None
    assert reader.read([]) == []


def shared_tokens(ids: tuple[int, ...], n_question: int) -> list[int]:
    """What is said of each token: on neither side, or on both as a common or a rare one; 3 more in the passage."""
    sides = set(ids[:n_question]), set(ids[n_question:])
    levels = [(2 if token >= 3000 else 1) if token in sides[i < n_question] else 0 for i, token in enumerate(ids)]
    return [level + 3 * (i >= n_question) for i, level in enumerate(levels)]


def test_scores_equal_those_of_plain_bert(folder: Path, reader: SpanReader, tokenizer: SpanTokenizer) -> None:
    """Each window alone through BertForQuestionAnswering with the same weights: the scores of padded batches."""
    from transformers import BertConfig, BertForQuestionAnswering

    plain = BertForQuestionAnswering(BertConfig.from_pretrained(folder)).eval()
    network = reader._network
    plain.bert.load_state_dict(network.encoder.state_dict())
    plain.qa_outputs.load_state_dict(network.spans.state_dict())
    texts = ["the kettle costs 12", "it lasts 24 months. " * 9, "paris"]
    windows = tokenizer.windows("how long is the warranty", [Passage(text, "price") for text in texts])
    for window, found in zip(windows, reader.scores(windows), strict=True):
        kinds = [0] * window.n_question + [1] * (len(window.ids) - window.n_question)
        with torch.no_grad():
            embedded = plain.bert.embeddings.word_embeddings(torch.tensor([window.ids]))
            embedded = embedded + network.matches(torch.tensor([shared_tokens(window.ids, window.n_question)]))
            expected = plain(inputs_embeds=embedded, token_type_ids=torch.tensor([kinds]), output_hidden_states=True)
        text = slice(window.first, window.first + len(window.offsets))
        np.testing.assert_allclose(found.starts, expected.start_logits[0, text].numpy(), atol=1e-4)
        np.testing.assert_allclose(found.ends, expected.end_logits[0, text].numpy(), atol=1e-4)
        nothing = network.nothing(expected.hidden_states[-1][0, 0])
        assert found.nothing == pytest.approx(float(nothing.detach()), abs=1e-4)


def test_batches_hold_every_window_once_and_are_not_too_large() -> None:
    """With the padding; a window that is longer than a batch is alone."""
    lengths = [10, 300, 20, TOKENS_AT_ONCE + 1, 5, 300, 300] * 5
    made = batches(lengths)
    assert sorted(row for rows in made for row in rows) == list(range(len(lengths)))
    assert all(len(rows) == 1 or len(rows) * max(lengths[row] for row in rows) <= TOKENS_AT_ONCE for rows in made)
    assert len(made) < len(lengths)


# --- training


def questions() -> list[SpanQuestion]:
    text = "the warranty lasts 24 months. the kettle costs 12."
    other = "paris is in a"
    asked = [("how long is the warranty", "24 months"), ("what is the price of the kettle", "12")]
    made = [
        SpanQuestion(question, (Passage(other), Passage(text)), ((1, text.index(said), text.index(said) + len(said)),))
        for question, said in asked
    ]
    return [*made, SpanQuestion("who was born in paris", (Passage(text), Passage(other)))]


def test_the_loss_is_the_shared_one_written_out(folder: Path, tokenizer: SpanTokenizer) -> None:
    """Softmax over the tokens of both passages and a "nothing" of each, for start and end, by plain sums."""
    from bakeoff.models.spans.network import Answers, padded, shared_loss

    windows = tokenizer.windows("how long", [Passage("paris is in a"), Passage("24 months")])
    batch = padded(windows)
    torch.manual_seed(1)
    spans, nothing = torch.randn(*batch.ids.shape, 2), torch.randn(2)
    right = ((1, windows[1].first, windows[1].first + 1), (0, windows[0].first, windows[0].first))
    for places in (right, ()):
        found = shared_loss(spans, nothing, batch.is_text, [Answers(slice(0, 2), places)])
        expected = 0.0
        for side in (0, 1):
            scores = [
                math.exp(spans[row, window.first + i, side])
                for row, window in enumerate(windows)
                for i in range(len(window.offsets))
            ]
            none = [math.exp(value) for value in nothing]
            wanted = [math.exp(spans[row, place[side], side]) for row, *place in places] or none
            expected -= math.log(sum(wanted) / (sum(scores) + sum(none))) / 2
        assert float(found) == pytest.approx(expected, abs=1e-5)


def test_training_learns_marks_and_declining_and_repeats_itself(folder: Path, tokenizer: SpanTokenizer) -> None:
    """A few questions by heart, the same weights twice, the word embeddings as they were."""
    from bakeoff.models.spans.network import untrained
    from bakeoff.models.spans.training import SpanTraining, read, train

    how = SpanTraining(learning_rate=3e-3, tokens_per_step=256, dropout=False, bfloat16=False)
    networks = [untrained(folder, 1) for _ in range(2)]
    losses: list[float] = []
    for network in networks:
        train(network, [read(tokenizer, questions())] * 40, how, lambda step: losses.append(step.loss))
    first, second = (network.state_dict() for network in networks)
    assert all(torch.equal(first[name], second[name]) for name in first)
    name = "encoder.embeddings.word_embeddings.weight"
    assert torch.equal(first[name], untrained(folder, 1).state_dict()[name])
    spans = SpanReader(networks[0], tokenizer).read([(one.text, one.passages) for one in questions()])
    for question, span in zip(questions(), spans, strict=True):
        assert span is not None
        assert (span.score > 0) == bool(question.places)
        if question.places:
            assert (span.passage, span.start, span.end) == question.places[0]


def test_training_goes_on_from_its_checkpoint(folder: Path, tokenizer: SpanTokenizer, tmp_path: Path) -> None:
    """Killed after 5 of 12 steps and started again: the same weights as without."""
    from bakeoff.models.spans.network import untrained
    from bakeoff.models.spans.training import SpanTraining, Step, read, train

    how = SpanTraining(learning_rate=1e-3, tokens_per_step=10_000, dropout=False, bfloat16=False)
    lesson = [read(tokenizer, questions())] * 12
    straight, killed, again = (untrained(folder, 1) for _ in range(3))
    train(straight, lesson, how)

    def stop(step: Step) -> None:
        if step.number == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(killed, lesson, how, stop, tmp_path / "checkpoint", save_every=5)
    steps: list[int] = []
    train(again, lesson, how, lambda step: steps.append(step.number), tmp_path / "checkpoint")
    assert steps == list(range(6, 13))
    for name, tensor in straight.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])


def test_training_stops_where_numbers_are_not_finite(folder: Path, tokenizer: SpanTokenizer) -> None:
    """A loss or a gradient; the error names the option, and the weights stay as they were."""
    from bakeoff.models.spans.network import untrained
    from bakeoff.models.spans.training import SpanTraining, read, train

    lesson = [read(tokenizer, questions())]
    loss, gradient = (untrained(folder, 1) for _ in range(2))
    with torch.no_grad():
        loss.spans.bias.fill_(float("nan"))
    gradient.spans.bias.register_hook(lambda values: values * float("inf"))
    for network in (loss, gradient):
        before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        with pytest.raises(ContenderError) as caught:
            train(network, lesson, SpanTraining())
        assert "options.learning_rate (now 0.0001)" in str(caught.value)
        for name, tensor in network.state_dict().items():
            assert torch.equal(tensor, before[name]) or name == "spans.bias"


def test_a_lesson_without_a_readable_answer_is_refused(folder: Path, tmp_path: Path) -> None:
    """Also if questions without an answer remain; nothing is written."""
    from bakeoff.models.spans.training import SpanTraining, train_further

    outside = SpanQuestion("what", (Passage("a kettle"),), ((0, 50, 60),))
    for lesson in ([outside], [outside, SpanQuestion("what", (Passage("a kettle"),), ())]):
        with pytest.raises(ContenderError, match=f"None of {len(lesson)} training questions"):
            train_further(folder, None, (lesson, 1), SpanTraining(), tmp_path / "reader", tmp_path / "checkpoint")
    assert not (tmp_path / "reader").exists()


@pytest.mark.parametrize(
    ("processor", "asked", "used"), [(True, None, True), (False, None, False), (False, True, True)]
)
def test_bfloat16_is_used_where_the_processor_has_it(
    folder: Path, tokenizer: SpanTokenizer, monkeypatch: pytest.MonkeyPatch, processor: bool, asked: bool, used: bool
) -> None:
    """Unless the settings say otherwise."""
    from bakeoff.models.spans import training
    from bakeoff.models.spans.network import untrained

    monkeypatch.setattr(training, "has_bfloat16", lambda: processor)
    network, seen = untrained(folder, 1), []
    network.register_forward_pre_hook(lambda *given: seen.append(torch.is_autocast_enabled("cpu")))
    training.train(network, [training.read(tokenizer, questions())], training.SpanTraining(bfloat16=asked))
    assert seen == [used]


def test_a_question_whose_answer_is_in_no_window_is_left_out(tokenizer: SpanTokenizer) -> None:
    """Never taken for one without an answer."""
    from bakeoff.models.spans.training import read

    outside = SpanQuestion("what", (Passage("a kettle"),), ((0, 50, 60),))
    empty = SpanQuestion("what", (Passage(""),))
    assert read(tokenizer, [outside, empty]) == []
    assert len(read(tokenizer, questions())) == 3


# --- weights


def test_weights_are_stored_as_rounded_differences(folder: Path, tmp_path: Path) -> None:
    """Eight bits a value: each comes back within half a step of its row; a file without word embeddings."""
    from safetensors.torch import load_file

    from bakeoff.models.spans.network import untrained
    from bakeoff.models.spans.weights import load_difference, save_difference

    network = untrained(folder, 5)
    torch.manual_seed(2)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.01)
    file = tmp_path / "reader.safetensors"
    save_difference(network, folder, file)
    stored = load_file(file)
    assert not any("word_embeddings" in name for name in stored)
    before, back = untrained(folder, 5).state_dict(), load_difference(folder, file).state_dict()
    for name, tensor in network.state_dict().items():
        step = (tensor - before[name]).abs().amax(-1, keepdim=True) / 127 if f"{name}.scale" in stored else 0.0
        assert ((tensor - back[name]).abs() <= 0.51 * step + 1e-7).all(), name
    whole = tmp_path / "whole.safetensors"
    save_difference(network, folder, whole, whole=True)
    for name, tensor in load_difference(folder, whole).state_dict().items():
        torch.testing.assert_close(tensor, network.state_dict()[name])


def test_weights_of_another_model_are_refused(folder: Path, tmp_path: Path) -> None:
    """Missing tensors are named as not fitting; a damaged file as damaged."""
    from safetensors.torch import load_file, save_file

    from bakeoff.models.spans.network import untrained
    from bakeoff.models.spans.weights import load_difference, save_difference

    file = tmp_path / "reader.safetensors"
    save_difference(untrained(folder, 5), folder, file)
    tensors = load_file(file)
    tensors.pop("spans.bias")
    save_file(tensors, file)
    with pytest.raises(ModelUnavailableError, match="do not fit"):
        load_difference(folder, file)
    file.write_bytes(b"no tensors")
    with pytest.raises(ModelUnavailableError):
        load_difference(folder, file)
