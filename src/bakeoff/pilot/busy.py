"""Whether the machine was busy with other work while contenders were timed: then latencies and local costs tell less.

Takes the names of contenders while they are timed, gives a warning. Knows no question and no answer. Nothing is said of
a run with models behind servers: such a server may be the other work.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bakeoff.models.settings import ApiModel, ModelSettings
from bakeoff.models.threads import Watch, usable_processors
from bakeoff.runs.folder import RunFolder, write_json
from bakeoff.sentences import listed

BUSY = "busy"
"""The key in `environment.json`: by contender, how many processors other programs kept busy while it was timed."""
SHARE = 0.25
"""Of the processors. Less is the usual work of a desktop."""


@contextmanager
def noting_other_work(folder: RunFolder, models: Mapping[str, ModelSettings], name: str) -> Iterator[None]:
    """Notes how many processors other programs keep busy within this block, if it takes long enough to say so.

    A contender that is timed in two sessions keeps the larger number.
    """
    watch = Watch()
    yield
    cores = watch.cores()
    if cores is not None and not any(isinstance(model, ApiModel) or model.answered_by for model in models.values()):
        environment = folder.read_json(folder.environment_path)
        before = environment.get(BUSY, {})
        busy = {**before, name: round(max(cores, before.get(name, 0.0)), 2)}
        write_json(folder.environment_path, {**environment, BUSY: busy})


def busy_warning(busy: Mapping[str, float], processors: int | None = None) -> list[str]:
    """One sentence that names the contenders that were timed beside much other work; empty if none was.

    >>> busy_warning({"rag": 1.43, "closed-book": 0.02}, processors=2)[0][:75]
    'Other programs kept up to 1.4 of 2 processors busy while rag was timed: on '
    """
    all_ = processors or usable_processors()
    much = {name: cores for name, cores in busy.items() if cores >= SHARE * all_}
    if not much:
        return []
    were = "was" if len(much) == 1 else "were"
    return [
        f"Other programs kept up to {max(much.values()):.1f} of {all_} processors busy while {listed(much)} {were} "
        "timed: on a quiet machine answers come sooner. Compare latencies, and the costs of models that run here (they "
        "are computed from seconds), only if all were timed beside the same work; answers of an earlier run keep the "
        "seconds that they took then."
    ]
