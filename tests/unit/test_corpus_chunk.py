"""Chunks are verbatim parts of the document, in order, along its structure, and no text is lost."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.corpus.chunk import chunk_document, heading_path
from bakeoff.errors import ConfigError
from bakeoff.formats import markup
from bakeoff.records import Chunk, Document
from tests.growth import LINEAR, growth


def words(text: str) -> int:
    return len(text.split())


def quarters(text: str) -> int:
    """Counts tokens like a byte tokenizer: a long word has more than one token."""
    return -(-len(text.encode()) // 4)


def characters(text: str) -> int:
    """The strictest counter: every character is a token, also whitespace."""
    return len(text)


def document(text: str, title: str = "") -> Document:
    return Document(id="d1", text=text, title=title, source="d.md")


def texts(chunks: list[Chunk]) -> list[str]:
    return [chunk.text for chunk in chunks]


LINES = st.sampled_from(
    [
        "",
        "",
        "# Alpha",
        "## Beta",
        "### Beta Gamma",
        "#### ",
        "#nothing",
        "    # code",
        "A sentence. Another one! A third?",
        "One line that goes on and on and on without an end",
        "- item one",
        "  goes on",
        "1. first",
        "* item two",
        "| a | b |",
        "| --- | --- |",
        "| 1 | 2 |",
        "Range: 30 m; Weight: 2 kg",
        "Colour: red",
        "```",
        "~~~",
        "# in code?",
        "e.g. this. And that",
        "x" * 40,
        "日本語。次の文。",
        " \t ",
        "é\u0301",
        "\r",
        "\x0c",
        "\u2028",
        " " * 90,
    ]
)
FENCED = st.lists(st.sampled_from(["", "", "b", "c d"]), max_size=12).map(
    lambda lines: "\n".join(["```", *lines, "```"])
)
TEXTS = st.one_of(
    st.lists(st.one_of(LINES, LINES, FENCED), max_size=40).map("\n".join),
    st.text(max_size=300),
    st.text(alphabet="ab. \n\t`|-#", max_size=120),
)


def _heading_characters(text: str) -> set[int]:
    """Offsets of all characters on heading lines."""
    lines = text.split("\n")
    code = markup.fenced([line.rstrip() for line in lines])
    offsets, start = set(), 0
    for line, inside in zip(lines, code, strict=True):
        if not inside and markup.heading_of(line):
            offsets.update(range(start, start + len(line)))
        start += len(line) + 1
    return offsets


@settings(max_examples=400, deadline=None)
@given(
    text=TEXTS,
    title=st.sampled_from(["", "Alpha", "A title of some words"]),
    max_tokens=st.integers(1, 60),
    count=st.sampled_from([words, quarters, characters]),
)
def test_chunks_quote_the_document_in_order_without_overlap_and_lose_nothing(text, title, max_tokens, count):
    """Chunks are verbatim, stripped, ordered and disjoint, and hold all text except whitespace and heading lines."""
    chunks = chunk_document(document(text, title), max_tokens, count)
    end = 0
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.end] == chunk.text.strip() != ""
        assert chunk.start >= end
        end = chunk.end
    covered = {offset for chunk in chunks for offset in range(chunk.start, chunk.end)}
    left_out = set(range(len(text))) - covered - _heading_characters(text)
    assert all(text[offset].isspace() for offset in left_out)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, max_tokens=st.integers(1, 60), count=st.sampled_from([words, quarters, characters]))
def test_no_chunk_is_longer_than_asked_for(text, max_tokens, count):
    """A chunk has at most max_tokens tokens, unless a single character has more."""
    for chunk in chunk_document(document(text), max_tokens, count):
        assert count(chunk.text) <= max_tokens or len(chunk.text) == 1


@settings(max_examples=200, deadline=None)
@given(text=TEXTS, title=st.sampled_from(["", "Alpha"]))
def test_every_heading_is_in_some_chunk(text, title):
    """The words of a heading are in the path or the text of at least one chunk, even if nothing is below it."""
    chunks = chunk_document(document(text, title), 1000, words)
    passages = " ".join(chunk.passage for chunk in chunks)
    lines = text.split("\n")
    code = markup.fenced([line.rstrip() for line in lines])
    for line, inside in zip(lines, code, strict=True):
        heading = None if inside else markup.heading_of(line)
        assert heading is None or markup.plain(heading[1]) in passages or heading[1] in passages


@given(text=TEXTS)
@settings(max_examples=100, deadline=None)
def test_the_same_document_gives_the_same_chunks_with_ids_of_their_own(text):
    """The same document always gives the same chunks, and each has its own id."""
    chunks = chunk_document(document(text), 12, words)
    assert chunks == chunk_document(document(text), 12, words)
    assert len({chunk.id for chunk in chunks}) == len(chunks)


@pytest.mark.parametrize("opening", ["```\n", "Run:\n\n"])
@pytest.mark.parametrize("max_tokens", [8, 20, 60])
def test_code_longer_than_a_chunk_is_shown_as_it_is(opening, max_tokens):
    """Whether it is fenced or indented, and wherever it is cut; the text after it is shown without link targets."""
    indent = "" if opening.startswith("`") else "    "
    code = "\n".join(f'{indent}<img src="a{n}.png"> [link{n}](http://x/{n})  # line {n}' for n in range(12))
    text = f"{opening}{code}\n{'' if indent else '```'}\n\nSee [the guide](http://x/g).\n\n{opening}{code}\n```"
    chunks = chunk_document(document(text), max_tokens, words)
    assert len(chunks) > 2
    assert "\n".join(chunk.shown for chunk in chunks).count("](http://x/") == 24
    assert any("See the guide." in chunk.shown for chunk in chunks)


def test_marks_of_a_release_log_are_left_out_of_each_of_its_chunks_only():
    """A chunk does not hold the heading above it, but the document says whether that names a release."""
    items = "\n".join(f"- Part {n} is faster (#{n})" for n in range(20))
    for heading, is_log in (("1.2.0", True), ("Spare parts", False)):
        chunks = chunk_document(document(f"# Changelog\n\n## {heading}\n\n{items}"), 20, words)
        assert len(chunks) > 2 and all(("(#" in chunk.shown) is not is_log for chunk in chunks)


def test_a_mark_within_an_item_stays_wherever_the_item_is_cut():
    """Also where a chunk ends with it: the sentence goes on in the next one."""
    item = "- The fuse of a very long name (#4410) " + "is sold again in every shop " * 5
    for max_tokens in range(4, 40):
        chunks = chunk_document(document(f"# Changelog\n\n## 1.2.0\n\n{item}"), max_tokens, words)
        assert any("(#4410)" in chunk.shown for chunk in chunks)


def test_a_section_is_one_chunk_under_its_path_of_headings():
    """A section is one chunk under its path of headings."""
    text = "# Manual\n\nIntro.\n\n## Wiring\n\nRed to L.\n\n### Old houses\n\nCall us.\n\n## Codes\n\nE12."
    chunks = chunk_document(document(text, title="Manual"), 50, words)
    assert [(chunk.heading, chunk.text) for chunk in chunks] == [
        ("Manual", "Intro."),
        ("Manual > Wiring", "Red to L."),
        ("Manual > Wiring > Old houses", "Call us."),
        ("Manual > Codes", "E12."),
    ]


def test_a_heading_with_nothing_below_it_is_a_chunk_of_its_own():
    """A heading with nothing below it is a chunk of its own."""
    chunks = chunk_document(document("# A\n\ntext\n\n## Empty\n\n## Full\n\nbody"), 50, words)
    assert [(chunk.heading, chunk.text) for chunk in chunks] == [("A", "text"), ("A", "## Empty"), ("A > Full", "body")]


@pytest.mark.parametrize(
    ("headings", "path"),
    [
        (("Returns", "Returns"), "Returns"),
        (("Hearth 3 manual", "HEARTH 3 – Manual", "Wiring"), "Hearth 3 manual > Wiring"),
        (("Hearth 3", "Hearth 3 wiring", "Old houses"), "Hearth 3 wiring > Old houses"),
        (("Returns policy", "Returns", "Time limits"), "Returns policy > Time limits"),
        (("Plans", "Prices", "Plans"), "Plans > Prices"),
        (("", "Only"), "Only"),
        ((), ""),
    ],
)
def test_a_heading_path_does_not_say_the_same_words_twice(headings, path):
    """A heading path does not repeat words."""
    assert heading_path(headings) == path


def test_paragraphs_are_packed_until_the_chunk_is_full():
    """Paragraphs are packed until the chunk is full."""
    text = "\n\n".join(["one two three four"] * 5)
    assert [words(t) for t in texts(chunk_document(document(text), 10, words))] == [8, 8, 4]


def test_a_long_paragraph_is_cut_at_sentence_ends_but_not_at_abbreviations():
    """A long paragraph is cut at sentence ends but not at abbreviations."""
    text = "First sentence has six words here. Second, e.g. this one, is long too. Third one ends it."
    assert texts(chunk_document(document(text), 8, words)) == [
        "First sentence has six words here.",
        "Second, e.g. this one, is long too.",
        "Third one ends it.",
    ]


def test_a_long_list_is_cut_between_items_and_an_item_keeps_its_second_line():
    """A long list is cut between items and an item keeps its second line."""
    text = "- first item of it\n  and more of it\n- second item here\n- third item here"
    assert texts(chunk_document(document(text), 10, words)) == [
        "- first item of it\n  and more of it",
        "- second item here\n- third item here",
    ]


def test_a_table_that_fits_stays_whole_and_moves_to_the_next_chunk():
    """A table that fits stays whole and moves to the next chunk."""
    table = "| Code | Meaning |\n| --- | --- |\n| E1 | lost |\n| E2 | low |"
    chunks = chunk_document(document("Eight words stand before the table in here.\n\n" + table), 20, words)
    assert texts(chunks) == ["Eight words stand before the table in here.", table]


def test_a_long_table_is_cut_between_rows_and_each_part_knows_the_header():
    """A long table is cut between rows and each part knows the header."""
    rows = "\n".join(f"| E{i} | meaning number {i} |" for i in range(20))
    text = f"# Codes\n\n| Code | Meaning |\n| --- | --- |\n{rows}"
    chunks = chunk_document(document(text), 40, words)
    assert len(chunks) > 2
    assert chunks[0].heading == "Codes"
    assert {chunk.heading for chunk in chunks[1:]} == {"Codes > Code | Meaning"}
    assert all(line.startswith("| ") and line.endswith(" |") for chunk in chunks for line in chunk.text.split("\n"))
    assert all(words(chunk.passage) <= 40 for chunk in chunks)


def test_self_describing_rows_are_cut_between_rows():
    """Self describing rows are cut between rows."""
    rows = [f"Part: P{i}; Price: {i} GBP; Note: not. In stock" for i in range(10)]
    chunks = chunk_document(document("\n".join(rows)), 20, words)
    assert len(chunks) > 1
    assert [line for chunk in chunks for line in chunk.text.split("\n")] == rows


def test_a_hash_in_code_is_no_heading_and_an_unclosed_fence_ends_with_what_holds_it():
    """As in CommonMark: with the list item, or with the document."""
    closed = chunk_document(document("```\n# comment\n```\n\n# Real\n\nbody"), 50, words)
    assert [chunk.heading for chunk in closed] == ["", "Real"]
    unclosed = chunk_document(document("- item\n  ```\n  some code\n\n# Real\n\nbody"), 50, words)
    assert unclosed[-1].heading == "Real"
    assert [chunk.heading for chunk in chunk_document(document("```\nsome code\n\n# x\n\nbody"), 50, words)] == [""]


@pytest.mark.parametrize(
    ("text", "max_tokens"),
    [
        ("```\n\n```", 1),
        ("a\n\n```\nb\n" + "\n" * 400 + "c\n```", 3),
        ("xx" + " " * 1000 + "yy", 2),
        ("Short one. " + " " * 500 + "Short two. Short three.", 8),
        ("- a\n" + "- \n" * 30 + "- b", 4),
    ],
)
def test_whitespace_that_costs_tokens_is_neither_a_chunk_nor_smuggled_into_one(text, max_tokens):
    """If whitespace counts as tokens, no chunk is empty and none is too long because of whitespace."""
    chunks = chunk_document(document(text), max_tokens, quarters)
    assert all(chunk.text.strip() and quarters(chunk.text) <= max_tokens for chunk in chunks)
    assert "".join("".join(texts(chunks)).split()) == "".join(text.split())


def test_one_endless_word_is_cut_by_characters():
    """One endless word is cut by characters."""
    chunks = chunk_document(document("x" * 1000), 25, quarters)
    assert "".join(texts(chunks)) == "x" * 1000
    assert max(map(len, texts(chunks))) <= 100


def test_the_heading_path_counts_into_the_size_of_the_passage():
    """The heading path counts towards the size of the passage."""
    text = "# A heading of six words here\n\n" + "word " * 100
    chunks = chunk_document(document(text), 20, words)
    assert max(words(chunk.passage) for chunk in chunks) <= 20
    assert sum(words(chunk.text) for chunk in chunks) == 100


def test_a_size_below_one_token_is_refused():
    """A size below one token is refused."""
    with pytest.raises(ConfigError, match="at most 0 tokens"):
        chunk_document(document("text"), 0, words)


@pytest.mark.parametrize("text", ["", "  \n\t\n"])
def test_a_document_without_text_has_no_chunks(text):
    """A document without text has no chunks."""
    assert chunk_document(document(text), 10, words) == []


def test_each_short_block_is_counted_once():
    """Counting may be slow, so blocks that fit are counted once and the counts are added."""
    counted: list[str] = []

    def count(text: str) -> int:
        counted.append(text)
        return words(text)

    chunk_document(document("\n\n".join(f"Paragraph number {i} of many." for i in range(100))), 30, count)
    assert len(counted) == 100


def test_the_time_grows_with_the_number_of_chunks_and_no_faster():
    """Four times the sections: four times the chunks, in at most eight times the time."""

    section = "A sentence of seven words is here. " * 30

    def chunks(n_sections: int) -> list[Chunk]:
        text = "\n\n".join(f"## Section {i}\n\n{section}" for i in range(n_sections))
        return chunk_document(document(text), 128, words)

    assert len(chunks(400)) == 4 * len(chunks(100)) >= 800
    assert growth(chunks, 100) <= LINEAR


@pytest.mark.parametrize(
    ("piece", "n"), [("```x\n", 12_500), ("# h\n", 5_000), ("- ", 125_000), ("(", 1_000_000), (" ", 500_000)]
)
def test_thousands_of_unclosed_fences_and_headings_do_not_slow_it_down(piece, n):
    """Four times as many take at most eight times the time: nothing is read again for each of them."""
    assert growth(lambda times: chunk_document(document(piece * times + "x"), 128, words), n) <= LINEAR


def test_a_chunk_says_what_can_be_read_of_it():
    """Its text stays that of the document; a passage with nothing to read is no chunk."""
    text = "# 1.2.0 [#12](https://a.b/12)\n\nPress [Save](https://a.b).\n\n# Look\n\n![](a.png)\n\n# Plain\n\nWords."
    saving, plain = chunk_document(document(text, "Changelog"), 50, words)
    assert (saving.text, saving.shown) == ("Press [Save](https://a.b).", "Press Save.")
    assert saving.passage == "Changelog > 1.2.0\nPress Save."
    assert (plain.text, plain.readable) == ("Words.", None)


class TestLeadIns:
    """A passage from the middle of a list says what the list is about."""

    TEXT = "# Care\n\nPlease read. **Do not put into the oven:**\n\n" + "\n".join(
        f"- the {colour} lid of the larger kind, with its ring and knob" for colour in ("red", "blue", "green", "white")
    )

    def chunks(self, text: str, max_tokens: int) -> list[Chunk]:
        document = Document(id="d", text=text, title="Care", source="a.md")
        return chunk_document(document, max_tokens, lambda part: len(part.split()))

    @pytest.mark.parametrize("max_tokens", [16, 18, 22, 28, 40, 62, 70, 200])
    def test_the_sentence_before_a_list_goes_with_each_of_its_passages(self, max_tokens):
        """In the heading, where the sentence stands in an earlier passage."""
        for chunk in self.chunks(self.TEXT, max_tokens):
            assert "Do not put into the oven:" in chunk.passage or "Please read." in chunk.text
            assert self.TEXT[chunk.start : chunk.end] == chunk.text

    def test_the_item_above_nested_items_goes_with_them(self):
        """With the sentence before the whole list."""
        text = "Parts:\n\n- Not dishwasher safe:\n" + "".join(f"  - the {n} lid with ring and knob\n" for n in "abcdef")
        last = self.chunks(text, 16)[-1]
        assert last.heading == "Care > Parts: > Not dishwasher safe:" and "f lid" in last.text

    def test_a_sentence_before_a_table_goes_with_its_later_rows(self):
        """Before the header of the table."""
        rows = "".join(f"| part {n} | {n} days in all |\n" for n in range(9))
        text = f"Not in the warranty:\n\n| Part | Time |\n| --- | --- |\n{rows}"
        assert self.chunks(text, 30)[-1].heading == "Care > Not in the warranty: > Part | Time"

    @pytest.mark.parametrize(
        "before", ["It is a fine oven.", "", "So: this is a long story " + "and it goes on " * 30 + ":"]
    )
    def test_a_sentence_that_leads_to_nothing_or_is_too_long_is_not_repeated(self, before):
        """Only one that ends with a colon, and takes less than half of a passage."""
        text = f"{before}\n\n" + "".join(f"- the {n} lid with ring and knob\n" for n in "abcdef")
        assert {chunk.heading for chunk in self.chunks(text, 16)} == {"Care"}


JAPANESE = (
    "価格は1500円で、保証期間は36か月、返品期限は30日、送料は全国一律で550円、"
    "電話番号は0312345678、営業時間は9時から17時まで、"
)
THAI = "รับประกันสามปีคืนสินค้าภายในสามสิบวันโทรศัพท์ศูนย์สองหนึ่ง"


@pytest.mark.parametrize("limit", [8, 20, 60, 100])
def test_text_without_blanks_is_cut_between_clauses_and_words(limit: int) -> None:
    """Never between two figures, and in pieces that are not longer than asked."""
    chunks = chunk_document(document(JAPANESE * 6), limit, characters)
    assert "".join(one.text for one in chunks) == JAPANESE * 6
    cuts = [(before.text[-1], after.text[0]) for before, after in pairwise(chunks)]
    if limit > 10:
        assert not [cut for cut in cuts if cut[0].isdigit() and cut[1].isdigit()]
        assert max(len(one.text) for one in chunks) <= limit
    if limit >= 60:
        assert {cut[0] for cut in cuts} == {"、"}


def test_thai_is_cut_between_words() -> None:
    """A mark never begins a chunk, and the cuts are the ends of words."""
    chunks = chunk_document(document(THAI * 10), 100, characters)
    assert "".join(one.text for one in chunks) == THAI * 10
    starts = ("รับ", "ประกัน", "สาม", "ปี", "คืน", "ภาย", "ใน", "สิบ", "วัน", "สอง", "หนึ่ง")
    assert all(one.text.startswith(starts) for one in chunks)


def test_no_number_is_cut_at_its_blanks() -> None:
    """`1 500 000` stays whole where there is another blank."""
    text = "alpha beta 1 500 000 gamma"
    chunks = chunk_document(document(text), 16, characters)
    assert any("1 500 000" in one.text for one in chunks)


def test_sentences_end_alike_in_chunks() -> None:
    """Chunks of a long paragraph begin with sentences, not after abbreviations."""
    text = "Die Frist, z. B. bei Dr. Klein in der Hauptstr. 5, endet am 3. Mai. " * 10
    chunks = chunk_document(document(text.strip()), 20, words)
    assert len(chunks) > 3 and all(one.text.startswith("Die Frist") for one in chunks)
