"""Passages are shown without pictures, link targets, comments and the marks of release logs; facts and code stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.formats.line_kinds import line_kinds
from bakeoff.formats.readable import readable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Press ![the bin](/img/bin_(1).png) and save.", "Press and save."),
        ("![](/img/filtering/save-filter.png)\nType a name.", "Type a name."),
        ("[![build](https://a.b/c.svg)](https://a.b/c) Welcome", "Welcome"),
        ('Read [the *long* guide](../guide.md#top "Guide").', "Read the *long* guide."),
        ("Read [the guide][1] or [1][].\n\n[1]: https://example.org", "Read the guide or 1.\n"),
        ("Status: <https://status.example.org>", "Status: https://status.example.org"),
        ("Before <!-- a note\nover lines --> after", "Before after"),
        ("[Write to us](mailto:info@shop.example?subject=x)!", "Write to us (info@shop.example)!"),
        ("[info@shop.example](mailto:info@shop.example) [Call](tel:+47123)", "info@shop.example Call (+47123)"),
        ("| Lid | ![Yes](y.png) |", "| Lid | Yes |"),
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
        ("- [`0a1b2c3`](https://a.b/c) Thanks [@ann](https://a.b/ann)! - Faster start", "- Faster start"),
        ("- Sync. (`0a1b2c3d4e`, @ann)", "- Sync."),
        ("- [ ] Fix the sync,\n  and its\n  start (#12)\n- #13", "- [ ] Fix the sync,\n  and its\n  start\n- #13"),
        ("1. Fix the sync\n   ([#12](https://git.example/12))", "1. Fix the sync"),
    ],
)
@pytest.mark.parametrize(
    "heading",
    ["# Changelog\n## 1.2.0", "# Norrvik release notes\n## [v1.2] - 2026-01-31", "# Changelog\n## 1.2\n### Fixed"],
)
def test_the_marks_of_release_logs_are_removed(item, shown, heading):
    """From the ends and beginnings of list items under a heading that names a release."""
    assert readable(f"{heading}\n{item}") == f"{heading}\n{shown}"


@pytest.mark.parametrize(
    "text",
    [
        "Follow us on X (@norrvikhelp).",
        "Order the gasket (#4410) or bolt (#4411).",
        "Serial (1a2b3c4) is used; say thanks to @norrvikhelp.",
        "- Gasket (#4410)\n- Bolt [#4411], made by @norrvik",
        "# Safety manual\n\n## 4.1.2\n\n- Replace fuse (#4410) with (#4411).\n- Report to (@safetydesk)",
        "# Safety manual\n\n## 4.1.2\n\n- Fuse (#4410)\n\n## 4.1.3\n\n- Fuse (#4411)\n- Gasket (#4412)",
        "# Contract\n\n# Version history\n\n## 2024-03-01\n\n- Price of 2023 confirmed, see invoice (#4410).",
        "# Contract\n\n## Version 1.0\n\n- Price (#4410)\n\n## Version 1.1\n\n- Term (#4411)",
        "# Contract\n\n## v1.0\n- Price (#1)\n- Term (#2)\n- Fee (#3)\n- a\n- b\n\n## v1.1\n- c\n- d",
        "# 1.2.0\n\n- Gasket (#4410)",
        "## 2.1 Spare parts\n- Gasket (#4410)",
        "# Changelog\n\nFollow us (@norrvikhelp).\n\n## Order\n- Gasket (#4410)",
        "## 1.2.0\n\nThe gasket is now (#4410).",
    ],
)
def test_the_same_words_are_facts_elsewhere(text):
    """Numbers of orders, serial numbers and accounts to follow stay, also in lists and next to release logs."""
    assert readable(text) == text


@pytest.mark.parametrize(
    "item",
    [
        "- Replace fuse (#4410) with (#4411).",
        "- Replace fuse (#4410) with (#4411)",
        "- Gasket (#4410) and bolt (#4411)",
        "- Order the new gasket (#4410).",
        "- Order the\n  gasket (#4410) and the\n  bolt (#4411)",
        "- The gasket is now order\n  (#4410)",
        "- Report to (@safetydesk)",
        "- News are on X (@norrvikhelp)",
        "- You can say thanks to @norrvikhelp",
        "- Support is now given by @norrvikhelp",
        "- Sync (`0a1b2c3d4e`), then rest (#12)",
        "- (#4410)",
        "- [#4410] and [#4411] are sold again",
        "Order the gasket (#4410)",
    ],
)
def test_what_may_be_a_part_of_a_sentence_stays_in_a_release_log_too(item):
    """Marks within or after a sentence, after a preposition, alone, or of an account only."""
    text = f"# Changelog\n\n## 1.2.0\n\n{item}"
    assert readable(text) == text


ITEMS = "- Faster start (#12)\n- Fix the sync ([a1b2c3d](https://git.example/a1b2c3d))\n"


@pytest.mark.parametrize(
    ("text", "title", "source", "is_log"),
    [
        (f"## 1.2.0\n\n{ITEMS}", "Changelog", "", True),
        (f"## 1.2.0\n\n{ITEMS}", "Norrvik", "docs/CHANGELOG.md", True),
        (f"## 1.2.0\n\n{ITEMS}", "Norrvik", "release-notes/1.x.md", True),
        (f"## 1.2.0\n\n{ITEMS}", "Norrvik", "exchange/logistics.md", False),
        (f"## 1.2.0\n\n{ITEMS}", "1.2.0", "manual.md", False),
        (f"## v1.2\n\n{ITEMS}\n## v1.1\n\n- Fix (#11)", "Norrvik", "news.md", True),
        (f"## v1.2\n\n{ITEMS}\n## v1.1\n\n- Fix", "Norrvik", "news.md", False),
        (f"## v1.2\n\n{ITEMS}\n- Fix (#11)", "Norrvik", "news.md", False),
    ],
)
def test_a_release_log_is_called_so_or_looks_like_one_beyond_doubt(text, title, source, is_log):
    """Its title, its file or a folder says so, or several headings name releases and most items have marks."""
    shown = readable(text, line_kinds(text, title, source))
    assert ("(#12)" not in shown) is is_log and "https" not in shown


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
