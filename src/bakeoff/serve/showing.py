"""The text of one answer as a client sees it: pieces while it is written, then the rest with the citations.

Takes the items of an answer's stream, gives texts to send. Knows no wire format. A client that does not stream sees the
same text, since it is made by the same steps.
"""

from bakeoff.models.prompts import DECLINE
from bakeoff.records import Answer, Chunk, Record, Usage
from bakeoff.serve.answering import Answered
from bakeoff.serve.citations import FEWEST_COPIED, Citation, cite
from bakeoff.serve.links import Links
from bakeoff.serve.quotes import Quoted, closest, quoted


class Ending(Record):
    """What the end of an answer tells a client.

    `rest` is the text that is still to be sent; `text` is all of it. `measured` is the answer's own text, without added
    marks, as it stands in a run's answers; it is empty if the answer was withheld. `question` is the question as it was
    completed with what was said before; empty if it stood on its own. `quotes` are what the cited passages say, by the
    numbers of the citations; `closest` what the best passages say, if the contender declined. `chance` is how probably
    the answer is right (0 to 1), from contenders that say so.
    """

    text: str
    rest: str = ""
    citations: tuple[Citation, ...] = ()
    quotes: tuple[Quoted, ...] = ()
    closest: tuple[Quoted, ...] = ()
    usage: Usage = Usage()
    contender: str = ""
    question: str = ""
    measured: str = ""
    chance: float | None = None
    abstained: bool = False
    truncated: bool = False


class Showing:
    """The text that one client has been sent so far. `links` makes those of its citations."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._sent = ""
        self._held = ""

    def piece(self, text: str) -> str:
        """What to send of a new piece. Blanks at its end wait for the next piece: an answer does not end with them."""
        pending = self._held + text
        if not self._sent:
            pending = pending.lstrip()
        ready = pending.rstrip()
        self._held = pending[len(ready) :]
        self._sent += ready
        return ready

    def end(self, answered: Answered) -> Ending:
        """The rest of the text, and the citations. A withheld answer reads "I don't know." and cites nothing.

        Text that was sent stays as it is: if the whole answer does not begin with it, nothing but marks is added.
        """
        answer, already = answered.answer, self._sent
        whole = answer.text.strip()
        text = already or DECLINE
        if not answer.abstained:
            text = whole if whole.startswith(already) else already
        hits = () if answer.abstained else answer.citations
        cited = cite(text, hits, answered.versions, self._links, answered.numbered)
        return Ending(
            text=text + cited.added,
            rest=text[len(already) :] + cited.added,
            citations=cited.citations,
            quotes=quoted(cited, answered.question, text, _copied(answer)),
            closest=self._closest(answered) if answer.abstained else (),
            usage=answer.usage,
            contender=answer.contender,
            question=answered.question if answered.is_completed else "",
            measured="" if answer.abstained else answer.text,
            chance=answer.confidence if answer.is_chance and not answer.abstained else None,
            abstained=answer.abstained,
            truncated=answer.truncated,
        )

    def _closest(self, answered: Answered) -> tuple[Quoted, ...]:
        return closest(answered.answer.citations, answered.question, answered.versions, self._links)


def _copied(answer: Answer) -> tuple[Chunk, tuple[int, int]] | None:
    """The passage that an answer was copied from and where; None if it was not copied.

    Words that stand in a passage once, letter for letter, are copied from there.
    """
    if answer.span and answer.citations:
        return answer.citations[0].chunk, answer.span
    text = answer.text.strip()
    if len(text.split()) < FEWEST_COPIED:
        return None
    chunk = next((hit.chunk for hit in answer.citations if hit.chunk.shown.count(text) == 1), None)
    return (chunk, (start := chunk.shown.index(text), start + len(text))) if chunk else None
