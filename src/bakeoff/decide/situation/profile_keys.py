"""Every key of the profile: its type, default, range, unit and meaning, and the parts of Bakeoff that use it.

Takes nothing, gives the records that `profile.py` adds the checks to. Knows nothing about files. Every field has a
default, so a profile only needs the keys that the team knows. All money is in US dollars.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from bakeoff.decide.situation.prices import Price
from bakeoff.decide.situation.ranges import Days
from bakeoff.decide.situation.stakes import MOST_MONEY, Value
from bakeoff.measure.statistics import MARGIN
from bakeoff.records import Record

Compute = Literal["machine", "gpu", "api"]

Part = Literal["matrix", "roadmap", "cost", "limits", "goals", "verdict", "sensitivity", "declining"]
"""The parts of Bakeoff that read a profile; docs/profile.md says what each does with it."""


def _about(unit: str, *used_by: Part) -> dict[str, Any]:
    """Extra facts about a key for docs/profile.md: its unit ('' if it has none) and the parts that use it."""
    return {"unit": unit, "used_by": list(used_by)}


class MeasureWeights(Record):
    """How much each measure matters. Only the proportions count; 0 leaves a measure out.

    The team's own measures may be named too. A run that does not have such a measure raises ConfigError.
    """

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)
    __pydantic_extra__: dict[str, Annotated[float, Field(ge=0)]] = Field(init=False)

    accuracy: float = Field(
        default=3.0, ge=0, description="correct answers", json_schema_extra=_about("weight", "sensitivity")
    )
    hallucination: float = Field(
        default=3.0,
        ge=0,
        description="answers that are wrong or unsupported",
        json_schema_extra=_about("weight", "sensitivity"),
    )
    latency_ms: float = Field(
        default=1.0, ge=0, description="the time of an answer", json_schema_extra=_about("weight", "sensitivity")
    )
    cost_per_1k: float = Field(
        default=2.0, ge=0, description="the cost of 1,000 answers", json_schema_extra=_about("weight", "sensitivity")
    )
    retention: float = Field(
        default=0.5, ge=0, description="general knowledge kept", json_schema_extra=_about("weight", "sensitivity")
    )
    freshness: float = Field(
        default=1.0,
        ge=0,
        description="accuracy on changed documents after the update",
        json_schema_extra=_about("weight", "sensitivity"),
    )
    consistency: float = Field(
        default=1.0,
        ge=0,
        description="the same answer to phrasings of the same fact",
        json_schema_extra=_about("weight", "sensitivity"),
    )
    setup_s: float = Field(
        default=0.5,
        ge=0,
        description="the time from nothing to ready",
        json_schema_extra=_about("weight", "sensitivity"),
    )

    def by_measure(self) -> dict[str, float]:
        """The weight of each measure: Bakeoff's eight first, then the team's own."""
        return self.model_dump()

    @model_validator(mode="after")
    def _something_matters(self) -> "MeasureWeights":
        if not sum(self.model_dump().values()):
            raise ValueError("the weights sum to zero: give at least one measure a weight above 0")
        return self


class FixedCost(Record):
    """What a contender costs, where the team knows it. None: as calculated."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    setup_usd: float | None = Field(default=None, ge=0, le=MOST_MONEY, description="the set-up, once")
    usd_per_month: float | None = Field(
        default=None, ge=0, le=MOST_MONEY, description="each month: hosting, updates, upkeep"
    )
    usd_per_query: float | None = Field(
        default=None, ge=0, le=MOST_MONEY, description="each query: computing, tokens and the hours of the machine"
    )


class ProfileKeys(Record):
    """The keys of a `Profile`, without its checks. None means 'no limit' or 'not known'."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # Limits. A contender that breaks one in a pilot cannot win.
    must_run_offline: bool = Field(
        default=False,
        description="No network while answering: contenders whose model is asked over a network cannot win.",
        json_schema_extra=_about("", "limits", "matrix", "roadmap"),
    )
    privacy_on_premises: bool = Field(
        default=False,
        description="Questions and documents must not leave your machines: contenders that send them to a host on the "
        "internet cannot win.",
        json_schema_extra=_about("", "limits", "matrix", "roadmap"),
    )
    latency_limit_ms: float | None = Field(
        default=None,
        gt=0,
        description="The longest time an answer may take; the 95th percentile must not exceed it. null: no limit.",
        json_schema_extra=_about("ms", "limits", "goals", "matrix", "roadmap"),
    )
    budget_usd_per_month: float | None = Field(
        default=None,
        gt=0,
        le=MOST_MONEY,
        description="The highest allowed cost of an average month after set-up: hosting, answers and upkeep work. "
        "null: no limit.",
        json_schema_extra=_about("USD per month", "limits", "goals", "matrix", "roadmap"),
    )
    budget_setup_usd: float | None = Field(
        default=None,
        gt=0,
        le=MOST_MONEY,
        description="The highest allowed cost of the set-up, work included. null: no limit.",
        json_schema_extra=_about("USD", "limits", "matrix"),
    )
    max_hallucination: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="The largest share of answers that may be wrong or unsupported. null: no limit, and the goal is "
        "0.05.",
        json_schema_extra=_about("fraction", "limits", "goals", "matrix"),
    )
    deadline_days: float | None = Field(
        default=None,
        gt=0,
        description="Calendar days until the first release. It is compared with the days of set-up and data, by one "
        "person: a contender that surely takes longer cannot win.",
        json_schema_extra=_about("days", "limits", "matrix", "roadmap"),
    )

    # Volumes over the horizon. Growth and discount are fractions: 0.05 is 5 %.
    queries_per_month: float = Field(
        default=10_000,
        gt=0,
        le=1e12,
        description="Questions in the first month.",
        json_schema_extra=_about("questions per month", "cost", "matrix", "roadmap"),
    )
    growth_per_month: float = Field(
        default=0.0,
        gt=-1,
        le=1,
        description="How much the volume grows each month: 0.05 is 5 %, a negative number shrinks it.",
        json_schema_extra=_about("fraction", "cost"),
    )
    horizon_months: int = Field(
        default=12,
        ge=1,
        le=120,
        description="The months over which costs are added up.",
        json_schema_extra=_about("months", "cost"),
    )
    discount_per_year: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Discount rate: how much less money is worth a year later. 0.05 is 5 %.",
        json_schema_extra=_about("fraction", "cost"),
    )
    online_hours_per_month: float = Field(
        default=730.0,
        ge=0,
        le=744,
        description="Hours a month in which the machine that answers is kept running.",
        json_schema_extra=_about("hours per month", "cost"),
    )

    # Knowledge. `update_interval_days` None means the documents never change.
    corpus_tokens: int | None = Field(
        default=None,
        gt=0,
        description="Tokens in all documents. null: not known; a run and 'advise --documents' count them.",
        json_schema_extra=_about("tokens", "matrix", "cost", "roadmap"),
    )
    context_window_tokens: int | None = Field(
        default=None,
        gt=0,
        description="The model's context window. null: not known.",
        json_schema_extra=_about("tokens", "matrix"),
    )
    update_interval_days: float | None = Field(
        default=None,
        gt=0,
        description="Days between two changes of the documents. null: they never change.",
        json_schema_extra=_about("days", "limits", "matrix", "cost", "roadmap"),
    )
    changed_share_per_update: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="Share of the documents that an update changes.",
        json_schema_extra=_about("fraction", "cost", "roadmap"),
    )
    labelled_examples: int | None = Field(
        default=None,
        ge=0,
        description="Questions with checked answers to train on. null: not known; a run and 'advise "
        "--questions' count them.",
        json_schema_extra=_about("questions", "matrix", "cost", "roadmap"),
    )

    # Needs.
    needs_citations: bool = Field(
        default=False,
        description="Every answer must name its source.",
        json_schema_extra=_about("", "limits", "matrix", "roadmap"),
    )
    needs_style: bool = Field(
        default=False,
        description="Answers must have a specific style, tone or format.",
        json_schema_extra=_about("", "matrix"),
    )
    consistency_needed: bool = Field(
        default=False,
        description="The same question in other words must get the same answer.",
        json_schema_extra=_about("", "matrix", "roadmap"),
    )
    needs_live_sources: bool = Field(
        default=False,
        description="Answers need sources read at the time of the question, such as databases or the web.",
        json_schema_extra=_about("", "limits", "matrix", "roadmap"),
    )
    needs_independent_updates: bool = Field(
        default=False,
        description="Knowledge must be updated without touching the model.",
        json_schema_extra=_about("", "limits", "matrix"),
    )
    n_model_versions: int = Field(
        default=1,
        ge=1,
        description="Model versions to maintain side by side, for instance one for each customer.",
        json_schema_extra=_about("versions", "matrix", "roadmap"),
    )
    use_case_complexity: int = Field(
        default=3,
        ge=1,
        le=5,
        description="How complex the use case is: 1 (simple look-up) to 5 (many steps).",
        json_schema_extra=_about("1 to 5", "matrix"),
    )
    accuracy_requirement: int = Field(
        default=3,
        ge=1,
        le=5,
        description="How accurate answers must be: 1, 2, 3, 4, 5 stand for 60, 70, 80, 90, 95 % correct.",
        json_schema_extra=_about("1 to 5", "goals", "matrix"),
    )
    domain_specificity: int = Field(
        default=3,
        ge=1,
        le=5,
        description="How far the language of the domain is from everyday language: 1 (everyday) to 5 (highly "
        "specialised).",
        json_schema_extra=_about("1 to 5", "matrix"),
    )

    # People and machines.
    ml_expertise: int = Field(
        default=2,
        ge=0,
        le=5,
        description="Machine-learning expertise in the team: 0 (none) to 5 (it is the team's main work).",
        json_schema_extra=_about("0 to 5", "matrix", "roadmap"),
    )
    app_expertise: int = Field(
        default=3,
        ge=0,
        le=5,
        description="Experience with building and running applications: 0 (none) to 5 (it is the team's main work).",
        json_schema_extra=_about("0 to 5", "matrix"),
    )
    has_training_gpu: bool = Field(
        default=False, description="There is a GPU to train on.", json_schema_extra=_about("", "matrix", "roadmap")
    )
    model_billion_parameters: float | None = Field(
        default=None,
        gt=0,
        description="Size of the model you plan to use. null: not known.",
        json_schema_extra=_about("billion parameters", "matrix", "roadmap"),
    )

    # Where answers are computed and models trained, and at what price (see prices.py for the names).
    # In a run, each model's own settings say where it answers and what its tokens cost. `answers_on: api`, `api_model`
    # and `api_tuned_model` are for `bakeoff advise`, which has no run. `answers_on: gpu` prices the machine in both.
    answers_on: Compute = Field(
        default="machine",
        description="Where answers are computed: a machine without a GPU, one with a GPU, or an API paid by the token. "
        "`api` is for `bakeoff advise`: in a run each model says itself where it answers and what it costs.",
        json_schema_extra=_about("", "cost", "roadmap"),
    )
    training_on: Compute = Field(
        default="machine",
        description="Where models are trained: a machine without a GPU, one with a GPU, or an API paid by the token.",
        json_schema_extra=_about("", "cost", "roadmap"),
    )
    api_model: str | None = Field(
        default=None,
        description="The API model whose list price is used, such as openai:gpt-4o-mini. Only for `bakeoff advise`, "
        "where answers_on is api; a run takes the price of each model in `models:`.",
        json_schema_extra=_about("", "cost"),
    )
    api_tuned_model: str | None = Field(
        default=None,
        description="The tuned API model whose list price is used, by `bakeoff advise`. null: the price of api_model.",
        json_schema_extra=_about("", "cost"),
    )
    cached_prompt_share: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of the prompt tokens that the API bills at its price for cached tokens.",
        json_schema_extra=_about("fraction", "cost"),
    )
    machines: int = Field(
        default=1,
        ge=1,
        description="Machines that are kept online, for redundancy and for the busiest hour.",
        json_schema_extra=_about("machines", "cost"),
    )
    batch_share: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of the queries that can wait and are answered by the API in batches.",
        json_schema_extra=_about("fraction", "cost"),
    )
    batch_discount: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="How much less the API charges in batches.",
        json_schema_extra=_about("fraction", "cost"),
    )
    prices: dict[str, Price] = Field(
        default_factory=dict,
        description="Your own prices by name: a number in US dollars, or amount, currency, date and source.",
        json_schema_extra=_about("", "cost"),
    )
    usd_per: dict[str, float] = Field(
        default_factory=dict,
        description="What one unit of a foreign currency is worth in US dollars, such as {EUR: 1.10}.",
        json_schema_extra=_about("USD", "cost"),
    )

    # Days of work by contender or recipe. Contenders that are not named get their recipe's default.
    setup_days: dict[str, Days] = Field(
        default_factory=dict,
        description="Engineering days to a first working deployment, by contender or recipe: a number, or a range such "
        "as {rag: [5, 12]}, whose middle counts. Contenders that are not named keep the days that their recipe "
        "assumes.",
        json_schema_extra=_about("days", "cost", "roadmap"),
    )
    data_days: dict[str, Days] = Field(
        default_factory=dict,
        description="Days of preparing documents and writing or checking training questions, by contender or recipe: "
        "numbers or ranges.",
        json_schema_extra=_about("days", "cost", "roadmap"),
    )
    upkeep_days_per_month: dict[str, Days] = Field(
        default_factory=dict,
        description="Days a month of monitoring and fixing, by contender or recipe: numbers or ranges.",
        json_schema_extra=_about("days per month", "cost"),
    )

    project_days: float | None = Field(
        default=None,
        ge=0,
        description="Days of the project beside set-up and data: requirements, test questions, the pilot, improvement, "
        "the launch. null: those of the 90-day plan.",
        json_schema_extra=_about("days", "cost"),
    )
    approval_days_per_update: float = Field(
        default=0.25,
        ge=0,
        description="Days of a person who checks and approves each retraining. Contenders that an update does not "
        "train need none.",
        json_schema_extra=_about("days", "cost", "verdict"),
    )
    on_call_usd_per_month: float = Field(
        default=0.0,
        ge=0,
        le=MOST_MONEY,
        description="What it costs a month that somebody is on call for the service.",
        json_schema_extra=_about("USD per month", "cost"),
    )
    fixed: dict[str, FixedCost] = Field(
        default_factory=dict,
        description="Amounts by contender or recipe that you know already: `setup_usd`, `usd_per_month`, "
        "`usd_per_query`. Each replaces what would be calculated for that part.",
        json_schema_extra=_about("USD", "cost"),
    )

    # What matters.
    value: Value | None = Field(
        default=None,
        description="What a right, a wrong and a declined answer are worth to you, in money. The verdict then follows "
        "the expected net value. null: not known; the report shows which contender is best at which value.",
        json_schema_extra=_about("", "verdict", "sensitivity", "matrix", "roadmap"),
    )
    counts: Literal["question", "fact", "traffic"] = Field(
        default="question",
        description="What counts once in the verdict: each question, each fact however it is asked, or each time that "
        "a question was asked.",
        json_schema_extra=_about("", "verdict"),
    )
    slice_weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict,
        description="The mix of questions you expect, such as {seen: 0.7, unseen: 0.3}: shares of the slices seen, "
        "unseen and unanswerable in the verdict. Empty: as in the test.",
        json_schema_extra=_about("weight", "verdict"),
    )
    wrong_answer_penalty: float = Field(
        default=1.0,
        ge=0,
        le=1e6,
        description="What a wrong answer costs, where a correct one earns 1. Declining earns 1 for a question that the "
        "documents do not answer, and 0 for another. The threshold below which a contender declines, how passages are "
        "shown and how a router routes are chosen with it.",
        json_schema_extra=_about("correct answers", "declining"),
    )
    margin: float = Field(
        default=MARGIN,
        gt=0,
        lt=1,
        description="Contenders whose accuracy differs by less than this count as equally good: 0.02 is 2 percentage "
        "points.",
        json_schema_extra=_about("fraction", "verdict", "sensitivity", "matrix", "roadmap"),
    )
    measure_weights: MeasureWeights = Field(
        default=MeasureWeights(),
        description="How much each of the eight measures, and any measure of your own, matters when they are added up. "
        "Only proportions count; 0 leaves a measure out.",
        json_schema_extra=_about("weight", "sensitivity"),
    )
    factor_weights: dict[str, float] = Field(
        default_factory=dict,
        description="Weights of the factors of the decision matrix by name, 0 or more. A factor you do not name weighs "
        "1.",
        json_schema_extra=_about("weight", "matrix"),
    )
