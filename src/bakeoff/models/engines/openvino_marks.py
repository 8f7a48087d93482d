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
prompts share nothing (`is_exact_here`).
"""

import itertools
from collections.abc import Sequence
from pathlib import Path

ID_BITS = 20
N_MARKS = 2 ** (31 - ID_BITS)  # the engine's ids are integers of 32 bits with a sign


def is_exact_here(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor computes a few tokens as it computes many: one with AMX does not."""
    try:
        return "amx_tile" not in cpuinfo.read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return True


class Marks:
    """The marks of one engine's prompts. Numbers repeat after four million, long after the cache has lost the first."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

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
