"""The words for effects: what changes, at which setting of the rest, and by how much.

Takes the labels of a grid and contrasts, gives phrases and sentences. Knows nothing about how effects are computed.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from bakeoff.decide.wording import interval_words, is_surprising, not_significant, signed
from bakeoff.records import Contrast

WHERE = {
    "all": "over all test questions",
    "seen": "on facts that were trained on, asked in other words",
    "unseen": "on facts that were not trained on",
    "unanswerable": "on questions the documents do not answer",
    "changed": "on facts that changed after training",
    "general": "on general knowledge",
}


class Names(NamedTuple):
    """The labels in use: tunings, and what the model is shown."""

    tunings: tuple[str, ...]
    shown: tuple[str, ...]

    @classmethod
    def of(cls, keys: Sequence[tuple[str, str, str]]) -> "Names":
        """The labels of these cells (model, tuning, knowledge), without the empty one."""
        tunings = dict.fromkeys(tuning for _, tuning, _ in keys if tuning)
        return cls(tuple(tunings), tuple(dict.fromkeys(shown for _, _, shown in keys if shown)))


def short(label: str, labels: Sequence[str]) -> str:
    """The label without its settings in brackets, unless another label has the same beginning."""
    head = label.split(" (", 1)[0]
    return head if sum(other.split(" (", 1)[0] == head for other in labels) < 2 else label


def subject_of(axis: Literal["knowledge", "tuning", "model"], after: str, names: Names, before: str = "") -> str:
    """What changes, as the subject of a sentence: 'Retrieval', 'Tuning', 'Model large instead of small'."""
    if axis == "model":
        return f"Model {after} instead of {before}"
    if before:
        return f"{after[0].upper()}{after[1:]} instead of {before}"
    if axis == "tuning":
        return "Tuning" if len(names.tunings) == 1 else f"Tuning, {after},"
    label = short(after, names.shown)
    return f"{label[0].upper()}{label[1:]}" if label.startswith("retriev") else f"Showing {label}"


def setting_of(axis: Literal["knowledge", "tuning"], label: str, names: Names) -> str:
    """The setting that stays the same, as the end of a phrase: 'with retrieval', 'on the tuned model'."""
    if axis == "tuning":
        if not label:
            return "on the model as it comes"
        tuning = short(label, names.tunings)
        return f"on the {tuning} model" if " (" not in tuning else f"on the model {tuning}"
    if label:
        return f"with {short(label, names.shown)}"
    return f"without {short(names.shown[0], names.shown)}" if len(names.shown) == 1 else "without documents"


def label_of(axis: Literal["knowledge", "tuning"], label: str, names: Names) -> str:
    """The setting in a word or two, for the row of a chart: 'as it comes', 'tuned', 'alone', 'retrieval'."""
    if axis == "tuning":
        return short(label, names.tunings) if label else "as it comes"
    return short(label, names.shown) if label else "alone"


def sentence_of(
    subject: str,
    kind: Literal["simple", "average", "interaction"],
    setting: str,
    part: str,
    contrast: Contrast,
    n_compared: int,
) -> str:
    """One effect on one slice as a sentence. `n_compared` effects were tested together."""
    where = " ".join(phrase for phrase in (setting, WHERE.get(part, f"on the slice {part}")) if phrase)
    interval = f"({interval_words(contrast)}, {contrast.n} questions)"
    size = f"{signed(contrast.difference)} points"
    if kind == "interaction":
        return _interaction(subject, where, interval, contrast, n_compared)
    if contrast.finding == "different":
        verb = "raises" if contrast.difference > 0 else "lowers"
        by = signed(abs(contrast.difference)).removeprefix("+")
        return f"{subject} {verb} {contrast.measure} by {by} points {where} {interval}."
    if contrast.finding == "tied":
        return f"{subject} makes no difference to {contrast.measure} {where} {interval}."
    why = not_significant(contrast, n_compared)
    if is_surprising(contrast):
        return f"{subject} changes {contrast.measure} by {size} {where} {interval}; {why}."
    return f"{subject} changes {contrast.measure} by {size} {where}, {why} {interval}."


def _interaction(subject: str, where: str, interval: str, contrast: Contrast, n_compared: int) -> str:
    size, way = signed(abs(contrast.difference)).removeprefix("+"), "more" if contrast.difference >= 0 else "less"
    together = (
        f"{subject} together add {size} points of {contrast.measure} {way} than the sum of what each does alone "
        f"{where} {interval}"
    )
    if contrast.finding == "different":
        return f"{together}: the effect of each depends on the other."
    if contrast.finding == "tied":
        return f"{together}: neither changes the effect of the other."
    return f"{together}; {not_significant(contrast, n_compared)}."
