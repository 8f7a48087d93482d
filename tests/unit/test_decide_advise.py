"""Advice without a pilot: questions, inspection, recommendation, conditions, and the files it writes."""

import math
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from benchmarks.advice_profiles import random_profiles
from markdown_it import MarkdownIt

from bakeoff.decide.advise import conditions
from bakeoff.decide.advise.advise import Advice
from bakeoff.decide.advise.advise import advise as advice_on
from bakeoff.decide.advise.conditions import Condition, questions_needed, smallest_difference
from bakeoff.decide.advise.estimates import estimates
from bakeoff.decide.advise.matrix import decision_matrix
from bakeoff.decide.advise.roadmap import next_monday
from bakeoff.decide.situation.approaches import TITLES
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.questionnaire import QUESTIONS, Inspection, ask, inspect_data
from bakeoff.errors import BakeoffError, ConfigError, InputError
from bakeoff.report.advice.markdown import advice_markdown
from bakeoff.report.advice.page import advice_html
from bakeoff.report.advice.write import write_advice
from tests.unit.comparison_fixture import STANDARD, STANDING

START = date(2026, 11, 23)
STAMP = datetime(2026, 11, 21, tzinfo=UTC)
CLEAR = Profile(update_interval_days=2, needs_live_sources=True, labelled_examples=20, ml_expertise=0, deadline_days=60)
TIED = Profile(update_interval_days=60, needs_style=True, labelled_examples=900, ml_expertise=3)


def advise(profile: Profile, start: date, inspection: Inspection | None = None) -> Advice:
    return advice_on(profile, start, STANDARD, inspection)


def conditions_for(profile: Profile, approach: str, ruled_out: tuple[str, ...] = ()) -> list[Condition]:
    return conditions.conditions_for(profile, approach, STANDING, ruled_out=ruled_out)


def scripted(answers: dict[str, list[str]]) -> tuple[Callable[[str], str], list[str]]:
    """A prompt that answers by the question's field (empty if none is left), and the list of what was asked."""
    asked: list[str] = []

    def prompt(text: str) -> str:
        field = next(question.field for question in QUESTIONS if text.startswith(question.text))
        asked.append(field)
        return answers[field].pop(0) if answers.get(field) else ""

    return prompt, asked


# --- questions


def test_thirteen_questions_fill_a_profile() -> None:
    """Answers become the profile's fields in its units; an empty answer leaves its field unknown."""
    prompt, asked = scripted(
        {
            "update_interval_days": ["7"],
            "corpus_tokens": ["1.5m"],
            "queries_per_month": ["20,000"],
            "needs_style": ["Yes"],
            "must_run_offline": ["n"],
            "latency_limit_ms": ["no limit"],
        }
    )
    profile = ask(prompt, lambda line: None)
    assert len(asked) == 13
    assert profile.model_fields_set == {
        "update_interval_days",
        "corpus_tokens",
        "queries_per_month",
        "needs_style",
        "must_run_offline",
        "latency_limit_ms",
    }
    assert (profile.update_interval_days, profile.corpus_tokens, profile.queries_per_month) == (7, 1_500_000, 20_000)
    assert (profile.needs_style, profile.must_run_offline, profile.latency_limit_ms) == (True, False, None)


def test_one_question_asks_what_an_answer_is_worth() -> None:
    """What it costs when nobody answers is the worth of a right answer; a wrong one costs the profile's penalty."""
    prompt, _ = scripted({"value": ["-1", "abc", "1.500", "10,5", "1.500,00", "4.50"]})
    told: list[str] = []
    profile = ask(prompt, told.append)
    assert profile.value is not None and (profile.value.currency, profile.value.unanswered) == ("USD", 4.5)
    assert profile.stakes_usd == (4.5, 4.5, 0.0)
    assert len(told) == 5 and "'1.500' may be two numbers" in told[2]
    assert "value" not in asked_of(Profile(value=profile.value))


def asked_of(profile: Profile) -> list[str]:
    """The fields that are asked if this profile is known."""
    prompt, asked = scripted({})
    ask(prompt, lambda line: None, profile)
    return asked


def test_never_is_an_answer() -> None:
    """'never' is a known answer; no answer is unknown."""
    prompt, _ = scripted({"update_interval_days": ["never"]})
    profile = ask(prompt, lambda line: None)
    assert profile.update_interval_days is None
    assert "update_interval_days" in profile.model_fields_set


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("update_interval_days", "weekly"),
        ("update_interval_days", "-3"),
        ("needs_style", "maybe"),
        ("accuracy_requirement", "6"),
        ("ml_expertise", "2.5"),
        ("queries_per_month", "0"),
        ("labelled_examples", "none"),
        ("value", "0"),
    ],
)
def test_an_impossible_answer_is_told_and_asked_again(field: str, bad: str) -> None:
    """An invalid answer is explained and the same question asked again; the other answers are kept."""
    told: list[str] = []
    prompt, asked = scripted({field: [bad, ""]})
    profile = ask(prompt, told.append)
    assert asked.count(field) == 2
    assert len(told) == 1
    assert field not in profile.model_fields_set


def test_what_is_known_is_not_asked() -> None:
    """A field that the profile names is not asked for and keeps its value."""
    prompt, asked = scripted({})
    profile = ask(prompt, lambda line: None, Profile(ml_expertise=5, must_run_offline=False))
    assert {"ml_expertise", "must_run_offline"}.isdisjoint(asked)
    assert profile.ml_expertise == 5


# --- inspection


@pytest.fixture
def data(tmp_path: Path) -> tuple[Path, Path]:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_text("# Care\n\n" + "word " * 998)
    (folder / "b.xyz").write_text("not read")
    questions = tmp_path / "questions.csv"
    questions.write_text(
        "question,answers,fact,asked,kind\nHow long?,24 months,f1,10,\nHow many months?,24 months,f1,5,\n"
        "Who?,Ann,f2,1,\nWhy?,,f3,2,unanswerable\n"
    )
    return folder, questions


def test_inspection_counts_what_there_is(data: tuple[Path, Path]) -> None:
    """Tokens are words times 1.3, examples are answerable questions; paraphrased facts and volume are reported."""
    found = inspect_data([data[0]], [data[1]])
    (sources := data[1].parent / "sources.yaml").write_text(f"documents: [{{files: {data[0]}, prefix: wiki/}}]\n")
    assert inspect_data([sources], [data[1]]).values() == found.values()
    assert found.n_documents == 1
    assert found.corpus_tokens == pytest.approx(999 * 1.3, abs=2)
    assert (found.n_questions, found.n_answerable, found.n_facts, found.asked) == (4, 3, 3, 18)
    assert found.paraphrased_share == pytest.approx(1 / 3)
    assert "b.xyz" in found.not_read[0]


def test_inspection_names_what_was_read_with_a_guess_apart(tmp_path: Path) -> None:
    """It was read, so it is not among what was not."""
    (tmp_path / "a.txt").write_bytes("Магазин открыт с девяти".encode("cp1251"))
    found = inspect_data([tmp_path], [])
    assert not found.not_read and "a.txt" in found.to_check[0]


def test_inspection_fills_only_what_the_profile_leaves_open(data: tuple[Path, Path]) -> None:
    """The profile's own value overrides the estimate, and filled-in fields count as known."""
    profile = inspect_data([data[0]], [data[1]]).fill(Profile(corpus_tokens=5_000_000))
    assert profile.corpus_tokens == 5_000_000
    assert profile.labelled_examples == 3
    assert "labelled_examples" in profile.model_fields_set


def test_the_log_s_dates_fill_in_the_volume(data: tuple[Path, Path]) -> None:
    """365 questions in a year of 365 days; without dates the profile's default stays unknown."""
    assert "queries_per_month" not in inspect_data([], [data[1]]).fill(Profile()).model_fields_set
    data[1].write_text("question,answers,asked,date\nHow long?,24 months,300,2025-01-01\nWho?,Ann,65,2025-12-31\n")
    found = inspect_data([], [data[1]])
    assert found.fill(Profile()).queries_per_month == 30
    assert "30 times a month" in found.lines()[0]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """The error names a folder of documents that does not exist."""
    with pytest.raises(InputError, match="nowhere"):
        inspect_data([tmp_path / "nowhere"])


# --- recommendation


def test_a_clear_case_is_recommended_alone_with_its_reasons() -> None:
    """The headline names one approach, the reasons contain the profile's numbers, and there is a roadmap for it."""
    advice = advise(CLEAR, START)
    told = advice.recommendation
    assert (told.approach, told.tied_with, told.headline) == ("rag", (), "Start with RAG.")
    assert any("every 2 days" in reason for reason in told.reasons)
    assert "Fine-tuning is ruled out" in told.uncertainty
    assert advice.roadmap is not None
    assert advice.roadmap.approach == "rag"


def test_a_tie_is_said_and_begins_with_the_leader() -> None:
    """If the draws are split, the approaches are tied, and the one that leads most often comes first."""
    advice = advise(TIED, START)
    told = advice.recommendation
    assert told.tied_with
    assert "are tied" in told.headline
    assert "and fine-tuning and" not in told.headline
    assert told.approach == advice.matrix.leader
    assert f"leads in {100 * advice.matrix.wins[told.approach]:.0f} % of the draws" in told.headline


def test_nothing_known_recommends_nothing(tmp_path: Path) -> None:
    """An empty profile gets no approach, no roadmap and no calendar, but says what is missing."""
    advice = advise(Profile(), START)
    assert advice.recommendation.approach is None
    assert advice.roadmap is None
    written = write_advice(advice, tmp_path / "out")
    assert [path.name for path in written] == ["advice.md", "advice.html"]
    assert "How often the documents change" in written[0].read_text()


def test_a_missing_price_takes_only_the_cost_away() -> None:
    """If an API price is missing, only the cost is missing, and it says why."""
    advice = advise(Profile(update_interval_days=2, answers_on="api"), START)
    assert advice.cost.rows == ()
    assert "input_tokens" in advice.cost.problem
    assert advice.recommendation.approach is not None
    assert "Costs could not be calculated" in advice_markdown(advice)


def test_costs_that_surely_exceed_a_budget_are_told() -> None:
    """Above the budget is who exceeds it even with the fewest days of work."""
    least = {name: of.low for name, of in estimates(Profile(), STANDING).setup.items()}
    budget = (least["fine-tuning"] + least["rag"]) / 2
    warnings = advise(Profile(ml_expertise=3, budget_setup_usd=budget), START).cost.warnings
    assert warnings == (f"Above the budget of {budget:,.2f} USD to set up: Fine-tuning, Hybrid.",)


def test_the_monthly_budget_is_held_against_the_running_cost_alone() -> None:
    """Upkeep work is part of the running cost, the set-up is not."""
    profile = Profile(ml_expertise=3, budget_usd_per_month=1)
    assert advise(profile, START).cost.warnings == (
        "Above the budget of 1 USD a month to run: RAG, Fine-tuning, Hybrid.",
    )
    rag = next(row for row in advise(Profile(), START).cost.rows if row.approach == "rag")
    assert 12 * rag.running_usd_per_month == pytest.approx(rag.total_usd - rag.setup_usd)


DAYS: dict[str, Any] = {
    "project_days": 0,
    "setup_days": {"rag": 5, "tuned": 8, "hybrid": 12},
    "data_days": {"rag": 1, "tuned": 5, "hybrid": 6},
}
"""Days that the team gives are exact: 6, 13 and 18, at 800 USD a day."""


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"budget_setup_usd": 1_000, "budget_usd_per_month": 30}, ("breaks both budgets", "No approach surely keeps")),
        ({"budget_setup_usd": 5_000, **DAYS}, ("only RAG surely keeps the budget",)),
        (
            {"budget_setup_usd": 5_000, "project_days": 0},
            ("RAG may break the budget", "No approach surely keeps the budget"),
        ),
        ({"budget_setup_usd": 5_000, "budget_usd_per_month": 30, **DAYS}, ("breaks one of the budgets",)),
        ({"budget_setup_usd": 90_000, "budget_usd_per_month": 9_000}, ()),
        ({}, ()),
    ],
)
def test_a_broken_budget_stands_right_after_the_headline(values: dict[str, Any], told: tuple[str, ...]) -> None:
    """The budget sentence is on the page and in Markdown; it is empty if there is nothing to say."""
    advice = advise(Profile(labelled_examples=20, ml_expertise=0, **values), START)
    assert advice.recommendation.approach == "rag"
    assert bool(advice.recommendation.budget) == bool(told)
    after = advice_markdown(advice).split("**")[2:4]
    for words in told:
        assert words in advice.recommendation.budget
        assert words in "".join(after)
        assert words in advice_html(advice)


def test_who_cannot_keep_the_budget_is_not_recommended() -> None:
    """Everything favours tuning, but only RAG costs less than 7,000 USD to set up."""
    wanted = Profile(
        needs_style=True, consistency_needed=True, latency_limit_ms=200, ml_expertise=5, has_training_gpu=True,
        labelled_examples=9_000, budget_setup_usd=7_000, **DAYS,
    )  # fmt: skip
    advice = advise(wanted, START)
    assert advice.recommendation.approach == "rag"
    assert "the budget is 7,000 USD" in advice.matrix.ruled_out["fine-tuning"]
    assert any("Fine-tuning would lead" in line and "Budget for setting up" in line for line in advice.changes)


def test_misjudged_usage_is_the_same_only_where_it_does_not_matter() -> None:
    """With known days, usage does not matter on an idle machine; it does for five million answers by an API."""
    known = {**DAYS, "upkeep_days_per_month": {"rag": 0.75, "tuned": 0.75, "hybrid": 1.25}}
    assert {row.interval for row in advise(Profile(**known), START).cost.rows} == {"the same"}
    prices = {"input_tokens": 0.15, "output_tokens": 0.60}
    by_api = advise(Profile(answers_on="api", queries_per_month=5_000_000, prices=prices, **known), START).cost.rows
    prompt, completion = 12 * 5 * 430 * 0.15, 12 * 5 * 16 * 0.60  # each from half to double, apart from the other
    rag = next(row for row in by_api if row.approach == "rag")
    assert rag.high_usd - rag.total_usd == pytest.approx(math.hypot(prompt, completion), rel=0.03)
    assert rag.total_usd - rag.low_usd == pytest.approx(math.hypot(prompt, completion) / 2, rel=0.03)
    assert "to" in rag.interval


def test_what_a_pilot_replaces_is_said_as_it_is() -> None:
    """A pilot replaces seconds and tokens, but not days of work, which are most of the cost."""
    for text in (advice_markdown(advise(CLEAR, START)), advice_html(advise(CLEAR, START))):
        assert "every figure" not in text
        assert "does not measure days of work" in text


def test_the_approach_that_leads_most_often_is_recommended() -> None:
    """Headline, draws, plan and page name the same one; that another one has a higher mean score is said."""
    differs = [
        profile for profile in random_profiles(300) if highest(profile) != decision_matrix(profile, STANDING).leader
    ]
    assert differs
    for profile in (TIED, *differs[:2]):
        advice = advise(profile, START)
        matrix, first = advice.matrix, advice.recommendation.approach
        assert first is not None and advice.roadmap is not None
        assert matrix.wins[first] == max(matrix.wins.values()) and advice.roadmap.approach == first
        assert f"Start with {TITLES[first]}" in advice.recommendation.headline
        also = f"; {TITLES[highest(profile)]} has the highest mean score" in advice.changes[0]
        assert also == (highest(profile) != first)


def highest(profile: Profile) -> str:
    """Who has the highest mean score of those that are not ruled out."""
    matrix = decision_matrix(profile, STANDING)
    return max(matrix.open_to, key=lambda name: matrix.totals[name])


def test_in_a_tie_the_leader_is_named_before_what_would_change_it() -> None:
    """The lines on what would change the answer begin with the current leader if it is tied."""
    advice = advise(TIED, START)
    assert advice.matrix.leader is not None
    assert advice.changes[0].startswith("Now ")
    assert not any(line.startswith("Now ") for line in advise(CLEAR, START).changes)


def test_one_day_is_a_day() -> None:
    """One day is written 'every day', not 'every 1 days'."""
    text = advice_markdown(advise(Profile(update_interval_days=1, ml_expertise=0), START))
    assert "documents change every day" in text
    assert "Every day: Re-index" in text
    assert "every 1 days" not in text.lower()


def test_weights_that_sum_to_zero_are_refused() -> None:
    """The matrix's own error reaches the caller."""
    from bakeoff.decide.advise.factors import read_factors

    with pytest.raises(ConfigError, match="sum to zero"):
        advise(Profile(factor_weights={factor.name: 0.0 for factor in read_factors()}), START)


# --- what a pilot must show


def test_conditions_carry_measures_with_numbers() -> None:
    """Each condition names a contender, a measure and a threshold, and says what to do if it is not met."""
    found = conditions_for(Profile(accuracy_requirement=4, latency_limit_ms=900, update_interval_days=7), "rag")
    by_measure = {one.measure: one for one in found if not one.against}
    assert by_measure["accuracy"].threshold == 0.90
    assert by_measure["latency_ms"].threshold == 900
    assert "freshness" in by_measure
    assert all(one.otherwise for one in found)


def test_the_dearer_of_two_must_beat_the_cheaper() -> None:
    """For a hybrid: it beats rag by 2 points on unseen facts. For rag: the hybrid does not."""
    for_hybrid = next(one for one in conditions_for(Profile(), "hybrid") if one.against == "rag")
    for_rag = next(one for one in conditions_for(Profile(), "rag") if one.against == "hybrid")
    assert for_hybrid.text.startswith(
        "hybrid beats rag by at least 2 points of accuracy on facts that were not trained on"
    )
    assert for_rag.text.startswith("hybrid does not beat rag by 2 points")
    assert (for_hybrid.otherwise, for_rag.otherwise) == ("use RAG", "use a hybrid")


def test_what_follows_otherwise_is_not_what_is_done_already() -> None:
    """An approach with retrieval is not advised to use retrieval, nor a tuned one to use tuning."""
    profile = Profile(update_interval_days=7, consistency_needed=True)
    approaches = ("rag", "fine-tuning")
    told = {name: {one.measure: one.otherwise for one in conditions_for(profile, name)} for name in approaches}
    assert "what retrieves" not in told["rag"]["freshness"]
    assert "what is tuned" not in told["fine-tuning"]["consistency"]
    assert "passages" not in told["fine-tuning"]["latency_ms"]


def test_a_ruled_out_approach_is_no_rival() -> None:
    """No condition compares with an approach that is ruled out."""
    assert "tuned" not in {one.against for one in conditions_for(Profile(), "rag", ("fine-tuning",))}


def test_questions_needed_follow_from_the_paired_test() -> None:
    """By hand: (1.96 + 0.84)^2 x 0.3 / 0.1^2 = 235.5; and the two functions are inverse."""
    assert questions_needed(0.1) == 236
    assert smallest_difference(questions_needed(0.05)) == pytest.approx(0.05, rel=0.01)


def test_simulated_power_agrees_with_the_formula() -> None:
    """At the number of questions it asks for, about 80 % of simulated pilots find the difference."""
    import numpy as np

    n, rng = questions_needed(0.1), np.random.default_rng(0)
    difference = rng.choice([1, -1, 0], p=[0.2, 0.1, 0.7], size=(4000, n))
    z = difference.sum(axis=1) / np.sqrt((difference != 0).sum(axis=1))  # McNemar's statistic
    assert np.mean(np.abs(z) > 1.96) == pytest.approx(0.80, abs=0.04)


# --- files


class Page(HTMLParser):
    """Collects a page's external requests, and checks that its elements are closed in order."""

    VOID = ("meta", "link", "br", "input", "img")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("profile", [CLEAR, TIED, Profile()])
def test_the_page_stands_alone_and_is_well_formed(profile: Profile) -> None:
    """No request leaves the page, every element is closed, and every link inside it has its target."""
    text = advice_html(advise(profile, START))
    page = Page()
    page.feed(text)
    assert page.open == []
    assert all(target.startswith(("#", "data:")) for target in page.fetched)
    targets = set(re.findall(r'id="([\w-]+)"', text))
    wanted = {target[1:] for target in page.fetched if target.startswith("#")}
    if advise(profile, START).roadmap:
        assert wanted <= targets
    assert "<script" not in text
    assert "prefers-color-scheme: dark" in text


def test_what_comes_from_files_is_escaped() -> None:
    """Markup in a file name is escaped on the page and in the Markdown."""
    inspection = Inspection(n_documents=1, corpus_tokens=10, not_read=("<img src=x onerror=alert(1)>|a: b",))
    advice = advise(CLEAR, START, inspection)
    assert "<img" not in advice_html(advice)
    assert "<img" not in MarkdownIt().render(advice_markdown(advice))


def test_markdown_says_everything() -> None:
    """Recommendation, reasons, conditions, matrix, cost, roadmap and risks each have a section with complete tables."""
    text = advice_markdown(advise(TIED, START))
    for heading in (
        "## Why",
        "## What a pilot must show",
        "## Decision matrix",
        "## Cost",
        "## 90-day roadmap",
        "### Risks",
        "### Recurring work",
    ):
        assert heading in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    """Writing into the same folder again is refused with the names of the existing files, which stay unchanged."""
    write_advice(advise(CLEAR, START), tmp_path, stamp=STAMP)
    before = (tmp_path / "advice.md").read_text()
    with pytest.raises(InputError, match=r"(?s)advice\.md.*--force"):
        write_advice(advise(TIED, START), tmp_path)
    assert (tmp_path / "advice.md").read_text() == before
    write_advice(advise(TIED, START), tmp_path, force=True)
    assert (tmp_path / "advice.md").read_text() != before


def test_an_older_roadmap_does_not_stay_beside_other_advice(tmp_path: Path) -> None:
    """Overwriting with advice that recommends nothing deletes the old calendar."""
    write_advice(advise(CLEAR, START), tmp_path)
    assert (tmp_path / "roadmap.ics").exists()
    write_advice(advise(Profile(), START), tmp_path, force=True)
    assert not (tmp_path / "roadmap.ics").exists()


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    """An output path that is a file is an error."""
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(BakeoffError, match="is a file"):
        write_advice(advise(CLEAR, START), path)


@pytest.mark.parametrize(
    ("today", "monday"), [(date(2026, 11, 21), date(2026, 11, 23)), (date(2026, 11, 23), date(2026, 11, 30))]
)
def test_a_plan_begins_on_the_next_monday(today: date, monday: date) -> None:
    """The next Monday after a Saturday is two days later, after a Monday a week later."""
    assert next_monday(today) == monday


def test_advice_loads_no_model_and_no_index(tmp_path: Path) -> None:
    """A fresh process gives and writes advice without importing an engine."""
    script = (
        "import sys; from datetime import date; from pathlib import Path\n"
        "from bakeoff.contenders.load import standard_entrants\n"
        "from bakeoff.report.advice.write import write_advice\nfrom bakeoff.decide.advise.advise import advise\n"
        "from bakeoff.decide.situation.profile import Profile\n"
        "advice = advise(Profile(update_interval_days=7), date(2026, 11, 23), standard_entrants())\n"
        "write_advice(advice, Path(sys.argv[1]))\n"
        "heavy = {'torch', 'transformers', 'openvino', 'lancedb', 'sentence_transformers'} & set(sys.modules)\n"
        "print(sorted(heavy))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
    assert (tmp_path / "advice.md").exists()


@pytest.mark.parametrize("table", ["setup_days", "data_days", "upkeep_days_per_month", "fixed"])
def test_advice_refuses_names_that_no_recipe_has_as_a_report_does(table: str) -> None:
    """A typo would lose the days or amounts; the error names the nearest recipe."""
    given = {"setup_usd": 5} if table == "fixed" else 4
    with pytest.raises(ConfigError, match="'rga' is not a contender or recipe") as error:
        advise(Profile.model_validate({table: {"rga": given, "rag": given}}), START)
    assert "did you mean 'rag'?" in str(error.value)
    advise(Profile.model_validate({table: {"rag": given}, "measure_weights": {"ours": 2}}), START)


def test_advice_takes_names_of_a_run_to_come_and_says_that_they_do_not_count() -> None:
    """The same profile serves the run, which has these contenders."""
    warnings = advise(Profile.model_validate({"setup_days": {"big-model": 3.0, "rag": 2.0}}), START).warnings
    assert any("days of work for big-model" in line and "does not count here" in line for line in warnings)


def test_the_page_says_what_each_approach_is_called_in_a_pilot() -> None:
    """The approaches are named by the recipes that represent them."""
    for text in (advice_markdown(advise(CLEAR, START)), advice_html(advise(CLEAR, START))):
        assert (
            "RAG is represented by rag, fine-tuning is represented by tuned and a hybrid is represented by hybrid"
            in text
        )
