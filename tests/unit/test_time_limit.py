"""Code that takes too long is ended, and what comes after it is left alone."""

import time

import pytest

from bakeoff.models.time_limit import time_limit


class LateError(Exception):
    pass


def test_a_loop_is_ended() -> None:
    """By the error that was named."""
    with pytest.raises(LateError), time_limit(0.05, LateError):
        while True:
            pass


def test_what_ends_in_time_is_not_disturbed() -> None:
    """Nor is what follows it, however near the limit it ended."""
    n_ended = 0
    for number in range(100):
        try:
            with time_limit(0.003, LateError):
                begin = time.perf_counter()
                while time.perf_counter() - begin < 0.002 + number % 20 / 10_000:
                    pass
        except LateError:
            n_ended += 1
        for _ in range(1000):
            pass
    assert n_ended < 100


def test_an_error_of_the_code_comes_through() -> None:
    with pytest.raises(KeyError), time_limit(5, LateError):
        raise KeyError("own")
