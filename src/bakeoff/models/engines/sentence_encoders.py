"""Token batches to vectors, on torch or on OpenVINO: the transformer, its pooling and its projections.

Takes a model's folder and windows of token ids, gives float32 rows of unit length. Knows nothing about texts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from bakeoff.errors import MissingExtraError, ModelUnavailableError
from bakeoff.files.cache import cache_folder
from bakeoff.models.checksums import MADE_FORMAT, made_intact, model_sha256
from bakeoff.models.damage import COPY_AGAIN, refusing_damage
from bakeoff.models.other_loads import refuse_other_loads
from bakeoff.models.sentence_model import Projection, SentenceModel
from bakeoff.models.threads import free_threads, independent_threads, openvino_properties, use_threads
from bakeoff.models.weights import quiet_libraries

CONVERSION = 1  # raise this when the format of what `OpenVinoEncoder` caches changes
EMBEDDERS_KEPT = 4  # converted models in the cache: those used last
QUANTISATION_GROUP = 128  # number of weights that share a scale; benchmarks/index_speed.py prints the cosine to fp32
BATCH_TOKENS = {"openvino": 1024, "transformers": 4096}  # per batch, padding included; 1,024 fit a core's L2 cache


class Batch(NamedTuple):
    """Windows padded to one length: their row numbers, token ids and mask of shape (rows, length), int64."""

    rows: np.ndarray
    ids: np.ndarray
    mask: np.ndarray


def batches_of(windows: Sequence[Sequence[int]], lengths: np.ndarray, budget: int) -> Iterator[Batch]:
    """Batches of at most `budget` tokens including padding.

    Longest windows first, so that lengths in a batch are similar.
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        longest = int(lengths[order[start]])
        rows = order[start : start + max(1, budget // longest)]
        ids = np.zeros((len(rows), longest), np.int64)
        for row, window in zip(ids, rows, strict=True):
            row[: lengths[window]] = windows[window]
        yield Batch(rows, ids, (np.arange(longest) < lengths[rows, None]).astype(np.int64))
        start += len(rows)


class Encoder(Protocol):
    """Batches of tokens to vectors: (row numbers, float32 unit vectors) of each batch, in any order."""

    dimension: int
    batch_tokens: int

    def encode(self, batches: Iterable[Batch]) -> Iterator[tuple[np.ndarray, np.ndarray]]: ...


class TorchEncoder:
    """The unconverted model: bf16 on a GPU, fp32 on a CPU."""

    batch_tokens = BATCH_TOKENS["transformers"]

    def __init__(self, folder: Path, sentence: SentenceModel) -> None:
        try:
            import torch
        except ImportError as error:
            raise MissingExtraError("Embedding with a model", "torch", "local") from error
        use_threads(free_threads())
        self._torch = torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._module = pooled_model(folder, sentence).to(
            self._device, torch.bfloat16 if self._device == "cuda" else None
        )
        self.dimension = self._module.dimension
        if self._device == "cuda":
            self.batch_tokens = 64 * 1024

    def encode(self, batches: Iterable[Batch]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for batch in batches:
            with self._torch.inference_mode():
                ids, mask = (self._torch.from_numpy(part).to(self._device) for part in (batch.ids, batch.mask))
                yield batch.rows, self._module(ids, mask).float().cpu().numpy()


def pooled_model(folder: Path, sentence: SentenceModel) -> Any:
    """A torch module from (ids, mask) to unit vectors. Its `dimension` is the length of a vector."""
    try:
        import torch
        from transformers import AutoModel
    except ImportError as error:
        raise MissingExtraError("Embedding with a model", error.name or "transformers", "local") from error

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            refuse_other_loads(folder)
            with quiet_libraries(), refusing_damage(f"The weights of the embedder in {folder}"):
                self.model, info = AutoModel.from_pretrained(
                    folder,
                    dtype=torch.float32,
                    trust_remote_code=False,
                    use_safetensors=True,
                    output_loading_info=True,
                )
            _refuse_missing(folder, info["missing_keys"])
            layers = [_linear(projection) for projection in sentence.projections]
            self.projections = torch.nn.Sequential(*(module for layer in layers for module in layer))
            self.dimension = int(layers[-1][0].out_features if layers else self.model.config.hidden_size)

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            hidden = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
            pooled = hidden[:, 0] if sentence.pooling == "cls" else (hidden * mask).sum(1) / mask.sum(1)
            return torch.nn.functional.normalize(self.projections(pooled), dim=1)

    return Pooled().eval()


def _refuse_missing(folder: Path, missing: Iterable[str]) -> None:
    """Raises ModelUnavailableError if the weights lack tensors: transformers would make them up.

    The transformer's own pooler is not used here, and many embedders ship without it.
    """
    needed = sorted(name for name in missing if not name.startswith("pooler."))
    if needed:
        raise ModelUnavailableError(
            f"The weights of the embedder in {folder} lack {len(needed)} tensors that its config.json asks for, such "
            f"as '{needed[0]}'.",
            COPY_AGAIN,
        )


def _linear(projection: Projection) -> list[Any]:
    """The linear layer of a Dense module with its weights, and the activation after it."""
    import torch
    from safetensors.torch import load_file

    with refusing_damage(f"The weights {projection.weights}"):
        tensors = load_file(projection.weights)
    state = {name.removeprefix("linear."): tensor.float() for name, tensor in tensors.items()}
    if set(state) - {"bias"} != {"weight"}:
        raise ModelUnavailableError(
            f"{projection.weights} holds {', '.join(sorted(state))}; a Dense module must hold weight and optionally "
            "bias.",
            "choose another embedder",
        )
    n_out, n_in = state["weight"].shape
    layer = torch.nn.Linear(n_in, n_out, bias="bias" in state)
    layer.load_state_dict(state)
    return [layer, torch.nn.Tanh() if projection.activation == "Tanh" else torch.nn.Identity()]


class OpenVinoEncoder:
    """The model on a CPU: int8 weights, activations quantised at run time, the rest in bf16 if the CPU supports it.

    About one stream for each core, with several batches at the same time. The model is converted once into the cache;
    the conversion needs torch.
    """

    batch_tokens = BATCH_TOKENS["openvino"]

    def __init__(self, folder: Path, sentence: SentenceModel) -> None:
        self._streams = OpenVinoStreams(lambda: _converted(folder, sentence), "Embedding on a CPU")
        self.dimension = self._streams.width

    def encode(self, batches: Iterable[Batch]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return self._streams.run((batch.rows, (batch.ids, batch.mask)) for batch in batches)


class OpenVinoStreams:
    """A converted model that computes several batches at the same time. `width` is the length of a row it gives.

    Raises MissingExtraError, which names the `work`, if OpenVINO is not installed.
    """

    def __init__(self, convert: Callable[[], Path], work: str) -> None:
        try:
            import openvino

            from bakeoff.models.engines.openvino_plugin import DEVICE, opened_apart, precision
        except ImportError as error:
            raise MissingExtraError(work, "openvino", "local") from error
        model = convert()
        settings = {
            "PERFORMANCE_HINT": "THROUGHPUT",
            "INFERENCE_PRECISION_HINT": precision(),
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(QUANTISATION_GROUP),
            **openvino_properties(independent_threads()),
        }
        compiled = opened_apart(lambda: openvino.Core().compile_model(model, DEVICE, settings))
        self.width = int(compiled.output(0).partial_shape[1].get_length())
        self._queue = openvino.AsyncInferQueue(compiled)
        self._queue.set_callback(lambda request, task: task(request.get_output_tensor(0).data.copy()))

    def run(
        self, batches: Iterable[tuple[np.ndarray, tuple[np.ndarray, ...]]]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(row numbers, what the model gives for them) of each batch of (row numbers, inputs), in any order."""
        done: list[tuple[np.ndarray, np.ndarray]] = []
        for rows, inputs in batches:
            self._queue.start_async(dict(enumerate(inputs)), lambda given, rows=rows: done.append((rows, given)))
        self._queue.wait_all()
        yield from done


def _converted(folder: Path, sentence: SentenceModel) -> Path:
    """The path of the converted model.xml in the cache. The model is converted first if it is missing
    or damaged."""
    name = f"{folder.name}-{model_sha256(folder)[:12]}-{sentence.fingerprint}-v{CONVERSION}.{MADE_FORMAT}"
    target = cache_folder() / "embedders" / name
    return made_intact(target, lambda half: _convert(folder, sentence, half), keep=EMBEDDERS_KEPT) / "model.xml"


def _convert(folder: Path, sentence: SentenceModel, target: Path) -> None:
    write_openvino(pooled_model(folder, sentence), 2, target)


def write_openvino(module: Any, n_inputs: int, target: Path) -> None:
    """Converts a torch module that takes token ids, their mask and perhaps their types; writes model.xml."""
    import openvino
    import torch

    ids = torch.arange(14).reshape(2, 7) + 5
    example = (ids, torch.ones_like(ids), torch.zeros_like(ids))[:n_inputs]
    any_shape = openvino.PartialShape([-1, -1])
    with torch.inference_mode(), quiet_libraries():
        model = openvino.convert_model(module, example_input=example, input=[any_shape] * n_inputs)
    _quantise(model)
    openvino.save_model(model, target / "model.xml", compress_to_fp16=True)


def _quantise(model: Any) -> None:
    """Replaces the constant weights of every matrix product by int8 weights with one fp32 scale for each group."""
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
