"""Stop texts: whole and in pieces, at any position."""

from hypothesis import example, given
from hypothesis import strategies as st

from bakeoff.models.stops import before_stop, n_open, pieces_before_stop

TEXTS = st.text(alphabet="ab\n", max_size=12)
STOPS = st.lists(st.text(alphabet="ab\n", min_size=1, max_size=3), max_size=3)


def test_the_first_stop_text_ends_the_text() -> None:
    """The first of several. An empty stop text is ignored."""
    assert before_stop("Paris.\nQuestion:", ["Question", "\n"]) == ("Paris.", True)
    assert before_stop("Paris", ["", "London"]) == ("Paris", False)
    assert before_stop("\nParis", ["\n"]) == ("", True)


@example("a\na", ["\n", "a\na"], 1)
@given(TEXTS, STOPS, st.integers(1, 4))
def test_pieces_join_to_the_whole(text: str, stops: list[str], size: int) -> None:
    """However a text is cut into pieces, the result equals that for the whole text."""
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    assert "".join(pieces_before_stop(pieces, stops)) == before_stop(text, stops)[0]


@given(TEXTS, STOPS)
def test_the_longest_beginning_is_open(text: str, stops: list[str]) -> None:
    """As the definition says: of all beginnings of stop texts at the end of the text, the longest."""
    begun = [n for stop in stops for n in range(1, len(stop)) if text.endswith(stop[:n])]
    assert n_open(text, stops) == max(begun, default=0)


def test_what_cannot_be_a_stop_text_is_not_held_back() -> None:
    """Each piece is given as soon as it cannot be the beginning of a stop text."""
    given_out: list[str] = []

    def pieces():  # type: ignore[no-untyped-def]
        for piece in ("Pa", "ris\n", "x", "end"):
            yield piece
            given_out.append(piece)

    stream = pieces_before_stop(pieces(), ["\n\n"])
    assert [next(stream), given_out] == ["Pa", []]
    assert [next(stream), given_out] == ["ris", ["Pa"]]
    assert [next(stream), given_out] == ["\nx", ["Pa", "ris\n"]]


def test_the_source_is_closed_at_the_stop() -> None:
    """The model is stopped at its stop text, and when the reader stops reading."""
    closed: list[bool] = []

    def pieces():  # type: ignore[no-untyped-def]
        try:
            yield from "abcdef"
        finally:
            closed.append(True)

    assert list(pieces_before_stop(pieces(), ["c"])) == ["a", "b"]
    left = pieces_before_stop(pieces(), ["x"])
    next(left)
    left.close()
    assert closed == [True, True]
