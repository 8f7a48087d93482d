"""Passages are shown without pictures, link targets, comments and the marks of release logs; words and code stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.formats.readable import readable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Press ![the bin](/img/bin_(1).png) and save.", "Press and save."),
        ("![](/img/filtering/save-filter.png)\nType a name.", "Type a name."),
        ("[![build](https://a.b/c.svg)](https://a.b/c) Welcome", "Welcome"),
        ('Read [the *long* guide](../guide.md#top "Guide").', "Read the *long* guide."),
        ("Read [the guide][1] or [this][].\n\n[1]: https://example.org", "Read the guide or this.\n"),
        ("Status: <https://status.example.org>", "Status: https://status.example.org"),
        ("Before <!-- a note\nover lines --> after", "Before after"),
        ('A picture <img src="a.png" width=3> in HTML', "A picture in HTML"),
        ("- [#3377] Faster start — thanks @ann-b", "- Faster start"),
        ("- [#3377](https://git.example/3377) Faster start (thanks @ann, @bob and @cy!)", "- Faster start"),
        ("- Fix the sync ([#12](https://git.example/12), [#13](https://git.example/13))", "- Fix the sync"),
        ("- Fix the sync (#12, #13) ([a1b2c3d](https://git.example/a1b2c3d))", "- Fix the sync"),
        ("* Faster start by @ann in https://git.example/pull/12", "* Faster start"),
        ("- [`0a1b2c3`](https://a.b/c) Thanks [@ann](https://a.b/ann)! - Faster start", "- - Faster start"),
        ("- Sync (`0a1b2c3d4e`), then rest (@ann)", "- Sync, then rest"),
    ],
)
def test_what_only_a_browser_or_a_maintainer_needs_is_removed(text, shown):
    """The words around it close up."""
    assert readable(text) == shown.strip("\n")


@pytest.mark.parametrize(
    "text",
    [
        "Install `@actual-app/api`, then write `![](x.png)` or `[a](b)`.",
        "```\n[a](b) <!-- stays --> (a1b2c3d)\n```",
        "Install @actual-app/api. Write to help@example.org.",
        "Order #3377 of channel #general costs (1234567) and matrix[0][1] is 5 < 6.",
        "A list [of] things [^1]; press [Enter]; call (020) 1234567.",
        "# Heading\n\n- item\n\n\n1. step",
    ],
)
def test_words_code_and_addresses_stay(text):
    """Including what resembles a mark but is none."""
    assert readable(text) == text


@given(st.text(alphabet="[]()!<>-#@ab1 `\n:./", max_size=60))
def test_any_text_can_be_read(text):
    """No error, no character that was not there, and nothing left that was put aside."""
    assert set(readable(text)) <= set(text) | {" "}
