"""Marks on the ids of a prompt, by which the OpenVINO engine's cache keeps prompts apart.

Takes a prompt's ids and the number of its group, gives the ids that are handed to the engine. Knows no text.

The cache finds a block of 32 tokens by the ids of all tokens up to its end. The graph uses the lowest ID_BITS of an id
(`openvino_graph`); what is in the bits above is a mark that the cache sees and the model does not. The first two tokens
have the number of the group, so that groups share nothing. The two before the last have a number of the prompt's own.
So no other prompt finds the block that holds them, or a later one, and three things hold that the engine does not see
to:

- At least two tokens of a prompt are always read: one that is read alone is rounded differently.
- A prompt is cut only after whole blocks (see `openvino_stepper`), also if it is asked again.
- Nobody finds keys and values of an answer, which was written token by token.

With Intel's matrix instructions (AMX) two to five tokens that are read alone are rounded differently, too. There
prompts share nothing (`can_share_here`).
"""

import itertools
from collections.abc import Sequence
from pathlib import Path

BLOCK_TOKENS = 32  # of the engine's cache on a CPU
ID_BITS = 20
N_OWN = 3
"""The last tokens of a prompt, of which a mark makes the block that holds them its own."""
N_MARKS = 2 ** (31 - ID_BITS)  # the engine's ids are integers of 32 bits with a sign


CPUINFO = Path("/proc/cpuinfo")


def can_share_here(cpuinfo: Path = CPUINFO) -> bool:
    """Whether prompts share what was read on this processor: not with AMX."""
    return "amx_tile" not in _flags(cpuinfo)


def is_exact_here(cpuinfo: Path = CPUINFO) -> bool:
    """Whether this processor computes a few tokens as it computes many, to the last bit: one with AVX-512 and no AMX.

    Others were seen not to, or are not known.
    """
    flags = _flags(cpuinfo)
    return "avx512f" in flags and "amx_tile" not in flags


def _flags(cpuinfo: Path) -> set[str]:
    try:
        return set(cpuinfo.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return set()


class Marks:
    """The marks of one engine's prompts. Numbers repeat after four million, long after the cache has lost the first."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def pieces(self, ids: Sequence[int], group: int, most: int) -> list[list[int]]:
        """What to hand over for a prompt, one after another, so that no step has to read more than `most` tokens.

        The last one is the prompt. Each before it is a beginning, a prompt of its own whose whole blocks the next one
        finds: a block less than `most` more each time. Its last tokens, which nobody finds, are read again.
        """
        more = most - BLOCK_TOKENS
        ends = range(more, len(ids) - BLOCK_TOKENS, more)
        return [self.on(ids[: end + N_OWN], group) for end in ends] + [self.on(ids, group)]

    def on(self, ids: Sequence[int], group: int) -> list[int]:
        """The ids of one prompt with its marks. One of fewer than five tokens is in no group: it shares nothing."""
        marked = list(ids)
        if len(ids) >= 5:
            _mark(marked, (0, 1), group)
        _mark(marked, (-2, -3)[: len(ids) - 1], next(self._numbers))
        return marked


def _mark(ids: list[int], places: Sequence[int], number: int) -> None:
    for place in places:
        number, mark = divmod(number, N_MARKS)
        ids[place] += mark << ID_BITS
