"""Files are read in a process of its own: whatever a file does to it happens to that file alone."""

import io
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from bakeoff.apart import deadline, frames
from bakeoff.apart.limits import Limits, limits
from bakeoff.apart.process import ApartError, Processes
from bakeoff.corpus.sources.folders import documents_in
from bakeoff.corpus.sources.sql.rows import fact_lines
from bakeoff.errors import ConfigError, InputError
from bakeoff.formats.html.cells import LONG, markdown_of, read_bytes, words_of
from bakeoff.formats.part import UnreadableError
from bakeoff.importing.data_sets import rows_in
from bakeoff.questions.rows.cells import written_answers
from bakeoff.questions.rows.rows import Row
from bakeoff.questions.rows.table import read_table
from tests.hostile import archives

HERE = "tests.unit.test_apart"


def echo(name: str, content: bytes) -> object:
    return [name, content.decode(), os.getpid()]


def refuses(name: str, content: bytes) -> object:
    raise InputError(f"{name} says {content.decode()}.", "say something else")


def fails(name: str, content: bytes) -> object:
    raise KeyError(name)


def dies(name: str, content: bytes) -> object:
    os.kill(os.getpid(), signal.SIGSEGV)
    return None


def hangs(name: str, content: bytes) -> object:
    while True:
        time.sleep(1)


def eats(name: str, content: bytes) -> object:
    return len([bytes(10_000_000) for _ in range(1000)])


def prints(name: str, content: bytes) -> object:
    sys.stdout.write("x" * 100)
    sys.stdout.flush()
    os.write(1, b"y" * 100)
    return dict(os.environ)


def by_steps(name: str, content: bytes) -> object:
    for _ in range(4):
        deadline.longer(1)
        time.sleep(1)
    return "done"


def sends(name: str, content: bytes) -> object:
    """What a parser that was taken over can write to its parent, past all checks; then it hangs."""
    pipe = deadline._tell[0].__self__._told
    pipe.write(content)
    pipe.flush()
    return hangs(name, content)


def frame(kind: bytes, content: bytes) -> bytes:
    written = io.BytesIO()
    frames.write(written, kind, content)
    return written.getvalue()


def peak(name: str, content: bytes) -> object:
    return [len(b"x" * 250_000_000), os.getpid()]


@pytest.fixture
def processes(monkeypatch):
    """Few processes with a small limit of memory."""
    monkeypatch.setenv("BAKEOFF_FILE_MB", "512")
    made = Processes()
    yield made
    made.close()


def test_one_process_reads_many_files(processes):
    first, second = (processes.call(f"{HERE}:echo", name, b"text") for name in ("a", "\ud800"))
    assert first[:2] == ["a", "text"] and second[0] == "\ud800"
    assert first[2] == second[2] != os.getpid()


def test_the_memory_of_who_started_a_process_is_not_counted_as_its_own(processes):
    """Linux counts it in `ru_maxrss`: a large server would have started a process for every file."""
    ballast = b"x" * 400_000_000
    first, second = (processes.call(f"{HERE}:echo", name, b"text") for name in ("a", "b"))
    assert first[2] == second[2] and len(ballast) == 400_000_000


def test_what_a_function_refuses_is_said_in_its_words(processes):
    with pytest.raises(InputError) as told:
        processes.call(f"{HERE}:refuses", "a.pdf", b"no")
    assert (told.value.message, told.value.remedy) == ("a.pdf says no.", "say something else")


@pytest.mark.parametrize(
    ("what", "said", "seconds"),
    [("fails", "KeyError: 'a'", 60), ("dies", "signal 11", 60), ("eats", "512 MB", 60), ("hangs", "3 seconds", 3)],
)
def test_what_a_file_does_to_its_process_happens_to_that_file_alone(processes, monkeypatch, what, said, seconds):
    """A foreign error, a crash, all memory, no end: each is said, with what to do, and the next file is read."""
    monkeypatch.setenv("BAKEOFF_FILE_SECONDS", str(seconds))
    with pytest.raises(ApartError) as told:
        processes.call(f"{HERE}:{what}", "a", b"")
    assert said in told.value.message and told.value.remedy
    assert processes.call(f"{HERE}:echo", "b", b"text")[0] == "b"


def test_the_process_sees_no_keys(processes, monkeypatch):
    """And what it prints does not disturb its answer."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    monkeypatch.setenv("BAKEOFF_KEY", "sk-2")
    seen = processes.call(f"{HERE}:prints", "a", b"")
    assert seen["PATH"] and not [value for value in seen.values() if value.startswith("sk-")]


def test_a_step_may_say_that_it_takes_longer(processes, monkeypatch):
    monkeypatch.setenv("BAKEOFF_FILE_SECONDS", "3")
    assert processes.call(f"{HERE}:by_steps", "a", b"") == "done"


def test_steps_that_say_that_they_take_longer_end_all_the_same(processes, monkeypatch):
    """A thousand scanned pages could take fifty hours."""
    monkeypatch.setenv("BAKEOFF_FILE_SECONDS", "1")
    monkeypatch.setenv("BAKEOFF_FILE_ALL_SECONDS", "2")
    with pytest.raises(ApartError, match="longer than 2 seconds") as told:
        processes.call(f"{HERE}:by_steps", "a", b"")
    assert "BAKEOFF_FILE_ALL_SECONDS" in told.value.remedy
    monkeypatch.setenv("BAKEOFF_FILE_SECONDS", "3")
    assert limits() == Limits(3, 512, 3)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (frame(frames.LONGER, b"Infinity"), "longer than 2 seconds"),
        (frame(frames.LONGER, b"9" * 400), "longer than 2 seconds"),
        (frame(frames.LONGER, b"NaN") + frame(frames.LONGER, b"-5"), "longer than 1 second"),
        (frame(frames.LONGER, b"[" * 100_000) + frame(frames.LONGER, b"\xff"), "longer than 1 second"),
        (frames.GAVE + b"\xff" * 8, "its reader ended"),
        (frame(frames.GAVE, b"[" * 100_000), "sent no answer"),
        (frame(frames.REFUSED, b"5"), "sent no answer"),
    ],
    ids=["without end", "400 digits", "no number", "no JSON", "larger than all", "nested", "no reason"],
)
def test_what_a_parser_that_was_taken_over_sends_costs_its_file_alone(processes, monkeypatch, sent, said):
    """No message leaves its parent without a clock, without memory, or with a foreign error."""
    monkeypatch.setenv("BAKEOFF_FILE_SECONDS", "1")
    monkeypatch.setenv("BAKEOFF_FILE_ALL_SECONDS", "2")
    with pytest.raises(ApartError, match=said):
        processes.call(f"{HERE}:sends", "a", sent)
    assert processes.call(f"{HERE}:echo", "b", b"text")[0] == "b"


def test_a_process_that_needed_much_memory_is_not_used_again(processes):
    """Freed memory is not always given back to the system."""
    _, first = processes.call(f"{HERE}:peak", "a", b"")
    _, second = processes.call(f"{HERE}:peak", "b", b"")
    assert first != second


def test_threads_share_a_few_processes(processes):
    seen: list[int] = []
    threads = [
        threading.Thread(target=lambda: seen.append(processes.call(f"{HERE}:echo", "a", b"")[2])) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 12 and len(set(seen)) <= 4


@pytest.mark.parametrize("value", ["", "0", "-1", "x", "1e3", "²"])
def test_a_limit_that_is_no_number_is_refused(processes, monkeypatch, value):
    monkeypatch.setenv("BAKEOFF_FILE_SECONDS", value)
    if not value:
        assert processes.call(f"{HERE}:echo", "a", b"")
        return
    with pytest.raises(ConfigError, match="BAKEOFF_FILE_SECONDS is"):
        processes.call(f"{HERE}:echo", "a", b"")


def test_a_document_that_needs_all_memory_is_named(monkeypatch):
    """A table with 40 MB of commas, of which each is a cell."""
    monkeypatch.setenv("BAKEOFF_FILE_MB", "256")
    reading = documents_in("t.csv", b"a,b\n" + b"," * 40_000_000)
    assert not reading.documents and reading.problems[0].source == "t.csv"
    assert "256 MB of memory" in reading.problems[0].reason and "BAKEOFF_FILE_MB" in reading.problems[0].remedy


def test_a_question_file_that_needs_all_memory_is_named(tmp_path: Path, monkeypatch):
    """A list of empty objects: each takes twenty times the space of its two signs."""
    monkeypatch.setenv("BAKEOFF_FILE_MB", "256")
    path = tmp_path / "q.json"
    path.write_text(f"[{','.join(['{}'] * 6_000_000)}]")
    with pytest.raises(InputError) as told:
        read_table(path)
    assert str(path) in told.value.message and "256 MB of memory" in told.value.message


NO_MEMORY = r"256 MB of memory|ended with signal 11"


def test_a_long_cell_of_html_is_read_as_a_short_one_and_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words are those of the same HTML in pieces; one that needs all memory is refused and nothing else.

    The parser, which is native code, may crash where memory ends.
    """
    cell = "<p>A <b>kind</b> word &amp; more.</p>"
    long = cell * (LONG // len(cell) + 1)
    for kind, read in (("words", words_of), ("markdown", markdown_of)):
        assert read(long) == read_bytes(kind, long.encode()) != long and read(cell) == read_bytes(kind, cell.encode())
    monkeypatch.setenv("BAKEOFF_FILE_MB", "256")
    with pytest.raises(UnreadableError, match=NO_MEMORY):
        markdown_of(cell * 400_000)
    with pytest.raises(UnreadableError, match=NO_MEMORY):
        fact_lines("from JSON", {"note": cell * 400_000})
    row = Row(Path("q.csv"), 7, {"text": ["Why?"], "answers": [cell * 400_000]})
    with pytest.raises(InputError, match=rf"q\.csv line 7: a cell of HTML cannot be read: .*(?:{NO_MEMORY})"):
        written_answers(row)


def test_an_arrow_file_that_needs_all_memory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns that say one text in each of millions of rows are a small Parquet file."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"question": ["Why is this so?" * 20] * 3_000_000}), tmp_path / "many.parquet")
    assert (tmp_path / "many.parquet").stat().st_size < 2**20
    monkeypatch.setenv("BAKEOFF_FILE_MB", "512")
    with pytest.raises(InputError) as told:
        rows_in(tmp_path / "many.parquet")
    assert "many.parquet" in told.value.message and "512 MB of memory" in told.value.message


def test_cells_that_are_all_merged_are_read_at_once():
    """A sheet of 60 kB can say that billions of cells are one; openpyxl would make an object for each."""
    reading = documents_in("m.xlsx", archives.merged(random.Random(1), 60_000)[1])
    assert "kettle" in reading.documents[0].text and reading.problems[0].is_read


@pytest.mark.parametrize("header", ["From: " + "(" * 50_000, "To: " + '"' * 50_000, "Content-Type: " + ";" * 50_000])
def test_a_header_of_any_length_takes_no_longer_than_its_text(monkeypatch, header):
    """The grammar of headers takes a time that grows with the square of the length, or fails."""
    monkeypatch.setenv("BAKEOFF_FILE_SECONDS", "20")
    reading = documents_in("m.eml", header.encode() + b"\nSubject: Kettles\n\nThirty days.\n")
    assert "Thirty days." in reading.documents[0].text
