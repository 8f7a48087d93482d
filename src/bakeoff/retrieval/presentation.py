"""How retrieved passages are shown to a model: their order, their number, their headings, the wording of the prompt.

Takes chunks, best first, gives texts. Knows no model. The pilot chooses it on dev (`pilot/present.py`); a contender
stores it, so that it is trained, measured and served with the same.
"""

from collections.abc import Sequence
from typing import Any, Literal, TypeVar, get_args

from pydantic import Field

from bakeoff.records import Chunk, Record

Aspect = Literal["order", "headings", "passages", "prompt"]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
Passage = TypeVar("Passage")
MORE = 2  # passages more than k that are tried
MOST_PASSAGES = 50
"""The most passages that can be retrieved (`retrieval.k`) or shown."""


class Presentation(Record):
    """`passages` is how many of the best passages are shown; None means as many as are retrieved (`retrieval.k`).

    `prompt` is 'usual' for the prompt of the run, 'plain' for the plainer one (`models.prompts.plainer`).
    """

    order: Literal["best_first", "best_last"] = "best_first"
    headings: bool = True
    passages: int | None = Field(default=None, ge=1, le=MOST_PASSAGES)
    prompt: Literal["usual", "plain"] = "usual"

    def texts(self, chunks: Sequence[Chunk]) -> list[str]:
        """The texts of the chunks, best first, in the order in which they are shown."""
        return self.ordered([self.text(chunk) for chunk in chunks])

    def text(self, chunk: Chunk) -> str:
        """What is shown of one chunk."""
        return chunk.passage if self.headings else chunk.shown

    def ordered(self, passages: Sequence[Passage]) -> list[Passage]:
        """Passages, best first, in the order in which they are shown."""
        return list(passages) if self.order == "best_first" else list(passages)[::-1]

    def changed(self, aspect: Aspect, k: int) -> list["Presentation"]:
        """The same with this aspect changed: the other order, for example. `k` is the number of passages retrieved.

        No more than 50 passages are tried.

        >>> [changed.passages for changed in Presentation().changed("passages", k=3)]
        [1, 5]
        """
        values: dict[Aspect, list[Any]] = {
            "order": ["best_last" if self.order == "best_first" else "best_first"],
            "headings": [not self.headings],
            "passages": sorted({1, k, min(k + MORE, MOST_PASSAGES)} - {self.passages or k}),
            "prompt": ["plain" if self.prompt == "usual" else "usual"],
        }
        return [self.model_copy(update={aspect: value}) for value in values[aspect]]

    def label(self, k: int, aspects: Sequence[Aspect] = ASPECTS) -> str:
        """These aspects in words.

        >>> Presentation(order="best_last", headings=False).label(3)
        'best passage last, 3 passages, without headings'
        """
        n = self.passages or k
        words: dict[Aspect, str] = {
            "order": "best passage last" if self.order == "best_last" else "best passage first",
            "passages": f"{n} passage{'s' * (n != 1)}",
            "headings": "with headings" if self.headings else "without headings",
            "prompt": "plainer prompt" if self.prompt == "plain" else "",
        }
        alone = {"order"} if n == 1 else set()
        return ", ".join(words[key] for key in words if key in aspects and key not in alone and words[key])
