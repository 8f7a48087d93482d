"""Prompts to tokens and tokens to answers: the context limit, the tokens that end an answer, thinking."""

import json
import re
from pathlib import Path

import pytest

from bakeoff.errors import ConfigError, InputError, ModelUnavailableError
from bakeoff.models.chat import Chat
from bakeoff.models.thinking import FAMILIES, Marks
from bakeoff.records import Completion, GenerationSettings, Message, Prompt, Usage
from tests.unit.shapes import SHAPES, write_shape
from tests.unit.tiny_model import write_tiny_model

USER = Message(role="user", content="Hi")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "model", max_position_embeddings=64)


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


def test_a_model_of_a_type_that_transformers_does_not_know_is_refused(tmp_path: Path) -> None:
    """The message names the file and the version. Code that comes with a model is not run."""
    folder = write_tiny_model(tmp_path / "model")
    (folder / "config.json").write_text(json.dumps({"model_type": "no_such", "auto_map": {"AutoConfig": "own.Own"}}))
    with pytest.raises(ModelUnavailableError, match=r"transformers [0-9.]+ cannot read .*config\.json"):
        Chat(folder)


def test_the_context_of_a_model_that_takes_images_is_that_of_its_text(tmp_path: Path) -> None:
    """It is nested in config.json, and left out there if it is the default of the type."""
    folder = write_shape("gemma3", tmp_path)
    (folder / "config.json").write_text(json.dumps({"model_type": "gemma3", "text_config": {"num_hidden_layers": 2}}))
    assert Chat(folder).context_tokens == 131_072


@pytest.mark.parametrize("name", SHAPES)
def test_the_token_after_a_turn_of_the_template_ends_an_answer(name: str, tmp_path: Path) -> None:
    """Also where neither the configuration nor the tokenizer names it. A tuned model learns to write it."""
    chat = Chat(write_shape(name, tmp_path))
    end = chat.tokenizer.convert_tokens_to_ids(SHAPES[name].end)
    assert chat.end_ids == {end, chat.tokenizer.eos_token_id}
    assert chat.turn_end_id == end


def test_a_template_without_a_token_after_a_turn_ends_with_that_of_the_tokenizer(tmp_path: Path) -> None:
    """Plain text between turns ends nothing."""
    folder = write_tiny_model(tmp_path / "model", eos_token_id=1)
    for file in folder.glob("chat_template*"):
        file.write_text("{% for m in messages %}{{ m.role }}: {{ m.content }}\n\n{% endfor %}")
    chat = Chat(folder)
    assert (chat.end_ids, chat.turn_end_id) == ({1}, 1)


@pytest.fixture(scope="module", params=["plain", "special"])
def thinker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Chat:
    """A Qwen3 whose tokens around thinking are ordinary added ones, as they come, or special ones."""
    folder = write_shape("qwen3", tmp_path_factory.mktemp("shape") / "model")
    if request.param == "special":
        path = folder / "tokenizer.json"
        tokenizer = json.loads(path.read_text())
        for token in tokenizer["added_tokens"]:
            token["special"] = True
        path.write_text(json.dumps(tokenizer))
    return Chat(folder)


def tokens(chat: Chat, text: str) -> list[int]:
    ids: list[int] = chat.tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def test_an_answer_has_no_thinking_in_it_and_no_stop_text_is_sought_there(thinker: Chat) -> None:
    """The stop text of the thinking does not end the answer, that of the answer does."""
    ids = tokens(thinker, "<think>\nA capital.\n</think>\n\nParis.\nReally<|im_end|>")
    settings = GenerationSettings(max_new_tokens=len(ids), stop=("\n",))
    assert thinker.written(ids, settings.model_copy(update={"stop": ()})) == ("Paris.\nReally", False, False)
    assert thinker.written(ids, settings) == ("Paris.", False, False)
    assert [thinker.is_stopped(ids[:n], settings) for n in (20, len(ids))] == [False, True]
    for size in (1, 7):
        steps = [ids[i : i + size] for i in range(0, len(ids), size)]
        assert "".join(thinker.pieces(steps, settings)) == "Paris."


def test_a_thought_that_the_limit_cuts_off_leaves_an_empty_answer(thinker: Chat) -> None:
    """It is truncated, and nothing of it is streamed."""
    ids = tokens(thinker, "<think>\nA capital is")
    settings = GenerationSettings(max_new_tokens=len(ids))
    assert thinker.written(ids, settings) == ("", True, False)
    assert list(thinker.pieces([[token] for token in ids], settings)) == []


@pytest.mark.parametrize("marks", FAMILIES, ids=lambda marks: marks.open)
def test_marks_that_are_special_tokens_are_seen(marks: Marks, tmp_path: Path) -> None:
    """Other special tokens stay hidden. Whole or streamed, the thought is not in the answer."""
    folder = write_shape("qwen3", tmp_path / "model")
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    parts = [part for mark in marks for part in re.findall(r"<\|[^>]*\|>", mark) or [mark]]
    tokenizer.add_tokens(["<|other|>", *dict.fromkeys(parts)], special_tokens=True)
    tokenizer.save_pretrained(folder)
    chat = Chat(folder)
    ids = tokens(chat, f"{marks.open}A capital?{marks.close}<|other|>Paris.")
    settings = GenerationSettings(max_new_tokens=len(ids) + 1)
    assert chat.written(ids, settings).text == "Paris."
    assert "".join(chat.pieces([[token] for token in ids], settings)) == "Paris."
