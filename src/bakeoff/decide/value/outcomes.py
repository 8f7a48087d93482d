"""What became of each test question, and draws of what becomes of a question in use.

Takes graded answers and weights, gives shares of right, wrong and declined answers in N_DRAWS draws, for all contenders
together. Knows nothing about money.

A draw is one state of the world that fits the data: facts have random weights (the Bayesian bootstrap, Rubin 1981,
doi:10.1214/aos/1176345338, with facts as clusters). One fact of prior weight is added, a third of it right, wrong and
declined (Perks 1947), so that what was never seen is unlikely, not impossible. Answers that can be called neither right
nor wrong are right with a share that is drawn evenly from 0 to 1 for each contender; equal texts share it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bakeoff.decide.situation.stakes import OwnStakes, Stakes, Value, in_units, replaced
from bakeoff.measure.graded import NONE, Graded
from bakeoff.measure.ppi import Corrected, Pseudo
from bakeoff.measure.traffic import kish
from bakeoff.records import Question, Record

N_DRAWS = 2000
UNIT = 100_000
"""Shares are kept as whole numbers of this fraction, so that the page's script calculates with the same ones."""
PRIOR_FACTS = 1.0
CHUNK = 2_000_000
"""How many random weights are held at a time."""


@dataclass(frozen=True)
class Outcomes:
    """The outcome of every test question in the domain for every contender.

    `right` and `declined` are (question, contender); what is neither is wrong. `reach` is how far `right` may lie on
    either side where the answer is unsure, `owner` the position of the contender whose unsure text it is. `facts`
    numbers the fact of each question, `parts` its slice, `groups` its group of equal stakes (a position in `own`).
    """

    names: tuple[str, ...]
    right: np.ndarray
    declined: np.ndarray
    reach: np.ndarray
    owner: np.ndarray
    weights: np.ndarray
    facts: np.ndarray
    parts: np.ndarray
    groups: np.ndarray
    slices: tuple[str, ...]
    own: tuple[OwnStakes | None, ...]

    @property
    def n_facts(self) -> int:
        return int(self.facts.max()) + 1 if len(self.facts) else 0

    def facts_of(self, part: int) -> int:
        """The number of facts asked for in one slice."""
        return len(np.unique(self.facts[self.parts == part]))

    @property
    def n_unsure(self) -> int:
        """The number of answers that are neither right nor wrong, equal texts for a question counted once."""
        return len({(i, int(self.owner[i, j])) for i, j in np.argwhere(self.reach > 0)})


def outcomes(
    questions: Sequence[Question],
    correct: Mapping[str, Graded],
    abstained: Mapping[str, Graded],
    weights: Mapping[str, float],
    value: Value | None = None,
) -> Outcomes:
    """The outcomes of these questions.

    `correct` and `abstained` are graded values by contender. Where nobody was served, the question counts as declined:
    if the answer failed, and if a question that the documents do not answer was correctly declined, unless `value` says
    what that is worth.
    """
    asked = [question for question in questions if weights.get(question.id)]
    names, shape = tuple(correct), (len(asked), len(correct))
    right, declined, reach, owner = (np.zeros(shape) for _ in range(4))
    for i, question in enumerate(asked):
        owner_of: dict[str, int] = {}
        for j, name in enumerate(names):
            of, key = correct[name], question.id
            right[i, j], declined[i, j] = _shares(question, of, abstained.get(name, NONE), value)
            if (reached := of.half(key)) and not _is_unserved(question, value):
                reach[i, j] = reached
                owner[i, j] = owner_of.setdefault(of.unsure[key] or f"\0{j}", j)
    groups, own = _groups(asked, value)
    facts, slices = ({found: i for i, found in enumerate(dict.fromkeys(given))} for given in (
        (question.fact for question in asked), (str(question.slice) for question in asked)
    ))  # fmt: skip
    return Outcomes(
        names=names, right=right, declined=declined, reach=reach, owner=owner.astype(int),
        weights=np.array([weights[question.id] for question in asked]),
        facts=np.array([facts[question.fact] for question in asked], dtype=int),
        parts=np.array([slices[str(question.slice)] for question in asked], dtype=int),
        groups=groups, slices=tuple(slices), own=own,
    )  # fmt: skip


def _is_unserved(question: Question, value: Value | None) -> bool:
    """Whether declining is the right answer, but serves nobody: for a question that the documents do not answer.

    Amounts of its kind do not change that: they say what an answer of this kind is worth, and there is none.
    """
    own = value.by_slice.get(str(question.slice)) if value else None
    return not question.answerable and (own is None or own.right is None)


def _shares(question: Question, correct: Graded, abstained: Graded, value: Value | None) -> tuple[float, float]:
    """How right and how declined one answer is, each 0 to 1."""
    if question.id not in correct.values:
        return 0.0, 1.0
    right = correct.values[question.id]
    if _is_unserved(question, value):
        return 0.0, right
    return right, float(question.answerable and abstained.values.get(question.id, 0.0) > 0)


def stakes_of(question: Question, stakes: Stakes, value: Value | None) -> Stakes:
    """What an answer to this question is worth, in right answers, with what declining costs in the end."""
    if value is None:
        return stakes
    own, right = value.own(str(question.slice), question.kind), value.stakes(1.0).right
    return replaced(stakes, own and in_units(own, right), value.hand_over(right))


def mean_stakes(
    questions: Sequence[Question], weights: Mapping[str, float], stakes: Stakes, value: Value | None
) -> Stakes:
    """What an answer to a question about changed documents is worth: the mean over the questions of the test.

    Any fact may change, so such a question is spread over all groups of equal stakes, as in the draws.
    """
    each = np.array([stakes_of(question, stakes, value) for question in questions])
    return Stakes(*np.average(each, axis=0, weights=[weights[question.id] for question in questions]).tolist())


def utilities(
    questions: Sequence[Question],
    correct: Mapping[str, Graded],
    abstained: Mapping[str, Graded],
    stakes: Stakes,
    value: Value | None = None,
) -> dict[str, Graded]:
    """What each answer is worth, in units of a right one, by contender and question: for paired contrasts."""
    found = {}
    for name, of in correct.items():
        worth, reach = {}, {}
        for question in questions:
            key, (gains, wrong, declining) = question.id, stakes_of(question, stakes, value)
            right, declined = _shares(question, of, abstained.get(name, NONE), value)
            worth[key] = gains * right - declining * declined - wrong * (1 - right - declined)
            if reached := of.half(key):
                reach[key] = reached * (wrong - declining if _is_unserved(question, value) else gains + wrong)
        found[name] = Graded(worth, {key: text for key, text in of.unsure.items() if key in reach}, reach)
    return found


def corrected_utilities(
    questions: Sequence[Question],
    correct: Corrected,
    abstained: Mapping[str, Graded],
    stakes: Stakes,
    value: Value | None = None,
) -> Corrected:
    """As `utilities`, from grades corrected by labels: worth is a line in how right an answer is."""
    known = {name: Graded(correct.values(name)) for name in correct.pseudos}
    worth = utilities(questions, known, abstained, stakes, value)
    most = utilities(questions, {name: _all_right(of) for name, of in known.items()}, abstained, stakes, value)
    least = utilities(questions, {name: _all_right(of, 0.0) for name, of in known.items()}, abstained, stakes, value)
    pseudos = {
        name: {
            key: scaled_pseudo(pseudo, most[name].values[key] - least[name].values[key], worth[name].values[key])
            for key, pseudo in column.items()
            if key in worth[name].values
        }
        for name, column in correct.pseudos.items()
    }
    return replace(correct, pseudos=pseudos)


def _all_right(of: Graded, right: float = 1.0) -> Graded:
    return Graded(dict.fromkeys(of.values, right))


def scaled_pseudo(pseudo: Pseudo, slope: float, value: float) -> Pseudo:
    """The corrected worth of an answer that is a line with this slope in what was corrected, and now `value`."""
    return Pseudo(
        value=value,
        predicted=value + slope * (pseudo.predicted - pseudo.value),
        probability=pseudo.probability,
        variance=slope**2 * pseudo.variance,
        noise=slope**2 * pseudo.noise,
        doubt=abs(slope) * pseudo.doubt,
        unit=pseudo.unit,
    )


def _groups(asked: Sequence[Question], value: Value | None) -> tuple[np.ndarray, tuple[OwnStakes | None, ...]]:
    """The group of equal stakes of each question, and the groups' own stakes."""
    given = [value.own(str(question.slice), question.kind) if value else None for question in asked]
    kinds = list(dict.fromkeys(given)) or [None]
    return np.array([kinds.index(own) for own in given], dtype=int), tuple(kinds)


class OutcomeDraws(Record):
    """Drawn shares in whole numbers of 1 / UNIT. `own` are the stakes of each group that differ from the usual ones.

    `mass[g][d]` is the share of the questions in group g; `right[name][g][d]` and `declined[name][g][d]` are parts of
    it, and the rest is wrong.
    """

    own: tuple[OwnStakes | None, ...]
    mass: tuple[tuple[int, ...], ...]
    right: dict[str, tuple[tuple[int, ...], ...]]
    declined: dict[str, tuple[tuple[int, ...], ...]]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.right)


@dataclass(frozen=True)
class Drawn:
    """Draws before rounding: (draw, contender, cell), a cell being a slice and a group. `mass` is (draw, cell).

    `open` is the part of `right` that depends on unsure answers, less its mean.
    """

    names: tuple[str, ...]
    mass: np.ndarray
    right: np.ndarray
    declined: np.ndarray
    open: np.ndarray
    parts: np.ndarray
    groups: np.ndarray
    own: tuple[OwnStakes | None, ...]

    def rounded(self) -> OutcomeDraws:
        """The draws summed over slices, in whole numbers."""
        by_group = np.stack([self.groups == g for g in range(len(self.own))], axis=1).astype(float)  # (cell, group)
        mass, right, declined = (_whole(table @ by_group) for table in (self.mass, self.right, self.declined))
        return OutcomeDraws(
            own=self.own,
            mass=tuple(tuple(column) for column in mass.T.tolist()),
            right={name: _columns(right[:, j]) for j, name in enumerate(self.names)},
            declined={name: _columns(declined[:, j]) for j, name in enumerate(self.names)},
        )


def _whole(shares: np.ndarray) -> np.ndarray:
    return np.rint(shares * UNIT).astype(int)


def _columns(table: np.ndarray) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(column) for column in table.T.tolist())


def draw_outcomes(of: Outcomes, seed: int = 0) -> Drawn:
    """N_DRAWS joint draws of every contender's shares."""
    n_names, rng = len(of.names), np.random.default_rng(seed)
    cells, cell_of = np.unique(np.stack([of.parts, of.groups], axis=1), axis=0, return_inverse=True)
    cell_of, n_cells = cell_of.reshape(-1), len(cells)
    pairs = sorted({(int(j), int(of.owner[i, j])) for i, j in np.argwhere(of.reach > 0)})
    columns = [_cell_sums(of, cell_of, n_cells, np.ones(len(of.facts)))]
    columns += [_cell_sums(of, cell_of, n_cells, of.right[:, j]) for j in range(n_names)]
    columns += [_cell_sums(of, cell_of, n_cells, of.declined[:, j]) for j in range(n_names)]
    columns += [
        _cell_sums(of, cell_of, n_cells, np.where(of.owner[:, j] == owner, of.reach[:, j], 0.0)) for j, owner in pairs
    ]
    sums = _weighted(np.concatenate(columns, axis=1), rng).reshape(N_DRAWS, len(columns), n_cells)
    mass, right, declined = sums[:, 0], sums[:, 1 : 1 + n_names], sums[:, 1 + n_names : 1 + 2 * n_names]
    share_right = rng.uniform(-1.0, 1.0, (N_DRAWS, n_names))
    of_unsure = np.zeros_like(right)
    for k, (j, owner) in enumerate(pairs):
        of_unsure[:, j] += share_right[:, [owner]] * sums[:, 1 + 2 * n_names + k]
    total = mass.sum(axis=1)
    prior = _prior(of, rng)
    right, declined = (
        (table + prior[:, :, k, None] * (mass / total[:, None])[:, None]) for k, table in ((0, right), (1, declined))
    )
    scale = mass[:, None] / (mass[:, None] + prior.sum(axis=2)[:, :, None] * (mass / total[:, None])[:, None])
    right, declined, of_unsure = (table * scale / total[:, None, None] for table in (right, declined, of_unsure))
    return Drawn(
        of.names, mass / total[:, None], right + of_unsure, declined, of_unsure, cells[:, 0], cells[:, 1], of.own
    )


def _prior(of: Outcomes, rng: np.random.Generator) -> np.ndarray:
    """The weight of the added fact that is right, declined and wrong: (draw, contender, 3).

    It weighs as much as one of the equal facts that would determine a mean as well as these do (Kish 1965). With a few
    facts that carry most of the weight, the residuals of these few say too little about the others.
    """
    weights = np.bincount(of.facts, weights=of.weights) if len(of.facts) else np.zeros(0)
    size = of.weights.sum() / max(1.0, kish(weights))
    return np.asarray(size * rng.gamma(PRIOR_FACTS / 3, size=(N_DRAWS, len(of.names), 3)))


def _cell_sums(of: Outcomes, cell_of: np.ndarray, n_cells: int, values: np.ndarray) -> np.ndarray:
    """The weighted sum of a column in each fact and cell: (fact, cell)."""
    sums = np.zeros((of.n_facts, n_cells))
    np.add.at(sums, (of.facts, cell_of), of.weights * values)
    return sums


def _weighted(sums: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The sums over facts with random weights, in each draw: (draw, column)."""
    rows = max(1, CHUNK // max(1, len(sums)))
    parts = [
        rng.standard_exponential((min(rows, N_DRAWS - start), len(sums))) @ sums for start in range(0, N_DRAWS, rows)
    ]
    return np.concatenate(parts)
