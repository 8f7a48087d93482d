"""What a training says of itself: its progress, the lines of its curve, and the report at its end. Knows no model."""

from bakeoff.records import Record


class Progress(Record):
    """The state of a training after a step. `n_steps` and `eta_s` assume that nothing stops it earlier."""

    step: int
    n_steps: int
    epoch: int
    tokens_per_s: float
    loss: float
    eta_s: float

    @property
    def detail(self) -> str:
        """Text to show next to the number of steps."""
        return f"{self.tokens_per_s:.0f} tokens/s"


class Point(Record):
    """A line of training.jsonl: one step, or (if the dev values are set) the end of an epoch.

    Of preferences, `dev_gain` is what liked answers have gained in log-probability, per held-out pair or answer.
    """

    step: int
    epoch: int
    n_tokens: int
    seconds: float
    loss: float
    dev_loss: float | None = None
    dev_exact: float | None = None
    dev_gain: float | None = None


class TrainingReport(Record):
    """What a training took and achieved. Tokens include prompts, and count once for each time an example was used.
    Passages that several examples share are computed once: `n_computed_tokens` counts them so.

    `best_dev_exact` is the share of dev examples whose whole completion the model would write exactly, or (preferences)
    of held-out pairs or answers that moved as people wish. It is None if there are none, or if the model that training
    began with is kept. Of pairs the tokens of one answer count.
    """

    n_examples: int
    n_tokens: int
    n_computed_tokens: int
    n_steps: int
    epochs: float
    seconds: float
    tokens_per_s: float
    best_dev_loss: float | None
    best_dev_exact: float | None
    stopped_because: str
    peak_memory_bytes: int
