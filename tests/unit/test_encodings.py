"""Texts in other encodings than UTF-8 are read, and a person is told where the encoding was guessed."""

import pytest

from bakeoff.formats.encodings import decoded
from bakeoff.formats.parse import parse

TEXTS = [
    ("cp932", "営業時間は九時から五時までです。日曜日は休みです。"),
    ("euc_jp", "営業時間は九時から五時までです。日曜日は休みです。"),
    ("gb18030", "营业时间为九点到五点。星期日休息。"),
    ("big5", "營業時間為九點到五點。星期日休息。"),
    ("cp949", "영업 시간은 아홉 시부터 다섯 시까지입니다."),
    ("cp1251", "Магазин открыт с девяти до пяти"),
    ("koi8_r", "Магазин открыт с девяти до пяти"),
    ("cp1253", "Το κατάστημα είναι ανοιχτό από τις εννέα"),
    ("cp1255", "החנות פתוחה מתשע עד חמש"),
    ("cp1256", "المتجر مفتوح من التاسعة حتى الخامسة"),
    ("cp874", "ร้านเปิดตั้งแต่เก้าโมงถึงห้าโมง"),
    ("cp1250", "Obchod je otevřen od devíti do pěti, příště déle."),
    ("cp1252", "Das Geschäft öffnet um neun Uhr und schließt um fünf."),
    ("cp1252", "La boutique est fermée le dimanche, désolé."),
    ("cp1252", "Price: £7"),
    ("cp1252", "below 20 °C ± 1"),
    ("cp1252", "It’s “open” – 7 €"),
    ("cp1252", "Größe"),
    ("cp1252", "7 × 2 = 14"),
    ("cp1252", "„offen“"),
    ("iso8859_15", "7 €"),
    ("cp1250", "Sklep jest otwarty od ósmej, również w sobotę, źródło ciepła."),
    ("iso8859_2", "Obchod je otevřen od devíti do pěti, příště déle."),
    ("cp866", "Магазин открыт с девяти до пяти"),
]


@pytest.mark.parametrize(("encoding", "text"), TEXTS)
def test_the_encoding_of_a_text_is_found_and_named_as_a_guess(encoding: str, text: str) -> None:
    """Also of one short line."""
    found = decoded(text.encode(encoding))
    assert found.text == text and found.guessed and found.encoding
    (problem,) = parse("a.txt", text.encode(encoding)).problems
    assert problem.is_read and found.encoding in problem.reason and "guess" in problem.reason and problem.remedy


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("Größe €".encode(), ""),
        ("Größe €".encode("utf-8-sig"), ""),
        ("Größe €".encode("utf-16"), "utf-16"),
        ("営業時間 €".replace(" €", "").encode("iso2022_jp"), "iso2022_jp"),
    ],
)
def test_what_the_bytes_say_is_no_guess(content: bytes, encoding: str) -> None:
    """UTF-8, a byte order mark, and the shifts of ISO-2022-JP."""
    assert decoded(content)[1:] == (encoding, False)
    assert not parse("a.txt", content).problems


@pytest.mark.parametrize(
    ("declared", "encoding", "text"),
    [("iso-8859-1", "cp1252", "7 € – “new”"), ("gb2312", "gb18030", "营业时间 €"), ("Shift_JIS", "cp932", "①営業時間")],
)
def test_a_declared_encoding_is_read_as_browsers_read_it(declared: str, encoding: str, text: str) -> None:
    """Programs write the larger encoding and declare the smaller one."""
    assert decoded(text.encode(encoding), declared) == (text, declared, False)


def test_a_declared_encoding_is_no_guess() -> None:
    """A page says its encoding in its head."""
    page = '<html><head><meta charset="windows-1251"></head><body><p>Магазин открыт</p></body></html>'
    parsed = parse("a.html", page.encode("cp1251"))
    assert parsed.parts[0].text == "Магазин открыт" and not parsed.problems
