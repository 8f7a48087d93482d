"""What a reader sees of a cited passage: the sentences that share most with question and answer, verbatim."""

import pytest

from bakeoff.records import Answer, Chunk, Hit
from bakeoff.serve.answering import Answered
from bakeoff.serve.citations import cite
from bakeoff.serve.links import Links
from bakeoff.serve.openai.chat import measured
from bakeoff.serve.quotes import LONGEST, closest, quote, quoted
from bakeoff.serve.showing import Showing

HOLIDAY = """# Holiday

You have 27 days of paid holiday in a calendar year. Holiday accrues at 2.25 days for each whole month.

It is booked in the calendar of the office. Ask your manager first, who answers within a week.
"""


def chunk(text: str, start: int = 0, heading: str = "") -> Chunk:
    return Chunk(id="c", document_id="d", source="d.md", text=text, start=start, end=start + len(text), heading=heading)


def test_a_wrong_answer_stands_beside_the_sentence_that_says_otherwise():
    """The passage's own words about question and answer, with the place in its document; headings are left out."""
    found = quote(chunk(HOLIDAY, 100), "How many days of paid holiday do I have?", "2.25")
    assert found.text == (
        "You have 27 days of paid holiday in a calendar year. Holiday accrues at 2.25 days for each whole month."
    )
    assert HOLIDAY[found.start - 100 : found.end - 100] == found.text
    assert [found.text[start:end] for start, end in found.words] == [
        *("have", "days", "paid", "holiday", "Holiday", "2.25", "days")
    ]


@pytest.mark.parametrize(
    ("text", "question", "answer", "shown", "words"),
    [
        (
            "入社時に説明します。有給休暇は年に二十七日です。病気の時は電話してください。",
            "有給休暇は何日ですか？",
            "二十七日",
            "有給休暇は年に二十七日です。",
            ["有給休暇は", "二十七日です"],
        ),
        (
            "Обед в час. Отпуск длится 27 дней. Офис закрыт.",
            "Сколько дней отпуска?",
            "27",
            "Отпуск длится 27 дней.",
            None,
        ),
        ("यह पहला वाक्य है। छुट्टी सत्ताईस दिन की है। अंत।", "छुट्टी कितने दिन की है?", "", "छुट्टी सत्ताईस दिन की है।", None),
        ("المكتب مغلق. الإجازة 27 يوما. اسأل المدير؟", "كم يوما الإجازة؟", "27", "الإجازة 27 يوما.", None),
        ("วันหยุดมี27วันต่อปี\nสำนักงานปิดวันอาทิตย์", "วันหยุดกี่วันต่อปี", "27", "วันหยุดมี27วันต่อปี", None),
    ],
)
def test_any_script(text: str, question: str, answer: str, shown: str, words: list[str] | None):
    """Sentences end as their script ends them; words with other endings, and scripts without spaces, are recognised."""
    found = quote(chunk(text), question, answer)
    assert found.text == shown
    marked = [found.text[start:end] for start, end in found.words]
    assert marked == words if words else marked


def test_a_quote_is_short_whatever_the_passage():
    """Of a sentence without end the part around what is shared, cut at words; also without spaces."""
    long = "It is said of many things and of many more that they go on. " * 3
    long = long.replace(". ", ", ") + "and the warranty lasts 24 months, " + long.replace(". ", ", ")
    for text in (long, long.replace(" ", ""), "x" * 5000 + "warranty" + "y" * 5000, "字" * 3000 + "保証" + "字" * 3000):
        found = quote(chunk(text), "How long does the warranty last? 保証", "24 months")
        assert 0 < len(found.text) <= LONGEST and found.text in text
    assert "warranty lasts 24 months" in quote(chunk(long), "How long is the warranty?", "24 months").text


def test_of_a_passage_that_shares_nothing_the_beginning():
    """Whole sentences of it, and no word is marked. An empty passage gives an empty quote."""
    found = quote(chunk("First of all. Then more. " * 20), "Zebras?", "")
    assert found.start == 0 and found.words == () and 100 < len(found.text) <= LONGEST and found.text.endswith("more.")
    assert quote(chunk("## Only a heading"), "What?", "").text == "## Only a heading"
    assert quote(chunk(""), "What?", "").text == ""


def test_each_citation_has_the_quote_of_its_passage():
    """By the numbers of the citations, whichever passages those are; marks in the answer are no words of it."""
    texts = ("Office hours are from nine to five.", "Kettles may be returned within 30 days.", "Page 1 of 3.")
    hits = [
        Hit(chunk=chunk(text).model_copy(update={"document_id": f"d{i}"}), score=1, rank=i)
        for i, text in enumerate(texts)
    ]
    answer = "Within 30 days."
    (one,) = quoted(cite(answer, hits, {}, Links()), "How long may it be returned?", answer)
    assert (one.number, one.quote.text) == (1, texts[1]) and "/documents/d1?" in one.url
    found = quoted(cite("Nine [1].", hits, {}, Links(), hits), "When?", "Nine [1].")
    assert [one.quote.text for one in found] == [texts[0]]


def test_a_withheld_answer_decides_nothing_about_what_is_shown():
    """The closest passages, each once and three at most, are quoted for the question alone."""
    text = "The kettle is blue. The secret code is 4711."
    passages = [chunk(text).model_copy(update={"document_id": f"d{n}"}) for n in (1, 2, 1, 3, 4, 5)]
    hits = tuple(Hit(chunk=passage, score=1, rank=rank) for rank, passage in enumerate(passages, 1))
    endings = [
        Showing(Links()).end(
            Answered(
                answer=Answer(question_id="q", contender="c", text=withheld, citations=hits, abstained=True),
                question="What colour has the kettle?",
            )
        )
        for withheld in ("4711", "blue", "I don't know.")
    ]
    assert endings[0].closest == endings[1].closest == endings[2].closest
    assert [(one.number, one.quote.text) for one in endings[0].closest] == [
        (n, "The kettle is blue.") for n in (1, 2, 3)
    ]
    assert len({one.url for one in endings[0].closest}) == 3
    assert not endings[0].quotes and closest((), "What?", {}, Links()) == ()


def copied_from(passage: Chunk, text: str, start: int) -> Showing:
    """The end of an answer that was copied from a passage."""
    hit = Hit(chunk=passage, score=1.0, rank=1)
    other = Hit(chunk=chunk(f"Another page about {text}.", 900), score=0.5, rank=2)
    answer = Answer(
        question_id="q", contender="drqa", text=text, citations=(hit, other), span=(start, start + len(text))
    )
    return Showing(Links()).end(Answered(answer=answer, question="How many days of holiday do I have?", versions={}))


def test_a_copied_answer_says_where_it_stands_in_its_document():
    """Characters of the document, on the citation of its passage only; in the API's reply, too."""
    start = HOLIDAY.index("27 days")
    ending = copied_from(chunk(HOLIDAY, 100), "27 days", start)
    spans = [one.span for one in ending.quotes]
    assert spans[0] == (100 + start, 100 + start + 7) and not any(spans[1:])
    first, *others = measured(ending)["quotes"]
    assert first["span"] == {"start": 100 + start, "end": 100 + start + 7}
    assert others and all("span" not in one for one in others)


def test_what_stands_in_other_words_in_the_document_has_no_place_there():
    """Its place there is known only if the words stand there once."""
    row = chunk("days,27 days\nrest,3", 10).model_copy(update={"readable": "days: 27 days; rest: 3"})
    assert copied_from(row, "27 days", 6).quotes[0].span == (15, 22)
    twice = row.model_copy(update={"text": "27 days,27 days"})
    assert copied_from(twice, "27 days", 6).quotes[0].span is None


def test_a_sentence_that_stands_in_its_passage_once_was_copied_from_there():
    """Without a span of the contender's own; a word or two can stand anywhere."""
    hit = Hit(chunk=chunk(HOLIDAY, 100), score=1.0, rank=1)
    for text, is_copied in (("It is booked in the calendar of the office.", True), ("27 days", False)):
        answer = Answer(question_id="q", contender="extract", text=text, citations=(hit,))
        (found,) = Showing(Links()).end(Answered(answer=answer, question="Where?")).quotes
        start = 100 + HOLIDAY.index(text)
        assert found.span == ((start, start + len(text)) if is_copied else None)
