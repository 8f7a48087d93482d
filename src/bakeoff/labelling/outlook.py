"""What people's labels do to the verdict: the closest contrasts now, and with more labels.

Takes a `Labelling`. Gives sentences.
"""

from bakeoff.labelling.labelling import Labelling

MIN_LABELS = 30


def outlook(labelling: Labelling) -> list[str]:
    n = labelling.progress().labelled
    return [f"{n}"]
