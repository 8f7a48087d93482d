"""Texts to vectors: sentence-transformers models on OpenVINO or torch, and one embedder that needs no model.

Takes texts, gives float32 rows of unit length. Knows nothing about chunks or indexes. Imports an engine only when a
model is loaded.
"""

import json
import re
import shutil
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np

from bakeoff.errors import ConfigError, MissingExtraError, ModelUnavailableError
from bakeoff.files.cache import cache_folder, made_once
from bakeoff.models import weights as models
from bakeoff.models.load import as_settings
from bakeoff.models.settings import DEFAULT_EMBEDDER, ApiModel, LocalModel
from bakeoff.models.threads import free_threads, openvino_properties, use_threads

if TYPE_CHECKING:
    from bakeoff.models.providers.embeddings import ApiEmbedder

CONVERSION = 1  # counts changes to what `_OpenVino` caches
QUANTISATION_GROUP = 128  # weights that share a scale; benchmarks/index_speed.py prints the cosine to fp32
BATCH_TOKENS = {"openvino": 1024, "transformers": 4096}  # per batch, padding included; 1,024 fit a core's L2 cache


class ModelEmbedder:
    """A sentence-transformers model (mean or first-token pooling, normalised) on one of the engines.

    A text longer than the model's window is cut into windows whose vectors are averaged by their length, so that
    nothing of it is ignored.
    """

    def __init__(self, name: str, tokenizer: "_Tokenizer", encoder: "_Encoder") -> None:
        self.name = name
        self.dimension = encoder.dimension
        self.max_tokens = tokenizer.max_tokens
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._busy = threading.Lock()

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        """float32 array of shape (len(texts), dimension), rows of unit length, in the order given."""
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """The same for passages."""
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> np.ndarray:
        windows, owners = self._tokenizer.windows(texts)
        lengths = np.array([len(window) for window in windows])
        vectors = np.empty((len(windows), self.dimension), np.float32)
        with self._busy:
            for rows, encoded in self._encoder.encode(_batches(windows, lengths, self._encoder.batch_tokens)):
                vectors[rows] = encoded
        if len(windows) == len(texts):
            return vectors
        pooled = np.zeros((len(texts), self.dimension), np.float32)
        np.add.at(pooled, owners, vectors * lengths[:, None])
        return _unit(pooled)

    def count_tokens(self, text: str) -> int:
        """How many tokens the model's tokenizer makes of the text, special tokens apart."""
        return self.count_tokens_batch([text])[0]

    def count_tokens_batch(self, texts: Sequence[str]) -> list[int]:
        """The same for each of many texts, in order; several times faster than one by one."""
        return self._tokenizer.counts(texts)


class HashEmbedder:
    """Hashed words and character trigrams: no model, the same vectors on every machine.

    Good enough to test with and to run where no model is to be had; it knows spellings, not meanings.
    Source: Weinberger et al. 2009, Feature Hashing for Large Scale Multitask Learning (signed hashing).
    """

    name = "hash"

    def __init__(self, dimension: int = 512) -> None:
        self.dimension = dimension
        self.max_tokens: int | None = None

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        """float32 array of shape (len(texts), dimension), rows of unit length, in the order given."""
        return self.embed_passages(texts)

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """The same: a query and a passage are embedded alike."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for feature, weight in _features(text):
                code = zlib.crc32(feature.encode())
                row[code % self.dimension] += weight if code & 0x80000000 else -weight
        vectors[~vectors.any(axis=1), 0] = 1.0
        return _unit(vectors)

    def count_tokens(self, text: str) -> int:
        """How many words and punctuation marks the text has."""
        return len(_TOKEN.findall(text))

    def count_tokens_batch(self, texts: Sequence[str]) -> list[int]:
        """The same for each of many texts, in order."""
        return [self.count_tokens(text) for text in texts]


Embedder = ModelEmbedder | HashEmbedder


def load_embedder(settings: LocalModel | ApiModel | str = DEFAULT_EMBEDDER) -> "Embedder | ApiEmbedder":
    """The embedder of these settings: `hash`, a sentence-transformers model, or one behind a server.

    A plain string is the name of a local model (see `weights.resolve_model` for the places). Engine `auto` takes
    transformers where there is an NVIDIA GPU, else OpenVINO. Raises ModelUnavailableError where the model was not found
    or is none that can be loaded, MissingExtraError where the engine is not installed, ConfigError for an adapter.
    """
    settings = as_settings(settings)
    if isinstance(settings, ApiModel):
        from bakeoff.models.providers.embeddings import ApiEmbedder

        return ApiEmbedder(settings)
    if settings.name == HashEmbedder.name:
        return HashEmbedder()
    folder, shape = _located(settings)
    engine = settings.engine
    if engine == "auto":
        engine = "transformers" if shutil.which("nvidia-smi") else "openvino"
    encoder = _OpenVino(folder, shape) if engine == "openvino" else _Torch(folder, shape)
    return ModelEmbedder(settings.name, _Tokenizer(folder, shape), encoder)


def check_embedder(settings: LocalModel) -> None:
    """Finds a local embedder's weights and reads what they need, without loading them. Raises as `load_embedder`."""
    if settings.name != HashEmbedder.name:
        _located(settings)


def _located(settings: LocalModel) -> "tuple[Path, _Shape]":
    if settings.adapter is not None:
        raise ConfigError(
            f"The embedder {settings.name} has an adapter ({settings.adapter}): embedders take none.",
            "merge it into the weights, and name the folder of the merged model",
        )
    folder = models.resolve_model(settings.name)
    return folder, _Shape.read(folder)


# --- tokens

_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORD = re.compile(r"\w+")


def _features(text: str) -> Iterator[tuple[str, float]]:
    """Each word with weight 1, and its trigrams (ends marked), which together have length 1 too."""
    for word in _WORD.findall(text.casefold()):
        yield word, 1.0
        marked = f"<{word}>"
        for i in range(len(marked) - 2):
            yield "#" + marked[i : i + 3], (len(marked) - 2) ** -0.5


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


class _Shape(NamedTuple):
    """What a sentence-transformers folder says beside its weights: pooling, and how many tokens it takes."""

    pooling: Literal["mean", "cls"]
    window: int

    @classmethod
    def read(cls, folder: Path) -> "_Shape":
        pooling = _json(folder / "1_Pooling" / "config.json")
        modes = [key for key, value in pooling.items() if key.startswith("pooling_mode_") and value is True]
        if modes not in ([], ["pooling_mode_mean_tokens"], ["pooling_mode_cls_token"]):
            raise ModelUnavailableError(
                f"The embedder in {folder} pools by {', '.join(modes)}.",
                "choose one that pools by the mean or by the first token",
            )
        known = _json(folder / "config.json").get("max_position_embeddings", 512)
        window = _json(folder / "sentence_bert_config.json").get("max_seq_length") or known
        return cls("cls" if modes == ["pooling_mode_cls_token"] else "mean", int(min(window, known)))


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


class _Tokenizer:
    """The model's own fast tokenizer."""

    def __init__(self, folder: Path, shape: _Shape) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtraError("Embedding with a model", "tokenizers", "local") from error
        if not (folder / "tokenizer.json").exists():
            raise ModelUnavailableError(f"{folder} has no tokenizer.json.", "use a model with a fast tokenizer")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._special = self._tokenizer.num_special_tokens_to_add(is_pair=False)
        self._first, self._last = self._frame()
        self.max_tokens = shape.window - self._special

    def _frame(self) -> tuple[list[int], list[int]]:
        """The special tokens before and after a text."""
        framed = self._tokenizer.encode("a")
        start = framed.special_tokens_mask.index(0)
        n_inner = framed.special_tokens_mask.count(0)
        return list(framed.ids[:start]), list(framed.ids[start + n_inner :])

    def counts(self, texts: Sequence[str]) -> list[int]:
        return [len(encoding) for encoding in self._encoded(texts)]

    def windows(self, texts: Sequence[str]) -> tuple[list[list[int]], list[int]]:
        """Token ids of every window with the special tokens around, and which text each belongs to, in order."""
        windows, owners = [], []
        for owner, encoding in enumerate(self._encoded(texts)):
            for ids in _cut(encoding.ids, self.max_tokens):
                windows.append([*self._first, *ids, *self._last])
                owners.append(owner)
        return windows, owners

    def _encoded(self, texts: Sequence[str]) -> list[Any]:
        return list(self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False))


def _cut(ids: list[int], size: int) -> Iterator[list[int]]:
    """As few pieces of at most `size` as there can be, of equal length but for one token; one for no ids at all."""
    n_pieces = max(1, -(-len(ids) // size))
    bounds = [len(ids) * i // n_pieces for i in range(n_pieces + 1)]
    return (ids[start:stop] for start, stop in pairwise(bounds))


class _Batch(NamedTuple):
    """Windows padded to one length: which rows they are, token ids and mask of shape (rows, length), int64."""

    rows: np.ndarray
    ids: np.ndarray
    mask: np.ndarray


def _batches(windows: Sequence[Sequence[int]], lengths: np.ndarray, budget: int) -> Iterator[_Batch]:
    """Batches of at most `budget` tokens with the padding, longest first: windows of like length go together."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        longest = int(lengths[order[start]])
        rows = order[start : start + max(1, budget // longest)]
        ids = np.zeros((len(rows), longest), np.int64)
        for row, window in zip(ids, rows, strict=True):
            row[: lengths[window]] = windows[window]
        yield _Batch(rows, ids, (np.arange(longest) < lengths[rows, None]).astype(np.int64))
        start += len(rows)


# --- engines


class _Encoder(Protocol):
    """Batches of tokens to vectors: (rows, float32 unit vectors) of each batch, in any order."""

    dimension: int
    batch_tokens: int

    def encode(self, batches: Iterable[_Batch]) -> Iterator[tuple[np.ndarray, np.ndarray]]: ...


class _Torch:
    """The model as it is: bf16 on a GPU, fp32 on a CPU."""

    batch_tokens = BATCH_TOKENS["transformers"]

    def __init__(self, folder: Path, shape: _Shape) -> None:
        try:
            import torch
        except ImportError as error:
            raise MissingExtraError("Embedding with a model", "torch", "local") from error
        use_threads(free_threads())
        self._torch = torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._module = _pooled_model(folder, shape).to(self._device, torch.bfloat16 if self._device == "cuda" else None)
        self.dimension = int(self._module.model.config.hidden_size)
        if self._device == "cuda":
            self.batch_tokens = 64 * 1024

    def encode(self, batches: Iterable[_Batch]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for batch in batches:
            with self._torch.inference_mode():
                ids, mask = (self._torch.from_numpy(part).to(self._device) for part in (batch.ids, batch.mask))
                yield batch.rows, self._module(ids, mask).float().cpu().numpy()


def _pooled_model(folder: Path, shape: _Shape) -> Any:
    """A torch module from (ids, mask) to unit vectors."""
    try:
        import torch
        from transformers import AutoModel
    except ImportError as error:
        raise MissingExtraError("Embedding with a model", error.name or "transformers", "local") from error

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            with models.quiet_libraries():
                self.model = AutoModel.from_pretrained(folder, dtype=torch.float32, trust_remote_code=False)

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            hidden = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            if shape.pooling == "cls":
                return torch.nn.functional.normalize(hidden[:, 0], dim=1)
            mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
            return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)

    return Pooled().eval()


class _OpenVino:
    """The model on a CPU: int8 weights, activations quantised as they come, the rest in bf16 where the CPU has it.

    One stream for each free core or so, several batches in flight. Converted once into the cache, which needs torch.
    """

    batch_tokens = BATCH_TOKENS["openvino"]

    def __init__(self, folder: Path, shape: _Shape) -> None:
        try:
            import openvino
        except ImportError as error:
            raise MissingExtraError("Embedding on a CPU", "openvino", "local") from error
        core = openvino.Core()
        bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        compiled = core.compile_model(
            core.read_model(_converted(folder, shape)),
            "CPU",
            {
                "PERFORMANCE_HINT": "THROUGHPUT",
                "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
                "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(QUANTISATION_GROUP),
                **openvino_properties(free_threads()),
            },
        )
        self.dimension = int(compiled.output(0).partial_shape[1].get_length())
        self._queue = openvino.AsyncInferQueue(compiled)
        self._queue.set_callback(lambda request, task: task(request.get_output_tensor(0).data.copy()))

    def encode(self, batches: Iterable[_Batch]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        done: list[tuple[np.ndarray, np.ndarray]] = []
        for batch in batches:
            self._queue.start_async(
                {0: batch.ids, 1: batch.mask}, lambda vectors, rows=batch.rows: done.append((rows, vectors))
            )
        self._queue.wait_all()
        yield from done


def _converted(folder: Path, shape: _Shape) -> Path:
    """The model.xml of the converted model in the cache, made there first if need be."""
    name = f"{folder.name}-{models.model_sha256(folder)[:12]}-{shape.pooling}-v{CONVERSION}"
    return made_once(cache_folder() / "embedders" / name, lambda half: _convert(folder, shape, half)) / "model.xml"


def _convert(folder: Path, shape: _Shape, target: Path) -> None:
    import openvino

    module = _pooled_model(folder, shape)
    import torch

    ids = torch.arange(14).reshape(2, 7) + 5
    any_shape = openvino.PartialShape([-1, -1])
    with torch.inference_mode(), models.quiet_libraries():
        model = openvino.convert_model(module, example_input=(ids, torch.ones_like(ids)), input=[any_shape, any_shape])
    _quantise(model)
    openvino.save_model(model, target / "model.xml", compress_to_fp16=True)


def _quantise(model: Any) -> None:
    """Puts int8 weights, with one fp32 scale for each group, in the place of the constant weights of every product."""
    from openvino import opset13 as ops

    for node in model.get_ops():
        constant = node.input_value(1).get_node() if node.get_type_name() == "MatMul" else None
        if constant is None or constant.get_type_name() != "Constant" or not node.get_attributes()["transpose_b"]:
            continue
        weights = constant.data.astype(np.float32)
        if weights.ndim != 2 or weights.shape[1] % QUANTISATION_GROUP:
            continue
        groups = weights.reshape(weights.shape[0], -1, QUANTISATION_GROUP)
        scale = np.maximum(np.abs(groups).max(axis=2, keepdims=True) / 127, np.finfo(np.float32).tiny)
        rounded = ops.convert(ops.constant(np.round(groups / scale).astype(np.int8)), "f32")
        restored = ops.reshape(ops.multiply(rounded, ops.constant(scale)), ops.constant(np.array(weights.shape)), False)
        node.input(1).replace_source_output(restored.output(0))
    model.validate_nodes_and_infer_types()
