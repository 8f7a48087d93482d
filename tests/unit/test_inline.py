"""Links, pictures and code in a paragraph are found as CommonMark says: markdown-it-py is the oracle."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bakeoff.formats import inline, markup
from bakeoff.formats.readable import readable
from bakeoff.questions.evidence.quotes import Locator
from tests.growth import LINEAR, growth

PARSER = MarkdownIt("commonmark")
PARSER.validateLink = lambda url: True


def n_links(text: str, labels: str = "") -> int:
    """The number of links and pictures that the oracle finds in a paragraph."""
    references = {label.upper(): {"href": "/", "title": ""} for label in labels.split()}

    def count(tokens: list[Token]) -> int:
        return sum((token.type in ("link_open", "image")) + count(token.children or []) for token in tokens)

    return count(PARSER.parseInline(text, {"references": references}))


LINKS = [
    ("[the guide](<docs/my guide.md>)", "the guide"),
    ("[the guide](<docs/a(b.md> 'The \"best\" guide')", "the guide"),
    ("[a](docs/a_(b_(c)).md) and [b](b.md (a title))", "a and b"),
    ('[a](  /b\n  "a title\n  over lines"  )', "a"),
    (r"[a](/b\)c) [c](/d\ e)", r"a [c](/d\ e)"),
    (r"\[a](b) [a\](b) \\[a](b)", r"\[a](b) [a\](b) \\a"),
    ("[see [1] or [2]](/x) and [[a](/x)](/y)", "see [1] or [2] and [a](/y)"),
    ("[\\[13\\]](/x#13) 请看[指南](guide.md)。", "\\[13\\] 请看指南。"),
    ("![a [nested](/x) picture](/y.png) [![b](/c.png)](/d)", "a nested picture b"),
    ("[a](b c) [a] (b) [a](<b>c) [a](b 'c' d) []()", "[a](b c) [a] (b) [a](<b>c) [a](b 'c' d) "),
    ("`[a](b)` ``[a](`b)`` [a`](b)` <a href='[a](b)'>", "`[a](b)` ``[a](`b)`` [a`](b)` <a href='[a](b)'>"),
    ("<https://a.b/[c](d)> <ann@a.example> <a.b> <x y:z>", "https://a.b/[c](d) ann@a.example <a.b> <x y:z>"),
    ("[a][b], [b][] and [B]; [a][c], [c][], [c] and c[0][1]", "a, b and B; [a][c], [c][], [c] and c[0][1]"),
    ("[a](/x)[b](/y)[c](", "ab[c]("),
]


@pytest.mark.parametrize(("text", "words"), LINKS)
def test_targets_are_left_out_of_what_commonmark_calls_a_link(text, words):
    """Targets in angle brackets, with parentheses, titles and by reference; nothing else loses a character."""
    labels = frozenset({"b"})
    assert inline.without_targets(text, labels) == words
    assert len(inline.links(text, labels)) == n_links(text, "b")


@given(st.lists(st.sampled_from([*"[]()<>!a \\`\"'\n", "](", "[a](b)", "![a](b 'c')", "``", "<a>", "(<b c>)"])))
@settings(max_examples=500, deadline=None)
def test_any_paragraph_has_the_links_that_the_oracle_finds(pieces):
    """Whatever its characters."""
    text = " ".join("".join(pieces).split())
    assert len(inline.links(text)) == n_links(text)


@pytest.mark.parametrize(
    "piece", ["[", "![", "[a](", "[a](b '", "`", "``a`", "[a](b", "<a b='", "[a](<b", "a](b) [", "(("]
)
def test_what_never_ends_does_not_slow_it_down(piece):
    """Four times as much takes at most eight times as long."""
    assert growth(lambda times: inline.links(piece * times, frozenset({"x"})), 500) <= LINEAR


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Read [the guide](<docs/my guide.md>).", "Read the guide."),
        ("Read [the guide](a_(b).md 'The guide') or [this one][1].\n\n[1]: <my guide.md> 'This'", None),
        ("Read [the guide][] or [This one] or [it][This  one].\n\n[the guide]: /g\n[this\none]: /t\n  'A title'", None),
        ("A list [of] things [^1], [the guide][2] and m[0][1].\n\n[Price]: 20\n\n[^1]: See /x.", ""),
        ("Write to <help@a.example>.\n\n> [a]: https://a.b\n\nSee [a].", "Write to help@a.example.\n\n\nSee a."),
    ],
)
def test_passages_are_shown_without_targets_and_definitions(text, shown):
    """A reference without a definition is no link, and what only resembles a definition may be a fact."""
    first = text.split("\n")[0]
    expected = first.translate(str.maketrans("", "", "[]")).replace("(a_(b).md 'The guide')", "").replace("one1", "one")
    assert readable(text) == (text if shown == "" else shown or expected.replace("itThis  one", "it"))


def test_headings_and_quotes_use_the_same_rules():
    """Titles have no targets, and a quote is found although the document has a link within it."""
    assert markup.plain("See [the guide](<my guide.md>) for `x`") == "See the guide for x"
    document = "Read [the guide](<my guide.md> 'a (title)') or [this][1] first.\n\n[1]: https://a.b"
    assert Locator(document).find("Read the guide or this first") == (0, document.index(".\n\n"))
    assert Locator("Run:\n\n    [a](https://a.b)").find("a](https://a.b") is not None
