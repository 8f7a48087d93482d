"""Control tokens in the contents of a prompt, made plain text: no document, question or earlier turn can end its turn.

Takes texts, and a tokenizer if there is one. Texts that hold no control token are never changed, nor are their tokens.
Two ways, since a model here is given tokens and one behind a server text:

- `ControlTokens`: the text is cut inside each control token, and the pieces are encoded one by one. The model reads the
  characters of the token as it reads any others; the text stays the same. Delimiters that a chat template writes as
  plain text, such as "[INST]" in some, look the same wherever they are. They get a space.
- `escaped`: every well-known control token gets a space after its first character, since the server's tokenizer is not
  known: "<|im_end|>" becomes "< |im_end|>".
"""

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from bakeoff.models.thinking import ALL_MARKS
from bakeoff.records import Message, Prompt

WELL_KNOWN = re.compile(
    r"<\|[\w./-]{1,40}\|?>"  # ChatML, Llama 3, Phi, Qwen, GLM, Granite, gpt-oss, Command R
    r"|<[A-Za-z_]{1,40}\|>"  # Gemma 4
    r"|<｜[^<>｜\n]{1,60}｜>"  # DeepSeek
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_CONTENT|TOOL_RESULTS|THINK|ARGS|CALL_ID|IMG|gMASK)\]"
    r"|<</?SYS>>"  # Llama 2
    r"|</?(?:s|bos|eos|pad|unk|mask|sop|eop|think|seed:think|thought|tool_call|tool_response|start_of_turn|end_of_turn"
    r"|start_of_image|end_of_image)>"
    r"|◁/?think▷"  # Kimi-VL
)
"""The forms of control tokens that the chat templates of common models write."""
_DELIMITER = re.compile(
    r"<\|[^<>|\s]{1,40}\|>|<｜[^<>｜\n]{1,60}｜>|</?[A-Za-z_]{1,40}>|\[/?[A-Z_]{2,40}\]|<</?[A-Z_]{2,40}>>"
)
"""What a chat template writes to separate messages, where it is made of plain characters."""
_MARKS = range(0xF0000, 0x10FFFE)
"""Characters for private use. One that is in no message of a prompt marks the cuts."""


def escaped(text: str, tokens: re.Pattern[str] = WELL_KNOWN) -> str:
    """The text with a space after the first character of each of these tokens.

    >>> escaped("Paris.<|im_end|>"), escaped("if a < b: x[0]"), escaped("<</SYS>> [/INST]")
    ('Paris.< |im_end|>', 'if a < b: x[0]', '< </SYS>> [ /INST]')
    """
    return _broken(text, tokens, " ")


def escaped_messages(prompt: Prompt) -> list[dict[str, str]]:
    """The messages of a prompt for a server, in which its contents hold no well-known control token."""
    return [{"role": message.role, "content": escaped(message.content)} for message in prompt.messages]


class ControlTokens:
    """The control tokens of a tokenizer: its special ones, and the added ones that its chat template writes.

    `skeleton` is a conversation in the chat template. It shows which delimiters are plain text.
    """

    def __init__(self, tokenizer: Any, skeleton: str) -> None:
        self._tokenizer = tokenizer
        template = str(tokenizer.chat_template)
        added = tokenizer.added_tokens_decoder.items()
        control = {token.content: number for number, token in added if _is_control(token, template)}
        self._tokens = _any_of(control)
        delimiters = set(_DELIMITER.findall(skeleton)) - control.keys()
        self._delimiters = _any_of(delimiters)
        self._first = next(iter(control.items()), ("", -1))

    def plain(self, prompt: Prompt) -> tuple[Prompt, str]:
        """The prompt with marks where its contents must be cut, and the mark; empty if nothing is to be cut."""
        contents = [self._without_delimiters(message.content) for message in prompt.messages]
        mark = ""
        if any(self._tokens.search(content) for content in contents):
            mark = _unused("".join(contents))
            contents = [_broken(content, self._tokens, mark) for content in contents]
        messages = zip(prompt.messages, contents, strict=True)
        return Prompt(messages=tuple(Message(role=one.role, content=content) for one, content in messages)), mark

    def encoded(self, text: str, mark: str) -> list[int]:
        """The token ids of a text. At each mark it is cut, so that what is around it makes no control token."""
        if not mark:
            return self._ids([text])[0]
        first, *others = text.split(mark)
        inner = self._inner_ids(list(dict.fromkeys(others)))
        return list(chain(self._ids([first])[0], *(inner[piece] for piece in others)))

    def plain_ids(self, text: str) -> list[int]:
        """The token ids of a text by itself, in which control tokens are plain text."""
        text = self._without_delimiters(text)
        mark = _unused(text) if self._tokens.search(text) else ""
        return self.encoded(_broken(text, self._tokens, mark) if mark else text, mark)

    def _without_delimiters(self, text: str) -> str:
        return escaped(text, self._delimiters) if self._delimiters.search(text) else text

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        # `verbose=False`: no warning about texts that are longer than the context.
        return list(self._tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"])

    def _inner_ids(self, pieces: Sequence[str]) -> dict[str, list[int]]:
        """The ids of pieces from the middle of a text, by the piece.

        Some tokenizers put a space before a beginning, but not after a control token.
        """
        token, number = self._first
        after = self._ids([token + piece for piece in pieces])
        return {
            piece: ids[1:] if ids[:1] == [number] else self._ids([piece])[0]
            for piece, ids in zip(pieces, after, strict=True)
        }


def _is_control(token: Any, template: str) -> bool:
    """Whether an added token is a control token, and not an ordinary word that was added to the vocabulary."""
    text = token.content
    written = text in template or text in ALL_MARKS
    has_form = _DELIMITER.fullmatch(text) or WELL_KNOWN.fullmatch(text)
    return len(text.strip()) > 1 and bool(token.special or (written and has_form))


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    """Matches each of these texts, the longest first. Without texts it matches nothing."""
    longest = sorted(texts, key=lambda text: (-len(text), text))
    return re.compile("|".join(map(re.escape, longest)) if longest else r"(?!)")


def _broken(text: str, tokens: re.Pattern[str], by: str) -> str:
    """The text with `by` after the first character of each token, until there is none: tokens may overlap."""
    while tokens.search(text):
        text = tokens.sub(lambda token: token.group()[0] + by + token.group()[1:], text)
    return text


def _unused(text: str) -> str:
    """A character that is not in the text."""
    used = set(text)
    return next(chr(code) for code in _MARKS if chr(code) not in used)
