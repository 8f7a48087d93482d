"""Tables are read row by row with their header, whatever stands above it, and no column is lost."""

import pytest

from bakeoff.formats.parse import parse
from bakeoff.formats.tables.csv_rows import rows_with_open_quotes

LONG = "The oven heats up in seven minutes and keeps its temperature within two degrees."


def lines(text: str, name: str = "a.csv") -> list[str]:
    """The lines of the only part of a table."""
    (part,) = parse(name, text.encode()).parts
    return part.text.split("\n")


@pytest.mark.parametrize(
    "above",
    [
        "Ovens 2024,,\n,,\n",
        "Ovens 2024\n\n",
        "Ovens 2024,,\nvalid from:,,1 May,,,\n\n",
        '"Ovens 2024",,\nall in kg,,\n',
    ],
)
def test_a_title_above_the_header_is_the_title(above: str) -> None:
    """And other lines above it are kept."""
    table = "Model,Weight,Colour,Place,Stock\nA1,7,red,shop,1\nA2,9,blue,shop,2\n"
    (part,) = parse("a.csv", (above + table).encode()).parts
    assert part.title == "Ovens 2024"
    assert "Model: A1; Weight: 7; Colour: red; Place: shop; Stock: 1\nModel: A2; Weight: 9" in part.text
    assert all(note in part.text for note in ("1 May", "all in kg") if note in above)


def test_a_title_without_delimiters_does_not_hide_the_delimiter() -> None:
    """The rows below it tell."""
    table = "Ovens 2024\n\nModel;Weight\nA1;7,5\nA2;9,0\n"
    assert lines(table) == ["Model: A1; Weight: 7,5", "Model: A2; Weight: 9,0"]


@pytest.mark.parametrize(
    ("table", "first"),
    [
        ("Model,Weight\nA1,7\n", "Model: A1; Weight: 7"),
        (",Weight,Colour\nA1,7,red\nA2,8,red\n", "column 1: A1; Weight: 7; Colour: red"),
        ("Model,\nA1,7\nA2,8\n", "Model: A1; column 2: 7"),
        ("Model,Weight,Note\nA1,,\nA2,,\nA3,,new\n", "Model: A1"),
        ("Name\nAnna\nOla\n", "Name: Anna"),
    ],
)
def test_a_header_is_not_taken_for_a_title(table: str, first: str) -> None:
    """Also where a column has no name, or most cells are empty."""
    assert lines(table)[0] == first


def test_a_column_of_values_called_content_loses_no_other_column() -> None:
    """The rows are those of a table, not texts."""
    table = "Box,Content,Weight\nsmall,6 cups,2 kg\nlarge,12 cups,4 kg\n"
    assert lines(table) == ["Box: small; Content: 6 cups; Weight: 2 kg", "Box: large; Content: 12 cups; Weight: 4 kg"]


def test_what_stands_beside_a_long_text_is_read_with_it() -> None:
    """Each row is a text, below its other columns; those about the text itself are metadata."""
    (part,) = parse("a.csv", f"id,Model,Text,Price,url\n7,A1,{LONG},£90,x\n".encode()).parts
    assert part.text == f"Model: A1; Price: £90\n\n{LONG}"
    assert (part.key, part.meta["url"]) == ("7", "x")


def test_rows_with_labels_stay_documents_of_their_own() -> None:
    """A short text with an access list must not join a table that everybody sees."""
    parsed = parse("a.csv", b"Team,Text,Access\nHR,Pay is 10,hr\nAll,Open at 9,\n")
    assert [(part.text, part.access) for part in parsed.parts] == [("Pay is 10", ("hr",)), ("Open at 9", ())]


def test_an_open_quote_does_not_swallow_the_rows_below() -> None:
    """The line is read as a row, and named."""
    parsed = parse("a.csv", b'id,text\n1,"Oven has 7\n2,Pan has 8\n3,"Pot, small"\n')
    texts = [(part.key, part.text) for part in parsed.parts]
    assert texts == [("1", "Oven has 7"), ("2", "Pan has 8"), ("3", "Pot, small")]
    (problem,) = parsed.problems
    assert problem.source == "a.csv, line 2" and problem.is_read and "never closed" in problem.reason


def test_a_title_above_the_header_hides_no_open_quote() -> None:
    """The rows say how many cells a row has, not the first line, which may be a title of one cell."""
    text = 'Sales of May\n\nName;Price;Note\nPears;2,00;"open\nCherries;3,00;x\n'
    rows, open_quotes = rows_with_open_quotes(text)
    assert rows[-2:] == [["Pears", "2,00", "open"], ["Cherries", "3,00", "x"]] and open_quotes == [4]


def test_an_open_quote_that_a_later_one_closes_is_found_too() -> None:
    """The quote at the start of the next row closed it, which made one row of two."""
    rows, open_quotes = rows_with_open_quotes('a,b\n1,"x\n2,"y"\n3,z\n')
    assert rows == [["a", "b"], ["1", "x"], ["2", "y"], ["3", "z"]] and open_quotes == [2]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('a,b\n1,"x\ny, z"\n2,w\n', [["a", "b"], ["1", "x\ny, z"], ["2", "w"]]),
        ('a,b\n1,5" pipe\n2,w\n', [["a", "b"], ["1", '5" pipe'], ["2", "w"]]),
        ('a,b\n1,"x" y\n2,w\n', [["a", "b"], ["1", "x y"], ["2", "w"]]),
        ('a,b\n1,"he said\n"hi" to me"\n2,w\n', [["a", "b"], ["1", 'he said\nhi" to me"'], ["2", "w"]]),
    ],
)
def test_quotes_in_order_or_merely_careless_are_read_as_before(text: str, rows: list[list[str]]) -> None:
    """Line breaks within quotes, and quotes within a cell."""
    assert rows_with_open_quotes(text) == (rows, [])


def test_many_open_quotes_are_all_found() -> None:
    """In a file of some length."""
    n = 3000
    rows, open_quotes = rows_with_open_quotes("a,b\n" + "".join(f'{i},"x\n' for i in range(n)))
    assert len(rows) == n + 1 and len(open_quotes) >= n - 1
