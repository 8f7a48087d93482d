"""Names in code: another name is wrong, what may be the same is unsure, and the name itself is right."""

import pytest

from bakeoff.grading.grade import grade


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("always", "if-newer"),
        ("The value is `always`.", "if-newer"),
        ("The value is always.", "if-newer"),
        ("verbose", "--dry-run"),
        ("Use --verbose.", "--dry-run"),
        ("--include", "--exclude"),
        ("--follow-tags", "--follow"),
        ("--follow", "--follow-tags"),
        ("RESTIC_REPOSITORY_FILE", "RESTIC_REPOSITORY"),
        ("Set RESTIC_REPOSITORY_FILE.", "RESTIC_REPOSITORY"),
        ("RESTIC_REPOSITORY", "RESTIC_REPOSITORY_FILE"),
        ("not RESTIC_REPOSITORY but RESTIC_REPOSITORY_FILE", "RESTIC_REPOSITORY"),
        ("eu-west-1", "us-east-1"),
        ("us-east-1", "us-east-1a"),
        ("settings.yaml", "config.yaml"),
        ("config.json", "config.yaml"),
        ("user.email", "user.name"),
        ("pre-commit", "post-commit"),
    ],
)
def test_another_name_is_wrong(answer: str, accepted: str) -> None:
    """Alone, in a sentence or in code; a longer name is another one."""
    assert grade(answer, [accepted]).verdict == "wrong"


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("-n", "--dry-run"),
        ("Use `-n`.", "--dry-run"),
        ("dry-run", "--dry-run"),
        ("RESTIC_DRY_RUN", "--dry-run"),
        ("password", "RESTIC_PASSWORD"),
        ("max-tokens", "max_tokens"),
        ("max_token", "max_tokens"),
        ("maxTokens", "max_tokens"),
        ("tokens", "max_tokens"),
        ("user_id", "userId"),
        ("path.join", "os.path.join"),
        ("the `config` file", "config.yaml"),
        ("navy", "dark-blue"),
        ("non-smoking", "smoke-free"),
    ],
)
def test_what_may_be_the_same_name_is_unsure(answer: str, accepted: str) -> None:
    """Short forms, other spellings and parts, and ordinary words with hyphens."""
    assert grade(answer, [accepted]).verdict == "unsure"


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("`--dry-run`", "--dry-run"),
        ("--dry-run=true", "--dry-run"),
        ("--jobs 4", "--jobs"),
        ("$RESTIC_REPOSITORY", "RESTIC_REPOSITORY"),
        ("restic_repository", "RESTIC_REPOSITORY"),
        ("RESTIC_READ_CONCURRENCY Concurrency for file reads", "RESTIC_READ_CONCURRENCY"),
        ("max_tokens=5", "max_tokens"),
    ],
)
def test_the_name_is_right(answer: str, accepted: str) -> None:
    """In code, with a value, in other capitals, or with its description."""
    assert grade(answer, [accepted]).verdict == "right"


def test_another_alias_is_no_other_name() -> None:
    """What one accepted answer excludes, another one may hold."""
    assert grade("-n", ["--dry-run", "-n"]).correct
    assert grade("RESTIC_REPOSITORY_FILE", ["RESTIC_REPOSITORY", "RESTIC_REPOSITORY_FILE"]).correct


@pytest.mark.parametrize(
    ("answer", "accepted", "verdict"),
    [
        ("The default unit is **bytes**, so e.g. `--exclude-larger-than 200` is 200 bytes.", "bytes", "right"),
        ("Die Einheit ist Bytes, also sind 2048 2 KiB.", "Bytes", "right"),
        ("The latest tag is 23.7", "latest", "unsure"),
    ],
)
def test_what_something_is_stands_beyond_doubt_beside_a_number(answer: str, accepted: str, verdict: str) -> None:
    """At the end of its clause, a word does not describe the number."""
    assert grade(answer, [accepted]).verdict == verdict


@pytest.mark.parametrize(
    ("answer", "accepted", "verdict"),
    [
        ("up to 42 hours", "1 up to 42 hours", "unsure"),
        ("at most 14 days", "3 to 14 days", "unsure"),
        ("42 hours", "1 up to 42 hours", "wrong"),
        ("up to 50 hours", "1 up to 42 hours", "wrong"),
        ("not up to 42 hours", "1 up to 42 hours", "wrong"),
        ("up to 500 cycles", "24 months or 500 cycles", "wrong"),
    ],
)
def test_a_bound_at_the_upper_end_of_a_range_is_unsure(answer: str, accepted: str, verdict: str) -> None:
    """As the lower end is: it may say enough. A number without a bound is another amount."""
    assert grade(answer, [accepted]).verdict == verdict
