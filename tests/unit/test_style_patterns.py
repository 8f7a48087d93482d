"""Regular expressions with bounded time: they find what `re` finds, and refuse what they cannot bound."""

import random
import re
import time

import pytest

from bakeoff.style.patterns import Pattern, PatternError

PARTS = ("a", "b", "1", "", ".", "[ab]", "[^a]", "[b-d]", r"\d", r"\w", r"\b", "^", "$")
GROUPS = ("(a|b)", "(?:ab)", "(a|)", "(a*)")
COUNTS = ("", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,}", "*?", "+?")


def drawn(draw: random.Random, depth: int = 2) -> str:
    """A random pattern."""
    parts = []
    for _ in range(draw.randint(1, 4)):
        part = f"({drawn(draw, depth - 1)})" if depth and draw.random() < 0.3 else draw.choice(PARTS + GROUPS)
        bare = part in ("", "^", "$", "\\b")
        parts.append(part + ("" if bare else draw.choice(COUNTS)))
    joined = "".join(parts)
    return f"{joined}|{draw.choice(PARTS)}" if draw.random() < 0.2 else joined


@pytest.mark.parametrize("seed", range(20))
def test_it_finds_what_re_finds(seed):
    """`re` is an independent implementation: 40 random patterns on 12 short texts each, for every seed.

    `$` is the very end of the text, which `re` calls \\Z.
    """
    draw = random.Random(seed)
    for _ in range(40):
        source = drawn(draw)
        pattern = Pattern(source)
        for _ in range(12):
            text = "".join(draw.choice("ab1c \n") for _ in range(draw.randint(0, 7)))
            assert pattern.found_in(text) == (re.search(source.replace("$", r"\Z"), text) is not None), (source, text)


@pytest.mark.parametrize(
    ("source", "inside", "outside"),
    [
        (r"\[\d+\]", "24 months [1]", "24 months [x]"),
        (r"^Answer: ", "Answer: 7", "The Answer: 7"),
        (r"[.!?]$", "Yes.", "Yes"),
        (r"\b(?:can't|won't)\b", "It can't be", "It cant be"),
        (r"[]x]{2}", "a]]", "a]b"),
        (r"\$\d{1,3}(?:,\d{3})*", "It costs $1,200", "It costs 1,200"),
        (r"\{name\}", "Dear {name}", "Dear name"),
        (r"a\-b", "a-b", "a+b"),
    ],
)
def test_patterns_that_a_team_may_write(source, inside, outside):
    """Marks, beginnings, ends, words, sets with ']', amounts."""
    pattern = Pattern(source)
    assert pattern.found_in(inside) and not pattern.found_in(outside)


def test_capitals_count_unless_it_says_otherwise():
    """As `re.IGNORECASE`."""
    assert not Pattern("answer").found_in("Answer") and Pattern("answer", case=False).found_in("Answer")


@pytest.mark.parametrize(
    "source", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^a*a*a*a*a*a*$", "(.*a){12}$", "((a?){20}a{20})+$"]
)
def test_a_pattern_that_takes_re_for_ever_is_quick(source):
    """`re` takes more than a day for most of these; 10,000 characters take less than a second here.

    Process time: what runs beside the test is not counted.
    """
    pattern, begun = Pattern(source), time.process_time()
    assert not pattern.found_in("a" * 10_000 + "b")
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (r"(a)\1", "backreferences"),
        ("(?=a)", "look-around"),
        ("(a", "unclosed group"),
        ("a)", "unopened group"),
        ("[a", "unclosed character class"),
        ("*a", "missing expression"),
        ("a{3,1}", "invalid repetition count range"),
        ("[z-a]", "invalid character class range"),
        ("a\\", "incomplete escape sequence"),
        ("((a{999}){999}){99}", "size limit"),
        ("a" * 301, "at most 300"),
    ],
)
def test_what_cannot_be_bounded_or_is_broken_is_refused(source, message):
    """The message says what."""
    with pytest.raises(PatternError, match=message):
        Pattern(source)
