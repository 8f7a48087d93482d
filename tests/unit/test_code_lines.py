"""Code in documents is shown as it is: fenced and indented, in lists and quotes, where CommonMark says it is code."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bakeoff.corpus.chunk import chunk_document
from bakeoff.formats import markup
from bakeoff.formats.block_lines import block_lines
from bakeoff.records import Document
from tests.growth import LINEAR, growth

LINK = "[a](https://a.b)"


def shown(text: str, max_tokens: int = 1_000) -> str:
    """All of the document as models are shown it."""
    document = Document(id="d", text=markup.clean(text), source="d.md", title="")
    return "\n".join(chunk.shown for chunk in chunk_document(document, max_tokens, lambda words: len(words.split())))


CODE = [
    "1. Add the badge:\n\n    ```md\n    {}\n    ```",
    "- Run:\n\n      {}\n",
    "- Run:\n\n        {}\n",
    "+ Run:\n  ~~~\n  {}\n  ~~~\n  Then go on.",
    "* Run:\n\t```\n\t{}\n\t```",
    "1) Run:\n\n   ```\n   {}\n   ```",
    "10) Run:\n\n        {}",
    "- a\n    - b\n\n        ```\n        {}\n        ```",
    "1. a\n   - b\n     1. c\n\n            {}",
    "-     {}",
    "- ```\n  {}\n  ```",
    "> ```\n> {}\n> ```",
    "> Run:\n>\n>     {}",
    "> - Run:\n>\n>   ```\n>   {}\n>   ```",
    "- > ~~~\n  > {}",
    "````\n```\n{}\n```\n````",
    "~~~ md title=`x`\n```\n{}",
    "```\ncode\n\n# No heading\n\n{}",
    "- a\n\n  ```\n  {}\n\n  more",
    "!!! note\n\n    Text.\n\n        {}",
    '=== "Tab"\n\n    ```\n    {}\n    ```',
    '!!! note\n\n    === "Tab"\n\n        ```\n        {}\n        ```',
    "1. a\n\n    !!! tip\n\n        ```\n        {}\n        ```",
    "[^1]: Text.\n\n        {}",
    "Text\n: Definition\n\n        {}",
]
NO_CODE = [
    "- Run\n    {}",
    "- Run\n\n    {}",
    "1. Run\n\n     {}",
    "10. a\n\n    {}",
    "- a\n    - b\n\n        {}",
    "- a\n\n  - b\n\n    {}",
    "Text\n    {}",
    "> Text\n    {}",
    "> ```\n> code\n\n{}",
    "- ```\n  code\n\n{}",
    "- ```\n  code\n- {}",
    "!!! note\n\n    {}",
    '=== "Tab"\n\n    {}',
    '??? note\n\n    === "Tab"\n\n        {}',
    "1. a\n\n    !!! tip\n\n        {}",
    "[^1]: Text.\n\n    {}",
    "Text\n:   Definition\n\n    {}",
    "    code\n\n{}",
]


@pytest.mark.parametrize("text", CODE)
def test_code_is_shown_as_it_is(text):
    """Relative to the list item, the quote, the note or the tab that holds it. An unclosed fence ends with these."""
    assert LINK in shown(text.format(LINK))


@pytest.mark.parametrize("text", NO_CODE)
def test_text_of_items_quotes_and_notes_is_no_code(text):
    """However far it is indented: its links are shown by their words."""
    assert LINK not in shown(text.format(LINK)) and "a" in shown(text.format(LINK))


PIECES = [
    *("- a", "1. b", "10) c", "+ d", "> e", "> - f", "text", "", "", "# head", "    ", "  ", "   ", ">     g"),
    *("```", "````", "~~~", "  ```", "    ```", "      h", "        i", "\tj", "> ```", "- ```", "-      k", "---"),
    *("<div>", "</div>", "<!--", "-->", "| a |", "[x]: /y", "   - l", "     m"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=14), st.integers(3, 40))
@settings(max_examples=400, deadline=None)
def test_whatever_the_oracle_calls_code_is_shown_as_it_is(pieces, max_tokens):
    """markdown-it-py says which lines are code. Their links are shown with targets, others only between backticks."""
    lines = [f"{piece} [z{n}](https://z.b/{n})" if piece.strip(" `~") else piece for n, piece in enumerate(pieces)]
    text = markup.clean("\n".join(lines))
    code = {
        line.split("[z")[1].split("]")[0]
        for token in MarkdownIt("commonmark").parse(text)
        if token.map and token.type in ("fence", "code_block")
        for line in text.split("\n")[slice(*token.map)]
        if "[z" in line
    }
    words = shown(text, max_tokens)
    kept = {str(n) for n in range(len(lines)) if f"[z{n}](https://z.b/{n})" in words}
    assert code <= kept and ("`" in text or kept == code)


def test_an_unclosed_fence_in_a_converted_document_hides_nothing():
    """Text of HTML, PDF and Word is no Markdown: a line that looks like a fence is escaped there, like a heading."""
    assert markup.paragraph("```\na ```b```\n~~~ x\n# y") == "\\```\na ```b```\n\\~~~ x\n\\# y"
    assert not any(block_lines(markup.paragraph("```\n# a").split("\n")).code)


@pytest.mark.parametrize(
    "piece", ["- a\n\n      b\n", "> ", "- ", "```x`\n", "[a]: b\n", '[a]: b "\n', "    a\n\n", "> a\nb\n"]
)
def test_many_blocks_do_not_slow_it_down(piece):
    """Four times as many take at most eight times as long."""
    assert growth(lambda times: block_lines((piece * times).split("\n")), 200) <= LINEAR
