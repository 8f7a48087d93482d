"""Thinking blocks: removed from a text whole or in pieces, and closed where a prompt opens one."""

import pytest

from bakeoff.models.thinking import (
    AT_THE_BEGINNING,
    FAMILIES,
    Marks,
    pieces_without_thinking,
    with_thinking_closed,
    without_thinking,
)

TEXTS = [
    "Paris.",
    " Paris. ",
    "<think>\nA capital?\n</think>\n\nParis.",
    "<think></think>Paris.",
    "Well, <think>hm</think> Paris. <think>Or not?</think>Yes.",
    "<think>Never ends <thi",
    "Paris.<think>Or",
    "a < b, <thin air, <think",
    "</think>\n\nParis, for the prompt opened it",
    "<<think>x</think>think>",
    "",
]
ANSWERS = [
    "Paris.",
    " Paris. ",
    "Paris.",
    "Paris.",
    "Well, Paris. Yes.",
    "",
    "Paris.",
    TEXTS[7],
    "Paris, for the prompt opened it",
    "<think>",
    "",
]


@pytest.mark.parametrize(("text", "answer"), zip(TEXTS, ANSWERS, strict=True))
def test_what_is_thought_is_not_said(text: str, answer: str) -> None:
    """Blocks and the blanks after them are removed. A block without an end goes on to the end of the text."""
    assert without_thinking(text) == answer


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("text", TEXTS)
def test_no_piece_of_a_thought_is_sent(text: str, size: int) -> None:
    """However a text is cut into pieces, what is sent is the beginning of the answer, and in the end all of it."""
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    sent = ""
    for piece in pieces_without_thinking(iter(pieces)):
        sent += piece
        assert piece and without_thinking(text).startswith(sent)
    assert sent == without_thinking(text)


@pytest.mark.parametrize("text", ["A capital?\n</think>\n\nParis.", "<think>a<think>b</think>c</think>Paris."])
def test_an_end_without_a_beginning_ends_a_thought(text: str) -> None:
    """Servers send it where the prompt of the model opened the block, or where blocks are nested."""
    assert without_thinking(text) == "Paris."


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_the_answer_after_an_end_without_a_beginning_is_sent_whole(size: int) -> None:
    """What was sent before it stays sent, but the mark is not sent and nothing of the answer is missing."""
    text = "Paris is one.</think> Paris. Really."
    sent = "".join(pieces_without_thinking(iter([text[i : i + size] for i in range(0, len(text), size)])))
    assert sent == ("Paris. Really." if size == 100 else "Paris is one.Paris. Really.")


def test_an_answer_does_not_wait_for_the_end() -> None:
    """Only what may be the beginning of a block is kept back."""
    stream = pieces_without_thinking(iter(["Par", "is <b", " <th", "in", "g"]))
    assert list(stream) == ["Par", "is <b", " ", "<thing"]


def test_leaving_the_pieces_closes_their_source() -> None:
    """Whoever stops reading stops the model."""
    closed = []

    def source():
        try:
            yield from ("a", "b")
        finally:
            closed.append(True)

    stream = pieces_without_thinking(source())
    next(stream)
    stream.close()
    assert closed == [True]


@pytest.mark.parametrize(
    ("prompt", "closed"),
    [
        ("assistant:\n<think>\n", "assistant:\n<think>\n\n</think>\n\n"),
        ("assistant:\n<think>", "assistant:\n<think>\n\n</think>\n\n"),
        ("assistant:\n", "assistant:\n"),
        ("<think>\n\n</think>\n\n", "<think>\n\n</think>\n\n"),
    ],
)
def test_a_block_that_the_prompt_opens_is_closed(prompt: str, closed: str) -> None:
    """The answer begins after it. Other prompts stay as they are."""
    assert with_thinking_closed(prompt) == closed


@pytest.mark.parametrize("marks", [*FAMILIES, *AT_THE_BEGINNING], ids=lambda marks: marks.open)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_every_familys_thoughts_are_removed(marks: Marks, size: int) -> None:
    """Closed, or cut off by the limit; whole, or in pieces of any size. Where the prompt opens a block it is closed."""
    texts = {
        f"{marks.open}\nA capital?\n{marks.close}\n\nParis.": "Paris.",
        f" {marks.open}A capital?{marks.close}Paris.": " Paris.",
        f"{marks.open}A capital is": "",
    }
    for text, answer in texts.items():
        pieces = [text[i : i + size] for i in range(0, len(text), size)]
        assert without_thinking(text) == "".join(pieces_without_thinking(iter(pieces))) == answer
    assert with_thinking_closed(f"assistant\n{marks.open}\n") == f"assistant\n{marks.open}\n\n{marks.close}\n\n"


@pytest.mark.parametrize("marks", FAMILIES, ids=lambda marks: marks.open)
def test_every_familys_lone_end_ends_a_thought(marks: Marks) -> None:
    """As a server sends it where the prompt of the model opened the block."""
    assert without_thinking(f"A capital?{marks.close}\n\nParis.") == "Paris."


def test_gpt_oss_answers_in_its_final_channel() -> None:
    """With or without an analysis before it, and with a second one."""
    final = "<|channel|>final<|message|>Paris."
    analysis = "<|channel|>analysis<|message|>A capital?<|end|><|start|>assistant"
    assert without_thinking(final) == without_thinking(analysis + final) == "Paris."
    assert without_thinking(analysis + analysis + final) == "Paris."


@pytest.mark.parametrize("marks", AT_THE_BEGINNING, ids=lambda marks: marks.open)
def test_words_inside_an_answer_are_no_thought(marks: Marks) -> None:
    """Tags and sentences that a text about them may hold are marks only where the text begins with them."""
    text = f"Write {marks.open} before and {marks.close} after it."
    assert without_thinking(text) == text
    assert "".join(pieces_without_thinking(iter(text))) == text
