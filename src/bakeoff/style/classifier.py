"""A classifier of style, trained on a team's examples and checked on examples that it was not trained on.

Takes examples and an embedder, gives a classifier with its check. It is used only if the check finds it good enough.
The check says, too, whether the length or the subject of the texts alone would do as well, since then it may not be
the style that is judged. Knows nothing about answers or runs.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from bakeoff.measure.comparison import Estimate
from bakeoff.measure.statistics import mean_estimate, share_estimate
from bakeoff.records import Record
from bakeoff.sentences import DASH, NARROW, percent
from bakeoff.style import features
from bakeoff.style.examples import StyleExample
from bakeoff.style.logistic import Fit, fit

LEAST_EXAMPLES = 20
"""Groups that each kind of example must have."""
LEAST_ACCURACY = 0.7
"""The lower end of the interval of held-out accuracy must reach this: at .5 a coin does as well."""
N_FOLDS = 5
MOSTLY = 0.8
"""If this share of the groups has texts of both kinds, both are about the same subjects."""

NO_ESTIMATE = Estimate()


class Embeds(Protocol):
    """What a classifier needs of an embedder."""

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """One row for each text, in order."""
        ...


class Check(Record):
    """How often a classifier is right on texts of groups that it was not trained on; both kinds count alike.

    `by_length` and `by_subject` are classifiers that see only the number of words, and only the words that texts are
    about. `problem` says why the classifier cannot be used; empty if it can.
    """

    n_in: int
    n_out: int
    n_groups: int
    accuracy: Estimate = NO_ESTIMATE
    by_length: Estimate = NO_ESTIMATE
    by_subject: Estimate = NO_ESTIMATE
    problem: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def is_usable(self) -> bool:
        return not self.problem

    @property
    def says(self) -> str:
        """What the check found, in a sentence without its full stop."""
        if self.problem:
            return f"the classifier of style cannot be used: {self.problem}"
        examples = f"{self.n_in + self.n_out} examples it was not trained on ({self.n_groups} groups)"
        checked = f"it is right on {_written(self.accuracy)} of {examples}"
        return "; ".join([checked, *(warning.rstrip(".") for warning in self.warnings)])


class Classifier(Record):
    """Weights over standardised features: those of writing, then the embedder's. `check` says what they are worth."""

    check: Check
    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()
    constant: float = 0.0

    def judge(self, text: str, embedder: Embeds) -> bool:
        """Whether a text is rather in the style than not. Only for a classifier that was trained."""
        rows = (_rows([text.strip()], embedder) - np.array(self.mean)) * np.array(self.scale)
        return bool(Fit(np.array(self.weights), self.constant).says_yes(rows)[0])


def trained(
    examples: Sequence[StyleExample],
    embedder: Callable[[], Embeds],
    seed: int = 0,
    notes: Sequence[str] = (),
) -> Classifier:
    """A classifier of these examples, and its check. `notes` are added to the warnings of the check.

    With too few examples no model is loaded and nothing is trained.
    """
    is_in = np.array([example.in_style for example in examples], bool)
    groups = [example.group for example in examples]
    check = Check(
        n_in=int(is_in.sum()), n_out=int((~is_in).sum()), n_groups=len(set(groups)), problem=_too_few(examples)
    )
    if check.problem:
        return Classifier(check=check.model_copy(update={"warnings": tuple(notes)}))
    texts = [example.text for example in examples]
    rows = _rows(texts, embedder())
    check = check.model_copy(update=_checked(rows, texts, is_in, groups, seed))
    check = check.model_copy(update={"problem": _problem(check), "warnings": (*_warnings(check, examples), *notes)})
    if check.problem:
        return Classifier(check=check)
    mean, scale = _standard(rows, features.N_SURFACE)
    fitted = fit((rows - mean) * scale, is_in)
    return Classifier(
        check=check,
        mean=tuple(mean.tolist()),
        scale=tuple(scale.tolist()),
        weights=tuple(fitted.weights.tolist()),
        constant=fitted.constant,
    )


def _too_few(examples: Sequence[StyleExample]) -> str:
    for kind, name in ((True, "in the style"), (False, "not in the style")):
        n = len({example.group for example in examples if example.in_style is kind})
        if n < LEAST_EXAMPLES:
            return f"there are examples {name} of {n} groups; at least {LEAST_EXAMPLES} are needed"
    return ""


def _rows(texts: Sequence[str], embedder: Embeds) -> np.ndarray:
    """Features of writing, then the embedder's vectors."""
    return np.hstack([features.surface(texts), embedder.embed_passages(texts).astype(np.float64)])


def _standard(rows: np.ndarray, n_alone: int) -> tuple[np.ndarray, np.ndarray]:
    """What to subtract from each feature and multiply it by, so that it has mean 0 and varies by 1.

    The features after the first `n_alone`, those of a vector, together count as much as the first ones together. A
    feature that does not vary counts nothing.
    """
    spread = rows.std(axis=0)
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 1e-9)
    if rows.shape[1] > n_alone:
        scale[n_alone:] *= np.sqrt(n_alone / (rows.shape[1] - n_alone))
    return rows.mean(axis=0), scale


def _checked(
    rows: np.ndarray, texts: Sequence[str], is_in: np.ndarray, groups: Sequence[str], seed: int
) -> dict[str, Estimate]:
    """Held-out accuracy of the classifier, and of those by length and by subject on the same folds."""
    folds = _folds(is_in, groups, seed)
    weights, keys = _weights(is_in), list(map(str, range(len(texts))))
    facts = dict(zip(keys, groups, strict=True))
    of_key = dict(zip(keys, weights.tolist(), strict=True))
    right = {
        "accuracy": _right(rows, is_in, folds, rows.shape[1] - features.N_SURFACE),
        "by_length": _right(features.lengths(texts), is_in, folds),
        "by_subject": _right(features.content_words(texts), is_in, folds),
    }
    checked = {}
    for name, values in right.items():
        estimate = share_estimate(dict(zip(keys, values.tolist(), strict=True)), facts, of_key)
        lost = dict(zip(keys, (right["accuracy"] - values).tolist(), strict=True))
        least = mean_estimate(lost, facts, of_key).low
        checked[name] = estimate.model_copy(update={"detail": {"accuracy_lost": least}})
    return checked


def _weights(is_in: np.ndarray) -> np.ndarray:
    """Both kinds count alike: a text counts n / (2 n of its kind)."""
    share = is_in.mean()
    return np.where(is_in, 0.5 / share, 0.5 / (1 - share))


def _right(rows: np.ndarray, is_in: np.ndarray, folds: np.ndarray, n_vector: int = 0) -> np.ndarray:
    """1 where the classifier trained on the other folds is right about a text, 0 where it is wrong.

    The last `n_vector` features are those of a vector.
    """
    n_alone = rows.shape[1] - n_vector
    right = np.zeros(len(rows))
    for fold in range(N_FOLDS):
        held, used = folds == fold, folds != fold
        mean, scale = _standard(rows[used], n_alone)
        fitted = fit((rows[used] - mean) * scale, is_in[used])
        right[held] = fitted.says_yes((rows[held] - mean) * scale) == is_in[held]
    return right


def _folds(is_in: np.ndarray, groups: Sequence[str], seed: int) -> np.ndarray:
    """The fold of each text: groups stay whole, and each fold has about the same share of both kinds."""
    names = sorted(set(groups))
    members = {name: [row for row, group in enumerate(groups) if group == name] for name in names}
    shuffled = [names[row] for row in np.random.default_rng(seed).permutation(len(names))]
    ordered = sorted(shuffled, key=lambda name: float(is_in[members[name]].mean()))
    folds = np.zeros(len(groups), int)
    for place, name in enumerate(ordered):
        folds[members[name]] = place % N_FOLDS
    return folds


def _problem(check: Check) -> str:
    if (check.accuracy.low or 0.0) >= LEAST_ACCURACY:
        return ""
    least = percent(LEAST_ACCURACY)
    return (
        f"it is right on {_written(check.accuracy)} of the examples it was not trained on (chance: {percent(0.5)}), "
        f"and the lower end of the interval must reach {least}"
    )


def _warnings(check: Check, examples: Sequence[StyleExample]) -> list[str]:
    warnings = []
    if _would_do(check.by_length):
        words = [np.mean([len(e.text.split()) for e in examples if e.in_style is kind]) for kind in (True, False)]
        warnings.append(
            f"The length of the examples alone tells which are in the style ({_written(check.by_length)} correct; "
            f"{words[0]:.0f} and {words[1]:.0f} words on average): give examples of equal "
            "length, or a rule of kind words."
        )
    if _would_do(check.by_subject) and not _share_subjects(examples):
        warnings.append(
            f"The subjects of the examples alone tell which are in the style ({_written(check.by_subject)} correct): "
            "give texts in both styles about the same things, with the same group."
        )
    return warnings


def _would_do(simple: Estimate) -> bool:
    """Whether a simpler classifier would pass the check, or beats chance and is not shown to be right less often."""
    low = simple.low or 0.0
    return low >= LEAST_ACCURACY or (low > 0.5 and (simple.detail.get("accuracy_lost") or 0.0) <= 0.0)


def _share_subjects(examples: Sequence[StyleExample]) -> bool:
    kinds: dict[str, set[bool]] = {}
    for example in examples:
        kinds.setdefault(example.group, set()).add(example.in_style)
    return sum(len(both) == 2 for both in kinds.values()) >= MOSTLY * len(kinds)


def _written(estimate: Estimate) -> str:
    low, high = percent(estimate.low or 0.0), percent(estimate.high or 0.0)
    return f"{percent(estimate.value or 0.0)} ({low.removesuffix(f'{NARROW}%')}{DASH}{high})"
