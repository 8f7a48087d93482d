"""Every promise in its short form. `make torture` tries them in full."""

from pathlib import Path

import pytest

from tests.torture.promise import Trial
from tests.torture.promises import PROMISES

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", sorted(PROMISES))
def test_promise(number: int, tmp_path: Path) -> None:
    seen = PROMISES[number].trial(Trial(tmp_path, seed=1, is_short=True))
    assert not seen.broken, "\n".join(seen.broken)
    if seen.untried:
        pytest.skip(f"{seen.figures}; {seen.untried}")
