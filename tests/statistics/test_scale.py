"""Ten contenders by ten thousand questions are compared and judged in bounded memory and time that grows in proportion.

How many seconds that is on a machine: benchmarks/scale.py.
"""

import sys

import pytest

from tests.statistics.scale import measured

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")

N_QUESTIONS = 10_000


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """What the large pilot took."""
    return measured(tmp_path_factory.mktemp("large"), N_QUESTIONS)


def test_the_best_of_ten_contenders_wins_in_at_most_one_gibibyte(large):
    """The answers and scores of ten thousand questions in memory included."""
    assert large.winner == "our.Own4"
    assert large.peak_bytes < 2**30


def test_four_times_the_questions_take_at_most_eight_times_the_time(large, tmp_path):
    """Processor time, the best of three processes each; in proportion would be four times, quadratic sixteen."""
    small = min(measured(tmp_path / f"small{i}", N_QUESTIONS // 4).seconds for i in range(3))
    times = [large.seconds]
    while min(times) > 8 * small and len(times) < 3:
        times.append(measured(tmp_path / f"large{len(times)}", N_QUESTIONS).seconds)
    assert min(times) <= 8 * small
