"""Free memory goes back to the system, but not after every answer."""

from bakeoff.serve.memory import FreeMemory


def test_memory_is_given_back_at_most_once_in_a_while() -> None:
    calls: list[int] = []

    def trim(pad: int) -> int:
        calls.append(pad)
        return 1

    often, seldom = FreeMemory(0, trim), FreeMemory(3600, trim)
    assert [often.give_back(), often.give_back(), seldom.give_back()] == [True, True, False]
    assert calls == [0, 0]


def test_the_c_library_is_asked_where_it_can() -> None:
    """On glibc the call works; on others it is no error."""
    assert FreeMemory(0).give_back() in (True, False)
