"""Spreadsheets, presentations, mails and JSON files are read with their structure, or refused with one reason."""

import io
import json
import random
from datetime import UTC, date, datetime
from email.message import EmailMessage

import pytest
import xlsxwriter
import xlwt
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Cm

from bakeoff.formats.parse import parse
from bakeoff.formats.part import UnreadableError

LONG = "The oven heats up in seven minutes and keeps its temperature within two degrees."
Rows = list[list[object]]


def xlsx(sheets: dict[str, Rows], hidden: str = "", merged: str = "") -> bytes:
    """A workbook with these sheets; one of them hidden; a range of the first one merged."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
            if name == hidden:
                sheet.hide()
        if merged:
            book.worksheets()[0].merge_range(merged, "small")
    return buffer.getvalue()


def test_a_sheet_is_read_row_by_row_below_its_title() -> None:
    """Whole numbers without decimals, dates without a time, and no empty rows."""
    rows: Rows = [["Ovens 2024"], [], ["Model", "kg", "New", "Since"], ["A1", 7.0, True, date(2024, 5, 1)], ["A2", 7.5]]
    (part,) = parse("a.xlsx", xlsx({"Sheet1": rows})).parts
    assert part.title == "Ovens 2024"
    assert part.text == "# Ovens 2024\n\nModel: A1; kg: 7; New: yes; Since: 2024-05-01\nModel: A2; kg: 7.5"


def test_every_visible_sheet_is_a_section_and_a_hidden_one_is_named() -> None:
    """What its author hides is not read without a word."""
    table: Rows = [["Model", "kg"], ["A1", 7]]
    parsed = parse("a.xlsx", xlsx({"Ovens": table, "Pans": [["Pan", "cm"], ["P", 20]], "Costs": table}, hidden="Costs"))
    assert parsed.parts[0].text == "## Ovens\n\nModel: A1; kg: 7\n\n## Pans\n\nPan: P; cm: 20"
    assert [problem.source for problem in parsed.problems] == ["a.xlsx, sheet 'Costs'"]


def test_a_cell_over_several_rows_holds_for_each() -> None:
    """As in a table of a page."""
    rows: Rows = [["Size", "Model", "kg"], ["", "A1", 7], ["", "A2", 8], ["large", "A3", 9]]
    (part,) = parse("a.xlsx", xlsx({"S": rows}, merged="A2:A3")).parts
    assert part.text.splitlines()[:2] == ["Size: small; Model: A1; kg: 7", "Size: small; Model: A2; kg: 8"]


def test_a_sheet_of_texts_gives_one_part_for_each_row() -> None:
    """As in a CSV file."""
    parsed = parse("a.xlsx", xlsx({"FAQ": [["Title", "Text", "Access"], ["Oven", LONG, "hr"], ["Pan", LONG, ""]]}))
    assert [(p.key, p.title, p.access) for p in parsed.parts] == [("FAQ-1", "Oven", ("hr",)), ("FAQ-2", "Pan", ())]


def test_an_old_excel_file_is_read() -> None:
    """As xlsx is."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for number, row in enumerate([["Model", "kg"], ["A1", 7], ["A2", 7.5]]):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    buffer = io.BytesIO()
    book.save(buffer)
    (part,) = parse("a.xls", buffer.getvalue()).parts
    assert part.text == "Model: A1; kg: 7\nModel: A2; kg: 7.5"


def show() -> "Presentation":
    """A presentation with a list, a table, a chart, notes and a hidden slide."""
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "The oven"
    body = slide.placeholders[1].text_frame
    body.text = "It weighs "
    old, new = body.paragraphs[0].add_run(), body.paragraphs[0].add_run()
    old.text, new.text = "9 kg", "7 kg"
    old._r.get_or_add_rPr().set("strike", "sngStrike")
    second = body.add_paragraph()
    second.text, second.level = "lasts 10", 1
    power = second.add_run()
    power.text = "5"
    power._r.get_or_add_rPr().set("baseline", "30000")
    table = slide.shapes.add_table(2, 2, Cm(1), Cm(12), Cm(9), Cm(2)).table
    for place, words in enumerate(["Model", "kg", "A1", "7"]):
        table.cell(*divmod(place, 2)).text = words
    slide.notes_slide.notes_text_frame.text = "Say that it is new."
    chart = CategoryChartData()
    chart.categories = ["May", "June"]
    chart.add_series("Sold", (3, 4.5))
    second_slide = deck.slides.add_slide(deck.slide_layouts[5])
    second_slide.shapes.title.text = "Sales"
    second_slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Cm(1), Cm(4), Cm(9), Cm(6), chart)
    hidden = deck.slides.add_slide(deck.slide_layouts[5])
    hidden.shapes.title.text = "Costs"
    hidden._element.set("show", "0")
    return deck


def test_a_presentation_is_read_slide_by_slide() -> None:
    """Lists, tables, charts and notes; raised figures and struck text as in other formats; a hidden slide is named."""
    buffer = io.BytesIO()
    show().save(buffer)
    parsed = parse("a.pptx", buffer.getvalue())
    assert parsed.parts[0].text == (
        "## The oven\n\n- It weighs 7 kg\n  - lasts 10⁵\n\n| Model | kg |\n| --- | --- |\n| A1 | 7 |\n\n"
        "Notes: Say that it is new.\n\n## Sales\n\n|  | Sold |\n| --- | --- |\n| May | 3 |\n| June | 4.5 |"
    )
    assert parsed.parts[0].title == "The oven"
    assert [(problem.source, problem.reason) for problem in parsed.problems] == [("a.pptx, slide 3", "hidden")]


def test_words_of_slides_are_those_that_hold() -> None:
    """In tables and charts too: no struck words, raised figures, numbers as displayed, no hidden shapes, addresses."""
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    table = slide.shapes.add_table(2, 2, 0, 0, Cm(9), Cm(2)).table
    runs = [("10", {}), ("6", {"baseline": "30000"}), (" £9", {"strike": "sngStrike"})]
    for text, setting in runs:
        run = table.cell(1, 1).text_frame.paragraphs[0].add_run()
        run.text = text
        for name, value in setting.items():
            run.font._element.set(name, value)
    table.cell(0, 0).text, table.cell(0, 1).text, table.cell(1, 0).text = "Model", "Cycles", "K1"
    hidden = slide.shapes.add_textbox(0, Cm(3), Cm(2), Cm(1))
    hidden.text_frame.text = "secret"
    hidden._element.nvSpPr.cNvPr.set("hidden", "1")
    run = slide.shapes.add_textbox(0, Cm(4), Cm(2), Cm(1)).text_frame.paragraphs[0].add_run()
    run.text, run.hyperlink.address = "Write to us", "mailto:help@shop.example"
    data = CategoryChartData(number_format="0%")
    data.categories = ["Q1"]
    data.add_series("Share", (0.25,))
    plain = CategoryChartData()
    plain.categories = ["Q1"]
    plain.add_series("Sales", (1234567.5,))
    for top, chart in enumerate((data, plain), 6):
        slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, Cm(top), Cm(5), Cm(1), chart)
    buffer = io.BytesIO()
    deck.save(buffer)
    text = parse("a.pptx", buffer.getvalue()).parts[0].text
    assert "| K1 | 10⁶ |" in text and "secret" not in text and "Write to us (help@shop.example)" in text
    assert "| Q1 | 25% |" in text and "| Q1 | 1234567.5 |" in text


@pytest.mark.parametrize("n", [2_000_000_000, 1, 0])
def test_a_chart_has_the_points_that_are_there(n) -> None:
    """Whatever it says of their number, and however far apart their places are; points that are empty have no row."""
    data = CategoryChartData()
    data.categories = ["May", "June", "July"]
    data.add_series("Sold", (3, None, 4.5))
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    chart = slide.shapes.add_chart(XL_CHART_TYPE.LINE, 0, 0, Cm(9), Cm(6), data).chart
    for count in chart._chartSpace.xpath("//c:ptCount"):
        count.set("val", str(n))
    chart._chartSpace.xpath("//c:val//c:pt")[-1].set("idx", str(10**9))
    chart._chartSpace.xpath("//c:cat//c:pt")[-1].set("idx", str(10**9))
    buffer = io.BytesIO()
    deck.save(buffer)
    text = parse("a.pptx", buffer.getvalue()).parts[0].text
    assert text == "|  | Sold |\n| --- | --- |\n| May | 3 |\n| June |  |\n| July | 4.5 |"


def mail(html: str = "", attachment: str = "") -> EmailMessage:
    """A message, with an HTML version and an attachment if they are given."""
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Größe der Öfen", "Anna <a@shop.example>", "b@shop.example"
    message["Date"] = "Wed, 01 May 2024 10:00:00 +0200"
    message.set_content("It weighs 7 kg.\n")
    if html:
        message.set_content(html, subtype="html")
    if attachment:
        message.add_attachment(b"Model,kg\nA1,7\n", maintype="text", subtype="csv", filename=attachment)
    return message


def test_a_mail_is_read_with_its_head() -> None:
    """Who wrote when, under the subject; its date is the document's."""
    (part,) = parse("a.eml", mail().as_bytes()).parts
    assert part.title == "Größe der Öfen" and part.updated_at == datetime(2024, 5, 1, 8, tzinfo=UTC)
    assert part.text.startswith(
        "# Größe der Öfen\n\nFrom: Anna <a@shop.example>\nTo: b@shop.example\nDate: Wed, 01 May"
    )
    assert part.text.endswith("\n\nIt weighs 7 kg.")


def test_a_mail_in_html_and_its_attachments_are_read() -> None:
    """By the readers for their formats; what cannot be read is named."""
    parsed = parse("a.eml", mail("<p>It weighs <del>9</del> <b>7 kg</b>.</p>", "list.csv").as_bytes())
    message, table = parsed.parts
    assert message.text.endswith("It weighs 7 kg.") and (table.key, table.text) == ("list.csv", "Model: A1; kg: 7")
    (problem,) = parse("a.eml", mail(attachment="a.zip").as_bytes()).problems
    assert problem.source == "a.eml, a.zip" and "not read" in problem.reason


def raw_mail(kind: str, *parts: str) -> bytes:
    """A message with these parts, each with its headers."""
    head = f"From: a@shop.example\r\nSubject: Ovens\r\nContent-Type: multipart/{kind}; boundary=B\r\n\r\n"
    return (head + "".join(f"--B\r\n{part}\r\n" for part in parts) + "--B--\r\n").encode()


def test_every_text_of_a_mail_is_read() -> None:
    """Parts without a name, and forwarded messages with their own head."""
    inner = "Content-Type: message/rfc822\r\n\r\nFrom: c@shop.example\r\nSubject: Old\r\n\r\nIt weighs 9 kg."
    parsed = parse("a.eml", raw_mail("mixed", "Content-Type: text/plain\r\n\r\nFirst.", "\r\nSecond: 7 kg.", inner))
    message, forwarded = parsed.parts
    assert message.text.endswith("First.\n\nSecond: 7 kg.")
    assert (forwarded.key, forwarded.title) == ("Old.eml", "Old") and forwarded.text.endswith("It weighs 9 kg.")


def test_what_is_no_text_in_a_mail_is_named() -> None:
    """An encrypted message does not look like an empty one."""
    secret = "Content-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----"
    (problem,) = parse("a.eml", raw_mail("encrypted", secret)).problems
    assert "application/octet-stream is not read" in problem.reason and problem.remedy


@pytest.mark.parametrize(
    ("plain", "read"), [("It weighs 7 kg.", "7 kg."), ("Please see the HTML version.", "8 kg"), ("", "8 kg")]
)
def test_a_plain_text_that_only_points_to_the_html_is_not_the_message(plain: str, read: str) -> None:
    """Otherwise the plain text is read, as people write it."""
    page = "Content-Type: text/html\r\n\r\n<p>It weighs <b>8 kg</b></p>"
    (part,) = parse("a.eml", raw_mail("alternative", f"Content-Type: text/plain\r\n\r\n{plain}", page)).parts
    assert part.text.endswith(read)


def test_lines_that_a_mail_program_broke_are_one_line() -> None:
    """As format=flowed says; quoted lines stay."""
    head = b"From: a@b\r\nContent-Type: text/plain; format=flowed\r\n\r\n"
    assert (
        parse("a.eml", head + b"It weighs \r\n7 kg.\r\n> how heavy? \r\n> or not\r\n")
        .parts[0]
        .text.endswith("It weighs 7 kg.\n> how heavy?\n> or not")
    )


def test_numbers_in_json_keep_their_figures() -> None:
    """A version written as a number is not shortened."""
    assert parse("a.json", b'{"version": 3.10, "big": 12345678901234567890}').parts[0].text == (
        "version: 3.10; big: 12345678901234567890"
    )


def test_other_fields_of_a_text_in_json_are_read_with_it() -> None:
    """A price is; what is about the text, lists and ids are only kept."""
    row = {"title": "Oven", "text": "Heats fast.", "price": 49.90, "sku_id": "x1", "url": "u", "vector": [1, 2]}
    (part,) = parse("a.jsonl", json.dumps(row).replace("49.9", "49.90").encode()).parts
    assert part.text == "price: 49.90\n\nHeats fast."
    assert part.meta == {"price": 49.9, "sku_id": "x1", "url": "u", "vector": [1, 2]}


@pytest.mark.parametrize("content", [{"rendered": "<p>24 months</p>"}, ["24 months"], {"text": "24 months"}])
def test_a_text_in_json_may_be_wrapped(content: object) -> None:
    """As content systems export it."""
    (part,) = parse("a.json", json.dumps([{"id": 1, "title": {"rendered": "W"}, "content": content}]).encode()).parts
    assert (part.title, part.text) == ("W", "24 months")


def test_lines_of_json_without_a_text_are_one_document() -> None:
    """As any other tree; lines that are no JSON are named."""
    parsed = parse("a.jsonl", b'{"q": "How long?", "a": "24 months"}\n{"q": "Where?", "a": {"city": "Oslo"}}\nno')
    assert parsed.parts[0].text == "q: How long?; a: 24 months\nq: Where?\na: city: Oslo"
    assert [problem.source for problem in parsed.problems] == ["a.jsonl, line 3"]


def test_a_tree_of_json_keeps_the_path_to_each_value() -> None:
    """One line for the plain values of each object."""
    tree = {
        "title": "Ovens",
        "warranty": {"EU": {"months": 24, "free": True}},
        "colours": ["red", "blue"],
        "none": None,
    }
    (part,) = parse(
        "a.json", json.dumps(tree | {"models": [{"name": "A1", "kg": 7}, {"name": "A2", "kg": 8}]}).encode()
    ).parts
    assert part.title == "Ovens"
    assert part.text.splitlines() == [
        "title: Ovens",
        "warranty > EU: months: 24; free: yes",
        "colours: red, blue",
        "models: name: A1; kg: 7",
        "models: name: A2; kg: 8",
    ]


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"count": 2, "articles": rows}])
def test_a_list_of_texts_gives_one_part_for_each(wrap) -> None:
    """At the top of the file, or under its only list."""
    rows = [{"id": "a", "Title": "Oven", "Body": "7 kg"}, {"id": "b", "body": "8 kg", "access": ["hr"]}]
    parts = parse("a.json", json.dumps(wrap(rows)).encode()).parts
    assert [(p.key, p.title, p.text, p.access) for p in parts] == [
        ("a", "Oven", "7 kg", ()),
        ("b", "", "8 kg", ("hr",)),
    ]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.xlsx", b"PK\x03\x04 broken", "not a readable spreadsheet"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 broken", "not a readable spreadsheet"),
        ("a.xlsx", b"a,b", "not a .xlsx file"),
        ("a.pptx", b"PK\x03\x04 broken", "not a readable presentation"),
        ("a.pptx", xlsx({"S": [["a"]]}), "not a readable presentation"),
        ("a.eml", b"no headers at all", "no headers"),
        ("a.json", b"{'a': 1}", "it is not JSON"),
        ("a.json", b"[" * 300 + b"1" + b"]" * 300, "nested more than"),
        ("a.json", b"{}", "no text"),
        ("a.xlsx", xlsx({"S": []}), "no text"),
    ],
)
def test_what_cannot_be_read_is_refused_with_one_reason(name: str, content: bytes, reason: str) -> None:
    """And with what to do."""
    with pytest.raises(UnreadableError) as caught:
        parse(name, content)
    assert reason in caught.value.message and caught.value.remedy


def saved_show() -> bytes:
    """The presentation as bytes."""
    buffer = io.BytesIO()
    show().save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", xlsx({"S": [["Model", "kg"], ["A1", 7]]})),
        ("a.pptx", saved_show()),
        ("a.eml", mail("<p>7 kg</p>", "list.csv").as_bytes()),
        ("a.json", json.dumps({"a": {"b": [1, {"c": "d"}]}}).encode()),
    ],
)
def test_broken_files_never_raise_anything_else(name: str, content: bytes) -> None:
    """A truncated or corrupted file is read or refused."""
    chance = random.Random(5)
    for _ in range(60):
        broken = bytearray(content[: chance.randrange(1, len(content))] if chance.random() < 0.3 else content)
        for _ in range(chance.choice((1, 5, 50))):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            parse(name, bytes(broken))
        except UnreadableError as error:
            assert error.message
