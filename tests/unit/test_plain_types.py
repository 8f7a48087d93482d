"""What pydantic says of a wrong kind of value, in plain words wherever it is shown."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

import bakeoff
from bakeoff.errors import ConfigError
from bakeoff.files.plain_types import message_of
from bakeoff.runs.config import validate
from bakeoff.serve.documents.received import SentDocument, parsed_as
from bakeoff.serve.openai.errors import ApiError


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (tuple[str, ...], "hr"), (list[str], 1), (set[str], 1), (frozenset[str], 1), (dict[str, int], "x"),
        (SentDocument, 1), (str, 1), (int, "x"), (int, 1.5), (float, "x"), (bool, "x"), (int, [1]), (float, [1]),
        (bool, [1]), (bytes, 1),
    ],
)  # fmt: skip
def test_no_kind_of_value_has_the_name_that_python_gives_it(kind: Any, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    said = message_of(caught.value.errors()[0])
    assert not re.search(r"valid|tuple|dict|frozen|string|integer|boolean|instance|object", said)


def test_labels_are_a_list_of_names() -> None:
    with pytest.raises(ApiError, match=re.escape('labels: it should be a list of names, as in ["hr"].')):
        parsed_as(SentDocument, {"text": "a", "labels": "hr"})


def test_a_configuration_says_so_too() -> None:
    with pytest.raises(ConfigError, match=r"'measuring.batch_size': Input should be a whole number \(found 'x'\)"):
        validate({"name": "a", "documents": "docs", "questions": "q.csv", "measuring": {"batch_size": "x"}})


def test_every_message_of_pydantic_goes_through_here() -> None:
    folder = Path(bakeoff.__file__).parent
    pattern = re.compile(r"""\[["']msg["']\]""")
    files = [path.name for path in folder.rglob("*.py") if pattern.search(path.read_text(encoding="utf-8"))]
    assert files == ["plain_types.py"]
