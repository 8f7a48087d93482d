"""Citations: marks in the text, links to passages, and the same text with and without streaming."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.records import Answer
from bakeoff.serve.answering import Answered
from bakeoff.serve.citations import cite, supporting, title, without_marks
from bakeoff.serve.links import Links
from bakeoff.serve.showing import Showing
from tests.serving import HITS

BASE = "http://host"
LINKS = Links(BASE)
VERSIONS = {"returns": 4}


def marked(text: str) -> dict[int, str]:
    """The text at the span of each citation."""
    cited = cite(text, HITS, VERSIONS, LINKS, HITS)
    whole = text + cited.added
    return {citation.number: whole[citation.start : citation.end] for citation in cited.citations}


def test_a_text_without_marks_cites_the_passage_that_holds_its_words():
    """The passage with most of the words, not the one that ranks first."""
    cited = cite("Within 30 days.", HITS, VERSIONS, LINKS)
    assert cited.added == " [1]"
    assert [citation.title for citation in cited.citations] == ["Returns"]
    assert cited.citations[0].url == f"{BASE}/documents/returns?version=4&start=10&end=49#span"


def test_passages_that_hold_as_many_words_are_all_cited():
    """Numbered in the order of their ranks."""
    assert marked("Kettles!") == {1: "[1]", 2: "[2]"}


def test_a_yes_or_no_cites_the_best_passage():
    """It may be what the passage says in other words."""
    assert supporting("Yes", HITS) == [HITS[0]] == supporting("No.", HITS)


def test_a_text_of_which_no_passage_holds_a_word_cites_nothing():
    """The model has it from elsewhere, and a link would claim otherwise."""
    assert supporting("Paris", HITS) == []
    assert cite("Paris", HITS, VERSIONS, LINKS).citations == () and cite("Paris", HITS, VERSIONS, LINKS).added == ""


def test_marks_of_the_model_are_kept_and_numbers_below_them_are_listed_too():
    """[3] is the third passage; the second is listed with an empty span, so that positions are numbers."""
    text = "Nine [3] and clean [1]."
    assert cite(text, HITS, VERSIONS, LINKS, HITS).added == ""
    assert marked(text) == {1: "[1]", 2: "", 3: "[3]"}


@pytest.mark.parametrize(
    "text", ["A month [9].", "`month[2]`", "```\nmonth[1]\n```", "Month [1](http://host)", "Month [0]"]
)
def test_what_is_no_mark_stays_text(text):
    """Numbers without a passage, code and links: marks are added as if there was none."""
    assert cite(text, HITS, VERSIONS, LINKS, HITS).added.strip().startswith("[1]")


@pytest.mark.parametrize("text", ["Open from nine [1].", "Kettles: read arr[1] and arr[3].", "Nine to five [2] [3]"])
def test_marks_are_no_citations_of_a_model_that_saw_no_numbers(text):
    """They were copied from a document: the passages that hold the words are cited, by marks at the end."""
    cited = cite(text, HITS, VERSIONS, LINKS)
    assert cited.added.startswith(" [1]")
    assert all(citation.start >= len(text) for citation in cited.citations)
    assert [citation.title for citation in cited.citations] == [title(hit) for hit in supporting(text, HITS)]


def test_a_mark_means_the_passage_that_the_prompt_showed_with_this_number():
    """Also where the best passage was shown last."""
    cited = cite("From nine [1], monthly [3].", HITS, VERSIONS, LINKS, HITS[::-1])
    assert [citation.title for citation in cited.citations] == ["hours.md", "Returns", "Kettles"]
    assert [(citation.start, citation.end) for citation in cited.citations] == [(10, 13), (27, 27), (23, 26)]


def test_a_copied_sentence_is_cited_by_its_own_place():
    """Its span in the document, where it stands there once; a few words may stand for something else."""
    chunk = HITS[1].chunk.model_copy(update={"text": "Keep it. Kettles may be returned within 30 days. Keep it."})
    hit = HITS[1].model_copy(update={"chunk": chunk})
    cited = cite("Kettles may be returned within 30 days.", [hit], VERSIONS, LINKS)
    assert "start=19&end=58#" in cited.citations[0].url
    for text in ("30 days.", "Keep it. Kettles may go", "keep it"):
        assert "start=10&end=49#" in cite(text, [hit], VERSIONS, LINKS).citations[0].url


def test_marks_after_code_and_tables_start_a_paragraph():
    """On the line of the fence they would break it."""
    assert cite("```\ndays = 30\n```", HITS, VERSIONS, LINKS).added.startswith("\n\n[1]")
    assert cite("| a |\n|---|\n| 30 |", HITS, VERSIONS, LINKS).added.startswith("\n\n[1]")


def test_nothing_is_cited_for_no_text_or_no_hits():
    """A closed-book answer has no citations."""
    assert cite("", HITS, VERSIONS, LINKS).citations == ()
    assert cite("30 days", (), VERSIONS, LINKS).added == ""


def test_without_marks_removes_only_marks():
    """Links stay."""
    assert without_marks("30 days [1][2], see [3](x).") == "30 days, see [3](x)."


@given(st.text(alphabet="ab [1]3\n", max_size=40), st.lists(st.integers(0, 40), max_size=6))
def test_a_streamed_text_is_the_text_in_one_piece(text, cuts):
    """However the model cuts it into pieces, spans point at the same marks."""
    answered = Answered(answer=Answer(question_id="q", contender="c", text=text.strip(), citations=HITS))
    at = sorted({min(cut, len(text)) for cut in cuts})
    pieces = [text[a:b] for a, b in zip([0, *at], [*at, len(text)], strict=True)]
    streaming, at_once = Showing(LINKS), Showing(LINKS)
    sent = "".join(streaming.piece(piece) for piece in pieces)
    ending, whole = streaming.end(answered), at_once.end(answered)
    assert sent + ending.rest == ending.text == whole.text
    assert ending.citations == whole.citations


def test_a_withheld_text_is_not_shown():
    """The client reads "I don't know." and no citation."""
    answer = Answer(question_id="q", contender="c", text="a guess", abstained=True, citations=HITS)
    ending = Showing(LINKS).end(Answered(answer=answer))
    assert (ending.text, ending.citations, ending.measured) == ("I don't know.", (), "")


def test_text_that_was_sent_stays():
    """Even if the whole answer turns out to be another one."""
    showing = Showing(LINKS)
    assert showing.piece("Thirty") == "Thirty"
    ending = showing.end(Answered(answer=Answer(question_id="q", contender="c", text="30 days")))
    assert (ending.text, ending.rest) == ("Thirty", "")
