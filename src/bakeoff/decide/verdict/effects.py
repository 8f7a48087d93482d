"""The effects of the model, of tuning and of what the model is shown on a measure, and their interaction.

Takes per-question values and each contender's place in the grid (`Axes`), gives contrasts with a plain sentence each.
Knows nothing about models or files. All contenders are asked the same questions, so every effect is a paired difference
per question.

The axes decide which effects there are. Two contenders that differ in one axis give a simple effect. Each setting is
compared with none (no tuning, nothing shown) and, if there are several, with the first of them. Each model is compared
with the first, at equal settings. Four contenders on one model that form a square (tuned or not, shown something or
not) give two average effects and their interaction. If the interaction is significant, averages mislead, so the report
shows the simple effects instead.

Source: the 2x2 factorial design, Box, Hunter and Hunter 2005, "Statistics for Experimenters", chapter 5.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bakeoff.decide.verdict.effect_sentences import Names, label_of, sentence_of, setting_of, subject_of
from bakeoff.measure.comparison import Axes, Entrant
from bakeoff.measure.graded import Graded, combined
from bakeoff.measure.statistics import MARGIN, paired, with_holm
from bakeoff.records import Contrast, Record

ALL = "all"
Axis = Literal["knowledge", "tuning", "model"]
Key = tuple[str, str, str]
"""A cell of the grid: model, tuning, knowledge."""


class Effect(Record):
    """One effect on one slice ('all' for all questions), in the measure's unit, with its sentence.

    `effect` is what changes: 'knowledge', 'tuning', 'model', or 'interaction'. A 'simple' effect compares two
    contenders (`contrast.a` with `contrast.b`) at one `setting` of the rest. An 'average' effect is over both settings.
    `model` is the model it was measured on, empty for an effect of the model. `is_told` says if the report shows it.
    """

    effect: Literal["knowledge", "tuning", "model", "interaction"]
    kind: Literal["simple", "average", "interaction"]
    model: str = ""
    subject: str
    setting: str = ""
    label: str = ""
    slice: str
    contrast: Contrast
    sentence: str
    is_told: bool = True


@dataclass(frozen=True)
class _Planned:
    """An effect to compute: for each question a weighted sum over contenders, times `times`.

    `squares` are the squares it belongs to, each named by its corner with tuning and knowledge.
    """

    effect: Literal["knowledge", "tuning", "model", "interaction"]
    kind: Literal["simple", "average", "interaction"]
    model: str
    subject: str
    setting: str
    weights: dict[str, float]
    label: str = ""
    times: int = 1
    by_slice: bool = True
    squares: set[Key] = field(default_factory=set)


def effects(
    entrants: Sequence[Entrant],
    values: Mapping[str, Graded],
    fact_of: Mapping[str, str],
    slice_of: Mapping[str, str],
    measure: str = "accuracy",
    margin: float = MARGIN,
) -> list[Effect]:
    """Every effect over all questions and on each slice; empty if no two contenders differ in exactly one axis.

    `values` are by contender. p-values are adjusted (Holm) over all effects and slices together.
    """
    cells = cells_of([entrant for entrant in entrants if entrant.name in values and values[entrant.name].values])
    measured: list[tuple[_Planned, str, Contrast]] = []
    for planned in _plan(cells):
        measured += _measured(planned, values, fact_of, slice_of, measure, margin)
    adjusted = with_holm([contrast for _, _, contrast in measured])
    tested = [(planned, part, contrast) for (planned, part, _), contrast in zip(measured, adjusted, strict=True)]
    clear = {
        (square, part)
        for planned, part, contrast in tested
        if planned.kind == "interaction" and contrast.finding == "different"
        for square in planned.squares
    }
    several_models = len({model for model, _, _ in cells}) > 1
    return [
        Effect(
            effect=planned.effect,
            kind=planned.kind,
            model=planned.model,
            subject=planned.subject,
            setting=planned.setting,
            label=planned.label,
            slice=part,
            contrast=contrast,
            sentence=_prefixed(planned, several_models)
            + sentence_of(planned.subject, planned.kind, planned.setting, part, contrast, len(tested)),
            is_told=_is_told(planned, part, clear),
        )
        for planned, part, contrast in tested
    ]


def cells_of(entrants: Sequence[Entrant]) -> dict[Key, str]:
    """The contender in each cell of the grid. If several have the same axes, the first in the configuration."""
    cells: dict[Key, str] = {}
    for entrant in entrants:
        if entrant.axes is not None:
            cells.setdefault(key_of(entrant.axes), entrant.name)
    return cells


def key_of(axes: Axes) -> Key:
    return axes.model, axes.tuning, axes.knowledge


def in_order(labels: Sequence[str]) -> list[str]:
    """Each label once, in order of first appearance, but none ('') first."""
    return sorted(dict.fromkeys(labels), key=bool)


def _prefixed(planned: _Planned, several_models: bool) -> str:
    return f"On {planned.model}: " if several_models and planned.model else ""


def _is_told(planned: _Planned, part: str, clear: set[tuple[Key, str]]) -> bool:
    """Averages if their interaction is not significant, else the square's simple effects; all other effects always."""
    if planned.kind == "interaction" or not planned.squares:
        return True
    is_mixed = any((square, at) in clear for square in planned.squares for at in (ALL, part))
    return is_mixed == (planned.kind == "simple")


def _measured(
    planned: _Planned,
    values: Mapping[str, Graded],
    fact_of: Mapping[str, str],
    slice_of: Mapping[str, str],
    measure: str,
    margin: float,
) -> Iterator[tuple[_Planned, str, Contrast]]:
    """The effect over all questions that its contenders answered and, if planned by slice, on each slice."""
    differences = combined([(weight, values[name]) for name, weight in planned.weights.items()])
    asked = differences.values
    parts = [ALL, *(dict.fromkeys(slice_of[key] for key in asked) if planned.by_slice else ())]
    a, b = list(planned.weights)[:2] if planned.kind == "simple" else (planned.effect, "none")
    for part in parts:
        chosen = differences.only({key for key in asked if part in (ALL, slice_of[key])})
        contrast = paired(a, b, chosen, fact_of, measure, margin / planned.times)
        if contrast is not None:
            yield planned, part, _times(contrast, planned.times)


def _times(contrast: Contrast, factor: int) -> Contrast:
    scaled = {key: factor * getattr(contrast, key) for key in ("difference", "low", "high")}
    return contrast.model_copy(update=scaled)


# Which effects there are.


def _plan(cells: Mapping[Key, str]) -> list[_Planned]:
    """Every effect that the cells show: for each model its averages, interactions and simple effects; then models."""
    planned: list[_Planned] = []
    for model in in_order([model for model, _, _ in cells]):
        names = Names.of([key for key in cells if key[0] == model])
        squares = _squares(cells, model)
        for square in squares:
            planned += _of_square(square, cells, names)
        planned += _simple(cells, model, names, squares)
    return [*planned, *_of_models(cells)]


def _squares(cells: Mapping[Key, str], model: str) -> list[Key]:
    """The combinations of a tuning and something shown for which all four cells were measured."""
    keys = [key for key in cells if key[0] == model and key[1] and key[2]]
    return [
        (model, tuning, shown)
        for _, tuning, shown in keys
        if all(key in cells for key in ((model, "", ""), (model, tuning, ""), (model, "", shown)))
    ]


def _of_square(square: Key, cells: Mapping[Key, str], names: Names) -> list[_Planned]:
    """Both average effects and the interaction of a square.

    The interaction here is what both do together beyond the sum of each alone: twice the factorial design's
    interaction, which is a mean of two differences.
    """
    model, tuning, shown = square
    plain, tuned = cells[model, "", ""], cells[model, tuning, ""]
    reading, both = cells[model, "", shown], cells[model, tuning, shown]
    what, how = subject_of("knowledge", shown, names), subject_of("tuning", tuning, names)
    signs: list[tuple[Literal["knowledge", "tuning", "interaction"], str, tuple[float, ...], int]] = [
        ("knowledge", what, (-0.5, 0.5, -0.5, 0.5), 1),
        ("tuning", how, (-0.5, -0.5, 0.5, 0.5), 1),
        ("interaction", f"{how} and {what[0].lower()}{what[1:]}", (0.5, -0.5, -0.5, 0.5), 2),
    ]
    return [
        _Planned(
            effect=effect,
            kind="interaction" if effect == "interaction" else "average",
            model=model,
            subject=subject,
            setting="",
            weights=dict(zip((plain, reading, tuned, both), weights, strict=True)),
            times=times,
            squares={square},
        )
        for effect, subject, weights, times in signs
    ]


def _simple(cells: Mapping[Key, str], model: str, names: Names, squares: Sequence[Key]) -> Iterator[_Planned]:
    """The effects between two contenders on one model that differ in tuning or in what the model is shown."""
    axes: tuple[tuple[Axis, int, int], ...] = (("knowledge", 2, 1), ("tuning", 1, 2))
    for axis, changing, fixed in axes:
        for setting in in_order([key[fixed] for key in cells if key[0] == model]):
            row = [key for key in cells if key[0] == model and key[fixed] == setting]
            levels = in_order([key[changing] for key in row])
            by_level = {key[changing]: key for key in row}
            for before, after in _pairs(levels):
                ends = {by_level[before], by_level[after]}
                yield _Planned(
                    effect=axis,
                    kind="simple",
                    model=model,
                    subject=subject_of(axis, after, names, before),
                    setting=setting_of("tuning" if axis == "knowledge" else "knowledge", setting, names),
                    label=label_of("tuning" if axis == "knowledge" else "knowledge", setting, names),
                    weights={cells[by_level[after]]: 1.0, cells[by_level[before]]: -1.0},
                    by_slice=not before,
                    squares={square for square in squares if ends <= _corners(square)},
                )


def _corners(square: Key) -> set[Key]:
    model, tuning, shown = square
    return {(model, "", ""), (model, tuning, ""), (model, "", shown), square}


def _pairs(levels: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The pairs (before, after): none with each setting, and the first setting with each other one."""
    settings = [level for level in levels if level]
    if "" in levels:
        yield from (("", level) for level in settings)
    yield from ((settings[0], level) for level in settings[1:])


def _of_models(cells: Mapping[Key, str]) -> Iterator[_Planned]:
    """The effects of each other model compared with the first, at every setting where both were measured."""
    names = Names.of(list(cells))
    for tuning, shown in dict.fromkeys((tuning, shown) for _, tuning, shown in cells):
        models = [key[0] for key in cells if key[1:] == (tuning, shown)]
        for other in models[1:]:
            settings = [setting_of("tuning", tuning, names), setting_of("knowledge", shown, names)]
            yield _Planned(
                effect="model",
                kind="simple",
                model="",
                subject=subject_of("model", other, names, models[0]),
                setting=" ".join(settings),
                label=f"{label_of('tuning', tuning, names)}, {label_of('knowledge', shown, names)}",
                weights={cells[other, tuning, shown]: 1.0, cells[models[0], tuning, shown]: -1.0},
                by_slice=False,
            )
