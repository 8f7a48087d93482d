"""A tiny random model of each family's shape, with a tokenizer of its kind and a chat template that has its quirks.

The templates are written for these tests. They have the form of the families' templates, not their text.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

BYTES, SPACES = "bytes", "spaces"
"""The two kinds of tokenizers: bytes as characters; characters with '▁' for a space, and bytes for what is left."""

TURN = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
OPEN = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"

LLAMA = (
    "{{ bos_token }}{% set first = messages[0] %}<|start_header_id|>system<|end_header_id|>\n\n"
    "Date: {{ strftime_now('%d %b %Y') }}\n\n{% if first.role == 'system' %}{{ first.content | trim }}{% endif %}"
    "<|eot_id|>{% for m in messages %}{% if m.role != 'system' %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{{ m.content | trim }}<|eot_id|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
QWEN2 = (
    "{% if messages[0].role != 'system' %}<|im_start|>system\nYou are a default.<|im_end|>\n{% endif %}" + TURN + OPEN
)
QWEN3 = TURN + (
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('No system role here') }}{% endif %}"
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must alternate') }}{% endif %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content | trim }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
PHI = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must alternate') }}{% endif %}"
    "{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %} {{ m.content }}{{ eos_token }}{% endif %}"
    "{% endfor %}"
)


class Shape(NamedTuple):
    """A family's configuration class of transformers, its tokenizer, template, tokens and what its config adds.

    `end` is the token that ends a turn of the template; `tokens` are the special ones: begin of text, end of text, the
    template's own.
    """

    config: str
    tokenizer: str
    template: str
    tokens: tuple[str, ...]
    end: str
    more: Mapping[str, Any] = {}


_LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 10_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
_IM = ("<|endoftext|>", "<|endoftext|>", "<|im_start|>", "<|im_end|>")
_TURNS = ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>")

SHAPES: Mapping[str, Shape] = {
    "llama": Shape(
        "LlamaConfig",
        BYTES,
        LLAMA,
        ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        "<|eot_id|>",
        {"rope_parameters": _LLAMA3_ROPE, "tie_word_embeddings": True},
    ),
    "qwen2": Shape("Qwen2Config", BYTES, QWEN2, _IM, "<|im_end|>", {"tie_word_embeddings": True}),
    "qwen3": Shape("Qwen3Config", BYTES, QWEN3, (*_IM, "<think>", "</think>"), "<|im_end|>", {"head_dim": 32}),
    "gemma": Shape("GemmaConfig", SPACES, GEMMA, _TURNS, "<end_of_turn>", {"head_dim": 32}),
    "gemma2": Shape("Gemma2Config", SPACES, GEMMA, _TURNS, "<end_of_turn>", {"head_dim": 32, "sliding_window": 32}),
    "gemma3": Shape(
        "Gemma3TextConfig",
        SPACES,
        GEMMA,
        _TURNS,
        "<end_of_turn>",
        {"head_dim": 32, "sliding_window": 32, "layer_types": ["sliding_attention", "full_attention"]},
    ),
    "phi3": Shape(
        "Phi3Config",
        SPACES,
        PHI,
        ("<s>", "<|endoftext|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"),
        "<|end|>",
        {"sliding_window": 48},
    ),
    "mistral": Shape("MistralConfig", SPACES, MISTRAL, ("<s>", "</s>"), "</s>", {"sliding_window": 48}),
    "mistral full": Shape("MistralConfig", SPACES, MISTRAL, ("<s>", "</s>"), "</s>", {"sliding_window": None}),
}


def write_shape(name: str, folder: Path, **config: Any) -> Path:
    """The folder of a two-layer model of that shape. Its configuration names only the token that ends a text."""
    import torch
    import transformers

    shape = SHAPES[name]
    tokenizer = _tokenizer(shape)
    tokenizer.chat_template = shape.template
    tokenizer.save_pretrained(folder)
    dimensions = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 1024,
        "initializer_range": 0.3,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.eos_token_id,
    }
    torch.manual_seed(0)
    settings = getattr(transformers, shape.config)(**{**dimensions, **shape.more, **config})
    model = transformers.AutoModelForCausalLM.from_config(settings)
    for key, parameter in model.named_parameters():  # neither zeros nor ones hide what is not computed
        if key.endswith("bias") or "norm" in key:
            mean = float(parameter.detach().mean())
            if "gemma" in name and "layernorm" in key:
                mean += 4  # else only the last token counts, because Gemma multiplies its embedding
            torch.nn.init.normal_(parameter, mean=mean, std=0.2)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    return folder


def _tokenizer(shape: Shape) -> Any:
    """One token for each character or byte, and the special ones."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    begin, end, *others = shape.tokens
    if shape.tokenizer == BYTES:
        letters = sorted(pre_tokenizers.ByteLevel.alphabet())
        inner = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        inner.decoder = decoders.ByteLevel()
    else:
        pieces = [f"<0x{byte:02X}>" for byte in range(256)] + ["▁"] + [chr(code) for code in range(33, 127)]
        inner = Tokenizer(models.BPE({piece: i for i, piece in enumerate(pieces)}, [], byte_fallback=True))
        inner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
        steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        inner.decoder = decoders.Sequence(steps)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, bos_token=begin, eos_token=end, pad_token=end)
    tokenizer.add_tokens([AddedToken(token, special="think" not in token, normalized=False) for token in others])
    return tokenizer
