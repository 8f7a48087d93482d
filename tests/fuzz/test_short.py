"""Every target for a second. `python -m tests.fuzz --minutes 60` does it in full."""

import pytest

from tests.fuzz.fuzzing import fuzzed
from tests.fuzz.targets import TARGETS, Target

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_only_a_result_or_an_error_of_our_own(name: str) -> None:
    done = fuzzed(TARGETS[name], seconds=0.7, first_seed=1)
    assert done.n_given > 0
    assert not done.findings, "\n".join(f"{one.kind}\n{one.given[:500]}\n{one.trace}" for one in done.findings)


def test_another_error_is_found() -> None:
    """And kept once, with the smallest value that makes it."""

    def take(value: tuple[str, bytes]) -> object:
        return {}[value[1]] if len(value[1]) > 30 else None

    found = fuzzed(Target(TARGETS["parser.txt"].given, take), seconds=0.5, first_seed=1).findings
    assert [one.kind.split(" at ")[0] for one in found] == ["KeyError"]
