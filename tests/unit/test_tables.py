"""The header of a table is found, whether it has no row, one or two; and one file may hold several tables."""

import pytest

from bakeoff.formats.parse import parse


def text_of(rows: str, name: str = "a.csv") -> str:
    return parse(name, rows.encode()).parts[0].text


@pytest.mark.parametrize(
    "rows",
    [
        "Model,Warranty,,Price,\n,EU,US,Net,Gross\nK1,24,12,40,49\nK2,36,24,50,59\n",
        ",Warranty,,Price,\nModel,EU,US,Net,Gross\nK1,24,12,40,49\nK2,36,24,50,59\n",
    ],
)
def test_a_header_of_two_rows_names_each_column_with_its_group(rows: str) -> None:
    """Groups above columns are neither data nor a title."""
    assert text_of(rows).split("\n") == [
        "Model: K1; Warranty EU: 24; Warranty US: 12; Price Net: 40; Price Gross: 49",
        "Model: K2; Warranty EU: 36; Warranty US: 24; Price Net: 50; Price Gross: 59",
    ]


def test_a_row_of_units_belongs_to_the_names_above_it() -> None:
    """Units are short words above numbers, with nothing below the first name."""
    rows = "Model,Weight,Power\n,kg,W\nK1,1.5,2000\nK2,1.7,2200\n"
    assert text_of(rows).split("\n")[0] == "Model: K1; Weight (kg): 1.5; Power (W): 2000"


def test_a_first_row_with_an_empty_cell_above_data_is_an_ordinary_header() -> None:
    """A row below the header that begins empty is data if it holds numbers."""
    rows = "Country,City,Days\n,Oslo,2\nSweden,Malmö,1\n"
    assert text_of(rows) == "City: Oslo; Days: 2\nCountry: Sweden; City: Malmö; Days: 1"


def test_a_table_without_a_header_loses_no_row() -> None:
    """The first row is data if it has numbers exactly where the rows below have them."""
    assert (
        text_of("K1,5,2024-01-01\nK2,6,2024-01-02\n").split("\n")[0]
        == "column 1: K1; column 2: 5; column 3: 2024-01-01"
    )


@pytest.mark.parametrize("header", ["Item,2023,2024", "Size,36,38,40", "Model,12 months,24 months", ",1,2"])
def test_years_sizes_and_numbers_with_words_are_names_of_columns(header: str) -> None:
    """A header may be made of numbers."""
    n_columns = header.count(",")
    rows = f"{header}\nA,{','.join('57' * n_columns)}\n".replace("5757", "57,58")
    assert text_of(rows).startswith(header.split(",")[0] or "column 1")


def test_after_an_empty_row_a_new_header_begins_a_new_table() -> None:
    """The second table is not read with the names of the first."""
    rows = "Model,Price\nK1,5\nK2,6\n\nDelivery\nCountry,Days\nNorway,2\nSweden,3\n"
    assert text_of(rows).split("\n\n") == [
        "Model: K1; Price: 5\nModel: K2; Price: 6",
        "Delivery",
        "Country: Norway; Days: 2\nCountry: Sweden; Days: 3",
    ]


def test_an_empty_row_between_rows_of_data_ends_no_table() -> None:
    """Names or numbers below an empty row are data if they look like the rows above."""
    assert text_of("Name,Town,Team\nAnna,Oslo,HR\n\nBob,Bergen,IT\nEve,Bodø,IT\n").count("Name:") == 3
    assert text_of("Model,Price\nK1,5\n\nK2,6\nK3,7\n").count("Model:") == 3


def test_keys_and_values_above_a_table_are_no_header() -> None:
    """As reports begin that a program exports."""
    part = parse("a.csv", b"Report:,Sales\nDate:,2024-05-01\n\nModel,Price,Stock\nK1,5,yes\nK2,6,no\n").parts[0]
    assert part.title == "Report: Sales"
    assert part.text == "Date: 2024-05-01\n\nModel: K1; Price: 5; Stock: yes\nModel: K2; Price: 6; Stock: no"


def test_a_header_that_names_one_column_of_three_is_still_a_header() -> None:
    """A table is never taken for a header without rows."""
    assert text_of(",Price,\nK1,5,x\n") == "column 1: K1; Price: 5; column 3: x"


def test_a_backslash_before_a_quote_keeps_it_inside_the_cell() -> None:
    """As databases export; at the end of a path it is a backslash."""
    assert text_of('Model,Note\nK1,"say \\"yes\\", please"\n') == 'Model: K1; Note: say "yes", please'
    assert text_of('Path,N\n"C:\\dir\\",1\n') == "Path: C:\\dir\\; N: 1"


@pytest.mark.parametrize(
    "rows",
    [
        "<thead><tr><th rowspan=2>Model<th colspan=2>Warranty<tr><th>EU<th>US</thead><tr><td>K1<td>24<td>12",
        "<tr><td>Model<td colspan=2>Warranty<tr><td><td>EU<td>US<tr><td>K1<td>24<td>12",
    ],
)
def test_a_page_has_headers_of_two_rows_too(rows: str) -> None:
    """Marked as a header or not."""
    text = text_of(f"<table>{rows}</table>", "a.html")
    assert text.split("\n") == ["| Model | Warranty EU | Warranty US |", "| --- | --- | --- |", "| K1 | 24 | 12 |"]
