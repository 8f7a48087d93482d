"""A Word document is read as it is valid: what was deleted, struck or hidden is not in it; notes and formulas are."""

import io

import docx
import pytest
from docx.oxml import parse_xml

from bakeoff.formats.docx.math import formula
from bakeoff.formats.parse import parse
from tests.unit.word_files import NAMESPACES, cell, made, paragraph, row, run, strict, table


def text_of(*blocks: str, **notes: dict[int, str]) -> str:
    return parse("a.docx", made(*blocks, **notes)).parts[0].text


DELETED = '<w:del w:id="1" w:author="a"/>'


class TestWhatIsValid:
    @pytest.mark.parametrize(
        "properties",
        ["<w:strike/>", "<w:dstrike/>", "<w:vanish/>", '<w:strike w:val="true"/>', '<w:vanish w:val="1"/>'],
    )
    def test_struck_and_hidden_text_is_left_out(self, properties):
        """Struck and hidden text is left out."""
        assert text_of(paragraph(run("Price: "), run("£30 ", properties), run("£25"))) == "Price: £25"

    @pytest.mark.parametrize("properties", ['<w:strike w:val="0"/>', '<w:vanish w:val="false"/>', "<w:b/>"])
    def test_text_that_is_expressly_not_struck_stays(self, properties):
        """A property that is switched off has no effect."""
        assert text_of(paragraph(run("Price: "), run("£25", properties))) == "Price: £25"

    def test_a_style_can_strike_or_hide(self):
        """Text is struck or hidden by a style, too, and a run can switch that off."""
        word = docx.Document()
        gone = word.styles.add_style("Gone", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
        gone.font.strike = True
        word.add_paragraph("old rule", style="Gone")
        mixed = word.add_paragraph(style="Gone")
        mixed.add_run("old ")
        mixed.add_run("new rule").font.strike = False
        hidden = word.styles.add_style("Unseen", docx.enum.style.WD_STYLE_TYPE.CHARACTER)
        hidden.font.hidden = True
        word.add_paragraph("Seen.").add_run(" Unseen.", style="Unseen")
        buffer = io.BytesIO()
        word.save(buffer)
        assert parse("a.docx", buffer.getvalue()).parts[0].text == "new rule\n\nSeen."

    def test_rows_and_cells_marked_as_deleted_are_left_out(self):
        """Rows and cells marked as deleted are left out, even if their text is not marked; inserted ones stay."""
        written = text_of(
            table(
                row("Plan", "Fee"),
                row("Basic", "£2"),
                row("Old", "£9", properties=DELETED),
                row("New", "£5", properties='<w:ins w:id="2" w:author="a"/>'),
                row("Free", cell("£1", '<w:cellDel w:id="3" w:author="a"/>')),
            )
        )
        assert written == "| Plan | Fee |\n| --- | --- |\n| Basic | £2 |\n| New | £5 |\n| Free |  |"

    def test_moved_text_stands_where_it_was_moved_to(self):
        """Moved text is read once, where it was moved to."""
        moved = '<w:p><w:moveFrom w:id="1">{0}</w:moveFrom></w:p><w:p><w:moveTo w:id="2">{0}</w:moveTo></w:p>'
        assert text_of(moved.format(run("Once."))) == "Once."

    def test_paragraphs_whose_mark_was_deleted_are_one(self):
        """If the mark between two paragraphs was deleted, they are one."""
        joined = paragraph(run("Open from "), properties=f"<w:rPr>{DELETED}</w:rPr>") + paragraph(run("nine to five."))
        assert text_of(joined) == "Open from nine to five."
        assert text_of(paragraph(run("The end."), properties=f"<w:rPr>{DELETED}</w:rPr>")) == "The end."

    def test_comments_are_left_out(self):
        """Comments are not part of the text."""
        word = docx.Document()
        word.add_comment(word.add_paragraph("Open on Sundays.").runs, text="Really?", author="a")
        buffer = io.BytesIO()
        word.save(buffer)
        assert parse("a.docx", buffer.getvalue()).parts[0].text == "Open on Sundays."

    def test_a_prompt_of_an_empty_form_is_left_out_and_its_values_are_read(self):
        """Prompts of forms that were not filled in are left out. Values, ticks and choices are read."""
        control = "<w:sdt><w:sdtPr>{}</w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
        field = '<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{}</w:ffData></w:fldChar></w:r>'
        choices = '<w:listEntry w:val="red"/><w:listEntry w:val="blue"/>'
        assert text_of(
            paragraph(run("Name: "), control.format("", run("Ada Holm"))),
            paragraph(run("Date:"), control.format("<w:showingPlcHdr/>", run(" Click here"))),
            paragraph(run("Insured "), field.format("<w:checkBox><w:checked/></w:checkBox>")),
            paragraph(run("Express "), field.format('<w:checkBox><w:default w:val="0"/></w:checkBox>')),
            paragraph(run("Colour: "), field.format(f'<w:ddList><w:result w:val="1"/>{choices}</w:ddList>')),
        ).split("\n\n") == ["Name: Ada Holm", "Date:", "Insured ☒", "Express ☐", "Colour: blue"]


class TestTables:
    def test_a_row_that_begins_in_a_later_column_stays_there(self):
        """A row that begins in a later column has empty cells before it."""
        late = '<w:gridBefore w:val="2"/>'
        written = text_of(table(row("Month", "North", "South"), row("8", properties=late), row("May", "1", "2")))
        assert written.split("\n")[2:] == ["|  |  | 8 |", "| May | 1 | 2 |"]

    def test_a_text_box_in_a_cell_comes_once(self):
        """A text box in a cell is read once, though Word stores it in two forms. So is one in a paragraph."""
        content = "<w:txbxContent>" + paragraph(run("In a box")) + "</w:txbxContent>"
        box = (
            f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{content}</wps:txbx></w:drawing>'
            f"</mc:Choice><mc:Fallback><w:pict><v:textbox>{content}</v:textbox></w:pict></mc:Fallback>"
            "</mc:AlternateContent></w:r>"
        )
        assert text_of(table(row("A", "B"), row("1", cell(paragraph(run("Cell."), box))))).endswith(
            "| 1 | Cell. In a box |"
        )
        assert text_of(paragraph(run("Text."), box)) == "Text.\n\nIn a box"

    def test_the_words_of_a_table_in_a_cell_are_read(self):
        """The words of a table inside a cell are read, in the cell."""
        inner = table(row("x", "y")) + paragraph()
        assert text_of(table(row("A", "B"), row("1", cell(inner)))).endswith("| 1 | x y |")


class TestNotesAndSigns:
    def test_footnotes_and_endnotes_follow_their_paragraph(self):
        """A footnote follows the paragraph, list item or table that refers to it."""
        note = '<w:r><w:{0}Reference w:id="{1}"/></w:r>'.format
        numbered = '<w:pStyle w:val="ListBullet"/>'
        written = text_of(
            paragraph(run("Returns are free"), note("footnote", 2), run(".")),
            paragraph(run("in shops"), note("endnote", 2), properties=numbered),
            paragraph(run("by post"), properties=numbered),
            table(row("A", cell(paragraph(run("B"), note("footnote", 3))))),
            paragraph(run("End.")),
            footnotes={2: "within the country", 3: "not on Sundays"},
            endnotes={2: "all of them"},
        )
        assert written.split("\n\n") == [
            "Returns are free[1].",
            "[1] within the country",
            "- in shops[2]\n  [2] all of them\n- by post",
            "A: B[3]",
            "[3] not on Sundays",
            "End.",
        ]

    def test_raised_and_lowered_text(self):
        """Raised figures are not read as part of a number. Lowered ones stay plain."""
        up, down = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'
        parts = (
            run("10"),
            run("6", up),
            run(" km"),
            run("2", up),
            run(" of H"),
            run("2", down),
            run("O, the 2"),
            run("nd", up),
        )
        assert text_of(paragraph(*parts)) == "10⁶ km² of H2O, the 2nd"

    @pytest.mark.parametrize(
        ("font", "code", "expected"),
        [("Symbol", "F0B1", "±"), ("Symbol", "F057", "Ω"), ("Symbol", "F0B3", "≥"), ("Symbol", "F0D0", "∠"),
         ("Symbol", "F0E5", "∑"), ("Wingdings", "F0FC", "✓"), ("Wingdings", "F0FB", "✗"), ("Wingdings", "F0E0", "→"),
         ("Wingdings 2", "F050", "✓"), ("Arial", "00B0", "°")],
    )  # fmt: skip
    def test_symbols_are_the_signs_they_show(self, font, code, expected):
        """Symbols inserted from a font of signs are read as the signs they show, in both of Word's forms."""
        assert text_of(paragraph(run("a "), f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>')) == f"a {expected}"
        if code.startswith("F"):
            fonts = f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}"/>'
            assert text_of(paragraph(run("a "), run(chr(int(code, 16)), fonts))) == f"a {expected}"

    def test_equations_are_written_in_a_line(self):
        """Equations are part of the sentence they stand in."""
        limit = "<m:oMath><m:r><m:t>I=9</m:t></m:r></m:oMath>"
        assert text_of(paragraph(run("At most "), limit, run(" ampere"))) == "At most I=9 ampere"
        assert text_of(paragraph(f"<m:oMathPara>{limit}</m:oMathPara>")) == "I=9"

    @pytest.mark.parametrize(
        ("inner", "expected"),
        [
            ("<m:sSup><m:e>{x}</m:e><m:sup>{2}</m:sup></m:sSup>", "x^2"),
            ("<m:sSub><m:e>{x}</m:e><m:sub>{i+1}</m:sub></m:sSub>", "x_(i+1)"),
            ("<m:f><m:fPr/><m:num>{1}</m:num><m:den>{a+b}</m:den></m:f>", "1/(a+b)"),
            ("<m:rad><m:deg/><m:e>{y}</m:e></m:rad>", "√y"),
            ("<m:rad><m:deg>{3}</m:deg><m:e>{y}</m:e></m:rad>", "y^(1/3)"),
            ('<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{i=1}</m:sub><m:sup>{n}</m:sup><m:e>{i}</m:e>'
             "</m:nary>", "∑_(i=1)^n i"),
            ("<m:d><m:e>{a}</m:e><m:e>{b}</m:e></m:d>", "(a, b)"),
            ('<m:d><m:dPr><m:begChr m:val="|"/><m:endChr m:val="|"/></m:dPr><m:e>{a}</m:e></m:d>', "|a|"),
            ("<m:func><m:fName>{log}</m:fName><m:e>{n}</m:e></m:func>", "log n"),
            ("<m:m><m:mr><m:e>{1}</m:e><m:e>{0}</m:e></m:mr><m:mr><m:e>{0}</m:e><m:e>{1}</m:e></m:mr></m:m>",
             "1, 0; 0, 1"),
        ],
    )  # fmt: skip
    def test_structures_of_equations(self, inner, expected):
        """Fractions, powers, roots, sums and matrices have one form each."""
        inner = inner.replace("{", "<m:r><m:t>").replace("}", "</m:t></m:r>")
        assert formula(parse_xml(f"<m:oMath {NAMESPACES}>{inner}</m:oMath>")) == expected

    def test_readings_above_characters_are_left_out(self):
        """The reading above Japanese characters is not mixed with them."""
        ruby = f"<w:r><w:ruby><w:rt>{run('ほしょう')}</w:rt><w:rubyBase>{run('保証')}</w:rubyBase></w:ruby></w:r>"
        assert text_of(paragraph(ruby, run("期間"))) == "保証期間"


def test_strict_documents_are_read_like_others():
    """A document saved as 'Strict Open XML' is read like any other."""
    content = made(
        paragraph(run("Title"), properties='<w:pStyle w:val="Heading1"/>'), table(row("A", "B"), row("1", "2"))
    )
    assert parse("a.docx", strict(content)).parts[0].text == parse("a.docx", content).parts[0].text
