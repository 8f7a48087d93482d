"""Prompts in the model's own chat template: nothing added, nothing lost, whatever roles the template takes."""

from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import InputError
from bakeoff.models.chat import Chat
from bakeoff.models.chat_template import render
from bakeoff.records import Message, Prompt
from tests.unit.shapes import SHAPES, write_shape
from tests.unit.tiny_model import write_tiny_model

USER = Message(role="user", content="Hi")
SYSTEM = Message(role="system", content="Be brief.")
TURN = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
OPEN = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
WITH_DEFAULT = (
    "{% if messages[0].role != 'system' %}<|im_start|>system\nI am a default.<|im_end|>\n{% endif %}" + TURN + OPEN
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "model", max_position_embeddings=64)


@pytest.mark.parametrize("template", [WITH_DEFAULT, TURN + OPEN])
def test_no_system_message_sneaks_in(folder: Path, template: str) -> None:
    """Without a system message none is rendered, even if the template has a default one."""
    tokenizer = Chat(folder).tokenizer
    tokenizer.chat_template = template
    text = render(tokenizer, Prompt(messages=(USER,)))
    assert text == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


def test_a_system_message_that_is_given_stays(folder: Path) -> None:
    """A system message of the prompt's own is rendered once."""
    tokenizer = Chat(folder).tokenizer
    tokenizer.chat_template = WITH_DEFAULT
    text = render(tokenizer, Prompt(messages=(SYSTEM, USER)))
    assert text.startswith("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi")
    assert "default" not in text


def test_the_first_token_of_a_text_stays_when_a_default_is_taken_away(folder: Path) -> None:
    """If a template begins with the begin-of-text token, only the default message is removed."""
    tokenizer = Chat(folder).tokenizer
    tokenizer.chat_template = "{{ bos_token }}" + WITH_DEFAULT.replace("<|im_start|>", "[").replace("<|im_end|>", "]")
    assert render(tokenizer, Prompt(messages=(USER,))) == "<|im_start|>[user\nHi]\n[assistant\n"


def test_a_template_without_system_messages_renders_a_prompt_without_one_as_it_is(folder: Path) -> None:
    """There is no default message to remove."""
    tokenizer = Chat(folder).tokenizer
    refusal = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    tokenizer.chat_template = refusal + TURN + OPEN
    assert render(tokenizer, Prompt(messages=(USER,))).startswith("<|im_start|>user\nHi")


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The tokenizer of each shape, by its name."""
    folder = tmp_path_factory.mktemp("shapes")
    return {name: Chat(write_shape(name, folder / name)).tokenizer for name in SHAPES}


LLAMA_SYSTEM = "<|start_header_id|>system<|end_header_id|>\n\nDate: 01 Jan 2025\n\nBe brief.<|eot_id|>"
LLAMA_USER = "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
QWEN_SYSTEM = "<|im_start|>system\nBe brief.<|im_end|>\n"
QWEN_USER = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
GEMMA = "<bos><start_of_turn>user\n{}Hi<end_of_turn>\n<start_of_turn>model\n"
PHI_SYSTEM, PHI_USER = "<|system|>\nBe brief.<|end|>\n", "<|user|>\nHi<|end|>\n<|assistant|>\n"
RENDERED = {
    "llama": ("<|begin_of_text|>" + LLAMA_SYSTEM + LLAMA_USER, "<|begin_of_text|>" + LLAMA_USER),
    "qwen2": (QWEN_SYSTEM + QWEN_USER, QWEN_USER),
    "qwen3": (QWEN_SYSTEM + QWEN_USER + "<think>\n\n</think>\n\n", QWEN_USER + "<think>\n\n</think>\n\n"),
    "gemma": (GEMMA.format("Be brief.\n\n"), GEMMA.format("")),
    "phi3": (PHI_SYSTEM + PHI_USER, PHI_USER),
    "mistral": ("<s>[INST] Be brief.\n\nHi [/INST]", "<s>[INST] Hi [/INST]"),
}


@pytest.mark.parametrize("name", RENDERED)
def test_each_shape_gets_the_same_messages(tokenizers: dict[str, Any], name: str) -> None:
    """A system message is in the text once, in the first user message if there is no such role. Else none is."""
    with_system, without = RENDERED[name]
    assert render(tokenizers[name], Prompt(messages=(SYSTEM, USER))) == with_system
    assert render(tokenizers[name], Prompt(messages=(USER,))) == without


def test_a_system_message_that_a_template_leaves_out_is_put_into_the_first_user_message(folder: Path) -> None:
    """Silently dropped instructions would be worse than refused ones."""
    tokenizer = Chat(folder).tokenizer
    tokenizer.chat_template = "{% for m in messages if m.role != 'system' %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    assert render(tokenizer, Prompt(messages=(SYSTEM, USER))) == "[user]Be brief.\n\nHi"


def test_neighbours_of_one_role_are_one_message_where_roles_must_alternate(tokenizers: dict[str, Any]) -> None:
    """The order of the texts stays. A template that takes the messages as they are gets them so."""
    more = Message(role="user", content="You?")
    reply = Message(role="assistant", content="Hello")
    prompt = Prompt(messages=(SYSTEM, USER, more, reply, USER))
    text = render(tokenizers["mistral"], prompt)
    assert text == "<s>[INST] Be brief.\n\nHi\n\nYou? [/INST] Hello</s>[INST] Hi [/INST]"
    assert render(tokenizers["qwen2"], prompt).count("<|im_start|>user") == 3


def test_messages_that_no_rule_helps_are_an_error(tokenizers: dict[str, Any]) -> None:
    """The template's own words are in the message."""
    with pytest.raises(InputError, match="Roles must alternate"):
        render(tokenizers["gemma"], Prompt(messages=(Message(role="assistant", content="Hello"), USER)))


def test_the_date_of_a_template_is_always_the_same(tokenizers: dict[str, Any]) -> None:
    """A tuned model is asked with the prompt that it was trained on, on any day."""
    tokenizer = tokenizers["qwen2"]
    before = tokenizer.chat_template
    try:
        tokenizer.chat_template = "\n{{ strftime_now('%A, %d %B %Y, %Y-%m-%d') }} {{ messages[0].content }}"
        assert render(tokenizer, Prompt(messages=(USER,))) == "\nWednesday, 01 January 2025, 2025-01-01 Hi"
    finally:
        tokenizer.chat_template = before


def test_a_template_that_opens_a_thought_has_it_closed(tokenizers: dict[str, Any]) -> None:
    """Without a switch, the model is asked to answer at once all the same."""
    tokenizer = tokenizers["qwen2"]
    before = tokenizer.chat_template
    try:
        tokenizer.chat_template = TURN + "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
        text = render(tokenizer, Prompt(messages=(USER,)))
        assert text == QWEN_USER + "<think>\n\n</think>\n\n"
    finally:
        tokenizer.chat_template = before
