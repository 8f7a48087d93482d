"""The passage that a labeller sees: the paragraph with the evidence, cut where it is long."""

import pytest

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.labelling.passages import MOST_CHARACTERS, passages_of
from bakeoff.records import Document, SourceSpan
from tests.unit.fakes import question

TEXT = "# Care\n\nIntro.\n\n## Cover\n\n- It covers **two** years.\n- Not: water.\n\nMore.\n"
LONG = "word " * 300 + "the evidence " + "word " * 300


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path / "store.sqlite")
    store.replace_all(
        [Document(id="c", text=TEXT, title="Care", source="care.md"), Document(id="l", text=LONG, source="long.md")]
    )
    return store


def passages(store, *spans):
    return passages_of(question("q", source_spans=spans), store)


def span(text, part, source="care.md"):
    start = text.index(part)
    return SourceSpan(source=source, start=start, end=start + len(part))


def shown(passage, marked=False):
    runs = [run for line in passage.lines for cell in line.cells for run in cell]
    return "".join(run.text for run in runs if run.marked or not marked)


def test_the_paragraph_around_the_evidence_is_shown(store):
    """With the heading above it, and the evidence marked."""
    (passage,) = passages(store, span(TEXT, "two"))
    assert (passage.title, passage.heading) == ("Care", "Cover")
    assert shown(passage) == "- It covers **two** years.\n- Not: water."
    assert shown(passage, marked=True) == "two"
    assert not passage.cut_before and not passage.cut_after
    assert TEXT[passage.start : passage.end] == "two"


def test_evidence_over_several_paragraphs_is_shown_whole(store):
    """From the first to the last."""
    (passage,) = passages(store, span(TEXT, "Intro.\n\n## Cover\n\n- It"))
    assert shown(passage) == "Intro.\n\n## Cover\n\n- It covers **two** years.\n- Not: water."


def test_a_long_paragraph_is_cut_between_words(store):
    """On both sides of the evidence."""
    (passage,) = passages(store, span(LONG, "the evidence", "long.md"))
    assert passage.cut_before and passage.cut_after
    assert len(shown(passage)) < MOST_CHARACTERS
    assert set(shown(passage).split()) == {"word", "the", "evidence"}
    assert passage.title == "long.md"


def test_a_long_table_is_cut_between_rows(store):
    """Its header stays above the row with the evidence and the two rows on each side."""
    table = "| light | meaning |\n| --- | --- |\n" + "".join(
        f"| light {i} | {'meaning ' * 5}{i} |\n" for i in range(40)
    )
    store.upsert([Document(id="t", text=table, source="table.md")])
    (passage,) = passages(store, span(table, "light 20", "table.md"))
    assert [line.kind for line in passage.lines] == ["head", "separator", *["row"] * 5]
    assert [line.cells[0][1].text.strip() for line in passage.lines[2:]] == [f"light {i}" for i in range(18, 23)]
    assert shown(passage, marked=True) == "light 20" and passage.cut_before and passage.cut_after


def test_a_whole_document_as_evidence_shows_its_beginning(store):
    """The place of the answer is not known, or is not in the document."""
    (beyond,) = passages(store, SourceSpan(source="care.md", start=9000, end=9010))
    assert beyond.start is None and shown(beyond) == TEXT
    (passage,) = passages(store, SourceSpan(source="long.md"))
    assert passage.start is None and passage.cut_after and not passage.cut_before
    assert shown(passage).startswith("word word") and shown(passage, marked=True) == ""


def test_documents_that_are_gone_are_left_out(store):
    """The store is that of the run; a question file may name others."""
    assert passages(store, SourceSpan(source="gone.md")) == [] and passages(store) == []
