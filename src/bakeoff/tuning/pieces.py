"""Parts of a batch in smaller rows, for a training that gets too little memory.

Takes parts and encoded examples, gives parts. The loss of a batch is a sum over its examples, so that only the order of
summation changes. Imports torch when parts are cut.
"""

from collections.abc import Mapping, Sequence

from bakeoff.models.short_memory import cut
from bakeoff.tuning.packing import Encoded, pack
from bakeoff.tuning.task import Part

LESS = "lower retrieval.k, retrieval.chunk_tokens or lora.rank, or use a smaller model or a machine with more memory"


def in_pieces(part: Part, encoded: Mapping[int, Encoded] | Sequence[Encoded], pieces: int) -> list[Part]:
    """The part in so many rows, or as many as it has examples; itself if it is one."""
    if pieces == 1 or len(part.examples) == 1:
        return [part]
    rows = [part.examples[piece.start : piece.stop] for piece in cut(len(part.examples), pieces)]
    return [Part(row, pack([encoded[i] for i in row])) for row in rows]


def most_pieces(parts: Sequence[Part]) -> int:
    """Into how many pieces the largest part can be cut."""
    return max(len(part.examples) for part in parts)
