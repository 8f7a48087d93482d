"""Writes the files of a folder of synthetic questions from what is done and reviewed.

Takes a folder, gives paths: `questions.jsonl` and `questions.csv` are question files of a run, `review.csv` and
`review.html` are for a person.
"""

import json
from pathlib import Path

from bakeoff.files import jsonl
from bakeoff.files.spreadsheet_csv import written
from bakeoff.synthesis.output import FIELDS, Folder, cells, question_row
from bakeoff.synthesis.review import review_page, review_rows


def write_files(folder: Folder) -> list[Path]:
    """Writes all four files again, each all or nothing."""
    kept, reviews = folder.kept(), folder.reviews()
    rows = [question_row(of, reviews.get(of.draft.id)) for of in kept]
    texts = {
        "questions.jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
        "questions.csv": written([FIELDS, *(list(cells(row)) for row in rows)]),
        "review.csv": "\ufeff" + written(review_rows(kept, reviews)),  # the mark makes Excel read UTF-8
        "review.html": review_page(folder.root.name, kept, reviews),
    }
    for name, text in texts.items():
        jsonl.write_text(folder.root / name, text)
    return [folder.root / name for name in texts]
