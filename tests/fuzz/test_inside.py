"""What is changed inside a file of layers reaches the parser of the innermost layer."""

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from bakeoff.errors import BakeoffError
from bakeoff.formats.parse import parse
from tests.fuzz.targets import INSIDE

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("suffix", sorted(INSIDE))
def test_most_files_open_and_many_are_read(suffix: str) -> None:
    """Not all are the same good file, and few end at the outermost layer."""
    given_ones: set[bytes] = set()
    outcomes: list[str] = []

    @seed(1)
    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(INSIDE[suffix])
    def take(content: bytes) -> None:
        given_ones.add(content)
        try:
            parse(f"a{suffix}", content)
            outcomes.append("read")
        except BakeoffError as error:
            outcomes.append(error.message)

    take()
    assert len(given_ones) > 30
    assert outcomes.count("read") >= len(outcomes) / 5
    assert not [one for one in outcomes if "BadZipFile" in one or "not a zip file" in one]
