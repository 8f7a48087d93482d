"""Free memory goes back to the system, but not after every answer."""

import gc

from bakeoff.serve.memory import FreeMemory, settle, settle_again


def test_memory_is_given_back_at_most_once_in_a_while() -> None:
    calls: list[int] = []
    often, seldom = (FreeMemory(every_s, lambda: calls.append(1)) for every_s in (0, 3600))
    assert [often.give_back(), often.give_back(), seldom.give_back()] == [True, True, False]
    assert len(calls) == 2


def test_the_c_library_is_asked_where_it_can() -> None:
    """On glibc the call works; on others it is no error."""
    assert FreeMemory(0).give_back()


class _Knot:
    """What only the garbage collector can free."""

    def __init__(self, freed: list[int]) -> None:
        self.itself, self.freed = self, freed

    def __del__(self) -> None:
        self.freed.append(1)


def test_what_is_loaded_is_no_longer_looked_through_and_garbage_is_freed() -> None:
    """Also what became garbage after an earlier call. A process that never settled keeps the usual rounds."""
    freed: list[int] = []
    settle_again()
    assert gc.get_freeze_count() == 0
    try:
        later = _Knot(freed)
        _Knot(freed)
        settle()
        assert freed == [1] and gc.get_freeze_count() > 10_000 > len(gc.get_objects())
        del later
        gc.collect()
        assert freed == [1]
        settle_again()
        assert freed == [1, 1] and gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
