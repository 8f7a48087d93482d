"""Prompts to tokens: the model's own template, nothing added, and the context limit."""

import json
from pathlib import Path

import pytest

from bakeoff.errors import ConfigError, InputError
from bakeoff.models.chat import Chat, render
from bakeoff.records import Completion, Message, Prompt, Usage
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


def test_a_template_that_refuses_system_messages_renders_as_it_is(folder: Path) -> None:
    """A template that raises on a system message is left alone."""
    tokenizer = Chat(folder).tokenizer
    refusal = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    tokenizer.chat_template = refusal + TURN + OPEN
    assert render(tokenizer, Prompt(messages=(USER,))).startswith("<|im_start|>user\nHi")


def test_a_prompt_that_does_not_fit_has_an_error_and_the_others_their_answers(folder: Path) -> None:
    """One over-long prompt costs its own completion only, and the order is kept."""
    chat = Chat(folder)
    long = Prompt(messages=(Message(role="user", content="x" * 60),))
    short = Prompt(messages=(Message(role="user", content="y"),))
    seen: list[list[int]] = []

    def engine(ids: list[list[int]]) -> list[Completion]:
        seen.extend(ids)
        return [Completion(text=f"answer {i}", usage=Usage()) for i in range(len(ids))]

    first, second, third = chat.complete([short, long, short], 4, engine)
    assert (first.text, third.text) == ("answer 0", "answer 1")
    assert second.error and "64 tokens" in second.error and second.text == ""
    assert seen == [chat.ids(short)] * 2


def test_a_stream_that_does_not_fit_is_an_error_with_both_numbers(folder: Path) -> None:
    """The exact limit fits; one token more raises InputError with the size and the limit."""
    chat = Chat(folder)
    prompt = Prompt(messages=(USER,))
    n = len(chat.ids(prompt))
    assert len(chat.ids_that_fit(prompt, 64 - n)) == n
    with pytest.raises(InputError, match=rf"{n} tokens and an answer of {65 - n}.*64 tokens"):
        chat.ids_that_fit(prompt, 65 - n)


def test_every_token_that_ends_an_answer_is_known(tmp_path: Path) -> None:
    """The ends of the generation settings, the model and the tokenizer all count."""
    folder = write_tiny_model(tmp_path / "model", eos_token_id=3)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [4, 5]}))
    assert Chat(folder).end_ids == {1, 3, 4, 5}


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    """A base model, which has no chat template, cannot take messages."""
    folder = write_tiny_model(tmp_path / "model")
    for file in folder.glob("chat_template*"):
        file.unlink()
    with pytest.raises(ConfigError, match="no chat template"):
        Chat(folder)
