"""What a reader of a Markdown file sees is read: no comments, no struck text, no front matter, no bytes of pictures."""

import pytest

from bakeoff.formats.front_matter import front_matter
from bakeoff.formats.markdown_hidden import without_hidden
from bakeoff.formats.parse import parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It weighs <!-- 9 kg -->7 kg.", "It weighs 7 kg."),
        ("a\n\n<!-- 9 kg\n\nor more -->\nb", "a\n\nb"),
        ("a\n\n[//]: # (it was 9 kg)\nb", "a\n\nb"),
        ('a\n\n[comment]: <> "it was 9 kg"\nb', "a\n\nb"),
        ("It weighs {/* 9 kg */} 7 kg.", "It weighs 7 kg."),
        ("a\n{% comment %}\n9 kg\n{% endcomment %}\nb", "a\nb"),
        ("a\n{::comment}\n9 kg\n{:/comment}\nb", "a\nb"),
        ("It weighs ~~9 kg~~ 7 kg.", "It weighs 7 kg."),
        ("It weighs <del>9 kg</del> 7 kg.", "It weighs 7 kg."),
        ("- ~~red~~\n  - ~~dark~~ light\n- blue", "  - light\n- blue"),
        ("7 kg ~~9 kg~~, with lid", "7 kg, with lid"),
    ],
)
def test_comments_and_struck_text_are_left_out(text: str, expected: str) -> None:
    """With the line, if nothing else was on it."""
    assert without_hidden(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "```html\n<!-- 9 kg -->\n```",
        "    ~~9 kg~~",
        "Write `<!-- 9 kg -->` or `~~9 kg~~`.",
        "~5 to ~6 kg",
        "~~~\n9 kg\n~~~",
        "It is 5 <!-- not closed",
        "[a]: # (x)",
    ],
)
def test_code_and_what_only_looks_like_it_stays(text: str) -> None:
    """Code shows comments to readers, and a single tilde says about."""
    assert without_hidden(text) == text


def test_the_bytes_of_a_picture_are_left_out() -> None:
    """They are no words, and would fill passages."""
    (part,) = parse("a.md", ("# A\n\n![the plan](data:image/png;base64," + "QUJD" * 400 + ")\n\nb").encode()).parts
    assert part.text == "# A\n\n![the plan](data:image/png)\n\nb"


@pytest.mark.parametrize(
    ("block", "values"),
    [
        ("---\ntitle: Returns: how to\nowner: ann\n---\n", {"title": "Returns: how to", "owner": "ann"}),
        ('---\ntitle: "Returns\nowner: ann\n---\n', {"title": "Returns", "owner": "ann"}),
        ("---\ntitle: @home\ntags:\n- a\n- b\n---\n", {"title": "@home", "tags": ["a", "b"]}),
        ("---\ntitle: a: b\naccess:\n  - hr\n  - legal\n---\n", {"title": "a: b", "access": ["hr", "legal"]}),
        ("---\ntitle:\n\tReturns\n---\n", {"title": "Returns"}),
        ('+++\ntitle = "Returns"\n+++\n', {"title": "Returns"}),
    ],
)
def test_front_matter_that_yaml_refuses_is_read_key_by_key(block: str, values: dict[str, object]) -> None:
    """So that it does not become text. TOML is read too."""
    assert front_matter(block + "Body.") == (values, "Body.")


@pytest.mark.parametrize("text", ["---\nJust a line: it goes on\nand on\n---\nBody.", "+++\nno toml\n+++\nBody."])
def test_text_between_two_rules_stays_text(text: str) -> None:
    """If a line of it belongs to no key."""
    assert front_matter(text) == ({}, text)


def test_the_labels_of_a_file_with_broken_front_matter_are_kept() -> None:
    """A file must not become public because of a colon in its title."""
    (part,) = parse("a.md", b"---\ntitle: Pay: 2024\naccess: hr, legal\n---\nBody.").parts
    assert (part.title, part.access) == ("Pay: 2024", ("hr", "legal"))


def test_what_is_left_out_of_markdown_is_in_its_metadata() -> None:
    """Comments and struck passages, where `bakeoff show` prints them; none in code."""
    text = "A ~~b~~ c. <!-- d -->\n\n[//]: # (e)\n\n```\n<!-- f -->\n```\n"
    assert parse("a.md", text.encode()).parts[0].meta == {"left_out": "2 comments, 1 struck passage"}
    assert parse("a.md", b"A ~b~ c.").parts[0].meta == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- **&lt;name&gt;** is the user", "- **<name>** is the user"),
        ("Fish &amp; chips: &#8364;5, &#xA3;4,&nbsp;&frac12; kg", "Fish & chips: €5, £4, ½ kg"),
        (
            "`&lt;` is code\n\n```\n&amp;\n```\n\n    &gt;",
            "`&lt;` is code\n\n```\n&amp;\n```\n\n    &gt;",
        ),
        ("| a &amp; b | c &#124; d |", "| a & b | c &#124; d |"),
        ("&gt; no quote\n\n&#35; no heading", "&gt; no quote\n\n&#35; no heading"),
        ("&amp;lt; is written so, &unknown; and AT&T; too", "&lt; is written so, &unknown; and AT&T; too"),
    ],
)
def test_entities_are_read_as_their_signs(text: str, expected: str) -> None:
    """As readers see them, outside code. Those that would make a cell, quote or heading stay."""
    assert parse("a.md", f"# Title\n\n{text}\n".encode()).parts[0].text.strip() == f"# Title\n\n{expected}"
