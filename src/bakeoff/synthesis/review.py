"""What a person says about synthetic questions: a table to fill in, a page that fills it in, and reading it back.

Takes what is kept and earlier reviews, gives rows and a page; takes a filled-in table, gives reviews. A file is read as
a whole or not at all. The page is one file without a server: it makes the same table, to save and read back.
"""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bakeoff.errors import InputError
from bakeoff.files import jsonl
from bakeoff.files.spreadsheet_csv import Rows, is_risky
from bakeoff.formats.tables.filled_in import rows_in
from bakeoff.questions.rows.aliases import as_cell, split_aliases
from bakeoff.questions.rows.cells import listed_in
from bakeoff.records import Record
from bakeoff.report.drilldown import script_safe
from bakeoff.synthesis.drafts import Kept, plain
from bakeoff.synthesis.output import Folder, Review, Verdict, as_question

COLUMNS = ("id", "decision", "question", "answers", "note", "evidence", "passage", "source", "method", "paraphrase of")
WORDS: dict[str, Verdict] = {
    **dict.fromkeys(("a", "accept", "accepted", "yes", "y", "ok", "1"), "accepted"),
    **dict.fromkeys(("r", "reject", "rejected", "no", "n", "0"), "rejected"),
    **dict.fromkeys(("e", "edit", "edited"), "edited"),
}
"""What may stand in the column 'decision', in any case. An empty cell is no review, and withdraws an earlier one."""
LONGEST_CELL = 30_000  # spreadsheets cut cells at 32,767 characters
MOST_NAMED = 5


class Filled(NamedTuple):
    """What a file held: reviews by verdict, rows without one, and rows whose earlier decision was cleared."""

    accepted: int
    rejected: int
    edited: int
    blank: int
    withdrawn: int


class Card(Record):
    """One question as the page shows it. The passage is cut around the first place of the answer, for highlighting."""

    id: str
    question: str
    answers: str
    method: str
    source: str
    heading: str
    before: str
    answer: str
    after: str
    paraphrase_of: str = ""
    evidence: str = ""
    verdict: str = ""
    note: str = ""


def review_rows(kept: Sequence[Kept], reviews: Mapping[str, Review]) -> Rows:
    """The table to fill in, header first: every question with the decision so far."""
    rows: Rows = [[*COLUMNS]]
    for of in kept:
        review = reviews.get(of.draft.id)
        question = as_question(of, review)
        rows.append(
            [
                question.id,
                review.verdict if review else "",
                question.text,
                as_cell(question.answers),
                review.note if review else "",
                of.draft.quote,
                of.passage[:LONGEST_CELL],
                of.draft.source,
                of.draft.method,
                of.draft.paraphrase_of,
            ]
        )
    return rows


def read_reviews(folder: Folder, path: Path) -> Filled:
    """Adds the decisions of a filled-in table to the folder. A changed question or answer makes an acceptance an edit.

    An empty decision withdraws an earlier one. Rows that the table lacks keep theirs.

    Raises InputError that names every wrong row (the first few of many); then no row was read.
    """
    kept = {of.draft.id: of for of in folder.kept()}
    before, problems = folder.reviews(), list[str]()
    reviews, n_blank = list[Review](), 0
    for number, row in _rows(path):
        if not row.get("decision", "").strip():
            name = row.get("id", "").strip()
            n_blank += name not in before
            reviews += [Review(id=name, verdict="withdrawn")] if name in before else []
            continue
        found = _review(row, kept)
        if isinstance(found, Review):
            reviews.append(found)
        else:
            problems.append(f"row {number}: {found}")
    if problems:
        more = f"; and {len(problems) - MOST_NAMED} more" if len(problems) > MOST_NAMED else ""
        raise InputError(
            f"{path}: {'; '.join(problems[:MOST_NAMED])}{more}.",
            "correct these rows, or clear their decisions, and read the file again; no row of it was read",
        )
    jsonl.append(folder.reviews_path, reviews)
    counts = Counter(review.verdict for review in reviews)
    return Filled(counts["accepted"], counts["rejected"], counts["edited"], n_blank, counts["withdrawn"])


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    table = rows_in(path, "table")
    header = [name.strip().lower().lstrip("\ufeff") for name in table[0]] if table else []
    missing = [name for name in ("id", "decision", "question", "answers") if name not in header]
    if missing:
        raise InputError(
            f"{path}: there is no column {' and no column '.join(map(repr, missing))}.",
            "give review.csv of the folder, or the file that its review.html saves, with its first row",
        )
    return [(number, dict(zip(header, map(_plain_cell, row), strict=False))) for number, row in enumerate(table[1:], 2)]


def _plain_cell(cell: str) -> str:
    """The cell without the apostrophe that keeps a spreadsheet from running it as a formula."""
    return cell[1:] if cell.startswith("'") and is_risky(cell[1:]) else cell


def _review(row: Mapping[str, str], kept: Mapping[str, Kept]) -> Review | str:
    """The review of a row, or what is wrong with it."""
    name, word = row.get("id", "").strip(), row["decision"].strip().lower()
    if name not in kept:
        return f"the id {name!r} is not in this folder"
    if word not in WORDS:
        return f"the decision is {word!r}: write accept, reject or edit"
    text, answers = plain(row["question"]), _answers(row["answers"])
    before = kept[name].draft
    is_changed = (text, answers) != (plain(before.question), tuple(map(plain, before.answers)))
    verdict = WORDS[word]
    if verdict == "rejected":
        return Review(id=name, verdict=verdict, note=row.get("note", "").strip())
    if not text:
        return "the question is empty: write one, or reject it"
    if before.answers and not answers:
        return "the answers are empty: write one, or reject it"
    review = Review(id=name, verdict="accepted", note=row.get("note", "").strip())
    if not is_changed:
        return review
    return review.model_copy(update={"verdict": "edited", "question": text, "answers": answers})


def _answers(cell: str) -> tuple[str, ...]:
    """The answers of a cell: a list, or texts with '|' between them."""
    listed = listed_in(cell)
    texts = split_aliases(listed) if isinstance(listed, str) else [str(item) for item in listed]
    return tuple(filter(None, map(plain, texts)))


def review_page(name: str, kept: Sequence[Kept], reviews: Mapping[str, Review]) -> str:
    """The page as HTML, with style, script and questions inside. It sends nothing anywhere."""
    package = resources.files("bakeoff")
    script = package.joinpath("synthesis", "review.js").read_text(encoding="utf-8")
    style = "".join(
        package.joinpath(*path).read_text(encoding="utf-8")
        for path in (("report", "style.css"), ("synthesis", "review.css"))
    )
    cards = [card_of(of, reviews.get(of.draft.id)).model_dump() for of in kept]
    templates = Environment(
        loader=PackageLoader("bakeoff.synthesis", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return templates.get_template("review.html").render(
        name=name,
        n=len(cards),
        style=Markup(style),
        script=Markup(script),
        script_sha256=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        payload=Markup(script_safe(json.dumps({"name": name, "columns": COLUMNS, "cards": cards}, ensure_ascii=False))),
    )


def card_of(kept: Kept, review: Review | None) -> Card:
    """The card of a question."""
    question = as_question(kept, review)
    passage = plain(kept.passage)
    answer = plain(kept.draft.answers[0]) if kept.draft.answers else ""
    quote = plain(kept.draft.quote)
    quoted_at = max(passage.find(quote), 0) if quote else 0
    at = passage.find(answer, quoted_at) if answer else -1
    at = passage.find(answer) if answer and at < 0 else at
    cut = (passage[:at], answer, passage[at + len(answer) :]) if at >= 0 else (passage, "", "")
    return Card(
        id=question.id,
        question=question.text,
        answers=as_cell(question.answers) or "",
        method=kept.draft.method,
        source=kept.draft.source,
        heading=kept.heading,
        before=cut[0],
        answer=cut[1],
        after=cut[2],
        paraphrase_of=kept.draft.paraphrase_of,
        evidence=kept.draft.quote,
        verdict=review.verdict if review else "",
        note=review.note if review else "",
    )
