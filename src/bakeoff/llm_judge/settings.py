"""`grading:` of bakeoff.yaml: which model judges answers, how much it may cost, and what it must pass.

Takes plain values, gives a frozen record. Sends no request and loads no model.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, field_validator

from bakeoff.errors import ConfigError
from bakeoff.files.did_you_mean import closest
from bakeoff.grading.wording import LONG
from bakeoff.models.load import SCRIPTED, is_import_path
from bakeoff.models.reader import READER
from bakeoff.models.settings import EMBEDDER, ApiModel, LocalModel, ModelSettings
from bakeoff.records import Record

LEAST_KAPPA = 0.6
"""Agreement above .6 is called substantial. Source: Landis and Koch 1977, doi:10.2307/2529310."""
LEAST_LABELS, FEWEST_LABELS = 30, 10
"""The default and the lowest setting of `least_labels`."""


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "api" if {"api", "base_url"} & value.keys() else "local"
    return "api" if isinstance(value, ApiModel) else "local" if isinstance(value, LocalModel) else "name"


JudgeModel = Annotated[
    Annotated[str, Tag("name")] | Annotated[LocalModel, Tag("local")] | Annotated[ApiModel, Tag("api")],
    Discriminator(_kind),
]


class Grading(Record):
    """How answers are graded besides by the rules. Without `judge`, no model judges.

    `judge` is a name in `models:`, a local model, or the settings of a model. `long_from` is the number of content
    words of the shortest accepted answer from which answers to a question are long. `budget_usd` and `budget_answers`
    are the most that a run spends on judging and the most answers that it judges, `timeout_s` the most seconds in one
    go (None: no limit). `least_kappa` and `least_labels` are what the judge must reach to count. `canaries` answers are
    judged in every run, `repeats` are judged twice. `max_new_tokens` is the limit of one reply.
    """

    judge: JudgeModel | None = None
    long_from: int = Field(default=LONG, ge=1)
    budget_usd: float | None = Field(default=10.0, ge=0)
    budget_answers: int | None = Field(default=None, ge=1)
    timeout_s: float | None = Field(default=3600.0, gt=0)
    least_kappa: float = Field(default=LEAST_KAPPA, ge=0, le=1)
    least_labels: int = Field(default=LEAST_LABELS, ge=FEWEST_LABELS)
    canaries: int = Field(default=20, ge=0)
    repeats: int = Field(default=20, ge=0)
    max_new_tokens: int = Field(default=512, ge=32)

    @field_validator("judge")
    @classmethod
    def _has_a_name(cls, judge: str | ModelSettings | None) -> str | ModelSettings | None:
        if isinstance(judge, str) and not judge.strip():
            raise ValueError("name a model of `models:`, or leave the key out")
        return judge


def judge_model(
    judge: str | ModelSettings | None, models: Mapping[str, ModelSettings], key: str = "grading.judge"
) -> ModelSettings | None:
    """The settings of the judge; None if there is none. `key` is how messages name the setting.

    A text is a name in `models`, or else a local model as `models:` would name it. Raises ConfigError for a text that
    is neither.
    """
    if not isinstance(judge, str):
        return judge
    if judge in models and judge != EMBEDDER:
        return models[judge]
    if judge in (SCRIPTED, READER) or "/" in judge or judge.endswith(".gguf") or is_import_path(judge):
        return LocalModel(name=judge)
    names = [name for name in models if name != EMBEDDER]
    meant = closest(judge, names)
    problem = "is the embedder, which writes no text" if judge == EMBEDDER else "is no model"
    raise ConfigError(
        f"{key}: '{judge}' {problem}{f' (did you mean {meant!r}?)' if meant else ''}.",
        f"name one of `models:` ({', '.join(names)}), or a local model such as HuggingFaceTB/SmolLM2-135M-Instruct",
    )
