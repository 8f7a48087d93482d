"""The eight measures of comparison.json."""

from dataclasses import replace

import pytest

from bakeoff.measure.comparison import Axes, Entrant
from bakeoff.measure.rates import Rates
from bakeoff.measure.score import score_answers, values_of
from bakeoff.measure.summary import Measured, summarise
from bakeoff.records import Stage, Usage
from tests.unit.fakes import answer, question

QUESTIONS = [
    question("s1", answers=["red"], slice="seen", asked=90),
    question("s2", answers=["red"], slice="unseen", asked=10),
    question("u1", answers=[], slice="unanswerable", asked=10),
    question("g1", answers=["Paris"], slice="general"),
    question("g2", answers=["Rome"], slice="general"),
    question("c1", answers=["green"], slice="changed"),
]

ENTRANTS = {
    "base": Entrant(name="base", recipe="base", title="Base", axes=Axes(model="small"), is_baseline=True),
    "tuned": Entrant(
        name="tuned",
        recipe="tuned",
        title="Tuned",
        axes=Axes(model="small", tuning="LoRA"),
        is_tuned=True,
        parts=("adapter", "small"),
    ),
    "rag": Entrant(name="rag", recipe="rag", title="RAG", axes=Axes(model="small", knowledge="retrieval")),
    "own": Entrant(name="own", recipe="their.Own", title="Own"),
    "sends": Entrant(name="sends", recipe="router", title="Router", behind=("tuned", "rag")),
    "levels": Entrant(name="levels", recipe="cascade", title="Cascade", behind=("base", "rag")),
}


def measured(name, texts, updated=None, **more):
    def given(mapping):
        return [
            answer(
                key, text, contender=name, abstained=text == "I don't know.", usage=Usage(seconds=2.0, prompt_tokens=10)
            )
            for key, text in mapping.items()
        ]

    return Measured(
        entrant=ENTRANTS[name],
        values=values_of(score_answers(QUESTIONS, given(texts)))[name],
        answers=tuple(given(texts)),
        updated=values_of(score_answers(QUESTIONS, given(updated or {}))).get(name, {}),
        **more,
    )


BASE = measured("base", {"s1": "blue", "s2": "blue", "u1": "blue", "g1": "Paris", "g2": "Rome", "c1": "red"})
TUNED = measured(
    "tuned",
    {"s1": "red", "s2": "blue", "u1": "I don't know.", "g1": "Paris", "g2": "Milan", "c1": "red"},
    updated={"c1": "green"},
    latencies_ms=(100.0, 200.0, 300.0),
    setup=(Stage(stage="train", part="adapter", seconds=30), Stage(stage="load", part="small", seconds=6)),
    update=(Stage(stage="update-train", part="adapter", seconds=12, tokens=500),),
)


@pytest.fixture(scope="module")
def tuned():
    prices = Rates(machine_usd_per_hour=3.6, input_usd_per_million_tokens=100.0)
    return summarise(QUESTIONS, [replace(BASE, rates=prices), replace(TUNED, rates=prices)]).measures["tuned"]


def test_accuracy_covers_what_the_documents_are_asked_and_not_general_knowledge(tuned):
    """Two of the three in-domain questions are correct. Every slice is measured separately."""
    assert tuned["accuracy"].value == pytest.approx(2 / 3)
    assert tuned["accuracy"].n == 3
    slices = {name: entry.value for name, entry in tuned["accuracy"].slices.items()}
    assert slices == {"seen": 1.0, "unseen": 0.0, "unanswerable": 1.0, "general": 0.5, "changed": 0.0}


def test_accuracy_by_traffic_counts_each_question_as_often_as_it_is_asked(tuned):
    """100 of 110 askings are answered correctly."""
    assert tuned["accuracy_by_traffic"].value == pytest.approx(100 / 110)
    assert "carries 82 % of the weight" in tuned["accuracy_by_traffic"].detail["too_few_facts"]
    assert "too_few_facts" not in tuned["accuracy"].detail


LONG = "hold the button until the light turns green again"


def test_accuracy_is_also_measured_by_the_length_of_the_accepted_answers():
    """Of answerable questions about the documents; declined ones too. Not where all answers have one length."""
    asked = [
        *QUESTIONS,
        question("l1", answers=[LONG], slice="unseen"),
        question("l2", answers=[LONG], slice="seen"),
        question("l3", answers=[LONG], slice="general"),
    ]
    texts = {"s1": "red", "s2": "blue", "u1": "blue", "l1": "I don't know.", "l2": LONG, "l3": LONG}
    given = [answer(key, text, contender="base", abstained="know" in text) for key, text in texts.items()]
    base = Measured(entrant=ENTRANTS["base"], values=values_of(score_answers(asked, given))["base"], answers=given)
    found = summarise(asked, [base]).measures["base"]
    assert {key: (one.value, one.n) for key, one in found["accuracy"].by_length.items()} == {
        "short": (0.5, 2), "long": (0.5, 2),
    }  # fmt: skip
    assert {key: one.value for key, one in found["abstention"].by_length.items()} == {"short": 0.0, "long": 0.5}
    assert summarise(QUESTIONS, [BASE]).measures["base"]["accuracy"].by_length == {}


def test_hallucination_is_answering_wrongly(tuned):
    """One of three. Declining does not count."""
    assert tuned["hallucination"].value == pytest.approx(1 / 3)


def test_retention_is_held_against_the_base_model(tuned):
    """The base model knew both capitals, the tuned one still knows one."""
    assert tuned["retention"].value == pytest.approx(0.5)


def test_a_contender_whose_model_is_not_tuned_keeps_all_by_definition():
    """Passages that make it decline a general question are no forgetting. A team's own class may have tuned."""
    silent = {"g1": "I don't know.", "g2": "I don't know."}
    others = [measured(name, silent) for name in ("rag", "own", "sends", "levels")]
    found = summarise(QUESTIONS, [BASE, TUNED, *others]).measures
    kept = {name: (of["retention"].value, "unchanged" in of["retention"].detail) for name, of in found.items()}
    assert kept == {
        "base": (1.0, False),
        "tuned": (0.5, False),
        "rag": (1.0, True),
        "own": (0.0, False),
        "sends": (0.0, False),
        "levels": (1.0, True),
    }


def test_freshness_is_measured_after_the_update_with_what_it_cost(tuned):
    """Correct after retraining, wrong before, 12 seconds and 500 tokens."""
    assert tuned["freshness"].value == 1.0
    assert tuned["freshness"].detail == {"before": 0.0, "update_seconds": 12.0, "update_tokens": 500}


def test_cost_adds_compute_time_and_tokens(tuned):
    """2 s at 3.60 an hour is 0.002; 10 tokens at 100 a million are 0.001; times a thousand questions."""
    assert tuned["cost_per_1k"].value == pytest.approx(3.0)


def test_latency_is_the_median_with_the_95th_percentile_beside_it(tuned):
    """Both in milliseconds."""
    assert tuned["latency_ms"].value == 200.0
    assert tuned["latency_ms"].detail["p95"] == pytest.approx(290.0)


def test_setup_sums_the_stages_and_prices_them(tuned):
    """36 seconds at 3.60 an hour."""
    assert tuned["setup_s"].value == 36.0
    assert tuned["setup_s"].detail["cost_usd"] == pytest.approx(0.036)


def test_what_was_not_measured_says_why():
    """Without an update or latency there is no number, but a reason."""
    found = summarise(QUESTIONS, [BASE]).measures["base"]
    for measure in ("freshness", "latency_ms", "consistency", "retrieval_recall"):
        assert found[measure].value is None
        assert found[measure].reason


def test_every_pair_is_contrasted_and_the_skipped_are_named():
    """One pair, two measures."""
    found = summarise(QUESTIONS, [BASE, TUNED], {"long-context": "too long"})
    assert [(one.a, one.b, one.measure) for one in found.contrasts] == [
        ("base", "tuned", "accuracy"),
        ("base", "tuned", "hallucination"),
    ]
    assert found.skipped == {"long-context": "too long"}


def test_questions_that_nobody_asked_have_no_accuracy_by_traffic():
    """A log may count them 0 times. The other measures are not affected."""
    asked = [one.model_copy(update={"asked": 0}) for one in QUESTIONS]
    found = summarise(asked, [BASE]).measures["base"]
    assert found["accuracy_by_traffic"].value is None and found["accuracy"].value is not None


def test_what_was_not_set_up_or_brought_up_to_date_has_no_time_for_it():
    """Not zero seconds, which would be the best value of all."""
    left = replace(TUNED, setup=(), update=None)
    found = summarise(QUESTIONS, [BASE, left]).measures["tuned"]
    assert found["setup_s"].value is None
    assert found["freshness"].value == 1.0 and "update_seconds" not in found["freshness"].detail


def test_the_contender_that_answers_least_is_compared_at_its_own_coverage():
    """Two of three: 1 - 1/3 is more than 2/3 in floating point, and must not shut it out."""
    asked = [question(str(i), answers=["red"], slice="seen") for i in range(3)]
    given = [answer(str(i), "red", contender="base", confidence=float(i), abstained=i == 0) for i in range(3)]
    only = Measured(
        entrant=ENTRANTS["base"], values=values_of(score_answers(asked, given))["base"], answers=tuple(given)
    )
    found = summarise(asked, [only]).measures["base"]["hallucination_at_equal_coverage"]
    assert found.value == 0 and found.detail["coverage"] == pytest.approx(2 / 3)
