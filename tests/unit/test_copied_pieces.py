"""What `extract` copies: whole sentences, rows with the names of their columns, lists with what introduces them."""

import pytest

from bakeoff.contenders.copied import as_read
from bakeoff.contenders.extractor import Extractor, sentences
from bakeoff.records import Hit
from tests.unit.fakes import FakeRetriever, WordEmbedder, chunk, question


def copied(text: str, heading: str = "") -> list[str]:
    return [piece.text for piece in sentences(Hit(chunk=chunk("x", text, heading=heading), score=1.0, rank=1))]


WRAPPED = """The warranty of the kettle lasts for twenty-four months from the day on
which you bought it, i.e. until the same day two years later. Damage by
Limescale Ltd. products is excluded. Write to us first."""


def test_sentences_go_on_over_the_line_ends_of_a_wrapped_text() -> None:
    """In Markdown and plain text, also where the next line begins with a capital."""
    assert copied(WRAPPED) == [
        "The warranty of the kettle lasts for twenty-four months from the day on which you bought it, "
        "i.e. until the same day two years later.",
        "Damage by Limescale Ltd. products is excluded.",
        "Write to us first.",
    ]
    assert copied("> " + WRAPPED.replace("\n", "\n> ")) == copied(WRAPPED)
    assert copied("- " + WRAPPED.replace("\n", "\n  ")) == copied(WRAPPED)


def test_lines_that_are_no_wrapped_text_stand_alone() -> None:
    """Addresses, rows of names and values, lines of code, items."""
    text = "Ember Ltd\n12 Mill Lane\nLeith EH6\n\nModel: K1\nPrice: 5 GBP\n\n- first item\n- second item\n\n"
    text += "```\nmake all\nmake test\n```"
    assert copied(text) == [
        "Ember Ltd",
        "12 Mill Lane",
        "Leith EH6",
        "Model: K1",
        "Price: 5 GBP",
        "first item",
        "second item",
        "make all",
        "make test",
    ]


def test_japanese_lines_are_joined_without_a_blank() -> None:
    """A line end inside a word is no blank."""
    text = "本製品の保証期間は、お買い上げの日から数えて三年間であり、落下による破損は対象外です。"
    text += "修理の受\n付は平日のみです。"
    assert copied(text)[1] == "修理の受付は平日のみです。"


def test_rows_are_read_with_the_names_of_their_columns() -> None:
    """From the table's header, or the heading of a passage that continues a table; empty cells are left out."""
    table = "| Model | Warranty | Note |\n| --- | --- | --- |\n| K1 | **24 months** | |\n| K2 | 12 months | `--force` |"
    assert copied(table) == ["Model: K1; Warranty: 24 months", "Model: K2; Warranty: 12 months; Note: --force"]
    assert copied("| K3 | 6 months |", "Shop > Prices > Model | Warranty") == ["Model: K3; Warranty: 6 months"]
    assert copied("| K3 | 6 months |", "Shop") == ["K3; 6 months"]
    assert copied("| Question | Answer |\n| --- | --- |\n| Is it safe? | Yes, it is. |") == ["Yes, it is."]


@pytest.mark.parametrize(
    ("piece", "read"),
    [
        ("**Do not** open it.", "Do not open it."),
        ("Call `__init__` and *wait* for _it_.", "Call __init__ and wait for it."),
        ("Use 2 * 3 * 4 and snake_case_names.", "Use 2 * 3 * 4 and snake_case_names."),
        ("It costs 5 \\* 3 \\| x.", "It costs 5 * 3 | x."),
        ("> - [x] Done <b>now</b>.<br>Yes.", "Done now. Yes."),
        ("3. Press the button.", "Press the button."),
        ("if a < b and c > d: run", "if a < b and c > d: run"),
    ],
)
def test_marks_are_not_copied(piece: str, read: str) -> None:
    """Those of Markdown and HTML; signs that mean something stay."""
    assert as_read(piece) == read


@pytest.mark.parametrize(
    "text",
    [
        "3.2 Warranty of the kettle\n\nIt lasts for 24 months after the day of purchase.",
        "§ 5 Warranty of the kettle\n\nIt lasts for 24 months after the day of purchase.",
        "Warranty of the kettle\nIt lasts for 24 months after the day of purchase and covers all parts.",
        "1. **Warranty of the kettle**\nIt lasts for 24 months after the day of purchase.",
        "The warranty of the kettle:\n\nIt lasts for 24 months after the day of purchase.",
        "How long is the warranty of the kettle？\nIt lasts for 24 months after the day of purchase.",
    ],
)
def test_headings_with_numbers_and_directly_above_a_text_are_not_copied(text: str) -> None:
    """Nor words that only introduce what follows, nor questions with other question marks."""
    asked = [question("a", "How long is the warranty of the kettle?")]
    found = FakeRetriever([chunk("x", text)])
    assert Extractor("extract", found, WordEmbedder("warranty kettle"), 1).answer(asked)[0].text.startswith("It lasts")


def test_japanese_headings_are_not_copied_and_sentences_are() -> None:
    """A short line that ends like a sentence is one."""
    assert copied("保証について\n\n保証期間は三年です。") == ["保証期間は三年です。"]
    assert copied("送料は無料です\n\nお問い合わせはこちらへどうぞ。")[0] == "送料は無料です"


def test_a_list_is_copied_with_the_sentence_that_introduces_it() -> None:
    """Which alone would say nothing; a long list is not copied as a whole."""
    text = "The following are not covered:\n\n- scratches\n- damage by **hard water**\n\nAll else is."
    assert copied(text)[0] == "The following are not covered: scratches; damage by hard water"
    assert copied(text)[1:] == ["damage by hard water", "All else is."]
    long = "Not covered:\n" + "\n".join(f"- part number {n} of the old kettle" for n in range(30))
    assert copied(long)[0] == "part number 0 of the old kettle"


def test_words_of_every_script_are_compared() -> None:
    """The sentence that shares the question's words is taken, in a language that the embedder does not know."""
    text = "送料は全国一律550円です。保証期間はお買い上げの日から3年間です。返品は30日以内です。"
    embedder = WordEmbedder("warranty")
    embedder.languages = ("en",)
    answer = Extractor("extract", FakeRetriever([chunk("x", text)]), embedder, 1).answer(
        [question("a", "保証は何年？")]
    )
    assert answer[0].text == "保証期間はお買い上げの日から3年間です。"


def test_neighbours_are_joined_like_the_text() -> None:
    """Sentences of a paragraph on one line, items each on a line of its own."""
    found = FakeRetriever([chunk("x", "It lasts two years. It covers\nall parts.\n\n- no post\n- no fee at all")])
    answer = Extractor("extract", found, WordEmbedder("covers"), 1, answer_words=99).answer([question("a", "covers?")])
    assert answer[0].text == "It lasts two years. It covers all parts.\nno post\nno fee at all"
