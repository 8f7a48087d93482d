"""Passages are shown without pictures, link targets, comments and the marks of release logs; facts and code stay."""

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
    ],
)
def test_what_only_a_browser_or_a_maintainer_needs_is_removed(text, shown):
    """The words around it close up."""
    assert readable(text) == shown.strip("\n")


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ("- [#3377] Faster start — thanks @ann-b", "- Faster start"),
        ("- [#3377](https://git.example/3377) Faster start (thanks @ann, @bob and @cy!)", "- Faster start"),
        ("- Fix the sync ([#12](https://git.example/12), [#13](https://git.example/13))", "- Fix the sync"),
        ("- Fix the sync (#12, #13) ([a1b2c3d](https://git.example/a1b2c3d))", "- Fix the sync"),
        ("* Faster start by @ann in https://git.example/pull/12", "* Faster start"),
        ("- [`0a1b2c3`](https://a.b/c) Thanks [@ann](https://a.b/ann)! - Faster start", "- - Faster start"),
        ("- Sync (`0a1b2c3d4e`), then rest (@ann)", "- Sync, then rest"),
    ],
)
@pytest.mark.parametrize("heading", ["# 1.2.0", "## [v1.2] - 2026-01-31", "# Changelog\n## 1.2\n### Fixed"])
def test_the_marks_of_release_logs_are_removed(item, shown, heading):
    """From the list items under a heading that names a release, and the words around them close up."""
    assert readable(f"{heading}\n{item}") == f"{heading}\n{shown}"


@pytest.mark.parametrize(
    "text",
    [
        "Follow us on X (@norrvikhelp).",
        "Order the gasket (#4410) or bolt (#4411).",
        "Serial (1a2b3c4) is used; say thanks to @norrvikhelp.",
        "- Gasket (#4410)\n- Bolt [#4411], made by @norrvik",
        "## 2.1 Spare parts\n- Gasket (#4410)",
        "# Changelog\n\nFollow us (@norrvikhelp).\n\n## Order\n- Gasket (#4410)",
        "## 1.2.0\n\nThe gasket is now (#4410).",
    ],
)
def test_the_same_words_are_facts_elsewhere(text):
    """Numbers of orders, serial numbers and accounts to follow stay, also in lists and next to release logs."""
    assert readable(text) == text


def test_linked_numbers_outside_release_logs_keep_their_words():
    """Only the targets are removed."""
    assert readable("See [#12](https://a.b/12) and [a1b2c3d](https://a.b/c).") == "See #12 and a1b2c3d."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("So:\n\n    a [a](b) <img src=x>\n\tc[0](d)", None),
        ("# Use\n    a [a](b)\n\n    c [c](d)\n[e](f)", "# Use\n    a [a](b)\n\n    c [c](d)\ne"),
        ("- item\n\n    goes on [a](b)\n    - below [a](b)", "- item\n\n    goes on a\n    - below a"),
        ('=== "Tab"\n\n    Press [a](b).', '=== "Tab"\n\n    Press a.'),
        ("A line\n    goes on [a](b)", "A line\n    goes on a"),
    ],
)
def test_indented_code_stays(text, shown):
    """But a list item, a tab or a paragraph that goes on in an indented line is no code."""
    assert readable(text) == (text if shown is None else shown)


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
