"""Texts to vectors: sentence-transformers models on OpenVINO or torch, and one embedder that needs no model.

Takes texts, gives float32 rows of unit length. Knows nothing about chunks or indexes. Imports an engine only when a
model is loaded.
"""

import re
import threading
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bakeoff.errors import BakeoffError, ConfigError
from bakeoff.models.damage import check_weights
from bakeoff.models.engines.sentence_encoders import Encoder, OpenVinoEncoder, TorchEncoder, batches_of
from bakeoff.models.gpu import has_gpu
from bakeoff.models.load import as_settings, refuse_vllm, require_packages
from bakeoff.models.long_words import PIECE
from bakeoff.models.sentence_model import SentenceModel, read_sentence_model
from bakeoff.models.sentence_tokens import SentenceTokenizer
from bakeoff.models.settings import DEFAULT_EMBEDDER, ApiModel, LocalModel
from bakeoff.models.weights import resolve_model
from bakeoff.writing.scripts import NO_BLANKS

if TYPE_CHECKING:
    from bakeoff.models.providers.embeddings import ApiEmbedder


class ModelEmbedder:
    """A sentence-transformers model on one of the engines: pooled, projected, normalised, with its own prompts.

    A text longer than the model's window is cut into windows. Their vectors are averaged, weighted by length, so that
    no part of the text is ignored.
    """

    def __init__(self, name: str, model: SentenceModel, tokenizer: SentenceTokenizer, encoder: Encoder) -> None:
        self.name = name
        self.dimension = encoder.dimension
        self.max_tokens = tokenizer.max_tokens
        self.languages = model.languages
        self._model = model
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._busy = threading.Lock()

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        """float32 array of shape (len(texts), dimension), rows of unit length, in the order given.

        If the model has a prompt for queries, it is put in front of each text (and of each window).
        """
        return self._embed(texts, self._model.query_prompt)

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """The same for passages, with the model's prompt for passages."""
        return self._embed(texts, self._model.passage_prompt)

    def _embed(self, texts: Sequence[str], prompt: str) -> np.ndarray:
        windows, owners = self._tokenizer.windows(texts, prompt)
        lengths = np.array([len(window) for window in windows])
        vectors = np.empty((len(windows), self.dimension), np.float32)
        with self._busy:
            for rows, encoded in self._encoder.encode(batches_of(windows, lengths, self._encoder.batch_tokens)):
                vectors[rows] = encoded
        if len(windows) == len(texts):
            return vectors
        pooled = np.zeros((len(texts), self.dimension), np.float32)
        np.add.at(pooled, owners, vectors * lengths[:, None])
        return _unit(pooled)

    def count_tokens(self, text: str) -> int:
        """Number of tokens in the text by the model's tokenizer, without special tokens."""
        return self.count_tokens_batch([text])[0]

    def count_tokens_batch(self, texts: Sequence[str]) -> list[int]:
        """The same for each of many texts, in order. Several times faster than one call per text."""
        return self._tokenizer.counts(texts)


class HashEmbedder:
    """Hashed words and character trigrams: no model, the same vectors on every machine.

    Good enough for tests and for machines without a model. It compares spellings, not meanings.
    Source: Weinberger et al. 2009, Feature Hashing for Large Scale Multitask Learning (signed hashing).

    >>> HashEmbedder(dimension=64).embed_queries(["a text", "another"]).shape
    (2, 64)
    """

    name = "hash"

    def __init__(self, dimension: int = 512) -> None:
        self.dimension = dimension
        self.max_tokens: int | None = None

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        """float32 array of shape (len(texts), dimension), rows of unit length, in the order given."""
        return self.embed_passages(texts)

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """The same for passages: queries and passages are embedded alike."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for feature, weight in _features(text):
                code = zlib.crc32(feature.encode())
                row[code % self.dimension] += weight if code & 0x80000000 else -weight
        vectors[~vectors.any(axis=1), 0] = 1.0
        return _unit(vectors)

    def count_tokens(self, text: str) -> int:
        """Number of words and punctuation marks in the text; each Chinese, Japanese, Korean or Thai letter counts."""
        return len(_TOKEN.findall(text))

    def count_tokens_batch(self, texts: Sequence[str]) -> list[int]:
        """The same for each of many texts, in order."""
        return [self.count_tokens(text) for text in texts]


Embedder = ModelEmbedder | HashEmbedder


def load_embedder(settings: LocalModel | ApiModel | str = DEFAULT_EMBEDDER) -> "Embedder | ApiEmbedder":
    """The embedder for these settings: `hash`, a sentence-transformers model, or one behind a server.

    A plain string is the name of a local model (see `weights.resolve_model` for the places). Engine `auto` takes
    transformers where there is a GPU, else OpenVINO. Raises ModelUnavailableError where the model was not found
    or is none that can be loaded, MissingExtraError where the engine is not installed, ConfigError for an adapter.
    """
    settings = as_settings(settings)
    if isinstance(settings, ApiModel):
        from bakeoff.models.providers.embeddings import ApiEmbedder

        return ApiEmbedder(settings)
    if settings.name == HashEmbedder.name:
        return HashEmbedder()
    folder, model = _located(settings)
    engine = settings.engine
    if engine == "auto":
        engine = "transformers" if has_gpu() else "openvino"
    encoder = OpenVinoEncoder(folder, model) if engine == "openvino" else TorchEncoder(folder, model)
    return ModelEmbedder(settings.name, model, SentenceTokenizer(folder, model), encoder)


def languages_of_embedder(settings: LocalModel | ApiModel) -> tuple[str, ...] | None:
    """The languages that a local model's card names. None if it names none or all, and for models that are not here."""
    if isinstance(settings, ApiModel) or settings.name == HashEmbedder.name:
        return None
    try:
        return _located(settings)[1].languages
    except BakeoffError:  # whoever loads the model says what is wrong with it
        return None


def check_embedder(settings: LocalModel) -> None:
    """Finds a local embedder, reads its configuration and tokenizer, and the headers of its weights.

    Raises as `load_embedder`.
    """
    if settings.name != HashEmbedder.name:
        folder, model = _located(settings)
        SentenceTokenizer(folder, model)
        for weights in (folder, *(projection.weights.parent for projection in model.projections)):
            check_weights(weights)


def _located(settings: LocalModel) -> tuple[Path, SentenceModel]:
    if settings.adapter is not None:
        raise ConfigError(
            f"The embedder {settings.name} has an adapter ({settings.adapter}); embedders do not support adapters.",
            "merge it into the weights, and name the folder of the merged model",
        )
    refuse_vllm(settings, "embedder")
    require_packages(settings)
    folder = resolve_model(settings.name)
    return folder, read_sentence_model(folder)


# --- tokens

_TOKEN = re.compile(rf"[{NO_BLANKS}]|(?:(?![{NO_BLANKS}])\w){{1,{PIECE}}}|[^\w\s]")
_WORD = re.compile(r"\w+")


def _features(text: str) -> Iterator[tuple[str, float]]:
    """Each word with weight 1, and its trigrams (with marked ends), whose weights together have length 1 too."""
    for word in _WORD.findall(text.casefold()):
        yield word, 1.0
        marked = f"<{word}>"
        for i in range(len(marked) - 2):
            yield "#" + marked[i : i + 3], (len(marked) - 2) ** -0.5


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
