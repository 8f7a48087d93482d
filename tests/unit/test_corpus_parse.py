"""The bytes of a file become light Markdown with a title, or raise one error with the reason."""

import io
import json
import random
import zipfile
from datetime import UTC, datetime

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen import canvas
from reportlab.platypus import ListFlowable, PageBreak, Paragraph, SimpleDocTemplate, Table

from bakeoff.formats import markup
from bakeoff.formats.parse import atx_headings, decode, parse
from bakeoff.formats.part import Part, UnreadableError

SENTENCE = "The thermostat reads the temperature every thirty seconds and sends it to the hub by radio. "


def only(name: str, content: bytes | str) -> Part:
    parsed = parse(name, content.encode() if isinstance(content, str) else content)
    assert len(parsed.parts) == 1
    return parsed.parts[0]


def refusal(name: str, content: bytes) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        parse(name, content)
    assert caught.value.remedy
    return caught.value


def made_pdf(*flowables: object, **options: object) -> bytes:
    buffer = io.BytesIO()
    SimpleDocTemplate(buffer, **options).build(list(flowables))
    return buffer.getvalue()


def drawn_pdf(*lines: str, encrypt: object = None) -> bytes:
    buffer = io.BytesIO()
    page = canvas.Canvas(buffer, encrypt=encrypt)
    text = page.beginText(72, 760)
    for line in lines:
        text.textLine(line)
    page.drawText(text)
    page.save()
    return buffer.getvalue()


def styled(words: str, style: str = "BodyText") -> Paragraph:
    return Paragraph(words, getSampleStyleSheet()[style])


def made_docx() -> bytes:
    word = docx.Document()
    word.add_heading("Returns policy", 0)
    word.add_heading("Time limits", 1)
    word.add_paragraph("You may return any item within 30 days.")
    word.add_paragraph("Unused", style="List Bullet")
    word.add_paragraph("In its box", style="List Bullet")
    table = word.add_table(3, 2)
    for row, cells in zip(table.rows, (("Country", "Days"), ("UK", "2"), ("Norway", "5")), strict=True):
        for cell, words in zip(row.cells, cells, strict=True):
            cell.text = words
    word.add_heading("Refunds", 2)
    word.add_paragraph("First", style="List Number")
    word.add_paragraph("Second", style="List Number")
    buffer = io.BytesIO()
    word.save(buffer)
    return buffer.getvalue()


class TestText:
    def test_markdown_keeps_its_text_and_takes_its_title_from_the_first_heading(self):
        """Markdown keeps its text and takes its title from the first heading."""
        part = only("guide.md", "# The guide\n\nText with *emphasis*.\n")
        assert (part.title, part.text) == ("The guide", "# The guide\n\nText with *emphasis*.")

    def test_front_matter_becomes_title_time_access_and_meta(self):
        """Front matter becomes title time access and meta."""
        part = only("a.md", "---\ntitle: Plans\nupdated: 2025-02-03\naccess: [staff, admin]\ntags: [a, b]\n---\nBody.")
        assert (part.title, part.text, part.access) == ("Plans", "Body.", ("staff", "admin"))
        assert part.updated_at == datetime(2025, 2, 3, tzinfo=UTC)
        assert part.meta == {"tags": ["a", "b"]}

    def test_a_rule_at_the_top_that_is_no_front_matter_stays(self):
        """A horizontal rule at the top that is not front matter is kept."""
        assert only("a.md", "---\njust words\n---\nBody.").text.startswith("---\njust words")

    def test_access_that_is_not_understood_is_refused_not_made_public(self):
        """An access value that is not understood raises an error; the text does not become public."""
        assert "access" in refusal("a.md", b"---\naccess: {role: staff}\n---\nBody.").message

    def test_underlined_headings_become_hash_headings(self):
        """Underlined headings become hash headings."""
        text = "Title\n=====\n\nSub\n---\n\ntwo\nlines\n---\n\n```\ncode\n----\n```\n\n- item\n---"
        assert atx_headings(text) == ("# Title\n\n## Sub\n\ntwo\nlines\n---\n\n```\ncode\n----\n```\n\n- item\n---")

    def test_the_name_of_a_file_is_no_title(self):
        """A model would copy it into answers; a heading of the text counts even if the file is named after it."""
        assert only("returns_policy-2024.txt", "Thirty days.").title == ""
        assert only("a.md", "---\ntitle: A.md\n---\nThirty days.").title == ""
        assert only("returns-policy.md", "# Returns policy\n\nThirty days.").title == "Returns policy"

    @pytest.mark.parametrize(
        ("content", "expected", "remark"),
        [
            ("naïve €".encode(), "naïve €", ""),
            ("naïve €".encode("utf-8-sig"), "naïve €", ""),
            ("naïve €".encode("utf-16"), "naïve €", "utf-16"),
            (b"\xfe\xff" + "naïve €".encode("utf-16-be"), "naïve €", "utf-16"),
            ("naïve €".encode("cp1252"), "naïve €", "cp1252"),
            ("naïve café, été".encode() + b" \xff", "naïve café, été \ufffd", "utf-8 with 1 broken places"),
        ],
    )
    def test_encodings_are_recognised_and_anything_but_utf8_is_remarked(self, content, expected, remark):
        """Encodings are detected, and any encoding but UTF-8 is noted."""
        assert decode(content) == (expected, remark)
        assert only("a.txt", content).meta == ({"encoding": remark} if remark else {})

    def test_unicode_and_newlines_are_normalised_before_offsets_count(self):
        """Unicode and newlines are normalised before offsets count."""
        assert only("a.txt", "cafe\u0301\r\nnext\rlast\x07 \u00ad.  \n").text == "café\nnext\nlast ."

    @given(text=st.text(alphabet=st.characters(), max_size=200))
    @settings(max_examples=200, deadline=None)
    def test_cleaning_is_final(self, text):
        """Cleaning clean text changes nothing; the result is valid UTF-8 and has no line breaks but newlines."""
        cleaned = markup.clean(text)
        assert markup.clean(cleaned) == cleaned
        cleaned.encode()
        assert "\r" not in cleaned and "\x00" not in cleaned


class TestHtml:
    def test_headings_lists_tables_and_code_are_kept_and_chrome_is_dropped(self):
        """Headings, lists, tables and code are kept; navigation and menus are dropped."""
        part = only(
            "care.html",
            """<!doctype html><html lang=en><head><title>Care Plus – Norrvik</title>
            <meta property="article:modified_time" content="2025-03-01T10:00:00Z"><style>x{}</style></head><body>
            <header><a href="/">Norrvik</a></header><nav>Home</nav><h1>Care <em>Plus</em></h1>
            <p>Costs <b>4.50</b>&nbsp;GBP<br>a month. H<sub>2</sub>O.</p><p style="display: none">secret</p>
            <ul><li>First <a href="#">item</a></li><li>Second<ul><li>nested</li></ul></li></ul>
            <ol start=3><li>three</li><li><p>four</p><p>more</p></li></ol>
            <table><tr><th>Plan</th><th>Price</th></tr><tr><td rowspan=2>Basic</td><td>free|none</td></tr>
            <tr><td>0<br>GBP</td></tr></table><dl><dt>Range:</dt><dd>30 m</dd><dt>Lonely</dt></dl>
            <pre># code\n  x</pre><p># of plans</p><script>evil()</script><div hidden>no</div><footer>(c)</footer>""",
        )
        assert part.title == "Care Plus"
        assert part.updated_at == datetime(2025, 3, 1, 10, tzinfo=UTC)
        assert part.text == "\n\n".join(
            [
                "# Care Plus",
                "Costs 4.50 GBP\na month. H2O.",
                "- First item\n- Second\n  - nested",
                "3. three\n4. four\n  more",
                "| Plan | Price |\n| --- | --- |\n| Basic | free\\|none |\n| Basic | 0 GBP |",
                "- Range: 30 m\n- Lonely",
                "```\n# code\n  x\n```",
                "\\# of plans",
            ]
        )

    def test_a_table_that_lays_out_the_page_is_read_as_text(self):
        """A table that lays out the page is read as text."""
        part = only("a.html", "<table><tr><td><h1>T</h1><p>one</p></td><td><p>two</p></td></tr></table>")
        assert part.text == "# T\n\none\n\ntwo"

    def test_the_declared_encoding_counts_where_the_bytes_are_not_utf8(self):
        """The declared encoding is used if the bytes are not UTF-8."""
        page = '<html><head><meta charset="iso-8859-2"></head><body><p>Łódź</p></body></html>'
        assert only("a.html", page.encode("iso-8859-2")).text == "Łódź"

    def test_a_page_of_chrome_alone_has_no_text(self):
        """A page with only navigation and menus has no text."""
        assert "no text" in refusal("a.html", b"<html><body><nav>Home</nav></body></html>").message

    def test_deep_nesting_is_read(self):
        """A deeply nested page is read without a recursion error."""
        assert only("a.html", "<div>" * 20_000 + "<p>deep</p>").text == "deep"


class TestPdf:
    def test_paragraphs_headings_lists_and_tables_are_put_together_again(self):
        """Paragraphs, headings, lists and tables are reconstructed."""
        part = only(
            "manual.pdf",
            made_pdf(
                styled("Hearth 3 manual", "Title"),
                styled("Installation", "Heading1"),
                styled(SENTENCE * 3),
                styled("A <b>second</b> paragraph, H<sub>2</sub>O. " + SENTENCE * 2),
                ListFlowable(
                    [styled("Turn off the mains."), styled("Remove the plate. " + SENTENCE)], bulletType="bullet"
                ),
                styled("Codes", "Heading2"),
                Table(
                    [["Code", "Meaning", "Action"], ["E12", "Link lost", "Move the hub"], ["E13", "Low", "New cells"]]
                ),
            ),
        )
        assert part.title == "Hearth 3 manual"
        assert part.text.split("\n\n") == [
            "# Hearth 3 manual",
            "# Installation",
            (SENTENCE * 3).strip(),
            ("A second paragraph, H2O. " + SENTENCE * 2).strip(),
            "- Turn off the mains.\n- Remove the plate. " + SENTENCE.strip(),
            "## Codes",
            "| Code | Meaning | Action |\n| --- | --- | --- |\n| E12 | Link lost | Move the hub |\n"
            "| E13 | Low | New cells |",
        ]

    def test_a_cell_of_several_lines_stays_one_cell(self):
        """A cell of several lines stays one cell."""
        cells = [
            [styled("Range"), styled("30 m indoors, measured in a house with brick walls and a wooden floor")],
            [styled("Battery"), styled("2 x AA")],
        ]
        for align in ("TOP", "BOTTOM"):
            table = Table(cells, colWidths=[80, 150], style=[("VALIGN", (0, 0), (-1, -1), align)])
            part = only("a.pdf", made_pdf(table))
            assert "| Range | 30 m indoors, measured in a house with brick walls and a wooden floor |" in part.text
            assert "| Battery | 2 x AA |" in part.text

    def test_words_broken_by_hyphens_are_mended_and_gaps_end_paragraphs(self):
        """Words split by hyphens are joined, and gaps end paragraphs."""
        part = only(
            "a.pdf",
            drawn_pdf(
                "RETURNS POLICY",
                "",
                "You can return an item within 30 days of deli-",
                "very. It must be in its original pack-",
                "aging.",
                "",
                "Refunds take 5 days.",
            ),
        )
        assert part.text == (
            "# RETURNS POLICY\n\nYou can return an item within 30 days of delivery. "
            "It must be in its original packaging.\n\nRefunds take 5 days."
        )

    def test_a_line_that_repeats_on_every_page_is_left_out_and_paragraphs_cross_pages(self):
        """A line that repeats on every page is left out and paragraphs cross pages."""
        buffer = io.BytesIO()
        page = canvas.Canvas(buffer)
        for number in range(1, 4):
            page.drawString(72, 800, f"Norrvik manual, page {number}")
            page.drawString(72, 760, f"Start {number}. The radio link between the two of them goes on for as long as")
            page.drawString(72, 746, "there is power in the house, which is to say that it goes on")
            page.showPage()
        page.save()
        assert "Norrvik" not in only("a.pdf", buffer.getvalue()).text

        parts = "one sentence that began on the first page", "and ended on the second page of them."
        two = only("a.pdf", made_pdf(styled(parts[0]), PageBreak(), styled(parts[1])))
        assert two.text == " ".join(parts)

    def test_the_time_of_the_last_change_and_the_pages_are_noted(self):
        """The time of the last change and the pages are noted."""
        part = only("a.pdf", drawn_pdf("Some text."))
        assert part.updated_at is not None
        assert part.meta == {"pages": 1}

    def test_a_password_is_named_but_a_mere_restriction_is_not_in_the_way(self):
        """A password is reported; a file with usage restrictions only is read."""
        assert "encrypted" in refusal("a.pdf", drawn_pdf("hidden", encrypt="secret")).message
        assert only("a.pdf", drawn_pdf("open", encrypt=StandardEncryption("", ownerPassword="o"))).text == "open"

    def test_a_scan_is_named_and_a_single_blank_page_is_remarked(self):
        """A scan is refused, and a single blank page is reported."""
        assert "no text" in refusal("a.pdf", drawn_pdf()).message
        buffer = io.BytesIO()
        page = canvas.Canvas(buffer)
        for words in ("one", "", "two"):
            page.drawString(72, 700, words)
            page.showPage()
        page.save()
        assert [problem.reason for problem in parse("a.pdf", buffer.getvalue()).problems] == [
            "no text on 1 of its 3 pages, page 2 first (blank, or scanned?)"
        ]


class TestDocx:
    def test_paragraphs_lists_and_tables_come_in_document_order(self):
        """Paragraphs lists and tables come in document order."""
        part = only("returns.docx", made_docx())
        assert part.title == "Returns policy"
        assert part.text.split("\n\n") == [
            "# Returns policy",
            "# Time limits",
            "You may return any item within 30 days.",
            "- Unused\n- In its box",
            "| Country | Days |\n| --- | --- |\n| UK | 2 |\n| Norway | 5 |",
            "## Refunds",
            "1. First\n2. Second",
        ]

    def test_inserted_text_counts_and_deleted_text_does_not(self):
        """Tracked insertions are read, and tracked deletions are not."""
        word = docx.Document()
        paragraph = word.add_paragraph("Keep ")
        for tag, text_tag, words in (("ins", "t", "new "), ("del", "delText", "old "), ("sdt", "t", "")):
            change = paragraph._p.makeelement(docx.oxml.ns.qn(f"w:{tag}"), {})
            run = change.makeelement(docx.oxml.ns.qn("w:r"), {})
            text = run.makeelement(docx.oxml.ns.qn(f"w:{text_tag}"), {})
            text.text = words
            run.append(text)
            change.append(run)
            paragraph._p.append(change)
        buffer = io.BytesIO()
        word.save(buffer)
        assert only("a.docx", buffer.getvalue()).text == "Keep new"

    def test_a_zip_of_other_things_is_no_word_document(self):
        """A ZIP archive of other files is not a Word document."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("a.txt", "text")
        assert "ZIP" in refusal("a.docx", buffer.getvalue()).message


class TestRows:
    def test_a_column_of_texts_gives_one_part_for_each_row(self):
        """A column of texts gives one part per row."""
        content = (
            "ID,Title,Content,Source,Updated_At,Access,Team\n7,Fees,None at all.,a/b.md,2025-01-02,staff;admin,x\n"
            ",,Second.,,,,\n9,Empty,,,,,\n"
        )
        parsed = parse("kb.csv", content.encode())
        first, second = parsed.parts
        assert first == Part(
            text="None at all.",
            title="Fees",
            key="7",
            source="a/b.md",
            access=("staff", "admin"),
            updated_at=datetime(2025, 1, 2, tzinfo=UTC),
            meta={"Team": "x"},
        )
        assert second == Part(text="Second.", key="2")
        assert [(problem.source, problem.reason) for problem in parsed.problems] == [
            ("kb.csv, row 3", "it has no text")
        ]

    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    def test_a_table_without_texts_is_one_part_of_self_describing_rows(self, separator):
        """A table without a column of texts is one part, whose rows name their columns."""
        rows = (("Part", "Price", ""), ("Relay", "4.50 GBP", ""), ('"Plate\nwhite"', "", "new"))
        part = only("spare-parts.csv", "\n".join(separator.join(row) for row in rows))
        assert part.title == ""
        assert part.text == "Part: Relay; Price: 4.50 GBP\nPart: Plate white; column 3: new"

    def test_texts_that_are_html_lose_their_tags(self):
        """All-HTML texts become Markdown, table cells become words, and Markdown keeps its inline tags."""
        html = "<div><h2>Returns</h2><p>Within <b>30&nbsp;days</b>.</p></div>"
        markdown = "Press <kbd>x</kbd> in a <span>row</span>.\n\n- one\n- two"
        rows = [{"id": 1, "text": html}, {"id": 2, "text": markdown}]
        first, second = parse("kb.jsonl", "\n".join(map(json.dumps, rows)).encode()).parts
        assert (first.text, second.text) == ("## Returns\n\nWithin 30 days.", markdown)
        assert parse("kb.csv", f'id,content\n1,"{html}"\n'.encode()).parts[0].text == first.text
        assert only("prices.csv", "Part,Price\nRelay,<p>4&nbsp;&euro;</p>\nBolt,a < b\n").text == (
            "Part: Relay; Price: 4 €\nPart: Bolt; Price: a < b"
        )

    def test_a_field_without_a_name_is_no_text(self):
        """It may hold anything, as the first column of an export does, which has the numbers of the rows."""
        lines = ['{"": "A kettle."}', '{"": "7", "text": "A pot."}', '{"": "x", "text": "``````"}']
        parsed = parse("kb.jsonl", "\n".join(lines).encode())
        assert [part.meta[""] for part in parsed.parts] == ["7", "x"]
        assert [problem.reason for problem in parsed.problems] == ["it has no text"]

    def test_the_delimiter_that_excel_names_is_no_header(self):
        """The line `sep=;` comes before the column names."""
        assert only("a.csv", "sep=;\nPart;Price\nRelay;4,50, or less\n").text == "Part: Relay; Price: 4,50, or less"

    def test_jsonl_gives_one_part_for_each_line_and_names_the_lines_that_do_not_hold_one(self):
        """JSON lines give one part per line; lines without a text are reported."""
        lines = [
            '{"id": 1, "body": "One.", "title": "T", "n": 2, "deep": {"a": [1]}, "nan": NaN}',
            "",
            "broken",
            "[1]",
            '{"text": ""}',
            '{"text": "x", "access": 3}',
            '{"text": "half \\ud800 pair"}',
            "{",
        ]
        parsed = parse("kb.jsonl", "\n".join(lines).encode())
        assert parsed.parts[0] == Part(text="n: 2\n\nOne.", title="T", key="1", meta={"n": 2, "deep": {"a": [1]}})
        assert parsed.parts[1].text == "half \ufffd pair"
        assert [(problem.source, problem.reason) for problem in parsed.problems] == [
            ("kb.jsonl, line 3", "it is not JSON (1 more like it)"),
            ("kb.jsonl, line 4", "it is a list, not a JSON object"),
            ("kb.jsonl, line 5", "it has no text"),
            ("kb.jsonl, line 6", "its access is 3, not a list of names"),
        ]

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("2025-01-02T03:04:05+02:00", datetime(2025, 1, 2, 1, 4, 5, tzinfo=UTC)),
            (0, datetime(1970, 1, 1, tzinfo=UTC)),
            ("yesterday", None),
            (1e300, None),
            (True, None),
        ],
    )
    def test_a_time_is_read_where_it_is_one_and_kept_in_meta_where_it_is_not(self, value, expected):
        """A valid time is read; another value stays in the metadata."""
        part = only("a.jsonl", json.dumps({"text": "x", "updated_at": value}))
        assert part.updated_at == expected
        assert part.meta == ({} if expected else {"updated_at": value})


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            ("a.txt", b"%PDF-1.4 ...", "named .txt, but it is a PDF"),
            ("a.md", b"PK\x03\x04...", "named .md, but it is a ZIP archive or Office file"),
            ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xx", "old or password-protected Office file"),
            ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xx", "old or password-protected Office file"),
            ("a.md", b"<!DOCTYPE html><html>", "it is an HTML page"),
            ("a.md", b"text\0with zeros", "it is binary"),
            ("a.txt", bytes(range(1, 32)) * 9, "it is binary"),
            ("a.pdf", b"plain words", "named .pdf, but it is not a .pdf file"),
            ("a.docx", b"plain words", "named .docx, but it is not a .docx file"),
            ("a.md", b"", "the file is empty"),
            ("a.md", b" \n\t ", "the file is empty"),
            ("a.md", b"\xef\xbb\xbf \n", "no text"),
            ("a.csv", b"only,a,header\n", "no text"),
            ("a.odt", b"PK\x03\x04", "files ending in '.odt' are not read"),
            ("README", b"text", "no file ending"),
        ],
    )
    def test_what_cannot_be_read_is_refused_with_its_reason(self, name, content, reason):
        """A file that cannot be read is refused with the reason."""
        assert reason in refusal(name, content).message

    @pytest.mark.parametrize("name", ["a.pdf", "a.docx"])
    def test_broken_files_never_raise_anything_else(self, name):
        """A truncated or corrupted file is read or refused; no other exception is raised."""
        whole = made_docx() if name == "a.docx" else made_pdf(styled("Title", "Title"), styled(SENTENCE * 20))
        chance = random.Random(11)
        for _ in range(250):
            content = bytearray(whole[: chance.randrange(len(whole))] if chance.random() < 0.3 else whole)
            for _ in range(chance.choice((0, 1, 5, 50)) if content else 0):
                content[chance.randrange(len(content))] = chance.randrange(256)
            try:
                parse(name, bytes(content))
            except UnreadableError as error:
                assert error.message
