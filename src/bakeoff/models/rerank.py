"""How well a passage answers a question, by a model that reads both together (a cross-encoder).

Takes a folder with its weights and tokenizer, or the settings of a model, gives scores. Knows nothing about indexes.
Source: Nogueira and Cho 2019, "Passage Re-ranking with BERT", arXiv:1901.04085.
"""

import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bakeoff.errors import ConfigError, MissingExtraError, ModelUnavailableError
from bakeoff.models.damage import check_weights, read_json_object, refusing_damage
from bakeoff.models.engines.pair_scorers import OpenVinoScorer, Pair, Scorer, TorchScorer, pair_batches
from bakeoff.models.gpu import has_gpu
from bakeoff.models.load import refuse_vllm, require_packages
from bakeoff.models.long_words import with_breaks
from bakeoff.models.settings import ApiModel, LocalModel, ModelSettings
from bakeoff.models.weights import resolve_model

if TYPE_CHECKING:
    from bakeoff.models.providers.reranking import ApiReranker

LONGEST = 512
"""The most tokens of a question and a passage together; a longer passage is read up to there."""


class PairTokenizer:
    """The model's own fast tokenizer, for two texts. A question takes at most half of the tokens."""

    def __init__(self, folder: Path) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtraError("Reranking", "tokenizers", "local") from error
        path = folder / "tokenizer.json"
        if not path.exists():
            raise ModelUnavailableError(f"{folder} has no tokenizer.json.", "use a model with a fast tokenizer")
        config = read_json_object(folder / "config.json")
        window = min(LONGEST, int(config.get("max_position_embeddings") or LONGEST))
        with refusing_damage(f"The tokenizer {path}"):
            self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(window, strategy="only_second")
        self._questions = Tokenizer.from_file(str(path))
        self._questions.no_padding()
        self._questions.enable_truncation(window // 2)
        word = getattr(self._tokenizer.model, "unk_token", None)
        self._unknown = self._tokenizer.token_to_id(word) if word else None
        self._lower_case = bool(read_json_object(folder / "sentence_bert_config.json").get("do_lower_case"))

    def pairs(self, texts: Sequence[tuple[str, str]]) -> list[Pair]:
        """The tokens of each (question, passage), in order."""
        begun = {question: self._beginning(question) for question in dict.fromkeys(first for first, _ in texts)}
        read = [(begun[question], self._cased(passage)) for question, passage in texts]
        encodings = self._tokenizer.encode_batch(read)
        if self._unknown is not None:  # a word in a script without blanks would be one unknown token
            for i, encoding in enumerate(encodings):
                if self._unknown in encoding.ids:
                    encodings[i] = self._tokenizer.encode(with_breaks(read[i][0]), with_breaks(read[i][1]))
        return [Pair(encoding.ids, encoding.type_ids) for encoding in encodings]

    def _cased(self, text: str) -> str:
        return text.lower() if self._lower_case else text

    def _beginning(self, question: str) -> str:
        """The question, or as much of its beginning as there is room for."""
        text = self._cased(question)
        encoding = self._questions.encode(text, add_special_tokens=False)
        return text[: encoding.offsets[-1][1]] if encoding.overflowing else text


class Reranker:
    """A model that scores a question with a passage. A higher score is a better passage."""

    def __init__(self, name: str, tokenizer: PairTokenizer, scorer: Scorer) -> None:
        self.name = name
        self._tokenizer = tokenizer
        self._scorer = scorer
        self._busy = threading.Lock()

    def scores(self, texts: Sequence[tuple[str, str]]) -> np.ndarray:
        """float32 scores of (question, passage) pairs, in the order given."""
        found = np.zeros(len(texts), np.float32)
        if texts:
            pairs = self._tokenizer.pairs(texts)
            with self._busy:
                for rows, scores in self._scorer.scores(pair_batches(pairs, self._scorer.batch_tokens)):
                    found[rows] = scores
        return found


def load_reranker(folder: Path, engine: str = "auto") -> Reranker:
    """The reranker in this folder. Engine `auto` takes OpenVINO, but transformers on a GPU or without OpenVINO.

    Raises ModelUnavailableError for damaged weights, MissingExtraError where the engine is not installed.
    """
    if engine == "auto":
        engine = "transformers" if has_gpu() or find_spec("openvino") is None else "openvino"
    scorer = OpenVinoScorer(folder) if engine == "openvino" else TorchScorer(folder)
    return Reranker(folder.name, PairTokenizer(folder), scorer)


def reranker_for(settings: ModelSettings) -> "Reranker | ApiReranker":
    """The reranker of `models:` with these settings: a cross-encoder on this machine, or one behind a server.

    Raises ConfigError for an adapter, or a server that has no rerankers; else as `load_reranker`.
    """
    if isinstance(settings, ApiModel):
        from bakeoff.models.providers.reranking import ApiReranker

        return ApiReranker(settings)
    return load_reranker(check_reranker(settings), settings.engine)


def check_reranker(settings: LocalModel) -> Path:
    """The folder of a local reranker, with weights that are not cut off. Raises as `reranker_for`."""
    if settings.adapter is not None:
        raise ConfigError(
            f"The reranker {settings.name} has an adapter ({settings.adapter}); rerankers do not support adapters.",
            "merge it into the weights, and name the folder of the merged model",
        )
    refuse_vllm(settings, "reranker")
    require_packages(settings)
    folder = resolve_model(settings.name)
    check_weights(folder)
    return folder
