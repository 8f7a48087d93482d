"""Files that people write are read up to a size; what may be a bomb is parsed in a process of its own."""

import os

import pytest

from bakeoff.apart import process
from bakeoff.corpus.sources.web.source import _lines as addresses_of
from bakeoff.decide.situation.profile import read_profile
from bakeoff.errors import ConfigError, InputError
from bakeoff.files.small import MOST_BYTES, small_file
from bakeoff.files.strict_yaml import read_mapping
from bakeoff.formats.tables.filled_in import rows_in as sheet_rows
from bakeoff.importing import data_sets, promptfoo_results
from bakeoff.importing.data_sets import rows_in
from bakeoff.learn.review.sheet import _rows as reviews_of
from bakeoff.llm_judge.key_points import read_key_points
from bakeoff.questions.tools.beir import relevant_documents
from bakeoff.style.examples import read_examples
from bakeoff.synthesis.review import _rows as made_questions_of
from bakeoff.tuning.preferences.rows import read_judgements


def test_a_file_is_read_up_to_its_size_and_no_pipe(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert small_file(path, 5) == b"12345"
    with pytest.raises(OSError, match="larger than 4 bytes"):
        small_file(path, 4)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="not a regular file"):
            small_file(tmp_path / "pipe")


@pytest.mark.parametrize(
    "read",
    [read_profile, read_mapping, read_examples, lambda path: read_key_points(path, [])],
    ids=["profile", "configuration", "examples of style", "key points"],
)
@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_a_file_that_is_far_too_large_is_refused_and_not_read(tmp_path, read, suffix):
    path = tmp_path / f"a{suffix}"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises((ConfigError, InputError), match=r"larger than 10?,000,000 bytes"):
        read(path)


@pytest.mark.parametrize(
    ("read", "most"),
    [
        (lambda path: sheet_rows(path, "labels"), 50_000_000),
        (lambda path: list(reviews_of(path)), 50_000_000),
        (made_questions_of, 50_000_000),
        (read_judgements, 100_000_000),
        (lambda path: addresses_of(str(path)), MOST_BYTES),
        (lambda path: relevant_documents(path.parent / "queries.jsonl"), 50_000_000),
    ],
    ids=["labels", "reviews", "made questions", "preferences", "addresses", "relevant documents"],
)
def test_tables_and_lists_are_refused_before_they_are_read(tmp_path, read, most):
    """The message says how large a file may be."""
    path = tmp_path / "qrels.tsv"
    with path.open("wb") as file:
        file.truncate(most + 1)
    with pytest.raises(InputError, match=rf"qrels\.tsv.*larger than {most:,} bytes"):
        read(path)


@pytest.mark.parametrize("read", [lambda path: list(reviews_of(path)), made_questions_of, read_judgements])
def test_tables_that_people_fill_in_are_parsed_in_a_process_that_is_ended(tmp_path, monkeypatch, read):
    monkeypatch.setenv("BAKEOFF_FILE_MB", "256")
    monkeypatch.setattr(process, "PROCESSES", process.Processes())
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,verdict\n" + b"," * 30_000_000)
    with pytest.raises(InputError, match=r"a\.csv: .*256 MB of memory"):
        read(path)
    process.PROCESSES.close()


def test_a_label_sheet_and_json_to_import_are_parsed_in_a_process_that_is_ended(tmp_path, monkeypatch):
    monkeypatch.setenv("BAKEOFF_FILE_MB", "256")
    monkeypatch.setattr(process, "PROCESSES", process.Processes())
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,verdict\n" + b"," * 30_000_000)
    with pytest.raises(InputError, match=r"a\.csv: .*256 MB of memory"):
        sheet_rows(path, "labels")
    path = tmp_path / "a.json"
    path.write_text(f'{{"results": {{"results": [{",".join(["{}"] * 6_000_000)}]}}}}')
    with pytest.raises(InputError, match=r"a\.json: .*256 MB of memory"):
        promptfoo_results.read(path)
    process.PROCESSES.close()


def test_a_data_set_larger_than_the_memory_of_its_reader_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setenv("BAKEOFF_FILE_MB", "128")
    monkeypatch.setattr(data_sets, "arrow_rows", None)
    path = tmp_path / "a.parquet"
    with path.open("wb") as file:
        file.truncate(128 * 2**20 + 1)
    with pytest.raises(InputError, match=r"a\.parquet cannot be read: it is larger than 134,217,728 bytes"):
        rows_in(path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_examples_of_style_have_lines_that_end_as_any_spreadsheet_ends_them(tmp_path, end):
    """Also within a cell."""
    path = tmp_path / "examples.csv"
    rows = ["text,in_style", '"Hello,', 'you",yes', "Bye,no", ""]
    path.write_bytes(end.join(rows).encode())
    assert [one.text for one in read_examples(path)] == ["Hello,\nyou", "Bye"]
