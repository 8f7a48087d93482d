"""The settings for tuning in bakeoff.yaml. Knows nothing about models."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from bakeoff.records import Record
from bakeoff.tuning.hosted.settings import HostApi, HostedTuning

Method = Literal["lora", "full"]
Schedule = Literal["linear", "slanted-triangular"]
Unfreezing = Literal["none", "gradual"]

RANK = 16
LEARNING_RATES: dict[Method, float] = {"lora": 1e-3, "full": 1e-4}
"""The methods' own rates, from measurements on the bundled example (docs/results/training.md)."""
PREFERENCE_RATES: dict[Method, float] = {"lora": 1e-4, "full": 1e-5}
"""A tenth of them for preferences: a model that was tuned before has little to change."""


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class Preferences(Record):
    """How a tuned model is tuned further on what people prefer.

    `files` are preferences that `bakeoff export` or a team wrote. `method` is `dpo` (pairs of answers) or `kto` (single
    answers with a thumb; a pair counts as two). `beta` says how strongly the model is kept near the one it begins with.
    `sft_weight` is the weight of the loss of supervised learning on the liked answers. The share `held_out` of the
    questions is measured on; training stops if the liked answers there become less likely than before by more than
    `allowed_fall` (in log-probability, per answer). `start_from` is the folder of a tuned model to begin with, in
    place of the contender's own supervised training.
    """

    files: Annotated[tuple[str, ...], BeforeValidator(_one_or_many), Field(min_length=1)]
    method: Literal["dpo", "kto"] = "dpo"
    beta: float = Field(default=0.1, gt=0, le=10)
    sft_weight: float = Field(default=1.0, ge=0, le=100)
    learning_rate: float | None = Field(default=None, gt=0, lt=1)
    epochs: int = Field(default=3, ge=1)
    held_out: float = Field(default=0.2, gt=0, lt=1)
    allowed_fall: float = Field(default=0.0, ge=0)
    start_from: str | None = None

    def what_is_learned(self) -> str:
        """The settings that decide about the loss and about when to stop, as JSON."""
        return self.model_dump_json(include={"method", "beta", "sft_weight", "allowed_fall"})


class Tuning(Record):
    """How a model is tuned.

    `method` is `lora` (a small addition to a frozen model) or `full` (all weights). `rank` (of LoRA; None: 16) and
    `learning_rate` (None: the method's own) say how strongly. `epochs` is the maximum (None: the recipe's own); dev
    results may stop the training earlier.

    The learning rate falls in a straight line (`schedule: linear`) or follows ULMFiT's `slanted-triangular`. Each layer
    has the rate of the one above it divided by `layer_decay` (1: all the same). With `unfreezing: gradual` the first
    epoch trains the last layer only, and each later one a layer more.

    `examples` is the maximum number of training questions (None: all). `declining` is the share of the examples whose
    correct completion is to decline. `max_seconds` limits each training. `preferences` are learned after the questions.

    With `host` the model, one behind a server, is tuned there. `max_seconds` is then the longest wait in one session.
    """

    method: Method = "lora"
    rank: int | None = Field(default=None, ge=1, le=512)
    learning_rate: float | None = Field(default=None, gt=0, lt=1)
    epochs: int | None = Field(default=None, ge=1)
    examples: int | None = Field(default=None, ge=1)
    declining: float = Field(default=0.1, ge=0, lt=1)
    max_seconds: float | None = Field(default=None, gt=0)
    schedule: Schedule = "linear"
    layer_decay: float = Field(default=1.0, ge=1, le=10)
    unfreezing: Unfreezing = "none"
    preferences: Preferences | None = None
    host: HostedTuning = None

    @model_validator(mode="after")
    def _host_has_no_loop_of_ours(self) -> "Tuning":
        if self.host is None:
            return self
        differing = [name for name in _DEFAULTS if getattr(self, name) != _DEFAULTS[name]]
        given = [name for name in differing if name in LOCAL_ONLY and name not in TAKEN[self.host.api]]
        if given:
            raise ValueError(
                f"{given[0]} is given with host ({self.host.api}), which trains with its own program; leave {given[0]} "
                "out. What the host itself takes goes into host.hyperparameters"
            )
        return self

    @model_validator(mode="after")
    def _no_rank_without_lora(self) -> "Tuning":
        if self.method != "lora" and self.rank is not None:
            raise ValueError(
                f"rank {self.rank} is given with method {self.method}, which trains all weights and has no rank; "
                "leave rank out (or write rank: null), or set method: lora"
            )
        return self

    @property
    def own_rank(self) -> int:
        """LoRA's rank, the given one or the usual one."""
        return self.rank or RANK

    @property
    def own_learning_rate(self) -> float:
        """The learning rate, the given one or the method's own."""
        return self.learning_rate or LEARNING_RATES[self.method]

    def identity(self) -> dict[str, Any]:
        """What decides about the tuned weights, the same whether a default is written out or left out.

        Options that came later are in it only where they differ from their defaults, so that tuned models keep their
        names.

        >>> Tuning(rank=16).identity() == Tuning().identity()
        True
        """
        values = self.model_dump(mode="json")
        for name in LATER:
            if values[name] == _DEFAULTS[name]:
                del values[name]
        if self.host is not None:
            hosted = {"host": self.host.identity(), "rank": self.rank, "learning_rate": self.learning_rate}
            return {key: value for key, value in {**values, **hosted}.items() if key != "max_seconds"}
        rank = self.own_rank if self.method == "lora" else None
        return {**values, "rank": rank, "learning_rate": self.own_learning_rate}

    @property
    def label(self) -> str:
        """How reports name a model that was tuned so: what differs from the defaults and changes the method.

        >>> Tuning().label, Tuning(rank=64, epochs=3).label, Tuning(method="full", layer_decay=2.6).label
        ('fine-tuned', 'fine-tuned (rank 64)', 'fine-tuned (full, layer decay 2.6)')
        """
        usual = {**_DEFAULTS, "rank": RANK, "learning_rate": LEARNING_RATES[self.method]}
        given = {"rank": self.own_rank, "learning_rate": self.own_learning_rate}
        given |= {key: getattr(self, key) for key in LATER if key not in ("preferences", "host")}
        differing = [f"{key.replace('_', ' ')} {value}" for key, value in given.items() if value != usual[key]]
        then = [self.preferences.method] if self.preferences else []
        where = [f"at {self.host.api}"] if self.host else []
        named = [*where, *([] if self.method == "lora" else [self.method]), *differing, *then]
        return f"fine-tuned ({', '.join(named)})" if named else "fine-tuned"


LATER = ("schedule", "layer_decay", "unfreezing", "preferences", "host")
LOCAL_ONLY = ("method", "rank", "learning_rate", "schedule", "layer_decay", "unfreezing", "preferences")
TAKEN: dict[HostApi, tuple[str, ...]] = {
    "openai": (),
    "together": ("method", "rank", "learning_rate"),
    "fireworks": ("rank", "learning_rate"),
}
"""Which options of training on this machine a host takes too."""
_DEFAULTS = {name: field.default for name, field in Tuning.model_fields.items()}
