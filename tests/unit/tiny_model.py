"""A random chat model of a few thousand parameters, for tests of training that take no weights and no time."""

from pathlib import Path

from bakeoff.records import Message, Prompt
from bakeoff.tuning.lora import Example
from bakeoff.tuning.preferences.lesson import Judged, PreferenceLesson

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_tiny_model(folder: Path, **config: object) -> Path:
    """A two-layer Llama over single characters, with a chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    specials = ["<|im_start|>", "<|im_end|>"]
    characters = [chr(code) for code in range(32, 127)] + ["\n"]
    vocabulary = {token: i for i, token in enumerate(specials + characters)}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token=" "))
    inner.decoder = decoders.Fuse()
    inner.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token=specials[0], eos_token=specials[1], pad_token=specials[1], unk_token=" "
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    shape = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 1024,
        "initializer_range": 0.4,
    }
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(vocabulary), **{**shape, **config}))
    model.save_pretrained(folder)
    return folder


def write_looping_model(folder: Path) -> Path:
    """The same model, but each character depends on the one before it only, so that it soon repeats itself."""
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(write_tiny_model(folder))
    for layer in model.model.layers:
        layer.self_attn.o_proj.weight.data.zero_()
        layer.mlp.down_proj.weight.data.zero_()
    model.save_pretrained(folder)
    return folder


def example(question: str, answer: str) -> Example:
    """An example with a system message, so that examples share a beginning."""
    system = Message(role="system", content="Answer.")
    return Example(prompt=Prompt(messages=(system, Message(role="user", content=question))), completion=answer)


def arithmetic(n: int, first: int = 0) -> list[Example]:
    """n examples of uneven length."""
    return [example(f"{i} and {i * i}{'?' * (i % 7)}", str(i + i * i)) for i in range(first, first + n)]


def preferred(n: int, n_held: int, first: int = 0) -> PreferenceLesson:
    """Pairs of uneven length, in which a sum is preferred to a word."""
    judged = [
        Judged(prompt=one.prompt, liked=one.completion, disliked=f"no idea{'!' * (i % 5)}")
        for i, one in enumerate(arithmetic(n + n_held, first))
    ]
    return PreferenceLesson(judged[:n], judged[n:])


def thumbs(n: int, n_held: int) -> PreferenceLesson:
    """The same answers one by one."""
    return PreferenceLesson(
        *(
            [
                Judged(prompt=one.prompt, **answer)
                for one in judged
                for answer in ({"liked": one.liked}, {"disliked": one.disliked})
            ]
            for judged in preferred(n, n_held)
        )
    )
