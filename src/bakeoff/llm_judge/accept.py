"""From judge.jsonl and people's labels to a `Calibration`, and to the verdicts that count. Asks no model.

Takes records, gives records. Knows no run folder.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from bakeoff.llm_judge.calibration import Counts, Pair, cautions, decision, estimates, is_correct
from bakeoff.llm_judge.cases import Case
from bakeoff.llm_judge.drift import drift_cautions
from bakeoff.llm_judge.judging import latest
from bakeoff.llm_judge.key_points import KeyPoints, key_of, known_points
from bakeoff.llm_judge.records import Calibration, Judged, Session
from bakeoff.measure.comparison import Estimate
from bakeoff.measure.labels import Label, LabelVerdict, Unit, settled
from bakeoff.measure.statistics import share_estimate
from bakeoff.records import Usage
from bakeoff.sentences import percent

DETERMINISTIC = "it is a local model that always writes the most probable token: the same prompt gives the same reply"
MANY_ERRORS = 0.1

Weights = Mapping[Unit, float]
"""1 / the chance of being drawn, for the answers that were drawn at random to be labelled."""


def verdict_lines_of(
    cases: Iterable[Case], lines: Iterable[Judged], judge: str, points: Mapping[str, KeyPoints], long_from: int
) -> dict[Unit, Judged]:
    """The judge's line for each case, where question, key points and text are still those that were judged."""
    graded = latest(lines, "grade")
    found = {}
    for case in cases:
        known = points.get(case.question.id) or known_points(case.question, long_from)
        if known and (line := graded.get(key_of(judge, case.question, known.points, case.text))):
            found[case.unit] = line
    return found


def calibrate(
    session: Session,
    cases: Sequence[Case],
    judged: Mapping[Unit, Judged],
    lines: Sequence[Judged],
    labels: Iterable[Label],
    weights: Weights | None = None,
) -> Calibration:
    """How well the judge agrees with people on these cases, and whether its verdicts count.

    `judged` are its lines by unit, `lines` all of judge.jsonl. With `weights`, only labels of units in it are used:
    the others were not drawn at random. Without, every label counts the same.
    """
    own = [line for line in lines if line.judge == session.fingerprint]
    agreed = settled(labels)
    drawn = {unit: verdict for unit, verdict in agreed.items() if weights is None or unit in weights}
    pairs = [pair for case in cases if (pair := _pair(case, judged.get(case.unit), drawn, weights))]
    found = estimates(pairs)
    counts = counts_of((case.unit for case in cases), judged, drawn)
    accepted, reason = decision(counts, found["kappa"], session.least_labels, session.least_kappa)
    units = {case.unit for case in cases}
    itself = _with_itself(session, own)
    n_errors = len({line.unit for line in own if line.purpose == "grade" and line.error} & units - judged.keys())
    return Calibration(
        **{name: getattr(session, name) for name in Session.model_fields},
        accepted=accepted,
        reason=reason,
        n_units=len(cases),
        n_judged=len(judged),
        n_errors=n_errors,
        n_labels=len(pairs),
        n_cannot_tell=sum(drawn.get(unit) == "unsure" for unit in judged),
        usage=sum((line.usage for line in own), Usage()),
        usd=sum(line.usd for line in own),
        self_agreement=itself,
        cautions=(
            *_error_notes(n_errors, len(judged), len(cases)),
            *drift_cautions(session, itself, found["agreement"]),
            *cautions(found),
        ),
        **found,
    )


def counts_of(units: Iterable[Unit], judged: Collection[Unit], drawn: Mapping[Unit, LabelVerdict]) -> Counts:
    """How many of these answers can be labelled, judged and have a label. `drawn` are the labels that can be used."""
    usable = [unit for unit in units if drawn.get(unit) != "unsure"]
    known = [unit for unit in usable if unit in judged]
    return Counts(len(usable), len(known), sum(unit in drawn for unit in known))


def verdicts_of(judged: Mapping[Unit, Judged], calibration: Calibration) -> dict[Unit, LabelVerdict]:
    """The judge's verdicts by unit if it is accepted; none if it is not."""
    if not calibration.accepted:
        return {}
    return {unit: line.verdict for unit, line in judged.items() if line.verdict is not None}


def _pair(case: Case, line: Judged | None, drawn: Mapping[Unit, LabelVerdict], weights: Weights | None) -> Pair | None:
    """The judge's and the people's verdict on a case; None unless both have one."""
    if line is None or line.verdict is None or case.unit not in drawn:
        return None
    people, judge = is_correct(case.question, drawn[case.unit]), is_correct(case.question, line.verdict)
    if people is None or judge is None:
        return None
    weight = 1.0 if weights is None else weights[case.unit]
    return Pair(case.question.fact, people, judge, len(case.text), weight, case.contenders)


def _with_itself(session: Session, own: Sequence[Judged]) -> Estimate:
    """The share of the answers judged twice that got the same verdict."""
    graded, repeated = latest(own, "grade"), latest(own, "repeat")
    same = {key: float(graded[key].verdict == line.verdict) for key, line in repeated.items() if key in graded}
    if not same:
        return Estimate(reason=DETERMINISTIC if session.deterministic else "no answer was judged twice")
    return share_estimate(same, {key: graded[key].question_id for key in same})


def _error_notes(n_errors: int, n_judged: int, n_units: int) -> list[str]:
    if not n_errors:
        return []
    share, n_not_asked = n_errors / (n_errors + n_judged), n_units - n_errors - n_judged
    many = " This is a large share: look at `error` in judge.jsonl." if share > MANY_ERRORS else ""
    others = f" {n_not_asked} others were not asked about." if n_not_asked else ""
    return [
        f"The judge has no verdict on {n_errors} of the {n_errors + n_judged} answers that it was asked about "
        f"({percent(share)}), because its reply failed or could not be read.{others} The rules' grades stay.{many}"
    ]
