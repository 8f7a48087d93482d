"""Advice without a pilot: matrix, assumed cost, recommendation, what a pilot must show, and a roadmap.

Takes a `Profile` and optionally an `Inspection` of the team's data, gives an `Advice`. Uses no model. If approaches
are tied, the roadmap builds all of them and the pilot decides.
"""

from collections.abc import Collection, Sequence
from datetime import date

from bakeoff.decide.advise.budgets import above_budget, budget_note
from bakeoff.decide.advise.conditions import Condition, conditions_for
from bakeoff.decide.advise.contradictions import contradictions
from bakeoff.decide.advise.estimates import Estimates, approach_inputs, estimates
from bakeoff.decide.advise.factors import Factor
from bakeoff.decide.advise.flips import Flip, flips
from bakeoff.decide.advise.matrix import N_DRAWS, Matrix, Row, decision_matrix
from bakeoff.decide.advise.paying import Paying, nothing_pays, paying, pays_lines, pays_sentence
from bakeoff.decide.advise.roadmap import Roadmap, roadmap
from bakeoff.decide.cost.break_even import break_even
from bakeoff.decide.cost.model import CostInputs, running_usd_per_month
from bakeoff.decide.cost.peak import peak_warnings
from bakeoff.decide.cost.table import cost_table
from bakeoff.decide.situation.approaches import NAMES, TITLES, Standing, stand_for
from bakeoff.decide.situation.currency import currency_note
from bakeoff.decide.situation.profile import Profile, check_misspelt
from bakeoff.decide.situation.questionnaire import Inspection
from bakeoff.decide.wording import percent
from bakeoff.errors import ConfigError, MissingExtraError
from bakeoff.measure.comparison import Entrant
from bakeoff.records import Record
from bakeoff.sentences import listed

MOST_REASONS = 5


class Recommendation(Record):
    """Which approach to start with, how certain that is, and which others are tied with it.

    `approach` is None if no factor is known, nothing is left, or nothing that is left can pay for itself. Where no
    approach keeps a limit, the headline says so, and the approach is the one that comes closest. `budget` follows the
    headline: it says if the approach breaks or may break a budget, or if it is the only one that keeps them.
    """

    approach: str | None
    tied_with: tuple[str, ...]
    headline: str
    budget: str = ""
    uncertainty: str
    reasons: tuple[str, ...]
    objections: tuple[str, ...]


class CostRow(Record):
    """What one approach would cost over the horizon in US dollars, based on assumed usage."""

    approach: str
    setup_usd: float
    running_usd_per_month: float
    total_usd: float
    low_usd: float
    high_usd: float

    @property
    def interval(self) -> str:
        """The total if days of work and usage are lower or higher than assumed; 'the same' if that changes it by less
        than 1 %."""
        if self.high_usd - self.low_usd < 0.01 * self.total_usd:
            return "the same"
        return f"{self.low_usd:,.0f} to {self.high_usd:,.0f}"


class CostSummary(Record):
    """The approaches' costs, cheapest first, with break-even sentences. `problem` says why there are none.

    `about` says what the numbers are based on and which of them a pilot replaces. `paying` is empty if the profile does
    not say what answers are worth; `pays` says the same in sentences. `currency` says how amounts were converted.
    """

    rows: tuple[CostRow, ...]
    break_even: tuple[str, ...]
    horizon_months: int
    about: str = ""
    warnings: tuple[str, ...] = ()
    problem: str = ""
    paying: tuple[Paying, ...] = ()
    pays: tuple[str, ...] = ()
    currency: str = ""


class Advice(Record):
    """Everything `bakeoff advise` reports. `standing` names the contender that represents each approach in a pilot.

    `warnings` name what in the profile contradicts itself or cannot be reached.
    """

    profile: Profile
    inspected: tuple[str, ...]
    matrix: Matrix
    recommendation: Recommendation
    warnings: tuple[str, ...] = ()
    standing: dict[str, str]
    changes: tuple[str, ...]
    cost: CostSummary
    conditions: tuple[Condition, ...]
    roadmap: Roadmap | None


def advise(
    profile: Profile,
    start: date,
    entrants: Sequence[Entrant],
    inspection: Inspection | None = None,
    factors: Sequence[Factor] | None = None,
) -> Advice:
    """The advice for a profile. Week 1 of the roadmap begins on `start`.

    `entrants` are the recipes that could be built; the first one of each approach represents it. The inspection fills
    in fields that the profile does not name. Raises ConfigError if the profile's weights sum to zero or name an unknown
    factor, or if it gives days or amounts for a name that is nearly that of an entrant. Other names may be contenders
    of a run to come: a warning says that they do not count.
    """
    check_misspelt(profile, entrants)
    filled = inspection.fill(profile) if inspection else profile
    standing = stand_for(entrants)
    matrix, known = decision_matrix(filled, standing, factors), estimates(filled, standing)
    recommendation = recommend(matrix, filled, known)
    approach = recommendation.approach
    return Advice(
        profile=filled,
        inspected=tuple(inspection.lines()) if inspection else (),
        matrix=matrix,
        recommendation=recommendation,
        warnings=(
            *contradictions(filled, known, standing),
            *(() if approach else matrix.notes),
            *_unused(profile, entrants),
        ),
        changes=tuple(change_lines(matrix, flips(matrix, filled, standing, factors))),
        standing={name: entrant.name for name, entrant in standing.items()},
        cost=cost_summary(filled, standing, set(matrix.ruled_out) - set(matrix.unpaid)),
        conditions=_conditions(filled, standing, recommendation, matrix, inspection),
        roadmap=roadmap(filled, approach, start, standing, recommendation.tied_with) if approach else None,
    )


def _conditions(
    profile: Profile, standing: Standing, advised: Recommendation, matrix: Matrix, inspection: Inspection | None
) -> tuple[Condition, ...]:
    if advised.approach is None:
        return ()
    n_questions = inspection.n_questions if inspection else 0
    return tuple(conditions_for(profile, advised.approach, standing, advised.tied_with, matrix.ruled_out, n_questions))


def recommend(matrix: Matrix, profile: Profile, known: Estimates) -> Recommendation:
    """The recommendation of a matrix: its leader, and the approaches that it is tied with."""
    if matrix.leader is None:
        return _no_recommendation(matrix, profile, known)
    first, others = matrix.leader, matrix.tied_with
    return Recommendation(
        approach=first,
        tied_with=others,
        headline=_headline(matrix, first, others),
        budget=budget_note(profile, known, first, matrix.open_to),
        uncertainty=_uncertainty(matrix),
        reasons=_reasons(matrix, first, 1),
        objections=_reasons(matrix, first, -1),
    )


def _no_recommendation(matrix: Matrix, profile: Profile, known: Estimates) -> Recommendation:
    """No approach: nothing is known, nothing is left, or nothing that is left can pay for itself, with the reasons."""
    builds_nothing = bool(matrix.unpaid) and not matrix.open_to
    ways, described = paying(profile, known), profile.has_today
    return Recommendation(
        approach=None,
        tied_with=(),
        reasons=tuple(pays_sentence(ways[name], described) for name in matrix.unpaid) if builds_nothing else (),
        objections=(),
        headline=nothing_pays(profile, known, matrix.unpaid, matrix.ruled_out)
        if builds_nothing
        else _no_headline(matrix),
        uncertainty="Answer more of the questions, or say more in the profile."
        if not matrix.ruled_out
        else _out(matrix),
    )


def _no_headline(matrix: Matrix) -> str:
    if matrix.open_to:
        return "No recommendation yet: no factor with a weight above 0 is known."
    return "No approach meets what the profile requires."


def _headline(matrix: Matrix, first: str, others: Sequence[str]) -> str:
    """Which approach to start with; if no approach keeps a limit, that comes first."""
    moved = "".join(f"{note} " for note in matrix.notes)
    start = f"{'If you can move the limit, start' if moved else 'Start'} with {TITLES[first]}"
    if not others:
        return f"{moved}{start}."
    names = listed(TITLES[name] for name in (first, *others))
    return (
        f"{moved}{names[0].upper()}{names[1:]} are tied. {start}, which leads in "
        f"{percent(matrix.wins[first])} of the draws, and let a pilot decide."
    )


def _uncertainty(matrix: Matrix) -> str:
    shares = ", ".join(
        f"{TITLES[name]} in {percent(matrix.wins[name])}"
        for name in sorted(matrix.open_to, key=lambda name: -matrix.wins[name])
    )
    n_known = sum(row.basis != "unknown" for row in matrix.rows)
    return (
        f"{n_known} of {len(matrix.rows)} factors are known. In {N_DRAWS:,} random draws, every weight varies by about "
        f"half and every unknown factor is open. The lead goes to {shares} of the draws. {_out(matrix)}"
    ).strip()


def _out(matrix: Matrix) -> str:
    return " ".join(f"{NAMES[name]} is ruled out: {why}." for name, why in matrix.ruled_out.items())


def _reasons(matrix: Matrix, approach: str, sign: int) -> tuple[str, ...]:
    """Reasons for (sign 1) or against (-1) an approach: the rows in which it differs most from those that are left."""
    others = [name for name in matrix.open_to if name != approach] or [
        name for name in matrix.approaches if name != approach
    ]
    leads = [(sign * row.weight * _lead(row, approach, others), row) for row in matrix.rows if row.scores]
    ranked = sorted(leads, key=lambda pair: -pair[0])
    return tuple(f"{row.title}: {row.why}." for lead, row in ranked[:MOST_REASONS] if lead > 0)


def change_lines(matrix: Matrix, changes: Sequence[Flip]) -> list[str]:
    """What would give another leader, one sentence each. The first line names the leader if it is tied with others."""
    lines = [f"{flip.sentence}." for flip in changes if flip.kind != "answer"]
    if matrix.leader and matrix.tied_with:
        lines.insert(0, _not_clearly(matrix, matrix.leader))
    by_leader: dict[str, list[str]] = {}
    for flip in changes:
        if flip.kind == "answer":
            by_leader.setdefault(flip.leader, []).append(flip.sentence.split(" if ", 1)[1])
    for leader, answers in by_leader.items():
        more = f"; and with {len(answers) - MOST_REASONS} more answers" if len(answers) > MOST_REASONS else ""
        lines.append(f"Not known yet: {TITLES[leader]} would lead if {', or if '.join(answers[:MOST_REASONS])}{more}.")
    return lines


def _not_clearly(matrix: Matrix, leader: str) -> str:
    """How a leader leads that is tied, and who has the highest mean score if that is another one."""
    highest = max(matrix.open_to, key=lambda name: (matrix.totals[name], name == leader))
    also = f"; {TITLES[highest]} has the highest mean score ({matrix.totals[highest]:.2f} of 5)" * (highest != leader)
    share = f"{percent(matrix.wins[leader])} of the draws"
    return f"Now {TITLES[leader]} leads most often ({share}), but not clearly{also}."


def _lead(row: Row, approach: str, others: Sequence[str]) -> float:
    """The approach's score minus the mean score of the others."""
    return row.scores[approach] - sum(row.scores[name] for name in others) / len(others)


def cost_summary(profile: Profile, standing: Standing, ruled_out: Collection[str] = ()) -> CostSummary:
    """The cost model's totals for assumed usage. If a price is missing, `problem` says so and there are no rows.

    Approaches in `ruled_out` are marked where the sentences name them.
    """
    try:
        inputs = approach_inputs(profile, standing)
    except (ConfigError, MissingExtraError) as error:
        return CostSummary(
            rows=(),
            break_even=(),
            horizon_months=profile.horizon_months,
            problem=str(error),
            currency=currency_note(profile),
        )
    named = {name: one.model_copy(update={"name": NAMES[name]}) for name, one in inputs.items()}
    table, known = cost_table(inputs), estimates(profile, standing)
    rows = tuple(
        CostRow(
            approach=row.contender,
            setup_usd=row.setup_usd,
            total_usd=row.total_usd,
            running_usd_per_month=running_usd_per_month(inputs[row.contender]),
            low_usd=known.total[row.contender].low,
            high_usd=known.total[row.contender].high,
        )
        for row in table
    )
    cheapest = named[table[0].contender]
    points = tuple(_break_even_line(cheapest, named[row.contender]) for row in table[1:])
    return CostSummary(
        rows=rows,
        break_even=points,
        horizon_months=profile.horizon_months,
        about=_about_cost(profile),
        warnings=(
            *above_budget(profile, known),
            *peak_warnings({one.name: one for one in named.values()}, profile.machines),
        ),
        paying=tuple(paying(profile, known).values()),
        pays=pays_lines(profile, known, ruled_out),
        currency=currency_note(profile),
    )


def _unused(profile: Profile, entrants: Sequence[Entrant]) -> list[str]:
    """What the profile says of names that no recipe has."""
    return [
        f"The profile gives {what} for {listed(names)}, but no recipe of Bakeoff has "
        f"{'that name' if len(names) == 1 else 'such a name'}: it does not count here."
        for what, names in profile.unknown_names(entrants).items()
    ]


def _break_even_line(cheapest: CostInputs, other: CostInputs) -> str:
    """Which of the two costs less at which volume, to two digits, because usage is assumed."""
    point, months = break_even(cheapest, other), cheapest.horizon_months
    if point.is_beyond_capacity:
        return point.explanation.partition(". ")[0].replace("'", "") + "."
    if point.volume_per_month is None:
        return f"{cheapest.name} costs less than {other.name} over {months} months at every volume."
    if not (point.cheaper_below and point.cheaper_above):
        return point.explanation
    volume = float(f"{point.volume_per_month:.2g}")
    return (
        f"{point.cheaper_below} costs less than {point.cheaper_above} over {months} months up to about {volume:,.0f} "
        f"queries a month, {point.cheaper_above} above that."
    )


def _about_cost(profile: Profile) -> str:
    assumed = "" if "queries_per_month" in profile.model_fields_set else " (assumed)"
    return (
        f"For {profile.queries_per_month:,.0f} queries a month{assumed} and assumed usage. Prices are the profile's or "
        "Bakeoff's defaults. Set-up and running cost include the days of work; days that the profile does not give may "
        "be half or double. Running cost is the average month after set-up. A pilot "
        "replaces the assumed seconds and tokens. It does not measure days of work, prices or volume: those stay as "
        "they are in the profile or Bakeoff's defaults."
    )
