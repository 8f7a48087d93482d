"""Cuts and words in scripts without blanks, and what language a text is in."""

from itertools import pairwise

import pytest

from bakeoff.writing.language import covers, language_of_script, name_of, shares_of_languages
from bakeoff.writing.words import count_words, may_cut, whole_letter, word_ends


def pieces(text: str) -> list[str]:
    ends = [0, *word_ends(text), len(text)]
    return [text[start:end] for start, end in pairwise(ends)]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("電話番号は0312345678、保証期間は36か月です。", ["0312345678", "36か月", "保証期間"]),
        ("客服电话0312345678，保修三年，客服中心开放", ["0312345678", "客服", "中心"]),
        ("รับประกันสามปีโทรศัพท์ศูนย์สอง", ["ประกัน", "โทรศัพท์", "ศูนย์"]),
        ("カスタマーサポートの窓口", ["カスタマーサポート", "窓口"]),
        ("본사는 서울에 있습니다", ["본사는", "서울에", "있습니다"]),
    ],
)
def test_no_word_and_no_number_is_cut(text: str, whole: list[str]) -> None:
    """Each of these words stands in one piece."""
    assert [word for word in whole if not any(word in piece for piece in pieces(text))] == []


@pytest.mark.parametrize("text", ["ການຮັບປະກັນສາມປີ", "ការធានារយៈពេលបីឆ្នាំ", "ရောင်းချသူက", "दिल्ली", "e\u0301te\u0301"])
def test_no_letter_is_cut_from_its_marks(text: str) -> None:
    """In every script, also those without a model of words."""
    import unicodedata

    for piece in pieces(text):
        assert unicodedata.category(piece[0])[0] != "M"
    for place in range(1, len(text)):
        assert (
            unicodedata.category(text[whole_letter(text, place, 0)])[0] != "M" or whole_letter(text, place, 0) == place
        )


def test_words_with_blanks_and_numbers_are_not_cut() -> None:
    """A place inside a word, a decimal or an address is no place to cut."""
    text = "costs 4.50 at a.example/b"
    assert [place for place in range(1, len(text)) if may_cut(text, place)] == [5, 6, 10, 11, 13, 14]


def test_words_are_counted_alike_in_all_scripts() -> None:
    """Two letters without blanks count as a word; texts with blanks are counted at their blanks."""
    assert count_words("The warranty is 24 months.") == 5
    assert count_words("本製品の保証期間は3年間です。") == 9
    assert count_words("보증 기간은 3년입니다.") == 3
    assert count_words("") == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("保証は？", "ja"),
        ("保修期多长？", "zh"),
        ("보증", "ko"),
        ("รับประกัน", "th"),
        ("الضمان", "ar"),
        ("वारंटी", "hi"),
        ("Garantie", None),
    ],
)
def test_the_script_of_a_few_words(text: str, code: str | None) -> None:
    """Latin letters say nothing."""
    assert language_of_script(text) == code


def test_languages_of_documents() -> None:
    """Shares by letters, largest first; what is hardly there is left out."""
    english = "The warranty of the kettle is three years and you can return it for a month after that. " * 8
    german = "Die Garantie gilt drei Jahre ab dem Kauf des Geräts, und Sie können es einen Monat lang zurückgeben. " * 2
    shares = shares_of_languages([english, german, "K1 K2 K3"])
    assert list(shares) == ["en", "de"]
    assert shares["en"] > 0.7
    assert shares_of_languages([english * 10, german[:100]]) == {"en": pytest.approx(1.0, abs=0.05)}
    assert shares_of_languages(["12 34"]) == {}


def test_an_embedder_for_persian_reads_arabic_letters() -> None:
    """What is found by its script is covered by any language in that script; names are English."""
    assert covers(["en", "fa"], "ar")
    assert not covers(["en"], "ja")
    assert name_of("th") == "Thai"
