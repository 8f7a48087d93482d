"""A model for pilots that are killed: no two of its answers are the same, and in its process no two times differ.

So an answer that was lost and asked again shows in its file, and the reports of two runs are equal letter by letter.
Takes part in a pilot by its name in the configuration: `tests.torture.steady.reader`.
"""

import time
import uuid
from collections.abc import Sequence
from typing import Any, Self

from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.records import Completion, GenerationSettings, Origin, Prompt
from tests.end_to_end import small

SECONDS = 0.5
PACE_S = 0.01
"""The time of an answer, so that kills find some answers on the disk and some not asked yet."""


class _Instant(float):
    """A time by a clock that is read only to learn how long something took: always the same."""

    def __sub__(self, other: Any) -> float:
        return SECONDS if isinstance(other, _Instant) else _Instant(super().__sub__(other))

    def __add__(self, other: Any) -> Self:
        return type(self)(super().__add__(other))

    __radd__ = __add__


class Marked(ScriptedGenerator):
    """A scripted model that marks each answer where nobody grades or counts it: as a server's fingerprint."""

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        time.sleep(PACE_S * len(prompts))
        return [
            one.model_copy(update={"origin": Origin(fingerprint=uuid.uuid4().hex)})
            for one in super().generate(prompts, settings)
        ]


def reader() -> Marked:
    """The model, which reads as `small.reader` does."""
    return Marked(small.reader()._script)


_measured = time.perf_counter
time.perf_counter = lambda: _Instant(_measured())  # when a pilot imports this, before it measures anything
