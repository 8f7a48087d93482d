"""The reference page of the profile: every key with its type, unit, default, range, meaning and use.

Takes only the records, gives Markdown (docs/profile.md). Each key is described where it is defined.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bakeoff.decide.situation.prices import API_USAGE, DEFAULTS, UNITS, Price
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.profile_keys import MeasureWeights, Part
from bakeoff.decide.situation.stakes import OwnStakes, Today, Value
from bakeoff.records import Record

COMMAND = "bakeoff schema profile --markdown"
PARTS: dict[str, str] = {
    "matrix": "the decision matrix of `bakeoff advise` and of the report ([matrix](matrix.md)), where you name the key",
    "roadmap": "the 90-day roadmap, its risks and the conditions of the advice ([roadmap](roadmap.md))",
    "cost": "total cost, break-even and the measure `cost_per_1k` ([cost](cost.md))",
    "limits": "a hard limit of the verdict: a contender that breaks it cannot win ([verdict](verdict.md))",
    "goals": "what is good enough to ship: a winner that misses a goal is a base to build on, but not ready to ship",
    "verdict": "which contender leads: smaller differences do not count ([verdict](verdict.md))",
    "declining": "when contenders decline ([comparison](compare.md))",
    "sensitivity": "what would change the verdict ([sensitivity](sensitivity.md))",
}
SECTIONS = (
    ("Limits", "must_run_offline"),
    ("Volumes", "queries_per_month"),
    ("Knowledge", "corpus_tokens"),
    ("Needs", "needs_citations"),
    ("People and machines", "ml_expertise"),
    ("Computing and prices", "answers_on"),
    ("Days of work", "setup_days"),
    ("What matters", "margin"),
)
"""The sections of the page, each with its first key."""
VALUE = """\
The keys of `value`. Amounts are for one question, compared with nobody answering it, which is worth 0. One number is
enough: `value: {currency: USD, unanswered: 4}`. The contender "nothing" is today's process: see `today`.

With `declined_to: today` and `today: {accuracy: 0.9, per_question: 1}`, a declined question there earns
.9 x 4 - .1 x 4 = 3.20 USD and costs 1: it gains 2.20 USD, less `declined`
([how it is counted](verdict.md#what-an-answer-is-worth))."""
TYPES = {"bool": "yes or no", "int": "whole number", "float": "number", "str": "text", "NoneType": "null"}
BOUNDS = {"Ge": ("ge", "≥ {}"), "Gt": ("gt", "> {}"), "Le": ("le", "≤ {}"), "Lt": ("lt", "< {}")}

INTRODUCTION = f"""\
# The profile

What you know about your situation. Put it under `profile:` in bakeoff.yaml, or in a separate file (YAML or JSON) for
`bakeoff advise --profile` and `bakeoff report RUN --profile`. Every key has a default, so give only what you know. In
the decision matrix, a key that you do not give counts as not known, whatever its default. Write fractions as 0.05 for
5 %. Money is in US dollars. An unknown key is an error.

```yaml
latency_limit_ms: 2000
queries_per_month: 40000
max_hallucination: 0.02
prices: {{machine_hour: 0.25, engineering_day: {{amount: 700, currency: EUR, source: our rate}}}}
usd_per: {{EUR: 1.10}}
measure_weights: {{accuracy: 4, cost_per_1k: 1}}
```

This page is generated from the code: `{COMMAND}` prints it. `bakeoff schema profile` prints the
JSON schema.

The last column says which parts of Bakeoff use a key:
"""


def profile_page() -> str:
    """The page as Markdown."""
    parts = [f"- **{part}**: {PARTS[part]}" for part in get_args(Part)]
    return "\n".join([INTRODUCTION, *parts, *_sections(), *_value(), *_weights(), *_prices()]) + "\n"


def _sections() -> Iterator[str]:
    titles = {first: title for title, first in SECTIONS}
    for key, field in Profile.model_fields.items():
        if key in titles:
            yield from ("", f"## {titles[key]}", "", *_head())
        yield _row(key, field)


def _value() -> Iterator[str]:
    """What answers are worth, and what doing nothing is."""
    yield from ("", "## Value", "", VALUE, "", *_head())
    yield from (_row(key, field) for key, field in Value.model_fields.items())
    yield from ("", "The keys of an entry of `by_slice` or `by_kind`:", "", *_head())
    yield from (_row(key, field) for key, field in OwnStakes.model_fields.items())
    yield from ("", "The keys of `today`:", "", *_head())
    yield from (_row(key, field) for key, field in Today.model_fields.items())


def _weights() -> Iterator[str]:
    yield from ("", "## Weights of the measures", "", "The keys of `measure_weights`.", "", *_head())
    yield from (_row(key, field) for key, field in MeasureWeights.model_fields.items())


def _prices() -> Iterator[str]:
    """Every price that can be given, with the default."""
    yield from (
        "",
        "## Prices",
        "",
        "The names in `prices`. Each is in US dollars per its unit, unless `currency` says otherwise. A price is a",
    )
    yield from ("number, or a mapping with `amount`, `currency`, `date` and `source`.", "")
    yield from ("| price | per | default | source of the default |", "|---|---|---|---|")
    for name, unit in UNITS.items():
        default = DEFAULTS.get(name)
        amount = f"{default.amount:g}" if default else "none"
        yield f"| `{name}` | {unit} | {amount} | {_cell(_source(name, default))} |"


def _source(name: str, default: Price | None) -> str:
    """The source of the default; if there is no default, what the user must give instead."""
    if default:
        return default.source + (f" ({default.date.isoformat()})" if default.date else "")
    if name in API_USAGE:
        return "the list price of `api_model`"
    if name.startswith("tuned_"):
        return f"the list price of `api_tuned_model`, else `{name.removeprefix('tuned_')}`"
    return "must be given if `training_on` is `api`"


def _head() -> tuple[str, str]:
    return "| key | type | unit | default | allowed | meaning | used by |", "|---|---|---|---|---|---|---|"


def _row(key: str, field: FieldInfo) -> str:
    extra: Any = field.json_schema_extra or {}
    cells = (
        f"`{key}`",
        _type(field.annotation),
        extra.get("unit", ""),
        _default(field.get_default(call_default_factory=True)),
        _allowed(field),
        field.description or "",
        ", ".join(extra.get("used_by", ())),
    )
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _type(annotation: Any) -> str:
    """The type in words: 'number or null', 'machine, gpu or api'."""
    if annotation in (None, type(None)):
        return "null"
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return "keys with their values"
    members = get_args(annotation)
    if not members:
        return TYPES.get(annotation.__name__, annotation.__name__)
    if getattr(annotation, "__origin__", None) is dict:
        return "keys with their values"
    words = [f"`{member}`" if isinstance(member, str) else _type(member) for member in members]
    return " or ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} or {words[-1]}"


def _default(value: Any) -> str:
    if isinstance(value, Record):
        return "see below"
    if value is PydanticUndefined:
        return "none: must be given"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {entry:g}" for key, entry in value.items()) or "none"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else f"`{value}`"


def _allowed(field: FieldInfo) -> str:
    """The range, such as '> 0, ≤ 1'; empty if every value of the type is allowed."""
    bounds = [
        sign.format(f"{getattr(bound, attribute):g}")
        for name, (attribute, sign) in BOUNDS.items()
        for bound in field.metadata
        if type(bound).__name__ == name
    ]
    return ", ".join(bounds)
