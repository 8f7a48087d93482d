"""A local language model made ready for fast training: packed rows to losses and fits, the same whatever is trained.

Takes a model's folder, gives a `FastModel`. What is trained in it is known to `tuned_model` (LoRA) and `full_model`.
Knows nothing about epochs, optimizers and checkpoints. Importing it imports torch and transformers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import AttentionInterface

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.chat import Chat
from bakeoff.models.engines.transformers import load_base
from bakeoff.models.gpu import compute_device, has_bfloat16
from bakeoff.models.weights import quiet_libraries
from bakeoff.records import Message, Prompt
from bakeoff.tuning.kernels import RmsNorm, SiluGate, packed_attention
from bakeoff.tuning.packing import Encoded, Example, Row, encode, pack

ATTENTION = "bakeoff_packed"
SAME_MODULE, SAME_LOGITS = 0.02, 0.2  # differences below are those of rounding to bfloat16
TRIAL = tuple(
    Example(prompt=Prompt(messages=(Message(role="user", content=question),)), completion=answer)
    for question, answer in (("Name three colours.", "Red, green and blue."), ("Name a number.", "Seven, for example."))
)
"""Two examples that are computed by the plain and the fast model, in one row, before a training starts."""


@dataclass(frozen=True)
class Fit:
    """How well completions are predicted: the summed loss of their tokens, and which ones the model would write
    exactly. Of preferences: as `checkpoint.DevFit`.
    """

    loss: float
    n_wanted: int
    exact: tuple[bool, ...]
    gain: float = 0.0


class FastModel:
    """A model with fast operations, computed in bfloat16 if the processor supports it.

    `parameters` are the tensors that are trained, by name.
    """

    parameters: dict[str, torch.nn.Parameter]

    def __init__(self, folder: Path) -> None:
        with quiet_libraries():
            self.chat = Chat(folder)
            base: Any = load_base(folder, "auto")
        self.device = compute_device()
        self._base = base.to(self.device).eval()
        self._trial = encode(self.chat, TRIAL)
        self._expected = self._plain_logits(self._trial)
        AttentionInterface.register(ATTENTION, packed_attention)
        self._base.set_attn_implementation(ATTENTION)
        self.dtype = torch.bfloat16 if has_bfloat16(self.device) else torch.float32

    @torch.no_grad()
    def _plain_logits(self, trial: Sequence[Encoded]) -> torch.Tensor:
        """What the model itself computes for each example alone, where it predicts a completion token."""
        alone = [self._base(input_ids=torch.tensor([one.tokens], device=self.device)).logits[0] for one in trial]
        return torch.cat([logits[one.n_prompt - 1 : -1] for logits, one in zip(alone, trial, strict=True)]).float()

    @torch.no_grad()
    def check(self) -> None:
        """Raises ModelUnavailableError if the fast training computes something else than the model itself."""
        difference = _difference(self._logits(pack(self._trial))[0], self._expected)
        if not difference < SAME_LOGITS:
            raise ModelUnavailableError(
                f"{type(self._base).__name__} cannot be tuned: the fast training computes something else than it "
                f"(a difference of {difference:.0%} in a trial).",
                "tune a Llama, Qwen, Gemma 3, Phi-3 or Mistral model, or leave out the contenders that are tuned",
            )

    def _speed_up(self) -> None:
        for module in self._base.modules():
            _speed_up(module, self.dtype)

    def loss(self, row: Row) -> torch.Tensor:
        """The summed loss of the row's completion tokens."""
        logits, row = self._logits(row)
        return functional.cross_entropy(logits, row.wanted, reduction="sum")

    def log_probabilities(self, row: Row) -> torch.Tensor:
        """The log-probability of each of the row's completions, in order, summed over its tokens."""
        logits, row = self._logits(row)
        of_tokens = -functional.cross_entropy(logits, row.wanted, reduction="none")
        return torch.stack([part.sum() for part in of_tokens.split(list(row.n_wanted))])

    def forget_gradients(self) -> None:
        """Drops what a step that failed in between has summed up."""
        for parameter in (*self.parameters.values(), *self._base.parameters()):
            parameter.grad = None

    @torch.no_grad()
    def fit(self, rows: Iterable[Row]) -> Fit:
        """How well the completions of these rows are predicted, in order."""
        loss, n_wanted, exact = 0.0, 0, []
        for packed in rows:
            logits, row = self._logits(packed)
            loss += float(functional.cross_entropy(logits, row.wanted, reduction="sum"))
            n_wanted += len(row.wanted)
            right = logits.argmax(-1) == row.wanted
            exact += [bool(part.all()) for part in right.split(list(row.n_wanted))]
        return Fit(loss, n_wanted, tuple(exact))

    def _logits(self, row: Row) -> tuple[torch.Tensor, Row]:
        """float32 logits, (completion tokens, vocabulary), for positions that predict a completion token only."""
        row = row.to(self.device)
        logits = self._base(
            input_ids=row.tokens,
            position_ids=row.positions,
            use_cache=False,
            layout=row.layout,
            logits_to_keep=row.predicting,
        ).logits
        return logits[0].float(), row


def _speed_up(module: Any, dtype: torch.dtype) -> None:
    """Replaces the forward pass of a norm or gated layer, if a trial shows that the fast one computes the same."""
    if hasattr(module, "variance_epsilon") and hasattr(module, "weight"):
        fast, width = lambda x: RmsNorm.apply(x, module.weight, module.variance_epsilon), module.weight.numel()
    elif all(hasattr(module, name) for name in ("gate_proj", "up_proj", "down_proj", "act_fn")):
        gate, up, down = module.gate_proj, module.up_proj, module.down_proj
        fast, width = lambda x: down(SiluGate.apply(gate(x), up(x))), gate.in_features
        if not _is_silu(module.act_fn):
            return
    else:
        return
    x = torch.linspace(-3, 3, width, dtype=dtype, device=next(module.parameters()).device)[None]
    with torch.no_grad():
        if _difference(fast(x), module(x)) < SAME_MODULE:
            module.forward = fast


def _is_silu(activation: Any) -> bool:
    x = torch.linspace(-4, 4, 64)
    return torch.allclose(activation(x), functional.silu(x))


def _difference(given: torch.Tensor, expected: torch.Tensor) -> float:
    """The length of the difference, as a share of what is expected."""
    return float((given.float() - expected.float()).norm() / expected.float().norm())
