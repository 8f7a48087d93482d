"""The JSON schemas in docs/schemas are those of the types that write a run's files."""

from pathlib import Path

import pytest

from bakeoff.cli.schemas import schema_texts, write_schemas

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize("name", sorted(schema_texts()))
def test_the_schemas_in_the_docs_are_current(name):
    """After changing a type, write the schemas again with: make schemas."""
    assert (SCHEMAS / name).read_text(encoding="utf-8") == schema_texts()[name]


def test_no_schema_is_left_of_a_file_that_is_gone():
    """The folder holds these schemas and no others."""
    assert {path.name for path in SCHEMAS.glob("*.json")} == set(schema_texts())


def test_schemas_are_written_into_any_folder(tmp_path):
    """One file each, whole."""
    assert sorted(path.name for path in write_schemas(tmp_path)) == sorted(schema_texts())
    assert (tmp_path / "scores.json").read_text(encoding="utf-8") == schema_texts()["scores.json"]
