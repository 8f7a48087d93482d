"""An `Advice` as files: Markdown, an HTML page, and the roadmap as a calendar.

Takes an `Advice` and a folder. Overwrites existing advice only if `force` is set.
"""

from datetime import UTC, datetime
from pathlib import Path

from bakeoff.decide.advise.advise import Advice
from bakeoff.errors import InputError
from bakeoff.files import jsonl
from bakeoff.report.advice.calendar import ics_text
from bakeoff.report.advice.markdown import advice_markdown
from bakeoff.report.advice.page import advice_html

FILES = ("advice.md", "advice.html", "roadmap.ics")


def check_output(folder: Path, force: bool = False) -> None:
    """Raise InputError if the folder is a file, or already contains advice and `force` is not set."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file.", "name a folder for the advice")
    there = [name for name in FILES if (folder / name).exists()]
    if there and not force:
        raise InputError(
            f"{folder} already contains {', '.join(there)}.",
            "name another folder with --output, or overwrite with --force",
        )


def write_advice(advice: Advice, folder: Path, force: bool = False, stamp: datetime | None = None) -> list[Path]:
    """Write advice.md, advice.html and, if an approach is recommended, roadmap.ics. Returns their paths.

    Raises InputError like `check_output`, before anything is written. `stamp` is the calendar's time stamp; None means
    now.
    """
    check_output(folder, force)
    texts = {"advice.md": advice_markdown(advice), "advice.html": advice_html(advice)}
    if advice.roadmap:
        texts["roadmap.ics"] = ics_text(advice.roadmap, stamp or datetime.now(UTC))
    for name in set(FILES) - set(texts):
        (folder / name).unlink(missing_ok=True)  # an older roadmap belongs to other advice
    for name, text in texts.items():
        jsonl.write_text(folder / name, text)
    return [folder / name for name in texts]
