"""A PDF holds drawn text: what is a table, a column, a raised figure, or a watermark is seen from its place."""

import os
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from pypdfium2 import PdfDocument
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

from bakeoff.formats.parse import parse
from bakeoff.formats.pdf import read as pdf
from bakeoff.formats.pdf.line_ends import Vocabulary, joined
from tests.unit.pages import drawn, grid, texts

_FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu/DejaVuSans.ttf",
    "/System/Library/Fonts/Supplemental/Arial.ttf",
)


def text_of(content: bytes) -> str:
    return parse("a.pdf", content).parts[0].text


class TestTables:
    @pytest.mark.parametrize("pitch", [13, 14, 16, 30])
    def test_rows_at_the_pitch_of_text_stay_rows(self, pitch):
        """Rows at the pitch of text stay rows, two columns or four."""
        two = [["Deposit", "£80.00"], ["Tax 5%", "£4.00"], ["Sum", "£84.00"]]
        assert text_of(drawn(grid(two, [60, 340], pitch=pitch))) == (
            "| Deposit | £80.00 |\n| --- | --- |\n| Tax 5% | £4.00 |\n| Sum | £84.00 |"
        )
        four = [["Pump", "12 V", "yes", "2 kg"], ["Hose", "-", "no", "1 kg"], ["Valve", "24 V", "yes", "3 kg"]]
        assert "| Hose | - | no | 1 kg |\n| Valve | 24 V | yes | 3 kg |" in text_of(
            drawn(grid(four, [60, 160, 260, 360], pitch=pitch))
        )

    def test_a_table_below_a_paragraph_is_not_part_of_it(self):
        """A table that follows a paragraph without a gap begins with its header."""
        lines = texts(
            (60, 728, "These fees are charged for each booking made in the office or by"), (60, 714, "phone:")
        )
        fees = grid([["Service", "Fee"], ["Change", "£5.00"], ["Refund", "£9.00"]], [60, 300])

        def page(canvas_):
            lines(canvas_)
            fees(canvas_)

        assert text_of(drawn(page)).endswith("| Service | Fee |\n| --- | --- |\n| Change | £5.00 |\n| Refund | £9.00 |")

    def test_a_missing_cell_leaves_its_column_empty(self):
        """A missing cell leaves its column empty; the other cells stay in their columns."""
        rows = [["Day", "From", "To"], ["Friday", "", "18:00"], ["Sunday", "closed", ""]]
        assert "| Friday |  | 18:00 |\n| Sunday | closed |  |" in text_of(drawn(grid(rows, [60, 200, 300])))

    def test_a_cell_of_several_lines_drawn_line_by_line_is_one_cell(self):
        """A cell of several lines is one cell even if the table is drawn line by line."""
        page = texts(
            (60, 700, "Range"), (200, 700, "30 m indoors, measured in a house"),
            (200, 688, "with brick walls"),
            (60, 664, "Battery"), (200, 664, "2 x AA"),
            (60, 640, "Weight"), (200, 640, "180 g"),
        )  # fmt: skip
        assert "| Range | 30 m indoors, measured in a house with brick walls |" in text_of(drawn(page))

    def test_a_row_with_narrow_gaps_has_the_columns_of_its_neighbours(self):
        """A row with narrow gaps between its cells has the columns of the rows around it."""
        rows = [
            ["North", "12,753", "12,799"],
            ["All regions", "212,753,438", "212,799,250"],
            ["South", "9,100", "8,200"],
        ]
        assert "| All regions | 212,753,438 | 212,799,250 |" in text_of(drawn(grid(rows, [60, 125, 193])))

    def test_a_wide_blank_in_a_line_of_text_is_no_column(self):
        """A single wide blank in justified text does not make a table of it."""
        page = texts(
            (60, 700, "The office is open from Monday to Friday and on the first"),
            (60, 686, "Saturday of"), (138, 686, "each month, and it is closed on all"),
            (60, 672, "public holidays and in the last week of the year, as usual."),
        )  # fmt: skip
        assert "|" not in text_of(drawn(page))

    def test_a_dot_in_a_cell_is_no_bullet(self):
        """A dot or a tick in a cell means something. Dots before lines of text are bullets."""
        rows = [["Feature", "Home", "Pro"], ["Radio", "•", "•"], ["Cable", "", "•"]]
        assert "| Radio | • | • |\n| Cable |  | • |" in text_of(drawn(grid(rows, [60, 200, 300])))
        items = grid([["•", "Radio and cable"], ["•", "Two keys"]], [60, 78])
        assert text_of(drawn(items)) == "- Radio and cable\n- Two keys"

    def test_blanks_in_code_make_no_table(self):
        """Lines of code are no table, however they are aligned."""

        def page(drawing: canvas.Canvas) -> None:
            texts(
                *(
                    (60, 760 - 14 * i, "The settings are written one to a line, as is shown below here.")
                    for i in range(3)
                )
            )(drawing)
            drawing.setFont("Courier", 10)
            grid([["port", "= 80"], ["host", "= all"]], [60, 130])(drawing)

        assert text_of(drawn(page)).endswith("port = 80\nhost = all")

    def test_a_table_drawn_column_by_column_has_its_rows(self):
        """A table drawn column by column has its rows, also below a heading and above a paragraph."""
        columns = {
            60: ["Model", "Alpha", "Beta", "Gamma"],
            200: ["Price", "£10", "£20", "£30"],
            320: ["Stock", "yes", "no"],
        }
        page = texts(
            (60, 740, "Price list of the branch in the north, valid until further notice:"),
            *((x, 700 - 14 * i, cell) for x, column in columns.items() for i, cell in enumerate(column)),
            (60, 620, "Ask for other models."),
        )
        assert text_of(drawn(page)).split("\n\n")[1:] == [
            "| Model | Price | Stock |\n| --- | --- | --- |\n| Alpha | £10 | yes |\n| Beta | £20 | no |\n"
            "| Gamma | £30 |  |",
            "Ask for other models.",
        ]

    def test_lists_side_by_side_are_no_table(self):
        """Two lists side by side stay lists."""
        left, right = ["- red", "- blue", "- green"], ["- iron", "- wood", "- glass"]
        page = texts(*((x, 700 - 14 * i, item) for x, c in ((60, left), (300, right)) for i, item in enumerate(c)))
        assert text_of(drawn(page)) == "\n".join(left + right)


class TestColumns:
    LEFT = ("Members may borrow up to ten books at a", "time for a period of four weeks, and may", "renew them twice.")
    RIGHT = (
        "Late books cost twenty pence for each day",
        "and each book, but never more than what",
        "the book is worth.",
    )

    def test_columns_drawn_line_by_line_are_read_one_after_the_other(self):
        """Columns of text are read one after the other, however they were drawn."""
        by_line = grid([[a, b] for a, b in zip(self.LEFT, self.RIGHT, strict=True)], [60, 320])
        assert text_of(drawn(by_line)) == " ".join(self.LEFT) + "\n\n" + " ".join(self.RIGHT)
        by_column = texts(
            *(
                (x, 700 - 14 * i, line)
                for x, column in ((60, self.LEFT), (320, self.RIGHT))
                for i, line in enumerate(column)
            )
        )
        assert text_of(drawn(by_column)) == text_of(drawn(by_line))

    def test_short_columns_are_columns(self):
        """Two lines in each column are enough."""
        rows = [
            ["The board has heard the", "elected a new treasurer for"],
            ["yearly report and has", "the next two years."],
        ]
        assert text_of(drawn(grid(rows, [60, 250]))) == (
            "The board has heard the yearly report and has\n\nelected a new treasurer for the next two years."
        )

    def test_columns_in_a_language_with_capital_nouns_are_columns(self):
        """Lines of running text may begin with capital letters, as German ones do."""
        left = ["Die Karte gilt vom Tag der ersten", "Fahrt an für alle Züge und", "Busse."]
        right = ["Verlorene Karten ersetzen wir ein Mal", "im Jahr, wenn der Antrag bei uns", "eingeht."]
        rows = [list(row) for row in zip(left, right, strict=True)]
        assert text_of(drawn(grid(rows, [60, 320]))) == " ".join(left) + "\n\n" + " ".join(right)

    def test_a_table_of_sentences_is_no_text_in_columns(self):
        """Cells that are sentences of their own stay rows."""
        rows = [
            ["Red light shows all the time", "Cells are empty, change them"],
            ["Red light blinks every second", "No link to the hub was found"],
            ["No light when it is pressed", "Call the service, it is broken"],
        ]
        assert text_of(drawn(grid(rows, [60, 300]))).count("\n|") == 3


class TestCharacters:
    def test_raised_figures_are_not_part_of_the_number(self):
        """Raised figures are not read as part of the number or word before them. Lowered ones stay plain."""

        def page(drawing):
            text = drawing.beginText(60, 700)
            for words, rise, size in (
                ("It lasts 10", 0, 11), ("5", 4, 7), (" hours, 12 months", 0, 11), ("2", 4, 7), (" on 20 m", 0, 11),
                ("2", 4, 7), (" with CO", 0, 11), ("2", -3, 7), (" and the 1", 0, 11), ("st", 4, 7), (" coat.", 0, 11),
            ):  # fmt: skip
                text.setFont("Helvetica", size)
                text.setRise(rise)
                text.textOut(words)
            drawing.drawText(text)

        assert text_of(drawn(page)) == "It lasts 10⁵ hours, 12 months² on 20 m² with CO2 and the 1st coat."

    def test_text_drawn_twice_counts_once(self):
        """Text drawn twice at nearly one place, for boldness or a shadow, counts once. Repeated words stay."""
        for shift in (0.2, 0.5, 1.0):
            page = texts((60, 700, "Guarantee 36 weeks"), (60 + shift, 700, "Guarantee 36 weeks"), (60, 660, "No no."))
            assert text_of(drawn(page)) == "Guarantee 36 weeks\n\nNo no."

    def test_letters_drawn_with_gaps_are_a_word(self):
        """Letters drawn one by one with gaps are a word; single letters in a sentence stay apart."""
        spaced = texts(
            *((60 + 12 * i, 700, letter) for i, letter in enumerate("NOTICE")), (60, 660, "Choose a, b or c.")
        )
        assert text_of(drawn(spaced)).split("\n\n")[0].lstrip("# ") == "NOTICE"

        def page(drawing):
            text = drawing.beginText(60, 700)
            text.setCharSpace(6)
            text.textOut("Guarantee")
            drawing.drawText(text)

        assert text_of(drawn(page)) == "Guarantee"

    def test_ligatures_are_letters(self):
        """Ligatures are read as the letters they stand for."""
        path = next(filter(os.path.exists, _FONTS), None)
        if path is None:
            pytest.skip("no TrueType font with ligatures on this machine")
        pdfmetrics.registerFont(TTFont("Ligatures", path))

        def page(drawing):
            drawing.setFont("Ligatures", 12)
            drawing.drawString(60, 700, "An o\ufb03cer \ufb01led the e\ufb00ect.")

        assert text_of(drawn(page)) == "An officer filed the effect."

    def test_text_outside_the_visible_page_is_left_out(self):
        """Marks of the print shop outside the visible page are left out."""
        assert text_of(drawn(texts((60, 700, "Seen."), (900, 700, "proof 3")))) == "Seen."


class TestTurned:
    @staticmethod
    def _with_note(angle: float, size: float):
        def page(drawing: canvas.Canvas) -> None:
            drawing.drawString(60, 700, "Members may borrow up to ten books at a time.")
            drawing.saveState()
            drawing.setFont("Helvetica-Bold", size)
            drawing.translate(30, 300)
            drawing.rotate(angle)
            drawing.drawString(0, 0, "SAMPLE COPY")
            drawing.restoreState()

        return page

    @pytest.mark.parametrize(("angle", "size"), [(90, 9), (90, 24), (45, 60), (270, 12), (55, 30)])
    def test_a_watermark_or_a_note_in_the_margin_is_no_heading(self, angle, size):
        """Text in another direction than the page is no title and no heading, and comes once, after the page."""
        page = self._with_note(angle, size)
        part = parse("a.pdf", drawn(page, page)).parts[0]
        assert part.title == ""
        assert part.text.startswith("Members may borrow") and "#" not in part.text
        assert part.text.count("SAMPLE COPY") == 1

    def test_a_page_that_is_turned_as_a_whole_is_read_as_it_is_held(self):
        """A table on a page that is turned as a whole is read as one that is not."""
        upright = grid([["Deposit", "£80.00"], ["Tax 5%", "£4.00"], ["Sum", "£84.00"]], [60, 340])

        def turned(drawing: canvas.Canvas) -> None:
            drawing.translate(800, 0)
            drawing.rotate(90)
            upright(drawing)

        assert text_of(drawn(turned)) == text_of(drawn(upright))


class TestForms:
    def test_what_was_filled_in_stands_beside_its_label(self):
        """Values of form fields stand beside their labels; a ticked box is [x], and passwords are not read."""

        def page(drawing: canvas.Canvas) -> None:
            form = drawing.acroForm
            drawing.drawString(60, 700, "Customer:")
            form.textfield(name="customer", value="Maria Lund", x=130, y=694, width=200, height=20)
            drawing.drawString(60, 660, "Insured:")
            form.checkbox(name="insured", checked=True, x=130, y=656, size=14)
            drawing.drawString(60, 620, "Express:")
            form.checkbox(name="express", checked=False, x=130, y=616, size=14)
            drawing.drawString(60, 580, "Colour:")
            form.choice(name="colour", value="blue", options=["red", "blue"], x=130, y=574, width=90, height=20)
            drawing.drawString(60, 540, "Secret:")
            form.textfield(name="pin", value="4711", fieldFlags="password", x=130, y=534, width=90, height=20)
            drawing.drawString(60, 500, "Thank you.")

        text = text_of(drawn(page))
        assert [line for line in text.replace("| --- | --- |\n", "").split("\n") if line] == [
            "| Customer: | Maria Lund |", "| Insured: | [x] |", "| Express: | [ ] |", "| Colour: | blue |",
            "Secret:", "Thank you.",
        ]  # fmt: skip

    def test_a_note_typed_onto_the_page_is_read_and_a_comment_is_not(self):
        """Text typed onto the page is part of it. A comment that a reader left at its margin is not."""

        def page(drawing: canvas.Canvas) -> None:
            drawing.drawString(60, 700, "Price list.")
            drawing.freeTextAnnotation("Valid until 30 June", "/Helv 10 Tf 0 g", Rect=(60, 650, 260, 668))
            drawing.textAnnotation("is this right?", Rect=(300, 700, 320, 720))

        assert text_of(drawn(page)) == "Price list.\n\nValid until 30 June"


class TestLineEnds:
    @pytest.mark.parametrize(
        ("above", "below", "expected"),
        [
            ("from deli-", "very on", "from delivery on"),
            ("in its pack-", "aging", "in its packaging"),
            ("a user-", "defined key", "a user-defined key"),
            ("a heat-", "resistant glove", "a heat-resistant glove"),
            ("an up-to-", "date list", "an up-to-date list"),
            ("die Rück-", "gabe", "die Rückgabe"),
            ("the Lund-", "Berg pact", "the Lund-Berg pact"),
            ("soft\u00ad", "ware", "software"),
            ("pages 3-", "5", "pages 3- 5"),
            ("one", "two", "one two"),
            ("保証期間は", "3年です", "保証期間は 3年です"),
            ("保証期間はご購入", "の日から", "保証期間はご購入の日から"),
        ],
    )
    def test_a_hyphen_at_the_end_of_a_line_stays_if_it_is_part_of_the_word(self, above, below, expected):
        """A hyphen at the end of a line stays if it is part of the word."""
        assert joined(above, below) == expected

    def test_the_words_of_the_document_decide_first(self):
        """A word that the document writes in another place is written so."""
        known = Vocabulary(["the micro-hub and the Quickset valve", "a quick-"])
        assert joined("a micro-", "hub", known) == "a micro-hub"
        assert joined("a quick-", "set", known) == "a quickset"

    def test_lines_of_a_page_are_joined_so(self):
        """Lines of a page are joined by the same rule."""
        lines = (
            "This is an easy-to-",
            "clean and heat-",
            "resistant cover in its pack-",
            "aging, to be kept.",
        )
        page = texts(*((60, 700 - 14 * i, line) for i, line in enumerate(lines)))
        assert text_of(drawn(page)) == (
            "This is an easy-to-clean and heat-resistant cover in its packaging, to be kept."
        )


def test_words_of_all_pages_are_there_whatever_the_layout():
    """No layout loses or doubles a word."""
    chance = random.Random(5)
    for _ in range(30):
        placed = [
            (
                60 + 170 * chance.randrange(3) + chance.choice((0, 0, 5)),
                740 - 13 * i - chance.choice((0, 0, 5)),
                f"w{i} x{i}",
            )
            for i in range(chance.randrange(1, 40))
        ]
        chance.shuffle(placed)
        text = text_of(drawn(texts(*placed)))
        words = sorted(word for word in text.split() if word[0] in "wx")
        assert words == sorted(word for _, _, words in placed for word in words.split())


def test_documents_are_closed(monkeypatch):
    """A file that was read, or could not be, is closed."""
    closed = []
    close = PdfDocument.close
    monkeypatch.setattr(PdfDocument, "close", lambda self: (closed.append(self), close(self)))
    pdf.parse(drawn(texts((60, 700, "text"))))
    assert closed


def test_several_threads_read_the_same_as_one():
    """Several threads can read PDFs at once, and read the same as one."""
    rows = [["Deposit", "£80.00"], ["Tax 5%", "£4.00"], ["Sum", "£84.00"]]
    contents = [drawn(*[grid(rows, [60, 340 + i])] * 5) for i in range(8)] * 4
    expected = [text_of(content) for content in contents]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(text_of, contents)) == expected
