"""The verdict in sentences, the matrix's lines, the ledger's groups: on the page, in Markdown, in the terminal."""

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from rich.console import Console

from bakeoff.decide.advise.matrix import Row
from bakeoff.decide.requirements.standing import ERRORS, Standing
from bakeoff.decide.value.worth import NOTHING
from bakeoff.decide.value.worth import Range as WorthRange
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.decide.verdict.sensitivity import RIGHT_USD, Flip
from bakeoff.errors import RunFolderError
from bakeoff.report import print_comparison
from bakeoff.report.charts import Dot
from bakeoff.report.gather import ReportData, gather
from bakeoff.report.markdown import markdown_page
from bakeoff.report.verdict_page import effects_context, marked, verdict_context
from bakeoff.report.verdict_text import (
    FINDING_MEANINGS,
    NO_CHOICE,
    NO_FLIPS,
    MatrixLine,
    amount,
    claims_by_finding,
    flip_sentence,
    headline_parts,
    marks,
    matrix_lines,
    matrix_sentences,
    unknown_factors,
    what_turns,
)
from bakeoff.sentences import NARROW
from tests.unit.report_fixture import SKILL, build


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    return gather(build(tmp_path_factory.mktemp("run") / "run", n_questions=120))


@pytest.fixture(scope="module")
def judgement(whole: ReportData) -> Judgement:
    assert whole.judgement is not None
    return whole.judgement


@pytest.mark.parametrize(
    ("headline", "first", "rest"),
    [
        ("Ship rag. It is worth 5 USD. Sure.", "Ship rag.", "It is worth 5 USD. Sure."),
        ("Ship gpt-4.1. It leads.", "Ship gpt-4.1.", "It leads."),
        ("No verdict yet: the test is too small.", "No verdict yet: the test is too small.", ""),
    ],
)
def test_the_headline_says_first_what_to_do(judgement: Judgement, headline: str, first: str, rest: str) -> None:
    """The first sentence is the title of the page; how sure it is and what is at stake follow it."""
    assert headline_parts(judgement.model_copy(update={"headline": headline})) == (first, rest)


def test_the_marks_are_those_of_the_verdict(judgement: Judgement) -> None:
    """★ the choice, ≈ may be the best instead, × misses a need or a limit: only that one has a hollow dot."""
    told = judgement.model_copy(update={"winner": "rag", "tied_with": ("hybrid",), "excluded": {"slow": "why"}})
    dots = {name: marked(Dot(name, 0.5), told) for name in ("rag", "hybrid", "slow", "base")}
    assert [(dot.mark, dot.hollow, dot.strong) for dot in dots.values()] == [
        ("★", False, True), ("≈", False, False), ("×", True, False), ("", False, False),
    ]  # fmt: skip
    undecided = told.model_copy(update={"winner": None, "tied_with": ()})
    assert marks(undecided) == {"slow": "excluded"}


def test_a_flip_says_what_changes_by_how_much_and_who_wins_then() -> None:
    """Flips of weights, of cost inputs and of the value of a right answer have their own sentences."""
    volume = Flip(input="queries_per_month", factor=2.5, becomes=100_000, winner="tuned")
    assert flip_sentence(volume) == (
        "With queries in the first month at 100,000 instead of 40,000 (2.5 times as much), tuned would be the choice."
    )
    value = Flip(input=RIGHT_USD, factor=0.25, becomes=0.5, winner=NOTHING)
    assert flip_sentence(value) == (
        "With the value of a right answer at 0.5 USD instead of 2 (0.25 times as much), doing nothing would be the "
        "choice."
    )
    weight = Flip(input="weight of latency_ms", factor=0.5, becomes=0.5, winner="rag")
    assert flip_sentence(weight) == (
        "If latency weighed 0.5 instead of 1 (0.5 times as much), rag would have the highest weighted sum."
    )


def missed(name: str, text: str, kind: Literal["need", "limit"] = "limit", why: str = "24 % measured") -> Standing:
    return Standing(name=name, kind=kind, text=text, state="missed", why=why)


def test_what_turns_the_answer_names_the_limit_that_excludes_a_better_one(
    whole: ReportData, judgement: Judgement
) -> None:
    """Of those that one limit excludes the best one; not what another limit or failed answers exclude, too."""
    from bakeoff.report.html import html_page

    assert not judgement.worth.nets
    low = {name: judgement.worth.utility["rag"].model_copy(update={"value": 0.1}) for name in SKILL}
    utility = judgement.worth.utility | low
    for name, value in {"rag": 0.4, "hybrid": 0.5, "router": 0.6, "tuned": 0.7, "base": 0.9}.items():
        utility[name] = utility[name].model_copy(update={"value": value})
    limit = missed("hallucination", "hallucination of at most 10 %")
    own = {
        "rag": (limit,),
        "hybrid": (limit,),
        "router": (limit, missed("latency_ms", "95 % of answers in at most 10 ms")),
        "tuned": (missed(ERRORS, "at most 5 % failed answers"),),
        "base": (missed("needs_citations", "needs_citations", "need"),),
    }
    told = judgement.model_copy(
        update={
            "winner": "extract",
            "baselines": ("base",),
            "excluded": dict.fromkeys(own, "it misses something"),
            "standings": judgement.standings | own,
            "worth": judgement.worth.model_copy(update={"utility": utility}),
            "sensitivity": judgement.sensitivity.model_copy(update={"flips": ()}),
        }
    )
    only = "Without the limit 'hallucination of at most 10 %', hybrid would have the best answers (24 % measured)."
    assert what_turns(told) == [only, NO_FLIPS]
    assert f"- {only}\n" in markdown_page(replace(whole, judgement=told))
    assert html_page(replace(whole, judgement=told)).count("Without the limit") == 1
    assert what_turns(told.model_copy(update={"winner": None})) == [only, NO_CHOICE]
    assert what_turns(told.model_copy(update={"standings": {}})) == [NO_FLIPS]


def test_a_factor_is_turned_where_the_data_favour_another_approach() -> None:
    """Compared on the approaches that were measured only; an unknown factor cannot change."""
    scores = {"rag": 5, "fine-tuning": 1, "hybrid": 5}
    rule = Row(factor="f", title="F", articles={}, weight=1, basis="assumed", scores=scores)

    def data(rag: float, tuned: float) -> Row:
        scores = {"rag": rag, "fine-tuning": tuned}
        return rule.model_copy(update={"basis": "measured", "scores": scores})

    assert MatrixLine("F", 1, rule, data(rag=2, tuned=5)).is_turned
    assert not MatrixLine("F", 1, rule, data(rag=5, tuned=4)).is_turned
    assert not MatrixLine("F", 1, rule, None).is_turned
    assert not MatrixLine("F", 1, rule.model_copy(update={"scores": {}}), data(rag=5, tuned=4)).is_turned


def test_every_factor_is_either_in_the_matrix_or_named_as_unknown(judgement: Judgement) -> None:
    """Every factor is listed or named as unknown; measured ones come first."""
    lines = matrix_lines(judgement)
    rows = judgement.matrix.assumed.rows
    assert sorted([line.title for line in lines] + unknown_factors(judgement)) == sorted(row.title for row in rows)
    measured = [line.measured is not None for line in lines]
    assert measured == sorted(measured, reverse=True) and measured[0] and not measured[-1]


def test_supported_says_that_a_direction_was_measured_and_no_size() -> None:
    """A supported claim may have another size: the entry shows both."""
    assert "the same direction" in FINDING_MEANINGS["supported"] and "size" in FINDING_MEANINGS["supported"]


def test_a_winner_outside_the_matrix_is_said_to_count_as_one_of_its_approaches(judgement: Judgement) -> None:
    """A winner that does not represent an approach is explained: the router is a hybrid, base is none."""

    def sentence(winner: str, approach: str | None) -> str:
        return matrix_sentences(judgement.model_copy(update={"winner": winner, "approach": approach}))[1]

    assert sentence("other", "hybrid").endswith("the winner, other, counts as a hybrid.")
    assert sentence("base", None).endswith("the winner, base, is none of them.")
    assert "counts as" not in sentence(judgement.matrix.standing["hybrid"], "hybrid")


def test_a_leader_that_is_worth_less_than_doing_nothing_is_not_just_preferred(judgement: Judgement) -> None:
    """The sentence that names the leading approach says that its contender is worth less than doing nothing."""
    measured = judgement.matrix.measured
    assert measured is not None and measured.leader is not None
    name = judgement.matrix.standing[measured.leader]

    def sentence(value: float) -> str:
        utility = {**judgement.worth.utility, name: WorthRange(value=value, low=value, high=value)}
        worth = judgement.worth.model_copy(update={"utility": utility, "nets": {}})
        return matrix_sentences(judgement.model_copy(update={"worth": worth}))[1]

    assert f"But {name}, its best contender, is worth less than doing nothing (-0.04 right answers" in sentence(-0.04)
    assert "doing nothing" not in sentence(0.2)


def test_a_measure_of_the_teams_own_is_a_line_of_the_matrix(judgement: Judgement) -> None:
    """What counts in the totals is shown in the table."""
    measured = judgement.matrix.measured
    assert measured is not None
    own = measured.rows[0].model_copy(
        update={
            "factor": "own:style",
            "title": "Style",
            "basis": "measured",
            "scores": dict.fromkeys(measured.totals, 5),
        }
    )
    matrix = judgement.matrix.model_copy(
        update={"measured": measured.model_copy(update={"rows": (*measured.rows, own)})}
    )
    lines = matrix_lines(judgement.model_copy(update={"matrix": matrix}))
    assert [line.title for line in lines].count("Style") == 1


def test_every_claim_is_in_one_group(judgement: Judgement) -> None:
    """Every claim is listed with its numbers, or why it was not tested."""
    groups = claims_by_finding(judgement)
    assert sum(len(entries) for entries in groups.values()) == len(judgement.claims) >= 37
    assert all(one.why for entries in groups.values() for one in entries)


def test_amounts_carry_their_unit() -> None:
    """Shares in percent, money in dollars, the rest as it is counted."""
    assert amount("cached_prompt_share", 0.25) == f"25{NARROW}%"
    assert amount("serving_usd_per_hour", 0.36) == f"0.36{NARROW}USD"
    assert amount("prompt_tokens_per_query", 12_345.6) == f"12,346{NARROW}tokens"
    assert amount("updates_per_month", 2.1742) == "2.17"


def test_effects_lead_with_all_questions_and_share_one_scale(judgement: Judgement) -> None:
    """One panel for each effect, with a row for each shown effect, hollow if it is not significant."""
    context = effects_context(judgement)
    assert context is not None and context["n_compared"] == len(judgement.effects)
    ((model, panels),) = context["groups"]
    told = [one for one in judgement.effects if one.is_told]
    assert model == "" and [panel["title"] for panel in panels] == ["Retrieval", "Tuning", "Both together"]
    n_open = sum(one.contrast.finding != "different" for one in told)
    charts = "".join(panel["chart"] for panel in panels)
    assert charts.count("<circle") == len(told) and charts.count(" hollow") == n_open
    assert all("over all test questions" in sentence for panel in panels for sentence in panel["sentences"])


def test_effects_of_several_models_stand_under_the_name_of_each(judgement: Judgement) -> None:
    """Effects of the models are in a panel without a name."""
    told = [one for one in judgement.effects if one.is_told]
    other = [one.model_copy(update={"model": "large"}) for one in told]
    changes = {"effect": "model", "kind": "simple", "model": "", "subject": "Model large in place of small"}
    models = told[0].model_copy(update=changes)
    context = effects_context(judgement.model_copy(update={"effects": (*told, *other, models)}))
    assert context is not None
    assert [model for model, _ in context["groups"]] == [told[0].model, "large", ""]
    assert [panel["title"] for panel in context["groups"][-1][1]] == ["Model large in place of small"]


def test_a_run_without_the_grid_or_a_winner_is_drawn_too(whole: ReportData, judgement: Judgement) -> None:
    """Sections without effects, roadmap, tornado or eligible contenders are left out."""
    from bakeoff.report.html import html_page

    bare = judgement.model_copy(
        update={
            "winner": None, "tied_with": (), "effects": (), "roadmap": None, "break_even": (),
            "headline": "Build nothing yet: no contender keeps the limits.",
            "excluded": dict.fromkeys(SKILL, "too slow"),
            "sensitivity": judgement.sensitivity.model_copy(update={"weighted_wins": {}, "flips": ()}),
            "cost": judgement.cost.model_copy(update={"table": (), "inputs": {}, "breakdown": {}, "tornado": ()}),
            "matrix": judgement.matrix.model_copy(update={"measured": None}),
        }
    )  # fmt: skip
    data = replace(whole, judgement=bare)
    page = html_page(data)
    assert "Build nothing yet: no contender keeps the limits." in page
    assert 'id="worth"' in page and 'id="ranges"' not in page and 'id="cost-sliders"' not in page
    assert 'id="effects"' not in page and 'id="roadmap"' not in page and 'id="total-cost"' not in page
    assert "Costs could not be calculated" in markdown_page(data)


def test_the_markdown_opens_with_the_verdict_and_holds_every_section(whole: ReportData, judgement: Judgement) -> None:
    """The Markdown has the same sections as the page, with every claim and formula."""
    text = markdown_page(whole)
    assert whole.judgement is not None and text.index("**Do not ship") < text.index("## Before you rely")
    assert text.index("## Before you rely") < text.index("## What each contender is worth")
    for title in ("Requirements", "Collect more data?",
                  "Effects of the model, retrieval and tuning", "Total cost", "Rules of thumb",
                  "What would change", "What the articles claim", "From pilot to production"):  # fmt: skip
        assert f"\n## {title}" in text
    claims = text[text.index("## What the articles claim") : text.index("## From pilot")]
    assert claims.count("\n| ") - 2 * len(claims_by_finding(judgement)) == len(judgement.claims)
    assert text.count("### Formulas of") == len(judgement.cost.table)
    pairs = text[text.index("Where the contenders of each pair") : text.index("What changes the winner's total")]
    assert pairs.count("\n| ") - 2 == len(judgement.break_even)


def test_the_terminal_says_the_verdict_above_the_table(tmp_path: Path) -> None:
    """Excluded contenders are below the verdict; without a verdict the headline is shown."""
    folder = build(tmp_path / "run", n_questions=120)
    found = {}
    for is_judged in (True, False):
        console = Console(width=100, record=True, file=(tmp_path / "out").open("w"))
        print_comparison(folder, console)
        found[is_judged] = console.export_text()
        (folder / "verdict.json").unlink(missing_ok=True)
    told = found[True].replace("\n", " ")
    assert told.index("Do not ship") < told.index("net right of 100") < told.index("Halluc.") < told.index("cannot win")
    assert "Do not ship" not in found[False] and "correct" in found[False].split("Halluc.")[0]


def test_a_verdict_of_another_version_says_how_to_judge_again(tmp_path: Path) -> None:
    """The error names the invalid field and the command that judges again."""
    folder = build(tmp_path / "run", n_questions=20)
    content = json.loads((folder / "verdict.json").read_text())
    (folder / "verdict.json").write_text(json.dumps({**content, "effects": [{"effect": "tuning"}]}))
    with pytest.raises(RunFolderError, match=r"'effects.0.kind'.*\n?.*bakeoff report"):
        gather(folder)


def test_texts_of_the_verdict_stay_texts(whole: ReportData, judgement: Judgement) -> None:
    """Markup in reasons, warnings and names is escaped."""
    from bakeoff.report.html import html_page

    evil = "<img src=x onerror=alert(1)>"
    hurt = judgement.model_copy(update={"reason": evil, "excluded": {evil: evil}})
    page = html_page(replace(whole, judgement=hurt))
    assert "<img" not in page and "&lt;img" in page
    context = verdict_context(replace(whole, judgement=hurt), {})
    assert context is not None and context["reason"] == evil


def test_an_interval_beyond_100_points_stays_off_the_names(judgement: Judgement) -> None:
    """What two effects add together reaches from -200 to +200 points: its line ends within the axis."""
    first, *others = [one for one in judgement.effects if one.is_told]
    wide = first.model_copy(update={"contrast": first.contrast.model_copy(update={"low": -1.74, "high": 1.74})})
    context = effects_context(judgement.model_copy(update={"effects": (wide, *others)}))
    assert context is not None
    for _, panels in context["groups"]:
        for panel in panels:
            drawn = list(ElementTree.fromstring(panel["chart"]).iter("line"))
            ends = [float(line.get("x1", "")) for line in drawn if "grid" in line.get("class", "")]
            whiskers = [line for line in drawn if "whisker" in line.get("class", "")]
            assert all(float(line.get("x1", "")) >= min(ends) for line in whiskers)
            assert all(float(line.get("x2", "")) <= max(ends) for line in whiskers)
