"""Thinking blocks: removed from a text whole or in pieces, and closed where a prompt opens one."""

import pytest

from bakeoff.models.thinking import pieces_without_thinking, with_thinking_closed, without_thinking

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
