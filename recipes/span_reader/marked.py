"""The reading model's data (recipes/reader) as questions with marked answers: SQuAD 2.0, TimeQA, our own documents.

Takes the folder of public data, gives `SpanQuestion`s, and the texts that clozes are made from. An answer that stands
in no passage letter for letter (yes, no, whole sentences in other words) is left out.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import documents
import squad
import timeqa
from files import files
from finding import Finder
from lesson import Passage as Shown
from lesson import Shown as Lesson

from bakeoff.corpus.chunk import chunk_document
from bakeoff.models.spans.windows import Passage, SpanQuestion
from bakeoff.records import Document

BARE = 0.4  # how often passages are shown without headings
BESIDE = 0.25  # how often a second passage is shown
UNANSWERED = 0.4  # share of SQuAD's unanswerable questions
WHOLE = 0.3  # how often a whole paragraph of SQuAD is shown, and not the piece with the answer
PIECES = (72, 96, 128)  # tokens of the pieces
NOWHERE = 0.08  # how often an answerable question is asked about other passages


def count(text: str) -> int:
    """About as many tokens as the sentence model counts."""
    return len(re.findall(r"\w+|[^\w\s]", text)) * 5 // 4


def of_squad(source: Path, draw: random.Random, left_out: Sequence[str] = ()) -> Iterator[SpanQuestion]:
    """Questions about whole paragraphs, and about pieces of them, of the articles that are trained on."""
    for title, paragraphs in squad.articles(source).items():
        if title in squad.HELD_OUT or title in left_out:
            continue
        heading = title.replace("_", " ")
        finder = Finder([Shown(heading, paragraph["context"]) for paragraph in paragraphs])
        for paragraph in paragraphs:
            for qa in paragraph["qas"]:
                found = list(_of_squad(qa, paragraph["context"], heading, finder, draw))
                yield from found


def _of_squad(
    qa: dict[str, object], context: str, heading: str, finder: Finder, draw: random.Random
) -> Iterator[SpanQuestion]:
    text = " ".join(str(qa["question"]).split())
    if qa["is_impossible"] and draw.random() >= UNANSWERED:
        return
    above = "" if draw.random() < BARE else heading
    marked = {(a["answer_start"], a["answer_start"] + len(a["text"])) for a in qa["answers"]}  # type: ignore[attr-defined]
    start, stop = _piece(context, sorted(marked), draw)
    places = tuple(sorted((0, a - start, b - start) for a, b in marked))
    passages = [Passage(context[start:stop], above)]
    if draw.random() < BESIDE:
        others = [other.text for other in finder.like(text, 4) if other.text != context]
        passages += [Passage(other, above) for other in others[:1]]
    if places and len(passages) > 1 and draw.random() < NOWHERE / BESIDE:
        passages, places = passages[1:], ()
    yield SpanQuestion(text, tuple(passages), places)


def _piece(context: str, marked: Sequence[tuple[int, int]], draw: random.Random) -> tuple[int, int]:
    """The whole paragraph, or the piece of it, as the product cuts, that holds all marked answers."""
    if draw.random() < WHOLE:
        return 0, len(context)
    place = marked[0][0] if marked else draw.randrange(len(context))
    document = Document(id="document", text=context, source="document.md")
    for chunk in chunk_document(document, draw.choice(PIECES), count):
        if chunk.start <= place < chunk.end:
            holds = all(chunk.start <= a and b <= chunk.end for a, b in marked)
            return (chunk.start, chunk.end) if holds else (0, len(context))
    return 0, len(context)


def of_lessons(lessons: Iterator[Lesson], draw: random.Random) -> Iterator[SpanQuestion]:
    """Questions of lessons: the passages that hold the short answer, and sometimes one that does not."""
    for lesson in lessons:
        for question in lesson.asked:
            if question.answerable and not question.short:
                continue
            above = draw.random() >= BARE
            holding = [one for one in lesson.passages if question.short and _places(question.short, one.text)]
            others = [one for one in lesson.passages if one not in holding]
            if question.short and not holding:
                continue
            n_others = int(draw.random() < BESIDE) + int(not holding)
            shown = holding[:2] + draw.sample(others, min(n_others, len(others)))
            draw.shuffle(shown)
            passages = tuple(Passage(one.text, one.heading if above else "") for one in shown)
            places = tuple(
                (i, *place)
                for i, one in enumerate(shown)
                for place in _places(question.short, one.text)
                if one in holding
            )
            yield SpanQuestion(question.text, passages, places)


def _places(answer: str, text: str) -> list[tuple[int, int]]:
    """Where a text says the answer, as whole words."""
    if not answer:
        return []
    return [found.span() for found in re.finditer(rf"(?<!\w){re.escape(answer)}(?!\w)", text, re.IGNORECASE)]


def every(source: Path, draw: random.Random, left_out: Sequence[str] = (), own: float = 1.0) -> list[SpanQuestion]:
    """All questions of a pass: SQuAD, TimeQA, and a share of those about our own documents."""
    marked = list(of_squad(source, draw, left_out))
    marked += of_lessons(timeqa.lessons(source, draw, count, 0.5, 1.0), draw)
    ours = list(of_lessons(documents.lessons(draw, count, 0.6, True), draw))
    return marked + draw.sample(ours, round(own * len(ours)))


def texts(source: Path) -> list[tuple[str, str]]:
    """(heading, text) of everything that is trained on: articles of SQuAD, pages of TimeQA, our own documents."""
    pages = [
        (title.replace("_", " "), " ".join(paragraph["context"] for paragraph in paragraphs))
        for title, paragraphs in squad.articles(source).items()
        if title not in squad.HELD_OUT
    ]
    for file in timeqa.FILES:
        for page in json.loads((source / "timeqa" / file).read_text(encoding="utf-8")):
            plain = [timeqa._plain(text) for text in page["paras"] if len(text) > 60]
            pages.append((timeqa._plain(page["paras"][0]), " ".join(plain)))
    for file in files(harder=True):
        document = json.loads(file.read_text(encoding="utf-8").splitlines()[0])
        pages.append((document["title"], " ".join(text for _, text in document["passages"])))
    return pages
