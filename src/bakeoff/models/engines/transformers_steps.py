"""Rows of tokens on the transformers engine: one forward pass for all of them, with a cache.

Takes a loaded model, gives logits. Knows no text.
"""

import inspect
import threading
from typing import Any

import numpy as np
import torch

from bakeoff.errors import ConfigError
from bakeoff.models.architecture import has_window
from bakeoff.models.cancelling import acquire


def passes_over(config: dict[str, Any]) -> bool:
    """Whether a mask can hide tokens that the model read before: all its layers attend to every token."""
    return not has_window(config) and set(config.get("layer_types") or ()) <= {"full_attention"}


class TransformersRows:
    """The rows of one `ChatSteps`. `lock` is that of the generator: the model computes one thing at a time.

    Raises ConfigError for a model without a cache of keys and values.
    """

    def __init__(self, model: Any, lock: threading.Lock) -> None:
        self._model, self._lock = model, lock
        self._cache: Any = None
        self._takes = inspect.signature(model.forward).parameters
        if not self._knows("past_key_values"):
            raise ConfigError(
                f"The model {type(model).__name__} keeps no keys and values, so it cannot be continued token by token.",
                "use a model with attention, such as a Llama, Mistral or Qwen model",
            )

    def read(self, tokens: np.ndarray, mask: np.ndarray, positions: np.ndarray, n_last: int) -> np.ndarray:
        """See `bakeoff.models.steps.Rows`."""
        given = {"input_ids": tokens, "attention_mask": mask, "position_ids": positions}
        inputs = {
            name: torch.from_numpy(array).to(self._model.device) for name, array in given.items() if self._knows(name)
        }
        kept = {"logits_to_keep": n_last} if self._knows("logits_to_keep") else {}
        acquire(self._lock)
        try:
            with torch.inference_mode():
                output = self._model(**inputs, **kept, past_key_values=self._cache, use_cache=True)
        finally:
            self._lock.release()
        self._cache = output.past_key_values
        logits: np.ndarray = output.logits[:, -n_last:].float().cpu().numpy()
        return logits

    def _knows(self, name: str) -> bool:
        """Whether the model takes this argument: some have no positions."""
        return name in self._takes
