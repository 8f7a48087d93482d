"""Pairs of texts as tokens to one score each, on torch or on OpenVINO: a transformer that reads both texts together.

Takes a model's folder and batches of token ids, gives float32 scores. Knows nothing about texts.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from bakeoff.errors import MissingExtraError
from bakeoff.files.cache import cache_folder
from bakeoff.models.checksums import MADE_FORMAT, made_intact, model_sha256
from bakeoff.models.damage import read_json_object, refusing_damage
from bakeoff.models.engines.sentence_encoders import BATCH_TOKENS, OpenVinoStreams, batches_of, write_openvino
from bakeoff.models.other_loads import refuse_other_loads
from bakeoff.models.threads import free_threads, use_threads
from bakeoff.models.weights import quiet_libraries

CONVERSION = 1  # raise this when the format of what `OpenVinoScorer` caches changes
SCORERS_KEPT = 4  # converted models in the cache: those used last
SEED = 0


class Pair(NamedTuple):
    """The tokens of two texts with the special ones, and the number of the text that each belongs to."""

    ids: Sequence[int]
    types: Sequence[int]


class PairBatch(NamedTuple):
    """Pairs padded to one length: their row numbers, and ids, mask and types of shape (rows, length), int64."""

    rows: np.ndarray
    ids: np.ndarray
    mask: np.ndarray
    types: np.ndarray


def pair_batches(pairs: Sequence[Pair], budget: int) -> Iterator[PairBatch]:
    """Batches of at most `budget` tokens including padding, the longest pairs first."""
    lengths = np.array([len(pair.ids) for pair in pairs])
    for rows, ids, mask in batches_of([pair.ids for pair in pairs], lengths, budget):
        types = np.zeros_like(ids)
        for row, number in zip(types, rows, strict=True):
            row[: lengths[number]] = pairs[number].types
        yield PairBatch(rows, ids, mask, types)


class Scorer(Protocol):
    """Batches of pairs to (row numbers, scores) of each batch, in any order."""

    batch_tokens: int

    def scores(self, batches: Iterable[PairBatch]) -> Iterator[tuple[np.ndarray, np.ndarray]]: ...


def scoring_model(folder: Path, seed: int = SEED) -> Any:
    """A torch module from (ids, mask, types) to scores of shape (rows, 1), with the weights of this folder.

    Where they have no layer that scores, as those of an embedder, it begins with weights drawn with the seed.
    """
    try:
        import torch
        from transformers import AutoModelForSequenceClassification
    except ImportError as error:
        raise MissingExtraError("Reranking", error.name or "transformers", "local") from error

    class Scoring(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            refuse_other_loads(folder)
            with quiet_libraries(), refusing_damage(f"The weights in {folder}"), torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                self.model = AutoModelForSequenceClassification.from_pretrained(
                    folder, num_labels=1, dtype=torch.float32, trust_remote_code=False, use_safetensors=True
                )
            self.has_types = (getattr(self.model.config, "type_vocab_size", 0) or 0) > 1

        def forward(self, input_ids: Any, attention_mask: Any, types: Any = None) -> Any:
            more = {"token_type_ids": types} if self.has_types else {}
            return self.model(input_ids=input_ids, attention_mask=attention_mask, **more).logits

    return Scoring().eval()


def takes_types(folder: Path) -> bool:
    """Whether the model in this folder is told which text a token belongs to."""
    return (read_json_object(folder / "config.json").get("type_vocab_size") or 0) > 1


class TorchScorer:
    """The unconverted model: bf16 on a GPU, fp32 on a CPU."""

    batch_tokens = BATCH_TOKENS["transformers"]

    def __init__(self, folder: Path) -> None:
        self._module = scoring_model(folder)
        import torch

        use_threads(free_threads())
        self._torch = torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._module.to(self._device, torch.bfloat16 if self._device == "cuda" else None)

    def scores(self, batches: Iterable[PairBatch]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for batch in batches:
            with self._torch.inference_mode():
                inputs = (self._torch.from_numpy(part).to(self._device) for part in batch[1:])
                yield batch.rows, self._module(*inputs)[:, 0].float().cpu().numpy()


class OpenVinoScorer:
    """The model on a CPU, converted once into the cache, as embedders are (`sentence_encoders.OpenVinoEncoder`)."""

    batch_tokens = BATCH_TOKENS["openvino"]

    def __init__(self, folder: Path) -> None:
        self._n_inputs = 3 if takes_types(folder) else 2
        name = f"{folder.name}-{model_sha256(folder)[:12]}-v{CONVERSION}.{MADE_FORMAT}"
        target = cache_folder() / "rerankers" / name

        def converted() -> Path:
            made = made_intact(target, lambda half: self._convert(folder, half), keep=SCORERS_KEPT)
            return made / "model.xml"

        self._streams = OpenVinoStreams(converted, "Reranking on a CPU")

    def _convert(self, folder: Path, half: Path) -> None:
        write_openvino(scoring_model(folder), self._n_inputs, half)

    def scores(self, batches: Iterable[PairBatch]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        inputs = ((batch.rows, batch[1:][: self._n_inputs]) for batch in batches)
        return ((rows, given[:, 0]) for rows, given in self._streams.run(inputs))
