"""Writes a Llama-type safetensors folder as an OpenVINO model with int8 weights, one scale for each output channel.

Takes a model folder (and an adapter to merge), writes openvino_model.xml/.bin. Knows nothing about prompts or engines.
The graph is for continuous batching only, which replaces its attention by a paged, causal one. It uses the lowest bits
of an id; those above are marks (`openvino_marks`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as op

from bakeoff.models.architecture import has_window, rope, text_config
from bakeoff.models.engines.openvino_marks import ID_BITS

SUPPORTED = ("llama", "mistral", "qwen2", "qwen3")
GRAPH_NAME = "llama"  # of every graph that is written here
ROPES = ("default", "linear", "llama3", "yarn")  # the other types depend on the length of the text


def unsupported(folder: Path) -> str:
    """Why this folder's model cannot be written as such a graph; an empty string if it can."""
    config = text_config(folder)
    if config["model_type"] not in SUPPORTED:
        return f"its type '{config['model_type']}' has no graph of its own (supported: {', '.join(SUPPORTED)})"
    if rope(config)["rope_type"] not in ROPES:
        return f"its rope type is '{rope(config)['rope_type']}' (supported: {', '.join(ROPES)})"
    if config.get("hidden_act") != "silu":
        return f"its activation is '{config.get('hidden_act')}' (supported: silu)"
    if int(config.get("vocab_size") or 0) > 2**ID_BITS:
        return f"it has more than {2**ID_BITS:,} tokens"
    if has_window(config):
        return "its attention slides over a window"
    return ""


def write_graph(folder: Path, adapter: Path | None, target: Path) -> None:
    """Writes the model's graph, with the (merged) weights in int8, into the folder `target`."""
    import torch

    from bakeoff.models.engines.transformers import load_model

    state = load_model(folder, adapter, torch.float32).state_dict()
    weights = {name: tensor.numpy() for name, tensor in state.items()}
    graph = LlamaGraph(text_config(folder), weights)
    ov.save_model(graph.build(), target / "openvino_model.xml", compress_to_fp16=False)


@dataclass(frozen=True)
class Dimensions:
    """The shape of a model's attention."""

    n_layers: int
    n_heads: int
    n_kv_heads: int
    head_size: int


def dimensions(config: dict[str, Any]) -> Dimensions:
    """The dimensions from config.json, or their defaults if they are missing there."""
    n_heads = int(config["num_attention_heads"])
    return Dimensions(
        n_layers=int(config["num_hidden_layers"]),
        n_heads=n_heads,
        n_kv_heads=int(config.get("num_key_value_heads") or n_heads),
        head_size=int(config.get("head_dim") or config["hidden_size"] // n_heads),
    )


class LlamaGraph:
    """Builds the graph of one model from its configuration and its weights (a mapping of names to float arrays)."""

    def __init__(self, config: dict[str, Any], weights: dict[str, np.ndarray]) -> None:
        self.weights = weights
        shape = dimensions(config)
        self.n_layers, self.n_heads = shape.n_layers, shape.n_heads
        self.n_kv_heads, self.head_size = shape.n_kv_heads, shape.head_size
        self.epsilon = float(config["rms_norm_eps"])
        self.config = config
        self.tied = bool(config.get("tie_word_embeddings"))
        self.sinks: list[Any] = []

    def build(self) -> ov.Model:
        """The whole model: input_ids, attention_mask, position_ids, beam_idx to logits, with the cache as its state."""
        self.ids = _parameter("input_ids", [-1, -1], np.int64)
        self.mask = _parameter("attention_mask", [-1, -1], np.int64)
        self.positions = _parameter("position_ids", [-1, -1], np.int64)
        self.beams = _parameter("beam_idx", [-1], np.int32)
        self.batch = op.gather(op.shape_of(self.ids), [0], [0])
        self.attention_mask = op.convert(op.unsqueeze(op.unsqueeze(self.mask, 1), 1), "f32")
        self.cosine, self.sine = self._rotation()
        embedding = self._int8("model.embed_tokens.weight")
        unmarked = op.bitwise_and(op.convert(self.ids, "i32"), np.int32(2**ID_BITS - 1))
        hidden = op.gather(embedding, unmarked, np.int32(0))
        for layer in range(self.n_layers):
            hidden = self._block(hidden, f"model.layers.{layer}", layer)
        head = embedding if self.tied else self._int8("lm_head.weight")
        logits = op.matmul(self._norm(hidden, "model.norm.weight"), head, False, True)
        logits.output(0).get_tensor().set_names({"logits"})
        outputs = op.result(logits, name="logits")
        return ov.Model([outputs], self.sinks, [self.ids, self.mask, self.positions, self.beams], GRAPH_NAME)

    def _block(self, hidden: Any, prefix: str, layer: int) -> Any:
        hidden = op.add(hidden, self._attention(self._norm(hidden, f"{prefix}.input_layernorm.weight"), prefix, layer))
        normed = self._norm(hidden, f"{prefix}.post_attention_layernorm.weight")
        gate = op.swish(self._linear(normed, f"{prefix}.mlp.gate_proj"))
        up = self._linear(normed, f"{prefix}.mlp.up_proj")
        return op.add(hidden, self._linear(op.multiply(gate, up), f"{prefix}.mlp.down_proj"))

    def _attention(self, hidden: Any, prefix: str, layer: int) -> Any:
        query = self._placed(hidden, f"{prefix}.self_attn.q", self.n_heads)
        key = self._placed(hidden, f"{prefix}.self_attn.k", self.n_kv_heads)
        value = self._heads(self._linear(hidden, f"{prefix}.self_attn.v_proj"), self.n_kv_heads)
        attended = op.scaled_dot_product_attention(
            query, self._cached(key, layer, "key"), self._cached(value, layer, "value"), self.attention_mask
        )
        rows = op.reshape(op.transpose(attended, [0, 2, 1, 3]), [0, 0, self.n_heads * self.head_size], True)
        return self._linear(rows, f"{prefix}.self_attn.o_proj")

    def _heads(self, rows: Any, n_heads: int) -> Any:
        return op.transpose(op.reshape(rows, [0, 0, n_heads, self.head_size], True), [0, 2, 1, 3])

    def _placed(self, hidden: Any, name: str, n_heads: int) -> Any:
        """Queries or keys turned by their positions, normed before in models that do so (Qwen3)."""
        heads, norm = self._heads(self._linear(hidden, f"{name}_proj"), n_heads), f"{name}_norm.weight"
        return self._rotate(self._norm(heads, norm) if norm in self.weights else heads)

    def _cached(self, new: Any, layer: int, kind: str) -> Any:
        """The keys (or values) of all positions so far. Each head is repeated for the query heads that share it."""
        shape = op.concat([self.batch, [self.n_kv_heads], [0], [self.head_size]], 0)
        name = f"past_key_values.{layer}.keypresent.{layer}.{kind}"
        variable = ov.op.util.VariableInfo()
        variable.data_shape = ov.PartialShape([-1, self.n_kv_heads, -1, self.head_size])
        variable.data_type = ov.Type.f32
        variable.variable_id = name
        state = ov.op.util.Variable(variable)
        past = ov.op.read_value(op.broadcast(np.float32(0), shape), state)
        both = op.concat([op.gather(past, self.beams, np.int64(0)), new], 2)
        self.sinks.append(ov.op.assign(both, state))
        repeats = self.n_heads // self.n_kv_heads
        if repeats == 1:
            return both
        wide = op.concat([self.batch, [self.n_kv_heads], [repeats], [0], [self.head_size]], 0)
        repeated = op.broadcast(op.unsqueeze(both, 2), wide, "bidirectional")
        return op.reshape(repeated, [0, self.n_heads, -1, self.head_size], True)

    def _rotation(self) -> tuple[Any, Any]:
        frequencies, scale = _frequencies(self.config, self.head_size)
        spread = op.broadcast(frequencies.reshape(1, -1, 1), op.concat([self.batch, [self.head_size // 2], [1]], 0))
        positions = op.convert(op.unsqueeze(self.positions, 1), "f32")
        angles = op.transpose(op.matmul(spread, positions, False, False), [0, 2, 1])
        angles = op.unsqueeze(op.concat([angles, angles], -1), 1)
        turns = op.cos(angles), op.sin(angles)
        return turns if scale == 1 else tuple(op.multiply(turn, np.float32(scale)) for turn in turns)

    def _rotate(self, heads: Any) -> Any:
        """Rotary position embedding. Source: Su et al. 2021, RoFormer, in the half-split order of Llama."""
        half = self.head_size // 2
        first = op.slice(heads, [0], [half], [1], [3])
        second = op.slice(heads, [half], [np.iinfo(np.int64).max], [1], [3])
        turned = op.concat([op.multiply(second, np.full((1, 1, 1, 1), -1, np.float32)), first], -1)
        return op.add(op.multiply(heads, self.cosine), op.multiply(turned, self.sine))

    def _norm(self, hidden: Any, name: str) -> Any:
        """Source: Zhang and Sennrich 2019, Root Mean Square Layer Normalization."""
        one = np.ones((1, 1, 1), np.float32)
        mean = op.reduce_mean(op.power(hidden, 2 * one), [-1], keep_dims=True)
        inverse = op.divide(one, op.sqrt(op.add(mean, self.epsilon * one)))
        return op.multiply(op.multiply(inverse, hidden), self.weights[name].astype(np.float32).reshape(1, 1, -1))

    def _linear(self, rows: Any, name: str) -> Any:
        product = op.matmul(rows, self._int8(f"{name}.weight"), False, True)
        bias = self.weights.get(f"{name}.bias")
        return product if bias is None else op.add(product, bias.astype(np.float32).reshape(1, 1, -1))

    def _int8(self, name: str) -> Any:
        """The weight in whole steps from -127 to 127, with one step size for each output channel."""
        weight = self.weights[name].astype(np.float32)
        largest = np.abs(weight).max(axis=1, keepdims=True)
        step = np.where(largest > 0, largest / 127, 1).astype(np.float32)
        whole = np.rint(weight / step).astype(np.int8)
        return op.multiply(op.convert(op.constant(whole), "f32"), op.constant(step))


def _frequencies(config: dict[str, Any], head_size: int) -> tuple[np.ndarray, float]:
    """The angles by which one position turns, (head_size / 2,) in float32, and the scale of cosine and sine."""
    settings = rope(config)
    if settings["rope_type"] == "default":
        half = np.arange(0, head_size, 2, dtype=np.float32) / head_size
        theta = float(settings.get("rope_theta") or config.get("rope_theta") or 10_000.0)
        return (1.0 / theta**half).astype(np.float32), 1.0
    from transformers import AutoConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    frequencies, scale = ROPE_INIT_FUNCTIONS[settings["rope_type"]](AutoConfig.for_model(**config), "cpu")
    return frequencies.numpy().astype(np.float32), float(scale)


def _parameter(name: str, shape: list[int], kind: Any) -> Any:
    parameter = op.parameter(shape, kind, name=name)
    parameter.output(0).get_tensor().set_names({name})
    return parameter
