"""Names and quotes of other systems become hits in the run's documents, or nothing where they fit none or several."""

import pytest

from bakeoff.contenders.citing import CitedDocuments, Source
from bakeoff.contenders.reply_citations import check_place, cited_in, sources_in
from bakeoff.errors import ConfigError
from bakeoff.records import Document

FEES = "# Fees\n\nThe call-out fee\nis 78 EUR.\n\nParts are extra, at list price."
DOCUMENTS = [
    Document(id="d1", source="docs/fees.md", title="Fees", text=FEES),
    Document(id="d2", source="docs/hours.md", title="Opening hours", text="We open at nine in the morning, every day."),
    Document(id="d3", source="old/hours.md", title="Opening hours (old)", text="We open at ten in the morning."),
]


@pytest.fixture
def documents():
    return CitedDocuments(DOCUMENTS)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("docs/fees.md", "docs/fees.md"),
        ("/srv/knowledge/docs/fees.md", "docs/fees.md"),
        ("file:///srv/docs/FEES.md", "docs/fees.md"),
        ("https://help.example/docs/fees.md?version=3", "docs/fees.md"),
        (".\\docs\\fees.md", "docs/fees.md"),
        ("fees.md", "docs/fees.md"),
        ("fees", "docs/fees.md"),
        ("d2", "docs/hours.md"),
        ("opening hours", "docs/hours.md"),
        ("old/hours.md", "old/hours.md"),
        ("hours.md", None),
        ("prices.md", None),
        ("", None),
    ],
)
def test_a_name_means_one_document_or_none(documents, name, source):
    """By path, end of path, file name, id or title; two files of one name mean none of them."""
    found = documents.named(name)
    assert (found and found.source) == source


def test_a_quote_is_the_passage_it_is_taken_from_whatever_its_white_space(documents):
    """`document.text[start:end] == text`, so that evidence is judged by place."""
    (hit,) = documents.hits([Source(("fees.md",), "The call-out  fee is 78 EUR.")])
    assert FEES[hit.chunk.start : hit.chunk.end] == hit.chunk.text == "The call-out fee\nis 78 EUR."
    assert (hit.rank, hit.score, hit.chunk.source) == (1, 1.0, "docs/fees.md")


def test_a_document_without_a_known_passage_is_cited_as_a_whole_without_its_text(documents):
    """Its text may be long, and nobody said which passage was meant."""
    for text in ("", "Words that stand nowhere."):
        (hit,) = documents.hits([Source(("fees.md",), text)])
        assert (hit.chunk.start, hit.chunk.end, hit.chunk.text) == (0, len(FEES), "")


def test_a_quote_without_a_name_is_searched_in_all_documents(documents):
    """If it is long enough, and only one document has it."""
    (hit,) = documents.hits([Source((), "We open at nine in the morning")])
    assert hit.chunk.source == "docs/hours.md"
    assert documents.hits([Source((), "in the morning"), Source((), "We open at eleven in the evening")]) == ()


def test_the_same_passage_twice_is_one_hit_and_scores_are_kept(documents):
    """Ranks count the hits that were found."""
    hits = documents.hits([Source(("gone.md",)), Source(("fees",), "", 0.4), Source(("d1",)), Source(("d2",), "", 0.2)])
    assert [(hit.chunk.source, hit.score, hit.rank) for hit in hits] == [
        ("docs/fees.md", 0.4, 1),
        ("docs/hours.md", 0.2, 2),
    ]


def test_passages_to_show_have_their_texts_also_of_unknown_documents(documents):
    """A retriever of the team's own may find what is no document of the run."""
    shown = documents.shown([Source(("fees.md",), "Something about fees"), Source(("x",), "News"), Source(("fees",))])
    assert [(hit.chunk.source, hit.chunk.text) for hit in shown] == [
        ("docs/fees.md", "Something about fees"),
        ("x", "News"),
    ]
    assert (shown[0].chunk.start, shown[0].chunk.end) == (0, len(FEES))


def reply(message=None, **more):
    return {"choices": [{"message": {"content": "78 EUR", **(message or {})}}], **more}


AZURE = {"content": "The fee is 78 EUR.", "title": "Fees", "filepath": "fees.md", "chunk_id": "0"}


@pytest.mark.parametrize(
    ("where", "names", "text"),
    [
        (reply({"annotations": [{"url_citation": {"url": "https://x/fees.md", "title": "Fees"}}]}),
         ("https://x/fees.md", "Fees"), ""),
        (reply({"annotations": [{"type": "file_citation", "filename": "fees.md"}]}), ("fees.md",), ""),
        (reply({"context": {"citations": [AZURE]}}), ("fees.md", "Fees"), "The fee is 78 EUR."),
        (reply({"context": {"messages": [{"role": "tool", "content": '{"citations": [{"filepath": "fees.md"}]}'}]}}),
         ("fees.md",), ""),
        (reply(citations=["https://x/fees.md"]), ("https://x/fees.md",), "https://x/fees.md"),
        (reply(search_results=[{"title": "Fees", "url": "https://x/fees"}]), ("https://x/fees", "Fees"), ""),
        (reply(sources=[{"source": {"name": "fees.md"}, "document": ["The fee"], "metadata": [{"source": "fees.md"}]}]),
         ("fees.md",), "The fee"),
        (reply(source_documents=[{"page_content": "The fee", "metadata": {"source": "fees.md"}}]),
         ("fees.md",), "The fee"),
        (reply({"context": "The fee is 78 EUR."}), ("The fee is 78 EUR.",), "The fee is 78 EUR."),
    ],
    ids=["url", "file", "azure", "azure-tool", "perplexity", "results", "open-webui", "langchain", "context"],
)  # fmt: skip
def test_sources_are_read_where_common_servers_write_them(where, names, text):
    """Each of these is a form that docs/compare-your-own.md lists."""
    (source,) = cited_in(where)
    assert (source.names, source.text) == (names, text)


def test_the_first_place_that_holds_anything_counts():
    """An empty list of annotations hides nothing."""
    found = cited_in(reply({"annotations": [], "citations": ["a.md"]}, sources=["b.md"]))
    assert [source.names for source in found] == [("a.md",)]
    assert cited_in(reply()) == [] == cited_in({"choices": []})


def test_a_place_of_ones_own_is_read_alone():
    """By a path of keys and places in lists."""
    where = reply({"x": {"found": [{"doc_id": 7, "score": 0.5}]}}, sources=["b.md"])
    assert [tuple(one) for one in cited_in(where, "choices.0.message.x.found")] == [(("7",), "", 0.5)]
    assert cited_in(where, "choices.3.message") == []
    with pytest.raises(ConfigError, match=r"not a path of keys"):
        check_place("choices..x")


def test_what_is_no_source_is_left_out():
    """Numbers, empty texts and objects without a name."""
    assert sources_in([3, None, "", {}, {"score": 1.0}, ["a"]]) == [] == sources_in(7)
    assert sources_in([{"id": True and "a", "score": True}])[0].score is None
