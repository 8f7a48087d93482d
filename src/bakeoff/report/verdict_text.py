"""A judgement as sentences and text cells, the same for the page, the Markdown and the terminal.

Takes a `Judgement`, gives text. Knows nothing about HTML, Markdown or terminals.
"""

from dataclasses import dataclass

from bakeoff.decide.advise.matrix import Matrix, Row
from bakeoff.decide.situation.approaches import NAMES, TITLES
from bakeoff.decide.value.worth import DOING_NOTHING, NOTHING, titled
from bakeoff.decide.verdict.claims import Entry, articles
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.decide.verdict.limit_flips import LimitFlip, limit_flips, nothing_leads
from bakeoff.decide.verdict.sensitivity import RIGHT_USD, WRONG_TIMES, Flip
from bakeoff.measures import BY_NAME
from bakeoff.sentences import NARROW, count, listed, percent, usd

VALUES = {
    RIGHT_USD: ("the value of a right answer", "USD"),
    WRONG_TIMES: ("the cost of a wrong answer", "right ones"),
}
MARKS = {"winner": "★", "tied": "≈", "excluded": "×"}
MARK_MEANINGS = {
    "winner": "the choice",
    "tied": "may be the best choice instead",
    "excluded": "misses a need or a limit",
}
FINDINGS = {
    "contradicted": "Contradicted",
    "supported": "Supported",
    "undecided": "Undecided",
    "not tested": "Not tested",
}
FINDING_MEANINGS = {
    "contradicted": "this pilot measured the opposite, or no difference beyond the margin",
    "supported": "this pilot measured the same direction; if the claim gives a size, the entry compares it",
    "undecided": "the interval allows both answers; more questions may decide",
    "not tested": "a pilot cannot test this, or the numbers needed were not measured or only assumed",
}
INPUTS = {
    "compute_seconds_per_query": ("compute seconds per query", "s"),
    "retrieval_seconds_per_query": ("retrieval seconds per query", "s"),
    "prompt_tokens_per_query": ("prompt tokens per query", "tokens"),
    "cached_prompt_share": ("share of the prompt that is cached", ""),
    "completion_tokens_per_query": ("completion tokens per query", "tokens"),
    "data_days": ("days of preparing data", "days"),
    "setup_days": ("engineering days of set-up", "days"),
    "project_days": ("other days of the project", "days"),
    "training_seconds": ("seconds of training", "s"),
    "training_tokens": ("tokens trained on", "tokens"),
    "indexing_seconds": ("seconds of indexing and loading", "s"),
    "updates_per_month": ("updates per month", ""),
    "retraining_seconds_per_update": ("retraining seconds per update", "s"),
    "retraining_tokens_per_update": ("retraining tokens per update", "tokens"),
    "reindexing_seconds_per_update": ("re-indexing seconds per update", "s"),
    "approval_days_per_update": ("days of approving an update", "days"),
    "on_call_usd_per_month": ("price of being on call per month", "USD"),
    "upkeep_days_per_month": ("days of upkeep per month", "days"),
    "online_hours_per_month": ("hours online per month", "h"),
    "serving_usd_per_hour": ("price of an hour of serving", "USD"),
    "training_usd_per_hour": ("price of an hour of training", "USD"),
    "engineering_usd_per_day": ("price of a day of work", "USD"),
    "index_usd_per_month": ("price of a hosted index per month", "USD"),
    "input_usd_per_million_tokens": ("price of a million prompt tokens", "USD"),
    "cached_input_usd_per_million_tokens": ("price of a million cached prompt tokens", "USD"),
    "output_usd_per_million_tokens": ("price of a million completion tokens", "USD"),
    "training_usd_per_million_tokens": ("price of a million training tokens", "USD"),
    "batch_saving": ("share saved by batches", ""),
    "fixed_setup_usd": ("fixed price of the set-up", "USD"),
    "fixed_usd_per_month": ("fixed price per month", "USD"),
    "fixed_usd_per_query": ("fixed price per query", "USD"),
    "least_setup_usd": ("least price of the set-up, that of a part", "USD"),
    "least_usd_per_month": ("least price per month, that of a part", "USD"),
    "least_usd_per_query": ("least price per query, that of a part", "USD"),
    "queries_per_month": ("queries in the first month", ""),
    "growth_per_month": ("growth of queries per month", ""),
    "horizon_months": ("months of the horizon", ""),
    "discount_per_year": ("discount per year", ""),
}
"""Every numeric field of `CostInputs` in words, with its unit."""
UNCALCULATED = "Costs could not be calculated: no contender has a measured time."


def headline_parts(judgement: Judgement) -> tuple[str, str]:
    """The headline's first sentence, which says what to do, and the rest: how sure that is, and what is at stake."""
    first, _, rest = judgement.headline.partition(". ")
    return (f"{first}.", rest) if rest else (judgement.headline, "")


def marks(judgement: Judgement) -> dict[str, str]:
    """'winner', 'tied' (may be the best instead) or 'excluded' by contender. The others are left out."""
    others = {name: "excluded" for name in judgement.excluded} | {name: "tied" for name in judgement.tied_with}
    return others | ({judgement.winner: "winner"} if judgement.winner else {})


def mark_meaning(judgement: Judgement, mark: str) -> str:
    """What a mark means in this verdict."""
    meaning = MARK_MEANINGS[mark]
    return meaning if judgement.winner else meaning.removesuffix(" instead")


def flip_sentence(flip: Flip) -> str:
    """What would have to change, by how much, and which contender would then win."""
    before, times = flip.becomes / flip.factor, f"{flip.factor:.3g} times as much"
    if flip.input.startswith("weight of "):
        measure = flip.input.removeprefix("weight of ")
        title = BY_NAME[measure].title.lower() if measure in BY_NAME else measure.replace("_", " ")
        return (
            f"If {title} weighed {flip.becomes:.3g} instead of {before:.3g} ({times}), "
            f"{flip.winner} would have the highest weighted sum."
        )
    title, unit = VALUES.get(flip.input) or INPUTS[flip.input]
    becomes, before_text = (f"{value:,.3g}" if value < 100 else f"{value:,.0f}" for value in (flip.becomes, before))
    return (
        f"With {title} at {becomes}{f' {unit}' if unit else ''} instead of {before_text} ({times}), "
        f"{titled(flip.winner)} would be the choice."
    )


NO_FLIPS = (
    "No single change of a weight, a price, the volume, the horizon or the value of a right answer by a factor of up "
    "to 100 turns the choice."
)
NO_CHOICE = (
    "There is no choice yet that a change of a price, the volume, the horizon or the value of a right answer could "
    "turn."
)


def what_turns(judgement: Judgement) -> list[str]:
    """What would change the answer, a sentence each: the limits that decide, then the changes of one input."""
    limits = [_limit_sentence(judgement, flip) for flip in limit_flips(judgement)]
    flips = [flip_sentence(flip) for flip in judgement.sensitivity.flips]
    has_choice = judgement.winner is not None or nothing_leads(judgement)
    return [*limits, *flips, *([NO_CHOICE] if not has_choice else [] if flips else [NO_FLIPS])]


def _limit_sentence(judgement: Judgement, flip: LimitFlip) -> str:
    kind = "need" if flip.missed.kind == "need" else "limit"
    best = "be worth the most" if judgement.worth.nets else "have the best answers"
    return f"Without the {kind} '{flip.missed.text}', {flip.winner} would {best} ({flip.missed.why})."


@dataclass(frozen=True)
class MatrixLine:
    """One factor with its assumed and its measured row. `measured` is None if nothing was measured for it."""

    title: str
    weight: float
    assumed: Row
    measured: Row | None

    @property
    def is_turned(self) -> bool:
        """Whether the measurements favour other approaches than the assumptions."""
        return bool(
            self.measured and self.assumed.scores and _best(self.measured) != _best(self.assumed, self.measured)
        )


def _best(row: Row, like: Row | None = None) -> set[str]:
    """The approaches with the row's highest score, of those that `like` also scores."""
    scores = {name: score for name, score in row.scores.items() if like is None or name in like.scores}
    return {name for name, score in scores.items() if score == max(scores.values())}


def matrix_lines(judgement: Judgement) -> list[MatrixLine]:
    """The factors with scores and the team's own measures: measured ones first, then in the order of the table."""
    after = judgement.matrix.measured
    measured = {row.factor: row for row in after.rows if row.basis == "measured"} if after else {}
    lines = [
        MatrixLine(row.title, row.weight, row, measured.get(row.factor))
        for row in judgement.matrix.assumed.rows
        if row.scores or row.factor in measured
    ]
    factors = {row.factor for row in judgement.matrix.assumed.rows}
    for row in measured.values():
        if row.factor not in factors:  # a measure of the team's own, which has no assumed scores
            lines.append(MatrixLine(row.title, row.weight, row.model_copy(update={"scores": {}, "why": ""}), row))
    return sorted(lines, key=lambda line: line.measured is None)


def unknown_factors(judgement: Judgement) -> list[str]:
    """The titles of the factors for which neither the profile nor the pilot gives scores."""
    shown = {line.assumed.factor for line in matrix_lines(judgement)}
    return [row.title for row in judgement.matrix.assumed.rows if row.factor not in shown]


def matrix_sentences(judgement: Judgement) -> tuple[str, str]:
    """Which approach leads by the articles' rules, and which by the measurements."""
    assumed, measured = judgement.matrix.assumed, judgement.matrix.measured
    rules = f"By the articles' rules: {_matrix_leader(assumed)}."
    if measured is None:
        return rules, f"By your data: {judgement.matrix.notes[-1] if judgement.matrix.notes else 'nothing yet'}."
    return rules, f"By your data: {_matrix_leader(measured)}.{_worth_less(judgement)}{_outside(judgement)}"


def _worth_less(judgement: Judgement) -> str:
    """That the contender of the leading approach is worth less than doing nothing; empty if it is worth more."""
    matrix, worth = judgement.matrix, judgement.worth
    name = matrix.standing.get(str(matrix.measured.leader), "") if matrix.measured else ""
    if worth.nets:
        known = {key: net.net.value for key, net in worth.nets.items()}
        figure, per = usd, " a year"
    else:
        known = {key: utility.value for key, utility in worth.utility.items()}
        figure, per = "{:.2f}".format, " right answers a question"
    mine, nothing = known.get(name), known.get(NOTHING, 0.0)
    if mine is None or mine >= nothing:
        return ""
    values = f"({figure(mine)}{per}; doing nothing: {figure(nothing)})"
    return (
        f" But {name}, its best contender, is worth less than {DOING_NOTHING} {values}: this score is no reason for it."
    )


def _outside(judgement: Judgement) -> str:
    """What the winner counts as, if it does not represent one of the matrix's approaches; else empty."""
    winner = judgement.winner
    if winner is None or winner in judgement.matrix.standing.values():
        return ""
    counts = f"counts as {TITLES[judgement.approach]}" if judgement.approach else "is none of them"
    return f" The matrix compares only {listed(TITLES.values())}; the winner, {winner}, {counts}."


def _matrix_leader(matrix: Matrix) -> str:
    if matrix.leader is None:
        return f"no approach, because {'no factor is known' if matrix.open_to else 'all are ruled out'}"
    leader = f"{TITLES[matrix.leader]}, with a mean score of {matrix.totals[matrix.leader]:.2f} of 5"
    if matrix.tied_with:
        return f"{leader}, not clearly ahead of {listed(TITLES[name] for name in matrix.tied_with)}"
    return f"{leader}, which leads in {percent(matrix.wins[matrix.leader])} of draws with random weights"


def total_rows(judgement: Judgement) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    """The matrix's last rows, mean scores and shares of draws won: title, assumed and measured texts by approach."""
    assumed, measured = judgement.matrix.assumed, judgement.matrix.measured
    both = [assumed, measured] if measured else [assumed]
    scores = [{name: f"{total:.2f}" for name, total in matrix.totals.items()} for matrix in both]
    wins = [{name: percent(share) for name, share in matrix.wins.items()} for matrix in both]
    return [
        ("Weighted mean", scores[0], scores[1] if measured else {}),
        ("Draws won, random weights", wins[0], wins[1] if measured else {}),
    ]


def approach_names(judgement: Judgement) -> dict[str, str]:
    return {name: NAMES[name] for name in judgement.matrix.assumed.approaches}


def claims_by_finding(judgement: Judgement) -> dict[str, list[Entry]]:
    """The ledger's entries by finding, contradicted first. Findings without entries are left out."""
    groups = {finding: [entry for entry in judgement.claims if entry.finding == finding] for finding in FINDINGS}
    return {finding: entries for finding, entries in groups.items() if entries}


def claims_sentence(judgement: Judgement) -> str:
    """The number of claims by finding, as a sentence."""
    counts = [f"{len(entries)} {finding}" for finding, entries in claims_by_finding(judgement).items()]
    return f"Of {len(judgement.claims)} claims in {len(articles())} articles: {listed(counts)}."


def amount(field: str, value: float) -> str:
    """A number of `CostInputs` with its unit."""
    unit = INPUTS[field][1]
    if field in ("cached_prompt_share", "batch_saving", "growth_per_month", "discount_per_year"):
        return f"{100 * value:.3g}{NARROW}%"
    if unit == "USD":
        return usd(value)
    written = count(value) if abs(value) >= 1000 else f"{value:.3g}"
    return f"{written}{NARROW}{unit}" if unit else written
