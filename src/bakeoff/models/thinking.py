"""Thinking blocks: what a reasoning model writes before it answers, between marks of its family, is not its answer.

Takes text, whole or in pieces. Knows no engine.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bakeoff.models.stops import closing, n_open


class Marks(NamedTuple):
    """What a family of models writes before and after a thought."""

    open: str
    close: str


FAMILIES = (
    Marks("<think>", "</think>"),  # DeepSeek R1, Qwen 3, GLM, SmolLM 3, Granite 3.3, OLMo 3, MiniMax M2, Kimi K2
    Marks("[THINK]", "[/THINK]"),  # Mistral: Magistral, Ministral 3
    Marks("<|channel>", "<channel|>"),  # Gemma 4
    Marks("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),  # gpt-oss
    Marks("<|START_THINKING|>", "<|END_THINKING|>"),  # Cohere: Command A Reasoning
    Marks("<seed:think>", "</seed:think>"),  # ByteDance: Seed-OSS
    Marks("<thought>", "</thought>"),  # EXAONE Deep
    Marks("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
    Marks("◁think▷", "◁/think▷"),  # Kimi-VL
)
"""Marks that stand for a thought wherever they are: most are single tokens.

Sources: the chat templates of these models; the reasoning parsers of vLLM and SGLang.
"""
AT_THE_BEGINNING = (
    Marks("<thinking>", "</thinking>"),  # models told to think by their prompt
    Marks("<reasoning>", "</reasoning>"),  # models trained by the usual recipes for GRPO
    Marks("Here is my thought process:", "Here is my response:"),  # Granite 3.2
)
"""Marks that an answer may hold as words of its own: they count only where the text begins with them."""

ALL_MARKS = tuple(mark for marks in (*FAMILIES, *AT_THE_BEGINNING) for mark in marks)


def _blocks(families: Iterable[Marks]) -> str:
    """A pattern of a block of any of these families, with the blanks after it."""
    return "|".join(rf"{re.escape(begin)}.*?(?:{re.escape(end)}\s*|\Z)" for begin, end in families)


_BLOCK = re.compile(_blocks(FAMILIES), re.DOTALL)
_FIRST_BLOCK = re.compile(rf"\A(\s*)(?:{_blocks(AT_THE_BEGINNING)})", re.DOTALL)


def _first_of(marks: Iterable[str]) -> str:
    return re.escape("".join(sorted({mark[0] for mark in marks})))


_SIGN = re.compile(
    rf"[{_first_of(mark for marks in FAMILIES for mark in marks)}]|\A\s*[{_first_of(m.open for m in AT_THE_BEGINNING)}]"
)
"""What every text with a mark holds. Most texts hold none, so that nothing else is searched in them."""


def without_thinking(text: str) -> str:
    """The text without thinking blocks and the blanks after them. A block without an end goes on to the end.

    An end without a beginning, as of a model whose prompt opened the block, ends a block that began with the text.

    >>> without_thinking("<think>A capital?</think> Paris.")
    'Paris.'
    >>> without_thinking("[THINK]A capital?[/THINK]Paris.<think>Or is it")
    'Paris.'
    >>> without_thinking("A capital?</think> Paris.")
    'Paris.'
    """
    if not _SIGN.search(text):
        return text
    rest = _FIRST_BLOCK.sub(r"\1", _BLOCK.sub("", text))
    after = max(rest.rfind(marks.close) + len(marks.close) if marks.close in rest else 0 for marks in FAMILIES)
    return rest[after:].lstrip() if after else rest


def pieces_without_thinking(pieces: Iterable[str]) -> Iterator[str]:
    """The same for a text that arrives in pieces. Text that may be the beginning of a mark waits for the next piece.

    What was given before an end without a beginning cannot be taken back; the answer follows it whole.
    Closing this iterator closes the one it reads from.
    """
    text = given = ""
    with closing(pieces):
        for piece in pieces:
            text += piece
            answer = without_thinking(text)
            ready = answer[: len(answer) - n_open(answer, ALL_MARKS)]
            given = given if answer.startswith(given) else ""
            if len(ready) > len(given):
                yield ready[len(given) :]
                given = ready
        rest = without_thinking(text)[len(given) :]
        if rest:
            yield rest


def with_thinking_closed(prompt: str) -> str:
    """The prompt with an end for the thinking block that it opens last, if it does: the model answers at once.

    Source: Ma et al. 2025, "Reasoning Models Can Be Effective Without Thinking".
    """
    opened = prompt.rstrip()
    end = next((marks.close for marks in (*FAMILIES, *AT_THE_BEGINNING) if opened.endswith(marks.open)), "")
    return f"{opened}\n\n{end}\n\n" if end else prompt


def is_part_of_a_mark(token: str) -> bool:
    """Whether a mark is this token or holds it: then the token is needed to find the thought."""
    return bool(token) and any(token in mark for mark in ALL_MARKS)
