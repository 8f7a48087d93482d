"""The schema that editors use accepts what Bakeoff accepts and marks what it refuses; the profile's page is current."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from bakeoff.decide.advise.factors import read_factors
from bakeoff.decide.situation.profile import MeasureWeights, Profile
from bakeoff.decide.situation.reference import PARTS, SECTIONS, profile_page
from bakeoff.runs.schema import config_schema, profile_schema

REPOSITORY = Path(__file__).parents[2]
MINIMAL = {"name": "a", "documents": "docs", "questions": ["q.csv"]}


def config_errors(**more) -> list[str]:
    return [
        error.message for error in jsonschema.Draft202012Validator(config_schema()).iter_errors({**MINIMAL, **more})
    ]


def profile_errors(**values) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(profile_schema()).iter_errors(values)]


@pytest.mark.parametrize("schema", [config_schema(), profile_schema()], ids=["configuration", "profile"])
def test_both_schemas_are_valid_schemas(schema):
    """By the meta-schema of the draft they name."""
    named = jsonschema.validators.validator_for(schema, default=None)
    assert named is jsonschema.Draft202012Validator
    assert [error.message for error in named(named.META_SCHEMA).iter_errors(schema)] == []


def test_the_example_is_valid():
    """The configuration of the bundled example has no errors; the same with a key misspelt has one."""
    values = yaml.safe_load((REPOSITORY / "examples/support-desk/bakeoff.yaml").read_text())
    assert config_errors(**values) == []
    assert config_errors(**values, contendors=values["contenders"])


@pytest.mark.parametrize(
    "values",
    [
        {"documents": ["a", "b"], "questions": "q.csv"},
        {"contenders": "rag"},
        {"contenders": ["base", "my_package.MyRag", {"name": "rag-8", "like": "rag", "retrieval": {"k": 8}}]},
        {"models": {"generator": "a/b", "large": {"api": "openai", "base_url": "https://a.example/v1", "model": "m"}}},
        {"general": None, "updates": {"documents": "new", "questions": "new.csv"}},
        {"profile": {"prices": {"machine_hour": 0.2, "gpu_hour": {"amount": 2, "currency": "EUR"}}}},
    ],
)
def test_what_the_configuration_accepts_is_valid(values):
    """A single text for a list, a name for a model or a contender, a number for a price."""
    assert config_errors(**values) == []


@pytest.mark.parametrize(
    "values",
    [
        {"contendors": ["rag"]},
        {"documents": []},
        {"contenders": [{"like": "rag", "retrieval": {"kk": 8}}]},
        {"retrieval": {"k": 0}},
        {"profile": {"max_latency": 5}},
        {"profile": {"prices": {"machine_huor": 1}}},
        {"seed": "seven"},
    ],
)
def test_what_the_configuration_refuses_is_marked(values):
    """A key that does not exist, an empty list, a value out of range or of another type."""
    assert config_errors(**values)


def test_a_profile_is_checked_alike():
    """In a file of its own."""
    assert profile_errors(latency_limit_ms=500, measure_weights={"accuracy": 2}, prices={"input_tokens": 1}) == []
    assert profile_errors(latency_ms=500) and profile_errors(margin=2) and profile_errors(answers_on="cloud")


def test_every_key_of_the_profile_is_described():
    """With a meaning, a unit (which may be none) and at least one part that uses it."""
    for record in (Profile, MeasureWeights):
        for key, field in record.model_fields.items():
            assert field.description, key
            assert isinstance(field.json_schema_extra["unit"], str), key
            assert set(field.json_schema_extra["used_by"]) and set(field.json_schema_extra["used_by"]) <= set(PARTS), (
                key
            )


def test_the_matrix_uses_the_keys_that_the_page_says():
    """The fields of its factors, the margin, the value, and the weights of the factors, and nothing else."""
    said = {key for key, field in Profile.model_fields.items() if "matrix" in field.json_schema_extra["used_by"]}
    fields = {name for factor in read_factors() for name in (factor.field, factor.per) if name}
    assert said == fields | {"margin", "value", "factor_weights"}


def test_every_section_of_the_page_begins_at_a_key():
    """A renamed key would remove its section's title."""
    assert {first for _, first in SECTIONS} <= set(Profile.model_fields)


def test_the_page_is_current():
    """docs/profile.md matches the code; regenerate it with: bakeoff schema profile --markdown > docs/profile.md"""
    page = (REPOSITORY / "docs/profile.md").read_text()
    assert page == profile_page()
    assert all(re.search(rf"^\| `{key}` \|", page, re.M) for key in Profile.model_fields)
