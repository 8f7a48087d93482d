"""value_model.js against Python: the page's arithmetic of worth, at several positions of the sliders."""

import json
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.stakes import Stakes
from bakeoff.decide.value.joint import Terms, joint_draws, terms_of
from bakeoff.decide.value.worth import NOTHING, Worth, best_ranges, worth
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.decide.verdict.sensitivity import RIGHT_USD, WRONG_TIMES
from bakeoff.pilot.judge import judge
from bakeoff.report.cost_page import sliders
from bakeoff.report.drilldown import script_safe
from bakeoff.report.value_payload import value_payload
from bakeoff.runs.folder import RunFolder
from tests.unit.cost_fixture import changed
from tests.unit.report_fixture import PROFILE, build

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")

VALUE = {
    "currency": "USD",
    "unanswered": 4.0,
    "wrong": 6.0,
    "declined": 0.5,
    "by_slice": {"unanswerable": {"right": 1.0, "wrong": 9.0}, "seen": {"declined": 0.2}},
    "today": {"accuracy": 0.5, "declined": 0.3, "per_question": 0.4, "per_month": 100.0},
}
POSITIONS: tuple[dict[str, float], ...] = (
    {},
    {"right_usd": 0.02, "wrong_times": 3.0},
    {"right_usd": 40.0, "wrong_times": 0.0, "declined_times": 0.5},
    {"horizon_months": 31, "queries_per_month": 700.0},
    {"engineering_usd_per_day": 90.0, "machine_usd_per_hour": 3.0, "right_usd": 1.5, "declined_times": 0.05},
)


PARTS = {"rag": {"setup_usd": 30_000.0, "usd_per_query": 0.01}, "tuned": {"usd_per_month": 900.0}}
GIVEN = {
    "value": {"value": VALUE},
    "handed": {"value": {**VALUE, "declined_to": "today"}},
    "plain": {},
    "parts": {"value": VALUE, "fixed": PARTS},
}


@pytest.fixture(scope="module", params=list(GIVEN))
def judgement(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    """The made-up run, judged with a value of answers by slice and a process of today, and without any.

    With "handed", declined questions go to today's people. With "parts", fixed amounts bind in some draws of hybrid.
    """
    folder = RunFolder(build(tmp_path_factory.mktemp("run") / "run", n_questions=90, profile=None))
    values = PROFILE.model_dump(exclude={"value"}, exclude_unset=True)
    return judge(folder, Profile.model_validate({**values, **GIVEN[request.param]}))


def payable(judgement: Judgement) -> list[str]:
    return [*(name for name in judgement.draws.outcomes.names if name not in judgement.excluded), NOTHING]


def by_python(judgement: Judgement, to: dict[str, float]) -> tuple[Worth, dict[str, tuple[float, float]]]:
    """What decide/value makes of the sliders, from the draws of the verdict."""
    terms = terms_of(judgement.profile, judgement.draws.outcomes.own)
    inputs = judgement.cost.inputs
    start = {slider["field"]: slider["default"] for slider in sliders(inputs)}
    moved = {name: changed(one, start, {**start, **to}) for name, one in inputs.items()}
    at = Terms(
        utility=Stakes(
            1.0, to.get("wrong_times", terms.utility.wrong), to.get("declined_times", terms.utility.declined)
        ),
        own=terms.own,
        changes=terms.changes.model_copy(
            update={"horizon_months": int(to.get("horizon_months", terms.changes.horizon_months))}
        ),
        value=terms.value,
        usd=terms.usd,
    )
    drawn = joint_draws(judgement.draws, moved, at)
    usd = judgement.stakes_usd.right if judgement.stakes_usd else 2.0
    found = worth(drawn, to.get("right_usd", usd), payable(judgement))
    return found, {best.contender: (best.low, best.high or 0.0) for best in best_ranges(drawn, payable(judgement))}


def by_script(judgement: Judgement, to: dict[str, float]) -> dict[str, Any]:
    """What the page's script makes of them."""
    inputs = judgement.cost.inputs
    start = {slider["field"]: slider["default"] for slider in sliders(inputs)}
    terms = terms_of(judgement.profile, judgement.draws.outcomes.own)
    usd = judgement.stakes_usd.right if judgement.stakes_usd else 2.0
    sent = {
        "page": value_payload(judgement, payable(judgement)),
        "inputs": {name: one.model_dump(mode="json", exclude={"sources"}) for name, one in inputs.items()},
        "start": start,
        "to": {**start, **{key: value for key, value in to.items() if key in start}},
        "right": to.get("right_usd", usd),
        "stakes": {
            "wrong": to.get("wrong_times", terms.utility.wrong),
            "declined": to.get("declined_times", terms.utility.declined),
        },
    }
    folder = resources.files("bakeoff.report")
    program = f"""
      const cost = require({json.dumps(str(folder / "cost_model.js"))});
      const model = require({json.dumps(str(folder / "value_model.js"))});
      const sent = JSON.parse(require("fs").readFileSync(0, "utf8"));
      const page = model.opened(sent.page);
      const inputs = Object.fromEntries(Object.entries(sent.inputs).map(([name, c]) =>
        [name, cost.changed(c, sent.start, sent.to)]));
      const drawn = model.drawn(page, inputs, sent.stakes, cost);
      process.stdout.write(JSON.stringify({{
        utility: Object.fromEntries(Object.entries(drawn.utility).map(([name, of]) => [name, model.interval(of)])),
        nets: model.worth(drawn, sent.right, page.candidates),
        ranges: model.bestRanges(drawn, page.candidates),
      }}));
    """
    ran = subprocess.run(
        ["node", "-e", program],
        input=script_safe(json.dumps(sent)),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(ran.stdout)


@pytest.mark.parametrize("to", POSITIONS, ids=lambda to: ",".join(to) or "profile")
def test_the_script_gives_what_python_gives(judgement: Judgement, to: dict[str, float]) -> None:
    """Utility, answers, cost, net value, chance, loss and ranges, from the same draws, to 1e-6."""
    expected, ranges = by_python(judgement, to)
    shown = by_script(judgement, to)
    for name, utility in expected.utility.items():
        assert shown["utility"][name] == pytest.approx(utility.model_dump(), rel=1e-6, abs=1e-9)
    assert set(shown["nets"]) == set(expected.nets) and NOTHING in shown["nets"]
    scale = max(abs(part.value) for net in expected.nets.values() for part in (net.answers, net.cost))
    for name, net in expected.nets.items():
        for part in ("answers", "cost", "net"):
            assert shown["nets"][name][part] == pytest.approx(getattr(net, part).model_dump(), abs=1e-6 * scale)
        assert shown["nets"][name]["best"] == pytest.approx(net.best, abs=1e-6)
        assert shown["nets"][name]["loss"] == pytest.approx(net.loss, abs=1e-6 * scale)
    told = {one["contender"]: (one["low"], one["high"] or 0.0) for one in shown["ranges"]}
    assert list(told) == list(ranges)
    for name, ends in ranges.items():
        assert told[name] == pytest.approx(ends, rel=1e-6)


def test_at_the_profile_the_page_has_the_verdicts_worth(judgement: Judgement) -> None:
    """Without a move of a slider, the calculation on the draws gives the numbers of verdict.json."""
    found, _ = by_python(judgement, {})
    assert {name: of for name, of in found.utility.items()} == judgement.worth.utility
    if judgement.stakes_usd:
        assert found.nets == judgement.worth.nets


def test_a_contender_that_cannot_be_chosen_shows_no_chance_and_no_loss() -> None:
    """A loss against contenders that it does not compete with may be negative; the script shows a dash."""
    folder = resources.files("bakeoff.report")
    program = f"""
      const {{ chosen }} = require({json.dumps(str(folder / "value_model.js"))});
      const of = {{ best: 0, loss: -12 }}, text = (value) => `<${{value}}>`;
      process.stdout.write(JSON.stringify([chosen(of, true, text, text), chosen(of, false, text, text)]));
    """
    ran = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(ran.stdout) == [{"best": "<0>", "loss": "<-12>"}, {"best": "–", "loss": "–"}]
    assert (
        "bakeoffValue.chosen(of, page.candidates.includes(name), percent, money)" in (folder / "value.js").read_text()
    )


def handing(folder: RunFolder, **today: float) -> Judgement:
    """The made-up run, judged with declined questions that go to these people of today."""
    value = {"currency": "USD", "unanswered": 40.0, "declined": 0.5, "declined_to": "today", "today": today}
    values = PROFILE.model_dump(exclude={"value"}, exclude_unset=True)
    return judge(folder, Profile.model_validate({**values, "value": value, "update_interval_days": 14}))


def test_flips_by_means_agree_with_the_draws_where_todays_people_are_paid(tmp_path: Path) -> None:
    """The value of a right answer and the cost of a wrong one, which today's people give too, that turn the choice."""
    folder = RunFolder(build(tmp_path / "run", n_questions=90, profile=None))
    judgement = handing(folder, accuracy=0.3, declined=0.6, per_question=4.0, per_month=100.0)
    flip = next(flip for flip in judgement.sensitivity.flips if flip.input == RIGHT_USD)
    last = judgement.worth.ranges[-1]
    assert (judgement.winner, flip.winner, last.contender) == ("hybrid", NOTHING, NOTHING)
    assert last.low <= flip.becomes < 1.07 * last.low  # values are tried in steps of 6 %
    judgement = handing(folder, accuracy=0.3, declined=0.3, per_question=1.0, per_month=100.0)
    flip = next(flip for flip in judgement.sensitivity.flips if flip.input == WRONG_TIMES)
    assert (judgement.winner, flip.winner) == ("hybrid", NOTHING)
    for times, best in ((flip.becomes, NOTHING), (flip.becomes / 1.07, "hybrid")):
        nets = by_python(judgement, {"wrong_times": times})[0].nets
        assert max(judgement.worth.candidates, key=lambda name: nets[name].net.value) == best


def test_a_flip_of_the_cost_of_wrong_answers_leaves_slices_with_a_cost_of_their_own_alone(tmp_path: Path) -> None:
    """Wrong answers to unseen questions cost what the profile says there, whatever others cost: a flip says when."""
    folder = RunFolder(build(tmp_path / "run", n_questions=90, profile=None))
    values = PROFILE.model_dump(exclude={"value"}, exclude_unset=True)
    value = {"currency": "USD", "unanswered": 40.0, "by_slice": {"unseen": {"wrong": 60.0}}}
    value["today"] = {"accuracy": 0.3, "declined": 0.5, "per_question": 1.0}
    judgement = judge(folder, Profile.model_validate({**values, "value": value}))
    flip = next(flip for flip in judgement.sensitivity.flips if flip.input == WRONG_TIMES)
    assert flip.winner != judgement.winner
    for times, best in ((flip.becomes, flip.winner), (flip.becomes / 1.07, judgement.winner)):
        nets = by_python(judgement, {"wrong_times": times})[0].nets
        assert max(judgement.worth.candidates, key=lambda name: nets[name].net.value) == best
